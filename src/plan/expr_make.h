/* expr_make.h: building typed expressions: the nodes, with nullable, can_fail and needs_clock worked out.
 *
 * All take NULL operands (which failed and were told) and then give NULL. */
#ifndef WR_EXPR_MAKE_H
#define WR_EXPR_MAKE_H

#include "plan/context.h"

wr_expr *wr_expr_const(wr_planner *p, const weir_value *value, wr_span span);
wr_expr *wr_expr_bool(wr_planner *p, bool value, wr_span span);
/* COLUMN, OUTPUT: of this attribute. */
wr_expr *wr_expr_column(wr_planner *p, wr_expr_kind kind, uint32_t column, const wr_attr *attr, wr_span span);
/* AGG, PROBE, TS: plain, of this type. */
wr_expr *wr_expr_slot(wr_planner *p, wr_expr_kind kind, uint32_t slot, weir_type type, wr_span span);

/* A node over one, two or three operands; flags follow from theirs. */
wr_expr *wr_expr_unary(wr_planner *p, wr_expr_kind kind, weir_type type, wr_expr *a, wr_span span);
wr_expr *wr_expr_binary(wr_planner *p, wr_expr_kind kind, weir_type type, wr_expr *a, wr_expr *b,
                        wr_span span);
/* IF: a and b of one type; boxed if either is. */
wr_expr *wr_expr_if(wr_planner *p, wr_expr *condition, wr_expr *a, wr_expr *b, wr_span span);

/* a as a plain column of `type`, which it has or can be converted to: boxed and object values are unboxed,
 * numbers converted, constants at once. strict: a boxed value must be of its label's class exactly. */
wr_expr *wr_expr_plain(wr_planner *p, wr_expr *a, weir_type type, bool strict);
/* a as objects labelled `type`. */
wr_expr *wr_expr_box(wr_planner *p, wr_expr *a, weir_type type);
/* A bool with null as false. */
wr_expr *wr_expr_null_false(wr_planner *p, wr_expr *a);

bool wr_type_is_numeric(weir_type type);
/* Same computation (spans aside). Calls of impure functions are never equal. */
bool wr_expr_equal(const wr_expr *a, const wr_expr *b);
/* Calls visit for e and all nodes below; stops and returns false when visit does. */
bool wr_expr_walk(const wr_expr *e, bool (*visit)(const wr_expr *e, void *ctx), void *ctx);
bool wr_expr_has_kind(const wr_expr *e, wr_expr_kind kind);
/* A copy in which each COLUMN is numbered lower by shift. */
wr_expr *wr_expr_shift(wr_planner *p, const wr_expr *e, uint32_t shift);
/* A copy in which each COLUMN base + n is replaced by by[n], where that is not NULL. */
wr_expr *wr_expr_replace_columns(wr_planner *p, const wr_expr *e, uint32_t base, wr_expr *const *by,
                                 uint32_t n);
/* A copy in which each OUTPUT n is replaced by outs[n] (which may be NULL when that failed). */
wr_expr *wr_expr_inline_outputs(wr_planner *p, const wr_expr *e, wr_expr *const *outs);

#endif
