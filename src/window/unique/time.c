/* time.c: #window.unique:time(key, t): the latest row of each key, for t ms.
 *
 * A row whose key is there takes the other's place, which expires before it in the same chunk; the others
 * expire t ms after their timestamp. As in the window time, only a row newer than all before it sets a timer,
 * and rows leave from the oldest on, up to the first that is not due; all that expire have the clock's time.
 */
#include <stdio.h>

#include "base/compiler.h"
#include "state/held_rows.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"
#include "window/unique/key.h"

typedef struct time_row {
    weir_row_id id;
    int64_t ts;
} time_row;

typedef struct time_window {
    int64_t span; /* ms */
    bool keeps;   /* somebody reads what leaves */
    wr_unique_key key;
    wr_key_map keys; /* by arrival of their rows */
    time_row *rows;  /* by entry */
    uint32_t cap_rows;
    int64_t last_ts;  /* the newest timestamp that set a timer */
    int64_t next_due; /* INT64_MAX: no timer is set */
} time_window;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("unique:time", n_args, 2, 2, err));
    WR_TRY(wr_unique_check_key("unique:time", &args[0], err));
    return wr_check_span("unique:time", "the duration", &args[1], err);
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    time_window *t = self;
    (void)w;
    t->span = wr_arg_long(&args->args[1]);
    t->keeps = args->expired_wanted;
    t->last_ts = INT64_MIN;
    t->next_due = INT64_MAX;
    wr_key_map_init(&t->keys);
    return wr_unique_key_init(&t->key, WR_UNIQUE_TEXT, args->args, 1, err);
}

static void close(void *self) {
    time_window *t = self;
    wr_unique_key_fini(&t->key);
    wr_key_map_fini(&t->keys);
    wr_free(NULL, t->rows, t->cap_rows * sizeof *t->rows);
}

/* ---- Leaving ---- */

static int64_t due_of(const time_window *t, int64_t ts) {
    int64_t due;
    if (__builtin_add_overflow(ts, t->span, &due)) return t->span > 0 ? INT64_MAX : INT64_MIN;
    return due;
}

static void expire(weir_window *w, weir_row_id id, int64_t now) {
    weir_window_emit(w, id, WEIR_EXPIRED, now);
    weir_window_release(w, id);
}

static bool oldest_is_due(const time_window *t, int64_t now) {
    return t->keys.oldest != WR_NO_ENTRY && due_of(t, t->rows[t->keys.oldest].ts) <= now;
}

static void expire_due(time_window *t, weir_window *w, int64_t now) {
    while (oldest_is_due(t, now)) {
        expire(w, t->rows[t->keys.oldest].id, now);
        wr_key_map_remove(&t->keys, t->keys.oldest);
    }
}

static int64_t due(const void *self) { return ((const time_window *)self)->next_due; }

/* All timers that the clock has passed fire at once: what is left is the oldest row's, or none. */
static weir_status on_timer(void *self, weir_window *w, int64_t now, weir_error *err) {
    time_window *t = self;
    (void)err;
    expire_due(t, w, now);
    t->next_due = t->keys.oldest == WR_NO_ENTRY ? INT64_MAX : due_of(t, t->rows[t->keys.oldest].ts);
    return WEIR_OK;
}

/* ---- Coming ---- */

static void set_timer(time_window *t, int64_t ts) {
    if (ts <= t->last_ts) return;
    t->last_ts = ts;
    if (t->next_due == INT64_MAX) t->next_due = due_of(t, ts);
}

static weir_status keep_row(time_window *t, weir_window *w, weir_row_id id, int64_t ts, int64_t now,
                            weir_error *err) {
    uint32_t at;
    bool is_new;
    WR_TRY(wr_unique_find_or_add(&t->keys, &t->key, &at, &is_new, err));
    if (is_new && wr_grow(NULL, &t->rows, &t->cap_rows, at + 1, sizeof *t->rows)) {
        wr_key_map_remove(&t->keys, at);
        return wr_unique_no_memory(err);
    }
    bool was_oldest = is_new || at == t->keys.oldest;
    if (!is_new) {
        expire(w, t->rows[at].id, now);
        wr_key_map_touch(&t->keys, at);
    }
    t->rows[at] = (time_row){id, ts};
    set_timer(t, ts);
    /* Siddhi looks on from the place of the row that was replaced. */
    if (was_oldest) expire_due(t, w, now);
    return WEIR_OK;
}

static weir_status take_row(void *self, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    time_window *t = self;
    weir_row_id id = weir_window_id(w, i);
    int64_t ts = weir_window_in_ts(w, i);
    WR_TRY(wr_unique_key_of(&t->key, w, i, err));
    if (t->keeps) WR_TRY(keep_row(t, w, id, ts, now, err));
    weir_window_emit(w, id, WEIR_CURRENT, ts);
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    return wr_take_rows(w, first, n, now, take_row, self, err);
}

/* ---- Content, state ---- */

static void content(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx) {
    const time_window *t = self;
    (void)w;
    for (uint32_t k = t->keys.oldest; k != WR_NO_ENTRY; k = t->keys.entries[k].newer)
        if (!visit(ctx, t->rows[k].id)) return;
}

static size_t bytes(const void *self) {
    const time_window *t = self;
    return wr_unique_key_bytes(&t->key) + wr_key_map_bytes(&t->keys) + t->cap_rows * sizeof *t->rows;
}

static void save(const void *self, weir_writer *w) {
    const time_window *t = self;
    weir_write_i64(w, t->last_ts);
    weir_write_i64(w, t->next_due);
    wr_key_map_save(&t->keys, w);
    for (uint32_t k = t->keys.oldest; k != WR_NO_ENTRY; k = t->keys.entries[k].newer) {
        weir_write_i64(w, (int64_t)t->rows[k].id);
        weir_write_i64(w, t->rows[k].ts);
    }
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    time_window *t = self;
    t->last_ts = weir_read_i64(r);
    t->next_due = weir_read_i64(r);
    WR_TRY(wr_key_map_load(&t->keys, r, err));
    if (wr_grow(NULL, &t->rows, &t->cap_rows, t->keys.n, sizeof *t->rows)) return wr_unique_no_memory(err);
    for (uint32_t k = 0; k < t->keys.n; k++) {
        t->rows[k].id = (weir_row_id)weir_read_i64(r);
        t->rows[k].ts = weir_read_i64(r);
        if (!wr_window_claim(w, t->rows[k].id))
            return weir_fail(err, WEIR_ESTATE, "the saved window unique:time() is damaged");
    }
    return weir_reader_status(r, err);
}

static int bound(const void *self, char *text, size_t size) {
    const time_window *t = self;
    char span[32];
    if (!t->keeps) return snprintf(text, size, "0 rows");
    wr_span_text(t->span, span, sizeof span);
    return snprintf(text, size, "a row for each key in %s", span);
}

const weir_window_type wr_window_unique_time = {
    .struct_size = sizeof(weir_window_type),
    .ns = "unique",
    .name = "time",
    .doc = "Keeps the latest row of each key, for so long after its timestamp.",
    .example = "from S#window.unique:time(k, 1 min) select k, sum(v) as s insert into Out",
    .params =
        (const weir_param_doc[]){{"unique:time(<int|long|float|double|bool|string> key, <int|long|time> "
                                  "duration)",
                                  "What tells rows apart; how long a row stays, in ms."},
                                 {NULL, NULL}},
    .shape = WEIR_WINDOW_BAG,
    .uses_clock = true,
    .one_chunk = true,
    .computes_args = true,
    .check = check,
    .state_size = sizeof(time_window),
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
