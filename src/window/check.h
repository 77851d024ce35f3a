/* check.h: the arguments of windows. Each check fills *err with what is wrong and where; which lists of
 * arguments would be accepted, the planner adds from the descriptor. */
#ifndef WR_WINDOW_CHECK_H
#define WR_WINDOW_CHECK_H

#include "base/compiler.h"
#include "weir_ext.h"

weir_status wr_check_count(const char *window, uint32_t n, uint32_t least, uint32_t most,
                           weir_error *err) WR_NODISCARD;
/* A constant whose type is one of `types`, a mask of 1 << weir_type. what: "the length", for the message. */
weir_status wr_check_const(const char *window, const char *what, const weir_arg *a, uint32_t types,
                           weir_error *err) WR_NODISCARD;
/* An attribute whose type is one of `types`. */
weir_status wr_check_attribute(const char *window, const char *what, const weir_arg *a, uint32_t types,
                               weir_error *err) WR_NODISCARD;
/* A constant number of rows: an int, not negative. */
weir_status wr_check_rows(const char *window, const weir_arg *a, weir_error *err) WR_NODISCARD;
/* A constant span: int, long or time; more than 0 where a period is meant. */
weir_status wr_check_span(const char *window, const char *what, const weir_arg *a,
                          weir_error *err) WR_NODISCARD;
weir_status wr_check_period(const char *window, const char *what, const weir_arg *a,
                            weir_error *err) WR_NODISCARD;
/* WEIR_ETYPE with the argument's place. */
weir_status wr_check_fail(const weir_arg *a, weir_error *err, const char *format, ...) WR_PRINTF(3, 4);

#define WR_IS(type)  (1u << (type))
#define WR_IS_TIME   (WR_IS(WEIR_INT) | WR_IS(WEIR_LONG)) /* a time constant is a long */
#define WR_IS_NUMBER (WR_IS_TIME | WR_IS(WEIR_FLOAT) | WR_IS(WEIR_DOUBLE))

/* The value of a constant int or long. */
static inline int64_t wr_arg_long(const weir_arg *a) {
    return a->type == WEIR_INT ? a->value.as.i : a->value.as.l;
}
/* A span in words: "10 min", "1500 ms". snprintf rules. */
int wr_span_text(int64_t ms, char *text, size_t size);

#endif
