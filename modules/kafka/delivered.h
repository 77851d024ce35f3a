/* delivered.h: which records of a sink are delivered, where on.error or another destination asks for it
 * (weir_io_args.reports). Partitions deliver each at its own pace: a ring has a byte for each record from the
 * first that is neither delivered nor refused on. Belongs to the thread that polls the client. */
#ifndef KAFKA_DELIVERED_H
#define KAFKA_DELIVERED_H

#include "../wire/refusals.h"

typedef struct kafka_delivered {
    uint64_t n_taken; /* records, since the start or since it was forgotten */
    uint64_t first;   /* those before it are settled */
    char *is_settled; /* ring of cap bytes, a power of two: record r is at r % cap */
    size_t cap;
    wire_refusals refusals;
    bool has_partitions; /* records say which: one that is not there is refused */
    bool has_failed;     /* some came back that may be delivered another time */
} kafka_delivered;

void kafka_delivered_init(kafka_delivered *d);
void kafka_delivered_fini(kafka_delivered *d);
/* n more were taken; their numbers begin at n_taken. False: no memory, none was. */
bool kafka_delivered_room(kafka_delivered *d, uint64_t n);
void kafka_delivered_take(kafka_delivered *d, uint64_t n);
/* One that there is room for was delivered or refused. */
void kafka_delivered_settle(kafka_delivered *d, uint64_t record);
void kafka_delivered_refuse(kafka_delivered *d, uint64_t record, const char *topic, const char *why);
void kafka_delivered_forget(kafka_delivered *d); /* all of it */

#endif
