/* fuzz_avro.c: Avro on any bytes: messages, container files, schemas, and payloads to be written. */
#include "fuzz_decoder.h"
#include "io/avro_read.h"
#include "io/avro_write.h"

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

/* What the records of the other are read as. */
static const char reader[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":[\"double\",\"null\"]},"
    "{\"name\":\"b\",\"type\":\"string\"},{\"name\":\"c\",\"type\":\"double\",\"aliases\":[\"e\"],"
    "\"default\":2},"
    "{\"name\":\"r\",\"type\":{\"type\":\"record\",\"name\":\"N\",\"fields\":[{\"name\":\"d\",\"type\":"
    "\"float\"},"
    "{\"name\":\"f\",\"type\":\"int\",\"default\":7}]},\"default\":{}},{\"name\":\"e\",\"type\":\"boolean\"},"
    "{\"name\":\"o\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\"],\"default\":\"X\"}}]}";

static bool grow(weir_encoded *e, size_t extra) {
    e->cap = e->cap * 2 + extra;
    e->data = realloc(e->data, e->cap);
    return e->data != NULL;
}

static void fuzz_payload(const char *json, size_t len) {
    weir_arena arena, scratch;
    wr_avro_type *type;
    const char *wrong;
    weir_encoded e = {.grow = grow};
    wr_arena_init(&arena, NULL);
    wr_arena_init(&scratch, NULL);
    CHECK(wr_avro_schema_parse(text, strlen(text), &arena, &type, NULL) == WEIR_OK);
    if (!wr_avro_put_json(&e, type, json, len, &scratch, &wrong)) CHECK(wrong);
    free(e.data);
    wr_arena_fini(&scratch);
    wr_arena_fini(&arena);
}

static void fuzz_schema(const char *json, size_t len) {
    weir_arena arena;
    wr_avro_type *type, *own;
    wr_json_node root = {.column = WR_JSON_NO_COLUMN};
    wr_avro_plan *plan;
    weir_error err = {0};
    wr_arena_init(&arena, NULL);
    CHECK(wr_avro_schema_parse(text, strlen(text), &arena, &own, NULL) == WEIR_OK);
    for (uint32_t i = 0; i < fuzz_all_types.n_attributes; i++)
        CHECK(wr_json_path_add(&root, paths[i], i, true, &arena, NULL) == WEIR_OK);
    wr_avro_plan_args args = {&fuzz_all_types, &root, true, &arena};
    if (wr_avro_schema_parse(json, len, &arena, &type, &err) == WEIR_OK) {
        (void)wr_avro_plan_new(&args, type, NULL, &plan, NULL);
        (void)wr_avro_plan_new(&args, type, own, &plan, NULL);
        (void)wr_avro_plan_new(&args, own, type, &plan, NULL);
    } else
        CHECK(err.message[0]);
    wr_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bits = size ? data[0] : 0;
    bool resolves = bits & 1;
    weir_pair pairs[3] = {{"schema.def", resolves ? reader : text, 0, 0},
                          {"block.limit", bits & 8 ? "40" : "1 MB", 0, 0},
                          {resolves ? "schema.id7.def" : "registry.prefix",
                           resolves   ? text
                           : bits & 2 ? "true"
                                      : "false",
                           0, 0}};
    weir_decoder_type type = wr_avro_decoder;
    type.finds_records = bits & 4;
    if (size > 1 && bits >> 6 == 3) fuzz_payload((const char *)data + 1, size - 1);
    if (size > 1 && bits >> 6 == 2) fuzz_schema((const char *)data + 1, size - 1);
    return bits >> 6 ? 0 : fuzz_decoder_run(&type, &fuzz_all_types, paths, pairs, 3, data, size);
}
