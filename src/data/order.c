/* order.c: see order.h. */
#include "data/order.h"

#include "base/compiler.h"

/* By UTF-16 units, as Java compares: characters past U+FFFF (lead byte F0 on) are before U+E000..U+FFFF. */
static int compare_text(const weir_string *a, const weir_string *b) {
    const unsigned char *x = (const unsigned char *)weir_string_data(a),
                        *y = (const unsigned char *)weir_string_data(b);
    uint32_t n = WR_MIN(a->len, b->len), i = 0;
    while (i < n && x[i] == y[i]) i++;
    if (i == n) return (a->len > b->len) - (a->len < b->len);
    if (x[i] >= 0xEE && y[i] >= 0xEE && (x[i] >= 0xF0) != (y[i] >= 0xF0)) return x[i] >= 0xF0 ? -1 : 1;
    return x[i] < y[i] ? -1 : 1;
}

/* Java's Double.compare: -0.0 before 0.0, NaN last. */
static int compare_doubles(double a, double b) {
    if (a < b) return -1;
    if (a > b) return 1;
    int64_t x, y;
    bool a_nan = a != a, b_nan = b != b;
    if (a_nan || b_nan) return a_nan - b_nan;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return (x > y) - (x < y);
}

int wr_value_order(const weir_value *a, const weir_value *b) {
    switch (a->type) {
    case WEIR_INT: return (a->as.i > b->as.i) - (a->as.i < b->as.i);
    case WEIR_LONG: return (a->as.l > b->as.l) - (a->as.l < b->as.l);
    case WEIR_FLOAT: return compare_doubles((double)a->as.f, (double)b->as.f);
    case WEIR_DOUBLE: return compare_doubles(a->as.d, b->as.d);
    case WEIR_STRING: return compare_text(&a->as.s, &b->as.s);
    default: return 0;
    }
}
