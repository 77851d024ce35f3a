/* path_find.c: what a JSON path names in a document. See path.h. */
#include "data/object.h"
#include "data/value.h"
#include "func/json/path_impl.h"

#define STEPS_MOST ((uint64_t)10 << 20) /* of one search */

static bool is_kind(const weir_value *v, weir_object_kind kind) {
    return v->type == WEIR_OBJECT && !v->is_null && weir_object_get_kind(v->as.o) == kind;
}
static bool is_map(const weir_value *v) { return is_kind(v, WEIR_OBJECT_MAP); }
static bool is_list(const weir_value *v) { return is_kind(v, WEIR_OBJECT_LIST); }

static weir_status no_memory(wr_json_search *s) {
    return weir_fail(s->err, WEIR_ENOMEM, "out of memory while a JSON path is followed");
}

/* A definite way that ends; the caller tells nobody why. */
static weir_status missing(void) { return WEIR_ENAME; }

static weir_status add_place(wr_json_search *s, const wr_json_place *place) {
    wr_json_found *f = s->found;
    if (f->n == f->cap) {
        uint32_t cap = f->cap ? f->cap * 2 : 8;
        wr_json_place *places = wr_arena_array(s->arena, cap, sizeof *places);
        if (!places) return no_memory(s);
        if (f->n) memcpy(places, f->places, f->n * sizeof *places);
        f->places = places;
        f->cap = cap;
    }
    f->places[f->n++] = *place;
    return WEIR_OK;
}

static weir_status go_on(wr_json_search *s, const wr_json_step *step, const wr_json_place *place) {
    return step->next ? wr_json_run(s, step->next, place) : add_place(s, place);
}

/* ---- Keys --------------------------------------------------------------------------------------------- */

static weir_status follow_key(wr_json_search *s, const wr_json_step *step, const weir_object *map,
                              const weir_string *name) {
    wr_json_place place = {.in = map, .key = wr_value_string(*name)};
    if (weir_object_map_get(map, &place.key, &place.value)) return go_on(s, step, &place);
    return step->next && step->from_definite && step->is_definite ? missing() : WEIR_OK;
}

/* Several keys at the end: a map of those that are there; to change them, all their places. */
static weir_status read_keys(wr_json_search *s, const wr_json_step *step, const weir_object *map) {
    weir_object *read = weir_object_new_map(WEIR_MAP_LINKED);
    if (!read) return no_memory(s);
    weir_status status = weir_arena_own(s->arena, read);
    for (uint32_t i = 0; i < step->n && !status; i++) {
        wr_json_place place = {.in = map, .key = wr_value_string(step->keys[i])};
        bool is_there = weir_object_map_get(map, &place.key, &place.value);
        if (!is_there) place.value = wr_value_null(WEIR_NONE);
        if (is_there) status = weir_object_map_put(read, &place.key, &place.value);
        if (!status && s->keeps_all) status = add_place(s, &place);
    }
    if (status) return no_memory(s);
    wr_json_place place = {.value = wr_value_object(read)};
    return s->keeps_all ? WEIR_OK : add_place(s, &place);
}

static weir_status follow_keys(wr_json_search *s, const wr_json_step *step, const weir_value *v) {
    if (!is_map(v)) return step->from_definite ? missing() : WEIR_OK;
    if (step->n > 1 && !step->next) return read_keys(s, step, v->as.o);
    for (uint32_t i = 0; i < step->n; i++) WR_TRY(follow_key(s, step, v->as.o, &step->keys[i]));
    return WEIR_OK;
}

/* ---- Lists -------------------------------------------------------------------------------------------- */

/* Nothing happens beyond the ends. */
static weir_status follow_index(wr_json_search *s, const wr_json_step *step, const weir_object *list,
                                int64_t i) {
    uint32_t n = weir_object_list_size(list);
    if (i < 0) i += n;
    if (i < 0 || i >= n) return WEIR_OK;
    wr_json_place place = {.in = list, .index = (uint32_t)i};
    place.value = weir_object_list_at(list, place.index);
    return go_on(s, step, &place);
}

static weir_status follow_slice(wr_json_search *s, const wr_json_step *step, const weir_object *list) {
    int64_t n = weir_object_list_size(list), from = step->indexes[0], to = step->indexes[1];
    if (!step->has_from) {
        from = 0;
        to = to < 0 ? n + to : to;
    } else if (!step->has_to) {
        from = WR_MAX(from < 0 ? n + from : from, 0);
        to = n;
    }
    to = WR_MIN(to, n);
    for (int64_t i = WR_MAX(from, -n); i < to; i++) WR_TRY(follow_index(s, step, list, i));
    return WEIR_OK;
}

static weir_status follow_indexes(wr_json_search *s, const wr_json_step *step, const weir_value *v) {
    if (!is_list(v)) return step->from_definite ? missing() : WEIR_OK;
    if (step->kind == WR_JSON_SLICE) return follow_slice(s, step, v->as.o);
    for (uint32_t i = 0; i < step->n; i++) WR_TRY(follow_index(s, step, v->as.o, step->indexes[i]));
    return WEIR_OK;
}

static weir_status follow_length(wr_json_search *s, const weir_value *v) {
    wr_json_place place = {.value = wr_value_null(WEIR_NONE)};
    if (is_list(v)) place.value = wr_value_int((int32_t)weir_object_list_size(v->as.o));
    if (is_map(v)) place.value = wr_value_int((int32_t)weir_object_map_size(v->as.o));
    return add_place(s, &place);
}

/* ---- All, filtered, and below ------------------------------------------------------------------------- */

typedef weir_status take_child(wr_json_search *s, const wr_json_step *step, const wr_json_place *place);

static weir_status each_child(wr_json_search *s, const wr_json_step *step, const weir_value *v,
                              take_child *take) {
    if (is_list(v)) {
        uint32_t n = weir_object_list_size(v->as.o);
        for (wr_json_place p = {.in = v->as.o}; p.index < n; p.index++) {
            p.value = weir_object_list_at(v->as.o, p.index);
            WR_TRY(take(s, step, &p));
        }
    } else if (is_map(v)) {
        uint32_t cursor = 0;
        wr_json_place p = {.in = v->as.o};
        while (weir_object_map_next(v->as.o, &cursor, &p.key, &p.value)) WR_TRY(take(s, step, &p));
    }
    return WEIR_OK;
}

static weir_status take_passing(wr_json_search *s, const wr_json_step *step, const wr_json_place *place) {
    bool passes;
    WR_TRY(wr_json_filter_test(s, step->filter, &place->value, &passes));
    return passes ? go_on(s, step, place) : WEIR_OK;
}

/* A list's members, or the map itself. */
static weir_status follow_filter(wr_json_search *s, const wr_json_step *step, const wr_json_place *place) {
    if (is_list(&place->value)) return each_child(s, step, &place->value, take_passing);
    if (is_map(&place->value)) return take_passing(s, step, place);
    if (!step->from_definite) return WEIR_OK;
    return weir_fail(s->err, WEIR_EVALUE, "the filter of a JSON path is put on what is neither list nor map");
}

static bool has_keys(const weir_object *map, const wr_json_step *step) {
    weir_value key, v;
    for (uint32_t i = 0; i < step->n; i++) {
        key = wr_value_string(step->keys[i]);
        if (!weir_object_map_get(map, &key, &v)) return false;
    }
    return true;
}

/* May the step behind ".." be taken here? */
static weir_status fits(wr_json_search *s, const wr_json_step *step, const weir_value *v, bool *fits) {
    switch (step->kind) {
    case WR_JSON_KEYS: *fits = is_map(v) && (!step->is_definite || has_keys(v->as.o, step)); break;
    case WR_JSON_INDEXES:
    case WR_JSON_SLICE: *fits = is_list(v); break;
    case WR_JSON_FILTER: return wr_json_filter_test(s, step->filter, v, fits);
    default: *fits = true;
    }
    return WEIR_OK;
}

/* The step here, then in each child. */
static weir_status follow_deep(wr_json_search *s, const wr_json_step *step, const wr_json_place *place) {
    bool is_taken;
    if (!is_map(&place->value) && !is_list(&place->value)) return WEIR_OK;
    WR_TRY(fits(s, step->next, &place->value, &is_taken));
    if (is_taken) WR_TRY(wr_json_run(s, step->next, place));
    return each_child(s, step, &place->value, wr_json_run);
}

weir_status wr_json_run(wr_json_search *s, const wr_json_step *step, const wr_json_place *place) {
    if (!*s->steps_left)
        return weir_fail(s->err, WEIR_EVALUE, "the JSON path takes too many steps on this document");
    --*s->steps_left;
    switch (step->kind) {
    case WR_JSON_KEYS: return follow_keys(s, step, &place->value);
    case WR_JSON_INDEXES:
    case WR_JSON_SLICE: return follow_indexes(s, step, &place->value);
    case WR_JSON_ALL: return each_child(s, step, &place->value, go_on);
    case WR_JSON_DEEP: return follow_deep(s, step, place);
    case WR_JSON_FILTER: return follow_filter(s, step, place);
    case WR_JSON_LENGTH: return follow_length(s, &place->value);
    }
    return WEIR_OK;
}

/* ---- The whole ---------------------------------------------------------------------------------------- */

static weir_status list_found(weir_arena *arena, wr_json_found *found, weir_error *err) {
    weir_object *list = weir_object_new_list();
    if (!list) return weir_fail(err, WEIR_ENOMEM, "out of memory while a JSON path is followed");
    list->is_json = true;
    WR_TRY(weir_arena_own(arena, list));
    found->value = wr_value_object(list);
    for (uint32_t i = 0; i < found->n; i++) {
        weir_status status = weir_object_list_add(list, &found->places[i].value);
        if (status == WEIR_ENOMEM)
            return weir_fail(err, status, "out of memory while a JSON path is followed");
        if (status) return weir_fail(err, WEIR_EVALUE, "what a JSON path finds is nested too deep");
    }
    return WEIR_OK;
}

weir_status wr_json_path_find(const wr_json_path *path, const weir_value *document, bool as_list,
                              weir_arena *arena, wr_json_found *found, weir_error *err) {
    uint64_t steps_left = STEPS_MOST;
    wr_json_search s = {.root = document,
                        .arena = arena,
                        .found = found,
                        .steps_left = &steps_left,
                        .keeps_all = !as_list,
                        .err = err};
    wr_json_place root = {.value = *document};
    *found = (wr_json_found){.value = wr_value_null(WEIR_NONE)};
    weir_status status = path->steps ? wr_json_run(&s, path->steps, &root) : add_place(&s, &root);
    found->is_missing = status == WEIR_ENAME || (path->is_definite && !status && !found->n);
    if (found->is_missing || status) return found->is_missing ? WEIR_OK : status;
    if (path->is_definite && found->n == 1) found->value = found->places[0].value;
    return path->is_definite || !as_list ? WEIR_OK : list_found(arena, found, err);
}
