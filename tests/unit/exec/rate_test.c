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

static void periods_of_a_partition_begin_with_the_key(void **state) {
    (void)state;
    const char *app =
        DEFINE "partition with (k of A) begin from A select k, v output last every 1 sec insert into O; end;";
    script_expect(app,
                  "A@300 1,1; A@700 2,2; A@1200 1,3; T@1300 0; A@1600 2,4; T@1700 0; T@2300 0; A@5000 1,5; "
                  "T@5299 0; T@5300 0",
                  "O 1200(1,3) 1600(2,4) 5000(1,5)", NULL);
}

static void note_rows(void *ctx, const weir_stat *stat) {
    if (!strncmp(stat->label, "output ", 7)) *(uint64_t *)ctx = stat->state_rows;
}

/* How many rows a limit holds when the script is through. */
static uint64_t rows_held(const char *app, const char *script, script_way way) {
    static script_text out;
    script_run run = {.app_text = app, .way = way, .out = &out};
    weir_error err = {0};
    uint64_t rows = UINT64_MAX;
    assert_int_equal(weir_engine_new(NULL, &run.engine, &err), WEIR_OK);
    script_open(&run);
    while (*script) script = script_send(&run, script);
    assert_int_equal(weir_flush(run.app, &err), WEIR_OK);
    weir_app_visit_stats(run.app, note_rows, &rows);
    weir_app_free(run.app);
    weir_engine_free(run.engine);
    return rows;
}

static void no_more_rows_are_held_than_will_be_shown(void **state) {
    (void)state;
    const char *script = "A@100 1,1 2,2 1,3; A@200 2,4 3,5 1,6; A@1300 1,7 2,8; A@1400 1,9; T@1500 0";
    const struct {
        const char *query;
        uint64_t rows;
    } held[] = {
        {"from A select k, v output every 4 events insert into O;", 1},
        {"from A select k, v output every 1 sec insert into O;", 3},
        {"from A select k, v output last every 1 sec insert into O;", 1},
        {"from A select k, v group by k output last every 1 sec insert into O;", 2},
        {"from A select k, v group by k output last every 3 events insert into O;", 2},
        {"from A select k, v group by k output snapshot every 1 sec insert into O;", 3},
        {"from A#window.length(2) select k, v output snapshot every 1 sec insert into O;", 2},
        {"from A#window.length(2) select k, sum(v) as s output snapshot every 1 sec insert into O;", 2},
        {"from A#window.length(2) select sum(v) as s output snapshot every 1 sec insert into O;", 1}};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        for (script_way way = WAY_ONE_BATCH; way <= WAY_SERIAL; way++) {
            char app[512];
            snprintf(app, sizeof app, DEFINE "%s", held[i].query);
            uint64_t rows = rows_held(app, script, way);
            if (rows != held[i].rows) fail_msg("way %d: %s holds %d rows", way, held[i].query, (int)rows);
        }
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
        cmocka_unit_test(periods_of_a_partition_begin_with_the_key),
        cmocka_unit_test(no_more_rows_are_held_than_will_be_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
