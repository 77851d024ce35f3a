/* drain.h: a sink and the stream whose rows go there: to one place or, with @distribution, to several. */
#ifndef WR_DRAIN_H
#define WR_DRAIN_H

#include "io/bus.h"
#include "runtime/app_io_internal.h"
#include "state/spill.h"

/* Rows that a sink of its own client has taken and not delivered yet. */
typedef struct wr_handed {
    wr_bus_message *rows;
    uint64_t first; /* record, as wr_sink_records counts */
    uint32_t n_records;
    uint8_t *gone; /* by row: its record was refused. NULL: none was */
} wr_handed;

/* One place: a destination, or the only one. */
typedef struct wr_way {
    wr_sink *sink;
    bool is_open;       /* started: takes rows */
    bool is_down;       /* it failed: tried again at retry_ms (steady time) */
    bool needs_opening; /* and has to be opened anew for that */
    int64_t retry_ms, backoff_ms;
    wr_bus_message *
        *waiting; /* copies of rows that the sink holds, to be given up or passed on if it fails */
    uint32_t n_waiting, cap_waiting;
    /* With a sink that reports (drain_reports.c), in their order; then nothing is in `waiting`. */
    wr_handed *handed;
    uint32_t n_handed, cap_handed;
    bool is_suspect;          /* it was down, and has delivered nothing since */
    const wr_option *options; /* of the plan */
    uint32_t n_options;
} wr_way;

struct wr_drain {
    wr_app_io *io;
    uint32_t stream;
    const wr_plan_io *plan;
    const weir_sink_type *type;
    weir_arena things; /* what the sinks were opened with */
    weir_schema schema;
    wr_way *ways;
    uint32_t n_ways;
    uint32_t number; /* among the stream's sinks */
    uint32_t turn;   /* roundRobin: whose it is */
    wr_buf text;     /* of a partition key */
    uint64_t n_lost, n_losses;
    wr_spill *spill;  /* rows go through files of it; NULL: they wait in memory. Then there is one place */
    bool spill_is_in; /* its sink takes part in the checkpoint under way */
    int64_t next_prepare_ms;  /* steady time: one that was not ready is not asked before */
    int64_t prepare_pause_ms; /* doubles */
    bool is_open;             /* the sinks have been started */
    bool has_failed;          /* for good: the run ends */
    weir_error failure;
};

/* drain_open.c */
weir_status wr_drain_new(wr_app_io *io, const wr_plan *plan, uint32_t stream, const wr_plan_io *annotation,
                         wr_drain **out, weir_error *err) WR_NODISCARD;
weir_status wr_drain_free(wr_drain *d, bool finish, weir_error *err); /* as wr_sink_close; NULL is fine */
/* Opens the place's sink, which is not open. */
weir_status wr_drain_open_way(wr_drain *d, wr_way *w, const wr_plan *plan, weir_error *err) WR_NODISCARD;
/* All places, as wr_sink_start does one; with on.error one that can't be reached is tried again later.
 * `saved` is what prepare wrote, or NULL. */
weir_status wr_drain_start(wr_drain *d, uint64_t last_epoch, weir_reader *saved,
                           weir_error *err) WR_NODISCARD;
weir_status wr_drain_join(wr_drain *d, uint64_t epoch, weir_error *err) WR_NODISCARD; /* as wr_sink_join */
void wr_drain_close_ways(wr_drain *d, bool finish);
bool wr_drain_has_sinks(const wr_drain *d); /* they have not been closed */
weir_status wr_drain_prepare(wr_drain *d, weir_writer *w, weir_error *err) WR_NODISCARD; /* w may be NULL */
weir_status wr_drain_commit(wr_drain *d, weir_error *err) WR_NODISCARD;
bool wr_drain_wants_checkpoint(const wr_drain *d); /* though nothing may have come in */
int64_t wr_drain_commit_by_ms(const wr_drain *d);  /* monotonic; INT64_MAX: whenever */
weir_status wr_drain_abort(wr_drain *d, weir_error *err) WR_NODISCARD;
weir_status wr_drain_enlist(wr_drain *d, const void *position, weir_error *err) WR_NODISCARD;

/* drain_spill.c: spill='64 MB' of a sink. All its rows are added to files and handed on from there, so that a
 * checkpoint need not wait for the other side: what was not delivered is in the files. */
weir_status wr_drain_open_spill(wr_drain *d, weir_error *err) WR_NODISCARD;
weir_status wr_drain_spill_start(wr_drain *d, wr_spill_start_mode mode, weir_reader *saved,
                                 weir_error *err) WR_NODISCARD;
weir_status wr_drain_spill_write(wr_drain *d, const weir_batch *rows, weir_error *err) WR_NODISCARD;
/* Hands on what waits, as much as a turn should. */
weir_status wr_drain_spill_send(wr_drain *d, weir_error *err) WR_NODISCARD;
bool wr_drain_has_backlog(const wr_drain *d);    /* rows in the files wait to be handed on */
bool wr_drain_spill_has_more(const wr_drain *d); /* and the sink could take some now */
weir_status wr_drain_spill_prepare(wr_drain *d, weir_writer *w, weir_error *err) WR_NODISCARD;
weir_status wr_drain_spill_commit(wr_drain *d, weir_error *err) WR_NODISCARD;
bool wr_drain_spill_wants_checkpoint(const wr_drain *d); /* so that there is room again */
uint64_t wr_drain_undelivered(const wr_drain *d);        /* rows in the files; 0 without */

/* drain_reports.c: sinks that deliver what they took later, by a client of their own, where rows that are not
 * delivered go elsewhere: to the next destination, or where on.error says. Their rows are kept until the sink
 * has settled them. */
bool wr_drain_wants_reports(const wr_drain *d);
/* Rows that the sink has just taken, as the records from `first` on. */
weir_status wr_drain_note_handed(wr_way *w, const weir_batch *rows, uint64_t first,
                                 weir_error *err) WR_NODISCARD;
/* What became of them: what is delivered is forgotten, what was refused is given up, and if the other side is
 * away what is left goes elsewhere. */
weir_status wr_drain_look_at_handed(wr_drain *d, wr_way *w, weir_error *err) WR_NODISCARD;
/* Until all is settled, or the place is down. A failure that may pass: nothing was for as long as a
 * checkpoint waits. */
weir_status wr_drain_settle(wr_drain *d, wr_way *w, weir_error *err) WR_NODISCARD;
/* What is not settled is given back, into `waiting`. */
weir_status wr_drain_take_back(wr_way *w, weir_error *err) WR_NODISCARD;
void wr_drain_forget_handed(wr_way *w);

/* drain.c. Takes the rows of its stream from this task. */
weir_status wr_drain_listen(wr_drain *d, wr_task *task, weir_error *err) WR_NODISCARD;
void wr_drain_write(wr_drain *d, const weir_batch *rows);
/* Pushes on, and tries what is down. Fails only when the run has to end. */
weir_status wr_drain_flush(wr_drain *d, weir_error *err) WR_NODISCARD;
bool wr_drain_is_full(const wr_drain *d);
/* A place failed: it is down, and its rows wait or go where on.error says. rows NULL: it holds them. */
weir_status wr_drain_on_failure(wr_drain *d, wr_way *w, const weir_batch *rows, const weir_error *why,
                                weir_error *err) WR_NODISCARD;
/* Calls fn for each row alone. */
weir_status wr_drain_one_by_one(wr_drain *d, wr_way *w, const weir_batch *rows,
                                weir_status (*fn)(wr_drain *d, wr_way *w, const weir_batch *rows,
                                                  weir_error *err),
                                weir_error *err) WR_NODISCARD;
void wr_drain_give_up(wr_drain *d, const weir_batch *rows, const weir_error *why);
/* Rows for a place that fails wait: nothing else was asked for. */
bool wr_drain_waits(const wr_drain *d);
bool wr_drain_holds(const wr_drain *d);       /* and no other place could take them now */
int64_t wr_drain_retry_ms(const wr_drain *d); /* when something is to be tried again; INT64_MAX: nothing is */

#endif
