/* number_parse.c: text to numbers. See number.h. */
#include "io/number.h"

#include <math.h>
#include <stdbool.h>

#include "data/decimal.h"

wr_number_status wr_parse_long(const char *text, size_t len, int64_t *out) {
    const char *p = text, *end = text + len;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return WR_NUMBER_MALFORMED;
    uint64_t v = 0;
    const char *safe = end - p > 18 ? p + 18 : end; /* 18 digits can't overflow */
    for (; p < safe; p++) {
        unsigned digit = (unsigned)*p - '0';
        if (digit > 9) return WR_NUMBER_MALFORMED;
        v = v * 10 + digit;
    }
    bool over = false;
    for (; p < end; p++) {
        unsigned digit = (unsigned)*p - '0';
        if (digit > 9) return WR_NUMBER_MALFORMED;
        over |= __builtin_mul_overflow(v, (uint64_t)10, &v) || __builtin_add_overflow(v, (uint64_t)digit, &v);
    }
    if (over || v > (uint64_t)INT64_MAX + negative) return WR_NUMBER_RANGE;
    *out = (int64_t)(negative ? 0 - v : v);
    return WR_NUMBER_OK;
}

wr_number_status wr_parse_int(const char *text, size_t len, int32_t *out) {
    int64_t v;
    wr_number_status status = wr_parse_long(text, len, &v);
    if (status != WR_NUMBER_OK) return status;
    if (v < INT32_MIN || v > INT32_MAX) return WR_NUMBER_RANGE;
    *out = (int32_t)v;
    return WR_NUMBER_OK;
}

/* 1: NaN or Infinity; *out has it. */
static bool parse_special(const char *text, size_t len, double *out) {
    static const struct {
        const char *name;
        double value;
    } specials[] = {{"nan", NAN}, {"infinity", INFINITY}, {"inf", INFINITY}};
    bool negative = len && *text == '-';
    if (len && (*text == '-' || *text == '+')) text++, len--;
    for (size_t i = 0; i < WR_COUNT(specials); i++) {
        size_t k = 0;
        while (k < len && specials[i].name[k] && (text[k] | 32) == specials[i].name[k]) k++;
        if (k != len || specials[i].name[k]) continue;
        *out = negative ? -specials[i].value : specials[i].value;
        return true;
    }
    return false;
}

/* A sign and a decimal; false: it is none. */
static bool scan(const char *text, size_t len, bool *negative, wr_decimal *d) {
    const char *p = text, *end = p + len;
    *negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    return wr_decimal_scan(&p, end, d) && p == end;
}

wr_number_status wr_parse_double(const char *text, size_t len, double *out) {
    wr_decimal d;
    bool negative;
    if (WR_UNLIKELY(!scan(text, len, &negative, &d)))
        return parse_special(text, len, out) ? WR_NUMBER_OK : WR_NUMBER_MALFORMED;
    double v = wr_decimal_to_double(&d);
    if (WR_UNLIKELY(isinf(v))) return WR_NUMBER_RANGE;
    *out = negative ? -v : v;
    return WR_NUMBER_OK;
}

wr_number_status wr_parse_float(const char *text, size_t len, float *out) {
    wr_decimal d;
    bool negative;
    if (WR_UNLIKELY(!scan(text, len, &negative, &d))) {
        double special;
        if (!parse_special(text, len, &special)) return WR_NUMBER_MALFORMED;
        *out = (float)special;
        return WR_NUMBER_OK;
    }
    float v = wr_decimal_to_float(&d);
    if (WR_UNLIKELY(isinf(v))) return WR_NUMBER_RANGE;
    *out = negative ? -v : v;
    return WR_NUMBER_OK;
}
