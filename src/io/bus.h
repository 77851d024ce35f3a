/* bus.h: the in-memory topics of one engine, by which sinks reach sources without leaving the process.
 *
 * A message published on a topic goes to every subscriber of that moment, in order. Publishers and
 * subscribers may be on different threads. Each subscriber's queue is bounded in bytes: a full one makes
 * publish say EAGAIN to all, so that nobody misses anything. */
#ifndef WR_IO_BUS_H
#define WR_IO_BUS_H

#include "base/compiler.h"
#include "weir_io.h"

weir_bus *wr_bus_new(void) WR_NODISCARD; /* NULL: out of memory */
void wr_bus_free(weir_bus *bus);         /* after all subscribers are gone */

#endif
