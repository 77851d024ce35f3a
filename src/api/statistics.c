/* statistics.c: @app:statistics: every so often the app's counters go to the log, under Siddhi's names.
 *
 * Nothing is counted for it: these are the counters of weir_app_visit_stats, of which the level (as Siddhi's:
 * off, basic, detail) and `include` choose. A report is made between two cycles, by whoever runs the app. */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>

#include "api/internal.h"
#include "base/clock.h"

typedef struct report {
    weir_app *app;
    uint64_t seconds_ms; /* since the report before */
    uint32_t at;         /* number of the metric in hand */
} report;

/* One of the patterns between commas, spaces around them left out. */
static bool matches_one(const char *patterns, const char *name) {
    char pattern[256];
    for (const char *p = patterns, *end; *p; p = *end ? end + 1 : end) {
        end = p + strcspn(p, ",");
        p += strspn(p, " \t");
        int len = (int)(end > p ? end - p : 0);
        while (len && (p[len - 1] == ' ' || p[len - 1] == '\t')) len--;
        if (!len || len >= (int)sizeof pattern) continue;
        snprintf(pattern, sizeof pattern, "%.*s", len, p);
        if (!fnmatch(pattern, name, FNM_NOESCAPE)) return true;
    }
    return false;
}

static bool is_included(const weir_app *app, const char *name) {
    const char *include = app->plan->statistics.include;
    return !include || !include[strspn(include, ", \t")] || matches_one(include, name);
}

/* "io.siddhi.SiddhiApps.App.Siddhi.Streams.S.throughput"; false: it is not asked for. */
static bool name_metric(const weir_app *app, char *name, size_t size, const char *infix, const weir_stat *s,
                        const char *metric) {
    bool is_io = !strcmp(infix, "Sources") || !strcmp(infix, "Sinks");
    int n = snprintf(name, size, "io.siddhi.SiddhiApps.%s.Siddhi.%s.%s%s%s.%s", app->name, infix, s->name,
                     is_io ? "." : "", is_io ? s->label : "", metric);
    return n > 0 && is_included(app, name);
}

static void say(report *r, const char *name, const char *text) {
    char line[1024];
    snprintf(line, sizeof line, "statistics: %s: %s", name, text);
    wr_app_log(r->app, WEIR_LOG_INFO, line);
}

/* What a counter was at the report before; it becomes what it is now. */
static uint64_t since_last(report *r, uint64_t count) {
    weir_app *app = r->app;
    uint32_t had = app->n_metrics;
    if (wr_grow(NULL, &app->metrics, &app->n_metrics, r->at + 1, sizeof *app->metrics)) return 0;
    for (uint32_t i = had; i < app->n_metrics; i++) app->metrics[i] = 0;
    uint64_t before = app->metrics[r->at];
    app->metrics[r->at++] = count;
    return count >= before ? count - before : count;
}

static void say_throughput(report *r, const char *infix, const weir_stat *s, uint64_t count) {
    char name[512], text[128];
    uint64_t more = since_last(r, count);
    if (!name_metric(r->app, name, sizeof name, infix, s, "throughput")) return;
    snprintf(text, sizeof text, "count %" PRIu64 ", %.1f events/s", count,
             r->seconds_ms ? (double)more * 1000 / (double)r->seconds_ms : 0.0);
    say(r, name, text);
}

static void say_latency(report *r, const weir_stat *s) {
    char name[512], text[128];
    if (!name_metric(r->app, name, sizeof name, "Queries", s, "latency")) return;
    snprintf(text, sizeof text, "count %" PRIu64 ", mean %.4f ms", s->calls,
             s->calls ? (double)s->busy_ns / (double)s->calls / 1e6 : 0.0);
    say(r, name, text);
}

static void say_memory(report *r, const char *infix, const weir_stat *s) {
    char name[512], text[64];
    if (r->app->statistics != WEIR_STATISTICS_DETAIL) return;
    if (!name_metric(r->app, name, sizeof name, infix, s, "memory")) return;
    snprintf(text, sizeof text, "%" PRIu64 " bytes", s->state_bytes);
    say(r, name, text);
}

static bool is_trigger(const weir_app *app, const char *stream) {
    for (uint32_t i = 0; i < app->plan->n_triggers; i++)
        if (!strcmp(app->plan->triggers[i].name, stream)) return true;
    return false;
}

static void on_stat(void *ctx, const weir_stat *s) {
    report *r = ctx;
    if (!strcmp(s->kind, "stream"))
        say_throughput(r, is_trigger(r->app, s->name) ? "Trigger" : "Streams", s, s->rows_in);
    else if (!strcmp(s->kind, "source"))
        say_throughput(r, "Sources", s, s->rows_in);
    else if (!strcmp(s->kind, "sink"))
        say_throughput(r, "Sinks", s, s->rows_out);
    else if (!strcmp(s->kind, "query")) {
        say_latency(r, s);
        say_memory(r, "Queries", s);
    } else if (!strcmp(s->kind, "table"))
        say_memory(r, "Tables", s);
    else if (!strcmp(s->kind, "window"))
        say_memory(r, "Windows", s);
    else if (!strcmp(s->kind, "aggregation"))
        say_memory(r, "Aggregations", s);
}

void wr_app_start_statistics(weir_app *app) {
    const wr_plan_statistics *s = &app->plan->statistics;
    app->statistics = s->is_on ? WEIR_STATISTICS_BASIC : WEIR_STATISTICS_OFF;
    app->reported_ms = (uint64_t)wr_monotonic_ms();
    if (s->is_on && s->reporter == WR_REPORTER_JMX)
        wr_app_log(
            app, WEIR_LOG_WARN,
            "@app:statistics(reporter='jmx') reports nothing: there is no JMX outside of a Java machine; "
            "the same counters are served to Prometheus at /metrics of the admin server (weir run --admin)");
}

void wr_app_report_if_due(weir_app *app) {
    const wr_plan_statistics *s = &app->plan->statistics;
    if (app->statistics == WEIR_STATISTICS_OFF || s->reporter != WR_REPORTER_CONSOLE) return;
    uint64_t now = (uint64_t)wr_monotonic_ms(), interval = s->interval_ms ? (uint64_t)s->interval_ms : 60000;
    if (now - app->reported_ms < interval) return;
    report r = {.app = app, .seconds_ms = now - app->reported_ms};
    app->reported_ms = now;
    weir_app_visit_stats(app, on_stat, &r);
}

weir_status weir_app_set_statistics(weir_app *app, weir_statistics level, weir_error *err) {
    WR_TRY(wr_app_check(app, err));
    if (level < WEIR_STATISTICS_OFF || level > WEIR_STATISTICS_DETAIL)
        return weir_fail(err, WEIR_EUSAGE, "weir_app_set_statistics: there is no level %d", (int)level);
    app->statistics = level;
    return WEIR_OK;
}
