/* print_expr.c: names, constants, expressions. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lang/lexer.h"
#include "lang/print.h"

/* ---- Names and strings -------------------------------------------------------------------------------- */

static bool is_identifier(const char *text) {
    if (!text[0] || (text[0] >= '0' && text[0] <= '9')) return false;
    for (; *text; text++) {
        char c = *text;
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return true;
}

/* Back-ticks where they are needed; round a keyword where they were written, since it may need them there. */
void wr_pr_name(wr_printer *pr, const wr_ast_name *name) {
    bool is_keyword = wr_token_of_word(name->text, (uint32_t)strlen(name->text)) != WR_TOK_ID;
    bool quote = !is_identifier(name->text) || (name->quoted && is_keyword);
    wr_pr_comments(pr, name->span.begin);
    wr_pr_puts(pr, quote ? "`" : name->text);
    if (!quote) return;
    wr_pr_puts(pr, name->text);
    wr_pr_puts(pr, "`");
}

static void print_mark(wr_printer *pr, wr_ast_mark mark) {
    if (mark != WR_MARK_NONE) wr_pr_puts(pr, mark == WR_MARK_INNER ? "#" : "!");
}

void wr_pr_source(wr_printer *pr, const wr_ast_source *source) {
    wr_pr_comments(pr, source->name.span.begin);
    print_mark(pr, source->mark);
    wr_pr_name(pr, &source->name);
}

/* In the quotes that were written, unless they can't hold the text. */
void wr_pr_string(wr_printer *pr, const char *text, size_t len, char quote) {
    bool has_control = false;
    for (size_t i = 0; i < len; i++) has_control = has_control || (unsigned char)text[i] < 0x20;
    bool has_double = memchr(text, '"', len) != NULL, has_single = memchr(text, '\'', len) != NULL;
    if (quote == '\'' && has_single) quote = '"';
    if (has_double || has_control) quote = 't';
    const char *quotes = quote == 't' ? "\"\"\"" : quote == '\'' ? "'" : "\"";
    wr_pr_puts(pr, quotes);
    wr_pr_putn(pr, text, len);
    wr_pr_puts(pr, quotes);
}

/* ---- Constants ---------------------------------------------------------------------------------------- */

static void print_number(wr_printer *pr, const wr_ast_const *c) {
    char text[64];
    switch (c->type) {
    case WEIR_INT: snprintf(text, sizeof text, "%" PRId32, c->as.i); break;
    case WEIR_LONG: snprintf(text, sizeof text, "%" PRId64 "L", c->as.l); break;
    case WEIR_FLOAT: snprintf(text, sizeof text, "%.9gf", (double)c->as.f); break;
    case WEIR_DOUBLE: snprintf(text, sizeof text, "%.17gd", c->as.d); break;
    default: snprintf(text, sizeof text, "%s", c->as.b ? "true" : "false"); break;
    }
    wr_pr_puts(pr, text);
}

static void print_const(wr_printer *pr, const wr_ast_const *c) {
    if (c->type == WEIR_STRING)
        wr_pr_string(pr, c->as.s.text, c->as.s.len, c->quote);
    else if (c->text)
        wr_pr_puts(pr, c->text);
    else
        print_number(pr, c);
}

/* ---- Positions ---------------------------------------------------------------------------------------- */

uint32_t wr_pr_expr_start(const wr_ast_expr *e) {
    for (;;) switch (e->kind) {
        case WR_AST_BINARY: e = e->as.binary.left; break;
        case WR_AST_IN: e = e->as.in.left; break;
        case WR_AST_IS_NULL: e = e->as.unary.operand; break;
        case WR_AST_REF:
            return e->as.ref.stream.text ? e->as.ref.stream.span.begin : e->as.ref.attr.span.begin;
        case WR_AST_CALL: return e->as.call.span.begin;
        default: return e->span.begin;
        }
}

uint32_t wr_pr_stream_start(const wr_ast_stream *stream) {
    return stream->event_ref.text ? stream->event_ref.span.begin : stream->source.name.span.begin;
}

/* ---- References and calls ----------------------------------------------------------------------------- */

static void print_index(wr_printer *pr, wr_ast_index index) {
    char text[32] = "";
    if (index.kind == WR_INDEX_AT)
        snprintf(text, sizeof text, "[%" PRId32 "]", index.n);
    else if (index.kind == WR_INDEX_LAST && index.n == 0)
        snprintf(text, sizeof text, "[last]");
    else if (index.kind == WR_INDEX_LAST)
        snprintf(text, sizeof text, "[last - %" PRId32 "]", index.n);
    if (text[0]) wr_pr_puts(pr, text);
}

static void print_ref(wr_printer *pr, const wr_ast_ref *ref) {
    if (!ref->stream.text) {
        wr_pr_name(pr, &ref->attr);
        return;
    }
    wr_pr_comments(pr, ref->stream.span.begin);
    print_mark(pr, ref->mark);
    wr_pr_name(pr, &ref->stream);
    print_index(pr, ref->index);
    if (ref->second.text) {
        wr_pr_puts(pr, "#");
        wr_pr_name(pr, &ref->second);
        print_index(pr, ref->second_index);
    }
    if (!ref->attr.text) return;
    wr_pr_puts(pr, ".");
    wr_pr_name(pr, &ref->attr);
}

static void print_arguments(wr_printer *pr, const void *node) {
    const wr_ast_call *call = node;
    wr_pr_puts(pr, "(");
    wr_pr_indent(pr, 1);
    for (uint32_t i = 0; i < call->n_args; i++) {
        if (i) {
            wr_pr_puts(pr, ",");
            wr_pr_line(pr, wr_pr_expr_start(call->args[i]));
        } else {
            wr_pr_softline(pr, wr_pr_expr_start(call->args[i]));
        }
        wr_pr_expr(pr, call->args[i]);
    }
    if (call->star) wr_pr_puts(pr, "*");
    if (call->n_args)
        wr_pr_close(pr, call->span.end > 0 ? call->span.end - 1 : 0);
    else
        wr_pr_indent(pr, -1);
    wr_pr_puts(pr, ")");
}

void wr_pr_call(wr_printer *pr, const wr_ast_call *call) {
    if (call->ns.text) {
        wr_pr_name(pr, &call->ns);
        wr_pr_puts(pr, ":");
    }
    wr_pr_name(pr, &call->name);
    wr_pr_group(pr, WR_PRINT_WIDTH, print_arguments, call);
}

/* ---- Operators ---------------------------------------------------------------------------------------- */

#define UNARY_LEVEL 8 /* binds more tightly than any binary operator; names and literals are one more */

static int level_of(const wr_ast_expr *e) {
    switch (e->kind) {
    case WR_AST_BINARY: return wr_ast_op_level(e->as.binary.op);
    case WR_AST_IN: return WR_AST_IN_LEVEL;
    case WR_AST_NOT: return UNARY_LEVEL;
    default: return UNARY_LEVEL + 1;
    }
}

static void print_at_level(wr_printer *pr, const wr_ast_expr *e, int min_level);

static bool is_condition(const wr_ast_expr *e) {
    return e->kind == WR_AST_BINARY && (e->as.binary.op == WR_OP_AND || e->as.binary.op == WR_OP_OR);
}

/* Long conditions are broken before `and` and `or`, nothing else is: before all of `a and b and c`, or none.
 */
static void print_binary(wr_printer *pr, const void *node) {
    const wr_ast_expr *e = node, *left = e->as.binary.left;
    int level = wr_ast_op_level(e->as.binary.op);
    bool goes_on = is_condition(e) && left->kind == WR_AST_BINARY && !left->in_parens &&
                   left->as.binary.op == e->as.binary.op;
    if (goes_on)
        print_binary(pr, left);
    else
        print_at_level(pr, left, level);
    if (is_condition(e)) wr_pr_line(pr, e->as.binary.op_span.begin);
    wr_pr_comments(pr, e->as.binary.op_span.begin);
    wr_pr_space(pr);
    wr_pr_puts(pr, wr_ast_op_text(e->as.binary.op));
    wr_pr_space(pr);
    print_at_level(pr, e->as.binary.right, level + 1);
}

static void print_bare(wr_printer *pr, const wr_ast_expr *e) {
    switch (e->kind) {
    case WR_AST_CONST:
        wr_pr_comments(pr, e->span.begin);
        print_const(pr, &e->as.constant);
        break;
    case WR_AST_REF: print_ref(pr, &e->as.ref); break;
    case WR_AST_CALL: wr_pr_call(pr, &e->as.call); break;
    case WR_AST_NOT:
        wr_pr_comments(pr, e->span.begin);
        wr_pr_puts(pr, "not");
        wr_pr_space(pr);
        print_at_level(pr, e->as.unary.operand, UNARY_LEVEL);
        break;
    case WR_AST_IS_NULL:
        print_at_level(pr, e->as.unary.operand, UNARY_LEVEL + 1);
        wr_pr_space(pr);
        wr_pr_puts(pr, "is null");
        break;
    case WR_AST_BINARY: wr_pr_group(pr, WR_PRINT_WIDTH, print_binary, e); break;
    case WR_AST_IN:
        print_at_level(pr, e->as.in.left, WR_AST_IN_LEVEL);
        wr_pr_space(pr);
        wr_pr_puts(pr, "in");
        wr_pr_space(pr);
        wr_pr_name(pr, &e->as.in.table);
        break;
    }
}

static void print_at_level(wr_printer *pr, const wr_ast_expr *e, int min_level) {
    /* A tree from text has its parentheses marked, and `a in T < b` needs none. */
    bool in_parens = e->in_parens || (!pr->source && level_of(e) < min_level);
    if (in_parens) {
        wr_pr_comments(pr, wr_pr_expr_start(e));
        wr_pr_puts(pr, "(");
        wr_pr_indent(pr, 1);
    }
    print_bare(pr, e);
    if (!in_parens) return;
    wr_pr_indent(pr, -1);
    wr_pr_puts(pr, ")");
}

void wr_pr_expr(wr_printer *pr, const wr_ast_expr *e) { print_at_level(pr, e, 0); }

static wr_printer flat_printer(wr_buf *out) {
    wr_printer pr = {.out = out};
    pr.s.flat = true;
    return pr;
}

void wr_print_expr(const wr_ast_expr *expr, wr_buf *out) {
    wr_printer pr = flat_printer(out);
    wr_pr_expr(&pr, expr);
}
