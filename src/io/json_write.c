/* json_write.c: see json_write.h. */
#include "io/json_write.h"

#include <math.h>

#include "data/json.h"
#include "io/cell.h"
#include "io/encode.h"
#include "io/number.h"
#include "io/template.h"

static bool is_plain(unsigned char c) { return c >= 0x20 && c != '"' && c != '\\' && c < 0x7F; }

static size_t put_escape(unsigned char c, char *out) {
    static const char hex[] = "0123456789abcdef";
    static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *at = c ? strchr(named, c) : NULL;
    out[0] = '\\';
    if (at) {
        out[1] = letters[at - named];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

/* From the first byte on that is not plain. */
static size_t escape_rest(const char *text, size_t len, char *out) {
    size_t n = 0, valid = wr_utf8_valid(text, len);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (i == valid) {
            memcpy(out + n, "\xEF\xBF\xBD", 3);
            n += 3;
            valid = i + 1 + wr_utf8_valid(text + i + 1, len - i - 1);
        } else if (is_plain(c) || c > 0x7F) {
            out[n++] = (char)c;
        } else {
            n += put_escape(c, out + n);
        }
    }
    return n;
}

/* True when none of the 8 bytes is a control character, a quote, a backslash, or beyond ASCII; it may be
 * false for DEL's neighbours too. */
static bool all_plain(uint64_t w) {
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = w ^ (ones * '"'), backslash = w ^ (ones * '\\'), del = w ^ (ones * 0x7F);
    uint64_t found = ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | ((del - ones) & ~del) |
                     ((w - ones * 0x20) & ~w) | w;
    return !(found & highs);
}

size_t wr_json_escape(const char *text, size_t len, char *out) {
    size_t n = 0;
    for (; len - n >= 8; n += 8) {
        uint64_t w;
        memcpy(&w, text + n, 8);
        if (!all_plain(w)) break;
        memcpy(out + n, &w, 8);
    }
    for (; n < len && is_plain((unsigned char)text[n]); n++) out[n] = text[n];
    return n == len ? n : n + escape_rest(text + n, len - n, out + n);
}

/* A short string lies within itself, zeros behind it: two words. False: it has something to be escaped. */
static bool put_short(weir_encoded *e, const weir_string *s) {
    const uint64_t blanks = 0x2020202020202020u;
    uint64_t first, second = 0;
    uint32_t tail;
    memcpy(&first, s->head, 4);
    memcpy((char *)&first + 4, s->u.tail, 4);
    memcpy(&tail, s->u.tail + 4, 4);
    second = tail;
    uint64_t behind_first = s->len < 8 ? blanks << (8 * s->len) : 0;
    uint64_t behind_second = blanks << (s->len > 8 ? 8 * (s->len - 8) : 0);
    if (!all_plain(first | behind_first) || !all_plain(second | behind_second)) return false;
    memcpy(e->data + e->len, &first, 8);
    memcpy(e->data + e->len + 8, &second, 8);
    e->len += s->len;
    return true;
}

static bool put_string(weir_encoded *e, const weir_string *s, bool quoted) {
    if (WR_UNLIKELY(!weir_encoded_reserve(e, WR_JSON_ESCAPED_BYTES(s->len) + 16 + 2))) return false;
    if (quoted) wr_encode_char(e, '"');
    if (s->len > WEIR_STRING_INLINE || !put_short(e, s))
        e->len += wr_json_escape(weir_string_data(s), s->len, e->data + e->len);
    if (quoted) wr_encode_char(e, '"');
    return true;
}

static bool put_null(weir_encoded *e) {
    if (!weir_encoded_reserve(e, 4)) return false;
    wr_encode_bytes(e, "null", 4);
    return true;
}

/* A list is an array, a map an object. */
static bool put_container(weir_encoded *e, weir_object *o) {
    wr_buf text = WR_BUF_INIT;
    weir_value v = {.type = WEIR_OBJECT, .as.o = o};
    wr_json_of_value(&text, &v, WR_JSON_PLAIN);
    bool done = !text.failed && weir_encoded_reserve(e, text.len);
    if (done) wr_encode_bytes(e, text.data, text.len);
    wr_buf_fini(&text);
    return done;
}

static bool put_object(weir_encoded *e, weir_object *o, bool quoted) {
    wr_buf text = WR_BUF_INIT;
    bool is_number;
    if (o && weir_object_get_kind(o) >= WEIR_OBJECT_LIST && weir_object_get_kind(o) <= WEIR_OBJECT_MAP)
        return put_container(e, o);
    weir_value v = wr_encode_unbox(o, &text);
    if (v.is_null) return put_null(e);
    if (v.type == WEIR_STRING) {
        bool done = put_string(e, &v.as.s, quoted);
        wr_buf_fini(&text);
        return done;
    }
    if (!weir_encoded_reserve(e, WR_NUMBER_TEXT_BYTES)) return false;
    size_t begin = e->len;
    wr_encode_scalar_value(e, &v, &is_number);
    if (is_number) return true;
    e->len = begin;
    return put_null(e);
}

/* ---- By type ------------------------------------------------------------------------------------------ */

static bool put_literal_null(weir_encoded *e) {
    wr_encode_bytes(e, "null", 4);
    return true;
}

static bool put_int(weir_encoded *e, const weir_column *c, uint32_t row) {
    if (WR_UNLIKELY(weir_is_null(c, row))) return put_literal_null(e);
    e->len += wr_format_long(((const int32_t *)c->data)[row], e->data + e->len);
    return true;
}

static bool put_long(weir_encoded *e, const weir_column *c, uint32_t row) {
    if (WR_UNLIKELY(weir_is_null(c, row))) return put_literal_null(e);
    e->len += wr_format_long(((const int64_t *)c->data)[row], e->data + e->len);
    return true;
}

static bool put_float(weir_encoded *e, const weir_column *c, uint32_t row) {
    float v = ((const float *)c->data)[row];
    if (WR_UNLIKELY(weir_is_null(c, row) || !isfinite(v))) return put_literal_null(e);
    e->len += wr_format_float(v, e->data + e->len);
    return true;
}

static bool put_double(weir_encoded *e, const weir_column *c, uint32_t row) {
    double v = ((const double *)c->data)[row];
    if (WR_UNLIKELY(weir_is_null(c, row) || !isfinite(v))) return put_literal_null(e);
    e->len += wr_format_double(v, e->data + e->len);
    return true;
}

static bool put_bool(weir_encoded *e, const weir_column *c, uint32_t row) {
    if (WR_UNLIKELY(weir_is_null(c, row))) return put_literal_null(e);
    static const char words[2][8] = {"false", "true"};
    bool v = ((const uint8_t *)c->data)[row] != 0;
    memcpy(e->data + e->len, words[v], 8); /* without a branch: bools are hard to predict */
    e->len += 5u - v;
    return true;
}

static bool put_text(weir_encoded *e, const weir_column *c, uint32_t row) {
    if (WR_UNLIKELY(weir_is_null(c, row))) return put_literal_null(e);
    return put_string(e, (const weir_string *)c->data + row, true);
}

static bool put_boxed(weir_encoded *e, const weir_column *c, uint32_t row) {
    return weir_is_null(c, row) ? put_literal_null(e) : put_object(e, ((weir_object **)c->data)[row], true);
}

wr_json_put *wr_json_put_of(const weir_column *c) {
    static wr_json_put *const by_type[WEIR_N_TYPES] = {
        [WEIR_INT] = put_int,       [WEIR_LONG] = put_long, [WEIR_FLOAT] = put_float,
        [WEIR_DOUBLE] = put_double, [WEIR_BOOL] = put_bool, [WEIR_STRING] = put_text,
        [WEIR_OBJECT] = put_boxed,
    };
    return c->boxed ? put_boxed : by_type[c->type];
}

bool wr_json_put_cell(weir_encoded *e, const weir_column *c, uint32_t row) {
    return weir_encoded_reserve(e, WR_NUMBER_TEXT_BYTES) && wr_json_put_of(c)(e, c, row);
}

bool wr_json_put_within_string(weir_encoded *e, const weir_column *c, uint32_t row) {
    if (weir_is_null(c, row)) return put_null(e);
    if (c->boxed || c->type == WEIR_OBJECT) return put_object(e, ((weir_object **)c->data)[row], false);
    if (c->type == WEIR_STRING) return put_string(e, (const weir_string *)c->data + row, false);
    return wr_json_put_cell(e, c, row);
}
