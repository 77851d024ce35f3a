#include "xml.h"

#include "weir_module.h"

static weir_status start(weir_engine *engine, weir_error *err) {
    weir_status st = weir_register_decoder(engine, &xml_decoder, err);
    if (st == WEIR_OK) st = weir_register_encoder(engine, &xml_encoder, err);
    return st == WEIR_OK ? weir_register_function(engine, &xml_to_map, err) : st;
}

WEIR_MODULE("xml", start)
