/* io_support.h: what the tests of sources, sinks and formats share: schemas from a line of text, rows as
 * text, directories that go away again. */
#ifndef WR_TEST_IO_SUPPORT_H
#define WR_TEST_IO_SUPPORT_H

#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "data/json.h"
#include "io/number.h"
#include "io/options.h"
#include "io/rows.h"
#include "io/sink.h"
#include "io/source.h"
#include "io/table.h"
#include "state/writer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Schemas and rows --------------------------------------------------------------------------------- */

typedef struct test_schema {
    weir_schema schema;
    weir_attribute attributes[16];
    char text[256];
} test_schema;

/* "ts long, id string": in place, so it must not move afterwards. */
static inline void schema_of(test_schema *s, const char *text) {
    s->schema = (weir_schema){.stream = "S", .attributes = s->attributes};
    snprintf(s->text, sizeof s->text, "%s", text);
    for (char *p = s->text, *save; (p = strtok_r(p, ", ", &save)); p = NULL) {
        weir_attribute *a = &s->attributes[s->schema.n_attributes++];
        a->name = p;
        const char *type = strtok_r(NULL, ", ", &save);
        for (int t = WEIR_INT; t < WEIR_N_TYPES; t++)
            if (strcmp(weir_type_name((weir_type)t), type) == 0) a->type = (weir_type)t;
        assert_int_not_equal(a->type, WEIR_NONE);
    }
}

static inline void put_value(wr_buf *out, const weir_value *v) {
    char number[WR_NUMBER_TEXT_BYTES + 1];
    size_t len = 0;
    if (v->is_null) {
        wr_buf_puts(out, "null");
        return;
    }
    switch (v->type) {
    case WEIR_INT: len = wr_format_long(v->as.i, number); break;
    case WEIR_LONG: len = wr_format_long(v->as.l, number); break;
    case WEIR_FLOAT: len = wr_format_float(v->as.f, number); break;
    case WEIR_DOUBLE: len = wr_format_double(v->as.d, number); break;
    case WEIR_BOOL: wr_buf_puts(out, v->as.b ? "true" : "false"); break;
    case WEIR_STRING: wr_buf_put(out, weir_string_data(&v->as.s), v->as.s.len); break;
    default: {
        weir_object_kind kind = weir_object_get_kind(v->as.o);
        if (kind == WEIR_OBJECT_LIST || kind == WEIR_OBJECT_MAP) {
            wr_buf_puts(out, kind == WEIR_OBJECT_LIST ? "list:" : "map:");
            wr_json_of_value(out, v, WR_JSON_PLAIN);
            return;
        }
        weir_value inner = weir_object_get_value(v->as.o);
        wr_buf_puts(out, "object:");
        put_value(out, &inner);
    }
    }
    wr_buf_put(out, number, len);
}

static inline weir_value cell(const weir_column *c, uint32_t row) {
    weir_value v = {.type = c->type, .is_null = weir_is_null(c, row)};
    switch (c->type) {
    case WEIR_INT: v.as.i = ((int32_t *)c->data)[row]; break;
    case WEIR_LONG: v.as.l = ((int64_t *)c->data)[row]; break;
    case WEIR_FLOAT: v.as.f = ((float *)c->data)[row]; break;
    case WEIR_DOUBLE: v.as.d = ((double *)c->data)[row]; break;
    case WEIR_BOOL: v.as.b = ((uint8_t *)c->data)[row]; break;
    case WEIR_STRING: v.as.s = ((weir_string *)c->data)[row]; break;
    default: v.as.o = ((weir_object **)c->data)[row]; break;
    }
    return v;
}

/* "1|abc|null\n"; columns without data are "-"; the last row of a chunk of several ends in ";". */
static inline void put_rows(wr_buf *out, const weir_rows *rows, bool with_ts) {
    for (uint32_t r = 0, c = 0; r < rows->n; r++) {
        if (with_ts) wr_buf_printf(out, "@%lld ", (long long)rows->ts[r]);
        for (uint32_t i = 0; i < rows->n_cols; i++) {
            if (i) wr_buf_putc(out, '|');
            if (!rows->cols[i].data) {
                wr_buf_putc(out, '-');
                continue;
            }
            weir_value v = cell(&rows->cols[i], r);
            put_value(out, &v);
        }
        if (rows->chunked && rows->chunk_end[c] == r + 1) {
            uint32_t begin = c ? rows->chunk_end[c - 1] : 0;
            if (r > begin) wr_buf_putc(out, ';');
            c++;
        }
        wr_buf_putc(out, '\n');
    }
}

/* ---- Files -------------------------------------------------------------------------------------------- */

static inline char *new_directory(void) {
    const char *base = getenv("TMPDIR");
    char name[256];
    snprintf(name, sizeof name, "%s/weir-io-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(name));
    return strdup(name);
}

static inline void drop_directory(char *dir) {
    test_empty_directory(dir);
    assert_int_equal(rmdir(dir), 0);
    free(dir);
}

static inline const char *in_directory(const char *dir, const char *name, char *out) {
    sprintf(out, "%s/%s", dir, name);
    return out;
}

static inline void write_file(const char *path, const char *bytes, size_t len, bool append) {
    FILE *f = fopen(path, append ? "ab" : "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
}

static inline void write_text(const char *path, const char *text) {
    write_file(path, text, strlen(text), false);
}
static inline void append_text(const char *path, const char *text) {
    write_file(path, text, strlen(text), true);
}

static inline char *read_file(const char *path, size_t *len) {
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    wr_buf b = WR_BUF_INIT;
    char bytes[4096];
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, f)) > 0;) wr_buf_put(&b, bytes, n);
    fclose(f);
    wr_buf_putc(&b, 0);
    if (len) *len = b.len - 1;
    char *copy = malloc(b.len);
    memcpy(copy, b.data, b.len);
    wr_buf_fini(&b);
    return copy;
}

#define assert_file(path, expected)                                                                          \
    do {                                                                                                     \
        char *file_text = read_file(path, NULL);                                                             \
        assert_string_equal(file_text, expected);                                                            \
        free(file_text);                                                                                     \
    } while (0)

/* ---- Sources ------------------------------------------------------------------------------------------ */

/* One source with what it gave so far, as text. */
typedef struct test_source {
    test_schema schema;
    wr_source *source;
    wr_buf got; /* rows, and "!reason [raw]" for bad records */
    bool with_ts;
    uint32_t limit;
    weir_io_host host;
    wr_buf log;
} test_source;

static inline void note_bad(void *ctx, const weir_bad_record *r) {
    test_source *t = ctx;
    wr_buf_printf(&t->got, "!%s", r->reason);
    if (r->full_len < 80) {
        wr_buf_puts(&t->got, " [");
        wr_buf_put(&t->got, r->raw, r->raw_len);
        wr_buf_puts(&t->got, "]");
    }
    wr_buf_putc(&t->got, '\n');
}

static inline void note_log(void *ctx, weir_log_level level, const char *text) {
    test_source *t = ctx;
    (void)level;
    wr_buf_printf(&t->log, "%s\n", text);
}

static inline uint32_t parse_pairs(char *text, weir_pair *pairs) {
    uint32_t n = 0;
    for (char *save, *p = text; (p = strtok_r(p, ";", &save)); p = NULL) {
        while (*p == ' ') p++;
        char *equals = strchr(p, '=');
        if (equals) *equals = 0;
        pairs[n] =
            (weir_pair){.key = equals ? p : "", .value = equals ? equals + 1 : p, .begin = n, .end = n + 1};
        n++;
    }
    return n;
}

static inline const weir_source_type *find_source(const char *name) {
    for (int i = 0; wr_io_sources[i]; i++)
        if (strcmp(wr_io_sources[i]->name, name) == 0) return wr_io_sources[i];
    return NULL;
}
static inline const weir_sink_type *find_sink(const char *name) {
    for (int i = 0; wr_io_sinks[i]; i++)
        if (strcmp(wr_io_sinks[i]->name, name) == 0) return wr_io_sinks[i];
    return NULL;
}
static inline const weir_decoder_type *find_decoder(const char *name) {
    for (int i = 0; name && wr_io_decoders[i]; i++)
        if (strcmp(wr_io_decoders[i]->name, name) == 0) return wr_io_decoders[i];
    return NULL;
}
static inline const weir_encoder_type *find_encoder(const char *name) {
    for (int i = 0; name && wr_io_encoders[i]; i++)
        if (strcmp(wr_io_encoders[i]->name, name) == 0) return wr_io_encoders[i];
    return NULL;
}

/* Options as "key=value;key=value". The test_source is zeroed here but for host. */
static inline weir_status open_source(test_source *t, const char *schema, const char *type,
                                      const char *options, const char *format, const char *map_options,
                                      const char *attributes, weir_error *err) {
    weir_pair pairs[16], map_pairs[16], attribute_pairs[16];
    char *a = strdup(options), *b = strdup(map_options ? map_options : ""),
         *c = strdup(attributes ? attributes : "");
    weir_io_host host = t->host;
    memset(t, 0, sizeof *t);
    t->host = host;
    t->host.struct_size = sizeof t->host;
    t->host.app = "A";
    t->host.log = note_log;
    t->host.log_ctx = t;
    t->limit = 1000;
    schema_of(&t->schema, schema);
    wr_source_spec spec = {.type = find_source(type),
                           .format = find_decoder(format),
                           .pairs = pairs,
                           .n_pairs = parse_pairs(a, pairs),
                           .map_pairs = map_pairs,
                           .n_map_pairs = parse_pairs(b, map_pairs),
                           .attributes = attribute_pairs,
                           .n_attributes = parse_pairs(c, attribute_pairs),
                           .schema = &t->schema.schema,
                           .host = &t->host,
                           .bad = note_bad,
                           .bad_ctx = t};
    weir_status status = wr_source_open(&spec, &t->source, err);
    free(a);
    free(b);
    free(c);
    return status;
}

/* One poll; what it gives is added to `got`. */
static inline weir_status poll_until(test_source *t, int64_t until, weir_error *err) {
    weir_arena arena;
    weir_rows rows;
    wr_arena_init(&arena, NULL);
    assert_int_equal(
        wr_rows_init(&rows, &t->schema.schema, wr_source_wanted(t->source), t->limit, &arena, NULL), 0);
    rows.limit = t->limit;
    weir_status status =
        wr_source_poll(t->source, &(wr_source_poll_args){.until_ts = until, .now_ms = 77}, &rows, err);
    put_rows(&t->got, &rows, t->with_ts);
    wr_arena_fini(&arena);
    return status;
}

/* Polls as long as something comes; the status that ends it. */
static inline weir_status poll_all(test_source *t, weir_error *err) {
    weir_status status;
    do status = poll_until(t, INT64_MAX, err);
    while (status == WEIR_OK || (status == WEIR_EAGAIN && wr_source_wait_ms(t->source) == 0));
    return status;
}

static inline void close_source(test_source *t) {
    wr_source_close(t->source);
    wr_buf_fini(&t->got);
    wr_buf_fini(&t->log);
    t->source = NULL;
}

#define assert_got(t, expected)                                                                              \
    do {                                                                                                     \
        assert_string_equal((t)->got.data ? (t)->got.data : "", expected);                                   \
        wr_buf_clear(&(t)->got);                                                                             \
    } while (0)

#endif
