/* json_write.c: the writing half of json.h. */
#include <math.h>

#include "data/json.h"
#include "data/object.h"
#include "data/text.h"
#include "data/value.h"

static bool is_escaped(unsigned char c, unsigned char before, wr_json_style style) {
    if (c < 0x20 || c == '"' || c == '\\') return true;
    if (style == WR_JSON_WEB) return c == '/';
    if (style == WR_JSON_TAGS) return c == '/' && before == '<';
    return style == WR_JSON_HTML && (c == '<' || c == '>' || c == '&' || c == '=' || c == '\'');
}

static void put_escape(wr_buf *out, unsigned char c) {
    static const char letters[] = "bfnrt", codes[] = "\b\f\n\r\t";
    const char *at = c ? memchr(codes, c, 5) : NULL;
    if (c == '"' || c == '\\' || c == '/')
        wr_buf_printf(out, "\\%c", c);
    else if (at)
        wr_buf_printf(out, "\\%c", letters[at - codes]);
    else
        wr_buf_printf(out, "\\u%04x", c);
}

static void put_string(wr_buf *out, const char *text, size_t len, wr_json_style style) {
    size_t begin = 0;
    wr_buf_putc(out, '"');
    for (size_t i = 0; i < len; i++) {
        if (!is_escaped((unsigned char)text[i], i ? (unsigned char)text[i - 1] : 0, style)) continue;
        wr_buf_put(out, text + begin, i - begin);
        put_escape(out, (unsigned char)text[i]);
        begin = i + 1;
    }
    wr_buf_put(out, text + begin, len - begin);
    wr_buf_putc(out, '"');
}

void wr_json_of_key(wr_buf *out, const weir_value *v, wr_json_style style) {
    wr_buf text = WR_BUF_INIT;
    wr_text_of_value(&text, v);
    out->failed |= text.failed;
    put_string(out, text.data ? text.data : "", text.len, style);
    wr_buf_fini(&text);
}

static void put_list(wr_buf *out, const weir_object *o, wr_json_style style) {
    uint32_t n = weir_object_list_size(o);
    wr_buf_putc(out, '[');
    for (uint32_t i = 0; i < n; i++) {
        weir_value v = weir_object_list_at(o, i);
        if (i) wr_buf_putc(out, ',');
        wr_json_of_value(out, &v, style);
    }
    wr_buf_putc(out, ']');
}

static void put_set(wr_buf *out, const weir_object *o, wr_json_style style) {
    uint32_t n = weir_object_set_size(o);
    wr_buf_putc(out, '[');
    for (uint32_t i = 0; i < n; i++) {
        weir_value v = weir_object_set_member(o, i);
        if (i) wr_buf_putc(out, ',');
        wr_json_of_value(out, &v, style);
    }
    wr_buf_putc(out, ']');
}

static void put_map(wr_buf *out, const weir_object *o, wr_json_style style) {
    uint32_t cursor = 0;
    weir_value key, value;
    wr_buf_putc(out, '{');
    for (bool is_first = true; weir_object_map_next(o, &cursor, &key, &value); is_first = false) {
        if (!is_first) wr_buf_putc(out, ',');
        wr_json_of_key(out, &key, style);
        wr_buf_putc(out, ':');
        wr_json_of_value(out, &value, style);
    }
    wr_buf_putc(out, '}');
}

static void put_object(wr_buf *out, const weir_object *o, wr_json_style style) {
    weir_value v;
    switch (o->kind) {
    case WEIR_OBJECT_LIST: put_list(out, o, style); break;
    case WEIR_OBJECT_SET: put_set(out, o, style); break;
    case WEIR_OBJECT_MAP: put_map(out, o, style); break;
    default: v = weir_object_get_value(o); wr_json_of_value(out, &v, style);
    }
}

static bool has_no_json(const weir_value *v) {
    if (v->is_null) return true;
    if (v->type == WEIR_DOUBLE) return !isfinite(v->as.d);
    return v->type == WEIR_FLOAT && !isfinite(v->as.f);
}

void wr_json_of_value(wr_buf *out, const weir_value *v, wr_json_style style) {
    if (has_no_json(v)) {
        wr_buf_puts(out, "null");
    } else if (v->type == WEIR_STRING) {
        put_string(out, weir_string_data(&v->as.s), v->as.s.len, style);
    } else if (v->type == WEIR_OBJECT) {
        put_object(out, v->as.o, style);
    } else {
        wr_text_of_value(out, v);
    }
}
