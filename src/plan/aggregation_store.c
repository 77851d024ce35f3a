/* aggregation_store.c: @store of an aggregation: the tables that it is kept in.
 *
 * They have the names and columns that Siddhi gives them, so that what one has written, the other reads:
 *
 *   A_SECONDS, A_MINUTES, … (AGG_TIMESTAMP, [SHARD_ID], [AGG_EVENT_TIMESTAMP], group keys, other attributes,
 *                            [AGG_LAST_EVENT_TIMESTAMP], AGG_SUM_v, AGG_COUNT, AGG_MIN_v, AGG_MAX_v,
 * AGG_SET_v)
 *
 * AGG_EVENT_TIMESTAMP is there with `aggregate by`, SHARD_ID with @PartitionById. The primary key is all
 * before the other attributes. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/within.h"
#include "plan/aggregation.h"
#include "plan/annotations.h"

#define CACHED_ROWS "10000" /* of each table, unless @cache says otherwise */

typedef struct keeping {
    wr_planner *p;
    const wr_ast_annotation *store; /* @store */
    const wr_plan_aggregation *a;
    const wr_schema *input;
    wr_expr *const *feed;
    wr_plan_bucket_store *out;
    wr_attr *attrs; /* of the tables */
    uint32_t n;
    uint32_t n_key; /* the first ones */
} keeping;

/* ---- Columns ----------------------------------------------------------------------------------------------
 */

static uint32_t add_column(keeping *k, const char *name, weir_type type) {
    for (uint32_t i = 0; i < k->n; i++)
        if (strcasecmp(k->attrs[i].name, name) == 0) {
            wr_plan_error(k->p, k->store->span, WEIR_ENAME, "give the attribute another name with 'as'",
                          "the tables of '%s' would have two columns '%s'", k->a->name, name);
            return i;
        }
    k->attrs[k->n] = (wr_attr){.name = name, .type = type};
    return k->n++;
}

static uint32_t feed_column(keeping *k, uint32_t feed, const char *name) {
    const wr_attr *attr = &k->a->feed.attrs[feed];
    if (attr->boxed || (feed < k->a->n_keys && attr->type == WEIR_OBJECT))
        wr_plan_error(k->p, k->store->span, WEIR_ETYPE, NULL, "'%s' has no type that a store can keep", name);
    return add_column(k, name, attr->type);
}

/* The attribute of the stream that a column of the feed is, or NULL. */
static const char *attribute_name(const keeping *k, uint32_t feed) {
    const wr_expr *e = k->feed[feed];
    return e->kind == WR_EXPR_COLUMN ? k->input->attrs[e->u.column].name : NULL;
}

static void add_key(keeping *k) {
    wr_plan_bucket_store *out = k->out;
    uint32_t begin = add_column(k, "AGG_TIMESTAMP", WEIR_LONG);
    bool by_event = k->a->by != WR_NONE_ID;
    if (out->shard_id) out->shard = add_column(k, "SHARD_ID", WEIR_STRING);
    out->time = by_event ? add_column(k, "AGG_EVENT_TIMESTAMP", WEIR_LONG) : begin;
    out->start = by_event ? begin : WR_NONE_ID;
    for (uint32_t i = 0; i < k->a->n_keys; i++) {
        const char *name = attribute_name(k, i);
        out->keys[i] = feed_column(k, i, name ? name : "");
    }
    k->n_key = k->n;
}

/* The name under which a plain attribute is selected. */
static const char *plain_name(const keeping *k, uint32_t plain) {
    for (uint32_t i = 0; i + 1 < k->a->schema.n_attrs; i++)
        if (k->a->outs[i]->kind == WR_EXPR_COLUMN && k->a->outs[i]->u.column == plain)
            return k->a->schema.attrs[i + 1].name;
    return "";
}

static void add_plain(keeping *k) {
    bool any = false;
    for (uint32_t i = 0; i < k->a->n_plain; i++) {
        bool is_key = k->a->plain_key[i] != WR_NONE_ID;
        any |= !is_key;
        k->out->plain[i] =
            is_key ? k->out->keys[k->a->plain_key[i]] : feed_column(k, k->a->n_keys + i, plain_name(k, i));
    }
    if (any && k->a->by != WR_NONE_ID) k->out->latest = add_column(k, "AGG_LAST_EVENT_TIMESTAMP", WEIR_LONG);
}

/* ---- Totals -----------------------------------------------------------------------------------------------
 */

static weir_type value_type(const wr_plan_total *t) {
    if (t->kind == WR_TOTAL_DISTINCT) return WEIR_OBJECT;
    if (t->kind == WR_TOTAL_MIN || t->kind == WR_TOTAL_MAX) return t->type;
    return t->type == WEIR_FLOAT || t->type == WEIR_DOUBLE ? WEIR_DOUBLE : WEIR_LONG;
}

/* Totals share columns: the sum of an average is the sum. */
static uint32_t total_column(keeping *k, const char *prefix, const char *of, weir_type type) {
    char *name = wr_plan_printf(k->p, "%s%s", prefix, of);
    for (uint32_t i = k->n_key; name && i < k->n; i++)
        if (strcmp(k->attrs[i].name, name) == 0 && k->attrs[i].type == type) return i;
    return name ? add_column(k, name, type) : 0;
}

static void add_totals(keeping *k) {
    static const char *const prefix[] = {[WR_TOTAL_SUM] = "AGG_SUM_",
                                         [WR_TOTAL_AVG] = "AGG_SUM_",
                                         [WR_TOTAL_MIN] = "AGG_MIN_",
                                         [WR_TOTAL_MAX] = "AGG_MAX_",
                                         [WR_TOTAL_DISTINCT] = "AGG_SET_"};
    for (uint32_t i = 0; i < k->a->n_totals; i++) {
        const wr_plan_total *t = &k->a->totals[i];
        k->out->values[i] = k->out->rows[i] = WR_NONE_ID;
        if (t->kind != WR_TOTAL_COUNT) {
            const char *of = attribute_name(k, t->feed);
            if (!of || t->boxed) {
                wr_plan_error(k->p, k->store->span, WEIR_EUNSUPPORTED,
                              "compute it in a query before, and aggregate what that gives",
                              "an aggregation in a store takes aggregates of attributes that have a type");
                return;
            }
            k->out->values[i] = total_column(k, prefix[t->kind], of, value_type(t));
        }
        if (wr_plan_total_has_rows(t)) k->out->rows[i] = total_column(k, "AGG_COUNT", "", WEIR_LONG);
    }
}

/* ---- Tables -----------------------------------------------------------------------------------------------
 */

/* Is it asked for? */
static bool is_enabled(const wr_ast_annotation *a) {
    const wr_ast_annotation_item *enable = a ? wr_ast_find_item(a, "enable") : NULL;
    return a && (!enable || !enable->value || strcasecmp(enable->value, "true") == 0);
}

static void read_shard(keeping *k, const wr_ast_annotation *partition) {
    if (!is_enabled(partition)) return;
    const wr_ast_annotation_item *id = wr_ast_find_item(partition, "shardId");
    if (id && id->value && *id->value)
        k->out->shard_id = wr_plan_strdup(k->p, id->value);
    else
        wr_plan_error(k->p, partition->span, WEIR_ECONFIG,
                      "@PartitionById(enable='true', shardId='${SHARD_ID}')",
                      "@PartitionById needs a 'shardId', which is another one for each app that writes");
}

/* Rows that others write may change at any time: then nothing is cached unless that is asked for. */
static wr_plan_store *read_store(keeping *k) {
    wr_plan_store *store = wr_plan_store_annotation(k->p, k->store);
    const wr_ast_annotation_item *name = wr_ast_find_item(k->store, "table.name");
    if (name)
        wr_plan_error(k->p, name->span, WEIR_ECONFIG,
                      "leave it out: the tables are called after the aggregation",
                      "an aggregation has a table for each granularity, which can't all be '%s'",
                      name->value ? name->value : "");
    if (!store || store->has_cache || k->out->shard_id) return store;
    store->cache_options = WR_PLAN_ARRAY(k->p, 2, wr_option);
    if (!store->cache_options) return NULL;
    store->cache_options[0] = (wr_option){.key = "size", .value = CACHED_ROWS};
    store->cache_options[1] = (wr_option){.key = "cache.policy", .value = "LRU"};
    store->n_cache_options = 2;
    store->has_cache = true;
    return store;
}

/* "SECONDS" */
static const char *duration_name(wr_planner *p, wr_unit unit) {
    char *name = wr_plan_strdup(p, wr_unit_name(unit));
    for (char *c = name; c && *c; c++) *c = (char)toupper((unsigned char)*c);
    return name ? name : "";
}

static void index_time(keeping *k, wr_plan_table *table) {
    for (uint32_t i = 0; i < table->n_indexes; i++)
        if (table->indexes[i] == k->out->time) return;
    if (k->out->start != WR_NONE_ID) table->indexes[table->n_indexes++] = k->out->time;
}

static void add_table(keeping *k, uint32_t at, wr_plan_store *store, const wr_ast_definition *d) {
    wr_plan *plan = k->p->plan;
    const char *name = wr_plan_printf(k->p, "%s_%s", k->a->name, duration_name(k->p, k->a->units[at]));
    wr_plan_table *table = &plan->tables[plan->n_tables];
    *table = (wr_plan_table){.name = name,
                             .schema = {k->n, k->attrs},
                             .key = WR_PLAN_ARRAY(k->p, k->n_key, uint32_t),
                             .n_key = k->n_key,
                             .store = store,
                             .aggregation = (uint32_t)(k->a - plan->aggregations),
                             .begin = d->span.begin,
                             .end = d->span.end};
    if (!name || !table->key) return;
    if (wr_plan_find(k->p, name))
        wr_plan_error(k->p, k->store->span, WEIR_ENAME, "give it another name",
                      "'%s' is a table of the aggregation '%s', and something else of the app", name,
                      k->a->name);
    for (uint32_t i = 0; i < k->n_key; i++) table->key[i] = i;
    if (!at)
        wr_plan_index_annotations(k->p, &d->annotations, table);
    else {
        table->indexes = plan->tables[k->out->table[0]].indexes;
        table->n_indexes = plan->tables[k->out->table[0]].n_indexes;
    }
    if (!at && table->indexes) index_time(k, table);
    k->out->table[at] = plan->n_tables++;
}

static bool make_room(keeping *k) {
    const wr_plan_aggregation *a = k->a;
    wr_plan_bucket_store *out = k->out;
    uint32_t most = 4 + a->n_keys + a->n_plain + 2 * a->n_totals;
    out->keys = WR_PLAN_ARRAY(k->p, a->n_keys, uint32_t);
    out->plain = WR_PLAN_ARRAY(k->p, a->n_plain, uint32_t);
    out->values = WR_PLAN_ARRAY(k->p, a->n_totals, uint32_t);
    out->rows = WR_PLAN_ARRAY(k->p, a->n_totals, uint32_t);
    out->rest = WR_PLAN_ARRAY(k->p, most, uint32_t);
    k->attrs = WR_PLAN_ARRAY(k->p, most, wr_attr);
    return out->keys && out->plain && out->values && out->rows && out->rest && k->attrs;
}

/* What is nothing without @store. */
static void check_annotations(wr_planner *p, const wr_ast_definition *d, const wr_ast_annotation *store) {
    static const char *const names[] = {"PartitionById", "persistedAggregation"};
    for (size_t i = 0; i < WR_COUNT(names); i++) {
        const wr_ast_annotation *a = wr_ast_find_annotation(&d->annotations, names[i], 0);
        if (a && !store && is_enabled(a))
            wr_plan_error(p, a->span, WEIR_ECONFIG, "give it a @store(…)",
                          "@%s is for aggregations in a store", names[i]);
    }
    const wr_ast_annotation *key = wr_ast_find_annotation(&d->annotations, "PrimaryKey", 0);
    if (key)
        wr_plan_error(p, key->span, WEIR_ECONFIG, "leave it out",
                      "the key of an aggregation is its time and its groups");
}

void wr_plan_bucket_store_of(wr_planner *p, const wr_ast_definition *d, wr_plan_aggregation *a,
                             const wr_schema *input, wr_expr *const *feed) {
    keeping k = {.p = p, .a = a, .input = input, .feed = feed};
    k.store = wr_plan_annotation(p, &d->annotations, "store");
    check_annotations(p, d, k.store);
    k.out = k.store ? WR_PLAN_NEW(p, wr_plan_bucket_store) : NULL;
    if (!k.out || !make_room(&k)) return;
    k.out->shard = k.out->latest = WR_NONE_ID;
    read_shard(&k, wr_plan_annotation(p, &d->annotations, "PartitionById"));
    add_key(&k);
    add_plain(&k);
    add_totals(&k);
    for (uint32_t i = k.n_key; i < k.n; i++) k.out->rest[k.out->n_rest++] = i;
    wr_plan_store *store = read_store(&k);
    for (uint32_t i = 0; store && i < a->n_units; i++) add_table(&k, i, store, d);
    a->store = k.out;
}
