/* file_rotation.h: when a file of the file sink is closed for a new one, and what it is called from then on.
 *
 * A closed file has the name of the one that was written, with a stamp in front of its ending: out.csv.gz
 * becomes out-20261129-120000.csv.gz. The stamp is of the time at which the file got its first row, in UTC.
 * Where that name is taken, a number follows: -2, -3, ... Spans of time are counted from 1970 on in UTC, so
 * that '1 hour' changes at the full hour, by the computer's clock. */
#ifndef WR_IO_FILE_ROTATION_H
#define WR_IO_FILE_ROTATION_H

#include "base/buf.h"
#include "base/compiler.h"
#include "weir_io.h"

#define WR_FILE_STAMP "-%Y%m%d-%H%M%S" /* where nothing else is said */

typedef struct wr_file_rotation {
    int64_t size;     /* bytes that a file should not go beyond; 0: it may */
    int64_t every_ms; /* 0: time closes no file */
    uint32_t keep;    /* closed files of each name; 0: all */
    const char *stamp;
    bool is_numbered; /* the stamp has %N: each closed file has the next number */
} wr_file_rotation;

/* WEIR_ECONFIG: what the stamp has that it must not. */
weir_status wr_file_rotation_check(const wr_file_rotation *r, weir_error *err) WR_NODISCARD;
WR_INLINE bool wr_file_rotation_is_on(const wr_file_rotation *r) { return r->size || r->every_ms; }
/* How many bytes longer a name becomes at most. */
size_t wr_file_rotation_longest(const wr_file_rotation *r);
/* The time at which the span began that `ms` lies in; 0 where time closes nothing. */
int64_t wr_file_rotation_span(const wr_file_rotation *r, int64_t ms);

/* A name without a folder, and what tells one closed file from another. */
typedef struct wr_file_closing {
    const char *leaf;
    int64_t begun_ms;
    uint64_t number; /* for %N; else, from 2 on, what follows the stamp */
} wr_file_closing;

void wr_file_rotation_name(const wr_file_rotation *r, const wr_file_closing *c, wr_buf *out);
/* Whether `name` is one that a closed file of `leaf` may have; *number: its %N, or 0. */
bool wr_file_rotation_made(const wr_file_rotation *r, const char *leaf, const char *name, uint64_t *number);

#endif
