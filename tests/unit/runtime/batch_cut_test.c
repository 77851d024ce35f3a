/* batch_cut_test.c: answers never depend on where batches are cut; and a fault planted in a cut is seen. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/internal.h"
#include "data/value.h"

#define N_EVENTS 500u

/* Every kind of operator whose answer depends on chunks, clocks or the order of streams. */
static const char app_text[] =
    "@app:playback define stream A (k string, v int); define stream B (k string, w int);"
    "from A select k, sum(v) as s insert into O1;"
    "from A#window.lengthBatch(5) select k, count() as n group by k insert into O2;"
    "from A#window.time(40) select k, sum(v) as s group by k insert all events into O3;"
    "from A#window.timeBatch(70) select sum(v) as s insert into O4;"
    "from A#window.length(7) as a join B#window.time(60) as b on a.k == b.k select a.k as k, v, w insert "
    "into O5;"
    "from A[v > 50] select k, v insert into O6; from B select k, w as v insert into O6;"
    "from O6#window.sort(3, v) select k, v insert all events into O7;"
    "from A#window.session(25 milliseconds, k) select k, v insert all events into O8;";

typedef enum plant { PLANT_NOTHING, PLANT_LOST_CHUNKS, PLANT_LOST_ORDER } plant;

static void print_rows(void *ctx, const weir_stream_info *info, const weir_batch *b) {
    FILE **f = ctx; /* one for each stream, by its number in the name */
    FILE *out = f[info->name[1] - '0'];
    for (uint32_t i = 0; i < b->n_sel; i++) {
        uint32_t row = weir_batch_row(b, i);
        fprintf(out, "%" PRId64, b->ts[row]);
        for (uint32_t c = 0; c < b->n_cols; c++) {
            weir_value v = weir_column_value(&b->cols[c], row);
            if (v.is_null)
                fputs(",null", out);
            else if (v.type == WEIR_STRING)
                fprintf(out, ",%.*s", (int)v.as.s.len, weir_string_data(&v.as.s));
            else
                fprintf(out, ",%" PRId64, v.type == WEIR_INT ? v.as.i : v.as.l);
        }
        fputc('\n', out);
    }
}

/* Runs what is queued, with the fault in it. */
static void run_queued(weir_app *app, plant fault) {
    weir_error err;
    wr_inbox_cycle c;
    if (!wr_inbox_arrivals(app->inbox)) return;
    wr_inbox_take(app->inbox, &c);
    wr_task_input inputs[2];
    for (uint32_t i = 0; i < c.n_inputs; i++) {
        inputs[i] = c.inputs[i];
        if (fault == PLANT_LOST_CHUNKS) { /* every row becomes a chunk of its own */
            inputs[i].batch.n_chunks = inputs[i].batch.n_rows;
            inputs[i].batch.chunk_end = NULL;
            inputs[i].batch.origin = NULL;
        }
        if (fault == PLANT_LOST_ORDER)
            inputs[i].batch.origin = NULL; /* both streams' first chunk is arrival 0 */
    }
    assert_int_equal(wr_task_run(app->task, inputs, c.n_inputs, c.n_arrivals, c.clock, c.late, &err),
                     WEIR_OK);
    wr_inbox_clear(app->inbox);
}

/* All output of the app for the same events, cut into cycles of about so many rows. */
static char *answers(uint32_t limit, bool serial, plant fault) {
    weir_engine *engine;
    weir_app *app;
    weir_error err;
    FILE *files[10] = {NULL};
    char *texts[10] = {NULL}, name[3] = "O1", *all = NULL;
    size_t len, all_len;
    uint64_t x = 7;
    weir_app_options o = {.struct_size = sizeof o,
                          .queue = true,
                          .batch_limit = 1 << 20,
                          .force_serial = serial,
                          .no_io = true};
    assert_int_equal(weir_engine_new(NULL, &engine, &err), WEIR_OK);
    assert_int_equal(weir_app_new(engine, app_text, sizeof app_text - 1, &o, &app, NULL, &err), WEIR_OK);
    assert_int_equal(weir_app_is_serial(app, NULL), serial); /* else nothing would be cut */
    for (int i = 1; i <= 8; i++, name[1]++) {
        files[i] = open_memstream(&texts[i], &len);
        assert_int_equal(weir_subscribe(app, name, print_rows, files, &err), WEIR_OK);
    }
    assert_int_equal(weir_app_start(app, &err), WEIR_OK);
    for (uint32_t i = 0; i < N_EVENTS; i++) {
        x = x * 6364136223846793005ull + 1442695040888963407ull;
        uint32_t r = (uint32_t)(x >> 33), n = 1 + (r % 5 == 0) * (r % 3);
        weir_value values[6];
        int64_t ts[3];
        for (uint32_t k = 0; k < n; k++) {
            ts[k] = 1000 + (int64_t)i * 6 - (r % 11 == 0) * 9; /* some are late */
            values[2 * k] = wr_value_text(r % 7 < 3 ? "x" : r % 7 < 5 ? "y" : "z");
            values[2 * k + 1] = wr_value_int((int32_t)((r >> (4 + k)) % 100));
        }
        weir_stream s = weir_find_stream(app, r % 3 ? "A" : "B");
        assert_int_equal(weir_send_chunk(app, s, ts, values, 2, n, &err), WEIR_OK);
        if (wr_inbox_rows(app->inbox) >= limit) run_queued(app, fault);
    }
    run_queued(app, fault);
    weir_app_free(app);
    weir_engine_free(engine);
    FILE *joined = open_memstream(&all, &all_len);
    for (int i = 1; i <= 8; i++) {
        fclose(files[i]);
        fprintf(joined, "O%d\n%s", i, texts[i]);
        free(texts[i]);
    }
    fclose(joined);
    return all;
}

static void answers_do_not_depend_on_where_batches_are_cut(void **state) {
    (void)state;
    char *serial = answers(1, true, PLANT_NOTHING);
    assert_true(strlen(serial) > 10000);
    static const uint32_t limits[] = {1, 2, 3, 7, 64, 100, 1024};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char *batched = answers(limits[i], false, PLANT_NOTHING);
        assert_string_equal(batched, serial);
        free(batched);
    }
    free(serial);
}

static void a_cut_that_loses_chunks_is_seen(void **state) {
    (void)state;
    char *good = answers(64, false, PLANT_NOTHING), *bad = answers(64, false, PLANT_LOST_CHUNKS);
    assert_string_not_equal(good, bad);
    free(good);
    free(bad);
}

static void a_cut_that_loses_the_order_of_streams_is_seen(void **state) {
    (void)state;
    char *good = answers(64, false, PLANT_NOTHING), *bad = answers(64, false, PLANT_LOST_ORDER);
    assert_string_not_equal(good, bad);
    free(good);
    free(bad);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_do_not_depend_on_where_batches_are_cut),
        cmocka_unit_test(a_cut_that_loses_chunks_is_seen),
        cmocka_unit_test(a_cut_that_loses_the_order_of_streams_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
