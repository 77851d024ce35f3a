#include "xml.h"

#include "weir_module.h"

static weir_status start(weir_engine *engine, weir_error *err) {
    weir_status st = weir_register_decoder(engine, &xml_decoder, err);
    return st == WEIR_OK ? weir_register_encoder(engine, &xml_encoder, err) : st;
}

WEIR_MODULE("xml", start)
