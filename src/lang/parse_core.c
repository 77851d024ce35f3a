/* parse_core.c: the parser's life, its cursor over the tokens, and lists in the arena. See parse.h. */
#include <string.h>

#include "lang/parse.h"

static bool add_token(wr_parser *p, wr_token token) {
    if (wr_grow(NULL, &p->tokens, &p->cap_tokens, p->n_tokens + 1, sizeof *p->tokens)) return false;
    p->tokens[p->n_tokens++] = token;
    return true;
}

bool wr_parser_init(wr_parser *p, const wr_source *source, weir_arena *arena, wr_diag *diags) {
    memset(p, 0, sizeof *p);
    p->source = source;
    p->text = source->text;
    p->arena = arena;
    p->diags = diags;
    p->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    p->out_of_memory = p->c_locale == (locale_t)0;
    uint32_t at = 0;
    wr_token token = {0};
    do {
        token = wr_lex(p->text, source->len, at);
        at = token.end;
        if (!add_token(p, token)) p->out_of_memory = true;
    } while (!p->out_of_memory && token.kind != WR_TOK_EOF);
    return !p->out_of_memory;
}

void wr_parser_fini(wr_parser *p) {
    wr_free(NULL, p->tokens, (size_t)p->cap_tokens * sizeof *p->tokens);
    if (p->c_locale != (locale_t)0) freelocale(p->c_locale);
    memset(p, 0, sizeof *p);
}

weir_status wr_parser_status(wr_parser *p) {
    if (!p->out_of_memory) return p->failed ? WEIR_EPARSE : WEIR_OK;
    weir_error err = {0};
    weir_status status = weir_fail(&err, WEIR_ENOMEM, "out of memory");
    wr_diag_add(p->diags, &err);
    return status;
}

void wr_advance(wr_parser *p) {
    if (p->at + 1 < p->n_tokens) p->at++;
}

bool wr_accept(wr_parser *p, unsigned kind) {
    if (wr_peek(p) != kind) return false;
    wr_advance(p);
    return true;
}

bool wr_expect(wr_parser *p, unsigned kind) {
    return wr_accept(p, kind) || wr_expected(p, NULL, WR_KINDS((uint8_t)kind), NULL);
}

wr_span wr_span_since(const wr_parser *p, uint32_t begin) {
    uint32_t end = p->at > 0 ? p->tokens[p->at - 1].end : begin;
    if (wr_peek(p) == WR_TOK_EOF && p->at == 0) end = begin;
    return (wr_span){begin, WR_MAX(end, begin)};
}

void *wr_node(wr_parser *p, size_t size) {
    void *node = wr_arena_zero(p->arena, 1, size);
    if (!node) p->out_of_memory = true;
    return node;
}

/* Capacity is not kept: it is 4, then always the next power of two, so a full list is one of such a length.
 */
bool wr_list_add(wr_parser *p, void *list, uint32_t *n, const void *element, size_t element_size) {
    void *items;
    memcpy(&items, list, sizeof items);
    bool is_full = *n == 0 || (*n >= 4 && (*n & (*n - 1)) == 0);
    if (is_full) {
        void *larger = wr_arena_array(p->arena, *n ? (size_t)*n * 2 : 4, element_size);
        if (!larger) {
            p->out_of_memory = true;
            return false;
        }
        if (*n) memcpy(larger, items, *n * element_size);
        items = larger;
        memcpy(list, &items, sizeof items);
    }
    memcpy((char *)items + *n * element_size, element, element_size);
    (*n)++;
    return true;
}

bool wr_enter(wr_parser *p) {
    if (++p->depth <= WR_AST_MAX_NESTING) return true;
    return wr_wrong_at(p, wr_token_span(p), "split it into several queries",
                       "nested too deeply: more than %d levels", WR_AST_MAX_NESTING);
}

void wr_leave(wr_parser *p) { p->depth--; }
