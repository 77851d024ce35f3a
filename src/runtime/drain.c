/* drain.c: a sink and the stream whose rows go there. */
#include "runtime/app_io_internal.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a sink");
}

static void on_rows(void *ctx, const weir_batch *rows) {
    wr_drain *d = ctx;
    weir_error err;
    if (!d->is_open) return; /* the app runs without its sinks */
    if (d->io->has_failed || wr_sink_write(d->sink, rows, &err) == WEIR_OK) return;
    if (d->io->is_exact) { /* nothing is lost: the cycle is undone */
        d->io->has_failed = true;
        d->io->failure = err;
        return;
    }
    d->n_lost += rows->n_sel;
    wr_app_io_log(d->io, WEIR_LOG_ERROR, "sink '%s' of stream '%s': %u rows lost: %s", d->plan->type,
                  d->schema.stream, rows->n_sel, err.message);
}

static weir_status open_sink(wr_drain *d, const wr_plan *plan, weir_error *err) {
    wr_app_io *io = d->io;
    const wr_plan_io *p = d->plan;
    const char *format = p->map_type ? p->map_type : d->type->default_format;
    wr_sink_spec spec = {.type = d->type,
                         .pairs = wr_io_pairs(io, p->options, p->n_options, &d->things),
                         .n_pairs = p->n_options,
                         .map_pairs = wr_io_pairs(io, p->map_options, p->n_map_options, &d->things),
                         .n_map_pairs = p->n_map_options,
                         .payloads = wr_io_pairs(io, p->payloads, p->n_payloads, &d->things),
                         .n_payloads = p->n_payloads,
                         .schema = &d->schema,
                         .host = &io->options.host,
                         .guarantee = plan->guarantee,
                         .has_checkpoints = io->options.state_dir != NULL,
                         .account = io->options.account};
    if (!spec.pairs || !spec.map_pairs || !spec.payloads) return no_memory(err);
    if (format && strcmp(format, "passThrough") != 0)
        WR_TRY(wr_io_registry_need_encoder(io->options.registry, format, &spec.format, err));
    return wr_sink_open(&spec, &d->sink, err);
}

static weir_status open_drain(wr_drain *d, const wr_plan *plan, weir_error *err) {
    WR_TRY(wr_io_schema(plan, d->stream, &d->things, &d->schema, err));
    WR_TRY(wr_io_registry_need_sink(d->io->options.registry, d->plan->type, &d->type, err));
    if (plan->guarantee == WEIR_EXACTLY_ONCE && d->type->guarantee < WEIR_EXACTLY_ONCE)
        return wr_io_not_exact("sink", d->plan->type, "can't take back what it has written", err);
    return open_sink(d, plan, err);
}

weir_status wr_drain_reopen(wr_drain *d, const wr_plan *plan, weir_error *err) {
    return open_sink(d, plan, err);
}

weir_status wr_drain_new(wr_app_io *io, const wr_plan *plan, uint32_t stream, const wr_plan_io *annotation,
                         wr_drain **out, weir_error *err) {
    *out = NULL;
    wr_drain *d = wr_alloc_zero(NULL, sizeof *d);
    if (!d) return no_memory(err);
    d->io = io;
    d->stream = stream;
    d->plan = annotation;
    wr_arena_init(&d->things, io->options.account);
    weir_status st = open_drain(d, plan, err);
    if (st == WEIR_OK)
        *out = d;
    else
        (void)wr_drain_free(d, false, NULL);
    return st;
}

weir_status wr_drain_listen(wr_drain *d, wr_task *task, weir_error *err) {
    return wr_task_subscribe(task, d->stream, on_rows, d, err);
}

weir_status wr_drain_free(wr_drain *d, bool finish, weir_error *err) {
    if (!d) return WEIR_OK;
    weir_status st = wr_sink_close(d->sink, finish, err);
    wr_arena_fini(&d->things);
    wr_free(NULL, d, sizeof *d);
    return st;
}
