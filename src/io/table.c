/* table.c: see table.h. A new transport or format is a row here, in order of the names. */
#include "io/table.h"

const weir_source_type *const wr_io_sources[] = {&wr_file_source, &wr_generator_source, &wr_memory_source,
                                                 &wr_stdin_source, NULL};

const weir_sink_type *const wr_io_sinks[] = {&wr_file_sink, &wr_memory_sink, &wr_log_sink, &wr_stdout_sink,
                                             NULL};

const weir_decoder_type *const wr_io_decoders[] = {&wr_avro_decoder,
                                                   &wr_binary_decoder,
                                                   &wr_csv_decoder,
                                                   &wr_json_decoder,
                                                   &wr_keyvalue_decoder,
                                                   &wr_proto_decoder,
                                                   NULL};

const weir_encoder_type *const wr_io_encoders[] = {&wr_avro_encoder,
                                                   &wr_binary_encoder,
                                                   &wr_csv_encoder,
                                                   &wr_json_encoder,
                                                   &wr_keyvalue_encoder,
                                                   &wr_proto_encoder,
                                                   NULL};
