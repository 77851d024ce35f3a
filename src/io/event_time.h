/* event_time.h: the timestamp that an attribute holds, as event.time and event.time.format say. */
#ifndef WR_IO_EVENT_TIME_H
#define WR_IO_EVENT_TIME_H

#include "base/compiler.h"
#include "weir_io.h"

#define WR_TIME_PATTERN_MAX 24

/* Text to a time: a pattern of the letters y M d H m s S and X (zone), or ISO 8601 when it has no steps. */
typedef struct wr_time_pattern {
    uint32_t n_steps;
    struct {
        char letter; /* 0: `literal` stands there */
        char literal;
        uint8_t width; /* digits; 1: one or more */
    } steps[WR_TIME_PATTERN_MAX];
} wr_time_pattern;

/* "yyyy-MM-dd HH:mm:ss"; quoted text and other signs stand for themselves. NULL or "ISO8601": ISO 8601. */
weir_status wr_time_pattern_parse(const char *text, wr_time_pattern *out, weir_error *err) WR_NODISCARD;
/* False: the text isn't of that form, or no such day or hour exists. Without a zone it is UTC. */
bool wr_time_from_text(const wr_time_pattern *pattern, const char *text, size_t len, int64_t *ms);

typedef struct wr_event_time {
    uint32_t column;
    weir_type type;
    int64_t unit_num, unit_den; /* of a number: ms = value * num / den */
    wr_time_pattern pattern;    /* of a string */
} wr_event_time;

weir_status wr_event_time_open(wr_event_time *t, const weir_schema *schema, const char *attribute,
                               const char *format, weir_error *err) WR_NODISCARD;
/* The row's time; false with *reason (in `text`) when the attribute doesn't hold one. */
bool wr_event_time_of(const wr_event_time *t, const weir_rows *rows, uint32_t row, int64_t *ms, char *text,
                      size_t text_size);

#endif
