/* module.c: the module of MQTT's source and sink. */
#include "source.h"
#include "weir_module.h"

static weir_status start(weir_engine *engine, weir_error *err) {
    WIRE_TRY(weir_register_source(engine, &mqtt_source_type, err));
    return weir_register_sink(engine, &mqtt_sink_type, err);
}

WEIR_MODULE("mqtt", start)
