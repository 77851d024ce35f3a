/* avro_container.c: see avro_container.h. */
#include "io/avro_container.h"

#include <string.h>

static void drop_block(wr_avro_container *c) {
    c->n_left = c->n_done = c->n_skip = 0;
    c->at = c->block_bytes = 0;
}

void wr_avro_container_reset(wr_avro_container *c) {
    c->has_header = c->is_lost = c->is_searching = false;
    wr_buf_clear(&c->schema);
    drop_block(c);
}

void wr_avro_container_fini(wr_avro_container *c) {
    wr_buf_fini(&c->schema);
    wr_buf_fini(&c->unpacked);
}

/* ---- Damage ------------------------------------------------------------------------------------------- */

/* What begins at *consumed is damaged: its first byte is passed over, and then all up to a sync marker. */
static wr_avro_next damaged(wr_avro_container *c) {
    c->is_searching = c->has_header;
    c->is_lost = !c->has_header;
    drop_block(c);
    return WR_AVRO_BAD_NEXT;
}

/* False: the marker is not there yet. */
static bool search(wr_avro_container *c, const char *bytes, size_t len, bool ends, size_t *consumed) {
    const char *p = bytes + *consumed, *found = memmem(p, len - *consumed, c->sync, WR_AVRO_SYNC);
    if (found) {
        *consumed = (size_t)(found - bytes) + WR_AVRO_SYNC;
        c->is_searching = false;
        return true;
    }
    size_t left = len - *consumed;
    *consumed = ends ? len : left < WR_AVRO_SYNC ? *consumed : len - (WR_AVRO_SYNC - 1);
    return false;
}

/* ---- Header and blocks -------------------------------------------------------------------------------- */

static wr_avro_next next_header(wr_avro_container *c, const char *bytes, size_t len, bool ends,
                                size_t *consumed, const char **wrong) {
    wr_avro_header h;
    size_t shown = WR_MIN(len - *consumed, c->limit);
    wr_avro_found found = wr_avro_read_header(bytes + *consumed, shown, &h, wrong);
    if (found == WR_AVRO_CUT && shown == c->limit) {
        *wrong = "its header is larger than block.limit, or damaged";
        found = WR_AVRO_DAMAGED;
    }
    if (found == WR_AVRO_CUT && !ends) return WR_AVRO_MORE_NEXT;
    if (found == WR_AVRO_CUT) *wrong = "the file ends within its header";
    if (found != WR_AVRO_WHOLE) return damaged(c);
    wr_buf_clear(&c->schema);
    wr_buf_put(&c->schema, h.schema, h.schema_len);
    if (c->schema.failed) return WR_AVRO_NOMEM_NEXT;
    c->codec = h.codec;
    memcpy(c->sync, h.sync, WR_AVRO_SYNC);
    c->has_header = true;
    *consumed += h.size;
    return WR_AVRO_HEADER_NEXT;
}

/* Records of no bytes are counted: a block can't make more work than its bytes. */
static bool is_plausible(const wr_avro_container *c, uint64_t n_records) {
    return n_records <= c->unpacked.len + WR_AVRO_EMPTY_ITEMS;
}

static const char *unpack_block(wr_avro_container *c, const wr_avro_block *b) {
    wr_buf_clear(&c->unpacked);
    const char *wrong = wr_avro_unpack(c->codec, b->data, b->len, c->limit, &c->unpacked);
    if (wrong) return wrong;
    if (!is_plausible(c, b->n_records)) return "a block says that it has more records than bytes";
    if (b->n_records < c->n_done) return "a block has fewer records than were read of it before";
    c->block_bytes = b->size;
    c->n_skip = c->n_done;
    c->n_left = b->n_records - c->n_done;
    return NULL;
}

/* The next block that has records. */
static wr_avro_next next_block(wr_avro_container *c, const char *bytes, size_t len, bool ends,
                               size_t *consumed, const char **wrong) {
    while (*consumed < len) {
        wr_avro_block b;
        wr_avro_found found =
            wr_avro_read_block(bytes + *consumed, len - *consumed, c->sync, c->limit, &b, wrong);
        if (found == WR_AVRO_CUT && !ends) return WR_AVRO_MORE_NEXT;
        if (found == WR_AVRO_CUT) *wrong = "the file ends within a block";
        if (found != WR_AVRO_WHOLE) return damaged(c);
        *wrong = unpack_block(c, &b);
        if (c->unpacked.failed) return WR_AVRO_NOMEM_NEXT;
        if (c->n_left) return WR_AVRO_RECORD_NEXT;
        *consumed += b.size; /* it is empty, or lost: where it ends is known */
        drop_block(c);
        if (*wrong) return WR_AVRO_BAD_NEXT;
    }
    return WR_AVRO_MORE_NEXT;
}

wr_avro_next wr_avro_container_next(wr_avro_container *c, const char *bytes, size_t len, bool ends,
                                    size_t *consumed, const char **wrong) {
    if (c->n_left) return WR_AVRO_RECORD_NEXT;
    if (c->is_lost) *consumed = len;
    if (*consumed == len) return WR_AVRO_MORE_NEXT;
    if (c->is_searching && !search(c, bytes, len, ends, consumed)) return WR_AVRO_MORE_NEXT;
    return c->has_header ? next_block(c, bytes, len, ends, consumed, wrong)
                         : next_header(c, bytes, len, ends, consumed, wrong);
}

void wr_avro_container_skipped(wr_avro_container *c, size_t at) {
    c->at = at;
    c->n_skip--;
}

void wr_avro_container_done(wr_avro_container *c, size_t at, size_t *consumed) {
    c->at = at;
    c->n_done++;
    if (--c->n_left) return;
    *consumed += c->block_bytes;
    drop_block(c);
}

uint64_t wr_avro_container_give_up(wr_avro_container *c, size_t *consumed) {
    uint64_t n = c->n_left;
    *consumed += c->block_bytes;
    drop_block(c);
    return n;
}

/* ---- Saving ------------------------------------------------------------------------------------------- */

void wr_avro_container_save(const wr_avro_container *c, weir_writer *w) {
    weir_write_u32(w, (c->has_header ? 1u : 0) | (c->is_lost ? 2u : 0) | (c->is_searching ? 4u : 0));
    weir_write_u32(w, c->codec);
    weir_write_bytes(w, c->sync, WR_AVRO_SYNC);
    weir_write_u32(w, (uint32_t)c->schema.len);
    if (c->schema.len) weir_write_bytes(w, c->schema.data, c->schema.len);
    weir_write_i64(w, (int64_t)c->n_done);
}

weir_status wr_avro_container_load(wr_avro_container *c, weir_reader *r, weir_error *err) {
    uint32_t flags = weir_read_u32(r), codec = weir_read_u32(r);
    wr_avro_container_reset(c);
    weir_read_bytes(r, c->sync, WR_AVRO_SYNC);
    uint32_t len = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (flags > 7 || codec >= WR_AVRO_N_CODECS || len > weir_reader_left(r))
        return weir_fail(err, WEIR_ESTATE, "avro: its saved state is damaged");
    if (!wr_buf_reserve(&c->schema, (size_t)len + 1)) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    weir_read_bytes(r, c->schema.data, len);
    c->schema.len = len;
    c->schema.data[len] = 0;
    int64_t n_done = weir_read_i64(r);
    WR_TRY(weir_reader_status(r, err));
    if (n_done < 0) return weir_fail(err, WEIR_ESTATE, "avro: its saved state is damaged");
    c->has_header = flags & 1;
    c->is_lost = flags & 2;
    c->is_searching = flags & 4;
    c->codec = (wr_avro_codec)codec;
    c->n_done = (uint64_t)n_done;
    return WEIR_OK;
}
