/* output.c: where a query's rows go: an existing stream or table that they must fit, or a new stream. */
#include <stdio.h>
#include <string.h>

#include "plan/expr_make.h"
#include "plan/query.h"

/* ---- Fitting ----------------------------------------------------------------------------------------------
 */

/* What to change so that the i-th selected column fits, as far as one sentence can say. */
static void fit_hint(const wr_attr *out, const wr_attr *target, char *hint, size_t size) {
    if (!out)
        snprintf(hint, size, "'%s %s' is missing", target->name, weir_type_name(target->type));
    else if (!target)
        snprintf(hint, size, "'%s' is one too many", out->name);
    else if (strcmp(out->name, target->name) != 0)
        snprintf(hint, size, "'%s' stands where '%s' is expected: names and order must be the same",
                 out->name, target->name);
    else
        snprintf(hint, size, "'%s' is %s, not %s: convert(%s, '%s')", out->name, weir_type_name(out->type),
                 weir_type_name(target->type), out->name, weir_type_name(target->type));
}

static bool attr_fits(const wr_attr *out, const wr_attr *target) {
    if (!out || !target) return out == target;
    if (out->type == WEIR_NONE || target->type == WEIR_NONE) return strcmp(out->name, target->name) == 0;
    return out->type == target->type && strcmp(out->name, target->name) == 0;
}

bool wr_plan_fits(wr_build *b, const wr_named *target) {
    const wr_schema *schema = &target->schema;
    for (uint32_t i = 0; i < WR_MAX(schema->n_attrs, b->n_outs); i++) {
        const wr_attr *out = i < b->n_outs ? &b->attrs[i] : NULL;
        const wr_attr *wanted = i < schema->n_attrs ? &schema->attrs[i] : NULL;
        if (attr_fits(out, wanted)) continue;
        char hint[256];
        fit_hint(out, wanted, hint, sizeof hint);
        wr_schema given = {b->n_outs, b->attrs};
        wr_plan_error(b->p, b->ast->output->target.span, WEIR_ETYPE, hint, "'%s' takes %s, not %s",
                      target->name, wr_plan_schema_text(b->p, schema), wr_plan_schema_text(b->p, &given));
        return false;
    }
    return true;
}

void wr_plan_fit_boxes(wr_build *b, const wr_schema *target) {
    for (uint32_t i = 0; i < b->n_outs; i++) {
        bool wanted = target->attrs[i].boxed;
        if (!b->outs[i] || b->attrs[i].boxed == wanted) continue;
        b->outs[i] = wanted ? wr_expr_box(b->p, b->outs[i], b->attrs[i].type)
                            : wr_expr_plain(b->p, b->outs[i], b->attrs[i].type, false);
        b->attrs[i].boxed = wanted;
    }
}

/* ---- insert into ------------------------------------------------------------------------------------------
 */

/* The first query that inserts into an unknown stream defines it. */
static void infer_stream(wr_build *b, const char *name, wr_span span) {
    wr_attr *attrs = WR_PLAN_ARRAY(b->p, b->n_outs, wr_attr);
    if (!attrs) return;
    if (b->n_outs) memcpy(attrs, b->attrs, b->n_outs * sizeof *attrs);
    wr_named *stream = wr_plan_add_stream(b->p, name, (wr_schema){b->n_outs, attrs}, span);
    if (!stream) return;
    stream->poisoned = b->outs_unknown;
    b->query->output_kind = WR_OUTPUT_STREAM;
    b->query->target = stream->index;
}

/* `!S` is S where @OnError makes no fault stream of it, as in Siddhi; where there is one, its only writer is
 * the engine. False: told. */
static bool may_write_fault(wr_build *b, const wr_ast_source *ast) {
    const wr_ast_input *input = b->ast->input;
    const char *marked = wr_plan_marked_name(b->p, WR_MARK_FAULT, ast->name.text);
    if (!marked) return false;
    if (wr_plan_find(b->p, marked)) {
        wr_plan_unsupported(b->p, ast->span, "queries that write a fault stream");
        return false;
    }
    if (input && input->kind == WR_INPUT_SINGLE &&
        strcmp(input->as.single->source.name.text, ast->name.text) == 0) {
        wr_plan_error(b->p, ast->span, WEIR_ENAME, "put @OnError(action='stream') in front of its definition",
                      "stream '%s' has no fault stream: the query would only feed itself", ast->name.text);
        return false;
    }
    return true;
}

static void insert_into(wr_build *b, const wr_ast_source *ast) {
    bool is_fault = ast->mark == WR_MARK_FAULT;
    if (is_fault && !may_write_fault(b, ast)) return;
    const char *name = wr_plan_marked_name(b->p, is_fault ? WR_MARK_NONE : ast->mark, ast->name.text);
    if (!name) return;
    wr_named *target = wr_plan_find(b->p, name);
    if (!target) {
        infer_stream(b, name, ast->span);
        return;
    }
    if (target->kind == WR_NAMED_AGGREGATION) {
        wr_plan_error(b->p, ast->span, WEIR_ETYPE, "it takes its rows from the stream it is defined over",
                      "'%s' is an aggregation: nothing can be inserted into it", target->name);
        return;
    }
    if (target->kind == WR_NAMED_TABLE) {
        wr_plan_change_of(b, target);
        return;
    }
    if (target->poisoned || b->outs_unknown || !wr_plan_fits(b, target)) return;
    wr_plan_fit_boxes(b, &target->schema);
    b->query->output_kind = WR_OUTPUT_STREAM;
    b->query->target = target->index;
    if (target->kind == WR_NAMED_WINDOW)
        b->query->target = b->p->plan->windows[b->p->plan->streams[target->index].window].in;
}

/* ---- Tables that are changed ------------------------------------------------------------------------------
 */

static void change_table(wr_build *b, const wr_ast_output *ast) {
    const char *name = wr_plan_marked_name(b->p, ast->target.mark, ast->target.name.text);
    wr_named *target = name ? wr_plan_find(b->p, name) : NULL;
    if (!name) return;
    if (!target)
        wr_plan_error(b->p, ast->target.span, WEIR_ENAME, "define it: define table …",
                      "there is no table '%s'", name);
    else if (target->kind != WR_NAMED_TABLE && !target->poisoned)
        wr_plan_error(b->p, ast->target.span, WEIR_ENAME, NULL, "'%s' is not a table", name);
    else if (ast->kind == WR_OUTPUT_DELETE && !ast->on)
        wr_plan_error(b->p, ast->span, WEIR_EPARSE, "say which rows: delete T on T.k == k",
                      "delete needs 'on'");
    else
        wr_plan_change_of(b, target);
}

void wr_plan_output_of(wr_build *b) {
    const wr_ast_output *ast = b->ast->output;
    b->query->target = WR_NONE_ID;
    switch (ast->kind) {
    case WR_OUTPUT_INSERT: insert_into(b, &ast->target); break;
    case WR_OUTPUT_RETURN:
    case WR_OUTPUT_NONE:
        wr_plan_error(b->p, ast->span, WEIR_EPARSE, "insert into a stream instead",
                      "a query of an app can't return its rows");
        break;
    default: change_table(b, ast); break;
    }
}
