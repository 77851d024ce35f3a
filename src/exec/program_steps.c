/* program_steps.c: the steps that are one kernel each. See program_impl.h. */
#include "data/schema.h"
#include "exec/program_impl.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory while expressions were computed");
}

static size_t padded(size_t bytes) { return (bytes + 15) & ~(size_t)15; }

weir_status wr_step_alloc(wr_program *p, const wr_step *s, bool with_valid, weir_column *out,
                          weir_error *err) {
    size_t data_bytes = padded(p->n_rows * wr_type_size(s->type, s->boxed));
    size_t valid_bytes = with_valid ? wr_bits_words(p->n_rows) * sizeof(uint64_t) : 0;
    char *block = weir_arena_alloc(p->ev->arena, data_bytes + valid_bytes);
    if (!block) return no_memory(err);
    *out = (weir_column){.type = s->type,
                         .boxed = s->boxed,
                         .data = block,
                         .valid = with_valid ? (uint64_t *)(void *)(block + data_bytes) : NULL};
    return WEIR_OK;
}

void wr_fill(void *out, const void *value, size_t size, uint32_t n) {
    uint32_t u32, *out32 = out;
    uint64_t u64, *out64 = out;
    weir_string u128, *out128 = out;
    switch (size) {
    case 1: memset(out, *(const uint8_t *)value, n); break;
    case 4:
        memcpy(&u32, value, sizeof u32);
        for (uint32_t r = 0; r < n; r++) out32[r] = u32;
        break;
    case 8:
        memcpy(&u64, value, sizeof u64);
        for (uint32_t r = 0; r < n; r++) out64[r] = u64;
        break;
    default:
        memcpy(&u128, value, sizeof u128);
        for (uint32_t r = 0; r < n; r++) out128[r] = u128;
    }
}

const void *wr_value_data(const weir_value *v) { return &v->as; }

/* ---- How a kernel goes over the rows of a step */

static wr_rows rows_of(const wr_scope *scope) { return scope->is_dense ? WR_DENSE : WR_SELECTED; }
static uint32_t count_of(const wr_program *p, const wr_scope *scope) {
    return scope->is_dense ? p->n_rows : scope->n_sel;
}

static void run_binary(const wr_program *p, const wr_step *s, void *out) {
    const wr_scope *scope = &p->scopes[s->scope];
    const void *a = p->regs[s->a].col.data, *b = p->regs[s->b].col.data;
    bool dense = s->u.binary.uses_pointers ? !scope->sel : scope->is_dense;
    s->u.binary.kernel[dense ? WR_DENSE : WR_SELECTED](dense ? p->n_rows : scope->n_sel, scope->sel, a, b,
                                                       out);
}

/* ---- Numbers */

static weir_status step_fill(wr_program *p, const wr_step *s, weir_error *err) {
    const weir_value *v = &s->u.constant;
    weir_column *out = &p->regs[s->out].col;
    size_t size = wr_type_size(s->type, s->boxed);
    WR_TRY(wr_step_alloc(p, s, v->is_null, out, err));
    if (v->is_null) {
        memset(out->data, 0, p->n_rows * size);
        memset(out->valid, 0, wr_bits_words(p->n_rows) * sizeof *out->valid);
    } else {
        wr_fill(out->data, wr_value_data(v), size, p->n_rows);
    }
    return WEIR_OK;
}

/* valid = valid and divisor not 0; *valid is set in the end only if some row is null. */
static weir_status clear_zero_divisors(wr_program *p, const wr_step *s, uint64_t **valid, weir_error *err) {
    static const uint64_t zero; /* of any numeric type */
    const wr_reg *b = &p->regs[s->b];
    wr_binary_kernel is_nonzero = p->kernels->compare[WR_NE][s->type][WR_VC][WR_DENSE];
    bool is_const = b->source == WR_REG_CONST;
    uint32_t n = is_const ? 1 : p->n_rows;
    size_t n_words = wr_bits_words(p->n_rows);
    uint64_t *words = weir_arena_alloc(p->ev->arena, n_words * sizeof *words + n);
    if (!words) return no_memory(err);
    uint8_t *bytes = (uint8_t *)(words + n_words);
    is_nonzero(n, NULL, b->col.data, &zero, bytes);
    if (is_const) {
        if (bytes[0]) return WEIR_OK;
        memset(words, 0, n_words * sizeof *words);
    } else {
        wr_bits_from_bytes(p->n_rows, bytes, words);
        if (wr_bits_all(p->n_rows, words)) return WEIR_OK;
    }
    if (*valid) wr_bits_and(n_words, *valid, words, words);
    *valid = words;
    return WEIR_OK;
}

/* The rows where both operands have a value; their own bitmap where that says it all. */
static weir_status meet(wr_program *p, const wr_step *s, uint64_t **valid, weir_error *err) {
    uint64_t *a = p->regs[s->a].col.valid, *b = p->regs[s->b].col.valid;
    *valid = a ? a : b;
    if (!a || !b || a == b) return WEIR_OK;
    size_t n_words = wr_bits_words(p->n_rows);
    *valid = wr_arena_array(p->ev->arena, n_words, sizeof **valid);
    if (!*valid) return no_memory(err);
    wr_bits_and(n_words, a, b, *valid);
    return WEIR_OK;
}

static weir_status step_arith(wr_program *p, const wr_step *s, weir_error *err) {
    weir_column *out = &p->regs[s->out].col;
    uint64_t *valid;
    WR_TRY(wr_step_alloc(p, s, false, out, err));
    WR_TRY(meet(p, s, &valid, err));
    run_binary(p, s, out->data);
    if (s->u.binary.op == WR_DIV || s->u.binary.op == WR_MOD) WR_TRY(clear_zero_divisors(p, s, &valid, err));
    out->valid = valid;
    return WEIR_OK;
}

static weir_status step_compare(wr_program *p, const wr_step *s, weir_error *err) {
    weir_column *out = &p->regs[s->out].col;
    WR_TRY(wr_step_alloc(p, s, false, out, err));
    run_binary(p, s, out->data);
    const uint64_t *valids[2] = {p->regs[s->a].col.valid, p->regs[s->b].col.valid};
    for (int i = 0; i < 2; i++) { /* with a null: != is true, all others are false */
        if (!valids[i]) continue;
        if (s->u.binary.op == WR_NE)
            wr_bytes_or_not_bits(p->n_rows, valids[i], out->data);
        else
            wr_bytes_and_bits(p->n_rows, out->data, valids[i], out->data);
    }
    return WEIR_OK;
}

static weir_status step_convert(wr_program *p, const wr_step *s, weir_error *err) {
    const weir_column *a = &p->regs[s->a].col;
    const wr_scope *scope = &p->scopes[s->scope];
    weir_column *out = &p->regs[s->out].col;
    WR_TRY(wr_step_alloc(p, s, false, out, err));
    s->u.convert[rows_of(scope)](count_of(p, scope), scope->sel, a->data, out->data);
    out->valid = a->valid;
    return WEIR_OK;
}

/* ---- Logic: over all rows, garbage of unselected ones included */

static weir_status step_truth(wr_program *p, const wr_step *s, weir_error *err) {
    const weir_column *a = &p->regs[s->a].col;
    weir_column *out = &p->regs[s->out].col;
    if (!a->valid) {
        *out = *a;
        return WEIR_OK;
    }
    WR_TRY(wr_step_alloc(p, s, false, out, err));
    wr_bytes_and_bits(p->n_rows, a->data, a->valid, out->data);
    return WEIR_OK;
}

static weir_status step_logic(wr_program *p, const wr_step *s, wr_logic_kernel kernel, weir_error *err) {
    weir_column *out = &p->regs[s->out].col;
    const uint8_t *b = s->b == WR_NO_REG ? NULL : p->regs[s->b].col.data;
    WR_TRY(wr_step_alloc(p, s, false, out, err));
    kernel(p->n_rows, p->regs[s->a].col.data, b, out->data);
    return WEIR_OK;
}

static weir_status step_is_null(wr_program *p, const wr_step *s, weir_error *err) {
    const uint64_t *valid = p->regs[s->a].col.valid;
    weir_column *out = &p->regs[s->out].col;
    WR_TRY(wr_step_alloc(p, s, false, out, err));
    if (valid)
        wr_bytes_from_not_bits(p->n_rows, valid, out->data);
    else
        memset(out->data, 0, p->n_rows);
    return WEIR_OK;
}

/* out = mask ? a : b, for validity; NULL stands for all set. */
static void choose_bits(size_t n_words, const uint64_t *mask, const uint64_t *a, const uint64_t *b,
                        uint64_t *out) {
    for (size_t w = 0; w < n_words; w++)
        out[w] = (mask[w] & (a ? a[w] : ~(uint64_t)0)) | (~mask[w] & (b ? b[w] : ~(uint64_t)0));
}

static weir_status step_choose(wr_program *p, const wr_step *s, weir_error *err) {
    const weir_column *a = &p->regs[s->a].col, *b = &p->regs[s->b].col;
    const uint8_t *mask = p->regs[s->c].col.data;
    const wr_scope *scope = &p->scopes[s->scope];
    weir_column *out = &p->regs[s->out].col;
    WR_TRY(wr_step_alloc(p, s, a->valid || b->valid, out, err));
    s->u.choose[rows_of(scope)](count_of(p, scope), scope->sel, mask, a->data, b->data, out->data);
    if (!out->valid) return WEIR_OK;
    wr_bits_from_bytes(p->n_rows, mask, out->valid);
    choose_bits(wr_bits_words(p->n_rows), out->valid, a->valid, b->valid, out->valid);
    return WEIR_OK;
}

static weir_status step_relabel(wr_program *p, const wr_step *s) {
    const weir_column *a = &p->regs[s->a].col;
    p->regs[s->out].col =
        (weir_column){.type = s->type, .boxed = s->boxed, .data = a->data, .valid = a->valid};
    return WEIR_OK;
}

weir_status wr_step_run(wr_program *p, const wr_step *s, weir_error *err) {
    switch (s->kind) {
    case WR_STEP_FILL: return step_fill(p, s, err);
    case WR_STEP_ARITH: return step_arith(p, s, err);
    case WR_STEP_COMPARE: return step_compare(p, s, err);
    case WR_STEP_CONVERT: return step_convert(p, s, err);
    case WR_STEP_TRUTH: return step_truth(p, s, err);
    case WR_STEP_AND: return step_logic(p, s, p->kernels->and_, err);
    case WR_STEP_OR: return step_logic(p, s, p->kernels->or_, err);
    case WR_STEP_NOT: return step_logic(p, s, p->kernels->not_, err);
    case WR_STEP_IS_NULL: return step_is_null(p, s, err);
    case WR_STEP_CHOOSE: return step_choose(p, s, err);
    case WR_STEP_RELABEL: return step_relabel(p, s);
    case WR_STEP_UNBOX: return wr_step_unbox(p, s, err);
    case WR_STEP_BOX: return wr_step_box(p, s, err);
    case WR_STEP_CALL: return wr_step_call(p, s, err);
    case WR_STEP_GUARD: return wr_scope_open(p, &p->scopes[s->out], err);
    }
    return weir_fail(err, WEIR_EUSAGE, "step kind %d is unknown", (int)s->kind);
}
