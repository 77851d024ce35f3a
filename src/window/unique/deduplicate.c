/* deduplicate.c: #unique:deduplicate(key, t): drops a row whose key came less than t ms before, or just t.
 *
 * Counted is from the row that passed, by the rows' own timestamps: those that are dropped prolong nothing.
 * Keys are forgotten from the one that passed first on, up to the first that is not due (late rows may keep
 * some longer: so it is in Siddhi). */
#include <stdio.h>

#include "base/compiler.h"
#include "window/check.h"
#include "window/emit.h"
#include "window/table.h"
#include "window/unique/key.h"

typedef struct deduplicate {
    int64_t span; /* ms */
    wr_unique_key key;
    wr_key_map keys; /* as they passed */
    int64_t *ts;     /* by entry */
    uint32_t cap_ts;
} deduplicate;

static weir_status check(const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_count("unique:deduplicate", n_args, 2, 2, err));
    WR_TRY(wr_unique_check_key("unique:deduplicate", &args[0], err));
    return wr_check_span("unique:deduplicate", "the interval", &args[1], err);
}

static weir_status open(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    deduplicate *d = self;
    (void)w;
    d->span = wr_arg_long(&args->args[1]);
    wr_key_map_init(&d->keys);
    return wr_unique_key_init(&d->key, WR_UNIQUE_TEXT, args->args, 1, err);
}

static void close(void *self) {
    deduplicate *d = self;
    wr_unique_key_fini(&d->key);
    wr_key_map_fini(&d->keys);
    wr_free(NULL, d->ts, d->cap_ts * sizeof *d->ts);
}

static bool is_over(const deduplicate *d, int64_t passed, int64_t ts) {
    int64_t since;
    if (__builtin_sub_overflow(ts, passed, &since)) return ts > passed;
    return since > d->span;
}

static weir_status take_row(void *self, weir_window *w, uint32_t i, int64_t now, weir_error *err) {
    deduplicate *d = self;
    int64_t ts = weir_window_in_ts(w, i);
    uint32_t at;
    bool is_new;
    (void)now;
    while (d->keys.n && is_over(d, d->ts[d->keys.oldest], ts)) wr_key_map_remove(&d->keys, d->keys.oldest);
    WR_TRY(wr_unique_key_of(&d->key, w, i, err));
    WR_TRY(wr_unique_find_or_add(&d->keys, &d->key, &at, &is_new, err));
    if (!is_new) return WEIR_OK;
    if (wr_grow(NULL, &d->ts, &d->cap_ts, at + 1, sizeof *d->ts)) {
        wr_key_map_remove(&d->keys, at);
        return wr_unique_no_memory(err);
    }
    d->ts[at] = ts;
    weir_window_emit(w, weir_window_id(w, i), WEIR_CURRENT, ts);
    return WEIR_OK;
}

static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    return wr_take_rows(w, first, n, now, take_row, self, err);
}

static size_t bytes(const void *self) {
    const deduplicate *d = self;
    return wr_unique_key_bytes(&d->key) + wr_key_map_bytes(&d->keys) + d->cap_ts * sizeof *d->ts;
}

static void save(const void *self, weir_writer *w) {
    const deduplicate *d = self;
    wr_key_map_save(&d->keys, w);
    for (uint32_t k = d->keys.oldest; k != WR_NO_ENTRY; k = d->keys.entries[k].newer)
        weir_write_i64(w, d->ts[k]);
}

static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    deduplicate *d = self;
    (void)w;
    WR_TRY(wr_key_map_load(&d->keys, r, err));
    if (wr_grow(NULL, &d->ts, &d->cap_ts, d->keys.n, sizeof *d->ts)) return wr_unique_no_memory(err);
    for (uint32_t k = 0; k < d->keys.n; k++) d->ts[k] = weir_read_i64(r);
    return weir_reader_status(r, err);
}

static int bound(const void *self, char *text, size_t size) {
    char span[32];
    wr_span_text(((const deduplicate *)self)->span, span, sizeof span);
    return snprintf(text, size, "the keys of %s", span);
}

const weir_window_type wr_window_unique_deduplicate = {
    .struct_size = sizeof(weir_window_type),
    .ns = "unique",
    .name = "deduplicate",
    .doc = "Drops a row if one with the same key passed within the interval before it.",
    .example = "from S#unique:deduplicate(k, 30 sec) select k, v insert into Out",
    .params = (const weir_param_doc[]){{"unique:deduplicate(<int|long|float|double|bool|string> key, "
                                        "<int|long|time> interval)",
                                        "What tells rows apart; for how long, in ms."},
                                       {NULL, NULL}},
    .shape = WEIR_WINDOW_FIFO,
    .one_chunk = true,
    .computes_args = true,
    .is_processor = true,
    .check = check,
    .state_size = sizeof(deduplicate),
    .open = open,
    .close = close,
    .on_chunk = on_chunk,
    .bytes = bytes,
    .save = save,
    .load = load,
    .bound = bound,
};
