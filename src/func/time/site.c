/* site.c: see site.h. */
#include "func/time/site.h"

#include "base/time_range.h"

weir_status wr_time_site_open(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)self, (void)args, (void)n_args, (void)err;
    return WEIR_OK;
}

void wr_time_site_close(void *self) {
    wr_time_site *site = self;
    wr_zone_close(site->zone);
    wr_buf_fini(&site->text);
}

weir_status wr_time_check_patterns(const weir_function_type *t, const weir_arg *args, uint32_t n_args,
                                   uint32_t first, weir_error *err) {
    for (uint32_t i = first; i < n_args; i++) {
        if (!args[i].is_const || args[i].value.is_null) continue;
        wr_time_format f = {.is_set = false};
        weir_error why;
        const weir_string *s = &args[i].value.as.s;
        if (wr_time_format_set(&f, weir_string_data(s), s->len, &why))
            return wr_refuse_args(t, args, n_args, i, err, "%s", why.message);
    }
    return WEIR_OK;
}

weir_status wr_time_check_constant(const weir_function_type *t, const weir_arg *args, uint32_t n_args,
                                   uint32_t at, weir_error *err) {
    if (args[at].is_const && !args[at].value.is_null) return WEIR_OK;
    return wr_refuse_args(t, args, n_args, at, err, "argument %u must be a constant", at + 1);
}

wr_time_unit wr_time_unit_of(const weir_string *name, bool any_case) {
    static const char *const names[] = {"YEAR", "QUARTER", "MONTH",  "WEEK",
                                        "DAY",  "HOUR",    "MINUTE", "SECOND"};
    const char *p = weir_string_data(name);
    for (uint32_t i = 0; i < WR_COUNT(names); i++) {
        uint32_t k = 0, n = (uint32_t)strlen(names[i]);
        if (n != name->len) continue;
        while (k < n && (p[k] == names[i][k] || (any_case && p[k] == (names[i][k] | 0x20)))) k++;
        if (k == n) return (wr_time_unit)(WR_TIME_UNIT_YEAR + i);
    }
    return WR_TIME_UNIT_NONE;
}

bool wr_time_pattern_arg(const weir_call *call, uint32_t arg, uint32_t row, const char *function,
                         wr_time_format *f) {
    wr_text s = {WR_TIME_PATTERN_DEFAULT, sizeof WR_TIME_PATTERN_DEFAULT - 1};
    weir_error err;
    if (arg < call->n_args && !wr_text_needed(call, arg, row, function, &s)) return false;
    if (wr_time_format_set(f, s.p, s.n, &err) == WEIR_OK) return true;
    wr_call_fail(call, row, "%s(): %s", function, err.message);
    return false;
}

bool wr_time_text_arg(const weir_call *call, uint32_t arg, uint32_t row, const char *function,
                      const wr_time_format *f, int64_t *ms) {
    wr_text s;
    if (!wr_text_needed(call, arg, row, function, &s)) return false;
    if (wr_time_read(f, s.p, s.n, ms)) return true;
    wr_call_fail(call, row, "%s(): '%.*s' is no time of the pattern '%.*s'", function, (int)WR_MIN(s.n, 60u),
                 s.p, (int)WR_MIN(f->len, 60u), f->pattern);
    return false;
}

bool wr_time_long_arg(const weir_call *call, uint32_t arg, uint32_t row, const char *function, int64_t *ms) {
    if (weir_is_null(&call->args[arg], row)) {
        wr_call_fail_null(call, arg, row, function);
        return false;
    }
    *ms = ((const int64_t *)call->args[arg].data)[row];
    if (!wr_is_time(*ms)) wr_call_fail(call, row, "%s(): the time is out of range", function);
    return wr_is_time(*ms);
}

weir_status wr_time_put(const weir_call *call, uint32_t row, wr_time_site *site, const wr_time_format *f,
                        int64_t ms) {
    wr_time_print(f, ms, &site->text);
    return wr_put_buf(call, row, &site->text);
}
