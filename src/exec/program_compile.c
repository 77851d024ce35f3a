/* program_compile.c: from expression trees to steps.
 *
 * One walk over each tree, operands first. What a node needs is checked here once, so that no step has to. */
#include "data/schema.h"
#include "exec/program_impl.h"

/* Deeper trees could run out of stack. Three times what the parser lets through, for what the planner adds.
 */
#define MAX_DEPTH 3000

typedef struct compiler {
    wr_program *p;
    bool folds;
    uint32_t depth;
    weir_error *err;
} compiler;

static weir_status compile(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg);

static weir_status malformed(compiler *c, const wr_expr *e, const char *what) {
    weir_status status =
        weir_fail(c->err, WEIR_EUSAGE, "the plan holds an expression that can't be run: %s", what);
    if (c->err) {
        c->err->begin = e->begin;
        c->err->end = e->end;
    }
    return status;
}

static weir_status no_memory(compiler *c) {
    return weir_fail(c->err, WEIR_ENOMEM, "out of memory while an expression was compiled");
}

static bool holds_objects(const weir_column *col) { return col->boxed || col->type == WEIR_OBJECT; }

static weir_status compile_constant(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    const weir_value *v = &e->u.constant;
    if (!v->is_null && v->type != e->type) return malformed(c, e, "a constant of another type");
    return wr_emit_constant(c->p, v, e->type, scope, reg, c->err);
}

static weir_status compile_column(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    WR_TRY(compile(c, e, scope, reg));
    return wr_emit_column(c->p, scope, reg, c->err);
}

/* ---- Numbers */

static weir_status compile_pair(compiler *c, const wr_expr *e, uint32_t scope, wr_step *s) {
    WR_TRY(compile(c, e->a, scope, &s->a));
    WR_TRY(compile(c, e->b, scope, &s->b));
    const wr_reg *regs = c->p->regs;
    if (regs[s->a].source == WR_REG_CONST && regs[s->b].source == WR_REG_CONST)
        WR_TRY(wr_emit_column(c->p, scope, &s->a, c->err));
    regs = c->p->regs;
    if (regs[s->a].col.type != regs[s->b].col.type || holds_objects(&regs[s->a].col) ||
        holds_objects(&regs[s->b].col))
        return malformed(c, e, "operands of different types");
    return WEIR_OK;
}

static wr_shape shape_of(const wr_program *p, const wr_step *s) {
    return WR_SHAPE(p->regs[s->a].source == WR_REG_CONST, p->regs[s->b].source == WR_REG_CONST);
}

static weir_status compile_arith(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = wr_step_make(WR_STEP_ARITH, e->type, scope, WR_NO_REG, WR_NO_REG);
    WR_TRY(compile_pair(c, e, scope, &s));
    s.u.binary.op = e->u.arith;
    if ((unsigned)e->u.arith >= WR_N_ARITH || c->p->regs[s.a].col.type != e->type)
        return malformed(c, e, "arithmetic over operands of another type");
    const wr_binary_kernel *kernel = c->p->kernels->arith[e->u.arith][e->type][shape_of(c->p, &s)];
    if (!kernel[WR_DENSE]) return malformed(c, e, "arithmetic over something that is not a number");
    memcpy(s.u.binary.kernel, kernel, sizeof s.u.binary.kernel);
    return wr_emit(c->p, s, false, reg, c->err);
}

/* a op b is b turned(op) a. */
static wr_compare turned(wr_compare op) {
    switch (op) {
    case WR_LT: return WR_GT;
    case WR_LE: return WR_GE;
    case WR_GT: return WR_LT;
    case WR_GE: return WR_LE;
    default: return op;
    }
}

static weir_status compile_compare(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = wr_step_make(WR_STEP_COMPARE, WEIR_BOOL, scope, WR_NO_REG, WR_NO_REG);
    WR_TRY(compile_pair(c, e, scope, &s));
    wr_compare op = e->u.compare;
    if ((unsigned)op >= WR_N_COMPARE) return malformed(c, e, "an unknown comparison");
    if (shape_of(c->p, &s) == WR_CV) {
        uint32_t a = s.a;
        s.a = s.b;
        s.b = a;
        op = turned(op);
    }
    weir_type type = c->p->regs[s.a].col.type;
    const wr_binary_kernel *kernel = c->p->kernels->compare[op][type][shape_of(c->p, &s)];
    if (!kernel[WR_DENSE]) return malformed(c, e, "a comparison that these types don't have");
    s.u.binary.op = op;
    s.u.binary.uses_pointers = type == WEIR_STRING;
    memcpy(s.u.binary.kernel, kernel, sizeof s.u.binary.kernel);
    return wr_emit(c->p, s, true, reg, c->err);
}

static weir_status compile_convert(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = wr_step_make(WR_STEP_CONVERT, e->type, scope, WR_NO_REG, WR_NO_REG);
    WR_TRY(compile_column(c, e->a, scope, &s.a));
    const weir_column *from = &c->p->regs[s.a].col;
    if (from->type == e->type && !holds_objects(from)) {
        *reg = s.a;
        return WEIR_OK;
    }
    const wr_unary_kernel *kernel = c->p->kernels->convert[from->type][e->type];
    if (!kernel[WR_DENSE] || holds_objects(from)) return malformed(c, e, "a conversion that loses digits");
    memcpy(s.u.convert, kernel, sizeof s.u.convert);
    return wr_emit(c->p, s, c->p->regs[s.a].never_null, reg, c->err);
}

/* ---- Logic */

/* Must a row that doesn't need e's value be kept from computing it? Yes if it could fail, and where it costs
 * more than a few cycles. */
static bool needs_guard(const wr_expr *e) {
    if (!e) return false;
    if (e->can_fail || e->kind == WR_EXPR_CALL || e->kind == WR_EXPR_UNBOX || e->kind == WR_EXPR_BOX)
        return true;
    return needs_guard(e->a) || needs_guard(e->b) || needs_guard(e->c);
}

/* e as a column of 0 and 1, null as 0. */
static weir_status compile_truth(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    WR_TRY(compile_column(c, e, scope, reg));
    const wr_reg *r = &c->p->regs[*reg];
    if (r->col.type != WEIR_BOOL || r->col.boxed) return malformed(c, e, "a condition that is not a bool");
    if (r->never_null) return WEIR_OK;
    return wr_emit(c->p, wr_step_make(WR_STEP_TRUTH, WEIR_BOOL, scope, *reg, WR_NO_REG), true, reg, c->err);
}

/* e in the rows of `scope` where mask is `wanted`, if that matters, else in all. */
static weir_status guarded_scope(compiler *c, const wr_expr *e, uint32_t scope, uint32_t mask, bool wanted,
                                 uint32_t *out) {
    *out = scope;
    return needs_guard(e) ? wr_emit_scope(c->p, scope, mask, wanted, out, c->err) : WEIR_OK;
}

static weir_status compile_logic(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    bool is_and = e->kind == WR_EXPR_AND;
    wr_step s = wr_step_make(is_and ? WR_STEP_AND : WR_STEP_OR, WEIR_BOOL, scope, WR_NO_REG, WR_NO_REG);
    uint32_t inner;
    WR_TRY(compile_truth(c, e->a, scope, &s.a));
    WR_TRY(guarded_scope(c, e->b, scope, s.a, is_and, &inner));
    WR_TRY(compile_truth(c, e->b, inner, &s.b));
    return wr_emit(c->p, s, true, reg, c->err);
}

static weir_status compile_not(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = wr_step_make(WR_STEP_NOT, WEIR_BOOL, scope, WR_NO_REG, WR_NO_REG);
    WR_TRY(compile_truth(c, e->a, scope, &s.a));
    return wr_emit(c->p, s, true, reg, c->err);
}

static weir_status compile_is_null(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = wr_step_make(WR_STEP_IS_NULL, WEIR_BOOL, scope, WR_NO_REG, WR_NO_REG);
    WR_TRY(compile_column(c, e->a, scope, &s.a));
    return wr_emit(c->p, s, true, reg, c->err);
}

static uint32_t log2_of_size(size_t size) {
    uint32_t log2 = 0;
    while (size > (size_t)1 << log2) log2++;
    return log2;
}

static weir_status compile_if(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = wr_step_make(WR_STEP_CHOOSE, e->type, scope, WR_NO_REG, WR_NO_REG);
    uint32_t then_scope, else_scope;
    s.boxed = e->boxed;
    WR_TRY(compile_truth(c, e->c, scope, &s.c));
    WR_TRY(guarded_scope(c, e->a, scope, s.c, true, &then_scope));
    WR_TRY(compile(c, e->a, then_scope, &s.a));
    WR_TRY(guarded_scope(c, e->b, scope, s.c, false, &else_scope));
    WR_TRY(compile(c, e->b, else_scope, &s.b));
    const wr_reg *a = &c->p->regs[s.a], *b = &c->p->regs[s.b];
    weir_column result = {.type = e->type, .boxed = e->boxed};
    bool objects = holds_objects(&result);
    if (holds_objects(&a->col) != objects || holds_objects(&b->col) != objects ||
        (!objects && (a->col.type != e->type || b->col.type != e->type)))
        return malformed(c, e, "a choice between different types");
    const wr_choose_kernel *kernel =
        c->p->kernels->choose[log2_of_size(wr_type_size(e->type, e->boxed))][shape_of(c->p, &s)];
    memcpy(s.u.choose, kernel, sizeof s.u.choose);
    return wr_emit(c->p, s, a->never_null && b->never_null, reg, c->err);
}

/* ---- Objects and calls */

static weir_status compile_unbox(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = wr_step_make(WR_STEP_UNBOX, e->type, scope, WR_NO_REG, WR_NO_REG);
    WR_TRY(compile_column(c, e->a, scope, &s.a));
    if (!holds_objects(&c->p->regs[s.a].col) || e->type == WEIR_OBJECT || e->type == WEIR_NONE || e->boxed)
        return malformed(c, e, "unboxing something that is not an object");
    s.u.binary.op = e->u.strict;
    return wr_emit(c->p, s, false, reg, c->err);
}

static weir_status compile_box(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = wr_step_make(WR_STEP_BOX, e->type, scope, WR_NO_REG, WR_NO_REG);
    s.boxed = e->boxed;
    WR_TRY(compile_column(c, e->a, scope, &s.a));
    if (!e->boxed && e->type != WEIR_OBJECT) return malformed(c, e, "boxing to a plain column");
    if (holds_objects(&c->p->regs[s.a].col)) s.kind = WR_STEP_RELABEL;
    return wr_emit(c->p, s, c->p->regs[s.a].never_null, reg, c->err);
}

static weir_status compile_args(compiler *c, const wr_expr *e, uint32_t scope, wr_call_site *site) {
    wr_program *p = c->p;
    site->args = wr_alloc_zero(p->account, site->n_args * sizeof *site->args);
    site->columns = wr_alloc_zero(p->account, site->n_args * sizeof *site->columns);
    if (!site->args || !site->columns) return no_memory(c);
    for (uint32_t i = 0; i < site->n_args; i++) WR_TRY(compile(c, e->u.call.args[i], scope, &site->args[i]));
    return WEIR_OK;
}

static weir_status open_site(compiler *c, const wr_expr *e, wr_call_site *site) {
    const weir_function_type *f = site->function;
    if (f->state_size) {
        site->state = wr_alloc_zero(c->p->account, f->state_size);
        if (!site->state) return no_memory(c);
    }
    if (!f->open) return WEIR_OK;
    site->is_open = true; /* from here on, even if it fails, there may be something to close */
    return f->open(site->state, e->u.call.arg_info, site->n_args, c->err);
}

static weir_status compile_call(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_program *p = c->p;
    wr_step s = wr_step_make(WR_STEP_CALL, e->type, scope, WR_NO_REG, WR_NO_REG);
    s.boxed = e->boxed;
    s.u.call = (wr_call_site){.function = e->u.call.function, .n_args = e->u.call.n_args};
    weir_status status = compile_args(c, e, scope, &s.u.call);
    const wr_step *same = status == WEIR_OK ? wr_emit_find(p, &s) : NULL;
    if (same) *reg = same->out;
    if (status == WEIR_OK && !same) status = open_site(c, e, &s.u.call);
    if (status == WEIR_OK && !same) status = wr_emit(c->p, s, false, reg, c->err);
    if (status != WEIR_OK || same) wr_call_site_fini(p, &s.u.call);
    if (status == WEIR_OK && e->u.call.function->needs_clock) p->needs_clock = true;
    return status;
}

/* ---- The walk */

static weir_status compile_node(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    switch (e->kind) {
    case WR_EXPR_CONST: return compile_constant(c, e, scope, reg);
    case WR_EXPR_COLUMN: return wr_emit_bind(c->p, e, WR_REG_COLUMN, e->u.column, reg, c->err);
    case WR_EXPR_OUTPUT: return wr_emit_bind(c->p, e, WR_REG_OUTPUT, e->u.column, reg, c->err);
    case WR_EXPR_AGG: return wr_emit_bind(c->p, e, WR_REG_AGG, e->u.column, reg, c->err);
    case WR_EXPR_PROBE: return wr_emit_bind(c->p, e, WR_REG_PROBE, e->u.column, reg, c->err);
    case WR_EXPR_TS: return wr_emit_bind(c->p, e, WR_REG_TS, 0, reg, c->err);
    case WR_EXPR_CONVERT: return compile_convert(c, e, scope, reg);
    case WR_EXPR_UNBOX: return compile_unbox(c, e, scope, reg);
    case WR_EXPR_BOX: return compile_box(c, e, scope, reg);
    case WR_EXPR_ARITH: return compile_arith(c, e, scope, reg);
    case WR_EXPR_COMPARE: return compile_compare(c, e, scope, reg);
    case WR_EXPR_AND:
    case WR_EXPR_OR: return compile_logic(c, e, scope, reg);
    case WR_EXPR_NOT: return compile_not(c, e, scope, reg);
    case WR_EXPR_IS_NULL: return compile_is_null(c, e, scope, reg);
    case WR_EXPR_NULL_FALSE: return compile_truth(c, e->a, scope, reg);
    case WR_EXPR_IF: return compile_if(c, e, scope, reg);
    case WR_EXPR_CALL: return compile_call(c, e, scope, reg);
    }
    return malformed(c, e, "an unknown kind of expression");
}

static weir_status compile_folded(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    weir_value v;
    bool is_folded = false;
    if (c->folds && e->kind != WR_EXPR_CONST)
        WR_TRY(wr_expr_fold(e, c->p->account, &c->p->constants, &v, &is_folded, c->err));
    return is_folded ? wr_emit_constant(c->p, &v, e->type, scope, reg, c->err)
                     : compile_node(c, e, scope, reg);
}

static weir_status compile(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    if (c->depth >= MAX_DEPTH)
        return weir_fail(c->err, WEIR_ELIMIT, "an expression is nested more than %d levels deep", MAX_DEPTH);
    c->depth++;
    weir_status status = compile_folded(c, e, scope, reg);
    c->depth--;
    return status;
}

weir_status wr_program_compile(wr_program *p, wr_expr *const *exprs, uint32_t n, bool folds,
                               weir_error *err) {
    compiler c = {.p = p, .folds = folds, .err = err};
    if (wr_grow(p->account, &p->scopes, &p->cap_scopes, 1, sizeof *p->scopes)) return no_memory(&c);
    p->scopes[p->n_scopes++] = (wr_scope){0};
    p->results = wr_alloc_zero(p->account, n * sizeof *p->results);
    if (!p->results) return no_memory(&c);
    p->n_results = n;
    for (uint32_t i = 0; i < n; i++) WR_TRY(compile(&c, exprs[i], 0, &p->results[i]));
    return WEIR_OK;
}
