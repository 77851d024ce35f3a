/* table_impl.h: what table.c and table_rows.c share. */
#ifndef WR_TABLE_IMPL_H
#define WR_TABLE_IMPL_H

#include "exec/table.h"

/* Indexes that queries asked for. is_stale: of what is being set, it holds a column. */
typedef struct wr_table_hash {
    struct wr_table_hash *next;
    wr_row_index *index;
    bool is_stale;
    uint32_t n_columns;
    uint32_t columns[];
} wr_table_hash;

typedef struct wr_table_range {
    struct wr_table_range *next;
    wr_range_index *index;
    bool is_stale;
    uint32_t column;
} wr_table_range;

struct wr_table {
    const wr_plan_table *plan;
    wr_account account;
    wr_row_store *rows;
    wr_row_index *all; /* every row in order of insertion */
    wr_row_index *key; /* NULL: no primary key */
    bool key_is_stale;
    bool has_order;
    wr_table_hash *hashes;
    wr_table_range *ranges;
    uint64_t *number; /* by row: counts insertions */
    uint32_t cap_number;
    uint64_t next_number;
    uint64_t tracked_number;    /* rows from this number on have come since wr_table_track */
    bool is_unsettled;          /* rows were loaded that the indexes don't know */
    struct wr_backing *backing; /* NULL: in memory only */
};

/* Makes a stored row known to all indexes, as the last one. */
weir_status wr_table_take_in(wr_table *t, weir_row_id id, weir_error *err) WR_NODISCARD;

/* Takes a row out of memory; in a store it stays. */
void wr_table_take_out(wr_table *t, weir_row_id id);
void wr_table_clear_indexes(wr_table *t);

#endif
