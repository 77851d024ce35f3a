/* format.c: see weir_format.h. */
#include "weir_format.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/alloc.h"
#include "data/text.h"
#include "io/cell.h"
#include "io/rows.h"
#include "io/template.h"

#define SHOWN_TEXT 64 /* of a value at fault */

struct weir_filler {
    const weir_schema *schema;
    const bool *wanted;
    bool fail_missing;
    const weir_decode *call;
    wr_string_heap heap;
    uint32_t n_words;
    /* What is wrong with the row: nothing; a cell; or the sentence in `reason`. */
    enum { FAULT_NONE, FAULT_CELL, FAULT_REASON } fault;
    wr_cell_status status;
    int32_t column;
    char text[SHOWN_TEXT]; /* of the cell */
    size_t text_len;
    char reason[256];
    uint64_t seen[]; /* a bit for each attribute with a value */
};

weir_status weir_filler_new(const weir_decoder_args *args, bool fail_missing, weir_filler **out,
                            weir_error *err) {
    uint32_t n_words = (args->schema->n_attributes + 63) / 64;
    weir_filler *f = wr_alloc_zero(NULL, sizeof *f + n_words * sizeof *f->seen);
    *out = f;
    if (!f) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    f->schema = args->schema;
    f->wanted = args->wanted;
    f->fail_missing = fail_missing;
    f->n_words = n_words;
    return WEIR_OK;
}

void weir_filler_free(weir_filler *f) {
    if (f) wr_free(NULL, f, sizeof *f + f->n_words * sizeof *f->seen);
}

bool weir_filler_wants(const weir_filler *f, uint32_t attribute) {
    return attribute < f->schema->n_attributes && (!f->wanted || f->wanted[attribute]);
}

weir_status weir_filler_begin(weir_filler *f, const weir_decode *call, weir_error *err) {
    weir_rows *rows = call->rows;
    if (rows->n >= rows->cap) WR_TRY(rows->grow(rows, rows->n + 1, err));
    f->call = call;
    f->heap = (wr_string_heap){.arena = rows->arena};
    f->fault = FAULT_NONE;
    memset(f->seen, 0, f->n_words * sizeof *f->seen);
    return WEIR_OK;
}

/* The cell's column, marked as seen; NULL: nobody wants it. */
static weir_column *take_column(weir_filler *f, uint32_t attribute) {
    if (!weir_filler_wants(f, attribute)) return NULL;
    f->seen[attribute >> 6] |= (uint64_t)1 << (attribute & 63);
    weir_column *c = &f->call->rows->cols[attribute];
    return c->data ? c : NULL;
}

static void cell_fault(weir_filler *f, uint32_t attribute, wr_cell_status status, const char *text,
                       size_t len) {
    if (f->fault != FAULT_NONE && status != WR_CELL_NOMEM) return;
    f->fault = FAULT_CELL;
    f->status = status;
    f->column = (int32_t)attribute;
    f->text_len = WR_MIN(len, sizeof f->text);
    memcpy(f->text, text, f->text_len);
}

void weir_filler_text(weir_filler *f, uint32_t attribute, const char *text, size_t len) {
    weir_column *c = take_column(f, attribute);
    if (!c) return;
    weir_set_valid(c, f->call->rows->n);
    wr_cell_status status = wr_cell_from_text[c->type](c, f->call->rows->n, text, len, &f->heap);
    if (WR_UNLIKELY(status != WR_CELL_OK)) cell_fault(f, attribute, status, text, len);
}

/* A value for a column of strings, objects, or of a type that it doesn't fit. */
static void put_spelt(weir_filler *f, uint32_t attribute, weir_column *c, const weir_value *v) {
    uint32_t row = f->call->rows->n;
    char text[WR_NUMBER_TEXT + 8];
    size_t len = v->type == WEIR_LONG     ? wr_text_of_long(v->as.l, text)
                 : v->type == WEIR_DOUBLE ? wr_text_of_double(v->as.d, text)
                                          : (size_t)sprintf(text, "%s", v->as.b ? "true" : "false");
    if (c->type == WEIR_OBJECT) {
        weir_object *o = weir_object_new_value(v);
        if (o && weir_arena_own(f->call->rows->arena, o) == WEIR_OK)
            ((weir_object **)c->data)[row] = o;
        else
            cell_fault(f, attribute, WR_CELL_NOMEM, "", 0);
    } else if (c->type == WEIR_STRING) {
        weir_filler_text(f, attribute, text, len);
    } else {
        cell_fault(f, attribute, WR_CELL_MALFORMED, text, len);
    }
}

void weir_filler_long(weir_filler *f, uint32_t attribute, int64_t value) {
    weir_column *c = take_column(f, attribute);
    if (!c) return;
    uint32_t row = f->call->rows->n;
    char text[WR_NUMBER_TEXT];
    weir_set_valid(c, row);
    switch (c->type) {
    case WEIR_INT:
        if (value != (int32_t)value)
            cell_fault(f, attribute, WR_CELL_RANGE, text, wr_text_of_long(value, text));
        ((int32_t *)c->data)[row] = (int32_t)value;
        return;
    case WEIR_LONG: ((int64_t *)c->data)[row] = value; return;
    case WEIR_FLOAT: ((float *)c->data)[row] = (float)value; return;
    case WEIR_DOUBLE: ((double *)c->data)[row] = (double)value; return;
    default: put_spelt(f, attribute, c, &(weir_value){.type = WEIR_LONG, .as.l = value});
    }
}

void weir_filler_double(weir_filler *f, uint32_t attribute, double value) {
    weir_column *c = take_column(f, attribute);
    if (!c) return;
    uint32_t row = f->call->rows->n;
    char text[WR_NUMBER_TEXT];
    weir_set_valid(c, row);
    switch (c->type) {
    case WEIR_FLOAT:
        if (isfinite(value) && !isfinite((float)value))
            cell_fault(f, attribute, WR_CELL_RANGE, text, wr_text_of_double(value, text));
        ((float *)c->data)[row] = (float)value;
        return;
    case WEIR_DOUBLE: ((double *)c->data)[row] = value; return;
    default: put_spelt(f, attribute, c, &(weir_value){.type = WEIR_DOUBLE, .as.d = value});
    }
}

void weir_filler_bool(weir_filler *f, uint32_t attribute, bool value) {
    weir_column *c = take_column(f, attribute);
    if (!c) return;
    weir_set_valid(c, f->call->rows->n);
    if (c->type == WEIR_BOOL)
        ((uint8_t *)c->data)[f->call->rows->n] = value;
    else
        put_spelt(f, attribute, c, &(weir_value){.type = WEIR_BOOL, .as.b = value});
}

void weir_filler_null(weir_filler *f, uint32_t attribute) {
    weir_column *c = take_column(f, attribute);
    if (c) wr_cell_set_null(c, f->call->rows->n);
}

void weir_filler_fault(weir_filler *f, int32_t attribute, const char *format, ...) {
    if (f->fault != FAULT_NONE) return;
    va_list args;
    va_start(args, format);
    vsnprintf(f->reason, sizeof f->reason, format, args);
    va_end(args);
    f->fault = FAULT_REASON;
    f->column = attribute;
}

/* Attributes without a value are null, or the row's fault. */
static void note_missing(weir_filler *f) {
    for (uint32_t i = 0; i < f->schema->n_attributes; i++) {
        weir_column *c = &f->call->rows->cols[i];
        if (f->seen[i >> 6] >> (i & 63) & 1 || !weir_filler_wants(f, i) || !c->data) continue;
        wr_cell_set_null(c, f->call->rows->n);
        if (f->fail_missing)
            weir_filler_fault(f, (int32_t)i, "the attribute '%s' is missing", f->schema->attributes[i].name);
    }
}

weir_verdict weir_filler_end(weir_filler *f, const weir_record *record, weir_status *st) {
    const wr_record_place place = {record->raw, record->len, record->number, record->offset};
    *st = WEIR_OK;
    note_missing(f);
    if (WR_LIKELY(f->fault == FAULT_NONE)) return wr_offer_row(f->call, &place);
    wr_rows_unfill(f->call->rows, f->call->rows->n);
    if (f->fault == FAULT_REASON)
        wr_report_record(f->call, &place, f->column, "%s", f->reason);
    else if (f->status == WR_CELL_NOMEM)
        *st = WEIR_ENOMEM;
    else
        wr_report_cell(f->call, f->schema, &place, (uint32_t)f->column, f->status, f->text, f->text_len);
    return WEIR_ROW_REFUSE;
}

void weir_report_bad(const weir_decode *call, const weir_record *record, int32_t attribute,
                     const char *format, ...) {
    const wr_record_place place = {record->raw, record->len, record->number, record->offset};
    char reason[512];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    wr_report_record(call, &place, attribute, "%s", reason);
}

void weir_rows_cut(weir_rows *rows, uint32_t keep) {
    if (rows->n < rows->cap) wr_rows_unfill(rows, rows->n);
    wr_rows_cut(rows, keep);
}

uint32_t weir_schema_find(const weir_schema *schema, const char *name, size_t len) {
    for (uint32_t i = 0; i < schema->n_attributes; i++)
        if (strlen(schema->attributes[i].name) == len && memcmp(schema->attributes[i].name, name, len) == 0)
            return i;
    return UINT32_MAX;
}

size_t weir_utf8_valid(const char *text, size_t len) { return wr_utf8_valid(text, len); }

/* ---- Rows out ----------------------------------------------------------------------------------------- */

bool weir_encode_text(weir_encoded *e, const weir_column *column, uint32_t row) {
    return wr_template_java_cell(e, column, row);
}

struct weir_template {
    weir_arena arena;
    wr_template parts;
};

weir_status weir_template_new(const char *what, const char *text, const weir_schema *schema,
                              weir_template **out, weir_error *err) {
    weir_template *t = wr_alloc_zero(NULL, sizeof *t);
    *out = t;
    if (!t) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    wr_arena_init(&t->arena, NULL);
    return wr_template_parse(what, text, schema, &t->arena, &t->parts, err);
}

weir_status weir_payload_new(const char *text, const weir_schema *schema, weir_template **out,
                             weir_error *err) {
    weir_template *t = wr_alloc_zero(NULL, sizeof *t);
    *out = t;
    if (!t) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    wr_arena_init(&t->arena, NULL);
    return wr_payload_parse(text, schema, &t->arena, &t->parts, err);
}

void weir_template_free(weir_template *t) {
    if (!t) return;
    wr_arena_fini(&t->arena);
    wr_free(NULL, t, sizeof *t);
}

bool weir_template_put(const weir_template *t, const weir_batch *rows, uint32_t row, weir_spell_cell *cell,
                       weir_encoded *e) {
    return wr_template_put(&t->parts, rows, row, cell, e);
}
