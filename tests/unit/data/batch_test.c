#include "../support.h"

#include "base/alloc.h"
#include "data/batch.h"
#include "data/value.h"

enum { COLS = 4, MOST_ROWS = 40, PRODUCERS = 3 };

/* One row as the model sees it. */
typedef struct row {
    uint64_t origin;
    uint32_t producer, chunk; /* rows with equal three stay together */
    int64_t ts;
    uint8_t kind;
    weir_value v[COLS];
} row;

typedef struct made {
    weir_batch batch;
    row rows[MOST_ROWS]; /* the selected ones, in order */
    uint32_t n;
} made;

static const weir_type types[COLS] = {WEIR_LONG, WEIR_STRING, WEIR_BOOL, WEIR_FLOAT};

static weir_value random_value(test_random *r, weir_arena *arena, weir_type type) {
    char text[64];
    switch (type) {
    case WEIR_LONG: return wr_value_long((int64_t)test_next(r));
    case WEIR_BOOL: return wr_value_bool(test_below(r, 2));
    case WEIR_FLOAT: return wr_value_float((float)test_below(r, 1000) / 8);
    default: {
        weir_string s;
        int len = sprintf(text, "%.*s%u", (int)test_below(r, 30), "a text that is sometimes long ",
                          test_below(r, 99));
        assert_int_equal(weir_arena_string(arena, text, (size_t)len, &s), WEIR_OK);
        return wr_value_string(s);
    }
    }
}

/* A random batch of one producer, with its selected rows as the model has them. */
static void make_batch(test_random *r, weir_arena *arena, uint32_t producer, bool boxed, made *m) {
    uint32_t n = test_below(r, MOST_ROWS), n_chunks = 0, *chunk_end = wr_arena_array(arena, n + 5, 4);
    weir_origin *origin = wr_arena_array(arena, n + 5, sizeof *origin), now = 0;
    bool single = test_below(r, 4) == 0, has_sel = test_below(r, 2), has_kind = test_below(r, 2);
    uint32_t *sel = wr_arena_array(arena, n, 4);
    int64_t *ts = wr_arena_array(arena, n, sizeof *ts);
    uint8_t *kind = wr_arena_array(arena, n, 1);
    memset(m, 0, sizeof *m);
    m->batch.cols = wr_arena_zero(arena, COLS, sizeof(weir_column));
    for (uint32_t c = 0; c < COLS; c++)
        assert_int_equal(
            wr_column_new(arena, types[c], boxed && c == 0, n, test_below(r, 2), &m->batch.cols[c]), WEIR_OK);
    for (uint32_t at = 0; at < n;) {
        uint32_t len = single ? 1 : test_below(r, 5); /* 0: an empty chunk */
        if (len > n - at) len = n - at;
        now += test_below(r, 3);
        origin[n_chunks] = now;
        for (uint32_t i = at; i < at + len; i++) {
            row here = {.origin = now, .producer = producer, .chunk = n_chunks, .ts = (int64_t)test_next(r)};
            here.kind = has_kind ? (uint8_t)test_below(r, 3) : WEIR_CURRENT;
            ts[i] = here.ts;
            kind[i] = here.kind;
            for (uint32_t c = 0; c < COLS; c++) {
                weir_column *col = &m->batch.cols[c];
                here.v[c] = random_value(r, arena, types[c]);
                if (col->valid && test_below(r, 4) == 0) here.v[c] = wr_value_null(types[c]);
                weir_value stored = here.v[c];
                if (col->boxed && !stored.is_null) {
                    stored = wr_value_object(weir_object_new_value(&stored));
                    assert_int_equal(weir_arena_own(arena, stored.as.o), WEIR_OK);
                }
                wr_column_set(col, i, &stored);
            }
            if (has_sel && test_below(r, 2)) continue;
            sel[m->n] = i;
            m->rows[m->n++] = here;
        }
        at += len;
        if (n_chunks < n + 4) chunk_end[n_chunks++] = at;
    }
    m->batch.n_rows = n;
    m->batch.n_sel = m->n;
    m->batch.sel = has_sel ? sel : NULL;
    m->batch.ts = ts;
    m->batch.kind = has_kind ? kind : NULL;
    m->batch.n_cols = COLS;
    m->batch.n_chunks = single ? n : n_chunks;
    m->batch.chunk_end = single ? NULL : chunk_end;
    m->batch.origin = origin;
}

static bool precedes(const row *a, const row *b) {
    if (a->origin != b->origin) return a->origin < b->origin;
    return a->producer != b->producer ? a->producer < b->producer : a->chunk < b->chunk;
}

/* The naive way: a stable insertion sort of all rows. */
static uint32_t sorted_rows(const made *in, uint32_t n_in, row *out) {
    uint32_t n = 0;
    for (uint32_t p = 0; p < n_in; p++)
        for (uint32_t i = 0; i < in[p].n; i++) {
            uint32_t at = n++;
            for (; at && precedes(&in[p].rows[i], &out[at - 1]); at--) out[at] = out[at - 1];
            out[at] = in[p].rows[i];
        }
    return n;
}

static bool same_row(const weir_batch *b, uint32_t r, const row *want) {
    if (b->ts[r] != want->ts || (b->kind ? b->kind[r] : WEIR_CURRENT) != want->kind) return false;
    for (uint32_t c = 0; c < COLS; c++) {
        weir_value v = wr_value_unbox(wr_column_get(&b->cols[c], r));
        if (!wr_value_equal(&v, &want->v[c])) return false;
    }
    return true;
}

/* Do rows and chunk boundaries agree with the model? */
static bool matches(const weir_batch *b, const row *rows, uint32_t n) {
    if (b->n_rows != n || b->n_sel != n || b->sel) return false;
    uint32_t chunk = 0;
    for (uint32_t r = 0; r < n; r++) {
        bool ends = r + 1 == n || rows[r].origin != rows[r + 1].origin ||
                    rows[r].producer != rows[r + 1].producer || rows[r].chunk != rows[r + 1].chunk;
        if (!same_row(b, r, &rows[r]) || weir_batch_origin(b, chunk) != rows[r].origin) return false;
        if (ends != (weir_batch_chunk_end(b, chunk) == r + 1)) return false;
        chunk += ends;
    }
    return chunk == b->n_chunks;
}

static void merging_gives_the_order_of_origin_producer_and_position(void **state) {
    (void)state;
    test_random r = test_seeded("merge");
    static made in[PRODUCERS];
    static row want[PRODUCERS * MOST_ROWS];
    for (int round = 0; round < 2000; round++) {
        weir_arena arena;
        wr_arena_init(&arena, NULL);
        const weir_batch *batches[PRODUCERS];
        uint32_t n_in = 2 + test_below(&r, PRODUCERS - 1);
        for (uint32_t p = 0; p < n_in; p++) {
            make_batch(&r, &arena, p, test_below(&r, 3) == 0, &in[p]);
            batches[p] = &in[p].batch;
        }
        uint32_t n = sorted_rows(in, n_in, want);
        weir_batch out;
        assert_int_equal(wr_batch_merge(batches, n_in, &arena, &out), WEIR_OK);
        assert_true(matches(&out, want, n));
        if (n > 1) { /* planted faults are found */
            want[n / 2].v[0].as.l ^= 1;
            want[n / 2].v[0].is_null = !want[n / 2].v[0].is_null;
            assert_false(matches(&out, want, n));
        }
        wr_arena_fini(&arena);
    }
}

static void compacting_drops_what_is_not_selected_and_keeps_the_chunks(void **state) {
    (void)state;
    test_random r = test_seeded("compact");
    static made in;
    for (int round = 0; round < 1000; round++) {
        weir_arena arena;
        wr_arena_init(&arena, NULL);
        make_batch(&r, &arena, 0, false, &in);
        weir_batch out;
        assert_int_equal(wr_batch_compact(&in.batch, &arena, &out), WEIR_OK);
        if (in.batch.sel)
            assert_true(matches(&out, in.rows, in.n));
        else
            assert_memory_equal(&out, &in.batch, sizeof out);
        wr_arena_fini(&arena);
    }
}

static void pruned_columns_stay_pruned(void **state) {
    (void)state;
    test_random r = {5};
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    static made in[2];
    do make_batch(&r, &arena, 0, false, &in[0]);
    while (in[0].n == 0);
    do make_batch(&r, &arena, 1, false, &in[1]);
    while (in[1].n == 0);
    in[1].batch.cols[2].data = NULL;
    const weir_batch *batches[] = {&in[0].batch, &in[1].batch};
    weir_batch out;
    assert_int_equal(wr_batch_merge(batches, 2, &arena, &out), WEIR_OK);
    assert_null(out.cols[2].data);
    assert_int_equal(out.cols[2].type, WEIR_BOOL);
    assert_non_null(out.cols[1].data);
    wr_arena_fini(&arena);
}

static void a_merge_without_memory_fails_cleanly(void **state) {
    (void)state;
    test_random r = {7};
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    static made in[2];
    make_batch(&r, &arena, 0, true, &in[0]);
    make_batch(&r, &arena, 1, false, &in[1]);
    const weir_batch *batches[] = {&in[0].batch, &in[1].batch};
    weir_status status = WEIR_ENOMEM;
    for (long n = 1; status == WEIR_ENOMEM; n++) {
        weir_arena fresh;
        weir_batch out;
        wr_arena_init(&fresh, NULL);
        wr_alloc_fail_after(n);
        status = wr_batch_merge(batches, 2, &fresh, &out);
        wr_alloc_fail_after(0);
        wr_arena_fini(&fresh);
    }
    assert_int_equal(status, WEIR_OK);
    wr_arena_fini(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merging_gives_the_order_of_origin_producer_and_position),
        cmocka_unit_test(compacting_drops_what_is_not_selected_and_keeps_the_chunks),
        cmocka_unit_test(pruned_columns_stay_pruned),
        cmocka_unit_test(a_merge_without_memory_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
