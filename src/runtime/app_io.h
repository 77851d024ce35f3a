/* app_io.h: an app's sources and sinks, driven: rows in, cycles, rows out, checkpoints.
 *
 * Sources are polled and their rows merged: in playback by event time (a source that has nothing now does not
 * hold the others up), else as they come. Each poll hands over whatever waits, up to the batch limit: one
 * event when idle, thousands under load. Rows of a stream go to its sinks at the end of each cycle; while a
 * sink is full nothing is polled (back-pressure).
 *
 * With a state directory, a checkpoint is taken every checkpoint_ms: sinks prepare, the state of the task,
 * the positions of the sources and what the sinks need to recover go into a file, the file is made durable,
 * sinks commit, sources acknowledge. A start finds the newest good file and goes on from there. */
#ifndef WR_APP_IO_H
#define WR_APP_IO_H

#include <stdatomic.h>

#include "registry/modules.h"
#include "runtime/errors.h"
#include "runtime/inbox.h"
#include "runtime/latency.h"
#include "runtime/task.h"
#include "weir_io.h"
#include "weir_store.h"

/* What an app can name; an engine owns one. Several threads may use it. */
typedef struct wr_io_registry wr_io_registry;
weir_status wr_io_registry_new(wr_io_registry **out) WR_NODISCARD; /* holds the built-in ones */
void wr_io_registry_free(wr_io_registry *r);
weir_status wr_io_registry_add_source(wr_io_registry *r, const weir_source_type *t,
                                      weir_error *err) WR_NODISCARD;
weir_status wr_io_registry_add_sink(wr_io_registry *r, const weir_sink_type *t, weir_error *err) WR_NODISCARD;
weir_status wr_io_registry_add_decoder(wr_io_registry *r, const weir_decoder_type *t,
                                       weir_error *err) WR_NODISCARD;
weir_status wr_io_registry_add_encoder(wr_io_registry *r, const weir_encoder_type *t,
                                       weir_error *err) WR_NODISCARD;
weir_status wr_io_registry_add_store(wr_io_registry *r, const weir_store_type *t,
                                     weir_error *err) WR_NODISCARD;
weir_status wr_io_registry_add_http(wr_io_registry *r, const weir_http_type *t, weir_error *err) WR_NODISCARD;
/* NULL past the end. */
const weir_source_type *wr_io_registry_source(const wr_io_registry *r, uint32_t i);
const weir_sink_type *wr_io_registry_sink(const wr_io_registry *r, uint32_t i);
const weir_decoder_type *wr_io_registry_decoder(const wr_io_registry *r, uint32_t i);
const weir_encoder_type *wr_io_registry_encoder(const wr_io_registry *r, uint32_t i);
const weir_store_type *wr_io_registry_store(const wr_io_registry *r, uint32_t i);

/* The one of that name; a module that holds it is opened. WEIR_ENAME, with what was perhaps meant, when there
 * is none. */
weir_status wr_io_registry_need_source(const wr_io_registry *r, const char *name,
                                       const weir_source_type **out, weir_error *err) WR_NODISCARD;
weir_status wr_io_registry_need_sink(const wr_io_registry *r, const char *name, const weir_sink_type **out,
                                     weir_error *err) WR_NODISCARD;
weir_status wr_io_registry_need_decoder(const wr_io_registry *r, const char *name,
                                        const weir_decoder_type **out, weir_error *err) WR_NODISCARD;
weir_status wr_io_registry_need_encoder(const wr_io_registry *r, const char *name,
                                        const weir_encoder_type **out, weir_error *err) WR_NODISCARD;
weir_status wr_io_registry_need_store(const wr_io_registry *r, const char *name, const weir_store_type **out,
                                      weir_error *err) WR_NODISCARD;
/* What asks by HTTP: there is one, under the name "http". */
weir_status wr_io_registry_need_http(const wr_io_registry *r, const char *name, const weir_http_type **out,
                                     weir_error *err) WR_NODISCARD;
/* Where what is missing may come from; NULL: from nowhere. Borrowed. */
void wr_io_registry_set_modules(wr_io_registry *r, wr_modules *modules);

typedef struct wr_app_io wr_app_io;

typedef struct wr_app_io_options {
    const wr_plan *plan;
    wr_task *task;
    wr_inbox *inbox;
    const wr_io_registry *registry;
    weir_io_host host;
    wr_account *account;
    wr_errors *errors;     /* NULL: nothing is kept in an error store */
    const char *base_dir;  /* relative file names are relative to it; NULL: the working directory */
    const char *state_dir; /* NULL: no checkpoints */
    int64_t checkpoint_ms;
    int64_t drain_ms;     /* how long the end of the input waits for sinks that are slow or away */
    uint32_t keep;        /* the newest checkpoints, at least */
    uint32_t whole_every; /* of so many checkpoints one at least is whole; 1: all */
    bool playback;
    uint32_t batch_limit;
    wr_latency *latency;
    const char *app_name;
    atomic_uint *n_working; /* counts the ios that are started and not waiting for something; may be NULL */
    void (*on_turn)(void *ctx); /* between cycles, at least four times a second; may be NULL */
    void *on_turn_ctx;
} wr_app_io_options;

typedef void wr_io_wrong(void *ctx, uint32_t begin, uint32_t end, const weir_error *err);

/* The plan has a source, a sink or a trigger. */
bool wr_app_io_is_needed(const wr_plan *plan);
/* Opens (checks) every source and sink of the plan; each failure is handed to `wrong` with the place of its
 * annotation, and the result is the first one's status. Touches nothing outside. *out is NULL when none is
 * needed. */
weir_status wr_app_io_new(const wr_app_io_options *options, wr_io_wrong *wrong, void *ctx, wr_app_io **out,
                          weir_error *err) WR_NODISCARD;
/* Starts the sinks, from the newest good checkpoint if there is one: then the task has been loaded (and
 * counts as started), the sources know where to go on, and *recovered is set. */
weir_status wr_app_io_recover(wr_app_io *io, bool *recovered, weir_error *err) WR_NODISCARD;
/* Starts the sources. The task must have been started. */
weir_status wr_app_io_start(wr_app_io *io, weir_error *err) WR_NODISCARD;
/* Until all sources have ended or *stop; then drains, commits and takes a last checkpoint. An app without
 * sources runs until *stop. */
weir_status wr_app_io_run(wr_app_io *io, atomic_bool *stop, weir_error *err) WR_NODISCARD;
/* Wakes a run that waits; async-signal-safe. */
void wr_app_io_wake(wr_app_io *io);
/* The app's state has changed otherwise than by a cycle: the next checkpoint keeps it. */
void wr_app_io_note_change(wr_app_io *io);
/* Pushes what the sinks hold (after rows that came through the API). */
weir_status wr_app_io_flush(wr_app_io *io, weir_error *err) WR_NODISCARD;
/* Between two cycles: rows that sinks could not send and that go to a fault stream wait in the inbox now. */
weir_status wr_app_io_move_faults(wr_app_io *io, weir_error *err) WR_NODISCARD;
/* Commits and closes all; io may be NULL. */
weir_status wr_app_io_free(wr_app_io *io, weir_error *err);

/* ---- Another plan for an app that runs ----
 *
 * What the io has by the same annotation on a stream of the same name and attributes stays as it is and where
 * it is, and goes on with the other plan: no row is lost or comes twice. What only the old plan has gives
 * what it has taken, and is closed; what only the new one has is started, where the same transport stood
 * before (then only @map or the attributes are others) at its position. */
typedef struct wr_io_change wr_io_change;

/* Opens (checks) what the plan has besides. As wr_app_io_new. WEIR_EAGAIN: not now, ask in the next on_turn.
 */
weir_status wr_app_io_prepare(wr_app_io *io, const wr_plan *plan, wr_io_wrong *wrong, void *ctx,
                              wr_io_change **out, weir_error *err) WR_NODISCARD;
/* Runs the old plan until the sources that go have no rows in hand, and those that stay read all columns that
 * the new plan wants. WEIR_EAGAIN: a sink is full; ask in the next on_turn. */
weir_status wr_app_io_settle(wr_app_io *io, wr_io_change *change, weir_error *err) WR_NODISCARD;
/* A checkpoint now, if there is a state directory. */
weir_status wr_app_io_checkpoint(wr_app_io *io, weir_error *err) WR_NODISCARD;
/* Right after settle: drives this task from now on. When it fails, the old plan goes on; if that can't be
 * either, err->fatal. */
weir_status wr_app_io_change(wr_app_io *io, wr_io_change *change, wr_task *task, wr_inbox *inbox,
                             weir_error *err) WR_NODISCARD;
void wr_io_change_free(wr_io_change *change); /* NULL is fine. Before the io and the plans */

typedef struct wr_app_io_stat {
    const char *kind; /* "source", "sink" */
    const char *stream, *type;
    weir_io_stats stats;
    uint64_t bytes_held;
    bool is_unreachable;
} wr_app_io_stat;
void wr_app_io_visit_stats(const wr_app_io *io, void (*visit)(void *ctx, const wr_app_io_stat *stat),
                           void *ctx);
/* Once more to the sink that could not send them; WEIR_ENAME: the stream has no such sink, or other
 * attributes. */
weir_status wr_app_io_resend(wr_app_io *io, const wr_error_entry *entry, weir_error *err) WR_NODISCARD;
/* Other apps of the engine are all that feeds it. */
bool wr_app_io_waits_for_others(const wr_app_io *io);

#endif
