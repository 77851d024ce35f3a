/* fuzz_zeromq.c: messages with rows from another weir, on any bytes. The check is made to fit, so that what
 * is behind it is reached; what is read is written again, and must be read as the same. */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "check.h"
#include "frame.h"
#include "frame_layout.h"
#include "io/rows.h"

static const weir_attribute attributes[] = {{"a", WEIR_INT},   {"b", WEIR_STRING}, {"c", WEIR_DOUBLE},
                                            {"d", WEIR_LONG},  {"e", WEIR_BOOL},   {"f", WEIR_FLOAT},
                                            {"g", WEIR_STRING}};
static const weir_schema schema = {"S", 7, attributes};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Half of the inputs get a head that fits. */
static void mend(char *bytes, size_t len, uint64_t fingerprint) {
    frame_head head;
    if (len < sizeof head) return;
    memcpy(&head, bytes, sizeof head);
    head.magic = FRAME_MAGIC;
    head.version = FRAME_VERSION;
    head.fingerprint = fingerprint;
    head.n_cols = schema.n_attributes;
    head.n_bytes = len;
    memcpy(bytes, &head, sizeof head);
    head.check = XXH3_64bits(bytes + FRAME_CHECKED, len - FRAME_CHECKED);
    memcpy(bytes, &head, sizeof head);
}

static weir_status no_more(weir_rows *rows, uint32_t need, weir_error *err) {
    (void)rows, (void)need;
    return weir_fail(err, WEIR_ENOMEM, "no more room");
}

/* The rows in two pieces, cut between chunks. */
static bool copy_in_pieces(const frame *f, weir_rows *rows, weir_error *err) {
    uint32_t half = 0, chunk = 0;
    while (half < f->n_rows / 2) half = frame_chunk_end(f, &chunk, half);
    CHECK(half <= f->n_rows);
    if (half && frame_copy(f, 0, half, rows, err) != WEIR_OK) return false;
    if (half < f->n_rows && frame_copy(f, half, f->n_rows, rows, err) != WEIR_OK) return false;
    CHECK(rows->n == f->n_rows);
    return true;
}

static void write_again(const weir_rows *rows, uint64_t fingerprint) {
    weir_error err;
    frame_writer *w;
    frame_column cols[7];
    weir_column of_batch[7];
    frame back = {.cols = cols};
    weir_batch batch;
    char *bytes;
    size_t len;
    wr_rows_batch(rows, of_batch, &batch);
    if (frame_writer_new(&schema, 1, &w, &err) != WEIR_OK) return;
    if (frame_writer_add(w, &batch, &err) == WEIR_OK &&
        frame_writer_finish(w, 7, &bytes, &len, &err) == WEIR_OK) {
        CHECK(frame_read(bytes, len, &schema, fingerprint, &back, &err) == WEIR_OK);
        CHECK(back.n_rows == rows->n && back.number == 7);
        free(bytes);
    }
    frame_writer_free(w);
}

static void read_rows(const frame *f, uint64_t fingerprint) {
    weir_arena arena;
    weir_rows rows;
    weir_error err;
    wr_arena_init(&arena, NULL);
    if (wr_rows_init(&rows, &schema, NULL, f->n_rows + 1, &arena, &err) == WEIR_OK) {
        rows.grow = no_more;
        if (copy_in_pieces(f, &rows, &err)) write_again(&rows, fingerprint);
    }
    wr_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint64_t fingerprint;
    weir_error err;
    frame_column cols[7];
    frame f = {.cols = cols};
    if (size < 2 || frame_fingerprint(&schema, &fingerprint, &err) != WEIR_OK) return 0;
    size_t len = size - 1;
    char *bytes = malloc(len); /* in a block of its own, so that a byte behind it is noticed */
    if (!bytes) return 0;
    memcpy(bytes, data + 1, len);
    if (data[0] & 1) mend(bytes, len, fingerprint);
    if (frame_read(bytes, len, &schema, fingerprint, &f, &err) == WEIR_OK) read_rows(&f, fingerprint);
    free(bytes);
    return 0;
}
