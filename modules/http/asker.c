/* asker.c: requests of formats (weir_http_type), sent by the client of the sinks. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "http.h"

#define CONNECT_MS 10000
#define IDLE_MS    15000
#define PARALLEL   4

typedef struct request {
    struct request *next;
    bool is_done, is_released;
    long status;
    char *text; /* malloc */
    size_t len;
} request;

typedef struct asker {
    http_client_spec spec;
    http_client *client;
    pthread_mutex_t lock;
    pthread_cond_t is_answered;
    request *requests; /* all that are not freed */
    uint64_t n_answered;
} asker;

/* Under the lock. */
static void forget(asker *a, request *q) {
    for (request **at = &a->requests; *at; at = &(*at)->next)
        if (*at == q) {
            *at = q->next;
            break;
        }
    free(q->text);
    free(q);
}

/* In the client's thread. */
static void on_answer(void *ctx, http_job *job) {
    asker *a = ctx;
    request *q = job->tag;
    pthread_mutex_lock(&a->lock);
    if (q->is_released) {
        forget(a, q);
    } else {
        q->is_done = true;
        q->status = job->status;
        q->text = job->answer;
        q->len = job->answer_len;
        job->answer = NULL;
        a->n_answered++;
        pthread_cond_broadcast(&a->is_answered);
    }
    pthread_mutex_unlock(&a->lock);
}

static void asker_close(void *self) {
    asker *a = self;
    if (!a) return;
    http_client_free(a->client); /* its thread has ended */
    while (a->requests) forget(a, a->requests);
    pthread_cond_destroy(&a->is_answered);
    pthread_mutex_destroy(&a->lock);
    free(a->spec.ca);
    free(a->spec.certificate);
    free(a);
}

static weir_status set_up(asker *a, const weir_http_args *args, weir_error *err) {
    http_client_spec *spec = &a->spec;
    if (args->ca_file && !(spec->ca = wire_file_name(args->host, args->ca_file))) return wire_no_memory(err);
    if (args->certificate_file && !(spec->certificate = wire_file_name(args->host, args->certificate_file)))
        return wire_no_memory(err);
    spec->username = args->username;
    spec->password = args->password;
    spec->token = args->token;
    spec->key_password = args->key_password;
    spec->skips_verification = args->skips_verification;
    spec->connect_ms = CONNECT_MS;
    spec->idle_ms = IDLE_MS;
    spec->parallel = PARALLEL;
    spec->answer_limit = args->answer_limit;
    spec->on_answer = on_answer;
    spec->ctx = a;
    spec->host = args->host;
    snprintf(spec->who, sizeof spec->who, "%s", args->who);
    return http_client_new(spec, &a->client, err);
}

static weir_status asker_open(const weir_http_args *args, void **self, weir_error *err) {
    pthread_condattr_t clock;
    asker *a = calloc(1, sizeof *a);
    if (!a) return wire_no_memory(err);
    pthread_mutex_init(&a->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&a->is_answered, &clock);
    pthread_condattr_destroy(&clock);
    weir_status st = set_up(a, args, err);
    if (st == WEIR_OK)
        *self = a;
    else
        asker_close(a);
    return st;
}

static bool add_header(http_job *job, const char *name, const char *value) {
    char line[256];
    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *more = curl_slist_append(job->headers, line);
    if (more) job->headers = more;
    return more != NULL;
}

static void *asker_ask(void *self, const char *method, const char *url, const char *content_type,
                       const char *body, size_t len) {
    asker *a = self;
    request *q = calloc(1, sizeof *q);
    http_job *job =
        http_job_new((weir_text){url, strlen(url)}, (weir_text){method, strlen(method)}, body, len, NULL, 0);
    bool ok = q && job && add_header(job, "Accept", content_type);
    if (ok && body) ok = add_header(job, "Content-Type", content_type);
    if (!ok) {
        free(q);
        http_job_free(job);
        return NULL;
    }
    job->tag = q;
    pthread_mutex_lock(&a->lock);
    q->next = a->requests;
    a->requests = q;
    pthread_mutex_unlock(&a->lock);
    http_client_send(a->client, job);
    return q;
}

static weir_status asker_answer(void *self, void *ticket, long *status, const char **text, size_t *len) {
    asker *a = self;
    request *q = ticket;
    pthread_mutex_lock(&a->lock);
    bool is_done = q->is_done;
    pthread_mutex_unlock(&a->lock);
    if (!is_done) return WEIR_EAGAIN;
    *status = q->status;
    *text = q->text ? q->text : "";
    *len = q->len;
    return WEIR_OK;
}

static void asker_release(void *self, void *ticket) {
    asker *a = self;
    request *q = ticket;
    pthread_mutex_lock(&a->lock);
    if (q->is_done)
        forget(a, q);
    else
        q->is_released = true;
    pthread_mutex_unlock(&a->lock);
}

static void asker_wait(void *self, int64_t ms) {
    asker *a = self;
    struct timespec until = wire_timespec(wire_now_ns() + ms * 1000000);
    pthread_mutex_lock(&a->lock);
    uint64_t before = a->n_answered;
    int late = 0;
    while (a->n_answered == before && !late) late = pthread_cond_timedwait(&a->is_answered, &a->lock, &until);
    pthread_mutex_unlock(&a->lock);
}

static const char *asker_state(void *self) { return http_client_state(((asker *)self)->client); }

static const weir_option no_options[] = {{0}};

const weir_http_type http_asker_type = {
    .struct_size = sizeof http_asker_type,
    .name = "http",
    .doc = "Requests of formats, by libcurl.",
    .example = "",
    .options = no_options,
    .open = asker_open,
    .ask = asker_ask,
    .answer = asker_answer,
    .release = asker_release,
    .wait = asker_wait,
    .state = asker_state,
    .close = asker_close,
};
