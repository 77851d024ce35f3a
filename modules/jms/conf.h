/* conf.h: from the settings of an annotation to what a connection needs; what source and sink have in common.
 *
 * Siddhi's keys are those of siddhi-io-jms, which finds its broker through JNDI; weir speaks AMQP 1.0 to it.
 * So provider.url names the broker itself, the names of Java classes and JNDI objects are taken and decide
 * nothing, and what only JNDI can answer is refused by name. */
#ifndef JMS_CONF_H
#define JMS_CONF_H

#include "../wire/wire.h"

/* The rows with which both tables of options begin. */
enum {
    OPT_URL,
    OPT_KIND,
    OPT_INITIAL,
    OPT_FACTORY,
    OPT_NATURE,
    OPT_USER,
    OPT_PASSWORD,
    OPT_USER_TOO,
    OPT_PASSWORD_TOO,
    OPT_RETRY_INTERVAL,
    OPT_RETRY_COUNT,
    OPT_TRANSACTED,
    OPT_TRANSACTED_TOO,
    OPT_CLIENT,
    OPT_CLIENT_TOO,
    OPT_CA,
    OPT_CERTIFICATE,
    OPT_KEY,
    OPT_KEY_PASSWORD,
    OPT_VERIFY,
    OPT_TRANSPORT,
    OPT_NAMING,
    OPT_FIRST_OWN
};

/* One row: OPT_ROW(OPT_URL, "provider.url", TEXT, true, NULL, "doc") */
#define JMS_ROW(at, name, kind, required, fallback, doc)                                                     \
    [at] = {name, WEIR_OPTION_##kind, required, fallback, NULL, doc}
#define JMS_CHOICE(at, name, fallback, choices, doc)                                                         \
    [at] = {name, WEIR_OPTION_CHOICE, false, fallback, choices, doc}

/* clang-format off */
#define JMS_COMMON_OPTIONS                                                                                   \
    JMS_ROW(OPT_URL, "provider.url", TEXT, true, NULL,                                                       \
            "The broker: 'amqp://host:5672', 'amqps://host:5671', or several, tried in turn: "               \
            "'failover:(amqp://a:5672,amqp://b:5672)'."),                                                    \
    JMS_CHOICE(OPT_KIND, "connection.factory.type", "queue", "queue|topic",                                  \
               "Whether the destination is a queue or a topic."),                                            \
    JMS_ROW(OPT_INITIAL, "factory.initial", TEXT, false, NULL,                                               \
            "Names a Java class; taken so that Siddhi's apps run, weir needs none."),                        \
    JMS_ROW(OPT_FACTORY, "connection.factory.jndi.name", TEXT, false, NULL, "The same for a name in JNDI."), \
    JMS_CHOICE(OPT_NATURE, "connection.factory.nature", "default", "default|cached|pooled",                  \
               "The same: each source and sink has one connection, which it keeps."),                        \
    JMS_ROW(OPT_USER, "connection.username", TEXT, false, NULL, "The user's name; without it, anonymous."),  \
    JMS_ROW(OPT_PASSWORD, "connection.password", TEXT, false, NULL,                                          \
            "Its password, as of '${JMS_PASSWORD}'."),                                                       \
    JMS_ROW(OPT_USER_TOO, "transport.jms.username", TEXT, false, NULL, "As connection.username."),           \
    JMS_ROW(OPT_PASSWORD_TOO, "transport.jms.password", TEXT, false, NULL, "As connection.password."),       \
    JMS_ROW(OPT_RETRY_INTERVAL, "retry.interval", TIME, false, "10000",                                      \
            "The longest wait between two tries to connect; the first ones come sooner."),                   \
    JMS_ROW(OPT_RETRY_COUNT, "retry.count", LONG, false, NULL,                                               \
            "Ends the app after so many tries in a row; without it, weir never gives up."),                  \
    JMS_ROW(OPT_TRANSACTED, "transacted", BOOL, false, "false",                                              \
            "Sends, or acknowledges, in transactions: all of a checkpoint or nothing."),                     \
    JMS_ROW(OPT_TRANSACTED_TOO, "transport.jms.sessiontransacted", BOOL, false, "false", "As transacted."),  \
    JMS_ROW(OPT_CLIENT, "client.id", TEXT, false, NULL,                                                      \
            "The connection's client id (AMQP's container id); without it, weir-APP."),                      \
    JMS_ROW(OPT_CLIENT_TOO, "transport.jms.durablesubscriberclientid", TEXT, false, NULL, "As client.id."),  \
    JMS_ROW(OPT_CA, "tls.ca.file", TEXT, false, NULL,                                                        \
            "PEM file with the authorities that are trusted with amqps; without it, the system's."),         \
    JMS_ROW(OPT_CERTIFICATE, "tls.certificate.file", TEXT, false, NULL, "Client certificate, PEM."),         \
    JMS_ROW(OPT_KEY, "tls.key.file", TEXT, false, NULL, "Its key, PEM."),                                    \
    JMS_ROW(OPT_KEY_PASSWORD, "tls.key.password", TEXT, false, NULL, "The key's password."),                 \
    JMS_ROW(OPT_VERIFY, "tls.verify", BOOL, false, "true",                                                   \
            "Whether the broker's certificate and name must be right."),                                     \
    JMS_ROW(OPT_TRANSPORT, "transport.jms.*", TEXT, false, NULL,                                             \
            "Further properties of Siddhi's transport; those with a meaning here are rows of their own."),   \
    JMS_ROW(OPT_NAMING, "java.naming.*", TEXT, false, NULL, "Refused: weir asks no JNDI.")
/* clang-format on */

typedef struct jms_endpoint {
    char *host, *port;
    bool is_tls;
} jms_endpoint;

typedef struct jms_conf {
    jms_endpoint *endpoints;
    uint32_t n_endpoints;
    bool is_topic, is_transacted, verifies;
    const char *user, *password; /* NULL: anonymous */
    const char *ca, *certificate, *key, *key_password;
    int64_t longest_wait_ms;
    int64_t most_tries; /* in a row; -1: no end */
    char client[256];
} jms_conf;

/* Checks and reads the common settings. Borrows texts of the settings; fini frees the rest, also after a
 * failure. */
weir_status jms_conf_open(jms_conf *c, const weir_io_args *args, bool is_source, weir_error *err);
void jms_conf_fini(jms_conf *c);

#endif
