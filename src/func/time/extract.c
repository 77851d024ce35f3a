/* extract.c: time:extract. */
#include "func/time/functions.h"
#include "func/time/site.h"

/* Where the unit and the locale stand; UINT32_MAX: there is no locale. */
static uint32_t unit_arg(const weir_arg *args) { return args[0].type == WEIR_LONG ? 1 : 0; }
static uint32_t locale_arg(const weir_arg *args, uint32_t n_args) {
    uint32_t at = args[0].type == WEIR_LONG ? 2 : 3;
    return at < n_args ? at : UINT32_MAX;
}

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    static const wr_overload overloads[] = {{2, false, {WR_T_STRING, WR_T_STRING}},
                                            {2, false, {WR_T_LONG, WR_T_STRING}},
                                            {3, false, {WR_T_STRING, WR_T_STRING, WR_T_STRING}},
                                            {3, false, {WR_T_LONG, WR_T_STRING, WR_T_STRING}},
                                            {4, false, {WR_T_STRING, WR_T_STRING, WR_T_STRING, WR_T_STRING}}};
    const weir_function_type *t = &wr_time_extract;
    *result = WEIR_INT;
    WR_TRY(wr_check_overloads(t, overloads, WR_COUNT(overloads), args, n_args, err));
    WR_TRY(wr_time_check_constant(t, args, n_args, unit_arg(args), err));
    uint32_t at = locale_arg(args, n_args);
    if (at != UINT32_MAX) {
        WR_TRY(wr_time_check_constant(t, args, n_args, at, err));
        const weir_string *s = &args[at].value.as.s;
        wr_week_rule rule;
        if (!wr_week_rule_of(weir_string_data(s), s->len, &rule))
            return wr_refuse_args(t, args, n_args, at, err,
                                  "'%.*s' is no locale like 'fr' or 'fr_FR', or has another calendar",
                                  (int)WR_MIN(s->len, 20u), weir_string_data(s));
    }
    bool has_pattern = args[0].type != WEIR_LONG && n_args > 2;
    return has_pattern ? wr_time_check_patterns(t, args, 3, 2, err) : WEIR_OK;
}

static weir_status open_extract(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)err;
    wr_time_site *site = self;
    uint32_t at = locale_arg(args, n_args);
    site->unit = wr_time_unit_of(&args[unit_arg(args)].value.as.s, true);
    site->rule = WR_WEEK_RULE_DEFAULT;
    if (at != UINT32_MAX)
        (void)wr_week_rule_of(weir_string_data(&args[at].value.as.s), args[at].value.as.s.len, &site->rule);
    return WEIR_OK;
}

static int32_t unit_value(const int32_t *v, wr_time_unit unit) {
    switch (unit) {
    case WR_TIME_UNIT_NONE: break;
    case WR_TIME_UNIT_YEAR: return v[WR_FIELD_YEAR];
    case WR_TIME_UNIT_QUARTER: return v[WR_FIELD_MONTH] / 3 + 1;
    case WR_TIME_UNIT_MONTH: return v[WR_FIELD_MONTH] + 1;
    case WR_TIME_UNIT_WEEK: return v[WR_FIELD_WEEK_OF_YEAR];
    case WR_TIME_UNIT_DAY: return v[WR_FIELD_DAY_OF_MONTH];
    case WR_TIME_UNIT_HOUR: return v[WR_FIELD_HOUR_OF_DAY];
    case WR_TIME_UNIT_MINUTE: return v[WR_FIELD_MINUTE];
    case WR_TIME_UNIT_SECOND: return v[WR_FIELD_SECOND];
    }
    return 0;
}

static weir_status eval(void *self, const weir_call *call, weir_error *err) {
    wr_time_site *site = self;
    const char *name = "time:extract";
    bool of_long = call->args[0].type == WEIR_LONG;
    (void)err;
    WR_FOR_ROWS(call, row) {
        int64_t ms;
        bool is_time = of_long ? wr_time_long_arg(call, 0, row, name, &ms)
                               : wr_time_pattern_arg(call, 2, row, name, &site->from) &&
                                     wr_time_text_arg(call, 1, row, name, &site->from, &ms);
        if (!is_time) continue;
        wr_time_fields f;
        wr_time_fields_of(ms, site->rule, &f);
        wr_put_int(call, row, unit_value(f.value, site->unit));
    }
    return WEIR_OK;
}

WR_TIME_FUNCTION(
    wr_time_extract, "extract", check, open_extract, eval, "Gives one part of a time, as a number.",
    "time:extract('YEAR', '2019/11/11 13:23:44.657', 'yyyy/MM/dd HH:mm:ss.SSS') -> 2019",
    {"time:extract(<long> time, <string> unit)",
     "Of ms since 1970. Units are 'YEAR', 'QUARTER', 'MONTH', 'WEEK', 'DAY', 'HOUR', 'MINUTE' and "
     "'SECOND', in any case, a constant; any other gives 0. Null fails."},
    {"time:extract(<long> time, <string> unit, <string> locale)",
     "A constant like 'fr_FR', which says where weeks begin; else the first Sunday begins week 2."},
    {"time:extract(<string> unit, <string> time)", "Of a text like '2014-11-11 13:23:44.657'."},
    {"time:extract(<string> unit, <string> time, <string> pattern)", "What doesn't fit the pattern fails."},
    {"time:extract(<string> unit, <string> time, <string> pattern, <string> locale)", "Both."});
