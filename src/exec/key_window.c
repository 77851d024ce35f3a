/* key_window.c: see key_window.h. What the windows do is in src/window/length.c, time.c and length_batch.c;
 * here it is done key by key. */
#include <stdlib.h>

#include "base/compiler.h"
#include "data/column.h"
#include "exec/key_window_impl.h"

/* A call, and what it has emitted. */
typedef struct call {
    wr_key_window *w;
    wr_turn *turn;
    const wr_op *partition;
    const weir_batch *in;   /* NULL: nothing came in */
    const weir_row_id *ids; /* of its rows, by logical row */
    /* Output, by row: the slot (or WEIR_NO_ROW), the input row if it is one of this call. */
    weir_row_id *id;
    uint32_t *from;
    int64_t *ts;
    uint8_t *kind;
    uint32_t n, cap;
    uint32_t *chunk_end, *key_id;
    weir_origin *origin;
    uint32_t n_chunks, cap_chunks;
    weir_row_id *gone; /* rows to be released at the end */
    uint32_t n_gone, cap_gone;
} call;

/* ---- Emitting ---- */

static weir_status more_rows(call *c, weir_error *err) {
    weir_arena *a = c->turn->arena;
    uint32_t cap = c->cap ? c->cap * 2 : 2 * (c->in ? c->in->n_sel : 0) + 16;
    if (cap < c->cap || !wr_arena_widen(a, &c->id, c->n, cap, sizeof *c->id) ||
        !wr_arena_widen(a, &c->from, c->n, cap, sizeof *c->from) ||
        !wr_arena_widen(a, &c->ts, c->n, cap, sizeof *c->ts) || !wr_arena_widen(a, &c->kind, c->n, cap, 1))
        return wr_key_window_no_memory(err);
    c->cap = cap;
    return WEIR_OK;
}

WR_INLINE weir_status emit(call *c, weir_row_id id, uint32_t from, weir_kind kind, int64_t ts,
                           weir_error *err) {
    if (WR_UNLIKELY(c->n == c->cap)) WR_TRY(more_rows(c, err));
    c->id[c->n] = id;
    c->from[c->n] = from;
    c->ts[c->n] = ts;
    c->kind[c->n++] = (uint8_t)kind;
    return WEIR_OK;
}

static weir_status end_chunk(call *c, uint32_t id, weir_origin origin, weir_error *err) {
    if (c->n == (c->n_chunks ? c->chunk_end[c->n_chunks - 1] : 0)) return WEIR_OK;
    if (c->n_chunks == c->cap_chunks) {
        weir_arena *a = c->turn->arena;
        uint32_t cap = c->cap_chunks ? c->cap_chunks * 2 : (c->in ? c->in->n_sel : 0) + 16, n = c->n_chunks;
        if (cap < n || !wr_arena_widen(a, &c->chunk_end, n, cap, sizeof *c->chunk_end) ||
            !wr_arena_widen(a, &c->key_id, n, cap, sizeof *c->key_id) ||
            !wr_arena_widen(a, &c->origin, n, cap, sizeof *c->origin))
            return wr_key_window_no_memory(err);
        c->cap_chunks = cap;
    }
    c->chunk_end[c->n_chunks] = c->n;
    c->key_id[c->n_chunks] = id;
    c->origin[c->n_chunks++] = origin;
    return WEIR_OK;
}

/* The oldest row of the key leaves. It can be read until the call ends. */
static weir_status let_go(call *c, uint32_t id, uint32_t *slot, weir_error *err) {
    if (c->n_gone == c->cap_gone) {
        uint32_t cap = c->cap_gone * 2 + 64;
        if (!wr_arena_widen(c->turn->arena, &c->gone, c->n_gone, cap, sizeof *c->gone))
            return wr_key_window_no_memory(err);
        c->cap_gone = cap;
    }
    *slot = wr_key_rows_take(c->w, id);
    c->gone[c->n_gone++] = *slot;
    return WEIR_OK;
}

static weir_status expire_oldest(call *c, uint32_t id, int64_t now, weir_error *err) {
    uint32_t slot = WR_NO_SLOT;
    WR_TRY(let_go(c, id, &slot, err));
    return emit(c, slot, WR_NO_SLOT, WEIR_EXPIRED, now, err);
}

/* ---- Rows that come in ---- */

static weir_status expire_due(call *c, uint32_t id, int64_t now, weir_error *err) {
    wr_key_window *w = c->w;
    int64_t horizon;
    if (__builtin_sub_overflow(now, w->size, &horizon)) horizon = INT64_MIN;
    while (wr_key_at(w, id)->n && wr_row_store_ts(w->store, wr_key_at(w, id)->first) <= horizon)
        WR_TRY(expire_oldest(c, id, now, err));
    return WEIR_OK;
}

static int64_t due_of(const wr_key_window *w, int64_t ts) {
    int64_t due;
    return __builtin_add_overflow(ts, w->size, &due) ? INT64_MAX : due;
}

/* Only a row newer than all before it sets a timer, and only if none is set. */
static weir_status set_timer(wr_key_window *w, uint32_t id, int64_t ts, weir_error *err) {
    wr_timed_key *k = wr_timed_key_at(w, id);
    if (ts <= k->last_ts) return WEIR_OK;
    k->last_ts = ts;
    return k->rows.waits ? WEIR_OK : wr_key_window_set_due(w, id, due_of(w, ts), err);
}

/* The batch of the key is full: it goes out, behind what is left of the one before. */
static weir_status let_batch_out(call *c, uint32_t id, int64_t now, weir_error *err) {
    wr_key_window *w = c->w;
    wr_key_rows *k = wr_key_at(w, id);
    uint32_t slot;
    for (; k->before; k->before--) WR_TRY(expire_oldest(c, id, now, err));
    if (w->resets) WR_TRY(emit(c, WEIR_NO_ROW, WR_NO_SLOT, WEIR_RESET, now, err));
    slot = k->first;
    for (uint32_t i = 0; i < k->n; slot = w->next[slot], i++)
        WR_TRY(emit(c, slot, WR_NO_SLOT, WEIR_CURRENT, wr_row_store_ts(w->store, slot), err));
    if (w->expired_output) {
        k->before = k->n;
        return WEIR_OK;
    }
    while (k->n) WR_TRY(let_go(c, id, &slot, err));
    return WEIR_OK;
}

static weir_status take_row(call *c, uint32_t id, uint32_t k, uint32_t row, int64_t now, weir_origin origin,
                            weir_error *err) {
    wr_key_window *w = c->w;
    int64_t ts = c->in->ts[row];
    weir_row_id slot = c->ids[k];
    if (w->leaving == WR_LEAVES_IN_BATCHES) {
        wr_key_rows_add(w, id, (uint32_t)slot);
        if (wr_key_at(w, id)->n - wr_key_at(w, id)->before < (uint64_t)w->size) return WEIR_OK;
        WR_TRY(let_batch_out(c, id, now, err));
        return end_chunk(c, id, origin, err);
    }
    if (w->leaving == WR_LEAVES_BY_TIME)
        WR_TRY(expire_due(c, id, now, err));
    else if (wr_key_at(w, id)->n >= (uint64_t)w->size)
        WR_TRY(expire_oldest(c, id, now, err));
    WR_TRY(emit(c, slot, row, WEIR_CURRENT, ts, err));
    wr_key_rows_add(w, id, (uint32_t)slot);
    return w->leaving == WR_LEAVES_BY_TIME ? set_timer(w, id, ts, err) : WEIR_OK;
}

/* ---- The timer: all keys that are due at this arrival, as they were due, then as they came ---- */

typedef struct due_key {
    int64_t due;
    uint64_t birth;
    uint32_t id;
} due_key;

static int by_due(const void *a, const void *b) {
    const due_key *x = a, *y = b;
    if (x->due != y->due) return x->due < y->due ? -1 : 1;
    return (x->birth > y->birth) - (x->birth < y->birth);
}

static bool has_ended(const call *c, uint32_t id, weir_origin at) {
    return wr_partition_end_of(c->partition, id) <= at;
}

static weir_status collect_due(call *c, int64_t now, due_key **keys, uint32_t *n, weir_error *err) {
    wr_key_window *w = c->w;
    uint32_t cap = 0, id;
    *n = 0;
    for (int64_t due; (due = wr_due_times_next(&w->due)) <= now && wr_due_times_take(&w->due, now, &id);) {
        if (*n == cap && !wr_arena_widen(c->turn->arena, keys, *n, cap = cap * 2 + 16, sizeof **keys))
            return wr_key_window_no_memory(err);
        (*keys)[(*n)++] = (due_key){due, wr_partition_birth(c->partition, id), id};
        wr_key_at(w, id)->waits = 0;
    }
    if (*n > 1) qsort(*keys, *n, sizeof **keys, by_due);
    return WEIR_OK;
}

static weir_status fire(call *c, uint32_t arrival, weir_error *err) {
    wr_key_window *w = c->w;
    int64_t now = c->turn->cycle->clock[arrival];
    weir_origin origin = WEIR_ORIGIN(arrival, w->head.plan->rank, 0);
    due_key *keys = NULL;
    uint32_t n;
    WR_TRY(collect_due(c, now, &keys, &n, err));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = keys[i].id;
        if (has_ended(c, id, WEIR_ORIGIN(arrival, w->head.plan->rank, 0))) continue;
        WR_TRY(expire_due(c, id, now, err));
        WR_TRY(end_chunk(c, id, origin, err));
        if ((origin & 0xFFFFFFu) != 0xFFFFFFu) origin++;
        int64_t due =
            wr_key_at(w, id)->n ? due_of(w, wr_row_store_ts(w->store, wr_key_at(w, id)->first)) : INT64_MAX;
        WR_TRY(wr_key_window_set_due(w, id, due, err));
    }
    return WEIR_OK;
}

static weir_status fire_until(call *c, weir_origin before, weir_error *err) {
    uint32_t arrival;
    if (c->w->leaving != WR_LEAVES_BY_TIME) return WEIR_OK;
    while ((arrival = wr_op_next_tick(&c->w->head, c->turn->cycle, wr_key_window_due(&c->w->head), before)) !=
           UINT32_MAX) {
        wr_op_fired(&c->w->head, arrival);
        WR_TRY(fire(c, arrival, err));
    }
    return WEIR_OK;
}

/* Timers that are set from now on fire at later arrivals. */
static void pass_tick(wr_op *op, weir_origin origin) {
    uint32_t next = weir_origin_arrival(origin) + (weir_origin_phase(origin) > op->plan->rank);
    if (next > op->fired_next) op->fired_next = next;
}

static weir_status walk(call *c, weir_error *err) {
    const weir_batch *in = c->in;
    for (uint32_t k = 0, chunk = 0; in && k < in->n_sel;) {
        uint32_t row = weir_batch_row(in, k);
        if (!in->chunk_end) chunk = row;
        while (weir_batch_chunk_end(in, chunk) <= row) chunk++;
        weir_origin origin = weir_batch_origin(in, chunk);
        int64_t now = c->turn->cycle->clock[weir_origin_arrival(origin)];
        uint32_t id = in->key_id[chunk], end = weir_batch_chunk_end(in, chunk);
        WR_TRY(fire_until(c, origin, err));
        pass_tick(&c->w->head, origin);
        for (; k < in->n_sel && (row = weir_batch_row(in, k)) < end; k++)
            WR_TRY(take_row(c, id, k, row, now, origin, err));
        WR_TRY(end_chunk(c, id, origin, err));
    }
    return fire_until(c, c->turn->until, err);
}

/* ---- The output ---- */

/* Current rows have their values from the input, others none that anybody reads. */
static weir_status column_from_input(const call *c, uint32_t column, weir_column *out, weir_error *err) {
    const weir_column *in = c->in ? &c->in->cols[column] : NULL;
    const wr_attr *attr = &c->w->head.plan->in.attrs[column];
    size_t size = wr_type_size(attr->type, attr->boxed);
    if (wr_column_new(c->turn->arena, attr->type, attr->boxed, c->n, in && in->valid, out))
        return wr_key_window_no_memory(err);
    if (!in || !in->data) {
        memset(out->data, 0, c->n * size);
        return WEIR_OK;
    }
    uint32_t *rows = wr_arena_array(c->turn->arena, c->n, sizeof *rows);
    if (!rows) return wr_key_window_no_memory(err);
    uint32_t any = weir_batch_row(c->in, 0);
    for (uint32_t i = 0; i < c->n; i++) rows[i] = c->from[i] == WR_NO_SLOT ? any : c->from[i];
    wr_gather_data(out->data, in->data, rows, c->n, size);
    if (in->valid) wr_gather_valid(out->valid, 0, in->valid, rows, c->n);
    return WEIR_OK;
}

static weir_status build_column(const call *c, uint32_t column, weir_column *out, weir_error *err) {
    const wr_key_window *w = c->w;
    const wr_attr *attr = &w->head.plan->in.attrs[column];
    *out = (weir_column){.type = attr->type, .boxed = attr->boxed};
    if (!w->is_read[column]) return WEIR_OK;
    if (!w->stored[column]) return column_from_input(c, column, out, err);
    bool nullable = wr_row_store_has_nulls(w->store, column);
    if (wr_column_new(c->turn->arena, attr->type, attr->boxed, c->n, nullable, out))
        return wr_key_window_no_memory(err);
    return wr_row_store_gather(w->store, column, c->id, c->n, NULL, out, err);
}

static weir_status build(const call *c, weir_batch *out, weir_error *err) {
    uint32_t n_cols = c->w->head.plan->in.n_attrs;
    if (!c->n) return WEIR_OK;
    *out = (weir_batch){.n_rows = c->n,
                        .n_sel = c->n,
                        .ts = c->ts,
                        .kind = c->kind,
                        .n_cols = n_cols,
                        .cols = wr_arena_array(c->turn->arena, n_cols + 1, sizeof *out->cols),
                        .n_chunks = c->n_chunks,
                        .chunk_end = c->n_chunks == c->n ? NULL : c->chunk_end,
                        .origin = c->origin,
                        .key_id = c->key_id};
    if (!out->cols) return wr_key_window_no_memory(err);
    for (uint32_t i = 0; i < n_cols; i++) WR_TRY(build_column(c, i, &out->cols[i], err));
    return WEIR_OK;
}

/* ---- The operator ---- */

static weir_status store_rows(call *c, weir_error *err) {
    wr_key_window *w = c->w;
    if (w->cycle != c->turn->cycle->number) wr_row_store_settle(w->store);
    w->cycle = c->turn->cycle->number;
    if (c->in) {
        weir_row_id *ids = wr_arena_array(c->turn->arena, c->in->n_sel, sizeof *ids), first;
        if (!ids) return wr_key_window_no_memory(err);
        WR_TRY(wr_row_store_append(w->store, c->in, &first, ids, err));
        c->ids = ids;
    }
    return wr_key_window_make_room(w, wr_partition_limit(c->partition), wr_row_store_n_slots(w->store))
               ? WEIR_OK
               : wr_key_window_no_memory(err);
}

static weir_status process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                           weir_error *err) {
    wr_key_window *w = (wr_key_window *)op;
    if (!w->store) {
        if (in[0]) *out = *in[0];
        return WEIR_OK;
    }
    call c = {.w = w, .turn = turn, .in = in[0], .partition = turn->partitions[op->plan->partition]};
    WR_TRY(store_rows(&c, err));
    WR_TRY(walk(&c, err));
    WR_TRY(build(&c, out, err));
    for (uint32_t i = 0; i < c.n_gone; i++) wr_row_store_release(w->store, c.gone[i]);
    return WEIR_OK;
}

static uint64_t rows(const wr_op *op) {
    const wr_key_window *w = (const wr_key_window *)op;
    return w->store ? wr_row_store_count(w->store) : 0;
}

static void free_op(wr_op *op) {
    wr_key_window *w = (wr_key_window *)op;
    wr_account *account = &op->account;
    wr_row_store_free(w->store);
    wr_free(account, w->is_read, 2 * (size_t)op->plan->in.n_attrs + 1);
    wr_free(account, w->next, w->cap_next * sizeof *w->next);
    wr_free(account, w->keys, w->cap_keys * w->key_bytes);
    wr_due_times_fini(&w->due);
    wr_free(op->account.parent, w, sizeof *w);
}

static const wr_op_type timed_type = {.name = "window of keys",
                                      .process = process,
                                      .due = wr_key_window_due,
                                      .save = wr_key_window_save,
                                      .load = wr_key_window_load,
                                      .rows = rows,
                                      .forget = wr_key_window_forget,
                                      .free = free_op};
static const wr_op_type counted_type = {.name = "window of keys",
                                        .process = process,
                                        .save = wr_key_window_save,
                                        .load = wr_key_window_load,
                                        .rows = rows,
                                        .forget = wr_key_window_forget,
                                        .free = free_op};

static int64_t size_of_window(const weir_window_args *args) {
    const weir_value *v = &args->args[0].value;
    return v->type == WEIR_INT ? v->as.i : v->as.l;
}

/* Three of the built-in windows, by name: what they do is known here. */
static wr_leaving leaving_of(const weir_window_type *type) {
    if (*type->ns) return WR_LEAVES_OTHERWISE;
    if (strcmp(type->name, "length") == 0) return WR_LEAVES_BY_LENGTH;
    if (strcmp(type->name, "time") == 0) return WR_LEAVES_BY_TIME;
    return strcmp(type->name, "lengthBatch") == 0 ? WR_LEAVES_IN_BATCHES : WR_LEAVES_OTHERWISE;
}

bool wr_key_window_takes(const wr_plan_op *plan) {
    const wr_plan_window *p = &plan->u.window;
    if (plan->kind != WR_OP_WINDOW || leaving_of(p->type) == WR_LEAVES_OTHERWISE) return false;
    return !p->args.is_searched && p->args.n_args == 1 && p->args.args[0].is_const &&
           size_of_window(&p->args) > 0;
}

static weir_status make_store(wr_key_window *w, weir_error *err) {
    const wr_plan_op *plan = w->head.plan;
    uint32_t n = plan->in.n_attrs;
    bool late = w->leaving == WR_LEAVES_IN_BATCHES;
    w->is_read = wr_alloc_zero(&w->head.account, 2 * (size_t)n + 1);
    if (!w->is_read) return wr_key_window_no_memory(err);
    w->stored = w->is_read + n;
    for (uint32_t c = 0; c < n; c++) {
        uint8_t need = plan->u.window.need[c];
        w->is_read[c] = need & (WR_NEED_CURRENT | WR_NEED_EXPIRED);
        w->stored[c] = late ? w->is_read[c] : (need & WR_NEED_EXPIRED) != 0;
    }
    if (!late && !w->expired_wanted) return WEIR_OK;
    wr_row_store_options options = {
        .schema = &plan->in, .stored = w->stored, .shape = WEIR_WINDOW_BAG, .settles_late = true};
    return wr_row_store_new(&options, &w->head.account, &w->store, err);
}

weir_status wr_key_window_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    *out = NULL;
    wr_key_window *w = wr_alloc_zero(parent, sizeof *w);
    if (!w) return wr_key_window_no_memory(err);
    const weir_window_args *args = &plan->u.window.args;
    w->leaving = leaving_of(plan->u.window.type);
    w->key_bytes = w->leaving == WR_LEAVES_BY_TIME ? sizeof(wr_timed_key) : sizeof(wr_key_rows);
    w->head.type = w->leaving == WR_LEAVES_BY_TIME ? &timed_type : &counted_type;
    w->head.plan = plan;
    w->head.account.parent = parent;
    wr_due_times_init(&w->due, &w->head.account);
    w->size = size_of_window(args);
    w->expired_output = args->expired_output;
    w->expired_wanted = args->expired_wanted || args->expired_output;
    w->resets = args->reset_wanted;
    weir_status status = make_store(w, err);
    if (status == WEIR_OK)
        *out = &w->head;
    else
        free_op(&w->head);
    return status;
}
