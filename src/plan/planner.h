/* planner.h: from a syntax tree to a plan: names and types resolved, overloads chosen, queries laid out.
 *
 * All errors of an app are found, each once: what follows from an error that was told already (a stream whose
 * definition failed, an expression over it) is left unsaid. What the language has but the engine does not run
 * yet is refused by its name with WEIR_EUNSUPPORTED. */
#ifndef WR_PLANNER_H
#define WR_PLANNER_H

#include "lang/ast.h"
#include "lang/diag.h"
#include "lang/source.h"
#include "plan/plan.h"
#include "registry/registry.h"

typedef struct wr_plan_options {
    wr_account *account;  /* charged for the plan; may be NULL */
    const char *app_name; /* when there is no @app:name; may be NULL */
    const weir_ref *refs; /* what @source, @sink and @store may refer to, and defaults of types */
    uint32_t n_refs;
} wr_plan_options;

/* Plans a whole app. The tree and the source are read only during the call (the plan copies what it needs),
 * the registry's descriptors are kept by pointer. Errors are added to diags (may be NULL), placed in src.
 *
 * WEIR_OK: *out is the plan, the caller's to give to wr_plan_free. Else *out is NULL and the result is the
 * status of the first error that was found, but WEIR_EUNSUPPORTED only if there is no error of another kind;
 * WEIR_ENOMEM when memory was out (then diags may be incomplete). options may be NULL. */
weir_status wr_plan_app(const wr_ast_app *app, const wr_source *src, const wr_registry *registry,
                        const wr_plan_options *options, wr_plan **out, wr_diag *diags) WR_NODISCARD;
void wr_plan_free(wr_plan *plan); /* NULL is fine */

/* Which columns of a stream somebody in the plan reads: queries, sinks and, through its faults, the fault
 * stream. needed has room for all its attributes. A subscriber of the stream itself is not counted. */
void wr_plan_stream_needs(const wr_plan *plan, uint32_t stream, bool *needed);

/* The index of the stream with that name (with its '#' or '!'), or WR_NONE_ID. */
uint32_t wr_plan_find_stream(const wr_plan *plan, const char *name);

#endif
