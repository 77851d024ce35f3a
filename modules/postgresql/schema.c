/* schema.c: the table in the database: made if it is missing, else compared with the app's.
 *
 * Names are looked for as they are written, then in small letters, as SQL that does not quote them (Siddhi's)
 * has made them; new tables get small letters. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "postgresql.h"

static char *small(const char *name) {
    char *copy = strdup(name);
    for (char *c = copy; c && *c; c++) *c = (char)tolower((unsigned char)*c);
    return copy;
}

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a table");
}

static void put_table(sql_text *t, const pg_store *s) {
    if (s->schema_name) {
        sql_put_name(t, s->schema_name);
        sql_put(t, ".");
    }
    sql_put_name(t, s->table);
}

/* The table's name as a text that regclass reads. */
static char *quoted(const pg_store *s) {
    sql_text t = {0};
    put_table(&t, s);
    if (t.failed) sql_fini(&t);
    return t.text;
}

static weir_status exists(pg_store *s, bool *found, weir_error *err) {
    char *name = quoted(s);
    const char *values[] = {name};
    PGresult *r;
    if (!name) return no_memory(err);
    weir_status st = pg_ask(s, "SELECT to_regclass($1) IS NOT NULL", 1, values, &r, err);
    free(name);
    PG_TRY(st);
    *found = *PQgetvalue(r, 0, 0) == 't';
    PQclear(r);
    return WEIR_OK;
}

/* ---- Making it ----------------------------------------------------------------------------------------- */

static weir_status run(pg_store *s, sql_text *t, weir_error *err) {
    PGresult *r = NULL;
    weir_status st = t->failed ? no_memory(err) : pg_ask(s, t->text, 0, NULL, &r, err);
    sql_fini(t);
    PQclear(r);
    return st;
}

/* field.length: "a:100, b:20". 0: none for this one. */
static unsigned long field_length(const pg_store *s, const char *column) {
    const char *text = s->args->settings->of[PG_FIELD_LENGTH].text;
    size_t len = strlen(column);
    while (text && *text) {
        text += strspn(text, ", \t\n");
        size_t n = strcspn(text, ":,");
        size_t name = n;
        while (name && isspace((unsigned char)text[name - 1])) name--;
        if (text[n] == ':' && name == len && !strncasecmp(text, column, len))
            return strtoul(text + n + 1, NULL, 10);
        text += strcspn(text, ",");
    }
    return 0;
}

static weir_status make_table(pg_store *s, weir_error *err) {
    const weir_store_args *a = s->args;
    sql_text t = {0};
    sql_put(&t, "CREATE TABLE IF NOT EXISTS ");
    put_table(&t, s);
    for (uint32_t i = 0; i < a->n_columns; i++) {
        unsigned long length = a->columns[i].type == WEIR_STRING ? field_length(s, a->columns[i].name) : 0;
        sql_put(&t, i ? ", " : " (");
        sql_put_name(&t, s->columns[i]);
        if (length)
            sql_put(&t, " VARCHAR(%lu)", length);
        else
            sql_put(&t, " %s", pg_type_text(a->columns[i].type));
    }
    for (uint32_t i = 0; i < a->n_key; i++) {
        sql_put(&t, i ? ", " : ", PRIMARY KEY (");
        sql_put_name(&t, s->columns[a->key[i]]);
    }
    sql_put(&t, a->n_key ? "))" : ")");
    return run(s, &t, err);
}

static weir_status make_index(pg_store *s, uint32_t column, weir_error *err) {
    char name[64];
    sql_text t = {0};
    snprintf(name, sizeof name, "%.28s_%.28s_index", s->table, s->columns[column]);
    sql_put(&t, "CREATE INDEX IF NOT EXISTS ");
    sql_put_name(&t, name);
    sql_put(&t, " ON ");
    put_table(&t, s);
    sql_put(&t, " (");
    sql_put_name(&t, s->columns[column]);
    sql_put(&t, ")");
    return run(s, &t, err);
}

/* ---- Looking at it ------------------------------------------------------------------------------------- */

static bool holds(const char *type, weir_type want) {
    static const char *const fitting[][4] = {
        [WEIR_INT] = {"int4", "int8"}, [WEIR_LONG] = {"int8"}, [WEIR_FLOAT] = {"float4", "float8"},
        [WEIR_DOUBLE] = {"float8"},    [WEIR_BOOL] = {"bool"}, [WEIR_STRING] = {"text", "varchar"},
        [WEIR_OBJECT] = {"bytea"}};
    for (int i = 0; i < 4 && fitting[want][i]; i++)
        if (!strcmp(type, fitting[want][i])) return true;
    return false;
}

/* Row of the catalogue's answer that is the column, or -1. */
static int find_column(const PGresult *r, const char *name) {
    for (int exact = 1; exact >= 0; exact--)
        for (int row = 0; row < PQntuples(r); row++) {
            const char *other = PQgetvalue(r, row, 0);
            if (exact ? !strcmp(other, name) : !strcasecmp(other, name)) return row;
        }
    return -1;
}

static weir_status take_column(pg_store *s, uint32_t i, const PGresult *r, weir_error *err) {
    const weir_attribute *a = &s->args->columns[i];
    int row = find_column(r, a->name);
    if (row < 0) return weir_fail(err, WEIR_ECONFIG, "table '%s' has no column '%s'", s->table, a->name);
    const char *type = PQgetvalue(r, row, 1);
    if (!holds(type, a->type))
        return weir_fail(err, WEIR_ECONFIG, "column '%s' of table '%s' is %s, which can't hold a %s", a->name,
                         s->table, type, weir_type_name(a->type));
    char *name = strdup(PQgetvalue(r, row, 0));
    if (!name) return no_memory(err);
    free(s->columns[i]);
    s->columns[i] = name;
    return WEIR_OK;
}

/* Columns that the app does not know. */
static weir_status check_others(pg_store *s, const PGresult *r, weir_error *err) {
    for (int row = 0; row < PQntuples(r); row++) {
        const char *name = PQgetvalue(r, row, 0);
        bool is_own = false;
        for (uint32_t i = 0; i < s->args->n_columns; i++) is_own |= !strcmp(s->columns[i], name);
        if (is_own) continue;
        if (*PQgetvalue(r, row, 2) == 't')
            return weir_fail(err, WEIR_ECONFIG,
                             "table '%s' has a column '%s' that must not be null, and the app's has not",
                             s->table, name);
        if (!s->args->n_key)
            return weir_fail(err, WEIR_ECONFIG,
                             "table '%s' has a column '%s' that the app's has not: without a @PrimaryKey "
                             "rows could not be "
                             "told apart",
                             s->table, name);
    }
    return WEIR_OK;
}

static weir_status check_columns(pg_store *s, const char *name, weir_error *err) {
    static const char sql[] = "SELECT a.attname, t.typname, a.attnotnull AND NOT a.atthasdef AND "
                              "a.attidentity = '' FROM pg_attribute a JOIN "
                              "pg_type t ON t.oid = a.atttypid WHERE a.attrelid = $1::regclass AND a.attnum "
                              "> 0 AND NOT a.attisdropped";
    PGresult *r;
    PG_TRY(pg_ask(s, sql, 1, &name, &r, err));
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < s->args->n_columns && st == WEIR_OK; i++) st = take_column(s, i, r, err);
    if (st == WEIR_OK) st = check_others(s, r, err);
    PQclear(r);
    return st;
}

static bool is_key_column(const pg_store *s, const char *name) {
    for (uint32_t i = 0; i < s->args->n_key; i++)
        if (!strcmp(s->columns[s->args->key[i]], name)) return true;
    return false;
}

/* A unique index over just the columns of the key. */
static weir_status check_key(pg_store *s, const char *name, weir_error *err) {
    static const char sql[] = "SELECT i.indexrelid, a.attname FROM pg_index i JOIN pg_attribute a ON "
                              "a.attrelid = i.indrelid AND a.attnum = "
                              "ANY(i.indkey[0:i.indnkeyatts - 1]) WHERE i.indrelid = $1::regclass AND "
                              "i.indisunique AND i.indisvalid AND "
                              "i.indpred IS NULL AND i.indexprs IS NULL ORDER BY 1";
    PGresult *r;
    bool found = false;
    if (!s->args->n_key) return WEIR_OK;
    PG_TRY(pg_ask(s, sql, 1, &name, &r, err));
    for (int row = 0, end; row < PQntuples(r) && !found; row = end) {
        uint32_t n_fitting = 0;
        for (end = row; end < PQntuples(r) && !strcmp(PQgetvalue(r, end, 0), PQgetvalue(r, row, 0)); end++)
            n_fitting += is_key_column(s, PQgetvalue(r, end, 1));
        found = n_fitting == s->args->n_key && (uint32_t)(end - row) == n_fitting;
    }
    PQclear(r);
    if (found) return WEIR_OK;
    weir_fail(err, WEIR_ECONFIG, "table '%s' has no unique index over just the columns of @PrimaryKey",
              s->table);
    if (err)
        snprintf(err->hint, sizeof err->hint, "make one in the database, or another table with table.name");
    return WEIR_ECONFIG;
}

/* ---- All of it ----------------------------------------------------------------------------------------- */

static weir_status set_name(char **name, char *copy, weir_error *err) {
    free(*name);
    *name = copy;
    return copy ? WEIR_OK : no_memory(err);
}

static weir_status name_columns(pg_store *s, bool as_written, weir_error *err) {
    for (uint32_t i = 0; i < s->args->n_columns; i++) {
        const char *name = s->args->columns[i].name;
        PG_TRY(set_name(&s->columns[i], as_written ? strdup(name) : small(name), err));
    }
    return WEIR_OK;
}

/* Two columns that differ by the size of a letter. */
static bool are_columns_alike(const pg_store *s) {
    for (uint32_t i = 0; i < s->args->n_columns; i++)
        for (uint32_t k = 0; k < i; k++)
            if (!strcasecmp(s->args->columns[i].name, s->args->columns[k].name)) return true;
    return false;
}

static weir_status find_or_make(pg_store *s, weir_error *err) {
    const char *written = s->args->settings->of[PG_TABLE_NAME].given
                              ? s->args->settings->of[PG_TABLE_NAME].text
                              : s->args->table;
    const char *dot = s->schema_name ? strchr(written, '.') : NULL;
    bool found = false;
    if (dot) written = dot + 1;
    PG_TRY(set_name(&s->table, strdup(written), err));
    PG_TRY(exists(s, &found, err));
    if (!found) PG_TRY(set_name(&s->table, small(written), err));
    if (!found) PG_TRY(exists(s, &found, err));
    PG_TRY(name_columns(s, are_columns_alike(s), err));
    return found ? WEIR_OK : make_table(s, err);
}

static weir_status make_versions(pg_store *s, weir_error *err) {
    sql_text t = {0};
    sql_put(
        &t,
        "CREATE TABLE IF NOT EXISTS weir_versions (app TEXT NOT NULL, name TEXT NOT NULL, version BIGINT NOT "
        "NULL, PRIMARY KEY (app, name))");
    return run(s, &t, err);
}

static weir_status make_all(pg_store *s, weir_error *err) {
    PG_TRY(find_or_make(s, err));
    char *name = quoted(s);
    if (!name) return no_memory(err);
    weir_status st = check_columns(s, name, err);
    if (st == WEIR_OK) st = check_key(s, name, err);
    free(name);
    PG_TRY(st);
    for (uint32_t i = 0; i < s->args->n_indexes; i++) PG_TRY(make_index(s, s->args->indexes[i], err));
    return make_versions(s, err);
}

/* One at a time among all that are starting: "if not exists" alone does not see what is being made. */
weir_status pg_schema(pg_store *s, weir_error *err) {
    PGresult *r;
    PG_TRY(pg_ask(s, "BEGIN", 0, NULL, &r, err));
    PQclear(r);
    PG_TRY(pg_ask(s, "SELECT pg_advisory_xact_lock(7730021)", 0, NULL, &r, err));
    PQclear(r);
    PG_TRY(make_all(s, err));
    PG_TRY(pg_ask(s, "COMMIT", 0, NULL, &r, err));
    PQclear(r);
    return WEIR_OK;
}
