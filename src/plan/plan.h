/* plan.h: the physical plan: what the executor builds an app from.
 *
 * A plan is a read-only tree in one arena. It names streams, tables and queries by index; an operator's
 * state lives elsewhere, in the task that runs the plan. A query is a short pipeline:
 *
 *   stream -> [filter | stream function]* -> [window] -> [filter | stream function]* -+
 *                                                                                    +-> [merge] -> select
 *   the other sides of a merge, the same ---------------------------------------------+     -> [rate] ->
 * output
 */
#ifndef WR_PLAN_H
#define WR_PLAN_H

#include "base/arena.h"
#include "data/schema.h"
#include "plan/expr.h"
#include "plan/plan_aggregation.h"
#include "registry/registry.h"
#include "weir_io.h"

#define WR_NONE_ID UINT32_MAX

typedef struct wr_option { /* an annotation element: key is lower-cased, "" for a positional one */
    const char *key;
    const char *value;
    uint32_t begin, end;
} wr_option;

/* @source, @sink and what stands in them, not yet looked at by the connector. */
/* What becomes of events that could not be processed or sent. WAIT: of sinks only. */
typedef enum wr_on_error {
    WR_ON_ERROR_LOG,
    WR_ON_ERROR_STREAM,
    WR_ON_ERROR_STORE,
    WR_ON_ERROR_WAIT
} wr_on_error;

typedef enum wr_distribution {
    WR_UNDISTRIBUTED,
    WR_ROUND_ROBIN,
    WR_PARTITIONED,
    WR_BROADCAST
} wr_distribution;

typedef struct wr_plan_destination {
    wr_option *options; /* of @destination, and those of the @sink that it does not have */
    uint32_t n_options;
} wr_plan_destination;

typedef struct wr_plan_io {
    const char *type; /* "file" */
    wr_option *options;
    uint32_t n_options;
    const char *map_type; /* "csv"; NULL: no @map */
    wr_option *map_options;
    uint32_t n_map_options;
    wr_option *attributes; /* @attributes: positional (key "") or by name; value is a path or "trp:…" */
    uint32_t n_attributes;
    wr_option *payloads; /* @payload, likewise */
    uint32_t n_payloads;
    /* Of a sink: */
    bool has_on_error; /* on.error was written */
    wr_on_error on_error;
    const char *spill; /* how much may wait on disk, "64 MB"; NULL: nothing does */
    wr_distribution distribution;
    uint32_t partition_key; /* PARTITIONED: the attribute */
    wr_plan_destination *destinations;
    uint32_t n_destinations; /* 0: there is no @distribution */
    uint32_t begin, end;
} wr_plan_io;

typedef struct wr_plan_stream {
    const char *name; /* fault streams begin with '!', inner ones with '#' */
    wr_schema schema;
    bool is_defined;   /* written as define stream; else made by a query, a trigger or @OnError */
    uint32_t fault_of; /* for "!S": the index of S; else WR_NONE_ID */
    uint32_t fault;    /* for S with @OnError(action='stream'): the index of "!S"; else WR_NONE_ID */
    wr_on_error on_error;
    bool has_on_error; /* @OnError was written */
    wr_plan_io *sources;
    uint32_t n_sources;
    wr_plan_io *sinks;
    uint32_t n_sinks;
    /* Who reads it, in app order. Filled by the planner. */
    struct wr_receiver {
        uint32_t query;     /* or WR_NONE_ID: a partition */
        uint32_t side;      /* of a query; of a partition: the number of its input */
        uint32_t partition; /* if there is no query */
    } * receivers;
    uint32_t n_receivers;
    /* Who writes it: queries in the order in which one event's rows arrive here (depth first). */
    uint32_t *producers;
    uint32_t n_producers;
    uint32_t trigger; /* index of the trigger that feeds it, or WR_NONE_ID */
    /* Of an inner stream: its partition; rows have keys. Else WR_NONE_ID. Inner are those that are written
     * so (#A), and what the queries of a partition see of a stream that comes from outside (view_of). */
    uint32_t partition;
    uint32_t view_of; /* the stream outside, or WR_NONE_ID */
    /* Of a named window: this is what leaves it (rows keep their kinds), or, if is_window_input, what is
     * inserted into it. Both have the window's name. Else WR_NONE_ID. */
    uint32_t window;
    bool is_window_input;
    uint32_t begin, end;
} wr_plan_stream;

typedef enum wr_trigger_kind { WR_TRIGGER_START, WR_TRIGGER_EVERY, WR_TRIGGER_CRON } wr_trigger_kind;

typedef struct wr_plan_trigger {
    const char *name;
    wr_trigger_kind kind;
    int64_t every_ms;
    const char *cron;
    uint32_t stream; /* that it feeds: (triggered_time long) */
    uint32_t rank;   /* of its timer */
} wr_plan_trigger;

/* @store of a table, taken apart but not understood: that is the store's. */
typedef struct wr_plan_store {
    const char *type; /* "sqlite" */
    wr_option *options;
    uint32_t n_options;
    wr_option *cache_options; /* @cache */
    uint32_t n_cache_options;
    bool has_cache;
    uint32_t begin, end;
} wr_plan_store;

typedef struct wr_plan_table {
    const char *name;
    wr_schema schema;
    uint32_t *key; /* columns of @PrimaryKey */
    uint32_t n_key;
    uint32_t *indexes; /* columns of @Index */
    uint32_t n_indexes;
    wr_plan_store *store; /* NULL: in memory */
    uint32_t
        aggregation; /* whose rows it keeps; WR_NONE_ID: it was defined. Queries of the app don't know it */
    uint32_t begin, end;
} wr_plan_table;

/* define window W: a query of its own (without a place in the app's text) takes what is inserted into W
 * through the window, and gives those of the rows that leave it that W puts out, kinds and all, to the stream
 * that its readers read. */
typedef struct wr_plan_named_window {
    const char *name;
    uint32_t in, out; /* streams */
    uint32_t query;
    bool is_joined; /* some join searches it */
} wr_plan_named_window;

/* Bounds of one column of numbers, for an ordered index: [0] the lower, [1] the upper one. */
typedef struct wr_plan_range {
    bool is_set;
    uint32_t column; /* of the table */
    wr_expr
        *bound[2];   /* over the operator's input, of the column's type or a wider one; NULL: open that way */
    bool is_open[2]; /* the bound itself lies outside */
} wr_plan_range;

/* A condition on the rows of a table, for each row of an input: the rows of T for which  T.column[i] ==
 * key[i]  for all i, or which lie within the range, and for which the residual holds. */
typedef struct wr_plan_lookup {
    uint32_t table;
    uint32_t n_table_columns;
    wr_expr **keys;        /* over the operator's input; of the type of the table's column */
    uint32_t *key_columns; /* of the table; all of its primary key, in its order, or others */
    uint32_t n_keys;
    wr_plan_range range; /* where there are no keys */
    wr_expr *residual;   /* over (input columns, then table columns), or NULL */
} wr_plan_lookup;

/* Sides of one query: two of a join, one for each stream of a pattern. */
#define WR_MAX_SIDES 64u

/* ---- Operators of a pipeline --------------------------------------------------------------------------- */

typedef enum wr_op_kind {
    WR_OP_FILTER,
    WR_OP_FUNCTION, /* stream function: #log and the like */
    WR_OP_WINDOW,
    WR_OP_JOIN,
    WR_OP_PATTERN, /* and sequence */
    WR_OP_SELECT,
    WR_OP_READ,     /* of an aggregation */
    WR_OP_RATE,     /* output … every … */
    WR_OP_PARTITION /* not in a query: where rows get their keys */
} wr_op_kind;

typedef struct wr_plan_filter {
    wr_expr *condition; /* bool, over the input; may hold AGG and PROBE slots */
    wr_agg_slot *aggs;
    uint32_t n_aggs;
    wr_plan_lookup *probes;
    uint32_t n_probes;
} wr_plan_filter;

/* The output's attributes are the input's and those added. */
typedef struct wr_plan_function {
    const weir_stream_function_type *type;
    wr_expr **args; /* over the input */
    weir_arg *arg_info;
    uint32_t n_args;
    const char *app_name; /* #log writes it; may be NULL */
} wr_plan_function;

/* Which rows need a column's values. */
#define WR_NEED_CURRENT 1u /* current rows, downstream */
#define WR_NEED_EXPIRED 2u /* expired rows, downstream */
#define WR_NEED_WINDOW  4u /* the window itself (its arguments, its content for a join) */
#define WR_NEED_SHOWN   8u /* the query selects the column as it is */

/* The condition of an expression window. Columns 0..n-1 are the event's, AGG slots the condition's own
 * aggregates; `first` and `last` columns follow: n..2n-1 are those of the oldest event, 2n..3n-1 of the
 * newest, and 3n, 3n+1 (long) their timestamps. */
typedef struct wr_condition {
    wr_expr *expr; /* NULL: there is none */
    wr_agg_slot *aggs;
    uint32_t n_aggs;
} wr_condition;

/* What a condition's text is compiled with when it comes with the events; see condition.h. */
typedef struct wr_condition_scope {
    const wr_registry *registry;
    const char *id, *alias; /* of the stream; alias may be NULL */
} wr_condition_scope;

typedef struct wr_plan_window {
    const weir_window_type *type;
    weir_window_args args; /* constants evaluated, attributes resolved */
    uint8_t *need;         /* WR_NEED_* by input column */
    /* expression and expressionBatch have one of both: the condition of a constant text, or (not NULL) the
     * scope of texts that are an attribute. */
    wr_condition condition;
    wr_condition_scope *condition_scope;
    bool is_broken; /* a named window that fails each row, as Siddhi's does */
} wr_plan_window;

typedef enum wr_chunk_mode {
    WR_CHUNK_ROWS,          /* every row that passes */
    WR_CHUNK_LAST,          /* aggregates, no group by: the last passing row of each chunk */
    WR_CHUNK_LAST_PER_GROUP /* group by: the last passing row of each group in each chunk */
} wr_chunk_mode;

typedef struct wr_order {
    wr_expr *key; /* over OUTPUT (and, after a join, COLUMN) */
    bool descending;
} wr_order;

typedef struct wr_plan_select {
    wr_agg_slot *aggs;
    uint32_t n_aggs;
    wr_plan_lookup *probes;
    uint32_t n_probes;
    wr_expr **keys; /* group by: columns of the input */
    uint32_t n_keys;
    wr_expr **outs;  /* one for each output column; over COLUMN, AGG, PROBE, TS */
    wr_expr *having; /* over OUTPUT, AGG, COLUMN; or NULL */
    wr_chunk_mode chunk_mode;
    wr_order *order;
    uint32_t n_order;
    int64_t limit;                     /* -1: none */
    int64_t offset;                    /* 0: none */
    bool wants_current, wants_expired; /* which rows leave the selector */
    bool input_expires;                /* expired rows (or resets) can arrive */
    bool input_only_resets;            /* of these only resets: nothing is ever taken out of an aggregate */
    bool passes_resets;                /* resets leave the selector, too: a rate limit takes notice of them */
    bool unbalanced;                   /* aggregates: rows may expire that never came */
    bool forgets_extremes;             /* see weir_agg_args.forgets */
} wr_plan_select;

/* What an output rate limit does with the rows that the select lets through. */
typedef enum wr_rate_rule {
    WR_RULE_ALL,    /* keeps them, gives them on at once */
    WR_RULE_FIRST,  /* gives on the first of a period, or the first of each group */
    WR_RULE_LAST,   /* gives on the last of a period, or the last of each group */
    WR_RULE_LATEST, /* snapshot without a window: the latest row (of each group), again and again */
    WR_RULE_TOTALS, /* snapshot of nothing but aggregates: their latest values, while the window has rows */
    WR_RULE_ROWS,   /* snapshot: the rows that the window holds */
    WR_RULE_NEVER   /* gives nothing on */
} wr_rate_rule;

/* The input is what comes out, then the group keys (named ""), if the rule asks for groups. */
typedef struct wr_plan_rate {
    wr_rate_rule rule;
    bool by_time;
    int64_t period;       /* milliseconds, or a number of rows */
    uint32_t n_keys;      /* columns behind the output's */
    const bool *is_total; /* ROWS, by output column: depends on an aggregate, shows its latest value */
    const bool
        *identifies; /* ROWS, by output column: an expired row takes away the oldest that is equal here */
    bool has_totals; /* ROWS: some is_total */
} wr_plan_rate;

typedef enum wr_side_kind { WR_SIDE_STREAM, WR_SIDE_TABLE } wr_side_kind;

/* What the other side finds of a side. */
typedef enum wr_join_content {
    WR_CONTENT_NONE,    /* nothing: a stream without a window */
    WR_CONTENT_FOLLOWS, /* current rows come in, expired ones go */
    WR_CONTENT_APART,   /* the window tells by rows of its own: WEIR_ENTERED, WEIR_LEFT */
    WR_CONTENT_TABLE
} wr_join_content;

/* The order in which rows are found once one has left (of a sort window); n 0: that of coming in. */
typedef struct wr_join_sort {
    uint32_t n;
    uint32_t *columns; /* of the side */
    bool *descending;
} wr_join_sort;

typedef struct wr_plan_join {
    /* Input columns of everything after the join: left's, then right's, then when each side's row happened.
     */
    uint32_t n_left_cols, n_right_cols;
    wr_side_kind side_kind[2];
    uint32_t table[2];  /* for WR_SIDE_TABLE */
    uint32_t window[2]; /* the named window that the side is, whose content comes as input 2 + side; or
                           WR_NONE_ID */
    wr_join_content content[2];
    bool is_shared[2]; /* of one key of a partition: its named window's content is kept once for all keys */
    bool in_order[2];  /* FOLLOWS: rows go in the order in which they came */
    bool keeps_ts[2];  /* rows that were searched keep their time when they expire (as in Siddhi) */
    wr_join_sort sort[2];
    bool triggers[2];        /* rows of this side look up the other */
    bool keeps_unmatched[2]; /* outer: a triggering row of this side without a match gives a row with nulls */
    bool expired_triggers;   /* expired rows are wanted downstream */
    uint8_t turn[4];         /* of what has one origin: the inputs in the order in which they are taken */
    wr_expr **left_keys,
        **right_keys; /* equality keys; left over left's columns, right over right's (0-based each) */
    uint32_t n_keys;
    wr_expr *residual; /* over (left, right) columns, or NULL */
    const bool *need;  /* by joined column: somebody reads it (the residual too); NULL: all */
} wr_plan_join;

/* A stream from outside that the queries of a partition read. */
typedef struct wr_partition_input {
    uint32_t stream;     /* outside */
    uint32_t view;       /* what the queries read: the same rows, with keys */
    wr_expr *value;      /* the key; NULL: ranges */
    wr_expr **ranges;    /* conditions: a row has the keys of all that are true */
    const char **labels; /* their keys */
    uint32_t n_ranges;   /* none, and no value: rows go to all keys there are */
} wr_partition_input;

typedef struct wr_plan_keys {
    wr_partition_input *inputs; /* in the order in which rows of one origin are taken */
    uint32_t n_inputs;
    weir_type key_type; /* of all values, if these are alike; else WEIR_STRING: keys are compared as text */
    int64_t purge_ms;   /* keys are looked through so often; 0: they stay for ever */
    int64_t idle_ms;    /* and go if they had no rows for so long */
} wr_plan_keys;

typedef struct wr_plan_op {
    wr_op_kind kind;
    uint32_t n_in;         /* inputs: 1, or of a merge the sides of its query */
    uint32_t rank;         /* order of creation in the app: timers of a lower rank fire first */
    const char *signature; /* what its state is matched by when an app has changed */
    const char *label;     /* for explain and metrics: "window.time(10 min)" */
    wr_schema in, out;
    bool needs_origin;  /* the output's origins are read by somebody */
    bool by_key;        /* its state is kept by the key of the partition that it stands in */
    uint32_t partition; /* or WR_NONE_ID */
    union {
        wr_plan_filter filter;
        wr_plan_function function;
        wr_plan_window window;
        wr_plan_select select;
        wr_plan_join join;
        wr_plan_rate rate;
        struct wr_plan_pattern *pattern; /* plan/pattern.h */
        wr_plan_read read;
        wr_plan_keys keys;
    } u;
} wr_plan_op;

/* A window proper, not a processor that is run like one (weir_window_type.is_processor). */
static inline bool wr_plan_is_window(const wr_plan_op *op) {
    return op->kind == WR_OP_WINDOW && !op->u.window.type->is_processor;
}
static inline bool wr_plan_is_processor(const wr_plan_op *op) {
    return op->kind == WR_OP_WINDOW && op->u.window.type->is_processor;
}

/* What a query's rows do to a table: see exec/change.h. */
typedef enum wr_change_kind {
    WR_CHANGE_INSERT,
    WR_CHANGE_DELETE,
    WR_CHANGE_UPDATE,
    WR_CHANGE_UPSERT, /* update or insert */
    WR_CHANGE_REPLACE /* the same on a primary key of one column: the row with that key is replaced */
} wr_change_kind;

typedef struct wr_plan_set {
    uint32_t column; /* of the table */
    wr_expr *value; /* over (output of the query, then columns of the table). Of the column's type or, between
                       numbers, of another */
} wr_plan_set;

typedef struct wr_plan_change {
    wr_change_kind kind;
    uint32_t table;
    const uint32_t *key; /* the table's primary key */
    uint32_t n_key;
    uint32_t replace_key; /* REPLACE: its column */
    wr_plan_lookup where; /* DELETE, UPDATE, UPSERT: over the query's output */
    const char *label;    /* "update T on T.k == k" */
    wr_plan_set *sets;    /* UPDATE, UPSERT: in order of columns; none reads what another one sets */
    uint32_t n_sets;
    bool one_by_one; /* what is set is looked at by the condition, or makes the key */
    bool can_fail;   /* a row may fail its chunk */
} wr_plan_change;

typedef enum wr_output_kind { WR_OUTPUT_STREAM, WR_OUTPUT_TABLE, WR_OUTPUT_AGGREGATION } wr_output_kind;

typedef struct wr_plan_side {
    wr_side_kind kind;
    uint32_t stream; /* or WR_NONE_ID */
    uint32_t table;
    wr_plan_op **ops; /* before the join; of a query without a join: everything but the select */
    uint32_t n_ops;
} wr_plan_side;

typedef struct wr_plan_query {
    const char *name;   /* @info name, or query_<n> (1-based) */
    wr_plan_side *side; /* room for WR_MAX_SIDES */
    uint32_t n_sides;   /* 1, 2 for a join, one for each stream of a pattern */
    wr_plan_op *merge;  /* of the sides: a join; NULL: none, there is one side */
    wr_plan_op *select; /* never NULL */
    wr_plan_op *rate;   /* output rate limit, behind the select; NULL: none */
    wr_output_kind output_kind;
    uint32_t target;                     /* stream, table or aggregation */
    wr_plan_change *change;              /* of a table; NULL: none */
    uint32_t order;                      /* position in the topological order of queries */
    uint32_t partition;                  /* that it stands in, or WR_NONE_ID */
    struct wr_plan_named_window *window; /* that this query is; NULL: none */
    uint32_t begin, end;
    bool is_named;      /* by @info, or it is a named window */
    uint64_t text_hash; /* of what is written from begin to end */
} wr_plan_query;

typedef struct wr_plan_partition {
    const char *name; /* partition_<n> (1-based) */
    wr_plan_op *op;   /* of kind WR_OP_PARTITION */
    uint32_t begin, end;
    uint64_t text_hash;
} wr_plan_partition;

/* The operator has state of its own, which later rows depend on. */
bool wr_plan_keeps_state(const wr_plan_op *op);

/* The operators of a query in the order of creation: side by side, the merge, the select, the rate limit. */
static inline uint32_t wr_plan_n_ops(const wr_plan_query *q) {
    uint32_t n = 1u + (q->merge != NULL) + (q->rate != NULL);
    for (uint32_t s = 0; s < q->n_sides; s++) n += q->side[s].n_ops;
    return n;
}
/* The operator that a chunk on side `side` comes to after `index` others: those of the side, then the merge,
 * the select and the rate limit. NULL: it is through. */
static inline wr_plan_op *wr_plan_op_at(const wr_plan_query *q, uint32_t side, uint32_t index) {
    if (index < q->side[side].n_ops) return q->side[side].ops[index];
    wr_plan_op *const rest[3] = {q->merge, q->select, q->rate};
    index -= q->side[side].n_ops;
    for (uint32_t i = 0; i < 3; i++)
        if (rest[i] && index-- == 0) return rest[i];
    return NULL;
}

/* The columns that come out of a query. */
static inline const wr_schema *wr_plan_query_out(const wr_plan_query *q) {
    return q->rate ? &q->rate->out : &q->select->out;
}

typedef enum wr_clock_kind { WR_CLOCK_WALL, WR_CLOCK_PLAYBACK } wr_clock_kind;

/* @app:statistics */
typedef enum wr_reporter { WR_REPORTER_CONSOLE, WR_REPORTER_JMX } wr_reporter;
typedef struct wr_plan_statistics {
    bool is_on;
    wr_reporter reporter;
    int64_t interval_ms; /* 0: not said */
    const char *include; /* globs of metric names, with commas between them; NULL: all */
} wr_plan_statistics;

typedef struct wr_plan {
    weir_arena arena;        /* holds all of this */
    const char *name;        /* @app:name, or NULL */
    const char *description; /* or NULL */
    wr_clock_kind clock;
    bool no_io; /* @app:transportChannelCreationEnabled('false'): sources and sinks are checked, not opened */
    wr_plan_statistics statistics;
    weir_guarantee guarantee;      /* @app:guarantee; at least once without it */
    int64_t idle_ms, increment_ms; /* @app:playback(idle.time, increment); 0: none */
    wr_plan_stream *streams;
    uint32_t n_streams;
    wr_plan_table *tables;
    uint32_t n_tables;
    wr_plan_aggregation *aggregations;
    uint32_t n_aggregations;
    wr_plan_trigger *triggers;
    uint32_t n_triggers;
    wr_plan_named_window *windows;
    uint32_t n_windows;
    wr_plan_query *queries; /* those of named windows, then in app order */
    uint32_t n_queries;
    wr_plan_partition *partitions;
    uint32_t n_partitions;
    /* All queries and partitions, each after those that feed it (unless serial): the index of a query, or
     * n_queries + that of a partition. */
    uint32_t *order;
    uint32_t n_ranks;
    /* Rows must be taken one arrival at a time, depth first: the graph has a cycle, a table is both written
     * and read, or one event can reach a stream by paths whose order batches can't keep. */
    bool serial;
    const char *serial_reason; /* names the operator that forces it */
} wr_plan;

#endif
