/* byte_input.c: see byte_input.h. */
#include "io/byte_input.h"

#include <string.h>
#include <unistd.h>

void wr_byte_input_init(wr_byte_input *in) { *in = (wr_byte_input){.fd = -1}; }

static void drop_file(wr_byte_input *in) {
    if (in->fd > STDERR_FILENO) close(in->fd);
    in->fd = -1;
    wr_unpack_fini(&in->unpack);
}

void wr_byte_input_open(wr_byte_input *in, int fd, wr_packing packing) {
    drop_file(in);
    wr_unpack_init(&in->unpack, packing);
    wr_byte_window_clear(&in->window);
    in->fd = fd;
    in->n_consumed = 0;
    in->begins = true;
}

void wr_byte_input_close(wr_byte_input *in) {
    drop_file(in);
    wr_byte_window_fini(&in->window);
}

weir_status wr_byte_input_read(wr_byte_input *in, weir_error *err) {
    wr_byte_window *w = &in->window;
    if (!wr_byte_window_make_room(w))
        return weir_fail(err, WEIR_ENOMEM, "no memory for a record of more than %zu bytes", w->cap);
    size_t got;
    WR_TRY(wr_unpack_read(&in->unpack, in->fd, w->data + w->end, w->cap - w->end, &got, err));
    w->end += got;
    return got ? WEIR_OK : WEIR_EAGAIN;
}

weir_status wr_byte_input_skip(wr_byte_input *in, uint64_t offset, weir_error *err) {
    while (in->n_consumed < offset) {
        weir_status status = wr_byte_input_read(in, err);
        if (status == WEIR_EAGAIN && in->unpack.has_ended)
            return weir_fail(err, WEIR_ESTATE, "it ends before byte %llu, where reading should go on",
                             (unsigned long long)offset);
        if (status != WEIR_OK && status != WEIR_EAGAIN) return status;
        size_t len = wr_byte_window_len(&in->window);
        wr_byte_input_consume(in, (size_t)WR_MIN((uint64_t)len, offset - in->n_consumed));
    }
    return WEIR_OK;
}

void wr_byte_input_show(wr_byte_input *in, bool ends, weir_input *out) {
    out->shape = WEIR_SHAPE_BYTES;
    out->begins = in->begins;
    out->ends = ends;
    out->bytes = in->window.data ? in->window.data + in->window.begin : "";
    out->len = wr_byte_window_len(&in->window);
    in->begins = false;
}

void wr_byte_input_consume(wr_byte_input *in, size_t n) {
    in->window.begin += n;
    in->n_consumed += n;
}

char *wr_file_name(const weir_io_host *host, const char *uri) {
    if (strncmp(uri, "file:", 5) == 0) {
        uri += 5;
        if (strncmp(uri, "//", 2) == 0) uri += 2;
    }
    const char *dir = *uri != '/' && host && host->base_dir ? host->base_dir : "";
    size_t n_dir = strlen(dir), n_uri = strlen(uri), slash = n_dir && dir[n_dir - 1] != '/';
    char *name = wr_alloc(NULL, n_dir + slash + n_uri + 1);
    if (!name) return NULL;
    memcpy(name, dir, n_dir);
    if (slash) name[n_dir] = '/';
    memcpy(name + n_dir + slash, uri, n_uri + 1);
    return name;
}

void wr_file_name_free(char *name) {
    if (name) wr_free(NULL, name, strlen(name) + 1);
}
