/* join_output.c: the rows of a join, put together by column (see join_op.c).
 *
 * Rows lie trigger by trigger. Of each row and each side is known which row of the side's store it has; the
 * columns are gathered by that. A triggering row that is in no store stands in the input: its values are then
 * spread over its rows. */
#include "data/column.h"
#include "exec/join_op_impl.h"

typedef struct span { /* the rows of one trigger */
    const wr_trigger *trigger;
    uint32_t begin, n;
} span;

typedef struct joined {
    uint32_t n;
    weir_row_id *id[2]; /* by row: in each side's store; WEIR_NO_ROW: not there */
    span *spans;
    uint32_t n_spans;
    bool missing[2];    /* some row has no row of this side: null */
    bool from_input[2]; /* some trigger's row stands in the input */
} joined;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a join");
}

static weir_status joined_room(joined *o, uint32_t n, uint32_t n_spans, weir_arena *arena, weir_error *err) {
    *o = (joined){0};
    o->id[0] = wr_arena_array(arena, n + 1, sizeof *o->id[0]);
    o->id[1] = wr_arena_array(arena, n + 1, sizeof *o->id[1]);
    o->spans = wr_arena_array(arena, n_spans + 1, sizeof *o->spans);
    return o->id[0] && o->id[1] && o->spans ? WEIR_OK : no_memory(err);
}

/* n rows of one trigger with these rows of the other side; ids NULL: with none. */
static void add_span(joined *o, const wr_trigger *t, const weir_row_id *ids, uint32_t n) {
    weir_row_id *own = o->id[t->side] + o->n, *other = o->id[!t->side] + o->n;
    const weir_row_id self = t->own;
    for (uint32_t k = 0; k < n; k++) {
        own[k] = self;
        other[k] = ids ? ids[k] : WEIR_NO_ROW;
    }
    /* A reset carries no values: what stands in its row does not matter. */
    o->missing[!t->side] |= !ids && t->kind != WEIR_RESET;
    o->from_input[t->side] |= t->own == WEIR_NO_ROW && t->kind != WEIR_RESET;
    o->spans[o->n_spans++] = (span){t, o->n, n};
    o->n += n;
}

/* ---- Columns ------------------------------------------------------------------------------------------- */

#define SPREAD(type)                                                                                         \
    for (uint32_t s = 0; s < o->n_spans; s++) {                                                              \
        const span *p = &o->spans[s];                                                                        \
        if (p->trigger->side != side || p->trigger->own != WEIR_NO_ROW || p->trigger->kind == WEIR_RESET)    \
            continue;                                                                                        \
        const type v = ((const type *)from->data)[p->trigger->row];                                          \
        for (uint32_t k = p->begin; k < p->begin + p->n; k++) ((type *)out->data)[k] = v;                    \
    }

static void spread_valid(const joined *o, uint32_t side, const weir_column *from, weir_column *out) {
    for (uint32_t s = 0; s < o->n_spans; s++) {
        const span *p = &o->spans[s];
        if (p->trigger->side != side || p->trigger->own != WEIR_NO_ROW || p->trigger->kind == WEIR_RESET)
            continue;
        bool is_null = !from->data || weir_is_null(from, p->trigger->row);
        for (uint32_t k = p->begin; k < p->begin + p->n; k++)
            if (is_null)
                weir_set_null(out, k);
            else
                weir_set_valid(out, k);
    }
}

/* Values of triggers that are in no store. */
static void spread(const joined *o, uint32_t side, const weir_column *from, weir_column *out) {
    if (out->valid) spread_valid(o, side, from, out);
    if (!from->data) return;
    switch (wr_type_size(out->type, out->boxed)) {
    case 1: SPREAD(uint8_t) break;
    case 4: SPREAD(uint32_t) break;
    case 8: SPREAD(uint64_t) break;
    default: SPREAD(weir_string) break;
    }
}
#undef SPREAD

static const wr_row_store *store_of(const wr_join_op *j, const wr_turn *turn, uint32_t side) {
    const wr_plan_join *p = wr_join_plan(j);
    return p->side_kind[side] == WR_SIDE_TABLE ? wr_table_rows(turn->tables[p->table[side]])
                                               : j->found[side]->rows;
}

static weir_status gather(const wr_join_op *j, const wr_turn *turn, const joined *o, uint32_t side,
                          uint32_t column, weir_arena *arena, weir_column *out, weir_error *err) {
    const wr_row_store *rows = store_of(j, turn, side);
    const weir_batch *in = j->in[side].batch;
    const weir_column *from = o->from_input[side] ? &in->cols[column] : NULL;
    bool nullable = o->missing[side] || (rows && wr_row_store_has_nulls(rows, column)) ||
                    (from && (from->valid || !from->data));
    weir_type type = out->type;
    bool boxed = out->boxed;
    if (wr_column_new(arena, type, boxed, o->n, nullable, out) != WEIR_OK) return no_memory(err);
    bool is_table = wr_join_plan(j)->side_kind[side] == WR_SIDE_TABLE;
    if (rows) {
        WR_TRY(wr_row_store_gather(rows, column, o->id[side], o->n, is_table ? arena : NULL, out, err));
    } else {
        memset(out->data, 0, (size_t)o->n * wr_type_size(type, boxed));
        if (out->valid) memset(out->valid, 0, wr_valid_words(o->n) * sizeof(uint64_t));
    }
    if (from) spread(o, side, from, out);
    return WEIR_OK;
}

/* When the side's rows happened; null where there is none. */
static weir_status gather_times(const wr_join_op *j, const wr_turn *turn, const joined *o, uint32_t side,
                                weir_arena *arena, weir_column *out, weir_error *err) {
    const wr_row_store *rows = store_of(j, turn, side);
    if (wr_column_new(arena, WEIR_LONG, false, o->n, o->missing[side], out) != WEIR_OK) return no_memory(err);
    int64_t *to = out->data;
    if (out->valid) memset(out->valid, 0xff, wr_valid_words(o->n) * sizeof(uint64_t));
    for (uint32_t s = 0; s < o->n_spans; s++) {
        const span *p = &o->spans[s];
        bool is_own = p->trigger->side == side;
        for (uint32_t k = p->begin; k < p->begin + p->n; k++) {
            bool is_there = is_own || o->id[side][k] != WEIR_NO_ROW;
            to[k] = is_own ? p->trigger->ts : is_there ? wr_row_store_ts(rows, o->id[side][k]) : 0;
            if (!is_there && out->valid) weir_set_null(out, k);
        }
    }
    return WEIR_OK;
}

static weir_status gather_all(const wr_join_op *j, const wr_turn *turn, const joined *o, weir_arena *arena,
                              weir_column *cols, weir_error *err) {
    const wr_plan_join *p = wr_join_plan(j);
    for (uint32_t side = 0, c = 0; side < 2; side++)
        for (uint32_t i = 0; i < (side ? p->n_right_cols : p->n_left_cols); i++, c++) {
            const wr_attr *attr = &j->head.plan->in.attrs[c];
            cols[c] = (weir_column){.type = attr->type, .boxed = attr->boxed};
            if (p->need && !p->need[c]) continue;
            WR_TRY(gather(j, turn, o, side, i, arena, &cols[c], err));
        }
    for (uint32_t side = 0, c = p->n_left_cols + p->n_right_cols; side < 2; side++, c++)
        if (!p->need || p->need[c]) WR_TRY(gather_times(j, turn, o, side, arena, &cols[c], err));
    return WEIR_OK;
}

/* ---- The residual condition ---------------------------------------------------------------------------- */

/* Every row a chunk with its trigger's origin, from which expressions have the clock. */
static weir_status as_batch(wr_join_op *j, const wr_turn *turn, const joined *o, weir_batch *out,
                            weir_error *err) {
    weir_arena *arena = &j->scratch;
    uint32_t n_cols = j->head.plan->in.n_attrs;
    weir_column *cols = wr_arena_zero(arena, n_cols + 1, sizeof *cols);
    weir_origin *origins = wr_arena_array(arena, o->n, sizeof *origins);
    int64_t *ts = wr_arena_array(arena, o->n, sizeof *ts);
    if (!cols || !origins || !ts) return no_memory(err);
    WR_TRY(gather_all(j, turn, o, arena, cols, err));
    for (uint32_t s = 0; s < o->n_spans; s++)
        for (uint32_t k = 0; k < o->spans[s].n; k++) {
            origins[o->spans[s].begin + k] = o->spans[s].trigger->origin;
            ts[o->spans[s].begin + k] = o->spans[s].trigger->ts;
        }
    *out = (weir_batch){.n_rows = o->n,
                        .n_sel = o->n,
                        .ts = ts,
                        .n_cols = n_cols,
                        .cols = cols,
                        .n_chunks = o->n,
                        .origin = origins};
    return WEIR_OK;
}

/* Of the untested pairs, those whose place among them is in sel stay. */
static void keep_pairs(wr_join_op *j, const uint32_t *sel, uint32_t n_sel) {
    uint32_t first = j->tested_pairs, to = first, k = 0;
    for (uint32_t t = j->tested_triggers; t < j->n_triggers; t++) {
        wr_trigger *tr = &j->triggers[t];
        if (!tr->n_pairs || tr->again) continue;
        uint32_t end = tr->first_pair + tr->n_pairs - first;
        tr->first_pair = to;
        while (k < n_sel && sel[k] < end) j->pairs[to++] = j->pairs[first + sel[k++]];
        tr->n_pairs = to - tr->first_pair;
    }
    j->n_pairs = to;
}

static weir_status test_pairs(wr_join_op *j, wr_turn *turn, weir_error *err) {
    uint32_t n = j->n_pairs - j->tested_pairs, n_kept = 0;
    uint32_t *sel = wr_arena_array(&j->scratch, n, sizeof *sel);
    joined o;
    weir_batch b;
    if (!sel) return no_memory(err);
    WR_TRY(joined_room(&o, n, j->n_triggers - j->tested_triggers, &j->scratch, err));
    for (uint32_t t = j->tested_triggers; t < j->n_triggers; t++) {
        const wr_trigger *tr = &j->triggers[t];
        if (tr->n_pairs && !tr->again) add_span(&o, tr, j->pairs + tr->first_pair, tr->n_pairs);
    }
    WR_TRY(as_batch(j, turn, &o, &b, err));
    wr_eval ev = {.in = &b, .cycle = turn->cycle, .arena = &j->scratch};
    WR_TRY(wr_program_filter(j->residual, &ev, false, sel, &n_kept, err));
    keep_pairs(j, sel, n_kept);
    return WEIR_OK;
}

weir_status wr_join_test_pairs(wr_join_op *j, wr_turn *turn, weir_error *err) {
    wr_join_take_found(j);
    if (j->n_pairs > j->tested_pairs) {
        weir_status status = test_pairs(j, turn, err);
        wr_arena_reset(&j->scratch);
        WR_TRY(status);
    }
    j->tested_pairs = j->n_pairs;
    j->tested_triggers = j->n_triggers;
    return WEIR_OK;
}

/* ---- The rows ------------------------------------------------------------------------------------------ */

/* Rows that a trigger gives: its matches, or one with nulls, or its reset. */
static uint32_t rows_of(const wr_plan_join *p, const wr_trigger *t, const wr_trigger *found) {
    if (t->kind == WEIR_RESET) return 1;
    return found->n_pairs ? found->n_pairs : p->keeps_unmatched[t->side];
}

static const wr_trigger *found_by(const wr_trigger *t) { return t->again ? t - 1 : t; }

static weir_status collect(const wr_join_op *j, wr_turn *turn, joined *o, weir_error *err) {
    const wr_plan_join *p = wr_join_plan(j);
    uint64_t n = 0;
    for (uint32_t t = 0; t < j->n_triggers; t++) n += rows_of(p, &j->triggers[t], found_by(&j->triggers[t]));
    if (n >= UINT32_MAX / 32) return weir_fail(err, WEIR_ELIMIT, "a join made too many rows in one cycle");
    WR_TRY(joined_room(o, (uint32_t)n, j->n_triggers, turn->arena, err));
    for (uint32_t i = 0; i < j->n_triggers; i++) {
        const wr_trigger *t = &j->triggers[i], *found = found_by(t);
        uint32_t rows = rows_of(p, t, found);
        bool has_pairs = t->kind != WEIR_RESET && found->n_pairs;
        if (rows) add_span(o, t, has_pairs ? j->pairs + found->first_pair : NULL, rows);
    }
    return WEIR_OK;
}

/* Chunks and parts, once each when they are the same. */
static weir_status set_chunks(wr_turn *turn, const joined *o, weir_batch *out, weir_error *err) {
    uint32_t *ends = wr_arena_array(turn->arena, o->n_spans, sizeof *ends), n_chunks = 0;
    uint32_t *parts = wr_arena_array(turn->arena, o->n_spans, sizeof *parts);
    weir_origin *origins = wr_arena_array(turn->arena, o->n_spans, sizeof *origins);
    if (!ends || !parts || !origins) return no_memory(err);
    for (uint32_t s = 0; s < o->n_spans; s++) {
        const wr_trigger *t = o->spans[s].trigger;
        n_chunks += s == 0 || t->chunk != o->spans[s - 1].trigger->chunk;
        parts[s] = ends[n_chunks - 1] = o->spans[s].begin + o->spans[s].n;
        origins[n_chunks - 1] = t->origin;
    }
    out->n_chunks = n_chunks;
    out->chunk_end = n_chunks == o->n ? NULL : ends;
    out->origin = origins;
    out->n_parts = o->n_spans;
    out->part_end = o->n_spans == n_chunks ? NULL : parts;
    return WEIR_OK;
}

static weir_status set_times(wr_turn *turn, const joined *o, weir_batch *out, weir_error *err) {
    int64_t *ts = wr_arena_array(turn->arena, o->n, sizeof *ts);
    uint8_t *kind = NULL, some = WEIR_CURRENT;
    for (uint32_t s = 0; s < o->n_spans; s++) some |= o->spans[s].trigger->kind;
    if (some != WEIR_CURRENT) kind = wr_arena_array(turn->arena, o->n, sizeof *kind);
    if (!ts || (some != WEIR_CURRENT && !kind)) return no_memory(err);
    for (uint32_t s = 0; s < o->n_spans; s++) {
        const span *p = &o->spans[s];
        for (uint32_t k = p->begin; k < p->begin + p->n; k++) ts[k] = p->trigger->ts;
        if (kind) memset(kind + p->begin, p->trigger->kind, p->n);
    }
    out->ts = ts;
    out->kind = kind;
    return WEIR_OK;
}

weir_status wr_join_emit(wr_join_op *j, wr_turn *turn, weir_batch *out, weir_error *err) {
    uint32_t n_cols = j->head.plan->in.n_attrs;
    joined o;
    WR_TRY(collect(j, turn, &o, err));
    if (!o.n) return WEIR_OK;
    out->cols = wr_arena_zero(turn->arena, n_cols + 1, sizeof *out->cols);
    if (!out->cols) return no_memory(err);
    WR_TRY(gather_all(j, turn, &o, turn->arena, out->cols, err));
    out->n_rows = out->n_sel = o.n;
    out->n_cols = n_cols;
    WR_TRY(set_times(turn, &o, out, err));
    return set_chunks(turn, &o, out, err);
}
