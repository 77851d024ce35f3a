/* row_store.h: the rows that an operator holds, by column.
 *
 * Two shapes. FIFO: segments of rows in order of arrival; ids count up, release moves the head and frees
 * whole segments. BAG: slots from a free list, for windows that give rows back in any order; an id is a slot.
 * Only the columns asked for are stored, and a row's timestamp (8 bytes). Strings longer than inline are
 * copied and belong to the segment (FIFO) or the slot (BAG); objects are referenced.
 *
 *   FIFO   head                              tail
 *          | seg | seg | seg | seg | seg | seg |        16 to 4096 rows a segment, all of one store the same:
 * a ^ freed when head passes its end                    a store that grows is laid out anew, four times
 *
 * What is released stays readable until the store is settled: by the next append or, for an owner whose
 * output outlives that, by wr_row_store_settle alone (options.settles_late). */
#ifndef WR_ROW_STORE_H
#define WR_ROW_STORE_H

#include "base/arena.h"
#include "data/schema.h"

typedef struct wr_row_store wr_row_store;

typedef struct wr_row_store_options {
    const wr_schema *schema;
    const bool *stored; /* by column: keep it; NULL: all */
    weir_window_shape shape;
    bool settles_late; /* append does not settle: the owner calls wr_row_store_settle */
} wr_row_store_options;

weir_status wr_row_store_new(const wr_row_store_options *options, wr_account *account, wr_row_store **out,
                             weir_error *err) WR_NODISCARD;
void wr_row_store_free(wr_row_store *s);  /* NULL is fine */
void wr_row_store_clear(wr_row_store *s); /* as new; NULL is fine */

/* Stores the logical rows of b, in order. FIFO: their ids are *first_id, *first_id + 1, …; BAG: ids gets each
 * one's id (room for b->n_sel), always below wr_row_store_n_slots. Without memory nothing is stored. */
weir_status wr_row_store_append(wr_row_store *s, const weir_batch *b, weir_row_id *first_id, weir_row_id *ids,
                                weir_error *err) WR_NODISCARD;
void wr_row_store_release(wr_row_store *s,
                          weir_row_id id); /* BAG: this row; FIFO: the head, which must be id */
void wr_row_store_release_below(wr_row_store *s,
                                weir_row_id id); /* FIFO: all rows with a lower id, at once */
/* Frees what has been released: strings and objects of those rows are gone. */
void wr_row_store_settle(wr_row_store *s);

int64_t wr_row_store_ts(const wr_row_store *s, weir_row_id id);
void wr_row_store_set_ts(wr_row_store *s, weir_row_id id, int64_t ts);
/* FIFO: of rows id, id + 1, …, n of them. */
void wr_row_store_set_ts_run(wr_row_store *s, weir_row_id id, const int64_t *ts, uint32_t n);
/* FIFO: the timestamps of rows id, id + 1, …; *n of them lie side by side. */
const int64_t *wr_row_store_ts_run(const wr_row_store *s, weir_row_id id, uint32_t *n);
weir_value wr_row_store_value(const wr_row_store *s, weir_row_id id, uint32_t column);
/* The cell of a stored column, as a column of its type holds it; NULL: null. */
const void *wr_row_store_cell(const wr_row_store *s, weir_row_id id, uint32_t column);
/* Asks for its memory. */
void wr_row_store_prefetch(const wr_row_store *s, weir_row_id id, uint32_t column);
/* Sets it to what row `row` of a column of its type holds. */
weir_status wr_row_store_set_cell(wr_row_store *s, weir_row_id id, uint32_t column, const weir_column *from,
                                  uint32_t row, weir_error *err) WR_NODISCARD;
weir_status wr_row_store_set_value(wr_row_store *s, weir_row_id id, uint32_t column, const weir_value *v,
                                   weir_error *err) WR_NODISCARD;

/* Copies column `column` of rows ids[0..n-1] into out (data and valid with room for n; valid may be NULL in
 * out when the store never saw a null there: see wr_row_store_has_nulls). WEIR_NO_ROW gives a zero, and null
 * where there is a valid. Strings point into the store: copy_strings puts long ones into the arena, which is
 * needed if the rows may be settled before the cycle ends; NULL: it doesn't. */
weir_status wr_row_store_gather(const wr_row_store *s, uint32_t column, const weir_row_id *ids, uint32_t n,
                                weir_arena *copy_strings, weir_column *out, weir_error *err) WR_NODISCARD;
/* The same of a FIFO, if ids ascend from one expired row to the next and from one current row to the next. */
weir_status wr_row_store_merge(const wr_row_store *s, uint32_t column, const uint8_t *kind,
                               const weir_row_id *ids, uint32_t n, weir_column *out,
                               weir_error *err) WR_NODISCARD;
bool wr_row_store_has_nulls(const wr_row_store *s, uint32_t column);
/* OBJECT where objects are held, whatever they are labelled. The column is stored. */
weir_type wr_row_store_type(const wr_row_store *s, uint32_t column);
bool wr_row_store_has_column(const wr_row_store *s, uint32_t column); /* it is stored */

weir_row_id wr_row_store_head(const wr_row_store *s); /* FIFO */
weir_row_id wr_row_store_tail(const wr_row_store *s); /* FIFO: the id that the next row will get */
uint32_t wr_row_store_n_slots(const wr_row_store *s); /* BAG: ids are below this */
uint64_t wr_row_store_count(const wr_row_store *s);
bool wr_row_store_has(const wr_row_store *s, weir_row_id id); /* the row is there */
/* While a state is loaded: the slots of a BAG that were named as held, each of which may be only once. */
typedef struct wr_row_claims {
    const wr_row_store *store;
    wr_account *account;
    uint64_t *claimed; /* a bit a slot */
    size_t bytes;
} wr_row_claims;
bool wr_row_claims_init(wr_row_claims *c, const wr_row_store *store, wr_account *account); /* or no memory */
void wr_row_claims_fini(wr_row_claims *c);
bool wr_row_claim(wr_row_claims *c, weir_row_id id); /* false: there is no such row, or it was claimed */
void wr_row_store_save(const wr_row_store *s, weir_writer *w);
/* Into a store without rows. WEIR_ESTATE when it was saved with other columns, or is damaged. */
weir_status wr_row_store_load(wr_row_store *s, weir_reader *r, weir_error *err) WR_NODISCARD;
/* From now on changes are noted. */
void wr_row_store_track(wr_row_store *s);
/* What has changed since then. False, and nothing is written: that isn't known, or most has changed. */
bool wr_row_store_save_changes(const wr_row_store *s, weir_writer *w) WR_NODISCARD;
/* Into a store as it was when tracking began. On failure it must be thrown away. */
weir_status wr_row_store_load_changes(wr_row_store *s, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
