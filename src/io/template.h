/* template.h: texts with {{attribute}} in them, as @payload and the options of sinks hold them. */
#ifndef WR_IO_TEMPLATE_H
#define WR_IO_TEMPLATE_H

#include "base/arena.h"
#include "base/compiler.h"
#include "weir_io.h"

#define WR_TEMPLATE_LITERAL UINT32_MAX

typedef struct wr_template_part {
    const char *text; /* of a literal */
    uint32_t len;
    uint32_t column; /* or WR_TEMPLATE_LITERAL */
} wr_template_part;

typedef struct wr_template {
    wr_template_part *parts;
    uint32_t n;
} wr_template;

/* True when the text holds {{…}}. */
bool wr_template_is(const char *text);
/* Takes the text apart, in the arena; `what` names its owner in messages: "@payload". An attribute that the
 * schema doesn't have is WEIR_ENAME. A brace that opens no {{…}} stands for itself. */
weir_status wr_template_parse(const char *what, const char *text, const weir_schema *schema,
                              weir_arena *arena, wr_template *out, weir_error *err) WR_NODISCARD;

/* A text of @payload. As in Siddhi the mere name of an attribute stands for it, blanks around it or not, and
 * a text in `backquotes` without blanks in it for itself. */
weir_status wr_payload_parse(const char *text, const weir_schema *schema, weir_arena *arena, wr_template *out,
                             weir_error *err) WR_NODISCARD;

/* Appends a cell in the format's own spelling; false: no memory. */
typedef bool wr_template_cell(weir_encoded *e, const weir_column *c, uint32_t row);
/* Appends the text for one row; false: no memory. */
bool wr_template_put(const wr_template *t, const weir_batch *rows, uint32_t row, wr_template_cell *cell,
                     weir_encoded *e);

/* Cells as Siddhi's templates spell them: what Java's String.valueOf says (1.0E10, null). */
bool wr_template_java_cell(weir_encoded *e, const weir_column *c, uint32_t row);

#endif
