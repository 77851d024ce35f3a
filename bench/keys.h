/* keys.h: constructs in a partition, for the program that measures what a key of each costs (keys_bench.c)
 * and the test that holds them to it (tests/unit/api/keys_test.c). */
#ifndef WEIR_BENCH_KEYS_H
#define WEIR_BENCH_KEYS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define KEY_APP_BYTES 1000

typedef struct key_construct {
    const char *name, *query; /* over S and T(ts long, k long, v double) */
    uint32_t
        values; /* numbers that it must hold for a key after two rows: times, columns that are read later */
} key_construct;

static const key_construct key_constructs[] = {
    {"filter, select", "from S[v > 0.5] select k, v insert into Out;", 0},
    {"sum", "from S select k, sum(v) as x insert into Out;", 1},
    {"distinctCount", "from S select k, distinctCount(v) as x insert into Out;", 2},
    {"group by, having", "from S select k, sum(v) as x group by k having x > 1.0 insert into Out;", 2},
    {"order by, limit", "from S#window.lengthBatch(2) select k, v order by v limit 1 insert into Out;", 6},
    {"length(5)", "from S#window.length(5) select k, sum(v) as x insert into Out;", 4},
    {"time(1 hour)", "from S#window.time(1 hour) select k, sum(v) as x insert into Out;", 4},
    {"timeLength", "from S#window.timeLength(1 hour, 5) select k, sum(v) as x insert into Out;", 4},
    {"lengthBatch(5)", "from S#window.lengthBatch(5) select k, sum(v) as x insert into Out;", 4},
    {"timeBatch", "from S#window.timeBatch(1 hour) select k, sum(v) as x insert into Out;", 0},
    {"externalTime", "from S#window.externalTime(ts, 1 hour) select k, sum(v) as x insert into Out;", 4},
    {"externalTimeBatch",
     "from S#window.externalTimeBatch(ts, 1 hour) select k, sum(v) as x insert into Out;", 4},
    {"session", "from S#window.session(1 hour) select k, v insert all events into Out;", 6},
    {"sort", "from S#window.sort(3, v) select k, v insert all events into Out;", 6},
    {"delay", "from S#window.delay(1 hour) select k, v insert into Out;", 6},
    {"frequent", "from S#window.frequent(2) select k, v insert into Out;", 8},
    {"expression", "from S#window.expression('count() <= 5') select k, sum(v) as x insert into Out;", 4},
    {"unique:length", "from S#window.unique:length(v, 3) select k, sum(v) as x insert into Out;", 4},
    {"inner stream",
     "from S select k, sum(v) as v insert into #I;"
     "from #I#window.length(3) select k, avg(v) as x insert into Out;",
     5},
    {"write to a table", "from S select k, v update or insert into Held set Held.v = v on Held.k == k;", 4},
    {"join with a table", "from S join Held on Held.k == S.k select S.k as k, Held.v as v insert into Out;",
     0},
    {"join of windows",
     "from S#window.length(2) join T#window.length(2) on S.v > T.v "
     "select S.k as k, T.v as v insert into Out;",
     14},
    {"pattern a -> b", "from every a=S -> b=T[v > a.v] select a.k as k, b.v as v insert into Out;", 4},
    {"pattern, one stream", "from every a=S -> b=S[v > a.v] select a.k as k, b.v as v insert into Out;", 4},
    {"pattern, within",
     "from every a=S -> b=T[v > a.v] within 1 hour select a.k as k, b.v as v insert into Out;", 4},
    {"pattern, count", "from every a=S<2:5> -> b=T select a[0].k as k, b.v as v insert into Out;", 4},
    {"pattern, not for", "from every a=S -> not T for 1 hour select a.k as k insert into Out;", 4},
    {"sequence a, b", "from every a=S, b=S[v > a.v] select a.k as k, b.v as v insert into Out;", 4},
    {"output every 3 events", "from S select k, v output last every 3 events insert into Out;", 4},
    {"output all, by time", "from S select k, v output all every 1 hour insert into Out;", 6},
    {"output first, by time", "from S select k, v output first every 1 hour insert into Out;", 2},
    {"output snapshot", "from S select k, sum(v) as x output snapshot every 1 hour insert into Out;", 6},
};

static inline bool key_reads_t(const key_construct *c) {
    return strstr(c->query, "T[") || strstr(c->query, "T#") || strstr(c->query, "T ");
}

static inline void key_app_text(const key_construct *c, char text[KEY_APP_BYTES]) {
    snprintf(text, KEY_APP_BYTES,
             "@app:playback define stream S (ts long, k long, v double);"
             "define stream T (ts long, k long, v double);"
             "@PrimaryKey('k') define table Held (k long, v double);"
             "partition with (k of S%s) begin %s end;",
             key_reads_t(c) ? ", k of T" : "", c->query);
}

#endif
