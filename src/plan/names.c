/* names.c: the one space of streams, tables, windows, triggers and aggregations. A name is found from where
 * it stands: inner streams only inside the partition that made them. */
#include "plan/context.h"

#include <stdlib.h>
#include <string.h>

#include "lang/suggest.h"

const char *wr_plan_marked_name(wr_planner *p, wr_ast_mark mark, const char *name) {
    if (mark == WR_MARK_NONE) return wr_plan_strdup(p, name);
    size_t len = strlen(name);
    char *marked = WR_PLAN_ARRAY(p, len + 2, char);
    if (!marked) return NULL;
    marked[0] = mark == WR_MARK_INNER ? '#' : '!';
    memcpy(marked + 1, name, len);
    return marked;
}

static bool is_visible(const wr_planner *p, const wr_named *named) {
    return named->name[0] != '#' || named->partition == p->partition;
}

/* FNV-1a, folded to a bucket. */
static uint32_t bucket_of(const char *name) {
    uint32_t hash = 2166136261u;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 16777619u;
    return (hash ^ hash >> 8 ^ hash >> 16) & 255u;
}

wr_named *wr_plan_find(wr_planner *p, const char *marked_name) {
    for (wr_named *n = p->buckets[bucket_of(marked_name)]; n; n = n->next)
        if (strcmp(n->name, marked_name) == 0 && is_visible(p, n)) return n;
    return NULL;
}

/* A stream that was looked for in vain is named too, so that it is told once. */
static bool is_known(const wr_named *named) {
    return named->kind != WR_NAMED_STREAM || named->index != WR_NONE_ID;
}

/* Fault streams exist only where @OnError makes them: say that, and not "unknown". */
static void unknown_fault_stream(wr_planner *p, const wr_ast_source *source) {
    wr_named *base = wr_plan_find(p, source->name.text);
    if (!base) {
        wr_plan_error(p, source->span, WEIR_ENAME, NULL, "there is no stream '%s', so no '!%s' either",
                      source->name.text, source->name.text);
        return;
    }
    if (base->poisoned) return;
    wr_plan_error(p, source->span, WEIR_ENAME, "put @OnError(action='stream') in front of its definition",
                  "stream '%s' has no fault stream", source->name.text);
}

static void unknown_source(wr_planner *p, const wr_ast_source *source, const char *name) {
    if (source->mark == WR_MARK_FAULT) {
        unknown_fault_stream(p, source);
        return;
    }
    wr_suggest suggest;
    char hint[128];
    wr_suggest_init(&suggest, name);
    for (uint32_t i = 0; i < p->n_named; i++)
        if (is_visible(p, p->named[i]) && is_known(p->named[i]))
            wr_suggest_offer(&suggest, p->named[i]->name);
    wr_suggest_hint(&suggest, hint, sizeof hint);
    wr_plan_error(p, source->span, WEIR_ENAME,
                  hint[0] ? hint : "define it, or insert into it in a query before this one",
                  "there is no stream '%s'", name);
}

wr_named *wr_plan_find_source(wr_planner *p, const wr_ast_source *source) {
    const char *name = wr_plan_marked_name(p, source->mark, source->name.text);
    if (!name) return NULL;
    wr_named *found = wr_plan_find(p, name);
    if (found) return found;
    unknown_source(p, source, name);
    /* Told once: from here on the name is known, but nothing is known of it. */
    wr_named *unknown = wr_plan_add_named(p, WR_NAMED_STREAM, name, (wr_schema){0, NULL});
    if (unknown) unknown->poisoned = true;
    return unknown;
}

/* The old array stays behind in the arena: a few hundred bytes for an app. */
static bool grow_named(wr_planner *p) {
    if (p->n_named < p->cap_named) return true;
    uint32_t cap = p->cap_named ? p->cap_named * 2 : 16;
    wr_named **bigger = WR_PLAN_ARRAY(p, cap, wr_named *);
    if (!bigger) return false;
    if (p->n_named) memcpy(bigger, p->named, p->n_named * sizeof *bigger);
    p->named = bigger;
    p->cap_named = cap;
    return true;
}

wr_named *wr_plan_add_named(wr_planner *p, wr_named_kind kind, const char *name, wr_schema schema) {
    wr_named *named = grow_named(p) ? WR_PLAN_NEW(p, wr_named) : NULL;
    if (!named) return NULL;
    p->named[p->n_named++] = named;
    *named = (wr_named){.name = name,
                        .kind = kind,
                        .partition = name[0] == '#' ? p->partition : 0,
                        .index = WR_NONE_ID,
                        .schema = schema,
                        .is_static = kind == WR_NAMED_TABLE || kind == WR_NAMED_AGGREGATION};
    wr_named **bucket = &p->buckets[bucket_of(name)];
    named->next = *bucket;
    *bucket = named;
    return named;
}

wr_named *wr_plan_add_stream(wr_planner *p, const char *name, wr_schema schema, wr_span span) {
    wr_plan_stream *stream = &p->plan->streams[p->plan->n_streams];
    *stream = (wr_plan_stream){.name = name,
                               .schema = schema,
                               .fault_of = WR_NONE_ID,
                               .fault = WR_NONE_ID,
                               .trigger = WR_NONE_ID,
                               .partition = name[0] == '#' && p->partition ? p->partition - 1 : WR_NONE_ID,
                               .view_of = WR_NONE_ID,
                               .window = WR_NONE_ID,
                               .begin = span.begin,
                               .end = span.end};
    wr_named *named = wr_plan_add_named(p, WR_NAMED_STREAM, name, schema);
    if (named) named->index = p->plan->n_streams++;
    return named;
}

bool wr_plan_any_type(wr_planner *p, const wr_named *table, uint32_t column) {
    const wr_plan_table *t = &p->plan->tables[table->index];
    for (uint32_t i = 0; i < t->n_key; i++)
        if (t->key[i] == column) return false;
    wr_any_types *any = p->any_types;
    if (!any) return false;
    char *name = strdup(table->name);
    if (!name || wr_grow(NULL, &any->list, &any->cap, any->n + 1, sizeof *any->list)) {
        free(name);
        p->out_of_memory = true;
        return false;
    }
    any->list[any->n++] = (struct wr_any_type){name, column};
    return true;
}

const char *wr_plan_schema_text(wr_planner *p, const wr_schema *schema) {
    wr_buf buf = WR_BUF_INIT;
    wr_buf_putc(&buf, '(');
    for (uint32_t i = 0; i < schema->n_attrs; i++) {
        const wr_attr *attr = &schema->attrs[i];
        if (i) wr_buf_puts(&buf, ", ");
        wr_buf_puts(&buf, attr->name);
        wr_buf_putc(&buf, ' ');
        wr_buf_puts(&buf, attr->type == WEIR_NONE ? "?" : weir_type_name(attr->type));
    }
    wr_buf_putc(&buf, ')');
    const char *text = buf.failed ? NULL : wr_plan_strdup(p, buf.data);
    if (!text) p->out_of_memory = true;
    wr_buf_fini(&buf);
    return text ? text : "()";
}
