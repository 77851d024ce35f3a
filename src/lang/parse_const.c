/* parse_const.c: literals. Numbers, times, strings, true and false. */
#include <stdlib.h>
#include <string.h>

#include "lang/parse.h"

#define MS_SEC  INT64_C(1000)
#define MS_HOUR (3600 * MS_SEC)
#define MS_DAY  (24 * MS_HOUR)

/* Milliseconds in each unit. A month has 30 days and a year 365, as in Siddhi. */
static const int64_t unit_ms[] = {
    [WR_KW_YEAR] = 365 * MS_DAY, [WR_KW_MONTH] = 30 * MS_DAY, [WR_KW_WEEK] = 7 * MS_DAY, [WR_KW_DAY] = MS_DAY,
    [WR_KW_HOUR] = MS_HOUR,      [WR_KW_MIN] = 60 * MS_SEC,   [WR_KW_SEC] = MS_SEC,      [WR_KW_MILLISEC] = 1,
};

bool wr_is_unit(unsigned kind) { return kind >= WR_KW_YEAR && kind <= WR_KW_MILLISEC; }

static wr_ast_expr *constant(wr_parser *p, uint32_t begin, weir_type type) {
    wr_ast_expr *e = wr_node(p, sizeof *e);
    if (!e) return NULL;
    e->kind = WR_AST_CONST;
    e->span = (wr_span){begin, begin};
    e->height = 1;
    e->as.constant.type = type;
    return e;
}

/* Ends the constant after the current token, which is its last. */
static wr_ast_expr *finish(wr_parser *p, wr_ast_expr *e, const char *text) {
    wr_advance(p);
    e->span = wr_span_since(p, e->span.begin);
    e->as.constant.text = text;
    if (!text) p->out_of_memory = true;
    return text ? e : NULL;
}

/* Digits (after an optional '-') as a 64-bit number, wrapping excluded: false when it does not fit. */
static bool read_long(const char *digits, uint32_t len, bool negative, int64_t *out) {
    int64_t n = 0; /* counted downwards, as there is one more negative number */
    for (uint32_t i = 0; i < len; i++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_sub_overflow(n, digits[i] - '0', &n)) return false;
    if (!negative && n == INT64_MIN) return false;
    *out = negative ? n : -n;
    return true;
}

bool wr_parse_whole_number(wr_parser *p, int32_t *n) {
    wr_span span = wr_token_span(p);
    int64_t value = 0;
    if (wr_peek(p) != WR_TOK_INT_LITERAL) return wr_expected(p, "a whole number", NULL, NULL);
    bool fits = read_long(p->text + span.begin, span.end - span.begin, false, &value) && value <= INT32_MAX;
    wr_advance(p);
    *n = fits ? (int32_t)value : 0;
    if (!fits) wr_wrong_at(p, span, "the largest is 2147483647", "this number is too large");
    return true;
}

/* ---- Times -------------------------------------------------------------------------------------------- */

static bool add_part(wr_parser *p, int64_t *ms) {
    wr_span number = wr_token_span(p);
    int64_t count = 0, part = 0;
    bool fits = read_long(p->text + number.begin, number.end - number.begin, false, &count);
    wr_advance(p);
    fits = fits && !__builtin_mul_overflow(count, unit_ms[wr_peek(p)], &part) &&
           !__builtin_add_overflow(*ms, part, ms);
    return fits || wr_wrong_at(p, number, NULL, "this time is longer than 292 million years");
}

static const char *append_part(wr_parser *p, const char *text, wr_span number) {
    char unit[16];
    wr_span word = wr_token_span(p);
    uint32_t len = WR_MIN(word.end - word.begin, (uint32_t)sizeof unit - 1);
    for (uint32_t i = 0; i < len; i++) unit[i] = (char)(p->text[word.begin + i] | 0x20); /* lower case */
    unit[len] = 0;
    return wr_arena_printf(p->arena, "%s%s%.*s %s", text, text[0] ? " " : "",
                           (int)(number.end - number.begin), p->text + number.begin, unit);
}

/* time = [ INT year ] [ INT month ] [ INT week ] [ INT day ] [ INT hour ] [ INT min ] [ INT sec ]
 *        [ INT millisec ], at least one of them */
static wr_ast_expr *parse_parts(wr_parser *p) {
    wr_ast_expr *e = constant(p, wr_token_span(p).begin, WEIR_LONG);
    if (!e) return NULL;
    e->as.constant.is_time = true;
    const char *text = "";
    unsigned smallest = 0;
    while (wr_peek(p) == WR_TOK_INT_LITERAL && wr_is_unit(wr_peek_after(p, 1))) {
        wr_span number = wr_token_span(p);
        if (wr_peek_after(p, 1) <= smallest) {
            wr_wrong_at(p, (wr_span){number.begin, p->tokens[p->at + 1].end}, NULL,
                        "the parts of a time go from year down to millisec, each at most once");
            return NULL;
        }
        smallest = wr_peek_after(p, 1);
        add_part(p, &e->as.constant.as.l);
        text = append_part(p, text, number);
        if (!text) {
            p->out_of_memory = true;
            return NULL;
        }
        wr_advance(p);
    }
    e->span = wr_span_since(p, e->span.begin);
    e->as.constant.text = text;
    return e;
}

wr_ast_expr *wr_parse_time(wr_parser *p) {
    if (wr_peek(p) == WR_TOK_INT_LITERAL && wr_is_unit(wr_peek_after(p, 1))) return parse_parts(p);
    const char *hint = NULL;
    if (wr_peek(p) == WR_TOK_INT_LITERAL) {
        hint = "write a unit after the number: year, month, week, day, hour, min, sec or millisec";
        wr_advance(p);
        wr_expected(p, "a unit of time",
                    WR_KINDS(WR_KW_YEAR, WR_KW_MONTH, WR_KW_WEEK, WR_KW_DAY, WR_KW_HOUR, WR_KW_MIN, WR_KW_SEC,
                             WR_KW_MILLISEC),
                    hint);
        return NULL;
    }
    wr_expected(p, "a time, such as '10 sec'", NULL, hint);
    return NULL;
}

/* ---- Numbers ------------------------------------------------------------------------------------------ */

static void read_whole(wr_parser *p, wr_ast_expr *e, wr_span digits, bool negative) {
    int64_t n = 0;
    wr_ast_const *c = &e->as.constant;
    wr_span all = {e->span.begin, digits.end};
    bool fits = read_long(p->text + digits.begin, digits.end - digits.begin, negative, &n);
    if (c->type == WEIR_LONG) {
        c->as.l = n;
        if (!fits) wr_wrong_at(p, all, NULL, "this number does not fit a long (64 bits)");
    } else if (fits && n >= INT32_MIN && n <= INT32_MAX) {
        c->as.i = (int32_t)n;
    } else {
        wr_wrong_at(p, all, fits ? "for a long write an L after it: 3000000000L" : NULL,
                    "this number does not fit an int (32 bits)");
    }
}

static void read_fraction(const wr_parser *p, wr_ast_expr *e, wr_span digits, bool negative) {
    const char *s = p->text + digits.begin;
    wr_ast_const *c = &e->as.constant;
    char *end; /* strtod stops before a suffix, or at what is no number any more */
    if (c->type == WEIR_FLOAT) {
        float f = strtof_l(s, &end, p->c_locale);
        c->as.f = negative ? -f : f;
    } else {
        double d = strtod_l(s, &end, p->c_locale);
        c->as.d = negative ? -d : d;
    }
}

static weir_type type_of_token(unsigned kind) {
    switch (kind) {
    case WR_TOK_INT_LITERAL: return WEIR_INT;
    case WR_TOK_LONG_LITERAL: return WEIR_LONG;
    case WR_TOK_FLOAT_LITERAL: return WEIR_FLOAT;
    default: return WEIR_DOUBLE;
    }
}

/* constant = [ "+" | "-" ] ( INT | LONG | FLOAT | DOUBLE ) | time */
wr_ast_expr *wr_parse_number(wr_parser *p) {
    uint32_t begin = wr_token_span(p).begin;
    if (wr_peek(p) == WR_TOK_INT_LITERAL && wr_is_unit(wr_peek_after(p, 1))) return parse_parts(p);
    bool negative = wr_peek(p) == WR_TOK_MINUS;
    bool has_sign = negative || wr_peek(p) == WR_TOK_PLUS;
    if (has_sign) wr_advance(p);
    wr_span digits = wr_token_span(p);
    wr_ast_expr *e = constant(p, begin, type_of_token(wr_peek(p)));
    if (!e) return NULL;
    if (e->as.constant.type == WEIR_LONG) digits.end--; /* the suffix */
    if (e->as.constant.type == WEIR_INT || e->as.constant.type == WEIR_LONG)
        read_whole(p, e, digits, negative);
    else
        read_fraction(p, e, digits, negative);
    wr_span token = wr_token_span(p);
    const char *sign = !has_sign ? "" : negative ? "-" : "+";
    return finish(
        p, e,
        wr_arena_printf(p->arena, "%s%.*s", sign, (int)(token.end - token.begin), p->text + token.begin));
}

/* ---- Strings and truth values ------------------------------------------------------------------------- */

const char *wr_string_text(wr_parser *p, uint32_t *len, char *quote) {
    wr_span s = wr_token_span(p);
    bool is_long = s.end - s.begin >= 6 && strncmp(p->text + s.begin, "\"\"\"", 3) == 0;
    uint32_t quotes = is_long ? 3 : 1;
    *quote = is_long ? 't' : p->text[s.begin];
    *len = s.end - s.begin - 2 * quotes;
    const char *copy = wr_arena_strndup(p->arena, p->text + s.begin + quotes, *len);
    if (!copy) p->out_of_memory = true;
    return copy;
}

wr_ast_expr *wr_parse_string(wr_parser *p) {
    wr_ast_expr *e = constant(p, wr_token_span(p).begin, WEIR_STRING);
    if (!e) return NULL;
    wr_ast_const *c = &e->as.constant;
    c->as.s.text = wr_string_text(p, &c->as.s.len, &c->quote);
    return finish(p, e, c->as.s.text);
}

wr_ast_expr *wr_parse_bool(wr_parser *p) {
    wr_ast_expr *e = constant(p, wr_token_span(p).begin, WEIR_BOOL);
    if (!e) return NULL;
    e->as.constant.as.b = wr_peek(p) == WR_KW_TRUE;
    return finish(p, e, e->as.constant.as.b ? "true" : "false");
}
