/* batch_builder.h: rows of one stream being queued, until a cycle takes them as a batch.
 *
 * Columns grow in heap memory and are kept by clear(), so a queue in use soon allocates nothing. Strings and
 * boxed values are copied into an arena of the builder's own. */
#ifndef WR_BATCH_BUILDER_H
#define WR_BATCH_BUILDER_H

#include "base/arena.h"
#include "data/schema.h"

typedef struct wr_builder_column {
    void *data;
    uint64_t *valid;              /* kept when cleared: counts only if has_nulls */
    uint32_t cap_data, cap_valid; /* in values and in words */
    bool has_nulls;
} wr_builder_column;

typedef struct wr_batch_builder {
    const wr_schema *schema; /* borrowed */
    wr_account *account;
    weir_arena held; /* bytes of strings, boxed objects */
    wr_builder_column *cols;
    weir_column *view; /* cols as the last view shows them */
    int64_t *ts;
    uint32_t n_rows, cap_rows;
    uint32_t *chunk_end;
    weir_origin *origin;
    uint32_t n_chunks, cap_chunks, cap_origins;
    bool has_long_chunks;   /* a chunk of more than one row */
    bool has_other_origins; /* origins are not those of consecutive arrivals */
} wr_batch_builder;

/* account may be NULL. */
weir_status wr_batch_builder_init(wr_batch_builder *b, const wr_schema *schema, wr_account *account,
                                  weir_error *err) WR_NODISCARD;
void wr_batch_builder_fini(wr_batch_builder *b); /* a zeroed builder is fine */
void wr_batch_builder_clear(wr_batch_builder *b);

/* Adds a row to the open chunk. A value has its column's type or is null; into an object column anything
 * goes. A row that is refused (WEIR_ETYPE, WEIR_ENOMEM) leaves the builder as it was. */
weir_status wr_batch_builder_append(wr_batch_builder *b, int64_t ts, const weir_value *values,
                                    uint32_t n_values, weir_error *err) WR_NODISCARD;
/* Closes the open chunk; one without rows leaves no trace. Origins must not decrease. */
weir_status wr_batch_builder_end_chunk(wr_batch_builder *b, weir_origin origin, weir_error *err) WR_NODISCARD;
/* Gives up the rows of the open chunk. */
void wr_batch_builder_drop_chunk(wr_batch_builder *b);

/* The closed chunks as a batch, valid until the builder is next changed. */
void wr_batch_builder_view(wr_batch_builder *b, weir_batch *out);

#endif
