/* change.c: lists that are made, and made of others. */
#include "func/containers.h"
#include "func/list/functions.h"

/* ---- create, clear, clone ----------------------------------------------------------------------------- */

WR_CHECK(check_create, wr_list_create, WEIR_OBJECT, {0, true, {WR_T_ANY}})

/* A single null makes an empty list, as in Siddhi. */
static weir_status eval_create(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        weir_object *list = weir_object_new_list();
        weir_status status = WEIR_OK;
        for (uint32_t i = 0; list && !status && i < call->n_args; i++) {
            weir_value v = wr_call_get(call, i, row);
            if (!v.is_null || call->n_args > 1) status = weir_object_list_add(list, &v);
        }
        WR_TRY(wr_put_object(call, row, list, status));
    }
    return WEIR_OK;
}

WR_FUNCTION(wr_list_create, "list", "create", check_create, eval_create, "Makes a list of its arguments.",
            "list:size(list:create(1, 2, 3, 4, 5, 6)) -> 6", {"list:create()", "An empty list."},
            {"list:create(<any> value, <any> ...)",
             "Values of any types; a single null makes an empty list."});

WR_CHECK(check_clear, wr_list_clear, WEIR_OBJECT, {1, false, {WR_T_OBJECT}})
WR_CHECK(check_clone, wr_list_clone, WEIR_OBJECT, {1, false, {WR_T_OBJECT}})

WR_EVAL(eval_clear, wr_clear_rows(call, "list:clear", WEIR_OBJECT_LIST))
WR_EVAL(eval_clone, wr_clone_rows(call, "list:clone", WEIR_OBJECT_LIST))

WR_FUNCTION(wr_list_clear, "list", "clear", check_clear, eval_clear, "Gives an empty list for a list.",
            "list:size(list:clear(list:create(1))) -> 0",
            {"list:clear(<object> list)", "What is no list fails."});
WR_FUNCTION(wr_list_clone, "list", "clone", check_clone, eval_clone, "Gives a list with the same members.",
            "list:size(list:clone(list:create(1, 2))) -> 2",
            {"list:clone(<object> list)", "What is no list fails."});

/* ---- add, addAll -------------------------------------------------------------------------------------- */

WR_CHECK(check_add, wr_list_add_value, WEIR_OBJECT, {2, false, {WR_T_OBJECT, WR_T_ANY}},
         {3, false, {WR_T_OBJECT, WR_T_ANY, WR_T_INT}})

/* Argument `arg` as a place from 0 to most; false: told. */
static bool place_of(const weir_call *call, uint32_t arg, uint32_t row, const char *function, uint32_t most,
                     uint32_t *place) {
    int32_t index;
    if (!wr_int_needed(call, arg, row, function, &index)) return false;
    *place = (uint32_t)index;
    if (index >= 0 && *place <= most) return true;
    wr_call_fail(call, row, "%s(): the list has no place %d", function, index);
    return false;
}

/* The same for a place in which something stands, of n. */
static bool taken_place_of(const weir_call *call, uint32_t arg, uint32_t row, const char *function,
                           uint32_t n, uint32_t *place) {
    if (!place_of(call, arg, row, function, n ? n - 1 : 0, place)) return false;
    if (!n) wr_call_fail(call, row, "%s(): the list has no place 0", function);
    return n != 0;
}

static weir_status add_value(weir_object *list, const weir_call *call, uint32_t row, bool *failed) {
    weir_value v = wr_call_get(call, 1, row);
    uint32_t place = weir_object_list_size(list);
    *failed = call->n_args == 3 && !place_of(call, 2, row, "list:add", place, &place);
    return *failed ? WEIR_OK : weir_object_list_insert(list, place, &v);
}

WR_EVAL(eval_add, wr_change_rows(call, "list:add", WEIR_OBJECT_LIST, add_value))

WR_FUNCTION(wr_list_add_value, "list", "add", check_add, eval_add, "Adds a value to a list.",
            "list:get(list:add(list:create(1, 2), 3), 2) -> list:get(list:create(3), 0)",
            {"list:add(<object> list, <any> value)", "At the end."},
            {"list:add(<object> list, <any> value, <int> index)",
             "Before what stands there; a place beyond fails."});

WR_CHECK(check_add_all, wr_list_add_all, WEIR_OBJECT, {2, false, {WR_T_OBJECT, WR_T_OBJECT}},
         {3, false, {WR_T_OBJECT, WR_T_OBJECT, WR_T_BOOL}})

static weir_status add_members(weir_object *list, const weir_call *call, uint32_t row, bool *failed) {
    const weir_object *from = wr_list_arg(call, 1, row, "list:addAll");
    bool is_distinct = false;
    if (call->n_args == 3) {
        if (weir_is_null(&call->args[2], row)) wr_call_fail_null(call, 2, row, "list:addAll");
        *failed = weir_is_null(&call->args[2], row);
        is_distinct = ((const uint8_t *)call->args[2].data)[row] != 0;
    }
    *failed = *failed || !from;
    for (uint32_t i = 0; !*failed && i < weir_object_list_size(from); i++) {
        weir_value v = weir_object_list_at(from, i);
        if (!is_distinct || wr_list_find(list, &v) == UINT32_MAX) WR_TRY(weir_object_list_add(list, &v));
    }
    return WEIR_OK;
}

WR_EVAL(eval_add_all, wr_change_rows(call, "list:addAll", WEIR_OBJECT_LIST, add_members))

WR_FUNCTION(wr_list_add_all, "list", "addAll", check_add_all, eval_add_all,
            "Adds the members of a list to another.",
            "list:size(list:addAll(list:create('IBM', 'WSO2'), list:create('IBM', 'XYZ'), true)) -> 3",
            {"list:addAll(<object> to, <object> from)", "All of them."},
            {"list:addAll(<object> to, <object> from, <bool> distinct)",
             "true: only those that are not there yet."});

/* ---- setValue ----------------------------------------------------------------------------------------- */

WR_CHECK(check_set_value, wr_list_set_value, WEIR_OBJECT, {3, false, {WR_T_OBJECT, WR_T_INT, WR_T_ANY}})
WR_CHECK(check_set, wr_list_set, WEIR_OBJECT, {3, false, {WR_T_OBJECT, WR_T_INT, WR_T_ANY}})

static weir_status set_value(weir_object *list, const weir_call *call, uint32_t row, bool *failed) {
    weir_value v = wr_call_get(call, 2, row);
    uint32_t place;
    *failed = !taken_place_of(call, 1, row, "list:setValue", weir_object_list_size(list), &place);
    return *failed ? WEIR_OK : weir_object_list_set(list, place, &v);
}

WR_EVAL(eval_set_value, wr_change_rows(call, "list:setValue", WEIR_OBJECT_LIST, set_value))

WR_FUNCTION(wr_list_set_value, "list", "setValue", check_set_value, eval_set_value,
            "Puts a value in the place of another.",
            "list:size(list:setValue(list:create(1, 2), 0, 'IBM')) -> 2",
            {"list:setValue(<object> list, <int> index, <any> value)", "A place that is not there fails."});
WR_FUNCTION(wr_list_set, "list", "set", check_set, eval_set_value, "The same as list:setValue.",
            "list:size(list:set(list:create(1, 2), 0, 'IBM')) -> 2",
            {"list:set(<object> list, <int> index, <any> value)", "A place that is not there fails."});

/* ---- remove … ----------------------------------------------------------------------------------------- */

WR_CHECK(check_remove, wr_list_remove, WEIR_OBJECT, {2, false, {WR_T_OBJECT, WR_T_ANY}})
WR_CHECK(check_by_index, wr_list_remove_by_index, WEIR_OBJECT, {2, false, {WR_T_OBJECT, WR_T_INT}})
WR_CHECK(check_remove_all, wr_list_remove_all, WEIR_OBJECT, {2, false, {WR_T_OBJECT, WR_T_OBJECT}})
WR_CHECK(check_retain_all, wr_list_retain_all, WEIR_OBJECT, {2, false, {WR_T_OBJECT, WR_T_OBJECT}})

static weir_status remove_value(weir_object *list, const weir_call *call, uint32_t row, bool *failed) {
    (void)failed;
    weir_value v = wr_call_get(call, 1, row);
    uint32_t place = wr_list_find(list, &v);
    return place == UINT32_MAX ? WEIR_OK : weir_object_list_remove(list, place);
}

static weir_status remove_place(weir_object *list, const weir_call *call, uint32_t row, bool *failed) {
    uint32_t place;
    *failed = !taken_place_of(call, 1, row, "list:removeByIndex", weir_object_list_size(list), &place);
    return *failed ? WEIR_OK : weir_object_list_remove(list, place);
}

static weir_status keep_members(weir_object *list, const weir_object *given, bool keeps) {
    for (uint32_t i = weir_object_list_size(list); i-- > 0;) {
        weir_value v = weir_object_list_at(list, i);
        if ((wr_list_find(given, &v) != UINT32_MAX) != keeps) WR_TRY(weir_object_list_remove(list, i));
    }
    return WEIR_OK;
}

static weir_status remove_given(weir_object *list, const weir_call *call, uint32_t row, bool *failed) {
    const weir_object *given = wr_list_arg(call, 1, row, "list:removeAll");
    *failed = !given;
    return given ? keep_members(list, given, false) : WEIR_OK;
}

static weir_status retain_given(weir_object *list, const weir_call *call, uint32_t row, bool *failed) {
    const weir_object *given = wr_list_arg(call, 1, row, "list:retainAll");
    *failed = !given;
    return given ? keep_members(list, given, true) : WEIR_OK;
}

WR_EVAL(eval_remove, wr_change_rows(call, "list:remove", WEIR_OBJECT_LIST, remove_value))
WR_EVAL(eval_by_index, wr_change_rows(call, "list:removeByIndex", WEIR_OBJECT_LIST, remove_place))
WR_EVAL(eval_remove_all, wr_change_rows(call, "list:removeAll", WEIR_OBJECT_LIST, remove_given))
WR_EVAL(eval_retain_all, wr_change_rows(call, "list:retainAll", WEIR_OBJECT_LIST, retain_given))

WR_FUNCTION(wr_list_remove, "list", "remove", check_remove, eval_remove,
            "Takes out the first member that equals a value.",
            "list:size(list:remove(list:create('IBM', 'WSO2'), 'IBM')) -> 1",
            {"list:remove(<object> list, <any> value)", "A value that is not there changes nothing."});
WR_FUNCTION(wr_list_remove_by_index, "list", "removeByIndex", check_by_index, eval_by_index,
            "Takes out what stands in a place.",
            "list:size(list:removeByIndex(list:create(5, 6, 7), 1)) -> 2",
            {"list:removeByIndex(<object> list, <int> index)", "A place that is not there fails."});
WR_FUNCTION(wr_list_remove_all, "list", "removeAll", check_remove_all, eval_remove_all,
            "Takes out all members that another list has.",
            "list:size(list:removeAll(list:create(5, 6, 7, 5), list:create(5, 7))) -> 1",
            {"list:removeAll(<object> list, <object> given)", "What is no list fails."});
WR_FUNCTION(wr_list_retain_all, "list", "retainAll", check_retain_all, eval_retain_all,
            "Takes out all members that another list has not.",
            "list:size(list:retainAll(list:create(5, 6, 7, 5), list:create(5, 7))) -> 3",
            {"list:retainAll(<object> list, <object> given)", "What is no list fails."});
