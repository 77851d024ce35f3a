#include "plan/state_scope.h"

#include <stdio.h>
#include <string.h>

#include "lang/suggest.h"
#include "plan/expr_make.h"

static const char *name_of(const wr_state_name *n) { return n->alias ? n->alias : n->id; }

/* The first item of that name, or WR_NO_ITEM. */
static uint32_t find_item(const wr_scope *s, const char *name) {
    for (uint32_t i = 0; i < s->states->n_names; i++)
        if (strcmp(name_of(&s->states->names[i]), name) == 0) return i;
    return WR_NO_ITEM;
}

uint32_t wr_state_n_attrs(const wr_scope *s) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->states->n_names; i++) n += s->states->names[i].schema.n_attrs;
    return n;
}

/* ---- Columns ----------------------------------------------------------------------------------------------
 */

static bool same_ref(const wr_event_ref *a, const wr_event_ref *b) {
    return a->item == b->item && a->pick == b->pick && a->n == b->n && a->column == b->column;
}

/* The number of the reference among the scope's; UINT32_MAX when memory is out. */
static uint32_t add_ref(wr_planner *p, struct wr_state_scope *st, const wr_event_ref *ref) {
    for (uint32_t i = 0; i < st->n_refs; i++)
        if (same_ref(&st->refs[i], ref)) return i;
    if (st->n_refs == st->cap_refs) {
        uint32_t cap = st->cap_refs ? st->cap_refs * 2 : 8;
        wr_event_ref *bigger = WR_PLAN_ARRAY(p, cap, wr_event_ref);
        if (!bigger) return UINT32_MAX;
        if (st->n_refs) memcpy(bigger, st->refs, st->n_refs * sizeof *bigger);
        st->refs = bigger;
        st->cap_refs = cap;
    }
    st->refs[st->n_refs] = *ref;
    return st->n_refs++;
}

/* Siddhi never fills in what a stream function adds in a step: selected, it is null, and a filter fails. */
static wr_expr *added_attribute(wr_planner *p, const wr_scope *s, const wr_event_ref *ref, wr_span span) {
    weir_value null = {.type = s->states->names[ref->item].schema.attrs[ref->column].type, .is_null = true};
    if (s->states->own == WR_NO_ITEM && ref->pick != WR_EVENT_ALL) return wr_expr_const(p, &null, span);
    wr_plan_unsupported(p, span, "what a stream function adds in a step, but to select it by itself");
    return NULL;
}

static wr_expr *ref_column(wr_planner *p, const wr_scope *s, wr_event_ref ref, wr_span span) {
    const wr_schema *schema = &s->states->names[ref.item].schema;
    if (ref.column != WR_EVENT_TIME && ref.column >= s->states->names[ref.item].n_own)
        return added_attribute(p, s, &ref, span);
    wr_attr attr = {.name = "", .type = WEIR_LONG};
    if (ref.column != WR_EVENT_TIME) attr = schema->attrs[ref.column];
    if (attr.type == WEIR_NONE) return NULL;
    if (ref.pick == WR_EVENT_ALL) attr = (wr_attr){.name = attr.name, .type = WEIR_OBJECT};
    /* The candidate's own values are there already. */
    if (ref.pick == WR_EVENT_CANDIDATE && ref.column != WR_EVENT_TIME)
        return wr_expr_column(p, WR_EXPR_COLUMN, ref.column, &attr, span);
    ref.type = attr.type;
    ref.boxed = attr.boxed;
    uint32_t at = add_ref(p, s->states, &ref);
    return at == UINT32_MAX ? NULL : wr_expr_column(p, WR_EXPR_COLUMN, s->states->n_own + at, &attr, span);
}

wr_expr *wr_state_first(wr_planner *p, const wr_scope *s, uint32_t item, uint32_t column, wr_span span) {
    return ref_column(p, s, (wr_event_ref){.item = item, .pick = WR_EVENT_AT, .column = column}, span);
}

/* Which event is meant by a name with this index. */
static wr_event_ref pick_event(const wr_scope *s, uint32_t item, wr_ast_index index, bool lists) {
    wr_event_ref ref = {.item = item, .pick = WR_EVENT_AT, .n = (uint32_t)index.n};
    bool is_filter = s->states->own != WR_NO_ITEM;
    if (index.kind == WR_INDEX_LAST) ref.pick = WR_EVENT_LAST;
    if (index.kind != WR_INDEX_NONE) return ref;
    ref.n = 0;
    if (item == s->states->own)
        ref.pick = WR_EVENT_CANDIDATE;
    else if (is_filter)
        ref.pick = WR_EVENT_LAST;
    else if (lists && s->states->names[item].is_counted)
        ref.pick = WR_EVENT_ALL;
    return ref;
}

/* ---- Errors -----------------------------------------------------------------------------------------------
 */

static void unknown_item(wr_planner *p, const wr_scope *s, wr_span span, const char *name) {
    char hint[128] = "";
    wr_suggest suggest;
    wr_suggest_init(&suggest, name);
    for (uint32_t i = 0; i < s->states->n_names; i++) {
        const wr_state_name *n = &s->states->names[i];
        wr_suggest_offer(&suggest, name_of(n));
        if (n->alias && strcmp(n->id, name) == 0)
            snprintf(hint, sizeof hint, "it is called '%s' here", n->alias);
    }
    if (!hint[0]) wr_suggest_hint(&suggest, hint, sizeof hint);
    if (!hint[0] && s->states->own != WR_NO_ITEM)
        snprintf(hint, sizeof hint, "a step's filter sees its own event and those of the steps before");
    wr_plan_error(p, span, WEIR_ENAME, hint, "there is no '%s' %s", name,
                  s->states->own == WR_NO_ITEM ? "in this query" : "before this step");
}

static void unknown_attribute(wr_planner *p, const wr_ast_name *attr, const wr_state_name *n) {
    char hint[128];
    wr_suggest suggest;
    if (n->poisoned) return;
    wr_suggest_init(&suggest, attr->text);
    for (uint32_t i = 0; i < n->schema.n_attrs; i++) wr_suggest_offer(&suggest, n->schema.attrs[i].name);
    wr_suggest_hint(&suggest, hint, sizeof hint);
    wr_plan_error(p, attr->span, WEIR_ENAME, hint, "there is no attribute '%s' in '%s'", attr->text,
                  name_of(n));
}

static void unknown_everywhere(wr_planner *p, const wr_scope *s, const wr_ast_name *attr) {
    char hint[128];
    wr_suggest suggest;
    wr_suggest_init(&suggest, attr->text);
    for (uint32_t i = 0; i < s->states->n_names; i++) {
        const wr_state_name *n = &s->states->names[i];
        if (n->poisoned) return;
        for (uint32_t a = 0; a < n->schema.n_attrs; a++) wr_suggest_offer(&suggest, n->schema.attrs[a].name);
    }
    for (uint32_t i = 0; s->outputs && i < s->outputs->n_attrs; i++)
        wr_suggest_offer(&suggest, s->outputs->attrs[i].name);
    wr_suggest_hint(&suggest, hint, sizeof hint);
    wr_plan_error(p, attr->span, WEIR_ENAME, hint, "no step has an attribute '%s'", attr->text);
}

/* ---- Resolving --------------------------------------------------------------------------------------------
 */

static wr_expr *resolve_output(wr_planner *p, const wr_scope *s, const wr_ast_expr *e, bool *found) {
    uint32_t at = s->outputs ? wr_schema_find(s->outputs, e->as.ref.attr.text) : WR_NO_COLUMN;
    *found = at != WR_NO_COLUMN;
    if (!*found || s->outputs->attrs[at].type == WEIR_NONE) return NULL;
    return wr_expr_column(p, WR_EXPR_OUTPUT, at, &s->outputs->attrs[at], e->span);
}

static wr_expr *resolve_own(wr_planner *p, const wr_scope *s, const wr_ast_expr *e) {
    const wr_state_name *own = &s->states->names[s->states->own];
    uint32_t at = wr_schema_find(&own->schema, e->as.ref.attr.text);
    if (at == WR_NO_COLUMN) {
        unknown_attribute(p, &e->as.ref.attr, own);
        return NULL;
    }
    return ref_column(p, s, (wr_event_ref){.item = s->states->own, .pick = WR_EVENT_CANDIDATE, .column = at},
                      e->span);
}

static wr_expr *resolve_bare(wr_planner *p, const wr_scope *s, const wr_ast_expr *e) {
    const wr_ast_name *attr = &e->as.ref.attr;
    bool is_output;
    wr_expr *output = resolve_output(p, s, e, &is_output);
    if (is_output) return output;
    if (s->states->own != WR_NO_ITEM) return resolve_own(p, s, e);
    uint32_t owner = WR_NO_ITEM;
    for (uint32_t i = 0; i < s->states->n_names; i++) {
        if (wr_schema_find(&s->states->names[i].schema, attr->text) == WR_NO_COLUMN) continue;
        if (owner != WR_NO_ITEM) {
            const char *a = name_of(&s->states->names[owner]), *b = name_of(&s->states->names[i]);
            char hint[256];
            snprintf(hint, sizeof hint, "write '%s.%s' or '%s.%s'", a, attr->text, b, attr->text);
            wr_plan_error(p, attr->span, WEIR_ENAME, hint, "'%s' is in both '%s' and '%s'", attr->text, a, b);
            return NULL;
        }
        owner = i;
    }
    if (owner == WR_NO_ITEM) {
        if (find_item(s, attr->text) != WR_NO_ITEM)
            wr_plan_unsupported(p, attr->span, "whole events as values (name one of the event's attributes)");
        else
            unknown_everywhere(p, s, attr);
        return NULL;
    }
    return wr_state_first(p, s, owner, wr_schema_find(&s->states->names[owner].schema, attr->text), e->span);
}

static wr_expr *resolve_qualified(wr_planner *p, const wr_scope *s, const wr_ast_expr *e) {
    const wr_ast_ref *r = &e->as.ref;
    const char *name = wr_plan_marked_name(p, r->mark, r->stream.text);
    if (!name) return NULL;
    uint32_t item = find_item(s, name);
    if (item == WR_NO_ITEM) {
        unknown_item(p, s, r->stream.span, name);
        return NULL;
    }
    wr_event_ref ref = pick_event(s, item, r->index, s->state_lists);
    ref.column = wr_schema_find(&s->states->names[item].schema, r->attr.text);
    if (ref.column == WR_NO_COLUMN) {
        unknown_attribute(p, &r->attr, &s->states->names[item]);
        return NULL;
    }
    return ref_column(p, s, ref, e->span);
}

wr_expr *wr_state_resolve(wr_planner *p, const wr_scope *s, const wr_ast_expr *e) {
    const wr_ast_ref *ref = &e->as.ref;
    if (ref->second.text) {
        wr_plan_unsupported(p, e->span, "references with '#' in a pattern");
        return NULL;
    }
    if (!ref->attr.text) {
        wr_plan_error(p, e->span, WEIR_ETYPE, "name one of its attributes",
                      "an event has no value of its own");
        return NULL;
    }
    return ref->stream.text ? resolve_qualified(p, s, e) : resolve_bare(p, s, e);
}

/* ---- Events -----------------------------------------------------------------------------------------------
 */

static const wr_ast_name *event_name(const wr_ast_expr *e) {
    if (e->kind != WR_AST_REF || (e->as.ref.attr.text && e->as.ref.stream.text)) return NULL;
    return e->as.ref.attr.text ? &e->as.ref.attr : &e->as.ref.stream;
}

bool wr_state_names_event(wr_planner *p, const wr_scope *s, const wr_ast_expr *e) {
    const wr_ast_name *name = s->states ? event_name(e) : NULL;
    const char *marked = name ? wr_plan_marked_name(p, e->as.ref.mark, name->text) : NULL;
    return marked && (!e->as.ref.attr.text || find_item(s, marked) != WR_NO_ITEM);
}

wr_expr *wr_state_event_time(wr_planner *p, const wr_scope *s, const wr_ast_expr *e) {
    const wr_ast_name *name = event_name(e);
    const char *marked = wr_plan_marked_name(p, e->as.ref.mark, name->text);
    if (!marked) return NULL;
    uint32_t item = find_item(s, marked);
    if (item == WR_NO_ITEM) {
        unknown_item(p, s, name->span, marked);
        return NULL;
    }
    wr_event_ref ref = pick_event(s, item, e->as.ref.index, false);
    ref.column = WR_EVENT_TIME;
    return ref_column(p, s, ref, e->span);
}
