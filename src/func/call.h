/* call.h: what the functions' eval() share: walking the selected rows, nulls, and cells of columns that hold
 * objects.
 *
 * A column is plain when it is neither boxed nor of type object: its values have the type it says. Functions
 * have a tight loop for plain columns and go cell by cell for others, where each value brings its own type:
 * the language calls such a value by the label that cast() gave it, but a function sees what it is. */
#ifndef WR_CALL_H
#define WR_CALL_H

#include "base/arena.h"
#include "data/value.h"

static inline uint32_t wr_call_row(const weir_call *call, uint32_t k) { return call->sel ? call->sel[k] : k; }

static inline bool wr_column_is_plain(const weir_column *c) { return !c->boxed && c->type != WEIR_OBJECT; }
/* All arguments and the result are plain. */
bool wr_call_is_plain(const weir_call *call);

/* Makes the result null where argument arg is. */
void wr_call_null_where(const weir_call *call, uint32_t arg);

/* The result becomes `from`, nulls included, in the selected rows. Both hold the same kind of cells. */
void wr_call_copy(const weir_call *call, const weir_column *from);

/* The cell of an argument, unboxed: its type is the value's own. */
weir_value wr_call_get(const weir_call *call, uint32_t arg, uint32_t row);
/* Stores a value: boxed if the result is, else it must have the result's type, or the row fails. */
weir_status wr_call_put(const weir_call *call, uint32_t row, const weir_value *v);

/* The row fails: printf. The text lives in the call's arena. */
void wr_call_fail(const weir_call *call, uint32_t row, const char *format, ...) WR_PRINTF(3, 4);
/* The row fails because a value that is really of one type is used as another. */
void wr_call_fail_cast(const weir_call *call, uint32_t row, weir_type is, weir_type wanted);

#endif
