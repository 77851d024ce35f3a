/* pipe.c: statements on their way to the server, and their results.
 *
 * In pipeline mode libpq sends and the server answers as they like. So that neither waits for the other to
 * read first, no more is on the way than the kernel holds for sure; what is larger alone goes alone. */
#include <stdlib.h>
#include <string.h>

#include "postgresql.h"

#define MOST_BYTES      65536u
#define MOST_STATEMENTS 512u

static weir_status lost(pg_store *s, const char *what, weir_error *err) {
    return pg_fail(s, NULL, what, err);
}

static void note_failure(pg_store *s, const PGresult *result) {
    if (s->broken.code == WEIR_OK) (void)!pg_fail(s, result, "a statement", &s->broken);
}

static void take_result(pg_store *s, const PGresult *r) {
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_PIPELINE_ABORTED) return;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        note_failure(s, r);
        return;
    }
    if (status != PGRES_TUPLES_OK || s->broken.code != WEIR_OK) return;
    if (s->search) {
        weir_error own = {0};
        if (pg_give_rows(s, r, &own) != WEIR_OK) s->broken = own;
    } else if (PQntuples(r) == 1 && PQnfields(r) == 1)
        s->number = strtoull(PQgetvalue(r, 0, 0), NULL, 10);
}

/* To the end of the pipeline. */
static bool read_all(pg_store *s) {
    for (;;) {
        PGresult *r = PQgetResult(s->conn);
        bool is_end = r && PQresultStatus(r) == PGRES_PIPELINE_SYNC;
        if (r && !is_end) take_result(s, r);
        PQclear(r);
        if (is_end) return true;
        if (PQstatus(s->conn) != CONNECTION_OK) return false;
    }
}

weir_status pg_drain(pg_store *s, weir_error *err) {
    if (!s->on_the_way && s->broken.code == WEIR_OK) return WEIR_OK;
    s->on_the_way = 0;
    s->bytes_on_the_way = 0;
    if (!s->conn || !PQpipelineSync(s->conn) || !read_all(s)) return lost(s, "the connection", err);
    if (s->broken.code == WEIR_OK) return WEIR_OK;
    weir_error broken = s->broken;
    s->broken = (weir_error){0};
    if (err) *err = broken;
    return broken.code;
}

static weir_status prepare(pg_store *s, pg_statement *q, weir_error *err) {
    if (q->is_prepared) return WEIR_OK;
    if (!PQsendPrepare(s->conn, q->name, q->text, (int)q->n_params, q->types))
        return lost(s, "preparing", err);
    s->on_the_way++;
    PG_TRY(pg_drain(s, err));
    q->is_prepared = true;
    return WEIR_OK;
}

weir_status pg_send(pg_store *s, pg_statement *q, weir_error *err) {
    pg_params *p = &s->params;
    if (!s->conn) return lost(s, "sending", err);
    if (p->failed) return weir_fail(err, WEIR_ENOMEM, "out of memory for a statement");
    if (s->on_the_way >= MOST_STATEMENTS || s->bytes_on_the_way + p->bytes > MOST_BYTES)
        PG_TRY(pg_drain(s, err));
    PG_TRY(prepare(s, q, err));
    if (!PQsendQueryPrepared(s->conn, q->name, (int)p->n, p->values, p->lengths, p->formats, 0))
        return lost(s, "sending", err);
    s->on_the_way++;
    s->bytes_on_the_way += p->bytes + 64;
    return p->bytes > MOST_BYTES ? pg_drain(s, err) : WEIR_OK;
}
