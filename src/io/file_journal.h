/* file_journal.h: which files a sink has met, and how long each was before it wrote to it.
 *
 * A checkpoint says how long the files are that are known to it. A file that was met after it is in no
 * checkpoint: the journal says, durably and before its first byte is written, what to take it back to. The
 * same for a file that is begun anew, since somebody deleted it or moved it away: what a checkpoint of an
 * epoch before says of its name is of another file. It only grows, by an entry a file; recovery writes it
 * anew with what the checkpoint knows. A half entry at its
 * end (a crash while it was written) counts as none: nothing was written to that file yet. */
#ifndef WR_IO_FILE_JOURNAL_H
#define WR_IO_FILE_JOURNAL_H

#include "base/buf.h"
#include "base/compiler.h"
#include "weir_io.h"

typedef struct wr_file_journal {
    char *path; /* NULL: there are no checkpoints, and nothing is noted */
    int fd;
    uint64_t size;  /* that is good */
    wr_buf waiting; /* entries that are not in the file yet */
} wr_file_journal;

typedef struct wr_file_note {
    const char *name;
    size_t len;
    uint64_t size; /* before the sink wrote to it */
    bool was_there;
    uint64_t epoch; /* 0: it was met; else begun anew in this one */
} wr_file_note;

/* For a sink of this stream and file.uri; opens nothing. */
weir_status wr_file_journal_init(wr_file_journal *j, const weir_io_host *host, const char *stream,
                                 const char *uri, weir_error *err) WR_NODISCARD;
void wr_file_journal_fini(wr_file_journal *j);
/* Reads the entries of the file, in order, the first `end` bytes of which are good; a missing file has none.
 */
weir_status wr_file_journal_read(wr_file_journal *j,
                                 weir_status (*each)(void *ctx, const wr_file_note *note, weir_error *err),
                                 void *ctx, weir_error *err) WR_NODISCARD;
/* Notes one, for the next sync. */
weir_status wr_file_journal_add(wr_file_journal *j, const wr_file_note *note, weir_error *err) WR_NODISCARD;
/* What was noted is durable. Tried again it goes on where it failed. */
weir_status wr_file_journal_sync(wr_file_journal *j, weir_error *err) WR_NODISCARD;
/* The file becomes what was noted since and nothing else, in one step; durable. */
weir_status wr_file_journal_replace(wr_file_journal *j, weir_error *err) WR_NODISCARD;

#endif
