/* admin.h: the admin server of weir run: /health, /ready, /apps, /metrics and POST /query over HTTP.
 *
 * It runs on threads of its own; it reads the board, and queries go to the app by the mailbox. With a token,
 * every request but /health and /ready needs "Authorization: Bearer TOKEN"; without one there are no queries,
 * as these may change the app. */
#ifndef CLI_ADMIN_H
#define CLI_ADMIN_H

#include "cli/board.h"
#include "cli/mailbox.h"

typedef struct admin admin;

/* NULL, with the reason in error. Board and mailbox must outlive it. token may be NULL. */
admin *admin_start(const char *address, const char *token, board *b, mailbox *m, char *error, size_t size);
void admin_stop(admin *a); /* NULL is fine */

#endif
