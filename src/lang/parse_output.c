/* parse_output.c: output rates and what becomes of a query's rows. */
#include <string.h>

#include "lang/parse.h"

/* event_type = "all" "events" | "expired" "events" | [ "current" ] "events", or nothing */
bool wr_parse_events(wr_parser *p, wr_ast_events *out) {
    *out = WR_EVENTS_CURRENT;
    if (wr_accept(p, WR_KW_EVENTS)) return true;
    if (wr_accept(p, WR_KW_ALL))
        *out = WR_EVENTS_ALL;
    else if (wr_accept(p, WR_KW_EXPIRED))
        *out = WR_EVENTS_EXPIRED;
    else if (!wr_accept(p, WR_KW_CURRENT)) {
        *out = WR_EVENTS_DEFAULT;
        return true;
    }
    return wr_expect(p, WR_KW_EVENTS);
}

/* ---- Rates -------------------------------------------------------------------------------------------- */

/* time | INT "events" */
static bool parse_amount(wr_parser *p, wr_ast_rate *r) {
    bool is_time = wr_is_unit(wr_peek_after(p, 1)) || r->kind == WR_RATE_SNAPSHOT;
    bool is_number = wr_peek(p) == WR_TOK_INT_LITERAL;
    if (!is_number && !is_time) return wr_expected(p, "a time, or a number of events", NULL, NULL);
    r->constant = is_time ? wr_parse_time(p) : wr_parse_number(p);
    if (!r->constant) return false;
    r->amount = is_time ? r->constant->as.constant.as.l : r->constant->as.constant.as.i;
    if (is_time) {
        if (r->kind == WR_RATE_EVENTS) r->kind = WR_RATE_TIME;
        return true;
    }
    return wr_accept(p, WR_KW_EVENTS) ||
           wr_expected(p, "'events' or a unit of time",
                       WR_KINDS(WR_KW_EVENTS, WR_KW_MILLISEC, WR_KW_SEC, WR_KW_MIN, WR_KW_HOUR, WR_KW_DAY),
                       NULL);
}

/* rate = "output" [ "all" | "first" | "last" ] "every" ( time | INT "events" )
 *      | "output" "snapshot" "every" time */
bool wr_parse_rate(wr_parser *p, wr_ast_rate **out) {
    uint32_t begin = wr_token_span(p).begin;
    *out = NULL;
    if (!wr_accept(p, WR_KW_OUTPUT)) return true;
    wr_ast_rate *r = wr_node(p, sizeof *r);
    if (!r) return false;
    if (wr_accept(p, WR_KW_SNAPSHOT))
        r->kind = WR_RATE_SNAPSHOT;
    else if (wr_accept(p, WR_KW_ALL))
        r->which = WR_RATE_ALL;
    else if (wr_accept(p, WR_KW_FIRST))
        r->which = WR_RATE_FIRST;
    else if (wr_accept(p, WR_KW_LAST))
        r->which = WR_RATE_LAST;
    bool bare = r->kind != WR_RATE_SNAPSHOT && r->which == WR_RATE_DEFAULT;
    if (!wr_accept(p, WR_KW_EVERY))
        return wr_expected(p, bare ? "'every', 'all', 'first', 'last' or 'snapshot'" : "'every'",
                           WR_KINDS(WR_KW_EVERY, WR_KW_ALL, WR_KW_FIRST, WR_KW_LAST, WR_KW_SNAPSHOT),
                           "as in: output last every 10 sec");
    if (!parse_amount(p, r)) return false;
    r->span = wr_span_since(p, begin);
    *out = r;
    return true;
}

/* ---- Outputs ------------------------------------------------------------------------------------------ */

/* set = "set" attr_ref "=" expr { "," attr_ref "=" expr } */
static bool parse_set(wr_parser *p, wr_ast_output *o) {
    if (!wr_accept(p, WR_KW_SET)) return true;
    do {
        wr_ast_set s = {0};
        s.target = wr_parse_attr_ref(p);
        if (!s.target) return false;
        if (!wr_accept(p, WR_TOK_ASSIGN))
            return wr_expected(p, "'=' and the new value", WR_KINDS(WR_TOK_ASSIGN),
                               "as in: set T.price = price, T.count = T.count + 1");
        s.value = wr_parse_expr(p);
        if (!s.value) return false;
        s.span = wr_span_since(p, s.target->span.begin);
        if (!WR_LIST_ADD(p, o->set, o->n_set, s)) return false;
    } while (wr_accept(p, WR_TOK_COMMA));
    return true;
}

/* [ "on" expr ] */
static bool parse_on(wr_parser *p, wr_ast_output *o, bool required) {
    if (wr_accept(p, WR_KW_ON)) {
        o->on = wr_parse_expr(p);
        return o->on != NULL;
    }
    if (!required) return true;
    return wr_expected(p, o->n_set ? "'on' and a condition" : "'set' or 'on'", WR_KINDS(WR_KW_ON, WR_KW_SET),
                       "an update says which rows: on T.id == id");
}

/* [ "for" event_type ], not in on-demand queries */
static bool parse_for(wr_parser *p, wr_ast_output *o, bool on_demand) {
    if (on_demand || !wr_accept(p, WR_KW_FOR)) return true;
    if (!wr_parse_events(p, &o->events)) return false;
    return o->events != WR_EVENTS_DEFAULT ||
           wr_expected(p, "'all events', 'current events' or 'expired events'",
                       WR_KINDS(WR_KW_ALL, WR_KW_CURRENT, WR_KW_EXPIRED, WR_KW_EVENTS), NULL);
}

/* "insert" [ event_type ] "into" source */
static bool parse_insert(wr_parser *p, wr_ast_output *o, bool on_demand) {
    o->kind = WR_OUTPUT_INSERT;
    if (!on_demand && !wr_parse_events(p, &o->events)) return false;
    if (!wr_accept(p, WR_KW_INTO))
        return wr_expected(
            p, o->events == WR_EVENTS_DEFAULT && !on_demand ? "'into' or a kind of events" : "'into'",
            WR_KINDS(WR_KW_INTO, WR_KW_ALL, WR_KW_CURRENT, WR_KW_EXPIRED, WR_KW_EVENTS),
            "as in: insert into S, insert expired events into S");
    return wr_parse_source_name(p, "the name of a stream, table or window", &o->target);
}

/* "update" source … | "update" "or" "insert" "into" source … */
static bool parse_update(wr_parser *p, wr_ast_output *o, bool on_demand) {
    bool inserts = wr_peek(p) == WR_KW_OR && wr_peek_after(p, 1) == WR_KW_INSERT &&
                   wr_peek_after(p, 2) == WR_KW_INTO; /* else a table named `or` */
    o->kind = inserts ? WR_OUTPUT_UPDATE_OR_INSERT : WR_OUTPUT_UPDATE;
    for (int k = 0; inserts && k < 3; k++) wr_advance(p);
    return wr_parse_source_name(p, "the name of a table", &o->target) && parse_for(p, o, on_demand) &&
           parse_set(p, o) && parse_on(p, o, true);
}

static bool parse_delete(wr_parser *p, wr_ast_output *o, bool on_demand) {
    o->kind = WR_OUTPUT_DELETE;
    return wr_parse_source_name(p, "the name of a table", &o->target) && parse_for(p, o, on_demand) &&
           parse_on(p, o, false);
}

static const uint8_t output_kinds[] = {WR_KW_SELECT, WR_KW_GROUP,  WR_KW_HAVING, WR_KW_ORDER,  WR_KW_LIMIT,
                                       WR_KW_OFFSET, WR_KW_OUTPUT, WR_KW_INSERT, WR_KW_DELETE, WR_KW_UPDATE,
                                       WR_KW_RETURN, WR_KW_JOIN,   WR_KW_WITHIN, WR_TOK_EOF};

/* Only an insert of a query can go to a stream, and so to an inner or fault stream. */
static void check_target(wr_parser *p, const wr_ast_output *o, bool on_demand) {
    bool to_stream = (o->kind == WR_OUTPUT_INSERT && !on_demand) || o->kind == WR_OUTPUT_RETURN;
    if (o->target.mark == WR_MARK_NONE || to_stream) return;
    wr_wrong_at(p, o->target.span, "name a table", "'#' and '!' mark streams, and this works on tables only");
}

static wr_ast_output *parse_output(wr_parser *p, bool on_demand) {
    wr_ast_output *o = wr_node(p, sizeof *o);
    uint32_t begin = wr_token_span(p).begin;
    bool ok;
    if (!o) return NULL;
    if (wr_accept(p, WR_KW_INSERT))
        ok = parse_insert(p, o, on_demand);
    else if (wr_accept(p, WR_KW_DELETE))
        ok = parse_delete(p, o, on_demand);
    else if (wr_accept(p, WR_KW_UPDATE))
        ok = parse_update(p, o, on_demand);
    else if (!on_demand && wr_accept(p, WR_KW_RETURN)) {
        o->kind = WR_OUTPUT_RETURN;
        ok = wr_parse_events(p, &o->events);
    } else {
        const char *words = on_demand ? "'insert into', 'update' or 'delete'"
                                      : "the next clause or 'insert into', 'update', 'delete' or 'return'";
        ok =
            wr_expected(p, words, output_kinds, "a query ends in what becomes of its rows: insert into Name");
    }
    o->span = wr_span_since(p, begin);
    if (ok) check_target(p, o, on_demand);
    return ok ? o : NULL;
}

wr_ast_output *wr_parse_output(wr_parser *p) { return parse_output(p, false); }

wr_ast_output *wr_parse_on_demand_output(wr_parser *p) { return parse_output(p, true); }
