/* render.c: an error as text for people: position, message, source line, caret, hint. See source.h. */
#include <string.h>

#include "lang/source.h"

#define SHOWN_WIDTH   100u /* columns of a source line that are shown at most */
#define LEFT_OF_CARET 60u  /* and of these before the caret, when the line has to be cut */

typedef struct glyph {
    uint32_t bytes;
    uint32_t width; /* columns on a terminal */
    bool is_control;
} glyph;

static uint32_t decode(const unsigned char *s, uint32_t n, uint32_t *bytes) {
    uint32_t len = s[0] < 0x80 ? 1 : s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : s[0] >= 0xC2 ? 2 : 1;
    if (len > n) len = 1;
    *bytes = len;
    if (len == 1) return s[0] < 0x80 ? s[0] : 0xFFFD; /* a stray byte: shown as a replacement character */
    uint32_t code = s[0] & (0x7Fu >> len);
    for (uint32_t i = 1; i < len; i++) code = code << 6 | (s[i] & 0x3Fu);
    return code;
}

typedef struct code_range {
    uint32_t first, last;
} code_range;

static const code_range wide_ranges[] = {{0x1100, 0x115F}, {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF}, {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
                                         {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};
static const code_range zero_ranges[] = {{0x0300, 0x036F}, {0x200B, 0x200F}, {0x202A, 0x202E},
                                         {0x2060, 0x206F}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}};

static bool is_in(const code_range *ranges, size_t n, uint32_t code) {
    for (size_t i = 0; i < n; i++)
        if (code >= ranges[i].first && code <= ranges[i].last) return true;
    return false;
}

static glyph next_glyph(const char *s, uint32_t n) {
    glyph g = {1, 1, false};
    uint32_t code = decode((const unsigned char *)s, n, &g.bytes);
    /* direction marks could make the line read as something else: shown as a replacement, like controls */
    g.is_control = (code < 0x20 && code != '\t') || (code >= 0x7F && code < 0xA0) || code == 0xFFFD ||
                   (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    if (g.is_control) return g;
    if (is_in(wide_ranges, WR_COUNT(wide_ranges), code)) g.width = 2;
    if (is_in(zero_ranges, WR_COUNT(zero_ranges), code)) g.width = 0;
    return g;
}

/* The part of a line that is shown. */
typedef struct view {
    const char *line;
    uint32_t len;                  /* of the whole line */
    uint32_t begin, end;           /* bytes of it that are shown */
    uint32_t mark_begin, mark_end; /* bytes of it under which the caret goes */
} view;

/* Moves `from` left by up to `columns` columns. */
static uint32_t back_up(const char *line, uint32_t from, uint32_t columns) {
    uint32_t at = from;
    while (at > 0 && columns > 0) {
        at--;
        while (at > 0 && ((unsigned char)line[at] & 0xC0) == 0x80) at--;
        columns--;
    }
    return at;
}

/* Stops counting past `enough`: lines may be very long. */
static uint32_t columns_between(const view *v, uint32_t begin, uint32_t end, uint32_t enough) {
    uint32_t columns = 0;
    for (uint32_t i = begin; i < end && columns <= enough;) {
        glyph g = next_glyph(v->line + i, v->len - i);
        columns += g.width;
        i += g.bytes;
    }
    return columns;
}

static void choose_part(view *v) {
    v->begin = 0;
    if (columns_between(v, 0, v->mark_begin, SHOWN_WIDTH) > SHOWN_WIDTH - 20)
        v->begin = back_up(v->line, v->mark_begin, LEFT_OF_CARET);
    uint32_t columns = 0;
    v->end = v->begin;
    while (v->end < v->len) {
        glyph g = next_glyph(v->line + v->end, v->len - v->end);
        if (columns + g.width > SHOWN_WIDTH) break;
        columns += g.width;
        v->end += g.bytes;
    }
    v->mark_end = WR_MIN(v->mark_end, v->end);
}

static void put_line(const view *v, wr_buf *out) {
    wr_buf_puts(out, v->begin > 0 ? "  …" : "  ");
    for (uint32_t i = v->begin; i < v->end;) {
        glyph g = next_glyph(v->line + i, v->len - i);
        if (g.is_control)
            wr_buf_puts(out, "\xEF\xBF\xBD"); /* U+FFFD: no control sequence reaches the terminal */
        else
            wr_buf_put(out, v->line + i, g.bytes);
        i += g.bytes;
    }
    wr_buf_puts(out, v->end < v->len ? "…\n" : "\n");
}

/* Blanks as wide as what stands above them (a tab under a tab), then ^~~~. */
static void put_caret(const view *v, wr_buf *out) {
    wr_buf_puts(out, v->begin > 0 ? "   " : "  ");
    for (uint32_t i = v->begin; i < v->mark_begin;) {
        glyph g = next_glyph(v->line + i, v->len - i);
        if (v->line[i] == '\t')
            wr_buf_putc(out, '\t');
        else
            for (uint32_t k = 0; k < g.width; k++) wr_buf_putc(out, ' ');
        i += g.bytes;
    }
    wr_buf_putc(out, '^');
    uint32_t columns =
        v->mark_end > v->mark_begin ? columns_between(v, v->mark_begin, v->mark_end, SHOWN_WIDTH) : 0;
    for (uint32_t k = 1; k < columns; k++) wr_buf_putc(out, '~');
    wr_buf_putc(out, '\n');
}

static void put_excerpt(const weir_error *err, const wr_source *source, wr_buf *out) {
    if (err->line == 0 || err->line > source->n_lines || err->begin > source->written_len) return;
    view v = {.line = source->written + source->line_begin[err->line - 1]};
    const char *end = memchr(v.line, '\n', (size_t)(source->written + source->written_len - v.line));
    if (!end) end = source->written + source->written_len;
    if (end > v.line && end[-1] == '\r') end--;
    v.len = (uint32_t)(end - v.line);
    uint32_t line_begin = source->line_begin[err->line - 1];
    if (err->begin < line_begin) return; /* not an error of this source */
    v.mark_begin = WR_MIN(err->begin - line_begin, v.len);
    v.mark_end = err->end <= err->begin ? v.mark_begin : WR_MIN(err->end - line_begin, v.len);
    choose_part(&v);
    put_line(&v, out);
    put_caret(&v, out);
}

void wr_error_render(const weir_error *err, const wr_source *source, wr_buf *out) {
    const char *name = err->source[0] ? err->source : source && source->name ? source->name : "";
    if (name[0]) wr_buf_printf(out, "%s:", name);
    if (err->line) wr_buf_printf(out, "%u:%u:", err->line, err->column);
    if (name[0] || err->line) wr_buf_putc(out, ' ');
    wr_buf_printf(out, "error: %s\n", err->message[0] ? err->message : weir_status_text(err->code));
    if (source) put_excerpt(err, source, out);
    if (err->hint[0]) wr_buf_printf(out, "hint: %s\n", err->hint);
}
