/* weir_store.h: the contract of a store: where the rows of a table with @store live.
 *
 * weir keeps the semantics of tables to itself: conditions, null, NaN, `set`, primary keys. A store is asked
 * for candidates and is told what has become of them:
 *
 *   find     the rows for which a condition may hold, for many sets of parameters in one call. What is pushed
 *            down is a condition of the store's own making (prepare), with parameters bound, never pasted.
 *            Rows too many do no harm, since weir tests each; a row too few does.
 *   begin, erase, update, insert, …, commit
 *            what a table's queries have changed, row by row, in one transaction. Nothing of it is seen by
 *            anybody before commit, and all of it after. Erased rows come first, then updated ones, then
 *            inserted ones, so that no key is there twice in between.
 *
 * Reading your own writes is weir's business: rows that are changed and not yet written are laid over what
 * find() gives, so a store never has to be written for the sake of a read, and there is no transaction open
 * between two calls of the app's cycle.
 *
 * A row is named by its number, if the store numbers its rows for good (numbers_rows: SQLite's rowid), else
 * by the values of its primary key. A table with neither is only inserted into and erased from: a row is
 * named by all its values, one that has them is meant, any will do; and find gives a number that tells rows
 * apart until the next commit (PostgreSQL's ctid), which may help to find it again.
 *
 * Exactly once: commit also stores a version (a count of commits) under the app's and the table's name, in
 * the same transaction. weir writes what it is about to commit into its checkpoint, with that version; after
 * a crash it asks for the stored one and knows whether that transaction came to be.
 *
 * Errors: err->retriable says that the same may work later (the server is away, the file is locked, the disk
 * is full): the call is made again, with all of its transaction, until it works or the app is stopped; the
 * app waits meanwhile, and what feeds it too. err->fatal says that it never will, whatever the rows: the app
 * ends. After any other error of a transaction its rows are tried one by one (undo): those that the store
 * won't have (a value that does not fit, a constraint) are logged and counted, and the others are committed
 * without them.
 *
 * Calls of one instance are made by one thread at a time.
 */
#ifndef WEIR_STORE_H
#define WEIR_STORE_H

#include "weir_io.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Conditions ---------------------------------------------------------------------------------------- */

typedef enum weir_store_op {
    WEIR_STORE_COLUMN, /* index: of the table's columns */
    WEIR_STORE_PARAM,  /* index: of the parameters */
    /* a OP b, each a column or a parameter: of int and long, of int and double, of float and double, or of
     * two of one type. False if one of them is null. With floating numbers NaN may give anything but a row
     * too few. */
    WEIR_STORE_SAME, /* true if both are null. Only where keeps_null_keys, of columns of the key */
    WEIR_STORE_EQ,
    WEIR_STORE_LT,
    WEIR_STORE_LE,
    WEIR_STORE_GT,
    WEIR_STORE_GE,
    WEIR_STORE_NE,      /* true if one of them is null; never of floating numbers */
    WEIR_STORE_IS_NULL, /* a: a column */
    WEIR_STORE_AND,
    WEIR_STORE_OR,
    WEIR_STORE_NOT /* a; null in it has counted as false before. No floating numbers below */
} weir_store_op;

typedef struct weir_store_cond weir_store_cond;
struct weir_store_cond {
    weir_store_op op;
    weir_type type; /* of a column, a parameter or what is compared */
    uint32_t index;
    const weir_store_cond *a, *b;
};

/* ---- Calls --------------------------------------------------------------------------------------------- */

typedef struct weir_store_args {
    const weir_settings *settings;
    const char *app, *table; /* names in the app */
    uint32_t n_columns;
    const weir_attribute *columns;
    uint32_t n_key;
    const uint32_t *key; /* columns of @PrimaryKey */
    uint32_t n_indexes;
    const uint32_t *indexes; /* columns of @Index, one index each */
    const weir_io_host *host;
} weir_store_args;

/* One row: a value for each column, valid during the call. number: see above; 0 where there is a key instead.
 */
typedef weir_status (*weir_store_visit)(void *ctx, const weir_value *values, int64_t number, weir_error *err);

typedef struct weir_store_find {
    void *query; /* of prepare */
    /* The parameters of search i stand at row rows[i] of the columns. None of these rows has a null, unless
     * the condition has SAME, NE, IS_NULL, OR or NOT. */
    const weir_column *params;
    const uint32_t *rows;
    uint32_t n_rows;
    weir_store_visit visit; /* for each row found; the same one may come more than once */
    void *ctx;
} weir_store_find;

/* Order of calls: open, connect, then the others in any order; close at last, also after a failed
 * open. */
typedef struct weir_store_type {
    size_t struct_size;
    const char *name, *doc, *example; /* "sqlite"; one sentence; a whole @store annotation */
    const weir_option *options;
    size_t state_size;    /* zeroed, 16-byte aligned */
    bool numbers_rows;    /* rows have numbers, which ascend as rows are inserted */
    bool keeps_null_keys; /* a primary key may be null; else such rows are refused before */
    /* Looks at the settings only; touches nothing outside. Run by `check` too. args outlives the instance. */
    weir_status (*open)(void *self, const weir_store_args *args, weir_error *err);
    /* Connects; makes the table if it is missing, or checks that what is there fits. Called again after a
     * retriable error of any call: then the connection is made anew if it is broken. */
    weir_status (*connect)(void *self, weir_error *err);
    /* A search by this condition (NULL: all rows). param_types: of the n_params parameters. The query lives
     * as long as self, connected or not. cond must not be kept. */
    weir_status (*prepare)(void *self, const weir_store_cond *cond, const weir_type *param_types,
                           uint32_t n_params, void **query, weir_error *err);
    weir_status (*find)(void *self, const weir_store_find *search, weir_error *err);
    weir_status (*count)(void *self, uint64_t *n_rows, weir_error *err);
    /* A transaction. An error of any of these calls ends it: nothing of it is left. */
    weir_status (*begin)(void *self, weir_error *err);
    /* values: NULL if rows have numbers; of the key if there is one, in its order; else of all columns, with
     * a number as find gave it, or 0. No such row: nothing happens. */
    weir_status (*erase)(void *self, int64_t number, const weir_value *values, weir_error *err);
    /* values: all columns, the key's unchanged. Only where rows have numbers, or a key. */
    weir_status (*update)(void *self, int64_t number, const weir_value *values, weir_error *err);
    /* *number: of the new row, where rows have numbers; on entry the one that it takes, or 0: the next.
     * Without numbers a row with that key is replaced. */
    weir_status (*insert)(void *self, const weir_value *values, int64_t *number, weir_error *err);
    /* version 0: none is stored. A retriable error may leave it open whether the transaction came to be. */
    weir_status (*commit)(void *self, uint64_t version, weir_error *err);
    /* Instead of commit: all of it is carried out and undone. Its error is that of the rows. */
    weir_status (*undo)(void *self, weir_error *err);
    /* The version stored last; 0: none. */
    weir_status (*version)(void *self, uint64_t *version, weir_error *err);
    void (*close)(void *self);
} weir_store_type;

struct weir_engine;
WEIR_API weir_status weir_register_store(struct weir_engine *engine, const weir_store_type *type,
                                         weir_error *err) WEIR_MUST_CHECK;

/* ---- Objects ------------------------------------------------------------------------------------------- */

/* An object as bytes, for stores that keep bytes; *bytes is the caller's, free() it. */
WEIR_API weir_status weir_object_save(const weir_object *object, void **bytes, size_t *len,
                                      weir_error *err) WEIR_MUST_CHECK;
/* And back: a new reference. Bytes that are none are WEIR_ESTATE. */
WEIR_API weir_status weir_object_load(const void *bytes, size_t len, weir_object **out,
                                      weir_error *err) WEIR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
