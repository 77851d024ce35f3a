/* row_bytes.c: see row_bytes.h. */
#include "state/row_bytes.h"

#include "data/schema.h"
#include "data/value.h"
#include "state/writer.h"

void wr_row_bytes_write(weir_writer *w, const weir_batch *rows) {
    weir_write_u32(w, rows->n_sel);
    weir_write_u32(w, rows->n_sel ? rows->n_cols : 0);
    for (uint32_t i = 0; rows->n_sel && i < rows->n_cols; i++)
        weir_write_u32(w, (uint32_t)rows->cols[i].type);
    for (uint32_t k = 0; k < rows->n_sel; k++) {
        uint32_t row = weir_batch_row(rows, k);
        weir_write_i64(w, rows->ts[row]);
        for (uint32_t i = 0; i < rows->n_cols; i++) {
            weir_value v = rows->cols[i].data ? wr_value_unbox(wr_column_get(&rows->cols[i], row))
                                              : wr_value_null(rows->cols[i].type);
            weir_write_value(w, &v);
        }
    }
}

static weir_status make_columns(weir_reader *r, weir_arena *arena, weir_batch *b, weir_error *err) {
    b->cols = wr_arena_zero(arena, b->n_cols + 1, sizeof *b->cols);
    b->ts = wr_arena_array(arena, b->n_rows + 1, sizeof *b->ts);
    if (!b->cols || !b->ts) return weir_fail(err, WEIR_ENOMEM, "out of memory for saved rows");
    for (uint32_t i = 0; i < b->n_cols; i++) {
        weir_column *c = (weir_column *)&b->cols[i];
        c->type = (weir_type)weir_read_u32(r);
        size_t size = wr_type_size(c->type, false);
        if (!size) return wr_reader_fail(r, "a saved row has a column of unknown type");
        c->data = wr_arena_zero(arena, b->n_rows + 1, size);
        c->valid = wr_arena_zero(arena, b->n_rows / 64 + 1, sizeof *c->valid);
        if (!c->data || !c->valid) return weir_fail(err, WEIR_ENOMEM, "out of memory for saved rows");
    }
    return WEIR_OK;
}

weir_status wr_row_bytes_read(weir_reader *r, weir_arena *arena, weir_batch *b, weir_error *err) {
    *b = (weir_batch){0};
    b->n_rows = b->n_sel = b->n_chunks = wr_read_count(r, 8);
    b->n_cols = wr_read_count(r, 4);
    WR_TRY(weir_reader_status(r, err));
    WR_TRY(make_columns(r, arena, b, err));
    for (uint32_t row = 0; row < b->n_rows; row++) {
        ((int64_t *)b->ts)[row] = weir_read_i64(r);
        for (uint32_t i = 0; i < b->n_cols; i++) {
            weir_value v;
            weir_column *c = (weir_column *)&b->cols[i];
            WR_TRY(weir_read_value(r, arena, &v));
            if (!v.is_null && v.type != c->type) return wr_reader_fail(r, "a saved row has a wrong value");
            if (v.is_null) v = wr_value_null(c->type);
            wr_column_set(c, row, &v);
        }
    }
    return weir_reader_status(r, err);
}
