/* writer.c: the writing half of writer.h. */
#include "state/writer.h"

#include "data/object.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "state/encoding.h"

void wr_writer_init(weir_writer *w) { memset(w, 0, sizeof *w); }

void wr_writer_fini(weir_writer *w) {
    wr_buf_fini(&w->buf);
    wr_writer_init(w);
}

weir_status wr_writer_status(const weir_writer *w, weir_error *err) {
    if (w->buf.failed) return weir_fail(err, WEIR_ENOMEM, "no memory to save state");
    if (w->status == WEIR_ELIMIT)
        return weir_fail(err, WEIR_ELIMIT, "saved state nests sections more than %u deep", WR_SECTION_DEPTH);
    if (w->status || w->depth) return weir_fail(err, WEIR_EUSAGE, "sections of saved state do not match");
    return WEIR_OK;
}

void weir_write_bytes(weir_writer *w, const void *bytes, size_t len) {
    if (!w->status) wr_buf_put(&w->buf, bytes, len);
}

/* Numbers, which are most of what is written. */
static inline void put(weir_writer *w, const unsigned char *bytes, size_t len) {
    wr_buf *b = &w->buf;
    if (WR_UNLIKELY(w->status || b->failed || b->cap - b->len <= len)) {
        weir_write_bytes(w, bytes, len);
        return;
    }
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = 0;
}

void wr_write_u8(weir_writer *w, uint8_t v) { put(w, &v, 1); }

void weir_write_u32(weir_writer *w, uint32_t v) {
    unsigned char b[4];
    wr_put_u32(b, v);
    put(w, b, sizeof b);
}

void wr_write_u64(weir_writer *w, uint64_t v) {
    unsigned char b[8];
    wr_put_u64(b, v);
    put(w, b, sizeof b);
}

void weir_write_i64(weir_writer *w, int64_t v) { wr_write_u64(w, (uint64_t)v); }

void weir_write_f64(weir_writer *w, double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    wr_write_u64(w, bits);
}

void weir_write_string(weir_writer *w, const weir_string *s) {
    weir_write_u32(w, s->len);
    weir_write_bytes(w, weir_string_data(s), s->len);
}

void wr_write_text(weir_writer *w, const char *text) {
    size_t len = strlen(text);
    if (len > UINT32_MAX) len = UINT32_MAX;
    weir_write_u32(w, (uint32_t)len);
    weir_write_bytes(w, text, len);
}

/* ---- Values ------------------------------------------------------------------------------------------- */

static void write_set(weir_writer *w, const weir_object *o) {
    uint32_t n = weir_object_set_size(o);
    weir_write_u32(w, n);
    for (uint32_t i = 0; i < n; i++) {
        weir_value v = weir_object_set_member(o, i);
        weir_write_value(w, &v);
    }
}

static void write_list(weir_writer *w, const weir_object *o) {
    uint32_t n = weir_object_list_size(o);
    wr_write_u8(w, o->is_json);
    weir_write_u32(w, n);
    for (uint32_t i = 0; i < n; i++) {
        weir_value v = weir_object_list_at(o, i);
        weir_write_value(w, &v);
    }
}

static void write_map(weir_writer *w, const weir_object *o) {
    uint32_t cursor = 0;
    weir_value key, value;
    wr_write_u8(w, (uint8_t)(o->u.map.order | (o->is_json ? WR_SAVED_JSON : 0)));
    uint32_t n = weir_object_map_size(o);
    weir_write_u32(w, WR_MIN(o->u.map.n_buckets, wr_map_most_buckets(n)));
    weir_write_u32(w, n);
    while (weir_object_map_next(o, &cursor, &key, &value)) {
        weir_write_value(w, &key);
        weir_write_value(w, &value);
    }
}

static void write_object(weir_writer *w, const weir_object *o) {
    weir_value v;
    weir_object_kind kind = weir_object_get_kind(o);
    wr_write_u8(w, (uint8_t)kind);
    switch (kind) {
    case WEIR_OBJECT_SET: write_set(w, o); break;
    case WEIR_OBJECT_LIST: write_list(w, o); break;
    case WEIR_OBJECT_MAP: write_map(w, o); break;
    default: v = weir_object_get_value(o); weir_write_value(w, &v);
    }
}

void weir_write_value(weir_writer *w, const weir_value *v) {
    uint32_t half;
    wr_write_u8(w, (uint8_t)(v->type | (v->is_null ? WR_VALUE_NULL : 0)));
    if (v->is_null) return;
    switch (v->type) {
    case WEIR_INT: weir_write_u32(w, (uint32_t)v->as.i); break;
    case WEIR_LONG: weir_write_i64(w, v->as.l); break;
    case WEIR_FLOAT:
        memcpy(&half, &v->as.f, sizeof half);
        weir_write_u32(w, half);
        break;
    case WEIR_DOUBLE: weir_write_f64(w, v->as.d); break;
    case WEIR_BOOL: wr_write_u8(w, v->as.b); break;
    case WEIR_STRING: weir_write_string(w, &v->as.s); break;
    case WEIR_OBJECT: write_object(w, v->as.o); break;
    default: break;
    }
}

/* ---- Sections ----------------------------------------------------------------------------------------- */

void wr_writer_begin_section(weir_writer *w, uint32_t tag, uint32_t version) {
    if (w->depth == WR_SECTION_DEPTH) {
        if (!w->status) w->status = WEIR_ELIMIT;
        return;
    }
    w->open[w->depth++] = w->buf.len;
    weir_write_u32(w, tag);
    weir_write_u32(w, version);
    wr_write_u64(w, 0); /* length and checksum: at the end */
    wr_write_u64(w, 0);
}

void wr_writer_end_section(weir_writer *w) {
    if (w->depth == 0 && !w->status) w->status = WEIR_EUSAGE;
    if (w->depth == 0) return;
    size_t header = w->open[--w->depth];
    if (w->status || w->buf.failed) return;
    unsigned char *at = (unsigned char *)w->buf.data + header;
    size_t len = w->buf.len - header - WR_SECTION_HEADER;
    wr_put_u64(at + 8, len);
    wr_put_u64(at + 16, XXH3_64bits(at + WR_SECTION_HEADER, len));
}

uint64_t wr_section_checksum(const void *header) { return wr_get_u64((const unsigned char *)header + 16); }
