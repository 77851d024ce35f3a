/* binary_format.c: the binary format of Siddhi (siddhi-map-binary, and what siddhi-io-tcp carries), checked
 * against siddhi-map-binary 2.0.2. All numbers big-endian:
 *
 *   int32 count, then for each event: int64 timestamp, then its attributes in order:
 *   string: int32 length and UTF-8; int, float: 4 bytes; long, double: 8; bool: 1
 *
 * There is no null in it: rows with one are dropped and told. Objects are refused. */
#include <string.h>

#include "io/encode.h"
#include "io/table.h"
#include "weir_format.h"

static const weir_option no_options[] = {{0}};

static weir_status refuse_objects(const weir_schema *schema, weir_error *err) {
    for (uint32_t i = 0; i < schema->n_attributes; i++)
        if (schema->attributes[i].type == WEIR_OBJECT)
            return weir_fail(err, WEIR_EUNSUPPORTED,
                             "binary: the attribute '%s' is an object, which has no form there",
                             schema->attributes[i].name);
    return WEIR_OK;
}

/* ---- In ----------------------------------------------------------------------------------------------- */

typedef struct binary {
    const weir_decoder_args *args;
    weir_filler *filler;
    uint64_t n_records;
} binary;

typedef struct input {
    const unsigned char *at, *end;
    bool failed; /* there are fewer bytes than were asked for */
} input;

static uint64_t take(input *in, unsigned n_bytes) {
    uint64_t v = 0;
    if ((size_t)(in->end - in->at) < n_bytes) {
        in->failed = true;
        return 0;
    }
    for (unsigned i = 0; i < n_bytes; i++) v = v << 8 | *in->at++;
    return v;
}

static float take_float(input *in) {
    uint32_t bits = (uint32_t)take(in, 4);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static double take_double(input *in) {
    uint64_t bits = take(in, 8);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static void take_string(binary *d, input *in, uint32_t attribute) {
    int32_t len = (int32_t)take(in, 4);
    if (in->failed || len < 0 || len > in->end - in->at) {
        in->failed = true;
        return;
    }
    weir_filler_text(d->filler, attribute, (const char *)in->at, (size_t)len);
    in->at += len;
}

static void take_value(binary *d, input *in, uint32_t attribute) {
    switch (d->args->schema->attributes[attribute].type) {
    case WEIR_INT: weir_filler_long(d->filler, attribute, (int32_t)take(in, 4)); break;
    case WEIR_LONG: weir_filler_long(d->filler, attribute, (int64_t)take(in, 8)); break;
    case WEIR_FLOAT: weir_filler_double(d->filler, attribute, take_float(in)); break;
    case WEIR_DOUBLE: weir_filler_double(d->filler, attribute, take_double(in)); break;
    case WEIR_BOOL: weir_filler_bool(d->filler, attribute, take(in, 1) != 0); break;
    default: take_string(d, in, attribute);
    }
}

typedef enum outcome { ROW, REFUSED, LATER, CUT_OFF, FAILED } outcome;

static outcome take_event(binary *d, input *in, weir_decode *call, weir_status *st, weir_error *err) {
    *st = weir_filler_begin(d->filler, call, err);
    if (*st != WEIR_OK) return FAILED;
    call->rows->ts[call->rows->n] = (int64_t)take(in, 8);
    for (uint32_t i = 0; !in->failed && i < d->args->schema->n_attributes; i++) take_value(d, in, i);
    if (in->failed) return CUT_OFF;
    weir_record record = {call->bytes, call->len, d->n_records + 1, 0};
    weir_verdict verdict = weir_filler_end(d->filler, &record, st);
    if (*st != WEIR_OK) return FAILED;
    return verdict == WEIR_ROW_LATER ? LATER : verdict == WEIR_ROW_TAKE ? ROW : REFUSED;
}

static weir_status binary_decode(void *self, weir_decode *call, weir_error *err) {
    binary *d = self;
    uint32_t first = call->rows->n;
    input in = {(const unsigned char *)call->bytes, (const unsigned char *)call->bytes + call->len, false};
    outcome o = ROW;
    weir_status st = WEIR_OK;
    uint64_t n = take(&in, 4);
    call->consumed = 0;
    call->has_ts = true;
    for (uint64_t i = 0; !in.failed && i < n && (o == ROW || o == REFUSED); i++)
        o = take_event(d, &in, call, &st, err);
    if (o == FAILED) return st == WEIR_ENOMEM ? weir_fail(err, st, "no memory for a binary record") : st;
    if (o == LATER || in.failed || in.at < in.end) weir_rows_cut(call->rows, first);
    if (o == LATER) return WEIR_OK;
    if (in.failed || in.at < in.end)
        weir_report_bad(call, &(weir_record){call->bytes, call->len, d->n_records + 1, 0}, -1,
                        in.failed ? "the binary record is cut off"
                                  : "bytes after the binary record's last event");
    d->n_records++;
    weir_rows_end_chunk(call->rows, first);
    call->consumed = call->len;
    return WEIR_EAGAIN;
}

static weir_status decoder_open(void *self, const weir_decoder_args *args, weir_error *err) {
    binary *d = self;
    d->args = args;
    for (uint32_t i = 0; args->mapping && i < args->schema->n_attributes; i++)
        if (args->mapping[i])
            return weir_fail(err, WEIR_ECONFIG,
                             "binary: attributes go by their order; @attributes has no say");
    WR_TRY(refuse_objects(args->schema, err));
    return weir_filler_new(args, true, &d->filler, err);
}

static void decoder_reset(void *self) { ((binary *)self)->n_records = 0; }

static void decoder_save(const void *self, weir_writer *w) {
    weir_write_u32(w, 1);
    weir_write_i64(w, (int64_t)((const binary *)self)->n_records);
}

static weir_status decoder_load(void *self, weir_reader *r, weir_error *err) {
    WR_TRY(weir_read_version(r, 1, err));
    ((binary *)self)->n_records = (uint64_t)weir_read_i64(r);
    return weir_reader_status(r, err);
}

static void decoder_close(void *self) { weir_filler_free(((binary *)self)->filler); }

const weir_decoder_type wr_binary_decoder = {
    .struct_size = sizeof wr_binary_decoder,
    .name = "binary",
    .doc = "Siddhi's binary format: events with their timestamps, attributes in order.",
    .example = "@map(type='binary')",
    .options = no_options,
    .state_size = sizeof(binary),
    .open = decoder_open,
    .decode = binary_decode,
    .reset = decoder_reset,
    .save = decoder_save,
    .load = decoder_load,
    .close = decoder_close,
};

/* ---- Out ---------------------------------------------------------------------------------------------- */

static void put(weir_encoded *e, uint64_t v, unsigned n_bytes) {
    for (unsigned i = n_bytes; i-- > 0;) wr_encode_char(e, (char)(v >> 8 * i));
}

static bool put_value(weir_encoded *e, const weir_column *c, uint32_t row) {
    uint32_t bits;
    if (!weir_encoded_reserve(e, 8)) return false;
    switch (c->type) {
    case WEIR_INT: put(e, ((const uint32_t *)c->data)[row], 4); break;
    case WEIR_LONG:
    case WEIR_DOUBLE: put(e, ((const uint64_t *)c->data)[row], 8); break;
    case WEIR_FLOAT: memcpy(&bits, (const float *)c->data + row, 4), put(e, bits, 4); break;
    case WEIR_BOOL: put(e, ((const uint8_t *)c->data)[row], 1); break;
    default: {
        const weir_string *s = (const weir_string *)c->data + row;
        put(e, s->len, 4);
        return weir_encode_bytes(e, weir_string_data(s), s->len);
    }
    }
    return true;
}

static bool has_null(const weir_batch *rows, uint32_t row) {
    for (uint32_t i = 0; i < rows->n_cols; i++)
        if (weir_is_null(&rows->cols[i], row)) return true;
    return false;
}

/* All rows are one record. */
static weir_status binary_encode(void *self, const weir_batch *rows, weir_encoded *e, weir_error *err) {
    (void)self;
    size_t begin = e->len;
    uint32_t n = 0;
    bool ok = weir_encoded_reserve(e, 4);
    if (ok) put(e, 0, 4);
    for (uint32_t k = 0; ok && k < rows->n_sel; k++) {
        uint32_t row = weir_batch_row(rows, k);
        if (has_null(rows, row)) continue;
        n++;
        ok = weir_encoded_reserve(e, 8);
        if (ok) put(e, (uint64_t)rows->ts[row], 8);
        for (uint32_t i = 0; ok && i < rows->n_cols; i++) ok = put_value(e, &rows->cols[i], row);
    }
    if (!ok) return weir_fail(err, WEIR_ENOMEM, "no memory to write binary records");
    if (!n) {
        weir_encoded_drop(e, begin, "the binary format has no null");
        return WEIR_OK;
    }
    for (int i = 0; i < 4; i++) e->data[begin + (size_t)i] = (char)(n >> (24 - 8 * i));
    weir_encoded_end_record(e);
    return WEIR_OK;
}

static bool binary_is_grouping(const void *self) { return self != NULL; }

static weir_status encoder_open(void *self, const weir_encoder_args *args, weir_error *err) {
    (void)self;
    if (args->n_payloads) return weir_fail(err, WEIR_ECONFIG, "binary: @payload has no say in this format");
    if (args->to_stream)
        return weir_fail(err, WEIR_EUNSUPPORTED,
                         "binary: records can't be told apart in a file or on standard output");
    return refuse_objects(args->schema, err);
}

static void encoder_close(void *self) { (void)self; }

const weir_encoder_type wr_binary_encoder = {
    .struct_size = sizeof wr_binary_encoder,
    .name = "binary",
    .doc = "Siddhi's binary format: events with their timestamps, attributes in order; events that come out "
           "together "
           "are one message.",
    .example = "@map(type='binary')",
    .options = no_options,
    .state_size = 1,
    .open = encoder_open,
    .encode = binary_encode,
    .close = encoder_close,
    .is_grouping = binary_is_grouping,
};
