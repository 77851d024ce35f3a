/* args.c: options, help texts, files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const cli_option help_option = {"--help", NULL, "show this text"};

void cli_help(const cli_command *c) {
    printf("usage: weir %s%s%s%s\n\n%s\n", c->name, c->options && c->options->name ? " [OPTION...]" : "",
           *c->arguments ? " " : "", c->arguments, c->doc);
    printf("\noptions:\n");
    for (const cli_option *o = c->options; o && o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s%s", o->name, o->argument ? " " : "",
                 o->argument ? o->argument : "");
        printf("  %-24s %s\n", left, o->doc);
    }
    printf("  %-24s %s\n", help_option.name, help_option.doc);
}

static const cli_option *find(const cli_args *a, const char *text, size_t len) {
    if (len == strlen(help_option.name) && !strncmp(text, help_option.name, len)) return &help_option;
    for (const cli_option *o = a->command->options; o && o->name; o++)
        if (strlen(o->name) == len && !strncmp(o->name, text, len)) return o;
    return NULL;
}

/* Takes argv[i] out of the line; the arguments before it move one place on. */
static char *take(cli_args *a, int i) {
    char *text = a->argv[i];
    memmove(&a->argv[a->at + 1], &a->argv[a->at], (size_t)(i - a->at) * sizeof *a->argv);
    a->argv[a->at++] = text;
    return text;
}

const cli_option *cli_next_option(cli_args *a, const char **value) {
    if (!a->at) a->at = 1;
    int i = a->at;
    while (i < a->argc && (a->argv[i][0] != '-' || !a->argv[i][1])) i++;
    if (i >= a->argc) return NULL;
    const char *text = take(a, i), *equals = strchr(text, '=');
    if (!strcmp(text, "--")) return NULL;
    const cli_option *o = find(a, text, equals ? (size_t)(equals - text) : strlen(text));
    if (!o || (equals && !o->argument)) {
        fprintf(stderr, "weir %s: there is no option '%s'; see weir %s --help\n", a->command->name, text,
                a->command->name);
        a->wrong = true;
        return NULL;
    }
    if (o == &help_option) {
        cli_help(a->command);
        a->help = true;
        return NULL;
    }
    if (!o->argument) return o;
    if (!equals && i + 1 >= a->argc) {
        fprintf(stderr, "weir %s: %s needs a value: %s\n", a->command->name, o->name, o->argument);
        a->wrong = true;
        return NULL;
    }
    *value = equals ? equals + 1 : take(a, i + 1);
    return o;
}

char *cli_read_file(const char *path, size_t *len) {
    FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
    char *text = NULL, block[65536];
    if (!f) {
        fprintf(stderr, "weir: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    FILE *copy = open_memstream(&text, len);
    for (size_t n; copy && (n = fread(block, 1, sizeof block, f)) > 0;) fwrite(block, 1, n, copy);
    bool failed = !copy || ferror(f);
    if (copy) fclose(copy);
    if (failed) fprintf(stderr, "weir: %s: %s\n", path, strerror(errno));
    if (f != stdin) fclose(f);
    if (!failed) return text;
    free(text);
    return NULL;
}

bool cli_number(const char *option, const char *text, long long least, long long most, long long *out) {
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    if (!errno && *text && !*end && *out >= least && *out <= most) return true;
    fprintf(stderr, "weir: %s: '%s' is not a whole number from %lld to %lld\n", option, text, least, most);
    return false;
}

void cli_log(void *ctx, weir_log_level level, const char *line) {
    static const char *const names[] = {"error", "warning", "info", "debug", "trace"};
    (void)ctx;
    if (level > WEIR_LOG_INFO) return;
    fprintf(stderr, "%s: %s\n", names[level], line);
}

char *cli_folder(const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}
