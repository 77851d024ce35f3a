/* query_test.c: on-demand queries through the public interface, and what queries do to tables. */
#include "support.h"
#include "weir.h"

#define STREAMS                                                                                              \
    "@app:playback define stream Put (k string, v int); define stream U (k string, v int);"                  \
    "define stream D (k string, v int);"

typedef struct opened {
    weir_engine *engine;
    weir_app *app;
} opened;

static void open_app(opened *o, const char *text, bool queue, bool serial) {
    weir_error err = {0};
    weir_app_options options = {.struct_size = sizeof options, .queue = queue, .force_serial = serial};
    assert_int_equal(weir_engine_new(NULL, &o->engine, &err), WEIR_OK);
    weir_status st = weir_app_new(o->engine, text, strlen(text), &options, &o->app, NULL, &err);
    if (st != WEIR_OK) print_message("%s\n", err.message);
    assert_int_equal(st, WEIR_OK);
    assert_int_equal(weir_app_start(o->app, &err), WEIR_OK);
}

static void close_app(opened *o) {
    weir_app_free(o->app);
    weir_engine_free(o->engine);
}

static void send(opened *o, const char *stream, int64_t ts, const char *k, int v) {
    weir_error err = {0};
    weir_value values[] = {{.type = WEIR_STRING, .as.s = weir_string_view(k, (uint32_t)strlen(k))},
                           {.type = WEIR_INT, .as.i = v}};
    assert_int_equal(weir_send(o->app, weir_find_stream(o->app, stream), ts, values, 2, &err), WEIR_OK);
}

/* "a,1 b,2 ": the rows of an answer. */
static void print_rows(const weir_answer *a, char *text, size_t size) {
    const weir_batch *b = weir_answer_rows(a);
    *text = 0;
    for (uint32_t row = 0; row < b->n_rows; row++)
        for (uint32_t i = 0; i < b->n_cols; i++) {
            weir_value v = weir_column_value(&b->cols[i], row);
            char cell[64] = "null";
            if (!v.is_null && v.type == WEIR_STRING)
                snprintf(cell, sizeof cell, "%.*s", (int)v.as.s.len, weir_string_data(&v.as.s));
            else if (!v.is_null)
                snprintf(cell, sizeof cell, "%lld", (long long)(v.type == WEIR_INT ? v.as.i : v.as.l));
            size_t at = strlen(text);
            snprintf(text + at, size - at, "%s%c", cell, i + 1 < b->n_cols ? ',' : ' ');
        }
}

static weir_answer *ask(opened *o, const char *query) {
    weir_error err = {0};
    weir_answer *a = NULL;
    weir_status st = weir_query(o->app, query, strlen(query), &a, NULL, &err);
    if (st != WEIR_OK) print_message("%s: %s\n", query, err.message);
    assert_int_equal(st, WEIR_OK);
    return a;
}

static void expect(opened *o, const char *query, const char *expected) {
    static char text[65536];
    weir_answer *a = ask(o, query);
    print_rows(a, text, sizeof text);
    assert_string_equal(text, expected);
    weir_answer_free(a);
}

static void rows_have_names_types_and_values(void **state) {
    (void)state;
    opened o;
    open_app(&o, STREAMS "define table T (k string, v int); from Put insert into T;", false, false);
    send(&o, "Put", 1, "a", 1);
    send(&o, "Put", 2, "a name that is not held inline", 2);
    weir_answer *a = ask(&o, "from T select k, v + 1L as w order by w desc");
    const weir_stream_info *info = weir_answer_info(a);
    assert_int_equal(info->n_attributes, 2);
    assert_string_equal(info->attributes[0].name, "k");
    assert_int_equal(info->attributes[1].type, WEIR_LONG);
    weir_answer_free(ask(&o, "delete T on true"));
    close_app(&o); /* the answer is the caller's */
    char text[256];
    print_rows(a, text, sizeof text);
    assert_string_equal(text, "a name that is not held inline,3 a,2 ");
    weir_answer_free(a);
}

static void what_is_changed_is_counted(void **state) {
    (void)state;
    opened o;
    weir_changes n;
    open_app(&o, STREAMS "@PrimaryKey('k') define table T (k string, v int); from Put insert into T;", false,
             false);
    static const struct {
        const char *query;
        weir_changes changes;
    } rows[] = {{"select 'a' as k, 1 as v insert into T", {.inserted = 1}},
                {"select 'a' as k, 2 as v insert into T", {.refused = 1}},
                {"select 'b' as k, 2 as v update or insert into T on T.k == k", {.inserted = 1}},
                {"select 'b' as k, 3 as v update or insert into T on T.k == k", {.updated = 1}},
                {"update T set T.v = T.v + 10 on T.v < 100", {.updated = 2}},
                {"update T set T.k = 'a' on T.k == 'b'", {.refused = 1}},
                {"delete T on T.v > 100", {0}},
                {"delete T on T.k == 'a'", {.removed = 1}}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        weir_answer *a = ask(&o, rows[i].query);
        weir_answer_changes(a, &n);
        assert_memory_equal(&n, &rows[i].changes, sizeof n);
        assert_int_equal(weir_answer_rows(a)->n_rows, 0);
        weir_answer_free(a);
    }
    expect(&o, "from T", "b,13 ");
    close_app(&o);
}

static void a_prepared_query_sees_the_table_as_it_is(void **state) {
    (void)state;
    opened o;
    weir_error err;
    weir_prepared *q;
    char text[256];
    static const char query[] = "from T on v >= 2 select count() as n, sum(v) as s";
    open_app(&o, STREAMS "define table T (k string, v int); from Put insert into T;", true, false);
    assert_int_equal(weir_prepare(o.app, query, strlen(query), &q, NULL, &err), WEIR_OK);
    for (int i = 0; i < 4; i++) {
        weir_answer *a;
        send(&o, "Put", i, "k", i); /* queued: the query runs it first */
        assert_int_equal(weir_prepared_run(q, &a, &err), WEIR_OK);
        print_rows(a, text, sizeof text);
        assert_string_equal(text, i < 2 ? "" : i == 2 ? "1,2 " : "2,5 ");
        weir_answer_free(a);
    }
    weir_prepared_free(q);
    close_app(&o);
}

static void errors_are_placed_in_the_query(void **state) {
    (void)state;
    opened o;
    open_app(&o, STREAMS "define table Stock (k string, v int); from Put insert into Stock;", false, false);
    static const struct {
        const char *query, *message, *hint;
        weir_status status;
        uint32_t line, column;
    } rows[] = {
        {"from Stok select k", "there is no table 'Stok'", "did you mean 'Stock'?", WEIR_ENAME, 1, 6},
        {"from Put select k", "'Put' is a stream, not a table",
         "a stream holds no rows: insert them into a table and ask that", WEIR_ENAME, 1, 6},
        {"from Stock\nselect kk", "there is no attribute 'kk' in 'Stock'", NULL, WEIR_ENAME, 2, 8},
        {"from Stock on v > 'a' select k", "'>' can't compare int with string",
         "convert(x, 'double') makes a number of a string", WEIR_ETYPE, 1, 17},
        {"from Stock as s select s.k", "there is no 's' in this query",
         "an on-demand query knows it as 'Stock' only, as in Siddhi", WEIR_ENAME, 1, 24},
        {"from Stock selct k", NULL, "did you mean 'select'?", WEIR_EPARSE, 1, 12},
        {"delete Stock", "delete needs 'on'", "say which rows: delete T on T.k == 'a'", WEIR_EPARSE, 1, 1},
        {"update Stock set Stock.x = 1 on true", "table 'Stock' has no 'x'", "(k string, v int)", WEIR_ENAME,
         1, 18},
        {"select 1 as v insert into Put", "'Put' is a stream, not a table", NULL, WEIR_ENAME, 1, 27},
        {"", NULL, NULL, WEIR_EPARSE, 1, 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        weir_error err = {0};
        weir_answer *a = NULL;
        weir_report *report = NULL;
        assert_int_equal(weir_query(o.app, rows[i].query, strlen(rows[i].query), &a, &report, &err),
                         rows[i].status);
        assert_null(a);
        if (rows[i].message) assert_string_equal(err.message, rows[i].message);
        if (rows[i].hint) assert_string_equal(err.hint, rows[i].hint);
        assert_int_equal(err.line, rows[i].line);
        assert_int_equal(err.column, rows[i].column);
        assert_string_equal(err.source, "query");
        assert_int_equal(weir_report_count(report), 1);
        weir_report_free(report);
    }
    close_app(&o);
}

static void explain_names_the_index(void **state) {
    (void)state;
    opened o;
    weir_error err;
    open_app(&o,
             STREAMS "@PrimaryKey('k') @Index('v') define table T (k string, v int, w double);"
                     "from Put select k, v, 0.0 as w insert into T;",
             false, false);
    static const struct {
        const char *query, *part;
    } rows[] = {
        {"from T on k == 'a' and v > 1 select v",
         "reads T by the primary key: T.k == 'a', tests the rows found"},
        {"from T on v == 3 select k", "reads T by a hash index: T.v == 3"},
        {"from T on v > 3 and v <= 9L select k", "reads T by an ordered index: T.v > 3 and T.v <= 9L"},
        {"from T on w > 0.5 select k", "reads T by a scan of all rows"},
        {"from T select k", "reads T: all rows"},
        {"update T set T.w = 1.0 on T.v < 3", "finds rows by an ordered index: T.v < 3"},
        {"select 'a' as k, 1 as v, 1.0 as w update or insert into T on T.k == k",
         "takes the place of the row"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        weir_prepared *q;
        assert_int_equal(weir_prepare(o.app, rows[i].query, strlen(rows[i].query), &q, NULL, &err), WEIR_OK);
        char *text = weir_prepared_explain(q);
        if (!strstr(text, rows[i].part)) fail_msg("'%s' is not in\n%s", rows[i].part, text);
        weir_free(text);
        weir_prepared_free(q);
    }
    close_app(&o);
}

static void a_row_that_fails_fails_the_query(void **state) {
    (void)state;
    opened o;
    weir_error err;
    weir_answer *a;
    static const char query[] = "from T select cast(k, 'int') + 1 as n";
    open_app(&o, STREAMS "define table T (k string, v int); from Put insert into T;", false, false);
    expect(&o, query, "");
    send(&o, "Put", 1, "a", 1);
    assert_int_equal(weir_query(o.app, query, strlen(query), &a, NULL, &err), WEIR_EVALUE);
    assert_non_null(strstr(err.message, "cast"));
    expect(&o, "from T", "a,1 ");
    close_app(&o);
}

static weir_status asked_by_callback;

static void on_rows(void *ctx, const weir_stream_info *info, const weir_batch *b) {
    opened *o = ctx;
    weir_error err;
    weir_answer *a = NULL;
    (void)info, (void)b;
    asked_by_callback = weir_query(o->app, "from T", 6, &a, NULL, &err);
    weir_answer_free(a);
}

static void misuse_is_refused(void **state) {
    (void)state;
    opened o;
    weir_error err;
    weir_answer *a;
    static const char text[] =
        STREAMS "define table T (k string, v int); from Put insert into T; from U insert into O;";
    assert_int_equal(weir_engine_new(NULL, &o.engine, &err), WEIR_OK);
    assert_int_equal(weir_app_new(o.engine, text, strlen(text), NULL, &o.app, NULL, &err), WEIR_OK);
    assert_int_equal(weir_subscribe(o.app, "O", on_rows, &o, &err), WEIR_OK);
    assert_int_equal(weir_query(o.app, "from T", 6, &a, NULL, &err), WEIR_EUSAGE); /* not started */
    assert_int_equal(weir_app_start(o.app, &err), WEIR_OK);
    assert_int_equal(weir_query(NULL, "from T", 6, &a, NULL, &err), WEIR_EUSAGE);
    assert_int_equal(weir_query(o.app, NULL, 6, &a, NULL, &err), WEIR_EUSAGE);
    assert_int_equal(weir_query(o.app, "from T", 6, NULL, NULL, &err), WEIR_EUSAGE);
    assert_int_equal(weir_prepared_run(NULL, &a, &err), WEIR_EUSAGE);
    send(&o, "U", 1, "a", 1);
    assert_int_equal(asked_by_callback, WEIR_EUSAGE); /* inside a cycle */
    assert_null(weir_answer_info(NULL));
    weir_answer_free(NULL);
    weir_prepared_free(NULL);
    close_app(&o);
}

/* ---- Changes by queries: in batches, row by row, and with whatever index ---- */

static const char *const changes[] = {
    "from U update T set T.v = T.v + v on T.k == k;",
    "from U select k, v update or insert into T set T.v = T.v + v on T.k == k;",
    "from U select k, v update or insert into T set T.v = v on T.k == k and T.v < 50;",
    "from U delete T on T.k == k and T.v > v;",
    "from U update T set T.v = v on T.v >= v and T.v < 60;",
    "from U delete T on T.v > v and T.v <= 40;",
    "from U update T set T.k = k on T.v == v;",
    "from U select k, convert(sum(v), 'int') as v update or insert into T on T.k == k;",
    "from U#window.length(3) delete T for expired events on T.k == k;",
    "from U[v > 30] update T set T.v = T.v * 2, T.k = 'x' on T.v + 1 > v and not (T.k == k);"};

static void fill(opened *o) {
    static const char *const names[] = {"a", "b", "c", "d", "e with a long name, to be held outside"};
    char query[128];
    for (int i = 0; i < 40; i++) {
        snprintf(query, sizeof query, "select '%s%d' as k, %d as v insert into T", names[i % 5], i / 5,
                 i * 7 % 64);
        weir_answer_free(ask(o, query));
    }
}

static void run_changes(const char *table, const char *change, bool queue, bool serial, uint64_t seed,
                        char *text, size_t size) {
    static const char *const names[] = {"a", "b", "c", "d", "e with a long name, to be held outside"};
    char app[1024], key[64];
    opened o;
    test_random r = {seed};
    snprintf(app, sizeof app, STREAMS "%s define table T (k string, v int); %s", table, change);
    open_app(&o, app, queue, serial);
    fill(&o);
    for (int i = 0; i < 300; i++) {
        snprintf(key, sizeof key, "%s%u", names[test_below(&r, 5)], test_below(&r, 10));
        send(&o, "U", i, key, (int)test_below(&r, 64));
    }
    weir_answer *a = ask(&o, "from T select k, v order by k, v");
    print_rows(a, text, size);
    weir_answer_free(a);
    close_app(&o);
}

static void batches_indexes_and_single_rows_agree(void **state) {
    (void)state;
    static char expected[65536], got[65536];
    test_random r = test_seeded("changes of tables");
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        uint64_t seed = test_next(&r);
        run_changes("", changes[i], false, true, seed, expected, sizeof expected);
        static const char *const indexes[] = {"", "@Index('k')", "@Index('v')", "@Index('k') @Index('v')"};
        for (size_t x = 0; x < 4; x++)
            for (int queue = 0; queue < 2; queue++) {
                run_changes(indexes[x], changes[i], queue, false, seed, got, sizeof got);
                if (strcmp(got, expected) != 0) print_message("%s %s\n", indexes[x], changes[i]);
                assert_string_equal(got, expected);
            }
        run_changes("@PrimaryKey('k')", changes[i], false, true, seed, expected, sizeof expected);
        run_changes("@PrimaryKey('k')", changes[i], true, false, seed, got, sizeof got);
        assert_string_equal(got, expected);
    }
}

/* ---- Memory ---- */

static void out_of_memory_is_an_error_and_no_crash(void **state) {
    (void)state;
    weir_error err;
    opened o = {0};
    weir_engine_options eo = {.struct_size = sizeof eo, .memory_limit = 3u << 20};
    static const char text[] = STREAMS "define table T (k string, v int); from Put insert into T;";
    assert_int_equal(weir_engine_new(&eo, &o.engine, &err), WEIR_OK);
    assert_int_equal(weir_app_new(o.engine, text, strlen(text), NULL, &o.app, NULL, &err), WEIR_OK);
    assert_int_equal(weir_app_start(o.app, &err), WEIR_OK);
    weir_status st = WEIR_OK;
    for (int i = 0; i < 200000 && st == WEIR_OK; i++) {
        weir_answer *a = NULL;
        static const char query[] =
            "select 'a name that is not held inline at all' as k, 1 as v insert into T";
        st = weir_query(o.app, query, strlen(query), &a, NULL, &err);
        weir_answer_free(a);
    }
    assert_int_equal(st, WEIR_ENOMEM);
    close_app(&o);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_have_names_types_and_values),
                                       cmocka_unit_test(what_is_changed_is_counted),
                                       cmocka_unit_test(a_prepared_query_sees_the_table_as_it_is),
                                       cmocka_unit_test(errors_are_placed_in_the_query),
                                       cmocka_unit_test(a_row_that_fails_fails_the_query),
                                       cmocka_unit_test(explain_names_the_index),
                                       cmocka_unit_test(misuse_is_refused),
                                       cmocka_unit_test(batches_indexes_and_single_rows_agree),
                                       cmocka_unit_test(out_of_memory_is_an_error_and_no_crash)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
