/* json_group.c: json:group and json:groupAsObject: the JSON objects of a group, as an array. */
#include "agg/bag.h"
#include "agg/fold.h"
#include "agg/table.h"
#include "data/json.h"
#include "data/object.h"
#include "data/value.h"

/* (json [, distinct]) and (json, enclosing element [, distinct]) */
static weir_status check(const char *name, const weir_arg *args, uint32_t n_args, weir_error *err) {
    if (n_args < 1 || n_args > 3)
        return weir_fail(err, WEIR_ETYPE, "%s() takes one to three arguments, but has %u here", name, n_args);
    if (args[0].type != WEIR_STRING && args[0].type != WEIR_OBJECT)
        return weir_fail(err, WEIR_ETYPE, "%s(): argument 1 must be a string or an object", name);
    bool fits = n_args == 1 || args[1].type == WEIR_STRING || (n_args == 2 && args[1].type == WEIR_BOOL);
    if (!fits || (n_args == 3 && args[2].type != WEIR_BOOL))
        return weir_fail(err, WEIR_ETYPE,
                         "%s(): behind the JSON come a key, a string, and true or false: either or both",
                         name);
    return WEIR_OK;
}

static weir_status check_text(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_STRING;
    return check("json:group", args, n_args, err);
}

static weir_status check_object(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    *result = WEIR_OBJECT;
    return check("json:groupAsObject", args, n_args, err);
}

/* ---- Elements ----------------------------------------------------------------------------------------- */

static bool is_map(const weir_value *v) {
    return v->type == WEIR_OBJECT && !v->is_null && weir_object_get_kind(v->as.o) == WEIR_OBJECT_MAP;
}

/* A string's JSON, or that which an object is written as; not quite as generous as elsewhere. WEIR_EVALUE:
 * the row has failed. */
static weir_status parse(wr_bags *b, const weir_agg_rows *rows, uint32_t row, const weir_value *from,
                         weir_value *out) {
    static const wr_json_reading reading = {.order = WEIR_MAP_HASHED, .json_maps = true, .loose = true};
    weir_string text;
    wr_buf_clear(&b->text);
    if (from->type == WEIR_STRING)
        wr_buf_put(&b->text, weir_string_data(&from->as.s), from->as.s.len);
    else
        wr_json_of_value(&b->text, from, WR_JSON_HTML);
    if (b->text.failed) return WEIR_ENOMEM;
    WR_TRY(weir_arena_string(rows->arena, b->text.data ? b->text.data : "", b->text.len, &text));
    weir_error why;
    weir_status status =
        wr_json_to_value(weir_string_data(&text), text.len, &reading, rows->arena, out, &why);
    if (status == WEIR_ENOMEM) return status;
    if (!status && out->type == WEIR_OBJECT && !out->is_null) WR_TRY(weir_arena_own(rows->arena, out->as.o));
    if (!status && (out->is_null || is_map(out))) return WEIR_OK;
    rows->fail(rows->fail_ctx, row, "json:group() is given what is no JSON object");
    return WEIR_EVALUE;
}

static weir_status take(wr_bags *b, wr_bag *bag, const weir_agg_rows *rows, uint32_t row) {
    weir_value from = wr_value_unbox(wr_column_get(&rows->args[0], row)), v = from;
    weir_value no_key = wr_value_null(WEIR_NONE);
    if (!from.is_null) {
        weir_status status = parse(b, rows, row, &from, &v);
        if (status) return status == WEIR_EVALUE ? WEIR_OK : status;
    }
    return wr_bag_change(b, bag, rows, row, &no_key, &v);
}

/* ---- What is made of them ----------------------------------------------------------------------------- */

static bool is_distinct(const weir_agg_rows *rows, uint32_t row) {
    uint32_t last = rows->n_args - 1;
    if (last == 0 || rows->args[last].type != WEIR_BOOL) return false;
    weir_value v = wr_column_get(&rows->args[last], row);
    return !v.is_null && v.as.b;
}

static weir_status fill(const wr_bag *bag, bool distinct, weir_object *list) {
    list->is_json = true;
    for (uint32_t i = 0; i < bag->n; i++) {
        const wr_bag_entry *e = &bag->entries[bag->begin + i];
        for (uint32_t k = distinct ? 1 : e->count; k; k--) WR_TRY(weir_object_list_add(list, &e->value));
    }
    return WEIR_OK;
}

static weir_status enclose(const weir_value *key, weir_object *list, weir_object **out) {
    weir_value v = wr_value_object(list);
    *out = weir_object_new_map(WEIR_MAP_HASHED);
    if (!*out) return WEIR_ENOMEM;
    (*out)->is_json = true;
    weir_status status = weir_object_map_put(*out, key, &v);
    if (status) weir_object_unref(*out);
    return status;
}

/* The caller's reference. */
static weir_status make(const wr_bag *bag, const weir_agg_rows *rows, uint32_t row, const weir_value *key,
                        weir_object **out) {
    *out = weir_object_new_list();
    weir_status status = *out ? fill(bag, is_distinct(rows, row), *out) : WEIR_ENOMEM;
    if (!status && !key->is_null) {
        weir_object *list = *out;
        status = enclose(key, list, out);
        weir_object_unref(list);
        return status;
    }
    if (status) weir_object_unref(*out);
    return status;
}

static weir_status show_object(const weir_agg_rows *rows, uint32_t row, weir_column *out, wr_bags *b,
                               weir_object *made) {
    if (out->type == WEIR_OBJECT) return wr_bag_put_object(rows, row, out, made, WEIR_OK);
    weir_value v = wr_value_object(made);
    wr_buf_clear(&b->text);
    wr_json_of_value(&b->text, &v, WR_JSON_WEB);
    weir_object_unref(made);
    if (b->text.failed) return WEIR_ENOMEM;
    return weir_arena_string(rows->arena, b->text.data, b->text.len, (weir_string *)out->data + row);
}

static weir_status show(wr_bags *b, const wr_bag *bag, const weir_agg_rows *rows, uint32_t row,
                        weir_column *out) {
    weir_value key = wr_value_null(WEIR_STRING), null = wr_value_null(WEIR_NONE);
    bool has_key = rows->n_args > 1 && rows->args[1].type == WEIR_STRING;
    if (has_key) key = wr_value_unbox(wr_column_get(&rows->args[1], row));
    if (has_key && key.is_null) {
        wr_column_set(out, row, &null);
        rows->fail(rows->fail_ctx, row, "the enclosing element of json:group() is null");
        return WEIR_OK;
    }
    weir_object *made;
    weir_status status = make(bag, rows, row, &key, &made);
    if (!status) return show_object(rows, row, out, b, made);
    if (status == WEIR_ENOMEM) return status;
    wr_column_set(out, row, &null);
    rows->fail(rows->fail_ctx, row, "what json:group() makes is nested too deep");
    return WEIR_OK;
}

static weir_status open(void *self, const weir_agg_args *args, weir_error *err) {
    (void)args, (void)err;
    wr_bags *b = self;
    b->take = take;
    b->show = show;
    b->order = WR_BAG_COUNTED;
    return WEIR_OK;
}

#define NAMED(name, what)                                                                                    \
    (const weir_param_doc[]) {                                                                               \
        {"json:" name "(<string|object> json)", "Equal ones side by side. What is no JSON object fails."},   \
            {"json:" name "(<string|object> json, <bool> distinct)", "true: equal ones once."},              \
            {"json:" name "(<string|object> json, <string> key)", "In " what " under that key."},            \
            {"json:" name "(<string|object> json, <string> key, <bool> distinct)", "Both."}, {               \
            NULL, NULL                                                                                       \
        }                                                                                                    \
    }

const weir_aggregator_type wr_agg_json_group = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "json",
    .name = "group",
    .doc = "A JSON array of the JSON objects, as a string.",
    .example = "group(j) of '{\"a\":1}', '{\"b\":2}' -> '[{\"a\":1},{\"b\":2}]'",
    .params = NAMED("group", "a JSON object"),
    .check = check_text,
    .state_size = sizeof(wr_bags),
    .open = open,
    WR_BAG_FUNCTIONS,
};
const weir_aggregator_type wr_agg_json_group_as_object = {
    .struct_size = sizeof(weir_aggregator_type),
    .ns = "json",
    .name = "groupAsObject",
    .doc = "A list of the JSON objects.",
    .example = "groupAsObject(j) of '{\"a\":1}', '{\"b\":2}' -> [{\"a\":1},{\"b\":2}]",
    .params = NAMED("groupAsObject", "a map"),
    .check = check_object,
    .state_size = sizeof(wr_bags),
    .open = open,
    WR_BAG_FUNCTIONS,
};
