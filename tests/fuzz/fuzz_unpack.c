/* fuzz_unpack.c: packed files of any bytes: what comes out is the same in small pieces as in large ones, and
 * damage is told. The first byte says which packing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/unpack.h"

#define MOST ((size_t)1 << 20) /* of what a bomb may give out here */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static weir_status unpack(int fd, wr_packing packing, size_t room, wr_buf *out) {
    wr_unpack u;
    char *piece = malloc(room);
    size_t got = 0;
    weir_error err = {0};
    weir_status st = WEIR_OK;
    if (!piece || lseek(fd, 0, SEEK_SET)) abort();
    wr_unpack_init(&u, packing);
    while (st == WEIR_OK && out->len < MOST) {
        st = wr_unpack_read(&u, fd, piece, room, &got, &err);
        if (st == WEIR_OK && got > room) abort();
        if (st == WEIR_OK) wr_buf_put(out, piece, got);
        if (st == WEIR_OK && !got && u.has_ended) break;
    }
    if (st != WEIR_OK && !err.message[0]) abort();
    wr_unpack_fini(&u);
    free(piece);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    wr_buf large = WR_BUF_INIT, small = WR_BUF_INIT;
    int fd = memfd_create("packed", MFD_CLOEXEC);
    if (!size || fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1) return close(fd), 0;
    wr_packing packing = (wr_packing)(data[0] % 4);
    (void)unpack(fd, packing, 65536, &large);
    (void)unpack(fd, packing, 7, &small);
    size_t both = large.len < small.len ? large.len : small.len;
    if (both && memcmp(large.data, small.data, both) != 0) abort();
    wr_buf_fini(&large);
    wr_buf_fini(&small);
    close(fd);
    return 0;
}
