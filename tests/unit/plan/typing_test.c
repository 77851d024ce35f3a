/* What expressions become: types, conversions, forms. Read back through wr_expr_print. */
#include "fakes.h"

#define STREAM "define stream S (k string, i int, l long, f float, d double, b bool, o object); "

/* The first output of `select <expr> as x`, as text. */
static const wr_expr *typed(planned *a, const char *expr, const char **text) {
    char app[512];
    snprintf(app, sizeof app, STREAM "from S select %s as x insert into O;", expr);
    const wr_plan_op *select = plan_of(a, app)->queries[0].select;
    wr_expr_print(select->u.select.outs[0], &select->in, &select->out, &a->text);
    *text = a->text.data;
    return select->u.select.outs[0];
}

static void expect(const char *expr, weir_type type, const char *wanted) {
    planned a;
    const char *text;
    const wr_expr *e = typed(&a, expr, &text);
    assert_string_equal(text, wanted);
    assert_int_equal(e->type, type);
    planned_fini(&a);
}

static void numbers_widen_to_the_wider_side(void **state) {
    (void)state;
    expect("i + l", WEIR_LONG, "(long(i) + l)");
    expect("l * f", WEIR_FLOAT, "(float(l) * f)");
    expect("f - d", WEIR_DOUBLE, "(double(f) - d)");
    expect("i % 3", WEIR_INT, "(i % 3)");
    expect("d / 2", WEIR_DOUBLE, "(d / 2D)"); /* the constant is converted at once */
    expect("1 sec + i", WEIR_LONG, "(1000L + long(i))");
}

static void comparison_promotes_but_long_and_float_are_equal_as_doubles(void **state) {
    (void)state;
    expect("i > l", WEIR_BOOL, "(long(i) > l)");
    expect("i == f", WEIR_BOOL, "(float(i) == f)");
    expect("l > f", WEIR_BOOL, "(float(l) > f)");
    expect("l == f", WEIR_BOOL, "(double(l) == double(f))");
    expect("f != l", WEIR_BOOL, "(double(f) != double(l))");
    expect("k == 'a'", WEIR_BOOL, "(k == 'a')");
    expect("b != true", WEIR_BOOL, "(b != true)");
}

static void a_number_beside_something_else_is_tried_row_by_row(void **state) {
    (void)state;
    expect("o + 1", WEIR_INT, "(unbox int(o) + 1)");
    expect("k + 1", WEIR_INT, "(exactly int(boxed object(k)) + 1)");
    expect("b * d", WEIR_DOUBLE, "(exactly double(boxed object(b)) * d)");
}

static void cast_labels_values_and_uses_unbox_them(void **state) {
    (void)state;
    planned a;
    const char *text;
    const wr_expr *e = typed(&a, "cast(d, 'int')", &text);
    assert_string_equal(text, "boxed int(d)");
    assert_true(e->boxed);
    planned_fini(&a);
    expect("cast(i, 'INT')", WEIR_INT, "i");
    expect("cast(i, 'long')", WEIR_LONG, "long(i)");
    expect("cast(d, 'int') + 1", WEIR_INT, "(unbox int(boxed int(d)) + 1)");
    expect("cast(d, 'int') > 1L", WEIR_BOOL, "(long(exactly int(boxed int(d))) > 1L)");
    expect("cast(o, 'bool')", WEIR_BOOL, "exactly bool(boxed bool(o))");
    expect(
        "cast(i, 'string') == k", WEIR_BOOL,
        "ifThenElse(instanceOfString(boxed object(boxed string(i))), (exactly string(boxed string(i)) == k), "
        "false)");
}

static void bool_functions_read_null_as_false(void **state) {
    (void)state;
    planned a;
    const char *text;
    const wr_expr *e = typed(&a, "coalesce(b, true)", &text);
    assert_int_equal(e->kind, WR_EXPR_NULL_FALSE);
    assert_false(e->nullable);
    planned_fini(&a);
    e = typed(&a, "b", &text);
    assert_int_equal(e->kind, WR_EXPR_COLUMN);
    assert_true(e->nullable);
    planned_fini(&a);
}

static void forms_of_the_plan(void **state) {
    (void)state;
    expect("ifThenElse(i > 1, k, 'none')", WEIR_STRING, "ifThenElse((i > 1), k, 'none')");
    expect("eventTimestamp()", WEIR_LONG, "eventTimestamp()");
    expect("not (b and i is null)", WEIR_BOOL, "not ((b and i is null))");
    expect("S is null", WEIR_BOOL, "false"); /* the event is there */
    expect("sum(i * 2) + 1", WEIR_LONG, "($0 + 1L)");
}

static void flags_say_what_can_happen_to_a_row(void **state) {
    (void)state;
    planned a;
    const char *text;
    const wr_expr *e = typed(&a, "i + 1", &text);
    assert_true(e->nullable && !e->can_fail && !e->needs_clock);
    planned_fini(&a);
    e = typed(&a, "i > 1 or isOdd(i)", &text);
    assert_true(!e->nullable && e->can_fail && !e->needs_clock);
    planned_fini(&a);
    e = typed(&a, "currentTimeMillis() / 1", &text);
    assert_true(e->nullable && !e->can_fail && e->needs_clock);
    planned_fini(&a);
    e = typed(&a, "o + 1", &text);
    assert_true(e->can_fail);
    planned_fini(&a);
}

static void equal_aggregates_share_a_slot(void **state) {
    (void)state;
    planned a;
    const wr_plan_select *select =
        &plan_of(&a, STREAM "from S select sum(i) as x, sum(i + 1) as y, sum(i) * 2 as z, count() as n "
                            "insert into O;")
             ->queries[0]
             .select->u.select;
    assert_int_equal(select->n_aggs, 3);
    assert_int_equal(select->outs[2]->a->u.column, select->outs[0]->u.column);
    planned_fini(&a);
}

static void having_aggregates_run_over_the_input(void **state) {
    (void)state;
    planned a;
    const wr_plan_op *op =
        plan_of(&a, STREAM "from S select i * 2 as x, sum(i * 2) as s having sum(x) > 3 insert into O;")
            ->queries[0]
            .select;
    assert_int_equal(op->u.select.n_aggs, 1); /* sum(x) is sum(i * 2) */
    wr_expr_print(op->u.select.having, &op->in, &op->out, &a.text);
    assert_string_equal(a.text.data, "($0 > 3L)");
    assert_int_equal(op->u.select.chunk_mode, WR_CHUNK_LAST);
    planned_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_widen_to_the_wider_side),
        cmocka_unit_test(comparison_promotes_but_long_and_float_are_equal_as_doubles),
        cmocka_unit_test(a_number_beside_something_else_is_tried_row_by_row),
        cmocka_unit_test(cast_labels_values_and_uses_unbox_them),
        cmocka_unit_test(bool_functions_read_null_as_false),
        cmocka_unit_test(forms_of_the_plan),
        cmocka_unit_test(flags_say_what_can_happen_to_a_row),
        cmocka_unit_test(equal_aggregates_share_a_slot),
        cmocka_unit_test(having_aggregates_run_over_the_input)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
