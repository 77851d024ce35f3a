/* fuzz_csv.c: the CSV decoder on any bytes. */
#include "fuzz_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bits = size ? data[0] : 0;
    weir_pair pairs[4] = {{"header", bits & 1 ? "true" : "false", 0, 0},
                          {"fail.on.missing.attribute", bits & 2 ? "true" : "false", 0, 0},
                          {"record.limit", bits & 4 ? "16" : "1 MB", 0, 0},
                          {"delimiter", bits & 8 ? ";" : ",", 0, 0}};
    return fuzz_decoder_run(&wr_csv_decoder, &fuzz_plain_types, NULL, pairs, 4, data, size);
}
