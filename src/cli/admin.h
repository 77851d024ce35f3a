/* admin.h: the admin server of weir run: /health, /ready, /apps and /metrics over HTTP.
 *
 * It runs on a thread of its own and reads the board. With a token, every request but /health and /ready
 * needs "Authorization: Bearer TOKEN". */
#ifndef CLI_ADMIN_H
#define CLI_ADMIN_H

#include "cli/board.h"

typedef struct admin admin;

/* NULL, with the reason in error. The board must outlive it. token may be NULL. */
admin *admin_start(const char *address, const char *token, board *b, char *error, size_t size);
void admin_stop(admin *a); /* NULL is fine */

#endif
