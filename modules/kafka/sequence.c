/* sequence.c: see sequence.h. */
#include "sequence.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST_ID 200u

typedef struct seen {
    char *id;
    int32_t partition;
    int64_t number;
} seen;

struct kafka_sequences {
    bool is_binary;
    seen *of;
    uint32_t n, cap;
};

kafka_sequences *kafka_sequences_new(bool is_binary) {
    kafka_sequences *s = calloc(1, sizeof *s);
    if (s) s->is_binary = is_binary;
    return s;
}

static void forget(kafka_sequences *s) {
    for (uint32_t i = 0; i < s->n; i++) free(s->of[i].id);
    s->n = 0;
}

void kafka_sequences_free(kafka_sequences *s) {
    if (!s) return;
    forget(s);
    free(s->of);
    free(s);
}

static seen *find(kafka_sequences *s, const char *id, size_t len, int32_t partition) {
    for (uint32_t i = 0; i < s->n; i++)
        if (s->of[i].partition == partition && strncmp(s->of[i].id, id, len) == 0 && !s->of[i].id[len])
            return &s->of[i];
    return NULL;
}

static seen *add(kafka_sequences *s, const char *id, size_t len, int32_t partition) {
    if (s->n == s->cap) {
        uint32_t cap = s->cap ? s->cap * 2 : 8;
        seen *bigger = realloc(s->of, cap * sizeof *bigger);
        if (!bigger) return NULL;
        s->of = bigger;
        s->cap = cap;
    }
    char *copy = strndup(id, len);
    if (!copy) return NULL;
    s->of[s->n] = (seen){copy, partition, -1};
    return &s->of[s->n++];
}

/* "ID:NUMBER" */
static bool split(const char *head, size_t len, size_t *id_len, int64_t *number) {
    const char *colon = memchr(head, ':', len);
    if (!colon || colon == head || colon - head > LONGEST_ID) return false;
    *id_len = (size_t)(colon - head);
    *number = 0;
    const char *at = colon + 1, *end = head + len;
    if (at == end || end - at > 18) return false;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') return false;
        *number = *number * 10 + (*at - '0');
    }
    return true;
}

/* The head's place and length without its '~', and where the payload begins. */
static bool find_head(const kafka_sequences *s, const char *bytes, size_t len, const char **head,
                      size_t *head_len, size_t *payload) {
    if (s->is_binary) {
        const unsigned char *u = (const unsigned char *)bytes;
        if (len < 4) return false;
        size_t n = (size_t)u[0] << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 | u[3];
        if (n < 1 || n > len - 4 || bytes[4 + n - 1] != '~') return false;
        *head = bytes + 4;
        *head_len = n - 1;
        *payload = 4 + n;
        return true;
    }
    size_t look = len < LONGEST_ID + 20 ? len : LONGEST_ID + 20;
    const char *tilde = memchr(bytes, '~', look);
    if (!tilde) return false;
    *head = bytes;
    *head_len = (size_t)(tilde - bytes);
    *payload = *head_len + 1;
    return true;
}

kafka_sequence kafka_sequences_take(kafka_sequences *s, int32_t partition, const char **bytes, size_t *len) {
    const char *head;
    size_t head_len, payload, id_len;
    int64_t number;
    if (!*len || !find_head(s, *bytes, *len, &head, &head_len, &payload) ||
        !split(head, head_len, &id_len, &number))
        return KAFKA_SEQUENCE_MISSING;
    *bytes += payload;
    *len -= payload;
    seen *one = find(s, head, id_len, partition);
    if (!one) one = add(s, head, id_len, partition);
    if (!one) return KAFKA_SEQUENCE_NEW; /* no memory to remember it: rather twice than never */
    if (number <= one->number) return KAFKA_SEQUENCE_SEEN;
    one->number = number;
    return KAFKA_SEQUENCE_NEW;
}

void kafka_sequences_save(const kafka_sequences *s, weir_writer *w) {
    weir_write_u32(w, s ? s->n : 0);
    for (uint32_t i = 0; s && i < s->n; i++) {
        weir_write_u32(w, (uint32_t)strlen(s->of[i].id));
        weir_write_bytes(w, s->of[i].id, strlen(s->of[i].id));
        weir_write_u32(w, (uint32_t)s->of[i].partition);
        weir_write_i64(w, s->of[i].number);
    }
}

weir_status kafka_sequences_load(kafka_sequences *s, weir_reader *r, weir_error *err) {
    char id[LONGEST_ID + 1];
    uint32_t n = weir_read_u32(r);
    if (s) forget(s);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t len = weir_read_u32(r);
        WIRE_TRY(weir_reader_status(r, err));
        if (len > LONGEST_ID || len > weir_reader_left(r))
            return weir_fail(err, WEIR_ESTATE, "saved sequence numbers are damaged");
        weir_read_bytes(r, id, len);
        int32_t partition = (int32_t)weir_read_u32(r);
        int64_t number = weir_read_i64(r);
        WIRE_TRY(weir_reader_status(r, err));
        seen *one = s ? add(s, id, len, partition) : NULL;
        if (s && !one) return wire_no_memory(err);
        if (one) one->number = number;
    }
    return weir_reader_status(r, err);
}
