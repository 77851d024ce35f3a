/* regex.c: see regex.h and weir_format.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/regex.h"

#include <pcre2.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"

/* A match has this many steps; with PCRE2's compiled code some hundredths of a second. */
#define MATCH_LIMIT   2000000u
#define HEAP_LIMIT_KB 20000u

struct weir_regex {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    uint32_t n_groups;
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a regular expression");
}

/* ---- Compiling ---------------------------------------------------------------------------------------- */

static weir_status compile(const char *pattern, size_t len, weir_regex *r, weir_error *err) {
    int code;
    PCRE2_SIZE at;
    PCRE2_UCHAR text[128];
    wr_buf translated = WR_BUF_INIT;
    weir_status status = wr_regex_translate(pattern, len, &translated, err);
    pcre2_compile_context *context = status ? NULL : pcre2_compile_context_create(NULL);
    if (!status && !context) status = no_memory(err);
    if (!status) {
        pcre2_set_newline(context, PCRE2_NEWLINE_ANY);
        pcre2_set_bsr(context, PCRE2_BSR_UNICODE);
        r->code =
            pcre2_compile((PCRE2_SPTR)(translated.data ? translated.data : ""), translated.len,
                          PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &code, &at, context);
        if (!r->code) {
            pcre2_get_error_message(code, text, sizeof text);
            status = weir_fail(err, WEIR_EPARSE, "regular expression '%.*s': %s", (int)WR_MIN(len, 100u),
                               pattern, (const char *)text);
        }
    }
    pcre2_compile_context_free(context);
    wr_buf_fini(&translated);
    return status;
}

static weir_status prepare(weir_regex *r, weir_error *err) {
    pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE); /* if it can't be, it is interpreted */
    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &r->n_groups);
    r->match = pcre2_match_data_create_from_pattern(r->code, NULL);
    r->context = pcre2_match_context_create(NULL);
    if (!r->match || !r->context) return no_memory(err);
    pcre2_set_match_limit(r->context, MATCH_LIMIT);
    pcre2_set_heap_limit(r->context, HEAP_LIMIT_KB);
    return WEIR_OK;
}

weir_status weir_regex_new(const char *pattern, size_t len, weir_regex **out, weir_error *err) {
    weir_regex *r = wr_alloc_zero(NULL, sizeof *r);
    *out = NULL;
    if (!r) return no_memory(err);
    weir_status status = compile(pattern, len, r, err);
    if (!status) status = prepare(r, err);
    if (status)
        weir_regex_free(r);
    else
        *out = r;
    return status;
}

weir_status weir_regex_of_option(const char *option, const char *pattern, size_t len, weir_regex **out,
                                 weir_error *err) {
    weir_error why = {0};
    weir_status status = weir_regex_new(pattern, len, out, &why);
    return status == WEIR_OK ? WEIR_OK : weir_fail(err, status, "%s: %s", option, why.message);
}

void weir_regex_free(weir_regex *regex) {
    if (!regex) return;
    pcre2_match_context_free(regex->context);
    pcre2_match_data_free(regex->match);
    pcre2_code_free(regex->code);
    wr_free(NULL, regex, sizeof *regex);
}

/* ---- Matching ----------------------------------------------------------------------------------------- */

weir_regex_result weir_regex_match(weir_regex *r, const char *text, size_t len, size_t from,
                                   weir_regex_mode mode) {
    static const uint32_t modes[] = {
        [WEIR_REGEX_FIND] = 0,
        [WEIR_REGEX_LOOKING_AT] = PCRE2_ANCHORED,
        [WEIR_REGEX_MATCHES] = PCRE2_ANCHORED | PCRE2_ENDANCHORED,
    };
    uint32_t options = modes[mode];
    int n = pcre2_match(r->code, (PCRE2_SPTR)text, len, from, options, r->match, r->context);
    if (n == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter has the heap */
        n = pcre2_match(r->code, (PCRE2_SPTR)text, len, from, options | PCRE2_NO_JIT, r->match, r->context);
    if (n == PCRE2_ERROR_NOMATCH) return WEIR_REGEX_NO;
    return n < 0 ? WEIR_REGEX_GIVEN_UP : WEIR_REGEX_YES;
}

uint32_t weir_regex_n_groups(const weir_regex *regex) { return regex->n_groups; }

bool weir_regex_group(const weir_regex *regex, uint32_t group, size_t *begin, size_t *end) {
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(regex->match);
    if (group > regex->n_groups || at[2 * group] == PCRE2_UNSET) return false;
    *begin = at[2 * group];
    *end = WR_MAX(at[2 * group], at[2 * group + 1]);
    return true;
}

uint32_t wr_regex_group_named(const weir_regex *regex, const char *name, size_t len) {
    char copy[64];
    if (len >= sizeof copy) return 0;
    memcpy(copy, name, len);
    copy[len] = 0;
    int n = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)copy);
    return n > 0 ? (uint32_t)n : 0;
}

size_t wr_regex_next(const weir_regex *regex, const char *text, size_t len) {
    size_t begin = 0, end = len;
    weir_regex_group(regex, 0, &begin, &end);
    if (end > begin) return end;
    end++;
    while (end < len && ((unsigned char)text[end] & 0xC0) == 0x80) end++;
    return end;
}

/* ---- Splitting ---------------------------------------------------------------------------------------- */

void wr_regex_pieces_fini(wr_regex_pieces *pieces) {
    wr_free(NULL, pieces->items, pieces->cap * sizeof *pieces->items);
    *pieces = (wr_regex_pieces){0};
}

static weir_status add_piece(wr_regex_pieces *out, size_t begin, size_t end) {
    if (wr_grow(NULL, &out->items, &out->cap, out->n + 1, sizeof *out->items)) return WEIR_ENOMEM;
    out->items[out->n].begin = begin;
    out->items[out->n++].end = end;
    return WEIR_OK;
}

/* An empty match at the very beginning makes no piece. */
weir_status wr_regex_split(weir_regex *regex, const char *text, size_t len, wr_regex_pieces *out) {
    size_t last = 0, begin = 0, end = 0;
    out->n = 0;
    for (size_t from = 0; from <= len; from = wr_regex_next(regex, text, len)) {
        weir_regex_result found = weir_regex_match(regex, text, len, from, WEIR_REGEX_FIND);
        if (found == WEIR_REGEX_GIVEN_UP) return WEIR_EVALUE;
        if (found == WEIR_REGEX_NO) break;
        weir_regex_group(regex, 0, &begin, &end);
        if (end == 0) continue;
        WR_TRY(add_piece(out, last, begin));
        last = end;
    }
    bool was_split = out->n > 0;
    WR_TRY(add_piece(out, last, len));
    while (was_split && out->n && out->items[out->n - 1].begin == out->items[out->n - 1].end) out->n--;
    return WEIR_OK;
}

/* ---- Cache -------------------------------------------------------------------------------------------- */

static void drop(struct wr_regex_cached *c) {
    weir_regex_free(c->regex);
    wr_free(NULL, c->pattern, c->len + 1);
    *c = (struct wr_regex_cached){0};
}

void wr_regex_cache_fini(wr_regex_cache *cache) {
    for (uint32_t i = 0; i < WR_REGEX_CACHE; i++) drop(&cache->of[i]);
}

weir_status wr_regex_cache_get(wr_regex_cache *cache, const char *pattern, size_t len, weir_regex **out,
                               weir_error *err) {
    struct wr_regex_cached *c = &cache->of[wr_hash_bytes(pattern, len) % WR_REGEX_CACHE];
    if (!c->regex || c->len != len || memcmp(c->pattern, pattern, len) != 0) {
        drop(c);
        c->pattern = wr_alloc(NULL, len + 1);
        if (!c->pattern) return no_memory(err);
        memcpy(c->pattern, pattern, len);
        c->len = len;
        weir_status status = weir_regex_new(pattern, len, &c->regex, err);
        if (status) {
            drop(c);
            return status;
        }
    }
    *out = c->regex;
    return WEIR_OK;
}

weir_status wr_regex_check_arg(const weir_arg *arg, weir_error *err) {
    weir_regex *regex;
    if (!arg->is_const || arg->type != WEIR_STRING || arg->value.is_null) return WEIR_OK;
    weir_status status = weir_regex_new(weir_string_data(&arg->value.as.s), arg->value.as.s.len, &regex, err);
    weir_regex_free(regex);
    if (status && err) {
        err->begin = arg->begin;
        err->end = arg->end;
    }
    return status;
}
