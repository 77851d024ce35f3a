/* parse_error.c: wording of the parser's errors. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lang/parse.h"

#define SHOWN_BYTES 40u /* of a token in a message */

bool wr_wrong_at(wr_parser *p, wr_span span, const char *hint, const char *format, ...) {
    weir_error err = {.code = WEIR_EPARSE};
    p->failed = true;
    if (wr_diag_is_full(p->diags)) {
        wr_diag_count(p->diags);
        return false;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(err.message, sizeof err.message, format, args);
    va_end(args);
    if (hint) snprintf(err.hint, sizeof err.hint, "%s", hint);
    wr_source_place(p->source, span, &err);
    wr_diag_add(p->diags, &err);
    return false;
}

/* Bytes of the token's text that are shown: to the end of its first line, whole characters only. */
static uint32_t shown_length(const char *text, uint32_t len) {
    uint32_t n = 0;
    while (n < len && (unsigned char)text[n] >= 0x20) n++;
    if (n <= SHOWN_BYTES) return n;
    n = SHOWN_BYTES;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) n--;
    return n;
}

static const char *kind_of_literal(unsigned kind) {
    if (wr_kind_is_number(kind)) return "number ";
    if (kind == WR_TOK_STRING_LITERAL) return "string ";
    return kind == WR_TOK_SCRIPT ? "script " : "";
}

static void describe_found(const wr_parser *p, char *out, size_t size) {
    wr_token t = p->tokens[p->at];
    if (t.kind == WR_TOK_EOF) {
        snprintf(out, size, "found the end of the text");
        return;
    }
    uint32_t len = t.end - t.begin, shown = shown_length(p->text + t.begin, len);
    const char *quote = t.kind == WR_TOK_STRING_LITERAL || t.kind == WR_TOK_QUOTED_ID ? "" : "'";
    snprintf(out, size, "found %s%s%.*s%s%s", kind_of_literal(t.kind), quote, (int)shown, p->text + t.begin,
             shown < len ? "…" : "", quote);
}

/* "'a', 'b' or 'c'" */
static void list_kinds(const uint8_t *kinds, char *out, size_t size) {
    size_t used = 0;
    out[0] = 0;
    for (uint32_t i = 0; kinds[i] != WR_TOK_EOF && used < size; i++) {
        const char *glue = i == 0 ? "" : kinds[i + 1] == WR_TOK_EOF ? " or " : ", ";
        int n = snprintf(out + used, size - used, "%s%s", glue, wr_token_text(kinds[i]));
        used += n > 0 ? (size_t)n : 0;
    }
}

/* What is wrong with bytes that are no token, and what to do. */
static bool bad_token(wr_parser *p) {
    wr_token t = p->tokens[p->at];
    wr_span span = wr_token_span(p), first = {t.begin, t.begin + 1};
    char hint[256];
    wr_parse_hint(p, NULL, hint, sizeof hint);
    switch ((wr_bad)t.bad) {
    case WR_BAD_OPEN_STRING:
        return wr_wrong_at(p, span, "close it; a string over several lines is written \"\"\"…\"\"\"",
                           "this string has no end on its line");
    case WR_BAD_QUOTE_IN_STRING:
        return wr_wrong_at(p, span, "write \"\"\"…\"\"\" round it: there is no way to escape a quote",
                           "a string in single quotes can't hold a double quote");
    case WR_BAD_CONTROL_IN_STRING:
        return wr_wrong_at(p, span, "write \"\"\"…\"\"\" round it, or blanks instead",
                           "a string in simple quotes can't hold a tab or another control character");
    case WR_BAD_OPEN_NAME: return wr_wrong_at(p, span, NULL, "this name in back-ticks has no end");
    case WR_BAD_OPEN_BRACE: return wr_wrong_at(p, first, NULL, "this '{' has no matching '}'");
    case WR_BAD_CHAR: break;
    }
    uint32_t shown = shown_length(p->text + t.begin, t.end - t.begin);
    if (shown) return wr_wrong_at(p, span, hint, "'%.*s' means nothing here", (int)shown, p->text + t.begin);
    return wr_wrong_at(p, span, hint, "character 0x%02X means nothing here", (unsigned char)p->text[t.begin]);
}

bool wr_expected(wr_parser *p, const char *words, const uint8_t *kinds, const char *hint) {
    if (wr_diag_is_full(p->diags)) return wr_wrong_at(p, wr_token_span(p), NULL, "one more");
    if (wr_peek(p) == WR_TOK_BAD) return bad_token(p);
    char found[128], list[256], best[256];
    describe_found(p, found, sizeof found);
    if (!words && kinds) list_kinds(kinds, list, sizeof list);
    wr_parse_hint(p, kinds, best, sizeof best);
    wr_span span = wr_token_span(p);
    if (wr_peek(p) == WR_TOK_EOF) span = (wr_span){wr_span_since(p, 0).end, wr_span_since(p, 0).end};
    return wr_wrong_at(p, span, best[0] ? best : hint, "%s, expected %s", found, words ? words : list);
}
