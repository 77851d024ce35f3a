/* stores.h: the stores behind an app's tables: opened (checked) when the app is made, connected when it
 * starts. */
#ifndef WR_STORES_H
#define WR_STORES_H

#include "exec/store.h"
#include "plan/plan.h"
#include "runtime/app_io.h"

typedef struct wr_stores wr_stores;

typedef struct wr_stores_options {
    const wr_plan *plan;
    const wr_io_registry *registry;
    weir_io_host host;
    const char *base_dir;
    const atomic_bool *stop;                     /* the app is to stop: nobody waits for a store any more */
    void (*on_wait)(void *ctx, const char *why); /* see weir_app_options */
    void *on_wait_ctx;
} wr_stores_options;

/* Each failure is handed to `wrong` with the place in the app's text, and the first one returned. Touches
 * nothing outside. *out is NULL when no table has a store. */
weir_status wr_stores_new(const wr_stores_options *options,
                          void (*wrong)(void *ctx, uint32_t begin, uint32_t end, const weir_error *err),
                          void *ctx, wr_stores **out, weir_error *err) WR_NODISCARD;
void wr_stores_free(wr_stores *s); /* NULL is fine */
/* Of a table of the plan; NULL: it is in memory. s may be NULL. */
wr_store *wr_stores_of_table(const wr_stores *s, uint32_t table);
/* Makes or checks the tables. s may be NULL. */
weir_status wr_stores_connect(wr_stores *s, weir_error *err) WR_NODISCARD;

#endif
