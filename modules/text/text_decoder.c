/* text_decoder.c: text messages to rows.
 *
 * Without @attributes a message is `name:value` pairs, each on a line of its own that ends in a comma,
 * strings within quotes: Siddhi's own layout. With @attributes(a='A[1]') the value is what group 1 of the
 * option regex.A finds, as Java understands it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

#define LARGEST_GROUP 1000u

enum { OPT_MISSING, OPT_GROUPING, OPT_DELIMITER, OPT_NEWLINE, OPT_REGEX };

static const weir_option options[] = {
    [OPT_MISSING] = {"fail.on.missing.attribute", WEIR_OPTION_BOOL, false, "true", NULL,
                     "An event without a value for an attribute is refused; else the attribute is null."},
    [OPT_GROUPING] = {"event.grouping.enabled", WEIR_OPTION_BOOL, false, "false", NULL,
                      "A message may hold several events, with a line between that is the delimiter."},
    [OPT_DELIMITER] = {"delimiter", WEIR_OPTION_TEXT, false, "~~~~~~~~~~", NULL,
                       "The line between two events of a message."},
    [OPT_NEWLINE] = {"new.line.character", WEIR_OPTION_TEXT, false, "\n", NULL,
                     "What ends a line; \\n and \\r may be written."},
    [OPT_REGEX] = {"regex.*", WEIR_OPTION_TEXT, false, NULL, NULL,
                   "A regular expression, for @attributes(a='NAME[1]'): group 1 of where it first matches."},
    {0}};

typedef struct expression {
    char *name; /* "a" of regex.a */
    weir_regex *regex;
    bool is_used, has_match;
} expression;

typedef struct text {
    const weir_decoder_args *args;
    weir_filler *filler;
    bool is_grouping, has_mapping;
    char delimiter[128]; /* with the line ends around it */
    size_t delimiter_len;
    char newline[16];
    expression *expressions;
    uint32_t n_expressions;
    struct target {
        uint32_t expression, group; /* expression UINT32_MAX: not ours */
    } * targets;                    /* by attribute, with @attributes */
    uint64_t n_records;
} text;

/* ---- Siddhi's layout ---------------------------------------------------------------------------------- */

static void trim(const char **p, size_t *len) {
    while (*len && strchr(" \t\r\n", **p) && **p) (*p)++, (*len)--;
    while (*len && strchr(" \t\r\n", (*p)[*len - 1]) && (*p)[*len - 1]) (*len)--;
}

/* Where the pair that begins at p ends: at a comma with nothing but blanks and a line's end behind it. */
static const char *pair_end(const char *p, const char *end) {
    for (const char *comma = p; (comma = memchr(comma, ',', (size_t)(end - comma))); comma++) {
        const char *q = comma + 1;
        while (q < end && (*q == ' ' || *q == '\t' || *q == '\r')) q++;
        if (q == end || *q == '\n') return comma;
    }
    return end;
}

static void read_pair(text *t, const char *p, size_t len) {
    const char *colon = memchr(p, ':', len);
    if (!colon) return;
    const char *value = colon + 1;
    size_t name_len = (size_t)(colon - p), value_len = len - name_len - 1;
    trim(&p, &name_len);
    trim(&value, &value_len);
    uint32_t attribute = weir_schema_find(t->args->schema, p, name_len);
    if (attribute == UINT32_MAX) return;
    if (value_len >= 2 && (value[0] == '"' || value[0] == '\'') && value[value_len - 1] == value[0])
        weir_filler_text(t->filler, attribute, value + 1, value_len - 2);
    else if (value_len == 4 && memcmp(value, "null", 4) == 0)
        weir_filler_null(t->filler, attribute);
    else
        weir_filler_text(t->filler, attribute, value, value_len);
}

static void read_pairs(text *t, const char *p, const char *end) {
    while (p < end) {
        const char *stop = pair_end(p, end);
        read_pair(t, p, (size_t)(stop - p));
        p = stop < end ? stop + 1 : end;
    }
}

/* ---- Regular expressions ------------------------------------------------------------------------------ */

/* Matches the expressions that somebody needs; what takes too long is the row's fault. */
static void match_all(text *t, const char *p, size_t len) {
    for (uint32_t i = 0; i < t->n_expressions; i++) {
        expression *x = &t->expressions[i];
        if (!x->is_used) continue;
        weir_regex_result found = weir_regex_match(x->regex, p, len, 0, WEIR_REGEX_FIND);
        x->has_match = found == WEIR_REGEX_YES;
        if (found == WEIR_REGEX_GIVEN_UP)
            weir_filler_fault(t->filler, -1, "regex.%s takes too many steps on this text", x->name);
    }
}

static void read_groups(text *t, const char *p) {
    for (uint32_t i = 0; i < t->args->schema->n_attributes; i++) {
        const struct target *target = &t->targets[i];
        if (target->expression == UINT32_MAX || !t->expressions[target->expression].has_match) continue;
        size_t begin, end;
        if (weir_regex_group(t->expressions[target->expression].regex, target->group, &begin, &end))
            weir_filler_text(t->filler, i, p + begin, end - begin);
    }
}

/* ---- Messages ----------------------------------------------------------------------------------------- */

static weir_verdict read_event(text *t, const weir_decode *call, const char *p, size_t len, weir_status *st,
                               weir_error *err) {
    *st = weir_filler_begin(t->filler, call, err);
    if (*st != WEIR_OK) return WEIR_ROW_REFUSE;
    if (t->has_mapping) {
        match_all(t, p, len);
        read_groups(t, p);
    } else {
        read_pairs(t, p, p + len);
    }
    return weir_filler_end(t->filler, &(weir_record){p, len, t->n_records + 1, 0}, st);
}

static weir_status text_decode(void *self, weir_decode *call, weir_error *err) {
    text *t = self;
    const char *p = call->bytes, *end = p + call->len;
    uint32_t first = call->rows->n;
    call->consumed = 0;
    while (p) {
        const char *next =
            t->is_grouping ? memmem(p, (size_t)(end - p), t->delimiter, t->delimiter_len) : NULL;
        weir_status st;
        weir_verdict verdict = read_event(t, call, p, (size_t)((next ? next : end) - p), &st, err);
        if (st != WEIR_OK) return st == WEIR_ENOMEM ? weir_fail(err, st, "no memory for a text") : st;
        if (verdict == WEIR_ROW_LATER) { /* the whole message again */
            weir_rows_cut(call->rows, first);
            return WEIR_OK;
        }
        p = next ? next + t->delimiter_len : NULL;
    }
    t->n_records++;
    call->consumed = call->len;
    return WEIR_EAGAIN;
}

/* ---- Life --------------------------------------------------------------------------------------------- */

static weir_status add_expression(text *t, const weir_pair *pair, weir_error *err) {
    expression *x = &t->expressions[t->n_expressions++];
    x->name = strdup(pair->key + 6);
    if (!x->name) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    char option[120];
    snprintf(option, sizeof option, "text: %s", pair->key);
    weir_status st = weir_regex_of_option(option, pair->value, strlen(pair->value), &x->regex, err);
    if (st != WEIR_OK && err) err->begin = pair->begin, err->end = pair->end;
    return st;
}

static weir_status add_expressions(text *t, const weir_settings *settings, weir_error *err) {
    t->expressions = calloc(settings->n_pairs + 1, sizeof *t->expressions);
    if (!t->expressions) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < settings->n_pairs; i++) {
        if (strncmp(settings->pairs[i].key, "regex.", 6) != 0) continue;
        weir_status st = add_expression(t, &settings->pairs[i], err);
        if (st != WEIR_OK) return st;
    }
    return WEIR_OK;
}

/* 'A[1]', or 'A', which is A[1]. */
static weir_status set_target(text *t, uint32_t attribute, const char *path, weir_error *err) {
    struct target *target = &t->targets[attribute];
    size_t len = strcspn(path, "[");
    char *end = NULL;
    unsigned long group = path[len] ? strtoul(path + len + 1, &end, 10) : 1;
    if (path[len] && (end == path + len + 1 || strcmp(end, "]") != 0 || group > LARGEST_GROUP))
        return weir_fail(err, WEIR_ECONFIG, "text: '%s' is no group of an expression such as 'A[1]'", path);
    for (uint32_t i = 0; i < t->n_expressions; i++)
        if (strlen(t->expressions[i].name) == len && strncasecmp(t->expressions[i].name, path, len) == 0)
            target->expression = i;
    if (target->expression == UINT32_MAX)
        return weir_fail(err, WEIR_ENAME, "text: @attributes names '%s', but there is no option 'regex.%.*s'",
                         path, (int)len, path);
    expression *x = &t->expressions[target->expression];
    uint32_t n_groups = weir_regex_n_groups(x->regex);
    if (group > n_groups)
        return weir_fail(err, WEIR_ECONFIG, "text: '%s' goes beyond the %u groups of regex.%s", path,
                         n_groups, x->name);
    target->group = (uint32_t)group;
    x->is_used = true;
    return WEIR_OK;
}

static weir_status set_targets(text *t, weir_error *err) {
    const weir_decoder_args *args = t->args;
    uint32_t n = args->schema->n_attributes;
    t->targets = calloc(n + 1, sizeof *t->targets);
    if (!t->targets) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < n; i++) t->targets[i].expression = UINT32_MAX;
    for (uint32_t i = 0; args->mapping && i < n; i++) {
        if (!args->mapping[i] || weir_is_property(args->mapping[i])) continue;
        weir_status st = set_target(t, i, args->mapping[i], err);
        if (st != WEIR_OK) return st;
        t->has_mapping = true;
        if (!weir_filler_wants(t->filler, i)) t->targets[i].expression = UINT32_MAX;
    }
    if (t->n_expressions && !t->has_mapping)
        return weir_fail(err, WEIR_ECONFIG, "text: regex.%s is used by no attribute; name it in @attributes",
                         t->expressions[0].name);
    return WEIR_OK;
}

void text_unescape(const char *from, char *to, size_t size) {
    size_t n = 0;
    for (; *from && n + 1 < size; from++) {
        bool is_escape = *from == '\\' && (from[1] == 'n' || from[1] == 'r' || from[1] == 't');
        to[n++] = is_escape ? (from[1] == 'n' ? '\n' : from[1] == 'r' ? '\r' : '\t') : *from;
        from += is_escape;
    }
    to[n] = 0;
}

static weir_status text_open(void *self, const weir_decoder_args *args, weir_error *err) {
    text *t = self;
    const weir_setting *set = args->settings->of;
    t->args = args;
    t->is_grouping = set[OPT_GROUPING].as.b;
    text_unescape(set[OPT_NEWLINE].text, t->newline, sizeof t->newline);
    int len = snprintf(t->delimiter, sizeof t->delimiter, "%s%s%s", t->newline, set[OPT_DELIMITER].text,
                       t->newline);
    if (len <= 0 || (size_t)len >= sizeof t->delimiter)
        return weir_fail(err, WEIR_ECONFIG, "text: the delimiter is empty or longer than %zu bytes",
                         sizeof t->delimiter - 1);
    t->delimiter_len = (size_t)len;
    weir_status st = weir_filler_new(args, set[OPT_MISSING].as.b, &t->filler, err);
    if (st == WEIR_OK) st = add_expressions(t, args->settings, err);
    return st == WEIR_OK ? set_targets(t, err) : st;
}

static void text_reset(void *self) { ((text *)self)->n_records = 0; }

static void text_save(const void *self, weir_writer *w) {
    weir_write_u32(w, 1);
    weir_write_i64(w, (int64_t)((const text *)self)->n_records);
}

static weir_status text_load(void *self, weir_reader *r, weir_error *err) {
    if (weir_read_version(r, 1, err)) return WEIR_ESTATE;
    ((text *)self)->n_records = (uint64_t)weir_read_i64(r);
    return weir_reader_status(r, err);
}

static void text_close(void *self) {
    text *t = self;
    weir_filler_free(t->filler);
    for (uint32_t i = 0; i < t->n_expressions; i++) {
        weir_regex_free(t->expressions[i].regex);
        free(t->expressions[i].name);
    }
    free(t->expressions);
    free(t->targets);
}

const weir_decoder_type text_decoder = {
    .struct_size = sizeof text_decoder,
    .name = "text",
    .doc = "Text: name:value pairs on lines that end in a comma, or what regular expressions find.",
    .example = "@map(type='text', regex.A='(\\w+)\\s([-0-9]+)', @attributes(symbol='A[1]', price='A[2]'))",
    .options = options,
    .state_size = sizeof(text),
    .open = text_open,
    .decode = text_decode,
    .reset = text_reset,
    .save = text_save,
    .load = text_load,
    .close = text_close,
};
