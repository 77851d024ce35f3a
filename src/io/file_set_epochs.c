/* file_set_epochs.c: checkpoints of a set of files, and the way back to one. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file_one.h"
#include "io/file_set_internal.h"
#include "io/io_log.h"

#define SAVED_WITHOUT_TURNS 2u
#define SAVE_VERSION        WR_FILE_SET_SAVED
#define LONGEST_NAME        65536u /* of a saved one */
#define MOST_TURNS          INT64_MAX / 2

/* ---- Epochs -------------------------------------------------------------------------------------------- */

void wr_file_set_begin(wr_file_set *s, uint64_t epoch) {
    s->epoch = epoch;
    for (uint32_t i = 0; i < s->n; i++) {
        s->files[i]->epoch_begin = s->files[i]->size;
        s->files[i]->epoch_turn = s->files[i]->turn;
        s->files[i]->is_touched = false;
    }
}

static weir_status sync_file(wr_file_set *s, wr_set_file *f, weir_error *err) {
    bool exists = true;
    uint64_t size;
    if (f->fd < 0) WR_TRY(wr_file_place_look(&s->place, f->name, &exists, &size, err));
    if (!exists) return wr_file_set_note_change(s, f, 0, err);
    WR_TRY(wr_file_set_look_at(s, f, err));
    WR_TRY(wr_file_set_open_file(s, f, false, err));
    if (fdatasync(f->fd)) return wr_file_set_failure(s, f->name, "sync", err);
    if (!f->was_there || f->turn > 1) wr_file_place_sync(&s->place, f->name);
    return WEIR_OK;
}

static void save_file(const wr_set_file *f, weir_writer *w) {
    weir_write_i64(w, (int64_t)f->size);
    weir_write_u32(w, (uint32_t)f->len);
    weir_write_bytes(w, f->name, f->len);
    weir_write_i64(w, (int64_t)f->turn);
    weir_write_i64(w, f->begun_ms);
    weir_write_i64(w, (int64_t)f->number);
    weir_write_u32(w, f->n_ended);
    for (uint32_t i = 0; i < f->n_ended; i++) {
        weir_write_i64(w, (int64_t)f->ended[i].turn);
        weir_write_i64(w, f->ended[i].begun_ms);
    }
}

static void save(wr_file_set *s, weir_writer *w) {
    weir_write_u32(w, SAVE_VERSION);
    weir_write_u32(w, s->n);
    for (uint32_t i = 0; i < s->n; i++) {
        wr_set_file *f = s->files[i];
        save_file(f, w);
        for (uint32_t k = 0; k < f->n_ended; k++)
            if (f->ended[k].state == WR_ENDED_NEW) f->ended[k].state = WR_ENDED_SAVED;
    }
}

weir_status wr_file_set_prepare(wr_file_set *s, weir_writer *w, weir_error *err) {
    WR_TRY(wr_file_set_watch_time(s, err));
    wr_file_set_look_anew(s, true);
    WR_TRY(wr_file_set_drain_all(s, true, err));
    wr_file_set_look_anew(s, true);
    for (uint32_t i = 0; i < s->n; i++) {
        if (s->files[i]->n_ended) WR_TRY(wr_file_set_sync_ended(s, s->files[i], err));
        if (s->files[i]->is_touched) WR_TRY(sync_file(s, s->files[i], err));
    }
    if (w) save(s, w);
    return WEIR_OK;
}

void wr_file_set_commit(wr_file_set *s) {
    for (uint32_t i = 0; s->n_ended && i < s->n; i++) {
        wr_set_file *f = s->files[i];
        if (f->n_ended) wr_file_set_publish(s, f);
        for (uint32_t k = 0; k < f->n_ended; k++)
            if (f->ended[k].state == WR_ENDED_SAVED) f->ended[k].state = WR_ENDED_COMMITTED;
    }
}

static weir_status cut(wr_file_set *s, wr_set_file *f, uint64_t size, weir_error *err) {
    WR_TRY(wr_file_set_open_file(s, f, true, err));
    if (f->size > size && ftruncate(f->fd, (off_t)size))
        return wr_file_set_failure(s, f->name, "cut back", err);
    f->size = WR_MIN(f->size, size);
    if (lseek(f->fd, (off_t)f->size, SEEK_SET) < 0) return wr_file_set_failure(s, f->name, "seek in", err);
    return WEIR_OK;
}

weir_status wr_file_set_abort(wr_file_set *s, weir_error *err) {
    wr_file_set_drop_waiting(s);
    for (uint32_t i = 0; i < s->n; i++) {
        wr_set_file *f = s->files[i];
        if (f->turn > f->epoch_turn) {
            WR_TRY(wr_file_set_go_back(s, f, f->epoch_turn, err));
            f->size = f->epoch_begin; /* unless opening it says more */
        }
        if (f->is_touched && f->was_opened) WR_TRY(cut(s, f, f->epoch_begin, err));
    }
    return WEIR_OK;
}

/* ---- Recovery ------------------------------------------------------------------------------------------ */

static weir_status load_note(void *ctx, const wr_file_note *note, weir_error *err) {
    wr_file_set *s = ctx;
    wr_set_file *f = wr_file_set_find(s, note->name, note->len);
    bool is_anew = note->epoch >= s->epoch;
    if (note->epoch && !is_anew) return WEIR_OK; /* the checkpoint has it */
    if (f && !is_anew) return WEIR_OK;           /* the first counts */
    if (note->len > LONGEST_NAME || memchr(note->name, '\0', note->len))
        return weir_fail(err, WEIR_ESTATE, "the journal of the files is damaged");
    if (!f) WR_TRY(wr_file_set_add(s, note->name, note->len, &f, err));
    f->first_size = note->size;
    f->was_there = note->was_there;
    f->is_anew = is_anew;
    weir_error own;
    if (wr_file_place_check(&s->place, f->name, f->len, &own) == WEIR_OK) return WEIR_OK;
    return weir_fail(err, WEIR_ESTATE, "the journal of the files is damaged");
}

static weir_status damaged(weir_error *err) {
    return weir_fail(err, WEIR_ESTATE, "the state of the files is damaged");
}

static weir_status load_ended(wr_file_set *s, wr_set_file *f, weir_reader *r, weir_error *err) {
    int64_t turn = weir_read_i64(r), begun_ms = weir_read_i64(r);
    WR_TRY(weir_reader_status(r, err));
    int64_t least = f->n_ended ? (int64_t)f->ended[f->n_ended - 1].turn : 0;
    if (turn <= least || turn >= (int64_t)f->turn) return damaged(err);
    if (wr_grow(NULL, &f->ended, &f->cap_ended, f->n_ended + 1, sizeof *f->ended))
        return wr_file_set_no_memory(err);
    f->ended[f->n_ended++] = (wr_file_ended){(uint64_t)turn, begun_ms, WR_ENDED_COMMITTED};
    s->n_ended++;
    return WEIR_OK;
}

/* Before version 3 no file was closed. */
static weir_status load_turns(wr_file_set *s, wr_set_file *f, weir_reader *r, weir_error *err) {
    int64_t turn = weir_read_i64(r), begun_ms = weir_read_i64(r), number = weir_read_i64(r);
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    if (turn < 1 || turn > MOST_TURNS || number < 0) return damaged(err);
    f->turn = (uint64_t)turn;
    f->begun_ms = begun_ms;
    f->number = (uint64_t)number;
    f->is_new = !begun_ms && f->size;
    for (uint32_t i = 0; i < n; i++) WR_TRY(load_ended(s, f, r, err));
    return WEIR_OK;
}

/* One file of a checkpoint. The state is trusted no more than an event is. */
static weir_status load_listed(wr_file_set *s, weir_reader *r, uint32_t version, wr_buf *name,
                               weir_error *err) {
    int64_t size = weir_read_i64(r);
    uint32_t len = weir_read_u32(r);
    weir_error own;
    WR_TRY(weir_reader_status(r, err));
    wr_buf_clear(name);
    if (len > LONGEST_NAME || size < 0) return damaged(err);
    if (!wr_buf_reserve(name, len)) return wr_file_set_no_memory(err);
    weir_read_bytes(r, name->data, len);
    WR_TRY(weir_reader_status(r, err));
    name->data[len] = '\0';
    if (wr_file_place_check(&s->place, name->data, len, &own) != WEIR_OK)
        return weir_fail(err, WEIR_ESTATE, "the state is of another file.uri: '%.100s'", name->data);
    wr_set_file *f = wr_file_set_find(s, name->data, len);
    if (!f) {
        WR_TRY(wr_file_set_add(s, name->data, len, &f, err));
        f->first_size = (uint64_t)size; /* never removed */
        f->was_there = true;
    }
    f->size = (uint64_t)size;
    if (f->is_listed) return damaged(err);
    f->is_listed = true;
    return version == SAVE_VERSION ? load_turns(s, f, r, err) : WEIR_OK;
}

/* As the sink of one file saved it before it rotated. */
static weir_status load_only(wr_file_set *s, uint32_t version, weir_reader *r, weir_error *err) {
    wr_file_saved saved;
    WR_TRY(wr_file_one_load(r, version, &saved, err));
    WR_TRY(wr_file_journal_read(&s->journal, load_note, s, err));
    wr_set_file *f = wr_file_set_find(s, s->place.rest, strlen(s->place.rest));
    if (!f) WR_TRY(wr_file_set_add(s, s->place.rest, strlen(s->place.rest), &f, err));
    f->size = saved.size;
    if (!f->is_anew) f->first_size = saved.size;
    f->was_there = f->is_listed = f->is_new = true;
    return WEIR_OK;
}

static weir_status load(wr_file_set *s, weir_reader *r, weir_error *err) {
    uint32_t version = weir_read_u32(r);
    bool is_of_one = version == WR_FILE_ONE_PLAIN || version == WR_FILE_ONE_SAVED;
    if (is_of_one && !s->spec.uri->slot) return load_only(s, version, r, err);
    if (version != SAVE_VERSION && version != SAVED_WITHOUT_TURNS)
        return weir_fail(err, WEIR_ESTATE, "saved by another version");
    uint32_t n = weir_read_u32(r);
    WR_TRY(weir_reader_status(r, err));
    WR_TRY(wr_file_journal_read(&s->journal, load_note, s, err));
    wr_buf name = WR_BUF_INIT;
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < n && st == WEIR_OK; i++) st = load_listed(s, r, version, &name, err);
    wr_buf_fini(&name);
    return st;
}

/* The checkpoint's length is of another file, which is gone; how much of what has its name now counts. */
static weir_status begin_listed_anew(wr_file_set *s, wr_set_file *f, bool exists, uint64_t size,
                                     weir_error *err) {
    if (!f->is_anew || !exists)
        wr_io_log(s->spec.args->host, WEIR_LOG_WARN, "'%s%s' is gone; it had %llu bytes", s->place.folder,
                  f->name, (unsigned long long)f->size);
    f->first_size = f->is_anew ? WR_MIN(f->first_size, size) : 0;
    f->was_there = f->is_anew ? f->was_there : exists;
    f->is_anew = f->was_opened = true;
    f->size = size;
    if (exists && size > f->first_size) WR_TRY(cut(s, f, f->first_size, err));
    f->size = f->first_size;
    return WEIR_OK;
}

static weir_status cut_listed(wr_file_set *s, wr_set_file *f, weir_error *err) {
    bool exists;
    uint64_t size, committed = f->size;
    WR_TRY(wr_file_place_look(&s->place, f->name, &exists, &size, err));
    if (!exists && !committed && !f->is_anew) return WEIR_OK;
    if (f->is_anew || (committed && !size)) return begin_listed_anew(s, f, exists, size, err);
    if (size < committed)
        return weir_fail(
            err, WEIR_ESTATE,
            "'%s%s' has %llu bytes, but %llu were committed: it was cut or replaced by someone else",
            s->place.folder, f->name, (unsigned long long)size, (unsigned long long)committed);
    f->was_opened = true;
    return size > committed ? cut(s, f, committed, err) : WEIR_OK;
}

/* A file that was met after the checkpoint becomes what it was before, durably: the journal forgets it. */
static weir_status undo(wr_file_set *s, wr_set_file *f, weir_error *err) {
    bool exists;
    uint64_t size;
    WR_TRY(wr_file_place_look(&s->place, f->name, &exists, &size, err));
    if (!exists) return WEIR_OK;
    f->was_opened = true; /* it isn't emptied */
    if (f->was_there) {
        if (size <= f->first_size) return WEIR_OK;
        WR_TRY(cut(s, f, f->first_size, err));
        return fdatasync(f->fd) ? wr_file_set_failure(s, f->name, "sync", err) : WEIR_OK;
    }
    if (wr_file_place_remove(&s->place, f->name)) return wr_file_set_failure(s, f->name, "remove", err);
    wr_file_place_sync(&s->place, f->name);
    return WEIR_OK;
}

/* Only the files that the checkpoint lists stay known. */
static weir_status keep_listed(wr_file_set *s, weir_error *err) {
    uint32_t n = s->n;
    wr_file_set_clear_index(s);
    wr_buf_clear(&s->journal.waiting);
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < n; i++) {
        wr_set_file *f = s->files[i];
        if (!f->is_listed) {
            wr_file_set_free_file(s, f);
            continue;
        }
        wr_file_set_keep_file(s, f);
        if (st == WEIR_OK)
            st = wr_file_journal_add(&s->journal,
                                     &(wr_file_note){f->name, f->len, f->first_size, f->was_there, 0}, err);
        if (st == WEIR_OK && f->is_anew) st = wr_file_set_note_anew(s, f, f->first_size, f->was_there, err);
        f->is_anew = false;
    }
    return st == WEIR_OK ? wr_file_journal_replace(&s->journal, err) : st;
}

weir_status wr_file_set_recover(wr_file_set *s, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    wr_file_set_forget_all(s);
    wr_file_set_look_anew(s, true);
    WR_TRY(wr_file_place_open(&s->place, err));
    s->epoch = last_epoch + 1;
    if (saved && last_epoch) WR_TRY(load(s, saved, err));
    for (uint32_t i = 0; i < s->n; i++) {
        wr_set_file *f = s->files[i];
        WR_TRY(wr_file_set_go_back(s, f, f->turn, err));
        WR_TRY(f->is_listed ? cut_listed(s, f, err) : undo(s, f, err));
    }
    WR_TRY(keep_listed(s, err));
    return s->spec.uri->slot ? WEIR_OK : wr_file_set_meet_only(s, err);
}
