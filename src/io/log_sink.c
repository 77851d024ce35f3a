/* log_sink.c: writes events to the engine's log, a line each: `prefix : Event{timestamp=…, data=[…]}`, or
 * what a format makes of them. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "io/cell.h"
#include "io/encode.h"
#include "io/io_log.h"
#include "io/no_epochs.h"
#include "io/number.h"
#include "io/table.h"

enum { OPT_PRIORITY, OPT_PREFIX };

static const weir_option options[] = {
    [OPT_PRIORITY] = {"priority", WEIR_OPTION_CHOICE, false, "INFO", "ERROR|WARN|INFO|DEBUG|TRACE|FATAL|OFF",
                      "The level of the lines."},
    [OPT_PREFIX] = {"prefix", WEIR_OPTION_TEXT, false, NULL, NULL,
                    "What each line begins with; by default the app's and the stream's name."},
    {0}};

enum { PRIORITY_FATAL = 5, PRIORITY_OFF = 6 };

typedef struct log_sink {
    const weir_io_host *host;
    weir_log_level level;
    bool is_off;
    wr_buf prefix, line;
} log_sink;

static weir_status log_open(void *self, const weir_io_args *args, weir_error *err) {
    log_sink *s = self;
    const weir_setting *set = args->settings->of;
    s->host = args->host;
    s->is_off = set[OPT_PRIORITY].as.l == PRIORITY_OFF;
    s->level =
        set[OPT_PRIORITY].as.l >= PRIORITY_FATAL ? WEIR_LOG_ERROR : (weir_log_level)set[OPT_PRIORITY].as.l;
    if (set[OPT_PREFIX].given)
        wr_buf_puts(&s->prefix, set[OPT_PREFIX].text);
    else
        wr_buf_printf(&s->prefix, "%s : %s", s->host && s->host->app ? s->host->app : "",
                      args->schema->stream);
    return s->prefix.failed ? weir_fail(err, WEIR_ENOMEM, "out of memory") : WEIR_OK;
}

static weir_status log_start(void *self, weir_error *err) {
    (void)self;
    (void)err;
    return WEIR_OK;
}

static void put_value(wr_buf *b, const weir_column *c, uint32_t row) {
    char number[WR_NUMBER_TEXT_BYTES];
    wr_buf text = WR_BUF_INIT;
    weir_encoded e = {.data = number, .cap = sizeof number};
    bool unused;
    if (weir_is_null(c, row)) {
        wr_buf_puts(b, "null");
        return;
    }
    if (c->boxed || c->type == WEIR_OBJECT) {
        weir_value v = wr_encode_unbox(((weir_object **)c->data)[row], &text);
        if (v.is_null)
            wr_buf_puts(b, "null");
        else if (v.type == WEIR_STRING)
            wr_buf_put(b, weir_string_data(&v.as.s), v.as.s.len);
        else
            wr_encode_scalar_value(&e, &v, &unused);
        wr_buf_fini(&text);
    } else if (c->type == WEIR_STRING) {
        const weir_string *s = (const weir_string *)c->data + row;
        wr_buf_put(b, weir_string_data(s), s->len);
    } else {
        wr_encode_scalar(&e, c, row, &unused);
    }
    wr_buf_put(b, number, e.len);
}

/* One line, whatever the event's strings hold: control characters become spaces. */
static void tell(log_sink *s) {
    if (s->line.failed) return;
    for (size_t i = 0; i < s->line.len; i++)
        if ((unsigned char)s->line.data[i] < ' ') s->line.data[i] = ' ';
    if (s->host && s->host->log) s->host->log(s->host->log_ctx, s->level, s->line.data);
}

static void begin_line(log_sink *s) {
    wr_buf_clear(&s->line);
    wr_buf_put(&s->line, s->prefix.data, s->prefix.len);
    wr_buf_puts(&s->line, " : ");
}

static void tell_row(log_sink *s, const weir_batch *rows, uint32_t row) {
    begin_line(s);
    wr_buf_printf(&s->line, "Event{timestamp=%lld, data=[", (long long)rows->ts[row]);
    for (uint32_t i = 0; i < rows->n_cols; i++) {
        if (i) wr_buf_puts(&s->line, ", ");
        put_value(&s->line, &rows->cols[i], row);
    }
    bool expired = rows->kind && rows->kind[row] == WEIR_EXPIRED;
    wr_buf_printf(&s->line, "], isExpired=%s}", expired ? "true" : "false");
    tell(s);
}

static weir_status log_write(void *self, const weir_output *out, weir_error *err) {
    log_sink *s = self;
    if (s->is_off) return WEIR_OK;
    if (out->shape == WEIR_SHAPE_ROWS) {
        for (uint32_t k = 0; k < out->rows->n_sel; k++) tell_row(s, out->rows, weir_batch_row(out->rows, k));
    } else {
        for (uint32_t i = 0; i < out->n_records; i++) {
            size_t begin = i ? out->record_end[i - 1] : 0;
            begin_line(s);
            wr_buf_put(&s->line, out->bytes + begin, out->record_end[i] - begin);
            tell(s);
        }
    }
    return s->line.failed ? weir_fail(err, WEIR_ENOMEM, "out of memory") : WEIR_OK;
}

static weir_status log_flush(void *self, weir_error *err) { return wr_no_epoch(self, 0, err); }

static void log_close(void *self) {
    log_sink *s = self;
    wr_buf_fini(&s->prefix);
    wr_buf_fini(&s->line);
}

const weir_sink_type wr_log_sink = {
    .struct_size = sizeof wr_log_sink,
    .name = "log",
    .doc = "Writes each event to the log.",
    .example = "@sink(type='log', prefix='alert', priority='WARN')",
    .options = options,
    .shapes = WEIR_SHAPE_ROWS | WEIR_SHAPE_MESSAGES,
    .guarantee = WEIR_AT_LEAST_ONCE,
    .state_size = sizeof(log_sink),
    .open = log_open,
    .start = log_start,
    .recover = wr_no_epoch_recover,
    .begin = wr_no_epoch,
    .write = log_write,
    .flush = log_flush,
    .prepare = wr_no_epoch_prepare,
    .commit = wr_no_epoch,
    .abort = wr_no_epoch,
    .close = log_close,
};
