/* check.c: see check.h. */
#include "window/check.h"

#include <stdarg.h>
#include <stdio.h>

weir_status wr_check_fail(const weir_arg *a, weir_error *err, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    weir_fail(err, WEIR_ETYPE, "%s", text);
    if (err) {
        err->begin = a->begin;
        err->end = a->end;
    }
    return WEIR_ETYPE;
}

weir_status wr_check_count(const char *window, uint32_t n, uint32_t least, uint32_t most, weir_error *err) {
    if (n >= least && n <= most) return WEIR_OK;
    const char *plural = (n < least ? least : most) == 1 ? "" : "s";
    if (least == most)
        return weir_fail(err, WEIR_ETYPE, "window %s() takes %u argument%s, not %u", window, least, plural,
                         n);
    return weir_fail(err, WEIR_ETYPE, "window %s() takes at %s %u argument%s, not %u", window,
                     n < least ? "least" : "most", n < least ? least : most, plural, n);
}

/* "int, long or time": a mask in words. */
static const char *types_text(uint32_t types, char *text, size_t size) {
    static const weir_type order[] = {WEIR_INT,    WEIR_LONG, WEIR_FLOAT, WEIR_DOUBLE,
                                      WEIR_STRING, WEIR_BOOL, WEIR_OBJECT};
    size_t at = 0;
    uint32_t left = types;
    text[0] = 0;
    for (size_t i = 0; i < WR_COUNT(order) && at < size; i++) {
        if (!(types & WR_IS(order[i]))) continue;
        left &= ~WR_IS(order[i]);
        const char *join = !at ? "" : left ? ", " : " or ";
        at += (size_t)snprintf(text + at, size - at, "%s%s", join, weir_type_name(order[i]));
    }
    return text;
}

static weir_status check_type(const char *window, const char *what, const weir_arg *a, uint32_t types,
                              weir_error *err) {
    char text[64];
    if (types & WR_IS(a->type)) return WEIR_OK;
    return wr_check_fail(a, err, "%s of window %s() must be %s, not %s", what, window,
                         types_text(types, text, sizeof text), weir_type_name(a->type));
}

weir_status wr_check_const(const char *window, const char *what, const weir_arg *a, uint32_t types,
                           weir_error *err) {
    if (!a->is_const)
        return wr_check_fail(a, err, "%s of window %s() must be a constant, not an attribute", what, window);
    return check_type(window, what, a, types, err);
}

weir_status wr_check_attribute(const char *window, const char *what, const weir_arg *a, uint32_t types,
                               weir_error *err) {
    if (!a->is_attribute)
        return wr_check_fail(a, err, "%s of window %s() must be an attribute, not a constant", what, window);
    return check_type(window, what, a, types, err);
}

weir_status wr_check_rows(const char *window, const weir_arg *a, weir_error *err) {
    WR_TRY(wr_check_const(window, "the number of rows", a, WR_IS(WEIR_INT), err));
    if (a->value.as.i >= 0) return WEIR_OK;
    return wr_check_fail(a, err, "the number of rows of window %s() must not be negative", window);
}

weir_status wr_check_span(const char *window, const char *what, const weir_arg *a, weir_error *err) {
    return wr_check_const(window, what, a, WR_IS_TIME, err);
}

weir_status wr_check_period(const char *window, const char *what, const weir_arg *a, weir_error *err) {
    WR_TRY(wr_check_span(window, what, a, err));
    if (wr_arg_long(a) > 0) return WEIR_OK;
    return wr_check_fail(a, err, "%s of window %s() must be more than 0", what, window);
}

int wr_span_text(int64_t ms, char *text, size_t size) {
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{86400000, "day"}, {3600000, "hour"}, {60000, "min"}, {1000, "sec"}};
    for (size_t i = 0; i < WR_COUNT(units); i++)
        if (ms && ms % units[i].ms == 0)
            return snprintf(text, size, "%lld %s", (long long)(ms / units[i].ms), units[i].name);
    return snprintf(text, size, "%lld ms", (long long)ms);
}
