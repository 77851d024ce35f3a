/* collapse.c: which rows of each chunk come out of a select (select_impl.h). Works on the picked rows in
 * place: what is chosen is never more than what was there. */
#include "base/compiler.h"
#include "exec/select_impl.h"

uint32_t wr_picked_chunk(const weir_batch *b, const wr_picked *p, uint32_t place, uint32_t from) {
    uint32_t row = p->rows[place];
    if (!b->chunk_end) return row;
    while (b->chunk_end[from] <= row) from++;
    return from;
}

uint32_t wr_picked_chunk_end(const weir_batch *b, const wr_picked *p, uint32_t begin, uint32_t chunk) {
    uint32_t limit = weir_batch_chunk_end(b, chunk), end = begin + 1;
    uint32_t first = weir_batch_chunk_begin(b, chunk);
    while (end < p->n && p->rows[end] >= first && p->rows[end] < limit) end++;
    return end;
}

void wr_collapse_fini(wr_collapse *c) {
    wr_free(c->account, c->place_of, c->cap * sizeof *c->place_of);
    c->place_of = NULL;
    c->cap = 0;
}

/* wr_picked_chunk_end for rows that ascend: a search by doubled steps. */
static uint32_t ascending_chunk_end(const weir_batch *b, const wr_picked *p, uint32_t begin, uint32_t chunk) {
    uint32_t limit = weir_batch_chunk_end(b, chunk), step = 1, end = begin + 1;
    for (; step < p->n - begin && p->rows[begin + step] < limit; step *= 2) end = begin + step + 1;
    for (; step; step /= 2) /* rows before end are in the chunk; those from end + 2 * step - 1 on are not */
        while (step <= p->n - end && p->rows[end + step - 1] < limit) end += step;
    return end;
}

void wr_collapse_last(const weir_batch *b, wr_picked *p) {
    uint32_t n = 0, chunk = 0;
    if (!b->chunk_end) return;
    for (uint32_t i = 0; i < p->n; n++) {
        chunk = wr_picked_chunk(b, p, i, chunk);
        i = ascending_chunk_end(b, p, i, chunk);
        p->rows[n] = p->rows[i - 1];
    }
    p->n = n;
}

static weir_status reserve_places(wr_collapse *c, uint32_t n_groups, weir_error *err) {
    uint32_t before = c->cap;
    if (wr_grow(c->account, &c->place_of, &c->cap, n_groups, sizeof *c->place_of))
        return weir_fail(err, WEIR_ENOMEM, "out of memory for choosing rows by group");
    if (c->cap > before) memset(c->place_of + before, 0, (c->cap - before) * sizeof *c->place_of);
    return WEIR_OK;
}

/* Rows begin..end-1 are one chunk; chosen ones go to places from n on. The set of groups seen is a sparse set
 * (Briggs and Torczon, 1993): a place counts only if the group stands there, so nothing is cleared. Whether a
 * group is new is anybody's guess, so there is no branch on it; and what is looked up does not wait for n. */
static uint32_t collapse_chunk(const wr_collapse *c, const uint32_t *gids, wr_picked *p, uint32_t *group_at,
                               uint32_t begin, uint32_t end, uint32_t n) {
    uint32_t *place_of = c->place_of, *rows = p->rows, first = n, most = p->n;
    for (uint32_t i = begin; i < end; i++) {
        uint32_t row = rows[i], group = gids[row], place = place_of[group];
        uint32_t stands = group_at[place < most ? place : 0];
        uint32_t is_new = (uint32_t)(place - first >= n - first) | (uint32_t)(stands != group);
        place += (n - place) & -is_new;
        place_of[group] = place;
        group_at[place] = group;
        rows[place] = row;
        n += is_new;
    }
    return n;
}

weir_status wr_collapse_groups(wr_collapse *c, const weir_batch *b, const uint32_t *gids, uint32_t n_groups,
                               wr_picked *p, weir_arena *arena, weir_error *err) {
    uint32_t n = 0, chunk = 0;
    if (!b->chunk_end || !p->n) return WEIR_OK;
    uint32_t *group_at = wr_arena_zero(arena, p->n, sizeof *group_at); /* read before it is written */
    if (!group_at) return weir_fail(err, WEIR_ENOMEM, "out of memory for choosing rows by group");
    WR_TRY(reserve_places(c, n_groups, err));
    for (uint32_t i = 0; i < p->n;) {
        chunk = wr_picked_chunk(b, p, i, chunk);
        uint32_t end = ascending_chunk_end(b, p, i, chunk);
        if (end == i + 1)
            p->rows[n++] = p->rows[i];
        else
            n = collapse_chunk(c, gids, p, group_at, i, end, n);
        i = end;
    }
    p->n = n;
    return WEIR_OK;
}

/* Siddhi counts expired rows towards the limit, but never drops them for it. */
void wr_collapse_limit(const weir_batch *b, wr_picked *p, int64_t offset, int64_t limit) {
    uint32_t n = 0, chunk = 0;
    for (uint32_t i = 0; i < p->n;) {
        chunk = wr_picked_chunk(b, p, i, chunk);
        uint32_t end = wr_picked_chunk_end(b, p, i, chunk);
        int64_t taken = 0;
        for (int64_t k = offset; k < end - i; k++) {
            uint32_t row = p->rows[i + (uint32_t)k];
            bool expired = b->kind && b->kind[row] == WEIR_EXPIRED;
            if (limit >= 0 && taken >= limit && !expired) continue;
            p->rows[n++] = row;
            taken++;
        }
        i = end;
    }
    p->n = n;
}
