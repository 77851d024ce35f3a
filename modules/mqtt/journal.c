/* journal.c: see journal.h. */
#include "journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD    16u
#define MAGIC   "weirmqt1"
#define SUFFIX  ".journal"
#define AT_ONCE (1u << 20)

static weir_status failed(weir_error *err, const char *what, const char *folder) {
    return weir_fail(err, WEIR_EIO, "the journal %s: %s: %s", folder, what, wire_error_text(errno));
}

static void name_of(uint64_t base, char name[32]) { sprintf(name, "%016" PRIx64 SUFFIX, base); }

/* ---- Segments ----------------------------------------------------------------------------------------- */

static bool add_segment(mqtt_journal *j, uint64_t base) {
    if (j->n == j->cap) {
        uint32_t cap = j->cap ? j->cap * 2 : 16;
        uint64_t *bigger = realloc(j->bases, cap * sizeof *bigger);
        if (!bigger) return false;
        j->bases = bigger;
        j->cap = cap;
    }
    j->bases[j->n++] = base;
    return true;
}

static int by_base(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static weir_status list_segments(mqtt_journal *j, weir_error *err) {
    DIR *d = opendir(j->folder);
    if (!d) return failed(err, "it can't be read", j->folder);
    bool has_room = true;
    for (const struct dirent *e; has_room && (e = readdir(d));) {
        char *end;
        uint64_t base = strtoull(e->d_name, &end, 16);
        if (end == e->d_name + 16 && strcmp(end, SUFFIX) == 0) has_room = add_segment(j, base);
    }
    closedir(d);
    if (!has_room) return wire_no_memory(err);
    if (j->n) qsort(j->bases, j->n, sizeof *j->bases, by_base);
    return WEIR_OK;
}

static int open_segment(const mqtt_journal *j, uint64_t base, int flags) {
    char name[32];
    name_of(base, name);
    return openat(j->folder_fd, name, flags | O_CLOEXEC, 0600);
}

static bool read_head(int fd, uint64_t base) {
    char head[HEAD];
    return pread(fd, head, HEAD, 0) == HEAD && memcmp(head, MAGIC, 8) == 0 && memcmp(head + 8, &base, 8) == 0;
}

/* ---- Scanning ----------------------------------------------------------------------------------------- */

typedef struct scan {
    void (*each)(void *ctx, const mqtt_record *r);
    void *ctx;
    mqtt_bytes bytes;
} scan;

/* All records that are whole; *end: where they end. */
static weir_status scan_segment(mqtt_journal *j, int fd, uint64_t base, scan *s, uint64_t *end,
                                weir_error *err) {
    off_t at = HEAD;
    s->bytes.begin = s->bytes.len = 0;
    *end = base;
    for (;;) {
        mqtt_record r;
        size_t size;
        weir_status st =
            mqtt_record_read(s->bytes.data + s->bytes.begin, s->bytes.len - s->bytes.begin, true, &r, &size);
        if (st == WEIR_OK) {
            if (s->each) s->each(s->ctx, &r);
            s->bytes.begin += size;
            *end += size;
            continue;
        }
        if (st == WEIR_ESTATE) return WEIR_OK;
        char *to = mqtt_bytes_room(&s->bytes, size > AT_ONCE ? size : AT_ONCE);
        if (!to) return wire_no_memory(err);
        ssize_t n = pread(fd, to, s->bytes.cap - s->bytes.len, at);
        if (n < 0) return failed(err, "it can't be read", j->folder);
        if (!n) return WEIR_OK;
        s->bytes.len += (size_t)n;
        at += n;
    }
}

/* Behind a segment that is not whole nothing can follow: it was the last one. */
static weir_status scan_all(mqtt_journal *j, scan *s, weir_error *err) {
    for (uint32_t i = 0; i < j->n; i++) {
        uint64_t base = j->bases[i];
        int fd = open_segment(j, base, O_RDWR);
        if (fd < 0) return failed(err, "it can't be opened", j->folder);
        bool is_whole = read_head(fd, base), is_last = i + 1 == j->n;
        weir_status st = is_whole ? scan_segment(j, fd, base, s, &j->end, err) : WEIR_OK;
        if (!is_whole) j->end = base;
        if (st == WEIR_OK && !is_last && j->end != j->bases[i + 1])
            st = weir_fail(err, WEIR_ESTATE, "the journal %s is damaged at %" PRIu64, j->folder, j->end);
        if (st == WEIR_OK && is_last && is_whole && ftruncate(fd, (off_t)(HEAD + j->end - base)))
            st = failed(err, "its end can't be cut off", j->folder);
        close(fd);
        WIRE_TRY(st);
        if (!is_whole) { /* stopped while it was being made: made again by the next record */
            char name[32];
            name_of(base, name);
            unlinkat(j->folder_fd, name, 0);
            j->n = i;
        }
    }
    return WEIR_OK;
}

weir_status mqtt_journal_open(mqtt_journal *j, const char *folder,
                              void (*each)(void *ctx, const mqtt_record *r), void *ctx, weir_error *err) {
    *j = (mqtt_journal){.lock_fd = -1, .folder_fd = -1, .fd = -1};
    j->folder = strdup(folder);
    if (!j->folder) return wire_no_memory(err);
    if (mkdir(folder, 0700) && errno != EEXIST) return failed(err, "it can't be made", folder);
    j->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->folder_fd < 0) return failed(err, "it can't be opened", folder);
    j->lock_fd = openat(j->folder_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (j->lock_fd < 0) return failed(err, "its lock can't be made", folder);
    if (flock(j->lock_fd, LOCK_EX | LOCK_NB))
        return weir_fail(err, WEIR_EIO, "the journal %s is in use: another source of the same settings runs",
                         folder);
    scan s = {each, ctx, {0}};
    weir_status st = list_segments(j, err);
    if (st == WEIR_OK) st = scan_all(j, &s, err);
    mqtt_bytes_free(&s.bytes);
    WIRE_TRY(st);
    if (!j->n) return WEIR_OK;
    j->fd = open_segment(j, j->bases[j->n - 1], O_WRONLY | O_APPEND);
    return j->fd < 0 ? failed(err, "it can't be opened", folder) : WEIR_OK;
}

void mqtt_journal_close(mqtt_journal *j) {
    int fds[] = {j->fd, j->folder_fd, j->lock_fd};
    for (size_t i = 0; j->folder && i < 3; i++)
        if (fds[i] >= 0) close(fds[i]);
    free(j->folder);
    free(j->bases);
    *j = (mqtt_journal){.lock_fd = -1, .folder_fd = -1, .fd = -1};
}

/* ---- The client's name -------------------------------------------------------------------------------- */

static weir_status keep_id(mqtt_journal *j, const char *id, weir_error *err) {
    int fd = openat(j->folder_fd, "client.id.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool is_well = fd >= 0 && write(fd, id, strlen(id)) == (ssize_t)strlen(id) && !fdatasync(fd);
    if (fd >= 0) close(fd);
    is_well = is_well && !renameat(j->folder_fd, "client.id.new", j->folder_fd, "client.id") &&
              !fsync(j->folder_fd);
    return is_well ? WEIR_OK : failed(err, "the client's name can't be kept", j->folder);
}

weir_status mqtt_journal_client_id(mqtt_journal *j, char id[MQTT_LONGEST_ID], weir_error *err) {
    int fd = openat(j->folder_fd, "client.id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, id, MQTT_LONGEST_ID - 1) : -1;
    if (fd >= 0) close(fd);
    if (n > 0) return id[n] = 0, WEIR_OK;
    mqtt_draw_id(id);
    return keep_id(j, id, err);
}

/* ---- Appending ---------------------------------------------------------------------------------------- */

static weir_status write_all(mqtt_journal *j, const char *bytes, size_t len, weir_error *err) {
    while (len) {
        ssize_t n = write(j->fd, bytes, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return failed(err, "it can't be written", j->folder);
        bytes += n;
        len -= (size_t)n;
    }
    return WEIR_OK;
}

weir_status mqtt_journal_next_segment(mqtt_journal *j, const char *open_ids, size_t len, weir_error *err) {
    char head[HEAD];
    if (j->fd >= 0) close(j->fd);
    j->fd = open_segment(j, j->end, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
    if (j->fd < 0) return failed(err, "a segment can't be made", j->folder);
    memcpy(head, MAGIC, 8);
    memcpy(head + 8, &j->end, 8);
    WIRE_TRY(write_all(j, head, HEAD, err));
    if (!add_segment(j, j->end)) return wire_no_memory(err);
    WIRE_TRY(mqtt_journal_append(j, open_ids, len, err));
    WIRE_TRY(mqtt_journal_sync(j, err)); /* before the segments in front of it may go */
    return fsync(j->folder_fd) ? failed(err, "a segment can't be made", j->folder) : WEIR_OK;
}

bool mqtt_journal_is_full_segment(const mqtt_journal *j) {
    return !j->n || j->end - j->bases[j->n - 1] >= MQTT_SEGMENT;
}

weir_status mqtt_journal_append(mqtt_journal *j, const char *bytes, size_t len, weir_error *err) {
    WIRE_TRY(write_all(j, bytes, len, err));
    j->end += len;
    return WEIR_OK;
}

weir_status mqtt_journal_sync(mqtt_journal *j, weir_error *err) {
    return fdatasync(j->fd) ? failed(err, "it can't be made durable", j->folder) : WEIR_OK;
}

void mqtt_journal_cut(mqtt_journal *j, uint64_t pos) {
    uint32_t n = 0;
    while (n + 1 < j->n && j->bases[n + 1] <= pos) {
        char name[32];
        name_of(j->bases[n++], name);
        unlinkat(j->folder_fd, name, 0);
    }
    if (n) memmove(j->bases, j->bases + n, (j->n - n) * sizeof *j->bases);
    j->n -= n;
}

uint64_t mqtt_journal_begin(const mqtt_journal *j) { return j->n ? j->bases[0] : j->end; }

/* ---- Reading ------------------------------------------------------------------------------------------ */

/* How many of the bytes are whole records; *more: how many more the next one needs. */
static size_t whole_records(const char *bytes, size_t len, size_t *more, bool *is_damaged) {
    size_t at = 0, size;
    mqtt_record r;
    weir_status st;
    while ((st = mqtt_record_read(bytes + at, len - at, true, &r, &size)) == WEIR_OK) at += size;
    *more = size;
    *is_damaged = st == WEIR_ESTATE;
    return at;
}

static weir_status read_from(const mqtt_journal *j, int fd, off_t at, size_t want, char **out, size_t *len,
                             weir_error *err) {
    size_t more;
    bool is_damaged;
    char *bytes = malloc(want);
    ssize_t n = bytes ? pread(fd, bytes, want, at) : 0;
    *len = bytes && n > 0 ? whole_records(bytes, (size_t)n, &more, &is_damaged) : 0;
    if (*len) return *out = bytes, WEIR_OK;
    free(bytes);
    if (!bytes) return wire_no_memory(err);
    if (n > 0 && !is_damaged && more > (size_t)n) return *len = more, WEIR_EAGAIN; /* one long record */
    return weir_fail(err, WEIR_ESTATE, "the journal %s is damaged", j->folder);
}

weir_status mqtt_journal_read(const mqtt_journal *j, uint64_t pos, uint64_t until, size_t room, char **out,
                              size_t *len, weir_error *err) {
    *out = NULL;
    *len = 0;
    if (pos >= until) return WEIR_OK;
    uint32_t i = j->n;
    while (i && j->bases[i - 1] > pos) i--;
    if (!i)
        return weir_fail(err, WEIR_ESTATE, "the journal %s no longer has position %" PRIu64, j->folder, pos);
    uint64_t base = j->bases[i - 1], end = i < j->n ? j->bases[i] : until;
    if (end > until) end = until;
    int fd = open_segment(j, base, O_RDONLY);
    if (fd < 0) return failed(err, "it can't be opened", j->folder);
    off_t at = (off_t)(HEAD + pos - base);
    size_t want = end - pos < room ? (size_t)(end - pos) : room;
    weir_status st = read_from(j, fd, at, want, out, len, err);
    if (st == WEIR_EAGAIN) st = read_from(j, fd, at, *len, out, len, err);
    close(fd);
    return st;
}
