/* event_time.c: see event_time.h. */
#include "io/event_time.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/time_range.h"

/* ---- Dates -------------------------------------------------------------------------------------------- */

typedef struct moment {
    int64_t year, month, day, hour, minute, second, nanos, zone_minutes;
} moment;

/* Days since 1970-01-01 of a date of the Gregorian calendar, carried on backwards. Years start in March, so
 * that the leap day is the last; 400 years are 146097 days. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
    if (month <= 2) year--;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t days_in_month(int64_t year, int64_t month) {
    static const uint8_t days[] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month] + (month == 2 && leap);
}

static bool to_ms(const moment *m, int64_t *ms) {
    if (m->month < 1 || m->month > 12 || m->day < 1 || m->day > days_in_month(m->year, m->month))
        return false;
    if (m->hour > 23 || m->minute > 59 || m->second > 60) return false;
    int64_t minutes = (days_of(m->year, m->month, m->day) * 24 + m->hour) * 60 + m->minute - m->zone_minutes;
    *ms = (minutes * 60 + m->second) * 1000 + m->nanos / 1000000;
    return true;
}

/* Exactly `width` digits, or with width 1 from 1 to 9. */
static bool take_number(const char **p, const char *end, unsigned width, int64_t *out) {
    unsigned n = 0, most = width == 1 ? 9 : width;
    int64_t v = 0;
    for (; n < most && *p < end && **p >= '0' && **p <= '9'; n++) v = v * 10 + *(*p)++ - '0';
    *out = v;
    return width == 1 ? n > 0 : n == width;
}

/* Digits of a second's fraction, as nanoseconds; those past the ninth don't count. */
static bool take_fraction(const char **p, const char *end, unsigned width, int64_t *nanos) {
    unsigned n = 0;
    int64_t v = 0;
    for (; *p < end && **p >= '0' && **p <= '9' && (width == 1 || n < width); n++, (*p)++)
        if (n < 9) v = v * 10 + **p - '0';
    for (unsigned i = n; i < 9; i++) v *= 10;
    *nanos = v;
    return width == 1 ? n > 0 : n == width;
}

/* Z, +hh, +hhmm or +hh:mm. */
static bool take_zone(const char **p, const char *end, int64_t *minutes) {
    if (*p == end) return false;
    char sign = *(*p)++;
    *minutes = 0;
    if (sign == 'Z' || sign == 'z') return true;
    int64_t hours, rest = 0;
    if ((sign != '+' && sign != '-') || !take_number(p, end, 2, &hours)) return false;
    if (*p < end && **p == ':') (*p)++;
    if (*p < end && !take_number(p, end, 2, &rest)) return false;
    *minutes = (hours * 60 + rest) * (sign == '-' ? -1 : 1);
    return hours < 24 && rest < 60;
}

static bool take_sign(const char **p, const char *end, char sign) {
    if (*p == end || **p != sign) return false;
    (*p)++;
    return true;
}

/* 2013-01-31, then T or a space and 05:00[:00[.123]], then a zone; all after the date is optional. */
static bool parse_iso(const char *p, const char *end, moment *m) {
    if (!take_number(&p, end, 4, &m->year) || !take_sign(&p, end, '-') ||
        !take_number(&p, end, 2, &m->month) || !take_sign(&p, end, '-') || !take_number(&p, end, 2, &m->day))
        return false;
    if (p == end) return true;
    if (*p != 'T' && *p != 't' && *p != ' ') return false;
    p++;
    if (!take_number(&p, end, 2, &m->hour) || !take_sign(&p, end, ':') ||
        !take_number(&p, end, 2, &m->minute))
        return false;
    if (p < end && *p == ':') {
        p++;
        if (!take_number(&p, end, 2, &m->second)) return false;
        if (p < end && (*p == '.' || *p == ',')) {
            p++;
            if (!take_fraction(&p, end, 1, &m->nanos)) return false;
        }
    }
    if (p < end && *p == ' ') p++;
    return p == end || (take_zone(&p, end, &m->zone_minutes) && p == end);
}

/* ---- Patterns ----------------------------------------------------------------------------------------- */

static bool add_step(wr_time_pattern *out, char letter, char literal, size_t width) {
    if (out->n_steps == WR_TIME_PATTERN_MAX || width > 9) return false;
    out->steps[out->n_steps].letter = letter;
    out->steps[out->n_steps].literal = literal;
    out->steps[out->n_steps++].width = (uint8_t)width;
    return true;
}

/* 'text' with '' for a quote; *p is at the opening quote. */
static bool add_quoted(wr_time_pattern *out, const char **p) {
    const char *q = *p + 1;
    if (*q == '\'') {
        *p = q + 1;
        return add_step(out, 0, '\'', 1);
    }
    for (; *q && (*q != '\'' || q[1] == '\''); q++) {
        if (*q == '\'') q++;
        if (!add_step(out, 0, *q, 1)) return false;
    }
    *p = *q ? q + 1 : q;
    return *q == '\'';
}

weir_status wr_time_pattern_parse(const char *text, wr_time_pattern *out, weir_error *err) {
    *out = (wr_time_pattern){0};
    if (!text || strcasecmp(text, "ISO8601") == 0 || strcasecmp(text, "ISO 8601") == 0) return WEIR_OK;
    bool fits = *text != 0;
    for (const char *p = text; *p && fits;) {
        bool is_letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
        if (*p == '\'') {
            fits = add_quoted(out, &p);
        } else if (!is_letter) {
            fits = add_step(out, 0, *p++, 1);
        } else {
            char letter = *p == 'Z' || *p == 'x' ? 'X' : *p == 'u' ? 'y' : *p;
            if (!strchr("yMdHmsSX", letter))
                return weir_fail(
                    err, WEIR_EUNSUPPORTED,
                    "weir does not read the letter '%c' in the time format '%s'; it may have y M d H m s S X",
                    *p, text);
            size_t width = 0;
            for (char c = *p; *p == c; p++) width++;
            fits = add_step(out, letter, 0, width);
        }
    }
    if (!fits)
        return weir_fail(err, WEIR_ECONFIG, "'%s' is not a time format such as 'yyyy-MM-dd HH:mm:ss'", text);
    return WEIR_OK;
}

static bool take_step(char letter, unsigned width, const char **p, const char *end, moment *m) {
    switch (letter) {
    case 'y':
        if (!take_number(p, end, width, &m->year)) return false;
        if (width == 2) m->year += 2000;
        return true;
    case 'M': return take_number(p, end, width, &m->month);
    case 'd': return take_number(p, end, width, &m->day);
    case 'H': return take_number(p, end, width, &m->hour);
    case 'm': return take_number(p, end, width, &m->minute);
    case 's': return take_number(p, end, width, &m->second);
    case 'S': return take_fraction(p, end, width, &m->nanos);
    default: return take_zone(p, end, &m->zone_minutes);
    }
}

bool wr_time_from_text(const wr_time_pattern *pattern, const char *text, size_t len, int64_t *ms) {
    const char *p = text, *end = text + len;
    moment m = {.year = 1970, .month = 1, .day = 1};
    if (!pattern->n_steps) return parse_iso(p, end, &m) && to_ms(&m, ms);
    for (uint32_t i = 0; i < pattern->n_steps; i++) {
        char letter = pattern->steps[i].letter;
        if (letter ? !take_step(letter, pattern->steps[i].width, &p, end, &m)
                   : !take_sign(&p, end, pattern->steps[i].literal))
            return false;
    }
    return p == end && to_ms(&m, ms);
}

/* ---- Attributes --------------------------------------------------------------------------------------- */

static bool find_attribute(const weir_schema *schema, const char *name, uint32_t *out) {
    for (*out = 0; *out < schema->n_attributes; (*out)++)
        if (strcmp(schema->attributes[*out].name, name) == 0) return true;
    return false;
}

static weir_status set_unit(wr_event_time *t, const char *format, weir_error *err) {
    static const struct {
        const char *name;
        int64_t num, den;
    } units[] = {{"ms", 1, 1}, {"s", 1000, 1}, {"us", 1, 1000}, {"ns", 1, 1000000}};
    for (size_t i = 0; i < WR_COUNT(units); i++) {
        if (strcmp(format ? format : "ms", units[i].name) != 0) continue;
        t->unit_num = units[i].num;
        t->unit_den = units[i].den;
        return WEIR_OK;
    }
    return weir_fail(err, WEIR_ECONFIG,
                     "event.time.format is '%s'; for a number it is 's', 'ms', 'us' or 'ns' (since 1970)",
                     format);
}

weir_status wr_event_time_open(wr_event_time *t, const weir_schema *schema, const char *attribute,
                               const char *format, weir_error *err) {
    *t = (wr_event_time){0};
    if (!find_attribute(schema, attribute, &t->column))
        return weir_fail(err, WEIR_ENAME, "event.time is '%s', which is no attribute of '%s'", attribute,
                         schema->stream);
    t->type = schema->attributes[t->column].type;
    if (t->type == WEIR_STRING) return wr_time_pattern_parse(format, &t->pattern, err);
    if (t->type == WEIR_INT || t->type == WEIR_LONG || t->type == WEIR_DOUBLE)
        return set_unit(t, format, err);
    return weir_fail(err, WEIR_ETYPE, "event.time is '%s', a %s; it must be a number or a string", attribute,
                     weir_type_name(t->type));
}

static bool from_number(const wr_event_time *t, int64_t v, int64_t *ms) {
    int64_t scaled;
    if (__builtin_mul_overflow(v, t->unit_num, &scaled)) return false;
    int64_t whole = scaled / t->unit_den;
    *ms = whole - (scaled % t->unit_den < 0); /* rounded down, before 1970 too */
    return true;
}

static bool from_double(const wr_event_time *t, double v, int64_t *ms) {
    double scaled = floor(v * (double)t->unit_num / (double)t->unit_den);
    if (!(scaled > -9.2e18 && scaled < 9.2e18)) return false;
    *ms = (int64_t)scaled;
    return true;
}

bool wr_event_time_of(const wr_event_time *t, const weir_rows *rows, uint32_t row, int64_t *ms, char *text,
                      size_t text_size) {
    const weir_column *c = &rows->cols[t->column];
    if (WR_UNLIKELY(weir_is_null(c, row))) {
        snprintf(text, text_size, "the event time is null");
        return false;
    }
    bool fits;
    switch (t->type) {
    case WEIR_INT: fits = from_number(t, ((const int32_t *)c->data)[row], ms); break;
    case WEIR_LONG: fits = from_number(t, ((const int64_t *)c->data)[row], ms); break;
    case WEIR_DOUBLE: fits = from_double(t, ((const double *)c->data)[row], ms); break;
    default: {
        const weir_string *s = (const weir_string *)c->data + row;
        fits = wr_time_from_text(&t->pattern, weir_string_data(s), s->len, ms);
        if (WR_UNLIKELY(!fits))
            snprintf(text, text_size, "the event time '%.*s' is not of its format", (int)WR_MIN(s->len, 40u),
                     weir_string_data(s));
        return fits;
    }
    }
    fits = fits && wr_is_time(*ms);
    if (WR_UNLIKELY(!fits)) snprintf(text, text_size, "the event time is out of range");
    return fits;
}
