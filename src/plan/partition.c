/* partition.c: partition with (k of S, …) begin … end: the step that gives rows their keys, and the queries
 * behind it.
 *
 * Each stream from outside that a query of the partition reads is seen through a view: an inner stream with
 * the same rows, run by run of equal keys. There is one step for the whole partition, an input of it for each
 * view; a stream that `with` does not name goes to all keys that are there already. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plan/annotations.h"
#include "plan/query.h"
#include "plan/typing.h"

#define PURGE_EACH_MS 60000 /* @purge without an interval, as in Siddhi */

/* ---- Inputs -----------------------------------------------------------------------------------------------
 */

static wr_partition_input *find_input(wr_plan_keys *keys, uint32_t stream) {
    for (uint32_t i = 0; i < keys->n_inputs; i++)
        if (keys->inputs[i].stream == stream) return &keys->inputs[i];
    return NULL;
}

/* The stream of the plan that the queries read instead of `stream`. It has no name that a query could use. */
static uint32_t add_view(wr_planner *p, uint32_t stream) {
    const wr_plan_stream *of = &p->plan->streams[stream];
    const char *name = wr_plan_printf(p, "#%s", of->name);
    if (!name) return WR_NONE_ID;
    p->plan->streams[p->plan->n_streams] = (wr_plan_stream){.name = name,
                                                            .schema = of->schema,
                                                            .fault_of = WR_NONE_ID,
                                                            .fault = WR_NONE_ID,
                                                            .trigger = WR_NONE_ID,
                                                            .partition = p->partition - 1,
                                                            .view_of = stream,
                                                            .window = of->window,
                                                            .is_window_input = of->is_window_input,
                                                            .begin = of->begin,
                                                            .end = of->end};
    return p->plan->n_streams++;
}

static wr_partition_input *add_input(wr_planner *p, uint32_t stream) {
    wr_plan_keys *keys = &p->plan->partitions[p->partition - 1].op->u.keys;
    wr_partition_input *more = WR_PLAN_ARRAY(p, keys->n_inputs + 1, wr_partition_input);
    uint32_t view = add_view(p, stream);
    if (!more || view == WR_NONE_ID) return NULL;
    if (keys->n_inputs) memcpy(more, keys->inputs, keys->n_inputs * sizeof *more);
    keys->inputs = more;
    more[keys->n_inputs] = (wr_partition_input){.stream = stream, .view = view};
    return &more[keys->n_inputs++];
}

/* The query reads its streams through the partition's views. */
static void read_views(wr_planner *p, wr_plan_query *q) {
    wr_plan_keys *keys = &p->plan->partitions[p->partition - 1].op->u.keys;
    for (uint32_t s = 0; s < q->n_sides; s++) {
        uint32_t stream = q->side[s].stream;
        if (q->side[s].kind != WR_SIDE_STREAM || p->plan->streams[stream].partition != WR_NONE_ID) continue;
        wr_partition_input *input = find_input(keys, stream);
        if (!input) input = add_input(p, stream);
        if (input) q->side[s].stream = input->view;
    }
}

/* ---- Keys -------------------------------------------------------------------------------------------------
 */

static void plan_ranges(wr_planner *p, wr_scope *scope, const wr_ast_partition_key *key,
                        wr_partition_input *input) {
    wr_expr **conditions = WR_PLAN_ARRAY(p, key->n_ranges, wr_expr *);
    const char **labels = WR_PLAN_ARRAY(p, key->n_ranges, const char *);
    for (uint32_t i = 0; conditions && labels && i < key->n_ranges; i++) {
        conditions[i] = wr_type_condition(p, scope, key->ranges[i].condition, "the condition of a range");
        labels[i] = wr_plan_strdup(p, key->ranges[i].label);
    }
    if (!input || !conditions || !labels) return;
    input->ranges = conditions;
    input->labels = labels;
    input->n_ranges = key->n_ranges;
}

static wr_named *find_partitioned(wr_planner *p, const wr_ast_partition_key *key) {
    wr_ast_source source = {.span = key->stream.span, .name = key->stream};
    wr_named *named = wr_plan_find_source(p, &source);
    if (!named || named->poisoned || named->index != WR_NONE_ID) {
        if (!named || named->kind == WR_NAMED_STREAM || named->kind == WR_NAMED_WINDOW) return named;
    }
    wr_plan_error(p, key->stream.span, WEIR_ETYPE, "partition by the stream that the queries inside read",
                  "'%s' is %s, not a stream", named->name,
                  named->kind == WR_NAMED_TABLE ? "a table" : "an aggregation");
    return NULL;
}

static void plan_key(wr_planner *p, const wr_ast_partition_key *key) {
    wr_named *named = find_partitioned(p, key);
    if (!named) return;
    wr_plan_op *op = p->plan->partitions[p->partition - 1].op;
    bool known = !named->poisoned && named->index != WR_NONE_ID && op;
    if (known && find_input(&op->u.keys, named->index))
        wr_plan_error(p, key->span, WEIR_ENAME, "give it one key", "stream '%s' is partitioned twice",
                      named->name);
    wr_scope scope;
    wr_scope_init(&scope, "a partition key",
                  &(wr_scope_input){.id = named->name, .schema = named->schema, .poisoned = named->poisoned});
    wr_partition_input *input = known ? add_input(p, named->index) : NULL;
    wr_expr *value = key->value ? wr_type_expr(p, &scope, key->value) : NULL;
    if (input) input->value = value;
    if (key->n_ranges) plan_ranges(p, &scope, key, input);
}

/* Values of one type are compared as such, which is the same as by their text; any others by their text. */
static weir_type type_of_keys(const wr_plan_keys *keys) {
    weir_type type = WEIR_NONE;
    for (uint32_t i = 0; i < keys->n_inputs; i++) {
        const wr_expr *value = keys->inputs[i].value;
        if (!value && !keys->inputs[i].n_ranges) continue;
        if (!value || value->boxed || value->type == WEIR_OBJECT) return WEIR_STRING;
        if (type != WEIR_NONE && type != value->type) return WEIR_STRING;
        type = value->type;
    }
    return type == WEIR_NONE ? WEIR_STRING : type;
}

/* ---- @purge -----------------------------------------------------------------------------------------------
 */

static bool is_enabled(wr_planner *p, const wr_ast_annotation *a) {
    const wr_ast_annotation_item *enable = wr_ast_find_item(a, "enable");
    const char *value = enable ? enable->value : NULL;
    if (value && strcasecmp(value, "true") == 0) return true;
    if (!value || strcasecmp(value, "false") != 0)
        wr_plan_error(p, enable ? enable->span : a->span, WEIR_ECONFIG,
                      "write it as @purge(enable='true', interval='10 sec', idle.period='1 min')",
                      value ? "enable is 'true' or 'false', not '%s'" : "@purge needs 'enable'", value);
    return false;
}

/* Siddhi's @purge takes no milliseconds, and no weeks. */
static int64_t purge_time(wr_planner *p, const wr_ast_annotation_item *item) {
    if (strcasestr(item->value, "milli") || strcasestr(item->value, "week")) {
        wr_plan_error(p, item->value_span, WEIR_ECONFIG, "@purge takes seconds to days, months and years",
                      "%s can't be '%s'", item->key, item->value);
        return -1;
    }
    return wr_plan_annotation_time(p, item);
}

static void plan_purge(wr_planner *p, const wr_ast_annotations *all, wr_plan_keys *keys) {
    const wr_ast_annotation *a = wr_plan_annotation(p, all, "purge");
    if (!a) return;
    bool enabled = is_enabled(p, a);
    const wr_ast_annotation_item *idle = wr_ast_find_item(a, "idle.period"),
                                 *interval = wr_ast_find_item(a, "interval");
    if (!idle || !idle->value) {
        wr_plan_error(p, a->span, WEIR_ECONFIG,
                      "say how long a key must have had no rows: idle.period='1 min'",
                      "@purge needs 'idle.period'");
        return;
    }
    int64_t idle_ms = purge_time(p, idle);
    int64_t purge_ms = interval && interval->value ? purge_time(p, interval) : PURGE_EACH_MS;
    keys->idle_ms = idle_ms;
    keys->purge_ms = enabled ? purge_ms : 0;
}

/* ---- The whole --------------------------------------------------------------------------------------------
 */

static wr_plan_op *new_step(wr_planner *p, const wr_ast_partition *ast, const char *name) {
    wr_plan_op *op = WR_PLAN_NEW(p, wr_plan_op);
    char *text = wr_plan_text(p, (wr_span){ast->keys[0].span.begin, ast->keys[ast->n_keys - 1].span.end});
    if (!op || !text) return NULL;
    *op = (wr_plan_op){.kind = WR_OP_PARTITION,
                       .rank = p->n_ranks++,
                       .label = wr_plan_printf(p, "partition with (%s)", text),
                       .partition = p->partition - 1};
    op->signature = wr_plan_printf(p, "%s %s", name, op->label ? op->label : "");
    return op->label && op->signature ? op : NULL;
}

bool wr_plan_keeps_state(const wr_plan_op *op) {
    switch (op->kind) {
    case WR_OP_FILTER: return op->u.filter.n_aggs > 0;
    case WR_OP_SELECT: return op->u.select.n_aggs > 0;
    case WR_OP_FUNCTION: return false;
    default: return true;
    }
}

static void keep_by_key(wr_planner *p, wr_plan_op *op) {
    if (!op) return;
    op->partition = p->partition - 1;
    op->by_key = wr_plan_keeps_state(op);
    if (op->kind == WR_OP_WINDOW) op->u.window.args.by_key = true;
}

/* Of a named window that is joined only the content is read: its rows trigger nothing in a partition. */
static bool reads_rows(const wr_plan_query *q, uint32_t side) {
    if (q->side[side].kind != WR_SIDE_STREAM) return false;
    return !q->merge || q->merge->kind != WR_OP_JOIN || q->merge->u.join.window[side] == WR_NONE_ID;
}

static bool is_read(const wr_plan *plan, uint32_t view, uint32_t first_query) {
    for (uint32_t q = first_query; q < plan->n_queries; q++)
        for (uint32_t s = 0; s < plan->queries[q].n_sides; s++)
            if (reads_rows(&plan->queries[q], s) && plan->queries[q].side[s].stream == view) return true;
    return false;
}

/* A stream that no query inside reads makes no keys. */
static void drop_unread(wr_planner *p, wr_plan_keys *keys, uint32_t first_query) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < keys->n_inputs; i++)
        if (is_read(p->plan, keys->inputs[i].view, first_query)) keys->inputs[n++] = keys->inputs[i];
    keys->n_inputs = n;
}

/* What is different for a query that stands in a partition. */
static void settle_query(wr_planner *p, wr_plan_query *q) {
    read_views(p, q);
    for (uint32_t s = 0; s < q->n_sides; s++)
        for (uint32_t i = 0; i < q->side[s].n_ops; i++) keep_by_key(p, q->side[s].ops[i]);
    keep_by_key(p, q->merge);
    keep_by_key(p, q->select);
    keep_by_key(p, q->rate);
}

void wr_plan_partition_of(wr_planner *p, const wr_ast_partition *ast) {
    wr_plan *plan = p->plan;
    wr_plan_partition *part = &plan->partitions[plan->n_partitions++];
    p->partition = plan->n_partitions; /* inner streams of one are not those of the other */
    *part = (wr_plan_partition){.name = wr_plan_printf(p, "partition_%u", p->partition),
                                .begin = ast->span.begin,
                                .end = ast->span.end};
    if (part->name) part->op = new_step(p, ast, part->name);
    for (uint32_t i = 0; i < ast->n_keys; i++) plan_key(p, &ast->keys[i]);
    if (part->op) plan_purge(p, &ast->annotations, &part->op->u.keys);
    uint32_t first = plan->n_queries;
    for (uint32_t i = 0; i < ast->n_queries; i++) wr_plan_query_one(p, ast->queries[i]);
    if (part->op && p->first_error == WEIR_OK && !p->out_of_memory) {
        for (uint32_t i = first; i < plan->n_queries; i++) settle_query(p, &plan->queries[i]);
        drop_unread(p, &part->op->u.keys, first);
        part->op->u.keys.key_type = type_of_keys(&part->op->u.keys);
        part->op->n_in = part->op->u.keys.n_inputs;
    }
    p->partition = 0;
}
