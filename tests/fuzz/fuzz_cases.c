/* fuzz_cases.c: JSON as the program reads it, of test cases and of another weir's answers: what is read is
 * written, and reads as the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *written(const json *j, size_t *len) {
    char *out = NULL;
    FILE *f = open_memstream(&out, len);
    if (!f) abort();
    json_write(j, f);
    fclose(f);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *error = NULL;
    size_t at = 0, len, again;
    char *copy = malloc(size ? size : 1); /* exactly as large: what reads on is seen */
    if (!copy) abort();
    memcpy(copy, data, size);
    json *j = json_parse(copy, size, &error, &at);
    if (!j && (!error || at > size)) abort();
    if (j) {
        char *first = written(j, &len);
        json *back = json_parse(first, len, &error, &at);
        if (!back) abort();
        char *second = written(back, &again);
        if (again != len || memcmp(first, second, len) != 0) abort();
        json_free(back);
        free(first);
        free(second);
    }
    json_free(j);
    free(copy);
    return 0;
}
