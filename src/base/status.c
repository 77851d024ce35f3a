/* status.c: weir_status in words, and filling an error object. */
#include <stdarg.h>
#include <stdio.h>

#include "base/compiler.h"
#include "weir_ext.h"

static const char *const status_texts[] = {
    [WEIR_OK] = "ok",
    [WEIR_EPARSE] = "parse error",
    [WEIR_ETYPE] = "type error",
    [WEIR_ENAME] = "name error",
    [WEIR_EUNSUPPORTED] = "not supported",
    [WEIR_EUSAGE] = "wrong use of the library",
    [WEIR_ENOMEM] = "out of memory",
    [WEIR_EIO] = "input/output error",
    [WEIR_ELIMIT] = "limit passed",
    [WEIR_ESTATE] = "damaged or foreign state",
    [WEIR_ECONFIG] = "configuration error",
    [WEIR_EAGAIN] = "try again",
    [WEIR_EEND] = "end of input",
    [WEIR_EVALUE] = "a value can't be computed",
};

const char *weir_status_text(weir_status code) {
    if ((unsigned)code >= WR_COUNT(status_texts) || !status_texts[code]) return "unknown status";
    return status_texts[code];
}

weir_status weir_fail(weir_error *err, weir_status code, const char *format, ...) {
    if (!err) return code;
    memset(err, 0, sizeof *err);
    err->code = code;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return code;
}
