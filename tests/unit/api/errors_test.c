/* errors_test.c: events that can't be processed or sent: on.error of sinks, the error store, several
 * destinations. The sinks write into memory here, and fail when they are told to. */
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"
#include "weir.h"

/* ---- A sink that fails on demand ---- */

typedef struct place {
    bool fails, fails_for_good, is_full, can_not_start;
    char got[4096]; /* records, each with ' ' behind it */
    uint32_t n_starts;
} place;

static place places[4];

enum { OPT_PLACE };

static const weir_option options[] = {
    [OPT_PLACE] = {"place", WEIR_OPTION_LONG, true, NULL, NULL, "Which place."}, {0}};

typedef struct flaky {
    const weir_setting *place;
} flaky;

static place *of(void *self) { return &places[((flaky *)self)->place->as.l]; }

static weir_status refuse(weir_error *err, bool retriable) {
    if (err) {
        memset(err, 0, sizeof *err);
        err->code = WEIR_EIO;
        err->retriable = retriable;
        snprintf(err->message, sizeof err->message, "the place is closed");
    }
    return WEIR_EIO;
}

static weir_status flaky_open(void *self, const weir_io_args *args, weir_error *err) {
    (void)err;
    ((flaky *)self)->place = &args->settings->of[OPT_PLACE];
    return WEIR_OK;
}

static weir_status flaky_start(void *self, weir_error *err) {
    if (of(self)->can_not_start) return refuse(err, true);
    of(self)->n_starts++;
    return WEIR_OK;
}

static weir_status flaky_recover(void *self, uint64_t epoch, weir_reader *saved, weir_error *err) {
    (void)self, (void)epoch, (void)err;
    if (saved) (void)weir_read_u32(saved);
    return WEIR_OK;
}

static weir_status flaky_epoch(void *self, uint64_t epoch, weir_error *err) {
    (void)self, (void)epoch, (void)err;
    return WEIR_OK;
}

static weir_status flaky_write(void *self, const weir_output *out, weir_error *err) {
    place *p = of(self);
    if (p->is_full) return WEIR_EAGAIN;
    if (p->fails || p->fails_for_good) return refuse(err, !p->fails_for_good);
    for (uint32_t i = 0; i < out->n_records; i++) {
        size_t begin = i ? out->record_end[i - 1] : 0, at = strlen(p->got);
        snprintf(p->got + at, sizeof p->got - at, "%.*s ", (int)(out->record_end[i] - begin),
                 out->bytes + begin);
    }
    return WEIR_OK;
}

static weir_status flaky_flush(void *self, weir_error *err) {
    place *p = of(self);
    if (p->fails) return refuse(err, true);
    return p->is_full ? WEIR_EAGAIN : WEIR_OK;
}

static weir_status flaky_prepare(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    (void)self, (void)epoch, (void)err;
    if (w) weir_write_u32(w, 1);
    return WEIR_OK;
}

static void flaky_close(void *self) { (void)self; }

static const weir_sink_type flaky_type = {
    .struct_size = sizeof flaky_type,
    .name = "flaky",
    .doc = "Writes into memory.",
    .example = "@sink(type='flaky', place='0')",
    .options = options,
    .shapes = WEIR_SHAPE_MESSAGES,
    .default_format = "csv",
    .guarantee = WEIR_AT_LEAST_ONCE,
    .state_size = sizeof(flaky),
    .open = flaky_open,
    .start = flaky_start,
    .recover = flaky_recover,
    .begin = flaky_epoch,
    .write = flaky_write,
    .flush = flaky_flush,
    .prepare = flaky_prepare,
    .commit = flaky_epoch,
    .abort = flaky_epoch,
    .close = flaky_close,
};

/* ---- Apps ---- */

typedef struct opened {
    weir_engine *engine;
    weir_app *app;
    char dir[64];
    char log[4096], faults[1024];
} opened;

static void on_log(void *ctx, weir_log_level level, const char *line) {
    opened *o = ctx;
    size_t at = strlen(o->log);
    (void)level;
    snprintf(o->log + at, sizeof o->log - at, "%s\n", line);
}

static void on_fault(void *ctx, const weir_stream_info *stream, const weir_batch *b) {
    opened *o = ctx;
    (void)stream;
    for (uint32_t k = 0; k < b->n_sel; k++) {
        weir_value v = weir_column_value(&b->cols[0], weir_batch_row(b, k));
        weir_value error = weir_column_value(&b->cols[b->n_cols - 1], weir_batch_row(b, k));
        weir_value why = weir_object_get_value(error.as.o);
        size_t at = strlen(o->faults);
        snprintf(o->faults + at, sizeof o->faults - at, "%d:%.*s ", v.as.i, (int)why.as.s.len,
                 weir_string_data(&why.as.s));
    }
}

static weir_status try_open(opened *o, const char *text, weir_error *err) {
    weir_engine_options eo = {.struct_size = sizeof eo, .log = on_log, .log_ctx = o};
    weir_app_options ao = {.struct_size = sizeof ao, .error_dir = o->dir, .error_bytes = 100000};
    memset(places, 0, sizeof places);
    assert_int_equal(weir_engine_new(&eo, &o->engine, err), WEIR_OK);
    assert_int_equal(weir_register_sink(o->engine, &flaky_type, err), WEIR_OK);
    return weir_app_new(o->engine, text, strlen(text), &ao, &o->app, NULL, err);
}

static void open_app(opened *o, const char *text) {
    weir_error err = {0};
    weir_status st = try_open(o, text, &err);
    if (st == WEIR_OK && weir_find_stream(o->app, "!S") != WEIR_NO_STREAM)
        st = weir_subscribe(o->app, "!S", on_fault, o, &err);
    if (st != WEIR_OK) print_message("%s\n", err.message);
    assert_int_equal(st, WEIR_OK);
}

static void start(opened *o) {
    weir_error err = {0};
    weir_status st = weir_app_start(o->app, &err);
    if (st != WEIR_OK) print_message("%s\n", err.message);
    assert_int_equal(st, WEIR_OK);
}

static void make_dir(opened *o) {
    memset(o, 0, sizeof *o);
    strcpy(o->dir, "/tmp/wr-errors-XXXXXX");
    assert_non_null(mkdtemp(o->dir));
}

static void close_app(opened *o) {
    weir_app_free(o->app);
    weir_engine_free(o->engine);
    o->app = NULL;
    o->engine = NULL;
}

static void end(opened *o) {
    char command[128];
    close_app(o);
    snprintf(command, sizeof command, "rm -rf %s", o->dir);
    assert_int_equal(system(command), 0);
}

static void send(opened *o, int v) {
    weir_error err = {0};
    weir_value value = {.type = WEIR_INT, .as.i = v};
    weir_status st = weir_send(o->app, weir_find_stream(o->app, "S"), -1, &value, 1, &err);
    if (st != WEIR_OK) print_message("%s\n", err.message);
    assert_int_equal(st, WEIR_OK);
}

static void send_many(opened *o, int from, int to) {
    for (int v = from; v <= to; v++) send(o, v);
}

static void count_down(void *ctx, const weir_stat *s) {
    if (!strcmp(s->kind, "sink")) *(uint64_t *)ctx += s->unreachable;
}

/* Until all that was down has been tried again, and is up. */
static void wait_until_up(opened *o) {
    weir_error err = {0};
    for (int i = 0; i < 300; i++) {
        uint64_t n_down = 0;
        assert_int_equal(weir_flush(o->app, &err), WEIR_OK);
        weir_app_visit_stats(o->app, count_down, &n_down);
        if (!n_down) return;
        usleep(100000);
    }
    fail_msg("a place is still down");
}

static bool list_entry(void *ctx, const weir_error_entry *e) {
    char *text = ctx;
    size_t at = strlen(text);
    snprintf(text + at, 1024 - at, "%d %s %s %s:", (int)e->id, e->origin, e->stream, e->type);
    for (uint32_t row = 0; row < e->rows->n_rows; row++) {
        weir_value v = weir_column_value(&e->rows->cols[0], row);
        at = strlen(text);
        snprintf(text + at, 1024 - at, "%d,", v.type == WEIR_INT ? v.as.i : -1);
    }
    at = strlen(text);
    snprintf(text + at, 1024 - at, "%s|", e->reason);
    return true;
}

static const char *list(opened *o) {
    static char text[1024];
    weir_error err = {0};
    *text = 0;
    assert_int_equal(weir_errors_visit(o->app, list_entry, text, &err), WEIR_OK);
    return text;
}

#define SINK(on_error) "@sink(type='flaky', place='0'" on_error ") define stream S (v int);"

static void log_drops_and_says_so(void **state) {
    (void)state;
    opened o;
    make_dir(&o);
    open_app(&o, SINK(", on.error='LOG'"));
    start(&o);
    send(&o, 1);
    places[0].fails = true;
    send(&o, 2);
    send(&o, 3);
    places[0].fails = false;
    wait_until_up(&o);
    send(&o, 4);
    assert_string_equal(places[0].got, "1 4 ");
    assert_non_null(strstr(o.log, "1 rows lost: sink 'flaky' of 'S': the place is closed"));
    assert_non_null(strstr(o.log, "works again"));
    end(&o);
}

static void wait_keeps_all_in_order(void **state) {
    static const char *const forms[] = {SINK(", on.error='WAIT'"), SINK("")};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        opened o;
        make_dir(&o);
        open_app(&o, forms[i]);
        start(&o);
        places[0].fails = true;
        send_many(&o, 1, 3);
        places[0].fails = false;
        wait_until_up(&o);
        send_many(&o, 4, 5);
        assert_string_equal(places[0].got, "1 2 3 4 5 ");
        end(&o);
    }
}

static void a_failure_for_good_is_told_unless_the_app_says_what_to_do(void **state) {
    (void)state;
    opened o;
    weir_error err = {0};
    weir_value value = {.type = WEIR_INT, .as.i = 1};
    make_dir(&o);
    open_app(&o, SINK(""));
    start(&o);
    places[0].fails_for_good = true;
    assert_int_equal(weir_send(o.app, weir_find_stream(o.app, "S"), -1, &value, 1, &err), WEIR_EIO);
    assert_non_null(strstr(err.message, "the place is closed"));
    end(&o);
}

static void stream_gives_rows_to_the_fault_stream(void **state) {
    (void)state;
    opened o;
    weir_error err = {0};
    make_dir(&o);
    open_app(&o, "@OnError(action='stream') " SINK(", on.error='STREAM'"));
    start(&o);
    places[0].fails = true;
    send_many(&o, 1, 2);
    assert_int_equal(weir_flush(o.app, &err), WEIR_OK);
    assert_non_null(strstr(o.faults, "1:sink 'flaky' of 'S': the place is closed"));
    assert_non_null(strstr(o.faults, "2:"));
    end(&o);
}

static void store_keeps_rows_until_they_are_sent_again(void **state) {
    (void)state;
    opened o;
    weir_error err = {0};
    uint32_t n = 0;
    const char *text = SINK(", on.error='STORE'");
    make_dir(&o);
    open_app(&o, text);
    start(&o);
    places[0].fails = true;
    send_many(&o, 1, 3);
    assert_non_null(
        strstr(list(&o), "1 sink S flaky:1,sink 'flaky' of 'S': the place is closed|2 sink S flaky:2,"));
    close_app(&o);
    open_app(&o, text); /* it outlives the process */
    start(&o);
    assert_non_null(strstr(list(&o), "3 sink S flaky:3,"));
    assert_int_equal(weir_errors_replay(o.app, 2, &n, &err), WEIR_OK);
    assert_int_equal(n, 1);
    assert_string_equal(places[0].got, "2 ");
    assert_int_equal(weir_errors_replay(o.app, 2, &n, &err), WEIR_ENAME);
    assert_int_equal(weir_errors_discard(o.app, 1, &n, &err), WEIR_OK);
    assert_int_equal(weir_errors_replay(o.app, 0, &n, &err), WEIR_OK);
    assert_int_equal(n, 1);
    assert_string_equal(places[0].got, "2 3 ");
    assert_string_equal(list(&o), "");
    places[0].fails = true;
    send(&o, 9);
    assert_int_equal(weir_errors_replay(o.app, 0, &n, &err), WEIR_OK); /* fails again: a new entry */
    assert_non_null(strstr(list(&o), "5 sink S flaky:9,"));
    assert_int_equal(weir_errors_discard(o.app, 0, &n, &err), WEIR_OK);
    assert_int_equal(n, 1);
    end(&o);
}

static void rows_that_a_query_fails_on_are_kept_and_come_again(void **state) {
    (void)state;
    opened o;
    weir_error err = {0};
    uint32_t n = 0;
    make_dir(&o);
    open_app(&o, "@OnError(action='store') define stream S (v int); define table T (v int);"
                 "from S[cast(ifThenElse(v == 2, 'x', 'y'), 'int') > 0] select v insert into Never;"
                 "from S select v insert into T;");
    start(&o);
    send(&o, 2);
    assert_non_null(strstr(list(&o), "1 stream S :2,"));
    assert_int_equal(weir_errors_replay(o.app, 1, &n, &err), WEIR_OK);
    assert_int_equal(n, 1);
    assert_non_null(strstr(list(&o), "2 stream S :2,")); /* it came in, and failed again */
    end(&o);
}

static void the_store_needs_a_place_and_is_bounded(void **state) {
    (void)state;
    opened o;
    weir_error err = {0};
    make_dir(&o);
    char dir[64];
    strcpy(dir, o.dir);
    *o.dir = 0;
    weir_app_options ao = {.struct_size = sizeof ao};
    const char *text = SINK(", on.error='STORE'");
    assert_int_equal(weir_engine_new(NULL, &o.engine, &err), WEIR_OK);
    assert_int_equal(weir_register_sink(o.engine, &flaky_type, &err), WEIR_OK);
    assert_int_equal(weir_app_new(o.engine, text, strlen(text), &ao, &o.app, NULL, &err), WEIR_OK);
    assert_int_equal(weir_app_start(o.app, &err), WEIR_ECONFIG);
    assert_non_null(strstr(err.message, "needs a directory"));
    close_app(&o);
    strcpy(o.dir, dir);
    open_app(&o, text);
    start(&o);
    places[0].fails = true;
    send_many(&o, 1, 2000);
    char path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s/app.errors", o.dir);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_size <= 100000);
    assert_non_null(strstr(o.log, "its oldest entries were dropped"));
    uint32_t n = 0;
    assert_int_equal(weir_errors_discard(o.app, 0, &n, &err), WEIR_OK);
    assert_true(n > 100 && n < 2000);
    end(&o);
}

static void a_torn_store_is_read_up_to_the_tear(void **state) {
    (void)state;
    opened o;
    char path[128];
    struct stat st;
    const char *text = SINK(", on.error='STORE'");
    make_dir(&o);
    open_app(&o, text);
    start(&o);
    places[0].fails = true;
    send_many(&o, 1, 2);
    close_app(&o);
    snprintf(path, sizeof path, "%s/app.errors", o.dir);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size - 3), 0);
    open_app(&o, text);
    start(&o);
    assert_non_null(strstr(list(&o), "1 sink S flaky:1,"));
    assert_null(strstr(list(&o), "2 sink S flaky:2,"));
    end(&o);
}

/* ---- Several destinations ---- */

#define SPREAD(strategy, more)                                                                               \
    "@sink(type='flaky', @map(type='csv')" more ", @distribution(" strategy                                  \
    ", @destination(place='0'), @destination(place='1'), @destination(place='2'))) define stream S (v int);"

static void round_robin_leaves_out_what_is_down_and_takes_it_back(void **state) {
    (void)state;
    opened o;
    make_dir(&o);
    open_app(&o, SPREAD("strategy='roundRobin'", ""));
    start(&o);
    send_many(&o, 1, 6);
    assert_string_equal(places[0].got, "1 4 ");
    assert_string_equal(places[1].got, "2 5 ");
    assert_string_equal(places[2].got, "3 6 ");
    places[1].fails = true;
    send_many(&o, 7, 10); /* 8 was for it, and goes on to the next */
    assert_string_equal(places[0].got, "1 4 7 9 ");
    assert_string_equal(places[1].got, "2 5 ");
    assert_string_equal(places[2].got, "3 6 8 10 ");
    places[1].fails = false;
    wait_until_up(&o);
    send_many(&o, 11, 14);
    assert_non_null(strstr(places[1].got, "2 5 1"));
    end(&o);
}

/* Binary has no null. Without on.error such a row is dropped and told. */
static void what_a_format_can_not_write_goes_where_on_error_says(void **state) {
    static const char *const forms[] = {", on.error='STREAM'", ", on.error='LOG'", ""};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        opened o;
        weir_error err = {0};
        weir_value values[] = {{.type = WEIR_INT, .as.i = 1}, {.type = WEIR_INT, .is_null = true}};
        char text[256];
        make_dir(&o);
        snprintf(text, sizeof text,
                 "@OnError(action='stream') @sink(type='inMemory', topic='t'%s, @map(type='binary')) "
                 "define stream S (v int);",
                 forms[i]);
        open_app(&o, text);
        start(&o);
        for (size_t v = 0; v < 2; v++)
            assert_int_equal(weir_send(o.app, weir_find_stream(o.app, "S"), -1, &values[v], 1, &err),
                             WEIR_OK);
        assert_int_equal(weir_flush(o.app, &err), WEIR_OK);
        assert_true(!strstr(o.faults, "the binary format has no null") == (i != 0));
        assert_true(!strstr(o.log, "1 rows lost: sink 'inMemory' of 'S'") == (i != 1));
        assert_true(!strstr(o.log, "a record is dropped") == (i != 2));
        end(&o);
    }
}

/* As Siddhi 5.1.30 does, asked. */
static void an_option_of_the_sink_stands_over_those_of_its_destinations(void **state) {
    (void)state;
    opened o;
    make_dir(&o);
    open_app(&o, SPREAD("strategy='roundRobin'", ", place='1'"));
    start(&o);
    send_many(&o, 1, 3);
    assert_string_equal(places[0].got, "");
    assert_string_equal(places[1].got, "1 2 3 ");
    assert_string_equal(places[2].got, "");
    end(&o);
}

static void round_robin_waits_when_all_are_down(void **state) {
    (void)state;
    opened o;
    make_dir(&o);
    open_app(&o, SPREAD("strategy='roundRobin'", ", on.error='WAIT'"));
    start(&o);
    for (int i = 0; i < 3; i++) places[i].fails = true;
    send_many(&o, 1, 6);
    for (int i = 0; i < 3; i++) places[i].fails = false;
    wait_until_up(&o);
    send_many(&o, 7, 8);
    char all[3 * sizeof places[0].got + 1];
    snprintf(all, sizeof all, " %s%s%s", places[0].got, places[1].got, places[2].got);
    for (int v = 1; v <= 8; v++) {
        char text[16];
        snprintf(text, sizeof text, " %d ", v);
        if (!strstr(all, text)) print_message("%d is missing in '%s'\n", v, all);
        assert_non_null(strstr(all, text));
    }
    end(&o);
}

/* The places are those that real Siddhi chooses: the absolute value of hashCode % 3, and "1".hashCode()
 * is 49. */
static void partitioned_keeps_a_key_at_its_place(void **state) {
    (void)state;
    opened o;
    make_dir(&o);
    open_app(&o, SPREAD("strategy='partitioned', partitionKey='v'", ", on.error='LOG'"));
    start(&o);
    send_many(&o, 1, 6);
    assert_string_equal(places[0].got, "3 6 ");
    assert_string_equal(places[1].got, "1 4 ");
    assert_string_equal(places[2].got, "2 5 ");
    places[1].fails = true;
    send_many(&o, 1, 3);
    assert_string_equal(places[0].got, "3 6 3 ");
    assert_string_equal(places[1].got, "1 4 ");
    assert_non_null(strstr(o.log, "rows lost"));
    end(&o);
}

typedef struct sent_key {
    weir_value key;
    int place;
} sent_key;

#define KEYED(type)                                                                                          \
    "@sink(type='flaky', @map(type='csv'), @distribution(strategy='partitioned', partitionKey='k'"           \
    ", @destination(place='0'), @destination(place='1'), @destination(place='2'))) define stream S (k " type \
    ");"

static void assert_places(const char *text, const sent_key *keys, size_t n) {
    opened o;
    make_dir(&o);
    open_app(&o, text);
    start(&o);
    for (size_t i = 0; i < n; i++) {
        weir_error err = {0};
        size_t before[3];
        for (int k = 0; k < 3; k++) before[k] = strlen(places[k].got);
        assert_int_equal(weir_send(o.app, weir_find_stream(o.app, "S"), -1, &keys[i].key, 1, &err), WEIR_OK);
        for (int k = 0; k < 3; k++)
            if ((strlen(places[k].got) > before[k]) != (k == keys[i].place))
                fail_msg("%s: key %zu is not at place %d", text, i, keys[i].place);
    }
    end(&o);
}

/* Real Siddhi 5.1.30 was asked, event by event. It takes the hash of what String.valueOf says of the key, of
 * whatever type that is; the hash of "polygenelubricants" is the least int there is. */
static void a_key_of_each_type_goes_where_siddhi_sends_it(void **state) {
    (void)state;
#define F(x, place)                                                                                          \
    { {.type = WEIR_FLOAT, .as.f = (x)}, place }
    static const sent_key floats[] = {F(0.0F, 1),     F(-0.0F, 1),         F(1.0F, 2),
                                      F(2.5F, 2),     F(0.1F, 2),          F(1e10F, 0),
                                      F(1.4e-45F, 2), F(3.4028235e38F, 0), F((float)NAN, 1),
                                      F(-7.25F, 0),   F(16777216.0F, 0),   F(-(float)INFINITY, 1)};
#define D(x, place)                                                                                          \
    { {.type = WEIR_DOUBLE, .as.d = (x)}, place }
    static const sent_key doubles[] = {D(0.0, 1),
                                       D(-0.0, 1),
                                       D(1.0, 2),
                                       D(2.5, 2),
                                       D(0.1, 2),
                                       D(1e10, 0),
                                       D(4.9406564584124654e-324, 1),
                                       D(NAN, 1),
                                       D(-7.25, 0),
                                       D(1e7, 0),
                                       D(9.999e-4, 2),
                                       D(INFINITY, 0),
                                       D(1.7976931348623157e308, 1)};
#define L(x, place)                                                                                          \
    { {.type = WEIR_LONG, .as.l = (x)}, place }
    static const sent_key longs[] = {L(0, 0),         L(-1, 1),        L(7, 1),
                                     L(INT64_MIN, 2), L(INT64_MAX, 1), L(123456789012, 2)};
#define I(x, place)                                                                                          \
    { {.type = WEIR_INT, .as.i = (x)}, place }
    static const sent_key ints[] = {I(0, 0), I(-1, 1), I(7, 1), I(INT32_MIN, 1), I(INT32_MAX, 1)};
    static const sent_key bools[] = {{{.type = WEIR_BOOL, .as.b = true}, 1}, {{.type = WEIR_BOOL}, 1}};
    static const struct {
        const char *text;
        int place;
    } texts[] = {{"", 0}, {"a", 1}, {"polygenelubricants", 2}, {"\u00e9\U0001f600", 0}, {"-0.0", 1}};
    sent_key strings[5];
    for (int i = 0; i < 5; i++)
        strings[i] = (sent_key){
            {.type = WEIR_STRING, .as.s = weir_string_view(texts[i].text, (uint32_t)strlen(texts[i].text))},
            texts[i].place};
#define ALL(keys) keys, sizeof(keys) / sizeof *(keys)
    assert_places(KEYED("float"), ALL(floats));
    assert_places(KEYED("double"), ALL(doubles));
    assert_places(KEYED("long"), ALL(longs));
    assert_places(KEYED("int"), ALL(ints));
    assert_places(KEYED("bool"), ALL(bools));
    assert_places(KEYED("string"), ALL(strings));
}

static void broadcast_reaches_all_that_are_up(void **state) {
    (void)state;
    opened o;
    make_dir(&o);
    open_app(&o, SPREAD("strategy='broadcast'", ""));
    start(&o);
    send(&o, 1);
    places[0].fails = true;
    send(&o, 2);
    send(&o, 3);
    assert_string_equal(places[0].got, "1 ");
    assert_string_equal(places[1].got, "1 2 3 ");
    assert_string_equal(places[2].got, "1 2 3 ");
    places[0].fails = false;
    wait_until_up(&o);
    send(&o, 4);
    assert_string_equal(places[0].got, "1 4 ");
    end(&o);
}

static void a_place_that_is_not_there_yet_is_tried_again(void **state) {
    (void)state;
    opened o;
    make_dir(&o);
    open_app(&o, SINK(", on.error='LOG'"));
    places[0].can_not_start = true;
    start(&o);
    send(&o, 1);
    places[0].can_not_start = false;
    wait_until_up(&o);
    send(&o, 2);
    assert_int_equal(places[0].n_starts, 1);
    assert_string_equal(places[0].got, "2 ");
    end(&o);
}

static void what_is_wrong_is_named(void **state) {
    static const struct {
        const char *text, *why;
    } cases[] = {
        {SINK(", on.error='FROB'"), "on.error knows no 'FROB'"},
        {SPREAD("strategy='frob'", ""), "@distribution knows no strategy 'frob'"},
        {SPREAD("strategy='partitioned'", ""), "@distribution has no partitionKey"},
        {SPREAD("strategy='partitioned', partitionKey='w'", ""), "there is no attribute 'w'"},
        {"@sink(type='flaky', place='0', @distribution(strategy='broadcast')) define stream S (v int);",
         "@distribution has no @destination"},
        {"@sink(type='flaky', @distribution(strategy='broadcast', @destination(plaice='0'))) define stream S "
         "(v int);",
         "plaice"},
        {"@OnError(action='frob') define stream S (v int);", "@OnError knows no action 'frob'"},
        {"@source(type='stdin', @map(type='csv'), @distribution(strategy='broadcast')) define stream S (v "
         "int);",
         "@distribution is for sinks"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        opened o;
        weir_error err = {0};
        make_dir(&o);
        assert_int_not_equal(try_open(&o, cases[i].text, &err), WEIR_OK);
        if (!strstr(err.message, cases[i].why)) print_message("'%s'\n", err.message);
        assert_non_null(strstr(err.message, cases[i].why));
        end(&o);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_drops_and_says_so),
        cmocka_unit_test(wait_keeps_all_in_order),
        cmocka_unit_test(a_failure_for_good_is_told_unless_the_app_says_what_to_do),
        cmocka_unit_test(stream_gives_rows_to_the_fault_stream),
        cmocka_unit_test(store_keeps_rows_until_they_are_sent_again),
        cmocka_unit_test(rows_that_a_query_fails_on_are_kept_and_come_again),
        cmocka_unit_test(the_store_needs_a_place_and_is_bounded),
        cmocka_unit_test(a_torn_store_is_read_up_to_the_tear),
        cmocka_unit_test(round_robin_leaves_out_what_is_down_and_takes_it_back),
        cmocka_unit_test(an_option_of_the_sink_stands_over_those_of_its_destinations),
        cmocka_unit_test(round_robin_waits_when_all_are_down),
        cmocka_unit_test(partitioned_keeps_a_key_at_its_place),
        cmocka_unit_test(a_key_of_each_type_goes_where_siddhi_sends_it),
        cmocka_unit_test(what_a_format_can_not_write_goes_where_on_error_says),
        cmocka_unit_test(broadcast_reaches_all_that_are_up),
        cmocka_unit_test(a_place_that_is_not_there_yet_is_tried_again),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
