/* json_bench.c: JSON events of 120 bytes a second that one core decodes into columns and encodes, beside
 * simdjson alone on the same bytes in the same process.
 *
 *   json_bench [rows]      (400,000 when left out)
 *
 * The contenders take turns; each figure is the best of seven, in processor time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "io/options.h"
#include "io/rows.h"
#include "io/table.h"
#ifdef WITH_SIMDJSON
#include "peers/simdjson_peer.h"
#else
#define SIMDJSON_PEER_PADDING 0
#endif

#define ROUNDS     7
#define BATCH_ROWS 4096

static const weir_attribute attributes[] = {
    {"ts", WEIR_LONG},     {"station", WEIR_INT}, {"region", WEIR_STRING}, {"speed", WEIR_DOUBLE},
    {"gust", WEIR_DOUBLE}, {"temp", WEIR_DOUBLE}, {"sensor", WEIR_STRING}, {"ok", WEIR_BOOL}};
#define N_COLS 8
static const weir_schema schema = {"Wind", N_COLS, attributes};

enum { DECODE, DECODE_TWO, ENCODE, SIMDJSON_LINES, SIMDJSON_STREAM, N_CONTENDERS };
static const char *const names[N_CONTENDERS] = {"weir, into columns", "weir, two of eight columns",
                                                "weir, encode", "simdjson alone, a line at a time",
                                                "simdjson alone, as one stream"};

typedef struct bench {
    weir_arena arena;
    const weir_encoder_type *encoder;
    const weir_decoder_type *decoder;
    void *encode, *decode_all, *decode_two;
    weir_encoded text, again;
    weir_rows rows; /* BATCH_ROWS of them, made once */
    weir_column cols[N_COLS];
    weir_batch batch;
    uint32_t n;
} bench;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void die(const char *what) {
    fprintf(stderr, "json_bench: %s\n", what);
    exit(1);
}

static bool grow(weir_encoded *e, size_t extra) {
    size_t cap = e->cap * 2 + extra;
    char *data = realloc(e->data, cap);
    if (!data) return false;
    e->data = data;
    e->cap = cap;
    return true;
}

static void set_string(weir_column *c, uint32_t row, const char *text) {
    ((weir_string *)c->data)[row] = weir_string_view(text, (uint32_t)strlen(text));
}

/* Events as instruments send them: few digits, short names. */
static void make_rows(bench *b) {
    static const char *const regions[] = {"north", "south", "delta", "coast"};
    static const char *const sensors[] = {"A7-0042", "B1-1207", "C3-0815", "D9-4711"};
    weir_rows *rows = &b->rows;
    if (wr_rows_init(rows, &schema, NULL, BATCH_ROWS, &b->arena, NULL) != WEIR_OK) die("memory");
    for (uint32_t r = 0; r < BATCH_ROWS; r++) {
        uint32_t hash = r * 2654435761u;
        ((int64_t *)rows->cols[0].data)[r] = 1357016400000 + r;
        ((int32_t *)rows->cols[1].data)[r] = (int32_t)(1000 + (hash >> 21));
        set_string(&rows->cols[2], r, regions[hash >> 8 & 3]);
        ((double *)rows->cols[3].data)[r] = (double)(1000 + (hash >> 10 & 4095)) / 100;
        ((double *)rows->cols[4].data)[r] = (double)(100 + (hash >> 4 & 511)) / 10;
        ((double *)rows->cols[5].data)[r] = -(double)(100 + (hash >> 14 & 511)) / 100;
        set_string(&rows->cols[6], r, sensors[hash >> 12 & 3]);
        ((uint8_t *)rows->cols[7].data)[r] = hash >> 16 & 1;
        rows->ts[r] = 0;
    }
    rows->n = BATCH_ROWS;
    wr_rows_batch(rows, b->cols, &b->batch);
}

static void encode_batch(bench *b, weir_encoded *e) {
    if (b->encoder->encode(b->encode, &b->batch, e, NULL) != WEIR_OK) die("encode");
}

static void encode_all(bench *b) {
    for (uint32_t done = 0; done < b->n; done += BATCH_ROWS) {
        b->again.len = 0;
        encode_batch(b, &b->again);
    }
}

static void count_bad(void *ctx, const weir_bad_record *record) {
    (void)ctx;
    die(record->reason);
}

static void decode_all(const bench *b, void *self, const bool *wanted) {
    weir_arena arena;
    uint32_t n = 0;
    wr_arena_init(&arena, NULL);
    b->decoder->reset(self);
    for (size_t used = 0; used < b->text.len;) {
        weir_rows rows;
        wr_arena_reset(&arena);
        if (wr_rows_init(&rows, &schema, wanted, BATCH_ROWS, &arena, NULL) != WEIR_OK) die("memory");
        weir_decode call = {.bytes = b->text.data + used,
                            .len = b->text.len - used,
                            .ends = true,
                            .rows = &rows,
                            .bad = count_bad};
        weir_status status = b->decoder->decode(self, &call, NULL);
        if (status != WEIR_OK && status != WEIR_EAGAIN) die("decode");
        used += call.consumed;
        n += rows.n;
    }
    wr_arena_fini(&arena);
    if (n != b->n) die("rows were lost");
}

static const bool two[N_COLS] = {[0] = true, [3] = true};

static bool run(bench *b, int contender) {
    switch (contender) {
    case DECODE: decode_all(b, b->decode_all, NULL); return true;
    case DECODE_TWO: decode_all(b, b->decode_two, two); return true;
    case ENCODE: encode_all(b); return true;
    default: break;
    }
#ifdef WITH_SIMDJSON
    if (simdjson_read(b->text.data, b->text.len, contender == SIMDJSON_STREAM) != b->n) die("simdjson");
    return true;
#else
    return false;
#endif
}

static weir_settings defaults(bench *b, const weir_option *options) {
    weir_settings s;
    if (wr_settings_check("@map", options, NULL, NULL, 0, &b->arena, &s, NULL) != WEIR_OK) die("options");
    return s;
}

static void *open_decoder(bench *b, const bool *wanted) {
    weir_settings settings = defaults(b, b->decoder->options);
    weir_decoder_args args = {.settings = &settings, .schema = &schema, .wanted = wanted};
    void *self = calloc(1, b->decoder->state_size);
    if (!self || b->decoder->open(self, &args, NULL) != WEIR_OK) die("decoder");
    return self;
}

static void open_all(bench *b) {
    for (int i = 0; wr_io_decoders[i]; i++)
        if (strcmp(wr_io_decoders[i]->name, "json") == 0) b->decoder = wr_io_decoders[i];
    for (int i = 0; wr_io_encoders[i]; i++)
        if (strcmp(wr_io_encoders[i]->name, "json") == 0) b->encoder = wr_io_encoders[i];
    wr_arena_init(&b->arena, NULL);
    b->text.grow = b->again.grow = grow;
    weir_settings settings = defaults(b, b->encoder->options);
    weir_encoder_args args = {.settings = &settings, .schema = &schema, .to_stream = true};
    b->encode = calloc(1, b->encoder->state_size);
    if (!b->encode || b->encoder->open(b->encode, &args, NULL) != WEIR_OK) die("encoder");
    b->decode_all = open_decoder(b, NULL);
    b->decode_two = open_decoder(b, two);
    make_rows(b);
    for (uint32_t done = 0; done < b->n; done += BATCH_ROWS) encode_batch(b, &b->text);
    if (!weir_encoded_reserve(&b->text, SIMDJSON_PEER_PADDING)) die("memory");
}

static void close_all(bench *b) {
    b->encoder->close(b->encode);
    b->decoder->close(b->decode_all);
    b->decoder->close(b->decode_two);
    free(b->encode);
    free(b->decode_all);
    free(b->decode_two);
    free(b->text.data);
    free(b->again.data);
    wr_arena_fini(&b->arena);
}

int main(int argc, char **argv) {
    bench b = {0};
    double best[N_CONTENDERS] = {0};
    long rows = argc > 1 ? strtol(argv[1], NULL, 10) : 400000;
    b.n = (uint32_t)(rows / BATCH_ROWS + 1) * BATCH_ROWS;
    open_all(&b);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < N_CONTENDERS; i++) {
            double before = seconds();
            if (!run(&b, i)) continue;
            double spent = seconds() - before;
            if (!best[i] || spent < best[i]) best[i] = spent;
        }
    printf("%u events of %.0f bytes\n", b.n, (double)b.text.len / b.n);
    for (int i = 0; i < N_CONTENDERS; i++) {
        if (!best[i]) continue;
        printf("%-34s %6.2f M events/s  %5.0f MB/s", names[i], b.n / best[i] / 1e6,
               (double)b.text.len / best[i] / 1e6);
        if (best[SIMDJSON_LINES]) printf("  %.2f", best[SIMDJSON_LINES] / best[i]);
        printf("\n");
    }
    close_all(&b);
    return 0;
}
