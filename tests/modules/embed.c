/* embed.c LIBRARY FOLDER: libweir opened as a scripting language would open it, visible to nobody else, finds
 * its modules all the same. Prints what the app gave. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "weir.h"

#define GET(name) __typeof__(&name) p_##name = (__typeof__(&name))dlsym(library, #name)

static void on_rows(void *ctx, const weir_stream_info *info, const weir_batch *b) {
    (void)ctx, (void)info;
    for (uint32_t k = 0; k < b->n_sel; k++)
        printf("%d\n", ((const int32_t *)b->cols[0].data)[weir_batch_row(b, k)]);
}

int main(int argc, char **argv) {
    static const char text[] = "@source(type='sample') define stream S (a int);"
                               "from S select sample:twice(a) as b insert into Out;";
    if (argc != 3) return 2;
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) return fprintf(stderr, "%s\n", dlerror()), 1;
    GET(weir_engine_new);
    GET(weir_app_new);
    GET(weir_subscribe);
    GET(weir_app_start);
    GET(weir_app_run);
    GET(weir_app_free);
    GET(weir_engine_free);
    weir_engine_options options = {.struct_size = sizeof options, .module_path = argv[2]};
    weir_engine *engine;
    weir_app *app;
    weir_error err = {0};
    weir_status st = p_weir_engine_new(&options, &engine, &err);
    if (st == WEIR_OK) st = p_weir_app_new(engine, text, sizeof text - 1, NULL, &app, NULL, &err);
    if (st == WEIR_OK) st = p_weir_subscribe(app, "Out", on_rows, NULL, &err);
    if (st == WEIR_OK) st = p_weir_app_start(app, &err);
    if (st == WEIR_OK) st = p_weir_app_run(app, &err);
    if (st != WEIR_OK) return fprintf(stderr, "%s\n", err.message), 1;
    p_weir_app_free(app);
    p_weir_engine_free(engine);
    return 0;
}
