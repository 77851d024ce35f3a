/* parser_test.c: what the tree of a text says, and that parsing is safe whatever the text or memory. */
#include "lang_support.h"

#include "base/alloc.h"

static const wr_ast_query *first_query(const parsed *p) {
    assert_true(p->app->n_elements > 0);
    return p->app->elements[0].query;
}

static void check_span(const parsed *p, wr_span span, const char *text) {
    assert_int_equal(span.end - span.begin, strlen(text));
    assert_memory_equal(p->source.text + span.begin, text, strlen(text));
}

static void a_definition_keeps_names_types_and_places(void **state) {
    (void)state;
    parsed p;
    parse_well(&p, APP, "@async(buffer.size='64') define stream `My S` (a int, Select STRING);");
    const wr_ast_definition *d = p.app->definitions[0];
    assert_int_equal(d->kind, WR_DEFINE_STREAM);
    assert_string_equal(d->id.name.text, "My S");
    assert_true(d->id.name.quoted);
    check_span(&p, d->id.name.span, "`My S`");
    check_span(&p, d->span, "@async(buffer.size='64') define stream `My S` (a int, Select STRING)");
    assert_int_equal(d->n_attrs, 2);
    assert_string_equal(d->attrs[1].name.text, "Select");
    assert_int_equal(d->attrs[1].type, WEIR_STRING);
    check_span(&p, d->attrs[1].span, "Select STRING");
    const wr_ast_annotation *a = wr_ast_find_annotation(&d->annotations, "ASYNC", 0);
    assert_non_null(a);
    assert_string_equal(wr_ast_find_item(a, "Buffer.Size")->value, "64");
    assert_null(wr_ast_find_item(a, "workers"));
    assert_null(wr_ast_find_annotation(&d->annotations, "async", 1));
    free_parsed(&p);
}

static void a_query_keeps_its_parts(void **state) {
    (void)state;
    parsed p;
    parse_well(
        &p, APP,
        "define stream S (a int); from S[a > 1]#window.time(1 min 2 sec)#f(*) select a, b as c group by a "
        "having c > 1 order by a desc, c limit 5 offset 2 output first every 3 events insert expired events "
        "into #T");
    const wr_ast_query *q = first_query(&p);
    const wr_ast_stream *s = q->input->as.single;
    assert_int_equal(q->input->kind, WR_INPUT_SINGLE);
    assert_int_equal(s->n_handlers, 3);
    assert_int_equal(s->window, 1);
    assert_int_equal(s->handlers[0].kind, WR_HANDLER_FILTER);
    const wr_ast_const *time = &s->handlers[1].call->args[0]->as.constant;
    assert_int_equal(time->as.l, 62000);
    assert_true(time->is_time);
    assert_string_equal(time->text, "1 min 2 sec");
    assert_true(s->handlers[2].call->star);
    const wr_ast_selection *sel = q->selection;
    assert_int_equal(sel->n_outs, 2);
    assert_null(sel->outs[0].alias.text);
    assert_string_equal(sel->outs[1].alias.text, "c");
    assert_int_equal(sel->n_group_by, 1);
    assert_int_equal(sel->n_order_by, 2);
    assert_true(sel->order_by[0].descending);
    assert_false(sel->order_by[1].direction_written);
    assert_int_equal(sel->limit->as.constant.as.i, 5);
    assert_int_equal(q->rate->kind, WR_RATE_EVENTS);
    assert_int_equal(q->rate->which, WR_RATE_FIRST);
    assert_int_equal(q->rate->amount, 3);
    assert_int_equal(q->output->events, WR_EVENTS_EXPIRED);
    assert_int_equal(q->output->target.mark, WR_MARK_INNER);
    check_span(&p, q->output->span, "insert expired events into #T");
    free_parsed(&p);
}

static void operators_bind_by_their_levels(void **state) {
    (void)state;
    parsed p;
    parse_well(&p, EXPRESSION, "a - b - c * d == 1 or not x and y in T");
    const wr_ast_expr *e = p.expr;
    assert_int_equal(e->as.binary.op, WR_OP_OR);
    const wr_ast_expr *eq = e->as.binary.left, *minus = eq->as.binary.left;
    assert_int_equal(eq->as.binary.op, WR_OP_EQ);
    assert_int_equal(minus->as.binary.op, WR_OP_SUB);
    assert_int_equal(minus->as.binary.left->as.binary.op, WR_OP_SUB);
    assert_int_equal(minus->as.binary.right->as.binary.op, WR_OP_MUL);
    const wr_ast_expr *both = e->as.binary.right;
    assert_int_equal(both->as.binary.op, WR_OP_AND);
    assert_int_equal(both->as.binary.left->kind, WR_AST_NOT);
    assert_int_equal(both->as.binary.right->kind, WR_AST_IN);
    check_span(&p, minus->span, "a - b - c * d");
    check_span(&p, eq->as.binary.op_span, "==");
    free_parsed(&p);
}

static void check_number(const char *text, weir_type type, double value) {
    parsed p;
    parse_well(&p, EXPRESSION, text);
    const wr_ast_const *c = &p.expr->as.constant;
    assert_int_equal(p.expr->kind, WR_AST_CONST);
    assert_int_equal(c->type, type);
    double got = type == WEIR_INT     ? c->as.i
                 : type == WEIR_LONG  ? (double)c->as.l
                 : type == WEIR_FLOAT ? (double)c->as.f
                                      : c->as.d;
    assert_true(got == value);
    free_parsed(&p);
}

static void numbers_have_their_values(void **state) {
    (void)state;
    check_number("2147483647", WEIR_INT, 2147483647);
    check_number("-2147483648", WEIR_INT, -2147483648.0);
    check_number("- 7", WEIR_INT, -7);
    check_number("-9223372036854775808L", WEIR_LONG, -9223372036854775808.0);
    check_number("1.5e3F", WEIR_FLOAT, 1500);
    check_number("0.1f", WEIR_FLOAT, (double)0.1f);
    check_number("-.25", WEIR_DOUBLE, -0.25);
    check_number("2d", WEIR_DOUBLE, 2);
    check_number("1.e2", WEIR_DOUBLE, 100);
    check_number("1 year 1 month 1 week 1 day 1 hour 1 min 1 sec 1 millisec", WEIR_LONG,
                 (365.0 + 30 + 7 + 1) * 86400000 + 3600000 + 60000 + 1000 + 1);
}

static void references_keep_all_their_parts(void **state) {
    (void)state;
    parsed p;
    parse_well(&p, EXPRESSION, "#a[last - 2]#b[3].c");
    const wr_ast_ref *r = &p.expr->as.ref;
    assert_int_equal(r->mark, WR_MARK_INNER);
    assert_string_equal(r->stream.text, "a");
    assert_int_equal(r->index.kind, WR_INDEX_LAST);
    assert_int_equal(r->index.n, 2);
    assert_string_equal(r->second.text, "b");
    assert_int_equal(r->second_index.kind, WR_INDEX_AT);
    assert_int_equal(r->second_index.n, 3);
    assert_string_equal(r->attr.text, "c");
    free_parsed(&p);
    parse_well(&p, EXPRESSION, "e1[0] is null");
    r = &p.expr->as.unary.operand->as.ref;
    assert_int_equal(p.expr->kind, WR_AST_IS_NULL);
    assert_string_equal(r->stream.text, "e1");
    assert_null(r->attr.text);
    free_parsed(&p);
    parse_well(&p, EXPRESSION, "e1 is null");
    assert_string_equal(p.expr->as.unary.operand->as.ref.attr.text, "e1");
    free_parsed(&p);
}

static void strings_are_taken_as_they_stand(void **state) {
    (void)state;
    parsed p;
    parse_well(&p, EXPRESSION, "\"a\\n\"");
    assert_string_equal(p.expr->as.constant.as.s.text, "a\\n");
    assert_int_equal(p.expr->as.constant.as.s.len, 3);
    free_parsed(&p);
    parse_well(&p, EXPRESSION, "\"\"\"a\"\n'b\"\"\"");
    assert_string_equal(p.expr->as.constant.as.s.text, "a\"\n'b");
    assert_int_equal(p.expr->as.constant.quote, 't');
    free_parsed(&p);
}

static void patterns_are_trees_of_steps(void **state) {
    (void)state;
    parsed p;
    parse_well(&p, APP,
               "define stream S (a int); from every (e1=S -> e2=S<2:>) -> not S for 5 sec -> e4=S and not T "
               "within 1 min "
               "select 1 as x insert into O");
    const wr_ast_input *in = first_query(&p)->input;
    const wr_ast_state *root = in->as.states.root;
    assert_int_equal(in->kind, WR_INPUT_PATTERN);
    assert_int_equal(in->as.states.within->as.constant.as.l, 60000);
    assert_int_equal(root->as.chain.n, 3);
    const wr_ast_state *group = root->as.chain.list[0]->as.every.child;
    assert_true(group->in_parens);
    assert_int_equal(group->kind, WR_STATE_CHAIN);
    const wr_ast_state *counted = group->as.chain.list[1];
    assert_string_equal(counted->as.item.stream->event_ref.text, "e2");
    assert_int_equal(counted->as.item.min, 2);
    assert_int_equal(counted->as.item.max, WR_COUNT_UNBOUNDED);
    assert_int_equal(root->as.chain.list[1]->as.absent.for_ms, 5000);
    const wr_ast_state *logical = root->as.chain.list[2];
    assert_false(logical->as.logical.is_or);
    assert_int_equal(logical->as.logical.right->kind, WR_STATE_ABSENT);
    assert_false(logical->as.logical.right->as.absent.has_time);
    free_parsed(&p);
}

static void a_function_body_loses_the_character_before_its_brace(void **state) {
    (void)state;
    parsed p;
    parse_well(&p, APP, "define function f[js] return int {return x}");
    assert_string_equal(p.app->definitions[0]->as.function.body, "return ");
    free_parsed(&p);
    parse_well(&p, APP, "define function f[js] return int { return x; }");
    assert_string_equal(p.app->definitions[0]->as.function.body, " return x;");
    free_parsed(&p);
}

/* ---- Safety ------------------------------------------------------------------------------------------- */

static char *repeated(const char *head, const char *part, size_t n, const char *tail) {
    size_t len = strlen(part);
    char *text = malloc(strlen(head) + n * len + strlen(tail) + 1), *at = text;
    at = stpcpy(at, head);
    for (size_t i = 0; i < n; i++) at = stpcpy(at, part);
    stpcpy(at, tail);
    return text;
}

static void check_depth(parsed_kind kind, const char *head, const char *part, const char *middle,
                        const char *end, size_t n, bool accepted) {
    char *opened = repeated(head, part, n, middle),
         *text = repeated(opened, end, n, kind == APP ? " insert into O" : "");
    assert_int_equal(accepts(kind, text), accepted);
    free(text);
    free(opened);
}

static void deep_nesting_is_an_error_and_no_crash(void **state) {
    (void)state;
    check_depth(EXPRESSION, "", "(", "a", ")", 200, true);
    check_depth(EXPRESSION, "", "(", "a", ")", 100000, false);
    check_depth(EXPRESSION, "", "not ", "a", "", 100000, false);
    check_depth(EXPRESSION, "", "f(", "a", ")", 100000, false);
    check_depth(EXPRESSION, "a", " + a", "", "", 900, true);
    check_depth(EXPRESSION, "a", " + a", "", "", 100000, false);
    check_depth(APP, "define stream S (a int); from ", "(", "S", ")", 100000, false);
    check_depth(APP, "define stream S (a int); from ", "(from ", "S", " return)", 100000, false);
    check_depth(APP, "define stream S (a int); ", "@a(", "@b", ") from S", 100000, false);
}

static void long_lists_are_no_nesting(void **state) {
    (void)state;
    char *text = repeated("define stream S (a int); from S select a", ", a", 50000, " insert into O");
    assert_true(accepts(APP, text));
    free(text);
    text = repeated("define stream S (a int); from S", " -> S", 20000, " select 1 as x insert into O");
    assert_true(accepts(APP, text));
    free(text);
}

/* Fails the n-th allocation for n = 1, 2, …: each time a clean WEIR_ENOMEM, until it succeeds. */
static void running_out_of_memory_is_reported_at_every_point(void **state) {
    (void)state;
    char *list = repeated(
        "@app:name('x') @s(a.b='c', @d('e')) define stream S (a int); from S[a > 1 and f(a)] -> e=S<2:3> ",
        "within 1 sec", 1, " select ");
    char *text = repeated(list, "a + 1 as b, ", 400, "a group by a insert into O; from S selct");
    weir_status status = WEIR_ENOMEM;
    long n = 0;
    while (status == WEIR_ENOMEM && n < 10000) {
        wr_source source;
        weir_arena arena;
        wr_diag diags;
        wr_ast_app *app = NULL;
        wr_arena_init(&arena, NULL);
        wr_diag_init(&diags, 0);
        wr_alloc_fail_after(++n);
        status = wr_source_init(&source, "app", text, strlen(text), NULL);
        if (status == WEIR_OK) status = wr_parse_app(&source, &arena, &app, &diags);
        wr_alloc_fail_after(0);
        assert_null(app);
        wr_diag_fini(&diags);
        wr_arena_fini(&arena);
        wr_source_fini(&source);
    }
    assert_int_equal(status, WEIR_EPARSE);
    assert_true(n > 5);
    free(text);
    free(list);
}

static void random_bytes_are_refused_or_read(void **state) {
    (void)state;
    static const char alphabet[] = "aS1 .,;:()[]{}<>=!#@-+*/%?'\"`\n";
    static const char *const words[] = {
        "from ", "select ", "not ", "every ", "within ", "define stream S (a int);", "1 sec", "->", "--"};
    test_random r = test_seeded("random bytes");
    char text[256];
    for (int round = 0; round < 20000; round++) {
        size_t n = 0, wanted = test_below(&r, 200);
        while (n < wanted) {
            const char *word = words[test_below(&r, 9)];
            if (test_below(&r, 3) == 0)
                n += (size_t)snprintf(text + n, sizeof text - n, "%s", word);
            else
                text[n++] = alphabet[test_below(&r, sizeof alphabet - 1)];
        }
        text[n] = 0;
        (void)accepts(APP, text);
        (void)accepts(ON_DEMAND, text);
        (void)accepts(EXPRESSION, text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_definition_keeps_names_types_and_places),
        cmocka_unit_test(a_query_keeps_its_parts),
        cmocka_unit_test(operators_bind_by_their_levels),
        cmocka_unit_test(numbers_have_their_values),
        cmocka_unit_test(references_keep_all_their_parts),
        cmocka_unit_test(strings_are_taken_as_they_stand),
        cmocka_unit_test(patterns_are_trees_of_steps),
        cmocka_unit_test(a_function_body_loses_the_character_before_its_brace),
        cmocka_unit_test(deep_nesting_is_an_error_and_no_crash),
        cmocka_unit_test(long_lists_are_no_nesting),
        cmocka_unit_test(running_out_of_memory_is_reported_at_every_point),
        cmocka_unit_test(random_bytes_are_refused_or_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
