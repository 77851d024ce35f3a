/* value.c: AMQP's values as text; see message.h. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

#define DEEPEST 32

/* ---- Bytes that grow ---------------------------------------------------------------------------------- */

bool jms_buffer_reserve(jms_buffer *b, size_t more) {
    if (b->is_full || more > SIZE_MAX / 4) return false;
    if (b->cap - b->len >= more) return true;
    size_t cap = b->cap ? b->cap : 256;
    while (cap - b->len < more) cap *= 2;
    char *bigger = realloc(b->data, cap);
    b->is_full = !bigger;
    if (!bigger) return false;
    b->data = bigger;
    b->cap = cap;
    return true;
}

void jms_buffer_put(jms_buffer *b, const char *bytes, size_t len) {
    if (!len || !jms_buffer_reserve(b, len)) return;
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
}

void jms_buffer_format(jms_buffer *b, const char *format, ...) {
    char text[64];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (n > 0) jms_buffer_put(b, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

/* ---- Scalars ------------------------------------------------------------------------------------------ */

/* The shortest of the usual lengths that reads back as the same number. */
static void put_real(jms_buffer *out, double v, bool is_float) {
    char text[40];
    int n = 0;
    for (int digits = is_float ? 6 : 15; digits <= (is_float ? 9 : 17); digits++) {
        n = snprintf(text, sizeof text, "%.*g", digits, v);
        if (is_float ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v) break;
    }
    jms_buffer_put(out, text, (size_t)n);
}

static void put_base64(jms_buffer *out, const char *bytes, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t v = 0;
        size_t n = len - i < 3 ? len - i : 3;
        for (size_t k = 0; k < 3; k++) v = v << 8 | (k < n ? (unsigned char)bytes[i + k] : 0);
        char four[4] = {digits[v >> 18], digits[v >> 12 & 63], n > 1 ? digits[v >> 6 & 63] : '=',
                        n > 2 ? digits[v & 63] : '='};
        jms_buffer_put(out, four, 4);
    }
}

static void put_utf8(jms_buffer *out, uint32_t c) {
    char b[4];
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = 0xfffd;
    if (c < 0x80)
        jms_buffer_put(out, (b[0] = (char)c, b), 1);
    else if (c < 0x800)
        jms_buffer_put(out, (b[0] = (char)(0xc0 | c >> 6), b[1] = (char)(0x80 | (c & 63)), b), 2);
    else if (c < 0x10000)
        jms_buffer_put(out,
                       (b[0] = (char)(0xe0 | c >> 12), b[1] = (char)(0x80 | (c >> 6 & 63)),
                        b[2] = (char)(0x80 | (c & 63)), b),
                       3);
    else
        jms_buffer_put(out,
                       (b[0] = (char)(0xf0 | c >> 18), b[1] = (char)(0x80 | (c >> 12 & 63)),
                        b[2] = (char)(0x80 | (c >> 6 & 63)), b[3] = (char)(0x80 | (c & 63)), b),
                       4);
}

typedef enum shape { IS_NULL, IS_NUMBER, IS_WORD, IS_TEXT, IS_NESTED } shape;

/* A scalar's text. IS_NESTED: nothing was put. */
static shape put_scalar(pn_data_t *d, jms_buffer *out) {
    pn_bytes_t b;
    double v;
    switch (pn_data_type(d)) {
    case PN_BOOL: return jms_buffer_format(out, "%s", pn_data_get_bool(d) ? "true" : "false"), IS_WORD;
    case PN_UBYTE: return jms_buffer_format(out, "%u", pn_data_get_ubyte(d)), IS_NUMBER;
    case PN_BYTE: return jms_buffer_format(out, "%d", pn_data_get_byte(d)), IS_NUMBER;
    case PN_USHORT: return jms_buffer_format(out, "%u", pn_data_get_ushort(d)), IS_NUMBER;
    case PN_SHORT: return jms_buffer_format(out, "%d", pn_data_get_short(d)), IS_NUMBER;
    case PN_UINT: return jms_buffer_format(out, "%" PRIu32, pn_data_get_uint(d)), IS_NUMBER;
    case PN_INT: return jms_buffer_format(out, "%" PRId32, pn_data_get_int(d)), IS_NUMBER;
    case PN_ULONG: return jms_buffer_format(out, "%" PRIu64, pn_data_get_ulong(d)), IS_NUMBER;
    case PN_LONG: return jms_buffer_format(out, "%" PRId64, pn_data_get_long(d)), IS_NUMBER;
    case PN_TIMESTAMP: return jms_buffer_format(out, "%" PRId64, pn_data_get_timestamp(d)), IS_NUMBER;
    case PN_CHAR: return put_utf8(out, pn_data_get_char(d)), IS_TEXT;
    case PN_FLOAT:
    case PN_DOUBLE:
        v = pn_data_type(d) == PN_FLOAT ? (double)pn_data_get_float(d) : pn_data_get_double(d);
        if (!isfinite(v)) return IS_NULL;
        return put_real(out, v, pn_data_type(d) == PN_FLOAT), IS_NUMBER;
    case PN_STRING: b = pn_data_get_string(d); return jms_buffer_put(out, b.start, b.size), IS_TEXT;
    case PN_SYMBOL: b = pn_data_get_symbol(d); return jms_buffer_put(out, b.start, b.size), IS_TEXT;
    case PN_BINARY: b = pn_data_get_binary(d); return put_base64(out, b.start, b.size), IS_TEXT;
    case PN_UUID: {
        pn_uuid_t u = pn_data_get_uuid(d);
        for (size_t i = 0; i < sizeof u.bytes; i++)
            jms_buffer_format(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                              (unsigned char)u.bytes[i]);
        return IS_TEXT;
    }
    case PN_LIST:
    case PN_MAP:
    case PN_ARRAY:
    case PN_DESCRIBED: return IS_NESTED;
    default: return IS_NULL; /* null, decimals, and what has no counterpart */
    }
}

/* ---- JSON --------------------------------------------------------------------------------------------- */

static void put_quoted(jms_buffer *out, const char *bytes, size_t len) {
    jms_buffer_put(out, "\"", 1);
    for (size_t i = 0, from = 0; i <= len; i++) {
        unsigned char c = i < len ? (unsigned char)bytes[i] : '"';
        if (i < len && c >= 0x20 && c != '"' && c != '\\') continue;
        jms_buffer_put(out, bytes + from, i - from);
        from = i + 1;
        if (i == len) break;
        if (c == '"' || c == '\\')
            jms_buffer_format(out, "\\%c", c);
        else
            jms_buffer_format(out, "\\u%04x", c);
    }
    jms_buffer_put(out, "\"", 1);
}

static bool put_json(pn_data_t *d, jms_buffer *out, int depth);

/* The scalar in quotes, by way of a buffer of its own. */
static bool put_scalar_json(pn_data_t *d, jms_buffer *out, bool is_key) {
    jms_buffer text = {0};
    shape s = put_scalar(d, &text);
    if (s == IS_NULL && !is_key)
        jms_buffer_put(out, "null", 4);
    else if (s == IS_TEXT || is_key)
        put_quoted(out, text.data ? text.data : "", text.len);
    else
        jms_buffer_put(out, text.data, text.len);
    out->is_full |= text.is_full;
    free(text.data);
    return s != IS_NESTED;
}

static bool put_items(pn_data_t *d, jms_buffer *out, bool is_map, int depth) {
    bool ok = depth < DEEPEST && pn_data_enter(d);
    if (!ok) return false;
    jms_buffer_put(out, is_map ? "{" : "[", 1);
    for (bool is_first = true; ok && pn_data_next(d); is_first = false) {
        if (!is_first) jms_buffer_put(out, ",", 1);
        if (is_map) {
            ok = put_scalar_json(d, out, true);
            jms_buffer_put(out, ":", 1);
            ok = ok && pn_data_next(d);
        }
        ok = ok && put_json(d, out, depth + 1);
    }
    pn_data_exit(d);
    jms_buffer_put(out, is_map ? "}" : "]", 1);
    return ok;
}

static bool put_json(pn_data_t *d, jms_buffer *out, int depth) {
    switch (pn_data_type(d)) {
    case PN_MAP: return put_items(d, out, true, depth);
    case PN_LIST:
    case PN_ARRAY: return put_items(d, out, false, depth);
    case PN_DESCRIBED: return false;
    default: return put_scalar_json(d, out, false);
    }
}

bool jms_value_json(pn_data_t *data, jms_buffer *out) { return put_json(data, out, 0) && !out->is_full; }

bool jms_value_text(pn_data_t *data, jms_buffer *out) {
    switch (put_scalar(data, out)) {
    case IS_NULL: return false;
    case IS_NESTED: return jms_value_json(data, out);
    default: return !out->is_full;
    }
}

/* ---- key:value ---------------------------------------------------------------------------------------- */

/* A text's value as keyvalue has it: within double quotes, its own ones doubled. */
static shape put_in_quotes(pn_data_t *d, jms_buffer *out) {
    jms_buffer text = {0};
    shape s = put_scalar(d, &text);
    jms_buffer_put(out, "\"", 1);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"') jms_buffer_put(out, "\"", 1);
        jms_buffer_put(out, text.data + i, 1);
    }
    jms_buffer_put(out, "\"", 1);
    out->is_full |= text.is_full;
    free(text.data);
    return s;
}

const char *jms_map_lines(pn_data_t *d, jms_buffer *out) {
    const char *wrong = pn_data_enter(d) ? NULL : "it is no map";
    while (!wrong && pn_data_next(d)) {
        size_t key = out->len;
        if (put_scalar(d, out) != IS_TEXT) wrong = "a key of the map is no text";
        if (memchr(out->data + key, ':', out->len - key)) wrong = "a key of the map holds a ':'";
        jms_buffer_put(out, ":", 1);
        if (wrong || !pn_data_next(d)) break;
        pn_type_t type = pn_data_type(d);
        bool is_text =
            type == PN_STRING || type == PN_SYMBOL || type == PN_CHAR || type == PN_BINARY || type == PN_UUID;
        shape s = is_text ? put_in_quotes(d, out) : put_scalar(d, out);
        if (s == IS_NULL) jms_buffer_put(out, "null", 4);
        if (s == IS_NESTED) wrong = "a value of the map is nested";
        jms_buffer_put(out, ",\n", 2);
    }
    pn_data_exit(d);
    return out->is_full ? "there is no memory for it" : wrong;
}
