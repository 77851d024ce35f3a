/* outbound.c: see outbound.h. */
#include "outbound.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DUPLICATE 8 /* the flag in a packet's first byte */

weir_status mqtt_outbound_open(mqtt_outbound *o, uint32_t most_inflight, weir_error *err) {
    o->cap = most_inflight;
    o->flights = calloc(o->cap, sizeof *o->flights);
    o->free = malloc(o->cap * sizeof *o->free);
    if (!o->flights || !o->free) return wire_no_memory(err);
    for (uint32_t i = 0; i < o->cap; i++) o->free[i] = (uint16_t)(o->cap - 1 - i);
    return WEIR_OK;
}

void mqtt_outbound_close(mqtt_outbound *o) {
    for (uint32_t i = 0; o->flights && i < o->cap; i++) free(o->flights[i].packet);
    free(o->flights);
    free(o->free);
    *o = (mqtt_outbound){0};
}

bool mqtt_outbound_has_room(const mqtt_outbound *o, unsigned qos) {
    const mqtt_client *c = o->client;
    if (c->out.len - c->out.begin >= MQTT_MOST_OUT) return false;
    if (!qos) return c->phase == MQTT_UP;
    if (qos == 2 && o->n_flights >= c->conf->max_inflight_2) return false;
    return o->n_flights < o->cap && o->n_flights < c->receive_maximum && o->n_bytes < MQTT_MOST_OUT;
}

bool mqtt_outbound_is_empty(const mqtt_outbound *o) {
    return o->n_flights == o->n_given_up && o->client->out.begin == o->client->out.len;
}

weir_status mqtt_outbound_put(mqtt_outbound *o, mqtt_publish *p, uint64_t record, weir_error *err) {
    mqtt_client *c = o->client;
    if (!p->qos) {
        mqtt_put_publish(&c->out, c->conf->version, p);
        return c->out.has_failed ? wire_no_memory(err) : WEIR_OK;
    }
    uint16_t place = o->free[o->cap - o->n_flights - 1];
    mqtt_bytes packet = {0};
    p->id = (uint16_t)(place + 1);
    mqtt_put_publish(&packet, c->conf->version, p);
    if (packet.has_failed) return mqtt_bytes_free(&packet), wire_no_memory(err);
    char *exact = realloc(packet.data, packet.len);
    if (exact) packet.data = exact;
    o->flights[place] = (mqtt_flight){++o->last_number, packet.data, (uint32_t)packet.len, p->qos, record};
    o->n_flights++;
    o->n_bytes += packet.len;
    if (c->phase == MQTT_UP) mqtt_put_bytes(&c->out, packet.data, packet.len);
    return WEIR_OK;
}

static void drop_packet(mqtt_outbound *o, mqtt_flight *f) {
    if (f->packet) o->n_bytes -= f->len;
    free(f->packet);
    f->packet = NULL;
}

static void land(mqtt_outbound *o, uint16_t id) {
    mqtt_flight *f = &o->flights[id - 1];
    drop_packet(o, f);
    f->number = 0;
    o->n_given_up -= f->record == MQTT_NO_RECORD;
    o->n_flights--;
    o->free[o->cap - o->n_flights - 1] = (uint16_t)(id - 1);
    mqtt_client_notify(o->client);
    pthread_cond_broadcast(&o->client->changed);
}

/* The broker does not take this message, now or ever: what is behind it must not wait. */
static void refused(mqtt_outbound *o, const mqtt_packet *p) {
    const mqtt_flight *f = &o->flights[p->id - 1];
    if (o->refusals && f->record != MQTT_NO_RECORD) {
        wire_refusals_add(o->refusals, f->record, 1, "%s",
                          mqtt_reason_text(o->client->conf->version, p->reason));
        land(o, p->id);
        return;
    }
    wire_count(&o->n_refused, 1);
    mqtt_client_say(o->client, WEIR_LOG_ERROR, "a message was dropped (%" PRIu64 " so far): %s", o->n_refused,
                    mqtt_reason_text(o->client->conf->version, p->reason));
    land(o, p->id);
}

uint64_t mqtt_outbound_first_record(const mqtt_outbound *o, uint64_t none) {
    uint64_t first = none;
    for (uint32_t i = 0; o->n_flights && i < o->cap; i++) {
        const mqtt_flight *f = &o->flights[i];
        if (f->number && f->record < first) first = f->record; /* of quality 2 until it is released */
    }
    return first;
}

void mqtt_outbound_forget(mqtt_outbound *o) {
    for (uint32_t i = 0; i < o->cap; i++) {
        mqtt_flight *f = &o->flights[i];
        if (!f->number || f->record == MQTT_NO_RECORD) continue;
        f->record = MQTT_NO_RECORD;
        o->n_given_up++;
        if (f->qos == 1)
            land(o, (uint16_t)(i + 1));
        else
            drop_packet(o, f);
    }
}

weir_status mqtt_outbound_packet(mqtt_outbound *o, const mqtt_packet *p, weir_error *err) {
    mqtt_flight *f = p->id && p->id <= o->cap ? &o->flights[p->id - 1] : NULL;
    bool is_known = f && f->number;
    switch (p->kind) {
    case MQTT_PUBACK:
        if (!is_known || f->qos != 1) return WEIR_OK; /* of an earlier connection */
        if (p->reason >= 0x80)
            refused(o, p);
        else
            land(o, p->id);
        return WEIR_OK;
    case MQTT_PUBREC:
        if (is_known && f->qos == 2 && p->reason >= 0x80) return refused(o, p), WEIR_OK;
        if (is_known) drop_packet(o, f);
        mqtt_put_ack(&o->client->out, MQTT_PUBREL, p->id);
        return WEIR_OK;
    case MQTT_PUBCOMP:
        if (is_known && f->qos == 2 && !f->packet) land(o, p->id);
        return WEIR_OK;
    default: return weir_fail(err, WEIR_EIO, "a packet came that no publisher gets");
    }
}

static int by_number(const void *a, const void *b) {
    const mqtt_flight *x = *(mqtt_flight *const *)a, *y = *(mqtt_flight *const *)b;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Without its session the broker knows of no release any more: it has had the message. */
static void send_again(mqtt_outbound *o, mqtt_flight *f, bool has_session) {
    uint16_t id = (uint16_t)(f - o->flights + 1);
    if (!f->packet && has_session) {
        mqtt_put_ack(&o->client->out, MQTT_PUBREL, id);
    } else if (!f->packet) {
        land(o, id);
    } else {
        f->packet[0] = (char)(has_session ? f->packet[0] | DUPLICATE : f->packet[0] & ~DUPLICATE);
        mqtt_put_bytes(&o->client->out, f->packet, f->len);
    }
}

weir_status mqtt_outbound_connected(mqtt_outbound *o, bool has_session, weir_error *err) {
    mqtt_flight **all = malloc((o->n_flights + 1) * sizeof *all);
    uint32_t n = 0;
    if (!all) return wire_no_memory(err);
    for (uint32_t i = 0; i < o->cap; i++)
        if (o->flights[i].number) all[n++] = &o->flights[i];
    qsort(all, n, sizeof *all, by_number);
    for (uint32_t i = 0; i < n; i++) send_again(o, all[i], has_session);
    free(all);
    mqtt_client_notify(o->client);
    return WEIR_OK;
}
