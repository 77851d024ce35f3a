/* check.h: what the functions' check() share: refusing arguments with a message that helps. */
#ifndef WR_CHECK_H
#define WR_CHECK_H

#include "base/compiler.h"
#include "weir_ext.h"

#define WR_WHOLE_CALL UINT32_MAX

/* Fills *err: "maximum(int, string): <why>", marks argument `at` (or the call as a whole), and lists what the
 * function takes as the hint. Returns WEIR_ETYPE. */
weir_status wr_refuse_args(const weir_function_type *t, const weir_arg *args, uint32_t n_args, uint32_t at,
                           weir_error *err, const char *why, ...) WR_PRINTF(6, 7);

/* Refuses unless least <= n_args <= most; says how many are wanted. */
weir_status wr_check_arg_count(const weir_function_type *t, const weir_arg *args, uint32_t n_args,
                               uint32_t least, uint32_t most, weir_error *err) WR_NODISCARD;

/* Refuses unless all arguments have the type of the first. */
weir_status wr_check_same_type(const weir_function_type *t, const weir_arg *args, uint32_t n_args,
                               weir_error *err) WR_NODISCARD;

/* Argument `at` must be a constant string that names a type other than object, in any case. */
weir_status wr_check_type_name(const weir_function_type *t, const weir_arg *args, uint32_t n_args,
                               uint32_t at, weir_type *type, weir_error *err) WR_NODISCARD;

#endif
