/* text_encoder.c: rows to text: Siddhi's layout, `a:"x",` and a line each, or what @payload says. */
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { OPT_GROUPING, OPT_DELIMITER, OPT_NEWLINE, OPT_MUSTACHE };

static const weir_option options[] = {
    [OPT_GROUPING] = {"event.grouping.enabled", WEIR_OPTION_BOOL, false, "false", NULL,
                      "Events that come out together make one message, with the delimiter between."},
    [OPT_DELIMITER] = {"delimiter", WEIR_OPTION_TEXT, false, "~~~~~~~~~~", NULL,
                       "The line between two events of a message."},
    [OPT_NEWLINE] = {"new.line.character", WEIR_OPTION_TEXT, false, "\n", NULL,
                     "What ends a line; \\n and \\r may be written."},
    [OPT_MUSTACHE] =
        {"mustache.enabled", WEIR_OPTION_BOOL, false, "false", NULL,
         "@payload is a Mustache template: {{a}} is escaped for HTML, {{{a}}} is not, and null is "
         "nothing. Only variables are known."},
    {0}};

typedef struct text {
    const weir_encoder_args *args;
    bool is_grouping, to_stream;
    const char *delimiter;
    char newline[16];
    weir_template *payload;
    /* A Mustache template: a template each for the variables that are escaped, and for all else. */
    struct piece {
        weir_template *of;
        bool is_escaped;
    } * pieces;
    uint32_t n_pieces;
} text;

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "no memory to write text");
}

static bool put(weir_encoded *e, const char *s) { return weir_encode_bytes(e, s, strlen(s)); }

/* ---- Events ------------------------------------------------------------------------------------------- */

static bool put_pair(const text *t, uint32_t i, const weir_batch *rows, uint32_t row, weir_encoded *e) {
    const weir_attribute *a = &t->args->schema->attributes[i];
    bool quoted = a->type == WEIR_STRING && !weir_is_null(&rows->cols[i], row);
    return (!i || (put(e, ",") && put(e, t->newline))) && put(e, a->name) && put(e, quoted ? ":\"" : ":") &&
           weir_encode_text(e, &rows->cols[i], row) && put(e, quoted ? "\"" : "");
}

static bool spell_plain(weir_encoded *e, const weir_column *c, uint32_t row) {
    return weir_is_null(c, row) || weir_encode_text(e, c, row);
}

static const char *html_escape(char c) {
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '`': return "&#96;";
    case '=': return "&#61;";
    case '\n': return "&#10;";
    default: return NULL;
    }
}

static bool spell_escaped(weir_encoded *e, const weir_column *c, uint32_t row) {
    size_t begin = e->len;
    if (!spell_plain(e, c, row)) return false;
    size_t len = e->len - begin;
    if (!len) return true;
    char *copy = malloc(len);
    bool ok = copy != NULL;
    if (ok) memcpy(copy, e->data + begin, len);
    e->len = begin;
    for (size_t i = 0; ok && i < len; i++) {
        const char *escape = html_escape(copy[i]);
        ok = escape ? put(e, escape) : weir_encode_bytes(e, copy + i, 1);
    }
    free(copy);
    return ok;
}

static bool put_event(const text *t, const weir_batch *rows, uint32_t row, weir_encoded *e) {
    bool ok = true;
    if (t->payload) return weir_template_put(t->payload, rows, row, weir_encode_text, e);
    for (uint32_t i = 0; ok && i < t->n_pieces; i++)
        ok = weir_template_put(t->pieces[i].of, rows, row,
                               t->pieces[i].is_escaped ? spell_escaped : spell_plain, e);
    for (uint32_t i = 0; ok && !t->n_pieces && i < rows->n_cols; i++) ok = put_pair(t, i, rows, row, e);
    return ok;
}

static bool end_record(const text *t, weir_encoded *e) {
    if (t->to_stream && !put(e, t->newline)) return false;
    weir_encoded_end_record(e);
    return true;
}

static weir_status text_encode(void *self, const weir_batch *rows, weir_encoded *e, weir_error *err) {
    const text *t = self;
    bool ok = true;
    for (uint32_t k = 0; ok && k < rows->n_sel; k++) {
        if (k && t->is_grouping) ok = put(e, t->newline) && put(e, t->delimiter) && put(e, t->newline);
        ok = ok && put_event(t, rows, weir_batch_row(rows, k), e);
        if (!t->is_grouping) ok = ok && end_record(t, e);
    }
    if (t->is_grouping) ok = ok && end_record(t, e);
    return ok ? WEIR_OK : no_memory(err);
}

static bool text_is_grouping(const void *self) { return ((const text *)self)->is_grouping; }

/* ---- Mustache ----------------------------------------------------------------------------------------- */

static weir_status add_piece(text *t, const char *begin, size_t len, bool is_escaped, weir_error *err) {
    if (!len) return WEIR_OK;
    char *copy = strndup(begin, len);
    struct piece *grown = realloc(t->pieces, (t->n_pieces + 1) * sizeof *grown);
    if (grown) t->pieces = grown;
    weir_status st = WEIR_ENOMEM;
    if (!copy || !grown) {
        (void)no_memory(err);
    } else {
        t->pieces[t->n_pieces] = (struct piece){NULL, is_escaped};
        st = weir_template_new("@payload", copy, t->args->schema, &t->pieces[t->n_pieces++].of, err);
    }
    free(copy);
    return st;
}

/* Where the variable that opens at p ends; *name and *len: what it is called. NULL: none, or no variable. */
static const char *variable(const char *p, const char **name, size_t *len, bool *is_escaped) {
    bool triple = p[2] == '{';
    *name = p + (triple || p[2] == '&' ? 3 : 2);
    *is_escaped = !triple && p[2] != '&';
    const char *end = strstr(*name, triple ? "}}}" : "}}");
    if (!end || strchr("#^/>!=", **name)) return NULL;
    *len = (size_t)(end - *name);
    while (*len && **name == ' ') (*name)++, (*len)--;
    while (*len && (*name)[*len - 1] == ' ') (*len)--;
    return end + (triple ? 3 : 2);
}

static weir_status add_mustache(text *t, const char *p, weir_error *err) {
    for (const char *open; (open = strstr(p, "{{"));) {
        const char *name;
        char slot[160];
        size_t len;
        bool is_escaped;
        const char *end = variable(open, &name, &len, &is_escaped);
        if (!end || len + 5 > sizeof slot)
            return weir_fail(err, WEIR_EUNSUPPORTED,
                             "text: of Mustache only variables are known, not '%.20s'", open);
        weir_status st = add_piece(t, p, (size_t)(open - p), false, err);
        memcpy(slot, "{{", 2);
        memcpy(slot + 2, name, len);
        memcpy(slot + 2 + len, "}}", 2);
        if (st == WEIR_OK) st = add_piece(t, slot, len + 4, is_escaped, err);
        if (st != WEIR_OK) return st;
        p = end;
    }
    return add_piece(t, p, strlen(p), false, err);
}

/* ---- Life --------------------------------------------------------------------------------------------- */

static weir_status text_open(void *self, const weir_encoder_args *args, weir_error *err) {
    text *t = self;
    const weir_setting *set = args->settings->of;
    t->args = args;
    t->is_grouping = set[OPT_GROUPING].as.b;
    t->to_stream = args->to_stream;
    t->delimiter = set[OPT_DELIMITER].text;
    text_unescape(set[OPT_NEWLINE].text, t->newline, sizeof t->newline);
    if (!args->n_payloads) return WEIR_OK;
    if (args->n_payloads > 1) return weir_fail(err, WEIR_ECONFIG, "text: @payload takes one text");
    const char *payload = args->payloads[0].value;
    if (!*payload) return weir_fail(err, WEIR_ECONFIG, "text: @payload is empty");
    return set[OPT_MUSTACHE].as.b ? add_mustache(t, payload, err)
                                  : weir_payload_new(payload, args->schema, &t->payload, err);
}

static void text_close(void *self) {
    text *t = self;
    weir_template_free(t->payload);
    for (uint32_t i = 0; i < t->n_pieces; i++) weir_template_free(t->pieces[i].of);
    free(t->pieces);
}

const weir_encoder_type text_encoder = {
    .struct_size = sizeof text_encoder,
    .name = "text",
    .doc = "Text: name:value pairs on lines that end in a comma, or what @payload says.",
    .example = "@map(type='text', @payload('{{symbol}} is at {{price}}'))",
    .options = options,
    .state_size = sizeof(text),
    .open = text_open,
    .encode = text_encode,
    .close = text_close,
    .is_grouping = text_is_grouping,
};
