/* packer.h: compresses what a file sink writes. Each epoch is a whole gzip member or zstd frame, so that a
 * file cut back to the end of an epoch is whole too. */
#ifndef WR_IO_PACKER_H
#define WR_IO_PACKER_H

#include "base/buf.h"
#include "io/unpack.h"

typedef struct wr_packer {
    wr_packing packing; /* NONE, GZIP or ZSTD */
    void *state;        /* z_stream or ZSTD_CStream; NULL: none yet */
    bool is_midway;     /* something was put since the last end */
} wr_packer;

/* What `packing` means for a file of this name: AUTO goes by its ending. */
wr_packing wr_packing_of(const char *name, wr_packing packing);

void wr_packer_init(wr_packer *p, wr_packing packing);
void wr_packer_fini(wr_packer *p);
/* Appends the packed bytes to out, as far as they are ready. */
weir_status wr_packer_put(wr_packer *p, const char *bytes, size_t len, wr_buf *out,
                          weir_error *err) WR_NODISCARD;
/* Brings everything put so far to out; `end` ends the member or frame too (if one was begun). */
weir_status wr_packer_flush(wr_packer *p, bool end, wr_buf *out, weir_error *err) WR_NODISCARD;

#endif
