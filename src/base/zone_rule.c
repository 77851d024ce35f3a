/* zone_rule.c: see zone_rule.h. */
#include "base/zone_rule.h"

#include "base/calendar.h"
#include "base/compiler.h"
#include "base/floor_div.h"

/* ---- Parsing ------------------------------------------------------------------------------------------ */

typedef struct reader {
    const char *p, *end;
} reader;

static bool take(reader *r, char c) {
    bool is = r->p < r->end && *r->p == c;
    r->p += is;
    return is;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool take_number(reader *r, int32_t most, int32_t *out) {
    const char *begin = r->p;
    int32_t v = 0;
    while (r->p < r->end && is_digit(*r->p) && v <= most) v = v * 10 + (*r->p++ - '0');
    *out = v;
    return r->p > begin && v <= most;
}

/* `CET`, `<+0330>`: of no interest. */
static bool skip_name(reader *r) {
    const char *begin = r->p;
    if (take(r, '<')) {
        while (r->p < r->end && *r->p != '>') r->p++;
        return take(r, '>');
    }
    while (r->p < r->end && ((*r->p | 0x20) >= 'a' && (*r->p | 0x20) <= 'z')) r->p++;
    return r->p > begin;
}

/* [+-]hours[:minutes[:seconds]] */
static bool take_time(reader *r, int32_t *out_s) {
    bool is_minus = take(r, '-');
    int32_t v[3] = {0, 0, 0};
    if (!is_minus) (void)take(r, '+');
    if (!take_number(r, 167, &v[0])) return false;
    for (int i = 1; i < 3 && take(r, ':'); i++)
        if (!take_number(r, 59, &v[i])) return false;
    *out_s = (v[0] * 3600 + v[1] * 60 + v[2]) * (is_minus ? -1 : 1);
    return true;
}

static bool take_day(reader *r, wr_zone_day *day) {
    *day = (wr_zone_day){.kind = '0', .at_s = 7200};
    bool ok;
    if (!take(r, ',')) return false;
    if (take(r, 'M')) {
        day->kind = 'M';
        ok = take_number(r, 12, &day->month) && day->month && take(r, '.') && take_number(r, 5, &day->week) &&
             day->week && take(r, '.') && take_number(r, 6, &day->day);
    } else if (take(r, 'J')) {
        day->kind = 'J';
        ok = take_number(r, 365, &day->day) && day->day;
    } else {
        ok = take_number(r, 365, &day->day);
    }
    return ok && (!take(r, '/') || take_time(r, &day->at_s));
}

bool wr_zone_rule_parse(const char *text, size_t len, wr_zone_rule *out) {
    reader r = {text, text + len};
    *out = (wr_zone_rule){.changes = false};
    /* There a zone west of Greenwich is positive. */
    if (!skip_name(&r) || !take_time(&r, &out->standard_s)) return false;
    out->standard_s = -out->standard_s;
    if (r.p == r.end) return true;
    out->changes = true;
    out->summer_s = out->standard_s + 3600;
    if (!skip_name(&r)) return false;
    if (r.p < r.end && *r.p != ',') {
        if (!take_time(&r, &out->summer_s)) return false;
        out->summer_s = -out->summer_s;
    }
    return take_day(&r, &out->begin) && take_day(&r, &out->end) && r.p == r.end;
}

/* ---- Use ---------------------------------------------------------------------------------------------- */

#define DAY INT64_C(86400)

/* The day of a year, in days since 1970. */
static int64_t day_of(const wr_zone_day *day, int64_t year) {
    int64_t new_year = wr_days_of((wr_date){year, 1, 1});
    if (day->kind == '0') return new_year + day->day;
    if (day->kind == 'J') {
        bool is_leap = wr_days_of((wr_date){year, 3, 1}) - new_year == 60;
        return new_year + day->day - 1 + (is_leap && day->day >= 60);
    }
    int64_t first = wr_days_of((wr_date){year, (uint32_t)day->month, 1});
    int64_t next = day->month == 12 ? wr_days_of((wr_date){year + 1, 1, 1})
                                    : wr_days_of((wr_date){year, (uint32_t)day->month + 1, 1});
    int64_t weekday = ((first + 4) % 7 + 7) % 7; /* 1970 began on a Thursday */
    int64_t found = first + (day->day - weekday + 7) % 7 + (day->week - 1) * 7;
    return found < next ? found : found - 7;
}

int32_t wr_zone_rule_ahead(const wr_zone_rule *rule, int64_t utc_s) {
    if (!rule->changes) return rule->standard_s;
    int64_t year = wr_date_of(wr_floor_div(utc_s + rule->standard_s, DAY)).year;
    int64_t begin = day_of(&rule->begin, year) * DAY + rule->begin.at_s - rule->standard_s;
    int64_t end = day_of(&rule->end, year) * DAY + rule->end.at_s - rule->summer_s;
    bool is_summer = begin < end ? utc_s >= begin && utc_s < end : utc_s >= begin || utc_s < end;
    return is_summer ? rule->summer_s : rule->standard_s;
}
