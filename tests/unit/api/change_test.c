/* change_test.c: apps that change while they run: what is kept, what is told, and that no event is lost. */
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"
#include "weir.h"

static weir_engine *new_engine(void) {
    weir_engine *e = NULL;
    assert_int_equal(weir_engine_new(NULL, &e, NULL), WEIR_OK);
    return e;
}

static weir_app *start_app(weir_engine *e, const char *text, const weir_app_options *options) {
    weir_app *app = NULL;
    weir_error err = {0};
    weir_status st = weir_app_new(e, text, strlen(text), options, &app, NULL, &err);
    if (st == WEIR_OK) st = weir_app_start(app, &err);
    if (st != WEIR_OK) print_message("%s\n", err.message);
    assert_int_equal(st, WEIR_OK);
    return app;
}

static void send(weir_app *app, int64_t ts, int v) {
    weir_error err = {0};
    weir_value value = {.type = WEIR_INT, .as.i = v};
    weir_status st = weir_send(app, weir_find_stream(app, "S"), ts, &value, 1, &err);
    if (st != WEIR_OK) print_message("%s\n", err.message);
    assert_int_equal(st, WEIR_OK);
}

/* All that came, as "name:value name:value ". */
typedef struct heard {
    char text[4096];
} heard;

static void on_rows(void *ctx, const weir_stream_info *stream, const weir_batch *b) {
    heard *h = ctx;
    for (uint32_t k = 0; k < b->n_sel; k++) {
        weir_value v = weir_column_value(&b->cols[0], weir_batch_row(b, k));
        size_t at = strlen(h->text);
        snprintf(h->text + at, sizeof h->text - at, "%s:%lld ", stream->name,
                 (long long)(v.type == WEIR_INT ? v.as.i : v.as.l));
    }
}

static void note_line(void *ctx, const char *line) {
    heard *h = ctx;
    size_t at = strlen(h->text);
    snprintf(h->text + at, sizeof h->text - at, "%s|", line);
}

static weir_status replace(weir_app *app, const char *text, heard *told, weir_error *err) {
    weir_change_options o = {.struct_size = sizeof o, .tell = note_line, .tell_ctx = told};
    if (told) *told->text = 0;
    return weir_app_replace(app, text, strlen(text), told ? &o : NULL, NULL, err);
}

#define HEAD "@app:playback define stream S (v int); define stream Out (s long); "
#define SUM  "@info(name='sum') from S#window.length(3) select sum(v) as s insert into Out; "

static void a_query_keeps_its_state_when_another_comes(void **state) {
    (void)state;
    weir_engine *e = new_engine();
    heard h = {""}, told = {""};
    weir_error err = {0};
    weir_app *app = NULL;
    const char *text = HEAD SUM;
    assert_int_equal(weir_app_new(e, text, strlen(text), NULL, &app, NULL, &err), WEIR_OK);
    assert_int_equal(weir_subscribe(app, "Out", on_rows, &h, &err), WEIR_OK);
    assert_int_equal(weir_app_start(app, &err), WEIR_OK);
    send(app, 1, 1);
    send(app, 2, 2);
    const char *more = "@info(name='n') from S select count() as s insert into Out;";
    assert_int_equal(weir_app_add(app, more, strlen(more), NULL, NULL, &err), WEIR_OK);
    send(app, 3, 4);
    send(app, 4, 8);
    assert_string_equal(h.text, "Out:1 Out:3 Out:7 Out:1 Out:14 Out:2 ");
    assert_int_equal(weir_app_remove_query(app, "sum", NULL, NULL, &err), WEIR_OK);
    *h.text = 0;
    send(app, 5, 16);
    assert_string_equal(h.text, "Out:3 ");
    assert_int_equal(weir_app_remove_query(app, "sum", NULL, NULL, &err), WEIR_ENAME);
    assert_int_equal(replace(app, HEAD SUM, &told, &err), WEIR_OK);
    assert_string_equal(told.text, "query 'n' is gone: its state is not kept|");
    *h.text = 0;
    send(app, 6, 32);
    assert_string_equal(h.text, "Out:32 ");
    weir_app_free(app);
    weir_engine_free(e);
}

static void a_changed_query_begins_empty_and_is_told(void **state) {
    (void)state;
    weir_engine *e = new_engine();
    heard told = {""};
    weir_error err = {0};
    weir_app *app = start_app(e, HEAD SUM, NULL);
    send(app, 1, 1);
    const char *changed =
        HEAD "@info(name='sum') from S#window.length(4) select sum(v) as s insert into Out; ";
    weir_change_options o = {.struct_size = sizeof o, .keep_all = true};
    assert_int_equal(weir_app_replace(app, changed, strlen(changed), &o, NULL, &err), WEIR_ESTATE);
    assert_string_equal(err.message, "query 'sum' has changed: its state is not kept");
    assert_string_equal(weir_app_text(app), HEAD SUM);
    assert_int_equal(replace(app, changed, &told, &err), WEIR_OK);
    assert_string_equal(told.text, "query 'sum' has changed: its state is not kept|");
    assert_string_equal(weir_app_text(app), changed);
    weir_app_free(app);
    weir_engine_free(e);
}

static void a_filter_may_change_and_the_window_stays(void **state) {
    (void)state;
    weir_engine *e = new_engine();
    heard h = {""}, told = {""};
    weir_error err = {0};
    weir_app *app = NULL;
    const char *text =
        HEAD "@info(name='q') from S[v > 0]#window.length(3) select sum(v) as s insert into Out;";
    assert_int_equal(weir_app_new(e, text, strlen(text), NULL, &app, NULL, &err), WEIR_OK);
    assert_int_equal(weir_subscribe_query(app, "q", on_rows, &h, &err), WEIR_OK);
    assert_int_equal(weir_app_start(app, &err), WEIR_OK);
    send(app, 1, 5);
    const char *next =
        HEAD "@info(name='q') from S[v > 6]#window.length(3) select sum(v) as s insert into Out;";
    assert_int_equal(replace(app, next, &told, &err), WEIR_OK);
    assert_string_equal(told.text, "");
    send(app, 2, 6);
    send(app, 3, 7);
    assert_string_equal(h.text, "q:5 q:12 ");
    weir_app_free(app);
    weir_engine_free(e);
}

static void queries_without_names_are_known_by_their_text(void **state) {
    (void)state;
    weir_engine *e = new_engine();
    heard h = {""}, told = {""};
    weir_error err = {0};
    weir_app *app = NULL;
#define Q1 "from S#window.length(2) select sum(v) as s insert into A; "
#define Q2 "from S#window.length(2) select sum(v) as s insert into B; "
    const char *text = "@app:playback define stream S (v int); " Q1 Q2;
    assert_int_equal(weir_app_new(e, text, strlen(text), NULL, &app, NULL, &err), WEIR_OK);
    assert_int_equal(weir_subscribe(app, "B", on_rows, &h, &err), WEIR_OK);
    assert_int_equal(weir_app_start(app, &err), WEIR_OK);
    send(app, 1, 5);
    assert_int_equal(weir_app_remove_query(app, "query_1", NULL, NULL, &err), WEIR_OK);
    send(app, 2, 6);
    assert_string_equal(h.text, "B:5 B:11 ");
    assert_int_equal(replace(app, "@app:playback define stream S (v int); ", &told, &err), WEIR_ENAME);
    assert_non_null(strstr(err.message, "subscribed to stream 'B'"));
    weir_app_free(app);
    weir_engine_free(e);
}

static void who_reads_a_changed_window_begins_with_it(void **state) {
    (void)state;
    weir_engine *e = new_engine();
    heard h = {""}, told = {""};
    weir_error err = {0};
    weir_app *app = NULL;
#define WINDOW(n)                                                                                            \
    "@app:playback define stream S (v int); define window W (v int) length(" #n ");"                         \
    "from S insert into W; @info(name='q') from W select sum(v) as s insert into Out;"
    assert_int_equal(weir_app_new(e, WINDOW(2), strlen(WINDOW(2)), NULL, &app, NULL, &err), WEIR_OK);
    assert_int_equal(weir_subscribe(app, "Out", on_rows, &h, &err), WEIR_OK);
    assert_int_equal(weir_app_start(app, &err), WEIR_OK);
    send(app, 1, 1);
    send(app, 2, 2);
    assert_int_equal(replace(app, WINDOW(2) " from S select v insert into Other;", &told, &err), WEIR_OK);
    assert_string_equal(told.text, "");
    send(app, 3, 4);
    assert_int_equal(replace(app, WINDOW(3), &told, &err), WEIR_OK);
    assert_string_equal(told.text,
                        "query 'W' has changed: its state is not kept|query 'q' reads a window that has "
                        "changed: its state is not kept|");
    send(app, 4, 8);
    assert_string_equal(h.text, "Out:1 Out:3 Out:6 Out:8 ");
    weir_app_free(app);
    weir_engine_free(e);
}

static long long ask(weir_app *app, const char *query) {
    weir_answer *a = NULL;
    weir_error err = {0};
    weir_status st = weir_query(app, query, strlen(query), &a, NULL, &err);
    if (st != WEIR_OK) print_message("%s\n", err.message);
    assert_int_equal(st, WEIR_OK);
    const weir_batch *b = weir_answer_rows(a);
    weir_value v = b->n_rows ? weir_column_value(&b->cols[0], 0) : (weir_value){.type = WEIR_LONG, .as.l = 0};
    weir_answer_free(a);
    return v.type == WEIR_INT ? v.as.i : v.as.l;
}

static void tables_partitions_and_patterns_keep_their_state(void **state) {
    (void)state;
    weir_engine *e = new_engine();
    heard h = {""}, told = {""};
    weir_error err = {0};
    weir_app *app = NULL;
    const char *text =
        "@app:playback define stream S (v int); define table T (v int); from S select v insert into T; "
        "partition with (v of S) begin @info(name='p') from S select count() as n insert into Out; end; "
        "@info(name='m') from every a=S[v == 7] -> b=S[v == 8] select a.v + b.v + 0L as n insert into Out;";
    char next[1024];
    snprintf(next, sizeof next, "%s from S select v insert into Other;", text);
    assert_int_equal(weir_app_new(e, text, strlen(text), NULL, &app, NULL, &err), WEIR_OK);
    assert_int_equal(weir_subscribe(app, "Out", on_rows, &h, &err), WEIR_OK);
    assert_int_equal(weir_app_start(app, &err), WEIR_OK);
    send(app, 1, 7);
    send(app, 2, 9);
    assert_int_equal(replace(app, next, &told, &err), WEIR_OK);
    assert_string_equal(told.text, "");
    send(app, 3, 7);
    send(app, 4, 8);
    assert_string_equal(h.text, "Out:1 Out:1 Out:2 Out:1 Out:15 Out:15 ");
    assert_int_equal(ask(app, "from T select count() as n"), 4);
    assert_int_equal(replace(app,
                             "@app:playback define stream S (v int); define table T (v long); "
                             "from S select v insert into Out;",
                             &told, &err),
                     WEIR_OK);
    assert_string_equal(told.text,
                        "table 'T' has changed: its state is not kept|"
                        "partition 'partition_1' is gone or has other keys: its state is not kept|"
                        "query 'p' is gone: its state is not kept|query 'm' is gone: its state is not kept|");
    weir_app_free(app);
    weir_engine_free(e);
}

static void a_change_that_is_wrong_changes_nothing(void **state) {
    (void)state;
    weir_engine *e = new_engine();
    weir_error err = {0};
    weir_report *report = NULL;
    weir_app *app = start_app(e, HEAD SUM, NULL);
    const char *wrong = HEAD "from T select v insert into Out; from S selct v insert into Out;";
    assert_int_not_equal(weir_app_replace(app, wrong, strlen(wrong), NULL, &report, &err), WEIR_OK);
    assert_true(weir_report_count(report) >= 1);
    weir_report_free(report);
    assert_string_equal(weir_app_text(app), HEAD SUM);
    static const struct {
        const char *text, *why;
    } refused[] = {{"@app:name('x') " HEAD SUM, "the app is 'app', the text is one of 'x'"},
                   {"define stream S (v int);", "@app:playback can't change"},
                   {"@app:guarantee('exactly-once') " HEAD SUM, "@app:guarantee can't change"},
                   {HEAD "@sink(type='log') define stream L (v int);", "has run without sources"}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_not_equal(replace(app, refused[i].text, NULL, &err), WEIR_OK);
        if (!strstr(err.message, refused[i].why)) print_message("%s\n", err.message);
        assert_non_null(strstr(err.message, refused[i].why));
    }
    const char *q = "from S select count() as s insert into Out";
    weir_change_options o = {.struct_size = sizeof o, .only_check = true};
    assert_int_equal(weir_app_add(app, q, strlen(q), &o, NULL, &err), WEIR_OK);
    assert_string_equal(weir_app_text(app), HEAD SUM);
    send(app, 1, 1);
    weir_app_free(app);
    weir_engine_free(e);
}

static void a_prepared_query_is_void_after_a_change(void **state) {
    (void)state;
    weir_engine *e = new_engine();
    weir_error err = {0};
    weir_prepared *q = NULL;
    weir_answer *a = NULL;
    const char *text = HEAD "define table T (v int);";
    weir_app *app = start_app(e, text, NULL);
    assert_int_equal(weir_prepare(app, "from T", 6, &q, NULL, &err), WEIR_OK);
    assert_int_equal(weir_app_add(app, SUM, strlen(SUM), NULL, NULL, &err), WEIR_OK);
    assert_int_equal(weir_prepared_run(q, &a, &err), WEIR_EUSAGE);
    assert_null(weir_prepared_explain(q));
    weir_prepared_free(q);
    assert_int_equal(ask(app, "from T select v"), 0);
    weir_app_free(app);
    weir_engine_free(e);
}

/* ---- Under load ---- */

#define ROWS 400000

typedef struct load {
    weir_app *app;
    char dir[64];
    uint32_t n_turns, n_changes, n_refused;
    weir_status (*next)(struct load *l, weir_error *err);
} load;

static void on_turn(void *ctx) {
    load *l = ctx;
    weir_error err = {0};
    l->n_turns++;
    if (!l->app) return;
    weir_status st = l->next(l, &err);
    if (st == WEIR_EAGAIN && err.retriable) return; /* the app is ending, perhaps */
    if (st != WEIR_OK) print_message("%s\n", err.message);
    assert_int_equal(st, WEIR_OK);
}

static load *new_load(void) {
    load *l = calloc(1, sizeof *l);
    assert_non_null(l);
    strcpy(l->dir, "/tmp/wr-change-XXXXXX");
    assert_non_null(mkdtemp(l->dir));
    return l;
}

static void end_load(load *l) {
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", l->dir);
    assert_int_equal(system(command), 0);
    free(l);
}

static void write_input(const load *l) {
    char path[128];
    snprintf(path, sizeof path, "%s/in.csv", l->dir);
    FILE *f = fopen(path, "w");
    for (long i = 0; f && i < ROWS; i++) fprintf(f, "%ld,%ld,%ld\n", i, i % 10, i % 7);
    assert_int_equal(fclose(f), 0);
}

/* Each number from 0 to ROWS - 1 once, in order, as the first thing on a line; more may follow it. */
static void assert_all_once(const load *l) {
    char path[128], line[256];
    snprintf(path, sizeof path, "%s/out.csv", l->dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    long want = 0;
    for (; fgets(line, sizeof line, f); want++) assert_int_equal(strtol(line, NULL, 10), want);
    fclose(f);
    assert_int_equal(want, ROWS);
}

/* The n-th text: queries come and go, columns are read that nobody read before, a sink comes and goes. */
static void text_of(uint32_t n, char *text, size_t size) {
    static const char *const extra[] = {
        "", "from S select k insert into Unread;",
        "from S#window.length(100) select sum(w) as s insert into Seen;",
        "@sink(type='file', file.uri='side.csv', @map(type='csv')) define stream Side (k int);"};
    const char *e = extra[n % 4];
    bool is_definition = *e == '@';
    snprintf(text, size,
             "@app:playback @source(type='file', file.uri='in.csv', event.time='t', @map(type='csv')) "
             "define stream S (t long, k int, w int); %s"
             "@sink(type='file', file.uri='out.csv', @map(type='csv')) define stream Out (t long, n long);"
             "@info(name='all') from S select t, count() as n insert into Out; %s%s",
             is_definition ? e : "", is_definition ? "from S select k insert into Side;" : "",
             is_definition ? "" : e);
}

static weir_status replace_again(load *l, weir_error *err) {
    char text[1024];
    text_of(l->n_changes + 1, text, sizeof text);
    weir_status st = weir_app_replace(l->app, text, strlen(text), NULL, NULL, err);
    l->n_changes += st == WEIR_OK;
    return st;
}

static void run_load(load *l, weir_engine *e, const char *text, const char *state_dir) {
    weir_error err = {0};
    weir_app_options o = {.struct_size = sizeof o,
                          .base_dir = l->dir,
                          .batch_limit = 512,
                          .state_dir = state_dir,
                          .on_turn = on_turn,
                          .on_turn_ctx = l};
    l->app = start_app(e, text, &o);
    weir_status st = weir_app_run(l->app, &err);
    if (st != WEIR_OK) print_message("%s\n", err.message);
    assert_int_equal(st, WEIR_OK);
    weir_app_free(l->app);
    l->app = NULL;
}

static void nothing_is_lost_or_doubled_when_an_app_is_replaced_under_load(void **state) {
    (void)state;
    weir_engine *e = new_engine();
    load *l = new_load();
    char text[1024], line[64] = "", path[128];
    l->next = replace_again;
    write_input(l);
    text_of(0, text, sizeof text);
    run_load(l, e, text, NULL);
    print_message("%u changes in %u turns\n", l->n_changes, l->n_turns);
    assert_true(l->n_changes > 300);
    assert_all_once(l);
    snprintf(path, sizeof path, "%s/out.csv", l->dir); /* the count went on over all changes */
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) continue;
    fclose(f);
    snprintf(text, sizeof text, "%d,%d\n", ROWS - 1, ROWS);
    assert_string_equal(line, text);
    end_load(l);
    weir_engine_free(e);
}

/* The same with @map of the sink and of the source changed back and forth: both are opened again, where they
 * stood. And a change that can't be made, each time. */
static weir_status remap(load *l, weir_error *err) {
    char text[1024];
    const char *form =
        "@app:playback @source(type='file', file.uri='in.csv', event.time='t', @map(type='csv', "
        "delimiter=','%s)) "
        "define stream S (t long, k int, w int); %s"
        "@sink(type='file', file.uri='out.csv', @map(type='csv'%s)) define stream Out (t long, n long);"
        "@info(name='all') from S select t, count() as n insert into Out; from S select k insert into Side;";
    bool odd = l->n_changes % 2;
    if (l->n_turns % 20) return WEIR_OK;
    snprintf(text, sizeof text, form, odd ? ", header='false'" : "",
             "@sink(type='file', file.uri='nowhere/side.csv', @map(type='csv')) define stream Side (k int);",
             odd ? ", delimiter=','" : "");
    assert_int_equal(weir_app_replace(l->app, text, strlen(text), NULL, NULL, err), WEIR_EIO);
    l->n_refused++;
    snprintf(text, sizeof text, form, odd ? "" : ", header='false'", "", odd ? "" : ", delimiter=','");
    weir_status st = weir_app_replace(l->app, text, strlen(text), NULL, NULL, err);
    l->n_changes += st == WEIR_OK;
    return st;
}

static void sources_and_sinks_are_opened_again_where_they_stood(void **state) {
    (void)state;
    weir_engine *e = new_engine();
    load *l = new_load();
    char text[1024];
    l->next = remap;
    write_input(l);
    text_of(0, text, sizeof text);
    run_load(l, e, text, NULL);
    print_message("%u changes, %u refused\n", l->n_changes, l->n_refused);
    assert_true(l->n_changes > 20);
    assert_all_once(l);
    end_load(l);
    weir_engine_free(e);
}

static weir_status replace_then_stop(load *l, weir_error *err) {
    if (l->n_turns % 20) return WEIR_OK;
    weir_status st = replace_again(l, err);
    if (l->n_changes == 6) weir_app_request_stop(l->app);
    return st;
}

static void a_replaced_app_goes_on_from_its_checkpoint(void **state) {
    (void)state;
    weir_engine *e = new_engine();
    load *l = new_load();
    char text[1024], state_dir[128];
    snprintf(state_dir, sizeof state_dir, "%s/state", l->dir);
    assert_int_equal(mkdir(state_dir, 0700), 0);
    l->next = replace_then_stop;
    write_input(l);
    text_of(0, text, sizeof text);
    run_load(l, e, text, state_dir);
    assert_int_equal(l->n_changes, 6);
    text_of(6, text, sizeof text);
    l->next = replace_again;
    run_load(l, e, text, state_dir);
    assert_all_once(l);
    end_load(l);
    weir_engine_free(e);
}

/* WEIR_TEST_RULES=1000 for as many as the name says. */
static uint32_t n_rules(void) {
    return getenv("WEIR_TEST_RULES") ? (uint32_t)atoi(getenv("WEIR_TEST_RULES")) : 200;
}

static weir_status add_rule(load *l, weir_error *err) {
    char text[256];
    if (l->n_changes == n_rules()) {
        weir_app_request_stop(l->app);
        return WEIR_OK;
    }
    uint32_t i = l->n_changes;
    snprintf(text, sizeof text,
             "@info(name='r%u') from S[k == %u]#window.length(5) select %u as rule, count() as n insert into "
             "Alert;",
             i, i % 10, i);
    weir_status st = weir_app_add(l->app, text, strlen(text), NULL, NULL, err);
    l->n_changes += st == WEIR_OK;
    return st;
}

static void queries_by_the_thousand_are_added_one_by_one_while_events_flow(void **state) {
    (void)state;
    weir_engine *e = new_engine();
    load *l = new_load();
    l->next = add_rule;
    const char *text =
        "@source(type='generator', attr.k='uniform(0,999)', attr.t='sequence', rate='2000') "
        "define stream S (t long, k int);"
        "@sink(type='file', file.uri='out.csv', @map(type='csv')) define stream Out (t long, n long);"
        "define stream Alert (rule int, n long);"
        "@info(name='all') from S select t, count() as n insert into Out;";
    run_load(l, e, text, NULL);
    assert_int_equal(l->n_changes, n_rules());
    char path[128], line[64] = "";
    snprintf(path, sizeof path, "%s/out.csv", l->dir);
    FILE *f = fopen(path, "r");
    long n = 0, t = 0, count = 0;
    for (; f && fgets(line, sizeof line, f); n++) {
        assert_int_equal(sscanf(line, "%ld,%ld", &t, &count), 2);
        assert_int_equal(t, n); /* each event once, in order, and counted on over all changes */
        assert_int_equal(count, n + 1);
    }
    fclose(f);
    print_message("%ld events meanwhile\n", n);
    assert_true(n > 100);
    end_load(l);
    weir_engine_free(e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_keeps_its_state_when_another_comes),
        cmocka_unit_test(a_changed_query_begins_empty_and_is_told),
        cmocka_unit_test(a_filter_may_change_and_the_window_stays),
        cmocka_unit_test(queries_without_names_are_known_by_their_text),
        cmocka_unit_test(who_reads_a_changed_window_begins_with_it),
        cmocka_unit_test(tables_partitions_and_patterns_keep_their_state),
        cmocka_unit_test(a_change_that_is_wrong_changes_nothing),
        cmocka_unit_test(a_prepared_query_is_void_after_a_change),
        cmocka_unit_test(nothing_is_lost_or_doubled_when_an_app_is_replaced_under_load),
        cmocka_unit_test(sources_and_sinks_are_opened_again_where_they_stood),
        cmocka_unit_test(a_replaced_app_goes_on_from_its_checkpoint),
        cmocka_unit_test(queries_by_the_thousand_are_added_one_by_one_while_events_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
