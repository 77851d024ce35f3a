/* server.c: see server.h. */
#include "server.h"

#include "visitors.h"

#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIRST_BODY   ((size_t)4096)
#define MOST_HEAD_S  30u
#define LONG_BODY    ((unsigned long long)1 << 20)
#define MOST_AT_ONCE ((size_t)64 << 10) /* of memory for a body, on the word of its client */
/* Of a connection: its headers, and a piece of its body. The library clears all of it after each request. */
#define MEMORY_LIMIT ((size_t)32 << 10)

struct http_route {
    http_server *server;
    http_route *next;
    http_route_spec spec;
    char path[1024];
    pthread_mutex_t lock; /* its owner's functions are called under it, so that none is once it is closed */
    bool is_open;
};

struct http_server {
    http_server *next;
    const weir_io_host *host;
    char name[256];
    uint16_t port;
    bool is_tls;
    struct MHD_Daemon *daemon;
    visitors *visitors;
    pthread_mutex_t lock; /* of routes */
    http_route *routes;
    uint32_t n_users;
    struct MHD_Response *ok; /* 200 and nothing else */
    /* Answers are many at a time: one connection wakes the listener's thread, which lets the others go on. */
    pthread_mutex_t answer_lock;
    bool is_woken;
    http_request *answered;
};

/* ---- The owner ---------------------------------------------------------------------------------------- */

static bool reserve(http_request *r, size_t more) {
    http_route *route = r->route;
    pthread_mutex_lock(&route->lock);
    bool fits = route->is_open && route->spec.reserve && route->spec.reserve(route->spec.ctx, more);
    pthread_mutex_unlock(&route->lock);
    if (fits) r->message.size += more;
    return fits;
}

static void release(http_request *r) {
    http_route *route = r->route;
    pthread_mutex_lock(&route->lock);
    if (route->is_open) route->spec.release(route->spec.ctx, r->message.size);
    pthread_mutex_unlock(&route->lock);
}

static bool hand_over(http_request *r) {
    http_route *route = r->route;
    pthread_mutex_lock(&route->lock);
    bool taken = route->is_open && route->spec.on_request(route->spec.ctx, r);
    pthread_mutex_unlock(&route->lock);
    return taken;
}

/* ---- Answers ------------------------------------------------------------------------------------------ */

static void free_request(http_request *r) {
    if (r->message.size) release(r);
    for (uint32_t i = 0; i < r->n_headers; i++) {
        free(r->headers[i].name);
        free(r->headers[i].value);
    }
    free(r->message.properties);
    free(r->body);
    free(r->text);
    free(r);
}

bool http_answer_header(http_request *r, const char *name, size_t name_len, const char *value,
                        size_t value_len) {
    if (r->n_headers == HTTP_HEADERS) return false;
    http_header *h = &r->headers[r->n_headers];
    h->name = strndup(name, name_len);
    h->value = strndup(value, value_len);
    if (!h->name || !h->value) {
        free(h->name);
        free(h->value);
        return false;
    }
    r->n_headers++;
    return true;
}

static void set_answer(http_request *r, unsigned status, const char *type, const char *text, size_t len) {
    r->status = status;
    r->type = type;
    r->text = len ? malloc(len) : NULL;
    r->text_len = r->text ? len : 0;
    if (r->text) memcpy(r->text, text, len);
    r->is_answered = true;
}

/* The request is the listener's from here on: it may be gone before this returns. */
static void go_on(http_request *r) {
    http_server *s = r->route->server;
    struct MHD_Connection *connection = r->connection;
    pthread_mutex_lock(&s->answer_lock);
    r->wakes = !s->is_woken;
    s->is_woken = true;
    if (!r->wakes) {
        r->next_answered = s->answered;
        s->answered = r;
        connection = NULL;
    }
    pthread_mutex_unlock(&s->answer_lock);
    if (connection) MHD_resume_connection(connection);
}

static void let_others_go_on(http_server *s) {
    pthread_mutex_lock(&s->answer_lock);
    http_request *r = s->answered;
    s->answered = NULL;
    s->is_woken = false;
    pthread_mutex_unlock(&s->answer_lock);
    for (http_request *next; r; r = next) {
        next = r->next_answered;
        MHD_resume_connection(r->connection);
    }
}

void http_answer(http_request *r, unsigned status, const char *type, const char *text, size_t len) {
    set_answer(r, status, type, text, len);
    go_on(r);
}

static void set_text(http_request *r, unsigned status, const char *text) {
    char line[512];
    int n = snprintf(line, sizeof line, "%s\n", text);
    set_answer(r, status, "text/plain; charset=utf-8", line,
               n < 0                         ? 0
               : (size_t)n < sizeof line - 1 ? (size_t)n
                                             : sizeof line - 1);
}

void http_answer_text(http_request *r, unsigned status, const char *text) {
    set_text(r, status, text);
    go_on(r);
}

static enum MHD_Result send_answer(http_request *r) {
    if (r->status == MHD_HTTP_OK && !r->text_len && !r->n_headers)
        return MHD_queue_response(r->connection, r->status, r->route->server->ok);
    struct MHD_Response *out =
        MHD_create_response_from_buffer(r->text_len, r->text ? r->text : "", MHD_RESPMEM_MUST_COPY);
    if (!out) return MHD_NO;
    bool has_type = false;
    for (uint32_t i = 0; i < r->n_headers; i++) {
        has_type |= strcasecmp(r->headers[i].name, "Content-Type") == 0;
        MHD_add_response_header(out, r->headers[i].name, r->headers[i].value);
    }
    if (r->type && r->text_len && !has_type) MHD_add_response_header(out, "Content-Type", r->type);
    if (r->status == MHD_HTTP_UNAUTHORIZED && r->route) {
        if (r->route->spec.username) MHD_add_response_header(out, "WWW-Authenticate", "Basic realm=\"weir\"");
        if (r->route->spec.token) MHD_add_response_header(out, "WWW-Authenticate", "Bearer realm=\"weir\"");
    }
    if (r->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(out, "Allow", r->route->spec.methods);
    if (r->status == MHD_HTTP_SERVICE_UNAVAILABLE) MHD_add_response_header(out, "Retry-After", "1");
    enum MHD_Result sent = MHD_queue_response(r->connection, r->status, out);
    MHD_destroy_response(out);
    return sent;
}

/* ---- Requests ----------------------------------------------------------------------------------------- */

static http_route *find_route(http_server *s, const char *path) {
    pthread_mutex_lock(&s->lock);
    http_route *found = s->routes;
    while (found && (!found->is_open || strcmp(found->path, path) != 0)) found = found->next;
    pthread_mutex_unlock(&s->lock);
    return found;
}

static bool is_basic_right(const http_route *route, const char *given) {
    char plain[512];
    size_t n;
    if (!route->spec.username || strncasecmp(given, "Basic ", 6) != 0) return false;
    if (!wire_base64_decode(given + 6, strlen(given + 6), plain, sizeof plain, &n)) return false;
    const char *colon = memchr(plain, ':', n);
    if (!colon) return false;
    size_t name_len = (size_t)(colon - plain);
    bool same_name = wire_same_secret(plain, name_len, route->spec.username, strlen(route->spec.username));
    bool same_word =
        wire_same_secret(colon + 1, n - name_len - 1, route->spec.password, strlen(route->spec.password));
    return same_name && same_word;
}

static bool is_authorised(const http_route *route, struct MHD_Connection *c) {
    if (!route->spec.username && !route->spec.token) return true;
    const char *given = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
    if (!given) return false;
    if (route->spec.token && strncasecmp(given, "Bearer ", 7) == 0)
        return wire_same_secret(given + 7, strlen(given + 7), route->spec.token, strlen(route->spec.token));
    return is_basic_right(route, given);
}

static bool is_among(const char *methods, const char *method) {
    size_t len = strlen(method);
    for (const char *at = methods; (at = strstr(at, method)); at += len)
        if ((at == methods || at[-1] == ' ') && (at[len] == ',' || !at[len])) return true;
    return false;
}

typedef struct framing {
    unsigned n_lengths, n_codings, n_hosts;
    bool is_odd;
} framing;

static enum MHD_Result look_at_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                      const char *value) {
    framing *f = ctx;
    (void)kind;
    f->n_lengths += strcasecmp(name, "Content-Length") == 0;
    f->n_hosts += strcasecmp(name, "Host") == 0;
    bool is_coding = strcasecmp(name, "Transfer-Encoding") == 0;
    f->n_codings += is_coding;
    f->is_odd |= (is_coding && (!value || strcasecmp(value, "chunked") != 0)) || strpbrk(name, " \t") != NULL;
    return MHD_YES;
}

/* Whether all agree on where the request ends, weir and what stands before it (RFC 9112, 3.2, 5.1, 6.3): what
 * they read differently is how a request is smuggled past the one to the other. */
static bool is_framed(struct MHD_Connection *c, const char *version) {
    framing f = {0};
    MHD_get_connection_values(c, MHD_HEADER_KIND, look_at_header, &f);
    if (f.n_hosts > 1 || (!f.n_hosts && strcmp(version, "HTTP/1.1") == 0)) return false;
    return !f.is_odd && f.n_lengths + f.n_codings <= 1;
}

/* What is wrong with a request before its body has come; 0: nothing. */
static unsigned refusal(const http_route *route, struct MHD_Connection *c, const char *method,
                        size_t expected) {
    if (!route) return MHD_HTTP_NOT_FOUND;
    if (!is_authorised(route, c)) return MHD_HTTP_UNAUTHORIZED;
    if (!is_among(route->spec.methods, method)) return MHD_HTTP_METHOD_NOT_ALLOWED;
    return expected > route->spec.body_limit ? route->spec.too_large_status : 0;
}

static const char *why(const http_route *route, unsigned status) {
    if (route && status == route->spec.too_large_status) return route->spec.too_large_text;
    switch (status) {
    case MHD_HTTP_NOT_FOUND: return "nothing is served under this path";
    case MHD_HTTP_UNAUTHORIZED: return "credentials are missing or wrong";
    case MHD_HTTP_METHOD_NOT_ALLOWED: return "this method is not served here";
    default: return "there is no room for more at the moment";
    }
}

static void refuse(http_request *r, unsigned status) { set_text(r, status, why(r->route, status)); }

static http_request *new_request(http_server *s, struct MHD_Connection *c, const char *path,
                                 const char *method) {
    http_request *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->connection = c;
    snprintf(r->method, sizeof r->method, "%s", method);
    r->route = find_route(s, path);
    const char *length = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
    if (length) r->expected = strtoull(length, NULL, 10);
    unsigned status = refusal(r->route, c, method, r->expected);
    if (status) refuse(r, status);
    return r;
}

/* A piece of the body. What is refused in the middle is read to its end, since clients write before they
 * read. */
static void receive(http_request *r, const char *bytes, size_t n) {
    if (r->is_answered) return;
    if (r->len + n > r->route->spec.body_limit) return refuse(r, r->route->spec.too_large_status);
    if (r->cap - r->len < n) {
        size_t first = r->expected && r->expected <= MOST_AT_ONCE ? r->expected : FIRST_BODY;
        size_t cap = r->cap ? r->cap * 2 : first;
        while (cap < r->len + n) cap *= 2;
        char *body = reserve(r, cap - r->cap) ? realloc(r->body, cap) : NULL;
        if (!body) return refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE);
        r->body = body;
        r->cap = cap;
    }
    memcpy(r->body + r->len, bytes, n);
    r->len += n;
}

/* The request is whole. */
static void submit(http_request *r) {
    r->message.bytes = r->body ? r->body : "";
    r->message.len = r->len;
    r->is_owned = true;
    MHD_suspend_connection(r->connection);
    if (hand_over(r)) return;
    refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE);
    MHD_resume_connection(r->connection);
}

static enum MHD_Result serve_stream(http_route *route, struct MHD_Connection *c) {
    pthread_mutex_lock(&route->lock);
    struct MHD_Response *out = route->is_open ? route->spec.on_get(route->spec.ctx, c) : NULL;
    pthread_mutex_unlock(&route->lock);
    if (!out) return MHD_NO;
    enum MHD_Result sent = MHD_queue_response(c, MHD_HTTP_OK, out);
    MHD_destroy_response(out);
    return sent;
}

/* A refusal spares the client sending a long body; a short one is read first, since most clients write before
 * they read. */
static bool is_long(struct MHD_Connection *c) {
    const char *length = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length");
    return MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Expect") ||
           (length && strtoull(length, NULL, 10) > LONG_BODY);
}

/* The connection ends with it: what follows could be anything. */
static enum MHD_Result refuse_framing(struct MHD_Connection *c) {
    static const char text[] = "the request's end is not clear\n";
    struct MHD_Response *out =
        MHD_create_response_from_buffer(sizeof text - 1, (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    if (!out) return MHD_NO;
    MHD_add_response_header(out, "Connection", "close");
    enum MHD_Result sent = MHD_queue_response(c, MHD_HTTP_BAD_REQUEST, out);
    MHD_destroy_response(out);
    return sent;
}

static enum MHD_Result on_access(void *ctx, struct MHD_Connection *c, const char *path, const char *method,
                                 const char *version, const char *data, size_t *size, void **state) {
    http_request *r = *state;
    http_server *s = ctx;
    if (!r) {
        if (!is_framed(c, version)) return refuse_framing(c);
        visitors_on_head(s->visitors, c);
        *state = r = new_request(s, c, path, method);
        if (!r) return MHD_NO;
        return r->is_answered && is_long(c) ? send_answer(r) : MHD_YES;
    }
    if (*size) {
        visitors_on_body(s->visitors, c, *size);
        receive(r, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (r->wakes) {
        r->wakes = false;
        let_others_go_on(ctx);
    }
    visitors_on_whole(s->visitors, c);
    if (r->is_answered) return send_answer(r);
    if (r->route->spec.on_get) return serve_stream(r->route, c);
    if (!r->is_owned) submit(r);
    return MHD_YES;
}

static void on_completed(void *ctx, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode why_ended) {
    http_request *r = *state;
    (void)why_ended;
    if (r && r->wakes) let_others_go_on(ctx); /* it has hung up meanwhile */
    if (r) free_request(r);
    visitors_on_end(((http_server *)ctx)->visitors, c);
    *state = NULL;
}

/* ---- Listeners ---------------------------------------------------------------------------------------- */

static void on_log(void *ctx, const char *format, va_list args) {
    http_server *s = ctx;
    char line[512];
    vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = 0;
    wire_log(s->host, WEIR_LOG_DEBUG, "http listener %s:%u: %s", s->name, s->port, line);
}

static weir_status resolve(http_server *s, struct addrinfo **out, weir_error *err) {
    char port[8];
    snprintf(port, sizeof port, "%u", s->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    int failed = getaddrinfo(s->name, port, &hints, out);
    return failed ? weir_fail(err, WEIR_EIO, "can't listen at '%s': %s", s->name, gai_strerror(failed))
                  : WEIR_OK;
}

static weir_status start(http_server *s, const http_route_spec *spec, weir_error *err) {
    struct addrinfo *address;
    WIRE_TRY(resolve(s, &address, err));
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (s->is_tls ? MHD_USE_TLS : 0) | (address->ai_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    struct MHD_OptionItem more[4] = {{MHD_OPTION_END, 0, NULL}};
    if (s->is_tls) {
        more[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)spec->certificate};
        more[1] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)spec->key};
        more[2] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    }
    s->visitors = visitors_new(spec->idle_s && spec->idle_s < MOST_HEAD_S ? spec->idle_s : MOST_HEAD_S);
    if (!s->visitors) return freeaddrinfo(address), wire_no_memory(err);
    s->daemon = MHD_start_daemon(
        flags, s->port, NULL, NULL, on_access, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, s, MHD_OPTION_SOCK_ADDR,
        address->ai_addr, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s, MHD_OPTION_NOTIFY_CONNECTION,
        visitors_on_connection, s->visitors, MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_LIMIT,
        MHD_OPTION_CONNECTION_LIMIT, spec->n_connections, MHD_OPTION_CONNECTION_TIMEOUT, spec->idle_s,
        MHD_OPTION_THREAD_POOL_SIZE, spec->n_threads > 1 ? spec->n_threads : 0,
        MHD_OPTION_LISTEN_BACKLOG_SIZE, spec->backlog, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u,
        MHD_OPTION_ARRAY, more, MHD_OPTION_END);
    freeaddrinfo(address);
    if (s->daemon) return WEIR_OK;
    visitors_free(s->visitors);
    weir_fail(err, WEIR_EIO, "can't listen at %s:%u%s", s->name, s->port,
              s->is_tls ? ": the port is taken, or certificate and key don't fit" : ": the port is taken");
    return WEIR_EIO;
}

static void free_stopped(http_server *s) {
    if (s->ok) MHD_destroy_response(s->ok);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->answer_lock);
    free(s);
}

static weir_status get_server(http_server **servers, const http_route_spec *spec, const weir_io_host *host,
                              http_server **out, weir_error *err) {
    bool is_tls = strcmp(spec->url.scheme, "https") == 0;
    for (http_server *s = *servers; s; s = s->next) {
        if (s->port != spec->url.port || strcmp(s->name, spec->url.host) != 0) continue;
        if (s->is_tls != is_tls)
            return weir_fail(err, WEIR_ECONFIG, "port %u can't be both http and https", s->port);
        *out = s;
        return WEIR_OK;
    }
    http_server *s = calloc(1, sizeof *s);
    if (!s) return wire_no_memory(err);
    s->host = host;
    s->is_tls = is_tls;
    s->port = spec->url.port;
    snprintf(s->name, sizeof s->name, "%s", spec->url.host);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->answer_lock, NULL);
    s->ok = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    weir_status st = s->ok ? start(s, spec, err) : wire_no_memory(err);
    if (st != WEIR_OK) {
        free_stopped(s);
        return st;
    }
    s->next = *servers;
    *servers = *out = s;
    return WEIR_OK;
}

static void free_server(http_server *s) {
    let_others_go_on(s);
    MHD_stop_daemon(s->daemon);
    visitors_free(s->visitors);
    for (http_route *next, *r = s->routes; r; r = next) {
        next = r->next;
        pthread_mutex_destroy(&r->lock);
        free(r);
    }
    free_stopped(s);
}

static void drop_unused(http_server **servers, http_server *s) {
    if (s->n_users) return;
    for (http_server **at = servers; *at; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    free_server(s);
}

weir_status http_route_open(http_server **servers, const http_route_spec *spec, const weir_io_host *host,
                            http_route **out, weir_error *err) {
    http_server *s = NULL;
    char path[sizeof((http_route *)0)->path];
    snprintf(path, sizeof path, "%.*s", (int)strcspn(spec->url.path, "?"), spec->url.path);
    WIRE_TRY(get_server(servers, spec, host, &s, err));
    http_route *other = find_route(s, path), *r = NULL;
    weir_status st = WEIR_OK;
    if (other)
        st = weir_fail(err, WEIR_ECONFIG, "two sources or sinks have the same address, %s:%u%s", s->name,
                       s->port, path);
    else if (!(r = calloc(1, sizeof *r)))
        st = wire_no_memory(err);
    if (st != WEIR_OK) {
        drop_unused(servers, s);
        return st;
    }
    r->server = s;
    r->spec = *spec;
    memcpy(r->path, path, sizeof path);
    r->is_open = true;
    pthread_mutex_init(&r->lock, NULL);
    pthread_mutex_lock(&s->lock);
    r->next = s->routes;
    s->routes = r;
    s->n_users++;
    pthread_mutex_unlock(&s->lock);
    *out = r;
    return WEIR_OK;
}

void http_route_close(http_route *route) {
    if (!route) return;
    pthread_mutex_lock(&route->server->lock);
    pthread_mutex_lock(&route->lock);
    route->is_open = false;
    pthread_mutex_unlock(&route->lock);
    pthread_mutex_unlock(&route->server->lock);
}

/* A route that is closed stays until its listener ends: a request may be in the middle of it. */
void http_route_free(http_server **servers, http_route *route) {
    if (!route) return;
    route->server->n_users--;
    drop_unused(servers, route->server);
}
