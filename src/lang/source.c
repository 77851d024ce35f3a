/* source.c: text, line map and replacement of ${name}. See source.h. */
#include "lang/source.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

static bool is_continuation(unsigned char c) { return (c & 0xC0) == 0x80; }

/* Bytes of the UTF-8 sequence at s (n bytes are left), or 0 when it is not valid. */
static uint32_t sequence_length(const unsigned char *s, uint32_t n) {
    unsigned char c = s[0];
    if (c < 0x80) return 1;
    uint32_t len = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || n < len) return 0;
    for (uint32_t i = 1; i < len; i++)
        if (!is_continuation(s[i])) return 0;
    if (c == 0xE0 && s[1] < 0xA0) return 0;  /* overlong */
    if (c == 0xED && s[1] >= 0xA0) return 0; /* surrogates */
    if (c == 0xF0 && s[1] < 0x90) return 0;  /* overlong */
    if (c == 0xF4 && s[1] >= 0x90) return 0; /* past U+10FFFF */
    return len;
}

static weir_status map_lines(wr_source *s) {
    for (uint32_t i = 0; i <= s->written_len; i++) {
        if (i > 0 && s->written[i - 1] != '\n') continue;
        if (wr_grow(NULL, &s->line_begin, &s->cap_lines, s->n_lines + 1, sizeof *s->line_begin))
            return WEIR_ENOMEM;
        s->line_begin[s->n_lines++] = i;
    }
    return WEIR_OK;
}

/* Characters before every CHARS_STEP bytes, so that a column in a very long line is found without walking it
 * all: there may be thousands of errors in one. */
#define CHARS_STEP 1024u

static size_t n_marks(const wr_source *s) { return s->written_len / CHARS_STEP + 1; }

static weir_status count_chars(wr_source *s) {
    s->chars_before = wr_alloc(NULL, n_marks(s) * sizeof *s->chars_before);
    if (!s->chars_before) return WEIR_ENOMEM;
    for (uint32_t i = 0, chars = 0; i <= s->written_len; i++) {
        if (i % CHARS_STEP == 0) s->chars_before[i / CHARS_STEP] = chars;
        chars += !is_continuation((unsigned char)s->written[i]);
    }
    return WEIR_OK;
}

/* offset <= written_len. */
static uint32_t chars_before(const wr_source *s, uint32_t offset) {
    uint32_t chars = s->chars_before[offset / CHARS_STEP];
    for (uint32_t i = offset - offset % CHARS_STEP; i < offset; i++)
        chars += !is_continuation((unsigned char)s->written[i]);
    return chars;
}

static weir_status check_bytes(const wr_source *s, weir_error *err) {
    for (uint32_t i = 0; i < s->len;) {
        unsigned char c = (unsigned char)s->text[i];
        uint32_t n = c ? sequence_length((const unsigned char *)s->text + i, s->len - i) : 0;
        if (n == 0) {
            weir_status status = c ? weir_fail(err, WEIR_EPARSE, "byte 0x%02X is not valid UTF-8", c)
                                   : weir_fail(err, WEIR_EPARSE, "the text holds a NUL byte");
            if (err && c) snprintf(err->hint, sizeof err->hint, "save the text as UTF-8");
            wr_source_place(s, (wr_span){i, i + 1}, err);
            return status;
        }
        i += n;
    }
    return WEIR_OK;
}

static char *copy_text(const char *text, size_t len) {
    char *copy = wr_alloc(NULL, len + 1);
    if (!copy) return NULL;
    if (len) memcpy(copy, text, len);
    copy[len] = 0;
    return copy;
}

weir_status wr_source_init(wr_source *source, const char *name, const char *text, size_t len,
                           weir_error *err) {
    memset(source, 0, sizeof *source);
    source->name = copy_text(name, strlen(name));
    if (!source->name) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    if (len > WR_SOURCE_MAX_BYTES)
        return weir_fail(err, WEIR_ELIMIT, "'%s' has %zu bytes of text, more than the limit of %zu", name,
                         len, WR_SOURCE_MAX_BYTES);
    source->text = source->written = copy_text(text, len);
    if (!source->text) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    source->len = source->written_len = (uint32_t)len;
    if (map_lines(source) != WEIR_OK || count_chars(source) != WEIR_OK)
        return weir_fail(err, WEIR_ENOMEM, "out of memory");
    return check_bytes(source, err);
}

void wr_source_fini(wr_source *source) {
    if (source->written && source->written != source->text)
        wr_free(NULL, source->written, (size_t)source->written_len + 1);
    if (source->text) wr_free(NULL, source->text, (size_t)source->len + 1);
    if (source->name) wr_free(NULL, source->name, strlen(source->name) + 1);
    if (source->chars_before)
        wr_free(NULL, source->chars_before, n_marks(source) * sizeof *source->chars_before);
    wr_free(NULL, source->line_begin, (size_t)source->cap_lines * sizeof *source->line_begin);
    wr_free(NULL, source->pieces, (size_t)source->cap_pieces * sizeof *source->pieces);
    memset(source, 0, sizeof *source);
}

/* The piece that holds an offset into the text. n_pieces > 0. */
static const wr_source_piece *find_piece(const wr_source *s, uint32_t offset) {
    uint32_t low = 0, high = s->n_pieces; /* the piece is in [low, high) */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (s->pieces[middle].begin <= offset)
            low = middle;
        else
            high = middle;
    }
    return &s->pieces[low];
}

static uint32_t written_begin(const wr_source *s, uint32_t offset) {
    if (s->n_pieces == 0) return offset;
    const wr_source_piece *p = find_piece(s, offset);
    return p->width ? p->from : p->from + (offset - p->begin);
}

wr_span wr_source_written(const wr_source *source, wr_span span) {
    wr_span w = {written_begin(source, span.begin), 0};
    w.end = w.begin;
    if (span.end > span.begin) { /* the end is one past the last byte, wherever that byte came from */
        w.end = written_begin(source, span.end - 1) + 1;
        if (source->n_pieces) {
            const wr_source_piece *p = find_piece(source, span.end - 1);
            if (p->width) w.end = p->from + p->width;
        }
    }
    w.begin = WR_MIN(w.begin, source->written_len);
    w.end = WR_MIN(WR_MAX(w.end, w.begin), source->written_len);
    return w;
}

static void locate_written(const wr_source *s, uint32_t offset, uint32_t *line, uint32_t *column) {
    *line = *column = 0;
    if (s->n_lines == 0 || !s->chars_before) return;
    uint32_t low = 0, high = s->n_lines;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (s->line_begin[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    *line = low + 1;
    *column = chars_before(s, WR_MIN(offset, s->written_len)) - chars_before(s, s->line_begin[low]) + 1;
}

void wr_source_locate(const wr_source *source, uint32_t offset, uint32_t *line, uint32_t *column) {
    locate_written(source, wr_source_written(source, (wr_span){offset, offset}).begin, line, column);
}

void wr_source_place(const wr_source *source, wr_span span, weir_error *err) {
    if (!err) return;
    wr_span w = wr_source_written(source, span);
    snprintf(err->source, sizeof err->source, "%s", source->name);
    err->begin = w.begin;
    err->end = w.end;
    locate_written(source, w.begin, &err->line, &err->column);
}

/* ---- ${name} ------------------------------------------------------------------------------------------ */

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The length of `${name}` at s, or 0. s is NUL-terminated. */
static uint32_t variable_length(const char *s) {
    if (s[0] != '$' || s[1] != '{') return 0;
    uint32_t n = 2;
    while (is_word(s[n])) n++;
    return n > 2 && s[n] == '}' ? n + 1 : 0;
}

/* The replaced text while it grows. */
typedef struct replaced {
    wr_buf text;
    wr_source_piece *pieces;
    uint32_t n_pieces, cap_pieces;
} replaced;

static bool add_piece(replaced *r, uint32_t from, uint32_t width) {
    if (wr_grow(NULL, &r->pieces, &r->cap_pieces, r->n_pieces + 1, sizeof *r->pieces)) return false;
    r->pieces[r->n_pieces++] = (wr_source_piece){(uint32_t)r->text.len, from, width};
    return true;
}

static bool is_utf8(const char *text) {
    uint32_t len = (uint32_t)strlen(text), n;
    for (uint32_t i = 0; i < len; i += n) {
        n = sequence_length((const unsigned char *)text + i, len - i);
        if (n == 0) return false;
    }
    return true;
}

/* Appends the value of the variable that stands at `at`, `width` bytes long. */
static weir_status put_value(const wr_source *s, uint32_t at, uint32_t width, wr_source_lookup *lookup,
                             void *ctx, wr_buf *out, weir_error *err) {
    char name[256];
    uint32_t len = width - 3;
    const char *value = NULL;
    if (len < sizeof name) {
        memcpy(name, s->text + at + 2, len);
        name[len] = 0;
        value = lookup(ctx, name);
    }
    if (value && strlen(value) <= WR_SOURCE_MAX_BYTES && is_utf8(value)) {
        wr_buf_puts(out, value);
        return WEIR_OK;
    }
    const char *what = value ? "the value is no usable text" : "there is no value";
    weir_status status = weir_fail(err, value ? WEIR_EPARSE : WEIR_ENAME, "%s for '%.*s'", what,
                                   (int)WR_MIN(width, 200u), s->text + at);
    if (err && !value)
        snprintf(err->hint, sizeof err->hint,
                 "define it, or set the environment variable, or NAME_FILE to a file with the value");
    wr_source_place(s, (wr_span){at, at + width}, err);
    return status;
}

static weir_status replace_all(const wr_source *s, wr_source_lookup *lookup, void *ctx, replaced *r,
                               weir_error *err) {
    bool ok = add_piece(r, 0, 0);
    for (uint32_t i = 0; ok && i < s->len;) {
        uint32_t width = variable_length(s->text + i);
        if (width == 0) {
            wr_buf_putc(&r->text, s->text[i++]);
            continue;
        }
        ok = add_piece(r, i, width);
        WR_TRY(put_value(s, i, width, lookup, ctx, &r->text, err));
        if (r->text.len > WR_SOURCE_MAX_BYTES)
            return weir_fail(err, WEIR_ELIMIT, "'%s' is too long once its variables are replaced", s->name);
        i += width;
        ok = ok && add_piece(r, i, 0);
    }
    return ok && !r->text.failed ? WEIR_OK : weir_fail(err, WEIR_ENOMEM, "out of memory");
}

weir_status wr_source_substitute(wr_source *source, wr_source_lookup *lookup, void *ctx, weir_error *err) {
    if (source->pieces) return weir_fail(err, WEIR_EUSAGE, "variables were replaced already");
    if (!strstr(source->text, "${")) return WEIR_OK;
    replaced r = {0};
    weir_status status = replace_all(source, lookup, ctx, &r, err);
    char *text = status == WEIR_OK ? copy_text(r.text.data ? r.text.data : "", r.text.len) : NULL;
    if (status == WEIR_OK && !text) status = weir_fail(err, WEIR_ENOMEM, "out of memory");
    if (status == WEIR_OK) {
        source->text = text; /* written keeps the old one */
        source->len = (uint32_t)r.text.len;
        source->pieces = r.pieces;
        source->n_pieces = r.n_pieces;
        source->cap_pieces = r.cap_pieces;
    } else {
        wr_free(NULL, r.pieces, (size_t)r.cap_pieces * sizeof *r.pieces);
    }
    wr_buf_fini(&r.text);
    return status;
}
