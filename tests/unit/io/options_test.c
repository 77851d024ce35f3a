/* Keys and values of annotations, and what is said about wrong ones. */
#include "io_support.h"

enum { NAME, COUNT_, RATE, ON, WAIT, SIZE, KIND, ANY };

static const weir_option table[] = {
    [NAME] = {"name", WEIR_OPTION_TEXT, true, NULL, NULL, "Its name."},
    [COUNT_] = {"count", WEIR_OPTION_LONG, false, "7", NULL, "How many."},
    [RATE] = {"rate", WEIR_OPTION_DOUBLE, false, NULL, NULL, "How fast."},
    [ON] = {"on", WEIR_OPTION_BOOL, false, "true", NULL, "Whether."},
    [WAIT] = {"wait", WEIR_OPTION_TIME, false, NULL, NULL, "How long."},
    [SIZE] = {"size", WEIR_OPTION_BYTES, false, NULL, NULL, "How large."},
    [KIND] = {"kind", WEIR_OPTION_CHOICE, false, "red", "red|green", "Which."},
    [ANY] = {"attr.*", WEIR_OPTION_TEXT, false, NULL, NULL, "Anything."},
    {0}};

static weir_status check(const char *text, weir_arena *arena, weir_settings *out, weir_error *err) {
    weir_pair pairs[16];
    char *copy = strdup(text);
    memset(err, 0, sizeof *err);
    weir_status status =
        wr_settings_check("@x", table, NULL, pairs, parse_pairs(copy, pairs), arena, out, err);
    free(copy);
    return status;
}

static void values_become_what_the_table_says(void **state) {
    (void)state;
    weir_arena arena;
    weir_settings s;
    weir_error err;
    wr_arena_init(&arena, NULL);
    assert_int_equal(
        check("name=n;rate=1.5;on=FALSE;wait=2 sec;size=1 MB;kind=Green;attr.a=int(0,1)", &arena, &s, &err),
        0);
    assert_string_equal(s.of[NAME].text, "n");
    assert_true(s.of[COUNT_].given && s.of[COUNT_].as.l == 7);
    assert_true(s.of[RATE].as.d == 1.5);
    assert_false(s.of[ON].as.b);
    assert_true(s.of[WAIT].as.l == 2000 && s.of[SIZE].as.l == 1 << 20 && s.of[KIND].as.l == 1);
    assert_int_equal(s.n_pairs, 7);
    assert_string_equal(s.pairs[6].key, "attr.a");
    assert_int_equal(check("name=n", &arena, &s, &err), WEIR_OK);
    assert_false(s.of[RATE].given);
    wr_arena_fini(&arena);
}

static void what_is_wrong_is_said_with_a_suggestion(void **state) {
    (void)state;
    static const struct {
        const char *text, *message, *hint;
        weir_status status;
    } cases[] = {
        {"name=n;cuont=1", "@x has no option 'cuont'", "did you mean 'count'?", WEIR_ENAME},
        {"name=n;zzzzzzzzz=1", "@x has no option 'zzzzzzzzz'", "", WEIR_ENAME},
        {"count=1", "@x needs the option 'name'", "", WEIR_ECONFIG},
        {"name=n;count=many", "@x: option 'count' is 'many'; it takes a whole number", "", WEIR_ECONFIG},
        {"name=n;on=yes", "@x: option 'on' is 'yes'; it takes 'true' or 'false'", "", WEIR_ECONFIG},
        {"name=n;kind=blue", "@x: option 'kind' is 'blue'; it takes red|green", "", WEIR_ECONFIG},
        {"name=n;rate=inf", "@x: option 'rate' is 'inf'; it takes a number", "", WEIR_ECONFIG},
        {"name=n;name=m", "@x: option 'name' is given twice", "", WEIR_ENAME},
        {"name=n;stray", "@x: 'stray' has no key", "", WEIR_ECONFIG},
        {"name=n;attr.=1", "@x has no option 'attr.'", "did you mean 'attr.*'?", WEIR_ENAME},
    };
    weir_arena arena;
    weir_settings s;
    weir_error err;
    wr_arena_init(&arena, NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(check(cases[i].text, &arena, &s, &err), cases[i].status);
        assert_string_equal(err.message, cases[i].message);
        assert_string_equal(err.hint, cases[i].hint);
    }
    assert_int_equal(check("name=n;cuont=1", &arena, &s, &err), WEIR_ENAME);
    assert_true(err.begin == 1 && err.end == 2); /* of the second pair */
    wr_arena_fini(&arena);
}

static void keys_that_only_siddhi_has_are_passed_over_unless_they_ask_for_more(void **state) {
    (void)state;
    static const weir_option none[] = {{0}};
    static const struct {
        const char *what, *key, *value, *message;
    } cases[] = {
        {"@sink(type='kafka')", "is.synchronous", "true", NULL},
        {"@source(type='kafka')", "is.synchronous", "true",
         "@source(type='kafka') has no option 'is.synchronous'"},
        {"@sink(type='file')", "add.line.separator", "TRUE", NULL},
        {"@sink(type='file')", "add.line.separator", "false",
         "@sink(type='file'): add.line.separator='false' is not supported: each event stands in a line of "
         "its own"},
        {"@map(type='xml')", "extract.leaf.node.data", "true",
         "@map(type='xml'): extract.leaf.node.data='true' is not supported: an attribute takes one element"},
    };
    weir_arena arena;
    weir_settings s;
    weir_error err;
    wr_arena_init(&arena, NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        weir_pair pair = {cases[i].key, cases[i].value, 0, 0};
        weir_status st = wr_settings_check(cases[i].what, none, NULL, &pair, 1, &arena, &s, &err);
        assert_int_equal(st == WEIR_OK, cases[i].message == NULL);
        if (cases[i].message) assert_string_equal(err.message, cases[i].message);
    }
    wr_arena_fini(&arena);
}

static void memory_that_runs_out_is_told(void **state) {
    (void)state;
    weir_status status = WEIR_ENOMEM;
    for (long n = 1; status == WEIR_ENOMEM; n++) {
        weir_arena arena;
        weir_settings s;
        weir_error err;
        wr_arena_init(&arena, NULL);
        wr_alloc_fail_after(n);
        status = check("name=n;rate=1.5", &arena, &s, &err);
        wr_alloc_fail_after(0);
        wr_arena_fini(&arena);
        assert_true(n < 100);
    }
    assert_int_equal(status, WEIR_OK);
}

/* Names in order, docs and examples there, defaults of the right kind. */
static void check_table(const weir_option *options) {
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    for (const weir_option *o = options; o->name; o++) {
        assert_non_null(o->doc);
        assert_int_equal(o->doc[strlen(o->doc) - 1], '.');
        weir_option one[2] = {*o, {0}};
        one[0].required = false;
        weir_settings s;
        assert_int_equal(wr_settings_check("@x", one, NULL, NULL, 0, &arena, &s, NULL), WEIR_OK);
    }
    wr_arena_fini(&arena);
}

static void every_built_in_table_is_in_order(void **state) {
    (void)state;
    for (int i = 0; wr_io_sources[i]; i++) {
        const weir_source_type *t = wr_io_sources[i];
        check_table(t->options);
        assert_int_equal(t->struct_size, sizeof *t);
        assert_true(t->doc && t->example && t->poll && t->consume && t->position && t->seek && t->wake_fd &&
                    t->close);
        if (i) assert_true(strcasecmp(wr_io_sources[i - 1]->name, t->name) < 0);
    }
    for (int i = 0; wr_io_sinks[i]; i++) {
        const weir_sink_type *t = wr_io_sinks[i];
        check_table(t->options);
        assert_int_equal(t->struct_size, sizeof *t);
        assert_true(t->doc && t->example && t->recover && t->begin && t->write && t->flush && t->prepare &&
                    t->commit && t->abort && t->close);
        if (i) assert_true(strcasecmp(wr_io_sinks[i - 1]->name, t->name) < 0);
    }
    for (int i = 0; wr_io_decoders[i]; i++) check_table(wr_io_decoders[i]->options);
    for (int i = 0; wr_io_encoders[i]; i++) check_table(wr_io_encoders[i]->options);
    check_table(wr_source_common_options);
    check_table(wr_sink_common_options);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_become_what_the_table_says),
        cmocka_unit_test(what_is_wrong_is_said_with_a_suggestion),
        cmocka_unit_test(keys_that_only_siddhi_has_are_passed_over_unless_they_ask_for_more),
        cmocka_unit_test(memory_that_runs_out_is_told),
        cmocka_unit_test(every_built_in_table_is_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
