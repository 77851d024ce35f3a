/* avro_container.h: the records of a container file, one after another, out of a stream of bytes that comes
 * in pieces; what is damaged is told and passed over, up to the next sync marker.
 *
 * A block's bytes are consumed when its last record is done: within a block the state is how many records of
 * it are, which is saved, so that a checkpoint may lie between any two records. */
#ifndef WR_IO_AVRO_CONTAINER_H
#define WR_IO_AVRO_CONTAINER_H

#include "io/avro_file.h"

typedef struct wr_avro_container {
    size_t limit;      /* bytes of a block, packed and unpacked */
    bool has_header;   /* what follows counts: */
    bool is_lost;      /* there is no header to read: everything is passed over */
    bool is_searching; /* for the next sync marker */
    wr_avro_codec codec;
    char sync[WR_AVRO_SYNC];
    wr_buf schema;   /* the writer's, JSON */
    wr_buf unpacked; /* the block in hand */
    size_t at;       /* in it */
    uint64_t n_left; /* records of it; 0: none is in hand */
    uint64_t n_skip; /* records before those, which were read before a restart: the caller passes over them */
    uint64_t n_done; /* records of the block that begins where bytes are not consumed */
    size_t block_bytes; /* that it takes, packed */
} wr_avro_container;

void wr_avro_container_reset(wr_avro_container *c); /* a new file begins; keeps limit and memory */
void wr_avro_container_fini(wr_avro_container *c);

/* What comes next. */
typedef enum wr_avro_next {
    WR_AVRO_RECORD_NEXT, /* n_left records are in unpacked, from `at` on */
    WR_AVRO_HEADER_NEXT, /* the header was read: `schema` is new */
    WR_AVRO_MORE_NEXT,   /* more bytes are needed */
    WR_AVRO_BAD_NEXT,    /* *wrong says what is damaged, in *bad_len bytes from what is consumed on */
    WR_AVRO_NOMEM_NEXT
} wr_avro_next;

/* bytes[*consumed..len) have not been consumed; ends: nothing follows them. Moves *consumed on. */
wr_avro_next wr_avro_container_next(wr_avro_container *c, const char *bytes, size_t len, bool ends,
                                    size_t *consumed, const char **wrong);
/* A record of those to skip is passed over, up to unpacked.data + at. */
void wr_avro_container_skipped(wr_avro_container *c, size_t at);
/* The record in hand is done, up to unpacked.data + at. */
void wr_avro_container_done(wr_avro_container *c, size_t at, size_t *consumed);
/* It can't be read, so nor can those behind it in its block. Returns how many they are, itself included. */
uint64_t wr_avro_container_give_up(wr_avro_container *c, size_t *consumed);

void wr_avro_container_save(const wr_avro_container *c, weir_writer *w);
weir_status wr_avro_container_load(wr_avro_container *c, weir_reader *r, weir_error *err) WR_NODISCARD;

#endif
