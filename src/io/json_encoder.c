/* json_encoder.c: columns to JSON: weir's own flat objects, Siddhi's {"event":{...}}, or what @payload says.
 * Keys are quoted and escaped once, when it is opened. */
#include "base/arena.h"
#include "base/buf.h"
#include "io/encode.h"
#include "io/json_lenient.h"
#include "io/json_path.h"
#include "io/json_payload.h"
#include "io/json_text.h"
#include "io/json_write.h"
#include "io/number.h"
#include "io/table.h"

enum { OPT_FORM, OPT_GROUPING, OPT_ENCLOSING, OPT_VALIDATE };
#define KEY_STEP 16 /* bytes */
enum { FORM_AUTO, FORM_OBJECT, FORM_EVENT };

static const weir_option options[] = {
    [OPT_FORM] =
        {"form", WEIR_OPTION_CHOICE, false, "auto", "auto|object|event",
         "'object': {\"a\":1}; 'event': {\"event\":{\"a\":1}}, as Siddhi writes it. 'auto': 'object' a "
         "line in files, 'event' in messages."},
    [OPT_GROUPING] = {"event.grouping.enabled", WEIR_OPTION_BOOL, false, NULL, NULL,
                      "Events that come out together make one message, an array. By default so in messages "
                      "of the form 'event' and with @payload, as in Siddhi."},
    [OPT_ENCLOSING] = {"enclosing.element", WEIR_OPTION_TEXT, false, NULL, NULL,
                       "What the event, or the array of events, is put into: '$.data.events'."},
    [OPT_VALIDATE] = {"validate.json", WEIR_OPTION_BOOL, false, "false", NULL,
                      "What @payload gives is checked; what is no JSON is dropped and told."},
    {0}};

typedef struct json {
    bool to_stream, is_grouping, validates;
    weir_arena arena;
    wr_buf keys;                /* `{"a":`, `,"b":`, ... one after another */
    uint32_t *key_ends;         /* by column */
    wr_json_put **put;          /* by column, for the batch in hand */
    weir_text opening, closing; /* of the enclosing elements */
    weir_text event_end;        /* "}" or "}}" */
    wr_json_payload payload;
} json;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "no memory to write JSON");
}

static bool put_text(weir_encoded *e, weir_text t) {
    if (!weir_encoded_reserve(e, t.len)) return false;
    wr_encode_bytes(e, t.bytes, t.len);
    return true;
}

/* ---- Events ------------------------------------------------------------------------------------------- */

/* Copies len bytes, by steps that may go over the end of both. */
WR_INLINE void put_key(weir_encoded *e, const char *key, size_t len) {
    char *out = e->data + e->len;
    for (size_t i = 0; i < len; i += KEY_STEP) memcpy(out + i, key + i, KEY_STEP);
    e->len += len;
}

static bool put_event(const json *x, const weir_batch *rows, uint32_t row, weir_encoded *e) {
    uint32_t key = 0;
    for (uint32_t i = 0; i < rows->n_cols; i++) {
        size_t len = x->key_ends[i] - key;
        if (WR_UNLIKELY(!weir_encoded_reserve(e, len + KEY_STEP + WR_NUMBER_TEXT_BYTES))) return false;
        put_key(e, x->keys.data + key, len);
        key = x->key_ends[i];
        if (WR_UNLIKELY(!x->put[i](e, &rows->cols[i], row))) return false;
    }
    return put_text(e, x->event_end);
}

static bool put_one(const json *x, const weir_batch *rows, uint32_t row, weir_encoded *e) {
    if (!x->payload.text.n) return put_event(x, rows, row, e);
    return wr_json_payload_put(&x->payload, rows, row, wr_template_java_cell, e);
}

/* ---- Records ------------------------------------------------------------------------------------------ */

static bool end_record(const json *x, size_t begin, weir_encoded *e) {
    if (x->validates && !wr_json_is_lenient(e->data + begin, e->len - begin)) {
        weir_encoded_drop(e, begin, "what @payload gives is no JSON");
        return true;
    }
    if (!weir_encoded_reserve(e, 1)) return false;
    if (x->to_stream) wr_encode_char(e, '\n');
    weir_encoded_end_record(e);
    return true;
}

/* Rows from..to-1 as one record. */
static bool put_record(const json *x, const weir_batch *rows, uint32_t from, uint32_t to, weir_encoded *e) {
    static const weir_text between = {",", 1}, between_payloads = {",\n", 2}, open = {"[", 1},
                           close = {"]", 1};
    size_t begin = e->len;
    bool ok = put_text(e, x->opening) && (to - from == 1 || put_text(e, open));
    for (uint32_t k = from; ok && k < to; k++) {
        if (k > from) ok = put_text(e, x->payload.text.n && !x->to_stream ? between_payloads : between);
        ok = ok && put_one(x, rows, weir_batch_row(rows, k), e);
    }
    ok = ok && (to - from == 1 || put_text(e, close)) && put_text(e, x->closing);
    return ok && end_record(x, begin, e);
}

static weir_status json_encode(void *self, const weir_batch *rows, weir_encoded *e, weir_error *err) {
    const json *x = self;
    uint32_t step = x->is_grouping ? rows->n_sel : 1;
    for (uint32_t i = 0; i < rows->n_cols; i++) x->put[i] = wr_json_put_of(&rows->cols[i]);
    for (uint32_t k = 0; k < rows->n_sel; k += step)
        if (!put_record(x, rows, k, k + step, e)) return no_memory(err);
    return WEIR_OK;
}

static bool json_is_grouping(const void *self) { return ((const json *)self)->is_grouping; }

/* ---- Life --------------------------------------------------------------------------------------------- */

static void put_name(wr_buf *b, const char *name, size_t len) {
    wr_buf_putc(b, '"');
    if (wr_buf_reserve(b, WR_JSON_ESCAPED_BYTES(len) + 1))
        b->len += wr_json_escape(name, len, b->data + b->len);
    wr_buf_puts(b, "\":");
}

static weir_status add_keys(json *x, const weir_schema *schema, bool wraps_event, weir_error *err) {
    x->key_ends = wr_arena_zero(&x->arena, schema->n_attributes, sizeof *x->key_ends);
    x->put = wr_arena_zero(&x->arena, schema->n_attributes, sizeof *x->put);
    if (!x->key_ends || !x->put) return no_memory(err);
    for (uint32_t i = 0; i < schema->n_attributes; i++) {
        const char *name = schema->attributes[i].name;
        wr_buf_puts(&x->keys, i ? "," : wraps_event ? "{\"event\":{" : "{");
        put_name(&x->keys, name, strlen(name));
        x->key_ends[i] = (uint32_t)x->keys.len;
    }
    for (unsigned i = 0; i < KEY_STEP; i++) wr_buf_putc(&x->keys, ' '); /* so that put_key stays within */
    x->event_end = (weir_text){"}}", wraps_event ? 2 : 1};
    return x->keys.failed ? no_memory(err) : WEIR_OK;
}

/* '$.a.b' becomes `{"a":{"b":` and `}}`. */
static weir_status set_enclosing(json *x, const weir_setting *s, weir_error *err) {
    wr_json_node root = {.column = WR_JSON_NO_COLUMN};
    wr_buf open = WR_BUF_INIT, close = WR_BUF_INIT;
    if (!s->given || strcmp(s->text, "$") == 0) return WEIR_OK;
    WR_TRY(wr_json_path_add(&root, s->text, 0, false, &x->arena, err));
    for (const wr_json_node *c = root.children; c; c = c->children) {
        if (!c->name) {
            wr_buf_fini(&open);
            wr_buf_fini(&close);
            return weir_fail(err, WEIR_ECONFIG, "json: enclosing.element '%s' can't be in an array", s->text);
        }
        wr_buf_putc(&open, '{');
        put_name(&open, c->name, c->name_len);
        wr_buf_putc(&close, '}');
    }
    x->opening = (weir_text){wr_arena_strndup(&x->arena, open.data, open.len), open.len};
    x->closing = (weir_text){wr_arena_strndup(&x->arena, close.data, close.len), close.len};
    bool failed = open.failed || close.failed || !x->opening.bytes || !x->closing.bytes;
    wr_buf_fini(&open);
    wr_buf_fini(&close);
    return failed ? no_memory(err) : WEIR_OK;
}

static weir_status set_payload(json *x, const weir_encoder_args *args, weir_error *err) {
    if (!args->n_payloads) return WEIR_OK;
    if (args->n_payloads > 1) return weir_fail(err, WEIR_ECONFIG, "json: @payload takes one text");
    return wr_json_payload_parse("json", args->payloads[0].value, args->schema, &x->arena, &x->payload, err);
}

static weir_status json_open(void *self, const weir_encoder_args *args, weir_error *err) {
    json *x = self;
    const weir_setting *set = args->settings->of;
    int64_t form = set[OPT_FORM].as.l;
    wr_arena_init(&x->arena, NULL);
    x->to_stream = args->to_stream;
    x->validates = set[OPT_VALIDATE].as.b;
    bool wraps_event = form == FORM_EVENT || (form == FORM_AUTO && !args->to_stream);
    bool groups = !args->to_stream && (wraps_event || args->n_payloads);
    x->is_grouping = set[OPT_GROUPING].given ? set[OPT_GROUPING].as.b : groups;
    WR_TRY(set_enclosing(x, &set[OPT_ENCLOSING], err));
    WR_TRY(set_payload(x, args, err));
    return add_keys(x, args->schema, wraps_event, err);
}

static void json_close(void *self) {
    json *x = self;
    wr_buf_fini(&x->keys);
    wr_arena_fini(&x->arena);
}

const weir_encoder_type wr_json_encoder = {
    .struct_size = sizeof wr_json_encoder,
    .name = "json",
    .doc = "JSON: an object a row, keyed by attribute; a line each in files, Siddhi's events in messages.",
    .example = "@map(type='json', @payload('{\"speed\":{{speed}},\"station\":\"{{station}}\"}'))",
    .options = options,
    .state_size = sizeof(json),
    .open = json_open,
    .encode = json_encode,
    .close = json_close,
    .is_grouping = json_is_grouping,
};
