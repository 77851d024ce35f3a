/* call.c: see call.h. */
#include "func/call.h"

#include <stdarg.h>
#include <stdio.h>

#include "data/schema.h"

bool wr_call_is_plain(const weir_call *call) {
    bool plain = wr_column_is_plain(call->out);
    for (uint32_t i = 0; i < call->n_args; i++) plain = plain && wr_column_is_plain(&call->args[i]);
    return plain;
}

void wr_call_null_where(const weir_call *call, uint32_t arg) {
    const uint64_t *valid = call->args[arg].valid;
    if (!valid) return;
    if (!call->sel) {
        for (uint32_t w = 0; w < (call->n_rows + 63) / 64; w++) call->out->valid[w] &= valid[w];
        return;
    }
    for (uint32_t k = 0; k < call->n_sel; k++)
        if (weir_is_null(&call->args[arg], call->sel[k])) weir_set_null(call->out, call->sel[k]);
}

void wr_call_copy(const weir_call *call, const weir_column *from) {
    const weir_column *out = call->out;
    size_t size = wr_type_size(out->type, out->boxed);
    if (!call->sel) {
        memcpy(out->data, from->data, call->n_rows * size);
    } else {
        for (uint32_t k = 0; k < call->n_sel; k++) {
            size_t at = call->sel[k] * size;
            memcpy((char *)out->data + at, (const char *)from->data + at, size);
        }
    }
    for (uint32_t k = 0; from->valid && k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        if (weir_is_null(from, row)) weir_set_null(call->out, row);
    }
}

weir_value wr_call_get(const weir_call *call, uint32_t arg, uint32_t row) {
    return wr_value_unbox(wr_column_get(&call->args[arg], row));
}

weir_status wr_call_put(const weir_call *call, uint32_t row, const weir_value *v) {
    weir_column *out = call->out;
    bool holds_objects = !wr_column_is_plain(out);
    if (v->is_null || (!holds_objects && v->type == out->type)) {
        wr_column_set(out, row, v);
        return WEIR_OK;
    }
    if (!holds_objects) {
        wr_call_fail_cast(call, row, v->type, out->type);
        return WEIR_OK;
    }
    weir_object *object = weir_object_new_value(v);
    if (!object) return WEIR_ENOMEM;
    WR_TRY(weir_arena_own(call->arena, object));
    weir_value boxed = wr_value_object(object);
    wr_column_set(out, row, &boxed);
    return WEIR_OK;
}

void wr_call_fail(const weir_call *call, uint32_t row, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    const char *kept = wr_arena_strndup(call->arena, text, strlen(text));
    weir_value null = wr_value_null(WEIR_NONE);
    wr_column_set(call->out, row, &null);
    if (call->fail) call->fail(call->fail_ctx, row, kept ? kept : "a value can't be computed");
}

void wr_call_fail_cast(const weir_call *call, uint32_t row, weir_type is, weir_type wanted) {
    wr_call_fail(call, row, "a value of type %s can't be used as %s", weir_type_name(is),
                 weir_type_name(wanted));
}
