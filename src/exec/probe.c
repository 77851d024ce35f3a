/* probe.c: see probe.h.
 *
 * Candidates come from the finder. Where a condition remains to be tested they are gathered, for many rows at
 * once, and tested by column, a bounded number at a time; a row that has found one looks no further. */
#include "exec/probe.h"

#include "exec/finder.h"

#define PAIRS_AT_ONCE 4096u

struct wr_probes {
    wr_account *account;
    uint32_t n;
    wr_pairs pairs;
    wr_finder *finders[];
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for a table lookup");
}

weir_status wr_probes_new(const wr_plan_lookup *lookups, uint32_t n, const wr_schema *input,
                          wr_account *account, wr_probes **out, weir_error *err) {
    *out = NULL;
    if (!n) return WEIR_OK;
    wr_probes *p = wr_alloc_zero(account, sizeof *p + n * sizeof p->finders[0]);
    if (!p) return no_memory(err);
    p->account = p->pairs.account = account;
    p->n = n;
    for (uint32_t i = 0; i < n; i++) {
        weir_status st = wr_finder_new(&lookups[i], input, account, &p->finders[i], err);
        if (st == WEIR_OK) continue;
        wr_probes_free(p);
        return st;
    }
    *out = p;
    return WEIR_OK;
}

void wr_probes_free(wr_probes *p) {
    if (!p) return;
    for (uint32_t i = 0; i < p->n; i++) wr_finder_free(p->finders[i]);
    wr_pairs_fini(&p->pairs);
    wr_free(p->account, p, sizeof *p + p->n * sizeof p->finders[0]);
}

/* Tests the candidates in hand and marks the rows that found one. */
static weir_status test_pairs(wr_probes *p, wr_finder *f, uint8_t *found, weir_error *err) {
    WR_TRY(wr_finder_test(f, &p->pairs, err));
    for (uint32_t i = 0; i < p->pairs.n; i++) found[p->pairs.row[i]] = 1;
    p->pairs.n = 0;
    return WEIR_OK;
}

static weir_status probe_row(wr_probes *p, wr_finder *f, uint32_t row, uint8_t *found, weir_error *err) {
    uint32_t id = wr_finder_first(f, row);
    if (!wr_finder_tests(f)) {
        found[row] = id != WR_NO_SLOT;
        return WEIR_OK;
    }
    for (; id != WR_NO_SLOT && !found[row]; id = wr_finder_next(f)) {
        WR_TRY(wr_pairs_add(&p->pairs, row, id, err));
        if (p->pairs.n == PAIRS_AT_ONCE) WR_TRY(test_pairs(p, f, found, err));
    }
    return WEIR_OK;
}

static weir_status run_lookup(wr_probes *p, wr_finder *f, const wr_eval *ev, wr_turn *turn, weir_column *out,
                              weir_error *err) {
    const weir_batch *b = ev->in;
    uint8_t *found = wr_arena_zero(ev->arena, b->n_rows + 1, 1);
    if (!found) return no_memory(err);
    p->pairs.n = 0;
    WR_TRY(wr_finder_begin(f, ev, turn, err));
    for (uint32_t k = 0; k < b->n_sel; k++) {
        wr_finder_prefetch(f, k);
        WR_TRY(probe_row(p, f, weir_batch_row(b, k), found, err));
    }
    WR_TRY(test_pairs(p, f, found, err));
    *out = (weir_column){.type = WEIR_BOOL, .data = found};
    return WEIR_OK;
}

weir_status wr_probes_run(wr_probes *p, const wr_eval *ev, wr_turn *turn, const weir_column **columns,
                          weir_error *err) {
    *columns = NULL;
    if (!p) return WEIR_OK;
    weir_column *cols = wr_arena_zero(ev->arena, p->n, sizeof *cols);
    if (!cols) return no_memory(err);
    for (uint32_t i = 0; i < p->n; i++) WR_TRY(run_lookup(p, p->finders[i], ev, turn, &cols[i], err));
    *columns = cols;
    return WEIR_OK;
}
