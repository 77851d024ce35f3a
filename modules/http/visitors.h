/* visitors.h: the connections of a listener, and how long each may take to say what it wants. Without that a
 * thousand clients that send a byte a second keep all others out. */
#ifndef HTTP_VISITORS_H
#define HTTP_VISITORS_H

#include <microhttpd.h>

#include "../wire/wire.h"

typedef struct visitors visitors;

/* A connection has head_s for the head of a request, from its own beginning or from the first byte after the
 * request before, and for the body as long again and a second for each thousand bytes. NULL: no memory, or no
 * thread. */
visitors *visitors_new(unsigned head_s);
void visitors_free(visitors *v); /* after its listener. NULL is fine */

/* For MHD_OPTION_NOTIFY_CONNECTION; ctx is the visitors. */
void visitors_on_connection(void *ctx, struct MHD_Connection *c, void **socket_context,
                            enum MHD_ConnectionNotificationCode what);
/* The head of a request has come; len bytes more of its body; it is whole; it is answered. */
void visitors_on_head(visitors *v, struct MHD_Connection *c);
void visitors_on_body(visitors *v, struct MHD_Connection *c, size_t len);
void visitors_on_whole(visitors *v, struct MHD_Connection *c);
void visitors_on_end(visitors *v, struct MHD_Connection *c);
/* How many were cut off. */
uint64_t visitors_cut_off(visitors *v);

#endif
