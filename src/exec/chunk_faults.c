/* chunk_faults.c: see chunk_faults.h. */
#include "exec/chunk_faults.h"

void wr_chunk_faults_note(void *faults, uint32_t row, const char *message) {
    wr_chunk_faults *f = faults;
    if (!f->failed) f->failed = wr_arena_zero(f->turn->arena, ((size_t)f->in->n_chunks + 63) / 64, 8);
    if (!f->failed) {
        f->out_of_memory = true;
        return;
    }
    uint32_t chunk = wr_batch_chunk_of(f->in, row);
    if (chunk >= f->in->n_chunks || wr_chunk_has_failed(f, chunk)) return;
    f->failed[chunk >> 6] |= (uint64_t)1 << (chunk & 63);
    f->n_failed++;
    if (wr_turn_fail(f->turn, weir_batch_origin(f->in, chunk), chunk, message) != WEIR_OK)
        f->out_of_memory = true;
}

uint32_t wr_chunk_faults_drop(const wr_chunk_faults *f, uint32_t *sel, uint32_t n) {
    if (!f->n_failed) return n;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        sel[kept] = sel[i];
        kept += !wr_chunk_has_failed(f, wr_batch_chunk_of(f->in, sel[i]));
    }
    return kept;
}

weir_status wr_chunk_faults_status(const wr_chunk_faults *f, weir_error *err) {
    return f->out_of_memory ? weir_fail(err, WEIR_ENOMEM, "out of memory while noting a failed row")
                            : WEIR_OK;
}
