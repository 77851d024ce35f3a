/* printer_test.c: the canonical form of texts. */
#include "lang_support.h"

/* The text becomes `expected`, which stays as it is and has the same tree. */
static void check_format(parsed_kind kind, const char *text, const char *expected) {
    char *got = formatted(kind, text);
    assert_string_equal(got, expected);
    free(got);
    check_round_trip(kind, text);
}

static void keywords_and_blanks_are_put_in_order(void **state) {
    (void)state;
    check_format(
        APP, "DEFINE  Stream S(a   INT,b String);FROM S [ a>1 ] SELECT a , -  5 as c INSERT events INTO  O",
        "define stream S (a int, b string);\n\nfrom S[a > 1] select a, -5 as c insert current events into "
        "O;\n");
}

static void a_longer_query_has_one_clause_a_line(void **state) {
    (void)state;
    check_format(
        APP,
        "define stream login_stream (ip string, cityId int);"
        "FROM login_stream#window.time(10 min) SELECT ip, count(ip) as loginCount, cityId GROUP BY ip HAVING "
        "loginCount > 10 INSERT INTO login_attemp_repeatedly_stream;",
        "define stream login_stream (ip string, cityId int);\n"
        "\n"
        "from login_stream#window.time(10 min)\n"
        "select ip, count(ip) as loginCount, cityId\n"
        "group by ip\n"
        "having loginCount > 10\n"
        "insert into login_attemp_repeatedly_stream;\n");
}

static void long_lists_have_one_element_a_line(void **state) {
    (void)state;
    check_format(APP,
                 "@source(type='file', path='/data/a/very/long/path/to/some/file.csv', @map(type='csv', "
                 "@attributes(a='1', b='2'))) define stream AStreamWithALongName (first_attribute string, "
                 "second_attribute double, third_attribute long)",
                 "@source(\n"
                 "    type='file',\n"
                 "    path='/data/a/very/long/path/to/some/file.csv',\n"
                 "    @map(type='csv', @attributes(a='1', b='2'))\n"
                 ")\n"
                 "define stream AStreamWithALongName (\n"
                 "    first_attribute string,\n"
                 "    second_attribute double,\n"
                 "    third_attribute long\n"
                 ");\n");
}

static void long_conditions_break_before_and(void **state) {
    (void)state;
    check_format(APP,
                 "define stream S (a int); from every e1=S[a > 1000000 and a < 2000000000 and a != "
                 "1234567890 and a * 20000 / 7 + 1 "
                 "!= 1234567890] -> e2=S within 5 min select e1.a as a insert into O",
                 "define stream S (a int);\n"
                 "\n"
                 "from every e1=S[a > 1000000\n"
                 "        and a < 2000000000\n"
                 "        and a != 1234567890\n"
                 "        and a * 20000 / 7 + 1 != 1234567890]\n"
                 "    -> e2=S\n"
                 "    within 5 min\n"
                 "select e1.a as a\n"
                 "insert into O;\n");
}

static void partitions_indent_their_queries(void **state) {
    (void)state;
    check_format(APP,
                 "define stream S (a int); partition with (a of S) begin from S insert into #x; "
                 "@info(name='q') from #x "
                 "insert into T end",
                 "define stream S (a int);\n"
                 "\n"
                 "partition with (a of S)\n"
                 "begin\n"
                 "    from S insert into #x;\n"
                 "    @info(name='q')\n"
                 "    from #x insert into T;\n"
                 "end;\n");
}

static void comments_stay_where_they_belong(void **state) {
    (void)state;
    check_format(APP,
                 "-- the top\n"
                 "@app:name('x') -- of the app\n"
                 "\n\n\n"
                 "/* the\n   stream */\n"
                 "define stream S (a int, -- first\n"
                 "  b /* the second */ int\n"
                 "  -- no more\n"
                 "); -- S\n"
                 "-- the query\n"
                 "from S -- all of it\n"
                 "select a, /* b */ b\n"
                 "  -- why\n"
                 "having a > 1\n"
                 "insert into T;\n"
                 "\n"
                 "-- the end",
                 "-- the top\n"
                 "@app:name('x') -- of the app\n"
                 "\n"
                 "/* the\n   stream */\n"
                 "define stream S (\n"
                 "    a int, -- first\n"
                 "    b /* the second */ int\n"
                 "    -- no more\n"
                 "); -- S\n"
                 "\n"
                 "-- the query\n"
                 "from S -- all of it\n"
                 "select a, /* b */ b\n"
                 "-- why\n"
                 "having a > 1\n"
                 "insert into T;\n"
                 "\n"
                 "-- the end\n");
}

static void an_open_comment_is_closed(void **state) {
    (void)state;
    check_format(APP, "define stream S (a int); /* open", "define stream S (a int); /* open */\n");
    check_format(APP, "define stream S (a int); /*/", "define stream S (a int); /*/ */\n");
}

static void names_are_quoted_where_they_must_be(void **state) {
    (void)state;
    check_format(EXPRESSION, "`plain` + `a b` + `not` + sec + `1x`", "plain + `a b` + `not` + sec + `1x`");
}

static void strings_keep_their_quotes(void **state) {
    (void)state;
    check_format(EXPRESSION, "f('a', \"it's\", \"\"\"a \"b\"\n\"\"\")",
                 "f('a', \"it's\", \"\"\"a \"b\"\n\"\"\")");
}

static void expressions_keep_their_parentheses(void **state) {
    (void)state;
    check_format(EXPRESSION, "((a + b)) * c - (d)", "(a + b) * c - (d)");
    char *text = formatted(EXPRESSION, "a in T < b"); /* without marked parentheses they are put */
    assert_string_equal(text, "(a in T) < b");
    free(text);
}

static void a_tree_that_no_parser_made_gets_its_parentheses(void **state) {
    (void)state;
    wr_ast_expr a = {.kind = WR_AST_REF, .as.ref.attr.text = "a"};
    wr_ast_expr sum = {.kind = WR_AST_BINARY, .as.binary = {.op = WR_OP_ADD, .left = &a, .right = &a}};
    wr_ast_expr product = {.kind = WR_AST_BINARY,
                           .as.binary = {.op = WR_OP_MUL, .left = &sum, .right = &sum}};
    wr_ast_expr not_it = {.kind = WR_AST_NOT, .as.unary.operand = &product};
    wr_buf out = WR_BUF_INIT;
    wr_print_expr(&not_it, &out);
    assert_string_equal(out.data, "not ((a + a) * (a + a))");
    wr_buf_fini(&out);
}

static void on_demand_queries_are_printed_too(void **state) {
    (void)state;
    check_format(ON_DEMAND, "FROM T ON v>5 SELECT k", "from T on v > 5 select k;\n");
}

static void trees_that_differ_are_told_apart(void **state) {
    (void)state;
    static const char *const texts[] = {
        "define stream S (a int)",
        "define stream S (b int)",
        "define stream S (a long)",
        "define table S (a int)",
        "@x define stream S (a int)",
        "@x('1') define stream S (a int)",
        "@x(a='1') define stream S (a int)",
        "define stream S (a int); from S insert into T",
        "define stream S (a int); from S insert into U",
        "define stream S (a int); from S[a > 1] insert into T",
        "define stream S (a int); from S[a > 2] insert into T",
        "define stream S (a int); from S[(a > 1)] insert into T",
        "define stream S (a int); from S[a >= 1] insert into T",
        "define stream S (a int); from S, S select a insert into T",
        "define stream S (a int); from S -> S select a insert into T",
        "define stream S (a int); from S -> every S select a insert into T",
        "define stream S (a int); from S -> S<2> select a insert into T",
        "define stream S (a int); from S output every 5 events insert into T",
        "define stream S (a int); from S output every 5 sec insert into T",
        "define stream S (a int); from S insert all events into T",
        "define stream S (a int); from S update T on a == 1",
        "define stream S (a int); from S update T set T.a = 1 on a == 1",
    };
    for (size_t i = 0; i < WR_COUNT(texts); i++)
        for (size_t k = 0; k < WR_COUNT(texts); k++) {
            parsed a, b;
            parse_well(&a, APP, texts[i]);
            parse_well(&b, APP, texts[k]);
            assert_int_equal(wr_ast_app_equal(a.app, b.app), i == k);
            free_parsed(&a);
            free_parsed(&b);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keywords_and_blanks_are_put_in_order),
        cmocka_unit_test(a_longer_query_has_one_clause_a_line),
        cmocka_unit_test(long_lists_have_one_element_a_line),
        cmocka_unit_test(long_conditions_break_before_and),
        cmocka_unit_test(partitions_indent_their_queries),
        cmocka_unit_test(comments_stay_where_they_belong),
        cmocka_unit_test(an_open_comment_is_closed),
        cmocka_unit_test(names_are_quoted_where_they_must_be),
        cmocka_unit_test(strings_keep_their_quotes),
        cmocka_unit_test(expressions_keep_their_parentheses),
        cmocka_unit_test(a_tree_that_no_parser_made_gets_its_parentheses),
        cmocka_unit_test(on_demand_queries_are_printed_too),
        cmocka_unit_test(trees_that_differ_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
