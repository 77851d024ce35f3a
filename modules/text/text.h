/* text.h: the text format: `a:"x",\nb:1` and what regular expressions find. */
#ifndef WEIR_TEXT_MODULE_H
#define WEIR_TEXT_MODULE_H

#include "weir_format.h"

extern const weir_decoder_type text_decoder;
extern const weir_encoder_type text_encoder;

/* \n, \r and \t become what they stand for; what is longer than size is cut. */
void text_unescape(const char *from, char *to, size_t size);

#endif
