/* aggregation.c: define aggregation: what it selects, by which keys, at which granularities.
 *
 * The select list falls into plain attributes, which keep the value of the latest row, and aggregates, which
 * are kept as totals; expressions over aggregates are computed when the aggregation is read. The rows come by
 * a query of its own, which makes the columns that are kept. */
#include <string.h>

#include "plan/aggregation.h"
#include "plan/query.h"
#include "plan/typing.h"

typedef struct defining {
    wr_planner *p;
    const wr_ast_definition *d;
    wr_plan_aggregation *a;
    wr_build build;     /* of the feeding query */
    wr_ast_query query; /* what it is built of */
    wr_ast_input input;
    wr_ast_output output;
    wr_agg_list aggs; /* as typing finds them; totals are made of these */
    wr_attr *attrs;   /* of the feed */
    wr_expr **feed;
    uint32_t n_feed, cap_feed;
} defining;

/* ---- The feed ---------------------------------------------------------------------------------------------
 */

static uint32_t add_feed(defining *def, wr_expr *e) {
    if (!e || def->n_feed == def->cap_feed) return WR_NONE_ID;
    def->attrs[def->n_feed] = (wr_attr){"", e->type, e->boxed};
    def->feed[def->n_feed] = e;
    return def->n_feed++;
}

static uint32_t find_feed(const defining *def, uint32_t from, uint32_t to, const wr_expr *e) {
    for (uint32_t i = from; e && i < to; i++)
        if (wr_expr_equal(def->feed[i], e)) return i;
    return WR_NONE_ID;
}

/* Room for keys, everything selected with its arguments (a call has any number, here one), and the time. */
static bool make_room(defining *def) {
    const wr_ast_selection *s = def->d->as.aggregation.selection;
    uint32_t n_outs = s->star ? def->build.inputs[0].schema.n_attrs : s->n_outs;
    def->cap_feed = s->n_group_by + 8 * n_outs + 2;
    def->attrs = WR_PLAN_ARRAY(def->p, def->cap_feed, wr_attr);
    def->feed = WR_PLAN_ARRAY(def->p, def->cap_feed, wr_expr *);
    def->a->outs = WR_PLAN_ARRAY(def->p, n_outs, wr_expr *);
    def->a->totals = WR_PLAN_ARRAY(def->p, 8 * n_outs, wr_plan_total);
    return def->attrs && def->feed && def->a->outs && def->a->totals;
}

static void plan_keys(defining *def) {
    const wr_ast_selection *s = def->d->as.aggregation.selection;
    wr_scope scope = wr_build_scope(&def->build, "group by");
    for (uint32_t i = 0; i < s->n_group_by; i++)
        add_feed(def, wr_scope_resolve(def->p, &scope, s->group_by[i]));
    def->a->n_keys = def->n_feed;
}

/* ---- Aggregates -------------------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    wr_total_kind kind;
} kinds[] = {{"count", WR_TOTAL_COUNT}, {"sum", WR_TOTAL_SUM}, {"avg", WR_TOTAL_AVG},
             {"min", WR_TOTAL_MIN},     {"max", WR_TOTAL_MAX}, {"distinctCount", WR_TOTAL_DISTINCT}};

static bool kind_of(const weir_aggregator_type *type, wr_total_kind *out) {
    for (size_t i = 0; i < WR_COUNT(kinds) && !*type->ns; i++)
        if (strcmp(kinds[i].name, type->name) == 0) {
            *out = kinds[i].kind;
            return true;
        }
    return false;
}

/* The totals are numbered like the slots. Arguments are added to the feed, once each. */
static void plan_totals(defining *def, uint32_t n_before) {
    wr_plan_aggregation *a = def->a;
    for (uint32_t i = 0; i < def->aggs.n; i++) {
        const wr_agg_slot *slot = &def->aggs.slots[i];
        wr_plan_total *total = &a->totals[a->n_totals++];
        *total = (wr_plan_total){.result = slot->result};
        wr_span span =
            slot->n_args ? (wr_span){slot->arg_info[0].begin, slot->arg_info[0].end} : def->d->id.span;
        if (!kind_of(slot->type, &total->kind)) {
            wr_plan_error(def->p, span, WEIR_EUNSUPPORTED,
                          "an aggregation keeps sum, avg, min, max, count and distinctCount",
                          "%s() can't be kept for buckets of time", slot->type->name);
            continue;
        }
        if (total->kind == WR_TOTAL_COUNT || !slot->n_args) continue;
        total->type = slot->args[0]->type;
        total->boxed = slot->args[0]->boxed;
        total->feed = find_feed(def, n_before, def->n_feed, slot->args[0]);
        if (total->feed == WR_NONE_ID) total->feed = add_feed(def, slot->args[0]);
    }
}

/* avg(v) of whole numbers, selected as it is: Siddhi divides longs and calls the result a double. */
static wr_expr *whole_average(defining *def, wr_expr *e) {
    if (e->kind != WR_EXPR_AGG) return e;
    wr_agg_slot *slot = &def->aggs.slots[e->u.column];
    wr_total_kind kind;
    bool is_avg = kind_of(slot->type, &kind) && kind == WR_TOTAL_AVG;
    if (!is_avg || (slot->args[0]->type != WEIR_INT && slot->args[0]->type != WEIR_LONG)) return e;
    wr_agg_slot whole = *slot;
    whole.result = WEIR_LONG;
    if (def->aggs.n == def->aggs.cap) {
        uint32_t cap = def->aggs.cap * 2;
        wr_agg_slot *slots = WR_PLAN_ARRAY(def->p, cap, wr_agg_slot);
        if (!slots) return NULL;
        memcpy(slots, def->aggs.slots, def->aggs.n * sizeof *slots);
        def->aggs.slots = slots;
        def->aggs.cap = cap;
    }
    def->aggs.slots[def->aggs.n] = whole;
    wr_span span = {e->begin - def->p->span_base, e->end - def->p->span_base};
    wr_expr *total = wr_expr_slot(def->p, WR_EXPR_AGG, def->aggs.n++, WEIR_LONG, span);
    return wr_expr_box(def->p, total, WEIR_DOUBLE);
}

/* An aggregate that stands alone takes an attribute, as in Siddhi. */
static bool check_argument(defining *def, const wr_ast_expr *e) {
    const wr_ast_call *call = &e->as.call;
    if (e->kind != WR_AST_CALL || call->ns.text ||
        !wr_registry_find_aggregator(def->p->registry, "", call->name.text))
        return true;
    if (call->n_args > 1) {
        wr_plan_error(def->p, e->span, WEIR_ETYPE, NULL, "%s() takes one attribute here", call->name.text);
        return false;
    }
    if (call->n_args == 1 && call->args[0]->kind != WR_AST_REF) {
        wr_plan_error(def->p, call->args[0]->span, WEIR_ETYPE,
                      "compute it in a query before, and aggregate what that gives",
                      "%s() takes an attribute in an aggregation, not an expression", call->name.text);
        return false;
    }
    return true;
}

/* ---- The select list --------------------------------------------------------------------------------------
 */

/* A plain attribute is a column of what is read; its place is filled in once their number is known. */
static wr_expr *plain_out(defining *def, wr_expr *e) {
    uint32_t at = find_feed(def, def->a->n_keys, def->n_feed, e);
    if (at == WR_NONE_ID) at = add_feed(def, e);
    if (at == WR_NONE_ID) return NULL;
    return wr_expr_column(def->p, WR_EXPR_COLUMN, at - def->a->n_keys, &def->attrs[at],
                          (wr_span){e->begin, e->end});
}

static bool is_column_free(const wr_expr *e, void *ctx) {
    (void)ctx;
    return e->kind != WR_EXPR_COLUMN && e->kind != WR_EXPR_TS;
}

static wr_expr *plan_item(defining *def, wr_scope *scope, const wr_ast_expr *ast) {
    wr_expr *e = check_argument(def, ast) ? wr_type_expr(def->p, scope, ast) : NULL;
    if (!e) return NULL;
    if (!wr_expr_has_kind(e, WR_EXPR_AGG)) return plain_out(def, e);
    if (!wr_expr_walk(e, is_column_free, NULL)) {
        wr_plan_error(def->p, ast->span, WEIR_EUNSUPPORTED, "select the attribute and the aggregate apart",
                      "an expression of an aggregation can't mix aggregates and attributes");
        return NULL;
    }
    return whole_average(def, e);
}

static void add_out(defining *def, wr_attr *attrs, uint32_t *n, const char *name, wr_span span, wr_expr *e) {
    for (uint32_t i = 0; i < *n + 1; i++)
        if (name && strcmp(attrs[i].name, name) == 0) {
            wr_plan_error(def->p, span, WEIR_ENAME, "give one of them another name with 'as'",
                          i ? "'%s' is selected twice" : "'%s' is the time of a bucket", name);
            return;
        }
    if (!name || !e) return;
    def->a->outs[*n] = e;
    attrs[++*n] = (wr_attr){name, e->type, e->boxed};
}

static void plan_all(defining *def, wr_attr *attrs, uint32_t *n) {
    const wr_scope_input *input = &def->build.inputs[0];
    for (uint32_t i = 0; i < input->schema.n_attrs; i++) {
        const wr_attr *attr = &input->schema.attrs[i];
        wr_span span = def->d->as.aggregation.selection->span;
        add_out(def, attrs, n, attr->name, span,
                plain_out(def, wr_expr_column(def->p, WR_EXPR_COLUMN, i, attr, span)));
    }
}

static void plan_list(defining *def) {
    const wr_ast_selection *s = def->d->as.aggregation.selection;
    uint32_t most = s->star ? def->build.inputs[0].schema.n_attrs : s->n_outs, n = 0;
    wr_attr *attrs = WR_PLAN_ARRAY(def->p, most + 1, wr_attr);
    wr_scope scope = wr_build_scope(&def->build, "an aggregation");
    if (!attrs) return;
    attrs[0] = (wr_attr){"AGG_TIMESTAMP", WEIR_LONG, false};
    scope.aggs = &def->aggs;
    scope.probes = NULL;
    if (s->star) plan_all(def, attrs, &n);
    for (uint32_t i = 0; !s->star && i < s->n_outs; i++) {
        const wr_ast_out *out = &s->outs[i];
        const wr_ast_name *name = out->alias.text ? &out->alias : &out->expr->as.ref.attr;
        wr_expr *e = plan_item(def, &scope, out->expr);
        add_out(def, attrs, &n, wr_plan_strdup(def->p, name->text ? name->text : ""), name->span, e);
    }
    def->a->schema = (wr_schema){n + 1, attrs};
    def->a->n_plain = def->n_feed - def->a->n_keys;
    def->a->plain_key = WR_PLAN_ARRAY(def->p, def->a->n_plain, uint32_t);
    for (uint32_t i = 0; def->a->plain_key && i < def->a->n_plain; i++)
        def->a->plain_key[i] = find_feed(def, 0, def->a->n_keys, def->feed[def->a->n_keys + i]);
}

/* ---- Time -------------------------------------------------------------------------------------------------
 */

static wr_expr *time_of_text(defining *def, wr_expr *e, wr_span span) {
    const weir_function_type *f =
        wr_registry_find_function(def->p->registry, "incrementalAggregator", "timestampInMilliseconds");
    return wr_plan_time_of_text(def->p, f, e, span);
}

static void plan_time(defining *def) {
    const wr_ast_expr *by = def->d->as.aggregation.by;
    def->a->by = WR_NONE_ID;
    if (!by) return;
    wr_scope scope = wr_build_scope(&def->build, "aggregate by");
    wr_expr *e = wr_scope_resolve(def->p, &scope, by);
    if (!e) return;
    if (e->type == WEIR_STRING && !e->boxed) e = time_of_text(def, e, by->span);
    if (e && (e->type != WEIR_LONG || e->boxed)) {
        wr_plan_error(def->p, by->span, WEIR_ETYPE, "a time is a long (ms since 1970) or a text",
                      "'aggregate by' takes a long or a string, not %s", weir_type_name(e->type));
        return;
    }
    def->a->by = add_feed(def, e);
}

static void plan_units(defining *def) {
    const wr_ast_definition *d = def->d;
    bool wanted[WR_N_UNITS] = {false};
    const wr_ast_unit *units = d->as.aggregation.units;
    if (d->as.aggregation.is_range)
        for (uint32_t u = units[0]; u <= units[1] && u < WR_N_UNITS; u++) wanted[u] = true;
    for (uint32_t i = 0; !d->as.aggregation.is_range && i < d->as.aggregation.n_units; i++)
        wanted[units[i]] = true;
    _Static_assert((int)WR_UNIT_SEC == (int)WR_SECOND && (int)WR_UNIT_YEAR == (int)WR_YEAR, "the same units");
    for (uint32_t u = 0; u < WR_N_UNITS; u++)
        if (wanted[u]) def->a->units[def->a->n_units++] = (wr_unit)u;
}

/* ---- The whole --------------------------------------------------------------------------------------------
 */

static void feed_by_query(defining *def) {
    wr_planner *p = def->p;
    wr_plan_query *query = def->build.query;
    if (!def->n_feed) { /* nothing but count(): a column all the same */
        wr_expr *one = wr_expr_bool(p, true, def->d->id.span);
        add_feed(def, one);
    }
    def->a->feed = (wr_schema){def->n_feed, def->attrs};
    wr_plan_select select = {
        .outs = def->feed, .limit = -1, .chunk_mode = WR_CHUNK_ROWS, .wants_current = true};
    char *label = wr_plan_text(p, def->d->as.aggregation.selection->span);
    wr_plan_op *op =
        wr_plan_new_op(&def->build, WR_OP_SELECT, label, def->build.inputs[0].schema, def->a->feed);
    query->select = op;
    if (op) op->u.select = select;
}

static void begin_query(defining *def) {
    wr_planner *p = def->p;
    wr_plan_query *query = &p->plan->queries[p->plan->n_queries++];
    p->n_feeding++;
    *query = (wr_plan_query){.name = wr_plan_printf(p, "aggregation %s", def->a->name),
                             .side = WR_PLAN_ARRAY(p, 1, wr_plan_side),
                             .n_sides = 1,
                             .output_kind = WR_OUTPUT_AGGREGATION,
                             .partition = WR_NONE_ID,
                             .target = (uint32_t)(def->a - p->plan->aggregations),
                             .begin = def->d->span.begin,
                             .end = def->d->span.end,
                             .is_named = true};
    if (query->name) (void)wr_plan_take_query_name(p, query->name);
    def->input = (wr_ast_input){.kind = WR_INPUT_SINGLE, .span = def->d->as.aggregation.input->span};
    def->input.as.single = def->d->as.aggregation.input;
    def->output = (wr_ast_output){.kind = WR_OUTPUT_INSERT, .span = def->d->id.span};
    def->query = (wr_ast_query){.span = def->d->span, .input = &def->input, .output = &def->output};
    def->build = (wr_build){.p = p, .ast = &def->query, .query = query, .n_inputs = 1};
}

/* As in Siddhi, which looks for a stream alone. */
static bool check_source(wr_planner *p, const wr_ast_definition *d) {
    const wr_ast_source *source = &d->as.aggregation.input->source;
    const wr_named *named = wr_plan_find(p, source->name.text);
    if (!named || named->kind != WR_NAMED_WINDOW) return true;
    wr_plan_error(p, source->span, WEIR_ENAME, "insert its rows into a stream, and aggregate that",
                  "an aggregation reads a stream, and '%s' is a window", named->name);
    return false;
}

void wr_plan_aggregation_of(wr_planner *p, wr_named *named) {
    const wr_ast_definition *d = named->definition;
    defining def = {.p = p, .d = d, .a = &p->plan->aggregations[named->index]};
    begin_query(&def);
    if (!def.build.query->side) return;
    named->poisoned = true;
    if (!check_source(p, d)) return;
    wr_plan_side_of(&def.build, 0, d->as.aggregation.input);
    plan_units(&def);
    wr_plan_purge(p, d, def.a);
    named->poisoned = true;
    if (def.build.inputs[0].poisoned || !make_room(&def)) return;
    plan_keys(&def);
    plan_list(&def);
    plan_totals(&def, def.n_feed);
    plan_time(&def);
    if (p->first_error != WEIR_OK || p->out_of_memory) return;
    feed_by_query(&def);
    wr_plan_bucket_store_of(p, d, def.a, &def.build.inputs[0].schema, def.feed);
    named->schema = def.a->schema;
    named->poisoned = false;
    wr_plan_query_done(p, def.build.query);
}
