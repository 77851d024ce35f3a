/* xml.h: the XML format, by expat. */
#ifndef WEIR_XML_MODULE_H
#define WEIR_XML_MODULE_H

#include "weir_format.h"

#define XML_NIL_NAMESPACE "http://www.w3.org/2001/XMLSchema-instance"

extern const weir_decoder_type xml_decoder;
extern const weir_encoder_type xml_encoder;

#endif
