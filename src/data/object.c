/* object.c: see object.h. */
#include "data/object.h"

#include "base/alloc.h"
#include "data/value.h"

#define FIRST_SLOTS 32u
#define SCAN_LIMIT  8u /* members up to which a set is searched without slots */

weir_object *wr_object_new(weir_object_kind kind, size_t extra_bytes) {
    weir_object *o = wr_alloc_zero(NULL, sizeof *o + extra_bytes);
    if (!o) return NULL;
    wr_refcount_init(&o->refs);
    o->kind = kind;
    return o;
}

static size_t outside_bytes(const weir_value *v) {
    bool is_long = v->type == WEIR_STRING && !v->is_null && v->as.s.len > WEIR_STRING_INLINE;
    return is_long ? v->as.s.len : 0;
}

/* An object of one block over *v; a long string's bytes are copied behind the struct. */
static weir_object *new_holder(weir_object_kind kind, const weir_value *v) {
    size_t extra = outside_bytes(v);
    weir_object *o = wr_object_new(kind, extra);
    if (!o) return NULL;
    o->u.value = *v;
    if (extra) {
        char *copy = (char *)(o + 1);
        memcpy(copy, v->as.s.u.ptr, extra);
        o->u.value.as.s.u.ptr = copy;
    }
    return o;
}

weir_object *weir_object_new_value(const weir_value *value) {
    if (value->type == WEIR_OBJECT && !value->is_null) return weir_object_ref(value->as.o);
    return new_holder(WEIR_OBJECT_VALUE, value);
}

weir_object *weir_object_new_set(void) { return wr_object_new(WEIR_OBJECT_SET, 0); }

weir_object *wr_object_new_error_text(const char *message, size_t len) {
    if (len > UINT32_MAX) len = UINT32_MAX;
    weir_value v = wr_value_string(weir_string_view(message, (uint32_t)len));
    return new_holder(WEIR_OBJECT_ERROR, &v);
}

weir_object *weir_object_new_error(const char *message) {
    return wr_object_new_error_text(message, strlen(message));
}

weir_object *weir_object_ref(weir_object *object) {
    if (object) wr_refcount_ref(&object->refs);
    return object;
}

static void free_member(weir_value *v) {
    size_t bytes = outside_bytes(v);
    if (bytes) wr_free(NULL, (void *)(uintptr_t)v->as.s.u.ptr, bytes);
}

static void free_set(wr_set *s) {
    for (uint32_t i = 0; i < s->n; i++) free_member(&s->members[i]);
    wr_free(NULL, s->members, (size_t)s->cap * sizeof *s->members);
    wr_free(NULL, s->slots, (size_t)s->n_slots * sizeof *s->slots);
}

static void free_container(weir_object *object) {
    switch (object->kind) {
    case WEIR_OBJECT_SET: free_set(&object->u.set); break;
    case WEIR_OBJECT_LIST: wr_list_fini(&object->u.list); break;
    default: wr_map_fini(&object->u.map);
    }
    wr_free(NULL, object, sizeof *object);
}

static bool is_holder(const weir_object *o) {
    return o->kind == WEIR_OBJECT_VALUE || o->kind == WEIR_OBJECT_ERROR;
}

void weir_object_unref(weir_object *object) {
    if (!object || !wr_refcount_unref(&object->refs)) return;
    if (is_holder(object))
        wr_free(NULL, object, sizeof *object + outside_bytes(&object->u.value));
    else
        free_container(object);
}

weir_object_kind weir_object_get_kind(const weir_object *object) { return object->kind; }

weir_value weir_object_get_value(const weir_object *object) {
    return is_holder(object) ? object->u.value : wr_value_null(WEIR_NONE);
}

/* ---- Members of containers ---------------------------------------------------------------------------- */

weir_status wr_member_keep(weir_value *v) {
    *v = wr_value_unbox(*v);
    if (v->is_null) {
        *v = wr_value_null(WEIR_NONE);
        return WEIR_OK;
    }
    if (v->type == WEIR_OBJECT) weir_object_ref(v->as.o);
    size_t bytes = outside_bytes(v);
    if (!bytes) return WEIR_OK;
    char *copy = wr_alloc(NULL, bytes);
    if (!copy) return WEIR_ENOMEM;
    memcpy(copy, v->as.s.u.ptr, bytes);
    v->as.s.u.ptr = copy;
    return WEIR_OK;
}

void wr_member_drop(weir_value *v) {
    if (v->type == WEIR_OBJECT && !v->is_null)
        weir_object_unref(v->as.o);
    else
        free_member(v);
}

size_t wr_member_bytes(const weir_value *v) {
    if (v->type == WEIR_OBJECT && !v->is_null) return wr_object_bytes(v->as.o);
    return outside_bytes(v);
}

weir_status wr_container_take(weir_object *container, const weir_value *v) {
    weir_value inner = wr_value_unbox(*v);
    if (!wr_refcount_is_sole(&container->refs)) return WEIR_EUSAGE;
    if (inner.type != WEIR_OBJECT || inner.is_null) return WEIR_OK;
    if (inner.as.o == container) return WEIR_EUSAGE;
    if (inner.as.o->depth + 1u >= WEIR_OBJECT_DEPTH) return WEIR_ELIMIT;
    uint32_t depth = inner.as.o->depth + 1u;
    container->depth = (uint16_t)WR_MAX(container->depth, depth);
    return WEIR_OK;
}

/* ---- Sets --------------------------------------------------------------------------------------------- */

static bool find_member(const wr_set *s, const weir_value *v) {
    if (!s->n_slots) {
        for (uint32_t i = 0; i < s->n; i++)
            if (wr_value_equal(&s->members[i], v)) return true;
        return false;
    }
    uint32_t mask = s->n_slots - 1;
    for (uint32_t at = (uint32_t)wr_value_hash(v) & mask; s->slots[at]; at = (at + 1) & mask)
        if (wr_value_equal(&s->members[s->slots[at] - 1], v)) return true;
    return false;
}

static void put_slot(wr_set *s, uint32_t member) {
    uint32_t mask = s->n_slots - 1;
    uint32_t at = (uint32_t)wr_value_hash(&s->members[member]) & mask;
    while (s->slots[at]) at = (at + 1) & mask;
    s->slots[at] = member + 1;
}

/* The first member gets room for itself alone: most sets never have another. */
static int grow_members(wr_set *s) {
    if (s->cap) return wr_grow(NULL, &s->members, &s->cap, s->n + 1, sizeof *s->members);
    s->members = wr_alloc(NULL, sizeof *s->members);
    if (!s->members) return -1;
    s->cap = 1;
    return 0;
}

/* Makes room for one member more; a set that fails to grow is as it was. */
static weir_status reserve_member(wr_set *s) {
    if (grow_members(s)) return WEIR_ENOMEM;
    if (s->n < SCAN_LIMIT || (uint64_t)(s->n + 1) * 2 <= s->n_slots) return WEIR_OK;
    uint32_t n_slots = s->n_slots ? s->n_slots * 2 : FIRST_SLOTS;
    if (!n_slots) return WEIR_ELIMIT;
    uint32_t *slots = wr_alloc_zero(NULL, (size_t)n_slots * sizeof *slots);
    if (!slots) return WEIR_ENOMEM;
    wr_free(NULL, s->slots, (size_t)s->n_slots * sizeof *s->slots);
    s->slots = slots;
    s->n_slots = n_slots;
    for (uint32_t i = 0; i < s->n; i++) put_slot(s, i);
    return WEIR_OK;
}

weir_status weir_object_set_add(weir_object *set, const weir_value *member) {
    if (set->kind != WEIR_OBJECT_SET) return WEIR_EUSAGE;
    weir_value v = wr_value_unbox(*member);
    if (v.type == WEIR_OBJECT && !v.is_null) return WEIR_ETYPE;
    wr_set *s = &set->u.set;
    if (find_member(s, &v)) return WEIR_OK;
    weir_status status = reserve_member(s);
    if (status) return status;
    size_t bytes = outside_bytes(&v);
    if (bytes) {
        char *copy = wr_alloc(NULL, bytes);
        if (!copy) return WEIR_ENOMEM;
        memcpy(copy, v.as.s.u.ptr, bytes);
        v.as.s.u.ptr = copy;
    }
    s->members[s->n++] = v;
    if (s->n_slots) put_slot(s, s->n - 1);
    return WEIR_OK;
}

uint32_t weir_object_set_size(const weir_object *set) {
    return set->kind == WEIR_OBJECT_SET ? set->u.set.n : 0;
}

weir_value weir_object_set_member(const weir_object *set, uint32_t index) {
    if (index >= weir_object_set_size(set)) return wr_value_null(WEIR_NONE);
    return set->u.set.members[index];
}

bool weir_object_set_has(const weir_object *set, const weir_value *member) {
    weir_value v = wr_value_unbox(*member);
    return set->kind == WEIR_OBJECT_SET && find_member(&set->u.set, &v);
}

weir_object *wr_object_copy_set(const weir_object *set) {
    weir_object *copy = weir_object_new_set();
    uint32_t n = weir_object_set_size(set);
    for (uint32_t i = 0; copy && i < n; i++)
        if (weir_object_set_add(copy, &set->u.set.members[i])) {
            weir_object_unref(copy);
            return NULL;
        }
    return copy;
}

size_t wr_object_bytes(const weir_object *object) {
    if (is_holder(object)) return sizeof *object + outside_bytes(&object->u.value);
    if (object->kind == WEIR_OBJECT_LIST) return sizeof *object + wr_list_bytes(&object->u.list);
    if (object->kind == WEIR_OBJECT_MAP) return sizeof *object + wr_map_bytes(&object->u.map);
    const wr_set *s = &object->u.set;
    size_t bytes =
        sizeof *object + (size_t)s->cap * sizeof *s->members + (size_t)s->n_slots * sizeof *s->slots;
    for (uint32_t i = 0; i < s->n; i++) bytes += outside_bytes(&s->members[i]);
    return bytes;
}
