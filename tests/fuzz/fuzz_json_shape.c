/* fuzz_json_shape.c: events read by the shape of those before them give what each gives alone.
 *
 * The input says how to put messages together from pieces that are mostly right: so most have a shape, and
 * some nearly. A decoder that has seen all messages before must agree with a new one, by rows and by bad
 * records. */
#include "fuzz_decoder.h"

static const weir_attribute attributes[] = {{"a", WEIR_INT},   {"b", WEIR_STRING}, {"c", WEIR_DOUBLE},
                                            {"d", WEIR_LONG},  {"e", WEIR_BOOL},   {"f", WEIR_FLOAT},
                                            {"g", WEIR_OBJECT}};
static const weir_schema schema = {"S", 7, attributes};

static const char *const names[] = {"a", "b", "c",     "d",       "e",          "f",
                                    "g", "x", "event", "\\u0061", "a long name"};
static const char *const values[] = {"0",
                                     "7",
                                     "-1",
                                     "12",
                                     "2147483648",
                                     "-2147483648",
                                     "12345678",
                                     "1234567890123456",
                                     "9223372036854775807",
                                     "00",
                                     "1.5",
                                     "-0.0",
                                     "0.1",
                                     "1e5",
                                     "1.",
                                     ".5",
                                     "12345678.12345678",
                                     "0.30000000000000004",
                                     "16777217",
                                     "1.0E+2",
                                     "true",
                                     "false",
                                     "null",
                                     "tru",
                                     "\"\"",
                                     "\"x\"",
                                     "\"twelve bytes\"",
                                     "\"thirteen byte\"",
                                     "\"a text that is longer than sixteen\"",
                                     "\"\xC3\xA4\"",
                                     "\"\xFF\"",
                                     "\"\\n\"",
                                     "\"\\x\"",
                                     "\"1\"",
                                     "\"open",
                                     "\"\t\"",
                                     "[1,{\"a\":2}]",
                                     "{\"a\":1}",
                                     "{}",
                                     "[",
                                     "-",
                                     ""};

typedef struct reader {
    const uint8_t *at, *end;
} reader;

static unsigned take(reader *r) { return r->at < r->end ? *r->at++ : 0; }

/* One message: an event whose names are said by `pattern`, so that messages of one pattern are alike. */
static size_t make_message(reader *r, char *out) {
    unsigned pattern = take(r), n = 1 + pattern % 7, at = 0;
    at += (unsigned)sprintf(out, "%s{", pattern & 128 ? "{\"event\":" : "");
    for (unsigned i = 0; i < n; i++) {
        unsigned name = pattern & 64 ? take(r) % (sizeof names / sizeof *names) : i;
        const char *value = values[take(r) % (sizeof values / sizeof *values)];
        at += (unsigned)sprintf(out + at, "%s\"%s\":%s%s", i ? "," : "", names[name], pattern & 32 ? " " : "",
                                value);
    }
    at += (unsigned)sprintf(out + at, "}%s", pattern & 128 ? "}" : "");
    unsigned damage = take(r);
    if (damage > 200 && at) out[take(r) % at] = (char)take(r);
    return at;
}

static void open_one(fuzz_decoder *f, const weir_pair *pairs) {
    *f = (fuzz_decoder){.type = &wr_json_decoder, .schema = &schema};
    wr_arena_init(&f->arena, NULL);
    CHECK(wr_settings_check("@map", f->type->options, NULL, pairs, 2, &f->arena, &f->settings, NULL) ==
          WEIR_OK);
    f->args = (weir_decoder_args){.settings = &f->settings, .schema = &schema};
    f->self = calloc(1, f->type->state_size);
    CHECK(f->self && f->type->open(f->self, &f->args, NULL) == WEIR_OK);
}

static void close_one(fuzz_decoder *f) {
    f->type->close(f->self);
    free(f->self);
    wr_arena_fini(&f->arena);
}

static void read_one(fuzz_decoder *f, const char *text, size_t len) {
    char *exact = malloc(len ? len : 1);
    size_t consumed;
    CHECK(exact);
    memcpy(exact, text, len);
    f->type->reset(f->self);
    f->hash = f->n_rows = f->n_bad = 0;
    CHECK(fuzz_step(f, exact, len, false, true, &consumed) && consumed == len);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    reader r = {data, data + size};
    char text[1024];
    unsigned bits = take(&r);
    weir_pair pairs[2] = {{"fail.on.unknown.attribute", bits & 1 ? "true" : "false", 0, 0},
                          {"fail.on.missing.attribute", bits & 2 ? "true" : "false", 0, 0}};
    fuzz_decoder old;
    open_one(&old, pairs);
    while (r.at < r.end) {
        fuzz_decoder fresh;
        size_t len = make_message(&r, text);
        open_one(&fresh, pairs);
        read_one(&old, text, len);
        read_one(&fresh, text, len);
        CHECK(old.hash == fresh.hash && old.n_rows == fresh.n_rows && old.n_bad == fresh.n_bad);
        close_one(&fresh);
    }
    close_one(&old);
    return 0;
}
