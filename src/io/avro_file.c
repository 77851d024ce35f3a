/* avro_file.c: see avro_file.h. */
#include "io/avro_file.h"

#include <string.h>

#include "base/hash.h"

static const char magic[4] = {'O', 'b', 'j', 1};

/* ---- Reading ------------------------------------------------------------------------------------------ */

static bool is_key(const char *key, size_t len, const char *name) {
    return strlen(name) == len && memcmp(key, name, len) == 0;
}

/* One entry of the metadata. False: it is damaged, or not whole (in->wrong). */
static bool take_entry(wr_avro_input *in, wr_avro_header *h, const char **wrong) {
    int64_t key_len = wr_avro_take_long(in);
    const char *key = key_len < 0 ? NULL : wr_avro_take_bytes(in, (uint64_t)key_len);
    int64_t len = key ? wr_avro_take_long(in) : 0;
    const char *value = !key || len < 0 ? NULL : wr_avro_take_bytes(in, (uint64_t)len);
    if (key_len < 0 || len < 0) *wrong = "its header is damaged";
    if (!value) return false;
    if (is_key(key, (size_t)key_len, "avro.schema")) {
        h->schema = value;
        h->schema_len = (size_t)len;
    } else if (is_key(key, (size_t)key_len, "avro.codec")) {
        h->codec = wr_avro_codec_find(value, (size_t)len);
    }
    return true;
}

static bool take_entries(wr_avro_input *in, wr_avro_header *h, const char **wrong) {
    for (int64_t n; (n = wr_avro_take_long(in)) != 0;) {
        if (n == INT64_MIN) *wrong = "its header is damaged";
        if (n < 0) {
            n = -n;
            (void)wr_avro_take_long(in); /* the size of the block */
        }
        for (; n && !in->wrong && !*wrong; n--)
            if (!take_entry(in, h, wrong)) return false;
        if (in->wrong || *wrong) return false;
    }
    return !in->wrong;
}

wr_avro_found wr_avro_read_header(const char *bytes, size_t len, wr_avro_header *out, const char **wrong) {
    wr_avro_input in = {(const unsigned char *)bytes, (const unsigned char *)bytes + len, NULL, 0};
    size_t shown = len < sizeof magic ? len : sizeof magic;
    *out = (wr_avro_header){.codec = WR_AVRO_PLAIN};
    *wrong = NULL;
    if (memcmp(bytes, magic, shown) != 0) {
        *wrong = "this is no Avro file";
        return WR_AVRO_DAMAGED;
    }
    const char *sync = NULL;
    if (wr_avro_take_bytes(&in, sizeof magic) && take_entries(&in, out, wrong))
        sync = wr_avro_take_bytes(&in, WR_AVRO_SYNC);
    if (*wrong) return WR_AVRO_DAMAGED;
    if (!sync) return WR_AVRO_CUT;
    memcpy(out->sync, sync, WR_AVRO_SYNC);
    out->size = (size_t)((const char *)in.at - bytes);
    if (!out->schema) *wrong = "its header has no schema";
    if (out->codec == WR_AVRO_N_CODECS)
        *wrong = "it is packed with a codec that weir doesn't know (null, deflate, zstandard and snappy are "
                 "known)";
    return *wrong ? WR_AVRO_DAMAGED : WR_AVRO_WHOLE;
}

wr_avro_found wr_avro_read_block(const char *bytes, size_t len, const char *sync, size_t limit,
                                 wr_avro_block *out, const char **wrong) {
    wr_avro_input in = {(const unsigned char *)bytes, (const unsigned char *)bytes + len, NULL, 0};
    int64_t n = wr_avro_take_long(&in), size = wr_avro_take_long(&in);
    *wrong = NULL;
    if (in.wrong && len >= 20) *wrong = "a block's head is damaged";
    if (!in.wrong && (n < 0 || size < 0)) *wrong = "a block's head is damaged";
    if (!in.wrong && size >= 0 && (uint64_t)size > limit)
        *wrong = "a block is larger than block.limit, or damaged";
    if (*wrong) return WR_AVRO_DAMAGED;
    const char *data = in.wrong ? NULL : wr_avro_take_bytes(&in, (uint64_t)size);
    const char *end = data ? wr_avro_take_bytes(&in, WR_AVRO_SYNC) : NULL;
    if (!end) return WR_AVRO_CUT;
    *out = (wr_avro_block){(uint64_t)n, data, (size_t)size, (size_t)((const char *)in.at - bytes)};
    if (memcmp(end, sync, WR_AVRO_SYNC) == 0) return WR_AVRO_WHOLE;
    *wrong = "a block doesn't end in the file's sync marker";
    return WR_AVRO_DAMAGED;
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

static void put_long(wr_buf *out, int64_t v) {
    uint64_t u = (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
    for (; u >= 0x80; u >>= 7) wr_buf_putc(out, (char)(u | 0x80));
    wr_buf_putc(out, (char)u);
}

static void put_entry(wr_buf *out, const char *key, const char *value, size_t len) {
    put_long(out, (int64_t)strlen(key));
    wr_buf_puts(out, key);
    put_long(out, (int64_t)len);
    wr_buf_put(out, value, len);
}

void wr_avro_write_header(wr_buf *out, const char *schema, size_t len, wr_avro_codec codec,
                          const char *sync) {
    const char *name = wr_avro_codec_name(codec);
    wr_buf_put(out, magic, sizeof magic);
    put_long(out, 2);
    put_entry(out, "avro.schema", schema, len);
    put_entry(out, "avro.codec", name, strlen(name));
    put_long(out, 0);
    wr_buf_put(out, sync, WR_AVRO_SYNC);
}

void wr_avro_write_block(wr_buf *out, uint64_t n_records, const char *data, size_t len, wr_avro_codec codec,
                         const char *sync) {
    wr_buf packed = WR_BUF_INIT;
    wr_avro_pack(codec, data, len, &packed);
    put_long(out, (int64_t)n_records);
    put_long(out, (int64_t)packed.len);
    wr_buf_put(out, packed.data, packed.len);
    wr_buf_put(out, sync, WR_AVRO_SYNC);
    out->failed |= packed.failed;
    wr_buf_fini(&packed);
}

void wr_avro_sync_of(const char *schema, size_t len, wr_avro_codec codec, char *sync) {
    uint64_t of_schema = wr_hash_bytes(schema, len);
    for (unsigned i = 0; i < 2; i++) {
        uint64_t h = wr_hash_pair(of_schema, (uint64_t)codec * 2 + i);
        memcpy(sync + 8 * i, &h, 8);
    }
}
