/* fuzz_json.c: the JSON decoder on any bytes. */
#include "fuzz_decoder.h"

static const weir_attribute attributes[] = {
    {"a", WEIR_INT},  {"b", WEIR_STRING}, {"c", WEIR_DOUBLE},          {"d", WEIR_LONG},
    {"e", WEIR_BOOL}, {"f", WEIR_FLOAT},  {"a_long_name", WEIR_STRING}};
static const weir_schema schema = {"S", 7, attributes};
static const char *const paths[] = {"$.a", "$.x.b", "x.c[1]", "$['d']", "e", "f[0].g", "a_long_name"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bits = size ? data[0] : 0;
    weir_pair pairs[4] = {{"fail.on.unknown.attribute", bits & 1 ? "true" : "false", 0, 0},
                          {"fail.on.missing.attribute", bits & 2 ? "true" : "false", 0, 0},
                          {"record.limit", bits & 4 ? "16" : "1 MB", 0, 0},
                          {"enclosing.element", bits & 32 ? "$.x[1].y" : "$.x.y", 0, 0}};
    return fuzz_decoder_run(&wr_json_decoder, &schema, bits & 8 ? paths : NULL, pairs, bits & 16 ? 4 : 3,
                            data, size);
}
