/* list.c: lists: arrays of values. See object.h and the public header. */
#include "base/alloc.h"
#include "data/object.h"
#include "data/value.h"

weir_object *weir_object_new_list(void) { return wr_object_new(WEIR_OBJECT_LIST, 0); }

void wr_list_fini(wr_list *list) {
    for (uint32_t i = 0; i < list->n; i++) wr_member_drop(&list->members[i]);
    wr_free(NULL, list->members, (size_t)list->cap * sizeof *list->members);
}

size_t wr_list_bytes(const wr_list *list) {
    size_t bytes = (size_t)list->cap * sizeof *list->members;
    for (uint32_t i = 0; i < list->n; i++) bytes += wr_member_bytes(&list->members[i]);
    return bytes;
}

uint32_t weir_object_list_size(const weir_object *list) {
    return list->kind == WEIR_OBJECT_LIST ? list->u.list.n : 0;
}

weir_value weir_object_list_at(const weir_object *list, uint32_t index) {
    return index < weir_object_list_size(list) ? list->u.list.members[index] : wr_value_null(WEIR_NONE);
}

weir_status weir_object_list_insert(weir_object *list, uint32_t index, const weir_value *member) {
    if (list->kind != WEIR_OBJECT_LIST || index > list->u.list.n) return WEIR_EUSAGE;
    weir_value v = *member;
    wr_list *l = &list->u.list;
    WR_TRY(wr_container_take(list, &v));
    if (l->n == UINT32_MAX) return WEIR_ELIMIT;
    if (wr_grow(NULL, &l->members, &l->cap, l->n + 1, sizeof *l->members)) return WEIR_ENOMEM;
    WR_TRY(wr_member_keep(&v));
    memmove(l->members + index + 1, l->members + index, (l->n - index) * sizeof *l->members);
    l->members[index] = v;
    l->n++;
    return WEIR_OK;
}

weir_status weir_object_list_add(weir_object *list, const weir_value *member) {
    return weir_object_list_insert(list, weir_object_list_size(list), member);
}

weir_status weir_object_list_set(weir_object *list, uint32_t index, const weir_value *member) {
    if (index >= weir_object_list_size(list)) return WEIR_EUSAGE;
    weir_value v = *member;
    WR_TRY(wr_container_take(list, &v));
    WR_TRY(wr_member_keep(&v));
    wr_member_drop(&list->u.list.members[index]);
    list->u.list.members[index] = v;
    return WEIR_OK;
}

weir_status weir_object_list_remove(weir_object *list, uint32_t index) {
    if (index >= weir_object_list_size(list)) return WEIR_EUSAGE;
    if (!wr_refcount_is_sole(&list->refs)) return WEIR_EUSAGE;
    wr_list *l = &list->u.list;
    wr_member_drop(&l->members[index]);
    l->n--;
    memmove(l->members + index, l->members + index + 1, (l->n - index) * sizeof *l->members);
    return WEIR_OK;
}
