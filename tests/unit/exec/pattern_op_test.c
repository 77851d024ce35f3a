/* pattern_op_test.c: patterns and sequences: what comes out, in which chunks, and what is held meanwhile. D
 * counts and sums over O, so it has a row for each chunk of O. The answers are Siddhi's own; tests/cases has
 * many more. */
#include "app_script.h"

#define STREAMS                                                                                              \
    "@app:playback define stream A (k int, v int); define stream B (k int, v int); define stream T (n "      \
    "int); "
#define COUNT " from O select count() as n, sum(a) as s insert into D;"

static void one_event_completes_all_that_wait_oldest_first(void **state) {
    (void)state;
    script_expect(STREAMS "from every e1=A -> e2=B select e1.v as a, e2.v as b insert into O;" COUNT,
                  "A@1000 1,1; A@1010 1,2; B@1020 1,10; B@1030 1,20; A@1040 1,3; B@1050 1,30",
                  "O 1020(1,10) 1020(2,10) 1050(3,30)", "D 1020(1,1) 1020(2,3) 1050(3,6)");
}

static void rows_of_a_stream_with_two_steps_are_one_chunk(void **state) {
    (void)state;
    script_expect(STREAMS
                  "from every e1=A[v > 5] -> e2=A[v <= 5] select e1.v as a, e2.v as b insert into O;" COUNT,
                  "A@1000 1,6; A@1010 1,7; A@1020 1,1", "O 1020(6,1) 1020(7,1)", "D 1020(2,13)");
}

static void keys_and_comparisons_choose_among_those_that_wait(void **state) {
    (void)state;
    script_expect(
        STREAMS "from every e1=A -> e2=B[k == e1.k and v > e1.v] select e1.v as a, e2.v as b insert into O;",
        "A@1000 1,5; A@1010 2,5; A@1020 1,7; A@1030 null,1; B@1040 1,6; B@1050 null,9; B@1060 2,4; B@1070 "
        "1,8",
        "O 1040(5,6) 1070(7,8)", NULL);
}

static void a_match_that_runs_out_of_time_is_given_up(void **state) {
    (void)state;
    const char *app =
        STREAMS "from every e1=A -> e2=B within 1 sec select e1.v as a, e2.v as b insert into O;";
    script_expect(app, "A@1000 1,1; A@1500 1,2; B@2000 1,10; A@3000 1,3; B@4001 1,20",
                  "O 2000(1,10) 2000(2,10)", NULL);
    /* An event that comes late can be too old as well. */
    script_expect(app, "A@5000 1,1; B@3999 1,7; B@5100 1,8", "O", NULL);
}

static void without_every_a_pattern_is_over_after_its_match(void **state) {
    (void)state;
    script_expect(STREAMS "from e1=A -> e2=B select e1.v as a, e2.v as b insert into O;",
                  "A@1000 1,1; A@1010 1,2; B@1020 1,10; A@1030 1,3; B@1040 1,20", "O 1020(1,10)", NULL);
}

static void counted_steps_collect_until_the_next_one_matches(void **state) {
    (void)state;
    script_expect(
        STREAMS
        "from every e1=A<2:3> -> e2=B select e1[0].v as a, e1[last].v as b, e1[2].v as c insert into O;",
        "A@1000 1,1; A@1010 1,2; A@1020 1,3; A@1030 1,4; B@1040 1,9", "O 1040(1,3,3) 1040(3,4,null)", NULL);
}

static void a_wait_ends_at_its_own_time(void **state) {
    (void)state;
    script_expect(STREAMS "from every e1=A -> not B[k == e1.k] for 1 sec select e1.v as a insert into O;",
                  "A@1000 1,1; A@1100 2,2; B@1500 1,0; A@1600 3,3; T@9000 1", "O 2100(2) 2600(3)", NULL);
    script_expect(STREAMS "from every not A for 1 sec select 1 as a insert into O;", "A@2500 1,1; T@4000 1",
                  "O 1000(1) 2000(1) 3500(1)", NULL);
}

static void a_sequence_breaks_at_an_event_that_does_not_fit(void **state) {
    (void)state;
    script_expect(
        STREAMS "from every e1=A, e2=A[v > e1.v], e3=A[v > e2.v] select e1.v as a, e3.v as b insert into O;",
        "A@1000 1,1 1,2 1,3 1,4; A@1010 1,2; A@1020 1,5; A@1030 1,9", "O 1000(1,3) 1000(2,4) 1030(2,9)",
        NULL);
    script_expect(STREAMS
                  "from every e1=A+, e2=B select e1[0].v as a, e1[last].v as b, e2.v as c insert into O;",
                  "A@1000 1,1; A@1010 1,2; A@1020 1,3; B@1030 1,10; B@1040 1,20", "O 1030(1,3,10)", NULL);
}

/* ---- Memory ---- */

typedef struct held {
    uint64_t rows, bytes;
} held;

static void see_pattern(void *ctx, const weir_stat *stat) {
    held *h = ctx;
    if (strcmp(stat->kind, "operator") || strncmp(stat->label, "pattern", 7)) return;
    h->rows = stat->state_rows;
    h->bytes = stat->state_bytes;
}

static weir_app *open_app(weir_engine *engine, const char *text) {
    weir_error err = {0};
    weir_app *app;
    weir_app_options o = {.struct_size = sizeof o, .no_io = true};
    if (weir_app_new(engine, text, strlen(text), &o, &app, NULL, &err)) fail_msg("%s", err.message);
    assert_int_equal(weir_app_start(app, &err), WEIR_OK);
    return app;
}

static void send(weir_app *app, const char *name, int64_t ts, int k, int v) {
    weir_error err = {0};
    weir_value values[2] = {wr_value_int(k), wr_value_int(v)};
    if (weir_send(app, weir_find_stream(app, name), ts, values, 2, &err)) fail_msg("%s", err.message);
}

static void what_is_over_is_given_back(void **state) {
    (void)state;
    weir_error err = {0};
    weir_engine *engine;
    held most = {0, 0}, end = {0, 0};
    assert_int_equal(weir_engine_new(NULL, &engine, &err), WEIR_OK);
    weir_app *app =
        open_app(engine, STREAMS "from every e1=A -> e2=B[k == e1.k] or e3=B[v == e1.v] within 1 sec "
                                 "select e1.v as a insert into O;");
    for (int i = 0; i < 5000; i++) {
        send(app, "A", 1000 + i, i, i);
        if (i % 3 == 0) send(app, "B", 1000 + i, i - 5, -1);
    }
    assert_int_equal(weir_flush(app, &err), WEIR_OK);
    weir_app_visit_stats(app, see_pattern, &most);
    assert_in_range(most.rows, 500, 1100);
    send(app, "B", 100000, -1, -1);
    assert_int_equal(weir_flush(app, &err), WEIR_OK);
    weir_app_visit_stats(app, see_pattern, &end);
    assert_true(end.rows <= 1); /* the one that waits for a first event */
    weir_app_free(app);
    weir_engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_event_completes_all_that_wait_oldest_first),
        cmocka_unit_test(rows_of_a_stream_with_two_steps_are_one_chunk),
        cmocka_unit_test(keys_and_comparisons_choose_among_those_that_wait),
        cmocka_unit_test(a_match_that_runs_out_of_time_is_given_up),
        cmocka_unit_test(without_every_a_pattern_is_over_after_its_match),
        cmocka_unit_test(counted_steps_collect_until_the_next_one_matches),
        cmocka_unit_test(a_wait_ends_at_its_own_time),
        cmocka_unit_test(a_sequence_breaks_at_an_event_that_does_not_fit),
        cmocka_unit_test(what_is_over_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
