/* xml_path.c: see xml_path.h. */
#include "xml_path.h"

#include <stdlib.h>
#include <string.h>

static weir_status no_memory(weir_error *err) { return weir_fail(err, WEIR_ENOMEM, "out of memory"); }

weir_status xml_prefixes_parse(const char *text, xml_prefixes *out, weir_error *err) {
    out->text = strdup(text);
    size_t n = 1;
    for (const char *c = text; *c; c++) n += *c == ',';
    out->of = calloc(n, sizeof *out->of);
    if (!out->text || !out->of) return no_memory(err);
    char *rest = out->text;
    for (char *pair; (pair = strsep(&rest, ","));) {
        pair += strspn(pair, " ");
        char *equals = strchr(pair, '=');
        if (!equals || equals == pair || !equals[1])
            return weir_fail(err, WEIR_ECONFIG, "xml: namespaces is '%s'; it takes 'prefix=uri, prefix=uri'",
                             text);
        *equals = 0;
        out->of[out->n++] = (struct xml_prefix){pair, equals + 1};
    }
    return WEIR_OK;
}

void xml_prefixes_free(xml_prefixes *p) {
    free(p->text);
    free(p->of);
}

static bool is_name(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
        if (letter || c == '_' || c > 127 || (i && ((c >= '0' && c <= '9') || c == '-' || c == '.')))
            continue;
        return false;
    }
    return len > 0;
}

/* A name with or without prefix. */
static weir_status parse_name(const char *path, const char *text, size_t len, const xml_prefixes *prefixes,
                              char **local, const char **uri, weir_error *err) {
    const char *colon = memchr(text, ':', len);
    size_t prefix_len = colon ? (size_t)(colon - text) : 0;
    const char *name = colon ? colon + 1 : text;
    size_t name_len = len - (size_t)(name - text);
    if (!is_name(name, name_len) || (colon && !is_name(text, prefix_len)))
        return weir_fail(err, WEIR_EUNSUPPORTED,
                         "xml: of XPath weir knows names, '/', '//', '@' and text(), so not '%.*s' in '%s'",
                         (int)len, text, path);
    *uri = NULL;
    for (uint32_t i = 0; colon && i < prefixes->n; i++)
        if (strlen(prefixes->of[i].prefix) == prefix_len &&
            memcmp(prefixes->of[i].prefix, text, prefix_len) == 0)
            *uri = prefixes->of[i].uri;
    if (colon && !*uri)
        return weir_fail(err, WEIR_ENAME, "xml: the prefix '%.*s' in '%s' is not among the namespaces",
                         (int)prefix_len, text, path);
    *local = strndup(name, name_len);
    return *local ? WEIR_OK : no_memory(err);
}

static weir_status parse_step(xml_path *p, const char *path, const char *text, size_t len,
                              const xml_prefixes *prefixes, weir_error *err) {
    if (p->attribute)
        return weir_fail(err, WEIR_ECONFIG, "xml: nothing can follow an attribute in '%s'", path);
    if ((len == 6 && memcmp(text, "text()", 6) == 0) || (len == 1 && *text == '.')) return WEIR_OK;
    if (*text == '@')
        return parse_name(path, text + 1, len - 1, prefixes, &p->attribute, &p->attribute_uri, err);
    xml_step *step = &p->steps[p->n_steps];
    weir_status st = parse_name(path, text, len, prefixes, &step->local, &step->uri, err);
    p->n_steps += st == WEIR_OK;
    return st;
}

weir_status xml_path_parse(const char *text, const xml_prefixes *prefixes, xml_path *p, weir_error *err) {
    const char *at = text;
    size_t n = 1;
    for (const char *c = text; *c; c++) n += *c == '/';
    p->steps = calloc(n, sizeof *p->steps);
    if (!p->steps) return no_memory(err);
    p->from = strncmp(at, "//", 2) == 0 ? XML_ANYWHERE : *at == '/' ? XML_FROM_ROOT : XML_BELOW_EVENT;
    at += p->from == XML_ANYWHERE ? 2 : p->from == XML_FROM_ROOT;
    for (;;) {
        size_t len = strcspn(at, "/");
        if (!len) return weir_fail(err, WEIR_EUNSUPPORTED, "xml: '%s' has '//' within, or ends in '/'", text);
        weir_status st = parse_step(p, text, at, len, prefixes, err);
        if (st != WEIR_OK) return st;
        at += len;
        if (!*at++) break;
    }
    if (p->n_steps >= XML_MAX_DEPTH) return weir_fail(err, WEIR_ECONFIG, "xml: '%s' is too deep", text);
    if (!p->n_steps && p->from != XML_BELOW_EVENT)
        return weir_fail(err, WEIR_ECONFIG, "xml: '%s' names no element", text);
    return WEIR_OK;
}

void xml_path_free(xml_path *p) {
    for (uint32_t i = 0; i < p->n_steps; i++) free(p->steps[i].local);
    free(p->steps);
    free(p->attribute);
}

static bool is_step(const xml_path *p, const xml_step *s, xml_name name) {
    if (strcmp(s->local, name.local) != 0) return false;
    if (p->in_any_space) return true;
    return s->uri ? strcmp(s->uri, name.uri) == 0 : !name.has_prefix;
}

bool xml_path_is_here(const xml_path *p, const xml_names *names, uint32_t event) {
    uint32_t above = p->from == XML_BELOW_EVENT ? event + 1 : 0;
    if (names->depth < above + p->n_steps) return false;
    if (p->from != XML_ANYWHERE && names->depth != above + p->n_steps) return false;
    for (uint32_t i = 0; i < p->n_steps; i++) /* the innermost first: it is mostly another one */
        if (!is_step(p, &p->steps[p->n_steps - 1 - i], xml_names_element(names, names->depth - 1 - i)))
            return false;
    return true;
}
