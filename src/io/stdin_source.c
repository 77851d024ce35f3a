/* stdin_source.c: reads standard input until it ends. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "io/byte_input.h"
#include "io/io_log.h"
#include "io/table.h"

enum { OPT_COMPRESSION };

static const weir_option options[] = {
    [OPT_COMPRESSION] = {"compression", WEIR_OPTION_CHOICE, false, "auto", WR_PACKING_CHOICES,
                         "How the input is packed; by default its first bytes tell."},
    {0}};

typedef struct stdin_source {
    const weir_io_host *host;
    wr_byte_input input;
    bool is_open, has_ended;
    wr_packing packing;
    uint64_t n_before; /* consumed before a restart */
} stdin_source;

static weir_status stdin_open(void *self, const weir_io_args *args, weir_error *err) {
    stdin_source *s = self;
    (void)err;
    s->host = args->host;
    s->packing = (wr_packing)args->settings->of[OPT_COMPRESSION].as.l;
    wr_byte_input_init(&s->input);
    s->is_open = true;
    return WEIR_OK;
}

static weir_status stdin_start(void *self, weir_error *err) {
    stdin_source *s = self;
    (void)err;
    wr_byte_input_open(&s->input, STDIN_FILENO, s->packing);
    s->input.begins = s->n_before == 0;
    return WEIR_OK;
}

/* The descriptor is shared with whoever started us, so it isn't made non-blocking: poll(2) says whether a
 * read would block. */
static bool is_readable(void) {
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

static weir_status stdin_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    stdin_source *s = self;
    (void)rows;
    *in = (weir_input){.shape = WEIR_SHAPE_BYTES, .wait_ms = -1};
    if (s->has_ended) return WEIR_EEND;
    if (!is_readable()) return WEIR_EAGAIN;
    weir_status status = wr_byte_input_read(&s->input, err);
    if (status == WEIR_OK) {
        wr_byte_input_show(&s->input, false, in);
        return WEIR_OK;
    }
    if (status != WEIR_EAGAIN || !s->input.unpack.has_ended) return status;
    if (s->input.unpack.is_midway)
        wr_io_log(s->host, WEIR_LOG_WARN, "stdin source: the compressed input ends in the middle");
    s->has_ended = true;
    wr_byte_input_show(&s->input, true, in);
    return WEIR_OK;
}

static void stdin_consume(void *self, size_t n) { wr_byte_input_consume(&((stdin_source *)self)->input, n); }

static int stdin_wake_fd(const void *self) {
    (void)self;
    return STDIN_FILENO;
}

static weir_status stdin_position(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    stdin_source *s = self;
    (void)epoch;
    (void)err;
    weir_write_u32(w, 1);
    weir_write_i64(w, (int64_t)(s->n_before + s->input.n_consumed));
    return WEIR_OK;
}

/* What was read is gone; the rest follows. (Header and counts are the decoder's, and were saved.) */
static weir_status stdin_seek(void *self, weir_reader *r, weir_error *err) {
    stdin_source *s = self;
    WR_TRY(weir_read_version(r, 1, err));
    s->n_before = (uint64_t)weir_read_i64(r);
    if (s->n_before)
        wr_io_log(s->host, WEIR_LOG_WARN,
                  "stdin source: %llu bytes were read before the restart; going on with what comes now",
                  (unsigned long long)s->n_before);
    return weir_reader_status(r, err);
}

static size_t stdin_bytes(const void *self) { return ((const stdin_source *)self)->input.window.cap; }

static void stdin_close(void *self) {
    stdin_source *s = self;
    if (s->is_open) wr_byte_input_close(&s->input);
}

const weir_source_type wr_stdin_source = {
    .struct_size = sizeof wr_stdin_source,
    .name = "stdin",
    .doc = "Reads standard input until it ends; gzip and zstd are unpacked.",
    .example = "@source(type='stdin', @map(type='json'))",
    .options = options,
    .shapes = WEIR_SHAPE_BYTES,
    .default_format = "json",
    .replayable = false,
    .state_size = sizeof(stdin_source),
    .open = stdin_open,
    .start = stdin_start,
    .poll = stdin_poll,
    .consume = stdin_consume,
    .wake_fd = stdin_wake_fd,
    .position = stdin_position,
    .seek = stdin_seek,
    .bytes = stdin_bytes,
    .close = stdin_close,
};
