/* print.h: what the print_*.c files share.
 *
 * Layout is decided by groups, as in Wadler's prettier printer: a group is first printed flat, where each
 * line break is a blank; if it does not fit, or a comment in it needs a line end, it is printed again with
 * its breaks as line ends, and the groups inside it decide for themselves.
 *
 * Comments are printed before the first thing that stood behind them in the source. So whatever prints a name
 * or constant says where it stood, and so does a line break for what follows it. A comment that stood at the
 * end of a line is put at the end of a line again, one on a line of its own gets one. */
#ifndef WR_LANG_PRINT_H
#define WR_LANG_PRINT_H

#include "lang/printer.h"

#define WR_PRINT_WIDTH  100u /* characters on a line, if it can be had */
#define WR_PRINT_SHORT  80u  /* a query longer than this is printed with one clause on a line */
#define WR_PRINT_INDENT 4u

typedef struct wr_comment {
    wr_span span;
    bool is_line;      /* -- to the end of the line */
    bool is_multiline; /* has a line end inside */
    bool is_first;     /* only blanks stand before it on its line */
    bool is_last;      /* only blanks stand behind it on its line */
} wr_comment;

/* What a failed try at a flat layout has to restore. */
typedef struct wr_print_state {
    size_t line_begin;     /* of the current line in out */
    uint32_t next_comment; /* index of the first one that has not been printed */
    uint32_t indent;       /* columns, for lines that begin from here on */
    uint32_t line_indent;  /* of the current line, which is empty so far */
    bool at_line_begin;    /* nothing, not even indentation, is on the current line */
    bool space;            /* a blank comes before the next text, unless that begins a line */
    bool must_break;       /* a line comment was printed: the next text begins a line */
    bool flat;
    uint32_t flat_width; /* limit for the flat layout being tried */
    bool overflow;       /* the flat layout being tried does not fit */
} wr_print_state;

typedef struct wr_printer {
    wr_buf *out;
    const wr_source *source; /* or NULL */
    wr_comment *comments;
    uint32_t n_comments, cap_comments;
    wr_print_state s;
} wr_printer;

/* ---- print_core.c ------------------------------------------------------------------------------------- */

bool wr_pr_init(wr_printer *pr, const wr_source *source, wr_buf *out); /* false: out of memory */
void wr_pr_fini(wr_printer *pr);

void wr_pr_puts(wr_printer *pr, const char *text); /* no line ends in it */
void wr_pr_putn(wr_printer *pr, const char *text, size_t len);
void wr_pr_space(wr_printer *pr);
void wr_pr_comments(wr_printer *pr, uint32_t pos); /* those that stood before pos */
/* Line break before what stood at pos, where it may be flat: then it is a blank, or nothing. */
void wr_pr_line(wr_printer *pr, uint32_t pos);
void wr_pr_softline(wr_printer *pr, uint32_t pos);
/* Before a closing bracket that stood at pos: a step of indentation less, and a softline. */
void wr_pr_close(wr_printer *pr, uint32_t pos);
void wr_pr_hardline(wr_printer *pr, uint32_t pos); /* line break that is always one */
typedef enum wr_blank {
    WR_BLANK_KEPT, /* an empty line where the source has one or more, also round comments */
    WR_BLANK_ONE   /* as KEPT, and an empty line first in any case */
} wr_blank;
/* Hard line break, with empty lines, before a statement that begins at `begin`; pos as above. */
void wr_pr_begin_statement(wr_printer *pr, uint32_t pos, uint32_t begin, wr_blank blank);
void wr_pr_indent(wr_printer *pr, int steps);
/* Prints node by fn, flat if that fits into `width` columns. */
typedef void wr_pr_fn(wr_printer *pr, const void *node);
void wr_pr_group(wr_printer *pr, uint32_t width, wr_pr_fn *fn, const void *node);

/* ---- print_expr.c ------------------------------------------------------------------------------------- */

/* Where the first name or constant stands, for line breaks: what stands before it ('(', '#', '!') takes no
 * position, so comments behind that belong before the line break too. */
uint32_t wr_pr_expr_start(const wr_ast_expr *e);
uint32_t wr_pr_stream_start(const wr_ast_stream *stream);
uint32_t wr_pr_input_start(const wr_ast_input *input);
uint32_t wr_pr_statement_start(const wr_ast_annotations *annotations, wr_span statement);

void wr_pr_name(wr_printer *pr, const wr_ast_name *name);
void wr_pr_source(wr_printer *pr, const wr_ast_source *source);
void wr_pr_string(wr_printer *pr, const char *text, size_t len, char quote);
void wr_pr_expr(wr_printer *pr, const wr_ast_expr *e);
void wr_pr_call(wr_printer *pr, const wr_ast_call *call);

/* ---- print_input.c, print_query.c, print_definition.c ------------------------------------------------- */

void wr_pr_stream(wr_printer *pr, const wr_ast_stream *stream);
void wr_pr_input(wr_printer *pr, const wr_ast_input *input);
void wr_pr_range(wr_printer *pr, const wr_ast_range *range);
void wr_pr_events(wr_printer *pr, wr_ast_events events); /* "all events " or nothing */
void wr_pr_selection(wr_printer *pr,
                     const wr_ast_selection *s); /* each clause after a line break of its own */
void wr_pr_output(wr_printer *pr, const wr_ast_output *o);
void wr_pr_query_body(wr_printer *pr, const void *query); /* a wr_pr_fn: no annotations */
void wr_pr_query(wr_printer *pr, const wr_ast_query *query);
void wr_pr_partition(wr_printer *pr, const wr_ast_partition *part);
void wr_pr_annotation(wr_printer *pr, const wr_ast_annotation *annotation);
void wr_pr_annotations(wr_printer *pr, const wr_ast_annotations *annotations, uint32_t pos_after);
void wr_pr_definition(wr_printer *pr, const wr_ast_definition *d);

#endif
