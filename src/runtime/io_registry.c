/* io_registry.c: transports and formats that an engine knows: the built-in tables, then the user's own. */
#include "io/table.h"
#include "runtime/app_io.h"

typedef struct name_list {
    const void **items;
    uint32_t n, cap;
} name_list;

struct wr_io_registry {
    name_list sources, sinks, decoders, encoders;
};

static weir_status add(name_list *l, const void *item, weir_error *err) {
    if (wr_grow(NULL, &l->items, &l->cap, l->n + 1, sizeof *l->items))
        return weir_fail(err, WEIR_ENOMEM, "out of memory for a connector");
    l->items[l->n++] = item;
    return WEIR_OK;
}

#define GETTER(function, list, type)                                                                         \
    const type *function(const wr_io_registry *r, uint32_t i) {                                              \
        return i < r->list.n ? r->list.items[i] : NULL;                                                      \
    }

GETTER(wr_io_registry_source, sources, weir_source_type)
GETTER(wr_io_registry_sink, sinks, weir_sink_type)
GETTER(wr_io_registry_decoder, decoders, weir_decoder_type)
GETTER(wr_io_registry_encoder, encoders, weir_encoder_type)

static weir_status incomplete(const char *kind, const char *name, weir_error *err) {
    return weir_fail(err, WEIR_EUSAGE, "%s '%s' lacks a name, a doc line, its options or a function", kind,
                     name ? name : "");
}

weir_status wr_io_registry_add_source(wr_io_registry *r, const weir_source_type *t, weir_error *err) {
    if (!t->name || !t->doc || !t->options || !t->open || !t->start || !t->poll || !t->consume ||
        !t->wake_fd || !t->position || !t->seek || !t->close || !t->shapes)
        return incomplete("source", t->name, err);
    for (uint32_t i = 0; i < r->sources.n; i++)
        if (!strcmp(wr_io_registry_source(r, i)->name, t->name))
            return weir_fail(err, WEIR_ENAME, "there is a source '%s' already", t->name);
    return add(&r->sources, t, err);
}

weir_status wr_io_registry_add_sink(wr_io_registry *r, const weir_sink_type *t, weir_error *err) {
    if (!t->name || !t->doc || !t->options || !t->open || !t->start || !t->recover || !t->begin ||
        !t->write || !t->flush || !t->prepare || !t->commit || !t->abort || !t->close || !t->shapes)
        return incomplete("sink", t->name, err);
    for (uint32_t i = 0; i < r->sinks.n; i++)
        if (!strcmp(wr_io_registry_sink(r, i)->name, t->name))
            return weir_fail(err, WEIR_ENAME, "there is a sink '%s' already", t->name);
    return add(&r->sinks, t, err);
}

weir_status wr_io_registry_add_decoder(wr_io_registry *r, const weir_decoder_type *t, weir_error *err) {
    if (!t->name || !t->doc || !t->options || !t->open || !t->decode || !t->reset || !t->save || !t->load ||
        !t->close)
        return incomplete("decoder", t->name, err);
    for (uint32_t i = 0; i < r->decoders.n; i++)
        if (!strcmp(wr_io_registry_decoder(r, i)->name, t->name))
            return weir_fail(err, WEIR_ENAME, "there is a decoder '%s' already", t->name);
    return add(&r->decoders, t, err);
}

weir_status wr_io_registry_add_encoder(wr_io_registry *r, const weir_encoder_type *t, weir_error *err) {
    if (!t->name || !t->doc || !t->options || !t->open || !t->encode || !t->close)
        return incomplete("encoder", t->name, err);
    for (uint32_t i = 0; i < r->encoders.n; i++)
        if (!strcmp(wr_io_registry_encoder(r, i)->name, t->name))
            return weir_fail(err, WEIR_ENAME, "there is an encoder '%s' already", t->name);
    return add(&r->encoders, t, err);
}

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
    wr_free(NULL, r, sizeof *r);
}
