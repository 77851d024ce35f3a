/* fuzz_binary.c: the decoder of Siddhi's binary format on any bytes. */
#include "fuzz_decoder.h"

static const weir_attribute attributes[] = {{"a", WEIR_INT},  {"b", WEIR_STRING}, {"c", WEIR_DOUBLE},
                                            {"d", WEIR_LONG}, {"e", WEIR_BOOL},   {"f", WEIR_FLOAT}};
static const weir_schema schema = {"S", 6, attributes};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bits = size ? data[0] : 0;
    (void)bits;
    return fuzz_decoder_run(&wr_binary_decoder, &schema, NULL, NULL, 0, data, size);
}
