/* client.c: see client.h. */
#include "client.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define HELD_BYTES   ((size_t)32 << 20)
#define HELD_MOST    20000u
#define RATE_MS      250 /* the rate of answers is measured over so long */
#define HEADER_LIMIT ((size_t)256 << 10)
#define TOLD_LOSSES  10u  /* then every thousandth */
#define RETRY_LIMIT  3600 /* s: longest wait that a server may ask for */

struct http_client {
    http_client_spec spec;
    CURLM *multi;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t is_idle;
    wire_sink_bell bell;
    bool sleeps; /* the thread, and it could begin more */
    int64_t answered_ms;
    uint32_t most_jobs; /* that are taken: about what is answered in a second, so that a checkpoint, which
                           waits for them, never has long to wait */
    bool is_running, stops, was_full;
    http_job *first, **end; /* not begun */
    size_t held_bytes;
    uint32_t held_jobs; /* begun ones included */
    uint64_t n_lost;
    uint64_t taken, settled; /* records */
    uint32_t life;           /* jobs of an earlier one are forgotten */
    wire_refusals refusals;
    char state[256];
    char state_shown[256]; /* of the app's thread */
    /* Of the client's thread. */
    http_job *active; /* begun, or waiting for another try */
    long n_active;
    CURL **spare; /* handles without a job, set up for one with a body; room for `parallel` of them */
    long n_spare;
    wire_backoff backoff;
    int64_t round_ms; /* jobs that fail before wait no longer than until then */
    wire_quiet quiet;
    int64_t rate_since_ms;
    uint32_t n_since;
};

/* ---- Jobs --------------------------------------------------------------------------------------------- */

static char *put(char **at, const char *bytes, size_t len) {
    char *begin = *at;
    if (len) memcpy(begin, bytes, len);
    begin[len] = 0;
    *at += len + 1;
    return begin;
}

http_job *http_job_new(weir_text url, weir_text method, const char *body, size_t len, const weir_output *out,
                       uint32_t record) {
    size_t n = out ? out->n_attributes : 0;
    size_t size = sizeof(http_job) + n * sizeof(weir_text) + url.len + method.len + len + 3;
    for (uint32_t i = 0; i < n; i++) size += weir_output_attribute(out, i, record).len + 1;
    http_job *job = calloc(1, size);
    if (!job) return NULL;
    char *at = (char *)(job + 1) + n * sizeof(weir_text);
    job->size = size;
    job->url = put(&at, url.bytes, url.len);
    job->method = put(&at, method.bytes, method.len);
    job->body = put(&at, body, len);
    job->len = len;
    job->n_attributes = (uint32_t)n;
    job->attributes = n ? (weir_text *)(job + 1) : NULL;
    for (uint32_t i = 0; i < n; i++) {
        weir_text a = weir_output_attribute(out, i, record);
        job->attributes[i] = (weir_text){put(&at, a.bytes, a.len), a.len};
    }
    return job;
}

void http_job_free(http_job *job) {
    if (!job) return;
    if (job->handle) curl_easy_cleanup(job->handle);
    if (!job->shares_headers) curl_slist_free_all(job->headers);
    free(job->answer);
    free(job->answer_headers);
    free(job);
}

/* ---- Answers ------------------------------------------------------------------------------------------ */

static bool append(char **text, size_t *len, size_t *cap, const char *bytes, size_t n) {
    if (*cap - *len < n + 1) {
        size_t more = (*cap + n + 1) * 2;
        char *bigger = realloc(*text, more);
        if (!bigger) return false;
        *text = bigger;
        *cap = more;
    }
    memcpy(*text + *len, bytes, n);
    *len += n;
    (*text)[*len] = 0;
    return true;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *ctx) {
    http_job *job = ctx;
    size_t limit = job->client->spec.answer_limit, room = limit - job->answer_len;
    n *= size;
    return append(&job->answer, &job->answer_len, &job->answer_cap, bytes, n < room ? n : room) ? n : 0;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *ctx) {
    http_job *job = ctx;
    n *= size;
    if (n > 5 && memcmp(bytes, "HTTP/", 5) == 0) job->headers_len = 0; /* after 100 Continue, say */
    if (job->headers_len + n > HEADER_LIMIT) return 0;
    char *bigger = realloc(job->answer_headers, job->headers_len + n + 1);
    if (!bigger) return 0;
    memcpy(bigger + job->headers_len, bytes, n);
    job->answer_headers = bigger;
    job->headers_len += n;
    bigger[job->headers_len] = 0;
    return n;
}

/* ---- Trying ------------------------------------------------------------------------------------------- */

static void set_up_proxy(const http_client_spec *p, CURL *h) {
    if (!p->proxy_host) { /* where an app sends to is in its text, not around it */
        curl_easy_setopt(h, CURLOPT_PROXY, "");
        return;
    }
    curl_easy_setopt(h, CURLOPT_PROXY, p->proxy_host);
    curl_easy_setopt(h, CURLOPT_PROXYPORT, p->proxy_port ? strtol(p->proxy_port, NULL, 10) : 8080L);
    if (p->proxy_username) curl_easy_setopt(h, CURLOPT_PROXYUSERNAME, p->proxy_username);
    if (p->proxy_password) curl_easy_setopt(h, CURLOPT_PROXYPASSWORD, p->proxy_password);
}

static void set_up_tls(const http_client_spec *p, CURL *h) {
    curl_easy_setopt(h, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (p->ca) curl_easy_setopt(h, CURLOPT_CAINFO, p->ca);
    if (p->certificate) curl_easy_setopt(h, CURLOPT_SSLCERT, p->certificate);
    if (p->certificate && p->key_password) curl_easy_setopt(h, CURLOPT_KEYPASSWD, p->key_password);
    if (p->skips_verification) curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 0L);
    if (p->skips_verification || p->skips_host_name) curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 0L);
}

void http_client_set_up(const http_client_spec *p, CURL *h) {
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, p->connect_ms);
    if (p->idle_ms) {
        curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, (p->idle_ms + 999) / 1000);
    }
    if (p->username) {
        curl_easy_setopt(h, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(h, CURLOPT_USERNAME, p->username);
        curl_easy_setopt(h, CURLOPT_PASSWORD, p->password);
    }
    if (p->token) {
        curl_easy_setopt(h, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(h, CURLOPT_XOAUTH2_BEARER, p->token);
    }
    set_up_tls(p, h);
    set_up_proxy(p, h);
}

static void set_up_handle(http_client *c, CURL *h) {
    http_client_set_up(&c->spec, h);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
    if (c->spec.on_answer) curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
}

static CURL *take_handle(http_client *c) {
    if (c->n_spare) return c->spare[--c->n_spare];
    CURL *h = curl_easy_init();
    if (h) set_up_handle(c, h);
    return h;
}

static bool is_without_body(const http_job *job) {
    return strcasecmp(job->method, "HEAD") == 0 ||
           (!job->len && strcasecmp(job->method, "POST") != 0 && strcasecmp(job->method, "PUT") != 0);
}

/* Setting a handle up takes longer than sending a small request with it. */
static void give_handle_back(http_client *c, http_job *job) {
    if (!job->handle || c->n_spare == c->spec.parallel) return;
    if (is_without_body(job)) {
        curl_easy_reset(job->handle);
        set_up_handle(c, job->handle);
    }
    c->spare[c->n_spare++] = job->handle;
    job->handle = NULL;
}

static bool set_up(http_client *c, http_job *job) {
    CURL *h = job->handle ? job->handle : (job->handle = take_handle(c));
    if (!h) return false;
    job->client = c;
    curl_easy_setopt(h, CURLOPT_PRIVATE, job);
    curl_easy_setopt(h, CURLOPT_URL, job->url);
    curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, job->method);
    if (strcasecmp(job->method, "HEAD") == 0) curl_easy_setopt(h, CURLOPT_NOBODY, 1L);
    if (!is_without_body(job)) {
        curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)job->len);
        curl_easy_setopt(h, CURLOPT_POSTFIELDS, job->body);
    }
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, job->headers);
    curl_easy_setopt(h, CURLOPT_WRITEDATA, job);
    if (c->spec.on_answer) curl_easy_setopt(h, CURLOPT_HEADERDATA, job);
    return true;
}

/* Requests side by side that fail together are one failure. */
static int64_t back_off_ms(http_client *c) {
    int64_t now = wire_now_ms();
    if (now >= c->round_ms) c->round_ms = now + wire_backoff_ms(&c->backoff);
    return c->round_ms - now;
}

/* One was answered: the others that had no connection need not wait longer. */
static void end_round(http_client *c) {
    if (!c->backoff.n_failures) return;
    c->backoff.n_failures = 0;
    c->round_ms = 0;
    for (http_job *job = c->active; job; job = job->next)
        if (job->is_waiting && job->was_cut) job->retry_ms = 0;
}

static void begin(http_client *c, http_job *job) {
    job->is_waiting = false;
    job->status = 0;
    job->answer_len = job->headers_len = 0;
    job->n_tries++;
    if (!set_up(c, job) || curl_multi_add_handle(c->multi, job->handle) != CURLM_OK) {
        job->is_waiting = true;
        job->retry_ms = wire_now_ms() + back_off_ms(c);
    }
}

static void set_state(http_client *c, const char *text) {
    pthread_mutex_lock(&c->lock);
    snprintf(c->state, sizeof c->state, "%s", text);
    pthread_mutex_unlock(&c->lock);
}

/* An answer that is no HTTP has the same code as an address that is none, but then there was a connection. */
static bool was_connected(CURL *h) {
    curl_off_t us = 0;
    return curl_easy_getinfo(h, CURLINFO_PRETRANSFER_TIME_T, &us) == CURLE_OK && us > 0;
}

static bool may_pass(CURL *h, CURLcode code, long status) {
    if (code == CURLE_UNSUPPORTED_PROTOCOL) return was_connected(h);
    if (code != CURLE_OK) return code != CURLE_URL_MALFORMAT && code != CURLE_WRITE_ERROR;
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

static int64_t retry_after_ms(CURL *h) {
    curl_off_t s = 0;
    if (curl_easy_getinfo(h, CURLINFO_RETRY_AFTER, &s) != CURLE_OK || s <= 0) return 0;
    return (s < RETRY_LIMIT ? (int64_t)s : RETRY_LIMIT) * 1000;
}

static uint32_t least_jobs(const http_client *c) { return 16 + 2 * (uint32_t)c->spec.parallel; }

/* One more was answered. Under the lock. */
static void measure(http_client *c) {
    int64_t now = wire_now_ms(), ms = now - c->rate_since_ms;
    c->answered_ms = now;
    c->n_since++;
    if (ms < RATE_MS) return;
    uint64_t a_second = (uint64_t)c->n_since * 1000 / (uint64_t)ms, least = least_jobs(c);
    c->most_jobs = (uint32_t)(a_second < least ? least : a_second > HELD_MOST ? HELD_MOST : a_second);
    c->rate_since_ms = now;
    c->n_since = 0;
}

static void take_out(http_client *c, const http_job *job) {
    for (http_job **at = &c->active; *at; at = &(*at)->next)
        if (*at == job) {
            *at = job->next;
            break;
        }
    c->n_active--;
}

/* Up to the oldest record that has no answer. Under the lock. */
static void settle(http_client *c) {
    uint64_t least = c->first ? c->first->record : c->taken;
    for (const http_job *job = c->active; job; job = job->next)
        if (job->life == c->life && job->record < least) least = job->record;
    c->settled = least;
}

/* A job has left `active`. */
static void finish(http_client *c, http_job *job, bool is_lost) {
    take_out(c, job);
    give_handle_back(c, job);
    if (c->spec.on_answer) c->spec.on_answer(c->spec.ctx, job);
    pthread_mutex_lock(&c->lock);
    c->held_bytes -= job->size;
    c->held_jobs--;
    wire_count(&c->n_lost, is_lost && !c->spec.reports);
    settle(c);
    measure(c);
    bool has_room = c->was_full && c->held_bytes <= HELD_BYTES / 2 && c->held_jobs <= c->most_jobs / 2;
    if (has_room) c->was_full = false;
    if (!c->held_jobs) pthread_cond_broadcast(&c->is_idle);
    pthread_mutex_unlock(&c->lock);
    if (has_room) wire_sink_bell_ring(&c->bell);
    http_job_free(job);
}

static void tell_lost(http_client *c, const http_job *job, const char *why) {
    if (job->answer_len) wire_one_line(job->answer);
    if (c->spec.reports) { /* before the job is settled */
        pthread_mutex_lock(&c->lock);
        if (job->life == c->life)
            wire_refusals_add(&c->refusals, job->record, job->n_records, "%s%s%.120s", why,
                              job->answer_len ? ": " : "", job->answer_len ? job->answer : "");
        pthread_mutex_unlock(&c->lock);
        return;
    }
    uint64_t n = c->n_lost + 1; /* only this thread writes it */
    if (n > TOLD_LOSSES && n % 1000) return;
    wire_log(c->spec.host, WEIR_LOG_ERROR,
             "%s: a request of %zu bytes is dropped: %s%s%.120s (so far: %" PRIu64 ")", c->spec.who, job->len,
             why, job->answer_len ? ": " : "", job->answer_len ? job->answer : "", n);
}

static bool is_forgotten(http_client *c, const http_job *job) {
    pthread_mutex_lock(&c->lock);
    bool is = job->life != c->life;
    pthread_mutex_unlock(&c->lock);
    return is;
}

static void on_done(http_client *c, http_job *job, CURLcode code) {
    char why[200] = "";
    curl_easy_getinfo(job->handle, CURLINFO_RESPONSE_CODE, &job->status);
    int64_t asked_ms = code == CURLE_OK ? retry_after_ms(job->handle) : 0;
    curl_multi_remove_handle(c->multi, job->handle);
    if (is_forgotten(c, job)) return; /* it is dropped in the next turn */
    bool passes = may_pass(job->handle, code, job->status);
    if (code != CURLE_OK)
        snprintf(why, sizeof why, "%s", curl_easy_strerror(code));
    else if (job->status >= 400)
        snprintf(why, sizeof why, "it was answered with %ld", job->status);
    bool gives_up = passes && c->spec.max_tries && job->n_tries > c->spec.max_tries;
    if (passes && !gives_up) {
        int64_t wait = back_off_ms(c);
        job->is_waiting = true;
        job->was_cut = code != CURLE_OK;
        job->retry_ms = wire_now_ms() + (asked_ms > wait ? asked_ms : wait);
        set_state(c, why);
        if (wire_quiet_may_tell(&c->quiet))
            wire_log(c->spec.host, WEIR_LOG_WARN, "%s: %s; it is tried again", c->spec.who, why);
        return;
    }
    end_round(c);
    if (c->state[0]) set_state(c, ""); /* only this thread writes it */
    bool is_lost = gives_up || code != CURLE_OK || (job->status >= 400 && !c->spec.on_answer);
    if (code != CURLE_OK) job->status = 0;
    if (is_lost) tell_lost(c, job, why);
    finish(c, job, is_lost);
}

/* ---- The thread --------------------------------------------------------------------------------------- */

static void begin_new(http_client *c) {
    for (;;) {
        pthread_mutex_lock(&c->lock);
        http_job *job = c->n_active < c->spec.parallel ? c->first : NULL;
        if (job && !(c->first = job->next)) c->end = &c->first;
        pthread_mutex_unlock(&c->lock);
        if (!job) return;
        job->next = c->active;
        c->active = job;
        c->n_active++;
        begin(c, job);
    }
}

/* Those whose time has come. */
static void begin_again(http_client *c) {
    int64_t now = wire_now_ms();
    for (http_job *job = c->active; job; job = job->next)
        if (job->is_waiting && job->retry_ms <= now) begin(c, job);
}

/* Until the next one's time comes, those included that have failed just now. */
static int wait_ms(const http_client *c) {
    int64_t now = wire_now_ms(), wait = 1000;
    for (const http_job *job = c->active; job; job = job->next)
        if (job->is_waiting && job->retry_ms - now < wait) wait = job->retry_ms - now;
    return wait > 0 ? (int)wait : 0;
}

static void take_done(http_client *c) {
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &left));) {
        http_job *job;
        CURLcode code = m->data.result;
        if (m->msg != CURLMSG_DONE) continue;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &job);
        on_done(c, job, code);
    }
}

static bool stops(http_client *c) {
    pthread_mutex_lock(&c->lock);
    bool now = c->stops;
    pthread_mutex_unlock(&c->lock);
    return now;
}

/* What was begun in an earlier life; perhaps it was delivered. */
static void drop_forgotten(http_client *c) {
    pthread_mutex_lock(&c->lock);
    for (http_job *next, *job = c->active; job; job = next) {
        next = job->next;
        if (job->life == c->life) continue;
        if (job->handle) curl_multi_remove_handle(c->multi, job->handle);
        take_out(c, job);
        c->held_bytes -= job->size;
        c->held_jobs--;
        http_job_free(job);
    }
    if (!c->held_jobs) pthread_cond_broadcast(&c->is_idle);
    pthread_mutex_unlock(&c->lock);
}

static void *run(void *ctx) {
    http_client *c = ctx;
    while (!stops(c)) {
        int running;
        if (c->spec.reports) drop_forgotten(c);
        begin_again(c);
        begin_new(c);
        curl_multi_perform(c->multi, &running);
        take_done(c);
        pthread_mutex_lock(&c->lock);
        bool has_room = c->n_active < c->spec.parallel, has_work = c->first && has_room;
        c->sleeps = has_room && !has_work;
        pthread_mutex_unlock(&c->lock);
        if (!has_work) curl_multi_poll(c->multi, NULL, 0, wait_ms(c), NULL);
    }
    for (http_job *job; (job = c->active);) {
        c->active = job->next;
        if (job->handle) curl_multi_remove_handle(c->multi, job->handle);
        http_job_free(job);
    }
    return NULL;
}

/* ---- The app's side ----------------------------------------------------------------------------------- */

weir_status http_client_new(const http_client_spec *spec, http_client **out, weir_error *err) {
    http_client *c = calloc(1, sizeof *c);
    if (!c) return wire_no_memory(err);
    c->spec = *spec;
    c->most_jobs = least_jobs(c);
    c->rate_since_ms = wire_now_ms();
    c->end = &c->first;
    c->bell = WIRE_NO_SINK_BELL;
    wire_refusals_init(&c->refusals);
    c->spare = calloc((size_t)spec->parallel, sizeof *c->spare);
    c->multi = curl_multi_init();
    pthread_mutex_init(&c->lock, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&c->is_idle, &clock);
    pthread_condattr_destroy(&clock);
    if (c->multi) curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, spec->parallel + 4);
    c->is_running =
        c->multi && c->spare && wire_sink_bell_open(&c->bell) && !pthread_create(&c->thread, NULL, run, c);
    if (!c->is_running) {
        http_client_free(c);
        return weir_fail(err, WEIR_EIO, "can't start a thread for the client");
    }
    *out = c;
    return WEIR_OK;
}

void http_client_free(http_client *c) {
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    c->stops = true;
    pthread_mutex_unlock(&c->lock);
    if (c->multi) curl_multi_wakeup(c->multi);
    if (c->is_running) pthread_join(c->thread, NULL);
    for (http_job *next, *job = c->first; job; job = next) {
        next = job->next;
        http_job_free(job);
    }
    while (c->n_spare) curl_easy_cleanup(c->spare[--c->n_spare]);
    free(c->spare);
    if (c->multi) curl_multi_cleanup(c->multi);
    wire_sink_bell_close(&c->bell);
    wire_refusals_fini(&c->refusals);
    pthread_cond_destroy(&c->is_idle);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

void http_client_send(http_client *c, http_job *job) {
    job->next = NULL;
    pthread_mutex_lock(&c->lock);
    job->life = c->life;
    job->record = c->taken;
    c->taken += job->n_records;
    *c->end = job;
    c->end = &job->next;
    c->held_bytes += job->size;
    if (!c->held_jobs++) c->answered_ms = wire_now_ms();
    bool wakes = c->sleeps; /* else it takes the job when another one is done */
    c->sleeps = false;
    pthread_mutex_unlock(&c->lock);
    if (wakes) curl_multi_wakeup(c->multi);
}

bool http_client_is_full(http_client *c) {
    wire_sink_bell_drain(&c->bell);
    pthread_mutex_lock(&c->lock);
    bool full = c->held_jobs && (c->held_bytes > HELD_BYTES || c->held_jobs > c->most_jobs);
    c->was_full |= full;
    pthread_mutex_unlock(&c->lock);
    return full;
}

size_t http_client_held(http_client *c) {
    pthread_mutex_lock(&c->lock);
    size_t held = c->held_bytes;
    pthread_mutex_unlock(&c->lock);
    return held;
}

uint32_t http_client_unsent(http_client *c) {
    pthread_mutex_lock(&c->lock);
    uint32_t n = c->held_jobs;
    pthread_mutex_unlock(&c->lock);
    return n;
}

/* The thread tells of the last answer only; the others are looked at after each stretch. */
bool http_client_drain(http_client *c, int64_t wait_ms) {
    pthread_mutex_lock(&c->lock);
    int64_t begin = wire_now_ms(), give_up_ns;
    do {
        int64_t since = c->answered_ms > begin ? c->answered_ms : begin;
        give_up_ns = wire_no_later_ns(c->spec.host, (since + wait_ms) * 1000000);
        struct timespec until = wire_timespec(wire_stretch_ns(c->spec.host, give_up_ns));
        if (c->held_jobs) pthread_cond_timedwait(&c->is_idle, &c->lock, &until);
    } while (c->held_jobs && wire_now_ns() < give_up_ns);
    bool done = !c->held_jobs;
    pthread_mutex_unlock(&c->lock);
    return done;
}

uint64_t http_client_settled(http_client *c) {
    pthread_mutex_lock(&c->lock);
    uint64_t n = c->settled;
    pthread_mutex_unlock(&c->lock);
    return n;
}

bool http_client_refused(http_client *c, weir_refusal *out) { return wire_refusals_take(&c->refusals, out); }

void http_client_refuse(http_client *c, const char *why) {
    pthread_mutex_lock(&c->lock);
    wire_refusals_add(&c->refusals, c->taken++, 1, "%s", why);
    if (!c->held_jobs) c->settled = c->taken;
    pthread_mutex_unlock(&c->lock);
}

void http_client_forget(http_client *c) {
    pthread_mutex_lock(&c->lock);
    for (http_job *next, *job = c->first; job; job = next) {
        next = job->next;
        c->held_bytes -= job->size;
        c->held_jobs--;
        http_job_free(job);
    }
    c->first = NULL;
    c->end = &c->first;
    c->life++; /* the thread drops those that it has begun */
    c->taken = c->settled = 0;
    c->state[0] = 0;
    wire_refusals_clear(&c->refusals);
    pthread_mutex_unlock(&c->lock);
    curl_multi_wakeup(c->multi);
}

int http_client_wake_fd(const http_client *c) { return c->bell.fds[0]; }

uint64_t http_client_lost(const http_client *c) { return wire_counted(&c->n_lost); }

const char *http_client_state(http_client *c) {
    pthread_mutex_lock(&c->lock);
    memcpy(c->state_shown, c->state, sizeof c->state);
    pthread_mutex_unlock(&c->lock);
    return c->state_shown;
}
