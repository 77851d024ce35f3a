/* What the engine does around a window: which columns it stores, what it hands out, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/compiler.h"
#include "data/column.h"
#include "data/value.h"
#include "exec/window_op.h"
#include "registry/registry.h"
#include "state/writer.h"

enum { K, V, L, N_COLS };
static const wr_attr attrs[N_COLS] = {
    {"k", WEIR_STRING, false}, {"v", WEIR_INT, false}, {"l", WEIR_LONG, false}};

#define BOTH     (WR_NEED_CURRENT | WR_NEED_EXPIRED)
#define MOST     16u
#define LONG_KEY "a key that is longer than twelve bytes"

typedef struct fixture {
    wr_plan_op plan;
    weir_arg args[5];
    uint8_t need[N_COLS];
    wr_account account;
    wr_op *op;
    weir_arena arena;
    /* the cycle */
    uint64_t number;
    int64_t clock[MOST], ts[MOST], l[MOST];
    weir_string k[MOST];
    int32_t v[MOST];
    weir_column cols[N_COLS];
    weir_batch batch, out;
    weir_cycle cycle;
    wr_turn turn;
} fixture;

static const weir_window_type *find(const char *name) {
    for (const weir_window_type *const *t = wr_window_table; *t; t++)
        if (strcmp((*t)->name, name) == 0) return *t;
    fail_msg("no window %s", name);
    return NULL;
}

static weir_arg span(int64_t ms) {
    return (weir_arg){.type = WEIR_LONG, .is_const = true, .value = {.type = WEIR_LONG, .as.l = ms}};
}
static weir_arg number(int32_t n) {
    return (weir_arg){.type = WEIR_INT, .is_const = true, .value = {.type = WEIR_INT, .as.i = n}};
}
static weir_arg flag(bool b) {
    return (weir_arg){.type = WEIR_BOOL, .is_const = true, .value = {.type = WEIR_BOOL, .as.b = b}};
}
static weir_arg column(uint32_t c) {
    return (weir_arg){.type = attrs[c].type, .is_attribute = true, .column = c};
}

static void init(fixture *f, const char *window) {
    memset(f, 0, sizeof *f);
    wr_arena_init(&f->arena, NULL);
    f->plan = (wr_plan_op){.kind = WR_OP_WINDOW, .n_in = 1, .in = {N_COLS, attrs}, .out = {N_COLS, attrs}};
    f->plan.u.window = (wr_plan_window){.type = find(window), .need = f->need};
    f->plan.u.window.args = (weir_window_args){.args = f->args, .n_cols = N_COLS};
}

static void open_op(fixture *f) {
    weir_error err;
    weir_window_args *args = &f->plan.u.window.args;
    for (args->n_args = 0; args->n_args < 5 && f->args[args->n_args].type; args->n_args++)
        ;
    if (wr_op_new(&f->plan, &f->account, &f->op, &err) != WEIR_OK) fail_msg("%s", err.message);
}

static void fini(fixture *f) {
    wr_op_free(f->op);
    wr_arena_fini(&f->arena);
    assert_int_equal(f->account.used_bytes, 0);
}

/* Rows first..first+n-1 of a stream that has a row every 100 ms, numbered by v. */
static void make_rows(fixture *f, int32_t first, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        f->v[i] = first + (int32_t)i;
        f->clock[i] = f->ts[i] = f->l[i] = 1000 + 100 * (int64_t)f->v[i];
        f->k[i] = weir_string_view(LONG_KEY, sizeof LONG_KEY - 1 - (uint32_t)f->v[i] % 20);
    }
    f->cols[K] = (weir_column){.type = WEIR_STRING, .data = f->k};
    f->cols[V] = (weir_column){.type = WEIR_INT, .data = f->v};
    f->cols[L] = (weir_column){.type = WEIR_LONG, .data = f->l};
    f->batch =
        (weir_batch){.n_rows = n, .n_sel = n, .ts = f->ts, .n_cols = N_COLS, .cols = f->cols, .n_chunks = n};
    f->cycle = (weir_cycle){.number = ++f->number, .n_arrivals = n, .clock = f->clock};
}

static weir_status run(fixture *f) {
    weir_error err;
    f->turn =
        (wr_turn){.cycle = &f->cycle, .arena = &f->arena, .until = WEIR_ORIGIN(f->cycle.n_arrivals, 0, 0)};
    weir_status status =
        wr_op_process(f->op, &f->turn, (const weir_batch *const[2]){&f->batch, NULL}, &f->out, &err);
    if (status != WEIR_OK) print_message("%s\n", err.message);
    return status;
}

static void feed(fixture *f, int32_t first, uint32_t n) {
    make_rows(f, first, n);
    assert_int_equal(run(f), WEIR_OK);
}

static int32_t out_v(const fixture *f, uint32_t row) { return ((const int32_t *)f->out.cols[V].data)[row]; }

/* ---- Columns ---- */

static void columns_that_only_current_rows_need_are_not_stored(void **state) {
    (void)state;
    fixture f;
    init(&f, "length");
    f.args[0] = number(2);
    f.need[V] = BOTH;
    f.need[K] = WR_NEED_CURRENT;
    f.plan.u.window.args.expired_wanted = true;
    open_op(&f);
    feed(&f, 0, 4);
    assert_true(wr_row_store_has_column(wr_window_op_store(f.op), V));
    assert_false(wr_row_store_has_column(wr_window_op_store(f.op), K));
    static const int32_t want[] = {0, 1, 0, 2, 1, 3};
    static const uint8_t kinds[] = {0, 0, 1, 0, 1, 0};
    assert_int_equal(f.out.n_rows, 6);
    for (uint32_t i = 0; i < 6; i++) {
        weir_value k = wr_column_get(&f.out.cols[K], i);
        assert_int_equal(out_v(&f, i), want[i]);
        assert_int_equal(f.out.kind[i], kinds[i]);
        if (kinds[i] == WEIR_CURRENT) assert_int_equal(k.as.s.len, sizeof LONG_KEY - 1 - (uint32_t)want[i]);
        if (kinds[i] == WEIR_EXPIRED) assert_int_equal(k.as.s.len, 0);
    }
    assert_null(f.out.cols[L].data); /* nobody reads it */
    fini(&f);
}

static void current_rows_come_from_the_input_through_its_selection(void **state) {
    (void)state;
    fixture f;
    static const uint32_t sel[] = {1, 3, 4};
    static uint64_t valid[] = {~(uint64_t)0 & ~((uint64_t)1 << 3)};
    init(&f, "length");
    f.args[0] = number(1);
    f.need[V] = WR_NEED_CURRENT;
    f.need[L] = BOTH;
    f.plan.u.window.args.expired_wanted = true;
    open_op(&f);
    make_rows(&f, 0, 6);
    f.batch.sel = sel;
    f.batch.n_sel = 3;
    f.cols[V].valid = valid;
    assert_int_equal(run(&f), WEIR_OK);
    assert_int_equal(f.out.n_rows, 5);
    assert_int_equal(out_v(&f, 0), 1);
    assert_true(weir_is_null(&f.out.cols[V], 2));
    assert_false(weir_is_null(&f.out.cols[V], 4));
    assert_int_equal(out_v(&f, 4), 4);
    assert_int_equal(((const int64_t *)f.out.cols[L].data)[3], f.l[3]);
    fini(&f);
}

static void a_window_whose_rows_nobody_reads_later_copies_nothing(void **state) {
    (void)state;
    fixture f;
    init(&f, "time");
    f.args[0] = span(1000);
    f.need[V] = f.need[K] = WR_NEED_CURRENT;
    open_op(&f);
    feed(&f, 0, 5);
    assert_null(wr_window_op_store(f.op));
    assert_int_equal(f.out.n_rows, 5);
    assert_null(f.out.kind);
    assert_ptr_equal(f.out.cols[V].data, f.v);
    assert_ptr_equal(f.out.cols[K].data, f.k);
    assert_int_equal(f.op->type->due(f.op), INT64_MAX);
    fini(&f);
}

static void resets_have_no_values(void **state) {
    (void)state;
    fixture f;
    static uint64_t valid[] = {~(uint64_t)0 & ~(uint64_t)1}; /* the first row is null */
    init(&f, "lengthBatch");
    f.args[0] = number(2);
    f.need[V] = f.need[L] = BOTH;
    f.plan.u.window.args.expired_wanted = f.plan.u.window.args.reset_wanted = true;
    open_op(&f);
    make_rows(&f, 7, 2);
    f.cols[V].valid = valid;
    assert_int_equal(run(&f), WEIR_OK);
    assert_int_equal(f.out.n_rows, 3);
    assert_int_equal(f.out.kind[0], WEIR_RESET);
    assert_true(weir_is_null(&f.out.cols[V], 0));
    assert_true(weir_is_null(&f.out.cols[V], 1));
    assert_int_equal(out_v(&f, 2), 8);
    assert_null(f.out.cols[L].valid); /* never saw a null */
    assert_int_equal(((const int64_t *)f.out.cols[L].data)[0], 0);
    fini(&f);
}

static void replaced_timestamps_are_the_end_of_the_batch(void **state) {
    (void)state;
    fixture f;
    init(&f, "externalTimeBatch");
    f.args[0] = column(L);
    f.args[1] = span(250);
    f.args[2] = number(0);
    f.args[3] = number(0);
    f.args[4] = flag(true);
    f.need[V] = f.need[L] = WR_NEED_CURRENT;
    open_op(&f);
    feed(&f, 0, 6); /* at 1000, 1100, …, 1500 */
    assert_int_equal(f.out.n_rows, 5);
    static const int64_t want[] = {1250, 1250, 1250, 1500, 1500};
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(((const int64_t *)f.out.cols[L].data)[i], want[i]);
        assert_int_equal(f.out.ts[i], 1000 + 100 * (int64_t)i);
    }
    assert_int_equal(f.l[0], 1000); /* the input is as it was */
    fini(&f);
}

/* ---- How long things last ---- */

static void what_expired_stays_readable_until_the_cycle_ends(void **state) {
    (void)state;
    fixture f;
    init(&f, "length");
    f.args[0] = number(1);
    f.need[K] = BOTH;
    f.plan.u.window.args.expired_wanted = true;
    open_op(&f);
    enum { CALLS = 60 }; /* more than rows of a segment */
    weir_string expired[CALLS];
    for (int32_t i = 0; i < CALLS; i++) { /* call after call within one cycle, as serial driving does */
        make_rows(&f, i, 1);
        f.number = f.cycle.number = 1;
        char *key = wr_arena_strndup(&f.arena, LONG_KEY, sizeof LONG_KEY);
        key[0] = (char)('0' + i);
        f.k[0] = weir_string_view(key, sizeof LONG_KEY - 1);
        assert_int_equal(run(&f), WEIR_OK);
        if (i) expired[i] = ((const weir_string *)f.out.cols[K].data)[0];
    }
    for (int32_t i = 1; i < CALLS; i++) {
        const char *key = weir_string_data(&expired[i]);
        assert_ptr_not_equal(key, f.k[0].u.ptr); /* the store's, not the input's */
        assert_int_equal(key[0], '0' + i - 1);
        assert_memory_equal(key + 1, LONG_KEY + 1, sizeof LONG_KEY - 2);
    }
    size_t before = f.account.used_bytes;
    f.number = 1;
    feed(&f, CALLS, 1); /* the next cycle lets go of them */
    assert_true(f.account.used_bytes < before / 2);
    fini(&f);
}

/* ---- Searching ---- */

typedef struct found {
    weir_row_id ids[MOST];
    uint32_t n, most;
} found;

static bool visit(void *ctx, weir_row_id id) {
    found *f = ctx;
    f->ids[f->n++] = id;
    return f->n < f->most;
}

static void a_search_finds_the_rows_by_the_ids_they_went_out_with(void **state) {
    (void)state;
    static const char *const names[] = {"length", "time", "timeLength", "externalTime", "sort"};
    for (size_t t = 0; t < WR_COUNT(names); t++) {
        fixture f;
        found hits = {.most = MOST}, first = {.most = 1};
        init(&f, names[t]);
        f.args[0] = strcmp(names[t], "length") == 0 || strcmp(names[t], "sort") == 0 ? number(3) : span(250);
        if (strcmp(names[t], "timeLength") == 0) f.args[1] = number(9);
        if (strcmp(names[t], "sort") == 0) f.args[1] = column(V);
        if (strcmp(names[t], "externalTime") == 0) {
            f.args[1] = f.args[0];
            f.args[0] = column(L);
        }
        f.need[V] = BOTH | WR_NEED_WINDOW;
        f.need[L] = WR_NEED_WINDOW;
        f.plan.u.window.args.is_searched = true;
        open_op(&f);
        feed(&f, 0, 5);
        wr_window_op_content(f.op, visit, &hits);
        wr_window_op_content(f.op, visit, &first);
        assert_int_equal(hits.n, 3);
        assert_int_equal(first.n, 1);
        for (uint32_t i = 0; i < hits.n; i++) {
            uint32_t at = 0;
            while (f.out.row_id[at] != hits.ids[i] || f.out.kind[at] == WEIR_EXPIRED) at++;
            weir_value v = wr_row_store_value(wr_window_op_store(f.op), hits.ids[i], V);
            assert_int_equal(v.as.i, out_v(&f, at));
            assert_int_equal(v.as.i, strcmp(names[t], "sort") == 0 ? (int32_t)i : (int32_t)i + 2);
        }
        fini(&f);
    }
}

static void a_searched_batch_window_shows_its_last_batch(void **state) {
    (void)state;
    static const char *const names[] = {"lengthBatch", "timeBatch", "externalTimeBatch", "batch", "cron"};
    static const uint32_t want[] = {2, 2, 2, 1, 0};
    for (size_t t = 0; t < WR_COUNT(names); t++) {
        fixture f;
        found hits = {.most = MOST};
        init(&f, names[t]);
        if (t == 0) f.args[0] = number(2);
        if (t == 1) f.args[0] = span(200);
        if (t == 2) f.args[0] = column(L), f.args[1] = span(200);
        if (t == 4)
            f.args[0] =
                (weir_arg){.type = WEIR_STRING, .is_const = true, .value = wr_value_text("0 0 0 1 1 ?")};
        f.need[V] = BOTH;
        f.plan.u.window.args.is_searched = true;
        f.plan.u.window.args.expired_output = true;
        open_op(&f);
        feed(&f, 0, 5);
        wr_window_op_content(f.op, visit, &hits);
        assert_int_equal(hits.n, want[t]);
        for (uint32_t i = 0; i < hits.n; i++) {
            weir_value v = wr_row_store_value(wr_window_op_store(f.op), hits.ids[i], V);
            assert_int_equal(v.as.i, t == 3 ? 4 : 2 + (int32_t)i);
        }
        fini(&f);
    }
}

static void without_expired_rows_a_search_finds_every_batch_or_none(void **state) {
    (void)state;
    static const char *const names[] = {"lengthBatch", "timeBatch", "externalTimeBatch", "batch"};
    static const uint32_t want[] = {4, 4, 2, 0};
    for (size_t t = 0; t < WR_COUNT(names); t++) {
        fixture f;
        found hits = {.most = MOST};
        init(&f, names[t]);
        if (t == 0) f.args[0] = number(2);
        if (t == 1) f.args[0] = span(200);
        if (t == 2) f.args[0] = column(L), f.args[1] = span(200);
        f.need[V] = BOTH;
        f.plan.u.window.args.is_searched = true;
        open_op(&f);
        feed(&f, 0, 5);
        wr_window_op_content(f.op, visit, &hits);
        assert_int_equal(hits.n, want[t]);
        fini(&f);
    }
}

/* ---- The rest ---- */

static void a_failed_chunk_is_told_by_its_number_in_the_batch(void **state) {
    (void)state;
    fixture f;
    static const uint32_t sel[] = {2, 4, 5};
    static const uint32_t ends[] = {1, 2, 5, 6};
    static const weir_origin origins[] = {
        WEIR_ORIGIN(0, WEIR_PHASE_EVENT, 0), WEIR_ORIGIN(1, WEIR_PHASE_EVENT, 0),
        WEIR_ORIGIN(2, WEIR_PHASE_EVENT, 0), WEIR_ORIGIN(3, WEIR_PHASE_EVENT, 0)};
    static uint64_t valid[] = {~(uint64_t)0 & ~((uint64_t)1 << 5)};
    init(&f, "externalTime");
    f.args[0] = column(L);
    f.args[1] = span(250);
    f.need[V] = WR_NEED_CURRENT;
    f.need[L] = WR_NEED_WINDOW;
    open_op(&f);
    make_rows(&f, 0, 6);
    f.cycle.n_arrivals = 4;
    f.batch.sel = sel; /* the first two chunks are empty */
    f.batch.n_sel = 3;
    f.batch.chunk_end = ends;
    f.batch.origin = origins;
    f.batch.n_chunks = 4;
    f.cols[L].valid = valid;
    assert_int_equal(run(&f), WEIR_OK);
    assert_int_equal(f.turn.faults.n, 1);
    assert_int_equal(f.turn.faults.items[0].chunk, 3);
    assert_int_equal(f.turn.faults.items[0].origin, origins[3]);
    assert_int_equal(f.out.n_rows, 2);
    assert_int_equal(f.out.n_chunks, 1);
    fini(&f);
}

static void expired_rows_do_not_enter_a_window(void **state) {
    (void)state;
    fixture f;
    static const uint8_t kinds[] = {WEIR_CURRENT, WEIR_EXPIRED, WEIR_RESET, WEIR_CURRENT};
    init(&f, "length");
    f.args[0] = number(5);
    f.need[V] = BOTH;
    f.plan.u.window.args.expired_wanted = true;
    open_op(&f);
    make_rows(&f, 0, 4);
    f.batch.kind = kinds;
    assert_int_equal(run(&f), WEIR_OK);
    assert_int_equal(f.out.n_rows, 2);
    assert_int_equal(out_v(&f, 1), 3);
    assert_int_equal(f.op->type->rows(f.op), 2);
    fini(&f);
}

static void what_a_window_holds_itself_is_charged(void **state) {
    (void)state;
    fixture f;
    init(&f, "session");
    f.args[0] = span(1000000);
    f.args[1] = column(K);
    f.need[K] = WR_NEED_WINDOW;
    f.need[V] = BOTH;
    f.plan.u.window.args.expired_wanted = true;
    open_op(&f);
    size_t before = f.account.used_bytes;
    feed(&f, 0, 16);
    assert_true(f.account.used_bytes > before + 16 * sizeof LONG_KEY / 2); /* keys, sessions, timers */
    fini(&f);
}

static void a_window_says_what_it_can_hold(void **state) {
    (void)state;
    fixture f;
    char text[64];
    init(&f, "time");
    f.args[0] = span(600000);
    f.plan.u.window.args.expired_wanted = true;
    open_op(&f);
    wr_window_op_bound(f.op, text, sizeof text);
    assert_string_equal(text, "10 min of rows");
    fini(&f);
    init(&f, "sort");
    f.args[0] = number(5);
    f.args[1] = column(V);
    f.plan.u.window.args.expired_wanted = true;
    open_op(&f);
    wr_window_op_bound(f.op, text, sizeof text);
    assert_string_equal(text, "5 rows");
    fini(&f);
}

static void state_that_was_cut_off_is_refused(void **state) {
    (void)state;
    static const char *const names[] = {"length", "time", "session", "frequent", "sort"};
    for (size_t t = 0; t < WR_COUNT(names); t++) {
        fixture f;
        weir_writer w;
        init(&f, names[t]);
        f.args[0] = t == 1 || t == 2 ? span(100000) : number(4);
        if (t == 2 || t == 3) f.args[1] = column(K);
        if (t == 4) f.args[1] = column(V);
        f.need[K] = f.need[V] = BOTH | WR_NEED_WINDOW;
        f.plan.u.window.args.expired_wanted = true;
        open_op(&f);
        feed(&f, 0, 10);
        wr_writer_init(&w);
        f.op->type->save(f.op, &w);
        for (size_t len = 0; len < w.buf.len; len += 7) {
            weir_reader r;
            weir_error err;
            wr_op_free(f.op);
            open_op(&f);
            wr_reader_init(&r, w.buf.data, len);
            assert_int_not_equal(f.op->type->load(f.op, &r, &err), WEIR_OK);
        }
        wr_writer_fini(&w);
        fini(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_that_only_current_rows_need_are_not_stored),
        cmocka_unit_test(current_rows_come_from_the_input_through_its_selection),
        cmocka_unit_test(a_window_whose_rows_nobody_reads_later_copies_nothing),
        cmocka_unit_test(resets_have_no_values),
        cmocka_unit_test(replaced_timestamps_are_the_end_of_the_batch),
        cmocka_unit_test(what_expired_stays_readable_until_the_cycle_ends),
        cmocka_unit_test(a_search_finds_the_rows_by_the_ids_they_went_out_with),
        cmocka_unit_test(a_searched_batch_window_shows_its_last_batch),
        cmocka_unit_test(without_expired_rows_a_search_finds_every_batch_or_none),
        cmocka_unit_test(a_failed_chunk_is_told_by_its_number_in_the_batch),
        cmocka_unit_test(expired_rows_do_not_enter_a_window),
        cmocka_unit_test(what_a_window_holds_itself_is_charged),
        cmocka_unit_test(a_window_says_what_it_can_hold),
        cmocka_unit_test(state_that_was_cut_off_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
