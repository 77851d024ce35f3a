/* partition_test.c: partitions: runs, keys, the order in which rows leave, timers, keys that are purged. What
 * is not explained is Siddhi's own answer. */
#include <stdlib.h>

#include "app_script.h"
#include "base/alloc.h"

#define STREAMS "@app:playback define stream A (k int, v int); define stream B (k int, w int); "

static void rows_leave_run_by_run_between_what_stands_before_and_behind(void **state) {
    (void)state;
    script_expect(STREAMS
                  "from A select k, v, 0 as q insert into O; partition with (k of A) begin "
                  "from A select k, v, 1 as q insert into O; from A select k, v, 2 as q insert into O; "
                  "end; from A select k, v, 3 as q insert into O;",
                  "A@1000 1,1 1,2 2,3 1,4",
                  "O 1000(1,1,0) 1000(1,2,0) 1000(2,3,0) 1000(1,4,0) 1000(1,1,1) 1000(1,2,1) 1000(1,1,2) "
                  "1000(1,2,2) 1000(2,3,1) 1000(2,3,2) 1000(1,4,1) 1000(1,4,2) 1000(1,1,3) 1000(1,2,3) "
                  "1000(2,3,3) 1000(1,4,3)",
                  NULL);
}

static void a_chunk_is_cut_into_runs_and_rows_without_a_key_are_left_out(void **state) {
    (void)state;
    script_expect(STREAMS "partition with (k of A) begin from A select k, sum(v) as s insert into O; end;",
                  "A@1000 1,1 1,2 2,3 null,9 2,4 1,5 null,6; A@1100 null,1; A@1200 1,1",
                  "O 1000(1,3) 1000(2,7) 1000(1,8) 1200(1,9)", NULL);
}

static void a_row_goes_to_every_range_that_it_is_in(void **state) {
    (void)state;
    script_expect(STREAMS
                  "partition with (v < 10 as 'lo' or v >= 5 as 'hi' of A) begin from A select v, sum(v) "
                  "as s insert into O; end;",
                  "A@1000 1,7; A@1100 1,1; A@1200 1,12; A@1250 1,null; A@1300 1,6 1,7 1,1 1,20 1,8",
                  "O 1000(7,7) 1000(7,7) 1100(1,8) 1200(12,19) 1300(6,14) 1300(6,25) 1300(7,21) 1300(7,32) "
                  "1300(1,22) 1300(20,52) 1300(8,30) 1300(8,60)",
                  NULL);
}

static void a_stream_that_is_not_named_goes_to_the_keys_there_are(void **state) {
    (void)state;
    script_expect(STREAMS "partition with (k of A) begin from B select k, sum(w) as v insert into O; "
                          "from A select k, 0L as v insert into O; end;",
                  "B@1000 9,9; A@1010 1,1; B@1020 7,7; A@1030 2,2; B@1040 8,8 5,5",
                  "O 1010(1,0) 1020(7,7) 1030(2,0) 1040(5,20) 1040(5,13)", NULL);
}

static void keys_of_several_streams_are_alike_if_their_texts_are(void **state) {
    (void)state;
    script_expect(
        STREAMS "partition with (k of A, convert(k, 'long') of B) begin from A select v insert into #X; "
                "from B select w as v insert into #X; from #X select sum(v) as s insert into O; end;",
        "A@1000 1,1; B@1010 1,2; B@1020 2,5; A@1030 2,1", "O 1000(1) 1010(3) 1020(5) 1030(6)", NULL);
}

static void timers_fire_key_by_key_as_they_were_due(void **state) {
    (void)state;
    script_expect(
        STREAMS "partition with (k of A) begin from A#window.time(1 sec) select k, v insert expired "
                "events into O; end;",
        "A@1000 3,1; A@1100 1,2; A@1200 2,3; A@2050 2,4; A@2150 3,5; A@2160 2,6; A@2170 1,7; B@9000 "
        "1,1",
        "O 2050(3,1) 2150(1,2) 9000(2,3) 9000(2,4) 9000(2,6) 9000(3,5) 9000(1,7)", NULL);
    script_expect(STREAMS
                  "partition with (k of A) begin from A#window.delay(1 sec) select k, v insert into O; "
                  "end;",
                  "A@1000 7,1; A@1010 2,2; A@1020 4,3; A@1030 7,4; A@1040 2,6; A@1050 4,7; B@9000 1,1",
                  "O 9000(7,1) 9000(7,4) 9000(2,2) 9000(2,6) 9000(4,3) 9000(4,7)", NULL);
}

/* Not Siddhi's answer: there one of them fires, and the others when the clock moves again. */
static void keys_due_at_the_same_time_all_fire_in_the_order_in_which_they_came(void **state) {
    (void)state;
    script_expect(STREAMS
                  "partition with (k of A) begin from A#window.time(1 sec) select k, v insert expired "
                  "events into O; end;",
                  "A@1000 9,1; A@1000 2,2; A@1000 5,3; B@9000 1,1", "O 9000(9,1) 9000(2,2) 9000(5,3)", NULL);
}

static void a_batch_by_time_has_the_clock_of_the_first_key(void **state) {
    (void)state;
    script_expect(
        STREAMS "partition with (k of A) begin from A#window.timeBatch(1 sec) select k, sum(v) as s, "
                "count() as n insert all events into O; end;",
        "A@1000 1,1; A@1100 2,10; A@1900 2,20; A@2050 1,3; A@2100 2,5; A@2500 3,5; A@3100 1,5; A@3200 "
        "3,7; A@4100 2,5; A@5300 1,7; A@6300 3,7; A@7700 2,7; B@9000 1,1",
        "O 1000(1,1,1) 2050(1,3,1) 3100(1,5,1) 5300(1,null,0) 5300(1,7,1) 7700(1,null,0)", NULL);
}

/* An interval begins with the first event. A key is looked at when an interval has passed, before the event
 * that moves the clock: it goes if its last row is as old as the idle period. */
static void keys_that_are_idle_are_forgotten(void **state) {
    (void)state;
#define PURGED                                                                                               \
    STREAMS                                                                                                  \
    "@purge(enable='true', interval='2 sec', idle.period='5 sec') partition with (k of "                     \
    "A) begin "
#define IDLE_KEYS                                                                                            \
    "A@20000 1,1; A@22000 2,1; A@24000 1,1; A@26000 2,5; A@28000 2,1; A@30000 1,1; A@33000 1,1; A@34000 2,2"
    script_expect(PURGED "from A select k, sum(v) as s insert into O; end;", IDLE_KEYS,
                  "O 20000(1,1) 22000(2,1) 24000(1,2) 26000(2,6) 28000(2,7) 30000(1,1) 33000(1,2) 34000(2,2)",
                  NULL);
    script_expect(
        PURGED "from A select k, v, v % 2 as g insert into #G; from #G select k, g, sum(v) as s "
               "group by g insert into O; "
               "end;",
        IDLE_KEYS,
        "O 20000(1,1,1) 22000(2,1,1) 24000(1,1,2) 26000(2,1,6) 28000(2,1,7) 30000(1,1,1) 33000(1,1,2) "
        "34000(2,0,2)",
        NULL);
    script_expect(PURGED "from A#window.length(2) select k, sum(v) as s insert into O; end;", IDLE_KEYS,
                  "O 20000(1,1) 22000(2,1) 24000(1,2) 26000(2,6) 28000(2,6) 30000(1,1) 33000(1,2) 34000(2,2)",
                  NULL);
    script_expect(PURGED "from A[count() > 1] select k, v insert into O; end;", IDLE_KEYS,
                  "O 24000(1,1) 26000(2,5) 28000(2,1) 33000(1,1)", NULL);
    /* What a purged key held does not leave its window any more. */
    script_expect(PURGED "from A#window.time(8000) select k, v insert expired events into O; end;", IDLE_KEYS,
                  "O 28000(1,1) 30000(2,1)", NULL);
    /* Rows to all keys don't keep a key, and don't reach one that is gone. */
    script_expect(PURGED "from B select k, w insert into O; from A select v insert into D; end;",
                  "A@20000 1,1; B@24000 5,5; B@24800 6,6; B@26000 7,7; A@28000 2,2; B@28200 8,8",
                  "O 24000(5,5) 24800(6,6) 28200(8,8)", NULL);
}

/* ---- Any way of driving gives the same ---- */

static uint32_t next_random(uint32_t *x) { return *x = *x * 1664525u + 1013904223u; }
static uint32_t below(uint32_t *x, uint32_t n) { return (next_random(x) >> 8) % n; }

/* pace: time runs so many times as fast. */
static void write_script(uint32_t *x, int pace, char *text, size_t size) {
    size_t at = 0;
    int time = 1000;
    for (uint32_t i = 0; i < 40; i++) {
        time += pace * (int)below(x, 90);
        at += (size_t)snprintf(text + at, size - at, "%s%c@%d", i ? "; " : "", below(x, 3) ? 'A' : 'B', time);
        for (uint32_t n = 1 + (below(x, 4) ? 0 : below(x, 5)); n; n--)
            at += (size_t)snprintf(text + at, size - at, " %u,%u", below(x, 5), below(x, 20));
    }
    snprintf(text + at, size - at, "; B@%d 1,1", pace * 9000);
}

static void all_ways_agree(const char *app, uint32_t seed) {
    static script_text first, other;
    char script[8192];
    write_script(&seed, strstr(app, "@purge") ? 15 : 1, script, sizeof script); /* it counts in seconds */
    script_answer(app, script, 0, &first);
    for (script_way way = 1; way < N_WAYS; way++) {
        script_answer(app, script, way, &other);
        if (strcmp(first.text[0], other.text[0]) || strcmp(first.text[1], other.text[1]))
            fail_msg("%s\n%s\nway %d:\n  %s\n  %s\nnot\n  %s\n  %s", app, script, way, other.text[0],
                     other.text[1], first.text[0], first.text[1]);
    }
}

static void however_it_is_driven_the_answers_are_the_same(void **state) {
    (void)state;
    static const char *const apps[] = {
        STREAMS
        "partition with (k of A, k of B) begin from A#window.time(200) select k, sum(v) as s insert all "
        "events into #X; from #X#window.length(3) select k, sum(s) as s insert all events into O; from "
        "B#window.lengthBatch(2) select k, sum(w) as s group by w insert all events into O; end;",
        STREAMS
        "partition with (k of A) begin from A#window.length(3) as a join B#window.length(2) as b on a.v < "
        "b.w select a.k as k, a.v as v, b.w as w insert all events into O; from B select k, 0 as v, w "
        "insert into O; end; from O select count() as n, sum(v) as s insert into D;",
        STREAMS
        "@purge(enable='true', interval='1 sec', idle.period='2 sec') partition with (k of A, "
        "w % 4 of B) begin from A#window.time(1500) select k, v, count() as n insert all events into O; from "
        "B#window.delay(900) select k, w as v, count() as n insert into O; from A select k, max(v) as m "
        "group by v insert into D; end;",
        STREAMS
        "partition with (v < 12 as 'lo' or v > 6 as 'hi' of A) begin from A#window.sort(2, v) select k, "
        "v, distinctCount(v) as d insert all events into O; from A#window.session(80 millisec) select k, "
        "v, 0L as d insert expired events into O; end; partition with (k of O) begin from O select k, "
        "sum(d) as s insert into D; end;",
        STREAMS
        "@purge(enable='true', interval='1 sec', idle.period='6 sec') partition with (k of A, k "
        "of B) "
        "begin from A#window.unique:time(v % 4, 1350) select k, sum(v) as s insert all events into O; from "
        "B#window.unique:lengthBatch(w, 2) select k, sum(w) as s insert all events into O; from not A[v > 9] "
        "for "
        "2250 millisec -> b=B select b.k as k, 0L as s insert into O; from B#unique:deduplicate(w % 5, "
        "1500L) "
        "select k, w insert into D; end;",
        STREAMS "partition with (k of A) begin from A#window.weir:hopping(100, 40, 0, 20) select k, v, "
                "count() as n insert "
                "all events into O; from A#reorder:kslack(eventTimestamp() - v * 10L, 200L)#window.length(3) "
                "select k, v, "
                "count() as n insert all events into O; end; from A#window.unique:timeBatch(k, 70) select k, "
                "v insert all "
                "events into D;",
        STREAMS
        "partition with (k of A) begin from A[sum(v) > 20]#window.timeLength(150, 2) select k, v, min(v) "
        "as m insert all events into #X; from #X as x join #X as y on x.v == y.v select x.k as k, y.m as m "
        "insert into O; end; from A select k, v as m insert into O;"};
    for (uint32_t i = 0; i < sizeof apps / sizeof *apps; i++)
        for (uint32_t seed = 1; seed <= 12; seed++) all_ways_agree(apps[i], seed);
}

/* ---- Faults that are planted ---- */

/* Each allocation of a cycle fails once: the call says so, and what is left can be looked at, saved and
 * freed. */
static void running_out_of_memory_is_told(void **state) {
    (void)state;
    static const char app[] =
        STREAMS "partition with (k of A, k of B) begin from A#window.sort(2, v) as a join "
                "B#window.unique:ever(w) as b on a.v "
                "< b.w select a.k as k, b.w as w insert all events into O; from not A for 50 millisec -> b=B "
                "select b.k as k, "
                "b.w as w insert into O; from A#window.timeBatch(60) select k, v as w insert into O; end;";
    bool fails = true;
    for (long nth = 1; fails && nth < 5000; nth += 1 + nth / 40) {
        static script_text out;
        weir_error err = {0};
        script_run run = {.app_text = app, .way = WAY_ONE_BATCH, .out = &out};
        void *bytes = NULL;
        size_t len;
        assert_int_equal(weir_engine_new(NULL, &run.engine, &err), WEIR_OK);
        script_open(&run);
        for (const char *at = "A@1000 1,4 2,5; B@1010 1,7 2,3; A@1090 3,1 1,2; B@1200 4,9 3,3; A@1300 2,2";
             *at;)
            at = script_send(&run, at);
        wr_alloc_fail_after(nth);
        weir_status status = weir_flush(run.app, &err);
        fails = status != WEIR_OK;
        wr_alloc_fail_after(0);
        if (fails && status != WEIR_ENOMEM) fail_msg("allocation %ld: %s", nth, err.message);
        if (weir_app_snapshot(run.app, &bytes, &len, &err) == WEIR_OK) weir_free(bytes);
        weir_app_free(run.app);
        weir_engine_free(run.engine);
    }
    assert_false(fails);
}

/* explain asks each window what it can hold; those of a partition are there once for each key. */
static void explain_tells_what_the_windows_of_a_key_hold(void **state) {
    (void)state;
    static script_text out;
    weir_error err = {0};
    script_run run = {.app_text =
                          STREAMS "partition with (k of A) begin from A#window.sort(3, v) select sum(v) as s "
                                  "insert into O; from A#window.length(4) select v insert expired events "
                                  "into D; end;",
                      .out = &out};
    assert_int_equal(weir_engine_new(NULL, &run.engine, &err), WEIR_OK);
    script_open(&run);
    char *text = weir_app_explain(run.app);
    assert_non_null(text);
    assert_non_null(strstr(text, "bound: 3 rows, for each key\n"));
    assert_non_null(strstr(text, "bound: 4 rows, for each key\n"));
    weir_free(text);
    weir_app_free(run.app);
    weir_engine_free(run.engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_leave_run_by_run_between_what_stands_before_and_behind),
        cmocka_unit_test(a_chunk_is_cut_into_runs_and_rows_without_a_key_are_left_out),
        cmocka_unit_test(a_row_goes_to_every_range_that_it_is_in),
        cmocka_unit_test(a_stream_that_is_not_named_goes_to_the_keys_there_are),
        cmocka_unit_test(keys_of_several_streams_are_alike_if_their_texts_are),
        cmocka_unit_test(timers_fire_key_by_key_as_they_were_due),
        cmocka_unit_test(keys_due_at_the_same_time_all_fire_in_the_order_in_which_they_came),
        cmocka_unit_test(a_batch_by_time_has_the_clock_of_the_first_key),
        cmocka_unit_test(keys_that_are_idle_are_forgotten),
        cmocka_unit_test(however_it_is_driven_the_answers_are_the_same),
        cmocka_unit_test(running_out_of_memory_is_told),
        cmocka_unit_test(explain_tells_what_the_windows_of_a_key_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
