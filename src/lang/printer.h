/* printer.h: syntax tree to canonical text (`weir fmt`), comments kept.
 *
 * Parsing the text gives the same tree again (wr_ast_app_equal), and printing that gives the same text. The
 * source is the one that the tree was parsed from, without replaced variables: comments, blank lines between
 * statements and function bodies are taken from it. On WEIR_ENOMEM *out is of no use. */
#ifndef WR_LANG_PRINTER_H
#define WR_LANG_PRINTER_H

#include "base/buf.h"
#include "lang/ast.h"
#include "lang/source.h"

weir_status wr_print_app(const wr_ast_app *app, const wr_source *source, wr_buf *out) WR_NODISCARD;
weir_status wr_print_on_demand(const wr_ast_on_demand *query, const wr_source *source,
                               wr_buf *out) WR_NODISCARD;

/* On one line, without comments, for messages and `weir explain`. Parentheses are put where they are needed,
 * so trees that no parser made can be printed too. */
void wr_print_expr(const wr_ast_expr *expr, wr_buf *out);

#endif
