/* lexer.c: see lexer.h. */
#include "lang/lexer.h"

#include <string.h>

#include "base/compiler.h"

/* ---- Characters and words ----------------------------------------------------------------------------- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v'; }
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

typedef struct keyword {
    uint8_t kind, len;
    const char *spelling;
} keyword;

static const keyword keywords[] = {
#define WR_KEYWORD(token, spelling)  {WR_KW_##token, sizeof(spelling) - 1, spelling},
#define WR_SPELLING(token, spelling) {WR_KW_##token, sizeof(spelling) - 1, spelling},
#include "lang/keyword.def"
};

static bool same_word(const char *word, const char *spelling, uint32_t len) {
    for (uint32_t i = 0; i < len; i++)
        if (lower(word[i]) != spelling[i]) return false;
    return true;
}

unsigned wr_token_of_word(const char *word, uint32_t len) {
    for (size_t i = 0; i < WR_COUNT(keywords); i++)
        if (keywords[i].len == len && lower(*word) == *keywords[i].spelling &&
            same_word(word, keywords[i].spelling, len))
            return keywords[i].kind;
    return WR_TOK_ID;
}

const char *wr_keyword_spelling(unsigned kind) {
    static const char *const spellings[] = {
#define WR_KEYWORD(token, spelling) [WR_KW_##token] = spelling,
#define WR_SPELLING(token, spelling)
#include "lang/keyword.def"
    };
    return kind < WR_COUNT(spellings) && spellings[kind] ? spellings[kind] : "";
}

const char *wr_token_text(unsigned kind) {
    static const char *const texts[] = {
        [WR_TOK_EOF] = "the end",
        [WR_TOK_BAD] = "a stray character",
        [WR_TOK_ID] = "a name",
        [WR_TOK_QUOTED_ID] = "a name",
        [WR_TOK_INT_LITERAL] = "a whole number",
        [WR_TOK_LONG_LITERAL] = "a long number",
        [WR_TOK_FLOAT_LITERAL] = "a float number",
        [WR_TOK_DOUBLE_LITERAL] = "a double number",
        [WR_TOK_STRING_LITERAL] = "a string",
        [WR_TOK_SCRIPT] = "a script in braces",
        [WR_TOK_COLON] = "':'",
        [WR_TOK_SEMICOLON] = "';'",
        [WR_TOK_DOT] = "'.'",
        [WR_TOK_DOTS] = "'...'",
        [WR_TOK_LPAREN] = "'('",
        [WR_TOK_RPAREN] = "')'",
        [WR_TOK_LBRACKET] = "'['",
        [WR_TOK_RBRACKET] = "']'",
        [WR_TOK_COMMA] = "','",
        [WR_TOK_ASSIGN] = "'='",
        [WR_TOK_STAR] = "'*'",
        [WR_TOK_PLUS] = "'+'",
        [WR_TOK_QUESTION] = "'?'",
        [WR_TOK_MINUS] = "'-'",
        [WR_TOK_SLASH] = "'/'",
        [WR_TOK_PERCENT] = "'%'",
        [WR_TOK_LT] = "'<'",
        [WR_TOK_LE] = "'<='",
        [WR_TOK_GT] = "'>'",
        [WR_TOK_GE] = "'>='",
        [WR_TOK_EQ] = "'=='",
        [WR_TOK_NE] = "'!='",
        [WR_TOK_AT_SIGN] = "'@'",
        [WR_TOK_ARROW] = "'->'",
        [WR_TOK_HASH] = "'#'",
        [WR_TOK_BANG] = "'!'",
#define WR_KEYWORD(token, spelling) [WR_KW_##token] = "'" spelling "'",
#define WR_SPELLING(token, spelling)
#include "lang/keyword.def"
    };
    return kind < WR_COUNT(texts) && texts[kind] ? texts[kind] : "nothing known";
}

/* ---- Blanks and comments ------------------------------------------------------------------------------ */

static uint32_t skip_blanks(const char *s, uint32_t len, uint32_t i) {
    if (i == 0 && len >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0) i = 3; /* byte order mark */
    while (i < len && is_blank(s[i])) i++;
    return i;
}

/* The end of the comment that begins at i, or i when none does. An open block comment runs to the end. */
static uint32_t comment_end(const char *s, uint32_t len, uint32_t i) {
    if (s[i] == '-' && s[i + 1] == '-') {
        while (i < len && s[i] != '\n' && s[i] != '\r') i++;
        return i;
    }
    if (s[i] == '/' && s[i + 1] == '*') {
        const char *close = strstr(s + i + 2, "*/");
        return close ? (uint32_t)(close + 2 - s) : len;
    }
    return i;
}

bool wr_lex_comment(const char *text, uint32_t len, uint32_t at, wr_span *comment) {
    comment->begin = skip_blanks(text, len, at);
    comment->end = comment_end(text, len, comment->begin);
    return comment->end > comment->begin;
}

/* ---- Numbers ------------------------------------------------------------------------------------------ */

static uint32_t skip_digits(const char *s, uint32_t i) {
    while (is_digit(s[i])) i++;
    return i;
}

/* The end of `e[+-]digits` at i, or i when there is none. */
static uint32_t skip_exponent(const char *s, uint32_t i) {
    if (lower(s[i]) != 'e') return i;
    uint32_t k = i + 1;
    if (s[k] == '+' || s[k] == '-') k++;
    return is_digit(s[k]) ? skip_digits(s, k) : i;
}

/* A number at s[begin], which is a digit, or a dot before a digit. `1.` is no number unless an exponent or a
 * suffix follows: then it is the whole number 1 and a dot. */
static wr_token lex_number(const char *s, uint32_t begin) {
    uint32_t whole = skip_digits(s, begin), end = whole;
    bool is_double = false;
    if (s[whole] == '.') {
        uint32_t fraction = skip_digits(s, whole + 1);
        char next = lower(s[fraction]);
        bool has_more = next == 'f' || next == 'd' || skip_exponent(s, fraction) > fraction;
        if (fraction > whole + 1 || has_more) {
            end = fraction;
            is_double = true;
        }
    }
    uint32_t mantissa = end;
    end = skip_exponent(s, end);
    is_double = is_double || end > mantissa;
    char suffix = lower(s[end]);
    unsigned kind = is_double ? WR_TOK_DOUBLE_LITERAL : WR_TOK_INT_LITERAL;
    if (suffix == 'f' || suffix == 'd' || (suffix == 'l' && !is_double)) {
        end++;
        kind = suffix == 'f'   ? WR_TOK_FLOAT_LITERAL
               : suffix == 'd' ? WR_TOK_DOUBLE_LITERAL
                               : WR_TOK_LONG_LITERAL;
    }
    return (wr_token){(uint8_t)kind, 0, begin, end};
}

/* ---- Strings, quoted names, scripts ------------------------------------------------------------------- */

static wr_token bad(wr_bad why, uint32_t begin, uint32_t end) {
    return (wr_token){WR_TOK_BAD, (uint8_t)why, begin, end};
}

static uint32_t line_end(const char *s, uint32_t len, uint32_t i) {
    while (i < len && s[i] != '\n' && s[i] != '\r') i++;
    return i;
}

static wr_token lex_string(const char *s, uint32_t len, uint32_t begin) {
    char quote = s[begin];
    if (strncmp(s + begin, "\"\"\"", 3) == 0) {
        const char *close = strstr(s + begin + 3, "\"\"\"");
        if (close) return (wr_token){WR_TOK_STRING_LITERAL, 0, begin, (uint32_t)(close + 3 - s)};
    }
    bool has_double = false, has_control = false;
    for (uint32_t i = begin + 1; i < len && s[i] != '\n' && s[i] != '\r'; i++) {
        if (s[i] == quote) {
            if (has_double) return bad(WR_BAD_QUOTE_IN_STRING, begin, i + 1);
            if (has_control) return bad(WR_BAD_CONTROL_IN_STRING, begin, i + 1);
            return (wr_token){WR_TOK_STRING_LITERAL, 0, begin, i + 1};
        }
        has_double = has_double || s[i] == '"';
        has_control = has_control || (unsigned char)s[i] < 0x20;
    }
    return bad(WR_BAD_OPEN_STRING, begin, line_end(s, len, begin));
}

static wr_token lex_quoted_name(const char *s, uint32_t len, uint32_t begin) {
    const char *close = strchr(s + begin + 1, '`');
    if (close) return (wr_token){WR_TOK_QUOTED_ID, 0, begin, (uint32_t)(close + 1 - s)};
    return bad(WR_BAD_OPEN_NAME, begin, line_end(s, len, begin));
}

/* The end of the balanced braces at i, or 0. With skipping, braces within "…" and after // do not count. */
static uint32_t braces_end(const char *s, uint32_t len, uint32_t i, bool skipping) {
    uint32_t depth = 0;
    for (; i < len; i++) {
        if (s[i] == '{') depth++;
        if (s[i] == '}' && --depth == 0) return i + 1;
        if (!skipping) continue;
        if (s[i] == '/' && s[i + 1] == '/') i = line_end(s, len, i);
        if (s[i] == '"') {
            const char *close = strchr(s + i + 1, '"');
            if (close) i = (uint32_t)(close - s);
        }
    }
    return 0;
}

/* Siddhi's lexer takes the longest reading, whether quotes in the script pair up or not. */
static wr_token lex_script(const char *s, uint32_t len, uint32_t begin) {
    uint32_t skipped = braces_end(s, len, begin, true), plain = braces_end(s, len, begin, false);
    uint32_t end = WR_MAX(skipped, plain);
    return end ? (wr_token){WR_TOK_SCRIPT, 0, begin, end} : bad(WR_BAD_OPEN_BRACE, begin, len);
}

/* ---- Punctuation -------------------------------------------------------------------------------------- */

typedef struct mark {
    char text[4];
    uint8_t len, kind;
} mark;

/* Longer ones first. */
static const mark marks[] = {
    {"...", 3, WR_TOK_DOTS},   {"->", 2, WR_TOK_ARROW},   {"<=", 2, WR_TOK_LE},    {">=", 2, WR_TOK_GE},
    {"==", 2, WR_TOK_EQ},      {"!=", 2, WR_TOK_NE},      {":", 1, WR_TOK_COLON},  {";", 1, WR_TOK_SEMICOLON},
    {".", 1, WR_TOK_DOT},      {"(", 1, WR_TOK_LPAREN},   {")", 1, WR_TOK_RPAREN}, {"[", 1, WR_TOK_LBRACKET},
    {"]", 1, WR_TOK_RBRACKET}, {",", 1, WR_TOK_COMMA},    {"=", 1, WR_TOK_ASSIGN}, {"*", 1, WR_TOK_STAR},
    {"+", 1, WR_TOK_PLUS},     {"?", 1, WR_TOK_QUESTION}, {"-", 1, WR_TOK_MINUS},  {"/", 1, WR_TOK_SLASH},
    {"%", 1, WR_TOK_PERCENT},  {"<", 1, WR_TOK_LT},       {">", 1, WR_TOK_GT},     {"@", 1, WR_TOK_AT_SIGN},
    {"#", 1, WR_TOK_HASH},     {"!", 1, WR_TOK_BANG},
};

static wr_token lex_mark(const char *s, uint32_t begin) {
    for (size_t i = 0; i < WR_COUNT(marks); i++)
        if (strncmp(s + begin, marks[i].text, marks[i].len) == 0)
            return (wr_token){marks[i].kind, 0, begin, begin + marks[i].len};
    uint32_t end = begin + 1;
    while (((unsigned char)s[end] & 0xC0) == 0x80) end++; /* the whole character */
    return bad(WR_BAD_CHAR, begin, end);
}

static wr_token lex_word(const char *s, uint32_t begin) {
    uint32_t end = begin + 1;
    while (is_letter(s[end]) || is_digit(s[end])) end++;
    return (wr_token){(uint8_t)wr_token_of_word(s + begin, end - begin), 0, begin, end};
}

wr_token wr_lex(const char *text, uint32_t len, uint32_t at) {
    wr_span comment;
    while (wr_lex_comment(text, len, at, &comment)) at = comment.end;
    at = comment.begin;
    if (at >= len) return (wr_token){WR_TOK_EOF, 0, len, len};
    char c = text[at];
    if (is_letter(c)) return lex_word(text, at);
    if (is_digit(c) || (c == '.' && is_digit(text[at + 1]))) return lex_number(text, at);
    if (c == '\'' || c == '"') return lex_string(text, len, at);
    if (c == '`') return lex_quoted_name(text, len, at);
    if (c == '{') return lex_script(text, len, at);
    return lex_mark(text, at);
}
