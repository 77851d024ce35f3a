/* row_key.c: see row_key.h. */
#include "window/row_key.h"

#include "data/text.h"

weir_status wr_row_key_init(wr_row_key *k, const weir_window_args *args, uint32_t first, weir_error *err) {
    *k = (wr_row_key){.cap_columns = WR_MAX(args->n_args, args->n_cols)};
    k->columns = wr_alloc(NULL, k->cap_columns * sizeof *k->columns);
    if (!k->columns) return weir_fail(err, WEIR_ENOMEM, "out of memory in a window");
    for (uint32_t i = first; i < args->n_args; i++) k->columns[k->n_columns++] = args->args[i].column;
    for (uint32_t c = 0; args->n_args <= first && c < args->n_cols; c++)
        if (args->is_shown[c]) k->columns[k->n_columns++] = c;
    return WEIR_OK;
}

void wr_row_key_fini(wr_row_key *k) {
    wr_free(NULL, k->columns, k->cap_columns * sizeof *k->columns);
    wr_buf_fini(&k->text);
    *k = (wr_row_key){0};
}

weir_status wr_row_key_of(wr_row_key *k, const weir_window *w, uint32_t i, weir_error *err) {
    wr_buf_clear(&k->text);
    wr_buf_put(&k->text, "", 0); /* no key columns: the empty text, not NULL */
    for (uint32_t c = 0; c < k->n_columns; c++) {
        weir_value v = weir_window_in_value(w, i, k->columns[c]);
        wr_text_of_value(&k->text, &v);
    }
    return k->text.failed ? weir_fail(err, WEIR_ENOMEM, "out of memory in a window") : WEIR_OK;
}

size_t wr_row_key_bytes(const wr_row_key *k) { return k->cap_columns * sizeof *k->columns + k->text.cap; }
