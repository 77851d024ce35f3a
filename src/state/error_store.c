/* error_store.c: see error_store.h. */
#include "state/error_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sync.h"
#include "state/row_bytes.h"
#include "state/writer.h"

#define TAG_EVENT  WR_TAG('E', 'V', 'N', 'T')
#define TAG_GONE   WR_TAG('G', 'O', 'N', 'E')
#define VERSION    1u
#define HEADER     "WEIRERR1"
#define HEADER_LEN 8u
#define SMALL_FILE ((size_t)64 << 10) /* not worth writing anew */

typedef struct place {
    uint64_t id;
    size_t at, len; /* of its record in the file */
} place;

struct wr_error_store {
    char *path;
    int fd;
    size_t size, limit, live; /* bytes: of the file, at most, of entries that are there */
    place *places;            /* ascending */
    uint32_t n, cap;
    uint64_t next_id, n_dropped;
    bool is_dirty;
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for the error store");
}

static weir_status io_error(const wr_error_store *s, const char *what, weir_error *err) {
    return weir_fail(err, WEIR_EIO, "error store '%s': can't %s: %s", s->path, what, strerror(errno));
}

/* ---- Records ---- */

static void write_entry(weir_writer *w, const wr_error_entry *e) {
    wr_writer_begin_section(w, TAG_EVENT, VERSION);
    wr_write_u64(w, e->id);
    weir_write_i64(w, e->time_ms);
    weir_write_u32(w, (uint32_t)e->origin);
    wr_write_text(w, e->stream);
    wr_write_text(w, e->type ? e->type : "");
    weir_write_u32(w, e->number);
    wr_write_text(w, e->reason ? e->reason : "");
    weir_write_u32(w, (uint32_t)e->raw_len);
    for (size_t i = 0; i < e->raw_len; i++) wr_write_u8(w, ((const unsigned char *)e->raw)[i]);
    wr_row_bytes_write(w, &e->rows);
    wr_writer_end_section(w);
}

static weir_status read_entry(weir_reader *r, weir_arena *arena, wr_error_entry *e, weir_error *err) {
    uint32_t version;
    WR_TRY(wr_reader_begin_section(r, TAG_EVENT, VERSION, &version, err));
    e->id = wr_read_u64(r);
    e->time_ms = weir_read_i64(r);
    e->origin = (wr_error_origin)weir_read_u32(r);
    e->stream = wr_read_text(r, arena);
    e->type = wr_read_text(r, arena);
    e->number = weir_read_u32(r);
    e->reason = wr_read_text(r, arena);
    e->raw_len = wr_read_count(r, 1);
    unsigned char *raw = wr_arena_array(arena, e->raw_len + 1, 1);
    if (!raw) return no_memory(err);
    for (size_t i = 0; i < e->raw_len; i++) raw[i] = wr_read_u8(r);
    e->raw = raw;
    WR_TRY(wr_row_bytes_read(r, arena, &e->rows, err));
    return wr_reader_end_section(r, err);
}

/* ---- The file ---- */

static weir_status append(wr_error_store *s, const void *bytes, size_t len, weir_error *err) {
    const char *at = bytes;
    size_t left = len;
    while (left) {
        ssize_t n = pwrite(s->fd, at, left, (off_t)(s->size + (len - left)));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return io_error(s, "write", err);
        at += n;
        left -= (size_t)n;
    }
    s->size += len;
    s->is_dirty = true;
    return WEIR_OK;
}

static weir_status note_place(wr_error_store *s, uint64_t id, size_t at, size_t len, weir_error *err) {
    if (wr_grow(NULL, &s->places, &s->cap, s->n + 1, sizeof *s->places)) return no_memory(err);
    s->places[s->n++] = (place){id, at, len};
    s->live += len;
    if (id >= s->next_id) s->next_id = id + 1;
    return WEIR_OK;
}

static uint32_t find(const wr_error_store *s, uint64_t id) {
    uint32_t lo = 0, hi = s->n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (s->places[mid].id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < s->n && s->places[lo].id == id ? lo : UINT32_MAX;
}

static void forget(wr_error_store *s, uint32_t i) {
    s->live -= s->places[i].len;
    memmove(&s->places[i], &s->places[i + 1], (s->n - i - 1) * sizeof *s->places);
    s->n--;
}

/* One record of a file that is read; false: it is none, or cut off. */
static bool read_record(wr_error_store *s, weir_reader *r, size_t *at, weir_error *err) {
    uint32_t version, tag = wr_reader_peek_tag(r);
    size_t begin = r->at;
    if ((tag != TAG_EVENT && tag != TAG_GONE) ||
        wr_reader_begin_section(r, tag, VERSION, &version, NULL) != WEIR_OK)
        return false;
    uint64_t id = wr_read_u64(r);
    wr_reader_skip_section(r);
    if (tag == TAG_GONE) {
        uint32_t i = find(s, id);
        if (i != UINT32_MAX) forget(s, i);
    } else if (note_place(s, id, HEADER_LEN + begin, r->at - begin, err) != WEIR_OK)
        return false;
    *at = r->at;
    return true;
}

static weir_status read_all(wr_error_store *s, weir_error *err) {
    struct stat st;
    if (fstat(s->fd, &st)) return io_error(s, "look at it", err);
    size_t len = (size_t)st.st_size, at = 0;
    char *bytes = wr_alloc(NULL, len + 1);
    weir_status result = WEIR_OK;
    if (!bytes) return no_memory(err);
    if (len && (pread(s->fd, bytes, len, 0) != (ssize_t)len || len < HEADER_LEN ||
                memcmp(bytes, HEADER, HEADER_LEN) != 0))
        result = weir_fail(err, WEIR_ESTATE, "'%s' is no error store", s->path);
    if (result == WEIR_OK && len) {
        weir_reader r;
        wr_reader_init(&r, bytes + HEADER_LEN, len - HEADER_LEN);
        while (read_record(s, &r, &at, err)) continue;
        s->size = HEADER_LEN + at;
        if (s->size < len && ftruncate(s->fd, (off_t)s->size)) result = io_error(s, "cut it", err);
    }
    wr_free(NULL, bytes, len + 1);
    return result == WEIR_OK && !s->size ? append(s, HEADER, HEADER_LEN, err) : result;
}

weir_status wr_error_store_open(const char *dir, const char *app, size_t limit_bytes, wr_error_store **out,
                                weir_error *err) {
    *out = NULL;
    wr_error_store *s = wr_alloc_zero(NULL, sizeof *s);
    if (!s) return no_memory(err);
    s->fd = -1;
    s->limit = limit_bytes;
    s->next_id = 1;
    if (asprintf(&s->path, "%s/%s.errors", dir, app) < 0) s->path = NULL;
    weir_status st = s->path ? WEIR_OK : no_memory(err);
    (void)mkdir(dir, 0777); /* or opening says why */
    if (st == WEIR_OK && (s->fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666)) < 0)
        st = io_error(s, "open it", err);
    if (st == WEIR_OK) st = read_all(s, err);
    if (st == WEIR_OK)
        *out = s;
    else
        wr_error_store_close(s);
    return st;
}

void wr_error_store_close(wr_error_store *s) {
    if (!s) return;
    if (s->is_dirty && s->fd >= 0) (void)fdatasync(s->fd); /* nobody is left to be told */
    if (s->fd >= 0) close(s->fd);
    wr_free(NULL, s->places, 0);
    free(s->path);
    wr_free(NULL, s, sizeof *s);
}

weir_status wr_error_store_sync(wr_error_store *s, weir_error *err) {
    if (!s->is_dirty || s->fd < 0) return WEIR_OK;
    if (fdatasync(s->fd)) return io_error(s, "make it durable", err);
    s->is_dirty = false;
    return WEIR_OK;
}

/* ---- Written anew: what is there, and nothing else ---- */

static weir_status copy_record(wr_error_store *s, int to, place *p, size_t at, weir_error *err) {
    char *bytes = wr_alloc(NULL, p->len);
    if (!bytes) return no_memory(err);
    bool ok = pread(s->fd, bytes, p->len, (off_t)p->at) == (ssize_t)p->len &&
              pwrite(to, bytes, p->len, (off_t)at) == (ssize_t)p->len;
    wr_free(NULL, bytes, p->len);
    return ok ? WEIR_OK : io_error(s, "write it anew", err);
}

static weir_status write_anew(wr_error_store *s, const char *path, int to, weir_error *err) {
    size_t at = HEADER_LEN;
    if (pwrite(to, HEADER, HEADER_LEN, 0) != HEADER_LEN) return io_error(s, "write it anew", err);
    for (uint32_t i = 0; i < s->n; i++) {
        WR_TRY(copy_record(s, to, &s->places[i], at, err));
        at += s->places[i].len;
    }
    if (fsync(to) || rename(path, s->path)) return io_error(s, "write it anew", err);
    close(s->fd);
    s->fd = to;
    s->size = HEADER_LEN;
    for (uint32_t i = 0; i < s->n; i++) {
        s->places[i].at = s->size;
        s->size += s->places[i].len;
    }
    return WEIR_OK;
}

static weir_status compact(wr_error_store *s, weir_error *err) {
    char *path;
    if (asprintf(&path, "%s.new", s->path) < 0) return no_memory(err);
    int to = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    weir_status st = to < 0 ? io_error(s, "write it anew", err) : write_anew(s, path, to, err);
    if (st != WEIR_OK && to >= 0) close(to);
    if (st == WEIR_OK && wr_sync_folder_of(s->path)) st = io_error(s, "sync the folder of", err);
    free(path);
    return st;
}

/* The oldest go, so that a quarter is free again. */
static weir_status keep_to_limit(wr_error_store *s, weir_error *err) {
    if (s->size <= s->limit || s->size < SMALL_FILE) return WEIR_OK;
    while (s->n > 1 && s->live > s->limit / 4 * 3) {
        forget(s, 0);
        s->n_dropped++;
    }
    return compact(s, err);
}

/* ---- Entries ---- */

weir_status wr_error_store_add(wr_error_store *s, const wr_error_entry *e, weir_error *err) {
    wr_error_entry numbered = *e;
    weir_writer w;
    numbered.id = s->next_id;
    wr_writer_init(&w);
    write_entry(&w, &numbered);
    weir_status st = wr_writer_status(&w, err);
    size_t at = s->size;
    if (st == WEIR_OK) st = append(s, w.buf.data, w.buf.len, err);
    if (st == WEIR_OK) st = note_place(s, numbered.id, at, w.buf.len, err);
    wr_writer_fini(&w);
    return st == WEIR_OK ? keep_to_limit(s, err) : st;
}

uint32_t wr_error_store_count(const wr_error_store *s) { return s->n; }
uint64_t wr_error_store_dropped(const wr_error_store *s) { return s->n_dropped; }
uint64_t wr_error_store_id(const wr_error_store *s, uint32_t i) { return s->places[i].id; }

weir_status wr_error_store_get(wr_error_store *s, uint32_t i, weir_arena *arena, wr_error_entry *out,
                               weir_error *err) {
    const place *p = &s->places[i];
    char *bytes = wr_alloc(NULL, p->len + 1);
    memset(out, 0, sizeof *out);
    if (!bytes) return no_memory(err);
    weir_reader r;
    wr_reader_init(&r, bytes, p->len);
    weir_status st = pread(s->fd, bytes, p->len, (off_t)p->at) == (ssize_t)p->len
                         ? read_entry(&r, arena, out, err)
                         : io_error(s, "read", err);
    wr_free(NULL, bytes, p->len + 1);
    return st;
}

weir_status wr_error_store_remove(wr_error_store *s, uint64_t id, weir_error *err) {
    uint32_t i = find(s, id);
    if (i == UINT32_MAX)
        return weir_fail(err, WEIR_ENAME, "the error store has no entry %llu", (unsigned long long)id);
    weir_writer w;
    wr_writer_init(&w);
    wr_writer_begin_section(&w, TAG_GONE, VERSION);
    wr_write_u64(&w, id);
    wr_writer_end_section(&w);
    weir_status st = wr_writer_status(&w, err);
    if (st == WEIR_OK) st = append(s, w.buf.data, w.buf.len, err);
    wr_writer_fini(&w);
    WR_TRY(st);
    forget(s, i);
    return s->size > SMALL_FILE && s->live < s->size / 2 ? compact(s, err) : WEIR_OK;
}
