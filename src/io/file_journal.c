/* file_journal.c: see file_journal.h. An entry: | hash u64 | size u64 | flags u32 | length u32 | name |, in
 * the machine's own order; the hash is of what follows it. In front of the name of a file that was begun anew
 * stands the epoch (u64), which the length counts too. */
#include "io/file_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/sync.h"

#define HEAD_BYTES  24u
#define EPOCH_BYTES 8u

enum { WAS_THERE = 1, IS_ANEW = 2 };

static weir_status no_memory(weir_error *err) { return weir_fail(err, WEIR_ENOMEM, "out of memory"); }

static weir_status failure(const char *path, const char *what, weir_error *err) {
    int why = errno;
    weir_fail(err, WEIR_EIO, "can't %s '%s': %s", what, path, strerror(why));
    if (err) err->retriable = why == ENOSPC || why == EDQUOT || why == EIO;
    return WEIR_EIO;
}

weir_status wr_file_journal_init(wr_file_journal *j, const weir_io_host *host, const char *stream,
                                 const char *uri, weir_error *err) {
    *j = (wr_file_journal){.fd = -1};
    if (!host || !host->state_dir) return WEIR_OK;
    uint64_t id =
        wr_hash_pair(wr_hash_bytes(host->app, strlen(host->app)),
                     wr_hash_pair(wr_hash_bytes(stream, strlen(stream)), wr_hash_bytes(uri, strlen(uri))));
    wr_buf path = WR_BUF_INIT;
    wr_buf_printf(&path, "%s/files-%016llx.journal", host->state_dir, (unsigned long long)id);
    if (path.failed) wr_buf_fini(&path);
    j->path = path.data;
    return j->path ? WEIR_OK : no_memory(err);
}

void wr_file_journal_fini(wr_file_journal *j) {
    if (j->fd >= 0) close(j->fd);
    wr_free(NULL, j->path, 0);
    wr_buf_fini(&j->waiting);
    *j = (wr_file_journal){.fd = -1};
}

/* ---- Reading ------------------------------------------------------------------------------------------- */

static weir_status read_all(const wr_file_journal *j, wr_buf *out, weir_error *err) {
    int fd = open(j->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return WEIR_OK;
    if (fd < 0) return failure(j->path, "open", err);
    ssize_t n = 1;
    while (n > 0 && wr_buf_reserve(out, 65536)) {
        n = read(fd, out->data + out->len, 65536);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            out->len += (size_t)n;
    }
    weir_status st = n < 0 ? failure(j->path, "read", err) : out->failed ? no_memory(err) : WEIR_OK;
    close(fd);
    return st;
}

/* The entry at `at`; false: there is no whole one. */
static bool entry_at(const wr_buf *b, size_t at, wr_file_note *note) {
    uint64_t hash;
    uint32_t flags, len;
    if (b->len - at < HEAD_BYTES) return false;
    const char *p = b->data + at;
    memcpy(&hash, p, 8);
    memcpy(&note->size, p + 8, 8);
    memcpy(&flags, p + 16, 4);
    memcpy(&len, p + 20, 4);
    if (b->len - at - HEAD_BYTES < len || hash != wr_hash_bytes(p + 8, HEAD_BYTES - 8 + len)) return false;
    uint32_t n_epoch = flags & IS_ANEW ? EPOCH_BYTES : 0;
    if (len < n_epoch) return false;
    note->was_there = flags & WAS_THERE;
    note->epoch = 0;
    memcpy(&note->epoch, p + HEAD_BYTES, n_epoch);
    note->name = p + HEAD_BYTES + n_epoch;
    note->len = len - n_epoch;
    return true;
}

weir_status wr_file_journal_read(wr_file_journal *j,
                                 weir_status (*each)(void *ctx, const wr_file_note *note, weir_error *err),
                                 void *ctx, weir_error *err) {
    wr_buf all = WR_BUF_INIT;
    wr_file_note note;
    size_t at = 0;
    if (!j->path) return WEIR_OK;
    weir_status st = read_all(j, &all, err);
    while (st == WEIR_OK && entry_at(&all, at, &note)) {
        at = (size_t)(note.name - all.data) + note.len;
        st = each(ctx, &note, err);
    }
    wr_buf_fini(&all);
    return st;
}

/* ---- Writing ------------------------------------------------------------------------------------------- */

weir_status wr_file_journal_add(wr_file_journal *j, const wr_file_note *note, weir_error *err) {
    uint32_t n_epoch = note->epoch ? EPOCH_BYTES : 0, len = n_epoch + (uint32_t)note->len;
    uint32_t flags = (note->was_there ? WAS_THERE : 0) | (note->epoch ? IS_ANEW : 0);
    uint64_t hash = 0;
    if (!j->path) return WEIR_OK;
    if (!wr_buf_reserve(&j->waiting, HEAD_BYTES + len + 1)) {
        j->waiting.failed = false;
        return no_memory(err);
    }
    size_t begin = j->waiting.len;
    wr_buf_put(&j->waiting, &hash, 8);
    wr_buf_put(&j->waiting, &note->size, 8);
    wr_buf_put(&j->waiting, &flags, 4);
    wr_buf_put(&j->waiting, &len, 4);
    wr_buf_put(&j->waiting, &note->epoch, n_epoch);
    wr_buf_put(&j->waiting, note->name, note->len);
    hash = wr_hash_bytes(j->waiting.data + begin + 8, HEAD_BYTES - 8 + len);
    memcpy(j->waiting.data + begin, &hash, 8);
    return WEIR_OK;
}

static weir_status write_all(int fd, const char *path, const wr_buf *b, uint64_t at, weir_error *err) {
    for (size_t done = 0; done < b->len;) {
        ssize_t n = pwrite(fd, b->data + done, b->len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failure(path, "write to", err);
        done += (size_t)n;
    }
    return fdatasync(fd) ? failure(path, "sync", err) : WEIR_OK;
}

/* The folder may not be there yet; it is once there is a first checkpoint. */
static weir_status start_empty(wr_file_journal *j, weir_error *err) {
    if (unlink(j->path) && errno != ENOENT) return failure(j->path, "remove", err);
    (void)wr_sync_folder_of(j->path);
    if (j->fd >= 0) close(j->fd);
    j->fd = -1;
    j->size = 0;
    return WEIR_OK;
}

weir_status wr_file_journal_sync(wr_file_journal *j, weir_error *err) {
    if (!j->path || !j->waiting.len) return WEIR_OK;
    if (j->fd < 0) return wr_file_journal_replace(j, err);
    WR_TRY(write_all(j->fd, j->path, &j->waiting, j->size, err));
    j->size += j->waiting.len;
    wr_buf_clear(&j->waiting);
    return WEIR_OK;
}

weir_status wr_file_journal_replace(wr_file_journal *j, weir_error *err) {
    if (!j->path) return WEIR_OK;
    if (!j->waiting.len) return start_empty(j, err);
    wr_buf next = WR_BUF_INIT;
    wr_buf_printf(&next, "%s.new", j->path);
    if (next.failed) return wr_buf_fini(&next), no_memory(err);
    int fd = open(next.data, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    weir_status st = fd < 0 ? failure(next.data, "open", err) : write_all(fd, next.data, &j->waiting, 0, err);
    if (st == WEIR_OK && rename(next.data, j->path)) st = failure(j->path, "write", err);
    wr_buf_fini(&next);
    if (st != WEIR_OK) {
        if (fd >= 0) close(fd);
        return st;
    }
    (void)wr_sync_folder_of(j->path);
    if (j->fd >= 0) close(j->fd);
    j->fd = fd;
    j->size = j->waiting.len;
    wr_buf_clear(&j->waiting);
    return WEIR_OK;
}
