/* bases.c: numbers as text in other bases, and texts as numbers. Null gives null. */
#include <math.h>
#include <stdio.h>

#include "data/text.h"
#include "func/math/functions.h"
#include "func/overloads.h"
#include "func/texts.h"

/* ---- bin, oct, hex ------------------------------------------------------------------------------------ */

static weir_status put_digits(const weir_call *call, uint32_t row, uint64_t v, unsigned bits) {
    char text[64];
    size_t at = sizeof text;
    do {
        text[--at] = "0123456789abcdef"[v & ((1u << bits) - 1)];
        v >>= bits;
    } while (v);
    return wr_put_copy(call, row, text + at, sizeof text - at);
}

static weir_status put_whole(const weir_call *call, unsigned bits) {
    const weir_column *c = &call->args[0];
    WR_FOR_ROWS(call, row) {
        if (weir_is_null(c, row))
            wr_put_null(call, row);
        else if (c->type == WEIR_INT)
            WR_TRY(put_digits(call, row, ((const uint32_t *)c->data)[row], bits));
        else
            WR_TRY(put_digits(call, row, ((const uint64_t *)c->data)[row], bits));
    }
    return WEIR_OK;
}

WR_CHECK(check_bin, wr_math_bin, WEIR_STRING, {1, false, {WR_T_WHOLE}})
WR_CHECK(check_oct, wr_math_oct, WEIR_STRING, {1, false, {WR_T_WHOLE}})
WR_CHECK(check_hex, wr_math_hex, WEIR_STRING, {1, false, {WR_T_NUMBER}})

static weir_status eval_bin(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    return put_whole(call, 1);
}

static weir_status eval_oct(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    return put_whole(call, 3);
}

/* As Java: 0x1.9p7, 0x1.0p0, 0x0.0p0, and numbers below the normal ones with the least exponent. */
static size_t real_text(double v, bool is_float, char *text, size_t size) {
    uint64_t bits;
    if (v != v) return (size_t)snprintf(text, size, "NaN");
    const char *sign = signbit(v) ? "-" : "";
    if (isinf(v)) return (size_t)snprintf(text, size, "%sInfinity", sign);
    memcpy(&bits, &v, sizeof bits);
    int exponent = (int)(bits >> 52 & 0x7FF) - 1023, lead = 1;
    uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
    if (v == 0) {
        lead = 0;
        exponent = 0;
    } else if (is_float && fabs(v) < 0x1p-126) { /* of 23 bits, in steps of 2^-149 */
        lead = 0;
        exponent = -126;
        fraction = (uint64_t)(fabs(v) * 0x1p149) << 29;
    } else if (exponent == -1023) {
        lead = 0;
        exponent = -1022;
    }
    int digits = 13;
    while (digits > 1 && !(fraction & 15)) fraction >>= 4, digits--;
    return (size_t)snprintf(text, size, "%s0x%d.%0*llxp%d", sign, lead, digits, (unsigned long long)fraction,
                            exponent);
}

static weir_status eval_hex(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    const weir_column *c = &call->args[0];
    if (c->type == WEIR_INT || c->type == WEIR_LONG) return put_whole(call, 4);
    bool is_float = c->type == WEIR_FLOAT;
    WR_FOR_ROWS(call, row) {
        char text[40];
        double v = is_float ? (double)((const float *)c->data)[row] : ((const double *)c->data)[row];
        if (weir_is_null(c, row))
            wr_put_null(call, row);
        else
            WR_TRY(wr_put_copy(call, row, text, real_text(v, is_float, text, sizeof text)));
    }
    return WEIR_OK;
}

const weir_function_type wr_math_bin = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "bin",
    .doc = "The binary digits of a whole number; of a negative one those of its two's complement.",
    .example = "math:bin(9) -> '1001'",
    .params = (const weir_param_doc[]){{"math:bin(<int|long> x)", "Null gives null."}, {NULL, NULL}},
    .check = check_bin,
    .eval = eval_bin,
};
const weir_function_type wr_math_oct = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "oct",
    .doc = "The octal digits of a whole number; of a negative one those of its two's complement.",
    .example = "math:oct(99) -> '143'",
    .params = (const weir_param_doc[]){{"math:oct(<int|long> x)", "Null gives null."}, {NULL, NULL}},
    .check = check_oct,
    .eval = eval_oct,
};
const weir_function_type wr_math_hex = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "hex",
    .doc = "A number in hexadecimal digits.",
    .example = "math:hex(200.0) -> '0x1.9p7'",
    .params = (const weir_param_doc[]){{"math:hex(<int|long> x)", "Its digits: math:hex(200) is 'c8'."},
                                       {"math:hex(<float|double> x)", "With an exponent of 2."},
                                       {NULL, NULL}},
    .check = check_hex,
    .eval = eval_hex,
};

/* ---- conv --------------------------------------------------------------------------------------------- */

WR_CHECK(check_conv, wr_math_conv, WEIR_STRING, {3, false, {WR_T_STRING, WR_T_INT, WR_T_INT}})

static int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

/* Java's Integer.parseInt(text, base). */
static bool parse_in_base(wr_text s, int32_t base, int64_t *out) {
    size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
    bool is_negative = s.n && s.p[0] == '-';
    if (base < 2 || base > 36 || i == s.n) return false;
    for (*out = 0; i < s.n; i++) {
        int digit = digit_value(s.p[i]);
        if (digit >= base) return false;
        *out = *out * base + digit;
        if (*out > (int64_t)INT32_MAX + is_negative) return false;
    }
    if (is_negative) *out = -*out;
    return true;
}

static weir_status put_in_base(const weir_call *call, uint32_t row, int64_t v, int32_t base) {
    char text[40];
    size_t at = sizeof text;
    uint64_t left = (uint64_t)(v < 0 ? -v : v);
    if (base < 2 || base > 36) base = 10;
    do text[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[left % (uint32_t)base];
    while (left /= (uint32_t)base);
    if (v < 0) text[--at] = '-';
    return wr_put_copy(call, row, text + at, sizeof text - at);
}

static weir_status eval_conv(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        wr_text s;
        int32_t from, to;
        int64_t v;
        if (!wr_text_arg(call, 0, row, &s) || !wr_int_arg(call, 1, row, &from) ||
            !wr_int_arg(call, 2, row, &to))
            wr_put_null(call, row);
        else if (parse_in_base(s, from, &v))
            WR_TRY(put_in_base(call, row, v, to));
        else
            wr_call_fail(call, row, "math:conv(): '%.*s' is no int in base %d", (int)WR_MIN(s.n, 40u), s.p,
                         from);
    }
    return WEIR_OK;
}

const weir_function_type wr_math_conv = {
    .struct_size = sizeof(weir_function_type),
    .ns = "math",
    .name = "conv",
    .doc = "Writes a whole number, given as text in one base, in another base.",
    .example = "math:conv('7f', 16, 10) -> '127'",
    .params =
        (const weir_param_doc[]){{"math:conv(<string> digits, <int> from, <int> to)",
                                  "Bases of 2 to 36; what is no int in that base fails. A null gives null."},
                                 {NULL, NULL}},
    .check = check_conv,
    .eval = eval_conv,
    .can_fail = true,
};

/* ---- Parsing ------------------------------------------------------------------------------------------ */

/* Defines wr_math_parse_ID. Texts are read as convert() reads them, but one that is no number fails. */
#define PARSE(id, name_text, result_type, c_type, read, example_text)                                        \
    WR_CHECK(check_##id, wr_math_parse_##id, result_type, {1, false, {WR_T_STRING}})                         \
    static weir_status eval_##id(void *self, const weir_call *call, weir_error *err) {                       \
        (void)self;                                                                                          \
        (void)err;                                                                                           \
        WR_FOR_ROWS(call, row) {                                                                             \
            wr_text s;                                                                                       \
            if (!wr_text_arg(call, 0, row, &s))                                                              \
                weir_set_null(call->out, row);                                                               \
            else if (!read(s.p, s.n, (c_type *)call->out->data + row))                                       \
                wr_call_fail(call, row, "math:" name_text "(): '%.*s' is no " #id, (int)WR_MIN(s.n, 40u),    \
                             s.p);                                                                           \
        }                                                                                                    \
        return WEIR_OK;                                                                                      \
    }                                                                                                        \
    const weir_function_type wr_math_parse_##id = {                                                          \
        .struct_size = sizeof(weir_function_type),                                                           \
        .ns = "math",                                                                                        \
        .name = name_text,                                                                                   \
        .doc = "Reads a text as " #id "; another text fails.",                                               \
        .example = example_text,                                                                             \
        .params = (const weir_param_doc[]){{"math:" name_text "(<string> text)", "Null gives null."},        \
                                           {NULL, NULL}},                                                    \
        .check = check_##id,                                                                                 \
        .eval = eval_##id,                                                                                   \
        .can_fail = true,                                                                                    \
    };

PARSE(double, "parseDouble", WEIR_DOUBLE, double, wr_text_to_double, "math:parseDouble('123.5') -> 123.5")
PARSE(float, "parseFloat", WEIR_FLOAT, float, wr_text_to_float, "math:parseFloat('123.5') -> 123.5f")
PARSE(int, "parseInt", WEIR_INT, int32_t, wr_text_to_int, "math:parseInt('123') -> 123")
PARSE(long, "parseLong", WEIR_LONG, int64_t, wr_text_to_long, "math:parseLong('123') -> 123L")
