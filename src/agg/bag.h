/* bag.h: aggregators that keep the values themselves, in order: a bag of counted (key, value) pairs a group.
 *
 * list:collect, map:collect, str:groupConcat and the like differ in what they put in and in what they make of
 * the bag; growing, taking out, resetting, releasing, saving and loading are the same and live here. Taking
 * out what came first, which sliding windows do, costs nothing; else the bag is searched. What is made of a
 * bag for a row is as long as the bag: that cost can't be helped. */
#ifndef WR_AGG_BAG_H
#define WR_AGG_BAG_H

#include "base/buf.h"
#include "base/compiler.h"
#include "weir_ext.h"

typedef struct wr_bag_entry {
    weir_value key, value; /* owned; key is null where there are only values */
    uint32_t count;        /* how often; 1 where equal values are kept apart */
} wr_bag_entry;

typedef struct wr_bag {
    wr_bag_entry *entries;
    uint32_t begin, n, cap; /* entries begin..begin+n-1 */
} wr_bag;

typedef enum wr_bag_order {
    WR_BAG_APART,     /* in order of arrival, equal ones kept apart */
    WR_BAG_COUNTED,   /* in order of arrival of the first, equal ones counted */
    WR_BAG_ASCENDING, /* strings, in order, equal ones counted */
    WR_BAG_DESCENDING
} wr_bag_order;

typedef struct wr_bags wr_bags;

/* What one kind does with a row: puts into the bag or takes out (wr_bag_change), or fails the row. */
typedef weir_status wr_bag_take_row(wr_bags *b, wr_bag *bag, const weir_agg_rows *rows, uint32_t row);
/* And what it makes of a bag, for that row of out. */
typedef weir_status wr_bag_show(wr_bags *b, const wr_bag *bag, const weir_agg_rows *rows, uint32_t row,
                                weir_column *out);

struct wr_bags {
    wr_bag *cells;
    uint32_t cap;
    size_t held_bytes; /* of what the entries own */
    wr_bag_order order;
    bool is_distinct; /* equal ones are shown once */
    wr_bag_take_row *take;
    wr_bag_show *show;
    wr_buf text; /* for show */
};

/* Puts the pair into the bag, or takes it out if the row has expired; taking out what is not there does
 * nothing. */
weir_status wr_bag_change(wr_bags *b, wr_bag *bag, const weir_agg_rows *rows, uint32_t row,
                          const weir_value *key, const weir_value *value) WR_NODISCARD;
/* Stores an object in a row of out; takes over the reference. object NULL, or a status: memory is out. */
weir_status wr_bag_put_object(const weir_agg_rows *rows, uint32_t row, weir_column *out, weir_object *object,
                              weir_status status) WR_NODISCARD;

/* These fit into a descriptor as they are; its own state begins with a wr_bags. */
void wr_bags_close(void *self);
weir_status wr_bags_reserve(void *self, uint32_t n_groups, weir_error *err);
weir_status wr_bags_update(void *self, const weir_agg_rows *rows, weir_column *out, weir_error *err);
void wr_bags_reset_all(void *self, uint32_t n_groups);
bool wr_bags_release(void *self, uint32_t group);
size_t wr_bags_bytes(const void *self);
void wr_bags_save(const void *self, uint32_t n_groups, weir_writer *w);
weir_status wr_bags_load(void *self, uint32_t n_groups, weir_reader *r, weir_error *err);

#define WR_BAG_FUNCTIONS                                                                                     \
    .close = wr_bags_close, .reserve = wr_bags_reserve, .update = wr_bags_update,                            \
    .reset_all = wr_bags_reset_all, .release = wr_bags_release, .bytes = wr_bags_bytes,                      \
    .save = wr_bags_save, .load = wr_bags_load, .can_fail = true

#endif
