/* conf.h: what source and sink have in common of their settings. */
#ifndef MQTT_CONF_H
#define MQTT_CONF_H

#include "net.h"
#include "packet.h"

/* The rows with which both tables of options begin. */
enum {
    OPT_URL,
    OPT_CLIENT_ID,
    OPT_USER,
    OPT_PASSWORD,
    OPT_VERSION,
    OPT_CLEAN,
    OPT_EXPIRY,
    OPT_KEEP_ALIVE,
    OPT_INFLIGHT,
    OPT_TIMEOUT,
    OPT_RECONNECT,
    OPT_RECONNECT_DELAY,
    OPT_MAX_PACKET,
    OPT_WILL_TOPIC,
    OPT_WILL_PAYLOAD,
    OPT_WILL_QOS,
    OPT_WILL_RETAIN,
    OPT_WILL_DELAY,
    OPT_CA_FILE,
    OPT_CERTIFICATE,
    OPT_KEY_FILE,
    OPT_KEY_PASSWORD,
    OPT_VERIFY,
    OPT_FIRST_OWN
};
#define MQTT_OPTION(name, kind, fallback, doc)                                                               \
    { name, kind, false, fallback, NULL, doc }
#define MQTT_COMMON_OPTIONS(inflight_doc)                                                                    \
    [OPT_URL] = {"url", WEIR_OPTION_TEXT,                                                                    \
                 true,  NULL,                                                                                \
                 NULL,  "The broker: 'tcp://host:1883', or with TLS 'ssl://host:8883'."},                    \
    [OPT_CLIENT_ID] =                                                                                        \
        MQTT_OPTION("client.id", WEIR_OPTION_TEXT, NULL,                                                     \
                    "The name by which the broker knows the session. Without it one is drawn, "              \
                    "and kept with the checkpoints."),                                                       \
    [OPT_USER] = MQTT_OPTION("username", WEIR_OPTION_TEXT, NULL, "The user's name."),                        \
    [OPT_PASSWORD] = MQTT_OPTION("password", WEIR_OPTION_TEXT, NULL,                                         \
                                 "The user's password, as from the environment: '${MQTT_PASSWORD}'."),       \
    [OPT_VERSION] = {"mqtt.version", WEIR_OPTION_CHOICE, false,                                              \
                     "3.1.1",        "3.1.1|5",          "The version of MQTT that is spoken."},             \
    [OPT_CLEAN] =                                                                                            \
        MQTT_OPTION("clean.session", WEIR_OPTION_BOOL, "true",                                               \
                    "'false': the broker keeps the session, and what is published meanwhile, while "         \
                    "weir is away."),                                                                        \
    [OPT_EXPIRY] = MQTT_OPTION("session.expiry", WEIR_OPTION_TIME, "7 days",                                 \
                               "Version 5, with clean.session='false': how long the broker keeps it."),      \
    [OPT_KEEP_ALIVE] = MQTT_OPTION("keep.alive", WEIR_OPTION_LONG, "60",                                     \
                                   "Seconds after which a silent connection is probed; 0: never."),          \
    [OPT_INFLIGHT] = MQTT_OPTION("max.inflight", WEIR_OPTION_LONG, NULL, inflight_doc),                      \
    [OPT_TIMEOUT] = MQTT_OPTION("connection.timeout", WEIR_OPTION_LONG, "30",                                \
                                "Seconds that a try to connect may take."),                                  \
    [OPT_RECONNECT] = MQTT_OPTION("automatic.reconnect", WEIR_OPTION_BOOL, "true",                           \
                                  "'false': the app ends with an error when the connection is lost."),       \
    [OPT_RECONNECT_DELAY] = MQTT_OPTION("max.reconnect.delay", WEIR_OPTION_LONG, "30000",                    \
                                        "The longest wait between two tries, ms; the first is 100 ms, each " \
                                        "next one twice as long, with jitter."),                             \
    [OPT_MAX_PACKET] = MQTT_OPTION("max.packet.size", WEIR_OPTION_BYTES, "256 MB",                           \
                                   "A longer packet from the broker ends the connection."),                  \
    [OPT_WILL_TOPIC] = MQTT_OPTION("will.topic", WEIR_OPTION_TEXT, NULL,                                     \
                                   "The last will: the broker publishes will.payload there when the "        \
                                   "connection breaks."),                                                    \
    [OPT_WILL_PAYLOAD] = MQTT_OPTION("will.payload", WEIR_OPTION_TEXT, "", "What it says."),                 \
    [OPT_WILL_QOS] = {"will.qos", WEIR_OPTION_CHOICE, false, "1", "0|1|2", "Its quality of service."},       \
    [OPT_WILL_RETAIN] = MQTT_OPTION("will.retain", WEIR_OPTION_BOOL, "false", "It is retained."),            \
    [OPT_WILL_DELAY] = MQTT_OPTION("will.delay", WEIR_OPTION_TIME, NULL,                                     \
                                   "Version 5: how long the broker waits with it for a new connection."),    \
    [OPT_CA_FILE] = MQTT_OPTION("tls.ca.file", WEIR_OPTION_TEXT, NULL,                                       \
                                "PEM file with the authorities to trust; without it the system's."),         \
    [OPT_CERTIFICATE] = MQTT_OPTION("tls.certificate.file", WEIR_OPTION_TEXT, NULL,                          \
                                    "PEM file with the client's certificate and those above it."),           \
    [OPT_KEY_FILE] = MQTT_OPTION("tls.key.file", WEIR_OPTION_TEXT, NULL, "PEM file with its key."),          \
    [OPT_KEY_PASSWORD] = MQTT_OPTION("tls.key.password", WEIR_OPTION_TEXT, NULL, "The key's password."),     \
    [OPT_VERIFY] = MQTT_OPTION("tls.verify", WEIR_OPTION_BOOL, "true",                                       \
                               "'false' takes any certificate of the broker, from anybody.")

#define MQTT_LONGEST_ID 128u

typedef struct mqtt_conf {
    net_conf net;
    unsigned version;
    const char *client_id; /* NULL: none was given */
    const char *user, *password;
    bool is_clean, reconnects;
    uint32_t session_expiry_s, keep_alive_s;
    uint16_t max_inflight;
    uint16_t max_inflight_2; /* of quality 2: brokers of 3.1.1 can't say that they take few, and end the
                                connection */
    int64_t timeout_ns, longest_delay_ns;
    size_t max_packet;
    const char *will_topic, *will_payload;
    uint8_t will_qos;
    bool will_is_retained;
    uint32_t will_delay_s;
} mqtt_conf;

/* Reads the common settings; touches files of TLS only. */
weir_status mqtt_conf_read(mqtt_conf *c, const weir_setting *set, weir_error *err);
/* The packet with which a client begins. is_clean: without a session that may be there. */
void mqtt_conf_put_connect(const mqtt_conf *c, const char *client_id, bool is_clean, mqtt_bytes *to);
/* A name for a client that has none: 22 bytes and a NUL. */
void mqtt_draw_id(char to[MQTT_LONGEST_ID]);

#endif
