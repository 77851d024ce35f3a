/* weir_ext.h: the data that flows through weir, and the descriptors by which it is extended.
 *
 * Two parts. The first describes batches, columns and strings: what a callback is handed and what a
 * function computes over. The second holds one descriptor struct for each thing that can be added to an
 * engine: scalar functions, aggregators, windows, sources, sinks and formats. weir's built-in ones use
 * nothing else; adding one is filling a descriptor and passing it to weir_register_*().
 *
 * Rules for everything here:
 *  - times are int64 milliseconds since 1970 (UTC); sizes are bytes; row numbers are uint32.
 *  - descriptors are static and must outlive the engine; each begins with its own size, so it can grow.
 *  - the functions of one descriptor instance ("self") are called by one thread at a time.
 *  - a function that can fail returns a weir_status and fills *err (which may be NULL).
 *  - C99 and C++ can include this header.
 */
#ifndef WEIR_EXT_H
#define WEIR_EXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define WEIR_API        __attribute__((visibility("default")))
#define WEIR_MUST_CHECK __attribute__((warn_unused_result))
#else
#define WEIR_API
#define WEIR_MUST_CHECK
#endif

/* ---- Status and error --------------------------------------------------------------------------------- */

typedef enum weir_status {
    WEIR_OK = 0,
    WEIR_EPARSE = 1,       /* text is not in the language or format: query, CSV, JSON, cron */
    WEIR_ETYPE = 2,        /* types do not fit: argument of a function, column of a stream */
    WEIR_ENAME = 3,        /* a name is unknown or defined twice */
    WEIR_EUNSUPPORTED = 4, /* understood, but this build of weir does not run it */
    WEIR_EUSAGE = 5,       /* the caller broke the contract: NULL, closed handle, wrong order of calls */
    WEIR_ENOMEM = 6,       /* allocation failed, or an account reached its limit */
    WEIR_EIO = 7,          /* the outside world: files, network */
    WEIR_ELIMIT = 8,       /* a stated bound would be passed: line length, batch size */
    WEIR_ESTATE = 9,       /* a snapshot or checkpoint is damaged, or of another app */
    WEIR_ECONFIG = 10,     /* an annotation, option or file of settings is wrong */
    WEIR_EAGAIN = 11,      /* nothing there now; ask again later */
    WEIR_EEND = 12,        /* a source has come to its end */
    WEIR_EVALUE = 13       /* a row failed while it was computed (a wrong cast, say): the row is at fault */
} weir_status;

/* The caller's error object. Filled once, where the error happened; building it allocates nothing. */
typedef struct weir_error {
    weir_status code;
    char message[512];     /* what is wrong, in a sentence, without a full stop */
    char hint[256];        /* what to do next, or ""; "did you mean 'time'?" */
    char source[64];       /* where the text came from: a file name, "app", a stream; or "" */
    uint32_t begin, end;   /* byte range in the source text; begin == end when there is none */
    uint32_t line, column; /* 1-based, column in characters; 0 when there is none */
    bool retriable;        /* trying the same again may work */
    bool fatal;            /* the object that failed is of no further use */
} weir_error;

/* Fills err (NULL is allowed) and returns code, so that a caller can write `return weir_fail(err, …)`. */
WEIR_API weir_status weir_fail(weir_error *err, weir_status code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;
/* The status in words: "parse error". Never NULL. */
WEIR_API const char *weir_status_text(weir_status code);

/* ---- Types and values --------------------------------------------------------------------------------- */

typedef enum weir_type {
    WEIR_NONE = 0,
    WEIR_INT = 1,    /* int32_t */
    WEIR_LONG = 2,   /* int64_t */
    WEIR_FLOAT = 3,  /* float */
    WEIR_DOUBLE = 4, /* double */
    WEIR_BOOL = 5,   /* uint8_t, 0 or 1 */
    WEIR_STRING = 6, /* weir_string */
    WEIR_OBJECT = 7  /* weir_object * */
} weir_type;
#define WEIR_N_TYPES 8

/* "int", "long", …; "none" for anything else. */
WEIR_API const char *weir_type_name(weir_type type);

/* 16 bytes. Up to 12 bytes of text live inside (head, then tail), padded with zeros; longer text keeps its
 * first 4 bytes in head and points to the whole. Text is UTF-8 and may hold NULs; there is no terminator.
 *
 *   0      4        8               16
 *   +------+--------+----------------+
 *   | len  | head   | tail           |   len <= 12
 *   | len  | prefix | ptr            |   len >  12
 *   +------+--------+----------------+
 */
typedef struct weir_string {
    uint32_t len; /* bytes */
    char head[4];
    union {
        char tail[8];
        const char *ptr; /* owned by the batch, the state or the arena that holds the string */
    } u;
} weir_string;
#define WEIR_STRING_INLINE 12u

/* The bytes of *s; valid as long as *s stays where it is. */
static inline const char *weir_string_data(const weir_string *s) {
    return s->len <= WEIR_STRING_INLINE ? s->head : s->u.ptr;
}

/* A string over bytes that the caller keeps alive (short ones are copied in). */
static inline weir_string weir_string_view(const char *bytes, uint32_t len) {
    weir_string s;
    memset(&s, 0, sizeof s);
    s.len = len;
    if (len <= WEIR_STRING_INLINE) {
        if (len) memcpy((char *)&s + 4, bytes, len);
    } else {
        memcpy(s.head, bytes, 4);
        s.u.ptr = bytes;
    }
    return s;
}

static inline bool weir_string_equal(const weir_string *a, const weir_string *b) {
    uint64_t wa, wb;
    memcpy(&wa, a, 8);
    memcpy(&wb, b, 8);
    if (wa != wb) return false;
    if (a->len > WEIR_STRING_INLINE) return a->u.ptr == b->u.ptr || memcmp(a->u.ptr, b->u.ptr, a->len) == 0;
    return memcmp(a->u.tail, b->u.tail, 8) == 0;
}

/* A reference-counted immutable value of any kind: boxed scalars, sets, lists, maps, errors. */
typedef struct weir_object weir_object;

/* One value with its type. For strings the bytes belong to whoever made the value. */
typedef struct weir_value {
    weir_type type;
    bool is_null;
    union {
        int32_t i;
        int64_t l;
        float f;
        double d;
        bool b;
        weir_string s;
        weir_object *o;
    } as;
} weir_value;

/* Memory that is given back all at once. Strings made by functions live in the arena of their cycle. */
typedef struct weir_arena weir_arena;
/* 16-byte aligned memory that lives as long as the arena, or NULL when memory is out. */
WEIR_API void *weir_arena_alloc(weir_arena *arena, size_t size_bytes);
/* A string over a copy of the bytes, owned by the arena. WEIR_ENOMEM leaves *out empty. */
WEIR_API weir_status weir_arena_string(weir_arena *arena, const char *bytes, size_t len,
                                       weir_string *out) WEIR_MUST_CHECK;
/* The arena takes over the caller's reference of *object and drops it when it is reset; at once if it fails.
 */
WEIR_API weir_status weir_arena_own(weir_arena *arena, weir_object *object) WEIR_MUST_CHECK;

/* Objects. new_* return a reference that the caller owns, or NULL when memory is out. Containers take over
 * nothing: they reference what they are given. An object never changes once a second holder has it. */
typedef enum weir_object_kind {
    WEIR_OBJECT_VALUE = 1, /* a boxed int, long, float, double, bool or string */
    WEIR_OBJECT_SET = 2,
    WEIR_OBJECT_LIST = 3,
    WEIR_OBJECT_MAP = 4,
    WEIR_OBJECT_ERROR = 5
} weir_object_kind;
WEIR_API weir_object *weir_object_new_value(const weir_value *value);
WEIR_API weir_object *weir_object_new_set(void);
WEIR_API weir_object *weir_object_new_error(const char *message);
WEIR_API weir_object *weir_object_ref(weir_object *object);
WEIR_API void weir_object_unref(weir_object *object); /* NULL is fine */
WEIR_API weir_object_kind weir_object_get_kind(const weir_object *object);
/* The boxed value (kind VALUE), or the message as a string (kind ERROR); bytes belong to the object. */
WEIR_API weir_value weir_object_get_value(const weir_object *object);
/* Sets compare by type and value; null is a member like any other. Adds unless it is there. */
WEIR_API weir_status weir_object_set_add(weir_object *set, const weir_value *member) WEIR_MUST_CHECK;
WEIR_API uint32_t weir_object_set_size(const weir_object *set);
WEIR_API weir_value weir_object_set_member(const weir_object *set,
                                           uint32_t index); /* in order of insertion */
WEIR_API bool weir_object_set_has(const weir_object *set, const weir_value *member);
/* Lists and maps hold values of any kind, other objects too (boxed ones are unboxed), at most
 * WEIR_OBJECT_DEPTH deep. Changing one that a second holder has, or putting one into itself, is WEIR_EUSAGE:
 * change a copy. Values given out belong to the container. Equality is Java's, deep. */
#define WEIR_OBJECT_DEPTH 128u
WEIR_API weir_object *weir_object_copy(const weir_object *object); /* a new one with the same members */
WEIR_API weir_object *weir_object_new_list(void);
WEIR_API uint32_t weir_object_list_size(const weir_object *list);
WEIR_API weir_value weir_object_list_at(const weir_object *list, uint32_t index); /* null beyond the end */
WEIR_API weir_status weir_object_list_add(weir_object *list, const weir_value *member) WEIR_MUST_CHECK;
/* At index, before what stands there; index <= size. */
WEIR_API weir_status weir_object_list_insert(weir_object *list, uint32_t index,
                                             const weir_value *member) WEIR_MUST_CHECK;
WEIR_API weir_status weir_object_list_set(weir_object *list, uint32_t index,
                                          const weir_value *member) WEIR_MUST_CHECK;
WEIR_API weir_status weir_object_list_remove(weir_object *list, uint32_t index) WEIR_MUST_CHECK;
/* The order in which a map gives its entries. */
typedef enum weir_map_order {
    WEIR_MAP_HASHED = 0, /* that of Java's HashMap, which apps written for Siddhi see */
    WEIR_MAP_LINKED = 1  /* that in which the keys came */
} weir_map_order;
WEIR_API weir_object *weir_object_new_map(weir_map_order order);
WEIR_API uint32_t weir_object_map_size(const weir_object *map);
WEIR_API bool weir_object_map_get(const weir_object *map, const weir_value *key, weir_value *value);
WEIR_API weir_status weir_object_map_put(weir_object *map, const weir_value *key,
                                         const weir_value *value) WEIR_MUST_CHECK;
/* Nothing happens if the key is not there. */
WEIR_API weir_status weir_object_map_remove(weir_object *map, const weir_value *key) WEIR_MUST_CHECK;
/* Entry after entry: *cursor is 0 at first. False at the end. */
WEIR_API bool weir_object_map_next(const weir_object *map, uint32_t *cursor, weir_value *key,
                                   weir_value *value);

/* Writes what Java's String.valueOf gives, as snprintf does: at most size bytes, the last one 0; returns how
 * many the whole text needs, without that 0. SIZE_MAX: memory is out. */
WEIR_API size_t weir_value_text(const weir_value *value, char *text, size_t size);

/* ---- Columns and batches ------------------------------------------------------------------------------ */

/* n values of one type. data is NULL for a column that nobody downstream reads (it was pruned). */
typedef struct weir_column {
    weir_type type; /* what the language calls it */
    bool boxed;     /* data holds weir_object * whatever the type says: values relabelled by cast() */
    void *data;
    uint64_t *valid; /* bit r set: row r has a value; NULL: no row is null. The value of a null row is
                        unspecified, but safe to read (a string has length 0, an object is NULL) */
} weir_column;

static inline bool weir_is_null(const weir_column *c, uint32_t row) {
    return c->valid && !(c->valid[row >> 6] >> (row & 63) & 1);
}
static inline void weir_set_null(weir_column *c, uint32_t row) {
    c->valid[row >> 6] &= ~((uint64_t)1 << (row & 63));
}
static inline void weir_set_valid(weir_column *c, uint32_t row) {
    c->valid[row >> 6] |= (uint64_t)1 << (row & 63);
}

typedef enum weir_kind {
    WEIR_CURRENT = 0,
    WEIR_EXPIRED = 1, /* has left a window */
    WEIR_RESET = 2,   /* a window was emptied as a whole: carries no values, clears aggregates */
    /* 3 and 4 are kept for upserts and deletes. */
    WEIR_ENTERED = 5, /* from a window to what searches it, and no further: is found from now on */
    WEIR_LEFT = 6     /* the same: is not found any more */
} weir_kind;

/* Where a chunk comes from, as one number that sorts in the order in which Siddhi would deliver:
 *   bits 63..40 arrival in the cycle, 39..24 phase, 23..0 running number within (arrival, phase).
 * The phase of what a timer emits is the rank of the operator that owns the timer; rows that arrived, and
 * what they cause, have phase WEIR_PHASE_EVENT: timers due at an arrival fire before it, in rank order. */
typedef uint64_t weir_origin;
#define WEIR_PHASE_EVENT 0xFFFFu
#define WEIR_ORIGIN(arrival, phase, seq)                                                                     \
    ((uint64_t)(arrival) << 40 | (uint64_t)(phase) << 24 | (uint64_t)((seq) > 0xFFFFFFu ? 0xFFFFFFu : (seq)))
static inline uint32_t weir_origin_arrival(weir_origin o) { return (uint32_t)(o >> 40); }
static inline uint32_t weir_origin_phase(weir_origin o) { return (uint32_t)(o >> 24) & 0xFFFFu; }

/* Rows of one stream, by column. Everything a batch points to stays valid until its cycle ends; whoever
 * keeps something longer copies it.
 *
 * Physical rows are numbered 0..n_rows-1. The selection names the logical ones in order; an operator that
 * drops rows shortens it and moves nothing. A chunk is a range of physical rows that Siddhi would have
 * delivered in one call; filtering may leave it empty.
 */
typedef struct weir_batch {
    uint32_t n_rows;     /* physical rows */
    uint32_t n_sel;      /* logical rows; n_rows when sel is NULL */
    const uint32_t *sel; /* n_sel ascending physical row numbers, or NULL: all */
    const int64_t *ts;   /* by physical row */
    const uint8_t *kind; /* weir_kind by physical row, or NULL: all current */
    uint32_t n_cols;
    weir_column *cols;
    uint32_t n_chunks;         /* n_rows when chunk_end is NULL */
    const uint32_t *chunk_end; /* chunk c ends before this physical row; NULL: every row is a chunk */
    const weir_origin *origin; /* by chunk; NULL: chunk c is what arrival first_arrival + c brought */
    uint32_t first_arrival;
    const uint32_t *key_id; /* by chunk: the number of its partition key; NULL: outside of partitions */
    const uint64_t
        *row_id; /* by physical row: under which a window holds the row (a join asked for it), or NULL */
    /* From a join to its select: a chunk is made of parts, the matches of one triggering row each, and the
     * select takes part by part. Part p ends before physical row part_end[p]. NULL: a chunk is one part. */
    uint32_t n_parts;
    const uint32_t *part_end;
} weir_batch;

static inline uint32_t weir_batch_row(const weir_batch *b, uint32_t k) { return b->sel ? b->sel[k] : k; }
static inline weir_origin weir_batch_origin(const weir_batch *b, uint32_t chunk) {
    return b->origin ? b->origin[chunk] : WEIR_ORIGIN(b->first_arrival + chunk, WEIR_PHASE_EVENT, 0);
}
static inline uint32_t weir_batch_chunk_begin(const weir_batch *b, uint32_t chunk) {
    return !b->chunk_end ? chunk : chunk ? b->chunk_end[chunk - 1] : 0;
}
static inline uint32_t weir_batch_chunk_end(const weir_batch *b, uint32_t chunk) {
    return b->chunk_end ? b->chunk_end[chunk] : chunk + 1;
}

/* What has come in since the last cycle, seen as time. An arrival is one chunk sent by the outside (or a
 * bare move of the clock, without rows). */
typedef struct weir_cycle {
    uint64_t number; /* counts cycles of the task, from 1 */
    uint32_t n_arrivals;
    const int64_t *clock; /* the task's clock once arrival i has come in, ms; never decreasing */
    const uint8_t
        *late; /* late[i]: arrival i was older than the clock, so no timer fires at it; NULL: none */
    int64_t clock_before; /* the clock before arrival 0 */
} weir_cycle;

/* The first arrival >= from at which a timer due at `due` fires; n_arrivals when none does. */
static inline uint32_t weir_cycle_next_tick(const weir_cycle *c, uint32_t from, int64_t due) {
    uint32_t i = from, n = c->n_arrivals;
    if (i >= n || c->clock[n - 1] < due) return n;
    while (i < n && (c->clock[i] < due || (c->late && c->late[i]))) i++;
    return i;
}

/* ---- State that is saved ------------------------------------------------------------------------------ */

/* Little-endian, append-only. A writer remembers its first error, so that calls need no check each. */
typedef struct weir_writer weir_writer;
typedef struct weir_reader weir_reader;
WEIR_API void weir_write_u32(weir_writer *w, uint32_t v);
WEIR_API void weir_write_i64(weir_writer *w, int64_t v);
WEIR_API void weir_write_f64(weir_writer *w, double v);
WEIR_API void weir_write_bytes(weir_writer *w, const void *bytes, size_t len); /* without a length */
WEIR_API void weir_write_string(weir_writer *w, const weir_string *s);
WEIR_API void weir_write_value(weir_writer *w, const weir_value *v); /* objects too, deep */
/* Readers give zeros after the first error; weir_reader_status tells. A hostile input never reads outside. */
WEIR_API uint32_t weir_read_u32(weir_reader *r);
WEIR_API int64_t weir_read_i64(weir_reader *r);
WEIR_API double weir_read_f64(weir_reader *r);
WEIR_API void weir_read_bytes(weir_reader *r, void *bytes, size_t len);
WEIR_API size_t weir_reader_left(const weir_reader *r);
WEIR_API weir_status weir_read_string(weir_reader *r, weir_arena *arena, weir_string *out) WEIR_MUST_CHECK;
WEIR_API weir_status weir_read_value(weir_reader *r, weir_arena *arena, weir_value *out) WEIR_MUST_CHECK;
WEIR_API weir_status weir_reader_status(const weir_reader *r, weir_error *err) WEIR_MUST_CHECK;
/* What begins with a number of its form (weir_write_u32): refused if that is another one. */
static inline weir_status weir_read_version(weir_reader *r, uint32_t version, weir_error *err) {
    return weir_read_u32(r) == version ? WEIR_OK : weir_fail(err, WEIR_ESTATE, "saved by another version");
}

/* ---- Arguments of what a query names ------------------------------------------------------------------ */

typedef struct weir_arg {
    weir_type type;
    bool is_const;     /* value holds it; else it is computed for each row */
    bool is_attribute; /* a bare attribute of the input: column says which */
    bool is_time;      /* a constant written as a time ("1 sec"): type is WEIR_LONG */
    uint32_t column;
    weir_value value;
    uint32_t begin, end; /* byte range of the argument in the app's text */
} weir_arg;

/* One accepted list of parameters, for messages and the generated reference: "(int|long|time duration)".
 * The text is documentation; `check` below decides. */
typedef struct weir_param_doc {
    const char *signature; /* "time(<int|long|time> duration)" */
    const char *doc;       /* one sentence */
} weir_param_doc;

/* What every descriptor needs is checked when it is registered, and what is missing is named. Of the
 * functions for a state, close, bytes and content may be NULL; save and load may be, both, without a state.
 */

/* ---- Scalar functions --------------------------------------------------------------------------------- */

/* One evaluation over the selected rows of a batch. */
typedef struct weir_call {
    uint32_t n_rows; /* physical rows; columns are indexed by physical row */
    uint32_t n_sel;
    const uint32_t *sel; /* rows to compute, or NULL: all */
    uint32_t n_args;
    const weir_column *args; /* constants come as columns too, filled for every row */
    weir_column
        *out; /* data and valid are there for n_rows; valid is all set. Rows outside sel: leave alone */
    const int64_t *ts;  /* the rows' timestamps */
    const int64_t *now; /* the clock at each row; NULL unless the descriptor has needs_clock */
    weir_arena *arena;  /* for strings and objects in out */
    void (*fail)(void *ctx, uint32_t row,
                 const char *message); /* this row can't be computed: WEIR_EVALUE for its chunk */
    void *fail_ctx;
} weir_call;

typedef struct weir_function_type {
    size_t struct_size;
    const char *ns, *name; /* "" and "coalesce"; "math" and "sin" */
    const char *doc;       /* one sentence */
    const char *example;   /* an expression over constants, and what it gives: "coalesce('a', 'b') -> 'a'" */
    const weir_param_doc *params; /* ends with {NULL, NULL} */
    /* Checks the arguments and gives the result's type. Called when an app is created. May set
     * *error->begin/end to the argument at fault (else the whole call is marked). */
    weir_status (*check)(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err);
    /* Optional: per-call-site state (compiled patterns, counters). */
    size_t state_size; /* zeroed, 16-byte aligned */
    weir_status (*open)(void *self, const weir_arg *args, uint32_t n_args, weir_error *err);
    void (*close)(void *self);
    weir_status (*eval)(void *self, const weir_call *call, weir_error *err);
    bool needs_clock;
    bool not_pure; /* two calls with the same arguments may differ (UUID, currentTimeMillis): never folded */
    bool can_fail; /* may call call->fail */
    /* Arguments that cast() has relabelled come as they are (weir_column.boxed), and the result is boxed too
     * if it has the type of one of them. false: such values are unboxed first, and those that are really of
     * another type fail. */
    bool takes_boxed;
} weir_function_type;

/* ---- Stream functions --------------------------------------------------------------------------------- */

/* A stream function stands between '#' and the rest of a query: it sees each row, adds attributes to it, and
 * gives it on once, several times or not at all. Rows of all kinds pass (resets, which carry no values, on
 * their own); what is given stands where its row stood, in the same chunk, with its timestamp and kind. */

/* What check() fills in: the attributes that are added. */
typedef struct weir_stream_added {
    const char *name; /* static, or of the check's arena */
    weir_type type;
} weir_stream_added;
#define WEIR_STREAM_ADDED_MAX 16u

/* What eval() computes over, and what it gives. */
typedef struct weir_stream_call {
    const weir_batch *in; /* whole rows, for those that write them; pruned columns have no data */
    uint32_t n_sel;
    const uint32_t *sel;     /* physical rows to compute, ascending; without resets */
    const weir_column *args; /* by physical row of in; constants too */
    uint32_t n_args;
    uint32_t n_added;
    weir_column *added; /* n_added columns. adds_only: by physical row of in, all there. Else: by row given,
                           room for cap rows. Bits of valid are all set, data is zero */
    /* Not adds_only: rows given, and the physical row of in that each is of, never descending. */
    uint32_t *row;
    uint32_t n, cap;
    weir_arena *arena; /* for strings and objects in added */
    const char *app_name;
    void (*log)(void *ctx, int level, const char *line); /* weir_log_level; NULL: nobody listens */
    void *log_ctx;
    void (*fail)(void *ctx, uint32_t row, const char *message); /* by row of in: WEIR_EVALUE for its chunk */
    void *fail_ctx;
} weir_stream_call;

/* Room for `more` rows beyond call->n; row and added may move. WEIR_ENOMEM. */
WEIR_API weir_status weir_stream_reserve(weir_stream_call *call, uint32_t more) WEIR_MUST_CHECK;

typedef struct weir_stream_function_type {
    size_t struct_size;
    const char *ns, *name; /* "str" and "tokenize" */
    const char *doc;
    const char *example; /* a query over S */
    const weir_param_doc *params;
    /* Checks the arguments and names what is added, WEIR_STREAM_ADDED_MAX at most. */
    weir_status (*check)(const weir_arg *args, uint32_t n_args, weir_stream_added *added, uint32_t *n_added,
                         weir_error *err);
    size_t state_size; /* what open() makes of constant arguments; not saved */
    weir_status (*open)(void *self, const weir_arg *args, uint32_t n_args, weir_error *err);
    void (*close)(void *self);
    weir_status (*eval)(void *self, weir_stream_call *call, weir_error *err);
    bool adds_only;     /* each row is given once: eval() fills added and no more */
    bool can_fail;      /* may call call->fail */
    bool splits_chunks; /* each row given is a chunk of its own */
    /* May the function, with these arguments, read every column of its input? NULL: never. */
    bool (*reads_all)(const weir_arg *args, uint32_t n_args);
} weir_stream_function_type;

/* ---- Aggregators -------------------------------------------------------------------------------------- */

/* Rows to take in, in order. Group g's state is whatever update() made of the rows with gid g so far. */
typedef struct weir_agg_rows {
    uint32_t n;          /* rows to process */
    const uint32_t *row; /* their physical row numbers, or NULL: first..first+n-1 */
    uint32_t first;
    const uint8_t
        *kind; /* by physical row; current adds, expired removes; NULL: all current. No resets here */
    const uint32_t *gid;     /* group by physical row, or NULL: all in group 0 */
    const weir_column *args; /* evaluated arguments, by physical row */
    uint32_t n_args;
    weir_arena *arena;
    void (*fail)(void *ctx, uint32_t row, const char *message);
    void *fail_ctx;
} weir_agg_rows;

typedef struct weir_agg_args {
    const weir_arg *args;
    uint32_t n_args;
    bool removes; /* expired rows will come: keep what is needed to undo */
    /* After a join, and where a row may fail: rows may expire that never came, and more often than they came.
     */
    bool unbalanced;
    /* A reader of a named window that puts out no expired rows: an extreme that expires is forgotten, and the
     * next one is that of the rows that come from then on (as in Siddhi). */
    bool forgets;
} weir_agg_args;

typedef struct weir_aggregator_type {
    size_t struct_size;
    const char *ns, *name, *doc, *example;
    const weir_param_doc *params;
    weir_status (*check)(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err);
    size_t state_size;
    weir_status (*open)(void *self, const weir_agg_args *args, weir_error *err);
    void (*close)(void *self);
    /* Makes room for groups 0..n_groups-1; those not seen before start in the initial state. Never shrinks.
     */
    weir_status (*reserve)(void *self, uint32_t n_groups, weir_error *err);
    /* Takes in the rows; out (by physical row, may be NULL when nobody reads it) gets each row's value after
     * it. */
    weir_status (*update)(void *self, const weir_agg_rows *rows, weir_column *out, weir_error *err);
    /* A reset: groups 0..n_groups-1 go back to the initial state (minForever and the like do nothing). */
    void (*reset_all)(void *self, uint32_t n_groups);
    /* May the group be given to another key? True if its state is the initial one, as if no row had ever come
     * (it then must be so to the bit); false if not, and the state stays as it is. Asked now and then,
     * whether the group still has rows or not. */
    bool (*release)(void *self, uint32_t group);
    size_t (*bytes)(const void *self); /* heap bytes held */
    void (*save)(const void *self, uint32_t n_groups, weir_writer *w);
    weir_status (*load)(void *self, uint32_t n_groups, weir_reader *r, weir_error *err);
    bool can_fail; /* update may call rows->fail, on rows with a null, string or object argument */
    /* Like reset_all for one group, whose cost must not depend on the others. Optional: in a partition, where
     * groups of many keys lie side by side, an aggregator without it costs more memory for each key. */
    void (*reset)(void *self, uint32_t group);
    /* Like save and load, for the listed groups alone, below what was reserved; loading replaces their state.
     * Optional, both: without them the aggregates of a query are saved whole by every checkpoint in which one
     * has changed. */
    void (*save_some)(const void *self, const uint32_t *groups, uint32_t n, weir_writer *w);
    weir_status (*load_some)(void *self, const uint32_t *groups, uint32_t n, weir_reader *r, weir_error *err);
    bool takes_boxed; /* as in weir_function_type: an aggregator that does not look at its arguments */
} weir_aggregator_type;

/* ---- Windows ------------------------------------------------------------------------------------------ */

/* A window decides which rows are held, and in which order rows leave. It never touches columns that it does
 * not name: rows that come in are put into a row store by the engine, which gives each an id, and the window
 * emits ids. The engine copies the columns that somebody reads.
 *
 * For each chunk that arrives the engine calls on_chunk; before it, and whenever the clock moves past due(),
 * on_timer. What is emitted between two calls of weir_window_end_chunk is one chunk; the engine ends the last
 * one after each call. A window that is hot may give process() instead, which gets a cycle's rows at once. */
typedef struct weir_window weir_window; /* the engine's side: row store and output */

typedef struct weir_window_args {
    const weir_arg *args; /* attributes are columns of the store */
    uint32_t n_args;
    bool expired_wanted; /* somebody reads expired rows, or an aggregate needs them to be undone */
    bool reset_wanted;   /* resets matter: an aggregate follows */
    bool is_searched;    /* a join or an on-demand query reads the content */
    uint32_t n_cols;     /* columns of the input, all that is_read and is_shown tell of */
    /* The query's output asks for expired rows. expired_wanted without it: only aggregates read them, and
     * those a reset clears too, so a window that emits resets need not emit expired rows. */
    bool expired_output;
    const bool *is_read; /* by input column: somebody downstream reads it. Set by the engine for open() */
    bool by_key;         /* the window is that of one key of a partition */
    /* By input column: the query selects it as it is (k, not k + 1); in a join and of a named window:
     * is_read. */
    const bool *is_shown;
} weir_window_args;

typedef enum weir_window_shape {
    WEIR_WINDOW_FIFO = 0, /* rows are given back in order of arrival: ids count up by 1, row by row */
    WEIR_WINDOW_BAG = 1   /* rows are given back in any order */
} weir_window_shape;

typedef uint64_t weir_row_id;

typedef struct weir_window_type {
    size_t struct_size;
    const char *ns, *name, *doc, *example;
    const weir_param_doc *params;
    weir_window_shape shape;
    bool late_output;   /* current rows may be emitted after the cycle in which they came: store all their
                           columns */
    bool stores_always; /* rows are stored even if expired ones are not wanted */
    bool stores_args;   /* rows keep the columns that the arguments (or the condition) name; else those can
                           only be read from the input in hand (weir_window_in_column) */
    bool uses_clock;    /* has due() and on_timer(), or reads the clock */
    weir_status (*check)(const weir_arg *args, uint32_t n_args, weir_error *err);
    size_t state_size;
    weir_status (*open)(void *self, weir_window *w, const weir_window_args *args, weir_error *err);
    void (*close)(void *self);
    /* Instead of on_chunk, due and on_timer being called row by row: all of a cycle's input (see
     * weir_window_input), own timers included. due must be given all the same when uses_clock. NULL: the
     * engine walks the chunks. */
    weir_status (*process)(void *self, weir_window *w, weir_error *err);
    /* Rows first..first+n-1 of this call's input make one chunk; weir_window_id gives their ids. WEIR_EVALUE
     * says that the chunk failed: nothing of it goes out, it is reported, and the window goes on. */
    weir_status (*on_chunk)(void *self, weir_window *w, uint32_t first, uint32_t n, int64_t now,
                            weir_error *err);
    int64_t (*due)(const void *self); /* next time at which on_timer is wanted; INT64_MAX: none */
    /* The clock has passed due(): deal with the first due time (and advance it), reading the clock as now. */
    weir_status (*on_timer)(void *self, weir_window *w, int64_t now, weir_error *err);
    /* The ids of the rows that a join's other side finds, in order; calls visit for each until it returns
     * false. */
    void (*content)(const void *self, const weir_window *w, bool (*visit)(void *ctx, weir_row_id id),
                    void *ctx);
    size_t (*bytes)(const void *self);
    void (*save)(const void *self, weir_writer *w);
    weir_status (*load)(void *self, weir_window *w, weir_reader *r, weir_error *err);
    /* What the window can hold at most, for explain: "10 min of rows", "5 rows". snprintf rules. */
    int (*bound)(const void *self, char *text, size_t size);
    /* A chunk that comes in makes one chunk at most go out (timers aside). Batch windows can't say so. Lets
     * queries that meet again further on run in batches. */
    bool one_chunk;
    /* Expired rows are emitted only if the output asks for them (expired_output): before others come, a reset
     * clears the aggregates. These then keep nothing by which to undo a row. */
    bool resets_instead;
    /* FIFO: within a call expired rows are emitted in order of their ids, and so are current ones. Lets their
     * columns be merged of two runs. */
    bool slides;
    /* In a partition, the clock of the batches is one for all keys: only the key that came first ever lets
     * its batches out. */
    bool one_clock;
    /* What a search finds is not "current rows have come in, expired ones have gone": when is_searched, the
     * window emits a row of kind WEIR_ENTERED or WEIR_LEFT for each change of its content. */
    bool content_apart;
    /* Arguments may be any expression: check() sees what is computed as an attribute of the input, which the
     * engine adds to the rows for the window alone. Else only constants and attributes are taken. */
    bool computes_args;
    /* It is written #ns:name(…), among filters and stream functions, instead of #window.ns:name(…): rows pass
     * it, later, in another order or not at all. Nothing expires there, and nothing is searched. */
    bool is_processor;
    /* Optional: the app starts, or in a partition the first rows of the key have come; the clock says now.
     * Not called again when a saved state is loaded. */
    void (*start)(void *self, int64_t now);
} weir_window_type;

/* The input of a call: logical rows 0..n-1, in order. Timestamps and columns are compact (by logical row).
 * The fields are for process() to read; rank and tick_next belong to the functions below. */
typedef struct weir_window_input {
    const weir_cycle *cycle;
    uint32_t n;
    const int64_t *ts;
    const weir_row_id *id; /* BAG: each row's id; FIFO: NULL, row i has first_id + i */
    weir_row_id first_id;
    uint32_t n_chunks;
    const uint32_t *chunk_end; /* by logical row; NULL: every row is a chunk. Chunks are never empty here */
    const weir_origin *origin; /* by chunk; NULL: chunk c came with arrival first_arrival + c */
    uint32_t first_arrival;
    weir_origin until;  /* after the input: fire at ticks below this */
    uint32_t rank;      /* of the window's timer */
    uint32_t tick_next; /* the first arrival at which its timer may still fire */
    bool notes_ticks;   /* process() calls weir_window_note_tick when the timer fires */
} weir_window_input;
WEIR_API weir_window_input *weir_window_get_input(weir_window *w);

static inline weir_origin weir_window_chunk_origin(const weir_window_input *in, uint32_t c) {
    return in->origin ? in->origin[c] : WEIR_ORIGIN(in->first_arrival + c, WEIR_PHASE_EVENT, 0);
}

/* Timers. A timer due at `due` fires once the clock of an arrival has reached it, once an arrival at most,
 * and before what has an origin of that arrival with a higher phase than the window's rank. So process()
 * asks, before chunk c, weir_window_next_tick(in, due, weir_window_chunk_origin(in, c)), and after the input
 * weir_window_next_tick(in, due, in->until): the arrival at which to fire, or WEIR_NO_TICK. It then calls
 * weir_window_fired, deals with all its due times <= clock[arrival], each with its output chunks, and asks
 * again. For each chunk it calls weir_window_begin_chunk: timers set from then on fire at later arrivals. */
#define WEIR_NO_TICK UINT32_MAX
static inline uint32_t weir_window_next_tick(const weir_window_input *in, int64_t due, weir_origin before) {
    const weir_cycle *cycle = in->cycle;
    /* Arrivals whose firing point lies below `before`. */
    uint64_t stop = (uint64_t)weir_origin_arrival(before) + (weir_origin_phase(before) > in->rank);
    if (stop > cycle->n_arrivals) stop = cycle->n_arrivals;
    uint32_t i = in->tick_next;
    if (i >= stop || cycle->clock[stop - 1] < due || due == INT64_MAX) return WEIR_NO_TICK;
    while (i < stop && (cycle->clock[i] < due || (cycle->late && cycle->late[i]))) i++;
    return i < stop ? i : WEIR_NO_TICK;
}
/* The origin of the first chunk that a firing at this arrival emits; one more for each further chunk. */
static inline weir_origin weir_window_tick_origin(const weir_window_input *in, uint32_t arrival) {
    return WEIR_ORIGIN(arrival, in->rank, 0);
}
/* The timer fires at this arrival, and was due then. In a partition, keys fire in the order in which they
 * were due; nobody else asks. */
WEIR_API void weir_window_note_tick(weir_window *w, uint32_t arrival, int64_t due);
/* What is emitted next was caused by the timer firing at this arrival, by chunk c of the input. */
WEIR_API void weir_window_fired(weir_window *w, uint32_t arrival);
WEIR_API void weir_window_begin_chunk(weir_window *w, uint32_t c);
/* In process(): chunk c failed, for the reason given; the window emits nothing of it and goes on. */
WEIR_API weir_status weir_window_fail_chunk(weir_window *w, uint32_t c, const char *message,
                                            weir_error *err) WEIR_MUST_CHECK;
/* A column of the input, by logical row; WEIR_ENOMEM. Only columns that the arguments name. */
WEIR_API weir_status weir_window_in_column(weir_window *w, uint32_t column, weir_column *out,
                                           weir_error *err) WEIR_MUST_CHECK;
/* The timestamps of stored rows id, id + 1, … (FIFO): *n of them lie side by side. */
WEIR_API const int64_t *weir_window_ts_run(const weir_window *w, weir_row_id id, uint32_t *n);

/* The output being collected; hot windows append to it themselves: rows first, then, to end a chunk of at
 * least one row, its chunk_end (= n) and its origin. Arrays have room for cap rows and cap_chunks chunks;
 * weir_window_reserve makes more (the arrays may move). */
typedef struct weir_window_output {
    weir_row_id *id; /* WEIR_NO_ROW for a reset */
    int64_t *ts;
    uint8_t *kind;
    uint32_t n, cap;
    uint32_t *chunk_end;
    weir_origin *origin; /* NULL: nobody reads it */
    uint32_t n_chunks, cap_chunks;
} weir_window_output;
#define WEIR_NO_ROW UINT64_MAX
WEIR_API weir_window_output *weir_window_get_output(weir_window *w);
/* Room for so many more. */
WEIR_API weir_status weir_window_reserve(weir_window *w, uint64_t rows, uint64_t chunks,
                                         weir_error *err) WEIR_MUST_CHECK;

/* For windows over an expression text: the condition that it was compiled to. Their first argument is the
 * text. Where that is an attribute, weir_window_condition_text is called with each row's text before the row
 * is dealt with. *changed: the condition is a new one, with no rows in its aggregates. WEIR_EVALUE: null, or
 * no condition; the one before stays. Until there was a good text, nothing can be tested: usable says so. */
WEIR_API weir_status weir_window_condition_text(weir_window *w, const weir_value *text, bool *changed,
                                                weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_window_condition_usable(const weir_window *w, weir_error *err) WEIR_MUST_CHECK;
/* Takes one row into (add) or out of (!add) the condition's aggregates. */
WEIR_API weir_status weir_window_condition_update(weir_window *w, weir_row_id id, bool add,
                                                  weir_error *err) WEIR_MUST_CHECK;
WEIR_API weir_status weir_window_condition_reset(weir_window *w, weir_error *err) WEIR_MUST_CHECK;
/* The condition for row id, with the oldest and newest held rows; null counts as false. */
WEIR_API weir_status weir_window_condition_test(weir_window *w, weir_row_id id, weir_row_id first,
                                                weir_row_id last, bool *result,
                                                weir_error *err) WEIR_MUST_CHECK;

/* Of the row at position i (0-based, logical) of the input in hand. */
WEIR_API weir_row_id weir_window_id(const weir_window *w, uint32_t i);
WEIR_API int64_t weir_window_in_ts(const weir_window *w, uint32_t i);
WEIR_API weir_value weir_window_in_value(const weir_window *w, uint32_t i, uint32_t column);
/* Of any row that is in the store. Columns: see stores_args. */
WEIR_API int64_t weir_window_ts(const weir_window *w, weir_row_id id);
WEIR_API void weir_window_set_ts(weir_window *w, weir_row_id id, int64_t ts);
/* FIFO: of rows id, id + 1, …, n of them. */
WEIR_API void weir_window_set_ts_run(weir_window *w, weir_row_id id, const int64_t *ts, uint32_t n);
WEIR_API weir_value weir_window_value(const weir_window *w, weir_row_id id, uint32_t column);
/* BAG: the store holds a row of this id. What a saved state says must be asked about. */
WEIR_API bool weir_window_holds(const weir_window *w, weir_row_id id);
/* Does nothing if nobody reads the column of stored rows. */
WEIR_API void weir_window_set_value(weir_window *w, weir_row_id id, uint32_t column, const weir_value *v);
/* Output. ts is the row's timestamp from here on. Running out of memory is remembered and ends the call. */
WEIR_API void weir_window_emit(weir_window *w, weir_row_id id, weir_kind kind, int64_t ts);
WEIR_API void weir_window_emit_reset(weir_window *w, int64_t ts);
WEIR_API void weir_window_end_chunk(weir_window *w);
/* The window is done with the row; it stays readable until the call returns. FIFO: in order of ids. */
WEIR_API void weir_window_release(weir_window *w, weir_row_id id);
/* A row of this call's input came too late for the window, and goes no further: it is counted
 * (weir_stat.rows_late). Releasing it is another matter. */
WEIR_API void weir_window_late(weir_window *w);
/* FIFO: it is done with all rows whose id is lower. */
WEIR_API void weir_window_release_below(weir_window *w, weir_row_id id);
/* For a process() that handles only its window's plain case itself: the usual walk over chunks and timers, by
 * on_chunk, due and on_timer. */
WEIR_API weir_status weir_window_walk(weir_window *w, weir_error *err) WEIR_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
