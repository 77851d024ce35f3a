/* frame_write.c: see frame.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "frame.h"
#include "frame_layout.h"

typedef struct bytes {
    char *data;
    size_t len, cap;
} bytes;

typedef struct column {
    weir_type type;
    bytes values, texts;
    bytes valid; /* a byte a row; made bits at the end */
    bool has_nulls;
} column;

struct frame_writer {
    const weir_schema *schema;
    uint64_t fingerprint, sender;
    uint32_t n_rows;
    bool is_chunked;
    bytes ts, chunk_ends;
    column *cols;
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for rows");
}

weir_status frame_fingerprint(const weir_schema *schema, uint64_t *out, weir_error *err) {
    uint64_t hash = FRAME_VERSION;
    if (schema->n_attributes > FRAME_MAX_COLUMNS)
        return weir_fail(err, WEIR_EUNSUPPORTED, "'%s' has more than %u attributes", schema->stream,
                         FRAME_MAX_COLUMNS);
    for (uint32_t i = 0; i < schema->n_attributes; i++) {
        const weir_attribute *a = &schema->attributes[i];
        if (a->type == WEIR_NONE || a->type >= WEIR_OBJECT)
            return weir_fail(err, WEIR_EUNSUPPORTED,
                             "the attribute '%s' is an object, which needs a format: @map(type='json')",
                             a->name);
        hash = XXH3_64bits_withSeed(a->name, strlen(a->name), hash + (uint64_t)a->type);
    }
    *out = hash;
    return WEIR_OK;
}

weir_status frame_writer_new(const weir_schema *schema, uint64_t sender, frame_writer **out,
                             weir_error *err) {
    uint64_t fingerprint;
    *out = NULL;
    WIRE_TRY(frame_fingerprint(schema, &fingerprint, err));
    frame_writer *w = calloc(1, sizeof *w);
    if (w) w->cols = calloc(schema->n_attributes + 1, sizeof *w->cols);
    if (!w || !w->cols) return free(w), no_memory(err);
    w->schema = schema;
    w->sender = sender;
    w->fingerprint = fingerprint;
    for (uint32_t i = 0; i < schema->n_attributes; i++) w->cols[i].type = schema->attributes[i].type;
    *out = w;
    return WEIR_OK;
}

void frame_writer_free(frame_writer *w) {
    if (!w) return;
    for (uint32_t i = 0; i < w->schema->n_attributes; i++) {
        free(w->cols[i].values.data);
        free(w->cols[i].texts.data);
        free(w->cols[i].valid.data);
    }
    free(w->ts.data);
    free(w->chunk_ends.data);
    free(w->cols);
    free(w);
}

uint32_t frame_writer_rows(const frame_writer *w) { return w->n_rows; }

size_t frame_writer_bytes(const frame_writer *w) {
    size_t n = w->ts.len + w->chunk_ends.len;
    for (uint32_t i = 0; i < w->schema->n_attributes; i++) n += w->cols[i].values.len + w->cols[i].texts.len;
    return n;
}

/* ---- Gathering ---------------------------------------------------------------------------------------- */

static bool reserve(bytes *b, size_t extra) {
    if (b->cap - b->len >= extra) return true;
    size_t cap = b->cap ? b->cap * 2 : 1024;
    while (cap - b->len < extra) cap *= 2;
    char *bigger = realloc(b->data, cap);
    if (!bigger) return false;
    b->data = bigger;
    b->cap = cap;
    return true;
}

/* The value of a row whose column holds objects: of its type, or null. */
static weir_value unboxed(const weir_column *from, uint32_t row, weir_type type) {
    const weir_object *o = ((weir_object *const *)from->data)[row];
    weir_value v = {.type = type, .is_null = true};
    if (o && weir_object_get_kind(o) == WEIR_OBJECT_VALUE) v = weir_object_get_value(o);
    if (v.type != type) v = (weir_value){.type = type, .is_null = true};
    return v;
}

static bool add_text(column *c, const weir_string *s) {
    if (c->texts.len + s->len > UINT32_MAX || !reserve(&c->texts, s->len)) return false;
    if (s->len) memcpy(c->texts.data + c->texts.len, weir_string_data(s), s->len);
    c->texts.len += s->len;
    return true;
}

static bool add_texts(column *c, const weir_column *from, const weir_batch *rows) {
    static const weir_string none;
    for (uint32_t k = 0; k < rows->n_sel; k++) {
        uint32_t row = weir_batch_row(rows, k);
        const weir_string *s = weir_is_null(from, row) ? &none : (const weir_string *)from->data + row;
        if (!add_text(c, s)) return false;
        uint32_t end = (uint32_t)c->texts.len;
        memcpy(c->values.data + c->values.len, &end, sizeof end);
        c->values.len += sizeof end;
    }
    return true;
}

static bool add_boxed(column *c, const weir_column *from, const weir_batch *rows, size_t first) {
    for (uint32_t k = 0; k < rows->n_sel; k++) {
        weir_value v = unboxed(from, weir_batch_row(rows, k), c->type);
        size_t size = frame_value_bytes[c->type];
        char *to = c->values.data + c->values.len;
        memset(to, 0, size);
        if (v.is_null) c->valid.data[first + k] = 0, c->has_nulls = true;
        if (c->type == WEIR_STRING) {
            if (!v.is_null && !add_text(c, &v.as.s)) return false;
            uint32_t end = (uint32_t)c->texts.len;
            memcpy(to, &end, sizeof end);
        } else if (!v.is_null) {
            memcpy(to, &v.as, size); /* little endian: a value lies at the union's beginning */
        }
        c->values.len += size;
    }
    return true;
}

#define GATHER(type)                                                                                         \
    do {                                                                                                     \
        const type *in = from->data;                                                                         \
        type *to = (type *)(void *)(c->values.data + c->values.len);                                         \
        for (uint32_t k = 0; k < n; k++) to[k] = in[rows->sel[k]];                                           \
    } while (0)

static void add_values(column *c, const weir_column *from, const weir_batch *rows) {
    uint32_t n = rows->n_sel;
    size_t size = frame_value_bytes[c->type];
    if (!rows->sel)
        memcpy(c->values.data + c->values.len, from->data, n * size);
    else if (size == 8)
        GATHER(uint64_t);
    else if (size == 4)
        GATHER(uint32_t);
    else
        GATHER(uint8_t);
    c->values.len += n * size;
}

static bool add_column(column *c, const weir_column *from, const weir_batch *rows) {
    uint32_t n = rows->n_sel;
    size_t first = c->valid.len;
    if (!reserve(&c->values, n * frame_value_bytes[c->type]) || !reserve(&c->valid, n)) return false;
    memset(c->valid.data + first, 1, n);
    for (uint32_t k = 0; from->valid && k < n; k++)
        if (weir_is_null(from, weir_batch_row(rows, k))) c->valid.data[first + k] = 0, c->has_nulls = true;
    c->valid.len += n;
    if (from->boxed) return add_boxed(c, from, rows, first);
    if (c->type == WEIR_STRING) return add_texts(c, from, rows);
    add_values(c, from, rows);
    return true;
}

/* Chunks as they are after the selection. While each is one row, none is written. */
static bool add_chunks(frame_writer *w, const weir_batch *rows) {
    uint32_t n_before = w->n_rows, k = 0;
    if (!rows->chunk_end && !w->is_chunked) return true;
    if (!reserve(&w->chunk_ends, ((size_t)rows->n_sel + (w->is_chunked ? 0 : n_before)) * 4)) return false;
    uint32_t *ends = (uint32_t *)(void *)w->chunk_ends.data;
    size_t n = w->chunk_ends.len / 4;
    for (uint32_t i = 0; !w->is_chunked && i < n_before; i++) ends[n++] = i + 1;
    w->is_chunked = true;
    for (uint32_t c = 0; c < rows->n_chunks && k < rows->n_sel; c++) {
        uint32_t first = k, end = weir_batch_chunk_end(rows, c);
        while (k < rows->n_sel && weir_batch_row(rows, k) < end) k++;
        if (k > first) ends[n++] = n_before + k;
    }
    w->chunk_ends.len = n * 4;
    return true;
}

static bool add_times(frame_writer *w, const weir_batch *rows) {
    if (!reserve(&w->ts, rows->n_sel * sizeof(int64_t))) return false;
    int64_t *to = (int64_t *)(void *)(w->ts.data + w->ts.len);
    for (uint32_t k = 0; k < rows->n_sel; k++) to[k] = rows->ts[weir_batch_row(rows, k)];
    w->ts.len += rows->n_sel * sizeof(int64_t);
    return true;
}

/* Takes back what a failed call has left. */
static void cut(frame_writer *w) {
    w->ts.len = w->n_rows * sizeof(int64_t);
    for (uint32_t i = 0; i < w->schema->n_attributes; i++) {
        column *c = &w->cols[i];
        size_t len = (size_t)w->n_rows * frame_value_bytes[c->type];
        if (c->values.len > len) c->values.len = len;
        if (c->valid.len > w->n_rows) c->valid.len = w->n_rows;
        uint32_t end = 0;
        if (c->type == WEIR_STRING && len) memcpy(&end, c->values.data + len - 4, 4);
        c->texts.len = end;
    }
}

weir_status frame_writer_add(frame_writer *w, const weir_batch *rows, weir_error *err) {
    bool is_well = add_times(w, rows);
    for (uint32_t i = 0; is_well && i < w->schema->n_attributes; i++)
        is_well = add_column(&w->cols[i], &rows->cols[i], rows);
    if (!is_well || !add_chunks(w, rows)) return cut(w), no_memory(err);
    w->n_rows += rows->n_sel;
    return WEIR_OK;
}

/* ---- The message -------------------------------------------------------------------------------------- */

static size_t message_size(const frame_writer *w) {
    size_t n = FRAME_HEAD + w->ts.len + frame_padded(w->chunk_ends.len);
    for (uint32_t i = 0; i < w->schema->n_attributes; i++) {
        const column *c = &w->cols[i];
        n += sizeof(frame_column_head) + frame_padded(c->values.len) + frame_padded(c->texts.len);
        if (c->has_nulls) n += (w->n_rows + 63) / 64 * 8;
    }
    return n;
}

static char *put(char *to, const void *data, size_t len) {
    if (len) memcpy(to, data, len);
    return to + frame_padded(len); /* the message was zeroed */
}

static char *put_column(const frame_writer *w, const column *c, char *to) {
    frame_column_head head = {(uint32_t)c->type, c->has_nulls, c->texts.len};
    to = put(to, &head, sizeof head);
    if (c->has_nulls) {
        uint64_t *bits = (uint64_t *)(void *)to;
        for (uint32_t r = 0; r < w->n_rows; r++) bits[r / 64] |= (uint64_t)c->valid.data[r] << (r & 63);
        to += (w->n_rows + 63) / 64 * 8;
    }
    to = put(to, c->values.data, c->values.len);
    return put(to, c->texts.data, c->texts.len);
}

static void forget(frame_writer *w) {
    w->n_rows = 0;
    w->is_chunked = false;
    w->ts.len = w->chunk_ends.len = 0;
    for (uint32_t i = 0; i < w->schema->n_attributes; i++) {
        column *c = &w->cols[i];
        c->values.len = c->texts.len = c->valid.len = 0;
        c->has_nulls = false;
    }
}

weir_status frame_writer_finish(frame_writer *w, uint64_t number, char **out, size_t *len, weir_error *err) {
    *len = message_size(w);
    char *message = *out = calloc(1, *len);
    if (!message) return no_memory(err);
    char *to = put(message + FRAME_HEAD, w->ts.data, w->ts.len);
    to = put(to, w->chunk_ends.data, w->chunk_ends.len);
    for (uint32_t i = 0; i < w->schema->n_attributes; i++) to = put_column(w, &w->cols[i], to);
    frame_head head = {.magic = FRAME_MAGIC,
                       .version = FRAME_VERSION,
                       .fingerprint = w->fingerprint,
                       .n_rows = w->n_rows,
                       .n_cols = w->schema->n_attributes,
                       .n_chunks = (uint32_t)(w->chunk_ends.len / 4),
                       .sender = w->sender,
                       .number = number,
                       .n_bytes = *len};
    memcpy(message, &head, sizeof head);
    head.check = XXH3_64bits(message + FRAME_CHECKED, *len - FRAME_CHECKED);
    memcpy(message, &head, sizeof head);
    forget(w);
    return WEIR_OK;
}
