/* avro_file.h: Avro's object container files (Avro 1.11 specification, "Object Container Files"): a header
 * with the writer's schema, then blocks of records, each packed, each followed by the file's 16 bytes of sync
 * marker, so that what is damaged can be passed over. */
#ifndef WR_IO_AVRO_FILE_H
#define WR_IO_AVRO_FILE_H

#include "io/avro_codec.h"
#include "io/avro_read.h"

#define WR_AVRO_SYNC 16

/* What is found at the beginning of bytes. */
typedef enum wr_avro_found {
    WR_AVRO_WHOLE,
    WR_AVRO_CUT,    /* it may go on behind them */
    WR_AVRO_DAMAGED /* *wrong says how */
} wr_avro_found;

typedef struct wr_avro_header {
    const char *schema; /* within the bytes */
    size_t schema_len;
    wr_avro_codec codec;
    char sync[WR_AVRO_SYNC];
    size_t size;
} wr_avro_header;

wr_avro_found wr_avro_read_header(const char *bytes, size_t len, wr_avro_header *out, const char **wrong);

typedef struct wr_avro_block {
    uint64_t n_records;
    const char *data; /* within the bytes */
    size_t len;
    size_t size; /* with its sync marker */
} wr_avro_block;

/* limit: a block of more bytes counts as damaged. */
wr_avro_found wr_avro_read_block(const char *bytes, size_t len, const char *sync, size_t limit,
                                 wr_avro_block *out, const char **wrong);

void wr_avro_write_header(wr_buf *out, const char *schema, size_t len, wr_avro_codec codec, const char *sync);
/* One block of records that are `data`. */
void wr_avro_write_block(wr_buf *out, uint64_t n_records, const char *data, size_t len, wr_avro_codec codec,
                         const char *sync);
/* The sync marker for files of this schema and codec: always the same, so that a file can be gone on with. */
void wr_avro_sync_of(const char *schema, size_t len, wr_avro_codec codec, char *sync);

#endif
