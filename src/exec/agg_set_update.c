/* agg_set_update.c: taking rows into the aggregates of an operator.
 *
 * Arguments and keys are computed for the whole batch. Resets cut its rows into ranges; a range goes through
 * each aggregate in one pass:
 *
 *   rows    c c e c | R | c c c | R | c e          ids of groups are found range by range, because a reset
 *           range 1       range 2     range 3      may give all ids back
 *
 * Ids must stay what they are until a chunk ends, since its rows are compared by them. So a reset in the
 * midst of a chunk has groups swept only at the chunk's end; at its beginning, at once.
 *
 * If an aggregate may fail on the values in hand, rows go through all aggregates one by one: those before the
 * failing one keep the row, those behind it and the rest of the chunk are left out. */
#include "exec/agg_set_impl.h"
#include "exec/chunk_faults.h"

#include "base/compiler.h"
#include "data/column.h"

/* A reset sweeps if there are more groups than this. */
#define GROUPS_FOR_A_ROW 2u
#define GROUPS_LEAST     64u

typedef struct update {
    wr_agg_set *set;
    const wr_eval *ev;
    const weir_batch *in;
    wr_row_list rows;         /* all that are taken in, and resets */
    const uint8_t *kind;      /* NULL: none of the rows is expired */
    weir_column *inputs;      /* arguments and keys */
    weir_column *values;      /* results, by slot */
    uint32_t *gid;            /* NULL: no keys */
    const uint32_t *key;      /* by row: the partition key's id; NULL: not by key */
    const uint32_t *taken_by; /* by row: that many slots take it in, and it fails. NULL: no row fails so */
    uint64_t *failed;         /* by row: an input failed. NULL: none can */
    bool any_failed;
    bool row_failed;           /* an aggregate couldn't take in the row in hand */
    uint32_t failed_chunk_end; /* after that: later rows before this physical row are left out */
    uint32_t sweep_at; /* before this physical row groups are swept, for a reset before; 0: nothing to do */
} update;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the values of aggregates");
}

/* ---- Inputs and outputs -------------------------------------------------------------------------------- */

static void note_failed_input(void *ctx, uint32_t row, const char *message) {
    update *u = ctx;
    if (u->in->kind && u->in->kind[row] == WEIR_RESET) return;
    u->failed[row >> 6] |= (uint64_t)1 << (row & 63);
    u->any_failed = true;
    u->ev->fail(u->ev->fail_ctx, row, message);
}

static void note_failed_row(void *ctx, uint32_t row, const char *message) {
    update *u = ctx;
    u->row_failed = true;
    if (u->ev->fail) u->ev->fail(u->ev->fail_ctx, row, message);
}

static weir_status compute_inputs(update *u, weir_error *err) {
    const wr_agg_set *set = u->set;
    wr_eval ev = *u->ev;
    if (!set->inputs) return WEIR_OK;
    u->inputs = wr_arena_zero(ev.arena, set->n_inputs, sizeof *u->inputs);
    if (!u->inputs) return no_memory(err);
    if (set->inputs_can_fail && ev.fail) {
        u->failed = wr_arena_zero(ev.arena, wr_valid_words(u->in->n_rows), sizeof *u->failed);
        if (!u->failed) return no_memory(err);
        ev.fail = note_failed_input;
        ev.fail_ctx = u;
    }
    return wr_program_run(set->inputs, &ev, u->inputs, err);
}

/* The key of each row is that of its chunk. Without groups of their own, keys are groups. */
static weir_status spread_keys(update *u, weir_error *err) {
    const weir_batch *in = u->in;
    u->key = in->key_id;
    if (in->chunk_end) {
        uint32_t *key = u->set->groups ? wr_arena_array(u->ev->arena, in->n_rows, sizeof *key) : u->gid;
        if (!key) return no_memory(err);
        for (uint32_t c = 0, row = 0; c < in->n_chunks; c++)
            for (; row < in->chunk_end[c]; row++) key[row] = in->key_id[c];
        u->key = key;
    }
    if (!u->set->groups) u->gid = (uint32_t *)(uintptr_t)u->key; /* which nobody writes to */
    return WEIR_OK;
}

static weir_status make_outputs(update *u, weir_error *err) {
    const wr_agg_set *set = u->set;
    for (uint32_t i = 0; i < set->n_states; i++) {
        weir_column *value = &u->values[i];
        weir_type type = set->states[i].slot->result;
        if (wr_column_new(u->ev->arena, type, false, u->in->n_rows, true, value)) return no_memory(err);
        /* Rows that are left out, or come later, have a value that nobody asks for, but that may be looked
         * at. */
        if (set->states[i].when || set->has_nested)
            memset(value->data, 0, u->in->n_rows * wr_type_size(type, false));
    }
    bool own_gids = set->groups || (set->by_key && u->in->chunk_end);
    if (own_gids && !(u->gid = wr_arena_array(u->ev->arena, u->in->n_rows, sizeof *u->gid)))
        return no_memory(err);
    return set->by_key ? spread_keys(u, err) : WEIR_OK;
}

/* Columns without a null lose their bitmap, so that what reads them takes its faster way. */
static void trim_outputs(update *u) {
    size_t n_words = wr_valid_words(u->in->n_rows);
    for (uint32_t i = 0; i < u->set->n_states; i++) {
        uint64_t all = ~UINT64_C(0), *valid = u->values[i].valid;
        for (size_t w = 0; w < n_words; w++) all &= valid[w];
        if (all == ~UINT64_C(0)) u->values[i].valid = NULL;
    }
}

/* Leaves out failed rows and what follows them in their chunks. */
static weir_status leave_out_failed(update *u, weir_error *err) {
    if (!u->any_failed) return WEIR_OK;
    uint32_t *kept = wr_arena_array(u->ev->arena, u->rows.n, sizeof *kept), n = 0, skip_to = 0;
    if (!kept) return no_memory(err);
    for (uint32_t i = 0; i < u->rows.n; i++) {
        uint32_t row = wr_row_at(&u->rows, i);
        if (row < skip_to) continue;
        if (u->failed[row >> 6] >> (row & 63) & 1)
            skip_to = weir_batch_chunk_end(u->in, wr_batch_chunk_of(u->in, row));
        else
            kept[n++] = row;
    }
    u->rows = (wr_row_list){.n = n, .rows = kept};
    return WEIR_OK;
}

/* ---- A range without resets ---------------------------------------------------------------------------- */

/* An evaluation over the rows of the list, for which the aggregates before have their values. Returns the
 * rows' numbers, with as much room behind them; NULL: no memory. */
static uint32_t *select_list(update *u, const wr_row_list *list, weir_batch *in, wr_eval *ev) {
    uint32_t *rows = wr_arena_array(u->ev->arena, 2 * (size_t)list->n, sizeof *rows);
    for (uint32_t k = 0; rows && k < list->n; k++) rows[k] = wr_row_at(list, k);
    *in = *u->in;
    in->sel = rows;
    in->n_sel = list->n;
    *ev = *u->ev;
    ev->in = in;
    ev->aggs = u->values;
    ev->fail = note_failed_row;
    ev->fail_ctx = u;
    return rows;
}

/* The arguments that read other aggregates. */
static weir_status nested_args(update *u, const wr_agg_state *s, const wr_row_list *list, weir_column **out,
                               weir_error *err) {
    weir_batch in;
    wr_eval ev;
    *out = wr_arena_zero(u->ev->arena, s->slot->n_args, sizeof **out);
    if (!*out || !select_list(u, list, &in, &ev)) return no_memory(err);
    return wr_program_run(s->nested, &ev, *out, err);
}

static weir_status update_slot(update *u, const wr_agg_state *s, const wr_row_list *list, weir_column *value,
                               weir_error *err) {
    weir_column *args = u->inputs ? u->inputs + s->first_arg : NULL;
    if (s->nested) WR_TRY(nested_args(u, s, list, &args, err));
    if (u->row_failed) return WEIR_OK;
    weir_agg_rows rows = {.n = list->n,
                          .row = list->rows,
                          .first = list->first,
                          .kind = u->kind,
                          .gid = u->gid,
                          .args = args,
                          .n_args = s->slot->n_args,
                          .arena = u->ev->arena,
                          .fail = note_failed_row,
                          .fail_ctx = u};
    return s->slot->type->update(s->self, &rows, value, err);
}

/* The rows of the list that the aggregate is asked about. */
static weir_status rows_asked(update *u, const wr_agg_state *s, const wr_row_list *list, wr_row_list *asked,
                              weir_error *err) {
    weir_batch in;
    wr_eval ev;
    uint32_t *rows = select_list(u, list, &in, &ev);
    if (!rows) return no_memory(err);
    *asked = (wr_row_list){.rows = rows + list->n};
    return wr_program_filter(s->when, &ev, false, rows + list->n, &asked->n, err);
}

static void set_unasked_null(const wr_row_list *list, const wr_row_list *asked, weir_column *value) {
    for (uint32_t k = 0, i = 0; k < list->n; k++) {
        uint32_t row = wr_row_at(list, k);
        if (i < asked->n && asked->rows[i] == row)
            i++;
        else
            weir_set_null(value, row);
    }
}

static weir_status take_slot(update *u, uint32_t slot, const wr_row_list *list, weir_error *err) {
    const wr_agg_state *s = &u->set->states[slot];
    if (!s->when) return update_slot(u, s, list, &u->values[slot], err);
    wr_row_list asked;
    WR_TRY(rows_asked(u, s, list, &asked, err));
    set_unasked_null(list, &asked, &u->values[slot]);
    return asked.n && !u->row_failed ? update_slot(u, s, &asked, &u->values[slot], err) : WEIR_OK;
}

static bool may_fail(const update *u, const wr_agg_state *s) {
    if (s->when && s->slot->when->can_fail) return true;
    for (uint32_t a = 0; s->nested && a < s->slot->n_args; a++)
        if (s->slot->args[a]->can_fail) return true;
    if (!s->slot->type->can_fail) return false;
    if (s->nested) return true;
    for (uint32_t a = 0; a < s->slot->n_args; a++) {
        const weir_column *arg = &u->inputs[s->first_arg + a];
        if (arg->valid || arg->boxed || arg->type == WEIR_STRING || arg->type == WEIR_OBJECT) return true;
    }
    return false;
}

static bool any_may_fail(const update *u) {
    if (u->taken_by) return true;
    for (uint32_t i = 0; i < u->set->n_states; i++)
        if (may_fail(u, &u->set->states[i])) return true;
    return false;
}

static weir_status take_row_by_row(update *u, const wr_row_list *list, weir_error *err) {
    for (uint32_t k = 0; k < list->n; k++) {
        uint32_t row = wr_row_at(list, k);
        wr_row_list one = {.n = 1, .first = row};
        if (row < u->failed_chunk_end) continue;
        bool fails_elsewhere = u->taken_by && u->taken_by[row] != UINT32_MAX;
        uint32_t n_slots = fails_elsewhere ? u->taken_by[row] : u->set->n_states;
        u->row_failed = false;
        for (uint32_t i = 0; i < n_slots && !u->row_failed; i++) WR_TRY(take_slot(u, i, &one, err));
        if (u->row_failed || fails_elsewhere)
            u->failed_chunk_end = weir_batch_chunk_end(u->in, wr_batch_chunk_of(u->in, row));
    }
    return WEIR_OK;
}

static weir_status find_groups(update *u, const wr_row_list *list, weir_error *err) {
    wr_agg_set *set = u->set;
    if (!set->groups) {
        for (uint32_t i = 0; i < list->n; i++) {
            uint32_t key = u->key[wr_row_at(list, i)];
            if (key >= set->n_key_ids) set->n_key_ids = key + 1;
        }
        return WEIR_OK;
    }
    const weir_column *keys = u->inputs + (set->n_inputs - set->n_keys);
    if (!set->by_key) return wr_groups_assign(set->groups, keys, list, u->ev->arena, u->gid, err);
    weir_column all[WR_MAX_GROUP_KEYS + 1] = {{.type = WEIR_INT, .data = (void *)(uintptr_t)u->key}};
    memcpy(all + 1, keys, set->n_keys * sizeof *keys);
    WR_TRY(wr_groups_assign(set->groups, all, list, u->ev->arena, u->gid, err));
    return wr_agg_chains_link(set, list, u->gid, u->key, err);
}

static void note_changes(const update *u, const wr_row_list *list) {
    wr_agg_set *set = u->set;
    for (uint32_t i = 0; i < list->n; i++)
        wr_dirty_set(&set->dirty, set->account, u->gid[wr_row_at(list, i)]);
}

static weir_status take_range(update *u, const wr_row_list *list, weir_error *err) {
    wr_agg_set *set = u->set;
    if (!list->n) return WEIR_OK;
    if (set->groups || set->by_key) {
        WR_TRY(find_groups(u, list, err));
        WR_TRY(wr_agg_set_reserve(set, err));
        if (set->dirty.is_on) note_changes(u, list);
    }
    set->n_since_reset += list->n;
    if (any_may_fail(u))
        WR_TRY(take_row_by_row(u, list, err));
    else
        for (uint32_t i = 0; i < set->n_states; i++) WR_TRY(take_slot(u, i, list, err));
    return WEIR_OK;
}

/* ---- Resets -------------------------------------------------------------------------------------------- */

/* Sweeps for a reset, now that its chunk is over. */
static void sweep_pending(update *u) {
    if (!u->sweep_at) return;
    u->sweep_at = 0;
    wr_agg_set_sweep(u->set);
}

/* The reset at place i of the rows. */
static void take_reset(update *u, uint32_t i) {
    uint32_t row = wr_row_at(&u->rows, i), chunk = wr_batch_chunk_of(u->in, row);
    bool begins_chunk = i == 0 || wr_row_at(&u->rows, i - 1) < weir_batch_chunk_begin(u->in, chunk);
    uint64_t n_rows = u->set->n_since_reset;
    if (u->set->by_key) { /* groups are swept once there are many more */
        wr_agg_set_forget(u->set, u->in->key_id[chunk]);
        return;
    }
    if (!n_rows) return; /* nothing came since the last one */
    wr_agg_set_reset(u->set);
    if (!u->set->groups || wr_agg_set_ids(u->set) <= GROUPS_FOR_A_ROW * n_rows + GROUPS_LEAST) return;
    if (begins_chunk)
        wr_agg_set_sweep(u->set);
    else
        u->sweep_at = weir_batch_chunk_end(u->in, chunk);
}

/* Where the range that begins at place i ends: at the next reset, and at the end of a chunk that waits for
 * its groups to be swept. */
static uint32_t range_end(const update *u, uint32_t i) {
    for (; i < u->rows.n; i++) {
        uint32_t row = wr_row_at(&u->rows, i);
        if (u->in->kind[row] == WEIR_RESET || (u->sweep_at && row >= u->sweep_at)) break;
    }
    return i;
}

static weir_status take_ranges(update *u, weir_error *err) {
    for (uint32_t i = 0; i < u->rows.n;) {
        if (u->sweep_at && wr_row_at(&u->rows, i) >= u->sweep_at) sweep_pending(u);
        if (u->in->kind[wr_row_at(&u->rows, i)] == WEIR_RESET) {
            take_reset(u, i++);
            continue;
        }
        uint32_t end = range_end(u, i);
        wr_row_list range = {
            .n = end - i, .rows = u->rows.rows ? u->rows.rows + i : NULL, .first = u->rows.first + i};
        WR_TRY(take_range(u, &range, err));
        i = end;
    }
    sweep_pending(u);
    return WEIR_OK;
}

/* ---- The whole ----------------------------------------------------------------------------------------- */

static void finish_groups(update *u) {
    if (!u->set->groups) return;
    if (!u->set->n_states)               /* only the chunk's own rows were to be told apart */
        wr_groups_clear(u->set->groups); /* which leaves no state behind */
    else if ((u->set->removes || u->set->by_key) && wr_groups_count(u->set->groups) >= u->set->sweep_at)
        wr_agg_set_sweep(u->set);
}

weir_status wr_agg_set_update(wr_agg_set *set, const wr_eval *ev, const uint32_t *taken_by,
                              weir_column *values, const uint32_t **gids, weir_error *err) {
    const weir_batch *in = ev->in;
    update u = {.set = set, .ev = ev, .in = in, .values = values, .taken_by = taken_by};
    u.rows = (wr_row_list){.n = in->n_sel, .rows = in->sel};
    *gids = NULL;
    if (in->kind && memchr(in->kind, WEIR_EXPIRED, in->n_rows)) u.kind = in->kind;
    WR_TRY(compute_inputs(&u, err));
    WR_TRY(make_outputs(&u, err));
    WR_TRY(leave_out_failed(&u, err));
    bool resets = in->kind && memchr(in->kind, WEIR_RESET, in->n_rows);
    WR_TRY(resets ? take_ranges(&u, err) : take_range(&u, &u.rows, err));
    finish_groups(&u);
    trim_outputs(&u);
    *gids = u.gid;
    return wr_agg_set_charge(set, err);
}
