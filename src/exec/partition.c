/* partition.c: making the step, walking its inputs in order, purging keys, saving. See partition.h. */
#include "exec/partition_impl.h"

#include "base/compiler.h"

#define STATE_VERSION 1u

weir_status wr_partition_no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the keys of a partition");
}

/* ---- What others ask --------------------------------------------------------------------------------------
 */

bool wr_partition_renames(const wr_op *op, const weir_cycle *cycle) {
    const wr_partition *p = (const wr_partition *)op;
    return p->renames && p->cycle == cycle->number;
}

weir_origin wr_partition_outside(const wr_op *op, weir_origin inside) {
    const wr_partition *p = (const wr_partition *)op;
    uint32_t low = 0, high = p->n_runs;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        if (p->inside[mid] < inside)
            low = mid + 1;
        else
            high = mid;
    }
    return low < p->n_runs && p->inside[low] == inside ? p->outside[low] : inside;
}

uint32_t wr_partition_limit(const wr_op *op) { return wr_groups_limit(((const wr_partition *)op)->ids); }

uint64_t wr_partition_birth(const wr_op *op, uint32_t id) {
    const wr_partition *p = (const wr_partition *)op;
    return p->life ? p->life[id].birth : id;
}

uint32_t wr_partition_ended(const wr_op *op, const wr_ended **out) {
    *out = ((const wr_partition *)op)->ended;
    return ((const wr_partition *)op)->n_ended;
}

weir_origin wr_partition_end_of(const wr_op *op, uint32_t id) {
    const wr_partition *p = (const wr_partition *)op;
    if (!p->n_ended) return UINT64_MAX;
    uint64_t place = (uint64_t)p->life[id].last_ms - (uint64_t)INT64_MIN;
    return place < p->n_ended && p->ended[place].id == id ? p->ended[place].at : UINT64_MAX;
}

/* ---- Origins ----------------------------------------------------------------------------------------------
 */

static bool make_room_for_run(wr_partition *p, weir_arena *arena) {
    if (p->n_runs < p->cap_runs) return true;
    uint32_t cap = p->cap_runs ? p->cap_runs * 2 : 64;
    weir_origin *inside = wr_arena_array(arena, cap, sizeof *inside),
                *outside = wr_arena_array(arena, cap, sizeof *outside);
    if (!inside || !outside) return false;
    if (p->n_runs) {
        memcpy(inside, p->inside, p->n_runs * sizeof *inside);
        memcpy(outside, p->outside, p->n_runs * sizeof *outside);
    }
    p->inside = inside;
    p->outside = outside;
    p->cap_runs = cap;
    return true;
}

weir_status wr_partition_note_run(wr_partition *p, wr_turn *turn, weir_origin outside, weir_origin *inside,
                                  weir_error *err) {
    if (!make_room_for_run(p, turn->arena)) return wr_partition_no_memory(err);
    weir_origin last = p->n_runs ? p->inside[p->n_runs - 1] : 0;
    bool taken = p->n_runs && last >= outside && last >> 24 == outside >> 24;
    *inside = !taken ? outside : (last & 0xFFFFFFu) == 0xFFFFFFu ? last : last + 1;
    p->renames |= *inside != outside;
    p->inside[p->n_runs] = *inside;
    p->outside[p->n_runs++] = outside;
    return WEIR_OK;
}

static void begin_cycle(wr_partition *p, const weir_cycle *cycle) {
    if (p->cycle == cycle->number) return;
    p->cycle = cycle->number;
    p->renames = false;
    p->inside = p->outside = NULL;
    p->n_runs = p->cap_runs = 0;
}

/* ---- Purging ----------------------------------------------------------------------------------------------
 */

bool wr_partition_make_room(wr_partition *p, uint32_t n_ids) {
    uint32_t had = p->cap_life;
    if (wr_grow(&p->head.account, &p->life, &p->cap_life, n_ids + 1, sizeof *p->life)) return false;
    if (p->cap_life > had) memset(p->life + had, 0, (p->cap_life - had) * sizeof *p->life);
    return true;
}

static int64_t later(int64_t time, int64_t ms) { return time > INT64_MAX - ms ? INT64_MAX : time + ms; }

/* The first time that the clock moves sets the first due time. */
static void wake(wr_partition *p, const weir_cycle *cycle) {
    if (p->purge_due == INT64_MIN) p->purge_due = later(cycle->clock[0], p->plan->purge_ms);
}

static weir_status purge(wr_partition *p, const weir_cycle *cycle, uint32_t arrival, weir_error *err) {
    int64_t now = cycle->clock[arrival];
    wr_op_fired(&p->head, arrival);
    while (p->purge_due <= now) p->purge_due = later(p->purge_due, p->plan->purge_ms);
    for (uint32_t id = 0; id < wr_groups_limit(p->ids); id++) {
        if (!wr_groups_in_use(p->ids, id) || later(p->life[id].last_ms, p->plan->idle_ms) > now) continue;
        if (wr_grow(&p->head.account, &p->ended, &p->cap_ended, p->n_ended + 1, sizeof *p->ended))
            return wr_partition_no_memory(err);
        p->life[id].last_ms = INT64_MIN + p->n_ended;
        p->ended[p->n_ended++] = (wr_ended){id, WEIR_ORIGIN(arrival, p->head.plan->rank, 0)};
        wr_groups_retire(p->ids, id);
    }
    return WEIR_OK;
}

void wr_partition_settle(wr_op *op) {
    wr_partition *p = (wr_partition *)op;
    if (!p->n_ended) return;
    for (uint32_t i = 0; i < p->n_ended; i++) {
        p->life[p->ended[i].id] = (wr_key_life){0};
        wr_groups_reuse(p->ids, p->ended[i].id);
    }
    p->n_ended = 0;
}

/* ---- Walking the inputs -----------------------------------------------------------------------------------
 */

static weir_origin next_origin(const wr_cutting *c) {
    return c->in && c->chunk < c->in->n_chunks ? weir_batch_origin(c->in, c->chunk) : UINT64_MAX;
}

/* The first chunk of c that does not come before `limit` (at it, if `inclusive`). */
static uint32_t chunks_before(const wr_cutting *c, weir_origin limit, bool inclusive) {
    if (limit == UINT64_MAX) return c->in->n_chunks;
    uint32_t low = c->chunk, high = c->in->n_chunks;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        weir_origin o = weir_batch_origin(c->in, mid);
        if (o < limit || (inclusive && o == limit))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static weir_origin purge_origin(wr_partition *p, const weir_cycle *cycle, weir_origin until) {
    if (!p->plan->purge_ms) return UINT64_MAX;
    uint32_t arrival = wr_op_next_tick(&p->head, cycle, p->purge_due, until);
    return arrival == UINT32_MAX ? UINT64_MAX : WEIR_ORIGIN(arrival, p->head.plan->rank, 0);
}

/* The input whose chunk is next, and how far it may be taken; UINT32_MAX: all have been. */
static uint32_t next_side(const wr_cutting *cuttings, uint32_t n, weir_origin tick, uint32_t *end) {
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < n; i++)
        if (next_origin(&cuttings[i]) != UINT64_MAX &&
            (best == UINT32_MAX || next_origin(&cuttings[i]) < next_origin(&cuttings[best])))
            best = i;
    if (best == UINT32_MAX) return best;
    *end = chunks_before(&cuttings[best], tick, false);
    for (uint32_t i = 0; i < n; i++) {
        if (i == best) continue;
        uint32_t stop = chunks_before(&cuttings[best], next_origin(&cuttings[i]), best < i);
        *end = WR_MIN(*end, stop);
    }
    return best;
}

static weir_status walk(wr_partition *p, wr_turn *turn, wr_cutting *cuttings, weir_error *err) {
    uint32_t n = p->head.plan->n_in;
    for (;;) {
        weir_origin tick = purge_origin(p, turn->cycle, turn->until);
        uint32_t end = 0, side = next_side(cuttings, n, tick, &end);
        if (tick != UINT64_MAX && (side == UINT32_MAX || next_origin(&cuttings[side]) >= tick))
            WR_TRY(purge(p, turn->cycle, weir_origin_arrival(tick), err));
        else if (side == UINT32_MAX)
            return WEIR_OK;
        else
            WR_TRY(wr_cutting_take(&cuttings[side], end, err));
    }
}

static weir_status process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                           weir_error *err) {
    wr_partition *p = (wr_partition *)op;
    uint32_t n = op->plan->n_in;
    wr_cutting *cuttings = wr_arena_zero(turn->arena, n, sizeof *cuttings);
    if (!cuttings) return wr_partition_no_memory(err);
    memset(out, 0, n * sizeof *out);
    begin_cycle(p, turn->cycle);
    wake(p, turn->cycle);
    for (uint32_t i = 0; i < n; i++) {
        cuttings[i] = (wr_cutting){.p = p, .turn = turn, .side = i, .in = in[i]};
        if (in[i]) WR_TRY(wr_cutting_begin(&cuttings[i], err));
    }
    WR_TRY(walk(p, turn, cuttings, err));
    for (uint32_t i = 0; i < n; i++)
        if (in[i]) WR_TRY(wr_cutting_finish(&cuttings[i], &out[i], err));
    return WEIR_OK;
}

static int64_t due(const wr_op *op) { return ((const wr_partition *)op)->purge_due; }

static uint64_t rows(const wr_op *op) { return wr_groups_count(((const wr_partition *)op)->ids); }

/* ---- State ------------------------------------------------------------------------------------------------
 */

static void save(const wr_op *op, weir_writer *w) {
    const wr_partition *p = (const wr_partition *)op;
    weir_write_u32(w, STATE_VERSION);
    wr_groups_save(p->ids, w);
    weir_write_u32(w, p->plan->purge_ms != 0);
    if (!p->plan->purge_ms) return;
    weir_write_i64(w, p->purge_due);
    weir_write_i64(w, (int64_t)p->n_born);
    for (uint32_t id = 0; id < wr_groups_limit(p->ids); id++) {
        weir_write_i64(w, (int64_t)p->life[id].birth);
        weir_write_i64(w, p->life[id].last_ms);
    }
}

/* When the app did not purge before, its keys are as old as their numbers say, and were in use just now. */
static weir_status load_lives(wr_partition *p, bool saved, weir_reader *r, weir_error *err) {
    uint32_t limit = wr_groups_limit(p->ids);
    int64_t due_ms = saved ? weir_read_i64(r) : INT64_MIN;
    uint64_t n_born = saved ? (uint64_t)weir_read_i64(r) : limit;
    WR_TRY(weir_reader_status(r, err));
    if (p->plan->purge_ms && !wr_partition_make_room(p, limit)) return wr_partition_no_memory(err);
    for (uint32_t id = 0; id < limit; id++) {
        wr_key_life life = {saved ? (uint64_t)weir_read_i64(r) : id + 1u,
                            saved ? weir_read_i64(r) : INT64_MAX};
        if (!wr_groups_in_use(p->ids, id)) life = (wr_key_life){0};
        if (p->plan->purge_ms) p->life[id] = life;
    }
    p->purge_due = p->plan->purge_ms ? due_ms : INT64_MAX;
    p->n_born = n_born;
    return weir_reader_status(r, err);
}

static weir_status load(wr_op *op, weir_reader *r, weir_error *err) {
    wr_partition *p = (wr_partition *)op;
    uint32_t version = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (version != STATE_VERSION)
        return weir_fail(err, WEIR_ESTATE,
                         "the saved keys of a partition have version %u; this weir reads %u", version,
                         STATE_VERSION);
    WR_TRY(wr_groups_load(p->ids, r, err));
    bool saved = weir_read_u32(r) != 0;
    WR_TRY(weir_reader_status(r, err));
    return load_lives(p, saved, r, err);
}

/* ---- Making -----------------------------------------------------------------------------------------------
 */

static void free_step(wr_op *op) {
    wr_partition *p = (wr_partition *)op;
    for (uint32_t i = 0; p->sides && i < op->plan->n_in; i++) {
        wr_program_free(p->sides[i].keys);
        wr_free(&op->account, p->sides[i].labels.data, p->plan->inputs[i].n_ranges * sizeof(weir_string));
    }
    wr_groups_free(p->ids);
    wr_free(&op->account, p->sides, op->plan->n_in * sizeof *p->sides);
    wr_free(&op->account, p->life, p->cap_life * sizeof *p->life);
    wr_free(&op->account, p->ended, p->cap_ended * sizeof *p->ended);
    wr_free(op->account.parent, p, sizeof *p);
}

static const wr_op_type partition_type = {.name = "partition",
                                          .process = process,
                                          .due = due,
                                          .save = save,
                                          .load = load,
                                          .rows = rows,
                                          .free = free_step};

static weir_status make_side(wr_partition *p, wr_partition_side *side, const wr_partition_input *plan,
                             weir_error *err) {
    wr_account *account = &p->head.account;
    side->plan = plan;
    if (plan->value) return wr_program_new((wr_expr *const *)&plan->value, 1, account, &side->keys, err);
    if (!plan->n_ranges) return WEIR_OK;
    weir_string *labels = wr_alloc(account, plan->n_ranges * sizeof *labels);
    if (!labels) return wr_partition_no_memory(err);
    for (uint32_t i = 0; i < plan->n_ranges; i++)
        labels[i] = weir_string_view(plan->labels[i], (uint32_t)strlen(plan->labels[i]));
    side->labels = (weir_column){.type = WEIR_STRING, .data = labels};
    return wr_program_new(plan->ranges, plan->n_ranges, account, &side->keys, err);
}

static weir_status make_parts(wr_partition *p, weir_error *err) {
    uint32_t n = p->head.plan->n_in;
    wr_group_key key = {.type = p->plan->key_type};
    WR_TRY(wr_groups_new(&key, 1, &p->head.account, &p->ids, err));
    p->sides = wr_alloc_zero(&p->head.account, n * sizeof *p->sides);
    if (!p->sides) return wr_partition_no_memory(err);
    for (uint32_t i = 0; i < n; i++) WR_TRY(make_side(p, &p->sides[i], &p->plan->inputs[i], err));
    return WEIR_OK;
}

weir_status wr_partition_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    *out = NULL;
    wr_partition *p = wr_alloc_zero(parent, sizeof *p);
    if (!p) return wr_partition_no_memory(err);
    p->head.type = &partition_type;
    p->head.plan = plan;
    p->head.account.parent = parent;
    p->plan = &plan->u.keys;
    p->purge_due = p->plan->purge_ms ? INT64_MIN : INT64_MAX;
    weir_status status = make_parts(p, err);
    if (status == WEIR_OK)
        *out = &p->head;
    else
        free_step(&p->head);
    return status;
}
