#include "plan/scope.h"

#include <stdio.h>
#include <string.h>

#include "lang/suggest.h"
#include "plan/expr_make.h"
#include "plan/state_scope.h"

void wr_scope_init(wr_scope *s, const char *place, const wr_scope_input *input) {
    *s = (wr_scope){.place = place, .n_inputs = 1, .n_columns = input->schema.n_attrs};
    s->inputs[0] = *input;
    s->inputs[0].base = 0;
}

static const char *input_name(const wr_scope_input *input) { return input->alias ? input->alias : input->id; }

const wr_scope_input *wr_scope_find_input(const wr_scope *s, const char *marked_name) {
    for (uint32_t i = 0; i < s->n_inputs; i++)
        if (strcmp(input_name(&s->inputs[i]), marked_name) == 0) return &s->inputs[i];
    return NULL;
}

/* ---- Errors -----------------------------------------------------------------------------------------------
 */

static void offer_attributes(wr_suggest *suggest, const wr_schema *schema) {
    for (uint32_t i = 0; i < schema->n_attrs; i++) wr_suggest_offer(suggest, schema->attrs[i].name);
}

/* "having and order by see what is selected": the usual reason why a name is not found there. */
static bool told_not_selected(wr_planner *p, const wr_scope *s, const wr_ast_name *attr) {
    if (!s->outputs_only) return false;
    for (uint32_t i = 0; i < s->n_inputs; i++) {
        if (wr_schema_find(&s->inputs[i].schema, attr->text) == WR_NO_COLUMN) continue;
        char hint[256];
        snprintf(hint, sizeof hint, "%s sees only what is selected: add '%s' to the select list", s->place,
                 attr->text);
        wr_plan_error(p, attr->span, WEIR_ENAME, hint, "'%s' is not among the selected names", attr->text);
        return true;
    }
    return false;
}

static bool any_poisoned(const wr_scope *s) {
    for (uint32_t i = 0; i < s->n_inputs; i++)
        if (s->inputs[i].poisoned) return true;
    return false;
}

/* "'In'", or "'a' and 'b'". */
static void name_inputs(const wr_scope *s, char *text, size_t size) {
    size_t len = 0;
    for (uint32_t i = 0; i < s->n_inputs && len < size; i++)
        if (!s->inputs[i].qualified_only)
            len += (size_t)snprintf(text + len, size - len, "%s'%s'", len ? " or " : "",
                                    input_name(&s->inputs[i]));
}

static void unknown_attribute(wr_planner *p, const wr_scope *s, const wr_ast_name *attr) {
    if (any_poisoned(s) || told_not_selected(p, s, attr)) return;
    char hint[128], where[256] = "";
    wr_suggest suggest;
    wr_suggest_init(&suggest, attr->text);
    if (s->outputs) offer_attributes(&suggest, s->outputs);
    if (!s->outputs_only)
        for (uint32_t i = 0; i < s->n_inputs; i++)
            if (!s->inputs[i].qualified_only) offer_attributes(&suggest, &s->inputs[i].schema);
    wr_suggest_hint(&suggest, hint, sizeof hint);
    if (s->outputs_only)
        snprintf(where, sizeof where, "among the selected names");
    else
        name_inputs(s, where, sizeof where);
    if (!hint[0] && strcmp(attr->text, "null") == 0)
        snprintf(hint, sizeof hint, "there is no null literal: use 'is null'");
    wr_plan_error(p, attr->span, WEIR_ENAME, hint,
                  s->outputs_only ? "there is no '%s' %s" : "there is no attribute '%s' in %s", attr->text,
                  where);
}

static void ambiguous_attribute(wr_planner *p, const wr_ast_name *attr, const wr_scope_input *a,
                                const wr_scope_input *b) {
    char hint[256];
    snprintf(hint, sizeof hint, "write '%s.%s' or '%s.%s'", input_name(a), attr->text, input_name(b),
             attr->text);
    wr_plan_error(p, attr->span, WEIR_ENAME, hint, "'%s' is in both '%s' and '%s'", attr->text, input_name(a),
                  input_name(b));
}

static void unknown_reference(wr_planner *p, const wr_scope *s, const wr_ast_ref *ref, const char *name) {
    char hint[128] = "";
    wr_suggest suggest;
    wr_suggest_init(&suggest, name);
    for (uint32_t i = 0; i < s->n_inputs; i++) {
        wr_suggest_offer(&suggest, input_name(&s->inputs[i]));
        if (s->inputs[i].alias && strcmp(s->inputs[i].id, name) == 0)
            snprintf(hint, sizeof hint, "it is called '%s' here", s->inputs[i].alias);
        if (s->inputs[i].vain_alias && strcmp(s->inputs[i].vain_alias, name) == 0)
            snprintf(hint, sizeof hint, "an on-demand query knows it as '%s' only, as in Siddhi",
                     s->inputs[i].id);
    }
    if (!hint[0]) wr_suggest_hint(&suggest, hint, sizeof hint);
    wr_plan_error(p, ref->stream.span, WEIR_ENAME, hint, "there is no '%s' in this query", name);
}

/* ---- Resolving --------------------------------------------------------------------------------------------
 */

/* NULL for a poisoned attribute. */
static wr_expr *column_of(wr_planner *p, wr_expr_kind kind, const wr_schema *schema, uint32_t attr,
                          uint32_t base, wr_span span) {
    if (schema->attrs[attr].type == WEIR_NONE) return NULL;
    return wr_expr_column(p, kind, base + attr, &schema->attrs[attr], span);
}

static wr_expr *resolve_output(wr_planner *p, const wr_scope *s, const wr_ast_expr *e, bool *found) {
    uint32_t at = s->outputs ? wr_schema_find(s->outputs, e->as.ref.attr.text) : WR_NO_COLUMN;
    *found = at != WR_NO_COLUMN;
    return *found ? column_of(p, WR_EXPR_OUTPUT, s->outputs, at, 0, e->span) : NULL;
}

static wr_expr *resolve_bare(wr_planner *p, const wr_scope *s, const wr_ast_expr *e) {
    const wr_ast_name *attr = &e->as.ref.attr;
    bool is_output;
    wr_expr *output = resolve_output(p, s, e, &is_output);
    if (is_output) return output;
    const wr_scope_input *owner = NULL;
    for (uint32_t i = 0; i < s->n_inputs && !s->outputs_only; i++) {
        const wr_scope_input *input = &s->inputs[i];
        if (input->qualified_only || wr_schema_find(&input->schema, attr->text) == WR_NO_COLUMN) continue;
        if (owner && s->first_wins) continue;
        if (owner) {
            ambiguous_attribute(p, attr, owner, input);
            return NULL;
        }
        owner = input;
    }
    if (!owner) {
        unknown_attribute(p, s, attr);
        return NULL;
    }
    return column_of(p, WR_EXPR_COLUMN, &owner->schema, wr_schema_find(&owner->schema, attr->text),
                     owner->base, e->span);
}

static wr_expr *resolve_qualified(wr_planner *p, const wr_scope *s, const wr_ast_expr *e) {
    const wr_ast_ref *ref = &e->as.ref;
    const char *name = wr_plan_marked_name(p, ref->mark, ref->stream.text);
    if (!name) return NULL;
    const wr_scope_input *input = wr_scope_find_input(s, name);
    if (!input) {
        unknown_reference(p, s, ref, name);
        return NULL;
    }
    if (s->outputs_only) {
        char hint[256];
        snprintf(hint, sizeof hint, "%s sees only what is selected: write the selected name alone", s->place);
        wr_plan_error(p, e->span, WEIR_ENAME, hint, "'%s' can't be referred to here", name);
        return NULL;
    }
    uint32_t at = wr_schema_find(&input->schema, ref->attr.text);
    if (at == WR_NO_COLUMN) {
        wr_scope one;
        wr_scope_init(&one, s->place, input);
        one.inputs[0].qualified_only = false;
        unknown_attribute(p, &one, &ref->attr);
        return NULL;
    }
    return column_of(p, WR_EXPR_COLUMN, &input->schema, at, input->base, e->span);
}

/* Over a single stream Siddhi takes no heed of an index; of a side of a join 0 and last are the row itself.
 * (Others are null in Siddhi there, and in a condition last is not what it seems.) */
static bool is_own_event(wr_planner *p, const wr_scope *s, const wr_ast_expr *e) {
    wr_ast_index index = e->as.ref.index;
    if (s->n_inputs == 1 && !s->has_ends) return true;
    if (!s->is_join) return false;
    if (index.n == 0 && (index.kind != WR_INDEX_LAST || !s->is_join_condition)) return true;
    wr_plan_unsupported(p, e->span, "other events than [0] of a side of a join");
    return false;
}

wr_expr *wr_scope_resolve(wr_planner *p, const wr_scope *s, const wr_ast_expr *e) {
    const wr_ast_ref *ref = &e->as.ref;
    if (s->states) return wr_state_resolve(p, s, e);
    /* An input that was refused has no name: any reference may be its. */
    if (s->n_inputs && !*s->inputs[0].id) return NULL;
    if (ref->second.text || (ref->index.kind != WR_INDEX_NONE && !is_own_event(p, s, e))) {
        if (s->is_join && !ref->second.text) return NULL; /* told */
        wr_plan_error(p, e->span, WEIR_ENAME, "an index picks an event of a pattern or sequence item",
                      "there are no events to index in %s of this query", s->place);
        return NULL;
    }
    if (!ref->attr.text) {
        wr_plan_error(p, e->span, WEIR_ETYPE, "name one of its attributes",
                      "a stream has no value of its own");
        return NULL;
    }
    return ref->stream.text ? resolve_qualified(p, s, e) : resolve_bare(p, s, e);
}
