/* feed.h: a decoder fed by hand, with text cut into pieces of every size. */
#ifndef WR_TEST_FEED_H
#define WR_TEST_FEED_H

#include "io_support.h"

typedef struct feed {
    test_schema schema;
    weir_arena arena;
    weir_settings settings;
    weir_decoder_args args;
    const weir_decoder_type *type;
    void *self;
    wr_buf got;
} feed;

static inline void feed_bad(void *ctx, const weir_bad_record *r) {
    wr_buf_printf(&((feed *)ctx)->got, "!%llu:%llu %s\n", (unsigned long long)r->record,
                  (unsigned long long)r->offset, r->reason);
}

static inline void feed_open(feed *f, const char *schema, const char *format, const char *options) {
    weir_pair pairs[16];
    char *copy = strdup(options);
    memset(f, 0, sizeof *f);
    schema_of(&f->schema, schema);
    wr_arena_init(&f->arena, NULL);
    f->type = find_decoder(format);
    weir_error err = {0};
    assert_int_equal(wr_settings_check("@map", f->type->options, NULL, pairs, parse_pairs(copy, pairs),
                                       &f->arena, &f->settings, &err),
                     WEIR_OK);
    free(copy);
    f->args = (weir_decoder_args){.settings = &f->settings, .schema = &f->schema.schema, .from_stream = true};
    f->self = calloc(1, f->type->state_size);
    assert_int_equal(f->type->open(f->self, &f->args, &err), WEIR_OK);
}

static inline void feed_close(feed *f) {
    f->type->close(f->self);
    free(f->self);
    wr_arena_fini(&f->arena);
    wr_buf_fini(&f->got);
}

/* Decodes text as a source would give it, `piece` more bytes at a time. Rows and bad records in the order in
 * which they come. */
static inline void feed_text(feed *f, const char *text, size_t len, size_t piece) {
    size_t begin = 0, shown = 0;
    f->type->reset(f->self);
    while (begin < len || shown < len) {
        shown = shown + piece > len ? len : shown + piece;
        char *exact = malloc(shown - begin + 1); /* so that a read past the end is seen */
        memcpy(exact, text + begin, shown - begin);
        exact = realloc(exact, shown - begin ? shown - begin : 1);
        size_t used = 0;
        weir_status status;
        do {
            weir_arena arena;
            weir_rows rows;
            wr_arena_init(&arena, NULL);
            assert_int_equal(wr_rows_init(&rows, &f->schema.schema, NULL, 64, &arena, NULL), 0);
            rows.limit = 1;
            weir_decode call = {.bytes = exact + used,
                                .len = shown - begin - used,
                                .ends = shown == len,
                                .rows = &rows,
                                .bad = feed_bad,
                                .bad_ctx = f};
            status = f->type->decode(f->self, &call, NULL);
            used += call.consumed;
            put_rows(&f->got, &rows, false);
            wr_arena_fini(&arena);
        } while (status == WEIR_OK);
        assert_int_equal(status, WEIR_EAGAIN);
        begin += used;
        free(exact);
        if (shown == len) assert_int_equal(begin, len);
        if (shown == len) break;
    }
}

/* Rows for messages; they live as long as the feed. */
static inline void feed_rows(feed *f, weir_rows *rows) {
    assert_int_equal(wr_rows_init(rows, &f->schema.schema, NULL, 64, &f->arena, NULL), 0);
}

/* Decodes a message, all of it, behind what the rows have. */
static inline void feed_message(feed *f, const char *text, weir_rows *rows) {
    weir_decode call = {
        .bytes = text, .len = strlen(text), .is_message = true, .rows = rows, .bad = feed_bad, .bad_ctx = f};
    assert_int_equal(f->type->decode(f->self, &call, NULL), WEIR_EAGAIN);
    assert_int_equal(call.consumed, call.len);
}

/* The same answer however the text is cut. */
static inline void feed_check(const char *schema, const char *format, const char *options, const char *text,
                              size_t len, const char *expected) {
    feed f;
    feed_open(&f, schema, format, options);
    for (size_t piece = 1; piece <= len + 1; piece++) {
        wr_buf_clear(&f.got);
        feed_text(&f, text, len, piece);
        assert_string_equal(f.got.data ? f.got.data : "", expected);
    }
    feed_close(&f);
}

#endif
