/* calendar.h: units of the calendar in GMT: where a second, minute, hour, day, month or year begins and ends.
 *
 * Days to dates and back by Howard Hinnant's algorithms ("chrono-compatible low-level date algorithms"),
 * which hold for the whole proleptic Gregorian calendar. Times are ms since 1970. */
#ifndef WR_CALENDAR_H
#define WR_CALENDAR_H

#include <stdint.h>

typedef enum wr_unit { WR_SECOND, WR_MINUTE, WR_HOUR, WR_DAY, WR_MONTH, WR_YEAR } wr_unit;
#define WR_N_UNITS 6

typedef struct wr_date {
    int64_t year;
    uint32_t month, day; /* from 1 */
} wr_date;

/* Days since 1970-01-01. */
int64_t wr_days_of(wr_date date);
wr_date wr_date_of(int64_t days);

/* The beginning of the unit that ms is in; and of the one after it. Times out of range (time_range.h) count
 * as the last that are in it. */
int64_t wr_unit_begin(wr_unit unit, int64_t ms);
int64_t wr_unit_end(wr_unit unit, int64_t ms);

#endif
