/* choose.c: coalesce, default and ifThenElse: one of their arguments, as it is.
 *
 * Where an argument is boxed the result is too, and values pass through whatever they are. ifThenElse is
 * normally a node of the expression tree, which evaluates only the chosen branch; the function here has both.
 */
#include "data/schema.h"
#include "func/call.h"
#include "func/check.h"
#include "func/functions.h"
#include "func/str/functions.h"

static weir_status check_coalesce(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_check_arg_count(&wr_function_coalesce, args, n_args, 1, UINT32_MAX, err));
    WR_TRY(wr_check_same_type(&wr_function_coalesce, args, n_args, err));
    *result = args[0].type;
    return WEIR_OK;
}

/* Do this column and the result hold the same kind of cells? */
static bool same_cells(const weir_call *call, uint32_t arg) {
    return wr_column_is_plain(&call->args[arg]) == wr_column_is_plain(call->out);
}

static weir_status take_cell(const weir_call *call, uint32_t arg, uint32_t row) {
    const weir_column *from = &call->args[arg];
    if (same_cells(call, arg)) {
        weir_value v = wr_column_get(from, row);
        wr_column_set(call->out, row, &v);
        return WEIR_OK;
    }
    weir_value v = wr_call_get(call, arg, row);
    return wr_call_put(call, row, &v);
}

/* Rows where the result is still null take argument arg. */
static weir_status fill_nulls(const weir_call *call, uint32_t arg, uint32_t *n_null) {
    *n_null = 0;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        if (!weir_is_null(call->out, row)) continue;
        if (weir_is_null(&call->args[arg], row))
            ++*n_null;
        else
            WR_TRY(take_cell(call, arg, row));
    }
    return WEIR_OK;
}

static weir_status eval_coalesce(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    uint32_t n_null = 0, first = 0;
    if (same_cells(call, 0)) {
        wr_call_copy(call, &call->args[0]);
        if (!call->args[0].valid) return WEIR_OK;
        first = 1;
    } else {
        for (uint32_t k = 0; k < call->n_sel; k++) weir_set_null(call->out, wr_call_row(call, k));
    }
    for (uint32_t i = first; i < call->n_args; i++) {
        WR_TRY(fill_nulls(call, i, &n_null));
        if (!n_null) break;
    }
    return WEIR_OK;
}

const weir_function_type wr_function_coalesce = {
    .struct_size = sizeof(weir_function_type),
    .ns = "",
    .name = "coalesce",
    .doc = "Gives the first argument that is not null, or null when all are.",
    .example = "coalesce('a', 'b') -> 'a'",
    .params = (const weir_param_doc[]){{"coalesce(<any> value, <any> ...)",
                                        "Any number of values of one type, which is the result's."},
                                       {NULL, NULL}},
    .check = check_coalesce,
    .eval = eval_coalesce,
    .takes_boxed = true,
};

static weir_status check_str_coalesce(const weir_arg *args, uint32_t n_args, weir_type *result,
                                      weir_error *err) {
    WR_TRY(wr_check_arg_count(&wr_str_coalesce, args, n_args, 1, UINT32_MAX, err));
    WR_TRY(wr_check_same_type(&wr_str_coalesce, args, n_args, err));
    *result = args[0].type;
    return WEIR_OK;
}

static weir_status eval_str_coalesce(void *self, const weir_call *call, weir_error *err) {
    if (call->n_args > 1) return eval_coalesce(self, call, err);
    for (uint32_t k = 0; k < call->n_sel; k++) weir_set_null(call->out, wr_call_row(call, k));
    return WEIR_OK;
}

/* Siddhi's str extension has one of its own, for values of any type. */
const weir_function_type wr_str_coalesce = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "coalesce",
    .doc = "Gives the first value that is not null, or null when all are; a single value gives null, as in "
           "Siddhi.",
    .example = "str:coalesce('BBB', 'CCC') -> 'BBB'",
    .params = (const weir_param_doc[]){{"str:coalesce(<any> value, <any> ...)",
                                        "Values of one type; the result has it, too."},
                                       {NULL, NULL}},
    .check = check_str_coalesce,
    .eval = eval_str_coalesce,
    .takes_boxed = true,
};

static weir_status check_default(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_check_arg_count(&wr_function_default, args, n_args, 2, 2, err));
    if (!args[1].is_const)
        return wr_refuse_args(&wr_function_default, args, n_args, 1, err, "argument 2 must be a constant");
    WR_TRY(wr_check_same_type(&wr_function_default, args, n_args, err));
    *result = args[0].type;
    return WEIR_OK;
}

const weir_function_type wr_function_default = {
    .struct_size = sizeof(weir_function_type),
    .ns = "",
    .name = "default",
    .doc = "Gives the first argument, or the constant when it is null.",
    .example = "default(5, 0) -> 5",
    .params =
        (const weir_param_doc[]){{"default(<int|long|float|double|bool|string> value, <constant> default)",
                                  "The value and a constant of its type."},
                                 {NULL, NULL}},
    .check = check_default,
    .eval = eval_coalesce,
    .takes_boxed = true,
};

static weir_status check_if(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    const weir_function_type *self = &wr_function_if_then_else;
    WR_TRY(wr_check_arg_count(self, args, n_args, 3, 3, err));
    if (args[0].type != WEIR_BOOL)
        return wr_refuse_args(self, args, n_args, 0, err, "argument 1 must be a bool, not %s",
                              weir_type_name(args[0].type));
    if (args[1].type != args[2].type)
        return wr_refuse_args(self, args, n_args, 2, err,
                              "both results must be of one type, but they are %s and %s",
                              weir_type_name(args[1].type), weir_type_name(args[2].type));
    *result = args[1].type;
    return WEIR_OK;
}

static weir_status eval_if(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        weir_value condition = wr_call_get(call, 0, row);
        if (!condition.is_null && condition.type != WEIR_BOOL) {
            wr_call_fail_cast(call, row, condition.type, WEIR_BOOL);
            continue;
        }
        WR_TRY(take_cell(call, !condition.is_null && condition.as.b ? 1 : 2, row));
    }
    return WEIR_OK;
}

const weir_function_type wr_function_if_then_else = {
    .struct_size = sizeof(weir_function_type),
    .ns = "",
    .name = "ifThenElse",
    .doc = "Gives the second argument where the condition is true, else (also for null) the third; only that "
           "one is computed.",
    .example = "ifThenElse(2 > 1, 'yes', 'no') -> 'yes'",
    .params = (const weir_param_doc[]){{"ifThenElse(<bool> condition, <any> then, <any> else)",
                                        "The last two are of one type, which is the result's."},
                                       {NULL, NULL}},
    .check = check_if,
    .eval = eval_if,
    .takes_boxed = true,
};
