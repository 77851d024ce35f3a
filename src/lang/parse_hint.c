/* parse_hint.c: what was probably meant, judged by the token in hand and the one before it. */
#include <stdio.h>
#include <string.h>

#include "lang/parse.h"
#include "lang/suggest.h"

static wr_token token_before(const wr_parser *p) {
    return p->at > 0 ? p->tokens[p->at - 1] : (wr_token){WR_TOK_EOF, 0, 0, 0};
}

static bool is_text(const wr_parser *p, wr_token t, const char *text) {
    size_t n = strlen(text);
    return t.end - t.begin == n && strncmp(p->text + t.begin, text, n) == 0;
}

static bool is_word(const wr_parser *p, wr_token t, const char *word) {
    size_t n = strlen(word);
    if (t.end - t.begin != n) return false;
    for (size_t i = 0; i < n; i++)
        if ((p->text[t.begin + i] | 0x20) != word[i]) return false;
    return true;
}

/* ---- Units of time ------------------------------------------------------------------------------------ */

typedef struct abbreviation {
    const char *text, *unit;
} abbreviation;

static const abbreviation abbreviations[] = {
    {"y", "year"},   {"yr", "year"},     {"yrs", "year"},      {"mon", "month"},
    {"w", "week"},   {"d", "day"},       {"h", "hour"},        {"hr", "hour"},
    {"hrs", "hour"}, {"m", "min"},       {"mins", "min"},      {"s", "sec"},
    {"secs", "sec"}, {"ms", "millisec"}, {"msec", "millisec"}, {"millis", "millisec"},
};

/* The unit that a word of `len` letters stands for, or NULL. */
static const char *unit_of(const char *word, uint32_t len) {
    unsigned kind = wr_token_of_word(word, len);
    if (wr_is_unit(kind)) return wr_keyword_spelling(kind);
    for (size_t i = 0; i < WR_COUNT(abbreviations); i++)
        if (strlen(abbreviations[i].text) == len && strncmp(abbreviations[i].text, word, len) == 0)
            return abbreviations[i].unit;
    return NULL;
}

/* `5days` is the number 5d and the name ays; `5 ms` has no unit; `5d` is a double. */
static bool hint_unit(const wr_parser *p, char *hint, size_t size) {
    wr_token t = p->tokens[p->at], before = token_before(p);
    uint32_t begin, end;
    if (wr_kind_is_name(t.kind) && wr_kind_is_number(before.kind)) {
        begin = before.begin;
        end = t.end;
    } else if (t.kind == WR_TOK_DOUBLE_LITERAL) {
        begin = t.begin;
        end = t.end;
    } else {
        return false;
    }
    uint32_t letters = begin;
    while (letters < end && p->text[letters] >= '0' && p->text[letters] <= '9') letters++;
    uint32_t digits_end = letters;
    while (letters < end && p->text[letters] == ' ') letters++;
    const char *unit = unit_of(p->text + letters, end - letters);
    if (!unit || digits_end == begin) return false;
    bool is_unit = wr_is_unit(wr_token_of_word(p->text + letters, end - letters)); /* keep it as written */
    snprintf(hint, size, "for a time write '%.*s %.*s'", (int)WR_MIN(digits_end - begin, 20u),
             p->text + begin, is_unit ? (int)(end - letters) : 16, is_unit ? p->text + letters : unit);
    return true;
}

/* ---- Comments, marks, characters ---------------------------------------------------------------------- */

/* `a--1`: the rest of the line went into a comment. */
static bool hint_comment(const wr_parser *p, char *hint, size_t size) {
    wr_token before = token_before(p);
    if (p->at == 0 || before.kind == WR_TOK_SEMICOLON || strncmp(p->text + before.end, "--", 2) != 0)
        return false;
    snprintf(hint, size,
             "'--' begins a comment: to subtract a negative number put a blank between the signs");
    return true;
}

typedef struct meaning {
    const char *written, *hint;
} meaning;

static const meaning stray_characters[] = {
    {"&", "write 'and'"},
    {"|", "write 'or'"},
    {"}", "only a function's body stands in braces"},
    {"$", "a variable is written ${name}"},
    {"\xE2\x80\x98", "use a plain quote: '"},
    {"\xE2\x80\x99", "use a plain quote: '"},
    {"\xE2\x80\x9C", "use a plain quote: \""},
    {"\xE2\x80\x9D", "use a plain quote: \""},
    {"\xC2\xA0", "this is a no-break space; use a plain one"},
};

static const meaning foreign_words[] = {
    {"where", "a filter stands in brackets after the stream: from S[price > 10]"},
    {"create", "a definition begins with 'define'"},
    {"else", "use the function ifThenElse(condition, then, else)"},
    {"case", "use the function ifThenElse(condition, then, else)"},
    {"like", "there is no 'like'; use a function such as str:contains or regex:matches"},
    {"between", "write x >= low and x <= high"},
    {"over", "a window stands after the stream: from S#window.time(10 min)"},
};

static bool is_clause_word(unsigned kind) {
    return kind == WR_KW_INSERT || kind == WR_KW_GROUP || kind == WR_KW_ORDER;
}

static const char *hint_mark(const wr_parser *p) {
    wr_token t = p->tokens[p->at], before = token_before(p);
    unsigned next = wr_peek_after(p, 1);
    bool follows_value = wr_kind_is_name(before.kind) || wr_kind_is_number(before.kind) ||
                         before.kind == WR_TOK_RPAREN || before.kind == WR_TOK_STRING_LITERAL;
    switch (t.kind) {
    case WR_TOK_ASSIGN:
        if (before.kind == WR_TOK_ASSIGN || before.kind == WR_TOK_EQ) return "to compare write '=='";
        if (before.kind == WR_TOK_BANG) return "write '!='";
        return follows_value ? "to compare write '=='" : NULL;
    case WR_TOK_MINUS:
    case WR_TOK_PLUS: return "only a number can have a sign: instead of -a write 0 - a";
    case WR_TOK_GT: return before.kind == WR_TOK_LT && before.end == t.begin ? "write '!='" : NULL;
    case WR_TOK_LPAREN: return before.kind == WR_TOK_BANG ? "write 'not (…)'" : NULL;
    case WR_TOK_SLASH:
        return before.kind == WR_TOK_SLASH || next == WR_TOK_SLASH ? "a comment begins with '--'" : NULL;
    case WR_KW_INTO:
    case WR_KW_BY:
        return is_clause_word(before.kind)
                   ? "the word before it was read as a name: something is missing before "
                     "that, or there is a ',' too many"
                   : NULL;
    case WR_KW_NOT: return before.kind == WR_KW_IS ? "write 'not x is null'" : NULL;
    case WR_KW_IS:
        return before.kind == WR_TOK_RPAREN ? "'is null' follows a name or a call: 'x is null'" : NULL;
    default: return NULL;
    }
}

static const char *hint_word(const wr_parser *p) {
    wr_token t = p->tokens[p->at];
    if (t.kind == WR_TOK_BAD)
        for (size_t i = 0; i < WR_COUNT(stray_characters); i++)
            if (is_text(p, t, stray_characters[i].written)) return stray_characters[i].hint;
    if (t.kind == WR_TOK_ID)
        for (size_t i = 0; i < WR_COUNT(foreign_words); i++)
            if (is_word(p, t, foreign_words[i].written)) return foreign_words[i].hint;
    return NULL;
}

/* ---- Misspelt keywords -------------------------------------------------------------------------------- */

static bool hint_keyword(const wr_parser *p, const uint8_t *kinds, char *hint, size_t size) {
    wr_token t = p->tokens[p->at];
    char word[64];
    uint32_t len = t.end - t.begin;
    if (!kinds || t.kind != WR_TOK_ID || len >= sizeof word) return false;
    for (uint32_t i = 0; i < len; i++) {
        char c = p->text[t.begin + i];
        word[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    word[len] = 0;
    wr_suggest s;
    wr_suggest_init(&s, word);
    for (uint32_t i = 0; kinds[i] != WR_TOK_EOF; i++) wr_suggest_offer(&s, wr_keyword_spelling(kinds[i]));
    return wr_suggest_hint(&s, hint, (uint32_t)size)[0] != 0;
}

void wr_parse_hint(const wr_parser *p, const uint8_t *kinds, char *hint, size_t size) {
    hint[0] = 0;
    if (hint_comment(p, hint, size) || hint_unit(p, hint, size)) return;
    if (hint_keyword(p, kinds, hint, size)) return;
    const char *text = hint_mark(p);
    if (!text) text = hint_word(p);
    if (text) snprintf(hint, size, "%s", text);
}
