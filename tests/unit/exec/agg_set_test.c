/* What an aggregate set does besides adding up: ranges between resets, the life of groups, failing arguments,
 * accounts and saved state. The values themselves are compared with a model in select_op_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "agg/table.h"
#include "data/column.h"
#include "data/value.h"
#include "exec/agg_set.h"
#include "state/writer.h"

/* ---- A set over (g int, v long) -------------------------------------------------------------------------
 */

static wr_expr col_g = {.kind = WR_EXPR_COLUMN, .type = WEIR_INT, .u.column = 0};
static wr_expr col_v = {.kind = WR_EXPR_COLUMN, .type = WEIR_LONG, .nullable = true, .u.column = 1};
static wr_expr *keys[] = {&col_g};
static wr_expr *v_arg[] = {&col_v};
static const weir_arg long_arg = {.type = WEIR_LONG};

typedef struct fixture {
    wr_account account;
    weir_arena arena;
    wr_agg_set *set;
    wr_agg_slot slot;
    weir_column value;
    const uint32_t *gids;
    uint32_t failed_row;
    int n_failed;
} fixture;

static void open_set(fixture *f, const weir_aggregator_type *type, bool grouped, bool removes) {
    weir_error err = {0};
    memset(f, 0, sizeof *f);
    wr_arena_init(&f->arena, NULL);
    f->slot = (wr_agg_slot){type, &long_arg, v_arg, 1, WEIR_LONG, NULL};
    wr_agg_set_options o = {
        .slots = &f->slot, .n_slots = 1, .keys = keys, .n_keys = grouped, .removes = removes};
    if (wr_agg_set_new(&o, &f->account, &f->set, &err)) fail_msg("%s", err.message);
}

static void close_set(fixture *f) {
    wr_agg_set_free(f->set);
    wr_arena_fini(&f->arena);
    assert_int_equal(f->account.used_bytes, 0);
}

static void note_failure(void *ctx, uint32_t row, const char *message) {
    fixture *f = ctx;
    (void)message;
    f->failed_row = row;
    f->n_failed++;
}

#define C WEIR_CURRENT
#define E WEIR_EXPIRED
#define R WEIR_RESET

/* All rows, chunked by ends (NULL: row by row); v is g * 10 + 1. */
static void feed(fixture *f, const uint8_t *kind, int32_t *g, uint32_t n, const uint32_t *ends,
                 uint32_t n_chunks) {
    int64_t v[64];
    for (uint32_t i = 0; i < n; i++) v[i] = g[i] * 10 + 1;
    weir_column cols[2] = {{.type = WEIR_INT, .data = g}, {.type = WEIR_LONG, .data = v}};
    weir_batch b = {.n_rows = n,
                    .n_sel = n,
                    .kind = kind,
                    .n_cols = 2,
                    .cols = cols,
                    .n_chunks = ends ? n_chunks : n,
                    .chunk_end = ends};
    wr_eval ev = {.in = &b, .arena = &f->arena, .fail = note_failure, .fail_ctx = f};
    weir_error err = {0};
    if (wr_agg_set_update(f->set, &ev, NULL, &f->value, &f->gids, &err)) fail_msg("%s", err.message);
}

static int64_t value_at(const fixture *f, uint32_t row) {
    return weir_is_null(&f->value, row) ? INT64_MIN : ((const int64_t *)f->value.data)[row];
}

/* ---- Tests --------------------------------------------------------------------------------------------- */

static void values_run_on_and_start_anew_after_a_reset(void **state) {
    (void)state;
    fixture f;
    open_set(&f, &wr_agg_sum, false, false);
    feed(&f, (uint8_t[]){C, C, R, C, R, R, C}, (int32_t[]){1, 1, 0, 2, 0, 0, 3}, 7, NULL, 0);
    assert_int_equal(value_at(&f, 0), 11);
    assert_int_equal(value_at(&f, 1), 22);
    assert_int_equal(value_at(&f, 3), 21);
    assert_int_equal(value_at(&f, 6), 31);
    feed(&f, NULL, (int32_t[]){1}, 1, NULL, 0);
    assert_int_equal(value_at(&f, 0), 42);
    assert_null(f.value.valid); /* no null: no bitmap */
    close_set(&f);
}

/* Rows of groups first..first+n-1, each a chunk. */
static void feed_groups(fixture *f, uint8_t kind, int32_t first, uint32_t n) {
    uint8_t kinds[64];
    int32_t g[64];
    for (uint32_t i = 0; i < n; i++) {
        kinds[i] = kind;
        g[i] = first + (int32_t)i;
    }
    feed(f, kinds, g, n, NULL, 0);
}

static void groups_that_come_back_after_a_reset_keep_their_ids(void **state) {
    (void)state;
    fixture f;
    open_set(&f, &wr_agg_sum, true, false);
    feed(&f, NULL, (int32_t[]){1, 2, 3}, 3, NULL, 0);
    uint32_t id = f.gids[1];
    feed(&f, (uint8_t[]){R, C}, (int32_t[]){0, 2}, 2, (uint32_t[]){2}, 1);
    assert_int_equal(f.gids[1], id);
    assert_int_equal(value_at(&f, 1), 21);
    close_set(&f);
}

static void a_reset_forgets_the_groups_when_they_are_many_more_than_rows_came(void **state) {
    (void)state;
    fixture f;
    open_set(&f, &wr_agg_sum, true, false);
    feed_groups(&f, C, 0, 50);
    feed_groups(&f, C, 50, 50);
    feed(&f, (uint8_t[]){R, C}, (int32_t[]){0, 9}, 2, (uint32_t[]){2}, 1);
    assert_int_equal(wr_agg_set_live_groups(f.set), 100);
    feed(&f, (uint8_t[]){R, C}, (int32_t[]){0, 9}, 2, (uint32_t[]){2}, 1);
    assert_int_equal(wr_agg_set_live_groups(f.set), 1);
    assert_int_equal(wr_agg_set_n_groups(f.set), 1);
    assert_int_equal(value_at(&f, 1), 91);
    close_set(&f);
}

static void groups_keep_their_ids_while_their_chunk_lasts(void **state) {
    (void)state;
    fixture f;
    open_set(&f, &wr_agg_sum, true, true);
    feed_groups(&f, C, 0, 50);
    feed_groups(&f, C, 50, 50);
    feed(&f, (uint8_t[]){R, C, C}, (int32_t[]){0, 1, 2}, 3, NULL, 0);
    assert_int_equal(wr_agg_set_live_groups(f.set), 100);
    /* One chunk: the rows that leave, a reset that sweeps, new rows; then a chunk of its own. */
    feed(&f, (uint8_t[]){E, E, R, C, C, C}, (int32_t[]){1, 2, 0, 107, 2, 108}, 6, (uint32_t[]){5, 6}, 2);
    assert_int_equal(f.gids[4], f.gids[1]);
    assert_int_not_equal(f.gids[3], f.gids[0]);
    assert_int_equal(value_at(&f, 4), 21);
    assert_int_equal(wr_agg_set_live_groups(f.set), 3); /* 107, 2, 108 */
    close_set(&f);
}

static void groups_whose_rows_have_all_left_are_swept_before_they_are_many(void **state) {
    (void)state;
    fixture f;
    open_set(&f, &wr_agg_sum, true, true);
    feed(&f, (uint8_t[]){C, C, E, C}, (int32_t[]){-1, -2, -1, -1}, 4, NULL, 0);
    assert_int_equal(value_at(&f, 2), INT64_MIN);
    assert_int_equal(value_at(&f, 3), -9);
    for (int32_t round = 0; round < 100; round++) {
        feed_groups(&f, C, round * 32, 32);
        feed_groups(&f, E, round * 32, 32);
        assert_true(wr_agg_set_live_groups(f.set) <= 64 + 2 * 34);
    }
    feed(&f, (uint8_t[]){E, E}, (int32_t[]){-1, -2}, 2, NULL, 0);
    assert_int_equal(value_at(&f, 1), INT64_MIN);
    close_set(&f);
}

static void an_aggregate_that_never_forgets_keeps_its_groups_until_a_reset(void **state) {
    (void)state;
    fixture f;
    open_set(&f, &wr_agg_max_forever, true, true);
    for (int32_t first = 0; first < 100; first += 50) {
        feed_groups(&f, C, first, 50);
        feed_groups(&f, E, first, 50);
    }
    assert_int_equal(wr_agg_set_live_groups(f.set), 100);
    feed(&f, (uint8_t[]){C, R, C, R}, (int32_t[]){1, 0, 1, 0}, 4, NULL, 0);
    assert_int_equal(wr_agg_set_live_groups(f.set), 0);
    close_set(&f);
}

static void keys_without_aggregates_are_only_told_apart(void **state) {
    (void)state;
    fixture f = {0};
    weir_error err = {0};
    wr_arena_init(&f.arena, NULL);
    wr_agg_set_options o = {.keys = keys, .n_keys = 1};
    if (wr_agg_set_new(&o, &f.account, &f.set, &err)) fail_msg("%s", err.message);
    feed(&f, NULL, (int32_t[]){4, 5, 4}, 3, (uint32_t[]){3}, 1);
    assert_int_equal(f.gids[0], f.gids[2]);
    assert_int_not_equal(f.gids[0], f.gids[1]);
    assert_int_equal(wr_agg_set_live_groups(f.set), 0);
    close_set(&f);
}

/* An argument that fails on 131. */
static weir_status fail_on_131(void *self, const weir_call *call, weir_error *err) {
    (void)self, (void)err;
    const int64_t *x = call->args[0].data;
    for (uint32_t i = 0; i < call->n_sel; i++) {
        uint32_t row = call->sel ? call->sel[i] : i;
        ((int64_t *)call->out->data)[row] = x[row];
        if (x[row] == 131) (call->fail)(call->fail_ctx, row, "131 it must not be");
    }
    return WEIR_OK;
}

static void a_row_whose_argument_fails_is_left_out_with_the_rest_of_its_chunk(void **state) {
    (void)state;
    static const weir_function_type picky = {
        .struct_size = sizeof picky, .ns = "", .name = "picky", .eval = fail_on_131, .can_fail = true};
    wr_expr *args[] = {&col_v};
    wr_expr call = {.kind = WR_EXPR_CALL,
                    .type = WEIR_LONG,
                    .nullable = true,
                    .can_fail = true,
                    .u.call = {.function = &picky, .arg_info = &long_arg, .args = args, .n_args = 1}};
    wr_expr *call_arg[] = {&call};
    fixture f = {0};
    weir_error err = {0};
    wr_arena_init(&f.arena, NULL);
    f.slot = (wr_agg_slot){&wr_agg_sum, &long_arg, call_arg, 1, WEIR_LONG, NULL};
    wr_agg_set_options o = {.slots = &f.slot, .n_slots = 1};
    if (wr_agg_set_new(&o, &f.account, &f.set, &err)) fail_msg("%s", err.message);
    feed(&f, NULL, (int32_t[]){1, 13, 5, 2}, 4, (uint32_t[]){3, 4}, 2);
    assert_int_equal(f.n_failed, 1);
    assert_int_equal(f.failed_row, 1);
    assert_int_equal(value_at(&f, 3), 11 + 21);
    close_set(&f);
}

static void the_account_knows_what_the_aggregates_hold(void **state) {
    (void)state;
    fixture f;
    int32_t g[64];
    open_set(&f, &wr_agg_distinct_count, true, true);
    size_t before = f.account.used_bytes;
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 64; i++) g[i] = round * 64 + i;
        feed(&f, NULL, g, 64, NULL, 0);
    }
    assert_true(f.account.used_bytes - before > 2560 * 40);
    close_set(&f);
}

static void a_limit_of_the_account_is_kept(void **state) {
    (void)state;
    fixture f;
    int32_t g[64];
    weir_error err = {0};
    int64_t v[64] = {0};
    weir_status status = WEIR_OK;
    open_set(&f, &wr_agg_sum, true, true);
    f.account.limit_bytes = 20000;
    for (int round = 0; round < 100 && status == WEIR_OK; round++) {
        for (int i = 0; i < 64; i++) g[i] = round * 64 + i;
        weir_column cols[2] = {{.type = WEIR_INT, .data = g}, {.type = WEIR_LONG, .data = v}};
        weir_batch b = {.n_rows = 64, .n_sel = 64, .n_cols = 2, .cols = cols, .n_chunks = 64};
        wr_eval ev = {.in = &b, .arena = &f.arena};
        status = wr_agg_set_update(f.set, &ev, NULL, &f.value, &f.gids, &err);
        assert_true(f.account.used_bytes <= f.account.limit_bytes);
    }
    assert_int_equal(status, WEIR_ENOMEM);
    close_set(&f);
}

static void saved_groups_go_on_where_they_were(void **state) {
    (void)state;
    fixture f, other;
    weir_writer w;
    weir_reader r;
    weir_error err = {0};
    open_set(&f, &wr_agg_sum, true, true);
    open_set(&other, &wr_agg_sum, true, true);
    feed(&f, NULL, (int32_t[]){1, 2, 3, 2}, 4, NULL, 0);
    feed(&f, (uint8_t[]){E}, (int32_t[]){1}, 1, NULL, 0);
    feed_groups(&f, C, 4, 61);
    assert_int_equal(wr_agg_set_live_groups(f.set), 63); /* swept: a hole among the ids */
    wr_writer_init(&w);
    wr_agg_set_save(f.set, &w);
    wr_reader_init(&r, w.buf.data, w.buf.len);
    if (wr_agg_set_load(other.set, &r, &err)) fail_msg("%s", err.message);
    assert_int_equal(weir_reader_left(&r), 0);
    assert_int_equal(wr_agg_set_live_groups(other.set), 63);
    feed(&other, (uint8_t[]){C, E, E, E}, (int32_t[]){3, 2, 2, 3}, 4, NULL, 0);
    assert_int_equal(value_at(&other, 0), 62);
    assert_int_equal(value_at(&other, 1), 21);
    assert_int_equal(value_at(&other, 2), INT64_MIN);
    assert_int_equal(wr_agg_set_live_groups(other.set), 63);
    for (size_t len = 0; len < w.buf.len; len++) { /* cut short anywhere: refused */
        wr_reader_init(&r, w.buf.data, len);
        assert_int_equal(wr_agg_set_load(other.set, &r, NULL), WEIR_ESTATE);
    }
    wr_writer_fini(&w);
    close_set(&f);
    close_set(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_run_on_and_start_anew_after_a_reset),
        cmocka_unit_test(groups_that_come_back_after_a_reset_keep_their_ids),
        cmocka_unit_test(a_reset_forgets_the_groups_when_they_are_many_more_than_rows_came),
        cmocka_unit_test(groups_keep_their_ids_while_their_chunk_lasts),
        cmocka_unit_test(groups_whose_rows_have_all_left_are_swept_before_they_are_many),
        cmocka_unit_test(an_aggregate_that_never_forgets_keeps_its_groups_until_a_reset),
        cmocka_unit_test(keys_without_aggregates_are_only_told_apart),
        cmocka_unit_test(a_row_whose_argument_fails_is_left_out_with_the_rest_of_its_chunk),
        cmocka_unit_test(the_account_knows_what_the_aggregates_hold),
        cmocka_unit_test(a_limit_of_the_account_is_kept),
        cmocka_unit_test(saved_groups_go_on_where_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
