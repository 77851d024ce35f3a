/* fuzz_changes.c: bytes are loaded as the changes of each part of an app: of a table, of windows of both
 * shapes, of aggregates by group. The sections around them are sound, so that no checksum keeps the bytes
 * out. Whatever they are, loading ends in an error or in an app that goes on.
 *
 *   tools/fuzz tests/fuzz/fuzz_changes.c 60 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "state/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char app_text[] =
    "@app:playback define stream S (k int, name string, v double, o object);"
    "@PrimaryKey('k') @Index('name') define table T (k int, name string, v double, o object);"
    "@info(name='q0') from S select k, name, v, o update or insert into T on T.k == k;"
    "@info(name='q1') from S#window.length(5) select name, sum(v) as s, max(v) as m, count() as c group by "
    "name "
    "insert into A;"
    "@info(name='q2') from S#window.sort(4, v) select k, name insert into B;"
    "@info(name='q3') partition with (k of S) begin from S select k, sum(v) as s insert into C; end;";

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void feed(weir_app *app, int from, int n) {
    weir_error err;
    for (int i = from; i < from + n; i++) {
        const char *name = i % 3 ? "a" : "a name that is held outside";
        weir_value inner = {.type = WEIR_INT, .as.i = i};
        weir_value row[] = {{.type = WEIR_INT, .as.i = i % 7},
                            {.type = WEIR_STRING, .as.s = weir_string_view(name, (uint32_t)strlen(name))},
                            {.type = WEIR_DOUBLE, .is_null = i % 5 == 0, .as.d = i / 4.0},
                            {.type = WEIR_OBJECT, .as.o = weir_object_new_value(&inner)}};
        must(weir_send(app, weir_find_stream(app, "S"), i, row, 4, &err) == WEIR_OK, err.message);
        weir_object_unref(row[3].as.o);
    }
}

/* A part of changes, as task_state.c writes it. */
static void begin_part(weir_writer *w, const wr_plan *plan, uint32_t which) {
    if (which == 0) {
        wr_writer_begin_section(w, WR_TAG('T', 'A', 'B', 'C'), 2);
        wr_write_text(w, plan->tables[0].name);
        return;
    }
    const wr_plan_query *q = &plan->queries[which % plan->n_queries];
    uint32_t index = which / plan->n_queries % wr_plan_n_ops(q);
    wr_writer_begin_section(w, WR_TAG('O', 'P', 'E', 'C'), 2);
    wr_write_text(w, q->name);
    wr_write_text(w, wr_plan_op_at(q, 0, index)->signature);
    weir_write_u32(w, index);
}

static void load(weir_app *app, const weir_writer *base, const uint8_t *data, size_t size) {
    weir_error err = {0};
    weir_writer w;
    weir_reader states[2];
    wr_writer_init(&w);
    wr_writer_begin_section(&w, WR_TAG('T', 'A', 'S', 'C'), 2);
    weir_write_i64(&w, 1000);
    begin_part(&w, app->plan, data[0]);
    weir_write_bytes(&w, data + 1, size - 1);
    wr_writer_end_section(&w);
    wr_writer_end_section(&w);
    wr_reader_init(&states[0], base->buf.data, base->buf.len);
    wr_reader_init(&states[1], w.buf.data, w.buf.len);
    weir_status st = wr_task_load_chain(app->task, states, 2, &err);
    if (st != WEIR_OK) must(err.message[0] != 0, "an error without a message");
    if (st != WEIR_OK) must(wr_task_renew(app->task, &err) == WEIR_OK, err.message);
    wr_writer_fini(&w);
    feed(app, 2000, 30);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static weir_engine *engine; /* one for all inputs, as are the app and its state */
    static weir_app *app;
    static weir_writer base;
    weir_engine_options o = {.struct_size = sizeof o, .memory_limit = 64u << 20};
    weir_error err;
    if (!size || size > 4000) return 0;
    if (!engine) {
        must(weir_engine_new(&o, &engine, &err) == WEIR_OK, err.message);
        must(weir_app_new(engine, app_text, sizeof app_text - 1, NULL, &app, NULL, &err) == WEIR_OK,
             err.message);
        must(weir_app_start(app, &err) == WEIR_OK, err.message);
        feed(app, 0, 20);
        wr_writer_init(&base);
        wr_task_save(app->task, &base);
    }
    load(app, &base, data, size);
    return 0;
}
