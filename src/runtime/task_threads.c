/* task_threads.c: a batched cycle on several threads.
 *
 * The steps are those of task_batched.c; plan/overlap.h says which of them may run at the same time, so each
 * finds what it would have found one after the other, and the answers are the same bits. Every thread has an
 * arena of its own for the cycle. Log lines are kept until the cycle is over, so that the log function is
 * called on the app's thread and in the order of the steps: those that may write one never overlap. */
#include "plan/overlap.h"
#include "runtime/crew.h"
#include "runtime/task_internal.h"

#include <pthread.h>

/* A cycle with fewer rows is not worth waking anybody. */
#define FEWEST_ROWS 128u

typedef struct lane {
    weir_arena arena;
    wr_turn turn;
    weir_status status; /* of the first step that failed here in this cycle */
    weir_error err;
} lane;

typedef struct kept_line {
    struct kept_line *next;
    int level;
    const char *text;
} kept_line;

struct wr_threads {
    wr_task *task;
    wr_crew *crew;
    wr_overlap overlap;
    lane *lanes; /* of lane 0 the arena is the task's */
    uint32_t n;
    uint32_t fewest_rows;
    pthread_mutex_t lock; /* of the parts of streams */
    kept_line *lines, **end_of_lines;
};

static weir_status no_memory(weir_error *err) {
    return weir_fail(err, WEIR_ENOMEM, "out of memory for threads");
}

/* ---- Making ---- */

static void keep_line(void *ctx, int level, const char *text) {
    lane *l = ctx;
    wr_threads *x = l->turn.threads;
    kept_line *line = weir_arena_alloc(l->turn.arena, sizeof *line);
    const char *copy = line ? wr_arena_strndup(l->turn.arena, text, strlen(text)) : NULL;
    if (!copy) return;
    *line = (kept_line){NULL, level, copy};
    *x->end_of_lines = line;
    x->end_of_lines = &line->next;
}

static weir_status make_lanes(wr_threads *x, weir_error *err) {
    x->lanes = wr_alloc_zero(NULL, x->n * sizeof *x->lanes);
    if (!x->lanes) return no_memory(err);
    for (uint32_t i = 0; i < x->n; i++) wr_arena_init(&x->lanes[i].arena, &x->task->account);
    return wr_overlap_init(&x->overlap, x->task->plan, err);
}

weir_status wr_threads_new(wr_task *t, uint32_t n, bool always, weir_error *err) {
    wr_threads *x = wr_alloc_zero(NULL, sizeof *x);
    if (!x) return no_memory(err);
    *x = (wr_threads){.task = t, .n = n, .fewest_rows = always ? 0 : FEWEST_ROWS};
    pthread_mutex_init(&x->lock, NULL);
    t->threads = x;
    for (wr_account *a = &t->account; a; a = a->parent) a->is_shared = true;
    WR_TRY(make_lanes(x, err));
    return wr_crew_new(n, x->overlap.n_nodes, &x->crew, err);
}

void wr_threads_free(wr_threads *x) {
    if (!x) return;
    wr_crew_free(x->crew);
    for (uint32_t i = 0; x->lanes && i < x->n; i++) wr_arena_fini(&x->lanes[i].arena);
    wr_overlap_fini(&x->overlap);
    pthread_mutex_destroy(&x->lock);
    wr_free(NULL, x->lanes, 0);
    wr_free(NULL, x, sizeof *x);
}

/* ---- A cycle ---- */

static weir_status run_node(wr_threads *x, lane *l, uint32_t node) {
    wr_task *t = x->task;
    uint32_t n_steps = t->plan->n_queries + t->plan->n_partitions;
    if (node >= n_steps) return wr_task_stream_ready(t, &l->turn, node - n_steps, &l->err);
    WR_TRY(wr_task_run_step(t, &l->turn, node, &l->err));
    if (!l->turn.has_failed || x->overlap.can_fail[node]) return WEIR_OK;
    return weir_fail(&l->err, WEIR_ESTATE, "a row failed in a query whose rows can't fail");
}

static void work(void *ctx, uint32_t node, uint32_t number) {
    wr_threads *x = ctx;
    lane *l = &x->lanes[number];
    if (l->status != WEIR_OK) return; /* the task is lost */
    l->turn.has_failed = false;
    l->status = run_node(x, l, node);
}

static void begin(wr_threads *x) {
    wr_task *t = x->task;
    x->lines = NULL;
    x->end_of_lines = &x->lines;
    for (uint32_t i = 0; i < x->n; i++) {
        lane *l = &x->lanes[i];
        l->turn = t->turn;
        if (i) {
            wr_arena_reset(&l->arena);
            l->turn.arena = &l->arena;
        }
        l->turn.threads = x;
        l->turn.log = t->log ? keep_line : NULL;
        l->turn.log_ctx = l;
        l->status = WEIR_OK;
    }
}

static weir_status end(wr_threads *x, weir_error *err) {
    for (kept_line *line = x->lines; line; line = line->next)
        x->task->log(x->task->log_ctx, line->level, line->text);
    for (uint32_t i = 0; i < x->n; i++) {
        if (x->lanes[i].status == WEIR_OK) continue;
        if (err) *err = x->lanes[i].err;
        return x->lanes[i].status;
    }
    return WEIR_OK;
}

bool wr_threads_apply(const wr_threads *x, uint32_t n_rows) { return x && n_rows >= x->fewest_rows; }

weir_status wr_threads_run(wr_threads *x, weir_error *err) {
    wr_graph graph = {x->overlap.n_nodes, x->overlap.waits, x->overlap.first, x->overlap.followers};
    begin(x);
    wr_crew_run(x->crew, &graph, work, x);
    return end(x, err);
}

void wr_threads_lock(wr_threads *x) {
    if (x) pthread_mutex_lock(&x->lock);
}

void wr_threads_unlock(wr_threads *x) {
    if (x) pthread_mutex_unlock(&x->lock);
}
