/* table.c: the built-in aggregators, in order of name. Adding one is adding a file and a row. */
#include "agg/table.h"

#include "registry/registry.h"

const weir_aggregator_type *const wr_aggregator_table[] = {
    &wr_agg_and,
    &wr_agg_avg,
    &wr_agg_count,
    &wr_agg_distinct_count,
    &wr_agg_max,
    &wr_agg_max_forever,
    &wr_agg_min,
    &wr_agg_min_forever,
    &wr_agg_or,
    &wr_agg_std_dev,
    &wr_agg_sum,
    &wr_agg_union_set,
    &wr_agg_json_group,
    &wr_agg_json_group_as_object,
    &wr_agg_list_collect,
    &wr_agg_list_merge,
    &wr_agg_map_collect,
    &wr_agg_map_merge,
    &wr_agg_percentile,
    &wr_agg_group_concat,
    NULL,
};
