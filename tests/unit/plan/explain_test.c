#include "fakes.h"

static const char *explained(planned *a, const char *app) {
    const wr_plan *plan = plan_of(a, app);
    wr_plan_explain(plan, &a->text);
    assert_false(a->text.failed);
    return a->text.data;
}

static void tells_streams_operators_and_what_a_row_costs(void **state) {
    (void)state;
    planned a;
    const char *text =
        explained(&a, "@app:name('Wind') @app:playback define stream S (k string, v int, d double); "
                      "@info(name='avg') from S[v > 1]#window.time(10 min) "
                      "select k, sum(v) as s group by k having s > 5 insert into O;");
    assert_string_equal(text, "app Wind\n"
                              "  clock: the events' own time\n"
                              "\n"
                              "streams\n"
                              "  S (k string, v int, d double)\n"
                              "    read by avg\n"
                              "  O (k string, s long)\n"
                              "    written by avg\n"
                              "\n"
                              "logical plan\n"
                              "  avg\n"
                              "    from S\n"
                              "      filter [v > 1]\n"
                              "      window.time(10 min)\n"
                              "    select k, sum(v) as s group by k having s > 5\n"
                              "    insert current events into O\n"
                              "\n"
                              "physical plan\n"
                              "  in batches, in this order: avg\n"
                              "  avg: S -> O\n"
                              "    #0 filter [v > 1]\n"
                              "      keeps (v > 1)\n"
                              "    #1 window.time(10 min)\n"
                              "      stores the time, k string, v int: 28 bytes a row\n"
                              "      gives back expired rows\n"
                              "    #2 select k, sum(v) as s group by k having s > 5\n"
                              "      groups by k (a group goes with its last row)\n"
                              "      aggregates $0 = sum(v)\n"
                              "      having (s > 5L)\n"
                              "      puts out the last row of each group in a chunk\n");
    planned_fini(&a);
}

static void masks_what_looks_secret(void **state) {
    (void)state;
    planned a;
    const char *text =
        explained(&a, "@source(type='x', url='u', api.Token='t0p', @map(type='y', password='pw')) "
                      "define stream S (a int);");
    assert_non_null(strstr(text, "from x(url='u', api.token='***') as y(password='***')"));
    assert_null(strstr(text, "t0p"));
    planned_fini(&a);
}

static int ten_rows(void *ctx, const wr_plan_op *op, char *text, size_t size) {
    (void)ctx, (void)op;
    return snprintf(text, size, "10 rows");
}

static void tells_bounds_keys_and_what_forces_single_rows(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan =
        plan_of(&a, "define stream S (k string); @PrimaryKey('k') define table T (k string); "
                    "from S#window.length(3) as a join S#window.length(3) as b on a.k == b.k "
                    "select a.k as k insert into O; from S insert into T; "
                    "from S[(T.k == k) in T] select k insert into P;");
    wr_plan_explain_with(plan, &(wr_explain_hooks){ten_rows, NULL}, &a.text);
    const char *const parts[] = {"bound: 10 rows",
                                 "index on k == k",
                                 "both sides trigger",
                                 "one arrival at a time: table 'T' is written by query 'query_2'",
                                 "probe0 looks into T by the primary key: T.k == k",
                                 "primary key k"};
    for (size_t i = 0; i < WR_COUNT(parts); i++)
        if (!strstr(a.text.data, parts[i])) fail_msg("'%s' is not in\n%s", parts[i], a.text.data);
    planned_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(tells_streams_operators_and_what_a_row_costs),
                                       cmocka_unit_test(masks_what_looks_secret),
                                       cmocka_unit_test(tells_bounds_keys_and_what_forces_single_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
