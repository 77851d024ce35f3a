/* overloads.h: accepted lists of arguments as a table, for functions that have few of them. */
#ifndef WR_OVERLOADS_H
#define WR_OVERLOADS_H

#include "func/check.h"

/* Sets of types: a bit for each. */
#define WR_T(type)  (1u << (type))
#define WR_T_STRING WR_T(WEIR_STRING)
#define WR_T_INT    WR_T(WEIR_INT)
#define WR_T_LONG   WR_T(WEIR_LONG)
#define WR_T_BOOL   WR_T(WEIR_BOOL)
#define WR_T_OBJECT WR_T(WEIR_OBJECT)
#define WR_T_REAL   (WR_T(WEIR_FLOAT) | WR_T(WEIR_DOUBLE))
#define WR_T_WHOLE  (WR_T_INT | WR_T_LONG)
#define WR_T_NUMBER (WR_T_WHOLE | WR_T_REAL)
#define WR_T_ANY    (WR_T_NUMBER | WR_T_BOOL | WR_T_STRING | WR_T_OBJECT)

typedef struct wr_overload {
    uint8_t n;         /* arguments */
    bool more;         /* and any number more like the last */
    uint16_t types[6]; /* of each: which are taken */
} wr_overload;

/* Refuses arguments that fit none of the lists, naming the first that is wrong in the list that comes
 * nearest. */
weir_status wr_check_overloads(const weir_function_type *t, const wr_overload *overloads,
                               uint32_t n_overloads, const weir_arg *args, uint32_t n_args,
                               weir_error *err) WR_NODISCARD;

/* A check() for a function with these lists and one type of result. */
#define WR_CHECK(name, function, result_type, ...)                                                           \
    static weir_status name(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {     \
        static const wr_overload overloads[] = {__VA_ARGS__};                                                \
        *result = (result_type);                                                                             \
        return wr_check_overloads(&(function), overloads, WR_COUNT(overloads), args, n_args, err);           \
    }

#endif
