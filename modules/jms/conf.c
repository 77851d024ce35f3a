/* conf.c: see conf.h. */
#include "conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* ---- Keys that mean something else, or nothing -------------------------------------------------------- */

/* Properties of Siddhi's JMS transport, as keys come: in lower case. `instead` NULL: it tunes the Java
 * client, and answers don't depend on it; else what it would change can't be had, or is to be said otherwise.
 */
static const struct {
    const char *name, *instead;
} of_transport[] = {{"cachelevel", NULL},
                    {"jmsspecversion", NULL},
                    {"receivetimeout", NULL},
                    {"maxjmsconnections", NULL},
                    {"maxjmssessions", NULL},
                    {"concurrentconsumers", NULL},
                    {"maxconcurrentconsumers", NULL},
                    {"idletasklimit", NULL},
                    {"maxmessagespertask", NULL},
                    {"initialreconnectduration", "use retry.interval"},
                    {"reconnectprogressfactor", "use retry.interval"},
                    {"maxreconnectduration", "use retry.interval"},
                    {"destination", "use destination"},
                    {"connectionfactorytype", "use connection.factory.type"},
                    {"connectionfactoryjndiname", "use connection.factory.jndi.name"},
                    {"pubsubnolocal", "weir's connections are one-way, so nothing local comes back"},
                    {"replydestination", "weir answers no messages"},
                    {"defaultreplydestination", "weir answers no messages"},
                    {"usertransaction", "there is no transaction manager; use transacted"},
                    {"sharedsubscription", "use several client.id, or a queue"},
                    {NULL, NULL}};

static weir_status refuse(const weir_pair *pair, const char *why, weir_error *err) {
    weir_fail(err, WEIR_ECONFIG, "'%s' has no meaning here: %s", pair->key, why);
    if (err) err->begin = pair->begin, err->end = pair->end;
    return WEIR_ECONFIG;
}

static bool is_row(const weir_option *options, const char *key) {
    for (const weir_option *o = options; o->name; o++)
        if (strcmp(o->name, key) == 0) return true;
    return false;
}

static weir_status check_transport(const weir_pair *pair, weir_error *err) {
    const char *name = pair->key + strlen("transport.jms.");
    for (size_t i = 0; of_transport[i].name; i++)
        if (strcmp(name, of_transport[i].name) == 0)
            return of_transport[i].instead ? refuse(pair, of_transport[i].instead, err) : WEIR_OK;
    return refuse(pair, "it is no property that weir knows", err);
}

static weir_status check_pairs(const weir_settings *settings, bool is_source, weir_error *err) {
    static const weir_option common[] = {JMS_COMMON_OPTIONS, {0}};
    static const char *const of_source[] = {
        "transport.jms.subscriptiondurable", "transport.jms.durablesubscribername",
        "transport.jms.messageselector", "transport.jms.sessionacknowledgement"};
    for (uint32_t i = 0; i < settings->n_pairs; i++) {
        const weir_pair *pair = &settings->pairs[i];
        bool is_known = is_row(common, pair->key);
        for (size_t k = 0; is_source && k < sizeof of_source / sizeof *of_source; k++)
            is_known |= strcmp(pair->key, of_source[k]) == 0;
        if (is_known) continue;
        if (strncmp(pair->key, "java.naming.", 12) == 0)
            return refuse(pair, "weir asks no JNDI; user and password are connection.username and .password",
                          err);
        if (strncmp(pair->key, "transport.jms.", 14) == 0) WIRE_TRY(check_transport(pair, err));
    }
    return WEIR_OK;
}

/* ---- Addresses of brokers ----------------------------------------------------------------------------- */

static weir_status wrong_url(const char *url, const char *why, weir_error *err) {
    if (strchr(url, '@')) /* what stands before it may be a password */
        weir_fail(err, WEIR_ECONFIG, "provider.url %s", why);
    else
        weir_fail(err, WEIR_ECONFIG, "provider.url: '%s' %s", url, why);
    if (err)
        snprintf(err->hint, sizeof err->hint,
                 "weir speaks AMQP 1.0: 'amqp://host:5672' or 'amqps://host:5671'");
    return WEIR_ECONFIG;
}

static weir_status read_host(const char *url, const char *at, jms_endpoint *e, weir_error *err) {
    size_t len = strcspn(at, ":");
    if (*at == '[') { /* an IPv6 address */
        at++;
        len = strcspn(at, "]");
        if (at[len] != ']') return wrong_url(url, "lacks a ']'", err);
    }
    const char *rest = at + len + (at[len] == ']'), *port = e->is_tls ? "5671" : "5672";
    if (*rest == ':') port = rest + 1;
    if (!len || (*rest && *rest != ':')) return wrong_url(url, "names no host", err);
    if (!*port || strlen(port) > 5 || port[strspn(port, "0123456789")])
        return wrong_url(url, "has a port that is no number", err);
    e->host = strndup(at, len);
    e->port = strdup(port);
    return e->host && e->port ? WEIR_OK : wire_no_memory(err);
}

static weir_status read_endpoint(const char *url, jms_endpoint *e, weir_error *err) {
    static const struct {
        const char *scheme;
        bool is_tls;
    } schemes[] = {{"amqp://", false}, {"amqps://", true}, {"amqp+ssl://", true}};
    if (strchr(url, '@')) return wrong_url(url, "holds a user; use connection.username and .password", err);
    if (strchr(url, '?')) return wrong_url(url, "has options; weir's are keys of the annotation", err);
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i].scheme);
        if (strncasecmp(url, schemes[i].scheme, len) != 0) continue;
        e->is_tls = schemes[i].is_tls;
        char *host = strdup(url + len);
        if (!host) return wire_no_memory(err);
        if (*host && host[strlen(host) - 1] == '/') host[strlen(host) - 1] = 0;
        weir_status st = read_host(url, host, e, err);
        free(host);
        return st;
    }
    return wrong_url(url, "is no AMQP address (tcp:// and vm:// are ActiveMQ's own protocol)", err);
}

static weir_status add_endpoint(jms_conf *c, const char *begin, size_t len, weir_error *err) {
    jms_endpoint *bigger = realloc(c->endpoints, (c->n_endpoints + 1) * sizeof *bigger);
    if (!bigger) return wire_no_memory(err);
    c->endpoints = bigger;
    c->endpoints[c->n_endpoints] = (jms_endpoint){0};
    char *url = strndup(begin, len);
    if (!url) return wire_no_memory(err);
    weir_status st = read_endpoint(url, &c->endpoints[c->n_endpoints++], err);
    free(url);
    return st;
}

/* 'failover:(a,b)' or one address. */
static weir_status read_url(jms_conf *c, const char *url, weir_error *err) {
    if (strncasecmp(url, "failover:", 9) != 0) return add_endpoint(c, url, strlen(url), err);
    const char *at = url + 9;
    size_t len = strlen(at);
    if (*at == '(') {
        if (at[len - 1] != ')') return wrong_url(url, "must end in ')'", err);
        at++;
        len -= 2;
    }
    for (const char *end = at + len; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
        WIRE_TRY(add_endpoint(c, at, (size_t)(stop - at), err));
        at = stop + 1;
    }
    return c->n_endpoints ? WEIR_OK : wrong_url(url, "names no broker", err);
}

/* ---- All of it ---------------------------------------------------------------------------------------- */

static const char *one_of(const weir_setting *a, const weir_setting *b) {
    return a->given ? a->text : b->text;
}

static weir_status read_security(jms_conf *c, const weir_setting *set, weir_error *err) {
    bool is_tls = false;
    for (uint32_t i = 0; i < c->n_endpoints; i++) is_tls |= c->endpoints[i].is_tls;
    c->ca = set[OPT_CA].text;
    c->certificate = set[OPT_CERTIFICATE].text;
    c->key = set[OPT_KEY].text;
    c->key_password = set[OPT_KEY_PASSWORD].text;
    c->verifies = set[OPT_VERIFY].as.b;
    if (!is_tls && (c->ca || c->certificate || c->key))
        return weir_fail(err, WEIR_ECONFIG, "tls.… goes with amqps:// in provider.url");
    if (!c->certificate != !c->key)
        return weir_fail(err, WEIR_ECONFIG, "tls.certificate.file and tls.key.file go together");
    c->user = one_of(&set[OPT_USER], &set[OPT_USER_TOO]);
    c->password = one_of(&set[OPT_PASSWORD], &set[OPT_PASSWORD_TOO]);
    if (c->password && !c->user)
        return weir_fail(err, WEIR_ECONFIG, "connection.password needs connection.username");
    return WEIR_OK;
}

weir_status jms_conf_open(jms_conf *c, const weir_io_args *args, bool is_source, weir_error *err) {
    const weir_setting *set = args->settings->of;
    WIRE_TRY(check_pairs(args->settings, is_source, err));
    WIRE_TRY(read_url(c, set[OPT_URL].text, err));
    WIRE_TRY(read_security(c, set, err));
    c->is_topic = set[OPT_KIND].as.l == 1;
    c->is_transacted = set[OPT_TRANSACTED].as.b || set[OPT_TRANSACTED_TOO].as.b;
    c->longest_wait_ms = set[OPT_RETRY_INTERVAL].as.l;
    c->most_tries = set[OPT_RETRY_COUNT].given ? set[OPT_RETRY_COUNT].as.l : -1;
    if (c->longest_wait_ms < 1) return weir_fail(err, WEIR_ECONFIG, "retry.interval must be at least 1 ms");
    if (c->most_tries < -1) return weir_fail(err, WEIR_ECONFIG, "retry.count is negative");
    const char *client = one_of(&set[OPT_CLIENT], &set[OPT_CLIENT_TOO]);
    if (client && (!*client || strlen(client) >= sizeof c->client))
        return weir_fail(err, WEIR_ECONFIG, "client.id is empty or too long");
    snprintf(c->client, sizeof c->client, "%s%.200s", client ? "" : "weir-",
             client       ? client
             : args->host ? args->host->app
                          : "app");
    return WEIR_OK;
}

void jms_conf_fini(jms_conf *c) {
    for (uint32_t i = 0; i < c->n_endpoints; i++) {
        free(c->endpoints[i].host);
        free(c->endpoints[i].port);
    }
    free(c->endpoints);
    c->endpoints = NULL;
    c->n_endpoints = 0;
}
