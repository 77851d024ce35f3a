/* board.c: see board.h. */
#include "cli/board.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/json.h"

#define PUBLISH_EVERY_MS 100
#define RATES_OVER_MS    500

int64_t board_clock_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void board_init(board *b, const weir_app *app, const char *file) {
    memset(b, 0, sizeof *b);
    pthread_mutex_init(&b->lock, NULL);
    b->app = app;
    b->app_name = strdup(weir_app_name(app));
    snprintf(b->file, sizeof b->file, "%s", file);
    b->started_ms = b->rates_ms = board_clock_ms();
}

void board_fini(board *b) {
    free(b->rows);
    free(b->names);
    free(b->app_name);
    pthread_mutex_destroy(&b->lock);
}

/* Where the copy begins; SIZE_MAX: no memory. */
static size_t add_name(board *b, const char *name) {
    size_t len = strlen(name) + 1, at = b->n_names;
    if (at + len > b->cap_names) {
        size_t cap = (at + len) * 2;
        char *wider = realloc(b->names, cap);
        if (!wider) return SIZE_MAX;
        b->names = wider;
        b->cap_names = cap;
    }
    memcpy(b->names + at, name, len);
    b->n_names += len;
    return at;
}

static void place_names(board *b) {
    for (uint32_t i = 0; i < b->n; i++) {
        board_row *r = &b->rows[i];
        r->stat.name = r->name == SIZE_MAX ? "" : b->names + r->name;
        r->stat.label = r->label == SIZE_MAX ? "" : b->names + r->label;
    }
}

static void on_stat(void *ctx, const weir_stat *s) {
    board *b = ctx;
    if (b->n == b->cap) {
        uint32_t cap = b->cap ? b->cap * 2 : 32;
        board_row *rows = realloc(b->rows, cap * sizeof *rows);
        if (!rows) return; /* the table is shorter this time */
        b->rows = rows;
        b->cap = cap;
    }
    b->rows[b->n++] = (board_row){*s, add_name(b, s->name), add_name(b, s->label)};
    if (!strcmp(s->kind, "source")) b->rows_in += s->rows_in;
    if (!strcmp(s->kind, "sink")) b->rows_out += s->rows_out;
    if (!strcmp(s->kind, "app")) {
        b->state_bytes = s->state_bytes;
        b->lag_ms = s->lag_ms;
    }
    if (strcmp(s->kind, "query") != 0) b->errors += s->errors; /* its operators have them */
}

static void update_rates(board *b, int64_t now) {
    if (now - b->rates_ms < RATES_OVER_MS) return;
    double seconds = (double)(now - b->rates_ms) / 1000;
    b->in_per_s = (double)(b->rows_in - b->rates_in) / seconds;
    b->out_per_s = (double)(b->rows_out - b->rates_out) / seconds;
    b->rates_in = b->rows_in;
    b->rates_out = b->rows_out;
    b->rates_ms = now;
}

void board_publish(board *b, bool must) {
    int64_t now = board_clock_ms();
    if (!must && now - b->published_ms < PUBLISH_EVERY_MS) return;
    pthread_mutex_lock(&b->lock);
    b->n = 0;
    b->rows_in = b->rows_out = b->errors = 0;
    b->n_names = 0;
    weir_app_visit_stats(b->app, on_stat, b);
    place_names(b);
    weir_app_latency(b->app, &b->latency);
    update_rates(b, now);
    b->published_ms = now;
    b->is_ready = true;
    pthread_mutex_unlock(&b->lock);
}

void board_set_waiting(board *b, const char *why) {
    pthread_mutex_lock(&b->lock);
    snprintf(b->waits_for, sizeof b->waits_for, "%s", why ? why : "");
    pthread_mutex_unlock(&b->lock);
}

bool board_waits(board *b, char *why, size_t size) {
    pthread_mutex_lock(&b->lock);
    snprintf(why, size, "%s", b->waits_for);
    pthread_mutex_unlock(&b->lock);
    return *why != 0;
}

bool board_is_ready(board *b) {
    pthread_mutex_lock(&b->lock);
    bool ready = b->is_ready;
    pthread_mutex_unlock(&b->lock);
    return ready;
}

static void print_bytes(FILE *out, uint64_t bytes) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double v = (double)bytes;
    int u = 0;
    for (; v >= 1000 && u < 4; u++) v /= 1000;
    fprintf(out, u ? "%.1f %s" : "%.0f %s", v, units[u]);
}

static void print_rate(FILE *out, double v) {
    if (v >= 1e6)
        fprintf(out, "%.2f M/s", v / 1e6);
    else if (v >= 1e4)
        fprintf(out, "%.1f k/s", v / 1e3);
    else
        fprintf(out, "%.0f/s", v);
}

void board_status_line(board *b, FILE *out) {
    pthread_mutex_lock(&b->lock);
    fprintf(out, "in %" PRIu64 " (", b->rows_in);
    print_rate(out, b->in_per_s);
    fprintf(out, ")  out %" PRIu64 " (", b->rows_out);
    print_rate(out, b->out_per_s);
    fprintf(out, ")  latency p50 %.2f ms p99 %.2f ms  state ", b->latency.p50_ms, b->latency.p99_ms);
    print_bytes(out, b->state_bytes);
    if (b->errors) fprintf(out, "  errors %" PRIu64, b->errors);
    if (b->lag_ms >= 0 && b->lag_ms < 365LL * 86400000)
        fprintf(out, "  lag %.1f s", (double)b->lag_ms / 1000);
    pthread_mutex_unlock(&b->lock);
}

static void json_stat(FILE *out, const weir_stat *s) {
    fprintf(out, "{\"kind\":\"%s\",\"name\":", s->kind);
    json_write_string(s->name, strlen(s->name), out);
    fputs(",\"label\":", out);
    json_write_string(s->label, strlen(s->label), out);
    fprintf(out,
            ",\"rows_in\":%" PRIu64 ",\"rows_out\":%" PRIu64 ",\"rows_late\":%" PRIu64 ",\"calls\":%" PRIu64
            ",\"errors\":%" PRIu64 ",\"state_rows\":%" PRIu64 ",\"state_bytes\":%" PRIu64
            ",\"busy_ms\":%.3f}",
            s->rows_in, s->rows_out, s->rows_late, s->calls, s->errors, s->state_rows, s->state_bytes,
            (double)s->busy_ns / 1e6);
}

void board_json(board *b, FILE *out) {
    pthread_mutex_lock(&b->lock);
    fputs("{\"app\":", out);
    json_write_string(b->app_name, strlen(b->app_name), out);
    fputs(",\"file\":", out);
    json_write_string(b->file, strlen(b->file), out);
    fprintf(out,
            ",\"up_s\":%.3f,\"rows_in\":%" PRIu64 ",\"rows_out\":%" PRIu64
            ",\"in_per_s\":%.1f,\"out_per_s\":%.1f",
            (double)(board_clock_ms() - b->started_ms) / 1000, b->rows_in, b->rows_out, b->in_per_s,
            b->out_per_s);
    fprintf(out, ",\"errors\":%" PRIu64 ",\"state_bytes\":%" PRIu64 ",\"lag_ms\":%" PRId64, b->errors,
            b->state_bytes, b->lag_ms);
    fprintf(out,
            ",\"latency_ms\":{\"count\":%" PRIu64
            ",\"mean\":%.4f,\"p50\":%.4f,\"p90\":%.4f,\"p99\":%.4f,\"max\":%.4f}",
            b->latency.count, b->latency.mean_ms, b->latency.p50_ms, b->latency.p90_ms, b->latency.p99_ms,
            b->latency.max_ms);
    if (*b->waits_for) {
        fputs(",\"waits_for\":", out);
        json_write_string(b->waits_for, strlen(b->waits_for), out);
    }
    fputs(",\"parts\":[", out);
    for (uint32_t i = 0; i < b->n; i++) {
        if (i) fputc(',', out);
        json_stat(out, &b->rows[i].stat);
    }
    fputs("]}", out);
    pthread_mutex_unlock(&b->lock);
}

/* ---- Prometheus ---- */

static void label(FILE *out, const char *key, const char *value, const char *before) {
    fprintf(out, "%s%s=\"", before, key);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\') fputc('\\', out);
        if (*value == '\n')
            fputs("\\n", out);
        else
            fputc(*value, out);
    }
    fputc('"', out);
}

typedef struct metric {
    const char *name, *type, *help;
    size_t offset; /* of the uint64_t in weir_stat */
    bool is_of_io; /* sources and sinks only */
} metric;

static const metric metrics[] = {
    {"weir_rows_in_total", "counter", "Rows that came in.", offsetof(weir_stat, rows_in), false},
    {"weir_rows_out_total", "counter", "Rows that went out.", offsetof(weir_stat, rows_out), false},
    {"weir_rows_late_total", "counter", "Rows that a window dropped since they came too late.",
     offsetof(weir_stat, rows_late), false},
    {"weir_calls_total", "counter", "Operator calls.", offsetof(weir_stat, calls), false},
    {"weir_errors_total", "counter", "Rows or calls that failed.", offsetof(weir_stat, errors), false},
    {"weir_state_rows", "gauge", "Rows held in state.", offsetof(weir_stat, state_rows), false},
    {"weir_state_bytes", "gauge", "Bytes of state.", offsetof(weir_stat, state_bytes), false},
    {"weir_waiting", "gauge",
     "What waits unread at a source (bytes, or messages), or on disk for a sink (rows).",
     offsetof(weir_stat, waiting), true},
    {"weir_unreachable", "gauge", "1 while the other side can't be reached.",
     offsetof(weir_stat, unreachable), true},
};

static void print_values(board *b, const metric *m, FILE *out) {
    for (uint32_t i = 0; i < b->n; i++) {
        const weir_stat *s = &b->rows[i].stat;
        uint64_t v;
        if (m->is_of_io && strcmp(s->kind, "source") != 0 && strcmp(s->kind, "sink") != 0) continue;
        memcpy(&v, (const char *)s + m->offset, sizeof v);
        fprintf(out, "%s{", m->name);
        label(out, "app", b->app_name, "");
        label(out, "kind", s->kind, ",");
        label(out, "name", s->name, ",");
        label(out, "part", s->label, ",");
        char number[16];
        snprintf(number, sizeof number, "%u", i);
        label(out, "id", number, ",");
        fprintf(out, "} %" PRIu64 "\n", v);
    }
}

static void print_busy(board *b, FILE *out) {
    for (uint32_t i = 0; i < b->n; i++) {
        const weir_stat *s = &b->rows[i].stat;
        if (strcmp(s->kind, "query") != 0) continue;
        fputs("weir_busy_seconds_total{", out);
        label(out, "app", b->app_name, "");
        label(out, "query", s->name, ",");
        fprintf(out, "} %.6f\n", (double)s->busy_ns / 1e9);
    }
}

static void print_latency(board *b, FILE *out) {
    const weir_latency *l = &b->latency;
    const struct {
        const char *q;
        double ms;
    } quantiles[] = {{"0.5", l->p50_ms}, {"0.9", l->p90_ms}, {"0.99", l->p99_ms}, {"1", l->max_ms}};
    for (size_t i = 0; i < 4; i++) {
        fputs("weir_latency_seconds{", out);
        label(out, "app", b->app_name, "");
        fprintf(out, ",quantile=\"%s\"} %.7f\n", quantiles[i].q, quantiles[i].ms / 1000);
    }
    fputs("weir_latency_seconds_sum{", out);
    label(out, "app", b->app_name, "");
    fprintf(out, "} %.6f\nweir_latency_seconds_count{", l->mean_ms / 1000 * (double)l->count);
    label(out, "app", b->app_name, "");
    fprintf(out, "} %" PRIu64 "\n", l->count);
}

static void print_waits(board *b, FILE *out) {
    fputs("weir_waits_for_store{", out);
    label(out, "app", b->app_name, "");
    fprintf(out, "} %d\n", *b->waits_for != 0);
}

static void print_lag(board *b, FILE *out) {
    fputs("weir_lag_seconds{", out);
    label(out, "app", b->app_name, "");
    fprintf(out, "} %.3f\n", b->lag_ms >= 0 ? (double)b->lag_ms / 1000 : 0.0);
}

void board_prometheus(board *const *boards, uint32_t n, FILE *out) {
    for (uint32_t i = 0; i < n; i++) pthread_mutex_lock(&boards[i]->lock);
    for (size_t k = 0; k < sizeof metrics / sizeof *metrics; k++) {
        const metric *m = &metrics[k];
        fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
        for (uint32_t i = 0; i < n; i++) print_values(boards[i], m, out);
    }
    fputs("# HELP weir_busy_seconds_total Time spent on a query.\n# TYPE weir_busy_seconds_total counter\n",
          out);
    for (uint32_t i = 0; i < n; i++) print_busy(boards[i], out);
    fputs("# HELP weir_latency_seconds From a row's arrival to the end of its cycle.\n"
          "# TYPE weir_latency_seconds summary\n",
          out);
    for (uint32_t i = 0; i < n; i++) print_latency(boards[i], out);
    fputs("# HELP weir_lag_seconds Wall time minus the app's clock.\n# TYPE weir_lag_seconds gauge\n", out);
    for (uint32_t i = 0; i < n; i++) print_lag(boards[i], out);
    fputs("# HELP weir_waits_for_store 1 while the app rests until a store is back.\n"
          "# TYPE weir_waits_for_store gauge\n",
          out);
    for (uint32_t i = 0; i < n; i++) print_waits(boards[i], out);
    for (uint32_t i = n; i-- > 0;) pthread_mutex_unlock(&boards[i]->lock);
}
