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
 * entries in which all visits agree. The graph has no cycle here. */
#include <string.h>

#include "plan/order.h"

/* One meeting point: `n` entries. For a stream, entry i is a producer; for a join, side i. */
typedef struct meeting {
    wr_planner *p;
    uint32_t stream, join; /* one is WR_NONE_ID; join: a query */
    const uint32_t *producers;
    uint32_t n;
} meeting;

typedef struct visits {
    bool known, mixed;
    uint32_t n;
    uint32_t *entries;
} visits;

/* ---- What a query does to a chunk -------------------------------------------------------------------------
 */

static bool splits_chunks(const wr_plan_op *op) {
    return op->kind == WR_OP_JOIN || (op->kind == WR_OP_WINDOW && !op->u.window.type->one_chunk);
}

/* ---- Visits -----------------------------------------------------------------------------------------------
 */

static void add_visit(visits *v, uint32_t entry) {
    if (v->n && v->entries[v->n - 1] == entry) return;
    for (uint32_t i = 0; i < v->n; i++) v->mixed |= v->entries[i] == entry;
    if (!v->mixed) v->entries[v->n++] = entry;
}

static void add_visits(visits *v, const visits *more) {
    v->mixed |= more->mixed;
    for (uint32_t i = 0; i < more->n && !v->mixed; i++) add_visit(v, more->entries[i]);
}

static const visits *visits_of(const meeting *m, visits *memo, uint32_t stream);

/* What one chunk that query q puts out reaches. */
static void visit_output(const meeting *m, visits *memo, uint32_t q, visits *v) {
    const wr_plan_query *query = &m->p->plan->queries[q];
    if (query->output_kind != WR_OUTPUT_STREAM) return;
    for (uint32_t i = 0; i < m->n && m->producers; i++)
        if (m->producers[i] == q) add_visit(v, i);
    /* What lies behind the meeting point is ordered by it, or is another one's concern. */
    if (query->target != m->stream) add_visits(v, visits_of(m, memo, query->target));
}

static void visit_receiver(const meeting *m, visits *memo, const struct wr_receiver *r, visits *v) {
    if (r->query == m->join) add_visit(v, r->side);
    visit_output(m, memo, r->query, v);
    if (wr_query_any_op(&m->p->plan->queries[r->query], splits_chunks)) visit_output(m, memo, r->query, v);
}

static const visits *visits_of(const meeting *m, visits *memo, uint32_t stream) {
    visits *v = &memo[stream];
    if (v->known) return v;
    v->known = true;
    v->entries = WR_PLAN_ARRAY(m->p, (size_t)m->n + 1, uint32_t);
    if (!v->entries) {
        v->mixed = true;
        return v;
    }
    const wr_plan_stream *s = &m->p->plan->streams[stream];
    for (uint32_t i = 0; i < s->n_receivers; i++) visit_receiver(m, memo, &s->receivers[i], v);
    /* A chunk that failed in one of them goes to the fault stream instead of to the later ones. */
    if (s->fault != WR_NONE_ID) add_visits(v, visits_of(m, memo, s->fault));
    return v;
}

/* ---- One order for all ------------------------------------------------------------------------------------
 */

/* Notes in before[a * n + b] that a comes before b. */
static void note_order(bool *before, uint32_t n, const visits *v) {
    for (uint32_t a = 0; a < v->n; a++)
        for (uint32_t b = a + 1; b < v->n; b++) before[(size_t)v->entries[a] * n + v->entries[b]] = true;
}

/* Entries in an order that fits; false when there is none. Free choices are made in app order. */
static bool place_entries(const bool *before, uint32_t n, bool *placed, uint32_t *order) {
    for (uint32_t k = 0; k < n; k++) {
        uint32_t pick = WR_NONE_ID;
        for (uint32_t e = 0; e < n && pick == WR_NONE_ID; e++) {
            bool waits = placed[e];
            for (uint32_t o = 0; o < n && !waits; o++) waits = !placed[o] && before[(size_t)o * n + e];
            if (!waits) pick = e;
        }
        if (pick == WR_NONE_ID) return false;
        placed[pick] = true;
        order[k] = pick;
    }
    return true;
}

/* The order of a meeting point's entries, or false. Origins arise where chunks come from outside (any stream)
 * and where a timer of a query puts out a chunk (which then has an origin of its own). */
static bool order_entries(const meeting *m, uint32_t *order) {
    wr_plan *plan = m->p->plan;
    visits *memo = WR_PLAN_ARRAY(m->p, plan->n_streams, visits);
    bool *before = WR_PLAN_ARRAY(m->p, (size_t)m->n * m->n, bool);
    bool *placed = WR_PLAN_ARRAY(m->p, m->n, bool);
    if (!memo || !before || !placed) return false;
    for (uint32_t s = 0; s < plan->n_streams; s++) {
        const visits *v = visits_of(m, memo, s);
        if (v->mixed) return false;
        note_order(before, m->n, v);
    }
    return place_entries(before, m->n, placed, order);
}

/* ---- Meeting points ---------------------------------------------------------------------------------------
 */

static uint32_t list_producers(wr_planner *p, uint32_t stream) {
    wr_plan *plan = p->plan;
    uint32_t n = 0, *list = WR_PLAN_ARRAY(p, plan->n_queries, uint32_t);
    for (uint32_t q = 0; list && q < plan->n_queries; q++)
        if (plan->queries[q].output_kind == WR_OUTPUT_STREAM && plan->queries[q].target == stream)
            list[n++] = q;
    plan->streams[stream].producers = list;
    plan->streams[stream].n_producers = n;
    return n;
}

static void order_stream(wr_planner *p, uint32_t stream) {
    wr_plan_stream *s = &p->plan->streams[stream];
    uint32_t n = s->n_producers;
    meeting m = {.p = p, .stream = stream, .join = WR_NONE_ID, .producers = s->producers, .n = n};
    uint32_t *order = WR_PLAN_ARRAY(p, n, uint32_t), *sorted = WR_PLAN_ARRAY(p, n, uint32_t);
    if (!order || !sorted) return;
    if (!order_entries(&m, order)) {
        wr_order_force_serial(
            p, wr_plan_printf(p, "rows reach stream '%s' through queries '%s' and '%s' by turns", s->name,
                              p->plan->queries[s->producers[0]].name,
                              p->plan->queries[s->producers[n - 1]].name));
        return;
    }
    for (uint32_t i = 0; i < n; i++) sorted[i] = s->producers[order[i]];
    s->producers = sorted;
}

/* The join takes, of one origin, the left side's rows first. */
static void order_join(wr_planner *p, uint32_t query) {
    meeting m = {.p = p, .stream = WR_NONE_ID, .join = query, .n = 2};
    uint32_t order[2];
    if (order_entries(&m, order) && order[0] == 0) return;
    wr_order_force_serial(
        p, wr_plan_printf(p, "rows of one event reach the right side of join '%s' before the left",
                          p->plan->queries[query].name));
}

void wr_order_producers(wr_planner *p) {
    for (uint32_t s = 0; s < p->plan->n_streams; s++) list_producers(p, s);
    /* A cycle has no depth-first order to keep, and visits would not end. */
    if (p->plan->serial || p->out_of_memory) return;
    for (uint32_t s = 0; s < p->plan->n_streams && !p->out_of_memory; s++)
        if (p->plan->streams[s].n_producers > 1) order_stream(p, s);
    for (uint32_t q = 0; q < p->plan->n_queries && !p->out_of_memory; q++)
        if (p->plan->queries[q].n_sides == 2) order_join(p, q);
}
