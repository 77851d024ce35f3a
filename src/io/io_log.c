/* io_log.c: see io_log.h. */
#include "io/io_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

void wr_io_log(const weir_io_host *host, weir_log_level level, const char *format, ...) {
    if (!host || !host->log) return;
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    host->log(host->log_ctx, level, text);
}

void wr_io_name_error(const char *what, const char *type, const char *stream, weir_error *err) {
    if (!err) return;
    char message[sizeof err->message];
    snprintf(message, sizeof message, "%s '%.60s' of '%.80s': %.350s", what, type, stream, err->message);
    memcpy(err->message, message, sizeof message);
}

int64_t wr_io_now_ns(const weir_io_host *host) {
    if (host && host->now_ns) return host->now_ns(host->now_ctx);
    return wr_monotonic_ns();
}

int64_t wr_io_no_later_ns(const weir_io_host *host, int64_t ns) {
    int64_t stop = host && host->stop_by_ns ? host->stop_by_ns(host->stop_ctx) : INT64_MAX;
    return ns < stop ? ns : stop;
}
