/* store.c: the store in SQLite: connection, searches, transactions. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sqlite.h"
#include "weir.h"

#define WAL_PAUSE_MS 10

static const weir_option options[] = {
    {"database", WEIR_OPTION_TEXT, false, NULL, NULL, "The file; a relative name is relative to the app."},
    {"jdbc.url", WEIR_OPTION_TEXT, false, NULL, NULL, "The same as jdbc:sqlite:FILE."},
    {"table.name", WEIR_OPTION_TEXT, false, NULL, NULL,
     "Name of the table in the database; that of the app's."},
    {"synchronous", WEIR_OPTION_CHOICE, false, "full", "full|normal|off",
     "What a commit outlives: full, a loss of power; normal, a crash of weir, and with a loss of power it "
     "may undo the last ones; off, neither is sure."},
    {"busy.timeout", WEIR_OPTION_TIME, false, "5 sec", NULL,
     "How long another program's lock is waited for in one go; after that it is tried again and again, with "
     "a warning."},
    {"username", WEIR_OPTION_TEXT, false, NULL, NULL, "Of no use here: a file has no users."},
    {"password", WEIR_OPTION_TEXT, false, NULL, NULL, "Of no use here."},
    {"jdbc.driver.name", WEIR_OPTION_TEXT, false, NULL, NULL,
     "Of no use here: SQLite's own library is used."},
    {"pool.properties", WEIR_OPTION_TEXT, false, NULL, NULL,
     "Of no use here: each table has one connection."},
    {"field.length", WEIR_OPTION_TEXT, false, NULL, NULL, "Of no use here: texts are as long as they are."},
    {"table.check.query", WEIR_OPTION_TEXT, false, NULL, NULL, "Refused: the database's catalogue is asked."},
    {"use.collation", WEIR_OPTION_BOOL, false, "false", NULL,
     "Of no use here: strings are compared by their bytes."},
    {0},
};

/* ---- Errors ---- */

/* A row's own fault: another one may be taken. */
static bool is_of_row(int code) {
    switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE: return true;
    default: return false;
    }
}

static bool may_work_later(int code) {
    switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT: return true;
    default: return false;
    }
}

weir_status sqlite_fail(sqlite_store *s, const char *what, weir_error *err) {
    int code = s->db ? sqlite3_extended_errcode(s->db) : SQLITE_CANTOPEN;
    weir_status status = (code & 0xFF) == SQLITE_NOMEM ? WEIR_ENOMEM : WEIR_EIO;
    weir_fail(err, status, "%s: %s: %s", s->path, what, s->db ? sqlite3_errmsg(s->db) : "no connection");
    /* A table that somebody has dropped is made anew. */
    bool is_gone = s->db && code == SQLITE_ERROR && !strncmp(sqlite3_errmsg(s->db), "no such table", 13);
    if (err) err->retriable = is_gone || may_work_later(code);
    if (err) err->fatal = !err->retriable && !is_of_row(code);
    if (s->in_transaction) {
        s->in_transaction = false;
        sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

weir_status sqlite_run(sqlite_store *s, const char *sql, weir_error *err) {
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK
               ? WEIR_OK
               : sqlite_fail(s, "preparing the database", err);
}

weir_status sqlite_prepare(sqlite_store *s, const char *sql, sqlite3_stmt **out, weir_error *err) {
    *out = NULL;
    int rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    return rc == SQLITE_OK ? WEIR_OK : sqlite_fail(s, "preparing a statement", err);
}

/* ---- Opening ---- */

static weir_status find_path(sqlite_store *s, weir_error *err) {
    const weir_setting *set = s->args->settings->of;
    const char *path = set[OPTION_DATABASE].text, *url = set[OPTION_JDBC_URL].text;
    if (!path && url) {
        if (strncasecmp(url, "jdbc:sqlite:", 12) != 0)
            return weir_fail(err, WEIR_ECONFIG, "jdbc.url is '%.100s'; it begins with jdbc:sqlite:", url);
        path = url + 12;
    }
    if (!path || !*path)
        return weir_fail(err, WEIR_ECONFIG,
                         "a store in SQLite needs the option 'database', the name of its file");
    const char *dir = s->args->host->base_dir;
    bool is_relative = *path != '/' && strcmp(path, ":memory:") != 0 && dir;
    s->path = sqlite3_mprintf("%s%s%s", is_relative ? dir : "", is_relative ? "/" : "", path);
    return s->path ? WEIR_OK : weir_fail(err, WEIR_ENOMEM, "out of memory for a store");
}

/* A column that is called so hides it. */
static weir_status name_rowid(sqlite_store *s, weir_error *err) {
    static const char *const names[] = {"rowid", "_rowid_", "oid"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !s->rowid; i++) {
        bool is_hidden = false;
        for (uint32_t c = 0; c < s->args->n_columns; c++)
            is_hidden |= strcasecmp(s->args->columns[c].name, names[i]) == 0;
        if (!is_hidden) s->rowid = names[i];
    }
    if (s->rowid) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG,
                     "a table in SQLite can't have columns 'rowid', '_rowid_' and 'oid' at once");
}

static weir_status store_open(void *self, const weir_store_args *args, weir_error *err) {
    sqlite_store *s = self;
    const weir_setting *set = args->settings->of;
    s->args = args;
    if (set[OPTION_CHECK_QUERY].given)
        return weir_fail(
            err, WEIR_EUNSUPPORTED,
            "'table.check.query' is not needed: the database's catalogue says whether a table is there");
    SQLITE_TRY(find_path(s, err));
    s->table = set[OPTION_TABLE_NAME].given ? set[OPTION_TABLE_NAME].text : args->table;
    SQLITE_TRY(name_rowid(s, err));
    s->values = calloc(args->n_columns + 1, sizeof *s->values);
    s->objects = calloc(args->n_columns + 1, sizeof *s->objects);
    s->columns = calloc(args->n_columns + 1, sizeof *s->columns);
    for (uint32_t i = 0; s->columns && i < args->n_columns; i++) s->columns[i] = args->columns[i].name;
    return s->values && s->objects && s->columns ? WEIR_OK
                                                 : weir_fail(err, WEIR_ENOMEM, "out of memory for a store");
}

static void finalize(sqlite3_stmt **statement) {
    sqlite3_finalize(*statement);
    *statement = NULL;
}

static void disconnect(sqlite_store *s) {
    sqlite3_stmt **const all[] = {&s->begin,  &s->commit,      &s->rollback,    &s->erase, &s->update,
                                  &s->insert, &s->set_version, &s->get_version, &s->count};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) finalize(all[i]);
    for (sqlite_query *q = s->queries; q; q = q->next) finalize(&q->statement);
    sqlite3_close(s->db);
    s->db = NULL;
    s->in_transaction = false;
}

static void store_close(void *self) {
    sqlite_store *s = self;
    disconnect(s);
    for (sqlite_query *q = s->queries, *next; q; q = next) {
        next = q->next;
        free(q->text);
        free(q);
    }
    sqlite3_free(s->path);
    free(s->values);
    free(s->objects);
    free(s->columns);
}

/* ---- Statements ---- */

static weir_status prepare_text(sqlite_store *s, sql_text *t, sqlite3_stmt **out, weir_error *err) {
    weir_status st = t->failed ? weir_fail(err, WEIR_ENOMEM, "out of memory for a store")
                               : sqlite_prepare(s, t->text, out, err);
    sql_fini(t);
    return st;
}

/* Parameter 1 is the rowid, then come the columns. */
static weir_status prepare_insert(sqlite_store *s, weir_error *err) {
    sql_text t = {0};
    sql_put(&t, "INSERT INTO ");
    sql_put_name(&t, s->table);
    sql_put(&t, " (%s, ", s->rowid);
    sql_names(&t, s->columns, s->args->n_columns);
    sql_put(&t, ") VALUES (?1");
    for (uint32_t i = 0; i < s->args->n_columns; i++) sql_put(&t, ", ?%u", i + 2);
    sql_put(&t, ")");
    return prepare_text(s, &t, &s->insert, err);
}

static weir_status prepare_update(sqlite_store *s, weir_error *err) {
    sql_text t = {0};
    sql_put(&t, "UPDATE ");
    sql_put_name(&t, s->table);
    sql_put(&t, " SET ");
    for (uint32_t i = 0; i < s->args->n_columns; i++) {
        sql_put(&t, i ? ", " : "");
        sql_put_name(&t, s->args->columns[i].name);
        sql_put(&t, " = ?%u", i + 2);
    }
    sql_put(&t, " WHERE %s = ?1", s->rowid);
    return prepare_text(s, &t, &s->update, err);
}

static weir_status prepare_erase(sqlite_store *s, weir_error *err) {
    sql_text t = {0};
    sql_put(&t, "DELETE FROM ");
    sql_put_name(&t, s->table);
    sql_put(&t, " WHERE %s = ?1", s->rowid);
    return prepare_text(s, &t, &s->erase, err);
}

static weir_status prepare_count(sqlite_store *s, weir_error *err) {
    sql_text t = {0};
    sql_put(&t, "SELECT count(*) FROM ");
    sql_put_name(&t, s->table);
    return prepare_text(s, &t, &s->count, err);
}

static weir_status prepare_all(sqlite_store *s, weir_error *err) {
    SQLITE_TRY(sqlite_prepare(s, "BEGIN IMMEDIATE", &s->begin, err));
    SQLITE_TRY(sqlite_prepare(s, "COMMIT", &s->commit, err));
    SQLITE_TRY(sqlite_prepare(s, "ROLLBACK", &s->rollback, err));
    SQLITE_TRY(prepare_erase(s, err));
    SQLITE_TRY(prepare_count(s, err));
    SQLITE_TRY(prepare_update(s, err));
    SQLITE_TRY(prepare_insert(s, err));
    SQLITE_TRY(
        sqlite_prepare(s,
                       "INSERT INTO weir_versions VALUES (?1, ?2, ?3) ON CONFLICT (app, name) DO UPDATE SET "
                       "version = excluded.version",
                       &s->set_version, err));
    return sqlite_prepare(s, "SELECT version FROM weir_versions WHERE app = ?1 AND name = ?2",
                          &s->get_version, err);
}

/* Several that want the same at once are told to go away at once, whatever the busy timeout says. */
static weir_status switch_to_wal(sqlite_store *s, int64_t busy_ms, weir_error *err) {
    int64_t waited = 0;
    for (;;) {
        weir_error own = {0};
        weir_status st = sqlite_run(s, "PRAGMA journal_mode = WAL", &own);
        if (st == WEIR_OK) return st;
        if (!own.retriable || waited >= busy_ms) {
            if (err) *err = own;
            return st;
        }
        sqlite3_sleep(WAL_PAUSE_MS);
        waited += WAL_PAUSE_MS;
    }
}

static weir_status store_connect(void *self, weir_error *err) {
    sqlite_store *s = self;
    static const char *const synchronous[] = {"PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL",
                                              "PRAGMA synchronous = OFF"};
    const weir_setting *set = s->args->settings->of;
    disconnect(s);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(s->path, &s->db, flags, NULL) != SQLITE_OK)
        return sqlite_fail(s, "opening the file", err);
    sqlite3_busy_timeout(s->db, (int)set[OPTION_BUSY_TIMEOUT].as.l);
    SQLITE_TRY(switch_to_wal(s, set[OPTION_BUSY_TIMEOUT].as.l, err));
    SQLITE_TRY(sqlite_run(s, synchronous[set[OPTION_SYNCHRONOUS].as.l], err));
    SQLITE_TRY(sqlite_schema(s, err));
    return prepare_all(s, err);
}

/* What is written to a file that somebody has deleted or moved away would be lost: it is made anew. */
static weir_status check_place(sqlite_store *s, weir_error *err) {
    int has_moved = 0;
    sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    if (!has_moved) return WEIR_OK;
    weir_fail(err, WEIR_EIO, "%s: the file was deleted or moved", s->path);
    if (err) err->retriable = true;
    return WEIR_EIO;
}

/* ---- Searching ---- */

static const sql_dialect dialect = {.param = "?", .same = "IS"};

static char *query_text(sqlite_store *s, const weir_store_cond *cond) {
    sql_text t = {0};
    sql_put(&t, "SELECT %s, ", s->rowid);
    sql_names(&t, s->columns, s->args->n_columns);
    sql_put(&t, " FROM ");
    sql_put_name(&t, s->table);
    if (cond) {
        sql_put(&t, " WHERE ");
        sql_condition(&t, cond, s->columns, &dialect);
    }
    if (t.failed) sql_fini(&t);
    return t.text;
}

static weir_status store_prepare(void *self, const weir_store_cond *cond, const weir_type *types,
                                 uint32_t n_params, void **query, weir_error *err) {
    sqlite_store *s = self;
    char *text = query_text(s, cond);
    (void)types;
    sqlite_query *q = s->queries;
    while (text && q && strcmp(q->text, text) != 0) q = q->next;
    *query = q;
    if (q) {
        free(text);
        return WEIR_OK;
    }
    q = calloc(1, sizeof *q);
    if (!q || !text) {
        free(q);
        free(text);
        return weir_fail(err, WEIR_ENOMEM, "out of memory for a search");
    }
    *q = (sqlite_query){.next = s->queries, .text = text, .n_params = n_params};
    s->queries = q;
    *query = q;
    return WEIR_OK;
}

static void drop_objects(sqlite_store *s) {
    for (uint32_t i = 0; i < s->args->n_columns; i++) {
        weir_object_unref(s->objects[i]);
        s->objects[i] = NULL;
    }
}

static weir_status give_row(sqlite_store *s, sqlite3_stmt *statement, const weir_store_find *f,
                            weir_error *err) {
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < s->args->n_columns && st == WEIR_OK; i++)
        st = sqlite_read(s, statement, (int)i + 1, s->args->columns[i].type, &s->values[i], &s->objects[i],
                         err);
    if (st == WEIR_OK) st = f->visit(f->ctx, s->values, sqlite3_column_int64(statement, 0), err);
    drop_objects(s);
    return st;
}

static weir_status find_one(sqlite_store *s, const sqlite_query *q, const weir_store_find *f, uint32_t row,
                            weir_error *err) {
    int rc = SQLITE_OK;
    for (uint32_t i = 0; i < q->n_params && rc == SQLITE_OK; i++) {
        weir_value v = weir_column_value(&f->params[i], row);
        rc = sqlite_bind(q->statement, (int)i + 1, &v);
    }
    weir_status st = WEIR_OK;
    while (rc == SQLITE_OK && st == WEIR_OK) {
        int step = sqlite3_step(q->statement);
        if (step == SQLITE_DONE) break;
        if (step != SQLITE_ROW)
            rc = step;
        else
            st = give_row(s, q->statement, f, err);
    }
    if (rc != SQLITE_OK) st = sqlite_fail(s, "searching", err);
    sqlite3_reset(q->statement);
    return st;
}

/* All searches see one state of the file, and lock it once. */
static weir_status store_find(void *self, const weir_store_find *f, weir_error *err) {
    sqlite_store *s = self;
    sqlite_query *q = f->query;
    SQLITE_TRY(check_place(s, err));
    if (!q->statement) SQLITE_TRY(sqlite_prepare(s, q->text, &q->statement, err));
    bool several = f->n_rows > 1;
    if (several) SQLITE_TRY(sqlite_run(s, "BEGIN", err));
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < f->n_rows && st == WEIR_OK; i++) st = find_one(s, q, f, f->rows[i], err);
    sqlite3_clear_bindings(q->statement);
    if (several) sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
    return st;
}

static weir_status store_count(void *self, uint64_t *n_rows, weir_error *err) {
    sqlite_store *s = self;
    weir_status st = sqlite3_step(s->count) == SQLITE_ROW ? WEIR_OK : sqlite_fail(s, "counting rows", err);
    if (st == WEIR_OK) *n_rows = (uint64_t)sqlite3_column_int64(s->count, 0);
    sqlite3_reset(s->count);
    return st;
}

/* ---- Writing ---- */

static weir_status step(sqlite_store *s, sqlite3_stmt *statement, const char *what, weir_error *err) {
    int rc = sqlite3_step(statement);
    weir_status st = rc == SQLITE_DONE || rc == SQLITE_ROW ? WEIR_OK : sqlite_fail(s, what, err);
    sqlite3_reset(statement);
    return st;
}

static weir_status store_begin(void *self, weir_error *err) {
    sqlite_store *s = self;
    SQLITE_TRY(check_place(s, err));
    SQLITE_TRY(step(s, s->begin, "beginning a transaction", err));
    s->in_transaction = true;
    return WEIR_OK;
}

static weir_status store_erase(void *self, int64_t number, const weir_value *values, weir_error *err) {
    sqlite_store *s = self;
    (void)values;
    sqlite3_bind_int64(s->erase, 1, number);
    return step(s, s->erase, "erasing a row", err);
}

static weir_status bind_row(sqlite_store *s, sqlite3_stmt *statement, const weir_value *values,
                            weir_error *err) {
    for (uint32_t i = 0; i < s->args->n_columns; i++)
        if (sqlite_bind(statement, (int)i + 2, &values[i]) != SQLITE_OK)
            return sqlite_fail(s, "binding a row", err);
    return WEIR_OK;
}

static weir_status store_update(void *self, int64_t number, const weir_value *values, weir_error *err) {
    sqlite_store *s = self;
    sqlite3_bind_int64(s->update, 1, number);
    SQLITE_TRY(bind_row(s, s->update, values, err));
    return step(s, s->update, "updating a row", err);
}

static weir_status store_insert(void *self, const weir_value *values, int64_t *number, weir_error *err) {
    sqlite_store *s = self;
    if (*number)
        sqlite3_bind_int64(s->insert, 1, *number);
    else
        sqlite3_bind_null(s->insert, 1);
    SQLITE_TRY(bind_row(s, s->insert, values, err));
    SQLITE_TRY(step(s, s->insert, "inserting a row", err));
    *number = sqlite3_last_insert_rowid(s->db);
    return WEIR_OK;
}

static void bind_name(sqlite_store *s, sqlite3_stmt *statement) {
    sqlite3_bind_text(statement, 1, s->args->app, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, s->args->table, -1, SQLITE_STATIC);
}

static weir_status store_commit(void *self, uint64_t version, weir_error *err) {
    sqlite_store *s = self;
    if (version) {
        bind_name(s, s->set_version);
        sqlite3_bind_int64(s->set_version, 3, (int64_t)version);
        SQLITE_TRY(step(s, s->set_version, "storing the version", err));
    }
    SQLITE_TRY(step(s, s->commit, "committing", err));
    s->in_transaction = false;
    return WEIR_OK;
}

static weir_status store_undo(void *self, weir_error *err) {
    sqlite_store *s = self;
    s->in_transaction = false;
    return step(s, s->rollback, "undoing a transaction", err);
}

static weir_status store_version(void *self, uint64_t *version, weir_error *err) {
    sqlite_store *s = self;
    bind_name(s, s->get_version);
    int rc = sqlite3_step(s->get_version);
    weir_status st =
        rc == SQLITE_ROW || rc == SQLITE_DONE ? WEIR_OK : sqlite_fail(s, "asking for the version", err);
    *version = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s->get_version, 0) : 0;
    sqlite3_reset(s->get_version);
    return st;
}

const weir_store_type sqlite_store_type = {
    .struct_size = sizeof sqlite_store_type,
    .name = "sqlite",
    .doc = "Keeps the rows of a table in a file of SQLite.",
    .example = "@store(type='sqlite', database='stock.db')",
    .options = options,
    .state_size = sizeof(sqlite_store),
    .numbers_rows = true,
    .keeps_null_keys = true,
    .open = store_open,
    .connect = store_connect,
    .prepare = store_prepare,
    .find = store_find,
    .count = store_count,
    .begin = store_begin,
    .erase = store_erase,
    .update = store_update,
    .insert = store_insert,
    .commit = store_commit,
    .undo = store_undo,
    .version = store_version,
    .close = store_close,
};
