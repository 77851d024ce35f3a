/* sql.c: see sql.h. */
#include "sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool reserve(sql_text *t, size_t extra) {
    if (t->len + extra + 1 <= t->cap) return true;
    size_t cap = t->cap ? t->cap : 256;
    while (cap < t->len + extra + 1) cap *= 2;
    char *bigger = realloc(t->text, cap);
    if (!bigger) {
        t->failed = true;
        return false;
    }
    t->text = bigger;
    t->cap = cap;
    return true;
}

void sql_put(sql_text *t, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0 || !reserve(t, (size_t)n)) return;
    va_start(args, format);
    vsnprintf(t->text + t->len, (size_t)n + 1, format, args);
    va_end(args);
    t->len += (size_t)n;
}

void sql_put_name(sql_text *t, const char *name) {
    sql_put(t, "\"");
    for (; *name; name++)
        if (*name == '"')
            sql_put(t, "\"\"");
        else
            sql_put(t, "%c", *name);
    sql_put(t, "\"");
}

void sql_fini(sql_text *t) {
    free(t->text);
    *t = (sql_text){0};
}

void sql_names(sql_text *t, const char *const *names, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        if (i) sql_put(t, ", ");
        sql_put_name(t, names[i]);
    }
}

static void put_param(sql_text *t, const weir_store_cond *c, const sql_dialect *d) {
    sql_put(t, "%s%u", d->param, c->index + 1);
    if (d->cast) sql_put(t, "::%s", d->cast(c->type));
}

void sql_condition(sql_text *t, const weir_store_cond *c, const char *const *names, const sql_dialect *d) {
    static const char *const between[] = {
        [WEIR_STORE_EQ] = "=",  [WEIR_STORE_LT] = "<",  [WEIR_STORE_LE] = "<=",   [WEIR_STORE_GT] = ">",
        [WEIR_STORE_GE] = ">=", [WEIR_STORE_NE] = "<>", [WEIR_STORE_AND] = "AND", [WEIR_STORE_OR] = "OR"};
    switch (c->op) {
    case WEIR_STORE_COLUMN: sql_put_name(t, names[c->index]); return;
    case WEIR_STORE_PARAM: put_param(t, c, d); return;
    case WEIR_STORE_IS_NULL:
    case WEIR_STORE_NOT:
        sql_put(t, "(");
        sql_condition(t, c->a, names, d);
        sql_put(t, c->op == WEIR_STORE_NOT ? " IS NOT TRUE)" : " IS NULL)");
        return;
    default: break;
    }
    sql_put(t, c->op == WEIR_STORE_NE ? "((" : "(");
    sql_condition(t, c->a, names, d);
    sql_put(t, " %s ", c->op == WEIR_STORE_SAME ? d->same : between[c->op]);
    sql_condition(t, c->b, names, d);
    sql_put(t, c->op == WEIR_STORE_NE ? ") IS NOT FALSE)" : ")");
}
