#include "plan/planner.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "plan/annotations.h"
#include "plan/context.h"
#include "plan/definitions.h"
#include "plan/named_window.h"
#include "plan/order.h"
#include "plan/query.h"

/* Ranks are phases of origins: 16 bits, the last one is that of events. */
#define MAX_RANKS (WEIR_PHASE_EVENT - 1u)

static uint32_t count_partitions(const wr_ast_app *app) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < app->n_elements; i++) n += app->elements[i].partition != NULL;
    return n;
}

static uint32_t count_queries(const wr_ast_app *app) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < app->n_elements; i++)
        n += app->elements[i].query ? 1 : app->elements[i].partition->n_queries;
    return n;
}

/* An aggregation in a store has a table for each granularity. */
static uint32_t count_tables(const wr_ast_app *app) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < app->n_definitions; i++)
        n += app->definitions[i]->kind == WR_DEFINE_AGGREGATION ? WR_N_UNITS : 1;
    return n;
}

/* Room for all that the app can define: a definition makes two streams at most (a stream and its fault
 * stream, the two of a window) and a query (of a window), a query one stream. A
 * partition may have a view of each. */
static void make_room(wr_planner *p) {
    size_t n_queries = count_queries(p->app), n_definitions = p->app->n_definitions,
           n_partitions = count_partitions(p->app);
    wr_plan *plan = p->plan;
    plan->streams = WR_PLAN_ARRAY(p, (2 * n_definitions + n_queries) * (1 + n_partitions), wr_plan_stream);
    plan->partitions = WR_PLAN_ARRAY(p, n_partitions, wr_plan_partition);
    plan->tables = WR_PLAN_ARRAY(p, count_tables(p->app), wr_plan_table);
    plan->triggers = WR_PLAN_ARRAY(p, n_definitions, wr_plan_trigger);
    plan->aggregations = WR_PLAN_ARRAY(p, n_definitions, wr_plan_aggregation);
    plan->windows = WR_PLAN_ARRAY(p, n_definitions, wr_plan_named_window);
    plan->queries = WR_PLAN_ARRAY(p, n_queries + n_definitions, wr_plan_query);
    p->scripts = WR_PLAN_ARRAY(p, n_definitions, wr_script);
}

static void plan_elements(wr_planner *p) {
    for (uint32_t i = 0; i < p->app->n_elements && !p->out_of_memory; i++) {
        const wr_ast_element *element = &p->app->elements[i];
        if (element->query)
            wr_plan_query_one(p, element->query);
        else
            wr_plan_partition_of(p, element->partition);
    }
}

static void plan_graph(wr_planner *p) {
    if (p->n_ranks + p->plan->n_triggers > MAX_RANKS) {
        wr_plan_error(p, p->app->span, WEIR_ELIMIT, "split it into several apps",
                      "an app can have %u operators, this one has more", MAX_RANKS);
        return;
    }
    wr_order_queries(p);
    if (!p->out_of_memory) wr_order_producers(p);
    if (!p->out_of_memory) wr_order_origins(p);
}

static uint64_t hash_of(const wr_planner *p, uint32_t begin, uint32_t end) {
    return wr_hash_bytes(p->src->text + begin, end - begin);
}

/* By which a part without a name is known again in a later text of the app. */
static void note_texts(wr_planner *p) {
    wr_plan *plan = p->plan;
    for (uint32_t i = 0; i < plan->n_queries; i++)
        plan->queries[i].text_hash = hash_of(p, plan->queries[i].begin, plan->queries[i].end);
    for (uint32_t i = 0; i < plan->n_partitions; i++)
        plan->partitions[i].text_hash = hash_of(p, plan->partitions[i].begin, plan->partitions[i].end);
    for (uint32_t i = 0; i < plan->n_aggregations; i++)
        plan->aggregations[i].text_hash = hash_of(p, plan->aggregations[i].begin, plan->aggregations[i].end);
}

static weir_status plan_app(wr_planner *p, const char *app_name) {
    make_room(p);
    if (p->out_of_memory) return WEIR_ENOMEM;
    wr_plan_app_annotations(p);
    if (!p->plan->name && app_name) p->plan->name = wr_plan_strdup(p, app_name);
    if (!p->out_of_memory) wr_plan_definitions(p);
    if (!p->out_of_memory) plan_elements(p);
    if (!p->out_of_memory && p->first_error == WEIR_OK) wr_plan_settle_windows(p);
    if (!p->out_of_memory && p->first_error == WEIR_OK) plan_graph(p);
    if (!p->out_of_memory && p->first_error == WEIR_OK) note_texts(p);
    return p->out_of_memory ? WEIR_ENOMEM : p->first_error;
}

typedef struct planning {
    const wr_ast_app *app;
    const wr_source *src;
    const wr_registry *registry;
    wr_plan_options options;
    wr_diag *diags;
    wr_any_types any_types;
} planning;

static weir_status plan_once(planning *all, wr_plan **out) {
    *out = NULL;
    wr_account *account = all->options.account;
    wr_plan *plan = wr_alloc_zero(account, sizeof *plan);
    if (!plan) return WEIR_ENOMEM;
    wr_arena_init(&plan->arena, account);
    wr_planner p = {.app = all->app,
                    .src = all->src,
                    .registry = all->registry,
                    .diags = all->diags,
                    .plan = plan,
                    .arena = &plan->arena,
                    .any_types = &all->any_types,
                    .refs = all->options.refs,
                    .n_refs = all->options.n_refs};
    wr_arena_init(&p.scratch, account);
    weir_status st = plan_app(&p, all->options.app_name);
    wr_arena_fini(&p.scratch);
    if (p.out_of_memory) {
        weir_error err;
        memset(&err, 0, sizeof err);
        weir_fail(&err, WEIR_ENOMEM, "out of memory while planning the app");
        wr_diag_add(all->diags, &err);
    }
    if (st != WEIR_OK)
        wr_plan_free(plan);
    else
        *out = plan;
    return st;
}

weir_status wr_plan_app(const wr_ast_app *app, const wr_source *src, const wr_registry *registry,
                        const wr_plan_options *options, wr_plan **out, wr_diag *diags) {
    planning all = {.app = app, .src = src, .registry = registry, .diags = diags};
    if (options) all.options = *options;
    uint32_t known;
    weir_status st;
    do { /* once more, when a table turned out to hold values of other types than it says */
        known = all.any_types.n;
        st = plan_once(&all, out);
        if (st == WEIR_OK && all.any_types.n > known) wr_plan_free(*out);
    } while (st == WEIR_OK && all.any_types.n > known);
    for (uint32_t i = 0; i < all.any_types.n; i++) free(all.any_types.list[i].table);
    wr_free(NULL, all.any_types.list, all.any_types.cap * sizeof *all.any_types.list);
    return st;
}

void wr_plan_free(wr_plan *plan) {
    if (!plan) return;
    wr_account *account = plan->arena.account;
    wr_arena_fini(&plan->arena);
    wr_free(account, plan, sizeof *plan);
}

uint32_t wr_plan_find_stream(const wr_plan *plan, const char *name) {
    for (uint32_t i = 0; i < plan->n_streams; i++)
        if (strcmp(plan->streams[i].name, name) == 0 && plan->streams[i].view_of == WR_NONE_ID) return i;
    return WR_NONE_ID;
}
