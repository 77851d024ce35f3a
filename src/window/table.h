/* table.h: weir's windows. Each is a file and a row of table.c. */
#ifndef WR_WINDOW_TABLE_H
#define WR_WINDOW_TABLE_H

#include "weir_ext.h"

extern const weir_window_type wr_window_batch;
extern const weir_window_type wr_window_cron;
extern const weir_window_type wr_window_delay;
extern const weir_window_type wr_window_expression;
extern const weir_window_type wr_window_expression_batch;
extern const weir_window_type wr_window_external_time;
extern const weir_window_type wr_window_external_time_batch;
extern const weir_window_type wr_window_frequent;
extern const weir_window_type wr_window_length;
extern const weir_window_type wr_window_length_batch;
extern const weir_window_type wr_window_lossy_frequent;
extern const weir_window_type wr_window_reorder_akslack;
extern const weir_window_type wr_window_reorder_kslack;
extern const weir_window_type wr_window_session;
extern const weir_window_type wr_window_sort;
extern const weir_window_type wr_window_time;
extern const weir_window_type wr_window_time_batch;
extern const weir_window_type wr_window_time_length;
extern const weir_window_type wr_window_unique_deduplicate;
extern const weir_window_type wr_window_unique_ever;
extern const weir_window_type wr_window_unique_external_time_batch;
extern const weir_window_type wr_window_unique_first;
extern const weir_window_type wr_window_unique_first_length_batch;
extern const weir_window_type wr_window_unique_first_time_batch;
extern const weir_window_type wr_window_unique_length;
extern const weir_window_type wr_window_unique_length_batch;
extern const weir_window_type wr_window_unique_time;
extern const weir_window_type wr_window_unique_time_batch;
extern const weir_window_type wr_window_unique_time_length_batch;
extern const weir_window_type wr_window_weir_hopping;
extern const weir_window_type wr_window_weir_tumbling;

#endif
