/* options.h: options that the sources and sinks of the module share. */
#ifndef SOCKET_OPTIONS_H
#define SOCKET_OPTIONS_H

#include "peer.h"

#define SOCKET_FRAMING(usual)                                                                                \
    {                                                                                                        \
        "framing", WEIR_OPTION_CHOICE, false, usual, "siddhi|line|length",                                   \
            "How messages are told apart: Siddhi's TCP protocol, a line each, or a length of 4 bytes in "    \
            "front."                                                                                         \
    }
#define SOCKET_LIMIT                                                                                         \
    { "max.message.size", WEIR_OPTION_BYTES, false, "64 MB", NULL, "Who sends a larger message is cut off." }
#define SOCKET_WAITING                                                                                       \
    {                                                                                                        \
        "max.waiting.size", WEIR_OPTION_BYTES, false, "64 MB", NULL,                                         \
            "When messages of this size together wait for the app, no more are received."                    \
    }
#define SOCKET_CONNECTIONS                                                                                   \
    {                                                                                                        \
        "max.connections", WEIR_OPTION_LONG, false, "1000", NULL,                                            \
            "How many connections there may be at a time."                                                   \
    }
#define SOCKET_SERVER_CERTIFICATE                                                                            \
    {                                                                                                        \
        "tls.certificate", WEIR_OPTION_TEXT, false, NULL, NULL,                                              \
            "A PEM file with the certificate, and those that it hangs on; with it TLS is spoken."            \
    }
#define SOCKET_KEY                                                                                           \
    { "tls.key", WEIR_OPTION_TEXT, false, NULL, NULL, "A PEM file with the certificate's key." }
#define SOCKET_SERVER_CA                                                                                     \
    {                                                                                                        \
        "tls.ca", WEIR_OPTION_TEXT, false, NULL, NULL,                                                       \
            "A PEM file with authorities: clients must have a certificate of theirs."                        \
    }
#define SOCKET_CA(name)                                                                                      \
    {                                                                                                        \
        name, WEIR_OPTION_TEXT, false, NULL, NULL,                                                           \
            "A PEM file with the authorities to trust; else the system's."                                   \
    }
#define SOCKET_CLIENT_CERTIFICATE                                                                            \
    {                                                                                                        \
        "tls.certificate", WEIR_OPTION_TEXT, false, NULL, NULL,                                              \
            "A PEM file with a certificate for the server."                                                  \
    }
#define SOCKET_NO_VERIFICATION                                                                               \
    { "ssl.verification.disabled", WEIR_OPTION_BOOL, false, "false", NULL, "Takes any certificate for good." }
#define SOCKET_OF_SIDDHI(name)                                                                               \
    { name, WEIR_OPTION_TEXT, false, NULL, NULL, "As in Siddhi; answers don't depend on it." }

/* Of tcp. */
#define SOCKET_NO_DELAY                                                                                      \
    { "tcp.no.delay", WEIR_OPTION_BOOL, false, "true", NULL, "As in Siddhi: without Nagle's delay." }
#define SOCKET_KEEP_ALIVE(peer)                                                                              \
    {                                                                                                        \
        "keep.alive", WEIR_OPTION_BOOL, false, "true", NULL,                                                 \
            "Finds out by itself that a silent " peer " is gone."                                            \
    }

/* The rows that the tables of websocket begin with, and those of websocket-server. */
enum {
    WS_URL,
    WS_PROTOCOL,
    WS_HEADERS,
    WS_IDLE,
    WS_TRUST,
    WS_TRUST_PASSWORD,
    WS_NO_VERIFICATION,
    WS_FIRST_OTHER
};
#define SOCKET_WS_OPTIONS(idle_doc)                                                                          \
    [WS_URL] =                                                                                               \
        {"url", WEIR_OPTION_TEXT, true, NULL, NULL, "The server, 'ws://host:port/path' or 'wss://…'."},      \
    [WS_PROTOCOL] = {"sub.protocol", WEIR_OPTION_TEXT,                                                       \
                     false,          NULL,                                                                   \
                     NULL,           "Protocols to offer, 'one, other'."},                                   \
    [WS_HEADERS] = {"headers", WEIR_OPTION_TEXT,                                                             \
                    false,     NULL,                                                                         \
                    NULL,      "Headers of the handshake, \"'name:value','other:value'\"."},                 \
    [WS_IDLE] = {"idle.timeout", WEIR_OPTION_LONG, false, "-1", NULL, idle_doc},                             \
    [WS_TRUST] = SOCKET_CA("truststore.path"),                                                               \
    [WS_TRUST_PASSWORD] = {"truststore.password",                                                            \
                           WEIR_OPTION_TEXT,                                                                 \
                           false,                                                                            \
                           NULL,                                                                             \
                           NULL,                                                                             \
                           "As in Siddhi; a PEM file needs none."},                                          \
    [WS_NO_VERIFICATION] = SOCKET_NO_VERIFICATION

enum {
    SERVER_HOST,
    SERVER_PORT,
    SERVER_PROTOCOL,
    SERVER_IDLE,
    SERVER_TLS,
    SERVER_STORE,
    SERVER_STORE_PASSWORD,
    SERVER_CERTIFICATE,
    SERVER_KEY,
    SERVER_CA,
    SERVER_CONNECTIONS,
    SERVER_FIRST_OTHER
};
#define SOCKET_SERVER_OPTIONS(idle_doc)                                                                      \
    [SERVER_HOST] = {"host", WEIR_OPTION_TEXT, true, NULL, NULL, "The address to listen at."},               \
    [SERVER_PORT] = {"port", WEIR_OPTION_TEXT, true, NULL, NULL, "The port to listen at."},                  \
    [SERVER_PROTOCOL] = {"sub.protocol", WEIR_OPTION_TEXT,                                                   \
                         false,          NULL,                                                               \
                         NULL,           "Protocols of which a client must offer one, 'one, other'."},       \
    [SERVER_IDLE] = {"idle.timeout", WEIR_OPTION_LONG, false, "-1", NULL, idle_doc},                         \
    [SERVER_TLS] = {"tls.enabled", WEIR_OPTION_BOOL,                                                         \
                    false,         "false",                                                                  \
                    NULL,          "Speaks TLS; needs tls.certificate and tls.key."},                        \
    [SERVER_STORE] = {"keystore.path",                                                                       \
                      WEIR_OPTION_TEXT,                                                                      \
                      false,                                                                                 \
                      NULL,                                                                                  \
                      NULL,                                                                                  \
                      "A PEM file with certificate and key, instead of those two."},                         \
    [SERVER_STORE_PASSWORD] = {"keystore.password",                                                          \
                               WEIR_OPTION_TEXT,                                                             \
                               false,                                                                        \
                               NULL,                                                                         \
                               NULL,                                                                         \
                               "As in Siddhi; a key in the file must have none."},                           \
    [SERVER_CERTIFICATE] = SOCKET_SERVER_CERTIFICATE, [SERVER_KEY] = SOCKET_KEY,                             \
    [SERVER_CA] = SOCKET_SERVER_CA, [SERVER_CONNECTIONS] = SOCKET_CONNECTIONS

/* The names of TLS's files, made absolute. */
typedef struct socket_files {
    char *certificate, *key, *ca;
} socket_files;
/* Reads what the settings say (NULL: there is no such option) into tls, and looks whether they are PEM files
 * when `reads`. */
weir_status socket_tls(net_tls *tls, socket_files *files, const weir_setting *certificate,
                       const weir_setting *key, const weir_setting *ca, const char *ca_name,
                       const weir_io_host *host, bool reads, weir_error *err);
void socket_files_free(socket_files *files);

/* Of a WebSocket's end: idle.timeout, and what all of them have. */
weir_status socket_websocket(const weir_setting *idle, net_spec *spec, peer_spec *talk, weir_error *err);
/* Of who listens: max.connections. */
weir_status socket_connections(const weir_setting *set, net_spec *spec, weir_error *err);
weir_status socket_port(const weir_setting *set, const char *name, uint16_t *out, weir_error *err);

#endif
