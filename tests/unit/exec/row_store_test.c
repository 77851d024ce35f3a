/* The row store against a plain array of rows: random appends, releases, reads, saves and loads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data/column.h"
#include "data/value.h"
#include "exec/row_store.h"
#include "rng.h"
#include "state/writer.h"

enum { INT, LONG, BOOL, TEXT, OBJECT, DOUBLE, N_COLS };
static const wr_attr attrs[N_COLS] = {{"i", WEIR_INT, false},    {"l", WEIR_LONG, false},
                                      {"b", WEIR_BOOL, false},   {"s", WEIR_STRING, false},
                                      {"o", WEIR_OBJECT, false}, {"d", WEIR_DOUBLE, false}};
static const wr_schema schema = {N_COLS, attrs};

#define MOST_ROWS 60000u
#define MOST_TEXT 40u

typedef struct model_row {
    bool held;
    weir_row_id id;
    int64_t ts;
    int32_t n; /* every cell follows from it */
} model_row;

static model_row *rows;
static uint32_t n_rows, first_held; /* rows before first_held are gone */
static rng g;

/* ---- What a row with number n holds ---- */

static bool is_null(int32_t n, uint32_t c) { return ((uint32_t)n >> c) % 7 == 0; }

static uint32_t text_of(int32_t n, char *text) {
    uint32_t len = (uint32_t)n % MOST_TEXT;
    for (uint32_t i = 0; i < len; i++) text[i] = (char)('a' + ((uint32_t)n + i) % 26);
    return len;
}

static void check_value(int32_t n, uint32_t c, const weir_value *v) {
    char text[MOST_TEXT];
    assert_int_equal(v->is_null, is_null(n, c));
    if (v->is_null) return;
    switch (c) {
    case INT: assert_int_equal(v->as.i, n); break;
    case LONG: assert_int_equal(v->as.l, (int64_t)n << 20); break;
    case BOOL: assert_int_equal(v->as.b, n & 1); break;
    case TEXT:
        assert_int_equal(v->as.s.len, text_of(n, text));
        assert_memory_equal(weir_string_data(&v->as.s), text, v->as.s.len);
        break;
    case OBJECT: assert_int_equal(weir_object_get_value(v->as.o).as.i, n); break;
    default: assert_true(v->as.d == n / 4.0); break;
    }
}

static void put_cell(weir_arena *arena, weir_column *col, uint32_t row, int32_t n, uint32_t c) {
    char text[MOST_TEXT];
    weir_value v = {.type = attrs[c].type, .is_null = is_null(n, c)};
    if (!v.is_null) switch (c) {
        case INT: v.as.i = n; break;
        case LONG: v.as.l = (int64_t)n << 20; break;
        case BOOL: v.as.b = n & 1; break;
        case TEXT:
            assert_int_equal(weir_arena_string(arena, text, text_of(n, text), &v.as.s), WEIR_OK);
            break;
        case OBJECT:
            v.as.o = weir_object_new_value(&(weir_value){.type = WEIR_INT, .as.i = n});
            assert_int_equal(weir_arena_own(arena, v.as.o), WEIR_OK);
            break;
        default: v.as.d = n / 4.0; break;
        }
    size_t size = wr_type_size(attrs[c].type, false);
    memset((char *)col->data + row * size, 0, size);
    wr_column_set(col, row, &v);
}

/* A batch of n new rows; now and then hidden among others by a selection. */
static weir_batch make_batch(weir_arena *arena, uint32_t n) {
    bool selected = rng_below(&g, 3) == 0;
    uint32_t physical = selected ? 2 * n + 1 : n;
    weir_batch b = {.n_rows = physical, .n_sel = n, .n_cols = N_COLS, .n_chunks = physical};
    int64_t *ts = wr_arena_zero(arena, physical + 1, sizeof *ts);
    uint32_t *sel = wr_arena_array(arena, n + 1, sizeof *sel);
    b.cols = wr_arena_zero(arena, N_COLS, sizeof *b.cols);
    for (uint32_t c = 0; c < N_COLS; c++) {
        assert_int_equal(wr_column_new(arena, attrs[c].type, false, physical + 1, true, &b.cols[c]), WEIR_OK);
        memset(b.cols[c].data, 0, (physical + 1) * wr_type_size(attrs[c].type, false));
    }
    for (uint32_t k = 0; k < n; k++) {
        model_row *r = &rows[n_rows + k];
        uint32_t row = sel[k] = selected ? 2 * k + 1 : k;
        *r = (model_row){
            .held = true, .ts = (int64_t)rng_below(&g, 1000000), .n = (int32_t)rng_below(&g, 1 << 24)};
        ts[row] = r->ts;
        for (uint32_t c = 0; c < N_COLS; c++) put_cell(arena, &b.cols[c], row, r->n, c);
    }
    b.ts = ts;
    b.sel = selected ? sel : NULL;
    return b;
}

/* ---- Steps ---- */

static void append(wr_row_store *s, weir_window_shape shape, uint32_t n) {
    weir_arena arena;
    weir_row_id first = 0, *ids = calloc(n + 1, sizeof *ids);
    wr_arena_init(&arena, NULL);
    if (n_rows + n > MOST_ROWS) n = MOST_ROWS - n_rows;
    weir_batch b = make_batch(&arena, n);
    assert_int_equal(wr_row_store_append(s, &b, &first, ids, NULL), WEIR_OK);
    for (uint32_t k = 0; k < n; k++) rows[n_rows + k].id = shape == WEIR_WINDOW_FIFO ? first + k : ids[k];
    n_rows += n;
    wr_arena_fini(&arena);
    free(ids);
}

static void release(wr_row_store *s, weir_window_shape shape, uint32_t n) {
    if (shape == WEIR_WINDOW_FIFO) {
        n = n < n_rows - first_held ? n : n_rows - first_held;
        for (uint32_t i = 0; i < n; i++) rows[first_held + i].held = false;
        first_held += n;
        if (n) wr_row_store_release_below(s, rows[first_held - 1].id + 1);
        return;
    }
    for (uint32_t i = 0; i < n && n_rows; i++) {
        model_row *r = &rows[rng_below(&g, n_rows)];
        if (!r->held) continue;
        r->held = false;
        wr_row_store_release(s, r->id);
    }
}

static uint32_t held_rows(const model_row **out) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_rows; i++)
        if (rows[i].held) out[n++] = &rows[i];
    return n;
}

/* Gathers some held rows, in runs or one here and one there, with resets between. */
static void check_gather(const wr_row_store *s, const model_row *const *held, uint32_t n_held) {
    uint32_t n = 1 + rng_below(&g, 300), at = rng_below(&g, n_held), step = rng_below(&g, 2) ? 1 : 7;
    weir_row_id ids[300];
    const model_row *want[300];
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    for (uint32_t i = 0; i < n; i++) {
        want[i] = rng_below(&g, 50) ? held[(at + (uint64_t)i * step) % n_held] : NULL;
        ids[i] = want[i] ? want[i]->id : WEIR_NO_ROW;
    }
    for (uint32_t c = 0; c < N_COLS; c++) {
        weir_column out;
        assert_int_equal(wr_column_new(&arena, attrs[c].type, false, n, wr_row_store_has_nulls(s, c), &out),
                         WEIR_OK);
        assert_int_equal(wr_row_store_gather(s, c, ids, n, rng_below(&g, 2) ? &arena : NULL, &out, NULL),
                         WEIR_OK);
        for (uint32_t i = 0; i < n; i++) {
            weir_value v = wr_column_get(&out, i);
            if (want[i]) check_value(want[i]->n, c, &v);
        }
    }
    wr_arena_fini(&arena);
}

static void check_all(const wr_row_store *s) {
    const model_row **held = calloc(n_rows + 1, sizeof *held);
    uint32_t n = held_rows(held);
    assert_int_equal(wr_row_store_count(s), n);
    for (uint32_t i = 0; i < n; i += 1 + n / 200) {
        assert_true(wr_row_store_has(s, held[i]->id));
        assert_int_equal(wr_row_store_ts(s, held[i]->id), held[i]->ts);
        for (uint32_t c = 0; c < N_COLS; c++) {
            weir_value v = wr_row_store_value(s, held[i]->id, c);
            check_value(held[i]->n, c, &v);
        }
    }
    if (n) check_gather(s, held, n);
    free(held);
}

static wr_row_store *new_store(weir_window_shape shape, wr_account *account) {
    wr_row_store *s;
    wr_row_store_options o = {.schema = &schema, .shape = shape};
    assert_int_equal(wr_row_store_new(&o, account, &s, NULL), WEIR_OK);
    return s;
}

static wr_row_store *saved_and_loaded(wr_row_store *s, weir_window_shape shape, wr_account *account) {
    weir_writer w;
    weir_reader r;
    wr_writer_init(&w);
    wr_row_store_save(s, &w);
    assert_int_equal(wr_writer_status(&w, NULL), WEIR_OK);
    wr_row_store_free(s);
    wr_row_store *fresh = new_store(shape, account);
    wr_reader_init(&r, w.buf.data, w.buf.len);
    assert_int_equal(wr_row_store_load(fresh, &r, NULL), WEIR_OK);
    assert_int_equal(weir_reader_left(&r), 0);
    wr_writer_fini(&w);
    return fresh;
}

static void change_some(wr_row_store *s) {
    const model_row **held = calloc(n_rows + 1, sizeof *held);
    uint32_t n = held_rows(held);
    for (uint32_t i = 0; n && i < 5; i++) {
        model_row *r = &rows[held[rng_below(&g, n)] - rows];
        weir_arena arena;
        weir_column cell;
        wr_arena_init(&arena, NULL);
        r->n = (int32_t)rng_below(&g, 1 << 24);
        r->ts = rng_below(&g, 1000);
        wr_row_store_set_ts(s, r->id, r->ts);
        for (uint32_t c = 0; c < N_COLS; c++) {
            assert_int_equal(wr_column_new(&arena, attrs[c].type, false, 1, true, &cell), WEIR_OK);
            put_cell(&arena, &cell, 0, r->n, c);
            weir_value v = wr_column_get(&cell, 0);
            assert_int_equal(wr_row_store_set_value(s, r->id, c, &v, NULL), WEIR_OK);
        }
        wr_arena_fini(&arena);
    }
    free(held);
}

static void run_model(weir_window_shape shape, uint64_t seed) {
    wr_account account = {0};
    wr_row_store *s = new_store(shape, &account);
    g.state = seed;
    n_rows = first_held = 0;
    rows = calloc(MOST_ROWS, sizeof *rows);
    for (int step = 0; step < 300; step++) {
        uint32_t n = rng_below(&g, 4) ? rng_below(&g, 20) : rng_below(&g, 900);
        switch (rng_below(&g, 8)) {
        case 0: s = saved_and_loaded(s, shape, &account); break;
        case 1:
        case 2:
        case 3: release(s, shape, n); break;
        case 4: change_some(s); break;
        case 5: wr_row_store_settle(s); break;
        default: append(s, shape, n); break;
        }
        check_all(s);
    }
    wr_row_store_free(s);
    assert_int_equal(account.used_bytes, 0);
    free(rows);
}

static void fifo_does_what_an_array_does(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed < 12; seed++) run_model(WEIR_WINDOW_FIFO, seed);
}

static void bag_does_what_an_array_does(void **state) {
    (void)state;
    for (uint64_t seed = 101; seed < 112; seed++) run_model(WEIR_WINDOW_BAG, seed);
}

/* ---- Single promises ---- */

static weir_batch int_batch(int64_t *ts, int32_t *v, weir_column *col, uint32_t n, int64_t first) {
    for (uint32_t i = 0; i < n; i++) ts[i] = v[i] = (int32_t)(first + i);
    *col = (weir_column){.type = WEIR_INT, .data = v};
    return (weir_batch){.n_rows = n, .n_sel = n, .ts = ts, .n_cols = 1, .cols = col, .n_chunks = n};
}

static void a_held_row_of_one_int_costs_no_more_than_16_bytes(void **state) {
    (void)state;
    static int64_t ts[1024];
    static int32_t v[1024];
    weir_column col;
    wr_account account = {0};
    wr_schema one = {1, attrs};
    wr_row_store_options o = {.schema = &one};
    wr_row_store *s;
    weir_row_id first;
    assert_int_equal(wr_row_store_new(&o, &account, &s, NULL), WEIR_OK);
    for (uint32_t i = 0; i < 1000; i++) {
        weir_batch b = int_batch(ts, v, &col, 1024, i * 1024);
        assert_int_equal(wr_row_store_append(s, &b, &first, NULL, NULL), WEIR_OK);
        if (i >= 600) wr_row_store_release_below(s, (i - 599) * 1024);
    }
    assert_int_equal(wr_row_store_count(s), 600 * 1024);
    assert_true(account.used_bytes < 600 * 1024 * 16);
    wr_row_store_free(s);
}

static void a_store_of_few_rows_costs_few_hundred_bytes(void **state) {
    (void)state;
    int64_t ts[1];
    int32_t v[1];
    weir_column col;
    wr_account account = {0};
    wr_schema one = {1, attrs};
    wr_row_store_options o = {.schema = &one};
    wr_row_store *s;
    weir_row_id first;
    assert_int_equal(wr_row_store_new(&o, &account, &s, NULL), WEIR_OK);
    for (uint32_t i = 0; i < 100000; i++) {
        weir_batch b = int_batch(ts, v, &col, 1, i);
        assert_int_equal(wr_row_store_append(s, &b, &first, NULL, NULL), WEIR_OK);
        if (i >= 5) wr_row_store_release(s, i - 5);
    }
    assert_true(account.used_bytes < 1200);
    wr_row_store_free(s);
}

static void released_rows_stay_readable_until_the_store_is_settled(void **state) {
    (void)state;
    static const char text[] = "a text that is longer than twelve bytes";
    weir_string s16 = weir_string_view(text, sizeof text - 1);
    int64_t ts = 7;
    weir_column col = {.type = WEIR_STRING, .data = &s16};
    weir_batch b = {.n_rows = 1, .n_sel = 1, .ts = &ts, .n_cols = 1, .cols = &col, .n_chunks = 1};
    wr_attr attr = {"s", WEIR_STRING, false};
    wr_schema one = {1, &attr};
    for (int shape = 0; shape < 2; shape++) {
        wr_row_store_options o = {.schema = &one, .shape = (weir_window_shape)shape, .settles_late = true};
        wr_row_store *s;
        weir_row_id first, ids[1] = {0}, again[1];
        assert_int_equal(wr_row_store_new(&o, NULL, &s, NULL), WEIR_OK);
        assert_int_equal(wr_row_store_append(s, &b, &first, ids, NULL), WEIR_OK);
        wr_row_store_release(s, ids[0]);
        assert_int_equal(wr_row_store_append(s, &b, &first, again, NULL), WEIR_OK);
        weir_value v = wr_row_store_value(s, ids[0], 0);
        assert_true(weir_string_equal(&v.as.s, &s16));
        assert_false(wr_row_store_has(s, ids[0]));
        wr_row_store_settle(s);
        assert_int_equal(wr_row_store_count(s), 1);
        wr_row_store_free(s);
    }
}

static void an_append_without_memory_stores_nothing(void **state) {
    (void)state;
    for (int shape = 0; shape < 2; shape++) {
        wr_account account = {0};
        g.state = 42;
        n_rows = first_held = 0;
        rows = calloc(MOST_ROWS, sizeof *rows);
        wr_row_store *s = new_store((weir_window_shape)shape, &account);
        append(s, (weir_window_shape)shape, 100);
        for (long nth = 1;; nth++) {
            weir_arena arena;
            weir_row_id first, ids[200];
            uint32_t kept = n_rows;
            wr_arena_init(&arena, NULL);
            weir_batch b = make_batch(&arena, 200);
            for (uint32_t i = 0; i < 200; i++) rows[kept + i].held = false;
            wr_alloc_fail_after(nth);
            weir_status status = wr_row_store_append(s, &b, &first, ids, NULL);
            wr_alloc_fail_after(0);
            wr_arena_fini(&arena);
            if (status == WEIR_OK) break;
            assert_int_equal(status, WEIR_ENOMEM);
            check_all(s);
        }
        wr_row_store_free(s);
        assert_int_equal(account.used_bytes, 0);
        free(rows);
    }
}

static void a_damaged_save_is_refused(void **state) {
    (void)state;
    g.state = 3;
    n_rows = first_held = 0;
    rows = calloc(MOST_ROWS, sizeof *rows);
    for (int shape = 0; shape < 2; shape++) {
        n_rows = 0;
        wr_row_store *s = new_store((weir_window_shape)shape, NULL);
        append(s, (weir_window_shape)shape, 50);
        weir_writer w;
        wr_writer_init(&w);
        wr_row_store_save(s, &w);
        for (size_t len = 0; len < w.buf.len; len += 13) {
            weir_reader r;
            wr_row_store *fresh = new_store((weir_window_shape)shape, NULL);
            wr_reader_init(&r, w.buf.data, len);
            assert_int_not_equal(wr_row_store_load(fresh, &r, NULL), WEIR_OK);
            wr_row_store_free(fresh);
        }
        wr_writer_fini(&w);
        wr_row_store_free(s);
    }
    free(rows);
}

static void a_store_with_other_columns_is_refused(void **state) {
    (void)state;
    const bool first[N_COLS] = {[INT] = true}, second[N_COLS] = {[LONG] = true};
    wr_row_store_options o = {.schema = &schema, .stored = first};
    wr_row_store *a, *b;
    weir_writer w;
    weir_reader r;
    weir_error err;
    assert_int_equal(wr_row_store_new(&o, NULL, &a, NULL), WEIR_OK);
    o.stored = second;
    assert_int_equal(wr_row_store_new(&o, NULL, &b, NULL), WEIR_OK);
    wr_writer_init(&w);
    wr_row_store_save(a, &w);
    wr_reader_init(&r, w.buf.data, w.buf.len);
    assert_int_equal(wr_row_store_load(b, &r, &err), WEIR_ESTATE);
    assert_string_equal(err.message, "the saved rows of a window or table have other columns");
    wr_writer_fini(&w);
    wr_row_store_free(a);
    wr_row_store_free(b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fifo_does_what_an_array_does),
        cmocka_unit_test(bag_does_what_an_array_does),
        cmocka_unit_test(a_held_row_of_one_int_costs_no_more_than_16_bytes),
        cmocka_unit_test(a_store_of_few_rows_costs_few_hundred_bytes),
        cmocka_unit_test(released_rows_stay_readable_until_the_store_is_settled),
        cmocka_unit_test(an_append_without_memory_stores_nothing),
        cmocka_unit_test(a_damaged_save_is_refused),
        cmocka_unit_test(a_store_with_other_columns_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
