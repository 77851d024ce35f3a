/* slack.h: the buffer of kslack and akslack: rows by a time of their own, given back in its order.
 *
 * K-Slack (Babcock, Babu, Datar, Motwani: "Exploiting k-constraints to reduce memory overhead in continuous
 * queries over data streams", 2004) holds a row until one has come whose time is k greater. As Siddhi does
 * it, rows first gather in the order in which they come; one with a time greater than all before it moves
 * them into the buffer, and lets the buffer's rows out up to k below it. So of rows that are late by
 * themselves none gets out.
 *
 * The buffer is a heap by (time, arrival). A timer, if there is a timeout, empties it: the first time when
 * the timeout has passed since the start, then each second while rows are left, else at the next whole second
 * after a row has come. */
#ifndef WR_REORDER_SLACK_H
#define WR_REORDER_SLACK_H

#include "base/compiler.h"
#include "weir_ext.h"

typedef struct wr_slack_row {
    int64_t time;
    uint64_t seq; /* among rows of the same time the one that came first is first */
    weir_row_id id;
} wr_slack_row;

typedef struct wr_slack {
    int64_t timeout, most_k; /* ms; timeout WR_NO_TIMEOUT: none */
    bool discards;           /* rows older than the last that went out */
    wr_slack_row *fresh;     /* not in the buffer yet, as they came */
    uint32_t n_fresh, cap_fresh;
    int64_t fresh_least; /* least time among them */
    wr_slack_row *heap;  /* the buffer: the least row first */
    uint32_t n_heap, cap_heap;
    uint64_t next_seq;
    int64_t greatest, last_sent, k;
    int64_t last_timer; /* the timer that was set last */
    int64_t next_timer; /* INT64_MAX: none is set */
    bool wants_timer;   /* the next row sets one */
} wr_slack;

#define WR_NO_TIMEOUT (-1)

void wr_slack_init(wr_slack *s); /* no timeout, no limit of k, nothing is discarded */
void wr_slack_fini(wr_slack *s);
/* weir_window_type.start and due. */
void wr_slack_start(wr_slack *s, int64_t now);
static inline int64_t wr_slack_due(const wr_slack *s) { return s->next_timer; }

/* A row has come; *is_kept: not discarded (else it is released). */
weir_status wr_slack_take(wr_slack *s, weir_window *w, weir_row_id id, int64_t time, int64_t now,
                          bool *is_kept, weir_error *err) WR_NODISCARD;
/* The row that was taken last is newer than all before it: how much newer than the oldest that is fresh. */
static inline bool wr_slack_is_ahead(const wr_slack *s, int64_t time) { return time > s->greatest; }
int64_t wr_slack_spread(const wr_slack *s, int64_t time);
/* Then, with k as it should be: fresh rows go into the buffer, and those that are due out of it. */
weir_status wr_slack_advance(wr_slack *s, weir_window *w, int64_t time, weir_error *err) WR_NODISCARD;
/* The timer that is due: rows older than it and the timeout together go (as Siddhi counts). with_fresh: those
 * that are not in the buffer yet, too, after those that are. */
void wr_slack_fire(wr_slack *s, weir_window *w, bool with_fresh);

size_t wr_slack_bytes(const wr_slack *s);
void wr_slack_save(const wr_slack *s, weir_writer *w);
weir_status wr_slack_load(wr_slack *s, const weir_window *w, weir_reader *r, weir_error *err) WR_NODISCARD;

/* The time of row i; WEIR_EVALUE: it is null. */
weir_status wr_slack_time(const weir_window *w, uint32_t i, uint32_t column, int64_t *time,
                          weir_error *err) WR_NODISCARD;

#endif
