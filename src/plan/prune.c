#include "plan/prune.h"

#include <string.h>

#include "plan/column_use.h"

/* What a query asks of its windows. */
typedef struct wishes {
    bool wants_current, wants_expired; /* rows that leave the selector */
    bool aggregates;                   /* some follow: expired rows are undone, resets clear */
    bool resets;                       /* the rate limit takes notice of them */
} wishes;

static bool has_aggregates(const wr_plan_query *q) {
    if (q->select->u.select.n_aggs) return true;
    bool after_window = false;
    for (uint32_t i = 0; i < q->side[0].n_ops; i++) {
        const wr_plan_op *op = q->side[0].ops[i];
        if (wr_plan_is_window(op)) after_window = true;
        if (after_window && op->kind == WR_OP_FILTER && op->u.filter.n_aggs) return true;
    }
    return false;
}

static uint8_t need_bits(bool current, bool expired) {
    return (uint8_t)((current ? WR_NEED_CURRENT : 0u) | (expired ? WR_NEED_EXPIRED : 0u));
}

/* select: its own list too, which the selector computes for rows that may go out. */
static void use_selector(const wr_column_use *use, const wr_plan_op *op, uint8_t taken, uint8_t left) {
    wr_use_select(use, &op->u.select, taken, left);
    for (uint32_t i = 0; i < op->out.n_attrs; i++) wr_use_expr(use, op->u.select.outs[i], left);
}

/* ---- One stream -------------------------------------------------------------------------------------------
 */

static void ask_window(wr_plan_op *op, const wishes *w, bool triggers, bool is_searched) {
    weir_window_args *args = &op->u.window.args;
    args->expired_wanted = triggers && (w->wants_expired || w->aggregates);
    args->expired_output = w->wants_expired;
    args->reset_wanted = triggers && (w->aggregates || w->resets);
    args->is_searched = is_searched;
}

static void use_op(const wr_column_use *use, const wr_plan_op *op, uint8_t bits) {
    if (op->kind == WR_OP_FILTER) wr_use_filter(use, &op->u.filter, bits);
    if (op->kind == WR_OP_FUNCTION) wr_use_function(use, &op->u.function, bits);
    if (op->kind == WR_OP_READ) wr_use_read(use, &op->u.read, bits);
    if (op->kind == WR_OP_WINDOW) wr_use_window(use, &op->u.window, bits);
}

/* A row of a stream without a window expires as soon as it has been joined: a reset follows it. */
static void ask_read(wr_plan_query *q, const wishes *w) {
    wr_plan_side *side = &q->side[0];
    wr_plan_op *op = side->n_ops ? side->ops[side->n_ops - 1] : NULL;
    wr_plan_select *select = &q->select->u.select;
    if (!op || op->kind != WR_OP_READ) return;
    op->u.read.expired_reads = w->wants_expired || (w->aggregates && op->u.read.has_window);
    select->input_expires = true;
    if (!op->u.read.has_window) select->input_only_resets = !w->wants_expired;
}

/* Rows of a named window may come as expired ones; it never tells of resets. */
static bool gets_expired(const wr_plan *plan, const wr_plan_side *side) {
    uint32_t window = side->stream == WR_NONE_ID ? WR_NONE_ID : plan->streams[side->stream].window;
    if (window == WR_NONE_ID || plan->streams[side->stream].is_window_input) return false;
    return plan->queries[plan->windows[window].query].select->u.select.wants_expired;
}

/* A processor gives on what it took, later perhaps: it needs what anything behind it reads. */
static void prune_processor(wr_plan_query *q, wr_plan_side *side, uint32_t at) {
    wr_plan_op *op = side->ops[at];
    wr_column_use use = {.n = op->in.n_attrs, .flags = op->u.window.need};
    if (q->merge) { /* what a join reads is told of its last handler alone */
        for (uint32_t c = 0; c < use.n; c++) use.flags[c] = WR_NEED_CURRENT | WR_NEED_WINDOW;
        return;
    }
    wr_use_window(&use, &op->u.window, WR_NEED_WINDOW);
    for (uint32_t k = at + 1; k < side->n_ops; k++) use_op(&use, side->ops[k], WR_NEED_CURRENT);
    use_selector(&use, q->select, WR_NEED_CURRENT, WR_NEED_CURRENT);
}

static void prune_processors(wr_plan_query *q) {
    for (uint32_t s = 0; s < q->n_sides; s++)
        for (uint32_t i = 0; i < q->side[s].n_ops; i++)
            if (wr_plan_is_processor(q->side[s].ops[i])) prune_processor(q, &q->side[s], i);
}

static void use_shown(const wr_column_use *use, const wr_plan_op *select) {
    for (uint32_t i = 0; i < select->out.n_attrs; i++) {
        const wr_expr *e = select->u.select.outs[i];
        if (e->kind == WR_EXPR_COLUMN) wr_use_expr(use, e, WR_NEED_SHOWN);
    }
}

static void prune_single(const wr_plan *plan, wr_plan_query *q, const wishes *w) {
    wr_plan_side *side = &q->side[0];
    bool expires = gets_expired(plan, side);
    bool undoes = expires; /* some window has aggregates undo rows */
    q->select->u.select.input_expires |= expires;
    q->select->u.select.forgets_extremes = expires && !w->wants_expired;
    for (uint32_t i = 0; i < side->n_ops; i++) {
        wr_plan_op *op = side->ops[i];
        if (!wr_plan_is_window(op)) continue;
        ask_window(op, w, true, false);
        wr_column_use use = {.n = op->in.n_attrs, .flags = op->u.window.need};
        uint8_t passing = need_bits(true, op->u.window.args.expired_wanted);
        wr_use_window(&use, &op->u.window, WR_NEED_WINDOW);
        for (uint32_t k = i + 1; k < side->n_ops; k++) use_op(&use, side->ops[k], passing);
        use_selector(&use, q->select, passing, need_bits(w->wants_current, w->wants_expired));
        use_shown(&use, q->select);
        q->select->u.select.input_expires |= w->wants_expired || w->aggregates || w->resets;
        undoes |= w->wants_expired || !op->u.window.type->resets_instead;
        /* A piece of batch(n) expires after the next one's reset. */
        q->select->u.select.unbalanced |= w->wants_expired && op->u.window.type->resets_instead;
    }
    q->select->u.select.input_only_resets = !undoes;
    ask_read(q, w);
}

/* ---- Joins ------------------------------------------------------------------------------------------------
 */

static void prune_side(wr_plan_query *q, uint32_t at, const wishes *w) {
    const wr_plan_join *join = &q->merge->u.join;
    wr_plan_side *side = &q->side[at];
    wr_plan_op *last = side->n_ops ? side->ops[side->n_ops - 1] : NULL;
    if (!last || !wr_plan_is_window(last)) return; /* in a join, a window is the last handler */
    bool is_searched = true; /* the join names the rows that leave by their ids, whoever looks them up */
    ask_window(last, w, join->triggers[at], is_searched);
    /* The join keeps what comes in: keys and whatever it gives on. Of a row that goes it has all but the
     * keys, by which a going row looks up the other side; but of one that goes without leaving the content it
     * has nothing. */
    bool expires = join->triggers[at] && join->expired_triggers,
         apart = join->content[at] == WR_CONTENT_APART;
    wr_column_use use = {
        .base = at ? join->n_left_cols : 0, .n = last->out.n_attrs, .flags = last->u.window.need};
    uint8_t kept = (uint8_t)(need_bits(true, expires && apart) | (apart ? WR_NEED_WINDOW : 0u));
    wr_use_join(&use, join, (uint8_t)(need_bits(true, expires) | (apart ? WR_NEED_WINDOW : 0u)));
    use_selector(&use, q->select, kept, kept);
    for (uint32_t c = 0; c < use.n; c++)
        if (use.flags[c] & (WR_NEED_CURRENT | WR_NEED_EXPIRED)) use.flags[c] |= WR_NEED_SHOWN;
    use.base = 0;
    use.n = last->in.n_attrs;
    wr_use_window(&use, &last->u.window, WR_NEED_WINDOW);
    for (uint32_t i = 0; i < join->sort[at].n; i++) use.flags[join->sort[at].columns[i]] |= WR_NEED_CURRENT;
}

/* Joined columns that nobody reads are never gathered. */
static void prune_joined(wr_planner *p, wr_plan_query *q) {
    wr_plan_join *join = &q->merge->u.join;
    uint32_t n = join->n_left_cols + join->n_right_cols + 2;
    uint8_t *flags = WR_PLAN_ARRAY(p, n, uint8_t);
    bool *need = WR_PLAN_ARRAY(p, n, bool);
    if (!flags || !need) return;
    wr_column_use use = {.n = n, .flags = flags};
    wr_use_expr(&use, join->residual, 1);
    use_selector(&use, q->select, 1, 1);
    for (uint32_t i = 0; i < n; i++) need[i] = flags[i] != 0;
    join->need = need;
}

void wr_prune_query(wr_planner *p, wr_plan_query *q) {
    const wr_plan_select *select = &q->select->u.select;
    wishes w = {select->wants_current, select->wants_expired, has_aggregates(q), select->passes_resets};
    prune_processors(q);
    if (!q->merge) {
        prune_single(p->plan, q, &w);
        return;
    }
    if (q->merge->kind == WR_OP_PATTERN) return; /* matches never expire */
    q->merge->u.join.expired_triggers = w.wants_expired || w.aggregates;
    q->select->u.select.input_expires = w.wants_expired || w.aggregates || w.resets;
    q->select->u.select.unbalanced = true;
    prune_side(q, 0, &w);
    prune_side(q, 1, &w);
    prune_joined(p, q);
}

/* ---- Streams ----------------------------------------------------------------------------------------------
 */

/* What one reader takes of its stream. Columns that stream functions add come after the stream's own. */
static void use_reader(const wr_plan_query *q, uint32_t at, uint32_t n, uint8_t *flags) {
    wr_column_use use = {.n = n, .flags = flags};
    for (uint32_t i = 0; i < q->side[at].n_ops; i++) {
        use_op(&use, q->side[at].ops[i], 1);
        if (q->merge && wr_plan_is_processor(q->side[at].ops[i])) memset(flags, 1, n);
    }
    if (q->merge && q->merge->kind == WR_OP_PATTERN) {
        wr_use_pattern(&use, q->merge->u.pattern, at, 1);
        return;
    }
    if (q->merge) {
        use.base = at ? q->merge->u.join.n_left_cols : 0;
        wr_use_join(&use, &q->merge->u.join, 1);
    }
    use_selector(&use, q->select, 1, 1);
}

/* A partition's keys, and what its queries take of the view. */
static void use_partition(const wr_plan *plan, const struct wr_receiver *r, uint32_t n, uint8_t *flags) {
    const wr_partition_input *input = &plan->partitions[r->partition].op->u.keys.inputs[r->side];
    wr_column_use use = {.n = n, .flags = flags};
    wr_use_expr(&use, input->value, 1);
    for (uint32_t i = 0; i < input->n_ranges; i++) wr_use_expr(&use, input->ranges[i], 1);
    const wr_plan_stream *view = &plan->streams[input->view];
    for (uint32_t i = 0; i < view->n_receivers; i++)
        use_reader(&plan->queries[view->receivers[i].query], view->receivers[i].side, n, flags);
}

void wr_plan_stream_needs(const wr_plan *plan, uint32_t stream, bool *needed) {
    const wr_plan_stream *s = &plan->streams[stream];
    bool all = s->n_sinks > 0 || s->fault != WR_NONE_ID;
    /* The flags of one reader at a time go straight into the answer: a bool is a byte of 0 or 1. */
    for (uint32_t i = 0; i < s->schema.n_attrs; i++) needed[i] = all;
    if (all) return;
    _Static_assert(sizeof(bool) == sizeof(uint8_t), "needed is filled as bytes");
    for (uint32_t r = 0; r < s->n_receivers; r++)
        if (s->receivers[r].query != WR_NONE_ID)
            use_reader(&plan->queries[s->receivers[r].query], s->receivers[r].side, s->schema.n_attrs,
                       (uint8_t *)needed);
        else
            use_partition(plan, &s->receivers[r], s->schema.n_attrs, (uint8_t *)needed);
}
