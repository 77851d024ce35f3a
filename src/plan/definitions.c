#include "plan/definitions.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "plan/aggregation.h"
#include "plan/annotations.h"
#include "plan/named_window.h"

static const char *const kind_names[] = {"stream", "table", "window", "trigger", "function", "aggregation"};

/* ---- Schemas ----------------------------------------------------------------------------------------------
 */

static void tell_duplicates(wr_planner *p, const wr_ast_definition *d) {
    for (uint32_t i = 1; i < d->n_attrs; i++)
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(d->attrs[i].name.text, d->attrs[k].name.text) == 0) {
                wr_plan_error(p, d->attrs[i].name.span, WEIR_ENAME, NULL,
                              "'%s' has an attribute '%s' already", d->id.name.text, d->attrs[i].name.text);
                break;
            }
}

/* Columns that a query sets to values of another type, as planning it before has shown. */
static void hold_any_types(const wr_planner *p, const wr_ast_definition *d, wr_attr *attrs) {
    for (uint32_t i = 0; p->any_types && i < p->any_types->n; i++) {
        const struct wr_any_type *any = &p->any_types->list[i];
        if (d->kind == WR_DEFINE_TABLE && strcmp(any->table, d->id.name.text) == 0)
            attrs[any->column].boxed = true;
    }
}

static wr_schema read_schema(wr_planner *p, const wr_ast_definition *d) {
    if (d->n_attrs > WR_MAX_ATTRS) {
        wr_plan_error(p, d->id.span, WEIR_ELIMIT, NULL, "'%s' has more than %u attributes", d->id.name.text,
                      WR_MAX_ATTRS);
        return (wr_schema){0, NULL};
    }
    wr_attr *attrs = WR_PLAN_ARRAY(p, d->n_attrs, wr_attr);
    if (!attrs) return (wr_schema){0, NULL};
    for (uint32_t i = 0; i < d->n_attrs; i++) {
        attrs[i].name = wr_plan_strdup(p, d->attrs[i].name.text);
        attrs[i].type = d->attrs[i].type;
        if (!attrs[i].name) return (wr_schema){0, NULL};
    }
    tell_duplicates(p, d);
    hold_any_types(p, d, attrs);
    return (wr_schema){d->n_attrs, attrs};
}

static void note_definition(wr_named *named, const wr_ast_definition *d) {
    named->definition = d;
    named->poisoned = named->schema.n_attrs < d->n_attrs; /* too many: told, and not read */
}

/* ---- One definition ---------------------------------------------------------------------------------------
 */

static void define_stream(wr_planner *p, const wr_ast_definition *d, const char *name) {
    wr_named *named = wr_plan_find(p, name); /* a trigger's: the same stream */
    if (!named) {
        named = wr_plan_add_stream(p, name, read_schema(p, d), d->span);
        if (!named) return;
        note_definition(named, d);
    }
    p->plan->streams[named->index].is_defined = true;
    wr_plan_stream_annotations(p, d, named->index);
}

static void define_table(wr_planner *p, const wr_ast_definition *d, const char *name) {
    wr_named *named = wr_plan_add_named(p, WR_NAMED_TABLE, name, read_schema(p, d));
    if (!named) return;
    note_definition(named, d);
    named->index = p->plan->n_tables++;
    p->plan->tables[named->index] = (wr_plan_table){.name = name,
                                                    .schema = named->schema,
                                                    .aggregation = WR_NONE_ID,
                                                    .begin = d->span.begin,
                                                    .end = d->span.end};
    wr_plan_table_annotations(p, d, named->index);
}

static void define_window(wr_planner *p, const wr_ast_definition *d, const char *name) {
    wr_named *named = wr_plan_add_named(p, WR_NAMED_WINDOW, name, read_schema(p, d));
    if (!named) return;
    note_definition(named, d);
    wr_plan_named_window_of(p, d, named);
}

/* The cron window knows what a cron text is: its check is asked, so that there is one parser of them. */
static void check_cron(wr_planner *p, const wr_ast_expr *at) {
    const weir_window_type *cron = wr_registry_find_window(p->registry, "", "cron");
    if (!cron) return;
    const wr_ast_const *text = &at->as.constant;
    weir_arg arg = {.type = WEIR_STRING, .is_const = true, .begin = at->span.begin, .end = at->span.end};
    arg.value.type = WEIR_STRING;
    arg.value.as.s = weir_string_view(text->as.s.text, text->as.s.len);
    weir_error err = {0};
    if (cron->check(&arg, 1, &err) == WEIR_OK) return;
    wr_plan_error(p, at->span, WEIR_EPARSE,
                  err.hint[0] ? err.hint : "write 'start', or a cron text like '*/5 * * * * ?'", "%s",
                  err.message[0] ? err.message : "this is no cron text");
}

static wr_plan_trigger read_trigger(wr_planner *p, const wr_ast_definition *d, const char *name) {
    wr_plan_trigger trigger = {.name = name, .kind = WR_TRIGGER_EVERY, .every_ms = d->as.trigger.every_ms};
    const wr_ast_expr *at = d->as.trigger.at;
    if (trigger.every_ms >= 0) {
        if (trigger.every_ms == 0)
            wr_plan_error(p, at->span, WEIR_ETYPE, NULL, "a trigger's period must be above 0");
        return trigger;
    }
    trigger.every_ms = 0;
    trigger.cron = wr_plan_strdup(p, at->as.constant.as.s.text);
    const char *text = at->as.constant.as.s.text;
    size_t blanks = strspn(text, " ");
    bool is_start =
        strncasecmp(text + blanks, "start", 5) == 0 && !text[blanks + 5 + strspn(text + blanks + 5, " ")];
    trigger.kind = is_start ? WR_TRIGGER_START : WR_TRIGGER_CRON;
    if (is_start)
        trigger.cron = NULL;
    else
        check_cron(p, at);
    return trigger;
}

/* A stream that has just the attribute of a trigger may be defined as well. */
static bool is_trigger_stream(const wr_named *named) {
    return named->kind == WR_NAMED_STREAM && named->definition &&
           named->definition->kind == WR_DEFINE_STREAM && named->schema.n_attrs == 1 &&
           named->schema.attrs[0].type == WEIR_LONG &&
           strcmp(named->schema.attrs[0].name, "triggered_time") == 0;
}

static void define_trigger(wr_planner *p, const wr_ast_definition *d, const char *name) {
    wr_attr *attr = WR_PLAN_NEW(p, wr_attr);
    if (!attr) return;
    *attr = (wr_attr){.name = "triggered_time", .type = WEIR_LONG};
    wr_named *named = wr_plan_find(p, name);
    if (!named) named = wr_plan_add_stream(p, name, (wr_schema){1, attr}, d->span);
    if (!named) return;
    named->definition = d;
    uint32_t at = p->plan->n_triggers++;
    p->plan->triggers[at] = read_trigger(p, d, name);
    p->plan->triggers[at].stream = named->index;
    p->plan->streams[named->index].trigger = at;
}

/* The language's function (namespace script), opened with its module; NULL: told. */
static const weir_function_type *script_language(wr_planner *p, const wr_ast_definition *d) {
    weir_error err = {0};
    char name[32] = "";
    const char *written = d->as.function.language.text;
    for (size_t i = 0; written[i] && i + 1 < sizeof name; i++)
        name[i] = (char)tolower((unsigned char)written[i]);
    const weir_function_type *language = wr_registry_find_function(p->registry, "script", name);
    weir_status status =
        language ? WEIR_OK : wr_registry_need(p->registry, WR_MODULE_FUNCTION, "script", name, &err);
    if (status == WEIR_OK) language = wr_registry_find_function(p->registry, "script", name);
    if (language) return language;
    if (status == WEIR_OK || status == WEIR_ENAME)
        wr_plan_error(p, d->as.function.language.span, WEIR_ENAME, "weir runs JavaScript and Lua",
                      "there is no script language '%s'", written);
    else
        wr_plan_error(p, d->as.function.language.span, status, err.hint, "%s", err.message);
    return NULL;
}

static weir_arg text_arg(const wr_planner *p, wr_span span, const char *text, size_t len) {
    return (weir_arg){.type = WEIR_STRING,
                      .is_const = true,
                      .value = {.type = WEIR_STRING, .as.s = weir_string_view(text, (uint32_t)len)},
                      .begin = span.begin + p->span_base,
                      .end = span.end + p->span_base};
}

/* Functions have names of their own. */
static bool is_taken_function(wr_planner *p, const wr_ast_definition *d, const char *name) {
    for (uint32_t i = 0; i < p->n_scripts; i++) {
        if (strcmp(p->scripts[i].name, name) != 0) continue;
        wr_plan_error(p, d->id.span, WEIR_ENAME, NULL, "there is a function '%s' already", name);
        return true;
    }
    return false;
}

/* A call f(a) of it becomes script:language(text, type, 'f', a): see wr_type_call. */
static void define_function(wr_planner *p, const wr_ast_definition *d, const char *name) {
    if (is_taken_function(p, d, name)) return;
    wr_script *script = &p->scripts[p->n_scripts++];
    *script = (wr_script){.name = name, .type = d->as.function.return_type};
    const weir_function_type *language = script_language(p, d);
    if (!language) return;
    const char *type = weir_type_name(script->type);
    const char *body = wr_arena_strndup(p->arena, d->as.function.body, d->as.function.body_len);
    if (!body) {
        p->out_of_memory = true;
        return;
    }
    script->head[0] = text_arg(p, d->as.function.body_span, body, d->as.function.body_len);
    script->head[1] = text_arg(p, d->as.function.return_type_span, type, strlen(type));
    script->head[2] = text_arg(p, d->id.span, name, strlen(name));
    weir_error err = {0};
    weir_type result;
    if (language->check(script->head, 3, &result, &err) == WEIR_OK)
        script->function = language;
    else
        wr_plan_error(p, d->id.span, err.code, err.hint, "%s", err.message);
}

static void define_aggregation(wr_planner *p, const wr_ast_definition *d, const char *name) {
    wr_named *named = wr_plan_add_named(p, WR_NAMED_AGGREGATION, name, (wr_schema){0, NULL});
    if (!named) return;
    named->definition = d;
    named->index = p->plan->n_aggregations++;
    p->plan->aggregations[named->index] =
        (wr_plan_aggregation){.name = name, .begin = d->span.begin, .end = d->span.end};
    if (d->as.aggregation.is_range && d->as.aggregation.units[0] > d->as.aggregation.units[1])
        wr_plan_error(p, d->as.aggregation.units_span, WEIR_ETYPE,
                      "write the smaller unit first: sec ... year",
                      "the range of an aggregation goes from a smaller to a larger unit");
}

/* ---- All of them ------------------------------------------------------------------------------------------
 */

/* The stream of a trigger is defined by it, and may be by a definition of its own besides. */
static bool defines_trigger_stream(const wr_named *before, const wr_ast_definition *d) {
    return before->definition && before->definition->kind == WR_DEFINE_TRIGGER &&
           d->kind == WR_DEFINE_STREAM && d->n_attrs == 1 && d->attrs[0].type == WEIR_LONG &&
           strcmp(d->attrs[0].name.text, "triggered_time") == 0;
}

/* As in Siddhi only streams and tables may be defined twice alike. */
static bool may_come_again(const wr_ast_definition *d) {
    return d->kind == WR_DEFINE_STREAM || d->kind == WR_DEFINE_TABLE;
}

/* A name that is taken: fine when it is the same definition again. */
static bool is_taken(wr_planner *p, const wr_ast_definition *d, const char *name) {
    wr_named *before = wr_plan_find(p, name);
    if (!before) return false;
    if (defines_trigger_stream(before, d)) return p->plan->streams[before->index].is_defined;
    if (d->kind == WR_DEFINE_TRIGGER && is_trigger_stream(before)) return false;
    if (may_come_again(d) && before->definition && wr_ast_definition_equal(before->definition, d))
        return true;
    const char *kind = before->definition ? kind_names[before->definition->kind] : "stream";
    wr_plan_error(p, d->id.span, WEIR_ENAME,
                  "streams, tables, windows, triggers and aggregations share their names",
                  "'%s' is defined already, as a %s", name, kind);
    return true;
}

static void define(wr_planner *p, const wr_ast_definition *d) {
    const char *name = wr_plan_marked_name(p, d->id.mark, d->id.name.text);
    if (!name) return;
    if (d->kind != WR_DEFINE_FUNCTION && is_taken(p, d, name)) return;
    switch (d->kind) {
    case WR_DEFINE_STREAM: define_stream(p, d, name); break;
    case WR_DEFINE_TABLE: define_table(p, d, name); break;
    case WR_DEFINE_WINDOW: define_window(p, d, name); break;
    case WR_DEFINE_TRIGGER: define_trigger(p, d, name); break;
    case WR_DEFINE_FUNCTION: define_function(p, d, name); break;
    case WR_DEFINE_AGGREGATION: define_aggregation(p, d, name); break;
    }
}

void wr_plan_definitions(wr_planner *p) {
    for (uint32_t i = 0; i < p->app->n_definitions; i++) define(p, p->app->definitions[i]);
    /* An aggregation may read what is defined after it. */
    for (uint32_t i = 0; i < p->n_named; i++)
        if (p->named[i]->kind == WR_NAMED_AGGREGATION) wr_plan_aggregation_of(p, p->named[i]);
}
