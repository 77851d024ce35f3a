/* file_sink_support.h: a file sink in a folder of its own, and rows to write to it. */
#ifndef WR_TEST_FILE_SINK_SUPPORT_H
#define WR_TEST_FILE_SINK_SUPPORT_H

#include "sink_support.h"

typedef struct fixture {
    char *dir, path[300], state[300], options[500];
    test_sink t;
} fixture;

#define SCHEMA "n int, s string"

/* A file of this name, which may hold {{s}}, with more options behind it. */
static inline void set_up(fixture *f, const char *name, const char *more) {
    memset(f, 0, sizeof *f);
    f->dir = new_directory();
    in_directory(f->dir, name, f->path);
    in_directory(f->dir, "state", f->state);
    snprintf(f->options, sizeof f->options, "file.uri=%s%s", f->path, more);
}

/* One row: n, and s as the test says it. */
static inline weir_status write_row(test_sink *t, int32_t n, const char *s, weir_error *err) {
    weir_arena arena;
    weir_rows rows;
    weir_batch batch;
    weir_column cols[2];
    wr_arena_init(&arena, NULL);
    assert_int_equal(wr_rows_init(&rows, &t->schema.schema, NULL, 1, &arena, NULL), WEIR_OK);
    rows.ts[0] = 1000 + n;
    ((int32_t *)rows.cols[0].data)[0] = n;
    assert_int_equal(weir_arena_string(&arena, s, strlen(s), (weir_string *)rows.cols[1].data), 0);
    rows.n = 1;
    wr_rows_batch(&rows, cols, &batch);
    weir_status status = wr_sink_write(t->sink, &batch, err);
    wr_arena_fini(&arena);
    return status;
}

#endif
