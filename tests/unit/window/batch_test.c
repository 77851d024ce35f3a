/* lengthBatch, timeBatch, externalTimeBatch, batch and cron. */
#include "scenario.h"

#include "base/compiler.h"

static void length_batch_lets_out_full_batches(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"lengthBatch(2)", ROWS_ALL, "1000 a1|1100 b2|1200 c3|1300 d4|1400 e5",
         "+a1@1000 +b2@1100 | -a1@1300 -b2@1300 +c3@1200 +d4@1300", NULL},
        {"lengthBatch(2)", SUMS_ALL, "1000 a1|1100 b2|1200 c3|1300 d4",
         "! +a1@1000 +b2@1100 | -a1@1300 -b2@1300 ! +c3@1200 +d4@1300", NULL},
        {"lengthBatch(2)", SUMS_CURRENT, "1000 a1 b2 c3 d4 e5", "! +a1@1000 +b2@1000 | ! +c3@1000 +d4@1000",
         NULL},
        {"lengthBatch(3)", ROWS_CURRENT, "1000 a1 b2|1100 c3 d4 e5|1200 f6|1300 g7",
         "+a1@1000 +b2@1000 +c3@1100 | +d4@1100 +e5@1100 +f6@1200", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void length_batch_streams_rows_and_expires_batches(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"lengthBatch(2, true)", SUMS_ALL, "1000 a1|1100 b2|1200 c3|1300 d4 e5",
         "+a1@1000 | +b2@1100 | -a1@1200 -b2@1200 ! +c3@1200 | +d4@1300 | -c3@1300 -d4@1300 ! +e5@1300",
         NULL},
        {"lengthBatch(2, true)", SUMS_CURRENT, "1000 a1|1100 b2|1200 c3", "+a1@1000 | +b2@1100 | ! +c3@1200",
         NULL},
        {"lengthBatch(2, false)", ROWS_CURRENT, "1000 a1|1100 b2", "+a1@1000 +b2@1100", NULL},
        {"lengthBatch(0)", SUMS_ALL, "5000 a1|3000 b2", "+a1@5000 -a1@5000 ! | +b2@3000 -b2@5000 !", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void time_batch_lets_out_period_by_period(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"timeBatch(1 sec)", SUMS_CURRENT, "1000 a1|1400 b2|2000 c3|2500 d4|5200 e5|6200 f6",
         "! +a1@1000 +b2@1400 | ! +c3@2000 +d4@2500 | ! +e5@5200", NULL},
        /* An empty period still lets the expired rows of the last batch out, once. */
        {"timeBatch(1 sec)", ROWS_ALL, "1000 a1|1400 b2|@2000|@3000|@4000|@9000",
         "+a1@1000 +b2@1400 | -a1@3000 -b2@3000", NULL},
        /* A jump over several periods gives them all the same clock. */
        {"timeBatch(1 sec)", SUMS_ALL, "1000 a1|9300 b2|@10100", "! +a1@1000 | -a1@9300 | ! +b2@9300", NULL},
        {"timeBatch(1 sec, 300)", ROWS_CURRENT, "1000 a1|@1299|@1300|1400 b2|@2300", "+a1@1000 | +b2@1400",
         NULL},
        {"timeBatch(1 sec, 0)", ROWS_CURRENT, "1700 a1|@2000", "+a1@1700", NULL},
        {"timeBatch(1 sec)", ROWS_CURRENT, "5000 a1|3000 b2|@6000", "+a1@5000 +b2@3000", NULL},
        /* Years of empty periods are not ticked through one by one. */
        {"timeBatch(1)", SUMS_ALL, "1 a1|1700000000000 b2|@1700000000001",
         "! +a1@1 | -a1@1700000000000 | ! +b2@1700000000000", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void time_batch_streams_rows_and_expires_batches(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"timeBatch(1 sec, true)", SUMS_ALL, "1000 a1|1400 b2|2000 c3|@9000",
         "+a1@1000 | +b2@1400 | -a1@2000 -b2@2000 ! | +c3@2000 | -c3@9000 !", NULL},
        {"timeBatch(1 sec, 500, true)", SUMS_CURRENT, "1000 a1|1400 b2|1500 c3|@3000",
         "+a1@1000 | +b2@1400 | ! | +c3@1500 | !", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void external_time_batch_goes_by_the_attribute(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"externalTimeBatch(l, 1 sec)", SUMS_ALL, "1 a1/1500|2 b2/2400|3 c3/2500|4 d4/9000|5 e5/9500",
         "! +a1@1 +b2@2 | -a1@9000 -b2@9000 ! +c3@3 | -c3@9500 ! +d4@4", NULL},
        /* A late one joins the batch there is. */
        {"externalTimeBatch(l, 1 sec)", ROWS_CURRENT, "1 a1/5000|2 b2/100|3 c3/6000", "+a1@1 +b2@2", NULL},
        {"externalTimeBatch(l, 1 sec, 0)", ROWS_CURRENT, "1 a1/1500|2 b2/2000|3 c3/3000", "+a1@1 | +b2@2",
         NULL},
        {"externalTimeBatch(l, 1 sec, l)", ROWS_CURRENT, "1 a1/1500|2 b2/2499|3 c3/2500", "+a1@1 +b2@2",
         NULL},
        {"externalTimeBatch(l, 1 sec)", ROWS_CURRENT, "1 a1/1000 b2/2000 c3/3500 d4/9000",
         "+a1@1 | +b2@1 | +c3@1", NULL},
        {"externalTimeBatch(l, 1 sec)", ROWS_CURRENT, "1 a1/1000|2 b2/?|3 c3/2000|4 d4/? e5/5000|5 f6/9000",
         "+a1@1 | +c3@3", "the timestamp of externalTimeBatch() is null"},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void external_time_batch_lets_a_batch_out_by_timeout_and_again(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"externalTimeBatch(l, 1 sec, 0, 100)", SUMS_ALL,
         "1000 a1/1000|1050 b2/1200|@1100|1150 c3/1300|@1200|@1300|1350 d4/2100|@1450|@2000",
         "! +a1@1000 +b2@1050 | -a1@1300 -b2@1300 ! +a1@1000 +b2@1050 +c3@1150 | "
         "-a1@2100 -b2@2100 -c3@2100 ! +d4@1350",
         NULL},
        /* The end of the batch after a timeout. */
        {"externalTimeBatch(l, 1 sec, 0, 100)", ROWS_ALL,
         "1000 a1/1000|@1100|1150 b2/1300|1160 c3/2000|@1300",
         "+a1@1000 | -a1@2000 +a1@1000 +b2@1150 | -a1@2000 -b2@2000 +c3@1160", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void batch_takes_a_chunk_for_a_batch(void **state) {
    (void)state;
    static const scenario cases[] = {
        {"batch()", SUMS_ALL, "1000 a1 b2|1100 c3", "+a1@1000 +b2@1000 | -a1@1100 -b2@1100 ! +c3@1100", NULL},
        {"batch()", SUMS_CURRENT, "1000 a1 b2|1100 c3", "+a1@1000 +b2@1000 | ! +c3@1100", NULL},
        {"batch(2)", SUMS_ALL, "1000 a1 b2 c3|1100 d4",
         "+a1@1000 +b2@1000 | ! +c3@1000 | -a1@1100 -b2@1100 -c3@1100 ! +d4@1100", NULL},
        {"batch(2)", ROWS_CURRENT, "1000 a1 b2 c3 d4", "+a1@1000 +b2@1000 | +c3@1000 +d4@1000", NULL},
        {"batch(0)", ROWS_ALL, "1000 a1 b2|1100 c3", "+a1@1000 +b2@1000 | -a1@1100 -b2@1100 +c3@1100", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

static void cron_lets_out_at_its_ticks(void **state) {
    (void)state;
    static const scenario cases[] = {
        /* Every 5 seconds; a tick without rows passes unseen. */
        {"cron('*/5 * * * * ?')", ROWS_ALL, "1000 a1|4000 b2|@5000|@10000|11000 c3|@16000|@99000",
         "+a1@1000 +b2@4000 | -a1@16000 -b2@16000 +c3@11000", NULL},
        {"cron('*/5 * * * * ?')", SUMS_CURRENT, "1000 a1|6000 b2|@10000", "+a1@1000 | -a1@10000 +b2@6000",
         NULL},
        {"cron('*/5 * * * * ?')", ROWS_CURRENT, "5000 a1|@9999|@10000", "+a1@5000", NULL},
    };
    check_scenarios(cases, WR_COUNT(cases));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(length_batch_lets_out_full_batches),
        cmocka_unit_test(length_batch_streams_rows_and_expires_batches),
        cmocka_unit_test(time_batch_lets_out_period_by_period),
        cmocka_unit_test(time_batch_streams_rows_and_expires_batches),
        cmocka_unit_test(external_time_batch_goes_by_the_attribute),
        cmocka_unit_test(external_time_batch_lets_a_batch_out_by_timeout_and_again),
        cmocka_unit_test(batch_takes_a_chunk_for_a_batch),
        cmocka_unit_test(cron_lets_out_at_its_ticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
