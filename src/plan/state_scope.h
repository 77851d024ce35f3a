/* state_scope.h: what the names in a query over a pattern or sequence mean.
 *
 * A name picks an event of an item (see pattern.h), and each value that somebody reads becomes a column: in a
 * filter behind the columns of the item's own stream, in the selector a column of the pattern's output. */
#ifndef WR_PLAN_STATE_SCOPE_H
#define WR_PLAN_STATE_SCOPE_H

#include "plan/pattern.h"
#include "plan/scope.h"

/* What an item is called. */
typedef struct wr_state_name {
    const char *alias; /* e1, or NULL: then the stream's name is its name */
    const char *id;    /* of the stream */
    wr_schema schema;
    uint32_t n_own; /* attributes of the stream; a stream function adds those behind, which are null */
    bool is_counted, poisoned;
} wr_state_name;

struct wr_state_scope {
    const wr_state_name *names; /* by item: those that can be named */
    uint32_t n_names;
    uint32_t own;       /* the item whose filter it is; WR_NO_ITEM: the selector */
    uint32_t n_own;     /* columns of its stream */
    wr_event_ref *refs; /* columns n_own, n_own + 1, … */
    uint32_t n_refs, cap_refs;
};

/* As wr_scope_resolve, where s->states is set. */
wr_expr *wr_state_resolve(wr_planner *p, const wr_scope *s, const wr_ast_expr *e);
/* Does e name an event (and no attribute)? */
bool wr_state_names_event(wr_planner *p, const wr_scope *s, const wr_ast_expr *e);
/* The timestamp of the event that e names; null when there is none. */
wr_expr *wr_state_event_time(wr_planner *p, const wr_scope *s, const wr_ast_expr *e);
/* Column `column` of an item's first event. */
wr_expr *wr_state_first(wr_planner *p, const wr_scope *s, uint32_t item, uint32_t column, wr_span span);
/* All attributes of all items. */
uint32_t wr_state_n_attrs(const wr_scope *s);

#endif
