/* weir_module.h: what a module is: a shared object with connectors, formats, functions and the like, opened
 * when an app first names one of them, so that programs which use none pay for none.
 *
 *     static weir_status start(weir_engine *engine, weir_error *err) {
 *         weir_status st = weir_register_source(engine, &kafka_source, err);
 *         return st == WEIR_OK ? weir_register_sink(engine, &kafka_sink, err) : st;
 *     }
 *     WEIR_MODULE("kafka", start)
 *
 * The file is called weir_NAME.so. It is looked for in weir_engine_options.module_path, in the folders of the
 * environment variable WEIR_MODULE_PATH, in modules/ beside the program, in weir/ beside the library, and
 * where weir was installed to. It calls what weir.h, weir_ext.h and weir_io.h declare, which the program or
 * library that opens it provides, and is never closed again: descriptors and threads of client libraries may
 * outlive an engine.
 *
 * Which module holds which type is a table in weir. A type that is in no table is looked for in the module of
 * its own name (of its namespace, if it has one): somebody else's module needs nothing but its file in the
 * right place.
 *
 * A module is code: it can do whatever the program can. weir opens files only from the places above, never
 * from where an app's text says.
 */
#ifndef WEIR_MODULE_H
#define WEIR_MODULE_H

#include "weir.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Counts up whenever a module built before could not be used any more. */
#define WEIR_MODULE_ABI   2u
#define WEIR_MODULE_MAGIC 0x72696577u /* "weir" */

/* What the file exports under the name weir_module. Its head is checked before anything of it is called. */
typedef struct weir_module_type {
    uint32_t magic, abi;
    size_t struct_size;
    const char *name;       /* as in the file's name */
    const char *built_with; /* WEIR_VERSION */
    /* Registers what there is, with weir_register_*(). Called once for each engine that needs the module;
     * nothing else may be called on the engine. */
    weir_status (*start)(weir_engine *engine, weir_error *err);
} weir_module_type;

#ifdef __cplusplus
#define WEIR_MODULE_EXTERN extern "C"
#else
#define WEIR_MODULE_EXTERN extern
#endif
#define WEIR_MODULE(module_name, start_function)                                                             \
    WEIR_MODULE_EXTERN WEIR_API const weir_module_type weir_module;                                          \
    const weir_module_type weir_module = {WEIR_MODULE_MAGIC, WEIR_MODULE_ABI, sizeof(weir_module_type),      \
                                          module_name,       WEIR_VERSION,    start_function};

#ifdef __cplusplus
}
#endif
#endif
