/* json_text.h: the tokens of JSON (RFC 8259), checked strictly, over bytes that need no terminator. */
#ifndef WR_IO_JSON_TEXT_H
#define WR_IO_JSON_TEXT_H

#include "base/compiler.h"
#include "weir_io.h"

#define WR_JSON_MAX_DEPTH 256

WR_INLINE const char *wr_json_skip_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) p++;
    return p;
}

/* A string between its quotes, as written. */
typedef struct wr_json_string {
    const char *text;
    size_t len;
    bool has_escapes;
} wr_json_string;

/* The functions below return where the token ends, or NULL when it is malformed or not whole. */

/* p is at the opening quote. Escapes are looked at by unescape only. */
const char *wr_json_string_at(const char *p, const char *end, wr_json_string *out);
const char *wr_json_number_at(const char *p, const char *end, bool *is_integer);
/* true, false or null: `word`. */
const char *wr_json_word_at(const char *p, const char *end, const char *word);
/* Any value, without its content; depth: how deep p is already. */
const char *wr_json_skip_value(const char *p, const char *end, unsigned depth);

/* Writes the text that the string stands for (UTF-8, never longer than it is written) and returns its
 * length, or SIZE_MAX: a bad escape, or half a surrogate pair. */
size_t wr_json_unescape(const wr_json_string *s, char *out);

#endif
