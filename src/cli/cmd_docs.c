/* cmd_docs.c: weir docs: the reference of everything registered, as Markdown; and weir completion. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* ---- docs ---- */

typedef struct printing {
    const char *kind; /* of the section at hand */
} printing;

static const struct {
    const char *kind, *title, *text;
} sections[] = {
    {"function", "Functions", "Scalar functions, for any expression."},
    {"stream function", "Stream functions",
     "`from S#NAME(…)`: what adds attributes to events, or makes several of one."},
    {"aggregator", "Aggregators",
     "For `select` and `having`, and for filters. Expired events are taken out again."},
    {"window", "Windows", "`from S#window.NAME(…)`."},
    {"source", "Sources",
     "`@source(type='NAME', key='value', @map(…))` in front of a stream definition. Besides its own keys "
     "each takes:\n\n"
     "| key | value | default | |\n|---|---|---|---|\n"
     "| `ref` | text |  | The name of what `weir run --config` has of it: type and keys that do not stand "
     "here. |"},
    {"sink", "Sinks",
     "`@sink(type='NAME', key='value', @map(…))` in front of a stream definition. Besides its own keys each "
     "takes:\n\n"
     "| key | value | default | |\n|---|---|---|---|\n"
     "| `on.error` | LOG\\|WAIT\\|STREAM\\|STORE |  | What becomes of rows that can't be sent: they are "
     "logged and dropped; "
     "wait; go to the stream's `@OnError`; go to the error store. Without it a failure that may pass is "
     "waited for, "
     "and any other ends the run. |\n"
     "| `ref` | text |  | The name of what `weir run --config` has of it: type and keys that do not stand "
     "here. |\n\n"
     "`@distribution(strategy='roundRobin', 'partitioned' or 'broadcast', partitionKey='attribute', "
     "@destination(…), "
     "…)` in it sends to several places: see [operations](operations.md#when-a-sink-fails)."},
    {"decoder", "Formats to read", "`@map(type='NAME', …)` in a `@source`."},
    {"encoder", "Formats to write", "`@map(type='NAME', …)` in a `@sink`."},
    {"store", "Stores",
     "`@store(type='NAME', key='value')` in front of a table definition; see [stores](stores.md). `ref` "
     "names what "
     "`weir run --config` has of it."},
};

static void print_heading(printing *p, const char *kind) {
    if (p->kind && !strcmp(p->kind, kind)) return;
    p->kind = kind;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (!strcmp(sections[i].kind, kind)) printf("\n## %s\n\n%s\n", sections[i].title, sections[i].text);
}

/* A cell of a table: '|' would end it. */
static void print_cell(const char *text) {
    for (; *text; text++) {
        if (*text == '|') putchar('\\');
        putchar(*text);
    }
}

static const char *kind_name(weir_option_kind kind) {
    static const char *const names[] = {"", "text", "bool", "long", "double", "time", "bytes", "choice"};
    return (unsigned)kind < sizeof names / sizeof *names ? names[kind] : "";
}

static void print_options(const weir_option *o) {
    if (!o->name) return;
    printf("\n| key | value | default | |\n|---|---|---|---|\n");
    for (; o->name; o++) {
        printf("| `%s` | ", o->name);
        print_cell(o->choices ? o->choices : kind_name(o->kind));
        printf(" | ");
        if (o->required)
            printf("required");
        else if (o->fallback)
            printf("`%s`", o->fallback);
        printf(" | ");
        print_cell(o->doc ? o->doc : "");
        printf(" |\n");
    }
}

static bool print_item(void *ctx, const weir_registered *item) {
    print_heading(ctx, item->kind);
    printf("\n### %s%s%s\n\n%s\n", item->ns, *item->ns ? ":" : "", item->name, item->doc);
    if (item->params && item->params->signature) putchar('\n');
    for (const weir_param_doc *p = item->params; p && p->signature; p++)
        printf("* `%s`: %s\n", p->signature, p->doc);
    if (item->options) print_options(item->options);
    if (item->example && *item->example) printf("\n```\n%s\n```\n", item->example);
    return true;
}

static int run_docs(int argc, char **argv) {
    cli_args args = {.command = &cli_docs, .argc = argc, .argv = argv};
    const char *value;
    weir_engine *engine;
    weir_error err;
    while (cli_next_option(&args, &value)) continue;
    if (args.help || args.wrong) return args.help ? CLI_OK : CLI_USAGE;
    if (weir_engine_new(NULL, &engine, &err) != WEIR_OK) {
        fprintf(stderr, "weir docs: %s\n", err.message);
        return CLI_FAILED;
    }
    if (weir_engine_open_modules(engine, &err) != WEIR_OK) {
        fprintf(stderr, "weir docs: %s\n", err.message);
        weir_engine_free(engine);
        return CLI_FAILED;
    }
    printing p = {NULL};
    printf("# Reference\n\nWritten by `weir docs` from what the program knows; change the descriptors, not "
           "this page.\n");
    weir_engine_visit(engine, print_item, &p);
    weir_engine_free(engine);
    return CLI_OK;
}

static const cli_option no_options[] = {{NULL, NULL, NULL}};
const cli_command cli_docs = {"docs", "",
                              "Prints the reference of functions, stream functions, aggregators, windows, "
                              "sources, sinks, formats and stores.",
                              no_options, run_docs};

/* ---- completion ---- */

static void print_words(const cli_command *c) {
    for (const cli_option *o = c->options; o && o->name; o++) printf("%s ", o->name);
    printf("--help");
}

static void print_bash(void) {
    printf("_weir() {\n    local word=${COMP_WORDS[COMP_CWORD]}\n    case ${COMP_WORDS[1]} in\n");
    for (const cli_command *const *c = cli_commands; *c; c++) {
        printf("    %s) [ \"$COMP_CWORD\" -gt 1 ] && COMPREPLY=($(compgen -W '", (*c)->name);
        print_words(*c);
        printf("' -- \"$word\")) ;;\n");
    }
    printf("    esac\n    [ \"$COMP_CWORD\" -gt 1 ] || COMPREPLY=($(compgen -W '");
    for (const cli_command *const *c = cli_commands; *c; c++) printf("%s ", (*c)->name);
    printf("' -- \"$word\"))\n    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "
           "\"$word\"))\n}\ncomplete -F _weir weir\n");
}

static void print_fish(void) {
    for (const cli_command *const *c = cli_commands; *c; c++) {
        printf("complete -c weir -n __fish_use_subcommand -a %s -d '%s'\n", (*c)->name, (*c)->doc);
        for (const cli_option *o = (*c)->options; o && o->name; o++)
            printf("complete -c weir -n '__fish_seen_subcommand_from %s' -l %s%s -d '%s'\n", (*c)->name,
                   o->name + 2, o->argument ? " -r" : "", o->doc);
    }
}

static int run_completion(int argc, char **argv) {
    cli_args args = {.command = &cli_completion, .argc = argc, .argv = argv};
    const char *value, *shell;
    while (cli_next_option(&args, &value)) continue;
    if (args.help || args.wrong) return args.help ? CLI_OK : CLI_USAGE;
    shell = args.at < argc ? argv[args.at] : "";
    if (!strcmp(shell, "zsh")) printf("autoload -U +X bashcompinit && bashcompinit\n");
    if (!strcmp(shell, "bash") || !strcmp(shell, "zsh"))
        print_bash();
    else if (!strcmp(shell, "fish"))
        print_fish();
    else {
        fprintf(stderr, "weir completion: name a shell: bash, zsh or fish\n");
        return CLI_USAGE;
    }
    return CLI_OK;
}

const cli_command cli_completion = {
    "completion", "SHELL", "Prints the completion script for bash, zsh or fish.", no_options, run_completion};
