/* spill.c: see spill.h. */
#include "state/spill.h"

#include <dirent.h>
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

#define TAG_ROWS       WR_TAG('S', 'P', 'I', 'L')
#define VERSION        1u
#define HEADER_BYTES   24u /* of a section */
#define LARGEST_RECORD ((uint64_t)1 << 32)
#define SMALLEST_PART  ((uint64_t)64 << 10)
#define LARGEST_PART   ((uint64_t)64 << 20)

struct wr_spill {
    char *dir, *name;     /* name as files have it */
    uint64_t limit, part; /* bytes: of all, of a segment */
    wr_spill_mark safe, sent, tail;
    uint64_t first;    /* segment that may still be there */
    wr_spill_mark end; /* behind the batch that next gave; segment UINT64_MAX: it gave none */
    int out, in;       /* descriptors of the tail's and the sent mark's segment; -1: closed */
    uint64_t in_segment;
    bool is_dirty, is_new; /* something is not synced; a file was made since */
    wr_buf bytes;          /* of a record that is read */
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for spilled rows");
}

static weir_status io_error(const wr_spill *s, const char *what, weir_error *err) {
    int why = errno;
    weir_fail(err, WEIR_EIO, "spilled rows '%s/%s': can't %s: %s", s->dir, s->name, what, strerror(why));
    if (err) err->retriable = why == ENOSPC || why == EDQUOT;
    return WEIR_EIO;
}

/* ---- Files ---- */

static char *file_name(const char *name) {
    char *out = wr_alloc(NULL, strlen(name) * 3 + 1), *at = out;
    for (; out && *name; name++) {
        bool is_plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                        (*name >= '0' && *name <= '9') || *name == '_';
        at += is_plain ? (*at = *name, 1) : sprintf(at, "%%%02X", (unsigned char)*name);
    }
    if (out) *at = 0;
    return out;
}

static bool path_of(const wr_spill *s, uint64_t segment, char path[4096]) {
    return snprintf(path, 4096, "%s/%s-%020llu.spill", s->dir, s->name, (unsigned long long)segment) < 4096;
}

static int open_segment(const wr_spill *s, uint64_t segment, int flags) {
    char path[4096];
    if (path_of(s, segment, path)) return open(path, flags | O_CLOEXEC, 0600);
    errno = ENAMETOOLONG;
    return -1;
}

static void close_fd(int *fd) {
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

/* Calls `visit` for each segment that is there, in no order. */
static weir_status each_segment(wr_spill *s, void (*visit)(wr_spill *s, uint64_t segment, void *ctx),
                                void *ctx, weir_error *err) {
    size_t len = strlen(s->name);
    DIR *d = opendir(s->dir);
    if (!d) return errno == ENOENT ? WEIR_OK : io_error(s, "read the folder", err);
    for (struct dirent *e; (e = readdir(d));) {
        char *end;
        if (strncmp(e->d_name, s->name, len) != 0 || e->d_name[len] != '-') continue;
        uint64_t segment = strtoull(e->d_name + len + 1, &end, 10);
        if (end == e->d_name + len + 21 && !strcmp(end, ".spill")) visit(s, segment, ctx);
    }
    closedir(d);
    return WEIR_OK;
}

static void delete_segment(const wr_spill *s, uint64_t segment) {
    char path[4096];
    if (path_of(s, segment, path)) unlink(path);
}

typedef struct range {
    uint64_t from, to; /* `to` included */
} range;

static void delete_in_range(wr_spill *s, uint64_t segment, void *ctx) {
    const range *r = ctx;
    if (segment >= r->from && segment <= r->to) delete_segment(s, segment);
}

static void widen_range(wr_spill *s, uint64_t segment, void *ctx) {
    range *r = ctx;
    (void)s;
    if (segment < r->from) r->from = segment;
    if (segment > r->to) r->to = segment;
}

static weir_status sync_folder(const wr_spill *s, weir_error *err) {
    return wr_sync_folder(s->dir) ? io_error(s, "sync the folder", err) : WEIR_OK;
}

/* ---- Life ---- */

weir_status wr_spill_new(const char *dir, const char *name, size_t limit, wr_spill **out, weir_error *err) {
    wr_spill *s = wr_alloc_zero(NULL, sizeof *s);
    *out = NULL;
    if (!s) return no_memory(err);
    s->in = s->out = -1;
    s->bytes = (wr_buf)WR_BUF_INIT;
    s->limit = limit;
    s->part = WR_MIN(WR_MAX(limit / 8, SMALLEST_PART), LARGEST_PART);
    s->end.segment = UINT64_MAX;
    s->name = file_name(name);
    s->dir = wr_alloc(NULL, strlen(dir) + 1);
    if (!s->name || !s->dir) {
        wr_spill_free(s);
        return no_memory(err);
    }
    strcpy(s->dir, dir);
    *out = s;
    return WEIR_OK;
}

void wr_spill_free(wr_spill *s) {
    if (!s) return;
    close_fd(&s->in);
    close_fd(&s->out);
    wr_buf_fini(&s->bytes);
    wr_free(NULL, s->name, 0);
    wr_free(NULL, s->dir, 0);
    wr_free(NULL, s, sizeof *s);
}

static void set_all(wr_spill *s, wr_spill_mark at) { s->safe = s->sent = s->tail = at; }

/* ---- Records ---- */

weir_status wr_spill_read_record(weir_reader *r, weir_arena *arena, weir_batch *out, weir_error *err) {
    uint32_t version;
    WR_TRY(wr_reader_begin_section(r, TAG_ROWS, VERSION, &version, err));
    WR_TRY(wr_row_bytes_read(r, arena, out, err));
    uint32_t n_chunks = wr_read_count(r, 4), before = 0;
    uint32_t *ends = wr_arena_array(arena, (size_t)n_chunks + 1, sizeof *ends);
    if (!ends) return no_memory(err);
    for (uint32_t i = 0; i < n_chunks; i++) {
        ends[i] = weir_read_u32(r);
        if (ends[i] <= before || ends[i] > out->n_rows)
            return wr_reader_fail(r, "a spilled chunk has no end");
        before = ends[i];
    }
    WR_TRY(weir_reader_status(r, err));
    if (n_chunks && before != out->n_rows) return wr_reader_fail(r, "spilled rows are in no chunk");
    if (n_chunks) {
        out->n_chunks = n_chunks;
        out->chunk_end = ends;
    }
    return wr_reader_end_section(r, err);
}

/* Rows of a chunk that the selection leaves, as chunks of the dense rows. */
static void write_chunks(weir_writer *w, const weir_batch *b) {
    uint32_t n = 0, k = 0;
    size_t at = w->buf.len;
    weir_write_u32(w, 0);
    for (uint32_t c = 0; b->chunk_end && c < b->n_chunks; c++) {
        uint32_t first = k;
        while (k < b->n_sel && weir_batch_row(b, k) < b->chunk_end[c]) k++;
        if (k > first) weir_write_u32(w, k);
        n += k > first;
    }
    if (w->status == WEIR_OK)
        for (int i = 0; i < 4; i++) w->buf.data[at + (size_t)i] = (char)(n >> (8 * i));
}

static weir_status damaged(const wr_spill *s, weir_error *err) {
    return weir_fail(err, WEIR_ESTATE, "spilled rows '%s/%s' are damaged", s->dir, s->name);
}

/* Reads the record at `at` of the open segment into s->bytes. WEIR_EEND: there is none; WEIR_ESTATE: only a
 * part of one. */
static weir_status read_bytes(wr_spill *s, int fd, uint64_t at, weir_error *err) {
    unsigned char head[HEADER_BYTES];
    uint64_t len = 0;
    wr_buf_clear(&s->bytes);
    ssize_t n = pread(fd, head, sizeof head, (off_t)at);
    if (n < 0) return io_error(s, "read", err);
    if (!n) return WEIR_EEND;
    if ((size_t)n < sizeof head) return damaged(s, err);
    for (int i = 7; i >= 0; i--) len = len << 8 | head[8 + i];
    struct stat st;
    if (fstat(fd, &st)) return io_error(s, "look at it", err);
    if (len > LARGEST_RECORD || at + HEADER_BYTES + len > (uint64_t)st.st_size) return damaged(s, err);
    size_t left = HEADER_BYTES + (size_t)len;
    if (!wr_buf_reserve(&s->bytes, left)) return no_memory(err);
    for (; left; left -= (size_t)n) {
        n = pread(fd, s->bytes.data + s->bytes.len, left, (off_t)(at + s->bytes.len));
        if (n <= 0) return io_error(s, "read", err);
        s->bytes.len += (size_t)n;
    }
    return WEIR_OK;
}

/* ---- Starting ---- */

/* Counts the whole records from `at` on; *at is then behind the last one. */
static weir_status count_records(wr_spill *s, int fd, wr_spill_mark *at, weir_error *err) {
    for (weir_status st; (st = read_bytes(s, fd, at->at, err)) != WEIR_EEND;) {
        weir_arena arena;
        weir_reader r;
        weir_batch rows;
        if (st == WEIR_ESTATE) break; /* a crash cut it off */
        WR_TRY(st);
        wr_arena_init(&arena, NULL);
        wr_reader_init(&r, s->bytes.data, s->bytes.len);
        bool is_whole = wr_spill_read_record(&r, &arena, &rows, NULL) == WEIR_OK;
        wr_arena_fini(&arena);
        if (!is_whole) break;
        at->at += s->bytes.len;
        at->bytes += s->bytes.len;
        at->rows += rows.n_rows;
    }
    return WEIR_OK;
}

static weir_status start_with_found(wr_spill *s, weir_error *err) {
    range r = {UINT64_MAX, 0};
    WR_TRY(each_segment(s, widen_range, &r, err));
    if (r.from > r.to) return WEIR_OK;
    set_all(s, (wr_spill_mark){.segment = r.from});
    for (uint64_t segment = r.from; segment <= r.to; segment++) {
        int fd = open_segment(s, segment, O_RDONLY);
        if (fd < 0) continue;
        s->tail.segment = segment;
        s->tail.at = 0;
        weir_status st = count_records(s, fd, &s->tail, err);
        close_fd(&fd);
        WR_TRY(st);
    }
    return WEIR_OK;
}

static weir_status cut_tail(wr_spill *s, weir_error *err) {
    struct stat st;
    int fd = open_segment(s, s->tail.segment, O_RDWR);
    if (fd < 0 && errno == ENOENT && s->tail.at == 0) return WEIR_OK;
    if (fd < 0) return io_error(s, "open", err);
    bool ok = fstat(fd, &st) == 0 && (uint64_t)st.st_size >= s->tail.at;
    if (!ok)
        weir_fail(err, WEIR_ESTATE, "spilled rows '%s/%s' are damaged: the file is too short", s->dir,
                  s->name);
    else if (ftruncate(fd, (off_t)s->tail.at))
        ok = (io_error(s, "cut it", err), false);
    close_fd(&fd);
    return ok ? WEIR_OK : err ? err->code : WEIR_ESTATE;
}

/* Of a checkpoint before the newest, the files may be gone: then all of them were delivered. */
static weir_status start_with_saved(wr_spill *s, const wr_spill_mark marks[2], weir_error *err) {
    s->safe = s->sent = marks[0];
    s->tail = marks[1];
    if (s->safe.bytes > s->tail.bytes || s->safe.rows > s->tail.rows || s->safe.segment > s->tail.segment)
        return weir_fail(err, WEIR_ESTATE, "saved marks of spilled rows are damaged");
    range beyond = {s->tail.segment + 1, UINT64_MAX}, there = {UINT64_MAX, 0};
    range before = {0, s->safe.segment - 1};
    WR_TRY(each_segment(s, delete_in_range, &beyond, err));
    if (s->safe.segment) WR_TRY(each_segment(s, delete_in_range, &before, err));
    WR_TRY(each_segment(s, widen_range, &there, err));
    if (there.from > there.to) {
        s->tail.segment++;
        s->tail.at = 0;
        set_all(s, s->tail);
        return WEIR_OK;
    }
    if (there.from > s->safe.segment) { /* counts are then too large by what was delivered since */
        s->safe.segment = there.from;
        s->safe.at = 0;
        s->sent = s->safe;
    }
    return s->safe.bytes == s->tail.bytes ? WEIR_OK : cut_tail(s, err);
}

weir_status wr_spill_start(wr_spill *s, wr_spill_start_mode mode, const wr_spill_mark marks[2],
                           weir_error *err) {
    range all = {0, UINT64_MAX};
    close_fd(&s->in);
    close_fd(&s->out);
    s->end.segment = UINT64_MAX;
    set_all(s, (wr_spill_mark){0});
    if (mode == WR_SPILL_EMPTY) return each_segment(s, delete_in_range, &all, err);
    WR_TRY(mode == WR_SPILL_FOUND ? start_with_found(s, err) : start_with_saved(s, marks, err));
    s->first = s->safe.segment;
    if (s->safe.bytes == s->tail.bytes) return WEIR_OK;
    s->out = open_segment(s, s->tail.segment, O_WRONLY);
    return s->out < 0 ? io_error(s, "open", err) : WEIR_OK;
}

/* ---- Adding ---- */

static weir_status begin_segment(wr_spill *s, weir_error *err) {
    if (s->is_dirty && s->out >= 0 && fdatasync(s->out)) return io_error(s, "sync", err);
    bool is_first = s->out < 0;
    if (is_first && mkdir(s->dir, 0777) && errno != EEXIST) return io_error(s, "make the folder", err);
    uint64_t segment = is_first && !s->tail.at ? s->tail.segment : s->tail.segment + 1;
    int fd = open_segment(s, segment, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0) return io_error(s, "make a file", err);
    close_fd(&s->out);
    s->out = fd;
    s->is_new = true;
    bool nothing_before = s->sent.bytes == s->tail.bytes, all_safe = s->safe.bytes == s->tail.bytes;
    s->tail.segment = segment;
    s->tail.at = 0;
    if (nothing_before) s->sent = s->tail;
    if (all_safe) s->safe = s->tail;
    return WEIR_OK;
}

static weir_status append(wr_spill *s, const char *bytes, size_t len, weir_error *err) {
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(s->out, bytes + done, len - done, (off_t)(s->tail.at + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return io_error(s, "write", err);
        done += (size_t)n;
    }
    s->is_dirty = true;
    return WEIR_OK;
}

weir_status wr_spill_add(wr_spill *s, const weir_batch *rows, weir_error *err) {
    weir_writer w;
    if (!rows->n_sel) return WEIR_OK;
    if (s->out < 0 || s->tail.at >= s->part) WR_TRY(begin_segment(s, err));
    wr_writer_init(&w);
    wr_writer_begin_section(&w, TAG_ROWS, VERSION);
    wr_row_bytes_write(&w, rows);
    write_chunks(&w, rows);
    wr_writer_end_section(&w);
    weir_status st = wr_writer_status(&w, err);
    if (st == WEIR_OK) st = append(s, w.buf.data, w.buf.len, err);
    if (st == WEIR_OK) {
        s->tail.at += w.buf.len;
        s->tail.bytes += w.buf.len;
        s->tail.rows += rows->n_sel;
    }
    wr_writer_fini(&w);
    return st;
}

weir_status wr_spill_sync(wr_spill *s, weir_error *err) {
    if (s->is_dirty && s->out >= 0 && fdatasync(s->out)) return io_error(s, "sync", err);
    s->is_dirty = false;
    if (s->is_new) WR_TRY(sync_folder(s, err));
    s->is_new = false;
    return WEIR_OK;
}

bool wr_spill_is_full(const wr_spill *s) { return s->tail.bytes - s->safe.bytes >= s->limit; }

/* ---- Giving ---- */

/* The sent mark's segment, open; at the end of one the next. */
static weir_status find_record(wr_spill *s, wr_spill_mark *at, weir_error *err) {
    for (;;) {
        if (s->in < 0 || s->in_segment != at->segment) {
            close_fd(&s->in);
            s->in = open_segment(s, at->segment, O_RDONLY);
            s->in_segment = at->segment;
        }
        weir_status st = s->in >= 0 ? read_bytes(s, s->in, at->at, err) : WEIR_EEND;
        if (st != WEIR_EEND) return st;
        if (at->segment >= s->tail.segment) return damaged(s, err);
        at->segment++;
        at->at = 0;
    }
}

weir_status wr_spill_next(wr_spill *s, weir_arena *arena, weir_batch *out, weir_error *err) {
    weir_reader r;
    wr_spill_mark at = s->sent;
    if (at.segment == s->tail.segment && at.at >= s->tail.at) return WEIR_EEND;
    WR_TRY(find_record(s, &at, err));
    wr_reader_init(&r, s->bytes.data, s->bytes.len);
    WR_TRY(wr_spill_read_record(&r, arena, out, err));
    at.at += s->bytes.len;
    at.bytes += s->bytes.len;
    at.rows += out->n_rows;
    s->end = at;
    return WEIR_OK;
}

void wr_spill_skip(wr_spill *s) {
    if (s->end.segment != UINT64_MAX) s->sent = s->end;
    if (s->sent.segment == s->tail.segment && s->sent.at == s->tail.at) s->sent = s->tail;
    s->end.segment = UINT64_MAX;
}

void wr_spill_skip_all(wr_spill *s) {
    s->sent = s->tail;
    s->end.segment = UINT64_MAX;
}

void wr_spill_deliver(wr_spill *s) { s->safe = s->sent; }

void wr_spill_again(wr_spill *s) {
    s->sent = s->safe;
    s->end.segment = UINT64_MAX;
}

/* What lies before safe; all of it when nothing waits. */
void wr_spill_trim(wr_spill *s) {
    bool is_empty = s->safe.bytes == s->tail.bytes;
    uint64_t to = is_empty ? s->tail.segment + 1 : s->safe.segment;
    if (is_empty && s->out < 0) return;
    for (; s->first < to; s->first++) delete_segment(s, s->first);
    if (!is_empty) return;
    close_fd(&s->out);
    close_fd(&s->in);
    s->tail.segment++;
    s->tail.at = 0;
    set_all(s, s->tail);
    s->is_dirty = false;
}

wr_spill_mark wr_spill_safe(const wr_spill *s) { return s->safe; }
wr_spill_mark wr_spill_sent(const wr_spill *s) { return s->sent; }
wr_spill_mark wr_spill_tail(const wr_spill *s) { return s->tail; }
