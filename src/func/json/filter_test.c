/* filter_test.c: the conditions of JSON paths on one value. Comparing is JsonPath's: a number equals a string
 * that writes it, order is for two numbers or two strings, and what isn't there equals nothing. */
#include <string.h>

#include "data/order.h"
#include "data/text.h"
#include "data/value.h"
#include "func/json/path_impl.h"

/* What an operand is on this value; *is_there false: nothing. An indefinite path has no value. */
static weir_status operand_value(wr_json_search *s, const wr_json_operand *o, const weir_value *value,
                                 weir_value *out, bool *is_there) {
    *is_there = true;
    *out = o->value;
    if (!o->is_path) return WEIR_OK;
    wr_json_place from = {.value = o->from_root ? *s->root : *value};
    *out = from.value;
    if (!o->steps) return WEIR_OK;
    wr_json_found found = {.n = 0};
    wr_json_search inner = *s;
    inner.found = &found;
    inner.keeps_all = false;
    weir_status status = wr_json_run(&inner, o->steps, &from);
    if (status && status != WEIR_ENAME) return status;
    *is_there = !o->is_definite || (!status && found.n > 0);
    if (o->is_definite && *is_there) *out = found.places[found.n - 1].value;
    return WEIR_OK;
}

static bool is_number(const weir_value *v) {
    return !v->is_null && v->type >= WEIR_INT && v->type <= WEIR_DOUBLE;
}
static bool is_string(const weir_value *v) { return !v->is_null && v->type == WEIR_STRING; }

static bool is_whole(const weir_value *v) { return v->type == WEIR_INT || v->type == WEIR_LONG; }
static int64_t whole_of(const weir_value *v) { return v->type == WEIR_INT ? v->as.i : v->as.l; }
static double double_of(const weir_value *v) {
    return is_whole(v) ? (double)whole_of(v) : v->type == WEIR_FLOAT ? (double)v->as.f : v->as.d;
}

static int compare_numbers(const weir_value *a, const weir_value *b) {
    if (is_whole(a) && is_whole(b)) return (whole_of(a) > whole_of(b)) - (whole_of(a) < whole_of(b));
    return (double_of(a) > double_of(b)) - (double_of(a) < double_of(b));
}

static bool number_equals_text(const weir_value *number, const weir_string *text) {
    weir_value v = {.type = WEIR_DOUBLE};
    return wr_text_to_double(weir_string_data(text), text->len, &v.as.d) && compare_numbers(number, &v) == 0;
}

static bool text_equals_number(const weir_string *text, const weir_value *number) {
    char written[WR_NUMBER_TEXT + 1];
    size_t n = weir_value_text(number, written, sizeof written);
    return n == text->len && memcmp(written, weir_string_data(text), n) == 0;
}

bool wr_json_equals(const weir_value *a, const weir_value *b) {
    if (is_number(a)) {
        if (is_number(b)) return compare_numbers(a, b) == 0;
        return is_string(b) && number_equals_text(a, &b->as.s);
    }
    if (is_string(a) && is_number(b)) return text_equals_number(&a->as.s, b);
    if (a->type == WEIR_OBJECT && a->is_null != b->is_null) return false;
    return wr_value_equal(a, b);
}

static bool is_same_kind(const weir_value *a, const weir_value *b) {
    return (is_number(a) && is_number(b)) || (a->is_null && b->is_null) ||
           (!a->is_null && !b->is_null && a->type == b->type);
}

static bool is_ordered(const weir_value *a, const weir_value *b, wr_json_filter_kind kind) {
    int c;
    if (is_number(a) && is_number(b))
        c = compare_numbers(a, b);
    else if (is_string(a) && is_string(b))
        c = wr_value_order(a, b);
    else
        return false;
    return kind == WR_JSON_LT ? c < 0 : kind == WR_JSON_LE ? c <= 0 : kind == WR_JSON_GT ? c > 0 : c >= 0;
}

static bool compares(const wr_json_filter *f, const weir_value *a, const weir_value *b, bool are_there) {
    switch (f->kind) {
    case WR_JSON_EQ: return are_there && wr_json_equals(a, b);
    case WR_JSON_NE: return !(are_there && wr_json_equals(a, b));
    case WR_JSON_SAME: return are_there && is_same_kind(a, b) && wr_json_equals(a, b);
    case WR_JSON_NOT_SAME: return !(are_there && is_same_kind(a, b) && wr_json_equals(a, b));
    default: return are_there && is_ordered(a, b, f->kind);
    }
}

weir_status wr_json_filter_test(wr_json_search *s, const wr_json_filter *f, const weir_value *value,
                                bool *passes) {
    weir_value a, b;
    bool has_a, has_b;
    switch (f->kind) {
    case WR_JSON_AND:
        WR_TRY(wr_json_filter_test(s, f->a, value, passes));
        return *passes ? wr_json_filter_test(s, f->b, value, passes) : WEIR_OK;
    case WR_JSON_OR:
        WR_TRY(wr_json_filter_test(s, f->a, value, passes));
        return *passes ? WEIR_OK : wr_json_filter_test(s, f->b, value, passes);
    case WR_JSON_NOT:
        WR_TRY(wr_json_filter_test(s, f->a, value, passes));
        *passes = !*passes;
        return WEIR_OK;
    case WR_JSON_EXISTS: return operand_value(s, &f->left, value, &a, passes);
    default:
        WR_TRY(operand_value(s, &f->left, value, &a, &has_a));
        WR_TRY(operand_value(s, &f->right, value, &b, &has_b));
        has_a = has_a && (!f->left.is_path || f->left.is_definite);
        has_b = has_b && (!f->right.is_path || f->right.is_definite);
        if (f->kind >= WR_JSON_MATCHES)
            return wr_json_test_members(f, has_a ? &a : NULL, has_b ? &b : NULL, passes, s->err);
        *passes = compares(f, &a, &b, has_a && has_b);
        return WEIR_OK;
    }
}
