/* source.c: see source.h. */
#include "io/source.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "io/event_time.h"
#include "io/io_log.h"
#include "io/mapping.h"
#include "io/number.h"
#include "io/options.h"
#include "io/rows.h"
#include "io/table.h"
#include "state/writer.h"

enum { OPT_EVENT_TIME, OPT_EVENT_TIME_FORMAT, OPT_SPEED };

const weir_option wr_source_common_options[] = {
    [OPT_EVENT_TIME] =
        {"event.time", WEIR_OPTION_TEXT, false, NULL, NULL,
         "The attribute that gives a row its timestamp; else that is the time of its arrival."},
    [OPT_EVENT_TIME_FORMAT] =
        {"event.time.format", WEIR_OPTION_TEXT, false, NULL, NULL,
         "Of a string: a pattern such as 'yyyy-MM-dd HH:mm:ss' (ISO 8601 without it); of a "
         "number: s, ms, us or ns since 1970 (ms without it)."},
    [OPT_SPEED] = {"speed", WEIR_OPTION_TEXT, false, "max", NULL,
                   "Replays rows by their event time: '1' as fast as they happened, '60' a minute a second; "
                   "'max' as fast as they can be read."},
    {0}};

#define POLL_BYTES      ((size_t)4 << 20) /* a poll that finds only bad records gives up after so much */
#define LONGEST_RAW     ((size_t)65536)   /* of a bad record are shown at most */
#define LONGEST_WAIT_MS 1000              /* of a replay: the clock is looked at this often at least */

struct wr_source {
    const weir_source_type *type;
    const weir_decoder_type *format; /* NULL: the transport gives rows */
    const weir_schema *schema;
    const weir_io_host *host;
    void (*bad)(void *ctx, const weir_bad_record *record);
    void *bad_ctx;
    wr_account *account;
    weir_arena arena; /* settings and the like */
    weir_settings common, settings, map_settings;
    weir_io_args args;
    weir_guarantee guarantee;
    bool has_checkpoints;
    weir_decoder_args decoder_args;
    weir_shape shape;
    bool *wanted;
    wr_mapping mapping;
    const weir_text *property_values; /* of the record in hand */
    void *self, *decoder;
    bool has_event_time, is_paused;
    bool is_held; /* the format said so at the last poll */
    wr_event_time event_time;
    double speed; /* 0: as fast as can be */
    bool has_anchor;
    int64_t anchor_ts, anchor_ns; /* this event time happened at this moment of the replay */
    weir_input in;
    bool has_input; /* `in` is shown, and decoded up to `used` bytes or messages */
    size_t used;
    const wr_source_poll_args *poll;
    int64_t next_ts, wait_ms;
    weir_io_stats stats;
    char reason[128]; /* why a row was refused */
};

/* ---- Opening ------------------------------------------------------------------------------------------ */

static weir_status out_of_memory(weir_error *err) { return weir_fail(err, WEIR_ENOMEM, "out of memory"); }

static weir_status choose_shape(wr_source *s, weir_error *err) {
    unsigned shapes = s->type->shapes_of ? s->type->shapes_of(&s->settings) : s->type->shapes;
    if (!s->format) {
        s->shape = WEIR_SHAPE_ROWS;
        if (shapes & WEIR_SHAPE_ROWS) return WEIR_OK;
        return weir_fail(err, WEIR_ECONFIG,
                         "@source(type='%s') needs a format, such as @map(type='csv') or 'json'",
                         s->type->name);
    }
    s->shape = WEIR_SHAPE_BYTES;
    if (shapes & WEIR_SHAPE_BYTES && s->format->finds_records) return WEIR_OK;
    s->shape = WEIR_SHAPE_MESSAGES;
    if (shapes & WEIR_SHAPE_MESSAGES) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "@source(type='%s') can't be read with the format '%s'",
                     s->type->name, s->format->name);
}

static weir_status set_speed(wr_source *s, weir_error *err) {
    const weir_setting *speed = &s->common.of[OPT_SPEED];
    if (strcasecmp(speed->text, "max") == 0) return WEIR_OK;
    wr_number_status status = wr_parse_double(speed->text, strlen(speed->text), &s->speed);
    if (status != WR_NUMBER_OK || !(s->speed > 0 && s->speed < 1e12))
        return weir_fail(err, WEIR_ECONFIG, "speed is '%s'; it takes 'max' or a factor above 0", speed->text);
    if (!s->has_event_time)
        return weir_fail(err, WEIR_ECONFIG, "speed='%s' replays by event time: name it with event.time",
                         speed->text);
    return WEIR_OK;
}

static weir_status set_wanted(wr_source *s, const bool *wanted, weir_error *err) {
    uint32_t n = s->schema->n_attributes;
    s->wanted = wr_arena_zero(&s->arena, n, sizeof *s->wanted);
    if (!s->wanted) return out_of_memory(err);
    for (uint32_t i = 0; i < n; i++) s->wanted[i] = !wanted || wanted[i];
    const weir_setting *attribute = &s->common.of[OPT_EVENT_TIME];
    const weir_setting *format = &s->common.of[OPT_EVENT_TIME_FORMAT];
    if (!attribute->given) {
        if (format->given)
            return weir_fail(err, WEIR_ECONFIG, "event.time.format is given without event.time");
        return set_speed(s, err);
    }
    WR_TRY(wr_event_time_open(&s->event_time, s->schema, attribute->text, format->text, err));
    s->has_event_time = true;
    s->wanted[s->event_time.column] = true;
    return set_speed(s, err);
}

static weir_status check_settings(wr_source *s, const wr_source_spec *spec, weir_error *err) {
    char what[96];
    snprintf(what, sizeof what, "@source(type='%s')", s->type->name);
    WR_TRY(wr_settings_check(what, s->type->options, wr_source_common_options, spec->pairs, spec->n_pairs,
                             &s->arena, &s->settings, err));
    WR_TRY(wr_settings_check(what, wr_source_common_options, s->type->options, spec->pairs, spec->n_pairs,
                             &s->arena, &s->common, err));
    static const weir_option no_options[] = {{0}};
    snprintf(what, sizeof what, "@map(type='%s')", s->format ? s->format->name : "passThrough");
    return wr_settings_check(what, s->format ? s->format->options : no_options, NULL, spec->map_pairs,
                             spec->n_map_pairs, &s->arena, &s->map_settings, err);
}

static weir_status open_transport(wr_source *s, weir_error *err) {
    s->args = (weir_io_args){.settings = &s->settings,
                             .schema = s->schema,
                             .wanted = s->wanted,
                             .shape = s->shape,
                             .host = s->host,
                             .properties = s->mapping.properties.names,
                             .n_properties = s->mapping.properties.n_names,
                             .guarantee = s->guarantee,
                             .has_checkpoints = s->has_checkpoints,
                             .format = s->format ? s->format->name : NULL};
    void *self = wr_alloc_zero(s->account, s->type->state_size);
    if (!self) return out_of_memory(err);
    s->self = self;
    return s->type->open(self, &s->args, err);
}

static weir_status open_decoder(wr_source *s, weir_error *err) {
    if (!s->format) return WEIR_OK;
    s->decoder_args =
        (weir_decoder_args){&s->map_settings, s->schema, s->mapping.of ? s->mapping.wanted : s->wanted,
                            s->mapping.of,    s->host,   s->shape == WEIR_SHAPE_BYTES};
    void *decoder = wr_alloc_zero(s->account, s->format->state_size);
    if (!decoder) return out_of_memory(err);
    s->decoder = decoder;
    return s->format->open(decoder, &s->decoder_args, err);
}

static weir_status set_mapping(wr_source *s, const wr_source_spec *spec, weir_error *err) {
    if (!s->format) return wr_mapping_check_rows(s->schema, spec->attributes, spec->n_attributes, err);
    return wr_mapping_set(&s->mapping, s->type, s->schema, spec->attributes, spec->n_attributes, s->wanted,
                          &s->arena, err);
}

static weir_status open_parts(wr_source *s, const wr_source_spec *spec, weir_error *err) {
    WR_TRY(check_settings(s, spec, err));
    WR_TRY(choose_shape(s, err));
    WR_TRY(set_wanted(s, spec->wanted, err));
    WR_TRY(set_mapping(s, spec, err));
    WR_TRY(open_transport(s, err));
    return open_decoder(s, err);
}

weir_status wr_source_open(const wr_source_spec *spec, wr_source **out, weir_error *err) {
    *out = NULL;
    wr_source *s = wr_alloc_zero(spec->account, sizeof *s);
    if (!s) return out_of_memory(err);
    s->type = spec->type;
    s->format = spec->format;
    s->schema = spec->schema;
    s->host = spec->host;
    s->guarantee = spec->guarantee;
    s->has_checkpoints = spec->has_checkpoints;
    s->bad = spec->bad;
    s->bad_ctx = spec->bad_ctx;
    s->account = spec->account;
    s->next_ts = INT64_MAX;
    s->stats.lag = -1;
    s->stats.last_ts = INT64_MIN;
    wr_arena_init(&s->arena, spec->account);
    weir_status status = open_parts(s, spec, err);
    if (status != WEIR_OK)
        wr_source_close(s);
    else
        *out = s;
    return status;
}

void wr_source_close(wr_source *s) {
    if (!s) return;
    if (s->decoder) {
        s->format->close(s->decoder);
        wr_free(s->account, s->decoder, s->format->state_size);
    }
    if (s->self) {
        s->type->close(s->self);
        wr_free(s->account, s->self, s->type->state_size);
    }
    wr_arena_fini(&s->arena);
    wr_free(s->account, s, sizeof *s);
}

/* Puts the source's name in front of what went wrong. */
static weir_status failed(wr_source *s, weir_error *err, weir_status status) {
    s->stats.errors++;
    wr_io_name_error("source", s->type->name, s->schema->stream, err);
    return status;
}

weir_status wr_source_start(wr_source *s, weir_error *err) {
    weir_status status = s->type->start(s->self, err);
    return status == WEIR_OK ? status : failed(s, err, status);
}

/* ---- Rows --------------------------------------------------------------------------------------------- */

static void count_bad(void *ctx, const weir_bad_record *record) {
    wr_source *s = ctx;
    s->stats.bad_rows++;
    if (s->type->bad) s->type->bad(s->self, record);
    if (s->bad) s->bad(s->bad_ctx, record);
}

/* A replay: has the row's moment come? */
static bool is_due(wr_source *s, int64_t ts) {
    int64_t now = wr_io_now_ns(s->host);
    if (!s->has_anchor) {
        s->has_anchor = true;
        s->anchor_ts = ts;
        s->anchor_ns = now;
    }
    double ahead_ms = (double)(ts - s->anchor_ts) / s->speed - (double)(now - s->anchor_ns) / 1e6;
    if (ahead_ms <= 0) return true;
    s->wait_ms = ahead_ms < LONGEST_WAIT_MS ? (int64_t)ahead_ms + 1 : LONGEST_WAIT_MS;
    return false;
}

/* Gives row `row` its time and decides about it. */
static weir_verdict judge_time(void *ctx, weir_rows *rows, uint32_t row, const char **reason) {
    wr_source *s = ctx;
    int64_t ts;
    if (WR_UNLIKELY(!wr_event_time_of(&s->event_time, rows, row, &ts, s->reason, sizeof s->reason))) {
        *reason = s->reason;
        return WEIR_ROW_REFUSE;
    }
    if (ts > s->poll->until_ts || (s->speed > 0 && !is_due(s, ts))) {
        s->next_ts = ts;
        return WEIR_ROW_LATER;
    }
    rows->ts[row] = ts;
    return WEIR_ROW_TAKE;
}

/* The same for a row of a record, once it has what the transport tells of the record. */
static weir_verdict judge(void *ctx, weir_rows *rows, uint32_t row, const char **reason) {
    wr_source *s = ctx;
    if (!wr_properties_fill(&s->mapping.properties, s->schema, s->property_values, rows, row, s->reason,
                            sizeof s->reason)) {
        *reason = s->reason;
        return WEIR_ROW_REFUSE;
    }
    return s->has_event_time ? judge_time(ctx, rows, row, reason) : WEIR_ROW_TAKE;
}

static bool is_judged(const wr_source *s) { return s->has_event_time || s->mapping.properties.n_columns; }

static void fill_ts(weir_rows *rows, uint32_t first, int64_t ts) {
    for (uint32_t r = first; r < rows->n; r++) rows->ts[r] = ts;
}

static weir_decode new_call(wr_source *s, weir_rows *rows) {
    return (weir_decode){
        .rows = rows, .accept = is_judged(s) ? judge : NULL, .accept_ctx = s, .bad = count_bad, .bad_ctx = s};
}

/* The format waits for something of its own: what the transport has is of no use until then. */
static void hold(wr_source *s, const weir_decode *call) {
    if (!call->wait_ms) return;
    s->is_held = true;
    s->wait_ms = call->wait_ms;
}

/* Decodes what is shown. OK: stopped at the limit or at a row for later; EAGAIN: all is used. */
static weir_status decode_bytes(wr_source *s, weir_rows *rows, weir_error *err) {
    uint32_t first = rows->n;
    weir_decode call = new_call(s, rows);
    call.bytes = s->in.bytes + s->used;
    call.len = s->in.len - s->used;
    call.ends = s->in.ends;
    s->property_values = s->in.properties;
    weir_status status = s->format->decode(s->decoder, &call, err);
    s->used += call.consumed;
    s->stats.bytes += call.consumed;
    s->type->consume(s->self, call.consumed);
    hold(s, &call);
    if (!s->has_event_time && !call.has_ts) fill_ts(rows, first, s->poll->now_ms);
    return status;
}

/* A message without a value: nulls, and its properties. */
static weir_status add_bare_row(wr_source *s, weir_rows *rows, weir_error *err) {
    uint32_t row = rows->n;
    const char *reason = "";
    if (row >= rows->cap) WR_TRY(rows->grow(rows, row + 1, err));
    for (uint32_t i = 0; i < rows->n_cols; i++)
        if (rows->cols[i].data && !(s->mapping.of && s->wanted[i] && !s->mapping.wanted[i]))
            wr_cell_set_null(&rows->cols[i], row);
    weir_verdict verdict = is_judged(s) ? judge(s, rows, row, &reason) : WEIR_ROW_TAKE;
    if (verdict == WEIR_ROW_TAKE) {
        rows->n++;
        weir_rows_end_chunk(rows, row);
        return WEIR_EAGAIN;
    }
    for (uint32_t i = 0; i < rows->n_cols; i++)
        if (rows->cols[i].data) weir_set_valid(&rows->cols[i], row);
    if (verdict == WEIR_ROW_LATER) return WEIR_OK;
    count_bad(s, &(weir_bad_record){.raw = "", .reason = reason, .column = -1});
    return WEIR_EAGAIN;
}

static weir_status refuse_message(wr_source *s, const weir_message *m) {
    count_bad(s, &(weir_bad_record){.raw = m->bytes,
                                    .raw_len = WR_MIN(m->len, LONGEST_RAW),
                                    .full_len = m->len,
                                    .reason = m->refused,
                                    .column = -1});
    return WEIR_EAGAIN;
}

static weir_status decode_messages(wr_source *s, weir_rows *rows, weir_error *err) {
    for (; s->used < s->in.n_messages; s->used++) {
        if (rows->n >= rows->limit) return WEIR_OK;
        const weir_message *m = &s->in.messages[s->used];
        uint32_t first = rows->n;
        weir_decode call = new_call(s, rows);
        call.bytes = m->bytes;
        call.len = m->len;
        call.is_message = true;
        s->property_values = m->properties;
        weir_status status = m->refused   ? refuse_message(s, m)
                             : m->is_bare ? add_bare_row(s, rows, err)
                                          : s->format->decode(s->decoder, &call, err);
        if (status != WEIR_EAGAIN) return hold(s, &call), status;
        if (!s->has_event_time && !call.has_ts) fill_ts(rows, first, m->has_ts ? m->ts : s->poll->now_ms);
        s->stats.bytes += m->len;
        s->type->consume(s->self, 1);
    }
    return WEIR_EAGAIN;
}

/* Begin of the chunk that row is in. */
static uint32_t chunk_begin(const weir_rows *rows, uint32_t row) {
    if (!rows->chunked) return row;
    uint32_t begin = 0;
    for (uint32_t c = 0; c < rows->n_chunks && rows->chunk_end[c] <= row; c++) begin = rows->chunk_end[c];
    return begin;
}

/* Rows that the transport gave: event time, and those for later go back. */
static void judge_rows(wr_source *s, weir_rows *rows, uint32_t first) {
    size_t n_given = rows->n - first, n_refused = 0;
    for (uint32_t r = first; r < rows->n;) {
        const char *reason = "";
        weir_verdict verdict = judge_time(s, rows, r, &reason);
        if (verdict == WEIR_ROW_TAKE) {
            r++;
        } else if (verdict == WEIR_ROW_REFUSE) {
            count_bad(
                s, &(weir_bad_record){.raw = "", .reason = reason, .column = (int32_t)s->event_time.column});
            wr_rows_drop(rows, r);
            n_refused++;
        } else {
            wr_rows_cut(rows, WR_MAX(chunk_begin(rows, r), first));
            n_given = rows->n - first + n_refused;
            break;
        }
    }
    s->type->consume(s->self, n_given);
}

static weir_status poll_rows(wr_source *s, weir_rows *rows, weir_error *err) {
    uint32_t first = rows->n;
    if (first >= rows->limit) return WEIR_OK;
    weir_status status = s->type->poll(s->self, &s->in, rows, err);
    if (status == WEIR_EAGAIN) s->wait_ms = s->in.wait_ms;
    if (status != WEIR_OK) return status;
    if (s->has_event_time) {
        judge_rows(s, rows, first);
    } else {
        s->type->consume(s->self, rows->n - first);
        if (!s->in.has_ts) fill_ts(rows, first, s->poll->now_ms);
    }
    return WEIR_OK;
}

static weir_status show_more(wr_source *s, weir_error *err) {
    weir_status status = s->type->poll(s->self, &s->in, NULL, err);
    s->has_input = status == WEIR_OK;
    s->used = 0;
    if (status == WEIR_EAGAIN) s->wait_ms = s->in.wait_ms;
    if (status == WEIR_OK && s->in.begins) s->format->reset(s->decoder);
    return status;
}

/* Until the rows are full, nothing is there, or enough has been read in vain. */
static weir_status poll_encoded(wr_source *s, weir_rows *rows, weir_error *err) {
    uint64_t bytes_before = s->stats.bytes;
    for (;;) {
        if (!s->has_input) WR_TRY(show_more(s, err));
        weir_status status =
            s->shape == WEIR_SHAPE_BYTES ? decode_bytes(s, rows, err) : decode_messages(s, rows, err);
        if (status != WEIR_EAGAIN) return status;
        s->has_input = false;
        if (rows->n >= rows->limit) return WEIR_OK;
        if (s->stats.bytes - bytes_before >= POLL_BYTES) {
            s->wait_ms = 0;
            return WEIR_EAGAIN;
        }
    }
}

weir_status wr_source_poll(wr_source *s, const wr_source_poll_args *args, weir_rows *rows, weir_error *err) {
    uint32_t before = rows->n;
    s->poll = args;
    s->next_ts = INT64_MAX;
    s->wait_ms = 0;
    s->is_held = false;
    if (s->is_paused) {
        s->wait_ms = -1;
        return WEIR_EAGAIN;
    }
    weir_status status = s->shape == WEIR_SHAPE_ROWS ? poll_rows(s, rows, err) : poll_encoded(s, rows, err);
    if (rows->n > before) {
        s->stats.rows += rows->n - before;
        s->stats.last_ts = rows->ts[rows->n - 1];
        /* what else there is to say is said again by the next call */
        return status == WEIR_ENOMEM ? failed(s, err, status) : WEIR_OK;
    }
    if (status == WEIR_OK) status = WEIR_EAGAIN; /* there is something, for later */
    if (status == WEIR_EAGAIN) s->stats.waits++;
    return status == WEIR_EAGAIN || status == WEIR_EEND ? status : failed(s, err, status);
}

int wr_source_wake_fd(const wr_source *s) { return s->is_held ? -1 : s->type->wake_fd(s->self); }

int64_t wr_source_wait_ms(const wr_source *s) { return s->wait_ms; }

int64_t wr_source_next_ts(const wr_source *s) { return s->next_ts; }

const bool *wr_source_wanted(const wr_source *s) { return s->wanted; }

/* The columns that a decoder writes are fixed when it is opened: another one goes on where it stands. */
static weir_status renew_decoder(wr_source *s, weir_error *err) {
    if (!s->format) return WEIR_OK;
    weir_writer w;
    weir_reader r;
    wr_writer_init(&w);
    s->format->save(s->decoder, &w);
    weir_status status = wr_writer_status(&w, err);
    if (status == WEIR_OK) {
        s->format->close(s->decoder);
        memset(s->decoder, 0, s->format->state_size);
        status = s->format->open(s->decoder, &s->decoder_args, err);
    }
    wr_reader_init(&r, w.buf.data, w.buf.len);
    if (status == WEIR_OK) status = s->format->load(s->decoder, &r, err);
    wr_writer_fini(&w);
    return status == WEIR_OK ? status : failed(s, err, status);
}

weir_status wr_source_widen(wr_source *s, const bool *wanted, weir_error *err) {
    bool is_wider = false;
    for (uint32_t i = 0; i < s->schema->n_attributes; i++) {
        if (!wanted[i] || s->wanted[i]) continue;
        is_wider = s->wanted[i] = true;
        wr_mapping_widen(&s->mapping, i);
    }
    return is_wider ? renew_decoder(s, err) : WEIR_OK;
}

/* ---- Position and the rest ---------------------------------------------------------------------------- */

weir_status wr_source_save(wr_source *s, uint64_t epoch, weir_writer *w, weir_error *err) {
    weir_write_u32(w, 1);
    weir_status status = s->type->position(s->self, epoch, w, err);
    if (status != WEIR_OK) return failed(s, err, status);
    if (s->decoder) s->format->save(s->decoder, w);
    return WEIR_OK;
}

weir_status wr_source_load(wr_source *s, weir_reader *r, weir_error *err) {
    if (weir_read_u32(r) != 1)
        return failed(s, err, weir_fail(err, WEIR_ESTATE, "its position was saved by another version"));
    weir_status status = s->type->seek(s->self, r, err);
    if (status == WEIR_OK && s->decoder) status = s->format->load(s->decoder, r, err);
    s->has_input = s->has_anchor = false;
    return status == WEIR_OK ? status : failed(s, err, status);
}

bool wr_source_wants_checkpoint(const wr_source *s) {
    return s->type->wants_checkpoint && s->type->wants_checkpoint(s->self);
}

const void *wr_source_native_position(wr_source *s) {
    return s->type->native_position ? s->type->native_position(s->self) : NULL;
}

const char *wr_source_state(const wr_source *s) {
    const char *state = s->type->state ? s->type->state(s->self) : "";
    return *state || !s->decoder || !s->format->state ? state : s->format->state(s->decoder);
}

void wr_source_ack(wr_source *s, uint64_t epoch) {
    if (s->type->ack) s->type->ack(s->self, epoch);
}

void wr_source_pause(wr_source *s) {
    s->is_paused = true;
    if (s->type->pause) s->type->pause(s->self);
}

void wr_source_resume(wr_source *s) {
    s->is_paused = false;
    if (s->type->resume) s->type->resume(s->self);
}

uint64_t wr_source_dropped(const wr_source *s) { return s->type->dropped ? s->type->dropped(s->self) : 0; }

const weir_io_stats *wr_source_stats(wr_source *s) {
    if (s->type->lag) s->stats.lag = s->type->lag(s->self);
    return &s->stats;
}

size_t wr_source_bytes(const wr_source *s) {
    return s->arena.used_bytes + s->type->state_size + (s->type->bytes ? s->type->bytes(s->self) : 0);
}
