/* cmd_query.c: weir query: asks a running weir's app what its tables hold, or changes them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/http_client.h"
#include "cli/json.h"

typedef enum form { FORM_TABLE, FORM_JSON, FORM_CSV } form;

/* ---- Tables ---- */

/* Characters, for the width on a terminal; bytes of UTF-8 that go on don't count. */
static size_t width_of(const char *text) {
    size_t n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* The value as text; the caller frees it. Line ends and tabs would break a table. */
static char *cell_text(const json *v, form f) {
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out) return NULL;
    if (v->kind == JSON_STRING)
        fwrite(v->text, 1, v->len, out);
    else if (v->kind != JSON_NULL || f != FORM_CSV)
        json_write(v, out);
    fclose(out);
    for (char *c = text; c && f == FORM_TABLE && *c; c++)
        if ((unsigned char)*c < ' ') *c = ' ';
    return text;
}

static bool is_number(const char *type) {
    return type && (!strcmp(type, "int") || !strcmp(type, "long") || !strcmp(type, "float") ||
                    !strcmp(type, "double"));
}

static void pad(size_t n) {
    while (n--) putchar(' ');
}

static void print_cell(const char *text, size_t width, bool right, bool last) {
    size_t gap = width - width_of(text);
    if (right) pad(gap);
    fputs(text, stdout);
    if (!right && !last) pad(gap);
    if (!last) fputs("  ", stdout);
}

static void print_line(char *const *cells, const size_t *width, const json *columns) {
    for (uint32_t i = 0; i < columns->n; i++)
        print_cell(cells[i] ? cells[i] : "", width[i],
                   is_number(json_text(json_get(columns->items[i], "type"))), i + 1 == columns->n);
    putchar('\n');
}

static int print_table(const json *columns, const json *rows) {
    uint32_t n = columns->n;
    char **cells = calloc(((size_t)rows->n + 1) * n + 1, sizeof *cells);
    size_t *width = calloc(n + 1, sizeof *width);
    for (uint32_t row = 0; cells && width && row <= rows->n; row++)
        for (uint32_t i = 0; i < n; i++) {
            const json *v = row ? rows->items[row - 1]->items[i] : json_get(columns->items[i], "name");
            char *text = cells[(size_t)row * n + i] = cell_text(v, FORM_TABLE);
            size_t wide = text ? width_of(text) : 0;
            if (wide > width[i]) width[i] = wide;
        }
    for (uint32_t row = 0; cells && width && row <= rows->n; row++)
        print_line(cells + (size_t)row * n, width, columns);
    for (size_t i = 0; cells && i < ((size_t)rows->n + 1) * n; i++) free(cells[i]);
    int result = cells && width ? CLI_OK : CLI_FAILED;
    free(cells);
    free(width);
    return result;
}

/* ---- CSV ---- */

/* RFC 4180. An empty string is quoted, so that it is not null. */
static void print_field(const json *v) {
    char *text = cell_text(v, FORM_CSV);
    bool quoted = text && (strpbrk(text, ",\"\r\n") || (v->kind == JSON_STRING && !*text));
    if (quoted) putchar('"');
    for (const char *c = text; c && *c; c++) {
        if (*c == '"') putchar('"');
        putchar(*c);
    }
    if (quoted) putchar('"');
    free(text);
}

static int print_csv(const json *columns, const json *rows) {
    for (uint32_t i = 0; i < columns->n; i++) {
        if (i) putchar(',');
        print_field(json_get(columns->items[i], "name"));
    }
    putchar('\n');
    for (uint32_t row = 0; row < rows->n; row++) {
        for (uint32_t i = 0; i < rows->items[row]->n; i++) {
            if (i) putchar(',');
            print_field(rows->items[row]->items[i]);
        }
        putchar('\n');
    }
    return CLI_OK;
}

/* ---- The answer ---- */

static int print_changes(const json *changes) {
    static const char *const kinds[] = {"inserted", "updated", "removed", "refused"};
    const char *between = "";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int64_t n = json_long(json_get(changes, kinds[i]), 0);
        if (!n) continue;
        printf("%s%lld %s", between, (long long)n, kinds[i]);
        between = ", ";
    }
    puts(*between ? "" : "nothing changed");
    return CLI_OK;
}

static bool are_rows(const json *columns, const json *rows) {
    if (!columns || !rows || columns->kind != JSON_ARRAY || rows->kind != JSON_ARRAY) return false;
    for (uint32_t i = 0; i < columns->n; i++)
        if (!json_get(columns->items[i], "name")) return false;
    for (uint32_t i = 0; i < rows->n; i++)
        if (rows->items[i]->kind != JSON_ARRAY || rows->items[i]->n != columns->n) return false;
    return true;
}

static int print_answer(const http_answer *a, form f) {
    const char *error = "";
    size_t at = 0;
    if (f == FORM_JSON) return fputs(a->body, stdout) < 0 ? CLI_IO : CLI_OK;
    json *j = json_parse(a->body, a->len, &error, &at);
    const json *columns = json_get(j, "columns"), *rows = json_get(j, "rows"),
               *changes = json_get(j, "changes");
    int result = CLI_FAILED;
    if (changes)
        result = print_changes(changes);
    else if (are_rows(columns, rows))
        result = f == FORM_CSV ? print_csv(columns, rows) : print_table(columns, rows);
    else
        fprintf(stderr, "weir query: the answer makes no sense: %s at byte %zu\n", error, at);
    json_free(j);
    return result;
}

/* A wrong query is told as weir check tells a wrong app. */
static int print_failure(const char *address, const http_answer *a) {
    if (a->status == 400) {
        fputs(a->body, stderr);
        return CLI_FAILED;
    }
    fprintf(stderr, "weir query: %s: %s", address, a->body);
    return a->status == 422 ? CLI_FAILED : CLI_IO;
}

static int ask(const char *address, const char *token, const char *text, long long timeout_ms, form f) {
    char error[512], header[64];
    http_answer a;
    snprintf(header, sizeof header, "Weir-Timeout: %lld", timeout_ms);
    if (!http_ask(address, "/query", token, header, text, strlen(text), timeout_ms + 2000, &a, error,
                  sizeof error)) {
        fprintf(stderr, "weir query: %s\n", error);
        return CLI_IO;
    }
    int result = a.status == 200 ? print_answer(&a, f) : print_failure(address, &a);
    http_answer_free(&a);
    return result;
}

static bool take_form(const char *value, form *out) {
    static const char *const forms[] = {"table", "json", "csv"};
    for (int i = 0; i < 3; i++)
        if (!strcmp(value, forms[i])) {
            *out = (form)i;
            return true;
        }
    fprintf(stderr, "weir query: --format is table, json or csv, not '%s'\n", value);
    return false;
}

static int run(int argc, char **argv) {
    cli_args args = {.command = &cli_query, .argc = argc, .argv = argv};
    const char *value = NULL, *address = NULL, *token = getenv("WEIR_ADMIN_TOKEN");
    long long timeout_ms = 5000;
    form f = FORM_TABLE;
    for (const cli_option *o; (o = cli_next_option(&args, &value));) {
        if (!strcmp(o->name, "--admin")) address = value;
        if (!strcmp(o->name, "--token")) token = value;
        if (!strcmp(o->name, "--timeout") && !cli_number(o->name, value, 1, 600000, &timeout_ms))
            return CLI_USAGE;
        if (!strcmp(o->name, "--format") && !take_form(value, &f)) return CLI_USAGE;
    }
    if (args.help) return CLI_OK;
    if (args.wrong || args.at + 1 != argc || !address) {
        if (!args.wrong)
            fprintf(stderr, "weir query: give --admin ADDRESS and one query, as in: weir query --admin "
                            "unix:admin.sock 'from T select *'\n");
        return CLI_USAGE;
    }
    size_t len;
    char *text = strcmp(argv[args.at], "-") ? strdup(argv[args.at]) : cli_read_file("-", &len);
    if (!text) return CLI_IO;
    int result = ask(address, token, text, timeout_ms, f);
    free(text);
    return result;
}

static const cli_option options[] = {
    {"--admin", "ADDRESS", "where weir run --admin listens: unix:PATH, HOST:PORT or :PORT"},
    {"--token", "TOKEN", "what the admin server asks for (or set WEIR_ADMIN_TOKEN)"},
    {"--format", "FORM", "how rows are printed: table, json or csv (table)"},
    {"--timeout", "MS", "how long to wait for the app (5000)"},
    {NULL, NULL, NULL},
};

const cli_command cli_query = {
    "query", "QUERY",
    "Asks the tables of an app that runs, or changes them: from T on … select …; insert, update, delete.",
    options, run};
