/* conformance_test.c: every app and on-demand query of tests/conformance parses and survives formatting; apps
 * that Siddhi refuses as syntax errors are refused here. The files are found beside this file's own path. */
#include "lang_support.h"

#include <glob.h>

/* ---- Just enough JSON: one object on a line ----------------------------------------------------------- */

static void put_code(wr_buf *out, unsigned code) {
    if (code < 0x80) {
        wr_buf_putc(out, (char)code);
    } else if (code < 0x800) {
        wr_buf_putc(out, (char)(0xC0 | code >> 6));
        wr_buf_putc(out, (char)(0x80 | (code & 0x3F)));
    } else if (code < 0x10000) {
        wr_buf_putc(out, (char)(0xE0 | code >> 12));
        wr_buf_putc(out, (char)(0x80 | (code >> 6 & 0x3F)));
        wr_buf_putc(out, (char)(0x80 | (code & 0x3F)));
    } else {
        wr_buf_putc(out, (char)(0xF0 | code >> 18));
        wr_buf_putc(out, (char)(0x80 | (code >> 12 & 0x3F)));
        wr_buf_putc(out, (char)(0x80 | (code >> 6 & 0x3F)));
        wr_buf_putc(out, (char)(0x80 | (code & 0x3F)));
    }
}

static unsigned read_hex(const char *s) {
    char digits[5] = {s[0], s[1], s[2], s[3], 0};
    return (unsigned)strtoul(digits, NULL, 16);
}

/* s is after the opening quote; returns the place after the closing one. */
static const char *read_string(const char *s, wr_buf *out) {
    static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
    wr_buf_clear(out);
    wr_buf_puts(out, "");
    for (; *s && *s != '"'; s++) {
        if (*s != '\\') {
            wr_buf_putc(out, *s);
            continue;
        }
        s++;
        const char *known = strchr(from, *s);
        if (*s != 'u') {
            wr_buf_putc(out, known && *known ? to[known - from] : *s);
            continue;
        }
        unsigned code = read_hex(s + 1);
        s += 4;
        if (code >= 0xD800 && code < 0xDC00 && s[1] == '\\' && s[2] == 'u') {
            code = 0x10000 + ((code - 0xD800) << 10) + (read_hex(s + 3) - 0xDC00);
            s += 6;
        }
        put_code(out, code);
    }
    return *s ? s + 1 : s;
}

typedef struct one_case {
    wr_buf name, app, error;
    bool has_error;
} one_case;

static unsigned n_apps, n_refused, n_queries;

static void check_query(const char *name, const char *query, bool must_parse) {
    bool ok = accepts(ON_DEMAND, query);
    if (must_parse && !ok) print_error("%s: %s\n", name, query);
    assert_true(ok || !must_parse);
    if (ok) check_round_trip(ON_DEMAND, query);
    n_queries++;
}

/* Walks the line; keys of the outermost object and "query" of its steps are looked at. */
static void read_case(const char *line, one_case *c) {
    wr_buf key = WR_BUF_INIT, value = WR_BUF_INIT;
    int depth = 0;
    for (const char *s = line; *s;) {
        if (*s == '{' || *s == '[') depth++;
        if (*s == '}' || *s == ']') depth--;
        if (*s++ != '"') continue;
        s = read_string(s, &key);
        if (strncmp(s, ": \"", 3) != 0 && strncmp(s, ":\"", 2) != 0) continue;
        s = read_string(strchr(s, '"') + 1, &value);
        if (depth == 1 && strcmp(key.data, "name") == 0) wr_buf_puts(&c->name, value.data);
        if (depth == 1 && strcmp(key.data, "app") == 0) wr_buf_puts(&c->app, value.data);
        if (depth == 1 && strcmp(key.data, "error") == 0) {
            c->has_error = true;
            wr_buf_puts(&c->error, value.data);
        }
        if (depth == 3 && strcmp(key.data, "query") == 0)
            check_query(c->name.data, value.data, !strstr(line, "\"error\""));
    }
    wr_buf_fini(&key);
    wr_buf_fini(&value);
}

static void check_case(const char *line) {
    one_case c = {0};
    read_case(line, &c);
    assert_true(c.app.len > 0);
    /* A duplicate attribute is a syntax error to Siddhi; here it is found when names are resolved. */
    bool is_syntax =
        c.has_error && strstr(c.error.data, "Syntax error") && !strstr(c.error.data, "already defined");
    bool ok = accepts(APP, c.app.data);
    if (is_syntax ? ok : !c.has_error && !ok)
        print_error("%s: %s\n%s\n", c.name.data, c.app.data, c.has_error ? c.error.data : "");
    if (is_syntax)
        assert_false(ok);
    else if (!c.has_error)
        assert_true(ok);
    if (ok) check_round_trip(APP, c.app.data);
    n_apps += ok;
    n_refused += is_syntax;
    wr_buf_fini(&c.name);
    wr_buf_fini(&c.app);
    wr_buf_fini(&c.error);
}

static void check_file(const char *path) {
    FILE *f = fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    assert_non_null(f);
    while (getline(&line, &size, f) > 0) check_case(line);
    free(line);
    fclose(f);
}

static void all_conformance_apps_parse_and_survive_formatting(void **state) {
    (void)state;
    char pattern[4096];
    snprintf(pattern, sizeof pattern, "%s", __FILE__);
    char *slash = strrchr(pattern, '/');
    assert_non_null(slash);
    snprintf(slash, sizeof pattern - (size_t)(slash - pattern), "/../../conformance/*.jsonl");
    glob_t found;
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) check_file(found.gl_pathv[i]);
    globfree(&found);
    print_message("%u apps, %u queries, %u syntax errors\n", n_apps, n_queries, n_refused);
    assert_true(n_apps > 800);
    assert_true(n_queries > 100);
    assert_true(n_refused > 15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_conformance_apps_parse_and_survive_formatting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
