#include "../support.h"

#include "func/functions.h"
#include "registry/registry.h"

static bool row_is_complete(const weir_function_type *t, char *why) {
    const char *what = !t->struct_size || t->struct_size != sizeof *t ? "struct_size"
                       : !t->ns                                       ? "ns"
                       : !t->name || !*t->name                        ? "name"
                       : !t->doc || !*t->doc                          ? "doc"
                       : !t->example || !strstr(t->example, " -> ")   ? "example"
                       : !strstr(t->example, t->name)                 ? "an example of itself"
                       : !t->params || !t->params[0].signature        ? "params"
                       : !t->check                                    ? "check"
                       : !t->eval                                     ? "eval"
                       : t->close && !t->open                         ? "open to its close"
                       : t->state_size && !t->open                    ? "open to its state"
                                                                      : NULL;
    for (const weir_param_doc *p = t->params; !what && p->signature; p++)
        if (!p->doc || !*p->doc ||
            strncmp(p->signature + (*t->ns ? strlen(t->ns) + 1 : 0), t->name, strlen(t->name)))
            what = "a doc for each signature, which begins with its name";
    if (what) sprintf(why, "%s lacks %s", t->name ? t->name : "?", what);
    return !what;
}

static void every_row_of_the_table_is_complete(void **state) {
    (void)state;
    char why[128];
    uint32_t n = 0;
    for (; wr_function_table[n]; n++)
        if (!row_is_complete(wr_function_table[n], why)) fail_msg("%s", why);
    assert_in_range(n, 80, 1000);
    weir_function_type broken = wr_function_coalesce; /* the walk can fail */
    broken.doc = "";
    assert_false(row_is_complete(&broken, why));
    assert_string_equal(why, "coalesce lacks doc");
}

static void rows_are_in_order_of_namespace_and_name(void **state) {
    (void)state;
    for (uint32_t i = 1; wr_function_table[i]; i++) {
        const weir_function_type *a = wr_function_table[i - 1], *b = wr_function_table[i];
        int order = strcmp(a->ns, b->ns) ? strcmp(a->ns, b->ns) : strcmp(a->name, b->name);
        assert_true(order < 0);
    }
}

static void the_registry_takes_and_finds_every_row(void **state) {
    (void)state;
    wr_registry *r;
    weir_error err;
    assert_int_equal(wr_registry_new(&r), WEIR_OK);
    for (uint32_t i = 0; wr_function_table[i]; i++)
        if (wr_registry_add_function(r, wr_function_table[i], &err)) fail_msg("%s", err.message);
    assert_ptr_equal(wr_registry_find_function(r, "", "coalesce"), &wr_function_coalesce);
    assert_null(wr_registry_find_function(r, "", "Coalesce"));
    assert_null(wr_registry_find_function(r, "", "uuid"));
    assert_non_null(wr_registry_find_function(r, "incrementalAggregator", "getTimeZone"));
    assert_null(wr_registry_find_function(r, "", "getTimeZone"));
    wr_registry_free(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table_is_complete),
        cmocka_unit_test(rows_are_in_order_of_namespace_and_name),
        cmocka_unit_test(the_registry_takes_and_finds_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
