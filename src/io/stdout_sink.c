/* stdout_sink.c: writes to standard output: by the line to a terminal, in pieces to anything else. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "io/no_epochs.h"
#include "io/table.h"

static const weir_option options[] = {{0}};

#define FLUSH_BYTES ((size_t)64 * 1024)
#define HELD_BYTES  ((size_t)1 << 20) /* more isn't taken while the reader is slow */
#define PIPE_BYTES  ((size_t)4096)    /* a pipe that poll(2) calls writable takes so much at once */

typedef struct stdout_sink {
    bool is_terminal, is_file, has_written;
    wr_buf buffer;
    size_t n_out; /* bytes of it that are written */
} stdout_sink;

static weir_status stdout_open(void *self, const weir_io_args *args, weir_error *err) {
    (void)self;
    (void)args;
    (void)err;
    return WEIR_OK;
}

static weir_status stdout_start(void *self, weir_error *err) {
    stdout_sink *s = self;
    struct stat st;
    if (fstat(STDOUT_FILENO, &st)) return weir_fail(err, WEIR_EIO, "standard output is closed");
    s->is_file = S_ISREG(st.st_mode);
    s->is_terminal = isatty(STDOUT_FILENO);
    return WEIR_OK;
}

static bool is_writable(void) {
    struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&p, 1, 0) > 0;
}

/* Writes what can be written without waiting. EAGAIN: something is left. */
static weir_status drain(stdout_sink *s, weir_error *err) {
    while (s->n_out < s->buffer.len) {
        if (!s->is_file && !is_writable()) return WEIR_EAGAIN;
        size_t len = s->buffer.len - s->n_out;
        ssize_t n =
            write(STDOUT_FILENO, s->buffer.data + s->n_out, s->is_file ? len : WR_MIN(len, PIPE_BYTES));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return WEIR_EAGAIN;
        if (n < 0) {
            weir_fail(err, WEIR_EIO, "can't write to standard output: %s", strerror(errno));
            if (err) err->fatal = errno == EPIPE || errno == EBADF;
            return WEIR_EIO;
        }
        s->n_out += (size_t)n;
    }
    s->n_out = 0;
    wr_buf_clear(&s->buffer);
    return WEIR_OK;
}

static weir_status stdout_write(void *self, const weir_output *out, weir_error *err) {
    stdout_sink *s = self;
    size_t held = s->buffer.len - s->n_out;
    if (held >= FLUSH_BYTES) {
        weir_status status = drain(s, err);
        if (status != WEIR_OK && status != WEIR_EAGAIN) return status;
        if (s->buffer.len - s->n_out >= HELD_BYTES) return WEIR_EAGAIN;
        if (s->n_out) { /* what is written makes room */
            s->buffer.len -= s->n_out;
            memmove(s->buffer.data, s->buffer.data + s->n_out, s->buffer.len);
            s->n_out = 0;
        }
    }
    wr_buf_put(&s->buffer, out->bytes, out->len);
    if (s->buffer.failed) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    s->has_written = true;
    if (!s->is_terminal) return WEIR_OK;
    weir_status status = drain(s, err);
    return status == WEIR_EAGAIN ? WEIR_OK : status;
}

static weir_status stdout_flush(void *self, weir_error *err) { return drain(self, err); }

static weir_status stdout_prepare(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    weir_status status = drain(self, err);
    (void)wr_no_epoch_prepare(self, epoch, w, err);
    return status;
}

static bool stdout_at_start(const void *self) { return !((const stdout_sink *)self)->has_written; }

static int stdout_wake_fd(const void *self) {
    const stdout_sink *s = self;
    return s->n_out < s->buffer.len && !s->is_file ? STDOUT_FILENO : -1;
}

static size_t stdout_bytes(const void *self) { return ((const stdout_sink *)self)->buffer.cap; }

static void stdout_close(void *self) {
    stdout_sink *s = self;
    if (s->buffer.len) (void)drain(s, NULL);
    wr_buf_fini(&s->buffer);
}

const weir_sink_type wr_stdout_sink = {
    .struct_size = sizeof wr_stdout_sink,
    .name = "stdout",
    .doc = "Writes to standard output, a row at a time to a terminal.",
    .example = "@sink(type='stdout', @map(type='csv', header='true'))",
    .options = options,
    .shapes = WEIR_SHAPE_BYTES,
    .default_format = "json",
    .guarantee = WEIR_AT_LEAST_ONCE,
    .state_size = sizeof(stdout_sink),
    .open = stdout_open,
    .start = stdout_start,
    .recover = wr_no_epoch_recover,
    .begin = wr_no_epoch,
    .write = stdout_write,
    .flush = stdout_flush,
    .prepare = stdout_prepare,
    .commit = wr_no_epoch,
    .abort = wr_no_epoch,
    .at_file_start = stdout_at_start,
    .wake_fd = stdout_wake_fd,
    .bytes = stdout_bytes,
    .close = stdout_close,
};
