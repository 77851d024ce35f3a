/* The windows of unique. */
#include "scenario.h"

#include "base/compiler.h"

static void a_row_takes_the_place_of_the_one_with_its_key(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"unique:ever(k)", ROWS_ALL, "1000 a1|1500 b2|2000 a3|3000 _4|3100 _5",
         "+a1@1000 | +b2@1500 | -a1@2000 +a3@2000 | +_4@3000 | -_4@3100 +_5@3100", NULL},
        {"unique:ever(k)", ROWS_ALL, "1000 a1 b2 a3", "+a1@1000 +b2@1000 -a1@1000 +a3@1000", NULL},
        {"unique:ever(k)", ROWS_CURRENT, "1000 a1|1100 a2", "+a1@1000 | +a2@1100", NULL},
        {"unique:length(k, 2)", ROWS_ALL, "1000 a1 b2 a3 c4 b5",
         "+a1@1000 +b2@1000 -a1@1000 +a3@1000 -b2@1000 +c4@1000 -a3@1000 +b5@1000", NULL},
        {"unique:length(k, 0)", ROWS_ALL, "1000 a1|1200 a2", "-a1@1000 +a1@1000 | -a2@1200 +a2@1200", NULL},
        {"unique:time(k, 1 sec)", ROWS_ALL, "1000 a1|1500 b2|1600 a3|2550 c4|9000 c5",
         "+a1@1000 | +b2@1500 | -a1@1600 +a3@1600 | -b2@2550 | +c4@2550 | -a3@9000 -c4@9000 | +c5@9000",
         NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void only_the_first_row_of_a_key_passes(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"unique:first(k)", ROWS_ALL, "1000 a1|1100 a2|1200 b3 a4|1300 c5", "+a1@1000 | +b3@1200 | +c5@1300",
         NULL},
        {"unique:firstLengthBatch(k, 2)", ROWS_CURRENT, "1000 a1|1100 a2|1200 b3", "+a1@1200 +b3@1200", NULL},
        {"unique:firstTimeBatch(k, 1 sec)", ROWS_CURRENT, "1000 a1|1100 a2|1200 b3|2000 c4",
         "+a1@2000 +b3@2000", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void batches_go_out_in_the_order_of_javas_hash_map(void **state) {
    (void)state;
    /* Strings of one letter hash to its code: 'p' to 0 of 16 buckets, 'a' to 1. */
    static const scenario cases[] = {
        {"unique:lengthBatch(k, 3)", ROWS_ALL, "1000 b1 a2 p3|1100 a4|1200 a5 b6 c7",
         "+p3@1000 +a2@1000 +b1@1000 | -p3@1200 -a2@1200 -b1@1200 +a5@1200 +b6@1200 +c7@1200", NULL},
        {"unique:lengthBatch(v, 2)", SUMS_CURRENT, "1000 a2 b1|1100 c4 d3",
         "! +b1@1000 +a2@1000 | ! +d3@1100 +c4@1100", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void a_batch_that_is_full_drops_rows_until_its_time(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"unique:timeLengthBatch(k, 1 sec, 2)", ROWS_ALL, "1000 a1|1100 b2 c3|1200 d4|2100 a5|3000 e6",
         "+a1@1100 +b2@1100 | -a1@3000 -b2@3000 +a5@3000", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

/* No answer is given here: tests/cases/unique.jsonl has Siddhi's. */
static void every_way_of_driving_agrees(void **state) {
    (void)state;
    static const char *const windows[] = {"unique:ever(k, b)",
                                          "unique:first(v, b)",
                                          "unique:length(k, 2)",
                                          "unique:time(k, 400)",
                                          "unique:lengthBatch(k, 3)",
                                          "unique:firstLengthBatch(v, 3)",
                                          "unique:timeBatch(k, 300)",
                                          "unique:timeBatch(k, 300, 50)",
                                          "unique:firstTimeBatch(k, 300)",
                                          "unique:timeLengthBatch(k, 300, 2)",
                                          "unique:externalTimeBatch(k, l, 300)",
                                          "unique:externalTimeBatch(k, l, 300, 0, 200)",
                                          "unique:externalTimeBatch(k, l, 300, 0, 200, true)"};
    static const char *const queries[] = {ROWS_ALL, SUMS_ALL, SUMS_CURRENT};
    for (size_t i = 0; i < WR_COUNT(windows); i++)
        for (size_t q = 0; q < WR_COUNT(queries); q++) {
            scenario s = {windows[i], queries[q],
                          "1000 a1 b2 a3|1100 c4|1150 a5/900|1500 b6 d7 a8|1400 c9|@2100|2150 a1! b2|9000 e3",
                          NULL, NULL};
            check_scenario(&s);
        }
}

static void a_key_that_is_null_fails_its_chunk(void **state) {
    (void)state;
    static const scenario s = {"unique:length(k, 2)", ROWS_ALL, "1000 a1|1100 _2|1200 b3",
                               "+a1@1000 | +b3@1200", "the key by which rows are unique is null"};
    check_scenario(&s);
}

static void running_out_of_memory_loses_nothing(void **state) {
    (void)state;
    check_out_of_memory("unique:ever(k)", ROWS_ALL, "1000 a1|1100 b2|1200 a3");
    check_out_of_memory("unique:lengthBatch(k, 2)", ROWS_ALL, "1000 a1|1100 b2|1200 a3|1300 c4");
    check_out_of_memory("unique:timeBatch(k, 100)", ROWS_ALL, "1000 a1|1100 b2|1200 a3|1300 c4");
    check_out_of_memory("unique:externalTimeBatch(k, l, 100)", ROWS_ALL, "1000 a1|1100 b2|1200 a3|1300 c4");
}

static void wrong_arguments_are_named(void **state) {
    (void)state;
    check_refused("unique:ever()", "window unique:ever() takes at least 1 argument, not 0", "unique:ever()");
    check_refused("unique:length(k, 2L)",
                  "the number of rows of window unique:length() must be int, not long", "2L");
    check_refused("unique:timeBatch(k, 0)", "the duration of window unique:timeBatch() must be more than 0",
                  "0");
    check_refused("unique:deduplicate(k, 1 sec)", "'unique:deduplicate' is a stream processor, not a window",
                  "deduplicate");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_takes_the_place_of_the_one_with_its_key),
        cmocka_unit_test(only_the_first_row_of_a_key_passes),
        cmocka_unit_test(batches_go_out_in_the_order_of_javas_hash_map),
        cmocka_unit_test(a_batch_that_is_full_drops_rows_until_its_time),
        cmocka_unit_test(every_way_of_driving_agrees),
        cmocka_unit_test(a_key_that_is_null_fails_its_chunk),
        cmocka_unit_test(running_out_of_memory_loses_nothing),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
