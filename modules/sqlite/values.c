/* values.c: values to SQLite and back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite.h"

static int bind_real(sqlite3_stmt *statement, int at, double d) {
    return isnan(d) ? sqlite3_bind_text(statement, at, "NaN", 3, SQLITE_STATIC)
                    : sqlite3_bind_double(statement, at, d);
}

static int bind_object(sqlite3_stmt *statement, int at, const weir_object *o) {
    void *bytes;
    size_t len;
    if (weir_object_save(o, &bytes, &len, NULL) != WEIR_OK) return SQLITE_NOMEM;
    return sqlite3_bind_blob64(statement, at, bytes, len, free);
}

int sqlite_bind(sqlite3_stmt *statement, int at, const weir_value *v) {
    if (v->is_null) return sqlite3_bind_null(statement, at);
    switch (v->type) {
    case WEIR_INT: return sqlite3_bind_int64(statement, at, v->as.i);
    case WEIR_LONG: return sqlite3_bind_int64(statement, at, v->as.l);
    case WEIR_BOOL: return sqlite3_bind_int64(statement, at, v->as.b);
    case WEIR_FLOAT: return bind_real(statement, at, (double)v->as.f);
    case WEIR_DOUBLE: return bind_real(statement, at, v->as.d);
    case WEIR_OBJECT: return bind_object(statement, at, v->as.o);
    default: break;
    }
    return sqlite3_bind_text64(statement, at, weir_string_data(&v->as.s), v->as.s.len, SQLITE_TRANSIENT,
                               SQLITE_UTF8);
}

/* ---- Back ---- */

static bool read_whole(sqlite3_stmt *statement, int at, weir_type type, weir_value *out) {
    int64_t l = sqlite3_column_int64(statement, at);
    if (sqlite3_column_type(statement, at) != SQLITE_INTEGER) return false;
    switch (type) {
    case WEIR_INT: out->as.i = (int32_t)l; return l >= INT32_MIN && l <= INT32_MAX;
    case WEIR_BOOL: out->as.b = l != 0; return true;
    default: out->as.l = l; return true;
    }
}

static bool read_real(sqlite3_stmt *statement, int at, weir_type type, weir_value *out) {
    int kind = sqlite3_column_type(statement, at);
    double d = NAN;
    if (kind == SQLITE_FLOAT || kind == SQLITE_INTEGER)
        d = sqlite3_column_double(statement, at);
    else if (kind != SQLITE_TEXT || strcmp((const char *)sqlite3_column_text(statement, at), "NaN") != 0)
        return false;
    if (type == WEIR_FLOAT)
        out->as.f = (float)d;
    else
        out->as.d = d;
    return true;
}

/* The bytes stay until the statement goes on. */
static bool read_text(sqlite3_stmt *statement, int at, weir_value *out) {
    const char *text = (const char *)sqlite3_column_text(statement, at);
    if (sqlite3_column_type(statement, at) == SQLITE_BLOB || !text) return false;
    out->as.s = weir_string_view(text, (uint32_t)sqlite3_column_bytes(statement, at));
    return true;
}

static bool read_object(sqlite3_stmt *statement, int at, weir_value *out, weir_object **object) {
    const void *bytes = sqlite3_column_blob(statement, at);
    if (sqlite3_column_type(statement, at) != SQLITE_BLOB ||
        weir_object_load(bytes, (size_t)sqlite3_column_bytes(statement, at), object, NULL) != WEIR_OK ||
        !*object)
        return false;
    out->as.o = *object;
    return true;
}

weir_status sqlite_read(sqlite_store *s, sqlite3_stmt *statement, int at, weir_type type, weir_value *out,
                        weir_object **object, weir_error *err) {
    bool fits = false;
    *out = (weir_value){.type = type, .is_null = sqlite3_column_type(statement, at) == SQLITE_NULL};
    if (out->is_null) return WEIR_OK;
    switch (type) {
    case WEIR_INT:
    case WEIR_LONG:
    case WEIR_BOOL: fits = read_whole(statement, at, type, out); break;
    case WEIR_FLOAT:
    case WEIR_DOUBLE: fits = read_real(statement, at, type, out); break;
    case WEIR_STRING: fits = read_text(statement, at, out); break;
    default: fits = read_object(statement, at, out, object); break;
    }
    if (sqlite3_errcode(s->db) == SQLITE_NOMEM) return weir_fail(err, WEIR_ENOMEM, "out of memory for a row");
    if (fits) return WEIR_OK;
    *out = (weir_value){.type = type, .is_null = true};
    if (s->n_misfits++ == 0 && s->args->host->log) {
        char line[256];
        sqlite3_snprintf(sizeof line, line,
                         "table '%s': a value in column '%s' is no %s and is read as null (told once)",
                         s->args->table, sqlite3_column_name(statement, at), weir_type_name(type));
        s->args->host->log(s->args->host->log_ctx, WEIR_LOG_WARN, line);
    }
    return WEIR_OK;
}
