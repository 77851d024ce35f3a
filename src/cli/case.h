/* case.h: test cases: an app, what is sent to it, and what it must answer (docs/testing.md has the form). */
#ifndef CLI_CASE_H
#define CLI_CASE_H

#include "cli/json.h"
#include "weir.h"

typedef enum case_outcome { CASE_PASSED, CASE_FAILED, CASE_SKIPPED } case_outcome;

typedef struct case_options {
    uint32_t batch_limit;
    uint32_t threads; /* 0, 1: one */
    bool serial;
    bool keys_sleep;        /* weir_app_options.keys_sleep */
    bool restore_each_step; /* snapshot, and restore into a new app, after each step */
    uint32_t restore_every; /* a revision after each step, mostly of changes; after so many steps the last one
                               is restored into a new app. 0: no */
} case_options;

typedef struct case_result {
    case_outcome outcome;
    char why[8192];  /* FAILED: the difference, in lines; SKIPPED: what is not supported */
    bool was_serial; /* rows were taken one by one although the limit allows more */
    double rows_per_call;
    json *got;       /* what was received: {"Out": [[ts, "+", [...]], ...]}; NULL if the app was refused */
    json *answers;   /* to its queries: rows, or {"error": text}; NULL: it has none */
    char error[512]; /* the app was refused: why */
} case_result;

/* Runs a case; base_dir is where a case's "file" is looked for. */
void case_run(weir_engine *engine, const json *c, const char *base_dir, const case_options *options,
              case_result *out);
void case_result_free(case_result *r);

/* Compares what came with what must come; writes the first differences into why. */
bool case_compare(const json *c, const case_result *r, char *why, size_t size);

#endif
