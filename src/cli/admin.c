/* admin.c: see admin.h. */
#include "cli/admin.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/address.h"

struct admin {
    struct MHD_Daemon *daemon;
    board *board;
    mailbox *mailbox;
    char *token, *address;
};

/* A request for a query, as its body comes in. */
typedef struct posting {
    char *text;
    size_t len, cap;
    bool is_too_long;
    unsigned refused; /* HTTP status, when the head was wrong: the body is read all the same, or who sends it
                         would not see the answer. 0: it was not */
    const char *why;
} posting;

#define LONGEST_QUERY (1u << 20)
#define WAIT_MS       5000 /* unless the request says otherwise: Weir-Timeout, in ms */

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type, char *text,
                              size_t len, enum MHD_ResponseMemoryMode mode) {
    struct MHD_Response *r = MHD_create_response_from_buffer(len, text, mode);
    if (!r) {
        if (mode == MHD_RESPMEM_MUST_FREE) free(text);
        return MHD_NO;
    }
    MHD_add_response_header(r, "Content-Type", type);
    if (status == MHD_HTTP_UNAUTHORIZED) MHD_add_response_header(r, "WWW-Authenticate", "Bearer");
    enum MHD_Result result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *c, unsigned status, const char *text) {
    return answer(c, status, "text/plain; charset=utf-8", (char *)text, strlen(text), MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result answer_board(struct MHD_Connection *c, board *b, const char *type, bool as_list,
                                    void (*write)(board *, FILE *)) {
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f) return answer_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
    if (as_list) fputc('[', f);
    write(b, f);
    if (as_list) fputs("]\n", f);
    fclose(f);
    return answer(c, MHD_HTTP_OK, type, text, len, MHD_RESPMEM_MUST_FREE);
}

static const char needs_token[] = "a token is needed: Authorization: Bearer TOKEN\n";

/* Takes as long for a wrong token as for a right one. */
static bool has_token(const admin *a, struct MHD_Connection *c) {
    const char *given = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
    if (!a->token) return true;
    if (!given || strncmp(given, "Bearer ", 7) != 0 || strlen(given + 7) != strlen(a->token)) return false;
    unsigned char differs = 0;
    for (size_t i = 0; a->token[i]; i++) differs |= (unsigned char)(a->token[i] ^ given[7 + i]);
    return !differs;
}

/* ---- Reading ---- */

static enum MHD_Result answer_get(admin *a, struct MHD_Connection *c, const char *url) {
    if (!strcmp(url, "/metrics"))
        return answer_board(c, a->board, "text/plain; version=0.0.4; charset=utf-8", false, board_prometheus);
    if (!strcmp(url, "/apps")) return answer_board(c, a->board, "application/json", true, board_json);
    return answer_text(c, MHD_HTTP_NOT_FOUND, "there are /health, /ready, /apps, /metrics and POST /query\n");
}

static enum MHD_Result answer_ready(const admin *a, struct MHD_Connection *c) {
    pthread_mutex_lock(&a->board->lock);
    bool ready = a->board->is_ready;
    pthread_mutex_unlock(&a->board->lock);
    return ready ? answer_text(c, MHD_HTTP_OK, "ready\n")
                 : answer_text(c, MHD_HTTP_SERVICE_UNAVAILABLE, "starting\n");
}

/* ---- Queries ---- */

static int64_t timeout_of(struct MHD_Connection *c) {
    const char *given = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Weir-Timeout");
    long long ms = given ? atoll(given) : WAIT_MS;
    return ms >= 1 && ms <= 600000 ? ms : WAIT_MS;
}

static enum MHD_Result answer_query(admin *a, struct MHD_Connection *c, const posting *p) {
    static const struct {
        unsigned status;
        const char *text;
    } failures[] = {
        [MAIL_LATE] = {MHD_HTTP_GATEWAY_TIMEOUT, "the app has not answered in time\n"},
        [MAIL_NO_APP] = {MHD_HTTP_SERVICE_UNAVAILABLE, "the app has not started yet, or has ended\n"},
        [MAIL_NO_MEMORY] = {MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n"}};
    char *text;
    size_t len;
    mail_result result = mailbox_ask(a->mailbox, p->text ? p->text : "", p->len, timeout_of(c), &text, &len);
    if (!text) {
        if (result < MAIL_LATE) result = MAIL_NO_MEMORY;
        return answer_text(c, failures[result].status, failures[result].text);
    }
    unsigned status = result == MAIL_OK ? MHD_HTTP_OK : result == MAIL_WRONG ? MHD_HTTP_BAD_REQUEST : 422;
    const char *type = result == MAIL_OK ? "application/json" : "text/plain; charset=utf-8";
    return answer(c, status, type, text, len, MHD_RESPMEM_MUST_FREE);
}

static void take_body(posting *p, const char *bytes, size_t n) {
    if (p->refused) return;
    if (p->is_too_long || p->len + n > LONGEST_QUERY) {
        p->is_too_long = true;
        return;
    }
    if (p->len + n > p->cap) {
        size_t cap = (p->len + n) * 2;
        char *wider = realloc(p->text, cap);
        if (!wider) {
            p->is_too_long = true;
            return;
        }
        p->text = wider;
        p->cap = cap;
    }
    memcpy(p->text + p->len, bytes, n);
    p->len += n;
}

static posting *read_head(const admin *a, struct MHD_Connection *c, const char *url) {
    posting *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    if (strcmp(url, "/query") != 0) {
        p->refused = MHD_HTTP_NOT_FOUND;
        p->why = "POST goes to /query\n";
    } else if (!a->token) {
        p->refused = MHD_HTTP_FORBIDDEN;
        p->why = "queries need a token: weir run --token TOKEN, or set WEIR_ADMIN_TOKEN\n";
    } else if (!has_token(a, c)) {
        p->refused = MHD_HTTP_UNAUTHORIZED;
        p->why = needs_token;
    }
    return p;
}

/* Called several times: for the head, for pieces of the body, at its end. */
static enum MHD_Result on_post(admin *a, struct MHD_Connection *c, const char *url, const char *body,
                               size_t *body_len, void **state) {
    posting *p = *state;
    if (!p) {
        *state = read_head(a, c, url);
        return *state ? MHD_YES : MHD_NO;
    }
    if (*body_len) {
        take_body(p, body, *body_len);
        *body_len = 0;
        return MHD_YES;
    }
    if (p->refused) return answer_text(c, p->refused, p->why);
    if (p->is_too_long) return answer_text(c, MHD_HTTP_CONTENT_TOO_LARGE, "the query is too long\n");
    return answer_query(a, c, p);
}

static void on_end(void *ctx, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode why) {
    (void)ctx;
    (void)c;
    (void)why;
    posting *p = *state;
    if (!p) return;
    free(p->text);
    free(p);
    *state = NULL;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_size,
                                  void **state) {
    admin *a = ctx;
    (void)version;
    if (!strcmp(method, "POST")) return on_post(a, c, url, upload, upload_size, state);
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, "GET") != 0) return answer_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and POST\n");
    if (!strcmp(url, "/health")) return answer_text(c, MHD_HTTP_OK, "ok\n");
    if (!strcmp(url, "/ready")) return answer_ready(a, c);
    if (!has_token(a, c)) return answer_text(c, MHD_HTTP_UNAUTHORIZED, needs_token);
    return answer_get(a, c, url);
}

admin *admin_start(const char *address, const char *token, board *b, mailbox *m, char *error, size_t size) {
    admin *a = calloc(1, sizeof *a);
    int fd = address_listen(address, error, size);
    if (!a || fd < 0) {
        free(a);
        return NULL;
    }
    a->board = b;
    a->mailbox = m;
    a->address = strdup(address);
    a->token = token ? strdup(token) : NULL;
    /* A query waits for the app: that must not keep others waiting. */
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL;
    a->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, a, MHD_OPTION_LISTEN_SOCKET, fd,
                                 MHD_OPTION_CONNECTION_TIMEOUT, 10u, MHD_OPTION_CONNECTION_LIMIT, 64u,
                                 MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_END);
    if (a->daemon && a->address && (!token || a->token)) return a;
    snprintf(error, size, "%s: the admin server can't start", address);
    if (!a->daemon) close(fd);
    admin_stop(a);
    return NULL;
}

void admin_stop(admin *a) {
    if (!a) return;
    if (a->daemon) MHD_stop_daemon(a->daemon);
    if (a->address) address_forget(a->address);
    free(a->address);
    free(a->token);
    free(a);
}
