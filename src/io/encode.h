/* encode.h: what encoders of text formats share. */
#ifndef WR_IO_ENCODE_H
#define WR_IO_ENCODE_H

#include <string.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "weir_io.h"

/* Room must have been reserved. */
WR_INLINE void wr_encode_char(weir_encoded *e, char c) { e->data[e->len++] = c; }
WR_INLINE void wr_encode_bytes(weir_encoded *e, const char *bytes, size_t len) {
    if (len) memcpy(e->data + e->len, bytes, len); /* before the first byte there may be no data */
    e->len += len;
}

/* A number or bool of the column's type, as text; not for strings and objects. Room for WR_NUMBER_TEXT_BYTES
 * must be there. *is_number false: NaN or an infinity was written. */
void wr_encode_scalar(weir_encoded *e, const weir_column *c, uint32_t row, bool *is_number);
/* The same for a value. */
void wr_encode_scalar_value(weir_encoded *e, const weir_value *v, bool *is_number);

/* An object as the nearest thing that has a text: the value that it boxes, an error's message, a set's size,
 * a list or map as Java writes it. The text may live in *text, which begins empty and is the caller's. */
weir_value wr_encode_unbox(weir_object *o, wr_buf *text);

#endif
