/* module.c: the module of the JMS source and sink. */
#include "sink.h"
#include "source.h"
#include "weir_module.h"

static weir_status start(weir_engine *engine, weir_error *err) {
    WIRE_TRY(weir_register_source(engine, &jms_source_type, err));
    return weir_register_sink(engine, &jms_sink_type, err);
}

WEIR_MODULE("jms", start)
