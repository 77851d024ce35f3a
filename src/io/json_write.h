/* json_write.h: values as JSON text, for whatever writes JSON. The output is always UTF-8: bytes that are no
 * character become U+FFFD. */
#ifndef WR_IO_JSON_WRITE_H
#define WR_IO_JSON_WRITE_H

#include "base/compiler.h"
#include "weir_io.h"

/* A string's characters with escapes, without the quotes around; at most 6 bytes for each of text. */
#define WR_JSON_ESCAPED_BYTES(len) (6 * (size_t)(len))
size_t wr_json_escape(const char *text, size_t len, char *out);

/* How cells of a column are appended, chosen once for a batch. Room for WR_NUMBER_TEXT_BYTES must be there.
 */
typedef bool wr_json_put(weir_encoded *e, const weir_column *c, uint32_t row);
wr_json_put *wr_json_put_of(const weir_column *c);

/* Each appends; false: no memory. NaN and the infinities, which JSON has not, are null. */
bool wr_json_put_cell(weir_encoded *e, const weir_column *c, uint32_t row);
/* Without quotes around strings: for a place within a string of a template. */
bool wr_json_put_within_string(weir_encoded *e, const weir_column *c, uint32_t row);

#endif
