/* postgresql.h: the inside of the store in PostgreSQL.
 *
 * Each table has a connection, in libpq's pipeline mode: statements are prepared once, sent one after the
 * other, and their results are read when some 64 KB are on the way, so that a batch of searches or changes
 * costs a few round trips. Values go as parameters with their types, names are quoted. A row is known by its
 * primary key; without one, by its ctid as long as that holds, and all its values.
 *
 *   int INTEGER, long BIGINT, float REAL, double DOUBLE PRECISION, bool BOOLEAN, string TEXT, object BYTEA */
#ifndef WEIR_POSTGRESQL_H
#define WEIR_POSTGRESQL_H

#include <libpq-fe.h>

#include "../sql/sql.h"
#include "weir_store.h"

#define PG_TRY(call)                                                                                         \
    do {                                                                                                     \
        weir_status pg_status_ = (call);                                                                     \
        if (pg_status_ != WEIR_OK) return pg_status_;                                                        \
    } while (0)

enum {
    PG_URI,
    PG_JDBC_URL,
    PG_USERNAME,
    PG_PASSWORD,
    PG_TABLE_NAME,
    PG_FIELD_LENGTH,
    PG_CONNECT_TIMEOUT,
    PG_POOL,
    PG_DRIVER,
    PG_CHECK_QUERY,
    PG_COLLATION
};

/* A statement, prepared when it is first used on a connection. */
typedef struct pg_statement {
    struct pg_statement *next;
    char *text;
    char name[16];
    Oid *types;
    uint32_t n_params;
    bool is_prepared;
    struct pg_statement *of_many; /* a search's: the same for many keys at a time; NULL: there is none */
} pg_statement;

/* The values of one execution. */
typedef struct pg_params {
    const char **values;
    int *lengths, *formats;
    char (*room)[40]; /* of numbers */
    void **owned;     /* malloc; NULL: not */
    uint32_t n, cap;
    size_t bytes;
    bool failed;
} pg_params;

typedef struct pg_store {
    const weir_store_args *args;
    const char *schema_name; /* NULL: the search path's first */
    char *table;             /* its name in the database; allocated */
    char **columns;          /* likewise, allocated */
    uint32_t *others;        /* columns that are not of the key */
    uint32_t n_others;
    PGconn *conn;
    weir_error broken; /* the first error of what is on the way */
    pg_statement *statements, *begin, *commit, *rollback, *erase, *update, *insert, *set_version,
        *get_version, *count;
    uint32_t n_statements;
    uint32_t on_the_way;
    size_t bytes_on_the_way;
    pg_params params;
    /* What takes the results: of a search, each with rows; NULL: nobody. */
    const weir_store_find *search;
    weir_value *values;
    weir_object **objects;
    uint64_t n_misfits;
    uint64_t number; /* a single number that came back */
} pg_store;

extern const weir_store_type pg_store_type;

/* connect.c */
extern const weir_option pg_options[];
weir_status pg_check_settings(pg_store *s, weir_error *err);
weir_status pg_connect(pg_store *s, weir_error *err);
void pg_disconnect(pg_store *s);
/* What the server, or the connection, said; result NULL: the connection. */
weir_status pg_fail(pg_store *s, const PGresult *result, const char *what, weir_error *err);
/* A query outside of the pipeline, with text parameters; the result is the caller's. */
weir_status pg_ask(pg_store *s, const char *sql, int n, const char *const *values, PGresult **out,
                   weir_error *err);

/* schema.c: makes the table, its indexes and that of versions, or checks what is there, and finds its names.
 */
weir_status pg_schema(pg_store *s, weir_error *err);

/* statements.c */
weir_status pg_make_statements(pg_store *s, weir_error *err);
/* The statement of that text, which it takes over (malloc); NULL: out of memory. */
pg_statement *pg_statement_of(pg_store *s, char *text, const weir_type *types, uint32_t n_params);
char *pg_search_text(pg_store *s, const weir_store_cond *cond);
void pg_free_statements(pg_store *s);
Oid pg_oid(weir_type type);
const char *pg_type_text(weir_type type);

/* By a key: the column is any of the array $1. */
char *pg_keys_text(pg_store *s, const weir_store_cond *cond);

/* keys.c */
weir_status pg_keys_prepare(pg_store *s, const weir_store_cond *cond, pg_statement *one, weir_error *err);
bool pg_keys_fit(const pg_statement *q, const weir_store_find *f); /* there are enough of them */
weir_status pg_keys_find(pg_store *s, const pg_statement *q, const weir_store_find *f, weir_error *err);

/* pipe.c */
/* Sends what s->params hold; results are read now and then. */
weir_status pg_send(pg_store *s, pg_statement *statement, weir_error *err);
/* Reads all results. */
weir_status pg_drain(pg_store *s, weir_error *err);

/* values.c */
void pg_params_begin(pg_params *p);
void pg_params_add(pg_params *p, const weir_value *value);
void pg_params_add_owned(pg_params *p, char *text, size_t len); /* takes it over: malloc */
void pg_params_add_ctid(pg_params *p, int64_t number);
void pg_params_fini(pg_params *p);
int64_t pg_ctid(const char *text);
/* Can a text of the server's be this? Not with a NUL, or what is no UTF-8. */
bool pg_is_text(const weir_string *s);
/* Hands the rows of a result to the search. */
weir_status pg_give_rows(pg_store *s, const PGresult *result, weir_error *err);

#endif
