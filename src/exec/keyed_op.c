/* keyed_op.c: an operator in a partition, once for each key.
 *
 * This is for operators that know nothing of keys: each key has one of its own, made when it first has rows
 * (or, if it counts from then on, when the key comes up); of those that are idle only the packed state is
 * kept (key_ops.h). A call sorts the rows by key, hands each operator its own, and puts together what they
 * give. Operators that know keys themselves (aggregates, and windows that do) take less memory and time; see
 * wr_op_new.
 *
 * The clock is told to all whose timer is due (key_due.h). */
#include <inttypes.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "exec/dirty.h"
#include "exec/key_due.h"
#include "exec/key_ops.h"
#include "exec/keyed_split.h"
#include "exec/partition.h"
#include "plan/pattern.h"
#include "state/encoding.h"

#define STATE_VERSION 1u
#define TAG_KEY       WR_TAG('K', 'E', 'Y', ' ')
#define TAG_GONE      WR_TAG('G', 'O', 'N', 'E')
#define TAG_SHARED    WR_TAG('S', 'H', 'R', 'D')

typedef struct keyed_op {
    wr_op head;
    wr_plan_op inner; /* the plan, for one key */
    wr_key_ops ops;
    uint32_t *place_of;
    uint32_t cap_place; /* ids below are there */
    wr_due_times due;
    wr_dirty dirty;         /* keys whose operator was called since keyed_track, or is gone */
    weir_arena scratch;     /* of a guest's call */
    wr_op *keeper;          /* of a join with a named window: the content, for all keys; or NULL */
    wr_plan_op keeper_plan; /* the whole plan */
    bool one_clock, passes; /* passes: what comes in goes out at once, besides */
    uint32_t clock_of;      /* the key whose clock it is; UINT32_MAX: none yet */
} keyed_op;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the keys of a partition");
}

/* ---- Keys -------------------------------------------------------------------------------------------------
 */

static bool make_room(keyed_op *k, uint32_t limit) {
    uint32_t had = k->cap_place;
    if (!wr_key_ops_room(&k->ops, limit) ||
        wr_grow(&k->head.account, &k->place_of, &k->cap_place, limit, sizeof *k->place_of))
        return false;
    if (k->cap_place > had) memset(k->place_of + had, 0, (k->cap_place - had) * sizeof *k->place_of);
    return true;
}

/* What the operator of id is waiting for now. */
static weir_status note_due(keyed_op *k, uint32_t id, const wr_op *op, weir_error *err) {
    int64_t due = op->type->due ? op->type->due(op) : INT64_MAX;
    return wr_due_times_set(&k->due, id, due) ? WEIR_OK : no_memory(err);
}

static int64_t keyed_due(const wr_op *op) {
    return wr_due_times_next(&((keyed_op *)(uintptr_t)op)->due); /* which drops what it passes over */
}

/* ---- A call -----------------------------------------------------------------------------------------------
 */

typedef struct call {
    keyed_op *k;
    wr_turn *turn;
    const wr_op *partition;
    weir_origin until;
    wr_keyed_input *inputs;
    uint32_t n_inputs;
    wr_keyed_output *outputs;
    uint32_t n_outputs, cap_outputs;
} call;

static weir_status add_output(call *c, uint32_t id, const weir_batch *b, const wr_firings *firings,
                              weir_error *err) {
    if (!b->n_sel) return WEIR_OK;
    if (c->n_outputs == c->cap_outputs) {
        uint32_t cap = c->cap_outputs ? c->cap_outputs * 2 : WR_MAX(c->n_inputs, 4u);
        wr_keyed_output *wide = wr_arena_array(c->turn->arena, cap, sizeof *wide);
        if (!wide) return no_memory(err);
        if (c->n_outputs) memcpy(wide, c->outputs, c->n_outputs * sizeof *wide);
        c->outputs = wide;
        c->cap_outputs = cap;
    }
    c->outputs[c->n_outputs++] = (wr_keyed_output){id, wr_partition_birth(c->partition, id), *b, *firings};
    return WEIR_OK;
}

/* Of a window with one clock for all keys, only the first key's rows ever get out
 * (weir_window_type.one_clock); those of others are not even kept. */
static bool may_let_out(keyed_op *k, uint32_t id) {
    if (!k->one_clock) return true;
    if (k->clock_of == UINT32_MAX) k->clock_of = id;
    return k->clock_of == id;
}

static void start_op(wr_op *op, int64_t clock) {
    if (op->type->start) op->type->start(op, clock);
}

/* Periods of a key begin with its first rows. */
static void start_with_rows(const call *c, wr_op *op, const weir_batch *sides) {
    const weir_cycle *cycle = c->turn->cycle;
    uint32_t first = cycle->n_arrivals - 1;
    for (uint32_t s = 0; sides && s < op->plan->n_in; s++)
        if (sides[s].n_sel) first = WR_MIN(first, weir_origin_arrival(weir_batch_origin(&sides[s], 0)));
    start_op(op, cycle->clock[first]);
}

static weir_status process_key(call *c, wr_turn *turn, uint32_t id, wr_op *op, const weir_batch *sides,
                               weir_batch *out, wr_firings *firings, weir_error *err) {
    const weir_batch *in[WR_MAX_SIDES] = {NULL};
    for (uint32_t s = 0; sides && s < op->plan->n_in; s++) in[s] = sides[s].n_sel ? &sides[s] : NULL;
    turn->until = WR_MIN(c->until, wr_partition_end_of(c->partition, id));
    memset(out, 0, sizeof *out);
    op->firings = firings;
    weir_status status = op->type->process(op, turn, in, out, err);
    op->firings = NULL;
    WR_TRY(status);
    return firings->out_of_memory ? no_memory(err) : note_due(c->k, id, op, err);
}

static weir_status pass_on_faults(wr_turn *to, const wr_turn *from, weir_error *err) {
    for (uint32_t i = 0; i < from->faults.n; i++) {
        const wr_fault *f = &from->faults.items[i];
        if (wr_turn_fail(to, f->origin, f->chunk, f->message) != WEIR_OK) return no_memory(err);
    }
    return WEIR_OK;
}

/* The guest's memory is the next key's: what is to last is copied. */
static weir_status process_guest(call *c, uint32_t id, wr_op *op, const weir_batch *sides, weir_batch *out,
                                 wr_firings *firings, weir_error *err) {
    weir_batch own;
    wr_turn turn = *c->turn;
    turn.arena = &c->k->scratch;
    turn.faults = (wr_faults){0};
    WR_TRY(process_key(c, &turn, id, op, sides, &own, firings, err));
    c->turn->rows_late = turn.rows_late;
    WR_TRY(pass_on_faults(c->turn, &turn, err));
    memset(out, 0, sizeof *out);
    return own.n_sel ? wr_keyed_copy(&own, c->turn->arena, out, err) : WEIR_OK;
}

static weir_status run_key(call *c, uint32_t id, const weir_batch *sides, weir_error *err) {
    wr_firings firings = {.arena = c->turn->arena};
    uint64_t cycle = c->turn->cycle->number;
    wr_op *op;
    weir_batch out;
    bool is_new, is_guest;
    wr_dirty_mark(&c->k->dirty, &c->k->head.account, id);
    if (!may_let_out(c->k, id))
        return c->k->passes && sides ? add_output(c, id, sides, &firings, err) : WEIR_OK;
    WR_TRY(wr_key_ops_take(&c->k->ops, id, cycle, &op, &is_new, &is_guest, err));
    if (is_new) start_with_rows(c, op, sides);
    if (!is_guest) {
        WR_TRY(process_key(c, c->turn, id, op, sides, &out, &firings, err));
        return add_output(c, id, &out, &firings, err);
    }
    weir_status status = process_guest(c, id, op, sides, &out, &firings, err);
    weir_status back = wr_key_ops_give_back(&c->k->ops, id, cycle, status == WEIR_OK ? err : NULL);
    wr_arena_reset(&c->k->scratch);
    WR_TRY(status);
    WR_TRY(back);
    return add_output(c, id, &out, &firings, err);
}

/* Those whose timer is due, and who had no rows. */
static weir_status run_due(call *c, weir_error *err) {
    keyed_op *k = c->k;
    int64_t clock = c->turn->cycle->clock[c->turn->cycle->n_arrivals - 1];
    uint32_t n = 0, cap = 0, *ids = NULL;
    for (uint32_t id; wr_due_times_take(&k->due, clock, &id);) {
        if (n == cap) {
            uint32_t *wide = wr_arena_array(c->turn->arena, cap = cap * 2 + 64, sizeof *wide);
            if (!wide) return no_memory(err);
            if (n) memcpy(wide, ids, n * sizeof *ids);
            ids = wide;
        }
        ids[n++] = id;
    }
    for (uint32_t i = 0; i < n; i++) WR_TRY(run_key(c, ids[i], NULL, err));
    return WEIR_OK;
}

/* A named window's content has changed: for all keys. Rows come one arrival at a time here. */
static weir_status change_content(keyed_op *k, wr_turn *turn, const weir_batch *const *in, weir_error *err) {
    const weir_batch *changes[WR_MAX_SIDES] = {NULL, NULL, in[2], in[3]};
    weir_batch nothing;
    return in[2] || in[3] ? wr_op_process(k->keeper, turn, changes, &nothing, err) : WEIR_OK;
}

static weir_status keyed_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                                 weir_error *err) {
    keyed_op *k = (keyed_op *)op;
    call c = {.k = k, .turn = turn, .partition = turn->partitions[op->plan->partition], .until = turn->until};
    uint32_t limit = wr_partition_limit(c.partition);
    if (!make_room(k, limit)) return no_memory(err);
    if (turn->keys_sleep) k->ops.awake_limit = 0;
    if (k->keeper) WR_TRY(change_content(k, turn, in, err));
    WR_TRY(wr_keyed_split(in, k->inner.n_in, limit, k->place_of, turn->arena, &c.inputs, &c.n_inputs, err));
    for (uint32_t i = 0; i < c.n_inputs; i++) {
        if (i + 8 < c.n_inputs) wr_key_ops_prefetch_slot(&k->ops, c.inputs[i + 8].id);
        if (i + 4 < c.n_inputs) wr_key_ops_prefetch_state(&k->ops, c.inputs[i + 4].id);
        WR_TRY(run_key(&c, c.inputs[i].id, c.inputs[i].side, err));
    }
    WR_TRY(run_due(&c, err));
    turn->until = c.until;
    if (!c.n_outputs) return WEIR_OK;
    return wr_keyed_gather(c.outputs, c.n_outputs, op->plan->rank, turn->arena, out, err);
}

/* A pattern that waits for an event not to come, first of all, waits from when the key comes up. */
static bool waits_from_birth(const wr_plan_op *plan) {
    if (plan->kind != WR_OP_PATTERN) return false;
    const wr_plan_pattern *p = plan->u.pattern;
    for (uint32_t i = 0; i < p->n_items; i++)
        if (p->items[i].is_start && p->items[i].wait_ms >= 0) return true;
    return false;
}

/* The key has come up at this arrival. */
static weir_status greet_key(keyed_op *k, const wr_turn *turn, uint32_t id, uint32_t arrival,
                             weir_error *err) {
    uint64_t cycle = turn->cycle->number;
    wr_op *born;
    bool is_new, is_guest;
    wr_dirty_mark(&k->dirty, &k->head.account, id);
    WR_TRY(wr_key_ops_take(&k->ops, id, cycle, &born, &is_new, &is_guest, err));
    start_op(born, turn->cycle->clock[arrival]);
    weir_status status = note_due(k, id, born, err);
    weir_status back = is_guest ? wr_key_ops_give_back(&k->ops, id, cycle, err) : WEIR_OK;
    return status == WEIR_OK ? back : status;
}

/* Keys without an operator, with the arrival of their first row; as often as they have rows. */
typedef struct birth {
    uint32_t id, arrival;
} birth;

static int by_arrival(const void *a, const void *b) {
    const birth *x = a, *y = b;
    if (x->arrival != y->arrival) return x->arrival < y->arrival ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static weir_status keyed_greet(wr_op *op, const wr_turn *turn, const weir_batch *rows, uint32_t n,
                               weir_error *err) {
    keyed_op *k = (keyed_op *)op;
    uint32_t most = 1, n_births = 0;
    for (uint32_t i = 0; i < n; i++) most += rows[i].n_sel ? rows[i].n_chunks : 0;
    birth *births = wr_arena_array(turn->arena, most, sizeof *births);
    if (!births || !make_room(k, wr_partition_limit(turn->partitions[op->plan->partition])))
        return no_memory(err);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t c = 0; rows[i].n_sel && c < rows[i].n_chunks; c++)
            if (!wr_key_ops_has(&k->ops, rows[i].key_id[c]))
                births[n_births++] =
                    (birth){rows[i].key_id[c], weir_origin_arrival(weir_batch_origin(&rows[i], c))};
    if (n_births) qsort(births, n_births, sizeof *births, by_arrival);
    for (uint32_t i = 0; i < n_births; i++)
        if (!wr_key_ops_has(&k->ops, births[i].id))
            WR_TRY(greet_key(k, turn, births[i].id, births[i].arrival, err));
    return WEIR_OK;
}

/* ---- Life -------------------------------------------------------------------------------------------------
 */

static uint64_t keyed_rows(const wr_op *op) {
    const keyed_op *k = (const keyed_op *)op;
    return wr_key_ops_rows(&k->ops) + (k->keeper ? k->keeper->type->rows(k->keeper) : 0);
}

static void drop_key(keyed_op *k, uint32_t id) {
    wr_key_ops_forget(&k->ops, id);
    wr_due_times_unset(&k->due, id);
}

static void keyed_forget(wr_op *op, uint32_t id) {
    keyed_op *k = (keyed_op *)op;
    wr_dirty_mark(&k->dirty, &op->account, id);
    drop_key(k, id);
    if (k->clock_of == id) k->clock_of = UINT32_MAX;
}

static void keyed_free(wr_op *op) {
    keyed_op *k = (keyed_op *)op;
    wr_key_ops_fini(&k->ops);
    wr_op_free(k->keeper);
    wr_arena_fini(&k->scratch);
    wr_due_times_fini(&k->due);
    wr_dirty_fini(&k->dirty, &op->account);
    wr_free(&op->account, k->place_of, k->cap_place * sizeof *k->place_of);
    wr_free(op->account.parent, k, sizeof *k);
}

static void save_key(const keyed_op *k, uint32_t id, weir_writer *w) {
    bool has = wr_key_ops_has(&k->ops, id);
    wr_writer_begin_section(w, has ? TAG_KEY : TAG_GONE, STATE_VERSION);
    weir_write_u32(w, id);
    if (has) wr_key_ops_save(&k->ops, id, w);
    wr_writer_end_section(w);
}

/* Each key's operator in a section of its own, behind that of what all of them share. */
static void keyed_save(const wr_op *op, weir_writer *w) {
    const keyed_op *k = (const keyed_op *)op;
    weir_write_u32(w, STATE_VERSION);
    weir_write_u32(w, k->clock_of);
    if (k->keeper) {
        wr_writer_begin_section(w, TAG_SHARED, STATE_VERSION);
        k->keeper->type->save(k->keeper, w);
        wr_writer_end_section(w);
    }
    for (uint32_t id = 0; id < k->ops.cap_slots; id++)
        if (wr_key_ops_has(&k->ops, id)) save_key(k, id, w);
}

static void keyed_track(wr_op *op) { wr_dirty_start(&((keyed_op *)op)->dirty); }

/* The same for keys that were in use since then, and for those that are gone only their numbers. */
static bool keyed_save_changes(const wr_op *op, weir_writer *w) {
    const keyed_op *k = (const keyed_op *)op;
    uint32_t n = k->dirty.n;
    if (!wr_dirty_is_known(&k->dirty) || k->keeper) return false;
    if (n > WR_DIRTY_FEW && n > k->ops.cap_slots / 2) return false;
    size_t bytes = ((size_t)n + 1) * sizeof(uint32_t);
    uint32_t *ids = wr_alloc(NULL, bytes);
    if (!ids) return false;
    wr_dirty_list(&k->dirty, ids);
    weir_write_u32(w, STATE_VERSION);
    weir_write_u32(w, k->clock_of);
    for (uint32_t i = 0; i < n; i++) save_key(k, ids[i], w);
    wr_free(NULL, ids, bytes);
    return true;
}

static weir_status load_op(keyed_op *k, uint32_t id, wr_op *op, weir_reader *r, weir_error *err) {
    if (op->type->load) WR_TRY(op->type->load(op, r, err));
    return note_due(k, id, op, err);
}

/* changes: the key may be there, in an older state. */
static weir_status load_key(keyed_op *k, bool changes, weir_reader *r, weir_error *err) {
    uint32_t version, id;
    wr_op *op;
    bool is_new, is_guest;
    WR_TRY(wr_reader_begin_section(r, TAG_KEY, STATE_VERSION, &version, err));
    id = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (changes) drop_key(k, id);
    if (id >= UINT32_C(1) << 28 || wr_key_ops_has(&k->ops, id))
        return weir_fail(err, WEIR_ESTATE, "the saved state of a partition has a wrong key %" PRIu32, id);
    if (!make_room(k, id + 1)) return no_memory(err);
    WR_TRY(wr_key_ops_take(&k->ops, id, 0, &op, &is_new, &is_guest, err));
    weir_status status = load_op(k, id, op, r, err);
    if (is_guest) {
        weir_status back = wr_key_ops_give_back(&k->ops, id, 0, status == WEIR_OK ? err : NULL);
        if (status == WEIR_OK) status = back;
    }
    WR_TRY(status);
    return wr_reader_end_section(r, err);
}

static weir_status load_keeper(keyed_op *k, weir_reader *r, weir_error *err) {
    uint32_t version;
    WR_TRY(wr_reader_begin_section(r, TAG_SHARED, STATE_VERSION, &version, err));
    WR_TRY(k->keeper->type->load(k->keeper, r, err));
    return wr_reader_end_section(r, err);
}

static weir_status load_gone(keyed_op *k, weir_reader *r, weir_error *err) {
    uint32_t version;
    WR_TRY(wr_reader_begin_section(r, TAG_GONE, STATE_VERSION, &version, err));
    drop_key(k, weir_read_u32(r));
    return wr_reader_end_section(r, err);
}

static weir_status load_head(keyed_op *k, weir_reader *r, weir_error *err) {
    uint32_t version = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (version != STATE_VERSION)
        return weir_fail(err, WEIR_ESTATE,
                         "the saved state of a partition has version %u; this weir reads %u", version,
                         STATE_VERSION);
    k->clock_of = weir_read_u32(r);
    return WEIR_OK;
}

static weir_status keyed_load(wr_op *op, weir_reader *r, weir_error *err) {
    keyed_op *k = (keyed_op *)op;
    WR_TRY(load_head(k, r, err));
    if (k->keeper) WR_TRY(load_keeper(k, r, err));
    while (wr_reader_peek_tag(r)) WR_TRY(load_key(k, false, r, err));
    if (k->clock_of != UINT32_MAX && !wr_key_ops_has(&k->ops, k->clock_of))
        return weir_fail(err, WEIR_ESTATE,
                         "the saved state of a partition goes by the clock of a key %" PRIu32
                         " that is not there",
                         k->clock_of);
    return weir_reader_status(r, err);
}

static weir_status keyed_load_changes(wr_op *op, weir_reader *r, weir_error *err) {
    keyed_op *k = (keyed_op *)op;
    WR_TRY(load_head(k, r, err));
    for (uint32_t tag; (tag = wr_reader_peek_tag(r)) != 0;)
        WR_TRY(tag == TAG_GONE ? load_gone(k, r, err) : load_key(k, true, r, err));
    return weir_reader_status(r, err);
}

/* Whether it has a timer is what the operators of its kind say. */
static const wr_op_type keyed_type = {.name = "keyed",
                                      .process = keyed_process,
                                      .due = keyed_due,
                                      .save = keyed_save,
                                      .load = keyed_load,
                                      .track = keyed_track,
                                      .save_changes = keyed_save_changes,
                                      .load_changes = keyed_load_changes,
                                      .rows = keyed_rows,
                                      .forget = keyed_forget,
                                      .free = keyed_free};

static const wr_op_type greeting_type = {.name = "keyed",
                                         .process = keyed_process,
                                         .due = keyed_due,
                                         .save = keyed_save,
                                         .load = keyed_load,
                                         .track = keyed_track,
                                         .save_changes = keyed_save_changes,
                                         .load_changes = keyed_load_changes,
                                         .rows = keyed_rows,
                                         .forget = keyed_forget,
                                         .greet = keyed_greet,
                                         .free = keyed_free};

weir_status wr_keyed_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    *out = NULL;
    keyed_op *k = wr_alloc_zero(parent, sizeof *k);
    if (!k) return no_memory(err);
    k->head.type = waits_from_birth(plan) ? &greeting_type : &keyed_type;
    k->head.plan = plan;
    k->head.account.parent = parent;
    k->inner = *plan;
    k->inner.by_key = false;
    k->keeper_plan = k->inner;
    wr_arena_init(&k->scratch, &k->head.account);
    wr_due_times_init(&k->due, &k->head.account);
    if (wr_join_plan_for_key(&k->inner)) {
        weir_status status = wr_join_new(&k->keeper_plan, &k->head.account, &k->keeper, err);
        if (status != WEIR_OK) {
            keyed_free(&k->head);
            return status;
        }
    }
    wr_key_ops_init(&k->ops, &k->inner, k->keeper, &k->head.account);
    k->clock_of = UINT32_MAX;
    if (plan->kind == WR_OP_WINDOW) {
        const weir_window_args *args = &plan->u.window.args;
        const weir_arg *last = args->n_args ? &args->args[args->n_args - 1] : NULL;
        k->one_clock = plan->u.window.type->one_clock;
        k->passes = last && last->is_const && last->type == WEIR_BOOL && last->value.as.b;
    }
    *out = &k->head;
    return WEIR_OK;
}
