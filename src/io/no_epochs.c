/* no_epochs.c: see no_epochs.h. */
#include "io/no_epochs.h"

weir_status wr_no_epoch(void *self, uint64_t epoch, weir_error *err) {
    (void)self;
    (void)epoch;
    (void)err;
    return WEIR_OK;
}

weir_status wr_no_epoch_prepare(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    if (w) weir_write_u32(w, 1);
    return wr_no_epoch(self, epoch, err);
}

weir_status wr_no_epoch_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    if (saved) (void)weir_read_u32(saved);
    return wr_no_epoch(self, last_epoch, err);
}
