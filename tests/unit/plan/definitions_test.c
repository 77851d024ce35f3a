/* Definitions and annotations, as they stand in the plan. */
#include "fakes.h"

static void app_annotations_set_name_and_clock(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, "@App:Name('x') @app:description('two words') @app:foo('bar') "
                                      "@app:playback(idle.time='100 millisec', increment='2 sec') "
                                      "define stream S (a int);");
    assert_string_equal(plan->name, "x");
    assert_string_equal(plan->description, "two words");
    assert_int_equal(plan->clock, WR_CLOCK_PLAYBACK);
    assert_int_equal(plan->idle_ms, 100);
    assert_int_equal(plan->increment_ms, 2000);
    planned_fini(&a);
}

static void on_error_stream_makes_a_fault_stream(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, "@OnError(action='STREAM') define stream S (a int, b string); "
                                      "from !S select a, _error insert into Bad;");
    uint32_t s = wr_plan_find_stream(plan, "S"), fault = wr_plan_find_stream(plan, "!S");
    assert_int_not_equal(fault, WR_NONE_ID);
    assert_int_equal(plan->streams[s].fault, fault);
    assert_int_equal(plan->streams[fault].fault_of, s);
    assert_int_equal(plan->streams[s].on_error, WR_ON_ERROR_STREAM);
    assert_int_equal(plan->streams[fault].schema.n_attrs, 3);
    assert_int_equal(plan->streams[fault].schema.attrs[2].type, WEIR_OBJECT);
    assert_false(plan->streams[fault].is_defined);
    planned_fini(&a);
}

static void sources_and_sinks_are_taken_apart(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan =
        plan_of(&a, "@Source(type='file', File.URI='A.csv', @map(type='csv', Header='true', "
                    "@attributes(a='$.X', b='trp:y'))) "
                    "@sink(type='stdout', @map(type='json', @payload('{{a}}'))) @sink(type='log') "
                    "define stream S (a int, b string);");
    const wr_plan_stream *s = &plan->streams[0];
    assert_int_equal(s->n_sources, 1);
    assert_int_equal(s->n_sinks, 2);
    const wr_plan_io *io = &s->sources[0];
    assert_string_equal(io->type, "file");
    assert_int_equal(io->n_options, 1);
    assert_string_equal(io->options[0].key, "file.uri");
    assert_string_equal(io->options[0].value, "A.csv");
    assert_string_equal(io->map_type, "csv");
    assert_string_equal(io->map_options[0].key, "header");
    assert_int_equal(io->n_attributes, 2);
    assert_string_equal(io->attributes[1].key, "b");
    assert_string_equal(io->attributes[1].value, "trp:y");
    assert_string_equal(s->sinks[0].payloads[0].value, "{{a}}");
    assert_string_equal(s->sinks[0].payloads[0].key, "");
    assert_null(s->sinks[1].map_type);
    planned_fini(&a);
}

static void tables_know_their_key_and_indexes(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, "@PrimaryKey('b', 'a') @Index('c') @index('a') "
                                      "define table T (a int, b string, c double);");
    const wr_plan_table *t = &plan->tables[0];
    assert_int_equal(t->n_key, 2);
    assert_int_equal(t->key[0], 1);
    assert_int_equal(t->key[1], 0);
    assert_int_equal(t->n_indexes, 2);
    assert_int_equal(t->indexes[0], 2);
    planned_fini(&a);
}

static void triggers_feed_a_stream_of_their_name(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, "define trigger A at 'Start'; define trigger B at every 5 sec; "
                                      "define trigger C at '0 * * * * ?'; define stream S (a int); "
                                      "from S#window.length(1) select a insert into O; "
                                      "from B select triggered_time as t insert into P;");
    assert_int_equal(plan->n_triggers, 3);
    assert_int_equal(plan->triggers[0].kind, WR_TRIGGER_START);
    assert_int_equal(plan->triggers[1].every_ms, 5000);
    assert_int_equal(plan->triggers[2].kind, WR_TRIGGER_CRON);
    assert_string_equal(plan->triggers[2].cron, "0 * * * * ?");
    const wr_plan_stream *b = &plan->streams[plan->triggers[1].stream];
    assert_string_equal(b->name, "B");
    assert_int_equal(b->trigger, 1);
    assert_string_equal(b->schema.attrs[0].name, "triggered_time");
    /* Their timers fire after those of all queries. */
    assert_int_equal(plan->triggers[0].rank, 4 - 1);
    assert_int_equal(plan->triggers[2].rank, plan->n_ranks - 1);
    planned_fini(&a);
}

static void the_same_definition_may_stand_twice(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, "define stream S (a int); define stream S (a int);");
    assert_int_equal(plan->n_streams, 1);
    planned_fini(&a);
}

static void inserting_defines_a_stream(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, "define stream S (a int); from S select a, a * 1.5 as b insert into O; "
                                      "from O select b insert into #inner; from #inner insert into P;");
    const wr_plan_stream *o = &plan->streams[wr_plan_find_stream(plan, "O")];
    assert_false(o->is_defined);
    assert_int_equal(o->schema.attrs[1].type, WEIR_DOUBLE);
    assert_int_not_equal(wr_plan_find_stream(plan, "#inner"), WR_NONE_ID);
    assert_int_equal(wr_plan_find_stream(plan, "inner"), WR_NONE_ID);
    planned_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(app_annotations_set_name_and_clock),
                                       cmocka_unit_test(on_error_stream_makes_a_fault_stream),
                                       cmocka_unit_test(sources_and_sinks_are_taken_apart),
                                       cmocka_unit_test(tables_know_their_key_and_indexes),
                                       cmocka_unit_test(triggers_feed_a_stream_of_their_name),
                                       cmocka_unit_test(the_same_definition_may_stand_twice),
                                       cmocka_unit_test(inserting_defines_a_stream)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
