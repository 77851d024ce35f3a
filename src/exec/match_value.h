/* match_value.h: values of events as patterns compare them: null and NaN equal nothing, -0.0 equals 0.0. */
#ifndef WR_MATCH_VALUE_H
#define WR_MATCH_VALUE_H

#include "base/hash.h"
#include "data/value.h"
#include "plan/expr.h"

static inline bool wr_match_hash_real(double v, uint64_t *h) {
    uint64_t bits;
    if (v == 0) v = 0.0;
    memcpy(&bits, &v, sizeof bits);
    *h = wr_hash_pair(*h, bits);
    return v == v;
}

/* Mixes a key's value, which is not null, into *h; false: it equals nothing. */
static inline bool wr_match_hash(weir_type type, const void *value, uint64_t *h) {
    int32_t i;
    int64_t l;
    float f;
    double d;
    switch (type) {
    case WEIR_INT:
        memcpy(&i, value, sizeof i);
        *h = wr_hash_pair(*h, (uint32_t)i);
        return true;
    case WEIR_LONG:
        memcpy(&l, value, sizeof l);
        *h = wr_hash_pair(*h, (uint64_t)l);
        return true;
    case WEIR_FLOAT: memcpy(&f, value, sizeof f); return wr_match_hash_real((double)f, h);
    case WEIR_DOUBLE: memcpy(&d, value, sizeof d); return wr_match_hash_real(d, h);
    case WEIR_BOOL: *h = wr_hash_pair(*h, *(const uint8_t *)value); return true;
    case WEIR_STRING: {
        const weir_string *s = value;
        *h = wr_hash_pair(*h, wr_hash_bytes(weir_string_data(s), s->len));
        return true;
    }
    default: return false;
    }
}

#define WR_MATCH_HOLDS(a, b)                                                                                 \
    (op == WR_EQ   ? (a) == (b)                                                                              \
     : op == WR_NE ? (a) != (b)                                                                              \
     : op == WR_LT ? (a) < (b)                                                                               \
     : op == WR_LE ? (a) <= (b)                                                                              \
     : op == WR_GT ? (a) > (b)                                                                               \
                   : (a) >= (b))

/* Two values that are not null. Strings know == and != only. */
static inline bool wr_match_compare(wr_compare op, weir_type type, const void *a, const void *b) {
    int32_t ia, ib;
    int64_t la, lb;
    float fa, fb;
    double da, db;
    switch (type) {
    case WEIR_INT:
        memcpy(&ia, a, sizeof ia);
        memcpy(&ib, b, sizeof ib);
        return WR_MATCH_HOLDS(ia, ib);
    case WEIR_LONG:
        memcpy(&la, a, sizeof la);
        memcpy(&lb, b, sizeof lb);
        return WR_MATCH_HOLDS(la, lb);
    case WEIR_FLOAT:
        memcpy(&fa, a, sizeof fa);
        memcpy(&fb, b, sizeof fb);
        return WR_MATCH_HOLDS(fa, fb);
    case WEIR_DOUBLE:
        memcpy(&da, a, sizeof da);
        memcpy(&db, b, sizeof db);
        return WR_MATCH_HOLDS(da, db);
    case WEIR_BOOL: return WR_MATCH_HOLDS(*(const uint8_t *)a, *(const uint8_t *)b);
    case WEIR_STRING: return weir_string_equal(a, b) == (op == WR_EQ);
    default: return op != WR_EQ;
    }
}

/* Of 1, 4, 8 or 16 bytes: a call of memcpy would cost more than the copy. */
static inline void wr_match_copy_value(char *to, const char *from, uint32_t size) {
    switch (size) {
    case 1: *to = *from; break;
    case 4: memcpy(to, from, 4); break;
    case 8: memcpy(to, from, 8); break;
    default: memcpy(to, from, 16);
    }
}

#endif
