/* app_io.c: opening and closing an app's sources and sinks, and their counters. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "plan/planner.h"
#include "runtime/drain.h"
#include "runtime/errors.h"

void wr_app_io_log(const wr_app_io *io, weir_log_level level, const char *format, ...) {
    if (!io->options.host.log) return;
    char line[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    io->options.host.log(io->options.host.log_ctx, level, line);
}

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for sources and sinks");
}

static void *find_shared(void *ctx, const char *family, size_t size) {
    wr_app_io *io = ctx;
    for (wr_io_shared *s = io->shared; s; s = s->next)
        if (!strcmp(s->family, family)) return s->size == size ? s->bytes : NULL;
    wr_io_shared *s = wr_alloc_zero(NULL, sizeof *s + size);
    if (!s) return NULL;
    snprintf(s->family, sizeof s->family, "%s", family);
    s->size = size;
    s->next = io->shared;
    io->shared = s;
    return s->bytes;
}

static const weir_http_type *find_http(void *ctx, weir_error *err) {
    const wr_app_io *io = ctx;
    const weir_http_type *type = NULL;
    return wr_io_registry_need_http(io->options.registry, "http", &type, err) == WEIR_OK ? type : NULL;
}

static weir_status make_pipe(wr_app_io *io, weir_error *err) {
    if (pipe2(io->wake_fd, O_NONBLOCK | O_CLOEXEC)) {
        io->wake_fd[0] = io->wake_fd[1] = -1;
        return weir_fail(err, WEIR_EIO, "can't make a pipe");
    }
    return WEIR_OK;
}

bool wr_app_io_is_needed(const wr_plan *p) {
    uint32_t n = p->n_triggers;
    for (uint32_t s = 0; s < p->n_streams; s++) n += p->streams[s].n_sources + p->streams[s].n_sinks;
    return n > 0;
}

weir_status wr_app_io_new(const wr_app_io_options *options, wr_io_wrong *wrong, void *ctx, wr_app_io **out,
                          weir_error *err) {
    const wr_plan *p = options->plan;
    *out = NULL;
    if (!wr_app_io_is_needed(p)) return WEIR_OK;
    wr_app_io *io = wr_alloc_zero(NULL, sizeof *io);
    if (!io) return no_memory(err);
    io->options = *options;
    io->options.host.shared = find_shared;
    io->options.host.shared_ctx = io;
    io->options.host.http = find_http;
    io->options.host.http_ctx = io;
    io->options.host.state_dir = options->state_dir;
    io->is_exact = p->guarantee == WEIR_EXACTLY_ONCE;
    io->wake_fd[0] = io->wake_fd[1] = -1;
    wr_arena_init(&io->cycle_arena, options->account);
    wr_connectors all = {0};
    weir_status st = make_pipe(io, err);
    if (st == WEIR_OK && options->state_dir)
        st = wr_shelf_new(options->state_dir, options->account, &io->shelf, err);
    if (st == WEIR_OK) st = wr_connectors_open(io, p, &all, wrong, ctx, err);
    wr_connectors_take(io, &all);
    for (uint32_t i = 0; st == WEIR_OK && i < io->n_drains; i++)
        st = wr_drain_listen(io->drains[i], options->task, err);
    if (st != WEIR_OK) {
        (void)wr_app_io_free(io, NULL);
        return st;
    }
    *out = io;
    return WEIR_OK;
}

void wr_io_set_working(wr_app_io *io, bool is_working) {
    atomic_uint *n = io->options.n_working;
    if (!n || io->is_working == is_working) return;
    io->is_working = is_working;
    if (is_working)
        atomic_fetch_add(n, 1);
    else
        atomic_fetch_sub(n, 1);
}

bool wr_app_io_waits_for_others(const wr_app_io *io) {
    for (uint32_t i = 0; i < io->n_feeds; i++)
        if (!io->feeds[i]->type->is_internal) return false;
    return io->n_feeds > 0 && !io->options.plan->n_triggers;
}

weir_status wr_app_io_start(wr_app_io *io, weir_error *err) {
    wr_io_set_working(io, true);
    for (uint32_t i = 0; i < io->n_feeds; i++) WR_TRY(wr_source_start(io->feeds[i]->source, err));
    io->next_checkpoint_ms = wr_monotonic_ms() + io->options.checkpoint_ms;
    io->last_event_ms = wr_monotonic_ms();
    io->is_started = true;
    /* Says where the sinks stood before the first row, so that a crash from here on is undone. */
    return io->options.state_dir && io->epoch == 1 ? wr_io_checkpoint(io, err) : WEIR_OK;
}

weir_status wr_app_io_free(wr_app_io *io, weir_error *err) {
    if (!io) return WEIR_OK;
    weir_status first = WEIR_OK;
    wr_io_set_working(io, false);
    for (uint32_t i = 0; i < io->n_feeds; i++) wr_feed_free(io->feeds[i]);
    for (uint32_t i = 0; i < io->n_drains; i++) {
        weir_error own = {0};
        weir_status st = wr_drain_free(io->drains[i], io->is_started && !io->is_exact, &own);
        if (st != WEIR_OK && first == WEIR_OK && err) *err = own;
        if (first == WEIR_OK) first = st;
    }
    wr_free(NULL, io->feeds, 0);
    wr_free(NULL, io->drains, 0);
    wr_io_drop_faults(io);
    for (int i = 0; i < 2; i++)
        if (io->wake_fd[i] >= 0) close(io->wake_fd[i]);
    for (wr_io_shared *shared = io->shared, *next; shared; shared = next) {
        next = shared->next;
        wr_free(NULL, shared, sizeof *shared + shared->size);
    }
    wr_arena_fini(&io->cycle_arena);
    wr_shelf_free(io->shelf);
    wr_free(NULL, io, sizeof *io);
    return first;
}

void wr_app_io_note_change(wr_app_io *io) { io->dirty = true; }

void wr_app_io_wake(wr_app_io *io) {
    ssize_t n = write(io->wake_fd[1], "x", 1);
    (void)n; /* a full pipe wakes as well */
}

static wr_drain *drain_of(const wr_app_io *io, const wr_error_entry *e) {
    for (uint32_t i = 0; i < io->n_drains; i++) {
        wr_drain *d = io->drains[i];
        if (strcmp(d->schema.stream, e->stream) != 0 || strcmp(d->plan->type, e->type) != 0 ||
            d->number != e->number)
            continue;
        bool fits = d->schema.n_attributes == e->rows.n_cols;
        for (uint32_t k = 0; fits && k < e->rows.n_cols; k++)
            fits = d->schema.attributes[k].type == e->rows.cols[k].type;
        return fits ? d : NULL;
    }
    return NULL;
}

weir_status wr_app_io_resend(wr_app_io *io, const wr_error_entry *e, weir_error *err) {
    wr_drain *d = io->is_started ? drain_of(io, e) : NULL;
    if (!d)
        return weir_fail(err, WEIR_ENAME, "entry %llu: stream '%s' has no such sink '%s' any more",
                         (unsigned long long)e->id, e->stream, e->type);
    wr_drain_write(d, &e->rows);
    return WEIR_OK;
}

weir_status wr_app_io_flush(wr_app_io *io, weir_error *err) {
    for (uint32_t i = 0; io->is_started && i < io->n_drains; i++) WR_TRY(wr_drain_flush(io->drains[i], err));
    wr_errors_sync(io->options.errors);
    return WEIR_OK;
}

/* What was lost is told with the first place. */
static void visit_drain(const wr_drain *d, void (*visit)(void *ctx, const wr_app_io_stat *stat), void *ctx) {
    for (uint32_t i = 0; i < d->n_ways; i++) {
        const wr_way *w = &d->ways[i];
        if (!w->sink) continue;
        wr_app_io_stat s = {"sink",
                            d->schema.stream,
                            d->plan->type,
                            *wr_sink_stats(w->sink),
                            0,
                            w->is_down || w->is_suspect || *wr_sink_state(w->sink) != 0};
        s.stats.bad_rows += wr_sink_dropped(w->sink);
        if (!i) s.stats.bad_rows += d->n_lost;
        if (d->spill) {
            s.stats.lag = (int64_t)wr_drain_undelivered(d);
            s.bytes_held += (size_t)(wr_spill_tail(d->spill).bytes - wr_spill_safe(d->spill).bytes);
        }
        visit(ctx, &s);
    }
}

void wr_app_io_visit_stats(const wr_app_io *io, void (*visit)(void *ctx, const wr_app_io_stat *stat),
                           void *ctx) {
    for (uint32_t i = 0; i < io->n_feeds; i++) {
        const wr_feed *f = io->feeds[i];
        wr_app_io_stat s = {"source",
                            f->schema.stream,
                            f->plan->type,
                            *wr_source_stats(f->source),
                            wr_source_bytes(f->source),
                            *wr_source_state(f->source) != 0};
        s.stats.bad_rows += wr_source_dropped(f->source);
        visit(ctx, &s);
    }
    for (uint32_t i = 0; i < io->n_drains; i++) visit_drain(io->drains[i], visit, ctx);
}
