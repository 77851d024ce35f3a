/* Row buffers: growing, cutting, dropping; against rows kept naively. */
#include "io_support.h"

static test_schema schema;

static void fill(weir_rows *rows, int32_t value) {
    if (rows->n == rows->cap) assert_int_equal(rows->grow(rows, rows->n + 1, NULL), WEIR_OK);
    ((int32_t *)rows->cols[0].data)[rows->n] = value;
    if (value % 3 == 0) weir_set_null(&rows->cols[0], rows->n);
    rows->ts[rows->n++] = value;
}

static void init(weir_rows *rows, weir_arena *arena) {
    memset(&schema, 0, sizeof schema);
    schema_of(&schema, "n int");
    wr_arena_init(arena, NULL);
    assert_int_equal(wr_rows_init(rows, &schema.schema, NULL, 1, arena, NULL), WEIR_OK);
}

/* Chunks of 1 to 4 rows, values 1, 2, ...; random cuts and drops; the same done to a plain array. */
static void random_changes_agree_with_a_plain_array(void **state) {
    (void)state;
    test_random r = test_seeded("rows");
    for (int round = 0; round < 300; round++) {
        weir_arena arena;
        weir_rows rows;
        init(&rows, &arena);
        int32_t model[600];
        int chunk_of[600], n = 0, next = 1, chunk = 0;
        for (int step = 0; step < 40; step++) {
            uint32_t what = test_below(&r, 4);
            if (what < 2) {
                uint32_t first = rows.n;
                for (uint32_t k = test_below(&r, 4) + 1; k; k--, n++, next++) {
                    fill(&rows, next);
                    model[n] = next;
                    chunk_of[n] = chunk;
                }
                weir_rows_end_chunk(&rows, first);
                chunk++;
            } else if (what == 2 && n) {
                uint32_t row = test_below(&r, (uint32_t)n);
                wr_rows_drop(&rows, row);
                n--;
                memmove(model + row, model + row + 1, (size_t)(n - (int)row) * sizeof *model);
                memmove(chunk_of + row, chunk_of + row + 1, (size_t)(n - (int)row) * sizeof *chunk_of);
            } else if (what == 3 && test_below(&r, 4) == 0) {
                n = (int)test_below(&r, (uint32_t)n + 1);
                wr_rows_cut(&rows, (uint32_t)n);
            }
            assert_int_equal(rows.n, n);
        }
        for (int i = 0, c = 0; i < n; i++) {
            assert_int_equal(rows.ts[i], model[i]);
            assert_int_equal(((int32_t *)rows.cols[0].data)[i], model[i]);
            assert_int_equal(weir_is_null(&rows.cols[0], (uint32_t)i), model[i] % 3 == 0);
            bool ends = i + 1 == n || chunk_of[i + 1] != chunk_of[i];
            if (ends) assert_int_equal(rows.chunked ? rows.chunk_end[c] : (uint32_t)i + 1, i + 1);
            c += ends;
            if (i + 1 == n && rows.chunked) assert_int_equal(rows.n_chunks, c);
        }
        for (uint32_t i = rows.n; i < rows.cap; i++) assert_false(weir_is_null(&rows.cols[0], i));
        wr_arena_fini(&arena);
    }
}

static void a_batch_has_valid_only_where_there_are_nulls(void **state) {
    (void)state;
    for (int32_t last = 1; last <= 130; last++) {
        weir_arena arena;
        weir_rows rows;
        weir_batch batch;
        weir_column column;
        init(&rows, &arena);
        for (int32_t i = 0; i < last; i++) fill(&rows, 1);
        wr_rows_batch(&rows, &column, &batch);
        assert_null(column.valid);
        weir_set_null(&rows.cols[0], rows.n - 1);
        wr_rows_batch(&rows, &column, &batch);
        assert_non_null(column.valid);
        assert_int_equal(batch.n_rows, last);
        wr_arena_fini(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_changes_agree_with_a_plain_array),
        cmocka_unit_test(a_batch_has_valid_only_where_there_are_nulls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
