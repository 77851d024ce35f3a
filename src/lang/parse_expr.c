/* parse_expr.c: expressions by precedence climbing, references, calls and names. */
#include <string.h>

#include "lang/parse.h"

/* ---- Names -------------------------------------------------------------------------------------------- */

static bool take_name(wr_parser *p, wr_ast_name *name) {
    wr_span s = wr_token_span(p);
    bool quoted = wr_peek(p) == WR_TOK_QUOTED_ID;
    uint32_t ticks = quoted ? 1 : 0;
    name->text = wr_arena_strndup(p->arena, p->text + s.begin + ticks, s.end - s.begin - 2 * ticks);
    name->span = s;
    name->quoted = quoted;
    wr_advance(p);
    if (!name->text) p->out_of_memory = true;
    return name->text != NULL;
}

bool wr_parse_name(wr_parser *p, const char *what, wr_ast_name *name) {
    if (!wr_kind_is_name(wr_peek(p))) return wr_expected(p, what, NULL, NULL);
    return take_name(p, name);
}

bool wr_parse_id(wr_parser *p, const char *what, wr_ast_name *name) {
    if (!wr_kind_is_name(wr_peek(p))) return wr_expected(p, what, NULL, NULL);
    bool is_keyword = !wr_kind_is_id(wr_peek(p));
    if (!take_name(p, name)) return false;
    if (is_keyword)
        wr_wrong_at(p, name->span, "write it in back-ticks, or choose another name",
                    "'%s' is a keyword and can't be %s", name->text, what);
    return true;
}

/* source = [ "#" | "!" ] name */
bool wr_parse_source_name(wr_parser *p, const char *what, wr_ast_source *source) {
    uint32_t begin = wr_token_span(p).begin;
    source->mark = wr_accept(p, WR_TOK_HASH)   ? WR_MARK_INNER
                   : wr_accept(p, WR_TOK_BANG) ? WR_MARK_FAULT
                                               : WR_MARK_NONE;
    if (!wr_parse_name(p, what, &source->name)) return false;
    source->span = wr_span_since(p, begin);
    return true;
}

/* ---- Nodes -------------------------------------------------------------------------------------------- */

static wr_ast_expr *new_expr(wr_parser *p, wr_ast_expr_kind kind, uint32_t begin) {
    wr_ast_expr *e = wr_node(p, sizeof *e);
    if (!e) return NULL;
    e->kind = kind;
    e->span = (wr_span){begin, begin};
    e->height = 1;
    return e;
}

/* Sets the span of an expression that ends here, and its height over `height` of its highest part. */
static wr_ast_expr *finish(wr_parser *p, wr_ast_expr *e, uint32_t height) {
    e->span = wr_span_since(p, e->span.begin);
    e->height = (uint16_t)(height + 1);
    if (height < WR_AST_MAX_HEIGHT) return e;
    wr_wrong_at(p, wr_token_span(p), "put parts of it in parentheses, or use several queries",
                "this expression has more than %d operators in a row", WR_AST_MAX_HEIGHT - 1);
    return NULL;
}

/* ---- References and calls ----------------------------------------------------------------------------- */

/* index = "[" ( INT | "last" [ "-" INT ] ) "]" */
static bool parse_index(wr_parser *p, wr_ast_index *index) {
    if (!wr_accept(p, WR_TOK_LBRACKET)) return true;
    if (wr_accept(p, WR_KW_LAST)) {
        index->kind = WR_INDEX_LAST;
        if (wr_accept(p, WR_TOK_MINUS) && !wr_parse_whole_number(p, &index->n)) return false;
        return wr_expect(p, WR_TOK_RBRACKET);
    }
    index->kind = WR_INDEX_AT;
    if (wr_peek(p) != WR_TOK_INT_LITERAL)
        return wr_expected(p, "the number of an event, 'last' or 'last - 1'", WR_KINDS(WR_KW_LAST),
                           "a filter stands directly after a stream's name, not in an expression");
    return wr_parse_whole_number(p, &index->n) && wr_expect(p, WR_TOK_RBRACKET);
}

/* attr_ref   = [ "#" | "!" ] name [ index ] [ "#" name [ index ] ] "." name | name
 * stream_ref = [ "#" | "!" ] name [ index ], which the caller checks to be followed by "is" "null" */
static bool parse_ref(wr_parser *p, wr_ast_ref *ref) {
    ref->mark = wr_accept(p, WR_TOK_HASH)   ? WR_MARK_INNER
                : wr_accept(p, WR_TOK_BANG) ? WR_MARK_FAULT
                                            : WR_MARK_NONE;
    wr_ast_name first = {0};
    if (!wr_parse_name(p, "a name", &first) || !parse_index(p, &ref->index)) return false;
    bool is_plain = ref->mark == WR_MARK_NONE && ref->index.kind == WR_INDEX_NONE;
    if (wr_accept(p, WR_TOK_HASH)) {
        is_plain = false;
        if (!wr_parse_name(p, "a name", &ref->second) || !parse_index(p, &ref->second_index)) return false;
    }
    if (wr_peek(p) != WR_TOK_DOT && is_plain) {
        ref->attr = first;
        return true;
    }
    ref->stream = first;
    bool may_be_stream = !ref->second.text && wr_peek(p) == WR_KW_IS;
    if (may_be_stream) return true;
    if (!wr_accept(p, WR_TOK_DOT)) return wr_expected(p, "'.' and the name of an attribute", NULL, NULL);
    return wr_parse_name(p, "the name of an attribute", &ref->attr);
}

static wr_ast_expr *parse_ref_expr(wr_parser *p) {
    wr_ast_expr *e = new_expr(p, WR_AST_REF, wr_token_span(p).begin);
    if (!e || !parse_ref(p, &e->as.ref)) return NULL;
    return finish(p, e, 0);
}

wr_ast_expr *wr_parse_attr_ref(wr_parser *p) {
    unsigned kind = wr_peek(p);
    if (!wr_kind_is_name(kind) && kind != WR_TOK_HASH && kind != WR_TOK_BANG) {
        wr_expected(p, "an attribute", NULL, NULL);
        return NULL;
    }
    wr_ast_expr *e = parse_ref_expr(p);
    if (e && !e->as.ref.attr.text) {
        wr_expected(p, "'.' and the name of an attribute", NULL, NULL);
        return NULL;
    }
    return e;
}

static bool parse_arguments(wr_parser *p, wr_ast_call *call, uint32_t *height) {
    if (wr_accept(p, WR_TOK_RPAREN)) return true;
    if (wr_accept(p, WR_TOK_STAR)) {
        call->star = true;
        return wr_expect(p, WR_TOK_RPAREN);
    }
    do {
        wr_ast_expr *arg = wr_parse_expr(p);
        if (!arg || !WR_LIST_ADD(p, call->args, call->n_args, arg)) return false;
        *height = WR_MAX(*height, arg->height);
    } while (wr_accept(p, WR_TOK_COMMA));
    if (wr_accept(p, WR_TOK_RPAREN)) return true;
    return wr_expected(p, "',' or ')'", NULL, NULL);
}

/* call = [ name ":" ] name "(" [ expr { "," expr } | "*" ] ")" */
static bool parse_call(wr_parser *p, wr_ast_call *call, uint32_t *height) {
    uint32_t begin = wr_token_span(p).begin;
    if (!wr_parse_name(p, "the name of a function", &call->name)) return false;
    if (wr_accept(p, WR_TOK_COLON)) {
        call->ns = call->name;
        if (!wr_parse_name(p, "the name of a function", &call->name)) return false;
    }
    if (!wr_expect(p, WR_TOK_LPAREN) || !wr_enter(p)) return false;
    if (!parse_arguments(p, call, height)) return false;
    wr_leave(p);
    call->span = wr_span_since(p, begin);
    return true;
}

wr_ast_call *wr_parse_call(wr_parser *p) {
    uint32_t height = 0;
    wr_ast_call *call = wr_node(p, sizeof *call);
    return call && parse_call(p, call, &height) ? call : NULL;
}

static wr_ast_expr *parse_call_expr(wr_parser *p) {
    uint32_t height = 0;
    wr_ast_expr *e = new_expr(p, WR_AST_CALL, wr_token_span(p).begin);
    if (!e || !parse_call(p, &e->as.call, &height)) return NULL;
    return finish(p, e, height);
}

/* ---- Operators ---------------------------------------------------------------------------------------- */

static bool begins_operand(const wr_parser *p, uint32_t k) {
    unsigned kind = wr_peek_after(p, k);
    switch (kind) {
    case WR_TOK_LPAREN:
    case WR_TOK_HASH:
    case WR_TOK_BANG:
    case WR_TOK_STRING_LITERAL: return true;
    case WR_TOK_PLUS:
    case WR_TOK_MINUS: return wr_kind_is_number(wr_peek_after(p, k + 1));
    default: return wr_kind_is_number(kind) || wr_kind_is_name(kind);
    }
}

/* After a keyword: it is then the name of a function or stream itself. */
static bool calls_or_refers(unsigned kind) { return kind == WR_TOK_LPAREN || kind == WR_KW_AS; }

/* Whether the parentheses that open at the k-th token from here hold no argument, '*', or several arguments:
 * `not (…)` would be a call of a function `not` then. */
static bool holds_arguments(const wr_parser *p, uint32_t k) {
    unsigned first = wr_peek_after(p, k + 1);
    if (first == WR_TOK_RPAREN || first == WR_TOK_STAR) return true;
    for (uint32_t depth = 0;; k++) {
        unsigned kind = wr_peek_after(p, k);
        if (kind == WR_TOK_EOF || kind == WR_TOK_SEMICOLON) return false;
        if (kind == WR_TOK_LPAREN || kind == WR_TOK_LBRACKET) depth++;
        if (kind == WR_TOK_COMMA && depth == 1) return true;
        if ((kind == WR_TOK_RPAREN || kind == WR_TOK_RBRACKET) && --depth == 0) return false;
    }
}

/* The keyword in hand (not, true, false) names something: what follows can't follow the operator or literal.
 */
static bool is_reference(const wr_parser *p) {
    bool is_not = wr_peek(p) == WR_KW_NOT;
    unsigned next = wr_peek_after(p, 1);
    switch (next) {
    case WR_TOK_DOT:
    case WR_TOK_COLON:
    case WR_TOK_LBRACKET: return true;
    case WR_TOK_HASH: return !is_not;
    case WR_TOK_LPAREN: return !is_not || holds_arguments(p, 1);
    case WR_KW_IS: return wr_peek_after(p, 2) == WR_KW_NULL;
    case WR_KW_AND:
    case WR_KW_OR:
    case WR_KW_IN:
    case WR_KW_AS: return is_not && begins_operand(p, 2) && !calls_or_refers(wr_peek_after(p, 2));
    default: return is_not && !begins_operand(p, 1);
    }
}

static bool at_call(const wr_parser *p) {
    unsigned next = wr_peek_after(p, 1);
    return wr_kind_is_name(wr_peek(p)) && (next == WR_TOK_LPAREN || next == WR_TOK_COLON);
}

static wr_ast_expr *parse_parenthesised(wr_parser *p) {
    wr_advance(p);
    if (!wr_enter(p)) return NULL;
    wr_ast_expr *e = wr_parse_expr(p);
    if (!e) return NULL;
    if (!wr_accept(p, WR_TOK_RPAREN)) {
        wr_expected(p, "an operator or ')'", WR_KINDS(WR_KW_AND, WR_KW_OR, WR_KW_IN, WR_KW_IS), NULL);
        return NULL;
    }
    wr_leave(p);
    e->in_parens = true;
    return e;
}

/* null_check = ( stream_ref | attr_ref | call ) [ "is" "null" ] */
static wr_ast_expr *parse_named(wr_parser *p) {
    wr_ast_expr *operand = at_call(p) ? parse_call_expr(p) : parse_ref_expr(p);
    if (!operand || wr_peek(p) != WR_KW_IS) return operand;
    wr_advance(p);
    if (!wr_accept(p, WR_KW_NULL)) {
        wr_expected(p, NULL, WR_KINDS(WR_KW_NULL), "the only test with 'is' is 'is null'");
        return NULL;
    }
    wr_ast_expr *e = new_expr(p, WR_AST_IS_NULL, operand->span.begin);
    if (!e) return NULL;
    e->as.unary.operand = operand;
    return finish(p, e, operand->height);
}

/* primary = "(" expr ")" | constant | null_check */
static wr_ast_expr *parse_primary(wr_parser *p) {
    unsigned kind = wr_peek(p), next = wr_peek_after(p, 1);
    if (kind == WR_TOK_LPAREN) return parse_parenthesised(p);
    if (wr_kind_is_number(kind)) return wr_parse_number(p);
    if ((kind == WR_TOK_MINUS || kind == WR_TOK_PLUS) && wr_kind_is_number(next)) return wr_parse_number(p);
    if (kind == WR_TOK_STRING_LITERAL) return wr_parse_string(p);
    if ((kind == WR_KW_TRUE || kind == WR_KW_FALSE) && !is_reference(p)) return wr_parse_bool(p);
    if (wr_kind_is_name(kind) || kind == WR_TOK_HASH || kind == WR_TOK_BANG) return parse_named(p);
    wr_expected(p, "an expression", NULL, NULL);
    return NULL;
}

/* unary = "not" unary | primary: 'not' binds more tightly than any binary operator */
static wr_ast_expr *parse_unary(wr_parser *p) {
    if (wr_peek(p) != WR_KW_NOT || is_reference(p)) return parse_primary(p);
    wr_ast_expr *e = new_expr(p, WR_AST_NOT, wr_token_span(p).begin);
    wr_advance(p);
    if (!e || !wr_enter(p)) return NULL;
    e->as.unary.operand = parse_unary(p);
    if (!e->as.unary.operand) return NULL;
    wr_leave(p);
    return finish(p, e, e->as.unary.operand->height);
}

/* The binary operator in hand, and its level; 0: none. `in` has no wr_ast_op. */
static int operator_level(const wr_parser *p, wr_ast_op *op) {
    switch (wr_peek(p)) {
    case WR_TOK_STAR: *op = WR_OP_MUL; break;
    case WR_TOK_SLASH: *op = WR_OP_DIV; break;
    case WR_TOK_PERCENT: *op = WR_OP_MOD; break;
    case WR_TOK_PLUS: *op = WR_OP_ADD; break;
    case WR_TOK_MINUS: *op = WR_OP_SUB; break;
    case WR_TOK_GE: *op = WR_OP_GE; break;
    case WR_TOK_LE: *op = WR_OP_LE; break;
    case WR_TOK_GT: *op = WR_OP_GT; break;
    case WR_TOK_LT: *op = WR_OP_LT; break;
    case WR_TOK_EQ: *op = WR_OP_EQ; break;
    case WR_TOK_NE: *op = WR_OP_NE; break;
    case WR_KW_AND: *op = WR_OP_AND; break;
    case WR_KW_OR: *op = WR_OP_OR; break;
    case WR_KW_IN: return WR_AST_IN_LEVEL;
    default: return 0;
    }
    return wr_ast_op_level(*op);
}

static wr_ast_expr *parse_in(wr_parser *p, wr_ast_expr *left, uint32_t begin) {
    wr_ast_expr *e = new_expr(p, WR_AST_IN, begin);
    wr_advance(p);
    if (!e || !wr_parse_name(p, "the name of a table", &e->as.in.table)) return NULL;
    e->as.in.left = left;
    return finish(p, e, left->height);
}

static wr_ast_expr *parse_binary(wr_parser *p, int min_level);

static wr_ast_expr *parse_operation(wr_parser *p, wr_ast_op op, int level, wr_ast_expr *left,
                                    uint32_t begin) {
    wr_ast_expr *e = new_expr(p, WR_AST_BINARY, begin);
    wr_span op_span = wr_token_span(p);
    wr_advance(p);
    wr_ast_expr *right = parse_binary(p, level + 1);
    if (!e || !right) return NULL;
    e->as.binary.op = op;
    e->as.binary.op_span = op_span;
    e->as.binary.left = left;
    e->as.binary.right = right;
    return finish(p, e, WR_MAX(left->height, right->height));
}

/* Operators of min_level and above, left-associative. The levels are those of wr_ast_op_level. */
static wr_ast_expr *parse_binary(wr_parser *p, int min_level) {
    uint32_t begin = wr_token_span(p).begin; /* before a parenthesis, if the left side has one */
    wr_ast_expr *e = parse_unary(p);
    while (e) {
        wr_ast_op op = WR_OP_OR;
        int level = operator_level(p, &op);
        if (level == 0 || level < min_level) break;
        e = level == WR_AST_IN_LEVEL ? parse_in(p, e, begin) : parse_operation(p, op, level, e, begin);
    }
    return e;
}

wr_ast_expr *wr_parse_expr(wr_parser *p) { return parse_binary(p, 1); }
