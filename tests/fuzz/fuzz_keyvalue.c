/* fuzz_keyvalue.c: the key-value decoder on any bytes. */
#include "fuzz_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bits = size ? data[0] : 0;
    weir_pair pairs[1] = {{"fail.on.missing.attribute", bits & 1 ? "true" : "false", 0, 0}};
    return fuzz_decoder_run(&wr_keyvalue_decoder, &fuzz_all_types, NULL, pairs, 1, data, size);
}
