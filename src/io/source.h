/* source.h: one @source as the runtime sees it: transport, decoder and event time put together, rows out.
 *
 * All calls by one thread at a time. Nothing blocks but start. Row times: with event.time='a' the value of
 * attribute a, else what the transport knows, else the time the caller gives to poll. */
#ifndef WR_IO_SOURCE_H
#define WR_IO_SOURCE_H

#include "base/alloc.h"
#include "weir_io.h"

typedef struct wr_source wr_source;

typedef struct wr_source_spec {
    const weir_source_type *type;
    const weir_decoder_type *format; /* NULL: passThrough, or the source's default_format was looked up */
    const weir_pair *pairs;          /* of @source, without type */
    uint32_t n_pairs;
    const weir_pair *map_pairs; /* of @map, without type */
    uint32_t n_map_pairs;
    const weir_pair *attributes; /* of @attributes; key "" : by position */
    uint32_t n_attributes;
    const weir_schema *schema; /* these three outlive the source */
    const bool *wanted;        /* NULL: all */
    const weir_io_host *host;
    weir_guarantee guarantee;                              /* what the app asked for */
    bool has_checkpoints;                                  /* positions outlive a restart */
    void (*bad)(void *ctx, const weir_bad_record *record); /* may be NULL: only counted */
    void *bad_ctx;
    wr_account *account; /* may be NULL */
} wr_source_spec;

/* Checks everything that can be known without touching the outside. The spec's texts may go afterwards. */
weir_status wr_source_open(const wr_source_spec *spec, wr_source **out, weir_error *err) WR_NODISCARD;
void wr_source_close(wr_source *s); /* NULL is fine */

/* Restores a saved position; before start. */
weir_status wr_source_load(wr_source *s, weir_reader *r, weir_error *err) WR_NODISCARD;
weir_status wr_source_start(wr_source *s, weir_error *err) WR_NODISCARD;

typedef struct wr_source_poll_args {
    int64_t until_ts; /* give no row whose event time is later (INT64_MAX: any); for merging by event time */
    int64_t now_ms;   /* timestamp of rows that have none of their own */
} wr_source_poll_args;

/* Adds rows (with ts filled) up to rows->limit. OK: some were added, and there may be more; EAGAIN: none
 * now, see wake_fd and wait_ms; EEND: none ever. Anything else: err->retriable says whether to go on.
 * Afterwards next_ts tells the event time of the row that until_ts, or the pace of a replay, holds back. */
weir_status wr_source_poll(wr_source *s, const wr_source_poll_args *args, weir_rows *rows,
                           weir_error *err) WR_NODISCARD;
int wr_source_wake_fd(const wr_source *s);     /* -1: none */
int64_t wr_source_wait_ms(const wr_source *s); /* after EAGAIN; -1: until wake_fd */
int64_t wr_source_next_ts(const wr_source *s); /* INT64_MAX: not known */
/* Which columns the rows given to poll must have data for: those of the spec and the event time's. */
const bool *wr_source_wanted(const wr_source *s);
/* From the next poll on these columns too have values. A failure leaves it of no use. */
weir_status wr_source_widen(wr_source *s, const bool *wanted, weir_error *err) WR_NODISCARD;

/* Position of what poll has given so far, decoder's knowledge included. */
weir_status wr_source_save(wr_source *s, uint64_t epoch, weir_writer *w, weir_error *err) WR_NODISCARD;
void wr_source_ack(wr_source *s, uint64_t epoch);
/* It can't go on without a checkpoint. */
bool wr_source_wants_checkpoint(const wr_source *s);
const void *
wr_source_native_position(wr_source *s);         /* of the position that was saved last; NULL: it has none */
const char *wr_source_state(const wr_source *s); /* what is wrong with the connection; "": nothing */
void wr_source_pause(wr_source *s);
void wr_source_resume(wr_source *s);
uint64_t wr_source_dropped(const wr_source *s);     /* by the transport, which the stats do not count */
const weir_io_stats *wr_source_stats(wr_source *s); /* lag is brought up to date */
size_t wr_source_bytes(const wr_source *s);

#endif
