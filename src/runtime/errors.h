/* errors.h: an app's error store as its streams, sinks and sources use it. */
#ifndef WR_ERRORS_H
#define WR_ERRORS_H

#include <pthread.h>

#include "plan/plan.h"
#include "state/error_store.h"
#include "weir_io.h"

typedef struct wr_errors {
    wr_error_store *store; /* NULL: there is none */
    void (*log)(void *ctx, int level, const char *line);
    void *log_ctx;
    pthread_mutex_t lock; /* queries that run at the same time may keep something */
    char failure[256];    /* why something was not kept, to be told */
    uint64_t n_dropped;   /* told so far */
} wr_errors;

/* The plan says 'store' somewhere. */
bool wr_errors_are_wanted(const wr_plan *plan);
/* dir NULL and the store wanted: WEIR_ECONFIG. limit_bytes 0: 64 MB. Nothing to do if it is open, or not
 * wanted. */
weir_status wr_errors_open(wr_errors *e, const wr_plan *plan, const char *dir, const char *app,
                           size_t limit_bytes, weir_error *err) WR_NODISCARD;
void wr_errors_close(wr_errors *e);

/* True: it is kept. e may be NULL. */
bool wr_errors_keep(wr_errors *e, const wr_error_entry *entry);
bool wr_errors_keep_stream(wr_errors *e, const char *stream, const weir_batch *rows, const char *reason);
bool wr_errors_keep_sink(wr_errors *e, const char *stream, const char *type, uint32_t number,
                         const weir_batch *rows, const char *reason);
/* What was kept is durable; what went wrong meanwhile goes to the log. On the app's thread. */
void wr_errors_sync(wr_errors *e);

#endif
