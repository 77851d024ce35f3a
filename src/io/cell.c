/* cell.c: see cell.h. */
#include "io/cell.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "io/number.h"
#include "io/rows.h"

#define HEAP_STEP_BYTES ((size_t)8192)
#define RAW_BYTES       ((size_t)65536) /* of a bad record are shown at most */
#define SHOWN_BYTES     40              /* of a bad value in a message */

char *wr_string_heap_take(wr_string_heap *h, size_t len) {
    if (WR_UNLIKELY((size_t)(h->end - h->next) < len)) {
        size_t step = WR_MAX(len, HEAP_STEP_BYTES);
        char *block = weir_arena_alloc(h->arena, step);
        if (!block) return NULL;
        if (len > HEAP_STEP_BYTES / 2) return block; /* a large one has its own block */
        h->next = block;
        h->end = block + step;
    }
    char *p = h->next;
    h->next += len;
    return p;
}

static void trim(const char **text, size_t *len) {
    while (*len && (**text == ' ' || **text == '\t')) (*text)++, (*len)--;
    while (*len && ((*text)[*len - 1] == ' ' || (*text)[*len - 1] == '\t')) (*len)--;
}

static wr_cell_status number_status(wr_number_status status) {
    return status == WR_NUMBER_OK      ? WR_CELL_OK
           : status == WR_NUMBER_RANGE ? WR_CELL_RANGE
                                       : WR_CELL_MALFORMED;
}

static bool has_spaces(const char *text, size_t len) {
    return len && ((unsigned char)text[0] <= ' ' || (unsigned char)text[len - 1] <= ' ');
}

static wr_cell_status to_int(weir_column *c, uint32_t row, const char *text, size_t len, wr_string_heap *h) {
    (void)h;
    if (WR_UNLIKELY(has_spaces(text, len))) trim(&text, &len);
    return number_status(wr_parse_int(text, len, (int32_t *)c->data + row));
}

static wr_cell_status to_long(weir_column *c, uint32_t row, const char *text, size_t len, wr_string_heap *h) {
    (void)h;
    if (WR_UNLIKELY(has_spaces(text, len))) trim(&text, &len);
    return number_status(wr_parse_long(text, len, (int64_t *)c->data + row));
}

static wr_cell_status to_float(weir_column *c, uint32_t row, const char *text, size_t len,
                               wr_string_heap *h) {
    (void)h;
    if (WR_UNLIKELY(has_spaces(text, len))) trim(&text, &len);
    return number_status(wr_parse_float(text, len, (float *)c->data + row));
}

static wr_cell_status to_double(weir_column *c, uint32_t row, const char *text, size_t len,
                                wr_string_heap *h) {
    (void)h;
    if (WR_UNLIKELY(has_spaces(text, len))) trim(&text, &len);
    return number_status(wr_parse_double(text, len, (double *)c->data + row));
}

static wr_cell_status to_bool(weir_column *c, uint32_t row, const char *text, size_t len, wr_string_heap *h) {
    (void)h;
    trim(&text, &len);
    bool is_true = len == 4 && strncasecmp(text, "true", 4) == 0;
    if (!is_true && !(len == 5 && strncasecmp(text, "false", 5) == 0)) return WR_CELL_MALFORMED;
    ((uint8_t *)c->data)[row] = is_true;
    return WR_CELL_OK;
}

wr_cell_status wr_cell_set_string(weir_column *c, uint32_t row, const char *text, size_t len,
                                  wr_string_heap *heap) {
    if (c->type == WEIR_OBJECT) {
        weir_value v = {.type = WEIR_STRING, .as.s = weir_string_view(text, (uint32_t)len)};
        weir_object *o = weir_object_new_value(&v);
        if (!o || weir_arena_own(heap->arena, o) != WEIR_OK) return WR_CELL_NOMEM;
        ((weir_object **)c->data)[row] = o;
        return WR_CELL_OK;
    }
    ((weir_string *)c->data)[row] = weir_string_view(text, (uint32_t)len);
    return WR_CELL_OK;
}

static wr_cell_status to_string(weir_column *c, uint32_t row, const char *text, size_t len,
                                wr_string_heap *heap) {
    if (WR_UNLIKELY(wr_utf8_valid(text, len) != len)) return WR_CELL_UTF8;
    if (WR_UNLIKELY(memchr(text, 0, len) != NULL)) return WR_CELL_NUL;
    if (WR_UNLIKELY(len > UINT32_MAX)) return WR_CELL_RANGE;
    if (len > WEIR_STRING_INLINE && c->type == WEIR_STRING) {
        char *copy = wr_string_heap_take(heap, len);
        if (!copy) return WR_CELL_NOMEM;
        memcpy(copy, text, len);
        text = copy;
    }
    return wr_cell_set_string(c, row, text, len, heap);
}

const wr_cell_fn wr_cell_from_text[WEIR_N_TYPES] = {
    [WEIR_INT] = to_int,   [WEIR_LONG] = to_long,     [WEIR_FLOAT] = to_float,   [WEIR_DOUBLE] = to_double,
    [WEIR_BOOL] = to_bool, [WEIR_STRING] = to_string, [WEIR_OBJECT] = to_string,
};

void wr_cell_set_null(weir_column *c, uint32_t row) {
    weir_set_null(c, row);
    if (c->type == WEIR_STRING) ((weir_string *)c->data)[row] = weir_string_view("", 0);
    if (c->type == WEIR_OBJECT) ((weir_object **)c->data)[row] = NULL;
}

static void report(const weir_decode *call, const wr_record_place *place, int32_t column,
                   const char *reason) {
    call->bad(call->bad_ctx, &(weir_bad_record){.raw = place->raw,
                                                .raw_len = WR_MIN(place->len, RAW_BYTES),
                                                .full_len = place->len,
                                                .reason = reason,
                                                .column = column,
                                                .record = place->number,
                                                .offset = place->offset});
}

void wr_report_record(const weir_decode *call, const wr_record_place *place, int32_t column,
                      const char *format, ...) {
    char reason[512];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    report(call, place, column, reason);
}

weir_verdict wr_offer_row(const weir_decode *call, const wr_record_place *place) {
    weir_rows *rows = call->rows;
    const char *reason = "refused";
    weir_verdict verdict = WEIR_ROW_TAKE;
    if (call->accept) verdict = call->accept(call->accept_ctx, rows, rows->n, &reason);
    if (WR_LIKELY(verdict == WEIR_ROW_TAKE)) {
        rows->n++;
        return verdict;
    }
    wr_rows_unfill(rows, rows->n);
    if (verdict == WEIR_ROW_REFUSE) report(call, place, -1, reason);
    return verdict;
}

/* At most SHOWN_BYTES of the value, unprintable bytes as '?'. */
static const char *shown(const char *text, size_t len, char *out) {
    size_t n = WR_MIN(len, (size_t)SHOWN_BYTES);
    if (n < len)
        while (n && ((unsigned char)text[n] & 0xC0) == 0x80) n--; /* not within a character */
    for (size_t i = 0; i < n; i++) out[i] = (unsigned char)text[i] < ' ' || text[i] == 127 ? '?' : text[i];
    memcpy(out + n, n < len ? "..." : "", n < len ? 4 : 1);
    if (wr_utf8_valid(out, n) != n)
        for (size_t i = 0; i < n; i++)
            if ((unsigned char)out[i] > 126) out[i] = '?';
    return out;
}

static const char *with_article(weir_type type) {
    static const char *const names[WEIR_N_TYPES] = {"anything", "an int", "a long",   "a float",
                                                    "a double", "a bool", "a string", "an object"};
    return names[type];
}

void wr_report_cell(const weir_decode *call, const weir_schema *schema, const wr_record_place *place,
                    uint32_t column, wr_cell_status status, const char *text, size_t len) {
    const weir_attribute *a = &schema->attributes[column];
    char value[SHOWN_BYTES + 4];
    shown(text, len, value);
    int32_t c = (int32_t)column;
    switch (status) {
    case WR_CELL_RANGE:
        wr_report_record(call, place, c, "column '%s': %s is out of the range of %s", a->name, value,
                         with_article(a->type));
        break;
    case WR_CELL_UTF8:
        wr_report_record(call, place, c, "column '%s': not valid UTF-8 at byte %zu of '%s'", a->name,
                         wr_utf8_valid(text, len) + 1, value);
        break;
    case WR_CELL_NUL:
        wr_report_record(call, place, c, "column '%s': a NUL byte in '%s'", a->name, value);
        break;
    default:
        wr_report_record(call, place, c, "column '%s': '%s' is not %s", a->name, value,
                         with_article(a->type));
    }
}
