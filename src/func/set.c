/* set.c: createSet and sizeOfSet. */
#include "func/call.h"
#include "func/check.h"
#include "func/functions.h"

static weir_status check_create(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_check_arg_count(&wr_function_create_set, args, n_args, 1, 1, err));
    if (args[0].type == WEIR_OBJECT)
        return wr_refuse_args(&wr_function_create_set, args, n_args, 0, err,
                              "an object can't be put into a set");
    *result = WEIR_OBJECT;
    return WEIR_OK;
}

static weir_status eval_create(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        weir_value member = wr_call_get(call, 0, row);
        weir_object *set = weir_object_new_set();
        if (!set) return WEIR_ENOMEM;
        WR_TRY(weir_arena_own(call->arena, set));
        WR_TRY(weir_object_set_add(set, &member));
        ((weir_object **)call->out->data)[row] = set;
    }
    return WEIR_OK;
}

const weir_function_type wr_function_create_set = {
    .struct_size = sizeof(weir_function_type),
    .ns = "",
    .name = "createSet",
    .doc = "Makes a set with one member, which may be null.",
    .example = "sizeOfSet(createSet('a')) -> 1",
    .params = (const weir_param_doc[]){{"createSet(<int|long|float|double|bool|string> member)",
                                        "The member; anything but an object."},
                                       {NULL, NULL}},
    .check = check_create,
    .eval = eval_create,
    .takes_boxed = true,
};

static weir_status check_size(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    WR_TRY(wr_check_arg_count(&wr_function_size_of_set, args, n_args, 1, 1, err));
    if (args[0].type != WEIR_OBJECT)
        return wr_refuse_args(&wr_function_size_of_set, args, n_args, 0, err,
                              "argument 1 must be an object that holds a set, not %s",
                              weir_type_name(args[0].type));
    *result = WEIR_INT;
    return WEIR_OK;
}

static const char *what_it_is(const weir_object *o) {
    if (weir_object_get_kind(o) == WEIR_OBJECT_ERROR) return "error";
    return weir_type_name(weir_object_get_value(o).type);
}

static weir_status eval_size(void *self, const weir_call *call, weir_error *err) {
    (void)self;
    (void)err;
    weir_object *const *from = call->args[0].data;
    int32_t *to = call->out->data;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = wr_call_row(call, k);
        const weir_object *o = weir_is_null(&call->args[0], row) ? NULL : from[row];
        to[row] = 0;
        if (!o) continue;
        if (weir_object_get_kind(o) == WEIR_OBJECT_SET)
            to[row] = (int32_t)weir_object_set_size(o);
        else
            wr_call_fail(call, row, "sizeOfSet() is given a value of type %s, not a set", what_it_is(o));
    }
    return WEIR_OK;
}

const weir_function_type wr_function_size_of_set = {
    .struct_size = sizeof(weir_function_type),
    .ns = "",
    .name = "sizeOfSet",
    .doc = "Gives the number of members of a set; 0 for null, and an object that is no set fails.",
    .example = "sizeOfSet(createSet(5)) -> 1",
    .params = (const weir_param_doc[]){{"sizeOfSet(<object> set)", "A set, from createSet or unionSet."},
                                       {NULL, NULL}},
    .check = check_size,
    .eval = eval_size,
    .can_fail = true,
};
