/* json_bench.c: JSON events of 120 bytes a second that one core decodes into columns and encodes, beside
 * simdjson alone on the same bytes in the same process.
 *
 *   json_bench [rows]      (400,000 when left out)
 *
 * The contenders take turns; each figure is the best of seven, in processor time. */
#include "format.h"
#ifdef WITH_SIMDJSON
#include "peers/simdjson_peer.h"
#else
#define SIMDJSON_PEER_PADDING 0
#endif

#define ROUNDS 7

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

static const bool two[N_COLS] = {[0] = true, [3] = true};

static bool run(bench *b, int contender) {
    switch (contender) {
    case DECODE: decode_all(b->decoder, b->decode_all, &schema, NULL, &b->text, b->n); return true;
    case DECODE_TWO: decode_all(b->decoder, b->decode_two, &schema, two, &b->text, b->n); return true;
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

static void open_all(bench *b) {
    b->decoder = decoder_named("json");
    b->encoder = encoder_named("json");
    wr_arena_init(&b->arena, NULL);
    b->text.grow = b->again.grow = grow;
    b->encode = open_encoder(b->encoder, &schema, &b->arena);
    b->decode_all = open_decoder(b->decoder, &schema, NULL, &b->arena);
    b->decode_two = open_decoder(b->decoder, &schema, two, &b->arena);
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
            double before = cpu_seconds();
            if (!run(&b, i)) continue;
            double spent = cpu_seconds() - before;
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
