/* merge.c: can batches keep the order in which rows of different queries reach a stream?
 *
 * Siddhi pushes each chunk depth first: through the first receiver and all that follows from it, then the
 * second. Run in batches, every query takes all its rows at once, and where streams meet again, at a stream
 * with several producers or at the two sides of a join, rows are merged by (origin, fixed rank of the
 * producer, position). That is the same order if, for every chunk that can be an origin, all rows of one
 * producer come before all rows of the next, always in the same sequence.
 *
 * So for each meeting point M and each stream X we work out the *visits* of X: the sequence of M's entries
 * that one chunk in X reaches, depth first. A query that may make several chunks of one counts twice, which
 * is enough to show entries taking turns (a b a b). Repetition in a row is one visit; an entry that comes
 * back after another one means that no fixed rank will do. What then remains is to find one order of the
 * entries in which all visits agree. The graph has no cycle here.
 *
 * A partition cuts a chunk into runs, each with an origin of its own as long as it is inside: a meeting point
 * there is not reached by origins from outside. What leaves it has its origin from outside again, so at a
 * meeting point outside all writers in one partition are one entry, whose rows have been merged before. The
 * inputs of a partition are a meeting point too. */
#include <string.h>

#include "plan/order.h"

/* One meeting point. For a stream, entry i is a producer; for a join, side i, and behind the sides the
 * content of those that are named windows; for a partition, input i. */
typedef struct meeting {
    wr_planner *p;
    uint32_t stream, join, step; /* one is not WR_NONE_ID; join: a query; step: a partition */
    uint32_t inside;             /* the partition that it lies in, or WR_NONE_ID */
    uint32_t n;                  /* entries */
    uint32_t *entry_of;          /* stream: by query, its entry or WR_NONE_ID */
    struct visits *visits;       /* by stream */
} meeting;

typedef struct visits {
    bool known, mixed;
    uint32_t n;
    uint32_t *entries; /* NULL while there are none */
    uint64_t *seen;    /* a bit for each entry */
} visits;

/* More, if they don't come in app order, would cost more to order than batches could save. */
#define MAX_ENTRIES 4096u

/* Working memory of one meeting point. */
static void *scratch(wr_planner *p, size_t n, size_t elem_size) {
    void *memory = wr_arena_zero(&p->scratch, n ? n : 1, elem_size);
    if (!memory) p->out_of_memory = true;
    return memory;
}

/* ---- Visits -----------------------------------------------------------------------------------------------
 */

static bool splits_chunks(const wr_plan_op *op) {
    /* Each match of a pattern is a chunk. */
    return op->kind == WR_OP_PATTERN || (op->kind == WR_OP_WINDOW && !op->u.window.type->one_chunk);
}

static void add_visit(const meeting *m, visits *v, uint32_t entry) {
    if (v->mixed || (v->n && v->entries[v->n - 1] == entry)) return;
    if (!v->entries) {
        v->entries = scratch(m->p, m->n, sizeof *v->entries);
        v->seen = scratch(m->p, (m->n + 63) / 64, sizeof *v->seen);
    }
    if (!v->entries || !v->seen || (v->seen[entry / 64] >> (entry % 64) & 1)) {
        v->mixed = true; /* it comes back after another one */
        return;
    }
    v->seen[entry / 64] |= (uint64_t)1 << (entry % 64);
    v->entries[v->n++] = entry;
}

static void add_visits(const meeting *m, visits *v, const visits *more) {
    v->mixed |= more->mixed;
    for (uint32_t i = 0; i < more->n && !v->mixed; i++) add_visit(m, v, more->entries[i]);
}

static const visits *visits_of(const meeting *m, uint32_t stream);

/* A chunk in a named window first changes what a join of that window finds. */
static void visit_content(const meeting *m, const wr_plan_query *window, visits *v) {
    if (!window->window || m->join == WR_NONE_ID) return;
    const wr_plan_query *q = &m->p->plan->queries[m->join];
    if (!q->merge || q->merge->kind != WR_OP_JOIN) return;
    for (uint32_t side = 0; side < 2; side++)
        if (m->p->plan->windows + q->merge->u.join.window[side] == window->window) add_visit(m, v, 2 + side);
}

/* What one chunk that query q puts out reaches. */
static void visit_output(const meeting *m, uint32_t q, visits *v) {
    const wr_plan_query *query = &m->p->plan->queries[q];
    if (query->output_kind != WR_OUTPUT_STREAM) return;
    if (m->entry_of && m->entry_of[q] != WR_NONE_ID) add_visit(m, v, m->entry_of[q]);
    /* What lies behind the meeting point is ordered by it, or is another one's concern. */
    if (query->target != m->stream) add_visits(m, v, visits_of(m, query->target));
}

/* Twice, for the runs of a chunk. */
static void visit_partition(const meeting *m, const struct wr_receiver *r, visits *v) {
    if (r->partition == m->step) add_visit(m, v, r->side);
    if (r->partition == m->inside) return;
    const visits *run = visits_of(m, m->p->plan->partitions[r->partition].op->u.keys.inputs[r->side].view);
    add_visits(m, v, run);
    add_visits(m, v, run);
}

static void visit_receiver(const meeting *m, const struct wr_receiver *r, visits *v) {
    if (r->query == WR_NONE_ID) {
        visit_partition(m, r, v);
        return;
    }
    if (r->query == m->join) add_visit(m, v, r->side);
    visit_content(m, &m->p->plan->queries[r->query], v);
    visit_output(m, r->query, v);
    if (wr_query_any_op(&m->p->plan->queries[r->query], splits_chunks)) visit_output(m, r->query, v);
}

static const visits *visits_of(const meeting *m, uint32_t stream) {
    visits *v = &m->visits[stream];
    if (v->known) return v;
    v->known = true;
    const wr_plan_stream *s = &m->p->plan->streams[stream];
    for (uint32_t i = 0; i < s->n_receivers; i++) visit_receiver(m, &s->receivers[i], v);
    /* A chunk that failed in one of them goes to the fault stream instead of to the later ones. */
    if (s->fault != WR_NONE_ID) add_visits(m, v, visits_of(m, s->fault));
    return v;
}

/* Of all streams, the last ones first: so that the recursion is never deep. */
static void visit_all(const meeting *m) {
    const wr_plan *plan = m->p->plan;
    for (uint32_t i = plan->n_queries + plan->n_partitions; i-- > 0;) {
        if (plan->order[i] >= plan->n_queries) continue;
        const wr_plan_query *q = &plan->queries[plan->order[i]];
        if (q->output_kind == WR_OUTPUT_STREAM) visits_of(m, q->target);
    }
    for (uint32_t s = 0; s < plan->n_streams; s++) visits_of(m, s);
}

/* ---- One order for all ------------------------------------------------------------------------------------
 */

/* Entries in an order that keeps before[a * n + b]: a comes before b. False when there is none. Free choices
 * are made in app order. */
static bool place_entries(wr_planner *p, const bool *before, uint32_t n, uint32_t *order) {
    uint32_t *waits = scratch(p, n, sizeof *waits);
    if (!waits) return false;
    for (uint32_t a = 0; a < n; a++)
        for (uint32_t b = 0; b < n; b++) waits[b] += before[(size_t)a * n + b];
    for (uint32_t k = 0; k < n; k++) {
        uint32_t pick = 0;
        while (pick < n && waits[pick] != 0) pick++;
        if (pick == n) return false;
        order[k] = pick;
        waits[pick] = UINT32_MAX; /* placed */
        for (uint32_t b = 0; b < n; b++)
            if (before[(size_t)pick * n + b]) waits[b]--;
    }
    return true;
}

static bool order_by_visits(const meeting *m, uint32_t *order) {
    bool *before = m->n <= MAX_ENTRIES ? scratch(m->p, (size_t)m->n * m->n, sizeof *before) : NULL;
    if (!before) return false;
    for (uint32_t s = 0; s < m->p->plan->n_streams; s++) {
        const visits *v = &m->visits[s];
        for (uint32_t i = 1; i < v->n; i++) before[(size_t)v->entries[i - 1] * m->n + v->entries[i]] = true;
    }
    return place_entries(m->p, before, m->n, order);
}

/* The order of a meeting point's entries, or false. Origins arise where chunks come from outside (any stream)
 * and where a timer of a query puts out a chunk (which then has an origin of its own). */
static bool order_entries(meeting *m, uint32_t *order) {
    const wr_plan *plan = m->p->plan;
    bool in_app_order = true;
    m->visits = scratch(m->p, plan->n_streams, sizeof *m->visits);
    if (!m->visits) return false;
    visit_all(m);
    for (uint32_t s = 0; s < plan->n_streams; s++) {
        const visits *v = &m->visits[s];
        if (v->mixed) return false;
        for (uint32_t i = 1; i < v->n; i++) in_app_order &= v->entries[i - 1] < v->entries[i];
    }
    if (!in_app_order) return order_by_visits(m, order);
    for (uint32_t i = 0; i < m->n; i++) order[i] = i; /* which is what free choices come to */
    return true;
}

/* ---- Meeting points ---------------------------------------------------------------------------------------
 */

static void list_producers(wr_planner *p) {
    wr_plan *plan = p->plan;
    for (uint32_t q = 0; q < plan->n_queries; q++)
        if (plan->queries[q].output_kind == WR_OUTPUT_STREAM)
            plan->streams[plan->queries[q].target].n_producers++;
    for (uint32_t i = 0; i < plan->n_streams; i++) {
        plan->streams[i].producers = WR_PLAN_ARRAY(p, plan->streams[i].n_producers, uint32_t);
        plan->streams[i].n_producers = 0;
    }
    if (p->out_of_memory) return;
    for (uint32_t q = 0; q < plan->n_queries; q++) {
        if (plan->queries[q].output_kind != WR_OUTPUT_STREAM) continue;
        wr_plan_stream *s = &plan->streams[plan->queries[q].target];
        s->producers[s->n_producers++] = q;
    }
}

/* The partition whose writers are one entry at this stream, or WR_NONE_ID: the query stands for itself. */
static uint32_t group_of(const wr_plan *plan, const wr_plan_stream *s, uint32_t query) {
    return s->partition == WR_NONE_ID ? plan->queries[query].partition : WR_NONE_ID;
}

/* Puts the producers named by entry_of into the order of their entries; false: there is none. */
static bool order_among(meeting *m, uint32_t *queries, uint32_t n_queries) {
    uint32_t *order = scratch(m->p, m->n, sizeof *order), *sorted = scratch(m->p, n_queries, sizeof *sorted);
    uint32_t *place = scratch(m->p, m->n, sizeof *place); /* by entry: where its next query goes */
    if (!order || !sorted || !place || !order_entries(m, order)) return false;
    for (uint32_t k = 0; k < n_queries; k++) place[m->entry_of[queries[k]]]++;
    for (uint32_t i = 0, begin = 0; i < m->n; i++) {
        uint32_t n = place[order[i]];
        place[order[i]] = begin;
        begin += n;
    }
    for (uint32_t k = 0; k < n_queries; k++) sorted[place[m->entry_of[queries[k]]]++] = queries[k];
    memcpy(queries, sorted, n_queries * sizeof *queries);
    return true;
}

static bool order_writers(wr_planner *p, uint32_t stream, uint32_t inside, uint32_t *queries, uint32_t n) {
    const wr_plan *plan = p->plan;
    meeting m = {.p = p, .stream = stream, .join = WR_NONE_ID, .step = WR_NONE_ID, .inside = inside};
    m.entry_of = scratch(p, plan->n_queries, sizeof *m.entry_of);
    if (!m.entry_of) return false;
    memset(m.entry_of, 0xFF, plan->n_queries * sizeof *m.entry_of);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t group =
            inside == WR_NONE_ID ? group_of(plan, &plan->streams[stream], queries[i]) : WR_NONE_ID;
        for (uint32_t k = 0; k < i && group != WR_NONE_ID; k++)
            if (plan->queries[queries[k]].partition == group) m.entry_of[queries[i]] = m.entry_of[queries[k]];
        if (m.entry_of[queries[i]] == WR_NONE_ID) m.entry_of[queries[i]] = m.n++;
    }
    return m.n < 2 || order_among(&m, queries, n);
}

/* The entries, and among the writers in one partition these. */
static bool order_levels(wr_planner *p, uint32_t stream, uint32_t *queries, uint32_t n) {
    const wr_plan *plan = p->plan;
    const wr_plan_stream *s = &plan->streams[stream];
    if (!order_writers(p, stream, s->partition, queries, n)) return false;
    for (uint32_t i = 0, end; i < n; i = end) {
        uint32_t group = group_of(plan, s, queries[i]);
        for (end = i + 1; end < n && group != WR_NONE_ID && group_of(plan, s, queries[end]) == group;) end++;
        if (end > i + 1 && !order_writers(p, stream, group, queries + i, end - i)) return false;
    }
    return true;
}

static void order_stream(wr_planner *p, uint32_t stream) {
    const wr_plan *plan = p->plan;
    wr_plan_stream *s = &p->plan->streams[stream];
    uint32_t first = s->producers[0], last = s->producers[s->n_producers - 1];
    if (!order_levels(p, stream, s->producers, s->n_producers))
        wr_order_force_serial(
            p, wr_plan_printf(p, "rows reach stream '%s' through queries '%s' and '%s' by turns", s->name,
                              plan->queries[first].name, plan->queries[last].name));
}

/* A join takes, of one origin, its inputs by turns; a pattern the rows of its sides in the order of the
 * sides. (Both sides of a join of one stream go row by row, whatever the origins.) */
static void order_sides(wr_planner *p, uint32_t query) {
    const wr_plan_query *q = &p->plan->queries[query];
    bool is_join = q->merge && q->merge->kind == WR_OP_JOIN;
    wr_plan_join *join = is_join ? &q->merge->u.join : NULL;
    if (q->n_sides == 2 && q->side[0].stream == q->side[1].stream && !(join && join->window[0] != WR_NONE_ID))
        return;
    meeting m = {.p = p,
                 .stream = WR_NONE_ID,
                 .join = query,
                 .step = WR_NONE_ID,
                 .inside = q->partition,
                 .n = is_join ? q->merge->n_in : q->n_sides};
    uint32_t order[WR_MAX_SIDES];
    bool ordered = order_entries(&m, order);
    for (uint32_t i = 0; ordered && is_join && i < m.n; i++) join->turn[i] = (uint8_t)order[i];
    for (uint32_t i = 0; ordered && !is_join && i < m.n; i++) ordered = order[i] == i;
    if (ordered) return;
    wr_order_force_serial(
        p,
        wr_plan_printf(p,
                       is_join ? "rows of one event reach the sides of query '%s' by turns"
                               : "rows of one event reach a later side of query '%s' before an earlier one",
                       q->name));
}

/* The rows of a partition's inputs get their keys and origins in one order. */
static void order_inputs(wr_planner *p, uint32_t partition) {
    const wr_plan_partition *part = &p->plan->partitions[partition];
    wr_partition_input *inputs = part->op->u.keys.inputs;
    uint32_t n = part->op->n_in, *order = scratch(p, n, sizeof *order);
    wr_partition_input *sorted = WR_PLAN_ARRAY(p, n, wr_partition_input);
    meeting m = {
        .p = p, .stream = WR_NONE_ID, .join = WR_NONE_ID, .step = partition, .inside = WR_NONE_ID, .n = n};
    if (!order || !sorted) return;
    if (!order_entries(&m, order)) {
        wr_order_force_serial(
            p, wr_plan_printf(p, "rows of one event reach %s through several streams by turns", part->name));
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        sorted[i] = inputs[order[i]];
        wr_plan_stream *s = &p->plan->streams[sorted[i].stream];
        for (uint32_t r = 0; r < s->n_receivers; r++)
            if (s->receivers[r].query == WR_NONE_ID && s->receivers[r].partition == partition)
                s->receivers[r].side = i;
    }
    part->op->u.keys.inputs = sorted;
}

/* A row that fails takes the rest of its chunk with it, later runs too, which earlier queries must not see.
 */
static bool can_fail(const wr_plan_op *op) {
    bool fails = false;
    if (op->kind == WR_OP_FILTER) fails = op->u.filter.condition->can_fail;
    if (op->kind != WR_OP_SELECT) return fails;
    const wr_plan_select *s = &op->u.select;
    for (uint32_t i = 0; i < op->out.n_attrs; i++) fails |= s->outs[i]->can_fail;
    for (uint32_t i = 0; i < s->n_aggs; i++) {
        fails |= s->aggs[i].type->can_fail || (s->aggs[i].when && s->aggs[i].when->can_fail);
        for (uint32_t a = 0; a < s->aggs[i].n_args; a++) fails |= s->aggs[i].args[a]->can_fail;
    }
    return fails || (s->having && s->having->can_fail);
}

static void order_faults(wr_planner *p, const wr_plan_query *q) {
    if (q->partition == WR_NONE_ID || !wr_query_any_op(q, can_fail)) return;
    wr_order_force_serial(p, wr_plan_printf(p, "rows may fail in query '%s' of %s", q->name,
                                            p->plan->partitions[q->partition].name));
}

void wr_order_producers(wr_planner *p) {
    list_producers(p);
    /* A cycle has no depth-first order to keep, and visits would not end. */
    if (p->plan->serial || p->out_of_memory) return;
    for (uint32_t s = 0; s < p->plan->n_streams && !p->out_of_memory; s++) {
        if (p->plan->streams[s].n_producers > 1) order_stream(p, s);
        wr_arena_reset(&p->scratch);
    }
    for (uint32_t q = 0; q < p->plan->n_queries && !p->out_of_memory; q++) {
        if (p->plan->queries[q].n_sides > 1) order_sides(p, q);
        order_faults(p, &p->plan->queries[q]);
        wr_arena_reset(&p->scratch);
    }
    for (uint32_t i = 0; i < p->plan->n_partitions && !p->out_of_memory; i++) {
        if (p->plan->partitions[i].op->n_in > 1) order_inputs(p, i);
        wr_arena_reset(&p->scratch);
    }
}
