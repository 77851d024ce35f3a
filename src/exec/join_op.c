/* join_op.c: the join of two sides, each a window, a bare stream or a table.
 *
 * The inputs are what the two windows let out: a current row has entered its window, an expired one has left
 * (see join_side.h). The operator walks its inputs in the order in which Siddhi would have seen them, by
 * origin and for one origin by the plan's turn, keeps each side's content up to date, and notes for each
 * triggering row which rows of the other side have its key. What comes of it is put together afterwards,
 * column by column (join_output.c); what is left of the condition is run over many pairs at once.
 *
 * Each triggering row's matches are one part of a chunk (see weir_batch): the select takes them at once. What
 * one chunk of a side brought about is one chunk again. A side without a window holds its row only while that
 * is being processed: after its matches comes a reset (and, if expired rows are wanted, the same matches
 * expired). */
#include "exec/join_op_impl.h"

#define SLAB  16384u /* pairs that are tested at once */
#define TAKEN 64u    /* chains that are followed side by side */

/* Where the rows of one side look: the other side. */
typedef struct searched {
    wr_join_side *side;    /* NULL: finds nothing there */
    const wr_table *table; /* NULL: the side is no table */
    const wr_row_index *table_index;
    const uint32_t *hashes; /* of the trigger's keys, for the table's index */
} searched;

typedef struct walk {
    wr_join_op *j;
    wr_turn *turn;
    searched other[2];              /* of left rows, of right rows */
    const wr_join_index *far[2][2]; /* by side: indexes that its rows touch and that don't lie in the cache */
} walk;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a join");
}

/* ---- Looking up ---------------------------------------------------------------------------------------- */

/* The rows of a side where the condition's rest has them: beside columns of the table, which it won't read.
 */
static weir_status beside_table(const walk *w, uint32_t side, weir_batch *out, weir_error *err) {
    const wr_plan_join *p = wr_join_plan(w->j);
    const weir_batch *in = w->j->in[side].batch;
    weir_column *cols = wr_arena_zero(w->turn->arena, p->n_left_cols + p->n_right_cols + 1, sizeof *cols);
    if (!cols) return no_memory(err);
    memcpy(cols + (side ? p->n_left_cols : 0), in->cols, in->n_cols * sizeof *cols);
    *out = *in;
    out->cols = cols;
    out->n_cols = p->n_left_cols + p->n_right_cols;
    return WEIR_OK;
}

/* What the rows of a side may find in a table with a store must be in memory. */
static weir_status fetch(walk *w, uint32_t side, const uint32_t *columns, weir_error *err) {
    const wr_plan_join *p = wr_join_plan(w->j);
    wr_table *table = w->turn->tables[p->table[!side]];
    wr_store_lookup **in_store = &w->j->in_store[side];
    const weir_batch *in = w->j->in[side].batch;
    weir_batch joined;
    if (!wr_table_backing(table) || !in || !p->triggers[side]) return WEIR_OK;
    if (!*in_store) {
        wr_store_parts parts = {.keys = side ? p->right_keys : p->left_keys,
                                .key_columns = columns,
                                .n_keys = p->n_keys,
                                .rest = p->residual,
                                .first_column = side ? 0 : p->n_left_cols};
        WR_TRY(wr_store_lookup_new(&parts, table, &w->j->head.account, in_store, err));
    }
    WR_TRY(beside_table(w, side, &joined, err));
    wr_eval ev = {.in = in, .cycle = w->turn->cycle, .arena = w->turn->arena}, beside = ev;
    beside.in = &joined;
    return wr_store_lookup_fetch(*in_store, table, &ev, &beside, err);
}

static weir_status table_searched(walk *w, uint32_t side, searched *o, weir_error *err) {
    const wr_plan_join *p = wr_join_plan(w->j);
    const wr_join_input *in = &w->j->in[side];
    uint32_t columns[64];
    wr_expr *const *keys = side ? p->left_keys : p->right_keys;
    if (p->n_keys > WR_COUNT(columns)) return weir_fail(err, WEIR_ELIMIT, "a join has more than 64 keys");
    for (uint32_t i = 0; i < p->n_keys; i++) columns[i] = keys[i]->u.column;
    WR_TRY(fetch(w, side, columns, err));
    o->table = w->turn->tables[p->table[!side]];
    WR_TRY(wr_table_index(w->turn->tables[p->table[!side]], columns, p->n_keys, &o->table_index, err));
    if (!in->batch) return WEIR_OK;
    uint32_t *hashes = wr_arena_array(w->turn->arena, in->batch->n_rows + 1, sizeof *hashes);
    if (!hashes) return no_memory(err);
    wr_row_index_hash(o->table_index, in->keys.cols, in->batch, hashes);
    o->hashes = hashes;
    return WEIR_OK;
}

static weir_status set_searched(walk *w, uint32_t side, weir_error *err) {
    switch (wr_join_plan(w->j)->content[!side]) {
    case WR_CONTENT_NONE: return WEIR_OK;
    case WR_CONTENT_TABLE: return table_searched(w, side, &w->other[side], err);
    default: w->other[side].side = w->j->found[!side]; return WEIR_OK;
    }
}

static weir_status room_for_pairs(wr_join_op *j, uint32_t n, weir_error *err) {
    if (WR_LIKELY(j->cap_pairs - j->n_pairs >= n)) return WEIR_OK;
    if (n > UINT32_MAX / 32 - j->n_pairs)
        return weir_fail(err, WEIR_ELIMIT, "a join made too many rows in one cycle");
    return wr_grow(&j->head.account, &j->pairs, &j->cap_pairs, j->n_pairs + n, sizeof *j->pairs)
               ? no_memory(err)
               : WEIR_OK;
}

static weir_status look_into_table(wr_join_op *j, const searched *o, const wr_join_input *in, uint32_t row,
                                   weir_error *err) {
    uint32_t hash = o->hashes[row], first = j->n_pairs;
    /* To a table's primary key null is a value like any other. */
    if (hash == WR_NO_HASH) hash = wr_row_index_hash_one(o->table_index, in->keys.cols, row);
    for (uint32_t id = wr_row_index_first(o->table_index, in->keys.cols, row, hash); id != WR_NO_SLOT;
         id = wr_row_index_next(o->table_index, in->keys.cols, row, hash, id)) {
        WR_TRY(room_for_pairs(j, 1, err));
        j->pairs[j->n_pairs++] = id;
    }
    return wr_table_sort(o->table, j->pairs + first, j->n_pairs - first, err);
}

static weir_status look_up(wr_join_op *j, const searched *o, const wr_join_input *in, uint32_t row,
                           weir_error *err) {
    if (o->table) return look_into_table(j, o, in, row, err);
    wr_join_side *side = o->side;
    if (!side) return WEIR_OK;
    wr_join_chain chain = wr_join_index_find(side->index, &in->keys, row);
    side->searched_below = side->in_order ? side->next : side->next_seq;
    if (!chain.n) return WEIR_OK;
    WR_TRY(room_for_pairs(j, chain.n, err));
    if (side->in_order) { /* taken later, with others (wr_join_take_found) */
        j->pairs[j->n_pairs] = chain.first;
        j->n_pairs += chain.n;
        return WEIR_OK;
    }
    wr_join_index_take(side->index, chain, j->pairs + j->n_pairs);
    if (wr_join_plan(j)->sort[side->side].n) wr_join_side_sort(side, j->pairs + j->n_pairs, chain.n);
    j->n_pairs += chain.n;
    return WEIR_OK;
}

/* ---- Triggers ------------------------------------------------------------------------------------------ */

static weir_status room_for_triggers(wr_join_op *j, uint32_t n, weir_error *err) {
    if (WR_LIKELY(j->cap_triggers - j->n_triggers >= n)) return WEIR_OK;
    return wr_grow(&j->head.account, &j->triggers, &j->cap_triggers, j->n_triggers + n, sizeof *j->triggers)
               ? no_memory(err)
               : WEIR_OK;
}

/* There is room. */
static void add_reset(wr_join_op *j, uint32_t cause) {
    wr_trigger *t = &j->triggers[j->n_triggers++];
    *t = j->triggers[cause];
    t->own = WEIR_NO_ROW;
    t->n_pairs = 0;
    t->kind = WEIR_RESET;
    t->again = false;
}

/* A batch window that was searched since its rows came in forgets to stamp them when they go, as Siddhi's
 * does: its list stands at its end then, and the loop that would set the time finds nothing to do. */
static void keep_old_time(const wr_join_op *j, wr_trigger *t) {
    const wr_join_side *s = &j->sides[t->side];
    if (t->kind == WEIR_EXPIRED && t->own != WEIR_NO_ROW && wr_join_side_seq(s, t->own) < s->searched_below)
        t->ts = wr_row_store_ts(s->rows, t->own);
}

/* The next trigger has been written behind the others, and there is room for two more. */
static weir_status on_trigger(walk *w, weir_error *err) {
    wr_join_op *j = w->j;
    const wr_plan_join *p = wr_join_plan(j);
    uint32_t at = j->n_triggers++;
    wr_trigger *t = &j->triggers[at];
    t->first_pair = j->n_pairs;
    if (t->kind == WEIR_RESET) {
        t->own = WEIR_NO_ROW;
        return WEIR_OK;
    }
    if (p->keeps_ts[t->side]) keep_old_time(j, t);
    WR_TRY(look_up(j, &w->other[t->side], &j->in[t->side], t->row, err));
    t->n_pairs = j->n_pairs - t->first_pair;
    if (p->content[t->side] == WR_CONTENT_NONE) {
        if (p->expired_triggers) {
            wr_trigger *expired = &j->triggers[j->n_triggers++];
            *expired = *t;
            expired->kind = WEIR_EXPIRED;
            expired->ts = w->turn->cycle->clock[weir_origin_arrival(t->origin)];
            expired->again = true;
        }
        add_reset(j, at);
    }
    return j->residual && j->n_pairs - j->tested_pairs >= SLAB ? wr_join_test_pairs(j, w->turn, err)
                                                               : WEIR_OK;
}

void wr_join_take_found(wr_join_op *j) {
    wr_join_taking found[2][TAKEN];
    uint32_t n[2] = {0, 0};
    for (; j->taken_triggers < j->n_triggers; j->taken_triggers++) {
        const wr_trigger *t = &j->triggers[j->taken_triggers];
        const wr_join_side *other = j->found[!t->side];
        if (!t->n_pairs || t->again || wr_join_plan(j)->content[!t->side] == WR_CONTENT_TABLE ||
            !other->in_order)
            continue;
        found[t->side][n[t->side]++] = (wr_join_taking){j->pairs + t->first_pair, t->n_pairs};
        if (n[t->side] < TAKEN) continue;
        wr_join_index_take_all(other->index, found[t->side], TAKEN);
        n[t->side] = 0;
    }
    for (uint32_t side = 0; side < 2; side++)
        if (n[side]) wr_join_index_take_all(j->found[!side]->index, found[side], n[side]);
}

static bool triggers(const wr_plan_join *p, uint8_t kind) {
    return kind == WEIR_CURRENT || kind == WEIR_RESET || (kind == WEIR_EXPIRED && p->expired_triggers);
}

/* ---- Walking ------------------------------------------------------------------------------------------- */

/* The next chunk of one input: first the content changes as a whole, then its rows look up. */
static weir_status walk_chunk(walk *w, uint32_t i, weir_error *err) {
    wr_join_op *j = w->j;
    const wr_plan_join *p = wr_join_plan(j);
    wr_join_input *in = &j->in[i];
    const weir_batch *b = in->batch;
    uint32_t side = i & 1, first = in->next_sel, end = first;
    uint32_t end_row = weir_batch_chunk_end(b, in->next_chunk);
    weir_origin origin = weir_batch_origin(b, in->next_chunk++);
    bool changes = p->content[side] != WR_CONTENT_NONE && (i >= 2 || p->window[side] == WR_NONE_ID);
    for (; end < b->n_sel && weir_batch_row(b, end) < end_row; end++)
        if (changes) WR_TRY(wr_join_side_change(&j->sides[side], in, weir_batch_row(b, end), err));
    in->next_sel = end;
    for (uint32_t k = first; k < end && i < 2 && p->triggers[side]; k++) {
        uint32_t row = weir_batch_row(b, k);
        if (!triggers(p, b->kind ? b->kind[row] : WEIR_CURRENT)) continue;
        WR_TRY(room_for_triggers(j, 3, err));
        j->triggers[j->n_triggers] = (wr_trigger){.origin = origin,
                                                  .ts = b->ts[row],
                                                  .own = in->held[row],
                                                  .row = row,
                                                  .chunk = j->n_chunks,
                                                  .kind = b->kind ? b->kind[row] : WEIR_CURRENT,
                                                  .side = (uint8_t)side};
        WR_TRY(on_trigger(w, err));
    }
    j->n_chunks++;
    return WEIR_OK;
}

/* The input whose next chunk is first; WR_JOIN_INPUTS: there is none. *until: it stays first as long as its
 * origins are below this. */
static uint32_t next_input(const wr_join_op *j, weir_origin *until) {
    const wr_plan_join *p = wr_join_plan(j);
    uint32_t best = WR_JOIN_INPUTS;
    weir_origin least = 0, second = UINT64_MAX;
    for (uint32_t k = 0; k < j->head.plan->n_in; k++) {
        const wr_join_input *in = &j->in[p->turn[k]];
        if (!in->batch || in->next_chunk == in->batch->n_chunks) continue;
        weir_origin origin = weir_batch_origin(in->batch, in->next_chunk);
        if (best != WR_JOIN_INPUTS && origin >= least) {
            second = WR_MIN(second, origin);
            continue;
        }
        if (best != WR_JOIN_INPUTS) second = WR_MIN(second, least);
        best = p->turn[k];
        least = origin;
    }
    *until = second;
    return best;
}

#define AHEAD                                                                                                \
    8u /* rows: how long before a row is walked its slots are fetched; half of that, what they name */

static void prefetch(const walk *w, uint32_t i) {
    const wr_join_input *in = &w->j->in[i];
    if (in->next_sel + AHEAD >= in->batch->n_sel) return;
    uint32_t far = weir_batch_row(in->batch, in->next_sel + AHEAD),
             near = weir_batch_row(in->batch, in->next_sel + AHEAD / 2);
    for (uint32_t k = 0; k < 2; k++) {
        if (!w->far[i & 1][k]) continue;
        wr_join_index_prefetch(w->far[i & 1][k], &in->keys, far, false);
        wr_join_index_prefetch(w->far[i & 1][k], &in->keys, near, true);
    }
}

/* The rows of a side look into the other's index, and are put into their own. */
static void find_far(walk *w, uint32_t side) {
    const wr_join_index *own = w->j->sides[side].index,
                        *other = w->other[side].side ? w->other[side].side->index : NULL;
    w->far[side][0] = wr_join_index_is_far(own) ? own : NULL;
    w->far[side][1] = wr_join_index_is_far(other) ? other : NULL;
}

/* One chunk at least. */
static weir_status walk_run(walk *w, uint32_t i, weir_origin until, weir_error *err) {
    const wr_join_input *in = &w->j->in[i];
    do {
        if (w->far[i & 1][0] || w->far[i & 1][1]) prefetch(w, i);
        WR_TRY(walk_chunk(w, i, err));
    } while (in->next_chunk < in->batch->n_chunks && weir_batch_origin(in->batch, in->next_chunk) < until);
    return WEIR_OK;
}

static weir_status prepare(wr_join_op *j, wr_turn *turn, const weir_batch *const *in, weir_error *err) {
    const wr_plan_join *p = wr_join_plan(j);
    for (uint32_t i = 0; i < j->head.plan->n_in; i++) {
        uint32_t side = i & 1;
        j->in[i] = (wr_join_input){0};
        if (p->side_kind[side] != WR_SIDE_STREAM) continue;
        bool changes = i >= 2 || p->window[side] == WR_NONE_ID;
        WR_TRY(wr_join_side_prepare(&j->sides[side], in[i], changes, turn, &j->in[i], err));
    }
    return WEIR_OK;
}

static weir_status join_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                                weir_error *err) {
    wr_join_op *j = (wr_join_op *)op;
    walk w = {.j = j, .turn = turn};
    j->n_triggers = j->n_pairs = j->n_chunks = j->taken_triggers = j->tested_triggers = j->tested_pairs = 0;
    WR_TRY(prepare(j, turn, in, err));
    for (uint32_t side = 0; side < 2; side++) {
        WR_TRY(set_searched(&w, side, err));
        find_far(&w, side);
    }
    weir_origin until;
    for (uint32_t i; (i = next_input(j, &until)) != WR_JOIN_INPUTS;) WR_TRY(walk_run(&w, i, until, err));
    wr_join_take_found(j);
    if (j->residual) WR_TRY(wr_join_test_pairs(j, turn, err));
    WR_TRY(wr_join_emit(j, turn, out, err));
    for (uint32_t side = 0; side < 2; side++) wr_join_side_end_call(&j->sides[side]);
    return WEIR_OK;
}

/* ---- The operator -------------------------------------------------------------------------------------- */

static void join_save(const wr_op *op, weir_writer *w) {
    for (uint32_t side = 0; side < 2; side++) wr_join_side_save(&((const wr_join_op *)op)->sides[side], w);
}

static weir_status join_load(wr_op *op, weir_reader *r, weir_error *err) {
    for (uint32_t side = 0; side < 2; side++)
        WR_TRY(wr_join_side_load(&((wr_join_op *)op)->sides[side], r, err));
    return WEIR_OK;
}

static uint64_t join_rows(const wr_op *op) {
    const wr_join_op *j = (const wr_join_op *)op;
    uint64_t n = 0;
    for (uint32_t side = 0; side < 2; side++)
        if (j->sides[side].rows) n += wr_row_store_count(j->sides[side].rows);
    return n;
}

static weir_status join_clear(wr_op *op, weir_error *err) {
    (void)err;
    for (uint32_t side = 0; side < 2; side++) wr_join_side_clear(&((wr_join_op *)op)->sides[side]);
    return WEIR_OK;
}

static void join_free(wr_op *op) {
    wr_join_op *j = (wr_join_op *)op;
    for (uint32_t side = 0; side < 2; side++)
        if (j->sides[side].plan) wr_join_side_fini(&j->sides[side]);
    wr_program_free(j->residual);
    for (uint32_t side = 0; side < 2; side++) wr_store_lookup_free(j->in_store[side]);
    wr_arena_fini(&j->scratch);
    wr_free(&op->account, j->triggers, j->cap_triggers * sizeof *j->triggers);
    wr_free(&op->account, j->pairs, j->cap_pairs * sizeof *j->pairs);
    wr_free(op->account.parent, j, sizeof *j);
}

static const wr_op_type join_type = {.name = "join",
                                     .process = join_process,
                                     .save = join_save,
                                     .load = join_load,
                                     .rows = join_rows,
                                     .clear = join_clear,
                                     .free = join_free};

bool wr_join_plan_for_key(wr_plan_op *plan) {
    wr_plan_join *p = &plan->u.join;
    if (plan->kind != WR_OP_JOIN || plan->n_in == 2) return false;
    bool left_first = true;
    for (uint32_t k = 4; k-- > 0;)
        if (p->turn[k] < 2) left_first = p->turn[k] == 0;
    plan->n_in = 2;
    p->turn[0] = !left_first;
    p->turn[1] = left_first;
    for (uint32_t side = 0; side < 2; side++) p->is_shared[side] = p->window[side] != WR_NONE_ID;
    return true;
}

void wr_join_share(wr_op *join, wr_op *keeper) {
    wr_join_op *j = (wr_join_op *)join;
    for (uint32_t side = 0; side < 2; side++)
        if (wr_join_plan(j)->is_shared[side]) j->found[side] = &((wr_join_op *)keeper)->sides[side];
}

weir_status wr_join_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    wr_join_op *j = wr_alloc_zero(parent, sizeof *j);
    *out = NULL;
    if (!j) return no_memory(err);
    j->head.type = &join_type;
    j->head.plan = plan;
    j->head.account.parent = parent;
    wr_arena_init(&j->scratch, &j->head.account);
    weir_status st = WEIR_OK;
    for (uint32_t side = 0; side < 2; side++) j->found[side] = &j->sides[side];
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
