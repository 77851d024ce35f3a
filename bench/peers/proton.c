/* proton.c: the library's own bare loops: a receiver that only settles what comes (or decodes it too, as who
 * wants the text must), and a sender of one body, encoded once or each time, with an outcome for each message
 * as weir asks for. Usage: proton PORT QUEUE COUNT receive|decode CREDIT
 *                         proton PORT QUEUE COUNT send|encode FILE */
#include <proton/connection.h>
#include <proton/delivery.h>
#include <proton/link.h>
#include <proton/message.h>
#include <proton/proactor.h>
#include <proton/session.h>
#include <proton/transport.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *queue;
    long to_send, left, credit; /* left: not yet settled */
    bool sends, codes, has_failed;
    pn_message_t *message;
    char *bytes;
    size_t len;
    uint64_t tag;
} peer;

static char body[1 << 20];
static size_t body_len;

static bool read_body(const char *file) {
    FILE *f = fopen(file, "rb");
    if (!f) return false;
    body_len = fread(body, 1, sizeof body, f);
    fclose(f);
    return true;
}

/* The body as a durable text message. */
static bool encode(void) {
    static char out[(1 << 20) + 4096];
    pn_message_t *m = peer.message;
    pn_message_clear(m);
    pn_message_set_durable(m, true);
    pn_data_put_string(pn_message_body(m), pn_bytes(body_len, body));
    peer.bytes = out;
    peer.len = sizeof out;
    return !pn_message_encode(m, out, &peer.len);
}

static void open_link(pn_connection_t *c) {
    pn_session_t *s = pn_session(c);
    pn_connection_open(c);
    pn_session_set_incoming_capacity(s, 4 << 20);
    pn_session_open(s);
    pn_link_t *l = peer.sends ? pn_sender(s, "bare-out") : pn_receiver(s, "bare-in");
    pn_terminus_t *at = peer.sends ? pn_link_target(l) : pn_link_source(l);
    pn_terminus_set_address(at, peer.queue);
    pn_data_put_symbol(pn_terminus_capabilities(at), pn_bytes(5, "queue"));
    pn_link_open(l);
    if (!peer.sends) pn_link_flow(l, (int)peer.credit);
}

static void send_some(pn_link_t *l) {
    for (; peer.to_send && pn_link_credit(l) > 0; peer.to_send--) {
        peer.tag++;
        if (peer.codes && !encode()) peer.has_failed = true;
        pn_delivery(l, pn_dtag((const char *)&peer.tag, sizeof peer.tag));
        pn_link_send(l, peer.bytes, peer.len);
        pn_link_advance(l);
    }
}

static void receive(pn_delivery_t *d) {
    static char bytes[65536];
    static size_t len;
    pn_link_t *l = pn_delivery_link(d);
    for (ssize_t n; len < sizeof bytes && (n = pn_link_recv(l, bytes + len, sizeof bytes - len)) > 0;)
        len += (size_t)n;
    if (pn_delivery_partial(d)) return;
    if (peer.codes && pn_message_decode(peer.message, bytes, len)) peer.has_failed = true;
    len = 0;
    pn_delivery_update(d, PN_ACCEPTED);
    pn_delivery_settle(d);
    peer.left--;
    if (pn_link_credit(l) < peer.credit / 2) pn_link_flow(l, (int)peer.credit - pn_link_credit(l));
}

static void on_delivery(pn_event_t *e) {
    pn_delivery_t *d = pn_event_delivery(e);
    if (!peer.sends) {
        if (pn_delivery_readable(d)) receive(d);
    } else if (pn_delivery_updated(d)) {
        peer.has_failed |= pn_delivery_remote_state(d) != PN_ACCEPTED;
        pn_delivery_settle(d);
        peer.left--;
    }
    if (peer.left <= 0) pn_connection_close(pn_event_connection(e));
}

static bool handle(pn_event_t *e) { /* false: it is over */
    switch (pn_event_type(e)) {
    case PN_CONNECTION_INIT: open_link(pn_event_connection(e)); break;
    case PN_LINK_FLOW:
        if (peer.sends) send_some(pn_event_link(e));
        break;
    case PN_DELIVERY: on_delivery(e); break;
    case PN_TRANSPORT_ERROR: peer.has_failed = true; break;
    case PN_PROACTOR_INACTIVE: return false;
    default: break;
    }
    return true;
}

int main(int argc, char **argv) {
    char address[64];
    bool goes_on = true;
    if (argc != 6) return 2;
    peer.queue = argv[2];
    peer.to_send = peer.left = atol(argv[3]);
    peer.codes = strcmp(argv[4], "encode") == 0 || strcmp(argv[4], "decode") == 0;
    peer.sends = strcmp(argv[4], "send") == 0 || strcmp(argv[4], "encode") == 0;
    peer.message = pn_message();
    if (peer.sends && (!read_body(argv[5]) || !encode())) return 1;
    peer.credit = atol(argv[5]);
    snprintf(address, sizeof address, "127.0.0.1:%d", atoi(argv[1]));
    pn_proactor_t *p = pn_proactor();
    pn_proactor_connect2(p, NULL, NULL, address);
    while (goes_on) {
        pn_event_batch_t *batch = pn_proactor_wait(p);
        for (pn_event_t *e; goes_on && (e = pn_event_batch_next(batch));) goes_on = handle(e);
        pn_proactor_done(p, batch);
    }
    pn_proactor_free(p);
    pn_message_free(peer.message);
    return peer.has_failed || peer.left > 0;
}
