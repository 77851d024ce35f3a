/* program_compile.c: from expression trees to steps.
 *
 * One walk over each tree, operands first. A step that already computes the same from the same registers, in
 * this scope or one above, is used again: that is all there is to common sub-expressions. */
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

/* ---- Registers and steps */

static weir_status add_reg(compiler *c, wr_reg reg, uint32_t *out) {
    wr_program *p = c->p;
    if (wr_grow(p->account, &p->regs, &p->cap_regs, p->n_regs + 1, sizeof *p->regs)) return no_memory(c);
    *out = p->n_regs;
    p->regs[p->n_regs++] = reg;
    return WEIR_OK;
}

static bool scope_is_within(const wr_program *p, uint32_t scope, uint32_t outer) {
    while (scope != outer && scope) scope = p->scopes[scope].parent;
    return scope == outer;
}

static bool calls_equal(const wr_call_site *a, const wr_call_site *b) {
    return a->function == b->function && !a->function->not_pure && a->n_args == b->n_args &&
           (a->n_args == 0 || memcmp(a->args, b->args, a->n_args * sizeof *a->args) == 0);
}

static bool values_equal(const weir_value *a, const weir_value *b) {
    if (a->type != b->type || a->is_null != b->is_null) return false;
    if (a->is_null) return true;
    size_t size = wr_type_size(a->type, false);
    if (a->type == WEIR_STRING) return weir_string_equal(&a->as.s, &b->as.s);
    return memcmp(&a->as, &b->as, size) == 0; /* by bits: 0.0 is not -0.0 here */
}

static bool steps_equal(const wr_step *x, const wr_step *y) {
    if (x->kind != y->kind || x->type != y->type || x->boxed != y->boxed || x->a != y->a || x->b != y->b ||
        x->c != y->c)
        return false;
    switch (x->kind) {
    case WR_STEP_FILL: return values_equal(&x->u.constant, &y->u.constant);
    case WR_STEP_ARITH:
    case WR_STEP_COMPARE:
    case WR_STEP_UNBOX:
    case WR_STEP_GUARD: return x->u.binary.op == y->u.binary.op;
    case WR_STEP_CALL: return calls_equal(&x->u.call, &y->u.call);
    default: return true;
    }
}

static const wr_step *find_step(const wr_program *p, const wr_step *s) {
    for (uint32_t i = 0; i < p->n_steps; i++)
        if (steps_equal(&p->steps[i], s) && scope_is_within(p, s->scope, p->steps[i].scope))
            return &p->steps[i];
    return NULL;
}

static weir_status push_step(compiler *c, const wr_step *s) {
    wr_program *p = c->p;
    if (wr_grow(p->account, &p->steps, &p->cap_steps, p->n_steps + 1, sizeof *p->steps)) return no_memory(c);
    p->steps[p->n_steps++] = *s;
    return WEIR_OK;
}

/* The register of an equal step, or a new step with a register of its own. */
static weir_status emit(compiler *c, wr_step s, bool never_null, uint32_t *out) {
    const wr_step *same = find_step(c->p, &s);
    if (same) {
        *out = same->out;
        return WEIR_OK;
    }
    wr_reg reg = {.source = WR_REG_STEP, .never_null = never_null, .col = {.type = s.type, .boxed = s.boxed}};
    WR_TRY(add_reg(c, reg, &s.out));
    *out = s.out;
    return push_step(c, &s);
}

static wr_step new_step(wr_step_kind kind, weir_type type, uint32_t scope, uint32_t a, uint32_t b) {
    return (wr_step){.kind = kind, .type = type, .scope = scope, .a = a, .b = b, .c = WR_NO_REG};
}

/* The scope of the rows of `parent` where mask is `wanted`. */
static weir_status add_scope(compiler *c, uint32_t parent, uint32_t mask, bool wanted, uint32_t *out) {
    wr_program *p = c->p;
    wr_step s = new_step(WR_STEP_GUARD, WEIR_NONE, parent, mask, WR_NO_REG);
    s.u.binary.op = wanted;
    const wr_step *same = find_step(p, &s);
    if (same) {
        *out = same->out;
        return WEIR_OK;
    }
    if (wr_grow(p->account, &p->scopes, &p->cap_scopes, p->n_scopes + 1, sizeof *p->scopes))
        return no_memory(c);
    p->scopes[p->n_scopes] = (wr_scope){.parent = parent, .mask = mask, .wanted = wanted};
    *out = s.out = p->n_scopes++;
    return push_step(c, &s);
}

/* ---- Leaves */

static weir_status bind(compiler *c, const wr_expr *e, wr_reg_source source, uint32_t index, uint32_t *out) {
    wr_program *p = c->p;
    for (uint32_t r = 0; r < p->n_regs; r++) {
        if (p->regs[r].source == source && p->regs[r].index == index) {
            *out = r;
            return WEIR_OK;
        }
    }
    wr_reg reg = {.source = source,
                  .index = index,
                  .never_null = source == WR_REG_TS,
                  .col = {.type = e->type, .boxed = e->boxed}};
    return add_reg(c, reg, out);
}

static weir_status use_constant(compiler *c, const weir_value *v, weir_type type, uint32_t scope,
                                uint32_t *out) {
    wr_program *p = c->p;
    if (v->is_null || type == WEIR_OBJECT) { /* without a value to read, constants are columns */
        wr_step s = new_step(WR_STEP_FILL, type, scope, WR_NO_REG, WR_NO_REG);
        s.u.constant = *v;
        s.u.constant.type = type;
        return emit(c, s, !v->is_null, out);
    }
    for (uint32_t r = 0; r < p->n_regs; r++) {
        if (p->regs[r].source == WR_REG_CONST && values_equal(&p->regs[r].constant, v)) {
            *out = r;
            return WEIR_OK;
        }
    }
    return add_reg(
        c, (wr_reg){.source = WR_REG_CONST, .never_null = true, .constant = *v, .col = {.type = type}}, out);
}

/* A register that holds a column even if reg is a constant. */
static weir_status as_column(compiler *c, uint32_t scope, uint32_t *reg) {
    const wr_reg *r = &c->p->regs[*reg];
    if (r->source != WR_REG_CONST) return WEIR_OK;
    wr_step s = new_step(WR_STEP_FILL, r->col.type, scope, WR_NO_REG, WR_NO_REG);
    s.u.constant = r->constant;
    return emit(c, s, true, reg);
}

static weir_status compile_column(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    WR_TRY(compile(c, e, scope, reg));
    return as_column(c, scope, reg);
}

/* ---- Numbers */

static weir_status compile_pair(compiler *c, const wr_expr *e, uint32_t scope, wr_step *s) {
    WR_TRY(compile(c, e->a, scope, &s->a));
    WR_TRY(compile(c, e->b, scope, &s->b));
    const wr_reg *regs = c->p->regs;
    if (regs[s->a].source == WR_REG_CONST && regs[s->b].source == WR_REG_CONST)
        WR_TRY(as_column(c, scope, &s->a));
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
    wr_step s = new_step(WR_STEP_ARITH, e->type, scope, WR_NO_REG, WR_NO_REG);
    WR_TRY(compile_pair(c, e, scope, &s));
    s.u.binary.op = e->u.arith;
    if ((unsigned)e->u.arith >= WR_N_ARITH || c->p->regs[s.a].col.type != e->type)
        return malformed(c, e, "arithmetic over operands of another type");
    const wr_binary_kernel *kernel = c->p->kernels->arith[e->u.arith][e->type][shape_of(c->p, &s)];
    if (!kernel[WR_DENSE]) return malformed(c, e, "arithmetic over something that is not a number");
    memcpy(s.u.binary.kernel, kernel, sizeof s.u.binary.kernel);
    return emit(c, s, false, reg);
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
    wr_step s = new_step(WR_STEP_COMPARE, WEIR_BOOL, scope, WR_NO_REG, WR_NO_REG);
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
    return emit(c, s, true, reg);
}

static weir_status compile_convert(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = new_step(WR_STEP_CONVERT, e->type, scope, WR_NO_REG, WR_NO_REG);
    WR_TRY(compile_column(c, e->a, scope, &s.a));
    const weir_column *from = &c->p->regs[s.a].col;
    if (from->type == e->type && !holds_objects(from)) {
        *reg = s.a;
        return WEIR_OK;
    }
    const wr_unary_kernel *kernel = c->p->kernels->convert[from->type][e->type];
    if (!kernel[WR_DENSE] || holds_objects(from)) return malformed(c, e, "a conversion that loses digits");
    memcpy(s.u.convert, kernel, sizeof s.u.convert);
    return emit(c, s, c->p->regs[s.a].never_null, reg);
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
    return emit(c, new_step(WR_STEP_TRUTH, WEIR_BOOL, scope, *reg, WR_NO_REG), true, reg);
}

/* e in the rows of `scope` where mask is `wanted`, if that matters, else in all. */
static weir_status guarded_scope(compiler *c, const wr_expr *e, uint32_t scope, uint32_t mask, bool wanted,
                                 uint32_t *out) {
    *out = scope;
    return needs_guard(e) ? add_scope(c, scope, mask, wanted, out) : WEIR_OK;
}

static weir_status compile_logic(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    bool is_and = e->kind == WR_EXPR_AND;
    wr_step s = new_step(is_and ? WR_STEP_AND : WR_STEP_OR, WEIR_BOOL, scope, WR_NO_REG, WR_NO_REG);
    uint32_t inner;
    WR_TRY(compile_truth(c, e->a, scope, &s.a));
    WR_TRY(guarded_scope(c, e->b, scope, s.a, is_and, &inner));
    WR_TRY(compile_truth(c, e->b, inner, &s.b));
    return emit(c, s, true, reg);
}

static weir_status compile_not(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = new_step(WR_STEP_NOT, WEIR_BOOL, scope, WR_NO_REG, WR_NO_REG);
    WR_TRY(compile_truth(c, e->a, scope, &s.a));
    return emit(c, s, true, reg);
}

static weir_status compile_is_null(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = new_step(WR_STEP_IS_NULL, WEIR_BOOL, scope, WR_NO_REG, WR_NO_REG);
    WR_TRY(compile_column(c, e->a, scope, &s.a));
    return emit(c, s, true, reg);
}

static uint32_t log2_of_size(size_t size) {
    uint32_t log2 = 0;
    while (size > (size_t)1 << log2) log2++;
    return log2;
}

static weir_status compile_if(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = new_step(WR_STEP_CHOOSE, e->type, scope, WR_NO_REG, WR_NO_REG);
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
    return emit(c, s, a->never_null && b->never_null, reg);
}

/* ---- Objects and calls */

static weir_status compile_unbox(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = new_step(WR_STEP_UNBOX, e->type, scope, WR_NO_REG, WR_NO_REG);
    WR_TRY(compile_column(c, e->a, scope, &s.a));
    if (!holds_objects(&c->p->regs[s.a].col) || e->type == WEIR_OBJECT || e->type == WEIR_NONE || e->boxed)
        return malformed(c, e, "unboxing something that is not an object");
    s.u.binary.op = e->u.strict;
    return emit(c, s, false, reg);
}

static weir_status compile_box(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    wr_step s = new_step(WR_STEP_BOX, e->type, scope, WR_NO_REG, WR_NO_REG);
    s.boxed = e->boxed;
    WR_TRY(compile_column(c, e->a, scope, &s.a));
    if (!e->boxed && e->type != WEIR_OBJECT) return malformed(c, e, "boxing to a plain column");
    if (holds_objects(&c->p->regs[s.a].col)) s.kind = WR_STEP_RELABEL;
    return emit(c, s, c->p->regs[s.a].never_null, reg);
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
    wr_step s = new_step(WR_STEP_CALL, e->type, scope, WR_NO_REG, WR_NO_REG);
    s.boxed = e->boxed;
    s.u.call = (wr_call_site){.function = e->u.call.function, .n_args = e->u.call.n_args};
    weir_status status = compile_args(c, e, scope, &s.u.call);
    const wr_step *same = status == WEIR_OK ? find_step(p, &s) : NULL;
    if (same) *reg = same->out;
    if (status == WEIR_OK && !same) status = open_site(c, e, &s.u.call);
    if (status == WEIR_OK && !same) status = emit(c, s, false, reg);
    if (status != WEIR_OK || same) wr_call_site_fini(p, &s.u.call);
    if (status == WEIR_OK && e->u.call.function->needs_clock) p->needs_clock = true;
    return status;
}

/* ---- The walk */

static weir_status compile_node(compiler *c, const wr_expr *e, uint32_t scope, uint32_t *reg) {
    switch (e->kind) {
    case WR_EXPR_CONST: return use_constant(c, &e->u.constant, e->type, scope, reg);
    case WR_EXPR_COLUMN: return bind(c, e, WR_REG_COLUMN, e->u.column, reg);
    case WR_EXPR_OUTPUT: return bind(c, e, WR_REG_OUTPUT, e->u.column, reg);
    case WR_EXPR_AGG: return bind(c, e, WR_REG_AGG, e->u.column, reg);
    case WR_EXPR_PROBE: return bind(c, e, WR_REG_PROBE, e->u.column, reg);
    case WR_EXPR_TS: return bind(c, e, WR_REG_TS, 0, reg);
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
    return is_folded ? use_constant(c, &v, e->type, scope, reg) : compile_node(c, e, scope, reg);
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
