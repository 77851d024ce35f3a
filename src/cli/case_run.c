/* case_run.c: running one test case through the library. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/case.h"
#include "cli/number.h"

typedef struct run run;

typedef struct recorder { /* one watched stream or query */
    run *run;
    char *name; /* a copy: a `persist` step makes a new app */
    json *rows;
} recorder;

struct run {
    weir_engine *engine;
    const json *c;
    const case_options *options;
    case_result *result;
    char *text; /* of the app */
    weir_app *app;
    recorder *recorders;
    uint32_t n_recorders;
    weir_value *values;
    uint32_t cap_values;
    json *answers;
    weir_revisions *revisions; /* of restore_every */
    uint32_t n_steps;
    bool is_muted; /* a transparent restore starts an app whose 'start' triggers have fired before */
    bool out_of_memory;
};

static bool fail(run *r, case_outcome outcome, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool fail(run *r, case_outcome outcome, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(r->result->why, sizeof r->result->why, format, args);
    va_end(args);
    r->result->outcome = outcome;
    return false;
}

/* ---- Values out ---- */

static json *number_json(const char *text, bool is_float) {
    json *j = json_new_text(JSON_NUMBER, text, strlen(text));
    if (j) j->truth = is_float;
    return j;
}

static json *real_json(double d, bool is_float) {
    char text[64];
    if (isnan(d)) return json_new_text(JSON_STRING, "#NaN", 4);
    if (isinf(d))
        return d > 0 ? json_new_text(JSON_STRING, "#Infinity", 9)
                     : json_new_text(JSON_STRING, "#-Infinity", 10);
    cli_number_text(d, is_float, text, sizeof text);
    return number_json(text, is_float);
}

/* As Java prints it. */
static json *container_json(const weir_object *o) {
    weir_value v = {.type = WEIR_OBJECT, .as.o = (weir_object *)(uintptr_t)o};
    size_t len = weir_value_text(&v, NULL, 0);
    char *text = len == SIZE_MAX ? NULL : malloc(len + 1);
    if (!text) return NULL;
    weir_value_text(&v, text, len + 1);
    json *j = json_new_text(JSON_STRING, text, len);
    free(text);
    return j;
}

static json *object_json(const weir_object *o) {
    char text[64];
    json *j = json_new(JSON_OBJECT), *shown;
    switch (weir_object_get_kind(o)) {
    case WEIR_OBJECT_LIST:
    case WEIR_OBJECT_MAP: shown = container_json(o); break;
    case WEIR_OBJECT_SET:
        snprintf(text, sizeof text, "set of %u", weir_object_set_size(o));
        shown = json_new_text(JSON_STRING, text, strlen(text));
        break;
    default: shown = json_new_text(JSON_STRING, "error", 5);
    }
    json_set(j, "object", shown);
    return j;
}

static json *value_json(const weir_value *v) {
    char text[32];
    if (v->is_null) return json_new(JSON_NULL);
    switch (v->type) {
    case WEIR_INT: snprintf(text, sizeof text, "%" PRId32, v->as.i); return number_json(text, false);
    case WEIR_LONG: snprintf(text, sizeof text, "%" PRId64, v->as.l); return number_json(text, false);
    case WEIR_FLOAT: return real_json((double)v->as.f, true);
    case WEIR_DOUBLE: return real_json(v->as.d, false);
    case WEIR_STRING: return json_new_text(JSON_STRING, weir_string_data(&v->as.s), v->as.s.len);
    case WEIR_OBJECT: return object_json(v->as.o);
    default: break;
    }
    json *j = json_new(JSON_BOOL);
    if (j) j->truth = v->as.b;
    return j;
}

static json *values_json(const weir_batch *b, uint32_t row) {
    json *values = json_new(JSON_ARRAY);
    for (uint32_t i = 0; i < b->n_cols; i++) {
        weir_value v = weir_column_value(&b->cols[i], row);
        json_append(values, value_json(&v));
    }
    return values;
}

static json *row_json(const weir_batch *b, uint32_t row) {
    char ts[32];
    bool expired = b->kind && b->kind[row] == WEIR_EXPIRED;
    json *j = json_new(JSON_ARRAY), *values = values_json(b, row);
    snprintf(ts, sizeof ts, "%" PRId64, b->ts[row]);
    json_append(j, number_json(ts, false));
    json_append(j, json_new_text(JSON_STRING, expired ? "-" : "+", 1));
    json_append(j, values);
    return j;
}

static void on_stream(void *ctx, const weir_stream_info *info, const weir_batch *b) {
    recorder *rec = ctx;
    (void)info;
    if (rec->run->is_muted) return;
    for (uint32_t k = 0; k < b->n_sel; k++)
        if (!json_append(rec->rows, row_json(b, weir_batch_row(b, k)))) rec->run->out_of_memory = true;
}

/* Within one chunk a query callback shows all current rows before all expired ones. */
static void on_query(void *ctx, const weir_stream_info *info, const weir_batch *b) {
    recorder *rec = ctx;
    (void)info;
    if (rec->run->is_muted) return;
    for (uint32_t c = 0, k = 0; c < b->n_chunks; c++) {
        uint32_t first = k, end = weir_batch_chunk_end(b, c);
        while (k < b->n_sel && weir_batch_row(b, k) < end) k++;
        for (int expired = 0; expired < 2; expired++)
            for (uint32_t i = first; i < k; i++) {
                uint32_t row = weir_batch_row(b, i);
                bool is_expired = b->kind && b->kind[row] == WEIR_EXPIRED;
                if (is_expired == expired && !json_append(rec->rows, row_json(b, row)))
                    rec->run->out_of_memory = true;
            }
    }
}

/* ---- Values in ---- */

static bool real_of(const json *j, double *out) {
    static const struct {
        const char *text;
        double value;
    } names[] = {{"#NaN", NAN}, {"#Infinity", INFINITY}, {"#-Infinity", -INFINITY}};
    for (size_t i = 0; j->kind == JSON_STRING && i < 3; i++)
        if (!strcmp(j->text, names[i].text)) {
            *out = names[i].value;
            return true;
        }
    if (j->kind != JSON_NUMBER) return false;
    *out = strtod(j->text, NULL);
    return true;
}

/* An attribute of type object takes a string, bool or double, boxed. */
static bool object_of(const json *j, weir_value *v) {
    weir_value inner = {.type = WEIR_BOOL, .as.b = j->truth};
    if (j->kind == JSON_STRING)
        inner = (weir_value){.type = WEIR_STRING, .as.s = weir_string_view(j->text, (uint32_t)j->len)};
    else if (j->kind == JSON_NUMBER)
        inner = (weir_value){.type = WEIR_DOUBLE, .as.d = strtod(j->text, NULL)};
    else if (j->kind != JSON_BOOL)
        return false;
    v->as.o = weir_object_new_value(&inner);
    return v->as.o != NULL;
}

static bool value_of(const json *j, weir_type type, weir_value *v) {
    double d = 0;
    *v = (weir_value){.type = type, .is_null = j->kind == JSON_NULL};
    if (v->is_null) return true;
    switch (type) {
    case WEIR_INT: v->as.i = (int32_t)json_long(j, 0); return json_is_whole(j);
    case WEIR_LONG: v->as.l = json_long(j, 0); return json_is_whole(j);
    case WEIR_FLOAT:
        if (!real_of(j, &d)) return false;
        v->as.f = j->kind == JSON_NUMBER ? strtof(j->text, NULL) : (float)d;
        return true;
    case WEIR_DOUBLE: return real_of(j, &v->as.d);
    case WEIR_BOOL: v->as.b = j->truth; return j->kind == JSON_BOOL;
    case WEIR_STRING:
        if (j->kind != JSON_STRING) return false;
        v->as.s = weir_string_view(j->text, (uint32_t)j->len);
        return true;
    case WEIR_OBJECT: return object_of(j, v);
    default: return false;
    }
}

static bool values_of(run *r, const json *row, const weir_stream_info *info, weir_value *out) {
    if (!row || row->kind != JSON_ARRAY || row->n != info->n_attributes)
        return fail(r, CASE_FAILED, "    a step for '%s' needs %u values\n", info->name, info->n_attributes);
    for (uint32_t i = 0; i < row->n; i++)
        if (!value_of(row->items[i], info->attributes[i].type, &out[i]))
            return fail(r, CASE_FAILED, "    a step's value for '%s' is not %s\n", info->attributes[i].name,
                        weir_type_name(info->attributes[i].type));
    return true;
}

/* ---- Steps ---- */

static bool check(run *r, weir_status st, const weir_error *err) {
    return st == WEIR_OK || fail(r, CASE_FAILED, "    %s\n", err->message);
}

static bool send_step(run *r, const json *step) {
    const json *one = json_get(step, "data"), *many = json_get(step, "rows");
    const char *name = json_text(json_get(step, "stream"));
    weir_stream stream = name ? weir_find_stream(r->app, name) : WEIR_NO_STREAM;
    const weir_stream_info *info = weir_get_stream(r->app, stream);
    weir_error err;
    if (!info)
        return fail(r, CASE_FAILED, "    a step sends to '%s', which is no stream\n", name ? name : "");
    uint32_t n_rows = many ? many->n : 1, need = n_rows * info->n_attributes + 1;
    if (need > r->cap_values) {
        free(r->values);
        r->values = calloc(need, sizeof *r->values);
        r->cap_values = r->values ? need : 0;
    }
    int64_t *ts = calloc(n_rows + 1, sizeof *ts);
    if (!r->values || !ts) {
        free(ts);
        return fail(r, CASE_FAILED, "    out of memory\n");
    }
    bool ok = true;
    memset(r->values, 0, need * sizeof *r->values);
    for (uint32_t i = 0; i < n_rows && ok; i++) {
        ts[i] = json_long(json_get(step, "t"), 0);
        ok = values_of(r, many ? many->items[i] : one, info, r->values + i * info->n_attributes);
    }
    if (ok)
        ok = check(r, weir_send_chunk(r->app, stream, ts, r->values, info->n_attributes, n_rows, &err), &err);
    for (uint32_t i = 0; i < need; i++)
        if (r->values[i].type == WEIR_OBJECT) weir_object_unref(r->values[i].as.o);
    free(ts);
    return ok;
}

static bool open_app(run *r, weir_error *err, weir_status *st) {
    weir_app_options o = {.struct_size = sizeof o,
                          .batch_limit = r->options->batch_limit,
                          .queue = true,
                          .playback = true,
                          .no_io = true,
                          .force_serial = r->options->serial,
                          .threads = r->options->threads,
                          .threads_always = true,
                          .revisions = r->revisions,
                          .whole_every = 8,
                          .keys_sleep = r->options->keys_sleep,
                          .source_name = "app"};
    *st = weir_app_new(r->engine, r->text, strlen(r->text), &o, &r->app, NULL, err);
    return *st == WEIR_OK;
}

static bool subscribe_all(run *r) {
    weir_error err;
    const json *calls = json_get(r->c, "calls");
    for (uint32_t i = 0; i < r->n_recorders; i++) {
        recorder *rec = &r->recorders[i];
        bool is_query = false;
        for (uint32_t k = 0; calls && k < calls->n; k++)
            is_query |= !strcmp(calls->items[k]->text, rec->name);
        weir_status st = is_query ? weir_subscribe_query(r->app, rec->name, on_query, rec, &err)
                                  : weir_subscribe(r->app, rec->name, on_stream, rec, &err);
        if (!check(r, st, &err)) return false;
    }
    return true;
}

static bool start(run *r) {
    weir_error err;
    return subscribe_all(r) && check(r, weir_app_start(r->app, &err), &err);
}

/* The newest revision, which mostly is one of changes, goes into a new app. */
static bool restore_chain(run *r) {
    weir_error err;
    weir_status st = WEIR_OK;
    weir_app_free(r->app);
    r->app = NULL;
    r->is_muted = true;
    bool ok = open_app(r, &err, &st) ? start(r) : check(r, st, &err);
    r->is_muted = false;
    return ok && check(r, weir_app_restore_revision(r->app, 0, NULL, NULL, &err), &err);
}

static bool keep_revision(run *r) {
    weir_error err;
    if (!check(r, weir_app_persist(r->app, NULL, &err), &err)) return false;
    return ++r->n_steps % r->options->restore_every != 0 || restore_chain(r);
}

/* The app's state goes into a new app. A `persist` step starts its clock at 0, as in Siddhi. */
static bool restore_into_new(run *r, bool reset_clock) {
    void *bytes;
    size_t len;
    weir_error err;
    weir_status st = WEIR_OK;
    weir_restore_options o = {.struct_size = sizeof o, .reset_clock = reset_clock};
    if (!check(r, weir_app_snapshot(r->app, &bytes, &len, &err), &err)) return false;
    weir_app_free(r->app);
    r->app = NULL;
    r->is_muted = !reset_clock;
    bool ok = open_app(r, &err, &st) ? start(r) : check(r, st, &err);
    r->is_muted = false;
    if (ok) ok = check(r, weir_app_restore(r->app, bytes, len, &o, &err), &err);
    weir_free(bytes);
    return ok;
}

static json *answer_json(const weir_answer *answer) {
    const weir_batch *b = weir_answer_rows(answer);
    json *rows = json_new(JSON_ARRAY);
    for (uint32_t row = 0; rows && row < b->n_rows; row++) json_append(rows, values_json(b, row));
    return rows;
}

static json *error_json(const weir_error *err) {
    json *j = json_new(JSON_OBJECT);
    json_set(j, "error", json_new_text(JSON_STRING, err->message, strlen(err->message)));
    return j;
}

/* A query that fails has an answer, too; but what weir can't do yet passes for nothing. */
static bool query_step(run *r, const json *query) {
    weir_error err;
    weir_answer *answer = NULL;
    weir_status st = weir_query(r->app, query->text, query->len, &answer, NULL, &err);
    if (st == WEIR_EUNSUPPORTED) return fail(r, CASE_SKIPPED, "%.400s", err.message);
    json *j = st == WEIR_OK ? answer_json(answer) : error_json(&err);
    weir_answer_free(answer);
    if (!r->answers) r->answers = json_new(JSON_ARRAY);
    if (!j || !json_append(r->answers, j)) r->out_of_memory = true;
    return true;
}

static bool run_step(run *r, const json *step) {
    const json *query = json_get(step, "query");
    if (query && query->kind == JSON_STRING) return query_step(r, query);
    if (json_get(step, "persist")) return restore_into_new(r, true);
    if (!send_step(r, step)) return false;
    if (r->options->restore_every) return keep_revision(r);
    return !r->options->restore_each_step || restore_into_new(r, false);
}

/* ---- What is recorded ---- */

static bool is_sent_to(const json *c, const char *stream) {
    const json *steps = json_get(c, "steps");
    for (uint32_t i = 0; steps && i < steps->n; i++) {
        const char *name = json_text(json_get(steps->items[i], "stream"));
        if (name && !strcmp(name, stream)) return true;
    }
    return false;
}

static bool add_recorder(run *r, const char *name) {
    for (uint32_t i = 0; i < r->n_recorders; i++)
        if (!strcmp(r->recorders[i].name, name)) return true;
    recorder *rec = &r->recorders[r->n_recorders++];
    *rec = (recorder){r, strdup(name), json_new(JSON_ARRAY)};
    return rec->name && rec->rows;
}

static bool choose_recorders(run *r) {
    const json *watch = json_get(r->c, "watch"), *calls = json_get(r->c, "calls");
    uint32_t n_streams = weir_n_streams(r->app);
    r->recorders = calloc((watch ? watch->n : n_streams) + (calls ? calls->n : 0) + 1, sizeof *r->recorders);
    bool ok = r->recorders != NULL;
    for (uint32_t i = 0; ok && watch && i < watch->n; i++)
        if (json_text(watch->items[i])) ok = add_recorder(r, watch->items[i]->text);
    for (uint32_t i = 0; ok && !watch && i < n_streams; i++) {
        const weir_stream_info *info = weir_get_stream(r->app, i);
        if (!info->is_inner && !info->is_window && !is_sent_to(r->c, info->name))
            ok = add_recorder(r, info->name);
    }
    for (uint32_t i = 0; ok && calls && i < calls->n; i++)
        if (json_text(calls->items[i])) ok = add_recorder(r, calls->items[i]->text);
    return ok || fail(r, CASE_FAILED, "    out of memory\n");
}

/* ---- The app's text ---- */

static char *read_file(const char *dir, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s%s%s", name[0] == '/' || !dir ? "" : dir,
             name[0] == '/' || !dir ? "" : "/", name);
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t len = 0;
    if (!f) return NULL;
    FILE *copy = open_memstream(&text, &len);
    for (int ch; copy && (ch = fgetc(f)) != EOF;) fputc(ch, copy);
    if (copy) fclose(copy);
    fclose(f);
    return text;
}

static bool load_text(run *r, const char *base_dir) {
    const char *app = json_text(json_get(r->c, "app")), *file = json_text(json_get(r->c, "file"));
    if (!app && !file) return fail(r, CASE_FAILED, "    the case has neither \"app\" nor \"file\"\n");
    r->text = app ? strdup(app) : read_file(base_dir, file);
    return r->text || fail(r, CASE_FAILED, "    the app's file '%s' can't be read\n", file ? file : "");
}

static void finish(run *r) {
    json *got = json_new(JSON_OBJECT);
    const char *reason;
    for (uint32_t i = 0; i < r->n_recorders; i++) {
        json_set(got, r->recorders[i].name, r->recorders[i].rows);
        r->recorders[i].rows = NULL;
    }
    r->result->got = got;
    r->result->answers = r->answers;
    r->answers = NULL;
    r->result->was_serial = weir_app_is_serial(r->app, &reason);
    r->result->rows_per_call = weir_app_mean_rows_per_call(r->app);
    if (r->out_of_memory) fail(r, CASE_FAILED, "    out of memory\n");
}

static void run_app(run *r) {
    weir_error err;
    const json *steps = json_get(r->c, "steps");
    if (!choose_recorders(r) || !start(r)) return;
    for (uint32_t i = 0; steps && i < steps->n; i++)
        if (!run_step(r, steps->items[i])) return;
    if (!check(r, weir_flush(r->app, &err), &err)) return;
    finish(r);
    if (r->result->outcome == CASE_PASSED && json_get(r->c, "expect") &&
        !case_compare(r->c, r->result, r->result->why, sizeof r->result->why))
        r->result->outcome = CASE_FAILED;
}

void case_run(weir_engine *engine, const json *c, const char *base_dir, const case_options *options,
              case_result *out) {
    run r = {.engine = engine, .c = c, .options = options, .result = out};
    bool must_fail = json_get(c, "error") != NULL;
    weir_error err;
    weir_status st;
    memset(out, 0, sizeof *out);
    bool ready =
        !options->restore_every || check(&r, weir_revisions_new(engine, NULL, &r.revisions, &err), &err);
    if (ready && load_text(&r, base_dir)) {
        if (open_app(&r, &err, &st)) {
            if (must_fail)
                fail(&r, CASE_FAILED, "    the app must be refused, but was accepted\n      (%.200s)\n",
                     json_text(json_get(c, "error")));
            else
                run_app(&r);
        } else {
            snprintf(out->error, sizeof out->error, "%u:%u: %.400s", err.line, err.column, err.message);
            if (st == WEIR_EUNSUPPORTED)
                fail(&r, CASE_SKIPPED, "%.400s", err.message);
            else if (!must_fail)
                fail(&r, CASE_FAILED, "    the app was refused: %s\n", out->error);
        }
    }
    for (uint32_t i = 0; i < r.n_recorders; i++) {
        json_free(r.recorders[i].rows);
        free(r.recorders[i].name);
    }
    json_free(r.answers);
    weir_app_free(r.app);
    weir_revisions_free(r.revisions);
    free(r.recorders);
    free(r.values);
    free(r.text);
}

void case_result_free(case_result *r) {
    json_free(r->got);
    json_free(r->answers);
    r->got = r->answers = NULL;
}
