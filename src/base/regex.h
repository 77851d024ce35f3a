/* regex.h: regular expressions as Java understands them, run by PCRE2: what weir_format.h does not show of
 * them.
 *
 * A pattern is translated first: \uXXXX, \p{Alpha} and the like, nested classes without '^', flags. What Java
 * has and PCRE2 has not (class intersections, blocks, look-behind of unlimited length) is refused, and so is
 * what only PCRE2 has. Case-insensitive matching goes by Unicode, Java's by ASCII unless (?u) is there. */
#ifndef WR_BASE_REGEX_H
#define WR_BASE_REGEX_H

#include "base/buf.h"
#include "base/compiler.h"
#include "weir_format.h"

/* Java's syntax to PCRE2's. WEIR_EPARSE names what is not run. */
weir_status wr_regex_translate(const char *pattern, size_t len, wr_buf *out, weir_error *err) WR_NODISCARD;

#define WR_REGEX_GIVEN_UP_TEXT "the regular expression takes too many steps on this text"

/* The number of a named group, or 0. */
uint32_t wr_regex_group_named(const weir_regex *regex, const char *name, size_t len);

/* Where to look for the next match after the one found: behind it, one character on if it was empty. More
 * than len: there can be none. */
size_t wr_regex_next(const weir_regex *regex, const char *text, size_t len);

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
weir_status wr_regex_split(weir_regex *regex, const char *text, size_t len,
                           wr_regex_pieces *out) WR_NODISCARD;

/* The patterns of one call site, compiled when they first come. */
#define WR_REGEX_CACHE 8u
typedef struct wr_regex_cache {
    struct wr_regex_cached {
        char *pattern;
        size_t len;
        weir_regex *regex;
    } of[WR_REGEX_CACHE];
} wr_regex_cache;
void wr_regex_cache_fini(wr_regex_cache *cache);
weir_status wr_regex_cache_get(wr_regex_cache *cache, const char *pattern, size_t len, weir_regex **out,
                               weir_error *err) WR_NODISCARD;

/* For check(): refuses a constant argument that is no pattern; anything else is fine. */
weir_status wr_regex_check_arg(const weir_arg *arg, weir_error *err) WR_NODISCARD;

#endif
