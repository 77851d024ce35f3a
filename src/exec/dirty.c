/* dirty.c: see dirty.h. */
#include "exec/dirty.h"

#include <string.h>

void wr_dirty_start(wr_dirty *d) {
    if (d->n) memset(d->bits, 0, d->cap_words * sizeof *d->bits);
    d->n = 0;
    d->is_on = true;
    d->is_lost = false;
}

void wr_dirty_fini(wr_dirty *d, wr_account *account) {
    wr_free(account, d->bits, d->cap_words * sizeof *d->bits);
    *d = (wr_dirty){0};
}

static bool grow(wr_dirty *d, wr_account *account, uint32_t word) {
    uint32_t before = d->cap_words;
    if (wr_grow(account, &d->bits, &d->cap_words, word + 1, sizeof *d->bits)) return false;
    memset(d->bits + before, 0, (d->cap_words - before) * sizeof *d->bits);
    return true;
}

void wr_dirty_set(wr_dirty *d, wr_account *account, uint32_t id) {
    uint32_t word = id >> 6;
    uint64_t bit = (uint64_t)1 << (id & 63);
    if (d->is_lost) return;
    if (word >= d->cap_words && !grow(d, account, word)) {
        d->is_lost = true;
        return;
    }
    d->n += !(d->bits[word] & bit);
    d->bits[word] |= bit;
}

void wr_dirty_list(const wr_dirty *d, uint32_t *ids) {
    for (uint32_t w = 0; w < d->cap_words; w++)
        for (uint64_t left = d->bits[w]; left; left &= left - 1)
            *ids++ = w * 64 + (uint32_t)__builtin_ctzll(left);
}
