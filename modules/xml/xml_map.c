/* xml_map.c: map:createFromXML, which is here because expat is.
 *
 * The children of the root are the map's entries: an element with children of its own is a map, any other its
 * text: a bool, a number, or a string, as Siddhi's extension takes them. There a number is what commons-lang
 * calls one (isNumber, 3.4), and its value what java.text.NumberFormat makes of its front: 1e5 is 1, and 1E5
 * is 100000. */
#include <ctype.h>
#include <errno.h>
#include <expat.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xml.h"

#define DEPTH_MOST 64u

/* An element that is open. */
typedef struct level {
    weir_object *map; /* NULL: no child yet */
    char *name;
    char *text;
    size_t len, cap;
} level;

typedef struct reading {
    XML_Parser parser;
    locale_t c; /* numbers have a point */
    level levels[DEPTH_MOST];
    uint32_t depth;
    weir_object *done; /* the root's map */
    const char *wrong;
    bool no_memory;
} reading;

static void stop(reading *r, const char *wrong) {
    if (!r->wrong) r->wrong = wrong;
    r->no_memory |= !wrong;
    XML_StopParser(r->parser, XML_FALSE);
}

/* ---- Values ------------------------------------------------------------------------------------------- */

static size_t count_digits(const char *p) {
    size_t n = 0;
    while (isdigit((unsigned char)p[n])) n++;
    return n;
}

/* 0x1F, or a number that begins with 0 and has digits of octal. */
static bool is_of_other_base(const char *p, bool *is_number) {
    bool is_hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
    bool is_octal = p[0] == '0' && isdigit((unsigned char)p[1]);
    size_t n = is_hex ? strspn(p + 2, "0123456789abcdefABCDEF") : strspn(p, "01234567");
    *is_number = is_hex ? n && !p[2 + n] : !p[n];
    return is_hex || is_octal;
}

static bool is_number(const char *p) {
    bool is;
    if (*p == '-') p++;
    if (is_of_other_base(p, &is)) return is;
    size_t n = count_digits(p);
    p += n;
    bool is_real = *p == '.';
    if (is_real) {
        size_t fraction = count_digits(++p);
        n += fraction;
        p += fraction;
    }
    if (!n) return false;
    if (*p == 'e' || *p == 'E') {
        p += p[1] == '-' || p[1] == '+' ? 2 : 1;
        if (!(n = count_digits(p))) return false;
        p += n;
        is_real = true;
    }
    if (*p && (strchr("dDfF", *p) || (!is_real && strchr("lL", *p)))) p++;
    return !*p;
}

/* How much of it is a number to NumberFormat. */
static size_t front_of(const char *p) {
    size_t n = *p == '-';
    n += count_digits(p + n);
    if (p[n] == '.') n += 1 + count_digits(p + n + 1);
    if (p[n] != 'E') return n;
    size_t sign = p[n + 1] == '-', digits = count_digits(p + n + 1 + sign);
    return digits ? n + 1 + sign + digits : n;
}

/* A long where it can be one, else a double. It changes the text behind the number's front. */
static weir_value number_of(const reading *r, char *text) {
    text[front_of(text)] = 0;
    weir_value v = {.type = WEIR_DOUBLE, .as.d = strtod_l(text, NULL, r->c)};
    if (v.as.d == 0 && signbit(v.as.d)) return v;
    bool is_plain = !text[(*text == '-') + count_digits(text + (*text == '-'))];
    errno = 0;
    long long whole = is_plain ? strtoll(text, NULL, 10) : 0;
    bool fits = is_plain ? !errno : fabs(v.as.d) < 9.2e18 && v.as.d == trunc(v.as.d);
    if (!fits) return v;
    return (weir_value){.type = WEIR_LONG, .as.l = is_plain ? whole : (int64_t)v.as.d};
}

static weir_value value_of(const reading *r, level *l) {
    char *text = l->text ? l->text : "";
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return (weir_value){.type = WEIR_BOOL, .as.b = *text == 't'};
    if (is_number(text) && strlen(text) == l->len) return number_of(r, text);
    return (weir_value){.type = WEIR_STRING, .as.s = weir_string_view(text, (uint32_t)l->len)};
}

/* ---- Elements ----------------------------------------------------------------------------------------- */

/* A name with a namespace is written {namespace}name. */
static char *key_of(const char *name) {
    size_t len = strlen(name);
    char *key = malloc(len + 2);
    if (key && strchr(name, '}'))
        snprintf(key, len + 2, "{%s", name);
    else if (key)
        memcpy(key, name, len + 1);
    return key;
}

static void XMLCALL open_element(void *ctx, const char *name, const char **attributes) {
    reading *r = ctx;
    (void)attributes;
    if (r->wrong || r->no_memory) return;
    if (r->depth == DEPTH_MOST) {
        stop(r, "elements nested too deep");
        return;
    }
    if (r->depth && !r->levels[r->depth - 1].map &&
        !(r->levels[r->depth - 1].map = weir_object_new_map(WEIR_MAP_HASHED))) {
        stop(r, NULL);
        return;
    }
    level *l = &r->levels[r->depth++];
    *l = (level){.name = key_of(name)};
    if (!l->name) stop(r, NULL);
}

static void XMLCALL take_text(void *ctx, const char *text, int n) {
    reading *r = ctx;
    if (r->wrong || r->no_memory || !r->depth) return;
    level *l = &r->levels[r->depth - 1];
    if (l->cap - l->len <= (size_t)n) {
        size_t cap = l->cap * 2 + (size_t)n + 32;
        char *grown = realloc(l->text, cap);
        if (!grown) {
            stop(r, NULL);
            return;
        }
        l->text = grown;
        l->cap = cap;
    }
    memcpy(l->text + l->len, text, (size_t)n);
    l->len += (size_t)n;
    l->text[l->len] = 0;
}

static void clear_level(level *l) {
    weir_object_unref(l->map);
    free(l->name);
    free(l->text);
    *l = (level){0};
}

static void XMLCALL close_element(void *ctx, const char *name) {
    reading *r = ctx;
    (void)name;
    if (r->wrong || r->no_memory) return;
    level *l = &r->levels[--r->depth];
    if (r->depth) {
        weir_value key = {.type = WEIR_STRING, .as.s = weir_string_view(l->name, (uint32_t)strlen(l->name))};
        weir_value value = l->map ? (weir_value){.type = WEIR_OBJECT, .as.o = l->map} : value_of(r, l);
        if (weir_object_map_put(r->levels[r->depth - 1].map, &key, &value) != WEIR_OK) stop(r, NULL);
    } else {
        r->done = l->map ? weir_object_ref(l->map) : weir_object_new_map(WEIR_MAP_HASHED);
        if (!r->done) stop(r, NULL);
    }
    clear_level(l);
}

/* As in the format: no document needs one, and one can make a small document huge. */
static void XMLCALL refuse_doctype(void *ctx, const char *name, const char *system, const char *public_id,
                                   int has_internal) {
    (void)name, (void)system, (void)public_id, (void)has_internal;
    stop(ctx, "a document type definition, which is refused");
}

/* ---- The function ------------------------------------------------------------------------------------- */

static void read_document(reading *r, const weir_string *text) {
    bool ok = (r->parser = XML_ParserCreateNS("UTF-8", '}')) != NULL;
    if (!ok) {
        r->no_memory = true;
        return;
    }
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, open_element, close_element);
    XML_SetCharacterDataHandler(r->parser, take_text);
    XML_SetStartDoctypeDeclHandler(r->parser, refuse_doctype);
    if (text->len > INT32_MAX)
        r->wrong = "too long";
    else if (XML_Parse(r->parser, weir_string_data(text), (int)text->len, 1) == XML_STATUS_ERROR && !r->wrong)
        r->wrong = XML_ErrorString(XML_GetErrorCode(r->parser));
    XML_ParserFree(r->parser);
    while (r->depth) clear_level(&r->levels[--r->depth]);
}

static void fail_row(const weir_call *call, uint32_t row, const char *why) {
    char text[160];
    weir_string copy;
    int n = snprintf(text, sizeof text, "map:createFromXML(): %s%s",
                     why ? "the text is no XML: " : "the text is null", why ? why : "");
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    char *kept = weir_arena_alloc(call->arena, len + 1);
    (void)copy;
    if (kept) memcpy(kept, text, len + 1);
    call->fail(call->fail_ctx, row, kept ? kept : "map:createFromXML() failed");
}

static weir_status eval_row(const weir_call *call, uint32_t row, locale_t c, weir_error *err) {
    const weir_column *arg = &call->args[0];
    reading r = {.c = c};
    if (weir_is_null(arg, row)) {
        fail_row(call, row, NULL);
        return WEIR_OK;
    }
    read_document(&r, (const weir_string *)arg->data + row);
    bool failed = r.no_memory || (r.done && !r.wrong && weir_arena_own(call->arena, r.done) != WEIR_OK);
    if (r.wrong) weir_object_unref(r.done);
    if (failed) {
        if (err) snprintf(err->message, sizeof err->message, "out of memory in map:createFromXML()");
        return WEIR_ENOMEM;
    }
    if (r.wrong)
        fail_row(call, row, r.wrong);
    else
        ((weir_object **)call->out->data)[row] = r.done;
    return WEIR_OK;
}

typedef struct state {
    locale_t c;
} state;

static weir_status open_state(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    state *s = self;
    (void)args, (void)n_args, (void)err;
    s->c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return s->c ? WEIR_OK : WEIR_ENOMEM;
}

static void close_state(void *self) {
    state *s = self;
    if (s->c) freelocale(s->c);
}

static weir_status eval(void *self, const weir_call *call, weir_error *err) {
    for (uint32_t k = 0; k < call->n_sel; k++) {
        weir_status status = eval_row(call, call->sel ? call->sel[k] : k, ((state *)self)->c, err);
        if (status != WEIR_OK) return status;
    }
    return WEIR_OK;
}

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_OBJECT;
    if (n_args == 1 && args[0].type == WEIR_STRING) return WEIR_OK;
    if (n_args == 1) err->begin = args[0].begin, err->end = args[0].end;
    snprintf(err->message, sizeof err->message, "map:createFromXML() takes one string");
    err->code = WEIR_ETYPE;
    return WEIR_ETYPE;
}

const weir_function_type xml_to_map = {
    .struct_size = sizeof(weir_function_type),
    .ns = "map",
    .name = "createFromXML",
    .doc = "Makes a map of an XML document.",
    .example = "map:get(map:createFromXML('<stock><symbol>IBM</symbol><price>200</price></stock>'), "
               "'symbol') -> 'IBM'",
    .params =
        (const weir_param_doc[]){
            {"map:createFromXML(<string> xml)",
             "An entry for each child of the root: a map, if it has children, else a bool, a "
             "number or a string. What is no XML fails."},
            {NULL, NULL}},
    .check = check,
    .state_size = sizeof(state),
    .open = open_state,
    .close = close_state,
    .eval = eval,
    .can_fail = true,
};
