/* check.c: see check.h. */
#include "func/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "data/type.h"

/* snprintf at the end of a text that has `size` bytes; stops when it is full. */
static void append(char *text, size_t size, const char *part) {
    size_t len = strlen(text);
    if (len + 1 < size) snprintf(text + len, size - len, "%s", part);
}

static void append_call(char *text, size_t size, const weir_function_type *t, const weir_arg *args,
                        uint32_t n_args) {
    append(text, size, t->ns);
    append(text, size, t->ns[0] ? ":" : "");
    append(text, size, t->name);
    append(text, size, "(");
    for (uint32_t i = 0; i < n_args; i++) {
        append(text, size, i ? ", " : "");
        append(text, size, weir_type_name(args[i].type));
    }
    append(text, size, ")");
}

static void append_signatures(char *text, size_t size, const weir_function_type *t) {
    append(text, size, "it is called as ");
    for (const weir_param_doc *p = t->params; p->signature; p++) {
        append(text, size, p == t->params ? "" : " or ");
        append(text, size, p->signature);
    }
}

weir_status wr_refuse_args(const weir_function_type *t, const weir_arg *args, uint32_t n_args, uint32_t at,
                           weir_error *err, const char *why, ...) {
    char call[256] = "", reason[256];
    va_list list;
    append_call(call, sizeof call, t, args, n_args);
    va_start(list, why);
    vsnprintf(reason, sizeof reason, why, list);
    va_end(list);
    weir_status status = weir_fail(err, WEIR_ETYPE, "%s: %s", call, reason);
    if (!err) return status;
    append_signatures(err->hint, sizeof err->hint, t);
    if (at < n_args) {
        err->begin = args[at].begin;
        err->end = args[at].end;
    }
    return status;
}

weir_status wr_check_arg_count(const weir_function_type *t, const weir_arg *args, uint32_t n_args,
                               uint32_t least, uint32_t most, weir_error *err) {
    if (n_args > most)
        return wr_refuse_args(t, args, n_args, most, err,
                              most ? "%u argument%s too many" : "%u argument%s given, but it takes none",
                              n_args - most, n_args - most == 1 ? "" : "s");
    if (n_args < least)
        return wr_refuse_args(t, args, n_args, WR_WHOLE_CALL, err, "%u argument%s missing", least - n_args,
                              least - n_args == 1 ? " is" : "s are");
    return WEIR_OK;
}

weir_status wr_check_same_type(const weir_function_type *t, const weir_arg *args, uint32_t n_args,
                               weir_error *err) {
    for (uint32_t i = 1; i < n_args; i++)
        if (args[i].type != args[0].type)
            return wr_refuse_args(t, args, n_args, i, err,
                                  "all must be of one type, but argument %u is %s and the first is %s", i + 1,
                                  weir_type_name(args[i].type), weir_type_name(args[0].type));
    return WEIR_OK;
}

weir_status wr_check_type_name(const weir_function_type *t, const weir_arg *args, uint32_t n_args,
                               uint32_t at, weir_type *type, weir_error *err) {
    static const char choice[] = "'int', 'long', 'float', 'double', 'bool' or 'string'";
    const weir_arg *arg = &args[at];
    if (arg->type != WEIR_STRING || !arg->is_const || arg->value.is_null)
        return wr_refuse_args(t, args, n_args, at, err, "argument %u must be a constant: %s", at + 1, choice);
    const weir_string *name = &arg->value.as.s;
    *type = wr_type_find(weir_string_data(name), name->len);
    if (*type == WEIR_NONE || *type == WEIR_OBJECT)
        return wr_refuse_args(t, args, n_args, at, err, "argument %u must be %s, not '%.*s'", at + 1, choice,
                              (int)WR_MIN(name->len, 40u), weir_string_data(name));
    return WEIR_OK;
}
