/* object_equal.c: Java's equals() and hashCode() of values, and copies of containers. */
#include "base/alloc.h"
#include "data/object.h"
#include "data/utf16.h"
#include "data/value.h"

/* ---- Hashes ------------------------------------------------------------------------------------------- */

uint32_t wr_text_java_hash(const char *text, size_t len) {
    uint32_t h = 0;
    for (size_t i = 0; i < len;) {
        uint32_t code = wr_utf8_next(text, len, &i);
        if (code >= 0x10000) {
            h = 31 * h + (0xD800 + ((code - 0x10000) >> 10));
            code = 0xDC00 + ((code - 0x10000) & 0x3FF);
        }
        h = 31 * h + code;
    }
    return h;
}

static uint32_t fold_long(uint64_t bits) { return (uint32_t)(bits ^ bits >> 32); }

uint32_t wr_value_java_hash(const weir_value *v) {
    uint32_t half;
    uint64_t bits;
    if (v->is_null) return 0;
    switch (v->type) {
    case WEIR_INT: return (uint32_t)v->as.i;
    case WEIR_LONG: return fold_long((uint64_t)v->as.l);
    case WEIR_FLOAT: memcpy(&half, &v->as.f, sizeof half); return v->as.f != v->as.f ? 0x7fc00000u : half;
    case WEIR_DOUBLE:
        memcpy(&bits, &v->as.d, sizeof bits);
        return fold_long(v->as.d != v->as.d ? 0x7ff8000000000000u : bits);
    case WEIR_BOOL: return v->as.b ? 1231 : 1237;
    case WEIR_STRING: return wr_text_java_hash(weir_string_data(&v->as.s), v->as.s.len);
    case WEIR_OBJECT: return wr_object_java_hash(v->as.o);
    default: return 0;
    }
}

static uint32_t list_hash(const wr_list *l) {
    uint32_t h = 1;
    for (uint32_t i = 0; i < l->n; i++) h = 31 * h + wr_value_java_hash(&l->members[i]);
    return h;
}

static uint32_t set_hash(const wr_set *s) {
    uint32_t h = 0;
    for (uint32_t i = 0; i < s->n; i++) h += wr_value_java_hash(&s->members[i]);
    return h;
}

static uint32_t map_hash(const weir_object *map) {
    uint32_t h = 0, cursor = 0;
    weir_value key, value;
    while (weir_object_map_next(map, &cursor, &key, &value))
        h += wr_value_java_hash(&key) ^ wr_value_java_hash(&value);
    return h;
}

/* An error's hash in Java is its address, which nothing can depend on. */
uint32_t wr_object_java_hash(const weir_object *o) {
    switch (o->kind) {
    case WEIR_OBJECT_VALUE: return wr_value_java_hash(&o->u.value);
    case WEIR_OBJECT_LIST: return list_hash(&o->u.list);
    case WEIR_OBJECT_SET: return set_hash(&o->u.set);
    case WEIR_OBJECT_MAP: return map_hash(o);
    default: return 0;
    }
}

/* ---- Equality ----------------------------------------------------------------------------------------- */

static bool lists_equal(const wr_list *a, const wr_list *b) {
    if (a->n != b->n) return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (!wr_value_equal(&a->members[i], &b->members[i])) return false;
    return true;
}

static bool sets_equal(const weir_object *a, const weir_object *b) {
    if (a->u.set.n != b->u.set.n) return false;
    for (uint32_t i = 0; i < a->u.set.n; i++)
        if (!weir_object_set_has(b, &a->u.set.members[i])) return false;
    return true;
}

static bool maps_equal(const weir_object *a, const weir_object *b) {
    uint32_t cursor = 0;
    weir_value key, value, other;
    if (a->u.map.n_live != b->u.map.n_live) return false;
    while (weir_object_map_next(a, &cursor, &key, &value))
        if (!weir_object_map_get(b, &key, &other) || !wr_value_equal(&value, &other)) return false;
    return true;
}

bool wr_object_equal(const weir_object *a, const weir_object *b) {
    if (a == b) return true;
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case WEIR_OBJECT_VALUE: return wr_value_equal(&a->u.value, &b->u.value);
    case WEIR_OBJECT_LIST: return lists_equal(&a->u.list, &b->u.list);
    case WEIR_OBJECT_SET: return sets_equal(a, b);
    case WEIR_OBJECT_MAP: return maps_equal(a, b);
    default: return false;
    }
}

/* ---- Copies ------------------------------------------------------------------------------------------- */

static weir_status copy_list(const weir_object *from, weir_object *to) {
    for (uint32_t i = 0; i < from->u.list.n; i++) WR_TRY(weir_object_list_add(to, &from->u.list.members[i]));
    return WEIR_OK;
}

/* Java's maps are changed in place: the copy that is changed instead has as many buckets. */
static weir_status copy_map(const weir_object *from, weir_object *to) {
    uint32_t cursor = 0;
    weir_value key, value;
    WR_TRY(wr_map_reserve(&to->u.map, from->u.map.n_buckets));
    while (weir_object_map_next(from, &cursor, &key, &value)) WR_TRY(weir_object_map_put(to, &key, &value));
    return WEIR_OK;
}

weir_object *weir_object_copy(const weir_object *object) {
    weir_object *copy = NULL;
    weir_status status = WEIR_OK;
    switch (object->kind) {
    case WEIR_OBJECT_SET: return wr_object_copy_set(object);
    case WEIR_OBJECT_LIST:
        copy = weir_object_new_list();
        if (copy) status = copy_list(object, copy);
        break;
    case WEIR_OBJECT_MAP:
        copy = weir_object_new_map(object->u.map.order);
        if (copy) status = copy_map(object, copy);
        break;
    default: return weir_object_ref((weir_object *)(uintptr_t)object);
    }
    if (copy) copy->is_json = object->is_json;
    if (status == WEIR_OK) return copy;
    weir_object_unref(copy);
    return NULL;
}
