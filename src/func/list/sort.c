/* sort.c: list:sort. */
#include <stdlib.h>
#include <strings.h>

#include "func/containers.h"
#include "func/list/functions.h"

typedef enum sort_order { SORT_REVERSE, SORT_ASCENDING, SORT_DESCENDING } sort_order;

/* -1 when it names none. */
static int order_of(const weir_arg *arg) {
    static const char *const names[] = {"REV", "ASC", "DESC"};
    const weir_string *s = &arg->value.as.s;
    for (int i = 0; i < 3; i++)
        if (s->len == strlen(names[i]) && strncasecmp(weir_string_data(s), names[i], s->len) == 0) return i;
    return -1;
}

static weir_status check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    static const wr_overload overloads[] = {{1, false, {WR_T_OBJECT}},
                                            {2, false, {WR_T_OBJECT, WR_T_STRING}}};
    *result = WEIR_OBJECT;
    WR_TRY(wr_check_overloads(&wr_list_sort, overloads, 2, args, n_args, err));
    if (n_args == 2 && (!args[1].is_const || args[1].value.is_null || order_of(&args[1]) < 0))
        return wr_refuse_args(&wr_list_sort, args, n_args, 1, err,
                              "the order must be a constant: 'ASC', 'DESC' or 'REV'");
    return WEIR_OK;
}

static weir_status open_sort(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)err;
    *(sort_order *)self = n_args == 2 ? (sort_order)order_of(&args[1]) : SORT_REVERSE;
    return WEIR_OK;
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_texts(const weir_string *a, const weir_string *b) {
    int c = memcmp(weir_string_data(a), weir_string_data(b), WR_MIN(a->len, b->len));
    return c ? c : COMPARE(a->len, b->len);
}

/* Of values of one type that has an order. */
static int ascending(const void *p, const void *q) {
    const weir_value *a = p, *b = q;
    switch (a->type) {
    case WEIR_INT: return COMPARE(a->as.i, b->as.i);
    case WEIR_LONG: return COMPARE(a->as.l, b->as.l);
    case WEIR_FLOAT: return COMPARE(a->as.f, b->as.f);
    case WEIR_DOUBLE: return COMPARE(a->as.d, b->as.d);
    case WEIR_BOOL: return COMPARE(a->as.b, b->as.b);
    default: return compare_texts(&a->as.s, &b->as.s);
    }
}

static int descending(const void *p, const void *q) { return ascending(q, p); }

static bool is_sortable(const weir_value *v, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (v[i].is_null || v[i].type == WEIR_OBJECT || v[i].type != v[0].type) return false;
    return true;
}

static void reverse(weir_value *v, uint32_t n) {
    for (uint32_t i = 0; i < n / 2; i++) {
        weir_value held = v[i];
        v[i] = v[n - 1 - i];
        v[n - 1 - i] = held;
    }
}

static weir_status sort_list(const weir_call *call, uint32_t row, const weir_object *list, sort_order order) {
    uint32_t n = weir_object_list_size(list);
    weir_value *members = wr_arena_array(call->arena, (size_t)n + 1, sizeof *members);
    if (!members) return WEIR_ENOMEM;
    for (uint32_t i = 0; i < n; i++) members[i] = weir_object_list_at(list, i);
    if (order == SORT_REVERSE) {
        reverse(members, n);
    } else if (is_sortable(members, n)) {
        qsort(members, n, sizeof *members, order == SORT_ASCENDING ? ascending : descending);
    } else {
        wr_call_fail(call, row, "list:sort(): only values of one type can be sorted, and no null");
        return WEIR_OK;
    }
    weir_object *sorted = weir_object_new_list();
    weir_status status = WEIR_OK;
    for (uint32_t i = 0; sorted && !status && i < n; i++) status = weir_object_list_add(sorted, &members[i]);
    return wr_put_object(call, row, sorted, status);
}

static weir_status eval(void *self, const weir_call *call, weir_error *err) {
    (void)err;
    WR_FOR_ROWS(call, row) {
        const weir_object *list = wr_list_arg(call, 0, row, "list:sort");
        if (list) WR_TRY(sort_list(call, row, list, *(sort_order *)self));
    }
    return WEIR_OK;
}

const weir_function_type wr_list_sort = {
    .struct_size = sizeof(weir_function_type),
    .ns = "list",
    .name = "sort",
    .doc = "Gives a list with its members sorted, or reversed.",
    .example = "convert(list:get(list:sort(list:create(3, 1, 2), 'ASC'), 0), 'string') -> '1'",
    .params =
        (const weir_param_doc[]){{"list:sort(<object> list)",
                                  "From last to first, as 'REV' says (and as Siddhi does without an order)."},
                                 {"list:sort(<object> list, <string> order)",
                                  "A constant: 'ASC', 'DESC' or 'REV'. Members of several types, and null, "
                                  "can't be sorted: that fails."},
                                 {NULL, NULL}},
    .check = check,
    .state_size = sizeof(sort_order),
    .open = open_sort,
    .eval = eval,
    .can_fail = true,
};
