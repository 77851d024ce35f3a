/* time_text.c: incrementalAggregator:timestampInMilliseconds and incrementalAggregator:getTimeZone, for texts
 * like '2020-02-29 13:30:00' (GMT) and '2020-02-29 13:30:00 +05:30'.
 *
 * Without an offset Java reads an ISO instant, which lets a day end at 24:00:00 and ignores the leap second
 * 23:59:60; with one it does neither. */
#include "func/call.h"
#include "func/check.h"
#include "func/functions.h"

#define NS          "incrementalAggregator"
#define GMT_BYTES   19u /* yyyy-MM-dd HH:mm:ss */
#define ZONED_BYTES 26u /* … ±HH:MM */

typedef struct time_text {
    int year, month, day, hour, minute, second;
    bool has_offset;
    char sign;
    int offset_hours, offset_minutes;
} time_text;

/* The number that n digits write. */
static int digits(const char *text, int n) {
    int v = 0;
    for (int i = 0; i < n; i++) v = v * 10 + (text[i] - '0');
    return v;
}

/* In a shape, 0 stands for any digit and + for either sign. */
static bool has_shape(const char *text, size_t len, const char *shape) {
    for (size_t i = 0; i < len; i++) {
        bool fits = shape[i] == '0'   ? text[i] >= '0' && text[i] <= '9'
                    : shape[i] == '+' ? text[i] == '+' || text[i] == '-'
                                      : text[i] == shape[i];
        if (!fits) return false;
    }
    return true;
}

/* Blanks around are dropped. Does not check that there is such a time. */
static bool read_time(const weir_string *s, time_text *t) {
    const char *p = weir_string_data(s);
    size_t len = s->len;
    while (len && (unsigned char)*p <= ' ') p++, len--;
    while (len && (unsigned char)p[len - 1] <= ' ') len--;
    if ((len != GMT_BYTES && len != ZONED_BYTES) || !has_shape(p, len, "0000-00-00 00:00:00 +00:00"))
        return false;
    *t = (time_text){.year = digits(p, 4),
                     .month = digits(p + 5, 2),
                     .day = digits(p + 8, 2),
                     .hour = digits(p + 11, 2),
                     .minute = digits(p + 14, 2),
                     .second = digits(p + 17, 2)};
    t->has_offset = len == ZONED_BYTES;
    if (!t->has_offset) return true;
    t->sign = p[20];
    t->offset_hours = digits(p + 21, 2);
    t->offset_minutes = digits(p + 24, 2);
    return true;
}

static int days_in_month(int year, int month) {
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static bool is_time(const time_text *t) {
    bool is_gmt = !t->has_offset;
    if (t->month < 1 || t->month > 12 || t->day < 1 || t->day > days_in_month(t->year, t->month))
        return false;
    if (is_gmt && t->hour == 24 && t->minute == 0 && t->second == 0) return true;
    if (is_gmt && t->hour == 23 && t->minute == 59 && t->second == 60) return true;
    return t->hour < 24 && t->minute < 60 && t->second < 60;
}

static bool is_offset(const time_text *t) {
    return t->offset_minutes < 60 && t->offset_hours * 60 + t->offset_minutes <= 18 * 60;
}

/* Days from 1970-01-01, proleptic Gregorian: years are counted from March, so that leap days come last (after
 * Howard Hinnant's days_from_civil). */
static int64_t days_from_epoch(int year, int month, int day) {
    int64_t y = month <= 2 ? year - 1 : year, era = (y >= 0 ? y : y - 399) / 400, year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static int64_t milliseconds(const time_text *t) {
    int64_t minutes = t->offset_hours * 60 + t->offset_minutes;
    int64_t second = t->second == 60 ? 59 : t->second;
    int64_t seconds =
        days_from_epoch(t->year, t->month, t->day) * 86400 + t->hour * 3600 + t->minute * 60 + second;
    return (seconds - (t->sign == '-' ? -minutes : minutes) * 60) * 1000;
}

static void fail_text(const weir_call *call, uint32_t row, const weir_value *v) {
    if (v->is_null || v->type != WEIR_STRING) {
        wr_call_fail(call, row, "a time can't be read from %s",
                     v->is_null ? "null" : weir_type_name(v->type));
        return;
    }
    wr_call_fail(call, row, "'%.*s' is not a time like '2020-02-29 13:30:00' or '2020-02-29 13:30:00 +05:30'",
                 (int)WR_MIN(v->as.s.len, 60u), weir_string_data(&v->as.s));
}

/* ---- timestampInMilliseconds -------------------------------------------------------------------------- */

static weir_status check_text(const weir_function_type *self, const weir_arg *args, uint32_t n_args,
                              weir_error *err) {
    if (n_args && args[0].type != WEIR_STRING)
        return wr_refuse_args(self, args, n_args, 0, err, "argument 1 must be a string, not %s",
                              weir_type_name(args[0].type));
    return WEIR_OK;
}

static weir_status check_milliseconds(const weir_arg *args, uint32_t n_args, weir_type *result,
                                      weir_error *err) {
    const weir_function_type *self = &wr_function_timestamp_in_milliseconds;
    *result = WEIR_LONG;
    WR_TRY(wr_check_arg_count(self, args, n_args, 1, 1, err));
    return check_text(self, args, n_args, err);
}

static weir_status eval_milliseconds(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        weir_value v = wr_call_get(call, 0, row);
        time_text t;
        bool is_text = !v.is_null && v.type == WEIR_STRING;
        if (is_text && read_time(&v.as.s, &t) && is_time(&t) && is_offset(&t))
            ((int64_t *)call->out->data)[row] = milliseconds(&t);
        else
            fail_text(call, row, &v);
    }
    return WEIR_OK;
}

const weir_function_type wr_function_timestamp_in_milliseconds = {
    .struct_size = sizeof(weir_function_type),
    .ns = NS,
    .name = "timestampInMilliseconds",
    .doc = "Reads a time, in GMT unless an offset follows, as milliseconds since 1970; another text fails.",
    .example = NS ":timestampInMilliseconds('2020-02-29 01:02:03 +05:30') -> 1582918323000L",
    .params = (const weir_param_doc[]){{NS ":timestampInMilliseconds(<string> time)",
                                        "'yyyy-MM-dd HH:mm:ss' or 'yyyy-MM-dd HH:mm:ss ±HH:MM'."},
                                       {NULL, NULL}},
    .check = check_milliseconds,
    .eval = eval_milliseconds,
    .can_fail = true,
};

/* ---- getTimeZone -------------------------------------------------------------------------------------- */

static weir_status check_zone(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    const weir_function_type *self = &wr_function_get_time_zone;
    *result = WEIR_STRING;
    WR_TRY(wr_check_arg_count(self, args, n_args, 0, 1, err));
    return check_text(self, args, n_args, err);
}

static weir_string zone_of(const time_text *t) {
    if (!t->has_offset) return weir_string_view("+00:00", 6);
    char text[6] = {t->sign, (char)('0' + t->offset_hours / 10),   (char)('0' + t->offset_hours % 10),
                    ':',     (char)('0' + t->offset_minutes / 10), (char)('0' + t->offset_minutes % 10)};
    return weir_string_view(text, sizeof text); /* short: copied in */
}

static weir_status eval_zone(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    weir_string *to = call->out->data;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        weir_value v = call->n_args ? wr_call_get(call, 0, row) : wr_value_null(WEIR_STRING);
        time_text t;
        if (v.is_null)
            to[row] = weir_string_view("Z", 1);
        else if (v.type == WEIR_STRING && read_time(&v.as.s, &t))
            to[row] = zone_of(&t);
        else
            fail_text(call, row, &v);
    }
    return WEIR_OK;
}

const weir_function_type wr_function_get_time_zone = {
    .struct_size = sizeof(weir_function_type),
    .ns = NS,
    .name = "getTimeZone",
    .doc =
        "Gives the offset that a time is written with ('+00:00' if none), and 'Z' without an argument or for "
        "null; another text fails.",
    .example = NS ":getTimeZone('2020-02-29 01:02:03 +05:30') -> '+05:30'",
    .params = (const weir_param_doc[]){{NS ":getTimeZone()", "GMT: 'Z'."},
                                       {NS ":getTimeZone(<string> time)",
                                        "'yyyy-MM-dd HH:mm:ss' or 'yyyy-MM-dd HH:mm:ss ±HH:MM'."},
                                       {NULL, NULL}},
    .check = check_zone,
    .eval = eval_zone,
    .can_fail = true,
};
