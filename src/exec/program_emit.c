/* program_emit.c: the registers, steps and scopes of a program in the making, each made once.
 *
 * A step that already computes the same from the same registers, in this scope or one above, is used again:
 * that is all there is to common sub-expressions. */
#include "data/schema.h"
#include "exec/program_impl.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory while an expression was compiled");
}

static weir_status add_reg(wr_program *p, wr_reg reg, uint32_t *out, weir_error *err) {
    if (wr_grow(p->account, &p->regs, &p->cap_regs, p->n_regs + 1, sizeof *p->regs)) return no_memory(err);
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

const wr_step *wr_emit_find(const wr_program *p, const wr_step *s) {
    for (uint32_t i = 0; i < p->n_steps; i++)
        if (steps_equal(&p->steps[i], s) && scope_is_within(p, s->scope, p->steps[i].scope))
            return &p->steps[i];
    return NULL;
}

static weir_status push_step(wr_program *p, const wr_step *s, weir_error *err) {
    if (wr_grow(p->account, &p->steps, &p->cap_steps, p->n_steps + 1, sizeof *p->steps))
        return no_memory(err);
    p->steps[p->n_steps++] = *s;
    return WEIR_OK;
}

weir_status wr_emit(wr_program *p, wr_step s, bool never_null, uint32_t *out, weir_error *err) {
    const wr_step *same = wr_emit_find(p, &s);
    if (same) {
        *out = same->out;
        return WEIR_OK;
    }
    wr_reg reg = {.source = WR_REG_STEP, .never_null = never_null, .col = {.type = s.type, .boxed = s.boxed}};
    WR_TRY(add_reg(p, reg, &s.out, err));
    *out = s.out;
    return push_step(p, &s, err);
}

wr_step wr_step_make(wr_step_kind kind, weir_type type, uint32_t scope, uint32_t a, uint32_t b) {
    return (wr_step){.kind = kind, .type = type, .scope = scope, .a = a, .b = b, .c = WR_NO_REG};
}

weir_status wr_emit_scope(wr_program *p, uint32_t parent, uint32_t mask, bool wanted, uint32_t *out,
                          weir_error *err) {
    wr_step s = wr_step_make(WR_STEP_GUARD, WEIR_NONE, parent, mask, WR_NO_REG);
    s.u.binary.op = wanted;
    const wr_step *same = wr_emit_find(p, &s);
    if (same) {
        *out = same->out;
        return WEIR_OK;
    }
    if (wr_grow(p->account, &p->scopes, &p->cap_scopes, p->n_scopes + 1, sizeof *p->scopes))
        return no_memory(err);
    p->scopes[p->n_scopes] = (wr_scope){.parent = parent, .mask = mask, .wanted = wanted};
    *out = s.out = p->n_scopes++;
    return push_step(p, &s, err);
}

/* ---- Leaves */

weir_status wr_emit_bind(wr_program *p, const wr_expr *e, wr_reg_source source, uint32_t index, uint32_t *out,
                         weir_error *err) {
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
    return add_reg(p, reg, out, err);
}

weir_status wr_emit_constant(wr_program *p, const weir_value *v, weir_type type, uint32_t scope,
                             uint32_t *out, weir_error *err) {
    if (v->is_null || type == WEIR_OBJECT) { /* without a value to read, constants are columns */
        wr_step s = wr_step_make(WR_STEP_FILL, type, scope, WR_NO_REG, WR_NO_REG);
        s.u.constant = *v;
        s.u.constant.type = type;
        return wr_emit(p, s, !v->is_null, out, err);
    }
    for (uint32_t r = 0; r < p->n_regs; r++) {
        if (p->regs[r].source == WR_REG_CONST && values_equal(&p->regs[r].constant, v)) {
            *out = r;
            return WEIR_OK;
        }
    }
    return add_reg(
        p, (wr_reg){.source = WR_REG_CONST, .never_null = true, .constant = *v, .col = {.type = type}}, out,
        err);
}

weir_status wr_emit_column(wr_program *p, uint32_t scope, uint32_t *reg, weir_error *err) {
    const wr_reg *r = &p->regs[*reg];
    if (r->source != WR_REG_CONST) return WEIR_OK;
    wr_step s = wr_step_make(WR_STEP_FILL, r->col.type, scope, WR_NO_REG, WR_NO_REG);
    s.u.constant = r->constant;
    return wr_emit(p, s, true, reg, err);
}
