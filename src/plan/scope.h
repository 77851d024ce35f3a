/* scope.h: what the names in an expression can mean, where it stands.
 *
 * One scope serves one place of a query (a filter, the select list, having, …). It also gathers what typing
 * an expression makes beside the expression itself: aggregates and table probes of the operator. */
#ifndef WR_PLAN_SCOPE_H
#define WR_PLAN_SCOPE_H

#include "plan/context.h"

/* One stream (or table) whose attributes can be named. */
typedef struct wr_scope_input {
    const char *id;    /* its name, with mark */
    const char *alias; /* or NULL; if there is one, the id is not a name here */
    wr_schema schema;
    uint32_t base;          /* column of its first attribute */
    bool poisoned;          /* its attributes are not known */
    bool qualified_only;    /* `x` never means this input's x, only `T.x` does */
    const char *vain_alias; /* given, but no name (on-demand queries), or NULL */
} wr_scope_input;

/* Aggregates of one operator; equal ones share a slot. */
typedef struct wr_agg_list {
    wr_agg_slot *slots;
    uint32_t n, cap;
} wr_agg_list;

typedef struct wr_probe_list {
    wr_plan_lookup *lookups;
    uint32_t n, cap;
} wr_probe_list;

#define WR_SCOPE_INPUTS 3

typedef struct wr_scope {
    const char *place; /* for messages: "a filter" */
    wr_scope_input inputs[WR_SCOPE_INPUTS];
    uint32_t n_inputs;
    uint32_t n_columns; /* of the operator's input: a probed table's columns come after */
    /* having, order by: the selector's own columns, which win over inputs. */
    const wr_schema *outputs; /* or NULL */
    wr_expr *const *outs;     /* what makes them */
    bool first_wins;          /* of inputs that have an attribute of that name */
    bool outputs_only;        /* inputs are not visible (a single-input query) */
    bool is_join, is_join_condition;
    wr_agg_list *aggs; /* NULL: no aggregates here */
    wr_expr *when;     /* what must be true for the part in hand to be computed at all; NULL: it always is */
    wr_probe_list *probes; /* NULL: no `in` here */
    bool never_probes;     /* nor in Siddhi: the filter of a step */
    /* The condition of an expression window: inputs[1] is `first` and inputs[2] `last`, and the columns
     * n_ends and n_ends + 1 are their timestamps. */
    bool has_ends;
    uint32_t n_ends;
    /* A join: the columns n_times and n_times + 1 are when its sides' rows happened; tables have no times. */
    bool has_time[2];
    uint32_t n_times;
    /* A pattern or sequence: names are those of its items, and inputs are not used. See state_scope.h. */
    struct wr_state_scope *states;
    bool state_lists; /* e1.x of a counted item is the list of all its values */
} wr_scope;

/* A scope over one input whose attributes are columns 0..n-1. */
void wr_scope_init(wr_scope *s, const char *place, const wr_scope_input *input);

/* The column or output that a reference names; NULL when it failed (told) or is poisoned. */
wr_expr *wr_scope_resolve(wr_planner *p, const wr_scope *s, const wr_ast_expr *e);
/* The input with that name or alias, or NULL. Tells nothing. */
const wr_scope_input *wr_scope_find_input(const wr_scope *s, const char *marked_name);

#endif
