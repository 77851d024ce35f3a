/* functions.c: regex:matches, find, lookingAt and group. The pattern comes first, the text second. */
#include "func/regex/functions.h"

#include "data/utf16.h"
#include "func/overloads.h"
#include "base/regex.h"
#include "func/texts.h"

static weir_status open_cache(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)self;
    (void)args;
    (void)n_args;
    (void)err;
    return WEIR_OK;
}

static void close_cache(void *self) { wr_regex_cache_fini(self); }

static weir_regex *pattern_of(wr_regex_cache *cache, const weir_call *call, uint32_t row,
                              const char *function) {
    wr_text pattern;
    weir_regex *regex;
    weir_error err;
    if (!wr_text_needed(call, 0, row, function, &pattern)) return NULL;
    if (wr_regex_cache_get(cache, pattern.p, pattern.n, &regex, &err) == WEIR_OK) return regex;
    wr_call_fail(call, row, "%s", err.message);
    return NULL;
}

/* True where there is a match; false: none, or told. */
static bool match(weir_regex *regex, const weir_call *call, uint32_t row, wr_text s, size_t from,
                  weir_regex_mode mode) {
    weir_regex_result found = weir_regex_match(regex, s.p, s.n, from, mode);
    if (found == WEIR_REGEX_GIVEN_UP) wr_call_fail(call, row, WR_REGEX_GIVEN_UP_TEXT);
    return found == WEIR_REGEX_YES;
}

static weir_status test_rows(wr_regex_cache *cache, const weir_call *call, const char *function,
                             weir_regex_mode mode) {
    WR_FOR_ROWS(call, row) {
        wr_text s;
        weir_regex *regex = pattern_of(cache, call, row, function);
        if (!regex) continue;
        wr_put_bool(call, row, false);
        if (wr_text_arg(call, 1, row, &s) && match(regex, call, row, s, 0, mode))
            wr_put_bool(call, row, true);
    }
    return WEIR_OK;
}

static weir_status check(const weir_function_type *t, const wr_overload *overloads, uint32_t n,
                         const weir_arg *args, uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_overloads(t, overloads, n, args, n_args, err));
    return wr_regex_check_arg(&args[0], err);
}

static const wr_overload overloads[] = {{2, false, {WR_T_STRING, WR_T_STRING}},
                                        {3, false, {WR_T_STRING, WR_T_STRING, WR_T_INT}}};

/* ---- matches, lookingAt ------------------------------------------------------------------------------- */

static weir_status check_matches(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_BOOL;
    return check(&wr_regex_matches_function, overloads, 1, args, n_args, err);
}

static weir_status eval_matches(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    return test_rows(self, call, "regex:matches", WEIR_REGEX_MATCHES);
}

const weir_function_type wr_regex_matches_function = {
    .struct_size = sizeof(weir_function_type),
    .ns = "regex",
    .name = "matches",
    .doc = "Does the whole text match a regular expression?",
    .example =
        "regex:matches('WSO2(.*)middleware(.*)', 'WSO2 is situated in trace and it is a middleware company') "
        "-> true",
    .params = (const weir_param_doc[]){{"regex:matches(<string> regex, <string> text)",
                                        "A null text gives false, a null regex fails."},
                                       {NULL, NULL}},
    .check = check_matches,
    .state_size = sizeof(wr_regex_cache),
    .open = open_cache,
    .close = close_cache,
    .eval = eval_matches,
    .can_fail = true,
};

static weir_status check_looking(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_BOOL;
    return check(&wr_regex_looking_at_function, overloads, 1, args, n_args, err);
}

static weir_status eval_looking(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    return test_rows(self, call, "regex:lookingAt", WEIR_REGEX_LOOKING_AT);
}

const weir_function_type wr_regex_looking_at_function = {
    .struct_size = sizeof(weir_function_type),
    .ns = "regex",
    .name = "lookingAt",
    .doc = "Does the text begin with something that matches a regular expression?",
    .example =
        "regex:lookingAt('\\d\\d(.*)(WSO2.*)', 'sample test string and WSO2 is situated in trace') -> false",
    .params = (const weir_param_doc[]){{"regex:lookingAt(<string> regex, <string> text)",
                                        "A null text gives false, a null regex fails."},
                                       {NULL, NULL}},
    .check = check_looking,
    .state_size = sizeof(wr_regex_cache),
    .open = open_cache,
    .close = close_cache,
    .eval = eval_looking,
    .can_fail = true,
};

/* ---- find --------------------------------------------------------------------------------------------- */

static weir_status check_find(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_BOOL;
    return check(&wr_regex_find_function, overloads, 2, args, n_args, err);
}

/* Argument 3 as a byte; false: told, or (null) nothing is found. */
static bool start_of(const weir_call *call, uint32_t row, wr_text s, size_t *from) {
    int32_t units = 0;
    bool ok = true, splits;
    *from = 0;
    if (call->n_args == 2) return true;
    if (!wr_int_arg(call, 2, row, &units)) return false;
    if (units >= 0) *from = wr_utf16_offset(s.p, s.n, (size_t)units, &ok, &splits);
    if (units >= 0 && ok) return true;
    wr_call_fail(call, row, "regex:find(): position %d is outside of the text", units);
    return false;
}

static weir_status eval_find(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        size_t from;
        weir_regex *regex = pattern_of(self, call, row, "regex:find");
        if (!regex) continue;
        wr_put_bool(call, row, false);
        if (wr_text_arg(call, 1, row, &s) && start_of(call, row, s, &from) &&
            match(regex, call, row, s, from, WEIR_REGEX_FIND))
            wr_put_bool(call, row, true);
    }
    return WEIR_OK;
}

const weir_function_type wr_regex_find_function = {
    .struct_size = sizeof(weir_function_type),
    .ns = "regex",
    .name = "find",
    .doc = "Is there something in the text that matches a regular expression?",
    .example = "regex:find('WSO2', '21 products are produced by WSO2 currently', 4) -> true",
    .params = (const weir_param_doc[]){{"regex:find(<string> regex, <string> text)",
                                        "A null text gives false, a null regex fails."},
                                       {"regex:find(<string> regex, <string> text, <int> from)",
                                        "Looks from a position on; one outside of the text fails."},
                                       {NULL, NULL}},
    .check = check_find,
    .state_size = sizeof(wr_regex_cache),
    .open = open_cache,
    .close = close_cache,
    .eval = eval_find,
    .can_fail = true,
};

/* ---- group -------------------------------------------------------------------------------------------- */

static weir_status check_group(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_STRING;
    return check(&wr_regex_group_function, &overloads[1], 1, args, n_args, err);
}

static weir_status eval_group(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        int32_t group;
        size_t begin, end;
        weir_regex *regex = pattern_of(self, call, row, "regex:group");
        if (!regex || !wr_text_needed(call, 1, row, "regex:group", &s)) continue;
        if (!wr_int_needed(call, 2, row, "regex:group", &group)) continue;
        wr_put_null(call, row);
        if (!match(regex, call, row, s, 0, WEIR_REGEX_FIND)) continue;
        if (group < 0) {
            wr_call_fail(call, row, "regex:group(): there is no group %d", group);
            continue;
        }
        if (!weir_regex_group(regex, (uint32_t)group, &begin, &end)) continue;
        wr_put_view(call, row, s.p + begin, end - begin);
        weir_set_valid(call->out, row);
    }
    return WEIR_OK;
}

const weir_function_type wr_regex_group_function = {
    .struct_size = sizeof(weir_function_type),
    .ns = "regex",
    .name = "group",
    .doc = "Gives what a group of a regular expression took in, at its first match; null if there is none.",
    .example = "regex:group('(\\d\\d)(.*)(WSO2.*)', '21 products are produced by WSO2', 3) -> 'WSO2'",
    .params =
        (const weir_param_doc[]){{"regex:group(<string> regex, <string> text, <int> group)",
                                  "Group 0 is the whole match. Null, and a negative group of a match, fail."},
                                 {NULL, NULL}},
    .check = check_group,
    .state_size = sizeof(wr_regex_cache),
    .open = open_cache,
    .close = close_cache,
    .eval = eval_group,
    .can_fail = true,
};
