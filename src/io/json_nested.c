/* json_nested.c: see json_nested.h. */
#include "io/json_nested.h"

#include <string.h>

#include "data/json.h"
#include "data/text.h"
#include "data/value.h"

static void no_memory(wr_json_row *row, uint32_t column) {
    wr_json_set_fault(row, WR_JSON_FAULT_CELL, WR_CELL_NOMEM, column, "", 0);
}

/* The value with all that it holds, in the arena of the rows. WEIR_EPARSE: it is nested too deep. */
static weir_status read_value(wr_json_row *row, const char *text, size_t len, weir_value *out) {
    static const wr_json_reading reading = {.order = WEIR_MAP_LINKED, .plain_lists = true};
    weir_error unused = {0};
    WR_TRY(wr_json_to_value(text, len, &reading, row->rows->arena, out, &unused));
    return out->type == WEIR_OBJECT && !out->is_null ? weir_arena_own(row->rows->arena, out->as.o) : WEIR_OK;
}

static void store_json_text(wr_json_row *row, uint32_t column, const weir_value *v) {
    wr_buf text = WR_BUF_INIT;
    wr_json_of_value(&text, v, WR_JSON_PLAIN);
    char *kept = text.failed ? NULL : weir_arena_alloc(row->rows->arena, text.len);
    if (kept) memcpy(kept, text.data, text.len);
    if (kept)
        wr_json_store_text(row, column, kept, text.len);
    else
        no_memory(row, column);
    wr_buf_fini(&text);
}

/* Whether writing it anew would change nothing: no blanks and no numbers with a point or exponent outside of
 * strings, and no escapes within. */
static bool is_compact(const char *text, size_t len) {
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '"') in_string = !in_string;
        if (in_string ? c == '\\' : (unsigned char)c <= ' ' || c == '.' || c == 'E') return false;
        if (!in_string && c == 'e' && text[i - 1] >= '0' && text[i - 1] <= '9') return false;
    }
    return true;
}

void wr_json_store_nested(wr_json_row *row, uint32_t column, const char *text, size_t len) {
    weir_column *c = &row->rows->cols[column];
    bool keeps = row->keeps_maps && c->type == WEIR_OBJECT;
    weir_value v;
    if (!keeps && is_compact(text, len)) {
        wr_json_store_text(row, column, text, len);
        return;
    }
    weir_status status = read_value(row, text, len, &v);
    if (status == WEIR_EPARSE)
        wr_json_store_text(row, column, text, len);
    else if (status)
        no_memory(row, column);
    else if (keeps)
        ((weir_object **)c->data)[row->rows->n] = v.as.o;
    else
        store_json_text(row, column, &v);
}

/* ---- Paths that may find several places --------------------------------------------------------------- */

bool wr_json_path_is_plain(const char *path) {
    char quote = 0;
    if (!strcmp(path, "$")) return false;
    for (const char *p = path; *p; p++) {
        if (quote)
            quote = *p == quote ? 0 : quote;
        else if (*p == '[' && (p[1] == '\'' || p[1] == '"'))
            quote = *++p;
        else if (strchr("*()?@,", *p) || (*p == '.' && p[1] == '.') || (*p == '[' && p[1] == '-') ||
                 (*p == '[' && strcspn(p, ":") < strcspn(p, "]")))
            return false;
    }
    return true;
}

static void store_scalar(wr_json_row *row, uint32_t column, const weir_value *v) {
    wr_buf text = WR_BUF_INIT;
    if (row->rows->cols[column].type == WEIR_OBJECT && v->type != WEIR_STRING) {
        wr_json_store_boxed(row, column, v);
        return;
    }
    wr_text_of_value(&text, v);
    char *kept = text.failed ? NULL : weir_arena_alloc(row->rows->arena, text.len + 1);
    if (kept && text.len) memcpy(kept, text.data, text.len);
    if (kept)
        wr_json_store_text(row, column, kept, text.len);
    else
        no_memory(row, column);
    wr_buf_fini(&text);
}

static void store_found(wr_json_row *row, uint32_t column, const weir_value *v) {
    weir_type type = row->rows->cols[column].type;
    weir_set_valid(&row->rows->cols[column], row->rows->n);
    if (v->is_null)
        wr_cell_set_null(&row->rows->cols[column], row->rows->n);
    else if (v->type == WEIR_OBJECT && type != WEIR_STRING && type != WEIR_OBJECT)
        wr_json_set_fault(row, WR_JSON_FAULT_KIND, WR_CELL_MALFORMED, column, "[", 1);
    else if (v->type == WEIR_OBJECT)
        store_json_text(row, column, v);
    else
        store_scalar(row, column, v);
}

static void search_for(wr_json_row *row, const wr_json_search_for *s, bool fail_missing,
                       const weir_value *event) {
    wr_json_found found = {0};
    weir_error unused = {0};
    weir_status status = wr_json_path_find(s->path, event, true, row->rows->arena, &found, &unused);
    if (status == WEIR_ENOMEM) {
        no_memory(row, s->column);
    } else if (status || found.is_missing) {
        wr_cell_set_null(&row->rows->cols[s->column], row->rows->n);
        if (fail_missing) wr_json_set_fault(row, WR_JSON_FAULT_MISSING, WR_CELL_OK, s->column, "", 0);
    } else {
        store_found(row, s->column, &found.value);
    }
}

void wr_json_search_event(wr_json_row *row, const wr_json_search_for *list, bool fail_missing,
                          const char *text, size_t len) {
    weir_value event;
    if (!list) return;
    weir_status status = read_value(row, text, len, &event);
    if (status) {
        wr_json_set_fault(row, WR_JSON_FAULT_CELL, status == WEIR_ENOMEM ? WR_CELL_NOMEM : WR_CELL_MALFORMED,
                          list->column, text, len);
        return;
    }
    for (const wr_json_search_for *s = list; s; s = s->next) search_for(row, s, fail_missing, &event);
}
