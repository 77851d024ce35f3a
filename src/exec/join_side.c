/* join_side.c: see join_side.h. */
#include "exec/join_side.h"

#include <stdlib.h>

#include "state/writer.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a join");
}

static uint32_t side_cols(const wr_plan_join *p, uint32_t side) {
    return side ? p->n_right_cols : p->n_left_cols;
}

static wr_expr *const *side_keys(const wr_plan_join *p, uint32_t side) {
    return side ? p->right_keys : p->left_keys;
}

/* Stream columns, then one column for each key that is an expression. */
static weir_status make_schema(wr_join_side *s, weir_error *err) {
    const wr_plan_join *p = &s->plan->u.join;
    uint32_t first = s->side ? p->n_left_cols : 0, n = s->n_cols;
    wr_attr *attrs = wr_alloc_zero(s->account, (s->n_cols + p->n_keys) * sizeof *attrs);
    s->stored = wr_alloc_zero(s->account, (s->n_cols + p->n_keys) * sizeof *s->stored);
    s->key_columns = wr_alloc_zero(s->account, (p->n_keys + 1) * sizeof *s->key_columns);
    s->schema.attrs = attrs;
    if (!attrs || !s->stored || !s->key_columns) return no_memory(err);
    for (uint32_t i = 0; i < s->n_cols; i++) {
        attrs[i] = s->plan->in.attrs[first + i];
        s->stored[i] = !p->need || p->need[first + i];
    }
    for (uint32_t i = 0; i < p->n_keys; i++) {
        const wr_expr *key = side_keys(p, s->side)[i];
        bool bare = key->kind == WR_EXPR_COLUMN;
        uint32_t column = bare ? key->u.column : n++;
        if (!bare) attrs[column] = (wr_attr){.name = "", .type = key->type};
        s->stored[column] = true;
        s->key_columns[i] = column;
    }
    s->schema.n_attrs = n;
    return WEIR_OK;
}

weir_status wr_join_side_init(wr_join_side *s, const wr_plan_op *plan, uint32_t side, wr_account *account,
                              weir_error *err) {
    const wr_plan_join *p = &plan->u.join;
    memset(s, 0, sizeof *s);
    s->plan = plan;
    s->side = side;
    s->account = account;
    s->n_cols = side_cols(p, side);
    if (p->side_kind[side] == WR_SIDE_TABLE) return WEIR_OK;
    WR_TRY(make_schema(s, err));
    if (p->n_keys) WR_TRY(wr_program_new(side_keys(p, side), p->n_keys, account, &s->key_program, err));
    wr_row_store_options options = {.schema = &s->schema, .stored = s->stored, .shape = WEIR_WINDOW_BAG};
    WR_TRY(wr_row_store_new(&options, account, &s->rows, err));
    return wr_row_index_new(s->rows, s->key_columns, p->n_keys, WR_INDEX_EQUALITY, account, &s->index, err);
}

void wr_join_side_fini(wr_join_side *s) {
    size_t most = s->n_cols + s->plan->u.join.n_keys;
    wr_program_free(s->key_program);
    wr_row_index_free(s->index);
    wr_row_store_free(s->rows);
    if (s->stored) wr_free(s->account, s->stored, most * sizeof *s->stored);
    if (s->schema.attrs) wr_free(s->account, (void *)s->schema.attrs, most * sizeof *s->schema.attrs);
    if (s->key_columns)
        wr_free(s->account, s->key_columns, (s->plan->u.join.n_keys + 1) * sizeof *s->key_columns);
    wr_free(s->account, s->slots, s->cap_slots * sizeof *s->slots);
    wr_free(s->account, s->seq, s->cap_seq * sizeof *s->seq);
    wr_free(s->account, s->released, s->cap_released * sizeof *s->released);
}

/* ---- Window ids to slots ---- */

static weir_status widen_slots(wr_join_side *s, weir_error *err) {
    for (uint32_t cap = s->cap_slots ? s->cap_slots * 2 : 64; cap; cap *= 2) {
        wr_slot_entry *fresh = wr_alloc(s->account, cap * sizeof *fresh);
        if (!fresh) return no_memory(err);
        for (uint32_t i = 0; i < cap; i++) fresh[i].slot = WR_NO_SLOT;
        bool clash = false;
        for (uint32_t i = 0; i < s->cap_slots && !clash; i++) {
            if (s->slots[i].slot == WR_NO_SLOT) continue;
            wr_slot_entry *e = &fresh[s->slots[i].id & (cap - 1)];
            clash = e->slot != WR_NO_SLOT;
            *e = s->slots[i];
        }
        if (clash) {
            wr_free(s->account, fresh, cap * sizeof *fresh);
            continue;
        }
        wr_free(s->account, s->slots, s->cap_slots * sizeof *s->slots);
        s->slots = fresh;
        s->cap_slots = cap;
        return WEIR_OK;
    }
    return weir_fail(err, WEIR_ELIMIT, "a join's window holds too many rows");
}

static weir_status map_slot(wr_join_side *s, weir_row_id id, uint32_t slot, weir_error *err) {
    while (!s->cap_slots || s->slots[id & (s->cap_slots - 1)].slot != WR_NO_SLOT) {
        if (s->cap_slots && s->slots[id & (s->cap_slots - 1)].id == id)
            return weir_fail(err, WEIR_ESTATE, "a window gave the same row to a join twice");
        WR_TRY(widen_slots(s, err));
    }
    s->slots[id & (s->cap_slots - 1)] = (wr_slot_entry){id, slot};
    return WEIR_OK;
}

static uint32_t unmap_slot(wr_join_side *s, weir_row_id id) {
    if (!s->cap_slots) return WR_NO_SLOT;
    wr_slot_entry *e = &s->slots[id & (s->cap_slots - 1)];
    if (e->slot == WR_NO_SLOT || e->id != id) return WR_NO_SLOT;
    uint32_t slot = e->slot;
    e->slot = WR_NO_SLOT;
    return slot;
}

/* ---- A call ---- */

/* The batch with the computed keys as further columns; a column that upstream pruned reads as null. */
static weir_status with_keys(wr_join_side *s, const weir_batch *b, const weir_column *keys, wr_turn *turn,
                             weir_batch *out, weir_error *err) {
    weir_column *cols = wr_arena_zero(turn->arena, s->schema.n_attrs + 1, sizeof *cols);
    if (!cols) return no_memory(err);
    memcpy(cols, b->cols, WR_MIN(b->n_cols, s->n_cols) * sizeof *cols);
    for (uint32_t i = 0; i < s->plan->u.join.n_keys; i++) cols[s->key_columns[i]] = keys[i];
    for (uint32_t i = 0; i < s->schema.n_attrs; i++) {
        if (cols[i].data || !s->stored[i]) continue;
        const wr_attr *a = &s->schema.attrs[i];
        cols[i].type = a->type;
        cols[i].boxed = a->boxed;
        cols[i].data = wr_arena_zero(turn->arena, b->n_rows + 1, wr_type_size(a->type, a->boxed));
        cols[i].valid = wr_arena_zero(turn->arena, b->n_rows / 64 + 1, sizeof(uint64_t));
        if (!cols[i].data || !cols[i].valid) return no_memory(err);
    }
    *out = *b;
    out->cols = cols;
    out->n_cols = s->schema.n_attrs;
    return WEIR_OK;
}

/* Stores the rows that come in (current), and those that go without having been held (no row ids: a side
 * without window), into slot[]. */
static weir_status store_current(wr_join_side *s, const weir_batch *b, wr_turn *turn, uint32_t *slot,
                                 weir_error *err) {
    uint32_t *sel = wr_arena_array(turn->arena, b->n_sel + 1, sizeof *sel), n = 0;
    weir_row_id first, *ids = wr_arena_array(turn->arena, b->n_sel + 1, sizeof *ids);
    if (!sel || !ids) return no_memory(err);
    for (uint32_t k = 0; k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        slot[row] = WR_NO_SLOT;
        if (!b->kind || b->kind[row] == WEIR_CURRENT) sel[n++] = row;
    }
    weir_batch current = *b;
    current.sel = sel;
    current.n_sel = n;
    WR_TRY(wr_row_store_append(s->rows, &current, &first, ids, err));
    for (uint32_t k = 0; k < n; k++) {
        slot[sel[k]] = (uint32_t)ids[k];
        if (wr_grow(s->account, &s->seq, &s->cap_seq, (uint32_t)ids[k] + 1, sizeof *s->seq))
            return no_memory(err);
        s->seq[ids[k]] = s->next_seq++;
    }
    return WEIR_OK;
}

weir_status wr_join_side_prepare(wr_join_side *s, const weir_batch *b, wr_turn *turn, wr_join_input *in,
                                 weir_error *err) {
    uint32_t n_keys = s->plan->u.join.n_keys;
    memset(in, 0, sizeof *in);
    if (!b || !b->n_sel) return WEIR_OK;
    in->batch = b;
    in->keys = wr_arena_zero(turn->arena, n_keys + 1, sizeof *in->keys);
    in->hashes = wr_arena_array(turn->arena, b->n_rows + 1, sizeof *in->hashes);
    in->slot = wr_arena_array(turn->arena, b->n_rows + 1, sizeof *in->slot);
    if (!in->keys || !in->hashes || !in->slot) return no_memory(err);
    if (n_keys) {
        wr_eval ev = {.in = b, .cycle = turn->cycle, .arena = turn->arena};
        WR_TRY(wr_program_run(s->key_program, &ev, in->keys, err));
    }
    weir_batch extended;
    WR_TRY(with_keys(s, b, in->keys, turn, &extended, err));
    wr_row_index_hash(s->index, in->keys, b, in->hashes);
    return store_current(s, &extended, turn, in->slot, err);
}

weir_status wr_join_side_enter(wr_join_side *s, wr_join_input *in, uint32_t row, weir_error *err) {
    WR_TRY(wr_row_index_add(s->index, in->slot[row], err));
    return map_slot(s, in->batch->row_id ? in->batch->row_id[row] : s->seq[in->slot[row]], in->slot[row],
                    err);
}

weir_status wr_join_side_leave(wr_join_side *s, wr_join_input *in, uint32_t row, weir_error *err) {
    if (!in->batch->row_id) return weir_fail(err, WEIR_EUSAGE, "a window left out its row ids");
    uint32_t slot = unmap_slot(s, in->batch->row_id[row]);
    in->slot[row] = slot;
    if (slot == WR_NO_SLOT) return WEIR_OK;
    wr_row_index_remove(s->index, slot);
    return wr_join_side_release(s, slot, err);
}

weir_status wr_join_side_release(wr_join_side *s, uint32_t slot, weir_error *err) {
    if (wr_grow(s->account, &s->released, &s->cap_released, s->n_released + 1, sizeof *s->released))
        return no_memory(err);
    s->released[s->n_released++] = slot;
    return WEIR_OK;
}

void wr_join_side_end_call(wr_join_side *s) {
    for (uint32_t i = 0; i < s->n_released; i++) wr_row_store_release(s->rows, s->released[i]);
    s->n_released = 0;
}

/* ---- Saving: the store, then (id, slot) of the held rows in order of coming in. ---- */

static int by_seq(const void *a, const void *b) {
    uint64_t x = ((const uint64_t *)a)[0], y = ((const uint64_t *)b)[0];
    return x < y ? -1 : x > y;
}

void wr_join_side_save(const wr_join_side *s, weir_writer *w) {
    if (!s->rows) return;
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->cap_slots; i++) n += s->slots[i].slot != WR_NO_SLOT;
    uint64_t(*held)[3] = wr_alloc(NULL, (n + 1) * sizeof *held);
    if (!held) {
        if (w->status == WEIR_OK) w->status = WEIR_ENOMEM;
        return;
    }
    n = 0;
    for (uint32_t i = 0; i < s->cap_slots; i++) {
        const wr_slot_entry *e = &s->slots[i];
        if (e->slot == WR_NO_SLOT) continue;
        held[n][0] = s->seq[e->slot];
        held[n][1] = e->id;
        held[n++][2] = e->slot;
    }
    qsort(held, n, sizeof *held, by_seq);
    wr_row_store_save(s->rows, w);
    weir_write_i64(w, (int64_t)s->next_seq);
    weir_write_u32(w, n);
    for (uint32_t i = 0; i < n; i++) {
        weir_write_i64(w, (int64_t)held[i][0]);
        weir_write_i64(w, (int64_t)held[i][1]);
        weir_write_u32(w, (uint32_t)held[i][2]);
    }
    wr_free(NULL, held, 0);
}

weir_status wr_join_side_load(wr_join_side *s, weir_reader *r, weir_error *err) {
    if (!s->rows) return WEIR_OK;
    WR_TRY(wr_row_store_load(s->rows, r, err));
    wr_row_index_clear(s->index);
    for (uint32_t i = 0; i < s->cap_slots; i++) s->slots[i].slot = WR_NO_SLOT;
    s->next_seq = (uint64_t)weir_read_i64(r);
    uint32_t n = weir_read_u32(r);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t seq = (uint64_t)weir_read_i64(r);
        weir_row_id id = (weir_row_id)weir_read_i64(r);
        uint32_t slot = weir_read_u32(r);
        WR_TRY(weir_reader_status(r, err));
        if (!wr_row_store_has(s->rows, slot))
            return weir_fail(err, WEIR_ESTATE, "a join's saved rows don't fit together");
        if (wr_grow(s->account, &s->seq, &s->cap_seq, slot + 1, sizeof *s->seq)) return no_memory(err);
        s->seq[slot] = seq;
        WR_TRY(wr_row_index_add(s->index, slot, err));
        WR_TRY(map_slot(s, id, slot, err));
    }
    return weir_reader_status(r, err);
}
