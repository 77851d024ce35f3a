/* The graph: receivers, topological order, and when batches keep Siddhi's order. */
#include "fakes.h"

#define A "define stream A (x int); "

static void expect_batched(const char *app) {
    planned a;
    const wr_plan *plan = plan_of(&a, app);
    if (plan->serial) fail_msg("serial: %s", plan->serial_reason);
    planned_fini(&a);
}

static void expect_serial(const char *app, const char *reason) {
    planned a;
    const wr_plan *plan = plan_of(&a, app);
    assert_true(plan->serial);
    assert_string_equal(plan->serial_reason, reason);
    planned_fini(&a);
}

static void receivers_stand_in_app_order(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan =
        plan_of(&a, A "from A[x > 1] select x insert into B; "
                      "from A#window.length(1) as l join A#window.length(1) as r on l.x == r.x "
                      "select l.x as x insert into C;");
    const wr_plan_stream *s = &plan->streams[0];
    assert_int_equal(s->n_receivers, 3);
    assert_int_equal(s->receivers[0].query, 0);
    assert_int_equal(s->receivers[1].query, 1);
    assert_int_equal(s->receivers[1].side, 0);
    assert_int_equal(s->receivers[2].side, 1);
    planned_fini(&a);
}

static void a_query_runs_after_those_that_feed_it(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, A "define stream B (x int); define stream C (x int); "
                                        "from C select x insert into D; from B select x insert into C; "
                                        "from A select x insert into B;");
    assert_false(plan->serial);
    assert_int_equal(plan->order[0], 2);
    assert_int_equal(plan->order[1], 1);
    assert_int_equal(plan->order[2], 0);
    assert_int_equal(plan->queries[2].order, 0);
    planned_fini(&a);
}

static void ranks_follow_the_queries(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, A "define trigger T at every 1 sec; "
                                        "from A#window.time(1 sec) as l join A#window.time(2 sec) as r "
                                        "select l.x as x insert into B; "
                                        "from A#window.time(3 sec) select x insert into C;");
    const wr_plan_query *q = plan->queries;
    assert_true(q[0].side[0].ops[0]->rank < q[0].side[1].ops[0]->rank);
    assert_true(q[0].select->rank < q[1].side[0].ops[0]->rank);
    assert_true(q[1].side[0].ops[0]->rank < plan->triggers[0].rank);
    assert_true(plan->triggers[0].rank < plan->n_ranks);
    planned_fini(&a);
}

static void producers_stand_in_depth_first_order(void **state) {
    (void)state;
    planned a;
    /* One event of A reaches T first through B (its first receiver), though that query is written last. */
    const wr_plan *plan = plan_of(&a, A "define stream B (x int); from A select x insert into B; "
                                        "from A select x insert into T; from B select x insert into T;");
    const wr_plan_stream *t = &plan->streams[wr_plan_find_stream(plan, "T")];
    assert_false(plan->serial);
    assert_int_equal(t->n_producers, 2);
    assert_int_equal(t->producers[0], 2);
    assert_int_equal(t->producers[1], 1);
    planned_fini(&a);
}

static void ordinary_shapes_run_in_batches(void **state) {
    (void)state;
    /* A chain; a fork; a union of two sources; a diamond; a window's rows split and joined again. */
    expect_batched(A "from A select x insert into B; from B select x insert into C;");
    expect_batched(A "from A[x > 1] select x insert into B; from A[x < 1] select x insert into C;");
    expect_batched(A
                   "define stream B (x int); from A select x insert into T; from B select x insert into T;");
    expect_batched(A "from A[x > 1] select x insert into T; from A[x < 1] select x insert into T; "
                     "from T#window.time(1 sec) select sum(x) as s insert into U;");
    expect_batched(A
                   "from A#window.time(1 sec) select x insert into W; from W[x > 1] select x insert into T; "
                   "from W[x < 1] select x insert into T;");
    expect_batched(A "define stream B (x int); from A#window.length(2) as a join B#window.length(2) as b "
                     "on a.x == b.x select a.x as x insert into T;");
    expect_batched(A "define stream B (x int); from A#window.length(2) as a join B#window.length(2) as b "
                     "on a.x == b.x select a.x as x insert into T; from T[x > 1] select x insert into U; "
                     "from T[x < 1] select x insert into U;");
    expect_batched(A "define table T (x int); from A insert into T;");
}

static void a_cycle_needs_single_rows(void **state) {
    (void)state;
    expect_serial(A "define stream B (x int); from A[x < 9] select x + 1 as x insert into B; "
                    "from B select x insert into A;",
                  "query 'query_1' reads what it causes itself (through 'B')");
    expect_serial(A "from A[x < 9] select x + 1 as x insert into A;",
                  "query 'query_1' reads what it causes itself (through 'A')");
}

static void a_table_written_and_read_needs_single_rows(void **state) {
    (void)state;
    expect_serial(A "define table T (x int); @info(name='fill') from A insert into T; "
                    "@info(name='look') from A[(T.x == x) in T] select x insert into B;",
                  "table 'T' is written by query 'fill' and read by query 'look'");
    expect_serial(A "define table T (x int); from A join T on A.x == T.x select A.x as x insert into B; "
                    "from B insert into T;",
                  "table 'T' is written by query 'query_2' and read by query 'query_1'");
    expect_serial(A "define table T (x int); from A insert into T; from A[x > 1] insert into T;",
                  "table 'T' is written by query 'query_1' and by query 'query_2'");
}

static void chunks_of_a_batch_window_that_meet_again_need_single_rows(void **state) {
    (void)state;
    expect_serial(A "from A#window.lengthBatch(2) select x insert into W; @info(name='hi') from W[x > 1] "
                    "select x insert into T; @info(name='lo') from W[x < 1] select x insert into T;",
                  "rows reach stream 'T' through queries 'hi' and 'lo' by turns");
    /* Two producers of W, and both of its readers write T. */
    expect_serial(A "from A select x insert into W; from A[x > 1] select x insert into W; "
                    "@info(name='hi') from W[x > 1] select x insert into T; "
                    "@info(name='lo') from W[x < 1] select x insert into T;",
                  "rows reach stream 'T' through queries 'hi' and 'lo' by turns");
}

static void sources_that_disagree_on_the_order_need_single_rows(void **state) {
    (void)state;
    expect_serial(
        A "define stream B (x int); define stream P (x int); define stream Q (x int); "
          "from A select x insert into P; from A select x insert into Q; "
          "from B select x insert into Q; from B select x insert into P; "
          "@info(name='p') from P select x insert into T; @info(name='q') from Q select x insert into T;",
        "rows reach stream 'T' through queries 'p' and 'q' by turns");
}

/* It puts out a chunk for each side of each row. */
static void a_stream_joined_with_itself_takes_turns(void **state) {
    (void)state;
    expect_batched(A "from A#window.length(1) as l join A#window.length(1) as r on l.x == r.x "
                     "select l.x as x insert into T; from T select x insert into U;");
    expect_serial(A "from A#window.length(1) as l join A#window.length(1) as r on l.x == r.x "
                    "select l.x as x insert into T; from T[x > 1] select x insert into U; "
                    "from T[x < 1] select x insert into U;",
                  "rows reach stream 'U' through queries 'query_2' and 'query_3' by turns");
}

static void a_join_takes_its_inputs_in_the_order_in_which_one_event_reaches_them(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(
        &a, A "define window W (x int) length(3); from A select x insert into R; from A insert into W; "
              "from R#window.length(1) as l join W as r on l.x == r.x select l.x as x insert into T;");
    const wr_plan_op *join = plan->queries[plan->n_queries - 1].merge;
    const uint8_t turn[] = {0, 2, 3, 1}; /* the left side, the content of W, and then W as the right side */
    assert_int_equal(join->n_in, 4);
    assert_memory_equal(join->u.join.turn, turn, sizeof turn);
    planned_fini(&a);
    expect_batched(A "from A select x insert into R; from A select x insert into L; "
                     "from L#window.length(1) join R#window.length(1) select L.x as x insert into T;");
}

static void a_join_whose_sides_take_turns_needs_single_rows(void **state) {
    (void)state;
    expect_serial(A
                  "from A select x insert into R; from A select x insert into L; from A select x insert into "
                  "R; @info(name='j') from L#window.length(1) join R#window.length(1) select L.x as x insert "
                  "into T;",
                  "rows of one event reach the sides of query 'j' by turns");
}

static void origins_are_kept_for_those_who_read_them(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, A "from A#window.lengthBatch(5) select x insert into B; "
                                        "from A#window.lengthBatch(5) select x insert into C; "
                                        "from C#window.time(1 sec) select x insert into D;");
    assert_false(plan->queries[0].side[0].ops[0]->needs_origin);
    assert_false(plan->queries[0].select->needs_origin);
    assert_true(plan->queries[1].side[0].ops[0]->needs_origin); /* a timed window reads C */
    assert_true(plan->queries[1].select->needs_origin);
    assert_false(plan->queries[2].select->needs_origin);
    planned_fini(&a);
    plan = plan_of(&a, A "from A#window.lengthBatch(5) select x insert into B; "
                         "from B#window.length(2) select x insert all events into C;");
    assert_true(plan->queries[0].select->needs_origin); /* expired rows bear the clock's time */
    planned_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(receivers_stand_in_app_order),
        cmocka_unit_test(a_query_runs_after_those_that_feed_it),
        cmocka_unit_test(ranks_follow_the_queries),
        cmocka_unit_test(producers_stand_in_depth_first_order),
        cmocka_unit_test(ordinary_shapes_run_in_batches),
        cmocka_unit_test(a_cycle_needs_single_rows),
        cmocka_unit_test(a_table_written_and_read_needs_single_rows),
        cmocka_unit_test(chunks_of_a_batch_window_that_meet_again_need_single_rows),
        cmocka_unit_test(sources_that_disagree_on_the_order_need_single_rows),
        cmocka_unit_test(a_stream_joined_with_itself_takes_turns),
        cmocka_unit_test(a_join_takes_its_inputs_in_the_order_in_which_one_event_reaches_them),
        cmocka_unit_test(a_join_whose_sides_take_turns_needs_single_rows),
        cmocka_unit_test(origins_are_kept_for_those_who_read_them)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
