/* batch.c: see batch.h. */
#include "window/unique/batch.h"

#include <string.h>

#include "base/compiler.h"
#include "state/held_rows.h"

#define DIGIT_BITS 11u
#define FEW        48u /* rows that are sorted by insertion */

weir_status wr_unique_batch_init(wr_unique_batch *b, const weir_window_args *args, bool takes_first,
                                 wr_unique_found searched, weir_error *err) {
    b->takes_first = takes_first;
    b->expires = args->expired_output;
    b->found = args->is_searched ? searched : WR_FOUND_NONE;
    wr_key_map_init(&b->keys);
    return wr_unique_key_init(&b->key, takes_first ? WR_UNIQUE_TEXT : WR_UNIQUE_VALUE, args->args, 1, err);
}

void wr_unique_batch_fini(wr_unique_batch *b) {
    wr_unique_key_fini(&b->key);
    wr_key_map_fini(&b->keys);
    wr_free(NULL, b->rows, b->cap_rows * sizeof *b->rows);
    wr_free(NULL, b->order, b->cap_order * 2 * sizeof *b->order);
    wr_free(NULL, b->gone, b->cap_gone * sizeof *b->gone);
}

/* ---- Filling ---- */

/* Java's table doubles when a key makes it more than three quarters full; emptying it leaves it as large. */
static void count_buckets(wr_unique_batch *b) {
    if (!b->buckets) b->buckets = 16;
    if (b->keys.n > b->buckets / 4 * 3 && b->buckets < UINT32_C(1) << 30) b->buckets *= 2;
}

static void tell(const wr_unique_batch *b, weir_window *w, wr_unique_found of, weir_row_id id, weir_kind kind,
                 int64_t now) {
    if (b->found == of) weir_window_emit(w, id, kind, now);
}

weir_status wr_unique_batch_add(wr_unique_batch *b, weir_window *w, uint32_t i, int64_t now,
                                weir_error *err) {
    weir_row_id id = weir_window_id(w, i);
    uint32_t e;
    bool is_new;
    WR_TRY(wr_unique_key_of(&b->key, w, i, err));
    WR_TRY(wr_unique_find_or_add(&b->keys, &b->key, &e, &is_new, err));
    if (!is_new && b->takes_first) {
        weir_window_release(w, id);
        return WEIR_OK;
    }
    if (is_new) {
        if (wr_grow(NULL, &b->rows, &b->cap_rows, e + 1, sizeof *b->rows)) {
            wr_key_map_remove(&b->keys, e);
            return wr_unique_no_memory(err);
        }
        count_buckets(b);
    } else {
        tell(b, w, WR_FOUND_FILLING, b->rows[e].id, WEIR_LEFT, now);
        weir_window_release(w, b->rows[e].id);
    }
    b->rows[e] = (wr_unique_row){id, b->key.java_hash};
    tell(b, w, WR_FOUND_FILLING, id, WEIR_ENTERED, now);
    return WEIR_OK;
}

/* ---- The order in which a batch goes out ---- */

static void sort_few(uint64_t *keys, uint32_t n) {
    for (uint32_t i = 1; i < n; i++) {
        uint64_t moved = keys[i];
        uint32_t at = i;
        for (; at && (keys[at - 1] >> 32) > (moved >> 32); at--) keys[at] = keys[at - 1];
        keys[at] = moved;
    }
}

static void sort_digit(const uint64_t *from, uint64_t *to, uint32_t n, uint32_t shift) {
    uint32_t place[1u << DIGIT_BITS] = {0}, mask = (1u << DIGIT_BITS) - 1, sum = 0;
    for (uint32_t i = 0; i < n; i++) place[from[i] >> shift & mask]++;
    for (uint32_t d = 0; d <= mask; d++) {
        uint32_t count = place[d];
        place[d] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < n; i++) to[place[from[i] >> shift & mask]++] = from[i];
}

/* Stable, by the upper half of each key; returns where the sorted keys are. */
static uint64_t *sort_by_bucket(uint64_t *keys, uint64_t *spare, uint32_t n, uint32_t buckets) {
    if (n <= FEW) {
        sort_few(keys, n);
        return keys;
    }
    for (uint32_t shift = 0; (buckets - 1) >> shift; shift += DIGIT_BITS) {
        sort_digit(keys, spare, n, 32 + shift);
        uint64_t *sorted = spare;
        spare = keys;
        keys = sorted;
        if (shift + DIGIT_BITS >= 32) break;
    }
    return keys;
}

/* Bucket and entry of each row, in order; NULL: no memory. */
static const uint64_t *order_rows(wr_unique_batch *b) {
    uint32_t n = b->keys.n, i = 0;
    if (n > b->cap_order) {
        uint64_t *wide = wr_alloc(NULL, (size_t)b->cap_rows * 2 * sizeof *wide);
        if (!wide) return NULL;
        wr_free(NULL, b->order, b->cap_order * 2 * sizeof *b->order);
        b->order = wide;
        b->cap_order = b->cap_rows;
    }
    for (uint32_t e = b->keys.oldest; e != WR_NO_ENTRY; e = b->keys.entries[e].newer) {
        uint32_t hash = b->rows[e].java_hash ^ b->rows[e].java_hash >> 16;
        b->order[i++] = (uint64_t)(hash & (b->buckets - 1)) << 32 | e;
    }
    return sort_by_bucket(b->order, b->order + b->cap_order, n, b->buckets);
}

/* ---- Letting out ---- */

static void let_gone_go(wr_unique_batch *b, weir_window *w, int64_t now) {
    for (uint32_t i = 0; b->expires && i < b->n_gone; i++) weir_window_emit(w, b->gone[i], WEIR_EXPIRED, now);
    for (uint32_t i = 0; i < b->n_gone; i++) {
        tell(b, w, WR_FOUND_GONE, b->gone[i], WEIR_LEFT, now);
        weir_window_release(w, b->gone[i]);
    }
    b->n_gone = 0;
}

weir_status wr_unique_batch_flush(wr_unique_batch *b, weir_window *w, int64_t now, weir_error *err) {
    uint32_t n = b->keys.n;
    bool keeps = b->expires || b->found == WR_FOUND_GONE;
    if (keeps && wr_grow(NULL, &b->gone, &b->cap_gone, n, sizeof *b->gone)) return wr_unique_no_memory(err);
    const uint64_t *order = n ? order_rows(b) : NULL;
    if (n && !order) return wr_unique_no_memory(err);
    let_gone_go(b, w, now);
    if (!n) return WEIR_OK;
    weir_window_emit_reset(w, now);
    for (uint32_t i = 0; i < n; i++) weir_window_emit(w, b->rows[(uint32_t)order[i]].id, WEIR_CURRENT, now);
    for (uint32_t i = 0; i < n; i++) {
        weir_row_id id = b->rows[(uint32_t)order[i]].id;
        tell(b, w, WR_FOUND_FILLING, id, WEIR_LEFT, now);
        tell(b, w, WR_FOUND_GONE, id, WEIR_ENTERED, now);
        if (keeps)
            b->gone[b->n_gone++] = id;
        else
            weir_window_release(w, id);
    }
    wr_key_map_clear(&b->keys);
    return WEIR_OK;
}

/* ---- Content, state ---- */

void wr_unique_batch_content(const wr_unique_batch *b, bool (*visit)(void *ctx, weir_row_id id), void *ctx) {
    if (b->found == WR_FOUND_GONE)
        for (uint32_t i = 0; i < b->n_gone && visit(ctx, b->gone[i]);) i++;
    if (b->found == WR_FOUND_FILLING)
        for (uint32_t e = b->keys.oldest; e != WR_NO_ENTRY; e = b->keys.entries[e].newer)
            if (!visit(ctx, b->rows[e].id)) return;
}

size_t wr_unique_batch_bytes(const wr_unique_batch *b) {
    return wr_unique_key_bytes(&b->key) + wr_key_map_bytes(&b->keys) + b->cap_rows * sizeof *b->rows +
           b->cap_order * 2 * sizeof *b->order + b->cap_gone * sizeof *b->gone;
}

void wr_unique_batch_save(const wr_unique_batch *b, weir_writer *w) {
    wr_key_map_save(&b->keys, w);
    for (uint32_t e = b->keys.oldest; e != WR_NO_ENTRY; e = b->keys.entries[e].newer) {
        weir_write_i64(w, (int64_t)b->rows[e].id);
        weir_write_u32(w, b->rows[e].java_hash);
    }
    weir_write_u32(w, b->buckets);
    weir_write_u32(w, b->n_gone);
    for (uint32_t i = 0; i < b->n_gone; i++) weir_write_i64(w, (int64_t)b->gone[i]);
}

static weir_status damaged(weir_error *err) {
    return weir_fail(err, WEIR_ESTATE, "the saved window of unique is damaged");
}

static weir_status load_gone(wr_unique_batch *b, const weir_window *w, weir_reader *r, weir_error *err) {
    uint32_t n = weir_read_u32(r);
    if (n > weir_reader_left(r) / sizeof(int64_t)) return damaged(err);
    if (wr_grow(NULL, &b->gone, &b->cap_gone, n, sizeof *b->gone)) return wr_unique_no_memory(err);
    while (b->n_gone < n) {
        b->gone[b->n_gone] = (weir_row_id)weir_read_i64(r);
        if (!wr_window_claim(w, b->gone[b->n_gone++])) return damaged(err);
    }
    return weir_reader_status(r, err);
}

weir_status wr_unique_batch_load(wr_unique_batch *b, const weir_window *w, weir_reader *r, weir_error *err) {
    WR_TRY(wr_key_map_load(&b->keys, r, err));
    if (wr_grow(NULL, &b->rows, &b->cap_rows, b->keys.n, sizeof *b->rows)) return wr_unique_no_memory(err);
    for (uint32_t e = 0; e < b->keys.n; e++) {
        b->rows[e].id = (weir_row_id)weir_read_i64(r);
        b->rows[e].java_hash = weir_read_u32(r);
        if (!wr_window_claim(w, b->rows[e].id)) return damaged(err);
    }
    b->buckets = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    bool sound = b->buckets ? b->buckets >= 16 && !(b->buckets & (b->buckets - 1)) : !b->keys.n;
    return sound ? load_gone(b, w, r, err) : damaged(err);
}
