/* fakes.h: a small registry for the planner's tests, and an app planned with it.
 *
 * The descriptors have signatures and no bodies: planning never runs them. */
#ifndef WR_TEST_PLAN_FAKES_H
#define WR_TEST_PLAN_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lang/parser.h"
#include "plan/explain.h"
#include "plan/planner.h"

/* ---- Checks
 * ------------------------------------------------------------------------------------------------ */

static inline bool fake_numeric(weir_type t) { return t >= WEIR_INT && t <= WEIR_DOUBLE; }

static inline weir_status fake_refuse(weir_error *err, const weir_arg *at) {
    if (err && at) {
        err->begin = at->begin;
        err->end = at->end;
    }
    return WEIR_ETYPE; /* no message: the planner gives one */
}

static inline weir_status fake_check_sum(const weir_arg *a, uint32_t n, weir_type *r, weir_error *err) {
    if (n != 1 || !fake_numeric(a[0].type)) return fake_refuse(err, n ? a : NULL);
    *r = a[0].type == WEIR_INT || a[0].type == WEIR_LONG ? WEIR_LONG : WEIR_DOUBLE;
    return WEIR_OK;
}
static inline weir_status fake_check_same(const weir_arg *a, uint32_t n, weir_type *r, weir_error *err) {
    if (n < 1) return fake_refuse(err, NULL);
    for (uint32_t i = 1; i < n; i++)
        if (a[i].type != a[0].type) return fake_refuse(err, &a[i]);
    *r = a[0].type;
    return WEIR_OK;
}
static inline weir_status fake_check_count(const weir_arg *a, uint32_t n, weir_type *r, weir_error *err) {
    (void)a;
    if (n > 1) return fake_refuse(err, NULL);
    *r = WEIR_LONG;
    return WEIR_OK;
}
static inline weir_status fake_check_bool(const weir_arg *a, uint32_t n, weir_type *r, weir_error *err) {
    if (n != 1) return fake_refuse(err, n ? &a[1] : NULL);
    *r = WEIR_BOOL;
    return WEIR_OK;
}
static inline weir_status fake_check_now(const weir_arg *a, uint32_t n, weir_type *r, weir_error *err) {
    if (n) return fake_refuse(err, a);
    *r = WEIR_LONG;
    return WEIR_OK;
}

static inline bool fake_is_count(const weir_arg *a) { return a->is_const && a->type == WEIR_INT; }
static inline bool fake_is_span(const weir_arg *a) {
    return a->is_const && (a->type == WEIR_INT || a->type == WEIR_LONG);
}
static inline weir_status fake_check_length(const weir_arg *a, uint32_t n, weir_error *err) {
    return n == 1 && fake_is_count(a) ? WEIR_OK : fake_refuse(err, n ? a : NULL);
}
static inline weir_status fake_check_time(const weir_arg *a, uint32_t n, weir_error *err) {
    return n == 1 && fake_is_span(a) ? WEIR_OK : fake_refuse(err, n ? a : NULL);
}
static inline weir_status fake_check_text(const weir_arg *a, uint32_t n, weir_error *err) {
    if (n != 1 || a->type != WEIR_STRING) return fake_refuse(err, n ? a : NULL);
    if (a->is_const && memchr(weir_string_data(&a->value.as.s), '!', a->value.as.s.len))
        return weir_fail(err, WEIR_EPARSE, "the text holds a '!'");
    return WEIR_OK;
}
static inline weir_status fake_check_sort(const weir_arg *a, uint32_t n, weir_error *err) {
    return n == 2 && fake_is_count(a) && a[1].is_attribute ? WEIR_OK : fake_refuse(err, NULL);
}

/* ---- Tables
 * ------------------------------------------------------------------------------------------------ */

static weir_status fake_eval(void *self, const weir_call *call, weir_error *err) {
    (void)self, (void)call;
    return weir_fail(err, WEIR_EUSAGE, "planning ran a function");
}
static weir_status fake_agg_open(void *self, const weir_agg_args *args, weir_error *err) {
    (void)self, (void)args;
    return weir_fail(err, WEIR_EUSAGE, "planning opened an aggregate");
}
static weir_status fake_reserve(void *self, uint32_t n, weir_error *err) {
    (void)self, (void)n, (void)err;
    return WEIR_OK;
}
static weir_status fake_update(void *self, const weir_agg_rows *rows, weir_column *out, weir_error *err) {
    (void)self, (void)rows, (void)out, (void)err;
    return WEIR_OK;
}
static void fake_reset(void *self, uint32_t n) { (void)self, (void)n; }
static bool fake_release(void *self, uint32_t g) { return (void)self, (void)g, true; }
static weir_status fake_window_open(void *self, weir_window *w, const weir_window_args *args,
                                    weir_error *err) {
    (void)self, (void)w, (void)args;
    return weir_fail(err, WEIR_EUSAGE, "planning opened a window");
}
static weir_status fake_on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                                 weir_error *err) {
    (void)self, (void)w, (void)first, (void)n, (void)now, (void)err;
    return WEIR_OK;
}
static int fake_bound(const void *self, char *text, size_t size) {
    (void)self;
    return snprintf(text, size, "some rows");
}

static inline const weir_function_type *fake_functions(uint32_t *n) {
    static const weir_param_doc coalesce[] = {{"coalesce(<any> value, …)", "a fake"}, {NULL, NULL}};
    static const weir_param_doc one[] = {{"f(<any> value)", "a fake"}, {NULL, NULL}};
    static const weir_function_type list[] = {{.struct_size = sizeof(weir_function_type),
                                               .ns = "",
                                               .name = "coalesce",
                                               .doc = "a fake",
                                               .params = coalesce,
                                               .check = fake_check_same,
                                               .eval = fake_eval},
                                              {.struct_size = sizeof(weir_function_type),
                                               .ns = "",
                                               .name = "instanceOfString",
                                               .doc = "a fake",
                                               .params = one,
                                               .check = fake_check_bool,
                                               .eval = fake_eval},
                                              {.struct_size = sizeof(weir_function_type),
                                               .ns = "",
                                               .name = "isOdd",
                                               .doc = "a fake",
                                               .params = one,
                                               .check = fake_check_bool,
                                               .eval = fake_eval,
                                               .can_fail = true},
                                              {.struct_size = sizeof(weir_function_type),
                                               .ns = "",
                                               .name = "currentTimeMillis",
                                               .doc = "a fake",
                                               .params = one,
                                               .check = fake_check_now,
                                               .eval = fake_eval,
                                               .needs_clock = true,
                                               .not_pure = true}};
    *n = WR_COUNT(list);
    return list;
}

static inline const weir_aggregator_type *fake_aggregators(uint32_t *n) {
    static const weir_param_doc one[] = {{"sum(<int|long|float|double> value)", "a fake"}, {NULL, NULL}};
#define FAKE_AGG(id, chk)                                                                                    \
    {                                                                                                        \
        .struct_size = sizeof(weir_aggregator_type), .ns = "", .name = id, .doc = "a fake", .params = one,   \
        .check = chk, .open = fake_agg_open, .reserve = fake_reserve, .update = fake_update,                 \
        .reset_all = fake_reset, .release = fake_release                                                     \
    }
    static const weir_aggregator_type list[] = {FAKE_AGG("sum", fake_check_sum),
                                                FAKE_AGG("count", fake_check_count),
                                                FAKE_AGG("or", fake_check_bool)};
    *n = WR_COUNT(list);
    return list;
}

static inline const weir_window_type *fake_windows(uint32_t *n) {
    static const weir_param_doc length[] = {{"length(<int> length)", "a fake"}, {NULL, NULL}};
    static const weir_param_doc time[] = {{"time(<int|long|time> duration)", "a fake"}, {NULL, NULL}};
#define FAKE_WIN(id, p, chk, ...)                                                                            \
    {                                                                                                        \
        .struct_size = sizeof(weir_window_type), .ns = "", .name = id, .doc = "a fake", .params = p,         \
        .check = chk, .open = fake_window_open, .on_chunk = fake_on_chunk, .bound = fake_bound, __VA_ARGS__  \
    }
    static const weir_window_type list[] = {
        FAKE_WIN("length", length, fake_check_length, .one_chunk = true),
        FAKE_WIN("time", time, fake_check_time, .one_chunk = true, .uses_clock = true),
        FAKE_WIN("lengthBatch", length, fake_check_length, .late_output = true),
        FAKE_WIN("expression", length, fake_check_text, .one_chunk = true),
        FAKE_WIN("cron", length, fake_check_text, .late_output = true, .uses_clock = true),
        FAKE_WIN("sort", length, fake_check_sort, .one_chunk = true, .shape = WEIR_WINDOW_BAG)};
    *n = WR_COUNT(list);
    return list;
}

static inline wr_registry *fake_registry(void) {
    wr_registry *r;
    uint32_t n;
    weir_error err = {0};
    assert_int_equal(wr_registry_new(&r), WEIR_OK);
    const weir_function_type *f = fake_functions(&n);
    for (uint32_t i = 0; i < n; i++) assert_int_equal(wr_registry_add_function(r, &f[i], &err), WEIR_OK);
    const weir_aggregator_type *a = fake_aggregators(&n);
    for (uint32_t i = 0; i < n; i++) assert_int_equal(wr_registry_add_aggregator(r, &a[i], &err), WEIR_OK);
    const weir_window_type *w = fake_windows(&n);
    for (uint32_t i = 0; wr_stream_function_table[i]; i++)
        assert_int_equal(wr_registry_add_stream_function(r, wr_stream_function_table[i], &err), WEIR_OK);
    for (uint32_t i = 0; i < n; i++) assert_int_equal(wr_registry_add_window(r, &w[i], &err), WEIR_OK);
    return r;
}

/* ---- An app
 * ------------------------------------------------------------------------------------------------ */

typedef struct planned {
    wr_source source;
    weir_arena arena;
    wr_diag diags;
    wr_registry *registry;
    wr_plan *plan; /* NULL when it was refused */
    weir_status status;
    wr_buf text; /* of the errors, or what explain says */
} planned;

static inline void planned_init(planned *a, const char *app) {
    memset(a, 0, sizeof *a);
    a->registry = fake_registry();
    wr_arena_init(&a->arena, NULL);
    wr_diag_init(&a->diags, 0);
    wr_ast_app *tree = NULL;
    assert_int_equal(wr_source_init(&a->source, "app", app, strlen(app), NULL), WEIR_OK);
    a->status = wr_parse_app(&a->source, &a->arena, &tree, &a->diags);
    if (a->status == WEIR_OK)
        a->status = wr_plan_app(tree, &a->source, a->registry, NULL, &a->plan, &a->diags);
}

static inline void planned_fini(planned *a) {
    wr_plan_free(a->plan);
    wr_diag_fini(&a->diags);
    wr_source_fini(&a->source);
    wr_arena_fini(&a->arena);
    wr_registry_free(a->registry);
    wr_buf_fini(&a->text);
}

/* The app's plan; fails the test with the errors when it has any. */
static inline const wr_plan *plan_of(planned *a, const char *app) {
    planned_init(a, app);
    if (a->status != WEIR_OK) {
        wr_diag_render(&a->diags, &a->source, &a->text);
        fail_msg("%s", a->text.data);
    }
    return a->plan;
}

/* All errors as text: what a user sees. */
static inline const char *errors_of(planned *a, const char *app) {
    planned_init(a, app);
    assert_int_not_equal(a->status, WEIR_OK);
    assert_null(a->plan);
    wr_diag_render(&a->diags, &a->source, &a->text);
    return a->text.data;
}

#endif
