/* threads_test.c: an app on 1, 2 and 4 threads gives the same rows, to the bit, and the same log. */
#include "api_support.h"

/* Queries beside and behind one another; filters enough for an index; a query that fails on some chunks,
 * after which those behind it must not see them; a fault stream; a partition; a join; a pattern. */
static const char app_text[] =
    "@app:playback @OnError(action='stream') define stream S (k int, v int, d double, o object);"
    "define stream L (k int, v int, d double);"
    "from S[v > 90] select k, v insert into A;"
    "from S select k, cast(o, 'int') + v as x insert into B;" /* fails where o is no int */
    "from S#window.time(50) select k, count() as c, avg(d) as a group by k insert all events into C;"
    "from S#window.lengthBatch(7) select k, sum(d) as s, stdDev(d) as e group by k insert into D;"
    "from A#window.length(5) as a join C#window.length(3) as c on a.k == c.k "
    "select a.k as k, a.v as v, c.a as m insert into E;"
    "from every e1=S[v > 60] -> e2=L[k == e1.k and v > e1.v] within 100 milliseconds "
    "select e1.k as k, e1.v as v, e2.v as w insert into F;"
    "from !S select k, v insert into G;"
    "partition with (k of S) begin "
    "from S#window.length(3) select k, max(v) as m, sum(v) as s insert into #P;"
    "from #P[m > 50] select k, m, s insert into H; end;"
    "from A select k, v, 1 as n insert into M; from D select k, 0 as v, 2 as n insert into M;"
    "from L[v == 1] select k insert into R; from L[v == 2] select k insert into R;"
    "from L[v == 3] select k insert into R; from L[v == 4] select k insert into R;"
    "from L[v == 5] select k insert into R; from L[v == 6] select k insert into R;"
    "from L[v == 7] select k insert into R; from L[v == 8] select k insert into R;"
    "from L[v == 9] select k insert into R; from L[v == 10] select k insert into R;";
static const char *const streams[] = {"A", "B", "C", "D", "E", "F", "G", "H", "M", "R"};

typedef struct output {
    heard rows;
    char log[2048];
} output;

static void on_log(void *ctx, weir_log_level level, const char *line) {
    output *h = ctx;
    (void)level;
    size_t at = strlen(h->log);
    snprintf(h->log + at, sizeof h->log - at, "%s\n", line);
}

static void send(weir_app *app, bool to_s, int64_t ts, uint32_t chance) {
    weir_error err = {0};
    weir_object *o = weir_object_new_value(
        &(weir_value){.type = chance % 97 ? WEIR_INT : WEIR_BOOL, .as.i = (int)(chance % 2)});
    weir_value values[] = {{.type = WEIR_INT, .as.i = (int)(chance % 11)},
                           {.type = WEIR_INT, .as.i = (int)(chance / 11 % 100)},
                           {.type = WEIR_DOUBLE, .as.d = chance / 7.0},
                           {.type = WEIR_OBJECT, .as.o = o}};
    assert_non_null(o);
    assert_int_equal(weir_send(app, weir_find_stream(app, to_s ? "S" : "L"), ts, values, to_s ? 4 : 3, &err),
                     WEIR_OK);
    weir_object_unref(o);
}

static void run(uint32_t threads, uint32_t batch, output *h) {
    weir_error err = {0};
    weir_engine *engine;
    weir_app *app;
    weir_engine_options engine_options = {.struct_size = sizeof engine_options, .log = on_log, .log_ctx = h};
    weir_app_options options = {.struct_size = sizeof options,
                                .batch_limit = batch,
                                .queue = true,
                                .threads = threads,
                                .threads_always = true};
    memset(h, 0, sizeof *h);
    assert_int_equal(weir_engine_new(&engine_options, &engine, &err), WEIR_OK);
    if (weir_app_new(engine, app_text, strlen(app_text), &options, &app, NULL, &err) != WEIR_OK)
        fail_msg("%s", err.message);
    const char *reason = "";
    if (weir_app_is_serial(app, &reason)) fail_msg("nothing to do for threads: %s", reason);
    for (size_t i = 0; i < sizeof streams / sizeof *streams; i++)
        assert_int_equal(weir_subscribe(app, streams[i], hear_rows, &h->rows, &err), WEIR_OK);
    assert_int_equal(weir_subscribe_query(app, "query_3", hear_rows, &h->rows, &err), WEIR_OK);
    assert_int_equal(weir_app_start(app, &err), WEIR_OK);
    uint32_t chance = 12345;
    for (int64_t i = 0; i < 20000; i++) {
        chance = chance * 1664525u + 1013904223u;
        send(app, chance >> 31, 1000 + i / 3, chance >> 8 & 0xFFFF);
    }
    assert_int_equal(weir_flush(app, &err), WEIR_OK);
    weir_app_free(app);
    weir_engine_free(engine);
}

static void answers_do_not_depend_on_threads(void **state) {
    (void)state;
    static output one, more;
    for (uint32_t batch = 16; batch <= 1024; batch *= 8) {
        run(1, batch, &one);
        assert_true(one.rows.n > 10000);
        for (uint32_t threads = 2; threads <= 4; threads += 2) {
            run(threads, batch, &more);
            assert_int_equal(more.rows.n, one.rows.n);
            assert_int_equal(more.rows.hash, one.rows.hash);
            assert_string_equal(more.log, one.log);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_do_not_depend_on_threads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
