/* file_text.c: see file_text.h. */
#include "io/file_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static weir_status read_all(FILE *f, const char *path, weir_arena *arena, const char **text, size_t *len,
                            weir_error *err) {
    if (fseek(f, 0, SEEK_END) || ftell(f) < 0 || (size_t)ftell(f) > WR_FILE_TEXT_LIMIT)
        return weir_fail(err, WEIR_EIO, "'%s' is no file, or longer than 16 MB", path);
    size_t size = (size_t)ftell(f);
    char *bytes = weir_arena_alloc(arena, size + 1);
    if (!bytes) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    rewind(f);
    *len = fread(bytes, 1, size, f);
    bytes[*len] = 0;
    *text = bytes;
    return ferror(f) ? weir_fail(err, WEIR_EIO, "can't read '%s': %s", path, strerror(errno)) : WEIR_OK;
}

weir_status wr_file_text(const char *path, weir_arena *arena, const char **text, size_t *len,
                         weir_error *err) {
    FILE *f = fopen(path, "rbe");
    if (!f) return weir_fail(err, WEIR_EIO, "can't read '%s': %s", path, strerror(errno));
    weir_status st = read_all(f, path, arena, text, len, err);
    fclose(f);
    return st;
}
