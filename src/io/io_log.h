/* io_log.h: lines for the engine's log. */
#ifndef WR_IO_LOG_H
#define WR_IO_LOG_H

#include "base/compiler.h"
#include "weir_io.h"

void wr_io_log(const weir_io_host *host, weir_log_level level, const char *format, ...) WR_PRINTF(3, 4);
/* Puts "sink 'file' of 'S': " in front of the message; err may be NULL. */
void wr_io_name_error(const char *what, const char *type, const char *stream, weir_error *err);
/* The host's monotonic clock, or the system's. */
int64_t wr_io_now_ns(const weir_io_host *host);
/* The earlier of this time and that by which a stop wants calls back. */
int64_t wr_io_no_later_ns(const weir_io_host *host, int64_t ns);

#endif
