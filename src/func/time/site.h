/* site.h: what the calls of time functions share: their state, and arguments that are times or patterns. */
#ifndef WR_TIME_SITE_H
#define WR_TIME_SITE_H

#include "base/zone.h"
#include "func/containers.h"
#include "func/time/fields.h"
#include "func/time/format.h"

#define WR_TIME_PATTERN_DEFAULT "yyyy-MM-dd HH:mm:ss.SSS"

/* A call's state; all zero at first. */
typedef struct wr_time_site {
    wr_time_format from, to;
    wr_time_unit unit;
    wr_week_rule rule;
    wr_zone *zone; /* NULL: GMT */
    wr_buf text;
} wr_time_site;
/* For those that make nothing of their arguments. */
weir_status wr_time_site_open(void *self, const weir_arg *args, uint32_t n_args, weir_error *err);
void wr_time_site_close(void *self);

/* For check(): refuses constants from argument `first` on that are no patterns. */
weir_status wr_time_check_patterns(const weir_function_type *t, const weir_arg *args, uint32_t n_args,
                                   uint32_t first, weir_error *err) WR_NODISCARD;
/* For check(): argument `at` must be a constant string. */
weir_status wr_time_check_constant(const weir_function_type *t, const weir_arg *args, uint32_t n_args,
                                   uint32_t at, weir_error *err) WR_NODISCARD;
/* The unit a name stands for, in upper case or, if any_case, in any; NONE: no unit. */
wr_time_unit wr_time_unit_of(const weir_string *name, bool any_case);

/* Compiles the pattern that argument `arg` is, or the default pattern if there is no such argument. False:
 * the row has failed. */
bool wr_time_pattern_arg(const weir_call *call, uint32_t arg, uint32_t row, const char *function,
                         wr_time_format *f);
/* Reads argument `arg` by a compiled pattern. False: the row has failed. */
bool wr_time_text_arg(const weir_call *call, uint32_t arg, uint32_t row, const char *function,
                      const wr_time_format *f, int64_t *ms);
bool wr_time_long_arg(const weir_call *call, uint32_t arg, uint32_t row, const char *function, int64_t *ms);
/* The row becomes the time's text. */
weir_status wr_time_put(const weir_call *call, uint32_t row, wr_time_site *site, const wr_time_format *f,
                        int64_t ms) WR_NODISCARD;

/* The fields of a descriptor; params come last. */
#define WR_TIME_FIELDS(name_text, check_function, open_function, eval_function, doc_text, example_text, ...) \
    .struct_size = sizeof(weir_function_type), .ns = "time", .name = name_text, .doc = doc_text,             \
    .example = example_text, .params = (const weir_param_doc[]){__VA_ARGS__, {NULL, NULL}},                  \
    .check = check_function, .state_size = sizeof(wr_time_site), .open = open_function,                      \
    .close = wr_time_site_close, .eval = eval_function, .can_fail = true

#define WR_TIME_FUNCTION(symbol, ...) const weir_function_type symbol = {WR_TIME_FIELDS(__VA_ARGS__)}

#endif
