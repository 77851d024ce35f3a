/* drain_reports.c: what became of rows that a sink with a client of its own has taken: see drain.h.
 *
 * A copy of each batch is kept with the numbers of its records. As a rule a row is a record; where a format
 * makes one record of several rows (or has left some out) the batch stands or falls as a whole. */
#include <poll.h>
#include <string.h>

#include "io/io_log.h"
#include "runtime/drain.h"

#define SETTLE_MS 10000 /* as long as a checkpoint waits for a sink */
#define LOOK_MS   2

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a sink");
}

/* Those that wait in the sink until they are delivered (on.error='WAIT', or nothing said) need not be known,
 * unless another destination could take them. */
bool wr_drain_wants_reports(const wr_drain *d) {
    bool has_others = d->plan->distribution == WR_ROUND_ROBIN && d->n_ways > 1;
    return !d->io->is_exact && !d->spill && (!wr_drain_waits(d) || has_others);
}

static void drop(wr_handed *h) {
    wr_bus_message_free(h->rows);
    wr_free(NULL, h->gone, 0);
}

void wr_drain_forget_handed(wr_way *w) {
    for (uint32_t i = 0; i < w->n_handed; i++) drop(&w->handed[i]);
    wr_free(NULL, w->handed, 0);
    w->handed = NULL;
    w->n_handed = w->cap_handed = 0;
}

weir_status wr_drain_note_handed(wr_way *w, const weir_batch *rows, uint64_t first, weir_error *err) {
    uint64_t n = wr_sink_records(w->sink) - first;
    if (!n) return WEIR_OK;
    wr_handed h = {wr_bus_message_of_rows(rows), first, (uint32_t)n, NULL};
    if (!h.rows) return no_memory(err);
    if (wr_grow(NULL, &w->handed, &w->cap_handed, w->n_handed + 1, sizeof *w->handed)) {
        drop(&h);
        return no_memory(err);
    }
    w->handed[w->n_handed++] = h;
    return WEIR_OK;
}

static bool is_by_row(const wr_handed *h) { return h->n_records == h->rows->n_rows; }

/* Gives up the rows of these records, each once. */
static weir_status give_up_some(wr_drain *d, wr_handed *h, uint64_t from, uint64_t to, const weir_error *why,
                                weir_error *err) {
    uint32_t n = h->rows->n_rows, n_lost = 0;
    if (!h->gone && !(h->gone = wr_alloc_zero(NULL, n))) return no_memory(err);
    uint32_t *lost = wr_alloc(NULL, n * sizeof *lost);
    if (!lost) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) {
        bool is_meant = !is_by_row(h) || (h->first + i >= from && h->first + i < to);
        if (!is_meant || h->gone[i]) continue;
        h->gone[i] = true;
        lost[n_lost++] = i;
    }
    weir_batch b;
    wr_bus_message_batch(h->rows, &b);
    b.sel = lost;
    b.n_sel = n_lost;
    wr_drain_give_up(d, &b, why);
    wr_free(NULL, lost, 0);
    return WEIR_OK;
}

static weir_status take_refusal(wr_drain *d, wr_way *w, const weir_refusal *r, weir_error *err) {
    weir_error why = {0};
    weir_fail(&why, WEIR_EIO, "sink '%s' of '%s': %s", d->plan->type, d->schema.stream, r->reason);
    uint64_t to = r->record + r->n_records;
    for (uint32_t i = 0; i < w->n_handed; i++) {
        wr_handed *h = &w->handed[i];
        if (h->first < to && r->record < h->first + h->n_records)
            WR_TRY(give_up_some(d, h, r->record, to, &why, err));
    }
    return WEIR_OK;
}

static void forget_settled(wr_drain *d, wr_way *w, uint64_t settled) {
    uint32_t n = 0;
    while (n < w->n_handed && w->handed[n].first + w->handed[n].n_records <= settled) drop(&w->handed[n++]);
    if (n) memmove(w->handed, w->handed + n, (w->n_handed - n) * sizeof *w->handed);
    w->n_handed -= n;
    if (!n || !w->is_suspect) return;
    w->is_suspect = false;
    w->backoff_ms = 0;
    wr_app_io_log(d->io, WEIR_LOG_INFO, "sink '%s' of stream '%s' works again", d->plan->type,
                  d->schema.stream);
}

/* The rows that are neither delivered nor given up, as what `waiting` holds. */
static weir_status wait_again(wr_way *w, wr_handed *h, uint64_t settled, weir_error *err) {
    uint32_t n = h->rows->n_rows, n_left = 0;
    uint32_t *left = wr_alloc(NULL, n * sizeof *left);
    if (!left) return no_memory(err);
    for (uint32_t i = 0; i < n; i++)
        if (!(h->gone && h->gone[i]) && !(is_by_row(h) && h->first + i < settled)) left[n_left++] = i;
    weir_batch b;
    wr_bus_message_batch(h->rows, &b);
    b.sel = left;
    b.n_sel = n_left;
    wr_bus_message *copy = n_left ? wr_bus_message_of_rows(&b) : NULL;
    wr_free(NULL, left, 0);
    if (!n_left) return WEIR_OK;
    if (!copy || wr_grow(NULL, &w->waiting, &w->cap_waiting, w->n_waiting + 1, sizeof *w->waiting)) {
        if (copy) wr_bus_message_free(copy);
        return no_memory(err);
    }
    w->waiting[w->n_waiting++] = copy;
    return WEIR_OK;
}

weir_status wr_drain_take_back(wr_way *w, weir_error *err) {
    weir_status st = WEIR_OK;
    uint64_t settled = wr_sink_settled(w->sink);
    wr_sink_forget(w->sink);
    for (uint32_t i = 0; i < w->n_handed && st == WEIR_OK; i++)
        st = wait_again(w, &w->handed[i], settled, err);
    wr_drain_forget_handed(w);
    return st;
}

/* If no other place is up either, they stay where they are when nobody is to be told. */
static weir_status give_back(wr_drain *d, wr_way *w, weir_error *err) {
    weir_error why = {0};
    const char *state = wr_sink_state(w->sink);
    w->is_down = true;
    bool stay = wr_drain_holds(d);
    w->is_down = false;
    if (stay) return WEIR_OK;
    weir_fail(&why, WEIR_EIO, "sink '%s' of '%s': %s", d->plan->type, d->schema.stream,
              *state ? state : "its other side can't be reached");
    why.retriable = true;
    return wr_drain_on_failure(d, w, NULL, &why, err);
}

weir_status wr_drain_look_at_handed(wr_drain *d, wr_way *w, weir_error *err) {
    weir_refusal r;
    if (!w->n_handed) return WEIR_OK;
    bool is_away = wr_sink_is_away(w->sink); /* before settled: what it says then can only be too little */
    uint64_t settled = wr_sink_settled(w->sink);
    while (wr_sink_refused(w->sink, &r)) WR_TRY(take_refusal(d, w, &r, err));
    forget_settled(d, w, settled);
    return is_away && w->n_handed && !w->is_down ? give_back(d, w, err) : WEIR_OK;
}

static weir_status not_settled(const wr_drain *d, const wr_way *w, weir_error *err) {
    const char *state = wr_sink_state(w->sink);
    weir_fail(err, WEIR_EIO, "sink '%s' of '%s': what it has taken is not delivered yet%s%s", d->plan->type,
              d->schema.stream, *state ? ": " : "", state);
    if (err) err->retriable = true;
    return WEIR_EIO;
}

/* As long as something is delivered it may take its time. */
weir_status wr_drain_settle(wr_drain *d, wr_way *w, weir_error *err) {
    int64_t since = wr_io_now_ns(NULL);
    uint64_t before = 0;
    while (w->n_handed && !w->is_down) {
        weir_error own = {0};
        weir_status st = wr_sink_flush(w->sink, &own);
        if (st != WEIR_OK && st != WEIR_EAGAIN) return wr_drain_on_failure(d, w, NULL, &own, err);
        WR_TRY(wr_drain_look_at_handed(d, w, err));
        if (!w->n_handed || w->is_down) break;
        uint64_t settled = wr_sink_settled(w->sink);
        int64_t now = wr_io_now_ns(NULL);
        if (settled != before) since = now;
        before = settled;
        if (now >= wr_io_no_later_ns(&d->io->options.host, since + (int64_t)SETTLE_MS * 1000000))
            return not_settled(d, w, err);
        poll(NULL, 0, LOOK_MS);
    }
    return WEIR_OK;
}
