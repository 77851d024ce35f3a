/* filter_parse.c: the conditions of JSON paths: [?( or )], where
 *
 *   or   = and { "||" and }
 *   and  = not { "&&" not }
 *   not  = [ "!" ] ( "(" or ")" | path [ operator operand ] | constant operator operand ) */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "func/json/path_impl.h"

static weir_status parse_or(wr_json_parser *r, wr_json_filter **out);

static weir_status new_filter(wr_json_parser *r, wr_json_filter_kind kind, wr_json_filter **out) {
    *out = wr_arena_zero(r->arena, 1, sizeof **out);
    if (!*out) return weir_fail(r->err, WEIR_ENOMEM, "out of memory while a JSON path is read");
    (*out)->kind = kind;
    return WEIR_OK;
}

/* ---- Conditions --------------------------------------------------------------------------------------- */

/* An operator that is a word, in any letters, and has a blank behind it. */
static bool take_word(wr_json_parser *r, wr_json_filter_kind *kind) {
    static const struct {
        const char *text;
        wr_json_filter_kind kind;
    } words[] = {{"in", WR_JSON_IN},        {"nin", WR_JSON_NOT_IN},    {"contains", WR_JSON_CONTAINS},
                 {"size", WR_JSON_SIZE},    {"empty", WR_JSON_EMPTY},   {"subsetof", WR_JSON_SUBSET_OF},
                 {"anyof", WR_JSON_ANY_OF}, {"noneof", WR_JSON_NONE_OF}};
    size_t len = 0, most = (size_t)(r->end - r->p);
    while (len < most && isalpha((unsigned char)r->p[len])) len++;
    if (len == most || r->p[len] != ' ') return false;
    for (size_t i = 0; i < WR_COUNT(words); i++) {
        if (strlen(words[i].text) != len || strncasecmp(words[i].text, r->p, len) != 0) continue;
        *kind = words[i].kind;
        r->p += len;
        return true;
    }
    return false;
}

static bool take_operator(wr_json_parser *r, wr_json_filter_kind *kind) {
    static const struct {
        const char *text;
        wr_json_filter_kind kind;
    } operators[] = {{"===", WR_JSON_SAME}, {"!==", WR_JSON_NOT_SAME}, {"==", WR_JSON_EQ},
                     {"!=", WR_JSON_NE},    {"=~", WR_JSON_MATCHES},   {"<=", WR_JSON_LE},
                     {">=", WR_JSON_GE},    {"<", WR_JSON_LT},         {">", WR_JSON_GT}};
    wr_json_skip_blanks(r);
    for (size_t i = 0; i < WR_COUNT(operators); i++) {
        *kind = operators[i].kind;
        if (wr_json_take(r, operators[i].text, strlen(operators[i].text))) return true;
    }
    return take_word(r, kind);
}

static bool ends_condition(const wr_json_parser *r) {
    return r->p < r->end && (*r->p == ')' || *r->p == '&' || *r->p == '|');
}

/* A constant list at the left of == equals nothing, in JsonPath, and a pattern is for =~ alone. */
static weir_status check_operands(wr_json_parser *r, const wr_json_filter *f) {
    if ((f->left.regex || f->right.regex) && f->kind != WR_JSON_MATCHES)
        return wr_json_refuse_path(r, "a pattern without =~");
    bool is_list = !f->left.is_path && !f->left.regex && f->left.value.type == WEIR_OBJECT;
    return is_list && f->kind < WR_JSON_SUBSET_OF ? wr_json_refuse_path(r, "a list on the left") : WEIR_OK;
}

static weir_status parse_comparison(wr_json_parser *r, wr_json_filter **out) {
    WR_TRY(new_filter(r, WR_JSON_EXISTS, out));
    WR_TRY(wr_json_parse_operand(r, &(*out)->left));
    if (take_operator(r, &(*out)->kind)) {
        WR_TRY(wr_json_parse_operand(r, &(*out)->right));
        return check_operands(r, *out);
    }
    (*out)->kind = WR_JSON_EXISTS;
    if (!ends_condition(r))
        return wr_json_refuse_path(
            r, "an operator that isn't supported (== != < <= > >= === !== =~ in nin contains "
               "size empty subsetof anyof noneof are)");
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
