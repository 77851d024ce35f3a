/* look.c: what maps hold. */
#include "func/containers.h"
#include "func/map/functions.h"

/* ---- get ---------------------------------------------------------------------------------------------- */

WR_CHECK(check_get, wr_map_get, WEIR_OBJECT, {2, false, {WR_T_OBJECT, WR_T_ANY}},
         {3, false, {WR_T_OBJECT, WR_T_ANY, WR_T_ANY}})

static weir_status eval_get(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        const weir_object *map = wr_map_arg(call, 0, row, "map:get");
        if (!map) continue;
        weir_value key = wr_call_get(call, 1, row), v = wr_value_null(WEIR_NONE);
        if (!weir_object_map_get(map, &key, &v) && call->n_args == 3) v = wr_call_get(call, 2, row);
        WR_TRY(wr_call_put(call, row, &v));
    }
    return WEIR_OK;
}

WR_FUNCTION(wr_map_get, "map", "get", check_get, eval_get, "Gives the value under a key.",
            "convert(map:get(map:create(1, 'ABC'), 1), 'string') -> 'ABC'",
            {"map:get(<object> map, <any> key)", "A key that is not there gives null."},
            {"map:get(<object> map, <any> key, <any> fallback)",
             "A key that is not there gives the last argument."});

/* ---- size, isEmpty, isMap ----------------------------------------------------------------------------- */

WR_CHECK(check_size, wr_map_size, WEIR_INT, {1, false, {WR_T_OBJECT}})
WR_CHECK(check_is_empty, wr_map_is_empty, WEIR_BOOL, {1, false, {WR_T_OBJECT}})
WR_CHECK(check_is_map, wr_map_is_map, WEIR_BOOL, {1, false, {WR_T_ANY}})

WR_EVAL(eval_size, wr_count_rows(call, "map:size", WEIR_OBJECT_MAP))
WR_EVAL(eval_is_empty, wr_test_empty_rows(call, "map:isEmpty", WEIR_OBJECT_MAP))
WR_EVAL(eval_is_map, wr_test_kind_rows(call, WEIR_OBJECT_MAP))

WR_FUNCTION(wr_map_size, "map", "size", check_size, eval_size, "Gives the number of entries.",
            "map:size(map:create('a', 1)) -> 1", {"map:size(<object> map)", "What is no map fails."});
WR_FUNCTION(wr_map_is_empty, "map", "isEmpty", check_is_empty, eval_is_empty, "Is the map empty?",
            "map:isEmpty(map:create()) -> true", {"map:isEmpty(<object> map)", "What is no map fails."});
WR_FUNCTION(wr_map_is_map, "map", "isMap", check_is_map, eval_is_map, "Is it a map?",
            "map:isMap(map:create()) -> true", {"map:isMap(<any> value)", "Null is none."});

/* ---- containsKey, containsValue ----------------------------------------------------------------------- */

WR_CHECK(check_key, wr_map_contains_key, WEIR_BOOL, {2, false, {WR_T_OBJECT, WR_T_ANY}})
WR_CHECK(check_value, wr_map_contains_value, WEIR_BOOL, {2, false, {WR_T_OBJECT, WR_T_ANY}})

static weir_status eval_key(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        const weir_object *map = wr_map_arg(call, 0, row, "map:containsKey");
        weir_value key = wr_call_get(call, 1, row), v;
        if (map) wr_put_bool(call, row, weir_object_map_get(map, &key, &v));
    }
    return WEIR_OK;
}

static bool has_value(const weir_object *map, const weir_value *wanted) {
    uint32_t cursor = 0;
    weir_value key, value;
    while (weir_object_map_next(map, &cursor, &key, &value))
        if (wr_value_equal(&value, wanted)) return true;
    return false;
}

static weir_status eval_value(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        const weir_object *map = wr_map_arg(call, 0, row, "map:containsValue");
        weir_value v = wr_call_get(call, 1, row);
        if (map) wr_put_bool(call, row, has_value(map, &v));
    }
    return WEIR_OK;
}

WR_FUNCTION(wr_map_contains_key, "map", "containsKey", check_key, eval_key, "Is the key in the map?",
            "map:containsKey(map:create('1234', 'sam'), '1234') -> true",
            {"map:containsKey(<object> map, <any> key)", "What is no map fails."});
WR_FUNCTION(wr_map_contains_value, "map", "containsValue", check_value, eval_value,
            "Is the value in the map?", "map:containsValue(map:create('1234', 'sam'), 'sam') -> true",
            {"map:containsValue(<object> map, <any> value)", "What is no map fails."});

/* ---- keys, values ------------------------------------------------------------------------------------- */

WR_CHECK(check_keys, wr_map_keys, WEIR_OBJECT, {1, false, {WR_T_OBJECT}})
WR_CHECK(check_values, wr_map_values, WEIR_OBJECT, {1, false, {WR_T_OBJECT}})

static weir_status list_rows(const weir_call *call, const char *function, bool of_keys) {
    WR_FOR_ROWS(call, row) {
        const weir_object *map = wr_map_arg(call, 0, row, function);
        if (!map) continue;
        weir_object *list = weir_object_new_list();
        weir_status status = WEIR_OK;
        uint32_t cursor = 0;
        weir_value key, value;
        while (list && !status && weir_object_map_next(map, &cursor, &key, &value))
            status = weir_object_list_add(list, of_keys ? &key : &value);
        WR_TRY(wr_put_object(call, row, list, status));
    }
    return WEIR_OK;
}

WR_EVAL(eval_keys, list_rows(call, "map:keys", true))
WR_EVAL(eval_values, list_rows(call, "map:values", false))

WR_FUNCTION(wr_map_keys, "map", "keys", check_keys, eval_keys, "Gives the list of the keys.",
            "list:size(map:keys(map:create('a', 1))) -> 1",
            {"map:keys(<object> map)", "What is no map fails."});
WR_FUNCTION(wr_map_values, "map", "values", check_values, eval_values, "Gives the list of the values.",
            "list:size(map:values(map:create('a', 1))) -> 1",
            {"map:values(<object> map)", "What is no map fails."});
