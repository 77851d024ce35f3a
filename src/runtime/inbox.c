/* inbox.c: see inbox.h. */
#include "runtime/inbox.h"

#include "data/batch_builder.h"

struct wr_inbox {
    const wr_plan *plan;
    wr_account *account;
    wr_batch_builder *boxes; /* by stream */
    bool *in_use;            /* by stream: its box has rows */
    uint32_t *used;          /* streams that have rows, in order of coming */
    uint32_t n_used;
    int64_t *clock;
    uint8_t *late;
    uint32_t n_arrivals, cap_clock, cap_late;
    bool any_late;
    uint32_t n_rows, n_done; /* n_done: rows of arrivals that have ended */
    weir_value *fitted;      /* the row at hand with its types widened */
    wr_task_input *inputs;
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for events");
}

static uint32_t widest(const wr_plan *plan) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < plan->n_streams; i++) n = WR_MAX(n, plan->streams[i].schema.n_attrs);
    return n;
}

weir_status wr_inbox_new(const wr_plan *plan, wr_account *account, wr_inbox **out, weir_error *err) {
    wr_inbox *x = wr_alloc_zero(NULL, sizeof *x);
    *out = NULL;
    if (!x) return no_memory(err);
    x->plan = plan;
    x->account = account;
    x->boxes = wr_alloc_zero(NULL, (plan->n_streams + 1) * sizeof *x->boxes);
    x->in_use = wr_alloc_zero(NULL, (plan->n_streams + 1) * sizeof *x->in_use);
    x->used = wr_alloc_zero(NULL, (plan->n_streams + 1) * sizeof *x->used);
    x->inputs = wr_alloc_zero(NULL, (plan->n_streams + 1) * sizeof *x->inputs);
    x->fitted = wr_alloc_zero(NULL, (widest(plan) + 1) * sizeof *x->fitted);
    weir_status st = x->boxes && x->in_use && x->used && x->inputs && x->fitted ? WEIR_OK : no_memory(err);
    for (uint32_t i = 0; i < plan->n_streams && st == WEIR_OK; i++)
        st = wr_batch_builder_init(&x->boxes[i], &plan->streams[i].schema, account, err);
    if (st != WEIR_OK) {
        wr_inbox_free(x);
        return st;
    }
    *out = x;
    return WEIR_OK;
}

void wr_inbox_free(wr_inbox *x) {
    if (!x) return;
    for (uint32_t i = 0; x->boxes && i < x->plan->n_streams; i++) wr_batch_builder_fini(&x->boxes[i]);
    wr_free(NULL, x->boxes, 0);
    wr_free(NULL, x->in_use, 0);
    wr_free(NULL, x->used, 0);
    wr_free(NULL, x->inputs, 0);
    wr_free(NULL, x->fitted, 0);
    wr_free(x->account, x->clock, x->cap_clock * sizeof *x->clock);
    wr_free(x->account, x->late, x->cap_late);
    wr_free(NULL, x, sizeof *x);
}

static double as_double(const weir_value *v) {
    switch (v->type) {
    case WEIR_INT: return v->as.i;
    case WEIR_LONG: return (double)v->as.l;
    case WEIR_FLOAT: return v->as.f;
    default: return v->as.d;
    }
}

/* v as a value of the attribute's type; numbers widen, nothing else is changed. */
static weir_status fit(const wr_attr *a, const weir_value *v, weir_value *out, weir_error *err) {
    *out = *v;
    if (v->is_null || v->type == a->type || a->type == WEIR_OBJECT || a->boxed) return WEIR_OK;
    bool widens = v->type >= WEIR_INT && v->type < a->type && a->type <= WEIR_DOUBLE;
    if (!widens)
        return weir_fail(err, WEIR_ETYPE, "attribute '%s' is %s, the value is %s", a->name,
                         weir_type_name(a->type), weir_type_name(v->type));
    out->type = a->type;
    if (a->type == WEIR_LONG) out->as.l = v->as.i;
    if (a->type == WEIR_FLOAT) out->as.f = v->type == WEIR_INT ? (float)v->as.i : (float)v->as.l;
    if (a->type == WEIR_DOUBLE) out->as.d = as_double(v);
    return WEIR_OK;
}

weir_status wr_inbox_add(wr_inbox *x, uint32_t stream, int64_t ts, const weir_value *values,
                         uint32_t n_values, weir_error *err) {
    const wr_plan_stream *s = &x->plan->streams[stream];
    if (n_values != s->schema.n_attrs)
        return weir_fail(err, WEIR_ETYPE, "stream '%s' has %u attributes, %u values were given", s->name,
                         s->schema.n_attrs, n_values);
    for (uint32_t i = 0; i < n_values; i++) WR_TRY(fit(&s->schema.attrs[i], &values[i], &x->fitted[i], err));
    WR_TRY(wr_batch_builder_append(&x->boxes[stream], ts, x->fitted, n_values, err));
    x->n_rows++;
    if (!x->in_use[stream]) {
        x->in_use[stream] = true;
        x->used[x->n_used++] = stream;
    }
    return WEIR_OK;
}

void wr_inbox_drop_arrival(wr_inbox *x) {
    for (uint32_t i = 0; i < x->n_used; i++) wr_batch_builder_drop_chunk(&x->boxes[x->used[i]]);
    x->n_rows = x->n_done;
}

weir_status wr_inbox_end_arrival(wr_inbox *x, uint32_t stream, int64_t clock, bool late, weir_error *err) {
    if (wr_grow(x->account, &x->clock, &x->cap_clock, x->n_arrivals + 1, sizeof *x->clock) ||
        wr_grow(x->account, &x->late, &x->cap_late, x->n_arrivals + 1, sizeof *x->late))
        return no_memory(err);
    if (stream != WR_NONE_ID)
        WR_TRY(wr_batch_builder_end_chunk(&x->boxes[stream], WEIR_ORIGIN(x->n_arrivals, WEIR_PHASE_EVENT, 0),
                                          err));
    x->clock[x->n_arrivals] = clock;
    x->late[x->n_arrivals++] = late;
    x->any_late |= late;
    x->n_done = x->n_rows;
    return WEIR_OK;
}

uint32_t wr_inbox_rows(const wr_inbox *x) { return x->n_rows; }

uint32_t wr_inbox_arrivals(const wr_inbox *x) { return x->n_arrivals; }

int64_t wr_inbox_clock(const wr_inbox *x) { return x->clock[x->n_arrivals - 1]; }

void wr_inbox_take(wr_inbox *x, wr_inbox_cycle *out) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->n_used; i++) {
        x->inputs[n].stream = x->used[i];
        wr_batch_builder_view(&x->boxes[x->used[i]], &x->inputs[n].batch);
        n += x->inputs[n].batch.n_rows > 0;
    }
    *out = (wr_inbox_cycle){x->inputs, n, x->n_arrivals, x->clock, x->any_late ? x->late : NULL};
}

void wr_inbox_clear(wr_inbox *x) {
    for (uint32_t i = 0; i < x->n_used; i++) {
        wr_batch_builder_clear(&x->boxes[x->used[i]]);
        x->in_use[x->used[i]] = false;
    }
    x->n_used = x->n_arrivals = x->n_rows = x->n_done = 0;
    x->any_late = false;
}
