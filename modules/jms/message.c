/* message.c: from AMQP's bytes to a message of the app; see message.h. */
#include "message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

typedef enum what {
    IS_ID,
    IS_CORRELATION,
    IS_TIMESTAMP,
    IS_DESTINATION,
    IS_REPLY_TO,
    IS_TYPE,
    IS_PRIORITY,
    IS_MODE,
    IS_REDELIVERED,
    IS_DELIVERY_COUNT,
    IS_EXPIRATION,
    IS_GROUP,
    IS_GROUP_SEQ,
    IS_USER,
    IS_KIND,
    IS_PROPERTY
} what;

struct jms_reader {
    const weir_io_args *args;
    pn_message_t *message;
    bool maps_are_lines;
    what *whats;           /* by property read */
    jms_buffer id;         /* of the message in hand: its message id */
    jms_buffer out;        /* of the message in hand: its body, then the properties, each followed by a NUL */
    size_t *begins, *lens; /* of the properties within; lens SIZE_MAX: it has none */
};

static what what_is(const char *name) {
    static const char *const names[] = {[IS_ID] = "JMSMessageID",
                                        [IS_CORRELATION] = "JMSCorrelationID",
                                        [IS_TIMESTAMP] = "JMSTimestamp",
                                        [IS_DESTINATION] = "JMSDestination",
                                        [IS_REPLY_TO] = "JMSReplyTo",
                                        [IS_TYPE] = "JMSType",
                                        [IS_PRIORITY] = "JMSPriority",
                                        [IS_MODE] = "JMSDeliveryMode",
                                        [IS_REDELIVERED] = "JMSRedelivered",
                                        [IS_DELIVERY_COUNT] = "JMSXDeliveryCount",
                                        [IS_EXPIRATION] = "JMSExpiration",
                                        [IS_GROUP] = "JMSXGroupID",
                                        [IS_GROUP_SEQ] = "JMSXGroupSeq",
                                        [IS_USER] = "JMSXUserID",
                                        [IS_KIND] = "message.type"};
    for (what w = 0; w < IS_PROPERTY; w++)
        if (strcmp(name, names[w]) == 0) return w;
    return IS_PROPERTY;
}

jms_reader *jms_reader_new(const weir_io_args *args) {
    uint32_t n = args->n_properties + 1;
    jms_reader *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->args = args;
    r->message = pn_message();
    r->whats = calloc(n, sizeof *r->whats);
    r->begins = calloc(n, sizeof *r->begins);
    r->lens = calloc(n, sizeof *r->lens);
    r->maps_are_lines = args->format && strcmp(args->format, "keyvalue") == 0;
    if (!r->message || !r->whats || !r->begins || !r->lens) {
        jms_reader_free(r);
        return NULL;
    }
    for (uint32_t i = 0; i < args->n_properties; i++) r->whats[i] = what_is(args->properties[i]);
    return r;
}

void jms_reader_free(jms_reader *r) {
    if (!r) return;
    if (r->message) pn_message_free(r->message);
    free(r->whats);
    free(r->begins);
    free(r->lens);
    free(r->id.data);
    free(r->out.data);
    free(r);
}

void jms_message_free(jms_message *m) {
    free(m->block);
    m->block = NULL;
}

/* ---- Body --------------------------------------------------------------------------------------------- */

/* The value of a map's key, which the data then stands at. */
static bool find_in_map(pn_data_t *d, const char *key) {
    size_t len = strlen(key);
    pn_data_rewind(d);
    if (!pn_data_next(d) || pn_data_type(d) != PN_MAP || !pn_data_enter(d)) return false;
    while (pn_data_next(d)) {
        pn_type_t type = pn_data_type(d);
        pn_bytes_t b = type == PN_STRING   ? pn_data_get_string(d)
                       : type == PN_SYMBOL ? pn_data_get_symbol(d)
                                           : (pn_bytes_t){0, NULL};
        if (!pn_data_next(d)) break;
        if (b.start && b.size == len && memcmp(b.start, key, len) == 0) return true;
    }
    return false;
}

/* What the sender says it is; where it says nothing, what the body looks like. */
static jms_kind kind_of(pn_message_t *m) {
    pn_data_t *d = pn_message_annotations(m), *body = pn_message_body(m);
    if (find_in_map(d, "x-opt-jms-msg-type") && pn_data_type(d) == PN_BYTE) {
        int8_t kind = pn_data_get_byte(d);
        if (kind >= JMS_PLAIN && kind <= JMS_TEXT) return (jms_kind)kind;
    }
    const char *type = pn_message_get_content_type(m);
    if (type && strcmp(type, "application/x-java-serialized-object") == 0) return JMS_OBJECT;
    pn_data_rewind(body);
    if (!pn_data_next(body)) return JMS_PLAIN;
    switch (pn_data_type(body)) {
    case PN_MAP: return JMS_MAP;
    case PN_LIST: return JMS_STREAM;
    case PN_BINARY: return JMS_BYTES;
    case PN_NULL: return JMS_PLAIN;
    default: return JMS_TEXT;
    }
}

/* Puts the body. NULL: fine, else why the message is refused. */
static const char *put_body(jms_reader *r, jms_kind kind, bool *is_bare) {
    pn_data_t *d = pn_message_body(r->message);
    pn_data_rewind(d);
    *is_bare = !pn_data_next(d) || pn_data_type(d) == PN_NULL;
    if (kind == JMS_OBJECT) return "it is an object message: Java objects are never read";
    if (kind == JMS_STREAM) return "it is a stream message, which has no form here";
    if (*is_bare) return NULL;
    if (pn_data_type(d) == PN_MAP && r->maps_are_lines) return jms_map_lines(d, &r->out);
    if (pn_data_type(d) == PN_MAP) return jms_value_json(d, &r->out) ? NULL : "the map is nested too deep";
    pn_bytes_t b = pn_data_type(d) == PN_BINARY ? pn_data_get_binary(d) : (pn_bytes_t){0, NULL};
    if (pn_data_type(d) == PN_BINARY) return jms_buffer_put(&r->out, b.start, b.size), NULL;
    return jms_value_text(d, &r->out) ? NULL : "its body is of a type that has no form here";
}

/* ---- Properties --------------------------------------------------------------------------------------- */

static bool put_text(jms_buffer *out, const char *text) {
    if (text) jms_buffer_put(out, text, strlen(text));
    return text != NULL;
}

static bool put_time(jms_buffer *out, int64_t ms) {
    if (ms) jms_buffer_format(out, "%" PRId64, ms);
    return ms != 0;
}

static bool put_data(jms_buffer *out, pn_data_t *d) {
    pn_data_rewind(d);
    return pn_data_next(d) && jms_value_text(d, out);
}

static bool put_property(jms_reader *r, uint32_t i, jms_kind kind, const char *destination) {
    static const char *const kinds[] = {"plain", "object", "map", "bytes", "stream", "text"};
    pn_message_t *m = r->message;
    jms_buffer *out = &r->out;
    uint32_t count = pn_message_get_delivery_count(m);
    pn_bytes_t user = pn_message_get_user_id(m);
    switch (r->whats[i]) {
    case IS_ID: return put_data(out, pn_message_id(m));
    case IS_CORRELATION: return put_data(out, pn_message_correlation_id(m));
    case IS_TIMESTAMP: return put_time(out, pn_message_get_creation_time(m));
    case IS_DESTINATION:
        return put_text(out, pn_message_get_address(m) ? pn_message_get_address(m) : destination);
    case IS_REPLY_TO: return put_text(out, pn_message_get_reply_to(m));
    case IS_TYPE: return put_text(out, pn_message_get_subject(m));
    case IS_PRIORITY: return jms_buffer_format(out, "%u", pn_message_get_priority(m)), true;
    case IS_MODE: return put_text(out, pn_message_is_durable(m) ? "PERSISTENT" : "NON_PERSISTENT");
    case IS_REDELIVERED: return put_text(out, count ? "true" : "false");
    case IS_DELIVERY_COUNT: return jms_buffer_format(out, "%" PRIu32, count + 1), true;
    case IS_EXPIRATION: return put_time(out, pn_message_get_expiry_time(m));
    case IS_GROUP: return put_text(out, pn_message_get_group_id(m));
    case IS_GROUP_SEQ: return jms_buffer_format(out, "%" PRId32, pn_message_get_group_sequence(m)), true;
    case IS_USER: return jms_buffer_put(out, user.start, user.size), user.size > 0;
    case IS_KIND: return put_text(out, kinds[kind]);
    case IS_PROPERTY: break;
    }
    pn_data_t *properties = pn_message_properties(m);
    return find_in_map(properties, r->args->properties[i]) && jms_value_text(properties, out);
}

static void put_properties(jms_reader *r, jms_kind kind, const char *destination) {
    for (uint32_t i = 0; i < r->args->n_properties; i++) {
        r->begins[i] = r->out.len;
        bool has = put_property(r, i, kind, destination);
        if (!has) r->out.len = r->begins[i];
        r->lens[i] = has ? r->out.len - r->begins[i] : SIZE_MAX;
    }
}

/* ---- Messages ----------------------------------------------------------------------------------------- */

static void set_id(jms_reader *r, jms_message *out) {
    pn_data_t *id = pn_message_id(r->message);
    r->id.len = 0;
    pn_data_rewind(id);
    if (!pn_data_next(id) || !jms_value_text(id, &r->id) || !r->id.len) return;
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits(r->id.data, r->id.len));
    memcpy(out->id, hash.digest, sizeof out->id);
}

/* Moves what the reader's buffer holds into a block: the values of the properties, then the bytes. */
static bool make_block(jms_reader *r, size_t body, jms_message *out) {
    uint32_t n = r->args->n_properties;
    size_t head = n * sizeof(weir_text);
    out->size = head + r->out.len + 1;
    out->block = r->out.is_full ? NULL : malloc(out->size);
    if (!out->block) return false;
    char *bytes = out->block + head;
    if (r->out.len) memcpy(bytes, r->out.data, r->out.len);
    weir_text *values = (weir_text *)(void *)out->block;
    for (uint32_t i = 0; i < n; i++) {
        bool has = r->lens[i] != SIZE_MAX;
        values[i] = (weir_text){has ? bytes + r->begins[i] : NULL, has ? r->lens[i] : 0};
    }
    out->shown.bytes = bytes;
    out->shown.len = body;
    out->shown.properties = n ? values : NULL;
    return true;
}

static bool refuse_raw(jms_reader *r, const char *bytes, size_t len, jms_message *out) {
    jms_buffer_put(&r->out, bytes, len < 65536 ? len : 65536);
    for (uint32_t i = 0; i < r->args->n_properties; i++) r->lens[i] = SIZE_MAX;
    out->shown.refused = "it is no AMQP message";
    return make_block(r, r->out.len, out);
}

bool jms_reader_read(jms_reader *r, const char *bytes, size_t len, const char *destination,
                     jms_message *out) {
    *out = (jms_message){0};
    r->out.len = 0;
    r->out.is_full = false;
    pn_message_clear(r->message);
    /* Proton asserts that there is something. */
    if (!len || pn_message_decode(r->message, bytes, len)) return refuse_raw(r, bytes, len, out);
    jms_kind kind = kind_of(r->message);
    set_id(r, out);
    out->shown.refused = put_body(r, kind, &out->shown.is_bare);
    out->shown.ts = pn_message_get_creation_time(r->message);
    out->shown.has_ts = out->shown.ts > 0;
    size_t body = r->out.len;
    put_properties(r, kind, destination);
    return make_block(r, body, out);
}
