/* service.c: see service.h. */
#include "service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUCKETS 1024u

weir_status http_service_open(http_app *app, const char *id, http_service *s, weir_error *err) {
    if (http_service_find(app, id))
        return weir_fail(err, WEIR_ECONFIG, "two http-service sources have the same source.id, '%s'", id);
    s->id = id;
    s->n_buckets = BUCKETS;
    s->buckets = calloc(BUCKETS, sizeof *s->buckets);
    s->newest = &s->oldest;
    if (!s->buckets) return wire_no_memory(err);
    if (getentropy(&s->boot, sizeof s->boot)) s->boot = (uint64_t)wire_now_ms() << 20 ^ (uint64_t)getpid();
    pthread_mutex_init(&s->lock, NULL);
    s->next = app->services;
    app->services = s;
    return WEIR_OK;
}

http_service *http_service_find(const http_app *app, const char *id) {
    for (http_service *s = app->services; s; s = s->next)
        if (strcmp(s->id, id) == 0) return s;
    return NULL;
}

void http_service_id(const http_service *s, uint64_t number, char text[HTTP_ID_BYTES]) {
    snprintf(text, HTTP_ID_BYTES, "%016" PRIx64 "-%" PRIx64, s->boot, number);
}

void http_service_wait(http_service *s, http_request *r, int64_t deadline_ms) {
    pthread_mutex_lock(&s->lock);
    http_request **bucket = &s->buckets[r->id % s->n_buckets];
    r->deadline_ms = deadline_ms;
    r->next = *bucket;
    *bucket = r;
    r->later = NULL;
    *s->newest = r;
    s->newest = &r->later;
    s->n++;
    pthread_mutex_unlock(&s->lock);
}

static void unlink_late(http_service *s, http_request *r) {
    http_request **at = &s->oldest;
    while (*at && *at != r) at = &(*at)->later;
    if (!*at) return;
    *at = r->later;
    if (!*at) s->newest = at;
}

static http_request *take(http_service *s, uint64_t id) {
    http_request **at = &s->buckets[id % s->n_buckets];
    while (*at && (*at)->id != id) at = &(*at)->next;
    http_request *r = *at;
    if (!r) return NULL;
    *at = r->next;
    unlink_late(s, r);
    s->n--;
    return r;
}

http_request *http_service_take(http_service *s, const char *text, size_t len) {
    char copy[HTTP_ID_BYTES];
    uint64_t boot, number;
    if (len >= sizeof copy) return NULL;
    memcpy(copy, text, len);
    copy[len] = 0;
    if (sscanf(copy, "%" SCNx64 "-%" SCNx64, &boot, &number) != 2 || boot != s->boot) return NULL;
    pthread_mutex_lock(&s->lock);
    http_request *r = take(s, number);
    pthread_mutex_unlock(&s->lock);
    return r;
}

http_request *http_service_take_late(http_service *s, int64_t now_ms, int64_t *next_ms) {
    pthread_mutex_lock(&s->lock);
    http_request *r = s->oldest;
    *next_ms = r ? r->deadline_ms : INT64_MAX;
    r = r && r->deadline_ms <= now_ms ? take(s, r->id) : NULL;
    pthread_mutex_unlock(&s->lock);
    return r;
}

void http_service_close(http_app *app, http_service *s) {
    int64_t next_ms;
    if (!s->buckets) return;
    for (http_service **at = &app->services; *at; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    for (http_request *r; (r = http_service_take_late(s, INT64_MAX, &next_ms));)
        http_answer_text(r, MHD_HTTP_SERVICE_UNAVAILABLE, "the app has ended");
    pthread_mutex_destroy(&s->lock);
    free(s->buckets);
    s->buckets = NULL;
}
