/* file_place.c: see file_place.h. */
#include "io/file_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "io/byte_input.h"

/* ---- The template -------------------------------------------------------------------------------------- */

static size_t scheme_of(const char *uri) {
    if (strncmp(uri, "file:", 5) != 0) return 0;
    return strncmp(uri + 5, "//", 2) == 0 ? 7 : 5;
}

/* A name that leads somewhere else, or nowhere. */
static bool is_way_out(const char *name, size_t len) {
    return len == 0 || (len == 1 && name[0] == '.') || (len == 2 && name[0] == '.' && name[1] == '.');
}

static size_t name_length(const char *name) { return strcspn(name, "/"); }

static weir_status check_template(wr_file_place *p, weir_error *err) {
    for (const char *at = p->rest;; at++) {
        size_t n = name_length(at);
        if (is_way_out(at, n) && !strstr(p->rest, "{{"))
            return weir_fail(err, WEIR_ECONFIG, "file.uri names no file");
        if (is_way_out(at, n))
            return weir_fail(err, WEIR_ECONFIG,
                             "file.uri: '%s' has an empty name, '.' or '..' behind the first {{attribute}}",
                             p->rest);
        at += n;
        if (!*at) return WEIR_OK;
        p->n_slashes++;
    }
}

weir_status wr_file_place_init(wr_file_place *p, const weir_io_host *host, const char *uri, weir_error *err) {
    char front[PATH_MAX];
    *p = (wr_file_place){.fd = -1, .longest = NAME_MAX};
    const char *first = strstr(uri, "{{");
    size_t scheme = scheme_of(uri);
    p->skip = first ? (size_t)(first - uri) : strlen(uri);
    while (p->skip > scheme && uri[p->skip - 1] != '/') p->skip--;
    p->rest = uri + p->skip;
    if (p->skip >= sizeof front) return weir_fail(err, WEIR_ECONFIG, "file.uri is too long");
    memcpy(front, uri, p->skip);
    front[p->skip] = '\0';
    p->folder = wr_file_name(host, front);
    if (!p->folder) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    return check_template(p, err);
}

void wr_file_place_fini(wr_file_place *p) {
    if (p->fd >= 0) close(p->fd);
    wr_file_name_free(p->folder);
    *p = (wr_file_place){.fd = -1};
}

weir_status wr_file_place_open(wr_file_place *p, weir_error *err) {
    if (p->fd >= 0) return WEIR_OK;
    const char *folder = *p->folder ? p->folder : ".";
    p->fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p->fd >= 0) return WEIR_OK;
    int why = errno;
    weir_fail(err, WEIR_EIO, "can't open the folder '%s': %s", folder, strerror(why));
    if (err) err->retriable = why == ENOENT || why == EACCES || why == EMFILE || why == ENFILE;
    return WEIR_EIO;
}

void wr_file_place_look_again(wr_file_place *p) {
    struct stat named, opened;
    if (p->fd < 0) return;
    bool exists = stat(*p->folder ? p->folder : ".", &named) == 0;
    if (!exists && errno != ENOENT && errno != ENOTDIR) return; /* nobody knows */
    if (exists && fstat(p->fd, &opened) == 0 && named.st_ino == opened.st_ino &&
        named.st_dev == opened.st_dev)
        return;
    close(p->fd);
    p->fd = -1;
}

/* ---- Names --------------------------------------------------------------------------------------------- */

static weir_status refuse(const char *name, size_t len, const char *why, weir_error *err) {
    char shown[120];
    size_t n = 0;
    for (; n < len && n + 1 < sizeof shown; n++)
        shown[n] = (unsigned char)name[n] < ' ' || name[n] == 0x7f ? '?' : name[n];
    shown[n] = '\0';
    return weir_fail(err, WEIR_EVALUE, "file.uri: an event makes '%s' of it: %s", shown, why);
}

static weir_status too_long(const wr_file_place *p, const char *name, size_t len, weir_error *err) {
    char why[64];
    snprintf(why, sizeof why, "a name is longer than %zu bytes", p->longest);
    return refuse(name, len, why, err);
}

weir_status wr_file_place_check(const wr_file_place *p, const char *name, size_t len, weir_error *err) {
    uint32_t n_slashes = 0;
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
            return refuse(name, len, "it has a control character", err);
        n_slashes += name[i] == '/';
    }
    if (n_slashes != p->n_slashes) return refuse(name, len, "a value must not hold '/'", err);
    for (const char *at = name;; at++) {
        size_t n = name_length(at);
        if (is_way_out(at, n)) return refuse(name, len, "a name must not be empty, '.' or '..'", err);
        if (n > p->longest) return too_long(p, name, len, err);
        at += n;
        if (!*at) return WEIR_OK;
    }
}

/* ---- The way there ------------------------------------------------------------------------------------- */

static int step(int fd, const char *name, size_t len, bool creates) {
    char one[NAME_MAX + 1];
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    if (len > NAME_MAX) return errno = ENAMETOOLONG, -1;
    memcpy(one, name, len);
    one[len] = '\0';
    int next = openat(fd, one, flags);
    if (next >= 0 || errno != ENOENT || !creates) return next;
    if (mkdirat(fd, one, 0777) && errno != EEXIST) return -1;
    return openat(fd, one, flags);
}

/* The folder that the file is in, as a descriptor of its own; *leaf: the file's name there. */
static int parent_of(const wr_file_place *p, const char *name, bool creates, const char **leaf) {
    int fd = p->fd < 0 ? (errno = ENOENT, -1) : fcntl(p->fd, F_DUPFD_CLOEXEC, 0);
    for (; fd >= 0; name += strcspn(name, "/") + 1) {
        size_t n = name_length(name);
        if (!name[n]) break;
        int next = step(fd, name, n, creates), why = errno;
        close(fd);
        fd = next;
        errno = why;
    }
    *leaf = name;
    return fd;
}

static void close_keeping_errno(int fd) {
    int why = errno;
    if (fd >= 0) close(fd);
    errno = why;
}

int wr_file_place_stat(const wr_file_place *p, const char *name, struct stat *st) {
    const char *leaf;
    int fd = parent_of(p, name, false, &leaf);
    int failed = fd < 0 ? -1 : fstatat(fd, leaf, st, AT_SYMLINK_NOFOLLOW);
    close_keeping_errno(fd);
    return failed;
}

weir_status wr_file_place_look(const wr_file_place *p, const char *name, bool *exists, uint64_t *size,
                               weir_error *err) {
    struct stat st;
    *exists = false;
    *size = 0;
    bool found = wr_file_place_stat(p, name, &st) == 0;
    if (!found && errno == ENOENT) return WEIR_OK;
    if (!found && (errno == EMFILE || errno == ENFILE || errno == EIO)) {
        weir_fail(err, WEIR_EIO, "can't look at '%s%s': %s", p->folder, name, strerror(errno));
        if (err) err->retriable = true;
        return WEIR_EIO;
    }
    if (!found) return refuse(name, strlen(name), strerror(errno), err);
    if (!S_ISREG(st.st_mode)) return refuse(name, strlen(name), "that is no regular file", err);
    *exists = true;
    *size = (uint64_t)st.st_size;
    return WEIR_OK;
}

int wr_file_place_file(const wr_file_place *p, const char *name, bool creates) {
    const char *leaf;
    struct stat st;
    int dir = parent_of(p, name, creates, &leaf);
    if (dir < 0) return -1;
    /* O_NONBLOCK: a pipe of that name must not hold everything up. */
    int fd =
        openat(dir, leaf, O_WRONLY | (creates ? O_CREAT : 0) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    close_keeping_errno(dir);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) return fd;
    if (fd >= 0) {
        close(fd);
        errno = EINVAL;
    }
    return -1;
}

int wr_file_place_remove(const wr_file_place *p, const char *name) {
    const char *leaf;
    int dir = parent_of(p, name, false, &leaf);
    if (dir < 0) return -1;
    int failed = unlinkat(dir, leaf, 0);
    close_keeping_errno(dir);
    return failed;
}

/* Not every file system can rename without replacing; there somebody else's file of just this moment loses.
 */
static int rename_to_new(int dir, const char *from, const char *to) {
    struct stat st;
    if (fstatat(dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0) return errno = EEXIST, -1;
    int failed = renameat2(dir, from, dir, to, RENAME_NOREPLACE);
    return failed && (errno == EINVAL || errno == ENOSYS) ? renameat(dir, from, dir, to) : failed;
}

int wr_file_place_rename(const wr_file_place *p, const char *name, const char *leaf, bool replaces) {
    const char *from;
    int dir = parent_of(p, name, false, &from);
    if (dir < 0) return -1;
    int failed = replaces ? renameat(dir, from, dir, leaf) : rename_to_new(dir, from, leaf);
    close_keeping_errno(dir);
    return failed;
}

int wr_file_place_list(const wr_file_place *p, const char *name, void (*each)(void *ctx, const char *leaf),
                       void *ctx) {
    const char *leaf;
    int found = parent_of(p, name, false, &leaf);
    int fd =
        found < 0 ? -1 : openat(found, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* begins at the start */
    close_keeping_errno(found);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) return close_keeping_errno(fd), -1;
    const struct dirent *e;
    errno = 0;
    while ((e = readdir(dir))) {
        each(ctx, e->d_name);
        errno = 0;
    }
    int why = errno;
    closedir(dir);
    errno = why;
    return why ? -1 : 0;
}

size_t wr_file_place_leaf(const char *name) {
    const char *slash = strrchr(name, '/');
    return slash ? (size_t)(slash - name) + 1 : 0;
}

void wr_file_place_sync(const wr_file_place *p, const char *name) {
    const char *leaf;
    int dir = parent_of(p, name, false, &leaf);
    if (dir < 0) return;
    (void)fsync(dir);
    close(dir);
}
