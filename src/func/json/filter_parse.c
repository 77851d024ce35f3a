/* filter_parse.c: the conditions of JSON paths: [?( or )], where
 *
 *   or   = and { "||" and }
 *   and  = not { "&&" not }
 *   not  = [ "!" ] ( "(" or ")" | path [ operator operand ] | constant operator operand ) */
#include <math.h>

#include "data/text.h"
#include "data/value.h"
#include "func/json/path_impl.h"

static weir_status parse_or(wr_json_parser *r, wr_json_filter **out);

static weir_status new_filter(wr_json_parser *r, wr_json_filter_kind kind, wr_json_filter **out) {
    *out = wr_arena_zero(r->arena, 1, sizeof **out);
    if (!*out) return weir_fail(r->err, WEIR_ENOMEM, "out of memory while a JSON path is read");
    (*out)->kind = kind;
    return WEIR_OK;
}

/* ---- Operands ----------------------------------------------------------------------------------------- */

static weir_status parse_number(wr_json_parser *r, weir_value *out) {
    const char *begin = r->p;
    while (r->p < r->end && (strchr("+-.eE", *r->p) || (*r->p >= '0' && *r->p <= '9'))) r->p++;
    size_t len = (size_t)(r->p - begin);
    out->type = WEIR_LONG;
    if (wr_text_to_long(begin, len, &out->as.l)) return WEIR_OK;
    out->type = WEIR_DOUBLE;
    if (wr_text_to_double(begin, len, &out->as.d) && isfinite(out->as.d)) return WEIR_OK;
    return wr_json_refuse_path(r, "no number");
}

static weir_status parse_constant(wr_json_parser *r, weir_value *out) {
    char c = r->p < r->end ? *r->p : 0;
    *out = (weir_value){.type = WEIR_STRING};
    if (c == '\'' || c == '"') return wr_json_parse_quoted(r, &out->as.s);
    if (wr_json_take(r, "true", 4))
        *out = wr_value_bool(true);
    else if (wr_json_take(r, "false", 5))
        *out = wr_value_bool(false);
    else if (wr_json_take(r, "null", 4))
        *out = wr_value_null(WEIR_NONE);
    else if (c == '-' || (c >= '0' && c <= '9'))
        return parse_number(r, out);
    else
        return wr_json_refuse_path(r, "neither a path nor a number, string, true, false or null");
    return WEIR_OK;
}

static weir_status parse_operand(wr_json_parser *r, wr_json_operand *out) {
    wr_json_skip_blanks(r);
    out->from_root = r->p < r->end && *r->p == '$';
    out->is_path = out->from_root || (r->p < r->end && *r->p == '@');
    if (!out->is_path) return parse_constant(r, &out->value);
    r->p++;
    return wr_json_parse_steps(r, true, &out->steps, &out->is_definite);
}

/* ---- Conditions --------------------------------------------------------------------------------------- */

static bool take_operator(wr_json_parser *r, wr_json_filter_kind *kind) {
    static const struct {
        const char *text;
        wr_json_filter_kind kind;
    } operators[] = {{"===", WR_JSON_SAME}, {"!==", WR_JSON_NOT_SAME}, {"==", WR_JSON_EQ}, {"!=", WR_JSON_NE},
                     {"<=", WR_JSON_LE},    {">=", WR_JSON_GE},        {"<", WR_JSON_LT},  {">", WR_JSON_GT}};
    wr_json_skip_blanks(r);
    for (size_t i = 0; i < WR_COUNT(operators); i++) {
        *kind = operators[i].kind;
        if (wr_json_take(r, operators[i].text, strlen(operators[i].text))) return true;
    }
    return false;
}

static bool ends_condition(const wr_json_parser *r) {
    return r->p < r->end && (*r->p == ')' || *r->p == '&' || *r->p == '|');
}

static weir_status parse_comparison(wr_json_parser *r, wr_json_filter **out) {
    WR_TRY(new_filter(r, WR_JSON_EXISTS, out));
    WR_TRY(parse_operand(r, &(*out)->left));
    if (take_operator(r, &(*out)->kind)) return parse_operand(r, &(*out)->right);
    (*out)->kind = WR_JSON_EXISTS;
    if (!ends_condition(r))
        return wr_json_refuse_path(r, "an operator that isn't supported (== != < <= > >= === !== are)");
    return (*out)->left.is_path ? WEIR_OK
                                : wr_json_refuse_path(r, "a constant that is compared with nothing");
}

static weir_status parse_not(wr_json_parser *r, wr_json_filter **out) {
    wr_json_skip_blanks(r);
    if (wr_json_take(r, "!", 1)) {
        WR_TRY(new_filter(r, WR_JSON_NOT, out));
        if (++r->depth > WR_JSON_FILTER_MOST) return wr_json_refuse_path(r, "conditions nested too deep");
        weir_status status = parse_not(r, &(*out)->a);
        r->depth--;
        return status;
    }
    if (!wr_json_take(r, "(", 1)) return parse_comparison(r, out);
    WR_TRY(parse_or(r, out));
    return wr_json_take(r, ")", 1) ? WEIR_OK : wr_json_refuse_path(r, "no )");
}

/* left and right of "&&" or "||", as many as there are. */
static weir_status parse_chain(wr_json_parser *r, const char *op, wr_json_filter_kind kind,
                               weir_status (*parse)(wr_json_parser *, wr_json_filter **),
                               wr_json_filter **out) {
    WR_TRY(parse(r, out));
    for (wr_json_skip_blanks(r); wr_json_take(r, op, 2); wr_json_skip_blanks(r)) {
        wr_json_filter *both;
        if (++r->n_steps > WR_JSON_STEPS_MOST) return wr_json_refuse_path(r, "too many conditions");
        WR_TRY(new_filter(r, kind, &both));
        both->a = *out;
        WR_TRY(parse(r, &both->b));
        *out = both;
    }
    return WEIR_OK;
}

static weir_status parse_and(wr_json_parser *r, wr_json_filter **out) {
    return parse_chain(r, "&&", WR_JSON_AND, parse_not, out);
}

static weir_status parse_or(wr_json_parser *r, wr_json_filter **out) {
    if (++r->depth > WR_JSON_FILTER_MOST) return wr_json_refuse_path(r, "conditions nested too deep");
    weir_status status = parse_chain(r, "||", WR_JSON_OR, parse_and, out);
    r->depth--;
    return status;
}

weir_status wr_json_parse_filter(wr_json_parser *r, wr_json_filter **out) {
    WR_TRY(parse_or(r, out));
    return wr_json_take(r, ")", 1) ? WEIR_OK : wr_json_refuse_path(r, "no )");
}
