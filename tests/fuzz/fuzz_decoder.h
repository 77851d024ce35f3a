/* fuzz_decoder.h: what the fuzz targets of decoders do with an input.
 *
 * Its first byte chooses among the options, its second how the rest is cut. The text is decoded whole and in
 * pieces, each piece in memory of exactly its size: rows and bad records must be the same, all of the text
 * must be consumed, and no unfilled row may be marked null. */
#ifndef WR_FUZZ_DECODER_H
#define WR_FUZZ_DECODER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "base/arena.h"
#include "io/options.h"
#include "io/rows.h"
#include "io/table.h"

typedef struct fuzz_decoder {
    const weir_decoder_type *type;
    const weir_schema *schema;
    weir_arena arena;
    weir_settings settings;
    weir_decoder_args args;
    void *self;
    uint64_t hash; /* of everything that came out, in order within each kind */
    uint64_t n_rows, n_bad;
} fuzz_decoder;

/* An attribute of every type; and those that a format without objects has. */
static const weir_attribute fuzz_attributes[] = {{"a", WEIR_INT},   {"b", WEIR_STRING}, {"c", WEIR_DOUBLE},
                                                 {"d", WEIR_LONG},  {"e", WEIR_BOOL},   {"f", WEIR_FLOAT},
                                                 {"o", WEIR_OBJECT}};
static const weir_schema fuzz_all_types = {"S", 7, fuzz_attributes};
static const weir_schema fuzz_plain_types = {"S", 6, fuzz_attributes};

static inline void fuzz_open(fuzz_decoder *f, const weir_decoder_type *type, const weir_schema *schema,
                             const char *const *mapping, const weir_pair *pairs, uint32_t n_pairs) {
    *f = (fuzz_decoder){.type = type, .schema = schema};
    wr_arena_init(&f->arena, NULL);
    CHECK(wr_settings_check("@map", type->options, NULL, pairs, n_pairs, &f->arena, &f->settings, NULL) ==
          WEIR_OK);
    f->args = (weir_decoder_args){
        .settings = &f->settings, .schema = schema, .mapping = mapping, .from_stream = type->finds_records};
    f->self = calloc(1, type->state_size);
    CHECK(f->self && type->open(f->self, &f->args, NULL) == WEIR_OK);
}

static inline void fuzz_close(fuzz_decoder *f) {
    f->type->close(f->self);
    free(f->self);
    wr_arena_fini(&f->arena);
}

static inline void fuzz_mix(fuzz_decoder *f, const void *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) f->hash = (f->hash ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
}

static inline void fuzz_bad(void *ctx, const weir_bad_record *r) {
    fuzz_decoder *f = ctx;
    uint64_t rows_hash = f->hash;
    CHECK(r->raw_len <= r->full_len && r->reason && *r->reason);
    f->hash = 0;
    fuzz_mix(f, r->raw, r->raw_len); /* raw must be readable */
    fuzz_mix(f, r->reason, strlen(r->reason));
    fuzz_mix(f, &r->record, sizeof r->record);
    fuzz_mix(f, &r->offset, sizeof r->offset);
    f->n_bad += f->hash;
    f->hash = rows_hash;
}

static inline void fuzz_take_cell(fuzz_decoder *f, const weir_column *c, uint32_t row) {
    static const size_t sizes[WEIR_N_TYPES] = {0, 4, 8, 4, 8, 1, 16, 8};
    bool is_null = weir_is_null(c, row);
    fuzz_mix(f, &is_null, 1);
    if (c->type == WEIR_STRING) {
        const weir_string *s = (const weir_string *)c->data + row;
        CHECK(!is_null || s->len == 0);
        fuzz_mix(f, weir_string_data(s), s->len);
    } else if (!is_null && c->type != WEIR_OBJECT) {
        fuzz_mix(f, (const char *)c->data + row * sizes[c->type], sizes[c->type]);
    }
}

static inline void fuzz_take(fuzz_decoder *f, const weir_rows *rows) {
    for (uint32_t r = 0; r < rows->n; r++)
        for (uint32_t i = 0; i < rows->n_cols; i++) fuzz_take_cell(f, &rows->cols[i], r);
    for (uint32_t i = 0; i < rows->n_cols; i++)
        for (uint32_t r = rows->n; r < rows->cap; r++) CHECK(!weir_is_null(&rows->cols[i], r));
    if (rows->chunked) CHECK(rows->n == 0 || rows->chunk_end[rows->n_chunks - 1] == rows->n);
    f->n_rows += rows->n;
}

/* One call of decode; true when it needs more. */
static inline bool fuzz_step(fuzz_decoder *f, const char *bytes, size_t len, bool ends, bool is_message,
                             size_t *consumed) {
    weir_arena arena;
    weir_rows rows;
    wr_arena_init(&arena, NULL);
    CHECK(wr_rows_init(&rows, f->schema, NULL, 64, &arena, NULL) == WEIR_OK);
    rows.limit = 3;
    weir_decode call = {.bytes = bytes,
                        .len = len,
                        .ends = ends,
                        .is_message = is_message,
                        .rows = &rows,
                        .bad = fuzz_bad,
                        .bad_ctx = f};
    weir_status status = f->type->decode(f->self, &call, NULL);
    CHECK(status == WEIR_OK || status == WEIR_EAGAIN);
    CHECK(call.consumed <= len);
    CHECK(status == WEIR_EAGAIN || call.consumed > 0 || rows.n > 0 || len == 0);
    fuzz_take(f, &rows);
    wr_arena_fini(&arena);
    *consumed = call.consumed;
    return status == WEIR_EAGAIN;
}

static inline void fuzz_in_pieces(fuzz_decoder *f, const char *text, size_t len, size_t piece) {
    size_t begin = 0, shown = 0, consumed;
    f->type->reset(f->self);
    f->hash = f->n_rows = f->n_bad = 0;
    while (shown < len) {
        shown = len - shown < piece ? len : shown + piece;
        char *exact = malloc(shown - begin);
        CHECK(exact);
        memcpy(exact, text + begin, shown - begin);
        size_t used = 0;
        bool needs_more = false;
        while (!needs_more) {
            needs_more = fuzz_step(f, exact + used, shown - begin - used, shown == len, false, &consumed);
            used += consumed;
        }
        begin += used;
        free(exact);
    }
    CHECK(begin == len);
}

/* One whole message, counted from nothing. */
static inline void fuzz_read_message(fuzz_decoder *f, const char *text, size_t len) {
    char *exact = malloc(len ? len : 1);
    size_t consumed;
    CHECK(exact);
    memcpy(exact, text, len);
    f->type->reset(f->self);
    f->hash = f->n_rows = f->n_bad = 0;
    CHECK(fuzz_step(f, exact, len, false, true, &consumed) && consumed == len);
    free(exact);
}

/* A format of messages: each is decoded whole, and the same again. */
static inline void fuzz_message(fuzz_decoder *f, const char *text, size_t len) {
    uint64_t hash[2];
    for (int i = 0; i < 2; i++) {
        fuzz_read_message(f, text, len);
        hash[i] = f->hash + f->n_bad;
    }
    CHECK(hash[0] == hash[1]);
}

static inline void fuzz_whole(fuzz_decoder *f, const char *text, size_t len, size_t piece) {
    if (!f->type->finds_records) {
        fuzz_message(f, text, len);
        return;
    }
    fuzz_in_pieces(f, text, len, len ? len : 1);
    uint64_t hash = f->hash, n_rows = f->n_rows, n_bad = f->n_bad;
    fuzz_in_pieces(f, text, len, piece);
    CHECK(f->n_rows == n_rows && f->n_bad == n_bad && f->hash == hash);
    fuzz_read_message(f, text, len);
}

static inline int fuzz_decoder_run(const weir_decoder_type *type, const weir_schema *schema,
                                   const char *const *mapping, const weir_pair *pairs, uint32_t n_pairs,
                                   const uint8_t *data, size_t size) {
    fuzz_decoder f;
    if (size < 2) return 0;
    fuzz_open(&f, type, schema, mapping, pairs, n_pairs);
    fuzz_whole(&f, (const char *)data + 2, size - 2, 1 + data[1] % 64);
    fuzz_close(&f);
    return 0;
}

#endif
