/* type.h: questions about weir_type. */
#ifndef WR_TYPE_H
#define WR_TYPE_H

#include "weir_ext.h"

/* The type of this name, in any case ("INT", "Int"); WEIR_NONE when there is none. */
weir_type wr_type_find(const char *name, size_t len);

static inline bool wr_type_is_numeric(weir_type type) { return type >= WEIR_INT && type <= WEIR_DOUBLE; }

#endif
