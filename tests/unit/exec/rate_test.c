/* What an output rate limit lets out and when; each script runs as one batch, chunk by chunk, serially, and
 * with the state saved and loaded behind each chunk. The clock starts at 0. Answers of other rules were
 * recorded from Siddhi: tests/cases/rate_limits.jsonl. */
#include "app_script.h"

#define DEFINE "@app:playback define stream A (k int, v int); define stream T (n int); "

static void a_batch_of_rows_is_one_chunk_further_on(void **state) {
    (void)state;
    const char *app = DEFINE "from A select k, v output every 3 events insert into M; "
                             "from M select sum(v) as s insert into O; from M select k, v insert into D;";
    script_expect(app, "A@1000 1,1 1,2; A@1001 1,4; A@1002 1,8 1,16 1,32 1,64; A@1003 1,128",
                  "O 1001(7) 1002(63)", "D 1000(1,1) 1000(1,2) 1001(1,4) 1002(1,8) 1002(1,16) 1002(1,32)");
}

static void what_one_chunk_completes_goes_out_together(void **state) {
    (void)state;
    const char *app = DEFINE "from A select k, v output every 2 events insert into M; "
                             "from M select sum(v) as s insert into O;";
    script_expect(app, "A@1000 1,1 1,2 1,4 1,8 1,16; A@1001 1,32", "O 1000(15) 1001(63)", NULL);
}

static void the_last_of_each_group_comes_in_order_of_the_groups(void **state) {
    (void)state;
    const char *app =
        DEFINE "from A select k, sum(v) as s group by k output last every 4 events insert into M; "
               "from M select k, convert(s, 'int') as s insert into O;";
    script_expect(
        app,
        "A@1000 2,1; A@1001 1,2; A@1002 2,4; A@1003 3,8; A@1004 2,16; A@1005 1,1; A@1006 1,1; A@1007 1,1",
        "O 1002(2,5) 1001(1,2) 1003(3,8) 1004(2,21) 1007(1,5)", NULL);
}

static void periods_by_time_begin_when_the_app_starts(void **state) {
    (void)state;
    const char *app = DEFINE "from A select k, v output last every 1 sec insert into O;";
    script_expect(app, "A@100 1,1; A@900 1,2; T@999 0; T@1000 0; A@1500 1,3; A@5500 1,4; T@5999 0; T@6000 0",
                  "O 900(1,2) 1500(1,3) 5500(1,4)", NULL);
}

static void ticks_fire_between_the_rows_of_a_batch(void **state) {
    (void)state;
    const char *app = DEFINE "from A select k, v output all every 1 sec insert into M; "
                             "from M select count() as n, sum(v) as s insert into D; "
                             "from D select convert(n, 'int') as n, convert(s, 'int') as s insert into O;";
    script_expect(app, "A@100 1,1 1,2; A@200 1,4; A@1100 1,8; A@2100 1,16; A@2200 1,32; A@3000 1,64",
                  "O 200(3,7) 1100(4,15) 2200(6,63)", NULL);
}

static void a_snapshot_is_taken_for_each_period_that_the_clock_passes(void **state) {
    (void)state;
    const char *app = DEFINE "from A#window.length(2) select k, v output snapshot every 1 sec insert into O;";
    script_expect(app, "A@100 1,1; A@200 1,2; A@300 1,3; T@2000 0; A@2100 1,4; T@3000 0",
                  "O 200(1,2) 300(1,3) 200(1,2) 300(1,3) 300(1,3) 2100(1,4)", NULL);
}

static void a_snapshot_shows_the_latest_totals_of_the_group(void **state) {
    (void)state;
    const char *app = DEFINE "from A#window.length(3) select k, convert(sum(v), 'int') as s group by k "
                             "output snapshot every 1 sec insert into O;";
    script_expect(app,
                  "A@100 1,1; A@200 2,2; A@300 1,4; T@1000 0; A@1100 2,8; T@2000 0; A@2100 2,16; T@3000 0",
                  "O 100(1,5) 200(2,2) 200(2,10) 300(1,4) 300(1,4) 1100(2,24)", NULL);
}

static void rows_that_are_alike_leave_a_snapshot_one_by_one(void **state) {
    (void)state;
    const char *app = DEFINE "from A#window.length(3) select k, v output snapshot every 1 sec insert into O;";
    script_expect(
        app, "A@100 1,1 1,1 1,1; A@200 1,1; A@300 null,null; A@400 2,2; T@1000 0; A@1100 3,3 4,4; T@2000 0",
        "O 200(1,1) 300(null,null) 400(2,2) 400(2,2) 1100(3,3) 1100(4,4)", NULL);
}

static void many_groups_come_and_go(void **state) {
    (void)state;
    char script[16384] = "", expected[16384] = "O";
    size_t n = 0, m = strlen(expected);
    for (int i = 0; i < 300; i++) {
        n += (size_t)snprintf(script + n, sizeof script - n, "%sA@%d %d,%d", i ? "; " : "", 1000 + i * 100, i,
                              i);
        m += (size_t)snprintf(expected + m, sizeof expected - m, " %d(%d,%d)", 1000 + i * 100, i, i);
    }
    script_expect(DEFINE "from A select k, v group by k output first every 500 milliseconds insert into O;",
                  script, expected, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_of_rows_is_one_chunk_further_on),
        cmocka_unit_test(what_one_chunk_completes_goes_out_together),
        cmocka_unit_test(the_last_of_each_group_comes_in_order_of_the_groups),
        cmocka_unit_test(periods_by_time_begin_when_the_app_starts),
        cmocka_unit_test(ticks_fire_between_the_rows_of_a_batch),
        cmocka_unit_test(a_snapshot_is_taken_for_each_period_that_the_clock_passes),
        cmocka_unit_test(a_snapshot_shows_the_latest_totals_of_the_group),
        cmocka_unit_test(rows_that_are_alike_leave_a_snapshot_one_by_one),
        cmocka_unit_test(many_groups_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
