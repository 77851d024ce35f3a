/* json_decoder.c: JSON to columns: one object a line, or an array of them; bare or as {"event": {...}}. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "io/json_nested.h"
#include "io/json_shape.h"
#include "io/json_text.h"
#include "io/json_value.h"
#include "io/options.h"
#include "io/rows.h"
#include "io/table.h"

enum { OPT_MISSING, OPT_UNKNOWN, OPT_ENCLOSING, OPT_GROUPING, OPT_LIMIT };

static const weir_option options[] = {
    [OPT_MISSING] = {"fail.on.missing.attribute", WEIR_OPTION_BOOL, false, "true", NULL,
                     "An event without a value for an attribute is refused; else the attribute is null."},
    [OPT_UNKNOWN] = {"fail.on.unknown.attribute", WEIR_OPTION_BOOL, false, "false", NULL,
                     "An event with a name that is no attribute is refused; else the name is ignored."},
    [OPT_ENCLOSING] =
        {"enclosing.element", WEIR_OPTION_TEXT, false, NULL, NULL,
         "Where in the document the event, or the array of events, is: '$.data.events'. Without "
         "it, the whole document or its member 'event'."},
    [OPT_GROUPING] = {"event.grouping.enabled", WEIR_OPTION_BOOL, false, "true", NULL,
                      "The events of an array, or of a message, are one chunk; else each is one."},
    [OPT_LIMIT] = {"record.limit", WEIR_OPTION_BYTES, false, "64 MB", NULL,
                   "A longer line is refused and skipped."},
    {0}};

typedef struct json {
    const weir_schema *schema;
    bool fail_missing, fail_unknown, unwraps_event, is_skipping, is_grouping;
    size_t limit;
    wr_json_node root;
    wr_json_node enclosing;       /* a chain of first children */
    wr_json_search_for *searched; /* columns that the tree doesn't find */
    bool keeps_maps;
    wr_json_shapes shapes;
    weir_arena arena;
    uint64_t *seen, *not_ours; /* of the latter: columns that somebody else fills */
    uint32_t n_columns, n_words, n_not_ours;
    uint64_t n_records, offset;
    size_t n_scanned; /* bytes of a line whose end hasn't come */
} json;

typedef enum outcome { DONE, NEEDS_MORE, STOP, NO_MEMORY, NOT_JSON } outcome;

/* The document in hand; made once for all of a call. */
typedef struct document {
    json *d;
    weir_decode *call;
    wr_record_place place;
    wr_json_row row;
    wr_json_extent event; /* the last one */
    const char *end;
    bool is_list;      /* the last one was wrapped in a list */
    outcome result;    /* DONE unless something ends it early */
    const char *wrong; /* with NOT_JSON: why, or NULL: the text is malformed */
    weir_error *err;
} document;

/* ---- Events ------------------------------------------------------------------------------------------- */

static void note_missing(json *d, wr_json_row *row) {
    for (uint32_t i = 0; i < d->n_columns; i++) {
        if (d->seen[i >> 6] >> (i & 63) & 1) continue;
        if (row->rows->cols[i].data) wr_cell_set_null(&row->rows->cols[i], row->rows->n);
        if (!d->fail_missing || row->fault.what != WR_JSON_FAULT_NONE || !row->rows->cols[i].data) continue;
        row->fault.what = WR_JSON_FAULT_MISSING;
        row->fault.column = i;
    }
}

static void report_fault(const document *doc, const wr_record_place *place) {
    const wr_json_fault *f = &doc->row.fault;
    const weir_schema *schema = doc->d->schema;
    const weir_attribute *a = &schema->attributes[f->column];
    int32_t column = (int32_t)f->column;
    switch (f->what) {
    case WR_JSON_FAULT_CELL:
        wr_report_cell(doc->call, schema, place, f->column, f->status, f->text, f->len);
        break;
    case WR_JSON_FAULT_KIND:
        wr_report_record(doc->call, place, column, "column '%s': an %s is not of type %s", a->name,
                         *f->text == '{' ? "object" : "array", weir_type_name(a->type));
        break;
    case WR_JSON_FAULT_ESCAPE:
        wr_report_record(doc->call, place, column, "column '%s': a bad \\ escape in the string", a->name);
        break;
    case WR_JSON_FAULT_UNKNOWN:
        wr_report_record(doc->call, place, -1, "the name '%.*s' is no attribute",
                         (int)WR_MIN(f->len, (size_t)60), f->text);
        break;
    case WR_JSON_FAULT_MISSING:
        wr_report_record(doc->call, place, column, "the attribute '%s' is missing", a->name);
        break;
    default: break;
    }
}

/* Row rows->n has been read from text..text+len: counts it, or reports what is wrong. */
static void finish_event(document *doc, const char *text, size_t len) {
    wr_record_place place = doc->place;
    place.raw = text;
    place.len = len;
    place.offset += doc->call->is_message ? 0 : (uint64_t)(text - doc->place.raw);
    if (doc->row.fault.what == WR_JSON_FAULT_NONE)
        wr_json_search_event(&doc->row, doc->d->searched, doc->d->fail_missing, text, len);
    if (WR_UNLIKELY(doc->row.fault.what != WR_JSON_FAULT_NONE)) {
        wr_rows_unfill(doc->row.rows, doc->row.rows->n);
        if (doc->row.fault.status == WR_CELL_NOMEM)
            doc->result = NO_MEMORY;
        else
            report_fault(doc, &place);
    } else if (wr_offer_row(doc->call, &place) == WEIR_ROW_LATER) {
        doc->result = STOP;
    }
}

static bool make_room(document *doc) {
    weir_rows *rows = doc->row.rows;
    if (WR_LIKELY(rows->n < rows->cap)) return true;
    if (rows->grow(rows, rows->n + 1, doc->err) == WEIR_OK) return true;
    doc->result = NO_MEMORY;
    return false;
}

/* The members of the event that opens at p. */
static const char *read_event(document *doc, const char *p) {
    json *d = doc->d;
    if (!make_room(doc)) return NULL;
    for (uint32_t i = 0; i < d->n_words; i++) d->seen[i] = d->not_ours[i];
    doc->row.n_seen = d->n_not_ours;
    doc->row.fault = (wr_json_fault){.what = WR_JSON_FAULT_NONE};
    const char *next = wr_json_read_object(&doc->row, &d->root, p, doc->end, 0);
    if (!next) return NULL;
    if (WR_UNLIKELY(doc->row.n_seen < d->n_columns)) note_missing(d, &doc->row);
    doc->event = (wr_json_extent){p, next};
    finish_event(doc, p, (size_t)(next - p));
    return doc->result == DONE ? next : NULL;
}

static const char *not_an_event(document *doc, const char *why) {
    doc->wrong = why;
    return NULL;
}

/* The object at p begins as a wrapper does. */
static bool names_event(const document *doc, const char *p) {
    const char *first = wr_json_skip_space(p + 1, doc->end);
    return doc->d->unwraps_event && doc->end - first >= 7 && strncasecmp(first, "\"event\"", 7) == 0;
}

static const char *read_events(document *doc, const char *p);

/* {"event": {...}}, in any case, or an array of events in it: reads the inner object. NULL with *is_wrapped
 * false: it isn't of this form. */
static const char *read_wrapped(document *doc, const char *p, bool *is_wrapped) {
    const char *name, *at_end;
    size_t len;
    *is_wrapped = false;
    if (!names_event(doc, p)) return NULL;
    const char *value = wr_json_next_member(p + 1, doc->end, true, &name, &len, &at_end);
    *is_wrapped = value && len == 5 && strncasecmp(name, "event", 5) == 0 && (*value == '{' || *value == '[');
    if (!*is_wrapped) return NULL;
    doc->is_list = *value == '[';
    p = doc->is_list ? read_events(doc, value) : read_event(doc, value);
    while (p) { /* whatever else the outer object has */
        value = wr_json_next_member(p, doc->end, false, &name, &len, &at_end);
        if (!value) return at_end;
        p = wr_json_skip_value(value, doc->end, 1);
    }
    return NULL;
}

/* Shapes don't tell an object from another value: what only begins as a wrapper has none. */
static const char *read_any_shape(document *doc, const char *p) {
    bool is_wrapped = false;
    const char *next = read_wrapped(doc, p, &is_wrapped);
    if (!is_wrapped) next = read_event(doc, p);
    bool is_one = is_wrapped ? !doc->is_list : !names_event(doc, p);
    if (next && doc->row.fault.what == WR_JSON_FAULT_NONE && is_one)
        wr_json_shapes_learn(&doc->d->shapes, &doc->d->root, doc->row.rows, doc->d->not_ours, p, next,
                             doc->event, &doc->d->arena);
    return next;
}

static const char *read_one(document *doc, const char *p) {
    if (*p != '{') return not_an_event(doc, "not a JSON object");
    if (!make_room(doc)) return NULL;
    const char *next = wr_json_shapes_read(&doc->d->shapes, &doc->row, p, doc->end, &doc->event);
    if (WR_UNLIKELY(!next)) return read_any_shape(doc, p);
    finish_event(doc, doc->event.begin, (size_t)(doc->event.end - doc->event.begin));
    return doc->result == DONE ? next : NULL;
}

/* One of a list, which does not spoil the others. */
static const char *pass_over(document *doc, const char *p) {
    const char *next = wr_json_skip_value(p, doc->end, 1);
    if (!next) return NULL;
    wr_record_place place = doc->place;
    place.raw = p;
    place.len = (size_t)(next - p);
    place.offset += doc->call->is_message ? 0 : (uint64_t)(p - doc->place.raw);
    wr_report_record(doc->call, &place, -1, "not a JSON object");
    return next;
}

static const char *read_events(document *doc, const char *p) {
    if (*p != '[') return read_one(doc, p);
    p = wr_json_skip_space(p + 1, doc->end);
    if (p < doc->end && *p == ']') return p + 1;
    for (;;) {
        p = wr_json_skip_space(p, doc->end);
        if (p == doc->end || !(p = *p == '{' ? read_one(doc, p) : pass_over(doc, p))) return NULL;
        p = wr_json_skip_space(p, doc->end);
        if (p == doc->end || (*p != ',' && *p != ']')) return NULL;
        if (*p++ == ']') return p;
    }
}

static const char *read_enclosed(document *doc, const char *p, const wr_json_node *level, unsigned depth);

static const char *not_enclosed(document *doc) {
    return not_an_event(doc, "the enclosing element is missing");
}

/* `level` is the member to find in the object at p. */
static const char *read_member(document *doc, const char *p, const wr_json_node *level, unsigned depth) {
    const char *name, *at_end;
    size_t len;
    bool found = false;
    p++;
    for (bool first = true; p; first = false) {
        const char *value = wr_json_next_member(p, doc->end, first, &name, &len, &at_end);
        if (!value) return !at_end || found ? at_end : not_enclosed(doc);
        bool here = !found && len == level->name_len && memcmp(name, level->name, len) == 0;
        found |= here;
        p = here ? read_enclosed(doc, value, level->children, depth + 1)
                 : wr_json_skip_value(value, doc->end, depth + 1);
    }
    return NULL;
}

/* The same for the element of an array. */
static const char *read_element(document *doc, const char *p, const wr_json_node *level, unsigned depth) {
    p = wr_json_skip_space(p + 1, doc->end);
    if (p < doc->end && *p == ']') return not_enclosed(doc);
    for (uint32_t i = 0;; i++) {
        p = wr_json_skip_space(p, doc->end);
        if (p == doc->end) return NULL;
        p = i == level->index ? read_enclosed(doc, p, level->children, depth + 1)
                              : wr_json_skip_value(p, doc->end, depth + 1);
        if (!p) return NULL;
        p = wr_json_skip_space(p, doc->end);
        if (p == doc->end || (*p != ',' && *p != ']')) return NULL;
        if (*p++ == ']') return i >= level->index ? p : not_enclosed(doc);
    }
}

/* Goes down the enclosing elements; `level` is the one to find in the value at p. */
static const char *read_enclosed(document *doc, const char *p, const wr_json_node *level, unsigned depth) {
    if (!level) return read_events(doc, p);
    if (*p != (level->name ? '{' : '[') || depth >= WR_JSON_MAX_DEPTH) return not_enclosed(doc);
    return level->name ? read_member(doc, p, level, depth) : read_element(doc, p, level, depth);
}

/* ---- Documents ---------------------------------------------------------------------------------------- */

/* Reads the documents in text..text+len; one line has one, a message may have several, one after another.
 * All their rows are a chunk; if any document is malformed, none of them counts. */
static outcome read_documents(document *doc, const char *text, size_t len) {
    json *d = doc->d;
    weir_decode *call = doc->call;
    weir_rows *rows = call->rows;
    uint32_t first = rows->n;
    doc->place = (wr_record_place){text, len, d->n_records + 1,
                                   call->is_message ? 0 : d->offset + (uint64_t)(text - call->bytes)};
    doc->end = text + len;
    doc->result = DONE;
    doc->wrong = NULL;
    const char *p = wr_json_skip_space(text, doc->end);
    while (p && p < doc->end) {
        p = read_enclosed(doc, p, d->enclosing.children, 0);
        if (!p) break;
        const char *after = p;
        p = wr_json_skip_space(p, doc->end);
        if (p < doc->end && (!call->is_message || after == p))
            p = NULL, doc->wrong = "text after the JSON value";
    }
    if (!p && doc->result == DONE) doc->result = NOT_JSON;
    if (WR_LIKELY(doc->result == DONE)) {
        if (d->is_grouping) weir_rows_end_chunk(rows, first);
        return DONE;
    }
    wr_rows_unfill(rows, WR_MIN(rows->n, rows->cap - 1));
    wr_rows_cut(rows, first);
    if (doc->result != NOT_JSON) return doc->result;
    wr_report_record(call, &doc->place, -1, "%s", doc->wrong ? doc->wrong : "malformed JSON");
    return DONE;
}

/* The bytes up to next are dealt with. */
static void take(json *d, weir_decode *call, const char *next) {
    call->consumed = (size_t)(next - call->bytes);
    d->n_records++;
    d->n_scanned = 0;
}

static outcome drop_too_long(json *d, weir_decode *call, const char *p, const char *line_end) {
    wr_record_place place = {p, d->limit, d->n_records + 1, d->offset + (uint64_t)(p - call->bytes)};
    wr_report_record(call, &place, -1, "a line of more than %zu bytes", d->limit);
    d->is_skipping = !line_end && !call->ends;
    take(d, call, line_end ? line_end + 1 : call->bytes + call->len);
    return DONE;
}

/* One line of a stream. */
static outcome step(document *doc) {
    json *d = doc->d;
    weir_decode *call = doc->call;
    const char *p = call->bytes + call->consumed, *end = call->bytes + call->len;
    if (WR_UNLIKELY(d->offset + call->consumed == 0)) {
        size_t mark = wr_byte_order_mark(p, call->len, call->ends);
        if (mark == SIZE_MAX) return NEEDS_MORE;
        call->consumed = mark;
        if (mark) return DONE;
    }
    const char *line_end = memchr(p + d->n_scanned, '\n', (size_t)(end - p) - d->n_scanned);
    if (WR_UNLIKELY(d->is_skipping)) {
        call->consumed = (size_t)((line_end ? line_end + 1 : end) - call->bytes);
        d->is_skipping = !line_end && !call->ends;
        return DONE;
    }
    size_t len = (size_t)((line_end ? line_end : end) - p);
    if (WR_UNLIKELY(len > d->limit)) return drop_too_long(d, call, p, line_end);
    if (!line_end && !call->ends) {
        d->n_scanned = len;
        return NEEDS_MORE;
    }
    outcome o = read_documents(doc, p, len);
    if (o == DONE) take(d, call, line_end ? line_end + 1 : end);
    return o;
}

static outcome decode_lines(document *doc) {
    weir_decode *call = doc->call;
    while (call->consumed < call->len) {
        if (call->rows->n >= call->rows->limit) return STOP;
        outcome o = step(doc);
        if (o != DONE) return o;
    }
    return NEEDS_MORE;
}

static outcome decode_message(document *doc) {
    weir_decode *call = doc->call;
    size_t mark = wr_byte_order_mark(call->bytes, call->len, true);
    outcome o = read_documents(doc, call->bytes + mark, call->len - mark);
    if (o == DONE) take(doc->d, call, call->bytes + call->len);
    return o == DONE ? NEEDS_MORE : o;
}

static weir_status json_decode(void *self, weir_decode *call, weir_error *err) {
    json *d = self;
    document doc = {.d = d,
                    .call = call,
                    .row = {.rows = call->rows,
                            .heap = {.arena = call->rows->arena},
                            .seen = d->seen,
                            .fail_unknown = d->fail_unknown,
                            .keeps_maps = d->keeps_maps},
                    .err = err};
    call->consumed = 0;
    outcome o = call->is_message ? decode_message(&doc) : decode_lines(&doc);
    d->offset += call->consumed;
    if (o == NO_MEMORY) return weir_fail(err, WEIR_ENOMEM, "no memory for a JSON record");
    return o == STOP ? WEIR_OK : WEIR_EAGAIN;
}

/* ---- Life --------------------------------------------------------------------------------------------- */

/* A column that the tree does not fill. */
static void leave_to_others(json *d, uint32_t column) {
    d->not_ours[column >> 6] |= (uint64_t)1 << (column & 63);
    d->n_not_ours++;
}

static weir_status add_search(json *d, const char *path, uint32_t column, bool is_wanted, weir_error *err) {
    wr_json_search_for *s = wr_arena_zero(&d->arena, 1, sizeof *s);
    if (!s) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    s->column = column;
    WR_TRY(wr_json_path_new(path, strlen(path), &s->path, err));
    leave_to_others(d, column);
    if (!is_wanted) {
        wr_json_path_free(s->path);
        return WEIR_OK;
    }
    d->unwraps_event = false;
    s->next = d->searched;
    d->searched = s;
    return WEIR_OK;
}

/* What the tree can't find, or two attributes of which one is within the other's value, is searched for. */
static weir_status add_path(json *d, const char *path, uint32_t column, bool is_wanted, weir_error *err) {
    if (wr_json_path_is_plain(path)) {
        weir_status status = wr_json_path_add(&d->root, path, column, is_wanted, &d->arena, err);
        if (status == WEIR_OK || status == WEIR_ENOMEM) return status;
    }
    return add_search(d, path, column, is_wanted, err);
}

static weir_status add_attributes(json *d, const weir_decoder_args *args, weir_error *err) {
    for (uint32_t i = 0; i < d->n_columns; i++) {
        bool wanted = !args->wanted || args->wanted[i];
        const char *path = args->mapping ? args->mapping[i] : NULL;
        if (weir_is_property(path))
            leave_to_others(d, i);
        else if (path)
            WR_TRY(add_path(d, path, i, wanted, err));
        else
            WR_TRY(wr_json_name_add(&d->root, d->schema->attributes[i].name, i, wanted, &d->arena, err));
    }
    for (const wr_json_node *c = d->root.children; c; c = c->next)
        if (c->name && strcasecmp(c->name, "event") == 0) d->unwraps_event = false;
    return WEIR_OK;
}

/* "[*]" at the end says what holds anyway: each element of the array is an event. */
static weir_status set_enclosing(json *d, const weir_setting *s, weir_error *err) {
    if (!s->given || strcmp(s->text, "$") == 0) return WEIR_OK;
    size_t len = strlen(s->text);
    if (len > 3 && strcmp(s->text + len - 3, "[*]") == 0) len -= 3;
    char *path = wr_arena_strndup(&d->arena, s->text, len);
    d->unwraps_event = false;
    if (!path) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    return wr_json_path_add(&d->enclosing, path, 0, false, &d->arena, err);
}

static weir_status json_open(void *self, const weir_decoder_args *args, weir_error *err) {
    json *d = self;
    const weir_setting *set = args->settings->of;
    wr_arena_init(&d->arena, NULL);
    d->schema = args->schema;
    d->n_columns = args->schema->n_attributes;
    d->n_words = (d->n_columns + 63) / 64;
    d->fail_missing = set[OPT_MISSING].as.b;
    d->fail_unknown = set[OPT_UNKNOWN].as.b;
    d->unwraps_event = true;
    d->keeps_maps = !args->mapping;
    d->is_grouping = set[OPT_GROUPING].as.b;
    d->root.column = d->enclosing.column = WR_JSON_NO_COLUMN;
    WR_TRY(wr_setting_limit(&set[OPT_LIMIT], "json: record.limit", &d->limit, err));
    d->seen = wr_arena_zero(&d->arena, d->n_words, sizeof *d->seen);
    d->not_ours = wr_arena_zero(&d->arena, d->n_words, sizeof *d->not_ours);
    if (!d->seen || !d->not_ours) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    WR_TRY(set_enclosing(d, &set[OPT_ENCLOSING], err));
    return add_attributes(d, args, err);
}

static void json_close(void *self) {
    json *d = self;
    for (wr_json_search_for *s = d->searched; s; s = s->next) wr_json_path_free(s->path);
    wr_arena_fini(&d->arena);
}

static void json_reset(void *self) {
    json *d = self;
    d->n_records = d->offset = 0;
    d->n_scanned = 0;
    d->is_skipping = false;
}

static void json_save(const void *self, weir_writer *w) {
    const json *d = self;
    weir_write_u32(w, 1);
    weir_write_i64(w, (int64_t)d->n_records);
    weir_write_i64(w, (int64_t)d->offset);
    weir_write_u32(w, d->is_skipping);
}

static weir_status json_load(void *self, weir_reader *r, weir_error *err) {
    json *d = self;
    json_reset(d);
    WR_TRY(weir_read_version(r, 1, err));
    d->n_records = (uint64_t)weir_read_i64(r);
    d->offset = (uint64_t)weir_read_i64(r);
    d->is_skipping = weir_read_u32(r) != 0;
    return weir_reader_status(r, err);
}

const weir_decoder_type wr_json_decoder = {
    .struct_size = sizeof wr_json_decoder,
    .name = "json",
    .doc = "JSON: one object a line, keyed by attribute; also {\"event\":{...}} and arrays of either.",
    .example = "@map(type='json', fail.on.missing.attribute='false', @attributes(speed='$.wind.speed'))",
    .options = options,
    .finds_records = true,
    .state_size = sizeof(json),
    .open = json_open,
    .decode = json_decode,
    .reset = json_reset,
    .save = json_save,
    .load = json_load,
    .close = json_close,
};
