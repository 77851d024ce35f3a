/* value.h: single values, and single cells of columns. For the edges, for state and for tests: kernels work
 * on whole columns instead. */
#ifndef WR_VALUE_H
#define WR_VALUE_H

#include "weir_ext.h"

static inline weir_value wr_value_null(weir_type type) { return (weir_value){.type = type, .is_null = true}; }
static inline weir_value wr_value_int(int32_t i) { return (weir_value){.type = WEIR_INT, .as.i = i}; }
static inline weir_value wr_value_long(int64_t l) { return (weir_value){.type = WEIR_LONG, .as.l = l}; }
static inline weir_value wr_value_float(float f) { return (weir_value){.type = WEIR_FLOAT, .as.f = f}; }
static inline weir_value wr_value_double(double d) { return (weir_value){.type = WEIR_DOUBLE, .as.d = d}; }
static inline weir_value wr_value_bool(bool b) { return (weir_value){.type = WEIR_BOOL, .as.b = b}; }
static inline weir_value wr_value_string(weir_string s) {
    return (weir_value){.type = WEIR_STRING, .as.s = s};
}
static inline weir_value wr_value_object(weir_object *o) {
    return (weir_value){.type = WEIR_OBJECT, .is_null = !o, .as.o = o};
}
/* A string value over a C string that the caller keeps alive. */
static inline weir_value wr_value_text(const char *text) {
    return wr_value_string(weir_string_view(text, (uint32_t)strlen(text)));
}

/* An object that boxes a value gives that value (its bytes stay the object's); anything else itself. */
weir_value wr_value_unbox(weir_value v);

/* Equality as a Java set sees it, of unboxed values: type and value; all nulls are one; NaN equals NaN and
 * 0.0 differs from -0.0; lists, sets and maps are equal when what they hold is, errors when they are the same
 * object. */
bool wr_value_equal(const weir_value *a, const weir_value *b);
/* Equal values have equal hashes; the same in every run and on every machine. */
uint64_t wr_value_hash(const weir_value *v);

/* What a cell holds. A boxed or object column gives an object; strings point where the column's do. */
weir_value wr_column_get(const weir_column *c, uint32_t row);
/* Stores v, which is null or of the column's type (of type object if the column is boxed), as it is: string
 * bytes are not copied, objects not referenced. A null needs c->valid. */
void wr_column_set(weir_column *c, uint32_t row, const weir_value *v);

#endif
