/* source.h: the types of the module. */
#ifndef SOCKET_SOURCE_H
#define SOCKET_SOURCE_H

#include "options.h"

extern const weir_source_type socket_tcp_source, socket_unix_source, socket_websocket_source,
    socket_websocket_server_source;
extern const weir_source_type socket_udp_source;
extern const weir_sink_type socket_tcp_sink, socket_unix_sink, socket_websocket_sink,
    socket_websocket_server_sink;
extern const weir_sink_type socket_udp_sink;

/* Takes the url of a WebSocket server apart, for net and peer, which point into `url` afterwards; checks
 * headers. */
weir_status socket_websocket_url(const char *text, const char *headers, wire_url *url, net_spec *spec,
                                 peer_spec *talk, weir_error *err);
/* TLS of a WebSocket server, by the settings of a table that begins with SOCKET_SERVER_OPTIONS. */
weir_status socket_server_tls(net_tls *tls, socket_files *files, const weir_setting *set,
                              const weir_io_host *host, bool reads, weir_error *err);

#endif
