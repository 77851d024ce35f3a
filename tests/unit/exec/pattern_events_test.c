/* pattern_events_test.c: the events that matches hold: values, chains, references, saving; hostile bytes too.
 */
#include "base/alloc.h"
#include "data/batch_builder.h"
#include "data/value.h"
#include "exec/pattern_events.h"
#include "state/writer.h"
#include "support.h"

static const wr_attr attrs[] = {{.name = "k", .type = WEIR_STRING},
                                {.name = "unread", .type = WEIR_LONG},
                                {.name = "v", .type = WEIR_INT},
                                {.name = "b", .type = WEIR_BOOL}};
static const wr_schema schema = {.n_attrs = 4, .attrs = attrs};
static bool keeps[] = {true, false, true, true};

typedef struct world {
    wr_account account;
    wr_event_pool pool;
    wr_batch_builder rows;
    weir_batch batch;
} world;

static void open_world(world *w) {
    weir_error err = {0};
    wr_plan_item item = {.schema = &schema, .keeps = keeps};
    memset(w, 0, sizeof *w);
    assert_int_equal(wr_event_pool_init(&w->pool, &item, &w->account, &err), WEIR_OK);
    assert_int_equal(wr_batch_builder_init(&w->rows, &schema, NULL, &err), WEIR_OK);
}

static void close_world(world *w) {
    wr_event_pool_fini(&w->pool);
    wr_batch_builder_fini(&w->rows);
    assert_int_equal(w->account.used_bytes, 0);
}

/* An event with these values; k NULL: null. */
static uint32_t take(world *w, int64_t ts, const char *k, int v) {
    weir_error err = {0};
    weir_value values[4] = {k ? wr_value_text(k) : wr_value_null(WEIR_STRING), wr_value_long(7),
                            wr_value_int(v), wr_value_bool(v % 2)};
    uint32_t id;
    wr_batch_builder_clear(&w->rows);
    assert_int_equal(wr_batch_builder_append(&w->rows, ts, values, 4, &err), WEIR_OK);
    assert_int_equal(wr_batch_builder_end_chunk(&w->rows, 0, &err), WEIR_OK);
    wr_batch_builder_view(&w->rows, &w->batch);
    assert_int_equal(wr_event_take(&w->pool, &w->batch, 0, &id, &err), WEIR_OK);
    return id;
}

static void expect(const wr_event_pool *p, uint32_t id, const char *k, int v) {
    const weir_string *s = wr_event_value(p, id, p->kept_at[0]);
    const int32_t *i = wr_event_value(p, id, p->kept_at[2]);
    assert_int_equal(*i, v);
    if (!k) {
        assert_null(s);
        return;
    }
    assert_non_null(s);
    assert_int_equal(s->len, strlen(k));
    assert_memory_equal(weir_string_data(s), k, s->len);
}

static void an_event_keeps_the_columns_that_are_read(void **state) {
    (void)state;
    world w;
    open_world(&w);
    assert_int_equal(w.pool.n_kept, 3);
    uint32_t a = take(&w, 5, "a text that is not held inline", 1), b = take(&w, 6, NULL, 2);
    expect(&w.pool, a, "a text that is not held inline", 1);
    expect(&w.pool, b, NULL, 2);
    assert_int_equal(wr_taken_at(&w.pool, b)->ts, 6);
    wr_event_unref(&w.pool, a);
    wr_event_unref(&w.pool, b);
    assert_int_equal(w.pool.cells.n_live, 0);
    assert_int_equal(take(&w, 7, "x", 3), b); /* the cell given back last comes first */
    close_world(&w);
}

static void a_chain_lives_as_long_as_its_first_event(void **state) {
    (void)state;
    world w;
    open_world(&w);
    uint32_t ids[5];
    for (int i = 0; i < 5; i++) ids[i] = take(&w, i, "a text that is not held inline", i);
    for (int i = 1; i < 5; i++) wr_event_chain(&w.pool, ids[0], ids[i]);
    for (uint32_t i = 0; i < 5; i++) assert_int_equal(wr_event_nth(&w.pool, ids[0], i), ids[i]);
    assert_int_equal(wr_event_nth(&w.pool, ids[0], 5), WR_NO_EVENT);
    wr_event_ref_add(&w.pool, ids[0]);
    wr_event_unref(&w.pool, ids[0]);
    assert_int_equal(w.pool.cells.n_live, 5);
    wr_event_unref(&w.pool, ids[0]);
    assert_int_equal(w.pool.cells.n_live, 0);
    close_world(&w);
}

static void saved_events_come_back_under_new_numbers(void **state) {
    (void)state;
    world w, again;
    weir_error err = {0};
    weir_writer bytes;
    weir_reader r;
    weir_arena arena;
    uint32_t numbers[8];
    open_world(&w);
    open_world(&again);
    uint32_t gone = take(&w, 1, "gone", 1), kept = take(&w, 2, "a text that is not held inline", 2);
    uint32_t second = take(&w, 3, NULL, 3);
    wr_event_chain(&w.pool, kept, second);
    wr_event_unref(&w.pool, gone);
    wr_writer_init(&bytes);
    wr_event_pool_save(&w.pool, numbers, &bytes);
    assert_int_equal(numbers[kept], 0);
    assert_int_equal(numbers[gone], WR_NO_EVENT);
    wr_arena_init(&arena, NULL);
    wr_reader_init(&r, bytes.buf.data, bytes.buf.len);
    assert_int_equal(wr_event_pool_load(&again.pool, &r, &arena, &err), WEIR_OK);
    wr_arena_fini(&arena);
    expect(&again.pool, numbers[kept], "a text that is not held inline", 2);
    expect(&again.pool, wr_event_nth(&again.pool, numbers[kept], 1), NULL, 3);
    wr_writer_fini(&bytes);
    close_world(&w);
    close_world(&again);
}

static void out_of_memory_loses_nothing(void **state) {
    (void)state;
    for (long n = 1; n < 6; n++) {
        world w;
        weir_error err = {0};
        uint32_t id, first;
        open_world(&w);
        first = take(&w, 1, "a text that is not held inline", 1);
        wr_alloc_fail_after(n);
        weir_status st = wr_event_take(&w.pool, &w.batch, 0, &id, &err);
        wr_alloc_fail_after(0);
        assert_true(st == WEIR_OK || st == WEIR_ENOMEM);
        assert_int_equal(w.pool.cells.n_live, st == WEIR_OK ? 2 : 1);
        expect(&w.pool, first, "a text that is not held inline", 1);
        close_world(&w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_keeps_the_columns_that_are_read),
        cmocka_unit_test(a_chain_lives_as_long_as_its_first_event),
        cmocka_unit_test(saved_events_come_back_under_new_numbers),
        cmocka_unit_test(out_of_memory_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
