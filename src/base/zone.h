/* zone.h: time zones by name, from the system's zoneinfo files (TZif, RFC 9636), under the names of Java's
 * ZoneId: regions (`Europe/Paris`), offsets (`+05:30`, `UTC+1`), `UTC`, `GMT`, `UT`, `Z`, and the short names
 * of ZoneId.SHORT_IDS (`PST` is America/Los_Angeles, `EST` is -05:00). The process's own zone is never read
 * nor set, so any thread may use any zone. */
#ifndef WR_ZONE_H
#define WR_ZONE_H

#include "base/compiler.h"
#include "weir_ext.h"

#define WR_ZONE_NAME_MOST 64u /* bytes */

typedef struct wr_zone wr_zone;

/* Reads the zone of a name; wr_zone_close() frees it. WEIR_EPARSE: no such zone, or its file is damaged;
 * WEIR_ENOMEM. */
weir_status wr_zone_open(const char *name, size_t len, wr_zone **out, weir_error *err) WR_NODISCARD;
/* The same of the bytes of a file; for tests of hostile ones. */
weir_status wr_zone_read(const uint8_t *bytes, size_t len, wr_zone **out, weir_error *err) WR_NODISCARD;
void wr_zone_close(wr_zone *zone); /* NULL is fine */

/* How far the zone's clocks are ahead of UTC at a time, in seconds. Times are in seconds since 1970, UTC. */
int32_t wr_zone_ahead(const wr_zone *zone, int64_t utc_s);

/* The time at which the zone's clocks show local_s (seconds since 1970-01-01 00:00 on those clocks). What
 * they show twice is taken for the first time; what they pass over, for as long after the gap's begin (as
 * Java's LocalDateTime.atZone). */
int64_t wr_zone_utc(const wr_zone *zone, int64_t local_s);

#endif
