/* lang_support.h: parse and print a piece of text in one call. */
#ifndef WR_TEST_LANG_SUPPORT_H
#define WR_TEST_LANG_SUPPORT_H

#include "../support.h"

#include "lang/parser.h"
#include "lang/printer.h"

/* A parsed text with all that belongs to it. */
typedef struct parsed {
    wr_source source;
    weir_arena arena;
    wr_diag diags;
    weir_status status;
    wr_ast_app *app;
    wr_ast_on_demand *on_demand;
    wr_ast_expr *expr;
} parsed;

typedef enum parsed_kind { APP, ON_DEMAND, EXPRESSION } parsed_kind;

static inline void parse_as(parsed *p, parsed_kind kind, const char *text) {
    weir_error err = {0};
    memset(p, 0, sizeof *p);
    wr_arena_init(&p->arena, NULL);
    wr_diag_init(&p->diags, 0);
    p->status = wr_source_init(&p->source, "app", text, strlen(text), &err);
    if (p->status != WEIR_OK)
        wr_diag_add(&p->diags, &err);
    else if (kind == APP)
        p->status = wr_parse_app(&p->source, &p->arena, &p->app, &p->diags);
    else if (kind == ON_DEMAND)
        p->status = wr_parse_on_demand(&p->source, &p->arena, &p->on_demand, &p->diags);
    else
        p->status = wr_parse_expression(&p->source, &p->arena, &p->expr, &p->diags);
}

static inline void free_parsed(parsed *p) {
    wr_diag_fini(&p->diags);
    wr_arena_fini(&p->arena);
    wr_source_fini(&p->source);
}

/* All errors as text; to be freed with free(). */
static inline char *errors_of(parsed_kind kind, const char *text) {
    parsed p;
    wr_buf out = WR_BUF_INIT;
    parse_as(&p, kind, text);
    wr_diag_render(&p.diags, &p.source, &out);
    char *copy = strdup(out.data ? out.data : "");
    wr_buf_fini(&out);
    free_parsed(&p);
    return copy;
}

/* Parses, and fails the test with the errors when that does not work. */
static inline void parse_well(parsed *p, parsed_kind kind, const char *text) {
    parse_as(p, kind, text);
    if (p->status == WEIR_OK) return;
    char *errors = errors_of(kind, text);
    print_error("%s\n%s", text, errors);
    free(errors);
    fail();
}

static inline bool accepts(parsed_kind kind, const char *text) {
    parsed p;
    parse_as(&p, kind, text);
    bool ok = p.status == WEIR_OK;
    if (!ok) assert_true(p.diags.total > 0);
    free_parsed(&p);
    return ok;
}

/* The text in canonical form; to be freed with free(). */
static inline char *formatted(parsed_kind kind, const char *text) {
    parsed p;
    wr_buf out = WR_BUF_INIT;
    parse_well(&p, kind, text);
    if (kind == APP)
        assert_int_equal(wr_print_app(p.app, &p.source, &out), WEIR_OK);
    else if (kind == ON_DEMAND)
        assert_int_equal(wr_print_on_demand(p.on_demand, &p.source, &out), WEIR_OK);
    else
        wr_print_expr(p.expr, &out);
    char *copy = strdup(out.data ? out.data : "");
    wr_buf_fini(&out);
    free_parsed(&p);
    return copy;
}

/* Parsing the formatted text gives the same tree, formatting it again the same text. */
static inline void check_round_trip(parsed_kind kind, const char *text) {
    char *once = formatted(kind, text), *twice = formatted(kind, once);
    parsed a, b;
    parse_well(&a, kind, text);
    parse_well(&b, kind, once);
    bool same = kind == APP         ? wr_ast_app_equal(a.app, b.app)
                : kind == ON_DEMAND ? wr_ast_on_demand_equal(a.on_demand, b.on_demand)
                                    : wr_ast_expr_equal(a.expr, b.expr);
    if (!same) print_error("%s\nbecame another tree:\n%s\n", text, once);
    assert_true(same);
    assert_string_equal(once, twice);
    free_parsed(&a);
    free_parsed(&b);
    free(once);
    free(twice);
}

#endif
