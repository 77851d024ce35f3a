/* table.c: the built-in scalar functions, in order of (namespace, name). */
#include "func/functions.h"
#include "registry/registry.h"

const weir_function_type *const wr_function_table[] = {
    &wr_function_uuid,
    &wr_function_cast,
    &wr_function_coalesce,
    &wr_function_convert,
    &wr_function_create_set,
    &wr_function_current_time_millis,
    &wr_function_default,
    &wr_function_event_timestamp,
    &wr_function_if_then_else,
    &wr_function_instance_of_boolean,
    &wr_function_instance_of_double,
    &wr_function_instance_of_float,
    &wr_function_instance_of_integer,
    &wr_function_instance_of_long,
    &wr_function_instance_of_string,
    &wr_function_maximum,
    &wr_function_minimum,
    &wr_function_size_of_set,
    &wr_function_get_time_zone,
    &wr_function_timestamp_in_milliseconds,
    NULL,
};
