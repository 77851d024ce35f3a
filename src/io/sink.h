/* sink.h: one @sink as the runtime sees it: encoder and transport put together, batches in.
 *
 * All calls by one thread at a time. What the transport has no room for waits encoded here; the caller
 * stops sending while wr_sink_is_full() (back-pressure). */
#ifndef WR_IO_SINK_H
#define WR_IO_SINK_H

#include "base/alloc.h"
#include "weir_io.h"

typedef struct wr_sink wr_sink;

typedef struct wr_sink_spec {
    const weir_sink_type *type;
    const weir_encoder_type *format; /* NULL: passThrough */
    const weir_pair *pairs;          /* of @sink, without type */
    uint32_t n_pairs;
    const weir_pair *map_pairs; /* of @map, without type */
    uint32_t n_map_pairs;
    const weir_pair *payloads; /* of @payload */
    uint32_t n_payloads;
    const weir_schema *schema; /* these two outlive the sink */
    const weir_io_host *host;
    weir_guarantee guarantee; /* what the app asked for */
    bool has_checkpoints;     /* positions outlive a restart */
    bool reports;             /* somebody asks what became of records: the calls below */
    bool returns_bad;         /* a row that the format can't write is EVALUE, not dropped and told */
    wr_account *account;
} wr_sink_spec;

weir_status wr_sink_open(const wr_sink_spec *spec, wr_sink **out, weir_error *err) WR_NODISCARD;
/* Starts the transport, brings it to the end of last_epoch (0 and NULL: a fresh start), begins the next. May
 * be called again, to go back: what was not committed is void. WEIR_EEND: last_epoch was never committed; the
 * one before counts. */
weir_status wr_sink_start(wr_sink *s, uint64_t last_epoch, weir_reader *saved, weir_error *err) WR_NODISCARD;
/* The same for a sink that comes to an app that runs: a fresh start, and `epoch` is the one being written. */
weir_status wr_sink_join(wr_sink *s, uint64_t epoch, weir_error *err) WR_NODISCARD;
/* Takes the selected rows of the batch, now or later: nothing of the batch is needed after the call. */
weir_status wr_sink_write(wr_sink *s, const weir_batch *rows, weir_error *err) WR_NODISCARD;
/* The two halves of wr_sink_write: encodes the rows (a sink of rows takes them at once), and hands on what is
 * encoded. Take: EVALUE: a row can never be written, and none was taken: offer them one by one. Push: EAGAIN:
 * something is left. After a failed push all that was encoded still waits. */
weir_status wr_sink_take(wr_sink *s, const weir_batch *rows, weir_error *err) WR_NODISCARD;
weir_status wr_sink_push(wr_sink *s, weir_error *err) WR_NODISCARD;
void wr_sink_drop_waiting(wr_sink *s); /* what is encoded is forgotten */
bool wr_sink_is_full(const wr_sink *s);
/* Pushes on. EAGAIN: something is left; wait for wr_sink_wake_fd. Call it whenever input pauses. */
weir_status wr_sink_flush(wr_sink *s, weir_error *err) WR_NODISCARD;
/* Checkpoint: prepare saves into w, commit begins the next epoch. Prepare may block. */
weir_status wr_sink_prepare(wr_sink *s, weir_writer *w, weir_error *err) WR_NODISCARD;
weir_status wr_sink_commit(wr_sink *s, weir_error *err) WR_NODISCARD;
/* Before prepare: the position of a source of the same family becomes part of the epoch. */
weir_status wr_sink_enlist(wr_sink *s, const void *native_position, weir_error *err) WR_NODISCARD;
/* The epoch is undone, and what waits is dropped; wr_sink_start comes next. */
weir_status wr_sink_abort(wr_sink *s, weir_error *err) WR_NODISCARD;
bool wr_sink_wants_checkpoint(const wr_sink *s); /* though nothing may have come in */
int64_t wr_sink_commit_by_ms(const wr_sink *s);  /* INT64_MAX: whenever */
const char *wr_sink_state(const wr_sink *s);     /* what is wrong with the connection; "": nothing */
uint64_t wr_sink_epoch(const wr_sink *s);        /* the one being written */
int wr_sink_wake_fd(const wr_sink *s);
const weir_io_stats *wr_sink_stats(const wr_sink *s);
uint64_t wr_sink_dropped(const wr_sink *s); /* by the transport, which the stats do not count */
/* What became of records that the transport took: see weir_sink_type. False: it says nothing of them. */
bool wr_sink_reports(const wr_sink *s);
uint64_t wr_sink_records(const wr_sink *s); /* encoded since the start, or since forget */
uint64_t wr_sink_settled(const wr_sink *s);
bool wr_sink_refused(wr_sink *s, weir_refusal *out);
bool wr_sink_is_away(const wr_sink *s);
void wr_sink_forget(wr_sink *s); /* what is not settled is given back, what is encoded too */
/* Commits the last epoch when `finish`, waiting up to 10 s for room; then lets go. Reports the first failure.
 */
weir_status wr_sink_close(wr_sink *s, bool finish, weir_error *err);

#endif
