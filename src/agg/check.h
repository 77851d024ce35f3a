/* check.h: what the check() functions of aggregators have in common. */
#ifndef WR_AGG_CHECK_H
#define WR_AGG_CHECK_H

#include "base/compiler.h"
#include "weir_ext.h"

#define WR_TYPE_BIT(type) (1u << (type))
#define WR_NUMERIC_BITS                                                                                      \
    (WR_TYPE_BIT(WEIR_INT) | WR_TYPE_BIT(WEIR_LONG) | WR_TYPE_BIT(WEIR_FLOAT) | WR_TYPE_BIT(WEIR_DOUBLE))

/* Exactly one argument, of a type in type_bits; else WEIR_ETYPE with the argument marked. */
weir_status wr_agg_check_one(const char *name, uint32_t type_bits, const weir_arg *args, uint32_t n_args,
                             weir_error *err) WR_NODISCARD;

#endif
