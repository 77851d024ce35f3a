/* dates.c: times that are text: date, dayOfWeek, dateFormat, timestampInMilliseconds. */
#include "base/time_range.h"
#include "func/time/functions.h"
#include "func/time/site.h"

#define EVAL(name) static weir_status name(void *self, const weir_call *call, weir_error *err)

/* Only strings, least to most of them; those from `first` on are patterns. */
static weir_status check_strings(const weir_function_type *t, uint32_t least, uint32_t most, uint32_t first,
                                 const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_arg_count(t, args, n_args, least, most, err));
    for (uint32_t i = 0; i < n_args; i++)
        if (args[i].type != WEIR_STRING)
            return wr_refuse_args(t, args, n_args, i, err, "argument %u must be string, not %s", i + 1,
                                  weir_type_name(args[i].type));
    return wr_time_check_patterns(t, args, n_args, first, err);
}

/* ---- date --------------------------------------------------------------------------------------------- */

static weir_status check_date(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_STRING;
    return check_strings(&wr_time_date, 1, 2, 1, args, n_args, err);
}

EVAL(eval_date) {
    wr_time_site *site = self;
    WR_TRY(wr_time_format_set(&site->to, "yyyy-MM-dd", 10, err));
    WR_FOR_ROWS(call, row) {
        int64_t ms;
        if (wr_time_pattern_arg(call, 1, row, "time:date", &site->from) &&
            wr_time_text_arg(call, 0, row, "time:date", &site->from, &ms))
            WR_TRY(wr_time_put(call, row, site, &site->to, ms));
    }
    return WEIR_OK;
}

WR_TIME_FUNCTION(wr_time_date, "date", check_date, wr_time_site_open, eval_date,
                 "Gives the date of a time, as yyyy-MM-dd.",
                 "time:date('2014/11/11 13:23:44', 'yyyy/MM/dd HH:mm:ss') -> '2014-11-11'",
                 {"time:date(<string> time)", "Like '2014-11-11 13:23:44.657'."},
                 {"time:date(<string> time, <string> pattern)",
                  "What doesn't fit the pattern fails, as does null."});

/* ---- dayOfWeek ---------------------------------------------------------------------------------------- */

static weir_status check_day(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_STRING;
    return check_strings(&wr_time_day_of_week, 1, 2, 1, args, n_args, err);
}

/* A number, perhaps negative, and what must follow it. */
static bool take_number(wr_text *s, char then, int32_t *out) {
    bool is_minus = s->n && *s->p == '-';
    size_t i = is_minus, begin = i;
    int64_t v = 0;
    while (i < s->n && s->p[i] >= '0' && s->p[i] <= '9' && v <= INT32_MAX) v = v * 10 + (s->p[i++] - '0');
    bool fits = i > begin && v <= INT32_MAX && (!then || (i < s->n && s->p[i] == then));
    if (!fits) return false;
    *out = (int32_t)(is_minus ? -v : v);
    s->n -= i + (then != 0);
    s->p += i + (then != 0);
    return true;
}

/* Without a pattern Siddhi reads the date alone, with a SimpleDateFormat: what stands before the first blank,
 * as yyyy-MM-dd, where each may be negative. */
static bool read_date(wr_text s, int64_t *ms) {
    int32_t year, month, day;
    wr_time_fields f = {.last_stamp = 0};
    if (!take_number(&s, '-', &year) || !take_number(&s, '-', &month) || !take_number(&s, 0, &day))
        return false;
    wr_time_field_set(&f, WR_FIELD_YEAR, year);
    wr_time_field_set(&f, WR_FIELD_MONTH, month > INT32_MIN ? month - 1 : month);
    wr_time_field_set(&f, WR_FIELD_DAY_OF_MONTH, day);
    return wr_time_of_fields(&f, ms);
}

static bool date_arg(const weir_call *call, uint32_t row, int64_t *ms) {
    wr_text s;
    if (!wr_text_needed(call, 0, row, "time:dayOfWeek", &s)) return false;
    if (read_date(s, ms)) return true;
    wr_call_fail(call, row, "time:dayOfWeek(): '%.*s' is no date like '2014-11-11'", (int)WR_MIN(s.n, 60u),
                 s.p);
    return false;
}

static bool time_arg(const weir_call *call, uint32_t row, wr_time_site *site, int64_t *ms) {
    return wr_time_pattern_arg(call, 1, row, "time:dayOfWeek", &site->from) &&
           wr_time_text_arg(call, 0, row, "time:dayOfWeek", &site->from, ms);
}

EVAL(eval_day) {
    (void)err;
    WR_FOR_ROWS(call, row) {
        int64_t ms;
        if (!(call->n_args == 1 ? date_arg(call, row, &ms) : time_arg(call, row, self, &ms))) continue;
        wr_time_fields f;
        wr_time_fields_of(ms, WR_WEEK_RULE_DEFAULT, &f);
        const char *name = wr_day_names[f.value[WR_FIELD_DAY_OF_WEEK] - 1];
        wr_put_view(call, row, name, strlen(name));
    }
    return WEIR_OK;
}

WR_TIME_FUNCTION(wr_time_day_of_week, "dayOfWeek", check_day, wr_time_site_open, eval_day,
                 "Gives the name of a time's day: 'Monday' to 'Sunday'.",
                 "time:dayOfWeek('2014/12/11 13:23:44', 'yyyy/MM/dd HH:mm:ss') -> 'Thursday'",
                 {"time:dayOfWeek(<string> time)", "Begins with a date like 2014-11-11."},
                 {"time:dayOfWeek(<string> time, <string> pattern)",
                  "What doesn't fit the pattern fails, as does null."});

/* ---- dateFormat --------------------------------------------------------------------------------------- */

static weir_status check_format(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    static const wr_overload overloads[] = {{2, false, {WR_T_STRING | WR_T_LONG, WR_T_STRING}},
                                            {3, false, {WR_T_STRING, WR_T_STRING, WR_T_STRING}}};
    *result = WEIR_STRING;
    WR_TRY(wr_check_overloads(&wr_time_date_format, overloads, 2, args, n_args, err));
    return wr_time_check_patterns(&wr_time_date_format, args, n_args, 1, err);
}

EVAL(eval_format) {
    wr_time_site *site = self;
    const char *name = "time:dateFormat";
    bool of_long = call->args[0].type == WEIR_LONG;
    (void)err;
    WR_FOR_ROWS(call, row) {
        int64_t ms;
        bool is_time = of_long ? wr_time_long_arg(call, 0, row, name, &ms)
                               : wr_time_pattern_arg(call, 2, row, name, &site->from) &&
                                     wr_time_text_arg(call, 0, row, name, &site->from, &ms);
        if (is_time && wr_time_pattern_arg(call, 1, row, name, &site->to))
            WR_TRY(wr_time_put(call, row, site, &site->to, ms));
    }
    return WEIR_OK;
}

WR_TIME_FUNCTION(wr_time_date_format, "dateFormat", check_format, wr_time_site_open, eval_format,
                 "Writes a time in a pattern like 'yyyy-MM-dd HH:mm:ss'.",
                 "time:dateFormat(1415692424000L, 'yyyy-MM-dd') -> '2014-11-11'",
                 {"time:dateFormat(<long> time, <string> to)", "In ms since 1970. Null fails."},
                 {"time:dateFormat(<string> time, <string> to)", "Like '2014-11-11 13:23:44.657'."},
                 {"time:dateFormat(<string> time, <string> to, <string> from)",
                  "A time that doesn't fit the pattern `from` fails."});

/* ---- timestampInMilliseconds -------------------------------------------------------------------------- */

static weir_status check_stamp(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_LONG;
    return check_strings(&wr_time_timestamp_in_milliseconds, 0, 2, 1, args, n_args, err);
}

EVAL(eval_stamp) {
    wr_time_site *site = self;
    const char *name = "time:timestampInMilliseconds";
    int64_t *out = call->out->data;
    (void)err;
    WR_FOR_ROWS(call, row) {
        if (call->n_args == 0 || (call->n_args == 1 && weir_is_null(&call->args[0], row)))
            out[row] = call->now[row];
        else if (wr_time_pattern_arg(call, 1, row, name, &site->from))
            (void)wr_time_text_arg(call, 0, row, name, &site->from, &out[row]);
    }
    return WEIR_OK;
}

const weir_function_type wr_time_timestamp_in_milliseconds = {
    .struct_size = sizeof(weir_function_type),
    .ns = "time",
    .name = "timestampInMilliseconds",
    .doc = "Gives a time in milliseconds since 1970.",
    .example = "time:timestampInMilliseconds('2007-11-30 10:30:19', 'yyyy-MM-dd HH:mm:ss') -> 1196418619000L",
    .params = (const weir_param_doc[]){{"time:timestampInMilliseconds()", "The app's clock."},
                                       {"time:timestampInMilliseconds(<string> time)",
                                        "Like '2014-11-11 13:23:44.657'; of null, the app's clock."},
                                       {"time:timestampInMilliseconds(<string> time, <string> pattern)",
                                        "What doesn't fit the pattern fails, as does null."},
                                       {NULL, NULL}},
    .check = check_stamp,
    .state_size = sizeof(wr_time_site),
    .open = wr_time_site_open,
    .close = wr_time_site_close,
    .eval = eval_stamp,
    .needs_clock = true,
    .not_pure = true,
    .can_fail = true,
};
