/* service.h: requests of http-service sources that wait for their answer. */
#ifndef HTTP_SERVICE_H
#define HTTP_SERVICE_H

#include "app.h"

#define HTTP_ID_BYTES 34u /* "%016llx-%llx" and a NUL */

struct http_service {
    struct http_service *next;
    const char *id; /* source.id */
    uint64_t boot;  /* drawn at the start: ids of another life are not of this one */
    uint64_t last;  /* the last message's number */
    pthread_mutex_t lock;
    http_request **buckets; /* by id */
    uint32_t n_buckets, n;
    http_request *oldest, **newest; /* by their deadlines, which all are as far away */
};

weir_status http_service_open(http_app *app, const char *id, http_service *s, weir_error *err);
/* All that wait get 503. */
void http_service_close(http_app *app, http_service *s);
http_service *http_service_find(const http_app *app, const char *id);

/* The next request's id as text. */
void http_service_id(const http_service *s, uint64_t number, char text[HTTP_ID_BYTES]);
/* From here on it can be answered. */
void http_service_wait(http_service *s, http_request *r, int64_t deadline_ms);
/* The request, which is the caller's to answer; NULL: none waits under this id. */
http_request *http_service_take(http_service *s, const char *text, size_t len);
/* The oldest, if its time is over. next_ms gets the time of the next one, or INT64_MAX. */
http_request *http_service_take_late(http_service *s, int64_t now_ms, int64_t *next_ms);

#endif
