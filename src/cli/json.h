/* json.h: a small JSON reader and writer for test cases and command output: a tree in memory.
 *
 * Numbers keep their text, so that 3 and 3.0 stay different and long integers exact. The reader takes
 * untrusted text: depth is limited and errors say the byte. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT } json_kind;

typedef struct json json;
struct json {
    json_kind kind;
    bool truth; /* BOOL; of a NUMBER that weir gave: it is a 32-bit float */
    char *text; /* STRING: the bytes, NUL-terminated; NUMBER: as written */
    size_t len;
    json **items; /* ARRAY and OBJECT */
    char **keys;  /* OBJECT */
    uint32_t n, cap;
};

/* NULL: *error says what is wrong (a static text) and *at where. */
json *json_parse(const char *text, size_t len, const char **error, size_t *at);
void json_free(json *j);

const json *json_get(const json *object, const char *key); /* NULL: not there, or not an object */
const char *json_text(const json *j);                      /* of a string, else NULL */
bool json_is_true(const json *j);                          /* NULL: false */
int64_t json_long(const json *j, int64_t fallback);
bool json_is_whole(const json *j); /* a number without fraction or exponent */

/* Building. NULL means out of memory, and passes through. */
json *json_new(json_kind kind);
json *json_new_text(json_kind kind, const char *text, size_t len);
bool json_append(json *array, json *item);                 /* takes over item, also when it fails */
bool json_set(json *object, const char *key, json *value); /* replaces; takes over value */
void json_write(const json *j, FILE *out);
void json_write_string(const char *text, size_t len, FILE *out);

#endif
