/* module_table.c: which module holds which type. A row for each type, in order of the modules. */
#include "registry/modules.h"

const wr_module_row wr_module_table[] = {
    {WR_MODULE_FUNCTION, "script", "javascript", "javascript"},
    {WR_MODULE_FUNCTION, "script", "js", "javascript"},
    {WR_MODULE_FUNCTION, "script", "lua", "lua"},
    {WR_MODULE_SOURCE | WR_MODULE_SINK, "", "http", "http"},
    {WR_MODULE_SINK, "", "http-request", "http"},
    {WR_MODULE_SINK, "", "http-call", "http"},
    {WR_MODULE_SOURCE, "", "http-response", "http"},
    {WR_MODULE_SOURCE, "", "http-call-response", "http"},
    {WR_MODULE_SOURCE, "", "sse", "http"},
    {WR_MODULE_SINK, "", "sse-server", "http"},
    {WR_MODULE_SOURCE, "", "http-service", "http"},
    {WR_MODULE_SINK, "", "http-service-response", "http"},
    {WR_MODULE_SOURCE | WR_MODULE_SINK, "", "jms", "jms"},
    {WR_MODULE_SOURCE | WR_MODULE_SINK, "", "kafka", "kafka"},
    {WR_MODULE_SOURCE | WR_MODULE_SINK, "", "mqtt", "mqtt"},
    {WR_MODULE_STORE, "", "postgresql", "postgresql"},
    {WR_MODULE_STORE, "", "sqlite", "sqlite"},
    {WR_MODULE_DECODER | WR_MODULE_ENCODER, "", "text", "text"},
    {WR_MODULE_DECODER | WR_MODULE_ENCODER, "", "xml", "xml"},
    {WR_MODULE_SOURCE | WR_MODULE_SINK, "", "zeromq", "zeromq"},
    {0},
};
