/* conf.c: see conf.h. */
#include "conf.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define DESTROY_NS    ((int64_t)5000000000)
#define LINE_EVERY_NS ((int64_t)10 * 1000000000)

/* ---- Lists -------------------------------------------------------------------------------------------- */

weir_status kafka_each_item(const char *text,
                            weir_status (*each)(void *ctx, const char *item, size_t len, weir_error *err),
                            void *ctx, weir_error *err) {
    while (*text) {
        size_t len = strcspn(text, ","), begin = strspn(text, " \t\n"), end = len;
        while (end > begin && strchr(" \t\n", text[end - 1])) end--;
        if (end > begin) WIRE_TRY(each(ctx, text + begin, end - begin, err));
        text += len + (text[len] == ',');
    }
    return WEIR_OK;
}

/* ---- Properties --------------------------------------------------------------------------------------- */

/* What only Kafka's Java client knows and an app written for it may say. NULL: it has no counterpart, and
 * answers don't depend on it; a text: what to write instead. */
static const struct {
    const char *name, *instead;
} of_java[] = {{"key.serializer", NULL},
               {"value.serializer", NULL},
               {"key.deserializer", NULL},
               {"value.deserializer", NULL},
               {"max.poll.records", NULL},
               {"max.block.ms", NULL},
               {"producer.type", NULL},
               {"enable.auto.commit", NULL},
               {"auto.commit.interval.ms", NULL},
               {"buffer.memory", "queue.buffering.max.kbytes"},
               {"ssl.truststore.location", "ssl.ca.location, with a PEM file"},
               {"ssl.truststore.password", "ssl.ca.location, with a PEM file"},
               {"ssl.keystore.type", "ssl.keystore.location, with a PKCS#12 file"},
               {"sasl.jaas.config", "sasl.username and sasl.password"},
               {NULL, NULL}};

/* What weir decides itself; an app that sets it means something that is not so. */
static const struct {
    const char *name, *instead;
} of_weir[] = {{"group.id", "the option group.id"},
               {"bootstrap.servers", "the option bootstrap.servers"},
               {"transactional.id", "the option transactional.id"},
               {"enable.auto.offset.store", "nothing: positions are kept by weir"},
               {"enable.partition.eof", "the option stop.at.end"},
               {NULL, NULL}};

weir_status kafka_conf_set(rd_kafka_conf_t *conf, const char *key, const char *value, weir_error *err) {
    char why[256];
    if (rd_kafka_conf_set(conf, key, value, why, sizeof why) == RD_KAFKA_CONF_OK) return WEIR_OK;
    if (strstr(key, "password") || strstr(key, "secret") || strstr(key, ".key.") || strstr(key, ".pem"))
        return weir_fail(err, WEIR_ECONFIG, "Kafka's property '%s' can't be what it is (a secret)", key);
    return weir_fail(err, WEIR_ECONFIG, "Kafka's property '%s' can't be '%s': %s", key, value, why);
}

typedef struct setting_up {
    rd_kafka_conf_t *conf;
    bool is_consumer;
    const char **reset;
} setting_up;

static weir_status set_one(setting_up *s, const char *key, const char *value, weir_error *err) {
    for (size_t i = 0; of_weir[i].name; i++)
        if (strcmp(key, of_weir[i].name) == 0)
            return weir_fail(err, WEIR_ECONFIG, "Kafka's property '%s' can't be set here; use %s", key,
                             of_weir[i].instead);
    if (s->is_consumer && (strcmp(key, "auto.offset.reset") == 0)) {
        static const char *const values[] = {"earliest",  "latest", "smallest", "largest",
                                             "beginning", "end",    "none",     "error"};
        static const char *const means[] = {"earliest", "latest", "earliest", "latest",
                                            "earliest", "latest", "none",     "none"};
        for (size_t i = 0; i < sizeof values / sizeof *values; i++)
            if (strcasecmp(value, values[i]) == 0) return *s->reset = means[i], WEIR_OK;
        return weir_fail(err, WEIR_ECONFIG, "auto.offset.reset is '%s'; it takes earliest, latest or none",
                         value);
    }
    for (size_t i = 0; of_java[i].name; i++)
        if (strcmp(key, of_java[i].name) == 0) {
            if (!of_java[i].instead) return WEIR_OK;
            weir_fail(err, WEIR_ECONFIG, "'%s' is a property of Kafka's Java client only", key);
            if (err) snprintf(err->hint, sizeof err->hint, "use %s", of_java[i].instead);
            return WEIR_ECONFIG;
        }
    return kafka_conf_set(s->conf, key, value, err);
}

/* 'key:value', of optional.configuration. */
static weir_status set_item(void *ctx, const char *item, size_t len, weir_error *err) {
    char key[256], value[1024];
    const char *colon = memchr(item, ':', len);
    if (!colon)
        return weir_fail(err, WEIR_ECONFIG, /* not what it has: part of a password, perhaps */
                         "optional.configuration has an entry without a colon; write key:value,key:value");
    size_t n = (size_t)(colon - item), rest = len - n - 1;
    if (n >= sizeof key || rest >= sizeof value)
        return weir_fail(err, WEIR_ECONFIG, "an entry of optional.configuration is too long");
    memcpy(key, item, n);
    memcpy(value, colon + 1, rest);
    key[n] = value[rest] = 0;
    while (n && key[n - 1] == ' ') key[--n] = 0;
    return set_one(ctx, key, value + strspn(value, " "), err);
}

/* The name of the client's property that a pair sets, or NULL. */
static const char *property_of(const weir_pair *pair) {
    if (strncmp(pair->key, "kafka.", 6) == 0) return pair->key + 6;
    bool is_security = strncmp(pair->key, "sasl.", 5) == 0 || strncmp(pair->key, "ssl.", 4) == 0 ||
                       strcmp(pair->key, "security.protocol") == 0;
    return is_security ? pair->key : NULL;
}

static weir_status set_pairs(setting_up *s, const weir_settings *settings, weir_error *err) {
    for (uint32_t i = 0; i < settings->n_pairs; i++) {
        const weir_pair *pair = &settings->pairs[i];
        const char *key = property_of(pair);
        weir_status st = key ? set_one(s, key, pair->value, err) : WEIR_OK;
        if (st != WEIR_OK && err) err->begin = pair->begin, err->end = pair->end;
        if (st != WEIR_OK) return st;
    }
    return WEIR_OK;
}

weir_status kafka_conf_new(const weir_settings *settings, bool is_consumer, const char **reset,
                           rd_kafka_conf_t **out, weir_error *err) {
    const weir_setting *set = settings->of;
    setting_up s = {rd_kafka_conf_new(), is_consumer, reset};
    weir_status st = kafka_conf_set(s.conf, "bootstrap.servers", set[OPT_SERVERS].text, err);
    /* Else a small request may wait for the answer to the one before it, 40 ms with a delayed
     * acknowledgement. */
    if (st == WEIR_OK) st = kafka_conf_set(s.conf, "socket.nagle.disable", "true", err);
    if (st == WEIR_OK && set[OPT_OPTIONAL].given)
        st = kafka_each_item(set[OPT_OPTIONAL].text, set_item, &s, err);
    if (st == WEIR_OK) st = set_pairs(&s, settings, err);
    if (st != WEIR_OK) {
        rd_kafka_conf_destroy(s.conf);
        return st;
    }
    *out = s.conf;
    return WEIR_OK;
}

bool kafka_conf_is_said(const weir_settings *settings, const char *key) {
    const char *optional = settings->of[OPT_OPTIONAL].text;
    size_t len = strlen(key);
    for (const char *at = optional; at && (at = strstr(at, key)); at += len)
        if ((at == optional || strchr(", ", at[-1])) && strchr(": ", at[len])) return true;
    for (uint32_t i = 0; i < settings->n_pairs; i++) {
        const char *property = property_of(&settings->pairs[i]);
        if (property && strcmp(property, key) == 0) return true;
    }
    return false;
}

weir_status kafka_conf_default(rd_kafka_conf_t *conf, const weir_settings *settings, const char *key,
                               const char *value, weir_error *err) {
    return kafka_conf_is_said(settings, key) ? WEIR_OK : kafka_conf_set(conf, key, value, err);
}

char *kafka_conf_text(const weir_settings *settings) {
    const char *servers = settings->of[OPT_SERVERS].text, *optional = settings->of[OPT_OPTIONAL].text;
    size_t len = strlen(servers) + (optional ? strlen(optional) : 0) + 4;
    for (uint32_t i = 0; i < settings->n_pairs; i++)
        if (property_of(&settings->pairs[i]))
            len += strlen(settings->pairs[i].key) + strlen(settings->pairs[i].value) + 2;
    char *text = malloc(len);
    if (!text) return NULL;
    size_t at = (size_t)sprintf(text, "%s;%s;", servers, optional ? optional : "");
    for (uint32_t i = 0; i < settings->n_pairs; i++)
        if (property_of(&settings->pairs[i]))
            at += (size_t)sprintf(text + at, "%s=%s;", settings->pairs[i].key, settings->pairs[i].value);
    return text;
}

/* ---- What the client tells ---------------------------------------------------------------------------- */

/* The same trouble is told every ten seconds, not at every try of every broker. */
static void tell(kafka_link *link, weir_log_level level, const char *text) {
    int64_t now = wire_now_ns();
    link->n_errors++;
    if (now < link->next_line_ns) return;
    link->next_line_ns = now + LINE_EVERY_NS;
    wire_log(link->host, level, "%s: %s", link->who, text);
}

static void on_error(rd_kafka_t *rk, int error, const char *reason, void *opaque) {
    kafka_link *link = opaque;
    (void)rk;
    link->is_down |= error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    tell(link, WEIR_LOG_WARN, reason);
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text) {
    kafka_link *link = rd_kafka_opaque(rk);
    if (level > 4) return; /* the client's chatter: debug lines are asked for with kafka.debug */
    char line[512];
    snprintf(line, sizeof line, "%s: %s", facility, text);
    tell(link, level <= 3 ? WEIR_LOG_WARN : WEIR_LOG_INFO, line);
}

void kafka_conf_link(rd_kafka_conf_t *conf) {
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_log_cb(conf, on_log);
    rd_kafka_conf_set(conf, "log.queue", "true", NULL, 0); /* lines come by the polling thread */
}

/* ---- Ending ------------------------------------------------------------------------------------------- */

static void *destroy(void *rk) {
    rd_kafka_destroy(rk);
    return NULL;
}

void kafka_destroy(rd_kafka_t *rk, const kafka_link *link) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, destroy, rk)) {
        rd_kafka_destroy(rk);
        return;
    }
    struct timespec until = wire_timespec(wire_no_later_ns(link->host, wire_now_ns() + DESTROY_NS));
    if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) == 0) return;
    pthread_detach(thread);
    wire_log(link->host, WEIR_LOG_WARN, "%s: the client does not end; it is left behind", link->who);
}

/* ---- Waking ------------------------------------------------------------------------------------------- */

bool kafka_wake_open(int fds[2], rd_kafka_queue_t *queue) {
    if (pipe2(fds, O_NONBLOCK | O_CLOEXEC)) {
        fds[0] = fds[1] = -1;
        return false;
    }
    rd_kafka_queue_io_event_enable(queue, fds[1], "x", 1);
    return true;
}

void kafka_wake_drain(const int fds[2]) {
    char drop[256];
    while (fds[0] >= 0 && read(fds[0], drop, sizeof drop) == (ssize_t)sizeof drop) continue;
}

void kafka_wake_close(int fds[2]) {
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0) close(fds[i]);
        fds[i] = -1;
    }
}
