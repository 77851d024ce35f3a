/* fuzz_proto.c: the Protobuf decoder, and the readers of its schemas, on any bytes. */
#include "fuzz_decoder.h"

#include "io/proto_schema.h"

static const char *const paths[] = {"a", "b", "c", "n.d", "e", "n.m.f", "o"};
static const char text[] =
    "syntax=\"proto3\"; message M { sint32 a = 1; string b = 2; double c = 3; N n = 4; bool e = 5; "
    "E o = 6; float f = 7; } message N { uint64 d = 1; M m = 2; } enum E { X = 0; Y = 1; }";

static int read_schema(const uint8_t *data, size_t size, bool is_text) {
    weir_arena arena;
    const wr_proto_message *m;
    wr_proto_schema s = {.arena = &arena};
    char *copy = malloc(size + 1);
    CHECK(copy);
    memcpy(copy, data, size);
    copy[size] = 0;
    wr_arena_init(&arena, NULL);
    weir_status st =
        is_text ? wr_proto_parse(copy + 1, NULL, &s, NULL) : wr_proto_read_set(copy + 1, size - 1, &s, NULL);
    if (st == WEIR_OK) st = wr_proto_link(&s, NULL);
    if (st == WEIR_OK) st = wr_proto_find(&s, NULL, &m, NULL);
    wr_arena_fini(&arena);
    free(copy);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t bits = size ? data[0] : 0;
    weir_pair pairs[3] = {{"schema.def", text, 0, 0},
                          {"message", "M", 0, 0},
                          {"registry.prefix", bits & 2 ? "true" : "false", 0, 0}};
    if (bits & 4) return read_schema(data, size, bits & 8);
    return fuzz_decoder_run(&wr_proto_decoder, &fuzz_all_types, paths, pairs, 3, data, size);
}
