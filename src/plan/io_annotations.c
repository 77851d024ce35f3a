/* io_annotations.c: @source and @sink, taken apart but not understood: that is the connector's. */
#include <ctype.h>
#include <strings.h>

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

static const char *required_type(wr_planner *p, const wr_ast_annotation *a) {
    const char *type = wr_plan_annotation_value(a, "type");
    if (!type)
        wr_plan_error(p, a->span, WEIR_ECONFIG,
                      strcasecmp(a->name.text, "store") ? "say which kind: @source(type='file', …)"
                                                        : "say which kind: @store(type='sqlite', …)",
                      "@%s has no type", a->name.text);
    return type ? wr_plan_strdup(p, type) : NULL;
}

static void refuse_unsupported(wr_planner *p, const wr_ast_annotation *a) {
    const wr_ast_annotation *distribution = child_named(p, a, "distribution");
    if (distribution)
        wr_plan_unsupported(p, distribution->span, "sinks with several destinations (@distribution)");
    const wr_ast_annotation_item *ref = wr_ast_find_item(a, "ref");
    if (ref) wr_plan_unsupported(p, ref->span, "settings from a deployment file (ref)");
}

static void read_map(wr_planner *p, const wr_ast_annotation *map, wr_plan_io *io) {
    io->map_type = required_type(p, map);
    io->map_options = read_options(p, map, "type", false, &io->n_map_options);
    const wr_ast_annotation *attributes = child_named(p, map, "attributes");
    if (attributes) io->attributes = read_options(p, attributes, NULL, true, &io->n_attributes);
    const wr_ast_annotation *payload = child_named(p, map, "payload");
    if (payload) io->payloads = read_options(p, payload, NULL, true, &io->n_payloads);
}

static void read_io(wr_planner *p, const wr_ast_annotation *a, wr_plan_io *io) {
    io->begin = a->span.begin;
    io->end = a->span.end;
    refuse_unsupported(p, a);
    io->type = wr_ast_find_item(a, "ref") ? "" : required_type(p, a);
    io->options = read_options(p, a, "type", false, &io->n_options);
    const wr_ast_annotation *map = child_named(p, a, "map");
    if (map) read_map(p, map, io);
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
    stream->sinks = read_all(p, annotations, "sink", &stream->n_sinks);
}

wr_plan_store *wr_plan_store_annotation(wr_planner *p, const wr_ast_annotation *a) {
    wr_plan_store *store = WR_PLAN_NEW(p, wr_plan_store);
    if (!store) return NULL;
    const wr_ast_annotation_item *ref = wr_ast_find_item(a, "ref");
    if (ref) wr_plan_unsupported(p, ref->span, "settings from a deployment file (ref)");
    *store = (wr_plan_store){.begin = a->span.begin, .end = a->span.end};
    store->type = ref ? "" : required_type(p, a);
    store->options = read_options(p, a, "type", false, &store->n_options);
    const wr_ast_annotation *cache = child_named(p, a, "cache");
    store->has_cache = cache != NULL;
    if (cache) store->cache_options = read_options(p, cache, NULL, false, &store->n_cache_options);
    return store;
}
