/* print_definition.c: annotations and definitions. */
#include <string.h>

#include "lang/lexer.h"
#include "lang/print.h"

/* ---- Annotations -------------------------------------------------------------------------------------- */

/* A key made of names divided by '.', '-' or ':' needs no quotes; `--` would begin a comment. */
static bool is_plain_key(const char *key) {
    bool in_name = false;
    for (; *key; key++) {
        bool letter = (*key >= 'a' && *key <= 'z') || (*key >= 'A' && *key <= 'Z') || *key == '_';
        bool digit = *key >= '0' && *key <= '9';
        if (!letter && !(digit && in_name) && !(in_name && strchr(".-:", *key))) return false;
        in_name = letter || digit;
    }
    return in_name;
}

static void print_item(wr_printer *pr, const wr_ast_annotation_item *item) {
    if (item->child) {
        wr_pr_annotation(pr, item->child);
        return;
    }
    wr_pr_comments(pr, item->span.begin);
    if (item->key) {
        if (is_plain_key(item->key))
            wr_pr_puts(pr, item->key);
        else
            wr_pr_string(pr, item->key, strlen(item->key), '\'');
        wr_pr_puts(pr, "=");
        wr_pr_comments(pr, item->value_span.begin);
    }
    wr_pr_string(pr, item->value, strlen(item->value), item->value_quote);
}

static uint32_t item_start(const wr_ast_annotation_item *item) {
    return item->child ? item->child->name.span.begin : item->span.begin;
}

static void print_items(wr_printer *pr, const void *node) {
    const wr_ast_annotation *a = node;
    wr_pr_puts(pr, "(");
    wr_pr_indent(pr, 1);
    for (uint32_t i = 0; i < a->n_items; i++) {
        if (i) {
            wr_pr_puts(pr, ",");
            wr_pr_line(pr, item_start(&a->items[i]));
        } else {
            wr_pr_softline(pr, item_start(&a->items[i]));
        }
        print_item(pr, &a->items[i]);
    }
    wr_pr_close(pr, a->span.end - 1);
    wr_pr_puts(pr, ")");
}

void wr_pr_annotation(wr_printer *pr, const wr_ast_annotation *a) {
    wr_pr_comments(pr, a->name.span.begin);
    wr_pr_puts(pr, a->is_app ? "@app:" : "@");
    wr_pr_name(pr, &a->name);
    if (a->n_items) wr_pr_group(pr, WR_PRINT_WIDTH, print_items, a);
}

uint32_t wr_pr_statement_start(const wr_ast_annotations *annotations, wr_span statement) {
    return annotations->n ? annotations->list[0]->name.span.begin : statement.begin;
}

/* Each on its own line, and a line end before what stood at pos_after. */
void wr_pr_annotations(wr_printer *pr, const wr_ast_annotations *annotations, uint32_t pos_after) {
    for (uint32_t i = 0; i < annotations->n; i++) {
        wr_pr_annotation(pr, annotations->list[i]);
        bool is_last = i + 1 == annotations->n;
        wr_pr_hardline(pr, is_last ? pos_after : annotations->list[i + 1]->name.span.begin);
    }
}

/* ---- Definitions -------------------------------------------------------------------------------------- */

static const char *type_word(weir_type type) {
    static const uint8_t kinds[WEIR_N_TYPES] = {
        [WEIR_INT] = WR_KW_INT,       [WEIR_LONG] = WR_KW_LONG, [WEIR_FLOAT] = WR_KW_FLOAT,
        [WEIR_DOUBLE] = WR_KW_DOUBLE, [WEIR_BOOL] = WR_KW_BOOL, [WEIR_STRING] = WR_KW_STRING,
        [WEIR_OBJECT] = WR_KW_OBJECT,
    };
    return wr_keyword_spelling(kinds[type]);
}

/* Where the attributes end: comments before it stay inside the parentheses. */
static uint32_t end_of_attrs(const wr_ast_definition *d) {
    return d->kind == WR_DEFINE_WINDOW ? d->as.window.call->span.begin : d->span.end - 1;
}

static void print_attrs(wr_printer *pr, const void *node) {
    const wr_ast_definition *d = node;
    wr_pr_puts(pr, "(");
    wr_pr_indent(pr, 1);
    for (uint32_t i = 0; i < d->n_attrs; i++) {
        const wr_ast_attr *a = &d->attrs[i];
        if (i) {
            wr_pr_puts(pr, ",");
            wr_pr_line(pr, a->span.begin);
        } else {
            wr_pr_softline(pr, a->span.begin);
        }
        wr_pr_name(pr, &a->name);
        wr_pr_space(pr);
        wr_pr_comments(pr, a->type_span.begin);
        wr_pr_puts(pr, type_word(a->type));
    }
    wr_pr_close(pr, end_of_attrs(d));
    wr_pr_puts(pr, ")");
}

static void print_schema(wr_printer *pr, const wr_ast_definition *d) {
    wr_pr_space(pr);
    wr_pr_group(pr, WR_PRINT_WIDTH, print_attrs, d);
    if (d->kind != WR_DEFINE_WINDOW) return;
    wr_pr_space(pr);
    wr_pr_call(pr, d->as.window.call);
    if (d->as.window.events == WR_EVENTS_DEFAULT) return;
    wr_pr_space(pr);
    wr_pr_puts(pr, "output");
    wr_pr_events(pr, d->as.window.events);
}

static void print_trigger(wr_printer *pr, const wr_ast_definition *d) {
    wr_pr_space(pr);
    wr_pr_puts(pr, d->as.trigger.every_ms >= 0 ? "at every" : "at");
    wr_pr_space(pr);
    wr_pr_expr(pr, d->as.trigger.at);
}

/* The script is printed as it was written: its last character is lost to the reader, not to us. */
static void print_function(wr_printer *pr, const wr_ast_definition *d) {
    wr_pr_puts(pr, "[");
    wr_pr_name(pr, &d->as.function.language);
    wr_pr_puts(pr, "]");
    wr_pr_space(pr);
    wr_pr_puts(pr, "return");
    wr_pr_space(pr);
    wr_pr_comments(pr, d->as.function.return_type_span.begin);
    wr_pr_puts(pr, type_word(d->as.function.return_type));
    wr_pr_space(pr);
    wr_pr_comments(pr, d->as.function.body_span.begin);
    wr_span s = d->as.function.body_span;
    wr_pr_putn(pr, pr->source->text + s.begin, s.end - s.begin);
}

static void print_units(wr_printer *pr, const wr_ast_definition *d) {
    static const char *const words[] = {
        [WR_UNIT_SEC] = "sec", [WR_UNIT_MIN] = "min",     [WR_UNIT_HOUR] = "hour",
        [WR_UNIT_DAY] = "day", [WR_UNIT_MONTH] = "month", [WR_UNIT_YEAR] = "year",
    };
    for (uint32_t i = 0; i < d->as.aggregation.n_units; i++) {
        if (i) wr_pr_puts(pr, d->as.aggregation.is_range ? " ..." : ",");
        wr_pr_space(pr);
        wr_pr_puts(pr, words[d->as.aggregation.units[i]]);
    }
}

static void print_aggregation(wr_printer *pr, const void *node) {
    const wr_ast_definition *d = node;
    wr_pr_line(pr, wr_pr_stream_start(d->as.aggregation.input));
    wr_pr_puts(pr, "from");
    wr_pr_space(pr);
    wr_pr_stream(pr, d->as.aggregation.input);
    wr_pr_selection(pr, d->as.aggregation.selection);
    wr_pr_line(pr, d->as.aggregation.by ? wr_pr_expr_start(d->as.aggregation.by)
                                        : d->as.aggregation.units_span.begin);
    wr_pr_puts(pr, "aggregate");
    wr_pr_space(pr);
    if (d->as.aggregation.by) {
        wr_pr_puts(pr, "by ");
        wr_pr_expr(pr, d->as.aggregation.by);
        wr_pr_space(pr);
    }
    wr_pr_comments(pr, d->as.aggregation.units_span.begin);
    wr_pr_puts(pr, "every");
    print_units(pr, d);
}

void wr_pr_definition(wr_printer *pr, const wr_ast_definition *d) {
    static const char *const words[] = {
        [WR_DEFINE_STREAM] = "define stream",     [WR_DEFINE_TABLE] = "define table",
        [WR_DEFINE_WINDOW] = "define window",     [WR_DEFINE_TRIGGER] = "define trigger",
        [WR_DEFINE_FUNCTION] = "define function", [WR_DEFINE_AGGREGATION] = "define aggregation",
    };
    wr_pr_annotations(pr, &d->annotations, d->id.span.begin);
    wr_pr_puts(pr, words[d->kind]);
    wr_pr_space(pr);
    wr_pr_name(pr, &d->id.name);
    switch (d->kind) {
    case WR_DEFINE_STREAM:
    case WR_DEFINE_TABLE:
    case WR_DEFINE_WINDOW: print_schema(pr, d); break;
    case WR_DEFINE_TRIGGER: print_trigger(pr, d); break;
    case WR_DEFINE_FUNCTION: print_function(pr, d); break;
    case WR_DEFINE_AGGREGATION:
        wr_pr_indent(pr, 1);
        wr_pr_group(pr, WR_PRINT_WIDTH, print_aggregation, d);
        wr_pr_indent(pr, -1);
        break;
    }
}
