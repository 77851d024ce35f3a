/* text_write.c: values to text; see text.h. */
#include <math.h>

#include "data/digits.h"
#include "data/json.h"
#include "data/object.h"
#include "data/text.h"
#include "data/value.h"

/* How many digits u has. */
static unsigned digits_of(uint64_t u) {
    static const uint64_t powers[] = {
        0,
        10u,
        100u,
        1000u,
        10000u,
        100000u,
        1000000u,
        10000000u,
        100000000u,
        1000000000u,
        10000000000u,
        100000000000u,
        1000000000000u,
        10000000000000u,
        100000000000000u,
        1000000000000000u,
        10000000000000000u,
        100000000000000000u,
        1000000000000000000u,
        10000000000000000000u,
    };
    unsigned bits = 64 - (unsigned)__builtin_clzll(u | 1);
    unsigned least = bits * 1233 >> 12; /* log10(2) = 1233 / 4096, nearly: this or one more */
    return least + (u >= powers[least]);
}

size_t wr_text_of_long(int64_t v, char *out) {
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
        "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
        "8081828384858687888990919293949596979899";
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    size_t end = digits_of(u) + (v < 0), at = end;
    if (v < 0) *out = '-';
    for (; u >= 100; u /= 100) memcpy(out + (at -= 2), pairs + u % 100 * 2, 2);
    if (u >= 10)
        memcpy(out + at - 2, pairs + u * 2, 2);
    else
        out[at - 1] = (char)('0' + u);
    return end;
}

/* ---- Floating numbers --------------------------------------------------------------------------------- */

static char *put_zeros(char *p, int n) {
    while (n-- > 0) *p++ = '0';
    return p;
}

static char *put_digits(char *p, const wr_digits *d, int from, int to) {
    for (int i = from; i < to && i < d->n; i++) *p++ = d->digit[i];
    return p;
}

/* 12.5, 0.05, 100.0 */
static char *put_positional(char *p, const wr_digits *d) {
    if (d->exponent <= 0) {
        *p++ = '0';
        *p++ = '.';
        p = put_zeros(p, -d->exponent);
        return put_digits(p, d, 0, d->n);
    }
    p = put_digits(p, d, 0, d->exponent);
    p = put_zeros(p, d->exponent - d->n);
    *p++ = '.';
    if (d->n <= d->exponent) *p++ = '0';
    return put_digits(p, d, d->exponent, d->n);
}

/* 1.0E10 */
static char *put_scientific(char *p, const wr_digits *d) {
    *p++ = d->digit[0];
    *p++ = '.';
    if (d->n == 1) *p++ = '0';
    p = put_digits(p, d, 1, d->n);
    *p++ = 'E';
    return p + wr_text_of_long(d->exponent - 1, p);
}

static size_t put_word(char *out, const char *word) {
    size_t len = strlen(word);
    memcpy(out, word, len);
    return len;
}

static size_t put_special(char *out, double v) {
    if (isnan(v)) return put_word(out, "NaN");
    if (isinf(v)) return put_word(out, v < 0 ? "-Infinity" : "Infinity");
    return put_word(out, signbit(v) ? "-0.0" : "0.0");
}

static bool is_special(double v) { return !isfinite(v) || v == 0; }

/* Positional from 1e-3 to below 1e7, else scientific. */
static size_t put_number(char *out, const wr_digits *d, bool negative) {
    char *p = out;
    if (negative) *p++ = '-';
    p = d->exponent > -3 && d->exponent <= 7 ? put_positional(p, d) : put_scientific(p, d);
    return (size_t)(p - out);
}

size_t wr_text_of_double(double v, char *out) {
    if (is_special(v)) return put_special(out, v);
    wr_digits d;
    wr_digits_of_double(v, WR_DIGITS_JAVA, &d);
    return put_number(out, &d, v < 0);
}

size_t wr_text_of_float(float v, char *out) {
    if (is_special((double)v)) return put_special(out, (double)v);
    wr_digits d;
    wr_digits_of_float(v, WR_DIGITS_JAVA, &d);
    return put_number(out, &d, v < 0);
}

/* ---- Values ------------------------------------------------------------------------------------------- */

static void put_set(wr_buf *out, const weir_object *set) {
    uint32_t n = weir_object_set_size(set);
    wr_buf_putc(out, '[');
    for (uint32_t i = 0; i < n; i++) {
        weir_value member = weir_object_set_member(set, i);
        if (i) wr_buf_puts(out, ", ");
        wr_text_of_value(out, &member);
    }
    wr_buf_putc(out, ']');
}

static void put_list(wr_buf *out, const weir_object *list) {
    uint32_t n = weir_object_list_size(list);
    wr_buf_putc(out, '[');
    for (uint32_t i = 0; i < n; i++) {
        weir_value member = weir_object_list_at(list, i);
        if (i) wr_buf_puts(out, ", ");
        wr_text_of_value(out, &member);
    }
    wr_buf_putc(out, ']');
}

static void put_map(wr_buf *out, const weir_object *map) {
    uint32_t cursor = 0;
    weir_value key, value;
    wr_buf_putc(out, '{');
    for (bool is_first = true; weir_object_map_next(map, &cursor, &key, &value); is_first = false) {
        if (!is_first) wr_buf_puts(out, ", ");
        wr_text_of_value(out, &key);
        wr_buf_putc(out, '=');
        wr_text_of_value(out, &value);
    }
    wr_buf_putc(out, '}');
}

static void put_object(wr_buf *out, const weir_object *o) {
    weir_value v = {.type = WEIR_OBJECT, .as.o = (weir_object *)(uintptr_t)o};
    if (o->is_json) {
        wr_json_of_value(out, &v, WR_JSON_WEB);
        return;
    }
    switch (weir_object_get_kind(o)) {
    case WEIR_OBJECT_SET: put_set(out, o); break;
    case WEIR_OBJECT_LIST: put_list(out, o); break;
    case WEIR_OBJECT_MAP: put_map(out, o); break;
    default: v = weir_object_get_value(o); wr_text_of_value(out, &v);
    }
}

static size_t number_text(const weir_value *v, char *out) {
    switch (v->type) {
    case WEIR_INT: return wr_text_of_long(v->as.i, out);
    case WEIR_LONG: return wr_text_of_long(v->as.l, out);
    case WEIR_FLOAT: return wr_text_of_float(v->as.f, out);
    case WEIR_DOUBLE: return wr_text_of_double(v->as.d, out);
    default: return 0;
    }
}

void wr_text_of_value(wr_buf *out, const weir_value *v) {
    char text[WR_NUMBER_TEXT];
    if (v->is_null) {
        wr_buf_puts(out, "null");
        return;
    }
    switch (v->type) {
    case WEIR_BOOL: wr_buf_puts(out, v->as.b ? "true" : "false"); break;
    case WEIR_STRING: wr_buf_put(out, weir_string_data(&v->as.s), v->as.s.len); break;
    case WEIR_OBJECT: put_object(out, v->as.o); break;
    default: wr_buf_put(out, text, number_text(v, text));
    }
}

size_t weir_value_text(const weir_value *value, char *text, size_t size) {
    wr_buf b = WR_BUF_INIT;
    wr_text_of_value(&b, value);
    size_t len = b.failed ? SIZE_MAX : b.len, shown = b.failed || !size ? 0 : WR_MIN(b.len, size - 1);
    if (shown) memcpy(text, b.data, shown);
    if (size) text[shown] = 0;
    wr_buf_fini(&b);
    return len;
}
