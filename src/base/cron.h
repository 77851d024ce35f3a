/* cron.h: Quartz cron expressions, and the time at which one is next due.
 *
 *   second minute hour day-of-month month day-of-week [year]
 *   0-59   0-59   0-23 1-31         1-12  1-7         1970-2099
 *
 * Months may be written JAN-DEC and days of the week SUN-SAT (SUN is 1), in any case. A field is *, or a list
 * of a, a-b (round the end too: 22-2), a/step, a-b/step, * /step. One of the two day fields, and only one, is
 * `?`. Day of month also takes L (the last), L-3, LW, 15W (the weekday nearest to it, in the same month); day
 * of week L (Saturday), 6L (the last Friday of the month), 6#3 (the third Friday). */
#ifndef WR_CRON_H
#define WR_CRON_H

#include "base/compiler.h"
#include "weir_ext.h"

/* Sets are bitmaps: bit v for the value v. Plain data: copy it as you like. */
typedef struct wr_cron {
    uint64_t seconds, minutes;
    uint32_t hours, days, months, weekdays;
    uint64_t years[3];   /* from 1970 */
    bool by_weekday;     /* day of month is `?` */
    bool last_day;       /* L… in day of month */
    uint8_t before_last; /* L-3: 3 */
    bool nearest;        /* W: the weekday nearest to that day */
    uint8_t last_of;     /* 6L: 6; 0: no */
    uint8_t nth;         /* 6#3: 3, with 6 in weekdays; 0: no */
} wr_cron;

/* WEIR_EPARSE with what is wrong and, in err->begin and end, where in text. */
weir_status wr_cron_parse(const char *text, size_t len, wr_cron *out, weir_error *err) WR_NODISCARD;

#define WR_CRON_NEVER INT64_MAX
/* The first time after after_ms (ms since 1970, UTC) at which it is due, or WR_CRON_NEVER. The fields are
 * read in a zone that is offset_min minutes ahead of UTC. */
int64_t wr_cron_next(const wr_cron *c, int64_t after_ms, int32_t offset_min);

/* "UTC", "Z", "+02:00", "-0530", "+7": minutes ahead of UTC. Named zones are refused. */
weir_status wr_cron_zone(const char *text, size_t len, int32_t *offset_min, weir_error *err) WR_NODISCARD;

#endif
