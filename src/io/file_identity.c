/* file_identity.c: see file_identity.h. */
#include "io/file_identity.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"

/* FNV-1a, 64 bits. */
static uint64_t hash_bytes(const unsigned char *p, size_t n) {
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 1099511628211u;
    return h;
}

static bool hash_beginning(int fd, uint32_t n, uint64_t *out) {
    unsigned char bytes[WR_FILE_HASHED];
    size_t got = 0;
    while (got < n) {
        ssize_t k = pread(fd, bytes + got, n - got, (off_t)got);
        if (k <= 0) return false;
        got += (size_t)k;
    }
    *out = hash_bytes(bytes, n);
    return true;
}

bool wr_file_identity_of(int fd, uint64_t n_read, wr_file_identity *out) {
    struct stat st;
    *out = (wr_file_identity){0};
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) return false;
    out->inode = st.st_ino;
    uint64_t n = WR_MIN(n_read, (uint64_t)st.st_size);
    out->n_hashed = (uint32_t)WR_MIN(n, (uint64_t)WR_FILE_HASHED);
    return hash_beginning(fd, out->n_hashed, &out->hash);
}

bool wr_file_identity_matches(const wr_file_identity *id, int fd) {
    uint64_t hash;
    if (id->n_hashed > WR_FILE_HASHED) return false;
    return hash_beginning(fd, id->n_hashed, &hash) && (!id->n_hashed || hash == id->hash);
}

int wr_file_identity_find(const wr_file_identity *id, const char *path) {
    char dir_name[4096];
    const char *slash = strrchr(path, '/');
    int n =
        snprintf(dir_name, sizeof dir_name, "%.*s", slash ? (int)(slash - path + 1) : 2, slash ? path : "./");
    if (n < 0 || (size_t)n >= sizeof dir_name) return -1;
    DIR *dir = opendir(dir_name);
    int found = -1;
    for (struct dirent *e; dir && found < 0 && (e = readdir(dir));) {
        if (e->d_ino != id->inode) continue;
        found = openat(dirfd(dir), e->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (found >= 0 && !wr_file_identity_matches(id, found)) {
            close(found);
            found = -1;
        }
    }
    if (dir) closedir(dir);
    return found;
}
