/* fuzz_state.c: states of apps with every kind of stateful operator, with some bytes changed (see
 * hostile_state.h). The first byte chooses the app; each 11 that follow are a place (2), how many bytes (1)
 * and what they become (8).
 *
 *   tools/fuzz tests/fuzz/fuzz_state.c 60 */
#include "hostile_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static weir_engine *engine; /* one for all inputs, as are the apps */
    static hostile apps[HOSTILE_APPS];
    weir_engine_options o = {.struct_size = sizeof o, .memory_limit = 256u << 20};
    hostile_edit edits[8];
    uint32_t n = 0;
    weir_error err;
    if (size < 12) return 0;
    if (!engine) {
        hostile_must(weir_engine_new(&o, &engine, &err) == WEIR_OK, err.message);
        for (uint32_t i = 0; i < HOSTILE_APPS; i++) hostile_make(&apps[i], engine, i);
    }
    hostile *h = &apps[data[0] % HOSTILE_APPS];
    for (data++, size--; size >= 11 && n < 8; data += 11, size -= 11)
        edits[n++] = (hostile_edit){(data[0] | (size_t)data[1] << 8) % h->base.buf.len, 1 + data[2] % 8u,
                                    wr_get_u64(data + 3)};
    hostile_try(h, edits, n, &err);
    return 0;
}
