/* texts.c: see texts.h. */
#include "func/texts.h"

void wr_call_fail_null(const weir_call *call, uint32_t arg, uint32_t row, const char *function) {
    wr_call_fail(call, row, "argument %u of %s() is null", arg + 1, function);
}

bool wr_text_needed(const weir_call *call, uint32_t arg, uint32_t row, const char *function, wr_text *out) {
    if (wr_text_arg(call, arg, row, out)) return true;
    wr_call_fail_null(call, arg, row, function);
    return false;
}

bool wr_int_needed(const weir_call *call, uint32_t arg, uint32_t row, const char *function, int32_t *out) {
    if (wr_int_arg(call, arg, row, out)) return true;
    wr_call_fail_null(call, arg, row, function);
    return false;
}

weir_status wr_put_copy(const weir_call *call, uint32_t row, const char *p, size_t n) {
    if (n > WR_TEXT_MOST) {
        wr_call_fail(call, row, "a text of %zu bytes would be made, more than weir makes", n);
        return WEIR_OK;
    }
    return weir_arena_string(call->arena, p, n, (weir_string *)call->out->data + row);
}

weir_status wr_put_buf(const weir_call *call, uint32_t row, wr_buf *text) {
    if (text->failed) return WEIR_ENOMEM;
    weir_status status = wr_put_copy(call, row, text->data ? text->data : "", text->len);
    wr_buf_clear(text);
    return status;
}
