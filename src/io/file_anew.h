/* file_anew.h: a sink's open file that somebody deletes or moves away, and what goes into the new one.
 *
 * A descriptor outlives the name: what is written to it after that nobody finds. So a sink looks, before it
 * writes out, whether the name still leads to what it has open, and begins the file anew if not. With
 * checkpoints the rows of the epoch that is being written go over to the new file, and one that was moved
 * away is cut back to what checkpoints have. */
#ifndef WR_IO_FILE_ANEW_H
#define WR_IO_FILE_ANEW_H

#include <sys/stat.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "io/unpack.h"
#include "weir_io.h"

/* What a descriptor was opened on. */
typedef struct wr_file_watch {
    uint64_t device, inode;
    bool is_regular; /* devices and pipes are not watched */
} wr_file_watch;

wr_file_watch wr_file_watch_of(const struct stat *st);
bool wr_file_watch_is(const wr_file_watch *w, const struct stat *st);

/* What the new file gets of the old one. */
typedef struct wr_file_legacy {
    int from;
    uint64_t begin, end; /* these bytes of it, if any */
    const char *head;    /* goes in front of them into a file that is empty, packed as the others are */
    size_t head_len;
    wr_packing packing;
} wr_file_legacy;

/* Puts that behind the first *size bytes of `fd`, and adds it to *size. On failure `fd` is as it was. */
weir_status wr_file_hand_over(const wr_file_legacy *l, int fd, uint64_t *size, weir_error *err) WR_NODISCARD;
/* Another descriptor of the same file, whatever its name is, if it has one. -1 with errno. */
int wr_file_reopen(int fd, int flags);

#endif
