/* admin.c: see admin.h. */
#include "cli/admin.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/address.h"

struct admin {
    struct MHD_Daemon *daemon;
    host *host;
    char *token, *address;
};

/* A request that asks for something to be done, as its body comes in. */
typedef struct posting {
    const struct action *action; /* NULL: refused */
    char *text;
    size_t len, cap;
    bool is_too_long;
    unsigned refused; /* HTTP status, when the head was wrong: the body is read all the same, or who sends it
                         would not see the answer. 0: it was not */
    const char *why;
} posting;

#define LONGEST_QUERY ((size_t)1 << 20)
#define LONGEST_APP   ((size_t)4 << 20)
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

typedef struct boards {
    board *of[256];
    uint32_t n;
    FILE *out;
} boards;

static void add_board(board *b, void *ctx) {
    boards *all = ctx;
    if (all->n < 256) all->of[all->n++] = b;
}

static void write_metrics(void *ctx) {
    boards *all = ctx;
    board_prometheus(all->of, all->n, all->out);
}

static void write_apps(void *ctx) {
    boards *all = ctx;
    fputc('[', all->out);
    for (uint32_t i = 0; i < all->n; i++) {
        if (i) fputc(',', all->out);
        board_json(all->of[i], all->out);
    }
    fputs("]\n", all->out);
}

static enum MHD_Result answer_boards(admin *a, struct MHD_Connection *c, const char *type,
                                     void (*write)(void *ctx)) {
    char *text = NULL;
    size_t len = 0;
    boards all = {.out = open_memstream(&text, &len)};
    if (!all.out) return answer_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
    host_read_boards(a->host, add_board, write, &all);
    fclose(all.out);
    return answer(c, MHD_HTTP_OK, type, text, len, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result answer_get(admin *a, struct MHD_Connection *c, const char *url) {
    if (!strcmp(url, "/metrics"))
        return answer_boards(a, c, "text/plain; version=0.0.4; charset=utf-8", write_metrics);
    if (!strcmp(url, "/apps")) return answer_boards(a, c, "application/json", write_apps);
    return answer_text(c, MHD_HTTP_NOT_FOUND, "there are /health, /ready, /apps, /metrics and POST /query\n");
}

static enum MHD_Result answer_ready(admin *a, struct MHD_Connection *c) {
    return host_is_ready(a->host) ? answer_text(c, MHD_HTTP_OK, "ready\n")
                                  : answer_text(c, MHD_HTTP_SERVICE_UNAVAILABLE, "starting\n");
}

/* ---- What is to be done ---- */

static const char *argument(struct MHD_Connection *c, const char *key) {
    return MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, key);
}

static bool is_set(struct MHD_Connection *c, const char *key) {
    const char *value = argument(c, key);
    return value && strcmp(value, "0") != 0;
}

static int64_t timeout_of(struct MHD_Connection *c) {
    const char *given = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Weir-Timeout");
    long long ms = given ? atoll(given) : WAIT_MS;
    return ms >= 1 && ms <= 600000 ? ms : WAIT_MS;
}

static enum MHD_Result answer_mail(struct MHD_Connection *c, mail_result result, const char *type, char *text,
                                   size_t len) {
    static const struct {
        unsigned status;
        const char *text;
    } failures[] = {
        [MAIL_LATE] = {MHD_HTTP_GATEWAY_TIMEOUT, "the app has not answered in time\n"},
        [MAIL_NO_APP] = {MHD_HTTP_SERVICE_UNAVAILABLE, "the app has not started yet, or has ended\n"},
        [MAIL_NO_MEMORY] = {MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n"}};
    if (!text) {
        if (result < MAIL_LATE) result = MAIL_NO_MEMORY;
        return answer_text(c, failures[result].status, failures[result].text);
    }
    unsigned status = result == MAIL_OK ? MHD_HTTP_OK : result == MAIL_WRONG ? MHD_HTTP_BAD_REQUEST : 422;
    return answer(c, status, result == MAIL_OK ? type : "text/plain; charset=utf-8", text, len,
                  MHD_RESPMEM_MUST_FREE);
}

/* The app that ?app=NAME says, or the only one. */
static hosted *app_of(admin *a, struct MHD_Connection *c) { return host_find(a->host, argument(c, "app")); }

static enum MHD_Result no_such_app(struct MHD_Connection *c) {
    return answer_text(c, MHD_HTTP_NOT_FOUND,
                       argument(c, "app") ? "there is no app of that name\n" : "say which app: ?app=NAME\n");
}

static mail letter_of(struct MHD_Connection *c, mail_kind kind, const char *text, size_t len) {
    return (mail){.kind = kind,
                  .text = text ? text : "",
                  .len = text ? len : 0,
                  .keep_all = is_set(c, "keep"),
                  .only_check = is_set(c, "check")};
}

/* The app keeps its text where deployed texts are kept, if any. */
static bool keep_text(admin *a, hosted *app) {
    char *text;
    size_t len;
    if (!a->host->options.apps_dir) return true;
    mail m = {.kind = MAIL_TEXT};
    bool ok = mailbox_ask(&app->mailbox, &m, WAIT_MS, &text, &len) == MAIL_OK && text &&
              host_keep(a->host, app->name, text, len);
    free(text);
    return ok;
}

static const char not_kept[] = "the app runs, but its text can't be written to the folder of the apps\n";

/* No answer in time: because it waits for a store, perhaps. */
static enum MHD_Result answer_late(struct MHD_Connection *c, const char *why) {
    char *text = NULL;
    if (!*why) return answer_mail(c, MAIL_LATE, NULL, NULL, 0);
    if (asprintf(&text, "the app has not answered in time: it waits for a store: %s\n", why) < 0)
        return answer_mail(c, MAIL_NO_MEMORY, NULL, NULL, 0);
    return answer(c, MHD_HTTP_GATEWAY_TIMEOUT, "text/plain; charset=utf-8", text, strlen(text),
                  MHD_RESPMEM_MUST_FREE);
}

/* One letter to one app. */
static enum MHD_Result ask_app(admin *a, struct MHD_Connection *c, hosted *app, const mail *m,
                               const char *type) {
    char *text;
    size_t len;
    mail_result result = mailbox_ask(&app->mailbox, m, timeout_of(c), &text, &len);
    bool changed =
        result == MAIL_OK && (m->kind == MAIL_REPLACE || m->kind == MAIL_ADD || m->kind == MAIL_REMOVE);
    bool kept = !changed || m->only_check || keep_text(a, app);
    char why[512];
    board_waits(&app->board, why, sizeof why);
    host_release(app);
    if (result == MAIL_LATE) return answer_late(c, why);
    if (kept) return answer_mail(c, result, type, text, len);
    free(text);
    return answer_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, not_kept);
}

static enum MHD_Result do_query(admin *a, struct MHD_Connection *c, const posting *p) {
    hosted *app = app_of(a, c);
    if (!app) return no_such_app(c);
    mail m = letter_of(c, MAIL_QUERY, p->text, p->len);
    return ask_app(a, c, app, &m, "application/json");
}

static enum MHD_Result answer_copy(struct MHD_Connection *c, unsigned status, char *text) {
    if (!text) return answer_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
    return answer(c, status, "text/plain; charset=utf-8", text, strlen(text), MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result deploy_new(admin *a, struct MHD_Connection *c, const posting *p, const char *name,
                                  const char *file) {
    char *why;
    if (is_set(c, "check")) return answer_text(c, MHD_HTTP_OK, "");
    host_done done = host_add(a->host, p->text, p->len, file, true, &why);
    if (done == HOST_OK)
        return host_keep(a->host, name, p->text, p->len)
                   ? answer_text(c, MHD_HTTP_CREATED, "")
                   : answer_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, not_kept);
    return answer_copy(c, done == HOST_WRONG ? MHD_HTTP_BAD_REQUEST : 422, why);
}

/* A text whose app runs takes that one's place. */
static enum MHD_Result do_deploy(admin *a, struct MHD_Connection *c, const posting *p) {
    const char *file = argument(c, "file") ? argument(c, "file") : "app";
    char *why, *name = host_name_of(a->host, p->text ? p->text : "", p->len, file, &why);
    if (!name) return answer_copy(c, MHD_HTTP_BAD_REQUEST, why);
    hosted *app = host_find(a->host, name);
    if (app && app->has_ended) {
        host_release(app);
        host_remove(a->host, name);
        app = NULL;
    }
    mail m = letter_of(c, MAIL_REPLACE, p->text, p->len);
    enum MHD_Result result =
        app ? ask_app(a, c, app, &m, "text/plain; charset=utf-8") : deploy_new(a, c, p, name, file);
    free(name);
    return result;
}

static enum MHD_Result do_undeploy(admin *a, struct MHD_Connection *c, const posting *p) {
    (void)p;
    const char *name = argument(c, "app");
    if (!name || !host_remove(a->host, name)) return no_such_app(c);
    host_forget(a->host, name);
    return answer_text(c, MHD_HTTP_OK, "");
}

static enum MHD_Result do_add(admin *a, struct MHD_Connection *c, const posting *p) {
    hosted *app = app_of(a, c);
    if (!app) return no_such_app(c);
    mail m = letter_of(c, MAIL_ADD, p->text, p->len);
    return ask_app(a, c, app, &m, "text/plain; charset=utf-8");
}

static enum MHD_Result do_remove(admin *a, struct MHD_Connection *c, const posting *p) {
    (void)p;
    const char *query = argument(c, "query");
    hosted *app = app_of(a, c);
    if (!app) return no_such_app(c);
    mail m = letter_of(c, MAIL_REMOVE, query, query ? strlen(query) : 0);
    return ask_app(a, c, app, &m, "text/plain; charset=utf-8");
}

/* GET /errors, which is no action since it changes nothing; but rows are nobody's business without a token.
 */
static enum MHD_Result answer_errors(admin *a, struct MHD_Connection *c) {
    hosted *app = app_of(a, c);
    if (!app) return no_such_app(c);
    mail m = letter_of(c, MAIL_ERRORS, NULL, 0);
    return ask_app(a, c, app, &m, "application/json");
}

static enum MHD_Result do_with_errors(admin *a, struct MHD_Connection *c, mail_kind kind) {
    const char *id = argument(c, "id") ? argument(c, "id") : "0";
    hosted *app = app_of(a, c);
    if (!app) return no_such_app(c);
    mail m = letter_of(c, kind, id, strlen(id));
    return ask_app(a, c, app, &m, "text/plain; charset=utf-8");
}

static enum MHD_Result do_replay(admin *a, struct MHD_Connection *c, const posting *p) {
    (void)p;
    return do_with_errors(a, c, MAIL_REPLAY);
}

static enum MHD_Result do_discard(admin *a, struct MHD_Connection *c, const posting *p) {
    (void)p;
    return do_with_errors(a, c, MAIL_DISCARD);
}

static const struct action {
    const char *method, *path;
    size_t longest;
    enum MHD_Result (*run)(admin *a, struct MHD_Connection *c, const posting *p);
} actions[] = {
    {"POST", "/query", LONGEST_QUERY, do_query}, {"POST", "/apps", LONGEST_APP, do_deploy},
    {"DELETE", "/apps", 0, do_undeploy},         {"POST", "/queries", LONGEST_APP, do_add},
    {"DELETE", "/queries", 0, do_remove},        {"POST", "/errors", 0, do_replay},
    {"DELETE", "/errors", 0, do_discard},
};

static void take_body(posting *p, const char *bytes, size_t n) {
    if (p->refused) return;
    if (p->is_too_long || p->len + n > p->action->longest) {
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

static posting *read_head(const admin *a, struct MHD_Connection *c, const char *url, const char *method) {
    posting *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (!strcmp(url, actions[i].path) && !strcmp(method, actions[i].method)) p->action = &actions[i];
    if (!p->action) {
        p->refused = MHD_HTTP_NOT_FOUND;
        p->why = "POST goes to /query, /apps, /queries and /errors, DELETE to /apps, /queries and /errors\n";
    } else if (!a->token) {
        p->refused = MHD_HTTP_FORBIDDEN;
        p->why = "queries need a token, and so do changes: weir run --token TOKEN, or set WEIR_ADMIN_TOKEN\n";
    } else if (!has_token(a, c)) {
        p->refused = MHD_HTTP_UNAUTHORIZED;
        p->why = needs_token;
    }
    return p;
}

/* Called several times: for the head, for pieces of the body, at its end. */
static enum MHD_Result on_post(admin *a, struct MHD_Connection *c, const char *url, const char *method,
                               const char *body, size_t *body_len, void **state) {
    posting *p = *state;
    if (!p) {
        *state = read_head(a, c, url, method);
        return *state ? MHD_YES : MHD_NO;
    }
    if (*body_len) {
        take_body(p, body, *body_len);
        *body_len = 0;
        return MHD_YES;
    }
    if (p->refused) return answer_text(c, p->refused, p->why);
    if (p->is_too_long) return answer_text(c, MHD_HTTP_CONTENT_TOO_LARGE, "the text is too long\n");
    return p->action->run(a, c, p);
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
    if (!strcmp(method, "POST") || !strcmp(method, "DELETE"))
        return on_post(a, c, url, method, upload, upload_size, state);
    if (*upload_size) {
        *upload_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, "GET") != 0)
        return answer_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET, POST and DELETE\n");
    if (!strcmp(url, "/health")) return answer_text(c, MHD_HTTP_OK, "ok\n");
    if (!strcmp(url, "/ready")) return answer_ready(a, c);
    if (!has_token(a, c)) return answer_text(c, MHD_HTTP_UNAUTHORIZED, needs_token);
    if (!strcmp(url, "/errors")) {
        if (!a->token) return answer_text(c, MHD_HTTP_FORBIDDEN, "the error store needs a token\n");
        return answer_errors(a, c);
    }
    return answer_get(a, c, url);
}

admin *admin_start(const char *address, const char *token, host *h, char *error, size_t size) {
    admin *a = calloc(1, sizeof *a);
    int fd = address_listen(address, error, size);
    if (!a || fd < 0) {
        free(a);
        return NULL;
    }
    a->host = h;
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
