/* table.h: the transports and formats that are built in. Adding one is one file and one row in table.c. */
#ifndef WR_IO_TABLE_H
#define WR_IO_TABLE_H

#include "weir_io.h"

/* In order of their names; each ends with NULL. */
extern const weir_source_type *const wr_io_sources[];
extern const weir_sink_type *const wr_io_sinks[];
extern const weir_decoder_type *const wr_io_decoders[];
extern const weir_encoder_type *const wr_io_encoders[];

/* One by one, each in the file of its name. */
extern const weir_source_type wr_file_source, wr_generator_source, wr_memory_source, wr_stdin_source;
extern const weir_sink_type wr_file_sink, wr_log_sink, wr_memory_sink, wr_stdout_sink;
extern const weir_decoder_type wr_avro_decoder, wr_binary_decoder, wr_csv_decoder, wr_json_decoder,
    wr_keyvalue_decoder, wr_proto_decoder;
extern const weir_encoder_type wr_avro_encoder, wr_binary_encoder, wr_csv_encoder, wr_json_encoder,
    wr_keyvalue_encoder, wr_proto_encoder;

/* The keys that every @source and every @sink takes, whatever its type; for the reference. */
extern const weir_option wr_source_common_options[];
extern const weir_option wr_sink_common_options[];

#endif
