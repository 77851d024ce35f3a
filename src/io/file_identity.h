/* file_identity.h: telling whether a file is the one that was read before, whatever it is called now. */
#ifndef WR_IO_FILE_IDENTITY_H
#define WR_IO_FILE_IDENTITY_H

#include <stdbool.h>

#include "weir_io.h"

#define WR_FILE_HASHED 1024 /* bytes at most */

/* The hash of a file's beginning, as far as it had been read (at most 1 KiB), and its inode, which finds it
 * again quickly after it was renamed. An inode alone can be another file's by now. */
typedef struct wr_file_identity {
    uint64_t inode;
    uint32_t n_hashed; /* bytes; 0: nothing was read yet, and any file will do */
    uint64_t hash;
} wr_file_identity;

/* False: the file can't be read by position (a pipe). n_read: raw bytes read so far. */
bool wr_file_identity_of(int fd, uint64_t n_read, wr_file_identity *out);
bool wr_file_identity_matches(const wr_file_identity *id, int fd);
/* Opens the file that `path` has been renamed to: one in its directory with this identity; -1: none. */
int wr_file_identity_find(const wr_file_identity *id, const char *path);

#endif
