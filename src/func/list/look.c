/* look.c: what lists hold. Values are equal as in Java: by type and value, lists and maps by what they hold.
 */
#include "func/containers.h"
#include "func/list/functions.h"

uint32_t wr_list_find(const weir_object *list, const weir_value *v) {
    uint32_t n = weir_object_list_size(list);
    for (uint32_t i = 0; i < n; i++) {
        weir_value member = weir_object_list_at(list, i);
        if (wr_value_equal(&member, v)) return i;
    }
    return UINT32_MAX;
}

static uint32_t find_last(const weir_object *list, const weir_value *v) {
    for (uint32_t i = weir_object_list_size(list); i-- > 0;) {
        weir_value member = weir_object_list_at(list, i);
        if (wr_value_equal(&member, v)) return i;
    }
    return UINT32_MAX;
}

/* ---- get ---------------------------------------------------------------------------------------------- */

WR_CHECK(check_get, wr_list_get, WEIR_OBJECT, {2, false, {WR_T_OBJECT, WR_T_INT}})

static weir_status eval_get(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        int32_t index;
        const weir_object *list = wr_list_arg(call, 0, row, "list:get");
        if (!list || !wr_int_needed(call, 1, row, "list:get", &index)) continue;
        weir_value v = weir_object_list_at(list, index < 0 ? UINT32_MAX : (uint32_t)index);
        WR_TRY(wr_call_put(call, row, &v));
    }
    return WEIR_OK;
}

WR_FUNCTION(wr_list_get, "list", "get", check_get, eval_get, "Gives what stands in a place, counted from 0.",
            "convert(list:get(list:create('IBM', 'WSO2'), 1), 'string') -> 'WSO2'",
            {"list:get(<object> list, <int> index)",
             "A place that is not there gives null; a null index fails."});

/* ---- size, isEmpty, isList ---------------------------------------------------------------------------- */

WR_CHECK(check_size, wr_list_size, WEIR_INT, {1, false, {WR_T_OBJECT}})
WR_CHECK(check_is_empty, wr_list_is_empty, WEIR_BOOL, {1, false, {WR_T_OBJECT}})
WR_CHECK(check_is_list, wr_list_is_list, WEIR_BOOL, {1, false, {WR_T_ANY}})

WR_EVAL(eval_size, wr_count_rows(call, "list:size", WEIR_OBJECT_LIST))
WR_EVAL(eval_is_empty, wr_test_empty_rows(call, "list:isEmpty", WEIR_OBJECT_LIST))
WR_EVAL(eval_is_list, wr_test_kind_rows(call, WEIR_OBJECT_LIST))

WR_FUNCTION(wr_list_size, "list", "size", check_size, eval_size, "Gives the number of members.",
            "list:size(list:create(1, 2)) -> 2", {"list:size(<object> list)", "What is no list fails."});
WR_FUNCTION(wr_list_is_empty, "list", "isEmpty", check_is_empty, eval_is_empty, "Is the list empty?",
            "list:isEmpty(list:create()) -> true", {"list:isEmpty(<object> list)", "What is no list fails."});
WR_FUNCTION(wr_list_is_list, "list", "isList", check_is_list, eval_is_list, "Is it a list?",
            "list:isList(list:create()) -> true", {"list:isList(<any> value)", "Null is none."});

/* ---- contains … --------------------------------------------------------------------------------------- */

WR_CHECK(check_contains, wr_list_contains, WEIR_BOOL, {2, false, {WR_T_OBJECT, WR_T_ANY}})
WR_CHECK(check_all, wr_list_contains_all, WEIR_BOOL, {2, false, {WR_T_OBJECT, WR_T_OBJECT}})
WR_CHECK(check_any, wr_list_contains_any, WEIR_BOOL, {2, false, {WR_T_OBJECT, WR_T_OBJECT}})

static weir_status eval_contains(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        const weir_object *list = wr_list_arg(call, 0, row, "list:contains");
        weir_value v = wr_call_get(call, 1, row);
        if (list) wr_put_bool(call, row, wr_list_find(list, &v) != UINT32_MAX);
    }
    return WEIR_OK;
}

/* How many of the members of `given` are in the list. */
static uint32_t n_common(const weir_object *list, const weir_object *given) {
    uint32_t n = weir_object_list_size(given), found = 0;
    for (uint32_t i = 0; i < n; i++) {
        weir_value v = weir_object_list_at(given, i);
        found += wr_list_find(list, &v) != UINT32_MAX;
    }
    return found;
}

static weir_status compare_rows(const weir_call *call, const char *function, bool all) {
    WR_FOR_ROWS(call, row) {
        const weir_object *list = wr_list_arg(call, 0, row, function);
        const weir_object *given = list ? wr_list_arg(call, 1, row, function) : NULL;
        if (!given) continue;
        uint32_t n = n_common(list, given);
        wr_put_bool(call, row, all ? n == weir_object_list_size(given) : n > 0);
    }
    return WEIR_OK;
}

WR_EVAL(eval_all, compare_rows(call, "list:containsAll", true))
WR_EVAL(eval_any, compare_rows(call, "list:containsAny", false))

WR_FUNCTION(wr_list_contains, "list", "contains", check_contains, eval_contains, "Is the value in the list?",
            "list:contains(list:create('IBM', 'WSO2'), 'IBM') -> true",
            {"list:contains(<object> list, <any> value)", "Null may be in a list, too."});
WR_FUNCTION(wr_list_contains_all, "list", "containsAll", check_all, eval_all,
            "Are all members of a list in another?",
            "list:containsAll(list:create(1, 2, 3), list:create(1, 4)) -> false",
            {"list:containsAll(<object> list, <object> given)", "What is no list fails."});
WR_FUNCTION(wr_list_contains_any, "list", "containsAny", check_any, eval_any,
            "Is one of the members of a list in another?",
            "list:containsAny(list:create(1, 2, 3), list:create(1, 4)) -> true",
            {"list:containsAny(<object> list, <object> given)", "What is no list fails."});

/* ---- indexOf, lastIndexOf ----------------------------------------------------------------------------- */

WR_CHECK(check_index, wr_list_index_of, WEIR_INT, {2, false, {WR_T_OBJECT, WR_T_ANY}})
WR_CHECK(check_last, wr_list_last_index_of, WEIR_INT, {2, false, {WR_T_OBJECT, WR_T_ANY}})

static weir_status places(const weir_call *call, const char *function,
                          uint32_t (*find)(const weir_object *, const weir_value *)) {
    WR_FOR_ROWS(call, row) {
        const weir_object *list = wr_list_arg(call, 0, row, function);
        weir_value v = wr_call_get(call, 1, row);
        if (list) wr_put_int(call, row, (int32_t)find(list, &v)); /* UINT32_MAX is -1 */
    }
    return WEIR_OK;
}

WR_EVAL(eval_index, places(call, "list:indexOf", wr_list_find))
WR_EVAL(eval_last, places(call, "list:lastIndexOf", find_last))

WR_FUNCTION(wr_list_index_of, "list", "indexOf", check_index, eval_index,
            "Gives the first place of a value, or -1.", "list:indexOf(list:create(1, 2, 1), 1) -> 0",
            {"list:indexOf(<object> list, <any> value)", "What is no list fails."});
WR_FUNCTION(wr_list_last_index_of, "list", "lastIndexOf", check_last, eval_last,
            "Gives the last place of a value, or -1.", "list:lastIndexOf(list:create(1, 2, 1), 1) -> 2",
            {"list:lastIndexOf(<object> list, <any> value)", "What is no list fails."});
