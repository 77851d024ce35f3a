/* now.c: the app's clock as text. */
#include "func/time/functions.h"
#include "func/time/site.h"

#define EVAL(name)    static weir_status name(void *self, const weir_call *call, weir_error *err)
#define DATE_AND_TIME "yyyy-MM-dd HH:mm:ss"

static weir_status print_rows(wr_time_site *site, const weir_call *call, const char *pattern,
                              weir_error *err) {
    WR_TRY(wr_time_format_set(&site->to, pattern, strlen(pattern), err));
    WR_FOR_ROWS(call, row) WR_TRY(wr_time_put(call, row, site, &site->to, call->now[row]));
    return WEIR_OK;
}

static weir_status check_current_date(const weir_arg *args, uint32_t n_args, weir_type *result,
                                      weir_error *err) {
    *result = WEIR_STRING;
    return wr_check_arg_count(&wr_time_current_date, args, n_args, 0, 0, err);
}
static weir_status check_current_time(const weir_arg *args, uint32_t n_args, weir_type *result,
                                      weir_error *err) {
    *result = WEIR_STRING;
    return wr_check_arg_count(&wr_time_current_time, args, n_args, 0, 0, err);
}

EVAL(eval_date) { return print_rows(self, call, "yyyy-MM-dd", err); }
EVAL(eval_time) { return print_rows(self, call, "HH:mm:ss", err); }

/* ---- currentTimestamp --------------------------------------------------------------------------------- */

static weir_status check_stamp(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    const weir_function_type *t = &wr_time_current_timestamp;
    static const wr_overload overloads[] = {{0, false, {0}}, {1, false, {WR_T_STRING}}};
    *result = WEIR_STRING;
    WR_TRY(wr_check_overloads(t, overloads, 2, args, n_args, err));
    if (n_args == 0) return WEIR_OK;
    WR_TRY(wr_time_check_constant(t, args, n_args, 0, err));
    wr_zone *zone;
    weir_error why;
    const weir_string *s = &args[0].value.as.s;
    if (wr_zone_open(weir_string_data(s), s->len, &zone, &why))
        return wr_refuse_args(t, args, n_args, 0, err, "%s", why.message);
    wr_zone_close(zone);
    return WEIR_OK;
}

static weir_status open_stamp(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    if (n_args == 0) return WEIR_OK;
    const weir_string *s = &args[0].value.as.s;
    return wr_zone_open(weir_string_data(s), s->len, &((wr_time_site *)self)->zone, err);
}

EVAL(eval_stamp) {
    wr_time_site *site = self;
    WR_TRY(wr_time_format_set(&site->to, DATE_AND_TIME, sizeof DATE_AND_TIME - 1, err));
    WR_FOR_ROWS(call, row) {
        int32_t ahead_s = site->zone ? wr_zone_ahead(site->zone, call->now[row] / 1000) : 0;
        WR_TRY(wr_time_put(call, row, site, &site->to, call->now[row] + ahead_s * INT64_C(1000)));
    }
    return WEIR_OK;
}

/* ---- utcTimestamp ------------------------------------------------------------------------------------- */

static weir_status check_utc(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    static const wr_overload overloads[] = {{0, false, {0}}, {1, false, {WR_T_STRING}}};
    *result = WEIR_STRING;
    WR_TRY(wr_check_overloads(&wr_time_utc_timestamp, overloads, 2, args, n_args, err));
    return wr_time_check_patterns(&wr_time_utc_timestamp, args, n_args, 0, err);
}

EVAL(eval_utc) {
    wr_time_site *site = self;
    if (call->n_args == 0) return print_rows(site, call, DATE_AND_TIME, err);
    WR_FOR_ROWS(call, row)
    if (wr_time_pattern_arg(call, 0, row, "time:utcTimestamp", &site->to))
        WR_TRY(wr_time_put(call, row, site, &site->to, call->now[row]));
    return WEIR_OK;
}

#define NOW_FUNCTION(symbol, ...)                                                                            \
    const weir_function_type symbol = {WR_TIME_FIELDS(__VA_ARGS__), .needs_clock = true, .not_pure = true}

NOW_FUNCTION(wr_time_current_date, "currentDate", check_current_date, wr_time_site_open, eval_date,
             "Gives the date of the app's clock in GMT, as yyyy-MM-dd.",
             "str:length(time:currentDate()) -> 10", {"time:currentDate()", "Event time in playback."});
NOW_FUNCTION(wr_time_current_time, "currentTime", check_current_time, wr_time_site_open, eval_time,
             "Gives the time of day of the app's clock in GMT, as HH:mm:ss.",
             "str:length(time:currentTime()) -> 8", {"time:currentTime()", "Event time in playback."});
NOW_FUNCTION(wr_time_current_timestamp, "currentTimestamp", check_stamp, open_stamp, eval_stamp,
             "Gives the app's clock, as yyyy-MM-dd HH:mm:ss.", "str:length(time:currentTimestamp()) -> 19",
             {"time:currentTimestamp()", "In GMT."},
             {"time:currentTimestamp(<string> zone)",
              "A constant: a region like 'Europe/Paris', 'UTC', or an offset like '+05:30'."});
NOW_FUNCTION(wr_time_utc_timestamp, "utcTimestamp", check_utc, wr_time_site_open, eval_utc,
             "Gives the app's clock in GMT, as yyyy-MM-dd HH:mm:ss or in a pattern.",
             "str:length(time:utcTimestamp()) -> 19", {"time:utcTimestamp()", "Event time in playback."},
             {"time:utcTimestamp(<string> pattern)", "In another pattern. Null fails."});
