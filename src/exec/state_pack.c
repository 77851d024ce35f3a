#include "exec/state_pack.h"

#include <stdint.h>
#include <string.h>

/* Group `at` of 8 bytes; what lies behind the end is zero. */
static uint64_t group(const unsigned char *bytes, size_t n, size_t at) {
    uint64_t word = 0;
    if (at + 8 <= n)
        memcpy(&word, bytes + at, 8);
    else if (at < n)
        memcpy(&word, bytes + at, n - at);
    return word;
}

size_t wr_state_pack(const unsigned char *state, size_t n, const unsigned char *model, size_t n_model,
                     unsigned char *out) {
    unsigned char *to = out, *zeros = NULL; /* the count of the run of zero groups that is being written */
    for (size_t at = 0; at < n; at += 8) {
        uint64_t word = group(state, n, at) ^ group(model, n_model < n ? n_model : n, at);
        if (!word && zeros && *zeros < 255) {
            ++*zeros;
            continue;
        }
        unsigned char *mask = to++;
        *mask = 0;
        if (!word) {
            zeros = to++;
            *zeros = 0;
            continue;
        }
        zeros = NULL;
        for (unsigned i = 0; word; i++, word >>= 8) {
            *to = (unsigned char)word;
            *mask |= (unsigned char)((*to != 0) << i);
            to += *to != 0;
        }
    }
    return (size_t)(to - out);
}

bool wr_state_unpack(const unsigned char *packed, size_t n_packed, const unsigned char *model, size_t n_model,
                     unsigned char *out, size_t n) {
    size_t from = 0, zeros = 0;
    for (size_t at = 0; at < n; at += 8) {
        uint64_t word = group(model, n_model < n ? n_model : n, at);
        if (zeros) {
            zeros--;
        } else {
            unsigned mask = from < n_packed ? packed[from++] : 0;
            if (!mask) {
                if (from == n_packed) return false;
                zeros = packed[from++];
            }
            if ((size_t)__builtin_popcount(mask) > n_packed - from) return false;
            for (; mask; mask &= mask - 1)
                word ^= (uint64_t)packed[from++] << 8 * (unsigned)__builtin_ctz(mask);
        }
        memcpy(out + at, &word, n - at < 8 ? n - at : 8);
    }
    return from == n_packed && !zeros;
}
