/* batch.h: a batch of rows by key, for lengthBatch, timeBatch, timeLengthBatch and their first… forms.
 *
 * Siddhi keeps the batch that is being filled in a java.util.HashMap and lets it out in that map's order,
 * which apps see: in what an aggregate without group by shows, for one. So the order is made here: by the
 * bucket that a key has in a table of as many buckets as Java's, and within a bucket by when the key came.
 * (Java turns a bucket with more than eight keys into a tree; that order is not followed.) The buckets are
 * counted, not kept: the order is made when the batch goes out, by sorting. */
#ifndef WR_UNIQUE_BATCH_H
#define WR_UNIQUE_BATCH_H

#include "window/unique/key.h"

/* What a search finds. */
typedef enum wr_unique_found {
    WR_FOUND_NONE,    /* nobody searches */
    WR_FOUND_FILLING, /* the rows that are being gathered */
    WR_FOUND_GONE     /* the batch that went out last */
} wr_unique_found;

typedef struct wr_unique_row {
    weir_row_id id;
    uint32_t java_hash;
} wr_unique_row;

typedef struct wr_unique_batch {
    wr_unique_key key;
    bool takes_first; /* a row whose key is there is dropped; else it takes the other's place */
    bool expires;     /* the output has expired rows */
    wr_unique_found found;
    wr_key_map keys;
    wr_unique_row *rows; /* by entry */
    uint32_t cap_rows;
    uint32_t buckets; /* of Java's table; 0: none yet */
    uint64_t *order;  /* for sorting: two halves of cap_order */
    uint32_t cap_order;
    weir_row_id *gone; /* the batch that went out last, in order; empty if nobody asks for it */
    uint32_t n_gone, cap_gone;
} wr_unique_batch;

/* searched: what a search finds, if there is one. */
weir_status wr_unique_batch_init(wr_unique_batch *b, const weir_window_args *args, bool takes_first,
                                 wr_unique_found searched, weir_error *err) WR_NODISCARD;
void wr_unique_batch_fini(wr_unique_batch *b);
/* Row i of the input. WEIR_EVALUE: its key is null, which takes_first does not allow. */
weir_status wr_unique_batch_add(wr_unique_batch *b, weir_window *w, uint32_t i, int64_t now,
                                weir_error *err) WR_NODISCARD;
static inline uint32_t wr_unique_batch_size(const wr_unique_batch *b) { return b->keys.n; }
/* Lets out [expired rows of the batch before, reset, current rows], each with the time now, in the chunk in
 * hand; without current rows no reset. */
weir_status wr_unique_batch_flush(wr_unique_batch *b, weir_window *w, int64_t now,
                                  weir_error *err) WR_NODISCARD;
/* Neither has rows: nothing would go out. */
static inline bool wr_unique_batch_is_idle(const wr_unique_batch *b) { return !b->keys.n && !b->n_gone; }

void wr_unique_batch_content(const wr_unique_batch *b, bool (*visit)(void *ctx, weir_row_id id), void *ctx);
size_t wr_unique_batch_bytes(const wr_unique_batch *b);
void wr_unique_batch_save(const wr_unique_batch *b, weir_writer *w);
weir_status wr_unique_batch_load(wr_unique_batch *b, const weir_window *w, weir_reader *r,
                                 weir_error *err) WR_NODISCARD;

#endif
