/* cmd_errors.c: weir errors: the error store of an app that runs: listed, sent again, dropped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/http_client.h"
#include "cli/json.h"

typedef struct asking {
    const char *address, *token, *app;
    bool raw;
    long long timeout_ms;
} asking;

static const char *text(const json *object, const char *key) {
    const char *t = json_text(json_get(object, key));
    return t ? t : "";
}

static const char *number(const json *object, const char *key) {
    const json *j = json_get(object, key);
    return j && j->kind == JSON_NUMBER ? j->text : "0";
}

static int print_list(const http_answer *a) {
    const char *error = "";
    size_t at = 0;
    json *list = json_parse(a->body, a->len, &error, &at);
    if (!list) {
        fprintf(stderr, "weir errors: the answer is not JSON: %s at byte %zu\n", error, at);
        return CLI_FAILED;
    }
    printf("%8s %15s %-8s %-20s %-10s %6s  %s\n", "id", "time ms", "origin", "stream", "type", "rows",
           "reason");
    for (uint32_t i = 0; i < list->n; i++) {
        const json *e = list->items[i], *rows = json_get(e, "rows");
        printf("%8s %15s %-8s %-20.20s %-10.10s %6u  %s\n", number(e, "id"), number(e, "time_ms"),
               text(e, "origin"), text(e, "stream"), text(e, "type"), rows ? rows->n : 0, text(e, "reason"));
    }
    json_free(list);
    return CLI_OK;
}

static int ask(const asking *q, const char *method, const char *id) {
    char path[512], error[512], header[64];
    http_answer a;
    snprintf(path, sizeof path, "/errors?id=%s%s%s", id, q->app ? "&app=" : "", q->app ? q->app : "");
    snprintf(header, sizeof header, "Weir-Timeout: %lld", q->timeout_ms);
    if (!http_request(q->address, method, path, q->token, header, NULL, 0, q->timeout_ms + 2000, &a, error,
                      sizeof error)) {
        fprintf(stderr, "weir errors: %s\n", error);
        return CLI_IO;
    }
    int result = a.status == 200 ? CLI_OK : a.status == 422 || a.status == 404 ? CLI_FAILED : CLI_IO;
    if (result != CLI_OK)
        fprintf(stderr, "weir errors: %s: %s\n", q->address, a.body);
    else if (strcmp(method, "GET") != 0)
        printf("%.*s %s\n", (int)strcspn(a.body, "\n"), a.body, *method == 'P' ? "sent again" : "discarded");
    else if (q->raw)
        fputs(a.body, stdout);
    else
        result = print_list(&a);
    http_answer_free(&a);
    return result;
}

static bool take_option(asking *q, const char *name, const char *value) {
    if (!strcmp(name, "--admin")) q->address = value;
    if (!strcmp(name, "--token")) q->token = value;
    if (!strcmp(name, "--app")) q->app = value;
    if (!strcmp(name, "--json")) q->raw = true;
    return strcmp(name, "--timeout") != 0 || cli_number(name, value, 1, 600000, &q->timeout_ms);
}

static int usage(void) {
    fprintf(stderr,
            "weir errors: give --admin ADDRESS and list, replay or discard; and ids of entries, or 'all'\n");
    return CLI_USAGE;
}

static int run_ids(const asking *q, const char *method, char **ids, int n) {
    int result = CLI_OK;
    for (int i = 0; i < n && result == CLI_OK; i++) {
        long long id = 0;
        if (strcmp(ids[i], "all") != 0 && !cli_number("id", ids[i], 1, INT64_MAX, &id)) return CLI_USAGE;
        char number[32];
        snprintf(number, sizeof number, "%lld", id);
        result = ask(q, method, number);
    }
    return result;
}

static int run(int argc, char **argv) {
    cli_args args = {.command = &cli_errors, .argc = argc, .argv = argv};
    asking q = {.token = getenv("WEIR_ADMIN_TOKEN"), .timeout_ms = 30000};
    const char *value = NULL;
    for (const cli_option *o; (o = cli_next_option(&args, &value));)
        if (!take_option(&q, o->name, value)) return CLI_USAGE;
    if (args.help) return CLI_OK;
    if (args.wrong) return CLI_USAGE;
    const char *verb = args.at < argc ? argv[args.at] : "";
    int n = argc - args.at - 1;
    if (!q.address) return usage();
    if (!strcmp(verb, "list") && !n) return ask(&q, "GET", "0");
    if (!strcmp(verb, "replay") && n > 0) return run_ids(&q, "POST", argv + args.at + 1, n);
    if (!strcmp(verb, "discard") && n > 0) return run_ids(&q, "DELETE", argv + args.at + 1, n);
    return usage();
}

static const cli_option options[] = {
    {"--admin", "ADDRESS", "where weir run --admin listens: unix:PATH, HOST:PORT or :PORT"},
    {"--token", "TOKEN", "what the admin server asks for (or set WEIR_ADMIN_TOKEN)"},
    {"--app", "NAME", "which app, where there are several"},
    {"--json", NULL, "print the list as the server gives it, rows and all"},
    {"--timeout", "MS", "how long to wait for the app (30000)"},
    {NULL, NULL, NULL},
};

const cli_command cli_errors = {"errors", "list | replay ID... | discard ID...",
                                "Lists the events that could not be processed or sent and are kept "
                                "('store'), sends them again, or drops them.",
                                options, run};
