/* format.h: what the benchmarks of formats share: decoders and encoders with their usual options, over text
 * in memory. */
#ifndef WEIR_BENCH_FORMAT_H
#define WEIR_BENCH_FORMAT_H

#include <string.h>

#include "base/arena.h"
#include "bench.h"
#include "io/options.h"
#include "io/rows.h"
#include "io/table.h"

#define BATCH_ROWS 4096

static inline const weir_decoder_type *decoder_named(const char *name) {
    for (int i = 0; wr_io_decoders[i]; i++)
        if (strcmp(wr_io_decoders[i]->name, name) == 0) return wr_io_decoders[i];
    die("no such decoder");
    return NULL;
}

static inline const weir_encoder_type *encoder_named(const char *name) {
    for (int i = 0; wr_io_encoders[i]; i++)
        if (strcmp(wr_io_encoders[i]->name, name) == 0) return wr_io_encoders[i];
    die("no such encoder");
    return NULL;
}

/* weir_encoded.grow */
static inline bool grow(weir_encoded *e, size_t extra) {
    size_t cap = e->cap * 2 + extra;
    char *data = realloc(e->data, cap);
    if (!data) return false;
    e->data = data;
    e->cap = cap;
    return true;
}

static inline const weir_settings *usual_settings(const weir_option *options, weir_arena *arena) {
    weir_settings *s = wr_arena_zero(arena, 1, sizeof *s);
    if (!s || wr_settings_check("@map", options, NULL, NULL, 0, arena, s, NULL) != WEIR_OK) die("options");
    return s;
}

/* What is opened is closed by the caller, and its memory freed; the arena outlives it. */
static inline void *open_encoder(const weir_encoder_type *type, const weir_schema *schema,
                                 weir_arena *arena) {
    weir_encoder_args *args = wr_arena_zero(arena, 1, sizeof *args);
    void *self = calloc(1, type->state_size);
    if (!args || !self) die("memory");
    *args = (weir_encoder_args){
        .settings = usual_settings(type->options, arena), .schema = schema, .to_stream = true};
    if (type->open(self, args, NULL) != WEIR_OK) die("encoder");
    return self;
}

static inline void *open_decoder(const weir_decoder_type *type, const weir_schema *schema, const bool *wanted,
                                 weir_arena *arena) {
    weir_decoder_args *args = wr_arena_zero(arena, 1, sizeof *args);
    void *self = calloc(1, type->state_size);
    if (!args || !self) die("memory");
    *args = (weir_decoder_args){.settings = usual_settings(type->options, arena),
                                .schema = schema,
                                .wanted = wanted,
                                .from_stream = true};
    if (type->open(self, args, NULL) != WEIR_OK) die("decoder");
    return self;
}

static inline void no_bad_record(void *ctx, const weir_bad_record *record) {
    (void)ctx;
    die(record->reason);
}

/* All of the text, which has n rows. */
static inline void decode_all(const weir_decoder_type *type, void *self, const weir_schema *schema,
                              const bool *wanted, const weir_encoded *text, uint64_t n) {
    weir_arena arena;
    uint64_t found = 0;
    wr_arena_init(&arena, NULL);
    type->reset(self);
    for (size_t used = 0; used < text->len;) {
        weir_rows rows;
        wr_arena_reset(&arena);
        if (wr_rows_init(&rows, schema, wanted, BATCH_ROWS, &arena, NULL) != WEIR_OK) die("memory");
        weir_decode call = {.bytes = text->data + used,
                            .len = text->len - used,
                            .ends = true,
                            .rows = &rows,
                            .bad = no_bad_record};
        weir_status status = type->decode(self, &call, NULL);
        if (status != WEIR_OK && status != WEIR_EAGAIN) die("decode");
        used += call.consumed;
        found += rows.n;
    }
    wr_arena_fini(&arena);
    if (found != n) die("rows were lost");
}

#endif
