/* xml_decoder.c: XML messages to rows, in one pass over the document without building a tree.
 *
 * Without @attributes the document is Siddhi's: <events><event><a>1</a>...</event>...</events>. With it, an
 * event is the root, or what enclosing.element says, and attributes are found by paths (xml_path.h). All
 * events of a document are one chunk. A document type definition is refused: no event needs one, and they can
 * be used to make a small document huge. */
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml.h"
#include "xml_path.h"

#define NO_EVENT UINT32_MAX

enum { OPT_NAMESPACES, OPT_ENCLOSING, OPT_AS_EVENT, OPT_MISSING };

static const weir_option options[] = {
    [OPT_NAMESPACES] = {"namespaces", WEIR_OPTION_TEXT, false, NULL, NULL,
                        "The prefixes that paths use: 'dt=urn:schemas-microsoft-com:datatypes, x=urn:x'."},
    [OPT_ENCLOSING] =
        {"enclosing.element", WEIR_OPTION_TEXT, false, NULL, NULL,
         "The path of the element whose children are the events; without it the root is the event."},
    [OPT_AS_EVENT] = {"enclosing.element.as.event", WEIR_OPTION_BOOL, false, "false", NULL,
                      "The enclosing element itself is an event, not its children."},
    [OPT_MISSING] = {"fail.on.missing.attribute", WEIR_OPTION_BOOL, false, "true", NULL,
                     "An event without a value for an attribute is refused; else the attribute is null."},
    {0}};

/* An attribute of the stream, and its text in the event in hand. */
typedef struct target {
    xml_path path;
    bool is_wanted, is_done, is_null;
    bool takes_markup; /* an element with others in it is its markup; else the text directly in it */
    bool has_children; /* of the element that is being read */
    XML_Index begin;   /* of its start tag, in the document */
    uint32_t depth;    /* of the element that is being read; 0: none */
    char *text;
    size_t len, cap;
} target;

typedef struct xml {
    const weir_decoder_args *args;
    weir_filler *filler;
    XML_Parser parser;
    xml_prefixes prefixes;
    xml_path enclosing;
    bool has_mapping, has_enclosing, enclosing_is_event, is_default;
    target *targets;
    xml_names names;
    uint32_t event;  /* depth of the event's element, or NO_EVENT */
    uint32_t inside; /* depth below the enclosing element; 0: outside */
    uint64_t n_records;
    /* the document in hand */
    weir_decode *call;
    weir_error *err;
    weir_status status; /* of what is not the document's fault */
    bool found_enclosing, is_later;
    const char *wrong; /* why it can't be read, if it isn't expat who says so */
} xml;

static void stop(xml *x, weir_status status, const char *wrong) {
    if (x->status == WEIR_OK) x->status = status;
    if (!x->wrong) x->wrong = wrong;
    XML_StopParser(x->parser, XML_FALSE);
}

/* expat may still have calls for us after it was told to stop. */
static bool has_stopped(const xml *x) { return x->status != WEIR_OK || x->wrong || x->is_later; }

/* ---- Attributes of the stream ------------------------------------------------------------------------- */

static bool append(target *t, const char *text, size_t len) {
    if (t->cap - t->len < len) {
        size_t cap = t->cap * 2 + len + 32;
        char *grown = realloc(t->text, cap);
        if (!grown) return false;
        t->text = grown;
        t->cap = cap;
    }
    if (len) memcpy(t->text + t->len, text, len);
    t->len += len;
    return true;
}

static bool is_nil(const xml *x, const char **attributes) {
    for (; *attributes; attributes += 2) {
        if (strcmp(attributes[1], "true") != 0 && strcmp(attributes[1], "1") != 0) continue;
        xml_name name = xml_names_resolve(&x->names, attributes[0], true);
        if (strcmp(name.local, "nil") != 0 || !name.has_prefix) continue;
        /* Siddhi writes xsi:nil without saying what xsi is */
        if (strcmp(name.uri, XML_NIL_NAMESPACE) == 0 || strncmp(attributes[0], "xsi:", 4) == 0) return true;
    }
    return false;
}

static void take_attribute(xml *x, target *t, const char **attributes) {
    for (; *attributes; attributes += 2) {
        xml_name name = xml_names_resolve(&x->names, attributes[0], true);
        bool same_space =
            t->path.attribute_uri ? strcmp(t->path.attribute_uri, name.uri) == 0 : !name.has_prefix;
        if (strcmp(name.local, t->path.attribute) != 0 || !same_space) continue;
        if (!append(t, attributes[1], strlen(attributes[1]))) stop(x, WEIR_ENOMEM, NULL);
        t->is_done = true;
        return;
    }
}

/* The innermost element has just been opened in an event: what of it is wanted. */
static void open_targets(xml *x, const char **attributes) {
    for (uint32_t i = 0; i < x->args->schema->n_attributes; i++) {
        target *t = &x->targets[i];
        t->has_children |= t->depth != 0;
        if (!t->is_wanted || t->is_done || t->depth || !xml_path_is_here(&t->path, &x->names, x->event))
            continue;
        if (t->path.attribute) {
            take_attribute(x, t, attributes);
        } else {
            t->depth = x->names.depth;
            t->is_null = is_nil(x, attributes);
            t->has_children = false;
            t->begin = XML_GetCurrentByteIndex(x->parser);
        }
    }
}

/* As the document has it, the element's own tags included. */
static void take_markup(xml *x, target *t) {
    XML_Index end = XML_GetCurrentByteIndex(x->parser) + XML_GetCurrentByteCount(x->parser);
    t->len = 0;
    if (t->begin < 0 || end <= t->begin || (size_t)end > x->call->len) return;
    if (!append(t, x->call->bytes + t->begin, (size_t)(end - t->begin))) stop(x, WEIR_ENOMEM, NULL);
}

static void close_targets(xml *x) {
    for (uint32_t i = 0; i < x->args->schema->n_attributes; i++) {
        target *t = &x->targets[i];
        if (t->depth != x->names.depth) continue;
        if (t->has_children && t->takes_markup) take_markup(x, t);
        t->depth = 0;
        t->is_done = true;
    }
}

/* ---- Events ------------------------------------------------------------------------------------------- */

static bool is_called(const xml *x, uint32_t depth, const char *name) {
    return strcmp(xml_names_element(&x->names, depth).local, name) == 0;
}

/* Whether the innermost element is an event. */
static bool begins_event(xml *x) {
    uint32_t depth = x->names.depth;
    if (x->is_default) {
        x->found_enclosing |= depth == 1 && is_called(x, 0, "events");
        return depth == 2 && x->found_enclosing && is_called(x, 1, "event");
    }
    if (!x->has_enclosing) return depth == 1;
    if (x->inside) return depth == x->inside + 1;
    if (!xml_path_is_here(&x->enclosing, &x->names, UINT32_MAX)) return false;
    x->found_enclosing = true;
    if (x->enclosing_is_event) return true;
    x->inside = depth;
    return false;
}

static void begin_event(xml *x) {
    x->event = x->names.depth - 1;
    for (uint32_t i = 0; i < x->args->schema->n_attributes; i++) {
        target *t = &x->targets[i];
        t->is_done = t->is_null = false;
        t->depth = 0;
        t->len = 0;
    }
    weir_status st = weir_filler_begin(x->filler, x->call, x->err);
    if (st != WEIR_OK) stop(x, st, NULL);
}

static void end_event(xml *x) {
    for (uint32_t i = 0; i < x->args->schema->n_attributes; i++) {
        target *t = &x->targets[i];
        if (!t->is_done) continue;
        if (t->is_null)
            weir_filler_null(x->filler, i);
        else
            weir_filler_text(x->filler, i, t->text ? t->text : "", t->len);
    }
    weir_status st;
    weir_record record = {x->call->bytes, x->call->len, x->n_records + 1, 0};
    weir_verdict verdict = weir_filler_end(x->filler, &record, &st);
    x->event = NO_EVENT;
    x->is_later = verdict == WEIR_ROW_LATER;
    if (st != WEIR_OK || x->is_later) stop(x, st, NULL);
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attributes) {
    xml *x = ctx;
    if (has_stopped(x)) return;
    if (!xml_names_push(&x->names, name, attributes)) {
        stop(x, x->names.depth < XML_MAX_DEPTH ? WEIR_ENOMEM : WEIR_OK, "elements are nested too deep");
        return;
    }
    if (x->event == NO_EVENT && begins_event(x)) begin_event(x);
    if (x->event != NO_EVENT && x->status == WEIR_OK) open_targets(x, attributes);
}

static void XMLCALL on_end(void *ctx, const XML_Char *name) {
    xml *x = ctx;
    (void)name;
    if (has_stopped(x)) return;
    if (x->event != NO_EVENT) {
        close_targets(x);
        if (x->names.depth == x->event + 1) end_event(x);
    }
    if (x->names.depth == x->inside) x->inside = 0;
    xml_names_pop(&x->names);
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int len) {
    xml *x = ctx;
    if (has_stopped(x)) return;
    for (uint32_t i = 0; x->event != NO_EVENT && i < x->args->schema->n_attributes; i++) {
        target *t = &x->targets[i];
        if (t->depth && t->depth == x->names.depth && !append(t, text, (size_t)len))
            stop(x, WEIR_ENOMEM, NULL);
    }
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int has_internal) {
    (void)name, (void)system, (void)public, (void)has_internal;
    stop(ctx, WEIR_OK, "a document type definition");
}

/* ---- Documents ---------------------------------------------------------------------------------------- */

static void begin_document(xml *x, weir_decode *call, weir_error *err) {
    XML_ParserReset(x->parser, NULL);
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, on_start, on_end);
    XML_SetCharacterDataHandler(x->parser, on_text);
    XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
    xml_names_clear(&x->names);
    x->event = NO_EVENT;
    x->inside = 0;
    x->call = call;
    x->err = err;
    x->status = WEIR_OK;
    x->found_enclosing = x->is_later = false;
    x->wrong = NULL;
}

static void report(xml *x, bool parsed) {
    weir_record record = {x->call->bytes, x->call->len, x->n_records + 1, 0};
    if (x->wrong)
        weir_report_bad(x->call, &record, -1, "XML: %s", x->wrong);
    else if (!parsed)
        weir_report_bad(x->call, &record, -1, "malformed XML at line %lu: %s",
                        (unsigned long)XML_GetCurrentLineNumber(x->parser),
                        XML_ErrorString(XML_GetErrorCode(x->parser)));
    else
        weir_report_bad(x->call, &record, -1, "XML: there is no %s element",
                        x->is_default ? "<events>" : "enclosing");
}

static weir_status xml_decode(void *self, weir_decode *call, weir_error *err) {
    xml *x = self;
    uint32_t first = call->rows->n;
    call->consumed = 0;
    begin_document(x, call, err);
    bool too_long = call->len > INT32_MAX;
    if (too_long) x->wrong = "a document of more than 2 GB";
    bool parsed = !too_long && XML_Parse(x->parser, call->bytes, (int)call->len, 1) == XML_STATUS_OK;
    if (x->status != WEIR_OK)
        return x->status == WEIR_ENOMEM ? weir_fail(err, WEIR_ENOMEM, "no memory for a document") : x->status;
    if (x->is_later) {
        weir_rows_cut(call->rows, first);
        return WEIR_OK;
    }
    bool needs_enclosing = x->is_default || x->has_enclosing;
    if (!parsed || (needs_enclosing && !x->found_enclosing)) {
        weir_rows_cut(call->rows, first);
        report(x, parsed);
    }
    x->n_records++;
    weir_rows_end_chunk(call->rows, first);
    call->consumed = call->len;
    return WEIR_EAGAIN;
}

/* ---- Life --------------------------------------------------------------------------------------------- */

static weir_status set_targets(xml *x, weir_error *err) {
    const weir_decoder_args *args = x->args;
    x->targets = calloc(args->schema->n_attributes + 1, sizeof *x->targets);
    if (!x->targets) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < args->schema->n_attributes; i++) {
        const char *path = args->mapping ? args->mapping[i] : NULL;
        target *t = &x->targets[i];
        t->is_wanted = weir_filler_wants(x->filler, i);
        if (weir_is_property(path)) continue;
        x->has_mapping |= path != NULL;
        weir_status st =
            xml_path_parse(path ? path : args->schema->attributes[i].name, &x->prefixes, &t->path, err);
        if (st != WEIR_OK) return st;
    }
    return WEIR_OK;
}

/* Siddhi's own layout has no element within another, and it does not look at prefixes. */
static void set_layout(xml *x) {
    x->is_default = !x->has_mapping && !x->has_enclosing;
    for (uint32_t i = 0; x->targets && i < x->args->schema->n_attributes; i++) {
        weir_type type = x->args->schema->attributes[i].type;
        x->targets[i].path.in_any_space = x->is_default;
        x->targets[i].takes_markup = !x->is_default && (type == WEIR_STRING || type == WEIR_OBJECT);
    }
}

static weir_status xml_open(void *self, const weir_decoder_args *args, weir_error *err) {
    xml *x = self;
    const weir_setting *set = args->settings->of;
    weir_status st = weir_filler_new(args, set[OPT_MISSING].as.b, &x->filler, err);
    x->args = args;
    x->parser = XML_ParserCreate(NULL);
    if (st == WEIR_OK && !x->parser) st = weir_fail(err, WEIR_ENOMEM, "out of memory");
    if (st == WEIR_OK && set[OPT_NAMESPACES].given)
        st = xml_prefixes_parse(set[OPT_NAMESPACES].text, &x->prefixes, err);
    if (st == WEIR_OK) st = set_targets(x, err);
    x->has_enclosing = set[OPT_ENCLOSING].given;
    x->enclosing_is_event = set[OPT_AS_EVENT].as.b;
    set_layout(x);
    if (st != WEIR_OK || !x->has_enclosing) return st;
    st = xml_path_parse(set[OPT_ENCLOSING].text, &x->prefixes, &x->enclosing, err);
    if (st == WEIR_OK && (x->enclosing.attribute || !x->enclosing.n_steps))
        st = weir_fail(err, WEIR_ECONFIG, "xml: enclosing.element '%s' names no element",
                       set[OPT_ENCLOSING].text);
    if (x->enclosing.from == XML_BELOW_EVENT) x->enclosing.from = XML_FROM_ROOT;
    return st;
}

static void xml_reset(void *self) { ((xml *)self)->n_records = 0; }

static void xml_save(const void *self, weir_writer *w) {
    weir_write_u32(w, 1);
    weir_write_i64(w, (int64_t)((const xml *)self)->n_records);
}

static weir_status xml_load(void *self, weir_reader *r, weir_error *err) {
    if (weir_read_version(r, 1, err)) return WEIR_ESTATE;
    ((xml *)self)->n_records = (uint64_t)weir_read_i64(r);
    return weir_reader_status(r, err);
}

static void xml_close(void *self) {
    xml *x = self;
    weir_filler_free(x->filler);
    if (x->parser) XML_ParserFree(x->parser);
    for (uint32_t i = 0; x->targets && i < x->args->schema->n_attributes; i++) {
        xml_path_free(&x->targets[i].path);
        free(x->targets[i].text);
    }
    free(x->targets);
    xml_path_free(&x->enclosing);
    xml_prefixes_free(&x->prefixes);
    xml_names_free(&x->names);
}

const weir_decoder_type xml_decoder = {
    .struct_size = sizeof xml_decoder,
    .name = "xml",
    .doc = "XML: <events><event>...</event></events>, or any document by paths.",
    .example = "@map(type='xml', enclosing.element='//portfolio', @attributes(symbol='company/symbol', "
               "price='@price'))",
    .options = options,
    .state_size = sizeof(xml),
    .open = xml_open,
    .decode = xml_decode,
    .reset = xml_reset,
    .save = xml_save,
    .load = xml_load,
    .close = xml_close,
};
