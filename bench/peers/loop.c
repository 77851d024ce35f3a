/* loop.c: each workload as the smallest single-threaded C loop that still does the work.
 *
 *   loop w1|w2|w3|w4|w5 EVENTS time|check PASSES
 *
 * It reads columns, keeps the state the query needs, writes the output rows as columns into a batch that is
 * used again and again, and counts them; in mode `check` it also sums them up (wind.h). No parsing, no
 * scheduling, no generality, no late events: how fast this machine can possibly be, in practice. */
#include <string.h>

#include "../wind.h"

enum { BATCH = 4096, CAPACITY = 2 * BATCH };
static const int64_t TEN_MINUTES = 600000, TEN_SECONDS = 10000;

/* The batch of output rows. Handing it on is counting it and starting over. */
typedef struct rows {
    int64_t time[CAPACITY];
    int32_t station[CAPACITY];
    int64_t count[CAPACITY];
    double a[CAPACITY], b[CAPACITY];
    int fill;
    int64_t n;
    wind_sum *sum; /* NULL: count only */
} rows;

static void rows_flush(rows *out) {
    if (out->sum)
        for (int i = 0; i < out->fill; i++)
            wind_sum_row(out->sum, out->time[i], out->station[i], out->count[i], out->a[i], out->b[i]);
    out->n += out->fill;
    out->fill = 0;
    __asm__ volatile("" ::"r"(out) : "memory"); /* somebody reads the rows: they must have been written */
}

/* At least BATCH free rows from here on. */
static inline void rows_room(rows *out) {
    if (__builtin_expect(out->fill >= BATCH, 0)) rows_flush(out);
}

static void filter(const wind_events *in, rows *out) {
    for (int64_t begin = 0; begin < in->n; begin += BATCH) {
        int64_t end = begin + BATCH < in->n ? begin + BATCH : in->n;
        int fill = out->fill;
        for (int64_t i = begin; i < end; i++) {
            out->time[fill] = in->ts[i];
            out->station[fill] = in->station[i];
            out->a[fill] = in->speed[i];
            fill += in->speed[i] > 50;
        }
        out->fill = fill;
        rows_room(out);
    }
}

typedef struct tumbling {
    int64_t count;
    double sum, max;
} tumbling;

static void tumbling_close(tumbling *acc, int64_t second, rows *out) {
    for (int s = 0; s < WIND_STATIONS; s++) {
        if (!acc[s].count) continue;
        out->time[out->fill] = second;
        out->station[out->fill] = s;
        out->a[out->fill] = acc[s].sum / (double)acc[s].count;
        out->b[out->fill] = acc[s].max;
        out->count[out->fill++] = acc[s].count;
        rows_room(out);
        acc[s] = (tumbling){.max = -1e300};
    }
}

static void tumble(const wind_events *in, rows *out) {
    static tumbling acc[WIND_STATIONS];
    int64_t second = 0, end = WIND_BASE + 1000;
    for (int s = 0; s < WIND_STATIONS; s++) acc[s] = (tumbling){.max = -1e300};
    for (int64_t i = 0; i < in->n; i++) {
        if (in->ts[i] >= end) {
            tumbling_close(acc, second++, out);
            end += 1000;
        }
        tumbling *t = &acc[in->station[i]];
        t->count++;
        t->sum += in->speed[i];
        if (in->speed[i] > t->max) t->max = in->speed[i];
    }
    tumbling_close(acc, second, out);
}

static void slide(const wind_events *in, rows *out) {
    enum { RING = 1 << 20 }; /* more than ten minutes hold at one event per ms */
    static int64_t ring_ts[RING];
    static int32_t ring_station[RING];
    int32_t count[WIND_STATIONS] = {0};
    int64_t head = 0, tail = 0;
    for (int64_t i = 0; i < in->n; i++) {
        while (tail < head && ring_ts[tail & (RING - 1)] <= in->ts[i] - TEN_MINUTES)
            count[ring_station[tail++ & (RING - 1)]]--;
        int32_t s = in->station[i];
        ring_ts[head & (RING - 1)] = in->ts[i];
        ring_station[head++ & (RING - 1)] = s;
        if (++count[s] > WIND_LIMIT) {
            out->time[out->fill] = in->ts[i];
            out->station[out->fill] = s;
            out->count[out->fill++] = count[s];
            rows_room(out);
        }
    }
}

/* The rows of one station in one side's window. */
typedef struct held {
    int64_t ts[64];
    double speed[64];
    uint32_t head, tail;
} held;

static void held_expire(held *h, int64_t now) {
    while (h->tail != h->head && h->ts[h->tail % 64] <= now - TEN_SECONDS) h->tail++;
}

/* Even milliseconds are one side, odd ones the other. */
static void join(const wind_events *in, rows *out) {
    static held sides[2][WIND_STATIONS];
    memset(sides, 0, sizeof sides);
    for (int64_t i = 0; i < in->n; i++) {
        int32_t s = in->station[i];
        int64_t now = in->ts[i];
        int own = (int)(now & 1);
        held *mine = &sides[own][s], *other = &sides[!own][s];
        held_expire(other, now);
        for (uint32_t k = other->tail; k != other->head; k++) {
            out->time[out->fill] = now;
            out->station[out->fill] = s;
            out->a[out->fill] = own ? other->speed[k % 64] : in->speed[i];
            out->b[out->fill++] = own ? in->speed[i] : other->speed[k % 64];
            rows_room(out);
        }
        held_expire(mine, now);
        if (mine->head - mine->tail == 64) abort();
        mine->ts[mine->head % 64] = now;
        mine->speed[mine->head++ % 64] = in->speed[i];
    }
}

/* b is faster than a, and a than 50, so slower events are nothing to look at. */
static void follow(const wind_events *in, rows *out) {
    enum { OPEN = 64 }; /* more than a station has within five seconds */
    static struct {
        int64_t ts[OPEN];
        double speed[OPEN];
        int n;
    } open[WIND_STATIONS];
    memset(open, 0, sizeof open);
    for (int64_t i = 0; i < in->n; i++) {
        if (!(in->speed[i] > 50)) continue;
        int32_t s = in->station[i];
        int kept = 0;
        for (int k = 0; k < open[s].n; k++) {
            if (in->ts[i] - open[s].ts[k] > 5000) continue;
            if (in->speed[i] > open[s].speed[k]) {
                out->time[out->fill] = open[s].ts[k];
                out->station[out->fill] = s;
                out->a[out->fill] = open[s].speed[k];
                out->b[out->fill++] = in->speed[i];
                rows_room(out);
                continue;
            }
            open[s].ts[kept] = open[s].ts[k];
            open[s].speed[kept++] = open[s].speed[k];
        }
        if (kept == OPEN) abort();
        open[s].ts[kept] = in->ts[i];
        open[s].speed[kept] = in->speed[i];
        open[s].n = kept + 1;
    }
}

static const struct {
    const char *name;
    void (*run)(const wind_events *in, rows *out);
} workloads[] = {{"w1", filter}, {"w2", tumble}, {"w3", slide}, {"w4", join}, {"w5", follow}};

static void pass(int workload, const wind_events *in, bool check) {
    wind_sum sum = {0, 0};
    static rows out;
    memset(&out, 0, sizeof out);
    out.sum = check ? &sum : NULL;
    double begin = wind_seconds();
    workloads[workload].run(in, &out);
    rows_flush(&out);
    double seconds = wind_seconds() - begin;
    wind_report("loop", workloads[workload].name, in->n, seconds, out.n, out.sum, 0);
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: loop w1|w2|w3|w4|w5 EVENTS time|check PASSES\n");
        return 2;
    }
    int workload = 0, n_workloads = (int)(sizeof workloads / sizeof *workloads);
    while (workload < n_workloads && strcmp(workloads[workload].name, argv[1]) != 0) workload++;
    long long n = strtoll(argv[2], NULL, 10), passes = strtoll(argv[4], NULL, 10);
    if (workload == n_workloads || n < 1) return 2;
    wind_events in = wind_make(n);
    for (long long i = 0; i < passes; i++) pass(workload, &in, strcmp(argv[3], "check") == 0);
    return 0;
}
