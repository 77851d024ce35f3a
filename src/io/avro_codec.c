/* avro_codec.c: see avro_codec.h. Snappy's format is that of its format_description.txt; it is unpacked here
 * because its library would bring the C++ runtime into the core. */
#include "io/avro_codec.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/compiler.h"

#define ZSTD_LEVEL      3
#define ZSTD_MAX_WINDOW 27
#define CRC_BYTES       4 /* behind a block of snappy */

static const char *const names[WR_AVRO_N_CODECS] = {"null", "deflate", "zstandard", "snappy"};
static const char no_memory[] = "no memory to unpack it";
static const char too_large[] = "it is larger than block.limit";

const char *wr_avro_codec_name(wr_avro_codec codec) { return names[codec]; }

wr_avro_codec wr_avro_codec_find(const char *name, size_t len) {
    for (int c = 0; c < WR_AVRO_N_CODECS; c++)
        if (strlen(names[c]) == len && memcmp(names[c], name, len) == 0) return (wr_avro_codec)c;
    return WR_AVRO_N_CODECS;
}

/* Room for some bytes more, within the limit; NULL: done. */
static const char *make_room(wr_buf *out, size_t begin, size_t limit, size_t want, size_t *room) {
    size_t used = out->len - begin;
    if (used >= limit) return too_large;
    *room = WR_MIN(want, limit - used);
    return wr_buf_reserve(out, *room) ? NULL : no_memory;
}

/* ---- Deflate ------------------------------------------------------------------------------------------ */

static const char *inflate_all(z_stream *z, size_t limit, wr_buf *out) {
    size_t begin = out->len, room;
    for (;;) {
        const char *wrong = make_room(out, begin, limit, (size_t)64 << 10, &room);
        if (wrong) return wrong;
        z->next_out = (Bytef *)out->data + out->len;
        z->avail_out = (uInt)room;
        int result = inflate(z, Z_NO_FLUSH);
        out->len += room - z->avail_out;
        if (result == Z_STREAM_END) return NULL; /* some writers leave part of a check sum behind it */
        if (result != Z_OK || (z->avail_in == 0 && z->avail_out)) return "damaged deflate data";
    }
}

static const char *undeflate(const char *bytes, size_t len, size_t limit, wr_buf *out) {
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)len};
    if (len > UINT32_MAX || inflateInit2(&z, -MAX_WBITS) != Z_OK) return no_memory;
    const char *wrong = inflate_all(&z, limit, out);
    inflateEnd(&z);
    return wrong;
}

static void deflate_all(const char *bytes, size_t len, wr_buf *out) {
    z_stream z = {0};
    if (len > UINT32_MAX ||
        deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        out->failed = true;
        return;
    }
    size_t bound = deflateBound(&z, (uLong)len);
    z.next_in = (Bytef *)(uintptr_t)bytes;
    z.avail_in = (uInt)len;
    if (wr_buf_reserve(out, bound)) {
        z.next_out = (Bytef *)out->data + out->len;
        z.avail_out = (uInt)bound;
        out->failed |= deflate(&z, Z_FINISH) != Z_STREAM_END;
        out->len += bound - z.avail_out;
    }
    deflateEnd(&z);
}

/* ---- Zstandard ---------------------------------------------------------------------------------------- */

static const char *unzstd_all(ZSTD_DStream *z, const char *bytes, size_t len, size_t limit, wr_buf *out) {
    ZSTD_inBuffer in = {bytes, len, 0};
    size_t begin = out->len, room;
    for (;;) {
        const char *wrong = make_room(out, begin, limit, (size_t)64 << 10, &room);
        if (wrong) return wrong;
        ZSTD_outBuffer o = {out->data + out->len, room, 0};
        size_t result = ZSTD_decompressStream(z, &o, &in);
        out->len += o.pos;
        if (ZSTD_isError(result)) return "damaged zstandard data";
        if (result == 0 && in.pos == in.size) return NULL;
        if (in.pos == in.size && o.pos < o.size) return "damaged zstandard data";
    }
}

static const char *unzstd(const char *bytes, size_t len, size_t limit, wr_buf *out) {
    ZSTD_DStream *z = ZSTD_createDStream();
    if (!z) return no_memory;
    ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ZSTD_MAX_WINDOW);
    const char *wrong = unzstd_all(z, bytes, len, limit, out);
    ZSTD_freeDStream(z);
    return wrong;
}

static void zstd_all(const char *bytes, size_t len, wr_buf *out) {
    size_t bound = ZSTD_compressBound(len);
    if (!wr_buf_reserve(out, bound)) return;
    size_t n = ZSTD_compress(out->data + out->len, bound, bytes, len, ZSTD_LEVEL);
    out->failed |= ZSTD_isError(n) != 0;
    if (!ZSTD_isError(n)) out->len += n;
}

/* ---- Snappy ------------------------------------------------------------------------------------------- */

typedef struct snappy {
    const unsigned char *at, *end;
    wr_buf *out;
    size_t begin, size; /* of what is unpacked */
} snappy;

static bool take_size(snappy *s) {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 35 && s->at < s->end; shift += 7) {
        unsigned char byte = *s->at++;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return s->size = (size_t)v, v <= UINT32_MAX;
    }
    return false;
}

/* n little-endian bytes; false: they are not there. */
static bool take_number(snappy *s, unsigned n, size_t *out) {
    if ((size_t)(s->end - s->at) < n) return false;
    *out = 0;
    for (unsigned i = 0; i < n; i++) *out |= (size_t)s->at[i] << (8 * i);
    s->at += n;
    return true;
}

static bool has_room(const snappy *s, size_t n) { return n <= s->size - (s->out->len - s->begin); }

static bool put_literal(snappy *s, unsigned tag) {
    size_t len = tag >> 2;
    if (len >= 60 && !take_number(s, (unsigned)len - 59, &len)) return false;
    len++;
    if (len > (size_t)(s->end - s->at) || !has_room(s, len)) return false;
    wr_buf_put(s->out, s->at, len);
    s->at += len;
    return true;
}

/* Bytes of before once more; they may overlap with what is put. */
static bool put_copy(snappy *s, unsigned tag) {
    size_t len = (tag >> 2) + 1, offset = 0;
    if ((tag & 3) == 1) {
        len = (tag >> 2 & 7) + 4;
        if (!take_number(s, 1, &offset)) return false;
        offset |= (size_t)(tag >> 5) << 8;
    } else if (!take_number(s, (tag & 3) == 2 ? 2 : 4, &offset))
        return false;
    if (!offset || offset > s->out->len - s->begin || !has_room(s, len)) return false;
    char *to = s->out->data + s->out->len;
    for (size_t i = 0; i < len; i++) to[i] = to[i - offset];
    s->out->len += len;
    return true;
}

static const char *unsnappy(const char *bytes, size_t len, size_t limit, wr_buf *out) {
    snappy s = {.at = (const unsigned char *)bytes, .out = out, .begin = out->len};
    size_t crc, i;
    if (len < CRC_BYTES) return "damaged snappy data";
    s.end = s.at + len - CRC_BYTES;
    if (!take_size(&s)) return "damaged snappy data";
    if (s.size > limit) return too_large;
    if (!wr_buf_reserve(out, s.size + 1)) return no_memory;
    while (s.at < s.end) {
        unsigned tag = *s.at++;
        if (!(tag & 3 ? put_copy(&s, tag) : put_literal(&s, tag))) return "damaged snappy data";
    }
    if (out->len - s.begin != s.size) return "damaged snappy data";
    for (crc = 0, i = 0; i < CRC_BYTES; i++) crc = crc << 8 | s.end[i];
    if (crc != crc32(0, (const Bytef *)out->data + s.begin, (uInt)s.size)) return "its check sum is wrong";
    return NULL;
}

/* ---- All ---------------------------------------------------------------------------------------------- */

static const char *copy(const char *bytes, size_t len, size_t limit, wr_buf *out) {
    if (len > limit) return too_large;
    wr_buf_put(out, bytes, len);
    return out->failed ? no_memory : NULL;
}

const char *wr_avro_unpack(wr_avro_codec codec, const char *bytes, size_t len, size_t limit, wr_buf *out) {
    static const char *(*const by_codec[WR_AVRO_N_CODECS])(const char *, size_t, size_t,
                                                           wr_buf *) = {copy, undeflate, unzstd, unsnappy};
    return by_codec[codec](bytes, len, limit, out);
}

void wr_avro_pack(wr_avro_codec codec, const char *bytes, size_t len, wr_buf *out) {
    if (codec == WR_AVRO_DEFLATE)
        deflate_all(bytes, len, out);
    else if (codec == WR_AVRO_ZSTD)
        zstd_all(bytes, len, out);
    else
        wr_buf_put(out, bytes, len);
}
