/* file_text.h: a small file read whole, for schemas and the like. */
#ifndef WR_IO_FILE_TEXT_H
#define WR_IO_FILE_TEXT_H

#include "base/arena.h"

#define WR_FILE_TEXT_LIMIT ((size_t)16 << 20)

/* Its bytes, NUL-terminated, in the arena. */
weir_status wr_file_text(const char *path, weir_arena *arena, const char **text, size_t *len,
                         weir_error *err) WR_NODISCARD;

#endif
