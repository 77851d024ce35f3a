/* variables.c: see variables.h. */
#include "api/variables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_FILE 65536u

/* NULL: it can't be read, or is too large. */
static char *read_file(const char *path) {
    FILE *f = fopen(path, "rbe");
    char *text = f ? wr_alloc(NULL, LARGEST_FILE + 2) : NULL;
    size_t n = text ? fread(text, 1, LARGEST_FILE + 1, f) : 0;
    bool ok = text && !ferror(f) && n <= LARGEST_FILE && !memchr(text, 0, n);
    if (f) fclose(f);
    while (ok && n && (text[n - 1] == '\n' || text[n - 1] == '\r')) n--;
    if (text) text[n <= LARGEST_FILE ? n : 0] = 0;
    if (ok) return text;
    wr_free(NULL, text, 0);
    return NULL;
}

const char *wr_variable_value(const weir_app_options *options, const char *name, char **kept) {
    char file[300];
    const char *value = options->variable ? options->variable(options->variable_ctx, name) : NULL;
    if (!value) value = getenv(name);
    if (value || snprintf(file, sizeof file, "%s_FILE", name) >= (int)sizeof file) return value;
    const char *path = getenv(file);
    if (!path) return NULL;
    wr_free(NULL, *kept, 0);
    return *kept = read_file(path);
}
