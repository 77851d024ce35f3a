/* join_op_test.c: joins over windows, bare streams and tables: what comes out, in which order, in which
 * chunks. D counts and sums over O, so it has a row for each chunk of O. Most answers are Siddhi's own. */
#include "app_script.h"

#define TWO_STREAMS   "@app:playback define stream A (k int, v int); define stream B (k int, w int); "
#define COUNT_AND_SUM " from O select count() as n, sum(lv) as s insert into D;"

static void rows_come_in_the_order_of_triggers_and_matches(void **state) {
    (void)state;
    script_expect(TWO_STREAMS "from A#window.length(5) as l join B#window.length(5) as r on l.k == r.k "
                              "select l.v as lv, r.w as rw insert into O;" COUNT_AND_SUM,
                  "A@1000 1,1 1,2 2,3; B@1010 1,4 2,5 1,6 3,7; A@1050 1,6 2,7",
                  "O 1010(1,4) 1010(2,4) 1010(3,5) 1010(1,6) 1010(2,6) 1050(6,4) 1050(6,6) 1050(7,5)",
                  "D 1010(5,9) 1050(8,28)");
    script_expect(
        TWO_STREAMS "from A#window.length(2) as l join B#window.length(2) as r on l.k == r.k select l.v as "
                    "lv, r.w as rw insert all events into O;" COUNT_AND_SUM,
        "A@1000 1,1 1,2 2,3; B@1010 1,4 2,5 1,6 3,7; A@1050 1,6 2,7 1,8",
        "O 1010(2,4) 1010(3,5) 1010(2,4) 1010(2,6) 1010(3,5) 1050(2,6) 1050(6,6) 1050(6,6) 1050(8,6)",
        "D 1010(5,12) 1050(9,34)");
}

static void a_select_takes_each_triggers_matches_apart_but_gives_one_chunk_on(void **state) {
    (void)state;
    script_expect(
        "@app:playback define stream A (k int, v int); define stream B (k int, w int); from "
        "A#window.length(5) as l join B#window.length(5) as r on l.k == r.k select l.v as lv, r.w as rw, "
        "count() as c insert into O; from O select count() as n, sum(lv) as s, max(c) as mc insert into D;",
        "A@1000 1,1 1,2 2,3; B@1010 1,4 2,5 1,6 3,7; A@1050 1,6 2,7",
        "O 1010(2,4,2) 1010(3,5,3) 1010(2,6,5) 1050(6,6,7) 1050(7,5,8)", "D 1010(3,7,5) 1050(5,20,8)");
    script_expect(TWO_STREAMS
                  "define table T (k int, w int); from B insert into T; from A as l join T as r on l.k == "
                  "r.k select l.v as lv, r.w as rw order by rw desc insert into O;" COUNT_AND_SUM,
                  "B@1010 1,4 2,5 1,6 3,7 3,8 3,9; A@1050 2,6 3,6 1,7 2,9",
                  "O 1050(6,5) 1050(6,9) 1050(6,8) 1050(6,7) 1050(7,6) 1050(7,4) 1050(9,5)", "D 1050(7,47)");
}

static void a_side_without_window_holds_its_row_for_a_moment(void **state) {
    (void)state;
    script_expect(TWO_STREAMS "from A as l join B#window.length(4) as r on l.k == r.k select l.v as lv, r.w "
                              "as rw insert all events into O;" COUNT_AND_SUM,
                  "B@1010 1,4 2,5 1,6 3,7; A@1050 1,6 2,7 1,8",
                  "O 1050(6,4) 1050(6,6) 1050(6,4) 1050(6,6) 1050(7,5) 1050(7,5) 1050(8,4) 1050(8,6) "
                  "1050(8,4) 1050(8,6)",
                  "D 1050(10,70)");
    script_expect(TWO_STREAMS "from A as l join B#window.length(4) as r on l.k == r.k select l.v as lv, r.w "
                              "as rw, count() as c insert into O;" COUNT_AND_SUM,
                  "B@1010 1,4 2,5 1,6 3,7; A@1050 1,6 2,7 1,8", "O 1050(6,6,2) 1050(7,5,1) 1050(8,6,2)",
                  "D 1050(3,21)");
}

static void expired_rows_look_up_too(void **state) {
    (void)state;
    script_expect(TWO_STREAMS "from A#window.length(2) as l join B#window.length(2) as r on l.k == r.k "
                              "select l.v as lv, r.w as rw insert expired events into O;" COUNT_AND_SUM,
                  "A@1000 1,50; A@1010 1,20; B@1020 1,7 2,3; A@1030 2,40; A@1040 1,30; B@1050 1,21 2,9; "
                  "A@1060 1,10; A@1070 2,5; B@1080 1,35 2,15; A@1090 1,25; A@1100 1,7; B@1110 1,49 2,21",
                  "O 1030(50,7) 1040(20,7) 1050(30,7) 1050(40,3) 1060(40,9) 1070(30,21) 1080(10,21) "
                  "1080(5,9) 1090(10,35) 1100(5,15) 1110(25,35) 1110(7,35)",
                  "D 1030(1,50) 1040(2,70) 1050(4,140) 1060(5,180) 1070(6,210) 1080(8,225) 1090(9,235) "
                  "1100(10,240) 1110(12,272)");
}

static void a_stream_joined_with_itself_goes_row_by_row(void **state) {
    (void)state;
    script_expect("@app:playback define stream A (k int, v int); from A#window.time(40) as l join "
                  "A#window.time(40) as r on l.k == r.k select l.v as lv, r.v as rv insert into O; from O "
                  "select count() as n, sum(lv) as s insert into D;",
                  "A@1000 1,1 1,2 2,3; A@1010 2,4 1,5; A@1050 1,6",
                  "O 1000(1,1) 1000(2,1) 1000(1,2) 1000(2,2) 1000(3,3) 1010(4,3) 1010(3,4) 1010(4,4) "
                  "1010(5,1) 1010(5,2) 1010(1,5) 1010(2,5) 1010(5,5) 1050(6,6)",
                  "D 1000(1,1) 1000(2,3) 1000(4,6) 1000(5,9) 1010(6,13) 1010(8,20) 1010(10,30) 1010(13,38) "
                  "1050(14,44)");
    script_expect("@app:playback define stream A (k int, v int); from A#window.length(2) as l join "
                  "A#window.length(3) as r on l.k == r.k select l.v as lv, r.v as rv insert all events into "
                  "O; from O select count() as n, sum(lv) as s insert into D;",
                  "A@1000 1,1 1,2 1,3; A@1010 1,4 1,5; A@1050 1,6",
                  "O 1000(1,1) 1000(2,1) 1000(1,2) 1000(2,2) 1000(1,1) 1000(1,2) 1000(3,1) 1000(3,2) "
                  "1000(2,3) 1000(3,3) 1010(2,1) 1010(2,2) 1010(2,3) 1010(4,1) 1010(4,2) 1010(4,3) 1010(3,1) "
                  "1010(4,1) 1010(3,4) 1010(4,4) 1010(3,2) 1010(3,3) 1010(3,4) 1010(5,2) 1010(5,3) 1010(5,4) "
                  "1010(4,2) 1010(5,2) 1010(4,5) 1010(5,5) 1050(4,3) 1050(4,4) 1050(4,5) 1050(6,3) 1050(6,4) "
                  "1050(6,5) 1050(5,3) 1050(6,3) 1050(5,6) 1050(6,6)",
                  "D 1000(1,1) 1000(2,3) 1000(4,6) 1000(8,14) 1000(10,19) 1010(16,37) 1010(20,51) "
                  "1010(26,75) 1010(30,93) 1050(36,123) 1050(40,145)");
    script_expect("@app:playback define stream A (k int, v int); from A as l unidirectional join "
                  "A#window.length(2) as r on l.k == r.k select l.v as lv, r.v as rv insert into O; from O "
                  "select count() as n, sum(lv) as s insert into D;",
                  "A@1000 1,4 1,5 1,6; A@1015 1,6 2,9", "O 1000(5,4) 1000(6,4) 1000(6,5) 1015(6,5) 1015(6,6)",
                  "D 1000(1,5) 1000(3,17) 1015(5,29)");
    script_expect(
        "@app:playback define stream S (k int, v int); from S#window.lengthBatch(3) select k, v insert into "
        "A; from A select count() as n insert into C; from A#window.length(2) as l join A#window.length(2) "
        "as r on l.k == r.k select l.v as lv, r.v as rv insert into O; from O select count() as n, sum(lv) "
        "as s insert into D; from A select sum(v) as s insert into D2;",
        "S@1010 1,4 2,5 1,6 3,7 3,8 3,9; S@1050 2,6 3,6 1,7 2,9",
        "O 1010(4,4) 1010(5,5) 1010(6,4) 1010(6,6) 1010(7,7) 1010(8,7) 1010(7,8) 1010(8,8) 1010(9,7) "
        "1010(9,8) 1010(8,9) 1010(9,9) 1050(6,6) 1050(6,9) 1050(6,6) 1050(7,7)",
        "D 1010(1,4) 1010(2,9) 1010(3,15) 1010(4,21) 1010(5,28) 1010(6,36) 1010(8,51) 1010(10,69) "
        "1010(12,86) 1050(13,92) 1050(14,98) 1050(15,104) 1050(16,111)");
}

static void two_streams_fed_alike_are_not_joined_row_by_row(void **state) {
    (void)state;
    script_expect(
        "@app:playback define stream S (k int, v int); from S select k, v insert into A; from S select k, v "
        "insert into B; from A#window.length(2) as l join B#window.length(2) as r on l.k == r.k select l.v "
        "as lv, r.v as rv insert into O; from O select count() as n, sum(lv) as s insert into D;",
        "S@1000 1,4 1,5 1,6; S@1015 1,6 2,9",
        "O 1000(5,4) 1000(6,4) 1000(5,5) 1000(6,5) 1000(5,6) 1000(6,6) 1015(6,5) 1015(6,6) 1015(6,6) "
        "1015(9,9)",
        "D 1000(6,33) 1015(8,45) 1015(10,60)");
}

static void a_part_cut_short_loses_the_parts_after_it(void **state) {
    (void)state;
    script_expect(TWO_STREAMS
                  "define table T (k int, w int); from B insert into T; from A as l join T as r on l.k == "
                  "r.k select l.v as lv, r.w as rw having rw != 8 and rw !=6 insert into O;" COUNT_AND_SUM,
                  "B@1010 1,4 2,5 1,6 3,7 3,8 3,9; A@1050 2,6 3,6 1,7 2,9; A@1060 2,6 1,7",
                  "O 1050(6,5) 1050(6,7) 1050(6,9) 1050(7,4) 1060(6,5) 1060(7,4)", "D 1050(4,25) 1060(6,38)");
    script_expect(
        TWO_STREAMS
        "define table T (k int, w int); from B insert into T; from A as l join T as r on l.k == r.k select "
        "l.v as lv, r.w as rw, count() as c group by r.w limit 1 insert into O;" COUNT_AND_SUM,
        "B@1010 1,4 2,5 1,6 3,7 3,8 3,9; A@1050 2,6 3,6 1,7 2,9; A@1060 2,6 1,7",
        "O 1050(6,5,1) 1050(6,7,1) 1060(6,5,1) 1060(7,4,1)", "D 1050(2,12) 1060(4,25)");
    script_expect(TWO_STREAMS
                  "define table T (k int, w int); from B insert into T; from A as l join T as r on l.k == "
                  "r.k select l.v as lv, r.w as rw order by rw desc limit 2 insert into O;" COUNT_AND_SUM,
                  "B@1010 1,4 2,5 1,6 3,7 3,8 3,9; A@1050 2,6 3,6 1,7 2,9; A@1060 2,6 1,7",
                  "O 1050(6,5) 1050(6,9) 1050(6,8) 1060(6,5) 1060(7,6) 1060(7,4)", "D 1050(3,18) 1060(6,38)");
    script_expect(TWO_STREAMS
                  "from A#window.length(2) as l join B#window.length(9) as r on l.k == r.k select l.v as lv, "
                  "r.w as rw having rw < 6 insert all events into O;" COUNT_AND_SUM,
                  "B@1010 1,4 2,5 1,6 3,7 3,8 3,9; A@1050 2,6 3,6 1,7 2,9; A@1060 2,6 1,7",
                  "O 1050(6,5) 1050(6,5) 1050(7,4) 1060(7,4)", "D 1050(3,19) 1060(4,26)");
}

static void a_part_left_whole_or_built_anew_loses_nothing(void **state) {
    (void)state;
    script_expect(TWO_STREAMS
                  "define table T (k int, w int); from B insert into T; from A as l join T as r on l.k == "
                  "r.k select l.v as lv, r.w as rw having rw > 4 insert into O;" COUNT_AND_SUM,
                  "B@1010 1,4 2,5 1,6 3,7 3,8 3,9; A@1050 2,6 3,6 1,7 2,9; A@1060 2,6 1,7",
                  "O 1050(6,5) 1050(6,7) 1050(6,8) 1050(6,9) 1050(7,6) 1050(9,5) 1060(6,5) 1060(7,6)",
                  "D 1050(6,40) 1060(8,53)");
    script_expect(TWO_STREAMS
                  "define table T (k int, w int); from B insert into T; from A as l join T as r on l.k == "
                  "r.k select l.v as lv, r.w as rw having rw < 6 order by rw insert into O;" COUNT_AND_SUM,
                  "B@1010 1,4 2,5 1,6 3,7 3,8 3,9; A@1050 2,6 3,6 1,7 2,9; A@1060 2,6 1,7",
                  "O 1050(6,5) 1050(7,4) 1050(9,5) 1060(6,5) 1060(7,4)", "D 1050(3,22) 1060(5,35)");
    script_expect(TWO_STREAMS "define table T (k int, w int); from B insert into T; from A as l join T as r "
                              "on l.k == r.k select l.v as lv, r.w as rw, count() as c group by r.w having "
                              "rw != 6 and rw != 9 insert into O;" COUNT_AND_SUM,
                  "B@1010 1,4 2,5 1,6 3,7 3,8 3,9; A@1050 2,6 3,6 1,7 2,9; A@1060 2,6 1,7",
                  "O 1050(6,5,1) 1050(6,7,1) 1050(6,8,1) 1050(7,4,1) 1050(9,5,1) 1060(6,5,1) 1060(7,4,1)",
                  "D 1050(5,34) 1060(7,47)");
    script_expect(TWO_STREAMS
                  "define table T (k int, w int); from B insert into T; from A as l join T as r on l.k == "
                  "r.k select l.v as lv, r.w as rw limit 0 insert into O;" COUNT_AND_SUM,
                  "B@1010 1,4 2,5 1,6 3,7 3,8 3,9; A@1050 2,6 3,6 1,7 2,9; A@1060 2,6 1,7", "O", "D");
}

/* ---- Against a model: each side keeps its rows in a plain list ---- */

typedef struct model_row {
    int k, v;
} model_row;

typedef struct model_side {
    model_row rows[8];
    uint32_t n, most;
    bool sorted; /* the greatest v leaves; else the oldest row */
} model_side;

static void model_enter(model_side *s, model_row row) {
    s->rows[s->n++] = row;
    if (s->n <= s->most) return;
    uint32_t out = 0;
    for (uint32_t i = 1; s->sorted && i < s->n; i++)
        if (s->rows[i].v >= s->rows[out].v) out = i;
    memmove(&s->rows[out], &s->rows[out + 1], (--s->n - out) * sizeof *s->rows);
}

typedef struct model_sums {
    int n, left, right; /* matches so far, and their values */
} model_sums;

static void model_match(const model_side *other, model_row row, uint32_t side, model_sums *sums) {
    for (uint32_t i = 0; i < other->n; i++) {
        model_row o = other->rows[i], left = side ? o : row, right = side ? row : o;
        if (left.k != right.k || left.v >= right.v + 2000) continue;
        sums->n++;
        sums->left += left.v;
        sums->right += right.v;
    }
}

/* A script of events and what D shows for it. */
static void model_script(test_random *r, model_side sides[2], char *script, char *expected) {
    model_sums sums = {0};
    script[0] = 0;
    strcpy(expected, "D");
    for (int i = 0; i < 120; i++) {
        uint32_t side = test_below(r, 2);
        /* values all differ: among equal ones a sort window has an order of its own */
        model_row row = {(int)test_below(r, 3), (int)test_below(r, 50) * 200 + i};
        model_sums before = sums;
        sprintf(script + strlen(script), "%s@%d %d,%d;", side ? "B" : "A", 1000 + i, row.k, row.v);
        model_enter(&sides[side], row);
        model_match(&sides[!side], row, side, &sums);
        if (sums.n > before.n)
            sprintf(expected + strlen(expected), " %d(%d,%d,%d)", 1000 + i, sums.n, sums.left, sums.right);
    }
}

#define MODEL_APP(left, right)                                                                               \
    TWO_STREAMS "from A#window." left " as l join B#window." right                                           \
                " as r on l.k == r.k and l.v < r.w + 2000 select l.v as lv, r.w as rw insert into O; "       \
                "from O select count() as n, sum(lv) as s, sum(rw) as t insert into D;"

static void check_model(const char *app, const char *name, model_side left, model_side right) {
    static char script[8192], expected[8192];
    static script_text got;
    test_random r = test_seeded(name);
    for (int round = 0; round < 5; round++) {
        model_side sides[2] = {left, right};
        model_script(&r, sides, script, expected);
        assert_true(strlen(expected) > 200);
        for (script_way way = 0; way < N_WAYS; way++) {
            script_answer(app, script, way, &got);
            if (strcmp(got.text[1], expected))
                fail_msg("way %d: got\n%s\nnot\n%s\nfor %s", way, got.text[1], expected, script);
        }
    }
}

static void keys_and_residual_agree_with_a_model_over_rows_in_order(void **state) {
    (void)state;
    check_model(MODEL_APP("length(4)", "length(6)"), "length and length", (model_side){.most = 4},
                (model_side){.most = 6});
}

static void ids_that_are_used_again_agree_with_the_model(void **state) {
    (void)state;
    check_model(MODEL_APP("sort(3, v)", "length(5)"), "sort and length",
                (model_side){.most = 3, .sorted = true}, (model_side){.most = 5});
    check_model(MODEL_APP("sort(2, v)", "sort(4, w)"), "sort and sort",
                (model_side){.most = 2, .sorted = true}, (model_side){.most = 4, .sorted = true});
}

/* The comparison would see a window that holds one row too many. */
static void a_wrong_window_is_noticed(void **state) {
    (void)state;
    static char script[8192], expected[8192];
    static script_text got;
    test_random r = test_seeded("planted");
    model_side sides[2] = {{.most = 4}, {.most = 5}};
    model_script(&r, sides, script, expected);
    script_answer(MODEL_APP("length(4)", "length(6)"), script, WAY_ONE_BATCH, &got);
    assert_string_not_equal(got.text[1], expected);
}

/* Nor are two single rows taken for a chunk of two. */
static void cut_chunks_are_noticed(void **state) {
    (void)state;
    static script_text whole, cut;
    const char *app = TWO_STREAMS "from A as l join B#window.length(2) as r on l.k == r.k "
                                  "select l.v as lv, r.w as rw insert into O;" COUNT_AND_SUM;
    script_answer(app, "B@1000 1,1; A@1010 1,5 1,6", WAY_ONE_BATCH, &whole);
    script_answer(app, "B@1000 1,1; A@1010 1,5; A@1010 1,6", WAY_ONE_BATCH, &cut);
    assert_string_equal(whole.text[0], cut.text[0]);
    assert_string_not_equal(whole.text[1], cut.text[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_in_the_order_of_triggers_and_matches),
        cmocka_unit_test(a_select_takes_each_triggers_matches_apart_but_gives_one_chunk_on),
        cmocka_unit_test(a_side_without_window_holds_its_row_for_a_moment),
        cmocka_unit_test(expired_rows_look_up_too),
        cmocka_unit_test(a_stream_joined_with_itself_goes_row_by_row),
        cmocka_unit_test(two_streams_fed_alike_are_not_joined_row_by_row),
        cmocka_unit_test(a_part_cut_short_loses_the_parts_after_it),
        cmocka_unit_test(a_part_left_whole_or_built_anew_loses_nothing),
        cmocka_unit_test(keys_and_residual_agree_with_a_model_over_rows_in_order),
        cmocka_unit_test(ids_that_are_used_again_agree_with_the_model),
        cmocka_unit_test(a_wrong_window_is_noticed),
        cmocka_unit_test(cut_chunks_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
