/* store.c: the store in PostgreSQL. */
#include <stdlib.h>
#include <string.h>

#include "postgresql.h"
#include "weir.h"

/* ---- Life ---------------------------------------------------------------------------------------------- */

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a store");
}

static bool is_key_column(const weir_store_args *a, uint32_t column) {
    for (uint32_t i = 0; i < a->n_key; i++)
        if (a->key[i] == column) return true;
    return false;
}

static weir_status store_open(void *self, const weir_store_args *args, weir_error *err) {
    pg_store *s = self;
    s->args = args;
    PG_TRY(pg_check_settings(s, err));
    s->columns = calloc(args->n_columns + 1, sizeof *s->columns);
    s->others = calloc(args->n_columns + 1, sizeof *s->others);
    s->values = calloc(args->n_columns + 1, sizeof *s->values);
    s->objects = calloc(args->n_columns + 1, sizeof *s->objects);
    if (!s->columns || !s->others || !s->values || !s->objects) return no_memory(err);
    for (uint32_t i = 0; i < args->n_columns; i++)
        if (!is_key_column(args, i)) s->others[s->n_others++] = i;
    const char *name = args->settings->of[PG_TABLE_NAME].text, *dot = name ? strchr(name, '.') : NULL;
    if (dot && !(s->schema_name = strndup(name, (size_t)(dot - name)))) return no_memory(err);
    return WEIR_OK;
}

static void store_close(void *self) {
    pg_store *s = self;
    pg_disconnect(s);
    pg_free_statements(s);
    pg_params_fini(&s->params);
    for (uint32_t i = 0; s->columns && i < s->args->n_columns; i++) free(s->columns[i]);
    free(s->columns);
    free(s->others);
    free(s->values);
    free(s->objects);
    free(s->table);
    free((char *)s->schema_name);
}

static weir_status store_connect(void *self, weir_error *err) {
    pg_store *s = self;
    PG_TRY(pg_connect(s, err));
    PG_TRY(pg_schema(s, err));
    PG_TRY(pg_make_statements(s, err));
    return PQenterPipelineMode(s->conn) ? WEIR_OK : pg_fail(s, NULL, "connecting", err);
}

/* ---- Searching ----------------------------------------------------------------------------------------- */

static weir_status store_prepare(void *self, const weir_store_cond *cond, const weir_type *types,
                                 uint32_t n_params, void **query, weir_error *err) {
    pg_store *s = self;
    pg_statement *q = *query = pg_statement_of(s, pg_search_text(s, cond), types, n_params);
    return q ? pg_keys_prepare(s, cond, q, err) : no_memory(err);
}

static weir_status store_find(void *self, const weir_store_find *f, weir_error *err) {
    pg_store *s = self;
    pg_statement *q = f->query;
    weir_status st = WEIR_OK;
    bool many = pg_keys_fit(q, f);
    s->search = f;
    if (many) st = pg_keys_find(s, q, f, err);
    for (uint32_t i = 0; !many && i < f->n_rows && st == WEIR_OK; i++) {
        pg_params_begin(&s->params);
        for (uint32_t c = 0; c < q->n_params; c++) {
            weir_value v = weir_column_value(&f->params[c], f->rows[i]);
            /* What equals no text there equals null as little. */
            if (v.type == WEIR_STRING && !v.is_null && !pg_is_text(&v.as.s)) v.is_null = true;
            pg_params_add(&s->params, &v);
        }
        st = pg_send(s, q, err);
    }
    if (st == WEIR_OK) st = pg_drain(s, err);
    s->search = NULL;
    return st;
}

static weir_status ask_number(pg_store *s, pg_statement *q, uint64_t *number, weir_error *err) {
    s->number = 0;
    PG_TRY(pg_send(s, q, err));
    PG_TRY(pg_drain(s, err));
    *number = s->number;
    return WEIR_OK;
}

static weir_status store_count(void *self, uint64_t *n_rows, weir_error *err) {
    pg_store *s = self;
    pg_params_begin(&s->params);
    return ask_number(s, s->count, n_rows, err);
}

/* ---- Writing ------------------------------------------------------------------------------------------- */

/* What failed has left a transaction that is good for nothing. */
static weir_status abandon(pg_store *s, weir_status st) {
    weir_error ignored;
    if (!s->conn || PQstatus(s->conn) != CONNECTION_OK) return st;
    (void)!pg_drain(s, &ignored);
    pg_params_begin(&s->params);
    (void)!pg_send(s, s->rollback, &ignored);
    (void)!pg_drain(s, &ignored);
    return st;
}

static weir_status run(pg_store *s, pg_statement *q, weir_error *err) {
    weir_status st = pg_send(s, q, err);
    return st == WEIR_OK ? st : abandon(s, st);
}

static weir_status store_begin(void *self, weir_error *err) {
    pg_store *s = self;
    pg_params_begin(&s->params);
    return run(s, s->begin, err);
}

static void add_row(pg_store *s, const weir_value *values, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) pg_params_add(&s->params, &values[i]);
}

static weir_status store_erase(void *self, int64_t number, const weir_value *values, weir_error *err) {
    pg_store *s = self;
    pg_params_begin(&s->params);
    if (!s->args->n_key) pg_params_add_ctid(&s->params, number);
    add_row(s, values, s->args->n_key ? s->args->n_key : s->args->n_columns);
    return run(s, s->erase, err);
}

static weir_status store_update(void *self, int64_t number, const weir_value *values, weir_error *err) {
    pg_store *s = self;
    (void)number;
    if (!s->update) return WEIR_OK; /* there is nothing but the key */
    pg_params_begin(&s->params);
    add_row(s, values, s->args->n_columns);
    return run(s, s->update, err);
}

static weir_status store_insert(void *self, const weir_value *values, int64_t *number, weir_error *err) {
    pg_store *s = self;
    (void)number;
    pg_params_begin(&s->params);
    add_row(s, values, s->args->n_columns);
    return run(s, s->insert, err);
}

static void add_name(pg_store *s) {
    weir_value app = {.type = WEIR_STRING}, table = app;
    app.as.s = weir_string_view(s->args->app, (uint32_t)strlen(s->args->app));
    table.as.s = weir_string_view(s->args->table, (uint32_t)strlen(s->args->table));
    pg_params_begin(&s->params);
    pg_params_add(&s->params, &app);
    pg_params_add(&s->params, &table);
}

static weir_status finish(pg_store *s, pg_statement *q, weir_error *err) {
    pg_params_begin(&s->params);
    weir_status st = pg_send(s, q, err);
    if (st == WEIR_OK) st = pg_drain(s, err);
    return st == WEIR_OK ? st : abandon(s, st);
}

static weir_status store_commit(void *self, uint64_t version, weir_error *err) {
    pg_store *s = self;
    if (version) {
        weir_value v = {.type = WEIR_LONG, .as.l = (int64_t)version};
        add_name(s);
        pg_params_add(&s->params, &v);
        PG_TRY(run(s, s->set_version, err));
    }
    return finish(s, s->commit, err);
}

static weir_status store_undo(void *self, weir_error *err) {
    pg_store *s = self;
    return finish(s, s->rollback, err);
}

static weir_status store_version(void *self, uint64_t *version, weir_error *err) {
    pg_store *s = self;
    add_name(s);
    return ask_number(s, s->get_version, version, err);
}

const weir_store_type pg_store_type = {
    .struct_size = sizeof pg_store_type,
    .name = "postgresql",
    .doc = "Keeps the rows of a table in a database of a PostgreSQL server.",
    .example =
        "@store(type='postgresql', uri='postgresql://weir@db.example.org/stock', password='${DB_PASSWORD}')",
    .options = pg_options,
    .state_size = sizeof(pg_store),
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
