/* encode.c: see encode.h. */
#include "io/encode.h"

#include <math.h>
#include <stdio.h>

#include "data/text.h"
#include "io/number.h"

static void put_bool(weir_encoded *e, bool v) { wr_encode_bytes(e, v ? "true" : "false", v ? 4 : 5); }

static void put_double(weir_encoded *e, double v, bool *is_number) {
    *is_number = isfinite(v);
    e->len += wr_format_double(v, e->data + e->len);
}

static void put_float(weir_encoded *e, float v, bool *is_number) {
    *is_number = isfinite(v);
    e->len += wr_format_float(v, e->data + e->len);
}

void wr_encode_scalar(weir_encoded *e, const weir_column *c, uint32_t row, bool *is_number) {
    *is_number = true;
    switch (c->type) {
    case WEIR_INT: e->len += wr_format_long(((const int32_t *)c->data)[row], e->data + e->len); break;
    case WEIR_LONG: e->len += wr_format_long(((const int64_t *)c->data)[row], e->data + e->len); break;
    case WEIR_FLOAT: put_float(e, ((const float *)c->data)[row], is_number); break;
    case WEIR_DOUBLE: put_double(e, ((const double *)c->data)[row], is_number); break;
    case WEIR_BOOL: put_bool(e, ((const uint8_t *)c->data)[row]); break;
    default: break;
    }
}

void wr_encode_scalar_value(weir_encoded *e, const weir_value *v, bool *is_number) {
    *is_number = true;
    switch (v->type) {
    case WEIR_INT: e->len += wr_format_long(v->as.i, e->data + e->len); break;
    case WEIR_LONG: e->len += wr_format_long(v->as.l, e->data + e->len); break;
    case WEIR_FLOAT: put_float(e, v->as.f, is_number); break;
    case WEIR_DOUBLE: put_double(e, v->as.d, is_number); break;
    case WEIR_BOOL: put_bool(e, v->as.b); break;
    default: break;
    }
}

static void put_container(wr_buf *text, weir_object *o) {
    weir_value v = {.type = WEIR_OBJECT, .as.o = o};
    wr_text_of_value(text, &v);
}

weir_value wr_encode_unbox(weir_object *o, wr_buf *text) {
    if (!o) return (weir_value){.type = WEIR_STRING, .is_null = true};
    switch (weir_object_get_kind(o)) {
    case WEIR_OBJECT_VALUE:
    case WEIR_OBJECT_ERROR: return weir_object_get_value(o);
    case WEIR_OBJECT_SET: wr_buf_printf(text, "set of %u", weir_object_set_size(o)); break;
    default: put_container(text, o);
    }
    if (text->failed || text->len > UINT32_MAX) wr_buf_clear(text);
    return (weir_value){.type = WEIR_STRING, .as.s = weir_string_view(text->data, (uint32_t)text->len)};
}
