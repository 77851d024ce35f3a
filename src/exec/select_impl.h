/* select_impl.h: the pieces of the select operator: select_op.c makes it and keeps its state, select_run.c
 * takes a batch through it, select_early.c finds the columns that fail before aggregates do, collapse.c
 * chooses the rows of each chunk, order_by.c sorts them, select_parts.c deals with chunks that a join made of
 * parts. */
#ifndef WR_SELECT_IMPL_H
#define WR_SELECT_IMPL_H

#include "exec/agg_set.h"
#include "exec/chunk_faults.h"
#include "exec/operator.h"
#include "exec/probe.h"
#include "exec/program.h"

/* Rows of a batch on their way out: physical row numbers, chunk after chunk. Ascending at first; the rows of
 * a chunk may then be put into another order. */
typedef struct wr_picked {
    uint32_t *rows;
    uint32_t n;
} wr_picked;

/* The rows of chunk c among the picked: from begin (where chunk c - 1 ended) up to the returned place. */
uint32_t wr_picked_chunk_end(const weir_batch *b, const wr_picked *p, uint32_t begin, uint32_t chunk);
/* The chunk of the picked row at this place, which is in chunk `from` or later. */
uint32_t wr_picked_chunk(const weir_batch *b, const wr_picked *p, uint32_t place, uint32_t from);

/* Which rows of a chunk with one row for each group were chosen; kept from batch to batch. */
typedef struct wr_collapse {
    wr_account *account;
    uint32_t *place_of; /* by group: a place among the rows chosen, true only if the group is there */
    uint32_t cap;
} wr_collapse;

void wr_collapse_fini(wr_collapse *c);
/* Of each chunk the last picked row. */
void wr_collapse_last(const weir_batch *b, wr_picked *p);
/* Of each chunk the last picked row of each group, in the order in which the groups came. gids: by physical
 * row, below n_groups. */
weir_status wr_collapse_groups(wr_collapse *c, const weir_batch *b, const uint32_t *gids, uint32_t n_groups,
                               wr_picked *p, weir_arena *arena, weir_error *err) WR_NODISCARD;
/* Of each chunk the rows from offset on, current ones only until limit rows were taken; limit < 0: all. */
void wr_collapse_limit(const weir_batch *b, wr_picked *p, int64_t offset, int64_t limit);

/* The batch with its parts as chunks. b->part_end is not NULL. */
weir_status wr_parts_view(const weir_batch *b, weir_arena *arena, weir_batch *view,
                          weir_error *err) WR_NODISCARD;
/* By part, the last picked row (unspecified for a part without picked rows). */
weir_status wr_parts_last(const weir_batch *parts, const wr_picked *p, weir_arena *arena, uint32_t **last,
                          weir_error *err) WR_NODISCARD;
/* After some rows have been taken away: where a part has kept rows but not its last one, the rows of later
 * parts of the same chunk are lost. last is from before. */
void wr_parts_lose(const weir_batch *whole, const weir_batch *parts, const uint32_t *last, wr_picked *p);

/* Sorts the rows of each chunk, within runs of the same kind: stably, nulls last. keys: one column for each
 * of the n orders, by physical row. */
weir_status wr_order_rows(const weir_batch *b, const wr_order *orders, const weir_column *keys, uint32_t n,
                          wr_picked *p, weir_arena *arena, weir_error *err) WR_NODISCARD;

/* ---- The operator -------------------------------------------------------------------------------------- */

/* An output column that may fail, and behind which aggregates don't get a row that does. */
typedef struct wr_early_out {
    wr_program *program;
    uint32_t n_slots; /* those of the columns before it */
} wr_early_out;

typedef struct wr_select {
    wr_op head;
    wr_agg_set *aggs;  /* NULL: neither aggregates nor groups */
    wr_probes *probes; /* NULL: none */
    bool probes_first; /* aggregates ask for them */
    wr_program *outs;
    wr_program *having;  /* NULL: none */
    wr_program *order;   /* NULL: none; one result for each order */
    wr_early_out *early; /* in the order of the columns */
    uint32_t n_early;
    wr_collapse collapse;
    bool can_fail; /* an output column or the having may */
    bool order_can_fail;
    bool only_projects; /* current rows all come out, and none can fail */
} wr_select;

weir_status wr_select_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                              weir_error *err);

/* For plan's outs, of which there are n_outs; after a failure, too, wr_select_free_early. */
weir_status wr_select_make_early(wr_select *s, const wr_plan_select *plan, uint32_t n_outs,
                                 weir_error *err) WR_NODISCARD;
void wr_select_free_early(wr_select *s, uint32_t n_outs);
/* Columns are computed one after the other in Siddhi: where one fails, aggregates behind it don't get the
 * row, and none gets the later rows of its chunk. *taken_by, by row: how many aggregates get it; NULL: none
 * fails. */
weir_status wr_select_find_early(const wr_select *s, const wr_eval *ev, const weir_batch *in,
                                 weir_arena *arena, const uint32_t **taken_by, weir_error *err) WR_NODISCARD;

#endif
