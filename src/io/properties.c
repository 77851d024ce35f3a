/* properties.c: see properties.h. */
#include "io/properties.h"

#include <stdio.h>
#include <string.h>

static bool is_known(const weir_property *known, const char *name) {
    for (; known && known->name; known++)
        if (strcmp(known->name, "*") == 0 || strcmp(known->name, name) == 0) return true;
    return false;
}

static weir_status refuse(const weir_source_type *type, const char *name, weir_error *err) {
    const weir_property *known = type->properties;
    weir_fail(err, WEIR_ENAME, "@source(type='%s') has no transport properties such as 'trp:%s'", type->name,
              name);
    if (!err || !known || !known->name) return WEIR_ENAME;
    size_t n = (size_t)snprintf(err->hint, sizeof err->hint, "it has '%s'", known->name);
    while ((++known)->name && n < sizeof err->hint)
        n += (size_t)snprintf(err->hint + n, sizeof err->hint - n, ", '%s'", known->name);
    return WEIR_ENAME;
}

weir_status wr_properties_add(wr_properties *p, const weir_source_type *type, const char *name,
                              uint32_t column, const weir_schema *schema, weir_arena *arena,
                              weir_error *err) {
    uint32_t i = 0;
    if (!is_known(type->properties, name)) return refuse(type, name, err);
    if (!p->names) { /* never more than attributes */
        p->names = wr_arena_zero(arena, schema->n_attributes, sizeof *p->names);
        p->columns = wr_arena_zero(arena, schema->n_attributes, sizeof *p->columns);
        if (!p->names || !p->columns) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    }
    while (i < p->n_names && strcmp(p->names[i], name) != 0) i++;
    if (i == p->n_names && !(p->names[p->n_names++] = wr_arena_strndup(arena, name, strlen(name))))
        return weir_fail(err, WEIR_ENOMEM, "out of memory");
    p->columns[p->n_columns++] = (wr_property_column){column, i};
    return WEIR_OK;
}

bool wr_properties_fill(const wr_properties *p, const weir_schema *schema, const weir_text *values,
                        weir_rows *rows, uint32_t row, char *reason, size_t reason_size) {
    wr_string_heap heap = {.arena = rows->arena};
    for (uint32_t i = 0; i < p->n_columns; i++) {
        weir_column *c = &rows->cols[p->columns[i].column];
        const weir_text *v = values ? &values[p->columns[i].property] : NULL;
        if (!c->data) continue;
        if (!v || !v->bytes) {
            wr_cell_set_null(c, row);
        } else if (wr_cell_from_text[c->type](c, row, v->bytes, v->len, &heap) != WR_CELL_OK) {
            const weir_attribute *a = &schema->attributes[p->columns[i].column];
            snprintf(reason, reason_size, "column '%s': the property '%s' is '%.*s', which is no %s", a->name,
                     p->names[p->columns[i].property], (int)WR_MIN(v->len, (size_t)40), v->bytes,
                     weir_type_name(a->type));
            return false;
        }
    }
    return true;
}
