#include "plan/query.h"

#include <string.h>

#include "base/hash.h"

#include "plan/annotations.h"
#include "plan/prune.h"
#include "plan/typing.h"

/* ---- Names ------------------------------------------------------------------------------------------------
 */

typedef struct wr_taken_name {
    struct wr_taken_name *next;
    const char *name;
} wr_taken_name;

bool wr_plan_take_query_name(wr_planner *p, const char *name) {
    wr_taken_name **bucket = &p->query_names[wr_hash_bytes(name, strlen(name)) % WR_COUNT(p->query_names)];
    for (const wr_taken_name *t = *bucket; t; t = t->next)
        if (strcmp(t->name, name) == 0) return true;
    wr_taken_name *t = WR_PLAN_NEW(p, wr_taken_name);
    if (!t) return false;
    *t = (wr_taken_name){*bucket, name};
    *bucket = t;
    return false;
}

static const char *query_name(wr_planner *p, const wr_ast_query *ast, bool *is_named) {
    wr_span span = ast->span;
    const char *name = wr_plan_query_name(p, &ast->annotations, &span);
    *is_named = name != NULL;
    if (!name) {
        name = wr_plan_printf(p, "query_%u", p->plan->n_queries - p->n_feeding + 1);
        if (name) (void)wr_plan_take_query_name(p, name);
        return name;
    }
    if (wr_plan_take_query_name(p, name))
        wr_plan_error(p, span, WEIR_ENAME, "query names are unique", "there is a query '%s' already", name);
    return name;
}

/* ---- Input ------------------------------------------------------------------------------------------------
 */

static void plan_input(wr_build *b) {
    const wr_ast_input *input = b->ast->input;
    switch (input->kind) {
    case WR_INPUT_SINGLE:
        b->query->n_sides = 1;
        b->n_inputs = 1;
        wr_plan_side_of(b, 0, input->as.single);
        break;
    case WR_INPUT_JOIN: wr_plan_join_of(b, input->as.join); break;
    case WR_INPUT_PATTERN:
    case WR_INPUT_SEQUENCE: wr_plan_states_of(b, input); break;
    case WR_INPUT_ANONYMOUS:
        wr_plan_error(b->p, input->span, WEIR_ETYPE,
                      "insert the inner query's rows into a stream and read that",
                      "a query can't stand in place of a stream");
        b->query->n_sides = 1;
        b->query->side[0] = (wr_plan_side){.stream = WR_NONE_ID, .table = WR_NONE_ID};
        b->n_inputs = 1;
        b->inputs[0] = (wr_scope_input){.id = "", .poisoned = true};
        break;
    }
}

/* ---- The whole --------------------------------------------------------------------------------------------
 */

static void sign(wr_planner *p, const wr_plan_query *query, wr_plan_op *op, const char *place) {
    if (op)
        op->signature = wr_plan_printf(p, "%s/%s %s %s%s", query->name, place, op->label,
                                       wr_plan_schema_text(p, &op->in), p->partition ? " by key" : "");
}

void wr_plan_sign(wr_planner *p, wr_plan_query *query) {
    for (uint32_t s = 0; s < query->n_sides; s++)
        for (uint32_t i = 0; i < query->side[s].n_ops; i++) {
            const char *place =
                query->n_sides > 1 ? wr_plan_printf(p, "side%u.%u", s, i) : wr_plan_printf(p, "%u", i);
            if (place) sign(p, query, query->side[s].ops[i], place);
        }
    sign(p, query, query->merge, "merge");
    sign(p, query, query->select, "select");
    sign(p, query, query->rate, "rate");
}

/* Only a plan without errors goes on to be run: the rest relies on all its parts being there. */
void wr_plan_query_done(wr_planner *p, wr_plan_query *query) {
    if (p->first_error != WEIR_OK || p->out_of_memory) return;
    wr_plan_sign(p, query);
    wr_prune_query(p, query);
}

void wr_plan_query_one(wr_planner *p, const wr_ast_query *ast) {
    bool is_named;
    const char *name = query_name(p, ast, &is_named);
    wr_plan_query *query = &p->plan->queries[p->plan->n_queries++];
    *query = (wr_plan_query){.name = name,
                             .side = WR_PLAN_ARRAY(p, WR_MAX_SIDES, wr_plan_side),
                             .partition = p->partition ? p->partition - 1 : WR_NONE_ID,
                             .begin = ast->span.begin,
                             .end = ast->span.end,
                             .is_named = is_named};
    if (!query->side) return;
    wr_build b = {.p = p, .ast = ast, .query = query};
    plan_input(&b);
    wr_plan_select_list(&b);
    wr_plan_output_of(&b);
    wr_plan_select_rest(&b);
    wr_plan_rate_of(&b);
    wr_plan_query_done(p, query);
}
