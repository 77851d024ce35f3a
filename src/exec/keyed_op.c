/* keyed_op.c: an operator in a partition, once for each key.
 *
 * This is for operators that know nothing of keys: each key has one of its own, made when it first has rows
 * (or, if it counts from then on, when the key comes up). A call sorts the rows by key, hands each operator
 * its own, and puts together what they give. Operators that know keys themselves (aggregates, and windows
 * that do) take less memory and time; see wr_op_new.
 *
 * The clock is told to all whose timer is due: their due times wait in a heap. An entry that is not the
 * operator's due time any more is passed over. */
#include <inttypes.h>

#include "base/compiler.h"
#include "exec/keyed_split.h"
#include "exec/partition.h"
#include "plan/pattern.h"
#include "state/encoding.h"
#include "state/writer.h"

#define STATE_VERSION 1u
#define TAG_KEY       WR_TAG('K', 'E', 'Y', ' ')
#define TAG_SHARED    WR_TAG('S', 'H', 'R', 'D')

typedef struct due_entry {
    int64_t due;
    uint32_t id;
} due_entry;

typedef struct keyed_op {
    wr_op head;
    wr_plan_op inner; /* the plan, for one key */
    wr_op **ops;      /* by id; NULL: the key had no rows here */
    int64_t *due_of;  /* by id: what the heap knows; INT64_MAX: nothing */
    uint32_t *place_of;
    uint32_t cap_ops, cap_due, cap_place; /* ids below them are there */
    due_entry *heap;                      /* the least first */
    uint32_t n_heap, cap_heap;
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
    wr_account *account = &k->head.account;
    uint32_t had_ops = k->cap_ops, had_due = k->cap_due, had_place = k->cap_place;
    /* What one has got is filled in even if another has got nothing. */
    bool grown = !wr_grow(account, &k->ops, &k->cap_ops, limit, sizeof *k->ops) &&
                 !wr_grow(account, &k->due_of, &k->cap_due, limit, sizeof *k->due_of) &&
                 !wr_grow(account, &k->place_of, &k->cap_place, limit, sizeof *k->place_of);
    for (uint32_t i = had_ops; i < k->cap_ops; i++) k->ops[i] = NULL;
    for (uint32_t i = had_place; i < k->cap_place; i++) k->place_of[i] = 0;
    for (uint32_t i = had_due; i < k->cap_due; i++) k->due_of[i] = INT64_MAX;
    return grown;
}

static weir_status op_of(keyed_op *k, uint32_t id, wr_op **out, weir_error *err) {
    *out = k->ops[id];
    if (*out) return WEIR_OK;
    WR_TRY(wr_op_new(&k->inner, &k->head.account, &k->ops[id], err));
    *out = k->ops[id];
    if (k->keeper) wr_join_share(*out, k->keeper);
    return WEIR_OK;
}

/* ---- Due times --------------------------------------------------------------------------------------------
 */

static void sift_down(due_entry *heap, uint32_t n) {
    due_entry moved = heap[0];
    uint32_t at = 0;
    for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && heap[child + 1].due < heap[child].due) child++;
        if (heap[child].due >= moved.due) break;
        heap[at] = heap[child];
    }
    heap[at] = moved;
}

static void sift_up(due_entry *heap, uint32_t at) {
    due_entry moved = heap[at];
    for (; at && heap[(at - 1) / 2].due > moved.due; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    heap[at] = moved;
}

static void pop(keyed_op *k) {
    k->heap[0] = k->heap[--k->n_heap];
    if (k->n_heap) sift_down(k->heap, k->n_heap);
}

static void drop_stale(keyed_op *k) {
    while (k->n_heap && k->due_of[k->heap[0].id] != k->heap[0].due) pop(k);
}

/* What the operator of id is waiting for now. */
static weir_status note_due(keyed_op *k, uint32_t id, weir_error *err) {
    wr_op *op = k->ops[id];
    int64_t due = op && op->type->due ? op->type->due(op) : INT64_MAX;
    if (due == k->due_of[id]) return WEIR_OK;
    k->due_of[id] = due;
    if (due == INT64_MAX) return WEIR_OK;
    if (wr_grow(&k->head.account, &k->heap, &k->cap_heap, k->n_heap + 1, sizeof *k->heap))
        return no_memory(err);
    k->heap[k->n_heap] = (due_entry){due, id};
    sift_up(k->heap, k->n_heap++);
    return WEIR_OK;
}

static int64_t keyed_due(const wr_op *op) {
    keyed_op *k = (keyed_op *)(uintptr_t)op;
    drop_stale(k);
    return k->n_heap ? k->heap[0].due : INT64_MAX;
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

static weir_origin end_of(const call *c, uint32_t id) {
    const wr_ended *ended;
    uint32_t n = wr_partition_ended(c->partition, &ended);
    for (uint32_t i = 0; i < n; i++)
        if (ended[i].id == id) return ended[i].at;
    return UINT64_MAX;
}

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

static weir_status run_key(call *c, uint32_t id, const weir_batch *sides, weir_error *err) {
    const weir_batch *in[WR_MAX_SIDES] = {NULL};
    wr_firings firings = {.arena = c->turn->arena};
    wr_op *op;
    weir_batch out;
    if (!may_let_out(c->k, id)) return c->k->passes ? add_output(c, id, sides, &firings, err) : WEIR_OK;
    bool is_new = !c->k->ops[id];
    WR_TRY(op_of(c->k, id, &op, err));
    if (is_new) start_with_rows(c, op, sides);
    for (uint32_t s = 0; sides && s < op->plan->n_in; s++) in[s] = sides[s].n_sel ? &sides[s] : NULL;
    c->turn->until = WR_MIN(c->until, end_of(c, id));
    op->firings = &firings;
    weir_status status = wr_op_process(op, c->turn, in, &out, err);
    op->firings = NULL;
    WR_TRY(status);
    if (firings.out_of_memory) return no_memory(err);
    WR_TRY(add_output(c, id, &out, &firings, err));
    return note_due(c->k, id, err);
}

/* Those whose timer is due, and who had no rows. */
static weir_status run_due(call *c, weir_error *err) {
    keyed_op *k = c->k;
    int64_t clock = c->turn->cycle->clock[c->turn->cycle->n_arrivals - 1];
    uint32_t n = 0, cap = 0, *ids = NULL;
    for (; keyed_due(&k->head) <= clock && k->n_heap; pop(k)) {
        uint32_t id = k->heap[0].id;
        k->due_of[id] = INT64_MAX; /* noted anew below */
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
    if (k->keeper) WR_TRY(change_content(k, turn, in, err));
    WR_TRY(wr_keyed_split(in, k->inner.n_in, limit, k->place_of, turn->arena, &c.inputs, &c.n_inputs, err));
    for (uint32_t i = 0; i < c.n_inputs; i++) WR_TRY(run_key(&c, c.inputs[i].id, c.inputs[i].side, err));
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

/* At which arrival each key comes up that has no operator yet. */
static void find_births(const keyed_op *k, const weir_batch *rows, uint32_t *birth) {
    for (uint32_t c = 0; c < rows->n_chunks && rows->n_sel; c++) {
        uint32_t id = rows->key_id[c], arrival = weir_origin_arrival(weir_batch_origin(rows, c));
        if (!k->ops[id] && arrival < birth[id]) birth[id] = arrival;
    }
}

static weir_status keyed_greet(wr_op *op, const wr_turn *turn, const weir_batch *rows, uint32_t n,
                               weir_error *err) {
    keyed_op *k = (keyed_op *)op;
    uint32_t limit = wr_partition_limit(turn->partitions[op->plan->partition]);
    uint32_t *birth = wr_arena_array(turn->arena, limit + 1, sizeof *birth);
    if (!birth || !make_room(k, limit)) return no_memory(err);
    memset(birth, 0xFF, limit * sizeof *birth);
    for (uint32_t i = 0; i < n; i++) find_births(k, &rows[i], birth);
    for (uint32_t id = 0; id < limit; id++) {
        wr_op *born;
        if (birth[id] == UINT32_MAX) continue;
        WR_TRY(op_of(k, id, &born, err));
        start_op(born, turn->cycle->clock[birth[id]]);
        WR_TRY(note_due(k, id, err));
    }
    return WEIR_OK;
}

/* ---- Life -------------------------------------------------------------------------------------------------
 */

static uint64_t keyed_rows(const wr_op *op) {
    const keyed_op *k = (const keyed_op *)op;
    uint64_t n = k->keeper ? k->keeper->type->rows(k->keeper) : 0;
    for (uint32_t i = 0; i < k->cap_ops; i++)
        if (k->ops[i] && k->ops[i]->type->rows) n += k->ops[i]->type->rows(k->ops[i]);
    return n;
}

static void keyed_forget(wr_op *op, uint32_t id) {
    keyed_op *k = (keyed_op *)op;
    if (id >= k->cap_ops) return;
    wr_op_free(k->ops[id]);
    k->ops[id] = NULL;
    k->due_of[id] = INT64_MAX;
    if (k->clock_of == id) k->clock_of = UINT32_MAX;
}

static void keyed_free(wr_op *op) {
    keyed_op *k = (keyed_op *)op;
    for (uint32_t i = 0; i < k->cap_ops; i++) wr_op_free(k->ops[i]);
    wr_op_free(k->keeper);
    wr_free(&op->account, k->ops, k->cap_ops * sizeof *k->ops);
    wr_free(&op->account, k->due_of, k->cap_due * sizeof *k->due_of);
    wr_free(&op->account, k->place_of, k->cap_place * sizeof *k->place_of);
    wr_free(&op->account, k->heap, k->cap_heap * sizeof *k->heap);
    wr_free(op->account.parent, k, sizeof *k);
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
    for (uint32_t id = 0; id < k->cap_ops; id++) {
        if (!k->ops[id]) continue;
        wr_writer_begin_section(w, TAG_KEY, STATE_VERSION);
        weir_write_u32(w, id);
        if (k->ops[id]->type->save) k->ops[id]->type->save(k->ops[id], w);
        wr_writer_end_section(w);
    }
}

static weir_status load_key(keyed_op *k, weir_reader *r, weir_error *err) {
    uint32_t version, id;
    wr_op *op;
    WR_TRY(wr_reader_begin_section(r, TAG_KEY, STATE_VERSION, &version, err));
    id = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (id >= UINT32_C(1) << 28 || (id < k->cap_ops && k->ops[id]))
        return weir_fail(err, WEIR_ESTATE, "the saved state of a partition has a wrong key %" PRIu32, id);
    if (!make_room(k, id + 1)) return no_memory(err);
    WR_TRY(op_of(k, id, &op, err));
    if (op->type->load) WR_TRY(op->type->load(op, r, err));
    WR_TRY(wr_reader_end_section(r, err));
    return note_due(k, id, err);
}

static weir_status load_keeper(keyed_op *k, weir_reader *r, weir_error *err) {
    uint32_t version;
    WR_TRY(wr_reader_begin_section(r, TAG_SHARED, STATE_VERSION, &version, err));
    WR_TRY(k->keeper->type->load(k->keeper, r, err));
    return wr_reader_end_section(r, err);
}

static weir_status keyed_load(wr_op *op, weir_reader *r, weir_error *err) {
    uint32_t version = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (version != STATE_VERSION)
        return weir_fail(err, WEIR_ESTATE,
                         "the saved state of a partition has version %u; this weir reads %u", version,
                         STATE_VERSION);
    ((keyed_op *)op)->clock_of = weir_read_u32(r);
    if (((keyed_op *)op)->keeper) WR_TRY(load_keeper((keyed_op *)op, r, err));
    while (wr_reader_peek_tag(r)) WR_TRY(load_key((keyed_op *)op, r, err));
    return weir_reader_status(r, err);
}

/* Whether it has a timer is what the operators of its kind say. */
static const wr_op_type keyed_type = {.name = "keyed",
                                      .process = keyed_process,
                                      .due = keyed_due,
                                      .save = keyed_save,
                                      .load = keyed_load,
                                      .rows = keyed_rows,
                                      .forget = keyed_forget,
                                      .free = keyed_free};

static const wr_op_type greeting_type = {.name = "keyed",
                                         .process = keyed_process,
                                         .due = keyed_due,
                                         .save = keyed_save,
                                         .load = keyed_load,
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
    if (wr_join_plan_for_key(&k->inner)) {
        weir_status status = wr_join_new(&k->keeper_plan, &k->head.account, &k->keeper, err);
        if (status != WEIR_OK) {
            keyed_free(&k->head);
            return status;
        }
    }
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
