/* hostile_state.h: saved states of apps with every kind of stateful operator, changed and loaded.
 *
 * A change puts bytes at some place of one part of the state; the sections around it get right checksums, so
 * that only the part's own loading stands between the bytes and the operator. Whatever they are, loading ends
 * in an error that says something, or in an app that goes on. */
#ifndef WR_HOSTILE_STATE_H
#define WR_HOSTILE_STATE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "api/internal.h"
#include "state/encoding.h"
#include "state/writer.h"

#define STREAMS "@app:playback define stream S (k int, name string, v double, l long); "

/* What follows the streams; of a text with %s one app is made with each of the windows. */
static const char *const hostile_windows[] = {
    "window.length(4)",
    "window.lengthBatch(4)",
    "window.lengthBatch(4, true)",
    "window.lengthBatch(0)",
    "window.time(7 sec)",
    "window.timeBatch(7 sec)",
    "window.timeBatch(7 sec, true)",
    "window.timeLength(7 sec, 3)",
    "window.delay(5 sec)",
    "window.batch()",
    "window.cron('*/7 * * * * ?')",
    "window.externalTime(l, 7 sec)",
    "window.externalTimeBatch(l, 7 sec, 0, 3 sec)",
    "window.expression('count() <= 4')",
    "window.expressionBatch('count() <= 4')",
    "window.sort(4, v)",
    "window.frequent(3, name)",
    "window.lossyFrequent(0.1, 0.05, name)",
    "window.session(3 sec, name)",
    "window.session(3 sec, name, 1 sec)",
    "window.unique:ever(name)",
    "window.unique:first(name)",
    "window.unique:length(name, 4)",
    "window.unique:lengthBatch(name, 3)",
    "window.unique:time(name, 7 sec)",
    "window.unique:timeBatch(name, 7 sec)",
    "window.unique:timeLengthBatch(name, 7 sec, 3)",
    "window.unique:externalTimeBatch(name, l, 7 sec, 0, 3 sec)",
    "window.weir:hopping(l, 7 sec, 2 sec)",
    "window.weir:tumbling(l, 7 sec)",
};
static const char *const hostile_queries[] = {
    "from S#%s select name, sum(v) as s, max(v) as m, count() as c group by name insert all events into A;",
    "partition with (name of S) begin from S#%s select k, name, sum(v) as s insert all events into A; end;",
    "define stream R (k int, name string); from S select k + 1 as k, name insert into R; "
    "from S#%s as a join R#window.length(3) as b on a.name == b.name select a.k as x, b.k as y insert all "
    "events into A;",
};
static const char *const hostile_apps[] = {
    "from S#reorder:kslack(l, 5 sec) select k, name, l insert into A;",
    "from S#reorder:akslack(l, v, 20L) select k, name, l insert into A;",
    "from S#unique:deduplicate(name, 9 sec) select k, name insert into A;",
    "define table T (k int, name string, v double); from S select k, name, v insert into T; "
    "from S delete T on T.k == k - 9;",
    "@PrimaryKey('k') @Index('name') @Index('v') define table T (k int, name string, v double); "
    "from S select k, name, v update or insert into T on T.k == k;",
    "define window W (k int, name string) time(7 sec) output all events; from S select k, name insert into "
    "W; "
    "from W select name, count() as c group by name insert all events into A;",
    "define trigger G at every 3 sec; from G select triggered_time as t insert into A;",
    "from every e1=S -> e2=S[k == e1.k and v > e1.v] within 9 sec select e1.name as a, e2.name as b insert "
    "into A;",
    "from every e1=S -> e2=S[name == e1.name] -> e3=S[v > e2.v] select e1.name as a, e3.name as b insert "
    "into A;",
    "from every e1=S[k > 1]<2:4> -> e2=S[name != e1[0].name] select e1[1].name as a, e2.k as b insert into "
    "A;",
    "from every e1=S -> not S[k == 3] for 3 sec select e1.name as a insert into A;",
    "from every (e1=S[k == 1] and e2=S[k == 2]) -> e3=S[k == 4] within 9 sec select e1.name as a, e3.k as b "
    "insert into A;",
    "from every e1=S[k > 1] or e2=S[v > 3.0] select e1.name as a, e2.k as b insert into A;",
    "from every e1=S, e2=S[v > e1.v]+, e3=S[k == 0] select e1.name as a, e2[last].v as b insert into A;",
    "from every e1=S?, e2=S[k == 3]* , e3=S[k > 4] select e1.name as a, e3.v as b insert into A;",
    "partition with (name of S) begin from every e1=S -> e2=S[v > e1.v] select e1.k as a, e2.k as b insert "
    "into A; end;",
    "partition with (name of S) begin from every e1=S, e2=S[v > e1.v]+ select e1.k as a, e2[0].k as b insert "
    "into A; end;",
    "@purge(enable='true', interval='2 sec', idle.period='5 sec') partition with (k of S) begin "
    "from S select k, sum(v) as s, distinctCount(name) as d insert into #I; "
    "from #I#window.length(2) select k, s insert into A; end;",
    "partition with (k < 3 as 'low' or k >= 3 as 'high' of S) begin from S#window.length(3) as a join "
    "S#window.time(4 sec) as b on a.k == b.k select a.k as x, b.v as y insert into A; end;",
    "from S#window.length(3) as a left outer join S#window.unique:ever(name) as b on a.k == b.k and a.v < "
    "b.v "
    "select a.k as x, b.v as y insert all events into A;",
    "from S#window.length(3) as a full outer join S#window.lengthBatch(3) as b on a.name == b.name "
    "select a.k as x, b.v as y insert all events into A;",
    "from S#window.length(5) select name, sum(v) as s, avg(v) as a, min(v) as mi, max(k) as ma, stdDev(v) as "
    "sd, "
    "distinctCount(k) as d, count() as c group by name insert all events into A;",
    "from S#window.length(5) select name, maxForever(v) as mf, minForever(k) as nf, and(v > 2.0) as x, "
    "or(v > 2.0) as y, unionSet(createSet(name)) as u, math:percentile(v, 50.0) as p, "
    "str:groupConcat(name) as g, list:collect(k) as li group by name insert all events into A;",
    "from S select name, sum(v) as s, distinctCount(k) as d group by name having s > 3.0 order by s limit 3 "
    "insert into A;",
    "from S#window.lengthBatch(4) select name, sum(v) as s group by name order by s desc limit 2 insert into "
    "A;",
    "from S select k, name output every 3 events insert into A;",
    "from S select name, sum(v) as s group by name output last every 3 sec insert into A;",
    "from S select name, sum(v) as s group by name output first every 4 events insert into A;",
    "from S#window.length(3) select name, v output snapshot every 3 sec insert into A;",
    "from S#window.length(3) select name, sum(v) as s group by name output snapshot every 3 sec insert all "
    "events into A;",
    "from S[count() > 3] select k insert into A;",
    "define aggregation Z from S select name, sum(v) as s, avg(v) as a, max(k) as m, distinctCount(k) as d, "
    "count() as c "
    "group by name aggregate by l every sec ... hour;",
    "define aggregation Z from S select name, sum(v) as s, avg(v) as a group by name "
    "aggregate every sec, min;",
};

#define HOSTILE_N(a)     ((uint32_t)(sizeof(a) / sizeof(a)[0]))
#define HOSTILE_WINDOWED (HOSTILE_N(hostile_windows) * HOSTILE_N(hostile_queries))
#define HOSTILE_APPS     (HOSTILE_WINDOWED + HOSTILE_N(hostile_apps))

/* One app with the state that is changed. */
typedef struct hostile {
    weir_app *app;
    weir_writer base;
} hostile;

static inline void hostile_must(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static inline void hostile_feed(weir_app *app, int from, int n, int64_t clock) {
    static const char *const names[] = {"a", "b", "a name that is held outside", "",
                                        "another that is not inline"};
    for (int i = from; i < from + n; i++) {
        weir_error err = {0};
        const char *name = names[i % 5];
        weir_value row[] = {{.type = WEIR_INT, .as.i = i * 5 % 7},
                            {.type = WEIR_STRING, .as.s = weir_string_view(name, (uint32_t)strlen(name))},
                            {.type = WEIR_DOUBLE, .is_null = i % 11 == 10, .as.d = i * 7 % 13 / 2.0},
                            {.type = WEIR_LONG, .as.l = clock + i * 700 - i % 3 * 1500}};
        hostile_must(weir_send(app, weir_find_stream(app, "S"), clock + i * 700, row, 4, &err) == WEIR_OK ||
                         err.message[0],
                     "an error without a message");
    }
}

static inline void hostile_text(uint32_t which, char *text, size_t size) {
    size_t n = (size_t)snprintf(text, size, "%s", STREAMS);
    if (which >= HOSTILE_WINDOWED) {
        snprintf(text + n, size - n, "%s", hostile_apps[which - HOSTILE_WINDOWED]);
        return;
    }
    const char *query = hostile_queries[which % HOSTILE_N(hostile_queries)], *at = strstr(query, "%s");
    snprintf(text + n, size - n, "%.*s%s%s", (int)(at - query), query,
             hostile_windows[which / HOSTILE_N(hostile_queries)], at + 2);
}

static inline void hostile_make(hostile *h, weir_engine *engine, uint32_t which) {
    char text[2000];
    weir_error err;
    hostile_text(which, text, sizeof text);
    *h = (hostile){0};
    hostile_must(weir_app_new(engine, text, strlen(text), NULL, &h->app, NULL, &err) == WEIR_OK, err.message);
    hostile_must(weir_app_start(h->app, &err) == WEIR_OK, err.message);
    hostile_feed(h->app, 0, 23, 1000000);
    wr_writer_init(&h->base);
    wr_task_save(h->app->task, &h->base);
    hostile_must(wr_writer_status(&h->base, &err) == WEIR_OK, err.message);
}

static inline void hostile_free(hostile *h) {
    weir_app_free(h->app);
    wr_writer_fini(&h->base);
}

static inline void hostile_seal_one(unsigned char *header) {
    wr_put_u64(header + 16, XXH3_64bits(header + WR_SECTION_HEADER, (size_t)wr_get_u64(header + 8)));
}

/* Sections that lie in a part, the inner ones first, get their checksums. */
static inline void hostile_seal(unsigned char *bytes, size_t begin, size_t end) {
    for (size_t at = end; at-- > begin;) {
        if (end - at < WR_SECTION_HEADER) continue;
        uint32_t tag = wr_get_u32(bytes + at);
        if (tag != WR_TAG('K', 'E', 'Y', ' ') && tag != WR_TAG('S', 'H', 'R', 'D')) continue;
        if (wr_get_u64(bytes + at + 8) <= end - at - WR_SECTION_HEADER) hostile_seal_one(bytes + at);
    }
}

/* Bytes behind the state's header and clock, and in its parts' bodies, may be changed. */
static inline bool hostile_part(const hostile *h, size_t at, size_t *begin, size_t *end) {
    const unsigned char *bytes = (const unsigned char *)h->base.buf.data;
    size_t next = WR_SECTION_HEADER + 8;
    for (; next + WR_SECTION_HEADER <= h->base.buf.len; next = *end) {
        *begin = next + WR_SECTION_HEADER;
        *end = *begin + (size_t)wr_get_u64(bytes + next + 8);
        if (at >= *begin && at < *end) return true;
    }
    return false;
}

static inline weir_status hostile_load(hostile *h, unsigned char *bytes, weir_error *err) {
    weir_reader r;
    *err = (weir_error){0};
    wr_reader_init(&r, bytes, h->base.buf.len);
    weir_status st = wr_task_load(h->app->task, &r, err);
    if (st != WEIR_OK) hostile_must(err->message[0] != 0, "an error without a message");
    if (st != WEIR_OK) hostile_must(wr_task_renew(h->app->task, err) == WEIR_OK, err->message);
    hostile_feed(h->app, 23, 19, 1000000);
    return st;
}

typedef struct hostile_edit {
    size_t at;
    uint32_t n;
    uint64_t value;
} hostile_edit;

/* False: the edits change nothing that may be changed. */
static inline bool hostile_try(hostile *h, const hostile_edit *edits, uint32_t n, weir_error *err) {
    size_t len = h->base.buf.len, begin, end;
    unsigned char *bytes = malloc(len), value[8];
    bool changes = false;
    hostile_must(bytes != NULL, "out of memory");
    memcpy(bytes, h->base.buf.data, len);
    for (uint32_t i = 0; i < n; i++) {
        if (!hostile_part(h, edits[i].at, &begin, &end)) continue;
        wr_put_u64(value, edits[i].value);
        size_t size = edits[i].n < end - edits[i].at ? edits[i].n : end - edits[i].at;
        memcpy(bytes + edits[i].at, value, size);
        hostile_seal(bytes, begin, end);
        hostile_seal_one(bytes + begin - WR_SECTION_HEADER);
        changes = true;
    }
    hostile_seal_one(bytes);
    if (changes) hostile_load(h, bytes, err);
    free(bytes);
    return changes;
}

#endif
