/* Errors of apps, as a user sees them. A row is an app (after the streams below) and its errors. */
#include "fakes.h"

#define STREAMS "define stream S (k string, v int, b bool, o object);\ndefine table T (k string, v int);\n"

typedef struct row {
    const char *app, *text;
} row;

static void expect_errors(const row *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        planned a;
        char app[1024];
        snprintf(app, sizeof app, STREAMS "%s", rows[i].app);
        const char *text = errors_of(&a, app);
        if (strcmp(text, rows[i].text) != 0)
            fail_msg("%s\ngives\n%sand not\n%s", rows[i].app, text, rows[i].text);
        planned_fini(&a);
    }
}
#define EXPECT(rows) expect_errors(rows, WR_COUNT(rows))

static void names_that_are_unknown(void **state) {
    (void)state;
    const row rows[] = {
        {"from Z select k insert into O;", "app:3:6: error: there is no stream 'Z'\n"
                                           "  from Z select k insert into O;\n"
                                           "       ^\n"
                                           "hint: define it, or insert into it in a query before this one\n"},
        {"from S[valu > 1 and kk is null] select k insert into O;",
         "app:3:8: error: there is no attribute 'valu' in 'S'\n"
         "  from S[valu > 1 and kk is null] select k insert into O;\n"
         "         ^~~~\n"
         "app:3:21: error: there is no attribute 'kk' in 'S'\n"
         "  from S[valu > 1 and kk is null] select k insert into O;\n"
         "                      ^~\n"},
        {"from S select sm(v) as x insert into O;", "app:3:15: error: there is no function 'sm'\n"
                                                    "  from S select sm(v) as x insert into O;\n"
                                                    "                ^~\n"
                                                    "hint: did you mean 'sum'?\n"},
        {"from S#window.tiem(1 sec) select k insert into O;",
         "app:3:15: error: there is no window 'tiem'\n"
         "  from S#window.tiem(1 sec) select k insert into O;\n"
         "                ^~~~\n"
         "hint: did you mean 'time'?\n"},
        {"from S#time(1 sec) select k insert into O;", "app:3:8: error: there is no stream function 'time'\n"
                                                       "  from S#time(1 sec) select k insert into O;\n"
                                                       "         ^~~~\n"
                                                       "hint: a window is written #window.name(…)\n"},
        {"from S select k having v > 1 insert into O;",
         "app:3:24: error: 'v' is not among the selected names\n"
         "  from S select k having v > 1 insert into O;\n"
         "                         ^\n"
         "hint: having sees only what is selected: add 'v' to the select list\n"},
        {"from S as a join T on a.k == z.k select a.k as k insert into O;",
         "app:3:30: error: there is no 'z' in this query\n"
         "  from S as a join T on a.k == z.k select a.k as k insert into O;\n"
         "                               ^\n"}};
    EXPECT(rows);
}

static void types_that_do_not_fit(void **state) {
    (void)state;
    const row rows[] = {
        {"from S[k] select k insert into O;", "app:3:8: error: a filter must be a bool, this is string\n"
                                              "  from S[k] select k insert into O;\n"
                                              "         ^\n"},
        {"from S[not v > 1] select k insert into O;",
         "app:3:12: error: 'not' needs a bool, this is int\n"
         "  from S[not v > 1] select k insert into O;\n"
         "             ^\n"
         "hint: 'not' binds tighter than comparisons: put those in parentheses, not (a > b)\n"},
        {"from S[k > 'a'] select k insert into O;", "app:3:10: error: '>' can't compare string with string\n"
                                                    "  from S[k > 'a'] select k insert into O;\n"
                                                    "           ^\n"
                                                    "hint: only == and != compare these\n"},
        {"from S select sum(k) as x insert into O;", "app:3:19: error: sum() does not take these arguments\n"
                                                     "  from S select sum(k) as x insert into O;\n"
                                                     "                    ^\n"
                                                     "hint: accepted: sum(<int|long|float|double> value)\n"},
        {"from S select ifThenElse(b, 1, 'x') as x insert into O;",
         "app:3:32: error: the branches of ifThenElse() are int and string\n"
         "  from S select ifThenElse(b, 1, 'x') as x insert into O;\n"
         "                                 ^~~\n"
         "hint: both branches must have one type: convert() one of them\n"},
        {"from S select cast(v, 'decimal') as x insert into O;",
         "app:3:23: error: cast() knows no type of this name\n"
         "  from S select cast(v, 'decimal') as x insert into O;\n"
         "                        ^~~~~~~~~\n"
         "hint: it knows int, long, float, double, bool and string\n"},
        {"from S select k, v having b == true insert into O;",
         "app:3:27: error: 'b' is not among the selected names\n"
         "  from S select k, v having b == true insert into O;\n"
         "                            ^\n"
         "hint: having sees only what is selected: add 'b' to the select list\n"},
        {"from S select b having b insert into O;",
         "app:3:24: error: having needs a condition, not a bare bool\n"
         "  from S select b having b insert into O;\n"
         "                         ^\n"
         "hint: write 'having b == true'\n"},
        {"from S select v, k insert into T;",
         "app:3:32: error: 'T' takes (k string, v int), not (v int, k string)\n"
         "  from S select v, k insert into T;\n"
         "                                 ^\n"
         "hint: 'v' stands where 'k' is expected: names and order must be the "
         "same\n"},
        {"from S#window.expression('count() < 3 or last.z > 1') select k insert into O;",
         "app:3:47: error: there is no attribute 'z' in 'last'\n"
         "  from S#window.expression('count() < 3 or last.z > 1') select k insert into O;\n"
         "                                                ^\n"}};
    EXPECT(rows);
}

static void one_mistake_is_told_once(void **state) {
    (void)state;
    const row rows[] = {/* P has one column that is unknown, and Q is unknown as a whole. */
                        {"from S select kk as k, v insert into P; from P[k == 'a' and v > 1] select k + 1 as "
                         "x insert into O;",
                         "app:3:15: error: there is no attribute 'kk' in 'S'\n"
                         "  from S select kk as k, v insert into P; from P[k == 'a' and v > 1] select k + 1 "
                         "as x insert into O;\n"
                         "                ^~\n"},
                        {"from Z insert into Q; from Q[any > 1] insert into O; from Z insert into R;",
                         "app:3:6: error: there is no stream 'Z'\n"
                         "  from Z insert into Q; from Q[any > 1] insert into O; from Z insert into R;\n"
                         "       ^\n"
                         "hint: define it, or insert into it in a query before this one\n"}};
    EXPECT(rows);
}

static void what_does_not_run_yet_is_named(void **state) {
    (void)state;
    const row rows[] = {{"from S delete T on (T.k == k in T);",
                         "app:3:21: error: weir does not run 'in' in the condition of a delete yet\n"
                         "  from S delete T on (T.k == k in T);\n"
                         "                      ^~~~~~~~~~~~~\n"}};
    EXPECT(rows);
    for (size_t i = 0; i < WR_COUNT(rows); i++) {
        planned a;
        char app[512];
        snprintf(app, sizeof app, STREAMS "%s", rows[i].app);
        planned_init(&a, app);
        assert_int_equal(a.status, WEIR_EUNSUPPORTED);
        planned_fini(&a);
    }
}

/* Only that they are refused, and in how many errors: wording is not at stake. */
static void refusals_of_definitions_and_queries(void **state) {
    (void)state;
    static const char *const apps[] = {
        "@app:async define stream S (a int);",
        "@app:playback(idle.time='1 sec') define stream S (a int);",
        "@app:playback(speed='1 sec') define stream S (a int);",
        "@app:statistics(reporters='console') define stream S (a int);",
        "@app:name('a') @app:name('b') define stream S (a int);",
        "@OnError define stream S (a int);",
        "@OnError(action='frob') define stream S (a int);",
        "@async(workers='0') define stream S (a int);",
        "@source(uri='x') define stream S (a int);",
        "@sink(type='x', @distribution(strategy='broadcast')) define stream S (a int);",
        "@PrimaryKey('z') define table T (a int);",
        "@PrimaryKey('a') @PrimaryKey('a') define table T (a int);",
        "@Index('a', 'b') define table T (a int, b int);",
        "@Index('a') @Index('a') define table T (a int);",
        "@IndexBy('a') define table T (a int);",
        "@store(database='a.db') define table T (a int);",
        "define stream S (a int, b int, a string);",
        "define stream S (a int); define table S (a int);",
        "define stream S (a int); define stream S (a long);",
        "define stream S (a int); define window W (a int) cron('0 * * * * ?'); "
        "from S as s join W as w select s.a as a insert into O;",
        "define stream S (a int); define window W (a int) length(3); from S[a in W] select a insert into O;",
        "define function f[js] return int { return 1; };",
        "define trigger T at every 0 sec;",
        "define trigger T at 'nonsense!';",
        "define stream S (a int); define table T (a int); define table U (a int); "
        "from T join U on T.a == U.a select T.a as a insert into O;",
        "define stream S (a int); from S select a, a insert into O;",
        "define stream S (a int); from S select * insert into O; from S select a as b insert into O;",
        "define stream S (a int); from S join S as t select * insert into O;",
        "define stream S (a int); from S as x join S as y select a insert into O;",
        "define stream S (a int); from S[a in S] select a insert into O;",
        "define stream S (a int); from S select a return;",
        "define stream S (a int); from !S select a insert into O;",
        "define stream S (a int); from S select a as b group by b insert into O;",
        "define stream S (a int); from S select a, or(a > 1) as o having or(a > 1) insert into O;",
        "define stream S (a double); from S#pol2Cart(a, 1) select a insert into O;",
        "define stream S (x double); from S#pol2Cart(x, x) select x insert into O;",
        "define stream S (a string); from S#log('loud', 'b') select a insert into O;",
        "@info(name='q') from S select a insert into O; @info(name='q') from S select a insert into P;",
        "define stream S (a int); from S#window.length(1 + 1) select a insert into O;",
        "define stream S (a int); from S#window.length(2) select a output snapshot every 1 sec insert "
        "current events into O;"};
    for (size_t i = 0; i < WR_COUNT(apps); i++) {
        planned a;
        char app[512];
        bool has_stream = strstr(apps[i], "define") != NULL;
        snprintf(app, sizeof app, "%s%s", has_stream ? "" : "define stream S (a int); ", apps[i]);
        planned_init(&a, app);
        if (a.status == WEIR_OK || a.diags.total != 1) {
            wr_diag_render(&a.diags, &a.source, &a.text);
            fail_msg("%s\ngives %d errors\n%s", app, (int)a.diags.total, a.text.data ? a.text.data : "");
        }
        assert_true(a.diags.list[0].end > a.diags.list[0].begin);
        planned_fini(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_are_unknown), cmocka_unit_test(types_that_do_not_fit),
        cmocka_unit_test(one_mistake_is_told_once), cmocka_unit_test(what_does_not_run_yet_is_named),
        cmocka_unit_test(refusals_of_definitions_and_queries)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
