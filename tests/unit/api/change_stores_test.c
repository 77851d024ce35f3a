/* change_stores_test.c: an app with a table in a store, one in memory and a named window, on two threads,
 * between a source and a sink, is replaced over and over while events flow: nothing is lost, nothing comes
 * twice, anywhere. */
#include <unistd.h>

#include "api_support.h"

#define ROWS 60000
#define KEYS 37

typedef struct load {
    weir_app *app;
    char dir[64];
    uint32_t n_turns, n_changes;
} load;

/* The n-th text: the same tables, windows and queries, and others that come and go beside them. */
static void text_of(uint32_t n, char *text, size_t size) {
    static const char *const definitions[] = {
        "", "", "@store(type='sqlite', database='other.db') define table Other (k int);",
        "define window V (k int) length(5);", "define table More (k int);"};
    static const char *const queries[] = {
        "", "from S#window.length(10) select sum(k) as s insert into Side;",
        "from S[k == 5] select k insert into Other;",
        "from S select k insert into V; from V select count() as c insert into Side;",
        "from S select k insert into More;"};
    n %= sizeof queries / sizeof *queries;
    snprintf(text, size,
             "@app:playback @source(type='file', file.uri='in.csv', event.time='t', @map(type='csv')) "
             "define stream S (t long, k int);"
             "@sink(type='file', file.uri='out.csv', @map(type='csv')) define stream Out (t long, n long);"
             "@store(type='sqlite', database='kept.db') @PrimaryKey('t') define table Kept (t long, k int);"
             "define table All (t long, k int);"
             "define window W (t long, k int) length(50); %s "
             "@info(name='all') from S select t, count() as n insert into Out;"
             "@info(name='keep') from S select t, k insert into Kept;"
             "@info(name='rows') from S select t, k insert into All;"
             "@info(name='in') from S select t, k insert into W;"
             "@info(name='sums') from S#window.lengthBatch(100) select sum(k) as s insert into Sums;"
             "@info(name='by') from W select k, count() as c group by k insert into ByKey; %s",
             definitions[n], queries[n]);
}

static void on_turn(void *ctx) {
    load *l = ctx;
    char text[2048];
    weir_error err = {0};
    if (!l->app || ++l->n_turns % 3) return;
    text_of(l->n_changes + 1, text, sizeof text);
    weir_status st = weir_app_replace(l->app, text, strlen(text), NULL, NULL, &err);
    if (st == WEIR_EAGAIN && err.retriable) return;
    ok(st, &err);
    l->n_changes++;
}

static void write_input(const load *l) {
    char path[128];
    snprintf(path, sizeof path, "%s/in.csv", l->dir);
    FILE *f = fopen(path, "w");
    for (int i = 0; f && i < ROWS; i++) fprintf(f, "%d,%d\n", i, i % KEYS);
    assert_int_equal(fclose(f), 0);
}

static int64_t ask(weir_app *app, const char *text, uint32_t column) {
    weir_error err;
    weir_answer *answer;
    ok(weir_query(app, text, strlen(text), &answer, NULL, &err), &err);
    const weir_batch *b = weir_answer_rows(answer);
    assert_int_equal(b->n_rows, 1);
    weir_value v = weir_column_value(&b->cols[column], 0);
    int64_t n = v.type == WEIR_INT ? v.as.i : v.as.l;
    weir_answer_free(answer);
    return n;
}

static void assert_file(const load *l) {
    char path[128], line[256];
    snprintf(path, sizeof path, "%s/out.csv", l->dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    long want = 0, t, n;
    for (; fgets(line, sizeof line, f); want++) {
        assert_int_equal(sscanf(line, "%ld,%ld", &t, &n), 2);
        assert_int_equal(t, want);
        assert_int_equal(n, want + 1);
    }
    fclose(f);
    assert_int_equal(want, ROWS);
}

static void on_sums(void *ctx, const weir_stream_info *info, const weir_batch *b) {
    int64_t *sums = ctx;
    (void)info;
    for (uint32_t k = 0; k < b->n_sel; k++) {
        sums[0] += weir_column_value(&b->cols[0], weir_batch_row(b, k)).as.l;
        sums[1]++;
    }
}

static void run(const char *state_dir) {
    load l = {.dir = "/tmp/wr-change-stores-XXXXXX"};
    weir_engine *e;
    weir_error err;
    char text[2048], command[128], dir[128];
    int64_t sums[2] = {0}, total = 0;
    for (int i = 0; i < ROWS; i++) total += i % KEYS;
    assert_non_null(mkdtemp(l.dir));
    write_input(&l);
    snprintf(dir, sizeof dir, "%s/%s", l.dir, state_dir ? state_dir : "");
    ok(weir_engine_new(NULL, &e, &err), &err);
    text_of(0, text, sizeof text);
    weir_app_options o = {.struct_size = sizeof o,
                          .base_dir = l.dir,
                          .batch_limit = 256,
                          .state_dir = state_dir ? dir : NULL,
                          .threads = 2,
                          .threads_always = true,
                          .on_turn = on_turn,
                          .on_turn_ctx = &l};
    ok(weir_app_new(e, text, strlen(text), &o, &l.app, NULL, &err), &err);
    assert_false(weir_app_is_serial(l.app, NULL));
    ok(weir_subscribe(l.app, "Sums", on_sums, sums, &err), &err);
    ok(weir_app_start(l.app, &err), &err);
    ok(weir_app_run(l.app, &err), &err);
    print_message("%u changes in %u turns\n", l.n_changes, l.n_turns);
    assert_true(l.n_changes > 20);
    assert_int_equal(ask(l.app, "from Kept select count() as n, sum(k) as s", 0), ROWS);
    assert_int_equal(ask(l.app, "from Kept select count() as n, sum(k) as s", 1), total);
    assert_int_equal(ask(l.app, "from All select count() as n, sum(k) as s", 0), ROWS);
    assert_int_equal(ask(l.app, "from All select count() as n, sum(k) as s", 1), total);
    assert_int_equal(ask(l.app, "from W select count() as n, min(t) as first", 0), 50);
    assert_int_equal(ask(l.app, "from W select count() as n, min(t) as first", 1), ROWS - 50);
    assert_int_equal(sums[1], ROWS / 100);
    assert_int_equal(sums[0], total);
    weir_app_free(l.app);
    weir_engine_free(e);
    assert_file(&l);
    snprintf(command, sizeof command, "rm -rf %s", l.dir);
    assert_int_equal(system(command), 0);
}

static void nothing_is_lost_or_doubled_in_stores_tables_and_windows(void **state) {
    (void)state;
    run(NULL);
}

static void nor_with_a_checkpoint_before_and_after_each_change(void **state) {
    (void)state;
    run("state");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_or_doubled_in_stores_tables_and_windows),
        cmocka_unit_test(nor_with_a_checkpoint_before_and_after_each_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
