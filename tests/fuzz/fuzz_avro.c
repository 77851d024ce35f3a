/* fuzz_avro.c: the Avro decoder on any bytes. */
#include "fuzz_decoder.h"

static const char *const paths[] = {"a", "b", "c", "r.d", "e", "r.f", "o"};
static const char text[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":[\"null\",\"int\"]},"
    "{\"name\":\"q\",\"type\":{\"type\":\"array\",\"items\":[\"null\",\"R\",{\"type\":\"map\",\"values\":"
    "\"null\"}]}},"
    "{\"name\":\"b\",\"type\":[\"string\",\"bytes\"]},{\"name\":\"c\",\"type\":\"double\"},"
    "{\"name\":\"r\",\"type\":[\"null\",{\"type\":\"record\",\"name\":\"N\",\"fields\":[{\"name\":\"d\","
    "\"type\":\"long\"},"
    "{\"name\":\"f\",\"type\":\"float\"}]}]},{\"name\":\"e\",\"type\":\"boolean\"},"
    "{\"name\":\"o\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\",\"Y\"]}}]}";

static const weir_attribute attributes[] = {{"a", WEIR_INT},   {"b", WEIR_STRING}, {"c", WEIR_DOUBLE},
                                            {"d", WEIR_LONG},  {"e", WEIR_BOOL},   {"f", WEIR_FLOAT},
                                            {"o", WEIR_OBJECT}};
static const weir_schema schema = {"S", 7, attributes};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bits = size ? data[0] : 0;
    weir_pair pairs[2] = {{bits & 1 ? "schema.def" : "schema.id7.def", text, 0, 0},
                          {"registry.prefix", bits & 2 ? "true" : "false", 0, 0}};
    return fuzz_decoder_run(&wr_avro_decoder, &schema, paths, pairs, 2, data, size);
}
