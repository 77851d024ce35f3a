/* json_read.c: the reading half of json.h: recursive descent, as deep as objects may nest. */
#include <math.h>

#include "base/arena.h"
#include "data/json.h"
#include "data/object.h"
#include "data/text.h"
#include "data/utf16.h"
#include "data/value.h"

typedef struct reader {
    const char *begin, *p, *end;
    const wr_json_reading *how;
    weir_arena *arena;
    weir_error *err;
} reader;

/* What a value stands in: ']', '}', or 0 at the outermost. */
typedef char closing;

static weir_status read_value(reader *r, uint32_t depth, closing in, weir_value *out);

static weir_status wrong(reader *r, const char *what) {
    return weir_fail(r->err, WEIR_EPARSE, "not JSON: %s at byte %zu", what, (size_t)(r->p - r->begin));
}

static weir_status no_memory(reader *r) {
    return weir_fail(r->err, WEIR_ENOMEM, "out of memory while JSON is read");
}

static void skip_blanks(reader *r) {
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r')) r->p++;
}

static bool is_lenient(const reader *r) { return r->how->lenient || r->how->smart; }

static bool take(reader *r, char c) {
    skip_blanks(r);
    if (r->p == r->end || *r->p != c) return false;
    r->p++;
    return true;
}

/* ---- Strings ------------------------------------------------------------------------------------------ */

static bool read_hex(const char *p, const char *end, uint32_t *out) {
    *out = 0;
    if (end - p < 4) return false;
    for (int i = 0; i < 4; i++) {
        int c = p[i] | 0x20;
        if (p[i] >= '0' && p[i] <= '9')
            *out = *out << 4 | (uint32_t)(p[i] - '0');
        else if (c >= 'a' && c <= 'f')
            *out = *out << 4 | (uint32_t)(c - 'a' + 10);
        else
            return false;
    }
    return true;
}

/* p is behind "\u". A pair of surrogates is one character; a lone one becomes U+FFFD. */
static const char *read_unicode(const char *p, const char *end, char **to) {
    uint32_t code, low;
    if (!read_hex(p, end, &code)) return NULL;
    p += 4;
    bool is_pair = code >= 0xD800 && code < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
                   read_hex(p + 2, end, &low) && low >= 0xDC00 && low < 0xE000;
    if (is_pair) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        p += 6;
    } else if (code >= 0xD800 && code < 0xE000) {
        code = 0xFFFD;
    }
    *to += wr_utf8_put(*to, code);
    return p;
}

/* Takes the escapes out of the bytes up to `end`. What they stand for is never longer. */
static weir_status unescape(reader *r, const char *p, const char *end, weir_string *out) {
    static const char letters[] = "bfnrt", codes[] = "\b\f\n\r\t";
    char *bytes = weir_arena_alloc(r->arena, (size_t)(end - p) + 1), *to = bytes;
    if (!bytes) return no_memory(r);
    while (p < end) {
        if (*p != '\\') {
            *to++ = *p++;
            continue;
        }
        const char *letter = memchr(letters, p[1], 5);
        p += 2;
        if (p[-1] == 'u') {
            p = read_unicode(p, end, &to);
            if (!p) return wrong(r, "a bad \\u escape");
        } else if (r->how->smart && !letter && !strchr("\"\\/'", p[-1])) {
            return wrong(r, "a bad escape");
        } else {
            *to++ = letter ? codes[letter - letters] : p[-1];
        }
    }
    *out = weir_string_view(bytes, (uint32_t)(to - bytes));
    return WEIR_OK;
}

/* r->p is behind the opening quote. */
static weir_status read_string(reader *r, char quote, weir_string *out) {
    const char *begin = r->p;
    bool has_escapes = false;
    for (; r->p < r->end && *r->p != quote; r->p++) {
        if ((unsigned char)*r->p < 0x20 && !is_lenient(r)) return wrong(r, "a control character in a string");
        if (*r->p != '\\') continue;
        has_escapes = true;
        if (++r->p == r->end) break;
    }
    if (r->p == r->end) return wrong(r, "a string without an end");
    if (r->p - begin > UINT32_MAX / 2) return wrong(r, "a string too long");
    const char *end = r->p++;
    if (has_escapes) return unescape(r, begin, end, out);
    *out = weir_string_view(begin, (uint32_t)(end - begin));
    return WEIR_OK;
}

static bool is_word(char c) { return !strchr(",:]}[{\"'", c) && (unsigned char)c > ' '; }

/* ---- Numbers and words -------------------------------------------------------------------------------- */

static const char *skip_digits(const char *p, const char *end) {
    while (p < end && *p >= '0' && *p <= '9') p++;
    return p;
}

/* [-]digits[.digits][e[±]digits]; smart: zeros may lead, and none need follow the point. */
static bool is_number(const char *p, const char *end, bool smart, bool *is_whole) {
    *is_whole = true;
    if (p < end && *p == '-') p++;
    const char *digits = p;
    p = skip_digits(p, end);
    if (p == digits || (*digits == '0' && p - digits > 1 && !smart)) return false;
    if (p < end && *p == '.') {
        *is_whole = false;
        digits = ++p;
        p = skip_digits(p, end);
        if (p == digits && !smart) return false;
    }
    if (p < end && (*p | 0x20) == 'e') {
        *is_whole = false;
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        digits = p;
        p = skip_digits(p, end);
        if (p == digits) return false;
    }
    return p == end;
}

static bool number_of(const reader *r, const char *text, size_t len, weir_value *out) {
    bool is_whole;
    if (!is_number(text, text + len, r->how->smart, &is_whole)) return false;
    is_whole = is_whole && !r->how->doubles;
    if (is_whole && wr_text_to_int(text, len, &out->as.i))
        out->type = WEIR_INT;
    else if (is_whole && wr_text_to_long(text, len, &out->as.l))
        out->type = WEIR_LONG;
    else if (wr_text_to_double(text, len, &out->as.d) && (!r->how->smart || isfinite(out->as.d)))
        out->type = WEIR_DOUBLE;
    return out->type != WEIR_NONE;
}

/* The bytes of a word: up to what can't be in one, or, smart, up to the next comma or closing bracket. */
static size_t word_length(const reader *r, closing in) {
    const char *p = r->p;
    if (!r->how->smart) {
        while (p < r->end && is_word(*p)) p++;
        return (size_t)(p - r->p);
    }
    while (p < r->end && !(in && (*p == in || *p == ','))) p++;
    while (p > r->p && (unsigned char)p[-1] <= ' ') p--;
    return (size_t)(p - r->p);
}

/* May the word be a text without quotes? Smart: one of no length too, before a comma or at the outermost. */
static bool is_text(const reader *r, closing in, const char *word, size_t len) {
    if (len > UINT32_MAX / 2 || !is_lenient(r)) return false;
    if (!r->how->smart) return len > 0;
    bool is_whole; /* a number that is none: too large */
    if (is_number(word, word + len, true, &is_whole) || (len == 3 && memcmp(word, "NaN", 3) == 0))
        return false;
    return len ? !strchr(":]}", word[0]) : !in || (word < r->end && *word == ',');
}

static weir_status read_word(reader *r, closing in, weir_value *out) {
    const char *begin = r->p;
    size_t len = word_length(r, in);
    r->p += len;
    *out = (weir_value){0};
    if (number_of(r, begin, len, out)) return WEIR_OK;
    if (len == 4 && memcmp(begin, "true", 4) == 0)
        *out = wr_value_bool(true);
    else if (len == 5 && memcmp(begin, "false", 5) == 0)
        *out = wr_value_bool(false);
    else if (len == 4 && memcmp(begin, "null", 4) == 0)
        *out = wr_value_null(WEIR_NONE);
    else if (is_text(r, in, begin, len))
        *out = wr_value_string(weir_string_view(begin, (uint32_t)len));
    else {
        r->p = begin;
        return wrong(r, len ? "an unknown word" : begin == r->end ? "the end" : "something unexpected");
    }
    return WEIR_OK;
}

/* ---- Arrays and objects ------------------------------------------------------------------------------- */

/* Is there another member? Behind the opening bracket (first), or behind a member. */
static weir_status more_members(reader *r, closing close, bool is_first, bool *more) {
    bool has_comma = !is_first && take(r, ',');
    while (r->how->loose && take(r, ',')) has_comma = true;
    bool may_end = is_first || !has_comma || is_lenient(r) || r->how->loose;
    *more = !(may_end && take(r, close));
    bool apart = is_first || has_comma || (r->how->smart && close == ']' && r->p < r->end);
    return !*more || apart ? WEIR_OK : wrong(r, "neither ',' nor the end of an array or object");
}

static weir_status added(reader *r, weir_status status) {
    return status == WEIR_OK ? status : status == WEIR_ELIMIT ? wrong(r, "too deep a nesting") : no_memory(r);
}

static weir_status read_members(reader *r, uint32_t depth, weir_object *list) {
    bool more;
    WR_TRY(more_members(r, ']', true, &more));
    while (more) {
        weir_value v;
        WR_TRY(read_value(r, depth, ']', &v));
        weir_status status = weir_object_list_add(list, &v);
        if (v.type == WEIR_OBJECT && !v.is_null) weir_object_unref(v.as.o);
        WR_TRY(added(r, status));
        WR_TRY(more_members(r, ']', false, &more));
    }
    return WEIR_OK;
}

static weir_status read_key(reader *r, weir_value *key) {
    skip_blanks(r);
    char quote = r->p < r->end ? *r->p : 0;
    *key = wr_value_string(weir_string_view("", 0));
    if (quote == '"' || (quote == '\'' && is_lenient(r))) {
        r->p++;
        WR_TRY(read_string(r, quote, &key->as.s));
    } else if (is_lenient(r)) {
        const char *begin = r->p;
        r->p += word_length(r, ':');
        if (r->p == begin || r->p - begin > UINT32_MAX / 2) return wrong(r, "no key");
        key->as.s = weir_string_view(begin, (uint32_t)(r->p - begin));
    } else {
        return wrong(r, "no key");
    }
    return take(r, ':') ? WEIR_OK : wrong(r, "no ':' behind a key");
}

static weir_status read_entries(reader *r, uint32_t depth, weir_object *map) {
    bool more;
    WR_TRY(more_members(r, '}', true, &more));
    while (more) {
        weir_value key, v;
        WR_TRY(read_key(r, &key));
        WR_TRY(read_value(r, depth, '}', &v));
        weir_status status = weir_object_map_put(map, &key, &v);
        if (v.type == WEIR_OBJECT && !v.is_null) weir_object_unref(v.as.o);
        WR_TRY(added(r, status));
        WR_TRY(more_members(r, '}', false, &more));
    }
    return WEIR_OK;
}

static weir_status read_container(reader *r, bool is_map, uint32_t depth, weir_value *out) {
    if (depth >= WEIR_OBJECT_DEPTH) return wrong(r, "too deep a nesting");
    weir_object *o = is_map ? weir_object_new_map(r->how->order) : weir_object_new_list();
    if (!o) return no_memory(r);
    o->is_json = is_map ? r->how->json_maps : !r->how->plain_lists;
    weir_status status = is_map ? read_entries(r, depth + 1, o) : read_members(r, depth + 1, o);
    if (status)
        weir_object_unref(o);
    else
        *out = wr_value_object(o);
    return status;
}

static weir_status read_value(reader *r, uint32_t depth, closing in, weir_value *out) {
    skip_blanks(r);
    char c = r->p < r->end ? *r->p : 0;
    *out = wr_value_null(WEIR_NONE);
    if (c == '{' || c == '[') {
        r->p++;
        return read_container(r, c == '{', depth, out);
    }
    if (c == '"' || (c == '\'' && is_lenient(r))) {
        r->p++;
        *out = wr_value_string(weir_string_view("", 0));
        return read_string(r, c, &out->as.s);
    }
    return read_word(r, in, out);
}

weir_status wr_json_to_value(const char *text, size_t len, const wr_json_reading *reading, weir_arena *arena,
                             weir_value *out, weir_error *err) {
    reader r = {.begin = text, .p = text, .end = text + len, .how = reading, .arena = arena, .err = err};
    weir_status status = read_value(&r, 0, 0, out);
    skip_blanks(&r);
    if (status == WEIR_OK && r.p < r.end && !reading->loose) {
        if (out->type == WEIR_OBJECT && !out->is_null) weir_object_unref(out->as.o);
        status = wrong(&r, "something behind the end");
    }
    if (status) *out = wr_value_null(WEIR_NONE);
    return status;
}
