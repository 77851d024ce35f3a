/* Groups against a naive map: keys are texts in an array, searched from end to end. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data/column.h"
#include "data/text.h"
#include "data/value.h"
#include "exec/groups.h"
#include "state/writer.h"

#define MOST_KEYS 4000u
#define MOST_ROWS 200u
#define FREE      "" /* no key prints as nothing: all end in a bar */

static uint64_t seed;
static uint32_t random_below(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % n);
}

/* ---- The model ----------------------------------------------------------------------------------------- */

typedef struct model {
    char key[MOST_KEYS][96]; /* by id; FREE: not in use */
    uint32_t limit, count;
} model;

static void print_key(const weir_value *values, uint32_t n, char *out, size_t size) {
    wr_buf text = WR_BUF_INIT;
    for (uint32_t i = 0; i < n; i++) {
        /* The null of a number is no text that a number could have. */
        wr_text_of_value(&text, &values[i]);
        wr_buf_putc(&text, '|');
    }
    snprintf(out, size, "%s", text.data);
    wr_buf_fini(&text);
}

/* Id of the key, or MOST_KEYS. */
static uint32_t model_find(const model *m, const char *key) {
    for (uint32_t id = 0; id < m->limit; id++)
        if (strcmp(m->key[id], key) == 0) return id;
    return MOST_KEYS;
}

/* The id that groups gave a key: the key's own, or one that was free. */
static bool model_accepts(model *m, const char *key, uint32_t id) {
    uint32_t known = model_find(m, key);
    if (known != MOST_KEYS) return known == id;
    if (id >= MOST_KEYS || id > m->limit || (id < m->limit && strcmp(m->key[id], FREE))) return false;
    snprintf(m->key[id], sizeof m->key[id], "%s", key);
    m->limit = id == m->limit ? id + 1 : m->limit;
    m->count++;
    return true;
}

static void model_tidy(model *m) {
    while (m->limit && strcmp(m->key[m->limit - 1], FREE) == 0) m->limit--;
}

/* ---- Random keys --------------------------------------------------------------------------------------- */

static weir_value random_key(weir_type type, uint32_t variety) {
    static char texts[MOST_ROWS * 4][64];
    static uint32_t next;
    int k = (int)random_below(variety) - (int)variety / 3;
    char *text = texts[next++ % (MOST_ROWS * 4)];
    if (random_below(12) == 0) return wr_value_null(type);
    switch (type) {
    case WEIR_INT: return wr_value_int(k);
    case WEIR_LONG: return wr_value_long(k * ((int64_t)1 << 33));
    case WEIR_FLOAT: return wr_value_float(k % 7 ? (float)k : k % 2 ? NAN : random_below(2) ? 0.0f : -0.0f);
    case WEIR_DOUBLE: return wr_value_double(k % 7 ? k * 0.5 : k % 2 ? -NAN : random_below(2) ? 0.0 : -0.0);
    case WEIR_BOOL: return wr_value_bool(k & 1);
    case WEIR_STRING:
        snprintf(text, 64, k % 5 == 0 ? "null" : k % 2 ? "%d" : "a longer text, beyond twelve bytes: %d", k);
        return wr_value_text(text);
    default: return wr_value_null(type);
    }
}

/* Relabelled values: an object that boxes an int or a text, which may print alike. */
static weir_value random_object(weir_arena *arena) {
    int k = (int)random_below(20);
    char text[32];
    snprintf(text, sizeof text, "%d", k);
    weir_value v = random_below(2) ? wr_value_int(k) : wr_value_text(text);
    if (random_below(9) == 0) return wr_value_null(WEIR_OBJECT);
    weir_object *o = weir_object_new_value(&v);
    assert_int_equal(weir_arena_own(arena, o), WEIR_OK);
    return wr_value_object(o);
}

/* ---- The run ------------------------------------------------------------------------------------------- */

typedef struct run {
    const wr_group_key *keys;
    uint32_t n_keys, variety;
    wr_account account;
    wr_groups *g;
    model m;
    weir_arena arena;
    unsigned wrong;
} run;

static void assign(run *r) {
    weir_column columns[4];
    uint32_t n = 1 + random_below(MOST_ROWS - 1), list[MOST_ROWS], n_list = 0, gid[MOST_ROWS];
    bool nulls = random_below(3) > 0;
    for (uint32_t k = 0; k < r->n_keys; k++)
        assert_int_equal(wr_column_new(&r->arena, r->keys[k].type, r->keys[k].boxed, n, true, &columns[k]),
                         WEIR_OK);
    static weir_value values[MOST_ROWS][4];
    for (uint32_t row = 0; row < n; row++) {
        for (uint32_t k = 0; k < r->n_keys; k++) {
            bool object = r->keys[k].boxed || r->keys[k].type == WEIR_OBJECT;
            do values[row][k] = object ? random_object(&r->arena) : random_key(r->keys[k].type, r->variety);
            while (values[row][k].is_null && !nulls);
            wr_column_set(&columns[k], row, &values[row][k]);
        }
        if (random_below(4)) list[n_list++] = row;
    }
    for (uint32_t k = 0; k < r->n_keys && !nulls; k++) columns[k].valid = NULL;
    bool all = random_below(2);
    wr_row_list rows = {.n = all ? n : n_list, .rows = all ? NULL : list};
    assert_int_equal(wr_groups_assign(r->g, columns, &rows, &r->arena, gid, NULL), WEIR_OK);
    for (uint32_t i = 0; i < rows.n; i++) {
        uint32_t row = wr_row_at(&rows, i);
        char key[96];
        print_key(values[row], r->n_keys, key, sizeof key);
        r->wrong += !model_accepts(&r->m, key, gid[row]);
    }
    wr_arena_reset(&r->arena);
}

static void drop_some(run *r) {
    uint32_t some = 1 + random_below(4);
    for (uint32_t id = 0; id < r->m.limit; id++) {
        if (strcmp(r->m.key[id], FREE) == 0 || random_below(some)) continue;
        assert_true(wr_groups_in_use(r->g, id));
        wr_groups_drop(r->g, id);
        r->m.key[id][0] = 0;
        r->m.count--;
    }
    if (random_below(2)) {
        wr_groups_tidy(r->g);
        model_tidy(&r->m);
    }
}

static void clear(run *r) {
    wr_groups_clear(r->g);
    memset(&r->m, 0, sizeof r->m);
}

static void save_and_load(run *r) {
    weir_writer w;
    weir_reader reader;
    wr_writer_init(&w);
    wr_groups_save(r->g, &w);
    assert_int_equal(wr_writer_status(&w, NULL), WEIR_OK);
    wr_groups_free(r->g);
    assert_int_equal(wr_groups_new(r->keys, r->n_keys, &r->account, &r->g, NULL), WEIR_OK);
    wr_reader_init(&reader, w.buf.data, w.buf.len);
    weir_error err = {0};
    if (wr_groups_load(r->g, &reader, &err)) fail_msg("%s", err.message);
    assert_int_equal(weir_reader_left(&reader), 0);
    wr_writer_fini(&w);
}

static unsigned compare(const wr_group_key *keys, uint32_t n_keys, uint32_t variety, uint64_t first_seed) {
    static run r;
    memset(&r, 0, sizeof r);
    r.keys = keys;
    r.n_keys = n_keys;
    r.variety = variety;
    seed = first_seed;
    wr_arena_init(&r.arena, NULL);
    assert_int_equal(wr_groups_new(keys, n_keys, &r.account, &r.g, NULL), WEIR_OK);
    for (int step = 0; step < 80; step++) {
        switch (random_below(8)) {
        case 0: drop_some(&r); break;
        case 1: save_and_load(&r); break;
        case 2:
            if (random_below(4) == 0) clear(&r);
            break;
        default:
            if (r.m.limit < MOST_KEYS - MOST_ROWS) assign(&r);
        }
        r.wrong += wr_groups_limit(r.g) != r.m.limit || wr_groups_count(r.g) != r.m.count;
    }
    wr_groups_free(r.g);
    wr_arena_fini(&r.arena);
    assert_int_equal(r.account.used_bytes, 0);
    return r.wrong;
}

static void one_key_of_each_type_agrees_with_the_map(void **state) {
    (void)state;
    for (weir_type t = WEIR_INT; t <= WEIR_OBJECT; t++) {
        wr_group_key key = {.type = t};
        for (uint32_t s = 0; s < 4; s++)
            if (compare(&key, 1, s % 2 ? 30 : 3000, 100 + s))
                fail_msg("%s, seed %u", weir_type_name(t), 100 + s);
    }
}

static void several_keys_agree_with_the_map(void **state) {
    (void)state;
    static const wr_group_key keys[] = {{WEIR_STRING, false}, {WEIR_INT, false}, {WEIR_BOOL, false},
                                        {WEIR_DOUBLE, false}, {WEIR_INT, true},  {WEIR_LONG, false}};
    for (uint32_t first = 0; first < 3; first++)
        for (uint32_t n = 2; n <= 4; n++)
            if (compare(keys + first, n, 6, first + n)) fail_msg("keys %u to %u", first, first + n - 1);
}

/* The comparison itself: a map that can't tell a key from another must show. */
static void a_key_that_prints_alike_but_differs_is_noticed(void **state) {
    (void)state;
    static model m;
    memset(&m, 0, sizeof m);
    assert_true(model_accepts(&m, "1|", 0));
    assert_true(model_accepts(&m, "2|", 1));
    assert_false(model_accepts(&m, "2|", 0));
    assert_false(model_accepts(&m, "3|", 1));
    assert_false(model_accepts(&m, "3|", 3));
}

static void ids_given_back_are_used_again_lowest_first(void **state) {
    (void)state;
    wr_group_key key = {.type = WEIR_INT};
    wr_groups *g;
    weir_arena arena;
    int32_t values[100];
    uint32_t gid[100];
    weir_column c = {.type = WEIR_INT, .data = values};
    wr_row_list rows = {.n = 100};
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_groups_new(&key, 1, NULL, &g, NULL), WEIR_OK);
    for (int i = 0; i < 100; i++) values[i] = i;
    assert_int_equal(wr_groups_assign(g, &c, &rows, &arena, gid, NULL), WEIR_OK);
    for (uint32_t id = 0; id < 100; id++)
        if (id != 5) wr_groups_drop(g, id);
    wr_groups_tidy(g);
    assert_int_equal(wr_groups_limit(g), 6);
    for (int i = 0; i < 3; i++) values[i] = 1000 + i;
    rows.n = 3;
    assert_int_equal(wr_groups_assign(g, &c, &rows, &arena, gid, NULL), WEIR_OK);
    for (uint32_t i = 0; i < 3; i++) assert_int_equal(gid[i], i);
    wr_groups_free(g);
    wr_arena_fini(&arena);
}

static void running_out_of_memory_is_reported_and_nothing_leaks(void **state) {
    (void)state;
    wr_group_key keys[2] = {{WEIR_STRING, false}, {WEIR_LONG, false}};
    char texts[64][40];
    weir_string strings[64];
    int64_t longs[64];
    uint32_t gid[64];
    for (int i = 0; i < 64; i++) {
        int len = snprintf(texts[i], sizeof texts[i], "a text of more than twelve %d", i);
        strings[i] = weir_string_view(texts[i], (uint32_t)len);
        longs[i] = i;
    }
    weir_column columns[2] = {{.type = WEIR_STRING, .data = strings}, {.type = WEIR_LONG, .data = longs}};
    wr_row_list rows = {.n = 64};
    for (long n = 1; n < 90; n++) {
        wr_account account = {0};
        wr_groups *g = NULL;
        weir_arena arena;
        wr_arena_init(&arena, NULL);
        wr_alloc_fail_after(n);
        weir_status made = wr_groups_new(keys, 2, &account, &g, NULL);
        weir_status status = g ? wr_groups_assign(g, columns, &rows, &arena, gid, NULL) : made;
        wr_alloc_fail_after(0);
        assert_true(status == WEIR_OK || status == WEIR_ENOMEM);
        if (g && status == WEIR_ENOMEM) { /* and it can go on */
            assert_int_equal(wr_groups_assign(g, columns, &rows, &arena, gid, NULL), WEIR_OK);
            for (uint32_t i = 1; i < 64; i++) assert_int_not_equal(gid[i], gid[i - 1]);
            assert_int_equal(wr_groups_count(g), 64);
        }
        wr_groups_free(g);
        wr_arena_fini(&arena);
        assert_int_equal(account.used_bytes, 0);
    }
}

static void damaged_state_is_refused(void **state) {
    (void)state;
    wr_group_key keys[2] = {{WEIR_INT, false}, {WEIR_STRING, false}};
    seed = 21;
    for (int i = 0; i < 2000; i++) {
        unsigned char bytes[100];
        size_t len = random_below(sizeof bytes);
        for (size_t k = 0; k < len; k++) bytes[k] = random_below(3) ? (unsigned char)random_below(8) : 0;
        weir_reader reader;
        wr_groups *g;
        assert_int_equal(wr_groups_new(keys, 1 + (uint32_t)i % 2, NULL, &g, NULL), WEIR_OK);
        wr_reader_init(&reader, bytes, len);
        weir_status status = wr_groups_load(g, &reader, NULL);
        assert_true(status == WEIR_OK || status == WEIR_ESTATE);
        wr_groups_free(g);
    }
}

static void the_memory_of_a_group_is_small(void **state) {
    (void)state;
    wr_group_key key = {.type = WEIR_INT};
    wr_account account = {0};
    weir_arena arena;
    wr_groups *g;
    uint32_t n = 100000;
    int32_t *values = malloc(n * sizeof *values);
    uint32_t *gid = malloc(n * sizeof *gid);
    weir_column c = {.type = WEIR_INT, .data = values};
    wr_row_list rows = {.n = n};
    for (uint32_t i = 0; i < n; i++) values[i] = (int32_t)(i * 2654435761u);
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_groups_new(&key, 1, &account, &g, NULL), WEIR_OK);
    assert_int_equal(wr_groups_assign(g, &c, &rows, &arena, gid, NULL), WEIR_OK);
    assert_int_equal(wr_groups_count(g), n);
    assert_true(account.used_bytes / n <= 4 + 32);
    wr_groups_free(g);
    wr_arena_fini(&arena);
    free(values);
    free(gid);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_key_of_each_type_agrees_with_the_map),
        cmocka_unit_test(several_keys_agree_with_the_map),
        cmocka_unit_test(a_key_that_prints_alike_but_differs_is_noticed),
        cmocka_unit_test(ids_given_back_are_used_again_lowest_first),
        cmocka_unit_test(running_out_of_memory_is_reported_and_nothing_leaks),
        cmocka_unit_test(damaged_state_is_refused),
        cmocka_unit_test(the_memory_of_a_group_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
