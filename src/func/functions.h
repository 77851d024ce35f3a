/* functions.h: weir's own scalar functions; one file a family, all listed in table.c. */
#ifndef WR_FUNCTIONS_H
#define WR_FUNCTIONS_H

#include "weir_ext.h"

extern const weir_function_type wr_env_get_origin_ip, wr_env_get_system_property; /* env.c */
extern const weir_function_type wr_function_cast;                                 /* cast.c */
extern const weir_function_type wr_function_coalesce;                             /* choose.c */
extern const weir_function_type wr_function_convert;                              /* convert.c */
extern const weir_function_type wr_function_create_set;                           /* set.c */
extern const weir_function_type wr_function_current_time_millis;                  /* time.c */
extern const weir_function_type wr_function_default;                              /* choose.c */
extern const weir_function_type wr_function_event_timestamp;                      /* time.c */
extern const weir_function_type wr_function_get_time_zone;                        /* time_text.c */
extern const weir_function_type wr_function_if_then_else;                         /* choose.c */
extern const weir_function_type wr_function_instance_of_boolean;                  /* instance_of.c */
extern const weir_function_type wr_function_instance_of_double;
extern const weir_function_type wr_function_instance_of_float;
extern const weir_function_type wr_function_instance_of_integer;
extern const weir_function_type wr_function_instance_of_long;
extern const weir_function_type wr_function_instance_of_string;
extern const weir_function_type wr_function_maximum; /* extremes.c */
extern const weir_function_type wr_function_minimum;
extern const weir_function_type wr_function_size_of_set;               /* set.c */
extern const weir_function_type wr_function_timestamp_in_milliseconds; /* time_text.c */
extern const weir_function_type wr_function_uuid;                      /* uuid.c */

#endif
