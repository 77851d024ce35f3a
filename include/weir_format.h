/* weir_format.h: what formats share, for those in modules too: rows filled by attribute, templates, cells as
 * text. Decoders and encoders themselves are described in weir_io.h.
 */
#ifndef WEIR_FORMAT_H
#define WEIR_FORMAT_H

#include "weir_io.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Rows in ------------------------------------------------------------------------------------------ */

/* A record's place, for reports. */
typedef struct weir_record {
    const char *raw; /* its bytes */
    size_t len;
    uint64_t number, offset; /* as in weir_bad_record */
} weir_record;

/* Fills one row after another: each value is converted to its attribute's type (text is parsed, numbers are
 * checked against the range; strings are copied), and the first thing that is wrong with a row is kept and
 * reported at its end, instead of the row. Values for attributes that nobody wants are left alone. */
typedef struct weir_filler weir_filler;
/* fail_missing: a row in which a wanted attribute got no value, not even null, is refused; else the attribute
 * is null. Everything in args outlives the filler. */
WEIR_API weir_status weir_filler_new(const weir_decoder_args *args, bool fail_missing, weir_filler **out,
                                     weir_error *err) WEIR_MUST_CHECK;
WEIR_API void weir_filler_free(weir_filler *f); /* NULL is fine */
/* Whether somebody wants the attribute of this decoder. */
WEIR_API bool weir_filler_wants(const weir_filler *f, uint32_t attribute);
/* Begins row rows->n of the call, making room. Only memory can fail. */
WEIR_API weir_status weir_filler_begin(weir_filler *f, const weir_decode *call,
                                       weir_error *err) WEIR_MUST_CHECK;
WEIR_API void weir_filler_text(weir_filler *f, uint32_t attribute, const char *text, size_t len);
WEIR_API void weir_filler_long(weir_filler *f, uint32_t attribute, int64_t value);
WEIR_API void weir_filler_double(weir_filler *f, uint32_t attribute, double value);
WEIR_API void weir_filler_bool(weir_filler *f, uint32_t attribute, bool value);
WEIR_API void weir_filler_null(weir_filler *f, uint32_t attribute);
/* The row has something else wrong with it; attribute -1: none in particular. */
WEIR_API void weir_filler_fault(weir_filler *f, int32_t attribute, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Ends the row: it is offered and counted (TAKE), reported (REFUSE), or left for later. *st is NOMEM when
 * there was no memory for one of its strings. */
WEIR_API weir_verdict weir_filler_end(weir_filler *f, const weir_record *record, weir_status *st);

/* A record that never became a row; attribute -1: none in particular. */
WEIR_API void weir_report_bad(const weir_decode *call, const weir_record *record, int32_t attribute,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Takes back the rows from `keep` on. */
WEIR_API void weir_rows_cut(weir_rows *rows, uint32_t keep);

/* The attribute of that name, or UINT32_MAX. */
WEIR_API uint32_t weir_schema_find(const weir_schema *schema, const char *name, size_t len);

/* Length of the longest prefix that is UTF-8. */
WEIR_API size_t weir_utf8_valid(const char *text, size_t len);

/* ---- Rows out ----------------------------------------------------------------------------------------- */

/* Appends a cell's text as Java's String.valueOf has it (1.0E10, true; null is "null"). False: no memory. */
WEIR_API bool weir_encode_text(weir_encoded *e, const weir_column *column, uint32_t row);
/* Appends bytes; false: no memory. */
static inline bool weir_encode_bytes(weir_encoded *e, const char *bytes, size_t len) {
    if (!weir_encoded_reserve(e, len)) return false;
    if (len) memcpy(e->data + e->len, bytes, len);
    e->len += len;
    return true;
}

/* A text with {{attribute}} in it. */
typedef struct weir_template weir_template;
/* `what` names its owner in messages: "@payload". An unknown attribute is WEIR_ENAME. */
WEIR_API weir_status weir_template_new(const char *what, const char *text, const weir_schema *schema,
                                       weir_template **out, weir_error *err) WEIR_MUST_CHECK;
/* The text of a @payload: as well the mere name of an attribute, which stands for it, and a `text` in
 * backquotes, which stands for itself. */
WEIR_API weir_status weir_payload_new(const char *text, const weir_schema *schema, weir_template **out,
                                      weir_error *err) WEIR_MUST_CHECK;
WEIR_API void weir_template_free(weir_template *t); /* NULL is fine */
/* Appends the text for a row, each attribute spelt by `cell` (weir_encode_text, say). False: no memory. */
typedef bool weir_spell_cell(weir_encoded *e, const weir_column *column, uint32_t row);
WEIR_API bool weir_template_put(const weir_template *t, const weir_batch *rows, uint32_t row,
                                weir_spell_cell *cell, weir_encoded *e) WEIR_MUST_CHECK;

/* ---- Regular expressions ------------------------------------------------------------------------------ */

/* As Java understands them, since Siddhi's options hold such, run by PCRE2; what is not run is refused by
 * name. An expression belongs to one thread at a time. */
typedef struct weir_regex weir_regex;
WEIR_API weir_status weir_regex_new(const char *pattern, size_t len, weir_regex **out,
                                    weir_error *err) WEIR_MUST_CHECK;
/* The value of an option: what is wrong with it has the option's name in front. */
WEIR_API weir_status weir_regex_of_option(const char *option, const char *pattern, size_t len,
                                          weir_regex **out, weir_error *err) WEIR_MUST_CHECK;
WEIR_API void weir_regex_free(weir_regex *regex); /* NULL is fine */

typedef enum weir_regex_mode {
    WEIR_REGEX_FIND,       /* anywhere from a place on */
    WEIR_REGEX_LOOKING_AT, /* from there, up to anywhere */
    WEIR_REGEX_MATCHES     /* from there to the end */
} weir_regex_mode;

/* GIVEN_UP: it would take too many steps on this text, or too much memory. */
typedef enum weir_regex_result { WEIR_REGEX_NO, WEIR_REGEX_YES, WEIR_REGEX_GIVEN_UP } weir_regex_result;

/* Looks from byte `from` on; what lies before it is seen by look-behind. Any bytes will do: what is not UTF-8
 * is part of no match. */
WEIR_API weir_regex_result weir_regex_match(weir_regex *regex, const char *text, size_t len, size_t from,
                                            weir_regex_mode mode);
WEIR_API uint32_t weir_regex_n_groups(const weir_regex *regex); /* without group 0, which is the whole */
/* After a match, where it found the group, in bytes of the text; false: the group took no part. */
WEIR_API bool weir_regex_group(const weir_regex *regex, uint32_t group, size_t *begin, size_t *end);

#ifdef __cplusplus
}
#endif
#endif
