/* module.c: the module of the store in PostgreSQL. */
#include "postgresql.h"
#include "weir_module.h"

static weir_status start(weir_engine *engine, weir_error *err) {
    return weir_register_store(engine, &pg_store_type, err);
}

WEIR_MODULE("postgresql", start)
