/* file_set.h: the files of a sink whose file.uri holds {{attribute}}: one for each name that events make; and
 * of one that closes files and begins new ones (rotation), with or without {{attribute}}.
 *
 * Every file that was met stays known (some 300 bytes and its name), since the checkpoint says how long each
 * is; open at a time are at most so many, the one that was written longest ago is closed for another. Rows
 * collect in memory by file and go out together, so that a file is opened once a flush and not once a row. */
#ifndef WR_IO_FILE_SET_H
#define WR_IO_FILE_SET_H

#include "io/file_rotation.h"
#include "io/packer.h"
#include "weir_io.h"

typedef struct wr_file_set wr_file_set;

typedef struct wr_file_set_spec {
    const weir_io_args *args;
    const weir_setting *uri;
    bool appends;
    wr_packing packing; /* WR_PACKING_AUTO: by each name's ending */
    uint32_t most_open;
    wr_file_rotation rotation; /* of all its files */
} wr_file_set_spec;

/* As the calls of weir_sink_type. */
weir_status wr_file_set_new(const wr_file_set_spec *spec, wr_file_set **out, weir_error *err) WR_NODISCARD;
void wr_file_set_free(wr_file_set *s); /* NULL is fine; writes out what it can */
weir_status wr_file_set_start(wr_file_set *s, weir_error *err) WR_NODISCARD;
weir_status wr_file_set_recover(wr_file_set *s, uint64_t last_epoch, weir_reader *saved,
                                weir_error *err) WR_NODISCARD;
void wr_file_set_begin(wr_file_set *s, uint64_t epoch);
weir_status wr_file_set_head(wr_file_set *s, const char *bytes, size_t len, weir_error *err) WR_NODISCARD;
weir_status wr_file_set_accepts(const wr_file_set *s, const weir_output *out, weir_error *err) WR_NODISCARD;
weir_status wr_file_set_write(wr_file_set *s, const weir_output *out, weir_error *err) WR_NODISCARD;
weir_status wr_file_set_flush(wr_file_set *s, weir_error *err) WR_NODISCARD;
weir_status wr_file_set_prepare(wr_file_set *s, weir_writer *w, weir_error *err) WR_NODISCARD;
void wr_file_set_commit(wr_file_set *s);
weir_status wr_file_set_abort(wr_file_set *s, weir_error *err) WR_NODISCARD;
bool wr_file_set_wants_checkpoint(const wr_file_set *s);
size_t wr_file_set_bytes(const wr_file_set *s);

#endif
