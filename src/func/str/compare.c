/* compare.c: contains, equalsIgnoreCase and strcmp. */
#include <unicase.h>

#include "data/utf16.h"
#include "func/overloads.h"
#include "func/str/functions.h"
#include "func/texts.h"

WR_CHECK(check_contains, wr_str_contains, WEIR_BOOL, {2, false, {WR_T_STRING, WR_T_STRING}})

static weir_status eval_contains(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s, what;
        if (!wr_text_arg(call, 0, row, &s))
            wr_put_bool(call, row, false);
        else if (wr_text_needed(call, 1, row, "str:contains", &what))
            wr_put_bool(call, row, what.n == 0 || memmem(s.p, s.n, what.p, what.n) != NULL);
    }
    return WEIR_OK;
}

const weir_function_type wr_str_contains = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "contains",
    .doc = "Is the second string somewhere in the first?",
    .example = "str:contains('21 products', 'product') -> true",
    .params = (const weir_param_doc[]){{"str:contains(<string> text, <string> what)",
                                        "A null text gives false, a null what fails."},
                                       {NULL, NULL}},
    .check = check_contains,
    .eval = eval_contains,
    .can_fail = true,
};

WR_CHECK(check_equals, wr_str_equals_ignore_case, WEIR_BOOL, {2, false, {WR_T_STRING, WR_T_STRING}})

/* As Java: two characters are the same if their upper cases are, or the lower cases of these. */
static uint32_t folded(uint32_t c) {
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    return uc_tolower(uc_toupper(c));
}

static bool equal_folded(wr_text a, wr_text b) {
    size_t i = 0, j = 0;
    while (i < a.n && j < b.n)
        if (folded(wr_utf8_next(a.p, a.n, &i)) != folded(wr_utf8_next(b.p, b.n, &j))) return false;
    return i == a.n && j == b.n;
}

static weir_status eval_equals(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text a, b;
        if (wr_text_needed(call, 0, row, "str:equalsIgnoreCase", &a))
            wr_put_bool(call, row, wr_text_arg(call, 1, row, &b) && equal_folded(a, b));
    }
    return WEIR_OK;
}

const weir_function_type wr_str_equals_ignore_case = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "equalsIgnoreCase",
    .doc = "Are two strings equal, whatever the case of their letters?",
    .example = "str:equalsIgnoreCase('WSO2', 'wso2') -> true",
    .params = (const weir_param_doc[]){{"str:equalsIgnoreCase(<string> a, <string> b)",
                                        "A null a fails, a null b gives false."},
                                       {NULL, NULL}},
    .check = check_equals,
    .eval = eval_equals,
    .can_fail = true,
};

WR_CHECK(check_strcmp, wr_str_strcmp, WEIR_INT, {2, false, {WR_T_STRING, WR_T_STRING}})

/* The first UTF-16 unit of a character, and its second, which only matters when the first are equal. */
static int32_t unit_difference(uint32_t a, uint32_t b) {
    uint32_t high_a = a < 0x10000 ? a : 0xD800 + ((a - 0x10000) >> 10);
    uint32_t high_b = b < 0x10000 ? b : 0xD800 + ((b - 0x10000) >> 10);
    if (high_a != high_b) return (int32_t)(high_a - high_b);
    return (int32_t)(((a - 0x10000) & 0x3FF) - ((b - 0x10000) & 0x3FF));
}

/* Java's compareTo: the difference of the first units that differ, else of the lengths. */
static int32_t compare(wr_text a, wr_text b) {
    size_t i = 0, j = 0;
    while (i < a.n && j < b.n) {
        uint32_t x = wr_utf8_next(a.p, a.n, &i), y = wr_utf8_next(b.p, b.n, &j);
        if (x != y) return unit_difference(x, y);
    }
    return (int32_t)wr_utf16_length(a.p, a.n) - (int32_t)wr_utf16_length(b.p, b.n);
}

static weir_status eval_strcmp(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text a, b;
        if (wr_text_needed(call, 0, row, "str:strcmp", &a) && wr_text_needed(call, 1, row, "str:strcmp", &b))
            wr_put_int(call, row, compare(a, b));
    }
    return WEIR_OK;
}

const weir_function_type wr_str_strcmp = {
    .struct_size = sizeof(weir_function_type),
    .ns = "str",
    .name = "strcmp",
    .doc = "Compares two strings: 0 if they are equal, negative if the first comes before the second.",
    .example = "str:strcmp('AbCDefghiJ KLMN', 'AbCDefghiJ KLMN') -> 0",
    .params =
        (const weir_param_doc[]){{"str:strcmp(<string> a, <string> b)",
                                  "By UTF-16 units; how much they differ is what Java says. Null fails."},
                                 {NULL, NULL}},
    .check = check_strcmp,
    .eval = eval_strcmp,
    .can_fail = true,
};
