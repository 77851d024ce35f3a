/* pattern.h: regular expressions as Java understands them, run by PCRE2.
 *
 * A pattern is translated first: \uXXXX, \p{Alpha} and the like, nested classes without '^', flags. What Java
 * has and PCRE2 has not (class intersections, blocks, look-behind of unlimited length) is refused, and so is
 * what only PCRE2 has. Case-insensitive matching goes by Unicode, Java's by ASCII unless (?u) is there. A
 * match that takes too many steps is given up: its row fails.
 *
 * Patterns belong to one call site, so to one thread. */
#ifndef WR_REGEX_PATTERN_H
#define WR_REGEX_PATTERN_H

#include "base/buf.h"
#include "base/compiler.h"
#include "weir_ext.h"

/* Java's syntax to PCRE2's. WEIR_EPARSE names what is not run. */
weir_status wr_regex_translate(const char *pattern, size_t len, wr_buf *out, weir_error *err) WR_NODISCARD;

typedef struct wr_regex wr_regex;

weir_status wr_regex_new(const char *pattern, size_t len, wr_regex **out, weir_error *err) WR_NODISCARD;
void wr_regex_free(wr_regex *regex); /* NULL is fine */

typedef enum wr_regex_mode {
    WR_REGEX_FIND,       /* anywhere from a place on */
    WR_REGEX_LOOKING_AT, /* from there, up to anywhere */
    WR_REGEX_MATCHES     /* from there to the end */
} wr_regex_mode;

typedef enum wr_regex_result { WR_REGEX_NO, WR_REGEX_YES, WR_REGEX_GIVEN_UP } wr_regex_result;

/* Looks from byte `from` on. */
wr_regex_result wr_regex_match(wr_regex *regex, const char *text, size_t len, size_t from,
                               wr_regex_mode mode);
#define WR_REGEX_GIVEN_UP_TEXT "the regular expression takes too many steps on this text"

/* Groups, 0 being the whole. After a match: false when the group took no part. */
uint32_t wr_regex_n_groups(const wr_regex *regex); /* without group 0 */
bool wr_regex_group(const wr_regex *regex, uint32_t group, size_t *begin, size_t *end);
/* The number of a named group, or 0. */
uint32_t wr_regex_group_named(const wr_regex *regex, const char *name, size_t len);

/* Where to look for the next match after the one found: behind it, one character on if it was empty. More
 * than len: there can be none. */
size_t wr_regex_next(const wr_regex *regex, const char *text, size_t len);

/* Splits as Java's String.split does: piece after piece. Empty ones at the end are left out, unless nothing
 * was split. */
typedef struct wr_regex_pieces {
    struct wr_regex_piece {
        size_t begin, end;
    } * items;
    uint32_t n, cap;
} wr_regex_pieces;
void wr_regex_pieces_fini(wr_regex_pieces *pieces);
/* WEIR_EVALUE: given up. The pieces are the struct's own memory, used anew by the next call. */
weir_status wr_regex_split(wr_regex *regex, const char *text, size_t len, wr_regex_pieces *out) WR_NODISCARD;

/* The patterns of one call site, compiled when they first come. */
#define WR_REGEX_CACHE 8u
typedef struct wr_regex_cache {
    struct wr_regex_cached {
        char *pattern;
        size_t len;
        wr_regex *regex;
    } of[WR_REGEX_CACHE];
} wr_regex_cache;
void wr_regex_cache_fini(wr_regex_cache *cache);
weir_status wr_regex_cache_get(wr_regex_cache *cache, const char *pattern, size_t len, wr_regex **out,
                               weir_error *err) WR_NODISCARD;

/* For check(): refuses a constant argument that is no pattern; anything else is fine. */
weir_status wr_regex_check_arg(const weir_arg *arg, weir_error *err) WR_NODISCARD;

#endif
