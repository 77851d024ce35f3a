/* board.h: the counters of a running app, published by its thread and read by others (status line, admin).
 *
 * board_publish copies what the app says under a lock, at most every 100 ms, names too: the app may change.
 * Readers format the copy. So no reader ever touches the app. */
#ifndef CLI_BOARD_H
#define CLI_BOARD_H

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "weir.h"

typedef struct board_row {
    weir_stat
        stat; /* names lie in the board's `names`, of whose size they are the offsets until it is filled */
    size_t name, label;
} board_row;

typedef struct board {
    pthread_mutex_t lock;
    const weir_app *app; /* its thread's */
    char *app_name;
    char file[256];
    char *names; /* of all rows, one behind another */
    size_t n_names, cap_names;
    board_row *rows;
    uint32_t n, cap;
    weir_latency latency;
    uint64_t rows_in, rows_out; /* of all sources, of all sinks */
    double in_per_s, out_per_s; /* over the last half second or so */
    uint64_t errors, state_bytes;
    int64_t lag_ms;
    int64_t started_ms, published_ms, rates_ms;
    uint64_t rates_in, rates_out;
    bool is_ready;       /* the app has started */
    char waits_for[512]; /* why the app's thread can't publish just now; "": it can */
} board;

void board_init(board *b, const weir_app *app, const char *file);
void board_fini(board *b);
void board_publish(board *b, bool now); /* on the app's thread; now: however short ago the last was */
int64_t board_clock_ms(void);           /* monotonic */
/* The app's work rests until a store is back: why, or NULL: it goes on. On any thread of the app. */
void board_set_waiting(board *b, const char *why);
bool board_is_ready(board *b); /* the app has started */
/* What the app waits for; false: nothing. On any thread. */
bool board_waits(board *b, char *why, size_t size);

/* Each takes the lock. */
void board_status_line(board *b, FILE *out); /* one line without its end */
void board_json(board *b, FILE *out);        /* one object, one line */
/* The text format 0.0.4: what each metric is, once, then its values for each board. */
void board_prometheus(board *const *boards, uint32_t n, FILE *out);

#endif
