/* rows.c: see rows.h. */
#include "window/unique/rows.h"

#include "base/compiler.h"
#include "state/held_rows.h"

weir_status wr_unique_rows_init(wr_unique_rows *r, wr_unique_kind kind, const weir_arg *args, uint32_t n,
                                bool keys_only, weir_error *err) {
    r->keys_only = keys_only;
    wr_key_map_init(&r->keys);
    return wr_unique_key_init(&r->key, kind, args, n, err);
}

void wr_unique_rows_fini(wr_unique_rows *r) {
    wr_unique_key_fini(&r->key);
    wr_key_map_fini(&r->keys);
    wr_free(NULL, r->of, r->cap * sizeof *r->of);
}

weir_status wr_unique_rows_place(wr_unique_rows *r, uint32_t *entry, bool *is_new, weir_error *err) {
    WR_TRY(wr_unique_find_or_add(&r->keys, &r->key, entry, is_new, err));
    if (!*is_new || r->keys_only) return WEIR_OK;
    if (!wr_grow(NULL, &r->of, &r->cap, *entry + 1, sizeof *r->of)) return WEIR_OK;
    wr_key_map_remove(&r->keys, *entry);
    return wr_unique_no_memory(err);
}

void wr_unique_rows_visit(const wr_unique_rows *r, bool (*visit)(void *ctx, weir_row_id id), void *ctx) {
    for (uint32_t k = r->keys.oldest; !r->keys_only && k != WR_NO_ENTRY; k = r->keys.entries[k].newer)
        if (!visit(ctx, r->of[k])) return;
}

size_t wr_unique_rows_bytes(const wr_unique_rows *r) {
    return wr_unique_key_bytes(&r->key) + wr_key_map_bytes(&r->keys) + r->cap * sizeof *r->of;
}

void wr_unique_rows_save(const wr_unique_rows *r, weir_writer *w) {
    wr_key_map_save(&r->keys, w);
    for (uint32_t k = r->keys.oldest; !r->keys_only && k != WR_NO_ENTRY; k = r->keys.entries[k].newer)
        weir_write_i64(w, (int64_t)r->of[k]);
}

weir_status wr_unique_rows_load(wr_unique_rows *r, const char *name, const weir_window *window,
                                weir_reader *reader, weir_error *err) {
    WR_TRY(wr_key_map_load(&r->keys, reader, err));
    if (r->keys_only) return weir_reader_status(reader, err);
    if (wr_grow(NULL, &r->of, &r->cap, r->keys.n, sizeof *r->of)) return wr_unique_no_memory(err);
    for (uint32_t k = 0; k < r->keys.n; k++) {
        r->of[k] = (weir_row_id)weir_read_i64(reader);
        if (!wr_window_claim(window, r->of[k]))
            return weir_fail(err, WEIR_ESTATE, "the saved window unique:%s() is damaged", name);
    }
    return weir_reader_status(reader, err);
}
