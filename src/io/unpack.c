/* unpack.c: see unpack.h. */
#include "io/unpack.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/alloc.h"

#define IN_BYTES    ((size_t)128 * 1024)
#define MAGIC_BYTES 4
#define MAX_WINDOW  27 /* zstd frames that need more than 128 MB to unpack are refused */

void wr_unpack_init(wr_unpack *u, wr_packing packing) { *u = (wr_unpack){.packing = packing}; }

static void drop_state(wr_unpack *u) {
    if (!u->state) return;
    if (u->packing == WR_PACKING_GZIP) {
        inflateEnd(u->state);
        wr_free(NULL, u->state, sizeof(z_stream));
    } else {
        ZSTD_freeDStream(u->state);
    }
    u->state = NULL;
}

void wr_unpack_fini(wr_unpack *u) {
    drop_state(u);
    if (u->in) wr_free(NULL, u->in, IN_BYTES);
    u->in = NULL;
}

/* One read(2); *got 0 with has_ended at the end of the file, without it when there is nothing now. */
static weir_status read_raw(wr_unpack *u, int fd, char *out, size_t room, size_t *got, weir_error *err) {
    ssize_t n;
    do n = read(fd, out, room);
    while (n < 0 && errno == EINTR);
    *got = 0;
    if (n < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) return WEIR_OK;
        weir_fail(err, WEIR_EIO, "can't read: %s", strerror(errno));
        if (err) err->retriable = errno != EISDIR && errno != EBADF;
        return WEIR_EIO;
    }
    u->has_ended = n == 0;
    u->n_raw += (uint64_t)n;
    *got = (size_t)n;
    return WEIR_OK;
}

static weir_status fill(wr_unpack *u, int fd, weir_error *err) {
    if (!u->in && !(u->in = wr_alloc(NULL, IN_BYTES))) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    if (u->in_begin && u->in_begin == u->in_end) u->in_begin = u->in_end = 0;
    if (u->in_end == IN_BYTES) return WEIR_OK;
    size_t got;
    WR_TRY(read_raw(u, fd, u->in + u->in_end, IN_BYTES - u->in_end, &got, err));
    u->in_end += got;
    return WEIR_OK;
}

static void detect(wr_unpack *u) {
    const char *p = u->in + u->in_begin;
    size_t len = u->in_end - u->in_begin;
    if (len >= 2 && memcmp(p, "\x1f\x8b", 2) == 0)
        u->packing = WR_PACKING_GZIP;
    else if (len >= MAGIC_BYTES && memcmp(p, "\x28\xb5\x2f\xfd", MAGIC_BYTES) == 0)
        u->packing = WR_PACKING_ZSTD;
    else if (len >= MAGIC_BYTES || u->has_ended || (len && *p != '\x1f' && *p != '\x28'))
        u->packing = WR_PACKING_NONE;
}

static weir_status open_state(wr_unpack *u, weir_error *err) {
    if (u->packing == WR_PACKING_ZSTD) {
        u->state = ZSTD_createDStream();
        if (u->state) ZSTD_DCtx_setParameter(u->state, ZSTD_d_windowLogMax, MAX_WINDOW);
    } else {
        z_stream *z = wr_alloc_zero(NULL, sizeof *z);
        if (z && inflateInit2(z, 15 + 16) != Z_OK) { /* 16: gzip framing only */
            wr_free(NULL, z, sizeof *z);
            z = NULL;
        }
        u->state = z;
    }
    return u->state ? WEIR_OK : weir_fail(err, WEIR_ENOMEM, "no memory to decompress");
}

static weir_status damaged(const wr_unpack *u, const char *what, weir_error *err) {
    weir_fail(err, WEIR_EPARSE, "damaged %s data near byte %llu: %s",
              u->packing == WR_PACKING_GZIP ? "gzip" : "zstd",
              (unsigned long long)(u->n_raw - (u->in_end - u->in_begin)), what);
    if (err) err->fatal = true;
    return WEIR_EPARSE;
}

static weir_status inflate_some(wr_unpack *u, char *out, size_t room, size_t *got, weir_error *err) {
    z_stream *z = u->state;
    z->next_in = (Bytef *)u->in + u->in_begin;
    z->avail_in = (uInt)(u->in_end - u->in_begin);
    z->next_out = (Bytef *)out;
    z->avail_out = (uInt)WR_MIN(room, (size_t)1 << 30);
    uInt before = z->avail_out;
    int result = inflate(z, Z_NO_FLUSH);
    u->in_begin = u->in_end - z->avail_in;
    *got = before - z->avail_out;
    u->is_midway = result != Z_STREAM_END;
    if (result == Z_STREAM_END) return inflateReset(z) == Z_OK ? WEIR_OK : damaged(u, "reset", err);
    if (result == Z_OK || result == Z_BUF_ERROR) return WEIR_OK;
    if (result == Z_MEM_ERROR) return weir_fail(err, WEIR_ENOMEM, "no memory to decompress");
    return damaged(u, z->msg ? z->msg : "not gzip", err);
}

static weir_status unzstd_some(wr_unpack *u, char *out, size_t room, size_t *got, weir_error *err) {
    ZSTD_inBuffer in = {u->in + u->in_begin, u->in_end - u->in_begin, 0};
    ZSTD_outBuffer o = {out, room, 0};
    size_t result = ZSTD_decompressStream(u->state, &o, &in);
    u->in_begin += in.pos;
    *got = o.pos;
    if (ZSTD_isError(result)) return damaged(u, ZSTD_getErrorName(result), err);
    u->is_midway = result != 0;
    return WEIR_OK;
}

static weir_status unpack(wr_unpack *u, int fd, char *out, size_t room, size_t *got, weir_error *err) {
    if (!u->state) WR_TRY(open_state(u, err));
    for (;;) {
        if (u->in_begin < u->in_end || u->is_midway) {
            WR_TRY(u->packing == WR_PACKING_GZIP ? inflate_some(u, out, room, got, err)
                                                 : unzstd_some(u, out, room, got, err));
            if (*got) return WEIR_OK;
        }
        if (u->in_begin < u->in_end) continue; /* between two members */
        WR_TRY(fill(u, fd, err));
        if (u->in_begin == u->in_end) return WEIR_OK;
    }
}

/* Raw bytes, those first that were read to find out what they are. */
static weir_status pass(wr_unpack *u, int fd, char *out, size_t room, size_t *got, weir_error *err) {
    size_t held = u->in_end - u->in_begin;
    if (!held) return read_raw(u, fd, out, room, got, err);
    *got = WR_MIN(held, room);
    memcpy(out, u->in + u->in_begin, *got);
    u->in_begin += *got;
    return WEIR_OK;
}

weir_status wr_unpack_read(wr_unpack *u, int fd, char *out, size_t room, size_t *got, weir_error *err) {
    *got = 0;
    if (u->packing == WR_PACKING_AUTO) {
        WR_TRY(fill(u, fd, err));
        if (u->in_end == u->in_begin) return WEIR_OK;
        detect(u);
        if (u->packing == WR_PACKING_AUTO) return WEIR_OK; /* too few bytes to tell */
    }
    if (u->packing == WR_PACKING_NONE) return pass(u, fd, out, room, got, err);
    return unpack(u, fd, out, room, got, err);
}
