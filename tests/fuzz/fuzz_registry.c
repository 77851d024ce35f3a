/* fuzz_registry.c: whatever a schema registry answers, and in whatever order, ends in a schema or in an error
 * that says something; schemas that refer to others too.
 *
 * The input is a list of answers, to the questions in their order: each begins with a byte for the status and
 * how it is to be taken, and two for its length. It is the text itself, or is made an answer with a schema,
 * so that what is behind the JSON is reached as well. The clock moves by a second a look. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "base/arena.h"
#include "base/buf.h"
#include "io/avro_schema.h"
#include "io/proto_schema.h"
#include "io/schema_registry.h"

#define MOST_LOOKS 300

typedef struct server {
    const uint8_t *at, *end;
    int64_t now_ns;
    int n_open; /* requests that are not released */
    bool is_closed;
} server;

typedef struct request {
    long status;
    wr_buf text;
    int n_looks;
} request;

static server the;

static void put_json_text(wr_buf *out, const uint8_t *p, size_t n) {
    wr_buf_putc(out, '"');
    for (size_t i = 0; i < n; i++)
        wr_buf_printf(out, p[i] == '"' || p[i] == '\\' ? "\\%c" : p[i] < ' ' ? " " : "%c", p[i]);
    wr_buf_putc(out, '"');
}

/* A schema with the text, which refers to as many subjects as the byte says. */
static void put_schema(wr_buf *out, uint8_t how, const uint8_t *p, size_t n) {
    wr_buf_puts(out, "{\"schema\":");
    put_json_text(out, p, n);
    if (how & 16) wr_buf_puts(out, ",\"schemaType\":\"PROTOBUF\"");
    wr_buf_puts(out, ",\"references\":[");
    for (unsigned i = 0; i < how >> 6; i++)
        wr_buf_printf(out, "%s{\"name\":\"n%u\",\"subject\":\"s%u\",\"version\":%u}", i ? "," : "", i,
                      n ? p[i % n] % 5u : 0, 1u + i % 2u);
    wr_buf_puts(out, "]}");
}

static void *ask(void *self, const char *method, const char *url, const char *type, const char *body,
                 size_t len) {
    static const long statuses[] = {200, 200, 200, 404, 401, 0, 500, 200};
    request *r = calloc(1, sizeof *r);
    CHECK(r && self == &the && *method && strncmp(url, "http://registry/", 16) == 0 && *type &&
          (body || !len));
    the.n_open++;
    r->status = 404;
    if (the.end - the.at < 3) return r;
    uint8_t how = the.at[0];
    size_t n = the.at[1] | (size_t)the.at[2] << 8, left = (size_t)(the.end - the.at) - 3;
    n = n < left ? n : left;
    r->status = statuses[how & 7];
    if (how & 8)
        put_schema(&r->text, how, the.at + 3, n);
    else
        wr_buf_put(&r->text, the.at + 3, n);
    the.at += 3 + n;
    return r;
}

static weir_status answer(void *self, void *of, long *status, const char **text, size_t *len) {
    request *r = of;
    CHECK(self == &the);
    if (!r->n_looks++) return WEIR_EAGAIN;
    *status = r->status;
    *text = r->text.data ? r->text.data : "";
    *len = r->text.len;
    return WEIR_OK;
}

static void release(void *self, void *of) {
    request *r = of;
    CHECK(self == &the && the.n_open-- > 0);
    wr_buf_fini(&r->text);
    free(r);
}

static weir_status open_http(const weir_http_args *args, void **self, weir_error *err) {
    (void)args;
    (void)err;
    *self = &the;
    return WEIR_OK;
}

static void wait_a_while(void *self, int64_t ms) {
    (void)self;
    the.now_ns += ms * 1000000;
}

static const char *state(void *self) { return self == &the ? "" : "?"; }

static void close_http(void *self) {
    CHECK(self == &the && !the.n_open);
    the.is_closed = true;
}

static const weir_http_type http = {.struct_size = sizeof http,
                                    .open = open_http,
                                    .ask = ask,
                                    .answer = answer,
                                    .release = release,
                                    .wait = wait_a_while,
                                    .state = state,
                                    .close = close_http};

static const weir_http_type *find_http(void *ctx, weir_error *err) {
    (void)ctx;
    (void)err;
    return &http;
}

static int64_t now(void *ctx) {
    (void)ctx;
    return the.now_ns += 1000000000;
}

/* What is known is in bounds, and reads or says why not. */
static void look_at(const wr_registered *s) {
    size_t bytes = 0;
    weir_arena arena;
    weir_error err = {0};
    CHECK(s->text && s->type && s->len == strlen(s->text) && s->n_references <= WR_MOST_REFERENCES);
    for (uint32_t i = 0; i < s->n_references; i++) {
        CHECK(s->references[i].text && s->references[i].subject && s->references[i].name);
        bytes += s->references[i].len;
    }
    CHECK(bytes <= WR_REFERENCES_BYTES);
    wr_arena_init(&arena, NULL);
    if (strcmp(s->type, "PROTOBUF") == 0) {
        wr_proto_schema schema = {.arena = &arena};
        weir_status st = wr_proto_parse_with(s->text, s->references, s->n_references, &schema, &err);
        if (st == WEIR_OK) st = wr_proto_link(&schema, &err);
        CHECK(st == WEIR_OK || err.message[0]);
    } else {
        wr_avro_type *type;
        CHECK(wr_avro_schema_parse_with(s->references, s->n_references, s->text, s->len, &arena, &type,
                                        &err) == WEIR_OK ||
              err.message[0]);
    }
    wr_arena_fini(&arena);
}

static void get(wr_schema_registry *r, uint32_t id) {
    const wr_registered *s;
    weir_error err = {0};
    weir_status st = WEIR_EAGAIN;
    for (int i = 0; i < MOST_LOOKS && st == WEIR_EAGAIN; i++) st = wr_schema_registry_get(r, id, &s, &err);
    CHECK(st == WEIR_OK || st == WEIR_ENAME || st == WEIR_EAGAIN);
    if (st == WEIR_OK) look_at(s);
    if (st == WEIR_ENAME) CHECK(err.message[0]);
    (void)wr_schema_registry_state(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    weir_io_host host = {.struct_size = sizeof host, .app = "A", .now_ns = now, .http = find_http};
    weir_setting set[WR_REGISTRY_FIRST_OTHER] = {
        [WR_REGISTRY_URL] = {.given = true, .text = "http://registry/"}};
    wr_schema_registry *r;
    weir_error err = {0};
    uint32_t id;
    the = (server){.at = data, .end = data + size};
    CHECK(wr_schema_registry_open(set, &host, &r, &err) == WEIR_OK && r);
    for (uint32_t i = 0; i < 3; i++) get(r, i * 7);
    if (wr_schema_registry_put_now(r, "a/b", "AVRO", "\"int\"", 5, NULL, size & 1, &id, &err) != WEIR_OK)
        CHECK(err.message[0]);
    wr_schema_registry_close(r);
    CHECK(!the.n_open);
    return 0;
}
