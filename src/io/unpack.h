/* unpack.h: reads a file descriptor, decompressing gzip and zstd on the way.
 *
 * By default the first bytes decide (gzip 1f 8b, zstd 28 b5 2f fd). Compressed files may hold several members
 * or frames, one after another, as appending and rotating tools write them. */
#ifndef WR_IO_UNPACK_H
#define WR_IO_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "weir_io.h"

typedef enum wr_packing {
    WR_PACKING_AUTO = 0, /* in the order of the option's choices */
    WR_PACKING_NONE = 1,
    WR_PACKING_GZIP = 2,
    WR_PACKING_ZSTD = 3
} wr_packing;
#define WR_PACKING_CHOICES "auto|none|gzip|zstd"

typedef struct wr_unpack {
    wr_packing packing;
    uint64_t n_raw; /* bytes read from the descriptor */
    bool is_midway; /* within a member or frame: a file that ends here is cut short */
    bool has_ended; /* the last read met the end of the file */
    char *in;       /* raw bytes in[in_begin..in_end) wait to be unpacked */
    size_t in_begin, in_end;
    void *state; /* z_stream or ZSTD_DStream */
} wr_unpack;

void wr_unpack_init(wr_unpack *u, wr_packing packing);
void wr_unpack_fini(wr_unpack *u);
/* Up to `room` unpacked bytes from fd into out. *got 0: nothing now; has_ended says whether that was the end
 * of the file (more may be appended: calling again looks). WEIR_EPARSE: damaged, at raw byte n_raw or so. */
weir_status wr_unpack_read(wr_unpack *u, int fd, char *out, size_t room, size_t *got,
                           weir_error *err) WR_NODISCARD;

#endif
