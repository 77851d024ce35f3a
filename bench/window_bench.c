/* window_bench.c: what a row costs in a window: nanoseconds for storing it, letting it expire and making the
 * output batch, next to a ring written by hand that gives the same rows.
 *
 *   window_bench [rows, default 10 million]
 *
 * time(10 min) over one event a millisecond with one int column, expired rows wanted (each row goes out
 * twice), and timeBatch(1 sec) over the same, current rows only. Batches of 1024 rows; sums over the output
 * check that window and ring agree. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "exec/window_op.h"
#include "registry/registry.h"

#define BATCH_ROWS 1024u

typedef struct feed { /* one batch of input, made anew for each cycle */
    int64_t ts[BATCH_ROWS];
    int32_t v[BATCH_ROWS];
    weir_column column;
    weir_batch batch;
    weir_cycle cycle;
} feed;

typedef struct sums {
    uint64_t rows, values, times, expired;
} sums;

static void next_batch(feed *f, int64_t first_ts) {
    for (uint32_t i = 0; i < BATCH_ROWS; i++) {
        f->ts[i] = first_ts + i;
        f->v[i] = (int32_t)((uint64_t)f->ts[i] * 2654435761u >> 7);
    }
    f->column = (weir_column){.type = WEIR_INT, .data = f->v};
    f->batch = (weir_batch){.n_rows = BATCH_ROWS,
                            .n_sel = BATCH_ROWS,
                            .ts = f->ts,
                            .n_cols = 1,
                            .cols = &f->column,
                            .n_chunks = BATCH_ROWS};
    f->cycle = (weir_cycle){.number = f->cycle.number + 1,
                            .n_arrivals = BATCH_ROWS,
                            .clock = f->ts,
                            .clock_before = first_ts - 1};
}

/* Reads all of the output once, as whatever comes next would. */
static void add_up(sums *s, const int32_t *v, const int64_t *ts, const uint8_t *kind, uint32_t n) {
    uint64_t values = 0, times = 0, expired = 0;
    for (uint32_t i = 0; i < n; i++) values += (uint32_t)v[i];
    for (uint32_t i = 0; i < n; i++) times += (uint64_t)ts[i];
    for (uint32_t i = 0; kind && i < n; i++) expired += kind[i] == WEIR_EXPIRED;
    s->rows += n;
    s->values += values;
    s->times += times;
    s->expired += expired;
}

/* ---- The window ---- */

static const wr_attr attrs[] = {{.name = "v", .type = WEIR_INT}};
static uint8_t need[] = {WR_NEED_CURRENT | WR_NEED_EXPIRED};

static wr_op *make_window(wr_plan_op *plan, const weir_window_type *type, weir_arg *arg, bool expired,
                          wr_account *account) {
    weir_error err;
    wr_op *op;
    need[0] = expired ? WR_NEED_CURRENT | WR_NEED_EXPIRED : WR_NEED_CURRENT;
    *plan = (wr_plan_op){.kind = WR_OP_WINDOW,
                         .in = {1, attrs},
                         .out = {1, attrs},
                         .u.window = {.type = type,
                                      .need = need,
                                      .args = {.args = arg,
                                               .n_args = 1,
                                               .n_cols = 1,
                                               .expired_wanted = expired,
                                               .expired_output = expired}}};
    if (wr_window_op_new(plan, account, &op, &err) != WEIR_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    return op;
}

static void run_window(wr_op *op, feed *f, weir_arena *arena, int64_t first_ts, uint64_t n, sums *s) {
    weir_error err;
    for (uint64_t done = 0; done < n; done += BATCH_ROWS) {
        const weir_batch *in[2] = {&f->batch, NULL};
        weir_batch out = {0};
        next_batch(f, first_ts + (int64_t)done);
        wr_turn turn = {.cycle = &f->cycle, .arena = arena, .until = UINT64_MAX};
        if (wr_op_process(op, &turn, in, &out, &err) != WEIR_OK) {
            fprintf(stderr, "%s\n", err.message);
            exit(1);
        }
        if (s && out.n_rows) add_up(s, out.cols[0].data, out.ts, out.kind, out.n_rows);
        wr_arena_reset(arena);
    }
}

/* ---- The ring ---- */

typedef struct ring {
    int64_t *ts;
    int32_t *v;
    uint64_t mask, head, tail;
    int64_t next_emit;
    /* output */
    int64_t *out_ts;
    int32_t *out_v;
    uint8_t *out_kind;
} ring;

static void slide(ring *r, const feed *f, int64_t span, sums *s) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < BATCH_ROWS; i++) {
        int64_t now = f->ts[i];
        for (; r->head < r->tail && r->ts[r->head & r->mask] + span <= now; r->head++, n++) {
            r->out_ts[n] = now;
            r->out_v[n] = r->v[r->head & r->mask];
            r->out_kind[n] = WEIR_EXPIRED;
        }
        r->ts[r->tail & r->mask] = now;
        r->v[r->tail++ & r->mask] = f->v[i];
        r->out_ts[n] = now;
        r->out_v[n] = f->v[i];
        r->out_kind[n++] = WEIR_CURRENT;
    }
    if (s) add_up(s, r->out_v, r->out_ts, r->out_kind, n);
}

static void gather(ring *r, const feed *f, int64_t period, sums *s) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < BATCH_ROWS; i++) {
        if (!r->next_emit) r->next_emit = f->ts[i] + period;
        for (; f->ts[i] >= r->next_emit; r->next_emit += period)
            for (; r->head < r->tail; r->head++, n++) {
                r->out_ts[n] = r->ts[r->head & r->mask];
                r->out_v[n] = r->v[r->head & r->mask];
            }
        r->ts[r->tail & r->mask] = f->ts[i];
        r->v[r->tail++ & r->mask] = f->v[i];
    }
    if (s) add_up(s, r->out_v, r->out_ts, NULL, n);
}

static void run_ring(ring *r, feed *f, bool slides, int64_t first_ts, uint64_t n, int64_t span, sums *s) {
    for (uint64_t done = 0; done < n; done += BATCH_ROWS) {
        next_batch(f, first_ts + (int64_t)done);
        if (slides)
            slide(r, f, span, s);
        else
            gather(r, f, span, s);
    }
}

static ring new_ring(void) {
    uint64_t cap = (uint64_t)1 << 20, out = (uint64_t)1 << 14;
    ring r = {.mask = cap - 1,
              .ts = malloc(cap * sizeof(int64_t)),
              .v = malloc(cap * sizeof(int32_t)),
              .out_ts = malloc(out * sizeof(int64_t)),
              .out_v = malloc(out * sizeof(int32_t)),
              .out_kind = malloc(out)};
    return r;
}

static void free_ring(ring *r) {
    free(r->ts);
    free(r->v);
    free(r->out_ts);
    free(r->out_v);
    free(r->out_kind);
}

/* ---- Both ---- */

static bool compare(const char *name, const weir_window_type *type, int64_t span, bool slides, uint64_t n) {
    static feed f;
    const int64_t start = 1000000, warm = (span / BATCH_ROWS + 2) * BATCH_ROWS;
    weir_arg arg = {
        .type = WEIR_LONG, .is_const = true, .is_time = true, .value = {.type = WEIR_LONG, .as.l = span}};
    wr_account account = {0};
    weir_arena arena;
    wr_plan_op plan;
    sums a = {0}, b = {0};
    wr_arena_init(&arena, NULL);
    wr_op *op = make_window(&plan, type, &arg, slides, &account);
    run_window(op, &f, &arena, start, (uint64_t)warm, NULL);
    double t = thread_seconds();
    run_window(op, &f, &arena, start + warm, n, &a);
    double window_ns = (thread_seconds() - t) * 1e9 / (double)n;
    double bytes = (double)account.used_bytes / (double)op->type->rows(op);
    wr_op_free(op);
    wr_arena_fini(&arena);

    ring r = new_ring();
    run_ring(&r, &f, slides, start, (uint64_t)warm, span, NULL);
    t = thread_seconds();
    run_ring(&r, &f, slides, start + warm, n, span, &b);
    double ring_ns = (thread_seconds() - t) * 1e9 / (double)n;
    free_ring(&r);

    bool agree = memcmp(&a, &b, sizeof a) == 0;
    printf("%-18s %6.2f ns/row   by hand %6.2f ns/row   %5.2f x   %5.1f bytes a row held   %s\n", name,
           window_ns, ring_ns, window_ns / ring_ns, bytes, agree ? "same rows" : "ROWS DIFFER");
    return agree;
}

int main(int argc, char **argv) {
    uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
    const weir_window_type *time = NULL, *time_batch = NULL;
    n = (n + BATCH_ROWS - 1) / BATCH_ROWS * BATCH_ROWS;
    for (const weir_window_type *const *t = wr_window_table; *t; t++) {
        if (*(*t)->ns) continue; /* unique:timeBatch is another window */
        if (strcmp((*t)->name, "time") == 0) time = *t;
        if (strcmp((*t)->name, "timeBatch") == 0) time_batch = *t;
    }
    bool ok = time && compare("time(10 min)", time, 600000, true, n);
    ok = time_batch && compare("timeBatch(1 sec)", time_batch, 1000, false, n) && ok;
    return !ok;
}
