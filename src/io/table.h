/* table.h: the transports and formats that are built in. Adding one is one file and one row in table.c. */
#ifndef WR_IO_TABLE_H
#define WR_IO_TABLE_H

#include "weir_io.h"

/* In order of their names; each ends with NULL. */
extern const weir_source_type *const wr_io_sources[];
extern const weir_sink_type *const wr_io_sinks[];
extern const weir_decoder_type *const wr_io_decoders[];
extern const weir_encoder_type *const wr_io_encoders[];

/* The keys that every @source and every @sink takes, whatever its type; for the reference. */
extern const weir_option wr_source_common_options[];
extern const weir_option wr_sink_common_options[];

#endif
