/* io_annotations.c: @source and @sink, taken apart but not understood: that is the connector's. */
#include <ctype.h>
#include <strings.h>

#include "lang/suggest.h"
#include "plan/annotations.h"

static const char *lower(wr_planner *p, const char *text) {
    char *copy = wr_plan_strdup(p, text ? text : "");
    for (char *c = copy; c && *c; c++) *c = (char)tolower((unsigned char)*c);
    return copy;
}

/* The elements of an annotation, but for `skipped` (or NULL) and what is nested in it. */
static wr_option *read_options(wr_planner *p, const wr_ast_annotation *a, const char *skipped, bool keep_case,
                               uint32_t *n) {
    wr_option *options = WR_PLAN_ARRAY(p, a->n_items, wr_option);
    *n = 0;
    for (uint32_t i = 0; options && i < a->n_items; i++) {
        const wr_ast_annotation_item *item = &a->items[i];
        if (!item->value || (skipped && item->key && strcasecmp(item->key, skipped) == 0)) continue;
        const char *key = keep_case && item->key ? wr_plan_strdup(p, item->key) : lower(p, item->key);
        options[(*n)++] = (wr_option){.key = key,
                                      .value = wr_plan_strdup(p, item->value),
                                      .begin = item->span.begin,
                                      .end = item->span.end};
    }
    return options;
}

/* The nested annotation of that name, or NULL; tells the second one. */
static const wr_ast_annotation *child_named(wr_planner *p, const wr_ast_annotation *a, const char *name) {
    const wr_ast_annotation *found = NULL;
    for (uint32_t i = 0; i < a->n_items; i++) {
        const wr_ast_annotation *child = a->items[i].child;
        if (!child || strcasecmp(child->name.text, name) != 0) continue;
        if (found) wr_plan_error(p, child->span, WEIR_ENAME, NULL, "@%s is written twice", child->name.text);
        if (!found) found = child;
    }
    return found;
}

/* The connector has nothing to do with it. */
static void leave_out(wr_option *options, uint32_t *n, const char *key) {
    uint32_t kept = 0;
    for (uint32_t i = 0; options && i < *n; i++)
        if (strcmp(options[i].key, key) != 0) options[kept++] = options[i];
    *n = kept;
}

/* ---- Settings from outside ---- */

static bool has_option(const wr_option *options, uint32_t n, const char *key) {
    for (uint32_t i = 0; i < n; i++)
        if (!strcmp(options[i].key, key)) return true;
    return false;
}

/* The settings that the annotation has not itself; errors about them are placed at `span`. */
static void add_settings(wr_planner *p, const weir_ref *ref, wr_span span, wr_option **options, uint32_t *n) {
    wr_option *all = WR_PLAN_ARRAY(p, *n + ref->n_settings, wr_option);
    if (!all) return;
    memcpy(all, *options, *n * sizeof *all);
    for (uint32_t i = 0; i < ref->n_settings; i++) {
        const char *key = lower(p, ref->settings[i].key);
        if (has_option(all, *n, key)) continue;
        all[(*n)++] = (wr_option){.key = key,
                                  .value = wr_plan_strdup(p, ref->settings[i].value),
                                  .begin = span.begin,
                                  .end = span.end};
    }
    *options = all;
}

static void add_defaults(wr_planner *p, const char *kind, const char *type, wr_span span, wr_option **options,
                         uint32_t *n) {
    for (uint32_t i = 0; type && i < p->n_refs; i++) {
        const weir_ref *r = &p->refs[i];
        if (!r->name && r->kind && !strcasecmp(r->kind, kind) && r->type && !strcasecmp(r->type, type))
            add_settings(p, r, span, options, n);
    }
}

/* What the annotation refers to; NULL: to nothing, or to what is not there, which is told. */
static const weir_ref *find_ref(wr_planner *p, const wr_ast_annotation *a) {
    const wr_ast_annotation_item *item = wr_ast_find_item(a, "ref");
    char hint[160] = "give it in a file: weir run --config FILE";
    wr_suggest suggest;
    if (!item || !item->value) return NULL;
    wr_suggest_init(&suggest, item->value);
    for (uint32_t i = 0; i < p->n_refs; i++) {
        if (!p->refs[i].name) continue;
        if (!strcmp(p->refs[i].name, item->value)) return &p->refs[i];
        wr_suggest_offer(&suggest, p->refs[i].name);
    }
    if (p->n_refs) wr_suggest_hint(&suggest, hint, sizeof hint);
    wr_plan_error(p, item->value_span, WEIR_ECONFIG, hint,
                  "@%s refers to '%s', which the configuration has not", a->name.text, item->value);
    return NULL;
}

static const char *required_type(wr_planner *p, const wr_ast_annotation *a, const weir_ref *ref) {
    const char *type = wr_plan_annotation_value(a, "type");
    if (!type && ref) type = ref->type;
    if (!type && wr_ast_find_item(a, "ref")) return ""; /* told */
    if (!type)
        wr_plan_error(p, a->span, WEIR_ECONFIG,
                      strcasecmp(a->name.text, "store") ? "say which kind: @source(type='file', …)"
                                                        : "say which kind: @store(type='sqlite', …)",
                      "@%s has no type", a->name.text);
    return type ? wr_plan_strdup(p, type) : NULL;
}

/* Its own options, those of what it refers to, and those of all that are like it, in this order. */
static const char *read_place(wr_planner *p, const wr_ast_annotation *a, const char *kind,
                              wr_option **options, uint32_t *n) {
    const weir_ref *ref = find_ref(p, a);
    const char *type = required_type(p, a, ref);
    *options = read_options(p, a, "type", false, n);
    leave_out(*options, n, "ref");
    if (ref) add_settings(p, ref, wr_ast_find_item(a, "ref")->span, options, n);
    add_defaults(p, kind, type, a->span, options, n);
    return type;
}

static void read_map(wr_planner *p, const wr_ast_annotation *map, bool is_source, wr_plan_io *io) {
    io->map_type = required_type(p, map, NULL);
    io->map_options = read_options(p, map, "type", false, &io->n_map_options);
    add_defaults(p, is_source ? "sourceMapper" : "sinkMapper", io->map_type, map->span, &io->map_options,
                 &io->n_map_options);
    const wr_ast_annotation *attributes = child_named(p, map, "attributes");
    if (attributes) io->attributes = read_options(p, attributes, NULL, true, &io->n_attributes);
    const wr_ast_annotation *payload = child_named(p, map, "payload");
    if (payload) io->payloads = read_options(p, payload, NULL, true, &io->n_payloads);
}

/* ---- Sinks ---- */

static void read_on_error(wr_planner *p, const wr_ast_annotation *a, wr_plan_io *io) {
    static const struct {
        const char *name;
        wr_on_error action;
    } actions[] = {{"log", WR_ON_ERROR_LOG},
                   {"wait", WR_ON_ERROR_WAIT},
                   {"stream", WR_ON_ERROR_STREAM},
                   {"store", WR_ON_ERROR_STORE}};
    const wr_ast_annotation_item *item = wr_ast_find_item(a, "on.error");
    if (!item || !item->value) return;
    for (uint32_t i = 0; i < WR_COUNT(actions); i++)
        if (strcasecmp(item->value, actions[i].name) == 0) {
            io->has_on_error = true;
            io->on_error = actions[i].action;
            return;
        }
    wr_plan_error(p, item->value_span, WEIR_ECONFIG, "it is 'LOG', 'WAIT', 'STREAM' or 'STORE'",
                  "on.error knows no '%s'", item->value);
}

static void read_destination(wr_planner *p, const wr_ast_annotation *a, const wr_plan_io *io,
                             wr_plan_destination *d) {
    uint32_t n;
    wr_option *own = read_options(p, a, NULL, false, &n);
    d->options = WR_PLAN_ARRAY(p, n + io->n_options, wr_option);
    if (!own || !d->options) return;
    /* In Siddhi the sink's options are put over the destination's. */
    for (uint32_t i = 0; i < io->n_options; i++) d->options[d->n_options++] = io->options[i];
    for (uint32_t i = 0; i < n; i++)
        if (!has_option(io->options, io->n_options, own[i].key)) d->options[d->n_options++] = own[i];
}

static void read_strategy(wr_planner *p, const wr_ast_annotation *a, const wr_plan_stream *stream,
                          wr_plan_io *io) {
    static const char *const names[] = {"roundRobin", "partitioned", "broadcast"};
    static const wr_distribution strategies[] = {WR_ROUND_ROBIN, WR_PARTITIONED, WR_BROADCAST};
    const char *strategy = wr_plan_annotation_value(a, "strategy"),
               *key = wr_plan_annotation_value(a, "partitionKey");
    for (uint32_t i = 0; strategy && i < WR_COUNT(names); i++)
        if (strcasecmp(strategy, names[i]) == 0) io->distribution = strategies[i];
    if (io->distribution == WR_UNDISTRIBUTED)
        wr_plan_error(p, a->span, WEIR_ECONFIG, "strategy is 'roundRobin', 'partitioned' or 'broadcast'",
                      strategy ? "@distribution knows no strategy '%s'" : "@distribution has no strategy%s",
                      strategy ? strategy : "");
    if (io->distribution != WR_PARTITIONED) return;
    io->partition_key = key ? wr_schema_find(&stream->schema, key) : WR_NO_COLUMN;
    if (io->partition_key == WR_NO_COLUMN)
        wr_plan_error(
            p, a->span, key ? WEIR_ENAME : WEIR_ECONFIG, "write partitionKey='an attribute of the stream'",
            key ? "@distribution: there is no attribute '%s'" : "@distribution has no partitionKey%s",
            key ? key : "");
}

static void read_distribution(wr_planner *p, const wr_ast_annotation *a, const wr_plan_stream *stream,
                              wr_plan_io *io) {
    read_strategy(p, a, stream, io);
    io->destinations = WR_PLAN_ARRAY(p, a->n_items, wr_plan_destination);
    for (uint32_t i = 0; io->destinations && i < a->n_items; i++) {
        const wr_ast_annotation_item *item = &a->items[i];
        bool is_known =
            item->key && (!strcasecmp(item->key, "strategy") || !strcasecmp(item->key, "partitionKey"));
        if (item->child && strcasecmp(item->child->name.text, "destination") == 0)
            read_destination(p, item->child, io, &io->destinations[io->n_destinations++]);
        else if (!is_known)
            wr_plan_error(p, item->span, WEIR_ECONFIG, "it takes strategy, partitionKey and @destination(…)",
                          "@distribution takes no '%s'",
                          item->child ? item->child->name.text
                          : item->key ? item->key
                                      : item->value);
    }
    if (!io->n_destinations)
        wr_plan_error(p, a->span, WEIR_ECONFIG, "write @destination(…) for each place",
                      "@distribution has no @destination");
}

/* Rows that wait on disk have to be kept until they are sent, and by one sink. */
static void read_spill(wr_planner *p, const wr_ast_annotation *a, wr_plan_io *io) {
    const wr_ast_annotation_item *item = wr_ast_find_item(a, "spill");
    if (!item || !item->value) return;
    io->spill = wr_plan_strdup(p, item->value);
    if (io->has_on_error && io->on_error != WR_ON_ERROR_WAIT)
        wr_plan_error(p, item->value_span, WEIR_ECONFIG, "leave one of them out",
                      "spill keeps rows until they are sent: on.error can only be 'WAIT'");
    if (child_named(p, a, "distribution"))
        wr_plan_unsupported(p, item->value_span, "spill together with @distribution");
}

static void read_sink(wr_planner *p, const wr_ast_annotation *a, const wr_plan_stream *stream,
                      wr_plan_io *io) {
    read_on_error(p, a, io);
    read_spill(p, a, io);
    leave_out(io->options, &io->n_options, "on.error");
    leave_out(io->options, &io->n_options, "spill");
    const wr_ast_annotation *distribution = child_named(p, a, "distribution");
    if (distribution) read_distribution(p, distribution, stream, io);
}

static void read_io(wr_planner *p, const wr_ast_annotation *a, wr_plan_io *io) {
    io->begin = a->span.begin;
    io->end = a->span.end;
    bool is_source = !strcasecmp(a->name.text, "source");
    io->type = read_place(p, a, is_source ? "source" : "sink", &io->options, &io->n_options);
    const wr_ast_annotation *map = child_named(p, a, "map");
    if (map) read_map(p, map, is_source, io);
}

static wr_plan_io *read_all(wr_planner *p, const wr_ast_annotations *annotations, const char *name,
                            uint32_t *n) {
    while (wr_ast_find_annotation(annotations, name, *n)) (*n)++;
    wr_plan_io *list = *n ? WR_PLAN_ARRAY(p, *n, wr_plan_io) : NULL;
    for (uint32_t i = 0; list && i < *n; i++)
        read_io(p, wr_ast_find_annotation(annotations, name, i), &list[i]);
    return list;
}

void wr_plan_io_annotations(wr_planner *p, const wr_ast_annotations *annotations, wr_plan_stream *stream) {
    stream->sources = read_all(p, annotations, "source", &stream->n_sources);
    for (uint32_t i = 0; i < stream->n_sources; i++) {
        const wr_ast_annotation *source = wr_ast_find_annotation(annotations, "source", i);
        const wr_ast_annotation *wrong = child_named(p, source, "distribution");
        if (wrong) wr_plan_error(p, wrong->span, WEIR_ECONFIG, NULL, "@distribution is for sinks");
    }
    stream->sinks = read_all(p, annotations, "sink", &stream->n_sinks);
    for (uint32_t i = 0; stream->sinks && i < stream->n_sinks; i++)
        read_sink(p, wr_ast_find_annotation(annotations, "sink", i), stream, &stream->sinks[i]);
}

wr_plan_store *wr_plan_store_annotation(wr_planner *p, const wr_ast_annotation *a) {
    wr_plan_store *store = WR_PLAN_NEW(p, wr_plan_store);
    if (!store) return NULL;
    *store = (wr_plan_store){.begin = a->span.begin, .end = a->span.end};
    store->type = read_place(p, a, "store", &store->options, &store->n_options);
    const wr_ast_annotation *cache = child_named(p, a, "cache");
    store->has_cache = cache != NULL;
    if (cache) store->cache_options = read_options(p, cache, NULL, false, &store->n_cache_options);
    return store;
}
