/* fields.h: a time in GMT as the fields of a calendar, and back, as Java's GregorianCalendar has them: the
 * Julian calendar before 15 October 1582, weeks that begin where a rule says, and fields that may lie outside
 * of their usual range when a time is made of them (month 13 is January of the next year). */
#ifndef WR_TIME_FIELDS_H
#define WR_TIME_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum wr_time_field {
    WR_FIELD_ERA,   /* 0: BC, 1: AD */
    WR_FIELD_YEAR,  /* of the era */
    WR_FIELD_MONTH, /* from 0 */
    WR_FIELD_WEEK_OF_YEAR,
    WR_FIELD_WEEK_OF_MONTH,
    WR_FIELD_DAY_OF_MONTH,
    WR_FIELD_DAY_OF_YEAR,
    WR_FIELD_DAY_OF_WEEK,          /* 1: Sunday … 7: Saturday */
    WR_FIELD_DAY_OF_WEEK_IN_MONTH, /* 2: the second such day of the month */
    WR_FIELD_AM_PM,
    WR_FIELD_HOUR, /* 0 … 11 */
    WR_FIELD_HOUR_OF_DAY,
    WR_FIELD_MINUTE,
    WR_FIELD_SECOND,
    WR_FIELD_MILLISECOND,
    WR_N_TIME_FIELDS
} wr_time_field;

/* When the first week of a year or month is. */
typedef struct wr_week_rule {
    uint8_t first_day;    /* of a week: 1 is Sunday */
    uint8_t minimal_days; /* that it has of the year */
} wr_week_rule;
#define WR_WEEK_RULE_DEFAULT ((wr_week_rule){1, 1}) /* of Java without a region */

typedef struct wr_time_fields {
    int32_t value[WR_N_TIME_FIELDS];
    /* For making a time: in which order they were set; 0: not. Where fields contradict each other, the last
     * ones count. */
    uint32_t stamp[WR_N_TIME_FIELDS];
    uint32_t last_stamp;
} wr_time_fields;

/* Of a time in ms since 1970, all values. */
void wr_time_fields_of(int64_t ms, wr_week_rule rule, wr_time_fields *out);

void wr_time_field_set(wr_time_fields *f, wr_time_field field, int32_t value);
/* The time of the fields that are set (the others are those of 1970-01-01 00:00). False: out of range. Weeks
 * go by the default rule. */
bool wr_time_of_fields(const wr_time_fields *f, int64_t *ms);

typedef enum wr_time_unit {
    WR_TIME_UNIT_NONE,
    WR_TIME_UNIT_YEAR,
    WR_TIME_UNIT_QUARTER,
    WR_TIME_UNIT_MONTH,
    WR_TIME_UNIT_WEEK,
    WR_TIME_UNIT_DAY,
    WR_TIME_UNIT_HOUR,
    WR_TIME_UNIT_MINUTE,
    WR_TIME_UNIT_SECOND
} wr_time_unit;

/* n units on; a day that the month doesn't have becomes its last. NONE: the same time. False: out of range.
 */
bool wr_time_add(int64_t ms, wr_time_unit unit, int32_t n, int64_t *out);

/* How the weeks of a Java locale go: "fr_FR", "de", "". False: it is none, or its calendar isn't Gregorian.
 */
bool wr_week_rule_of(const char *locale, uint32_t len, wr_week_rule *rule);

#endif
