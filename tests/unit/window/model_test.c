/* Every window over random input: however the arrivals are cut into cycles, driven, selected, saved and
 * loaded, the same chunks come out. And every window without memory. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "scenario.h"

#include "base/compiler.h"

static const char *const windows[] = {
    "time(1 sec)",
    "time(0)",
    "length(0)",
    "length(3)",
    "lengthBatch(3)",
    "lengthBatch(2, true)",
    "lengthBatch(0)",
    "timeBatch(1 sec)",
    "timeBatch(700, 100)",
    "timeBatch(500, true)",
    "externalTime(l, 1 sec)",
    "externalTimeBatch(l, 1 sec)",
    "externalTimeBatch(l, 900, l, 300)",
    "externalTimeBatch(l, 1 sec, 0, 400, true)",
    "timeLength(1 sec, 3)",
    "batch()",
    "batch(2)",
    "delay(600)",
    "session(400L)",
    "session(400L, k)",
    "session(500L, k, 300L)",
    "session(500L, k, 500L)",
    "sort(3, v)",
    "sort(2, k, 'desc', v, 'asc')",
    "frequent(2, k)",
    "frequent(3)",
    "lossyFrequent(0.3, 0.1, k)",
    "cron('*/2 * * * * ?')",
    "expression('count() <= 3')",
    "expression('sum(v) < 20 and last.v >= first.v')",
    "expressionBatch('sum(v) < 15')",
    "expressionBatch('count() < 3', b)",
    "expressionBatch('sum(v) < 20', true, true)",
};

static uint64_t seed;
static uint32_t random_below(uint32_t n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static void random_input(char *text, size_t size, uint32_t arrivals) {
    static const uint32_t steps[] = {0, 0, 1, 50, 120, 200, 300, 500, 1000, 2500};
    int64_t clock = 1000;
    size_t at = 0;
    for (uint32_t i = 0; i < arrivals; i++) {
        clock += steps[random_below(WR_COUNT(steps))];
        int64_t ts = random_below(6) ? clock : clock - 10 * (int64_t)random_below(100);
        uint32_t n = random_below(3) ? 1 : random_below(5);
        at += (size_t)snprintf(text + at, size - at, "%s%s%lld", i ? "|" : "", n ? "" : "@",
                               (long long)(n ? ts : clock));
        for (uint32_t r = 0; r < n; r++) {
            at += (size_t)snprintf(text + at, size - at, " %c%u", "abc"[random_below(3)], random_below(10));
            if (!random_below(3)) at += (size_t)snprintf(text + at, size - at, "/%lld", (long long)ts - 300);
            if (!random_below(12)) at += (size_t)snprintf(text + at, size - at, "/?");
            if (random_below(2)) at += (size_t)snprintf(text + at, size - at, "!");
        }
    }
}

static void however_arrivals_are_cut_the_same_comes_out(void **state) {
    (void)state;
    static const char *const queries[] = {ROWS_ALL, ROWS_CURRENT, SUMS_ALL, SUMS_CURRENT};
    static char input[4096];
    for (size_t i = 0; i < WR_COUNT(windows); i++)
        for (size_t q = 0; q < WR_COUNT(queries); q++) {
            seed = 1 + i * 4 + q;
            random_input(input, sizeof input, 14);
            check_scenario(&(scenario){.window = windows[i], .query = queries[q], .input = input});
        }
}

static void without_memory_a_call_says_so(void **state) {
    (void)state;
    static char input[4096];
    for (size_t i = 0; i < WR_COUNT(windows); i++) {
        seed = 100 + i;
        random_input(input, sizeof input, 25);
        check_out_of_memory(windows[i], SUMS_ALL, input);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(however_arrivals_are_cut_the_same_comes_out),
        cmocka_unit_test(without_memory_a_call_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
