/* join_side.c: see join_side.h. */
#include "exec/join_side.h"

#include <stdlib.h>

#include "data/order.h"
#include "state/writer.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a join");
}

static const wr_plan_join *join_of(const wr_join_side *s) { return &s->plan->u.join; }

static wr_expr *const *side_keys(const wr_join_side *s) {
    return s->side ? join_of(s)->right_keys : join_of(s)->left_keys;
}

/* ---- Life ---------------------------------------------------------------------------------------------- */

/* Stream columns, then one column for each key that is an expression. */
static weir_status make_schema(wr_join_side *s, weir_error *err) {
    const wr_plan_join *p = join_of(s);
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
        const wr_expr *key = side_keys(s)[i];
        bool bare = key->kind == WR_EXPR_COLUMN;
        uint32_t column = bare ? key->u.column : n++;
        if (!bare) attrs[column] = (wr_attr){.name = "", .type = key->type};
        s->stored[column] = true;
        s->key_columns[i] = column;
    }
    for (uint32_t i = 0; i < p->sort[s->side].n; i++) s->stored[p->sort[s->side].columns[i]] = true;
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
    s->n_cols = side ? p->n_right_cols : p->n_left_cols;
    s->follows = p->content[side] == WR_CONTENT_FOLLOWS;
    s->in_order = s->follows && p->in_order[side];
    s->gone_early = WEIR_NO_ROW;
    if (p->side_kind[side] == WR_SIDE_TABLE) return WEIR_OK;
    if (p->n_keys) WR_TRY(wr_program_new(side_keys(s), p->n_keys, account, &s->key_program, err));
    if (p->content[side] == WR_CONTENT_NONE || p->is_shared[side]) return WEIR_OK;
    WR_TRY(make_schema(s, err));
    wr_row_store_options options = {.schema = &s->schema,
                                    .stored = s->stored,
                                    .shape = s->in_order ? WEIR_WINDOW_FIFO : WEIR_WINDOW_BAG,
                                    .settles_late = true};
    WR_TRY(wr_row_store_new(&options, account, &s->rows, err));
    return wr_join_index_new(s->rows, s->key_columns, p->n_keys, account, &s->index, err);
}

void wr_join_side_fini(wr_join_side *s) {
    size_t most = s->n_cols + join_of(s)->n_keys;
    wr_program_free(s->key_program);
    wr_join_index_free(s->index);
    wr_row_store_free(s->rows);
    if (s->stored) wr_free(s->account, s->stored, most * sizeof *s->stored);
    if (s->schema.attrs) wr_free(s->account, (void *)s->schema.attrs, most * sizeof *s->schema.attrs);
    if (s->key_columns)
        wr_free(s->account, s->key_columns, (join_of(s)->n_keys + 1) * sizeof *s->key_columns);
    wr_free(s->account, s->window_ids, s->cap_ids * sizeof *s->window_ids);
    wr_free(s->account, s->slots, s->cap_slots * sizeof *s->slots);
    wr_free(s->account, s->seq, s->cap_seq * sizeof *s->seq);
    wr_free(s->account, s->released, s->cap_released * sizeof *s->released);
}

void wr_join_side_clear(wr_join_side *s) {
    if (!s->rows) return;
    wr_row_store_clear(s->rows);
    wr_join_index_clear(s->index);
    for (uint32_t i = 0; i < s->cap_slots; i++) s->slots[i].held = WEIR_NO_ROW;
    s->is_cut = false;
    s->gone_early = WEIR_NO_ROW;
    s->first = s->call_first = s->next = 0;
    s->next_seq = s->searched_below = 0;
    s->n_released = 0;
    s->cycle = 0;
}

/* ---- BAG: window ids to slots -------------------------------------------------------------------------- */

/* Ids of a window lie close together (slots that are used again, or a range that moves on), so this ends. */
static weir_status widen_slots(wr_join_side *s, weir_error *err) {
    for (uint32_t cap = s->cap_slots ? s->cap_slots * 2 : 64; cap; cap *= 2) {
        wr_slot_entry *fresh = wr_alloc(s->account, cap * sizeof *fresh);
        if (!fresh) return no_memory(err);
        for (uint32_t i = 0; i < cap; i++) fresh[i].held = WEIR_NO_ROW;
        bool clash = false;
        for (uint32_t i = 0; i < s->cap_slots && !clash; i++) {
            if (s->slots[i].held == WEIR_NO_ROW) continue;
            wr_slot_entry *e = &fresh[s->slots[i].id & (cap - 1)];
            clash = e->held != WEIR_NO_ROW;
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

static weir_status map_slot(wr_join_side *s, weir_row_id id, weir_row_id held, weir_error *err) {
    while (!s->cap_slots || s->slots[id & (s->cap_slots - 1)].held != WEIR_NO_ROW) {
        if (s->cap_slots && s->slots[id & (s->cap_slots - 1)].id == id)
            return weir_fail(err, WEIR_ESTATE, "a window gave the same row to a join twice");
        WR_TRY(widen_slots(s, err));
    }
    s->slots[id & (s->cap_slots - 1)] = (wr_slot_entry){id, held};
    return WEIR_OK;
}

static weir_row_id unmap_slot(wr_join_side *s, weir_row_id id) {
    if (!s->cap_slots) return WEIR_NO_ROW;
    wr_slot_entry *e = &s->slots[id & (s->cap_slots - 1)];
    if (e->held == WEIR_NO_ROW || e->id != id) return WEIR_NO_ROW;
    weir_row_id held = e->held;
    e->held = WEIR_NO_ROW;
    return held;
}

static weir_status release_slot(wr_join_side *s, weir_row_id held, weir_error *err) {
    if (wr_grow(s->account, &s->released, &s->cap_released, s->n_released + 1, sizeof *s->released))
        return no_memory(err);
    s->released[s->n_released++] = (uint32_t)held;
    return WEIR_OK;
}

/* ---- FIFO: store ids to window ids --------------------------------------------------------------------- */

static weir_row_id *window_id_of(const wr_join_side *s, weir_row_id held) {
    return &s->window_ids[held & (s->cap_ids - 1)];
}

static weir_status widen_ids(wr_join_side *s, weir_row_id end, weir_error *err) {
    if (end - s->first <= s->cap_ids) return WEIR_OK;
    uint32_t cap = s->cap_ids ? s->cap_ids : 64;
    while (end - s->first > cap) {
        if (cap > UINT32_MAX / 4) return weir_fail(err, WEIR_ELIMIT, "a join holds too many rows");
        cap *= 2;
    }
    weir_row_id *wide = wr_alloc(s->account, cap * sizeof *wide);
    if (!wide) return no_memory(err);
    for (weir_row_id id = s->first; id < s->next; id++) wide[id & (cap - 1)] = *window_id_of(s, id);
    wr_free(s->account, s->window_ids, s->cap_ids * sizeof *s->window_ids);
    s->window_ids = wide;
    s->cap_ids = cap;
    return WEIR_OK;
}

/* The oldest row goes; it must be the one that the window means. */
static weir_status leave_first(wr_join_side *s, weir_row_id id, weir_row_id *held, weir_error *err) {
    *held = WEIR_NO_ROW;
    while (s->first < s->next && *window_id_of(s, s->first) == WEIR_NO_ROW) s->first++;
    if (s->first == s->next || *window_id_of(s, s->first) > id) return WEIR_OK;
    if (*window_id_of(s, s->first) != id)
        return weir_fail(err, WEIR_ESTATE, "a window let rows go out of order");
    *held = s->first++;
    return WEIR_OK;
}

/* ---- A call -------------------------------------------------------------------------------------------- */

/* The batch with the computed keys as further columns; a column that upstream pruned reads as null. */
static weir_status with_keys(wr_join_side *s, const weir_batch *b, const weir_column *keys, wr_turn *turn,
                             weir_batch *out, weir_error *err) {
    weir_column *cols = wr_arena_zero(turn->arena, s->schema.n_attrs + 1, sizeof *cols);
    if (!cols) return no_memory(err);
    memcpy(cols, b->cols, WR_MIN(b->n_cols, s->n_cols) * sizeof *cols);
    for (uint32_t i = 0; i < join_of(s)->n_keys; i++) cols[s->key_columns[i]] = keys[i];
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

static uint8_t kind_of(const weir_batch *b, uint32_t row) { return b->kind ? b->kind[row] : WEIR_CURRENT; }

static bool comes_in(const wr_join_side *s, uint8_t kind) {
    return kind == WEIR_ENTERED || (s->follows && kind == WEIR_CURRENT);
}
static bool goes(const wr_join_side *s, uint8_t kind) {
    return kind == WEIR_LEFT || (s->follows && kind == WEIR_EXPIRED);
}

static weir_status note_order(wr_join_side *s, weir_row_id held, weir_error *err) {
    if (s->in_order) return WEIR_OK;
    if (wr_grow(s->account, &s->seq, &s->cap_seq, (uint32_t)held + 1, sizeof *s->seq)) return no_memory(err);
    s->seq[held] = s->next_seq++;
    return WEIR_OK;
}

/* Stores the rows that come in, and notes where. */
static weir_status store_rows(wr_join_side *s, const weir_batch *b, wr_turn *turn, weir_row_id *held,
                              weir_error *err) {
    uint32_t *sel = wr_arena_array(turn->arena, b->n_sel + 1, sizeof *sel), n = 0;
    weir_row_id first = 0, *ids = wr_arena_array(turn->arena, b->n_sel + 1, sizeof *ids);
    if (!sel || !ids) return no_memory(err);
    for (uint32_t k = 0; k < b->n_sel; k++) {
        uint32_t row = weir_batch_row(b, k);
        if (comes_in(s, kind_of(b, row))) sel[n++] = row;
    }
    weir_batch coming = *b;
    coming.sel = sel;
    coming.n_sel = n;
    WR_TRY(wr_row_store_append(s->rows, &coming, &first, ids, err));
    for (uint32_t k = 0; k < n; k++) {
        held[sel[k]] = s->in_order ? first + k : ids[k];
        WR_TRY(note_order(s, held[sel[k]], err));
    }
    return s->in_order ? widen_ids(s, first + n, err) : WEIR_OK;
}

/* Rows given on in this cycle point into the store until it is over. */
static void settle_once_a_cycle(wr_join_side *s, const wr_turn *turn) {
    if (!s->rows || s->cycle == turn->cycle->number) return;
    s->cycle = turn->cycle->number;
    wr_row_store_settle(s->rows);
}

weir_status wr_join_side_prepare(wr_join_side *s, const weir_batch *b, bool changes_content, wr_turn *turn,
                                 wr_join_input *in, weir_error *err) {
    uint32_t n_keys = join_of(s)->n_keys;
    memset(in, 0, sizeof *in);
    settle_once_a_cycle(s, turn);
    s->call_first = s->first;
    if (!b || !b->n_sel) return WEIR_OK;
    in->batch = b;
    weir_column *keys = wr_arena_zero(turn->arena, n_keys + 1, sizeof *keys);
    in->held = wr_arena_array(turn->arena, b->n_rows + 1, sizeof *in->held);
    if (!keys || !in->held) return no_memory(err);
    memset(in->held, 0xFF, b->n_rows * sizeof *in->held); /* WEIR_NO_ROW */
    if (n_keys) {
        wr_eval ev = {.in = b, .cycle = turn->cycle, .arena = turn->arena};
        WR_TRY(wr_program_run(s->key_program, &ev, keys, err));
    }
    WR_TRY(wr_join_keys_of(keys, n_keys, b, turn->arena, &in->keys, err));
    if (!changes_content || !s->rows) return WEIR_OK;
    weir_batch extended;
    WR_TRY(with_keys(s, b, keys, turn, &extended, err));
    return store_rows(s, &extended, turn, in->held, err);
}

static weir_status enter(wr_join_side *s, wr_join_input *in, uint32_t row, weir_error *err) {
    weir_row_id held = in->held[row], id = in->batch->row_id[row];
    bool is_held = id != s->gone_early;
    if (!is_held) s->gone_early = WEIR_NO_ROW;
    if (s->in_order) {
        s->next = held + 1;
        *window_id_of(s, held) = is_held ? id : WEIR_NO_ROW;
    } else {
        WR_TRY(is_held ? map_slot(s, id, held, err) : release_slot(s, held, err));
    }
    return is_held ? wr_join_index_add(s->index, held, s->call_first, &in->keys, row, err) : WEIR_OK;
}

static weir_status leave(wr_join_side *s, wr_join_input *in, uint32_t row, weir_error *err) {
    weir_row_id held = WEIR_NO_ROW, id = in->batch->row_id[row];
    if (s->in_order)
        WR_TRY(leave_first(s, id, &held, err));
    else
        held = unmap_slot(s, id);
    in->held[row] = held;
    s->is_cut = true;
    if (held == WEIR_NO_ROW) {
        s->gone_early = id;
        return WEIR_OK;
    }
    wr_join_index_remove(s->index, held);
    return s->in_order ? WEIR_OK : release_slot(s, held, err);
}

weir_status wr_join_side_change(wr_join_side *s, wr_join_input *in, uint32_t row, weir_error *err) {
    uint8_t kind = kind_of(in->batch, row);
    if (!in->batch->row_id) return weir_fail(err, WEIR_EUSAGE, "a window left out its row ids");
    if (comes_in(s, kind)) return enter(s, in, row, err);
    return goes(s, kind) ? leave(s, in, row, err) : WEIR_OK;
}

void wr_join_side_end_call(wr_join_side *s) {
    if (!s->rows) return;
    if (s->in_order) wr_row_store_release_below(s->rows, s->first);
    for (uint32_t i = 0; i < s->n_released; i++) wr_row_store_release(s->rows, s->released[i]);
    s->n_released = 0;
}

uint64_t wr_join_side_seq(const wr_join_side *s, weir_row_id held) {
    return s->in_order ? held : s->seq[held];
}

/* ---- The order of a sort window ------------------------------------------------------------------------ */

static int by_sort_keys(const void *a, const void *b, void *ctx) {
    const wr_join_side *s = ctx;
    const wr_join_sort *sort = &join_of(s)->sort[s->side];
    weir_row_id x = *(const weir_row_id *)a, y = *(const weir_row_id *)b;
    for (uint32_t i = 0; i < sort->n; i++) {
        weir_value v = wr_row_store_value(s->rows, x, sort->columns[i]);
        weir_value w = wr_row_store_value(s->rows, y, sort->columns[i]);
        if (v.is_null != w.is_null) return v.is_null ? 1 : -1;
        int order = v.is_null ? 0 : wr_value_order(&v, &w);
        if (order) return sort->descending[i] ? -order : order;
    }
    uint64_t p = wr_join_side_seq(s, x), q = wr_join_side_seq(s, y);
    return (p > q) - (p < q);
}

void wr_join_side_sort(const wr_join_side *s, weir_row_id *ids, uint32_t n) {
    if (n > 1 && s->is_cut) qsort_r(ids, n, sizeof *ids, by_sort_keys, (void *)(uintptr_t)s);
}

/* ---- Saving: the store, then (order, window id, store id) of the held rows in order of coming in. -------
 */

typedef struct held_row {
    uint64_t seq;
    weir_row_id id, held;
} held_row;

static int by_seq(const void *a, const void *b) {
    uint64_t x = ((const held_row *)a)->seq, y = ((const held_row *)b)->seq;
    return (x > y) - (x < y);
}

static uint32_t list_held(const wr_join_side *s, held_row *rows) {
    uint32_t n = 0;
    for (weir_row_id i = s->first; s->in_order && i < s->next; i++)
        if (*window_id_of(s, i) != WEIR_NO_ROW) rows[n++] = (held_row){i, *window_id_of(s, i), i};
    for (uint32_t i = 0; i < s->cap_slots; i++) {
        const wr_slot_entry *e = &s->slots[i];
        if (e->held != WEIR_NO_ROW) rows[n++] = (held_row){s->seq[e->held], e->id, e->held};
    }
    qsort(rows, n, sizeof *rows, by_seq);
    return n;
}

void wr_join_side_save(const wr_join_side *s, weir_writer *w) {
    if (!s->rows) return;
    size_t most = wr_row_store_count(s->rows) + 1;
    held_row *rows = wr_alloc(NULL, most * sizeof *rows);
    if (!rows) {
        if (w->status == WEIR_OK) w->status = WEIR_ENOMEM;
        return;
    }
    uint32_t n = list_held(s, rows);
    wr_row_store_save(s->rows, w);
    weir_write_i64(w, (int64_t)s->next_seq);
    weir_write_i64(w, (int64_t)s->searched_below);
    weir_write_i64(w, (int64_t)s->gone_early);
    weir_write_u32(w, s->is_cut);
    weir_write_u32(w, n);
    for (uint32_t i = 0; i < n; i++) {
        weir_write_i64(w, (int64_t)rows[i].seq);
        weir_write_i64(w, (int64_t)rows[i].id);
        weir_write_i64(w, (int64_t)rows[i].held);
    }
    wr_free(NULL, rows, most * sizeof *rows);
}

static weir_status damaged(weir_error *err) {
    return weir_fail(err, WEIR_ESTATE, "a join's saved rows don't fit together");
}

/* Index keys are computed anew, of the stored columns. */
static weir_status load_row(wr_join_side *s, const held_row *r, weir_arena *arena, weir_error *err) {
    uint32_t n_keys = join_of(s)->n_keys;
    if (!wr_row_store_has(s->rows, r->held)) return damaged(err);
    weir_column *keys = wr_arena_zero(arena, n_keys + 1, sizeof *keys);
    if (!keys) return no_memory(err);
    for (uint32_t i = 0; i < n_keys; i++) {
        const wr_attr *a = &s->schema.attrs[s->key_columns[i]];
        keys[i] = (weir_column){.type = a->type, .boxed = a->boxed};
        keys[i].data = wr_arena_zero(arena, 1, sizeof(weir_string));
        keys[i].valid = wr_arena_zero(arena, 1, sizeof(uint64_t));
        if (!keys[i].data || !keys[i].valid) return no_memory(err);
        WR_TRY(wr_row_store_gather(s->rows, s->key_columns[i], &r->held, 1, NULL, &keys[i], err));
    }
    weir_batch one = {.n_rows = 1, .n_sel = 1, .n_chunks = 1};
    wr_join_keys words;
    WR_TRY(wr_join_keys_of(keys, n_keys, &one, arena, &words, err));
    WR_TRY(wr_join_index_add(s->index, r->held, s->first, &words, 0, err));
    if (!s->in_order) {
        WR_TRY(note_order(s, r->held, err));
        s->seq[r->held] = r->seq;
        return map_slot(s, r->id, r->held, err);
    }
    if (r->held < s->next || r->id == WEIR_NO_ROW) return damaged(err);
    while (s->next < r->held) *window_id_of(s, s->next++) = WEIR_NO_ROW;
    *window_id_of(s, s->next++) = r->id;
    return WEIR_OK;
}

static weir_status load_rows(wr_join_side *s, weir_reader *r, uint32_t n, weir_error *err) {
    weir_arena arena;
    wr_row_claims claims = {0};
    weir_status st = WEIR_OK;
    if (!s->in_order && !wr_row_claims_init(&claims, s->rows, s->account)) st = no_memory(err);
    wr_arena_init(&arena, NULL);
    for (uint32_t i = 0; i < n && st == WEIR_OK; i++) {
        held_row row = {.seq = (uint64_t)weir_read_i64(r)};
        row.id = (weir_row_id)weir_read_i64(r);
        row.held = (weir_row_id)weir_read_i64(r);
        st = weir_reader_status(r, err);
        if (st == WEIR_OK && !s->in_order && !wr_row_claim(&claims, row.held)) st = damaged(err);
        if (st == WEIR_OK) st = load_row(s, &row, &arena, err);
        wr_arena_reset(&arena);
    }
    wr_arena_fini(&arena);
    wr_row_claims_fini(&claims);
    return st;
}

weir_status wr_join_side_load(wr_join_side *s, weir_reader *r, weir_error *err) {
    if (!s->rows) return WEIR_OK;
    WR_TRY(wr_row_store_load(s->rows, r, err));
    wr_join_index_clear(s->index);
    for (uint32_t i = 0; i < s->cap_slots; i++) s->slots[i].held = WEIR_NO_ROW;
    if (s->in_order) {
        s->first = s->next = wr_row_store_head(s->rows);
        WR_TRY(widen_ids(s, wr_row_store_tail(s->rows), err));
    }
    uint64_t next_seq = (uint64_t)weir_read_i64(r);
    s->searched_below = (uint64_t)weir_read_i64(r);
    s->gone_early = (weir_row_id)weir_read_i64(r);
    s->is_cut = weir_read_u32(r) != 0;
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    WR_TRY(load_rows(s, r, n, err));
    s->next_seq = next_seq;
    while (s->in_order && s->next < wr_row_store_tail(s->rows)) *window_id_of(s, s->next++) = WEIR_NO_ROW;
    return weir_reader_status(r, err);
}
