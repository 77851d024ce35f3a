/* type.c: the types of the language, by name. */
#include "data/type.h"

#include <strings.h>

#include "base/compiler.h"

static const char *const names[WEIR_N_TYPES] = {
    [WEIR_NONE] = "none",     [WEIR_INT] = "int",   [WEIR_LONG] = "long",     [WEIR_FLOAT] = "float",
    [WEIR_DOUBLE] = "double", [WEIR_BOOL] = "bool", [WEIR_STRING] = "string", [WEIR_OBJECT] = "object",
};

const char *weir_type_name(weir_type type) {
    return names[(unsigned)type < WEIR_N_TYPES ? (unsigned)type : WEIR_NONE];
}

weir_type wr_type_find(const char *name, size_t len) {
    for (unsigned t = WEIR_INT; t < WEIR_N_TYPES; t++)
        if (strlen(names[t]) == len && strncasecmp(names[t], name, len) == 0) return (weir_type)t;
    return WEIR_NONE;
}
