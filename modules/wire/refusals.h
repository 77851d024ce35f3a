/* refusals.h: records that a sink had taken and that were refused for good, until the engine asks for them
 * (weir_sink_type.refused). Added by any thread. */
#ifndef WIRE_REFUSALS_H
#define WIRE_REFUSALS_H

#include <pthread.h>

#include "wire.h"

typedef struct wire_refusals {
    pthread_mutex_t lock;
    weir_refusal *of; /* from `first` on, n of them */
    size_t first, n, cap;
} wire_refusals;

void wire_refusals_init(wire_refusals *r);
void wire_refusals_fini(wire_refusals *r);
/* Without memory the record counts as delivered: false. */
bool wire_refusals_add(wire_refusals *r, uint64_t record, uint32_t n_records, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool wire_refusals_take(wire_refusals *r, weir_refusal *out); /* the oldest; false: there is none */
void wire_refusals_clear(wire_refusals *r);

#endif
