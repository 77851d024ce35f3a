/* file_turns.c: how a file of a set ends and another one of its name begins.
 *
 * With checkpoints a file that has ended gets a hidden name (.out.csv.7.closing: the seventh of its name),
 * and its closed one only when a checkpoint has it and the next one is complete: so nobody finds rows under a
 * closed name that a restart takes back, even when it goes back by two checkpoints, because a transaction of
 * another sink never came to be. Recovery tells by the hidden names alone how far things had come. Without
 * checkpoints a file gets its closed name at once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file_set_internal.h"
#include "io/io_log.h"

#define HIDDEN_ENDING ".closing"
#define MOST_TRIES    1000000 /* names that are taken */
#define HIDDEN_DIGITS 18

/* ---- Names --------------------------------------------------------------------------------------------- */

static const char *leaf_of(const wr_set_file *f) { return f->name + wr_file_place_leaf(f->name); }

/* The name's folder, and then `leaf`. */
static weir_status name_beside(const wr_set_file *f, const char *leaf, wr_buf *out, weir_error *err) {
    wr_buf_clear(out);
    wr_buf_put(out, f->name, wr_file_place_leaf(f->name));
    wr_buf_puts(out, leaf);
    return out->failed ? wr_file_set_no_memory(err) : WEIR_OK;
}

static weir_status hidden_leaf(const wr_set_file *f, uint64_t turn, wr_buf *out, weir_error *err) {
    wr_buf_clear(out);
    wr_buf_printf(out, ".%s.%llu%s", leaf_of(f), (unsigned long long)turn, HIDDEN_ENDING);
    return out->failed ? wr_file_set_no_memory(err) : WEIR_OK;
}

static weir_status hidden_name(const wr_set_file *f, uint64_t turn, wr_buf *out, weir_error *err) {
    wr_buf leaf = WR_BUF_INIT;
    weir_status st = hidden_leaf(f, turn, &leaf, err);
    if (st == WEIR_OK) st = name_beside(f, leaf.data, out, err);
    wr_buf_fini(&leaf);
    return st;
}

/* Of which turn of `leaf` the hidden name is; 0: of none. */
static uint64_t turn_of(const char *name, const char *leaf) {
    size_t n = strlen(leaf), len = strlen(name);
    const size_t ending = sizeof HIDDEN_ENDING - 1;
    if (len < n + 3 + ending || name[0] != '.' || memcmp(name + 1, leaf, n) != 0 || name[n + 1] != '.')
        return 0;
    const char *digits = name + n + 2, *end = name + len - ending;
    if (end - digits > HIDDEN_DIGITS || *digits == '0' || memcmp(end, HIDDEN_ENDING, ending) != 0) return 0;
    for (const char *p = digits; p < end; p++)
        if (*p < '0' || *p > '9') return 0;
    return strtoull(digits, NULL, 10);
}

/* ---- When ---------------------------------------------------------------------------------------------- */

uint64_t wr_file_set_length(const wr_set_file *f) {
    size_t waits = f->buffer.len - (f->n_cuts ? f->cuts[f->n_cuts - 1].at : f->n_out);
    return (f->n_cuts ? 0 : f->size) + waits + f->n_held;
}

bool wr_file_set_is_over(const wr_file_set *s, const wr_set_file *f) {
    const wr_file_rotation *r = &s->spec.rotation;
    bool is_timed = r->every_ms && !f->is_new && wr_file_set_length(f);
    return is_timed && wr_file_rotation_span(r, f->begun_ms) < wr_file_rotation_span(r, s->now_ms);
}

bool wr_file_set_fits(const wr_file_set *s, const wr_set_file *f, size_t len) {
    uint64_t most = (uint64_t)s->spec.rotation.size, length = wr_file_set_length(f);
    return !most || WR_MAX(length, s->head.len) + len <= most;
}

weir_status wr_file_set_cut(wr_file_set *s, wr_set_file *f, weir_error *err) {
    if (wr_grow(NULL, &f->cuts, &f->cap_cuts, f->n_cuts + 1, sizeof *f->cuts))
        return wr_file_set_no_memory(err);
    WR_TRY(wr_file_set_note_waiting(s, f, err));
    WR_TRY(wr_file_set_flush_packer(s, f, true, err));
    f->cuts[f->n_cuts++] = (wr_file_cut){f->buffer.len, f->begun_ms};
    f->n_held = 0;
    return WEIR_OK;
}

/* How much a packer holds is known when it gives it out; near the end of a file that is not worth it. */
weir_status wr_file_set_make_fit(wr_file_set *s, wr_set_file *f, size_t len, weir_error *err) {
    uint64_t most = (uint64_t)s->spec.rotation.size;
    if (wr_file_set_is_over(s, f)) return wr_file_set_cut(s, f, err);
    if (wr_file_set_fits(s, f, len)) return WEIR_OK;
    if (f->n_held) WR_TRY(wr_file_set_flush_packer(s, f, false, err));
    bool has_room = f->packer.is_midway && wr_file_set_length(f) < most - most / 16;
    if (has_room && wr_file_set_fits(s, f, len)) return WEIR_OK;
    return wr_file_set_length(f) ? wr_file_set_cut(s, f, err) : WEIR_OK;
}

weir_status wr_file_set_watch_time(wr_file_set *s, weir_error *err) {
    const wr_file_rotation *r = &s->spec.rotation;
    s->now_ms = wr_file_rotation_is_on(r) ? wr_wall_ms() : 0;
    if (!r->every_ms || s->now_ms < s->span_end_ms) return WEIR_OK;
    for (uint32_t i = 0; i < s->n; i++)
        if (wr_file_set_is_over(s, s->files[i])) WR_TRY(wr_file_set_cut(s, s->files[i], err));
    s->span_end_ms = wr_file_rotation_span(r, s->now_ms) + r->every_ms;
    return WEIR_OK;
}

/* ---- Closed files -------------------------------------------------------------------------------------- */

typedef struct listing {
    const wr_file_set *s;
    wr_set_file *f;
    struct found {
        char *leaf;
        uint64_t turn;
        struct timespec changed;
    } * found;
    uint32_t n, cap;
    bool failed;
} listing;

static void fini_listing(listing *l) {
    for (uint32_t i = 0; i < l->n; i++) wr_free(NULL, l->found[i].leaf, 0);
    wr_free(NULL, l->found, 0);
}

static void add_found(listing *l, const char *leaf, uint64_t turn) {
    struct stat st;
    wr_buf name = WR_BUF_INIT, copy = WR_BUF_INIT;
    bool is_file = name_beside(l->f, leaf, &name, NULL) == WEIR_OK &&
                   wr_file_place_stat(&l->s->place, name.data, &st) == 0 && S_ISREG(st.st_mode) &&
                   !wr_file_set_find(l->s, name.data, name.len);
    wr_buf_fini(&name);
    if (!is_file) return;
    wr_buf_puts(&copy, leaf);
    if (copy.failed || wr_grow(NULL, &l->found, &l->cap, l->n + 1, sizeof *l->found)) {
        wr_buf_fini(&copy);
        l->failed = true;
        return;
    }
    l->found[l->n++] = (struct found){copy.data, turn, st.st_mtim};
}

static void note_closed(void *ctx, const char *leaf) {
    listing *l = ctx;
    uint64_t number;
    if (wr_file_rotation_made(&l->s->spec.rotation, leaf_of(l->f), leaf, &number)) add_found(l, leaf, 0);
}

static int by_change(const void *a, const void *b) {
    const struct found *x = a, *y = b;
    if (x->changed.tv_sec != y->changed.tv_sec) return x->changed.tv_sec < y->changed.tv_sec ? -1 : 1;
    if (x->changed.tv_nsec != y->changed.tv_nsec) return x->changed.tv_nsec < y->changed.tv_nsec ? -1 : 1;
    return strcmp(x->leaf, y->leaf);
}

static void tell(wr_file_set *s, const wr_set_file *f, const char *what, const char *name) {
    wr_io_log(s->spec.args->host, WEIR_LOG_WARN, "can't %s '%s%s' (of '%s'): %s", what, s->place.folder, name,
              f->name, strerror(errno));
}

/* Removes the oldest closed files of the name, beyond those that are kept. */
static void drop_old(wr_file_set *s, wr_set_file *f) {
    listing l = {.s = s, .f = f};
    if (!s->spec.rotation.keep) return;
    if (wr_file_place_list(&s->place, f->name, note_closed, &l)) tell(s, f, "list the folder of", f->name);
    if (l.n > s->spec.rotation.keep) qsort(l.found, l.n, sizeof *l.found, by_change);
    for (uint32_t i = 0; l.n > s->spec.rotation.keep && i < l.n - s->spec.rotation.keep; i++) {
        wr_buf name = WR_BUF_INIT;
        if (name_beside(f, l.found[i].leaf, &name, NULL) == WEIR_OK &&
            wr_file_place_remove(&s->place, name.data) && errno != ENOENT)
            tell(s, f, "remove", name.data);
        wr_buf_fini(&name);
    }
    fini_listing(&l);
}

static void note_number(void *ctx, const char *leaf) {
    listing *l = ctx;
    uint64_t number;
    if (wr_file_rotation_made(&l->s->spec.rotation, leaf_of(l->f), leaf, &number))
        l->f->number = WR_MAX(l->f->number, number);
}

/* The first number that may be free. */
static uint64_t first_number(wr_file_set *s, wr_set_file *f, int64_t begun_ms) {
    listing l = {.s = s, .f = f};
    if (!s->spec.rotation.is_numbered) return begun_ms / 1000 == f->last_begun_ms / 1000 ? f->number + 1 : 1;
    if (!f->number) (void)wr_file_place_list(&s->place, f->name, note_number, &l);
    return f->number + 1;
}

/* Gives the file `from` a closed name that nobody has. */
static weir_status close_as(wr_file_set *s, wr_set_file *f, const char *from, int64_t begun_ms,
                            weir_error *err) {
    wr_buf leaf = WR_BUF_INIT;
    uint64_t number = first_number(s, f, begun_ms);
    int failed = -1;
    errno = EEXIST;
    for (int i = 0; failed && errno == EEXIST && i < MOST_TRIES; i++, number++) {
        wr_buf_clear(&leaf);
        wr_file_rotation_name(&s->spec.rotation, &(wr_file_closing){leaf_of(f), begun_ms, number}, &leaf);
        if (leaf.failed) break;
        failed = wr_file_place_rename(&s->place, from, leaf.data, false);
    }
    weir_status st = leaf.failed ? wr_file_set_no_memory(err)
                     : failed    ? wr_file_set_failure(s, from, "give its closed name to", err)
                                 : WEIR_OK;
    if (st == WEIR_OK) {
        f->number = number - 1;
        f->last_begun_ms = begun_ms;
    }
    wr_buf_fini(&leaf);
    return st;
}

/* ---- Turns --------------------------------------------------------------------------------------------- */

static weir_status hide(wr_file_set *s, wr_set_file *f, int64_t begun_ms, weir_error *err) {
    wr_buf leaf = WR_BUF_INIT;
    if (wr_grow(NULL, &f->ended, &f->cap_ended, f->n_ended + 1, sizeof *f->ended))
        return wr_file_set_no_memory(err);
    weir_status st = hidden_leaf(f, f->turn, &leaf, err);
    if (st == WEIR_OK && wr_file_place_rename(&s->place, f->name, leaf.data, true))
        st = wr_file_set_failure(s, f->name, "rename", err);
    wr_buf_fini(&leaf);
    if (st != WEIR_OK) return st;
    f->ended[f->n_ended++] = (wr_file_ended){f->turn, begun_ms, WR_ENDED_NEW};
    s->n_ended++;
    return WEIR_OK;
}

static weir_status close_now(wr_file_set *s, wr_set_file *f, int64_t begun_ms, weir_error *err) {
    WR_TRY(close_as(s, f, f->name, begun_ms, err));
    drop_old(s, f);
    return WEIR_OK;
}

weir_status wr_file_set_turn(wr_file_set *s, wr_set_file *f, int64_t begun_ms, weir_error *err) {
    bool exists;
    uint64_t size;
    WR_TRY(wr_file_place_look(&s->place, f->name, &exists, &size, err));
    if (exists)
        WR_TRY(wr_file_set_has_checkpoints(s) ? hide(s, f, begun_ms, err) : close_now(s, f, begun_ms, err));
    else
        wr_io_log(s->spec.args->host, WEIR_LOG_WARN, "'%s%s' is gone; it was to be closed", s->place.folder,
                  f->name);
    wr_file_set_close_file(s, f);
    f->watch = (wr_file_watch){0};
    f->size = f->seen = 0;
    f->was_opened = true; /* the next one is not emptied */
    f->turn++;
    return WEIR_OK;
}

static weir_status sync_one(wr_file_set *s, const char *name, weir_error *err) {
    int fd = wr_file_place_file(&s->place, name, false);
    if (fd < 0 && errno == ENOENT) return WEIR_OK;
    if (fd < 0) return wr_file_set_failure(s, name, "open", err);
    weir_status st = fdatasync(fd) ? wr_file_set_failure(s, name, "sync", err) : WEIR_OK;
    close(fd);
    return st;
}

weir_status wr_file_set_sync_ended(wr_file_set *s, wr_set_file *f, weir_error *err) {
    wr_buf name = WR_BUF_INIT;
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; st == WEIR_OK && i < f->n_ended; i++) {
        if (f->ended[i].state != WR_ENDED_NEW) continue;
        st = hidden_name(f, f->ended[i].turn, &name, err);
        if (st == WEIR_OK) st = sync_one(s, name.data, err);
    }
    wr_buf_fini(&name);
    if (st == WEIR_OK) wr_file_place_sync(&s->place, f->name);
    return st;
}

/* One that is gone has its name already: the process ended between that and the next checkpoint. */
static weir_status publish_one(wr_file_set *s, wr_set_file *f, const wr_file_ended *e, weir_error *err) {
    wr_buf name = WR_BUF_INIT;
    struct stat st;
    weir_status status = hidden_name(f, e->turn, &name, err);
    bool is_there = status == WEIR_OK && wr_file_place_stat(&s->place, name.data, &st) == 0;
    if (is_there) status = close_as(s, f, name.data, e->begun_ms, err);
    wr_buf_fini(&name);
    return status;
}

static void tell_unpublished(wr_file_set *s, const weir_error *why) {
    if (!s->has_told) wr_io_log(s->spec.args->host, WEIR_LOG_WARN, "%s; it is tried again", why->message);
    s->has_told = true;
}

void wr_file_set_publish(wr_file_set *s, wr_set_file *f) {
    uint32_t n = 0;
    weir_error err = {0};
    weir_status st = WEIR_OK;
    for (; n < f->n_ended && f->ended[n].state == WR_ENDED_COMMITTED && st == WEIR_OK; n++)
        st = publish_one(s, f, &f->ended[n], &err);
    if (st != WEIR_OK) n--;
    if (st != WEIR_OK) tell_unpublished(s, &err);
    if (!n) return;
    f->n_ended -= n;
    s->n_ended -= n;
    memmove(f->ended, f->ended + n, f->n_ended * sizeof *f->ended);
    if (st == WEIR_OK) s->has_told = false;
    wr_file_place_sync(&s->place, f->name);
    drop_old(s, f);
}

/* ---- Beginnings ---------------------------------------------------------------------------------------- */

static void note_hidden(void *ctx, const char *leaf) {
    listing *l = ctx;
    uint64_t turn = turn_of(leaf, leaf_of(l->f));
    if (turn) add_found(l, leaf, turn);
}

static int by_turn(const void *a, const void *b) {
    const struct found *x = a, *y = b;
    return x->turn < y->turn ? -1 : x->turn > y->turn;
}

weir_status wr_file_set_take_over(wr_file_set *s, wr_set_file *f, weir_error *err) {
    listing l = {.s = s, .f = f};
    struct stat st;
    weir_status status = WEIR_OK;
    if (!wr_file_rotation_is_on(&s->spec.rotation)) return WEIR_OK;
    if (wr_file_place_stat(&s->place, f->name, &st) == 0) f->begun_ms = (int64_t)st.st_mtim.tv_sec * 1000;
    if (wr_file_place_list(&s->place, f->name, note_hidden, &l) && errno != ENOENT)
        status = wr_file_set_failure(s, f->name, "list the folder of", err);
    if (l.failed) status = wr_file_set_no_memory(err);
    if (l.n) qsort(l.found, l.n, sizeof *l.found, by_turn);
    for (uint32_t i = 0; status == WEIR_OK && i < l.n; i++) {
        wr_buf name = WR_BUF_INIT;
        status = name_beside(f, l.found[i].leaf, &name, err);
        if (status == WEIR_OK)
            status = close_as(s, f, name.data, (int64_t)l.found[i].changed.tv_sec * 1000, err);
        wr_buf_fini(&name);
    }
    fini_listing(&l);
    return status;
}

/* ---- The way back -------------------------------------------------------------------------------------- */

static weir_status is_hidden(wr_file_set *s, const wr_set_file *f, uint64_t turn, bool *is, weir_error *err) {
    wr_buf name = WR_BUF_INIT;
    uint64_t size;
    weir_status st = hidden_name(f, turn, &name, err);
    if (st == WEIR_OK) st = wr_file_place_look(&s->place, name.data, is, &size, err);
    wr_buf_fini(&name);
    return st;
}

static weir_status remove_hidden(wr_file_set *s, const wr_set_file *f, uint64_t turn, weir_error *err) {
    wr_buf name = WR_BUF_INIT;
    weir_status st = hidden_name(f, turn, &name, err);
    if (st == WEIR_OK && wr_file_place_remove(&s->place, name.data) && errno != ENOENT)
        st = wr_file_set_failure(s, name.data, "remove", err);
    wr_buf_fini(&name);
    return st;
}

static weir_status unhide(wr_file_set *s, wr_set_file *f, uint64_t turn, weir_error *err) {
    wr_buf name = WR_BUF_INIT;
    weir_status st = hidden_name(f, turn, &name, err);
    if (st == WEIR_OK && wr_file_place_rename(&s->place, name.data, leaf_of(f), true))
        st = wr_file_set_failure(s, name.data, "rename", err);
    wr_buf_fini(&name);
    if (st == WEIR_OK) wr_file_place_sync(&s->place, f->name);
    return st;
}

/* Those that the file's turns from `turn` on have ended are not ended any more. */
static void forget_ended(wr_file_set *s, wr_set_file *f, uint64_t turn) {
    while (f->n_ended && f->ended[f->n_ended - 1].turn >= turn) {
        f->begun_ms = f->ended[--f->n_ended].begun_ms;
        s->n_ended--;
    }
}

/* The last goes first, so that a crash in between leaves no gap. */
weir_status wr_file_set_go_back(wr_file_set *s, wr_set_file *f, uint64_t turn, weir_error *err) {
    bool is = true;
    uint64_t last = turn;
    WR_TRY(is_hidden(s, f, turn, &is, err));
    forget_ended(s, f, turn);
    f->turn = turn;
    if (!is) return WEIR_OK;
    for (; is; last++) WR_TRY(is_hidden(s, f, last + 1, &is, err));
    for (last--; last > turn; last--) WR_TRY(remove_hidden(s, f, last, err));
    wr_file_set_close_file(s, f);
    f->watch = (wr_file_watch){0};
    return unhide(s, f, turn, err);
}
