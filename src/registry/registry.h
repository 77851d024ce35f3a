/* registry.h: what a query can name: functions, stream functions, aggregators, windows; looked up by
 * namespace and name.
 *
 * An engine owns one; weir's built-in tables fill it, then the user's own and those of modules. Names are
 * case-sensitive, as in Siddhi. Registered descriptors are borrowed and must outlive the registry. Several
 * threads may use it: a module may be opened while another app is made. */
#ifndef WR_REGISTRY_H
#define WR_REGISTRY_H

#include "base/alloc.h"
#include "registry/modules.h"
#include "weir_ext.h"

typedef struct wr_registry wr_registry;

weir_status wr_registry_new(wr_registry **out) WR_NODISCARD;
void wr_registry_free(wr_registry *r);

/* WEIR_ENAME if the name is taken, WEIR_EUSAGE if the descriptor lacks something that it must have (doc,
 * params, load without save, …). */
weir_status wr_registry_add_function(wr_registry *r, const weir_function_type *t,
                                     weir_error *err) WR_NODISCARD;
weir_status wr_registry_add_stream_function(wr_registry *r, const weir_stream_function_type *t,
                                            weir_error *err) WR_NODISCARD;
weir_status wr_registry_add_aggregator(wr_registry *r, const weir_aggregator_type *t,
                                       weir_error *err) WR_NODISCARD;
weir_status wr_registry_add_window(wr_registry *r, const weir_window_type *t, weir_error *err) WR_NODISCARD;

/* NULL when there is none. */
const weir_function_type *wr_registry_find_function(const wr_registry *r, const char *ns, const char *name);
const weir_stream_function_type *wr_registry_find_stream_function(const wr_registry *r, const char *ns,
                                                                  const char *name);
const weir_aggregator_type *wr_registry_find_aggregator(const wr_registry *r, const char *ns,
                                                        const char *name);
const weir_window_type *wr_registry_find_window(const wr_registry *r, const char *ns, const char *name);

/* Where what is missing may come from; NULL: from nowhere. Borrowed. */
void wr_registry_set_modules(wr_registry *r, wr_modules *modules);
/* Opens the module that holds what was not found: see wr_modules_need. After WEIR_OK look again. */
weir_status wr_registry_need(const wr_registry *r, unsigned kinds, const char *ns, const char *name,
                             weir_error *err) WR_NODISCARD;

/* All of one kind, in order of (namespace, name): for docs, completion and suggestions. */
uint32_t wr_registry_n_functions(const wr_registry *r);
const weir_function_type *wr_registry_function(const wr_registry *r, uint32_t i);
uint32_t wr_registry_n_stream_functions(const wr_registry *r);
const weir_stream_function_type *wr_registry_stream_function(const wr_registry *r, uint32_t i);
uint32_t wr_registry_n_aggregators(const wr_registry *r);
const weir_aggregator_type *wr_registry_aggregator(const wr_registry *r, uint32_t i);
uint32_t wr_registry_n_windows(const wr_registry *r);
const weir_window_type *wr_registry_window(const wr_registry *r, uint32_t i);

/* The built-in tables, NULL-terminated; one per folder. */
extern const weir_function_type *const wr_function_table[];               /* src/func/table.c */
extern const weir_stream_function_type *const wr_stream_function_table[]; /* src/stream/table.c */
extern const weir_aggregator_type *const wr_aggregator_table[];           /* src/agg/table.c */
extern const weir_window_type *const wr_window_table[];                   /* src/window/table.c */

#endif
