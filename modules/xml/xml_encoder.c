/* xml_encoder.c: rows to XML: Siddhi's <events><event><a>1</a>...</event></events>, or what @payload says.
 * Unlike Siddhi's, the text of attributes is escaped (in a @payload, what is no markup), and the prefix of
 * xsi:nil is bound. */
#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "xml.h"

enum { OPT_ENCLOSING, OPT_VALIDATE, OPT_GROUPING };

static const weir_option options[] = {
    [OPT_ENCLOSING] =
        {"enclosing.element", WEIR_OPTION_TEXT, false, NULL, NULL,
         "The tag that the events are put into, as it is written: '<portfolio>'. Without it <events>, "
         "and nothing with @payload."},
    [OPT_VALIDATE] = {"validate.xml", WEIR_OPTION_BOOL, false, "false", NULL,
                      "What @payload gives is checked; what is no XML is dropped and told."},
    [OPT_GROUPING] = {"event.grouping.enabled", WEIR_OPTION_BOOL, false, "true", NULL,
                      "Events that come out together make one message."},
    {0}};

typedef struct xml {
    const weir_encoder_args *args;
    bool is_grouping, validates, to_stream;
    const char *opening;
    char *closing;
    weir_template *payload;
} xml;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "no memory to write XML");
}

static bool put(weir_encoded *e, const char *s) { return weir_encode_bytes(e, s, strlen(s)); }

static const char *escape_of(char c) {
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\r': return "&#13;"; /* a reader would take it for a line's end */
    default: return (unsigned char)c < ' ' && c != '\n' && c != '\t' ? "\xEF\xBF\xBD" : NULL;
    }
}

static bool needs_escape(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (escape_of(text[i])) return true;
    return weir_utf8_valid(text, len) != len;
}

/* The text with escapes; bytes that are no character become U+FFFD. */
static bool put_escaped(weir_encoded *e, const char *text, size_t len) {
    bool ok = true;
    for (size_t i = 0; ok && i < len;) {
        size_t valid = weir_utf8_valid(text + i, len - i);
        for (size_t end = i + valid; ok && i < end; i++) {
            const char *escape = escape_of(text[i]);
            ok = escape ? put(e, escape) : weir_encode_bytes(e, text + i, 1);
        }
        if (ok && i < len) ok = put(e, "\xEF\xBF\xBD"), i++;
    }
    return ok;
}

static bool spell(weir_encoded *e, const weir_column *c, uint32_t row) {
    size_t begin = e->len;
    if (!weir_encode_text(e, c, row)) return false;
    size_t len = e->len - begin;
    if (!needs_escape(e->data + begin, len)) return true;
    char *copy = malloc(len);
    if (!copy) return false;
    memcpy(copy, e->data + begin, len);
    e->len = begin;
    bool ok = put_escaped(e, copy, len);
    free(copy);
    return ok;
}

static bool put_attribute(weir_encoded *e, const char *name, const weir_column *c, uint32_t row) {
    if (weir_is_null(c, row))
        return put(e, "<") && put(e, name) &&
               put(e, " xmlns:xsi=\"" XML_NIL_NAMESPACE "\" xsi:nil=\"true\"/>");
    return put(e, "<") && put(e, name) && put(e, ">") && spell(e, c, row) && put(e, "</") && put(e, name) &&
           put(e, ">");
}

static bool is_xml(const char *text, size_t len) {
    XML_Parser parser = XML_ParserCreate(NULL);
    bool ok = parser && len <= INT32_MAX && XML_Parse(parser, text, (int)len, 1) == XML_STATUS_OK;
    if (parser) XML_ParserFree(parser);
    return ok;
}

/* Whether the text is elements, perhaps with text around them. */
static bool is_markup(const char *text, size_t len) {
    static const char opening[] = "<a>", closing[] = "</a>";
    if (len > INT32_MAX || !memchr(text, '<', len)) return false;
    XML_Parser parser = XML_ParserCreate("UTF-8");
    bool ok = parser && XML_Parse(parser, opening, sizeof opening - 1, 0) == XML_STATUS_OK &&
              XML_Parse(parser, text, (int)len, 0) == XML_STATUS_OK &&
              XML_Parse(parser, closing, sizeof closing - 1, 1) == XML_STATUS_OK;
    if (parser) XML_ParserFree(parser);
    return ok;
}

/* What is written next stands between tags: not in one, nor in a comment. */
static bool is_between_tags(const char *text, size_t len) {
    while (len && text[len - 1] != '<' && text[len - 1] != '>') len--;
    return !len || text[len - 1] == '>';
}

/* A document, with its declaration, can only be a whole record. */
static bool stands_as_it_is(const weir_encoded *e, size_t begin) {
    const char *text = e->data + begin;
    size_t len = e->len - begin;
    if (!is_between_tags(e->data, begin)) return false;
    if (is_markup(text, len)) return true;
    bool begins_record = begin == (e->n_records && e->record_end ? e->record_end[e->n_records - 1] : 0);
    return begins_record && len > 5 && memcmp(text, "<?xml", 5) == 0 && is_xml(text, len);
}

/* In a @payload, a text that is markup stands as it is, as in Siddhi; what is none there is escaped. */
static bool spell_in_payload(weir_encoded *e, const weir_column *c, uint32_t row) {
    size_t begin = e->len;
    if (c->type != WEIR_STRING || weir_is_null(c, row)) return spell(e, c, row);
    if (!weir_encode_text(e, c, row)) return false;
    if (stands_as_it_is(e, begin)) return true;
    e->len = begin;
    return spell(e, c, row);
}

static bool put_event(const xml *x, const weir_batch *rows, uint32_t row, weir_encoded *e) {
    if (x->payload) return weir_template_put(x->payload, rows, row, spell_in_payload, e);
    bool ok = put(e, "<event>");
    for (uint32_t i = 0; ok && i < rows->n_cols; i++)
        ok = put_attribute(e, x->args->schema->attributes[i].name, &rows->cols[i], row);
    return ok && put(e, "</event>");
}

static bool put_record(const xml *x, const weir_batch *rows, uint32_t from, uint32_t to, weir_encoded *e) {
    size_t begin = e->len;
    bool ok = put(e, x->opening);
    for (uint32_t k = from; ok && k < to; k++) ok = put_event(x, rows, weir_batch_row(rows, k), e);
    ok = ok && put(e, x->closing ? x->closing : "");
    if (ok && x->validates && !is_xml(e->data + begin, e->len - begin)) {
        weir_encoded_drop(e, begin, "what @payload gives is no XML");
        return true;
    }
    if (!ok || (x->to_stream && !put(e, "\n"))) return false;
    weir_encoded_end_record(e);
    return true;
}

static weir_status xml_encode(void *self, const weir_batch *rows, weir_encoded *e, weir_error *err) {
    const xml *x = self;
    uint32_t step = x->is_grouping ? rows->n_sel : 1;
    for (uint32_t k = 0; k < rows->n_sel; k += step)
        if (!put_record(x, rows, k, k + step, e)) return no_memory(err);
    return WEIR_OK;
}

static bool xml_is_grouping(const void *self) { return ((const xml *)self)->is_grouping; }

/* "<p a='1'>" is closed by "</p>". */
static weir_status set_enclosing(xml *x, const char *tag, weir_error *err) {
    size_t len = strlen(tag), name_len = len > 2 ? strcspn(tag + 1, " \t\r\n/>") : 0;
    if (len < 3 || tag[0] != '<' || tag[len - 1] != '>' || tag[len - 2] == '/' || !name_len)
        return weir_fail(err, WEIR_ECONFIG,
                         "xml: enclosing.element is '%s'; it takes a tag such as '<events>'", tag);
    x->opening = tag;
    x->closing = malloc(name_len + 4);
    if (!x->closing) return no_memory(err);
    memcpy(x->closing, "</", 2);
    memcpy(x->closing + 2, tag + 1, name_len);
    memcpy(x->closing + 2 + name_len, ">", 2);
    return WEIR_OK;
}

static weir_status xml_open(void *self, const weir_encoder_args *args, weir_error *err) {
    xml *x = self;
    const weir_setting *set = args->settings->of;
    x->args = args;
    x->is_grouping = set[OPT_GROUPING].as.b;
    x->validates = set[OPT_VALIDATE].as.b;
    x->to_stream = args->to_stream;
    x->opening = "";
    if (args->n_payloads > 1) return weir_fail(err, WEIR_ECONFIG, "xml: @payload takes one text");
    if (set[OPT_ENCLOSING].given || !args->n_payloads) {
        weir_status st =
            set_enclosing(x, set[OPT_ENCLOSING].given ? set[OPT_ENCLOSING].text : "<events>", err);
        if (st != WEIR_OK) return st;
    }
    if (!args->n_payloads) return WEIR_OK;
    return weir_payload_new(args->payloads[0].value, args->schema, &x->payload, err);
}

static void xml_close(void *self) {
    xml *x = self;
    weir_template_free(x->payload);
    free(x->closing);
}

const weir_encoder_type xml_encoder = {
    .struct_size = sizeof xml_encoder,
    .name = "xml",
    .doc = "XML: <events><event>...</event></events>, or what @payload says.",
    .example = "@map(type='xml', enclosing.element='<portfolio>', "
               "@payload('<stock><symbol>{{symbol}}</symbol></stock>'))",
    .options = options,
    .state_size = sizeof(xml),
    .open = xml_open,
    .encode = xml_encode,
    .close = xml_close,
    .is_grouping = xml_is_grouping,
};
