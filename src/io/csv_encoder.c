/* csv_encoder.c: columns to CSV (RFC 4180, lines end with a newline alone). Fields are quoted when they have
 * to be: with delimiters, quotes or newlines in them, or when they would be read as null. */
#include <ctype.h>

#include "base/alloc.h"
#include "io/encode.h"
#include "io/number.h"
#include "io/table.h"
#include "weir_format.h"

enum { OPT_DELIMITER, OPT_QUOTE, OPT_HEADER, OPT_NULL, OPT_GROUPING };

static const weir_option options[] = {
    [OPT_DELIMITER] = {"delimiter", WEIR_OPTION_TEXT, false, ",", NULL,
                       "The character between fields; '\\t' is a tab."},
    [OPT_QUOTE] = {"quote", WEIR_OPTION_TEXT, false, "\"", NULL,
                   "The character around fields that hold delimiters or newlines."},
    [OPT_HEADER] =
        {"header", WEIR_OPTION_BOOL, false, "false", NULL,
         "A new file begins with the names of the attributes; of messages, they are the first one."},
    [OPT_NULL] = {"null.text", WEIR_OPTION_TEXT, false, "", NULL, "What is written for null."},
    [OPT_GROUPING] = {"event.grouping.enabled", WEIR_OPTION_BOOL, false, "false", NULL,
                      "Events that come out together make one message, a line each."},
    {0}};

typedef struct csv {
    const weir_schema *schema;
    uint32_t *order; /* the column of each field */
    uint32_t n_fields;
    bool is_grouping;
    char delimiter, quote;
    bool has_header, to_stream;
    bool owes_header;   /* messages: it goes out in front of the first row, a message of its own */
    bool may_be_number; /* the delimiter may be part of a number or bool */
    const char *null_text;
    size_t null_len;
} csv;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "no memory to write CSV");
}

static bool put_char(weir_encoded *e, char c) {
    if (!weir_encoded_reserve(e, 1)) return false;
    wr_encode_char(e, c);
    return true;
}

static bool needs_quotes(const csv *x, const char *text, size_t len) {
    if (len == x->null_len && (!len || memcmp(text, x->null_text, len) == 0)) return true;
    if (len && *text == x->quote) return true;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == x->delimiter || c == '\n' || c == '\r' || c == x->quote) return true;
    }
    return false;
}

static bool put_text(const csv *x, weir_encoded *e, const char *text, size_t len) {
    if (!weir_encoded_reserve(e, 2 * len + 2)) return false;
    if (!needs_quotes(x, text, len)) {
        wr_encode_bytes(e, text, len);
        return true;
    }
    wr_encode_char(e, x->quote);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == x->quote) wr_encode_char(e, x->quote);
        wr_encode_char(e, text[i]);
    }
    wr_encode_char(e, x->quote);
    return true;
}

static bool put_null(const csv *x, weir_encoded *e) {
    if (!weir_encoded_reserve(e, x->null_len)) return false;
    wr_encode_bytes(e, x->null_text, x->null_len);
    return true;
}

/* What was written since `begin` is quoted if it holds the delimiter. */
static bool quote_scalar(const csv *x, weir_encoded *e, size_t begin) {
    size_t len = e->len - begin;
    if (!len || !memchr(e->data + begin, x->delimiter, len)) return true;
    if (!weir_encoded_reserve(e, 2)) return false;
    memmove(e->data + begin + 1, e->data + begin, len);
    e->data[begin] = x->quote;
    e->len++;
    wr_encode_char(e, x->quote);
    return true;
}

static bool put_object(const csv *x, weir_encoded *e, weir_object *o) {
    wr_buf text = WR_BUF_INIT;
    bool unused;
    weir_value v = wr_encode_unbox(o, &text);
    if (v.is_null) return put_null(x, e);
    if (v.type == WEIR_STRING) {
        bool done = put_text(x, e, weir_string_data(&v.as.s), v.as.s.len);
        wr_buf_fini(&text);
        return done;
    }
    if (!weir_encoded_reserve(e, WR_NUMBER_TEXT_BYTES)) return false;
    size_t begin = e->len;
    wr_encode_scalar_value(e, &v, &unused);
    return !x->may_be_number || quote_scalar(x, e, begin);
}

static bool put_cell(const csv *x, weir_encoded *e, const weir_column *c, uint32_t row) {
    bool unused;
    if (weir_is_null(c, row)) return put_null(x, e);
    if (c->boxed || c->type == WEIR_OBJECT) return put_object(x, e, ((weir_object **)c->data)[row]);
    if (c->type == WEIR_STRING) {
        const weir_string *s = (const weir_string *)c->data + row;
        return put_text(x, e, weir_string_data(s), s->len);
    }
    if (!weir_encoded_reserve(e, WR_NUMBER_TEXT_BYTES)) return false;
    size_t begin = e->len;
    wr_encode_scalar(e, c, row, &unused);
    return !x->may_be_number || quote_scalar(x, e, begin);
}

static bool end_record(const csv *x, weir_encoded *e) {
    if (x->to_stream && !put_char(e, '\n')) return false;
    weir_encoded_end_record(e);
    return true;
}

static weir_status csv_begin_file(void *self, weir_encoded *e, weir_error *err) {
    const csv *x = self;
    bool ok = true;
    if (!x->has_header) return WEIR_OK;
    for (uint32_t i = 0; ok && i < x->n_fields; i++) {
        const char *name = x->schema->attributes[x->order[i]].name;
        ok = (!i || put_char(e, x->delimiter)) && put_text(x, e, name, strlen(name));
    }
    return ok && end_record(x, e) ? WEIR_OK : no_memory(err);
}

static bool put_row(const csv *x, weir_encoded *e, const weir_batch *rows, uint32_t row) {
    for (uint32_t i = 0; i < x->n_fields; i++) {
        if (i && !put_char(e, x->delimiter)) return false;
        if (!put_cell(x, e, &rows->cols[x->order[i]], row)) return false;
    }
    return true;
}

static weir_status csv_encode(void *self, const weir_batch *rows, weir_encoded *e, weir_error *err) {
    csv *x = self;
    bool ok = true;
    if (x->owes_header) WR_TRY(csv_begin_file(self, e, err));
    x->owes_header = false;
    for (uint32_t k = 0; ok && k < rows->n_sel; k++) {
        ok = (!k || !x->is_grouping || put_char(e, '\n')) && put_row(x, e, rows, weir_batch_row(rows, k));
        if (!x->is_grouping) ok = ok && end_record(x, e);
    }
    if (x->is_grouping) ok = ok && end_record(x, e);
    return ok ? WEIR_OK : no_memory(err);
}

static bool csv_is_grouping(const void *self) { return ((const csv *)self)->is_grouping; }

/* @payload(a='1', b='0') says where attributes go; those that it doesn't name are left out. */
static weir_status set_order(csv *x, const weir_encoder_args *args, weir_error *err) {
    uint32_t n = args->schema->n_attributes;
    x->order = wr_alloc(NULL, (n + 1) * sizeof *x->order);
    if (!x->order) return no_memory(err);
    for (uint32_t i = 0; i < n; i++) x->order[i] = args->n_payloads ? UINT32_MAX : i;
    x->n_fields = args->n_payloads ? args->n_payloads : n;
    for (uint32_t i = 0; i < args->n_payloads; i++) {
        const weir_pair *p = &args->payloads[i];
        uint32_t column = weir_schema_find(args->schema, p->key, strlen(p->key));
        int32_t at;
        if (column == UINT32_MAX)
            return weir_fail(err, WEIR_ENAME,
                             "csv: @payload takes attributes and their positions, not '%s'='%s'", p->key,
                             p->value);
        if (wr_parse_int(p->value, strlen(p->value), &at) != WR_NUMBER_OK || at < 0 ||
            at >= (int32_t)WR_MIN(n, x->n_fields) || x->order[at] != UINT32_MAX)
            return weir_fail(err, WEIR_ECONFIG,
                             "csv: @payload puts '%s' at '%s', which is taken or no position, from 0", p->key,
                             p->value);
        x->order[at] = column;
    }
    return WEIR_OK;
}

static weir_status one_character(const weir_setting *s, const char *name, char *out, weir_error *err) {
    const char *text = strcmp(s->text, "\\t") == 0 ? "\t" : s->text;
    if (strlen(text) != 1 || *text == '\n' || *text == '\r' || (unsigned char)*text > 126)
        return weir_fail(err, WEIR_ECONFIG, "csv: %s is '%s'; it must be one ASCII character", name, s->text);
    *out = *text;
    return WEIR_OK;
}

static weir_status csv_open(void *self, const weir_encoder_args *args, weir_error *err) {
    csv *x = self;
    const weir_setting *set = args->settings->of;
    x->schema = args->schema;
    x->is_grouping = set[OPT_GROUPING].as.b;
    WR_TRY(set_order(x, args, err));
    x->to_stream = args->to_stream;
    x->has_header = set[OPT_HEADER].as.b;
    x->owes_header = x->has_header && !x->to_stream;
    x->null_text = set[OPT_NULL].text;
    x->null_len = strlen(x->null_text);
    WR_TRY(one_character(&set[OPT_DELIMITER], "delimiter", &x->delimiter, err));
    x->may_be_number = strchr("+-.", x->delimiter) || isalnum((unsigned char)x->delimiter);
    return one_character(&set[OPT_QUOTE], "quote", &x->quote, err);
}

static void csv_close(void *self) {
    csv *x = self;
    if (x->order) wr_free(NULL, x->order, (x->schema->n_attributes + 1) * sizeof *x->order);
}

const weir_encoder_type wr_csv_encoder = {
    .struct_size = sizeof wr_csv_encoder,
    .name = "csv",
    .doc = "Comma-separated values (RFC 4180), a line a row.",
    .example = "@map(type='csv', header='true')",
    .options = options,
    .state_size = sizeof(csv),
    .open = csv_open,
    .begin_file = csv_begin_file,
    .encode = csv_encode,
    .close = csv_close,
    .is_grouping = csv_is_grouping,
};
