/* random_tree.h: well-typed expressions of any shape, over the columns of program_reference.h. */
#ifndef WR_TEST_RANDOM_TREE_H
#define WR_TEST_RANDOM_TREE_H

#include "program_reference.h"

static wr_expr *random_tree(fixture *f, weir_type type, uint32_t depth);

static wr_expr *random_leaf(fixture *f, weir_type type) {
    if (rng_below(&f->g, 4) == 0) {
        weir_value v = random_value(&f->g, type);
        return expr_const(&f->arena, rng_below(&f->g, 6) ? v : wr_value_null(type));
    }
    if (type == WEIR_LONG && rng_below(&f->g, 8) == 0)
        return expr_node(&f->arena, WR_EXPR_TS, WEIR_LONG, NULL, NULL);
    return expr_column(&f->arena, (uint32_t)(type - WEIR_INT) * 2 + rng_below(&f->g, 2), type);
}

static wr_expr *random_bool(fixture *f, uint32_t depth) {
    weir_type type = (weir_type)(WEIR_INT + rng_below(&f->g, 6));
    wr_expr *a, *b;
    switch (rng_below(&f->g, 8)) {
    case 0: return expr_logic(&f->arena, WR_EXPR_NOT, random_tree(f, WEIR_BOOL, depth), NULL);
    case 1: return expr_logic(&f->arena, WR_EXPR_IS_NULL, random_tree(f, type, depth), NULL);
    case 2: return expr_logic(&f->arena, WR_EXPR_NULL_FALSE, random_tree(f, WEIR_BOOL, depth), NULL);
    case 3:
    case 4:
        a = random_tree(f, WEIR_BOOL, depth);
        b = random_tree(f, WEIR_BOOL, depth);
        return expr_logic(&f->arena, rng_below(&f->g, 2) ? WR_EXPR_AND : WR_EXPR_OR, a, b);
    default:
        a = random_tree(f, type, depth);
        b = random_tree(f, type, depth);
        return expr_compare(&f->arena, (wr_compare)rng_below(&f->g, type <= WEIR_DOUBLE ? WR_N_COMPARE : 2),
                            a, b);
    }
}

static wr_expr *random_number(fixture *f, weir_type type, uint32_t depth) {
    weir_type other = (weir_type)(WEIR_INT + rng_below(&f->g, 4));
    wr_expr *a, *b;
    switch (rng_below(&f->g, 6)) {
    case 0: return expr_convert(&f->arena, type, random_tree(f, WR_MIN(type, other), depth));
    case 1:
        return expr_unbox(&f->arena, type, rng_below(&f->g, 3) == 0,
                          expr_box(&f->arena, random_tree(f, other, depth)));
    case 2:
        if (type == WEIR_LONG)
            return expr_call(&f->arena, &shaky, WEIR_LONG, random_tree(f, WEIR_LONG, depth));
        /* fall through */
    default:
        a = random_tree(f, type, depth);
        b = rng_below(&f->g, 5) ? random_tree(f, type, depth) : a;
        return expr_arith(&f->arena, (wr_arith)rng_below(&f->g, WR_N_ARITH), a, b);
    }
}

static wr_expr *random_tree(fixture *f, weir_type type, uint32_t depth) {
    if (depth == 0 || rng_below(&f->g, 6) == 0) return random_leaf(f, type);
    if (rng_below(&f->g, 5) == 0 || type == WEIR_STRING) {
        wr_expr *condition = random_tree(f, WEIR_BOOL, depth - 1);
        wr_expr *a = random_tree(f, type, depth - 1);
        return expr_if(&f->arena, condition, a, random_tree(f, type, depth - 1));
    }
    return type == WEIR_BOOL ? random_bool(f, depth - 1) : random_number(f, type, depth - 1);
}

#endif
