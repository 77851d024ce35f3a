/* fuzz_query.c: a text is asked as an on-demand query of an app whose tables hold a few rows. Whatever it is,
 * it ends in an answer or in an error that is placed in the text, and the app goes on.
 *
 *   tools/fuzz tests/fuzz/fuzz_query.c 60 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char app_text[] =
    "@app:playback define stream S (k string, v int, w double, b bool, l long, f float, o object);"
    "define table T (k string, v int, w double, b bool, l long, f float, o object);"
    "@PrimaryKey('k') define table K (k string, v int, w double, b bool, l long, f float, o object);"
    "@PrimaryKey('v') @Index('w') define table N (k string, v int, w double, b bool, l long, f float, o "
    "object);"
    "@PrimaryKey('k', 'l') @Index('v') define table C (k string, v int, w double, b bool, l long, f float, o "
    "object);"
    "from S insert into T; from S insert into K; from S insert into N; from S insert into C;";

static void must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static weir_value text_of(int i) {
    static const char *const texts[] = {"a", "b", "a text that is held outside", ""};
    const char *t = texts[i % 4];
    return (weir_value){
        .type = WEIR_STRING, .is_null = i == 5, .as.s = weir_string_view(t, (uint32_t)strlen(t))};
}

static void fill(weir_app *app) {
    weir_error err;
    for (int i = 0; i < 12; i++) {
        weir_value inner = {.type = WEIR_DOUBLE, .as.d = i};
        weir_value row[] = {text_of(i),
                            {.type = WEIR_INT, .as.i = i * 7 % 5},
                            {.type = WEIR_DOUBLE, .is_null = i == 3, .as.d = i / 4.0},
                            {.type = WEIR_BOOL, .as.b = i % 2},
                            {.type = WEIR_LONG, .as.l = (int64_t)i << 40},
                            {.type = WEIR_FLOAT, .as.f = (float)i},
                            {.type = WEIR_OBJECT, .as.o = weir_object_new_value(&inner)}};
        must(weir_send(app, weir_find_stream(app, "S"), i, row, 7, &err) == WEIR_OK, err.message);
        weir_object_unref(row[6].as.o);
    }
}

static void read_all(const weir_answer *a) {
    const weir_batch *b = weir_answer_rows(a);
    must(!b->sel && b->n_sel == b->n_rows, "an answer has a selection");
    must(b->n_rows == 0 || b->n_cols == weir_answer_info(a)->n_attributes, "columns are missing");
    uint64_t sum = 0;
    for (uint32_t row = 0; row < b->n_rows; row++)
        for (uint32_t i = 0; i < b->n_cols; i++) {
            weir_value v = weir_column_value(&b->cols[i], row);
            if (v.is_null) continue;
            if (v.type == WEIR_STRING)
                for (uint32_t k = 0; k < v.as.s.len; k++) sum += (unsigned char)weir_string_data(&v.as.s)[k];
            if (v.type == WEIR_OBJECT) sum += weir_object_get_kind(v.as.o);
        }
    volatile uint64_t sink = sum;
    (void)sink;
}

static void ask(weir_app *app, const char *text, size_t len) {
    weir_error err = {0};
    weir_answer *a = NULL;
    weir_report *report = NULL;
    weir_status st = weir_query(app, text, len, &a, &report, &err);
    must((st == WEIR_OK) == (a != NULL), "status and answer disagree");
    if (st == WEIR_OK) read_all(a);
    if (st != WEIR_OK) must(err.message[0] != 0, "an error without a message");
    if (st != WEIR_OK && st != WEIR_EVALUE && st != WEIR_ENOMEM)
        must(weir_report_count(report) > 0, "no report");
    weir_answer_free(a);
    weir_report_free(report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static weir_engine *engine; /* one for all inputs */
    weir_engine_options o = {.struct_size = sizeof o, .memory_limit = 64u << 20};
    weir_app *app;
    weir_error err;
    if (size > 4000) return 0;
    if (!engine) must(weir_engine_new(&o, &engine, &err) == WEIR_OK, err.message);
    must(weir_app_new(engine, app_text, sizeof app_text - 1, NULL, &app, NULL, &err) == WEIR_OK, err.message);
    must(weir_app_start(app, &err) == WEIR_OK, err.message);
    fill(app);
    /* Several queries, a line each. */
    const char *text = (const char *)data, *end = text + size;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *stop = newline ? newline : end;
        ask(app, text, (size_t)(stop - text));
        text = stop + 1;
    }
    static const char check[] = "from T select count() as n";
    ask(app, check, sizeof check - 1);
    weir_app_free(app);
    return 0;
}
