/* sink.c: see sink.h. */
#include "io/sink.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "io/grouping.h"
#include "io/io_log.h"
#include "io/options.h"
#include "io/table.h"

const weir_option wr_sink_common_options[] = {{0}};

#define FINISH_MS    10000 /* how long a commit waits for room */
#define LOGGED_DROPS 10

struct wr_sink {
    const weir_sink_type *type;
    const weir_encoder_type *format; /* NULL: the transport takes rows */
    const weir_schema *schema;
    const weir_io_host *host;
    wr_account *account;
    weir_arena arena;
    weir_settings settings, map_settings;
    weir_io_args args;
    weir_guarantee guarantee;
    bool has_checkpoints;
    weir_encoder_args encoder_args;
    weir_shape shape;
    void *self, *encoder;
    weir_encoded encoded;  /* waits for the transport */
    uint32_t n_attributes; /* that each record's row is asked for */
    uint32_t cap_records;  /* room in encoded.record_end */
    wr_slots slots;        /* options with attributes, for each record that waits */
    wr_grouping grouping;
    bool is_grouping, has_record_ends, is_full, has_begun, is_started, has_told_head;
    bool returns_bad;
    char bad[200];     /* with returns_bad: why a row of the call in hand can't be written; "": all can */
    uint64_t n_pushed; /* records that the transport has taken, since the start or since forget */
    uint64_t epoch;
    weir_io_stats stats;
};

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status out_of_memory(weir_error *err) { return weir_fail(err, WEIR_ENOMEM, "out of memory"); }

static weir_status choose_shape(wr_sink *s, weir_error *err) {
    unsigned shapes = s->type->shapes;
    if (!s->format) {
        s->shape = WEIR_SHAPE_ROWS;
        if (shapes & WEIR_SHAPE_ROWS) return WEIR_OK;
        return weir_fail(err, WEIR_ECONFIG,
                         "@sink(type='%s') needs a format, such as @map(type='csv') or 'json'",
                         s->type->name);
    }
    s->shape = shapes & WEIR_SHAPE_BYTES ? WEIR_SHAPE_BYTES : WEIR_SHAPE_MESSAGES;
    if (shapes & s->shape) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "@sink(type='%s') takes no format ('%s')", s->type->name,
                     s->format->name);
}

static bool grow_encoded(weir_encoded *e, size_t extra) {
    wr_sink *s = e->grow_ctx;
    if (extra > SIZE_MAX / 4 - e->len) return false;
    size_t cap = WR_MAX(e->cap * 2, (size_t)4096);
    while (cap - e->len < extra) cap *= 2;
    char *data = wr_realloc(s->account, e->data, e->cap, cap);
    if (!data) return false;
    e->data = data;
    e->cap = cap;
    return true;
}

/* A record that the format can't write: the first ones are told, then every thousandth. */
static void on_dropped(weir_encoded *e, const char *reason) {
    wr_sink *s = e->grow_ctx;
    wr_slots_remove(&s->slots, e->n_records);
    if (s->returns_bad) {
        snprintf(s->bad, sizeof s->bad, "%s", reason);
        return;
    }
    s->stats.bad_rows++;
    if (s->stats.bad_rows > LOGGED_DROPS && s->stats.bad_rows % 1000) return;
    wr_io_log(s->host, WEIR_LOG_ERROR, "sink '%s' of stream '%s': a record is dropped: %s (so far: %llu)",
              s->type->name, s->schema->stream, reason, (unsigned long long)s->stats.bad_rows);
}

static weir_status open_transport(wr_sink *s, weir_error *err) {
    s->args = (weir_io_args){.settings = &s->settings,
                             .schema = s->schema,
                             .shape = s->shape,
                             .host = s->host,
                             .guarantee = s->guarantee,
                             .has_checkpoints = s->has_checkpoints,
                             .reports = s->args.reports,
                             .format = s->format ? s->format->name : NULL};
    void *self = wr_alloc_zero(s->account, s->type->state_size);
    if (!self) return out_of_memory(err);
    s->self = self;
    return s->type->open(self, &s->args, err);
}

static weir_status open_encoder(wr_sink *s, const wr_sink_spec *spec, weir_error *err) {
    if (!s->format)
        return spec->n_payloads
                   ? weir_fail(err, WEIR_ECONFIG, "@payload needs a format such as @map(type='json', ...)")
                   : WEIR_OK;
    weir_settings payloads = {0};
    WR_TRY(wr_pairs_copy(spec->payloads, spec->n_payloads, &s->arena, &payloads, err));
    s->encoder_args = (weir_encoder_args){.settings = &s->map_settings,
                                          .schema = s->schema,
                                          .payloads = payloads.pairs,
                                          .n_payloads = payloads.n_pairs,
                                          .to_stream = s->shape == WEIR_SHAPE_BYTES,
                                          .to_one = !s->slots.n,
                                          .host = s->host};
    void *encoder = wr_alloc_zero(s->account, s->format->state_size);
    if (!encoder) return out_of_memory(err);
    s->encoder = encoder;
    WR_TRY(s->format->open(encoder, &s->encoder_args, err));
    s->is_grouping = s->format->is_grouping && s->format->is_grouping(encoder);
    bool parts = s->type->wants_record_ends && s->type->wants_record_ends(s->self);
    s->has_record_ends = s->shape == WEIR_SHAPE_MESSAGES || s->slots.n || parts;
    return WEIR_OK;
}

static weir_status open_parts(wr_sink *s, const wr_sink_spec *spec, weir_error *err) {
    static const weir_option no_options[] = {{0}};
    char what[96];
    WR_TRY(choose_shape(s, err));
    snprintf(what, sizeof what, "@sink(type='%s')", s->type->name);
    WR_TRY(wr_settings_check(what, s->type->options, wr_sink_common_options, spec->pairs, spec->n_pairs,
                             &s->arena, &s->settings, err));
    WR_TRY(wr_slots_open(&s->slots, what, s->type->options, &s->settings, s->schema, &s->arena, s->account,
                         err));
    s->n_attributes = s->type->wants_attributes ? s->schema->n_attributes : 0;
    if (s->n_attributes) WR_TRY(wr_slots_add_attributes(&s->slots, s->schema, &s->arena, err));
    snprintf(what, sizeof what, "@map(type='%s')", s->format ? s->format->name : "passThrough");
    WR_TRY(wr_settings_check(what, s->format ? s->format->options : no_options, NULL, spec->map_pairs,
                             spec->n_map_pairs, &s->arena, &s->map_settings, err));
    WR_TRY(open_transport(s, err));
    return open_encoder(s, spec, err);
}

static void release(wr_sink *s) {
    if (s->encoder) {
        s->format->close(s->encoder);
        wr_free(s->account, s->encoder, s->format->state_size);
    }
    if (s->self) {
        s->type->close(s->self);
        wr_free(s->account, s->self, s->type->state_size);
    }
    wr_slots_close(&s->slots);
    wr_grouping_fini(&s->grouping);
    wr_free(s->account, s->encoded.data, s->encoded.cap);
    wr_free(s->account, s->encoded.record_end, s->cap_records * sizeof *s->encoded.record_end);
    wr_arena_fini(&s->arena);
    wr_free(s->account, s, sizeof *s);
}

weir_status wr_sink_open(const wr_sink_spec *spec, wr_sink **out, weir_error *err) {
    *out = NULL;
    wr_sink *s = wr_alloc_zero(spec->account, sizeof *s);
    if (!s) return out_of_memory(err);
    s->type = spec->type;
    s->format = spec->format;
    s->schema = spec->schema;
    s->host = spec->host;
    s->guarantee = spec->guarantee;
    s->has_checkpoints = spec->has_checkpoints;
    s->returns_bad = spec->returns_bad;
    s->args.reports = spec->reports && spec->format && spec->type->settled;
    s->account = s->grouping.account = spec->account;
    s->encoded.grow = grow_encoded;
    s->encoded.grow_ctx = s;
    s->encoded.dropped = on_dropped;
    s->stats.lag = -1;
    s->stats.last_ts = INT64_MIN;
    wr_arena_init(&s->arena, spec->account);
    weir_status status = open_parts(s, spec, err);
    if (status != WEIR_OK)
        release(s);
    else
        *out = s;
    return status;
}

/* Puts the sink's name in front of what went wrong. */
static weir_status failed(wr_sink *s, weir_error *err, weir_status status) {
    s->stats.errors++;
    wr_io_name_error("sink", s->type->name, s->schema->stream, err);
    return status;
}

void wr_sink_drop_waiting(wr_sink *s) {
    s->encoded.len = 0;
    s->encoded.n_records = 0;
    s->is_full = false;
    wr_slots_cut(&s->slots, 0);
}

/* First the format: a transport that was started may have to be closed to be started again. */
static weir_status start(wr_sink *s, weir_error *err) {
    if (s->format && s->format->start) WR_TRY(s->format->start(s->encoder, err));
    return s->type->start(s->self, err);
}

weir_status wr_sink_start(wr_sink *s, uint64_t last_epoch, weir_reader *saved, weir_error *err) {
    weir_status status = s->has_begun ? WEIR_OK : start(s, err);
    s->has_begun |= status == WEIR_OK;
    if (status == WEIR_OK) status = s->type->recover(s->self, last_epoch, saved, err);
    if (status == WEIR_OK) status = s->type->begin(s->self, last_epoch + 1, err);
    if (status != WEIR_OK) return failed(s, err, status);
    s->epoch = last_epoch + 1;
    s->is_started = true;
    wr_sink_drop_waiting(s);
    return WEIR_OK;
}

weir_status wr_sink_join(wr_sink *s, uint64_t epoch, weir_error *err) {
    weir_status status = start(s, err);
    if (status == WEIR_OK) status = s->type->recover(s->self, 0, NULL, err);
    if (status == WEIR_OK) status = s->type->begin(s->self, epoch, err);
    if (status != WEIR_OK) return failed(s, err, status);
    s->epoch = epoch;
    s->has_begun = s->is_started = true;
    return WEIR_OK;
}

/* ---- Writing ------------------------------------------------------------------------------------------ */

/* Hands over what is encoded. OK: all of it went. */
static weir_status push(wr_sink *s, weir_error *err) {
    weir_encoded *e = &s->encoded;
    if (!e->len) return WEIR_OK;
    weir_status status = s->type->write(s->self,
                                        &(weir_output){.shape = s->shape,
                                                       .bytes = e->data,
                                                       .len = e->len,
                                                       .n_records = e->n_records,
                                                       .record_end = e->record_end,
                                                       .values = wr_slots_values(&s->slots),
                                                       .n_values = s->slots.n,
                                                       .n_attributes = s->n_attributes},
                                        err);
    s->is_full = status == WEIR_EAGAIN;
    if (status == WEIR_EAGAIN) s->stats.waits++;
    if (status != WEIR_OK) return status == WEIR_EAGAIN ? status : failed(s, err, status);
    s->stats.bytes += e->len;
    s->n_pushed += e->n_records;
    e->len = 0;
    e->n_records = 0;
    wr_slots_cut(&s->slots, 0);
    return WEIR_OK;
}

static weir_status reserve_records(wr_sink *s, uint32_t n_rows, weir_error *err) {
    if (!s->has_record_ends) return WEIR_OK;
    uint64_t need = (uint64_t)s->encoded.n_records + n_rows + 1;
    if (need > UINT32_MAX || wr_grow(s->account, &s->encoded.record_end, &s->cap_records, (uint32_t)need,
                                     sizeof *s->encoded.record_end))
        return out_of_memory(err);
    return WEIR_OK;
}

static weir_status add_values(wr_sink *s, const weir_batch *rows, weir_error *err) {
    for (uint32_t k = 0; s->slots.n && k < rows->n_sel; k++)
        if (!wr_slots_add(&s->slots, rows, weir_batch_row(rows, k))) return out_of_memory(err);
    return WEIR_OK;
}

/* Rows that make one record. */
static weir_status encode_group(void *ctx, const weir_batch *rows, weir_error *err) {
    wr_sink *s = ctx;
    if (!wr_slots_add(&s->slots, rows, rows->sel[0])) return out_of_memory(err);
    return s->format->encode(s->encoder, rows, &s->encoded, err);
}

/* What stands at the beginning of a file goes where the first row goes. */
static weir_status begin_file(wr_sink *s, const weir_batch *rows, weir_error *err) {
    WR_TRY(s->format->begin_file(s->encoder, &s->encoded, err));
    for (uint32_t i = 0; i < s->encoded.n_records; i++)
        if (!wr_slots_add(&s->slots, rows, weir_batch_row(rows, 0))) return out_of_memory(err);
    return WEIR_OK;
}

/* A sink of many files begins each of them itself. */
static weir_status tell_head(wr_sink *s, weir_error *err) {
    size_t len = s->encoded.len;
    uint32_t n_records = s->encoded.n_records;
    weir_status st = s->format->begin_file(s->encoder, &s->encoded, err);
    if (st == WEIR_OK && s->encoded.len > len)
        st = s->type->head(s->self, s->encoded.data + len, s->encoded.len - len, err);
    s->encoded.len = len;
    s->encoded.n_records = n_records;
    s->has_told_head = st == WEIR_OK;
    return st;
}

static weir_status ask_whether_accepted(wr_sink *s, uint32_t first, weir_error *err) {
    if (!s->type->accepts || !s->slots.n || s->encoded.n_records == first) return WEIR_OK;
    return s->type->accepts(s->self,
                            &(weir_output){.shape = s->shape,
                                           .n_records = s->encoded.n_records - first,
                                           .values = wr_slots_values(&s->slots) + (size_t)first * s->slots.n,
                                           .n_values = s->slots.n,
                                           .n_attributes = s->n_attributes},
                            err);
}

static weir_status encode_rows(wr_sink *s, const weir_batch *rows, weir_error *err) {
    if (s->format->begin_file && s->type->head && !s->has_told_head) WR_TRY(tell_head(s, err));
    if (!s->encoded.len && s->format->begin_file && s->type->at_file_start && s->type->at_file_start(s->self))
        WR_TRY(begin_file(s, rows, err));
    if (s->is_grouping) return wr_grouping_run(&s->grouping, &s->slots, rows, encode_group, s, err);
    WR_TRY(add_values(s, rows, err));
    return s->format->encode(s->encoder, rows, &s->encoded, err);
}

static weir_status encode(wr_sink *s, const weir_batch *rows, weir_error *err) {
    WR_TRY(reserve_records(s, rows->n_sel, err));
    size_t len = s->encoded.len;
    uint32_t n_records = s->encoded.n_records;
    s->bad[0] = 0;
    weir_status status = encode_rows(s, rows, err);
    if (status == WEIR_OK && s->bad[0]) status = weir_fail(err, WEIR_EVALUE, "%s", s->bad);
    if (status == WEIR_OK) status = ask_whether_accepted(s, n_records, err);
    if (status == WEIR_OK) return WEIR_OK;
    s->encoded.len = len; /* not half a batch */
    s->encoded.n_records = n_records;
    wr_slots_cut(&s->slots, n_records);
    if (status != WEIR_EVALUE || rows->n_sel == 1) s->stats.bad_rows += rows->n_sel; /* else: one by one */
    return failed(s, err, status);
}

/* Rows for which the options say the same. */
static weir_status write_group(void *ctx, const weir_batch *rows, weir_error *err) {
    wr_sink *s = ctx;
    wr_slots_cut(&s->slots, 0);
    if (!wr_slots_add(&s->slots, rows, weir_batch_row(rows, 0))) return out_of_memory(err);
    weir_output out = {.shape = WEIR_SHAPE_ROWS,
                       .rows = rows,
                       .values = wr_slots_values(&s->slots),
                       .n_values = s->slots.n,
                       .n_attributes = s->n_attributes};
    return s->type->write(s->self, &out, err);
}

static weir_status write_rows(wr_sink *s, const weir_batch *rows, weir_error *err) {
    weir_status status = s->slots.n ? wr_grouping_run(&s->grouping, &s->slots, rows, write_group, s, err)
                                    : write_group(s, rows, err);
    return status == WEIR_OK ? status : failed(s, err, status);
}

weir_status wr_sink_take(wr_sink *s, const weir_batch *rows, weir_error *err) {
    if (!rows->n_sel) return WEIR_OK;
    WR_TRY(s->format ? encode(s, rows, err) : write_rows(s, rows, err));
    s->stats.rows += rows->n_sel;
    s->stats.last_ts = rows->ts[weir_batch_row(rows, rows->n_sel - 1)];
    return WEIR_OK;
}

weir_status wr_sink_push(wr_sink *s, weir_error *err) { return s->format ? push(s, err) : WEIR_OK; }

weir_status wr_sink_write(wr_sink *s, const weir_batch *rows, weir_error *err) {
    if (!rows->n_sel) return WEIR_OK;
    WR_TRY(wr_sink_take(s, rows, err));
    weir_status status = wr_sink_push(s, err);
    return status == WEIR_EAGAIN ? WEIR_OK : status;
}

bool wr_sink_is_full(const wr_sink *s) { return s->is_full; }

weir_status wr_sink_flush(wr_sink *s, weir_error *err) {
    WR_TRY(push(s, err));
    weir_status status = s->type->flush(s->self, err);
    s->is_full = status == WEIR_EAGAIN;
    return status == WEIR_OK || status == WEIR_EAGAIN ? status : failed(s, err, status);
}

int wr_sink_wake_fd(const wr_sink *s) { return s->type->wake_fd ? s->type->wake_fd(s->self) : -1; }

/* ---- Epochs ------------------------------------------------------------------------------------------- */

/* Flushes until nothing is left; gives up after FINISH_MS. */
static weir_status flush_all(wr_sink *s, weir_error *err) {
    int64_t give_up = wr_io_now_ns(NULL) + (int64_t)FINISH_MS * 1000000;
    for (;;) {
        weir_status status = wr_sink_flush(s, err);
        if (status != WEIR_EAGAIN) return status;
        if (wr_io_now_ns(NULL) >= wr_io_no_later_ns(s->host, give_up)) {
            weir_fail(err, WEIR_EIO, "what is left could not be written in time");
            if (err) err->retriable = true; /* it is only slow */
            return failed(s, err, WEIR_EIO);
        }
        struct pollfd p = {.fd = wr_sink_wake_fd(s), .events = POLLIN | POLLOUT};
        (void)poll(&p, p.fd >= 0, 50);
    }
}

weir_status wr_sink_prepare(wr_sink *s, weir_writer *w, weir_error *err) {
    WR_TRY(flush_all(s, err));
    weir_status status = s->type->prepare(s->self, s->epoch, w, err);
    return status == WEIR_OK ? status : failed(s, err, status);
}

weir_status wr_sink_commit(wr_sink *s, weir_error *err) {
    weir_status status = s->type->commit(s->self, s->epoch, err);
    if (status == WEIR_OK) status = s->type->begin(s->self, s->epoch + 1, err);
    if (status != WEIR_OK) return failed(s, err, status);
    s->epoch++;
    return WEIR_OK;
}

weir_status wr_sink_enlist(wr_sink *s, const void *native_position, weir_error *err) {
    weir_status status = s->type->enlist(s->self, s->epoch, native_position, err);
    return status == WEIR_OK ? status : failed(s, err, status);
}

weir_status wr_sink_abort(wr_sink *s, weir_error *err) {
    wr_sink_drop_waiting(s);
    weir_status status = s->type->abort(s->self, s->epoch, err);
    return status == WEIR_OK ? status : failed(s, err, status);
}

bool wr_sink_wants_checkpoint(const wr_sink *s) {
    return s->is_started && s->type->wants_checkpoint && s->type->wants_checkpoint(s->self);
}

int64_t wr_sink_commit_by_ms(const wr_sink *s) {
    return s->is_started && s->type->commit_by_ms ? s->type->commit_by_ms(s->self) : INT64_MAX;
}

const char *wr_sink_state(const wr_sink *s) { return s->type->state ? s->type->state(s->self) : ""; }

uint64_t wr_sink_epoch(const wr_sink *s) { return s->epoch; }

bool wr_sink_reports(const wr_sink *s) { return s->args.reports; }

uint64_t wr_sink_records(const wr_sink *s) { return s->n_pushed + s->encoded.n_records; }

uint64_t wr_sink_settled(const wr_sink *s) { return s->type->settled(s->self); }

bool wr_sink_refused(wr_sink *s, weir_refusal *out) { return s->type->refused(s->self, out); }

bool wr_sink_is_away(const wr_sink *s) {
    return s->type->is_away ? s->type->is_away(s->self) : *wr_sink_state(s) != 0;
}

void wr_sink_forget(wr_sink *s) {
    s->type->forget(s->self);
    wr_sink_drop_waiting(s);
    s->n_pushed = 0;
}

uint64_t wr_sink_dropped(const wr_sink *s) { return s->type->dropped ? s->type->dropped(s->self) : 0; }

const weir_io_stats *wr_sink_stats(const wr_sink *s) { return &s->stats; }

weir_status wr_sink_close(wr_sink *s, bool finish, weir_error *err) {
    if (!s) return WEIR_OK;
    weir_status status = WEIR_OK;
    if (finish && s->is_started) {
        status = wr_sink_prepare(s, NULL, err);
        if (status == WEIR_OK) {
            status = s->type->commit(s->self, s->epoch, err);
            if (status != WEIR_OK) status = failed(s, err, status);
        }
    }
    release(s);
    return status;
}
