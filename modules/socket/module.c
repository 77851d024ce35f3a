/* module.c: the module of sockets and WebSocket. */
#include "source.h"
#include "weir_module.h"

static weir_status start(weir_engine *engine, weir_error *err) {
    static const weir_source_type *const sources[] = {&socket_tcp_source, &socket_unix_source,
                                                      &socket_udp_source, &socket_websocket_source,
                                                      &socket_websocket_server_source};
    static const weir_sink_type *const sinks[] = {&socket_tcp_sink, &socket_unix_sink, &socket_udp_sink,
                                                  &socket_websocket_sink, &socket_websocket_server_sink};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        WIRE_TRY(weir_register_source(engine, sources[i], err));
    for (size_t i = 0; i < sizeof sinks / sizeof *sinks; i++)
        WIRE_TRY(weir_register_sink(engine, sinks[i], err));
    return WEIR_OK;
}

WEIR_MODULE("socket", start)
