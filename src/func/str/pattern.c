/* pattern.c: regexp, replaceAll, replaceFirst and split. */
#include "func/overloads.h"
#include "base/regex.h"
#include "func/str/functions.h"
#include "func/texts.h"

typedef struct site {
    wr_regex_cache cache;
    wr_regex_pieces pieces;
} site;

static weir_status open_site(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)self;
    (void)args;
    (void)n_args;
    (void)err;
    return WEIR_OK;
}

static void close_site(void *self) {
    site *s = self;
    wr_regex_cache_fini(&s->cache);
    wr_regex_pieces_fini(&s->pieces);
}

/* The pattern that is argument 1; NULL: told. */
static weir_regex *pattern_of(site *s, const weir_call *call, uint32_t row, const char *function) {
    wr_text pattern;
    weir_regex *regex;
    weir_error err;
    if (!wr_text_needed(call, 1, row, function, &pattern)) return NULL;
    if (wr_regex_cache_get(&s->cache, pattern.p, pattern.n, &regex, &err) == WEIR_OK) return regex;
    wr_call_fail(call, row, "%s", err.message);
    return NULL;
}

static weir_status check(const weir_function_type *t, const wr_overload *overload, const weir_arg *args,
                         uint32_t n_args, weir_error *err) {
    WR_TRY(wr_check_overloads(t, overload, 1, args, n_args, err));
    return wr_regex_check_arg(&args[1], err);
}

/* ---- regexp ------------------------------------------------------------------------------------------- */

static weir_status check_regexp(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    static const wr_overload overload = {2, false, {WR_T_STRING, WR_T_STRING}};
    *result = WEIR_BOOL;
    return check(&wr_str_regexp, &overload, args, n_args, err);
}

static weir_status eval_regexp(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        weir_regex *regex;
        if (!wr_text_needed(call, 0, row, "str:regexp", &s)) continue;
        if (!(regex = pattern_of(self, call, row, "str:regexp"))) continue;
        weir_regex_result found = weir_regex_match(regex, s.p, s.n, 0, WEIR_REGEX_MATCHES);
        if (found == WEIR_REGEX_GIVEN_UP)
            wr_call_fail(call, row, WR_REGEX_GIVEN_UP_TEXT);
        else
            wr_put_bool(call, row, found == WEIR_REGEX_YES);
    }
    return WEIR_OK;
}

const weir_function_type wr_str_regexp = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "regexp",
    .doc = "Does the whole string match a regular expression?",
    .example = "str:regexp('WSO2 abcdh', 'WSO(.*h)') -> true",
    .params = (const weir_param_doc[]){{"str:regexp(<string> text, <string> regex)",
                                        "Null, and what is no regular expression, fails."},
                                       {NULL, NULL}},
    .check = check_regexp,
    .state_size = sizeof(site),
    .open = open_site,
    .close = close_site,
    .eval = eval_regexp,
    .can_fail = true,
};

/* ---- replaceAll, replaceFirst ------------------------------------------------------------------------- */

/* The number of the group that $… names at *p, which goes behind it; UINT32_MAX: there is none. As in Java, a
 * further digit counts as long as there is such a group. */
static uint32_t group_at(const weir_regex *regex, const char **p, const char *end) {
    if (*p < end && **p == '{') {
        const char *name = *p + 1, *close = memchr(name, '}', (size_t)(end - name));
        uint32_t group = close ? wr_regex_group_named(regex, name, (size_t)(close - name)) : 0;
        if (close) *p = close + 1;
        return group ? group : UINT32_MAX;
    }
    if (*p == end || **p < '0' || **p > '9') return UINT32_MAX;
    uint32_t group = (uint32_t)(*(*p)++ - '0');
    if (group > weir_regex_n_groups(regex)) return UINT32_MAX;
    while (*p < end && **p >= '0' && **p <= '9') {
        uint32_t longer = group * 10 + (uint32_t)(**p - '0');
        if (longer > weir_regex_n_groups(regex)) break;
        group = longer;
        ++*p;
    }
    return group;
}

/* The replacement of one match: \x is x, $1 and ${name} are groups. False: not well formed. */
static bool put_replacement(wr_buf *out, const weir_regex *regex, wr_text s, wr_text with) {
    const char *p = with.p, *end = with.p + with.n;
    size_t begin, to;
    while (p < end) {
        if (*p == '\\') {
            if (++p == end) return false;
            wr_buf_putc(out, *p++);
        } else if (*p == '$') {
            p++;
            uint32_t group = group_at(regex, &p, end);
            if (group == UINT32_MAX) return false;
            if (weir_regex_group(regex, group, &begin, &to)) wr_buf_put(out, s.p + begin, to - begin);
        } else {
            wr_buf_putc(out, *p++);
        }
    }
    return true;
}

/* False: the row failed. */
static bool replace(wr_buf *out, const weir_call *call, uint32_t row, weir_regex *regex, wr_text s,
                    wr_text with, bool all) {
    size_t last = 0, begin, end;
    for (size_t from = 0; from <= s.n; from = wr_regex_next(regex, s.p, s.n)) {
        weir_regex_result found = weir_regex_match(regex, s.p, s.n, from, WEIR_REGEX_FIND);
        if (found == WEIR_REGEX_GIVEN_UP) {
            wr_call_fail(call, row, WR_REGEX_GIVEN_UP_TEXT);
            return false;
        }
        if (found == WEIR_REGEX_NO) break;
        weir_regex_group(regex, 0, &begin, &end);
        wr_buf_put(out, s.p + last, begin - last);
        if (!put_replacement(out, regex, s, with)) {
            wr_call_fail(call, row,
                         "the replacement '%.*s' names no group of the pattern, or ends in \\ or $",
                         (int)WR_MIN(with.n, 60u), with.p);
            return false;
        }
        last = end;
        if (!all || out->len > WR_TEXT_MOST) break;
    }
    wr_buf_put(out, s.p + last, s.n - last);
    return true;
}

static weir_status replace_rows(site *st, const weir_call *call, const char *function, bool all) {
    wr_buf text = WR_BUF_INIT;
    weir_status status = WEIR_OK;
    for (uint32_t k = 0; k < call->n_sel && !status; k++) {
        uint32_t row = wr_call_row(call, k);
        wr_text s, with;
        weir_regex *regex;
        if (!wr_text_needed(call, 0, row, function, &s) || !wr_text_needed(call, 2, row, function, &with))
            continue;
        if (!(regex = pattern_of(st, call, row, function))) continue;
        wr_buf_clear(&text);
        if (replace(&text, call, row, regex, s, with, all)) status = wr_put_buf(call, row, &text);
    }
    wr_buf_fini(&text);
    return status;
}

static const wr_overload three_texts = {3, false, {WR_T_STRING, WR_T_STRING, WR_T_STRING}};

static weir_status check_all(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_STRING;
    return check(&wr_str_replace_all, &three_texts, args, n_args, err);
}

static weir_status check_first(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_STRING;
    return check(&wr_str_replace_first, &three_texts, args, n_args, err);
}

static weir_status eval_all(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    return replace_rows(self, call, "str:replaceAll", true);
}

static weir_status eval_first(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    return replace_rows(self, call, "str:replaceFirst", false);
}

const weir_function_type wr_str_replace_all = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "replaceAll",
    .doc = "Replaces whatever matches a regular expression.",
    .example = "str:replaceAll('hello hi hello', 'hello', 'test') -> 'test hi test'",
    .params = (const weir_param_doc[]){{"str:replaceAll(<string> text, <string> regex, <string> replacement)",
                                        "$1 and ${name} in the replacement are groups. Null fails."},
                                       {NULL, NULL}},
    .check = check_all,
    .state_size = sizeof(site),
    .open = open_site,
    .close = close_site,
    .eval = eval_all,
    .can_fail = true,
};
const weir_function_type wr_str_replace_first = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "replaceFirst",
    .doc = "Replaces the first thing that matches a regular expression.",
    .example = "str:replaceFirst('hello WSO2 A hello', 'WSO2(.*)A', 'XXXX') -> 'hello XXXX hello'",
    .params =
        (const weir_param_doc[]){{"str:replaceFirst(<string> text, <string> regex, <string> replacement)",
                                  "$1 and ${name} in the replacement are groups. Null fails."},
                                 {NULL, NULL}},
    .check = check_first,
    .state_size = sizeof(site),
    .open = open_site,
    .close = close_site,
    .eval = eval_first,
    .can_fail = true,
};

/* ---- split -------------------------------------------------------------------------------------------- */

static weir_status check_split(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    static const wr_overload overload = {3, false, {WR_T_STRING, WR_T_STRING, WR_T_INT}};
    *result = WEIR_STRING;
    return check(&wr_str_split, &overload, args, n_args, err);
}

static weir_status eval_split(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    site *st = self;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        weir_regex *regex;
        int32_t index;
        if (!wr_text_needed(call, 0, row, "str:split", &s) ||
            !wr_int_needed(call, 2, row, "str:split", &index))
            continue;
        if (!(regex = pattern_of(st, call, row, "str:split"))) continue;
        weir_status status = wr_regex_split(regex, s.p, s.n, &st->pieces);
        if (status == WEIR_ENOMEM) return status;
        if (status)
            wr_call_fail(call, row, WR_REGEX_GIVEN_UP_TEXT);
        else if (index < 0 || (uint32_t)index >= st->pieces.n)
            wr_call_fail(call, row, "str:split(): '%.*s' has no piece number %d", (int)WR_MIN(s.n, 60u), s.p,
                         index);
        else
            wr_put_view(call, row, s.p + st->pieces.items[index].begin,
                        st->pieces.items[index].end - st->pieces.items[index].begin);
    }
    return WEIR_OK;
}

const weir_function_type wr_str_split = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "split",
    .doc = "Cuts a string where a regular expression matches and gives one of the pieces, counted from 0.",
    .example = "str:split('WSO2,ABM,NSFT', ',', 0) -> 'WSO2'",
    .params =
        (const weir_param_doc[]){{"str:split(<string> text, <string> regex, <int> piece)",
                                  "Empty pieces at the end don't count; a piece that is not there fails."},
                                 {NULL, NULL}},
    .check = check_split,
    .state_size = sizeof(site),
    .open = open_site,
    .close = close_site,
    .eval = eval_split,
    .can_fail = true,
};
