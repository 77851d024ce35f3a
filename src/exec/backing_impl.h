/* backing_impl.h: what the files of the backing share. */
#ifndef WR_BACKING_IMPL_H
#define WR_BACKING_IMPL_H

#include "exec/backing.h"
#include "exec/id_map.h"
#include "exec/store_lookup.h"
#include "exec/table_impl.h"
#include "state/writer.h"

/* Of a row in memory. */
typedef enum wr_row_state {
    WR_ROW_NONE = 0, /* there is no row */
    WR_ROW_CLEAN,
    WR_ROW_NEW,
    WR_ROW_DIRTY,
    WR_ROW_MOVED
} wr_row_state;

typedef struct wr_backed_row {
    uint8_t state;   /* wr_row_state */
    int64_t number;  /* in the store, if it numbers rows */
    uint64_t stamp;  /* for @cache: of coming in, of the last use, or the number of uses */
    int64_t read_at; /* clock at which it came in */
} wr_backed_row;

typedef enum wr_write_kind { WR_WRITE_ERASE = 1, WR_WRITE_UPDATE = 2, WR_WRITE_INSERT = 3 } wr_write_kind;

/* One row to be written. */
typedef struct wr_write {
    uint8_t kind;
    bool is_bad;   /* the store won't have it */
    uint32_t slot; /* of the table; WR_NO_SLOT: erased, or read from a checkpoint */
    int64_t number;
    const weir_value *values;
} wr_write;

typedef struct wr_writes {
    wr_write *list;
    uint32_t n;
} wr_writes;

struct wr_backing {
    wr_table *table;
    wr_store *store;
    wr_account *account;
    wr_store_lookup *by_key; /* NULL: no primary key, or not asked for yet */
    wr_id_map ids;
    weir_writer scratch; /* bytes of an identity */
    wr_backed_row *rows; /* by slot of the table */
    uint32_t cap_rows;
    uint32_t *pending; /* slots that became pending; some twice, some not any more */
    uint32_t n_pending, cap_pending;
    uint32_t *fetched; /* slots that came in clean since rows left last */
    uint32_t n_fetched, cap_fetched;
    wr_write *gone; /* to be erased */
    uint32_t n_gone, cap_gone;
    weir_arena gone_values;
    /* The row being fetched. */
    weir_column *cells;
    weir_value *values;
    uint32_t *identity; /* columns that name a row, where there are no numbers */
    uint32_t n_identity;
    uint64_t stamp;
    uint64_t next_fetched; /* order of rows of a store without numbers */
    int64_t now, next_purge;
    void *all_rows;    /* the store's query of all rows; NULL: not asked for yet */
    bool by_number;    /* a row is known by its number, not by its key */
    bool is_complete;  /* all rows are in memory */
    bool is_too_large; /* for the cache */
    bool out_of_memory;
};

/* The place of a row with this number in the table's order; and where new ones begin. */
static inline uint64_t wr_backing_order(int64_t number) { return (uint64_t)number ^ (uint64_t)1 << 63; }
#define WR_NEW_ROWS_FROM ((uint64_t)3 << 62)

/* backing.c: what names the row in its store, as bytes in b->scratch; false: out of memory. */
bool wr_backing_identify(wr_backing *b, int64_t number, const weir_value *values);
void wr_backing_drop(wr_backing *b, uint32_t slot); /* lets a row go from memory, whatever its state */
void wr_backing_forget_all(wr_backing *b);

/* backing_write.c: all that is pending, in the order in which it is to be written; lives in the arena. */
weir_status wr_backing_pending(const wr_backing *b, weir_arena *arena, wr_writes *out,
                               weir_error *err) WR_NODISCARD;
/* Writes them in one transaction, without those that the store won't have (is_bad). version 0: none is
 * stored. */
weir_status wr_backing_write(wr_backing *b, wr_writes *writes, uint64_t version,
                             weir_error *err) WR_NODISCARD;
/* Writes all that is pending: then nothing is. */
weir_status wr_backing_flush(wr_backing *b, uint64_t version, weir_error *err) WR_NODISCARD;

#endif
