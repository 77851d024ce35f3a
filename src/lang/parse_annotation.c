/* parse_annotation.c: @name(key='value', …). */
#include <string.h>

#include "base/buf.h"
#include "lang/parse.h"

/* ---- Keys --------------------------------------------------------------------------------------------- */

static void put_name(const wr_parser *p, wr_buf *b) {
    wr_span s = wr_token_span(p);
    uint32_t ticks = wr_peek(p) == WR_TOK_QUOTED_ID ? 1 : 0;
    wr_buf_put(b, p->text + s.begin + ticks, s.end - s.begin - 2 * ticks);
}

static bool is_key_separator(unsigned kind) {
    return kind == WR_TOK_DOT || kind == WR_TOK_MINUS || kind == WR_TOK_COLON;
}

/* name { ( "." | "-" | ":" ) name }, joined without blanks */
static bool parse_dotted_key(wr_parser *p, wr_buf *b) {
    put_name(p, b);
    wr_advance(p);
    while (is_key_separator(wr_peek(p))) {
        wr_buf_putc(b, p->text[wr_token_span(p).begin]);
        wr_advance(p);
        if (!wr_kind_is_name(wr_peek(p)))
            return wr_expected(p, "the rest of the key", NULL, "write the key as a string: 'a.b'='…'");
        put_name(p, b);
        wr_advance(p);
    }
    return true;
}

/* key = name { ( "." | "-" | ":" ) name } | STRING, then "=" */
static bool parse_key(wr_parser *p, wr_ast_annotation_item *item) {
    uint32_t begin = wr_token_span(p).begin;
    if (wr_peek(p) == WR_TOK_STRING_LITERAL) {
        uint32_t len;
        char quote;
        item->key = wr_string_text(p, &len, &quote);
        wr_advance(p);
    } else {
        wr_buf b = WR_BUF_INIT;
        bool ok = parse_dotted_key(p, &b);
        if (b.failed) p->out_of_memory = true;
        if (ok && !b.failed) {
            item->key = wr_arena_strndup(p->arena, b.data, b.len);
            if (!item->key) p->out_of_memory = true;
        }
        wr_buf_fini(&b);
    }
    if (!item->key) return false;
    item->key_span = wr_span_since(p, begin);
    if (wr_accept(p, WR_TOK_ASSIGN)) return true;
    return wr_expected(p, "'=' and a value", WR_KINDS(WR_TOK_ASSIGN),
                       "values of annotations are strings: @name('value') or @name(key='value')");
}

/* ---- Elements ----------------------------------------------------------------------------------------- */

/* ann_elem = [ key "=" ] STRING */
static bool parse_element(wr_parser *p, wr_ast_annotation_item *item) {
    bool is_string = wr_peek(p) == WR_TOK_STRING_LITERAL;
    bool has_key = wr_kind_is_name(wr_peek(p)) || (is_string && wr_peek_after(p, 1) == WR_TOK_ASSIGN);
    if (has_key && !parse_key(p, item)) return false;
    if (wr_peek(p) != WR_TOK_STRING_LITERAL)
        return wr_expected(p, "a string", NULL, "values of annotations are always strings, numbers too: '5'");
    uint32_t len;
    item->value_span = wr_token_span(p);
    item->value = wr_string_text(p, &len, &item->value_quote);
    wr_advance(p);
    return item->value != NULL;
}

static wr_ast_annotation *parse_annotation(wr_parser *p);

static bool parse_item(wr_parser *p, bool is_app, wr_ast_annotation_item *item) {
    uint32_t begin = wr_token_span(p).begin;
    memset(item, 0, sizeof *item);
    if (wr_peek(p) == WR_TOK_AT_SIGN) {
        if (is_app)
            wr_wrong_at(p, wr_token_span(p), NULL, "an @app: annotation can't hold other annotations");
        item->child = parse_annotation(p);
        if (!item->child) return false;
    } else if (!parse_element(p, item)) {
        return false;
    }
    item->span = wr_span_since(p, begin);
    return true;
}

/* "(" item { "," item } ")" */
static bool parse_items(wr_parser *p, wr_ast_annotation *a) {
    uint32_t begin = wr_token_span(p).begin;
    wr_advance(p);
    if (wr_accept(p, WR_TOK_RPAREN)) {
        wr_wrong_at(p, wr_span_since(p, begin), "leave the parentheses out",
                    "an annotation can't have empty parentheses");
        return true;
    }
    if (!wr_enter(p)) return false;
    do {
        wr_ast_annotation_item item;
        if (!parse_item(p, a->is_app, &item) || !WR_LIST_ADD(p, a->items, a->n_items, item)) return false;
    } while (wr_accept(p, WR_TOK_COMMA));
    wr_leave(p);
    return wr_accept(p, WR_TOK_RPAREN) || wr_expected(p, "',' or ')'", NULL, NULL);
}

/* ann = "@" name [ items ]     app_ann = "@" "app" ":" name [ items ] */
static wr_ast_annotation *parse_annotation(wr_parser *p) {
    wr_ast_annotation *a = wr_node(p, sizeof *a);
    uint32_t begin = wr_token_span(p).begin;
    if (!a) return NULL;
    a->is_app = wr_at_app_annotation(p);
    wr_advance(p);
    if (a->is_app) {
        wr_advance(p);
        wr_advance(p);
    }
    if (!wr_parse_name(p, "the name of an annotation", &a->name)) return NULL;
    if (wr_peek(p) == WR_TOK_LPAREN && !parse_items(p, a)) return NULL;
    a->span = wr_span_since(p, begin);
    return a;
}

bool wr_at_app_annotation(const wr_parser *p) {
    return wr_peek(p) == WR_TOK_AT_SIGN && wr_peek_after(p, 1) == WR_KW_APP &&
           wr_peek_after(p, 2) == WR_TOK_COLON;
}

static bool add_annotation(wr_parser *p, wr_ast_annotations *out) {
    wr_ast_annotation *a = parse_annotation(p);
    return a && WR_LIST_ADD(p, out->list, out->n, a);
}

bool wr_parse_annotations(wr_parser *p, wr_ast_annotations *out) {
    memset(out, 0, sizeof *out);
    while (wr_peek(p) == WR_TOK_AT_SIGN) {
        if (wr_at_app_annotation(p))
            wr_wrong_at(p, wr_token_span(p), "move it to the top",
                        "@app: annotations stand before everything else in an app");
        if (!add_annotation(p, out)) return false;
    }
    return true;
}

bool wr_parse_app_annotations(wr_parser *p, wr_ast_annotations *out) {
    while (wr_at_app_annotation(p))
        if (!add_annotation(p, out)) return false;
    return true;
}
