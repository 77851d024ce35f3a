/* frame_read.c: see frame.h. */
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "frame.h"
#include "frame_layout.h"

typedef struct cursor {
    const char *at;
    uint64_t left;
    bool is_short;
} cursor;

/* n bytes and what pads them. */
static const char *take(cursor *c, uint64_t n) {
    uint64_t all = frame_padded(n);
    if (n > c->left || all > c->left) return c->is_short = true, NULL;
    const char *at = c->at;
    c->at += all;
    c->left -= all;
    return at;
}

static uint32_t u32_at(const char *bytes, uint64_t i) {
    uint32_t v;
    memcpy(&v, bytes + i * 4, 4);
    return v;
}

/* Ascending, and the last one is what it must be. strictly: each is more than the one before. */
static bool ends_are_sound(const char *ends, uint32_t n, uint64_t last, bool strictly) {
    uint64_t before = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t end = u32_at(ends, i);
        if (end < before + strictly) return false;
        before = end;
    }
    return before == last;
}

static weir_status damaged(weir_error *err, const char *what) {
    return weir_fail(err, WEIR_EIO, "a message is damaged: %s", what);
}

static weir_status read_head(const char *bytes, size_t len, const weir_schema *schema, uint64_t fingerprint,
                             frame_head *head, weir_error *err) {
    if (len < FRAME_HEAD) return weir_fail(err, WEIR_EIO, "a message is not one of weir's links");
    memcpy(head, bytes, sizeof *head);
    if (head->magic != FRAME_MAGIC) return weir_fail(err, WEIR_EIO, "a message is not one of weir's links");
    if (head->version != FRAME_VERSION)
        return weir_fail(err, WEIR_EIO, "a message is of version %u of the link; this weir has %u",
                         head->version, FRAME_VERSION);
    if (head->n_bytes != len || XXH3_64bits(bytes + FRAME_CHECKED, len - FRAME_CHECKED) != head->check)
        return damaged(err, "its check does not fit");
    if (head->fingerprint != fingerprint || head->n_cols != schema->n_attributes)
        return weir_fail(err, WEIR_EIO, "a message is of a stream with other attributes than '%s' has",
                         schema->stream);
    if (head->n_chunks > head->n_rows) return damaged(err, "it has more chunks than rows");
    return WEIR_OK;
}

static weir_status read_column(cursor *c, uint32_t n_rows, weir_type type, frame_column *out,
                               weir_error *err) {
    frame_column_head head;
    const char *at = take(c, sizeof head);
    if (!at) return damaged(err, "a column is cut off");
    memcpy(&head, at, sizeof head);
    if (head.type != (uint32_t)type || head.has_nulls > 1 || (type != WEIR_STRING && head.n_text_bytes))
        return damaged(err, "a column is of another type");
    *out = (frame_column){.type = type, .n_text_bytes = head.n_text_bytes};
    if (head.has_nulls) out->valid = take(c, ((uint64_t)n_rows + 63) / 64 * 8);
    out->values = take(c, (uint64_t)n_rows * frame_value_bytes[type]);
    out->texts = take(c, head.n_text_bytes);
    if (c->is_short) return damaged(err, "a column is cut off");
    if (type == WEIR_STRING && !ends_are_sound(out->values, n_rows, head.n_text_bytes, false))
        return damaged(err, "texts overlap");
    return WEIR_OK;
}

weir_status frame_read(const char *bytes, size_t len, const weir_schema *schema, uint64_t fingerprint,
                       frame *out, weir_error *err) {
    frame_head head;
    WIRE_TRY(read_head(bytes, len, schema, fingerprint, &head, err));
    cursor c = {bytes + FRAME_HEAD, len - FRAME_HEAD, false};
    out->n_rows = head.n_rows;
    out->n_cols = head.n_cols;
    out->n_chunks = head.n_chunks;
    out->sender = head.sender;
    out->number = head.number;
    out->ts = take(&c, (uint64_t)head.n_rows * 8);
    out->chunk_ends = take(&c, (uint64_t)head.n_chunks * 4);
    if (c.is_short) return damaged(err, "its rows are cut off");
    if (head.n_chunks && !ends_are_sound(out->chunk_ends, head.n_chunks, head.n_rows, true))
        return damaged(err, "chunks overlap");
    for (uint32_t i = 0; i < head.n_cols; i++)
        WIRE_TRY(read_column(&c, head.n_rows, schema->attributes[i].type, &out->cols[i], err));
    return c.left ? damaged(err, "something follows its last column") : WEIR_OK;
}

uint32_t frame_chunk_end(const frame *f, uint32_t *chunk, uint32_t first) {
    if (!f->n_chunks) return first + 1;
    while (*chunk < f->n_chunks && u32_at(f->chunk_ends, *chunk) <= first) (*chunk)++;
    return u32_at(f->chunk_ends, *chunk);
}

/* ---- Copying ------------------------------------------------------------------------------------------ */

static void copy_validity(const frame_column *from, uint32_t first, uint32_t n, weir_column *to,
                          uint32_t at) {
    for (uint32_t k = 0; k < n; k++) {
        uint64_t word;
        memcpy(&word, from->valid + (uint64_t)(first + k) / 64 * 8, 8);
        if (word >> ((first + k) & 63) & 1) continue;
        weir_set_null(to, at + k);
        if (from->type == WEIR_STRING) ((weir_string *)to->data)[at + k] = (weir_string){0};
    }
}

/* All texts at once into the rows' arena; a string of a null row is empty. */
static weir_status copy_texts(const frame_column *from, uint32_t first, uint32_t n, weir_column *to,
                              uint32_t at, weir_arena *arena, weir_error *err) {
    uint32_t begin = first ? u32_at(from->values, first - 1) : 0, end = u32_at(from->values, first + n - 1);
    char *texts = weir_arena_alloc(arena, (size_t)(end - begin) + 1);
    if (!texts) return weir_fail(err, WEIR_ENOMEM, "out of memory for texts");
    if (end > begin) memcpy(texts, from->texts + begin, end - begin);
    weir_string *strings = (weir_string *)to->data + at;
    for (uint32_t k = 0, text = begin; k < n; k++) {
        uint32_t text_end = u32_at(from->values, first + k);
        strings[k] = weir_string_view(texts + (text - begin), text_end - text);
        text = text_end;
    }
    return WEIR_OK;
}

static void copy_bools(const frame_column *from, uint32_t first, uint32_t n, weir_column *to, uint32_t at) {
    uint8_t *bools = (uint8_t *)to->data + at;
    for (uint32_t k = 0; k < n; k++) bools[k] = from->values[first + k] != 0;
}

static weir_status copy_column(const frame_column *from, uint32_t first, uint32_t n, weir_column *to,
                               weir_rows *rows, weir_error *err) {
    size_t size = frame_value_bytes[from->type];
    if (from->type == WEIR_STRING)
        WIRE_TRY(copy_texts(from, first, n, to, rows->n, rows->arena, err));
    else if (from->type == WEIR_BOOL)
        copy_bools(from, first, n, to, rows->n);
    else
        memcpy((char *)to->data + rows->n * size, from->values + first * size, n * size);
    if (from->valid) copy_validity(from, first, n, to, rows->n);
    return WEIR_OK;
}

weir_status frame_copy(const frame *f, uint32_t first, uint32_t end, weir_rows *rows, weir_error *err) {
    uint32_t n = end - first, at = rows->n, chunk = 0;
    for (uint32_t i = 0; i < f->n_cols; i++)
        if (rows->cols[i].data) WIRE_TRY(copy_column(&f->cols[i], first, n, &rows->cols[i], rows, err));
    memcpy(rows->ts + at, f->ts + (size_t)first * 8, (size_t)n * 8);
    if (!f->n_chunks && !rows->chunked) return rows->n += n, WEIR_OK;
    for (uint32_t row = first; row < end;) {
        uint32_t chunk_end = frame_chunk_end(f, &chunk, row), begin = rows->n;
        rows->n += chunk_end - row;
        weir_rows_end_chunk(rows, begin);
        row = chunk_end;
    }
    return WEIR_OK;
}
