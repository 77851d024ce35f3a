/* change_bench.c: what it costs to add one query to an app of 10, 100 and 1,000, in milliseconds of the
 * processor: the text is parsed, planned and its tasks made anew, and all state goes over. */
#include <string.h>
#include <time.h>

#include "bench.h"
#include "wind.h"

enum { ADDED = 20, QUERY_BYTES = 200 };

static char *app_text(uint32_t n) {
    size_t cap = 200 + (size_t)n * QUERY_BYTES, at = 0;
    char *text = wind_alloc(cap, 1);
    at += (size_t)snprintf(text, cap, "@app:playback define stream Wind(station int, speed double);\n");
    for (uint32_t i = 0; i < n; i++)
        at +=
            (size_t)snprintf(text + at, cap - at,
                             "@info(name='q%u') from Wind[speed > %u.5 and station == %u]#window.length(10) "
                             "select station, sum(speed) as s, %u as rule insert into Alert;\n",
                             i, i, i % 100, i);
    return text;
}

static void measure(weir_engine *engine, uint32_t n) {
    weir_app *app;
    weir_error err;
    double took[ADDED], began = thread_seconds();
    char *text = app_text(n), query[QUERY_BYTES];
    must(weir_app_new(engine, text, strlen(text), NULL, &app, NULL, &err), &err);
    must(weir_app_start(app, &err), &err);
    double made = (thread_seconds() - began) * 1e3;
    for (int i = 0; i < ADDED; i++) {
        snprintf(query, sizeof query,
                 "@info(name='x%d') from Wind[speed > %d.25] select station, %d as rule insert into More;", i,
                 i, i);
        began = thread_seconds();
        must(weir_app_add(app, query, strlen(query), NULL, NULL, &err), &err);
        took[i] = (thread_seconds() - began) * 1e3;
    }
    qsort(took, ADDED, sizeof *took, by_value);
    printf("| %u | %.1f | %.1f |\n", n, made, took[ADDED / 2]);
    weir_app_free(app);
    free(text);
}

int main(void) {
    static const uint32_t sizes[] = {10, 100, 1000};
    weir_engine *engine;
    weir_error err;
    must(weir_engine_new(NULL, &engine, &err), &err);
    printf("| queries | the app made, ms | one added, ms |\n|--:|--:|--:|\n");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) measure(engine, sizes[i]);
    weir_engine_free(engine);
    return 0;
}
