/* condition_texts.h: the conditions of the last few texts that an expression window was given.
 *
 * Streams that switch between a handful of texts have each compiled once. The one used longest ago makes
 * room. */
#ifndef WR_CONDITION_TEXTS_H
#define WR_CONDITION_TEXTS_H

#include "base/arena.h"
#include "plan/plan.h"

#define WR_CONDITION_TEXTS 8

typedef struct wr_condition_text {
    weir_string text; /* in the arena, as the condition is */
    weir_arena arena;
    wr_condition condition; /* without expr: the place is free */
    uint64_t used;          /* when it was asked for last */
} wr_condition_text;

typedef struct wr_condition_texts {
    const wr_condition_scope *scope;
    const wr_schema *schema;
    uint64_t asked;
    wr_condition_text list[WR_CONDITION_TEXTS];
} wr_condition_texts;

/* scope and schema are borrowed. Allocates nothing. */
void wr_condition_texts_init(wr_condition_texts *c, const wr_condition_scope *scope, const wr_schema *schema,
                             wr_account *account);
void wr_condition_texts_fini(wr_condition_texts *c);

/* The condition of a text, which stays for as long as it is given as `keep` (or NULL) in every later call.
 * WEIR_EVALUE when the text is none. */
weir_status wr_condition_texts_get(wr_condition_texts *c, const weir_string *text,
                                   const wr_condition_text *keep, const wr_condition_text **out,
                                   weir_error *err) WR_NODISCARD;

#endif
