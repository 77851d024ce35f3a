/* key.c: see key.h. */
#include "window/unique/key.h"

#include <string.h>

#include "data/object.h"
#include "data/text.h"
#include "window/check.h"

weir_status wr_unique_no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory in a window of unique");
}

weir_status wr_unique_check_key(const char *window, const weir_arg *a, weir_error *err) {
    if (WR_IS(a->type) & (WR_IS_NUMBER | WR_IS(WEIR_BOOL) | WR_IS(WEIR_STRING))) return WEIR_OK;
    return wr_check_fail(a, err, "a key of %s() must be int, long, float, double, bool or string, not %s",
                         window, weir_type_name(a->type));
}

weir_status wr_unique_key_init(wr_unique_key *k, wr_unique_kind kind, const weir_arg *args, uint32_t n,
                               weir_error *err) {
    *k = (wr_unique_key){.kind = kind, .cap_columns = n};
    k->columns = wr_alloc(NULL, n * sizeof *k->columns);
    if (!k->columns) return wr_unique_no_memory(err);
    for (uint32_t i = 0; i < n; i++)
        if (!args[i].is_const) k->columns[k->n_columns++] = args[i].column;
    return WEIR_OK;
}

void wr_unique_key_fini(wr_unique_key *k) {
    wr_free(NULL, k->columns, k->cap_columns * sizeof *k->columns);
    wr_buf_fini(&k->bytes);
    *k = (wr_unique_key){0};
}

size_t wr_unique_key_bytes(const wr_unique_key *k) {
    return k->cap_columns * sizeof *k->columns + k->bytes.cap;
}

/* The bytes of a value that is not null, so that equal values have equal bytes: Java takes one NaN for all.
 */
static void put_value(wr_buf *out, const weir_value *v) {
    double d = v->type == WEIR_FLOAT ? v->as.f : v->type == WEIR_DOUBLE ? v->as.d : 0;
    if (d != d) {
        wr_buf_put(out, "NaN", 3);
        return;
    }
    switch (v->type) {
    case WEIR_INT: wr_buf_put(out, &v->as.i, sizeof v->as.i); break;
    case WEIR_LONG: wr_buf_put(out, &v->as.l, sizeof v->as.l); break;
    case WEIR_FLOAT: wr_buf_put(out, &v->as.f, sizeof v->as.f); break;
    case WEIR_DOUBLE: wr_buf_put(out, &v->as.d, sizeof v->as.d); break;
    case WEIR_BOOL: wr_buf_put(out, v->as.b ? "1" : "0", 1); break;
    default: wr_buf_put(out, weir_string_data(&v->as.s), v->as.s.len); break;
    }
}

static void value_key(wr_unique_key *k, const weir_value *v) {
    wr_buf_put(&k->bytes, v->is_null ? "n" : "v", 1);
    k->java_hash = v->is_null ? 0 : wr_value_java_hash(v);
    if (!v->is_null) put_value(&k->bytes, v);
}

weir_status wr_unique_key_of(wr_unique_key *k, const weir_window *w, uint32_t i, weir_error *err) {
    wr_buf_clear(&k->bytes);
    wr_buf_put(&k->bytes, "", 0); /* no columns: the empty text, not NULL */
    for (uint32_t c = 0; c < k->n_columns; c++) {
        weir_value v = weir_window_in_value(w, i, k->columns[c]);
        if (v.is_null && k->kind == WR_UNIQUE_TEXT)
            return weir_fail(err, WEIR_EVALUE, "the key by which rows are unique is null");
        if (k->kind == WR_UNIQUE_VALUE)
            value_key(k, &v);
        else
            wr_text_of_value(&k->bytes, &v);
    }
    if (k->bytes.failed) return wr_unique_no_memory(err);
    if (k->kind == WR_UNIQUE_TEXT) k->java_hash = wr_text_java_hash(k->bytes.data, k->bytes.len);
    return WEIR_OK;
}

weir_status wr_unique_find_or_add(wr_key_map *m, const wr_unique_key *k, uint32_t *entry, bool *is_new,
                                  weir_error *err) {
    *entry = wr_key_map_find(m, k->bytes.data, k->bytes.len);
    *is_new = *entry == WR_NO_ENTRY;
    if (*is_new) *entry = wr_key_map_add(m, k->bytes.data, k->bytes.len);
    return *entry == WR_NO_ENTRY ? wr_unique_no_memory(err) : WEIR_OK;
}
