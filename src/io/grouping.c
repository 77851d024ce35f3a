/* grouping.c: see grouping.h. */
#include "io/grouping.h"

#include "base/hash.h"

#define NO_GROUP UINT32_MAX

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "no memory to group events");
}

/* The values of row k's options, all in one. */
static weir_text key_of(const weir_text *values, uint32_t n_slots, uint32_t k) {
    const weir_text *first = &values[(size_t)k * n_slots], *last = first + n_slots - 1;
    return (weir_text){first->bytes, (size_t)(last->bytes + last->len - first->bytes)};
}

/* The group of row k; *n_groups counts up when it is a new one. */
static uint32_t find_group(wr_grouping *g, const weir_text *values, uint32_t k, uint32_t mask,
                           uint32_t *n_groups) {
    weir_text key = key_of(values, g->keys.n, k);
    for (uint32_t at = (uint32_t)wr_hash_bytes(key.bytes, key.len) & mask;; at = (at + 1) & mask) {
        uint32_t group = g->table[at];
        if (group == NO_GROUP) {
            g->first_row[*n_groups] = k;
            return g->table[at] = (*n_groups)++;
        }
        weir_text other = key_of(values, g->keys.n, g->first_row[group]);
        if (other.len == key.len && memcmp(other.bytes, key.bytes, key.len) == 0) return group;
    }
}

/* Numbers the groups of n rows of the batch, from its k-th selected one on. */
static weir_status number_groups(wr_grouping *g, const weir_batch *rows, uint32_t k, uint32_t n,
                                 uint32_t *n_groups, weir_error *err) {
    uint32_t size = 4;
    while (size < 2 * n) size *= 2;
    if (wr_grow(g->account, &g->table, &g->cap_table, size, sizeof *g->table)) return no_memory(err);
    memset(g->table, 0xff, size * sizeof *g->table);
    wr_slots_cut(&g->keys, 0);
    for (uint32_t i = 0; i < n; i++)
        if (!wr_slots_add(&g->keys, rows, weir_batch_row(rows, k + i))) return no_memory(err);
    const weir_text *values = wr_slots_values(&g->keys);
    *n_groups = 0;
    for (uint32_t i = 0; i < n; i++) g->group[i] = find_group(g, values, i, size - 1, n_groups);
    return WEIR_OK;
}

static weir_status run_group(wr_grouping *g, const weir_batch *rows, uint32_t k, uint32_t n, uint32_t group,
                             wr_grouping_each *each, void *ctx, weir_error *err) {
    weir_batch part = *rows;
    part.n_sel = 0;
    part.sel = g->sel;
    for (uint32_t i = 0; i < n; i++)
        if (group == NO_GROUP || g->group[i] == group) g->sel[part.n_sel++] = weir_batch_row(rows, k + i);
    return each(ctx, &part, err);
}

static weir_status run_chunk(wr_grouping *g, const weir_batch *rows, uint32_t k, uint32_t n,
                             wr_grouping_each *each, void *ctx, weir_error *err) {
    if (!g->keys.n || n == 1) return run_group(g, rows, k, n, NO_GROUP, each, ctx, err);
    uint32_t n_groups = 0;
    WR_TRY(number_groups(g, rows, k, n, &n_groups, err));
    for (uint32_t i = 0; i < n_groups; i++) WR_TRY(run_group(g, rows, k, n, i, each, ctx, err));
    return WEIR_OK;
}

weir_status wr_grouping_run(wr_grouping *g, const wr_slots *slots, const weir_batch *rows,
                            wr_grouping_each *each, void *ctx, weir_error *err) {
    if (!g->keys.of) wr_slots_share(&g->keys, slots);
    if (wr_grow(g->account, &g->group, &g->cap_group, rows->n_sel, sizeof *g->group) ||
        wr_grow(g->account, &g->first_row, &g->cap_first, rows->n_sel, sizeof *g->first_row) ||
        wr_grow(g->account, &g->sel, &g->cap_sel, rows->n_sel, sizeof *g->sel))
        return no_memory(err);
    for (uint32_t k = 0, chunk = 0, end = 0; k < rows->n_sel; k = end) {
        while (weir_batch_row(rows, k) >= weir_batch_chunk_end(rows, chunk)) chunk++;
        while (end < rows->n_sel && weir_batch_row(rows, end) < weir_batch_chunk_end(rows, chunk)) end++;
        WR_TRY(run_chunk(g, rows, k, end - k, each, ctx, err));
    }
    return WEIR_OK;
}

void wr_grouping_fini(wr_grouping *g) {
    wr_slots_close(&g->keys);
    wr_free(g->account, g->group, g->cap_group * sizeof *g->group);
    wr_free(g->account, g->first_row, g->cap_first * sizeof *g->first_row);
    wr_free(g->account, g->sel, g->cap_sel * sizeof *g->sel);
    wr_free(g->account, g->table, g->cap_table * sizeof *g->table);
}
