/* pipeline.c: a stream of a query and its handlers: filters, stream functions, a window. */
#include <string.h>

#include "plan/query.h"
#include "plan/typing.h"
#include "plan/window.h"

wr_plan_op *wr_plan_new_op(wr_build *b, wr_op_kind kind, const char *label, wr_schema in, wr_schema out) {
    wr_plan_op *op = WR_PLAN_NEW(b->p, wr_plan_op);
    if (!op || !label) return NULL;
    op->kind = kind;
    op->n_in = 1;
    op->rank = b->p->n_ranks++;
    op->partition = WR_NONE_ID;
    op->label = label;
    op->in = in;
    op->out = out;
    return op;
}

/* ---- Handlers ---------------------------------------------------------------------------------------------
 */

static wr_plan_op *plan_filter(wr_build *b, const wr_ast_handler *h, const wr_scope_input *input) {
    wr_agg_list aggs = {0};
    wr_probe_list probes = {0};
    wr_scope scope;
    wr_scope_init(&scope, "a filter", input);
    scope.aggs = &aggs;
    scope.probes = &probes;
    wr_expr *condition = wr_type_condition(b->p, &scope, h->filter, "a filter");
    char *text = condition ? wr_plan_text(b->p, h->filter->span) : NULL;
    char *label = text ? wr_plan_printf(b->p, "filter [%s]", text) : NULL;
    wr_plan_op *op = label ? wr_plan_new_op(b, WR_OP_FILTER, label, input->schema, input->schema) : NULL;
    if (!op) return NULL;
    op->u.filter = (wr_plan_filter){.condition = condition,
                                    .aggs = aggs.slots,
                                    .n_aggs = aggs.n,
                                    .probes = probes.lookups,
                                    .n_probes = probes.n};
    return op;
}

/* *before: an operator that must stand before it, or NULL. */
static wr_plan_op *plan_window(wr_build *b, const wr_ast_handler *h, const wr_scope_input *input,
                               wr_plan_op **before) {
    const wr_ast_call *call = h->call;
    bool is_window = h->kind == WR_HANDLER_WINDOW;
    wr_plan_window window;
    wr_window_columns computed;
    if (is_window && wr_plan_refuse_processor(b->p, call)) return NULL;
    if (!wr_plan_window_call(b->p, call, input, &window, &computed)) return NULL;
    if (computed.n && !(*before = wr_plan_compute(b, call, input, &computed))) return NULL;
    wr_schema in = computed.n ? (*before)->out : input->schema;
    char *text = wr_plan_text(b->p, call->span);
    char *label = text ? wr_plan_printf(b->p, "%s%s", is_window ? "window." : "", text) : NULL;
    wr_plan_op *op = label ? wr_plan_new_op(b, WR_OP_WINDOW, label, in, input->schema) : NULL;
    if (!op) return NULL;
    window.need = WR_PLAN_ARRAY(b->p, in.n_attrs, uint8_t);
    if (!window.need) return NULL;
    op->u.window = window;
    return op;
}

static wr_plan_op *plan_handler(wr_build *b, const wr_ast_handler *h, const wr_scope_input *input,
                                wr_plan_op **before) {
    *before = NULL;
    switch (h->kind) {
    case WR_HANDLER_FILTER: return plan_filter(b, h, input);
    case WR_HANDLER_WINDOW: return plan_window(b, h, input, before);
    default: break;
    }
    if (wr_plan_names_processor(b->p, h->call)) return plan_window(b, h, input, before);
    return wr_plan_stream_function(b, h->call, input);
}

/* Rows that expire would have to pass a processor, too, and what that should mean nobody says. */
static void check_place(wr_build *b, const wr_plan_side *side, const wr_ast_handler *h,
                        const wr_plan_op *op) {
    if (!wr_plan_is_processor(op)) return;
    for (uint32_t i = 0; i < side->n_ops; i++)
        if (wr_plan_is_window(side->ops[i])) {
            wr_plan_unsupported(b->p, h->span, "a stream processor behind a window");
            return;
        }
}

static void plan_handlers(wr_build *b, wr_plan_side *side, const wr_ast_stream *ast, wr_scope_input *input) {
    side->ops = WR_PLAN_ARRAY(b->p, 2 * (size_t)ast->n_handlers, wr_plan_op *);
    for (uint32_t i = 0; side->ops && i < ast->n_handlers; i++) {
        wr_plan_op *before, *op = plan_handler(b, &ast->handlers[i], input, &before);
        if (op) {
            check_place(b, side, &ast->handlers[i], op);
            if (before) side->ops[side->n_ops++] = before;
            side->ops[side->n_ops++] = op;
            input->schema = op->out;
        } else if (ast->handlers[i].kind == WR_HANDLER_FUNCTION) {
            input->poisoned = true; /* it might have added attributes */
        }
    }
}

/* ---- The source of a side ---------------------------------------------------------------------------------
 */

/* Siddhi takes handlers behind a table or a named window in a join and leaves them out: they are checked, and
 * that is all. */
static void check_handlers(wr_build *b, const wr_ast_stream *ast, const wr_scope_input *input) {
    wr_scope_input rest = *input;
    for (uint32_t i = 0; i < ast->n_handlers; i++) {
        wr_plan_op *before, *op = plan_handler(b, &ast->handlers[i], &rest, &before);
        if (op) rest.schema = op->out;
    }
}

/* Only a join may read a table as one of its sides. */
static bool is_readable(wr_build *b, const wr_named *source, const wr_ast_stream *ast) {
    if (!source->is_static || b->query->n_sides == 2) return true;
    wr_plan_error(b->p, ast->source.span, WEIR_ETYPE, "join it with a stream, or look into it with 'in'",
                  "'%s' is %s, not a stream", source->name,
                  source->kind == WR_NAMED_TABLE ? "a table" : "an aggregation");
    return false;
}

static void refuse_second_window(wr_build *b, const wr_named *source, const wr_ast_stream *ast) {
    if (source->kind == WR_NAMED_WINDOW && ast->window >= 0)
        wr_plan_error(b->p, ast->handlers[ast->window].span, WEIR_ETYPE, NULL,
                      "'%s' is a window already, it takes no other", source->name);
}

void wr_plan_side_of(wr_build *b, uint32_t at, const wr_ast_stream *ast) {
    wr_scope_input *input = &b->inputs[at];
    wr_plan_side *side = &b->query->side[at];
    *side = (wr_plan_side){.stream = WR_NONE_ID, .table = WR_NONE_ID};
    wr_named *source = wr_plan_find_source(b->p, &ast->source);
    *input = (wr_scope_input){.id = source ? source->name : "", .poisoned = true};
    if (!source) return;
    if (ast->alias.text) input->alias = wr_plan_strdup(b->p, ast->alias.text);
    input->schema = source->schema;
    input->poisoned = source->poisoned || !is_readable(b, source, ast);
    refuse_second_window(b, source, ast);
    if (source->kind == WR_NAMED_TABLE) {
        side->kind = WR_SIDE_TABLE;
        side->table = source->index;
        check_handlers(b, ast, input);
        return;
    }
    side->stream = source->index;
    if (source->kind == WR_NAMED_WINDOW && b->query->n_sides == 2 && b->ast->input->kind == WR_INPUT_JOIN) {
        check_handlers(b, ast, input);
        return;
    }
    plan_handlers(b, side, ast, input);
}
