/* file_one.c: see file_one.h. */
#include "io/file_one.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/sync.h"
#include "io/byte_input.h"
#include "io/io_log.h"

#define FLUSH_BYTES ((size_t)256 * 1024)

weir_status wr_file_one_failure(const wr_file_one *s, const char *what, weir_error *err) {
    int why = errno;
    weir_fail(err, WEIR_EIO, "can't %s '%s': %s", what, s->path, strerror(why));
    if (err) err->retriable = why == ENOSPC || why == EDQUOT || why == EIO || why == ENOENT || why == EACCES;
    return WEIR_EIO;
}

static bool has_checkpoints(const wr_file_one *s) { return s->args->has_checkpoints || s->journal.path; }

/* ---- Life ---------------------------------------------------------------------------------------------- */

weir_status wr_file_one_open(wr_file_one *s, const weir_io_args *args, const char *uri, wr_packing packing,
                             weir_error *err) {
    s->args = args;
    s->path = wr_file_name(args->host, uri);
    if (!s->path) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    const char *slash = strrchr(s->path, '/');
    s->leaf = slash ? slash + 1 : s->path;
    wr_packer_init(&s->packer, wr_packing_of(s->path, packing));
    return wr_file_journal_init(&s->journal, args->host, args->schema->stream, uri, err);
}

void wr_file_one_close(wr_file_one *s) {
    if (!s->path) return; /* open didn't get that far */
    if (s->fd >= 0) {
        weir_status st = wr_file_one_flush(s, NULL); /* what can be */
        (void)st;
        close(s->fd);
    }
    wr_packer_fini(&s->packer);
    wr_buf_fini(&s->buffer);
    wr_buf_fini(&s->head);
    wr_file_journal_fini(&s->journal);
    wr_file_name_free(s->path);
}

weir_status wr_file_one_start(wr_file_one *s, weir_error *err) {
    struct stat st;
    s->fd = open(s->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (s->fd < 0) return wr_file_one_failure(s, "open", err);
    if (fstat(s->fd, &st)) return wr_file_one_failure(s, "look at", err);
    s->watch = wr_file_watch_of(&st);
    s->size = s->watch.is_regular ? (uint64_t)st.st_size : 0;
    (void)wr_sync_folder_of(s->path); /* the entry of a new file must outlive a crash too */
    return WEIR_OK;
}

weir_status wr_file_one_cut(wr_file_one *s, uint64_t size, weir_error *err) {
    if (s->size != size && ftruncate(s->fd, (off_t)size)) return wr_file_one_failure(s, "cut back", err);
    s->size = s->seen = size;
    if (size < s->last.n_hashed) s->last = (wr_file_identity){0};
    if (lseek(s->fd, (off_t)size, SEEK_SET) < 0 && errno != ESPIPE)
        return wr_file_one_failure(s, "seek in", err);
    return WEIR_OK;
}

bool wr_file_one_is_at_start(const wr_file_one *s) {
    return s->size == 0 && s->buffer.len == 0 && !s->packer.is_midway;
}

/* ---- A file that is gone ------------------------------------------------------------------------------- */

weir_status wr_file_one_note(wr_file_one *s, uint64_t size, bool syncs, weir_error *err) {
    if (!has_checkpoints(s)) return WEIR_OK;
    WR_TRY(wr_file_journal_add(
        &s->journal,
        &(wr_file_note){
            .name = s->leaf, .len = strlen(s->leaf), .size = size, .was_there = true, .epoch = s->epoch},
        err));
    return syncs ? wr_file_journal_sync(&s->journal, err) : WEIR_OK;
}

/* From where on what the old file has goes over to the new one. Rows that checkpoints don't have do. Without
 * checkpoints all that was written is out; only where it was deleted what came after the last look may have
 * come too late: in a packed file nothing can be told apart. */
static uint64_t first_to_hand_over(const wr_file_one *s, bool is_deleted) {
    if (has_checkpoints(s)) return WR_MIN(s->epoch_begin, s->size);
    if (!is_deleted) return s->size;
    return s->packer.packing == WR_PACKING_NONE ? WR_MAX(s->seen, s->epoch_begin) : s->epoch_begin;
}

/* *fd, *size: the file that has the name now, which is made if there is none. */
static weir_status open_new(wr_file_one *s, int *fd, uint64_t *size, wr_file_watch *watch, weir_error *err) {
    struct stat st = {0};
    *fd = open(s->path, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666); /* a pipe must not hold it up */
    if (*fd < 0) return wr_file_one_failure(s, "open", err);
    weir_status status = fstat(*fd, &st) ? wr_file_one_failure(s, "look at", err) : WEIR_OK;
    *size = (uint64_t)st.st_size;
    *watch = wr_file_watch_of(&st);
    if (status == WEIR_OK && !watch->is_regular) {
        status = weir_fail(err, WEIR_EIO, "'%s' is no regular file any more", s->path);
        if (err) err->retriable = true;
    }
    if (status == WEIR_OK) status = wr_file_one_note(s, *size, true, err);
    if (status != WEIR_OK) close(*fd);
    return status;
}

static weir_status fill_new(wr_file_one *s, int fd, uint64_t begin, uint64_t *size, weir_error *err) {
    bool has_head = begin == 0 && s->size > 0; /* what is handed over begins with it */
    weir_error own = {0};
    wr_file_legacy l = {.from = s->fd,
                        .begin = begin,
                        .end = s->size,
                        .head = s->head.data,
                        .head_len = s->size > 0 && !has_head ? s->head.len : 0,
                        .packing = s->packer.packing};
    if (wr_file_hand_over(&l, fd, size, &own) == WEIR_OK) return WEIR_OK;
    weir_fail(err, WEIR_EIO, "can't begin '%s' anew: %s", s->path, own.message);
    if (err) err->retriable = true;
    return WEIR_EIO;
}

static weir_status begin_anew(wr_file_one *s, bool is_deleted, weir_error *err) {
    int fd;
    uint64_t begin = first_to_hand_over(s, is_deleted), first, size;
    wr_file_watch watch;
    if (!s->has_told)
        wr_io_log(s->args->host, WEIR_LOG_WARN, "'%s' was %s by somebody; it is begun anew", s->path,
                  is_deleted ? "deleted" : "moved away");
    s->has_told = true;
    WR_TRY(open_new(s, &fd, &first, &watch, err));
    size = first;
    weir_status st = fill_new(s, fd, begin, &size, err);
    if (st != WEIR_OK) return close(fd), st;
    if (!is_deleted && begin < s->size && (ftruncate(s->fd, (off_t)begin) || fdatasync(s->fd)))
        wr_io_log(s->args->host, WEIR_LOG_WARN, "can't cut back what '%s' was: %s", s->path, strerror(errno));
    close(s->fd);
    s->fd = fd;
    s->watch = watch;
    s->last = (wr_file_identity){0};
    s->epoch_begin = first;
    s->size = s->seen = size;
    s->has_told = false;
    (void)wr_sync_folder_of(s->path);
    return WEIR_OK;
}

/* It was cut, but it is the same one. */
static weir_status go_on_at(wr_file_one *s, uint64_t end, weir_error *err) {
    wr_io_log(s->args->host, WEIR_LOG_WARN, "'%s' was cut to %llu bytes by somebody; rows go on there",
              s->path, (unsigned long long)end);
    wr_file_legacy l = {.head = s->head.data, .head_len = s->head.len, .packing = s->packer.packing};
    uint64_t size = end;
    WR_TRY(wr_file_one_note(s, end, true, err));
    if (wr_file_hand_over(&l, s->fd, &size, err) != WEIR_OK) return wr_file_one_failure(s, "write to", err);
    s->last = (wr_file_identity){0};
    s->epoch_begin = WR_MIN(s->epoch_begin, end);
    s->size = s->seen = size;
    s->n_out = 0;
    return WEIR_OK;
}

/* A member or frame, or a row, that was begun in a file that was moved away ends there. */
static weir_status end_in_old(wr_file_one *s, bool *stays, weir_error *err) {
    *stays = !has_checkpoints(s) && ((s->packer.is_midway && !s->has_ended) || s->n_out);
    if (*stays) WR_TRY(wr_packer_flush(&s->packer, true, &s->buffer, err));
    s->has_ended = *stays;
    return WEIR_OK;
}

/* Whether the name still leads to what is open. */
static weir_status look(wr_file_one *s, weir_error *err) {
    struct stat at_name, open;
    bool stays = false;
    if (!s->watch.is_regular) return WEIR_OK;
    bool exists = stat(s->path, &at_name) == 0;
    if (!exists && errno != ENOENT && errno != ENOTDIR) return WEIR_OK; /* nobody knows */
    if (exists && wr_file_watch_is(&s->watch, &at_name)) {
        s->has_told = false;
        if ((uint64_t)at_name.st_size < s->size) return go_on_at(s, (uint64_t)at_name.st_size, err);
        if (!s->n_out) s->seen = s->size;
        return WEIR_OK;
    }
    if (fstat(s->fd, &open)) return wr_file_one_failure(s, "look at", err);
    bool is_deleted = open.st_nlink == 0;
    if (!is_deleted) WR_TRY(end_in_old(s, &stays, err));
    return stays ? WEIR_OK : begin_anew(s, is_deleted, err);
}

/* ---- Writing ------------------------------------------------------------------------------------------- */

/* Writes the buffer out. What a failed write did manage stays counted, so that trying again goes on there. */
static weir_status drain(wr_file_one *s, weir_error *err) {
    if (s->n_out < s->buffer.len) WR_TRY(look(s, err));
    while (s->n_out < s->buffer.len) {
        ssize_t n = write(s->fd, s->buffer.data + s->n_out, s->buffer.len - s->n_out);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return wr_file_one_failure(s, "write to", err);
        s->n_out += (size_t)n;
        s->size += (uint64_t)n;
    }
    s->n_out = 0;
    wr_buf_clear(&s->buffer);
    return WEIR_OK;
}

weir_status wr_file_one_write(wr_file_one *s, const weir_output *out, weir_error *err) {
    if (s->buffer.len - s->n_out >= FLUSH_BYTES) WR_TRY(drain(s, err));
    return wr_packer_put(&s->packer, out->bytes, out->len, &s->buffer, err);
}

weir_status wr_file_one_flush(wr_file_one *s, weir_error *err) {
    WR_TRY(wr_packer_flush(&s->packer, false, &s->buffer, err));
    return drain(s, err);
}

/* ---- Epochs -------------------------------------------------------------------------------------------- */

static void note_identity(wr_file_one *s) {
    uint32_t n = (uint32_t)WR_MIN(s->size, (uint64_t)WR_FILE_HASHED);
    if (!s->watch.is_regular || (s->last.inode == s->watch.inode && s->last.n_hashed == n)) return;
    int fd = wr_file_reopen(s->fd, O_RDONLY);
    if (fd < 0 || !wr_file_identity_of(fd, s->size, &s->last)) s->last = (wr_file_identity){0};
    if (fd >= 0) close(fd);
}

weir_status wr_file_one_prepare(wr_file_one *s, weir_writer *w, weir_error *err) {
    WR_TRY(wr_packer_flush(&s->packer, true, &s->buffer, err));
    WR_TRY(drain(s, err));
    if (s->size != s->epoch_begin) WR_TRY(look(s, err));
    if (fdatasync(s->fd) && errno != EINVAL && errno != EROFS) return wr_file_one_failure(s, "sync", err);
    if (!w) return WEIR_OK;
    note_identity(s);
    weir_write_u32(w, WR_FILE_ONE_SAVED);
    weir_write_i64(w, (int64_t)s->size);
    weir_write_i64(w, (int64_t)s->last.inode);
    weir_write_u32(w, s->last.n_hashed);
    weir_write_i64(w, (int64_t)s->last.hash);
    return WEIR_OK;
}

weir_status wr_file_one_abort(wr_file_one *s, weir_error *err) {
    wr_packer_fini(&s->packer);
    wr_buf_clear(&s->buffer);
    s->n_out = 0;
    return s->fd < 0 ? WEIR_OK : wr_file_one_cut(s, s->epoch_begin, err); /* recovery could not open it */
}
