/* file_set_write.c: which files of a set are open, and how what waits gets into them. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file_set_internal.h"

/* ---- Open files ---------------------------------------------------------------------------------------- */

static weir_status drain(wr_file_set *s, wr_set_file *f, weir_error *err);

static void unlink_use(wr_file_set *s, wr_set_file *f) {
    *(f->newer ? &f->newer->older : &s->newest) = f->older;
    *(f->older ? &f->older->newer : &s->oldest) = f->newer;
}

static void link_use(wr_file_set *s, wr_set_file *f) {
    f->newer = NULL;
    f->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = f;
    s->newest = f;
}

void wr_file_set_close_file(wr_file_set *s, wr_set_file *f) {
    if (f->fd < 0) return;
    unlink_use(s, f);
    close(f->fd);
    f->fd = -1;
    s->n_open--;
}

/* A file that somebody took away begins again, with what stands at the beginning of one. */
static weir_status begin_again(wr_file_set *s, wr_set_file *f, weir_error *err) {
    wr_packer packer;
    wr_buf all = WR_BUF_INIT;
    wr_packer_init(&packer, wr_packing_of(f->name, s->spec.packing));
    weir_status st = wr_packer_put(&packer, s->head.data, s->head.len, &all, err);
    if (st == WEIR_OK) st = wr_packer_flush(&packer, true, &all, err);
    wr_packer_fini(&packer);
    if (f->buffer.len > f->n_out) wr_buf_put(&all, f->buffer.data + f->n_out, f->buffer.len - f->n_out);
    if (st == WEIR_OK && all.failed) st = wr_file_set_no_memory(err);
    if (st != WEIR_OK) return wr_buf_fini(&all), st;
    for (uint32_t i = 0; i < f->n_cuts; i++) f->cuts[i].at += all.len - f->buffer.len;
    s->buffered = s->buffered - f->buffer.len + all.len;
    wr_buf_fini(&f->buffer);
    f->buffer = all;
    f->n_out = 0;
    return WEIR_OK;
}

/* Where the file ends now counts: between two openings it is not ours alone. */
static weir_status go_to_end(wr_file_set *s, wr_set_file *f, weir_error *err) {
    struct stat st;
    bool empties = !f->was_opened && !s->spec.appends && !f->is_listed;
    if (empties && ftruncate(f->fd, 0)) return wr_file_set_failure(s, f->name, "empty", err);
    if (fstat(f->fd, &st)) return wr_file_set_failure(s, f->name, "look at", err);
    bool is_gone = st.st_size == 0 && f->size > 0;
    bool is_other = f->watch.is_regular && !wr_file_watch_is(&f->watch, &st);
    bool is_changed = f->was_opened && (is_other || (uint64_t)st.st_size < f->size);
    f->watch = wr_file_watch_of(&st);
    f->look = s->look;
    if (is_changed) WR_TRY(wr_file_set_note_change(s, f, (uint64_t)st.st_size, err));
    f->size = f->seen = (uint64_t)st.st_size;
    if (lseek(f->fd, st.st_size, SEEK_SET) < 0) return wr_file_set_failure(s, f->name, "seek in", err);
    if (is_gone && f->is_waiting && s->head.len) WR_TRY(begin_again(s, f, err));
    f->was_opened = true;
    return WEIR_OK;
}

/* What the packer has goes to the buffer; `end`: its memory goes too. */
weir_status wr_file_set_flush_packer(wr_file_set *s, wr_set_file *f, bool end, weir_error *err) {
    size_t before = f->buffer.len;
    weir_status st = end || f->has_new ? wr_packer_flush(&f->packer, end, &f->buffer, err) : WEIR_OK;
    if (st == WEIR_OK && (end || f->has_new)) f->n_held = 0;
    if (end) wr_packer_fini(&f->packer);
    f->has_new = false;
    s->buffered += f->buffer.len - before;
    return st;
}

/* A file that is closed ends in a whole member or frame: when it is opened again, it may be another one. */
static weir_status make_way(wr_file_set *s, wr_set_file *f, weir_error *err) {
    WR_TRY(wr_file_set_flush_packer(s, f, true, err));
    WR_TRY(drain(s, f, err));
    if (f->is_touched) WR_TRY(wr_file_set_look_now(s, f, err)); /* what it has can be read yet */
    wr_file_set_close_file(s, f);
    return WEIR_OK;
}

weir_status wr_file_set_open_file(wr_file_set *s, wr_set_file *f, bool creates, weir_error *err) {
    if (f->fd >= 0) {
        unlink_use(s, f);
        link_use(s, f);
        return WEIR_OK;
    }
    while (s->n_open >= s->spec.most_open) WR_TRY(make_way(s, s->oldest, err));
    WR_TRY(wr_file_place_open(&s->place, err));
    f->fd = wr_file_place_file(&s->place, f->name, creates);
    if (f->fd < 0) return wr_file_set_failure(s, f->name, "open", err);
    s->n_open++;
    link_use(s, f);
    weir_status st = go_to_end(s, f, err);
    if (st != WEIR_OK) wr_file_set_close_file(s, f);
    return st;
}

/* ---- Writing out --------------------------------------------------------------------------------------- */

weir_status wr_file_set_note_waiting(wr_file_set *s, wr_set_file *f, weir_error *err) {
    if (f->is_waiting) return WEIR_OK;
    if (wr_grow(NULL, &s->waiting, &s->cap_waiting, s->n_waiting + 1, sizeof *s->waiting))
        return wr_file_set_no_memory(err);
    s->waiting[s->n_waiting++] = f;
    f->is_waiting = true;
    return WEIR_OK;
}

/* What a failed write did manage stays counted, so that trying again goes on there. */
static weir_status write_up_to(wr_file_set *s, wr_set_file *f, size_t end, weir_error *err) {
    if (f->n_out == end) return WEIR_OK;
    WR_TRY(wr_file_set_open_file(s, f, true, err));
    while (f->n_out < end) {
        ssize_t n = write(f->fd, f->buffer.data + f->n_out, end - f->n_out);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return wr_file_set_failure(s, f->name, "write to", err);
        f->n_out += (size_t)n;
        f->size += (uint64_t)n;
    }
    return WEIR_OK;
}

/* Opening may put something in front, and so moves the cut. */
static weir_status end_first(wr_file_set *s, wr_set_file *f, weir_error *err) {
    WR_TRY(wr_file_set_look_now(s, f, err)); /* it is known by its name from here on */
    if (f->n_out < f->cuts[0].at) WR_TRY(wr_file_set_open_file(s, f, true, err));
    WR_TRY(write_up_to(s, f, f->cuts[0].at, err));
    WR_TRY(wr_file_set_turn(s, f, f->cuts[0].begun_ms, err));
    f->n_cuts--;
    memmove(f->cuts, f->cuts + 1, f->n_cuts * sizeof *f->cuts);
    return WEIR_OK;
}

static weir_status drain(wr_file_set *s, wr_set_file *f, weir_error *err) {
    if (f->n_out < f->buffer.len) WR_TRY(wr_file_set_look_at(s, f, err));
    while (f->n_cuts) WR_TRY(end_first(s, f, err));
    if (f->n_out < f->buffer.len) WR_TRY(wr_file_set_open_file(s, f, true, err));
    WR_TRY(write_up_to(s, f, f->buffer.len, err));
    s->buffered -= f->buffer.len;
    f->n_out = 0;
    wr_buf_fini(&f->buffer); /* there may be many */
    return WEIR_OK;
}

/* Everything that waits goes to the files; `end`: members and frames end too. What fails stays. */
weir_status wr_file_set_drain_all(wr_file_set *s, bool end, weir_error *err) {
    if (s->n_waiting) wr_file_set_look_anew(s, false);
    for (uint32_t i = s->n_waiting; i-- > 0;) {
        wr_set_file *f = s->waiting[i];
        WR_TRY(wr_file_set_flush_packer(s, f, end, err));
        WR_TRY(drain(s, f, err));
        if (f->packer.is_midway) continue;
        f->is_waiting = false;
        s->waiting[i] = s->waiting[--s->n_waiting];
    }
    return WEIR_OK;
}
