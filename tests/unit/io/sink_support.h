/* sink_support.h: sinks in tests, and batches to write to them. */
#ifndef WR_TEST_SINK_SUPPORT_H
#define WR_TEST_SINK_SUPPORT_H

#include "io_support.h"

typedef struct test_sink {
    test_schema schema;
    wr_sink *sink;
    weir_io_host host;
    wr_buf log;
} test_sink;

static inline void note_sink_log(void *ctx, weir_log_level level, const char *text) {
    wr_buf_printf(&((test_sink *)ctx)->log, "%d %s\n", (int)level, text);
}

static inline weir_status open_sink_with(test_sink *t, const char *schema, const char *type,
                                         const char *options, const char *format, const char *map_options,
                                         weir_guarantee guarantee, weir_error *err) {
    weir_pair pairs[16], map_pairs[16];
    char *a = strdup(options), *b = strdup(map_options);
    weir_bus *bus = t->host.bus;
    const char *state_dir = t->host.state_dir;
    memset(t, 0, sizeof *t);
    t->host = (weir_io_host){.struct_size = sizeof t->host,
                             .app = "A",
                             .log = note_sink_log,
                             .log_ctx = t,
                             .bus = bus,
                             .state_dir = state_dir};
    schema_of(&t->schema, schema);
    wr_sink_spec spec = {.type = find_sink(type),
                         .format = find_encoder(format),
                         .pairs = pairs,
                         .n_pairs = parse_pairs(a, pairs),
                         .map_pairs = map_pairs,
                         .n_map_pairs = parse_pairs(b, map_pairs),
                         .schema = &t->schema.schema,
                         .host = &t->host,
                         .guarantee = guarantee};
    weir_status status = wr_sink_open(&spec, &t->sink, err);
    free(a);
    free(b);
    return status;
}

static inline weir_status open_sink(test_sink *t, const char *schema, const char *type, const char *options,
                                    const char *format, const char *map_options, weir_error *err) {
    return open_sink_with(t, schema, type, options, format, map_options, WEIR_AT_MOST_ONCE, err);
}

static inline void close_sink(test_sink *t, bool finish) {
    assert_int_equal(wr_sink_close(t->sink, finish, NULL), WEIR_OK);
    wr_buf_fini(&t->log);
}

/* Takes a checkpoint as the runtime does: prepare, the file `state`, commit. */
static inline void take_checkpoint(test_sink *t, const char *state) {
    char temporary[400];
    weir_writer w;
    wr_writer_init(&w);
    uint64_t epoch = wr_sink_epoch(t->sink);
    assert_int_equal(wr_sink_prepare(t->sink, &w, NULL), WEIR_OK);
    snprintf(temporary, sizeof temporary, "%s.new", state);
    write_file(temporary, (char *)&epoch, sizeof epoch, false);
    write_file(temporary, w.buf.data, w.buf.len, true);
    assert_int_equal(rename(temporary, state), 0);
    assert_int_equal(wr_sink_commit(t->sink, NULL), WEIR_OK);
    wr_writer_fini(&w);
}

/* That of the last checkpoint; 0: there is none. */
static inline uint64_t saved_epoch(const char *state) {
    uint64_t epoch = 0;
    size_t len;
    if (access(state, R_OK)) return 0;
    char *saved = read_file(state, &len);
    memcpy(&epoch, saved, sizeof epoch);
    free(saved);
    return epoch;
}

/* Until so many more are saved, however slow the disk is. */
static inline void wait_for_epochs(const char *state, uint64_t since, uint64_t n) {
    for (int i = 0; i < 20000 && saved_epoch(state) < since + n; i++) usleep(1000);
}

/* Starts an open sink at the last checkpoint that was taken, if any; returns its epoch. */
static inline uint64_t start_at_checkpoint(test_sink *t, const char *state, weir_status expected,
                                           weir_error *err) {
    uint64_t epoch = 0;
    size_t len;
    weir_reader r;
    if (access(state, R_OK)) {
        assert_int_equal(wr_sink_start(t->sink, 0, NULL, err), expected);
        return 0;
    }
    char *saved = read_file(state, &len);
    memcpy(&epoch, saved, sizeof epoch);
    wr_reader_init(&r, saved + sizeof epoch, len - sizeof epoch);
    assert_int_equal(wr_sink_start(t->sink, epoch, &r, err), expected);
    free(saved);
    return epoch;
}

/* Rows n..n+count-1 of "n int, s string": n and "row n". Row 13 has no n. */
static inline weir_status write_rows(test_sink *t, int32_t n, uint32_t count, weir_error *err) {
    weir_arena arena;
    weir_rows rows;
    weir_batch batch;
    weir_column cols[2];
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_rows_init(&rows, &t->schema.schema, NULL, count, &arena, NULL), WEIR_OK);
    for (uint32_t i = 0; i < count; i++, rows.n++) {
        char text[40];
        snprintf(text, sizeof text, "row %d", (int)(n + (int32_t)i));
        rows.ts[i] = 1000 + n + (int32_t)i;
        ((int32_t *)rows.cols[0].data)[i] = n + (int32_t)i;
        if (n + (int32_t)i == 13) weir_set_null(&rows.cols[0], i);
        assert_int_equal(weir_arena_string(&arena, text, strlen(text), (weir_string *)rows.cols[1].data + i),
                         0);
    }
    wr_rows_batch(&rows, cols, &batch);
    weir_status status = wr_sink_write(t->sink, &batch, err);
    wr_arena_fini(&arena);
    return status;
}

#endif
