/* drain.c: a sink and the stream whose rows go there: to one place or, with @distribution, to several; and
 * what becomes of rows when a place fails.
 *
 * A place that fails is down: it is tried again after 0.1 s, then twice as long each time, up to 30 s. Rows
 * for it
 *  - go to the next place (roundRobin), or only to the others (broadcast), as long as one is up;
 *  - else wait, and nothing is read meanwhile (on.error='WAIT', or none was written and the failure may
 * pass);
 *  - else are given up: logged ('LOG'), handed to the stream's @OnError ('STREAM') or to the error store
 * ('STORE'). Without on.error a failure that won't pass ends the run: nothing is dropped that the app did not
 * say so of. */
#include "runtime/drain.h"

#include "base/clock.h"
#include "data/text.h"
#include "data/utf16.h"
#include "data/value.h"
#include "runtime/errors.h"

#define FIRST_BACKOFF_MS   100
#define LONGEST_BACKOFF_MS 30000
#define LOGGED_LOSSES      10u /* the first ones, then every thousandth */
#define LOOK_MS            20  /* how often a sink is asked what became of rows that it took */

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a sink");
}

/* ---- What becomes of rows that a place did not take ---- */

bool wr_drain_waits(const wr_drain *d) {
    return !d->plan->has_on_error || d->plan->on_error == WR_ON_ERROR_WAIT;
}

static bool any_up(const wr_drain *d) {
    for (uint32_t i = 0; i < d->n_ways; i++)
        if (d->ways[i].is_open && !d->ways[i].is_down) return true;
    return false;
}

static void log_loss(wr_drain *d, const weir_batch *rows, const weir_error *why) {
    uint64_t n = ++d->n_losses;
    if (n > LOGGED_LOSSES && n % 1000) return;
    wr_app_io_log(d->io, WEIR_LOG_ERROR, "sink '%s' of stream '%s': %u rows lost: %s (so far: %llu times)",
                  d->plan->type, d->schema.stream, rows->n_sel, why->message, (unsigned long long)n);
}

void wr_drain_give_up(wr_drain *d, const weir_batch *rows, const weir_error *why) {
    wr_app_io *io = d->io;
    const wr_plan_stream *s = &io->options.plan->streams[d->stream];
    wr_on_error action = d->plan->has_on_error ? d->plan->on_error : WR_ON_ERROR_LOG;
    bool is_kept = false;
    if (!rows->n_sel) return;
    if (action == WR_ON_ERROR_STORE)
        is_kept = wr_errors_keep_sink(io->options.errors, d->schema.stream, d->plan->type, d->number, rows,
                                      why->message);
    else if (action == WR_ON_ERROR_STREAM && s->fault != WR_NONE_ID)
        is_kept = wr_io_add_fault(io, s->fault, rows, why->message);
    else if (action == WR_ON_ERROR_STREAM && s->on_error == WR_ON_ERROR_STORE)
        is_kept = wr_errors_keep_stream(io->options.errors, d->schema.stream, rows, why->message);
    d->n_lost += rows->n_sel;
    if (!is_kept) log_loss(d, rows, why);
}

/* ---- One place ---- */

static void forget_copies(wr_way *w) {
    for (uint32_t i = 0; i < w->n_waiting; i++) wr_bus_message_free(w->waiting[i]);
    w->n_waiting = 0;
}

static weir_status keep_copy(wr_way *w, const weir_batch *rows, weir_error *err) {
    wr_bus_message *copy = wr_bus_message_of_rows(rows);
    if (!copy) return no_memory(err);
    if (wr_grow(NULL, &w->waiting, &w->cap_waiting, w->n_waiting + 1, sizeof *w->waiting)) {
        wr_bus_message_free(copy);
        return no_memory(err);
    }
    w->waiting[w->n_waiting++] = copy;
    return WEIR_OK;
}

static void note_down(wr_way *w, const weir_error *why) {
    w->backoff_ms = w->backoff_ms ? WR_MIN(w->backoff_ms * 2, LONGEST_BACKOFF_MS) : FIRST_BACKOFF_MS;
    w->retry_ms = wr_monotonic_ms() + w->backoff_ms;
    w->needs_opening |= why->fatal;
    w->is_down = true;
}

static void note_up(wr_drain *d, wr_way *w) {
    bool reports = wr_sink_reports(w->sink); /* then it is known later whether it delivers */
    if (w->is_down && !reports)
        wr_app_io_log(d->io, WEIR_LOG_INFO, "sink '%s' of stream '%s' works again", d->plan->type,
                      d->schema.stream);
    w->is_down = false;
    w->retry_ms = 0;
    if (!reports) w->backoff_ms = 0;
    forget_copies(w);
}

/* Rows that are held here can't be sent elsewhere, nor be given up. */
bool wr_drain_holds(const wr_drain *d) {
    if (!wr_drain_waits(d)) return false;
    bool has_others = d->plan->distribution == WR_ROUND_ROBIN || d->plan->distribution == WR_BROADCAST;
    return !has_others || !any_up(d);
}

static weir_status send(wr_drain *d, const weir_batch *rows, weir_error *err);

/* What the place held goes elsewhere, or is given up. `rows` (or NULL) came last. */
static weir_status pass_on(wr_drain *d, wr_way *w, const weir_batch *rows, const weir_error *why,
                           weir_error *err) {
    weir_status st = WEIR_OK;
    wr_bus_message **held = w->waiting;
    uint32_t n = w->n_waiting;
    bool elsewhere = d->plan->distribution == WR_ROUND_ROBIN && any_up(d);
    bool is_left_out = d->plan->distribution == WR_BROADCAST && any_up(d);
    w->waiting = NULL;
    w->n_waiting = w->cap_waiting = 0;
    wr_sink_drop_waiting(w->sink);
    for (uint32_t i = 0; i <= n && st == WEIR_OK; i++) {
        weir_batch b;
        if (i < n)
            wr_bus_message_batch(held[i], &b);
        else if (rows)
            b = *rows;
        else
            break;
        if (elsewhere)
            st = send(d, &b, err);
        else if (!is_left_out)
            wr_drain_give_up(d, &b, why);
    }
    for (uint32_t i = 0; i < n; i++) wr_bus_message_free(held[i]);
    wr_free(NULL, held, 0);
    return st;
}

weir_status wr_drain_on_failure(wr_drain *d, wr_way *w, const weir_batch *rows, const weir_error *why,
                                weir_error *err) {
    bool was_down = w->is_down || w->is_suspect;
    if (why->code == WEIR_ENOMEM) {
        if (err) *err = *why;
        return WEIR_ENOMEM;
    }
    if (!d->plan->has_on_error && !why->retriable) {
        d->has_failed = true;
        d->failure = *why;
        return WEIR_OK;
    }
    note_down(w, why);
    w->is_suspect = w->sink && wr_sink_reports(w->sink);
    if (w->n_handed && !wr_drain_holds(d)) WR_TRY(wr_drain_take_back(w, err));
    if (!was_down) wr_app_io_log(d->io, WEIR_LOG_WARN, "%s; trying again", why->message);
    if (!wr_drain_holds(d)) return pass_on(d, w, rows, why, err);
    return rows ? keep_copy(w, rows, err) : WEIR_OK;
}

/* Only rows of which somebody may have to be told are copied. */
static bool wants_copies(const wr_drain *d) {
    return !wr_drain_waits(d) || d->plan->distribution == WR_ROUND_ROBIN;
}

weir_status wr_drain_one_by_one(wr_drain *d, wr_way *w, const weir_batch *rows,
                                weir_status (*fn)(wr_drain *d, wr_way *w, const weir_batch *rows,
                                                  weir_error *err),
                                weir_error *err) {
    for (uint32_t k = 0; k < rows->n_sel; k++) {
        uint32_t row = weir_batch_row(rows, k);
        weir_batch one = *rows;
        one.sel = &row;
        one.n_sel = 1;
        WR_TRY(fn(d, w, &one, err));
    }
    return WEIR_OK;
}

static weir_status write_way(wr_drain *d, wr_way *w, const weir_batch *rows, weir_error *err) {
    weir_error own = {0};
    if (!rows->n_sel) return WEIR_OK;
    if (d->spill) return wr_drain_spill_write(d, rows, err);
    if (w->is_down && !wr_drain_holds(d)) {
        weir_fail(&own, WEIR_EIO, "its other side can't be reached");
        own.retriable = true;
        return pass_on(d, w, rows, &own, err);
    }
    bool reports = wr_sink_reports(w->sink);
    uint64_t first = wr_sink_records(w->sink);
    weir_status st = wr_sink_take(w->sink, rows, &own);
    if (st == WEIR_EVALUE && rows->n_sel > 1) return wr_drain_one_by_one(d, w, rows, write_way, err);
    if (st != WEIR_OK) { /* no place could take them: they can't be written */
        if (st == WEIR_ENOMEM && err) *err = own;
        if (st != WEIR_ENOMEM) wr_drain_give_up(d, rows, &own);
        return st == WEIR_ENOMEM ? st : WEIR_OK;
    }
    if (w->is_down) return WEIR_OK; /* they are held */
    if (reports) WR_TRY(wr_drain_note_handed(w, rows, first, err));
    st = wr_sink_push(w->sink, &own);
    if (st == WEIR_OK) return note_up(d, w), WEIR_OK;
    if (st == WEIR_EAGAIN) return wants_copies(d) && !reports ? keep_copy(w, rows, err) : WEIR_OK;
    bool is_held = wr_drain_holds(d) || reports; /* they are in the sink's own buffer, or known to be there */
    return wr_drain_on_failure(d, w, is_held ? NULL : rows, &own, err);
}

/* ---- Which place ---- */

/* Java's String.hashCode, over UTF-16. */
static uint32_t java_hash(const char *text, size_t len) {
    uint32_t h = 0;
    for (size_t at = 0; at < len;) {
        uint32_t c = wr_utf8_next(text, len, &at);
        if (c > 0xffff) h = 31 * h + (0xd7c0 + (c >> 10));
        h = 31 * h + (c > 0xffff ? 0xdc00 + (c & 0x3ff) : c);
    }
    return h;
}

/* Of what String.valueOf says of the key, as Siddhi has it. */
static weir_status hash_of(wr_drain *d, const weir_column *c, uint32_t row, uint32_t *out, weir_error *err) {
    wr_buf_clear(&d->text);
    weir_value v = wr_value_unbox(wr_column_get(c, row));
    wr_text_of_value(&d->text, &v);
    if (d->text.failed) return no_memory(err);
    *out = java_hash(d->text.data ? d->text.data : "", d->text.len);
    return WEIR_OK;
}

static weir_status place_of(wr_drain *d, const weir_batch *rows, uint32_t row, uint32_t *out,
                            weir_error *err) {
    uint32_t hash = 0;
    if (d->plan->distribution == WR_PARTITIONED) {
        WR_TRY(hash_of(d, &rows->cols[d->plan->partition_key], row, &hash, err));
        int32_t rest = (int32_t)hash % (int32_t)d->n_ways;
        *out = (uint32_t)(rest < 0 ? -rest : rest);
        return WEIR_OK;
    }
    bool one_is_up = any_up(d);
    do *out = d->turn++ % d->n_ways;
    while (one_is_up && (d->ways[*out].is_down || !d->ways[*out].is_open));
    return WEIR_OK;
}

/* The rows of one place, in order. */
static weir_status send_some(wr_drain *d, const weir_batch *rows, const uint32_t *places, uint32_t place,
                             uint32_t *sel, weir_error *err) {
    weir_batch some = *rows;
    uint32_t n = 0;
    for (uint32_t k = 0; k < rows->n_sel; k++)
        if (places[k] == place) sel[n++] = weir_batch_row(rows, k);
    some.sel = sel;
    some.n_sel = n;
    return write_way(d, &d->ways[place], &some, err);
}

static weir_status split(wr_drain *d, const weir_batch *rows, weir_error *err) {
    uint32_t *places = wr_alloc(NULL, ((size_t)rows->n_sel + 1) * 2 * sizeof *places);
    weir_status st = places ? WEIR_OK : no_memory(err);
    for (uint32_t k = 0; k < rows->n_sel && st == WEIR_OK; k++)
        st = place_of(d, rows, weir_batch_row(rows, k), &places[k], err);
    for (uint32_t i = 0; i < d->n_ways && st == WEIR_OK; i++)
        st = send_some(d, rows, places, i, places + rows->n_sel, err);
    wr_free(NULL, places, 0);
    return st;
}

static weir_status broadcast(wr_drain *d, const weir_batch *rows, weir_error *err) {
    bool one_is_up = any_up(d);
    if (!one_is_up && !wr_drain_waits(d)) return write_way(d, &d->ways[0], rows, err); /* given up, once */
    for (uint32_t i = 0; i < d->n_ways; i++)
        if (!one_is_up || !d->ways[i].is_down) WR_TRY(write_way(d, &d->ways[i], rows, err));
    return WEIR_OK;
}

static weir_status send(wr_drain *d, const weir_batch *rows, weir_error *err) {
    switch (d->plan->distribution) {
    case WR_BROADCAST: return broadcast(d, rows, err);
    case WR_ROUND_ROBIN:
    case WR_PARTITIONED: return split(d, rows, err);
    case WR_UNDISTRIBUTED: break;
    }
    return write_way(d, &d->ways[0], rows, err);
}

/* A row that can never be written is given up here too: it would fail again however often it came. */
static weir_status write_exactly(wr_drain *d, wr_way *w, const weir_batch *rows, weir_error *err) {
    weir_status st = wr_sink_take(w->sink, rows, err);
    if (st == WEIR_EVALUE && rows->n_sel > 1) return wr_drain_one_by_one(d, w, rows, write_exactly, err);
    if (st == WEIR_EVALUE) return wr_drain_give_up(d, rows, err), WEIR_OK;
    if (st == WEIR_OK) st = wr_sink_push(w->sink, err);
    return st == WEIR_EAGAIN ? WEIR_OK : st;
}

static void fail_exactly(wr_drain *d, const weir_error *err) {
    d->io->has_failed = true; /* nothing is lost: the cycle is undone */
    d->io->failure = *err;
}

void wr_drain_write(wr_drain *d, const weir_batch *rows) {
    weir_error err = {0};
    if (!d->is_open || d->io->has_failed || d->has_failed)
        return; /* the app runs without its sinks, or ends */
    if (!d->io->is_exact) {
        if (send(d, rows, &err) == WEIR_OK) return;
        d->has_failed = true;
        d->failure = err;
    } else if (write_exactly(d, &d->ways[0], rows, &err) != WEIR_OK)
        fail_exactly(d, &err);
}

static void on_rows(void *ctx, const weir_batch *rows) { wr_drain_write(ctx, rows); }

weir_status wr_drain_listen(wr_drain *d, wr_task *task, weir_error *err) {
    return wr_task_subscribe(task, d->stream, on_rows, d, err);
}

bool wr_drain_is_full(const wr_drain *d) {
    if (d->spill) return wr_spill_is_full(d->spill);
    for (uint32_t i = 0; i < d->n_ways; i++) {
        const wr_way *w = &d->ways[i];
        if ((w->is_open && wr_sink_is_full(w->sink)) || (w->is_down && wr_drain_holds(d))) return true;
    }
    return false;
}

/* ---- Pushing on, and trying again ---- */

static weir_status open_again(wr_drain *d, wr_way *w, weir_error *err) {
    (void)wr_sink_close(w->sink, false, NULL);
    w->sink = NULL;
    w->is_open = false;
    if (d->spill) wr_spill_again(d->spill); /* what the old one held is in the files */
    WR_TRY(wr_drain_open_way(d, w, d->io->options.plan, err));
    WR_TRY(wr_sink_join(w->sink, d->io->epoch, err));
    w->is_open = true;
    w->needs_opening = false;
    return WEIR_OK;
}

static weir_status flush_way(wr_drain *d, wr_way *w, weir_error *err) {
    weir_error own = {0};
    if (w->is_down && wr_monotonic_ms() < w->retry_ms) return WEIR_OK;
    if (w->is_down && w->is_suspect && !w->needs_opening && wr_sink_is_away(w->sink)) {
        w->retry_ms = wr_monotonic_ms() + w->backoff_ms; /* its client is still trying */
        return WEIR_OK;
    }
    weir_status st = w->needs_opening ? open_again(d, w, &own) : WEIR_OK;
    if (st == WEIR_OK) st = wr_sink_flush(w->sink, &own);
    if (st == WEIR_OK && w->is_down) note_up(d, w);
    if (st == WEIR_OK) forget_copies(w);
    if (st == WEIR_OK || st == WEIR_EAGAIN) WR_TRY(wr_drain_look_at_handed(d, w, err));
    if (st == WEIR_OK && d->spill) return wr_drain_spill_send(d, err);
    if (st == WEIR_OK || st == WEIR_EAGAIN) return WEIR_OK;
    if (w->needs_opening && !w->sink) st = wr_drain_open_way(d, w, d->io->options.plan, &own); /* for later */
    return wr_drain_on_failure(d, w, NULL, &own, err);
}

weir_status wr_drain_flush(wr_drain *d, weir_error *err) {
    if (!d->is_open) return WEIR_OK;
    if (d->io->is_exact) {
        weir_status st = wr_sink_flush(d->ways[0].sink, err);
        return st == WEIR_EAGAIN ? WEIR_OK : st;
    }
    for (uint32_t i = 0; i < d->n_ways && !d->has_failed; i++) WR_TRY(flush_way(d, &d->ways[i], err));
    if (d->has_failed && err) *err = d->failure;
    return d->has_failed ? d->failure.code : WEIR_OK;
}

int64_t wr_drain_retry_ms(const wr_drain *d) {
    int64_t first = INT64_MAX;
    for (uint32_t i = 0; i < d->n_ways; i++) {
        const wr_way *w = &d->ways[i];
        if (w->is_down) first = WR_MIN(first, w->retry_ms);
        if (w->n_handed) first = WR_MIN(first, wr_monotonic_ms() + LOOK_MS);
    }
    return first;
}
