/* carry.c: see carry.h. */
#include "runtime/carry.h"

#include <stdio.h>

#include "runtime/task_internal.h"
#include "state/writer.h"

/* By old number: the new one, or WR_NONE_ID. */
struct wr_carry {
    const wr_plan *from, *to;
    uint32_t *queries, *partitions, *tables, *aggregations, *triggers;
    bool *is_kept;        /* by new query: it has the state of an old one */
    const char **reasons; /* by old query: why it keeps nothing; NULL: it does, or it has nothing */
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for what an app keeps");
}

/* ---- Which are the same ---- */

static bool is_taken(const uint32_t *map, uint32_t n, uint32_t target) {
    for (uint32_t i = 0; i < n; i++)
        if (map[i] == target) return true;
    return false;
}

static bool same_schema(const wr_schema *a, const wr_schema *b) {
    if (a->n_attrs != b->n_attrs) return false;
    for (uint32_t i = 0; i < a->n_attrs; i++)
        if (a->attrs[i].type != b->attrs[i].type || a->attrs[i].boxed != b->attrs[i].boxed ||
            strcmp(a->attrs[i].name, b->attrs[i].name) != 0)
            return false;
    return true;
}

/* One in a store has its rows there. */
static bool same_table(const wr_plan_table *a, const wr_plan_table *b) {
    return !strcmp(a->name, b->name) && !a->store == !b->store && same_schema(&a->schema, &b->schema) &&
           a->n_key == b->n_key && (!a->n_key || !memcmp(a->key, b->key, a->n_key * sizeof *a->key));
}

static bool same_trigger(const wr_plan_trigger *a, const wr_plan_trigger *b) {
    return !strcmp(a->name, b->name) && a->kind == b->kind && a->every_ms == b->every_ms &&
           (a->kind != WR_TRIGGER_CRON || !strcmp(a->cron, b->cron));
}

static void match_definitions(wr_carry *c) {
    for (uint32_t i = 0; i < c->from->n_tables; i++)
        for (uint32_t k = 0; k < c->to->n_tables; k++)
            if (same_table(&c->from->tables[i], &c->to->tables[k])) c->tables[i] = k;
    for (uint32_t i = 0; i < c->from->n_triggers; i++)
        for (uint32_t k = 0; k < c->to->n_triggers; k++)
            if (same_trigger(&c->from->triggers[i], &c->to->triggers[k])) c->triggers[i] = k;
    for (uint32_t i = 0; i < c->from->n_aggregations; i++)
        for (uint32_t k = 0; k < c->to->n_aggregations; k++) {
            const wr_plan_aggregation *a = &c->from->aggregations[i], *b = &c->to->aggregations[k];
            if (!strcmp(a->name, b->name) && a->text_hash == b->text_hash && same_schema(&a->feed, &b->feed))
                c->aggregations[i] = k;
        }
}

/* The keys that a partition gives: what follows its name in the signature. */
static bool same_keys(const wr_plan_partition *a, const wr_plan_partition *b) {
    return !strcmp(a->op->label, b->op->label) && a->op->u.keys.key_type == b->op->u.keys.key_type;
}

static void match_partitions(wr_carry *c, bool by_text) {
    for (uint32_t i = 0; i < c->from->n_partitions; i++)
        for (uint32_t k = 0; c->partitions[i] == WR_NONE_ID && k < c->to->n_partitions; k++) {
            const wr_plan_partition *a = &c->from->partitions[i], *b = &c->to->partitions[k];
            if (same_keys(a, b) && (!by_text || a->text_hash == b->text_hash) &&
                !is_taken(c->partitions, c->from->n_partitions, k))
                c->partitions[i] = k;
        }
}

static bool same_query(const wr_carry *c, const wr_plan_query *a, const wr_plan_query *b) {
    uint32_t partition = a->partition == WR_NONE_ID ? WR_NONE_ID : c->partitions[a->partition];
    if (a->is_named != b->is_named || b->partition != partition) return false;
    if (a->partition != WR_NONE_ID && partition == WR_NONE_ID) return false;
    return a->is_named ? !strcmp(a->name, b->name) : a->text_hash == b->text_hash;
}

/* ---- Whether the state of a query fits ---- */

/* The n-th operator that keeps state; NULL: there are fewer. Operators in the order of wr_plan_n_ops. */
static const wr_plan_op *stateful_op(const wr_plan_query *q, uint32_t nth, uint32_t *index) {
    uint32_t at = 0;
    for (uint32_t s = 0; s < q->n_sides; s++)
        for (uint32_t i = 0; i < q->side[s].n_ops; i++, at++)
            if (wr_plan_keeps_state(q->side[s].ops[i]) && !nth--) return *index = at, q->side[s].ops[i];
    const wr_plan_op *const rest[] = {q->merge, q->select, q->rate};
    for (uint32_t i = 0; i < 3; i++) {
        if (rest[i] && wr_plan_keeps_state(rest[i]) && !nth--) return *index = at, rest[i];
        at += rest[i] != NULL;
    }
    return NULL;
}

/* A signature without the name of the query that it begins with. */
static const char *bare(const wr_plan_query *q, const wr_plan_op *op) {
    return op->signature + strlen(q->name);
}

static bool same_streams(const wr_carry *c, const wr_plan_query *a, const wr_plan_query *b) {
    if (a->n_sides != b->n_sides) return false;
    for (uint32_t s = 0; s < a->n_sides; s++) {
        if (a->side[s].kind != b->side[s].kind) return false;
        if (a->side[s].stream == WR_NONE_ID || b->side[s].stream == WR_NONE_ID) {
            if (a->side[s].stream != b->side[s].stream) return false;
        } else if (strcmp(c->from->streams[a->side[s].stream].name, c->to->streams[b->side[s].stream].name))
            return false;
    }
    return true;
}

static bool ops_fit(const wr_plan_query *a, const wr_plan_query *b) {
    for (uint32_t n = 0;; n++) {
        uint32_t at_a = 0, at_b = 0;
        const wr_plan_op *x = stateful_op(a, n, &at_a), *y = stateful_op(b, n, &at_b);
        if (!x && !y) return true;
        if (!x || !y || at_a != at_b || strcmp(bare(a, x), bare(b, y)) != 0) return false;
    }
}

static bool has_state(const wr_plan_query *q) {
    uint32_t index;
    return stateful_op(q, 0, &index) != NULL;
}

static const char *reason_of(const wr_carry *c, const wr_plan_query *a) {
    for (uint32_t k = 0; k < c->to->n_queries; k++)
        if (same_query(c, a, &c->to->queries[k])) return "has changed";
    return "is gone";
}

/* Most often a query stands where it stood: looking begins there. */
static void match_queries(wr_carry *c) {
    uint32_t n = c->to->n_queries;
    for (uint32_t i = 0; i < c->from->n_queries; i++) {
        const wr_plan_query *a = &c->from->queries[i];
        for (uint32_t nth = 0; c->queries[i] == WR_NONE_ID && nth < n; nth++) {
            uint32_t k = (i + nth) % n;
            const wr_plan_query *b = &c->to->queries[k];
            if (!c->is_kept[k] && same_query(c, a, b) && same_streams(c, a, b) && ops_fit(a, b))
                c->queries[i] = k;
        }
        if (c->queries[i] != WR_NONE_ID)
            c->is_kept[c->queries[i]] = true;
        else if (has_state(a))
            c->reasons[i] = reason_of(c, a);
    }
}

/* What a window has let in it lets out: who counts on that begins with it. */
static bool reads_lost_window(const wr_carry *c, const wr_plan_query *q) {
    for (uint32_t s = 0; s < q->n_sides; s++) {
        uint32_t stream = q->side[s].stream;
        if (stream == WR_NONE_ID) continue;
        const wr_plan_stream *of = &c->from->streams[stream];
        if (of->view_of != WR_NONE_ID) of = &c->from->streams[of->view_of];
        if (of->window == WR_NONE_ID || of->is_window_input) continue;
        if (c->queries[c->from->windows[of->window].query] == WR_NONE_ID) return true;
    }
    return false;
}

static void drop_readers_of_lost_windows(wr_carry *c) {
    for (uint32_t i = 0; i < c->from->n_queries; i++) {
        const wr_plan_query *q = &c->from->queries[i];
        if (c->queries[i] == WR_NONE_ID || !reads_lost_window(c, q)) continue;
        if (!has_state(q)) continue;
        c->reasons[i] = "reads a window that has changed";
        c->is_kept[c->queries[i]] = false;
        c->queries[i] = WR_NONE_ID;
    }
}

static uint32_t *new_map(uint32_t n) {
    uint32_t *map = wr_alloc(NULL, (n + 1) * sizeof *map);
    for (uint32_t i = 0; map && i < n; i++) map[i] = WR_NONE_ID;
    return map;
}

weir_status wr_carry_new(const wr_plan *from, const wr_plan *to, wr_carry **out, weir_error *err) {
    wr_carry *c = wr_alloc_zero(NULL, sizeof *c);
    *out = NULL;
    if (!c) return no_memory(err);
    c->from = from;
    c->to = to;
    c->queries = new_map(from->n_queries);
    c->partitions = new_map(from->n_partitions);
    c->tables = new_map(from->n_tables);
    c->aggregations = new_map(from->n_aggregations);
    c->triggers = new_map(from->n_triggers);
    c->reasons = wr_alloc_zero(NULL, (from->n_queries + 1) * sizeof *c->reasons);
    c->is_kept = wr_alloc_zero(NULL, to->n_queries + 1);
    if (!c->is_kept || !c->queries || !c->partitions || !c->tables || !c->aggregations || !c->triggers ||
        !c->reasons) {
        wr_carry_free(c);
        return no_memory(err);
    }
    match_definitions(c);
    match_partitions(c, true);
    match_partitions(c, false);
    match_queries(c);
    drop_readers_of_lost_windows(c);
    *out = c;
    return WEIR_OK;
}

void wr_carry_free(wr_carry *c) {
    if (!c) return;
    wr_free(NULL, c->queries, 0);
    wr_free(NULL, c->partitions, 0);
    wr_free(NULL, c->tables, 0);
    wr_free(NULL, c->aggregations, 0);
    wr_free(NULL, c->triggers, 0);
    wr_free(NULL, c->reasons, 0);
    wr_free(NULL, c->is_kept, 0);
    wr_free(NULL, c, sizeof *c);
}

/* ---- What is told ---- */

static void tell_lost(const char *what, const char *name, const char *why,
                      void (*tell)(void *ctx, const char *line), void *ctx) {
    char line[512];
    snprintf(line, sizeof line, "%s '%.200s' %s: its state is not kept", what, name, why);
    tell(ctx, line);
}

static bool has_table(const wr_plan *p, const char *name) {
    for (uint32_t i = 0; i < p->n_tables; i++)
        if (!strcmp(p->tables[i].name, name)) return true;
    return false;
}

static bool has_aggregation(const wr_plan *p, const char *name) {
    for (uint32_t i = 0; i < p->n_aggregations; i++)
        if (!strcmp(p->aggregations[i].name, name)) return true;
    return false;
}

void wr_carry_tell(const wr_carry *c, void (*tell)(void *ctx, const char *line), void *ctx) {
    const wr_plan *p = c->from;
    for (uint32_t i = 0; i < p->n_tables; i++)
        if (c->tables[i] == WR_NONE_ID)
            tell_lost("table", p->tables[i].name,
                      has_table(c->to, p->tables[i].name) ? "has changed" : "is gone", tell, ctx);
    for (uint32_t i = 0; i < p->n_aggregations; i++)
        if (c->aggregations[i] == WR_NONE_ID)
            tell_lost("aggregation", p->aggregations[i].name,
                      has_aggregation(c->to, p->aggregations[i].name) ? "has changed" : "is gone", tell, ctx);
    for (uint32_t i = 0; i < p->n_partitions; i++)
        if (c->partitions[i] == WR_NONE_ID)
            tell_lost("partition", p->partitions[i].name, "is gone or has other keys", tell, ctx);
    for (uint32_t i = 0; i < p->n_queries; i++)
        if (c->reasons[i])
            tell_lost("query", p->queries[i].window ? p->queries[i].window->name : p->queries[i].name,
                      c->reasons[i], tell, ctx);
}

/* ---- Carrying ---- */

/* What `save` writes is read by `load`, all of it. */
typedef struct parcel {
    weir_writer w;
    weir_reader r;
} parcel;

static weir_status open_parcel(parcel *p, weir_error *err) {
    WR_TRY(wr_writer_status(&p->w, err));
    wr_reader_init(&p->r, p->w.buf.data, p->w.buf.len);
    return WEIR_OK;
}

static weir_status carry_op(const wr_op *from, wr_op *to, weir_error *err) {
    to->n_calls = from->n_calls;
    to->rows_in = from->rows_in;
    to->rows_out = from->rows_out;
    to->rows_late = from->rows_late;
    to->busy_ns = from->busy_ns;
    if (!from->type->save || !wr_plan_keeps_state(from->plan)) return WEIR_OK;
    parcel p;
    wr_writer_init(&p.w);
    from->type->save(from, &p.w);
    weir_status st = open_parcel(&p, err);
    if (st == WEIR_OK) st = to->type->load(to, &p.r, err);
    wr_writer_fini(&p.w);
    return st;
}

static weir_status carry_table(const wr_table *from, wr_table *to, weir_error *err) {
    parcel p;
    wr_writer_init(&p.w);
    wr_table_save(from, &p.w);
    weir_status st = open_parcel(&p, err);
    if (st == WEIR_OK) st = wr_table_load(to, &p.r, err);
    wr_writer_fini(&p.w);
    return st;
}

static weir_status carry_aggregation(const wr_aggregation *from, wr_aggregation *to, weir_error *err) {
    parcel p;
    wr_writer_init(&p.w);
    wr_aggregation_save(from, &p.w);
    weir_status st = open_parcel(&p, err);
    if (st == WEIR_OK) st = wr_aggregation_load(to, &p.r, err);
    wr_writer_fini(&p.w);
    return st;
}

/* Operators that keep state stand in the same places; those around them may be others. */
static weir_status carry_query(const wr_query_state *from, wr_query_state *to, weir_error *err) {
    for (uint32_t i = 0; i < from->n_ops && i < to->n_ops; i++)
        if (!strcmp(bare(from->plan, from->ops[i]->plan), bare(to->plan, to->ops[i]->plan)))
            WR_TRY(carry_op(from->ops[i], to->ops[i], err));
    return WEIR_OK;
}

static void start_query(wr_query_state *q, int64_t clock) {
    for (uint32_t k = 0; k < q->n_ops; k++)
        if (q->ops[k]->type->start) q->ops[k]->type->start(q->ops[k], clock);
}

static void carry_counters(const wr_task *from, wr_task *to) {
    for (uint32_t i = 0; i < from->plan->n_streams; i++)
        for (uint32_t k = 0; k < to->plan->n_streams; k++) {
            const wr_plan_stream *a = from->streams[i].plan, *b = to->streams[k].plan;
            if (a->is_window_input != b->is_window_input || strcmp(a->name, b->name) != 0) continue;
            to->streams[k].rows = from->streams[i].rows;
            to->streams[k].errors = from->streams[i].errors;
        }
}

static weir_status carry_queries(const wr_carry *c, const wr_task *from, wr_task *to, weir_error *err) {
    for (uint32_t i = 0; i < c->from->n_queries; i++)
        if (c->queries[i] != WR_NONE_ID)
            WR_TRY(carry_query(&from->queries[i], &to->queries[c->queries[i]], err));
    for (uint32_t k = 0; k < c->to->n_queries; k++)
        if (!c->is_kept[k]) start_query(&to->queries[k], from->clock);
    return WEIR_OK;
}

static weir_status carry_definitions(const wr_carry *c, const wr_task *from, wr_task *to, weir_error *err) {
    for (uint32_t i = 0; i < c->from->n_tables; i++)
        if (c->tables[i] != WR_NONE_ID && !c->from->tables[i].store)
            WR_TRY(carry_table(from->tables[i], to->tables[c->tables[i]], err));
    for (uint32_t i = 0; i < c->from->n_aggregations; i++)
        if (c->aggregations[i] != WR_NONE_ID)
            WR_TRY(carry_aggregation(from->aggregations[i], to->aggregations[c->aggregations[i]], err));
    for (uint32_t k = 0; k < c->to->n_aggregations; k++)
        if (!is_taken(c->aggregations, c->from->n_aggregations, k))
            wr_aggregation_start(to->aggregations[k], from->clock);
    for (uint32_t i = 0; i < c->from->n_partitions; i++)
        if (c->partitions[i] != WR_NONE_ID)
            WR_TRY(carry_op(from->partitions[i], to->partitions[c->partitions[i]], err));
    for (uint32_t i = 0; i < c->from->n_triggers; i++) {
        if (c->triggers[i] == WR_NONE_ID) continue;
        wr_trigger_state *g = &to->triggers[c->triggers[i]];
        g->due = from->triggers[i].due;
        g->is_old = true;
    }
    return WEIR_OK;
}

weir_status wr_task_carry(const wr_carry *c, const wr_task *from, wr_task *to, weir_error *err) {
    to->clock = from->clock;
    to->n_cycles = from->n_cycles;
    to->is_started = true;
    carry_counters(from, to);
    WR_TRY(carry_definitions(c, from, to, err));
    return carry_queries(c, from, to, err);
}

weir_status wr_task_start_new(wr_task *t, weir_error *err) {
    bool fires = false;
    int64_t clock = t->clock;
    for (uint32_t i = 0; i < t->plan->n_triggers; i++)
        fires |= t->plan->triggers[i].kind == WR_TRIGGER_START && !t->triggers[i].is_old;
    if (!fires) return WEIR_OK;
    t->cycle = (weir_cycle){.number = ++t->n_cycles, .n_arrivals = 1, .clock = &clock, .clock_before = clock};
    return t->serial ? wr_task_run_serial(t, NULL, 0, true, err) : wr_task_run_batched(t, NULL, 0, true, err);
}
