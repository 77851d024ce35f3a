/* parts.c: lengths, positions and parts of strings. Positions count UTF-16 units, as in Siddhi. */
#include "data/utf16.h"
#include "func/overloads.h"
#include "base/regex.h"
#include "func/str/functions.h"
#include "func/texts.h"

/* ---- charAt, length, trim ----------------------------------------------------------------------------- */

WR_CHECK(check_char_at, wr_str_char_at, WEIR_STRING, {2, false, {WR_T_STRING, WR_T_INT}})

/* Half of a pair can't stand alone: Java writes it as '?'. */
static void put_char(const weir_call *call, uint32_t row, wr_text s, int32_t index) {
    bool ok, splits, second;
    size_t at = index < 0 ? s.n : wr_utf16_offset(s.p, s.n, (size_t)index, &ok, &splits);
    if (index < 0 || !ok || (at == s.n && !splits)) {
        wr_call_fail(call, row, "str:charAt(): index %d is outside of '%.*s'", index, (int)WR_MIN(s.n, 60u),
                     s.p);
        return;
    }
    size_t end = at;
    second = wr_utf8_next(s.p, s.n, &end) >= 0x10000;
    if (second)
        wr_put_view(call, row, "?", 1);
    else
        wr_put_view(call, row, s.p + at, end - at);
}

static weir_status eval_char_at(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        int32_t index;
        if (wr_text_needed(call, 0, row, "str:charAt", &s) &&
            wr_int_needed(call, 1, row, "str:charAt", &index))
            put_char(call, row, s, index);
    }
    return WEIR_OK;
}

const weir_function_type wr_str_char_at = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "charAt",
    .doc = "Gives the character at a position, counted from 0; one outside of the string fails.",
    .example = "str:charAt('WSO2', 1) -> 'S'",
    .params =
        (const weir_param_doc[]){{"str:charAt(<string> text, <int> index)", "Null fails."}, {NULL, NULL}},
    .check = check_char_at,
    .eval = eval_char_at,
    .can_fail = true,
};

WR_CHECK(check_length, wr_str_length, WEIR_INT, {1, false, {WR_T_STRING}})

static weir_status eval_length(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        if (wr_text_needed(call, 0, row, "str:length", &s))
            wr_put_int(call, row, (int32_t)wr_utf16_length(s.p, s.n));
    }
    return WEIR_OK;
}

const weir_function_type wr_str_length = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "length",
    .doc = "Gives the number of characters; one beyond U+FFFF counts as two.",
    .example = "str:length('Hello World') -> 11",
    .params = (const weir_param_doc[]){{"str:length(<string> text)", "Null fails."}, {NULL, NULL}},
    .check = check_length,
    .eval = eval_length,
    .can_fail = true,
};

WR_CHECK(check_trim, wr_str_trim, WEIR_STRING, {1, false, {WR_T_STRING}})

static weir_status eval_trim(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        if (!wr_text_needed(call, 0, row, "str:trim", &s)) continue;
        while (s.n && (unsigned char)s.p[0] <= ' ') s.p++, s.n--;
        while (s.n && (unsigned char)s.p[s.n - 1] <= ' ') s.n--;
        wr_put_view(call, row, s.p, s.n);
    }
    return WEIR_OK;
}

const weir_function_type wr_str_trim = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "trim",
    .doc = "Leaves out blanks and control characters at both ends.",
    .example = "str:trim('  Hello World  ') -> 'Hello World'",
    .params = (const weir_param_doc[]){{"str:trim(<string> text)", "Null fails."}, {NULL, NULL}},
    .check = check_trim,
    .eval = eval_trim,
    .can_fail = true,
};

/* ---- locate, charFrequency ---------------------------------------------------------------------------- */

WR_CHECK(check_locate, wr_str_locate, WEIR_INT, {2, false, {WR_T_STRING, WR_T_STRING}},
         {3, false, {WR_T_STRING, WR_T_STRING, WR_T_INT}})

/* As in Siddhi: what is not found behind `from` is at from - 1. */
static void put_place(const weir_call *call, uint32_t row, wr_text what, wr_text in, int32_t from) {
    bool ok, splits;
    size_t at = from < 0 ? 0 : wr_utf16_offset(in.p, in.n, (size_t)from, &ok, &splits);
    if (from < 0 || !ok) {
        wr_call_fail(call, row, "str:locate(): position %d is outside of '%.*s'", from,
                     (int)WR_MIN(in.n, 60u), in.p);
        return;
    }
    const char *found = what.n ? memmem(in.p + at, in.n - at, what.p, what.n) : in.p + at;
    int32_t place = found ? (int32_t)wr_utf16_length(in.p + at, (size_t)(found - in.p) - at) : -1;
    wr_put_int(call, row, place + from);
}

static weir_status eval_locate(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text what, in;
        int32_t from = 0;
        if (wr_text_needed(call, 0, row, "str:locate", &what) &&
            wr_text_needed(call, 1, row, "str:locate", &in) &&
            (call->n_args == 2 || wr_int_needed(call, 2, row, "str:locate", &from)))
            put_place(call, row, what, in, from);
    }
    return WEIR_OK;
}

const weir_function_type wr_str_locate = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "locate",
    .doc = "Gives where a string stands in another, counted from 0; -1 if it does not.",
    .example = "str:locate('@wso2.com', 'john@wso2.com') -> 4",
    .params = (const weir_param_doc[]){{"str:locate(<string> what, <string> in)", "Null fails."},
                                       {"str:locate(<string> what, <string> in, <int> from)",
                                        "Looks from a position on; from - 1 if it is not there."},
                                       {NULL, NULL}},
    .check = check_locate,
    .eval = eval_locate,
    .can_fail = true,
};

WR_CHECK(check_frequency, wr_str_char_frequency, WEIR_LONG, {2, false, {WR_T_STRING, WR_T_STRING}})

static weir_status eval_frequency(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s, c;
        int64_t n = 0;
        if (!wr_text_needed(call, 0, row, "str:charFrequency", &s) ||
            !wr_text_needed(call, 1, row, "str:charFrequency", &c))
            continue;
        if (wr_utf16_length(c.p, c.n) != 1) {
            wr_call_fail(call, row, "str:charFrequency(): argument 2 must be one character");
            continue;
        }
        const char *p = s.p, *end = s.p + s.n;
        while ((p = memmem(p, (size_t)(end - p), c.p, c.n)) != NULL) p += c.n, n++;
        ((int64_t *)call->out->data)[row] = n;
    }
    return WEIR_OK;
}

const weir_function_type wr_str_char_frequency = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "charFrequency",
    .doc = "Counts how often a character stands in a string.",
    .example = "str:charFrequency('WSO2,ABM,NSFT', ',') -> 2L",
    .params = (const weir_param_doc[]){{"str:charFrequency(<string> text, <string> char)",
                                        "Null, or a string of more than one character, fails."},
                                       {NULL, NULL}},
    .check = check_frequency,
    .eval = eval_frequency,
    .can_fail = true,
};

/* ---- substr ------------------------------------------------------------------------------------------- */

static weir_status check_substr(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    static const wr_overload overloads[] = {{2, false, {WR_T_STRING, WR_T_INT}},
                                            {3, false, {WR_T_STRING, WR_T_INT, WR_T_INT}},
                                            {2, false, {WR_T_STRING, WR_T_STRING}},
                                            {3, false, {WR_T_STRING, WR_T_STRING, WR_T_INT}}};
    *result = WEIR_STRING;
    WR_TRY(wr_check_overloads(&wr_str_substr, overloads, WR_COUNT(overloads), args, n_args, err));
    return args[1].type == WEIR_STRING ? wr_regex_check_arg(&args[1], err) : WEIR_OK;
}

static weir_status open_cache(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)self;
    (void)args;
    (void)n_args;
    (void)err;
    return WEIR_OK;
}

static void close_cache(void *self) { wr_regex_cache_fini(self); }

static void put_range(const weir_call *call, uint32_t row, wr_text s, int32_t from, int64_t to) {
    bool ok = true, splits, end_ok = true;
    size_t begin = from < 0 ? 0 : wr_utf16_offset(s.p, s.n, (size_t)from, &ok, &splits), end = s.n;
    if (to >= 0) end = wr_utf16_offset(s.p, s.n, (size_t)to, &end_ok, &splits);
    if (from < 0 || !ok || !end_ok || end < begin)
        wr_call_fail(call, row, "str:substr(): the part is not within '%.*s'", (int)WR_MIN(s.n, 60u), s.p);
    else
        wr_put_view(call, row, s.p + begin, end - begin);
}

static void substr_by_index(const weir_call *call, uint32_t row, wr_text s) {
    int32_t from, length;
    if (!wr_int_needed(call, 1, row, "str:substr", &from)) return;
    if (call->n_args == 2) {
        put_range(call, row, s, from, -1);
    } else if (wr_int_needed(call, 2, row, "str:substr", &length)) {
        if (length < 0)
            wr_call_fail(call, row, "str:substr(): a length of %d", length);
        else
            put_range(call, row, s, from, (int64_t)from + length);
    }
}

static void substr_by_pattern(wr_regex_cache *cache, const weir_call *call, uint32_t row, wr_text s) {
    wr_text pattern;
    weir_regex *regex;
    weir_error err;
    int32_t group = 0;
    size_t begin, end;
    if (!wr_text_needed(call, 1, row, "str:substr", &pattern)) return;
    if (call->n_args == 3 && !wr_int_needed(call, 2, row, "str:substr", &group)) return;
    if (wr_regex_cache_get(cache, pattern.p, pattern.n, &regex, &err)) {
        wr_call_fail(call, row, "%s", err.message);
        return;
    }
    weir_regex_result found = weir_regex_match(regex, s.p, s.n, 0, WEIR_REGEX_FIND);
    if (found == WEIR_REGEX_GIVEN_UP)
        wr_call_fail(call, row, WR_REGEX_GIVEN_UP_TEXT);
    else if (found == WEIR_REGEX_NO)
        wr_put_view(call, row, "", 0);
    else if (group < 0 || (uint32_t)group > weir_regex_n_groups(regex))
        wr_call_fail(call, row, "str:substr(): the pattern has no group %d", group);
    else if (weir_regex_group(regex, (uint32_t)group, &begin, &end))
        wr_put_view(call, row, s.p + begin, end - begin);
    else
        wr_put_null(call, row);
}

static weir_status eval_substr(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    bool by_pattern = call->args[1].type == WEIR_STRING;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        if (!wr_text_needed(call, 0, row, "str:substr", &s)) continue;
        if (by_pattern)
            substr_by_pattern(self, call, row, s);
        else
            substr_by_index(call, row, s);
    }
    return WEIR_OK;
}

const weir_function_type wr_str_substr = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "substr",
    .doc = "Gives a part of a string: from a position on, of a length, or what a regular expression finds.",
    .example = "str:substr('AbCDefghiJ KLMN', 2, 4) -> 'CDef'",
    .params =
        (const weir_param_doc[]){
            {"str:substr(<string> text, <int> begin)", "To the end. Null, and positions outside, fail."},
            {"str:substr(<string> text, <int> begin, <int> length)",
             "So many characters, which must be there."},
            {"str:substr(<string> text, <string> regex)", "The first match, or ''."},
            {"str:substr(<string> text, <string> regex, <int> group)", "A group of the first match, or ''."},
            {NULL, NULL}},
    .check = check_substr,
    .state_size = sizeof(wr_regex_cache),
    .open = open_cache,
    .close = close_cache,
    .eval = eval_substr,
    .can_fail = true,
};
