/* json.h: JSON to values and back: an object is a map, an array a list (marked as JSON, so that their text is
 * JSON too where Java's is), and the rest plain values. */
#ifndef WR_JSON_H
#define WR_JSON_H

#include "base/buf.h"
#include "base/compiler.h"
#include "weir_ext.h"

/* Which characters are escaped beyond those that JSON itself asks for. */
typedef enum wr_json_style {
    WR_JSON_PLAIN, /* none */
    WR_JSON_HTML,  /* < > & = ' as \u003c …: what Gson writes */
    WR_JSON_WEB,   /* / as \/ : what json-smart writes */
    WR_JSON_TAGS   /* / as \/ behind a < : what org.json writes */
} wr_json_style;

/* Appends. Keys of maps that are no strings are written as their text; NaN and infinities as null; errors and
 * sets as a string, and an array. */
void wr_json_of_value(wr_buf *out, const weir_value *v, wr_json_style style);

/* A value as the key of a member: its text, as a string. */
void wr_json_of_key(wr_buf *out, const weir_value *key, wr_json_style style);

typedef struct wr_json_reading {
    weir_map_order order; /* of maps */
    bool json_maps;       /* maps are marked as JSON; lists always are */
    bool lenient; /* take 'single quotes', keys and words without quotes, and a comma at the end too */
    /* As json-smart reads it: lenient, and a text without quotes goes on to the next ',' or closing bracket,
     * blanks and all. */
    bool smart;
    bool loose;       /* too many commas, and anything behind the end of an array or object, don't matter */
    bool doubles;     /* every number is a double */
    bool plain_lists; /* lists aren't marked as JSON */
} wr_json_reading;

/* Reads one JSON text. Whole numbers are int or long, by size, those too large for these and others double.
 * An object in *out is a reference of the caller's; strings point into *text or live in the arena, which may
 * also hold what is left of an object that failed. WEIR_EPARSE: no JSON, or nested too deep. */
weir_status wr_json_to_value(const char *text, size_t len, const wr_json_reading *reading, weir_arena *arena,
                             weir_value *out, weir_error *err) WR_NODISCARD;

#endif
