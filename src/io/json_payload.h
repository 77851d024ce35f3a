/* json_payload.h: a @payload that is JSON: what stands within quotes there is escaped. */
#ifndef WR_IO_JSON_PAYLOAD_H
#define WR_IO_JSON_PAYLOAD_H

#include "io/template.h"

typedef struct wr_json_payload {
    wr_template text; /* n == 0: none */
    bool *in_string;  /* by part: it stands within quotes */
} wr_json_payload;

/* As wr_payload_parse. `format` is for messages. */
weir_status wr_json_payload_parse(const char *format, const char *text, const weir_schema *schema,
                                  weir_arena *arena, wr_json_payload *out, weir_error *err) WR_NODISCARD;
/* Appends the text for one row; `outside` spells cells that stand in no quotes. False: no memory. */
bool wr_json_payload_put(const wr_json_payload *p, const weir_batch *rows, uint32_t row,
                         wr_template_cell *outside, weir_encoded *e);

#endif
