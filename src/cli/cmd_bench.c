/* cmd_bench.c: weir bench: how fast an app is on made-up events, without its sources and sinks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"

#define KEYS 1000u /* different ints and strings */

typedef struct bench {
    const char *stream;
    long long events, batch, step_ms, threads;
    uint64_t rows_out;
} bench;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* xorshift64: the same rows in every run. */
static uint64_t draw(uint64_t *x) {
    *x ^= *x << 13;
    *x ^= *x >> 7;
    return *x ^= *x << 17;
}

static size_t size_of(weir_type type) {
    static const size_t sizes[WEIR_N_TYPES] = {0, 4, 8, 4, 8, 1, 16, 8};
    return sizes[type];
}

static void fill(weir_column *c, uint32_t n, uint64_t *x) {
    for (uint32_t i = 0; i < n; i++) {
        uint64_t r = draw(x) >> 20;
        char text[16];
        switch (c->type) {
        case WEIR_INT: ((int32_t *)c->data)[i] = (int32_t)(r % KEYS); break;
        case WEIR_LONG: ((int64_t *)c->data)[i] = (int64_t)(r % KEYS); break;
        case WEIR_FLOAT: ((float *)c->data)[i] = (float)(r % 100000) / 1000; break;
        case WEIR_DOUBLE: ((double *)c->data)[i] = (double)(r % 100000) / 1000; break;
        case WEIR_BOOL: ((uint8_t *)c->data)[i] = r & 1; break;
        case WEIR_STRING:
            ((weir_string *)c->data)[i] =
                weir_string_view(text, (uint32_t)snprintf(text, sizeof text, "k%u", (unsigned)(r % KEYS)));
            break;
        default: ((weir_object **)c->data)[i] = NULL; break;
        }
    }
}

static void on_rows(void *ctx, const weir_stream_info *info, const weir_batch *b) {
    (void)info;
    ((bench *)ctx)->rows_out += b->n_sel;
}

static weir_stream choose_stream(const bench *b, const weir_app *app) {
    if (b->stream) return weir_find_stream(app, b->stream);
    for (weir_stream s = 0; s < weir_n_streams(app); s++)
        if (weir_get_stream(app, s)->is_defined) return s;
    return WEIR_NO_STREAM;
}

static void print_stat(void *ctx, const weir_stat *s) {
    const bench *b = ctx;
    if (strcmp(s->kind, "operator") != 0) return;
    printf("  %-24.24s %-36.36s %12llu in %12llu out %10llu rows held", s->name, s->label,
           (unsigned long long)s->rows_in, (unsigned long long)s->rows_out,
           (unsigned long long)s->state_rows);
    if (s->state_rows) printf(" (%.1f bytes each)", (double)s->state_bytes / (double)s->state_rows);
    putchar('\n');
    (void)b;
}

static weir_status subscribe_all(bench *b, weir_app *app, weir_stream input, weir_error *err) {
    for (weir_stream s = 0; s < weir_n_streams(app); s++) {
        const weir_stream_info *info = weir_get_stream(app, s);
        if (s == input || info->is_inner || info->is_window) continue;
        weir_status st = weir_subscribe(app, weir_get_stream(app, s)->name, on_rows, b, err);
        if (st != WEIR_OK) return st;
    }
    return WEIR_OK;
}

/* Columns of one slice, used over and over: what is measured is the app, not the making of events. */
static bool make_columns(const weir_stream_info *info, uint32_t n, weir_column *columns) {
    uint64_t x = 42;
    for (uint32_t i = 0; i < info->n_attributes; i++) {
        columns[i] = (weir_column){.type = info->attributes[i].type,
                                   .data = calloc(n, size_of(info->attributes[i].type))};
        if (!columns[i].data) return false;
        if (columns[i].type != WEIR_OBJECT) fill(&columns[i], n, &x);
        if (columns[i].type == WEIR_OBJECT) columns[i].valid = calloc(n / 64 + 1, 8);
    }
    return true;
}

static weir_status feed(bench *b, weir_app *app, weir_stream input, const weir_column *columns,
                        uint32_t n_columns, int64_t *ts, uint32_t slice, double *took, weir_error *err) {
    weir_status st = WEIR_OK;
    *took = 0;
    for (long long done = 0; done < b->events && st == WEIR_OK; done += slice) {
        for (uint32_t i = 0; i < slice; i++) ts[i] = 1700000000000LL + (done + i) * b->step_ms;
        double begin = seconds();
        st = weir_send_columns(app, input, ts, columns, n_columns, slice, err);
        *took += seconds() - begin;
    }
    return st;
}

static int bench_app(bench *b, weir_app *app) {
    weir_error err = {0};
    weir_stream input = choose_stream(b, app);
    const weir_stream_info *info = weir_get_stream(app, input);
    uint32_t slice = (uint32_t)b->batch;
    if (!info) {
        fprintf(stderr, "weir bench: there is no stream '%s' to feed\n", b->stream ? b->stream : "");
        return CLI_FAILED;
    }
    weir_column *columns = calloc(info->n_attributes + 1, sizeof *columns);
    int64_t *ts = calloc(slice, sizeof *ts);
    double took = 0;
    bool ok = columns && ts && make_columns(info, slice, columns);
    weir_status st = ok ? subscribe_all(b, app, input, &err) : WEIR_ENOMEM;
    if (st == WEIR_OK) st = weir_app_start(app, &err);
    if (st == WEIR_OK) st = feed(b, app, input, columns, info->n_attributes, ts, slice, &took, &err);
    if (st == WEIR_OK) {
        const char *reason;
        printf("%s: %lld events in %.3f s: %.2f M events/s, %.1f ns each; %llu rows out\n", info->name,
               b->events, took, (double)b->events / took / 1e6, took * 1e9 / (double)b->events,
               (unsigned long long)b->rows_out);
        if (weir_app_is_serial(app, &reason)) printf("  events are taken one by one: %s\n", reason);
        weir_app_visit_stats(app, print_stat, b);
    } else
        fprintf(stderr, "weir bench: %s\n", err.message);
    for (uint32_t i = 0; columns && i < info->n_attributes; i++) {
        free(columns[i].data);
        free(columns[i].valid);
    }
    free(columns);
    free(ts);
    return st == WEIR_OK ? CLI_OK : CLI_FAILED;
}

static int bench_file(bench *b, const char *path) {
    weir_engine *engine;
    weir_app *app;
    weir_report *report;
    weir_error err;
    size_t len;
    char *text = cli_read_file(path, &len);
    if (!text) return CLI_IO;
    if (weir_engine_new(NULL, &engine, &err) != WEIR_OK) {
        free(text);
        return CLI_FAILED;
    }
    weir_app_options o = {.struct_size = sizeof o,
                          .source_name = path,
                          .no_io = true,
                          .playback = true,
                          .batch_limit = (uint32_t)b->batch,
                          .threads = (uint32_t)b->threads};
    int result = CLI_FAILED;
    if (weir_app_new(engine, text, len, &o, &app, &report, &err) == WEIR_OK) {
        result = bench_app(b, app);
        weir_app_free(app);
    } else {
        char *all = weir_report_text(report);
        fputs(all ? all : err.message, stderr);
        weir_free(all);
        weir_report_free(report);
    }
    weir_engine_free(engine);
    free(text);
    return result;
}

static int run(int argc, char **argv) {
    bench b = {.events = 10000000, .batch = 4096, .step_ms = 1};
    cli_args args = {.command = &cli_bench, .argc = argc, .argv = argv};
    const char *value = NULL;
    for (const cli_option *o; (o = cli_next_option(&args, &value));) {
        if (!strcmp(o->name, "--stream")) b.stream = value;
        if (!strcmp(o->name, "--events") && !cli_number(o->name, value, 1, 1000000000000LL, &b.events))
            return CLI_USAGE;
        if (!strcmp(o->name, "--batch") && !cli_number(o->name, value, 1, 1 << 20, &b.batch))
            return CLI_USAGE;
        if (!strcmp(o->name, "--threads") && !cli_number(o->name, value, 1, CLI_MOST_THREADS, &b.threads))
            return CLI_USAGE;
        if (!strcmp(o->name, "--step") && !cli_number(o->name, value, 0, 86400000, &b.step_ms))
            return CLI_USAGE;
    }
    if (args.help) return CLI_OK;
    if (args.wrong || args.at >= argc) {
        if (!args.wrong) fprintf(stderr, "weir bench: no app; see weir bench --help\n");
        return CLI_USAGE;
    }
    int result = CLI_OK;
    for (int i = args.at; i < argc; i++) {
        b.rows_out = 0;
        int one = bench_file(&b, argv[i]);
        if (one != CLI_OK) result = one;
    }
    return result;
}

static const cli_option options[] = {
    {"--events", "N", "how many (10000000)"},
    {"--stream", "NAME", "the stream that is fed (the first defined one)"},
    {"--batch", "N", "events handed over at once (4096)"},
    {"--threads", "N", "threads that work on an app's queries at the same time (1)"},
    {"--step", "MS", "event time between two events (1)"},
    {NULL, NULL, NULL},
};

const cli_command cli_bench = {
    "bench", "FILE...",
    "Measures apps on made-up events (1000 keys, one a ms), without their sources and sinks.", options, run};
