/* overloads.c: see overloads.h. */
#include "func/overloads.h"

#include <stdio.h>

static uint32_t types_of(const wr_overload *o, uint32_t i) {
    return o->types[WR_MIN(i, o->n ? o->n - 1u : 0u)];
}

static bool takes_count(const wr_overload *o, uint32_t n) { return n == o->n || (o->more && n > o->n); }

/* How many arguments in front fit. */
static uint32_t fitting(const wr_overload *o, const weir_arg *args, uint32_t n) {
    uint32_t i = 0;
    while (i < n && (i < o->n || o->more) && types_of(o, i) & WR_T(args[i].type)) i++;
    return i;
}

static void name_types(uint32_t types, char *text, size_t size) {
    size_t len = 0;
    text[0] = 0;
    for (int t = WEIR_INT; t <= WEIR_OBJECT && len < size; t++)
        if (types & WR_T(t))
            len += (size_t)snprintf(text + len, size - len, "%s%s", len ? " or " : "",
                                    weir_type_name((weir_type)t));
}

static weir_status refuse_count(const weir_function_type *t, const wr_overload *overloads,
                                uint32_t n_overloads, const weir_arg *args, uint32_t n_args,
                                weir_error *err) {
    uint32_t least = UINT32_MAX, most = 0;
    for (uint32_t i = 0; i < n_overloads; i++) {
        least = WR_MIN(least, overloads[i].n);
        most = overloads[i].more ? UINT32_MAX : WR_MAX(most, overloads[i].n);
    }
    WR_TRY(wr_check_arg_count(t, args, n_args, least, most, err));
    return wr_refuse_args(t, args, n_args, WR_WHOLE_CALL, err, "it does not take %u arguments", n_args);
}

weir_status wr_check_overloads(const weir_function_type *t, const wr_overload *overloads,
                               uint32_t n_overloads, const weir_arg *args, uint32_t n_args, weir_error *err) {
    const wr_overload *nearest = NULL;
    uint32_t best = 0;
    for (uint32_t i = 0; i < n_overloads; i++) {
        const wr_overload *o = &overloads[i];
        if (!takes_count(o, n_args)) continue;
        uint32_t n = fitting(o, args, n_args);
        if (n == n_args) return WEIR_OK;
        if (!nearest || n > best) {
            nearest = o;
            best = n;
        }
    }
    if (!nearest) return refuse_count(t, overloads, n_overloads, args, n_args, err);
    char wanted[80];
    name_types(types_of(nearest, best), wanted, sizeof wanted);
    return wr_refuse_args(t, args, n_args, best, err, "argument %u must be %s, not %s", best + 1, wanted,
                          weir_type_name(args[best].type));
}
