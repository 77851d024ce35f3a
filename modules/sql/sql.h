/* sql.h: texts of SQL, and conditions as such, for the stores that speak it. Names are quoted, values are
 * parameters: no text of an app becomes SQL. */
#ifndef WEIR_SQL_H
#define WEIR_SQL_H

#include "weir_store.h"

/* A growing text; free() its text, or sql_fini. */
typedef struct sql_text {
    char *text;
    size_t len, cap;
    bool failed; /* memory is out */
} sql_text;
void sql_put(sql_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sql_put_name(sql_text *t, const char *name); /* in quotes */
void sql_fini(sql_text *t);

typedef struct sql_dialect {
    const char *param;                /* "?": followed by the parameter's number, from 1 */
    const char *same;                 /* an operator that is true between nulls */
    const char *(*cast)(weir_type t); /* behind a parameter; NULL: nothing */
} sql_dialect;
/* What stands behind WHERE. names: of the columns. */
void sql_condition(sql_text *t, const weir_store_cond *cond, const char *const *names,
                   const sql_dialect *dialect);
/* "a", "b", "c" */
void sql_names(sql_text *t, const char *const *names, uint32_t n);

#endif
