/* window_args.c: arguments of a window that are computed: columns that an operator before it adds, and that
 * end with it. */
#include <string.h>

#include "plan/window.h"

static weir_status check(const weir_arg *args, uint32_t n_args, weir_stream_added *added, uint32_t *n_added,
                         weir_error *err) {
    (void)args, (void)n_args, (void)added, (void)err;
    *n_added = 0;
    return WEIR_OK;
}

/* What was computed as an argument is what is added. */
static weir_status eval(void *self, weir_stream_call *call, weir_error *err) {
    (void)self, (void)err;
    for (uint32_t i = 0; i < call->n_added; i++) {
        call->added[i].data = call->args[i].data;
        if (call->args[i].valid) call->added[i].valid = call->args[i].valid;
    }
    return WEIR_OK;
}

/* In no table: no query can name it. */
static const weir_stream_function_type compute_type = {
    .struct_size = sizeof(weir_stream_function_type),
    .ns = "",
    .name = "compute",
    .doc = "Adds the arguments of the window behind it.",
    .check = check,
    .eval = eval,
    .adds_only = true,
};

static bool add_columns(wr_build *b, const wr_scope_input *input, const wr_window_columns *computed,
                        wr_schema *out) {
    uint32_t n = input->schema.n_attrs;
    wr_attr *attrs = WR_PLAN_ARRAY(b->p, (size_t)n + computed->n, wr_attr);
    if (!attrs) return false;
    if (n) memcpy(attrs, input->schema.attrs, n * sizeof *attrs);
    for (uint32_t i = 0; i < computed->n; i++)
        attrs[n + i] = (wr_attr){.name = computed->names[i], .type = computed->exprs[i]->type};
    *out = (wr_schema){n + computed->n, attrs};
    return true;
}

wr_plan_op *wr_plan_compute(wr_build *b, const wr_ast_call *call, const wr_scope_input *input,
                            const wr_window_columns *computed) {
    wr_schema out;
    char *text = wr_plan_text(b->p, call->span);
    char *label = text ? wr_plan_printf(b->p, "arguments of %s", text) : NULL;
    if (!label || !add_columns(b, input, computed, &out)) return NULL;
    wr_plan_op *op = wr_plan_new_op(b, WR_OP_FUNCTION, label, input->schema, out);
    if (op)
        op->u.function = (wr_plan_function){.type = &compute_type,
                                            .args = computed->exprs,
                                            .n_args = computed->n,
                                            .app_name = b->p->plan->name};
    return op;
}
