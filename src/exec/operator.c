/* operator.c: making, calling and counting operators, and noting the chunks that failed in them. */
#include "base/clock.h"
#include "exec/agg_set.h"
#include "exec/key_window.h"
#include "exec/partition.h"

/* Operators that keep the state of all keys themselves; others are made once for each key. */
static bool knows_keys(const wr_plan_op *plan) {
    switch (plan->kind) {
    case WR_OP_FILTER: return wr_agg_slots_by_key(plan->u.filter.aggs, plan->u.filter.n_aggs);
    case WR_OP_SELECT: return wr_agg_slots_by_key(plan->u.select.aggs, plan->u.select.n_aggs);
    case WR_OP_WINDOW: return wr_key_window_takes(plan);
    default: return false;
    }
}

weir_status wr_op_new(const wr_plan_op *plan, wr_account *parent, wr_op **out, weir_error *err) {
    *out = NULL;
    if (plan->by_key && !knows_keys(plan)) return wr_keyed_new(plan, parent, out, err);
    switch (plan->kind) {
    case WR_OP_FILTER: return wr_filter_new(plan, parent, out, err);
    case WR_OP_FUNCTION: return wr_stream_function_new(plan, parent, out, err);
    case WR_OP_WINDOW:
        return plan->by_key ? wr_key_window_new(plan, parent, out, err)
                            : wr_window_op_new(plan, parent, out, err);
    case WR_OP_JOIN: return wr_join_new(plan, parent, out, err);
    case WR_OP_READ: return wr_read_new(plan, parent, out, err);
    case WR_OP_RATE: return wr_rate_new(plan, parent, out, err);
    case WR_OP_PATTERN: return wr_pattern_new(plan, parent, out, err);
    case WR_OP_SELECT: return wr_select_new(plan, parent, out, err);
    case WR_OP_PARTITION: return wr_partition_new(plan, parent, out, err);
    }
    return weir_fail(err, WEIR_EUSAGE, "operator kind %d is unknown", (int)plan->kind);
}

void wr_op_free(wr_op *op) {
    if (op) op->type->free(op);
}

/* Looking at the clock costs as much as a row or two: calls with few rows are timed once in so many. */
#define FEW_ROWS     32u
#define TIMED_ONE_IN 32u

weir_status wr_op_process(wr_op *op, wr_turn *turn, const weir_batch *const *in, weir_batch *out,
                          weir_error *err) {
    uint64_t n_rows = 0, begin = 0, late = turn->rows_late;
    memset(out, 0, sizeof *out);
    for (uint32_t side = 0; side < op->plan->n_in; side++)
        if (in[side]) n_rows += in[side]->n_sel;
    uint64_t stands_for = n_rows >= FEW_ROWS ? 1 : op->n_calls % TIMED_ONE_IN ? 0 : TIMED_ONE_IN;
    op->n_calls++;
    op->rows_in += n_rows;
    if (stands_for) begin = (uint64_t)wr_monotonic_ns();
    weir_status status = op->type->process(op, turn, in, out, err);
    if (stands_for) op->busy_ns += ((uint64_t)wr_monotonic_ns() - begin) * stands_for;
    if (status == WEIR_OK) op->rows_out += out->n_sel;
    op->rows_late += turn->rows_late - late;
    return status;
}

void wr_firings_add(wr_firings *f, uint32_t arrival, int64_t due) {
    if (f->n == f->cap) {
        uint32_t cap = f->cap * 2 + 8;
        wr_firing *wide = wr_arena_array(f->arena, cap, sizeof *wide);
        if (!wide) {
            f->out_of_memory = true;
            return;
        }
        if (f->n) memcpy(wide, f->items, f->n * sizeof *wide);
        f->items = wide;
        f->cap = cap;
    }
    f->items[f->n++] = (wr_firing){arrival, due};
}

static const char *keep_message(weir_arena *arena, const char *message) {
    if (!message) message = "a value can't be computed";
    return wr_arena_strndup(arena, message, strlen(message));
}

weir_status wr_turn_fail(wr_turn *turn, weir_origin origin, uint32_t chunk, const char *message) {
    wr_faults *f = &turn->faults;
    if (f->n == f->cap) {
        uint32_t cap = f->cap ? f->cap * 2 : 4;
        wr_fault *items = cap > f->cap ? wr_arena_array(turn->arena, cap, sizeof *items) : NULL;
        if (!items) return WEIR_ENOMEM;
        if (f->n) memcpy(items, f->items, f->n * sizeof *items);
        f->items = items;
        f->cap = cap;
    }
    const char *kept = keep_message(turn->arena, message);
    if (!kept) return WEIR_ENOMEM;
    turn->has_failed = true;
    f->items[f->n++] = (wr_fault){.origin = origin, .chunk = chunk, .message = kept};
    return WEIR_OK;
}
