/* expr.h: a typed expression, as the planner leaves it and the executor compiles it.
 *
 * Everything is decided here: names are columns, overloads are chosen, numeric operands have been brought to
 * one type by WR_EXPR_CONVERT nodes. Nodes live in the plan's arena and never change once the plan is made.
 */
#ifndef WR_EXPR_H
#define WR_EXPR_H

#include "weir_ext.h"

typedef enum wr_expr_kind {
    WR_EXPR_CONST,   /* u.constant */
    WR_EXPR_COLUMN,  /* u.column: of the operator's input batch */
    WR_EXPR_OUTPUT,  /* u.column: of the row the selector is making (having, order by) */
    WR_EXPR_AGG,     /* u.column: the running value of aggregate slot n of this operator */
    WR_EXPR_PROBE,   /* u.column: bool, the result of table probe n of this operator ("c in T") */
    WR_EXPR_TS,      /* long: the row's timestamp (eventTimestamp()) */
    WR_EXPR_CONVERT, /* a: numeric -> type, Java's widening (int->long, long->float, …); null stays null */
    WR_EXPR_UNBOX,   /* a is boxed or an object -> a plain column of `type`. u.strict: the value must be of
                        exactly   that class, else the row fails (a comparison of a mis-cast value); otherwise
                        numbers convert */
    WR_EXPR_BOX,     /* a: any -> objects; `type` is the label, `boxed` is true (or type is object) */
    WR_EXPR_ARITH,   /* u.op is one of + - * / %; a, b and the result have one numeric type */
    WR_EXPR_COMPARE, /* a, b have one type (numeric, string, bool); result bool, never null */
    WR_EXPR_AND,     /* a, b bool; null counts as false; b is not evaluated where a is not true */
    WR_EXPR_OR,      /* likewise; b is not evaluated where a is true */
    WR_EXPR_NOT,     /* a bool; not null is true */
    WR_EXPR_IS_NULL, /* a any */
    WR_EXPR_NULL_FALSE, /* a bool: null becomes false (bool functions) */
    WR_EXPR_IF,         /* ifThenElse(c, a, b): only the chosen branch is evaluated; null c -> b */
    WR_EXPR_CALL        /* u.call */
} wr_expr_kind;

typedef enum wr_arith { WR_ADD, WR_SUB, WR_MUL, WR_DIV, WR_MOD } wr_arith;
typedef enum wr_compare { WR_EQ, WR_NE, WR_LT, WR_LE, WR_GT, WR_GE } wr_compare;

typedef struct wr_expr wr_expr;
struct wr_expr {
    wr_expr_kind kind;
    weir_type type;
    bool boxed;          /* the result column holds objects */
    bool nullable;       /* some row may be null */
    bool can_fail;       /* some row may fail (this node or one below) */
    bool needs_clock;    /* reads the clock (this node or one below) */
    uint32_t begin, end; /* byte range in the app's text */
    wr_expr *a, *b, *c;  /* operands; c is the condition of IF */
    union {
        weir_value constant;
        uint32_t column;
        wr_arith arith;
        wr_compare compare;
        bool strict;
        struct {
            const weir_function_type *function;
            const weir_arg *arg_info; /* what check() saw, for open() */
            wr_expr **args;
            uint32_t n_args;
        } call;
    } u;
};

/* An aggregate that an operator keeps: sum(x * 2). */
typedef struct wr_agg_slot {
    const weir_aggregator_type *type;
    const weir_arg *arg_info;
    wr_expr **args; /* over the operator's input */
    uint32_t n_args;
    weir_type result;
    /* A bool over the input, probes and the slots before this one: only rows for which it is true are taken
     * in, since nobody asks for the others (ifThenElse(b, sum(x), 0)). NULL: all. */
    wr_expr *when;
} wr_agg_slot;

#endif
