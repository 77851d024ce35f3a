/* csv_layout.c: see csv_layout.h. */
#include "io/csv_layout.h"

#include <string.h>

#include "base/alloc.h"
#include "io/table.h"

static bool is_wanted(const wr_csv_layout *l, uint32_t column) {
    return !l->args->wanted || l->args->wanted[column];
}

static const char *mapping_of(const wr_csv_layout *l, uint32_t column) {
    return l->args->mapping ? l->args->mapping[column] : NULL;
}

static bool is_position(const char *text, uint32_t *out) {
    uint64_t v = 0;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || v > 1000000) return false;
        v = v * 10 + (uint64_t)(*p - '0');
    }
    *out = (uint32_t)v;
    return *text && v <= 1000000;
}

static bool set_target(wr_csv_layout *l, uint32_t field, uint32_t column) {
    uint32_t old = l->cap_targets;
    if (wr_grow(NULL, &l->targets, &l->cap_targets, field + 1, sizeof *l->targets)) return false;
    if (l->cap_targets > old) memset(l->targets + old, 0, (l->cap_targets - old) * sizeof *l->targets);
    l->targets[field] = (wr_csv_target){wr_cell_from_text[l->args->schema->attributes[column].type], column};
    l->n_targets = WR_MAX(l->n_targets, field + 1);
    return true;
}

static void clear_targets(wr_csv_layout *l) {
    if (l->targets) memset(l->targets, 0, l->cap_targets * sizeof *l->targets);
    l->n_targets = l->n_absent = l->n_fields = 0;
}

bool wr_csv_layout_by_position(wr_csv_layout *l) {
    uint32_t n = l->args->schema->n_attributes;
    clear_targets(l);
    if (!l->args->mapping) l->n_fields = n;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t field = i;
        if (mapping_of(l, i)) (void)is_position(mapping_of(l, i), &field);
        if (is_wanted(l, i) && !set_target(l, field, i)) return false;
    }
    return true;
}

/* Finds the field with this name in a header; spaces around it don't count. */
static bool find_name(const wr_csv_layout *l, const char *p, const char *end, const char *name,
                      uint32_t *out) {
    size_t len = strlen(name);
    wr_csv_field f;
    for (uint32_t i = 0;; i++) {
        p = wr_csv_next_field(l->dialect, p, end, &f);
        while (f.len && *f.text == ' ') f.text++, f.len--;
        while (f.len && (f.text[f.len - 1] == ' ' || f.text[f.len - 1] == '\r')) f.len--;
        if (f.len == len && memcmp(f.text, name, len) == 0) {
            *out = i;
            return true;
        }
        if (f.end != WR_CSV_END_FIELD) return false;
    }
}

static uint32_t count_fields(const wr_csv_layout *l, const char *p, size_t len) {
    const char *end = p + len;
    wr_csv_field f;
    uint32_t n = 0;
    do {
        p = wr_csv_next_field(l->dialect, p, end, &f);
        n++;
    } while (f.end == WR_CSV_END_FIELD);
    return n;
}

const char *wr_csv_layout_name(const wr_csv_layout *l, uint32_t column) {
    return mapping_of(l, column) ? mapping_of(l, column) : l->args->schema->attributes[column].name;
}

static bool find_in_header(const wr_csv_layout *l, const char *name, uint32_t *out) {
    return find_name(l, l->header.data, l->header.data + l->header.len, name, out);
}

bool wr_csv_layout_by_header(wr_csv_layout *l) {
    const weir_schema *schema = l->args->schema;
    clear_targets(l);
    l->n_fields = count_fields(l, l->header.data, l->header.len);
    for (uint32_t i = 0; i < schema->n_attributes; i++) {
        if (!is_wanted(l, i)) continue;
        const char *name = wr_csv_layout_name(l, i);
        uint32_t field;
        bool found = find_in_header(l, name, &field) ||
                     (mapping_of(l, i) && is_position(name, &field) && field < l->n_fields);
        if (!found)
            l->absent[l->n_absent++] = i;
        else if (!set_target(l, field, i))
            return false;
    }
    return true;
}

bool wr_csv_layout_is_header(const wr_csv_layout *l, const char *p, size_t len) {
    uint32_t field, n_named = 0;
    if (len == l->header.len && memcmp(p, l->header.data, len) == 0) return true;
    for (uint32_t i = 0; i < l->args->schema->n_attributes; i++) {
        const char *name = wr_csv_layout_name(l, i);
        if (!is_wanted(l, i) || (mapping_of(l, i) && is_position(name, &field))) continue;
        if (!find_name(l, p, p + len, name, &field)) return false;
        n_named++;
    }
    return n_named > 0;
}

/* ---- Life ---------------------------------------------------------------------------------------------- */

static weir_status check_mapping(const wr_csv_layout *l, weir_error *err) {
    uint32_t unused;
    for (uint32_t i = 0; i < l->args->schema->n_attributes; i++)
        if (mapping_of(l, i) && is_wanted(l, i) && !is_position(mapping_of(l, i), &unused))
            return weir_fail(err, WEIR_ECONFIG,
                             "csv: @attributes maps '%s' to the column '%s', which takes header='true'; "
                             "without a header give its position, from 0",
                             l->args->schema->attributes[i].name, mapping_of(l, i));
    return WEIR_OK;
}

weir_status wr_csv_layout_init(wr_csv_layout *l, const weir_decoder_args *args, wr_csv_dialect dialect,
                               bool has_header, weir_error *err) {
    *l = (wr_csv_layout){.args = args, .dialect = dialect};
    if (!has_header) WR_TRY(check_mapping(l, err));
    l->absent = wr_alloc(NULL, args->schema->n_attributes * sizeof *l->absent);
    if (!l->absent || (!has_header && !wr_csv_layout_by_position(l)))
        return weir_fail(err, WEIR_ENOMEM, "out of memory");
    return WEIR_OK;
}

void wr_csv_layout_fini(wr_csv_layout *l) {
    wr_free(NULL, l->targets, l->cap_targets * sizeof *l->targets);
    if (l->args) wr_free(NULL, l->absent, l->args->schema->n_attributes * sizeof *l->absent);
    wr_buf_fini(&l->header);
}
