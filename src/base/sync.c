/* sync.c: see sync.h. */
#include "base/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int wr_sync_folder(const char *folder) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -1;
    int failed = fsync(fd), why = errno;
    close(fd);
    errno = why;
    return failed;
}

int wr_sync_folder_of(const char *path) {
    char folder[4096];
    const char *slash = strrchr(path, '/');
    int n = snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
    if (n >= 0 && (size_t)n < sizeof folder) return wr_sync_folder(folder);
    errno = ENAMETOOLONG;
    return -1;
}
