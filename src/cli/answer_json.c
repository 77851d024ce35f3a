/* answer_json.c: the rows of an on-demand query as JSON.
 *
 *   {"columns":[{"name":"k","type":"string"}],"rows":[["a"],[null]]}
 *   {"changes":{"inserted":0,"updated":2,"removed":0,"refused":0}}
 *
 * NaN and the infinities, which JSON has not, are the strings "NaN", "Infinity" and "-Infinity". */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/json.h"
#include "cli/mailbox.h"
#include "cli/number.h"

static void write_real(double d, bool is_float, FILE *out) {
    char text[64];
    if (isnan(d) || isinf(d)) {
        fputs(isnan(d) ? "\"NaN\"" : d > 0 ? "\"Infinity\"" : "\"-Infinity\"", out);
        return;
    }
    cli_number_text(d, is_float, text, sizeof text);
    fputs(text, out);
}

static void write_object(const weir_object *o, FILE *out) {
    char text[64];
    if (weir_object_get_kind(o) == WEIR_OBJECT_ERROR) {
        weir_value message = weir_object_get_value(o);
        json_write_string(weir_string_data(&message.as.s), message.as.s.len, out);
        return;
    }
    if (weir_object_get_kind(o) == WEIR_OBJECT_SET)
        snprintf(text, sizeof text, "set of %u", weir_object_set_size(o));
    else
        snprintf(text, sizeof text, "object");
    json_write_string(text, strlen(text), out);
}

static void write_value(const weir_value *v, FILE *out) {
    if (v->is_null) {
        fputs("null", out);
        return;
    }
    switch (v->type) {
    case WEIR_INT: fprintf(out, "%" PRId32, v->as.i); break;
    case WEIR_LONG: fprintf(out, "%" PRId64, v->as.l); break;
    case WEIR_FLOAT: write_real((double)v->as.f, true, out); break;
    case WEIR_DOUBLE: write_real(v->as.d, false, out); break;
    case WEIR_BOOL: fputs(v->as.b ? "true" : "false", out); break;
    case WEIR_STRING: json_write_string(weir_string_data(&v->as.s), v->as.s.len, out); break;
    default: write_object(v->as.o, out); break;
    }
}

static void write_columns(const weir_stream_info *info, FILE *out) {
    for (uint32_t i = 0; i < info->n_attributes; i++) {
        fputs(i ? ",{\"name\":" : "{\"name\":", out);
        json_write_string(info->attributes[i].name, strlen(info->attributes[i].name), out);
        fprintf(out, ",\"type\":\"%s\"}", weir_type_name(info->attributes[i].type));
    }
}

static void write_rows(const weir_batch *b, FILE *out) {
    for (uint32_t row = 0; row < b->n_rows; row++) {
        fputs(row ? ",\n[" : "[", out);
        for (uint32_t i = 0; i < b->n_cols; i++) {
            weir_value v = weir_column_value(&b->cols[i], row);
            if (i) fputc(',', out);
            write_value(&v, out);
        }
        fputc(']', out);
    }
}

void answer_write_json(const weir_answer *answer, FILE *out) {
    const weir_stream_info *info = weir_answer_info(answer);
    weir_changes n;
    if (!info->n_attributes) {
        weir_answer_changes(answer, &n);
        fprintf(out,
                "{\"changes\":{\"inserted\":%" PRIu64 ",\"updated\":%" PRIu64 ",\"removed\":%" PRIu64
                ",\"refused\":%" PRIu64 "}}\n",
                n.inserted, n.updated, n.removed, n.refused);
        return;
    }
    fputs("{\"columns\":[", out);
    write_columns(info, out);
    fputs("],\"rows\":[", out);
    write_rows(weir_answer_rows(answer), out);
    fputs("]}\n", out);
}

/* ---- The error store ---- */

typedef struct entries {
    FILE *out;
    uint32_t n;
} entries;

static void write_text(const char *key, const char *text, size_t len, FILE *out) {
    fprintf(out, ",\"%s\":", key);
    json_write_string(text, len, out);
}

static bool write_entry(void *ctx, const weir_error_entry *e) {
    entries *all = ctx;
    fprintf(all->out, "%s{\"id\":%" PRIu64 ",\"time_ms\":%" PRId64 ",\"origin\":\"%s\"",
            all->n++ ? ",\n" : "", e->id, e->time_ms, e->origin);
    write_text("stream", e->stream, strlen(e->stream), all->out);
    write_text("type", e->type, strlen(e->type), all->out);
    write_text("reason", e->reason, strlen(e->reason), all->out);
    if (e->raw_len) write_text("record", e->raw, e->raw_len, all->out);
    fputs(",\"rows\":[", all->out);
    write_rows(e->rows, all->out);
    fputs("]}", all->out);
    return true;
}

bool errors_write_json(weir_app *app, FILE *out, weir_error *err) {
    entries all = {.out = out};
    fputc('[', out);
    weir_status st = weir_errors_visit(app, write_entry, &all, err);
    fputs("]\n", out);
    return st == WEIR_OK;
}
