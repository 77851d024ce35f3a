/* cmd_test.c: weir test: runs test cases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/case.h"
#include "cli/cli.h"

typedef struct totals {
    unsigned passed, failed, skipped, serial, ran;
    double rows_per_call;
} totals;

typedef struct tester {
    weir_engine *engine;
    case_options options;
    const char *area, *name;
    char *excepted; /* the text of a file whose cases are left out; or NULL */
    size_t excepted_len;
    bool record, verbose;
    FILE *junit;
    totals totals;
} tester;

static void write_xml(FILE *f, const char *text) {
    for (; *text; text++) switch (*text) {
        case '<': fputs("&lt;", f); break;
        case '>': fputs("&gt;", f); break;
        case '&': fputs("&amp;", f); break;
        case '"': fputs("&quot;", f); break;
        default:
            if ((unsigned char)*text >= 0x20 || *text == '\n') fputc(*text, f);
        }
}

static void write_junit(const tester *t, const char *name, const case_result *r) {
    if (!t->junit) return;
    fputs("  <testcase name=\"", t->junit);
    write_xml(t->junit, name);
    fputs("\">", t->junit);
    if (r->outcome != CASE_PASSED) {
        fprintf(t->junit, r->outcome == CASE_FAILED ? "<failure message=\"" : "<skipped message=\"");
        write_xml(t->junit, r->why);
        fputs("\"/>", t->junit);
    }
    fputs("</testcase>\n", t->junit);
}

static void count(tester *t, const char *name, const case_result *r) {
    totals *n = &t->totals;
    if (r->outcome == CASE_PASSED) n->passed++;
    if (r->outcome == CASE_SKIPPED) n->skipped++;
    if (r->outcome == CASE_FAILED) n->failed++;
    if (r->got) {
        n->ran++;
        n->serial += r->was_serial;
        n->rows_per_call += r->rows_per_call;
    }
    if (r->outcome == CASE_FAILED) printf("FAILED %s\n%s", name, r->why);
    if (t->verbose && r->outcome == CASE_SKIPPED) printf("skipped %s: %s\n", name, r->why);
    if (t->verbose && r->outcome == CASE_PASSED) printf("passed %s\n", name);
    write_junit(t, name, r);
}

static bool is_excepted(const tester *t, const char *name) {
    const char *at = t->excepted, *end = at ? at + t->excepted_len : NULL;
    for (const char *line_end; at && at < end; at = line_end + 1) {
        line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end) line_end = end;
        json *c = json_parse(at, (size_t)(line_end - at), NULL, NULL);
        const char *other = json_text(json_get(c, "name"));
        bool same = other && !strcmp(other, name);
        json_free(c);
        if (same) return true;
    }
    return false;
}

static bool is_wanted(const tester *t, const char *name) {
    if (is_excepted(t, name)) return false;
    if (t->name && !strstr(name, t->name)) return false;
    size_t n = t->area ? strlen(t->area) : 0;
    return !t->area || (!strncmp(name, t->area, n) && name[n] == '/');
}

/* A case without answers gets those that the app gives. */
static json *copy_json(const json *j) {
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    if (!f) return NULL;
    json_write(j, f);
    fclose(f);
    json *copy = json_parse(text, len, NULL, NULL);
    free(text);
    return copy;
}

static void record(json *c, const case_result *r) {
    if (!r->got && *r->error) {
        json_set(c, "error", json_new_text(JSON_STRING, r->error, strlen(r->error)));
        return;
    }
    if (r->got) json_set(c, "expect", copy_json(r->got));
    if (r->answers) json_set(c, "answers", copy_json(r->answers));
}

/* One line of a file; what is to be written back goes to out. */
static void run_line(tester *t, const char *path, unsigned number, const char *line, size_t len,
                     const char *folder, FILE *out) {
    const char *error = "";
    size_t at = 0;
    json *c = json_parse(line, len, &error, &at);
    const char *name = json_text(json_get(c, "name"));
    case_result r = {0};
    char place[512];
    if (!c || !name) {
        snprintf(place, sizeof place, "%s:%u", path, number);
        r.outcome = CASE_FAILED;
        snprintf(r.why, sizeof r.why, "    not a case: %s at byte %zu\n", c ? "it has no name" : error, at);
        count(t, place, &r);
    } else if (is_wanted(t, name)) {
        case_run(t->engine, c, folder, &t->options, &r);
        if (t->record && !json_get(c, "expect") && !json_get(c, "error")) {
            record(c, &r);
            r.outcome = CASE_PASSED;
        }
        count(t, name, &r);
        case_result_free(&r);
    }
    if (out && c) {
        json_write(c, out);
        fputc('\n', out);
    } else if (out)
        fprintf(out, "%.*s\n", (int)len, line);
    json_free(c);
}

static bool write_back(const char *path, const char *text, size_t len) {
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(text, 1, len, f) == len;
    if (f && fclose(f)) ok = false;
    if (!ok) fprintf(stderr, "weir test: %s can't be written\n", path);
    return ok;
}

static int run_file(tester *t, const char *path) {
    size_t len, new_len = 0;
    char *text = cli_read_file(path, &len), *folder = cli_folder(path), *fresh = NULL;
    if (!text || !folder) {
        free(text);
        free(folder);
        return CLI_IO;
    }
    FILE *out = t->record ? open_memstream(&fresh, &new_len) : NULL;
    unsigned number = 1;
    for (char *at = text, *end; at < text + len; at = end + 1, number++) {
        end = memchr(at, '\n', (size_t)(text + len - at));
        if (!end) end = text + len;
        if (end > at) run_line(t, path, number, at, (size_t)(end - at), folder, out);
    }
    int result = CLI_OK;
    if (out) {
        fclose(out);
        if (!write_back(path, fresh, new_len)) result = CLI_IO;
    }
    free(fresh);
    free(text);
    free(folder);
    return result;
}

static int finish(tester *t, int result) {
    const totals *n = &t->totals;
    if (n->ran)
        printf("%u cases ran, %u of them batched (%.1f %%), %.1f rows per operator call on average\n", n->ran,
               n->ran - n->serial, 100.0 * (n->ran - n->serial) / n->ran, n->rows_per_call / n->ran);
    printf("%u passed, %u failed, %u skipped\n", n->passed, n->failed, n->skipped);
    if (t->junit) {
        fputs("</testsuite>\n", t->junit);
        if (fclose(t->junit)) result = CLI_IO;
    }
    return result != CLI_OK ? result : n->failed ? CLI_FAILED : CLI_OK;
}

static bool take_option(tester *t, const cli_option *o, const char *value) {
    long long n;
    if (!strcmp(o->name, "--batch")) {
        if (!cli_number(o->name, value, 1, 1 << 20, &n)) return false;
        t->options.batch_limit = (uint32_t)n;
    } else if (!strcmp(o->name, "--threads")) {
        if (!cli_number(o->name, value, 1, CLI_MOST_THREADS, &n)) return false;
        t->options.threads = (uint32_t)n;
    } else if (!strcmp(o->name, "--area"))
        t->area = value;
    else if (!strcmp(o->name, "--name"))
        t->name = value;
    else if (!strcmp(o->name, "--except")) {
        free(t->excepted);
        t->excepted = cli_read_file(value, &t->excepted_len);
        if (!t->excepted) return false;
    } else if (!strcmp(o->name, "--serial"))
        t->options.serial = true;
    else if (!strcmp(o->name, "--restore"))
        t->options.restore_each_step = true;
    else if (!strcmp(o->name, "--restore-every")) {
        if (!cli_number(o->name, value, 1, 1000, &n)) return false;
        t->options.restore_every = (uint32_t)n;
    } else if (!strcmp(o->name, "--keys-sleep"))
        t->options.keys_sleep = true;
    else if (!strcmp(o->name, "--record"))
        t->record = true;
    else if (!strcmp(o->name, "--verbose"))
        t->verbose = true;
    else if (!(t->junit = fopen(value, "w"))) {
        perror(value);
        return false;
    } else
        fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"weir\">\n", t->junit);
    return true;
}

static int run(int argc, char **argv) {
    tester t = {.options = {.batch_limit = 1024}};
    cli_args args = {.command = &cli_test, .argc = argc, .argv = argv};
    const char *value = NULL;
    weir_error err;
    for (const cli_option *o; (o = cli_next_option(&args, &value));)
        if (!take_option(&t, o, value)) return CLI_USAGE;
    if (args.help) return CLI_OK;
    if (args.wrong || args.at >= argc) {
        if (!args.wrong) fprintf(stderr, "weir test: no file of cases; see weir test --help\n");
        return CLI_USAGE;
    }
    if (weir_engine_new(NULL, &t.engine, &err) != WEIR_OK) {
        fprintf(stderr, "weir test: %s\n", err.message);
        return CLI_FAILED;
    }
    int result = CLI_OK;
    for (int i = args.at; i < argc; i++) {
        int one = run_file(&t, argv[i]);
        if (one != CLI_OK) result = one;
    }
    weir_engine_free(t.engine);
    free(t.excepted);
    return finish(&t, result);
}

static const cli_option options[] = {
    {"--batch", "N", "most rows in a batch (1024); 1 takes them one by one"},
    {"--threads", "N", "threads that work on an app, however few rows it has (1)"},
    {"--area", "AREA", "only cases whose name begins with AREA/"},
    {"--name", "TEXT", "only cases whose name contains TEXT"},
    {"--except", "FILE", "not the cases that FILE has too"},
    {"--serial", NULL, "take arrivals one by one, depth first, whatever the plan allows"},
    {"--restore", NULL, "after each step, snapshot and go on in a new app"},
    {"--restore-every", "N",
     "after each step keep a revision (mostly of changes), after N go on in a new app"},
    {"--keys-sleep", NULL, "partitions keep only the packed state of their keys, however few there are"},
    {"--record", NULL, "write the answers into cases that have none"},
    {"--junit", "FILE", "write a JUnit report"},
    {"--verbose", NULL, "name passed and skipped cases too"},
    {NULL, NULL, NULL},
};

const cli_command cli_test = {
    "test", "FILE...", "Runs the test cases in the files (one JSON object a line) and compares the answers.",
    options, run};
