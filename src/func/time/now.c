/* now.c: the app's clock as text. */
#include "base/cron.h"
#include "func/time/functions.h"
#include "func/time/site.h"

#define EVAL(name)    static weir_status name(void *self, const weir_call *call, weir_error *err)
#define DATE_AND_TIME "yyyy-MM-dd HH:mm:ss"

static weir_status print_rows(wr_time_site *site, const weir_call *call, const char *pattern,
                              int64_t ahead_ms, weir_error *err) {
    WR_TRY(wr_time_format_set(&site->to, pattern, strlen(pattern), err));
    WR_FOR_ROWS(call, row) WR_TRY(wr_time_put(call, row, site, &site->to, call->now[row] + ahead_ms));
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

EVAL(eval_date) { return print_rows(self, call, "yyyy-MM-dd", 0, err); }
EVAL(eval_time) { return print_rows(self, call, "HH:mm:ss", 0, err); }

/* ---- currentTimestamp --------------------------------------------------------------------------------- */

/* Java's short names for GMT are read too. */
static weir_status zone_of(const weir_string *name, int32_t *minutes, weir_error *err) {
    const char *p = weir_string_data(name);
    *minutes = 0;
    if (name->len == 3 && (memcmp(p, "GMT", 3) == 0 || memcmp(p, "UCT", 3) == 0)) return WEIR_OK;
    return wr_cron_zone(p, name->len, minutes, err);
}

static weir_status check_stamp(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    const weir_function_type *t = &wr_time_current_timestamp;
    static const wr_overload overloads[] = {{0, false, {0}}, {1, false, {WR_T_STRING}}};
    *result = WEIR_STRING;
    WR_TRY(wr_check_overloads(t, overloads, 2, args, n_args, err));
    if (n_args == 0) return WEIR_OK;
    WR_TRY(wr_time_check_constant(t, args, n_args, 0, err));
    int32_t minutes;
    weir_error why;
    const weir_string *s = &args[0].value.as.s;
    if (zone_of(s, &minutes, &why) == WEIR_OK) return WEIR_OK;
    return wr_refuse_args(t, args, n_args, 0, err,
                          "the time zone '%.*s' isn't supported: use 'UTC' or an offset like '+05:30'",
                          (int)WR_MIN(s->len, 40u), weir_string_data(s));
}

EVAL(eval_stamp) {
    int32_t minutes = 0;
    if (call->n_args && call->n_sel)
        WR_TRY(zone_of((const weir_string *)call->args[0].data + wr_call_row(call, 0), &minutes, err));
    return print_rows(self, call, DATE_AND_TIME, minutes * INT64_C(60000), err);
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
    if (call->n_args == 0) return print_rows(site, call, DATE_AND_TIME, 0, err);
    WR_FOR_ROWS(call, row)
    if (wr_time_pattern_arg(call, 0, row, "time:utcTimestamp", &site->to))
        WR_TRY(wr_time_put(call, row, site, &site->to, call->now[row]));
    return WEIR_OK;
}

#define NOW_FUNCTION(symbol, name_text, check_function, eval_function, doc_text, example_text, ...)          \
    const weir_function_type symbol = {                                                                      \
        .struct_size = sizeof(weir_function_type),                                                           \
        .ns = "time",                                                                                        \
        .name = name_text,                                                                                   \
        .doc = doc_text,                                                                                     \
        .example = example_text,                                                                             \
        .params = (const weir_param_doc[]){__VA_ARGS__, {NULL, NULL}},                                       \
        .check = check_function,                                                                             \
        .state_size = sizeof(wr_time_site),                                                                  \
        .open = wr_time_site_open,                                                                           \
        .close = wr_time_site_close,                                                                         \
        .eval = eval_function,                                                                               \
        .needs_clock = true,                                                                                 \
        .not_pure = true,                                                                                    \
        .can_fail = true,                                                                                    \
    }

NOW_FUNCTION(wr_time_current_date, "currentDate", check_current_date, eval_date,
             "Gives the date of the app's clock in GMT, as yyyy-MM-dd.",
             "str:length(time:currentDate()) -> 10", {"time:currentDate()", "Event time in playback."});
NOW_FUNCTION(wr_time_current_time, "currentTime", check_current_time, eval_time,
             "Gives the time of day of the app's clock in GMT, as HH:mm:ss.",
             "str:length(time:currentTime()) -> 8", {"time:currentTime()", "Event time in playback."});
NOW_FUNCTION(wr_time_current_timestamp, "currentTimestamp", check_stamp, eval_stamp,
             "Gives the app's clock, as yyyy-MM-dd HH:mm:ss.", "str:length(time:currentTimestamp()) -> 19",
             {"time:currentTimestamp()", "In GMT."},
             {"time:currentTimestamp(<string> zone)", "A constant: 'UTC', or an offset like '+05:30'."});
NOW_FUNCTION(wr_time_utc_timestamp, "utcTimestamp", check_utc, eval_utc,
             "Gives the app's clock in GMT, as yyyy-MM-dd HH:mm:ss or in a pattern.",
             "str:length(time:utcTimestamp()) -> 19", {"time:utcTimestamp()", "Event time in playback."},
             {"time:utcTimestamp(<string> pattern)", "In another pattern. Null fails."});
