/* cmd_ps.c: weir ps: asks the admin server of a running weir for its apps. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/http_client.h"
#include "cli/json.h"

static const char *number(const json *object, const char *key) {
    const json *j = json_get(object, key);
    return j && j->kind == JSON_NUMBER ? j->text : "0";
}

static const char *text(const json *object, const char *key) {
    const char *t = json_text(json_get(object, key));
    return t ? t : "";
}

static void print_app(const json *app) {
    const json *parts = json_get(app, "parts"), *latency = json_get(app, "latency_ms");
    printf("%s (%s)  up %s s  in %s (%s/s)  out %s (%s/s)  p99 %s ms  state %s bytes  errors %s\n",
           text(app, "app"), text(app, "file"), number(app, "up_s"), number(app, "rows_in"),
           number(app, "in_per_s"), number(app, "rows_out"), number(app, "out_per_s"), number(latency, "p99"),
           number(app, "state_bytes"), number(app, "errors"));
    if (*text(app, "waits_for")) printf("  waits for a store: %s\n", text(app, "waits_for"));
    printf("  %-9s %-28s %-34s %12s %12s %8s %10s %12s %8s %12s\n", "kind", "name", "part", "rows in",
           "rows out", "late", "rows held", "state bytes", "errors", "busy ms");
    for (uint32_t i = 0; parts && i < parts->n; i++) {
        const json *p = parts->items[i];
        printf("  %-9s %-28.28s %-34.34s %12s %12s %8s %10s %12s %8s %12s\n", text(p, "kind"),
               text(p, "name"), text(p, "label"), number(p, "rows_in"), number(p, "rows_out"),
               number(p, "rows_late"), number(p, "state_rows"), number(p, "state_bytes"), number(p, "errors"),
               number(p, "busy_ms"));
    }
}

static int print(const char *address, const http_answer *a, bool raw) {
    const char *error = "";
    size_t at = 0;
    if (a->status != 200) {
        fprintf(stderr, "weir ps: %s: %s", address, a->body);
        return CLI_IO;
    }
    json *apps = json_parse(a->body, a->len, &error, &at);
    if (!apps)
        fprintf(stderr, "weir ps: the answer is not JSON: %s at byte %zu\n", error, at);
    else if (raw)
        fputs(a->body, stdout);
    for (uint32_t i = 0; apps && !raw && i < apps->n; i++) print_app(apps->items[i]);
    int result = apps ? CLI_OK : CLI_FAILED;
    json_free(apps);
    return result;
}

static int run(int argc, char **argv) {
    cli_args args = {.command = &cli_ps, .argc = argc, .argv = argv};
    const char *value = NULL, *token = getenv("WEIR_ADMIN_TOKEN");
    bool raw = false;
    for (const cli_option *o; (o = cli_next_option(&args, &value));) {
        if (!strcmp(o->name, "--token")) token = value;
        raw |= !strcmp(o->name, "--json");
    }
    if (args.help) return CLI_OK;
    if (args.wrong || args.at + 1 != argc) {
        if (!args.wrong) fprintf(stderr, "weir ps: give the address that weir run --admin has\n");
        return CLI_USAGE;
    }
    http_answer a;
    char why[512];
    if (!http_ask(argv[args.at], "/apps", token, NULL, NULL, 0, 10000, &a, why, sizeof why)) {
        fprintf(stderr, "weir ps: %s\n", why);
        return CLI_IO;
    }
    int result = print(argv[args.at], &a, raw);
    http_answer_free(&a);
    return result;
}

static const cli_option options[] = {
    {"--token", "TOKEN", "what the admin server asks for (or set WEIR_ADMIN_TOKEN)"},
    {"--json", NULL, "print the server's answer as it is"},
    {NULL, NULL, NULL},
};

const cli_command cli_ps = {
    "ps", "ADDRESS",
    "Lists the apps of a running weir: events, rates, latency and bytes for each of their parts.", options,
    run};
