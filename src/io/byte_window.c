/* byte_window.c: see byte_window.h. */
#include "io/byte_window.h"

#include <string.h>

bool wr_byte_window_make_room(wr_byte_window *w) {
    size_t len = w->end - w->begin;
    if (w->cap - w->end >= WR_READ_BYTES) return true;
    if (len <= w->cap / 2 && w->cap - len >= WR_READ_BYTES) {
        memmove(w->data, w->data + w->begin, len);
    } else {
        size_t cap = WR_MAX(w->cap * 2, 2 * WR_READ_BYTES);
        char *data = wr_alloc(NULL, cap);
        if (!data) return false;
        if (len) memcpy(data, w->data + w->begin, len);
        wr_free(NULL, w->data, w->cap);
        w->data = data;
        w->cap = cap;
    }
    w->begin = 0;
    w->end = len;
    return true;
}

void wr_byte_window_fini(wr_byte_window *w) {
    wr_free(NULL, w->data, w->cap);
    *w = (wr_byte_window){0};
}
