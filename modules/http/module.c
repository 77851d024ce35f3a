/* module.c: the module of the HTTP sources and sinks. */
#include "http.h"

#include "weir_module.h"

static weir_status start(weir_engine *engine, weir_error *err) {
    static const weir_source_type *const sources[] = {
        &http_source_type,          &http_service_source_type,
        &http_response_source_type, &http_call_response_source_type,
        &http_request_source_type,  &http_sse_source_type};
    static const weir_sink_type *const sinks[] = {&http_sink_type,          &http_request_sink_type,
                                                  &http_call_sink_type,     &http_answer_sink_type,
                                                  &http_response_sink_type, &http_sse_sink_type};
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) return weir_fail(err, WEIR_EIO, "libcurl does not start");
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        WIRE_TRY(weir_register_source(engine, sources[i], err));
    for (size_t i = 0; i < sizeof sinks / sizeof *sinks; i++)
        WIRE_TRY(weir_register_sink(engine, sinks[i], err));
    return weir_register_http(engine, &http_asker_type, err);
}

WEIR_MODULE("http", start)
