/* inbox.c: see inbox.h. */
#include "runtime/inbox.h"

typedef struct box { /* the rows of one stream */
    const wr_schema *schema;
    weir_column *cols;
    bool *has_nulls;
    int64_t *ts;
    uint32_t n_rows, n_done, cap; /* n_done: rows of arrivals that have ended */
    uint32_t *chunk_end;
    weir_origin *origin;
    uint32_t n_chunks, cap_chunks, cap_origins;
    bool multi_row; /* some chunk has several rows */
    bool in_use;
} box;

struct wr_inbox {
    const wr_plan *plan;
    wr_account *account;
    weir_arena arena; /* strings and objects */
    box *boxes;
    uint32_t *used; /* streams that have rows */
    uint32_t n_used;
    int64_t *clock;
    uint8_t *late;
    uint32_t n_arrivals, cap_clock, cap_late;
    bool any_late;
    uint32_t n_rows;
    wr_task_input *inputs;
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for events");
}

weir_status wr_inbox_new(const wr_plan *plan, wr_account *account, wr_inbox **out, weir_error *err) {
    wr_inbox *x = wr_alloc_zero(account, sizeof *x);
    *out = NULL;
    if (!x) return no_memory(err);
    x->plan = plan;
    x->account = account;
    wr_arena_init(&x->arena, account);
    x->boxes = wr_alloc_zero(account, (plan->n_streams + 1) * sizeof *x->boxes);
    x->used = wr_alloc_zero(account, (plan->n_streams + 1) * sizeof *x->used);
    x->inputs = wr_alloc_zero(account, (plan->n_streams + 1) * sizeof *x->inputs);
    if (!x->boxes || !x->used || !x->inputs) {
        wr_inbox_free(x);
        return no_memory(err);
    }
    for (uint32_t i = 0; i < plan->n_streams; i++) x->boxes[i].schema = &plan->streams[i].schema;
    *out = x;
    return WEIR_OK;
}

static void free_box(wr_inbox *x, box *b) {
    for (uint32_t i = 0; b->cols && i < b->schema->n_attrs; i++) {
        const wr_attr *a = &b->schema->attrs[i];
        wr_free(x->account, b->cols[i].data, (size_t)b->cap * wr_type_size(a->type, a->boxed));
        wr_free(x->account, b->cols[i].valid, (size_t)b->cap / 8);
    }
    if (b->cols) wr_free(x->account, b->cols, (b->schema->n_attrs + 1) * sizeof *b->cols);
    if (b->has_nulls) wr_free(x->account, b->has_nulls, (b->schema->n_attrs + 1) * sizeof *b->has_nulls);
    wr_free(x->account, b->ts, (size_t)b->cap * 8);
    wr_free(x->account, b->chunk_end, b->cap_chunks * sizeof *b->chunk_end);
    wr_free(x->account, b->origin, b->cap_origins * sizeof *b->origin);
}

void wr_inbox_free(wr_inbox *x) {
    if (!x) return;
    uint32_t n = x->plan->n_streams;
    for (uint32_t i = 0; x->boxes && i < n; i++) free_box(x, &x->boxes[i]);
    wr_arena_fini(&x->arena);
    if (x->boxes) wr_free(x->account, x->boxes, (n + 1) * sizeof *x->boxes);
    if (x->used) wr_free(x->account, x->used, (n + 1) * sizeof *x->used);
    if (x->inputs) wr_free(x->account, x->inputs, (n + 1) * sizeof *x->inputs);
    wr_free(x->account, x->clock, x->cap_clock * sizeof *x->clock);
    wr_free(x->account, x->late, x->cap_late);
    wr_free(x->account, x, sizeof *x);
}

/* Widens all arrays of a box; capacities are multiples of 64 rows. */
static weir_status widen(wr_inbox *x, box *b, weir_error *err) {
    uint32_t n = b->schema->n_attrs, cap = b->cap ? b->cap * 2 : 64;
    if (b->cap > UINT32_MAX / 4) return weir_fail(err, WEIR_ELIMIT, "too many events wait for one cycle");
    if (!b->cols) b->cols = wr_alloc_zero(x->account, (n + 1) * sizeof *b->cols);
    if (!b->has_nulls) b->has_nulls = wr_alloc_zero(x->account, (n + 1) * sizeof *b->has_nulls);
    if (!b->cols || !b->has_nulls) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        size_t size = wr_type_size(b->schema->attrs[i].type, b->schema->attrs[i].boxed);
        void *data = wr_alloc(x->account, cap * size);
        uint64_t *valid = wr_alloc(x->account, cap / 8);
        if (!data || !valid) {
            wr_free(x->account, data, cap * size);
            wr_free(x->account, valid, cap / 8);
            return no_memory(err); /* columns already widened are only larger than cap says */
        }
        memset(valid, 0xFF, cap / 8);
        if (b->cap) {
            memcpy(data, b->cols[i].data, b->n_rows * size);
            memcpy(valid, b->cols[i].valid, b->cap / 8);
        }
        wr_free(x->account, b->cols[i].data, b->cap * size);
        wr_free(x->account, b->cols[i].valid, b->cap / 8);
        b->cols[i] = (weir_column){.type = b->schema->attrs[i].type,
                                   .boxed = b->schema->attrs[i].boxed,
                                   .data = data,
                                   .valid = valid};
    }
    int64_t *ts = wr_realloc(x->account, b->ts, (size_t)b->cap * 8, (size_t)cap * 8);
    if (!ts) return no_memory(err);
    b->ts = ts;
    b->cap = cap;
    return WEIR_OK;
}

static bool number_of(const weir_value *v, int64_t *l, double *d) {
    switch (v->type) {
    case WEIR_INT: *l = v->as.i; break;
    case WEIR_LONG: *l = v->as.l; break;
    case WEIR_FLOAT: *d = v->as.f; return true;
    case WEIR_DOUBLE: *d = v->as.d; return true;
    default: return false;
    }
    *d = (double)*l;
    return true;
}

/* v as a value of the attribute's type; only widening is allowed. */
static weir_status fit(const wr_attr *a, const weir_value *v, weir_value *out, weir_error *err) {
    int64_t l = 0;
    double d = 0;
    *out = *v;
    if (v->is_null || (v->type == a->type && !a->boxed) || a->type == WEIR_OBJECT || a->boxed) return WEIR_OK;
    out->type = a->type;
    if (v->type < a->type && a->type <= WEIR_DOUBLE && number_of(v, &l, &d)) {
        if (a->type == WEIR_LONG) out->as.l = l;
        if (a->type == WEIR_FLOAT) out->as.f = v->type == WEIR_DOUBLE ? (float)d : (float)l;
        if (a->type == WEIR_DOUBLE) out->as.d = d;
        return WEIR_OK;
    }
    return weir_fail(err, WEIR_ETYPE, "attribute '%s' is %s, the value is %s", a->name,
                     weir_type_name(a->type), weir_type_name(v->type));
}

static weir_status store_object(wr_inbox *x, weir_column *c, uint32_t row, const weir_value *v,
                                weir_error *err) {
    weir_object *o = v->type == WEIR_OBJECT ? weir_object_ref(v->as.o) : weir_object_new_value(v);
    if (!o) return no_memory(err);
    ((weir_object **)c->data)[row] = o;
    return weir_arena_own(&x->arena, o);
}

static weir_status store(wr_inbox *x, weir_column *c, uint32_t row, const weir_value *v, weir_error *err) {
    if (v->is_null) {
        memset((char *)c->data + row * wr_type_size(c->type, c->boxed), 0, wr_type_size(c->type, c->boxed));
        weir_set_null(c, row);
        return WEIR_OK;
    }
    weir_set_valid(c, row);
    if (c->boxed || c->type == WEIR_OBJECT) return store_object(x, c, row, v, err);
    switch (c->type) {
    case WEIR_INT: ((int32_t *)c->data)[row] = v->as.i; return WEIR_OK;
    case WEIR_LONG: ((int64_t *)c->data)[row] = v->as.l; return WEIR_OK;
    case WEIR_FLOAT: ((float *)c->data)[row] = v->as.f; return WEIR_OK;
    case WEIR_DOUBLE: ((double *)c->data)[row] = v->as.d; return WEIR_OK;
    case WEIR_BOOL: ((uint8_t *)c->data)[row] = v->as.b; return WEIR_OK;
    default: break;
    }
    weir_string *s = &((weir_string *)c->data)[row];
    return weir_arena_string(&x->arena, weir_string_data(&v->as.s), v->as.s.len, s);
}

weir_status wr_inbox_add(wr_inbox *x, uint32_t stream, int64_t ts, const weir_value *values,
                         uint32_t n_values, weir_error *err) {
    box *b = &x->boxes[stream];
    if (n_values != b->schema->n_attrs)
        return weir_fail(err, WEIR_ETYPE, "stream '%s' has %u attributes, %u values were given",
                         x->plan->streams[stream].name, b->schema->n_attrs, n_values);
    if (b->n_rows == b->cap) WR_TRY(widen(x, b, err));
    for (uint32_t i = 0; i < n_values; i++) {
        weir_value v;
        WR_TRY(fit(&b->schema->attrs[i], &values[i], &v, err));
        WR_TRY(store(x, &b->cols[i], b->n_rows, &v, err));
        if (v.is_null) b->has_nulls[i] = true;
    }
    b->ts[b->n_rows++] = ts;
    x->n_rows++;
    if (!b->in_use) {
        b->in_use = true;
        x->used[x->n_used++] = stream;
    }
    return WEIR_OK;
}

void wr_inbox_drop_arrival(wr_inbox *x) {
    for (uint32_t i = 0; i < x->n_used; i++) {
        box *b = &x->boxes[x->used[i]];
        x->n_rows -= b->n_rows - b->n_done;
        b->n_rows = b->n_done;
    }
}

weir_status wr_inbox_end_arrival(wr_inbox *x, uint32_t stream, int64_t clock, bool late, weir_error *err) {
    if (wr_grow(x->account, &x->clock, &x->cap_clock, x->n_arrivals + 1, sizeof *x->clock) ||
        wr_grow(x->account, &x->late, &x->cap_late, x->n_arrivals + 1, sizeof *x->late))
        return no_memory(err);
    if (stream != WR_NONE_ID) {
        box *b = &x->boxes[stream];
        if (wr_grow(x->account, &b->chunk_end, &b->cap_chunks, b->n_chunks + 1, sizeof *b->chunk_end) ||
            wr_grow(x->account, &b->origin, &b->cap_origins, b->n_chunks + 1, sizeof *b->origin))
            return no_memory(err);
        b->multi_row |= b->n_rows - b->n_done != 1;
        b->n_done = b->n_rows;
        b->chunk_end[b->n_chunks] = b->n_rows;
        b->origin[b->n_chunks++] = WEIR_ORIGIN(x->n_arrivals, WEIR_PHASE_EVENT, 0);
    }
    x->clock[x->n_arrivals] = clock;
    x->late[x->n_arrivals++] = late;
    x->any_late |= late;
    return WEIR_OK;
}

uint32_t wr_inbox_rows(const wr_inbox *x) { return x->n_rows; }

uint32_t wr_inbox_arrivals(const wr_inbox *x) { return x->n_arrivals; }

int64_t wr_inbox_clock(const wr_inbox *x) { return x->clock[x->n_arrivals - 1]; }

weir_status wr_inbox_take(wr_inbox *x, wr_inbox_cycle *out, weir_error *err) {
    for (uint32_t i = 0; i < x->n_used; i++) {
        box *b = &x->boxes[x->used[i]];
        weir_column *cols = wr_arena_array(&x->arena, b->schema->n_attrs + 1, sizeof *cols);
        if (!cols) return no_memory(err);
        for (uint32_t c = 0; c < b->schema->n_attrs; c++) {
            cols[c] = b->cols[c];
            if (!b->has_nulls[c]) cols[c].valid = NULL;
        }
        bool all_mine = b->n_chunks == x->n_arrivals && !b->multi_row;
        x->inputs[i] = (wr_task_input){.stream = x->used[i],
                                       .batch = {.n_rows = b->n_done,
                                                 .n_sel = b->n_done,
                                                 .ts = b->ts,
                                                 .n_cols = b->schema->n_attrs,
                                                 .cols = cols,
                                                 .n_chunks = b->n_chunks,
                                                 .chunk_end = b->multi_row ? b->chunk_end : NULL,
                                                 .origin = all_mine ? NULL : b->origin}};
    }
    *out = (wr_inbox_cycle){x->inputs, x->n_used, x->n_arrivals, x->clock, x->any_late ? x->late : NULL};
    return WEIR_OK;
}

void wr_inbox_clear(wr_inbox *x) {
    for (uint32_t i = 0; i < x->n_used; i++) {
        box *b = &x->boxes[x->used[i]];
        for (uint32_t c = 0; c < b->schema->n_attrs; c++)
            if (b->has_nulls[c]) {
                memset(b->cols[c].valid, 0xFF, b->cap / 8);
                b->has_nulls[c] = false;
            }
        b->n_rows = b->n_done = b->n_chunks = 0;
        b->multi_row = b->in_use = false;
    }
    x->n_used = x->n_arrivals = x->n_rows = 0;
    x->any_late = false;
    wr_arena_reset(&x->arena);
}
