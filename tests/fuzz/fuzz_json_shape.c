/* fuzz_json_shape.c: events read by the shape of those before them give what each gives alone.
 *
 * The input says how to put messages together from pieces that are mostly right: so most have a shape, and
 * some nearly. A decoder that has seen all messages before must agree with a new one, by rows and by bad
 * records. */
#include "fuzz_decoder.h"

static const char *const names[] = {"a", "b", "c",     "d",       "e",          "f",
                                    "o", "x", "event", "\\u0061", "a long name"};
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    reader r = {data, data + size};
    char text[1024];
    unsigned bits = take(&r);
    weir_pair pairs[2] = {{"fail.on.unknown.attribute", bits & 1 ? "true" : "false", 0, 0},
                          {"fail.on.missing.attribute", bits & 2 ? "true" : "false", 0, 0}};
    fuzz_decoder old;
    fuzz_open(&old, &wr_json_decoder, &fuzz_all_types, NULL, pairs, 2);
    while (r.at < r.end) {
        fuzz_decoder fresh;
        size_t len = make_message(&r, text);
        fuzz_open(&fresh, &wr_json_decoder, &fuzz_all_types, NULL, pairs, 2);
        fuzz_read_message(&old, text, len);
        fuzz_read_message(&fresh, text, len);
        CHECK(old.hash == fresh.hash && old.n_rows == fresh.n_rows && old.n_bad == fresh.n_bad);
        fuzz_close(&fresh);
    }
    fuzz_close(&old);
    return 0;
}
