/* feed.c: a source and the rows it gave. */
#include <stdio.h>

#include "base/clock.h"
#include "data/value.h"
#include "io/cell.h"
#include "io/rows.h"
#include "plan/planner.h"
#include "runtime/app_io_internal.h"
#include "runtime/errors.h"

#define FIRST_BACKOFF_MS   100
#define LONGEST_BACKOFF_MS 30000
#define LOGGED_BAD_ROWS    10u /* of a source: the first ones, then every thousandth */
#define SHOWN_RAW_BYTES    200u

static bool is_worth_a_line(uint64_t n) { return n <= LOGGED_BAD_ROWS || n % 1000 == 0; }

/* The beginning of a record, to be read by people: unprintable bytes as '?', all beyond ASCII too unless it
 * is UTF-8. */
static const char *shown(const weir_bad_record *bad, char out[SHOWN_RAW_BYTES + 1]) {
    size_t n = WR_MIN(bad->raw_len, SHOWN_RAW_BYTES);
    if (n < bad->raw_len)
        while (n && ((unsigned char)bad->raw[n] & 0xC0) == 0x80) n--; /* not within a character */
    bool is_utf8 = wr_utf8_valid(bad->raw, n) == n;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)bad->raw[i];
        out[i] = c < ' ' || c == 127 || (c > 127 && !is_utf8) ? '?' : (char)c;
    }
    out[n] = 0;
    return out;
}

/* A bad record's row in the fault stream: nulls, and the reason with the raw text. */
static void to_fault_stream(wr_feed *f, uint32_t fault, const weir_bad_record *bad, const char *text) {
    const wr_plan *p = f->io->options.plan;
    uint32_t n = p->streams[fault].schema.n_attrs;
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    weir_value *values = wr_arena_zero(&arena, n, sizeof *values);
    weir_object *error = weir_object_new_error(text);
    int64_t now = f->io->options.playback ? wr_task_clock(f->io->options.task) : wr_wall_ms();
    if (values && error) {
        for (uint32_t i = 0; i + 1 < n; i++)
            values[i] = wr_value_null(p->streams[fault].schema.attrs[i].type);
        values[n - 1] = wr_value_object(error);
        wr_inbox *inbox = f->io->options.inbox;
        weir_status st = wr_inbox_add(inbox, fault, now, values, n, NULL);
        if (st == WEIR_OK)
            st = wr_inbox_end_arrival(inbox, fault, WR_MAX(now, wr_task_clock(f->io->options.task)), false,
                                      NULL);
        if (st != WEIR_OK) wr_inbox_drop_arrival(inbox);
    }
    (void)bad;
    weir_object_unref(error);
    wr_arena_fini(&arena);
}

static bool keep_raw(wr_feed *f, const weir_bad_record *bad, const char *text) {
    return wr_errors_keep(f->io->options.errors, &(wr_error_entry){.origin = WR_ERROR_SOURCE,
                                                                   .stream = f->schema.stream,
                                                                   .type = f->plan->type,
                                                                   .reason = text,
                                                                   .raw = bad->raw,
                                                                   .raw_len = bad->raw_len});
}

static void on_bad_record(void *ctx, const weir_bad_record *bad) {
    wr_feed *f = ctx;
    const wr_plan_stream *s = &f->io->options.plan->streams[f->stream];
    char text[1024], raw[SHOWN_RAW_BYTES + 1];
    snprintf(text, sizeof text, "record %llu at byte %llu: %s: '%s'%s", (unsigned long long)bad->record,
             (unsigned long long)bad->offset, bad->reason, shown(bad, raw),
             bad->full_len > SHOWN_RAW_BYTES ? "…" : "");
    f->n_bad++;
    if (s->fault != WR_NONE_ID)
        to_fault_stream(f, s->fault, bad, text);
    else if (s->on_error == WR_ON_ERROR_STORE && keep_raw(f, bad, text))
        return;
    else if (is_worth_a_line(f->n_bad))
        wr_app_io_log(f->io, WEIR_LOG_WARN, "source '%s' of stream '%s': %s (bad records so far: %llu)",
                      f->plan->type, s->name, text, (unsigned long long)f->n_bad);
}

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a source");
}

/* ---- Opening and closing ---- */

static weir_status open_source(wr_feed *f, const wr_plan *plan, weir_error *err) {
    wr_app_io *io = f->io;
    const wr_plan_io *p = f->plan;
    const char *format = p->map_type ? p->map_type : f->type->default_format;
    wr_source_spec spec = {.type = f->type,
                           .pairs = wr_io_pairs(io, p->options, p->n_options, &f->things),
                           .n_pairs = p->n_options,
                           .map_pairs = wr_io_pairs(io, p->map_options, p->n_map_options, &f->things),
                           .n_map_pairs = p->n_map_options,
                           .attributes = wr_io_pairs(io, p->attributes, p->n_attributes, &f->things),
                           .n_attributes = p->n_attributes,
                           .schema = &f->schema,
                           .wanted = f->wanted,
                           .host = &io->options.host,
                           .guarantee = plan->guarantee,
                           .has_checkpoints = io->options.state_dir != NULL,
                           .bad = on_bad_record,
                           .bad_ctx = f,
                           .account = io->options.account};
    if (!spec.pairs || !spec.map_pairs || !spec.attributes) return no_memory(err);
    if (format && strcmp(format, "passThrough") != 0)
        WR_TRY(wr_io_registry_need_decoder(io->options.registry, format, &spec.format, err));
    return wr_source_open(&spec, &f->source, err);
}

static weir_status open_feed(wr_feed *f, const wr_plan *plan, weir_error *err) {
    WR_TRY(wr_io_schema(plan, f->stream, &f->things, &f->schema, err));
    f->wanted = wr_arena_zero(&f->things, f->schema.n_attributes + 1, sizeof *f->wanted);
    if (!f->wanted) return no_memory(err);
    wr_plan_stream_needs(plan, f->stream, f->wanted);
    WR_TRY(wr_io_registry_need_source(f->io->options.registry, f->plan->type, &f->type, err));
    if (plan->guarantee == WEIR_EXACTLY_ONCE && !f->type->replayable)
        return wr_io_not_exact("source", f->plan->type, "can't read again what it has given", err);
    return open_source(f, plan, err);
}

weir_status wr_feed_reopen(wr_feed *f, const wr_plan *plan, weir_error *err) {
    return open_source(f, plan, err);
}

weir_status wr_feed_new(wr_app_io *io, const wr_plan *plan, uint32_t stream, const wr_plan_io *annotation,
                        wr_feed **out, weir_error *err) {
    *out = NULL;
    wr_feed *f = wr_alloc_zero(NULL, sizeof *f);
    if (!f) return no_memory(err);
    f->io = io;
    f->stream = stream;
    f->plan = annotation;
    wr_arena_init(&f->things, io->options.account);
    wr_arena_init(&f->arena, io->options.account);
    weir_status st = open_feed(f, plan, err);
    if (st == WEIR_OK)
        *out = f;
    else
        wr_feed_free(f);
    return st;
}

void wr_feed_free(wr_feed *f) {
    if (!f) return;
    wr_source_close(f->source);
    wr_arena_fini(&f->arena);
    wr_arena_fini(&f->things);
    wr_free(NULL, f, sizeof *f);
}

bool wr_feed_has_rows(const wr_feed *f) { return f->next_chunk < f->batch.n_chunks; }

static weir_status fail_softly(wr_feed *f, weir_status st, weir_error *err) {
    if (st == WEIR_ENOMEM || !err->retriable) return st;
    f->backoff_ms = f->backoff_ms ? WR_MIN(f->backoff_ms * 2, LONGEST_BACKOFF_MS) : FIRST_BACKOFF_MS;
    f->retry_ms = wr_monotonic_ms() + f->backoff_ms;
    f->state = WR_FEED_IDLE;
    wr_app_io_log(f->io, WEIR_LOG_WARN, "source '%s' of stream '%s': %s; trying again in %lld ms",
                  f->plan->type, f->schema.stream, err->message, (long long)f->backoff_ms);
    return WEIR_OK;
}

static weir_status take_rows(wr_feed *f, weir_error *err) {
    f->cols = wr_arena_zero(&f->arena, f->schema.n_attributes + 1, sizeof *f->cols);
    if (!f->cols) return no_memory(err);
    memset(&f->batch, 0, sizeof f->batch);
    if (f->rows.n) wr_rows_batch(&f->rows, f->cols, &f->batch);
    f->next_chunk = 0;
    return WEIR_OK;
}

weir_status wr_feed_refill(wr_feed *f, weir_error *err) {
    if (wr_feed_has_rows(f) || f->state == WR_FEED_ENDED || f->is_leaving) return WEIR_OK;
    if (f->retry_ms && wr_monotonic_ms() < f->retry_ms) return WEIR_OK;
    weir_error own;
    wr_arena_reset(&f->arena);
    WR_TRY(wr_rows_init(&f->rows, &f->schema, wr_source_wanted(f->source), f->io->options.batch_limit,
                        &f->arena, err));
    wr_source_poll_args args = {.until_ts = INT64_MAX, .now_ms = wr_wall_ms()};
    weir_status st = wr_source_poll(f->source, &args, &f->rows, &own);
    f->state = st == WEIR_EEND ? WR_FEED_ENDED : st == WEIR_EAGAIN ? WR_FEED_IDLE : WR_FEED_OPEN;
    if (st == WEIR_OK || st == WEIR_EAGAIN || st == WEIR_EEND) {
        f->retry_ms = f->backoff_ms = 0;
        return take_rows(f, err);
    }
    WR_TRY(take_rows(f, err));
    st = fail_softly(f, st, &own);
    if (st != WEIR_OK && err) *err = own;
    return st;
}

/* ---- Saving: the position, then the rows in hand that no cycle has taken. ---- */

static uint32_t rows_left(const wr_feed *f) {
    return wr_feed_has_rows(f) ? f->batch.n_rows - weir_batch_chunk_begin(&f->batch, f->next_chunk) : 0;
}

void wr_feed_save(wr_feed *f, uint64_t epoch, weir_writer *w, weir_status *status, weir_error *err) {
    weir_status st = wr_source_save(f->source, epoch, w, err);
    if (st != WEIR_OK && *status == WEIR_OK) *status = st;
    uint32_t n = rows_left(f), first = n ? weir_batch_chunk_begin(&f->batch, f->next_chunk) : 0;
    weir_write_u32(w, n);
    for (uint32_t c = n ? f->next_chunk : 0; n && c < f->batch.n_chunks; c++) {
        uint32_t begin = weir_batch_chunk_begin(&f->batch, c), end = weir_batch_chunk_end(&f->batch, c);
        for (uint32_t row = WR_MAX(begin, first); row < end; row++) {
            weir_write_u32(w, row + 1 == end); /* ends its chunk */
            weir_write_i64(w, f->batch.ts[row]);
            for (uint32_t i = 0; i < f->schema.n_attributes; i++) {
                weir_value v = f->batch.cols[i].data ? wr_column_get(&f->batch.cols[i], row)
                                                     : wr_value_null(f->schema.attributes[i].type);
                weir_write_value(w, &v);
            }
        }
    }
}

/* Reads one saved row into the rows in hand. */
static weir_status load_row(wr_feed *f, weir_reader *r, uint32_t *chunk_begin, weir_error *err) {
    bool ends_chunk = weir_read_u32(r) != 0;
    uint32_t row = f->rows.n;
    f->rows.ts[row] = weir_read_i64(r);
    for (uint32_t i = 0; i < f->schema.n_attributes; i++) {
        weir_value v;
        weir_column *c = &f->rows.cols[i];
        WR_TRY(weir_read_value(r, &f->arena, &v));
        if (!c->data) continue;
        if (!v.is_null && v.type != c->type)
            return weir_fail(err, WEIR_ESTATE, "the saved rows of stream '%s' have other types",
                             f->schema.stream);
        wr_column_set(c, row, &v);
    }
    f->rows.n++;
    if (ends_chunk) {
        weir_rows_end_chunk(&f->rows, *chunk_begin);
        *chunk_begin = f->rows.n;
    }
    return WEIR_OK;
}

weir_status wr_feed_load(wr_feed *f, weir_reader *r, weir_error *err) {
    WR_TRY(wr_source_load(f->source, r, err));
    uint32_t n = weir_read_u32(r), chunk_begin = 0;
    if (n > weir_reader_left(r))
        return weir_fail(err, WEIR_ESTATE, "the saved rows of stream '%s' are cut off", f->schema.stream);
    wr_arena_reset(&f->arena);
    WR_TRY(wr_rows_init(&f->rows, &f->schema, wr_source_wanted(f->source), WR_MAX(n, 1u), &f->arena, err));
    for (uint32_t i = 0; i < n; i++) WR_TRY(load_row(f, r, &chunk_begin, err));
    WR_TRY(weir_reader_status(r, err));
    f->state = WR_FEED_OPEN; /* also if it had ended: there is something before its end again */
    f->retry_ms = f->backoff_ms = 0;
    return take_rows(f, err);
}
