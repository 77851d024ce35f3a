/* fuzz_binary.c: the decoder of Siddhi's binary format on any bytes. */
#include "fuzz_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return fuzz_decoder_run(&wr_binary_decoder, &fuzz_plain_types, NULL, NULL, 0, data, size);
}
