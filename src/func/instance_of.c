/* instance_of.c: instanceOfString and its kin: what is a value really? For a plain column the answer is the
 * column's type; objects and values under another label are looked at. Null is an instance of nothing. */
#include "func/call.h"
#include "func/check.h"
#include "func/functions.h"

static weir_status eval(const weir_call *call, weir_type wanted) {
    const weir_column *from = &call->args[0];
    uint8_t *to = call->out->data;
    if (wr_column_is_plain(from)) {
        bool is_wanted = from->type == wanted;
        for (uint32_t k = 0; k < call->n_sel; k++) {
            uint32_t row = wr_call_row(call, k);
            to[row] = is_wanted && !weir_is_null(from, row);
        }
        return WEIR_OK;
    }
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        weir_value v = wr_call_get(call, 0, row);
        to[row] = !v.is_null && v.type == wanted;
    }
    return WEIR_OK;
}

static weir_status check(const weir_function_type *self, const weir_arg *args, uint32_t n_args,
                         weir_type *result, weir_error *err) {
    *result = WEIR_BOOL;
    return wr_check_arg_count(self, args, n_args, 1, 1, err);
}

/* The rest is the same for each of the six. */
#define INSTANCE_OF(symbol, type_name, java_name, wanted, sample)                                            \
    static weir_status check_##symbol(const weir_arg *args, uint32_t n_args, weir_type *result,              \
                                      weir_error *err) {                                                     \
        return check(&wr_function_instance_of_##symbol, args, n_args, result, err);                          \
    }                                                                                                        \
    static weir_status eval_##symbol(void *self, const weir_call *call, weir_error *err) {                   \
        (void)self;                                                                                          \
        (void)err;                                                                                           \
        return eval(call, wanted);                                                                           \
    }                                                                                                        \
    const weir_function_type wr_function_instance_of_##symbol = {                                            \
        .struct_size = sizeof(weir_function_type),                                                           \
        .ns = "",                                                                                            \
        .name = "instanceOf" java_name,                                                                      \
        .doc = "Is the value of type " type_name "? Null is not.",                                           \
        .example = "instanceOf" java_name "(" sample ") -> true",                                            \
        .params =                                                                                            \
            (const weir_param_doc[]){{"instanceOf" java_name "(<any> value)", "Any value."}, {NULL, NULL}},  \
        .check = check_##symbol,                                                                             \
        .eval = eval_##symbol,                                                                               \
        .takes_boxed = true,                                                                                 \
    };

INSTANCE_OF(boolean, "bool", "Boolean", WEIR_BOOL, "true")
INSTANCE_OF(double, "double", "Double", WEIR_DOUBLE, "1.5")
INSTANCE_OF(float, "float", "Float", WEIR_FLOAT, "1.5f")
INSTANCE_OF(integer, "int", "Integer", WEIR_INT, "1")
INSTANCE_OF(long, "long", "Long", WEIR_LONG, "1L")
INSTANCE_OF(string, "string", "String", WEIR_STRING, "'a'")
