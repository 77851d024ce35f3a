/* store.h: a store that is behind a table: calls that are made until they succeed.
 *
 * A store may be away for a while: its server is restarted, its file is locked, its disk is full. A call that
 * fails so is made again, after a pause that doubles from 50 ms to 5 s (less up to a quarter, by chance),
 * until it works or the app is to stop. Rows wait meanwhile, and so does what feeds them. */
#ifndef WR_STORE_H
#define WR_STORE_H

#include <stdatomic.h>

#include "base/alloc.h"
#include "weir_store.h"

typedef enum wr_cache_policy { WR_CACHE_FIFO, WR_CACHE_LRU, WR_CACHE_LFU } wr_cache_policy;

/* @cache: rows that stay in memory beyond their cycle. */
typedef struct wr_store_cache {
    uint64_t size; /* most rows; 0: no cache */
    wr_cache_policy policy;
    int64_t retention_ms; /* a row is read anew after so long; 0: never */
    int64_t purge_ms;     /* that is looked after so often */
} wr_store_cache;

typedef struct wr_store_stats {
    uint64_t finds, rows_found, cache_hits; /* searches sent (sets of parameters); rows; searches saved */
    uint64_t commits, rows_written, refused;
    uint64_t errors;
    bool is_waiting; /* for the store to come back */
} wr_store_stats;

typedef struct wr_store {
    const weir_store_type *type;
    void *self;
    weir_store_args args;
    wr_store_cache cache;
    const atomic_bool *stop; /* set from another thread: the app is to stop; may be NULL */
    void (*on_wait)(void *ctx, const char *why); /* NULL: it goes on; may be NULL */
    void *on_wait_ctx;
    bool is_connected;
    bool holds;          /* exactly once: changes wait for the checkpoint */
    uint64_t version;    /* of what was committed last, while it holds */
    uint64_t generation; /* counts up when rows may have left the table's memory */
    wr_store_stats stats;
} wr_store;

void wr_store_log(const wr_store *s, weir_log_level level, const char *format, ...) WR_PRINTF(3, 4);

/* Connects, once: an error, retriable or not, is the caller's. */
weir_status wr_store_connect(wr_store *s, weir_error *err) WR_NODISCARD;

typedef weir_status (*wr_store_call)(wr_store *s, void *ctx, weir_error *err);
/* Makes the call until it gives something else than a retriable error. */
weir_status wr_store_until_done(wr_store *s, wr_store_call call, void *ctx, weir_error *err) WR_NODISCARD;

#endif
