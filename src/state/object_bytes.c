/* object_bytes.c: objects as bytes, for stores. */
#include <stdlib.h>

#include "state/writer.h"
#include "weir_store.h"

weir_status weir_object_save(const weir_object *object, void **bytes, size_t *len, weir_error *err) {
    weir_writer w;
    *bytes = NULL;
    *len = 0;
    wr_writer_init(&w);
    weir_value v = {.type = WEIR_OBJECT, .is_null = !object, .as.o = (weir_object *)(uintptr_t)object};
    weir_write_value(&w, &v);
    weir_status st = wr_writer_status(&w, err);
    if (st == WEIR_OK && !(*bytes = malloc(w.buf.len + 1)))
        st = weir_fail(err, WEIR_ENOMEM, "out of memory for an object");
    if (st == WEIR_OK) memcpy(*bytes, w.buf.data, *len = w.buf.len);
    wr_writer_fini(&w);
    return st;
}

weir_status weir_object_load(const void *bytes, size_t len, weir_object **out, weir_error *err) {
    weir_reader r;
    weir_arena arena;
    weir_value v = {0};
    *out = NULL;
    wr_reader_init(&r, bytes, len);
    wr_arena_init(&arena, NULL);
    weir_status st = weir_read_value(&r, &arena, &v);
    if (st == WEIR_OK && (v.type != WEIR_OBJECT || weir_reader_left(&r)))
        st = wr_reader_fail(&r, "these bytes are no object");
    if (st != WEIR_OK)
        st = weir_reader_status(&r, err);
    else if (!v.is_null)
        *out = weir_object_ref(v.as.o);
    wr_arena_fini(&arena);
    return st;
}
