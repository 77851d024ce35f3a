/* json_lenient.h: what Gson's reader takes for JSON, and so Siddhi's validate.json: also strings in single
 * quotes or without any, ';' between members, '=' and '=>' for ':', comments, and left-out elements. */
#ifndef WR_IO_JSON_LENIENT_H
#define WR_IO_JSON_LENIENT_H

#include <stdbool.h>
#include <stddef.h>

bool wr_json_is_lenient(const char *text, size_t len);

#endif
