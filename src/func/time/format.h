/* format.h: times as text in the patterns of Java's SimpleDateFormat, as Siddhi's time functions print and
 * read them (with commons-lang's FastDateFormat): always in GMT, and with English names.
 *
 * Letters are those of table `letters` in format.c; text stands between ', or is what is no letter. Reading
 * is as generous as there: what follows the last field is ignored, a field may have any number of digits
 * unless a number follows it at once, and values outside of their range carry over. Two digits of a year mean
 * 1946 to 2045 (there: 80 years back from the wall's). Names of time zones are read if they mean GMT. */
#ifndef WR_TIME_FORMAT_H
#define WR_TIME_FORMAT_H

#include "base/buf.h"
#include "base/compiler.h"
#include "func/texts.h"

#define WR_TIME_PATTERN_MOST 256u /* bytes */
#define WR_TIME_TOKENS_MOST  64u

typedef struct wr_time_token {
    char letter;    /* 0: text */
    uint16_t width; /* of letters; of text, its bytes */
    uint16_t at;    /* text: where it begins in `plain` */
} wr_time_token;

/* A compiled pattern; all zero: none yet. Owns nothing. */
typedef struct wr_time_format {
    bool is_set;
    uint16_t len, n, n_plain;
    char pattern[WR_TIME_PATTERN_MOST];
    char plain[WR_TIME_PATTERN_MOST]; /* texts without their quotes */
    wr_time_token tokens[WR_TIME_TOKENS_MOST];
} wr_time_format;

/* Compiles, unless it is that pattern already. WEIR_EPARSE names what isn't a pattern, or isn't supported. */
weir_status wr_time_format_set(wr_time_format *f, const char *pattern, size_t len,
                               weir_error *err) WR_NODISCARD;

void wr_time_print(const wr_time_format *f, int64_t ms, wr_buf *out);
/* False: the text doesn't begin with such a time, or the time is out of range. */
bool wr_time_read(const wr_time_format *f, const char *text, size_t len, int64_t *ms);

/* The names that are printed, in English. */
extern const char *const wr_month_names[12], *const wr_day_names[7]; /* from Sunday */

#endif
