/* task_triggers.c: triggers: rows that the clock makes.
 *
 * A periodic trigger counts from the first time the task's clock moves, not from 0: in playback the clock
 * jumps from 0 to the first event's time, and nobody wants fifty years of ticks. The row's value is the time
 * at which it was due, its timestamp the clock. */
#include "base/cron.h"
#include "runtime/task_internal.h"

#define MOST_AT_ONCE                                                                                         \
    1000000u /* ticks of one arrival; beyond it the clock has jumped and ticks are skipped                   \
              */

weir_status wr_task_trigger_init(wr_task *t, wr_trigger_state *g, weir_error *err) {
    (void)t;
    g->due = g->plan->kind == WR_TRIGGER_START ? INT64_MAX : INT64_MIN;
    if (g->plan->kind != WR_TRIGGER_CRON) return WEIR_OK;
    return wr_cron_parse(g->plan->cron, strlen(g->plan->cron), &g->cron, err);
}

static int64_t after(const wr_trigger_state *g, int64_t time) {
    if (g->plan->kind == WR_TRIGGER_CRON) return wr_cron_next(&g->cron, time, 0);
    return time > INT64_MAX - g->plan->every_ms ? INT64_MAX : time + g->plan->every_ms;
}

typedef struct ticks {
    int64_t *due, *ts;
    weir_origin *origin;
    uint32_t n, cap;
} ticks;

static weir_status add_tick(ticks *k, weir_arena *arena, int64_t due, int64_t clock, weir_origin origin,
                            weir_error *err) {
    if (k->n == k->cap) {
        ticks wider = {.n = k->n, .cap = k->cap ? k->cap * 2 : 4};
        wider.due = wr_arena_array(arena, wider.cap, sizeof *wider.due);
        wider.ts = wr_arena_array(arena, wider.cap, sizeof *wider.ts);
        wider.origin = wr_arena_array(arena, wider.cap, sizeof *wider.origin);
        if (!wider.due || !wider.ts || !wider.origin)
            return weir_fail(err, WEIR_ENOMEM, "out of memory for a trigger");
        if (k->n) {
            memcpy(wider.due, k->due, k->n * sizeof *k->due);
            memcpy(wider.ts, k->ts, k->n * sizeof *k->ts);
            memcpy(wider.origin, k->origin, k->n * sizeof *k->origin);
        }
        *k = wider;
    }
    k->due[k->n] = due;
    k->ts[k->n] = clock;
    k->origin[k->n++] = origin;
    return WEIR_OK;
}

static weir_status tick(wr_task *t, wr_trigger_state *g, ticks *k, weir_error *err) {
    const weir_cycle *c = &t->cycle;
    uint32_t from = 0;
    if (g->due == INT64_MIN) {
        g->due = after(g, c->clock[0]);
        from = 1;
    }
    while (g->due != INT64_MAX) {
        uint32_t a = weir_cycle_next_tick(c, from, g->due), seq = 0;
        if (a >= c->n_arrivals) return WEIR_OK;
        for (; g->due <= c->clock[a] && seq < MOST_AT_ONCE; g->due = after(g, g->due), seq++)
            WR_TRY(add_tick(k, &t->arena, g->due, c->clock[a], WEIR_ORIGIN(a, g->plan->rank, seq), err));
        if (g->due <= c->clock[a]) {
            wr_task_log(&t->turn, 1,
                        "trigger '%s': the clock jumped; ticks between %lld and %lld are skipped",
                        g->plan->name, (long long)g->due, (long long)c->clock[a]);
            g->due = after(g, c->clock[a]);
        }
        from = a + 1;
    }
    return WEIR_OK;
}

weir_status wr_task_trigger_fire(wr_task *t, wr_trigger_state *g, bool is_start, weir_batch *out,
                                 weir_error *err) {
    ticks k = {0};
    memset(out, 0, sizeof *out);
    if (is_start && g->plan->kind == WR_TRIGGER_START && !g->is_old)
        WR_TRY(add_tick(&k, &t->arena, t->clock, t->clock, WEIR_ORIGIN(0, g->plan->rank, 0), err));
    if (!is_start && g->plan->kind != WR_TRIGGER_START) WR_TRY(tick(t, g, &k, err));
    if (!k.n) return WEIR_OK;
    weir_column *col = wr_arena_zero(&t->arena, 1, sizeof *col);
    if (!col) return weir_fail(err, WEIR_ENOMEM, "out of memory for a trigger");
    *col = (weir_column){.type = WEIR_LONG, .data = k.due};
    *out = (weir_batch){.n_rows = k.n,
                        .n_sel = k.n,
                        .ts = k.ts,
                        .n_cols = 1,
                        .cols = col,
                        .n_chunks = k.n,
                        .origin = k.origin};
    return WEIR_OK;
}
