/* units.c: amounts with units, as option values have them: spans of time and numbers of bytes. */
#include <ctype.h>
#include <string.h>

#include "base/compiler.h"
#include "io/options.h"

typedef struct unit {
    const char *name;
    int64_t factor;
} unit;

static const unit time_units[] = {
    {"ms", 1},           {"milli", 1},        {"millis", 1},       {"millisec", 1},    {"millisecond", 1},
    {"milliseconds", 1}, {"sec", 1000},       {"second", 1000},    {"seconds", 1000},  {"min", 60000},
    {"minute", 60000},   {"minutes", 60000},  {"hour", 3600000},   {"hours", 3600000}, {"day", 86400000},
    {"days", 86400000},  {"week", 604800000}, {"weeks", 604800000}};

static const unit byte_units[] = {{"b", 1},        {"k", 1024},      {"kb", 1024},    {"m", 1 << 20},
                                  {"mb", 1 << 20}, {"g", 1 << 30},   {"gb", 1 << 30}, {"bytes", 1},
                                  {"kib", 1024},   {"mib", 1 << 20}, {"gib", 1 << 30}};

static const char *skip_spaces(const char *p) {
    while (*p == ' ' || *p == '\t') p++;
    return p;
}

/* Digits at *p; false: none, or too many. */
static bool take_amount(const char **p, int64_t *out) {
    const char *q = *p;
    int64_t v = 0;
    for (; *q >= '0' && *q <= '9'; q++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *q - '0', &v)) return false;
    bool some = q > *p;
    *p = q;
    *out = v;
    return some;
}

static const unit *take_unit(const char **p, const unit *units, size_t n) {
    size_t len = 0;
    while (isalpha((unsigned char)(*p)[len])) len++;
    for (size_t i = 0; i < n; i++) {
        if (strlen(units[i].name) != len || strncasecmp(units[i].name, *p, len) != 0) continue;
        *p += len;
        return &units[i];
    }
    return NULL;
}

/* Sums "amount unit" pairs; a bare amount has factor 1. */
static bool parse_sum(const char *text, const unit *units, size_t n_units, int64_t *out) {
    const char *p = skip_spaces(text);
    int64_t sum = 0, amount;
    bool first = true;
    while (*p) {
        if (!take_amount(&p, &amount)) return false;
        p = skip_spaces(p);
        if (!*p && first) {
            *out = amount;
            return true;
        }
        const unit *u = take_unit(&p, units, n_units);
        if (!u || __builtin_mul_overflow(amount, u->factor, &amount) ||
            __builtin_add_overflow(sum, amount, &sum))
            return false;
        p = skip_spaces(p);
        first = false;
    }
    *out = sum;
    return !first;
}

bool wr_parse_time_span(const char *text, int64_t *ms) {
    return parse_sum(text, time_units, WR_COUNT(time_units), ms);
}

bool wr_parse_bytes(const char *text, int64_t *size_bytes) {
    return parse_sum(text, byte_units, WR_COUNT(byte_units), size_bytes);
}
