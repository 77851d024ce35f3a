/* build.c: strings made of others: concat, repeat, reverse, lower, upper, hex, unhex. */
#include <stdlib.h>
#include <unicase.h>

#include "data/utf16.h"
#include "func/overloads.h"
#include "func/str/functions.h"
#include "func/texts.h"

/* ---- concat ------------------------------------------------------------------------------------------- */

WR_CHECK(check_concat, wr_str_concat, WEIR_STRING, {2, true, {WR_T_STRING, WR_T_STRING}})

static size_t whole_length(const weir_call *call, uint32_t row) {
    size_t n = 0;
    wr_text s;
    for (uint32_t i = 0; i < call->n_args; i++)
        if (wr_text_arg(call, i, row, &s)) n += s.n;
    return n;
}

static weir_status eval_concat(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        size_t n = whole_length(call, row), at = 0;
        if (n > WR_TEXT_MOST) {
            wr_call_fail(call, row, "str:concat() would make a text of %zu bytes, more than weir makes", n);
            continue;
        }
        char *to = weir_arena_alloc(call->arena, n + 1);
        if (!to) return WEIR_ENOMEM;
        for (uint32_t i = 0; i < call->n_args; i++) {
            wr_text s;
            if (!wr_text_arg(call, i, row, &s)) continue;
            memcpy(to + at, s.p, s.n);
            at += s.n;
        }
        wr_put_view(call, row, to, n);
    }
    return WEIR_OK;
}

const weir_function_type wr_str_concat = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "concat",
    .doc = "Joins strings; nulls are left out.",
    .example = "str:concat('D533', '8JU^', 'XYZ') -> 'D5338JU^XYZ'",
    .params =
        (const weir_param_doc[]){{"str:concat(<string> a, <string> b, <string> ...)", "Two or more strings."},
                                 {NULL, NULL}},
    .check = check_concat,
    .eval = eval_concat,
    .can_fail = true,
};

/* ---- repeat, reverse ---------------------------------------------------------------------------------- */

WR_CHECK(check_repeat, wr_str_repeat, WEIR_STRING, {2, false, {WR_T_STRING, WR_T_INT}})

static weir_status put_repeated(const weir_call *call, uint32_t row, wr_text s, int32_t times) {
    if (times <= 0 || s.n == 0) {
        wr_put_view(call, row, "", 0);
        return WEIR_OK;
    }
    if (s.n > WR_TEXT_MOST / (size_t)times) {
        wr_call_fail(call, row, "str:repeat(): %d times %zu bytes is more than weir makes", times, s.n);
        return WEIR_OK;
    }
    char *to = weir_arena_alloc(call->arena, s.n * (size_t)times + 1);
    if (!to) return WEIR_ENOMEM;
    for (int32_t i = 0; i < times; i++) memcpy(to + (size_t)i * s.n, s.p, s.n);
    wr_put_view(call, row, to, s.n * (size_t)times);
    return WEIR_OK;
}

static weir_status eval_repeat(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        int32_t times;
        if (wr_text_needed(call, 0, row, "str:repeat", &s) &&
            wr_int_needed(call, 1, row, "str:repeat", &times))
            WR_TRY(put_repeated(call, row, s, times));
    }
    return WEIR_OK;
}

const weir_function_type wr_str_repeat = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "repeat",
    .doc = "Gives a string so many times over.",
    .example = "str:repeat('StRing 1', 3) -> 'StRing 1StRing 1StRing 1'",
    .params =
        (const weir_param_doc[]){
            {"str:repeat(<string> text, <int> times)", "0 and less give ''. Null fails."}, {NULL, NULL}},
    .check = check_repeat,
    .eval = eval_repeat,
    .can_fail = true,
};

WR_CHECK(check_reverse, wr_str_reverse, WEIR_STRING, {1, false, {WR_T_STRING}})

/* By characters, so that the bytes of each stay in order. */
static weir_status eval_reverse(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        if (!wr_text_needed(call, 0, row, "str:reverse", &s)) continue;
        char *to = weir_arena_alloc(call->arena, s.n + 1);
        if (!to) return WEIR_ENOMEM;
        for (size_t at = 0, begin; begin = at, at < s.n;) {
            wr_utf8_next(s.p, s.n, &at);
            memcpy(to + s.n - at, s.p + begin, at - begin);
        }
        wr_put_view(call, row, to, s.n);
    }
    return WEIR_OK;
}

const weir_function_type wr_str_reverse = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "reverse",
    .doc = "Gives the characters of a string from last to first.",
    .example = "str:reverse('Hello World') -> 'dlroW olleH'",
    .params = (const weir_param_doc[]){{"str:reverse(<string> text)", "Null fails."}, {NULL, NULL}},
    .check = check_reverse,
    .eval = eval_reverse,
    .can_fail = true,
};

/* ---- lower, upper ------------------------------------------------------------------------------------- */

typedef uint8_t *case_mapper(const uint8_t *, size_t, const char *, uninorm_t, uint8_t *, size_t *);

/* ASCII text, which most is, is mapped here; false: there is other text. */
static bool map_ascii(wr_text s, char first, char *to) {
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x80) return false;
        to[i] = (char)(c >= (unsigned char)first && c < (unsigned char)first + 26 ? c ^ 0x20 : c);
    }
    return true;
}

/* With Unicode's special cases (ß, final sigma), in no language. */
static weir_status map_all(const weir_call *call, uint32_t row, wr_text s, case_mapper *map) {
    size_t n = 0;
    uint8_t *mapped = map((const uint8_t *)s.p, s.n, "", NULL, NULL, &n);
    if (!mapped) {
        wr_call_fail(call, row, "a text is not UTF-8");
        return WEIR_OK;
    }
    weir_status status = wr_put_copy(call, row, (const char *)mapped, n);
    free(mapped);
    return status;
}

static weir_status map_case(const weir_call *call, const char *function, char first, case_mapper *map) {
    WR_FOR_ROWS(call, row) {
        wr_text s;
        if (!wr_text_needed(call, 0, row, function, &s)) continue;
        char *to = weir_arena_alloc(call->arena, s.n + 1);
        if (!to) return WEIR_ENOMEM;
        if (map_ascii(s, first, to))
            wr_put_view(call, row, to, s.n);
        else
            WR_TRY(map_all(call, row, s, map));
    }
    return WEIR_OK;
}

WR_CHECK(check_lower, wr_str_lower, WEIR_STRING, {1, false, {WR_T_STRING}})
WR_CHECK(check_upper, wr_str_upper, WEIR_STRING, {1, false, {WR_T_STRING}})

static weir_status eval_lower(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    return map_case(call, "str:lower", 'A', u8_tolower);
}

static weir_status eval_upper(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    return map_case(call, "str:upper", 'a', u8_toupper);
}

const weir_function_type wr_str_lower = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "lower",
    .doc = "Gives a string in small letters.",
    .example = "str:lower('WSO2 cep ') -> 'wso2 cep '",
    .params = (const weir_param_doc[]){{"str:lower(<string> text)", "Null fails."}, {NULL, NULL}},
    .check = check_lower,
    .eval = eval_lower,
    .can_fail = true,
};
const weir_function_type wr_str_upper = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "upper",
    .doc = "Gives a string in capital letters.",
    .example = "str:upper('Hello World') -> 'HELLO WORLD'",
    .params = (const weir_param_doc[]){{"str:upper(<string> text)", "Null fails."}, {NULL, NULL}},
    .check = check_upper,
    .eval = eval_upper,
    .can_fail = true,
};

/* ---- hex, unhex --------------------------------------------------------------------------------------- */

WR_CHECK(check_hex, wr_str_hex, WEIR_STRING, {1, false, {WR_T_STRING}})

static size_t put_hex(char *to, uint32_t unit) {
    static const char digits[] = "0123456789abcdef";
    size_t n = unit > 0xFFF ? 4 : unit > 0xFF ? 3 : unit > 0xF ? 2 : 1;
    for (size_t i = n; i; unit >>= 4) to[--i] = digits[unit & 15];
    return n;
}

/* Each UTF-16 unit by itself, without zeros in front, as Siddhi does. */
static weir_status eval_hex(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        size_t n = 0;
        if (!wr_text_needed(call, 0, row, "str:hex", &s)) continue;
        char *to = weir_arena_alloc(call->arena, 2 * s.n + 8);
        if (!to) return WEIR_ENOMEM;
        for (size_t at = 0; at < s.n;) {
            uint32_t c = wr_utf8_next(s.p, s.n, &at);
            if (c >= 0x10000) n += put_hex(to + n, 0xD800 + ((c - 0x10000) >> 10));
            n += put_hex(to + n, c < 0x10000 ? c : 0xDC00 + ((c - 0x10000) & 0x3FF));
        }
        wr_put_view(call, row, to, n);
    }
    return WEIR_OK;
}

const weir_function_type wr_str_hex = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "hex",
    .doc = "Gives the code of each character in hexadecimal digits.",
    .example = "str:hex('MySQL') -> '4d7953514c'",
    .params = (const weir_param_doc[]){{"str:hex(<string> text)", "Null fails."}, {NULL, NULL}},
    .check = check_hex,
    .eval = eval_hex,
    .can_fail = true,
};

WR_CHECK(check_unhex, wr_str_unhex, WEIR_STRING, {1, false, {WR_T_STRING}})

static int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* False when it is no even number of digits. *n: bytes written, at most as many as digits. */
static bool unhex(wr_text s, char *to, size_t *n) {
    *n = 0;
    if (s.n % 2) return false;
    for (size_t i = 0; i < s.n; i += 2) {
        int high = digit_of(s.p[i]), low = digit_of(s.p[i + 1]);
        if (high < 0 || low < 0) return false;
        *n += wr_utf8_put(to + *n, (uint32_t)(high * 16 + low));
    }
    return true;
}

static weir_status eval_unhex(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        size_t n;
        if (!wr_text_needed(call, 0, row, "str:unhex", &s)) continue;
        char *to = weir_arena_alloc(call->arena, s.n + 4);
        if (!to) return WEIR_ENOMEM;
        if (unhex(s, to, &n))
            wr_put_view(call, row, to, n);
        else
            wr_call_fail(call, row, "str:unhex(): '%.*s' is no pairs of hexadecimal digits",
                         (int)WR_MIN(s.n, 60u), s.p);
    }
    return WEIR_OK;
}

const weir_function_type wr_str_unhex = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "unhex",
    .doc = "Gives the characters whose codes, two hexadecimal digits each, stand in a string.",
    .example = "str:unhex('4d7953514c') -> 'MySQL'",
    .params =
        (const weir_param_doc[]){
            {"str:unhex(<string> digits)", "Null, and what is no pairs of digits, fails."}, {NULL, NULL}},
    .check = check_unhex,
    .eval = eval_unhex,
    .can_fail = true,
};
