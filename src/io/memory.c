/* memory.c: the inMemory source and sink: topics within one engine. Rows go as they are, or encoded when a
 * format is named; the two ends must agree on that. */
#include <string.h>

#include "data/value.h"
#include "io/bus.h"
#include "io/io_log.h"
#include "io/no_epochs.h"
#include "io/table.h"

enum { OPT_TOPIC };

static const weir_option options[] = {
    [OPT_TOPIC] = {"topic", WEIR_OPTION_TEMPLATE, true, NULL, NULL,
                   "The name by which sinks and sources meet; a sink's may hold {{attribute}}."},
    {0}};

#define MESSAGES_SHOWN 64

static weir_status no_bus(weir_error *err) {
    return weir_fail(err, WEIR_EUNSUPPORTED, "this engine has no in-memory topics");
}

/* ---- The source --------------------------------------------------------------------------------------- */

typedef struct memory_source {
    const weir_io_args *args;
    wr_bus_subscriber *subscriber;
    uint32_t n_taken;    /* rows of the first message */
    bool told_of_misfit; /* once is enough */
    weir_message shown[MESSAGES_SHOWN];
} memory_source;

static weir_status source_open(void *self, const weir_io_args *args, weir_error *err) {
    memory_source *s = self;
    s->args = args;
    if (!args->host || !args->host->bus) return no_bus(err);
    /* at once, so that nothing that is published while the app starts is missed */
    s->subscriber = wr_bus_subscribe(args->host->bus, args->settings->of[OPT_TOPIC].text);
    return s->subscriber ? WEIR_OK : weir_fail(err, WEIR_ENOMEM, "out of memory");
}

static weir_status source_start(void *self, weir_error *err) {
    (void)self;
    (void)err;
    return WEIR_OK;
}

/* Whether messages like m fit the stream: as many columns, of the same types. */
static bool fits(const memory_source *s, const wr_bus_message *m) {
    const weir_schema *schema = s->args->schema;
    if ((m->n_rows == 0) != (s->args->shape == WEIR_SHAPE_MESSAGES)) return false;
    if (!m->n_rows) return true;
    if (m->n_cols != schema->n_attributes) return false;
    for (uint32_t i = 0; i < m->n_cols; i++)
        if (m->cols[i].boxed || m->cols[i].type != schema->attributes[i].type) return false;
    return true;
}

/* Throws away messages that don't fit, at the front. */
static const wr_bus_message *front(memory_source *s) {
    const wr_bus_message *m;
    while ((m = wr_bus_peek(s->subscriber, 0)) && !fits(s, m)) {
        if (!s->told_of_misfit)
            wr_io_log(s->args->host, WEIR_LOG_ERROR,
                      "inMemory source: what comes on topic '%s' doesn't fit the attributes of '%s', or the "
                      "format; it is dropped",
                      s->args->settings->of[OPT_TOPIC].text, s->args->schema->stream);
        s->told_of_misfit = true;
        wr_bus_pop(s->subscriber, 1);
    }
    return m;
}

static weir_status copy_cell(weir_column *to, uint32_t row, const weir_column *from, uint32_t from_row,
                             weir_arena *arena) {
    weir_value v = wr_column_get(from, from_row);
    if (!v.is_null && v.type == WEIR_STRING)
        WR_TRY(weir_arena_string(arena, weir_string_data(&v.as.s), v.as.s.len, &v.as.s));
    if (!v.is_null && v.type == WEIR_OBJECT) WR_TRY(weir_arena_own(arena, weir_object_ref(v.as.o)));
    wr_column_set(to, row, &v);
    return WEIR_OK;
}

/* Rows begin..end-1 of the message, as one chunk. */
static weir_status add_chunk(weir_rows *rows, const wr_bus_message *m, uint32_t begin, uint32_t end,
                             weir_error *err) {
    uint32_t first = rows->n, need = first + (end - begin);
    if (need > rows->cap) WR_TRY(rows->grow(rows, need, err));
    for (uint32_t r = begin; r < end; r++) {
        for (uint32_t i = 0; i < rows->n_cols; i++)
            if (rows->cols[i].data &&
                copy_cell(&rows->cols[i], rows->n, &m->cols[i], r, rows->arena) != WEIR_OK)
                return weir_fail(err, WEIR_ENOMEM, "out of memory");
        rows->ts[rows->n++] = m->ts[r];
    }
    weir_rows_end_chunk(rows, first);
    return WEIR_OK;
}

static weir_status add_message(memory_source *s, weir_rows *rows, const wr_bus_message *m, uint32_t from,
                               weir_error *err) {
    (void)s;
    uint32_t n_chunks = m->chunk_end ? m->n_chunks : m->n_rows, begin = 0;
    for (uint32_t c = 0; c < n_chunks && rows->n < rows->limit; c++) {
        uint32_t end = m->chunk_end ? m->chunk_end[c] : c + 1;
        if (begin >= from) WR_TRY(add_chunk(rows, m, begin, end, err));
        begin = end;
    }
    return WEIR_OK;
}

static weir_status show_rows(memory_source *s, weir_input *in, weir_rows *rows, weir_error *err) {
    in->has_ts = true;
    const wr_bus_message *m = front(s);
    uint32_t from = s->n_taken;
    for (uint32_t i = 0; m && fits(s, m) && rows->n < rows->limit; from = 0) {
        WR_TRY(add_message(s, rows, m, from, err));
        m = wr_bus_peek(s->subscriber, ++i);
    }
    return WEIR_OK;
}

static weir_status show_messages(memory_source *s, weir_input *in) {
    const wr_bus_message *m = front(s);
    for (; m && fits(s, m) && in->n_messages < MESSAGES_SHOWN; m = wr_bus_peek(s->subscriber, in->n_messages))
        s->shown[in->n_messages++] = (weir_message){.bytes = m->bytes, .len = m->len};
    in->messages = s->shown;
    return WEIR_OK;
}

static weir_status source_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    memory_source *s = self;
    *in = (weir_input){.shape = s->args->shape, .wait_ms = wr_bus_wake_fd(s->subscriber) >= 0 ? -1 : 10};
    uint32_t before = rows ? rows->n : 0;
    if (rows)
        WR_TRY(show_rows(s, in, rows, err));
    else
        WR_TRY(show_messages(s, in));
    bool some = rows ? rows->n > before : in->n_messages > 0;
    return some ? WEIR_OK : WEIR_EAGAIN;
}

static void source_consume(void *self, size_t n) {
    memory_source *s = self;
    if (s->args->shape == WEIR_SHAPE_MESSAGES) {
        wr_bus_pop(s->subscriber, (uint32_t)n);
        return;
    }
    const wr_bus_message *m;
    while (n && (m = wr_bus_peek(s->subscriber, 0))) {
        uint32_t left = m->n_rows - s->n_taken;
        if (n < left) {
            s->n_taken += (uint32_t)n;
            break;
        }
        n -= left;
        s->n_taken = 0;
        wr_bus_pop(s->subscriber, 1);
    }
}

static int source_wake_fd(const void *self) {
    return wr_bus_wake_fd(((const memory_source *)self)->subscriber);
}

/* What is in memory dies with the process: there is nothing to go back to. */
static weir_status source_position(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    (void)self;
    (void)epoch;
    (void)err;
    weir_write_u32(w, 1);
    return WEIR_OK;
}

static weir_status source_seek(void *self, weir_reader *r, weir_error *err) {
    (void)self;
    (void)weir_read_u32(r);
    return weir_reader_status(r, err);
}

static int64_t source_lag(const void *self) {
    return (int64_t)wr_bus_waiting(((const memory_source *)self)->subscriber);
}

static void source_close(void *self) { wr_bus_unsubscribe(((memory_source *)self)->subscriber); }

const weir_source_type wr_memory_source = {
    .struct_size = sizeof wr_memory_source,
    .name = "inMemory",
    .doc = "Receives what inMemory sinks of the same engine publish on a topic.",
    .example = "@source(type='inMemory', topic='alerts')",
    .options = options,
    .shapes = WEIR_SHAPE_ROWS | WEIR_SHAPE_MESSAGES,
    .replayable = false,
    .is_internal = true,
    .state_size = sizeof(memory_source),
    .open = source_open,
    .start = source_start,
    .poll = source_poll,
    .consume = source_consume,
    .wake_fd = source_wake_fd,
    .position = source_position,
    .seek = source_seek,
    .lag = source_lag,
    .close = source_close,
};

/* ---- The sink ----------------------------------------------------------------------------------------- */

typedef struct memory_sink {
    weir_bus *bus;
    const weir_setting *topic;
} memory_sink;

static weir_status sink_open(void *self, const weir_io_args *args, weir_error *err) {
    memory_sink *s = self;
    if (!args->host || !args->host->bus) return no_bus(err);
    s->bus = args->host->bus;
    s->topic = &args->settings->of[OPT_TOPIC];
    return WEIR_OK;
}

static weir_status sink_start(void *self, weir_error *err) {
    (void)self;
    (void)err;
    return WEIR_OK;
}

static weir_status publish(memory_sink *s, const weir_output *out, uint32_t record, wr_bus_message *m,
                           weir_error *err) {
    const char *topic = weir_output_option(out, s->topic, record).bytes;
    if (m && wr_bus_publish(s->bus, topic, m) == WEIR_OK) return WEIR_OK;
    return weir_fail(err, WEIR_ENOMEM, "no memory to publish on topic '%s'", topic);
}

static weir_status sink_write(void *self, const weir_output *out, weir_error *err) {
    memory_sink *s = self;
    if (out->shape == WEIR_SHAPE_ROWS) return publish(s, out, 0, wr_bus_message_of_rows(out->rows), err);
    for (uint32_t i = 0; i < out->n_records; i++) {
        size_t begin = i ? out->record_end[i - 1] : 0;
        wr_bus_message *m = wr_bus_message_of_bytes(out->bytes + begin, out->record_end[i] - begin);
        WR_TRY(publish(s, out, i, m, err));
    }
    return WEIR_OK;
}

static weir_status sink_flush(void *self, weir_error *err) {
    memory_sink *s = self;
    (void)err;
    return wr_bus_is_full(s->bus, s->topic->slot ? NULL : s->topic->text) ? WEIR_EAGAIN : WEIR_OK;
}

static void sink_close(void *self) { (void)self; }

const weir_sink_type wr_memory_sink = {
    .struct_size = sizeof wr_memory_sink,
    .name = "inMemory",
    .doc = "Publishes on a topic, for inMemory sources of the same engine.",
    .example = "@sink(type='inMemory', topic='alerts')",
    .options = options,
    .shapes = WEIR_SHAPE_ROWS | WEIR_SHAPE_MESSAGES,
    .guarantee = WEIR_AT_MOST_ONCE,
    .state_size = sizeof(memory_sink),
    .open = sink_open,
    .start = sink_start,
    .recover = wr_no_epoch_recover,
    .begin = wr_no_epoch,
    .write = sink_write,
    .flush = sink_flush,
    .prepare = wr_no_epoch_prepare,
    .commit = wr_no_epoch,
    .abort = wr_no_epoch,
    .close = sink_close,
};
