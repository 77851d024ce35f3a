/* grammar_test.c: what the language has and what it has not. Each line was tried on Siddhi 5.1.30. */
#include "lang_support.h"

/* Each text is a statement after `define stream S (a int);`. */
static void check_statements(const char *const *texts, size_t n, bool accepted) {
    char app[1024];
    for (size_t i = 0; i < n; i++) {
        snprintf(app, sizeof app, "define stream S (a int); %s", texts[i]);
        if (accepts(APP, app) != accepted) print_error("%s\n", texts[i]);
        assert_int_equal(accepts(APP, app), accepted);
        if (accepted) check_round_trip(APP, app);
    }
}
#define ACCEPT(...)                                                                                          \
    check_statements((const char *const[]){__VA_ARGS__},                                                     \
                     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), true)
#define REFUSE(...)                                                                                          \
    check_statements((const char *const[]){__VA_ARGS__},                                                     \
                     sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), false)

static void check_each(parsed_kind kind, const char *const *texts, bool accepted) {
    for (size_t i = 0; texts[i]; i++) {
        if (accepts(kind, texts[i]) != accepted) print_error("%s\n", texts[i]);
        assert_int_equal(accepts(kind, texts[i]), accepted);
        if (accepted) check_round_trip(kind, texts[i]);
    }
}

static void the_login_query_parses_as_it_stands(void **state) {
    (void)state;
    check_round_trip(APP,
                     "define stream login_stream (ip string, cityId int);"
                     "FROM login_stream#window.time(10 min) SELECT ip, count(ip) as loginCount, cityId GROUP "
                     "BY ip HAVING loginCount > 10 INSERT INTO login_attemp_repeatedly_stream;");
}

static void apps_begin_with_a_definition(void **state) {
    (void)state;
    check_each(APP,
               (const char *const[]){"define stream S (a int)", "define stream S (a int);",
                                     "@app:name('x') @app:playback define stream S (a int)",
                                     "define table T (a int); define stream S (a int); from S insert into T",
                                     NULL},
               true);
    check_each(APP,
               (const char *const[]){"", ";", "from S insert into T", "define stream S (a int);;",
                                     "define stream S (a int); from S insert into T; define stream R (a int)",
                                     "define stream S (a int) define stream R (a int)",
                                     "define stream S (a int); @app:name('x') from S insert into T", NULL},
               false);
}

static void definitions_have_their_forms(void **state) {
    (void)state;
    ACCEPT("define stream Window (select int, from string)",
           "define table T (a int, b long, c float, d double, e bool, f string, g object)",
           "define window W (a int) length(5)", "define window W (a int) x:length(5) output expired events",
           "define window W (a int) time(1 sec) output events", "define trigger T at every 5 min 3 sec",
           "define trigger T at 'start'", "define trigger `every` at '*/5 * * * * ?'",
           "define function f[javascript] return int { return 1; }",
           "define aggregation A from S select a aggregate every sec",
           "define aggregation A from S[a > 1]#f() select sum(a) as s group by a aggregate by a every sec "
           "... year",
           "define aggregation A from S select * aggregate every day, sec, month");
    REFUSE("define stream R ()", "define stream R (a)", "define stream R (a itn)", "define stream #R (a int)",
           "define stream !R (a int)", "define window W (a int)", "define window W (a int) length(5) output",
           "define trigger Output at every 5 sec", "define trigger T every 5 sec",
           "define trigger T at every 5", "@foo define trigger T at every 5 sec",
           "@foo define function f[js] return int { }", "define function f[js] { 1 }",
           "define function f[js] return int {}", "define function f return int { }",
           "define aggregation A from S aggregate every sec",
           "define aggregation A from S select a aggregate every week",
           "define aggregation A from S select a aggregate every year ... sec",
           "define aggregation A from S#window.length(2) select a aggregate every sec",
           "define aggregation A from S select a having a > 1 aggregate every sec");
}

static void annotations_hold_strings_and_annotations(void **state) {
    (void)state;
    ACCEPT("@foo define stream R (a int)", "@foo('x') from S insert into T",
           "@foo(a='1', b.c=\"2\", d-e='3', f:g='4', 'h i'='5', @x, @y(@z('6'))) define stream R (a int)",
           "@select(from='x') from S insert into T");
    REFUSE("@foo() from S insert into T", "@foo(a=1) from S insert into T", "@foo(a) from S insert into T",
           "@foo(a='x',) from S insert into T", "@foo(a.='x') from S insert into T", "@foo");
}

static void queries_have_their_clauses_in_order(void **state) {
    (void)state;
    ACCEPT("from S insert into T", "from S return", "from S select * return expired events",
           "from S select a, a + 1 as b group by a, S.a having b > 1 order by a desc, b limit 5 offset 2 "
           "insert into T",
           "from S select a offset 2 insert into T", "from S select a limit (5) insert into T",
           "from S output every 5 events insert into T", "from S output last every 1 sec insert into T",
           "from S output snapshot every 1 min insert all events into T", "from S insert events into #T",
           "from S delete T", "from S delete T for all events on T.a == a", "from S update T on T.a == a",
           "from S update T for expired events set T.a = a + 1, T.b = 2 on T.a == a",
           "from S update or insert into T set T.a = a on T.a == a", "from S update or on a == 1");
    REFUSE("from S", "from S select a", "select a insert into T", "from S select insert into T",
           "from S select a, insert into T", "from S select a + 1 insert into T",
           "from S select (a) insert into T", "from S select coalesce(a) insert into T",
           "from S select a limit 1 + 1 insert into T", "from S select a limit a insert into T",
           "from S select a offset 1 limit 2 insert into T",
           "from S select a having a > 1 group by a insert into T", "from S group by a insert into T",
           "from S select a group by a + 1 insert into T", "from S select a group by f(a) insert into T",
           "from S output every 5 insert into T", "from S output snapshot every 5 events insert into T",
           "from S insert T", "from S update T", "from S update #T on a == 1",
           "from S update T set a == 1 on a == 1", "from S insert into T having a > 1",
           "from S as x select a insert into T", "from S where a > 1 select a insert into T");
}

static void streams_have_handlers_and_one_window(void **state) {
    (void)state;
    ACCEPT("from S[a > 1]#f(a)#x:g(*)#[a < 5]#window.length(5)[a == 3]#h() insert into T",
           "from #S insert into T", "from !S insert into T",
           "from # S # window . time ( 1 sec ) insert into T", "from S#window(a) insert into T",
           "from every select * insert into T", "from not#window.length(2) insert into T",
           "from from insert into T");
    REFUSE("from S#window.length(1)#window.length(2) insert into T", "from S[] insert into T",
           "from S[a insert into T", "from S#f insert into T", "from S[a = 1] insert into T");
}

static void joins_have_two_sides(void **state) {
    (void)state;
    ACCEPT("from A join B insert into T",
           "from A#window.length(1) as x inner join B as y on x.a == y.a insert into T",
           "from A unidirectional left outer join B on true insert into T",
           "from A right outer join B[b > 1]#window.time(1 sec) unidirectional insert into T",
           "from A full outer join B on A.a == B.a within '2020', '2021' per 'days' insert into T",
           "from A as join join B as on on join.a == on.a within 1 per 'sec' select a insert into T");
    REFUSE("from A outer join B insert into T", "from A left join B insert into T",
           "from A unidirectional join B unidirectional insert into T", "from A join insert into T",
           "from A#window.length(1)[a > 1] join B insert into T", "from A join B within 1 sec insert into T",
           "from A join B per 'days' insert into T");
}

static void patterns_chain_steps_by_arrows(void **state) {
    (void)state;
    ACCEPT(
        "from e1=S select e1.a insert into T", "from every S -> T select 1 as x insert into T",
        "from every (e1=S -> e2=T[e1.a == a]) -> e3=U within 5 min select 1 as x insert into T",
        "from (e1=S -> (every e2=T)) within 1 sec select 1 as x insert into T",
        "from S<2:5> -> T<3> -> U<:4> -> V<1:> select 1 as x insert into T",
        "from e1=S and e2=T -> e3=U or e4=V select 1 as x insert into T",
        "from not S and e2=T select 1 as x insert into T",
        "from e1=S and not T -> U select 1 as x insert into T",
        "from not S for 1 sec select 1 as x insert into T",
        "from every not S for 1 sec select 1 as x insert into T",
        "from not S for 1 sec -> T -> not U for 2 sec select 1 as x insert into T",
        "from not S for 1 sec and not T for 2 sec select 1 as x insert into T",
        "from e1=S or not T for 2 sec -> U select 1 as x insert into T",
        "from every (not S for 1 sec -> every e2=T) select 1 as x insert into T",
        "from (not S for 1 sec) select 1 as x insert into T", "from S within 5 sec select a insert into T",
        "from A -> not B for 1 sec -> C -> not D for 1 sec -> not E for 1 sec select 1 as x insert into T");
    REFUSE("from every every S -> T select 1 as x insert into T",
           "from every (every S -> T) select 1 as x insert into T",
           "from S -> every (T -> every U) select 1 as x insert into T",
           "from S* -> T select 1 as x insert into T", "from S -> select 1 as x insert into T",
           "from not S select 1 as x insert into T", "from S or not T select 1 as x insert into T",
           "from not S and not T select 1 as x insert into T",
           "from not e1=S for 1 sec -> T select 1 as x insert into T",
           "from S and T and U select 1 as x insert into T",
           "from S#window.length(2) -> T select 1 as x insert into T",
           "from S -> T, U select 1 as x insert into T",
           "from not S for 1 sec -> not T for 1 sec -> U select 1 as x insert into T",
           "from (S -> T select 1 as x insert into T", "from S -> T within 5 select 1 as x insert into T",
           "from (S and T) and U select 1 as x insert into T",
           "from S -> (not T for 1 sec) -> U select 1 as x insert into T");
}

static void sequences_chain_steps_by_commas(void **state) {
    (void)state;
    ACCEPT("from e1=S, e2=T select 1 as x insert into T",
           "from every e1=S, e2=T+, e3=U*, e4=V? select 1 as x insert into T",
           "from S, (T, (U, V)), W<2:3> within 1 min select 1 as x insert into T",
           "from not S for 1 sec, T select 1 as x insert into T",
           "from every S, not T for 1 sec select 1 as x insert into T",
           "from (not S for 1 sec, T), U select 1 as x insert into T",
           "from (not S and T), U select 1 as x insert into T",
           "from every not S and e2=T, e3=U select 1 as x insert into T");
    REFUSE("from e1=S, every e2=T select 1 as x insert into T", "from (S, T), U select 1 as x insert into T",
           "from (S, T) select 1 as x insert into T", "from every (S, T) select 1 as x insert into T",
           "from S+ select 1 as x insert into T", "from (every S), T select 1 as x insert into T",
           "from S, not T for 1 sec, not U for 1 sec, not V for 1 sec select 1 as x insert into T");
}

static void inner_queries_and_partitions_nest(void **state) {
    (void)state;
    ACCEPT("from (from S select a return) select a insert into T",
           "from from S select a return expired events insert into T",
           "from ((from (from S return) return)) insert into T",
           "partition with (a of S) begin from S insert into #x; from #x insert into T; end",
           "@purge(enable='true') partition with (a of S, b < 1 as 'x' or b >= 1 as 'y' of T) begin "
           "@info(name='q') from S "
           "insert into T end");
    REFUSE("from (from S insert into X) insert into T", "from (from S return insert into T",
           "partition with () begin from S insert into T end",
           "partition with (a of #S) begin from S insert into T end",
           "partition with (a as 'x') begin from S insert into T end", "partition with (a of S) begin end",
           "partition with (a of S) begin from S insert into T",
           "partition with (a of S) from S insert into T end",
           "partition with (a of S) begin define stream R (a int); from S insert into T end");
}

static void expressions_bind_as_in_siddhi(void **state) {
    (void)state;
    check_each(EXPRESSION,
               (const char *const[]){"a",
                                     "a.b",
                                     "e1[0].a",
                                     "e1[last].a",
                                     "e1[last - 2].a",
                                     "#s.a",
                                     "!s.a",
                                     "a#b[1].c",
                                     "f()",
                                     "f(*)",
                                     "x:f(a, 1 + 2, g())",
                                     "a is null",
                                     "e1[0] is null",
                                     "#s is null",
                                     "f(a) is null",
                                     "not a is null",
                                     "not not a",
                                     "-5",
                                     "+ 5",
                                     "a - -1",
                                     "a -1",
                                     "1 sec",
                                     "5 min 3 sec",
                                     "10 year 3 millisec",
                                     "sec + 1 sec",
                                     "T.k == k in T",
                                     "(a and b) in T",

                                     "'x' + \"y\"",
                                     "true and false",
                                     "not == 1",
                                     "true.a",
                                     "true is null",
                                     "not(a, b)",
                                     "2147483648 min",
                                     "`not` + 1",
                                     "-2147483648",
                                     "-9223372036854775808L",
                                     "1e400",
                                     "a == 1 == true",
                                     "a + b * c - (d - e) / f % g >= 2 or h",
                                     NULL},
               true);
    check_each(EXPRESSION,
               (const char *const[]){"",
                                     "-a",
                                     "- (a)",
                                     "5days",
                                     "-5 sec",
                                     "5 sec 3 min",
                                     "1 sec 2 sec",
                                     "(a) is null",
                                     "5 is null",
                                     "a is not null",
                                     "a = 1",
                                     "a and",
                                     "a b",
                                     "f(",
                                     "f(a,)",
                                     "f(*, a)",
                                     "(a",
                                     "a)",
                                     "a[0]",
                                     "e1[a].b",
                                     "a.",
                                     "#a",
                                     "3000000000",
                                     "9223372036854775808L",
                                     "a && b",
                                     "a in 'T'",
                                     "a in",
                                     "1.",
                                     "e1[99999999999].a",
                                     "99999999999999999999 sec",
                                     NULL},
               false);
}

static void on_demand_queries_have_their_forms(void **state) {
    (void)state;
    check_each(ON_DEMAND,
               (const char *const[]){
                   "from T", "from T as t on t.a > 5 select a;", "from A within 1, 2 per 'days' select a",
                   "from T select a group by a having a > 1 order by a limit 5",
                   "select 'b' as k, 3 as v insert into T", "delete T on T.k == 'a'", "delete T",
                   "update T set T.v = 31 on T.k == 'b'", "select 1 as v update T set T.v = v on T.k == 1",
                   "select 1 as v update or insert into T set T.v = v on T.k == 1", NULL},
               true);
    check_each(
        ON_DEMAND,
        (const char *const[]){"", "from #T", "from T having a > 1", "insert into T", "from T insert into U",
                              "update T set T.v = 1", "select 1 as v insert into #T", "from T;;",
                              "update or insert into T on T.k == 1", "from T output every 5 events", NULL},
        false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_login_query_parses_as_it_stands),
        cmocka_unit_test(apps_begin_with_a_definition),
        cmocka_unit_test(definitions_have_their_forms),
        cmocka_unit_test(annotations_hold_strings_and_annotations),
        cmocka_unit_test(queries_have_their_clauses_in_order),
        cmocka_unit_test(streams_have_handlers_and_one_window),
        cmocka_unit_test(joins_have_two_sides),
        cmocka_unit_test(patterns_chain_steps_by_arrows),
        cmocka_unit_test(sequences_chain_steps_by_commas),
        cmocka_unit_test(inner_queries_and_partitions_nest),
        cmocka_unit_test(expressions_bind_as_in_siddhi),
        cmocka_unit_test(on_demand_queries_have_their_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
