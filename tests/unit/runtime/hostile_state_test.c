/* hostile_state_test.c: places of the states of all stateful operators are overwritten with numbers that miss
 * bounds. One place in 29; WEIR_TEST_ALL=1: all places and numbers, WEIR_TEST_ONLY=n: of one app. */
#include "../../fuzz/hostile_state.h"

static const uint64_t values[] = {
    0, 1, 2, 5, 0x7F, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, INT64_MAX, (uint64_t)INT64_MIN, UINT64_MAX};

typedef struct outcome {
    uint32_t n, n_refused;
} outcome;

static void try_place(hostile *h, size_t at, uint32_t first, uint32_t n, outcome *o) {
    weir_error err;
    for (uint32_t k = 0; k < 2 * n; k++) {
        hostile_edit e = {at, k % 2 ? 8 : 4, values[(first + k / 2) % HOSTILE_N(values)]};
        if (getenv("WEIR_TEST_SHOW"))
            fprintf(stderr, "at %zu %u bytes of %llx\n", at, e.n, (unsigned long long)e.value);
        if (!hostile_try(h, &e, 1, &err)) return;
        o->n++;
        o->n_refused += err.code != WEIR_OK;
        if (getenv("WEIR_TEST_SHOW") && err.code) fprintf(stderr, "says: %s\n", err.message);
    }
}

/* A state of another version is refused, and says so. */
static void try_older(hostile *h) {
    weir_error err;
    unsigned char *bytes = malloc(h->base.buf.len);
    hostile_must(bytes != NULL, "out of memory");
    memcpy(bytes, h->base.buf.data, h->base.buf.len);
    hostile_must(hostile_load(h, bytes, &err) == WEIR_OK, err.message);
    wr_put_u32(bytes + 4, 1);
    hostile_must(hostile_load(h, bytes, &err) == WEIR_ESTATE && strstr(err.message, "an older weir"),
                 "a state of an older version is not refused");
    free(bytes);
}

static void sweep(weir_engine *engine, uint32_t which, size_t step, outcome *o) {
    hostile h;
    hostile_make(&h, engine, which);
    try_older(&h);
    for (size_t at = which % step, i = which; at < h.base.buf.len; at += step, i++)
        try_place(&h, at, (uint32_t)i, step == 1 ? HOSTILE_N(values) : 2, o);
    hostile_free(&h);
}

int main(void) {
    weir_engine_options options = {.struct_size = sizeof options, .memory_limit = 256u << 20};
    weir_engine *engine;
    weir_error err;
    outcome o = {0};
    const char *only = getenv("WEIR_TEST_ONLY");
    uint32_t first = only ? (uint32_t)atoi(only) : 0, end = only ? first + 1 : HOSTILE_APPS;
    hostile_must(weir_engine_new(&options, &engine, &err) == WEIR_OK, err.message);
    for (uint32_t i = first; i < end; i++) sweep(engine, i, getenv("WEIR_TEST_ALL") ? 1 : 29, &o);
    weir_engine_free(engine);
    printf("%u changed states, %u refused\n", o.n, o.n_refused);
    hostile_must(o.n_refused > 0 && o.n_refused < o.n, "all or none of the states were refused");
    return 0;
}
