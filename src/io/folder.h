/* folder.h: the part of the file source that reads whole files: those of a folder as they come, or one, by
 * lines, whole, in chunks, or by regular expressions; and what becomes of a file that has been read.
 *
 * A position names the file being read, how far, and the files that were read and are still there. A file is
 * deleted or moved only when a checkpoint that covers all of it is safe, which the next one shows (without
 * checkpoints: when it has been read): after a crash nothing is missing and nothing is read twice. Files are
 * read in order of their last change. A file that is kept and grows is read on, if it is read by lines; one
 * that is being written is best moved into the folder when it is whole. */
#ifndef WR_IO_FOLDER_H
#define WR_IO_FOLDER_H

#include "base/compiler.h"
#include "io/unpack.h"
#include "weir_io.h"

typedef enum wr_folder_mode {
    WR_FOLDER_LINES,
    WR_FOLDER_TEXT,
    WR_FOLDER_BINARY,
    WR_FOLDER_CHUNKS,
    WR_FOLDER_REGEX
} wr_folder_mode;

typedef enum wr_folder_action { WR_FOLDER_DELETE, WR_FOLDER_MOVE, WR_FOLDER_KEEP } wr_folder_action;

typedef struct wr_folder_spec {
    const char *dir, *file; /* one of them; as written */
    const char *pattern;    /* of names, as in a shell; NULL: any */
    wr_folder_mode mode;
    const char *begin, *end; /* REGEX; one may be NULL */
    size_t limit;            /* of a message */
    size_t chunk;            /* CHUNKS */
    wr_folder_action action, on_failure;
    const char *move_to, *move_failed_to; /* MOVE; as written */
    wr_packing packing;
    int64_t polling_ms;
    const weir_io_args *args;
} wr_folder_spec;

typedef struct wr_folder wr_folder;

weir_status wr_folder_open(const wr_folder_spec *spec, wr_folder **out, weir_error *err) WR_NODISCARD;
void wr_folder_close(wr_folder *f); /* NULL is fine */
/* These are those of weir_source_type. */
weir_status wr_folder_start(wr_folder *f, weir_error *err);
weir_status wr_folder_poll(wr_folder *f, weir_input *in, weir_error *err);
void wr_folder_consume(wr_folder *f, size_t n);
int wr_folder_wake_fd(const wr_folder *f);
void wr_folder_position(wr_folder *f, uint64_t epoch, weir_writer *w);
weir_status wr_folder_seek(wr_folder *f, weir_reader *r, weir_error *err); /* behind the version */
bool wr_folder_wants_checkpoint(const wr_folder *f);
size_t wr_folder_bytes(const wr_folder *f);

#endif
