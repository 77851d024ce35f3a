/* module.c: the module of Kafka's source and sink. */
#include "producer.h"
#include "weir_module.h"

static weir_status start(weir_engine *engine, weir_error *err) {
    WIRE_TRY(weir_register_source(engine, &kafka_source_type, err));
    return weir_register_sink(engine, &kafka_sink_type, err);
}

WEIR_MODULE("kafka", start)
