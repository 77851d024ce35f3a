/* row_index_test.c: the index against a plain list of rows that is searched from end to end. */
#include <math.h>

#include "data/batch_builder.h"
#include "data/value.h"
#include "exec/row_index.h"
#include "support.h"

#define MOST_ROWS 600u

static const wr_attr attrs[] = {
    {.name = "i", .type = WEIR_INT}, {.name = "d", .type = WEIR_DOUBLE}, {.name = "s", .type = WEIR_STRING}};
static const wr_schema schema = {.n_attrs = 3, .attrs = attrs};

typedef struct row {
    weir_value v[3];
} row;

/* Rows in order of being added. */
typedef struct model {
    row rows[MOST_ROWS];
    uint32_t id[MOST_ROWS];
    uint32_t n;
} model;

typedef struct world {
    wr_row_store *store;
    wr_row_index *index;
    wr_batch_builder one; /* the row that is being added or asked for */
    uint32_t columns[3], n_columns;
    wr_index_kind kind;
    model m;
} world;

static const char *const texts[] = {"", "a", "b", "a text that is not held inline",
                                    "a text that is not held Inline"};

static row random_row(test_random *r, uint32_t spread) {
    static const double odd[] = {0.0, -0.0, NAN, 1.5};
    row x = {.v = {wr_value_int((int32_t)test_below(r, spread)), wr_value_double(odd[test_below(r, 4)]),
                   wr_value_text(texts[test_below(r, 5)])}};
    for (uint32_t c = 0; c < 3; c++)
        if (test_below(r, 12) == 0) x.v[c] = wr_value_null(attrs[c].type);
    return x;
}

static bool same_value(const weir_value *a, const weir_value *b, wr_index_kind kind) {
    if (a->is_null || b->is_null) return a->is_null && b->is_null && kind == WR_INDEX_IDENTITY;
    if (a->type == WEIR_INT) return a->as.i == b->as.i;
    if (a->type == WEIR_DOUBLE) return a->as.d == b->as.d;
    return weir_string_equal(&a->as.s, &b->as.s);
}

static bool same_key(const world *w, const row *a, const row *b) {
    for (uint32_t i = 0; i < w->n_columns; i++)
        if (!same_value(&a->v[w->columns[i]], &b->v[w->columns[i]], w->kind)) return false;
    return true;
}

static void open_world(world *w, const uint32_t *columns, uint32_t n, wr_index_kind kind) {
    weir_error err;
    memset(w, 0, sizeof *w);
    wr_row_store_options o = {.schema = &schema, .shape = WEIR_WINDOW_BAG};
    if (n) memcpy(w->columns, columns, n * sizeof *columns);
    w->n_columns = n;
    w->kind = kind;
    assert_int_equal(wr_row_store_new(&o, NULL, &w->store, &err), WEIR_OK);
    assert_int_equal(wr_row_index_new(w->store, columns, n, kind, NULL, &w->index, &err), WEIR_OK);
    assert_int_equal(wr_batch_builder_init(&w->one, &schema, NULL, &err), WEIR_OK);
}

static void close_world(world *w) {
    wr_batch_builder_fini(&w->one);
    wr_row_index_free(w->index);
    wr_row_store_free(w->store);
}

static void batch_of(world *w, const row *x, weir_batch *b) {
    weir_error err;
    wr_batch_builder_clear(&w->one);
    assert_int_equal(wr_batch_builder_append(&w->one, 1, x->v, 3, &err), WEIR_OK);
    assert_int_equal(wr_batch_builder_end_chunk(&w->one, 0, &err), WEIR_OK);
    wr_batch_builder_view(&w->one, b);
}

static void add(world *w, const row *x) {
    weir_error err;
    weir_batch b;
    weir_row_id first, id;
    batch_of(w, x, &b);
    assert_int_equal(wr_row_store_append(w->store, &b, &first, &id, &err), WEIR_OK);
    assert_int_equal(wr_row_index_add(w->index, id, &err), WEIR_OK);
    w->m.rows[w->m.n] = *x;
    w->m.id[w->m.n++] = (uint32_t)id;
}

static void take_out(world *w, uint32_t place) {
    wr_row_index_remove(w->index, w->m.id[place]);
    wr_row_store_release(w->store, w->m.id[place]);
    uint32_t after = --w->m.n - place;
    memmove(&w->m.rows[place], &w->m.rows[place + 1], after * sizeof *w->m.rows);
    memmove(&w->m.id[place], &w->m.id[place + 1], after * sizeof *w->m.id);
}

/* The index finds the rows that the model finds, in the same order. */
static bool agrees(world *w, const row *asked) {
    weir_batch b;
    weir_column keys[3];
    uint32_t hash;
    batch_of(w, asked, &b);
    for (uint32_t i = 0; i < w->n_columns; i++) keys[i] = b.cols[w->columns[i]];
    wr_row_index_hash(w->index, keys, &b, &hash);
    uint32_t id = wr_row_index_first(w->index, keys, 0, hash);
    for (uint32_t i = 0; i < w->m.n; i++) {
        if (!same_key(w, &w->m.rows[i], asked)) continue;
        if (id != w->m.id[i]) return false;
        id = wr_row_index_next(w->index, keys, 0, hash, id);
    }
    return id == WR_NO_SLOT;
}

static void check(const char *name, const uint32_t *columns, uint32_t n, wr_index_kind kind,
                  uint32_t spread) {
    static world w;
    test_random r = test_seeded(name);
    open_world(&w, columns, n, kind);
    for (int step = 0; step < 4000; step++) {
        /* it grows, shrinks to nothing, and grows again: slots and links are used again */
        bool growing = step / 700 % 2 == 0;
        row x = random_row(&r, spread);
        if (w.m.n < MOST_ROWS && (w.m.n == 0 || test_below(&r, 4) < (growing ? 3u : 1u)))
            add(&w, &x);
        else
            take_out(&w, test_below(&r, w.m.n));
        row asked = w.m.n && test_below(&r, 2) ? w.m.rows[test_below(&r, w.m.n)] : random_row(&r, spread);
        if (!agrees(&w, &asked)) fail_msg("%s: step %d", name, step);
    }
    close_world(&w);
}

static void one_key_finds_what_a_search_finds(void **state) {
    (void)state;
    check("few ints", (const uint32_t[]){0}, 1, WR_INDEX_EQUALITY, 5);
    check("many ints", (const uint32_t[]){0}, 1, WR_INDEX_EQUALITY, 100000);
    check("doubles", (const uint32_t[]){1}, 1, WR_INDEX_EQUALITY, 1);
    check("texts", (const uint32_t[]){2}, 1, WR_INDEX_EQUALITY, 1);
}

static void several_keys_must_all_be_equal(void **state) {
    (void)state;
    check("three", (const uint32_t[]){2, 0, 1}, 3, WR_INDEX_EQUALITY, 3);
}

static void without_keys_every_row_is_found_in_order(void **state) {
    (void)state;
    check("none", NULL, 0, WR_INDEX_EQUALITY, 9);
}

static void a_primary_key_takes_null_for_a_value(void **state) {
    (void)state;
    check("identity", (const uint32_t[]){0, 2}, 2, WR_INDEX_IDENTITY, 4);
}

static void null_and_nan_are_never_found_and_zeros_are_equal(void **state) {
    (void)state;
    static world w;
    open_world(&w, (const uint32_t[]){1}, 1, WR_INDEX_EQUALITY);
    row zero = {.v = {wr_value_int(1), wr_value_double(-0.0), wr_value_text("x")}}, plus = zero, nan = zero,
        null = zero;
    plus.v[1] = wr_value_double(0.0);
    nan.v[1] = wr_value_double(NAN);
    null.v[1] = wr_value_null(WEIR_DOUBLE);
    add(&w, &nan);
    add(&w, &null);
    add(&w, &zero);
    weir_batch b;
    uint32_t hash;
    batch_of(&w, &plus, &b);
    wr_row_index_hash(w.index, &b.cols[1], &b, &hash);
    assert_int_equal(wr_row_index_first(w.index, &b.cols[1], 0, hash), w.m.id[2]);
    batch_of(&w, &nan, &b);
    wr_row_index_hash(w.index, &b.cols[1], &b, &hash);
    assert_int_equal(hash, WR_NO_HASH);
    batch_of(&w, &null, &b);
    wr_row_index_hash(w.index, &b.cols[1], &b, &hash);
    assert_int_equal(hash, WR_NO_HASH);
    take_out(&w, 0); /* rows that are never found can be taken out all the same */
    take_out(&w, 0);
    close_world(&w);
}

static void a_row_added_twice_is_refused(void **state) {
    (void)state;
    static world w;
    weir_error err;
    open_world(&w, (const uint32_t[]){0}, 1, WR_INDEX_EQUALITY);
    test_random r = {7};
    row x = random_row(&r, 3);
    add(&w, &x);
    assert_int_equal(wr_row_index_add(w.index, w.m.id[0], &err), WEIR_ESTATE);
    close_world(&w);
}

/* The comparison would see a row that was left in the index, one that was lost, and a wrong order. */
static void planted_faults_are_noticed(void **state) {
    (void)state;
    static world w;
    open_world(&w, (const uint32_t[]){0}, 1, WR_INDEX_EQUALITY);
    row x = {.v = {wr_value_int(1), wr_value_double(1), wr_value_text("x")}};
    for (int i = 0; i < 3; i++) add(&w, &x);
    assert_true(agrees(&w, &x));
    w.m.n--;
    assert_false(agrees(&w, &x));
    w.m.n++;
    uint32_t first = w.m.id[0];
    w.m.id[0] = w.m.id[1];
    w.m.id[1] = first;
    assert_false(agrees(&w, &x));
    w.m.id[1] = w.m.id[0];
    w.m.id[0] = first;
    wr_row_index_remove(w.index, first);
    assert_false(agrees(&w, &x));
    close_world(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_key_finds_what_a_search_finds),
        cmocka_unit_test(several_keys_must_all_be_equal),
        cmocka_unit_test(without_keys_every_row_is_found_in_order),
        cmocka_unit_test(a_primary_key_takes_null_for_a_value),
        cmocka_unit_test(null_and_nan_are_never_found_and_zeros_are_equal),
        cmocka_unit_test(a_row_added_twice_is_refused),
        cmocka_unit_test(planted_faults_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
