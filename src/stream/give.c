/* give.c: see give.h. */
#include "stream/give.h"

#include "base/compiler.h"
#include "data/value.h"

static weir_status put(weir_stream_call *call, weir_column *c, const weir_value *v) {
    weir_value boxed = *v;
    if (c->type == WEIR_OBJECT && !v->is_null && v->type != WEIR_OBJECT) {
        weir_object *o = weir_object_new_value(v);
        if (!o) return WEIR_ENOMEM;
        WR_TRY(weir_arena_own(call->arena, o));
        boxed = wr_value_object(o);
    }
    wr_column_set(c, call->n, &boxed);
    return WEIR_OK;
}

weir_status wr_stream_give(weir_stream_call *call, uint32_t row, const weir_value *added) {
    WR_TRY(weir_stream_reserve(call, 1));
    for (uint32_t i = 0; i < call->n_added; i++) WR_TRY(put(call, &call->added[i], &added[i]));
    call->row[call->n++] = row;
    return WEIR_OK;
}
