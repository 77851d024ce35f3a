/* file_anew.c: see file_anew.h. */
#include "io/file_anew.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/packer.h"

#define PIECE_BYTES ((size_t)65536)

wr_file_watch wr_file_watch_of(const struct stat *st) {
    return (wr_file_watch){(uint64_t)st->st_dev, (uint64_t)st->st_ino, S_ISREG(st->st_mode)};
}

bool wr_file_watch_is(const wr_file_watch *w, const struct stat *st) {
    return w->inode == (uint64_t)st->st_ino && w->device == (uint64_t)st->st_dev;
}

int wr_file_reopen(int fd, int flags) {
    char name[40];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return open(name, flags | O_CLOEXEC);
}

static int put_at(int fd, const char *bytes, size_t len, uint64_t *at) {
    while (len) {
        ssize_t n = pwrite(fd, bytes, len, (off_t)*at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        bytes += n;
        len -= (size_t)n;
        *at += (uint64_t)n;
    }
    return 0;
}

static int copy(const wr_file_legacy *l, int from, int to, uint64_t *at) {
    wr_buf piece = WR_BUF_INIT;
    int failed = wr_buf_reserve(&piece, PIECE_BYTES) ? 0 : (errno = ENOMEM, -1);
    for (uint64_t begin = l->begin; !failed && begin < l->end;) {
        ssize_t n = pread(from, piece.data, WR_MIN(PIECE_BYTES, l->end - begin), (off_t)begin);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) break; /* somebody cut it */
        failed = n < 0 ? -1 : put_at(to, piece.data, (size_t)n, at);
        begin += n > 0 ? (uint64_t)n : 0;
    }
    wr_buf_fini(&piece);
    return failed;
}

static weir_status put_head(const wr_file_legacy *l, int fd, uint64_t *at, weir_error *err) {
    wr_packer packer;
    wr_buf all = WR_BUF_INIT;
    if (!l->head_len || *at) return WEIR_OK;
    wr_packer_init(&packer, l->packing);
    weir_status st = wr_packer_put(&packer, l->head, l->head_len, &all, err);
    if (st == WEIR_OK) st = wr_packer_flush(&packer, true, &all, err);
    wr_packer_fini(&packer);
    if (st == WEIR_OK && put_at(fd, all.data, all.len, at))
        st = weir_fail(err, WEIR_EIO, "%s", strerror(errno));
    wr_buf_fini(&all);
    return st;
}

static weir_status put_old(const wr_file_legacy *l, int fd, uint64_t *at, weir_error *err) {
    if (l->begin >= l->end) return WEIR_OK;
    int from = wr_file_reopen(l->from, O_RDONLY);
    if (from < 0) return weir_fail(err, WEIR_EIO, "can't read the old one: %s", strerror(errno));
    int failed = copy(l, from, fd, at), why = errno;
    close(from);
    return failed ? weir_fail(err, WEIR_EIO, "%s", strerror(why)) : WEIR_OK;
}

weir_status wr_file_hand_over(const wr_file_legacy *l, int fd, uint64_t *size, weir_error *err) {
    uint64_t at = *size;
    weir_status st = put_head(l, fd, &at, err);
    if (st == WEIR_OK) st = put_old(l, fd, &at, err);
    bool is_placed = st == WEIR_OK && lseek(fd, (off_t)at, SEEK_SET) >= 0;
    if (st == WEIR_OK && !is_placed) st = weir_fail(err, WEIR_EIO, "%s", strerror(errno));
    if (st == WEIR_OK)
        *size = at;
    else if (at > *size)
        (void)!ftruncate(fd, (off_t)*size);
    return st;
}
