/* cli.h: the subcommands of weir: one file each, one row each in main.c. They use weir.h only. */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "weir.h"

/* Exit codes, the same for every subcommand. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1, /* the app is wrong, a test failed, a run ended with an error */
    CLI_USAGE = 2,  /* the command line is wrong */
    CLI_IO = 3      /* a file can't be read or written, an address not be used */
};

typedef struct cli_option {
    const char *name;     /* "--batch" */
    const char *argument; /* "N", or NULL: a flag */
    const char *doc;
} cli_option;

typedef struct cli_command {
    const char *name;
    const char *arguments;             /* "FILE..." for the usage line */
    const char *doc;                   /* one sentence */
    const cli_option *options;         /* ends with a NULL name; --help comes by itself */
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand's name */
} cli_command;

extern const cli_command cli_run, cli_check, cli_fmt, cli_explain, cli_test, cli_bench, cli_ps, cli_query,
    cli_deploy, cli_undeploy, cli_errors, cli_version, cli_docs, cli_completion;
extern const cli_command *const cli_commands[]; /* NULL at the end */

/* Walks argv. Each call gives the next option (its row, with *value when it takes one) or, with NULL, that
 * there is none left; then argv[*at..] are the arguments, whose order stays. Options may stand behind
 * arguments; "--" ends them. "--name=value" and "--name value" both do. An
 * unknown option is reported and sets *wrong. */
typedef struct cli_args {
    const cli_command *command;
    int argc;
    char **argv;
    int at;
    bool wrong;
    bool help; /* --help was given and has been answered */
} cli_args;
const cli_option *cli_next_option(cli_args *args, const char **value);
void cli_help(const cli_command *command);

/* A whole file ("-": standard input), NUL-terminated; NULL, with a message on standard error. Free it with
 * free(). */
char *cli_read_file(const char *path, size_t *len);
/* A positive whole number; reports and returns false otherwise. */
bool cli_number(const char *option, const char *text, long long least, long long most, long long *out);
#define CLI_MOST_THREADS 256
/* Log lines to standard error. */
void cli_log(void *ctx, weir_log_level level, const char *line);
/* The folder of a path, "." if it has none; free() it. */
char *cli_folder(const char *path);

#endif
