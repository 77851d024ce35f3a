/* grouping.h: which rows of a batch go into one record together (event.grouping.enabled): those of a chunk
 * for which the sink's options say the same. */
#ifndef WR_IO_GROUPING_H
#define WR_IO_GROUPING_H

#include "io/slots.h"

typedef struct wr_grouping {
    wr_account *account;
    wr_slots keys; /* of the chunk in hand; its templates are the sink's */
    uint32_t *group, *sel, *first_row, *table;
    uint32_t cap_group, cap_sel, cap_first, cap_table;
} wr_grouping;

/* Gives `each` the groups of the batch, in the order of their first rows within each chunk. Stops at the
 * first failure and returns it; WEIR_ENOMEM is its own. */
typedef weir_status wr_grouping_each(void *ctx, const weir_batch *group, weir_error *err);
weir_status wr_grouping_run(wr_grouping *g, const wr_slots *slots, const weir_batch *rows,
                            wr_grouping_each *each, void *ctx, weir_error *err) WR_NODISCARD;
void wr_grouping_fini(wr_grouping *g);

#endif
