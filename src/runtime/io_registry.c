/* io_registry.c: transports and formats that an engine knows: the built-in tables, then the user's own and
 * those of modules, each kind in order of the names. */
#include <pthread.h>
#include <stdio.h>

#include "io/table.h"
#include "lang/suggest.h"
#include "runtime/app_io.h"

/* How every descriptor of this registry begins. */
typedef struct head {
    size_t struct_size;
    const char *name, *doc, *example;
    const weir_option *options;
} head;

typedef struct head_list {
    const void **items; /* head */
    uint32_t n, cap;
} head_list;

struct wr_io_registry {
    head_list sources, sinks, decoders, encoders, stores, https;
    pthread_mutex_t lock; /* of the lists */
    wr_modules *modules;
};

/* ---- One list ----------------------------------------------------------------------------------------- */

/* The position of the name, or where it would go. */
static uint32_t seek(const head_list *l, const char *name, bool *found) {
    uint32_t i = 0;
    while (i < l->n && strcmp(((const head *)l->items[i])->name, name) < 0) i++;
    *found = i < l->n && strcmp(((const head *)l->items[i])->name, name) == 0;
    return i;
}

static weir_status insert(head_list *l, const char *kind, const head *item, weir_error *err) {
    bool found;
    uint32_t at = seek(l, item->name, &found);
    if (found) return weir_fail(err, WEIR_ENAME, "there is a %s '%s' already", kind, item->name);
    if (wr_grow(NULL, &l->items, &l->cap, l->n + 1, sizeof *l->items))
        return weir_fail(err, WEIR_ENOMEM, "out of memory for a connector");
    memmove(l->items + at + 1, l->items + at, (l->n - at) * sizeof *l->items);
    l->items[at] = item;
    l->n++;
    return WEIR_OK;
}

static weir_status add(wr_io_registry *r, head_list *l, const char *kind, const void *type, size_t size,
                       bool is_complete, weir_error *err) {
    const head *h = type;
    if (h->struct_size < size)
        return weir_fail(err, WEIR_EUSAGE, "a %s can't be registered: its struct_size is %zu, expected %zu",
                         kind, h->struct_size, size);
    if (!h->name || !h->doc || !h->options || !is_complete)
        return weir_fail(err, WEIR_EUSAGE, "%s '%s' lacks a name, a doc line, its options or a function",
                         kind, h->name ? h->name : "");
    pthread_mutex_lock(&r->lock);
    weir_status st = insert(l, kind, h, err);
    pthread_mutex_unlock(&r->lock);
    return st;
}

static const void *get(const wr_io_registry *r, const head_list *l, uint32_t i) {
    pthread_mutex_lock((pthread_mutex_t *)&r->lock);
    const void *item = i < l->n ? l->items[i] : NULL;
    pthread_mutex_unlock((pthread_mutex_t *)&r->lock);
    return item;
}

static const void *find(const wr_io_registry *r, const head_list *l, const char *name) {
    bool found;
    pthread_mutex_lock((pthread_mutex_t *)&r->lock);
    uint32_t at = seek(l, name, &found);
    const void *item = found ? l->items[at] : NULL;
    pthread_mutex_unlock((pthread_mutex_t *)&r->lock);
    return item;
}

/* ---- What is not there -------------------------------------------------------------------------------- */

/* Fills err's hint with the name that was probably meant. */
static void suggest(const wr_io_registry *r, const head_list *l, unsigned kind, const char *name,
                    weir_error *err) {
    wr_suggest s;
    const head *item;
    const char *of_module;
    wr_suggest_init(&s, name);
    for (uint32_t i = 0; (item = get(r, l, i)); i++) wr_suggest_offer(&s, item->name);
    for (uint32_t i = 0; (of_module = wr_modules_name(r->modules, kind, i)); i++)
        wr_suggest_offer(&s, of_module);
    if (err) wr_suggest_hint(&s, err->hint, sizeof err->hint);
}

/* `text`: "there is no source of type '%s'" and the like. */
static weir_status need(const wr_io_registry *r, const head_list *l, unsigned kind, const char *name,
                        const char *before, const char *after, const void **out, weir_error *err) {
    if ((*out = find(r, l, name))) return WEIR_OK;
    weir_status st = wr_modules_need(r->modules, kind, "", name, err);
    if (st != WEIR_OK && st != WEIR_ENAME) return st;
    if (st == WEIR_OK && (*out = find(r, l, name))) return WEIR_OK;
    weir_fail(err, WEIR_ENAME, "there is no %s '%s'%s", before, name, after);
    suggest(r, l, kind, name, err);
    return WEIR_ENAME;
}

/* ---- Public ------------------------------------------------------------------------------------------- */

#define GETTER(function, list, type)                                                                         \
    const type *function(const wr_io_registry *r, uint32_t i) { return get(r, &r->list, i); }

GETTER(wr_io_registry_source, sources, weir_source_type)
GETTER(wr_io_registry_sink, sinks, weir_sink_type)
GETTER(wr_io_registry_decoder, decoders, weir_decoder_type)
GETTER(wr_io_registry_encoder, encoders, weir_encoder_type)
GETTER(wr_io_registry_store, stores, weir_store_type)

#define NEEDER(function, list, kind, before, after, type)                                                    \
    weir_status function(const wr_io_registry *r, const char *name, const type **out, weir_error *err) {     \
        const void *found = NULL;                                                                            \
        weir_status st = need(r, &r->list, kind, name, before, after, &found, err);                          \
        *out = found;                                                                                        \
        return st;                                                                                           \
    }

NEEDER(wr_io_registry_need_source, sources, WR_MODULE_SOURCE, "source of type", "", weir_source_type)
NEEDER(wr_io_registry_need_sink, sinks, WR_MODULE_SINK, "sink of type", "", weir_sink_type)
NEEDER(wr_io_registry_need_decoder, decoders, WR_MODULE_DECODER, "format", " to read with @map",
       weir_decoder_type)
NEEDER(wr_io_registry_need_encoder, encoders, WR_MODULE_ENCODER, "format", " to write with @map",
       weir_encoder_type)
NEEDER(wr_io_registry_need_store, stores, WR_MODULE_STORE, "store of type", "", weir_store_type)
NEEDER(wr_io_registry_need_http, https, WR_MODULE_HTTP, "way to ask by", "", weir_http_type)

weir_status wr_io_registry_add_source(wr_io_registry *r, const weir_source_type *t, weir_error *err) {
    bool complete = t->open && t->start && t->poll && t->consume && t->wake_fd && t->position && t->seek &&
                    t->close && t->shapes;
    return add(r, &r->sources, "source", t, sizeof *t, complete, err);
}

weir_status wr_io_registry_add_sink(wr_io_registry *r, const weir_sink_type *t, weir_error *err) {
    bool complete = t->open && t->start && t->recover && t->begin && t->write && t->flush && t->prepare &&
                    t->commit && t->abort && t->close && t->shapes;
    return add(r, &r->sinks, "sink", t, sizeof *t, complete, err);
}

weir_status wr_io_registry_add_decoder(wr_io_registry *r, const weir_decoder_type *t, weir_error *err) {
    bool complete = t->open && t->decode && t->reset && t->save && t->load && t->close;
    return add(r, &r->decoders, "decoder", t, sizeof *t, complete, err);
}

weir_status wr_io_registry_add_encoder(wr_io_registry *r, const weir_encoder_type *t, weir_error *err) {
    return add(r, &r->encoders, "encoder", t, sizeof *t, t->open && t->encode && t->close, err);
}

weir_status wr_io_registry_add_store(wr_io_registry *r, const weir_store_type *t, weir_error *err) {
    bool complete = t->open && t->connect && t->prepare && t->find && t->count && t->begin && t->erase &&
                    t->update && t->insert && t->commit && t->undo && t->version && t->close;
    return add(r, &r->stores, "store", t, sizeof *t, complete, err);
}

weir_status wr_io_registry_add_http(wr_io_registry *r, const weir_http_type *t, weir_error *err) {
    bool complete = t->open && t->ask && t->answer && t->release && t->wait && t->state && t->close;
    return add(r, &r->https, "way to ask by", t, sizeof *t, complete, err);
}

void wr_io_registry_set_modules(wr_io_registry *r, wr_modules *modules) { r->modules = modules; }

static weir_status add_built_in(wr_io_registry *r) {
    for (const weir_source_type *const *t = wr_io_sources; *t; t++)
        WR_TRY(wr_io_registry_add_source(r, *t, NULL));
    for (const weir_sink_type *const *t = wr_io_sinks; *t; t++) WR_TRY(wr_io_registry_add_sink(r, *t, NULL));
    for (const weir_decoder_type *const *t = wr_io_decoders; *t; t++)
        WR_TRY(wr_io_registry_add_decoder(r, *t, NULL));
    for (const weir_encoder_type *const *t = wr_io_encoders; *t; t++)
        WR_TRY(wr_io_registry_add_encoder(r, *t, NULL));
    return WEIR_OK;
}

weir_status wr_io_registry_new(wr_io_registry **out) {
    wr_io_registry *r = wr_alloc_zero(NULL, sizeof *r);
    *out = NULL;
    if (!r) return WEIR_ENOMEM;
    pthread_mutex_init(&r->lock, NULL);
    weir_status st = add_built_in(r);
    if (st != WEIR_OK) {
        wr_io_registry_free(r);
        return st;
    }
    *out = r;
    return WEIR_OK;
}

void wr_io_registry_free(wr_io_registry *r) {
    if (!r) return;
    wr_free(NULL, r->sources.items, 0);
    wr_free(NULL, r->sinks.items, 0);
    wr_free(NULL, r->decoders.items, 0);
    wr_free(NULL, r->encoders.items, 0);
    wr_free(NULL, r->stores.items, 0);
    wr_free(NULL, r->https.items, 0);
    pthread_mutex_destroy(&r->lock);
    wr_free(NULL, r, sizeof *r);
}
