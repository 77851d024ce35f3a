/* task_test.c: the life of a task: starting, cycles, the clock, subscriptions, counters, saved state. */
#include "runtime/task.h"

#include "api/internal.h"
#include "app_script.h"
#include "state/writer.h"

static const char app_text[] =
    "@app:playback define stream A (k int, v int); define table T (v int);"
    "@info(name = 'q') from A#window.time(10) select sum(v) as s insert all events into O;"
    "from A select v insert into T;";

typedef struct world {
    weir_engine *engine;
    weir_app *app; /* lends its plan */
    wr_task *task;
    uint64_t rows, expired; /* that O and q have shown */
} world;

static void count_rows(void *ctx, const weir_batch *b) { ((world *)ctx)->rows += b->n_sel; }

static void count_expired(void *ctx, const weir_batch *b) {
    for (uint32_t k = 0; k < b->n_sel; k++)
        ((world *)ctx)->expired += b->kind && b->kind[weir_batch_row(b, k)] == WEIR_EXPIRED;
}

static wr_task *new_task(world *w, bool serial) {
    wr_task *t;
    weir_error err;
    wr_task_options o = {.plan = w->app->plan, .serial = serial};
    assert_int_equal(wr_task_new(&o, &t, &err), WEIR_OK);
    assert_int_equal(wr_task_subscribe(t, weir_find_stream(w->app, "O"), count_rows, w, &err), WEIR_OK);
    assert_int_equal(wr_task_subscribe_query(t, 0, count_expired, w, &err), WEIR_OK);
    return t;
}

static void open_world(world *w, bool serial) {
    weir_error err;
    weir_app_options o = {.struct_size = sizeof o, .no_io = true};
    memset(w, 0, sizeof *w);
    assert_int_equal(weir_engine_new(NULL, &w->engine, &err), WEIR_OK);
    assert_int_equal(weir_app_new(w->engine, app_text, sizeof app_text - 1, &o, &w->app, NULL, &err),
                     WEIR_OK);
    w->task = new_task(w, serial);
}

static void close_world(world *w) {
    wr_task_free(w->task);
    weir_app_free(w->app);
    weir_engine_free(w->engine);
}

/* A cycle of single rows at these times, v = 1 each. */
static weir_status run(world *w, const int64_t *times, uint32_t n, weir_error *err) {
    static int32_t ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    weir_column cols[2] = {{.type = WEIR_INT, .data = ones}, {.type = WEIR_INT, .data = ones}};
    wr_task_input in = {
        .stream = weir_find_stream(w->app, "A"),
        .batch = {.n_rows = n, .n_sel = n, .ts = times, .n_cols = 2, .cols = cols, .n_chunks = n}};
    return wr_task_run(w->task, &in, 1, n, times, NULL, err);
}

static void a_task_runs_only_once_it_has_been_started(void **state) {
    (void)state;
    world w;
    weir_error err;
    open_world(&w, false);
    assert_int_equal(run(&w, (const int64_t[]){1}, 1, &err), WEIR_EUSAGE);
    assert_int_equal(wr_task_start(w.task, 0, &err), WEIR_OK);
    assert_int_equal(wr_task_start(w.task, 0, &err), WEIR_EUSAGE);
    assert_int_equal(run(&w, (const int64_t[]){1}, 1, &err), WEIR_OK);
    close_world(&w);
}

static void timers_fire_inside_a_cycle(bool serial) {
    world w;
    weir_error err;
    open_world(&w, serial);
    assert_int_equal(wr_task_start(w.task, 0, &err), WEIR_OK);
    assert_int_equal(wr_task_next_due(w.task), INT64_MAX);
    assert_int_equal(run(&w, (const int64_t[]){100, 105, 112, 130}, 4, &err), WEIR_OK);
    assert_int_equal(wr_task_clock(w.task), 130);
    assert_int_equal(w.expired, 2); /* at 112 that of 100; at 130 one sum for both others */
    assert_int_equal(wr_task_next_due(w.task), 140);
    assert_int_equal(wr_task_is_serial(w.task), serial);
    assert_int_equal(wr_task_run(w.task, NULL, 0, 1, (const int64_t[]){140}, NULL, &err), WEIR_OK);
    assert_int_equal(wr_task_next_due(w.task), INT64_MAX);
    close_world(&w);
}

static void the_clock_fires_timers_batched_and_serial(void **state) {
    (void)state;
    timers_fire_inside_a_cycle(false);
    timers_fire_inside_a_cycle(true);
}

static void add_up(void *ctx, const wr_task_stat *s) {
    uint64_t *sums = ctx;
    if (!strcmp(s->kind, "stream") && !strcmp(s->name, "A")) sums[0] += s->rows_in;
    if (!strcmp(s->kind, "table")) sums[1] += s->state_rows;
    if (!strcmp(s->kind, "operator") && strstr(s->label, "window")) sums[2] += s->state_rows;
}

static void counters_tell_what_came_and_what_is_held(void **state) {
    (void)state;
    world w;
    weir_error err;
    uint64_t sums[3] = {0};
    open_world(&w, false);
    assert_int_equal(wr_task_start(w.task, 0, &err), WEIR_OK);
    assert_int_equal(run(&w, (const int64_t[]){100, 105, 112}, 3, &err), WEIR_OK);
    wr_task_visit_stats(w.task, add_up, sums);
    assert_int_equal(sums[0], 3);
    assert_int_equal(sums[1], 3);
    assert_int_equal(sums[2], 2);
    close_world(&w);
}

static void saved_state_goes_on_where_it_was(void **state) {
    (void)state;
    world w;
    weir_error err;
    weir_writer bytes;
    weir_reader r;
    open_world(&w, false);
    assert_int_equal(wr_task_start(w.task, 0, &err), WEIR_OK);
    assert_int_equal(run(&w, (const int64_t[]){100, 105}, 2, &err), WEIR_OK);
    wr_writer_init(&bytes);
    wr_task_save(w.task, &bytes);
    assert_int_equal(wr_writer_status(&bytes, &err), WEIR_OK);
    wr_task_free(w.task);
    w.task = new_task(&w, true); /* the way of driving is no part of the state */
    wr_reader_init(&r, bytes.buf.data, bytes.buf.len);
    assert_int_equal(wr_task_load(w.task, &r, &err), WEIR_OK);
    assert_int_equal(wr_task_clock(w.task), 105);
    assert_int_equal(wr_task_next_due(w.task), 110);
    assert_int_equal(run(&w, (const int64_t[]){130}, 1, &err), WEIR_OK);
    assert_int_equal(w.rows, 4); /* two sums, one for what expired, one for the new row */
    wr_writer_fini(&bytes);
    close_world(&w);
}

static void state_with_a_flipped_byte_is_refused(void **state) {
    (void)state;
    world w;
    weir_error err;
    weir_writer bytes;
    open_world(&w, false);
    assert_int_equal(wr_task_start(w.task, 0, &err), WEIR_OK);
    assert_int_equal(run(&w, (const int64_t[]){100, 105}, 2, &err), WEIR_OK);
    wr_writer_init(&bytes);
    wr_task_save(w.task, &bytes);
    for (size_t at = 0; at < bytes.buf.len; at += 3) {
        weir_reader r;
        bytes.buf.data[at] ^= 0x20;
        wr_task *t = new_task(&w, false);
        wr_reader_init(&r, bytes.buf.data, bytes.buf.len);
        assert_int_not_equal(wr_task_load(t, &r, &err), WEIR_OK);
        wr_task_free(t);
        bytes.buf.data[at] ^= 0x20;
    }
    wr_writer_fini(&bytes);
    close_world(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_runs_only_once_it_has_been_started),
        cmocka_unit_test(the_clock_fires_timers_batched_and_serial),
        cmocka_unit_test(counters_tell_what_came_and_what_is_held),
        cmocka_unit_test(saved_state_goes_on_where_it_was),
        cmocka_unit_test(state_with_a_flipped_byte_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
