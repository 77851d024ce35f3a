/* parser.h: text to syntax tree.
 *
 * Each call reports every error it finds in diags (placed in the source) and then returns WEIR_EPARSE with
 * *out == NULL; WEIR_ENOMEM is reported there too. On WEIR_OK *out is the tree, in the arena. The tree keeps
 * no pointer into the source. An arena holds several trees as well as one; after an error it may hold
 * leftovers.
 */
#ifndef WR_LANG_PARSER_H
#define WR_LANG_PARSER_H

#include "base/arena.h"
#include "lang/ast.h"
#include "lang/diag.h"
#include "lang/source.h"

weir_status wr_parse_app(const wr_source *source, weir_arena *arena, wr_ast_app **out,
                         wr_diag *diags) WR_NODISCARD;
weir_status wr_parse_on_demand(const wr_source *source, weir_arena *arena, wr_ast_on_demand **out,
                               wr_diag *diags) WR_NODISCARD;
/* One expression and nothing else: the condition that the expression windows are given as a string. */
weir_status wr_parse_expression(const wr_source *source, weir_arena *arena, wr_ast_expr **out,
                                wr_diag *diags) WR_NODISCARD;

#endif
