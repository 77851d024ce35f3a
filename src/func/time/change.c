/* change.c: dateAdd, dateSub and dateDiff. */
#include "func/time/functions.h"
#include "func/time/site.h"

#define EVAL(name) static weir_status name(void *self, const weir_call *call, weir_error *err)

/* ---- dateAdd, dateSub --------------------------------------------------------------------------------- */

static weir_status check_change(const weir_function_type *t, const weir_arg *args, uint32_t n_args,
                                weir_type *result, weir_error *err) {
    static const wr_overload overloads[] = {{3, false, {WR_T_STRING | WR_T_LONG, WR_T_INT, WR_T_STRING}},
                                            {4, false, {WR_T_STRING, WR_T_INT, WR_T_STRING, WR_T_STRING}}};
    *result = WEIR_STRING;
    WR_TRY(wr_check_overloads(t, overloads, 2, args, n_args, err));
    WR_TRY(wr_time_check_constant(t, args, n_args, 2, err));
    return wr_time_check_patterns(t, args, n_args, 3, err);
}

static weir_status check_add(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    return check_change(&wr_time_date_add, args, n_args, result, err);
}
static weir_status check_sub(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    return check_change(&wr_time_date_sub, args, n_args, result, err);
}

/* Siddhi's dateAdd knows the units of a long in upper case only. */
static weir_status open_add(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)n_args, (void)err;
    ((wr_time_site *)self)->unit = wr_time_unit_of(&args[2].value.as.s, args[0].type != WEIR_LONG);
    return WEIR_OK;
}
static weir_status open_sub(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)n_args, (void)err;
    ((wr_time_site *)self)->unit = wr_time_unit_of(&args[2].value.as.s, true);
    return WEIR_OK;
}

/* Java negates an int: the least one stays what it is. */
static int32_t negative(int32_t n) { return n == INT32_MIN ? n : -n; }

static weir_status put_changed(const weir_call *call, uint32_t row, wr_time_site *site, int64_t ms) {
    if (call->args[0].type != WEIR_LONG) return wr_time_put(call, row, site, &site->from, ms);
    wr_buf_printf(&site->text, "%lld", (long long)ms);
    return wr_put_buf(call, row, &site->text);
}

static weir_status change_rows(wr_time_site *site, const weir_call *call, const char *name, bool subtracts) {
    bool of_long = call->args[0].type == WEIR_LONG;
    WR_FOR_ROWS(call, row) {
        int64_t ms;
        int32_t n;
        bool is_time = of_long ? wr_time_long_arg(call, 0, row, name, &ms)
                               : wr_time_pattern_arg(call, 3, row, name, &site->from) &&
                                     wr_time_text_arg(call, 0, row, name, &site->from, &ms);
        if (!is_time || !wr_int_needed(call, 1, row, name, &n)) continue;
        if (wr_time_add(ms, site->unit, subtracts ? negative(n) : n, &ms))
            WR_TRY(put_changed(call, row, site, ms));
        else
            wr_call_fail(call, row, "%s(): the time would be out of range", name);
    }
    return WEIR_OK;
}

EVAL(eval_add) {
    (void)err;
    return change_rows(self, call, "time:dateAdd", false);
}
EVAL(eval_sub) {
    (void)err;
    return change_rows(self, call, "time:dateSub", true);
}

#define UNITS                                                                                                \
    "Units are 'YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE' and 'SECOND', a constant; any "   \
    "other changes nothing. "

WR_TIME_FUNCTION(wr_time_date_add, "dateAdd", check_add, open_add, eval_add, "Adds so many units to a time.",
                 "time:dateAdd('2014-11-11 13:23:44.657', 5, 'YEAR') -> '2019-11-11 13:23:44.657'",
                 {"time:dateAdd(<string> time, <int> n, <string> unit)",
                  UNITS "A day that the month doesn't have becomes its last. The time is like '2014-11-11 "
                        "13:23:44.657'; what is none fails, as does null."},
                 {"time:dateAdd(<string> time, <int> n, <string> unit, <string> pattern)",
                  "A time in another pattern."},
                 {"time:dateAdd(<long> time, <int> n, <string> unit)",
                  "In ms since 1970, and so is the result, as a string. The unit must be in upper case."});
WR_TIME_FUNCTION(wr_time_date_sub, "dateSub", check_sub, open_sub, eval_sub,
                 "Takes so many units from a time.",
                 "time:dateSub('2019-11-11 13:23:44.657', 5, 'YEAR') -> '2014-11-11 13:23:44.657'",
                 {"time:dateSub(<string> time, <int> n, <string> unit)",
                  UNITS "A day that the month doesn't have becomes its last. The time is like '2014-11-11 "
                        "13:23:44.657'; what is none fails, as does null."},
                 {"time:dateSub(<string> time, <int> n, <string> unit, <string> pattern)",
                  "A time in another pattern."},
                 {"time:dateSub(<long> time, <int> n, <string> unit)",
                  "In ms since 1970, and so is the result, as a string."});

/* ---- dateDiff ----------------------------------------------------------------------------------------- */

static weir_status check_diff(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    static const wr_overload overloads[] = {{2, false, {WR_T_STRING, WR_T_STRING}},
                                            {2, false, {WR_T_LONG, WR_T_LONG}},
                                            {4, false, {WR_T_STRING, WR_T_STRING, WR_T_STRING, WR_T_STRING}}};
    *result = WEIR_LONG;
    WR_TRY(wr_check_overloads(&wr_time_date_diff, overloads, 3, args, n_args, err));
    return args[0].type == WEIR_LONG ? WEIR_OK
                                     : wr_time_check_patterns(&wr_time_date_diff, args, n_args, 2, err);
}

EVAL(eval_diff) {
    wr_time_site *site = self;
    const char *name = "time:dateDiff";
    bool of_longs = call->args[0].type == WEIR_LONG;
    (void)err;
    WR_FOR_ROWS(call, row) {
        int64_t a, b;
        bool are_times =
            of_longs ? wr_time_long_arg(call, 0, row, name, &a) && wr_time_long_arg(call, 1, row, name, &b)
                     : wr_time_pattern_arg(call, 2, row, name, &site->from) &&
                           wr_time_pattern_arg(call, 3, row, name, &site->to) &&
                           wr_time_text_arg(call, 0, row, name, &site->from, &a) &&
                           wr_time_text_arg(call, 1, row, name, &site->to, &b);
        if (are_times) ((int64_t *)call->out->data)[row] = (a - b) / 86400000;
    }
    return WEIR_OK;
}

WR_TIME_FUNCTION(wr_time_date_diff, "dateDiff", check_diff, wr_time_site_open, eval_diff,
                 "Gives the days from the second time to the first, without parts of days.",
                 "time:dateDiff(1415692424000L, 1412841224000L) -> 33L",
                 {"time:dateDiff(<long> a, <long> b)", "In ms since 1970. Null fails."},
                 {"time:dateDiff(<string> a, <string> b)", "Like '2014-11-11 13:23:44.657'."},
                 {"time:dateDiff(<string> a, <string> b, <string> pattern of a, <string> pattern of b)",
                  "What doesn't fit its pattern fails."});
