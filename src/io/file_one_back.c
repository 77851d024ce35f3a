/* file_one_back.c: the way back of the one file of a sink to a checkpoint.
 *
 * What has the file's name now may be the file of the checkpoint, one that was begun anew since then (the
 * journal says so, and behind how many bytes), or one that somebody put there, or nobody yet, while no sink
 * looked. A file that was moved away while rows went into it that the checkpoint has not is looked for in the
 * same folder and cut back. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "io/file_one.h"
#include "io/io_log.h"

weir_status wr_file_one_load(weir_reader *r, uint32_t version, wr_file_saved *out, weir_error *err) {
    *out = (wr_file_saved){.size = (uint64_t)weir_read_i64(r), .is_known = version == WR_FILE_ONE_SAVED};
    if (out->is_known) {
        out->id.inode = (uint64_t)weir_read_i64(r);
        out->id.n_hashed = weir_read_u32(r);
        out->id.hash = (uint64_t)weir_read_i64(r);
    }
    WR_TRY(weir_reader_status(r, err));
    if ((int64_t)out->size >= 0 && out->id.n_hashed <= WR_FILE_HASHED) return WEIR_OK;
    return weir_fail(err, WEIR_ESTATE, "the state of the file is damaged");
}

typedef struct anew {
    const wr_file_one *s;
    uint64_t last_epoch;
    bool is;
    uint64_t size;
} anew;

static weir_status take_note(void *ctx, const wr_file_note *note, weir_error *err) {
    anew *a = ctx;
    (void)err;
    if (note->epoch <= a->last_epoch || note->len != strlen(a->s->leaf) ||
        memcmp(note->name, a->s->leaf, note->len) != 0)
        return WEIR_OK;
    a->is = true;
    a->size = note->size; /* the last counts */
    return WEIR_OK;
}

static bool has_beginning(const wr_file_one *s, const wr_file_identity *id) {
    int fd = wr_file_reopen(s->fd, O_RDONLY);
    bool is = fd >= 0 && wr_file_identity_matches(id, fd);
    if (fd >= 0) close(fd);
    return is;
}

/* How much of the file that has the name now counts; *is_anew: it is not the one of the checkpoint. */
static weir_status what_counts(wr_file_one *s, const wr_file_saved *was, bool *is_anew, uint64_t *size,
                               weir_error *err) {
    bool is_same_inode = !was->is_known || was->id.inode == s->watch.inode;
    bool is_alike = was->is_known && s->watch.is_regular && has_beginning(s, &was->id);
    bool is_it = was->is_known ? is_alike && (is_same_inode || was->id.n_hashed) : is_same_inode;
    *is_anew = false;
    *size = was->size;
    if ((is_it && s->size >= was->size) || !s->watch.is_regular) return WEIR_OK;
    if (s->size && s->size < was->size && (is_same_inode || is_alike))
        return weir_fail(
            err, WEIR_ESTATE,
            "'%s' has %llu bytes, but %llu were committed: it was cut or replaced by someone else", s->path,
            (unsigned long long)s->size, (unsigned long long)was->size);
    *is_anew = true;
    *size = s->size;
    if (was->size)
        wr_io_log(s->args->host, WEIR_LOG_WARN, "'%s' is gone or is another file now; it had %llu bytes",
                  s->path, (unsigned long long)was->size);
    return WEIR_OK;
}

static void cut_moved(const wr_file_one *s, const wr_file_saved *was) {
    struct stat st;
    int found = was->is_known && was->id.n_hashed ? wr_file_identity_find(&was->id, s->path) : -1;
    if (found < 0) return;
    bool is_longer = fstat(found, &st) == 0 && S_ISREG(st.st_mode) && !wr_file_watch_is(&s->watch, &st) &&
                     (uint64_t)st.st_size > was->size;
    int fd = is_longer ? wr_file_reopen(found, O_WRONLY) : -1;
    bool is_cut = fd >= 0 && ftruncate(fd, (off_t)was->size) == 0 && fdatasync(fd) == 0;
    if (is_longer)
        wr_io_log(s->args->host, is_cut ? WEIR_LOG_INFO : WEIR_LOG_WARN,
                  "what '%s' was, moved away by somebody, %s cut back by %llu bytes that were not committed",
                  s->path, is_cut ? "is" : "can't be", (unsigned long long)st.st_size - was->size);
    if (fd >= 0) close(fd);
    close(found);
}

/* After abort the descriptor may be of a file that has another name by now. */
static weir_status open_again(wr_file_one *s, weir_error *err) {
    struct stat st;
    if (s->fd < 0) return wr_file_one_start(s, err);
    if (!s->watch.is_regular || (stat(s->path, &st) == 0 && wr_file_watch_is(&s->watch, &st))) return WEIR_OK;
    close(s->fd);
    s->fd = -1;
    return wr_file_one_start(s, err);
}

static weir_status load(weir_reader *r, wr_file_saved *out, weir_error *err) {
    uint32_t version = weir_read_u32(r);
    if (version == WR_FILE_SET_SAVED)
        return weir_fail(err, WEIR_ESTATE,
                         "the state is of a sink that rotates: this one has no rotate.size and "
                         "no rotate.every");
    if (version != WR_FILE_ONE_PLAIN && version != WR_FILE_ONE_SAVED)
        return weir_fail(err, WEIR_ESTATE, "saved by another version");
    return wr_file_one_load(r, version, out, err);
}

weir_status wr_file_one_recover(wr_file_one *s, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    wr_file_saved was;
    anew a = {.s = s, .last_epoch = last_epoch};
    WR_TRY(open_again(s, err));
    s->epoch = last_epoch + 1;
    s->last = (wr_file_identity){0};
    wr_buf_clear(&s->journal.waiting);
    if (!saved || !last_epoch) {
        WR_TRY(wr_file_journal_replace(&s->journal, err));
        return wr_file_one_cut(s, s->appends ? s->size : 0, err);
    }
    WR_TRY(load(saved, &was, err));
    WR_TRY(wr_file_journal_read(&s->journal, take_note, &a, err));
    if (a.is)
        a.size = WR_MIN(a.size, s->size);
    else
        WR_TRY(what_counts(s, &was, &a.is, &a.size, err));
    if (a.is) cut_moved(s, &was);
    if (a.is) WR_TRY(wr_file_one_note(s, a.size, false, err));
    WR_TRY(wr_file_journal_replace(&s->journal, err));
    return wr_file_one_cut(s, a.size, err);
}
