/* file_set.c: see file_set.h. */
#include "io/file_set.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/file_journal.h"
#include "io/file_place.h"
#include "io/io_log.h"
#include "io/table.h"

#define FLUSH_BYTES  ((size_t)256 * 1024)
#define SAVE_VERSION 2u     /* 1: of one file */
#define LONGEST_NAME 65536u /* of a saved one */

typedef struct set_file set_file;
struct set_file {
    char *name; /* the rest of file.uri, as wr_file_place has it */
    size_t len;
    uint64_t hash;
    int fd;               /* -1: not open just now */
    uint64_t size;        /* of the file */
    uint64_t epoch_begin; /* size when the epoch began */
    uint64_t first_size;  /* before the sink wrote to it */
    bool was_there;       /* before */
    bool was_opened, is_touched, is_listed;
    bool is_waiting; /* is in set->waiting */
    bool has_new;    /* the packer has what was never flushed */
    wr_packer packer;
    wr_buf buffer;           /* packed, not yet in the file */
    size_t n_out;            /* bytes of buffer that are */
    set_file *newer, *older; /* of the open ones, by last use */
};

struct wr_file_set {
    wr_file_set_spec spec;
    wr_file_place place;
    wr_file_journal journal;
    set_file **files;
    uint32_t n, cap;
    uint32_t *index; /* of a file by hash, from 1; 0: free. Room for n_index, a power of 2, half of it used */
    uint32_t n_index;
    set_file **waiting; /* that have something to write, or are midway in a member or frame */
    uint32_t n_waiting, cap_waiting;
    set_file **found; /* of each record of a write */
    uint32_t cap_found;
    set_file *newest, *oldest;
    uint32_t n_open;
    size_t buffered, held; /* bytes in buffers; in files and names */
    wr_buf head;           /* what each file begins with */
};

static weir_status no_memory(weir_error *err) { return weir_fail(err, WEIR_ENOMEM, "out of memory"); }

static weir_status failure(const wr_file_set *s, const set_file *f, const char *what, weir_error *err) {
    int why = errno;
    weir_fail(err, WEIR_EIO, "can't %s '%s%s': %s", what, s->place.folder, f->name, strerror(why));
    if (err)
        err->retriable = why == ENOSPC || why == EDQUOT || why == EIO || why == ENOENT || why == EACCES ||
                         why == EMFILE || why == ENFILE;
    return WEIR_EIO;
}

/* ---- The table ----------------------------------------------------------------------------------------- */

static uint32_t place_in_index(const wr_file_set *s, const char *name, size_t len, uint64_t hash) {
    uint32_t at = (uint32_t)hash & (s->n_index - 1);
    for (; s->index[at]; at = (at + 1) & (s->n_index - 1)) {
        const set_file *f = s->files[s->index[at] - 1];
        if (f->hash == hash && f->len == len && memcmp(f->name, name, len) == 0) break;
    }
    return at;
}

static set_file *find(const wr_file_set *s, const char *name, size_t len) {
    if (!s->n) return NULL;
    uint32_t at = s->index[place_in_index(s, name, len, wr_hash_bytes(name, len))];
    return at ? s->files[at - 1] : NULL;
}

static weir_status grow_index(wr_file_set *s, weir_error *err) {
    if ((uint64_t)s->n * 2 + 2 <= s->n_index) return WEIR_OK;
    if (s->n_index > UINT32_MAX / 4) return weir_fail(err, WEIR_ELIMIT, "too many files");
    uint32_t n = s->n_index ? s->n_index * 2 : 64;
    uint32_t *index = wr_alloc_zero(NULL, n * sizeof *index);
    if (!index) return no_memory(err);
    wr_free(NULL, s->index, 0);
    s->index = index;
    s->n_index = n;
    for (uint32_t i = 0; i < s->n; i++)
        index[place_in_index(s, s->files[i]->name, s->files[i]->len, s->files[i]->hash)] = i + 1;
    return WEIR_OK;
}

static weir_status add(wr_file_set *s, const char *name, size_t len, set_file **out, weir_error *err) {
    WR_TRY(grow_index(s, err));
    if (wr_grow(NULL, &s->files, &s->cap, s->n + 1, sizeof *s->files)) return no_memory(err);
    set_file *f = wr_alloc_zero(NULL, sizeof *f);
    char *copy = wr_alloc(NULL, len + 1);
    if (!f || !copy) {
        wr_free(NULL, f, 0);
        wr_free(NULL, copy, 0);
        return no_memory(err);
    }
    memcpy(copy, name, len);
    copy[len] = '\0';
    f->name = copy;
    f->len = len;
    f->hash = wr_hash_bytes(name, len);
    f->fd = -1;
    wr_packer_init(&f->packer, wr_packing_of(f->name, s->spec.packing));
    s->index[place_in_index(s, name, len, f->hash)] = s->n + 1;
    s->files[s->n++] = f;
    s->held += sizeof *f + len + 1;
    *out = f;
    return WEIR_OK;
}

/* ---- Open files ---------------------------------------------------------------------------------------- */

static weir_status drain(wr_file_set *s, set_file *f, weir_error *err);

static void unlink_use(wr_file_set *s, set_file *f) {
    *(f->newer ? &f->newer->older : &s->newest) = f->older;
    *(f->older ? &f->older->newer : &s->oldest) = f->newer;
}

static void link_use(wr_file_set *s, set_file *f) {
    f->newer = NULL;
    f->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = f;
    s->newest = f;
}

static void close_file(wr_file_set *s, set_file *f) {
    if (f->fd < 0) return;
    unlink_use(s, f);
    close(f->fd);
    f->fd = -1;
    s->n_open--;
}

/* A file that somebody took away begins again, with what stands at the beginning of one. */
static weir_status begin_again(wr_file_set *s, set_file *f, weir_error *err) {
    wr_packer packer;
    wr_buf all = WR_BUF_INIT;
    wr_packer_init(&packer, wr_packing_of(f->name, s->spec.packing));
    weir_status st = wr_packer_put(&packer, s->head.data, s->head.len, &all, err);
    if (st == WEIR_OK) st = wr_packer_flush(&packer, true, &all, err);
    wr_packer_fini(&packer);
    if (f->buffer.len > f->n_out) wr_buf_put(&all, f->buffer.data + f->n_out, f->buffer.len - f->n_out);
    if (st == WEIR_OK && all.failed) st = no_memory(err);
    if (st != WEIR_OK) return wr_buf_fini(&all), st;
    s->buffered = s->buffered - f->buffer.len + all.len;
    wr_buf_fini(&f->buffer);
    f->buffer = all;
    f->n_out = 0;
    return WEIR_OK;
}

/* Where the file ends now counts: between two openings it is not ours alone. */
static weir_status go_to_end(wr_file_set *s, set_file *f, weir_error *err) {
    struct stat st;
    bool empties = !f->was_opened && !s->spec.appends && !f->is_listed;
    if (empties && ftruncate(f->fd, 0)) return failure(s, f, "empty", err);
    if (fstat(f->fd, &st)) return failure(s, f, "look at", err);
    bool is_gone = st.st_size == 0 && f->size > 0;
    f->size = (uint64_t)st.st_size;
    if (lseek(f->fd, st.st_size, SEEK_SET) < 0) return failure(s, f, "seek in", err);
    if (is_gone && f->is_waiting && s->head.len) WR_TRY(begin_again(s, f, err));
    f->was_opened = true;
    return WEIR_OK;
}

/* What the packer has goes to the buffer; `end`: its memory goes too. */
static weir_status flush_packer(wr_file_set *s, set_file *f, bool end, weir_error *err) {
    size_t before = f->buffer.len;
    weir_status st = end || f->has_new ? wr_packer_flush(&f->packer, end, &f->buffer, err) : WEIR_OK;
    if (end) wr_packer_fini(&f->packer);
    f->has_new = false;
    s->buffered += f->buffer.len - before;
    return st;
}

/* A file that is closed ends in a whole member or frame: when it is opened again, it may be another one. */
static weir_status make_way(wr_file_set *s, set_file *f, weir_error *err) {
    WR_TRY(flush_packer(s, f, true, err));
    WR_TRY(drain(s, f, err));
    close_file(s, f);
    return WEIR_OK;
}

static weir_status open_file(wr_file_set *s, set_file *f, bool creates, weir_error *err) {
    if (f->fd >= 0) {
        unlink_use(s, f);
        link_use(s, f);
        return WEIR_OK;
    }
    while (s->n_open >= s->spec.most_open) WR_TRY(make_way(s, s->oldest, err));
    f->fd = wr_file_place_file(&s->place, f->name, creates);
    if (f->fd < 0) return failure(s, f, "open", err);
    s->n_open++;
    link_use(s, f);
    weir_status st = go_to_end(s, f, err);
    if (st != WEIR_OK) close_file(s, f);
    return st;
}

/* ---- Writing out --------------------------------------------------------------------------------------- */

static weir_status note_waiting(wr_file_set *s, set_file *f, weir_error *err) {
    if (f->is_waiting) return WEIR_OK;
    if (wr_grow(NULL, &s->waiting, &s->cap_waiting, s->n_waiting + 1, sizeof *s->waiting))
        return no_memory(err);
    s->waiting[s->n_waiting++] = f;
    f->is_waiting = true;
    return WEIR_OK;
}

/* What a failed write did manage stays counted, so that trying again goes on there. */
static weir_status drain(wr_file_set *s, set_file *f, weir_error *err) {
    if (f->n_out == f->buffer.len) return WEIR_OK;
    WR_TRY(open_file(s, f, true, err));
    while (f->n_out < f->buffer.len) {
        ssize_t n = write(f->fd, f->buffer.data + f->n_out, f->buffer.len - f->n_out);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failure(s, f, "write to", err);
        f->n_out += (size_t)n;
        f->size += (uint64_t)n;
    }
    s->buffered -= f->buffer.len;
    f->n_out = 0;
    wr_buf_fini(&f->buffer); /* there may be many */
    return WEIR_OK;
}

/* Everything that waits goes to the files; `end`: members and frames end too. What fails stays. */
static weir_status drain_all(wr_file_set *s, bool end, weir_error *err) {
    for (uint32_t i = s->n_waiting; i-- > 0;) {
        set_file *f = s->waiting[i];
        WR_TRY(flush_packer(s, f, end, err));
        WR_TRY(drain(s, f, err));
        if (f->packer.is_midway) continue;
        f->is_waiting = false;
        s->waiting[i] = s->waiting[--s->n_waiting];
    }
    return WEIR_OK;
}

static weir_status make_room(wr_file_set *s, weir_error *err) {
    bool is_packed = s->spec.packing != WR_PACKING_NONE;
    bool is_full = s->buffered >= FLUSH_BYTES || (is_packed && s->n_waiting >= s->spec.most_open);
    return is_full ? drain_all(s, true, err) : WEIR_OK;
}

/* ---- Taking rows --------------------------------------------------------------------------------------- */

static weir_text name_of(const wr_file_set *s, const weir_output *out, uint32_t record) {
    weir_text t = weir_output_option(out, s->spec.uri, record);
    return (weir_text){t.bytes + s->place.skip, t.len - s->place.skip};
}

static bool is_same(weir_text a, weir_text b) {
    return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

weir_status wr_file_set_accepts(const wr_file_set *s, const weir_output *out, weir_error *err) {
    weir_text last = {0};
    for (uint32_t i = 0; i < out->n_records; i++) {
        weir_text name = name_of(s, out, i);
        bool exists;
        uint64_t size;
        if ((last.bytes && is_same(name, last)) || find(s, name.bytes, name.len)) continue;
        WR_TRY(wr_file_place_check(&s->place, name.bytes, name.len, err));
        weir_error own = {0};
        last = name;
        if (s->place.fd < 0) continue; /* not started yet */
        if (wr_file_place_look(&s->place, name.bytes, &exists, &size, &own) == WEIR_EVALUE) {
            if (err) *err = own;
            return WEIR_EVALUE;
        }
    }
    return WEIR_OK;
}

/* A file that was not met before is noted in the journal before anything is done to it. */
static weir_status meet(wr_file_set *s, weir_text name, set_file **out, weir_error *err) {
    bool exists;
    uint64_t size;
    *out = find(s, name.bytes, name.len);
    if (*out) return WEIR_OK;
    WR_TRY(wr_file_place_check(&s->place, name.bytes, name.len, err));
    WR_TRY(wr_file_place_look(&s->place, name.bytes, &exists, &size, err));
    size = s->spec.appends ? size : 0;
    WR_TRY(wr_file_journal_add(&s->journal, &(wr_file_note){name.bytes, name.len, size, exists}, err));
    WR_TRY(add(s, name.bytes, name.len, out, err));
    (*out)->size = (*out)->epoch_begin = (*out)->first_size = size;
    (*out)->was_there = exists;
    return WEIR_OK;
}

static weir_status find_all(wr_file_set *s, const weir_output *out, weir_error *err) {
    if (wr_grow(NULL, &s->found, &s->cap_found, out->n_records + 1, sizeof *s->found)) return no_memory(err);
    for (uint32_t i = 0; i < out->n_records; i++) {
        weir_text name = name_of(s, out, i);
        if (i && is_same(name, name_of(s, out, i - 1)))
            s->found[i] = s->found[i - 1];
        else
            WR_TRY(meet(s, name, &s->found[i], err));
    }
    return wr_file_journal_sync(&s->journal, err);
}

static weir_status put(wr_file_set *s, set_file *f, const char *bytes, size_t len, weir_error *err) {
    size_t before = f->buffer.len;
    WR_TRY(note_waiting(s, f, err));
    bool at_start = !f->size && !f->buffer.len && !f->packer.is_midway;
    f->is_touched = f->has_new = true;
    weir_status st = at_start && s->head.len
                         ? wr_packer_put(&f->packer, s->head.data, s->head.len, &f->buffer, err)
                         : WEIR_OK;
    if (st == WEIR_OK) st = wr_packer_put(&f->packer, bytes, len, &f->buffer, err);
    s->buffered += f->buffer.len - before;
    /* Packers take much memory: only so many are midway as files may be open. */
    if (st == WEIR_OK && s->n_waiting > s->spec.most_open) st = flush_packer(s, f, true, err);
    return st;
}

weir_status wr_file_set_write(wr_file_set *s, const weir_output *out, weir_error *err) {
    WR_TRY(make_room(s, err));
    WR_TRY(find_all(s, out, err));
    size_t begin = 0;
    for (uint32_t i = 0; i < out->n_records; i++) {
        if (i + 1 < out->n_records && s->found[i + 1] == s->found[i]) continue;
        WR_TRY(put(s, s->found[i], out->bytes + begin, out->record_end[i] - begin, err));
        begin = out->record_end[i];
    }
    return WEIR_OK;
}

weir_status wr_file_set_flush(wr_file_set *s, weir_error *err) { return drain_all(s, false, err); }

weir_status wr_file_set_head(wr_file_set *s, const char *bytes, size_t len, weir_error *err) {
    wr_buf_clear(&s->head);
    if (len) wr_buf_put(&s->head, bytes, len);
    return s->head.failed ? no_memory(err) : WEIR_OK;
}

/* ---- Epochs -------------------------------------------------------------------------------------------- */

void wr_file_set_begin(wr_file_set *s) {
    for (uint32_t i = 0; i < s->n; i++) {
        s->files[i]->epoch_begin = s->files[i]->size;
        s->files[i]->is_touched = false;
    }
}

/* A file that somebody took away has nothing to be made durable. */
static weir_status sync_file(wr_file_set *s, set_file *f, weir_error *err) {
    bool exists = true;
    uint64_t size;
    if (f->fd < 0) WR_TRY(wr_file_place_look(&s->place, f->name, &exists, &size, err));
    if (!exists) return WEIR_OK;
    WR_TRY(open_file(s, f, false, err));
    if (fdatasync(f->fd)) return failure(s, f, "sync", err);
    if (!f->was_there) wr_file_place_sync(&s->place, f->name);
    return WEIR_OK;
}

weir_status wr_file_set_prepare(wr_file_set *s, weir_writer *w, weir_error *err) {
    WR_TRY(drain_all(s, true, err));
    for (uint32_t i = 0; i < s->n; i++)
        if (s->files[i]->is_touched) WR_TRY(sync_file(s, s->files[i], err));
    if (!w) return WEIR_OK;
    weir_write_u32(w, SAVE_VERSION);
    weir_write_u32(w, s->n);
    for (uint32_t i = 0; i < s->n; i++) {
        const set_file *f = s->files[i];
        weir_write_i64(w, (int64_t)f->size);
        weir_write_u32(w, (uint32_t)f->len);
        weir_write_bytes(w, f->name, f->len);
    }
    return WEIR_OK;
}

static void drop_waiting(wr_file_set *s) {
    for (uint32_t i = 0; i < s->n_waiting; i++) {
        wr_packer_fini(&s->waiting[i]->packer);
        wr_packer_init(&s->waiting[i]->packer, wr_packing_of(s->waiting[i]->name, s->spec.packing));
        wr_buf_fini(&s->waiting[i]->buffer);
        s->waiting[i]->n_out = 0;
        s->waiting[i]->is_waiting = s->waiting[i]->has_new = false;
    }
    s->n_waiting = 0;
    s->buffered = 0;
}

static weir_status cut(wr_file_set *s, set_file *f, uint64_t size, weir_error *err) {
    WR_TRY(open_file(s, f, true, err));
    if (f->size > size && ftruncate(f->fd, (off_t)size)) return failure(s, f, "cut back", err);
    f->size = WR_MIN(f->size, size);
    if (lseek(f->fd, (off_t)f->size, SEEK_SET) < 0) return failure(s, f, "seek in", err);
    return WEIR_OK;
}

weir_status wr_file_set_abort(wr_file_set *s, weir_error *err) {
    drop_waiting(s);
    for (uint32_t i = 0; i < s->n; i++) {
        set_file *f = s->files[i];
        if (f->is_touched && f->was_opened) WR_TRY(cut(s, f, f->epoch_begin, err));
    }
    return WEIR_OK;
}

/* ---- Recovery ------------------------------------------------------------------------------------------ */

static void free_file(wr_file_set *s, set_file *f) {
    close_file(s, f);
    wr_packer_fini(&f->packer);
    wr_buf_fini(&f->buffer);
    s->held -= sizeof *f + f->len + 1;
    wr_free(NULL, f->name, 0);
    wr_free(NULL, f, 0);
}

static void forget_all(wr_file_set *s) {
    drop_waiting(s);
    for (uint32_t i = 0; i < s->n; i++) free_file(s, s->files[i]);
    s->n = 0;
    if (s->index) memset(s->index, 0, s->n_index * sizeof *s->index);
}

static weir_status load_note(void *ctx, const wr_file_note *note, weir_error *err) {
    wr_file_set *s = ctx;
    set_file *f = find(s, note->name, note->len);
    if (f) return WEIR_OK; /* the first counts */
    if (note->len > LONGEST_NAME || memchr(note->name, '\0', note->len))
        return weir_fail(err, WEIR_ESTATE, "the journal of the files is damaged");
    WR_TRY(add(s, note->name, note->len, &f, err));
    f->first_size = note->size;
    f->was_there = note->was_there;
    weir_error own;
    if (wr_file_place_check(&s->place, f->name, f->len, &own) == WEIR_OK) return WEIR_OK;
    return weir_fail(err, WEIR_ESTATE, "the journal of the files is damaged");
}

/* One file of a checkpoint. The state is trusted no more than an event is. */
static weir_status load_listed(wr_file_set *s, weir_reader *r, wr_buf *name, weir_error *err) {
    int64_t size = weir_read_i64(r);
    uint32_t len = weir_read_u32(r);
    weir_error own;
    WR_TRY(weir_reader_status(r, err));
    wr_buf_clear(name);
    if (len > LONGEST_NAME || size < 0)
        return weir_fail(err, WEIR_ESTATE, "the state of the files is damaged");
    if (!wr_buf_reserve(name, len)) return no_memory(err);
    weir_read_bytes(r, name->data, len);
    WR_TRY(weir_reader_status(r, err));
    name->data[len] = '\0';
    if (wr_file_place_check(&s->place, name->data, len, &own) != WEIR_OK)
        return weir_fail(err, WEIR_ESTATE, "the state is of another file.uri: '%.100s'", name->data);
    set_file *f = find(s, name->data, len);
    if (!f) {
        WR_TRY(add(s, name->data, len, &f, err));
        f->first_size = (uint64_t)size; /* never removed */
        f->was_there = true;
    }
    f->size = (uint64_t)size;
    f->is_listed = true;
    return WEIR_OK;
}

static weir_status load(wr_file_set *s, weir_reader *r, weir_error *err) {
    WR_TRY(weir_read_version(r, SAVE_VERSION, err));
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    WR_TRY(wr_file_journal_read(&s->journal, load_note, s, err));
    wr_buf name = WR_BUF_INIT;
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < n && st == WEIR_OK; i++) st = load_listed(s, r, &name, err);
    wr_buf_fini(&name);
    return st;
}

static weir_status cut_listed(wr_file_set *s, set_file *f, weir_error *err) {
    bool exists;
    uint64_t size, committed = f->size;
    WR_TRY(wr_file_place_look(&s->place, f->name, &exists, &size, err));
    if (!exists) {
        f->is_listed = false; /* it begins again */
        wr_io_log(s->spec.args->host, WEIR_LOG_WARN, "'%s%s' is gone; it had %llu bytes", s->place.folder,
                  f->name, (unsigned long long)committed);
        return WEIR_OK;
    }
    if (size < committed)
        return weir_fail(
            err, WEIR_ESTATE,
            "'%s%s' has %llu bytes, but %llu were committed: it was cut or replaced by someone else",
            s->place.folder, f->name, (unsigned long long)size, (unsigned long long)committed);
    f->was_opened = true;
    return size > committed ? cut(s, f, committed, err) : WEIR_OK;
}

/* A file that was met after the checkpoint becomes what it was before, durably: the journal forgets it. */
static weir_status undo(wr_file_set *s, set_file *f, weir_error *err) {
    bool exists;
    uint64_t size;
    WR_TRY(wr_file_place_look(&s->place, f->name, &exists, &size, err));
    if (!exists) return WEIR_OK;
    f->was_opened = true; /* it isn't emptied */
    if (f->was_there) {
        if (size <= f->first_size) return WEIR_OK;
        WR_TRY(cut(s, f, f->first_size, err));
        return fdatasync(f->fd) ? failure(s, f, "sync", err) : WEIR_OK;
    }
    if (wr_file_place_remove(&s->place, f->name)) return failure(s, f, "remove", err);
    wr_file_place_sync(&s->place, f->name);
    return WEIR_OK;
}

/* Only the files that the checkpoint lists stay known. */
static weir_status keep_listed(wr_file_set *s, weir_error *err) {
    uint32_t n = s->n;
    s->n = 0;
    if (s->index) memset(s->index, 0, s->n_index * sizeof *s->index);
    wr_buf_clear(&s->journal.waiting);
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < n; i++) {
        set_file *f = s->files[i];
        if (!f->is_listed) {
            free_file(s, f);
            continue;
        }
        s->files[s->n] = f;
        s->index[place_in_index(s, f->name, f->len, f->hash)] = s->n + 1;
        s->n++;
        if (st == WEIR_OK)
            st = wr_file_journal_add(&s->journal,
                                     &(wr_file_note){f->name, f->len, f->first_size, f->was_there}, err);
    }
    return st == WEIR_OK ? wr_file_journal_replace(&s->journal, err) : st;
}

weir_status wr_file_set_recover(wr_file_set *s, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    forget_all(s);
    if (saved && last_epoch) WR_TRY(load(s, saved, err));
    for (uint32_t i = 0; i < s->n; i++) {
        set_file *f = s->files[i];
        WR_TRY(f->is_listed ? cut_listed(s, f, err) : undo(s, f, err));
    }
    return keep_listed(s, err);
}

/* ---- Life ---------------------------------------------------------------------------------------------- */

weir_status wr_file_set_new(const wr_file_set_spec *spec, wr_file_set **out, weir_error *err) {
    wr_file_set *s = wr_alloc_zero(NULL, sizeof *s);
    *out = s;
    if (!s) return no_memory(err);
    s->spec = *spec;
    s->journal.fd = -1;
    WR_TRY(wr_file_place_init(&s->place, spec->args->host, spec->uri->text, err));
    return wr_file_journal_init(&s->journal, spec->args->host, spec->args->schema->stream, spec->uri->text,
                                err);
}

weir_status wr_file_set_start(wr_file_set *s, weir_error *err) { return wr_file_place_open(&s->place, err); }

size_t wr_file_set_bytes(const wr_file_set *s) {
    return sizeof *s + s->held + s->buffered + s->n_index * sizeof *s->index +
           ((size_t)s->cap + s->cap_waiting + s->cap_found) * sizeof *s->files;
}

void wr_file_set_free(wr_file_set *s) {
    if (!s) return;
    if (s->place.fd >= 0) (void)drain_all(s, true, NULL);
    forget_all(s);
    wr_file_place_fini(&s->place);
    wr_file_journal_fini(&s->journal);
    wr_buf_fini(&s->head);
    wr_free(NULL, s->files, 0);
    wr_free(NULL, s->index, 0);
    wr_free(NULL, s->waiting, 0);
    wr_free(NULL, s->found, 0);
    wr_free(NULL, s, 0);
}
