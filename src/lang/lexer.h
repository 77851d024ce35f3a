/* lexer.h: text to tokens. Longest match wins; comments and blanks are skipped. Allocates nothing. */
#ifndef WR_LANG_LEXER_H
#define WR_LANG_LEXER_H

#include "lang/ast.h"

typedef enum wr_token_kind {
    WR_TOK_EOF,
    WR_TOK_BAD, /* bytes that begin no token; `bad` says why */
    WR_TOK_ID,
    WR_TOK_QUOTED_ID, /* back-ticks included */
    WR_TOK_INT_LITERAL,
    WR_TOK_LONG_LITERAL,
    WR_TOK_FLOAT_LITERAL,
    WR_TOK_DOUBLE_LITERAL,
    WR_TOK_STRING_LITERAL, /* quotes included: '…', "…" or """…""" */
    WR_TOK_SCRIPT,         /* braces included */
    WR_TOK_COLON,
    WR_TOK_SEMICOLON,
    WR_TOK_DOT,
    WR_TOK_DOTS, /* ... */
    WR_TOK_LPAREN,
    WR_TOK_RPAREN,
    WR_TOK_LBRACKET,
    WR_TOK_RBRACKET,
    WR_TOK_COMMA,
    WR_TOK_ASSIGN,
    WR_TOK_STAR,
    WR_TOK_PLUS,
    WR_TOK_QUESTION,
    WR_TOK_MINUS,
    WR_TOK_SLASH,
    WR_TOK_PERCENT,
    WR_TOK_LT,
    WR_TOK_LE,
    WR_TOK_GT,
    WR_TOK_GE,
    WR_TOK_EQ,
    WR_TOK_NE,
    WR_TOK_AT_SIGN,
    WR_TOK_ARROW, /* -> */
    WR_TOK_HASH,
    WR_TOK_BANG,
    WR_TOK_FIRST_KEYWORD, /* no token: the kinds between this and WR_TOK_LAST_KEYWORD are keywords */
#define WR_KEYWORD(token, spelling) WR_KW_##token,
#define WR_SPELLING(token, spelling)
#include "lang/keyword.def"
    WR_TOK_LAST_KEYWORD
} wr_token_kind;

typedef enum wr_bad {
    WR_BAD_CHAR,              /* a character that means nothing here */
    WR_BAD_OPEN_STRING,       /* no closing quote on the line; the token goes to the end of the line */
    WR_BAD_QUOTE_IN_STRING,   /* a double quote between single quotes; up to the closing single quote */
    WR_BAD_CONTROL_IN_STRING, /* a tab or other control character in a string; up to the closing quote */
    WR_BAD_OPEN_NAME,         /* a back-tick without its partner */
    WR_BAD_OPEN_BRACE         /* { without its }; the token goes to the end of the text */
} wr_bad;

typedef struct wr_token {
    uint8_t kind; /* wr_token_kind */
    uint8_t bad;  /* wr_bad, of WR_TOK_BAD */
    uint32_t begin, end;
} wr_token;

/* The token at or after offset `at` of text[0..len), text[len] == 0. At the end: EOF, begin == end == len. */
wr_token wr_lex(const char *text, uint32_t len, uint32_t at);
/* The next comment at or after `at` and before the next token: true, and its span (a line comment without its
 * line end). For whoever must not lose comments. */
bool wr_lex_comment(const char *text, uint32_t len, uint32_t at, wr_span *comment);

static inline bool wr_token_is_keyword(unsigned kind) {
    return kind > WR_TOK_FIRST_KEYWORD && kind < WR_TOK_LAST_KEYWORD;
}
/* "'select'", "a string", "the end": what a token kind is called in messages. */
const char *wr_token_text(unsigned kind);
/* The kind of a word: WR_TOK_ID or a keyword. */
unsigned wr_token_of_word(const char *word, uint32_t len);
/* The usual spelling of a keyword token, "" for others. */
const char *wr_keyword_spelling(unsigned kind);

#endif
