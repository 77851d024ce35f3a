/* memory_test.c: an object that is sent and passed on while memory runs out, at any moment, is let go as
 * often as it was taken. */
#include "api_support.h"
#include "base/alloc.h"
#include "data/object.h"

static const char *const queries[] = {
    "from every e1=S -> e2=S select e1.o as a, e2.o as b insert into Out;",
    "from every e1=S[k != 2]<2:3> -> e2=S[k == 2] select e1.o as a, e2.o as b insert into Out;",
    "from S#window.length(3) select o, unionSet(createSet(k)) as u insert into Out;",
    "partition with (k of S) begin from S#window.sort(2, k) select o, k insert all events into Out; end;",
    "partition with (k of S) begin from S#window.length(2) as x join S#window.length(1) as y on x.k == y.k "
    "select x.o as o, y.k as k insert into Out; end;",
    "from S#window.length(9) select k, unionSet(createSet(k)) as u insert all events into Out;",
    "partition with (k of S) begin from every e1=S -> e2=S select e1.o as a, e2.o as b insert into Out; end;",
};

enum { ROWS = 400, OBJECTS = 7, MOST_ALLOCATIONS = 50000 };

/* Keys of partitions sleep between uses: then what they give is copied, too. */
static weir_app *start(weir_engine *engine, const char *query, heard *h) {
    char text[400];
    weir_error err;
    weir_app *app;
    weir_app_options options = {
        .struct_size = sizeof options, .queue = true, .batch_limit = ROWS, .keys_sleep = true};
    snprintf(text, sizeof text, "@app:playback define stream S (k int, o object); %s", query);
    ok(weir_app_new(engine, text, strlen(text), &options, &app, NULL, &err), &err);
    ok(weir_subscribe(app, "Out", hear_rows, h, &err), &err);
    ok(weir_app_start(app, &err), &err);
    return app;
}

/* All rows in one cycle, whose memory grows block by block, until the n-th allocation fails; true: they
 * needed fewer. */
static bool send_rows(weir_app *app, weir_object *const *objects, long n) {
    weir_status st = WEIR_OK;
    weir_error err;
    wr_alloc_fail_after(n);
    for (int i = 0; i < ROWS && st == WEIR_OK; i++) {
        weir_value row[] = {{.type = WEIR_INT, .as.i = i % 3},
                            {.type = WEIR_OBJECT, .as.o = objects[i % OBJECTS]}};
        st = weir_send(app, weir_find_stream(app, "S"), 1000 + i, row, 2, &err);
    }
    if (st == WEIR_OK) st = weir_flush(app, &err);
    wr_alloc_fail_after(0);
    if (st != WEIR_OK) assert_int_equal(st, WEIR_ENOMEM);
    return st == WEIR_OK;
}

/* Runs out at allocation n; true: there is none. */
static bool check(weir_engine *engine, const char *query, long n) {
    heard h = {0};
    weir_object *objects[OBJECTS];
    for (int i = 0; i < OBJECTS; i++)
        objects[i] = weir_object_new_value(&(weir_value){.type = WEIR_INT, .as.i = i});
    weir_app *app = start(engine, query, &h);
    bool done = send_rows(app, objects, n);
    weir_app_free(app);
    for (int i = 0; i < OBJECTS; i++) {
        if (objects[i]->refs.n != 1)
            fail_msg("%s: object %d is held %d times after allocation %ld failed", query, i,
                     (int)objects[i]->refs.n, n);
        weir_object_unref(objects[i]);
    }
    if (done) assert_true(h.n > 0);
    return done;
}

static void objects_are_let_go_as_often_as_taken_when_memory_runs_out(void **state) {
    (void)state;
    weir_engine *engine;
    assert_int_equal(weir_engine_new(NULL, &engine, NULL), WEIR_OK);
    for (size_t q = 0; q < sizeof queries / sizeof *queries; q++) {
        long n = 1;
        while (!check(engine, queries[q], n)) assert_true(++n < MOST_ALLOCATIONS);
        assert_true(n > 50);
    }
    weir_engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_let_go_as_often_as_taken_when_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
