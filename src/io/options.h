/* options.h: checks the keys of an annotation against a table of options. */
#ifndef WR_IO_OPTIONS_H
#define WR_IO_OPTIONS_H

#include "base/arena.h"
#include "weir_io.h"

/* Checks `pairs` against the table and gives a setting for each of its rows, in the arena. A key may also
 * belong to `also` (NULL: none), a second table that the caller checks in a call of its own; it is then left
 * alone here. Keys that only Siddhi has are siddhi_keys.h's business. `what` names the owner in messages:
 * "@source(type='file')". On error err->begin and err->end hold the byte range of the pair at fault. */
weir_status wr_settings_check(const char *what, const weir_option *options, const weir_option *also,
                              const weir_pair *pairs, uint32_t n_pairs, weir_arena *arena, weir_settings *out,
                              weir_error *err) WR_NODISCARD;

/* A copy of the pairs, in the arena, as out->pairs. */
weir_status wr_pairs_copy(const weir_pair *pairs, uint32_t n, weir_arena *arena, weir_settings *out,
                          weir_error *err) WR_NODISCARD;
/* A limit on the bytes of one thing; what: "csv: record.limit", for messages. */
weir_status wr_setting_limit(const weir_setting *set, const char *what, size_t *out,
                             weir_error *err) WR_NODISCARD;
/* Puts the attribute that was probably meant into err->hint; err may be NULL. */
void wr_suggest_attribute(const char *wanted, const weir_schema *schema, weir_error *err);

/* '5 sec', '1 min 30 sec', '250'; units as in the query language. False: not a time. */
bool wr_parse_time_span(const char *text, int64_t *ms);
/* '64 MB', '1k', '4096'. */
bool wr_parse_bytes(const char *text, int64_t *size_bytes);

#endif
