/* packer.c: see packer.h. */
#include "io/packer.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define STEP_BYTES ((size_t)64 * 1024)

static bool has_ending(const char *name, const char *ending) {
    size_t n = strlen(name), k = strlen(ending);
    return n >= k && strcmp(name + n - k, ending) == 0;
}

wr_packing wr_packing_of(const char *name, wr_packing packing) {
    if (packing != WR_PACKING_AUTO) return packing;
    if (has_ending(name, ".gz")) return WR_PACKING_GZIP;
    return has_ending(name, ".zst") ? WR_PACKING_ZSTD : WR_PACKING_NONE;
}

void wr_packer_init(wr_packer *p, wr_packing packing) { *p = (wr_packer){.packing = packing}; }

void wr_packer_fini(wr_packer *p) {
    if (p->state && p->packing == WR_PACKING_GZIP) {
        deflateEnd(p->state);
        wr_free(NULL, p->state, sizeof(z_stream));
    } else if (p->state) {
        ZSTD_freeCStream(p->state);
    }
    *p = (wr_packer){.packing = p->packing};
}

static weir_status no_memory(weir_error *err) { return weir_fail(err, WEIR_ENOMEM, "no memory to compress"); }

static weir_status open_state(wr_packer *p, weir_error *err) {
    if (p->state) return WEIR_OK;
    if (p->packing == WR_PACKING_ZSTD) {
        p->state = ZSTD_createCStream();
    } else {
        z_stream *z = wr_alloc_zero(NULL, sizeof *z);
        if (z && deflateInit2(z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
            wr_free(NULL, z, sizeof *z);
            z = NULL;
        }
        p->state = z;
    }
    return p->state ? WEIR_OK : no_memory(err);
}

static weir_status deflate_all(z_stream *z, const char *bytes, size_t len, int mode, wr_buf *out,
                               weir_error *err) {
    z->next_in = (Bytef *)(uintptr_t)bytes;
    do {
        z->avail_in = (uInt)WR_MIN(len, STEP_BYTES);
        len -= z->avail_in;
        int step_mode = len ? Z_NO_FLUSH : mode;
        do {
            if (!wr_buf_reserve(out, STEP_BYTES)) return no_memory(err);
            z->next_out = (Bytef *)out->data + out->len;
            z->avail_out = (uInt)STEP_BYTES;
            (void)deflate(z, step_mode); /* can't fail: the stream is in order and has room */
            out->len += STEP_BYTES - z->avail_out;
        } while (!z->avail_out);
    } while (len);
    out->data[out->len] = 0;
    if (mode == Z_FINISH) deflateReset(z);
    return WEIR_OK;
}

static weir_status zstd_all(ZSTD_CStream *z, const char *bytes, size_t len, ZSTD_EndDirective mode,
                            wr_buf *out, weir_error *err) {
    ZSTD_inBuffer in = {bytes, len, 0};
    size_t left;
    do {
        if (!wr_buf_reserve(out, STEP_BYTES)) return no_memory(err);
        ZSTD_outBuffer o = {out->data + out->len, STEP_BYTES, 0};
        left = ZSTD_compressStream2(z, &o, &in, mode);
        if (ZSTD_isError(left)) return weir_fail(err, WEIR_EIO, "zstd: %s", ZSTD_getErrorName(left));
        out->len += o.pos;
    } while (in.pos < len || (mode != ZSTD_e_continue && left));
    out->data[out->len] = 0;
    return WEIR_OK;
}

weir_status wr_packer_put(wr_packer *p, const char *bytes, size_t len, wr_buf *out, weir_error *err) {
    if (!len) return WEIR_OK;
    if (p->packing == WR_PACKING_NONE) {
        wr_buf_put(out, bytes, len);
        return out->failed ? no_memory(err) : WEIR_OK;
    }
    WR_TRY(open_state(p, err));
    p->is_midway = true;
    return p->packing == WR_PACKING_GZIP ? deflate_all(p->state, bytes, len, Z_NO_FLUSH, out, err)
                                         : zstd_all(p->state, bytes, len, ZSTD_e_continue, out, err);
}

weir_status wr_packer_flush(wr_packer *p, bool end, wr_buf *out, weir_error *err) {
    if (!p->is_midway) return WEIR_OK;
    p->is_midway = !end;
    return p->packing == WR_PACKING_GZIP
               ? deflate_all(p->state, "", 0, end ? Z_FINISH : Z_SYNC_FLUSH, out, err)
               : zstd_all(p->state, "", 0, end ? ZSTD_e_end : ZSTD_e_flush, out, err);
}
