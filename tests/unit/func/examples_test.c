#include "../support.h"

#include "data/value.h"
#include "func/functions.h"
#include "registry/registry.h"
#include "weir.h"

typedef struct result {
    uint32_t rows;
    bool same;
} result;

static void compare(void *ctx, const weir_stream_info *stream, const weir_batch *batch) {
    (void)stream;
    result *r = ctx;
    for (uint32_t k = 0; k < batch->n_sel; k++) {
        uint32_t row = weir_batch_row(batch, k);
        weir_value x = weir_column_value(&batch->cols[0], row), y = weir_column_value(&batch->cols[1], row);
        r->same = r->same && x.type == y.type && !x.is_null && wr_value_equal(&x, &y);
        r->rows++;
    }
}

/* Runs an app that selects both sides of "expression -> value" for one event. */
static bool sides_agree(weir_engine *engine, const char *example) {
    char text[512];
    const char *arrow = strstr(example, " -> ");
    assert_non_null(arrow);
    snprintf(text, sizeof text,
             "@app:playback define stream S (n int); from S select %.*s as x, %s as y insert into O;",
             (int)(arrow - example), example, arrow + 4);
    weir_app *app;
    weir_error err;
    result r = {.same = true};
    weir_value one = wr_value_int(1);
    if (weir_app_new(engine, text, strlen(text), NULL, &app, NULL, &err))
        fail_msg("%s: %s", example, err.message);
    assert_int_equal(weir_subscribe(app, "O", compare, &r, &err), WEIR_OK);
    assert_int_equal(weir_app_start(app, &err), WEIR_OK);
    if (weir_send(app, weir_find_stream(app, "S"), 1000, &one, 1, &err))
        fail_msg("%s: %s", example, err.message);
    weir_app_free(app);
    assert_int_equal(r.rows, 1);
    return r.same;
}

static void every_example_gives_what_it_says(void **state) {
    (void)state;
    weir_engine *engine;
    assert_int_equal(weir_engine_new(NULL, &engine, NULL), WEIR_OK);
    for (uint32_t i = 0; wr_function_table[i]; i++)
        if (!sides_agree(engine, wr_function_table[i]->example))
            fail_msg("%s: not so", wr_function_table[i]->example);
    assert_false(sides_agree(engine, "coalesce('a', 'b') -> 'b'"));
    assert_false(sides_agree(engine, "convert('12', 'long') -> 12"));
    weir_engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_gives_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
