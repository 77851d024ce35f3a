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

weir_status socket_port(const weir_setting *set, const char *name, uint16_t *out, weir_error *err);

#endif
