/* source.h: the text of an app with its name, and the way from a byte offset to what a person sees.
 *
 * A source owns a copy of its text. Offsets are 32 bits; a source is at most WR_SOURCE_MAX_BYTES long, valid
 * UTF-8 and free of NULs, or it is refused. Where `${name}` was replaced, the tree's spans are offsets into
 * the replaced text; errors are placed in, and show, the text that was written. */
#ifndef WR_LANG_SOURCE_H
#define WR_LANG_SOURCE_H

#include "base/buf.h"
#include "lang/ast.h"
#include "weir_ext.h"

#define WR_SOURCE_MAX_BYTES ((size_t)4 << 20)

/* The bytes of the text from `begin` on were copied from `from` in the text as written; inside a replaced
 * value every byte stands for the whole `${name}`, which begins at `from` and is `width` long. */
typedef struct wr_source_piece {
    uint32_t begin, from;
    uint32_t width; /* 0: copied */
} wr_source_piece;

typedef struct wr_source {
    char *name; /* a file name, "app", …: what errors begin with */
    char *text; /* NUL-terminated; what is parsed */
    uint32_t len;
    char *written; /* the text as written; the same pointer as text unless something was replaced */
    uint32_t written_len;
    uint32_t *line_begin; /* of each line in written */
    uint32_t n_lines, cap_lines;
    uint32_t *chars_before;  /* at every so many bytes of written */
    wr_source_piece *pieces; /* ascending; none when nothing was replaced */
    uint32_t n_pieces, cap_pieces;
} wr_source;

/* Copies the text. WEIR_EPARSE when it is no valid UTF-8 or holds a NUL, WEIR_ELIMIT when it is too long: the
 * source then holds what is needed to render *err. To be given to wr_source_fini in every case. */
weir_status wr_source_init(wr_source *source, const char *name, const char *text, size_t len,
                           weir_error *err) WR_NODISCARD;
void wr_source_fini(wr_source *source); /* a zeroed one is fine */

/* The value for ${name}, or NULL when there is none. The text stays the caller's and is read at once. */
typedef const char *wr_source_lookup(void *ctx, const char *name);

/* Replaces each ${name} (letters, digits, '_') anywhere in the text, once (values are not searched again).
 * WEIR_ENAME, placed, when lookup knows no value; the source is then as before. Call it once at most. */
weir_status wr_source_substitute(wr_source *source, wr_source_lookup *lookup, void *ctx,
                                 weir_error *err) WR_NODISCARD;

/* A span of the text as a byte range of the text as written. */
wr_span wr_source_written(const wr_source *source, wr_span span);
/* 1-based line and column (in characters) of an offset into the text. */
void wr_source_locate(const wr_source *source, uint32_t offset, uint32_t *line, uint32_t *column);
/* Fills the error's source name, byte range, line and column from a span of the text. err may be NULL. */
void wr_source_place(const wr_source *source, wr_span span, weir_error *err);

/* Appends the error as text, ending in a newline:
 *
 *     app.siddhi:3:8: error: found 'selct', expected a clause
 *       from S selct a
 *              ^~~~~
 *     hint: did you mean 'select'?
 *
 * Without a position, or with source == NULL, the lines in the middle are left out. */
void wr_error_render(const weir_error *err, const wr_source *source, wr_buf *out);

#endif
