/* join_index_test.c: the index of a join against a scan that compares every key. */
#include "data/value.h"
#include "exec/join_index.h"
#include "support.h"

#define ROWS 3000u

typedef struct fixture {
    weir_type type;
    uint32_t n_keys;
    weir_window_shape shape;
    wr_row_store *store;
    wr_join_index *index;
    weir_arena arena;
    weir_row_id held[ROWS];
    uint32_t n_held;
    uint64_t state;
} fixture;

static uint32_t draw(fixture *f, uint32_t below) {
    f->state = f->state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(f->state >> 33) % below;
}

static void init(fixture *f, weir_type type, uint32_t n_keys, weir_window_shape shape) {
    static wr_attr attrs[2];
    static wr_schema schema = {2, attrs};
    const uint32_t columns[] = {0, 1};
    *f = (fixture){.type = type, .n_keys = n_keys, .shape = shape, .state = 7};
    attrs[0] = (wr_attr){.name = "a", .type = type};
    attrs[1] = (wr_attr){.name = "b", .type = WEIR_INT};
    wr_row_store_options options = {.schema = &schema, .shape = shape, .settles_late = true};
    wr_arena_init(&f->arena, NULL);
    assert_int_equal(wr_row_store_new(&options, NULL, &f->store, NULL), WEIR_OK);
    assert_int_equal(wr_join_index_new(f->store, columns, n_keys, NULL, &f->index, NULL), WEIR_OK);
}

static void fini(fixture *f) {
    wr_join_index_free(f->index);
    wr_row_store_free(f->store);
    wr_arena_fini(&f->arena);
}

/* A row with keys out of few, some of them null, NaN, -0.0 or long texts. */
static weir_batch one_row(fixture *f, weir_column *cols) {
    static const char *const texts[] = {"", "a", "a text that is longer than twelve",
                                        "a text that is longer than ten", "twelve chars"};
    static const double numbers[] = {0.0, -0.0, 1.5, 2.0, 0.0 / 0.0};
    static int64_t ts[1];
    cols[0] = (weir_column){
        .type = f->type, .data = wr_arena_zero(&f->arena, 1, 16), .valid = wr_arena_zero(&f->arena, 1, 8)};
    cols[1] = (weir_column){
        .type = WEIR_INT, .data = wr_arena_zero(&f->arena, 1, 4), .valid = wr_arena_zero(&f->arena, 1, 8)};
    uint32_t pick = draw(f, 5);
    if (f->type == WEIR_INT) ((int32_t *)cols[0].data)[0] = (int32_t)draw(f, 40) - 20;
    if (f->type == WEIR_DOUBLE) ((double *)cols[0].data)[0] = numbers[pick];
    if (f->type == WEIR_STRING)
        ((weir_string *)cols[0].data)[0] = weir_string_view(texts[pick], (uint32_t)strlen(texts[pick]));
    ((int32_t *)cols[1].data)[0] = (int32_t)draw(f, 3);
    *cols[0].valid = draw(f, 12) != 0;
    *cols[1].valid = 1;
    return (weir_batch){.n_rows = 1, .n_sel = 1, .ts = ts, .n_cols = 2, .cols = cols, .n_chunks = 1};
}

static bool same_key(const fixture *f, weir_row_id id, const weir_column *cols) {
    for (uint32_t i = 0; i < f->n_keys; i++) {
        weir_value a = wr_row_store_value(f->store, id, i), b = wr_column_get(&cols[i], 0);
        if (a.is_null || b.is_null) return false;
        if (a.type == WEIR_DOUBLE ? a.as.d != b.as.d : !wr_value_equal(&a, &b)) return false;
    }
    return true;
}

static void add(fixture *f) {
    weir_column cols[2];
    weir_batch b = one_row(f, cols);
    weir_row_id first, ids[1];
    wr_join_keys keys;
    assert_int_equal(wr_row_store_append(f->store, &b, &first, ids, NULL), WEIR_OK);
    weir_row_id id = f->shape == WEIR_WINDOW_FIFO ? first : ids[0];
    f->held[f->n_held++] = id;
    assert_int_equal(wr_join_keys_of(cols, f->n_keys, &b, &f->arena, &keys, NULL), WEIR_OK);
    weir_row_id oldest = f->shape == WEIR_WINDOW_FIFO ? f->held[0] : 0;
    assert_int_equal(wr_join_index_add(f->index, id, oldest, &keys, 0, NULL), WEIR_OK);
}

static void drop(fixture *f) {
    uint32_t at = f->shape == WEIR_WINDOW_FIFO ? 0 : draw(f, f->n_held);
    weir_row_id id = f->held[at];
    wr_join_index_remove(f->index, id);
    wr_row_store_release(f->store, id);
    wr_row_store_settle(f->store);
    memmove(f->held + at, f->held + at + 1, (--f->n_held - at) * sizeof *f->held);
}

/* The rows found are those that a scan finds, in the order in which they came in. */
static void look_up(fixture *f) {
    static weir_row_id found[ROWS];
    weir_column cols[2];
    weir_batch b = one_row(f, cols);
    wr_join_keys keys;
    uint32_t n = 0;
    assert_int_equal(wr_join_keys_of(cols, f->n_keys, &b, &f->arena, &keys, NULL), WEIR_OK);
    wr_join_chain chain = wr_join_index_find(f->index, &keys, 0);
    wr_join_index_take(f->index, chain, found);
    if (chain.n && f->shape == WEIR_WINDOW_FIFO) {
        static weir_row_id more[2][ROWS];
        more[0][0] = more[1][0] = chain.first;
        wr_join_taking chains[2] = {{more[0], chain.n}, {more[1], (chain.n + 1) / 2}};
        wr_join_index_take_all(f->index, chains, 2);
        assert_memory_equal(more[0], found, chain.n * sizeof *found);
        assert_memory_equal(more[1], found, (chain.n + 1) / 2 * sizeof *found);
    }
    for (uint32_t i = 0; i < f->n_held; i++) {
        if (!same_key(f, f->held[i], cols)) continue;
        assert_true(n < chain.n);
        assert_int_equal(found[n], f->held[i]);
        n++;
    }
    assert_int_equal(n, chain.n);
}

static void run(weir_type type, uint32_t n_keys, weir_window_shape shape) {
    fixture f;
    init(&f, type, n_keys, shape);
    for (uint32_t step = 0; step < 4 * ROWS; step++) {
        uint32_t phase = step / 1000 % 3;
        if (f.n_held && (draw(&f, 4) < phase + 1 || f.n_held == ROWS))
            drop(&f);
        else
            add(&f);
        if (step % 5 == 0) look_up(&f);
        wr_arena_reset(&f.arena);
    }
    fini(&f);
}

static void what_is_found_is_what_a_scan_finds(void **state) {
    (void)state;
    static const weir_type types[] = {WEIR_INT, WEIR_DOUBLE, WEIR_STRING};
    for (size_t t = 0; t < WR_COUNT(types); t++)
        for (uint32_t n_keys = 0; n_keys <= 2; n_keys++) {
            run(types[t], n_keys, WEIR_WINDOW_FIFO);
            run(types[t], n_keys, WEIR_WINDOW_BAG);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_found_is_what_a_scan_finds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
