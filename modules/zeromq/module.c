/* module.c: the module of ZeroMQ's source and sink. */
#include "socket.h"
#include "weir_module.h"

static weir_status start(weir_engine *engine, weir_error *err) {
    WIRE_TRY(weir_register_source(engine, &zeromq_source_type, err));
    return weir_register_sink(engine, &zeromq_sink_type, err);
}

WEIR_MODULE("zeromq", start)
