/* check.c: see check.h. */
#include "agg/check.h"

#include <stdio.h>

static void list_types(uint32_t type_bits, char *text, size_t size) {
    size_t len = 0;
    for (uint32_t t = WEIR_INT; t < WEIR_N_TYPES && len < size; t++) {
        if (!(type_bits & WR_TYPE_BIT(t))) continue;
        int wrote = snprintf(text + len, size - len, "%s%s", len ? ", " : "", weir_type_name((weir_type)t));
        if (wrote > 0) len += (size_t)wrote;
    }
}

static weir_status wrong_type(const char *name, uint32_t type_bits, const weir_arg *arg, weir_error *err) {
    char types[96] = "";
    list_types(type_bits, types, sizeof types);
    weir_status status =
        weir_fail(err, WEIR_ETYPE, "%s() can't take a value of type %s", name, weir_type_name(arg->type));
    if (err) {
        snprintf(err->hint, sizeof err->hint, "it takes one of type %s", types);
        err->begin = arg->begin;
        err->end = arg->end;
    }
    return status;
}

weir_status wr_agg_check_one(const char *name, uint32_t type_bits, const weir_arg *args, uint32_t n_args,
                             weir_error *err) {
    if (n_args != 1)
        return weir_fail(err, WEIR_ETYPE, "%s() takes one argument, but has %u here", name, n_args);
    if ((unsigned)args[0].type >= WEIR_N_TYPES || !(type_bits & WR_TYPE_BIT(args[0].type)))
        return wrong_type(name, type_bits, &args[0], err);
    return WEIR_OK;
}
