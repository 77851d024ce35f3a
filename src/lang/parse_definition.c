/* parse_definition.c: define stream, table, window, trigger, function, aggregation. */
#include <string.h>

#include "lang/parse.h"

/* ---- Attributes --------------------------------------------------------------------------------------- */

/* type = string | int | long | float | double | bool | object */
static bool parse_type(wr_parser *p, weir_type *type, wr_span *span) {
    static const uint8_t kinds[] = {WR_KW_STRING, WR_KW_INT,  WR_KW_LONG,   WR_KW_FLOAT,
                                    WR_KW_DOUBLE, WR_KW_BOOL, WR_KW_OBJECT, WR_TOK_EOF};
    static const weir_type types[] = {WEIR_STRING, WEIR_INT,  WEIR_LONG,  WEIR_FLOAT,
                                      WEIR_DOUBLE, WEIR_BOOL, WEIR_OBJECT};
    *span = wr_token_span(p);
    for (size_t i = 0; i < WR_COUNT(types); i++)
        if (wr_accept(p, kinds[i])) {
            *type = types[i];
            return true;
        }
    return wr_expected(p, "a type (string, int, long, float, double, bool or object)", kinds,
                       "an attribute is a name and a type: price double");
}

/* attrs = "(" name type { "," name type } ")" */
static bool parse_attrs(wr_parser *p, wr_ast_definition *d) {
    if (!wr_accept(p, WR_TOK_LPAREN)) return wr_expected(p, "'(' and the attributes", NULL, NULL);
    do {
        wr_ast_attr a;
        uint32_t begin = wr_token_span(p).begin;
        memset(&a, 0, sizeof a);
        if (!wr_parse_name(p, "the name of an attribute", &a.name)) return false;
        if (!parse_type(p, &a.type, &a.type_span)) return false;
        a.span = wr_span_since(p, begin);
        if (!WR_LIST_ADD(p, d->attrs, d->n_attrs, a)) return false;
    } while (wr_accept(p, WR_TOK_COMMA));
    return wr_accept(p, WR_TOK_RPAREN) || wr_expected(p, "',' or ')'", NULL, NULL);
}

/* ---- Streams, tables, windows ------------------------------------------------------------------------- */

/* name attrs */
static bool parse_schema(wr_parser *p, wr_ast_definition *d, const char *what) {
    if (!wr_parse_source_name(p, what, &d->id)) return false;
    if (d->id.mark != WR_MARK_NONE) {
        bool inner = d->id.mark == WR_MARK_INNER;
        wr_wrong_at(p, d->id.span,
                    inner ? "an inner stream comes to be by 'insert into #name'"
                          : "a fault stream comes to be by @OnError(action='stream')",
                    "%s can't be defined", inner ? "an inner stream" : "a fault stream");
        d->id.mark = WR_MARK_NONE;
    }
    return parse_attrs(p, d);
}

/* window_def = … call [ "output" event_type ] */
static bool parse_window(wr_parser *p, wr_ast_definition *d) {
    if (!parse_schema(p, d, "the name of a window")) return false;
    if (!wr_kind_is_name(wr_peek(p)))
        return wr_expected(p, "a window, such as length(5)", NULL,
                           "'define window' names its window: define window W (a int) length(5)");
    d->as.window.call = wr_parse_call(p);
    if (!d->as.window.call) return false;
    if (!wr_accept(p, WR_KW_OUTPUT)) return true;
    if (!wr_parse_events(p, &d->as.window.events)) return false;
    if (d->as.window.events != WR_EVENTS_DEFAULT) return true;
    return wr_expected(p, "'all events', 'current events' or 'expired events'",
                       WR_KINDS(WR_KW_ALL, WR_KW_CURRENT, WR_KW_EXPIRED, WR_KW_EVENTS), NULL);
}

/* ---- Triggers and functions --------------------------------------------------------------------------- */

/* trigger_def = "define" "trigger" id "at" ( "every" time | STRING ) */
static bool parse_trigger(wr_parser *p, wr_ast_definition *d) {
    if (!wr_parse_id(p, "the name of a trigger", &d->id.name) || !wr_expect(p, WR_KW_AT)) return false;
    d->as.trigger.every_ms = -1;
    if (wr_accept(p, WR_KW_EVERY)) {
        d->as.trigger.at = wr_parse_time(p);
        if (d->as.trigger.at) d->as.trigger.every_ms = d->as.trigger.at->as.constant.as.l;
        return d->as.trigger.at != NULL;
    }
    if (wr_peek(p) != WR_TOK_STRING_LITERAL)
        return wr_expected(p, "'every' and a time, or a string: 'start' or a cron expression",
                           WR_KINDS(WR_KW_EVERY), NULL);
    d->as.trigger.at = wr_parse_string(p);
    return d->as.trigger.at != NULL;
}

/* Siddhi drops the closing brace and the character before it, whatever that is. */
static bool parse_body(wr_parser *p, wr_ast_definition *d) {
    wr_span s = wr_token_span(p);
    if (wr_peek(p) != WR_TOK_SCRIPT) return wr_expected(p, "the script in braces", NULL, NULL);
    d->as.function.body_span = s;
    d->as.function.body_len = s.end - s.begin >= 3 ? s.end - s.begin - 3 : 0;
    d->as.function.body = wr_arena_strndup(p->arena, p->text + s.begin + 1, d->as.function.body_len);
    if (!d->as.function.body) p->out_of_memory = true;
    if (s.end - s.begin < 3) wr_wrong_at(p, s, NULL, "the body of this function is empty");
    wr_advance(p);
    return d->as.function.body != NULL;
}

/* function_def = "define" "function" id "[" id "]" "return" type SCRIPT */
static bool parse_function(wr_parser *p, wr_ast_definition *d) {
    if (!wr_parse_id(p, "the name of a function", &d->id.name)) return false;
    if (!wr_accept(p, WR_TOK_LBRACKET))
        return wr_expected(p, "'[' and the script's language", NULL,
                           "as in: define function f[javascript] return int { … }");
    return wr_parse_id(p, "the name of a language", &d->as.function.language) &&
           wr_expect(p, WR_TOK_RBRACKET) && wr_expect(p, WR_KW_RETURN) &&
           parse_type(p, &d->as.function.return_type, &d->as.function.return_type_span) && parse_body(p, d);
}

/* ---- Aggregations ------------------------------------------------------------------------------------- */

/* unit = sec | min | hour | day | month | year */
static bool parse_unit(wr_parser *p, wr_ast_unit *unit) {
    static const uint8_t kinds[] = {WR_KW_SEC,   WR_KW_MIN,  WR_KW_HOUR, WR_KW_DAY,
                                    WR_KW_MONTH, WR_KW_YEAR, WR_TOK_EOF};
    for (wr_ast_unit u = WR_UNIT_SEC; u <= WR_UNIT_YEAR; u++)
        if (wr_accept(p, kinds[u])) {
            *unit = u;
            return true;
        }
    return wr_expected(p, "'sec', 'min', 'hour', 'day', 'month' or 'year'", kinds, NULL);
}

/* units = unit "..." unit | unit { "," unit } */
static bool parse_units(wr_parser *p, wr_ast_definition *d) {
    uint32_t begin = wr_token_span(p).begin;
    wr_ast_unit unit;
    if (!parse_unit(p, &unit) || !WR_LIST_ADD(p, d->as.aggregation.units, d->as.aggregation.n_units, unit))
        return false;
    d->as.aggregation.is_range = wr_peek(p) == WR_TOK_DOTS;
    unsigned separator = d->as.aggregation.is_range ? WR_TOK_DOTS : WR_TOK_COMMA;
    while (wr_accept(p, separator)) {
        if (!parse_unit(p, &unit)) return false;
        if (!WR_LIST_ADD(p, d->as.aggregation.units, d->as.aggregation.n_units, unit)) return false;
        if (d->as.aggregation.is_range) break;
    }
    d->as.aggregation.units_span = wr_span_since(p, begin);
    if (d->as.aggregation.is_range && d->as.aggregation.units[0] > d->as.aggregation.units[1])
        wr_wrong_at(p, d->as.aggregation.units_span, "as in: every sec ... year",
                    "a range of durations goes from the shorter to the longer one");
    return true;
}

/* aggregation_def = … "define" "aggregation" id "from" single_input select_list [ group_by ]
 *                   "aggregate" [ "by" attr_ref ] "every" units */
static bool parse_aggregation(wr_parser *p, wr_ast_definition *d) {
    if (!wr_parse_id(p, "the name of an aggregation", &d->id.name) || !wr_expect(p, WR_KW_FROM)) return false;
    d->as.aggregation.input = wr_parse_single_input(p);
    const wr_ast_stream *input = d->as.aggregation.input;
    if (!input) return false;
    if (input->window >= 0)
        wr_wrong_at(p, input->handlers[input->window].span,
                    "leave it out: each duration is a window by itself",
                    "an aggregation can't read through a window");
    if (wr_peek(p) != WR_KW_SELECT) return wr_expected(p, NULL, WR_KINDS(WR_KW_SELECT), NULL);
    wr_ast_selection *s = d->as.aggregation.selection = wr_node(p, sizeof *s);
    uint32_t begin = wr_token_span(p).begin;
    if (!s || !wr_parse_select_list(p, s)) return false;
    if (wr_peek(p) == WR_KW_GROUP && !wr_parse_group_by(p, s)) return false;
    s->span = wr_span_since(p, begin);
    if (!wr_accept(p, WR_KW_AGGREGATE))
        return wr_expected(p, s->n_group_by ? "'aggregate'" : "'group by' or 'aggregate'",
                           WR_KINDS(WR_KW_GROUP, WR_KW_AGGREGATE),
                           "an aggregation ends in: aggregate by time every sec ... year");
    if (wr_accept(p, WR_KW_BY)) {
        d->as.aggregation.by = wr_parse_attr_ref(p);
        if (!d->as.aggregation.by) return false;
    }
    return wr_expect(p, WR_KW_EVERY) && parse_units(p, d);
}

/* ---- All of them -------------------------------------------------------------------------------------- */

static bool parse_rest(wr_parser *p, wr_ast_definition *d) {
    static const uint8_t kinds[] = {WR_KW_STREAM,   WR_KW_TABLE,       WR_KW_WINDOW, WR_KW_TRIGGER,
                                    WR_KW_FUNCTION, WR_KW_AGGREGATION, WR_TOK_EOF};
    uint32_t k = 0;
    while (kinds[k] != WR_TOK_EOF && !wr_accept(p, kinds[k])) k++;
    d->kind = (wr_ast_definition_kind)k;
    uint32_t begin = wr_token_span(p).begin;
    bool ok = false;
    switch (d->kind) {
    case WR_DEFINE_STREAM: ok = parse_schema(p, d, "the name of a stream"); break;
    case WR_DEFINE_TABLE: ok = parse_schema(p, d, "the name of a table"); break;
    case WR_DEFINE_WINDOW: ok = parse_window(p, d); break;
    case WR_DEFINE_TRIGGER: ok = parse_trigger(p, d); break;
    case WR_DEFINE_FUNCTION: ok = parse_function(p, d); break;
    case WR_DEFINE_AGGREGATION: ok = parse_aggregation(p, d); break;
    default: return wr_expected(p, NULL, kinds, NULL);
    }
    if (d->id.span.end <= begin) d->id.span = d->id.name.span; /* trigger, function, aggregation */
    return ok;
}

wr_ast_definition *wr_parse_definition(wr_parser *p, uint32_t begin, const wr_ast_annotations *annotations) {
    wr_ast_definition *d = wr_node(p, sizeof *d);
    if (!d || !wr_expect(p, WR_KW_DEFINE)) return NULL;
    bool takes_none = wr_peek(p) == WR_KW_TRIGGER || wr_peek(p) == WR_KW_FUNCTION;
    if (takes_none && annotations->n)
        wr_wrong_at(p, annotations->list[0]->span, "leave it out", "a %s can't have annotations",
                    wr_keyword_spelling(wr_peek(p)));
    d->annotations = *annotations;
    if (!parse_rest(p, d)) return NULL;
    d->span = wr_span_since(p, begin);
    return d;
}
