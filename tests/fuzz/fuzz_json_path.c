/* fuzz_json_path.c: JSON paths over JSON documents: the first line of the bytes is the path, the rest the
 * document, read as json-smart reads it. A definite path finds one place at most. */
#include <stdlib.h>
#include <string.h>

#include "func/json/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void follow(const wr_json_path *path, const char *text, size_t len) {
    weir_arena arena;
    weir_error err;
    wr_arena_init(&arena, NULL);
    weir_value from = {.type = WEIR_STRING, .as.s = weir_string_view(text, (uint32_t)len)}, document;
    for (int as_list = 0; as_list < 2; as_list++) {
        wr_json_found found;
        if (wr_json_document(&from, &arena, &document, &err)) break;
        if (wr_json_path_find(path, &document, as_list, &arena, &found, &err)) break;
        if (as_list && wr_json_path_is_definite(path) && found.n > 1) abort();
    }
    wr_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *line = size ? memchr(data, '\n', size) : NULL;
    size_t len = line ? (size_t)(line - data) : size;
    wr_json_path *path;
    weir_error err;
    if (wr_json_path_new((const char *)data, len, &path, &err)) return 0;
    if (line && size < (1u << 20)) follow(path, (const char *)line + 1, size - len - 1);
    wr_json_path_free(path);
    return 0;
}
