/* slack.c: see slack.h. */
#include "window/reorder/slack.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "state/held_rows.h"

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a window of reorder");
}

void wr_slack_init(wr_slack *s) {
    *s = (wr_slack){.timeout = WR_NO_TIMEOUT,
                    .most_k = INT64_MAX,
                    .last_sent = -1,
                    .last_timer = -1,
                    .next_timer = INT64_MAX};
}

void wr_slack_fini(wr_slack *s) {
    wr_free(NULL, s->fresh, s->cap_fresh * sizeof *s->fresh);
    wr_free(NULL, s->heap, s->cap_heap * sizeof *s->heap);
    s->fresh = s->heap = NULL;
    s->cap_fresh = s->cap_heap = 0;
}

size_t wr_slack_bytes(const wr_slack *s) { return ((size_t)s->cap_fresh + s->cap_heap) * sizeof *s->heap; }

weir_status wr_slack_time(const weir_window *w, uint32_t i, uint32_t column, int64_t *time, weir_error *err) {
    weir_value v = weir_window_in_value(w, i, column);
    if (v.is_null) return weir_fail(err, WEIR_EVALUE, "the time by which rows are put in order is null");
    *time = v.as.l;
    return WEIR_OK;
}

/* ---- Sums that stay in range ---- */

static int64_t plus(int64_t a, int64_t b) {
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return b > 0 ? INT64_MAX : INT64_MIN;
    return sum;
}

/* ---- The heap ---- */

static bool is_before(const wr_slack_row *a, const wr_slack_row *b) {
    return a->time < b->time || (a->time == b->time && a->seq < b->seq);
}

static void sift_up(wr_slack_row *heap, uint32_t at) {
    wr_slack_row moved = heap[at];
    for (; at && is_before(&moved, &heap[(at - 1) / 2]); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    heap[at] = moved;
}

static wr_slack_row pop(wr_slack *s) {
    wr_slack_row *heap = s->heap, least = heap[0], moved = heap[--s->n_heap];
    uint32_t at = 0, n = s->n_heap;
    for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && is_before(&heap[child + 1], &heap[child])) child++;
        if (!is_before(&heap[child], &moved)) break;
        heap[at] = heap[child];
    }
    if (n) heap[at] = moved;
    return least;
}

static weir_status move_fresh(wr_slack *s, weir_error *err) {
    if (s->n_fresh > UINT32_MAX - s->n_heap ||
        wr_grow(NULL, &s->heap, &s->cap_heap, s->n_heap + s->n_fresh, sizeof *s->heap))
        return no_memory(err);
    for (uint32_t i = 0; i < s->n_fresh; i++) {
        s->heap[s->n_heap] = s->fresh[i];
        sift_up(s->heap, s->n_heap++);
    }
    s->n_fresh = 0;
    return WEIR_OK;
}

static void let_out(weir_window *w, weir_row_id id) {
    weir_window_emit(w, id, WEIR_CURRENT, weir_window_ts(w, id));
    weir_window_release(w, id);
}

/* ---- Rows ---- */

/* The next whole second, counted from the timer that was last. */
static void set_timer(wr_slack *s, int64_t now) {
    int64_t since = now > s->last_timer ? now - s->last_timer : 0;
    s->last_timer = plus(s->last_timer, (since / 1000 + (since % 1000 != 0)) * 1000);
    s->next_timer = s->last_timer;
    s->wants_timer = false;
}

weir_status wr_slack_take(wr_slack *s, weir_window *w, weir_row_id id, int64_t time, int64_t now,
                          bool *is_kept, weir_error *err) {
    *is_kept = !s->discards || time >= s->last_sent;
    if (!*is_kept) {
        weir_window_late(w);
        weir_window_release(w, id);
        return WEIR_OK;
    }
    if (wr_grow(NULL, &s->fresh, &s->cap_fresh, s->n_fresh + 1, sizeof *s->fresh)) return no_memory(err);
    if (s->wants_timer) set_timer(s, now);
    if (!s->n_fresh || time < s->fresh_least) s->fresh_least = time;
    s->fresh[s->n_fresh++] = (wr_slack_row){time, s->next_seq++, id};
    return WEIR_OK;
}

int64_t wr_slack_spread(const wr_slack *s, int64_t time) {
    int64_t spread;
    return __builtin_sub_overflow(time, s->fresh_least, &spread) ? INT64_MAX : spread;
}

weir_status wr_slack_advance(wr_slack *s, weir_window *w, int64_t time, weir_error *err) {
    WR_TRY(move_fresh(s, err));
    s->greatest = time;
    while (s->n_heap && plus(s->heap[0].time, s->k) <= time) {
        wr_slack_row row = pop(s);
        s->last_sent = row.time;
        let_out(w, row.id);
    }
    return WEIR_OK;
}

/* ---- Timers ---- */

void wr_slack_start(wr_slack *s, int64_t now) {
    if (s->timeout == WR_NO_TIMEOUT || s->last_timer >= 0) return;
    s->last_timer = s->next_timer = plus(now, s->timeout);
}

static int by_time(const void *a, const void *b) { return is_before(a, b) ? -1 : is_before(b, a) ? 1 : 0; }

/* Fresh rows that are old enough, in order. The others may stand in any order: seq says how they came. */
static void fire_fresh(wr_slack *s, weir_window *w, int64_t horizon) {
    uint32_t n_out = 0;
    if (s->n_fresh) qsort(s->fresh, s->n_fresh, sizeof *s->fresh, by_time);
    while (n_out < s->n_fresh && s->fresh[n_out].time < horizon) let_out(w, s->fresh[n_out++].id);
    s->n_fresh -= n_out;
    if (n_out && s->n_fresh) memmove(s->fresh, s->fresh + n_out, s->n_fresh * sizeof *s->fresh);
    if (s->n_fresh) s->fresh_least = s->fresh[0].time;
}

void wr_slack_fire(wr_slack *s, weir_window *w, bool with_fresh) {
    int64_t horizon = plus(s->next_timer, s->timeout);
    while (s->n_heap && s->heap[0].time < horizon) let_out(w, pop(s).id);
    if (with_fresh) fire_fresh(s, w, horizon);
    s->wants_timer = !s->n_heap && !(with_fresh && s->n_fresh);
    if (s->wants_timer)
        s->next_timer = INT64_MAX;
    else
        s->last_timer = s->next_timer = plus(s->last_timer, 1000);
}

/* ---- State ---- */

static void save_rows(const wr_slack_row *rows, uint32_t n, weir_writer *w) {
    weir_write_u32(w, n);
    for (uint32_t i = 0; i < n; i++) {
        weir_write_i64(w, rows[i].time);
        weir_write_i64(w, (int64_t)rows[i].seq);
        weir_write_i64(w, (int64_t)rows[i].id);
    }
}

void wr_slack_save(const wr_slack *s, weir_writer *w) {
    weir_write_u32(w, s->wants_timer);
    weir_write_i64(w, s->fresh_least);
    weir_write_i64(w, (int64_t)s->next_seq);
    weir_write_i64(w, s->greatest);
    weir_write_i64(w, s->last_sent);
    weir_write_i64(w, s->k);
    weir_write_i64(w, s->last_timer);
    weir_write_i64(w, s->next_timer);
    save_rows(s->fresh, s->n_fresh, w);
    save_rows(s->heap, s->n_heap, w);
}

static weir_status load_rows(wr_slack_row **rows, uint32_t *n, uint32_t *cap, const weir_window *w,
                             weir_reader *r, weir_error *err) {
    uint32_t count = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (count > weir_reader_left(r) / (3 * sizeof(int64_t)))
        return weir_fail(err, WEIR_ESTATE, "the saved window of reorder is damaged");
    if (wr_grow(NULL, rows, cap, count, sizeof **rows)) return no_memory(err);
    for (uint32_t i = 0; i < count; i++) {
        wr_slack_row row = {.time = weir_read_i64(r)};
        row.seq = (uint64_t)weir_read_i64(r);
        row.id = (weir_row_id)weir_read_i64(r);
        if (!wr_window_claim(w, row.id))
            return weir_fail(err, WEIR_ESTATE, "the saved window of reorder is damaged");
        (*rows)[(*n)++] = row;
    }
    return weir_reader_status(r, err);
}

weir_status wr_slack_load(wr_slack *s, const weir_window *w, weir_reader *r, weir_error *err) {
    s->wants_timer = weir_read_u32(r) != 0;
    s->fresh_least = weir_read_i64(r);
    s->next_seq = (uint64_t)weir_read_i64(r);
    s->greatest = weir_read_i64(r);
    s->last_sent = weir_read_i64(r);
    s->k = weir_read_i64(r);
    s->last_timer = weir_read_i64(r);
    s->next_timer = weir_read_i64(r);
    WR_TRY(load_rows(&s->fresh, &s->n_fresh, &s->cap_fresh, w, r, err));
    WR_TRY(load_rows(&s->heap, &s->n_heap, &s->cap_heap, w, r, err));
    for (uint32_t i = 1; i < s->n_heap; i++) sift_up(s->heap, i); /* whatever a damaged state says */
    return WEIR_OK;
}
