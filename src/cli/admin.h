/* admin.h: the admin server of weir run, over HTTP: /health, /ready, /apps, /metrics; POST /query; apps and
 * queries that come and go.
 *
 * It runs on threads of its own; it reads the boards, and what an app is to do goes to it by its mailbox.
 * With a token, every request but /health and /ready needs "Authorization: Bearer TOKEN"; without one there
 * are only those that change nothing. */
#ifndef CLI_ADMIN_H
#define CLI_ADMIN_H

#include "cli/host.h"

typedef struct admin admin;

/* NULL, with the reason in error. The host must outlive it. token may be NULL. */
admin *admin_start(const char *address, const char *token, host *h, char *error, size_t size);
void admin_stop(admin *a); /* NULL is fine */

#endif
