/* conf.c: see conf.h. */
#include "conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_INFLIGHT   1000u
#define MOST_INFLIGHT_2 10u

/* ---- The address -------------------------------------------------------------------------------------- */

static weir_status read_scheme(net_conf *n, const char **url, weir_error *err) {
    static const struct {
        const char *name;
        bool is_secure;
    } schemes[] = {
        {"tcp://", false}, {"mqtt://", false}, {"ssl://", true}, {"tls://", true}, {"mqtts://", true}};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i].name);
        if (strncmp(*url, schemes[i].name, len) != 0) continue;
        n->is_secure = schemes[i].is_secure;
        *url += len;
        return WEIR_OK;
    }
    if (strncmp(*url, "ws://", 5) == 0 || strncmp(*url, "wss://", 6) == 0)
        return weir_fail(err, WEIR_EUNSUPPORTED,
                         "url: MQTT over WebSocket is not supported; use tcp:// or ssl://");
    return weir_fail(err, WEIR_ECONFIG, "url is '%s'; it takes tcp://host:port or ssl://host:port", *url);
}

static weir_status read_url(net_conf *n, const char *url, weir_error *err) {
    const char *at = url;
    WIRE_TRY(read_scheme(n, &at, err));
    bool is_bracketed = *at == '[';
    const char *end = is_bracketed ? strchr(at, ']') : at + strcspn(at, ":/");
    if (is_bracketed) at++;
    size_t len = end ? (size_t)(end - at) : 0;
    if (!end || !len || len >= sizeof n->host)
        return weir_fail(err, WEIR_ECONFIG, "url is '%s'; it names no host", url);
    memcpy(n->host, at, len);
    if (is_bracketed) end++;
    snprintf(n->port, sizeof n->port, "%s", n->is_secure ? "8883" : "1883");
    if (*end == ':') {
        size_t digits = strspn(end + 1, "0123456789");
        long port = strtol(end + 1, NULL, 10);
        if (!digits || digits > 5 || port < 1 || port > 65535)
            return weir_fail(err, WEIR_ECONFIG, "url is '%s'; its port is no number from 1 to 65535", url);
        snprintf(n->port, sizeof n->port, "%ld", port);
        end += 1 + digits;
    }
    if (*end && strcmp(end, "/") != 0)
        return weir_fail(err, WEIR_ECONFIG, "url is '%s'; nothing can follow host and port", url);
    return WEIR_OK;
}

static weir_status read_tls(net_conf *n, const weir_setting *set, weir_error *err) {
    n->ca_file = set[OPT_CA_FILE].text;
    n->certificate_file = set[OPT_CERTIFICATE].text;
    n->key_file = set[OPT_KEY_FILE].text ? set[OPT_KEY_FILE].text : n->certificate_file;
    n->key_password = set[OPT_KEY_PASSWORD].text;
    n->skips_verifying = !set[OPT_VERIFY].as.b;
    bool has_any = n->ca_file || n->certificate_file || n->key_file || n->skips_verifying;
    if (has_any && !n->is_secure)
        return weir_fail(err, WEIR_ECONFIG, "keys of TLS (tls.…) go with an url that begins with ssl://");
    if (n->key_file && !n->certificate_file)
        return weir_fail(err, WEIR_ECONFIG, "tls.key.file needs tls.certificate.file");
    return net_conf_check(n, err);
}

/* ---- The rest ----------------------------------------------------------------------------------------- */

static weir_status read_number(const weir_setting *set, const char *name, int64_t least, int64_t most,
                               int64_t *out, weir_error *err) {
    *out = set->as.l;
    if (*out >= least && *out <= most) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "%s is %lld; it takes %lld to %lld", name, (long long)*out,
                     (long long)least, (long long)most);
}

static weir_status read_will(mqtt_conf *c, const weir_setting *set, weir_error *err) {
    c->will_topic = set[OPT_WILL_TOPIC].text;
    c->will_payload = set[OPT_WILL_PAYLOAD].text;
    c->will_qos = (uint8_t)set[OPT_WILL_QOS].as.l;
    c->will_is_retained = set[OPT_WILL_RETAIN].as.b;
    c->will_delay_s = set[OPT_WILL_DELAY].given ? (uint32_t)(set[OPT_WILL_DELAY].as.l / 1000) : 0;
    if (!c->will_topic && *c->will_payload)
        return weir_fail(err, WEIR_ECONFIG, "will.payload needs will.topic");
    if (c->will_topic && !mqtt_topic_is_sound((weir_text){c->will_topic, strlen(c->will_topic)}))
        return weir_fail(err, WEIR_ECONFIG, "will.topic is '%s'; it takes a topic without wildcards",
                         c->will_topic);
    if (c->will_topic && strlen(c->will_payload) > 65535)
        return weir_fail(err, WEIR_ECONFIG, "will.payload is longer than 65535 bytes");
    if (set[OPT_WILL_DELAY].given && c->version < MQTT_V5)
        return weir_fail(err, WEIR_ECONFIG, "will.delay needs mqtt.version='5'");
    return WEIR_OK;
}

static weir_status read_session(mqtt_conf *c, const weir_setting *set, weir_error *err) {
    int64_t v;
    c->client_id = set[OPT_CLIENT_ID].text && *set[OPT_CLIENT_ID].text ? set[OPT_CLIENT_ID].text : NULL;
    if (c->client_id && strlen(c->client_id) >= MQTT_LONGEST_ID)
        return weir_fail(err, WEIR_ECONFIG, "client.id is longer than %u bytes", MQTT_LONGEST_ID - 1);
    c->is_clean = set[OPT_CLEAN].as.b;
    WIRE_TRY(read_number(&set[OPT_EXPIRY], "session.expiry", 1000, (int64_t)UINT32_MAX * 1000, &v, err));
    c->session_expiry_s = (uint32_t)(v / 1000);
    WIRE_TRY(read_number(&set[OPT_KEEP_ALIVE], "keep.alive", 0, 65535, &v, err));
    c->keep_alive_s = (uint32_t)v;
    if (set[OPT_INFLIGHT].given) WIRE_TRY(read_number(&set[OPT_INFLIGHT], "max.inflight", 1, 65535, &v, err));
    c->max_inflight = set[OPT_INFLIGHT].given ? (uint16_t)v : MOST_INFLIGHT;
    c->max_inflight_2 = set[OPT_INFLIGHT].given || c->version >= MQTT_V5 ? c->max_inflight : MOST_INFLIGHT_2;
    WIRE_TRY(read_number(&set[OPT_TIMEOUT], "connection.timeout", 1, 3600, &v, err));
    c->timeout_ns = v * 1000000000;
    WIRE_TRY(read_number(&set[OPT_RECONNECT_DELAY], "max.reconnect.delay", 1, 86400000, &v, err));
    c->longest_delay_ns = v * 1000000;
    WIRE_TRY(read_number(&set[OPT_MAX_PACKET], "max.packet.size", 128, MQTT_MAX_PACKET, &v, err));
    c->max_packet = (size_t)v;
    return WEIR_OK;
}

weir_status mqtt_conf_read(mqtt_conf *c, const weir_setting *set, weir_error *err) {
    c->version = set[OPT_VERSION].as.l == 1 ? MQTT_V5 : MQTT_V311;
    c->user = set[OPT_USER].text;
    c->password = set[OPT_PASSWORD].text;
    c->reconnects = set[OPT_RECONNECT].as.b;
    if (c->password && !c->user && c->version < MQTT_V5)
        return weir_fail(err, WEIR_ECONFIG, "password needs username");
    if ((c->user && strlen(c->user) > 65535) || (c->password && strlen(c->password) > 65535))
        return weir_fail(err, WEIR_ECONFIG, "username or password is too long");
    WIRE_TRY(read_url(&c->net, set[OPT_URL].text, err));
    WIRE_TRY(read_tls(&c->net, set, err));
    WIRE_TRY(read_session(c, set, err));
    return read_will(c, set, err);
}

/* ---- CONNECT ------------------------------------------------------------------------------------------ */

static weir_text text_of(const char *text) { return (weir_text){text, strlen(text)}; }

static void put_connect_properties(const mqtt_conf *c, mqtt_bytes *to) {
    mqtt_bytes p = {0};
    if (!c->is_clean) mqtt_put_number_property(&p, MQTT_SESSION_EXPIRY, c->session_expiry_s, 4);
    mqtt_put_number_property(&p, MQTT_RECEIVE_MAXIMUM, c->max_inflight, 2);
    mqtt_put_number_property(&p, MQTT_MAXIMUM_PACKET, (uint32_t)c->max_packet, 4);
    mqtt_put_varint(to, (uint32_t)p.len);
    mqtt_put_bytes(to, p.data, p.len);
    to->has_failed |= p.has_failed;
    mqtt_bytes_free(&p);
}

static void put_will(const mqtt_conf *c, mqtt_bytes *to) {
    if (c->version >= MQTT_V5 && c->will_delay_s) {
        mqtt_put_varint(to, 5);
        mqtt_put_number_property(to, MQTT_WILL_DELAY, c->will_delay_s, 4);
    } else if (c->version >= MQTT_V5) {
        mqtt_put_varint(to, 0);
    }
    mqtt_put_text(to, text_of(c->will_topic));
    mqtt_put_text(to, text_of(c->will_payload));
}

void mqtt_conf_put_connect(const mqtt_conf *c, const char *client_id, bool is_clean, mqtt_bytes *to) {
    mqtt_bytes body = {0};
    unsigned flags = is_clean ? 2 : 0;
    if (c->will_topic) flags |= 4u | (unsigned)c->will_qos << 3 | (c->will_is_retained ? 32u : 0);
    if (c->password) flags |= 64;
    if (c->user) flags |= 128;
    mqtt_put_text(&body, text_of("MQTT"));
    mqtt_put_number(&body, c->version, 1);
    mqtt_put_number(&body, flags, 1);
    mqtt_put_number(&body, c->keep_alive_s, 2);
    if (c->version >= MQTT_V5) put_connect_properties(c, &body);
    mqtt_put_text(&body, text_of(client_id));
    if (c->will_topic) put_will(c, &body);
    if (c->user) mqtt_put_text(&body, text_of(c->user));
    if (c->password) mqtt_put_text(&body, text_of(c->password));
    mqtt_put_head(to, MQTT_CONNECT, 0, body.len);
    mqtt_put_bytes(to, body.data, body.len);
    to->has_failed |= body.has_failed;
    mqtt_bytes_free(&body);
}

void mqtt_draw_id(char to[MQTT_LONGEST_ID]) { (void)wire_draw_hex(to + sprintf(to, "weir-"), 8); }
