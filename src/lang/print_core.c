/* print_core.c: lines, groups and comments. See print.h. */
#include <string.h>

#include "lang/lexer.h"
#include "lang/print.h"

/* ---- Collecting comments ------------------------------------------------------------------------------ */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\v'; }
static bool is_line_end(char c) { return c == '\n' || c == '\r'; }

static wr_comment describe(const wr_source *source, wr_span span) {
    const char *text = source->text;
    wr_comment c = {.span = span, .is_line = text[span.begin] == '-'};
    uint32_t i = span.begin;
    while (i > 0 && is_blank(text[i - 1])) i--;
    c.is_first = i == 0 || is_line_end(text[i - 1]);
    for (i = span.end; is_blank(text[i]);) i++;
    c.is_last = i >= source->len || is_line_end(text[i]);
    for (i = span.begin; i < span.end; i++) c.is_multiline = c.is_multiline || is_line_end(text[i]);
    return c;
}

static bool add_comment(wr_printer *pr, wr_span span) {
    if (wr_grow(NULL, &pr->comments, &pr->cap_comments, pr->n_comments + 1, sizeof *pr->comments))
        return false;
    pr->comments[pr->n_comments++] = describe(pr->source, span);
    return true;
}

bool wr_pr_init(wr_printer *pr, const wr_source *source, wr_buf *out) {
    memset(pr, 0, sizeof *pr);
    pr->out = out;
    pr->source = source;
    pr->s.line_begin = out->len;
    pr->s.at_line_begin = true;
    wr_token token = {.kind = WR_TOK_BAD};
    for (uint32_t at = 0; source && token.kind != WR_TOK_EOF; at = token.end) {
        wr_span span;
        for (; wr_lex_comment(source->text, source->len, at, &span); at = span.end)
            if (!add_comment(pr, span)) return false;
        token = wr_lex(source->text, source->len, at);
    }
    return true;
}

void wr_pr_fini(wr_printer *pr) {
    wr_free(NULL, pr->comments, (size_t)pr->cap_comments * sizeof *pr->comments);
    memset(pr, 0, sizeof *pr);
}

/* ---- Text and lines ----------------------------------------------------------------------------------- */

static void end_line(wr_printer *pr, uint32_t indent) {
    wr_print_state *s = &pr->s;
    s->must_break = s->space = false;
    s->line_indent = indent;
    if (s->at_line_begin) return;
    wr_buf_putc(pr->out, '\n');
    s->line_begin = pr->out->len;
    s->at_line_begin = true;
}

static void check_width(wr_printer *pr) {
    uint32_t columns = 0;
    if (pr->out->len - pr->s.line_begin > (size_t)pr->s.flat_width * 4) pr->s.overflow = true;
    for (size_t i = pr->s.line_begin; i < pr->out->len && !pr->s.overflow; i++)
        columns += ((unsigned char)pr->out->data[i] & 0xC0) != 0x80;
    if (columns > pr->s.flat_width) pr->s.overflow = true;
}

void wr_pr_putn(wr_printer *pr, const char *text, size_t len) {
    wr_print_state *s = &pr->s;
    if (s->overflow) return;
    if (s->must_break) end_line(pr, s->indent + WR_PRINT_INDENT);
    if (s->at_line_begin)
        for (uint32_t i = 0; i < s->line_indent; i++) wr_buf_putc(pr->out, ' ');
    else if (s->space)
        wr_buf_putc(pr->out, ' ');
    s->at_line_begin = s->space = false;
    wr_buf_put(pr->out, text, len);
    if (s->flat && s->flat_width) check_width(pr);
}

void wr_pr_puts(wr_printer *pr, const char *text) { wr_pr_putn(pr, text, strlen(text)); }

void wr_pr_space(wr_printer *pr) { pr->s.space = true; }

void wr_pr_indent(wr_printer *pr, int steps) {
    pr->s.indent = (uint32_t)((int)pr->s.indent + steps * (int)WR_PRINT_INDENT);
}

/* An empty line, unless there is one or the text begins here. The current line is empty. */
static void put_blank_line(wr_printer *pr) {
    size_t n = pr->out->len;
    if (n < 2 || pr->out->failed || pr->out->data[n - 2] == '\n') return;
    wr_buf_putc(pr->out, '\n');
    pr->s.line_begin = pr->out->len;
}

/* ---- Comments ----------------------------------------------------------------------------------------- */

/* The comment itself. A multi-line one keeps its inner lines; one that the text left open is closed. */
static void put_comment(wr_printer *pr, const wr_comment *c) {
    const char *text = pr->source->text + c->span.begin;
    uint32_t len = c->span.end - c->span.begin;
    while (c->is_line && is_blank(text[len - 1])) len--;
    bool is_open = !c->is_line && (len < 4 || text[len - 2] != '*' || text[len - 1] != '/');
    while (is_open && (is_blank(text[len - 1]) || is_line_end(text[len - 1]))) len--;
    wr_pr_putn(pr, text, len);
    if (is_open) wr_buf_puts(pr->out, " */");
    pr->s.must_break = c->is_line;
    pr->s.space = true;
    if (!c->is_multiline || pr->s.overflow || pr->out->failed) return;
    for (size_t i = pr->out->len; i > pr->s.line_begin; i--)
        if (is_line_end(pr->out->data[i - 1])) {
            pr->s.line_begin = i;
            break;
        }
}

static bool is_pending(const wr_printer *pr, uint32_t pos) {
    return pr->s.next_comment < pr->n_comments && pr->comments[pr->s.next_comment].span.begin < pos;
}

static bool has_own_line(const wr_comment *c) { return c->is_first && (c->is_line || c->is_last); }

void wr_pr_comments(wr_printer *pr, uint32_t pos) {
    wr_print_state *s = &pr->s;
    while (is_pending(pr, pos) && !s->overflow) {
        const wr_comment *c = &pr->comments[s->next_comment++];
        bool own = has_own_line(c);
        if (s->flat && (c->is_line || c->is_multiline || own)) {
            s->overflow = true;
            return;
        }
        if (own)
            end_line(pr, s->indent + WR_PRINT_INDENT);
        else
            s->space = true;
        put_comment(pr, c);
        s->must_break = s->must_break || own;
    }
}

/* Whether an empty line stands before pos in the source. */
static bool has_blank_before(const wr_source *source, uint32_t pos) {
    uint32_t ends = 0;
    for (uint32_t i = pos; i > 0 && (is_blank(source->text[i - 1]) || is_line_end(source->text[i - 1])); i--)
        ends += source->text[i - 1] == '\n';
    return ends >= 2;
}

/* How break_line treats empty lines. */
typedef struct blanks {
    bool keep, one; /* those of the source; one first in any case */
    uint32_t begin; /* of what follows: an empty line before it is looked for there */
} blanks;

static void begin_line(wr_printer *pr, uint32_t pos, blanks *b) {
    end_line(pr, pr->s.indent);
    if (b->one || (b->keep && pr->source && has_blank_before(pr->source, WR_MIN(pos, pr->source->len))))
        put_blank_line(pr);
    b->one = false;
}

/* A line end and the comments around it: trailing ones before it, others behind it, each on its line, but for
 * a block comment that stood before code on a line: it stays there. */
static void break_line(wr_printer *pr, uint32_t pos, blanks b) {
    wr_print_state *s = &pr->s;
    while (is_pending(pr, pos)) {
        const wr_comment *c = &pr->comments[s->next_comment++];
        bool trails = !c->is_first && !s->at_line_begin && !s->must_break;
        if (trails) {
            s->space = true;
            put_comment(pr, c);
            continue;
        }
        begin_line(pr, c->span.begin, &b);
        put_comment(pr, c);
        bool stays = !c->is_line && !has_own_line(c);
        if (stays && !is_pending(pr, pos)) return; /* what follows goes beside it */
        s->must_break = true;
    }
    begin_line(pr, b.begin, &b);
}

void wr_pr_line(wr_printer *pr, uint32_t pos) {
    if (!pr->s.flat) {
        break_line(pr, pos, (blanks){0});
        return;
    }
    wr_pr_comments(pr, pos);
    pr->s.space = true;
}

void wr_pr_softline(wr_printer *pr, uint32_t pos) {
    if (!pr->s.flat)
        break_line(pr, pos, (blanks){0});
    else
        wr_pr_comments(pr, pos);
}

void wr_pr_close(wr_printer *pr, uint32_t pos) {
    wr_pr_softline(pr, pos); /* comments keep the inner indentation */
    wr_pr_indent(pr, -1);
    wr_pr_softline(pr, 0);
}

void wr_pr_hardline(wr_printer *pr, uint32_t pos) {
    if (pr->s.flat)
        pr->s.overflow = true;
    else
        break_line(pr, pos, (blanks){0});
}

void wr_pr_begin_statement(wr_printer *pr, uint32_t pos, uint32_t begin, wr_blank blank) {
    break_line(pr, pos, (blanks){true, blank == WR_BLANK_ONE, begin});
}

/* ---- Groups ------------------------------------------------------------------------------------------- */

void wr_pr_group(wr_printer *pr, uint32_t width, wr_pr_fn *fn, const void *node) {
    if (pr->s.flat) {
        fn(pr, node);
        return;
    }
    wr_print_state before = pr->s;
    size_t len = pr->out->len;
    pr->s.flat = true;
    pr->s.flat_width = width;
    fn(pr, node);
    if (!pr->s.overflow) {
        pr->s.flat = before.flat;
        pr->s.flat_width = before.flat_width;
        return;
    }
    pr->s = before;
    pr->out->len = len;
    if (pr->out->data) pr->out->data[len] = 0;
    fn(pr, node);
}
