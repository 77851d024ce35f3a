/* collect.c: list:collect, list:merge, map:collect and map:merge. */
#include "agg/bag.h"
#include "agg/fold.h"
#include "agg/table.h"
#include "data/value.h"

static weir_status refuse(const char *name, const char *why, weir_error *err) {
    return weir_fail(err, WEIR_ETYPE, "%s(): %s", name, why);
}

/* ---- Lists -------------------------------------------------------------------------------------------- */

static weir_status check_list(const char *name, bool of_lists, const weir_arg *args, uint32_t n_args,
                              weir_type *result, weir_error *err) {
    *result = WEIR_OBJECT;
    if (n_args < 1 || n_args > 2) return refuse(name, "it takes one or two arguments", err);
    if (of_lists && args[0].type != WEIR_OBJECT)
        return refuse(name, "argument 1 must be a list, an object", err);
    if (n_args == 2 && (args[1].type != WEIR_BOOL || !args[1].is_const || args[1].value.is_null))
        return refuse(name, "argument 2 must be true or false, a constant", err);
    return WEIR_OK;
}

static weir_status check_collect(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    return check_list("list:collect", false, args, n_args, result, err);
}

static weir_status check_merge(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    return check_list("list:merge", true, args, n_args, result, err);
}

static weir_status take_value(wr_bags *b, wr_bag *bag, const weir_agg_rows *rows, uint32_t row) {
    weir_value v = wr_column_get(&rows->args[0], row), no_key = wr_value_null(WEIR_NONE);
    return wr_bag_change(b, bag, rows, row, &no_key, &v);
}

/* The object of a kind that is argument 1; NULL: the row has failed. */
static const weir_object *object_arg(const weir_agg_rows *rows, uint32_t row, weir_object_kind kind) {
    weir_value v = wr_column_get(&rows->args[0], row);
    if (v.type == WEIR_OBJECT && !v.is_null && weir_object_get_kind(v.as.o) == kind) return v.as.o;
    rows->fail(rows->fail_ctx, row,
               kind == WEIR_OBJECT_LIST ? "list:merge() is given what is no list"
                                        : "map:merge() is given what is no map");
    return NULL;
}

static weir_status take_list(wr_bags *b, wr_bag *bag, const weir_agg_rows *rows, uint32_t row) {
    const weir_object *list = object_arg(rows, row, WEIR_OBJECT_LIST);
    weir_value no_key = wr_value_null(WEIR_NONE);
    for (uint32_t i = 0; list && i < weir_object_list_size(list); i++) {
        weir_value v = weir_object_list_at(list, i);
        WR_TRY(wr_bag_change(b, bag, rows, row, &no_key, &v));
    }
    return WEIR_OK;
}

static weir_status show_list(wr_bags *b, const wr_bag *bag, const weir_agg_rows *rows, uint32_t row,
                             weir_column *out) {
    (void)b;
    weir_object *list = weir_object_new_list();
    weir_status status = WEIR_OK;
    for (uint32_t i = 0; list && !status && i < bag->n; i++)
        status = weir_object_list_add(list, &bag->entries[bag->begin + i].value);
    return wr_bag_put_object(rows, row, out, list, status);
}

static void open_list(wr_bags *b, const weir_agg_args *args, wr_bag_take_row *take) {
    b->take = take;
    b->show = show_list;
    b->is_distinct = args->n_args == 2 && args->args[1].value.as.b;
    b->order = b->is_distinct ? WR_BAG_COUNTED : WR_BAG_APART;
}

static weir_status open_collect(void *self, const weir_agg_args *args, weir_error *err) {
    (void)err;
    open_list(self, args, take_value);
    return WEIR_OK;
}

static weir_status open_merge(void *self, const weir_agg_args *args, weir_error *err) {
    (void)err;
    open_list(self, args, take_list);
    return WEIR_OK;
}

const weir_aggregator_type wr_agg_list_collect = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "list",
    .name = "collect",
    .doc = "The list of the values, nulls among them.",
    .example = "collect(v) of 1, 2 -> [1, 2]",
    .params =
        (const weir_param_doc[]){{"list:collect(<any> value)", "In order of arrival."},
                                 {"list:collect(<any> value, <bool> distinct)", "true: equal ones once."},
                                 {NULL, NULL}},
    .check = check_collect,
    .state_size = sizeof(wr_bags),
    .open = open_collect,
    WR_BAG_FUNCTIONS,
};
const weir_aggregator_type wr_agg_list_merge = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "list",
    .name = "merge",
    .doc = "The list of the members of the lists.",
    .example = "merge(l) of [1, 2], [3] -> [1, 2, 3]",
    .params =
        (const weir_param_doc[]){{"list:merge(<object> list)", "In order of arrival; what is no list fails."},
                                 {"list:merge(<object> list, <bool> distinct)", "true: equal ones once."},
                                 {NULL, NULL}},
    .check = check_merge,
    .state_size = sizeof(wr_bags),
    .open = open_merge,
    WR_BAG_FUNCTIONS,
};

/* ---- Maps --------------------------------------------------------------------------------------------- */

static weir_status check_pairs(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    (void)args;
    *result = WEIR_OBJECT;
    return n_args == 2 ? WEIR_OK : refuse("map:collect", "it takes a key and a value", err);
}

static weir_status check_maps(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_OBJECT;
    bool fits = n_args == 1 && args[0].type == WEIR_OBJECT;
    return fits ? WEIR_OK : refuse("map:merge", "it takes one map, an object", err);
}

static weir_status take_pair(wr_bags *b, wr_bag *bag, const weir_agg_rows *rows, uint32_t row) {
    weir_value key = wr_column_get(&rows->args[0], row), value = wr_column_get(&rows->args[1], row);
    return wr_bag_change(b, bag, rows, row, &key, &value);
}

static weir_status take_map(wr_bags *b, wr_bag *bag, const weir_agg_rows *rows, uint32_t row) {
    const weir_object *map = object_arg(rows, row, WEIR_OBJECT_MAP);
    uint32_t cursor = 0;
    weir_value key, value;
    while (map && weir_object_map_next(map, &cursor, &key, &value))
        WR_TRY(wr_bag_change(b, bag, rows, row, &key, &value));
    return WEIR_OK;
}

/* Of the values under one key the last that came counts. */
static weir_status show_map(wr_bags *b, const wr_bag *bag, const weir_agg_rows *rows, uint32_t row,
                            weir_column *out) {
    (void)b;
    weir_object *map = weir_object_new_map(WEIR_MAP_HASHED);
    weir_status status = WEIR_OK;
    for (uint32_t i = 0; map && !status && i < bag->n; i++) {
        const wr_bag_entry *e = &bag->entries[bag->begin + i];
        status = weir_object_map_put(map, &e->key, &e->value);
    }
    return wr_bag_put_object(rows, row, out, map, status);
}

static weir_status open_pairs(void *self, const weir_agg_args *args, weir_error *err) {
    (void)args, (void)err;
    ((wr_bags *)self)->take = take_pair;
    ((wr_bags *)self)->show = show_map;
    return WEIR_OK;
}

static weir_status open_maps(void *self, const weir_agg_args *args, weir_error *err) {
    (void)args, (void)err;
    ((wr_bags *)self)->take = take_map;
    ((wr_bags *)self)->show = show_map;
    return WEIR_OK;
}

const weir_aggregator_type wr_agg_map_collect = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "map",
    .name = "collect",
    .doc = "The map of the keys and values; of several values under a key the last.",
    .example = "collect(k, v) of ('a', 1), ('b', 2) -> {a=1, b=2}",
    .params =
        (const weir_param_doc[]){{"map:collect(<any> key, <any> value)", "Of any types."}, {NULL, NULL}},
    .check = check_pairs,
    .state_size = sizeof(wr_bags),
    .open = open_pairs,
    WR_BAG_FUNCTIONS,
};
const weir_aggregator_type wr_agg_map_merge = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "map",
    .name = "merge",
    .doc = "The map of all entries of the maps; of several values under a key the last.",
    .example = "merge(m) of {a=1}, {b=2} -> {a=1, b=2}",
    .params = (const weir_param_doc[]){{"map:merge(<object> map)", "What is no map fails."}, {NULL, NULL}},
    .check = check_maps,
    .state_size = sizeof(wr_bags),
    .open = open_maps,
    WR_BAG_FUNCTIONS,
};
