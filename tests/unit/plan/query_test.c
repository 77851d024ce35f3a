/* Queries: windows and what they must keep, joins and their keys, tables looked into. */
#include "fakes.h"

#define STREAMS                                                                                              \
    "define stream S (k string, v int, t long, d double); define stream R (k string, w int); "               \
    "@PrimaryKey('k') define table T (k string, v long); "

static const wr_plan_op *first_op(const wr_plan *plan) { return plan->queries[0].side[0].ops[0]; }

static void window_arguments_are_constants_and_columns(void **state) {
    (void)state;
    planned a;
    const wr_plan_window *w =
        &first_op(plan_of(&a, STREAMS "from S#window.sort(3, t) select k insert into O;"))->u.window;
    assert_int_equal(w->args.n_args, 2);
    assert_true(w->args.args[0].is_const);
    assert_int_equal(w->args.args[0].value.as.i, 3);
    assert_true(w->args.args[1].is_attribute);
    assert_int_equal(w->args.args[1].column, 2);
    assert_int_equal(w->args.n_cols, 4);
    planned_fini(&a);
    w = &first_op(plan_of(&a, STREAMS "from S#window.time(2 sec) select k insert into O;"))->u.window;
    assert_true(w->args.args[0].is_time);
    assert_int_equal(w->args.args[0].value.as.l, 2000);
    planned_fini(&a);
}

static void a_window_keeps_what_an_aggregate_must_undo(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(
        &a, STREAMS "from S#window.time(1 sec)[t > 1] select k, sum(v) as s group by k insert into O;");
    const wr_plan_window *w = &first_op(plan)->u.window;
    assert_true(w->args.expired_wanted);
    assert_false(w->args.expired_output);
    assert_true(w->args.reset_wanted);
    const uint8_t both = WR_NEED_CURRENT | WR_NEED_EXPIRED;
    /* The group, which is selected, the sum, the filter; d is read by nobody. */
    const uint8_t wanted[] = {both | WR_NEED_SHOWN, both, both, 0};
    assert_memory_equal(w->need, wanted, sizeof wanted);
    assert_true(plan->queries[0].select->u.select.input_expires);
    planned_fini(&a);
}

static void a_window_that_nobody_looks_back_at_keeps_nothing(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, STREAMS "from S#window.length(5) select k insert into O;");
    const wr_plan_window *w = &first_op(plan)->u.window;
    assert_false(w->args.expired_wanted);
    const uint8_t wanted[] = {WR_NEED_CURRENT | WR_NEED_SHOWN, 0, 0, 0};
    assert_memory_equal(w->need, wanted, sizeof wanted);
    assert_false(plan->queries[0].select->u.select.input_expires);
    planned_fini(&a);
    w = &first_op(plan_of(&a, STREAMS "from S#window.length(5) select k insert expired events into O;"))
             ->u.window;
    assert_true(w->args.expired_output);
    assert_int_equal(w->need[0], WR_NEED_EXPIRED | WR_NEED_SHOWN);
    planned_fini(&a);
}

static void a_window_keeps_the_columns_it_is_told_by(void **state) {
    (void)state;
    planned a;
    const wr_plan_window *w =
        &first_op(plan_of(&a, STREAMS "from S#window.sort(3, t) select k insert into O;"))->u.window;
    const uint8_t wanted[] = {WR_NEED_CURRENT | WR_NEED_SHOWN, 0, WR_NEED_WINDOW, 0};
    assert_memory_equal(w->need, wanted, sizeof wanted);
    planned_fini(&a);
}

static void an_expression_window_sees_event_first_and_last(void **state) {
    (void)state;
    planned a;
    const wr_plan_window *w =
        &first_op(plan_of(&a, STREAMS
                          "from S#window.expression(\"count() < 5 and last.v == first.v and t > 3 and "
                          "eventTimestamp(last) - eventTimestamp(first) < 3000\") "
                          "select k insert into O;"))
             ->u.window;
    assert_int_equal(w->condition.n_aggs, 1);
    wr_expr_print(w->condition.expr, NULL, NULL, &a.text);
    assert_string_equal(a.text.data, "(((($0 < 5L) and (column9 == column5)) and (column2 > 3L)) and "
                                     "((column13 - column12) < 3000L))");
    const uint8_t wanted[] = {WR_NEED_CURRENT | WR_NEED_SHOWN, WR_NEED_WINDOW, WR_NEED_WINDOW, 0};
    assert_memory_equal(w->need, wanted, sizeof wanted);
    planned_fini(&a);
}

static void equalities_between_the_sides_are_keys(void **state) {
    (void)state;
    planned a;
    const wr_plan_query *q =
        &plan_of(&a, STREAMS "from S#window.length(3) as a join R#window.length(4) as b "
                             "on b.w == a.t and a.k == b.k and a.v > b.w select a.d as d insert into O;")
             ->queries[0];
    const wr_plan_join *j = &q->merge->u.join;
    assert_int_equal(j->n_keys, 2);
    wr_expr_print(j->left_keys[0], NULL, NULL, &a.text);
    wr_buf_puts(&a.text, " | ");
    wr_expr_print(j->right_keys[0], NULL, NULL, &a.text);
    wr_buf_puts(&a.text, " | ");
    wr_expr_print(j->residual, &q->merge->in, NULL, &a.text);
    assert_string_equal(a.text.data, "column2 | long(column1) | (v > w)");
    assert_true(j->triggers[0] && j->triggers[1] && j->content[0] == WR_CONTENT_FOLLOWS &&
                j->content[1] == WR_CONTENT_FOLLOWS);
    assert_false(j->expired_triggers);
    /* Keys, what is tested and what is selected: the join keeps rows, so it wants them as they come in. */
    const uint8_t read = WR_NEED_CURRENT | WR_NEED_SHOWN;
    const uint8_t left[] = {read, read, read, read}, right[] = {read, read};
    assert_memory_equal(q->side[0].ops[0]->u.window.need, left, sizeof left);
    assert_memory_equal(q->side[1].ops[0]->u.window.need, right, sizeof right);
    const bool joined[] = {false, true, false, true, false, true};
    assert_memory_equal(j->need, joined, sizeof joined);
    planned_fini(&a);
}

static void a_failing_or_one_sided_part_is_no_key(void **state) {
    (void)state;
    planned a;
    const wr_plan_join *j =
        &plan_of(&a, STREAMS "from S#window.length(3) as a unidirectional join R as b "
                             "on a.k == 'x' and cast(a.d, 'int') == b.w select a.k as k insert into O;")
             ->queries[0]
             .merge->u.join;
    assert_int_equal(j->n_keys, 0);
    assert_non_null(j->residual);
    assert_true(j->triggers[0]);
    assert_false(j->triggers[1]);
    assert_int_equal(j->content[1], WR_CONTENT_NONE);
    planned_fini(&a);
}

static void a_table_side_never_triggers(void **state) {
    (void)state;
    planned a;
    const wr_plan_query *q =
        &plan_of(&a, STREAMS "from S join T on S.k == T.k select S.k as k, T.v as v insert into O;")
             ->queries[0];
    assert_int_equal(q->side[1].kind, WR_SIDE_TABLE);
    assert_int_equal(q->merge->u.join.n_keys, 1);
    assert_true(q->merge->u.join.triggers[0]);
    assert_false(q->merge->u.join.triggers[1]);
    assert_int_equal(q->merge->u.join.content[1], WR_CONTENT_TABLE);
    planned_fini(&a);
}

static void in_becomes_a_probe_with_keys(void **state) {
    (void)state;
    planned a;
    const wr_plan_filter *f =
        &first_op(plan_of(&a, STREAMS "from S[(T.k == k and v == T.v and T.v > t) in T and d > 0] select k "
                                      "insert into O;"))
             ->u.filter;
    assert_int_equal(f->n_probes, 1);
    assert_int_equal(f->probes[0].n_keys, 1); /* the primary key's index does it */
    assert_int_equal(f->probes[0].key_columns[0], 0);
    wr_expr_print(f->condition, NULL, NULL, &a.text);
    wr_buf_puts(&a.text, " | ");
    wr_expr_print(f->probes[0].residual, NULL, NULL, &a.text);
    assert_string_equal(a.text.data,
                        "(probe0 and (column3 > 0D)) | ((column5 > column2) and (long(column1) == column5))");
    planned_fini(&a);
}

static void a_stream_says_which_columns_are_read(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, STREAMS "from S[v > 1] select k insert into O; "
                                              "from S#window.length(2) join R#window.length(2) on S.t == R.w "
                                              "select R.k as k insert into P;");
    bool needed[4];
    wr_plan_stream_needs(plan, wr_plan_find_stream(plan, "S"), needed);
    const bool wanted[] = {true, true, true, false};
    assert_memory_equal(needed, wanted, sizeof wanted);
    wr_plan_stream_needs(plan, wr_plan_find_stream(plan, "R"), needed);
    assert_true(needed[0] && needed[1]);
    wr_plan_stream_needs(plan, wr_plan_find_stream(plan, "O"), needed);
    assert_false(needed[0]);
    planned_fini(&a);
}

static void pol2cart_adds_columns_and_log_knows_its_arguments(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, STREAMS "from S#pol2Cart(d, d)#log('Warn', k, false)#window.length(1) "
                                              "select * insert into O;");
    const wr_plan_query *q = &plan->queries[0];
    assert_int_equal(q->select->out.n_attrs, 6);
    assert_string_equal(q->select->out.attrs[5].name, "y");
    const wr_plan_function *log = &q->side[0].ops[1]->u.function;
    assert_string_equal(log->type->name, "log");
    assert_int_equal(log->n_args, 3);
    assert_false(log->type->reads_all(log->arg_info, log->n_args));
    planned_fini(&a);
}

static void limits_and_modes_of_the_selector(void **state) {
    (void)state;
    planned a;
    const wr_plan_select *s =
        &plan_of(&a, STREAMS "from S select k, v group by k, S.v order by v desc, k limit 5 offset 2 "
                             "insert all events into O;")
             ->queries[0]
             .select->u.select;
    assert_int_equal(s->chunk_mode, WR_CHUNK_LAST_PER_GROUP);
    assert_int_equal(s->n_keys, 2);
    assert_int_equal(s->n_order, 2);
    assert_true(s->order[0].descending);
    assert_int_equal(s->order[1].key->kind, WR_EXPR_OUTPUT);
    assert_int_equal(s->limit, 5);
    assert_int_equal(s->offset, 2);
    assert_true(s->wants_current && s->wants_expired);
    assert_false(s->input_expires);
    planned_fini(&a);
}

static void relabelled_values_are_plain_in_defined_columns(void **state) {
    (void)state;
    planned a;
    const wr_plan *plan = plan_of(&a, "define stream S (d double); define stream O (x int); "
                                      "from S select cast(d, 'int') as x insert into O; "
                                      "from S select cast(d, 'int') as x insert into P; "
                                      "from S select 1 as x insert into P;");
    assert_int_equal(plan->queries[0].select->u.select.outs[0]->kind, WR_EXPR_UNBOX);
    assert_false(plan->queries[0].select->out.attrs[0].boxed);
    assert_true(plan->streams[wr_plan_find_stream(plan, "P")].schema.attrs[0].boxed);
    assert_int_equal(plan->queries[2].select->u.select.outs[0]->kind, WR_EXPR_BOX);
    planned_fini(&a);
}

/* Every allocation in turn fails: a clean WEIR_ENOMEM, no leak, then success. */
static void planning_without_memory_is_told(void **state) {
    (void)state;
    planned a;
    wr_ast_app *tree = NULL;
    memset(&a, 0, sizeof a);
    a.registry = fake_registry();
    wr_arena_init(&a.arena, NULL);
    const char *plain = STREAMS "from S#window.expression('count() < 3') select k, sum(v) as s group by k "
                                "having s > 1 insert into O; from O as a join R#window.length(2) as b "
                                "on a.k == b.k select a.k as k, (T.k == a.k) in T as known insert into P;";
    assert_int_equal(wr_source_init(&a.source, "app", plain, strlen(plain), NULL), WEIR_OK);
    assert_int_equal(wr_parse_app(&a.source, &a.arena, &tree, NULL), WEIR_OK);
    weir_status st = WEIR_ENOMEM;
    for (long n = 1; st == WEIR_ENOMEM && n < 1000; n++) {
        wr_alloc_fail_after(n);
        st = wr_plan_app(tree, &a.source, a.registry, NULL, &a.plan, NULL);
        wr_alloc_fail_after(0);
        if (st != WEIR_OK) assert_null(a.plan);
    }
    assert_int_equal(st, WEIR_OK);
    planned_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(window_arguments_are_constants_and_columns),
                                       cmocka_unit_test(a_window_keeps_what_an_aggregate_must_undo),
                                       cmocka_unit_test(a_window_that_nobody_looks_back_at_keeps_nothing),
                                       cmocka_unit_test(a_window_keeps_the_columns_it_is_told_by),
                                       cmocka_unit_test(an_expression_window_sees_event_first_and_last),
                                       cmocka_unit_test(equalities_between_the_sides_are_keys),
                                       cmocka_unit_test(a_failing_or_one_sided_part_is_no_key),
                                       cmocka_unit_test(a_table_side_never_triggers),
                                       cmocka_unit_test(in_becomes_a_probe_with_keys),
                                       cmocka_unit_test(a_stream_says_which_columns_are_read),
                                       cmocka_unit_test(pol2cart_adds_columns_and_log_knows_its_arguments),
                                       cmocka_unit_test(limits_and_modes_of_the_selector),
                                       cmocka_unit_test(relabelled_values_are_plain_in_defined_columns),
                                       cmocka_unit_test(planning_without_memory_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
