/* printer.c: whole apps and on-demand queries. See printer.h. */
#include "lang/printer.h"

#include <string.h>

#include "lang/print.h"

/* ---- Apps --------------------------------------------------------------------------------------------- */

static void print_app_annotations(wr_printer *pr, const wr_ast_annotations *annotations) {
    for (uint32_t i = 0; i < annotations->n; i++) {
        wr_pr_begin_statement(pr, annotations->list[i]->name.span.begin, annotations->list[i]->span.begin,
                              WR_BLANK_KEPT);
        wr_pr_annotation(pr, annotations->list[i]);
    }
}

static void begin_element(wr_printer *pr, const wr_ast_element *e, wr_blank blank) {
    wr_span span = e->query ? e->query->span : e->partition->span;
    const wr_ast_annotations *a = e->query ? &e->query->annotations : &e->partition->annotations;
    wr_pr_begin_statement(pr, wr_pr_statement_start(a, span), span.begin, blank);
}

static void print_element(wr_printer *pr, const wr_ast_element *e) {
    if (e->query)
        wr_pr_query(pr, e->query);
    else
        wr_pr_partition(pr, e->partition);
}

/* Queries are set off by an empty line from definitions, and from each other where they have several lines.
 */
static void print_statements(wr_printer *pr, const wr_ast_app *app) {
    for (uint32_t i = 0; i < app->n_definitions; i++) {
        const wr_ast_definition *d = app->definitions[i];
        wr_pr_begin_statement(pr, wr_pr_statement_start(&d->annotations, d->span), d->span.begin,
                              WR_BLANK_KEPT);
        wr_pr_definition(pr, d);
        wr_pr_puts(pr, ";");
    }
    wr_blank blank = WR_BLANK_ONE;
    for (uint32_t i = 0; i < app->n_elements; i++) {
        begin_element(pr, &app->elements[i], blank);
        size_t begin = pr->out->len;
        print_element(pr, &app->elements[i]);
        wr_pr_puts(pr, ";");
        bool has_lines = !pr->out->failed && memchr(pr->out->data + begin, '\n', pr->out->len - begin);
        blank = has_lines ? WR_BLANK_ONE : WR_BLANK_KEPT;
    }
}

static weir_status finish(wr_printer *pr, weir_status status) {
    if (status == WEIR_OK) {
        wr_pr_begin_statement(pr, UINT32_MAX, 0, WR_BLANK_KEPT);
        wr_pr_hardline(pr, UINT32_MAX); /* after a comment that waited for code beside it */
    }
    if (status == WEIR_OK && pr->out->failed) status = WEIR_ENOMEM;
    wr_pr_fini(pr);
    return status;
}

weir_status wr_print_app(const wr_ast_app *app, const wr_source *source, wr_buf *out) {
    wr_printer pr;
    weir_status status = wr_pr_init(&pr, source, out) ? WEIR_OK : WEIR_ENOMEM;
    if (status == WEIR_OK) {
        print_app_annotations(&pr, &app->annotations);
        print_statements(&pr, app);
    }
    return finish(&pr, status);
}

/* ---- On-demand queries -------------------------------------------------------------------------------- */

static void print_find(wr_printer *pr, const wr_ast_on_demand *q) {
    wr_pr_puts(pr, "from ");
    wr_pr_name(pr, &q->source);
    if (q->alias.text) {
        wr_pr_puts(pr, " as ");
        wr_pr_name(pr, &q->alias);
    }
    if (q->on) {
        wr_pr_line(pr, wr_pr_expr_start(q->on));
        wr_pr_puts(pr, "on ");
        wr_pr_expr(pr, q->on);
    }
    if (!q->range) return;
    wr_pr_line(pr, q->range->span.begin);
    wr_pr_range(pr, q->range);
}

static void print_on_demand(wr_printer *pr, const void *node) {
    const wr_ast_on_demand *q = node;
    if (q->has_from) print_find(pr, q);
    if (q->selection) wr_pr_selection(pr, q->selection);
    wr_pr_output(pr, q->output);
}

weir_status wr_print_on_demand(const wr_ast_on_demand *query, const wr_source *source, wr_buf *out) {
    wr_printer pr;
    weir_status status = wr_pr_init(&pr, source, out) ? WEIR_OK : WEIR_ENOMEM;
    if (status == WEIR_OK) {
        wr_pr_hardline(&pr, query->span.begin);
        wr_pr_group(&pr, WR_PRINT_SHORT, print_on_demand, query);
        wr_pr_puts(&pr, ";");
    }
    return finish(&pr, status);
}
