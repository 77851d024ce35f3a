/* xml.h: the XML format, and map:createFromXML, by expat. */
#ifndef WEIR_XML_MODULE_H
#define WEIR_XML_MODULE_H

#include "weir_format.h"

#define XML_NIL_NAMESPACE "http://www.w3.org/2001/XMLSchema-instance"

extern const weir_decoder_type xml_decoder;
extern const weir_encoder_type xml_encoder;
extern const weir_function_type xml_to_map;

#endif
