#include "plan/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- Errors -----------------------------------------------------------------------------------------------
 */

static void note_error(wr_planner *p, weir_status code) {
    if (p->first_error == WEIR_OK || p->first_error == WEIR_EUNSUPPORTED) p->first_error = code;
}

static void add_error(wr_planner *p, wr_span span, const weir_error *err) {
    weir_error placed = *err;
    span.begin += p->span_base;
    span.end += p->span_base;
    wr_source_place(p->src, span, &placed);
    wr_diag_add(p->diags, &placed);
    note_error(p, placed.code);
}

void wr_plan_error(wr_planner *p, wr_span span, weir_status code, const char *hint, const char *format, ...) {
    weir_error err = {.code = code};
    va_list args;
    va_start(args, format);
    vsnprintf(err.message, sizeof err.message, format, args);
    va_end(args);
    if (hint) snprintf(err.hint, sizeof err.hint, "%s", hint);
    add_error(p, span, &err);
}

void wr_plan_unsupported(wr_planner *p, wr_span span, const char *what) {
    wr_plan_error(p, span, WEIR_EUNSUPPORTED, NULL, "weir does not run %s yet", what);
}

/* "accepted: time(<int|long|time> duration), …", as many as fit. */
static void accepted_hint(const weir_param_doc *params, char *hint, size_t size) {
    size_t len = (size_t)snprintf(hint, size, "accepted: ");
    for (const weir_param_doc *d = params; d && d->signature; d++) {
        size_t need = strlen(d->signature) + 2;
        if (len + need >= size) break;
        len += (size_t)snprintf(hint + len, size - len, "%s%s", d == params ? "" : ", ", d->signature);
    }
}

void wr_plan_check_error(wr_planner *p, const wr_ast_call *call, const weir_error *err,
                         const weir_param_doc *params) {
    weir_error told = *err;
    wr_span span = call->span;
    if (err->end > err->begin) {
        /* Arguments carry their place in the whole text; add_error will add the base again. */
        span = (wr_span){err->begin - p->span_base, err->end - p->span_base};
    }
    if (!told.message[0])
        snprintf(told.message, sizeof told.message, "%s() does not take these arguments", call->name.text);
    if (!told.hint[0] && params) accepted_hint(params, told.hint, sizeof told.hint);
    if (told.code == WEIR_OK) told.code = WEIR_ETYPE;
    if (told.code == WEIR_ENOMEM) p->out_of_memory = true;
    add_error(p, span, &told);
}

/* ---- Modules ----------------------------------------------------------------------------------------------
 */

wr_needed wr_plan_need(wr_planner *p, unsigned kinds, const wr_ast_call *call) {
    weir_error err = {0};
    weir_status st = wr_registry_need(p->registry, kinds, call->ns.text, call->name.text, &err);
    if (st == WEIR_OK) return WR_NEEDED_OPEN;
    if (st == WEIR_ENAME) return WR_NEEDED_NONE;
    if (st == WEIR_ENOMEM) p->out_of_memory = true;
    add_error(p, (wr_span){call->ns.text ? call->ns.span.begin : call->name.span.begin, call->name.span.end},
              &err);
    return WR_NEEDED_UNUSABLE;
}

/* ---- Memory -----------------------------------------------------------------------------------------------
 */

void *wr_plan_alloc(wr_planner *p, size_t n, size_t elem_size) {
    void *memory = wr_arena_zero(p->arena, n ? n : 1, elem_size);
    if (!memory) p->out_of_memory = true;
    return memory;
}

char *wr_plan_strdup(wr_planner *p, const char *text) {
    char *copy = wr_arena_strndup(p->arena, text, strlen(text));
    if (!copy) p->out_of_memory = true;
    return copy;
}

char *wr_plan_printf(wr_planner *p, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : WR_PLAN_ARRAY(p, (size_t)len + 1, char);
    if (text) vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text;
}

/* The end of the comment that begins at `at`, or `at` when none does. */
static uint32_t skip_comment(const char *text, uint32_t at, uint32_t end) {
    if (at + 1 >= end) return at;
    if (text[at] == '-' && text[at + 1] == '-') {
        while (at < end && text[at] != '\n') at++;
        return at;
    }
    if (text[at] != '/' || text[at + 1] != '*') return at;
    for (at += 2; at < end; at++)
        if (text[at - 1] == '*' && text[at] == '/') return at + 1;
    return end;
}

char *wr_plan_text(wr_planner *p, wr_span span) {
    const char *text = p->src->text;
    uint32_t at = span.begin + p->span_base, end = WR_MIN(span.end + p->span_base, p->src->len);
    char *out = WR_PLAN_ARRAY(p, (size_t)(end > at ? end - at : 0) + 1, char);
    if (!out) return NULL;
    size_t len = 0;
    char quote = 0;
    while (at < end) {
        uint32_t next = quote ? at : skip_comment(text, at, end);
        bool blank = next > at || (!quote && strchr(" \t\r\n\v", text[at]) != NULL);
        if (blank) {
            at = next > at ? next : at + 1;
            if (len && out[len - 1] != ' ') out[len++] = ' ';
            continue;
        }
        char c = text[at++];
        if (quote ? c == quote : (c == '\'' || c == '"' || c == '`')) quote = quote ? 0 : c;
        out[len++] = c;
    }
    while (len && out[len - 1] == ' ') len--;
    out[len] = 0;
    return out;
}
