/* set.c: json:setElement: a document with one thing changed.
 *
 * The path finds places; then the document is built anew, member by member, with these changed. */
#include "data/json.h"
#include "data/object.h"
#include "func/json/functions.h"
#include "func/json/site.h"

#define PLACES_MOST 1000u

typedef enum how {
    SET,
    ADD,
    PUT
} how; /* the place itself; to the list there; to the map there, under a key */

typedef struct change {
    how how;
    const wr_json_place *places;
    uint32_t n;
    weir_value element, key;
} change;

static weir_status rebuild(const change *c, const weir_value *v, weir_value *out);

static bool is_kind(const weir_value *v, weir_object_kind kind) {
    return v->type == WEIR_OBJECT && !v->is_null && weir_object_get_kind(v->as.o) == kind;
}

/* References are the caller's. */
static void hold(weir_value *v) {
    if (v->type == WEIR_OBJECT && !v->is_null) weir_object_ref(v->as.o);
}
static void drop(weir_value *v) {
    if (v->type == WEIR_OBJECT && !v->is_null) weir_object_unref(v->as.o);
}

static bool is_changed(const change *c, const weir_object *in, uint32_t index, const weir_value *key) {
    for (uint32_t i = 0; i < c->n; i++) {
        const wr_json_place *p = &c->places[i];
        if (p->in == in && (key ? wr_value_equal(&p->key, key) : p->index == index)) return true;
    }
    return false;
}

/* One member, changed if it is one of the places. */
static weir_status rebuild_member(const change *c, bool is_place, const weir_value *v, weir_value *out) {
    if (is_place && c->how == SET) {
        *out = c->element;
        hold(out);
        return WEIR_OK;
    }
    WR_TRY(rebuild(c, v, out));
    weir_status status = WEIR_OK;
    if (is_place && c->how == ADD) status = weir_object_list_add(out->as.o, &c->element);
    if (is_place && c->how == PUT) status = weir_object_map_put(out->as.o, &c->key, &c->element);
    if (status) drop(out);
    return status;
}

static weir_status rebuild_list(const change *c, const weir_object *from, weir_object *to) {
    uint32_t n = weir_object_list_size(from);
    for (uint32_t i = 0; i < n; i++) {
        weir_value old = weir_object_list_at(from, i), v;
        WR_TRY(rebuild_member(c, is_changed(c, from, i, NULL), &old, &v));
        weir_status status = weir_object_list_add(to, &v);
        drop(&v);
        WR_TRY(status);
    }
    return WEIR_OK;
}

static weir_status rebuild_map(const change *c, const weir_object *from, weir_object *to) {
    uint32_t cursor = 0;
    weir_value key, old, v;
    while (weir_object_map_next(from, &cursor, &key, &old)) {
        WR_TRY(rebuild_member(c, is_changed(c, from, 0, &key), &old, &v));
        weir_status status = weir_object_map_put(to, &key, &v);
        drop(&v);
        WR_TRY(status);
    }
    for (uint32_t i = 0; i < c->n && c->how == SET;
         i++) /* keys that aren't there yet, of several that are set */
        if (c->places[i].in == from && !weir_object_map_get(from, &c->places[i].key, &old))
            WR_TRY(weir_object_map_put(to, &c->places[i].key, &c->element));
    return WEIR_OK;
}

static weir_status rebuild(const change *c, const weir_value *v, weir_value *out) {
    *out = *v;
    bool is_list = is_kind(v, WEIR_OBJECT_LIST);
    if (!is_list && !is_kind(v, WEIR_OBJECT_MAP)) {
        hold(out);
        return WEIR_OK;
    }
    weir_object *to = is_list ? weir_object_new_list() : weir_object_new_map(v->as.o->u.map.order);
    if (!to) return WEIR_ENOMEM;
    to->is_json = v->as.o->is_json;
    weir_status status = is_list ? rebuild_list(c, v->as.o, to) : rebuild_map(c, v->as.o, to);
    if (status) weir_object_unref(to);
    *out = wr_value_object(to);
    return status;
}

/* ---- What is changed ---------------------------------------------------------------------------------- */

/* An element that is added, or put under a key: a string that is a JSON map or list counts as that, and must
 * be JSON at all (as Gson reads it). */
static weir_status take_element(const weir_call *call, change *c, weir_error *err) {
    static const wr_json_reading reading = {
        .order = WEIR_MAP_LINKED, .lenient = true, .doubles = true, .plain_lists = true};
    weir_value v;
    if (c->element.is_null) return weir_fail(err, WEIR_EVALUE, "the element is null");
    if (c->element.type != WEIR_STRING || c->element.as.s.len == 0) return WEIR_OK;
    weir_status status = wr_json_to_value(weir_string_data(&c->element.as.s), c->element.as.s.len, &reading,
                                          call->arena, &v, err);
    if (status == WEIR_EPARSE) return WEIR_EVALUE;
    WR_TRY(status);
    if (v.type != WEIR_OBJECT || v.is_null) return WEIR_OK;
    c->element = v;
    return weir_arena_own(call->arena, v.as.o);
}

static weir_status plan_change(const weir_call *call, uint32_t row, const wr_json_found *found, bool is_list,
                               change *c, weir_error *err) {
    *c = (change){.places = found->places, .n = found->is_missing ? 0 : found->n};
    c->element = wr_call_get(call, 2, row);
    c->how = is_list ? ADD : call->n_args == 4 ? PUT : SET;
    if (call->n_args == 4) {
        c->key = wr_call_get(call, 3, row);
        if (c->key.is_null) return weir_fail(err, WEIR_EVALUE, "the key is null");
    }
    if (c->how != SET) WR_TRY(take_element(call, c, err));
    if (c->n > PLACES_MOST)
        return weir_fail(err, WEIR_EVALUE, "the path names more than %u places", PLACES_MOST);
    for (uint32_t i = 0; i < c->n && c->how == ADD; i++)
        if (!is_kind(&c->places[i].value, WEIR_OBJECT_LIST)) c->n = i; /* and what follows stays as it is */
    if (c->how == SET && c->n && !c->places[0].in)
        return weir_fail(err, WEIR_EVALUE, "the whole document can't be set");
    if (c->how != PUT || !c->n || is_kind(&found->value, WEIR_OBJECT_MAP)) return WEIR_OK;
    c->n = 0;
    if (found->value.is_null) return WEIR_OK;
    return weir_fail(err, WEIR_EVALUE, "the path names neither a map nor a list");
}

static weir_status set_row(wr_json_site *site, const weir_call *call, uint32_t row, weir_value *out,
                           weir_error *err) {
    weir_value from = wr_call_get(call, 0, row), path = wr_call_get(call, 1, row), document;
    wr_json_found found;
    change c;
    WR_TRY(wr_json_document(&from, call->arena, &document, err));
    WR_TRY(wr_json_search_in(site, &document, &path, false, call->arena, &found, err));
    bool is_list = is_kind(&found.value, WEIR_OBJECT_LIST);
    WR_TRY(plan_change(call, row, &found, is_list, &c, err));
    weir_status status = rebuild_member(&c, c.n && !c.places[0].in, &document, out);
    if (status && status != WEIR_ENOMEM) return weir_fail(err, WEIR_EVALUE, "the JSON is nested too deep");
    return status;
}

static weir_status eval(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    WR_FOR_ROWS(call, row) {
        weir_value v;
        weir_error why;
        weir_status status = set_row(self, call, row, &v, &why);
        if (status == WEIR_EVALUE) {
            wr_call_fail(call, row, "json:setElement(): %s", why.message);
            continue;
        }
        WR_TRY(status);
        if (v.type == WEIR_OBJECT && !v.is_null) WR_TRY(weir_arena_own(call->arena, v.as.o));
        WR_TRY(wr_call_put(call, row, &v));
    }
    return WEIR_OK;
}

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    static const wr_overload overloads[] = {{3, false, {WR_T_JSON, WR_T_STRING, WR_T_ANY}},
                                            {4, false, {WR_T_JSON, WR_T_STRING, WR_T_ANY, WR_T_STRING}}};
    *result = WEIR_OBJECT;
    WR_TRY(wr_check_overloads(&wr_json_set_element, overloads, 2, args, n_args, err));
    return wr_json_check_path(&args[1], err);
}

WR_JSON_FUNCTION(
    wr_json_set_element, "setElement", check, eval, "Gives a document with one thing changed.",
    "json:toString(json:setElement(\"{'a':[1]}\", '$.a', 2)) -> \"\"\"{\"a\":[1,2]}\"\"\"",
    {"json:setElement(<string|object> json, <string> path, <any> element)",
     "A list gets one member more; anything else is replaced. A path that finds nothing changes "
     "nothing. What is no JSON fails."},
    {"json:setElement(<string|object> json, <string> path, <any> element, <string> key)",
     "A map gets the element under the key. A string that is a JSON map or list counts as that."});
