/* rate_pick.c: rate limits that only leave rows out: the first of a period, and the last of n rows. Nothing
 * is stored; the output is the input with a shorter selection (rate_impl.h). */
#include "exec/rate_impl.h"

static void pick(wr_rate *r, uint32_t row) { r->out.picked[r->out.n_picked++] = row; }

/* ---- Of n rows, the one at place `at` -------------------------------------------------------------------
 */

/* Siddhi counts resets like rows, and drops them afterwards. */
static void pick_nth(wr_rate *r, uint32_t k, uint32_t end, int64_t at) {
    int64_t n = r->plan->period, to_go = (at - r->count % n + n) % n;
    r->count = (r->count + (end - k)) % n;
    for (int64_t i = k + to_go; i < end; i += n) {
        uint32_t row = weir_batch_row(r->in, (uint32_t)i);
        if (wr_rate_kind(r, row) != WEIR_RESET) pick(r, row);
    }
}

static void pick_first_of_groups(wr_rate *r, uint32_t k, uint32_t end) {
    for (; k < end; k++) {
        uint32_t row = weir_batch_row(r->in, k);
        wr_rate_group *g = &r->group[r->gids[row]];
        if (g->n == 0) pick(r, row);
        if (++g->n == r->plan->period) g->n = 0;
    }
}

/* ---- By time ------------------------------------------------------------------------------------------- */

static bool is_over(const wr_rate *r, const wr_rate_group *g, int64_t now) {
    return g->n == WR_RATE_NEVER || now - g->n >= r->plan->period;
}

/* Of a chunk only the first row is looked at. */
static void pick_first_of_chunks(wr_rate *r, uint32_t k, uint32_t end) {
    wr_rate_group *g = &r->group[0];
    while (k < end) {
        uint32_t row = weir_batch_row(r->in, k);
        wr_rate_enter(r, row);
        if (is_over(r, g, wr_rate_now(r))) {
            g->n = wr_rate_now(r);
            if (wr_rate_kind(r, row) != WEIR_RESET) pick(r, row);
        }
        while (++k < end && weir_batch_row(r->in, k) < r->chunk_limit) continue;
    }
}

static void pick_first_in_time(wr_rate *r, uint32_t k, uint32_t end) {
    for (; k < end; k++) {
        uint32_t row = weir_batch_row(r->in, k);
        wr_rate_enter(r, row);
        wr_rate_group *g = &r->group[r->gids[row]];
        if (!is_over(r, g, wr_rate_now(r))) continue;
        g->n = wr_rate_now(r);
        pick(r, row);
    }
}

/* ---- The rules ------------------------------------------------------------------------------------------
 */

static weir_status take_first(wr_rate *r, uint32_t k, uint32_t end, weir_error *err) {
    (void)err;
    if (r->plan->by_time && wr_rate_by_group(r))
        pick_first_in_time(r, k, end);
    else if (r->plan->by_time)
        pick_first_of_chunks(r, k, end);
    else if (wr_rate_by_group(r))
        pick_first_of_groups(r, k, end);
    else
        pick_nth(r, k, end, 0);
    return WEIR_OK;
}

static weir_status take_last(wr_rate *r, uint32_t k, uint32_t end, weir_error *err) {
    (void)err;
    pick_nth(r, k, end, r->plan->period - 1);
    return WEIR_OK;
}

static weir_status take_none(wr_rate *r, uint32_t k, uint32_t end, weir_error *err) {
    (void)r, (void)k, (void)end, (void)err;
    return WEIR_OK;
}

static bool first_is_idle(const wr_rate *r, const wr_rate_group *g) {
    const weir_cycle *cycle = r->turn->cycle;
    return r->plan->by_time ? is_over(r, g, cycle->clock[cycle->n_arrivals - 1]) : g->n == 0;
}

const wr_rate_rule_type wr_rate_first = {.take = take_first, .is_idle = first_is_idle, .picks = true};
const wr_rate_rule_type wr_rate_last_picked = {.take = take_last, .picks = true};
const wr_rate_rule_type wr_rate_never = {.take = take_none, .picks = true};
