/* bus.h: the in-memory topics of one engine, by which sinks reach sources without leaving the process.
 *
 * A message published on a topic goes to every subscriber of that moment, in order. Publishers and
 * subscribers may be on different threads; a lock in the bus keeps them apart. A topic is full when a
 * subscriber has WR_BUS_QUEUE_BYTES waiting: publishers should then wait, but what they publish is taken. */
#ifndef WR_IO_BUS_H
#define WR_IO_BUS_H

#include "base/arena.h"
#include "base/compiler.h"
#include "weir_io.h"

#define WR_BUS_QUEUE_BYTES ((size_t)64 << 20)

weir_bus *wr_bus_new(void) WR_NODISCARD; /* NULL: out of memory */
void wr_bus_free(weir_bus *bus);         /* after all subscribers are gone */

/* Rows, or the bytes of one encoded record. Immutable once published; shared by all subscribers. */
typedef struct wr_bus_message {
    weir_arena arena; /* owns all below, and this */
    uint32_t refs;
    uint32_t n_rows; /* 0: bytes */
    uint32_t n_cols;
    weir_column *cols;
    int64_t *ts;
    uint32_t n_chunks;
    uint32_t *chunk_end; /* NULL: each row is a chunk */
    const char *bytes;
    size_t len;
} wr_bus_message;

/* Copies the selected rows, dense. NULL: out of memory. */
wr_bus_message *wr_bus_message_of_rows(const weir_batch *rows) WR_NODISCARD;
wr_bus_message *wr_bus_message_of_bytes(const char *bytes, size_t len) WR_NODISCARD;
/* All its rows; what the batch points to is the message's. */
void wr_bus_message_batch(const wr_bus_message *m, weir_batch *out);
void wr_bus_message_free(wr_bus_message *m); /* one that was not published */

typedef struct wr_bus_subscriber wr_bus_subscriber;
wr_bus_subscriber *wr_bus_subscribe(weir_bus *bus, const char *topic) WR_NODISCARD; /* NULL: out of memory */
void wr_bus_unsubscribe(wr_bus_subscriber *s);
int wr_bus_wake_fd(const wr_bus_subscriber *s); /* an eventfd, readable when messages came; -1: none */
/* The i-th message that waits, or NULL. i == 0 clears the wake-up. It stays until it is popped. */
const wr_bus_message *wr_bus_peek(wr_bus_subscriber *s, uint32_t i);
void wr_bus_pop(wr_bus_subscriber *s, uint32_t n);
size_t wr_bus_waiting(wr_bus_subscriber *s); /* rows and records */

/* Takes over the message. WEIR_ENOMEM: some subscriber missed it. */
weir_status wr_bus_publish(weir_bus *bus, const char *topic, wr_bus_message *message) WR_NODISCARD;
bool wr_bus_is_full(weir_bus *bus, const char *topic); /* NULL: whether any topic is */
/* How many messages have been published so far; *waiting: some have not been taken. */
uint64_t wr_bus_published(weir_bus *bus, bool *waiting);

#endif
