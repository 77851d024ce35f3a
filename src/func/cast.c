/* cast.c: cast(x, 'type'): a new label for the same value.
 *
 * Nothing is converted but an int cast to long, which widens. A value of another class travels on under its
 * new label: the result is then boxed (weir_column.boxed), each cell an object that knows what it really is.
 * The planner asks for a boxed result wherever the class can differ: when the argument is boxed or an object,
 * or when its type is neither the target nor int with target long. */
#include "func/call.h"
#include "func/check.h"
#include "func/functions.h"

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_check_arg_count(&wr_function_cast, args, n_args, 2, 2, err));
    return wr_check_type_name(&wr_function_cast, args, n_args, 1, result, err);
}

static weir_status widen_ints(const weir_call *call) {
    const int32_t *from = call->args[0].data;
    int64_t *to = call->out->data;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        to[row] = from[row];
    }
    wr_call_null_where(call, 0);
    return WEIR_OK;
}

static weir_status relabel(const weir_call *call) {
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        weir_value cell = wr_column_get(&call->args[0], row), v = wr_value_unbox(cell);
        if (v.type == WEIR_INT && call->out->type == WEIR_LONG) {
            v.type = WEIR_LONG;
            v.as.l = v.is_null ? 0 : v.as.i;
            cell = v;
        }
        /* an object is passed on as it is: boxing it again would only cost */
        WR_TRY(wr_call_put(call, row, wr_column_is_plain(call->out) ? &v : &cell));
    }
    return WEIR_OK;
}

static weir_status eval(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    const weir_column *from = &call->args[0];
    bool plain = wr_column_is_plain(from) && wr_column_is_plain(call->out);
    if (plain && from->type == WEIR_INT && call->out->type == WEIR_LONG) return widen_ints(call);
    if (plain && from->type == call->out->type) {
        wr_call_copy(call, from);
        return WEIR_OK;
    }
    return relabel(call);
}

const weir_function_type wr_function_cast = {
    .struct_size = sizeof(weir_function_type),
    .ns = "",
    .name = "cast",
    .doc = "Labels a value with another type without converting it (an int becomes a long); where the value "
           "does "
           "not fit the label, using it as that type fails.",
    .example = "cast(5, 'long') -> 5L",
    .params = (const weir_param_doc[]){{"cast(<any> value, <string> type)",
                                        "The type is a constant: 'int', 'long', 'float', 'double', 'bool' or "
                                        "'string', in any case."},
                                       {NULL, NULL}},
    .check = check,
    .eval = eval,
    .takes_boxed = true,
};
