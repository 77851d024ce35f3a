#include "base/calendar.h"

#include "base/floor_div.h"
#include "base/time_range.h"

#define DAY_MS INT64_C(86400000)

static const int64_t lengths[] = {1000, 60000, 3600000, DAY_MS}; /* of the units below a month */

int64_t wr_days_of(wr_date d) {
    int64_t y = d.year - (d.month <= 2), era = wr_floor_div(y, 400), year = y - era * 400;
    int64_t day = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
    return era * 146097 + year * 365 + year / 4 - year / 100 + day - 719468;
}

wr_date wr_date_of(int64_t days) {
    days += 719468;
    int64_t era = wr_floor_div(days, 146097), day = days - era * 146097;
    int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    int64_t month = (5 * day + 2) / 153; /* from March */
    wr_date d = {.year = year + era * 400, .month = (uint32_t)(month < 10 ? month + 3 : month - 9)};
    d.day = (uint32_t)(day - (153 * month + 2) / 5 + 1);
    d.year += d.month <= 2;
    return d;
}

int64_t wr_unit_begin(wr_unit unit, int64_t ms) {
    if (ms < -WR_TIME_MAX) ms = -WR_TIME_MAX;
    if (ms > WR_TIME_MAX) ms = WR_TIME_MAX;
    if (unit < WR_MONTH) return wr_floor_div(ms, lengths[unit]) * lengths[unit];
    wr_date d = wr_date_of(wr_floor_div(ms, DAY_MS));
    d.day = 1;
    if (unit == WR_YEAR) d.month = 1;
    return wr_days_of(d) * DAY_MS;
}

int64_t wr_unit_end(wr_unit unit, int64_t ms) {
    int64_t begin = wr_unit_begin(unit, ms);
    if (unit < WR_MONTH) return begin + lengths[unit];
    wr_date d = wr_date_of(begin / DAY_MS);
    if (unit == WR_YEAR || d.month == 12)
        d = (wr_date){d.year + 1, 1, 1};
    else
        d.month++;
    return wr_days_of(d) * DAY_MS;
}
