/* error_store.h: events that could not be processed or sent, kept until somebody sends them again or drops
 * them.
 *
 * One file, DIR/APP.errors, to whose end entries are written; what is removed is noted there too, and the
 * file is written anew when half of it is of no use. Each record is a section with a checksum (writer.h): a
 * file that was cut off by a crash is read up to there. Entries are durable after wr_error_store_sync. The
 * file is bounded: past its limit the oldest entries go. */
#ifndef WR_ERROR_STORE_H
#define WR_ERROR_STORE_H

#include "base/arena.h"
#include "weir_ext.h"

typedef struct wr_error_store wr_error_store;

typedef enum wr_error_origin {
    WR_ERROR_STREAM = 1, /* a query failed on rows of the stream */
    WR_ERROR_SINK = 2,   /* a sink of the stream could not send rows */
    WR_ERROR_SOURCE = 3  /* a record could not be decoded: there are no rows, its bytes are `raw` */
} wr_error_origin;

typedef struct wr_error_entry {
    uint64_t id; /* given by add; from 1, ever growing */
    int64_t time_ms;
    wr_error_origin origin;
    const char *stream, *type; /* type: of the sink or source; "" for a stream */
    uint32_t number;           /* of the sink among the stream's */
    const char *reason;
    const void *raw; /* of a source */
    size_t raw_len;
    weir_batch rows; /* given to add with a selection; from get dense, current */
} wr_error_entry;

/* limit_bytes: of the file. *n_dropped counts what the limit took. */
weir_status wr_error_store_open(const char *dir, const char *app, size_t limit_bytes, wr_error_store **out,
                                weir_error *err) WR_NODISCARD;
void wr_error_store_close(wr_error_store *s); /* NULL is fine */
weir_status wr_error_store_add(wr_error_store *s, const wr_error_entry *e, weir_error *err) WR_NODISCARD;
weir_status wr_error_store_sync(wr_error_store *s, weir_error *err) WR_NODISCARD;
uint32_t wr_error_store_count(const wr_error_store *s);
uint64_t wr_error_store_dropped(const wr_error_store *s); /* by the limit, since it was opened */
/* The i-th, oldest first; all it points to lies in the arena. */
weir_status wr_error_store_get(wr_error_store *s, uint32_t i, weir_arena *arena, wr_error_entry *out,
                               weir_error *err) WR_NODISCARD;
uint64_t wr_error_store_id(const wr_error_store *s, uint32_t i);
/* WEIR_ENAME: there is none of that id. */
weir_status wr_error_store_remove(wr_error_store *s, uint64_t id, weir_error *err) WR_NODISCARD;

#endif
