/* condition.h: the condition of an expression window, made of its text.
 *
 * Constant texts are compiled while the app is planned. A text that is an attribute comes with each event:
 * the executor compiles it then, by the same rules, with what the plan of the window keeps for it. */
#ifndef WR_PLAN_CONDITION_H
#define WR_PLAN_CONDITION_H

#include "plan/scope.h"

/* The condition in a string constant over an input. False when it failed (told). */
bool wr_plan_condition(wr_planner *p, const wr_ast_expr *constant, const wr_scope_input *input,
                       wr_condition *out);

/* The condition in a text over rows of a schema. It lives in the arena and is no longer needed by anything
 * else; the schema must outlive it. Its type may be any: whether that is an error, callers say.
 * WEIR_EVALUE and the first reason when it is none. */
weir_status wr_plan_condition_text(const wr_condition_scope *scope, const wr_schema *schema, const char *text,
                                   uint32_t len, weir_arena *arena, wr_condition *out,
                                   weir_error *err) WR_NODISCARD;

#endif
