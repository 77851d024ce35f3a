/* keys_test.c: partitions with many keys: what a key takes, that rows do not depend on whether keys sleep,
 * that purged keys give everything back. */
#include "../../../bench/keys.h"
#include "api_support.h"

#define BYTES_A_KEY 200 /* beside the data */

static weir_engine *engine;

static weir_app *open_app(const char *text, const weir_app_options *options) {
    weir_app *app;
    weir_error err;
    ok(weir_app_new(engine, text, strlen(text), options, &app, NULL, &err), &err);
    return app;
}

static weir_value long_value(int64_t l) { return (weir_value){.type = WEIR_LONG, .as.l = l}; }
static weir_value double_value(double d) { return (weir_value){.type = WEIR_DOUBLE, .as.d = d}; }

/* ---- What a key takes ---- */

enum { N_KEYS = 4096 }; /* a power of two: no table has just doubled */

static void on_stat(void *ctx, const weir_stat *s) {
    if (strcmp(s->kind, "app") == 0) *(uint64_t *)ctx = s->state_bytes;
}

static uint64_t bytes_of(const weir_app *app) {
    uint64_t bytes = 0;
    weir_app_visit_stats(app, on_stat, &bytes);
    return bytes;
}

static void send_each_key(weir_app *app, const char *stream, int64_t first_key, int64_t ts) {
    weir_stream to = weir_find_stream(app, stream);
    weir_error err;
    for (int64_t i = 0; i < N_KEYS; i++) {
        weir_value values[3] = {long_value(ts + i), long_value(first_key + i),
                                double_value((double)(i * 7919 % 1000) / 1000)};
        ok(weir_send(app, to, ts + i, values, 3, &err), &err);
    }
    ok(weir_flush(app, &err), &err);
}

static void test_bytes_of_a_key(void **state) {
    (void)state;
    weir_app_options options = {
        .struct_size = sizeof options, .queue = true, .batch_limit = 64, .keys_sleep = true};
    for (size_t c = 0; c < sizeof key_constructs / sizeof *key_constructs; c++) {
        char text[KEY_APP_BYTES];
        weir_error err;
        key_app_text(&key_constructs[c], text);
        weir_app *app = open_app(text, &options);
        ok(weir_app_start(app, &err), &err);
        uint64_t before = bytes_of(app);
        send_each_key(app, "S", 0, 1000000);
        send_each_key(app, key_reads_t(&key_constructs[c]) ? "T" : "S", 0, 1100000);
        uint64_t each = (bytes_of(app) - before) / N_KEYS, data = 8 * key_constructs[c].values;
        if (each > BYTES_A_KEY + data)
            fail_msg("%s: a key takes %u bytes, of which %u are data", key_constructs[c].name, (unsigned)each,
                     (unsigned)data);
        weir_app_free(app);
    }
}

/* ---- Sleeping keys answer the same ---- */

/* Long strings, objects, more than one row that leaves at a time, rows that fail. */
static const char *const more_queries[] = {
    "from S#window.sort(3, v) select k, name insert all events into Out;",
    "from S#window.session(1 min) select k, name, v insert all events into Out;",
    "from S#window.unique:first(v) select k, name insert all events into Out;",
    "from S#window.timeLength(5 min, 4) select k, name, max(v) as x insert all events into Out;",
    "from S#window.delay(2 min) select k, name insert into Out;",
    "from S#window.expressionBatch('sum(v) < 2.0') select k, name, sum(v) as x insert all events into Out;",
    "from every a=S -> b=T[v > a.v] within 10 min select a.name as n, b.name as m insert into Out;",
    "from every a=S<1:3> -> b=T select a[0].name as n, a[last].name as m, b.v as v insert into Out;",
    "from every not S for 5 min select 1 as one insert into Out;",
    "from every a=S, b=S[v >= a.v]*, c=S[v < a.v] select a.name as n, c.v as v insert into Out;",
    "from S#window.length(3) full outer join T#window.time(3 min) on S.v < T.v "
    "select S.name as n, T.name as m insert all events into Out;",
    "from S select k, unionSet(createSet(name)) as names insert into Out;",
    "from S select k, name output all every 3 min insert into Out;",
    "from S select k, name, sum(v) as x group by name output last every 4 events insert into Out;",
    "from S select k, name output snapshot every 2 min insert into Out;",
    "from S#window.sort(2, v) select k, name, v insert into #I; "
    "from every a=#I -> b=#I[v != a.v] select a.name as n, b.name as m insert into Out;",
};

static const char *names[3] = {"short", "a name that is too long to be held inline",
                               "another one, which is longer still than the first of the two is"};

static void send_mixed(weir_app *app) {
    test_random r = {7};
    weir_stream streams[2] = {weir_find_stream(app, "S"), weir_find_stream(app, "T")};
    weir_error err;
    int64_t ts = 1000000;
    for (uint32_t i = 0; i < 4000; i++) {
        const char *name = names[test_below(&r, 3)];
        uint32_t key = test_below(&r, 3) ? test_below(&r, 400) : test_below(&r, 3);
        ts += test_below(&r, 2) ? 0 : test_below(&r, i % 500 ? 1000 : 5000000);
        weir_value values[4] = {
            long_value(ts),
            long_value(key),
            double_value((double)test_below(&r, 20) / 20),
            {.type = WEIR_STRING, .as.s = weir_string_view(name, (uint32_t)strlen(name))}};
        ok(weir_send(app, streams[test_below(&r, 2)], ts, values, 4, &err), &err);
    }
    ok(weir_advance(app, ts + 10000000, &err), &err); /* everybody's timers at once */
    ok(weir_flush(app, &err), &err);
}

static void fill_table(weir_app *app) {
    static const char text[] = "select 1L as k, 0.25 as v insert into Held";
    weir_answer *answer;
    weir_error err;
    ok(weir_query(app, text, sizeof text - 1, &answer, NULL, &err), &err);
    weir_answer_free(answer);
}

static heard hear(const char *query, bool keys_sleep, uint32_t batch_limit) {
    char text[KEY_APP_BYTES];
    heard h = {0};
    weir_error err;
    weir_app_options options = {
        .struct_size = sizeof options, .queue = true, .batch_limit = batch_limit, .keys_sleep = keys_sleep};
    snprintf(text, sizeof text,
             "@app:playback define stream S (ts long, k long, v double, name string);"
             "define stream T (ts long, k long, v double, name string);"
             "@PrimaryKey('k') define table Held (k long, v double);"
             "partition with (k of S, k of T) begin %s end;",
             query);
    weir_app *app = open_app(text, &options);
    if (strstr(query, "into Out")) ok(weir_subscribe(app, "Out", hear_rows, &h, &err), &err);
    ok(weir_app_start(app, &err), &err);
    fill_table(app);
    send_mixed(app);
    weir_app_free(app);
    return h;
}

static void check_query(const char *query) {
    heard awake = hear(query, false, 1024);
    if (!awake.n && strstr(query, "into Out")) fail_msg("%s: no rows", query);
    for (uint32_t batch_limit = 1; batch_limit <= 1024; batch_limit *= 32) {
        heard asleep = hear(query, true, batch_limit);
        if (asleep.n != awake.n || asleep.hash != awake.hash)
            fail_msg("%s: %u rows awake, %u asleep, batches of %u", query, (unsigned)awake.n,
                     (unsigned)asleep.n, (unsigned)batch_limit);
    }
}

static void test_sleep_changes_nothing(void **state) {
    (void)state;
    for (size_t c = 0; c < sizeof key_constructs / sizeof *key_constructs; c++)
        check_query(key_constructs[c].query);
    for (size_t i = 0; i < sizeof more_queries / sizeof *more_queries; i++) check_query(more_queries[i]);
}

/* ---- Purged keys ---- */

static void test_purged_keys_are_given_back(void **state) {
    (void)state;
    static const char *const queries[] = {
        "from S#window.session(1 hour) select k, v insert into Out;",
        "from every a=S -> b=S[v > a.v] select a.k as k, b.v as v insert into Out;",
        "from S#window.length(5) join S#window.length(2) as R on S.v < R.v select S.k as k insert into Out;",
        "from S select k, v output last every 3 events insert into Out;",
        "from S select k, distinctCount(v) as n insert into Out;",
        "from S select k, v, sum(v) as x group by v insert into Out;",
    };
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        char text[KEY_APP_BYTES];
        uint64_t bytes[4];
        weir_error err;
        weir_app_options options = {.struct_size = sizeof options, .queue = true, .batch_limit = 64};
        options.keys_sleep = true;
        snprintf(text, sizeof text,
                 "@app:playback define stream S (ts long, k long, v double);"
                 "@purge(enable='true', interval='10 sec', idle.period='20 sec')"
                 "partition with (k of S) begin %s end;",
                 queries[i]);
        weir_app *app = open_app(text, &options);
        ok(weir_app_start(app, &err), &err);
        for (int64_t round = 0; round < 4; round++) { /* other keys each time */
            send_each_key(app, "S", round * N_KEYS, 1000000 + round * 100000);
            bytes[round] = bytes_of(app);
        }
        if (bytes[3] > bytes[1] + bytes[1] / 20)
            fail_msg("%s: %u bytes, and after two more purges %u", queries[i], (unsigned)bytes[1],
                     (unsigned)bytes[3]);
        weir_app_free(app);
    }
}

static int make_engine(void **state) {
    (void)state;
    return weir_engine_new(NULL, &engine, NULL) == WEIR_OK ? 0 : -1;
}

static int free_engine(void **state) {
    (void)state;
    weir_engine_free(engine);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_of_a_key),
        cmocka_unit_test(test_sleep_changes_nothing),
        cmocka_unit_test(test_purged_keys_are_given_back),
    };
    return cmocka_run_group_tests(tests, make_engine, free_engine);
}
