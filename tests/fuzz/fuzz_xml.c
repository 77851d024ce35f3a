/* fuzz_xml.c: the XML decoder on any bytes. */
#include "fuzz_decoder.h"

#include "xml.h"

static const char *const paths[] = {"x/a", "@b", "//c", "/r/d", "e/text()", "x/@f", "o"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bits = size ? data[0] : 0;
    weir_pair pairs[3] = {{"fail.on.missing.attribute", bits & 1 ? "true" : "false", 0, 0},
                          {"enclosing.element", bits & 2 ? "//p" : "/r/p", 0, 0},
                          {"enclosing.element.as.event", bits & 4 ? "true" : "false", 0, 0}};
    return fuzz_decoder_run(&xml_decoder, &fuzz_all_types, bits & 8 ? paths : NULL, pairs, bits & 16 ? 3 : 1,
                            data, size);
}
