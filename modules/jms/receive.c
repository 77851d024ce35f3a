/* receive.c: the thread's side of the source: its link, deliveries that come, and settling them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

#define FORGET_NS ((int64_t)60 * 1000000000)

/* ---- The link ----------------------------------------------------------------------------------------- */

static void put_symbol(pn_data_t *d, const char *text) {
    pn_data_put_symbol(d, pn_bytes(strlen(text), text));
}

static void ask_for_selector(pn_terminus_t *source, const char *selector) {
    pn_data_t *d = pn_terminus_filter(source);
    pn_data_put_map(d);
    pn_data_enter(d);
    put_symbol(d, "jms-selector");
    pn_data_put_described(d);
    pn_data_enter(d);
    pn_data_put_ulong(d, 0x0000468C00000004u); /* apache.org:selector-filter:string */
    pn_data_put_string(d, pn_bytes(strlen(selector), selector));
    pn_data_exit(d);
    pn_data_exit(d);
}

static void attach(jms_source *s) {
    bool is_durable = s->subscription[0];
    char name[320];
    snprintf(name, sizeof name, "weir-%s-%s", s->args->schema->stream, s->destination);
    pn_link_t *r = pn_receiver(s->link.session, is_durable ? s->subscription : name);
    pn_terminus_t *source = pn_link_source(r);
    pn_terminus_set_address(source, s->destination);
    put_symbol(pn_terminus_capabilities(source), s->conf.is_topic ? "topic" : "queue");
    if (is_durable) {
        pn_terminus_set_durability(source, PN_DELIVERIES);
        pn_terminus_set_expiry_policy(source, PN_EXPIRE_NEVER);
        pn_terminus_set_distribution_mode(source, PN_DIST_MODE_COPY);
    } else if (s->conf.is_topic)
        pn_terminus_set_expiry_policy(source, PN_EXPIRE_WITH_LINK);
    if (s->selector) ask_for_selector(source, s->selector);
    pn_terminus_set_address(pn_link_target(r), s->destination);
    pn_link_set_snd_settle_mode(r, PN_SND_UNSETTLED);
    pn_link_set_rcv_settle_mode(r, PN_RCV_FIRST);
    pn_link_open(r);
    s->receiver = r;
    s->is_attached = false;
    s->attach_again_ns = 0;
    s->coming.len = 0;
    s->is_skipping = s->is_held_up = false;
}

static void on_opened(void *ctx, pn_session_t *session) {
    jms_source *s = ctx;
    if (s->conf.is_transacted) jms_transaction_attach(&s->transaction, session);
    attach(s);
}

/* A broker that knows no selectors would send everything: it says which filters it has taken. */
static void on_attached(jms_source *s) {
    pn_terminus_t *source = pn_link_remote_source(s->receiver);
    if (pn_terminus_get_type(source) == PN_UNSPECIFIED) return; /* refused: why comes with the close */
    if (s->selector && pn_data_size(pn_terminus_filter(source)) == 0) {
        jms_link_complain(&s->link, "the broker knows no selectors");
        pn_link_close(s->receiver);
        return;
    }
    s->is_attached = true;
    s->forget_ns = s->seen.n ? wire_now_ns() + FORGET_NS : 0;
    jms_link_is_well(&s->link);
    jms_link_announce(&s->link);
}

static void remember(jms_source *s, const unsigned char id[16], uint64_t number) {
    static const unsigned char none[16];
    if (memcmp(id, none, 16) != 0) (void)jms_seen_add(&s->seen, id, number);
}

static void forget_deliveries(jms_source *s) {
    for (uint64_t i = 0; i < s->n_kept && i < JMS_KEPT; i++) remember(s, s->kept[i], JMS_SEEN_BEFORE);
    s->n_kept = 0;
    for (uint64_t i = s->head; i < s->shown; i++) {
        jms_item *item = jms_source_item(s, i);
        if (item->delivery) remember(s, item->message.id, i);
        item->delivery = NULL;
    }
    for (; s->tail > s->shown; s->tail--) {
        jms_item *item = jms_source_item(s, s->tail - 1);
        s->ahead_bytes -= item->message.size;
        jms_message_free(&item->message);
    }
    s->forget_ns = 0;
}

static void on_lost(void *ctx) {
    jms_source *s = ctx;
    forget_deliveries(s);
    jms_transaction_lost(&s->transaction);
    s->in_transaction = 0;
    s->receiver = NULL;
    s->is_attached = false;
    jms_link_announce(&s->link);
}

static bool is_done(void *ctx) {
    const jms_source *s = ctx;
    return s->head >= s->settle_to;
}

static void on_leave(void *ctx) {
    jms_source *s = ctx;
    if (!s->receiver) return;
    if (s->subscription[0])
        pn_link_detach(s->receiver); /* closing it would end the subscription */
    else
        pn_link_close(s->receiver);
}

/* ---- Settling ----------------------------------------------------------------------------------------- */

static void pass(jms_source *s, uint64_t to) {
    for (; s->head < to; s->head++) {
        jms_item *item = jms_source_item(s, s->head);
        if (item->delivery) {
            pn_delivery_settle(item->delivery);
            memcpy(s->kept[s->n_kept++ % JMS_KEPT], item->message.id, 16);
        }
        item->delivery = NULL;
    }
}

/* All that is safe in one transaction; what comes meanwhile is for the next. */
static void settle_in_transaction(jms_source *s) {
    if (s->in_transaction || s->head >= s->settle_to) return;
    bool any = false;
    for (uint64_t i = s->head; i < s->settle_to && !any; i++) any = jms_source_item(s, i)->delivery != NULL;
    if (!any) {
        pass(s, s->settle_to);
        return;
    }
    if (s->transaction.state == JMS_NO_TRANSACTION) (void)jms_transaction_declare(&s->transaction);
    if (s->transaction.state != JMS_IN_TRANSACTION) return;
    for (uint64_t i = s->head; i < s->settle_to; i++) {
        jms_item *item = jms_source_item(s, i);
        if (item->delivery) jms_transaction_mark(&s->transaction, item->delivery, PN_ACCEPTED);
    }
    if (jms_transaction_discharge(&s->transaction, false)) s->in_transaction = s->settle_to;
}

void jms_source_settle(jms_source *s) {
    if (s->conf.is_transacted) {
        settle_in_transaction(s);
        return;
    }
    for (uint64_t i = s->head; i < s->settle_to; i++) {
        jms_item *item = jms_source_item(s, i);
        if (item->delivery) pn_delivery_update(item->delivery, PN_ACCEPTED);
    }
    pass(s, s->settle_to);
}

static void on_transaction(jms_source *s, jms_transaction_news news) {
    if (news == JMS_COMMITTED) {
        pass(s, s->in_transaction);
        s->in_transaction = 0;
    }
    if (news == JMS_ROLLED_BACK) { /* the broker takes the messages back: a new connection sorts it out */
        jms_link_complain(&s->link, "the acknowledging transaction was refused: %s", s->transaction.why);
        pn_connection_close(s->link.driver.connection);
    }
}

/* ---- What comes --------------------------------------------------------------------------------------- */

static bool has_room(const jms_source *s) {
    return s->ahead_bytes < JMS_AHEAD_BYTES && s->tail - s->head < JMS_UNSETTLED;
}

static bool grow_items(jms_source *s) {
    if (s->tail - s->head < s->cap) return true;
    uint64_t cap = s->cap ? s->cap * 2 : 1024;
    jms_item *bigger = calloc(cap, sizeof *bigger);
    if (!bigger) return false;
    for (uint64_t i = s->head; i < s->tail; i++) bigger[i & (cap - 1)] = *jms_source_item(s, i);
    free(s->items);
    s->items = bigger;
    s->cap = cap;
    return true;
}

/* The app has had it: the new delivery takes the place of the old, or there is none any more to wait for. */
static bool is_redelivered(jms_source *s, pn_delivery_t *delivery, const jms_message *m) {
    uint64_t number = s->seen.n ? jms_seen_take(&s->seen, m->id) : 0;
    if (!number) return false;
    if (number >= s->head && number < s->tail) {
        jms_source_item(s, number)->delivery = delivery;
        return true;
    }
    pn_delivery_update(delivery, PN_ACCEPTED);
    pn_delivery_settle(delivery);
    return true;
}

static void take_message(jms_source *s, pn_delivery_t *delivery) {
    jms_message m;
    if (!grow_items(s) || s->coming.is_full ||
        !jms_reader_read(s->reader, s->coming.data ? s->coming.data : "", s->coming.len, s->destination,
                         &m)) {
        jms_link_complain(&s->link, "out of memory for a message of %zu bytes", s->coming.len);
        pn_connection_close(s->link.driver.connection); /* it comes again */
        return;
    }
    s->mean_bytes += ((double)m.size - s->mean_bytes) / 16;
    bool is_settled = pn_delivery_settled(delivery);
    if (is_redelivered(s, is_settled ? NULL : delivery, &m)) {
        jms_message_free(&m);
        return;
    }
    *jms_source_item(s, s->tail++) = (jms_item){is_settled ? NULL : delivery, m};
    if (is_settled) pn_delivery_settle(delivery);
    s->ahead_bytes += m.size;
    jms_link_announce(&s->link);
}

static void refuse_large(jms_source *s, pn_delivery_t *delivery) {
    wire_count(&s->n_too_large, 1);
    jms_link_complain(&s->link, "a message of more than max.message.size was rejected (%" PRIu64 " so far)",
                      s->n_too_large);
    pn_delivery_update(delivery, PN_REJECTED);
    pn_delivery_settle(delivery);
}

/* Reads what there is of the message in hand. False: it is not whole yet. */
static bool read_bytes(jms_source *s, pn_delivery_t *delivery) {
    for (size_t more; (more = pn_delivery_pending(delivery)) > 0;) {
        s->is_skipping |= s->coming.len + more > s->largest;
        if (s->is_skipping) s->coming.len = 0;
        if (!jms_buffer_reserve(&s->coming, more)) return false;
        ssize_t n = pn_link_recv(s->receiver, s->coming.data + s->coming.len, more);
        if (n <= 0) break;
        s->coming.len += (size_t)n;
    }
    return !pn_delivery_partial(delivery);
}

static void read_deliveries(jms_source *s) {
    pn_delivery_t *delivery;
    while (s->receiver && (delivery = pn_link_current(s->receiver)) && pn_delivery_readable(delivery)) {
        s->is_held_up = !has_room(s);
        if (s->is_held_up) return;
        if (pn_delivery_aborted(delivery)) {
            pn_delivery_settle(delivery);
            s->coming.len = 0;
            s->is_skipping = false;
            continue;
        }
        if (!read_bytes(s, delivery)) return;
        pn_link_advance(s->receiver);
        if (s->is_skipping)
            refuse_large(s, delivery);
        else
            take_message(s, delivery);
        s->coming.len = 0;
        s->is_skipping = false;
        if (s->coming.cap > JMS_WINDOW_BYTES) { /* not kept for the sake of one large message */
            free(s->coming.data);
            s->coming = (jms_buffer){0};
        }
    }
}

/* How many more messages the broker may send: as many as there is room for, of the usual size. 0: not yet
 * worth the while. */
static int credit_due(const jms_source *s) {
    if (!s->is_attached || !has_room(s)) return 0;
    double fit = (double)(JMS_AHEAD_BYTES - s->ahead_bytes) / (s->mean_bytes + 1) + 1;
    uint64_t unsettled = JMS_UNSETTLED - (s->tail - s->head), ahead = s->tail - s->used;
    double most = ahead < s->prefetch ? (double)(s->prefetch - ahead) : 0;
    if (most > fit) most = fit;
    if (most > (double)unsettled) most = (double)unsettled;
    int credit = pn_link_credit(s->receiver);
    int more = (int)most - credit;
    return more > 0 && (more >= (int)s->prefetch / 4 || !credit) ? more : 0;
}

static void give_credit(jms_source *s) {
    int more = credit_due(s);
    if (more) pn_link_flow(s->receiver, more);
}

bool jms_source_has_room_again(const jms_source *s) {
    return (s->is_held_up && has_room(s)) || credit_due(s);
}

static int64_t on_turn(void *ctx) {
    jms_source *s = ctx;
    int64_t now = wire_now_ns(), wait = -1;
    if (s->attach_again_ns && now >= s->attach_again_ns) attach(s);
    if (s->attach_again_ns) wait = (s->attach_again_ns - now) / 1000000 + 1;
    if (s->forget_ns && now >= s->forget_ns) {
        jms_seen_clear(&s->seen);
        s->forget_ns = 0;
    }
    jms_source_settle(s);
    read_deliveries(s);
    give_credit(s);
    return wait;
}

/* The broker ends the link: it may not be read, a selector is wrong, it was deleted. */
static void on_detached(jms_source *s) {
    char why[160];
    jms_condition_text(pn_link_remote_condition(s->receiver), why, sizeof why);
    jms_link_complain(&s->link, "%s '%s' can't be read: %s", s->conf.is_topic ? "topic" : "queue",
                      s->destination, why[0] ? why : "the broker has ended the link");
    forget_deliveries(s);
    pn_link_close(s->receiver);
    s->receiver = NULL;
    s->is_attached = false;
    s->attach_again_ns = wire_now_ns() + s->conf.longest_wait_ms * 1000000 / 4;
}

static void on_event(void *ctx, pn_event_t *event) {
    jms_source *s = ctx;
    jms_transaction_news news = jms_transaction_event(&s->transaction, event);
    if (news != JMS_NO_NEWS) on_transaction(s, news);
    if (!s->receiver || pn_event_link(event) != s->receiver) return;
    switch (pn_event_type(event)) {
    case PN_LINK_REMOTE_OPEN: on_attached(s); break;
    case PN_DELIVERY: read_deliveries(s); break;
    case PN_LINK_REMOTE_CLOSE:
    case PN_LINK_REMOTE_DETACH:
        if (!s->link.is_left) on_detached(s);
        break;
    default: break;
    }
}

const jms_handler jms_source_handler = {on_opened, on_event, on_turn, on_lost, is_done, on_leave};
