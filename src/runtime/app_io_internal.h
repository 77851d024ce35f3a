/* app_io_internal.h: what the files of app_io share. */
#ifndef WR_APP_IO_INTERNAL_H
#define WR_APP_IO_INTERNAL_H

#include "io/sink.h"
#include "io/source.h"
#include "runtime/app_io.h"
#include "state/chain.h"

typedef enum wr_feed_state { WR_FEED_OPEN, WR_FEED_IDLE, WR_FEED_ENDED } wr_feed_state;

/* One @source: the rows that it gave and that no cycle has taken yet. */
typedef struct wr_feed {
    wr_app_io *io;
    uint32_t stream;
    const wr_plan_io *plan;
    wr_source *source;
    const weir_source_type *type;
    weir_arena things; /* what the source was opened with: it holds its schema and options */
    weir_schema schema;
    bool *wanted;
    weir_arena arena; /* of the rows in hand */
    weir_rows rows;
    weir_column *cols; /* as a batch sees them */
    weir_batch batch;
    uint32_t next_chunk; /* first one not taken */
    wr_feed_state state;
    int64_t retry_ms; /* steady time of the next try after a failure; 0: now */
    int64_t backoff_ms;
    uint64_t n_bad;
    bool is_leaving; /* another plan is about to come that has it not: it gives no more */
} wr_feed;

typedef struct wr_drain wr_drain; /* one @sink: drain.h */

/* Rows on their way to a fault stream, until no cycle is under way. */
typedef struct wr_fault_rows {
    uint32_t stream;
    struct wr_bus_message *rows; /* without the error */
    char *reason;
} wr_fault_rows;

/* weir_io_host.shared: a block of the connectors of one family. */
typedef struct wr_io_shared {
    struct wr_io_shared *next;
    char family[32];
    size_t size;
    _Alignas(16) unsigned char bytes[];
} wr_io_shared;

struct wr_app_io {
    wr_app_io_options options;
    wr_feed **feeds; /* in the plan's order, as are the sinks */
    uint32_t n_feeds;
    wr_drain **drains;
    uint32_t n_drains;
    weir_arena cycle_arena;
    uint64_t epoch; /* being written */
    int64_t next_checkpoint_ms;
    wr_shelf *shelf;       /* of options.state_dir; NULL: no checkpoints */
    wr_chain_end chain;    /* of checkpoints, as far as it has come */
    bool dirty;            /* something happened since the last checkpoint */
    int64_t last_event_ms; /* steady time of the last event, for @app:playback(idle.time) */
    int wake_fd[2];        /* a pipe: wr_app_io_wake writes */
    bool is_started, is_running;
    bool is_paused;  /* the sources are: a sink is full */
    bool is_working; /* counted in options.n_working */
    bool is_between; /* in the on_turn of a run, between two cycles: the plan may change */
    wr_io_shared *shared;
    wr_fault_rows *faults;
    uint32_t n_faults, cap_faults;
    bool is_exact;   /* @app:guarantee('exactly-once') */
    bool has_failed; /* a sink took rows and lost them: `failure`; with is_exact only */
    weir_error failure;
};

void wr_app_io_log(const wr_app_io *io, weir_log_level level, const char *format, ...) WR_PRINTF(3, 4);

/* connectors.c: the sources and sinks of a plan, opened. */
typedef struct wr_io_place { /* in a plan */
    uint32_t stream;
    const wr_plan_io *annotation;
} wr_io_place;

typedef struct wr_connectors {
    wr_feed **feeds;
    wr_io_place *feed_places;
    uint32_t n_feeds;
    wr_drain **drains;
    wr_io_place *drain_places;
    uint32_t n_drains;
} wr_connectors;
/* As wr_app_io_new. What the io has already, by the same annotation on a stream of the same name and
 * attributes, is not opened again: it stands in both. */
weir_status wr_connectors_open(wr_app_io *io, const wr_plan *plan, wr_connectors *out, wr_io_wrong *wrong,
                               void *ctx, weir_error *err) WR_NODISCARD;
/* They are the io's from now on, whose own list is forgotten. */
void wr_connectors_take(wr_app_io *io, wr_connectors *c);
/* Closes those that are not the io's. */
void wr_connectors_close(const wr_app_io *io, wr_connectors *c);
bool wr_io_has_feed(const wr_app_io *io, const wr_feed *f);
bool wr_io_has_drain(const wr_app_io *io, const wr_drain *d);
/* The same place outside, whatever the format. */
bool wr_io_same_transport(const wr_plan_io *a, const wr_plan_io *b);
/* Options as a connector takes them; relative file names are put behind the base directory. NULL: no memory.
 */
weir_pair *wr_io_pairs(const wr_app_io *io, const wr_option *options, uint32_t n, weir_arena *arena);
/* What is written twice after a crash, or can't be read again, is not for exactly-once. */
weir_status wr_io_not_exact(const char *what, const char *type, const char *why, weir_error *err);
/* Copies: they outlive the plan. */
weir_status wr_io_schema(const wr_plan *plan, uint32_t stream, weir_arena *arena, weir_schema *out,
                         weir_error *err) WR_NODISCARD;

/* io_faults.c: the rows go to the fault stream before the next cycle. False: no memory. */
bool wr_io_add_fault(wr_app_io *io, uint32_t fault_stream, const weir_batch *rows,
                     const char *reason) WR_NODISCARD;
void wr_io_drop_faults(wr_app_io *io);

/* feed.c: what a source gives. */
weir_status wr_feed_new(wr_app_io *io, const wr_plan *plan, uint32_t stream, const wr_plan_io *annotation,
                        wr_feed **out, weir_error *err) WR_NODISCARD;
void wr_feed_free(wr_feed *f); /* NULL is fine */
/* Opens its source once more, which has been closed. */
weir_status wr_feed_reopen(wr_feed *f, const wr_plan *plan, weir_error *err) WR_NODISCARD;
/* Polls when the rows in hand are used up. Failures that may pass are logged and tried again later. */
weir_status wr_feed_refill(wr_feed *f, weir_error *err) WR_NODISCARD;
bool wr_feed_has_rows(const wr_feed *f);
void wr_feed_save(wr_feed *f, uint64_t epoch, weir_writer *w, weir_status *status, weir_error *err);
weir_status wr_feed_load(wr_feed *f, weir_reader *r, weir_error *err) WR_NODISCARD;

/* merge.c: one cycle out of what the feeds hold: *n_rows taken; 0: nothing there. */
weir_status wr_io_run_cycle(wr_app_io *io, uint32_t *n_rows, weir_error *err) WR_NODISCARD;
/* A cycle in which only the clock moves. */
weir_status wr_io_run_tick(wr_app_io *io, int64_t clock, weir_error *err) WR_NODISCARD;

void wr_io_set_working(wr_app_io *io, bool is_working);

/* app_io_run.c */
weir_status wr_io_refill_all(wr_app_io *io, weir_error *err) WR_NODISCARD;
bool wr_io_any_full(const wr_app_io *io);

/* merge.c: a cycle of what waits in the inbox. */
weir_status wr_io_run_inbox(wr_app_io *io, weir_error *err) WR_NODISCARD;

/* checkpoint.c */
weir_status wr_io_checkpoint(wr_app_io *io, weir_error *err) WR_NODISCARD;
void wr_io_ask_sinks(wr_app_io *io); /* io->dirty also if one wants a checkpoint */
/* Without a state directory: what went out is committed, and sources that keep their own positions (ack) are
 * told so. */
weir_status wr_io_acknowledge(wr_app_io *io, weir_error *err) WR_NODISCARD;
/* Undoes what was done since the last checkpoint and goes back to it. */
weir_status wr_io_rewind(wr_app_io *io, weir_error *err) WR_NODISCARD;

#endif
