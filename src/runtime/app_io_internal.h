/* app_io_internal.h: what the files of app_io share. */
#ifndef WR_APP_IO_INTERNAL_H
#define WR_APP_IO_INTERNAL_H

#include "io/sink.h"
#include "io/source.h"
#include "runtime/app_io.h"

typedef enum wr_feed_state { WR_FEED_OPEN, WR_FEED_IDLE, WR_FEED_ENDED } wr_feed_state;

/* One @source: the rows that it gave and that no cycle has taken yet. */
typedef struct wr_feed {
    wr_app_io *io;
    uint32_t stream;
    const wr_plan_io *plan;
    wr_source *source;
    const weir_source_type *type;
    weir_schema schema;
    bool *wanted;
    weir_arena arena; /* of the rows in hand */
    weir_rows rows;
    weir_column *cols; /* as a batch sees them */
    weir_batch batch;
    uint32_t next_chunk; /* first one not taken */
    wr_feed_state state;
    int64_t retry_ms; /* wall time of the next try after a failure; 0: now */
    int64_t backoff_ms;
    uint64_t n_bad;
} wr_feed;

/* One @sink. */
typedef struct wr_drain {
    wr_app_io *io;
    uint32_t stream;
    const wr_plan_io *plan;
    wr_sink *sink;
    const weir_sink_type *type;
    weir_schema schema;
    uint64_t n_lost;
    bool is_open; /* started: takes rows */
} wr_drain;

/* weir_io_host.shared: a block of the connectors of one family. */
typedef struct wr_io_shared {
    struct wr_io_shared *next;
    char family[32];
    size_t size;
    _Alignas(16) unsigned char bytes[];
} wr_io_shared;

struct wr_app_io {
    wr_app_io_options options;
    weir_arena arena; /* schemas, pairs */
    wr_feed *feeds;
    uint32_t n_feeds;
    wr_drain *drains;
    uint32_t n_drains;
    weir_arena cycle_arena;
    uint64_t epoch; /* being written */
    int64_t next_checkpoint_ms;
    bool dirty;            /* something happened since the last checkpoint */
    int64_t last_event_ms; /* wall time of the last event, for @app:playback(idle.time) */
    int wake_fd[2];        /* a pipe: wr_app_io_wake writes */
    bool is_started;
    wr_io_shared *shared;
    bool is_exact;   /* @app:guarantee('exactly-once') */
    bool has_failed; /* a sink took rows and lost them: `failure`; with is_exact only */
    weir_error failure;
};

int64_t wr_io_wall_ms(void);
uint64_t wr_io_monotonic_us(void);
void wr_app_io_log(const wr_app_io *io, weir_log_level level, const char *format, ...) WR_PRINTF(3, 4);

/* Options as a connector takes them, in io->arena; relative file names are put behind the base directory.
 * NULL: no memory. */
weir_pair *wr_io_pairs(wr_app_io *io, const wr_option *options, uint32_t n);

/* feed.c: what a source gives. */
weir_status wr_feed_open(wr_feed *f, weir_error *err) WR_NODISCARD;
void wr_feed_close(wr_feed *f);
/* Polls when the rows in hand are used up. Failures that may pass are logged and tried again later. */
weir_status wr_feed_refill(wr_feed *f, weir_error *err) WR_NODISCARD;
bool wr_feed_has_rows(const wr_feed *f);
void wr_feed_save(wr_feed *f, uint64_t epoch, weir_writer *w, weir_status *status, weir_error *err);
weir_status wr_feed_load(wr_feed *f, weir_reader *r, weir_error *err) WR_NODISCARD;

/* merge.c: one cycle out of what the feeds hold: *n_rows taken; 0: nothing there. */
weir_status wr_io_run_cycle(wr_app_io *io, uint32_t *n_rows, weir_error *err) WR_NODISCARD;
/* A cycle in which only the clock moves. */
weir_status wr_io_run_tick(wr_app_io *io, int64_t clock, weir_error *err) WR_NODISCARD;

/* checkpoint.c */
weir_status wr_io_checkpoint(wr_app_io *io, weir_error *err) WR_NODISCARD;
/* Without a state directory: what went out is committed, and sources that keep their own positions (ack) are
 * told so. */
weir_status wr_io_acknowledge(wr_app_io *io, weir_error *err) WR_NODISCARD;
/* Undoes what was done since the last checkpoint and goes back to it. */
weir_status wr_io_rewind(wr_app_io *io, weir_error *err) WR_NODISCARD;

#endif
