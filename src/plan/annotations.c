#include "plan/annotations.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lang/parser.h"
#include "lang/suggest.h"

#define USUAL_INTERVAL_S 60

/* ---- Reading one ------------------------------------------------------------------------------------------
 */

const wr_ast_annotation *wr_plan_annotation(wr_planner *p, const wr_ast_annotations *all, const char *name) {
    const wr_ast_annotation *second = wr_ast_find_annotation(all, name, 1);
    if (second)
        wr_plan_error(p, second->span, WEIR_ENAME, NULL, "@%s%s is written twice",
                      second->is_app ? "app:" : "", second->name.text);
    return wr_ast_find_annotation(all, name, 0);
}

const char *wr_plan_annotation_value(const wr_ast_annotation *annotation, const char *key) {
    const wr_ast_annotation_item *item = annotation ? wr_ast_find_item(annotation, key) : NULL;
    return item ? item->value : NULL;
}

/* What must not be there twice: Siddhi refuses it where it looks for one. NULL: it isn't there. */
static const wr_ast_annotation_item *only_item(wr_planner *p, const wr_ast_annotation *a, const char *key) {
    const wr_ast_annotation_item *first = a ? wr_ast_find_item(a, key) : NULL;
    if (!first) return NULL;
    wr_ast_annotation rest = {.items = (wr_ast_annotation_item *)first + 1,
                              .n_items = a->n_items - 1 - (uint32_t)(first - a->items)};
    const wr_ast_annotation_item *second = wr_ast_find_item(&rest, key);
    if (second) wr_plan_error(p, second->span, WEIR_ENAME, NULL, "@%s has a second value", a->name.text);
    return first;
}

int64_t wr_plan_annotation_time(wr_planner *p, const wr_ast_annotation_item *item) {
    wr_source text = {0};
    wr_ast_expr *e = NULL;
    if (wr_source_init(&text, "time", item->value, strlen(item->value), NULL) == WEIR_OK &&
        wr_parse_expression(&text, p->arena, &e, NULL) != WEIR_OK)
        e = NULL;
    wr_source_fini(&text);
    if (e && e->kind == WR_AST_CONST && e->as.constant.is_time && e->as.constant.as.l > 0)
        return e->as.constant.as.l;
    wr_plan_error(p, item->value_span, WEIR_ECONFIG, "write it as '100 millisec' or '5 sec'",
                  "'%s' is not a time", item->value);
    return -1;
}

static bool item_is(const wr_ast_annotation_item *item, const char *const *keys) {
    for (; *keys; keys++)
        if (item->key && strcasecmp(item->key, *keys) == 0) return true;
    return false;
}

/* Tells each element whose key is not among those; one without a key may be a value. */
static void known_keys(wr_planner *p, const wr_ast_annotation *a, const char *const *keys, bool takes_value) {
    for (uint32_t i = 0; i < a->n_items; i++) {
        const wr_ast_annotation_item *item = &a->items[i];
        if (item_is(item, keys) || (takes_value && !item->key && !item->child)) continue;
        char hint[128] = "";
        wr_suggest suggest;
        wr_suggest_init(&suggest, item->key ? item->key : "");
        for (uint32_t k = 0; keys[k]; k++) wr_suggest_offer(&suggest, keys[k]);
        if (item->key) wr_suggest_hint(&suggest, hint, sizeof hint);
        wr_plan_error(p, item->span, WEIR_ECONFIG, hint, "@%s%s takes no '%s'", a->is_app ? "app:" : "",
                      a->name.text,
                      item->key     ? item->key
                      : item->value ? item->value
                                    : item->child->name.text);
    }
}

/* ---- The app's --------------------------------------------------------------------------------------------
 */

static void app_playback(wr_planner *p, const wr_ast_annotation *a) {
    static const char *const keys[] = {"idle.time", "increment", NULL};
    p->plan->clock = WR_CLOCK_PLAYBACK;
    known_keys(p, a, keys, false);
    const wr_ast_annotation_item *idle = wr_ast_find_item(a, "idle.time");
    const wr_ast_annotation_item *increment = wr_ast_find_item(a, "increment");
    if (!idle != !increment) {
        wr_plan_error(p, a->span, WEIR_ECONFIG, "give both idle.time and increment, or neither",
                      "@app:playback has only one of idle.time and increment");
        return;
    }
    if (!idle) return;
    p->plan->idle_ms = wr_plan_annotation_time(p, idle);
    p->plan->increment_ms = wr_plan_annotation_time(p, increment);
}

/* Counters are always kept, for weir ps and /metrics: what is asked for here is there without asking. Written
 * 'true' or 'false', or with keys. */
static int64_t statistics_interval(wr_planner *p, const wr_ast_annotation *a) {
    const wr_ast_annotation_item *item = wr_ast_find_item(a, "interval");
    if (!item || !item->value) return USUAL_INTERVAL_S * 1000;
    char *end;
    long n = strtol(item->value, &end, 10);
    if (*item->value && !*end && n > 0 && n <= INT32_MAX) return n * 1000;
    wr_plan_error(p, item->value_span, WEIR_ECONFIG, "interval='5' is five seconds",
                  "interval must be a whole number of seconds above 0");
    return 0;
}

static wr_reporter statistics_reporter(wr_planner *p, const wr_ast_annotation *a) {
    const wr_ast_annotation_item *item = wr_ast_find_item(a, "reporter");
    if (!item || !item->value || !strcasecmp(item->value, "console")) return WR_REPORTER_CONSOLE;
    if (!strcasecmp(item->value, "jmx")) return WR_REPORTER_JMX;
    wr_plan_error(p, item->value_span, WEIR_ECONFIG, "reporter is 'console' or 'jmx'",
                  "@app:statistics knows no reporter '%s'", item->value);
    return WR_REPORTER_CONSOLE;
}

/* As Siddhi reads it: enable='true' switches it on whatever else is there; without a value of its own it is
 * on, and else if that value is 'true'. */
static void app_statistics(wr_planner *p, const wr_ast_annotation *a) {
    static const char *const keys[] = {"enable", "reporter", "interval", "include", NULL};
    known_keys(p, a, keys, true);
    const char *enable = wr_plan_annotation_value(a, "enable"), *value = wr_plan_annotation_value(a, NULL);
    const char *include = wr_plan_annotation_value(a, "include");
    p->plan->statistics = (wr_plan_statistics){.is_on = (enable && !strcasecmp(enable, "true")) || !value ||
                                                        !strcasecmp(value, "true"),
                                               .reporter = statistics_reporter(p, a),
                                               .interval_ms = statistics_interval(p, a),
                                               .include = include ? wr_plan_strdup(p, include) : NULL};
}

/* NULL where there is none, as in Siddhi also of @app:name(name='x'). */
static const char *app_text(wr_planner *p, const char *name) {
    const wr_ast_annotation *a = wr_plan_annotation(p, &p->app->annotations, name);
    const wr_ast_annotation_item *item = only_item(p, a, NULL);
    return item ? wr_plan_strdup(p, item->value) : NULL;
}

/* How often rows that go out may be there after a crash. */
static void app_guarantee(wr_planner *p) {
    static const char *const names[] = {"at-least-once", "exactly-once"};
    static const weir_guarantee values[] = {WEIR_AT_LEAST_ONCE, WEIR_EXACTLY_ONCE};
    p->plan->guarantee = WEIR_AT_LEAST_ONCE;
    const wr_ast_annotation *a = wr_plan_annotation(p, &p->app->annotations, "guarantee");
    const char *value = app_text(p, "guarantee");
    for (uint32_t i = 0; value && i < WR_COUNT(names); i++)
        if (strcasecmp(value, names[i]) == 0) {
            p->plan->guarantee = values[i];
            return;
        }
    if (value)
        wr_plan_error(p, a->span, WEIR_ECONFIG, "it takes 'at-least-once' or 'exactly-once'",
                      "@app:guarantee does not know '%s'", value);
}

void wr_plan_app_annotations(wr_planner *p) {
    const wr_ast_annotations *all = &p->app->annotations;
    p->plan->name = app_text(p, "name");
    const char *description = wr_plan_annotation_value(wr_plan_annotation(p, all, "description"), NULL);
    p->plan->description = description ? wr_plan_strdup(p, description) : NULL;
    app_guarantee(p);
    const wr_ast_annotation *playback = wr_plan_annotation(p, all, "playback");
    if (playback) app_playback(p, playback);
    const wr_ast_annotation *async = wr_ast_find_annotation(all, "async", 0);
    if (async)
        wr_plan_error(p, async->span, WEIR_ECONFIG, "put @async in front of a stream's definition",
                      "@app:async is not an annotation of an app");
    const wr_ast_annotation *statistics = wr_plan_annotation(p, all, "statistics");
    if (statistics) app_statistics(p, statistics);
    wr_plan_annotation(p, all, "enforceOrder");
    const char *channels =
        wr_plan_annotation_value(wr_plan_annotation(p, all, "transportChannelCreationEnabled"), NULL);
    p->plan->no_io = channels && strcasecmp(channels, "false") == 0;
}

/* ---- Streams ----------------------------------------------------------------------------------------------
 */

static void whole_number(wr_planner *p, const wr_ast_annotation *a, const char *key) {
    const wr_ast_annotation_item *item = wr_ast_find_item(a, key);
    if (!item || !item->value) return;
    char *end;
    long n = strtol(item->value, &end, 10);
    if (!*item->value || *end || n <= 0 || n > INT32_MAX)
        wr_plan_error(p, item->value_span, WEIR_ECONFIG, NULL, "%s must be a whole number above 0", key);
}

/* Buffers and threads are weir's own business (a source hands over what is waiting): @async is checked, so
 * that an app stays portable, and changes no answer. */
static void stream_async(wr_planner *p, const wr_ast_annotation *a) {
    whole_number(p, a, "buffer.size");
    whole_number(p, a, "workers");
    whole_number(p, a, "batch.size.max");
}

static void stream_on_error(wr_planner *p, const wr_ast_annotation *a, uint32_t at) {
    wr_plan_stream *stream = &p->plan->streams[at];
    const char *action = wr_plan_annotation_value(a, "action");
    stream->has_on_error = true;
    if (action && strcasecmp(action, "log") == 0) {
        stream->on_error = WR_ON_ERROR_LOG;
    } else if (action && strcasecmp(action, "stream") == 0) {
        stream->on_error = WR_ON_ERROR_STREAM;
    } else if (action && strcasecmp(action, "store") == 0) {
        stream->on_error = WR_ON_ERROR_STORE;
    } else {
        wr_plan_error(p, a->span, WEIR_ECONFIG, "action is 'log', 'stream' or 'store'",
                      action ? "@OnError knows no action '%s'" : "@OnError has no action%s",
                      action ? action : "");
    }
}

/* "!S": S's attributes and what went wrong. */
static void add_fault_stream(wr_planner *p, uint32_t at, wr_span span) {
    const wr_plan_stream *stream = &p->plan->streams[at];
    uint32_t n = stream->schema.n_attrs;
    const char *name = wr_plan_marked_name(p, WR_MARK_FAULT, stream->name);
    wr_attr *attrs = WR_PLAN_ARRAY(p, (size_t)n + 1, wr_attr);
    if (!name || !attrs) return;
    if (n) memcpy(attrs, stream->schema.attrs, n * sizeof *attrs);
    attrs[n] = (wr_attr){.name = "_error", .type = WEIR_OBJECT};
    wr_named *fault = wr_plan_add_stream(p, name, (wr_schema){n + 1, attrs}, span);
    if (!fault) return;
    p->plan->streams[at].fault = fault->index;
    p->plan->streams[fault->index].fault_of = at;
}

void wr_plan_stream_annotations(wr_planner *p, const wr_ast_definition *definition, uint32_t stream) {
    const wr_ast_annotations *all = &definition->annotations;
    const wr_ast_annotation *async = wr_plan_annotation(p, all, "async");
    if (async) stream_async(p, async);
    const wr_ast_annotation *on_error = wr_plan_annotation(p, all, "OnError");
    if (on_error) stream_on_error(p, on_error, stream);
    if (p->plan->streams[stream].on_error == WR_ON_ERROR_STREAM) add_fault_stream(p, stream, on_error->span);
    wr_plan_io_annotations(p, all, &p->plan->streams[stream]);
}

/* ---- Tables -----------------------------------------------------------------------------------------------
 */

/* Without the blanks round it. */
static char *trimmed(wr_planner *p, const char *text) {
    while (isspace((unsigned char)*text)) text++;
    char *copy = wr_plan_strdup(p, text);
    for (size_t n = copy ? strlen(copy) : 0; n && isspace((unsigned char)copy[n - 1]); n--) copy[n - 1] = 0;
    return copy;
}

/* The column that an element of @PrimaryKey or @Index names, or WR_NO_COLUMN. */
static uint32_t key_column(wr_planner *p, const wr_plan_table *table, const wr_ast_annotation_item *item) {
    if (!item->value) { /* a key before it says nothing */
        wr_plan_error(p, item->span, WEIR_ECONFIG, "write @PrimaryKey('a', 'b')",
                      "the name of an attribute is expected");
        return WR_NO_COLUMN;
    }
    const char *name = trimmed(p, item->value);
    uint32_t column = name ? wr_schema_find(&table->schema, name) : 0;
    if (column != WR_NO_COLUMN) return column;
    char hint[128];
    wr_suggest suggest;
    wr_suggest_init(&suggest, item->value);
    for (uint32_t i = 0; i < table->schema.n_attrs; i++)
        wr_suggest_offer(&suggest, table->schema.attrs[i].name);
    wr_suggest_hint(&suggest, hint, sizeof hint);
    wr_plan_error(p, item->value_span, WEIR_ENAME, hint, "there is no attribute '%s' in '%s'", item->value,
                  table->name);
    return WR_NO_COLUMN;
}

static bool holds(const uint32_t *columns, uint32_t n, uint32_t column) {
    for (uint32_t i = 0; i < n; i++)
        if (columns[i] == column) return true;
    return false;
}

static void primary_key(wr_planner *p, const wr_ast_annotation *a, wr_plan_table *table) {
    if (a->n_items == 0)
        wr_plan_error(p, a->span, WEIR_ECONFIG, "write @PrimaryKey('a', 'b')",
                      "@PrimaryKey names no attribute");
    table->key = WR_PLAN_ARRAY(p, a->n_items, uint32_t);
    for (uint32_t i = 0; i < a->n_items && table->key; i++) {
        uint32_t column = key_column(p, table, &a->items[i]);
        if (column == WR_NO_COLUMN) continue;
        if (!holds(table->key, table->n_key, column)) table->key[table->n_key++] = column;
    }
}

static void add_index(wr_planner *p, const wr_ast_annotation *a, wr_plan_table *table) {
    if (a->n_items != 1) {
        wr_plan_error(p, a->span, WEIR_ECONFIG, "write one @Index for each attribute",
                      "@Index names one attribute, not %u", a->n_items);
        return;
    }
    uint32_t column = key_column(p, table, &a->items[0]);
    if (column == WR_NO_COLUMN) return;
    if (holds(table->indexes, table->n_indexes, column))
        wr_plan_error(p, a->span, WEIR_ENAME, NULL, "'%s' has an index already", a->items[0].value);
    else
        table->indexes[table->n_indexes++] = column;
}

void wr_plan_index_annotations(wr_planner *p, const wr_ast_annotations *all, wr_plan_table *table) {
    const wr_ast_annotation *index;
    table->indexes = WR_PLAN_ARRAY(p, all->n + 1, uint32_t);
    for (uint32_t i = 0; table->indexes && (index = wr_ast_find_annotation(all, "Index", i)); i++)
        add_index(p, index, table);
}

/* A column of a store has one type. */
static void refuse_any_types(wr_planner *p, const wr_ast_definition *definition, const wr_plan_table *table) {
    for (uint32_t i = 0; i < table->schema.n_attrs; i++)
        if (table->schema.attrs[i].boxed)
            wr_plan_error(
                p, definition->attrs[i].name.span, WEIR_ETYPE, "convert it: convert(x, 'long')",
                "a query sets '%s' of table '%s' to values of another type, which a store can't keep",
                table->schema.attrs[i].name, table->name);
}

void wr_plan_table_annotations(wr_planner *p, const wr_ast_definition *definition, uint32_t at) {
    const wr_ast_annotations *all = &definition->annotations;
    wr_plan_table *table = &p->plan->tables[at];
    const wr_ast_annotation *store = wr_ast_find_annotation(all, "store", 0);
    const wr_ast_annotation *index_by = wr_ast_find_annotation(all, "IndexBy", 0);
    if (store) table->store = wr_plan_store_annotation(p, store);
    if (index_by)
        wr_plan_error(p, index_by->span, WEIR_ECONFIG, "write @Index('…') for each attribute",
                      "@IndexBy is no annotation any more");
    const wr_ast_annotation *key = wr_plan_annotation(p, all, "PrimaryKey");
    if (key) primary_key(p, key, table);
    if (table->store) refuse_any_types(p, definition, table);
    wr_plan_index_annotations(p, all, table);
}

/* ---- Queries ----------------------------------------------------------------------------------------------
 */

const char *wr_plan_query_name(wr_planner *p, const wr_ast_annotations *annotations, wr_span *span) {
    const wr_ast_annotation *info = wr_plan_annotation(p, annotations, "info");
    wr_plan_annotation(p, annotations, "synchronized");
    const wr_ast_annotation_item *item = only_item(p, info, "name");
    if (!item || !item->value) return NULL;
    *span = item->value_span;
    return wr_plan_strdup(p, item->value);
}
