/* chunk_faults.h: rows that can't be computed, gathered by chunk.
 *
 * A row that fails takes its whole chunk with it: none of the chunk's rows leave the operator, and the chunk
 * is reported once. An operator hands wr_chunk_faults_note to its programs as wr_eval.fail (with the struct
 * as fail_ctx), and afterwards drops the rows of failed chunks and reports:
 *
 *     wr_chunk_faults faults = {.turn = turn, .in = batch};
 *     wr_eval ev = {…, .fail = wr_chunk_faults_note, .fail_ctx = &faults};
 *     …
 *     n = wr_chunk_faults_drop(&faults, sel, n);
 *     WR_TRY(wr_chunk_faults_status(&faults, err));
 *
 * Costs nothing as long as nothing fails. */
#ifndef WR_CHUNK_FAULTS_H
#define WR_CHUNK_FAULTS_H

#include "data/batch.h"
#include "exec/operator.h"

typedef struct wr_chunk_faults {
    wr_turn *turn;
    const weir_batch *in;
    uint64_t *failed; /* a bit for each chunk of in; NULL as long as none failed */
    uint32_t n_failed;
    bool out_of_memory; /* a fault couldn't be noted */
} wr_chunk_faults;

/* A wr_eval.fail: marks the row's chunk and, the first time, tells the turn (wr_turn_fail). */
void wr_chunk_faults_note(void *faults, uint32_t row, const char *message);

static inline bool wr_chunk_has_failed(const wr_chunk_faults *f, uint32_t chunk) {
    return f->failed && f->failed[chunk >> 6] >> (chunk & 63) & 1;
}

/* Takes the rows of failed chunks out of the n ascending row numbers in sel; gives how many are left. */
uint32_t wr_chunk_faults_drop(const wr_chunk_faults *f, uint32_t *sel, uint32_t n) WR_NODISCARD;

/* WEIR_ENOMEM when a fault was lost. */
weir_status wr_chunk_faults_status(const wr_chunk_faults *f, weir_error *err) WR_NODISCARD;

#endif
