/* file_one.h: the one file of a sink whose file.uri names one, and which does not rotate.
 *
 * What is written collects in memory and goes to the file in large pieces. A checkpoint makes the file
 * durable and notes its length; after a crash the file is cut back to the length that the last checkpoint
 * noted, and the rows since then are written again. A file that somebody deletes or moves away is begun anew
 * (file_anew.h); the journal says since which epoch the checkpoint's length is of another file. */
#ifndef WR_IO_FILE_ONE_H
#define WR_IO_FILE_ONE_H

#include "base/buf.h"
#include "io/file_anew.h"
#include "io/file_identity.h"
#include "io/file_journal.h"
#include "io/packer.h"

/* Versions of a saved state; 2 and 3 are those of a set of files. */
#define WR_FILE_ONE_PLAIN 1u /* a length only */
#define WR_FILE_ONE_SAVED 4u /* and an identity */
#define WR_FILE_SET_SAVED 3u

typedef struct wr_file_one {
    const weir_io_args *args;
    char *path;
    const char *leaf; /* of path; what the journal calls it */
    bool appends;
    int fd;
    wr_file_watch watch;   /* of fd */
    wr_file_identity last; /* as it was saved last */
    uint64_t size;         /* of the file */
    uint64_t epoch;
    uint64_t epoch_begin; /* size when the epoch began */
    uint64_t seen;        /* size when it was last found under its name */
    bool has_told;        /* that it is gone */
    bool has_ended;       /* what was begun in a file that was moved away */
    wr_packer packer;
    wr_buf buffer; /* packed, not yet in the file */
    size_t n_out;  /* bytes of buffer that are */
    wr_buf head;   /* what a file begins with */
    wr_file_journal journal;
} wr_file_one;

/* What a checkpoint has of the file. */
typedef struct wr_file_saved {
    uint64_t size;
    bool is_known;
    wr_file_identity id; /* if it is_known */
} wr_file_saved;

/* As the calls of weir_sink_type. */
weir_status wr_file_one_open(wr_file_one *s, const weir_io_args *args, const char *uri, wr_packing packing,
                             weir_error *err) WR_NODISCARD;
void wr_file_one_close(wr_file_one *s);
weir_status wr_file_one_start(wr_file_one *s, weir_error *err) WR_NODISCARD;
weir_status wr_file_one_recover(wr_file_one *s, uint64_t last_epoch, weir_reader *saved,
                                weir_error *err) WR_NODISCARD;
weir_status wr_file_one_write(wr_file_one *s, const weir_output *out, weir_error *err) WR_NODISCARD;
weir_status wr_file_one_flush(wr_file_one *s, weir_error *err) WR_NODISCARD;
weir_status wr_file_one_prepare(wr_file_one *s, weir_writer *w, weir_error *err) WR_NODISCARD;
weir_status wr_file_one_abort(wr_file_one *s, weir_error *err) WR_NODISCARD;
bool wr_file_one_is_at_start(const wr_file_one *s);

/* ---- file_one_back.c ---- */

/* Behind the version. */
weir_status wr_file_one_load(weir_reader *r, uint32_t version, wr_file_saved *out,
                             weir_error *err) WR_NODISCARD;

/* ---- What both share ---- */

weir_status wr_file_one_failure(const wr_file_one *s, const char *what, weir_error *err);
weir_status wr_file_one_cut(wr_file_one *s, uint64_t size, weir_error *err) WR_NODISCARD;
/* The journal says that the file was begun anew in this epoch, behind so many bytes; `syncs`: durably. */
weir_status wr_file_one_note(wr_file_one *s, uint64_t size, bool syncs, weir_error *err) WR_NODISCARD;

#endif
