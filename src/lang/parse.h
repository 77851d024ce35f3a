/* parse.h: what the parse_*.c files share. Recursive descent over an array of tokens; one function for a rule
 * of the grammar, which stands above it. Only lang includes this; parser.h is for others.
 *
 * Errors: a function that meets something it can't go on from reports it once (wr_expected, wr_wrong_at), and
 * returns NULL or false; so do its callers, up to the statement, which skips to the next one. What is wrong
 * but understood is reported and parsing goes on (wr_wrong_at alone). Out of memory sets p->out_of_memory and
 * goes up the same way.
 *
 * Notation of the rules: { x } any number of times, [ x ] once or not at all; name is an identifier or any
 * keyword, id is an identifier that is no keyword; either may be in back-ticks. */
#ifndef WR_LANG_PARSE_H
#define WR_LANG_PARSE_H

#include <locale.h>

#include "lang/lexer.h"
#include "lang/parser.h"

typedef struct wr_parser {
    const wr_source *source;
    const char *text;
    weir_arena *arena;
    wr_diag *diags;
    wr_token *tokens; /* all of them, EOF last */
    uint32_t n_tokens, cap_tokens;
    uint32_t at;       /* the current token */
    uint32_t depth;    /* levels of nesting we are in */
    locale_t c_locale; /* numbers are read with '.' whatever the program's locale */
    bool failed;       /* an error was reported */
    bool out_of_memory;
} wr_parser;

/* ---- parse_core.c: life, tokens, lists ---------------------------------------------------------------- */

/* Lexes the source. Reports and returns false when memory is out. wr_parser_fini in every case. */
bool wr_parser_init(wr_parser *p, const wr_source *source, weir_arena *arena, wr_diag *diags);
void wr_parser_fini(wr_parser *p);
weir_status wr_parser_status(wr_parser *p); /* reports out of memory, if that is what happened */

static inline unsigned wr_peek(const wr_parser *p) { return p->tokens[p->at].kind; }
/* Of the k-th token after the current one; EOF past the end. */
static inline unsigned wr_peek_after(const wr_parser *p, uint32_t k) {
    return p->n_tokens - p->at > k ? p->tokens[p->at + k].kind : (unsigned)WR_TOK_EOF;
}
static inline wr_span wr_token_span(const wr_parser *p) {
    return (wr_span){p->tokens[p->at].begin, p->tokens[p->at].end};
}
static inline bool wr_kind_is_number(unsigned kind) {
    return kind >= WR_TOK_INT_LITERAL && kind <= WR_TOK_DOUBLE_LITERAL;
}
static inline bool wr_kind_is_id(unsigned kind) { return kind == WR_TOK_ID || kind == WR_TOK_QUOTED_ID; }
static inline bool wr_kind_is_name(unsigned kind) { return wr_kind_is_id(kind) || wr_token_is_keyword(kind); }

void wr_advance(wr_parser *p);               /* stays at EOF */
bool wr_accept(wr_parser *p, unsigned kind); /* advances if the current token is of that kind */
/* Advances past a token of that kind, or reports that it was expected. */
bool wr_expect(wr_parser *p, unsigned kind);
/* From `begin` to the end of the last token passed. */
wr_span wr_span_since(const wr_parser *p, uint32_t begin);

void *wr_node(wr_parser *p, size_t size); /* zeroed, in the arena; NULL: out of memory */
/* Appends a copy of *element to the list of n elements in *(void **)list. */
bool wr_list_add(wr_parser *p, void *list, uint32_t *n, const void *element, size_t element_size);
#define WR_LIST_ADD(p, list, n, element) wr_list_add(p, &(list), &(n), &(element), sizeof(element))

/* One level deeper; false (reported) when that is too deep. wr_leave is only needed on success. */
bool wr_enter(wr_parser *p);
void wr_leave(wr_parser *p);

/* ---- parse_error.c ------------------------------------------------------------------------------------ */

/* Reports "found X, expected …" at the current token and returns false. words says what is expected, NULL:
 * the keywords or marks of `kinds` (ended by WR_TOK_EOF, may be NULL); these also serve to recognise a
 * misspelt keyword. hint is used when nothing better is known; may be NULL. */
bool wr_expected(wr_parser *p, const char *words, const uint8_t *kinds, const char *hint);
#define WR_KINDS(...) ((const uint8_t[]){__VA_ARGS__, WR_TOK_EOF})
/* Reports an error at a span and returns false. hint may be NULL. */
bool wr_wrong_at(wr_parser *p, wr_span span, const char *hint, const char *format, ...) WR_PRINTF(4, 5);
/* parse_hint.c: the likely meaning of the current token where something of `kinds` was expected, or "". */
void wr_parse_hint(const wr_parser *p, const uint8_t *kinds, char *hint, size_t size);

/* ---- parse_const.c ------------------------------------------------------------------------------------ */

wr_ast_expr *wr_parse_number(wr_parser *p);           /* [sign] number, or a time */
wr_ast_expr *wr_parse_string(wr_parser *p);           /* at a string */
wr_ast_expr *wr_parse_bool(wr_parser *p);             /* at true or false */
wr_ast_expr *wr_parse_time(wr_parser *p);             /* where only a time may stand */
bool wr_is_unit(unsigned kind);                       /* year … millisec */
bool wr_parse_whole_number(wr_parser *p, int32_t *n); /* a plain whole number */
/* The text of the string token in hand, copied, without quotes; *quote as in wr_ast_const. */
const char *wr_string_text(wr_parser *p, uint32_t *len, char *quote);

/* ---- parse_expr.c ------------------------------------------------------------------------------------- */

wr_ast_expr *wr_parse_expr(wr_parser *p);
wr_ast_expr *wr_parse_attr_ref(wr_parser *p); /* a reference to an attribute, nothing else */
wr_ast_call *wr_parse_call(wr_parser *p);
bool wr_parse_name(wr_parser *p, const char *what, wr_ast_name *name); /* what: "a stream name" */
bool wr_parse_id(wr_parser *p, const char *what, wr_ast_name *name);
bool wr_parse_source_name(wr_parser *p, const char *what, wr_ast_source *source);

/* ---- the other files ---------------------------------------------------------------------------------- */

bool wr_parse_annotations(wr_parser *p, wr_ast_annotations *out);     /* parse_annotation.c */
bool wr_parse_app_annotations(wr_parser *p, wr_ast_annotations *out); /* while @app: stands there */
bool wr_at_app_annotation(const wr_parser *p);

/* parse_definition.c, parse_query.c: a statement from its keyword on; its annotations, which begin at
 * `begin`, have been read. */
wr_ast_definition *wr_parse_definition(wr_parser *p, uint32_t begin, const wr_ast_annotations *annotations);
wr_ast_query *wr_parse_query(wr_parser *p, uint32_t begin, const wr_ast_annotations *annotations);
wr_ast_partition *wr_parse_partition(wr_parser *p, uint32_t begin, const wr_ast_annotations *annotations);
wr_ast_query *wr_parse_anonymous(wr_parser *p); /* ( from … return ) */

wr_ast_input *wr_parse_input(wr_parser *p); /* parse_input.c */
bool wr_parse_handlers(wr_parser *p, wr_ast_stream *stream,
                       bool with_window); /* filters, functions, window */
wr_ast_stream *wr_parse_single_input(wr_parser *p);
bool wr_parse_range(wr_parser *p, wr_ast_range **out); /* [ within … per … ] */
bool wr_keyword_is_name(const wr_parser *p);           /* `every`, `not` or `from` in hand names a stream */

/* parse_state.c: a pattern or sequence, the rest of one when its first stream is already there (or NULL). */
bool wr_parse_states(wr_parser *p, wr_ast_stream *first, wr_ast_input *input);
/* state_shape.c: whether the language has this arrangement of steps; reports. */
bool wr_check_states(wr_parser *p, const wr_ast_state *root, bool is_sequence);

bool wr_parse_selection(wr_parser *p, wr_ast_selection **out); /* parse_select.c; NULL: no select there */
bool wr_at_selection(const wr_parser *p);                      /* select, or a clause that belongs after it */
bool wr_parse_group_by(wr_parser *p, wr_ast_selection *selection);
bool wr_parse_select_list(wr_parser *p, wr_ast_selection *selection);

bool wr_parse_rate(wr_parser *p, wr_ast_rate **out); /* parse_output.c; NULL: none there */
wr_ast_output *wr_parse_output(wr_parser *p);
wr_ast_output *wr_parse_on_demand_output(wr_parser *p);
bool wr_parse_events(wr_parser *p, wr_ast_events *out); /* [ event_type ] */

/* parse_app.c: what the current token begins (for recovery and "missing ';'"). */
bool wr_at_definition(const wr_parser *p); /* define stream, … */
bool wr_at_partition(const wr_parser *p);  /* partition with */
bool wr_at_statement(const wr_parser *p);  /* those, from, @ */
/* To the next ';', definition or partition. */
void wr_skip_statement(wr_parser *p);
/* Reports that a ';' is missing after the last token passed. */
void wr_missing_semicolon(wr_parser *p);

#endif
