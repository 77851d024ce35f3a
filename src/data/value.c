/* value.c: see value.h. */
#include "data/value.h"

#include "data/object.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

weir_value wr_value_unbox(weir_value v) {
    if (v.type != WEIR_OBJECT || v.is_null || !v.as.o) return v;
    return weir_object_get_kind(v.as.o) == WEIR_OBJECT_VALUE ? weir_object_get_value(v.as.o) : v;
}

/* The value as 64 bits; NaNs become one NaN, as Java's doubleToLongBits makes them. Not for strings. */
static uint64_t scalar_bits(const weir_value *v) {
    uint32_t half;
    uint64_t bits;
    float f = v->as.f;
    double d = v->as.d;
    switch (v->type) {
    case WEIR_INT: return (uint32_t)v->as.i;
    case WEIR_LONG: return (uint64_t)v->as.l;
    case WEIR_FLOAT:
        if (f != f) return 0x7fc00000u;
        memcpy(&half, &f, sizeof half);
        return half;
    case WEIR_DOUBLE:
        if (d != d) return 0x7ff8000000000000u;
        memcpy(&bits, &d, sizeof bits);
        return bits;
    case WEIR_BOOL: return v->as.b;
    case WEIR_OBJECT: return wr_object_java_hash(v->as.o);
    default: return 0;
    }
}

bool wr_value_equal(const weir_value *a, const weir_value *b) {
    if (a->is_null || b->is_null) return a->is_null && b->is_null;
    if (a->type != b->type) return false;
    if (a->type == WEIR_STRING) return weir_string_equal(&a->as.s, &b->as.s);
    if (a->type == WEIR_OBJECT) return wr_object_equal(a->as.o, b->as.o);
    return scalar_bits(a) == scalar_bits(b);
}

uint64_t wr_value_hash(const weir_value *v) {
    if (v->is_null) return 0;
    if (v->type == WEIR_STRING) return XXH3_64bits(weir_string_data(&v->as.s), v->as.s.len);
    uint64_t bits = scalar_bits(v);
    return XXH3_64bits_withSeed(&bits, sizeof bits, (uint64_t)v->type);
}

weir_value wr_column_get(const weir_column *c, uint32_t row) {
    weir_type type = c->boxed ? WEIR_OBJECT : c->type;
    if (!c->data || weir_is_null(c, row)) return wr_value_null(type);
    switch (type) {
    case WEIR_INT: return wr_value_int(((const int32_t *)c->data)[row]);
    case WEIR_LONG: return wr_value_long(((const int64_t *)c->data)[row]);
    case WEIR_FLOAT: return wr_value_float(((const float *)c->data)[row]);
    case WEIR_DOUBLE: return wr_value_double(((const double *)c->data)[row]);
    case WEIR_BOOL: return wr_value_bool(((const uint8_t *)c->data)[row] != 0);
    case WEIR_STRING: return wr_value_string(((const weir_string *)c->data)[row]);
    case WEIR_OBJECT: return wr_value_object(((weir_object *const *)c->data)[row]);
    default: return wr_value_null(type);
    }
}

void wr_column_set(weir_column *c, uint32_t row, const weir_value *v) {
    static const weir_value zero; /* a null cell must be safe to read */
    if (c->valid && !v->is_null) weir_set_valid(c, row);
    if (v->is_null) {
        weir_set_null(c, row);
        v = &zero;
    }
    switch (c->boxed ? WEIR_OBJECT : c->type) {
    case WEIR_INT: ((int32_t *)c->data)[row] = v->as.i; break;
    case WEIR_LONG: ((int64_t *)c->data)[row] = v->as.l; break;
    case WEIR_FLOAT: ((float *)c->data)[row] = v->as.f; break;
    case WEIR_DOUBLE: ((double *)c->data)[row] = v->as.d; break;
    case WEIR_BOOL: ((uint8_t *)c->data)[row] = v->as.b; break;
    case WEIR_STRING: ((weir_string *)c->data)[row] = v->as.s; break;
    case WEIR_OBJECT: ((weir_object **)c->data)[row] = v->as.o; break;
    default: break;
    }
}
