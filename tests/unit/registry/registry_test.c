#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/registry.h"

static weir_status check(const weir_arg *args, uint32_t n, weir_type *result, weir_error *err) {
    (void)args, (void)n, (void)err;
    *result = WEIR_INT;
    return WEIR_OK;
}
static weir_status check_window(const weir_arg *args, uint32_t n, weir_error *err) {
    (void)args, (void)n, (void)err;
    return WEIR_OK;
}
static weir_status eval(void *self, const weir_call *call, weir_error *err) {
    (void)self, (void)call, (void)err;
    return WEIR_OK;
}
static weir_status open_window(void *self, weir_window *w, const weir_window_args *args, weir_error *err) {
    (void)self, (void)w, (void)args, (void)err;
    return WEIR_OK;
}
static weir_status on_chunk(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err) {
    (void)self, (void)w, (void)first, (void)n, (void)now, (void)err;
    return WEIR_OK;
}
static size_t bytes(const void *self) { return (void)self, 0; }
static void save(const void *self, weir_writer *w) { (void)self, (void)w; }
static weir_status load(void *self, weir_window *w, weir_reader *r, weir_error *err) {
    (void)self, (void)w, (void)r, (void)err;
    return WEIR_OK;
}
static int bound(const void *self, char *text, size_t size) {
    return (void)self, snprintf(text, size, "1 row");
}

static const weir_param_doc params[] = {{"f()", "nothing"}, {NULL, NULL}};

static weir_function_type function(const char *ns, const char *name) {
    return (weir_function_type){.struct_size = sizeof(weir_function_type),
                                .ns = ns,
                                .name = name,
                                .doc = "does nothing",
                                .params = params,
                                .check = check,
                                .eval = eval};
}

static weir_window_type window(void) {
    return (weir_window_type){.struct_size = sizeof(weir_window_type),
                              .ns = "",
                              .name = "w",
                              .doc = "does nothing",
                              .params = params,
                              .check = check_window,
                              .state_size = 8,
                              .open = open_window,
                              .on_chunk = on_chunk,
                              .bytes = bytes,
                              .save = save,
                              .load = load,
                              .bound = bound};
}

static int setup(void **state) {
    wr_registry *r;
    assert_int_equal(wr_registry_new(&r), WEIR_OK);
    *state = r;
    return 0;
}
static int teardown(void **state) {
    wr_registry_free(*state);
    return 0;
}

static void finds_by_namespace_and_exact_name(void **state) {
    wr_registry *r = *state;
    weir_function_type sin = function("math", "sin"), plain = function("", "sin");
    assert_int_equal(wr_registry_add_function(r, &sin, NULL), WEIR_OK);
    assert_null(wr_registry_find_function(r, "", "sin"));
    assert_int_equal(wr_registry_add_function(r, &plain, NULL), WEIR_OK);
    assert_ptr_equal(wr_registry_find_function(r, "math", "sin"), &sin);
    assert_ptr_equal(wr_registry_find_function(r, "", "sin"), &plain);
    assert_ptr_equal(wr_registry_find_function(r, NULL, "sin"), &plain);
    assert_null(wr_registry_find_function(r, "math", "Sin"));
    assert_null(wr_registry_find_window(r, "math", "sin"));
}

static void lists_in_order_of_names(void **state) {
    wr_registry *r = *state;
    const char *names[] = {"b", "d", "a", "e", "c"};
    static weir_function_type types[5];
    for (int i = 0; i < 5; i++) {
        types[i] = function(i == 1 ? "" : "x", names[i]);
        assert_int_equal(wr_registry_add_function(r, &types[i], NULL), WEIR_OK);
    }
    assert_int_equal(wr_registry_n_functions(r), 5);
    const char *sorted[] = {"d", "a", "b", "c", "e"};
    for (uint32_t i = 0; i < 5; i++) assert_string_equal(wr_registry_function(r, i)->name, sorted[i]);
}

static void refuses_a_name_that_is_taken(void **state) {
    wr_registry *r = *state;
    weir_function_type a = function("math", "sin"), b = function("math", "sin");
    weir_error err = {0};
    assert_int_equal(wr_registry_add_function(r, &a, &err), WEIR_OK);
    assert_int_equal(wr_registry_add_function(r, &b, &err), WEIR_ENAME);
    assert_string_equal(err.message, "function 'math:sin' is registered already");
    assert_int_equal(wr_registry_n_functions(r), 1);
}

static void refuses_a_row_without_doc(void **state) {
    weir_function_type f = function("", "f");
    weir_error err = {0};
    f.doc = NULL;
    assert_int_equal(wr_registry_add_function(*state, &f, &err), WEIR_EUSAGE);
    assert_string_equal(err.message, "function 'f' cannot be registered: it has no doc");
    f = function("", "f");
    f.params = (const weir_param_doc[]){{NULL, NULL}};
    assert_int_equal(wr_registry_add_function(*state, &f, &err), WEIR_EUSAGE);
    f = function("", "f g");
    assert_int_equal(wr_registry_add_function(*state, &f, &err), WEIR_EUSAGE);
    f = function("", "f");
    f.eval = NULL;
    assert_int_equal(wr_registry_add_function(*state, &f, &err), WEIR_EUSAGE);
    f = function(NULL, "f");
    assert_int_equal(wr_registry_add_function(*state, &f, &err), WEIR_EUSAGE);
    assert_string_equal(err.message, "function 'f' cannot be registered: it has no namespace ('' for none)");
    f = function("", "f");
    f.struct_size = 8;
    assert_int_equal(wr_registry_add_function(*state, &f, &err), WEIR_EUSAGE);
}

static void refuses_save_without_load(void **state) {
    weir_window_type w = window();
    weir_error err = {0};
    w.load = NULL;
    assert_int_equal(wr_registry_add_window(*state, &w, &err), WEIR_EUSAGE);
    assert_string_equal(err.message, "window 'w' cannot be registered: it has no load (but a save)");
    w = window();
    w.save = NULL;
    assert_int_equal(wr_registry_add_window(*state, &w, &err), WEIR_EUSAGE);
    w.load = NULL;
    assert_int_equal(wr_registry_add_window(*state, &w, &err), WEIR_EUSAGE);
    assert_string_equal(err.message,
                        "window 'w' cannot be registered: it has no save and load (but a state)");
    w = window();
    assert_int_equal(wr_registry_add_window(*state, &w, &err), WEIR_OK);
}

static void refuses_a_timer_without_a_clock(void **state) {
    weir_window_type w = window();
    weir_error err = {0};
    w.on_timer = (weir_status(*)(void *, weir_window *, int64_t, weir_error *))(void (*)(void))open_window;
    assert_int_equal(wr_registry_add_window(*state, &w, &err), WEIR_EUSAGE);
    w.uses_clock = true;
    assert_int_equal(wr_registry_add_window(*state, &w, &err), WEIR_EUSAGE);
    assert_string_equal(err.message, "window 'w' cannot be registered: it has no due (but an on_timer)");
}

/* Every row of the built-in tables can be registered: none lacks a part. */
static void takes_all_built_in_tables(void **state) {
    weir_error err = {0};
    for (uint32_t i = 0; wr_function_table[i]; i++)
        if (wr_registry_add_function(*state, wr_function_table[i], &err) != WEIR_OK)
            fail_msg("%s", err.message);
    for (uint32_t i = 0; wr_stream_function_table[i]; i++)
        if (wr_registry_add_stream_function(*state, wr_stream_function_table[i], &err) != WEIR_OK)
            fail_msg("%s", err.message);
    for (uint32_t i = 0; wr_aggregator_table[i]; i++)
        if (wr_registry_add_aggregator(*state, wr_aggregator_table[i], &err) != WEIR_OK)
            fail_msg("%s", err.message);
    for (uint32_t i = 0; wr_window_table[i]; i++)
        if (wr_registry_add_window(*state, wr_window_table[i], &err) != WEIR_OK) fail_msg("%s", err.message);
}

static void adding_without_memory_changes_nothing(void **state) {
    wr_registry *r = *state;
    weir_function_type f = function("", "f");
    wr_alloc_fail_after(1);
    assert_int_equal(wr_registry_add_function(r, &f, NULL), WEIR_ENOMEM);
    wr_alloc_fail_after(0);
    assert_int_equal(wr_registry_n_functions(r), 0);
    assert_int_equal(wr_registry_add_function(r, &f, NULL), WEIR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(finds_by_namespace_and_exact_name), TEST(lists_in_order_of_names),
        TEST(refuses_a_name_that_is_taken),      TEST(refuses_a_row_without_doc),
        TEST(refuses_save_without_load),         TEST(refuses_a_timer_without_a_clock),
        TEST(takes_all_built_in_tables),         TEST(adding_without_memory_changes_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
