/* io_bench.c: rows a second that one core decodes and encodes, over wind events in memory.
 *
 *   io_bench [csv|json] [rows]      (both, and 2 million, when left out)
 *
 * Each figure is the best of five runs over the same text, in processor time. */
#include "format.h"

#define RUNS 5

static const weir_attribute attributes[] = {{"ts", WEIR_LONG},
                                            {"station", WEIR_INT},
                                            {"region", WEIR_STRING},
                                            {"speed", WEIR_DOUBLE},
                                            {"gust", WEIR_DOUBLE}};
static const weir_schema schema = {"Wind", 5, attributes};

/* One batch of wind events, by rows n..n+BATCH_ROWS-1. */
static void make_rows(weir_rows *rows, uint32_t n) {
    static const char *const regions[] = {"north", "south", "east", "west"};
    for (rows->n = 0; rows->n < BATCH_ROWS; rows->n++, n++) {
        uint32_t r = rows->n, hash = n * 2654435761u;
        ((int64_t *)rows->cols[0].data)[r] = 1357016400000 + n;
        ((int32_t *)rows->cols[1].data)[r] = (int32_t)(hash >> 22);
        const char *region = regions[hash >> 8 & 3];
        ((weir_string *)rows->cols[2].data)[r] = weir_string_view(region, (uint32_t)strlen(region));
        ((double *)rows->cols[3].data)[r] = (double)(hash >> 10 & 1023) / 20;
        ((double *)rows->cols[4].data)[r] = (double)(hash >> 4 & 1023) / 10;
        rows->ts[r] = 0;
    }
}

/* The text of n rows; tells the rate at which it was written. */
static weir_encoded write_text(const weir_encoder_type *type, uint32_t n) {
    weir_arena arena;
    weir_rows rows;
    weir_batch batch;
    weir_column cols[5];
    weir_encoded e = {.grow = grow};
    wr_arena_init(&arena, NULL);
    void *self = open_encoder(type, &schema, &arena);
    if (wr_rows_init(&rows, &schema, NULL, BATCH_ROWS, &arena, NULL) != WEIR_OK) die("memory");
    double spent = 0;
    for (uint32_t done = 0; done < n; done += BATCH_ROWS) {
        make_rows(&rows, done);
        wr_rows_batch(&rows, cols, &batch);
        double before = cpu_seconds();
        if (type->encode(self, &batch, &e, NULL) != WEIR_OK) die("encode");
        spent += cpu_seconds() - before;
    }
    printf("%-5s encode %6.2f M rows/s  %6.0f MB/s  (%.0f bytes a row)\n", type->name, n / spent / 1e6,
           (double)e.len / spent / 1e6, (double)e.len / n);
    type->close(self);
    free(self);
    wr_arena_fini(&arena);
    return e;
}

static void read_text(const weir_decoder_type *type, const weir_encoded *text, uint32_t n, const bool *wanted,
                      const char *what) {
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    void *self = open_decoder(type, &schema, wanted, &arena);
    double best = 1e9;
    for (int run = 0; run < RUNS; run++) {
        double before = cpu_seconds();
        decode_all(type, self, &schema, wanted, text, n);
        double spent = cpu_seconds() - before;
        if (spent < best) best = spent;
    }
    printf("%-5s decode %6.2f M rows/s  %6.0f MB/s  %s\n", type->name, n / best / 1e6,
           (double)text->len / best / 1e6, what);
    type->close(self);
    free(self);
    wr_arena_fini(&arena);
}

int main(int argc, char **argv) {
    static const bool two[] = {true, false, false, true, false};
    static const char *const formats[] = {"csv", "json"};
    const char *only = argc > 1 ? argv[1] : NULL;
    long rows = argc > 2 ? strtol(argv[2], NULL, 10) : 2000000;
    uint32_t n = (uint32_t)(rows / BATCH_ROWS + 1) * BATCH_ROWS;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (only && strcmp(only, formats[i]) != 0) continue;
        weir_encoded text = write_text(encoder_named(formats[i]), n);
        read_text(decoder_named(formats[i]), &text, n, NULL, "all columns");
        read_text(decoder_named(formats[i]), &text, n, two, "two of five");
        free(text.data);
    }
    return 0;
}
