/* functions.h: the functions of namespace time; all listed in func/table.c. */
#ifndef WR_TIME_FUNCTIONS_H
#define WR_TIME_FUNCTIONS_H

#include "weir_ext.h"

/* now.c */
extern const weir_function_type wr_time_current_date, wr_time_current_time, wr_time_current_timestamp,
    wr_time_utc_timestamp;
/* dates.c */
extern const weir_function_type wr_time_date, wr_time_date_format, wr_time_day_of_week,
    wr_time_timestamp_in_milliseconds;
/* change.c */
extern const weir_function_type wr_time_date_add, wr_time_date_diff, wr_time_date_sub;
/* extract.c */
extern const weir_function_type wr_time_extract;
/* zones.c */
extern const weir_function_type wr_time_timezone_convert;

#endif
