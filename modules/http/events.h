/* events.h: reads a stream of server-sent events (text/event-stream as the HTML standard defines it), piece
 * by piece. */
#ifndef HTTP_EVENTS_H
#define HTTP_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct http_events {
    char *line; /* a line that has not ended */
    size_t line_len, line_cap;
    char *data; /* of the event in the making */
    size_t data_len, data_cap;
    char id[256], event[128]; /* id outlives the event: it is what Last-Event-ID says */
    bool has_data, is_too_large, after_cr, has_begun;
    int64_t retry_ms; /* what the server asked for; 0: nothing */
    size_t limit;     /* of an event's data, and of a line */
    uint64_t n_too_large;
    /* False: stop. */
    bool (*on_event)(void *ctx, const struct http_events *e);
    void *ctx;
} http_events;

/* False: memory is out, or on_event said stop. */
bool http_events_feed(http_events *e, const char *bytes, size_t len);
/* A new connection: what is half there is dropped; the id stays. */
void http_events_restart(http_events *e);
void http_events_fini(http_events *e);

#endif
