/* options.c: see options.h. */
#include "source.h"

#include <stdlib.h>
#include <string.h>

#define PING_MS 20000

static weir_status take_file(const weir_setting *set, const char *name, const weir_io_host *host, bool reads,
                             char **out, weir_error *err) {
    char *text = NULL;
    if (!set || !set->given) return WEIR_OK;
    if (reads) {
        WIRE_TRY(wire_read_pem(set, name, host, &text, err));
        explicit_bzero(text, strlen(text));
        free(text);
    }
    if (!*out) *out = wire_file_name(host, set->text);
    return *out ? WEIR_OK : wire_no_memory(err);
}

weir_status socket_tls(net_tls *tls, socket_files *files, const weir_setting *certificate,
                       const weir_setting *key, const weir_setting *ca, const char *ca_name,
                       const weir_io_host *host, bool reads, weir_error *err) {
    if (certificate && key && certificate->given != key->given)
        return weir_fail(err, WEIR_ECONFIG,
                         "a certificate and its key go together: tls.certificate, tls.key");
    WIRE_TRY(take_file(certificate, "tls.certificate", host, reads, &files->certificate, err));
    WIRE_TRY(take_file(key, "tls.key", host, reads, &files->key, err));
    WIRE_TRY(take_file(ca, ca_name, host, reads, &files->ca, err));
    tls->certificate = files->certificate;
    tls->key = files->key;
    tls->ca = files->ca;
    return WEIR_OK;
}

void socket_files_free(socket_files *files) {
    free(files->certificate);
    free(files->key);
    free(files->ca);
}

weir_status socket_port(const weir_setting *set, const char *name, uint16_t *out, weir_error *err) {
    char *end;
    unsigned long n = strtoul(set->text, &end, 10);
    if (*set->text < '0' || *set->text > '9' || *end || !n || n > 65535)
        return weir_fail(err, WEIR_ECONFIG, "%s is '%s'; it takes 1 to 65535", name, set->text);
    *out = (uint16_t)n;
    return WEIR_OK;
}

/* ---- WebSocket ---------------------------------------------------------------------------------------- */

static weir_status look_at_header(void *ctx, const char *key, size_t key_len, const char *value,
                                  size_t value_len, weir_error *err) {
    (void)ctx;
    if (!memchr(key, '\n', key_len) && !memchr(value, '\n', value_len) && !memchr(value, '\r', value_len))
        return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "headers: a header can't have a line end");
}

weir_status socket_websocket(const weir_setting *idle, net_spec *spec, peer_spec *talk, weir_error *err) {
    if (idle->as.l < -1)
        return weir_fail(err, WEIR_ECONFIG, "idle.timeout is '%s'; it takes a number of ms, or -1",
                         idle->text);
    talk->frames = FRAMES_WEBSOCKET;
    talk->idle_ms = idle->as.l > 0 ? idle->as.l : 0;
    talk->ping_ms = PING_MS;
    spec->no_delay = spec->keep_alive = true;
    return WEIR_OK;
}

weir_status socket_connections(const weir_setting *set, net_spec *spec, weir_error *err) {
    if (set->as.l < 1 || set->as.l > 1000000)
        return weir_fail(err, WEIR_ECONFIG, "max.connections is '%s'; it takes 1 to 1000000", set->text);
    spec->max_connections = (uint32_t)set->as.l;
    spec->listens = true;
    return WEIR_OK;
}

weir_status socket_websocket_url(const char *text, const char *headers, wire_url *url, net_spec *spec,
                                 peer_spec *talk, weir_error *err) {
    WIRE_TRY(wire_url_parse(text, "url", "ws|wss", url, err));
    if (headers) WIRE_TRY(wire_pairs_each("headers", headers, strlen(headers), look_at_header, NULL, err));
    spec->tls.is_on = strcmp(url->scheme, "wss") == 0;
    if (!url->port) url->port = spec->tls.is_on ? 443 : 80;
    spec->host = talk->host = url->host;
    spec->port = talk->port = url->port;
    talk->path = url->path;
    talk->is_client = true;
    return WEIR_OK;
}

weir_status socket_server_tls(net_tls *tls, socket_files *files, const weir_setting *set,
                              const weir_io_host *host, bool reads, weir_error *err) {
    bool has_store = set[SERVER_STORE].given;
    tls->is_on = set[SERVER_TLS].as.b;
    tls->asks_for_certificate = set[SERVER_CA].given;
    if (tls->is_on != (has_store || set[SERVER_CERTIFICATE].given))
        return weir_fail(
            err, WEIR_ECONFIG,
            "tls.enabled='true' goes with tls.certificate and tls.key, or keystore.path, PEM files");
    if (has_store && set[SERVER_CERTIFICATE].given)
        return weir_fail(err, WEIR_ECONFIG, "keystore.path is instead of tls.certificate and tls.key");
    return socket_tls(tls, files, has_store ? &set[SERVER_STORE] : &set[SERVER_CERTIFICATE],
                      has_store ? &set[SERVER_STORE] : &set[SERVER_KEY], &set[SERVER_CA], "tls.ca", host,
                      reads, err);
}
