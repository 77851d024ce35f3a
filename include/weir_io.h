/* weir_io.h: how events come in and go out: the descriptors of sources, sinks and formats.
 *
 *   source (transport) --bytes or messages--> decoder (format) --rows--> the app --rows--> encoder --> sink
 *
 * A transport moves bytes and knows nothing of columns; a format knows nothing of files or brokers: any
 * source goes with any decoder, any sink with any encoder. A transport whose events are rows already (the
 * generator, the in-memory bus) gives or takes rows and needs no format: that is what SiddhiQL calls the
 * passThrough mapper.
 *
 * Rules for everything here, besides those of weir_ext.h:
 *  - One instance ("self") is used by one thread at a time, the one that runs the app's input or output.
 *    A client library with threads of its own locks inside and wakes the runtime through wake_fd().
 *  - Only start(), recover(), prepare(), commit() and close() may block, and then for a bounded time, and no
 *    longer than host.stop_by_ns says. All else returns at once; what isn't possible now is WEIR_EAGAIN.
 *  - Nothing is taken before it is said to be taken: poll() shows input, consume() takes it. So position()
 *    always names the first byte, message or row that the app has not had, whatever was read ahead.
 *  - An epoch is the stretch between two checkpoints, numbered from 1, ever growing within one app.
 *  - A call that fails with err->retriable may be tried again (the runtime backs off); with err->fatal the
 *    instance is of no further use.
 */
#ifndef WEIR_IO_H
#define WEIR_IO_H

#include <string.h>

#include "weir_ext.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Options ------------------------------------------------------------------------------------------ */

/* The keys that an annotation may carry are a static table in each descriptor. From it come the check of an
 * app (an unknown key is refused with "did you mean"), the defaults, the reference page and explain. */
typedef enum weir_option_kind {
    WEIR_OPTION_TEXT = 1,
    WEIR_OPTION_BOOL = 2,    /* 'true' or 'false', in any case */
    WEIR_OPTION_LONG = 3,    /* a whole number */
    WEIR_OPTION_DOUBLE = 4,  /* a finite number */
    WEIR_OPTION_TIME = 5,    /* '5 sec', '1 min 30 sec', or a number of ms; the value is ms */
    WEIR_OPTION_BYTES = 6,   /* '64 MB' (k, M, G are powers of 1024), or a number of bytes */
    WEIR_OPTION_CHOICE = 7,  /* one of `choices`; the value's `l` is its number, 0-based */
    WEIR_OPTION_TEMPLATE = 8 /* of a sink: text that may hold {{attribute}} and then is another one for each
                                record; read it with weir_output_option. Elsewhere as TEXT */
} weir_option_kind;

typedef struct weir_option {
    const char *name; /* "file.uri". A name that ends in ".*" stands for any key with that beginning */
    weir_option_kind kind;
    bool required;
    const char *fallback; /* the text that counts when the key is missing, or NULL: none */
    const char *choices;  /* "auto|none|gzip|zstd"; NULL unless kind is CHOICE */
    const char *doc;      /* one sentence */
} weir_option;            /* tables end with a row whose name is NULL */

/* A checked value. given is false when neither the app nor the fallback says anything. */
typedef struct weir_setting {
    bool given;
    const char *text; /* as written, or the fallback; NULL when not given */
    uint32_t slot;    /* of a TEMPLATE with attributes: its place in weir_output.values, from 1 */
    union {
        bool b;
        int64_t l; /* LONG, TIME, BYTES, CHOICE */
        double d;
    } as;
} weir_setting;

/* A key and its text as the app wrote them. begin and end: the value's byte range in the app's text. */
typedef struct weir_pair {
    const char *key; /* "" for a value without key, as in @attributes('a', 'b') */
    const char *value;
    uint32_t begin, end;
} weir_pair;

/* What belongs to a deployment and not to an app. With a name: what @source(ref='name', …), @sink or @store
 * take their type and settings from, where they don't say otherwise themselves. Without one: settings of all
 * that are of this kind ("source", "sink", "store", "sourceMapper", "sinkMapper") and type, where nothing
 * else says otherwise. */
typedef struct weir_ref {
    const char *name; /* NULL: defaults */
    const char *kind; /* of defaults */
    const char *type;
    const weir_pair *settings;
    uint32_t n_settings;
} weir_ref;

/* What an instance is opened with: setting i belongs to row i of the descriptor's options. */
typedef struct weir_settings {
    const weir_setting *of;
    const weir_pair *pairs; /* all as written, for the keys that a ".*" row stands for */
    uint32_t n_pairs;
} weir_settings;

/* Bytes of somebody else's. NULL: there are none, not even an empty text. */
typedef struct weir_text {
    const char *bytes;
    size_t len;
} weir_text;

/* ---- Rows that are being filled ----------------------------------------------------------------------- */

typedef struct weir_attribute {
    const char *name;
    weir_type type;
} weir_attribute;

typedef struct weir_schema {
    const char *stream; /* for messages */
    uint32_t n_attributes;
    const weir_attribute *attributes;
} weir_schema;

/* Room for rows of one stream, by column; the caller owns all of it. The filler writes row n of every
 * column whose data is not NULL (the others nobody reads), then counts n up. Each column that has data has
 * `valid` too, all set for the rows not yet filled; who leaves a row unfilled after all sets it again. */
typedef struct weir_rows weir_rows;
struct weir_rows {
    uint32_t n;     /* rows filled */
    uint32_t cap;   /* rows there is room for */
    uint32_t limit; /* start no chunk once n >= limit; limit <= cap */
    uint32_t n_cols;
    weir_column *cols;
    int64_t *ts;         /* by row. Set by a source that gives rows with times (weir_input.has_ts), or a
                            decoder of such records (weir_decode.has_ts) */
    bool chunked;        /* some chunk has several rows: chunk_end counts, else each row is a chunk */
    uint32_t n_chunks;   /* when chunked */
    uint32_t *chunk_end; /* room for cap */
    weir_arena *arena;   /* owns the strings and objects of the rows */
    /* Makes room for at least `need` rows: a chunk is never split. Moves the arrays. */
    weir_status (*grow)(weir_rows *rows, uint32_t need, weir_error *err);
    void *grow_ctx;
};

/* Rows first..n-1 came in together and are one chunk. Chunks of one row cost nothing. */
static inline void weir_rows_end_chunk(weir_rows *rows, uint32_t first) {
    if (!rows->chunked) {
        uint32_t i;
        if (rows->n - first <= 1) return;
        rows->chunked = true;
        for (i = 0; i < first; i++) rows->chunk_end[i] = i + 1;
        rows->n_chunks = first;
    }
    if (rows->n > first) rows->chunk_end[rows->n_chunks++] = rows->n;
}

/* ---- Sources ------------------------------------------------------------------------------------------ */

typedef enum weir_shape {
    WEIR_SHAPE_BYTES = 1,    /* a stream of bytes; the format finds where a record ends */
    WEIR_SHAPE_MESSAGES = 2, /* each message is whole */
    WEIR_SHAPE_ROWS = 4      /* no format needed */
} weir_shape;

/* What a transport tells of its messages besides their bytes (a header, the topic, the sender): `trp:name`
 * in @attributes. The engine turns the text into the attribute's type and puts it into each row of the
 * message; what a message lacks is null. */
typedef struct weir_property {
    const char *name; /* "topic"; "*": any other name too, which the sender chose (headers) */
    const char *doc;  /* one sentence */
} weir_property;      /* tables end with a row whose name is NULL */

typedef struct weir_message {
    const char *bytes;
    size_t len;
    bool has_ts;
    bool is_bare; /* no value at all: a row of nulls, but for its properties; no decoder sees it */
    int64_t ts;   /* the transport's own time of the message, ms */
    /* Value i is that of weir_io_args.properties[i]: only what the app reads has to be looked up. NULL: the
     * message has none of them. */
    const weir_text *properties;
    const char *refused; /* why no decoder may see it: it goes the way of a record that can't be decoded */
} weir_message;

/* What poll() shows. Valid until the next poll, seek or close; consume() leaves it where it is. */
typedef struct weir_input {
    weir_shape shape;
    bool begins; /* BYTES: the first byte is the first of a file: the decoder is reset before it */
    bool ends;   /* BYTES: the last byte is the last of a file; a half record there is all there will be */
    bool has_ts; /* ROWS: ts is filled */
    const char *bytes;
    size_t len;
    const weir_text *properties; /* BYTES: of all that is shown, as in weir_message */
    const weir_message *messages;
    uint32_t n_messages;
    int64_t wait_ms; /* with WEIR_EAGAIN: poll again after so long, unless wake_fd() wakes; -1: fd only */
} weir_input;

typedef struct weir_bus weir_bus; /* the engine's in-memory topics */

/* ---- Requests over HTTP ------------------------------------------------------------------------------- */

/* What formats ask others with, such as a schema registry. It is registered by a module (weir_register_http),
 * so that the core needs no HTTP library. Nothing blocks but wait() and close(). */
typedef struct weir_http_args {
    const char *who;                 /* for messages: "schema registry 'http://…'" */
    const char *username, *password; /* these may be NULL */
    const char *token;
    const char *ca_file, *certificate_file, *key_password; /* PEM; ca_file NULL: the system's authorities */
    bool skips_verification;
    size_t answer_limit; /* bytes of an answer that are kept */
    const struct weir_io_host *host;
} weir_http_args; /* outlives the instance */

typedef struct weir_http_type {
    size_t struct_size;
    const char *name, *doc, *example;
    const struct weir_option *options; /* none: an empty table */
    weir_status (*open)(const weir_http_args *args, void **self, weir_error *err);
    /* Begins a request; NULL: no memory. One that fails for a reason that may pass (no connection, a
     * time-out, 408, 425, 429, 5xx) is sent again, with back-off, until it is released. body may be NULL. */
    void *(*ask)(void *self, const char *method, const char *url, const char *content_type, const char *body,
                 size_t len);
    /* OK: it is answered; the text is good until it is released. status 0: it could never be sent. EAGAIN:
     * not yet. */
    weir_status (*answer)(void *self, void *request, long *status, const char **text, size_t *len);
    void (*release)(void *self, void *request);
    /* Until something was answered, or for so long. */
    void (*wait)(void *self, int64_t ms);
    const char *(*state)(
        void *self);           /* why it does not work just now; "": it does. Good until the next call */
    void (*close)(void *self); /* requests must have been released. NULL is fine */
} weir_http_type;

typedef enum weir_log_level {
    WEIR_LOG_ERROR = 0,
    WEIR_LOG_WARN = 1,
    WEIR_LOG_INFO = 2,
    WEIR_LOG_DEBUG = 3,
    WEIR_LOG_TRACE = 4
} weir_log_level;

/* What the engine lends to an instance. Outlives it. Any member may be NULL but app. */
typedef struct weir_io_host {
    size_t struct_size;
    const char *app;                                                /* the app's name */
    void (*log)(void *ctx, weir_log_level level, const char *text); /* one line, without its end */
    void *log_ctx;
    int64_t (*now_ns)(void *ctx); /* monotonic; for tests. NULL: the system's */
    void *now_ctx;
    weir_bus *bus;
    const char *base_dir; /* relative file names are relative to it; NULL: the working directory */
    /* A block of the app's, zeroed when it is first asked for, which connectors of one family share: the same
     * one for every call with this family. Lives until all of them are closed. NULL: no memory. */
    void *(*shared)(void *ctx, const char *family, size_t size);
    void *shared_ctx;
    const char *state_dir; /* where checkpoints are: a connector may keep files beside them, under names of
                              its own; NULL: none */
    /* What asks by HTTP; a module is opened for it. NULL with *err: there is none. */
    const weir_http_type *(*http)(void *ctx, weir_error *err);
    void *http_ctx;
    /* By when a call that waits must come back, because the app was asked to stop: as now_ns; INT64_MAX: it
     * was not. It may come while a call waits: look ten times a second. From any thread. NULL: never. */
    int64_t (*stop_by_ns)(void *ctx);
    void *stop_ctx;
} weir_io_host;

typedef enum weir_guarantee {
    WEIR_AT_MOST_ONCE = 0,  /* what is written may be lost in a crash */
    WEIR_AT_LEAST_ONCE = 1, /* after a crash rows since the last commit are written a second time */
    WEIR_EXACTLY_ONCE = 2   /* after recover() only committed epochs are there, each once */
} weir_guarantee;

typedef struct weir_io_args {
    const weir_settings *settings;
    const weir_schema *schema;
    const bool *wanted; /* by attribute: somebody reads it. NULL: all */
    weir_shape shape;   /* what the engine chose among those the descriptor offers */
    const weir_io_host *host;
    const char *const *properties; /* of a source: the names that the app reads, each once */
    uint32_t n_properties;
    weir_guarantee guarantee; /* what the app asked for: at least once, or @app:guarantee('exactly-once') */
    bool has_checkpoints;     /* what position() and prepare() save comes back after a restart */
    const char *format;       /* of @map: "json"; NULL: rows */
    bool reports;             /* of a sink: settled, refused and forget of its type will be called */
} weir_io_args;

/* A record that gave no row. All pointers are good during the callback only. */
typedef struct weir_bad_record {
    const char *raw; /* the record's bytes, without its end; cut at 64 KiB */
    size_t raw_len, full_len;
    const char *reason; /* "column 'speed': 'abc' is not a double" */
    int32_t column;     /* attribute at fault, or -1 */
    uint64_t record;    /* its number in the file or stream, 1-based, the header counted; 0: not known */
    uint64_t offset;    /* its first byte in the file or stream; for messages 0 */
} weir_bad_record;

/* Order of calls: open, [seek], start, then poll and consume in turn with position, pause, resume, ack in
 * between; close at last, also after a failed open. */
typedef struct weir_source_type {
    size_t struct_size;
    const char *name, *doc, *example; /* "file"; one sentence; a whole @source annotation */
    const weir_option *options;
    unsigned shapes;            /* weir_shape bits that it can give */
    const char *default_format; /* when @map is missing; NULL: passThrough if it gives rows, else required */
    bool replayable;            /* seek() works: what was read after a checkpoint can be read again */
    bool is_internal; /* fed by sinks of the same engine: it has ended when the app's other sources have, and
                         it has nothing */
    const char *family; /* "kafka": sinks of the same family can commit this source's positions in
                           their own transaction; NULL: none */
    size_t state_size;  /* zeroed, 16-byte aligned */
    /* Looks at the settings only; touches nothing outside. Run by `check` too. */
    weir_status (*open)(void *self, const weir_io_args *args, weir_error *err);
    /* Opens files and connections. May block up to its connect time-out. */
    weir_status (*start)(void *self, weir_error *err);
    /* Shows what is there from the position on. OK: there is something; or `ends` with nothing before it.
     * EAGAIN: nothing (more) now. EEND: no more, ever. If nothing was consumed since the last poll, then
     * poll shows more than it did, or says EAGAIN. ROWS: fills rows from rows->n on, up to rows->limit;
     * `rows` is NULL for the other shapes. */
    weir_status (*poll)(void *self, weir_input *in, weir_rows *rows, weir_error *err);
    /* Takes the first n bytes, messages or rows of what is shown and not yet taken. */
    void (*consume)(void *self, size_t n);
    /* Readable when poll is worth a try; -1: none now (go by wait_ms). May change after any call. */
    int (*wake_fd)(const void *self);
    /* Saves where it stands, first a u32 version. Everything consumed so far belongs to epochs <= epoch. */
    weir_status (*position)(void *self, uint64_t epoch, weir_writer *w, weir_error *err);
    /* Goes on from a saved position. Before start(), or later (then what is shown is void). What is no
     * longer there is an error that says so, not a silent jump. */
    weir_status (*seek)(void *self, weir_reader *r, weir_error *err);
    /* Back-pressure, for transports that push: stop fetching; poll says EAGAIN until resume. May be NULL:
     * not polling is enough. Idempotent. */
    void (*pause)(void *self);
    void (*resume)(void *self);
    /* The checkpoint with the position of this epoch is safe: brokers may forget what came before it. May
     * be NULL. */
    void (*ack)(void *self, uint64_t epoch);
    /* With family: the position in the client library's own form, for weir_sink_type.enlist. */
    const void *(*native_position)(void *self);
    /* How much waits unread: bytes of a file, messages of a broker; -1: not known. May be NULL. */
    int64_t (*lag)(const void *self);
    size_t (*bytes)(const void *self); /* heap bytes held */
    void (*close)(void *self);
    const weir_property *properties; /* what `trp:` can name; NULL: nothing */
    /* True: it needs a checkpoint (position and ack) before it can go on, as when partitions are taken away
     * from it. Asked after each poll. NULL: never. */
    bool (*wants_checkpoint)(const void *self);
    /* What is wrong with the connection just now, for people: "no broker can be reached"; "": nothing. May be
     * NULL. */
    const char *(*state)(const void *self);
    /* A record in what is consumed next (the message in hand) gave no row: for transports that can tell the
     * sender. Called before that consume. May be NULL. */
    void (*bad)(void *self, const weir_bad_record *record);
    /* Which of `shapes` it can give with these settings. NULL: all of them. */
    unsigned (*shapes_of)(const weir_settings *settings);
    /* Messages that the transport had to drop so far. NULL: it drops none. */
    uint64_t (*dropped)(const void *self);
} weir_source_type;

/* ---- Decoders ----------------------------------------------------------------------------------------- */

typedef enum weir_verdict {
    WEIR_ROW_TAKE = 0,
    WEIR_ROW_REFUSE = 1, /* bad record, for *reason */
    WEIR_ROW_LATER = 2   /* not yet: leave the whole record unconsumed and stop */
} weir_verdict;

/* Everything that args points to outlives the instance; so for encoders, sources and sinks. */

/* One call of decode. */
typedef struct weir_decode {
    const char *bytes;
    size_t len;
    bool is_message; /* bytes are one whole message: all of it is consumed; its rows are one chunk, unless the
                        format says otherwise */
    bool ends;       /* nothing follows: a half record at the end is a record */
    weir_rows *rows; /* rows are added here */
    size_t consumed; /* out: whole records only, those reported as bad included */
    bool has_ts;     /* out: the records have times of their own, which rows->ts has */
    int64_t
        wait_ms; /* out, with OK, if the next record needs something that isn't there yet (a schema that was
                    asked for): it is left unconsumed, and worth a try after so long. 0: it is not that */
    /* Asked once for each filled row before it counts (row == rows->n). NULL: every row is taken. */
    weir_verdict (*accept)(void *ctx, weir_rows *rows, uint32_t row, const char **reason);
    void *accept_ctx;
    void (*bad)(void *ctx, const weir_bad_record *record); /* never NULL; decoding goes on after it */
    void *bad_ctx;
} weir_decode;

typedef struct weir_decoder_args {
    const weir_settings *settings; /* of @map */
    const weir_schema *schema;
    /* By attribute; those not wanted need not even be valid, and are left alone even where the rows have
     * data for them: they are somebody else's to fill. NULL: all */
    const bool *wanted;
    /* By attribute: what @attributes says of it ("$.a.b", "2"; "trp:key" is never wanted), or NULL: the
     * format's own idea. NULL: there is no @attributes */
    const char *const *mapping;
    const weir_io_host *host;
    bool from_stream; /* records come in a stream of bytes, not each in a message */
} weir_decoder_args;

/* Of a mapping's value: it stands for a property of the transport and is not in the record. NULL is fine. */
#define WEIR_PROPERTY_PREFIX     "trp:"
#define WEIR_PROPERTY_PREFIX_LEN (sizeof WEIR_PROPERTY_PREFIX - 1)
static inline bool weir_is_property(const char *mapping) {
    return mapping && strncmp(mapping, WEIR_PROPERTY_PREFIX, WEIR_PROPERTY_PREFIX_LEN) == 0;
}

typedef struct weir_decoder_type {
    size_t struct_size;
    const char *name, *doc, *example; /* "csv"; one sentence; a whole @map annotation */
    const weir_option *options;
    bool finds_records; /* goes with WEIR_SHAPE_BYTES; else messages only */
    size_t state_size;
    weir_status (*open)(void *self, const weir_decoder_args *args, weir_error *err);
    /* Decodes records until the rows are at their limit or accept says later (WEIR_OK), or until only the
     * beginning of a record is left (WEIR_EAGAIN; the next call starts with the same bytes and has more, so
     * the decoder may remember how far it looked). Bad records never make it fail: only memory does, and a
     * breach of the contract. */
    weir_status (*decode)(void *self, weir_decode *call, weir_error *err);
    /* A new file begins: forget header, half records and counts. */
    void (*reset)(void *self);
    /* What is known between two records (a header): saved with the source's position. A half record that
     * was looked at is not part of it: it is read again. */
    void (*save)(const void *self, weir_writer *w);
    weir_status (*load)(void *self, weir_reader *r, weir_error *err);
    void (*close)(void *self);
    /* What keeps it from decoding just now, for people; "": nothing. NULL: never anything. */
    const char *(*state)(const void *self);
} weir_decoder_type;

/* ---- Encoders ----------------------------------------------------------------------------------------- */

/* Bytes that grow; the caller owns them. len only grows during a call. */
typedef struct weir_encoded weir_encoded;
struct weir_encoded {
    char *data;
    size_t len, cap;
    /* Where each record ends. Records of a message sink become one message each. record_end may be NULL
     * (nobody asks); else there is room for a record a logical row and one more. */
    uint32_t n_records;
    size_t *record_end;
    bool (*grow)(weir_encoded *e, size_t extra); /* room for extra bytes more; false: no memory */
    void *grow_ctx;
    void (*dropped)(weir_encoded *e, const char *reason); /* NULL: nobody asks */
};

static inline bool weir_encoded_reserve(weir_encoded *e, size_t extra) {
    return e->cap - e->len >= extra || e->grow(e, extra);
}
static inline void weir_encoded_end_record(weir_encoded *e) {
    if (e->record_end) e->record_end[e->n_records] = e->len;
    e->n_records++;
}
/* Takes back what was appended from `begin` on: this record can't be written. It is counted and told. */
static inline void weir_encoded_drop(weir_encoded *e, size_t begin, const char *reason) {
    e->len = begin;
    if (e->dropped) e->dropped(e, reason);
}

typedef struct weir_encoder_args {
    const weir_settings *settings; /* of @map */
    const weir_schema *schema;
    const weir_pair
        *payloads; /* what @payload says, in order: texts with {{attribute}}, with or without keys */
    uint32_t n_payloads;
    bool to_stream; /* records go into a stream of bytes: end each (with a newline, say) */
    bool to_one;    /* all rows go to the same place: a record of the stream may hold several of them */
    const weir_io_host *host;
} weir_encoder_args;

typedef struct weir_encoder_type {
    size_t struct_size;
    const char *name, *doc, *example;
    const weir_option *options;
    size_t state_size;
    weir_status (*open)(void *self, const weir_encoder_args *args, weir_error *err);
    /* What stands at the beginning of a file (a CSV header); called when the sink says it starts one. May be
     * NULL. */
    weir_status (*begin_file)(void *self, weir_encoded *out, weir_error *err);
    /* Appends the selected rows, in order. All columns have data. A record for each row, unless is_grouping.
     */
    weir_status (*encode)(void *self, const weir_batch *rows, weir_encoded *out, weir_error *err);
    void (*close)(void *self);
    /* True: all rows of a call make one record; the engine calls it once for a chunk (or for the rows of a
     * chunk for which the sink's options are alike). Asked once, after open. NULL: never. */
    bool (*is_grouping)(const void *self);
    /* What has to be asked of others before the first row; may block up to its time-out, and be called again
     * when it failed. NULL: nothing. */
    weir_status (*start)(void *self, weir_error *err);
} weir_encoder_type;

/* ---- Sinks -------------------------------------------------------------------------------------------- */

/* One write: bytes with record ends (record_end may be NULL for BYTES), or rows. */
typedef struct weir_output {
    weir_shape shape;
    const char *bytes;
    size_t len;
    uint32_t n_records;
    const size_t *record_end; /* never NULL when there are values */
    const weir_batch *rows;
    const weir_text *values; /* of options with attributes: n_values for each record (ROWS: for all rows) */
    uint32_t n_values;
    uint32_t n_attributes; /* of wants_attributes: the last of the n_values; else 0 */
} weir_output;

/* What a sink's option says for a record (ROWS: record 0 stands for all); a NUL stands behind it. */
static inline weir_text weir_output_option(const weir_output *out, const weir_setting *s, uint32_t record) {
    if (s->slot) return out->values[(size_t)record * out->n_values + s->slot - 1];
    return (weir_text){s->text, s->text ? strlen(s->text) : 0};
}

/* With wants_attributes: what attribute i of a record's row says, as Java's String.valueOf. */
static inline weir_text weir_output_attribute(const weir_output *out, uint32_t i, uint32_t record) {
    return out->values[(size_t)(record + 1) * out->n_values - out->n_attributes + i];
}

/* Records that a sink had taken and that will never be delivered: a server has refused them for good. */
typedef struct weir_refusal {
    uint64_t record; /* the first one: how many were taken before it, since the start or since forget */
    uint32_t n_records;
    char reason[200];
} weir_refusal;

/* Order of calls: open, start, recover, then for each epoch: begin, write..., [enlist], prepare, commit or
 * abort. Without checkpoints there is one epoch that is begun, and committed at the end (or, for sources that
 * want ack, at each time at which a checkpoint would be: prepare is then given no writer). close at last.
 *
 * A checkpoint: prepare() of all sinks; their bytes go into the checkpoint's file; the file is made durable;
 * commit() of all sinks, ack() of all sources. After a crash the newest durable checkpoint counts: sinks get
 * recover() with what they saved there, and commit what was prepared but not yet committed. */
typedef struct weir_sink_type {
    size_t struct_size;
    const char *name, *doc, *example;
    const weir_option *options;
    unsigned shapes;
    const char *default_format;
    weir_guarantee guarantee; /* with checkpoints switched on */
    const char *family;
    size_t state_size;
    weir_status (*open)(void *self, const weir_io_args *args, weir_error *err); /* as for sources */
    weir_status (*start)(void *self, weir_error *err);
    /* Brings the outside to the end of last_epoch: what is beyond it goes, what of it was prepared is
     * committed. `saved` is what prepare(last_epoch) wrote; NULL with last_epoch 0: a fresh start. WEIR_EEND:
     * what was prepared is gone and can't be committed any more; then the checkpoint before it counts, and
     * recover is called again, as it is after abort when an app goes back to its checkpoint by itself. */
    weir_status (*recover)(void *self, uint64_t last_epoch, weir_reader *saved, weir_error *err);
    weir_status (*begin)(void *self, uint64_t epoch, weir_error *err);
    /* Takes all of it (OK), or nothing (EAGAIN: full; wait for wake_fd or wait_ms, then offer it again).
     * On any other status it took nothing that will be seen. ROWS are always taken, since the batch is gone
     * after the call: a sink that has too many says so by EAGAIN from flush. */
    weir_status (*write)(void *self, const weir_output *out, weir_error *err);
    /* Pushes what is buffered towards the outside; may leave something (EAGAIN). Called when input pauses. */
    weir_status (*flush)(void *self, weir_error *err);
    /* All of the epoch is durable, though perhaps not visible; it can be committed from here on even after a
     * crash. Saves what recover needs, first a u32 version. w NULL: no checkpoint will name this epoch. */
    weir_status (*prepare)(void *self, uint64_t epoch, weir_writer *w, weir_error *err);
    /* With family: the positions of sources of the same family join the transaction, for each source and
     * sink, right before prepare. NULL without. */
    weir_status (*enlist)(void *self, uint64_t epoch, const void *native_position, weir_error *err);
    weir_status (*commit)(void *self, uint64_t epoch, weir_error *err); /* idempotent */
    weir_status (*abort)(void *self, uint64_t epoch, weir_error *err);  /* the epoch's writes are undone */
    /* True when the next byte would be the first of a file: the encoder's begin_file is written first. May
     * be NULL: never. */
    bool (*at_file_start)(const void *self);
    /* Writable or readable when there is room again, as poll(2) with both; -1: none. While there is none it
     * must be neither: not an eventfd, which is always writable. */
    int (*wake_fd)(const void *self);
    size_t (*bytes)(const void *self);
    void (*close)(void *self); /* flushes what it can; an epoch that was not committed stays so */
    const char *(*state)(const void *self); /* as for sources */
    bool wants_attributes; /* records come with the values of their row: weir_output_attribute */
    /* What the encoder puts at the beginning of a file, told before the first write: a sink of many files
     * begins each of them with it. May be NULL. */
    weir_status (*head)(void *self, const char *bytes, size_t len, weir_error *err);
    /* With options that hold attributes: looks at what they say for records (bytes are NULL) that were just
     * encoded. WEIR_EVALUE: a record can never be written; it goes the way of rows that can't be sent. May be
     * NULL: all can. */
    weir_status (*accepts)(const void *self, const weir_output *out, weir_error *err);
    /* Something waits for the next checkpoint, which is then taken though nothing came in. NULL: never. */
    bool (*wants_checkpoint)(const void *self);
    /* It can part what it is given of a stream of bytes only where a record ends, and wants to know where
     * that is. Asked once, after open. NULL: only with options that hold attributes. */
    bool (*wants_record_ends)(const void *self);
    /* Messages that the transport had to drop so far, since they can never be sent or somebody was too slow.
     * NULL: it drops none. */
    uint64_t (*dropped)(const void *self);
    /* For a sink whose client delivers later what write has taken, and that may have to give it back: rows go
     * where on.error says, or to another destination. Called only with weir_io_args.reports; all of these or
     * none. How many records of those taken since the start (or since forget) are delivered or refused, up to
     * the first that is neither. */
    uint64_t (*settled)(const void *self);
    /* The next refusal, each once, by the time that settled has counted it; such records are then neither
     * told in the log nor counted by dropped. False: there is none. */
    bool (*refused)(void *self, weir_refusal *out);
    /* What is not delivered is given back: drops it, and counts from 0 again. */
    void (*forget)(void *self);
    /* The other side can't be reached: what is not delivered should be given back. NULL: when state says
     * something. */
    bool (*is_away)(const void *self);
    /* With checkpoints: the time, in milliseconds of CLOCK_MONOTONIC, by which what was written since the
     * last commit has to be committed, as a transaction lasts only so long: a checkpoint is taken then if
     * none was before. INT64_MAX: whenever. NULL: whenever. */
    int64_t (*commit_by_ms)(const void *self);
} weir_sink_type;

/* ---- What each keeps count of ------------------------------------------------------------------------- */

typedef struct weir_io_stats {
    uint64_t rows;
    uint64_t bytes;    /* as the format sees them: decompressed */
    uint64_t bad_rows; /* records that gave none; and what was dropped */
    uint64_t errors;   /* failed calls of the transport, retried ones included */
    uint64_t waits;    /* times there was nothing, or no room */
    int64_t lag;       /* source: what waits, as lag() says; -1: not known */
    int64_t last_ts;   /* timestamp of the last row; INT64_MIN: none yet */
} weir_io_stats;

#ifdef __cplusplus
}
#endif
#endif
