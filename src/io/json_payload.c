/* json_payload.c: see json_payload.h. */
#include "io/json_payload.h"

#include "io/encode.h"
#include "io/json_write.h"

/* Whether a part follows an odd number of quotes. */
static void find_strings(wr_json_payload *p) {
    bool inside = false;
    for (uint32_t i = 0; i < p->text.n; i++) {
        const wr_template_part *part = &p->text.parts[i];
        p->in_string[i] = inside;
        for (uint32_t k = 0; part->column == WR_TEMPLATE_LITERAL && k < part->len; k++) {
            if (part->text[k] == '\\' && inside)
                k++;
            else if (part->text[k] == '"')
                inside = !inside;
        }
    }
}

weir_status wr_json_payload_parse(const char *format, const char *text, const weir_schema *schema,
                                  weir_arena *arena, wr_json_payload *out, weir_error *err) {
    WR_TRY(wr_payload_parse(text, schema, arena, &out->text, err));
    if (!out->text.n) return weir_fail(err, WEIR_ECONFIG, "%s: @payload is empty", format);
    out->in_string = wr_arena_zero(arena, out->text.n, sizeof *out->in_string);
    if (!out->in_string) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    find_strings(out);
    return WEIR_OK;
}

static bool put_literal(weir_encoded *e, const wr_template_part *part) {
    if (!weir_encoded_reserve(e, part->len)) return false;
    wr_encode_bytes(e, part->text, part->len);
    return true;
}

bool wr_json_payload_put(const wr_json_payload *p, const weir_batch *rows, uint32_t row,
                         wr_template_cell *outside, weir_encoded *e) {
    bool ok = true;
    for (uint32_t i = 0; ok && i < p->text.n; i++) {
        const wr_template_part *part = &p->text.parts[i];
        if (part->column == WR_TEMPLATE_LITERAL)
            ok = put_literal(e, part);
        else if (p->in_string[i])
            ok = wr_json_put_within_string(e, &rows->cols[part->column], row);
        else
            ok = outside(e, &rows->cols[part->column], row);
    }
    return ok;
}
