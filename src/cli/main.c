/* main.c: weir SUBCOMMAND …: the table of subcommands. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

const cli_command *const cli_commands[] = {
    &cli_run,    &cli_check,    &cli_fmt,    &cli_explain, &cli_test,       &cli_bench,   &cli_ps, &cli_query,
    &cli_deploy, &cli_undeploy, &cli_errors, &cli_docs,    &cli_completion, &cli_version, NULL};

static void print_usage(FILE *to) {
    fputs("usage: weir COMMAND [OPTION...] [ARGUMENT...]\n\ncommands:\n", to);
    for (const cli_command *const *c = cli_commands; *c; c++)
        fprintf(to, "  %-12s %s\n", (*c)->name, (*c)->doc);
    fputs("\n'weir COMMAND --help' tells more about a command.\n"
          "exit codes: 0 well, 1 the app or a test failed, 2 wrong command line, 3 a file or address can't "
          "be used\n",
          to);
}

/* A standard descriptor that the caller has closed must not become some file of ours. What takes its place
 * can be opened but not used: reading standard input fails, and writing to the others. */
static void fill_standard_descriptors(void) {
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) < 0) return;
}

int main(int argc, char **argv) {
    fill_standard_descriptors();
    if (argc < 2) {
        print_usage(stderr);
        return CLI_USAGE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        print_usage(stdout);
        return CLI_OK;
    }
    if (!strcmp(argv[1], "--version")) argv[1] = "version";
    for (const cli_command *const *c = cli_commands; *c; c++)
        if (!strcmp((*c)->name, argv[1])) return (*c)->run(argc - 1, argv + 1);
    fprintf(stderr, "weir: there is no command '%s'\n\n", argv[1]);
    print_usage(stderr);
    return CLI_USAGE;
}
