/* file_set.c: see file_set.h. The table of known files, and which of them each row goes to. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/file_set_internal.h"
#include "io/table.h"

#define FLUSH_BYTES   ((size_t)256 * 1024)
#define LONGEST_EXTRA ((size_t)32) /* of a hidden name */

weir_status wr_file_set_no_memory(weir_error *err) { return weir_fail(err, WEIR_ENOMEM, "out of memory"); }

weir_status wr_file_set_failure(const wr_file_set *s, const char *name, const char *what, weir_error *err) {
    int why = errno;
    weir_fail(err, WEIR_EIO, "can't %s '%s%s': %s", what, s->place.folder, name, strerror(why));
    if (err)
        err->retriable = why == ENOSPC || why == EDQUOT || why == EIO || why == ENOENT || why == EACCES ||
                         why == EMFILE || why == ENFILE;
    return WEIR_EIO;
}

/* ---- The table ----------------------------------------------------------------------------------------- */

static uint32_t place_in_index(const wr_file_set *s, const char *name, size_t len, uint64_t hash) {
    uint32_t at = (uint32_t)hash & (s->n_index - 1);
    for (; s->index[at]; at = (at + 1) & (s->n_index - 1)) {
        const wr_set_file *f = s->files[s->index[at] - 1];
        if (f->hash == hash && f->len == len && memcmp(f->name, name, len) == 0) break;
    }
    return at;
}

wr_set_file *wr_file_set_find(const wr_file_set *s, const char *name, size_t len) {
    if (!s->n) return NULL;
    uint32_t at = s->index[place_in_index(s, name, len, wr_hash_bytes(name, len))];
    return at ? s->files[at - 1] : NULL;
}

static weir_status grow_index(wr_file_set *s, weir_error *err) {
    if ((uint64_t)s->n * 2 + 2 <= s->n_index) return WEIR_OK;
    if (s->n_index > UINT32_MAX / 4) return weir_fail(err, WEIR_ELIMIT, "too many files");
    uint32_t n = s->n_index ? s->n_index * 2 : 64;
    uint32_t *index = wr_alloc_zero(NULL, n * sizeof *index);
    if (!index) return wr_file_set_no_memory(err);
    wr_free(NULL, s->index, 0);
    s->index = index;
    s->n_index = n;
    for (uint32_t i = 0; i < s->n; i++)
        index[place_in_index(s, s->files[i]->name, s->files[i]->len, s->files[i]->hash)] = i + 1;
    return WEIR_OK;
}

weir_status wr_file_set_add(wr_file_set *s, const char *name, size_t len, wr_set_file **out,
                            weir_error *err) {
    WR_TRY(grow_index(s, err));
    if (wr_grow(NULL, &s->files, &s->cap, s->n + 1, sizeof *s->files)) return wr_file_set_no_memory(err);
    wr_set_file *f = wr_alloc_zero(NULL, sizeof *f);
    char *copy = wr_alloc(NULL, len + 1);
    if (!f || !copy) {
        wr_free(NULL, f, 0);
        wr_free(NULL, copy, 0);
        return wr_file_set_no_memory(err);
    }
    memcpy(copy, name, len);
    copy[len] = '\0';
    f->name = copy;
    f->len = len;
    f->hash = wr_hash_bytes(name, len);
    f->fd = -1;
    f->turn = f->epoch_turn = 1;
    wr_packer_init(&f->packer, wr_packing_of(f->name, s->spec.packing));
    s->index[place_in_index(s, name, len, f->hash)] = s->n + 1;
    s->files[s->n++] = f;
    s->held += sizeof *f + len + 1;
    *out = f;
    return WEIR_OK;
}

void wr_file_set_clear_index(wr_file_set *s) {
    s->n = 0;
    if (s->index) memset(s->index, 0, s->n_index * sizeof *s->index);
}

void wr_file_set_keep_file(wr_file_set *s, wr_set_file *f) {
    s->files[s->n] = f;
    s->index[place_in_index(s, f->name, f->len, f->hash)] = s->n + 1;
    s->n++;
}

void wr_file_set_free_file(wr_file_set *s, wr_set_file *f) {
    wr_file_set_close_file(s, f);
    wr_packer_fini(&f->packer);
    wr_buf_fini(&f->buffer);
    s->held -= sizeof *f + f->len + 1;
    s->n_ended -= f->n_ended;
    wr_free(NULL, f->cuts, 0);
    wr_free(NULL, f->ended, 0);
    wr_free(NULL, f->name, 0);
    wr_free(NULL, f, 0);
}

void wr_file_set_drop_waiting(wr_file_set *s) {
    for (uint32_t i = 0; i < s->n_waiting; i++) {
        wr_packer_fini(&s->waiting[i]->packer);
        wr_packer_init(&s->waiting[i]->packer, wr_packing_of(s->waiting[i]->name, s->spec.packing));
        wr_buf_fini(&s->waiting[i]->buffer);
        s->waiting[i]->n_out = s->waiting[i]->n_held = 0;
        if (s->waiting[i]->n_cuts) s->waiting[i]->begun_ms = s->waiting[i]->cuts[0].begun_ms;
        s->waiting[i]->n_cuts = 0;
        s->waiting[i]->is_waiting = s->waiting[i]->has_new = false;
    }
    s->n_waiting = 0;
    s->buffered = 0;
}

void wr_file_set_forget_all(wr_file_set *s) {
    wr_file_set_drop_waiting(s);
    for (uint32_t i = 0; i < s->n; i++) wr_file_set_free_file(s, s->files[i]);
    s->n = 0;
    if (s->index) memset(s->index, 0, s->n_index * sizeof *s->index);
}

static weir_status make_room(wr_file_set *s, weir_error *err) {
    bool is_packed = s->spec.packing != WR_PACKING_NONE;
    bool is_full = s->buffered >= FLUSH_BYTES || (is_packed && s->n_waiting >= s->spec.most_open);
    return is_full ? wr_file_set_drain_all(s, s->spec.uri->slot, err) : WEIR_OK;
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
        if ((last.bytes && is_same(name, last)) || wr_file_set_find(s, name.bytes, name.len)) continue;
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
weir_status wr_file_set_meet(wr_file_set *s, weir_text name, wr_set_file **out, weir_error *err) {
    bool exists;
    uint64_t size;
    *out = wr_file_set_find(s, name.bytes, name.len);
    if (*out) return WEIR_OK;
    WR_TRY(wr_file_place_check(&s->place, name.bytes, name.len, err));
    WR_TRY(wr_file_place_open(&s->place, err));
    WR_TRY(wr_file_place_look(&s->place, name.bytes, &exists, &size, err));
    size = s->spec.appends ? size : 0;
    WR_TRY(wr_file_journal_add(&s->journal, &(wr_file_note){name.bytes, name.len, size, exists, 0}, err));
    WR_TRY(wr_file_set_add(s, name.bytes, name.len, out, err));
    (*out)->size = (*out)->epoch_begin = (*out)->first_size = size;
    (*out)->was_there = exists;
    (*out)->is_new = true;
    return WEIR_OK;
}

/* Before something is written to it. */
static weir_status take_over(wr_file_set *s, wr_set_file *f, weir_error *err) {
    if (!f->is_new) return WEIR_OK;
    WR_TRY(wr_file_set_take_over(s, f, err));
    f->is_new = false;
    return WEIR_OK;
}

weir_status wr_file_set_meet_only(wr_file_set *s, weir_error *err) {
    wr_set_file *f;
    weir_error own = {0};
    weir_status st = wr_file_set_meet(s, (weir_text){s->place.rest, strlen(s->place.rest)}, &f, &own);
    const char *why = st == WEIR_EVALUE ? strstr(own.message, "of it: ") : NULL;
    if (why)
        return weir_fail(err, WEIR_EIO, "can't rotate '%s%s': %s", s->place.folder, s->place.rest,
                         why + strlen("of it: "));
    if (st != WEIR_OK && err) *err = own;
    return st == WEIR_OK ? take_over(s, f, err) : st;
}

static weir_status find_all(wr_file_set *s, const weir_output *out, weir_error *err) {
    if (wr_grow(NULL, &s->found, &s->cap_found, out->n_records + 1, sizeof *s->found))
        return wr_file_set_no_memory(err);
    for (uint32_t i = 0; i < out->n_records; i++) {
        weir_text name = name_of(s, out, i);
        if (i && is_same(name, name_of(s, out, i - 1)))
            s->found[i] = s->found[i - 1];
        else
            WR_TRY(wr_file_set_meet(s, name, &s->found[i], err));
        WR_TRY(take_over(s, s->found[i], err));
    }
    return wr_file_journal_sync(&s->journal, err);
}

static weir_status pack(wr_set_file *f, const char *bytes, size_t len, weir_error *err) {
    size_t before = f->buffer.len;
    WR_TRY(wr_packer_put(&f->packer, bytes, len, &f->buffer, err));
    f->n_held = f->packer.packing == WR_PACKING_NONE || f->buffer.len > before ? 0 : f->n_held + len;
    return WEIR_OK;
}

static weir_status put(wr_file_set *s, wr_set_file *f, const char *bytes, size_t len, weir_error *err) {
    WR_TRY(wr_file_set_note_waiting(s, f, err));
    size_t before = f->buffer.len;
    bool at_start = !wr_file_set_length(f) && !f->packer.is_midway;
    f->is_touched = f->has_new = true;
    if (at_start) f->begun_ms = s->now_ms;
    weir_status st = at_start ? pack(f, s->head.data, s->head.len, err) : WEIR_OK;
    if (st == WEIR_OK) st = pack(f, bytes, len, err);
    s->buffered += f->buffer.len - before;
    /* Packers take much memory: only so many are midway as files may be open. */
    if (st == WEIR_OK && s->n_waiting > s->spec.most_open) st = wr_file_set_flush_packer(s, f, true, err);
    return st;
}

/* Records that go to one file, and to the next ones of its name where it is full. */
typedef struct run {
    wr_set_file *f;
    const char *bytes;
    const size_t *ends; /* of its records, from `bytes` on */
    size_t begin;
    uint32_t n;
} run;

/* How many of the records the file has room for, but one at least. */
static uint32_t n_fitting(const wr_file_set *s, const run *r) {
    uint32_t n = r->n;
    if (wr_file_set_fits(s, r->f, r->ends[n - 1] - r->begin)) return n;
    for (n = 1; n < r->n && wr_file_set_fits(s, r->f, r->ends[n] - r->begin);) n++;
    return n;
}

static weir_status put_run(wr_file_set *s, run r, weir_error *err) {
    while (r.n) {
        WR_TRY(wr_file_set_make_fit(s, r.f, r.ends[0] - r.begin, err));
        uint32_t n = n_fitting(s, &r);
        WR_TRY(put(s, r.f, r.bytes + r.begin, r.ends[n - 1] - r.begin, err));
        r.begin = r.ends[n - 1];
        r.ends += n;
        r.n -= n;
    }
    return WEIR_OK;
}

static weir_status put_each(wr_file_set *s, const weir_output *out, weir_error *err) {
    size_t begin = 0;
    uint32_t first = 0;
    WR_TRY(find_all(s, out, err));
    for (uint32_t i = 0; i < out->n_records; i++) {
        if (i + 1 < out->n_records && s->found[i + 1] == s->found[i]) continue;
        run r = {s->found[i], out->bytes, out->record_end + first, begin, i + 1 - first};
        WR_TRY(put_run(s, r, err));
        begin = out->record_end[i];
        first = i + 1;
    }
    return WEIR_OK;
}

weir_status wr_file_set_write(wr_file_set *s, const weir_output *out, weir_error *err) {
    WR_TRY(wr_file_set_watch_time(s, err));
    WR_TRY(make_room(s, err));
    if (s->spec.uri->slot) return put_each(s, out, err);
    WR_TRY(wr_file_journal_sync(&s->journal, err));
    return put_run(s, (run){s->files[0], out->bytes, out->record_end, 0, out->n_records}, err);
}

weir_status wr_file_set_flush(wr_file_set *s, weir_error *err) {
    WR_TRY(wr_file_set_watch_time(s, err));
    return wr_file_set_drain_all(s, false, err);
}

bool wr_file_set_wants_checkpoint(const wr_file_set *s) { return s->n_ended > 0; }

weir_status wr_file_set_head(wr_file_set *s, const char *bytes, size_t len, weir_error *err) {
    wr_buf_clear(&s->head);
    if (len) wr_buf_put(&s->head, bytes, len);
    return s->head.failed ? wr_file_set_no_memory(err) : WEIR_OK;
}

/* ---- Life ---------------------------------------------------------------------------------------------- */

weir_status wr_file_set_new(const wr_file_set_spec *spec, wr_file_set **out, weir_error *err) {
    wr_file_set *s = wr_alloc_zero(NULL, sizeof *s);
    *out = s;
    if (!s) return wr_file_set_no_memory(err);
    s->spec = *spec;
    s->journal.fd = -1;
    WR_TRY(wr_file_place_init(&s->place, spec->args->host, spec->uri->text, err));
    if (wr_file_rotation_is_on(&spec->rotation))
        s->place.longest -= WR_MAX(wr_file_rotation_longest(&spec->rotation), LONGEST_EXTRA);
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
    if (s->place.fd >= 0) (void)wr_file_set_drain_all(s, true, NULL);
    wr_file_set_forget_all(s);
    wr_file_place_fini(&s->place);
    wr_file_journal_fini(&s->journal);
    wr_buf_fini(&s->head);
    wr_free(NULL, s->files, 0);
    wr_free(NULL, s->index, 0);
    wr_free(NULL, s->waiting, 0);
    wr_free(NULL, s->found, 0);
    wr_free(NULL, s, 0);
}
