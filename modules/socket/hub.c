/* hub.c: see hub.h. */
#include "hub.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hub {
    hub *next;
    net *net;
    net_spec spec;
    peer_spec peer;
    pthread_mutex_t lock; /* of members */
    hub_member *members;
    uint64_t n_unknown;
    wire_quiet quiet, quiet_broken;
};

/* ---- In the net's thread ------------------------------------------------------------------------------ */

static bool on_open(void *ctx, net_conn *c) {
    hub *h = ctx;
    peer *p = peer_new(&h->peer);
    *net_data(c) = p;
    return p && peer_begin(p, c);
}

static bool on_room(void *ctx, net_conn *c) {
    (void)ctx;
    (void)c;
    return true;
}

static void on_close(void *ctx, net_conn *c) {
    (void)ctx;
    peer_free(*net_data(c));
}

static void on_end(void *ctx, net_conn *c) {
    (void)ctx;
    if (*net_data(c)) peer_goodbye(*net_data(c), c, WS_CLOSE_AWAY);
}

static bool on_tick(void *ctx, net_conn *c, int64_t now_ms) {
    (void)ctx;
    return peer_tick(*net_data(c), c, now_ms);
}

static bool may_read(void *ctx) {
    hub *h = ctx;
    bool may = true;
    pthread_mutex_lock(&h->lock);
    for (hub_member *m = h->members; m; m = m->next) may &= !wire_inbox_is_full(&m->inbox);
    pthread_mutex_unlock(&h->lock);
    return may;
}

static bool deliver(hub_member *m, const frames_message *f, const char *address) {
    size_t address_len = m->wants_address ? strlen(address) : 0,
           texts = m->wants_address ? sizeof(weir_text) : 0;
    size_t size = sizeof(wire_message) + texts + f->len + 1 + address_len + 1;
    wire_message *w = malloc(size);
    if (!w) return false;
    memset(w, 0, sizeof *w);
    char *at = (char *)(w + 1) + texts;
    w->size = size;
    w->bytes = at;
    w->len = f->len;
    if (f->len) memcpy(at, f->bytes, f->len);
    at[f->len] = 0;
    if (m->wants_address) {
        w->properties = (weir_text *)(w + 1);
        memcpy(at + f->len + 1, address, address_len + 1);
        w->properties[0] = (weir_text){at + f->len + 1, address_len};
    }
    wire_inbox_reserve_any(&m->inbox, size);
    if (!wire_inbox_put(&m->inbox, w)) free(w);
    return true;
}

static void tell_unknown(hub *h, const frames_message *f) {
    h->n_unknown++;
    if (wire_quiet_may_tell(&h->quiet))
        wire_log(h->spec.io, WEIR_LOG_WARN,
                 "%s: a message for '%.*s', which no source has as its context, is dropped (so far: %" PRIu64
                 ")",
                 h->spec.who, (int)(f->channel_len < 100 ? f->channel_len : 100), f->channel, h->n_unknown);
}

static bool take(hub *h, const frames_message *f, const char *address) {
    bool taken = true;
    pthread_mutex_lock(&h->lock);
    hub_member *m = h->members;
    while (m && f->channel &&
           (strlen(m->channel) != f->channel_len || memcmp(m->channel, f->channel, f->channel_len)))
        m = m->next;
    if (m)
        taken = deliver(m, f, address);
    else if (f->channel)
        tell_unknown(h, f);
    pthread_mutex_unlock(&h->lock);
    return taken;
}

static bool on_bytes(void *ctx, net_conn *c) {
    hub *h = ctx;
    frames_message f;
    char why[200];
    int got;
    why[0] = 0;
    while ((got = peer_next(*net_data(c), c, &f, why, sizeof why)) == 1)
        if (!take(h, &f, net_peer(c))) return false;
    if (*why && wire_quiet_may_tell(&h->quiet_broken))
        wire_log(h->spec.io, WEIR_LOG_WARN, "%s: %s, from %s: it is cut off (so far: %" PRIu64 ")",
                 h->spec.who, why, net_peer(c), h->quiet_broken.n);
    return got == 0;
}

/* ---- In the app's thread ------------------------------------------------------------------------------ */

static void on_inbox_room(void *ctx) {
    hub_member *m = ctx;
    if (m->hub) net_wake(m->hub->net);
}

static bool is_at(const hub *h, const net_spec *n) {
    if (!h->spec.listens || !n->listens || !h->spec.host != !n->host) return false;
    if (!n->host) return strcmp(h->spec.path, n->path) == 0;
    return h->spec.port == n->port && strcmp(h->spec.host, n->host) == 0;
}

static weir_status may_join(const hub *h, const peer_spec *talk, const hub_member *member, weir_error *err) {
    if (talk->frames != FRAMES_SIDDHI || h->peer.frames != FRAMES_SIDDHI)
        return weir_fail(err, WEIR_ECONFIG, "another source listens at the same address");
    for (const hub_member *m = h->members; m; m = m->next)
        if (strcmp(m->channel, member->channel) == 0)
            return weir_fail(err, WEIR_ECONFIG, "two tcp sources have the same context, '%s'", m->channel);
    return WEIR_OK;
}

static weir_status new_hub(hub_app *app, const net_spec *spec, const peer_spec *talk, hub **out,
                           weir_error *err) {
    hub *h = calloc(1, sizeof *h);
    if (!h) return wire_no_memory(err);
    h->spec = *spec;
    h->peer = *talk;
    h->peer.who = h->spec.who;
    h->spec.owner = (net_owner){.on_open = on_open,
                                .on_bytes = on_bytes,
                                .on_room = on_room,
                                .on_close = on_close,
                                .on_end = on_end,
                                .on_tick = on_tick,
                                .may_read = may_read,
                                .ctx = h};
    pthread_mutex_init(&h->lock, NULL);
    h->next = app->hubs;
    app->hubs = h;
    *out = h;
    return WEIR_OK;
}

static void free_hub(hub_app *app, hub *h) {
    for (hub **at = &app->hubs; *at; at = &(*at)->next)
        if (*at == h) {
            *at = h->next;
            break;
        }
    net_close(h->net);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

weir_status hub_join(hub_app *app, const net_spec *spec, const peer_spec *talk, hub_member *member,
                     size_t limit, weir_error *err) {
    hub *h = app->hubs;
    while (h && !is_at(h, spec)) h = h->next;
    if (h) WIRE_TRY(may_join(h, talk, member, err));
    WIRE_TRY(wire_inbox_open(&member->inbox, limit, err));
    if (!h) WIRE_TRY(new_hub(app, spec, talk, &h, err));
    pthread_mutex_lock(&h->lock);
    member->hub = h;
    member->next = h->members;
    h->members = member;
    pthread_mutex_unlock(&h->lock);
    weir_status st = h->net ? WEIR_OK : net_open(&h->spec, &h->net, err);
    member->inbox.room_ctx = member;
    member->inbox.room = on_inbox_room;
    return st;
}

static void drop(void *ctx, wire_message *m) {
    (void)ctx;
    free(m);
}

void hub_leave(hub_app *app, hub_member *member) {
    hub *h = member->hub;
    if (h) {
        wire_inbox_close(&member->inbox);
        if (h->members == member && !member->next) { /* the last one: the thread ends before its inbox does */
            net_close(h->net);
            h->net = NULL;
        }
        pthread_mutex_lock(&h->lock);
        for (hub_member **at = &h->members; *at; at = &(*at)->next)
            if (*at == member) {
                *at = member->next;
                break;
            }
        bool is_empty = !h->members;
        pthread_mutex_unlock(&h->lock);
        if (is_empty) free_hub(app, h);
        member->hub = NULL;
    }
    wire_inbox_fini(&member->inbox, drop, NULL);
}

void hub_state(hub_member *member, char *out, size_t size) {
    out[0] = 0;
    if (member->hub && member->hub->net) net_state(member->hub->net, out, size);
}
