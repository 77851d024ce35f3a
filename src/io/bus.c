/* bus.c: see bus.h. */
#include "io/bus.h"

#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "data/schema.h"

struct wr_bus_subscriber {
    weir_bus *bus;
    wr_bus_subscriber *next;
    char *topic;
    wr_bus_message **queue; /* a ring; cap is a power of two */
    uint32_t cap, head, n;
    size_t n_bytes, n_items;
    int wake; /* eventfd, -1: none */
};

struct weir_bus {
    pthread_mutex_t lock; /* guards everything but the messages' contents */
    wr_bus_subscriber *subscribers;
    uint64_t n_published;
};

weir_bus *wr_bus_new(void) {
    weir_bus *bus = wr_alloc_zero(NULL, sizeof *bus);
    if (bus) pthread_mutex_init(&bus->lock, NULL);
    return bus;
}

void wr_bus_free(weir_bus *bus) {
    if (!bus) return;
    pthread_mutex_destroy(&bus->lock);
    wr_free(NULL, bus, sizeof *bus);
}

/* ---- Messages ----------------------------------------------------------------------------------------- */

void wr_bus_message_batch(const wr_bus_message *m, weir_batch *out) {
    *out = (weir_batch){.n_rows = m->n_rows,
                        .n_sel = m->n_rows,
                        .ts = m->ts,
                        .n_cols = m->n_cols,
                        .cols = m->cols,
                        .n_chunks = m->chunk_end ? m->n_chunks : m->n_rows,
                        .chunk_end = m->chunk_end};
}

void wr_bus_message_free(wr_bus_message *m) {
    weir_arena arena = m->arena; /* the message lives in it */
    wr_arena_fini(&arena);
}

static wr_bus_message *message_new(void) {
    weir_arena arena;
    wr_arena_init(&arena, NULL);
    wr_bus_message *m = wr_arena_zero(&arena, 1, sizeof *m);
    if (m) m->arena = arena;
    return m;
}

/* Strings and objects that the copied cell points to become the message's. */
static bool adopt(weir_arena *arena, weir_column *c, uint32_t i) {
    if (c->boxed || c->type == WEIR_OBJECT) {
        weir_object *o = ((weir_object **)c->data)[i];
        return !o || weir_arena_own(arena, weir_object_ref(o)) == WEIR_OK;
    }
    if (c->type != WEIR_STRING) return true;
    weir_string *s = (weir_string *)c->data + i;
    return weir_arena_string(arena, weir_string_data(s), s->len, s) == WEIR_OK;
}

static bool copy_column(weir_arena *arena, const weir_batch *rows, const weir_column *from, weir_column *to) {
    size_t size = wr_type_size(from->type, from->boxed);
    *to = (weir_column){.type = from->type, .boxed = from->boxed};
    to->data = wr_arena_array(arena, rows->n_sel, size);
    to->valid = wr_arena_zero(arena, (rows->n_sel + 63) / 64, sizeof *to->valid);
    if (!to->data || !to->valid) return false;
    for (uint32_t k = 0; k < rows->n_sel; k++) {
        uint32_t row = weir_batch_row(rows, k);
        memcpy((char *)to->data + k * size, (const char *)from->data + row * size, size);
        if (!weir_is_null(from, row))
            weir_set_valid(to, k);
        else
            memset((char *)to->data + k * size, 0, size);
        if (!adopt(arena, to, k)) return false;
    }
    return true;
}

/* Chunks as they are after the selection; those that it emptied are gone. */
static bool copy_chunks(wr_bus_message *m, const weir_batch *rows) {
    if (!rows->chunk_end) return true;
    m->chunk_end = wr_arena_array(&m->arena, rows->n_chunks, sizeof *m->chunk_end);
    if (!m->chunk_end) return false;
    uint32_t k = 0;
    for (uint32_t c = 0; c < rows->n_chunks; c++) {
        uint32_t first = k;
        while (k < rows->n_sel && weir_batch_row(rows, k) < rows->chunk_end[c]) k++;
        if (k > first) m->chunk_end[m->n_chunks++] = k;
    }
    return true;
}

wr_bus_message *wr_bus_message_of_rows(const weir_batch *rows) {
    wr_bus_message *m = message_new();
    if (!m) return NULL;
    m->n_rows = rows->n_sel;
    m->n_cols = rows->n_cols;
    m->cols = wr_arena_zero(&m->arena, rows->n_cols, sizeof *m->cols);
    m->ts = wr_arena_array(&m->arena, rows->n_sel, sizeof *m->ts);
    bool ok = m->cols && m->ts && copy_chunks(m, rows);
    for (uint32_t i = 0; i < rows->n_cols && ok; i++)
        ok = copy_column(&m->arena, rows, &rows->cols[i], &m->cols[i]);
    if (!ok) {
        wr_bus_message_free(m);
        return NULL;
    }
    for (uint32_t k = 0; k < rows->n_sel; k++) m->ts[k] = rows->ts[weir_batch_row(rows, k)];
    return m;
}

wr_bus_message *wr_bus_message_of_bytes(const char *bytes, size_t len) {
    wr_bus_message *m = message_new();
    if (!m) return NULL;
    m->bytes = wr_arena_strndup(&m->arena, bytes, len);
    m->len = len;
    if (m->bytes) return m;
    wr_bus_message_free(m);
    return NULL;
}

/* ---- Subscribers -------------------------------------------------------------------------------------- */

static void unref(wr_bus_message *m) {
    if (--m->refs == 0) wr_bus_message_free(m);
}

wr_bus_subscriber *wr_bus_subscribe(weir_bus *bus, const char *topic) {
    wr_bus_subscriber *s = wr_alloc_zero(NULL, sizeof *s);
    size_t len = strlen(topic) + 1;
    char *copy = wr_alloc(NULL, len);
    if (!s || !copy) {
        wr_free(NULL, s, sizeof *s);
        wr_free(NULL, copy, len);
        return NULL;
    }
    memcpy(copy, topic, len);
    s->bus = bus;
    s->topic = copy;
    s->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    pthread_mutex_lock(&bus->lock);
    wr_bus_subscriber **at = &bus->subscribers;
    while (*at) at = &(*at)->next;
    *at = s;
    pthread_mutex_unlock(&bus->lock);
    return s;
}

/* With the lock held. */
static void pop_one(wr_bus_subscriber *s) {
    wr_bus_message *m = s->queue[s->head];
    s->head = (s->head + 1) & (s->cap - 1);
    s->n--;
    s->n_bytes -= m->arena.used_bytes;
    s->n_items -= m->n_rows ? m->n_rows : 1;
    unref(m);
}

void wr_bus_unsubscribe(wr_bus_subscriber *s) {
    if (!s) return;
    weir_bus *bus = s->bus;
    pthread_mutex_lock(&bus->lock);
    wr_bus_subscriber **at = &bus->subscribers;
    while (*at != s) at = &(*at)->next;
    *at = s->next;
    while (s->n) pop_one(s);
    pthread_mutex_unlock(&bus->lock);
    if (s->wake >= 0) close(s->wake);
    wr_free(NULL, s->queue, s->cap * sizeof *s->queue);
    wr_free(NULL, s->topic, strlen(s->topic) + 1);
    wr_free(NULL, s, sizeof *s);
}

int wr_bus_wake_fd(const wr_bus_subscriber *s) { return s->wake; }

const wr_bus_message *wr_bus_peek(wr_bus_subscriber *s, uint32_t i) {
    uint64_t count;
    if (i == 0 && s->wake >= 0) (void)!read(s->wake, &count, sizeof count);
    pthread_mutex_lock(&s->bus->lock);
    const wr_bus_message *m = i < s->n ? s->queue[(s->head + i) & (s->cap - 1)] : NULL;
    pthread_mutex_unlock(&s->bus->lock);
    return m;
}

void wr_bus_pop(wr_bus_subscriber *s, uint32_t n) {
    pthread_mutex_lock(&s->bus->lock);
    while (n-- && s->n) pop_one(s);
    bool left = s->n > 0;
    pthread_mutex_unlock(&s->bus->lock);
    uint64_t one = 1; /* peek cleared the wake-up, but there is more */
    if (left && s->wake >= 0) (void)!write(s->wake, &one, sizeof one);
}

size_t wr_bus_waiting(wr_bus_subscriber *s) {
    pthread_mutex_lock(&s->bus->lock);
    size_t n = s->n_items;
    pthread_mutex_unlock(&s->bus->lock);
    return n;
}

/* ---- Publishing --------------------------------------------------------------------------------------- */

/* Doubles the ring, straightened; false: no memory. */
static bool make_room(wr_bus_subscriber *s) {
    if (s->n < s->cap) return true;
    uint32_t cap = s->cap ? s->cap * 2 : 16;
    wr_bus_message **queue = wr_alloc(NULL, cap * sizeof *queue);
    if (!queue) return false;
    for (uint32_t i = 0; i < s->n; i++) queue[i] = s->queue[(s->head + i) & (s->cap - 1)];
    wr_free(NULL, s->queue, s->cap * sizeof *s->queue);
    s->queue = queue;
    s->cap = cap;
    s->head = 0;
    return true;
}

/* With the lock held. */
static bool push(wr_bus_subscriber *s, wr_bus_message *m) {
    if (!make_room(s)) return false;
    s->queue[(s->head + s->n++) & (s->cap - 1)] = m;
    s->n_bytes += m->arena.used_bytes;
    s->n_items += m->n_rows ? m->n_rows : 1;
    m->refs++;
    uint64_t one = 1;
    if (s->wake >= 0) (void)!write(s->wake, &one, sizeof one);
    return true;
}

weir_status wr_bus_publish(weir_bus *bus, const char *topic, wr_bus_message *message) {
    bool all = true;
    pthread_mutex_lock(&bus->lock);
    message->refs = 1;
    bus->n_published++;
    for (wr_bus_subscriber *s = bus->subscribers; s; s = s->next)
        if (strcmp(s->topic, topic) == 0) all &= push(s, message);
    unref(message);
    pthread_mutex_unlock(&bus->lock);
    return all ? WEIR_OK : WEIR_ENOMEM;
}

bool wr_bus_is_full(weir_bus *bus, const char *topic) {
    bool full = false;
    pthread_mutex_lock(&bus->lock);
    for (wr_bus_subscriber *s = bus->subscribers; s; s = s->next)
        full |= s->n_bytes >= WR_BUS_QUEUE_BYTES && (!topic || strcmp(s->topic, topic) == 0);
    pthread_mutex_unlock(&bus->lock);
    return full;
}

uint64_t wr_bus_published(weir_bus *bus, bool *waiting) {
    *waiting = false;
    pthread_mutex_lock(&bus->lock);
    for (wr_bus_subscriber *s = bus->subscribers; s; s = s->next) *waiting |= s->n > 0;
    uint64_t n = bus->n_published;
    pthread_mutex_unlock(&bus->lock);
    return n;
}
