/* options.h: the options of all that asks others by HTTP; a table begins with them. */
#ifndef HTTP_OPTIONS_H
#define HTTP_OPTIONS_H

#include "client.h"

enum {
    ASK_USERNAME,
    ASK_PASSWORD,
    ASK_TOKEN,
    ASK_TRUST,
    ASK_TRUST_PASSWORD,
    ASK_CERTIFICATE,
    ASK_CERTIFICATE_PASSWORD,
    ASK_KEY_PASSWORD,
    ASK_NO_VERIFICATION,
    ASK_HOST_NAME,
    ASK_IDLE,
    ASK_PROXY_HOST,
    ASK_PROXY_PORT,
    ASK_PROXY_USERNAME,
    ASK_PROXY_PASSWORD,
    ASK_BOOTSTRAP,
    ASK_PROTOCOL,
    ASK_STORE,
    ASK_SSL,
    ASK_OAUTH,
    ASK_CONSUMER,
    ASK_BODY_CONSUMER,
    ASK_TOKEN_URL,
    ASK_REFRESH,
    ASK_FIRST_OWN
};

#define HTTP_ASK_OPTIONS(idle_ms)                                                                            \
    [ASK_USERNAME] = {"basic.auth.username", WEIR_OPTION_TEXT, false, NULL, NULL, "The user's name."},       \
    [ASK_PASSWORD] = {"basic.auth.password", WEIR_OPTION_TEXT, false, NULL, NULL, "The user's password."},   \
    [ASK_TOKEN] = {"auth.token", WEIR_OPTION_TEXT,                                                           \
                   false,        NULL,                                                                       \
                   NULL,         "A token, sent as 'Authorization: Bearer TOKEN'."},                         \
    [ASK_TRUST] = {"https.truststore.file",                                                                  \
                   WEIR_OPTION_TEXT,                                                                         \
                   false,                                                                                    \
                   NULL,                                                                                     \
                   NULL,                                                                                     \
                   "A PEM file with the authorities to trust; without it the system's."},                    \
    [ASK_TRUST_PASSWORD] = {"https.truststore.password",           WEIR_OPTION_TEXT, false, NULL, NULL,      \
                            "As in Siddhi; a PEM file needs none."},                                         \
    [ASK_CERTIFICATE] = {"https.keystore.file",                                                              \
                         WEIR_OPTION_TEXT,                                                                   \
                         false,                                                                              \
                         NULL,                                                                               \
                         NULL,                                                                               \
                         "A PEM file with the client's certificate and key."},                               \
    [ASK_CERTIFICATE_PASSWORD] = {"https.keystore.password",       WEIR_OPTION_TEXT, false, NULL, NULL,      \
                                  "The password of the key in it."},                                         \
    [ASK_KEY_PASSWORD] = {"https.keystore.key.password", WEIR_OPTION_TEXT, false, NULL, NULL, "The same."},  \
    [ASK_NO_VERIFICATION] = {"ssl.verification.disabled",      WEIR_OPTION_BOOL, false, "false", NULL,       \
                             "Takes any certificate for good."},                                             \
    [ASK_HOST_NAME] = {"hostname.verification.enabled",        WEIR_OPTION_BOOL, false, "true", NULL,        \
                       "The certificate must be for the host."},                                             \
    [ASK_IDLE] = {"socket.idle.timeout",                                                                     \
                  WEIR_OPTION_LONG,                                                                          \
                  false,                                                                                     \
                  "6000",                                                                                    \
                  NULL,                                                                                      \
                  "After so many ms without a byte the connection counts as broken."},                       \
    [ASK_PROXY_HOST] = {"proxy.host", WEIR_OPTION_TEXT, false, NULL, NULL, "A proxy's host."},               \
    [ASK_PROXY_PORT] = {"proxy.port", WEIR_OPTION_TEXT, false, NULL, NULL, "Its port."},                     \
    [ASK_PROXY_USERNAME] = {"proxy.username", WEIR_OPTION_TEXT, false, NULL, NULL, "Its user's name."},      \
    [ASK_PROXY_PASSWORD] = {"proxy.password", WEIR_OPTION_TEXT, false, NULL, NULL, "Its user's password."},  \
    [ASK_BOOTSTRAP] = {"client.bootstrap.configurations",                                                    \
                       WEIR_OPTION_TEXT,                                                                     \
                       false,                                                                                \
                       NULL,                                                                                 \
                       NULL,                                                                                 \
                       "As in Siddhi; only 'client.bootstrap.connect.timeout:MS' makes a difference."},      \
    [ASK_PROTOCOL] =                                                                                         \
        {"ssl.protocol", WEIR_OPTION_CHOICE, false, "TLS", "TLS", "TLS 1.2 and 1.3 are spoken."},            \
    [ASK_STORE] =                                                                                            \
        {"tls.store.type", WEIR_OPTION_TEXT, false, NULL, NULL, "Not supported: PEM files are read."},       \
    [ASK_SSL] = {"ssl.configurations", WEIR_OPTION_TEXT, false, NULL, NULL, "Not supported."},               \
    [ASK_OAUTH] = {"oauth.*", WEIR_OPTION_TEXT, false, NULL, NULL, "Not supported."},                        \
    [ASK_CONSUMER] = {"consumer.*", WEIR_OPTION_TEXT, false, NULL, NULL, "Not supported."},                  \
    [ASK_BODY_CONSUMER] = {"body.consumer.*", WEIR_OPTION_TEXT, false, NULL, NULL, "Not supported."},        \
    [ASK_TOKEN_URL] = {"token.url", WEIR_OPTION_TEXT, false, NULL, NULL, "Not supported."},                  \
    [ASK_REFRESH] = {"refresh.token", WEIR_OPTION_TEXT, false, NULL, NULL, "Not supported."}

/* Fills in what the settings say. */
weir_status http_ask_open(http_client_spec *spec, const weir_io_args *args, weir_error *err);
void http_ask_close(http_client_spec *spec);
/* Whether the file of ASK_TRUST and ASK_CERTIFICATE are there; at the start. */
weir_status http_ask_start(const http_client_spec *spec, const weir_io_args *args, weir_error *err);

#endif
