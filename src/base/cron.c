/* cron.c: see cron.h. A month's due days are worked out as one bitmap, so that the search for the next time
 * steps over months, not over seconds. */
#include "base/cron.h"

#include <ctype.h>
#include <string.h>

#define FIRST_YEAR 1970
#define LAST_YEAR  2099

/* ---- Parsing ---- */

typedef enum field_kind { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR, N_FIELDS } field_kind;

static const struct {
    const char *name;
    int least, most;
} fields[N_FIELDS] = {
    [SECOND] = {"second", 0, 59},
    [MINUTE] = {"minute", 0, 59},
    [HOUR] = {"hour", 0, 23},
    [DAY] = {"day of month", 1, 31},
    [MONTH] = {"month", 1, 12},
    [WEEKDAY] = {"day of week", 1, 7},
    [YEAR] = {"year", FIRST_YEAR, LAST_YEAR},
};

typedef struct parser {
    const char *text;
    size_t at, end; /* of the field in hand */
    field_kind kind;
    wr_cron *cron;
    weir_error *err;
} parser;

static weir_status fail_at(const parser *p, size_t begin, size_t end, const char *what) {
    const char *name = fields[p->kind].name;
    weir_fail(p->err, WEIR_EPARSE, "cron: %s '%.*s' %s", name, (int)WR_MIN(end - begin, 40), p->text + begin,
              what);
    if (p->err) {
        p->err->begin = (uint32_t)begin;
        p->err->end = (uint32_t)end;
    }
    return WEIR_EPARSE;
}

static char peek(const parser *p) {
    return p->at < p->end ? (char)toupper((unsigned char)p->text[p->at]) : 0;
}
static bool accept(parser *p, char c) {
    if (peek(p) != c) return false;
    p->at++;
    return true;
}

static bool accept_number(parser *p, int *out) {
    int v = 0;
    size_t first = p->at;
    for (; p->at < p->end && isdigit((unsigned char)p->text[p->at]); p->at++)
        v = v < 100000 ? v * 10 + (p->text[p->at] - '0') : v;
    *out = v;
    return p->at > first;
}

/* A month's or weekday's three letters. */
static bool accept_name(parser *p, int *out) {
    static const char months[] = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC", weekdays[] = "SUNMONTUEWEDTHUFRISAT";
    const char *names = p->kind == MONTH ? months : p->kind == WEEKDAY ? weekdays : "";
    if (p->end - p->at < 3) return false;
    for (size_t i = 0; i + 3 <= strlen(names); i += 3) {
        char c[3];
        for (size_t k = 0; k < 3; k++) c[k] = (char)toupper((unsigned char)p->text[p->at + k]);
        if (memcmp(c, names + i, 3) != 0) continue;
        *out = (int)(i / 3) + 1;
        p->at += 3;
        return true;
    }
    return false;
}

static weir_status parse_value(parser *p, int *out) {
    size_t first = p->at;
    if (!accept_number(p, out) && !accept_name(p, out)) {
        if (p->kind == MONTH || p->kind == WEEKDAY)
            return fail_at(p, first, p->end, "is not a number or a name");
        return fail_at(p, first, p->end, "is not a number");
    }
    if (*out < fields[p->kind].least || *out > fields[p->kind].most)
        return fail_at(p, first, p->at, "is out of range");
    return WEIR_OK;
}

static void include(parser *p, int v) {
    wr_cron *c = p->cron;
    uint64_t bit = (uint64_t)1 << (v & 63);
    switch (p->kind) {
    case SECOND: c->seconds |= bit; break;
    case MINUTE: c->minutes |= bit; break;
    case HOUR: c->hours |= (uint32_t)bit; break;
    case DAY: c->days |= (uint32_t)bit; break;
    case MONTH: c->months |= (uint32_t)bit; break;
    case WEEKDAY: c->weekdays |= (uint32_t)bit; break;
    default: c->years[(v - FIRST_YEAR) >> 6] |= (uint64_t)1 << ((v - FIRST_YEAR) & 63); break;
    }
}

/* first..last by step; a range that ends before it begins goes round. */
static void include_range(parser *p, int first, int last, int step) {
    int least = fields[p->kind].least, size = fields[p->kind].most - least + 1;
    if (last < first) last += size;
    for (int v = first; v <= last; v += step) include(p, least + (v - least) % size);
}

static weir_status parse_step(parser *p, int *step) {
    size_t first = p->at;
    *step = 1;
    if (!accept(p, '/')) return WEIR_OK;
    int size = fields[p->kind].most - fields[p->kind].least + 1;
    if (!accept_number(p, step) || *step < 1 || *step > size)
        return fail_at(p, first, p->end, "is not a step that fits");
    return WEIR_OK;
}

/* `*`, a, a-b, each with or without a step. */
static weir_status parse_item(parser *p) {
    int first = fields[p->kind].least, last = fields[p->kind].most, step;
    size_t begin = p->at;
    bool all = accept(p, '*') || peek(p) == '/';
    if (!all) {
        WR_TRY(parse_value(p, &first));
        last = first;
        if (accept(p, '-')) {
            WR_TRY(parse_value(p, &last));
            if (p->kind == YEAR && last < first) return fail_at(p, begin, p->at, "is a range backwards");
        } else if (peek(p) == '/') {
            last = fields[p->kind].most;
        }
    }
    WR_TRY(parse_step(p, &step));
    include_range(p, first, last, step);
    return WEIR_OK;
}

static weir_status parse_list(parser *p) {
    do WR_TRY(parse_item(p));
    while (accept(p, ','));
    return p->at == p->end ? WEIR_OK : fail_at(p, p->at, p->end, "can't be understood");
}

/* L, L-3, LW, L-3W, 15W. *done is false if the field is none of them. */
static weir_status parse_day(parser *p, bool *done) {
    wr_cron *c = p->cron;
    size_t first = p->at;
    int v;
    *done = true;
    if (accept(p, 'L')) {
        c->last_day = true;
        if (accept(p, '-')) {
            if (!accept_number(p, &v) || v > 30) return fail_at(p, first, p->end, "is more than 30 before L");
            c->before_last = (uint8_t)v;
        }
        c->nearest = accept(p, 'W');
        return p->at == p->end ? WEIR_OK : fail_at(p, first, p->end, "is L with more than L can take");
    }
    if (accept_number(p, &v) && accept(p, 'W')) {
        if (p->at < p->end) return fail_at(p, first, p->end, "is W, which takes a single day");
        if (v < 1 || v > 31) return fail_at(p, first, p->end, "is out of range");
        c->nearest = true;
        include(p, v);
        return WEIR_OK;
    }
    p->at = first;
    *done = false;
    return WEIR_OK;
}

/* L, 6L, FRIL, 6#3. */
static weir_status parse_weekday(parser *p, bool *done) {
    wr_cron *c = p->cron;
    size_t first = p->at;
    int v = 7, nth = 0;
    *done = true;
    if (accept(p, 'L') && p->at == p->end) {
        include(p, v);
        return WEIR_OK;
    }
    p->at = first;
    if (accept_number(p, &v) || accept_name(p, &v)) {
        bool last = accept(p, 'L');
        if ((last || peek(p) == '#') && (v < 1 || v > 7)) return fail_at(p, first, p->end, "is out of range");
        if (!last && accept(p, '#') && (!accept_number(p, &nth) || nth < 1 || nth > 5))
            return fail_at(p, first, p->end, "needs a number from 1 to 5 after #");
        if ((last || nth) && p->at < p->end) return fail_at(p, first, p->end, "takes a single day");
        if (last) c->last_of = (uint8_t)v;
        if (nth) c->nth = (uint8_t)nth;
        if (nth) include(p, v);
        if (last || nth) return WEIR_OK;
    }
    p->at = first;
    *done = false;
    return WEIR_OK;
}

static weir_status parse_field(parser *p, bool *is_any) {
    bool done = false;
    *is_any = p->end - p->at == 1 && peek(p) == '?';
    if (*is_any && p->kind != DAY && p->kind != WEEKDAY)
        return fail_at(p, p->at, p->end, "stands where only a day may be left open");
    if (*is_any) return WEIR_OK;
    if (p->kind == DAY) WR_TRY(parse_day(p, &done));
    if (p->kind == WEEKDAY) WR_TRY(parse_weekday(p, &done));
    return done ? WEIR_OK : parse_list(p);
}

static bool next_field(const char *text, size_t len, size_t *at, size_t *end) {
    while (*at < len && isspace((unsigned char)text[*at])) ++*at;
    for (*end = *at; *end < len && !isspace((unsigned char)text[*end]);) ++*end;
    return *end > *at;
}

static weir_status fail_whole(weir_error *err, size_t len, const char *what) {
    weir_fail(err, WEIR_EPARSE, "cron: %s", what);
    if (err) err->end = (uint32_t)len;
    return WEIR_EPARSE;
}

weir_status wr_cron_parse(const char *text, size_t len, wr_cron *out, weir_error *err) {
    parser p = {.text = text, .cron = out, .err = err};
    bool is_any[N_FIELDS] = {false};
    size_t at = 0, end;
    int n = 0;
    memset(out, 0, sizeof *out);
    for (; next_field(text, len, &at, &end); at = end, n++) {
        if (n == N_FIELDS) return fail_whole(err, len, "more than 7 fields");
        p.kind = (field_kind)n;
        p.at = at;
        p.end = end;
        WR_TRY(parse_field(&p, &is_any[n]));
    }
    if (n < YEAR)
        return fail_whole(err, len, "6 or 7 fields are needed: second minute hour day month weekday [year]");
    if (is_any[DAY] == is_any[WEEKDAY])
        return fail_whole(err, len, "exactly one of day of month and day of week must be '?'");
    out->by_weekday = is_any[DAY];
    if (n == YEAR) memset(out->years, 0xFF, sizeof out->years);
    return WEIR_OK;
}

/* ---- The calendar ---- */

/* Days since 1970-01-01 of the first of a month, by counting leap days (Gregorian, years from 1970). */
static int64_t days_to_month(int year, int month) {
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t y = year - 1; /* full years before */
    int64_t days = y * 365 + y / 4 - y / 100 + y / 400 - 719162;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days + before[month - 1] + (leap && month > 2);
}

static int days_in_month(int year, int month) {
    int64_t next = month == 12 ? days_to_month(year + 1, 1) : days_to_month(year, month + 1);
    return (int)(next - days_to_month(year, month));
}

/* 1 is Sunday. 1970-01-01 was a Thursday. */
static int weekday_of(int64_t days) { return (int)(((days + 4) % 7 + 7) % 7) + 1; }

static void civil_of(int64_t days, int *year, int *month, int *day) {
    int y = FIRST_YEAR + (int)(days / 366);
    while (days_to_month(y + 1, 1) <= days) y++;
    int m = 1;
    while (m < 12 && days_to_month(y, m + 1) <= days) m++;
    *year = y;
    *month = m;
    *day = (int)(days - days_to_month(y, m)) + 1;
}

/* ---- The next time ---- */

static int nearest_weekday(int64_t first, int day, int n_days) {
    int weekday = weekday_of(first + day - 1);
    if (weekday == 7) return day == 1 ? 3 : day - 1;
    if (weekday == 1) return day == n_days ? day - 2 : day + 1;
    return day;
}

static uint32_t due_by_date(const wr_cron *c, int64_t first, int n) {
    uint32_t in_month = (uint32_t)(((uint64_t)2 << n) - 2), days = c->days & in_month;
    if (c->last_day) days = n > c->before_last ? (uint32_t)1 << (n - c->before_last) : 0;
    if (c->nearest && days) days = (uint32_t)1 << nearest_weekday(first, __builtin_ctz(days), n);
    return days;
}

static uint32_t due_by_weekday(const wr_cron *c, int64_t first, int n) {
    uint32_t days = 0;
    for (int d = 1; d <= n; d++) {
        int weekday = weekday_of(first + d - 1);
        bool due = c->last_of ? weekday == c->last_of && d + 7 > n : c->weekdays >> weekday & 1;
        if (c->nth) due = due && (d + 6) / 7 == c->nth;
        if (due) days |= (uint32_t)1 << d;
    }
    return days;
}

static bool has(uint64_t set, int v) { return set >> v & 1; }

/* The first second of a day, at or after `from`, that is due; -1: none. */
static int due_second(const wr_cron *c, int from) {
    for (int h = from / 3600; h < 24; h++) {
        if (!has(c->hours, h)) continue;
        int m0 = h == from / 3600 ? from / 60 % 60 : 0;
        for (int m = m0; m < 60; m++) {
            if (!has(c->minutes, m)) continue;
            bool same = h == from / 3600 && m == from / 60 % 60;
            for (int s = same ? from % 60 : 0; s < 60; s++)
                if (has(c->seconds, s)) return h * 3600 + m * 60 + s;
        }
    }
    return -1;
}

/* Of one month: the first due second from day `day`, second `from` on, in seconds since 1970; -1: none. */
static int64_t due_in_month(const wr_cron *c, int year, int month, int day, int from) {
    if (!has(c->months, month)) return -1;
    int64_t first = days_to_month(year, month);
    int n = days_in_month(year, month);
    uint32_t days = c->by_weekday ? due_by_weekday(c, first, n) : due_by_date(c, first, n);
    for (int d = day; d <= n; d++) {
        if (!has(days, d)) continue;
        int second = due_second(c, d == day ? from : 0);
        if (second >= 0) return (first + d - 1) * 86400 + second;
    }
    return -1;
}

int64_t wr_cron_next(const wr_cron *c, int64_t after_ms, int32_t offset_min) {
    const int64_t last = days_to_month(LAST_YEAR + 1, 1) * 86400;
    if (after_ms >= last * 1000) return WR_CRON_NEVER;
    int64_t offset = (int64_t)offset_min * 60;
    int64_t t = (after_ms < 0 ? 0 : after_ms / 1000 + 1) + offset; /* the first whole second after */
    if (t < 0) t = 0;
    int year, month, day, from = (int)(t % 86400);
    civil_of(t / 86400, &year, &month, &day);
    for (; year <= LAST_YEAR; year++, month = 1) {
        int y = year - FIRST_YEAR;
        for (; month <= 12 && has(c->years[y >> 6], y & 63); month++, day = 1, from = 0) {
            int64_t due = due_in_month(c, year, month, day, from);
            if (due >= 0) return (due - offset) * 1000;
        }
        day = 1;
        from = 0;
    }
    return WR_CRON_NEVER;
}

/* ---- Zones ---- */

weir_status wr_cron_zone(const char *text, size_t len, int32_t *offset_min, weir_error *err) {
    *offset_min = 0;
    if ((len == 3 && memcmp(text, "UTC", 3) == 0) || (len == 1 && *text == 'Z')) return WEIR_OK;
    int digits[4], n = 0;
    bool ok = len >= 2 && (*text == '+' || *text == '-'), colon = false;
    for (size_t i = 1; ok && i < len; i++) {
        if (text[i] == ':' && n == 2 && !colon) {
            colon = true;
            continue;
        }
        ok = n < 4 && isdigit((unsigned char)text[i]);
        if (ok) digits[n++] = text[i] - '0';
    }
    int n_minutes = n > 2 ? 2 : 0, n_hours = n - n_minutes;
    int hours = n_hours == 1 ? digits[0] : n_hours == 2 ? digits[0] * 10 + digits[1] : 99;
    int minutes = n_minutes ? digits[n - 2] * 10 + digits[n - 1] : 0;
    if (!ok || (colon && n != 4) || hours > 18 || minutes > 59)
        return weir_fail(err, WEIR_EPARSE, "'%.*s' is not a time zone: give UTC or an offset such as +02:00",
                         (int)WR_MIN(len, 40), text);
    *offset_min = (hours * 60 + minutes) * (*text == '-' ? -1 : 1);
    return WEIR_OK;
}
