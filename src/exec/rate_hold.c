/* rate_hold.c: rate limits that keep rows back: all of a period, the last of each group, and the snapshots
 * that show one row or one of each group (rate_impl.h). */
#include "exec/rate_impl.h"

/* ---- All ------------------------------------------------------------------------------------------------
 */

static void give_all(wr_rate *r) {
    for (uint32_t i = 0; i < r->n_held; i++) {
        wr_rate_emit(r, r->held[i], WR_RATE_NONE);
        wr_rate_release(r, r->held[i]);
    }
    r->n_held = 0;
}

/* What a chunk completes goes out as one chunk, however often n rows are full. */
static weir_status take_all(wr_rate *r, uint32_t k, uint32_t end, weir_error *err) {
    if (wr_grow(&r->head.account, &r->held, &r->cap_held, r->n_held + (end - k), sizeof *r->held))
        return wr_rate_no_memory(err);
    for (; k < end; k++) {
        uint32_t row = weir_batch_row(r->in, k);
        wr_rate_enter(r, row);
        r->held[r->n_held++] = WR_RATE_INPUT | row;
        if (!r->plan->by_time && r->n_held == r->plan->period) give_all(r);
    }
    return WEIR_OK;
}

const wr_rate_rule_type wr_rate_all = {.take = take_all, .tick = give_all};

/* ---- One row of each group ------------------------------------------------------------------------------
 */

/* Room for all groups there are. */
static weir_status reserve(wr_rate *r, weir_error *err) {
    if (wr_grow(&r->head.account, &r->listed, &r->cap_listed, r->n_group, sizeof *r->listed))
        return wr_rate_no_memory(err);
    return WEIR_OK;
}

static wr_rate_group *list(wr_rate *r, uint32_t gid) {
    wr_rate_group *g = &r->group[gid];
    if (!g->is_listed) r->listed[r->n_listed++] = gid;
    g->is_listed = true;
    return g;
}

static void keep(wr_rate *r, wr_rate_group *g, uint32_t row) {
    wr_rate_release(r, g->row);
    g->row = WR_RATE_INPUT | row;
}

static void forget(wr_rate *r, wr_rate_group *g) {
    wr_rate_release(r, g->row);
    *g = (wr_rate_group){.row = WR_RATE_NONE};
}

static void give_last(wr_rate *r) {
    for (uint32_t i = 0; i < r->n_listed; i++) {
        wr_rate_group *g = &r->group[r->listed[i]];
        wr_rate_emit(r, g->row, WR_RATE_NONE);
        forget(r, g);
    }
    r->n_listed = 0;
}

static weir_status take_last(wr_rate *r, uint32_t k, uint32_t end, weir_error *err) {
    WR_TRY(reserve(r, err));
    for (; k < end; k++) {
        uint32_t row = weir_batch_row(r->in, k);
        wr_rate_enter(r, row);
        keep(r, list(r, wr_rate_gid(r, row)), row);
        if (r->plan->by_time || ++r->count < r->plan->period) continue;
        r->count = 0;
        give_last(r);
    }
    return WEIR_OK;
}

static bool is_unlisted(const wr_rate *r, const wr_rate_group *g) {
    (void)r;
    return !g->is_listed;
}

const wr_rate_rule_type wr_rate_last = {.take = take_last, .tick = give_last, .is_idle = is_unlisted};

/* ---- Snapshots without a window ---------------------------------------------------------------------------
 */

static void show_latest(wr_rate *r) {
    for (uint32_t i = 0; i < r->n_listed; i++) wr_rate_emit(r, r->group[r->listed[i]].row, WR_RATE_NONE);
}

static weir_status take_latest(wr_rate *r, uint32_t k, uint32_t end, weir_error *err) {
    WR_TRY(reserve(r, err));
    for (; k < end; k++) {
        uint32_t row = weir_batch_row(r->in, k);
        wr_rate_enter(r, row);
        wr_rate_look_at_time(r, row);
        if (wr_rate_kind(r, row) == WEIR_CURRENT) keep(r, list(r, wr_rate_gid(r, row)), row);
    }
    return WEIR_OK;
}

const wr_rate_rule_type wr_rate_latest = {.take = take_latest, .tick = show_latest};

/* ---- Snapshots of aggregates alone ------------------------------------------------------------------------
 */

/* Groups without rows leave when a period ends. Without groups, an expired row hides all until the next one.
 */
static void show_totals(wr_rate *r) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->n_listed; i++) {
        wr_rate_group *g = &r->group[r->listed[i]];
        if (g->n <= 0) {
            forget(r, g);
            continue;
        }
        wr_rate_emit(r, g->row, WR_RATE_NONE);
        r->listed[n++] = r->listed[i];
    }
    r->n_listed = n;
}

static void take_total(wr_rate *r, uint32_t row) {
    bool is_current = wr_rate_kind(r, row) == WEIR_CURRENT;
    wr_rate_group *g = list(r, wr_rate_gid(r, row));
    if (is_current || wr_rate_by_group(r)) {
        keep(r, g, row);
        g->n = wr_rate_by_group(r) ? g->n + (is_current ? 1 : -1) : 1;
    } else { /* a reset has no values to keep */
        wr_rate_release(r, g->row);
        g->row = WR_RATE_NONE;
        g->n = 0;
    }
}

static weir_status take_totals(wr_rate *r, uint32_t k, uint32_t end, weir_error *err) {
    WR_TRY(reserve(r, err));
    for (; k < end; k++) {
        uint32_t row = weir_batch_row(r->in, k);
        wr_rate_enter(r, row);
        wr_rate_look_at_time(r, row);
        take_total(r, row);
    }
    return WEIR_OK;
}

const wr_rate_rule_type wr_rate_totals = {.take = take_totals, .tick = show_totals, .is_idle = is_unlisted};
