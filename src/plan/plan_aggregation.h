/* plan_aggregation.h: incremental aggregations in the physical plan (plan.h), and reading them. */
#ifndef WR_PLAN_AGGREGATION_H
#define WR_PLAN_AGGREGATION_H

#include "base/calendar.h"
#include "data/schema.h"
#include "plan/expr.h"

/* An aggregate that is kept for each group of each bucket. */
typedef enum wr_total_kind {
    WR_TOTAL_COUNT,
    WR_TOTAL_SUM,
    WR_TOTAL_AVG, /* result LONG: of whole numbers, without the fraction */
    WR_TOTAL_MIN,
    WR_TOTAL_MAX,
    WR_TOTAL_DISTINCT
} wr_total_kind;

typedef struct wr_plan_total {
    wr_total_kind kind;
    uint32_t feed;  /* column of the feed; unused for COUNT */
    weir_type type; /* of the argument */
    bool boxed;     /* DISTINCT: it holds objects */
    weir_type result;
} wr_plan_total;

/* Does the total count rows, besides or instead of having a value? */
static inline bool wr_plan_total_has_rows(const wr_plan_total *t) {
    return t->kind == WR_TOTAL_COUNT || t->kind == WR_TOTAL_AVG;
}

/* Where the rows of a stored aggregation are: a table for each granularity, all with the same columns. Where
 * there is no such column: WR_NONE_ID. */
typedef struct wr_plan_bucket_store {
    uint32_t table[WR_N_UNITS]; /* of the plan; by place in units */
    uint32_t time;              /* the beginning of the bucket, by which rows are found */
    uint32_t start;             /* the same, where it is not what rows are found by */
    uint32_t shard;             /* who wrote the row */
    const char *shard_id;       /* who this is */
    uint32_t latest;            /* time of the row that gave the plain attributes */
    uint32_t *keys, *plain;     /* by group key, and plain attribute */
    uint32_t *values, *rows;    /* by total */
    uint32_t *rest;             /* columns that are no part of the primary key */
    uint32_t n_rest;
} wr_plan_bucket_store;

/* It is fed by a query of its own (wr_plan_query with output kind AGGREGATION), whose select makes the
 * columns of the feed: the group keys, plain attributes, arguments of totals, and the time, if it is an
 * attribute. */
typedef struct wr_plan_aggregation {
    const char *name;
    wr_schema schema; /* what a reader sees: AGG_TIMESTAMP long, then what was selected */
    wr_schema feed;
    uint32_t n_keys, n_plain; /* the first columns of the feed */
    uint32_t *plain_key;      /* by plain attribute: the group key that it is, or WR_NONE_ID */
    uint32_t by;              /* column of the feed: the time; WR_NONE_ID: the clock */
    wr_plan_total *totals;
    uint32_t n_totals;
    wr_expr **outs; /* one for each column of schema but the first; over COLUMN (plain attributes, from 0) and
                       AGG (totals) */
    wr_unit units[WR_N_UNITS]; /* finest first */
    uint32_t n_units;
    int64_t keep_ms[WR_N_UNITS]; /* by place in units; INT64_MAX: for ever */
    int64_t purge_ms;            /* between purges; 0: nothing is ever dropped */
    wr_plan_bucket_store *store; /* NULL: in memory */
    uint32_t begin, end;
    uint64_t text_hash; /* of what is written from begin to end */
} wr_plan_aggregation;

/* within start[, end] per unit: over the row that asks. */
typedef struct wr_plan_extent {
    uint32_t aggregation;
    wr_expr *start; /* long; without an end a text like '2020-01-** **:**:**' */
    wr_expr *end;   /* long, or NULL */
    wr_expr *per;   /* string */
    /* Of the condition: group keys that must equal something. The condition is tested all the same. */
    wr_expr **keys;
    uint32_t *group_keys; /* their places among the aggregation's */
    uint32_t n_keys;
} wr_plan_extent;

/* A join of a stream with an aggregation: each row reads its range, and is joined with what holds for `on`.
 * The columns that come out are the stream's, then the aggregation's. */
typedef struct wr_plan_read {
    wr_plan_extent range;
    wr_expr *on;          /* over the joined columns, or NULL */
    bool keeps_unmatched; /* outer: a row without a match gives a row with nulls */
    bool has_window;      /* of the stream; without one, a row expires at once */
    bool expired_reads;   /* expired rows are wanted downstream */
} wr_plan_read;

#endif
