/* table.h: the built-in aggregators, one descriptor each. */
#ifndef WR_AGG_TABLE_H
#define WR_AGG_TABLE_H

#include "weir_ext.h"

extern const weir_aggregator_type wr_agg_and, wr_agg_avg, wr_agg_count, wr_agg_distinct_count, wr_agg_max,
    wr_agg_max_forever, wr_agg_min, wr_agg_min_forever, wr_agg_or, wr_agg_std_dev, wr_agg_sum,
    wr_agg_union_set;
/* collect.c, percentile.c, group_concat.c, json_group.c */
extern const weir_aggregator_type wr_agg_group_concat, wr_agg_json_group, wr_agg_json_group_as_object,
    wr_agg_list_collect, wr_agg_list_merge, wr_agg_map_collect, wr_agg_map_merge, wr_agg_percentile;

#endif
