/* store_bench.c: rows a second of this process's processor time into and out of tables in stores, beside the
 * same by hand with the client library.
 *
 *   store_bench sqlite FILE ROWS        FILE is made anew
 *   store_bench postgresql URI ROWS     tables weir_bench and hand_bench are dropped before
 *
 * Insert: rows of (key string, v long, w double), batches of 4096, a transaction each. Lookup: events with
 * the keys in random order, joined with the table by its primary key; by hand one prepared search an event,
 * for PostgreSQL pipelined by 128. Cached: the same with room for all rows. */
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

enum { SLICE = 4096 };

typedef struct rows {
    uint32_t n;
    weir_string *key, *shuffled;
    char (*text)[16], (*shuffled_text)[16];
    int64_t *v, *ts;
    double *w;
} rows;

static void tell(const char *what, uint32_t n, double begin) {
    double seconds = cpu_seconds() - begin;
    printf("%-28s %9.0f rows/s of processor time\n", what, n / seconds);
    fflush(stdout);
}

static void die(const char *what, const char *why) {
    fprintf(stderr, "store_bench: %s: %s\n", what, why);
    exit(1);
}

static void *room(size_t n, size_t size) {
    void *p = calloc(n, size);
    if (!p) die("memory", "none left");
    return p;
}

static rows make_rows(uint32_t n) {
    rows r = {.n = n,
              .key = room(n, sizeof *r.key),
              .shuffled = room(n, sizeof *r.key),
              .text = room(n, sizeof *r.text),
              .shuffled_text = room(n, sizeof *r.text),
              .v = room(n, sizeof *r.v),
              .ts = room(n, sizeof *r.ts),
              .w = room(n, sizeof *r.w)};
    uint64_t x = 88172645463325252u;
    for (uint32_t i = 0; i < n; i++) {
        snprintf(r.text[i], sizeof r.text[i], "key-%08u", i);
        r.key[i] = weir_string_view(r.text[i], (uint32_t)strlen(r.text[i]));
        r.v[i] = i;
        r.ts[i] = 1000 + i;
        r.w[i] = i * 0.5;
    }
    for (uint32_t i = 0; i < n; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        memcpy(r.shuffled_text[i], r.text[x % n], sizeof r.text[i]);
        r.shuffled[i] = weir_string_view(r.shuffled_text[i], (uint32_t)strlen(r.shuffled_text[i]));
    }
    return r;
}

/* ---- weir ---------------------------------------------------------------------------------------------- */

static void on_log(void *ctx, weir_log_level level, const char *line) {
    (void)ctx;
    if (level <= WEIR_LOG_WARN) fprintf(stderr, "%s\n", line);
}

static void count(void *ctx, const weir_stream_info *info, const weir_batch *b) {
    (void)info;
    *(uint64_t *)ctx += b->n_sel;
}

static weir_app *new_app(weir_engine *engine, const char *store, uint64_t *n) {
    char text[2048];
    weir_error err;
    weir_app *app;
    weir_app_options options = {.struct_size = sizeof options, .playback = true};
    snprintf(text, sizeof text,
             "define stream S (key string, v long, w double); define stream L (key string);"
             "%s @PrimaryKey('key') define table T (key string, v long, w double);"
             "from S insert into T; ",
             store);
    if (n)
        snprintf(text, sizeof text,
                 "define stream L (key string); %s @PrimaryKey('key') define table T (key string, v long, w "
                 "double);"
                 "from L join T on L.key == T.key select L.key, T.v insert into Out;",
                 store);
    if (weir_app_new(engine, text, strlen(text), &options, &app, NULL, &err) != WEIR_OK)
        die("app", err.message);
    if (n && weir_subscribe(app, "Out", count, n, &err) != WEIR_OK) die("app", err.message);
    if (weir_app_start(app, &err) != WEIR_OK) die("start", err.message);
    return app;
}

static void send_all(weir_app *app, const char *stream, const rows *r, const weir_string *keys,
                     uint32_t n_cols) {
    weir_error err;
    for (uint32_t at = 0; at < r->n; at += SLICE) {
        uint32_t n = r->n - at < SLICE ? r->n - at : SLICE;
        weir_column cols[] = {{.type = WEIR_STRING, .data = (void *)(keys + at)},
                              {.type = WEIR_LONG, .data = r->v + at},
                              {.type = WEIR_DOUBLE, .data = r->w + at}};
        if (weir_send_columns(app, weir_find_stream(app, stream), r->ts + at, cols, n_cols, n, &err) !=
            WEIR_OK)
            die("send", err.message);
    }
}

static void run_weir(const char *store, const char *cached, const rows *r) {
    weir_engine *engine;
    weir_error err;
    weir_engine_options options = {.struct_size = sizeof options, .log = on_log};
    if (weir_engine_new(&options, &engine, &err) != WEIR_OK) die("engine", err.message);
    weir_app *app = new_app(engine, store, NULL);
    double begin = cpu_seconds();
    send_all(app, "S", r, r->key, 3);
    tell("weir, insert", r->n, begin);
    weir_app_free(app);
    const char *const stores[] = {store, cached};
    for (int i = 0; i < 2; i++) {
        uint64_t found = 0;
        app = new_app(engine, stores[i], &found);
        if (i) send_all(app, "L", &(rows){.n = 1, .v = r->v, .w = r->w, .ts = r->ts}, r->key, 1);
        found = 0;
        begin = cpu_seconds();
        send_all(app, "L", r, r->shuffled, 1);
        tell(i ? "weir, lookup, cached" : "weir, lookup", r->n, begin);
        if (found != r->n) die("weir", "a lookup found nothing");
        weir_app_free(app);
    }
    weir_engine_free(engine);
}

/* ---- By hand ------------------------------------------------------------------------------------------- */

static void sqlite_check(sqlite3 *db, int rc) {
    if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW) die("sqlite", sqlite3_errmsg(db));
}

static void hand_sqlite(const char *path, const rows *r) {
    sqlite3 *db;
    sqlite3_stmt *q;
    int64_t sum = 0;
    sqlite_check(NULL, sqlite3_open(path, &db));
    sqlite_check(db, sqlite3_exec(db,
                                  "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE hand(key "
                                  "TEXT UNIQUE, v BIGINT, w DOUBLE)",
                                  NULL, NULL, NULL));
    sqlite_check(db, sqlite3_prepare_v2(db, "INSERT INTO hand VALUES (?, ?, ?)", -1, &q, NULL));
    double begin = cpu_seconds();
    for (uint32_t i = 0; i < r->n; i++) {
        if (i % SLICE == 0) sqlite_check(db, sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
        sqlite3_bind_text(q, 1, r->text[i], -1, SQLITE_STATIC);
        sqlite3_bind_int64(q, 2, r->v[i]);
        sqlite3_bind_double(q, 3, r->w[i]);
        sqlite_check(db, sqlite3_step(q));
        sqlite3_reset(q);
        if (i % SLICE == SLICE - 1 || i == r->n - 1)
            sqlite_check(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    }
    tell("libsqlite3, insert", r->n, begin);
    sqlite3_finalize(q);
    sqlite_check(db, sqlite3_prepare_v2(db, "SELECT v FROM hand WHERE key = ?", -1, &q, NULL));
    begin = cpu_seconds();
    for (uint32_t i = 0; i < r->n; i++) {
        if (i % SLICE == 0) sqlite_check(db, sqlite3_exec(db, "BEGIN", NULL, NULL, NULL));
        sqlite3_bind_text(q, 1, r->shuffled_text[i], -1, SQLITE_STATIC);
        sqlite_check(db, sqlite3_step(q));
        sum += sqlite3_column_int64(q, 0);
        sqlite3_reset(q);
        if (i % SLICE == SLICE - 1 || i == r->n - 1)
            sqlite_check(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    }
    tell("libsqlite3, lookup", r->n, begin);
    sqlite3_finalize(q);
    sqlite3_close(db);
    if (sum < 0) die("sqlite", "no sum");
}

static void pg_check(PGconn *c, PGresult *result) {
    ExecStatusType s = PQresultStatus(result);
    if (s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK && s != PGRES_PIPELINE_SYNC)
        die("libpq", PQerrorMessage(c));
    PQclear(result);
}

static int64_t pg_drain(PGconn *c) {
    int64_t sum = 0;
    PQpipelineSync(c);
    for (;;) {
        PGresult *result = PQgetResult(c);
        if (!result) continue;
        bool end = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result))
            sum += atoll(PQgetvalue(result, 0, 0));
        pg_check(c, result);
        if (end) return sum;
    }
}

static void hand_postgresql(const char *uri, const rows *r) {
    PGconn *c = PQconnectdb(uri);
    int64_t sum = 0;
    if (PQstatus(c) != CONNECTION_OK) die("libpq", PQerrorMessage(c));
    pg_check(c, PQexec(c, "DROP TABLE IF EXISTS hand_bench, weir_bench"));
    pg_check(c, PQexec(c, "CREATE TABLE hand_bench (key TEXT PRIMARY KEY, v BIGINT, w DOUBLE PRECISION)"));
    pg_check(c, PQprepare(c, "i", "INSERT INTO hand_bench VALUES ($1, $2::int8, $3::float8)", 3, NULL));
    pg_check(c, PQprepare(c, "s", "SELECT v FROM hand_bench WHERE key = $1", 1, NULL));
    pg_check(c, PQprepare(c, "b", "BEGIN", 0, NULL));
    pg_check(c, PQprepare(c, "c", "COMMIT", 0, NULL));
    PQenterPipelineMode(c);
    double begin = cpu_seconds();
    for (uint32_t i = 0; i < r->n; i++) {
        char v[24], w[32];
        const char *values[] = {r->text[i], v, w};
        snprintf(v, sizeof v, "%lld", (long long)r->v[i]);
        snprintf(w, sizeof w, "%.17g", r->w[i]);
        if (i % SLICE == 0) PQsendQueryPrepared(c, "b", 0, NULL, NULL, NULL, 0);
        PQsendQueryPrepared(c, "i", 3, values, NULL, NULL, 0);
        if (i % SLICE == SLICE - 1 || i == r->n - 1) PQsendQueryPrepared(c, "c", 0, NULL, NULL, NULL, 0);
        if (i % 512 == 511 || i == r->n - 1) pg_drain(c);
    }
    tell("libpq, insert", r->n, begin);
    begin = cpu_seconds();
    for (uint32_t i = 0; i < r->n; i++) {
        const char *values[] = {r->shuffled_text[i]};
        PQsendQueryPrepared(c, "s", 1, values, NULL, NULL, 0);
        if (i % 128 == 127 || i == r->n - 1) sum += pg_drain(c);
    }
    tell("libpq, lookup", r->n, begin);
    PQfinish(c);
    if (sum < 0) die("libpq", "no sum");
}

int main(int argc, char **argv) {
    char store[1024], cached[1200];
    if (argc != 4) die("usage", "store_bench sqlite FILE ROWS | postgresql URI ROWS");
    rows r = make_rows((uint32_t)atol(argv[3]));
    if (!strcmp(argv[1], "sqlite")) {
        remove(argv[2]);
        hand_sqlite(argv[2], &r);
        snprintf(store, sizeof store, "@store(type='sqlite', database='%s')", argv[2]);
    } else {
        hand_postgresql(argv[2], &r);
        snprintf(store, sizeof store, "@store(type='postgresql', uri='%s', table.name='weir_bench')",
                 argv[2]);
    }
    snprintf(cached, sizeof cached, "%.*s, @cache(size='10000000'))", (int)strlen(store) - 1, store);
    run_weir(store, cached, &r);
    return 0;
}
