/* sqlite.h: the inside of the store in SQLite.
 *
 * One connection and one set of prepared statements for each table. Values are bound, names are quoted; no
 * text of the app becomes SQL. A row is known by its rowid, which also is the order in which rows were
 * inserted.
 *
 *   int, long   INTEGER     float, double   REAL; NaN as the text 'NaN', since SQLite takes it for NULL
 *   bool        INTEGER     string          TEXT       object   BLOB */
#ifndef WEIR_SQLITE_H
#define WEIR_SQLITE_H

#include <sqlite3.h>

#include "../sql/sql.h"
#include "weir_store.h"

#define SQLITE_TRY(call)                                                                                     \
    do {                                                                                                     \
        weir_status sqlite_status_ = (call);                                                                 \
        if (sqlite_status_ != WEIR_OK) return sqlite_status_;                                                \
    } while (0)

enum {
    OPTION_DATABASE,
    OPTION_JDBC_URL,
    OPTION_TABLE_NAME,
    OPTION_SYNCHRONOUS,
    OPTION_BUSY_TIMEOUT,
    OPTION_USERNAME,
    OPTION_PASSWORD,
    OPTION_DRIVER,
    OPTION_POOL,
    OPTION_FIELD_LENGTH,
    OPTION_CHECK_QUERY,
    OPTION_COLLATION
};

/* What prepare gave: the text, and the statement of the connection at hand. */
typedef struct sqlite_query {
    struct sqlite_query *next;
    char *text;
    sqlite3_stmt *statement; /* NULL: not prepared on this connection */
    uint32_t n_params;
} sqlite_query;

typedef struct sqlite_store {
    const weir_store_args *args;
    char *path;
    const char **columns; /* names */
    const char *table;    /* its name in the database */
    const char *rowid;    /* the name of the rowid that is no column's */

    sqlite3 *db;
    bool in_transaction;
    sqlite_query *queries;
    sqlite3_stmt *begin, *commit, *rollback, *erase, *update, *insert, *set_version, *get_version, *count;
    weir_value *values; /* of the row being read */
    weir_object **objects;
    uint64_t n_misfits;
} sqlite_store;

extern const weir_store_type sqlite_store_type;

/* values.c */
int sqlite_bind(sqlite3_stmt *statement, int at, const weir_value *value);
/* A column of the row at hand. A value that does not fit its type becomes null and is counted. */
weir_status sqlite_read(sqlite_store *s, sqlite3_stmt *statement, int at, weir_type type, weir_value *out,
                        weir_object **object, weir_error *err);

/* schema.c: makes the table, its indexes and that of versions, or checks what is there. */
weir_status sqlite_schema(sqlite_store *s, weir_error *err);

/* store.c */
weir_status sqlite_fail(sqlite_store *s, const char *what, weir_error *err);
weir_status sqlite_run(sqlite_store *s, const char *sql, weir_error *err);
weir_status sqlite_prepare(sqlite_store *s, const char *sql, sqlite3_stmt **out, weir_error *err);

#endif
