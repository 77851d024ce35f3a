/* site.h: what the scalar functions of namespace json share. */
#ifndef WR_JSON_SITE_H
#define WR_JSON_SITE_H

#include "func/containers.h"
#include "func/json/document.h"

#define WR_T_JSON (WR_T_STRING | WR_T_OBJECT)

/* The document of argument 0 and what the path of argument 1 finds in it. False: the row has failed, or
 * *status says that memory is out. */
bool wr_json_find_row(wr_json_site *site, const weir_call *call, uint32_t row, const char *function,
                      bool as_list, weir_value *document, wr_json_found *found, weir_status *status);

#define WR_JSON_FUNCTION(symbol, name_text, check_function, eval_function, doc_text, example_text, ...)      \
    const weir_function_type symbol = {                                                                      \
        .struct_size = sizeof(weir_function_type),                                                           \
        .ns = "json",                                                                                        \
        .name = name_text,                                                                                   \
        .doc = doc_text,                                                                                     \
        .example = example_text,                                                                             \
        .params = (const weir_param_doc[]){__VA_ARGS__, {NULL, NULL}},                                       \
        .check = check_function,                                                                             \
        .state_size = sizeof(wr_json_site),                                                                  \
        .open = wr_json_site_open,                                                                           \
        .close = wr_json_site_close,                                                                         \
        .eval = eval_function,                                                                               \
        .can_fail = true,                                                                                    \
    }

#endif
