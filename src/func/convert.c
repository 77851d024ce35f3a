/* convert.c: convert(x, 'type'): the value as another type, by Java's rules.
 *
 * number -> number   long to int wraps; a float or double is cut towards zero and saturates
 * string -> number   Java's parsers (see text.h); what they refuse gives null
 * any -> string      Java's formats; an error as "message : …" and its cause
 * number -> bool     is it 1?   string -> bool: is it "true" in any case?   bool -> number: 1 or 0
 * null stays null. A value that cast() labelled wrongly passes when the label is the target already and fails
 * otherwise, except that everything has a string. */
#include <strings.h>

#include "data/text.h"
#include "data/type.h"
#include "func/call.h"
#include "func/check.h"
#include "func/functions.h"
#include "func/saturate.h"

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_check_arg_count(&wr_function_convert, args, n_args, 2, 2, err));
    WR_TRY(wr_check_type_name(&wr_function_convert, args, n_args, 1, result, err));
    if (args[0].type == WEIR_OBJECT && *result != WEIR_STRING)
        return wr_refuse_args(&wr_function_convert, args, n_args, 1, err,
                              "an object can be converted to 'string' only");
    return WEIR_OK;
}

/* ---- Numbers and bools -------------------------------------------------------------------------------- */

typedef uint8_t bool8;
#define AS_IT_IS(x) (x)
#define IS_ONE(x)   ((x) == 1)
#define WRAP(x)     ((int32_t)(uint32_t)(uint64_t)(x))

#define KERNEL_NAME    int_to_long
#define KERNEL_FROM    int32_t
#define KERNEL_TO      int64_t
#define KERNEL_CONVERT AS_IT_IS
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    int_to_float
#define KERNEL_FROM    int32_t
#define KERNEL_TO      float
#define KERNEL_CONVERT AS_IT_IS
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    int_to_double
#define KERNEL_FROM    int32_t
#define KERNEL_TO      double
#define KERNEL_CONVERT AS_IT_IS
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    int_to_bool
#define KERNEL_FROM    int32_t
#define KERNEL_TO      bool8
#define KERNEL_CONVERT IS_ONE
#include "func/convert_kernel.inc.h"

#define KERNEL_NAME    long_to_int
#define KERNEL_FROM    int64_t
#define KERNEL_TO      int32_t
#define KERNEL_CONVERT WRAP
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    long_to_float
#define KERNEL_FROM    int64_t
#define KERNEL_TO      float
#define KERNEL_CONVERT AS_IT_IS
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    long_to_double
#define KERNEL_FROM    int64_t
#define KERNEL_TO      double
#define KERNEL_CONVERT AS_IT_IS
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    long_to_bool
#define KERNEL_FROM    int64_t
#define KERNEL_TO      bool8
#define KERNEL_CONVERT IS_ONE
#include "func/convert_kernel.inc.h"

#define KERNEL_NAME    float_to_int
#define KERNEL_FROM    float
#define KERNEL_TO      int32_t
#define KERNEL_CONVERT wr_saturate_int
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    float_to_long
#define KERNEL_FROM    float
#define KERNEL_TO      int64_t
#define KERNEL_CONVERT wr_saturate_long
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    float_to_double
#define KERNEL_FROM    float
#define KERNEL_TO      double
#define KERNEL_CONVERT AS_IT_IS
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    float_to_bool
#define KERNEL_FROM    float
#define KERNEL_TO      bool8
#define KERNEL_CONVERT IS_ONE
#include "func/convert_kernel.inc.h"

#define KERNEL_NAME    double_to_int
#define KERNEL_FROM    double
#define KERNEL_TO      int32_t
#define KERNEL_CONVERT wr_saturate_int
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    double_to_long
#define KERNEL_FROM    double
#define KERNEL_TO      int64_t
#define KERNEL_CONVERT wr_saturate_long
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    double_to_float
#define KERNEL_FROM    double
#define KERNEL_TO      float
#define KERNEL_CONVERT AS_IT_IS
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    double_to_bool
#define KERNEL_FROM    double
#define KERNEL_TO      bool8
#define KERNEL_CONVERT IS_ONE
#include "func/convert_kernel.inc.h"

#define KERNEL_NAME    bool_to_int
#define KERNEL_FROM    bool8
#define KERNEL_TO      int32_t
#define KERNEL_CONVERT AS_IT_IS
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    bool_to_long
#define KERNEL_FROM    bool8
#define KERNEL_TO      int64_t
#define KERNEL_CONVERT AS_IT_IS
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    bool_to_float
#define KERNEL_FROM    bool8
#define KERNEL_TO      float
#define KERNEL_CONVERT AS_IT_IS
#include "func/convert_kernel.inc.h"
#define KERNEL_NAME    bool_to_double
#define KERNEL_FROM    bool8
#define KERNEL_TO      double
#define KERNEL_CONVERT AS_IT_IS
#include "func/convert_kernel.inc.h"

/* [from][to]; equal types are copied, strings have loops of their own. */
static void (*const kernels[WEIR_N_TYPES][WEIR_N_TYPES])(const weir_call *) = {
    [WEIR_INT] = {[WEIR_LONG] = int_to_long,
                  [WEIR_FLOAT] = int_to_float,
                  [WEIR_DOUBLE] = int_to_double,
                  [WEIR_BOOL] = int_to_bool},
    [WEIR_LONG] = {[WEIR_INT] = long_to_int,
                   [WEIR_FLOAT] = long_to_float,
                   [WEIR_DOUBLE] = long_to_double,
                   [WEIR_BOOL] = long_to_bool},
    [WEIR_FLOAT] = {[WEIR_INT] = float_to_int,
                    [WEIR_LONG] = float_to_long,
                    [WEIR_DOUBLE] = float_to_double,
                    [WEIR_BOOL] = float_to_bool},
    [WEIR_DOUBLE] = {[WEIR_INT] = double_to_int,
                     [WEIR_LONG] = double_to_long,
                     [WEIR_FLOAT] = double_to_float,
                     [WEIR_BOOL] = double_to_bool},
    [WEIR_BOOL] = {[WEIR_INT] = bool_to_int,
                   [WEIR_LONG] = bool_to_long,
                   [WEIR_FLOAT] = bool_to_float,
                   [WEIR_DOUBLE] = bool_to_double},
};

/* ---- Strings ------------------------------------------------------------------------------------------ */

static bool is_true(const weir_string *s) {
    return s->len == 4 && strncasecmp(weir_string_data(s), "true", 4) == 0;
}

/* False: the text is no such value. */
static bool parse(const weir_string *s, weir_column *out, uint32_t row) {
    const char *text = weir_string_data(s);
    switch (out->type) {
    case WEIR_INT: return wr_text_to_int(text, s->len, (int32_t *)out->data + row);
    case WEIR_LONG: return wr_text_to_long(text, s->len, (int64_t *)out->data + row);
    case WEIR_FLOAT: return wr_text_to_float(text, s->len, (float *)out->data + row);
    case WEIR_DOUBLE: return wr_text_to_double(text, s->len, (double *)out->data + row);
    case WEIR_BOOL: ((uint8_t *)out->data)[row] = is_true(s); return true;
    default: return false;
    }
}

static void from_strings(const weir_call *call) {
    const weir_string *from = call->args[0].data;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        if (weir_is_null(&call->args[0], row) || !parse(&from[row], call->out, row)) {
            weir_value null = wr_value_null(call->out->type);
            wr_column_set(call->out, row, &null);
        }
    }
}

static void put_text(wr_buf *text, const weir_value *v) {
    bool is_error = v->type == WEIR_OBJECT && weir_object_get_kind(v->as.o) == WEIR_OBJECT_ERROR;
    wr_buf_clear(text);
    if (is_error) wr_buf_puts(text, "message : ");
    wr_text_of_value(text, v);
    if (is_error) wr_buf_puts(text, "\n cause :null");
}

static weir_status to_strings(const weir_call *call) {
    wr_buf text = WR_BUF_INIT;
    weir_status status = WEIR_OK;
    for (uint32_t k = 0; k < call->n_sel && !status; k++) {
        uint32_t row = wr_call_row(call, k);
        weir_value v = wr_call_get(call, 0, row), s = wr_value_null(WEIR_STRING);
        if (!v.is_null) {
            put_text(&text, &v);
            s = wr_value_string(weir_string_view("", 0));
            status = text.failed ? WEIR_ENOMEM : weir_arena_string(call->arena, text.data, text.len, &s.as.s);
        }
        if (!status) status = wr_call_put(call, row, &s);
    }
    wr_buf_fini(&text);
    return status;
}

/* ---- Values under a wrong label ----------------------------------------------------------------------- */

/* Runs the plain conversion over one value. */
static weir_status convert_value(const weir_call *call, weir_value v, weir_value *out) {
    uint64_t valid[1] = {1};
    weir_value cell = {.type = call->out->type};
    weir_column from = {.type = v.type, .data = &v.as},
                to = {.type = cell.type, .data = &cell.as, .valid = valid};
    weir_call one = {.n_rows = 1, .n_sel = 1, .n_args = 1, .args = &from, .out = &to, .arena = call->arena};
    if (v.type == WEIR_STRING)
        from_strings(&one);
    else
        kernels[v.type][cell.type](&one);
    *out = wr_column_get(&to, 0);
    return WEIR_OK;
}

static weir_status convert_cells(const weir_call *call) {
    weir_type label = call->args[0].type, target = call->out->type;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        weir_value v = wr_call_get(call, 0, row);
        if (!v.is_null && label != target) {
            if (v.type != label) {
                wr_call_fail_cast(call, row, v.type, label);
                continue;
            }
            WR_TRY(convert_value(call, v, &v));
        }
        WR_TRY(wr_call_put(call, row, &v));
    }
    return WEIR_OK;
}

static weir_status eval(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    const weir_column *from = &call->args[0];
    bool plain = wr_column_is_plain(from) && wr_column_is_plain(call->out);
    if (call->out->type == WEIR_STRING && !(plain && from->type == WEIR_STRING)) return to_strings(call);
    if (!plain) return convert_cells(call);
    if (from->type == call->out->type) {
        wr_call_copy(call, from);
    } else if (from->type == WEIR_STRING) {
        from_strings(call);
    } else {
        kernels[from->type][call->out->type](call);
        wr_call_null_where(call, 0);
    }
    return WEIR_OK;
}

const weir_function_type wr_function_convert = {
    .struct_size = sizeof(weir_function_type),
    .ns = "",
    .name = "convert",
    .doc = "Converts a value to another type; a text that is not of that type gives null.",
    .example = "convert('12', 'long') -> 12L",
    .params = (const weir_param_doc[]){{"convert(<int|long|float|double|bool|string> value, <string> type)",
                                        "The type is a constant: 'int', 'long', 'float', 'double', 'bool' or "
                                        "'string', in any case."},
                                       {"convert(<object> value, 'string')", "The object as a text."},
                                       {NULL, NULL}},
    .check = check,
    .eval = eval,
    .takes_boxed = true,
    .can_fail = true,
};
