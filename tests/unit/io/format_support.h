/* format_support.h: encoders and decoders by hand: rows as lines of text, records as text. */
#ifndef WR_TEST_FORMAT_SUPPORT_H
#define WR_TEST_FORMAT_SUPPORT_H

#include "io_support.h"

#include "io/cell.h"

/* "key=value;key=value" */
typedef struct test_pairs {
    char *text;
    weir_pair pairs[16];
    uint32_t n;
} test_pairs;

static inline void pairs_of(test_pairs *p, const char *text) {
    p->text = strdup(text);
    p->n = parse_pairs(p->text, p->pairs);
}

static inline bool grow_with_realloc(weir_encoded *e, size_t extra) {
    e->cap = e->cap * 2 + extra;
    e->data = realloc(e->data, e->cap);
    return e->data != NULL;
}

static inline void note_drop(weir_encoded *e, const char *reason) {
    wr_buf_printf(e->grow_ctx, "dropped: %s|", reason);
}

/* "7|seven|null" by line into rows. */
static inline void fill_rows(weir_rows *rows, char *text) {
    wr_string_heap heap = {.arena = rows->arena};
    for (char *line; (line = strsep(&text, "\n")); rows->n++) {
        for (uint32_t i = 0; i < rows->n_cols; i++) {
            const char *cell = strsep(&line, "|");
            weir_column *c = &rows->cols[i];
            assert_non_null(cell);
            if (strcmp(cell, "null") == 0)
                wr_cell_set_null(c, rows->n);
            else
                assert_int_equal(wr_cell_from_text[c->type](c, rows->n, cell, strlen(cell), &heap),
                                 WR_CELL_OK);
        }
    }
}

/* What the encoder makes of the rows, which came in one chunk: records with '|' behind each. When it can't be
 * opened: the message. */
static inline wr_buf encoded_bytes_by(const weir_encoder_type *type, const char *schema, const char *options,
                                      const weir_pair *payloads, uint32_t n_payloads, bool to_stream,
                                      const char *text) {
    test_schema s;
    test_pairs pairs;
    weir_settings settings;
    weir_arena arena;
    weir_rows rows;
    weir_batch batch;
    weir_column cols[16];
    weir_error err = {0};
    size_t ends[64];
    wr_buf out = WR_BUF_INIT;
    weir_encoded e = {.grow = grow_with_realloc, .grow_ctx = &out, .dropped = note_drop, .record_end = ends};
    char *copy = strdup(text);
    schema_of(&s, schema);
    pairs_of(&pairs, options);
    wr_arena_init(&arena, NULL);
    void *self = calloc(1, type->state_size);
    weir_status st =
        wr_settings_check("@map", type->options, NULL, pairs.pairs, pairs.n, &arena, &settings, &err);
    weir_encoder_args args = {.settings = &settings,
                              .schema = &s.schema,
                              .payloads = payloads,
                              .n_payloads = n_payloads,
                              .to_stream = to_stream};
    if (st == WEIR_OK) st = type->open(self, &args, &err);
    if (st == WEIR_OK) {
        assert_int_equal(wr_rows_init(&rows, &s.schema, NULL, 16, &arena, NULL), WEIR_OK);
        fill_rows(&rows, copy);
        wr_rows_batch(&rows, cols, &batch);
        if (type->begin_file && to_stream) assert_int_equal(type->begin_file(self, &e, &err), WEIR_OK);
        st = type->encode(self, &batch, &e, &err);
    }
    if (st != WEIR_OK) wr_buf_puts(&out, err.message);
    for (uint32_t i = 0; st == WEIR_OK && i < e.n_records; i++) {
        size_t begin = i ? ends[i - 1] : 0;
        wr_buf_put(&out, e.data + begin, ends[i] - begin);
        wr_buf_putc(&out, '|');
    }
    if (self && settings.of) type->close(self);
    free(self);
    free(copy);
    free(pairs.text);
    free(e.data);
    wr_arena_fini(&arena);
    if (!out.data) wr_buf_puts(&out, "");
    return out;
}

static inline char *encoded_by(const weir_encoder_type *type, const char *schema, const char *options,
                               const weir_pair *payloads, uint32_t n_payloads, bool to_stream,
                               const char *text) {
    return encoded_bytes_by(type, schema, options, payloads, n_payloads, to_stream, text).data;
}

#define assert_encoded(type, schema, options, payload, to_stream, rows, expected)                            \
    do {                                                                                                     \
        weir_pair one_payload = {"", payload ? payload : "", 0, 0};                                          \
        char *records = encoded_by(type, schema, options, &one_payload, payload != NULL, to_stream, rows);   \
        assert_string_equal(records, expected);                                                              \
        free(records);                                                                                       \
    } while (0)

static inline void note_bad_record(void *ctx, const weir_bad_record *r) {
    wr_buf_printf(ctx, "!%s\n", r->reason);
}

/* What the decoder makes of one message, rows and bad records by line; "open: message" when it can't be
 * opened. `wanted` by attribute, or NULL. */
static inline char *decoded_by(const weir_decoder_type *type, const char *schema, const char *options,
                               const char *attributes, const void *bytes, size_t len) {
    test_schema s;
    test_pairs pairs, mapping;
    weir_settings settings = {0};
    weir_arena arena;
    weir_rows rows;
    weir_error err = {0};
    wr_buf out = WR_BUF_INIT;
    const char *paths[16] = {0};
    schema_of(&s, schema);
    pairs_of(&pairs, options);
    pairs_of(&mapping, attributes);
    for (uint32_t i = 0; i < mapping.n; i++)
        for (uint32_t k = 0; k < s.schema.n_attributes; k++)
            if (strcmp(mapping.pairs[i].key, s.schema.attributes[k].name) == 0)
                paths[k] = mapping.pairs[i].value;
    wr_arena_init(&arena, NULL);
    void *self = calloc(1, type->state_size);
    weir_status st =
        wr_settings_check("@map", type->options, NULL, pairs.pairs, pairs.n, &arena, &settings, &err);
    weir_decoder_args args = {
        .settings = &settings, .schema = &s.schema, .mapping = mapping.n ? paths : NULL};
    if (st == WEIR_OK) st = type->open(self, &args, &err);
    if (st == WEIR_OK) {
        char *exact = malloc(len ? len : 1); /* so that a read past the end is seen */
        memcpy(exact, bytes, len);
        assert_int_equal(wr_rows_init(&rows, &s.schema, NULL, 16, &arena, NULL), WEIR_OK);
        weir_decode call = {.bytes = exact,
                            .len = len,
                            .is_message = true,
                            .rows = &rows,
                            .bad = note_bad_record,
                            .bad_ctx = &out};
        assert_int_equal(type->decode(self, &call, &err), WEIR_EAGAIN);
        assert_int_equal(call.consumed, len);
        put_rows(&out, &rows, false);
        free(exact);
    } else {
        wr_buf_printf(&out, "open: %s", err.message);
    }
    if (settings.of) type->close(self);
    free(self);
    free(pairs.text);
    free(mapping.text);
    wr_arena_fini(&arena);
    if (!out.data) wr_buf_puts(&out, "");
    return out.data;
}

#define assert_decoded_bytes(type, schema, options, attributes, bytes, len, expected)                        \
    do {                                                                                                     \
        char *decoded = decoded_by(type, schema, options, attributes, bytes, len);                           \
        assert_string_equal(decoded, expected);                                                              \
        free(decoded);                                                                                       \
    } while (0)
#define assert_decoded(type, schema, options, attributes, text, expected)                                    \
    assert_decoded_bytes(type, schema, options, attributes, text, strlen(text), expected)

#endif
