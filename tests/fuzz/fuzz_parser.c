/* fuzz_parser.c: a text is parsed as app, on-demand query and expression. What parses is printed; the printed
 * text must parse to the same tree and print to the same text, and no comment may be lost.
 *
 *   clang -fsanitize=fuzzer,address,undefined -Iinclude -Isrc tests/fuzz/fuzz_parser.c … -o fuzz_parser
 *   ./fuzz_parser tests/fuzz/corpus/parser */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/lexer.h"
#include "lang/parser.h"
#include "lang/printer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum kind { APP, ON_DEMAND, EXPRESSION, N_KINDS } kind;

typedef struct unit {
    wr_source source;
    weir_arena arena;
    wr_diag diags;
    void *tree; /* NULL: it did not parse */
} unit;

static void must(bool holds, const char *what, const char *text) {
    if (holds) return;
    fprintf(stderr, "%s:\n%s\n", what, text ? text : "");
    abort();
}

static void read_unit(unit *u, kind k, const char *text, size_t len) {
    weir_error err = {0};
    wr_ast_app *app = NULL;
    wr_ast_on_demand *query = NULL;
    wr_ast_expr *expr = NULL;
    memset(u, 0, sizeof *u);
    wr_arena_init(&u->arena, NULL);
    wr_diag_init(&u->diags, 50);
    weir_status status = wr_source_init(&u->source, "fuzz", text, len, &err);
    if (status != WEIR_OK) {
        wr_diag_add(&u->diags, &err);
    } else {
        status = k == APP         ? wr_parse_app(&u->source, &u->arena, &app, &u->diags)
                 : k == ON_DEMAND ? wr_parse_on_demand(&u->source, &u->arena, &query, &u->diags)
                                  : wr_parse_expression(&u->source, &u->arena, &expr, &u->diags);
        u->tree = k == APP ? (void *)app : k == ON_DEMAND ? (void *)query : (void *)expr;
    }
    must((status == WEIR_OK) == (u->tree != NULL), "status and tree disagree", text);
    must((status == WEIR_OK) == (u->diags.total == 0), "status and errors disagree", text);
    wr_buf shown = WR_BUF_INIT;
    wr_diag_render(&u->diags, &u->source, &shown);
    wr_buf_fini(&shown);
}

static void free_unit(unit *u) {
    wr_diag_fini(&u->diags);
    wr_arena_fini(&u->arena);
    wr_source_fini(&u->source);
}

static void print_unit(const unit *u, kind k, wr_buf *out) {
    weir_status status = WEIR_OK;
    if (k == APP)
        status = wr_print_app(u->tree, &u->source, out);
    else if (k == ON_DEMAND)
        status = wr_print_on_demand(u->tree, &u->source, out);
    else
        wr_print_expr(u->tree, out);
    must(status == WEIR_OK, "printing failed", u->source.text);
}

static unsigned count_comments(const char *text, uint32_t len) {
    unsigned n = 0;
    wr_span comment;
    wr_token t = {0};
    uint32_t at = 0;
    do {
        for (; wr_lex_comment(text, len, at, &comment); at = comment.end) n++;
        t = wr_lex(text, len, at);
        at = t.end;
    } while (t.kind != WR_TOK_EOF);
    return n;
}

static bool same_tree(const unit *a, const unit *b, kind k) {
    if (k == APP) return wr_ast_app_equal(a->tree, b->tree);
    if (k == ON_DEMAND) return wr_ast_on_demand_equal(a->tree, b->tree);
    return true; /* an expression may get parentheses that it had not */
}

static void check(kind k, const char *text, size_t len) {
    unit first, second;
    wr_buf once = WR_BUF_INIT, twice = WR_BUF_INIT;
    read_unit(&first, k, text, len);
    if (first.tree) {
        print_unit(&first, k, &once);
        read_unit(&second, k, once.data, once.len);
        must(second.tree != NULL, "what was printed does not parse", once.data);
        must(same_tree(&first, &second, k), "what was printed is another tree", once.data);
        print_unit(&second, k, &twice);
        must(strcmp(once.data, twice.data) == 0, "printing again gives another text", once.data);
        if (k != EXPRESSION)
            must(count_comments(first.source.text, first.source.len) ==
                     count_comments(once.data, (uint32_t)once.len),
                 "a comment was lost", once.data);
        free_unit(&second);
    }
    free_unit(&first);
    wr_buf_fini(&once);
    wr_buf_fini(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 20000) return 0;
    for (kind k = APP; k < N_KINDS; k++) check(k, (const char *)data, size);
    return 0;
}
