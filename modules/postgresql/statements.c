/* statements.c: what is said to the server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgresql.h"

static const char *cast(weir_type t) {
    static const char *const names[] = {
        [WEIR_INT] = "int4",  [WEIR_LONG] = "int8",   [WEIR_FLOAT] = "float4", [WEIR_DOUBLE] = "float8",
        [WEIR_BOOL] = "bool", [WEIR_STRING] = "text", [WEIR_OBJECT] = "bytea"};
    return names[t];
}

Oid pg_oid(weir_type t) {
    static const Oid oids[] = {[WEIR_INT] = 23,  [WEIR_LONG] = 20,   [WEIR_FLOAT] = 700, [WEIR_DOUBLE] = 701,
                               [WEIR_BOOL] = 16, [WEIR_STRING] = 25, [WEIR_OBJECT] = 17};
    return oids[t];
}

const char *pg_type_text(weir_type t) {
    static const char *const names[] = {[WEIR_INT] = "INTEGER",  [WEIR_LONG] = "BIGINT",
                                        [WEIR_FLOAT] = "REAL",   [WEIR_DOUBLE] = "DOUBLE PRECISION",
                                        [WEIR_BOOL] = "BOOLEAN", [WEIR_STRING] = "TEXT",
                                        [WEIR_OBJECT] = "BYTEA"};
    return names[t];
}

static const sql_dialect dialect = {.param = "$", .same = "IS NOT DISTINCT FROM", .cast = cast};

/* ---- The list ------------------------------------------------------------------------------------------ */

pg_statement *pg_statement_of(pg_store *s, char *text, const weir_type *types, uint32_t n_params) {
    pg_statement *q = s->statements;
    while (text && q && strcmp(q->text, text) != 0) q = q->next;
    if (q) {
        free(text);
        return q;
    }
    q = calloc(1, sizeof *q);
    Oid *oids = calloc(n_params + 1, sizeof *oids);
    if (!text || !q || !oids) {
        free(text);
        free(q);
        free(oids);
        return NULL;
    }
    for (uint32_t i = 0; i < n_params; i++) oids[i] = types[i] ? pg_oid(types[i]) : 0;
    *q = (pg_statement){.next = s->statements, .text = text, .types = oids, .n_params = n_params};
    snprintf(q->name, sizeof q->name, "w%u", s->n_statements++);
    s->statements = q;
    return q;
}

void pg_free_statements(pg_store *s) {
    for (pg_statement *q = s->statements, *next; q; q = next) {
        next = q->next;
        free(q->text);
        free(q->types);
        free(q);
    }
    s->statements = NULL;
}

static char *finish(sql_text *t) {
    if (t->failed) sql_fini(t);
    return t->text;
}

static void put_table(sql_text *t, const pg_store *s) {
    if (s->schema_name) {
        sql_put_name(t, s->schema_name);
        sql_put(t, ".");
    }
    sql_put_name(t, s->table);
}

static void put_select(sql_text *t, const pg_store *s) {
    sql_put(t, s->args->n_key ? "SELECT NULL, " : "SELECT ctid, ");
    sql_names(t, (const char *const *)s->columns, s->args->n_columns);
    sql_put(t, " FROM ");
    put_table(t, s);
}

char *pg_keys_text(pg_store *s, const weir_store_cond *cond) {
    sql_text t = {0};
    put_select(&t, s);
    sql_put(&t, " WHERE ");
    sql_put_name(&t, s->columns[cond->a->index]);
    sql_put(&t, " = ANY($1::%s[])", cast(cond->b->type));
    return finish(&t);
}

char *pg_search_text(pg_store *s, const weir_store_cond *cond) {
    sql_text t = {0};
    const char *const *names = (const char *const *)s->columns;
    put_select(&t, s);
    if (cond) {
        sql_put(&t, " WHERE ");
        sql_condition(&t, cond, names, &dialect);
    }
    return finish(&t);
}

/* ---- Changes ------------------------------------------------------------------------------------------- */

/* "a" = $1 AND … of the columns of the key. first: number of the first parameter. */
static void put_key(sql_text *t, const pg_store *s, const uint32_t *params) {
    for (uint32_t i = 0; i < s->args->n_key; i++) {
        uint32_t c = s->args->key[i];
        if (i) sql_put(t, " AND ");
        sql_put_name(t, s->columns[c]);
        sql_put(t, " = $%u::%s", params ? params[i] + 1 : i + 1, cast(s->args->columns[c].type));
    }
}

static char *insert_text(pg_store *s) {
    const weir_store_args *a = s->args;
    sql_text t = {0};
    sql_put(&t, "INSERT INTO ");
    put_table(&t, s);
    sql_put(&t, " (");
    sql_names(&t, (const char *const *)s->columns, a->n_columns);
    sql_put(&t, ") VALUES (");
    for (uint32_t i = 0; i < a->n_columns; i++)
        sql_put(&t, "%s$%u::%s", i ? ", " : "", i + 1, cast(a->columns[i].type));
    sql_put(&t, ")");
    if (!a->n_key) return finish(&t);
    sql_put(&t, " ON CONFLICT (");
    for (uint32_t i = 0; i < a->n_key; i++) {
        if (i) sql_put(&t, ", ");
        sql_put_name(&t, s->columns[a->key[i]]);
    }
    sql_put(&t, s->n_others ? ") DO UPDATE SET " : ") DO NOTHING");
    for (uint32_t i = 0; i < s->n_others; i++) {
        if (i) sql_put(&t, ", ");
        sql_put_name(&t, s->columns[s->others[i]]);
        sql_put(&t, " = EXCLUDED.");
        sql_put_name(&t, s->columns[s->others[i]]);
    }
    return finish(&t);
}

/* With all columns as parameters, in their order. */
static char *update_text(pg_store *s) {
    const weir_store_args *a = s->args;
    sql_text t = {0};
    sql_put(&t, "UPDATE ");
    put_table(&t, s);
    sql_put(&t, " SET ");
    for (uint32_t i = 0; i < s->n_others; i++) {
        uint32_t c = s->others[i];
        if (i) sql_put(&t, ", ");
        sql_put_name(&t, s->columns[c]);
        sql_put(&t, " = $%u::%s", c + 1, cast(a->columns[c].type));
    }
    sql_put(&t, " WHERE ");
    put_key(&t, s, a->key);
    return finish(&t);
}

/* All values of a row; parameter 1 is a ctid. */
static void put_same(sql_text *t, const pg_store *s) {
    for (uint32_t i = 0; i < s->args->n_columns; i++) {
        if (i) sql_put(t, " AND ");
        sql_put_name(t, s->columns[i]);
        sql_put(t, " IS NOT DISTINCT FROM $%u::%s", i + 2, cast(s->args->columns[i].type));
    }
}

/* The row at the ctid, if it is still that one, else some row with its values. */
static void put_erase_one(sql_text *t, const pg_store *s) {
    sql_put(t, "WITH hit AS (DELETE FROM ");
    put_table(t, s);
    sql_put(t, " WHERE ctid = $1::tid AND ");
    put_same(t, s);
    sql_put(t, " RETURNING 1) DELETE FROM ");
    put_table(t, s);
    sql_put(t, " WHERE ctid = (SELECT ctid FROM ");
    put_table(t, s);
    sql_put(t, " WHERE NOT EXISTS (SELECT 1 FROM hit) AND ");
    put_same(t, s);
    sql_put(t, " LIMIT 1)");
}

static char *erase_text(pg_store *s) {
    sql_text t = {0};
    if (!s->args->n_key) {
        put_erase_one(&t, s);
        return finish(&t);
    }
    sql_put(&t, "DELETE FROM ");
    put_table(&t, s);
    sql_put(&t, " WHERE ");
    put_key(&t, s, NULL);
    return finish(&t);
}

static char *count_text(pg_store *s) {
    sql_text t = {0};
    sql_put(&t, "SELECT count(*) FROM ");
    put_table(&t, s);
    return finish(&t);
}

static pg_statement *plain(pg_store *s, const char *text, uint32_t n_texts, bool and_long) {
    const weir_type types[] = {WEIR_STRING, WEIR_STRING, WEIR_LONG};
    return pg_statement_of(s, strdup(text), types, n_texts + and_long);
}

/* Types of the parameters come with their casts. */
static pg_statement *of_columns(pg_store *s, char *text, uint32_t n) {
    weir_type *none = calloc(n + 1, sizeof *none);
    pg_statement *q = none ? pg_statement_of(s, text, none, n) : NULL;
    if (!none) free(text);
    free(none);
    return q;
}

weir_status pg_make_statements(pg_store *s, weir_error *err) {
    const weir_store_args *a = s->args;
    if (s->get_version) return WEIR_OK;
    s->begin = plain(s, "BEGIN", 0, false);
    s->commit = plain(s, "COMMIT", 0, false);
    s->rollback = plain(s, "ROLLBACK", 0, false);
    s->count = of_columns(s, count_text(s), 0);
    s->insert = of_columns(s, insert_text(s), a->n_columns);
    s->update = a->n_key && s->n_others ? of_columns(s, update_text(s), a->n_columns) : NULL;
    s->erase = of_columns(s, erase_text(s), a->n_key ? a->n_key : a->n_columns + 1);
    s->set_version =
        plain(s,
              "INSERT INTO weir_versions VALUES ($1, $2, $3) ON CONFLICT (app, name) DO UPDATE SET version = "
              "EXCLUDED.version",
              2, true);
    s->get_version = plain(s, "SELECT version FROM weir_versions WHERE app = $1 AND name = $2", 2, false);
    bool ok = s->begin && s->commit && s->rollback && s->count && s->insert && s->erase && s->set_version &&
              s->get_version && (s->update || !a->n_key || !s->n_others);
    return ok ? WEIR_OK : weir_fail(err, WEIR_ENOMEM, "out of memory for a store");
}
