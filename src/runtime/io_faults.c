/* io_faults.c: rows that a sink could not send, on their way to the stream's fault stream. A sink is written
 * to in the middle of a cycle; what goes back into the app waits for the next one. */
#include <stdlib.h>

#include "base/clock.h"
#include "data/value.h"
#include "io/bus.h"
#include "runtime/app_io_internal.h"

bool wr_io_add_fault(wr_app_io *io, uint32_t fault_stream, const weir_batch *rows, const char *reason) {
    wr_bus_message *copy = wr_bus_message_of_rows(rows);
    char *text = strdup(reason);
    if (copy && text && !wr_grow(NULL, &io->faults, &io->cap_faults, io->n_faults + 1, sizeof *io->faults)) {
        io->faults[io->n_faults++] = (wr_fault_rows){fault_stream, copy, text};
        return true;
    }
    if (copy) wr_bus_message_free(copy);
    free(text);
    return false;
}

static weir_status add_row(wr_app_io *io, const wr_fault_rows *f, uint32_t row, weir_value *values,
                           weir_error *err) {
    wr_inbox *inbox = io->options.inbox;
    const wr_bus_message *m = f->rows;
    int64_t now = io->options.playback ? wr_task_clock(io->options.task) : wr_wall_ms();
    for (uint32_t i = 0; i < m->n_cols; i++) values[i] = wr_column_get(&m->cols[i], row);
    WR_TRY(wr_inbox_add(inbox, f->stream, m->ts[row], values, m->n_cols + 1, err));
    return wr_inbox_end_arrival(inbox, f->stream, WR_MAX(now, wr_task_clock(io->options.task)), false, err);
}

static weir_status move(wr_app_io *io, const wr_fault_rows *f, weir_error *err) {
    weir_value *values = wr_alloc_zero(NULL, (f->rows->n_cols + 1) * sizeof *values);
    weir_object *error = weir_object_new_error(f->reason);
    weir_status st = values && error ? WEIR_OK : weir_fail(err, WEIR_ENOMEM, "out of memory for failed rows");
    if (st == WEIR_OK) values[f->rows->n_cols] = wr_value_object(error);
    for (uint32_t row = 0; st == WEIR_OK && row < f->rows->n_rows; row++)
        st = add_row(io, f, row, values, err);
    weir_object_unref(error);
    wr_free(NULL, values, 0);
    return st;
}

weir_status wr_app_io_move_faults(wr_app_io *io, weir_error *err) {
    weir_status st = WEIR_OK;
    for (uint32_t i = 0; i < io->n_faults && st == WEIR_OK; i++) st = move(io, &io->faults[i], err);
    for (uint32_t i = 0; i < io->n_faults; i++) {
        wr_bus_message_free(io->faults[i].rows);
        free(io->faults[i].reason);
    }
    io->n_faults = 0;
    return st;
}

void wr_io_drop_faults(wr_app_io *io) {
    for (uint32_t i = 0; i < io->n_faults; i++) {
        wr_bus_message_free(io->faults[i].rows);
        free(io->faults[i].reason);
    }
    wr_free(NULL, io->faults, 0);
    io->faults = NULL;
    io->n_faults = io->cap_faults = 0;
}
