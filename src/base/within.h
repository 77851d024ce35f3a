/* within.h: the range of time and the granularity that a reader of an aggregation asks for. */
#ifndef WR_WITHIN_H
#define WR_WITHIN_H

#include "base/calendar.h"
#include "weir_ext.h"

typedef struct wr_within {
    int64_t start, end; /* the end is not part of it */
} wr_within;

/* 'yyyy-MM-dd HH:mm:ss', with ** in place of the last parts ("2020-01-** **:**:**": January), in GMT or with
 * an offset (" +05:30") behind. Returns why not, or NULL. */
const char *wr_within_text(const weir_string *text, wr_within *out);

/* "sec", "seconds", "SECONDS", "minutes" …; false: it is none. */
bool wr_unit_of(const weir_string *text, wr_unit *out);
/* "seconds", for messages. */
const char *wr_unit_name(wr_unit unit);

#endif
