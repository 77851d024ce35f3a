/* schema.c: the table in the database: made if it is missing, else compared with the app's. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sqlite.h"

static const char *type_text(weir_type type) {
    static const char *const texts[] = {
        [WEIR_INT] = "INTEGER",  [WEIR_LONG] = "BIGINT", [WEIR_FLOAT] = "FLOAT", [WEIR_DOUBLE] = "DOUBLE",
        [WEIR_BOOL] = "BOOLEAN", [WEIR_STRING] = "TEXT", [WEIR_OBJECT] = "BLOB"};
    return texts[type];
}

static weir_status finish(sqlite_store *s, sql_text *t, weir_error *err) {
    weir_status st =
        t->failed ? weir_fail(err, WEIR_ENOMEM, "out of memory for a table") : sqlite_run(s, t->text, err);
    sql_fini(t);
    return st;
}

/* The key is an index of its own: "INTEGER PRIMARY KEY" would be the rowid, which is the order of rows. */
static weir_status make_table(sqlite_store *s, weir_error *err) {
    const weir_store_args *a = s->args;
    sql_text t = {0};
    sql_put(&t, "CREATE TABLE IF NOT EXISTS ");
    sql_put_name(&t, s->table);
    for (uint32_t i = 0; i < a->n_columns; i++) {
        sql_put(&t, i ? ", " : " (");
        sql_put_name(&t, a->columns[i].name);
        sql_put(&t, " %s", type_text(a->columns[i].type));
    }
    for (uint32_t i = 0; i < a->n_key; i++) {
        sql_put(&t, i ? ", " : ", UNIQUE (");
        sql_put_name(&t, a->columns[a->key[i]].name);
    }
    sql_put(&t, a->n_key ? "))" : ")");
    return finish(s, &t, err);
}

static weir_status make_index(sqlite_store *s, uint32_t column, weir_error *err) {
    char name[256];
    sql_text t = {0};
    snprintf(name, sizeof name, "%.100s_%.100s_index", s->table, s->args->columns[column].name);
    sql_put(&t, "CREATE INDEX IF NOT EXISTS ");
    sql_put_name(&t, name);
    sql_put(&t, " ON ");
    sql_put_name(&t, s->table);
    sql_put(&t, " (");
    sql_put_name(&t, s->args->columns[column].name);
    sql_put(&t, ")");
    return finish(s, &t, err);
}

/* ---- What is there ---- */

/* Can a column that was declared so hold the type? SQLite's rules of affinity: any column holds anything, but
 * INTEGER and NUMERIC change texts, and TEXT numbers. */
static bool holds(const char *declared, weir_type type) {
    char upper[64];
    snprintf(upper, sizeof upper, "%s", declared ? declared : "");
    for (char *c = upper; *c; c++)
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 32);
    bool is_int = strstr(upper, "INT") != NULL;
    bool is_text = !is_int && (strstr(upper, "CHAR") || strstr(upper, "CLOB") || strstr(upper, "TEXT"));
    bool is_blob = !is_int && !is_text && (!*upper || strstr(upper, "BLOB"));
    bool is_real = !is_int && !is_text && !is_blob &&
                   (strstr(upper, "REAL") || strstr(upper, "FLOA") || strstr(upper, "DOUB"));
    bool is_numeric = !is_int && !is_text && !is_blob && !is_real;
    if (is_blob) return true;
    switch (type) {
    case WEIR_INT:
    case WEIR_LONG:
    case WEIR_BOOL: return is_int || is_numeric;
    case WEIR_FLOAT:
    case WEIR_DOUBLE: return is_real || is_numeric;
    case WEIR_STRING: return is_text;
    default: return true;
    }
}

static weir_status check_column(sqlite_store *s, const weir_attribute *column, weir_error *err) {
    const char *declared = NULL;
    int not_null = 0, rc = sqlite3_table_column_metadata(s->db, NULL, s->table, column->name, &declared, NULL,
                                                         &not_null, NULL, NULL);
    if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED) return sqlite_fail(s, "looking at the table", err);
    if (rc != SQLITE_OK)
        return weir_fail(err, WEIR_ECONFIG, "table '%s' in %s has no column '%s'", s->table, s->path,
                         column->name);
    if (holds(declared, column->type)) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "column '%s' of table '%s' in %s is %s, which can't hold a %s",
                     column->name, s->table, s->path, declared ? declared : "", weir_type_name(column->type));
}

static bool is_own_column(const sqlite_store *s, const char *name) {
    for (uint32_t i = 0; i < s->args->n_columns; i++)
        if (!strcasecmp(s->args->columns[i].name, name)) return true;
    return false;
}

/* Columns that the app does not know must do without a value. */
static weir_status check_others(sqlite_store *s, weir_error *err) {
    sqlite3_stmt *q;
    SQLITE_TRY(sqlite_prepare(s, "SELECT name, \"notnull\", dflt_value IS NULL FROM pragma_table_info(?1)",
                              &q, err));
    sqlite3_bind_text(q, 1, s->table, -1, SQLITE_STATIC);
    weir_status st = WEIR_OK;
    while (st == WEIR_OK && sqlite3_step(q) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(q, 0);
        if (!is_own_column(s, name) && sqlite3_column_int(q, 1) && sqlite3_column_int(q, 2))
            st = weir_fail(err, WEIR_ECONFIG,
                           "table '%s' in %s has a column '%s' that must not be null, and the app's has not",
                           s->table, s->path, name);
    }
    sqlite3_finalize(q);
    return st;
}

static bool is_key_column(const sqlite_store *s, const char *name) {
    for (uint32_t i = 0; i < s->args->n_key; i++)
        if (!strcasecmp(s->args->columns[s->args->key[i]].name, name)) return true;
    return false;
}

/* Is there a unique index over just the columns of the key, or the table's own key of them? */
static weir_status find_key(sqlite_store *s, bool *found, weir_error *err) {
    static const char sql[] =
        "SELECT i.name, c.name FROM pragma_index_list(?1) AS i, pragma_index_info(i.name) AS c "
        "WHERE i.\"unique\" AND NOT i.partial "
        "UNION ALL SELECT '', name FROM pragma_table_info(?1) WHERE pk ORDER BY 1";
    sqlite3_stmt *q;
    char index[256] = "";
    uint32_t n = 0, n_fitting = 0;
    bool first = true;
    *found = false;
    SQLITE_TRY(sqlite_prepare(s, sql, &q, err));
    sqlite3_bind_text(q, 1, s->table, -1, SQLITE_STATIC);
    while (sqlite3_step(q) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(q, 0);
        const char *column = (const char *)sqlite3_column_text(q, 1);
        if (first || strcmp(index, name ? name : "") != 0) {
            *found |= !first && n == s->args->n_key && n_fitting == n;
            snprintf(index, sizeof index, "%s", name ? name : "");
            n = n_fitting = 0;
        }
        first = false;
        n++;
        n_fitting += column && is_key_column(s, column);
    }
    *found |= !first && n == s->args->n_key && n_fitting == n;
    sqlite3_finalize(q);
    return WEIR_OK;
}

static weir_status check_key(sqlite_store *s, weir_error *err) {
    bool found = true;
    if (s->args->n_key) SQLITE_TRY(find_key(s, &found, err));
    if (found) return WEIR_OK;
    weir_fail(err, WEIR_ECONFIG, "table '%s' in %s has no unique index over just the columns of @PrimaryKey",
              s->table, s->path);
    if (err)
        snprintf(err->hint, sizeof err->hint, "make one in the database, or another table with table.name");
    return WEIR_ECONFIG;
}

static weir_status check_rowid(sqlite_store *s, weir_error *err) {
    sql_text t = {0};
    sqlite3_stmt *q = NULL;
    sql_put(&t, "SELECT %s FROM ", s->rowid);
    sql_put_name(&t, s->table);
    int rc = t.failed ? SQLITE_NOMEM : sqlite3_prepare_v2(s->db, t.text, -1, &q, NULL);
    sqlite3_finalize(q);
    sql_fini(&t);
    if (rc == SQLITE_OK) return WEIR_OK;
    if (rc != SQLITE_ERROR) return sqlite_fail(s, "looking at the table", err);
    return weir_fail(err, WEIR_ECONFIG,
                     "table '%s' in %s is a view, or made WITHOUT ROWID: weir needs rowids", s->table,
                     s->path);
}

weir_status sqlite_schema(sqlite_store *s, weir_error *err) {
    const weir_store_args *a = s->args;
    SQLITE_TRY(make_table(s, err));
    for (uint32_t i = 0; i < a->n_columns; i++) SQLITE_TRY(check_column(s, &a->columns[i], err));
    SQLITE_TRY(check_rowid(s, err));
    SQLITE_TRY(check_others(s, err));
    SQLITE_TRY(check_key(s, err));
    for (uint32_t i = 0; i < a->n_indexes; i++) SQLITE_TRY(make_index(s, a->indexes[i], err));
    return sqlite_run(
        s,
        "CREATE TABLE IF NOT EXISTS weir_versions (app TEXT NOT NULL, name TEXT NOT NULL, version "
        "INTEGER NOT NULL, PRIMARY KEY (app, name))",
        err);
}
