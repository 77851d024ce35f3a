/* cmd_run.c: weir run: apps with their sources and sinks, until they end or a signal comes. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/admin.h"
#include "cli/cli.h"
#include "cli/config.h"

#define STATUS_EVERY_MS 500

typedef enum stats_form { STATS_NONE, STATS_LINE, STATS_JSON } stats_form;

typedef struct variable {
    const char *name, *value;
} variable;

typedef struct runner {
    const char *config_file, *state_dir, *admin_address, *token, *apps_dir, *error_dir;
    long long batch, checkpoint_ms, whole_every, drain_s, grace_s, threads, error_bytes;
    bool playback, quiet;
    stats_form stats;
    variable *variables;
    uint32_t n_variables;
    config config; /* of --config */
    host host;
    int64_t shown_ms;
    pthread_mutex_t lines; /* of standard error */
    size_t line_width;     /* of the status line that is on the terminal */
} runner;

static atomic_int signalled;
static atomic_uint grace_s;

static void on_signal(int number) {
    (void)number;
    if (!atomic_exchange(&signalled, 1)) alarm(atomic_load(&grace_s));
}

/* Sinks and sources keep to the time by themselves. What hangs in a library (a name that is looked up, a
 * server that is frozen) is left: the next run goes on from the last checkpoint, as after a crash. */
static void on_alarm(int number) {
    static const char text[] = "weir run: not all could end in time (--grace); it ends as it is\n";
    (void)number;
    ssize_t n = write(STDERR_FILENO, text, sizeof text - 1);
    (void)n;
    _exit(CLI_FAILED);
}

static void catch_signals(const runner *r) {
    struct sigaction a = {.sa_handler = on_signal}, late = {.sa_handler = on_alarm};
    atomic_store(&grace_s, (unsigned)r->grace_s);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    sigaction(SIGALRM, &late, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a failed write, and no end */
}

static const char *variable_value(void *ctx, const char *name) {
    const runner *r = ctx;
    for (uint32_t i = 0; i < r->n_variables; i++)
        if (!strcmp(r->variables[i].name, name)) return r->variables[i].value;
    const char *value = getenv(name);
    return value ? value : config_property(&r->config, name);
}

/* ---- What is shown while it runs ---- */

/* With the lock of the lines. */
static void clear_line(runner *r) {
    if (r->line_width) fprintf(stderr, "\r\033[K");
    r->line_width = 0;
}

static void before_line(void *ctx) {
    runner *r = ctx;
    pthread_mutex_lock(&r->lines);
    clear_line(r);
    pthread_mutex_unlock(&r->lines);
}

static void show_board(board *b, void *ctx) {
    runner *r = ctx;
    if (r->stats == STATS_JSON) {
        board_json(b, stderr);
        fputc('\n', stderr);
        return;
    }
    bool is_alone = r->host.first && !r->host.first->next;
    if (!is_alone) fprintf(stderr, "%s%s: ", r->line_width ? "   " : "", b->app_name);
    board_status_line(b, stderr);
    r->line_width = 1;
}

static void nothing_more(void *ctx) { (void)ctx; }

static void show(runner *r, bool last) {
    int64_t now = board_clock_ms();
    if (r->stats == STATS_NONE || (!last && now - r->shown_ms < STATUS_EVERY_MS) || !host_is_ready(&r->host))
        return;
    r->shown_ms = now;
    pthread_mutex_lock(&r->lines);
    clear_line(r);
    host_read_boards(&r->host, show_board, nothing_more, r);
    if (last && r->line_width) fputc('\n', stderr);
    fflush(stderr);
    pthread_mutex_unlock(&r->lines);
}

static void on_tick(void *ctx) { show(ctx, false); }

static void on_log(void *ctx, weir_log_level level, const char *line) {
    runner *r = ctx;
    if (r->quiet && level > WEIR_LOG_ERROR) return;
    pthread_mutex_lock(&r->lines);
    clear_line(r);
    cli_log(NULL, level, line);
    pthread_mutex_unlock(&r->lines);
}

/* ---- Running ---- */

static int run_apps(runner *r) {
    char error[512];
    admin *server = NULL;
    if (r->admin_address &&
        !(server = admin_start(r->admin_address, r->token, &r->host, error, sizeof error))) {
        fprintf(stderr, "weir run: --admin %s\n", error);
        return CLI_IO;
    }
    catch_signals(r);
    host_start(&r->host);
    int result = host_wait(&r->host, &signalled, on_tick, r);
    show(r, true);
    admin_stop(server);
    return result;
}

static int add_file(runner *r, const char *file) {
    size_t len;
    char *why, *text = cli_read_file(file, &len);
    if (!text) return CLI_IO;
    host_done done = host_add(&r->host, text, len, file, false, &why);
    free(text);
    if (done == HOST_OK) return CLI_OK;
    fputs(why ? why : "weir run: out of memory\n", stderr);
    free(why);
    return CLI_FAILED;
}

/* All are looked at, so that all errors are told. */
static int add_files(runner *r, char **files, int n) {
    int result = CLI_OK;
    for (int i = 0; i < n; i++) {
        int one = add_file(r, files[i]);
        if (one > result) result = one;
    }
    return result;
}

/* The texts that were deployed before. */
static int add_folder(runner *r) {
    struct dirent **entries;
    int result = CLI_OK, n = r->apps_dir ? scandir(r->apps_dir, &entries, NULL, alphasort) : 0;
    if (n < 0) {
        fprintf(stderr, "weir run: --apps %s: %s\n", r->apps_dir, strerror(errno));
        return CLI_IO;
    }
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name, *end = strrchr(name, '.');
        char *path = NULL;
        if (*name != '.' && end && !strcmp(end, ".siddhi") &&
            asprintf(&path, "%s/%s", r->apps_dir, name) > 0) {
            int one = add_file(r, path);
            if (one > result) result = one;
            free(path);
        }
        free(entries[i]);
    }
    if (n) free(entries);
    return result;
}

static int run_all(runner *r, weir_engine *engine, char **files, int n) {
    host_options o = {.app = {.struct_size = sizeof o.app,
                              .batch_limit = (uint32_t)r->batch,
                              .threads = (uint32_t)r->threads,
                              .playback = r->playback,
                              .variable = variable_value,
                              .variable_ctx = r,
                              .state_dir = r->state_dir,
                              .checkpoint_ms = r->checkpoint_ms,
                              .drain_ms = r->drain_s * 1000,
                              .stop_ms = r->grace_s * 1000,
                              .whole_every = (uint32_t)r->whole_every,
                              .keep_revisions = (uint32_t)r->config.keep,
                              .refs = r->config.refs,
                              .n_refs = r->config.n_refs,
                              .error_dir = r->error_dir,
                              .error_bytes = (size_t)r->error_bytes},
                      .apps_dir = r->apps_dir,
                      .stays = !n || r->apps_dir,
                      .before_line = before_line,
                      .ctx = r};
    host_init(&r->host, engine, &o);
    int result = add_files(r, files, n), of_folder = add_folder(r);
    if (of_folder > result) result = of_folder;
    if (result == CLI_OK) result = run_apps(r);
    host_fini(&r->host);
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
    if (!strcmp(name, "--drain")) return cli_number(name, value, 1, 31536000, &r->drain_s);
    if (!strcmp(name, "--grace")) return cli_number(name, value, 1, 86400, &r->grace_s);
    if (!strcmp(name, "--define")) return take_definition(r, (char *)value);
    if (!strcmp(name, "--stats")) return take_stats(r, value);
    if (!strcmp(name, "--whole-every")) return cli_number(name, value, 1, 10000, &r->whole_every);
    if (!strcmp(name, "--config")) r->config_file = value;
    if (!strcmp(name, "--state")) r->state_dir = value;
    if (!strcmp(name, "--admin")) r->admin_address = value;
    if (!strcmp(name, "--token")) r->token = value;
    if (!strcmp(name, "--apps")) r->apps_dir = value;
    if (!strcmp(name, "--errors")) r->error_dir = value;
    if (!strcmp(name, "--errors-size")) return cli_number(name, value, 1 << 16, INT64_MAX, &r->error_bytes);
    if (!strcmp(name, "--playback")) r->playback = true;
    if (!strcmp(name, "--quiet")) r->quiet = true;
    return true;
}

/* The command line goes before the file. */
static bool take_config(runner *r) {
    if (!r->config_file) return true;
    if (!config_read(&r->config, r->config_file)) {
        config_free(&r->config);
        free(r->variables);
        return false;
    }
    if (!r->state_dir) r->state_dir = r->config.state_dir;
    if (!r->checkpoint_ms) r->checkpoint_ms = r->config.checkpoint_ms;
    return true;
}

static int run(int argc, char **argv) {
    runner r = {.grace_s = 10,
                .stats = isatty(STDERR_FILENO) ? STATS_LINE : STATS_NONE,
                .token = getenv("WEIR_ADMIN_TOKEN")};
    cli_args args = {.command = &cli_run, .argc = argc, .argv = argv};
    const char *value = NULL;
    weir_error err;
    weir_engine *engine;
    for (const cli_option *o; (o = cli_next_option(&args, &value));)
        if (!take_option(&r, o->name, value)) return CLI_USAGE;
    if (args.help) return CLI_OK;
    if (args.wrong || (args.at == argc && !r.admin_address && !r.apps_dir)) {
        if (!args.wrong) fprintf(stderr, "weir run: give an app, or several; see weir run --help\n");
        return CLI_USAGE;
    }
    if (!take_config(&r)) return CLI_USAGE;
    pthread_mutex_init(&r.lines, NULL);
    weir_engine_options eo = {.struct_size = sizeof eo, .log = on_log, .log_ctx = &r};
    int result = CLI_FAILED;
    if (weir_engine_new(&eo, &engine, &err) != WEIR_OK)
        fprintf(stderr, "weir run: %s\n", err.message);
    else {
        result = run_all(&r, engine, argv + args.at, argc - args.at);
        weir_engine_free(engine);
    }
    pthread_mutex_destroy(&r.lines);
    config_free(&r.config);
    free(r.variables);
    return result;
}

static const cli_option options[] = {
    {"--config", "FILE",
     "connections, settings and variables of this deployment, in YAML (refs, properties, …)"},
    {"--state", "DIR", "keep checkpoints in DIR, and go on from the last one"},
    {"--checkpoint", "MS", "time between checkpoints (1000)"},
    {"--drain", "S", "how long the end of the input waits for sinks that are slow or away (300)"},
    {"--grace", "S", "how long the end may take after SIGINT or SIGTERM, whatever is slow or away (10)"},
    {"--whole-every", "N", "of N checkpoints one at least is whole, the others hold changes (64)"},
    {"--playback", NULL, "event time drives the clock, as with @app:playback"},
    {"--batch", "N", "most rows in a batch (4096)"},
    {"--threads", "N", "threads that work on the app's queries at the same time (1)"},
    {"--define", "NAME=VALUE", "the value of ${NAME} in the app; else the environment's"},
    {"--stats", "FORM", "what is shown while it runs: none, line (on a terminal) or json, one object a line"},
    {"--admin", "ADDRESS",
     "serve /health, /ready, /apps, /metrics, queries and deployment at unix:PATH, HOST:PORT or :PORT"},
    {"--apps", "DIR", "run all apps in DIR too (*.siddhi), and keep there what is deployed"},
    {"--token", "TOKEN", "what the admin server asks for (or set WEIR_ADMIN_TOKEN)"},
    {"--errors", "DIR", "keep the error store in DIR (that of --state)"},
    {"--errors-size", "BYTES", "how large it may grow (67108864)"},
    {"--quiet", NULL, "log errors only"},
    {NULL, NULL, NULL},
};

const cli_command cli_run = {
    "run", "FILE...",
    "Runs apps until their sources end, or SIGINT or SIGTERM comes; then they drain and stop cleanly.",
    options, run};
