/* give.h: giving rows, for stream functions that give several. */
#ifndef WR_STREAM_GIVE_H
#define WR_STREAM_GIVE_H

#include "weir_ext.h"

/* Gives the row with these added values, one for each attribute; for an attribute of type object a plain
 * value is boxed. Strings must live as long as the call's arena. WEIR_ENOMEM. */
weir_status wr_stream_give(weir_stream_call *call, uint32_t row, const weir_value *added) WEIR_MUST_CHECK;

#endif
