/* modules.h: opens the shared objects that hold what is not built in, when an app first names it.
 *
 * An engine owns one wr_modules. It may be used by several threads: modules are opened one at a time. See
 * weir_module.h for what a module is and where it is looked for. */
#ifndef WR_MODULES_H
#define WR_MODULES_H

#include "base/alloc.h"
#include "weir_ext.h"

typedef struct wr_modules wr_modules;
struct weir_engine;

/* A bit each, so that a caller can ask for "a function or an aggregator". */
typedef enum wr_module_kind {
    WR_MODULE_FUNCTION = 1,
    WR_MODULE_AGGREGATOR = 2,
    WR_MODULE_WINDOW = 4,
    WR_MODULE_SOURCE = 8,
    WR_MODULE_SINK = 16,
    WR_MODULE_DECODER = 32,
    WR_MODULE_ENCODER = 64,
    WR_MODULE_SCRIPT = 128,
    WR_MODULE_STORE = 256,
    WR_MODULE_STREAM_FUNCTION = 512,
    WR_MODULE_HTTP = 1024 /* what asks by HTTP, for formats */
} wr_module_kind;

/* One type, or all types of those kinds in a namespace (name NULL). */
typedef struct wr_module_row {
    unsigned kinds; /* wr_module_kind bits */
    const char *ns, *name;
    const char *module; /* weir_MODULE.so */
} wr_module_row;        /* tables end with a row without module */

extern const wr_module_row wr_module_table[]; /* module_table.c */

typedef struct wr_modules_options {
    const wr_module_row *table;
    const char *path;           /* folders, with ':' between them; NULL: none besides the usual ones */
    struct weir_engine *engine; /* handed to the modules */
} wr_modules_options;

weir_status wr_modules_new(const wr_modules_options *options, wr_modules **out) WR_NODISCARD;
void wr_modules_free(wr_modules *m); /* NULL is fine */

/* Opens the module that holds something of these kinds and this name. WEIR_OK: it was opened by this call or
 * before; what it holds is registered. WEIR_ENAME: no module is known to hold it. Anything else: there is
 * one, and why it can't be used (not found, with the places; built for another weir; …). m may be NULL:
 * WEIR_ENAME. */
weir_status wr_modules_need(wr_modules *m, unsigned kinds, const char *ns, const char *name,
                            weir_error *err) WR_NODISCARD;
/* Opens every module of the table. The first failure is returned, after all were tried. */
weir_status wr_modules_open_all(wr_modules *m, weir_error *err) WR_NODISCARD;
/* Names of the table, for "did you mean": of the i-th row that holds these kinds; NULL past the end. */
const char *wr_modules_name(const wr_modules *m, unsigned kinds, uint32_t i);

#endif
