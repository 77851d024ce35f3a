/* template.c: see template.h. */
#include "io/template.h"

#include <stdio.h>

#include "data/text.h"
#include "data/value.h"
#include "io/encode.h"
#include "io/options.h"
#include "weir_format.h"

/* The next {{name}} from p on; *end is where it ends. NULL: none. */
static const char *find_slot(const char *p, const char **end) {
    for (; (p = strstr(p, "{{")); p++) {
        size_t len = strcspn(p + 2, "{}");
        if (p[2 + len] != '}' || p[3 + len] != '}') continue;
        *end = p + len + 4;
        return p;
    }
    return NULL;
}

bool wr_template_is(const char *text) {
    const char *end;
    return find_slot(text, &end) != NULL;
}

static weir_status find_column(const char *what, const char *name, size_t len, const weir_schema *schema,
                               uint32_t *out, weir_error *err) {
    char copy[128];
    snprintf(copy, sizeof copy, "%.*s", (int)WR_MIN(len, sizeof copy - 1), name);
    for (*out = 0; *out < schema->n_attributes; (*out)++)
        if (strcmp(schema->attributes[*out].name, copy) == 0) return WEIR_OK;
    weir_fail(err, WEIR_ENAME, "%s: '{{%s}}' names no attribute of '%s'", what, copy, schema->stream);
    wr_suggest_attribute(copy, schema, err);
    return WEIR_ENAME;
}

static uint32_t count_slots(const char *text) {
    uint32_t n = 0;
    for (const char *end; (text = find_slot(text, &end)); text = end) n++;
    return n;
}

weir_status wr_template_parse(const char *what, const char *text, const weir_schema *schema,
                              weir_arena *arena, wr_template *out, weir_error *err) {
    const char *copy = wr_arena_strndup(arena, text, strlen(text)), *end;
    *out =
        (wr_template){.parts = wr_arena_zero(arena, 2 * (size_t)count_slots(text) + 1, sizeof *out->parts)};
    if (!copy || !out->parts) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    for (const char *slot;; copy = end) {
        slot = find_slot(copy, &end);
        size_t len = slot ? (size_t)(slot - copy) : strlen(copy);
        if (len) out->parts[out->n++] = (wr_template_part){copy, (uint32_t)len, WR_TEMPLATE_LITERAL};
        if (!slot) return WEIR_OK;
        uint32_t column;
        WR_TRY(find_column(what, slot + 2, (size_t)(end - slot) - 4, schema, &column, err));
        out->parts[out->n++] = (wr_template_part){.column = column};
    }
}

static weir_status one_part(wr_template_part part, weir_arena *arena, wr_template *out, weir_error *err) {
    *out = (wr_template){wr_arena_zero(arena, 1, sizeof *out->parts), 1};
    if (!out->parts) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    out->parts[0] = part;
    return WEIR_OK;
}

weir_status wr_payload_parse(const char *text, const weir_schema *schema, weir_arena *arena, wr_template *out,
                             weir_error *err) {
    size_t len = strlen(text), blanks = strspn(text, " \t\r\n"), name_len = strcspn(text + blanks, " \t\r\n");
    bool is_word = text[blanks + name_len + strspn(text + blanks + name_len, " \t\r\n")] == 0;
    uint32_t column = is_word ? weir_schema_find(schema, text + blanks, name_len) : UINT32_MAX;
    if (column != UINT32_MAX) return one_part((wr_template_part){.column = column}, arena, out, err);
    if (len < 2 || *text != '`' || text[len - 1] != '`' || name_len != len)
        return wr_template_parse("@payload", text, schema, arena, out, err);
    const char *copy = wr_arena_strndup(arena, text + 1, len - 2);
    if (!copy) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    return wr_template_parse("@payload", copy, schema, arena, out, err);
}

bool wr_template_put(const wr_template *t, const weir_batch *rows, uint32_t row, wr_template_cell *cell,
                     weir_encoded *e) {
    for (uint32_t i = 0; i < t->n; i++) {
        const wr_template_part *p = &t->parts[i];
        if (p->column != WR_TEMPLATE_LITERAL) {
            if (!cell(e, &rows->cols[p->column], row)) return false;
            continue;
        }
        if (!weir_encoded_reserve(e, p->len)) return false;
        wr_encode_bytes(e, p->text, p->len);
    }
    return true;
}

static bool put_value(weir_encoded *e, const weir_value *v) {
    wr_buf text = WR_BUF_INIT;
    wr_text_of_value(&text, v);
    bool ok = !text.failed && weir_encoded_reserve(e, text.len);
    if (ok) wr_encode_bytes(e, text.data, text.len);
    wr_buf_fini(&text);
    return ok;
}

bool wr_template_java_cell(weir_encoded *e, const weir_column *c, uint32_t row) {
    if (!c->boxed && c->type == WEIR_STRING && !weir_is_null(c, row)) {
        const weir_string *s = (const weir_string *)c->data + row;
        if (!weir_encoded_reserve(e, s->len)) return false;
        wr_encode_bytes(e, weir_string_data(s), s->len);
        return true;
    }
    if (!weir_encoded_reserve(e, WR_NUMBER_TEXT)) return false;
    weir_value v = wr_column_get(c, row);
    if (v.is_null || v.type == WEIR_OBJECT || v.type == WEIR_STRING) return put_value(e, &v);
    char *out = e->data + e->len;
    switch (v.type) {
    case WEIR_INT: e->len += wr_text_of_long(v.as.i, out); break;
    case WEIR_LONG: e->len += wr_text_of_long(v.as.l, out); break;
    case WEIR_FLOAT: e->len += wr_text_of_float(v.as.f, out); break;
    case WEIR_DOUBLE: e->len += wr_text_of_double(v.as.d, out); break;
    default: wr_encode_bytes(e, v.as.b ? "true" : "false", v.as.b ? 4 : 5); break;
    }
    return true;
}
