/* ast.h: the syntax tree of an app, as the parser leaves it and as the planner and the printer read it.
 *
 * The tree says what was written, not what it means: no name is looked up, no type is computed. What the
 * grammar forbids is not in a tree; what only names or types forbid may be.
 *
 * Guarantees, for every tree handed out with WEIR_OK:
 *  - everything lives in the arena given to the parser and is never changed afterwards;
 *  - pointers are non-NULL unless the comment says "or NULL"; an array with n == 0 may be NULL;
 *  - every span is a byte range of the source text that was parsed, begin <= end, child within parent (after
 *    wr_source_substitute: of the substituted text; source.h maps it back). A span never starts or ends with
 *    blanks or comments;
 *  - names are NUL-terminated, without back-ticks, valid UTF-8, case as written; text == NULL: no name there;
 *  - nothing is nested deeper than WR_AST_MAX_NESTING levels as written, and no expression tree is higher
 * than WR_AST_MAX_HEIGHT (`a + b + c + …` grows one level each), so that a recursive walk is safe.
 */
#ifndef WR_LANG_AST_H
#define WR_LANG_AST_H

#include <stdbool.h>
#include <stdint.h>
#include "weir_ext.h"

#define WR_AST_MAX_NESTING 250
#define WR_AST_MAX_HEIGHT  1000

typedef struct wr_span {
    uint32_t begin, end; /* bytes; end is one past the last */
} wr_span;

typedef struct wr_ast_name {
    const char *text; /* NULL: not written */
    wr_span span;     /* back-ticks included */
    bool quoted;      /* was written in back-ticks (the printer decides anew whether they are needed) */
} wr_ast_name;

/* ---- Expressions -------------------------------------------------------------------------------------- */

typedef enum wr_ast_expr_kind {
    WR_AST_CONST,   /* as.constant */
    WR_AST_REF,     /* as.ref */
    WR_AST_CALL,    /* as.call */
    WR_AST_NOT,     /* as.unary.operand */
    WR_AST_IS_NULL, /* as.unary.operand: a WR_AST_REF (only here it may be a stream reference) or WR_AST_CALL
                     */
    WR_AST_BINARY,  /* as.binary */
    WR_AST_IN       /* as.in */
} wr_ast_expr_kind;

typedef enum wr_ast_op { /* loosest last, in the order of binding */
                         WR_OP_MUL,
                         WR_OP_DIV,
                         WR_OP_MOD,
                         WR_OP_ADD,
                         WR_OP_SUB,
                         WR_OP_GE,
                         WR_OP_LE,
                         WR_OP_GT,
                         WR_OP_LT,
                         WR_OP_EQ,
                         WR_OP_NE,
                         WR_OP_AND,
                         WR_OP_OR
} wr_ast_op;
#define WR_N_OPS 13

/* A literal. Signs are taken in: -5 is one constant. There is no null literal. */
typedef struct wr_ast_const {
    weir_type type; /* INT, LONG, FLOAT, DOUBLE, BOOL or STRING */
    bool is_time;   /* written as a time ("10 min"): type LONG, milliseconds, month 30 d, year 365 d */
    char quote;     /* STRING: '\'' or '"', or 't' for """ */
    union {
        int32_t i;
        int64_t l;
        float f;
        double d;
        bool b;
        struct {
            const char *text; /* NUL-terminated, holds no NUL itself */
            uint32_t len;
        } s;
    } as;
    const char
        *text; /* as written, blanks and comments put in order: "10 min", "-5", "1.5e3F" (not STRING) */
} wr_ast_const;

typedef enum wr_ast_mark {
    WR_MARK_NONE,
    WR_MARK_INNER, /* '#': inner stream of a partition */
    WR_MARK_FAULT  /* '!': fault stream */
} wr_ast_mark;

typedef enum wr_ast_index_kind {
    WR_INDEX_NONE, /* nothing written */
    WR_INDEX_AT,   /* [n], n >= 0 */
    WR_INDEX_LAST  /* [last - n]; n == 0: [last] */
} wr_ast_index_kind;

typedef struct wr_ast_index {
    wr_ast_index_kind kind;
    int32_t n;
} wr_ast_index;

/* attr                 attr.text only: an attribute; or, under is null and as an argument, an event reference
 * ref.attr             stream and attr
 * ref[index].attr      stream, index, attr
 * #s.attr  !s.attr     mark, stream, attr
 * ref#second.attr      stream, second (each may have an index), attr
 * ref[index]  #s  !s   stream reference: attr.text == NULL and stream set; only as the operand of IS_NULL.
 *                      (A bare `e1 is null` has e1 in attr: the reader decides which it is.)
 */
typedef struct wr_ast_ref {
    wr_ast_mark mark; /* NONE when stream.text is NULL */
    wr_ast_name stream;
    wr_ast_index index;
    wr_ast_name second; /* the name after '#', as in e1#inner.attr */
    wr_ast_index second_index;
    wr_ast_name attr;
} wr_ast_ref;

typedef struct wr_ast_expr wr_ast_expr;

/* ns:name(args), name(args), name(*), name(). Also the call of a window, stream function or window
 * definition. */
typedef struct wr_ast_call {
    wr_span span;
    wr_ast_name ns; /* text NULL: none */
    wr_ast_name name;
    bool star; /* the one argument is '*': then n_args is 0 */
    uint32_t n_args;
    wr_ast_expr **args;
} wr_ast_call;

struct wr_ast_expr {
    wr_ast_expr_kind kind;
    wr_span span;    /* without the parentheses round it */
    bool in_parens;  /* at least one pair of parentheses is round it (changes no meaning) */
    uint16_t height; /* 1 for a leaf, else one more than the highest part */
    union {
        wr_ast_const constant;
        wr_ast_ref ref;
        wr_ast_call call;
        struct {
            wr_ast_expr *operand;
        } unary;
        struct {
            wr_ast_op op;
            wr_span op_span;
            wr_ast_expr *left, *right;
        } binary;
        struct {
            wr_ast_expr *left;
            wr_ast_name table;
        } in;
    } as;
};

/* ---- Annotations -------------------------------------------------------------------------------------- */

typedef struct wr_ast_annotation wr_ast_annotation;

/* 'value', key='value' or a nested annotation. */
typedef struct wr_ast_annotation_item {
    wr_span span;
    const char *key;          /* dotted parts joined, as in "buffer.size"; NULL: positional, or nested */
    wr_span key_span;         /* begin == end when there is no key */
    const char *value;        /* NULL: nested */
    wr_span value_span;       /* quotes included */
    char value_quote;         /* as in wr_ast_const */
    wr_ast_annotation *child; /* NULL: an element */
} wr_ast_annotation_item;

/* @name, @name(items), @app:name(items). With parentheses n_items >= 1. */
struct wr_ast_annotation {
    wr_span span;
    bool is_app;      /* @app:name; its items are never nested annotations */
    wr_ast_name name; /* without "app:". Compare without regard to case */
    uint32_t n_items;
    wr_ast_annotation_item *items;
};

typedef struct wr_ast_annotations {
    uint32_t n;
    wr_ast_annotation **list; /* in the order written */
} wr_ast_annotations;

/* ---- Inputs ------------------------------------------------------------------------------------------- */

/* A stream, table, window, trigger or aggregation as it is named in a query. */
typedef struct wr_ast_source {
    wr_span span; /* mark included */
    wr_ast_mark mark;
    wr_ast_name name;
} wr_ast_source;

typedef enum wr_ast_handler_kind {
    WR_HANDLER_FILTER,   /* [expr] or #[expr] */
    WR_HANDLER_FUNCTION, /* #call: stream function or stream processor */
    WR_HANDLER_WINDOW    /* #window.call: at most one in an input, none in a pattern or sequence item */
} wr_ast_handler_kind;

typedef struct wr_ast_handler {
    wr_ast_handler_kind kind;
    wr_span span;
    wr_ast_expr *filter; /* FILTER, else NULL */
    wr_ast_call *call;   /* FUNCTION and WINDOW, else NULL. WINDOW: may have a namespace after "window." */
} wr_ast_handler;

/* One stream of a query with what is done to it. */
typedef struct wr_ast_stream {
    wr_span span;
    wr_ast_name
        event_ref; /* pattern and sequence items: e1 of `e1=S`; text NULL elsewhere or when not written */
    wr_ast_source source;
    wr_ast_name alias; /* join sides: l of `S as l`; text NULL elsewhere or when not written */
    uint32_t n_handlers;
    wr_ast_handler *handlers; /* in the order written */
    int32_t window;           /* index of the window in handlers, or -1. In a join side it is the last one */
} wr_ast_stream;

typedef enum wr_ast_join_kind {
    WR_JOIN_INNER,
    WR_JOIN_LEFT,
    WR_JOIN_RIGHT,
    WR_JOIN_FULL
} wr_ast_join_kind; /* bare `outer join` is refused by the parser */

typedef enum wr_ast_unidirectional { WR_UNI_NONE, WR_UNI_LEFT, WR_UNI_RIGHT } wr_ast_unidirectional;

/* within start[, end] per `per`: of joins with an aggregation and of on-demand queries. */
typedef struct wr_ast_range {
    wr_span span;
    wr_ast_expr *start;
    wr_ast_expr *end; /* or NULL */
    wr_ast_expr *per;
} wr_ast_range;

typedef struct wr_ast_join {
    wr_ast_join_kind kind;
    wr_ast_unidirectional unidirectional; /* which side alone triggers */
    wr_ast_stream *left, *right;
    wr_ast_expr *on;     /* or NULL */
    wr_ast_range *range; /* or NULL */
} wr_ast_join;

typedef enum wr_ast_state_kind {
    WR_STATE_STREAM,  /* as.item: one stream, perhaps counted */
    WR_STATE_ABSENT,  /* as.absent: not S [for time] */
    WR_STATE_LOGICAL, /* as.logical: two of STREAM (uncounted) and ABSENT */
    WR_STATE_EVERY,   /* as.every.child */
    WR_STATE_CHAIN    /* as.chain: a -> b -> c in a pattern, a, b, c in a sequence; n >= 2 */
} wr_ast_state_kind;

typedef enum wr_ast_count {
    WR_COUNT_ONE,          /* nothing written: min == max == 1 */
    WR_COUNT_RANGE,        /* <n> <m:n> <m:> <:n> */
    WR_COUNT_ZERO_OR_MORE, /* *   sequences only */
    WR_COUNT_ZERO_OR_ONE,  /* ?   sequences only */
    WR_COUNT_ONE_OR_MORE   /* +   sequences only */
} wr_ast_count;
#define WR_COUNT_UNBOUNDED (-1)

/* A step of a pattern or sequence. A chain is flat as far as it was written without parentheses; a chain in
 * parentheses is a child of its own (meaning the same as if it were flat, unless under EVERY). In a sequence
 * EVERY occurs only as the root's first element: `every a, b` is CHAIN(EVERY(a), b). In a pattern `every`
 * likewise covers one step or one chain in parentheses. */
typedef struct wr_ast_state wr_ast_state;
struct wr_ast_state {
    wr_ast_state_kind kind;
    wr_span span;   /* without the parentheses round it */
    bool in_parens; /* at least one pair of parentheses is round it */
    union {
        struct {
            wr_ast_stream *stream;
            wr_ast_count count;
            int32_t min,
                max; /* always filled; max WR_COUNT_UNBOUNDED: no upper bound. Not checked: min <= max */
        } item;
        struct {
            wr_ast_stream *stream; /* no event_ref, no window */
            bool has_time;         /* false only as one side of a logical `and` whose other side is STREAM */
            int64_t for_ms;
            wr_ast_expr *time; /* the constant as written, or NULL */
        } absent;
        struct {
            bool is_or; /* else and */
            wr_ast_state *left, *right;
        } logical;
        struct {
            wr_ast_state *child;
        } every;
        struct {
            uint32_t n;
            wr_ast_state **list;
        } chain;
    } as;
};

typedef struct wr_ast_query wr_ast_query;

typedef enum wr_ast_input_kind {
    WR_INPUT_SINGLE,   /* as.single */
    WR_INPUT_JOIN,     /* as.join */
    WR_INPUT_PATTERN,  /* as.states */
    WR_INPUT_SEQUENCE, /* as.states */
    WR_INPUT_ANONYMOUS /* as.anonymous: (from … return): a query whose output is RETURN, without annotations
                        */
} wr_ast_input_kind;

typedef struct wr_ast_input {
    wr_ast_input_kind kind;
    wr_span span;
    union {
        wr_ast_stream *single;
        wr_ast_join *join;
        struct {
            wr_ast_state *root;  /* never NULL. A sequence's root is a CHAIN */
            wr_ast_expr *within; /* a time constant, or NULL */
        } states;
        wr_ast_query *anonymous;
    } as;
} wr_ast_input;

/* ---- Selection, output rate, output ------------------------------------------------------------------- */

typedef struct wr_ast_out {
    wr_span span;
    wr_ast_expr *expr;
    wr_ast_name alias; /* text NULL: none, then expr is a WR_AST_REF, not in parentheses, named by its attr */
} wr_ast_out;

typedef struct wr_ast_order {
    wr_ast_expr *ref; /* WR_AST_REF */
    bool descending;
    bool direction_written; /* asc or desc stands there */
} wr_ast_order;

typedef struct wr_ast_selection {
    wr_span span;
    bool star; /* select *: n_outs is 0 */
    uint32_t n_outs;
    wr_ast_out *outs;
    uint32_t n_group_by;
    wr_ast_expr **group_by; /* WR_AST_REF each */
    wr_ast_expr *having;    /* or NULL */
    uint32_t n_order_by;
    wr_ast_order *order_by;
    wr_ast_expr *limit;  /* or NULL. A constant of type INT or LONG, perhaps negative */
    wr_ast_expr *offset; /* or NULL. Likewise */
} wr_ast_selection;

typedef enum wr_ast_rate_kind {
    WR_RATE_EVENTS,  /* output [which] every n events */
    WR_RATE_TIME,    /* output [which] every time */
    WR_RATE_SNAPSHOT /* output snapshot every time */
} wr_ast_rate_kind;

typedef enum wr_ast_rate_which {
    WR_RATE_DEFAULT, /* nothing written: all */
    WR_RATE_ALL,
    WR_RATE_FIRST,
    WR_RATE_LAST
} wr_ast_rate_which;

typedef struct wr_ast_rate {
    wr_span span;
    wr_ast_rate_kind kind;
    wr_ast_rate_which which; /* SNAPSHOT: DEFAULT */
    int64_t amount;          /* events or milliseconds */
    wr_ast_expr *constant;   /* the amount as written: an int, or a time */
} wr_ast_rate;

typedef enum wr_ast_events {
    WR_EVENTS_DEFAULT, /* nothing written: current */
    WR_EVENTS_CURRENT, /* `current events` or `events` */
    WR_EVENTS_EXPIRED,
    WR_EVENTS_ALL
} wr_ast_events;

typedef struct wr_ast_set {
    wr_span span;
    wr_ast_expr *target; /* WR_AST_REF */
    wr_ast_expr *value;
} wr_ast_set;

typedef enum wr_ast_output_kind {
    WR_OUTPUT_INSERT,
    WR_OUTPUT_DELETE,
    WR_OUTPUT_UPDATE,
    WR_OUTPUT_UPDATE_OR_INSERT,
    WR_OUTPUT_RETURN, /* parsed everywhere; only an anonymous inner query may use it */
    WR_OUTPUT_NONE    /* on-demand queries that only read */
} wr_ast_output_kind;

typedef struct wr_ast_output {
    wr_span span;
    wr_ast_output_kind kind;
    wr_ast_events events; /* on-demand: DEFAULT */
    wr_ast_source target; /* name.text NULL for RETURN and NONE. A mark only for INSERT of a query */
    uint32_t n_set;       /* UPDATE and UPDATE_OR_INSERT; 0: no set clause */
    wr_ast_set *set;
    wr_ast_expr *on; /* DELETE: or NULL. UPDATE, UPDATE_OR_INSERT: never NULL. Else NULL */
} wr_ast_output;

struct wr_ast_query {
    wr_span span; /* annotations included */
    wr_ast_annotations annotations;
    wr_ast_input *input;
    wr_ast_selection *selection; /* or NULL: as select * */
    wr_ast_rate *rate;           /* or NULL */
    wr_ast_output *output;
};

/* ---- Partitions --------------------------------------------------------------------------------------- */

typedef struct wr_ast_range_key {
    wr_span span;
    wr_ast_expr *condition;
    const char *label;
    wr_span label_span; /* quotes included */
    char label_quote;   /* as in wr_ast_const */
} wr_ast_range_key;

/* `value of stream`, or `condition as 'label' or condition as 'label' of stream`. */
typedef struct wr_ast_partition_key {
    wr_span span;
    wr_ast_expr *value; /* NULL: ranges */
    uint32_t n_ranges;
    wr_ast_range_key *ranges;
    wr_ast_name stream;
} wr_ast_partition_key;

typedef struct wr_ast_partition {
    wr_span span;
    wr_ast_annotations annotations;
    uint32_t n_keys; /* >= 1 */
    wr_ast_partition_key *keys;
    uint32_t n_queries; /* >= 1 */
    wr_ast_query **queries;
} wr_ast_partition;

/* ---- Definitions -------------------------------------------------------------------------------------- */

typedef struct wr_ast_attr {
    wr_span span;
    wr_ast_name name;
    weir_type type; /* INT … OBJECT */
    wr_span type_span;
} wr_ast_attr;

typedef enum wr_ast_definition_kind {
    WR_DEFINE_STREAM,
    WR_DEFINE_TABLE,
    WR_DEFINE_WINDOW,
    WR_DEFINE_TRIGGER,
    WR_DEFINE_FUNCTION,
    WR_DEFINE_AGGREGATION
} wr_ast_definition_kind;

typedef enum wr_ast_unit { /* smallest first; WEEK and MILLISEC are no units of an aggregation */
                           WR_UNIT_SEC,
                           WR_UNIT_MIN,
                           WR_UNIT_HOUR,
                           WR_UNIT_DAY,
                           WR_UNIT_MONTH,
                           WR_UNIT_YEAR
} wr_ast_unit;

typedef struct wr_ast_definition {
    wr_ast_definition_kind kind;
    wr_span span;                   /* annotations included */
    wr_ast_annotations annotations; /* none for TRIGGER and FUNCTION */
    wr_ast_source id;               /* mark is NONE: `#x` and `!x` can't be defined */
    uint32_t n_attrs;               /* STREAM, TABLE, WINDOW: >= 1; else 0 */
    wr_ast_attr *attrs;
    union {
        struct {
            wr_ast_call *call;
            wr_ast_events events; /* DEFAULT: nothing written, which means all here */
        } window;
        struct {
            int64_t every_ms; /* -1: not periodic, then at is set */
            wr_ast_expr *at; /* STRING constant: 'start' or a cron expression; for a periodic one: the time */
        } trigger;
        struct {
            wr_ast_name language;
            weir_type return_type;
            wr_span return_type_span;
            const char
                *body; /* as Siddhi sees it: without '{', and without '}' and the character before it */
            uint32_t body_len;
            wr_span body_span; /* braces included */
        } function;
        struct {
            wr_ast_stream *input;        /* without a window */
            wr_ast_selection *selection; /* star or outs, and group_by; the rest is not allowed there */
            wr_ast_expr *by;             /* WR_AST_REF, or NULL: event timestamps */
            bool is_range;               /* `sec ... year`: n_units is 2, smaller one first */
            uint32_t n_units;            /* else each unit as written, >= 1, in any order */
            wr_ast_unit *units;
            wr_span units_span;
        } aggregation;
    } as;
} wr_ast_definition;

/* ---- The whole ---------------------------------------------------------------------------------------- */

typedef struct wr_ast_element {
    wr_ast_query *query;         /* or NULL */
    wr_ast_partition *partition; /* or NULL: exactly one of them is set */
} wr_ast_element;

typedef struct wr_ast_app {
    wr_span span;
    wr_ast_annotations annotations; /* is_app each */
    uint32_t n_definitions;         /* >= 1, all before the elements */
    wr_ast_definition **definitions;
    uint32_t n_elements; /* may be 0 */
    wr_ast_element *elements;
} wr_ast_app;

/* from T as t on … within … per … select …      has_from, output NONE
 * select … insert into S                         output INSERT
 * [select …] delete T | update T | update or insert into T    (the last only with a selection) */
typedef struct wr_ast_on_demand {
    wr_span span;
    bool has_from;
    wr_ast_name source;          /* has_from */
    wr_ast_name alias;           /* text NULL: none */
    wr_ast_expr *on;             /* of `from`; or NULL */
    wr_ast_range *range;         /* or NULL */
    wr_ast_selection *selection; /* or NULL */
    wr_ast_output *output;       /* never NULL; kind NONE, INSERT, DELETE, UPDATE or UPDATE_OR_INSERT */
} wr_ast_on_demand;

/* ---- Reading trees ------------------------------------------------------------------------------------ */

/* The n-th (0-based) annotation of that name, without regard to case, or NULL. */
const wr_ast_annotation *wr_ast_find_annotation(const wr_ast_annotations *annotations, const char *name,
                                                uint32_t nth);
/* The element with that key (without regard to case); key NULL: the first without a key. Or NULL. */
const wr_ast_annotation_item *wr_ast_find_item(const wr_ast_annotation *annotation, const char *key);
/* "*", "==", "and". */
const char *wr_ast_op_text(wr_ast_op op);
/* How tightly it binds: 1 (or) to 7 (* / %). `in` stands between `and` and `==`. */
int wr_ast_op_level(wr_ast_op op);
#define WR_AST_IN_LEVEL 3
/* Same tree, spans aside. For tests and for "is this definition the same as that one". */
bool wr_ast_expr_equal(const wr_ast_expr *a, const wr_ast_expr *b);
bool wr_ast_definition_equal(const wr_ast_definition *a, const wr_ast_definition *b);
bool wr_ast_app_equal(const wr_ast_app *a, const wr_ast_app *b);
bool wr_ast_on_demand_equal(const wr_ast_on_demand *a, const wr_ast_on_demand *b);

#endif
