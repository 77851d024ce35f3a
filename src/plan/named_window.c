#include "plan/named_window.h"

#include <string.h>

#include "plan/query.h"
#include "plan/typing.h"
#include "plan/window.h"

static uint32_t add_stream(wr_planner *p, const wr_named *named, uint32_t window, bool is_input,
                           wr_span span) {
    p->plan->streams[p->plan->n_streams] = (wr_plan_stream){.name = named->name,
                                                            .schema = named->schema,
                                                            .fault_of = WR_NONE_ID,
                                                            .fault = WR_NONE_ID,
                                                            .trigger = WR_NONE_ID,
                                                            .partition = WR_NONE_ID,
                                                            .view_of = WR_NONE_ID,
                                                            .window = window,
                                                            .is_window_input = is_input,
                                                            .begin = span.begin,
                                                            .end = span.end};
    return p->plan->n_streams++;
}

/* A window's content can be searched at any time, so it keeps all of its rows' columns. */
static wr_plan_op *window_op(wr_build *b, const wr_ast_definition *d, const wr_named *named) {
    wr_scope_input input = {.id = named->name, .schema = named->schema};
    wr_plan_window window;
    if (wr_plan_refuse_processor(b->p, d->as.window.call)) return NULL;
    if (!wr_plan_window_call(b->p, d->as.window.call, &input, &window, NULL)) return NULL;
    char *text = wr_plan_text(b->p, d->as.window.call->span);
    char *label = text ? wr_plan_printf(b->p, "window.%s", text) : NULL;
    wr_plan_op *op = wr_plan_new_op(b, WR_OP_WINDOW, label, named->schema, named->schema);
    window.need = WR_PLAN_ARRAY(b->p, named->schema.n_attrs, uint8_t);
    if (!op || !window.need) return NULL;
    memset(window.need, WR_NEED_CURRENT | WR_NEED_EXPIRED | WR_NEED_WINDOW | WR_NEED_SHOWN,
           named->schema.n_attrs);
    bool lets_expired = d->as.window.events != WR_EVENTS_CURRENT;
    window.args.expired_wanted = window.args.expired_output = lets_expired;
    window.args.is_searched = true;
    window.is_broken = !*window.type->ns && strcmp(window.type->name, "session") == 0;
    op->u.window = window;
    return op;
}

/* Puts out the rows of the wanted kinds, as they are. */
static wr_plan_op *pick_op(wr_build *b, const wr_ast_definition *d, const wr_named *named) {
    const wr_schema *schema = &named->schema;
    wr_ast_events events = d->as.window.events;
    wr_plan_select select = {.limit = -1, .chunk_mode = WR_CHUNK_ROWS};
    select.wants_current = events != WR_EVENTS_EXPIRED;
    select.wants_expired = events != WR_EVENTS_CURRENT;
    select.input_expires = true;
    select.outs = WR_PLAN_ARRAY(b->p, schema->n_attrs, wr_expr *);
    for (uint32_t i = 0; select.outs && i < schema->n_attrs; i++) {
        select.outs[i] = wr_expr_column(b->p, WR_EXPR_COLUMN, i, &schema->attrs[i], d->id.span);
        if (!select.outs[i]) return NULL;
    }
    static const char *const labels[] = {
        [WR_EVENTS_CURRENT] = "output current events", [WR_EVENTS_EXPIRED] = "output expired events"};
    bool all = events != WR_EVENTS_CURRENT && events != WR_EVENTS_EXPIRED;
    wr_plan_op *op =
        wr_plan_new_op(b, WR_OP_SELECT, all ? "output all events" : labels[events], *schema, *schema);
    if (op) op->u.select = select;
    return op;
}

void wr_plan_named_window_of(wr_planner *p, const wr_ast_definition *d, wr_named *named) {
    wr_plan *plan = p->plan;
    uint32_t at = plan->n_windows++;
    wr_plan_named_window *w = &plan->windows[at];
    w->name = named->name;
    w->out = named->index = add_stream(p, named, at, false, d->span);
    w->in = add_stream(p, named, at, true, d->span);
    w->query = plan->n_queries;
    p->n_feeding++;
    wr_plan_query *q = &plan->queries[plan->n_queries++];
    *q = (wr_plan_query){.name = wr_plan_printf(p, "window %s", named->name),
                         .side = WR_PLAN_ARRAY(p, 1, wr_plan_side),
                         .n_sides = 1,
                         .target = w->out,
                         .window = w,
                         .partition = WR_NONE_ID,
                         .begin = d->span.begin,
                         .end = d->span.end,
                         .is_named = true};
    wr_plan_op **ops = WR_PLAN_ARRAY(p, 1, wr_plan_op *);
    if (q->name) (void)wr_plan_take_query_name(p, q->name);
    if (!q->side || !ops || !q->name || named->poisoned) return;
    wr_build b = {.p = p, .query = q};
    ops[0] = window_op(&b, d, named);
    q->side[0] = (wr_plan_side){.stream = w->in, .table = WR_NONE_ID, .ops = ops, .n_ops = ops[0] != NULL};
    if (ops[0]) q->select = pick_op(&b, d, named);
    if (q->select) wr_plan_sign(p, q);
}

static bool finds_only_expiring(const wr_plan_window *w) {
    static const char *const names[] = {"lengthBatch", "timeBatch", "externalTimeBatch", "batch"};
    for (uint32_t i = 0; !*w->type->ns && i < WR_COUNT(names); i++)
        if (strcmp(w->type->name, names[i]) == 0) return true;
    return false;
}

void wr_plan_settle_windows(wr_planner *p) {
    for (uint32_t i = 0; i < p->plan->n_windows; i++) {
        wr_plan_named_window *w = &p->plan->windows[i];
        wr_plan_window *window = &p->plan->queries[w->query].side[0].ops[0]->u.window;
        if (!w->is_joined && !window->args.expired_output && finds_only_expiring(window))
            window->args.is_searched = false;
    }
}
