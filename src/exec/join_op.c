/* join_op.c: the join of two sides, each a window, a bare stream or a table.
 *
 * The inputs are what the two windows let out: a current row has entered its window, an expired one has left.
 * The operator walks both in the order in which Siddhi would have seen them (origin; the left side first when
 * one event goes to both), keeps each side's content up to date, and notes for each triggering row which rows
 * of the other side have its key. What comes of it is put together afterwards, column by column: gather the
 * candidates, run the residual condition over all of them, keep what holds.
 *
 * Each triggering row's matches are one part of a chunk (see weir_batch): the select takes them at once. What
 * one chunk of a side brought about is one chunk again. A side without a window holds its row only while that
 * is being processed: after its matches comes a reset (and, if expired rows are wanted, the same matches
 * expired). */
#include "exec/join_side.h"

/* One triggering row: candidates[first_pair..end_pair) of the other side. */
typedef struct trigger {
    weir_origin origin;
    int64_t ts;
    uint32_t own; /* slot in its own side's store; WR_NO_SLOT for a reset */
    uint32_t first_pair, end_pair;
    uint32_t chunk; /* of the call's input, in the order of walking */
    uint8_t kind;
    uint8_t side;
} trigger;

typedef struct join_op {
    wr_op head;
    wr_join_side sides[2];
    wr_program *residual;
    /* Work of one call; kept for the next. */
    trigger *triggers;
    uint32_t n_triggers, cap_triggers;
    uint32_t *pairs; /* slots of the other side */
    uint32_t n_pairs, cap_pairs;
    uint32_t n_chunks; /* walked so far */
} join_op;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a join");
}

static const wr_plan_join *plan_of(const join_op *j) { return &j->head.plan->u.join; }

/* The other side's rows and the index over its keys. */
static weir_status other_side(join_op *j, wr_turn *turn, uint32_t side, const wr_row_store **rows,
                              const wr_row_index **index, weir_error *err) {
    const wr_plan_join *p = plan_of(j);
    wr_join_side *other = &j->sides[!side];
    *rows = other->rows;
    *index = other->index;
    if (p->side_kind[!side] != WR_SIDE_TABLE) return WEIR_OK;
    wr_table *table = turn->tables[p->table[!side]];
    uint32_t columns[64];
    wr_expr *const *keys = side ? p->left_keys : p->right_keys;
    if (p->n_keys > WR_COUNT(columns)) return weir_fail(err, WEIR_ELIMIT, "a join has more than 64 keys");
    for (uint32_t i = 0; i < p->n_keys; i++) columns[i] = keys[i]->u.column;
    *rows = wr_table_rows(table);
    return wr_table_index(table, columns, p->n_keys, index, err);
}

static weir_status add_trigger(join_op *j, const trigger *t, weir_error *err) {
    if (wr_grow(&j->head.account, &j->triggers, &j->cap_triggers, j->n_triggers + 1, sizeof *j->triggers))
        return no_memory(err);
    j->triggers[j->n_triggers] = *t;
    j->triggers[j->n_triggers++].chunk = j->n_chunks;
    return WEIR_OK;
}

static weir_status look_up(join_op *j, const wr_row_index *index, const wr_join_input *in, uint32_t row,
                           weir_error *err) {
    uint32_t hash = in->hashes[row];
    /* To a table's primary key null is a value like any other. */
    if (hash == WR_NO_HASH) hash = wr_row_index_hash_one(index, in->keys, row);
    for (uint32_t id = wr_row_index_first(index, in->keys, row, hash); id != WR_NO_SLOT;
         id = wr_row_index_next(index, in->keys, row, hash, id)) {
        if (wr_grow(&j->head.account, &j->pairs, &j->cap_pairs, j->n_pairs + 1, sizeof *j->pairs))
            return no_memory(err);
        j->pairs[j->n_pairs++] = id;
    }
    return WEIR_OK;
}

static weir_status on_reset(join_op *j, uint32_t side, weir_origin origin, int64_t ts, weir_error *err) {
    trigger t = {.origin = origin,
                 .ts = ts,
                 .own = WR_NO_SLOT,
                 .first_pair = j->n_pairs,
                 .end_pair = j->n_pairs,
                 .kind = WEIR_RESET,
                 .side = (uint8_t)side};
    return add_trigger(j, &t, err);
}

static weir_status on_trigger(join_op *j, wr_turn *turn, uint32_t side, const wr_row_index *index,
                              wr_join_input *in, uint32_t row, weir_origin origin, weir_error *err) {
    const wr_plan_join *p = plan_of(j);
    const weir_batch *b = in->batch;
    uint8_t kind = b->kind ? b->kind[row] : WEIR_CURRENT;
    trigger t = {.origin = origin,
                 .ts = b->ts[row],
                 .own = in->slot[row],
                 .first_pair = j->n_pairs,
                 .kind = kind,
                 .side = (uint8_t)side};
    if (t.own == WR_NO_SLOT) return WEIR_OK;
    bool is_table = p->side_kind[!side] == WR_SIDE_TABLE;
    if (p->has_window[!side] || is_table) WR_TRY(look_up(j, index, in, row, err));
    if (is_table)
        WR_TRY(wr_table_sort_slots(turn->tables[p->table[!side]], j->pairs + t.first_pair,
                                   j->n_pairs - t.first_pair, err));
    t.end_pair = j->n_pairs;
    WR_TRY(add_trigger(j, &t, err));
    if (p->has_window[side]) return WEIR_OK;
    if (p->expired_triggers) {
        t.kind = WEIR_EXPIRED;
        WR_TRY(add_trigger(j, &t, err));
    }
    WR_TRY(wr_join_side_release(&j->sides[side], t.own, err));
    return on_reset(j, side, origin, t.ts, err);
}

static weir_status change_content(join_op *j, uint32_t side, wr_join_input *in, uint32_t row,
                                  weir_error *err) {
    if (!plan_of(j)->has_window[side]) return WEIR_OK;
    uint8_t kind = in->batch->kind ? in->batch->kind[row] : WEIR_CURRENT;
    if (kind == WEIR_CURRENT) return wr_join_side_enter(&j->sides[side], in, row, err);
    return kind == WEIR_EXPIRED ? wr_join_side_leave(&j->sides[side], in, row, err) : WEIR_OK;
}

/* The next chunk of one side: first its window's content changes as a whole, then its rows look up. */
static weir_status walk_chunk(join_op *j, wr_turn *turn, uint32_t side, const wr_row_index *index,
                              wr_join_input *in, weir_error *err) {
    const wr_plan_join *p = plan_of(j);
    const weir_batch *b = in->batch;
    weir_origin origin = weir_batch_origin(b, in->next_chunk);
    uint32_t end_row = weir_batch_chunk_end(b, in->next_chunk++), first = in->next_sel, end = first;
    for (; end < b->n_sel && weir_batch_row(b, end) < end_row; end++)
        WR_TRY(change_content(j, side, in, weir_batch_row(b, end), err));
    in->next_sel = end;
    for (uint32_t k = first; k < end && p->triggers[side]; k++) {
        uint32_t row = weir_batch_row(b, k);
        uint8_t kind = b->kind ? b->kind[row] : WEIR_CURRENT;
        if (kind == WEIR_RESET)
            WR_TRY(on_reset(j, side, origin, b->ts[row], err));
        else if (kind == WEIR_CURRENT || p->expired_triggers)
            WR_TRY(on_trigger(j, turn, side, index, in, row, origin, err));
    }
    j->n_chunks++;
    return WEIR_OK;
}

static weir_status walk(join_op *j, wr_turn *turn, wr_join_input in[2], weir_error *err) {
    const wr_row_index *index[2];
    const wr_row_store *rows;
    for (uint32_t side = 0; side < 2; side++) WR_TRY(other_side(j, turn, side, &rows, &index[side], err));
    for (;;) {
        bool has[2];
        for (uint32_t side = 0; side < 2; side++)
            has[side] = in[side].batch && in[side].next_chunk < in[side].batch->n_chunks;
        if (!has[0] && !has[1]) return WEIR_OK;
        bool right = !has[0] || (has[1] && weir_batch_origin(in[1].batch, in[1].next_chunk) <
                                               weir_batch_origin(in[0].batch, in[0].next_chunk));
        WR_TRY(walk_chunk(j, turn, right, index[right], &in[right], err));
    }
}

/* ---- Putting the output together ---- */

typedef struct joined {
    uint32_t n;
    weir_row_id *id[2]; /* by row: in each side's store; WEIR_NO_ROW: nulls */
    uint8_t *kind;
    int64_t *ts;
    uint32_t *trigger; /* by row: which one */
} joined;

static weir_status joined_room(joined *o, uint32_t n, weir_arena *arena, weir_error *err) {
    o->n = 0;
    o->id[0] = wr_arena_array(arena, n + 1, sizeof *o->id[0]);
    o->id[1] = wr_arena_array(arena, n + 1, sizeof *o->id[1]);
    o->kind = wr_arena_array(arena, n + 1, sizeof *o->kind);
    o->ts = wr_arena_array(arena, n + 1, sizeof *o->ts);
    o->trigger = wr_arena_array(arena, n + 1, sizeof *o->trigger);
    return o->id[0] && o->id[1] && o->kind && o->ts && o->trigger ? WEIR_OK : no_memory(err);
}

static void joined_add(joined *o, const trigger *t, uint32_t number, weir_row_id other) {
    uint32_t k = o->n++;
    o->id[t->side][k] = t->own == WR_NO_SLOT ? WEIR_NO_ROW : t->own;
    o->id[!t->side][k] = other;
    o->kind[k] = t->kind;
    o->ts[k] = t->ts;
    o->trigger[k] = number;
}

/* Gathers the rows that are there, then puts each in its place; the others are null. */
static weir_status spread_present(const wr_row_store *rows, uint32_t column, const weir_row_id *ids,
                                  uint32_t n, weir_arena *arena, weir_column *out, weir_error *err) {
    weir_row_id *present = wr_arena_array(arena, n + 1, sizeof *present);
    weir_column dense = *out;
    size_t size = wr_type_size(out->type, out->boxed);
    dense.data = wr_arena_zero(arena, n + 1, size);
    dense.valid = wr_arena_array(arena, n / 64 + 1, 8);
    if (!present || !dense.data || !dense.valid) return no_memory(err);
    memset(dense.valid, 0xFF, (n / 64 + 1) * 8);
    uint32_t n_present = 0;
    for (uint32_t k = 0; k < n; k++)
        if (ids[k] != WEIR_NO_ROW) present[n_present++] = ids[k];
    WR_TRY(wr_row_store_gather(rows, column, present, n_present, arena, &dense, err));
    for (uint32_t k = 0, d = 0; k < n; k++) {
        bool there = ids[k] != WEIR_NO_ROW;
        if (!there || weir_is_null(&dense, d)) weir_set_null(out, k);
        if (there) memcpy((char *)out->data + k * size, (char *)dense.data + d++ * size, size);
    }
    return WEIR_OK;
}

/* Column of one side for the rows; ids of WEIR_NO_ROW give null. */
static weir_status gather(const wr_row_store *rows, uint32_t column, const weir_row_id *ids, uint32_t n,
                          bool some_missing, weir_arena *arena, weir_column *out, weir_error *err) {
    size_t words = n / 64 + 1;
    out->data = wr_arena_zero(arena, n + 1, wr_type_size(out->type, out->boxed));
    out->valid =
        some_missing || wr_row_store_has_nulls(rows, column) ? wr_arena_array(arena, words, 8) : NULL;
    if (!out->data || ((some_missing || wr_row_store_has_nulls(rows, column)) && !out->valid))
        return no_memory(err);
    if (out->valid) memset(out->valid, 0xFF, words * 8);
    if (!some_missing) return wr_row_store_gather(rows, column, ids, n, arena, out, err);
    return spread_present(rows, column, ids, n, arena, out, err);
}

static weir_status gather_all(join_op *j, wr_turn *turn, const joined *o, weir_column *cols,
                              weir_error *err) {
    const wr_plan_join *p = plan_of(j);
    for (uint32_t side = 0, c = 0; side < 2; side++) {
        const wr_row_store *rows = p->side_kind[side] == WR_SIDE_TABLE
                                       ? wr_table_rows(turn->tables[p->table[side]])
                                       : j->sides[side].rows;
        bool missing = false;
        for (uint32_t k = 0; k < o->n && !missing; k++) missing = o->id[side][k] == WEIR_NO_ROW;
        for (uint32_t i = 0; i < (side ? p->n_right_cols : p->n_left_cols); i++, c++) {
            cols[c] = (weir_column){.type = j->head.plan->in.attrs[c].type,
                                    .boxed = j->head.plan->in.attrs[c].boxed};
            if (p->need && !p->need[c]) continue;
            WR_TRY(gather(rows, i, o->id[side], o->n, missing, turn->arena, &cols[c], err));
        }
    }
    return WEIR_OK;
}

/* Marks which candidates the residual condition keeps (all, without one). */
static weir_status run_residual(join_op *j, wr_turn *turn, uint8_t *keep, weir_error *err) {
    memset(keep, 1, j->n_pairs);
    if (!j->residual || !j->n_pairs) return WEIR_OK;
    joined o;
    WR_TRY(joined_room(&o, j->n_pairs, turn->arena, err));
    for (uint32_t t = 0; t < j->n_triggers; t++)
        for (uint32_t i = j->triggers[t].first_pair; i < j->triggers[t].end_pair; i++) {
            o.n = i; /* the expired copy of a trigger names the same candidates again */
            joined_add(&o, &j->triggers[t], t, j->pairs[i]);
        }
    o.n = j->n_pairs;
    uint32_t n_cols = j->head.plan->in.n_attrs, n_kept = 0;
    weir_column *cols = wr_arena_zero(turn->arena, n_cols + 1, sizeof *cols);
    weir_origin *origins = wr_arena_array(turn->arena, o.n, sizeof *origins);
    uint32_t *sel = wr_arena_array(turn->arena, o.n, sizeof *sel);
    if (!cols || !origins || !sel) return no_memory(err);
    WR_TRY(gather_all(j, turn, &o, cols, err));
    for (uint32_t k = 0; k < o.n; k++) origins[k] = j->triggers[o.trigger[k]].origin;
    weir_batch b = {.n_rows = o.n,
                    .n_sel = o.n,
                    .ts = o.ts,
                    .n_cols = n_cols,
                    .cols = cols,
                    .n_chunks = o.n,
                    .origin = origins};
    wr_eval ev = {.in = &b, .cycle = turn->cycle, .arena = turn->arena};
    WR_TRY(wr_program_filter(j->residual, &ev, false, sel, &n_kept, err));
    memset(keep, 0, j->n_pairs);
    for (uint32_t k = 0; k < n_kept; k++) keep[sel[k]] = 1;
    return WEIR_OK;
}

static weir_status collect(join_op *j, wr_turn *turn, const uint8_t *keep, joined *o, weir_error *err) {
    const wr_plan_join *p = plan_of(j);
    uint64_t most = j->n_triggers;
    for (uint32_t t = 0; t < j->n_triggers; t++) most += j->triggers[t].end_pair - j->triggers[t].first_pair;
    if (most >= UINT32_MAX / 32) return weir_fail(err, WEIR_ELIMIT, "a join made too many rows in one cycle");
    WR_TRY(joined_room(o, (uint32_t)most, turn->arena, err));
    for (uint32_t t = 0; t < j->n_triggers; t++) {
        const trigger *tr = &j->triggers[t];
        uint32_t before = o->n;
        for (uint32_t i = tr->first_pair; i < tr->end_pair; i++)
            if (keep[i]) joined_add(o, tr, t, j->pairs[i]);
        bool unmatched = o->n == before && tr->kind != WEIR_RESET && p->keeps_unmatched[tr->side];
        if (tr->kind == WEIR_RESET || unmatched) joined_add(o, tr, t, WEIR_NO_ROW);
    }
    return WEIR_OK;
}

/* Chunks and parts, once each when they are the same. */
static weir_status set_chunks(const join_op *j, wr_turn *turn, const joined *o, weir_batch *out,
                              weir_error *err) {
    uint32_t *ends = wr_arena_array(turn->arena, o->n, sizeof *ends), n_chunks = 0;
    uint32_t *parts = wr_arena_array(turn->arena, o->n, sizeof *parts), n_parts = 0;
    weir_origin *origins = wr_arena_array(turn->arena, o->n, sizeof *origins);
    if (!ends || !parts || !origins) return no_memory(err);
    for (uint32_t k = 0; k < o->n; k++) {
        const trigger *t = &j->triggers[o->trigger[k]];
        n_parts += k == 0 || o->trigger[k] != o->trigger[k - 1];
        n_chunks += k == 0 || t->chunk != j->triggers[o->trigger[k - 1]].chunk;
        parts[n_parts - 1] = ends[n_chunks - 1] = k + 1;
        origins[n_chunks - 1] = t->origin;
    }
    out->n_chunks = n_chunks;
    out->chunk_end = n_chunks == o->n ? NULL : ends;
    out->origin = origins;
    out->n_parts = n_parts;
    out->part_end = n_parts == n_chunks ? NULL : parts;
    return WEIR_OK;
}

static weir_status emit(join_op *j, wr_turn *turn, const joined *o, weir_batch *out, weir_error *err) {
    uint32_t n_cols = j->head.plan->in.n_attrs;
    out->cols = wr_arena_zero(turn->arena, n_cols + 1, sizeof *out->cols);
    if (!out->cols) return no_memory(err);
    WR_TRY(gather_all(j, turn, o, out->cols, err));
    out->n_rows = out->n_sel = o->n;
    out->ts = o->ts;
    out->kind = o->kind;
    out->n_cols = n_cols;
    return set_chunks(j, turn, o, out, err);
}

static weir_status join_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                                weir_error *err) {
    join_op *j = (join_op *)op;
    wr_join_input input[2] = {{0}, {0}};
    j->n_triggers = j->n_pairs = j->n_chunks = 0;
    for (uint32_t side = 0; side < 2; side++)
        if (in[side] && plan_of(j)->side_kind[side] == WR_SIDE_STREAM)
            WR_TRY(wr_join_side_prepare(&j->sides[side], in[side], turn, &input[side], err));
    WR_TRY(walk(j, turn, input, err));
    uint8_t *keep = weir_arena_alloc(turn->arena, j->n_pairs + 1);
    if (!keep) return no_memory(err);
    WR_TRY(run_residual(j, turn, keep, err));
    joined o;
    WR_TRY(collect(j, turn, keep, &o, err));
    if (o.n) WR_TRY(emit(j, turn, &o, out, err));
    for (uint32_t side = 0; side < 2; side++) wr_join_side_end_call(&j->sides[side]);
    return WEIR_OK;
}

static void join_save(const wr_op *op, weir_writer *w) {
    for (uint32_t side = 0; side < 2; side++) wr_join_side_save(&((const join_op *)op)->sides[side], w);
}

static weir_status join_load(wr_op *op, weir_reader *r, weir_error *err) {
    for (uint32_t side = 0; side < 2; side++)
        WR_TRY(wr_join_side_load(&((join_op *)op)->sides[side], r, err));
    return WEIR_OK;
}

static uint64_t join_rows(const wr_op *op) {
    const join_op *j = (const join_op *)op;
    uint64_t n = 0;
    for (uint32_t side = 0; side < 2; side++)
        if (j->sides[side].rows) n += wr_row_store_count(j->sides[side].rows);
    return n;
}

static void join_free(wr_op *op) {
    join_op *j = (join_op *)op;
    for (uint32_t side = 0; side < 2; side++)
        if (j->sides[side].plan) wr_join_side_fini(&j->sides[side]);
    wr_program_free(j->residual);
    wr_free(&op->account, j->triggers, j->cap_triggers * sizeof *j->triggers);
    wr_free(&op->account, j->pairs, j->cap_pairs * sizeof *j->pairs);
    wr_free(NULL, j, sizeof *j);
}

static const wr_op_type join_type = {.name = "join",
                                     .process = join_process,
                                     .save = join_save,
                                     .load = join_load,
                                     .rows = join_rows,
                                     .free = join_free};

weir_status wr_join_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    join_op *j = wr_alloc_zero(NULL, sizeof *j);
    *out = NULL;
    if (!j) return no_memory(err);
    j->head.type = &join_type;
    j->head.plan = plan;
    j->head.account.parent = parent;
    weir_status st = WEIR_OK;
    for (uint32_t side = 0; side < 2 && st == WEIR_OK; side++)
        st = wr_join_side_init(&j->sides[side], plan, side, &j->head.account, err);
    if (st == WEIR_OK && plan->u.join.residual)
        st = wr_program_new((wr_expr *const *)&plan->u.join.residual, 1, &j->head.account, &j->residual, err);
    if (st != WEIR_OK) {
        join_free(&j->head);
        return st;
    }
    *out = &j->head;
    return WEIR_OK;
}
