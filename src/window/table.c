/* table.c: weir's windows, by name. */
#include "window/table.h"

#include "registry/registry.h"

const weir_window_type *const wr_window_table[] = {
    &wr_window_batch,
    &wr_window_cron,
    &wr_window_delay,
    &wr_window_expression,
    &wr_window_expression_batch,
    &wr_window_external_time,
    &wr_window_external_time_batch,
    &wr_window_frequent,
    &wr_window_length,
    &wr_window_length_batch,
    &wr_window_lossy_frequent,
    &wr_window_reorder_akslack,
    &wr_window_reorder_kslack,
    &wr_window_session,
    &wr_window_sort,
    &wr_window_time,
    &wr_window_time_batch,
    &wr_window_time_length,
    &wr_window_unique_deduplicate,
    &wr_window_unique_ever,
    &wr_window_unique_external_time_batch,
    &wr_window_unique_first,
    &wr_window_unique_first_length_batch,
    &wr_window_unique_first_time_batch,
    &wr_window_unique_length,
    &wr_window_unique_length_batch,
    &wr_window_unique_time,
    &wr_window_unique_time_batch,
    &wr_window_unique_time_length_batch,
    &wr_window_weir_hopping,
    &wr_window_weir_tumbling,
    NULL,
};
