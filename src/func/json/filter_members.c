/* filter_members.c: the operators of a JSON path's filters that look into lists and strings: =~, in, nin,
 * contains, size, empty, subsetof, anyof, noneof. What they make of values that they aren't for is
 * JsonPath's. */
#include <string.h>

#include "data/text.h"
#include "data/utf16.h"
#include "data/value.h"
#include "func/json/path_impl.h"

static bool is_list(const weir_value *v) {
    return v && v->type == WEIR_OBJECT && !v->is_null && weir_object_get_kind(v->as.o) == WEIR_OBJECT_LIST;
}
static bool is_string(const weir_value *v) { return v && v->type == WEIR_STRING && !v->is_null; }

/* Some member that v equals. */
static bool has(const weir_value *list, const weir_value *v) {
    for (uint32_t i = 0; i < weir_object_list_size(list->as.o); i++) {
        weir_value member = weir_object_list_at(list->as.o, i);
        if (wr_json_equals(v, &member)) return true;
    }
    return false;
}

/* How many of a's members b has, up to `most`. */
static uint32_t count_shared(const weir_value *a, const weir_value *b, uint32_t most) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < weir_object_list_size(a->as.o) && n < most; i++) {
        weir_value member = weir_object_list_at(a->as.o, i);
        n += has(b, &member);
    }
    return n;
}

/* ---- Patterns -------------------------------------------------------------------------------------------
 */

/* A value as text, whole; lists and maps are the empty one. */
static weir_status match_one(weir_regex *regex, const weir_value *v, bool *matches, weir_error *err) {
    wr_buf text = WR_BUF_INIT;
    if (v && !v->is_null && v->type != WEIR_OBJECT) wr_text_of_value(&text, v);
    weir_regex_result result =
        text.failed ? WEIR_REGEX_GIVEN_UP
                    : weir_regex_match(regex, text.data ? text.data : "", text.len, 0, WEIR_REGEX_MATCHES);
    bool failed = text.failed;
    wr_buf_fini(&text);
    *matches = result == WEIR_REGEX_YES;
    if (failed) return weir_fail(err, WEIR_ENOMEM, "out of memory while a JSON path is followed");
    return result == WEIR_REGEX_GIVEN_UP ? weir_fail(err, WEIR_EVALUE, "%s", WR_REGEX_GIVEN_UP_TEXT)
                                         : WEIR_OK;
}

/* Of a list, any member. */
static weir_status match(weir_regex *regex, const weir_value *v, bool *matches, weir_error *err) {
    if (!is_list(v)) return match_one(regex, v, matches, err);
    *matches = false;
    for (uint32_t i = 0; i < weir_object_list_size(v->as.o) && !*matches; i++) {
        weir_value member = weir_object_list_at(v->as.o, i);
        WR_TRY(match_one(regex, &member, matches, err));
    }
    return WEIR_OK;
}

/* ---- Lists and strings ----------------------------------------------------------------------------------
 */

static bool contains(const weir_value *a, const weir_value *b) {
    if (is_list(a)) return b && has(a, b);
    if (!is_string(a) || !is_string(b)) return false;
    return memmem(weir_string_data(&a->as.s), a->as.s.len, weir_string_data(&b->as.s), b->as.s.len) != NULL;
}

/* Java's length of a string, in UTF-16. */
static bool length_of(const weir_value *v, uint64_t *out) {
    if (is_list(v)) *out = weir_object_list_size(v->as.o);
    if (is_string(v)) *out = wr_utf16_length(weir_string_data(&v->as.s), v->as.s.len);
    return is_list(v) || is_string(v);
}

/* A number without its fraction. */
static bool whole_of(const weir_value *v, double *out) {
    if (!v || v->is_null) return false;
    switch (v->type) {
    case WEIR_INT: *out = v->as.i; return true;
    case WEIR_LONG: *out = (double)v->as.l; return true;
    case WEIR_FLOAT: *out = (double)(int64_t)v->as.f; return true;
    case WEIR_DOUBLE: *out = v->as.d < -1e9 || v->as.d > 1e9 ? -1 : (double)(int64_t)v->as.d; return true;
    default: return false;
    }
}

static bool is_of_size(const weir_value *a, const weir_value *b) {
    uint64_t length;
    double size;
    return length_of(a, &length) && whole_of(b, &size) && (double)length == size;
}

static bool is_empty_as(const weir_value *a, const weir_value *b) {
    uint64_t length;
    return length_of(a, &length) && b && b->type == WEIR_BOOL && !b->is_null && (length == 0) == b->as.b;
}

weir_status wr_json_test_members(const wr_json_filter *f, const weir_value *a, const weir_value *b,
                                 bool *passes, weir_error *err) {
    bool lists = is_list(a) && is_list(b);
    *passes = false;
    switch (f->kind) {
    case WR_JSON_MATCHES:
        if (!f->left.regex == !f->right.regex) return WEIR_OK;
        return f->left.regex ? match(f->left.regex, b, passes, err) : match(f->right.regex, a, passes, err);
    case WR_JSON_IN: *passes = a && is_list(b) && has(b, a); return WEIR_OK;
    case WR_JSON_NOT_IN: *passes = is_list(b) && !(a && has(b, a)); return WEIR_OK;
    case WR_JSON_CONTAINS: *passes = contains(a, b); return WEIR_OK;
    case WR_JSON_SIZE: *passes = is_of_size(a, b); return WEIR_OK;
    case WR_JSON_EMPTY: *passes = is_empty_as(a, b); return WEIR_OK;
    case WR_JSON_SUBSET_OF:
        *passes = lists && count_shared(a, b, UINT32_MAX) == weir_object_list_size(a->as.o);
        return WEIR_OK;
    case WR_JSON_ANY_OF: *passes = lists && count_shared(a, b, 1) == 1; return WEIR_OK;
    case WR_JSON_NONE_OF: *passes = lists && count_shared(a, b, 1) == 0; return WEIR_OK;
    default: return WEIR_OK;
    }
}
