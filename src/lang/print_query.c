/* print_query.c: selections, outputs, queries, partitions. */
#include <string.h>

#include "lang/print.h"

static void put_word(wr_printer *pr, const char *word) {
    wr_pr_puts(pr, word);
    wr_pr_space(pr);
}

/* ---- Selections --------------------------------------------------------------------------------------- */

static void print_out(wr_printer *pr, const wr_ast_out *out) {
    wr_pr_expr(pr, out->expr);
    if (!out->alias.text) return;
    wr_pr_space(pr);
    put_word(pr, "as");
    wr_pr_name(pr, &out->alias);
}

static void print_list(wr_printer *pr, const void *node) {
    const wr_ast_selection *s = node;
    wr_pr_puts(pr, "select");
    wr_pr_indent(pr, 1);
    for (uint32_t i = 0; i < s->n_outs; i++) {
        if (i) wr_pr_puts(pr, ",");
        wr_pr_line(pr, wr_pr_expr_start(s->outs[i].expr));
        print_out(pr, &s->outs[i]);
    }
    wr_pr_indent(pr, -1);
    if (s->star) {
        wr_pr_space(pr);
        wr_pr_puts(pr, "*");
    }
}

static void print_group_by(wr_printer *pr, const wr_ast_selection *s) {
    for (uint32_t i = 0; i < s->n_group_by; i++) {
        if (i == 0) wr_pr_line(pr, wr_pr_expr_start(s->group_by[0]));
        put_word(pr, i ? "," : "group by");
        wr_pr_expr(pr, s->group_by[i]);
    }
}

static void print_order_by(wr_printer *pr, const wr_ast_selection *s) {
    for (uint32_t i = 0; i < s->n_order_by; i++) {
        const wr_ast_order *o = &s->order_by[i];
        if (i == 0) wr_pr_line(pr, wr_pr_expr_start(o->ref));
        put_word(pr, i ? "," : "order by");
        wr_pr_expr(pr, o->ref);
        if (!o->direction_written) continue;
        wr_pr_space(pr);
        wr_pr_puts(pr, o->descending ? "desc" : "asc");
    }
}

static void print_clause(wr_printer *pr, const char *word, const wr_ast_expr *e) {
    if (!e) return;
    wr_pr_line(pr, wr_pr_expr_start(e));
    put_word(pr, word);
    wr_pr_indent(pr, 1);
    wr_pr_expr(pr, e);
    wr_pr_indent(pr, -1);
}

void wr_pr_selection(wr_printer *pr, const wr_ast_selection *s) {
    wr_pr_line(pr, s->span.begin);
    wr_pr_group(pr, WR_PRINT_WIDTH, print_list, s);
    print_group_by(pr, s);
    print_clause(pr, "having", s->having);
    print_order_by(pr, s);
    print_clause(pr, "limit", s->limit);
    print_clause(pr, "offset", s->offset);
}

/* ---- Rates and outputs -------------------------------------------------------------------------------- */

static void print_rate(wr_printer *pr, const wr_ast_rate *r) {
    static const char *const which[] = {
        [WR_RATE_DEFAULT] = "", [WR_RATE_ALL] = "all ", [WR_RATE_FIRST] = "first ", [WR_RATE_LAST] = "last "};
    wr_pr_line(pr, r->span.begin);
    put_word(pr, "output");
    if (r->kind == WR_RATE_SNAPSHOT) put_word(pr, "snapshot");
    wr_pr_puts(pr, which[r->which]);
    put_word(pr, "every");
    wr_pr_expr(pr, r->constant);
    if (r->kind != WR_RATE_EVENTS) return;
    wr_pr_space(pr);
    wr_pr_puts(pr, "events");
}

void wr_pr_events(wr_printer *pr, wr_ast_events events) {
    static const char *const words[] = {[WR_EVENTS_DEFAULT] = "",
                                        [WR_EVENTS_CURRENT] = "current events",
                                        [WR_EVENTS_EXPIRED] = "expired events",
                                        [WR_EVENTS_ALL] = "all events"};
    if (events == WR_EVENTS_DEFAULT) return;
    wr_pr_space(pr);
    wr_pr_puts(pr, words[events]);
}

static void print_target(wr_printer *pr, const char *words, const wr_ast_output *o) {
    put_word(pr, words);
    wr_pr_source(pr, &o->target);
    if (o->events == WR_EVENTS_DEFAULT) return;
    wr_pr_space(pr);
    wr_pr_puts(pr, "for");
    wr_pr_events(pr, o->events);
}

static void print_set(wr_printer *pr, const wr_ast_output *o) {
    for (uint32_t i = 0; i < o->n_set; i++) {
        if (i) wr_pr_puts(pr, ",");
        wr_pr_line(pr, wr_pr_expr_start(o->set[i].target));
        if (i == 0) put_word(pr, "set");
        wr_pr_expr(pr, o->set[i].target);
        wr_pr_space(pr);
        put_word(pr, "=");
        wr_pr_expr(pr, o->set[i].value);
    }
}

static void print_output(wr_printer *pr, const void *node) {
    const wr_ast_output *o = node;
    switch (o->kind) {
    case WR_OUTPUT_INSERT:
        wr_pr_puts(pr, "insert");
        wr_pr_events(pr, o->events);
        wr_pr_space(pr);
        put_word(pr, "into");
        wr_pr_source(pr, &o->target);
        return;
    case WR_OUTPUT_RETURN:
        wr_pr_puts(pr, "return");
        wr_pr_events(pr, o->events);
        return;
    case WR_OUTPUT_NONE: return;
    case WR_OUTPUT_DELETE: print_target(pr, "delete", o); break;
    case WR_OUTPUT_UPDATE: print_target(pr, "update", o); break;
    case WR_OUTPUT_UPDATE_OR_INSERT: print_target(pr, "update or insert into", o); break;
    }
    wr_pr_indent(pr, 1);
    print_set(pr, o);
    print_clause(pr, "on", o->on);
    wr_pr_indent(pr, -1);
}

void wr_pr_output(wr_printer *pr, const wr_ast_output *o) {
    if (o->kind == WR_OUTPUT_NONE) return;
    wr_pr_line(pr, o->span.begin);
    wr_pr_group(pr, WR_PRINT_WIDTH, print_output, o);
}

/* ---- Queries ------------------------------------------------------------------------------------------ */

static void print_from(wr_printer *pr, const void *node) {
    const wr_ast_input *input = node;
    put_word(pr, "from");
    wr_pr_input(pr, input);
}

void wr_pr_query_body(wr_printer *pr, const void *query) {
    const wr_ast_query *q = query;
    wr_pr_group(pr, WR_PRINT_WIDTH, print_from, q->input);
    if (q->selection) wr_pr_selection(pr, q->selection);
    if (q->rate) print_rate(pr, q->rate);
    wr_pr_output(pr, q->output);
}

void wr_pr_query(wr_printer *pr, const wr_ast_query *query) {
    wr_pr_annotations(pr, &query->annotations, wr_pr_input_start(query->input));
    wr_pr_group(pr, WR_PRINT_SHORT, wr_pr_query_body, query);
}

/* ---- Partitions --------------------------------------------------------------------------------------- */

static void print_key(wr_printer *pr, const wr_ast_partition_key *key) {
    if (key->value) wr_pr_expr(pr, key->value);
    for (uint32_t i = 0; i < key->n_ranges; i++) {
        const wr_ast_range_key *r = &key->ranges[i];
        if (i) {
            wr_pr_line(pr, wr_pr_expr_start(r->condition));
            put_word(pr, "or");
        }
        wr_pr_expr(pr, r->condition);
        wr_pr_space(pr);
        put_word(pr, "as");
        wr_pr_string(pr, r->label, strlen(r->label), r->label_quote);
    }
    wr_pr_space(pr);
    put_word(pr, "of");
    wr_pr_name(pr, &key->stream);
}

static uint32_t key_start(const wr_ast_partition_key *key) {
    return wr_pr_expr_start(key->value ? key->value : key->ranges[0].condition);
}

static void print_keys(wr_printer *pr, const void *node) {
    const wr_ast_partition *part = node;
    put_word(pr, "partition with");
    wr_pr_puts(pr, "(");
    wr_pr_indent(pr, 1);
    for (uint32_t i = 0; i < part->n_keys; i++) {
        if (i) {
            wr_pr_puts(pr, ",");
            wr_pr_line(pr, key_start(&part->keys[i]));
        } else {
            wr_pr_softline(pr, key_start(&part->keys[i]));
        }
        print_key(pr, &part->keys[i]);
    }
    wr_pr_close(pr, 0);
    wr_pr_puts(pr, ")");
}

void wr_pr_partition(wr_printer *pr, const wr_ast_partition *part) {
    wr_pr_annotations(pr, &part->annotations, key_start(&part->keys[0]));
    wr_pr_group(pr, WR_PRINT_WIDTH, print_keys, part);
    wr_pr_hardline(pr, 0);
    wr_pr_puts(pr, "begin");
    wr_pr_indent(pr, 1);
    for (uint32_t i = 0; i < part->n_queries; i++) {
        const wr_ast_query *q = part->queries[i];
        uint32_t start = wr_pr_statement_start(&q->annotations, q->span);
        if (i)
            wr_pr_begin_statement(pr, start, q->span.begin, WR_BLANK_KEPT);
        else
            wr_pr_hardline(pr, start);
        wr_pr_query(pr, q);
        wr_pr_puts(pr, ";");
    }
    wr_pr_hardline(pr, part->span.end - 3);
    wr_pr_indent(pr, -1);
    wr_pr_hardline(pr, 0);
    wr_pr_puts(pr, "end");
}
