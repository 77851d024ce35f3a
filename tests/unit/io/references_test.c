/* Schemas that refer to others: their order, and what a registry must not make of them. */
#include "io_support.h"

#include "io/avro_schema.h"
#include "io/proto_schema.h"
#include "io/schema_references.h"

typedef struct fixture {
    wr_references r;
    weir_arena arena;
    weir_error err;
} fixture;

static void set_up(fixture *f) {
    memset(f, 0, sizeof *f);
    wr_arena_init(&f->arena, NULL);
}

static void tear_down(fixture *f) {
    wr_references_fini(&f->r);
    wr_arena_fini(&f->arena);
}

/* What `of` refers to: "NAME SUBJECT VERSION" with a comma between two. */
static weir_status refer(fixture *f, uint32_t of, const char *list) {
    wr_buf json = WR_BUF_INIT;
    wr_json_tree *tree;
    char *all = strdup(list), *save = NULL, name[40], subject[40];
    int version;
    wr_buf_puts(&json, "[");
    for (char *one = all; (one = strtok_r(one, ",", &save)); one = NULL) {
        assert_int_equal(sscanf(one, "%39s %39s %d", name, subject, &version), 3);
        wr_buf_printf(&json, "%s{\"name\":\"%s\",\"subject\":\"%s\",\"version\":%d}", json.len > 1 ? "," : "",
                      name, subject, version);
    }
    wr_buf_puts(&json, "]");
    assert_int_equal(wr_json_tree_parse(json.data, json.len, &f->arena, &tree, NULL), WEIR_OK);
    wr_buf_fini(&json);
    free(all);
    return wr_references_add(&f->r, of, tree, &f->err);
}

static void set(fixture *f, const char *text) {
    uint32_t i = wr_references_missing(&f->r);
    assert_true(i < f->r.n);
    assert_int_equal(wr_references_set(&f->r, i, text, NULL), WEIR_OK);
}

static void each_comes_behind_what_it_needs(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(refer(&f, WR_REFERENCE_ROOT, "A a 1,B b 2"), WEIR_OK);
    assert_int_equal(refer(&f, 0, "C c 1,B b 2"), WEIR_OK); /* b is known already */
    assert_int_equal(refer(&f, 1, "C c 1"), WEIR_OK);
    assert_int_equal(f.r.n, 3);
    for (int i = 0; i < 3; i++) set(&f, "x");
    assert_int_equal(wr_references_missing(&f.r), 3);
    assert_int_equal(wr_references_order(&f.r, NULL), WEIR_OK);
    assert_string_equal(f.r.of[0].name, "C");
    assert_string_equal(f.r.of[1].name, "B");
    assert_string_equal(f.r.of[2].name, "A");
    assert_int_equal(wr_references_order(&f.r, NULL), WEIR_OK); /* once more changes nothing */
    assert_string_equal(f.r.of[2].name, "A");
    tear_down(&f);
}

static void a_circle_is_refused(void **state) {
    (void)state;
    fixture f;
    set_up(&f);
    assert_int_equal(refer(&f, WR_REFERENCE_ROOT, "A a 1"), WEIR_OK);
    assert_int_equal(refer(&f, 0, "B b 7"), WEIR_OK);
    assert_int_equal(refer(&f, 1, "A a 1"), WEIR_OK);
    assert_int_equal(wr_references_order(&f.r, &f.err), WEIR_ECONFIG);
    assert_string_equal(f.err.message, "references go in a circle at subject 'a' version 1");
    tear_down(&f);
}

static void too_many_too_deep_and_too_large_are_refused(void **state) {
    (void)state;
    fixture f;
    char one[60];
    set_up(&f);
    for (int i = 0; i < WR_MOST_REFERENCES; i++) {
        snprintf(one, sizeof one, "N s%d 1", i);
        assert_int_equal(refer(&f, WR_REFERENCE_ROOT, one), WEIR_OK);
    }
    assert_int_equal(refer(&f, WR_REFERENCE_ROOT, "N s 1"), WEIR_ECONFIG);
    assert_non_null(strstr(f.err.message, "more than 200 other schemas"));
    tear_down(&f);
    set_up(&f);
    for (int i = 0; i <= WR_DEEPEST_REFERENCE; i++) {
        snprintf(one, sizeof one, "N s%d 1", i);
        assert_int_equal(refer(&f, i ? (uint32_t)i - 1 : WR_REFERENCE_ROOT, one), WEIR_OK);
    }
    assert_int_equal(wr_references_order(&f.r, &f.err), WEIR_ECONFIG);
    assert_non_null(strstr(f.err.message, "subject 's20'"));
    tear_down(&f);
    set_up(&f);
    char *large = calloc(WR_REFERENCES_BYTES, 1);
    memset(large, 'x', WR_REFERENCES_BYTES - 1);
    assert_int_equal(refer(&f, WR_REFERENCE_ROOT, "A a 1,B b 1"), WEIR_OK);
    set(&f, large);
    assert_int_equal(wr_references_set(&f.r, 1, "xx", &f.err), WEIR_ECONFIG);
    assert_non_null(strstr(f.err.message, "more than 4 MB"));
    free(large);
    tear_down(&f);
}

static void what_is_no_reference_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"{}",
                                      "[1]",
                                      "[{\"name\":\"A\",\"subject\":\"a\"}]",
                                      "[{\"name\":\"A\",\"subject\":\"\",\"version\":1}]",
                                      "[{\"name\":\"A\",\"subject\":\"a\",\"version\":0}]",
                                      "[{\"name\":\"A\",\"subject\":\"a\",\"version\":\"1\"}]"};
    static const char *const options[] = {"A", "A=a", "A=:1", "=a:1", "A=a:x", "A=a:0", "A=a:1,B"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        fixture f;
        wr_json_tree *tree;
        set_up(&f);
        assert_int_equal(wr_json_tree_parse(bad[i], strlen(bad[i]), &f.arena, &tree, NULL), WEIR_OK);
        assert_int_equal(wr_references_add(&f.r, WR_REFERENCE_ROOT, tree, &f.err), WEIR_ECONFIG);
        tear_down(&f);
    }
    for (size_t i = 0; i < COUNT(options); i++) {
        fixture f;
        set_up(&f);
        assert_int_equal(wr_references_parse(&f.r, options[i], &f.err), WEIR_ECONFIG);
        tear_down(&f);
    }
}

static void what_is_wrong_in_one_is_told_with_its_subject(void **state) {
    (void)state;
    fixture f;
    wr_avro_type *type;
    wr_proto_schema schema = {.arena = &f.arena};
    set_up(&f);
    assert_int_equal(wr_references_parse(&f.r, "x.A=a:1, b.proto=b:2", NULL), WEIR_OK);
    set(&f, "{\"type\":\"record\",\"name\":\"x.A\",\"fields\":[{\"name\":\"f\",\"type\":\"Unknown\"}]}");
    assert_int_equal(wr_avro_schema_parse_with(f.r.of, 1, "\"x.A\"", 5, &f.arena, &type, &f.err),
                     WEIR_ECONFIG);
    assert_non_null(strstr(f.err.message, "subject 'a' version 1, to which the schema refers: "));
    set(&f, "message {");
    assert_int_equal(wr_proto_parse_with("import \"b.proto\";", f.r.of, 2, &schema, &f.err), WEIR_ECONFIG);
    assert_non_null(strstr(f.err.message, "subject 'b' version 2, which is imported: "));
    assert_int_equal(wr_proto_parse_with("import \"c.proto\";", f.r.of, 2, &schema, &f.err), WEIR_ECONFIG);
    assert_non_null(strstr(f.err.message, "imports 'c.proto', for which it has no reference"));
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_comes_behind_what_it_needs),
        cmocka_unit_test(a_circle_is_refused),
        cmocka_unit_test(too_many_too_deep_and_too_large_are_refused),
        cmocka_unit_test(what_is_no_reference_is_refused),
        cmocka_unit_test(what_is_wrong_in_one_is_told_with_its_subject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
