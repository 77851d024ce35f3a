/* Arguments that windows refuse: the message, and what is marked. And what every row of the table must have.
 */
#include <string.h>

#include "scenario.h"

#include "base/compiler.h"
#include "registry/registry.h"

static void wrong_arguments_are_refused_by_name_and_place(void **state) {
    (void)state;
    static const struct {
        const char *window, *message, *at;
    } cases[] = {
        {"time()", "window time() takes 1 argument, not 0", "time()"},
        {"time(1 sec, 2)", "window time() takes 1 argument, not 2", "time(1 sec, 2)"},
        {"time(1.5)", "the duration of window time() must be int or long, not double", "1.5"},
        {"time(v)", "the duration of window time() must be a constant, not an attribute", "v"},
        {"length(1L)", "the number of rows of window length() must be int, not long", "1L"},
        {"length(-1)", "the number of rows of window length() must not be negative", "-1"},
        {"lengthBatch(2, 1)", "streamCurrent of window lengthBatch() must be bool, not int", "1"},
        {"lengthBatch(2, b)", "streamCurrent of window lengthBatch() must be a constant, not an attribute",
         "b"},
        {"timeBatch(0)", "the duration of window timeBatch() must be more than 0", "0"},
        {"timeBatch(1, 2, 3)", "streamCurrent of window timeBatch() must be bool, not int", "3"},
        {"timeBatch(1, true, 2)", "start of window timeBatch() must be int or long, not bool", "true"},
        {"timeBatch(1, 'x')",
         "start or streamCurrent of window timeBatch() must be int, long or bool, not string", "'x'"},
        {"externalTime(v, 1)", "the timestamp of window externalTime() must be long, not int", "v"},
        {"externalTime(1L, 1)", "the timestamp of window externalTime() must be an attribute, not a constant",
         "1L"},
        {"externalTime(l, v)", "the duration of window externalTime() must be a constant, not an attribute",
         "v"},
        {"externalTimeBatch(l)", "window externalTimeBatch() takes at least 2 arguments, not 1",
         "externalTimeBatch(l)"},
        {"externalTimeBatch(l, 1, v)", "start of window externalTimeBatch() must be long, not int", "v"},
        {"externalTimeBatch(l, 1, 1, l)",
         "the timeout of window externalTimeBatch() must be a constant, not an attribute", "l"},
        {"externalTimeBatch(l, 1, 1, 1, 1)",
         "replaceTimestamp of window externalTimeBatch() must be bool, not int", "1"},
        {"timeLength(1)", "window timeLength() takes 2 arguments, not 1", "timeLength(1)"},
        {"timeLength(1, 1L)", "the number of rows of window timeLength() must be int, not long", "1L"},
        {"batch(1, 2)", "window batch() takes at most 1 argument, not 2", "batch(1, 2)"},
        {"batch(1L)", "the number of rows of window batch() must be int, not long", "1L"},
        {"delay(l)", "the duration of window delay() must be a constant, not an attribute", "l"},
        {"session(1000)", "the gap of window session() must be long, not int", "1000"},
        {"session(1 sec, v)", "the key of window session() must be string, not int", "v"},
        {"session(1 sec, 1L)", "the key of window session() must be an attribute, not a constant", "1L"},
        {"session(1 sec, k, 2 sec)", "the latency of window session() must not be more than its gap",
         "2 sec"},
        {"sort(1)", "window sort() takes at least 2 arguments, not 1", "sort(1)"},
        {"sort(1, b)", "a sort key of window sort() must be int, long, float, double or string, not bool",
         "b"},
        {"sort(1, v, k)", "an order of window sort() must be a constant, not an attribute", "k"},
        {"sort(1, v, 'up')", "an order of window sort() must be 'asc' or 'desc', not 'up'", "'up'"},
        {"sort(1, 'asc', v)", "a sort key of window sort() must be an attribute, not a constant", "'asc'"},
        {"frequent(1L)", "the number of rows of window frequent() must be int, not long", "1L"},
        {"frequent(1, v)", "a key of window frequent() must be string, not int", "v"},
        {"lossyFrequent(0.1)", "window lossyFrequent() takes at least 2 arguments, not 1",
         "lossyFrequent(0.1)"},
        {"lossyFrequent(1, 1)", "the support of window lossyFrequent() must be double, not int", "1"},
        {"lossyFrequent(0.1, 1.5)", "the error of window lossyFrequent() must be from 0 to 1", "1.5"},
        {"expression(v)", "the condition of window expression() must be text, not int", "v"},
        {"expressionBatch('b', 1)", "includeTrigger of window expressionBatch() must be bool, not int", "1"},
        {"expressionBatch('b', true, b)",
         "streamCurrent of window expressionBatch() must be a constant, not an attribute", "b"},
        {"cron(k)", "the expression of window cron() must be a constant, not an attribute", "k"},
        {"cron('bad')", "cron: second 'bad' is not a number", "'bad'"},
    };
    for (size_t i = 0; i < WR_COUNT(cases); i++)
        check_refused(cases[i].window, cases[i].message, cases[i].at);
}

static void every_window_is_fully_described(void **state) {
    (void)state;
    for (const weir_window_type *const *p = wr_window_table; *p; p++) {
        const weir_window_type *t = *p;
        assert_int_equal(t->struct_size, sizeof *t);
        assert_true(*t->name && *t->doc && *t->example);
        assert_non_null(t->params[0].signature);
        for (const weir_param_doc *d = t->params; d->signature; d++) {
            size_t ns = *t->ns ? strlen(t->ns) + 1 : 0;
            assert_int_equal(strncmp(d->signature, t->ns, strlen(t->ns)), 0);
            assert_int_equal(strncmp(d->signature + ns, t->name, strlen(t->name)), 0);
            assert_true(*d->doc);
        }
        assert_non_null(t->check);
        assert_non_null(t->open);
        assert_non_null(t->save);
        assert_non_null(t->load);
        assert_non_null(t->bound);
        assert_true(t->process || t->on_chunk);
        assert_true(!t->on_timer || t->due);
        assert_true(!t->due || t->uses_clock);
        assert_non_null(strstr(t->example, t->name));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_arguments_are_refused_by_name_and_place),
        cmocka_unit_test(every_window_is_fully_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
