/* fuzz_keyvalue.c: the key-value decoder on any bytes. */
#include "fuzz_decoder.h"

static const weir_attribute attributes[] = {{"a", WEIR_INT},   {"b", WEIR_STRING}, {"c", WEIR_DOUBLE},
                                            {"d", WEIR_LONG},  {"e", WEIR_BOOL},   {"f", WEIR_FLOAT},
                                            {"o", WEIR_OBJECT}};
static const weir_schema schema = {"S", 7, attributes};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bits = size ? data[0] : 0;
    weir_pair pairs[1] = {{"fail.on.missing.attribute", bits & 1 ? "true" : "false", 0, 0}};
    return fuzz_decoder_run(&wr_keyvalue_decoder, &schema, NULL, pairs, 1, data, size);
}
