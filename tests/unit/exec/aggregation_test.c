/* What an aggregation keeps and drops, asked by a stream that is joined with it; each script runs as one
 * batch, chunk by chunk, serially, and with the state saved and loaded behind each chunk. Times are small:
 * seconds begin at 0, 1000, …. Worked out by hand. */
#include "app_script.h"

#define DEFINE "@app:playback define stream A (k int, v int); define stream Q (b int, e int); "
#define ASK(unit, columns)                                                                                   \
    "from Q as q join G as g within convert(q.b, 'long'), convert(q.e, 'long') per '" unit "' "              \
    "select convert(g.AGG_TIMESTAMP / 1000, 'int') as t, " columns " insert into O;"

static void each_group_has_a_row_in_each_bucket(void **state) {
    (void)state;
    const char *app = DEFINE "define aggregation G from A select k, sum(v) as s, count() as n, min(v) as lo, "
                             "max(v) as hi group by k aggregate every sec...min; " ASK(
                                 "sec", "k, convert(s, 'int') as s, convert(n, 'int') as n, lo, hi");
    script_expect(app, "A@1000 1,4 2,5; A@1500 1,6; A@2500 2,7; Q@3000 0,9999; A@3100 2,1; Q@3200 3000,4000",
                  "O 3000(1,1,10,2,4,6) 3000(1,2,5,1,5,5) 3000(2,2,7,1,7,7) 3200(3,2,1,1,1,1)", NULL);
}

static void coarser_buckets_hold_the_sum_of_finer_ones(void **state) {
    (void)state;
    const char *app = DEFINE "define aggregation G from A select k, sum(v) as s group by k aggregate every "
                             "sec, hour; " ASK("hours", "k, convert(s, 'int') as s");
    script_expect(app, "A@1000 1,4; A@70000 1,6; A@3599999 1,1 2,3; A@3600000 1,100; Q@3600001 0,9999999",
                  "O 3600001(0,1,11) 3600001(0,2,3) 3600001(3600,1,100)", NULL);
}

static void a_range_begins_inside_and_ends_outside(void **state) {
    (void)state;
    const char *app = DEFINE "define aggregation G from A select sum(v) as s aggregate every sec; " ASK(
        "sec", "convert(s, 'int') as s");
    script_expect(app,
                  "A@1000 1,1; A@2000 1,2; A@3000 1,4; Q@3001 1000,3000; Q@3002 1001,3001; Q@3003 5000,6000",
                  "O 3001(1,1) 3001(2,2) 3002(2,2) 3002(3,4)", NULL);
}

static void nulls_count_but_do_not_add(void **state) {
    (void)state;
    const char *app = DEFINE
        "define aggregation G from A select k, sum(v) as s, count() as n, max(v) as hi, avg(v) "
        "as m group by k aggregate every sec; " ASK("sec",
                                                    "k, convert(s, 'int') as s, convert(n, 'int') as n, hi");
    script_expect(app, "A@1000 1,null 2,null 2,6; A@1001 null,3; Q@1002 0,9999",
                  "O 1002(1,1,null,1,null) 1002(1,2,6,2,6) 1002(1,null,3,1,3)", NULL);
}

static void distinct_values_are_counted_once_a_bucket(void **state) {
    (void)state;
    const char *app =
        DEFINE "define aggregation G from A select k, distinctCount(v) as n group by k aggregate every "
               "sec, min; " ASK("min", "k, convert(n, 'int') as n");
    script_expect(app, "A@1000 1,4 1,4 2,4; A@2000 1,4 1,5; A@60000 1,4; Q@60001 0,99999",
                  "O 60001(0,1,2) 60001(0,2,1) 60001(60,1,1)", NULL);
}

static void expressions_are_computed_from_the_bucket(void **state) {
    (void)state;
    const char *app =
        DEFINE "define aggregation G from A select sum(v) * 2 + count() as x, avg(v) * 2.0 as y aggregate "
               "every sec; " ASK("sec", "convert(x, 'int') as x, convert(y, 'int') as y");
    script_expect(app, "A@1000 1,1 1,2; A@2000 1,4; Q@3000 0,9999", "O 3000(1,8,3) 3000(2,9,8)", NULL);
}

static void late_rows_go_into_their_own_bucket(void **state) {
    (void)state;
    const char *ordered =
        "@app:playback define stream A (at int, v int); define stream L (at long, v int); define stream Q (b "
        "int, e "
        "int); define aggregation G from L select v, sum(v) as s aggregate by at every sec; "
        "from A select convert(at, 'long') as at, v insert into L; " ASK("sec", "v, convert(s, 'int') as s");
    /* Of equal times the row that came last is the latest one. */
    script_expect(ordered,
                  "A@9000 5500,1; A@9001 1000,2; A@9002 5200,4; A@9003 5500,8; A@9004 null,9; Q@9005 0,9999",
                  "O 9005(1,2,2) 9005(5,8,13)", NULL);
}

static void filters_stand_before_it(void **state) {
    (void)state;
    const char *app =
        DEFINE "define aggregation G from A[v > 2] select sum(v) as s aggregate every sec; " ASK(
            "sec", "convert(s, 'int') as s");
    script_expect(app, "A@1000 1,1 1,3; A@1001 1,2; A@1002 1,4; Q@1003 0,9999", "O 1003(1,7)", NULL);
}

static void a_stream_without_a_match_gives_nulls_in_an_outer_join(void **state) {
    (void)state;
    const char *named =
        DEFINE "define aggregation G from A select k, sum(v) as total group by k aggregate every sec; "
               "from Q as q left outer join G as g on g.k == q.b within 0L, 99999L per 'sec' "
               "select q.b as s, g.k as k, convert(total, 'int') as t insert into O;";
    script_expect(named, "A@1000 1,4; A@2000 1,5; Q@3000 1,0 7,0; Q@3001 7,0",
                  "O 3000(1,1,4) 3000(1,1,5) 3000(7,null,null) 3001(7,null,null)", NULL);
}

static void totals_of_a_join_are_of_each_row(void **state) {
    (void)state;
    const char *app =
        DEFINE "define aggregation G from A select k, sum(v) as s group by k aggregate every sec; "
               "from Q as q join G as g on g.k == q.b within 0L, 99999L per 'sec' "
               "select q.b as k, convert(sum(g.s), 'int') as s insert into O;";
    script_expect(app, "A@1000 1,4 2,1; A@2000 1,5; Q@3000 1,0 2,0; Q@3001 1,0",
                  "O 3000(1,9) 3000(2,1) 3001(1,9)", NULL);
}

/* Purges at 10 s, 20 s, …, counted from the start; what is dropped depends on these times alone. */
static void buckets_are_dropped_when_they_are_old(void **state) {
    (void)state;
    const char *app =
        DEFINE "@purge(enable='true', interval='10 sec', @retentionPeriod(sec='120 sec', min='all')) "
               "define aggregation G from A select k, v, distinctCount(v) as d, sum(v) as s group by k "
               "aggregate every "
               "sec...min; " ASK("sec", "k, v, convert(s, 'int') as s, convert(d, 'int') as d");
    script_expect(app,
                  "A@1000 1,4; A@15000 2,5; A@129999 1,1; Q@129999 0,999999; A@135000 1,2; Q@139999 "
                  "0,999999; Q@140000 0,999999",
                  "O 129999(1,1,4,4,1) 129999(15,2,5,5,1) 129999(129,1,1,1,1) "
                  "139999(15,2,5,5,1) 139999(129,1,1,1,1) 139999(135,1,2,2,1) "
                  "140000(129,1,1,1,1) 140000(135,1,2,2,1)",
                  NULL);
    const char *minutes =
        DEFINE "@purge(enable='true', interval='10 sec', @retentionPeriod(sec='120 sec', min='all')) "
               "define aggregation G from A select k, sum(v) as s group by k aggregate every sec...min; " ASK(
                   "min", "k, convert(s, 'int') as s");
    script_expect(
        minutes,
        "A@1000 1,4; A@2000 1,5; A@200000 1,6; A@200001 1,7; A@500000 2,1; A@501000 1,1; Q@502000 0,999999",
        "O 502000(0,1,9) 502000(180,1,13) 502000(480,2,1) 502000(480,1,1)", NULL);
}

static void a_dropped_group_comes_back_empty(void **state) {
    (void)state;
    const char *app =
        DEFINE "@purge(interval='10 sec') define aggregation G from A select k, count() as n, "
               "distinctCount(v) as d group by "
               "k aggregate every sec; " ASK("sec", "k, convert(n, 'int') as n, convert(d, 'int') as d");
    script_expect(app, "A@1000 1,4 1,5 2,6; A@300000 1,4; A@300500 2,6 1,4; Q@300600 0,999999",
                  "O 300600(300,1,2,1) 300600(300,2,1,1)", NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_group_has_a_row_in_each_bucket),
        cmocka_unit_test(coarser_buckets_hold_the_sum_of_finer_ones),
        cmocka_unit_test(a_range_begins_inside_and_ends_outside),
        cmocka_unit_test(nulls_count_but_do_not_add),
        cmocka_unit_test(distinct_values_are_counted_once_a_bucket),
        cmocka_unit_test(expressions_are_computed_from_the_bucket),
        cmocka_unit_test(late_rows_go_into_their_own_bucket),
        cmocka_unit_test(filters_stand_before_it),
        cmocka_unit_test(a_stream_without_a_match_gives_nulls_in_an_outer_join),
        cmocka_unit_test(totals_of_a_join_are_of_each_row),
        cmocka_unit_test(buckets_are_dropped_when_they_are_old),
        cmocka_unit_test(a_dropped_group_comes_back_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
