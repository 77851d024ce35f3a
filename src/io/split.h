/* split.h: takes messages out of the bytes of a file: lines, all of it, chunks, or what regular expressions
 * say. */
#ifndef WR_IO_SPLIT_H
#define WR_IO_SPLIT_H

#include "io/folder.h"
#include "weir_format.h"

typedef struct wr_split {
    wr_folder_mode mode;
    size_t limit, chunk;
    weir_regex *begin, *end;
    bool has_given_up; /* an expression takes too many steps on what was there: nothing was found */
} wr_split;

weir_status wr_split_open(wr_split *s, const wr_folder_spec *spec, weir_error *err) WR_NODISCARD;
void wr_split_close(wr_split *s);

/* The next message of `bytes`: true, with where it lies, and how many bytes are done with once it is
 * consumed. False: more is needed, or with `ends` nothing is left; `used` bytes are nothing in any case. */
bool wr_split_next(wr_split *s, const char *bytes, size_t len, bool ends, size_t *begin, size_t *size,
                   size_t *used);

#endif
