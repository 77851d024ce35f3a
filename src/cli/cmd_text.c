/* cmd_text.c: weir check, fmt and explain: an app's text looked at, without running it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/config.h"

/* What all files of a command are looked at with. */
typedef struct looking {
    weir_engine *engine;
    config config; /* of --config */
} looking;

static const char *variable_value(void *ctx, const char *name) {
    const char *value = getenv(name);
    return value ? value : config_property(ctx, name);
}

/* The app of a file, or NULL with all its errors on standard error. */
static weir_app *load(looking *l, const char *path, const char *text, size_t len, int *result) {
    weir_app_options o = {.struct_size = sizeof o,
                          .source_name = path,
                          .no_io = true,
                          .refs = l->config.refs,
                          .n_refs = l->config.n_refs,
                          .variable = variable_value,
                          .variable_ctx = &l->config};
    weir_app *app;
    weir_report *report;
    weir_error err;
    if (weir_app_new(l->engine, text, len, &o, &app, &report, &err) == WEIR_OK) return app;
    char *all = weir_report_text(report);
    fputs(all && *all ? all : err.message, stderr);
    if (!all || !*all) fputc('\n', stderr);
    if (weir_report_count(report) > 1) fprintf(stderr, "%s: %u errors\n", path, weir_report_count(report));
    weir_free(all);
    weir_report_free(report);
    *result = CLI_FAILED;
    return NULL;
}

typedef int on_file(const char *path, const char *text, size_t len, looking *l);

static int each_file(const cli_args *args, looking *l, on_file *work) {
    weir_error err;
    weir_engine_options o = {.struct_size = sizeof o, .log = cli_log};
    if (weir_engine_new(&o, &l->engine, &err) != WEIR_OK) {
        fprintf(stderr, "weir: %s\n", err.message);
        return CLI_FAILED;
    }
    int result = CLI_OK;
    for (int i = args->at; i < args->argc; i++) {
        size_t len;
        char *text = cli_read_file(args->argv[i], &len);
        int one = text ? work(args->argv[i], text, len, l) : CLI_IO;
        if (one > result) result = one;
        free(text);
    }
    weir_engine_free(l->engine);
    return result;
}

static int usage_if_no_files(const cli_args *args) {
    if (args->help) return CLI_OK;
    if (args->wrong) return CLI_USAGE;
    if (args->at < args->argc) return -1;
    fprintf(stderr, "weir %s: no file; see weir %s --help\n", args->command->name, args->command->name);
    return CLI_USAGE;
}

/* ---- check ---- */

static int check_file(const char *path, const char *text, size_t len, looking *l) {
    int result = CLI_OK;
    weir_app *app = load(l, path, text, len, &result);
    if (app) printf("%s: ok\n", path);
    weir_app_free(app);
    return result;
}

/* A command whose options are --config and nothing else. */
static int look_at_files(const cli_command *command, int argc, char **argv, on_file *work) {
    cli_args args = {.command = command, .argc = argc, .argv = argv};
    looking l = {0};
    const char *file = NULL;
    while (cli_next_option(&args, &file)) continue;
    int result = usage_if_no_files(&args);
    if (result >= 0) return result;
    result = file && !config_read(&l.config, file) ? CLI_USAGE : each_file(&args, &l, work);
    config_free(&l.config);
    return result;
}

static int run_check(int argc, char **argv) { return look_at_files(&cli_check, argc, argv, check_file); }

static const cli_option options[] = {
    {"--config", "FILE", "what the apps refer to, in YAML: see weir run --help"}, {NULL, NULL, NULL}};
const cli_command cli_check = {
    "check", "FILE...",
    "Reports all errors of apps, each with its place and the likely meaning; runs nothing.", options,
    run_check};

/* ---- explain ---- */

static int explain_file(const char *path, const char *text, size_t len, looking *l) {
    int result = CLI_OK;
    weir_app *app = load(l, path, text, len, &result);
    char *plan = app ? weir_app_explain(app) : NULL;
    if (plan) fputs(plan, stdout);
    weir_free(plan);
    weir_app_free(app);
    return result;
}

static int run_explain(int argc, char **argv) {
    return look_at_files(&cli_explain, argc, argv, explain_file);
}

const cli_command cli_explain = {
    "explain", "FILE...",
    "Prints the logical and the physical plan of apps, what each operator stores, and its bound.", options,
    run_explain};

/* ---- fmt ---- */

static bool fmt_in_place, fmt_check; /* of the one fmt command this process runs */

static int format_file(const char *path, const char *text, size_t len, looking *l) {
    char *out;
    weir_report *report;
    weir_error err;
    (void)l;
    if (weir_format(text, len, path, &out, &report, &err) != WEIR_OK) {
        char *all = weir_report_text(report);
        fputs(all && *all ? all : err.message, stderr);
        weir_free(all);
        weir_report_free(report);
        return CLI_FAILED;
    }
    bool same = strlen(out) == len && !memcmp(out, text, len);
    int result = CLI_OK;
    if (fmt_check) {
        if (!same) printf("%s\n", path);
        result = same ? CLI_OK : CLI_FAILED;
    } else if (!fmt_in_place)
        fputs(out, stdout);
    else if (!same) {
        FILE *f = fopen(path, "wb");
        if (!f || fputs(out, f) < 0 || fclose(f)) {
            perror(path);
            result = CLI_IO;
        }
    }
    weir_free(out);
    return result;
}

static int run_fmt(int argc, char **argv) {
    cli_args args = {.command = &cli_fmt, .argc = argc, .argv = argv};
    const char *value;
    for (const cli_option *o; (o = cli_next_option(&args, &value));) {
        fmt_in_place |= !strcmp(o->name, "--write");
        fmt_check |= !strcmp(o->name, "--check");
    }
    int usage = usage_if_no_files(&args);
    return usage >= 0 ? usage : each_file(&args, &(looking){0}, format_file);
}

static const cli_option fmt_options[] = {
    {"--write", NULL, "change the files instead of printing"},
    {"--check", NULL, "only name the files that are not in canonical layout, and fail if there are any"},
    {NULL, NULL, NULL},
};
const cli_command cli_fmt = {"fmt", "FILE...", "Prints apps in canonical layout; comments are kept.",
                             fmt_options, run_fmt};

/* ---- version ---- */

static int run_version(int argc, char **argv) {
    cli_args args = {.command = &cli_version, .argc = argc, .argv = argv};
    const char *value;
    while (cli_next_option(&args, &value)) continue;
    if (args.wrong) return CLI_USAGE;
    if (!args.help) printf("weir %s\n", weir_version());
    return CLI_OK;
}

static const cli_option no_options[] = {{NULL, NULL, NULL}};
const cli_command cli_version = {"version", "", "Prints the version.", no_options, run_version};
