/* avro_codec.h: how blocks of Avro's container files are packed: not at all, deflate (raw), zstandard,
 * snappy. */
#ifndef WR_IO_AVRO_CODEC_H
#define WR_IO_AVRO_CODEC_H

#include <stddef.h>

#include "base/buf.h"

typedef enum wr_avro_codec {
    WR_AVRO_PLAIN,
    WR_AVRO_DEFLATE,
    WR_AVRO_ZSTD,
    WR_AVRO_SNAPPY, /* is read only */
    WR_AVRO_N_CODECS
} wr_avro_codec;

/* As the header of a file has it: "null", "deflate", "zstandard", "snappy". */
const char *wr_avro_codec_name(wr_avro_codec codec);
/* WR_AVRO_N_CODECS: none that is known here. */
wr_avro_codec wr_avro_codec_find(const char *name, size_t len);

/* Appends the unpacked bytes to out, at most `limit`. NULL: done; else what is wrong with them. */
const char *wr_avro_unpack(wr_avro_codec codec, const char *bytes, size_t len, size_t limit, wr_buf *out);
/* Appends the packed bytes; out->failed: no memory. Not for snappy. */
void wr_avro_pack(wr_avro_codec codec, const char *bytes, size_t len, wr_buf *out);

#endif
