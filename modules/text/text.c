#include "text.h"

#include "weir_module.h"

static weir_status start(weir_engine *engine, weir_error *err) {
    weir_status st = weir_register_decoder(engine, &text_decoder, err);
    return st == WEIR_OK ? weir_register_encoder(engine, &text_encoder, err) : st;
}

WEIR_MODULE("text", start)
