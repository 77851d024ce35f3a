/* client.h: requests of a sink, sent by a thread of its own with libcurl, over connections that are kept.
 *
 * Requests are sent in order, `parallel` at a time (1: each waits for the answer to the one before). One that
 * fails for a reason that may pass (no connection, a time-out, 408, 425, 429, 5xx) is sent again after a wait
 * that doubles, with jitter, or as long as Retry-After says; any other status is an answer. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <curl/curl.h>

#include "../wire/refusals.h"

typedef struct http_job {
    struct http_job *next;
    char *url, *method; /* in the block behind the struct, as are body and attributes */
    char *body;
    size_t len, size; /* size: of the whole job */
    struct curl_slist *headers;
    bool shares_headers;   /* they are somebody else's, who outlives the client */
    weir_text *attributes; /* NULL: none asked for */
    uint32_t n_attributes, n_tries;
    int64_t retry_ms;
    bool is_waiting; /* for its next try */
    bool was_cut;    /* the last try had no answer at all */
    void *tag;       /* the caller's */
    uint64_t record; /* with reports: the first of n_records, as weir_refusal counts */
    uint32_t n_records, life;
    /* The answer. */
    long status;
    char *answer, *answer_headers; /* malloc; the latter as they came, status line first */
    size_t answer_len, answer_cap, headers_len;
    CURL *handle;
    struct http_client *client;
} http_job;

typedef struct http_client http_client;

typedef struct http_client_spec {
    const char *username, *password, *token; /* NULL: none */
    char *ca, *certificate;                  /* file names; NULL: the system's, none */
    const char *key_password;
    bool skips_verification, skips_host_name;
    const char *proxy_host, *proxy_port, *proxy_username, *proxy_password;
    long connect_ms, idle_ms; /* idle: without a byte */
    long parallel;
    int64_t max_tries;   /* 0: until it works */
    size_t answer_limit; /* bytes kept of an answer's body */
    /* In the client's thread: the job is answered (status 0: given up after max_tries). NULL: nobody asks. */
    void (*on_answer)(void *ctx, http_job *job);
    void *ctx;
    bool reports; /* what is refused is kept for http_client_refused, neither told nor counted */
    const weir_io_host *host;
    char who[160];
} http_client_spec;

/* What the spec says of connections, for a handle. */
void http_client_set_up(const http_client_spec *spec, CURL *handle);

/* A job with copies of all this; the attributes' room is the caller's to fill. NULL: no memory. */
http_job *http_job_new(weir_text url, weir_text method, const char *body, size_t len, const weir_output *out,
                       uint32_t record);
void http_job_free(http_job *job);

weir_status http_client_new(const http_client_spec *spec, http_client **out, weir_error *err);
/* What is not delivered by then is given up. NULL is fine. */
void http_client_free(http_client *c);
/* Takes the job over. */
void http_client_send(http_client *c, http_job *job);
bool http_client_is_full(http_client *c);
size_t http_client_held(http_client *c);     /* bytes of the jobs that are not done */
uint32_t http_client_unsent(http_client *c); /* how many those are */
/* Waits until all is answered. False: for wait_ms nothing was. */
bool http_client_drain(http_client *c, int64_t wait_ms);
int http_client_wake_fd(const http_client *c); /* readable when there is room again */
/* As weir_sink_type has them. Jobs count as many records as n_records says. */
uint64_t http_client_settled(http_client *c);
bool http_client_refused(http_client *c, weir_refusal *out);
void http_client_forget(http_client *c);
/* A record that no job is made of counts as refused. */
void http_client_refuse(http_client *c, const char *why);
/* What is wrong just now; "": nothing. Good until the next call. */
uint64_t http_client_lost(const http_client *c); /* requests that were dropped. Any thread */
const char *http_client_state(http_client *c);

#endif
