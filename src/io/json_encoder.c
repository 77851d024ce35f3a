/* json_encoder.c: columns to JSON, an object a row. The keys are quoted and escaped once, when it is opened.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "io/cell.h"
#include "io/encode.h"
#include "io/number.h"
#include "io/table.h"

enum { OPT_FORM };
enum { FORM_OBJECT, FORM_EVENT };

static const weir_option options[] = {
    [OPT_FORM] = {"form", WEIR_OPTION_CHOICE, false, "object", "object|event",
                  "'object': {\"a\":1}; 'event': {\"event\":{\"a\":1}}, as Siddhi writes it."},
    {0}};

typedef struct json {
    bool to_stream, wraps_event;
    wr_buf keys;        /* `{"a":`, `,"b":`, ... one after another */
    uint32_t *key_ends; /* by column */
    uint32_t n_keys;
} json;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "no memory to write JSON");
}

static bool is_plain(unsigned char c) { return c >= 0x20 && c != '"' && c != '\\' && c != 0x7F; }

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

/* The character U+FFFD, for bytes that are no character: the output is always UTF-8. */
static const char replacement[] = "\xEF\xBF\xBD";

/* At most 6 bytes for each of text, and two quotes. */
static size_t put_quoted(const char *text, size_t len, char *out) {
    size_t n = 0, valid = wr_utf8_valid(text, len);
    out[n++] = '"';
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (i == valid) {
            memcpy(out + n, replacement, 3);
            n += 3;
            valid = i + 1 + wr_utf8_valid(text + i + 1, len - i - 1);
        } else if (is_plain(c)) {
            out[n++] = (char)c;
        } else {
            n += put_escape(c, out + n);
        }
    }
    out[n++] = '"';
    return n;
}

static bool put_string(weir_encoded *e, const weir_string *s) {
    const char *text = weir_string_data(s);
    if (!weir_encoded_reserve(e, 6 * (size_t)s->len + 2)) return false;
    e->len += put_quoted(text, s->len, e->data + e->len);
    return true;
}

static bool put_null(weir_encoded *e) {
    if (!weir_encoded_reserve(e, 4)) return false;
    wr_encode_bytes(e, "null", 4);
    return true;
}

static bool put_object(weir_encoded *e, weir_object *o) {
    char text[64];
    bool is_number;
    weir_value v = wr_encode_unbox(o, text, sizeof text);
    if (v.is_null) return put_null(e);
    if (v.type == WEIR_STRING) return put_string(e, &v.as.s);
    if (!weir_encoded_reserve(e, WR_NUMBER_TEXT_BYTES)) return false;
    size_t begin = e->len;
    wr_encode_scalar_value(e, &v, &is_number);
    if (is_number) return true;
    e->len = begin;
    return put_null(e);
}

/* JSON has no NaN and no infinities: they are null. */
static bool put_cell(weir_encoded *e, const weir_column *c, uint32_t row) {
    if (weir_is_null(c, row)) return put_null(e);
    if (c->boxed || c->type == WEIR_OBJECT) return put_object(e, ((weir_object **)c->data)[row]);
    if (c->type == WEIR_STRING) return put_string(e, (const weir_string *)c->data + row);
    if (!weir_encoded_reserve(e, WR_NUMBER_TEXT_BYTES)) return false;
    size_t begin = e->len;
    bool is_number;
    wr_encode_scalar(e, c, row, &is_number);
    if (is_number) return true;
    e->len = begin;
    return put_null(e);
}

static bool put_row(const json *x, const weir_batch *rows, uint32_t row, weir_encoded *e) {
    uint32_t key = 0;
    for (uint32_t i = 0; i < rows->n_cols; i++) {
        if (!weir_encoded_reserve(e, x->key_ends[i] - key)) return false;
        wr_encode_bytes(e, x->keys.data + key, x->key_ends[i] - key);
        key = x->key_ends[i];
        if (!put_cell(e, &rows->cols[i], row)) return false;
    }
    if (!weir_encoded_reserve(e, 3)) return false;
    wr_encode_char(e, '}');
    if (x->wraps_event) wr_encode_char(e, '}');
    if (x->to_stream) wr_encode_char(e, '\n');
    weir_encoded_end_record(e);
    return true;
}

static weir_status json_encode(void *self, const weir_batch *rows, weir_encoded *e, weir_error *err) {
    const json *x = self;
    for (uint32_t k = 0; k < rows->n_sel; k++)
        if (!put_row(x, rows, weir_batch_row(rows, k), e)) return no_memory(err);
    return WEIR_OK;
}

static void add_key(json *x, uint32_t column, const char *name) {
    size_t len = strlen(name);
    wr_buf_puts(&x->keys, column ? "," : x->wraps_event ? "{\"event\":{" : "{");
    if (!wr_buf_reserve(&x->keys, 6 * len + 3)) return;
    x->keys.len += put_quoted(name, len, x->keys.data + x->keys.len);
    wr_buf_putc(&x->keys, ':');
    x->key_ends[column] = (uint32_t)x->keys.len;
}

static weir_status json_open(void *self, const weir_encoder_args *args, weir_error *err) {
    json *x = self;
    if (args->n_payloads)
        return weir_fail(err, WEIR_EUNSUPPORTED, "weir does not run @payload with the json format yet");
    x->to_stream = args->to_stream;
    x->wraps_event = args->settings->of[OPT_FORM].as.l == FORM_EVENT;
    uint32_t n = args->schema->n_attributes;
    x->key_ends = wr_alloc(NULL, n * sizeof *x->key_ends);
    if (!x->key_ends) return no_memory(err);
    x->n_keys = n;
    for (uint32_t i = 0; i < n; i++) add_key(x, i, args->schema->attributes[i].name);
    return x->keys.failed ? no_memory(err) : WEIR_OK;
}

static void json_close(void *self) {
    json *x = self;
    wr_buf_fini(&x->keys);
    wr_free(NULL, x->key_ends, x->n_keys * sizeof *x->key_ends);
}

const weir_encoder_type wr_json_encoder = {
    .struct_size = sizeof wr_json_encoder,
    .name = "json",
    .doc = "JSON: an object a row, keyed by attribute; a line each in files.",
    .example = "@map(type='json', form='event')",
    .options = options,
    .state_size = sizeof(json),
    .open = json_open,
    .encode = json_encode,
    .close = json_close,
};
