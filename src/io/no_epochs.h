/* no_epochs.h: the calls about epochs of a sink that keeps nothing by epoch: what has gone out can't be taken
 * back, so there is nothing to begin, commit or abort, and a checkpoint of it is a mark alone. */
#ifndef WR_IO_NO_EPOCHS_H
#define WR_IO_NO_EPOCHS_H

#include "weir_io.h"

weir_status wr_no_epoch(void *self, uint64_t epoch, weir_error *err); /* begin, commit and abort */
weir_status wr_no_epoch_prepare(void *self, uint64_t epoch, weir_writer *w, weir_error *err);
weir_status wr_no_epoch_recover(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err);

#endif
