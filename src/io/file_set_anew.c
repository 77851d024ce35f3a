/* file_set_anew.c: files of a set that somebody deletes or moves away while they are open (file_anew.h). */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file_set_internal.h"
#include "io/io_log.h"

#define LOOK_MS 100

bool wr_file_set_has_checkpoints(const wr_file_set *s) {
    return s->spec.args->has_checkpoints || s->journal.path;
}

void wr_file_set_look_anew(wr_file_set *s, bool always) {
    int64_t now = wr_monotonic_ms();
    if (!always && now < s->look_ms) return;
    s->look_ms = now + LOOK_MS;
    s->look++;
    wr_file_place_look_again(&s->place);
}

weir_status wr_file_set_note_anew(wr_file_set *s, const wr_set_file *f, uint64_t size, bool was_there,
                                  weir_error *err) {
    if (!wr_file_set_has_checkpoints(s)) return WEIR_OK;
    return wr_file_journal_add(&s->journal, &(wr_file_note){f->name, f->len, size, was_there, s->epoch}, err);
}

weir_status wr_file_set_note_change(wr_file_set *s, wr_set_file *f, uint64_t size, weir_error *err) {
    bool is_lost = f->size > f->epoch_begin || f->turn > f->epoch_turn;
    WR_TRY(wr_file_set_note_anew(s, f, size, size > 0, err));
    WR_TRY(wr_file_journal_sync(&s->journal, err));
    if (f->turn == f->epoch_turn) f->epoch_begin = WR_MIN(f->epoch_begin, size);
    f->size = f->seen = size;
    if (!is_lost || s->spec.args->guarantee != WEIR_EXACTLY_ONCE) return WEIR_OK;
    weir_fail(err, WEIR_EIO, "somebody took '%s%s' away, with rows that no checkpoint has", s->place.folder,
              f->name);
    if (err) err->retriable = true;
    return WEIR_EIO;
}

/* As file_one.c's: what the new file gets. A file that a turn began holds nothing that checkpoints have. */
static uint64_t first_to_hand_over(const wr_file_set *s, const wr_set_file *f, bool is_deleted) {
    uint64_t begin = f->turn > f->epoch_turn ? 0 : WR_MIN(f->epoch_begin, f->size);
    if (wr_file_set_has_checkpoints(s)) return begin;
    if (!is_deleted) return f->size;
    return f->packer.packing == WR_PACKING_NONE ? WR_MAX(f->seen, begin) : begin;
}

/* The file that has the name now, which is made if there is none; noted before it is written to. */
static weir_status open_new(wr_file_set *s, wr_set_file *f, int *fd, uint64_t *size, weir_error *err) {
    bool exists;
    WR_TRY(wr_file_place_open(&s->place, err));
    WR_TRY(wr_file_place_look(&s->place, f->name, &exists, size, err));
    WR_TRY(wr_file_set_note_anew(s, f, *size, exists, err));
    WR_TRY(wr_file_journal_sync(&s->journal, err));
    *fd = wr_file_place_file(&s->place, f->name, true);
    return *fd < 0 ? wr_file_set_failure(s, f->name, "open", err) : WEIR_OK;
}

static weir_status fill_new(wr_file_set *s, const wr_set_file *f, int fd, uint64_t begin, uint64_t *size,
                            weir_error *err) {
    bool has_head = begin == 0 && f->size > 0; /* what is handed over begins with it */
    weir_error own = {0};
    wr_file_legacy l = {.from = f->fd,
                        .begin = begin,
                        .end = f->size,
                        .head = s->head.data,
                        .head_len = f->size > 0 && !has_head ? s->head.len : 0,
                        .packing = f->packer.packing};
    if (wr_file_hand_over(&l, fd, size, &own) == WEIR_OK) return WEIR_OK;
    weir_fail(err, WEIR_EIO, "can't begin '%s%s' anew: %s", s->place.folder, f->name, own.message);
    if (err) err->retriable = true;
    return WEIR_EIO;
}

static weir_status begin_anew(wr_file_set *s, wr_set_file *f, bool is_deleted, weir_error *err) {
    struct stat opened;
    int fd;
    uint64_t begin = first_to_hand_over(s, f, is_deleted), first, size;
    if (!f->has_told)
        wr_io_log(s->spec.args->host, WEIR_LOG_WARN, "'%s%s' was %s by somebody; it is begun anew",
                  s->place.folder, f->name, is_deleted ? "deleted" : "moved away");
    f->has_told = true;
    WR_TRY(open_new(s, f, &fd, &first, err));
    size = first;
    weir_status st = fstat(fd, &opened) ? wr_file_set_failure(s, f->name, "look at", err)
                                        : fill_new(s, f, fd, begin, &size, err);
    if (st != WEIR_OK) return close(fd), st;
    if (!is_deleted && begin < f->size && (ftruncate(f->fd, (off_t)begin) || fdatasync(f->fd)))
        wr_io_log(s->spec.args->host, WEIR_LOG_WARN, "can't cut back what '%s%s' was: %s", s->place.folder,
                  f->name, strerror(errno));
    close(f->fd);
    f->fd = fd;
    f->watch = wr_file_watch_of(&opened);
    if (f->turn == f->epoch_turn) f->epoch_begin = first;
    f->size = f->seen = size;
    f->has_told = false;
    f->is_touched = true;
    wr_file_place_sync(&s->place, f->name);
    return WEIR_OK;
}

/* Whether the name still leads to what is open; *size: of that, as far as it is known. */
static bool is_there(const wr_file_set *s, const wr_set_file *f, uint64_t *size) {
    struct stat at_name;
    *size = f->size;
    if (wr_file_place_stat(&s->place, f->name, &at_name))
        return errno != ENOENT && errno != ENOTDIR && errno != ELOOP; /* nobody knows */
    if (!wr_file_watch_is(&f->watch, &at_name)) return false;
    *size = (uint64_t)at_name.st_size;
    return true;
}

/* It was cut, but it is the same one. */
static weir_status go_on_at(wr_file_set *s, wr_set_file *f, uint64_t end, weir_error *err) {
    wr_io_log(s->spec.args->host, WEIR_LOG_WARN, "'%s%s' was cut to %llu bytes by somebody; rows go on there",
              s->place.folder, f->name, (unsigned long long)end);
    wr_file_legacy l = {.head = s->head.data, .head_len = s->head.len, .packing = f->packer.packing};
    WR_TRY(wr_file_set_note_anew(s, f, end, true, err));
    WR_TRY(wr_file_journal_sync(&s->journal, err));
    uint64_t size = end;
    if (wr_file_hand_over(&l, f->fd, &size, err) != WEIR_OK)
        return wr_file_set_failure(s, f->name, "write to", err);
    if (f->turn == f->epoch_turn) f->epoch_begin = WR_MIN(f->epoch_begin, end);
    f->size = f->seen = size;
    return WEIR_OK;
}

weir_status wr_file_set_look_at(wr_file_set *s, wr_set_file *f, weir_error *err) {
    struct stat opened;
    uint64_t size;
    if (f->fd < 0 || f->look == s->look) return WEIR_OK;
    f->look = s->look;
    if (is_there(s, f, &size)) {
        if (size < f->size) return go_on_at(s, f, size, err);
        if (!f->n_out) f->seen = f->size;
        return WEIR_OK;
    }
    f->look--; /* until that is done */
    if (fstat(f->fd, &opened)) return wr_file_set_failure(s, f->name, "look at", err);
    bool is_deleted = opened.st_nlink == 0;
    /* A member or frame, or a row, that was begun in a file that was moved away ends there. */
    bool stays = !is_deleted && !wr_file_set_has_checkpoints(s) &&
                 ((f->packer.is_midway && !f->has_ended) || f->n_out || f->n_cuts);
    f->has_ended = stays;
    if (stays) return wr_file_set_flush_packer(s, f, true, err);
    WR_TRY(begin_anew(s, f, is_deleted, err));
    f->look = s->look;
    return WEIR_OK;
}

weir_status wr_file_set_look_now(wr_file_set *s, wr_set_file *f, weir_error *err) {
    f->look = s->look - 1;
    return wr_file_set_look_at(s, f, err);
}
