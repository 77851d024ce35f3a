/* extent.h: within … per … of one row, computed: which buckets of an aggregation it asks for. */
#ifndef WR_EXTENT_H
#define WR_EXTENT_H

#include "base/within.h"
#include "exec/aggregation.h"
#include "exec/program.h"

typedef struct wr_extent {
    const wr_plan_extent *plan;
    wr_program *program;
    weir_column start, per, end; /* of the batch computed last, by physical row */
    weir_column *keys;           /* likewise; in the evaluation's arena */
} wr_extent;

weir_status wr_extent_init(wr_extent *r, const wr_plan_extent *plan, wr_account *account,
                           weir_error *err) WR_NODISCARD;
void wr_extent_fini(wr_extent *r);
/* For all rows of ev->in. Rows that fail are told to ev->fail. */
weir_status wr_extent_compute(wr_extent *r, const wr_eval *ev, weir_error *err) WR_NODISCARD;
/* What a row of that batch asks a for; returns why there is no such range, or NULL. It lives as long as what
 * was computed. */
const char *wr_extent_get(const wr_extent *r, const wr_aggregation *a, uint32_t row, wr_bucket_ask *out);

#endif
