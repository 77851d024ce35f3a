/* keys.c: searches by one column for many values at a time: "c" = ANY($1), one statement for a batch's keys.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgresql.h"
#include "weir.h"

#define FEWEST     4u     /* fewer go one by one */
#define MOST_BYTES 32768u /* of an array */

/* One column of a type whose values an array holds as they are, and a parameter. */
static bool is_by_key(const weir_store_cond *c) {
    return c && c->op == WEIR_STORE_EQ && c->a->op == WEIR_STORE_COLUMN && c->b->op == WEIR_STORE_PARAM &&
           (c->b->type == WEIR_INT || c->b->type == WEIR_LONG || c->b->type == WEIR_STRING);
}

weir_status pg_keys_prepare(pg_store *s, const weir_store_cond *cond, pg_statement *one, weir_error *err) {
    const weir_type inferred[] = {0}; /* from the cast */
    if (one->of_many || !is_by_key(cond)) return WEIR_OK;
    one->of_many = pg_statement_of(s, pg_keys_text(s, cond), inferred, 1);
    return one->of_many ? WEIR_OK : weir_fail(err, WEIR_ENOMEM, "out of memory for a store");
}

static bool put_text(sql_text *t, const weir_string *v) {
    const char *bytes = weir_string_data(v);
    sql_put(t, "\"");
    for (uint32_t from = 0, at = 0; at <= v->len; at++) {
        if (at < v->len && bytes[at] != '"' && bytes[at] != '\\') continue;
        sql_put(t, "%.*s", (int)(at - from), bytes + from);
        if (at < v->len) sql_put(t, "\\");
        from = at;
    }
    sql_put(t, "\"");
    return !t->failed;
}

/* What equals no text there is left out. */
static void put_key(sql_text *t, const weir_value *v) {
    if (v->is_null || (v->type == WEIR_STRING && !pg_is_text(&v->as.s))) return;
    sql_put(t, t->len ? "," : "{");
    if (v->type == WEIR_STRING)
        put_text(t, &v->as.s);
    else
        sql_put(t, "%" PRId64, v->type == WEIR_INT ? (int64_t)v->as.i : v->as.l);
}

static weir_status send(pg_store *s, pg_statement *q, sql_text *t, weir_error *err) {
    if (!t->len && !t->failed) return WEIR_OK;
    sql_put(t, "}");
    if (t->failed) return weir_fail(err, WEIR_ENOMEM, "out of memory for a search");
    pg_params_begin(&s->params);
    pg_params_add_owned(&s->params, t->text, t->len);
    *t = (sql_text){0};
    return pg_send(s, q, err);
}

bool pg_keys_fit(const pg_statement *q, const weir_store_find *f) {
    return q->of_many && f->n_rows >= FEWEST;
}

weir_status pg_keys_find(pg_store *s, const pg_statement *q, const weir_store_find *f, weir_error *err) {
    sql_text t = {0};
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < f->n_rows && st == WEIR_OK; i++) {
        weir_value v = weir_column_value(&f->params[0], f->rows[i]);
        put_key(&t, &v);
        if (t.len > MOST_BYTES) st = send(s, q->of_many, &t, err);
    }
    if (st == WEIR_OK) st = send(s, q->of_many, &t, err);
    sql_fini(&t);
    return st;
}
