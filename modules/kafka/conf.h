/* conf.h: from the settings of an annotation to librdkafka's configuration; what source and sink have in
 * common. */
#ifndef KAFKA_CONF_H
#define KAFKA_CONF_H

#include <librdkafka/rdkafka.h>

#include "../wire/wire.h"

/* The rows with which both tables of options begin. */
enum { OPT_SERVERS, OPT_OPTIONAL, OPT_ANY, OPT_SASL, OPT_SSL, OPT_SECURITY, OPT_FIRST_OWN };
#define KAFKA_COMMON_OPTIONS                                                                                 \
    [OPT_SERVERS] = {"bootstrap.servers",                                                                    \
                     WEIR_OPTION_TEXT,                                                                       \
                     true,                                                                                   \
                     NULL,                                                                                   \
                     NULL,                                                                                   \
                     "Brokers to begin with: 'host:9092,other:9092'."},                                      \
    [OPT_OPTIONAL] = {"optional.configuration",                                                              \
                      WEIR_OPTION_TEXT,                                                                      \
                      false,                                                                                 \
                      NULL,                                                                                  \
                      NULL,                                                                                  \
                      "More properties of the client, as Siddhi writes them: 'key:value,key:value'."},       \
    [OPT_ANY] = {"kafka.*", WEIR_OPTION_TEXT,                                                                \
                 false,     NULL,                                                                            \
                 NULL,      "Any property of librdkafka: `kafka.linger.ms='20'`."},                          \
    [OPT_SASL] = {"sasl.*", WEIR_OPTION_TEXT,                                                                \
                  false,    NULL,                                                                            \
                  NULL,     "librdkafka's: sasl.mechanism, sasl.username, sasl.password, …"},                \
    [OPT_SSL] = {"ssl.*", WEIR_OPTION_TEXT,                                                                  \
                 false,   NULL,                                                                              \
                 NULL,    "librdkafka's: ssl.ca.location, ssl.certificate.location, …"},                     \
    [OPT_SECURITY] = {"security.protocol",                                                                   \
                      WEIR_OPTION_TEXT,                                                                      \
                      false,                                                                                 \
                      NULL,                                                                                  \
                      NULL,                                                                                  \
                      "plaintext, ssl, sasl_plaintext or sasl_ssl."}

/* What a client tells of itself: error lines with their rate limited, and whether a broker can be reached.
 * Belongs to the thread that polls the client. */
typedef struct kafka_link {
    const weir_io_host *host;
    const char *who; /* for messages */
    int64_t next_line_ns;
    uint64_t n_errors;
    bool is_down;
} kafka_link;

/* A configuration with all that the annotation says; the caller adds its own and owns it. `reset` gets the
 * auto.offset.reset that was given (which is not passed on), or is left alone; NULL: not a consumer. */
weir_status kafka_conf_new(const weir_settings *settings, bool is_consumer, const char **reset,
                           rd_kafka_conf_t **out, weir_error *err);
/* Sets one; an error names it. */
weir_status kafka_conf_set(rd_kafka_conf_t *conf, const char *key, const char *value, weir_error *err);
/* Did the app say something about it? */
bool kafka_conf_is_said(const weir_settings *settings, const char *key);
/* The same unless the app said something about it. */
weir_status kafka_conf_default(rd_kafka_conf_t *conf, const weir_settings *settings, const char *key,
                               const char *value, weir_error *err);
/* Log lines and errors of the client go to the link (which is the client's opaque, first member). */
void kafka_conf_link(rd_kafka_conf_t *conf);
/* One text for all that makes two configurations alike; malloc. NULL: no memory. */
char *kafka_conf_text(const weir_settings *settings);

/* A pipe that becomes readable when the queue has something. false: no descriptors. */
bool kafka_wake_open(int fds[2], rd_kafka_queue_t *queue);
void kafka_wake_drain(const int fds[2]);
void kafka_wake_close(int fds[2]);

/* A list in a text, ','-separated, blanks around items dropped: calls `each` for every item that is not
 * empty. */
weir_status kafka_each_item(const char *text,
                            weir_status (*each)(void *ctx, const char *item, size_t len, weir_error *err),
                            void *ctx, weir_error *err);
/* Ends a client. One that doesn't end within five seconds is left behind: librdkafka 2.0 waits for ever when
 * a topic that it had read was deleted. */
void kafka_destroy(rd_kafka_t *rk, const kafka_link *link);

#endif
