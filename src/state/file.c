/* file.c: see file.h. */
#include "state/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/sync.h"
#include "state/encoding.h"

#define MAGIC           "WEIRSNAP"
#define FORMAT          1u
#define FORMAT_CHANGES  2u
#define HEADER_BYTES    32u
#define LINK_BYTES      16u /* of FORMAT_CHANGES, behind the header */
#define SUFFIX          ".snapshot"
#define TEMPORARY       ".tmp"
#define REVISION_DIGITS 20u

/* ---- Names -------------------------------------------------------------------------------------------- */

static bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* "<app>-", as file names begin. */
static void put_stem(wr_buf *b, const char *app) {
    for (; *app; app++) {
        if (is_plain(*app))
            wr_buf_putc(b, *app);
        else
            wr_buf_printf(b, "%%%02X", (unsigned char)*app);
    }
    wr_buf_putc(b, '-');
}

static void put_path(wr_buf *b, const char *dir, const char *app, uint64_t revision) {
    wr_buf_printf(b, "%s/", dir);
    put_stem(b, app);
    wr_buf_printf(b, "%020" PRIu64 SUFFIX, revision);
}

/* "<stem><20 digits>.snapshot", or with ".tmp" behind it. */
static bool is_snapshot(const char *file, const wr_buf *stem, bool *is_temporary, uint64_t *revision) {
    if (strncmp(file, stem->data, stem->len) != 0) return false;
    const char *p = file + stem->len;
    *revision = 0;
    for (uint32_t i = 0; i < REVISION_DIGITS; i++, p++) {
        if (*p < '0' || *p > '9') return false;
        if (__builtin_mul_overflow(*revision, 10u, revision)) return false;
        if (__builtin_add_overflow(*revision, (uint64_t)(*p - '0'), revision)) return false;
    }
    *is_temporary = strcmp(p, SUFFIX TEMPORARY) == 0;
    return *is_temporary || strcmp(p, SUFFIX) == 0;
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

static weir_status io_error(weir_error *err, const char *verb, const char *path) {
    int code = errno;
    weir_status status = weir_fail(err, WEIR_EIO, "can't %s '%s': %s", verb, path, strerror(code));
    if (err)
        err->retriable = code == ENOSPC || code == EFBIG || code == EAGAIN || code == EIO || code == EDQUOT;
    return status;
}

static bool write_all(int fd, const void *bytes, size_t len) {
    const char *p = bytes;
    while (len) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        p += n;
        len -= (size_t)n;
    }
    return true;
}

uint64_t wr_snapshot_checksum(const void *bytes, size_t len, wr_snapshot_id after) {
    if (!after.revision) return XXH3_64bits(bytes, len);
    return XXH3_64bits_withSeed(bytes, len, XXH3_64bits(&after, sizeof after));
}

static size_t make_header(unsigned char h[HEADER_BYTES + LINK_BYTES], wr_snapshot_id after, const void *bytes,
                          size_t len) {
    memset(h, 0, HEADER_BYTES + LINK_BYTES);
    memcpy(h, MAGIC, 8);
    wr_put_u32(h + 8, after.revision ? FORMAT_CHANGES : FORMAT);
    wr_put_u64(h + 16, len);
    wr_put_u64(h + 24, wr_snapshot_checksum(bytes, len, after));
    wr_put_u64(h + 32, after.revision);
    wr_put_u64(h + 40, after.checksum);
    return HEADER_BYTES + (after.revision ? LINK_BYTES : 0);
}

static weir_status write_file(const char *path, wr_snapshot_id after, const void *bytes, size_t len,
                              weir_error *err) {
    unsigned char header[HEADER_BYTES + LINK_BYTES];
    size_t header_bytes = make_header(header, after, bytes, len);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return io_error(err, "create", path);
    weir_status status = WEIR_OK;
    if (!write_all(fd, header, header_bytes) || !write_all(fd, bytes, len))
        status = io_error(err, "write", path);
    else if (fsync(fd))
        status = io_error(err, "sync", path);
    if (close(fd) && !status) status = io_error(err, "close", path);
    return status;
}

static weir_status publish(const char *temporary, const char *path, const char *dir, weir_error *err) {
    if (rename(temporary, path)) return io_error(err, "rename to", path);
    return wr_sync_folder(dir) ? io_error(err, "sync", dir) : WEIR_OK;
}

weir_status wr_snapshot_save(const char *dir, const char *app, uint64_t revision, wr_snapshot_id after,
                             const void *bytes, size_t len, weir_error *err) {
    wr_buf path = WR_BUF_INIT, temporary = WR_BUF_INIT;
    put_path(&path, dir, app, revision);
    put_path(&temporary, dir, app, revision);
    wr_buf_puts(&temporary, TEMPORARY);
    weir_status status = WEIR_OK;
    if (path.failed || temporary.failed)
        status = weir_fail(err, WEIR_ENOMEM, "no memory to save a snapshot");
    else if (mkdir(dir, 0700) && errno != EEXIST)
        status = io_error(err, "make directory", dir);
    if (!status) {
        status = write_file(temporary.data, after, bytes, len, err);
        if (!status) status = publish(temporary.data, path.data, dir, err);
        if (status) unlink(temporary.data);
    }
    wr_buf_fini(&path);
    wr_buf_fini(&temporary);
    return status;
}

/* ---- Reading ------------------------------------------------------------------------------------------ */

static weir_status read_into(int fd, const char *path, wr_buf *out, size_t len, weir_error *err) {
    if (!wr_buf_reserve(out, len)) return weir_fail(err, WEIR_ENOMEM, "no memory to load '%s'", path);
    while (out->len < len) {
        ssize_t n = read(fd, out->data + out->len, len - out->len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return io_error(err, "read", path);
        if (n == 0) break;
        out->len += (size_t)n;
    }
    out->data[out->len] = 0;
    return WEIR_OK;
}

static weir_status damaged(weir_error *err, const char *path, const char *what) {
    weir_status status = weir_fail(err, WEIR_ESTATE, "snapshot '%s' is damaged: %s", path, what);
    if (err) snprintf(err->hint, sizeof err->hint, "move the file away to start from an older snapshot");
    return status;
}

static weir_status check_header(const unsigned char *h, size_t got, uint64_t size, const char *path,
                                weir_error *err) {
    if (got < HEADER_BYTES || memcmp(h, MAGIC, 8) != 0) return damaged(err, path, "it is not a snapshot");
    if (wr_get_u32(h + 8) > FORMAT_CHANGES)
        return weir_fail(err, WEIR_ESTATE, "snapshot '%s' has format %u, this weir reads up to %u", path,
                         wr_get_u32(h + 8), FORMAT_CHANGES);
    size -= HEADER_BYTES;
    if (wr_get_u32(h + 8) == FORMAT_CHANGES) size -= LINK_BYTES; /* wraps around if there is none */
    if (wr_get_u64(h + 16) != size) return damaged(err, path, "its length is wrong");
    return WEIR_OK;
}

static weir_status read_link(int fd, const char *path, const unsigned char *h, wr_snapshot_id *after,
                             weir_error *err) {
    wr_buf b = WR_BUF_INIT;
    *after = (wr_snapshot_id){0};
    if (wr_get_u32(h + 8) != FORMAT_CHANGES) return WEIR_OK;
    weir_status status = read_into(fd, path, &b, LINK_BYTES, err);
    if (!status && b.len == LINK_BYTES) {
        const unsigned char *at = (const unsigned char *)b.data;
        *after = (wr_snapshot_id){wr_get_u64(at), wr_get_u64(at + 8)};
    }
    wr_buf_fini(&b);
    if (!status && !after->revision) return damaged(err, path, "it does not say what it follows");
    return status;
}

/* Without out, the link alone is read. */
static weir_status read_file(int fd, const char *path, wr_buf *out, wr_snapshot_id *after, weir_error *err) {
    struct stat st;
    wr_buf head = WR_BUF_INIT;
    unsigned char h[HEADER_BYTES] = {0};
    if (fstat(fd, &st)) return io_error(err, "look at", path);
    if (!S_ISREG(st.st_mode)) return damaged(err, path, "it is not a file");
    weir_status status = read_into(fd, path, &head, HEADER_BYTES, err);
    size_t got = head.len;
    if (!status) memcpy(h, head.data, got);
    wr_buf_fini(&head);
    WR_TRY(status);
    WR_TRY(check_header(h, got, (uint64_t)st.st_size, path, err));
    size_t len = (size_t)wr_get_u64(h + 16);
    WR_TRY(read_link(fd, path, h, after, err));
    if (!out) return WEIR_OK;
    WR_TRY(read_into(fd, path, out, len, err));
    if (out->len != len || wr_snapshot_checksum(out->data, len, *after) != wr_get_u64(h + 24))
        return damaged(err, path, "its checksum is wrong");
    return WEIR_OK;
}

static weir_status open_and_read(const char *dir, const char *app, uint64_t revision, wr_buf *out,
                                 wr_snapshot_id *after, weir_error *err) {
    wr_buf path = WR_BUF_INIT;
    put_path(&path, dir, app, revision);
    if (path.failed) {
        wr_buf_fini(&path);
        return weir_fail(err, WEIR_ENOMEM, "no memory to load a snapshot");
    }
    int fd = open(path.data, O_RDONLY | O_CLOEXEC);
    weir_status status =
        fd < 0 ? io_error(err, "open", path.data) : read_file(fd, path.data, out, after, err);
    if (fd >= 0) close(fd);
    wr_buf_fini(&path);
    return status;
}

weir_status wr_snapshot_load(const char *dir, const char *app, uint64_t revision, wr_buf *out,
                             wr_snapshot_id *after, weir_error *err) {
    wr_buf_clear(out);
    weir_status status = open_and_read(dir, app, revision, out, after, err);
    if (status) wr_buf_clear(out);
    return status;
}

/* ---- The directory ------------------------------------------------------------------------------------ */

/* Calls visit for each file of the app until it returns false. A missing directory has no files. */
static weir_status walk(const char *dir, const char *app,
                        bool (*visit)(void *ctx, const char *file, bool is_temporary, uint64_t revision),
                        void *ctx, weir_error *err) {
    wr_buf stem = WR_BUF_INIT;
    put_stem(&stem, app);
    DIR *d = stem.failed ? NULL : opendir(dir);
    weir_status status = WEIR_OK;
    if (stem.failed)
        status = weir_fail(err, WEIR_ENOMEM, "no memory to list snapshots");
    else if (!d && errno != ENOENT)
        status = io_error(err, "list", dir);
    bool is_temporary;
    uint64_t revision;
    for (struct dirent *e; d && (e = readdir(d));)
        if (is_snapshot(e->d_name, &stem, &is_temporary, &revision) &&
            !visit(ctx, e->d_name, is_temporary, revision))
            break;
    if (d) closedir(d);
    wr_buf_fini(&stem);
    return status;
}

typedef struct revisions {
    uint64_t *items;
    uint32_t n, cap;
    bool failed;
} revisions;

static bool collect(void *ctx, const char *file, bool is_temporary, uint64_t revision) {
    (void)file;
    revisions *r = ctx;
    if (is_temporary) return true;
    if (wr_grow(NULL, &r->items, &r->cap, r->n + 1, sizeof *r->items)) {
        r->failed = true;
        return false;
    }
    r->items[r->n++] = revision;
    return true;
}

static int newest_first(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? 1 : x > y ? -1 : 0;
}

/* The block that is handed out has exactly n elements, so that its size is known when it is freed. */
static bool fit(revisions *r) {
    if (!r->n) return true;
    uint64_t *items = wr_realloc(NULL, r->items, r->cap * sizeof *items, r->n * sizeof *items);
    if (items) r->items = items;
    if (items) r->cap = r->n;
    return items != NULL;
}

weir_status wr_snapshot_list(const char *dir, const char *app, uint64_t **out, uint32_t *n, weir_error *err) {
    revisions r = {0};
    *out = NULL;
    *n = 0;
    weir_status status = walk(dir, app, collect, &r, err);
    if (!status && (r.failed || !fit(&r)))
        status = weir_fail(err, WEIR_ENOMEM, "no memory to list snapshots");
    if (status) {
        wr_free(NULL, r.items, r.cap * sizeof *r.items);
        return status;
    }
    if (r.n) qsort(r.items, r.n, sizeof *r.items, newest_first);
    *out = r.items;
    *n = r.n;
    return WEIR_OK;
}

void wr_snapshot_list_free(uint64_t *list, uint32_t n) { wr_free(NULL, list, n * sizeof *list); }

typedef struct pruning {
    const char *dir;
    uint64_t oldest_kept;
} pruning;

static bool prune_file(void *ctx, const char *file, bool is_temporary, uint64_t revision) {
    const pruning *p = ctx;
    if (!is_temporary && revision >= p->oldest_kept) return true;
    wr_buf path = WR_BUF_INIT;
    wr_buf_printf(&path, "%s/%s", p->dir, file);
    if (!path.failed) unlink(path.data); /* one that stays is pruned the next time */
    wr_buf_fini(&path);
    return true;
}

/* Does it have all that is needed to load it, but for what is older? One that can't be read might. */
static bool stands_alone(const char *dir, const char *app, uint64_t revision) {
    wr_snapshot_id after = {0};
    return open_and_read(dir, app, revision, NULL, &after, NULL) == WEIR_OK && !after.revision;
}

/* What a snapshot follows was always written right before it, so it is enough to go back to a whole one. */
static uint64_t oldest_needed(const char *dir, const char *app, const uint64_t *list, uint32_t n,
                              uint32_t keep) {
    if (!keep) return UINT64_MAX;
    if (n <= keep) return 0;
    uint32_t i = keep - 1;
    while (i + 1 < n && !stands_alone(dir, app, list[i])) i++;
    return list[i];
}

weir_status wr_snapshot_prune(const char *dir, const char *app, uint32_t keep, weir_error *err) {
    uint64_t *list;
    uint32_t n;
    WR_TRY(wr_snapshot_list(dir, app, &list, &n, err));
    pruning p = {.dir = dir, .oldest_kept = oldest_needed(dir, app, list, n, keep)};
    wr_snapshot_list_free(list, n);
    return walk(dir, app, prune_file, &p, err);
}
