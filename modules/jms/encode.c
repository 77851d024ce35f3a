/* encode.c: from a record to AMQP's bytes; see message.h for how JMS messages look. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sink.h"
#include "weir_format.h"

struct jms_writer {
    const weir_io_args *args;
    pn_message_t *message;
    jms_kind kind;
    bool is_topic, is_durable;
    int priority;
    int64_t ttl_ms;
    char identity[33];
    uint64_t n;
    const char **keys; /* of the record in hand, by attribute */
};

jms_writer *jms_writer_new(const weir_io_args *args, jms_kind kind, bool is_topic, bool is_durable,
                           int priority, int64_t ttl_ms) {
    jms_writer *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    *w = (jms_writer){
        args,     pn_message(), kind, is_topic, is_durable,
        priority, ttl_ms,       "",   0,        calloc(args->schema->n_attributes + 1, sizeof *w->keys)};
    if (!w->message || !w->keys || !wire_draw_hex(w->identity, 16)) {
        jms_writer_free(w);
        return NULL;
    }
    return w;
}

void jms_writer_free(jms_writer *w) {
    if (!w) return;
    if (w->message) pn_message_free(w->message);
    free(w->keys);
    free(w);
}

static void put_string(pn_data_t *d, const char *text, size_t len) {
    pn_data_put_string(d, pn_bytes(len, text));
}

/* ---- Maps --------------------------------------------------------------------------------------------- */

/* The value of a key that an attribute has: in its type, or as text when it isn't one. */
static void put_typed(pn_data_t *d, weir_type type, const char *text, size_t len) {
    char copy[64], *end = copy;
    if (len >= sizeof copy || !len) type = WEIR_STRING;
    snprintf(copy, sizeof copy, "%.*s", (int)(len < sizeof copy ? len : 0), text);
    errno = 0;
    long long l = type == WEIR_INT || type == WEIR_LONG ? strtoll(copy, &end, 10) : 0;
    double v = type == WEIR_FLOAT || type == WEIR_DOUBLE ? strtod(copy, &end) : 0;
    bool is_number = end > copy && !*end && !errno;
    bool is_bool = type == WEIR_BOOL && (strcmp(copy, "true") == 0 || strcmp(copy, "false") == 0);
    if (is_bool)
        pn_data_put_bool(d, *copy == 't');
    else if (type == WEIR_INT && is_number && l >= INT32_MIN && l <= INT32_MAX)
        pn_data_put_int(d, (int32_t)l);
    else if (type == WEIR_LONG && is_number)
        pn_data_put_long(d, l);
    else if (type == WEIR_FLOAT && is_number)
        pn_data_put_float(d, (float)v);
    else if (type == WEIR_DOUBLE && is_number)
        pn_data_put_double(d, v);
    else
        put_string(d, text, len);
}

static void put_pair(pn_data_t *d, const weir_schema *schema, const char *key, size_t key_len,
                     const char *value, size_t len) {
    uint32_t i = weir_schema_find(schema, key, key_len);
    weir_type type = i == UINT32_MAX ? WEIR_STRING : schema->attributes[i].type;
    put_string(d, key, key_len);
    if (len == 4 && memcmp(value, "null", 4) == 0)
        pn_data_put_null(d);
    else
        put_typed(d, type, value, len);
}

/* Where "NAME:" begins a pair at or behind `at`, NULL: nowhere. The first pair begins the text. */
static const char *find_key(const char *at, const char *end, const char *name, bool is_first) {
    size_t len = strlen(name);
    for (; at && at < end; at = memchr(at + 1, '\n', (size_t)(end - at - 1))) {
        const char *key = is_first ? at : at + 1;
        if ((size_t)(end - key) > len && memcmp(key, name, len) == 0 && key[len] == ':' &&
            (is_first || at[-1] == ','))
            return key;
        if (is_first) return NULL;
    }
    return NULL;
}

/* Where the pairs of the attributes begin, if the text is what the encoder writes without @payload: all of
 * them in order, whose texts may hold line breaks. 0: it is not; -1: it can be read in two ways; 1: yes. */
static int find_attributes(const weir_schema *schema, weir_text body, const char **keys) {
    const char *end = body.bytes + body.len;
    for (uint32_t i = 0; i < schema->n_attributes; i++) {
        const char *name = schema->attributes[i].name;
        const char *from = i ? keys[i - 1] + strlen(schema->attributes[i - 1].name) + 1 : body.bytes;
        keys[i] = find_key(from, end, name, i == 0);
        if (!keys[i]) return 0;
        if (i && find_key(keys[i], end, name, false)) return -1;
    }
    return 1;
}

/* A text that the encoder has put into double quotes, its own ones doubled. */
static void put_quoted(pn_data_t *d, const char *key, size_t key_len, const char *value, size_t len) {
    char *text = malloc(len + 1);
    size_t n = 0;
    put_string(d, key, key_len);
    for (size_t i = 0; text && i < len; i++) {
        text[n++] = value[i];
        if (value[i] == '"') i++;
    }
    put_string(d, text ? text : value, text ? n : len);
    free(text);
}

static void put_attributes(pn_data_t *d, const weir_schema *schema, weir_text body, const char **keys) {
    for (uint32_t i = 0; i < schema->n_attributes; i++) {
        size_t len = strlen(schema->attributes[i].name);
        const char *value = keys[i] + len + 1;
        const char *stop = i + 1 < schema->n_attributes ? keys[i + 1] - 2 : body.bytes + body.len;
        size_t size = (size_t)(stop - value);
        if (size >= 2 && *value == '"' && stop[-1] == '"')
            put_quoted(d, keys[i], len, value + 1, size - 2);
        else
            put_pair(d, schema, keys[i], len, value, size);
    }
}

static const char *put_lines(pn_data_t *d, const weir_schema *schema, weir_text body) {
    const char *at = body.bytes, *end = at + body.len;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at)), *next = stop ? stop + 1 : end;
        if (!stop) stop = end;
        const char *colon = memchr(at, ':', (size_t)(stop - at));
        if (!colon) return "a line of it is no key:value";
        if (next < end && stop[-1] == ',') stop--;
        put_pair(d, schema, at, (size_t)(colon - at), colon + 1, (size_t)(stop - colon - 1));
        at = next;
    }
    return NULL;
}

/* ---- The rest ----------------------------------------------------------------------------------------- */

static const char *put_body(jms_writer *w, weir_text body) {
    pn_data_t *d = pn_message_body(w->message);
    const char *why = NULL;
    if (w->kind == JMS_BYTES) {
        pn_message_set_inferred(w->message, true);
        pn_data_put_binary(d, pn_bytes(body.len, body.bytes));
    } else if (w->kind == JMS_MAP) {
        pn_data_put_map(d);
        pn_data_enter(d);
        int in_order = find_attributes(w->args->schema, body, w->keys);
        if (in_order > 0)
            put_attributes(d, w->args->schema, body, w->keys);
        else
            why = in_order ? "a text of it looks like a key of the map" : put_lines(d, w->args->schema, body);
        pn_data_exit(d);
    } else {
        if (weir_utf8_valid(body.bytes, body.len) != body.len)
            return "it is no UTF-8, which a text message must be";
        put_string(d, body.bytes, body.len);
    }
    return why;
}

static void put_annotations(jms_writer *w) {
    pn_data_t *d = pn_message_annotations(w->message);
    pn_data_put_map(d);
    pn_data_enter(d);
    pn_data_put_symbol(d, pn_bytes(strlen("x-opt-jms-msg-type"), "x-opt-jms-msg-type"));
    pn_data_put_byte(d, (int8_t)w->kind);
    pn_data_put_symbol(d, pn_bytes(strlen("x-opt-jms-dest"), "x-opt-jms-dest"));
    pn_data_put_byte(d, w->is_topic ? 1 : 0);
    pn_data_exit(d);
}

/* 'name:value,other:value'. */
static const char *put_properties(jms_writer *w, weir_text text) {
    pn_data_t *d = pn_message_properties(w->message);
    const char *at = text.bytes, *end = at + text.len, *why = NULL;
    pn_data_put_map(d);
    pn_data_enter(d);
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
        while (at < stop && *at == ' ') at++;
        const char *colon = at < stop ? memchr(at, ':', (size_t)(stop - at)) : NULL;
        if (colon && colon > at) {
            put_string(d, at, (size_t)(colon - at));
            put_string(d, colon + 1, (size_t)(stop - colon - 1));
            if (weir_utf8_valid(at, (size_t)(stop - at)) != (size_t)(stop - at))
                why = "a property is no UTF-8";
        } else if (stop > at)
            why = "properties must be 'name:value,other:value'";
        at = comma ? comma + 1 : end;
    }
    pn_data_exit(d);
    return why;
}

static void put_head(jms_writer *w, const jms_fields *f) {
    pn_message_t *m = w->message;
    char id[80];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int n = snprintf(id, sizeof id, "ID:%s:%llu", w->identity, (unsigned long long)++w->n);
    put_string(pn_message_id(m), id, (size_t)n);
    pn_message_set_address(m, f->destination.bytes);
    pn_message_set_durable(m, w->is_durable);
    pn_message_set_priority(m, (uint8_t)w->priority);
    pn_timestamp_t ms = (pn_timestamp_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    pn_message_set_creation_time(m, ms);
    if (w->ttl_ms) {
        pn_message_set_ttl(m, (pn_millis_t)w->ttl_ms);
        pn_message_set_expiry_time(m, ms + w->ttl_ms);
    }
    if (f->correlation.bytes)
        put_string(pn_message_correlation_id(m), f->correlation.bytes, f->correlation.len);
    if (f->subject.bytes) pn_message_set_subject(m, f->subject.bytes);
    if (f->group.bytes) pn_message_set_group_id(m, f->group.bytes);
    if (f->reply_to.bytes) pn_message_set_reply_to(m, f->reply_to.bytes);
}

const char *jms_writer_write(jms_writer *w, const jms_fields *f, jms_buffer *out) {
    pn_message_clear(w->message);
    const char *why = put_body(w, f->body);
    if (!why && f->properties.bytes) why = put_properties(w, f->properties);
    if (why) return why;
    put_annotations(w);
    put_head(w, f);
    for (size_t room = f->body.len + f->properties.len + 1024;; room *= 2) {
        if (!jms_buffer_reserve(out, room)) return "there is no memory for it";
        size_t len = out->cap - out->len;
        int failed = pn_message_encode(w->message, out->data + out->len, &len);
        if (failed == PN_OVERFLOW) continue;
        if (failed) return "Proton can't encode it";
        out->len += len;
        return NULL;
    }
}
