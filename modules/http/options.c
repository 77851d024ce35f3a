/* options.c: see options.h. */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONNECT_MS 15000

static bool is_key(const char *key, size_t len, const char *name) {
    return strlen(name) == len && memcmp(key, name, len) == 0;
}

/* Those without a case here are the system's to tune, and answers don't depend on them. */
static weir_status set_bootstrap(void *ctx, const char *key, size_t key_len, const char *value,
                                 size_t value_len, weir_error *err) {
    static const char *const others[] = {
        "client.bootstrap.socket.timeout", "client.bootstrap.socket.reuse",
        "client.bootstrap.nodelay",        "client.bootstrap.keepalive",
        "client.bootstrap.sendbuffersize", "client.bootstrap.recievebuffersize"};
    http_client_spec *spec = ctx;
    if (is_key(key, key_len, "client.bootstrap.connect.timeout") && value_len && value_len < 9 &&
        strspn(value, "0123456789") >= value_len)
        return spec->connect_ms = strtol(value, NULL, 10), WEIR_OK;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (is_key(key, key_len, others[i])) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "client.bootstrap.configurations can't have '%.*s:%.*s'",
                     (int)key_len, key, (int)value_len, value);
}

static weir_status refuse_unsupported(const weir_io_args *args, weir_error *err) {
    const weir_setting *set = args->settings->of;
    static const char no_oauth[] = "OAuth 2.0 is not spoken; give a token with auth.token or headers";
    WIRE_TRY(wire_refuse(&set[ASK_STORE], "tls.store.type", "certificates and keys are PEM files", err));
    WIRE_TRY(wire_refuse(&set[ASK_SSL], "ssl.configurations", "protocols and ciphers are those of the system",
                         err));
    WIRE_TRY(wire_refuse(&set[ASK_TOKEN_URL], "token.url", no_oauth, err));
    WIRE_TRY(wire_refuse(&set[ASK_REFRESH], "refresh.token", no_oauth, err));
    for (uint32_t i = 0; i < args->settings->n_pairs; i++) {
        const weir_pair *p = &args->settings->pairs[i];
        if (strncmp(p->key, "oauth.", 6) != 0 && strncmp(p->key, "consumer.", 9) != 0 &&
            strncmp(p->key, "body.consumer.", 14) != 0)
            continue;
        if (err) err->begin = p->begin, err->end = p->end;
        return weir_fail(err, WEIR_EUNSUPPORTED, "'%s' is not supported: %s", p->key, no_oauth);
    }
    return WEIR_OK;
}

weir_status http_ask_open(http_client_spec *spec, const weir_io_args *args, weir_error *err) {
    const weir_setting *set = args->settings->of;
    WIRE_TRY(refuse_unsupported(args, err));
    if (set[ASK_USERNAME].given != set[ASK_PASSWORD].given)
        return weir_fail(err, WEIR_ECONFIG, "basic.auth.username and basic.auth.password go together");
    if (set[ASK_USERNAME].given && set[ASK_TOKEN].given)
        return weir_fail(err, WEIR_ECONFIG, "there is one way to say who asks: basic.auth.… or auth.token");
    if (set[ASK_IDLE].as.l < 0 || set[ASK_IDLE].as.l > 86400000)
        return weir_fail(err, WEIR_ECONFIG,
                         "socket.idle.timeout is '%s'; it takes a number of ms, at most a day",
                         set[ASK_IDLE].text);
    spec->username = set[ASK_USERNAME].text;
    spec->password = set[ASK_PASSWORD].text;
    spec->token = set[ASK_TOKEN].text;
    spec->key_password =
        set[ASK_KEY_PASSWORD].given ? set[ASK_KEY_PASSWORD].text : set[ASK_CERTIFICATE_PASSWORD].text;
    spec->skips_verification = set[ASK_NO_VERIFICATION].as.b;
    spec->skips_host_name = !set[ASK_HOST_NAME].as.b;
    spec->idle_ms = (long)set[ASK_IDLE].as.l;
    spec->connect_ms = CONNECT_MS;
    spec->proxy_host = set[ASK_PROXY_HOST].text;
    spec->proxy_port = set[ASK_PROXY_PORT].text;
    spec->proxy_username = set[ASK_PROXY_USERNAME].text;
    spec->proxy_password = set[ASK_PROXY_PASSWORD].text;
    spec->host = args->host;
    if (set[ASK_BOOTSTRAP].given)
        WIRE_TRY(wire_pairs_each("client.bootstrap.configurations", set[ASK_BOOTSTRAP].text,
                                 strlen(set[ASK_BOOTSTRAP].text), set_bootstrap, spec, err));
    if (set[ASK_TRUST].given && !(spec->ca = wire_file_name(args->host, set[ASK_TRUST].text)))
        return wire_no_memory(err);
    if (set[ASK_CERTIFICATE].given &&
        !(spec->certificate = wire_file_name(args->host, set[ASK_CERTIFICATE].text)))
        return wire_no_memory(err);
    return WEIR_OK;
}

weir_status http_ask_start(const http_client_spec *spec, const weir_io_args *args, weir_error *err) {
    static const int options[] = {ASK_TRUST, ASK_CERTIFICATE};
    static const char *const names[] = {"https.truststore.file", "https.keystore.file"};
    (void)spec;
    for (int i = 0; i < 2; i++) {
        char *text = NULL;
        WIRE_TRY(wire_read_pem(&args->settings->of[options[i]], names[i], args->host, &text, err));
        if (text) explicit_bzero(text, strlen(text));
        free(text);
    }
    return WEIR_OK;
}

void http_ask_close(http_client_spec *spec) {
    free(spec->ca);
    free(spec->certificate);
}
