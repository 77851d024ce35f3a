/* keyvalue_format.c: `key:value` pairs, a line each or with commas between: `a:1,\nb:2`. Where Siddhi hands
 * maps from one extension to another, weir's transports carry this text.
 *
 * A value may stand in quotes, and has to where it would be read otherwise: with line ends, blanks around it,
 * `null`. A double quote in a text between double quotes is doubled then; one that is not, and behind which
 * no pair can end, is taken as it is. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/encode.h"
#include "io/table.h"
#include "weir_format.h"

/* ---- In ----------------------------------------------------------------------------------------------- */

enum { OPT_MISSING };

static const weir_option decoder_options[] = {
    [OPT_MISSING] = {"fail.on.missing.attribute", WEIR_OPTION_BOOL, false, "true", NULL,
                     "An event without a value for an attribute is refused; else the attribute is null."},
    {0}};

typedef struct keyvalue {
    const weir_decoder_args *args;
    weir_filler *filler;
    uint64_t n_records;
} keyvalue;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static void trim(const char **p, size_t *len) {
    while (*len && is_blank(**p)) (*p)++, (*len)--;
    while (*len && is_blank((*p)[*len - 1])) (*len)--;
}

static uint32_t find_attribute(const keyvalue *d, const char *key, size_t len) {
    for (uint32_t i = 0; d->args->mapping && i < d->args->schema->n_attributes; i++) {
        const char *name = d->args->mapping[i];
        if (name && strlen(name) == len && memcmp(name, key, len) == 0) return i;
    }
    uint32_t i = weir_schema_find(d->args->schema, key, len);
    return i != UINT32_MAX && d->args->mapping && d->args->mapping[i] ? UINT32_MAX : i;
}

/* The quote that closes the value which begins with one at p: what comes behind it is the next pair. NULL:
 * none does. */
static const char *closing_quote(const char *p, const char *end) {
    for (const char *q = p + 1; (q = memchr(q, *p, (size_t)(end - q))); q++) {
        const char *rest = q + 1;
        if (rest < end && *rest == *p) {
            q++;
            continue;
        }
        while (rest < end && (*rest == ' ' || *rest == '\t' || *rest == '\r')) rest++;
        if (rest == end || *rest == ',' || *rest == '\n') return q;
    }
    return NULL;
}

/* Where the pair that begins at p ends, with this separator; what is within quotes separates nothing. */
static const char *pair_end(const char *p, const char *end, char separator) {
    const char *stop = memchr(p, separator, (size_t)(end - p));
    const char *colon = memchr(p, ':', (size_t)((stop ? stop : end) - p));
    if (!stop || !colon) return stop ? stop : end;
    const char *value = colon + 1;
    while (value < end && (*value == ' ' || *value == '\t')) value++;
    const char *quote = value < end && (*value == '"' || *value == '\'') ? closing_quote(value, end) : NULL;
    if (!quote || quote < stop) return stop;
    stop = memchr(quote, separator, (size_t)(end - quote));
    return stop ? stop : end;
}

/* Line ends, where there is one between pairs; else commas. */
static char separator_of(const char *p, const char *end) { return pair_end(p, end, '\n') < end ? '\n' : ','; }

/* The text between double quotes, its doubled ones taken together. */
static void put_unquoted(keyvalue *d, uint32_t attribute, const char *text, size_t len) {
    const char *twice = memchr(text, '"', len);
    char *copy = twice ? malloc(len) : NULL;
    size_t n = 0;
    for (size_t i = 0; copy && i < len; i++) {
        copy[n++] = text[i];
        if (text[i] == '"' && i + 1 < len && text[i + 1] == '"') i++;
    }
    weir_filler_text(d->filler, attribute, copy ? copy : text, copy ? n : len);
    free(copy);
}

static void read_pair(keyvalue *d, const char *p, size_t len) {
    trim(&p, &len);
    if (len && p[len - 1] == ',') len--;
    const char *colon = memchr(p, ':', len);
    if (!colon) return;
    const char *value = colon + 1;
    size_t key_len = (size_t)(colon - p), value_len = len - key_len - 1;
    trim(&p, &key_len);
    trim(&value, &value_len);
    uint32_t attribute = find_attribute(d, p, key_len);
    if (attribute == UINT32_MAX) return;
    bool quoted = value_len >= 2 && (*value == '"' || *value == '\'') && value[value_len - 1] == *value;
    if (!quoted && value_len == 4 && memcmp(value, "null", 4) == 0)
        weir_filler_null(d->filler, attribute);
    else if (quoted && *value == '"')
        put_unquoted(d, attribute, value + 1, value_len - 2);
    else
        weir_filler_text(d->filler, attribute, value + quoted, value_len - 2 * (size_t)quoted);
}

static weir_status decode(void *self, weir_decode *call, weir_error *err) {
    keyvalue *d = self;
    const char *p = call->bytes, *end = p + call->len;
    char separator = separator_of(p, end);
    call->consumed = 0;
    WR_TRY(weir_filler_begin(d->filler, call, err));
    while (p < end) {
        const char *stop = pair_end(p, end, separator);
        read_pair(d, p, (size_t)(stop - p));
        p = stop < end ? stop + 1 : end;
    }
    weir_status st;
    weir_record record = {call->bytes, call->len, d->n_records + 1, 0};
    weir_verdict verdict = weir_filler_end(d->filler, &record, &st);
    if (st != WEIR_OK) return weir_fail(err, st, "no memory for a record");
    if (verdict == WEIR_ROW_LATER) return WEIR_OK;
    d->n_records++;
    call->consumed = call->len;
    return WEIR_EAGAIN;
}

static weir_status decoder_open(void *self, const weir_decoder_args *args, weir_error *err) {
    keyvalue *d = self;
    d->args = args;
    return weir_filler_new(args, args->settings->of[OPT_MISSING].as.b, &d->filler, err);
}

static void decoder_reset(void *self) { ((keyvalue *)self)->n_records = 0; }

static void decoder_save(const void *self, weir_writer *w) {
    weir_write_u32(w, 1);
    weir_write_i64(w, (int64_t)((const keyvalue *)self)->n_records);
}

static weir_status decoder_load(void *self, weir_reader *r, weir_error *err) {
    WR_TRY(weir_read_version(r, 1, err));
    ((keyvalue *)self)->n_records = (uint64_t)weir_read_i64(r);
    return weir_reader_status(r, err);
}

static void decoder_close(void *self) { weir_filler_free(((keyvalue *)self)->filler); }

const weir_decoder_type wr_keyvalue_decoder = {
    .struct_size = sizeof wr_keyvalue_decoder,
    .name = "keyvalue",
    .doc = "Pairs of key and value, a line each or with commas between; @attributes names keys.",
    .example = "@map(type='keyvalue', fail.on.missing.attribute='false', @attributes(symbol='s', price='p'))",
    .options = decoder_options,
    .state_size = sizeof(keyvalue),
    .open = decoder_open,
    .decode = decode,
    .reset = decoder_reset,
    .save = decoder_save,
    .load = decoder_load,
    .close = decoder_close,
};

/* ---- Out ---------------------------------------------------------------------------------------------- */

static const weir_option no_options[] = {{0}};

typedef struct keyvalue_encoder {
    const weir_encoder_args *args;
    weir_template **values; /* of the payloads */
} keyvalue_encoder;

static bool put(weir_encoded *e, const char *text) { return weir_encode_bytes(e, text, strlen(text)); }

static bool needs_quotes(const char *text, size_t len, bool is_alone) {
    if (!len) return false;
    char last = text[len - 1];
    return is_blank(*text) || is_blank(last) || last == ',' || *text == '"' || *text == '\'' ||
           memchr(text, '\n', len) || (is_alone && memchr(text, ',', len)) ||
           (len == 4 && memcmp(text, "null", 4) == 0);
}

static bool put_quoted(weir_encoded *e, const char *text, size_t len) {
    if (!weir_encoded_reserve(e, 2 * len + 2)) return false;
    wr_encode_char(e, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"') wr_encode_char(e, '"');
        wr_encode_char(e, text[i]);
    }
    wr_encode_char(e, '"');
    return true;
}

/* What was written from `begin` on, in quotes. */
static bool quote(weir_encoded *e, size_t begin) {
    size_t len = e->len - begin;
    char *copy = malloc(len);
    if (!copy) return false;
    memcpy(copy, e->data + begin, len);
    e->len = begin;
    bool ok = put_quoted(e, copy, len);
    free(copy);
    return ok;
}

static bool put_attribute(weir_encoded *e, const weir_column *c, uint32_t row, bool is_alone) {
    size_t begin = e->len;
    if (!weir_encode_text(e, c, row)) return false;
    if (c->type != WEIR_STRING || weir_is_null(c, row)) return true;
    return !needs_quotes(e->data + begin, e->len - begin, is_alone) || quote(e, begin);
}

/* What a text of @payload gives is a value, too: a line end in an attribute begins no pair. */
static bool put_value(const keyvalue_encoder *x, uint32_t i, const weir_batch *rows, uint32_t row,
                      weir_encoded *e) {
    size_t begin = e->len;
    if (!weir_template_put(x->values[i], rows, row, weir_encode_text, e)) return false;
    return !memchr(e->data + begin, '\n', e->len - begin) || quote(e, begin);
}

static bool put_pair(const keyvalue_encoder *x, uint32_t i, const weir_batch *rows, uint32_t row,
                     weir_encoded *e) {
    const char *key = x->values ? x->args->payloads[i].key : x->args->schema->attributes[i].name;
    if (!put(e, i ? ",\n" : "") || !put(e, key) || !put(e, ":")) return false;
    return x->values ? put_value(x, i, rows, row, e)
                     : put_attribute(e, &rows->cols[i], row, rows->n_cols == 1);
}

static weir_status encode(void *self, const weir_batch *rows, weir_encoded *e, weir_error *err) {
    const keyvalue_encoder *x = self;
    uint32_t n_pairs = x->values ? x->args->n_payloads : rows->n_cols;
    for (uint32_t k = 0; k < rows->n_sel; k++) {
        bool ok = true;
        for (uint32_t i = 0; ok && i < n_pairs; i++) ok = put_pair(x, i, rows, weir_batch_row(rows, k), e);
        if (!ok || (x->args->to_stream && !put(e, "\n\n")))
            return weir_fail(err, WEIR_ENOMEM, "no memory to write");
        weir_encoded_end_record(e);
    }
    return WEIR_OK;
}

static weir_status encoder_open(void *self, const weir_encoder_args *args, weir_error *err) {
    keyvalue_encoder *x = self;
    x->args = args;
    if (!args->n_payloads) return WEIR_OK;
    x->values = wr_alloc_zero(NULL, args->n_payloads * sizeof *x->values);
    if (!x->values) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < args->n_payloads; i++) {
        if (!args->payloads[i].key[0])
            return weir_fail(err, WEIR_ECONFIG, "keyvalue: @payload takes keys: @payload(symbol='{{a}}')");
        WR_TRY(weir_payload_new(args->payloads[i].value, args->schema, &x->values[i], err));
    }
    return WEIR_OK;
}

static void encoder_close(void *self) {
    keyvalue_encoder *x = self;
    for (uint32_t i = 0; x->values && i < x->args->n_payloads; i++) weir_template_free(x->values[i]);
    if (x->values) wr_free(NULL, x->values, x->args->n_payloads * sizeof *x->values);
}

const weir_encoder_type wr_keyvalue_encoder = {
    .struct_size = sizeof wr_keyvalue_encoder,
    .name = "keyvalue",
    .doc = "Pairs of key and value, a line each, with a comma at the end of all but the last.",
    .example = "@map(type='keyvalue', @payload(symbol='{{symbol}}', note='at {{price}}'))",
    .options = no_options,
    .state_size = sizeof(keyvalue_encoder),
    .open = encoder_open,
    .encode = encode,
    .close = encoder_close,
};
