/* responder.h: the sources that get the answers to what http-request sinks ask, by sink.id. */
#ifndef HTTP_RESPONDER_H
#define HTTP_RESPONDER_H

#include "weir_format.h"

#include "app.h"
#include "client.h"

struct http_responder {
    struct http_responder *next;
    const char *sink_id;
    weir_regex *status; /* of the whole code */
    wire_inbox inbox;
    const char *const *properties; /* what the app reads */
    uint32_t n_properties;
};

/* By the client's thread: hands a copy of the job's answer to each responder that takes its status; `schema`
 * is that of the sink that asked. Returns how many did; full ones are waited for until *stops. */
uint32_t http_responders_give(http_app *app, const char *sink_id, const http_job *job,
                              const weir_schema *schema, const bool *stops);

#endif
