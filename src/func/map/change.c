/* change.c: maps that are made, and made of others. Keys compare by type and value: 1 and 1L differ. */
#include "func/containers.h"
#include "func/map/functions.h"

/* ---- create, clear, clone ----------------------------------------------------------------------------- */

static weir_status check_create(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_OBJECT;
    if (n_args % 2)
        return wr_refuse_args(&wr_map_create, args, n_args, WR_WHOLE_CALL, err,
                              "there is a key without a value");
    return WEIR_OK;
}

static weir_status eval_create(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    WR_FOR_ROWS(call, row) {
        weir_object *map = weir_object_new_map(WEIR_MAP_HASHED);
        weir_status status = WEIR_OK;
        for (uint32_t i = 0; map && !status && i < call->n_args; i += 2) {
            weir_value key = wr_call_get(call, i, row), value = wr_call_get(call, i + 1, row);
            status = weir_object_map_put(map, &key, &value);
        }
        WR_TRY(wr_put_object(call, row, map, status));
    }
    return WEIR_OK;
}

WR_FUNCTION(wr_map_create, "map", "create", check_create, eval_create, "Makes a map of keys and values.",
            "map:size(map:create(1, 'one', 2, 'two', 3, 'three')) -> 3", {"map:create()", "An empty map."},
            {"map:create(<any> key, <any> value, <any> ...)", "Each key followed by its value."});

WR_CHECK(check_clear, wr_map_clear, WEIR_OBJECT, {1, false, {WR_T_OBJECT}})
WR_CHECK(check_clone, wr_map_clone, WEIR_OBJECT, {1, false, {WR_T_OBJECT}})

WR_EVAL(eval_clear, wr_clear_rows(call, "map:clear", WEIR_OBJECT_MAP))
WR_EVAL(eval_clone, wr_clone_rows(call, "map:clone", WEIR_OBJECT_MAP))

WR_FUNCTION(wr_map_clear, "map", "clear", check_clear, eval_clear, "Gives an empty map for a map.",
            "map:size(map:clear(map:create(1, 'one'))) -> 0",
            {"map:clear(<object> map)", "What is no map fails."});
WR_FUNCTION(wr_map_clone, "map", "clone", check_clone, eval_clone, "Gives a map with the same entries.",
            "map:size(map:clone(map:create(1, 'one'))) -> 1",
            {"map:clone(<object> map)", "What is no map fails."});

/* ---- put … -------------------------------------------------------------------------------------------- */

WR_CHECK(check_put, wr_map_put, WEIR_OBJECT, {3, false, {WR_T_OBJECT, WR_T_ANY, WR_T_ANY}})
WR_CHECK(check_absent, wr_map_put_if_absent, WEIR_OBJECT, {3, false, {WR_T_OBJECT, WR_T_ANY, WR_T_ANY}})
WR_CHECK(check_replace, wr_map_replace, WEIR_OBJECT, {3, false, {WR_T_OBJECT, WR_T_ANY, WR_T_ANY}})
WR_CHECK(check_put_all, wr_map_put_all, WEIR_OBJECT, {2, false, {WR_T_OBJECT, WR_T_OBJECT}})
WR_CHECK(check_replace_all, wr_map_replace_all, WEIR_OBJECT, {2, false, {WR_T_OBJECT, WR_T_OBJECT}})
WR_CHECK(check_remove, wr_map_remove, WEIR_OBJECT, {2, false, {WR_T_OBJECT, WR_T_ANY}})

static weir_status put(weir_object *map, const weir_call *call, uint32_t row, bool *failed) {
    (void)failed;
    weir_value key = wr_call_get(call, 1, row), value = wr_call_get(call, 2, row);
    return weir_object_map_put(map, &key, &value);
}

/* A key whose value is null counts as absent, as in Java. */
static weir_status put_if_absent(weir_object *map, const weir_call *call, uint32_t row, bool *failed) {
    (void)failed;
    weir_value key = wr_call_get(call, 1, row), value = wr_call_get(call, 2, row), held;
    if (weir_object_map_get(map, &key, &held) && !held.is_null) return WEIR_OK;
    return weir_object_map_put(map, &key, &value);
}

static weir_status replace(weir_object *map, const weir_call *call, uint32_t row, bool *failed) {
    (void)failed;
    weir_value key = wr_call_get(call, 1, row), value = wr_call_get(call, 2, row), held;
    return weir_object_map_get(map, &key, &held) ? weir_object_map_put(map, &key, &value) : WEIR_OK;
}

static weir_status take_entries(weir_object *map, const weir_object *from, bool only_known) {
    uint32_t cursor = 0;
    weir_value key, value, held;
    while (weir_object_map_next(from, &cursor, &key, &value))
        if (!only_known || weir_object_map_get(map, &key, &held))
            WR_TRY(weir_object_map_put(map, &key, &value));
    return WEIR_OK;
}

static weir_status put_all(weir_object *map, const weir_call *call, uint32_t row, bool *failed) {
    const weir_object *from = wr_map_arg(call, 1, row, "map:putAll");
    *failed = !from;
    return from ? take_entries(map, from, false) : WEIR_OK;
}

static weir_status replace_all(weir_object *map, const weir_call *call, uint32_t row, bool *failed) {
    const weir_object *from = wr_map_arg(call, 1, row, "map:replaceAll");
    *failed = !from;
    return from ? take_entries(map, from, true) : WEIR_OK;
}

static weir_status remove_key(weir_object *map, const weir_call *call, uint32_t row, bool *failed) {
    (void)failed;
    weir_value key = wr_call_get(call, 1, row);
    return weir_object_map_remove(map, &key);
}

WR_EVAL(eval_put, wr_change_rows(call, "map:put", WEIR_OBJECT_MAP, put))
WR_EVAL(eval_absent, wr_change_rows(call, "map:putIfAbsent", WEIR_OBJECT_MAP, put_if_absent))
WR_EVAL(eval_replace, wr_change_rows(call, "map:replace", WEIR_OBJECT_MAP, replace))
WR_EVAL(eval_put_all, wr_change_rows(call, "map:putAll", WEIR_OBJECT_MAP, put_all))
WR_EVAL(eval_replace_all, wr_change_rows(call, "map:replaceAll", WEIR_OBJECT_MAP, replace_all))
WR_EVAL(eval_remove, wr_change_rows(call, "map:remove", WEIR_OBJECT_MAP, remove_key))

WR_FUNCTION(wr_map_put, "map", "put", check_put, eval_put,
            "Puts a value under a key, in place of what was there.",
            "map:size(map:put(map:create('a', 1), 1234, 'sam')) -> 2",
            {"map:put(<object> map, <any> key, <any> value)", "What is no map fails."});
WR_FUNCTION(wr_map_put_if_absent, "map", "putIfAbsent", check_absent, eval_absent,
            "Puts a value under a key if there is none.",
            "map:size(map:putIfAbsent(map:create('a', 1), 'a', 2)) -> 1",
            {"map:putIfAbsent(<object> map, <any> key, <any> value)", "What is no map fails."});
WR_FUNCTION(wr_map_replace, "map", "replace", check_replace, eval_replace,
            "Puts a value in place of the one under a key that is there.",
            "map:size(map:replace(map:create('a', 1), 'b', 2)) -> 1",
            {"map:replace(<object> map, <any> key, <any> value)", "What is no map fails."});
WR_FUNCTION(wr_map_put_all, "map", "putAll", check_put_all, eval_put_all,
            "Puts all entries of a map into another.",
            "map:size(map:putAll(map:create('a', 1), map:create('b', 2))) -> 2",
            {"map:putAll(<object> to, <object> from)", "What is no map fails."});
WR_FUNCTION(wr_map_replace_all, "map", "replaceAll", check_replace_all, eval_replace_all,
            "Takes from a map the values under keys that another has.",
            "map:size(map:replaceAll(map:create('a', 1), map:create('b', 2))) -> 1",
            {"map:replaceAll(<object> to, <object> from)", "What is no map fails."});
WR_FUNCTION(wr_map_remove, "map", "remove", check_remove, eval_remove, "Takes out a key with its value.",
            "map:size(map:remove(map:create('a', 1), 'a')) -> 0",
            {"map:remove(<object> map, <any> key)", "A key that is not there changes nothing."});

/* ---- combineByKey ------------------------------------------------------------------------------------- */

WR_CHECK(check_combine, wr_map_combine_by_key, WEIR_OBJECT, {2, true, {WR_T_OBJECT, WR_T_OBJECT}})

static weir_status add_list(weir_object *combined, weir_object *const *maps, uint32_t n,
                            const weir_value *key) {
    weir_object *list = weir_object_new_list();
    weir_value v = wr_value_object(list);
    weir_status status = list ? WEIR_OK : WEIR_ENOMEM;
    for (uint32_t i = 0; i < n && !status; i++) {
        weir_value found = wr_value_null(WEIR_NONE);
        weir_object_map_get(maps[i], key, &found);
        status = weir_object_list_add(list, &found);
    }
    if (!status) status = weir_object_map_put(combined, key, &v);
    weir_object_unref(list);
    return status;
}

weir_object *wr_map_combine(weir_object *const *maps, uint32_t n, weir_status *status) {
    weir_object *combined = weir_object_new_map(WEIR_MAP_HASHED);
    *status = WEIR_OK;
    for (uint32_t i = 0; combined && i < n; i++) {
        uint32_t cursor = 0;
        weir_value key, value, known;
        while (!*status && weir_object_map_next(maps[i], &cursor, &key, &value))
            if (!weir_object_map_get(combined, &key, &known)) *status = add_list(combined, maps, n, &key);
    }
    return combined;
}

static weir_status eval_combine(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    weir_object **maps = wr_arena_array(call->arena, call->n_args, sizeof *maps);
    if (!maps) return WEIR_ENOMEM;
    WR_FOR_ROWS(call, row) {
        uint32_t i = 0;
        while (i < call->n_args && (maps[i] = wr_map_arg(call, i, row, "map:combineByKey"))) i++;
        if (i < call->n_args) continue;
        weir_status status;
        weir_object *combined = wr_map_combine(maps, call->n_args, &status);
        WR_TRY(wr_put_object(call, row, combined, status));
    }
    return WEIR_OK;
}

WR_FUNCTION(wr_map_combine_by_key, "map", "combineByKey", check_combine, eval_combine,
            "Makes a map of all keys of some maps, each with the list of what they have under it.",
            "map:size(map:combineByKey(map:create('a', 1), map:create('a', 2, 'b', 3))) -> 2",
            {"map:combineByKey(<object> map, <object> map, <object> ...)",
             "Two maps or more; null stands for what a map has not."});
