/* texts.h: what functions over strings share. Their arguments are plain columns. */
#ifndef WR_FUNC_TEXTS_H
#define WR_FUNC_TEXTS_H

#include "base/buf.h"
#include "func/call.h"

/* The bytes of a string argument. */
typedef struct wr_text {
    const char *p;
    size_t n;
} wr_text;

/* False where it is null. */
static inline bool wr_text_arg(const weir_call *call, uint32_t arg, uint32_t row, wr_text *out) {
    const weir_column *c = &call->args[arg];
    if (weir_is_null(c, row)) return false;
    const weir_string *s = (const weir_string *)c->data + row;
    *out = (wr_text){weir_string_data(s), s->len};
    return true;
}
static inline bool wr_int_arg(const weir_call *call, uint32_t arg, uint32_t row, int32_t *out) {
    const weir_column *c = &call->args[arg];
    if (weir_is_null(c, row)) return false;
    *out = ((const int32_t *)c->data)[row];
    return true;
}

/* The same, and a null fails the row: "argument 2 of str:charAt() is null". */
bool wr_text_needed(const weir_call *call, uint32_t arg, uint32_t row, const char *function, wr_text *out);
bool wr_int_needed(const weir_call *call, uint32_t arg, uint32_t row, const char *function, int32_t *out);
void wr_call_fail_null(const weir_call *call, uint32_t arg, uint32_t row, const char *function);

static inline void wr_put_null(const weir_call *call, uint32_t row) {
    if (call->out->type == WEIR_STRING) ((weir_string *)call->out->data)[row] = weir_string_view("", 0);
    weir_set_null(call->out, row);
}
static inline void wr_put_bool(const weir_call *call, uint32_t row, bool v) {
    ((uint8_t *)call->out->data)[row] = v;
}
static inline void wr_put_int(const weir_call *call, uint32_t row, int32_t v) {
    ((int32_t *)call->out->data)[row] = v;
}
/* Bytes that live as long as the call's arguments or its arena. */
static inline void wr_put_view(const weir_call *call, uint32_t row, const char *p, size_t n) {
    ((weir_string *)call->out->data)[row] = weir_string_view(p, (uint32_t)n);
}
/* A copy of the bytes; WEIR_ENOMEM. */
weir_status wr_put_copy(const weir_call *call, uint32_t row, const char *p, size_t n) WR_NODISCARD;
/* The text in a buffer, which is cleared; a text above WR_TEXT_MOST fails the row. */
#define WR_TEXT_MOST ((size_t)64 << 20)
weir_status wr_put_buf(const weir_call *call, uint32_t row, wr_buf *text) WR_NODISCARD;

/* for (each selected row) */
#define WR_FOR_ROWS(call, row)                                                                               \
    for (uint32_t wr_k = 0, row; wr_k < (call)->n_sel && ((row = wr_call_row((call), wr_k)), true); wr_k++)

#endif
