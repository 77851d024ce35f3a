/* typing.h: from syntax to typed expressions. */
#ifndef WR_PLAN_TYPING_H
#define WR_PLAN_TYPING_H

#include "plan/expr_make.h"
#include "plan/scope.h"

/* The value of e in scope s. */
wr_expr *wr_type_expr(wr_planner *p, wr_scope *s, const wr_ast_expr *e);
/* e must be a plain bool; `role` says what it is in messages ("the filter"). */
wr_expr *wr_type_condition(wr_planner *p, wr_scope *s, const wr_ast_expr *e, const char *role);

/* What is typed next is computed only where the condition is true, or else only where it is not (null counts
 * as false). The caller puts the old s->when back afterwards. */
void wr_type_narrow(wr_planner *p, wr_scope *s, wr_expr *condition, bool is_true);

/* Parts of wr_type_expr, a file each. */
wr_expr *wr_type_binary(wr_planner *p, wr_scope *s, const wr_ast_expr *e);
wr_expr *wr_type_call(wr_planner *p, wr_scope *s, const wr_ast_expr *e);
wr_expr *wr_type_in(wr_planner *p, wr_scope *s, const wr_ast_expr *e);

/* The arguments of a call, typed, and as descriptors see them. */
typedef struct wr_typed_args {
    wr_expr **exprs;
    weir_arg *info;
    uint32_t n;
    bool ok; /* all of them could be typed */
} wr_typed_args;

wr_typed_args wr_type_args(wr_planner *p, wr_scope *s, const wr_ast_call *call);
/* Argument i alone, into its place in *out, which has room. */
void wr_type_arg(wr_planner *p, wr_scope *s, const wr_ast_call *call, uint32_t i, wr_typed_args *out);

/* The call of a function whose check() has found the result's type. */
wr_expr *wr_make_call(wr_planner *p, const weir_function_type *type, const wr_typed_args *args,
                      weir_type result, wr_span span);

/* Functions that are forms of the plan and not calls: cast, ifThenElse, eventTimestamp. *handled tells
 * whether this is one. */
wr_expr *wr_type_special(wr_planner *p, wr_scope *s, const wr_ast_expr *e, bool *handled);
/* An aggregate, into a slot of the scope. */
wr_expr *wr_type_aggregate(wr_planner *p, wr_scope *s, const wr_ast_expr *e,
                           const weir_aggregator_type *type);

/* Splits a condition: equalities between something over columns below n_left and something over those from
 * n_left on become keys (the right ones over columns counted from n_left); the rest is the residual, or NULL.
 * The condition NULL: no keys, no residual. */
typedef enum wr_split_rule {
    WR_SPLIT_JOIN,  /* neither side is constant */
    WR_SPLIT_PROBE, /* the right key is a bare column, the left one may be constant */
    /* A table's key is a bare column. */
    WR_SPLIT_LEFT_TABLE,
    WR_SPLIT_RIGHT_TABLE
} wr_split_rule;
typedef struct wr_split {
    wr_expr **left_keys, **right_keys;
    wr_expr **parts; /* the parts that became them, as they were */
    uint32_t n_keys;
    wr_expr *residual;
} wr_split;
bool wr_split_condition(wr_planner *p, wr_expr *condition, uint32_t n_left, wr_split_rule rule,
                        wr_split *out);

/* How the rows of a table are found for which a condition over (columns of an input, then the table's) holds.
 * The condition NULL: all rows. declared_only: by no index but the primary key's and those of @Index. */
bool wr_make_lookup(wr_planner *p, wr_expr *condition, uint32_t n_input, uint32_t table, bool declared_only,
                    wr_plan_lookup *out);

#endif
