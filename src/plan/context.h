/* context.h: what the planner's parts share while one app is planned.
 *
 * Two conventions hold in all of src/plan:
 *  - a function that gives a pointer gives NULL when it failed, and has then told why (wr_plan_error) or met
 *    something poisoned; callers go on with the rest, so that every error is found, and never tell again;
 *  - when memory is out, out_of_memory is set, functions fail as above, and wr_plan_app ends with
 * WEIR_ENOMEM.
 *
 * Poisoned is what can't be known because of an error that was told: a named thing without a known schema
 * (wr_named.poisoned), or a single attribute (its type is WEIR_NONE). */
#ifndef WR_PLAN_CONTEXT_H
#define WR_PLAN_CONTEXT_H

#include "plan/planner.h"

/* What an app's queries can name. Streams, tables, windows, triggers and aggregations share one space. */
typedef enum wr_named_kind {
    WR_NAMED_STREAM, /* triggers and fault streams too */
    WR_NAMED_TABLE,
    WR_NAMED_WINDOW,
    WR_NAMED_AGGREGATION
} wr_named_kind;

typedef struct wr_named {
    const char *name;      /* with the '#' or '!' in front */
    struct wr_named *next; /* of the same hash */
    wr_named_kind kind;
    uint32_t partition; /* inner streams: number of their partition; else 0 */
    uint32_t index;     /* in plan->streams (of a window: what leaves it) or plan->tables; else WR_NONE_ID */
    wr_schema schema;
    bool poisoned;
    bool is_static;                      /* a join can't be triggered from there: a table, an aggregation */
    const wr_ast_definition *definition; /* NULL: made by a query or by @OnError */
} wr_named;

/* Columns that a stream, a table or a select list may have. */
#define WR_MAX_ATTRS 4096u

/* A function that the app defines in a script language. */
typedef struct wr_script {
    const char *name;
    weir_type type;
    const weir_function_type
        *function;    /* of the language; NULL: it was refused, calls are typed all the same */
    weir_arg head[3]; /* its text, type and name: what stands before a call's own arguments */
} wr_script;

/* Columns of tables into which a query sets values of another type: they hold values of any type, and the app
 * is planned once more with that. */
typedef struct wr_any_types {
    struct wr_any_type {
        char *table;
        uint32_t column;
    } * list;
    uint32_t n, cap;
} wr_any_types;

typedef struct wr_planner {
    const wr_ast_app *app;
    const wr_source *src;
    const wr_registry *registry;
    wr_diag *diags; /* may be NULL */
    wr_plan *plan;
    weir_arena *arena;       /* the plan's */
    weir_arena scratch;      /* for what one step works with; the step resets it */
    weir_status first_error; /* WEIR_OK: none so far. EUNSUPPORTED gives way to any other */
    bool out_of_memory;
    uint32_t span_base; /* added to spans: non-zero while the text inside a string literal is planned */
    struct wr_taken_name *query_names[256]; /* names of queries so far, by their hash */
    uint32_t partition;                     /* the partition in hand, 1-based; 0: none */
    uint32_t n_ranks;
    uint32_t n_feeding; /* queries that feed aggregations, or are named windows: they have no number */
    wr_named **named;   /* in the arena, like all that follows */
    uint32_t n_named, cap_named;
    wr_named *buckets[256]; /* of the same, by hash of the name */
    wr_script *scripts;     /* room for one a definition */
    uint32_t n_scripts;
    wr_any_types *any_types; /* NULL: the tables stay as they are */
    const weir_ref *refs;    /* borrowed */
    uint32_t n_refs;
    bool is_on_demand; /* a query is planned against a plan that runs: no index is made for it */
} wr_planner;

/* ---- Errors -----------------------------------------------------------------------------------------------
 */

/* Tells an error. hint: what to do, or NULL. */
void wr_plan_error(wr_planner *p, wr_span span, weir_status code, const char *hint, const char *format, ...)
    WR_PRINTF(5, 6);
/* "x is not supported yet", by name. */
void wr_plan_unsupported(wr_planner *p, wr_span span, const char *what);
/* Tells what a descriptor's check() said about a call. Where check gave no hint, the accepted parameter lists
 * are it. */
void wr_plan_check_error(wr_planner *p, const wr_ast_call *call, const weir_error *err,
                         const weir_param_doc *params);

/* ---- Modules ----------------------------------------------------------------------------------------------
 */

typedef enum wr_needed {
    WR_NEEDED_NONE,    /* no module has it */
    WR_NEEDED_OPEN,    /* its module is open: look again */
    WR_NEEDED_UNUSABLE /* its module can't be used: told */
} wr_needed;
/* For a call whose name was not found: opens the module that holds something of these kinds (wr_module_kind).
 */
wr_needed wr_plan_need(wr_planner *p, unsigned kinds, const wr_ast_call *call);

/* ---- Memory: all in the plan's arena; NULL (and out_of_memory) when there is none -----------------------
 */

void *wr_plan_alloc(wr_planner *p, size_t n, size_t elem_size); /* zeroed; never NULL for n == 0 */
#define WR_PLAN_NEW(p, type)      ((type *)wr_plan_alloc((p), 1, sizeof(type)))
#define WR_PLAN_ARRAY(p, n, type) ((type *)wr_plan_alloc((p), (n), sizeof(type)))
char *wr_plan_strdup(wr_planner *p, const char *text);
char *wr_plan_printf(wr_planner *p, const char *format, ...) WR_PRINTF(2, 3);
/* The source text of a span, with runs of blanks and comments as one blank. */
char *wr_plan_text(wr_planner *p, wr_span span);

/* ---- Names ------------------------------------------------------------------------------------------------
 */

/* A name with its mark in front, in the arena. */
const char *wr_plan_marked_name(wr_planner *p, wr_ast_mark mark, const char *name);
/* Whoever is visible here under that name, or NULL. Tells nothing. */
wr_named *wr_plan_find(wr_planner *p, const char *marked_name);
/* The stream (window, table, …) that a query reads; tells an unknown one, with what was perhaps meant. */
wr_named *wr_plan_find_source(wr_planner *p, const wr_ast_source *source);
/* Adds a name (which must be free). */
wr_named *wr_plan_add_named(wr_planner *p, wr_named_kind kind, const char *name, wr_schema schema);
/* The column shall hold values of any type. False: it can't, or it makes the key. */
bool wr_plan_any_type(wr_planner *p, const wr_named *table, uint32_t column);
/* Adds a stream to the plan and names it. */
wr_named *wr_plan_add_stream(wr_planner *p, const char *name, wr_schema schema, wr_span span);
/* "(k string, v int)" */
const char *wr_plan_schema_text(wr_planner *p, const wr_schema *schema);

#endif
