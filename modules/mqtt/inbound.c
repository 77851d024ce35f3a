/* inbound.c: see inbound.h. */
#include "inbound.h"

#include <stdlib.h>
#include <string.h>

#define N_IDS    65536u
#define BLOCK    (128u << 10)
#define PER_HELD 64u

/* What is known of an id. */
enum {
    ID_FREE = 0,
    ID_HELD = 1, /* its message is here, and not acknowledged yet */
    ID_DONE = 2, /* it was to be acknowledged when the connection was lost: comes again, once */
    ID_OPEN = 3  /* quality 2: acknowledged, not released yet */
};

/* ---- Opening ------------------------------------------------------------------------------------------ */

weir_status mqtt_inbound_open(mqtt_inbound *in, weir_error *err) {
    in->ids = calloc(N_IDS, 1);
    return in->ids ? WEIR_OK : wire_no_memory(err);
}

static void free_blocks(mqtt_block *b) {
    for (mqtt_block *next; b; b = next) {
        next = b->next;
        free(b);
    }
}

void mqtt_inbound_close(mqtt_inbound *in) {
    free_blocks(in->filling);
    free_blocks(in->ready);
    free(in->spare);
    free(in->held);
    free(in->ids);
    *in = (mqtt_inbound){0};
}

void mqtt_inbound_learn(void *inbound, const mqtt_record *r) {
    mqtt_inbound *in = inbound;
    if (r->kind == MQTT_RECORD_MESSAGE && r->qos == 2) in->ids[r->id] = ID_OPEN;
    if (r->kind == MQTT_RECORD_RELEASED) in->ids[r->id] = ID_FREE;
    if (r->kind != MQTT_RECORD_OPEN_IDS) return;
    memset(in->ids, ID_FREE, N_IDS);
    for (size_t i = 0; i + 2 <= r->payload.len; i += 2) {
        uint16_t id;
        memcpy(&id, r->payload.bytes + i, 2);
        in->ids[id] = ID_OPEN;
    }
}

/* ---- Records ------------------------------------------------------------------------------------------ */

static mqtt_block *new_block(mqtt_inbound *in, size_t room) {
    mqtt_block *b = in->spare;
    size_t cap = room > BLOCK ? room : BLOCK;
    if (b && b->cap >= cap)
        in->spare = NULL;
    else if (!(b = malloc(sizeof *b + cap)))
        return NULL;
    else
        b->cap = cap;
    *b = (mqtt_block){.pos = in->end, .cap = b->cap};
    if (in->filling_last)
        in->filling_last->next = b;
    else
        in->filling = b;
    return in->filling_last = b;
}

static weir_status add_record(mqtt_inbound *in, const mqtt_record *r, weir_error *err) {
    size_t size = mqtt_record_size(r);
    mqtt_block *b = in->filling_last;
    if ((!b || b->cap - b->len < size) && !(b = new_block(in, size))) return wire_no_memory(err);
    mqtt_record_write(r, b->data + b->len);
    b->len += size;
    b->n_messages += r->kind == MQTT_RECORD_MESSAGE;
    in->n_messages += r->kind == MQTT_RECORD_MESSAGE;
    in->n_bytes += size;
    in->end += size;
    return WEIR_OK;
}

/* ---- Acknowledgements --------------------------------------------------------------------------------- */

/* They go in the order of what they are for. */
static weir_status hold(mqtt_inbound *in, uint16_t id, mqtt_kind kind, weir_error *err) {
    if (in->n_held == in->cap_held) {
        uint32_t cap = in->cap_held ? in->cap_held * 2 : PER_HELD;
        mqtt_held *bigger = malloc(cap * sizeof *bigger);
        if (!bigger) return wire_no_memory(err);
        for (uint32_t i = 0; i < in->n_held; i++) bigger[i] = in->held[(in->first_held + i) % in->cap_held];
        free(in->held);
        in->held = bigger;
        in->first_held = 0;
        in->cap_held = cap;
    }
    in->held[(in->first_held + in->n_held++) % in->cap_held] = (mqtt_held){in->end, id, (uint8_t)kind};
    return WEIR_OK;
}

static void send_acks(mqtt_inbound *in) {
    bool is_up = in->client->phase == MQTT_UP;
    while (in->n_held && in->held[in->first_held].end <= in->ack_to) {
        const mqtt_held *h = &in->held[in->first_held];
        if (is_up) mqtt_put_ack(&in->client->out, h->kind, h->id);
        if (h->kind == MQTT_PUBACK) in->ids[h->id] = is_up ? ID_FREE : ID_DONE;
        if (h->kind == MQTT_PUBREC) in->ids[h->id] = ID_OPEN;
        in->first_held = (in->first_held + 1) % in->cap_held;
        in->n_held--;
    }
}

/* ---- From the broker ---------------------------------------------------------------------------------- */

weir_status mqtt_inbound_publish(mqtt_inbound *in, const mqtt_packet *p, weir_error *err) {
    uint8_t known = p->qos ? in->ids[p->id] : ID_FREE;
    mqtt_kind ack = p->qos == 2 ? MQTT_PUBREC : MQTT_PUBACK;
    if (known == ID_HELD)
        return WEIR_OK; /* again, over a new connection; its acknowledgement waits already */
    bool is_known = p->qos == 2 ? known == ID_OPEN : known == ID_DONE && p->is_duplicate;
    bool is_skipped = p->is_retained && in->skips_retained;
    if (!is_known && !is_skipped)
        WIRE_TRY(add_record(in,
                            &(mqtt_record){.kind = MQTT_RECORD_MESSAGE,
                                           .qos = p->qos,
                                           .is_retained = p->is_retained,
                                           .is_duplicate = p->is_duplicate,
                                           .id = p->id,
                                           .topic = p->topic,
                                           .properties = p->properties,
                                           .payload = p->payload},
                            err));
    if (!p->qos) return WEIR_OK;
    in->ids[p->id] = ID_HELD;
    return hold(in, p->id, ack, err);
}

weir_status mqtt_inbound_release(mqtt_inbound *in, uint16_t id, weir_error *err) {
    if (in->ids[id] == ID_OPEN && in->journal)
        WIRE_TRY(add_record(in, &(mqtt_record){.kind = MQTT_RECORD_RELEASED, .id = id}, err));
    if (in->ids[id] == ID_OPEN) in->ids[id] = ID_FREE;
    if (in->journal) return hold(in, id, MQTT_PUBCOMP, err);
    mqtt_put_ack(&in->client->out, MQTT_PUBCOMP, id);
    return WEIR_OK;
}

bool mqtt_inbound_wants(const mqtt_inbound *in) {
    return in->n_bytes < in->most_queued && (!in->journal || in->end - in->cut_to < in->most_kept);
}

/* Without its session the broker knows of no id: all are free, and what waits to be acknowledged is not its
 * any more. */
static void forget_session(mqtt_inbound *in) {
    bool had_any = in->n_held > 0;
    for (uint32_t i = 0; i < N_IDS; i++) {
        had_any |= in->ids[i] == ID_OPEN;
        in->ids[i] = ID_FREE;
    }
    in->first_held = in->n_held = 0;
    weir_error why;
    if (in->journal && had_any &&
        add_record(in, &(mqtt_record){.kind = MQTT_RECORD_OPEN_IDS}, &why) != WEIR_OK)
        in->client->out.has_failed = true; /* no memory: the connection ends, and this is tried again */
}

void mqtt_inbound_connected(mqtt_inbound *in, bool has_session) {
    if (!has_session) forget_session(in);
}

void mqtt_inbound_lost(mqtt_inbound *in) {
    for (uint32_t i = 0; i < N_IDS; i++)
        if (in->ids[i] == ID_DONE) in->ids[i] = ID_FREE; /* did not come again */
}

/* ---- Giving ------------------------------------------------------------------------------------------- */

/* After a turn no id is on its way to being open: the list in the segment's head is complete. */
static weir_status begin_segment(mqtt_inbound *in, weir_error *err) {
    mqtt_bytes ids = {0}, record = {0};
    for (uint32_t i = 0; i < N_IDS; i++) {
        uint16_t id = (uint16_t)i;
        if (in->ids[i] == ID_OPEN) mqtt_put_bytes(&ids, &id, 2);
    }
    mqtt_record r = {.kind = MQTT_RECORD_OPEN_IDS, .payload = {ids.data ? ids.data : "", ids.len}};
    size_t size = mqtt_record_size(&r);
    char *to = mqtt_bytes_room(&record, size);
    weir_status st = to && !ids.has_failed ? WEIR_OK : wire_no_memory(err);
    if (st == WEIR_OK) mqtt_record_write(&r, to);
    if (st == WEIR_OK) st = mqtt_journal_next_segment(in->journal, to, size, err);
    in->end = in->durable = in->journal->end;
    mqtt_bytes_free(&ids);
    mqtt_bytes_free(&record);
    return st;
}

weir_status mqtt_inbound_go_on(mqtt_inbound *in, weir_error *err) {
    in->end = in->durable = in->journal->end;
    in->cut_to = mqtt_journal_begin(in->journal);
    return in->journal->n ? WEIR_OK : begin_segment(in, err);
}

static weir_status append_all(mqtt_inbound *in, weir_error *err) {
    for (mqtt_block *b = in->filling; b; b = b->next)
        WIRE_TRY(mqtt_journal_append(in->journal, b->data, b->len, err));
    return WEIR_OK;
}

static void fail(mqtt_inbound *in, const weir_error *why) {
    mqtt_client *c = in->client;
    c->failure = *why;
    c->failure.fatal = c->has_failed = c->stops = true;
    mqtt_client_notify(c);
}

static bool make_durable(mqtt_inbound *in) {
    weir_error why = {0};
    weir_status st = append_all(in, &why);
    if (st == WEIR_OK) {
        pthread_mutex_unlock(&in->client->lock);
        st = mqtt_journal_sync(in->journal, &why);
        pthread_mutex_lock(&in->client->lock);
    }
    if (st != WEIR_OK) fail(in, &why);
    return st == WEIR_OK;
}

static void give(mqtt_inbound *in) {
    if (in->ready_last)
        in->ready_last->next = in->filling;
    else
        in->ready = in->filling;
    in->ready_last = in->filling_last;
    in->filling = in->filling_last = NULL;
    mqtt_client_notify(in->client);
}

void mqtt_inbound_turn(mqtt_inbound *in) {
    if (in->client->has_failed) return;
    if (in->filling) {
        if (in->journal && !make_durable(in)) return;
        give(in);
        in->durable = in->end;
    }
    if (in->journal) in->ack_to = in->durable;
    send_acks(in);
    if (!in->journal) return;
    mqtt_journal_cut(in->journal, in->cut_to);
    weir_error why = {0};
    if (mqtt_journal_is_full_segment(in->journal) && begin_segment(in, &why) != WEIR_OK) fail(in, &why);
}

/* ---- To the app --------------------------------------------------------------------------------------- */

mqtt_block *mqtt_inbound_take(mqtt_inbound *in) {
    mqtt_block *b = in->ready;
    if (!b) return NULL;
    in->ready = b->next;
    if (!in->ready) in->ready_last = NULL;
    b->next = NULL;
    in->n_messages -= b->n_messages;
    return b;
}

bool mqtt_inbound_give_back(mqtt_inbound *in, mqtt_block *block) {
    bool was_full = !mqtt_inbound_wants(in);
    in->n_bytes -= block->len;
    if (!in->spare && block->cap == BLOCK)
        in->spare = block;
    else
        free(block);
    return was_full && mqtt_inbound_wants(in);
}

void mqtt_inbound_forget_ready(mqtt_inbound *in) {
    for (mqtt_block *b; (b = mqtt_inbound_take(in));) mqtt_inbound_give_back(in, b);
}
