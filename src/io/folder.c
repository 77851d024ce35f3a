/* folder.c: see folder.h. */
#include "io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/byte_input.h"
#include "io/file_identity.h"
#include "io/io_log.h"
#include "io/split.h"

#define SHOWN        256u
#define LONGEST_NAME 255u
#define MOST_DONE    1000000u                 /* what a position is believed to have */
#define SETTLE_NS    ((int64_t)200 * 1000000) /* a file that was changed less long ago may be being written */

/* A file that was read and is still there. */
typedef struct done_file {
    char name[LONGEST_NAME + 1];
    uint64_t inode, size, offset;       /* offset: unpacked bytes that the app has had */
    uint64_t epoch;                     /* 0: of none yet */
    bool has_failed, is_seen, is_stuck; /* stuck: it can't be deleted or moved */
} done_file;

typedef struct found_file {
    char name[LONGEST_NAME + 1];
    int64_t changed_ns;
} found_file;

struct wr_folder {
    wr_folder_spec spec;
    const weir_io_host *host;
    wr_split split;
    char *dir, *move_to, *move_failed_to; /* absolute, or relative to the working directory */
    char only[LONGEST_NAME + 1];          /* the one file; "": all */
    wr_byte_input input;
    char name[LONGEST_NAME + 1]; /* being read; "": none */
    bool is_at_end, has_failed;  /* of that file: its end was shown; reading it failed */
    bool is_resuming, is_over;   /* over: the one file has been read */
    wr_file_identity resume_id;
    uint64_t resume_offset;
    done_file *done; /* by name */
    uint32_t n_done, cap_done;
    found_file *found; /* by change, those from next_found on are to be read */
    uint32_t n_found, cap_found, next_found;
    int inotify;
    weir_message messages[SHOWN];
    size_t sizes[SHOWN]; /* bytes done with, message by message */
    size_t skipped;      /* before the first message */
    uint32_t n, n_used, shown_from;
    weir_text path_text;
    char path[4096];
};

/* ---- Names -------------------------------------------------------------------------------------------- */

static const char *path_of(const wr_folder *f, const char *dir, const char *name, char path[4096]) {
    (void)f;
    int n = snprintf(path, 4096, "%s/%s", dir, name);
    return n > 0 && n < 4096 ? path : NULL;
}

static uint32_t seek_done(const wr_folder *f, const char *name, bool *found) {
    uint32_t low = 0, high = f->n_done;
    *found = false;
    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        int c = strcmp(f->done[mid].name, name);
        if (c == 0) return *found = true, mid;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static weir_status put_done(wr_folder *f, const done_file *d, weir_error *err) {
    bool found;
    uint32_t at = seek_done(f, d->name, &found);
    if (!found) {
        if (wr_grow(NULL, &f->done, &f->cap_done, f->n_done + 1, sizeof *f->done))
            return weir_fail(err, WEIR_ENOMEM, "out of memory");
        memmove(f->done + at + 1, f->done + at, (f->n_done - at) * sizeof *f->done);
        f->n_done++;
    }
    f->done[at] = *d;
    return WEIR_OK;
}

static void remove_done(wr_folder *f, uint32_t at) {
    memmove(f->done + at, f->done + at + 1, (f->n_done - at - 1) * sizeof *f->done);
    f->n_done--;
}

/* ---- What becomes of a file --------------------------------------------------------------------------- */

static bool move(const char *from, const char *dir, const char *name) {
    for (uint32_t i = 0; i < 10000; i++) { /* nothing is overwritten */
        char to[4096 + 16];
        int n = i ? snprintf(to, sizeof to, "%s/%s.%u", dir, name, i)
                  : snprintf(to, sizeof to, "%s/%s", dir, name);
        if (n < 0 || (size_t)n >= sizeof to) return errno = ENAMETOOLONG, false;
        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return true;
        if (errno != EEXIST) return false;
    }
    return false;
}

static bool is_kept(const wr_folder *f, const done_file *d) {
    return (d->has_failed ? f->spec.on_failure : f->spec.action) == WR_FOLDER_KEEP;
}

/* True: the file is gone from the folder. */
static bool act(wr_folder *f, const done_file *d) {
    char path[4096];
    struct stat st;
    wr_folder_action action = d->has_failed ? f->spec.on_failure : f->spec.action;
    if (!path_of(f, f->dir, d->name, path) || stat(path, &st) || st.st_ino != d->inode) return true;
    bool done = action == WR_FOLDER_DELETE
                    ? unlink(path) == 0
                    : move(path, d->has_failed ? f->move_failed_to : f->move_to, d->name);
    if (!done)
        wr_io_log(f->host, WEIR_LOG_ERROR, "file source: '%s' was read, but can't be %s: %s", path,
                  action == WR_FOLDER_DELETE ? "deleted" : "moved", strerror(errno));
    return done;
}

/* It is read on before anything becomes of it. */
static bool has_grown(const wr_folder *f, const done_file *d) {
    char path[4096];
    struct stat st;
    return !d->has_failed && path_of(f, f->dir, d->name, path) && stat(path, &st) == 0 &&
           st.st_ino == d->inode && (uint64_t)st.st_size > d->size;
}

/* Those of epochs before this one. What fails is left, and told once. */
static void act_before(wr_folder *f, uint64_t epoch) {
    for (uint32_t i = f->n_done; i-- > 0;) {
        done_file *d = &f->done[i];
        if (is_kept(f, d) || d->is_stuck || d->epoch >= epoch || (!d->epoch && f->spec.args->has_checkpoints))
            continue;
        if (has_grown(f, d)) continue;
        if (act(f, d))
            remove_done(f, i);
        else
            d->is_stuck = true;
    }
}

/* When there is nothing to read, what was read need not wait for the next one. */
bool wr_folder_wants_checkpoint(const wr_folder *f) {
    if (!f->spec.args->has_checkpoints || f->input.fd >= 0) return false;
    for (uint32_t i = 0; i < f->n_done; i++)
        if (!f->done[i].is_stuck && !is_kept(f, &f->done[i])) return true;
    return false;
}

static weir_status finish_file(wr_folder *f, weir_error *err) {
    struct stat st = {0};
    done_file d = {.offset = f->input.n_consumed, .has_failed = f->has_failed};
    (void)fstat(f->input.fd, &st);
    memcpy(d.name, f->name, sizeof d.name);
    d.inode = st.st_ino;
    d.size = f->input.unpack.n_raw;
    f->name[0] = 0;
    f->is_at_end = f->has_failed = false;
    wr_byte_input_close(&f->input);
    WR_TRY(put_done(f, &d, err));
    f->is_over = f->only[0];
    if (!f->spec.args->has_checkpoints) act_before(f, UINT64_MAX);
    return WEIR_OK;
}

/* ---- Finding files ------------------------------------------------------------------------------------ */

static int by_change(const void *a, const void *b) {
    const found_file *x = a, *y = b;
    if (x->changed_ns != y->changed_ns) return x->changed_ns < y->changed_ns ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* Whether there is something in it to read. */
static bool is_new(wr_folder *f, const char *name, const struct stat *st) {
    bool found;
    uint32_t at = seek_done(f, name, &found);
    if (!found) return true;
    done_file *d = &f->done[at];
    d->is_seen = true;
    if (d->inode != st->st_ino || (uint64_t)st->st_size < d->size)
        return true; /* another one, or begun anew */
    return (uint64_t)st->st_size > d->size && !d->has_failed;
}

static weir_status look_at(wr_folder *f, const char *name, weir_error *err) {
    char path[4096];
    struct stat st;
    if (*name == '.' || strlen(name) > LONGEST_NAME) return WEIR_OK;
    if (f->spec.pattern && fnmatch(f->spec.pattern, name, 0)) return WEIR_OK;
    if (!path_of(f, f->dir, name, path) || stat(path, &st) || !S_ISREG(st.st_mode) || !is_new(f, name, &st))
        return WEIR_OK;
    int64_t changed = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    if (wr_wall_ns() - changed < SETTLE_NS && !f->only[0]) return WEIR_OK;
    if (wr_grow(NULL, &f->found, &f->cap_found, f->n_found + 1, sizeof *f->found))
        return weir_fail(err, WEIR_ENOMEM, "out of memory");
    found_file *found = &f->found[f->n_found++];
    snprintf(found->name, sizeof found->name, "%s", name);
    found->changed_ns = changed;
    return WEIR_OK;
}

static weir_status no_folder(const wr_folder *f, weir_error *err) {
    weir_fail(err, WEIR_EIO, "can't read the folder '%s': %s", f->dir, strerror(errno));
    if (err) err->retriable = true;
    return WEIR_EIO;
}

static weir_status scan(wr_folder *f, weir_error *err) {
    f->n_found = f->next_found = 0;
    if (f->only[0]) return look_at(f, f->only, err);
    DIR *dir = opendir(f->dir);
    if (!dir) return no_folder(f, err);
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < f->n_done; i++) f->done[i].is_seen = false;
    for (struct dirent *e; st == WEIR_OK && (e = readdir(dir));) st = look_at(f, e->d_name, err);
    closedir(dir);
    for (uint32_t i = f->n_done; i-- > 0;) /* those that somebody took away */
        if (!f->done[i].is_seen) remove_done(f, i);
    if (f->n_found) qsort(f->found, f->n_found, sizeof *f->found, by_change);
    return st;
}

/* ---- Opening files ------------------------------------------------------------------------------------ */

static weir_status skip_to(wr_folder *f, uint64_t offset, weir_error *err) {
    weir_error inner;
    weir_status st = wr_byte_input_skip(&f->input, offset, &inner);
    if (st != WEIR_OK) return weir_fail(err, st, "'%.200s': %.250s", f->path, inner.message);
    f->input.begins = offset == 0;
    return WEIR_OK;
}

static weir_status resume(wr_folder *f, weir_error *err) {
    f->is_resuming = false;
    path_of(f, f->dir, f->name, f->path);
    int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && f->resume_id.n_hashed && !wr_file_identity_matches(&f->resume_id, fd)) {
        close(fd);
        fd = -1;
    }
    if (fd < 0)
        return weir_fail(err, WEIR_ESTATE,
                         "'%s', which was being read, is no longer there: can't go on at byte %llu", f->path,
                         (unsigned long long)f->resume_offset);
    wr_byte_input_open(&f->input, fd, f->spec.packing);
    return skip_to(f, f->resume_offset, err);
}

/* EAGAIN: there is none. */
static weir_status open_next(wr_folder *f, weir_error *err) {
    if (f->is_resuming && f->name[0]) return resume(f, err);
    if (f->next_found == f->n_found) WR_TRY(scan(f, err));
    while (f->next_found < f->n_found) {
        bool was_read;
        const char *name = f->found[f->next_found++].name;
        uint32_t at = seek_done(f, name, &was_read);
        path_of(f, f->dir, name, f->path);
        int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) { /* gone again, or not ours to read: it is looked at again */
            if (errno != ENOENT)
                wr_io_log(f->host, WEIR_LOG_WARN, "file source: can't open '%s': %s", f->path,
                          strerror(errno));
            continue;
        }
        struct stat st;
        bool goes_on = was_read && f->spec.mode == WR_FOLDER_LINES && fstat(fd, &st) == 0 &&
                       st.st_ino == f->done[at].inode && (uint64_t)st.st_size >= f->done[at].size;
        uint64_t offset = goes_on ? f->done[at].offset : 0;
        memcpy(f->name, name, sizeof f->name);
        if (was_read) remove_done(f, at);
        wr_byte_input_open(&f->input, fd, f->spec.packing);
        return skip_to(f, offset, err);
    }
    return WEIR_EAGAIN;
}

/* ---- Showing ------------------------------------------------------------------------------------------ */

static const weir_text *properties_of(wr_folder *f) {
    f->path_text = (weir_text){f->path, strlen(f->path)};
    return f->spec.args->n_properties ? &f->path_text : NULL;
}

static void fail_file(wr_folder *f, const char *why) {
    wr_io_log(f->host, WEIR_LOG_ERROR, "file source: '%s': %s; the rest of it is left out", f->path, why);
    f->has_failed = f->is_at_end = true;
    f->n = f->n_used = 0;
}

/* Reads a piece. OK: there is more in the window; EEND: there is nothing more in the file. */
static weir_status read_piece(wr_folder *f, weir_error *err) {
    weir_error own = {0};
    weir_status st = wr_byte_input_read(&f->input, &own);
    if (st == WEIR_OK) return st;
    if (st == WEIR_EAGAIN) return f->input.unpack.has_ended ? WEIR_EEND : WEIR_EAGAIN;
    if (st == WEIR_ENOMEM) {
        if (err) *err = own;
        return st;
    }
    fail_file(f, own.message); /* a packed file that is damaged, say */
    return WEIR_EEND;
}

static weir_status show_bytes(wr_folder *f, weir_input *in, weir_error *err) {
    weir_status st;
    do st = read_piece(f, err);
    while (st == WEIR_EAGAIN);
    if (st != WEIR_OK && st != WEIR_EEND) return st;
    if (f->input.unpack.is_midway && st == WEIR_EEND && !f->has_failed)
        fail_file(f, "the compressed file ends in the middle");
    f->is_at_end = st == WEIR_EEND;
    wr_byte_input_show(&f->input, f->is_at_end, in);
    in->properties = properties_of(f);
    return WEIR_OK;
}

static void split_window(wr_folder *f, bool ends) {
    const wr_byte_window *w = &f->input.window;
    size_t at = 0, len = wr_byte_window_len(w), begin, size, used;
    const char *bytes = w->data ? w->data + w->begin : "";
    f->n = f->n_used = 0;
    f->shown_from = UINT32_MAX;
    while (f->n < SHOWN && wr_split_next(&f->split, bytes + at, len - at, ends, &begin, &size, &used)) {
        f->messages[f->n] =
            (weir_message){.bytes = bytes + at + begin, .len = size, .properties = properties_of(f)};
        f->sizes[f->n++] = used;
        at += used;
        used = 0;
    }
    if (!f->n && used) wr_byte_input_consume(&f->input, used);
}

static weir_status show_messages(wr_folder *f, weir_input *in, weir_error *err) {
    bool ends = false;
    for (split_window(f, false); !f->n && !ends; split_window(f, ends)) {
        if (f->split.has_given_up) {
            fail_file(f, "begin.regex or end.regex takes too many steps on it");
            break;
        }
        if (wr_byte_window_len(&f->input.window) > f->split.limit) {
            fail_file(f, "a message is larger than max.message.size");
            break;
        }
        weir_status st = read_piece(f, err);
        if (st != WEIR_OK && st != WEIR_EEND && st != WEIR_EAGAIN) return st;
        if (f->has_failed) break;
        ends = st == WEIR_EEND;
    }
    if (!f->n) {
        f->is_at_end = true;
        return WEIR_EEND;
    }
    f->shown_from = 0;
    in->messages = f->messages;
    in->n_messages = f->n;
    return WEIR_OK;
}

static weir_status show_rest(wr_folder *f, weir_input *in) {
    if (f->shown_from == f->n_used) return in->wait_ms = 0, WEIR_EAGAIN;
    f->shown_from = f->n_used;
    in->messages = f->messages + f->n_used;
    in->n_messages = f->n - f->n_used;
    return WEIR_OK;
}

static void drain_inotify(const wr_folder *f) {
    char events[4096];
    while (f->inotify >= 0 && read(f->inotify, events, sizeof events) > 0) continue;
}

weir_status wr_folder_poll(wr_folder *f, weir_input *in, weir_error *err) {
    bool is_bytes = f->spec.args->shape == WEIR_SHAPE_BYTES;
    *in = (weir_input){.shape = f->spec.args->shape, .wait_ms = f->spec.polling_ms};
    if (f->n_used < f->n) return show_rest(f, in);
    drain_inotify(f);
    for (;;) {
        if (f->is_at_end) WR_TRY(finish_file(f, err));
        if (f->input.fd < 0) {
            weir_status st = f->is_over ? WEIR_EAGAIN : open_next(f, err);
            if (st == WEIR_EAGAIN && f->is_over) return WEIR_EEND;
            if (st == WEIR_EAGAIN && in->wait_ms > SETTLE_NS / 1000000) in->wait_ms = SETTLE_NS / 1000000;
            if (st != WEIR_OK) return st;
        }
        weir_status st = is_bytes ? show_bytes(f, in, err) : show_messages(f, in, err);
        if (st != WEIR_EEND) return st;
    }
}

void wr_folder_consume(wr_folder *f, size_t n) {
    if (f->spec.args->shape == WEIR_SHAPE_BYTES) {
        wr_byte_input_consume(&f->input, n);
        return;
    }
    for (; n && f->n_used < f->n; n--) wr_byte_input_consume(&f->input, f->sizes[f->n_used++]);
}

int wr_folder_wake_fd(const wr_folder *f) { return f->inotify; }
size_t wr_folder_bytes(const wr_folder *f) {
    return f->input.window.cap + f->cap_done * sizeof *f->done + f->cap_found * sizeof *f->found;
}

/* ---- Positions ---------------------------------------------------------------------------------------- */

static void write_name(weir_writer *w, const char *name) {
    weir_write_u32(w, (uint32_t)strlen(name));
    weir_write_bytes(w, name, strlen(name));
}

static weir_status read_name(weir_reader *r, char name[LONGEST_NAME + 1], weir_error *err) {
    uint32_t len = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (len > LONGEST_NAME) return weir_fail(err, WEIR_ESTATE, "a file's name in the position is too long");
    memset(name, 0, LONGEST_NAME + 1);
    weir_read_bytes(r, name, len);
    if (memchr(name, '/', len) || strlen(name) != len)
        return weir_fail(err, WEIR_ESTATE, "a file's name is damaged");
    return weir_reader_status(r, err);
}

void wr_folder_position(wr_folder *f, uint64_t epoch, weir_writer *w) {
    wr_file_identity id = f->resume_id;
    uint64_t offset = f->resume_offset;
    if (!f->is_resuming) {
        id = (wr_file_identity){0};
        offset = f->input.n_consumed;
        if (f->input.fd >= 0) (void)wr_file_identity_of(f->input.fd, f->input.unpack.n_raw, &id);
    }
    act_before(f, epoch);
    write_name(w, f->name);
    weir_write_i64(w, (int64_t)offset);
    weir_write_i64(w, (int64_t)id.inode);
    weir_write_u32(w, id.n_hashed);
    weir_write_i64(w, (int64_t)id.hash);
    weir_write_u32(w, f->n_done);
    for (uint32_t i = 0; i < f->n_done; i++) {
        done_file *d = &f->done[i];
        if (!d->epoch) d->epoch = epoch;
        write_name(w, d->name);
        weir_write_i64(w, (int64_t)d->inode);
        weir_write_i64(w, (int64_t)d->size);
        weir_write_i64(w, (int64_t)d->offset);
        weir_write_u32(w, d->has_failed);
    }
}

weir_status wr_folder_seek(wr_folder *f, weir_reader *r, weir_error *err) {
    wr_byte_input_close(&f->input);
    f->n = f->n_used = f->n_done = f->n_found = f->next_found = 0;
    f->is_at_end = f->has_failed = false;
    WR_TRY(read_name(r, f->name, err));
    f->resume_offset = (uint64_t)weir_read_i64(r);
    f->resume_id.inode = (uint64_t)weir_read_i64(r);
    f->resume_id.n_hashed = weir_read_u32(r);
    f->resume_id.hash = (uint64_t)weir_read_i64(r);
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (n > MOST_DONE) return weir_fail(err, WEIR_ESTATE, "the position names too many files");
    for (uint32_t i = 0; i < n; i++) {
        done_file d = {.epoch = 1};
        WR_TRY(read_name(r, d.name, err));
        d.inode = (uint64_t)weir_read_i64(r);
        d.size = (uint64_t)weir_read_i64(r);
        d.offset = (uint64_t)weir_read_i64(r);
        d.has_failed = weir_read_u32(r);
        WR_TRY(weir_reader_status(r, err));
        WR_TRY(put_done(f, &d, err));
    }
    f->is_resuming = f->name[0] != 0;
    f->is_over = f->only[0] && n;
    return WEIR_OK;
}

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status check_actions(const wr_folder_spec *s, weir_error *err) {
    if ((s->action == WR_FOLDER_MOVE) != (s->move_to != NULL))
        return weir_fail(err, WEIR_ECONFIG, "action.after.process='move' and move.after.process go together");
    if ((s->on_failure == WR_FOLDER_MOVE) != (s->move_failed_to != NULL))
        return weir_fail(err, WEIR_ECONFIG, "action.after.failure='move' and move.after.failure go together");
    return WEIR_OK;
}

static weir_status set_names(wr_folder *f, weir_error *err) {
    const wr_folder_spec *s = &f->spec;
    f->dir = wr_file_name(f->host, s->dir ? s->dir : s->file);
    if (s->move_to) f->move_to = wr_file_name(f->host, s->move_to);
    if (s->move_failed_to) f->move_failed_to = wr_file_name(f->host, s->move_failed_to);
    if (!f->dir || (s->move_to && !f->move_to) || (s->move_failed_to && !f->move_failed_to))
        return weir_fail(err, WEIR_ENOMEM, "out of memory");
    if (s->dir) return WEIR_OK;
    char *slash = strrchr(f->dir, '/');
    const char *name = slash ? slash + 1 : f->dir;
    if (!*name || strlen(name) > LONGEST_NAME) return weir_fail(err, WEIR_ECONFIG, "file.uri names no file");
    strcpy(f->only, name);
    if (slash) {
        slash[slash == f->dir] = 0;
        return WEIR_OK;
    }
    wr_file_name_free(f->dir);
    f->dir = wr_file_name(NULL, ".");
    return f->dir ? WEIR_OK : weir_fail(err, WEIR_ENOMEM, "out of memory");
}

weir_status wr_folder_open(const wr_folder_spec *spec, wr_folder **out, weir_error *err) {
    wr_folder *f = wr_alloc_zero(NULL, sizeof *f);
    if (!f) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    f->spec = *spec;
    f->host = spec->args->host;
    f->inotify = -1;
    wr_byte_input_init(&f->input);
    weir_status st = check_actions(spec, err);
    if (st == WEIR_OK) st = set_names(f, err);
    if (st == WEIR_OK) st = wr_split_open(&f->split, spec, err);
    if (st != WEIR_OK) {
        wr_folder_close(f);
        return st;
    }
    *out = f;
    return WEIR_OK;
}

static weir_status need_folder(const wr_folder *f, const char *name, weir_error *err) {
    struct stat st;
    if (!name || (stat(name, &st) == 0 && S_ISDIR(st.st_mode))) return WEIR_OK;
    (void)f;
    return weir_fail(err, WEIR_EIO, "there is no folder '%s'", name);
}

weir_status wr_folder_start(wr_folder *f, weir_error *err) {
    WR_TRY(need_folder(f, f->dir, err));
    WR_TRY(need_folder(f, f->move_to, err));
    WR_TRY(need_folder(f, f->move_failed_to, err));
    if (f->only[0] || f->inotify >= 0) return WEIR_OK;
    f->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (f->inotify >= 0) (void)inotify_add_watch(f->inotify, f->dir, IN_CLOSE_WRITE | IN_MOVED_TO);
    return WEIR_OK;
}

void wr_folder_close(wr_folder *f) {
    if (!f) return;
    wr_byte_input_close(&f->input);
    wr_split_close(&f->split);
    if (f->inotify >= 0) close(f->inotify);
    char *names[] = {f->dir, f->move_to, f->move_failed_to};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i]) wr_file_name_free(names[i]);
    wr_free(NULL, f->done, f->cap_done * sizeof *f->done);
    wr_free(NULL, f->found, f->cap_found * sizeof *f->found);
    wr_free(NULL, f, sizeof *f);
}
