/* pattern_test.c: the automaton that a pattern or sequence becomes: items, links, and filters taken apart. */
#include "fakes.h"

#include "plan/pattern.h"

#define STREAMS                                                                                              \
    "define stream A (k string, v int); define stream B (k string, v int); define stream C (k string, v "    \
    "int); "
#define END " select 1 as one insert into O;"

static const wr_plan_pattern *pattern_of(planned *a, const char *app) {
    return plan_of(a, app)->queries[0].merge->u.pattern;
}

static void steps_are_linked_in_their_order(void **state) {
    (void)state;
    planned a;
    const wr_plan_pattern *p = pattern_of(&a, STREAMS "from every e1=A -> e2=B -> e3=A within 5 sec" END);
    assert_int_equal(p->n_items, 3);
    assert_int_equal(p->within_ms, 5000);
    assert_int_equal(a.plan->queries[0].n_sides, 2); /* A once */
    assert_true(p->items[0].is_start);
    assert_int_equal(p->items[0].next, 1);
    assert_int_equal(p->items[0].every_next, 0);
    assert_int_equal(p->items[0].last, 2);
    assert_int_equal(p->items[1].every_next, WR_NO_ITEM);
    assert_true(p->items[2].gives_output);
    planned_fini(&a);
}

static void every_over_a_group_begins_it_anew_when_it_is_complete(void **state) {
    (void)state;
    planned a;
    const wr_plan_pattern *p = pattern_of(&a, STREAMS "from every (e1=A -> e2=B) -> e3=C" END);
    assert_int_equal(p->items[0].every_next, WR_NO_ITEM);
    assert_int_equal(p->items[1].every_next, 0);
    assert_int_equal(p->items[1].within_every, 0);
    assert_int_equal(p->items[2].within_every, WR_NO_ITEM);
    planned_fini(&a);
}

static void the_right_of_and_is_read_first_and_a_not_before_its_event(void **state) {
    (void)state;
    planned a;
    const wr_plan_pattern *p = pattern_of(&a, STREAMS "from e1=A and e2=B -> e3=C" END);
    assert_string_equal(p->items[0].name, "e2");
    assert_int_equal(p->items[0].partner, 1);
    assert_int_equal(p->items[1].next, 2);
    planned_fini(&a);
    p = pattern_of(&a, STREAMS "from e1=A and not B for 1 sec -> e3=C" END);
    assert_string_equal(p->items[0].name, "e1");
    assert_int_equal(p->items[1].kind, WR_ITEM_ABSENT_LOGICAL);
    assert_int_equal(p->n_timers, 1);
    assert_int_equal(p->timers[0], 1);
    planned_fini(&a);
}

static void every_of_a_sequence_covers_a_wait_that_is_followed_by_an_event(void **state) {
    (void)state;
    planned a;
    const wr_plan_pattern *p = pattern_of(&a, STREAMS "from every e1=A, not B for 1 sec, e2=C" END);
    assert_int_equal(p->items[0].every_next, WR_NO_ITEM);
    assert_int_equal(p->items[1].every_next, 0);
    planned_fini(&a);
    p = pattern_of(&a, STREAMS "from every e1=A, e2=C, not B for 1 sec" END);
    assert_int_equal(p->items[0].every_next, 0);
    planned_fini(&a);
}

static void a_filter_is_taken_apart_by_what_it_reads(void **state) {
    (void)state;
    planned a;
    const wr_plan_pattern *p = pattern_of(
        &a,
        STREAMS "from every e1=A[v > 50] -> e2=B[k == e1.k and v > e1.v and k == 'x' and v + e1.v > 3]" END);
    const wr_plan_item *b = &p->items[1];
    assert_int_equal(b->n_keys, 1);
    assert_int_equal(b->key_refs[0].column, 0);
    assert_int_equal(b->n_tests, 1);
    assert_int_equal(b->tests[0].op, WR_GT);
    assert_non_null(b->residual);
    /* v > 50 follows, so that the whole batch can be asked. */
    assert_int_equal(b->own->kind, WR_EXPR_AND);
    assert_true(p->items[0].keeps[0] && p->items[0].keeps[1]);
    assert_false(b->keeps[0] || b->keeps[1]);
    planned_fini(&a);
}

static void a_sequence_and_a_counted_step_have_no_index(void **state) {
    (void)state;
    planned a;
    const wr_plan_pattern *p = pattern_of(&a, STREAMS "from every e1=A, e2=B[k == e1.k]" END);
    assert_int_equal(p->items[1].n_keys, 0);
    assert_int_equal(p->items[1].n_tests, 1);
    planned_fini(&a);
    p = pattern_of(&a,
                   STREAMS "from every e1=A<1:3> -> e2=B[k == e1.k]" END); /* e1.k changes while it waits */
    assert_int_equal(p->items[1].n_keys, 0);
    planned_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_linked_in_their_order),
        cmocka_unit_test(every_over_a_group_begins_it_anew_when_it_is_complete),
        cmocka_unit_test(the_right_of_and_is_read_first_and_a_not_before_its_event),
        cmocka_unit_test(every_of_a_sequence_covers_a_wait_that_is_followed_by_an_event),
        cmocka_unit_test(a_filter_is_taken_apart_by_what_it_reads),
        cmocka_unit_test(a_sequence_and_a_counted_step_have_no_index),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
