/* engine.c: engines: what apps can name. */
#include "api/internal.h"
#include "io/bus.h"
#include "weir_store.h"

const char *weir_version(void) { return WEIR_VERSION; }

static weir_status add_built_in(wr_registry *r, weir_error *err) {
    for (const weir_function_type *const *f = wr_function_table; *f; f++)
        WR_TRY(wr_registry_add_function(r, *f, err));
    for (const weir_stream_function_type *const *s = wr_stream_function_table; *s; s++)
        WR_TRY(wr_registry_add_stream_function(r, *s, err));
    for (const weir_aggregator_type *const *a = wr_aggregator_table; *a; a++)
        WR_TRY(wr_registry_add_aggregator(r, *a, err));
    for (const weir_window_type *const *w = wr_window_table; *w; w++)
        WR_TRY(wr_registry_add_window(r, *w, err));
    return WEIR_OK;
}

weir_status weir_engine_new(const weir_engine_options *options, weir_engine **out, weir_error *err) {
    if (!out) return weir_fail(err, WEIR_EUSAGE, "weir_engine_new: out is NULL");
    *out = NULL;
    weir_engine *e = wr_alloc_zero(NULL, sizeof *e);
    if (!e) return weir_fail(err, WEIR_ENOMEM, "out of memory for an engine");
    weir_engine_options o = {0};
    if (options) memcpy(&o, options, WR_MIN(options->struct_size, sizeof o));
    e->log = o.log;
    e->log_ctx = o.log_ctx;
    e->account.limit_bytes = o.memory_limit;
    e->account.is_shared = true;
    e->bus = wr_bus_new();
    weir_status st = e->bus ? wr_registry_new(&e->registry) : WEIR_ENOMEM;
    if (st == WEIR_OK) st = wr_io_registry_new(&e->io);
    if (st == WEIR_OK)
        st = wr_modules_new(&(wr_modules_options){wr_module_table, o.module_path, e}, &e->modules);
    if (st != WEIR_OK)
        weir_fail(err, st, "out of memory for an engine");
    else
        st = add_built_in(e->registry, err);
    if (st != WEIR_OK) {
        weir_engine_free(e);
        return st;
    }
    wr_registry_set_modules(e->registry, e->modules);
    wr_io_registry_set_modules(e->io, e->modules);
    *out = e;
    return WEIR_OK;
}

void weir_engine_free(weir_engine *engine) {
    if (!engine) return;
    wr_registry_free(engine->registry);
    wr_io_registry_free(engine->io);
    wr_modules_free(engine->modules);
    if (engine->bus) wr_bus_free(engine->bus);
    wr_free(NULL, engine, sizeof *engine);
}

/* What one app has handed to another is in the queue, or the other is at work; unless something was handed
 * over while we looked. */
bool weir_engine_is_quiet(const weir_engine *engine) {
    bool waiting, waiting_then;
    if (!engine) return true;
    uint64_t n = wr_bus_published(engine->bus, &waiting);
    if (waiting || atomic_load(&engine->n_working)) return false;
    return wr_bus_published(engine->bus, &waiting_then) == n && !waiting_then &&
           !atomic_load(&engine->n_working);
}

static weir_status check_args(const weir_engine *engine, const void *type, const char *call,
                              weir_error *err) {
    return engine && type ? WEIR_OK : weir_fail(err, WEIR_EUSAGE, "%s: an argument is NULL", call);
}

weir_status weir_register_function(weir_engine *engine, const weir_function_type *type, weir_error *err) {
    WR_TRY(check_args(engine, type, "weir_register_function", err));
    return wr_registry_add_function(engine->registry, type, err);
}

weir_status weir_register_stream_function(weir_engine *engine, const weir_stream_function_type *type,
                                          weir_error *err) {
    WR_TRY(check_args(engine, type, "weir_register_stream_function", err));
    return wr_registry_add_stream_function(engine->registry, type, err);
}

weir_status weir_register_aggregator(weir_engine *engine, const weir_aggregator_type *type, weir_error *err) {
    WR_TRY(check_args(engine, type, "weir_register_aggregator", err));
    return wr_registry_add_aggregator(engine->registry, type, err);
}

weir_status weir_register_window(weir_engine *engine, const weir_window_type *type, weir_error *err) {
    WR_TRY(check_args(engine, type, "weir_register_window", err));
    return wr_registry_add_window(engine->registry, type, err);
}

weir_status weir_register_source(weir_engine *engine, const weir_source_type *type, weir_error *err) {
    WR_TRY(check_args(engine, type, "weir_register_source", err));
    return wr_io_registry_add_source(engine->io, type, err);
}

weir_status weir_register_sink(weir_engine *engine, const weir_sink_type *type, weir_error *err) {
    WR_TRY(check_args(engine, type, "weir_register_sink", err));
    return wr_io_registry_add_sink(engine->io, type, err);
}

weir_status weir_register_decoder(weir_engine *engine, const weir_decoder_type *type, weir_error *err) {
    WR_TRY(check_args(engine, type, "weir_register_decoder", err));
    return wr_io_registry_add_decoder(engine->io, type, err);
}

weir_status weir_register_encoder(weir_engine *engine, const weir_encoder_type *type, weir_error *err) {
    WR_TRY(check_args(engine, type, "weir_register_encoder", err));
    return wr_io_registry_add_encoder(engine->io, type, err);
}

weir_status weir_register_http(weir_engine *engine, const weir_http_type *type, weir_error *err) {
    WR_TRY(check_args(engine, type, "weir_register_http", err));
    return wr_io_registry_add_http(engine->io, type, err);
}

weir_status weir_register_store(weir_engine *engine, const weir_store_type *type, weir_error *err) {
    WR_TRY(check_args(engine, type, "weir_register_store", err));
    return wr_io_registry_add_store(engine->io, type, err);
}

weir_status weir_engine_open_modules(weir_engine *engine, weir_error *err) {
    if (!engine) return weir_fail(err, WEIR_EUSAGE, "weir_engine_open_modules: engine is NULL");
    return wr_modules_open_all(engine->modules, err);
}

/* ---- Walking what is registered ---- */

typedef bool visitor(void *ctx, const weir_registered *item);

static bool visit_language(const wr_registry *r, visitor *visit, void *ctx) {
    for (uint32_t i = 0; i < wr_registry_n_functions(r); i++) {
        const weir_function_type *t = wr_registry_function(r, i);
        weir_registered item = {"function", t->ns, t->name, t->doc, t->example, t->params, NULL};
        if (!visit(ctx, &item)) return false;
    }
    for (uint32_t i = 0; i < wr_registry_n_stream_functions(r); i++) {
        const weir_stream_function_type *t = wr_registry_stream_function(r, i);
        weir_registered item = {"stream function", t->ns, t->name, t->doc, t->example, t->params, NULL};
        if (!visit(ctx, &item)) return false;
    }
    for (uint32_t i = 0; i < wr_registry_n_aggregators(r); i++) {
        const weir_aggregator_type *t = wr_registry_aggregator(r, i);
        weir_registered item = {"aggregator", t->ns, t->name, t->doc, t->example, t->params, NULL};
        if (!visit(ctx, &item)) return false;
    }
    for (uint32_t i = 0; i < wr_registry_n_windows(r); i++) {
        const weir_window_type *t = wr_registry_window(r, i);
        /* A processor stands where stream functions do. */
        const char *kind = t->is_processor ? "stream function" : "window";
        weir_registered item = {kind, t->ns, t->name, t->doc, t->example, t->params, NULL};
        if (!visit(ctx, &item)) return false;
    }
    return true;
}

#define VISIT_IO(kind_name, get, type_name)                                                                  \
    for (uint32_t i = 0; get(engine->io, i); i++) {                                                          \
        const type_name *t = get(engine->io, i);                                                             \
        weir_registered item = {kind_name, "", t->name, t->doc, t->example, NULL, t->options};               \
        if (!visit(ctx, &item)) return;                                                                      \
    }

void weir_engine_visit(const weir_engine *engine, visitor *visit, void *ctx) {
    if (!engine || !visit || !visit_language(engine->registry, visit, ctx)) return;
    VISIT_IO("source", wr_io_registry_source, weir_source_type)
    VISIT_IO("sink", wr_io_registry_sink, weir_sink_type)
    VISIT_IO("decoder", wr_io_registry_decoder, weir_decoder_type)
    VISIT_IO("encoder", wr_io_registry_encoder, weir_encoder_type)
    VISIT_IO("store", wr_io_registry_store, weir_store_type)
}
