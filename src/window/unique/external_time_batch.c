/* external_time_batch.c: #window.unique:externalTimeBatch(key, attribute, t [, start [, timeout [,
 * replaceTs]]]): batches of the rows of t ms by an attribute's time, the latest of each key, in the order of
 * the keys.
 *
 * The row at or past the end of the batch lets it out before it begins the next: [expired rows of the batch
 * before, reset, current rows]. A late row joins the batch there is. With a timeout, a batch that no row has
 * ended in so many ms of the clock goes out but stays: rows that still come for it go out, with those that
 * went already and whose keys did not come again, at the next timeout or at its end (all that went expiring
 * first). */
#include <stdio.h>

#include "base/compiler.h"
#include "state/held_rows.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"
#include "window/ticks.h"
#include "window/unique/key.h"

/* Rows by key, in order of the keys. */
typedef struct keyed_rows {
    wr_key_map keys;
    weir_row_id *rows; /* by entry */
    uint32_t cap;
} keyed_rows;

typedef struct external_time_batch {
    wr_unique_key key;
    uint32_t column;
    int64_t period, timeout; /* timeout 0: none */
    bool has_start, replaces_ts;
    bool expires; /* the output has expired rows */
    bool tells;   /* it is searched: the last batch that went out is found */
    bool is_started;
    bool is_flushed; /* the batch went out by timeout already */
    int64_t start, end;
    int64_t newest;     /* largest time seen */
    int64_t next_timer; /* INT64_MAX: none */
    keyed_rows filling, gone;
} external_time_batch;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    const char *name = "unique:externalTimeBatch";
    WR_TRY(wr_check_count(name, n_args, 3, 6, err));
    WR_TRY(wr_unique_check_key(name, &args[0], err));
    WR_TRY(wr_check_attribute(name, "the timestamp", &args[1], WR_IS(WEIR_LONG), err));
    WR_TRY(wr_check_period(name, "the duration", &args[2], err));
    if (n_args > 3) WR_TRY(wr_check_span(name, "start", &args[3], err));
    if (n_args > 4) WR_TRY(wr_check_span(name, "the timeout", &args[4], err));
    if (n_args > 5) WR_TRY(wr_check_const(name, "replaceTimestamp", &args[5], WR_IS(WEIR_BOOL), err));
    return WEIR_OK;
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    external_time_batch *b = self;
    (void)w;
    b->column = args->args[1].column;
    b->period = wr_arg_long(&args->args[2]);
    b->has_start = args->n_args > 3;
    if (b->has_start) b->start = wr_arg_long(&args->args[3]);
    if (args->n_args > 4) b->timeout = WR_MAX(wr_arg_long(&args->args[4]), 0);
    b->replaces_ts = args->n_args > 5 && args->args[5].value.as.b;
    b->expires = args->expired_output;
    b->tells = args->is_searched;
    b->next_timer = INT64_MAX;
    wr_key_map_init(&b->filling.keys);
    wr_key_map_init(&b->gone.keys);
    return wr_unique_key_init(&b->key, WR_UNIQUE_VALUE, args->args, 1, err);
}

static void close(void *self) {
    external_time_batch *b = self;
    wr_unique_key_fini(&b->key);
    wr_key_map_fini(&b->filling.keys);
    wr_key_map_fini(&b->gone.keys);
    wr_free(NULL, b->filling.rows, b->filling.cap * sizeof *b->filling.rows);
    wr_free(NULL, b->gone.rows, b->gone.cap * sizeof *b->gone.rows);
}

/* ---- Rows by key ---- */

/* The row takes the place of the one with its key, which *old is set to; WEIR_NO_ROW: there is none. */
static weir_status put(keyed_rows *k, const char *key, size_t len, weir_row_id id, weir_row_id *old,
                       weir_error *err) {
    uint32_t e = wr_key_map_find(&k->keys, key, len);
    *old = e == WR_NO_ENTRY ? WEIR_NO_ROW : k->rows[e];
    if (e == WR_NO_ENTRY) {
        e = wr_key_map_add(&k->keys, key, len);
        if (e == WR_NO_ENTRY) return wr_unique_no_memory(err);
        if (wr_grow(NULL, &k->rows, &k->cap, e + 1, sizeof *k->rows)) {
            wr_key_map_remove(&k->keys, e);
            return wr_unique_no_memory(err);
        }
    }
    k->rows[e] = id;
    return WEIR_OK;
}

/* ts NULL: each its own. */
static void emit_rows(weir_window *w, const keyed_rows *k, weir_kind kind, const int64_t *ts) {
    for (uint32_t e = k->keys.oldest; e != WR_NO_ENTRY; e = k->keys.entries[e].newer)
        weir_window_emit(w, k->rows[e], kind, ts ? *ts : weir_window_ts(w, k->rows[e]));
}

static void release_rows(weir_window *w, keyed_rows *k) {
    for (uint32_t e = k->keys.oldest; e != WR_NO_ENTRY; e = k->keys.entries[e].newer)
        weir_window_release(w, k->rows[e]);
    wr_key_map_clear(&k->keys);
}

/* ---- Letting out ---- */

static void tell(const external_time_batch *b, weir_window *w, const keyed_rows *k, weir_kind kind) {
    if (b->tells) emit_rows(w, k, kind, &b->newest);
}

/* The batch goes out for the first time. stays: more rows may come for it. */
static void flush(external_time_batch *b, weir_window *w, bool stays) {
    if (b->expires) emit_rows(w, &b->gone, WEIR_EXPIRED, &b->newest);
    tell(b, w, &b->gone, WEIR_LEFT);
    release_rows(w, &b->gone);
    if (b->filling.keys.n) {
        weir_window_emit_reset(w, b->newest);
        emit_rows(w, &b->filling, WEIR_CURRENT, NULL);
        tell(b, w, &b->filling, WEIR_ENTERED);
    }
    if (stays || b->expires || b->tells) {
        keyed_rows empty = b->gone;
        b->gone = b->filling;
        b->filling = empty;
    } else {
        release_rows(w, &b->filling);
    }
    weir_window_end_chunk(w);
}

static weir_status merge_into_gone(external_time_batch *b, weir_window *w, weir_error *err) {
    const wr_key_map *keys = &b->filling.keys;
    for (uint32_t e = keys->oldest; e != WR_NO_ENTRY; e = keys->entries[e].newer) {
        weir_row_id old, id = b->filling.rows[e];
        WR_TRY(put(&b->gone, keys->entries[e].key, keys->entries[e].len, id, &old, err));
        if (old != WEIR_NO_ROW) {
            if (b->tells) weir_window_emit(w, old, WEIR_LEFT, b->newest);
            weir_window_release(w, old);
        }
        if (b->tells) weir_window_emit(w, id, WEIR_ENTERED, b->newest);
    }
    wr_key_map_clear(&b->filling.keys);
    return WEIR_OK;
}

/* Rows have come for a batch that went out: all of it goes out again. */
static weir_status flush_again(external_time_batch *b, weir_window *w, bool stays, weir_error *err) {
    if (!b->filling.keys.n) return WEIR_OK;
    if (b->expires) emit_rows(w, &b->gone, WEIR_EXPIRED, &b->newest);
    weir_window_emit_reset(w, b->newest);
    WR_TRY(merge_into_gone(b, w, err));
    emit_rows(w, &b->gone, WEIR_CURRENT, NULL);
    if (!stays && !b->expires && !b->tells) release_rows(w, &b->gone);
    weir_window_end_chunk(w);
    return WEIR_OK;
}

/* ---- Rows ---- */

static void set_timer(external_time_batch *b, int64_t now) {
    if (b->timeout > 0) b->next_timer = wr_later(now, b->timeout);
}

static void start(external_time_batch *b, int64_t time, int64_t now) {
    if (!b->has_start) b->start = time;
    b->end = b->has_start ? wr_period_end(time, b->start, b->period) : wr_later(time, b->period);
    b->is_started = true;
    set_timer(b, now);
}

static weir_status end_batch(external_time_batch *b, weir_window *w, int64_t now, weir_error *err) {
    if (b->is_flushed)
        WR_TRY(flush_again(b, w, false, err));
    else
        flush(b, w, false);
    b->is_flushed = false;
    b->end = wr_period_end(b->newest, b->start, b->period);
    set_timer(b, now);
    return WEIR_OK;
}

static weir_status take_row(void *self, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    external_time_batch *b = self;
    weir_row_id old, id = weir_window_id(w, i);
    weir_value time = weir_window_in_value(w, i, b->column);
    if (time.is_null)
        return weir_fail(err, WEIR_EVALUE, "the timestamp of unique:externalTimeBatch() is null");
    if (!b->is_started) start(b, time.as.l, now);
    if (time.as.l > b->newest) b->newest = time.as.l;
    if (time.as.l >= b->end) WR_TRY(end_batch(b, w, now, err));
    if (b->replaces_ts) {
        weir_value end = {.type = WEIR_LONG, .as.l = b->end};
        weir_window_set_value(w, id, b->column, &end);
    }
    WR_TRY(wr_unique_key_of(&b->key, w, i, err));
    WR_TRY(put(&b->filling, b->key.bytes.data, b->key.bytes.len, id, &old, err));
    if (old != WEIR_NO_ROW) weir_window_release(w, old);
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    return wr_take_rows(w, first, n, now, take_row, self, err);
}

static int64_t due(const void *self) { return ((const external_time_batch *)self)->next_timer; }

static weir_status on_timer(void *self, weir_window *w, int64_t now, weir_error *err) {
    external_time_batch *b = self;
    if (b->is_flushed)
        WR_TRY(flush_again(b, w, true, err));
    else
        flush(b, w, true);
    b->is_flushed = true;
    set_timer(b, now);
    return WEIR_OK;
}

/* ---- Content, state ---- */

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const keyed_rows *gone = &((const external_time_batch *)self)->gone;
    (void)w;
    for (uint32_t e = gone->keys.oldest; e != WR_NO_ENTRY; e = gone->keys.entries[e].newer)
        if (!visit(ctx, gone->rows[e])) return;
}

static size_t bytes(const void *self) {
    const external_time_batch *b = self;
    return wr_unique_key_bytes(&b->key) + wr_key_map_bytes(&b->filling.keys) +
           wr_key_map_bytes(&b->gone.keys) + (b->filling.cap + b->gone.cap) * sizeof *b->gone.rows;
}

static void save_rows(const keyed_rows *k, weir_writer *w) {
    wr_key_map_save(&k->keys, w);
    for (uint32_t e = k->keys.oldest; e != WR_NO_ENTRY; e = k->keys.entries[e].newer)
        weir_write_i64(w, (int64_t)k->rows[e]);
}

static weir_status load_rows(keyed_rows *k, const weir_window *w, weir_reader *r, weir_error *err) {
    WR_TRY(wr_key_map_load(&k->keys, r, err));
    if (wr_grow(NULL, &k->rows, &k->cap, k->keys.n, sizeof *k->rows)) return wr_unique_no_memory(err);
    for (uint32_t e = 0; e < k->keys.n; e++) {
        k->rows[e] = (weir_row_id)weir_read_i64(r);
        if (!wr_window_claim(w, k->rows[e]))
            return weir_fail(err, WEIR_ESTATE, "the saved window unique:externalTimeBatch() is damaged");
    }
    return weir_reader_status(r, err);
}

static void save(const void *self, weir_writer *w) {
    const external_time_batch *b = self;
    weir_write_u32(w, (b->is_started ? 1u : 0) | (b->is_flushed ? 2u : 0));
    weir_write_i64(w, b->start);
    weir_write_i64(w, b->end);
    weir_write_i64(w, b->newest);
    weir_write_i64(w, b->next_timer);
    save_rows(&b->filling, w);
    save_rows(&b->gone, w);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    external_time_batch *b = self;
    uint32_t flags = weir_read_u32(r);
    b->is_started = flags & 1;
    b->is_flushed = flags & 2;
    b->start = weir_read_i64(r);
    b->end = weir_read_i64(r);
    b->newest = weir_read_i64(r);
    b->next_timer = weir_read_i64(r);
    WR_TRY(load_rows(&b->filling, w, r, err));
    return load_rows(&b->gone, w, r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const external_time_batch *b = self;
    char span[32];
    wr_span_text(b->period, span, sizeof span);
    return snprintf(text, size, "a row for each key in %s, by the rows' own time%s", span,
                    b->expires || b->tells || b->timeout > 0 ? ", twice" : "");
}

const weir_window_type wr_window_unique_external_time_batch = {
    .struct_size = sizeof(weir_window_type),
    .ns = "unique",
    .name = "externalTimeBatch",
    .doc =
        "Gathers the rows of a period, by a timestamp among their attributes, and lets out the latest one of "
        "each key.",
    .example = "from S#window.unique:externalTimeBatch(k, at, 1 min) select k, v insert into Out",
    .params =
        (const weir_param_doc[]){
            {"unique:externalTimeBatch(<int|long|float|double|bool|string> key, <long attribute> timestamp, "
             "<int|long|time> duration)",
             "What tells rows apart; the attribute with the row's time; the length of a period, in ms."},
            {"unique:externalTimeBatch(key, timestamp, duration, <int|long|time> start)",
             "Periods begin at start + k * duration."},
            {"unique:externalTimeBatch(key, timestamp, duration, start, <int|long|time> timeout)",
             "A batch also goes out when no row has ended it for so long, by the clock."},
            {"unique:externalTimeBatch(key, timestamp, duration, start, timeout, <bool> replaceTimestamp)",
             "With true, the attribute of a row that goes out is the end of its period."},
            {NULL, NULL}},
    .shape = WEIR_WINDOW_BAG,
    .resets_instead = true,
    .content_apart = true,
    .late_output = true,
    .uses_clock = true,
    .computes_args = true,
    .check = check,
    .state_size = sizeof(external_time_batch),
    .open = open,
    .close = close,
    .on_chunk = on_chunk,
    .due = due,
    .on_timer = on_timer,
    .content = content,
    .bytes = bytes,
    .save = save,
    .load = load,
    .bound = bound,
};
