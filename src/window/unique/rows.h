/* rows.h: a row for each key: what the windows ever, first and length hold. */
#ifndef WR_UNIQUE_ROWS_H
#define WR_UNIQUE_ROWS_H

#include "window/unique/key.h"

typedef struct wr_unique_rows {
    bool keys_only; /* nobody asks for the rows */
    wr_unique_key key;
    wr_key_map keys; /* that came first, or was touched longest ago, first */
    weir_row_id *of; /* by entry */
    uint32_t cap;
} wr_unique_rows;

weir_status wr_unique_rows_init(wr_unique_rows *r, wr_unique_kind kind, const weir_arg *args, uint32_t n,
                                bool keys_only, weir_error *err) WR_NODISCARD;
void wr_unique_rows_fini(wr_unique_rows *r);
/* The entry of the key in r->key; *is_new: it was not there, and has a place for a row, which the caller puts
 * there. */
weir_status wr_unique_rows_place(wr_unique_rows *r, uint32_t *entry, bool *is_new,
                                 weir_error *err) WR_NODISCARD;
void wr_unique_rows_visit(const wr_unique_rows *r, bool (*visit)(void *ctx, weir_row_id id), void *ctx);
size_t wr_unique_rows_bytes(const wr_unique_rows *r);
void wr_unique_rows_save(const wr_unique_rows *r, weir_writer *w);
/* name: of the window, for messages. */
weir_status wr_unique_rows_load(wr_unique_rows *r, const char *name, const weir_window *window,
                                weir_reader *reader, weir_error *err) WR_NODISCARD;

#endif
