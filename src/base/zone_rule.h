/* zone_rule.h: the rule by which a zone's clocks change for ever after, in POSIX's form for TZ as extended by
 * RFC 9636: `CET-1CEST,M3.5.0,M10.5.0/3`. */
#ifndef WR_ZONE_RULE_H
#define WR_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct wr_zone_day {
    char kind;                /* 'M': day `day` of week `week` of month `month`; 'J': the day-th, 29 February
                               * not counted, from 1; '0': the day-th, from 0 */
    int32_t month, week, day; /* of the week: 0 is Sunday; week 5 is the last */
    int32_t at_s;             /* seconds after that day's midnight, local time; may lie outside of the day */
} wr_zone_day;

typedef struct wr_zone_rule {
    bool changes;
    int32_t standard_s, summer_s; /* ahead of UTC */
    wr_zone_day begin, end;       /* of summer time */
} wr_zone_rule;

/* False: no such rule. */
bool wr_zone_rule_parse(const char *text, size_t len, wr_zone_rule *out);
/* Seconds ahead of UTC at a time in seconds since 1970, UTC. */
int32_t wr_zone_rule_ahead(const wr_zone_rule *rule, int64_t utc_s);

#endif
