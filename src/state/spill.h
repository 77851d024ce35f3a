/* spill.h: rows that wait on disk for their sink, in the order in which they came.
 *
 * Files DIR/NAME-SEGMENT.spill, each a part of one long line of batches, which are added at the tail and
 * given from the head on. A place in that line is a mark; three of them move along it:
 *
 *     safe ............ sent ............ tail
 *     handed to the sink, | still to be sent
 *     perhaps not there   |
 *
 * Rows before `safe` are delivered, and their files go (wr_spill_trim). A sink that loses what it was handed
 * is given it again from `safe` on (wr_spill_again): at least once. Marks are saved in checkpoints; a start
 * cuts the line back to the checkpoint's tail, since what came later comes again from the sources.
 *
 * A record is a section with a checksum (writer.h): rows (row_bytes.h), then the number of chunks and where
 * they end. At most `limit` bytes lie between safe and tail, and one batch: whoever adds asks is_full first.
 */
#ifndef WR_SPILL_H
#define WR_SPILL_H

#include "base/arena.h"
#include "weir_ext.h"

typedef struct wr_spill wr_spill;

typedef struct wr_spill_mark {
    uint64_t segment, at; /* file, and byte in it */
    uint64_t rows, bytes; /* that were ever added before it */
} wr_spill_mark;

typedef enum wr_spill_start_mode {
    WR_SPILL_EMPTY, /* what is there goes */
    WR_SPILL_FOUND, /* all that is whole in the files is still to be sent */
    WR_SPILL_SAVED  /* as the marks say */
} wr_spill_start_mode;

/* Opens nothing yet. name: letters that don't belong into a file name become %XX. */
weir_status wr_spill_new(const char *dir, const char *name, size_t limit, wr_spill **out,
                         weir_error *err) WR_NODISCARD;
void wr_spill_free(wr_spill *s); /* the files stay; NULL is fine */
/* marks: safe and tail, with SAVED. WEIR_ESTATE: the files don't go as far as the tail. */
weir_status wr_spill_start(wr_spill *s, wr_spill_start_mode mode, const wr_spill_mark marks[2],
                           weir_error *err) WR_NODISCARD;

/* The selected rows, at the tail. A full disk is retriable; the line is then as it was. */
weir_status wr_spill_add(wr_spill *s, const weir_batch *rows, weir_error *err) WR_NODISCARD;
weir_status wr_spill_sync(wr_spill *s, weir_error *err) WR_NODISCARD; /* what was added is durable */
bool wr_spill_is_full(const wr_spill *s);

/* The batch behind `sent`, in the arena. WEIR_EEND: there is none. */
weir_status wr_spill_next(wr_spill *s, weir_arena *arena, weir_batch *out, weir_error *err) WR_NODISCARD;
void wr_spill_skip(wr_spill *s);     /* that batch was handed on */
void wr_spill_skip_all(wr_spill *s); /* all were */
void wr_spill_deliver(wr_spill *s);  /* all that was handed on is there: safe is where sent is */
void wr_spill_again(wr_spill *s);    /* what was handed on and is not safe is lost: sent is where safe is */
void wr_spill_trim(wr_spill *s);     /* deletes what lies before safe */

wr_spill_mark wr_spill_safe(const wr_spill *s);
wr_spill_mark wr_spill_sent(const wr_spill *s);
wr_spill_mark wr_spill_tail(const wr_spill *s);

/* One record of a segment's bytes; for tests of hostile input. */
weir_status wr_spill_read_record(weir_reader *r, weir_arena *arena, weir_batch *out,
                                 weir_error *err) WR_NODISCARD;

#endif
