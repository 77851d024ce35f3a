/* drain_open.c: the places of a sink: opened, started, brought to the end of an epoch, closed. */
#include "base/clock.h"
#include "runtime/drain.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a sink");
}

weir_status wr_drain_open_way(wr_drain *d, wr_way *w, const wr_plan *plan, weir_error *err) {
    wr_app_io *io = d->io;
    const wr_plan_io *p = d->plan;
    const char *format = p->map_type ? p->map_type : d->type->default_format;
    wr_sink_spec spec = {.type = d->type,
                         .pairs = wr_io_pairs(io, w->options, w->n_options, &d->things),
                         .n_pairs = w->n_options,
                         .map_pairs = wr_io_pairs(io, p->map_options, p->n_map_options, &d->things),
                         .n_map_pairs = p->n_map_options,
                         .payloads = wr_io_pairs(io, p->payloads, p->n_payloads, &d->things),
                         .n_payloads = p->n_payloads,
                         .schema = &d->schema,
                         .host = &io->options.host,
                         .guarantee = plan->guarantee,
                         .has_checkpoints = io->options.state_dir != NULL,
                         .reports = wr_drain_wants_reports(d),
                         .returns_bad = p->has_on_error && p->on_error != WR_ON_ERROR_WAIT,
                         .account = io->options.account};
    if (!spec.pairs || !spec.map_pairs || !spec.payloads) return no_memory(err);
    if (format && strcmp(format, "passThrough") != 0)
        WR_TRY(wr_io_registry_need_encoder(io->options.registry, format, &spec.format, err));
    return wr_sink_open(&spec, &w->sink, err);
}

static weir_status not_together(const char *what, weir_error *err) {
    return weir_fail(err, WEIR_EUNSUPPORTED, "%s can't be in an app with @app:guarantee('exactly-once')",
                     what);
}

static weir_status check_exact(const wr_drain *d, weir_error *err) {
    if (d->type->guarantee < WEIR_EXACTLY_ONCE)
        return wr_io_not_exact("sink", d->plan->type, "can't take back what it has written", err);
    if (d->n_ways > 1) return not_together("@distribution", err);
    if (d->plan->spill) return not_together("spill", err); /* its rows are in the transaction */
    return d->plan->has_on_error ? not_together("on.error", err) : WEIR_OK;
}

static weir_status open_drain(wr_drain *d, const wr_plan *plan, weir_error *err) {
    const wr_plan_io *p = d->plan;
    WR_TRY(wr_io_schema(plan, d->stream, &d->things, &d->schema, err));
    WR_TRY(wr_io_registry_need_sink(d->io->options.registry, p->type, &d->type, err));
    d->n_ways = p->n_destinations ? p->n_destinations : 1;
    d->ways = wr_alloc_zero(NULL, d->n_ways * sizeof *d->ways);
    if (!d->ways) return no_memory(err);
    if (plan->guarantee == WEIR_EXACTLY_ONCE) WR_TRY(check_exact(d, err));
    if (p->spill) WR_TRY(wr_drain_open_spill(d, err));
    for (uint32_t i = 0; i < d->n_ways; i++) {
        wr_way *w = &d->ways[i];
        w->options = p->n_destinations ? p->destinations[i].options : p->options;
        w->n_options = p->n_destinations ? p->destinations[i].n_options : p->n_options;
        WR_TRY(wr_drain_open_way(d, w, plan, err));
    }
    return WEIR_OK;
}

weir_status wr_drain_new(wr_app_io *io, const wr_plan *plan, uint32_t stream, const wr_plan_io *annotation,
                         wr_drain **out, weir_error *err) {
    *out = NULL;
    wr_drain *d = wr_alloc_zero(NULL, sizeof *d);
    if (!d) return no_memory(err);
    d->io = io;
    d->stream = stream;
    d->plan = annotation;
    d->number = (uint32_t)(annotation - plan->streams[stream].sinks);
    wr_arena_init(&d->things, io->options.account);
    weir_status st = open_drain(d, plan, err);
    if (st == WEIR_OK)
        *out = d;
    else
        (void)wr_drain_free(d, false, NULL);
    return st;
}

static void forget_waiting(wr_way *w) {
    for (uint32_t i = 0; i < w->n_waiting; i++) wr_bus_message_free(w->waiting[i]);
    wr_free(NULL, w->waiting, 0);
    w->waiting = NULL;
    w->n_waiting = w->cap_waiting = 0;
    wr_drain_forget_handed(w);
}

weir_status wr_drain_free(wr_drain *d, bool finish, weir_error *err) {
    weir_status first = WEIR_OK;
    if (!d) return WEIR_OK;
    for (uint32_t i = 0; d->ways && i < d->n_ways; i++) {
        weir_error own = {0};
        bool is_away = d->ways[i].is_down || (d->ways[i].sink && *wr_sink_state(d->ways[i].sink));
        bool finishes = finish && !is_away && !wr_drain_undelivered(d);
        weir_status st = wr_sink_close(d->ways[i].sink, finishes, &own);
        if (st != WEIR_OK && first == WEIR_OK && err) *err = own;
        if (first == WEIR_OK) first = st;
        forget_waiting(&d->ways[i]);
    }
    wr_free(NULL, d->ways, 0);
    wr_spill_free(d->spill);
    wr_buf_fini(&d->text);
    wr_arena_fini(&d->things);
    wr_free(NULL, d, sizeof *d);
    return first;
}

void wr_drain_close_ways(wr_drain *d, bool finish) {
    for (uint32_t i = 0; i < d->n_ways; i++) {
        weir_error err = {0};
        if (wr_sink_close(d->ways[i].sink, finish && !d->ways[i].is_down, &err) != WEIR_OK)
            wr_app_io_log(d->io, WEIR_LOG_ERROR, "%s", err.message);
        d->ways[i].sink = NULL;
        d->ways[i].is_open = false;
    }
    d->is_open = false;
}

bool wr_drain_has_sinks(const wr_drain *d) { return d->ways[0].sink != NULL; }

/* ---- Starting ---- */

/* With on.error, and where there are other places, one that isn't there yet keeps nobody from starting. */
static weir_status not_started(wr_drain *d, wr_way *w, weir_status st, const weir_error *why,
                               weir_error *err) {
    if (st == WEIR_OK) {
        w->is_open = true;
        return WEIR_OK;
    }
    bool may_wait =
        (d->plan->has_on_error || d->n_ways > 1 || d->spill) && why->retriable && st != WEIR_ENOMEM;
    if (!may_wait) {
        if (err) *err = *why;
        return st;
    }
    wr_app_io_log(d->io, WEIR_LOG_WARN, "%s; trying again", why->message);
    w->is_down = w->needs_opening = true;
    w->backoff_ms = 100;
    w->retry_ms = wr_monotonic_ms() + w->backoff_ms;
    return WEIR_OK;
}

static weir_status start_way(wr_drain *d, wr_way *w, uint64_t last_epoch, weir_reader *saved,
                             weir_error *err) {
    weir_error own = {0};
    bool was_there = !saved || weir_read_u32(saved) != 0;
    weir_status st = was_there ? wr_sink_start(w->sink, last_epoch, saved, &own)
                               : wr_sink_join(w->sink, last_epoch + 1, &own);
    return not_started(d, w, st, &own, err);
}

weir_status wr_drain_start(wr_drain *d, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    uint32_t n = saved ? weir_read_u32(saved) : d->n_ways;
    if (n != d->n_ways)
        return weir_fail(err, WEIR_ESTATE, "the checkpoint has %u destinations of stream '%s', the app %u", n,
                         d->schema.stream, d->n_ways);
    for (uint32_t i = 0; i < n; i++) WR_TRY(start_way(d, &d->ways[i], last_epoch, saved, err));
    WR_TRY(wr_drain_spill_start(d, saved ? WR_SPILL_SAVED : WR_SPILL_EMPTY, saved, err));
    d->is_open = true;
    return WEIR_OK;
}

weir_status wr_drain_join(wr_drain *d, uint64_t epoch, weir_error *err) {
    for (uint32_t i = 0; i < d->n_ways; i++) {
        weir_error own = {0};
        WR_TRY(not_started(d, &d->ways[i], wr_sink_join(d->ways[i].sink, epoch, &own), &own, err));
    }
    WR_TRY(wr_drain_spill_start(d, WR_SPILL_FOUND, NULL, err));
    d->is_open = true;
    return WEIR_OK;
}

/* ---- Epochs ---- */

/* A place that is down and holds nothing misses the epoch, and is opened anew when it is back. */
static bool takes_part(const wr_drain *d, wr_way *w) {
    if (w->is_open && (!w->is_down || wr_drain_waits(d))) return true;
    w->needs_opening = true;
    return false;
}

weir_status wr_drain_prepare(wr_drain *d, weir_writer *w, weir_error *err) {
    if (w) weir_write_u32(w, d->n_ways);
    if (d->spill) return wr_drain_spill_prepare(d, w, err);
    for (uint32_t i = 0; i < d->n_ways; i++) {
        WR_TRY(wr_drain_settle(d, &d->ways[i], err));
        bool is_in = takes_part(d, &d->ways[i]);
        if (w) weir_write_u32(w, is_in);
        if (is_in) WR_TRY(wr_sink_prepare(d->ways[i].sink, w, err));
    }
    if (w) weir_write_u32(w, 0); /* nothing is spilled */
    return WEIR_OK;
}

weir_status wr_drain_commit(wr_drain *d, weir_error *err) {
    if (d->spill) return wr_drain_spill_commit(d, err);
    for (uint32_t i = 0; i < d->n_ways; i++)
        if (takes_part(d, &d->ways[i])) WR_TRY(wr_sink_commit(d->ways[i].sink, err));
    return WEIR_OK;
}

bool wr_drain_wants_checkpoint(const wr_drain *d) {
    bool wants = false;
    for (uint32_t i = 0; d->is_open && i < d->n_ways; i++)
        wants |= d->ways[i].is_open && wr_sink_wants_checkpoint(d->ways[i].sink);
    return wants;
}

int64_t wr_drain_commit_by_ms(const wr_drain *d) {
    int64_t first = INT64_MAX;
    for (uint32_t i = 0; d->is_open && i < d->n_ways; i++)
        if (d->ways[i].is_open) first = WR_MIN(first, wr_sink_commit_by_ms(d->ways[i].sink));
    return first;
}

weir_status wr_drain_abort(wr_drain *d, weir_error *err) {
    for (uint32_t i = 0; i < d->n_ways; i++)
        if (d->ways[i].is_open) WR_TRY(wr_sink_abort(d->ways[i].sink, err));
    return WEIR_OK;
}

weir_status wr_drain_enlist(wr_drain *d, const void *position, weir_error *err) {
    for (uint32_t i = 0; i < d->n_ways; i++)
        if (d->ways[i].is_open && !d->ways[i].is_down) WR_TRY(wr_sink_enlist(d->ways[i].sink, position, err));
    return WEIR_OK;
}
