/* table_test.c: what a table takes, what it refuses, and how it comes back from saved state. */
#include "data/batch_builder.h"
#include "data/value.h"
#include "exec/change.h"
#include "exec/table.h"
#include "state/writer.h"
#include "support.h"

static const wr_attr attrs[] = {{.name = "k", .type = WEIR_STRING}, {.name = "v", .type = WEIR_INT}};
static uint32_t key_column[] = {0};
static const wr_plan_table keyed = {
    .name = "T", .schema = {.n_attrs = 2, .attrs = attrs}, .key = key_column, .n_key = 1};
static const wr_plan_table free_for_all = {.name = "T", .schema = {.n_attrs = 2, .attrs = attrs}};

static wr_table *new_table(const wr_plan_table *plan) {
    wr_table *t;
    weir_error err;
    assert_int_equal(wr_table_new(plan, NULL, &t, &err), WEIR_OK);
    return t;
}

/* Inserts "a=1 b=2 *=3" (a star: a null key); kinds by row, or NULL. Returns how many rows were refused. */
static uint64_t insert(wr_table *t, const char *rows, const uint8_t *kinds) {
    wr_batch_builder builder;
    weir_arena arena;
    weir_error err;
    weir_batch b;
    char name[32];
    int value, used;
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_batch_builder_init(&builder, &wr_table_plan(t)->schema, NULL, &err), WEIR_OK);
    for (; sscanf(rows, " %31[^=]=%d%n", name, &value, &used) == 2; rows += used) {
        weir_value v[2] = {*name == '*' ? wr_value_null(WEIR_STRING) : wr_value_text(name),
                           wr_value_int(value)};
        assert_int_equal(wr_batch_builder_append(&builder, value, v, 2, &err), WEIR_OK);
    }
    assert_int_equal(wr_batch_builder_end_chunk(&builder, 0, &err), WEIR_OK);
    wr_batch_builder_view(&builder, &b);
    b.kind = kinds;
    const wr_plan_change plan = {.kind = WR_CHANGE_INSERT};
    wr_change *change;
    wr_turn turn = {.arena = &arena, .tables = &t};
    assert_int_equal(wr_change_new(&plan, &wr_table_plan(t)->schema, NULL, &change, &err), WEIR_OK);
    assert_int_equal(wr_change_apply(change, &turn, &b, &err), WEIR_OK);
    uint64_t refused = wr_change_get_counts(change)->refused;
    wr_change_free(change);
    wr_batch_builder_fini(&builder); /* the table has copied what it keeps */
    wr_arena_fini(&arena);
    return refused;
}

/* Values of v, by way of an index over so many columns, asked for key `name`. */
static void expect_found(wr_table *t, uint32_t n_columns, const char *name, const char *expected) {
    const wr_row_index *index;
    weir_error err;
    char got[256] = "";
    weir_value asked = *name == '*' ? wr_value_null(WEIR_STRING) : wr_value_text(name);
    weir_column key = {.type = WEIR_STRING, .data = &asked.as.s};
    uint64_t valid = !asked.is_null;
    key.valid = &valid;
    weir_batch b = {.n_rows = 1, .n_sel = 1, .n_cols = 1, .cols = &key, .n_chunks = 1};
    uint32_t hash;
    assert_int_equal(wr_table_index(t, key_column, n_columns, &index, &err), WEIR_OK);
    wr_row_index_hash(index, &key, &b, &hash);
    for (uint32_t id = wr_row_index_first(index, &key, 0, hash); id != WR_NO_SLOT;
         id = wr_row_index_next(index, &key, 0, hash, id))
        snprintf(got + strlen(got), sizeof got - strlen(got), "%d ",
                 wr_row_store_value(wr_table_rows(t), id, 1).as.i);
    assert_string_equal(got, expected);
}

static void rows_are_found_in_order_of_insertion(void **state) {
    (void)state;
    wr_table *t = new_table(&free_for_all);
    assert_int_equal(insert(t, "a=1 b=2 a=3", NULL), 0);
    expect_found(t, 1, "a", "1 3 "); /* the index is made now, and kept up from here on */
    assert_int_equal(insert(t, "a=4 a_name_that_is_not_held_inline=5", NULL), 0);
    expect_found(t, 1, "a", "1 3 4 ");
    expect_found(t, 1, "a_name_that_is_not_held_inline", "5 ");
    expect_found(t, 1, "c", "");
    expect_found(t, 0, "a", "1 2 3 4 5 ");
    assert_int_equal(wr_table_count(t), 5);
    wr_table_free(t);
}

static void a_primary_key_keeps_the_first_row(void **state) {
    (void)state;
    wr_table *t = new_table(&keyed);
    assert_int_equal(insert(t, "a=1 b=2 a=3", NULL), 1);
    assert_int_equal(insert(t, "b=4 c=5 c=6 *=7 *=8", NULL), 3);
    expect_found(t, 0, "a", "1 2 5 7 ");
    expect_found(t, 1, "a", "1 ");
    expect_found(t, 1, "c", "5 ");
    assert_int_equal(wr_table_count(t), 4);
    wr_table_free(t);
}

static void resets_are_no_rows_and_expired_rows_are(void **state) {
    (void)state;
    wr_table *t = new_table(&keyed);
    static const uint8_t kinds[] = {WEIR_CURRENT, WEIR_RESET, WEIR_EXPIRED};
    assert_int_equal(insert(t, "a=1 b=2 c=3", kinds), 0);
    expect_found(t, 0, "a", "1 3 ");
    wr_table_free(t);
}

static void save(const wr_table *t, weir_writer *w) {
    weir_error err;
    wr_writer_init(w);
    wr_table_save(t, w);
    assert_int_equal(wr_writer_status(w, &err), WEIR_OK);
}

static void a_table_comes_back_with_its_order_its_key_and_its_indexes(void **state) {
    (void)state;
    wr_table *t = new_table(&keyed), *back = new_table(&keyed);
    weir_writer w;
    weir_reader r;
    weir_error err;
    insert(t, "a=1 b=2 a=9 a_name_that_is_not_held_inline=3", NULL);
    insert(t, "*=4 b=9 d=5", NULL);
    save(t, &w);
    expect_found(back, 1, "a", ""); /* an index that is there before the rows are */
    wr_reader_init(&r, w.buf.data, w.buf.len);
    assert_int_equal(wr_table_load(back, &r, &err), WEIR_OK);
    assert_int_equal(weir_reader_left(&r), 0);
    expect_found(back, 0, "a", "1 2 3 4 5 ");
    expect_found(back, 1, "a_name_that_is_not_held_inline", "3 ");
    assert_int_equal(insert(back, "b=7 e=6", NULL), 1);
    expect_found(back, 0, "a", "1 2 3 4 5 6 ");
    wr_writer_fini(&w);
    wr_table_free(t);
    wr_table_free(back);
}

static void damaged_state_is_refused(void **state) {
    (void)state;
    wr_table *t = new_table(&keyed);
    weir_writer w;
    insert(t, "a=1 b=2 c=3", NULL);
    save(t, &w);
    for (size_t cut = 0; cut < w.buf.len; cut++) {
        weir_error err;
        weir_reader r;
        wr_table *back = new_table(&keyed);
        wr_reader_init(&r, w.buf.data, cut);
        assert_int_not_equal(wr_table_load(back, &r, &err), WEIR_OK);
        wr_table_free(back);
    }
    /* An order that names a row twice. */
    weir_error err;
    weir_reader r;
    wr_table *back = new_table(&keyed);
    memcpy(w.buf.data + w.buf.len - 4, w.buf.data + w.buf.len - 8, 4);
    wr_reader_init(&r, w.buf.data, w.buf.len);
    assert_int_equal(wr_table_load(back, &r, &err), WEIR_ESTATE);
    wr_table_free(back);
    wr_writer_fini(&w);
    wr_table_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found_in_order_of_insertion),
        cmocka_unit_test(a_primary_key_keeps_the_first_row),
        cmocka_unit_test(resets_are_no_rows_and_expired_rows_are),
        cmocka_unit_test(a_table_comes_back_with_its_order_its_key_and_its_indexes),
        cmocka_unit_test(damaged_state_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
