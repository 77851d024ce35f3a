/* containers.h: what functions over lists and maps share.
 *
 * Siddhi changes lists and maps in place; weir's never change once they are shared: a function that changes
 * one gives a changed copy. */
#ifndef WR_CONTAINERS_H
#define WR_CONTAINERS_H

#include "func/overloads.h"
#include "func/texts.h"

/* The list or map that an argument of type object is; NULL: it is something else or null, and the row has
 * failed. */
weir_object *wr_list_arg(const weir_call *call, uint32_t arg, uint32_t row, const char *function);
weir_object *wr_map_arg(const weir_call *call, uint32_t arg, uint32_t row, const char *function);

/* An eval() that says what it does in one expression over `call`. */
#define WR_EVAL(function, status)                                                                            \
    static weir_status function(void *self, const weir_call *call, weir_error *err) {                        \
        (void)self;                                                                                          \
        (void)err;                                                                                           \
        return status;                                                                                       \
    }

/* clear: an empty one for one; clone: the same, since none changes. */
weir_status wr_clear_rows(const weir_call *call, const char *function, weir_object_kind kind);
weir_status wr_clone_rows(const weir_call *call, const char *function, weir_object_kind kind);
/* eval() of size, isEmpty and isList or isMap. */
weir_status wr_count_rows(const weir_call *call, const char *function, weir_object_kind kind);
weir_status wr_test_empty_rows(const weir_call *call, const char *function, weir_object_kind kind);
weir_status wr_test_kind_rows(const weir_call *call, weir_object_kind kind);

/* The result of a row: the arena takes over the caller's reference. status is that of what was done to it:
 * too deep a nesting fails the row. object NULL: memory is out. */
weir_status wr_put_object(const weir_call *call, uint32_t row, weir_object *object,
                          weir_status status) WR_NODISCARD;

/* A descriptor in a few lines; parameter docs come last. */
#define WR_FUNCTION(symbol, namespace_text, name_text, check_function, eval_function, doc_text,              \
                    example_text, ...)                                                                       \
    const weir_function_type symbol = {                                                                      \
        .struct_size = sizeof(weir_function_type),                                                           \
        .ns = namespace_text,                                                                                \
        .name = name_text,                                                                                   \
        .doc = doc_text,                                                                                     \
        .example = example_text,                                                                             \
        .params = (const weir_param_doc[]){__VA_ARGS__, {NULL, NULL}},                                       \
        .check = check_function,                                                                             \
        .eval = eval_function,                                                                               \
        .can_fail = true,                                                                                    \
    }

/* A change of a copy of argument 0. *failed: the row has failed, and was told. */
typedef weir_status wr_container_change(weir_object *object, const weir_call *call, uint32_t row,
                                        bool *failed);
weir_status wr_change_rows(const weir_call *call, const char *function, weir_object_kind kind,
                           wr_container_change *change);

#endif
