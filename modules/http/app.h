/* app.h: what the HTTP connectors of one app share: listeners, and who answers whom. */
#ifndef HTTP_APP_H
#define HTTP_APP_H

#include "server.h"

typedef struct http_service http_service;     /* an http-service source, by source.id */
typedef struct http_responder http_responder; /* an http-response source, by sink.id */

/* Its lists are changed by the app's thread, in start and close. */
typedef struct http_app {
    bool is_ready;
    pthread_mutex_t lock; /* of responders, which clients' threads walk */
    http_server *servers;
    http_service *services;
    http_responder *responders;
} http_app;

weir_status http_app_of(const weir_io_host *host, http_app **out, weir_error *err);

/* Options of all that listens; a table begins with them. `url` is the name of the first key. */
enum {
    SERVE_URL,
    SERVE_BASIC,
    SERVE_USERNAME,
    SERVE_PASSWORD,
    SERVE_TOKEN,
    SERVE_CERTIFICATE,
    SERVE_KEY,
    SERVE_WORKERS,
    SERVE_CONNECTIONS,
    SERVE_BODY,
    SERVE_WAITING,
    SERVE_IDLE,
    SERVE_VERIFY_CLIENT,
    SERVE_PROTOCOL,
    SERVE_STORE,
    SERVE_SSL,
    SERVE_SIZES,
    SERVE_HEADERS,
    SERVE_BOOTSTRAP,
    SERVE_TRACE,
    SERVE_FIRST_OWN
};
#define HTTP_SERVE_OPTIONS(url)                                                                              \
    [SERVE_URL] = {url,                                                                                      \
                   WEIR_OPTION_TEXT,                                                                         \
                   false,                                                                                    \
                   NULL,                                                                                     \
                   NULL,                                                                                     \
                   "Where to listen, 'http://host:port/path' or 'https://…'. Without it: "                 \
                   "http://0.0.0.0:9763/APP/STREAM."},                                                       \
    [SERVE_BASIC] = {"basic.auth.enabled",                                                                   \
                     WEIR_OPTION_BOOL,                                                                       \
                     false,                                                                                  \
                     "false",                                                                                \
                     NULL,                                                                                   \
                     "Asks for basic.auth.username and basic.auth.password."},                               \
    [SERVE_USERNAME] = {"basic.auth.username", WEIR_OPTION_TEXT, false, NULL, NULL, "The name to ask for."}, \
    [SERVE_PASSWORD] = {"basic.auth.password",     WEIR_OPTION_TEXT, false, NULL, NULL,                      \
                        "The password to ask for."},                                                         \
    [SERVE_TOKEN] = {"auth.token", WEIR_OPTION_TEXT,                                                         \
                     false,        NULL,                                                                     \
                     NULL,         "A token to ask for, 'Authorization: Bearer TOKEN'."},                    \
    [SERVE_CERTIFICATE] = {"tls.certificate",                                                                \
                           WEIR_OPTION_TEXT,                                                                 \
                           false,                                                                            \
                           NULL,                                                                             \
                           NULL,                                                                             \
                           "With https: a PEM file with the certificate, and those that it hangs on."},      \
    [SERVE_KEY] = {"tls.key", WEIR_OPTION_TEXT, false, NULL, NULL, "With https: a PEM file with its key."},  \
    [SERVE_WORKERS] = {"worker.count", WEIR_OPTION_LONG,                                                     \
                       false,          "1",                                                                  \
                       NULL,           "Threads that receive. Of the first source at an address."},          \
    [SERVE_CONNECTIONS] = {"max.connections",                                                                \
                           WEIR_OPTION_LONG,                                                                 \
                           false,                                                                            \
                           "1000",                                                                           \
                           NULL,                                                                             \
                           "How many connections there may be at an address at a time."},                    \
    [SERVE_BODY] =                                                                                           \
        {"max.body.size", WEIR_OPTION_BYTES, false, "64 MB", NULL, "Larger requests are refused (413)."},    \
    [SERVE_WAITING] = {"max.waiting.size",                                                                   \
                       WEIR_OPTION_BYTES,                                                                    \
                       false,                                                                                \
                       "128 MB",                                                                             \
                       NULL,                                                                                 \
                       "When requests of this size together wait for the app, more are refused (503)."},     \
    [SERVE_IDLE] = {"socket.idle.timeout",                                                                   \
                    WEIR_OPTION_LONG,                                                                        \
                    false,                                                                                   \
                    "120000",                                                                                \
                    NULL,                                                                                    \
                    "After so many ms without a byte a connection is closed."},                              \
    [SERVE_VERIFY_CLIENT] = {"ssl.verify.client", WEIR_OPTION_TEXT, false, NULL, NULL, "Not supported."},    \
    [SERVE_PROTOCOL] = {"ssl.protocol", WEIR_OPTION_CHOICE,           false, "TLS",                          \
                        "TLS",          "TLS 1.2 and 1.3 are spoken."},                                      \
    [SERVE_STORE] =                                                                                          \
        {"tls.store.type", WEIR_OPTION_TEXT, false, NULL, NULL, "Not supported: PEM files are read."},       \
    [SERVE_SSL] = {"ssl.configurations", WEIR_OPTION_TEXT, false, NULL, NULL, "Not supported."},             \
    [SERVE_SIZES] = {"request.size.validation.configurations",                                               \
                     WEIR_OPTION_TEXT,                                                                       \
                     false,                                                                                  \
                     NULL,                                                                                   \
                     NULL,                                                                                   \
                     "As in Siddhi: 'request.size.validation.maximum.value:2048' and the answer's status "   \
                     "code and message; instead of max.body.size."},                                         \
    [SERVE_HEADERS] = {"header.validation.configurations",           WEIR_OPTION_TEXT, false, NULL, NULL,    \
                       "Not supported: headers have 64 kB together."},                                       \
    [SERVE_BOOTSTRAP] = {"server.bootstrap.configurations",                                                  \
                         WEIR_OPTION_TEXT,                                                                   \
                         false,                                                                              \
                         NULL,                                                                               \
                         NULL,                                                                               \
                         "As in Siddhi; only 'server.bootstrap.socket.backlog:N' makes a difference."},      \
    [SERVE_TRACE] = {"trace.log.enabled",                                                                    \
                     WEIR_OPTION_BOOL,                                                                       \
                     false,                                                                                  \
                     "false",                                                                                \
                     NULL,                                                                                   \
                     "As in Siddhi; requests are told in the log at level debug in any case."}

typedef struct http_serving {
    http_route_spec spec;
    char *certificate, *key; /* read at the start */
    char too_large[256];
} http_serving;
/* Looks at the settings. */
weir_status http_serving_open(http_serving *s, const weir_io_args *args, const char *url_key,
                              weir_error *err);
/* Reads the files. */
weir_status http_serving_start(http_serving *s, const weir_io_args *args, weir_error *err);
void http_serving_close(http_serving *s);

/* The media type that goes with a format. */
const char *http_type_of(const char *format);

#endif
