/* app.c: see app.h. */
#include "app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PORT 9763

weir_status http_app_of(const weir_io_host *host, http_app **out, weir_error *err) {
    if (!host || !host->shared) return weir_fail(err, WEIR_EUSAGE, "the engine shares nothing");
    *out = host->shared(host->shared_ctx, "http", sizeof **out);
    if (!*out) return wire_no_memory(err);
    if (!(*out)->is_ready) pthread_mutex_init(&(*out)->lock, NULL); /* which needs no ending */
    (*out)->is_ready = true;
    return WEIR_OK;
}

const char *http_type_of(const char *format) {
    static const char *const types[][2] = {{"json", "application/json"},
                                           {"xml", "application/xml"},
                                           {"csv", "text/csv"},
                                           {"keyvalue", "application/x-www-form-urlencoded"},
                                           {"avro", "application/octet-stream"},
                                           {"protobuf", "application/octet-stream"},
                                           {"binary", "application/octet-stream"}};
    for (size_t i = 0; format && i < sizeof types / sizeof *types; i++)
        if (strcmp(format, types[i][0]) == 0) return types[i][1];
    return "text/plain; charset=utf-8";
}

/* ---- What listens ------------------------------------------------------------------------------------- */

static bool is_key(const char *key, size_t len, const char *name) {
    return strlen(name) == len && memcmp(key, name, len) == 0;
}

static bool read_number(const char *text, size_t len, unsigned long long most, unsigned long long *out) {
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        *out = *out * 10 + (unsigned long long)(text[i] - '0');
        if (*out > most) return false;
    }
    return len > 0;
}

static weir_status set_size(void *ctx, const char *key, size_t key_len, const char *value, size_t value_len,
                            weir_error *err) {
    http_serving *s = ctx;
    unsigned long long n;
    if (is_key(key, key_len, "request.size.validation") ||
        is_key(key, key_len, "request.size.validation.reject.message.content.type"))
        return WEIR_OK; /* the limit is what switches it on; messages are text */
    if (is_key(key, key_len, "request.size.validation.reject.message"))
        return snprintf(s->too_large, sizeof s->too_large, "%.*s", (int)value_len, value) < 0 ? WEIR_ENOMEM
                                                                                              : WEIR_OK;
    if (is_key(key, key_len, "request.size.validation.maximum.value") &&
        read_number(value, value_len, (unsigned long long)1 << 40, &n))
        return s->spec.body_limit = n, WEIR_OK;
    if (is_key(key, key_len, "request.size.validation.reject.status.code") &&
        read_number(value, value_len, 599, &n) && n >= 400)
        return s->spec.too_large_status = (unsigned)n, WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "request.size.validation.configurations can't have '%.*s:%.*s'",
                     (int)key_len, key, (int)value_len, value);
}

/* Those without a case here are the system's to tune, and answers don't depend on them. */
static weir_status set_bootstrap(void *ctx, const char *key, size_t key_len, const char *value,
                                 size_t value_len, weir_error *err) {
    static const char *const others[] = {
        "server.bootstrap.connect.timeout", "server.bootstrap.socket.timeout",
        "server.bootstrap.nodelay",         "server.bootstrap.keepalive",
        "server.bootstrap.sendbuffersize",  "server.bootstrap.recievebuffersize"};
    http_serving *s = ctx;
    unsigned long long n;
    if (is_key(key, key_len, "server.bootstrap.socket.backlog") && read_number(value, value_len, 65535, &n))
        return s->spec.backlog = (uint32_t)n, WEIR_OK;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (is_key(key, key_len, others[i])) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "server.bootstrap.configurations can't have '%.*s:%.*s'",
                     (int)key_len, key, (int)value_len, value);
}

static weir_status set_credentials(http_serving *s, const weir_setting *set, weir_error *err) {
    bool has_name = set[SERVE_USERNAME].given, has_word = set[SERVE_PASSWORD].given;
    if (has_name != has_word)
        return weir_fail(err, WEIR_ECONFIG, "basic.auth.username and basic.auth.password go together");
    if (set[SERVE_BASIC].as.b && !has_name) {
        weir_fail(err, WEIR_ECONFIG,
                  "basic.auth.enabled='true' needs basic.auth.username and basic.auth.password");
        if (err) snprintf(err->hint, sizeof err->hint, "weir has no store of users as Siddhi's server has");
        return WEIR_ECONFIG;
    }
    s->spec.username = set[SERVE_USERNAME].text;
    s->spec.password = set[SERVE_PASSWORD].text;
    s->spec.token = set[SERVE_TOKEN].text;
    return WEIR_OK;
}

static weir_status set_url(http_serving *s, const weir_io_args *args, const char *url_key, weir_error *err) {
    const weir_setting *set = args->settings->of;
    char usual[512];
    snprintf(usual, sizeof usual, "http://0.0.0.0:%d/%.200s/%.200s", DEFAULT_PORT,
             args->host && args->host->app ? args->host->app : "app", args->schema->stream);
    WIRE_TRY(wire_url_parse(set[SERVE_URL].given ? set[SERVE_URL].text : usual, url_key, "http|https",
                            &s->spec.url, err));
    bool is_tls = strcmp(s->spec.url.scheme, "https") == 0;
    if (!s->spec.url.port) s->spec.url.port = is_tls ? 443 : 80;
    if (is_tls != (set[SERVE_CERTIFICATE].given && set[SERVE_KEY].given))
        return weir_fail(err, WEIR_ECONFIG,
                         is_tls ? "%s with https needs tls.certificate and tls.key, PEM files"
                                : "tls.certificate and tls.key go with %s='https://…'",
                         url_key);
    return WEIR_OK;
}

static weir_status refuse_unsupported(const weir_setting *set, weir_error *err) {
    static const struct {
        int option;
        const char *reason;
    } rows[] = {{SERVE_VERIFY_CLIENT, "certificates of clients are not looked at"},
                {SERVE_STORE, "certificate and key are PEM files: tls.certificate, tls.key"},
                {SERVE_SSL, "protocols and ciphers are those of GnuTLS's system-wide configuration"},
                {SERVE_HEADERS, "headers of a request have 64 kB together"}};
    static const char *const names[] = {"ssl.verify.client", "tls.store.type", "ssl.configurations",
                                        "header.validation.configurations"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        WIRE_TRY(wire_refuse(&set[rows[i].option], names[i], rows[i].reason, err));
    return WEIR_OK;
}

static weir_status check_range(const weir_setting *set, const char *name, int64_t least, int64_t most,
                               weir_error *err) {
    if (set->as.l >= least && set->as.l <= most) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "%s is '%s'; it takes %lld to %lld", name, set->text,
                     (long long)least, (long long)most);
}

weir_status http_serving_open(http_serving *s, const weir_io_args *args, const char *url_key,
                              weir_error *err) {
    const weir_setting *set = args->settings->of;
    snprintf(s->too_large, sizeof s->too_large, "the request's body is too large");
    WIRE_TRY(refuse_unsupported(set, err));
    WIRE_TRY(check_range(&set[SERVE_WORKERS], "worker.count", 1, 256, err));
    WIRE_TRY(check_range(&set[SERVE_CONNECTIONS], "max.connections", 1, 1000000, err));
    WIRE_TRY(check_range(&set[SERVE_IDLE], "socket.idle.timeout", 0, 86400000, err));
    s->spec.body_limit = (size_t)set[SERVE_BODY].as.l;
    s->spec.too_large_status = MHD_HTTP_CONTENT_TOO_LARGE;
    s->spec.backlog = 511;
    s->spec.n_threads = (uint32_t)set[SERVE_WORKERS].as.l;
    s->spec.n_connections = (uint32_t)set[SERVE_CONNECTIONS].as.l;
    s->spec.idle_s = (unsigned)((set[SERVE_IDLE].as.l + 999) / 1000);
    const weir_setting *lists[] = {&set[SERVE_SIZES], &set[SERVE_BOOTSTRAP]};
    const char *names[] = {"request.size.validation.configurations", "server.bootstrap.configurations"};
    for (int i = 0; i < 2; i++)
        if (lists[i]->given)
            WIRE_TRY(wire_pairs_each(names[i], lists[i]->text, strlen(lists[i]->text),
                                     i ? set_bootstrap : set_size, s, err));
    s->spec.too_large_text = s->too_large;
    WIRE_TRY(set_credentials(s, set, err));
    return set_url(s, args, url_key, err);
}

weir_status http_serving_start(http_serving *s, const weir_io_args *args, weir_error *err) {
    const weir_setting *set = args->settings->of;
    if (!s->certificate)
        WIRE_TRY(wire_read_pem(&set[SERVE_CERTIFICATE], "tls.certificate", args->host, &s->certificate, err));
    if (!s->key) WIRE_TRY(wire_read_pem(&set[SERVE_KEY], "tls.key", args->host, &s->key, err));
    s->spec.certificate = s->certificate;
    s->spec.key = s->key;
    return WEIR_OK;
}

void http_serving_close(http_serving *s) {
    if (s->key) explicit_bzero(s->key, strlen(s->key));
    free(s->certificate);
    free(s->key);
}
