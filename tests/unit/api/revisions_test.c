/* revisions_test.c: states kept by number, by call and by period, in memory and in files. An app that goes on
 * from a revision gives the rows that the one it was taken of gives. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include "api_support.h"

/* A table with a key and indexes, whose rows come, change and go; windows of both shapes; groups that come
 * and go; a partition, a join, a pattern, an aggregation. */
static const char app_text[] =
    "@app:name('a') @app:playback define stream S (k int, name string, v int, d double, o object);"
    "define stream Gone (k int);"
    "@PrimaryKey('k') @Index('name') define table T (k int, name string, v int, d double, o object);"
    "define table L (k int, v int);"
    "define window W (k int, v int) length(20) output all events;"
    "from S update or insert into T on T.k == k;"
    "from Gone delete T on T.k == k;"
    "from S[v % 3 == 0] select k, v insert into L;"
    "from Gone[k % 2 == 0] delete L on L.k == k;"
    "from S select k, v insert into W;"
    "from S#window.time(300) select k, sum(v) as s, avg(d) as a, max(v) as m, min(d) as n, count() as c "
    "group by k insert into A;"
    "from S#window.length(50) select name, stdDev(d) as e, distinctCount(k) as x group by name insert into B;"
    "from S#window.sort(9, v, 'desc') select k, v insert into C;"
    "from S#window.lengthBatch(7) select name, sum(v) as s group by name insert into D;"
    "from Gone join T on Gone.k + 1 == T.k select T.k as k, T.name as name, T.v as v insert into E;"
    "from S#window.length(9) as a join S#window.time(50) as b on a.k == b.k select a.v as v, b.v as w insert "
    "into F;"
    "from every e1=S[v > 60] -> e2=S[k == e1.k and v > e1.v] within 100 milliseconds "
    "select e1.k as k, e2.v as w insert into G;"
    "from W select k, count() as c group by k insert into H;"
    "partition with (k of S) begin from S#window.length(3) select k, max(v) as m, sum(v) as s insert into P; "
    "end;"
    "from Gone join L on Gone.k < L.k select L.k as k, L.v as v insert into Q;";
static const char *const streams[] = {"A", "B", "C", "D", "E", "F", "G", "H", "P", "Q"};

static weir_engine *engine;

static weir_app *open_app(weir_revisions *revisions, int64_t persist_ms, heard *h) {
    weir_error err;
    weir_app *app;
    weir_app_options o = {.struct_size = sizeof o,
                          .revisions = revisions,
                          .persist_ms = persist_ms,
                          .whole_every = 6,
                          .keep_revisions = 100};
    ok(weir_app_new(engine, app_text, sizeof app_text - 1, &o, &app, NULL, &err), &err);
    for (size_t i = 0; h && i < sizeof streams / sizeof *streams; i++)
        ok(weir_subscribe(app, streams[i], hear_rows, h, &err), &err);
    ok(weir_app_start(app, &err), &err);
    return app;
}

static void send_some(weir_app *app, uint64_t seed, uint32_t n, int64_t *ts) {
    test_random rng = {seed};
    weir_stream s = weir_find_stream(app, "S"), gone = weir_find_stream(app, "Gone");
    weir_error err;
    for (uint32_t i = 0; i < n; i++) {
        char text[64];
        uint32_t k = test_below(&rng, 300);
        int len = snprintf(text, sizeof text, k % 3 ? "n%u" : "a name that is held outside: %u", k % 17);
        *ts += test_below(&rng, 9);
        if (test_below(&rng, 4) == 0) {
            weir_value row[] = {{.type = WEIR_INT, .as.i = (int32_t)k}};
            ok(weir_send(app, gone, *ts, row, 1, &err), &err);
            continue;
        }
        weir_value inner = {.type = WEIR_LONG, .as.l = i};
        weir_value row[] = {
            {.type = WEIR_INT, .as.i = (int32_t)k},
            {.type = WEIR_STRING, .is_null = k % 11 == 3, .as.s = weir_string_view(text, (uint32_t)len)},
            {.type = WEIR_INT, .as.i = (int32_t)test_below(&rng, 100)},
            {.type = WEIR_DOUBLE, .is_null = test_below(&rng, 9) == 0, .as.d = test_below(&rng, 64) / 4.0},
            {.type = WEIR_OBJECT, .as.o = weir_object_new_value(&inner)}};
        ok(weir_send(app, s, *ts, row, 5, &err), &err);
        weir_object_unref(row[4].as.o);
    }
}

static char dir[64];

static int begin(void **state) {
    weir_error err;
    (void)state;
    strcpy(dir, "/tmp/wr-revisions-XXXXXX");
    return !mkdtemp(dir) || weir_engine_new(NULL, &engine, &err) != WEIR_OK;
}

static int end(void **state) {
    (void)state;
    weir_engine_free(engine);
    test_empty_directory(dir);
    return rmdir(dir);
}

static weir_revisions *make(bool in_files) {
    weir_revisions *r;
    weir_error err;
    ok(weir_revisions_new(engine, in_files ? dir : NULL, &r, &err), &err);
    return r;
}

/* What an app that goes on from this revision gives for the events of the next step. */
static heard go_on_from(weir_revisions *r, uint64_t revision, uint64_t seed, int64_t ts) {
    heard h = {0};
    weir_error err;
    uint64_t restored = 0;
    weir_app *app = open_app(r, 0, &h);
    ok(weir_app_restore_revision(app, revision, &restored, NULL, &err), &err);
    assert_true(!revision || restored == revision);
    h = (heard){0};
    send_some(app, seed, 40, &ts);
    weir_app_free(app);
    return h;
}

/* It gives the rows that the app gave. */
static void expect_to_go_on(weir_revisions *r, uint64_t revision, uint64_t seed, int64_t ts,
                            const heard *gave) {
    heard again = go_on_from(r, revision, seed, ts);
    assert_true(gave->n > 0);
    assert_int_equal(again.n, gave->n);
    assert_true(again.hash == gave->hash);
}

static void each_revision_goes_on_as_the_app_did(void **state) {
    (void)state;
    test_random rng = test_seeded("revisions");
    for (int in_files = 0; in_files < 2; in_files++) {
        weir_revisions *r = make(in_files);
        weir_error err;
        heard h = {0};
        int64_t ts = 1000;
        weir_app *app = open_app(r, 0, &h);
        enum { STEPS = 40 };
        uint64_t revisions[STEPS], seeds[STEPS];
        int64_t times[STEPS];
        heard gave[STEPS];
        for (int i = 0; i < STEPS; i++) {
            ok(weir_app_persist(app, &revisions[i], &err), &err);
            assert_true(!i || revisions[i] > revisions[i - 1]);
            seeds[i] = test_next(&rng);
            times[i] = ts;
            h = (heard){0};
            send_some(app, seeds[i], 40, &ts);
            gave[i] = h;
        }
        for (int i = 0; i < STEPS; i++) expect_to_go_on(r, revisions[i], seeds[i], times[i], &gave[i]);
        weir_app_free(app);
        weir_revisions_free(r);
    }
}

static void an_app_goes_back_and_forth_itself(void **state) {
    (void)state;
    weir_revisions *r = make(false);
    weir_error err;
    heard h = {0}, first;
    int64_t ts = 1000, later;
    uint64_t revision, last;
    weir_app *app = open_app(r, 0, &h);
    assert_int_equal(weir_revisions_last(r, "a", &last, &err), WEIR_EEND);
    assert_int_equal(weir_app_restore_revision(app, 0, NULL, NULL, &err), WEIR_EEND);
    send_some(app, 1, 200, &ts);
    ok(weir_app_persist(app, &revision, &err), &err);
    for (int i = 0; i < 5; i++) {
        h = (heard){0};
        later = ts;
        send_some(app, 2, 100, &later);
        if (!i) first = h;
        assert_true(h.n > 0 && h.n == first.n && h.hash == first.hash);
        ok(weir_app_persist(app, NULL, &err), &err); /* of another time line; the first stays what it was */
        ok(weir_app_restore_revision(app, revision, NULL, NULL, &err), &err);
    }
    ok(weir_revisions_last(r, "a", &last, &err), &err);
    assert_true(last > revision);
    weir_app_free(app);
    weir_revisions_free(r);
}

static bool count_one(void *ctx, uint64_t revision) {
    (void)revision;
    ++*(uint32_t *)ctx;
    return true;
}

static uint32_t count(weir_revisions *r) {
    weir_error err;
    uint32_t n = 0;
    ok(weir_revisions_visit(r, "a", count_one, &n, &err), &err);
    return n;
}

/* What was cleared behind the app's back is nothing that it builds on. */
static void revisions_can_be_cleared_while_the_app_runs(void **state) {
    (void)state;
    for (int in_files = 0; in_files < 2; in_files++) {
        weir_revisions *r = make(in_files);
        weir_error err;
        int64_t ts = 1000, at;
        heard h = {0};
        weir_app *app = open_app(r, 0, &h);
        test_empty_directory(dir);
        for (int i = 0; i < 3; i++) {
            send_some(app, 5, 50, &ts);
            ok(weir_app_persist(app, NULL, &err), &err);
        }
        assert_int_equal(count(r), 3);
        ok(weir_revisions_clear(r, "a", 0, &err), &err);
        assert_int_equal(count(r), 0);
        send_some(app, 6, 50, &ts);
        ok(weir_app_persist(app, NULL, &err), &err);
        assert_int_equal(count(r), 1);
        at = ts;
        h = (heard){0};
        send_some(app, 7, 40, &ts);
        expect_to_go_on(r, 0, 7, at, &h);
        weir_app_free(app);
        weir_revisions_free(r);
    }
}

static void a_period_keeps_revisions_without_a_thread(void **state) {
    (void)state;
    weir_revisions *r = make(false);
    int64_t ts = 1000;
    weir_app *app = open_app(r, 500, NULL);
    send_some(app, 1, 10, &ts);
    assert_int_equal(count(r), 0);
    for (uint32_t n = 1; n <= 3; n++) {
        usleep(510000);
        send_some(app, n, 1, &ts);
        assert_int_equal(count(r), n);
        send_some(app, n, 1, &ts); /* at once: not yet */
        assert_int_equal(count(r), n);
    }
    weir_app_free(app);
    weir_revisions_free(r);
}

/* A disk that is full: the call says so, events go on, and what comes later is whole. */
static void a_full_disk_costs_a_revision_and_no_more(void **state) {
    (void)state;
    weir_revisions *r = make(true);
    weir_error err;
    uint64_t before, after, last;
    int64_t ts = 1000, at;
    heard h = {0};
    weir_app *app = open_app(r, 0, &h);
    struct rlimit was, small;
    test_empty_directory(dir);
    send_some(app, 1, 200, &ts);
    ok(weir_app_persist(app, &before, &err), &err);
    send_some(app, 2, 200, &ts);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    small = (struct rlimit){512, was.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    weir_status st = weir_app_persist(app, &after, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(st, WEIR_EIO);
    assert_non_null(strstr(err.message, dir));
    ok(weir_revisions_last(r, "a", &last, &err), &err);
    assert_true(last == before);
    send_some(app, 3, 200, &ts);
    ok(weir_app_persist(app, &after, &err), &err);
    at = ts;
    h = (heard){0};
    send_some(app, 4, 40, &ts);
    expect_to_go_on(r, after, 4, at, &h);
    weir_app_free(app);
    weir_revisions_free(r);
}

static void misuse_is_refused(void **state) {
    (void)state;
    weir_error err;
    weir_revisions *r = make(false);
    uint64_t revision;
    weir_app *app = open_app(NULL, 0, NULL);
    assert_int_equal(weir_app_persist(app, &revision, &err), WEIR_EUSAGE);
    assert_int_equal(weir_app_restore_revision(app, 0, NULL, NULL, &err), WEIR_EUSAGE);
    weir_app_free(app);
    assert_int_equal(weir_revisions_new(NULL, NULL, &r, &err), WEIR_EUSAGE);
    weir_revisions *other = make(false);
    assert_int_equal(weir_revisions_clear(other, NULL, 0, &err), WEIR_EUSAGE);
    assert_int_equal(weir_revisions_visit(other, "a", NULL, NULL, &err), WEIR_EUSAGE);
    assert_int_equal(weir_app_persist(NULL, NULL, &err), WEIR_EUSAGE);
    weir_revisions_free(other);
    weir_revisions_free(NULL);
    weir_revisions_free(r);
}

/* Of an app with another text: what does not fit is named, and the app is empty and alive. */
static void a_revision_of_another_app_is_refused_by_name(void **state) {
    (void)state;
    weir_error err;
    weir_revisions *r = make(false);
    int64_t ts = 1000;
    weir_app *app = open_app(r, 0, NULL), *other;
    send_some(app, 1, 100, &ts);
    ok(weir_app_persist(app, NULL, &err), &err);
    send_some(app, 2, 100, &ts);
    ok(weir_app_persist(app, NULL, &err), &err);
    static const char text[] = "@app:name('a') @app:playback define stream S (k int);"
                               "from S#window.length(5) select k insert into Out;";
    weir_app_options o = {.struct_size = sizeof o, .revisions = r};
    ok(weir_app_new(engine, text, sizeof text - 1, &o, &other, NULL, &err), &err);
    ok(weir_app_start(other, &err), &err);
    assert_int_equal(weir_app_restore_revision(other, 0, NULL, NULL, &err), WEIR_ESTATE);
    assert_non_null(strstr(err.message, "that the app has not"));
    weir_value k = {.type = WEIR_INT, .as.i = 1};
    ok(weir_send(other, weir_find_stream(other, "S"), 1, &k, 1, &err), &err);
    weir_app_free(other);
    weir_app_free(app);
    weir_revisions_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_revision_goes_on_as_the_app_did),
        cmocka_unit_test(an_app_goes_back_and_forth_itself),
        cmocka_unit_test(revisions_can_be_cleared_while_the_app_runs),
        cmocka_unit_test(a_period_keeps_revisions_without_a_thread),
        cmocka_unit_test(a_full_disk_costs_a_revision_and_no_more),
        cmocka_unit_test(misuse_is_refused),
        cmocka_unit_test(a_revision_of_another_app_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
