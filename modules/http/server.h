/* server.h: listeners for HTTP, shared by the sources and sinks of an app that name the same host and port.
 *
 * libmicrohttpd runs a listener in threads of its own. A route is a path; a request for it is received whole,
 * given to the route's owner, and held back (suspended) until the owner answers it, by any thread, once. From
 * `on_request` to the answer it belongs to the owner, afterwards to the listener. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <microhttpd.h>

#include "../wire/inbox.h"

typedef struct http_server http_server;
typedef struct http_route http_route;

typedef struct http_header {
    char *name, *value; /* malloc, both */
} http_header;
#define HTTP_HEADERS 16u

typedef struct http_request {
    wire_message message; /* first: what an inbox takes */
    struct MHD_Connection *connection;
    http_route *route;
    char method[16];
    char *body;
    size_t len, cap;
    bool is_owned, is_answered, wakes;
    unsigned status; /* to answer with; 0: not known yet */
    const char *type;
    char *text; /* malloc; NULL: none */
    size_t text_len;
    http_header headers[HTTP_HEADERS];
    uint32_t n_headers;
    /* Of the owner. */
    uint64_t id, epoch;
    int64_t deadline_ms;
    struct http_request *next, *later;
    struct http_request *next_answered; /* the listener's */
    size_t expected;                    /* bytes of the body, as the client says; 0: it does not */
} http_request;

/* What a route is opened with. Texts outlive the route. */
typedef struct http_route_spec {
    wire_url url;
    const char *username, *password; /* NULL: no basic authentication */
    const char *token;               /* NULL: no bearer token */
    const char *certificate, *key;   /* PEM, for https */
    const char *methods;             /* "POST, PUT" */
    size_t body_limit;               /* larger ones get the status below */
    unsigned too_large_status;       /* 413 */
    const char *too_large_text;
    uint32_t n_threads, n_connections, backlog;
    unsigned idle_s;
    /* By a thread of the listener; the request is whole, and suspended. False: there is no taker (503). */
    bool (*on_request)(void *ctx, http_request *r);
    /* Before the body is received: false: no room (503). What it says is given back by on_drop. */
    bool (*reserve)(void *ctx, size_t size);
    void (*release)(void *ctx, size_t size);
    /* Instead of all that: the response to a GET, an endless one. NULL: this is no such route. */
    struct MHD_Response *(*on_get)(void *ctx, struct MHD_Connection *connection);
    void *ctx;
} http_route_spec;

/* Makes the listener if it is the first route of its address. `servers` is the app's list. */
weir_status http_route_open(http_server **servers, const http_route_spec *spec, const weir_io_host *host,
                            http_route **out, weir_error *err);
/* No request is given to the owner any more. All that it has must have been answered. NULL is fine. */
void http_route_close(http_route *route);
/* The last one ends the listener; after close, and after the owner's last answer. */
void http_route_free(http_server **servers, http_route *route);

/* Answers; the request is the listener's afterwards. type NULL: none. text is copied. */
void http_answer(http_request *r, unsigned status, const char *type, const char *text, size_t len);
void http_answer_text(http_request *r, unsigned status, const char *text); /* with a newline behind it */
/* Before the answer. False: there are too many, or no memory. */
bool http_answer_header(http_request *r, const char *name, size_t name_len, const char *value,
                        size_t value_len);

#endif
