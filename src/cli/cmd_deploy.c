/* cmd_deploy.c: weir deploy and weir undeploy: apps and queries that come to a weir that runs, and go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/http_client.h"

typedef struct deploying {
    const char *command, *address, *token, *into;
    bool only_check, keep_all;
    long long timeout_ms;
} deploying;

static bool take_option(deploying *d, const char *name, const char *value) {
    if (!strcmp(name, "--admin")) d->address = value;
    if (!strcmp(name, "--token")) d->token = value;
    if (!strcmp(name, "--into")) d->into = value;
    if (!strcmp(name, "--check")) d->only_check = true;
    if (!strcmp(name, "--keep")) d->keep_all = true;
    return strcmp(name, "--timeout") != 0 || cli_number(name, value, 1, 600000, &d->timeout_ms);
}

/* As the value of an argument in a URL. */
static void print_escaped(FILE *out, const char *text) {
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c | 32u) - 'a' < 26 || (unsigned)c - '0' < 10 || strchr("-._", c))
            fputc(c, out);
        else
            fprintf(out, "%%%02X", c);
    }
}

static void print_argument(FILE *out, const char *between, const char *key, const char *value) {
    fprintf(out, "%s%s=", between, key);
    print_escaped(out, value);
}

static int print_answer(const deploying *d, const http_answer *a) {
    if (a->status == 200 || a->status == 201) {
        fputs(a->body, stdout);
        return CLI_OK;
    }
    if (a->status == 400)
        fputs(a->body, stderr);
    else
        fprintf(stderr, "weir %s: %s: %s%s", d->command, d->address, a->body,
                a->len && a->body[a->len - 1] == '\n' ? "" : "\n");
    return a->status == 400 || a->status == 422 || a->status == 404 ? CLI_FAILED : CLI_IO;
}

static int ask(const deploying *d, const char *method, const char *path, const char *body, size_t len) {
    char error[512], header[64];
    http_answer a;
    snprintf(header, sizeof header, "Weir-Timeout: %lld", d->timeout_ms);
    if (!http_request(d->address, method, path, d->token, header, body, len, d->timeout_ms + 2000, &a, error,
                      sizeof error)) {
        fprintf(stderr, "weir %s: %s\n", d->command, error);
        return CLI_IO;
    }
    int result = print_answer(d, &a);
    http_answer_free(&a);
    return result;
}

static int deploy(const deploying *d, const char *file) {
    char *path = NULL, *text;
    size_t path_len, len;
    FILE *f = open_memstream(&path, &path_len);
    if (!f) return CLI_FAILED;
    fputs(d->into ? "/queries?" : "/apps?", f);
    print_argument(f, "", d->into ? "app" : "file", d->into ? d->into : file);
    if (d->only_check) fputs("&check=1", f);
    if (d->keep_all) fputs("&keep=1", f);
    fclose(f);
    text = cli_read_file(file, &len);
    int result = text ? ask(d, "POST", path, text, len) : CLI_IO;
    free(text);
    free(path);
    return result;
}

static int run_deploy(int argc, char **argv) {
    cli_args args = {.command = &cli_deploy, .argc = argc, .argv = argv};
    deploying d = {.command = "deploy", .token = getenv("WEIR_ADMIN_TOKEN"), .timeout_ms = 30000};
    const char *value = NULL;
    for (const cli_option *o; (o = cli_next_option(&args, &value));)
        if (!take_option(&d, o->name, value)) return CLI_USAGE;
    if (args.help) return CLI_OK;
    if (args.wrong || args.at == argc || !d.address) {
        if (!args.wrong) fprintf(stderr, "weir deploy: give --admin ADDRESS and the files of apps\n");
        return CLI_USAGE;
    }
    int result = CLI_OK;
    for (int i = args.at; i < argc && result == CLI_OK; i++) result = deploy(&d, argv[i]);
    return result;
}

static int undeploy(const deploying *d, const char *app, const char *query) {
    char *path = NULL;
    size_t len;
    FILE *f = open_memstream(&path, &len);
    if (!f) return CLI_FAILED;
    print_argument(f, query ? "/queries?" : "/apps?", "app", app);
    if (query) print_argument(f, "&", "query", query);
    fclose(f);
    int result = ask(d, "DELETE", path, NULL, 0);
    free(path);
    return result;
}

static int run_undeploy(int argc, char **argv) {
    cli_args args = {.command = &cli_undeploy, .argc = argc, .argv = argv};
    deploying d = {.command = "undeploy", .token = getenv("WEIR_ADMIN_TOKEN"), .timeout_ms = 30000};
    const char *value = NULL;
    for (const cli_option *o; (o = cli_next_option(&args, &value));)
        if (!take_option(&d, o->name, value)) return CLI_USAGE;
    if (args.help) return CLI_OK;
    int n = argc - args.at;
    if (args.wrong || n < 1 || n > 2 || !d.address) {
        if (!args.wrong)
            fprintf(
                stderr,
                "weir undeploy: give --admin ADDRESS and the name of an app, and of one of its queries\n");
        return CLI_USAGE;
    }
    return undeploy(&d, argv[args.at], n == 2 ? argv[args.at + 1] : NULL);
}

static const cli_option deploy_options[] = {
    {"--admin", "ADDRESS", "where weir run --admin listens: unix:PATH, HOST:PORT or :PORT"},
    {"--token", "TOKEN", "what the admin server asks for (or set WEIR_ADMIN_TOKEN)"},
    {"--into", "APP", "the files are queries, to be added to this app"},
    {"--check", NULL, "only say what would be lost, or is wrong"},
    {"--keep", NULL, "refuse a change that would lose state"},
    {"--timeout", "MS", "how long to wait for the app (30000)"},
    {NULL, NULL, NULL},
};

static const cli_option undeploy_options[] = {
    {"--admin", "ADDRESS", "where weir run --admin listens: unix:PATH, HOST:PORT or :PORT"},
    {"--token", "TOKEN", "what the admin server asks for (or set WEIR_ADMIN_TOKEN)"},
    {"--timeout", "MS", "how long to wait for the app (30000)"},
    {NULL, NULL, NULL},
};

const cli_command cli_deploy = {"deploy", "FILE...",
                                "Starts apps in a running weir, or puts a new text in the place of one that "
                                "runs: no event is lost, and the "
                                "state is kept where the query is the same.",
                                deploy_options, run_deploy};

const cli_command cli_undeploy = {"undeploy", "APP [QUERY]",
                                  "Stops an app of a running weir, or takes a query out of it.",
                                  undeploy_options, run_undeploy};
