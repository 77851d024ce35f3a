/* seen.h: messages that the app has had and the broker may deliver again, by a hash of their message id:
 * after a lost connection, and after a restart from a checkpoint. So a redelivery is no second row. */
#ifndef JMS_SEEN_H
#define JMS_SEEN_H

#include "weir_io.h"

#define JMS_SEEN_BEFORE UINT64_MAX /* the number of what another run of the app has had */

typedef struct jms_seen_entry {
    unsigned char id[16];
    uint64_t number; /* of the item, from 1; 0: none is here */
} jms_seen_entry;

/* Open addressing with linear probing. Zeroed: empty. */
typedef struct jms_seen {
    jms_seen_entry *of;
    uint32_t n, cap; /* cap: 0 or a power of two */
} jms_seen;

bool jms_seen_add(jms_seen *s, const unsigned char id[16], uint64_t number); /* false: no memory */
/* Takes it out. 0: it was not there. */
uint64_t jms_seen_take(jms_seen *s, const unsigned char id[16]);
void jms_seen_clear(jms_seen *s);

#endif
