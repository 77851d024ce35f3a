/* connect.c: settings, the connection, and what goes wrong with it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "postgresql.h"

const weir_option pg_options[] = {
    {"uri", WEIR_OPTION_TEXT, false, NULL, NULL,
     "Where the database is, as libpq writes it: postgresql://USER@HOST:PORT/DATABASE?sslmode=verify-full."},
    {"jdbc.url", WEIR_OPTION_TEXT, false, NULL, NULL, "The same as jdbc:postgresql://HOST:PORT/DATABASE."},
    {"username", WEIR_OPTION_TEXT, false, NULL, NULL, "The user; else that of the URI."},
    {"password", WEIR_OPTION_TEXT, false, NULL, NULL,
     "The user's password, best as '${NAME}'; without it PGPASSWORD and the file ~/.pgpass are looked into."},
    {"table.name", WEIR_OPTION_TEXT, false, NULL, NULL,
     "Name of the table in the database, perhaps as SCHEMA.NAME; that of the app's."},
    {"field.length", WEIR_OPTION_TEXT, false, NULL, NULL,
     "'name:100, other:20': strings that are made as VARCHAR of that length; the others are TEXT."},
    {"connect.timeout", WEIR_OPTION_TIME, false, "10 sec", NULL, "How long a connection may take to come."},
    {"pool.properties", WEIR_OPTION_TEXT, false, NULL, NULL,
     "Of no use here: each table has one connection."},
    {"jdbc.driver.name", WEIR_OPTION_TEXT, false, NULL, NULL, "Of no use here: libpq is used."},
    {"table.check.query", WEIR_OPTION_TEXT, false, NULL, NULL, "Refused: the database's catalogue is asked."},
    {"use.collation", WEIR_OPTION_BOOL, false, "false", NULL,
     "Of no use here: strings are compared by their bytes."},
    {0},
};

static const weir_setting *setting(const pg_store *s, int i) { return &s->args->settings->of[i]; }

weir_status pg_check_settings(pg_store *s, weir_error *err) {
    const char *url = setting(s, PG_JDBC_URL)->text;
    if (setting(s, PG_CHECK_QUERY)->given)
        return weir_fail(
            err, WEIR_EUNSUPPORTED,
            "'table.check.query' is not needed: the database's catalogue says whether a table is there");
    if (!setting(s, PG_URI)->given && !url)
        return weir_fail(err, WEIR_ECONFIG,
                         "a store in PostgreSQL needs the option 'uri': postgresql://USER@HOST/DATABASE");
    if (url && strncasecmp(url, "jdbc:postgresql:", 16) != 0)
        return weir_fail(err, WEIR_ECONFIG, "jdbc.url is '%.100s'; it begins with jdbc:postgresql:", url);
    return WEIR_OK;
}

/* ---- Errors -------------------------------------------------------------------------------------------- */

/* Classes of SQLSTATE in which the same may work later: connection, rollback, resources, operator's doing; a
 * lock that was not to be had; a table that somebody has dropped, and that is made anew. */
static bool may_work_later(const char *state) {
    static const char *const classes[] = {"08", "40", "53", "57P", "58", "55P03", "42P01"};
    for (size_t i = 0; state && i < sizeof classes / sizeof *classes; i++)
        if (!strncmp(state, classes[i], strlen(classes[i]))) return true;
    return false;
}

/* A row's own fault: a value (22), a constraint (23), its size (54). */
static bool is_of_row(const char *state) {
    return state && (!strncmp(state, "22", 2) || !strncmp(state, "23", 2) || !strncmp(state, "54", 2));
}

static const char *first_line(const char *text, char *room, size_t size) {
    snprintf(room, size, "%.*s", (int)strcspn(text ? text : "", "\n"), text ? text : "");
    return room;
}

weir_status pg_fail(pg_store *s, const PGresult *result, const char *what, weir_error *err) {
    char line[400];
    const char *message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    if (!message)
        message = result ? PQresultErrorMessage(result) : s->conn ? PQerrorMessage(s->conn) : "no connection";
    weir_fail(err, WEIR_EIO, "PostgreSQL: %s: %s", what, first_line(message, line, sizeof line));
    bool is_lost = !s->conn || PQstatus(s->conn) != CONNECTION_OK;
    if (err) err->retriable = is_lost || !result || may_work_later(state);
    if (err) err->fatal = !err->retriable && !is_of_row(state);
    return WEIR_EIO;
}

/* What is wrong for good: libpq gives no code for it. */
static bool is_refused(const char *message) {
    static const char *const texts[] = {"authentication failed",
                                        "does not exist",
                                        "no pg_hba.conf entry",
                                        "invalid ",
                                        "no password supplied",
                                        "certificate",
                                        "missing ",
                                        "password authentication"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strstr(message, texts[i])) return true;
    return false;
}

/* ---- Connecting ---------------------------------------------------------------------------------------- */

void pg_disconnect(pg_store *s) {
    PQfinish(s->conn);
    s->conn = NULL;
    s->on_the_way = 0;
    s->bytes_on_the_way = 0;
    s->broken = (weir_error){0};
    for (pg_statement *q = s->statements; q; q = q->next) q->is_prepared = false;
}

weir_status pg_ask(pg_store *s, const char *sql, int n, const char *const *values, PGresult **out,
                   weir_error *err) {
    PGresult *r = *out = PQexecParams(s->conn, sql, n, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(r);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return WEIR_OK;
    weir_status st = pg_fail(s, r, "looking at the table", err);
    PQclear(r);
    *out = NULL;
    return st;
}

/* Notices ("relation exists already") are no news. */
static void no_notice(void *ctx, const PGresult *r) {
    (void)ctx;
    (void)r;
}

weir_status pg_connect(pg_store *s, weir_error *err) {
    const char *jdbc = setting(s, PG_JDBC_URL)->text, *uri = setting(s, PG_URI)->text;
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)(setting(s, PG_CONNECT_TIMEOUT)->as.l + 999) / 1000);
    const char *target = uri ? uri : jdbc + 5;
    char local[256];
    if (!uri && strncmp(target, "postgresql://", 13) != 0) { /* jdbc:postgresql:DATABASE */
        snprintf(local, sizeof local, "postgresql://localhost/%.200s", target + 11);
        target = local;
    }
    const char *const keys[] = {"dbname",
                                "user",
                                "password",
                                "connect_timeout",
                                "tcp_user_timeout",
                                "client_encoding",
                                "application_name",
                                "fallback_application_name",
                                NULL};
    const char *const values[] = {target,
                                  setting(s, PG_USERNAME)->text,
                                  setting(s, PG_PASSWORD)->text,
                                  seconds,
                                  "30000",
                                  "UTF8",
                                  NULL,
                                  "weir",
                                  NULL};
    pg_disconnect(s);
    s->conn = PQconnectdbParams(keys, values, 1);
    if (!s->conn) return weir_fail(err, WEIR_ENOMEM, "out of memory for a connection");
    if (PQstatus(s->conn) != CONNECTION_OK) {
        weir_status st = pg_fail(s, NULL, "connecting", err);
        if (err) err->retriable = !is_refused(err->message);
        return st;
    }
    PQsetNoticeReceiver(s->conn, no_notice, NULL);
    return WEIR_OK;
}
