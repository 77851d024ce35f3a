/* fields.c: see fields.h. Which fields decide, and what weeks are, is as the documentation of Java's Calendar
 * and GregorianCalendar has it. */
#include "func/time/fields.h"

#include <string.h>

#include "base/calendar.h"
#include "base/compiler.h"
#include "base/floor_div.h"
#include "base/time_range.h"

#define DAY_MS      INT64_C(86400000)
#define CUTOVER     INT64_C(-141427) /* 1582-10-15, in days */
#define CUT_YEAR    1582
#define MOST_DAYS   (WR_TIME_MAX / DAY_MS)
#define YEAR_MONTHS 12

static bool is_day(int64_t days) { return days >= -MOST_DAYS && days <= MOST_DAYS; }

/* ---- Days --------------------------------------------------------------------------------------------- */

/* As wr_days_of and wr_date_of, for the Julian calendar. */
static int64_t julian_days(int64_t year, uint32_t month, uint32_t day) {
    int64_t y = year - (month <= 2);
    return 365 * y + wr_floor_div(y, 4) + (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1 - 719470;
}

static wr_date julian_date(int64_t days) {
    days += 719470;
    int64_t year = wr_floor_div(4 * days + 3, 1461), day = days - (365 * year + wr_floor_div(year, 4));
    int64_t month = (5 * day + 2) / 153; /* from March */
    wr_date d = {.month = (uint32_t)(month < 10 ? month + 3 : month - 9)};
    d.day = (uint32_t)(day - (153 * month + 2) / 5 + 1);
    d.year = year + (d.month <= 2);
    return d;
}

static wr_date date_of(int64_t days) { return days < CUTOVER ? julian_date(days) : wr_date_of(days); }

/* The first day of a month; day - 1 days on, in 1582, the calendar may be another. */
static int64_t days_of(int64_t year, uint32_t month, int64_t day) {
    int64_t gregorian = wr_days_of((wr_date){year, month, 1}) + day - 1;
    if (year > CUT_YEAR) return gregorian;
    int64_t julian = julian_days(year, month, 1) + day - 1;
    return year < CUT_YEAR || gregorian < CUTOVER ? julian : gregorian;
}

static int64_t first_of_month(int64_t year, int64_t month) {
    year += wr_floor_div(month, YEAR_MONTHS);
    return days_of(year, (uint32_t)(month - wr_floor_div(month, YEAR_MONTHS) * YEAR_MONTHS) + 1, 1);
}

static int32_t day_of_week(int64_t days) { return (int32_t)(days + 4 - wr_floor_div(days + 4, 7) * 7) + 1; }

static int64_t on_or_before(int64_t days, int32_t weekday) {
    return days - (day_of_week(days) - weekday + 7) % 7;
}

/* Where week 1 begins of a year or month that begins on this day. */
static int64_t first_week(int64_t first, wr_week_rule rule) {
    int64_t begin = on_or_before(first + 6, rule.first_day);
    return begin - first >= rule.minimal_days ? begin - 7 : begin;
}

/* ---- A time's fields ---------------------------------------------------------------------------------- */

static int32_t week_of_year(int64_t days, int64_t year, wr_week_rule rule) {
    int64_t begin = first_week(days_of(year, 1, 1), rule), next = first_week(days_of(year + 1, 1, 1), rule);
    if (days >= next) return 1;
    if (days < begin) begin = first_week(days_of(year - 1, 1, 1), rule);
    return (int32_t)((days - begin) / 7) + 1;
}

void wr_time_fields_of(int64_t ms, wr_week_rule rule, wr_time_fields *out) {
    int64_t days = wr_floor_div(ms, DAY_MS), rest = ms - days * DAY_MS;
    wr_date d = date_of(days);
    int64_t first = days_of(d.year, d.month, 1);
    int32_t *v = out->value;
    v[WR_FIELD_ERA] = d.year > 0;
    v[WR_FIELD_YEAR] = (int32_t)(d.year > 0 ? d.year : 1 - d.year);
    v[WR_FIELD_MONTH] = (int32_t)d.month - 1;
    v[WR_FIELD_WEEK_OF_YEAR] = week_of_year(days, d.year, rule);
    v[WR_FIELD_WEEK_OF_MONTH] = (int32_t)wr_floor_div(days - first_week(first, rule), 7) + 1;
    v[WR_FIELD_DAY_OF_MONTH] = (int32_t)d.day;
    v[WR_FIELD_DAY_OF_YEAR] = (int32_t)(days - days_of(d.year, 1, 1)) + 1;
    v[WR_FIELD_DAY_OF_WEEK] = day_of_week(days);
    v[WR_FIELD_DAY_OF_WEEK_IN_MONTH] = (int32_t)((days - first) / 7) + 1;
    v[WR_FIELD_HOUR_OF_DAY] = (int32_t)(rest / 3600000);
    v[WR_FIELD_HOUR] = v[WR_FIELD_HOUR_OF_DAY] % 12;
    v[WR_FIELD_AM_PM] = v[WR_FIELD_HOUR_OF_DAY] / 12;
    v[WR_FIELD_MINUTE] = (int32_t)(rest / 60000 % 60);
    v[WR_FIELD_SECOND] = (int32_t)(rest / 1000 % 60);
    v[WR_FIELD_MILLISECOND] = (int32_t)(rest % 1000);
}

/* ---- The time of fields ------------------------------------------------------------------------------- */

void wr_time_field_set(wr_time_fields *f, wr_time_field field, int32_t value) {
    f->value[field] = value;
    f->stamp[field] = ++f->last_stamp;
}

/* Of two fields that say something only together. */
static uint32_t both(uint32_t a, uint32_t b) { return a && b ? WR_MAX(a, b) : 0; }

/* The field that decides about the day, besides year (and month), and whether the month counts. */
typedef struct day_rule {
    wr_time_field field;
    bool by_month;
} day_rule;

static day_rule by_stamps(const uint32_t *s, uint32_t of_month, uint32_t week_of_month, uint32_t in_month,
                          uint32_t of_year, uint32_t week_of_year) {
    uint32_t best = WR_MAX(WR_MAX(WR_MAX(of_month, week_of_month), WR_MAX(in_month, of_year)), week_of_year);
    if (best == of_month) return (day_rule){WR_FIELD_DAY_OF_MONTH, true};
    bool beats_week = s[WR_FIELD_WEEK_OF_MONTH] >= s[WR_FIELD_WEEK_OF_YEAR];
    if (best == week_of_month && beats_week) {
        bool is_week = best != in_month || s[WR_FIELD_WEEK_OF_MONTH] >= s[WR_FIELD_DAY_OF_WEEK_IN_MONTH];
        return (day_rule){is_week ? WR_FIELD_WEEK_OF_MONTH : WR_FIELD_DAY_OF_WEEK_IN_MONTH, true};
    }
    if (best == in_month && s[WR_FIELD_DAY_OF_WEEK_IN_MONTH] >= s[WR_FIELD_WEEK_OF_YEAR])
        return (day_rule){WR_FIELD_DAY_OF_WEEK_IN_MONTH, true};
    return (day_rule){best == of_year ? WR_FIELD_DAY_OF_YEAR : WR_FIELD_WEEK_OF_YEAR, false};
}

static day_rule choose_day_rule(const uint32_t *s) {
    uint32_t weekday = s[WR_FIELD_DAY_OF_WEEK];
    uint32_t of_month = s[WR_FIELD_DAY_OF_MONTH], of_year = s[WR_FIELD_DAY_OF_YEAR];
    uint32_t week_of_month = both(s[WR_FIELD_WEEK_OF_MONTH], weekday);
    uint32_t in_month = both(s[WR_FIELD_DAY_OF_WEEK_IN_MONTH], weekday);
    uint32_t week_of_year = both(s[WR_FIELD_WEEK_OF_YEAR], weekday);
    if (of_month || week_of_month || in_month || of_year || week_of_year)
        return by_stamps(s, of_month, week_of_month, in_month, of_year, week_of_year);
    week_of_month = s[WR_FIELD_WEEK_OF_MONTH];
    in_month = WR_MAX(s[WR_FIELD_DAY_OF_WEEK_IN_MONTH], weekday);
    week_of_year = s[WR_FIELD_WEEK_OF_YEAR];
    if (!week_of_month && !in_month && !week_of_year) return (day_rule){WR_FIELD_DAY_OF_MONTH, true};
    return by_stamps(s, 0, week_of_month, in_month, 0, week_of_year);
}

static int64_t field_or(const wr_time_fields *f, wr_time_field field, int32_t otherwise) {
    return f->stamp[field] ? f->value[field] : otherwise;
}

static int64_t day_in_month(const wr_time_fields *f, wr_time_field by, int64_t year, int64_t month) {
    int64_t first = first_of_month(year, month);
    int32_t weekday = (int32_t)field_or(f, WR_FIELD_DAY_OF_WEEK, WR_WEEK_RULE_DEFAULT.first_day);
    if (by == WR_FIELD_WEEK_OF_MONTH) {
        int64_t week = first_week(first, WR_WEEK_RULE_DEFAULT);
        return on_or_before(week + 6, weekday) + 7 * ((int64_t)f->value[by] - 1);
    }
    int64_t which = field_or(f, WR_FIELD_DAY_OF_WEEK_IN_MONTH, 1);
    return on_or_before(first + 7 * which - 1, weekday);
}

/* In 1582 a day of the month may lie behind the gap. */
static int64_t day_of_month(int64_t year, int64_t month, int64_t day) {
    year += wr_floor_div(month, YEAR_MONTHS);
    return days_of(year, (uint32_t)(month - wr_floor_div(month, YEAR_MONTHS) * YEAR_MONTHS) + 1, day);
}

static int64_t day_of_fields(const wr_time_fields *f) {
    int64_t year = field_or(f, WR_FIELD_YEAR, 1970), month = field_or(f, WR_FIELD_MONTH, 0);
    if (field_or(f, WR_FIELD_ERA, 1) == 0) year = 1 - year;
    day_rule rule = choose_day_rule(f->stamp);
    if (rule.field == WR_FIELD_DAY_OF_MONTH)
        return day_of_month(year, month, field_or(f, WR_FIELD_DAY_OF_MONTH, 1));
    if (rule.by_month) return day_in_month(f, rule.field, year, month);
    int64_t first = days_of(year, 1, 1);
    if (rule.field == WR_FIELD_DAY_OF_YEAR) return first + f->value[WR_FIELD_DAY_OF_YEAR] - 1;
    int32_t weekday = (int32_t)field_or(f, WR_FIELD_DAY_OF_WEEK, WR_WEEK_RULE_DEFAULT.first_day);
    int64_t week = on_or_before(first_week(first, WR_WEEK_RULE_DEFAULT) + 6, weekday);
    return week + 7 * ((int64_t)f->value[WR_FIELD_WEEK_OF_YEAR] - 1);
}

static int64_t hours_of_fields(const wr_time_fields *f) {
    const uint32_t *s = f->stamp;
    uint32_t by_half = both(s[WR_FIELD_HOUR], s[WR_FIELD_AM_PM]), of_day = s[WR_FIELD_HOUR_OF_DAY];
    if (!by_half && !of_day) by_half = WR_MAX(s[WR_FIELD_HOUR], s[WR_FIELD_AM_PM]);
    if (of_day > by_half) return f->value[WR_FIELD_HOUR_OF_DAY];
    return field_or(f, WR_FIELD_HOUR, 0) + 12 * field_or(f, WR_FIELD_AM_PM, 0);
}

bool wr_time_of_fields(const wr_time_fields *f, int64_t *ms) {
    int64_t days = day_of_fields(f);
    if (!is_day(days)) return false;
    int64_t time = (hours_of_fields(f) * 60 + field_or(f, WR_FIELD_MINUTE, 0)) * 60;
    time = (time + field_or(f, WR_FIELD_SECOND, 0)) * 1000 + field_or(f, WR_FIELD_MILLISECOND, 0);
    *ms = days * DAY_MS + time;
    return wr_is_time(*ms);
}

/* ---- Adding ------------------------------------------------------------------------------------------- */

static bool add_months(int64_t ms, int64_t n, int64_t *out) {
    int64_t days = wr_floor_div(ms, DAY_MS);
    wr_date d = date_of(days);
    int64_t month = d.year * YEAR_MONTHS + d.month - 1 + n, year = wr_floor_div(month, YEAR_MONTHS);
    month -= year * YEAR_MONTHS;
    bool leap = year > CUT_YEAR ? (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 : year % 4 == 0;
    int64_t length = month == 1 ? 28 + leap : 30 + ((month + month / 7) % 2 == 0);
    int64_t to = day_of_month(year, month, WR_MIN((int64_t)d.day, length));
    if (!is_day(to)) return false;
    *out = to * DAY_MS + (ms - days * DAY_MS);
    return wr_is_time(*out);
}

bool wr_time_add(int64_t ms, wr_time_unit unit, int32_t n, int64_t *out) {
    static const int64_t lengths[] = {[WR_TIME_UNIT_WEEK] = 7 * DAY_MS,
                                      [WR_TIME_UNIT_DAY] = DAY_MS,
                                      [WR_TIME_UNIT_HOUR] = 3600000,
                                      [WR_TIME_UNIT_MINUTE] = 60000,
                                      [WR_TIME_UNIT_SECOND] = 1000};
    static const int64_t months[] = {
        [WR_TIME_UNIT_YEAR] = YEAR_MONTHS, [WR_TIME_UNIT_QUARTER] = 3, [WR_TIME_UNIT_MONTH] = 1};
    if (!wr_is_time(ms)) return false;
    if (unit == WR_TIME_UNIT_YEAR || unit == WR_TIME_UNIT_QUARTER || unit == WR_TIME_UNIT_MONTH)
        return add_months(ms, n * months[unit], out);
    *out = ms + n * lengths[unit];
    return wr_is_time(*out);
}

/* ---- Locales ------------------------------------------------------------------------------------------ */

static bool is_among(const char *codes, const char *code) {
    for (; *codes; codes += 3)
        if (codes[0] == code[0] && codes[1] == code[1]) return true;
    return false;
}

static bool is_lower(const char *p) { return p[0] >= 'a' && p[0] <= 'z' && p[1] >= 'a' && p[1] <= 'z'; }
static bool is_upper(const char *p) { return p[0] >= 'A' && p[0] <= 'Z' && p[1] >= 'A' && p[1] <= 'Z'; }

/* The regions whose weeks don't begin on Monday with a first week of any length, as CLDR has them. */
static const char sunday[] = "AG AS AU BD BR BS BT BW BZ CA CN CO DM DO ET GT GU HK HN ID IL IN JM JP KE KH "
                             "KR LA MH MM MO MT MX MZ NI "
                             "NP PA PE PH PK PR PT PY SA SG SV TH TT TW UM US VE VI WS YE ZA ZW ";
static const char saturday[] = "AE AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY ";
static const char whole_weeks[] = /* four days, that is: more than half */
    "AD AT AX BE BG CH CZ DE DK EE ES FI FJ FO FR GB GF GG GI GP GR HU IE IM IS IT JE LI LT LU MC MQ NL NO "
    "PL "
    "PT RE RU SE SJ SK SM VA ";

bool wr_week_rule_of(const char *locale, uint32_t len, wr_week_rule *rule) {
    *rule = WR_WEEK_RULE_DEFAULT;
    if (len == 0) return true;
    if (len < 2 || !is_lower(locale)) return false;
    if (len == 2) return true;
    if (len != 5 || locale[2] != '_' || !is_upper(locale + 3) || strncmp(locale, "th_TH", 5) == 0)
        return false;
    const char *region = locale + 3;
    rule->first_day = is_among(sunday, region)        ? 1
                      : is_among(saturday, region)    ? 7
                      : strncmp(region, "MV", 2) == 0 ? 6
                                                      : 2;
    rule->minimal_days = is_among(whole_weeks, region) ? 4 : 1;
    return true;
}
