/* app_io.c: opening and closing an app's sources and sinks, and their counters. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "plan/planner.h"
#include "runtime/app_io_internal.h"

int64_t wr_io_wall_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint64_t wr_io_monotonic_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

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

static weir_status make_schema(wr_app_io *io, uint32_t stream, weir_schema *out, weir_error *err) {
    const wr_plan_stream *s = &io->options.plan->streams[stream];
    weir_attribute *a = wr_arena_array(&io->arena, s->schema.n_attrs + 1, sizeof *a);
    if (!a) return no_memory(err);
    for (uint32_t i = 0; i < s->schema.n_attrs; i++)
        a[i] = (weir_attribute){s->schema.attrs[i].name, s->schema.attrs[i].type};
    *out = (weir_schema){s->name, s->schema.n_attrs, a};
    return WEIR_OK;
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

/* What is written twice after a crash, or can't be read again, is not for exactly-once. */
static weir_status not_exact(const char *what, const char *type, const char *why, weir_error *err) {
    return weir_fail(err, WEIR_EUNSUPPORTED,
                     "%s '%s' %s: it can't be in an app with @app:guarantee('exactly-once')", what, type,
                     why);
}

/* ---- Sources ---- */

static weir_status open_feed(wr_app_io *io, wr_feed *f, uint32_t stream, const wr_plan_io *plan,
                             weir_error *err) {
    f->io = io;
    f->stream = stream;
    f->plan = plan;
    wr_arena_init(&f->arena, io->options.account);
    WR_TRY(make_schema(io, stream, &f->schema, err));
    f->wanted = wr_arena_zero(&io->arena, f->schema.n_attributes + 1, sizeof *f->wanted);
    if (!f->wanted) return no_memory(err);
    wr_plan_stream_needs(io->options.plan, stream, f->wanted);
    WR_TRY(wr_io_registry_need_source(io->options.registry, plan->type, &f->type, err));
    if (io->is_exact && !f->type->replayable)
        return not_exact("source", plan->type, "can't read again what it has given", err);
    return wr_feed_open(f, err);
}

/* ---- Sinks ---- */

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

static weir_status open_sink(wr_drain *d, weir_error *err) {
    wr_app_io *io = d->io;
    const wr_plan_io *p = d->plan;
    const char *format = p->map_type ? p->map_type : d->type->default_format;
    wr_sink_spec spec = {.type = d->type,
                         .pairs = wr_io_pairs(io, p->options, p->n_options),
                         .n_pairs = p->n_options,
                         .map_pairs = wr_io_pairs(io, p->map_options, p->n_map_options),
                         .n_map_pairs = p->n_map_options,
                         .payloads = wr_io_pairs(io, p->payloads, p->n_payloads),
                         .n_payloads = p->n_payloads,
                         .schema = &d->schema,
                         .host = &io->options.host,
                         .guarantee = io->options.plan->guarantee,
                         .has_checkpoints = io->options.state_dir != NULL,
                         .account = io->options.account};
    if (!spec.pairs || !spec.map_pairs || !spec.payloads) return no_memory(err);
    if (format && strcmp(format, "passThrough") != 0)
        WR_TRY(wr_io_registry_need_encoder(io->options.registry, format, &spec.format, err));
    return wr_sink_open(&spec, &d->sink, err);
}

static weir_status open_drain(wr_app_io *io, wr_drain *d, uint32_t stream, const wr_plan_io *plan,
                              weir_error *err) {
    d->io = io;
    d->stream = stream;
    d->plan = plan;
    WR_TRY(make_schema(io, stream, &d->schema, err));
    WR_TRY(wr_io_registry_need_sink(io->options.registry, plan->type, &d->type, err));
    if (io->is_exact && d->type->guarantee < WEIR_EXACTLY_ONCE)
        return not_exact("sink", plan->type, "can't take back what it has written", err);
    WR_TRY(open_sink(d, err));
    return wr_task_subscribe(io->options.task, stream, on_rows, d, err);
}

/* ---- All of them ---- */

typedef void on_wrong(void *ctx, uint32_t begin, uint32_t end, const weir_error *err);

static weir_status open_all(wr_app_io *io, on_wrong *wrong, void *ctx, weir_error *err) {
    const wr_plan *p = io->options.plan;
    weir_status first = WEIR_OK;
    for (uint32_t s = 0; s < p->n_streams; s++) {
        for (uint32_t i = 0; i < p->streams[s].n_sources + p->streams[s].n_sinks; i++) {
            bool is_source = i < p->streams[s].n_sources;
            const wr_plan_io *plan =
                is_source ? &p->streams[s].sources[i] : &p->streams[s].sinks[i - p->streams[s].n_sources];
            weir_error own = {0};
            weir_status st = is_source ? open_feed(io, &io->feeds[io->n_feeds++], s, plan, &own)
                                       : open_drain(io, &io->drains[io->n_drains++], s, plan, &own);
            if (st == WEIR_OK) continue;
            bool placed = own.end > own.begin;
            wrong(ctx, placed ? own.begin : plan->begin, placed ? own.end : plan->end, &own);
            if (first == WEIR_OK && err) *err = own;
            if (first == WEIR_OK) first = st;
        }
    }
    return first;
}

static weir_status make_pipe(wr_app_io *io, weir_error *err) {
    if (pipe2(io->wake_fd, O_NONBLOCK | O_CLOEXEC)) {
        io->wake_fd[0] = io->wake_fd[1] = -1;
        return weir_fail(err, WEIR_EIO, "can't make a pipe");
    }
    return WEIR_OK;
}

weir_status wr_app_io_new(const wr_app_io_options *options, on_wrong *wrong, void *ctx, wr_app_io **out,
                          weir_error *err) {
    const wr_plan *p = options->plan;
    uint32_t n_sources = 0, n_sinks = 0;
    *out = NULL;
    for (uint32_t s = 0; s < p->n_streams; s++) {
        n_sources += p->streams[s].n_sources;
        n_sinks += p->streams[s].n_sinks;
    }
    if (!n_sources && !n_sinks && !p->n_triggers) return WEIR_OK;
    wr_app_io *io = wr_alloc_zero(NULL, sizeof *io);
    if (!io) return no_memory(err);
    io->options = *options;
    io->options.host.shared = find_shared;
    io->options.host.shared_ctx = io;
    io->options.host.state_dir = options->state_dir;
    io->is_exact = p->guarantee == WEIR_EXACTLY_ONCE;
    io->wake_fd[0] = io->wake_fd[1] = -1;
    wr_arena_init(&io->arena, NULL);
    wr_arena_init(&io->cycle_arena, options->account);
    io->feeds = wr_arena_zero(&io->arena, n_sources + 1, sizeof *io->feeds);
    io->drains = wr_arena_zero(&io->arena, n_sinks + 1, sizeof *io->drains);
    weir_status st = io->feeds && io->drains ? make_pipe(io, err) : no_memory(err);
    if (st == WEIR_OK) st = open_all(io, wrong, ctx, err);
    if (st != WEIR_OK) {
        (void)wr_app_io_free(io, NULL);
        return st;
    }
    *out = io;
    return WEIR_OK;
}

weir_status wr_app_io_start(wr_app_io *io, weir_error *err) {
    for (uint32_t i = 0; i < io->n_feeds; i++) WR_TRY(wr_source_start(io->feeds[i].source, err));
    io->next_checkpoint_ms = wr_io_wall_ms() + io->options.checkpoint_ms;
    io->last_event_ms = wr_io_wall_ms();
    io->is_started = true;
    /* Says where the sinks stood before the first row, so that a crash from here on is undone. */
    return io->options.state_dir && io->epoch == 1 ? wr_io_checkpoint(io, err) : WEIR_OK;
}

weir_status wr_app_io_free(wr_app_io *io, weir_error *err) {
    if (!io) return WEIR_OK;
    weir_status first = WEIR_OK;
    for (uint32_t i = 0; i < io->n_feeds; i++) wr_feed_close(&io->feeds[i]);
    for (uint32_t i = 0; i < io->n_drains; i++) {
        if (!io->drains[i].sink) continue;
        weir_error own = {0};
        weir_status st = wr_sink_close(io->drains[i].sink, io->is_started && !io->is_exact, &own);
        if (st != WEIR_OK && first == WEIR_OK && err) *err = own;
        if (first == WEIR_OK) first = st;
    }
    for (int i = 0; i < 2; i++)
        if (io->wake_fd[i] >= 0) close(io->wake_fd[i]);
    for (wr_io_shared *shared = io->shared, *next; shared; shared = next) {
        next = shared->next;
        wr_free(NULL, shared, sizeof *shared + shared->size);
    }
    wr_arena_fini(&io->cycle_arena);
    wr_arena_fini(&io->arena);
    wr_free(NULL, io, sizeof *io);
    return first;
}

void wr_app_io_note_change(wr_app_io *io) { io->dirty = true; }

void wr_app_io_wake(wr_app_io *io) {
    ssize_t n = write(io->wake_fd[1], "x", 1);
    (void)n; /* a full pipe wakes as well */
}

bool wr_app_io_has_sources(const wr_app_io *io) { return io->n_feeds > 0; }

weir_status wr_app_io_flush(wr_app_io *io, weir_error *err) {
    for (uint32_t i = 0; io->is_started && i < io->n_drains; i++) {
        weir_status st = wr_sink_flush(io->drains[i].sink, err);
        if (st != WEIR_OK && st != WEIR_EAGAIN) return st;
    }
    return WEIR_OK;
}

void wr_app_io_visit_stats(const wr_app_io *io, void (*visit)(void *ctx, const wr_app_io_stat *stat),
                           void *ctx) {
    for (uint32_t i = 0; i < io->n_feeds; i++) {
        const wr_feed *f = &io->feeds[i];
        wr_app_io_stat s = {"source",
                            f->schema.stream,
                            f->plan->type,
                            *wr_source_stats(f->source),
                            wr_source_bytes(f->source),
                            *wr_source_state(f->source) != 0};
        visit(ctx, &s);
    }
    for (uint32_t i = 0; i < io->n_drains; i++) {
        const wr_drain *d = &io->drains[i];
        wr_app_io_stat s = {"sink",
                            d->schema.stream,
                            d->plan->type,
                            *wr_sink_stats(d->sink),
                            0,
                            *wr_sink_state(d->sink) != 0};
        s.stats.bad_rows += d->n_lost;
        visit(ctx, &s);
    }
}
