/* frame.h: rows on their way from weir to weir: a batch by column in one message. Pure functions; safe on any
 * bytes (fuzzed).
 *
 *   0  u32 "WRCB"         8  u64 fingerprint of the stream   24  u32 columns
 *   4  u16 version (1)   16  u32 rows                        28  u32 chunks; 0: each row is one
 *   6  u16 0             20  u32 0                           32  u64 check: XXH3 of all that follows
 *   40 u64 sender        48  u64 number of the message       56  u64 bytes of all
 *
 * then, each padded with zeros to 8 bytes: i64 timestamps; u32 chunk ends; and for each column
 *
 *   u32 type | u32 1: some are null | u64 bytes of its texts
 *   validity, a bit a row, u64s (if some are null) | values | texts
 *
 * Values are int, float: 4 bytes, long, double: 8, bool: 1, string: u32, where its text ends. Little endian,
 * as in memory. The fingerprint is that of the attributes' names and types in order: streams that don't agree
 * don't talk. Objects are refused. */
#ifndef ZEROMQ_FRAME_H
#define ZEROMQ_FRAME_H

#include "../wire/wire.h"

#define FRAME_MAX_COLUMNS 4096u

/* Of a schema; refuses objects. */
weir_status frame_fingerprint(const weir_schema *schema, uint64_t *out, weir_error *err);

/* ---- Out ---------------------------------------------------------------------------------------------- */

/* Gathers rows until they are made a message. */
typedef struct frame_writer frame_writer;
weir_status frame_writer_new(const weir_schema *schema, uint64_t sender, frame_writer **out, weir_error *err);
void frame_writer_free(frame_writer *w);
/* Adds the selected rows, or none of them (ENOMEM). */
weir_status frame_writer_add(frame_writer *w, const weir_batch *rows, weir_error *err);
uint32_t frame_writer_rows(const frame_writer *w);
size_t frame_writer_bytes(const frame_writer *w); /* of the rows gathered */
/* Makes the message number `number` of what was gathered, which is forgotten. *out is malloc'ed. */
weir_status frame_writer_finish(frame_writer *w, uint64_t number, char **out, size_t *len, weir_error *err);

/* ---- In ----------------------------------------------------------------------------------------------- */

typedef struct frame_column {
    weir_type type;
    const char *valid; /* NULL: none is null */
    const char *values;
    const char *texts;
    uint64_t n_text_bytes;
} frame_column;

/* Points into the message's bytes. */
typedef struct frame {
    uint32_t n_rows, n_cols, n_chunks;
    uint64_t sender, number;
    const char *ts, *chunk_ends;
    frame_column *cols; /* room for n_cols of the schema, the caller's */
} frame;

/* Reads and checks all of it. EIO says what is wrong: another stream, another version, damaged. */
weir_status frame_read(const char *bytes, size_t len, const weir_schema *schema, uint64_t fingerprint,
                       frame *out, weir_error *err);
/* The end of the chunk that begins at row `first`. */
uint32_t frame_chunk_end(const frame *f, uint32_t *chunk, uint32_t first);
/* Copies rows first..end-1 behind those there; room is there. wanted: by column, or NULL. */
weir_status frame_copy(const frame *f, uint32_t first, uint32_t end, weir_rows *rows, weir_error *err);

#endif
