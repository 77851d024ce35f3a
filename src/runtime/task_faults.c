/* task_faults.c: chunks that failed in a query.
 *
 * As in Siddhi, a failure stops the chunk at the stream from which the query reads: receivers after it don't
 * get the chunk. What happens to it then is the stream's @OnError: a log line, or the rows with the error in
 * the stream's fault stream. */
#include "runtime/errors.h"
#include "runtime/task_internal.h"
#include "weir_io.h"

#define LOGGED_FAULTS 10u

/* The chunk of b with this origin, or UINT32_MAX: the failure came from a timer. */
static uint32_t find_chunk(const weir_batch *b, weir_origin origin) {
    uint32_t lo = 0, hi = b->n_chunks;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (weir_batch_origin(b, mid) < origin)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < b->n_chunks && weir_batch_origin(b, lo) == origin ? lo : UINT32_MAX;
}

static weir_status mark_failed(wr_turn *turn, const weir_batch *source, const char **reason,
                               weir_error *err) {
    (void)err;
    for (uint32_t i = 0; i < turn->faults.n; i++) {
        const wr_fault *f = &turn->faults.items[i];
        uint32_t c = find_chunk(source, f->origin);
        if (c == UINT32_MAX) continue;
        if (!reason[c]) reason[c] = f->message;
    }
    return WEIR_OK;
}

static weir_status reasons_of(wr_turn *turn, const weir_batch *source, const char ***out, weir_error *err) {
    *out = wr_arena_zero(turn->arena, source->n_chunks + 1, sizeof **out);
    if (!*out) return weir_fail(err, WEIR_ENOMEM, "out of memory for failed rows");
    return mark_failed(turn, source, *out, err);
}

/* The rows of source whose chunk failed (or did not). reason_of_row gets each kept row's reason. */
static weir_status select_rows(wr_turn *turn, const weir_batch *source, const char *const *reason,
                               bool failed, weir_batch *out, weir_error *err) {
    uint32_t *sel = wr_arena_array(turn->arena, source->n_sel + 1, sizeof *sel), n = 0, c = 0;
    if (!sel) return weir_fail(err, WEIR_ENOMEM, "out of memory for failed rows");
    for (uint32_t k = 0; k < source->n_sel; k++) {
        uint32_t row = weir_batch_row(source, k);
        while (weir_batch_chunk_end(source, c) <= row) c++;
        if ((reason[c] != NULL) == failed) sel[n++] = row;
    }
    *out = *source;
    out->sel = sel;
    out->n_sel = n;
    return WEIR_OK;
}

weir_status wr_task_without_failed(wr_turn *turn, const weir_batch *source, weir_batch *out,
                                   weir_error *err) {
    const char **reason;
    WR_TRY(reasons_of(turn, source, &reason, err));
    return select_rows(turn, source, reason, false, out, err);
}

/* Adds the _error column. */
static weir_status with_error(wr_turn *turn, const weir_batch *source, const char *const *reason,
                              weir_batch *out, weir_error *err) {
    weir_column *cols = wr_arena_zero(turn->arena, source->n_cols + 1, sizeof *cols);
    weir_object **errors = wr_arena_zero(turn->arena, source->n_rows + 1, sizeof *errors);
    if (!cols || !errors) return weir_fail(err, WEIR_ENOMEM, "out of memory for failed rows");
    memcpy(cols, source->cols, source->n_cols * sizeof *cols);
    cols[source->n_cols] = (weir_column){.type = WEIR_OBJECT, .data = errors};
    for (uint32_t k = 0, c = 0; k < out->n_sel; k++) {
        uint32_t row = weir_batch_row(out, k);
        while (weir_batch_chunk_end(source, c) <= row) c++;
        errors[row] = weir_object_new_error(reason[c]);
        if (!errors[row]) return weir_fail(err, WEIR_ENOMEM, "out of memory for failed rows");
        WR_TRY(weir_arena_own(turn->arena, errors[row]));
    }
    out->cols = cols;
    out->n_cols = source->n_cols + 1;
    return WEIR_OK;
}

/* A line for each of a stream's first failures, then for every thousandth: a bad source must not fill the
 * disk. */
static void log_faults(const wr_turn *turn, wr_stream_state *s) {
    for (uint32_t i = 0; i < turn->faults.n; i++) {
        uint64_t number = s->errors - turn->faults.n + i + 1;
        if (number > LOGGED_FAULTS && number % 1000) continue;
        wr_task_log(turn, WEIR_LOG_ERROR, "stream '%s': rows dropped: %s (so far: %llu)", s->plan->name,
                    turn->faults.items[i].message, (unsigned long long)number);
    }
}

/* Each failed chunk with its reason. False: one is not kept. */
static weir_status store_faults(wr_task *t, wr_turn *turn, const wr_stream_state *s, const weir_batch *source,
                                bool *are_kept, weir_error *err) {
    const char **reason;
    uint32_t *sel = wr_arena_array(turn->arena, source->n_sel + 1, sizeof *sel), k = 0;
    if (!sel) return weir_fail(err, WEIR_ENOMEM, "out of memory for failed rows");
    WR_TRY(reasons_of(turn, source, &reason, err));
    *are_kept = true;
    for (uint32_t c = 0; c < source->n_chunks; c++) {
        weir_batch one = *source;
        one.sel = sel;
        one.n_sel = 0;
        for (; k < source->n_sel && weir_batch_row(source, k) < weir_batch_chunk_end(source, c); k++)
            sel[one.n_sel++] = weir_batch_row(source, k);
        if (reason[c] && one.n_sel)
            *are_kept &= wr_errors_keep_stream(t->errors, s->plan->name, &one, reason[c]);
    }
    return WEIR_OK;
}

weir_status wr_task_fault_rows(wr_task *t, wr_turn *turn, uint32_t stream, const weir_batch *source,
                               weir_batch *out, weir_error *err) {
    wr_stream_state *s = &t->streams[stream];
    s->errors += turn->faults.n;
    memset(out, 0, sizeof *out);
    if (s->plan->fault == WR_NONE_ID) {
        bool are_kept = false;
        if (s->plan->on_error == WR_ON_ERROR_STORE) WR_TRY(store_faults(t, turn, s, source, &are_kept, err));
        if (!are_kept) log_faults(turn, s);
        return WEIR_OK;
    }
    const char **reason;
    WR_TRY(reasons_of(turn, source, &reason, err));
    WR_TRY(select_rows(turn, source, reason, true, out, err));
    return with_error(turn, source, reason, out, err);
}
