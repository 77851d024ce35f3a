/* crew.c: see crew.h.
 *
 * One lock guards the line of nodes that are ready. Nodes are often small, so a thread takes several at a
 * time: as many as leave the others their share. */
#include "runtime/crew.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/alloc.h"

#define LOOKS_OUT  4000u /* times that a thread without work looks before it sleeps: some 10 us */
#define MOST_TAKEN 64u

typedef struct worker {
    wr_crew *crew;
    uint32_t lane;
    pthread_t thread;
} worker;

struct wr_crew {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    worker *workers;
    uint32_t n_threads, n_started;
    /* Of the run at hand. */
    const wr_graph *graph;
    wr_crew_work work;
    void *ctx;
    uint32_t *waits; /* what is left of graph->waits */
    uint32_t *ready; /* nodes, in the order in which they became ready */
    uint32_t taken;  /* of ready */
    uint32_t n_done, n_asleep;
    uint32_t n_ready;
    _Atomic uint32_t news; /* counts up when there is something to look at */
    bool ends;
};

static void tell(wr_crew *c) {
    atomic_fetch_add_explicit(&c->news, 1, memory_order_release);
    if (c->n_asleep) pthread_cond_broadcast(&c->wake);
}

/* With the lock. Takes it again after having looked out, or slept. */
static void wait_for_news(wr_crew *c) {
    uint32_t seen = atomic_load_explicit(&c->news, memory_order_relaxed);
    pthread_mutex_unlock(&c->lock);
    for (uint32_t i = 0; i < LOOKS_OUT && atomic_load_explicit(&c->news, memory_order_acquire) == seen; i++)
        WR_PAUSE();
    pthread_mutex_lock(&c->lock);
    while (atomic_load_explicit(&c->news, memory_order_relaxed) == seen) {
        c->n_asleep++;
        pthread_cond_wait(&c->wake, &c->lock);
        c->n_asleep--;
    }
}

static bool is_over(const wr_crew *c) { return !c->graph || c->n_done == c->graph->n_nodes; }

static void release(wr_crew *c, uint32_t node) {
    const wr_graph *g = c->graph;
    for (uint32_t i = g->first[node]; i < g->first[node + 1]; i++)
        if (--c->waits[g->followers[i]] == 0) c->ready[c->n_ready++] = g->followers[i];
    c->n_done++;
}

/* With the lock. Works until all nodes are done. */
static void work_along(wr_crew *c, uint32_t lane) {
    uint32_t nodes[MOST_TAKEN];
    while (!is_over(c)) {
        uint32_t left = c->n_ready - c->taken;
        if (!left) {
            wait_for_news(c);
            continue;
        }
        uint32_t n = WR_MIN(WR_MAX(left / (2 * c->n_threads), 1), MOST_TAKEN);
        for (uint32_t i = 0; i < n; i++) nodes[i] = c->ready[c->taken++];
        wr_crew_work work = c->work;
        void *ctx = c->ctx;
        pthread_mutex_unlock(&c->lock);
        for (uint32_t i = 0; i < n; i++) work(ctx, nodes[i], lane);
        pthread_mutex_lock(&c->lock);
        uint32_t before = c->n_ready;
        for (uint32_t i = 0; i < n; i++) release(c, nodes[i]);
        if (c->n_ready > before + (c->taken == before) || is_over(c)) tell(c);
    }
}

static void *run_worker(void *arg) {
    worker *w = arg;
    wr_crew *c = w->crew;
    pthread_mutex_lock(&c->lock);
    while (!c->ends) {
        if (is_over(c))
            wait_for_news(c);
        else
            work_along(c, w->lane);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static weir_status start_threads(wr_crew *c, weir_error *err) {
    sigset_t all, before;
    sigfillset(&all); /* signals are the program's business */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = 0;
    for (uint32_t i = 0; i + 1 < c->n_threads && !failed; i++) {
        c->workers[i] = (worker){.crew = c, .lane = i + 1};
        failed = pthread_create(&c->workers[i].thread, NULL, run_worker, &c->workers[i]);
        if (!failed) c->n_started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed ? weir_fail(err, WEIR_EIO, "can't start a thread (%u of %u)", c->n_started + 1,
                              c->n_threads - 1)
                  : WEIR_OK;
}

weir_status wr_crew_new(uint32_t n_threads, uint32_t most_nodes, wr_crew **out, weir_error *err) {
    wr_crew *c = wr_alloc_zero(NULL, sizeof *c);
    *out = NULL;
    if (!c) return weir_fail(err, WEIR_ENOMEM, "out of memory for threads");
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->wake, NULL);
    c->n_threads = n_threads;
    c->workers = wr_alloc_zero(NULL, n_threads * sizeof *c->workers);
    c->waits = wr_alloc_zero(NULL, (most_nodes + 1) * sizeof *c->waits);
    c->ready = wr_alloc_zero(NULL, (most_nodes + 1) * sizeof *c->ready);
    weir_status st = c->workers && c->waits && c->ready
                         ? start_threads(c, err)
                         : weir_fail(err, WEIR_ENOMEM, "out of memory for threads");
    if (st != WEIR_OK) {
        wr_crew_free(c);
        return st;
    }
    *out = c;
    return WEIR_OK;
}

void wr_crew_free(wr_crew *c) {
    if (!c) return;
    pthread_mutex_lock(&c->lock);
    c->ends = true;
    tell(c);
    pthread_mutex_unlock(&c->lock);
    for (uint32_t i = 0; i < c->n_started; i++) pthread_join(c->workers[i].thread, NULL);
    pthread_cond_destroy(&c->wake);
    pthread_mutex_destroy(&c->lock);
    wr_free(NULL, c->workers, 0);
    wr_free(NULL, c->waits, 0);
    wr_free(NULL, c->ready, 0);
    wr_free(NULL, c, sizeof *c);
}

void wr_crew_run(wr_crew *c, const wr_graph *g, wr_crew_work work, void *ctx) {
    pthread_mutex_lock(&c->lock);
    c->graph = g;
    c->work = work;
    c->ctx = ctx;
    c->taken = c->n_done = c->n_ready = 0;
    for (uint32_t i = 0; i < g->n_nodes; i++) {
        c->waits[i] = g->waits[i];
        if (!c->waits[i]) c->ready[c->n_ready++] = i;
    }
    tell(c);
    work_along(c, 0);
    c->graph = NULL;
    pthread_mutex_unlock(&c->lock);
}
