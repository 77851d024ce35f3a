/* containers.c: see containers.h. */
#include "func/containers.h"

static weir_object *object_arg(const weir_call *call, uint32_t arg, uint32_t row, const char *function,
                               weir_object_kind kind) {
    const weir_column *c = &call->args[arg];
    weir_object *o = weir_is_null(c, row) ? NULL : ((weir_object **)c->data)[row];
    if (o && weir_object_get_kind(o) == kind) return o;
    wr_call_fail(call, row, "argument %u of %s() is %s", arg + 1, function,
                 !o                         ? "null"
                 : kind == WEIR_OBJECT_LIST ? "no list"
                                            : "no map");
    return NULL;
}

weir_object *wr_list_arg(const weir_call *call, uint32_t arg, uint32_t row, const char *function) {
    return object_arg(call, arg, row, function, WEIR_OBJECT_LIST);
}

weir_object *wr_map_arg(const weir_call *call, uint32_t arg, uint32_t row, const char *function) {
    return object_arg(call, arg, row, function, WEIR_OBJECT_MAP);
}

static int32_t size_of(const weir_object *o) {
    bool is_list = weir_object_get_kind(o) == WEIR_OBJECT_LIST;
    return (int32_t)(is_list ? weir_object_list_size(o) : weir_object_map_size(o));
}

weir_status wr_count_rows(const weir_call *call, const char *function, weir_object_kind kind) {
    WR_FOR_ROWS(call, row) {
        const weir_object *o = object_arg(call, 0, row, function, kind);
        if (o) wr_put_int(call, row, size_of(o));
    }
    return WEIR_OK;
}

weir_status wr_test_empty_rows(const weir_call *call, const char *function, weir_object_kind kind) {
    WR_FOR_ROWS(call, row) {
        const weir_object *o = object_arg(call, 0, row, function, kind);
        if (o) wr_put_bool(call, row, size_of(o) == 0);
    }
    return WEIR_OK;
}

weir_status wr_test_kind_rows(const weir_call *call, weir_object_kind kind) {
    WR_FOR_ROWS(call, row) {
        weir_value v = wr_call_get(call, 0, row);
        bool is_object = v.type == WEIR_OBJECT && !v.is_null;
        wr_put_bool(call, row, is_object && weir_object_get_kind(v.as.o) == kind);
    }
    return WEIR_OK;
}

weir_status wr_put_object(const weir_call *call, uint32_t row, weir_object *object, weir_status status) {
    if (!object) return WEIR_ENOMEM;
    if (status) {
        weir_object_unref(object);
        if (status == WEIR_ENOMEM) return status;
        wr_call_fail(call, row, "lists and maps are nested too deep");
        return WEIR_OK;
    }
    WR_TRY(weir_arena_own(call->arena, object));
    ((weir_object **)call->out->data)[row] = object;
    return WEIR_OK;
}

static weir_status change_row(const weir_call *call, uint32_t row, const weir_object *from,
                              wr_container_change *change) {
    bool failed = false;
    weir_object *copy = weir_object_copy(from);
    weir_status status = copy ? change(copy, call, row, &failed) : WEIR_OK;
    if (!failed) return wr_put_object(call, row, copy, status);
    weir_object_unref(copy);
    return WEIR_OK;
}

weir_status wr_change_rows(const weir_call *call, const char *function, weir_object_kind kind,
                           wr_container_change *change) {
    WR_FOR_ROWS(call, row) {
        const weir_object *o = object_arg(call, 0, row, function, kind);
        if (o) WR_TRY(change_row(call, row, o, change));
    }
    return WEIR_OK;
}

weir_status wr_clear_rows(const weir_call *call, const char *function, weir_object_kind kind) {
    WR_FOR_ROWS(call, row) {
        if (!object_arg(call, 0, row, function, kind)) continue;
        bool is_list = kind == WEIR_OBJECT_LIST;
        weir_object *empty = is_list ? weir_object_new_list() : weir_object_new_map(WEIR_MAP_HASHED);
        WR_TRY(wr_put_object(call, row, empty, WEIR_OK));
    }
    return WEIR_OK;
}

weir_status wr_clone_rows(const weir_call *call, const char *function, weir_object_kind kind) {
    WR_FOR_ROWS(call, row) {
        weir_object *o = object_arg(call, 0, row, function, kind);
        if (o) WR_TRY(wr_put_object(call, row, weir_object_ref(o), WEIR_OK));
    }
    return WEIR_OK;
}
