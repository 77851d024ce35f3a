/* generator_source.c: makes rows, at a rate or as fast as they are taken. */
#include <stdio.h>
#include <string.h>

#include "io/generator_value.h"
#include "io/io_log.h"
#include "io/rows.h"
#include "io/table.h"

enum { OPT_RATE, OPT_COUNT, OPT_SEED, OPT_ATTR };

static const weir_option options[] = {
    [OPT_RATE] = {"rate", WEIR_OPTION_DOUBLE, false, "0", NULL,
                  "Rows a second; 0: as fast as they are taken."},
    [OPT_COUNT] = {"count", WEIR_OPTION_LONG, false, "0", NULL, "Rows in all; 0: without end."},
    [OPT_SEED] = {"seed", WEIR_OPTION_LONG, false, "1", NULL, "The same seed gives the same rows."},
    [OPT_ATTR] = {"attr.*", WEIR_OPTION_TEXT, false, NULL, NULL,
                  "How an attribute's values are made: int(lo,hi), uniform(lo,hi), normal(mean,deviation), "
                  "sequence(start,step), time(start,step), choice(a,b,...), constant(a), bool(p)."},
    {0}};

typedef struct generator {
    const weir_io_args *args;
    weir_arena arena;
    wr_gen_value *values; /* by attribute */
    double rate;
    uint64_t count;
    uint64_t row; /* the next one to be taken */
    bool has_anchor;
    int64_t anchor_ns; /* when row anchor_row was due */
    uint64_t anchor_row;
} generator;

static const weir_pair *expression_of(const weir_settings *settings, const char *attribute) {
    const weir_pair *found = NULL;
    for (uint32_t i = 0; i < settings->n_pairs; i++) {
        const char *key = settings->pairs[i].key;
        if (strncmp(key, "attr.", 5) != 0) continue;
        if (strcmp(key + 5, attribute) == 0) return &settings->pairs[i];
        if (strcasecmp(key + 5, attribute) == 0) found = &settings->pairs[i]; /* keys have no case */
    }
    return found;
}

static weir_status check_names(const weir_io_args *args, weir_error *err) {
    for (uint32_t i = 0; i < args->settings->n_pairs; i++) {
        const weir_pair *pair = &args->settings->pairs[i];
        if (strncmp(pair->key, "attr.", 5) != 0) continue;
        uint32_t k = 0;
        while (k < args->schema->n_attributes &&
               strcasecmp(args->schema->attributes[k].name, pair->key + 5) != 0)
            k++;
        if (k < args->schema->n_attributes) continue;
        weir_fail(err, WEIR_ENAME, "'%s': '%s' has no attribute '%s'", pair->key, args->schema->stream,
                  pair->key + 5);
        if (err) err->begin = pair->begin, err->end = pair->end;
        return WEIR_ENAME;
    }
    return WEIR_OK;
}

static weir_status generator_open(void *self, const weir_io_args *args, weir_error *err) {
    generator *g = self;
    const weir_setting *set = args->settings->of;
    g->args = args;
    wr_arena_init(&g->arena, NULL);
    if (set[OPT_RATE].as.d < 0 || set[OPT_RATE].as.d > 1e12)
        return weir_fail(err, WEIR_ECONFIG, "rate is '%s'; it takes a number of rows a second from 0",
                         set[OPT_RATE].text);
    if (set[OPT_COUNT].as.l < 0)
        return weir_fail(err, WEIR_ECONFIG, "count is '%s'; it takes a number from 0", set[OPT_COUNT].text);
    g->rate = set[OPT_RATE].as.d;
    g->count = set[OPT_COUNT].as.l ? (uint64_t)set[OPT_COUNT].as.l : UINT64_MAX;
    WR_TRY(check_names(args, err));
    g->values = wr_arena_zero(&g->arena, args->schema->n_attributes, sizeof *g->values);
    if (!g->values) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < args->schema->n_attributes; i++) {
        const weir_attribute *a = &args->schema->attributes[i];
        const weir_pair *pair = expression_of(args->settings, a->name);
        if (!pair) return weir_fail(err, WEIR_ECONFIG, "the generator needs the option 'attr.%s'", a->name);
        weir_status status = wr_gen_value_parse(pair->value, a, i, (uint64_t)set[OPT_SEED].as.l, &g->arena,
                                                &g->values[i], err);
        if (status == WEIR_OK) continue;
        if (err) err->begin = pair->begin, err->end = pair->end;
        return status;
    }
    return WEIR_OK;
}

static weir_status generator_start(void *self, weir_error *err) {
    (void)self;
    (void)err;
    return WEIR_OK;
}

/* How many rows are due by now; with none, wait_ms says when one is. */
static uint64_t rows_due(generator *g, weir_input *in) {
    uint64_t left = g->count - WR_MIN(g->row, g->count);
    if (g->rate == 0) return left;
    int64_t now = wr_io_now_ns(g->args->host);
    if (!g->has_anchor) {
        g->has_anchor = true;
        g->anchor_ns = now;
        g->anchor_row = g->row;
    }
    double elapsed = (double)(now - g->anchor_ns) * 1e-9;
    uint64_t due = (uint64_t)(elapsed * g->rate) + 1, done = g->row - g->anchor_row;
    if (due > done) return WR_MIN(due - done, left);
    double wait_ms = ((double)done / g->rate - elapsed) * 1000;
    in->wait_ms = wait_ms < 1000 ? (int64_t)wait_ms + 1 : 1000;
    return 0;
}

static weir_status generator_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    generator *g = self;
    *in = (weir_input){.shape = WEIR_SHAPE_ROWS};
    if (g->row >= g->count) return WEIR_EEND;
    uint32_t room = rows->limit - rows->n;
    uint64_t due = rows_due(g, in);
    uint32_t n = due < room ? (uint32_t)due : room;
    if (!n) return WEIR_EAGAIN;
    wr_string_heap heap = {.arena = rows->arena};
    for (uint32_t i = 0; i < rows->n_cols; i++)
        if (rows->cols[i].data &&
            !wr_gen_value_fill(&g->values[i], g->row, n, &rows->cols[i], rows->n, &heap))
            return weir_fail(err, WEIR_ENOMEM, "out of memory");
    uint32_t first = rows->n;
    rows->n += n;
    if (rows->chunked)
        for (uint32_t r = first; r < rows->n; r++) rows->chunk_end[rows->n_chunks++] = r + 1;
    return WEIR_OK;
}

static void generator_consume(void *self, size_t n) { ((generator *)self)->row += n; }

static int generator_wake_fd(const void *self) {
    (void)self;
    return -1;
}

static weir_status generator_position(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    (void)epoch;
    (void)err;
    weir_write_u32(w, 1);
    weir_write_i64(w, (int64_t)((generator *)self)->row);
    return WEIR_OK;
}

static weir_status generator_seek(void *self, weir_reader *r, weir_error *err) {
    generator *g = self;
    if (weir_read_u32(r) != 1) return weir_fail(err, WEIR_ESTATE, "a generator position of another version");
    g->row = (uint64_t)weir_read_i64(r);
    g->has_anchor = false;
    return weir_reader_status(r, err);
}

static void generator_close(void *self) { wr_arena_fini(&((generator *)self)->arena); }

const weir_source_type wr_generator_source = {
    .struct_size = sizeof wr_generator_source,
    .name = "generator",
    .doc = "Makes rows from expressions, the same for the same seed, at a rate or as fast as they are taken.",
    .example = "@source(type='generator', rate='1000', count='100000', attr.id='sequence', "
               "attr.speed='uniform(0,55)', attr.region='choice(north,south)')",
    .options = options,
    .shapes = WEIR_SHAPE_ROWS,
    .replayable = true,
    .state_size = sizeof(generator),
    .open = generator_open,
    .start = generator_start,
    .poll = generator_poll,
    .consume = generator_consume,
    .wake_fd = generator_wake_fd,
    .position = generator_position,
    .seek = generator_seek,
    .close = generator_close,
};
