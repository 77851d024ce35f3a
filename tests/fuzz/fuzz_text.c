/* fuzz_text.c: the text decoder on any bytes. */
#include "fuzz_decoder.h"

#include "text.h"

static const char *const groups[] = {"x[2]", "x[1]", "x[2]", "x[2]", "x[0]", "x[2]", "x[3]"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bits = size ? data[0] : 0;
    weir_pair pairs[3] = {{"event.grouping.enabled", bits & 1 ? "true" : "false", 0, 0},
                          {"fail.on.missing.attribute", bits & 2 ? "true" : "false", 0, 0},
                          {"regex.x", "(\\w+)\\s*(-?[0-9.]+)?(.*)", 0, 0}};
    return fuzz_decoder_run(&text_decoder, &fuzz_all_types, bits & 4 ? groups : NULL, pairs, bits & 4 ? 3 : 2,
                            data, size);
}
