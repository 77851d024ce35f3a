#include <inttypes.h>

#include "plan/explain.h"

typedef struct printer {
    const wr_schema *in, *outs;
    wr_buf *out;
} printer;

static void print(printer *p, const wr_expr *e);

static void print_value(printer *p, const weir_value *v) {
    if (v->is_null) {
        wr_buf_puts(p->out, "null");
        return;
    }
    switch (v->type) {
    case WEIR_INT: wr_buf_printf(p->out, "%" PRId32, v->as.i); break;
    case WEIR_LONG: wr_buf_printf(p->out, "%" PRId64 "L", v->as.l); break;
    case WEIR_FLOAT: wr_buf_printf(p->out, "%.9gF", (double)v->as.f); break;
    case WEIR_DOUBLE: wr_buf_printf(p->out, "%.17gD", v->as.d); break;
    case WEIR_BOOL: wr_buf_puts(p->out, v->as.b ? "true" : "false"); break;
    case WEIR_STRING:
        wr_buf_putc(p->out, '\'');
        wr_buf_put(p->out, weir_string_data(&v->as.s), v->as.s.len);
        wr_buf_putc(p->out, '\'');
        break;
    default: wr_buf_puts(p->out, "?"); break;
    }
}

static void print_named(printer *p, const wr_schema *schema, uint32_t column, const char *otherwise) {
    if (schema && column < schema->n_attrs)
        wr_buf_puts(p->out, schema->attrs[column].name);
    else
        wr_buf_printf(p->out, "%s%u", otherwise, column);
}

static void print_args(printer *p, wr_expr *const *args, uint32_t n) {
    wr_buf_putc(p->out, '(');
    for (uint32_t i = 0; i < n; i++) {
        if (i) wr_buf_puts(p->out, ", ");
        print(p, args[i]);
    }
    wr_buf_putc(p->out, ')');
}

static void print_name(printer *p, const char *ns, const char *name) {
    wr_buf_printf(p->out, "%s%s%s", ns ? ns : "", ns && *ns ? ":" : "", name);
}

static void print_binary(printer *p, const wr_expr *e, const char *op) {
    wr_buf_putc(p->out, '(');
    print(p, e->a);
    wr_buf_printf(p->out, " %s ", op);
    print(p, e->b);
    wr_buf_putc(p->out, ')');
}

static void print_call_like(printer *p, const char *name, const wr_expr *const args[3]) {
    wr_buf_printf(p->out, "%s(", name);
    for (uint32_t i = 0; i < 3 && args[i]; i++) {
        if (i) wr_buf_puts(p->out, ", ");
        print(p, args[i]);
    }
    wr_buf_putc(p->out, ')');
}

/* A conversion is shown where it costs something: "long(v)". */
static void print_conversion(printer *p, const char *name, const wr_expr *e) {
    wr_buf_printf(p->out, "%s%s(", name, weir_type_name(e->type));
    print(p, e->a);
    wr_buf_putc(p->out, ')');
}

static void print_leaf(printer *p, const wr_expr *e) {
    switch (e->kind) {
    case WR_EXPR_CONST: print_value(p, &e->u.constant); break;
    case WR_EXPR_COLUMN: print_named(p, p->in, e->u.column, "column"); break;
    case WR_EXPR_OUTPUT: print_named(p, p->outs, e->u.column, "output"); break;
    case WR_EXPR_AGG: wr_buf_printf(p->out, "$%u", e->u.column); break;
    case WR_EXPR_PROBE: wr_buf_printf(p->out, "probe%u", e->u.column); break;
    default: wr_buf_puts(p->out, "eventTimestamp()"); break;
    }
}

static void print(printer *p, const wr_expr *e) {
    static const char *const ariths[] = {"+", "-", "*", "/", "%"};
    static const char *const compares[] = {"==", "!=", "<", "<=", ">", ">="};
    switch (e->kind) {
    case WR_EXPR_CONVERT: print_conversion(p, "", e); break;
    case WR_EXPR_UNBOX: print_conversion(p, e->u.strict ? "exactly " : "unbox ", e); break;
    case WR_EXPR_BOX: print_conversion(p, "boxed ", e); break;
    case WR_EXPR_ARITH: print_binary(p, e, ariths[e->u.arith]); break;
    case WR_EXPR_COMPARE: print_binary(p, e, compares[e->u.compare]); break;
    case WR_EXPR_AND: print_binary(p, e, "and"); break;
    case WR_EXPR_OR: print_binary(p, e, "or"); break;
    case WR_EXPR_NOT: print_call_like(p, "not ", (const wr_expr *const[3]){e->a}); break;
    case WR_EXPR_NULL_FALSE: print(p, e->a); break;
    case WR_EXPR_IF: print_call_like(p, "ifThenElse", (const wr_expr *const[3]){e->c, e->a, e->b}); break;
    case WR_EXPR_IS_NULL:
        print(p, e->a);
        wr_buf_puts(p->out, " is null");
        break;
    case WR_EXPR_CALL:
        print_name(p, e->u.call.function->ns, e->u.call.function->name);
        print_args(p, e->u.call.args, e->u.call.n_args);
        break;
    default: print_leaf(p, e); break;
    }
}

void wr_expr_print(const wr_expr *e, const wr_schema *in, const wr_schema *outs, wr_buf *out) {
    printer p = {in, outs, out};
    print(&p, e);
}

void wr_agg_print(const wr_agg_slot *slot, const wr_schema *in, wr_buf *out) {
    printer p = {in, NULL, out};
    print_name(&p, slot->type->ns, slot->type->name);
    print_args(&p, slot->args, slot->n_args);
    if (!slot->when) return;
    wr_buf_puts(out, " of rows with ");
    print(&p, slot->when);
}
