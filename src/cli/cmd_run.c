/* cmd_run.c: weir run: an app with its sources and sinks, until they end or a signal comes. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/admin.h"
#include "cli/board.h"
#include "cli/cli.h"

#define STATUS_EVERY_MS 500

typedef enum stats_form { STATS_NONE, STATS_LINE, STATS_JSON } stats_form;

typedef struct variable {
    const char *name, *value;
} variable;

typedef struct runner {
    const char *file;
    const char *state_dir, *admin_address, *token;
    long long batch, checkpoint_ms, threads;
    bool playback, quiet;
    stats_form stats;
    variable *variables;
    uint32_t n_variables;
    board board;
    mailbox mailbox;
    int64_t shown_ms;
    size_t line_width; /* of the status line that is on the terminal */
} runner;

/* The one running app, for the signal handler. */
static weir_app *volatile signalled_app;

static void on_signal(int number) {
    (void)number;
    weir_app *app = signalled_app;
    if (app) weir_app_request_stop(app);
}

static void catch_signals(weir_app *app) {
    struct sigaction a = {.sa_handler = on_signal};
    signalled_app = app;
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static const char *variable_value(void *ctx, const char *name) {
    const runner *r = ctx;
    for (uint32_t i = 0; i < r->n_variables; i++)
        if (!strcmp(r->variables[i].name, name)) return r->variables[i].value;
    return NULL;
}

/* ---- What is shown while it runs ---- */

static void clear_line(runner *r) {
    if (r->line_width) fprintf(stderr, "\r\033[K");
    r->line_width = 0;
}

static void show(runner *r, bool last) {
    int64_t now = board_clock_ms();
    if (r->stats == STATS_NONE || (!last && now - r->shown_ms < STATUS_EVERY_MS)) return;
    r->shown_ms = now;
    if (r->stats == STATS_JSON) {
        board_json(&r->board, stderr);
        fputc('\n', stderr);
    } else {
        clear_line(r);
        board_status_line(&r->board, stderr);
        r->line_width = 1;
        if (last) fputc('\n', stderr);
    }
    fflush(stderr);
}

static void on_turn(void *ctx) {
    runner *r = ctx;
    mailbox_serve(&r->mailbox);
    board_publish(&r->board, false);
    show(r, false);
}

static void on_log(void *ctx, weir_log_level level, const char *line) {
    runner *r = ctx;
    if (r->quiet && level > WEIR_LOG_ERROR) return;
    clear_line(r);
    cli_log(NULL, level, line);
}

/* ---- Running ---- */

static int report_app(const weir_error *err, weir_report *report) {
    char *all = weir_report_text(report);
    if (all && *all)
        fputs(all, stderr);
    else
        fprintf(stderr, "weir run: %s\n", err->message);
    weir_free(all);
    weir_report_free(report);
    return CLI_FAILED;
}

static int run_app(runner *r, weir_app *app) {
    char error[512];
    weir_error err;
    admin *server = NULL;
    if (r->admin_address &&
        !(server = admin_start(r->admin_address, r->token, &r->board, &r->mailbox, error, sizeof error))) {
        fprintf(stderr, "weir run: --admin %s\n", error);
        return CLI_IO;
    }
    catch_signals(app);
    weir_status st = weir_app_start(app, &err);
    if (st == WEIR_OK) {
        board_publish(&r->board, true);
        mailbox_open(&r->mailbox, app);
        st = weir_app_run(app, &err);
        mailbox_open(&r->mailbox, NULL);
        board_publish(&r->board, true);
        show(r, true);
    }
    if (st != WEIR_OK) {
        clear_line(r);
        fprintf(stderr, "weir run: %s\n", err.message);
        if (*err.hint) fprintf(stderr, "hint: %s\n", err.hint);
    }
    signalled_app = NULL;
    admin_stop(server);
    return st == WEIR_OK ? CLI_OK : st == WEIR_EIO ? CLI_IO : CLI_FAILED;
}

static int run_text(runner *r, weir_engine *engine, const char *text, size_t len) {
    weir_app_options o = {.struct_size = sizeof o,
                          .source_name = r->file,
                          .batch_limit = (uint32_t)r->batch,
                          .threads = (uint32_t)r->threads,
                          .playback = r->playback,
                          .variable = variable_value,
                          .variable_ctx = r,
                          .state_dir = r->state_dir,
                          .checkpoint_ms = r->checkpoint_ms,
                          .on_turn = on_turn,
                          .on_turn_ctx = r};
    weir_app *app;
    weir_report *report;
    weir_error err;
    if (weir_app_new(engine, text, len, &o, &app, &report, &err) != WEIR_OK) return report_app(&err, report);
    board_init(&r->board, app, r->file);
    mailbox_init(&r->mailbox);
    int result = run_app(r, app);
    weir_app_free(app);
    board_fini(&r->board);
    mailbox_fini(&r->mailbox);
    return result;
}

static bool take_definition(runner *r, char *text) {
    char *equals = strchr(text, '=');
    variable *v = realloc(r->variables, (r->n_variables + 1) * sizeof *v);
    if (!v || !equals || equals == text) {
        fprintf(stderr, "weir run: --define needs NAME=VALUE\n");
        return false;
    }
    *equals = 0;
    r->variables = v;
    r->variables[r->n_variables++] = (variable){text, equals + 1};
    return true;
}

static bool take_stats(runner *r, const char *value) {
    static const char *const forms[] = {"none", "line", "json"};
    for (int i = 0; i < 3; i++)
        if (!strcmp(value, forms[i])) {
            r->stats = (stats_form)i;
            return true;
        }
    fprintf(stderr, "weir run: --stats is none, line or json, not '%s'\n", value);
    return false;
}

static bool take_option(runner *r, const char *name, const char *value) {
    if (!strcmp(name, "--batch")) return cli_number(name, value, 1, 1 << 20, &r->batch);
    if (!strcmp(name, "--threads")) return cli_number(name, value, 1, CLI_MOST_THREADS, &r->threads);
    if (!strcmp(name, "--checkpoint")) return cli_number(name, value, 1, 86400000, &r->checkpoint_ms);
    if (!strcmp(name, "--define")) return take_definition(r, (char *)value);
    if (!strcmp(name, "--stats")) return take_stats(r, value);
    if (!strcmp(name, "--state")) r->state_dir = value;
    if (!strcmp(name, "--admin")) r->admin_address = value;
    if (!strcmp(name, "--token")) r->token = value;
    if (!strcmp(name, "--playback")) r->playback = true;
    if (!strcmp(name, "--quiet")) r->quiet = true;
    return true;
}

static int run(int argc, char **argv) {
    runner r = {.stats = isatty(STDERR_FILENO) ? STATS_LINE : STATS_NONE,
                .token = getenv("WEIR_ADMIN_TOKEN")};
    cli_args args = {.command = &cli_run, .argc = argc, .argv = argv};
    const char *value = NULL;
    weir_error err;
    weir_engine *engine;
    for (const cli_option *o; (o = cli_next_option(&args, &value));)
        if (!take_option(&r, o->name, value)) return CLI_USAGE;
    if (args.help) return CLI_OK;
    if (args.wrong || args.at + 1 != argc) {
        if (!args.wrong) fprintf(stderr, "weir run: give one app; see weir run --help\n");
        return CLI_USAGE;
    }
    r.file = argv[args.at];
    size_t len;
    char *text = cli_read_file(r.file, &len);
    if (!text) return CLI_IO;
    weir_engine_options eo = {.struct_size = sizeof eo, .log = on_log, .log_ctx = &r};
    int result = CLI_FAILED;
    if (weir_engine_new(&eo, &engine, &err) != WEIR_OK)
        fprintf(stderr, "weir run: %s\n", err.message);
    else {
        result = run_text(&r, engine, text, len);
        weir_engine_free(engine);
    }
    free(text);
    free(r.variables);
    return result;
}

static const cli_option options[] = {
    {"--state", "DIR", "keep checkpoints in DIR, and go on from the last one"},
    {"--checkpoint", "MS", "time between checkpoints (1000)"},
    {"--playback", NULL, "event time drives the clock, as with @app:playback"},
    {"--batch", "N", "most rows in a batch (4096)"},
    {"--threads", "N", "threads that work on the app's queries at the same time (1)"},
    {"--define", "NAME=VALUE", "the value of ${NAME} in the app; else the environment's"},
    {"--stats", "FORM", "what is shown while it runs: none, line (on a terminal) or json, one object a line"},
    {"--admin", "ADDRESS",
     "serve /health, /ready, /apps, /metrics and queries at unix:PATH, HOST:PORT or :PORT"},
    {"--token", "TOKEN", "what the admin server asks for (or set WEIR_ADMIN_TOKEN)"},
    {"--quiet", NULL, "log errors only"},
    {NULL, NULL, NULL},
};

const cli_command cli_run = {
    "run", "FILE",
    "Runs an app until its sources end, or SIGINT or SIGTERM comes; then it drains and stops cleanly.",
    options, run};
