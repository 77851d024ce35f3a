/* typing_binary.c: arithmetic, comparison, and, or: which types go together, and as what they are computed.
 */
#include "plan/typing.h"

#include <stdio.h>

/* ---- Arithmetic -------------------------------------------------------------------------------------------
 */

static weir_type wider(weir_type a, weir_type b) {
    /* int < long < float < double, as weir_type counts them. A type that is no number doesn't widen. */
    if (!wr_type_is_numeric(a)) return b;
    if (!wr_type_is_numeric(b)) return a;
    return a > b ? a : b;
}

/* An operand as a number. Siddhi lets anything stand beside a number: an object may hold one, and a string or
 * a bool makes the row fail unless it is null. */
static wr_expr *as_number(wr_planner *p, wr_expr *a, weir_type type) {
    if (a->boxed || a->type == WEIR_OBJECT || wr_type_is_numeric(a->type))
        return wr_expr_plain(p, a, type, false);
    wr_expr *boxed = wr_expr_box(p, a, WEIR_OBJECT);
    return wr_expr_plain(p, boxed, type, true);
}

static wr_arith arith_of(wr_ast_op op) {
    switch (op) {
    case WR_OP_MUL: return WR_MUL;
    case WR_OP_DIV: return WR_DIV;
    case WR_OP_MOD: return WR_MOD;
    case WR_OP_SUB: return WR_SUB;
    default: return WR_ADD;
    }
}

static wr_expr *type_arith(wr_planner *p, const wr_ast_expr *e, wr_expr *a, wr_expr *b) {
    wr_ast_op op = e->as.binary.op;
    weir_type type = wider(a->type, b->type);
    if (!wr_type_is_numeric(type)) {
        bool strings = a->type == WEIR_STRING && b->type == WEIR_STRING && op == WR_OP_ADD;
        wr_plan_error(p, e->as.binary.op_span, WEIR_ETYPE,
                      strings ? "there is no operator that joins strings: use str:concat" : NULL,
                      "'%s' needs numbers, these are %s and %s", wr_ast_op_text(op), weir_type_name(a->type),
                      weir_type_name(b->type));
        return NULL;
    }
    wr_expr *left = as_number(p, a, type), *right = as_number(p, b, type);
    wr_expr *made = wr_expr_binary(p, WR_EXPR_ARITH, type, left, right, e->span);
    if (!made) return NULL;
    made->u.arith = arith_of(op);
    if (op == WR_OP_DIV || op == WR_OP_MOD) made->nullable = true; /* by zero */
    return made;
}

/* ---- Comparison -------------------------------------------------------------------------------------------
 */

static wr_compare compare_of(wr_ast_op op) {
    switch (op) {
    case WR_OP_GE: return WR_GE;
    case WR_OP_LE: return WR_LE;
    case WR_OP_GT: return WR_GT;
    case WR_OP_LT: return WR_LT;
    case WR_OP_NE: return WR_NE;
    default: return WR_EQ;
    }
}

/* The type in which two operands are compared, or WEIR_NONE. Java's promotion, but for long with float, which
 * Siddhi tests for equality as doubles. */
static weir_type compared_as(wr_ast_op op, weir_type a, weir_type b) {
    bool equality = op == WR_OP_EQ || op == WR_OP_NE;
    if (wr_type_is_numeric(a) && wr_type_is_numeric(b)) {
        bool long_float = (a == WEIR_LONG && b == WEIR_FLOAT) || (a == WEIR_FLOAT && b == WEIR_LONG);
        return long_float && equality ? WEIR_DOUBLE : wider(a, b);
    }
    return equality && a == b && (a == WEIR_STRING || a == WEIR_BOOL) ? a : WEIR_NONE;
}

static void incomparable(wr_planner *p, const wr_ast_expr *e, const wr_expr *a, const wr_expr *b) {
    wr_ast_op op = e->as.binary.op;
    const char *hint = NULL;
    if (a->type == WEIR_OBJECT || b->type == WEIR_OBJECT)
        hint = "cast(x, 'int') gives an object a type";
    else if (a->type == b->type && (a->type == WEIR_STRING || a->type == WEIR_BOOL))
        hint = "only == and != compare these";
    else if (a->type == WEIR_STRING || b->type == WEIR_STRING)
        hint = "convert(x, 'double') makes a number of a string";
    wr_plan_error(p, e->as.binary.op_span, WEIR_ETYPE, hint, "'%s' can't compare %s with %s",
                  wr_ast_op_text(op), weir_type_name(a->type), weir_type_name(b->type));
}

static wr_expr *make_compare(wr_planner *p, const wr_ast_expr *e, wr_expr *a, wr_expr *b, weir_type type) {
    wr_expr *made = wr_expr_binary(p, WR_EXPR_COMPARE, WEIR_BOOL, wr_expr_plain(p, a, type, true),
                                   wr_expr_plain(p, b, type, true), e->span);
    if (made) made->u.compare = compare_of(e->as.binary.op);
    return made;
}

/* instanceOfString(a), when the registry has it. */
static wr_expr *is_string(wr_planner *p, wr_expr *a, wr_span span) {
    const weir_function_type *type = wr_registry_find_function(p->registry, "", "instanceOfString");
    wr_expr **args = type ? WR_PLAN_NEW(p, wr_expr *) : NULL;
    weir_arg *info = type ? WR_PLAN_NEW(p, weir_arg) : NULL;
    if (!args || !info) return NULL;
    args[0] = wr_expr_box(p, a, WEIR_OBJECT);
    *info = (weir_arg){.type = WEIR_OBJECT};
    wr_expr *made = wr_expr_unary(p, WR_EXPR_CALL, WEIR_BOOL, a, span);
    if (!args[0] || !made) return NULL;
    made->a = NULL;
    made->nullable = false;
    made->u.call.function = type;
    made->u.call.arg_info = info;
    made->u.call.args = args;
    made->u.call.n_args = 1;
    return made;
}

/* A value that cast() labelled a string without being one is unequal to every string; it is no failure. */
static wr_expr *compare_strings(wr_planner *p, const wr_ast_expr *e, wr_expr *a, wr_expr *b) {
    wr_expr *made = make_compare(p, e, a, b, WEIR_STRING);
    wr_expr *mislabelled[] = {a, b};
    for (uint32_t i = 0; i < 2 && made; i++) {
        if (!mislabelled[i]->boxed) continue;
        wr_expr *test = is_string(p, mislabelled[i], e->span);
        if (!test) continue;
        wr_expr *unequal = wr_expr_bool(p, e->as.binary.op == WR_OP_NE, e->span);
        made = wr_expr_if(p, test, made, unequal, e->span);
    }
    return made;
}

static wr_expr *type_compare(wr_planner *p, const wr_ast_expr *e, wr_expr *a, wr_expr *b) {
    weir_type type = compared_as(e->as.binary.op, a->type, b->type);
    if (type == WEIR_NONE) {
        incomparable(p, e, a, b);
        return NULL;
    }
    return type == WEIR_STRING ? compare_strings(p, e, a, b) : make_compare(p, e, a, b, type);
}

/* ---- Logic ------------------------------------------------------------------------------------------------
 */

static wr_expr *logic_operand(wr_planner *p, wr_scope *s, const wr_ast_expr *e, wr_ast_op op) {
    char role[32];
    snprintf(role, sizeof role, "an operand of '%s'", wr_ast_op_text(op));
    return wr_type_condition(p, s, e, role);
}

static wr_expr *type_logic(wr_planner *p, wr_scope *s, const wr_ast_expr *e, wr_ast_op op) {
    wr_expr *a = logic_operand(p, s, e->as.binary.left, op), *outer = s->when;
    wr_type_narrow(p, s, a, op == WR_OP_AND);
    wr_expr *b = logic_operand(p, s, e->as.binary.right, op);
    s->when = outer;
    return wr_expr_binary(p, op == WR_OP_AND ? WR_EXPR_AND : WR_EXPR_OR, WEIR_BOOL, a, b, e->span);
}

wr_expr *wr_type_binary(wr_planner *p, wr_scope *s, const wr_ast_expr *e) {
    wr_ast_op op = e->as.binary.op;
    if (op == WR_OP_AND || op == WR_OP_OR) return type_logic(p, s, e, op);
    wr_expr *a = wr_type_expr(p, s, e->as.binary.left), *b = wr_type_expr(p, s, e->as.binary.right);
    if (!a || !b) return NULL;
    bool arith = op == WR_OP_MUL || op == WR_OP_DIV || op == WR_OP_MOD || op == WR_OP_ADD || op == WR_OP_SUB;
    return arith ? type_arith(p, e, a, b) : type_compare(p, e, a, b);
}
