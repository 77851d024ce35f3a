/* program_rows.c: the steps that deal with rows one at a time: values to objects and back, and functions. */
#include <stdio.h>

#include "data/schema.h"
#include "exec/program_impl.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory while expressions were computed");
}

static uint32_t row_at(const wr_scope *scope, uint32_t k) { return scope->sel ? scope->sel[k] : k; }

/* Makes a row of a result null and safe to read. */
static void put_null(weir_column *out, uint32_t row) {
    size_t size = wr_type_size(out->type, out->boxed);
    memset((char *)out->data + row * size, 0, size);
    weir_set_null(out, row);
}

static void fill_valid(weir_column *out, uint32_t n_rows) {
    memset(out->valid, 0xFF, wr_bits_words(n_rows) * sizeof *out->valid);
}

/* Later steps are faster without a bitmap. */
static void drop_full_bitmap(weir_column *out, uint32_t n_rows) {
    if (out->valid && wr_bits_all(n_rows, out->valid)) out->valid = NULL;
}

/* ---- Objects to values */

/* Java's narrowing of a floating number: toward zero, to the nearest end when out of range, NaN to 0. */
static int32_t int_of(double d) {
    if (d != d) return 0;
    if (d >= 2147483647.0) return INT32_MAX;
    if (d <= -2147483648.0) return INT32_MIN;
    return (int32_t)d;
}

static int64_t long_of(double d) {
    if (d != d) return 0;
    if (d >= 9223372036854775808.0) return INT64_MAX;
    if (d <= -9223372036854775808.0) return INT64_MIN;
    return (int64_t)d;
}

static bool is_number(weir_type type) { return type >= WEIR_INT && type <= WEIR_DOUBLE; }

/* A number as another type of number, as Java's Number does it. */
static weir_value number_as(const weir_value *v, weir_type type) {
    bool is_whole = v->type == WEIR_INT || v->type == WEIR_LONG;
    int64_t whole = v->type == WEIR_INT ? v->as.i : v->type == WEIR_LONG ? v->as.l : 0;
    double real = v->type == WEIR_FLOAT ? (double)v->as.f : v->type == WEIR_DOUBLE ? v->as.d : 0;
    weir_value out = {.type = type};
    switch (type) {
    case WEIR_INT: out.as.i = is_whole ? (int32_t)(uint32_t)(uint64_t)whole : int_of(real); break;
    case WEIR_LONG: out.as.l = is_whole ? whole : long_of(real); break;
    case WEIR_FLOAT: out.as.f = is_whole ? (float)whole : (float)real; break;
    default: out.as.d = is_whole ? (double)whole : real; break;
    }
    return out;
}

static const char *class_of_type(weir_type type) {
    static const char *const names[WEIR_N_TYPES] = {
        [WEIR_INT] = "java.lang.Integer",  [WEIR_LONG] = "java.lang.Long",
        [WEIR_FLOAT] = "java.lang.Float",  [WEIR_DOUBLE] = "java.lang.Double",
        [WEIR_BOOL] = "java.lang.Boolean", [WEIR_STRING] = "java.lang.String",
    };
    return (unsigned)type < WEIR_N_TYPES && names[type] ? names[type] : "java.lang.Object";
}

static const char *class_of(const weir_object *o) {
    switch (weir_object_get_kind(o)) {
    case WEIR_OBJECT_VALUE: return class_of_type(weir_object_get_value(o).type);
    case WEIR_OBJECT_SET: return "java.util.HashSet";
    case WEIR_OBJECT_LIST: return "java.util.ArrayList";
    case WEIR_OBJECT_MAP: return "java.util.HashMap";
    case WEIR_OBJECT_ERROR: return "java.lang.Exception";
    }
    return "java.lang.Object";
}

/* The words of Java's ClassCastException. */
static void report_cast(const wr_program *p, uint32_t row, const weir_object *o, weir_type type,
                        bool is_strict) {
    char text[160];
    if (!p->ev->fail) return;
    const char *wanted = is_number(type) && !is_strict ? "java.lang.Number" : class_of_type(type);
    snprintf(text, sizeof text, "class %s cannot be cast to class %s", class_of(o), wanted);
    p->ev->fail(p->ev->fail_ctx, row, text);
}

typedef enum unboxed { UNBOXED, MISFIT } unboxed;

static unboxed unbox(const weir_object *o, weir_type type, bool is_strict, weir_value *out) {
    if (weir_object_get_kind(o) != WEIR_OBJECT_VALUE) return MISFIT;
    *out = weir_object_get_value(o);
    if (out->is_null) return MISFIT;
    if (out->type == type) return UNBOXED;
    if (is_strict || !is_number(type) || !is_number(out->type)) return MISFIT;
    *out = number_as(out, type);
    return UNBOXED;
}

weir_status wr_step_unbox(wr_program *p, const wr_step *s, weir_error *err) {
    const weir_column *a = &p->regs[s->a].col;
    const wr_scope *scope = &p->scopes[s->scope];
    weir_column *out = &p->regs[s->out].col;
    weir_object *const *objects = a->data;
    size_t size = wr_type_size(s->type, false);
    bool is_strict = s->u.binary.op != 0;
    WR_TRY(wr_step_alloc(p, s, true, out, err));
    fill_valid(out, p->n_rows);
    for (uint32_t k = 0; k < scope->n_sel; k++) {
        uint32_t r = row_at(scope, k);
        weir_value v;
        if (weir_is_null(a, r) || !objects[r]) {
            put_null(out, r);
        } else if (unbox(objects[r], s->type, is_strict, &v) == UNBOXED) {
            memcpy((char *)out->data + r * size, wr_value_data(&v), size);
        } else {
            put_null(out, r);
            /* Something else than text is never equal to text: null reads as just that in a comparison. */
            if (s->type != WEIR_STRING || is_strict) report_cast(p, r, objects[r], s->type, is_strict);
        }
    }
    drop_full_bitmap(out, p->n_rows);
    return WEIR_OK;
}

/* ---- Values to objects */

weir_status wr_step_box(wr_program *p, const wr_step *s, weir_error *err) {
    const weir_column *a = &p->regs[s->a].col;
    const wr_scope *scope = &p->scopes[s->scope];
    weir_column *out = &p->regs[s->out].col;
    size_t size = wr_type_size(a->type, false);
    WR_TRY(wr_step_alloc(p, s, false, out, err));
    weir_object **objects = out->data;
    for (uint32_t k = 0; k < scope->n_sel; k++) {
        uint32_t r = row_at(scope, k);
        objects[r] = NULL;
        if (weir_is_null(a, r)) continue;
        weir_value v = {.type = a->type};
        memcpy(&v.as, (const char *)a->data + r * size, size);
        objects[r] = weir_object_new_value(&v);
        if (!objects[r] || weir_arena_own(p->ev->arena, objects[r]) != WEIR_OK) return no_memory(err);
    }
    out->valid = a->valid;
    return WEIR_OK;
}

/* ---- Functions */

/* Constants reach functions as columns. They are filled once and kept, as long as batches don't grow. */
static weir_status fill_argument(wr_program *p, wr_reg *r, weir_column *out, weir_error *err) {
    size_t size = wr_type_size(r->col.type, false);
    if (r->filled_rows < p->n_rows) {
        uint32_t rows = WR_MAX(p->n_rows, r->filled_rows > UINT32_MAX / 2 ? UINT32_MAX : r->filled_rows * 2);
        void *filled = wr_alloc(p->account, rows * size);
        if (!filled) return no_memory(err);
        wr_free(p->account, r->filled, r->filled_rows * size);
        wr_fill(filled, wr_value_data(&r->constant), size, rows);
        r->filled = filled;
        r->filled_rows = rows;
    }
    *out = r->col;
    out->data = r->filled;
    return WEIR_OK;
}

static weir_status gather_arguments(wr_program *p, const wr_call_site *site, weir_error *err) {
    for (uint32_t i = 0; i < site->n_args; i++) {
        wr_reg *r = &p->regs[site->args[i]];
        if (r->source == WR_REG_CONST)
            WR_TRY(fill_argument(p, r, &site->columns[i], err));
        else
            site->columns[i] = r->col;
    }
    return WEIR_OK;
}

typedef struct call_fault {
    const wr_eval *ev;
    weir_column *out;
} call_fault;

static void call_failed(void *ctx, uint32_t row, const char *message) {
    call_fault *f = ctx;
    put_null(f->out, row);
    if (f->ev->fail) f->ev->fail(f->ev->fail_ctx, row, message);
}

weir_status wr_step_call(wr_program *p, const wr_step *s, weir_error *err) {
    const wr_call_site *site = &s->u.call;
    const wr_scope *scope = &p->scopes[s->scope];
    weir_column *out = &p->regs[s->out].col;
    WR_TRY(wr_step_alloc(p, s, true, out, err));
    fill_valid(out, p->n_rows);
    if (s->type == WEIR_STRING || s->type == WEIR_OBJECT || s->boxed) /* null rows must be safe to read */
        memset(out->data, 0, p->n_rows * wr_type_size(s->type, s->boxed));
    if (scope->n_sel == 0) return WEIR_OK;
    WR_TRY(gather_arguments(p, site, err));
    call_fault fault = {.ev = p->ev, .out = out};
    weir_call call = {.n_rows = p->n_rows,
                      .n_sel = scope->n_sel,
                      .sel = scope->sel,
                      .n_args = site->n_args,
                      .args = site->columns,
                      .out = out,
                      .ts = p->ev->in->ts,
                      .now = site->function->needs_clock ? p->clock : NULL,
                      .arena = p->ev->arena,
                      .fail = call_failed,
                      .fail_ctx = &fault};
    WR_TRY(site->function->eval(site->state, &call, err));
    drop_full_bitmap(out, p->n_rows);
    return WEIR_OK;
}
