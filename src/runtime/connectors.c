/* connectors.c: the sources and sinks of a plan, opened; and which of them an io has already. */
#include "runtime/drain.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for sources and sinks");
}

weir_status wr_io_not_exact(const char *what, const char *type, const char *why, weir_error *err) {
    return weir_fail(err, WEIR_EUNSUPPORTED,
                     "%s '%s' %s: it can't be in an app with @app:guarantee('exactly-once')", what, type,
                     why);
}

weir_status wr_io_schema(const wr_plan *plan, uint32_t stream, weir_arena *arena, weir_schema *out,
                         weir_error *err) {
    const wr_plan_stream *s = &plan->streams[stream];
    weir_attribute *a = wr_arena_array(arena, s->schema.n_attrs + 1, sizeof *a);
    const char *name = wr_arena_strndup(arena, s->name, strlen(s->name));
    if (!a || !name) return no_memory(err);
    for (uint32_t i = 0; i < s->schema.n_attrs; i++) {
        const char *of = s->schema.attrs[i].name;
        a[i] = (weir_attribute){wr_arena_strndup(arena, of, strlen(of)), s->schema.attrs[i].type};
        if (!a[i].name) return no_memory(err);
    }
    *out = (weir_schema){name, s->schema.n_attrs, a};
    return WEIR_OK;
}

static bool is_file(const char *key) {
    size_t len = strlen(key);
    return (len > 4 && !strcmp(key + len - 4, ".uri") && !strncmp(key, "file", 4)) ||
           (len > 5 && !strcmp(key + len - 5, ".file"));
}

weir_pair *wr_io_pairs(const wr_app_io *io, const wr_option *options, uint32_t n, weir_arena *arena) {
    weir_pair *pairs = wr_arena_zero(arena, n + 1, sizeof *pairs);
    for (uint32_t i = 0; pairs && i < n; i++) {
        const wr_option *o = &options[i];
        pairs[i] = (weir_pair){o->key, o->value, o->begin, o->end};
        if (is_file(o->key) && io->options.base_dir && o->value[0] != '/' && !strstr(o->value, "://"))
            pairs[i].value = wr_arena_printf(arena, "%s/%s", io->options.base_dir, o->value);
    }
    return pairs;
}

/* ---- Which are the same ---- */

static bool same_text(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

static bool same_options(const wr_option *a, uint32_t n_a, const wr_option *b, uint32_t n_b) {
    if (n_a != n_b) return false;
    for (uint32_t i = 0; i < n_a; i++)
        if (!same_text(a[i].key, b[i].key) || !same_text(a[i].value, b[i].value)) return false;
    return true;
}

static bool same_destinations(const wr_plan_io *a, const wr_plan_io *b) {
    if (a->has_on_error != b->has_on_error || a->on_error != b->on_error ||
        a->distribution != b->distribution || a->partition_key != b->partition_key ||
        a->n_destinations != b->n_destinations)
        return false;
    for (uint32_t i = 0; i < a->n_destinations; i++)
        if (!same_options(a->destinations[i].options, a->destinations[i].n_options,
                          b->destinations[i].options, b->destinations[i].n_options))
            return false;
    return true;
}

bool wr_io_same_transport(const wr_plan_io *a, const wr_plan_io *b) {
    return same_destinations(a, b) && same_text(a->type, b->type) &&
           same_options(a->options, a->n_options, b->options, b->n_options);
}

static bool same_annotation(const wr_plan_io *a, const wr_plan_io *b) {
    return wr_io_same_transport(a, b) && same_text(a->map_type, b->map_type) &&
           same_options(a->map_options, a->n_map_options, b->map_options, b->n_map_options) &&
           same_options(a->attributes, a->n_attributes, b->attributes, b->n_attributes) &&
           same_options(a->payloads, a->n_payloads, b->payloads, b->n_payloads);
}

static bool same_schema(const weir_schema *a, const wr_plan_stream *b) {
    if (strcmp(a->stream, b->name) != 0 || a->n_attributes != b->schema.n_attrs) return false;
    for (uint32_t i = 0; i < a->n_attributes; i++)
        if (a->attributes[i].type != b->schema.attrs[i].type ||
            strcmp(a->attributes[i].name, b->schema.attrs[i].name) != 0)
            return false;
    return true;
}

static wr_feed *known_feed(const wr_app_io *io, const wr_connectors *taken, const wr_plan_stream *stream,
                           const wr_plan_io *annotation) {
    for (uint32_t i = 0; i < io->n_feeds; i++) {
        wr_feed *f = io->feeds[i];
        bool is_taken = false;
        for (uint32_t k = 0; k < taken->n_feeds; k++) is_taken |= taken->feeds[k] == f;
        if (!is_taken && same_schema(&f->schema, stream) && same_annotation(f->plan, annotation)) return f;
    }
    return NULL;
}

static wr_drain *known_drain(const wr_app_io *io, const wr_connectors *taken, const wr_plan_stream *stream,
                             const wr_plan_io *annotation) {
    for (uint32_t i = 0; i < io->n_drains; i++) {
        wr_drain *d = io->drains[i];
        bool is_taken = false;
        for (uint32_t k = 0; k < taken->n_drains; k++) is_taken |= taken->drains[k] == d;
        if (!is_taken && same_schema(&d->schema, stream) && same_annotation(d->plan, annotation)) return d;
    }
    return NULL;
}

/* ---- All of a plan ---- */

static weir_status make_room(const wr_plan *p, wr_connectors *out, weir_error *err) {
    uint32_t n_sources = 0, n_sinks = 0;
    for (uint32_t s = 0; s < p->n_streams; s++) {
        n_sources += p->streams[s].n_sources;
        n_sinks += p->streams[s].n_sinks;
    }
    out->feeds = wr_alloc_zero(NULL, (n_sources + 1) * sizeof(wr_feed *));
    out->drains = wr_alloc_zero(NULL, (n_sinks + 1) * sizeof(wr_drain *));
    out->feed_places = wr_alloc_zero(NULL, (n_sources + 1) * sizeof *out->feed_places);
    out->drain_places = wr_alloc_zero(NULL, (n_sinks + 1) * sizeof *out->drain_places);
    bool ok = out->feeds && out->drains && out->feed_places && out->drain_places;
    return ok ? WEIR_OK : no_memory(err);
}

static weir_status add_feed(wr_app_io *io, const wr_plan *plan, uint32_t stream, const wr_plan_io *annotation,
                            wr_connectors *out, weir_error *err) {
    wr_feed *f = known_feed(io, out, &plan->streams[stream], annotation);
    if (!f) WR_TRY(wr_feed_new(io, plan, stream, annotation, &f, err));
    out->feed_places[out->n_feeds] = (wr_io_place){stream, annotation};
    out->feeds[out->n_feeds++] = f;
    return WEIR_OK;
}

static weir_status add_drain(wr_app_io *io, const wr_plan *plan, uint32_t stream,
                             const wr_plan_io *annotation, wr_connectors *out, weir_error *err) {
    wr_drain *d = known_drain(io, out, &plan->streams[stream], annotation);
    if (!d) WR_TRY(wr_drain_new(io, plan, stream, annotation, &d, err));
    out->drain_places[out->n_drains] = (wr_io_place){stream, annotation};
    out->drains[out->n_drains++] = d;
    return WEIR_OK;
}

weir_status wr_connectors_open(wr_app_io *io, const wr_plan *p, wr_connectors *out, wr_io_wrong *wrong,
                               void *ctx, weir_error *err) {
    weir_status first = make_room(p, out, err);
    for (uint32_t s = 0; first != WEIR_ENOMEM && s < p->n_streams; s++) {
        const wr_plan_stream *stream = &p->streams[s];
        for (uint32_t i = 0; i < stream->n_sources + stream->n_sinks; i++) {
            bool is_source = i < stream->n_sources;
            const wr_plan_io *a = is_source ? &stream->sources[i] : &stream->sinks[i - stream->n_sources];
            weir_error own = {0};
            weir_status st = is_source ? add_feed(io, p, s, a, out, &own) : add_drain(io, p, s, a, out, &own);
            if (st == WEIR_OK) continue;
            bool placed = own.end > own.begin;
            wrong(ctx, placed ? own.begin : a->begin, placed ? own.end : a->end, &own);
            if (first == WEIR_OK && err) *err = own;
            if (first == WEIR_OK) first = st;
        }
    }
    return first;
}

bool wr_io_has_feed(const wr_app_io *io, const wr_feed *f) {
    for (uint32_t i = 0; i < io->n_feeds; i++)
        if (io->feeds[i] == f) return true;
    return false;
}

bool wr_io_has_drain(const wr_app_io *io, const wr_drain *d) {
    for (uint32_t i = 0; i < io->n_drains; i++)
        if (io->drains[i] == d) return true;
    return false;
}

void wr_connectors_close(const wr_app_io *io, wr_connectors *c) {
    for (uint32_t i = 0; i < c->n_feeds; i++)
        if (!wr_io_has_feed(io, c->feeds[i])) wr_feed_free(c->feeds[i]);
    for (uint32_t i = 0; i < c->n_drains; i++)
        if (!wr_io_has_drain(io, c->drains[i])) (void)wr_drain_free(c->drains[i], false, NULL);
    wr_free(NULL, c->feeds, 0);
    wr_free(NULL, c->drains, 0);
    wr_free(NULL, c->feed_places, 0);
    wr_free(NULL, c->drain_places, 0);
    *c = (wr_connectors){0};
}

void wr_connectors_take(wr_app_io *io, wr_connectors *c) {
    for (uint32_t i = 0; i < c->n_feeds; i++) {
        c->feeds[i]->stream = c->feed_places[i].stream;
        c->feeds[i]->plan = c->feed_places[i].annotation;
    }
    for (uint32_t i = 0; i < c->n_drains; i++) {
        wr_drain *d = c->drains[i];
        d->stream = c->drain_places[i].stream;
        d->plan = c->drain_places[i].annotation;
        for (uint32_t k = 0; k < d->n_ways; k++)
            d->ways[k].options =
                d->plan->n_destinations ? d->plan->destinations[k].options : d->plan->options;
    }
    io->feeds = c->feeds;
    io->n_feeds = c->n_feeds;
    io->drains = c->drains;
    io->n_drains = c->n_drains;
    wr_free(NULL, c->feed_places, 0);
    wr_free(NULL, c->drain_places, 0);
    *c = (wr_connectors){0};
}
