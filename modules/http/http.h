/* http.h: the types of the module. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "app.h"
#include "client.h"

extern const weir_source_type http_source_type;         /* source.c */
extern const weir_source_type http_service_source_type; /* source.c */
extern const weir_source_type http_request_source_type;
extern const weir_source_type http_response_source_type;      /* response_source.c */
extern const weir_source_type http_call_response_source_type; /* response_source.c */
extern const weir_source_type http_sse_source_type;           /* sse_source.c */
extern const weir_sink_type http_sse_sink_type;               /* sse_sink.c */
extern const weir_sink_type http_sink_type;                   /* sink.c */
extern const weir_sink_type http_request_sink_type;           /* sink.c */
extern const weir_sink_type http_call_sink_type;              /* sink.c */
extern const weir_sink_type http_answer_sink_type;            /* answer_sink.c */
extern const weir_sink_type http_response_sink_type;
extern const weir_http_type http_asker_type; /* asker.c */

#endif
