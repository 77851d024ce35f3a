/* simdjson_peer.h: what simdjson.cpp offers to json_bench.c. */
#ifndef WR_BENCH_SIMDJSON_PEER_H
#define WR_BENCH_SIMDJSON_PEER_H

#include <stdbool.h>
#include <stddef.h>

#define SIMDJSON_PEER_PADDING 64 /* bytes that must be there behind the text */

#ifdef __cplusplus
extern "C" {
#endif

/* Reads all lines of the text into columns; returns how many, 0: it failed. */
unsigned simdjson_read(const char *text, size_t len, bool is_stream);

#ifdef __cplusplus
}
#endif

#endif
