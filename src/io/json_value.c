/* json_value.c: see json_value.h.
 *
 * Keys mostly come in the order in which the attributes are defined, so the next child of the tree is tried
 * first: one comparison a key. */
#include "io/json_value.h"

#include <string.h>

#include "io/json_nested.h"
#include "io/json_text.h"
#include "io/number.h"

void wr_json_set_fault(wr_json_row *row, int what, wr_cell_status status, uint32_t column, const char *text,
                       size_t len) {
    if (row->fault.what != WR_JSON_FAULT_NONE && status != WR_CELL_NOMEM) return;
    row->fault = (wr_json_fault){.status = status, .column = column, .text = text, .len = len};
    row->fault.what = what;
}

static void mark_seen(wr_json_row *row, uint32_t column) {
    uint64_t bit = (uint64_t)1 << (column & 63);
    row->n_seen += !(row->seen[column >> 6] & bit);
    row->seen[column >> 6] |= bit;
}

void wr_json_store_text(wr_json_row *row, uint32_t column, const char *text, size_t len) {
    weir_column *c = &row->rows->cols[column];
    wr_cell_status status = wr_cell_from_text[c->type](c, row->rows->n, text, len, &row->heap);
    if (WR_UNLIKELY(status != WR_CELL_OK))
        wr_json_set_fault(row, WR_JSON_FAULT_CELL, status, column, text, len);
}

void wr_json_store_boxed(wr_json_row *row, uint32_t column, const weir_value *v) {
    weir_object *o = weir_object_new_value(v);
    if (!o || weir_arena_own(row->rows->arena, o) != WEIR_OK) {
        wr_json_set_fault(row, WR_JSON_FAULT_CELL, WR_CELL_NOMEM, column, "", 0);
        return;
    }
    ((weir_object **)row->rows->cols[column].data)[row->rows->n] = o;
}

static void store_escaped(wr_json_row *row, uint32_t column, const wr_json_string *s) {
    char *plain = wr_string_heap_take(&row->heap, s->len);
    if (!plain) {
        wr_json_set_fault(row, WR_JSON_FAULT_CELL, WR_CELL_NOMEM, column, "", 0);
        return;
    }
    size_t len = wr_json_unescape(s, plain);
    if (len == SIZE_MAX) {
        wr_json_set_fault(row, WR_JSON_FAULT_ESCAPE, WR_CELL_MALFORMED, column, s->text, s->len);
        return;
    }
    weir_column *c = &row->rows->cols[column];
    if (c->type != WEIR_STRING && c->type != WEIR_OBJECT) {
        wr_json_store_text(row, column, plain, len);
        return;
    }
    /* \u0000 is a character here, so this goes past the check for NUL */
    wr_cell_status status = WR_CELL_UTF8;
    if (wr_utf8_valid(plain, len) == len)
        status = wr_cell_set_string(c, row->rows->n, plain, len, &row->heap);
    if (status != WR_CELL_OK) wr_json_set_fault(row, WR_JSON_FAULT_CELL, status, column, s->text, s->len);
}

static const char *read_string(wr_json_row *row, uint32_t column, const char *p, const char *end) {
    wr_json_string s;
    p = wr_json_string_at(p, end, &s);
    if (!p) return NULL;
    if (WR_UNLIKELY(s.has_escapes))
        store_escaped(row, column, &s);
    else
        wr_json_store_text(row, column, s.text, s.len);
    return p;
}

static void store_boxed_number(wr_json_row *row, uint32_t column, const char *text, size_t len,
                               bool is_integer) {
    weir_value v = {.type = WEIR_LONG};
    wr_number_status status = WR_NUMBER_RANGE;
    if (is_integer) status = wr_parse_long(text, len, &v.as.l);
    if (status != WR_NUMBER_OK) {
        v.type = WEIR_DOUBLE;
        status = wr_parse_double(text, len, &v.as.d);
    }
    if (status == WR_NUMBER_OK)
        wr_json_store_boxed(row, column, &v);
    else
        wr_json_set_fault(row, WR_JSON_FAULT_CELL, WR_CELL_RANGE, column, text, len);
}

static const char *read_number(wr_json_row *row, uint32_t column, const char *p, const char *end) {
    const char *text = p;
    bool is_integer;
    p = wr_json_number_at(p, end, &is_integer);
    if (!p) return NULL;
    size_t len = (size_t)(p - text);
    weir_type type = row->rows->cols[column].type;
    if (WR_UNLIKELY(type == WEIR_OBJECT))
        store_boxed_number(row, column, text, len, is_integer);
    else
        wr_json_store_text(row, column, text, len);
    return p;
}

static const char *read_bool(wr_json_row *row, uint32_t column, const char *p, const char *end) {
    bool value = *p == 't';
    const char *text = p;
    p = wr_json_word_at(p, end, value ? "true" : "false");
    if (!p) return NULL;
    if (row->rows->cols[column].type == WEIR_OBJECT)
        wr_json_store_boxed(row, column, &(weir_value){.type = WEIR_BOOL, .as.b = value});
    else
        wr_json_store_text(row, column, text, (size_t)(p - text));
    return p;
}

/* An object or array where an attribute is expected: fits strings and objects. */
static const char *read_nested(wr_json_row *row, uint32_t column, const char *p, const char *end,
                               unsigned depth) {
    const char *text = p;
    p = wr_json_skip_value(p, end, depth);
    if (!p) return NULL;
    size_t len = (size_t)(p - text);
    weir_type type = row->rows->cols[column].type;
    if (type == WEIR_STRING || type == WEIR_OBJECT)
        wr_json_store_nested(row, column, text, len);
    else
        wr_json_set_fault(row, WR_JSON_FAULT_KIND, WR_CELL_MALFORMED, column, text, len);
    return p;
}

const char *wr_json_read_leaf(wr_json_row *row, const wr_json_node *leaf, const char *p, const char *end,
                              unsigned depth) {
    uint32_t column = leaf->column;
    mark_seen(row, column);
    if (!leaf->is_wanted) return wr_json_skip_value(p, end, depth);
    /* a name may come twice: the last one counts */
    weir_set_valid(&row->rows->cols[column], row->rows->n);
    switch (*p) {
    case '"': return read_string(row, column, p, end);
    case 't':
    case 'f': return read_bool(row, column, p, end);
    case 'n':
        p = wr_json_word_at(p, end, "null");
        if (p) wr_cell_set_null(&row->rows->cols[column], row->rows->n);
        return p;
    case '{':
    case '[': return read_nested(row, column, p, end, depth);
    default: return read_number(row, column, p, end);
    }
}

static const wr_json_node *element(const wr_json_node *node, uint32_t index) {
    for (const wr_json_node *c = node->children; c; c = c->next)
        if (!c->name && c->index == index) return c;
    return NULL;
}

static const char *read_value(wr_json_row *row, const wr_json_node *node, const char *p, const char *end,
                              unsigned depth);

static const char *read_array(wr_json_row *row, const wr_json_node *node, const char *p, const char *end,
                              unsigned depth) {
    p = wr_json_skip_space(p + 1, end);
    if (p < end && *p == ']') return p + 1;
    for (uint32_t i = 0;; i++) {
        p = wr_json_skip_space(p, end);
        if (p == end) return NULL;
        const wr_json_node *c = element(node, i);
        p = c ? read_value(row, c, p, end, depth + 1) : wr_json_skip_value(p, end, depth + 1);
        if (!p) return NULL;
        p = wr_json_skip_space(p, end);
        if (p == end || (*p != ',' && *p != ']')) return NULL;
        if (*p++ == ']') return p;
    }
}

static const char *read_value(wr_json_row *row, const wr_json_node *node, const char *p, const char *end,
                              unsigned depth) {
    if (node->column != WR_JSON_NO_COLUMN) {
        for (const wr_json_node *also = node->also; WR_UNLIKELY(also != NULL); also = also->also)
            (void)wr_json_read_leaf(row, also, p, end, depth);
        return wr_json_read_leaf(row, node, p, end, depth);
    }
    if (depth >= WR_JSON_MAX_DEPTH) return NULL;
    if (*p == '{') return wr_json_read_object(row, node, p, end, depth);
    if (*p == '[') return read_array(row, node, p, end, depth);
    return wr_json_skip_value(p, end, depth); /* not there: its attributes are missing */
}

/* The child that the name stands for, from `hint` on and then from the first; NULL: none. */
static const wr_json_node *find_member(const wr_json_node *node, const wr_json_node *hint, const char *name,
                                       size_t len) {
    if (hint && hint->name_len == len && memcmp(hint->name, name, len) == 0) return hint;
    for (const wr_json_node *c = node->children; c; c = c->next)
        if (c->name && c->name_len == len && memcmp(c->name, name, len) == 0) return c;
    return NULL;
}

/* Names with escapes are rare; one that is longer than this is nobody's. */
#define LONGEST_ESCAPED_NAME 256

static const wr_json_node *find_escaped(const wr_json_node *node, const char *name, size_t len) {
    char plain[LONGEST_ESCAPED_NAME];
    if (len > sizeof plain) return NULL;
    size_t n = wr_json_unescape(&(wr_json_string){.text = name, .len = len}, plain);
    return n == SIZE_MAX ? NULL : find_member(node, NULL, plain, n);
}

const char *wr_json_next_member(const char *p, const char *end, bool first, const char **name,
                                size_t *name_len, const char **at_end) {
    *at_end = NULL;
    p = wr_json_skip_space(p, end);
    if (p == end) return NULL;
    if (*p == '}') {
        *at_end = p + 1;
        return NULL;
    }
    if (!first) {
        if (*p != ',') return NULL;
        p = wr_json_skip_space(p + 1, end);
    }
    wr_json_string s;
    if (p == end || *p != '"' || !(p = wr_json_string_at(p, end, &s))) return NULL;
    p = wr_json_skip_space(p, end);
    if (p == end || *p != ':') return NULL;
    *name = s.text;
    *name_len = s.len;
    p = wr_json_skip_space(p + 1, end);
    return p == end ? NULL : p;
}

/* The value behind `"name":` at p, if the name is the one expected there; else NULL, and nothing is known. */
static const char *expected_member(const wr_json_node *hint, const char *p, const char *end, bool first) {
    if (!hint || end - p < (ptrdiff_t)hint->name_len + 12) return NULL;
    if (!first && *p++ != ',') return NULL;
    if (*p != '"' && *(p = wr_json_skip_space(p, end - 8)) != '"') return NULL;
    uint64_t word;
    if (end - ++p < (ptrdiff_t)hint->name_len + 8) return NULL;
    memcpy(&word, p, 8);
    if ((word ^ hint->word) & hint->mask) return NULL;
    size_t len = hint->name_len;
    if (len >= 8 && (p[len] != '"' || memcmp(p + 8, hint->name + 8, len - 8) != 0)) return NULL;
    p += len + 1;
    if (*p != ':' && *(p = wr_json_skip_space(p, end - 1)) != ':') return NULL;
    p = wr_json_skip_space(p + 1, end);
    return p < end ? p : NULL;
}

const char *wr_json_read_object(wr_json_row *row, const wr_json_node *node, const char *p, const char *end,
                                unsigned depth) {
    const wr_json_node *hint = node->children && node->children->name ? node->children : NULL;
    const char *name = NULL, *at_end;
    size_t len = 0;
    p++;
    for (bool first = true;; first = false) {
        const wr_json_node *c = hint;
        const char *value = expected_member(hint, p, end, first);
        if (WR_UNLIKELY(!value)) {
            value = wr_json_next_member(p, end, first, &name, &len, &at_end);
            if (!value) return at_end;
            c = find_member(node, hint, name, len);
            if (!c) c = memchr(name, '\\', len) ? find_escaped(node, name, len) : NULL;
        }
        if (WR_LIKELY(c != NULL)) {
            hint = c->next && c->next->name ? c->next : NULL;
            p = read_value(row, c, value, end, depth + 1);
        } else {
            if (row->fail_unknown) wr_json_set_fault(row, WR_JSON_FAULT_UNKNOWN, WR_CELL_OK, 0, name, len);
            p = wr_json_skip_value(value, end, depth + 1);
        }
        if (!p) return NULL;
    }
}
