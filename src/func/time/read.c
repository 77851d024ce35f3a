/* read.c: times read from text by a pattern. See format.h. */
#include "base/time_range.h"
#include "func/time/fields.h"
#include "func/time/format.h"

#define FIRST_YEAR 1946 /* that two digits can mean */

typedef struct reader {
    const char *p, *end;
    wr_time_fields fields;
    int64_t zone_ms; /* ahead of GMT */
} reader;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Is the token one that begins with a digit? The field before it then takes as many as it is wide. */
static bool is_number(const wr_time_format *f, uint32_t i) {
    if (i >= f->n) return false;
    const wr_time_token *token = &f->tokens[i];
    if (!token->letter) return token->width && is_digit(f->plain[token->at]);
    if (token->letter == 'M') return token->width < 3;
    return !strchr("GEazZ", token->letter);
}

/* Exactly `width` digits, or, 0, all there are. */
static bool read_number(reader *r, uint32_t width, int32_t *out) {
    const char *begin = r->p;
    int64_t v = 0;
    while (r->p < r->end && is_digit(*r->p) && (!width || r->p - begin < width) && v <= INT32_MAX)
        v = v * 10 + (*r->p++ - '0');
    *out = (int32_t)v;
    return v <= INT32_MAX && (width ? r->p - begin == width : r->p > begin);
}

static bool take_text(reader *r, const char *text, size_t len) {
    if ((size_t)(r->end - r->p) < len || memcmp(r->p, text, len) != 0) return false;
    r->p += len;
    return true;
}

/* The number of a name, or its first three letters; -1: none. */
static int32_t read_name(reader *r, const char *const *names, int32_t n) {
    for (int32_t i = 0; i < n; i++)
        if (take_text(r, names[i], strlen(names[i])) || take_text(r, names[i], 3)) return i;
    return -1;
}

static int32_t read_either(reader *r, const char *const *names) {
    for (int32_t i = 0; names[i]; i++)
        if (take_text(r, names[i], strlen(names[i]))) return i % 2;
    return -1;
}

/* Two digits, perhaps. */
static int32_t peek_pair(const char *p, const char *end) {
    return end - p >= 2 && is_digit(p[0]) && is_digit(p[1]) ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

static void set_zone(reader *r, bool is_minus, int32_t hours, int32_t minutes) {
    int64_t ms = (hours * INT64_C(60) + minutes) * 60000;
    if (hours < 24 && minutes < 60) r->zone_ms = is_minus ? -ms : ms; /* else GMT, as in Java */
}

/* +hhmm or +hh:mm */
static bool read_offset(reader *r) {
    bool is_minus = *r->p == '-';
    int32_t hours = peek_pair(r->p + 1, r->end);
    if (hours < 0) return false;
    const char *p = r->p + 3;
    if (p < r->end && *p == ':') p++;
    int32_t minutes = peek_pair(p, r->end);
    if (minutes < 0) return false;
    r->p = p + 2;
    set_zone(r, is_minus, hours, minutes);
    return true;
}

/* Behind "GMT": +hh, or +hmm, perhaps. */
static void read_gmt_offset(reader *r) {
    if (r->p == r->end || (*r->p != '+' && *r->p != '-')) return;
    int32_t v = peek_pair(r->p + 1, r->end);
    if (v < 0) return;
    bool is_minus = *r->p == '-';
    r->p += 3;
    if (r->p < r->end && is_digit(*r->p)) {
        v = v * 10 + (*r->p++ - '0');
        set_zone(r, is_minus, v / 100, v % 100);
    } else {
        set_zone(r, is_minus, v, 0);
    }
}

static bool read_zone(reader *r) {
    r->zone_ms = 0;
    if (r->p < r->end && (*r->p == '+' || *r->p == '-')) return read_offset(r);
    if (take_text(r, "GMT", 3)) {
        read_gmt_offset(r);
        return true;
    }
    return take_text(r, "UTC", 3) || take_text(r, "Coordinated Universal Time", 26) ||
           take_text(r, "Greenwich Mean Time", 19);
}

static bool set_if(reader *r, wr_time_field field, int32_t value) {
    if (value >= 0) wr_time_field_set(&r->fields, field, value);
    return value >= 0;
}

static bool set_name(reader *r, char letter) {
    static const char *const eras[] = {"Before Christ", "Anno Domini", "BC", "AD", "B", "A", NULL};
    static const char *const halves[] = {"AM", "PM", "a", "p", NULL};
    switch (letter) {
    case 'G': return set_if(r, WR_FIELD_ERA, read_either(r, eras));
    case 'a': return set_if(r, WR_FIELD_AM_PM, read_either(r, halves));
    case 'M': return set_if(r, WR_FIELD_MONTH, read_name(r, wr_month_names, 12));
    case 'E': {
        int32_t day = read_name(r, wr_day_names, 7);
        return set_if(r, WR_FIELD_DAY_OF_WEEK, day < 0 ? day : day + 1);
    }
    default: return read_zone(r);
    }
}

static void set_number(reader *r, const wr_time_token *token, int32_t v) {
    wr_time_fields *f = &r->fields;
    switch (token->letter) {
    case 'y':
        if (token->width < 3 && v < 100) v += v < FIRST_YEAR % 100 ? 2000 : 1900;
        wr_time_field_set(f, WR_FIELD_YEAR, v);
        break;
    case 'M': wr_time_field_set(f, WR_FIELD_MONTH, v - 1); break;
    case 'd': wr_time_field_set(f, WR_FIELD_DAY_OF_MONTH, v); break;
    case 'D': wr_time_field_set(f, WR_FIELD_DAY_OF_YEAR, v); break;
    case 'F': wr_time_field_set(f, WR_FIELD_DAY_OF_WEEK_IN_MONTH, v); break;
    case 'w': wr_time_field_set(f, WR_FIELD_WEEK_OF_YEAR, v); break;
    case 'W': wr_time_field_set(f, WR_FIELD_WEEK_OF_MONTH, v); break;
    case 'H': wr_time_field_set(f, WR_FIELD_HOUR_OF_DAY, v % 24); break;
    case 'k': wr_time_field_set(f, WR_FIELD_HOUR_OF_DAY, v); break;
    case 'h': wr_time_field_set(f, WR_FIELD_HOUR, v % 12); break;
    case 'K': wr_time_field_set(f, WR_FIELD_HOUR, v); break;
    case 'm': wr_time_field_set(f, WR_FIELD_MINUTE, v); break;
    case 's': wr_time_field_set(f, WR_FIELD_SECOND, v); break;
    default: wr_time_field_set(f, WR_FIELD_MILLISECOND, v); /* S */
    }
}

static bool read_token(reader *r, const wr_time_format *f, uint32_t i) {
    const wr_time_token *token = &f->tokens[i];
    if (!token->letter) return take_text(r, f->plain + token->at, token->width);
    if (!is_number(f, i)) return set_name(r, token->letter);
    int32_t v;
    if (!read_number(r, is_number(f, i + 1) ? token->width : 0, &v)) return false;
    set_number(r, token, v);
    return true;
}

bool wr_time_read(const wr_time_format *f, const char *text, size_t len, int64_t *ms) {
    reader r = {.p = text, .end = text + len};
    for (uint32_t i = 0; i < f->n; i++)
        if (!read_token(&r, f, i)) return false;
    if (!wr_time_of_fields(&r.fields, ms)) return false;
    *ms -= r.zone_ms;
    return wr_is_time(*ms);
}
