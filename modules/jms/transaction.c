/* transaction.c: see transaction.h. */
#include "transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

void jms_transaction_attach(jms_transaction *t, pn_session_t *session) {
    t->coordinator = pn_sender(session, "weir-transactions");
    t->state = JMS_NO_TRANSACTION;
    pn_terminus_t *target = pn_link_target(t->coordinator);
    pn_terminus_set_type(target, PN_COORDINATOR);
    pn_data_t *d = pn_terminus_capabilities(target);
    pn_data_put_array(d, false, PN_SYMBOL);
    pn_data_enter(d);
    pn_data_put_symbol(d, pn_bytes(strlen("amqp:local-transactions"), "amqp:local-transactions"));
    pn_data_exit(d);
    pn_terminus_set_type(pn_link_source(t->coordinator), PN_SOURCE);
    pn_link_open(t->coordinator);
}

void jms_transaction_lost(jms_transaction *t) {
    t->coordinator = NULL;
    t->state = JMS_NO_TRANSACTION;
}

/* ---- To the coordinator ------------------------------------------------------------------------------- */

static bool send_to_coordinator(jms_transaction *t, pn_message_t *m) {
    char bytes[256], tag[24];
    size_t len = sizeof bytes;
    if (pn_message_encode(m, bytes, &len)) return false;
    int n = snprintf(tag, sizeof tag, "%llu", (unsigned long long)t->n_sent++);
    pn_delivery(t->coordinator, pn_dtag(tag, (size_t)n));
    pn_link_send(t->coordinator, bytes, len);
    return pn_link_advance(t->coordinator);
}

static bool can_send(const jms_transaction *t) {
    return t->coordinator && pn_link_credit(t->coordinator) > 0;
}

bool jms_transaction_declare(jms_transaction *t) {
    if (t->state != JMS_NO_TRANSACTION || !can_send(t)) return false;
    pn_message_t *m = pn_message();
    pn_data_t *d = m ? pn_message_body(m) : NULL;
    if (!m) return false;
    pn_data_put_described(d);
    pn_data_enter(d);
    pn_data_put_ulong(d, JMS_DECLARE);
    pn_data_put_list(d);
    pn_data_exit(d);
    bool ok = send_to_coordinator(t, m);
    pn_message_free(m);
    if (ok) t->state = JMS_DECLARING;
    return ok;
}

bool jms_transaction_discharge(jms_transaction *t, bool fails) {
    if (t->state != JMS_IN_TRANSACTION || !can_send(t)) return false;
    pn_message_t *m = pn_message();
    pn_data_t *d = m ? pn_message_body(m) : NULL;
    if (!m) return false;
    pn_data_put_described(d);
    pn_data_enter(d);
    pn_data_put_ulong(d, JMS_DISCHARGE);
    pn_data_put_list(d);
    pn_data_enter(d);
    pn_data_put_binary(d, pn_bytes(t->id_len, t->id));
    pn_data_put_bool(d, fails);
    pn_data_exit(d);
    pn_data_exit(d);
    bool ok = send_to_coordinator(t, m);
    pn_message_free(m);
    if (ok) t->state = fails ? JMS_ROLLING_BACK : JMS_COMMITTING;
    return ok;
}

/* ---- Deliveries --------------------------------------------------------------------------------------- */

/* The state is described list of the transaction's id and the outcome. */
void jms_transaction_mark(const jms_transaction *t, pn_delivery_t *delivery, uint64_t outcome) {
    pn_data_t *d = pn_disposition_data(pn_delivery_local(delivery));
    pn_data_clear(d);
    pn_data_put_list(d);
    pn_data_enter(d);
    pn_data_put_binary(d, pn_bytes(t->id_len, t->id));
    if (outcome) {
        pn_data_put_described(d);
        pn_data_enter(d);
        pn_data_put_ulong(d, outcome);
        pn_data_put_list(d);
        pn_data_exit(d);
    }
    pn_data_exit(d);
    pn_delivery_update(delivery, JMS_TRANSACTIONAL);
}

/* Steps into the list that a remote state is. */
static bool enter_state(pn_data_t *d) {
    pn_data_rewind(d);
    return pn_data_next(d) && pn_data_type(d) == PN_LIST && pn_data_enter(d) && pn_data_next(d);
}

uint64_t jms_transaction_answer(pn_delivery_t *delivery) {
    uint64_t state = pn_delivery_remote_state(delivery);
    if (state != JMS_TRANSACTIONAL) return state;
    pn_data_t *d = pn_disposition_data(pn_delivery_remote(delivery));
    if (!enter_state(d) || !pn_data_next(d) || pn_data_type(d) != PN_DESCRIBED || !pn_data_enter(d) ||
        !pn_data_next(d))
        return 0;
    return pn_data_type(d) == PN_ULONG ? pn_data_get_ulong(d) : 0;
}

/* ---- From the coordinator ----------------------------------------------------------------------------- */

static bool read_id(jms_transaction *t, pn_delivery_t *delivery) {
    pn_data_t *d = pn_disposition_data(pn_delivery_remote(delivery));
    if (!enter_state(d) || pn_data_type(d) != PN_BINARY) return false;
    pn_bytes_t id = pn_data_get_binary(d);
    if (!id.size || id.size > sizeof t->id) return false;
    memcpy(t->id, id.start, id.size);
    t->id_len = id.size;
    return true;
}

static jms_transaction_news answered(jms_transaction *t, pn_delivery_t *delivery) {
    uint64_t state = pn_delivery_remote_state(delivery);
    jms_transaction_state was = t->state;
    t->state = JMS_NO_TRANSACTION;
    if (was == JMS_DECLARING && state == JMS_DECLARED && read_id(t, delivery)) {
        t->state = JMS_IN_TRANSACTION;
        return JMS_IS_DECLARED;
    }
    if (was == JMS_COMMITTING && state == PN_ACCEPTED) return JMS_COMMITTED;
    jms_condition_text(pn_disposition_condition(pn_delivery_remote(delivery)), t->why, sizeof t->why);
    return JMS_ROLLED_BACK;
}

jms_transaction_news jms_transaction_event(jms_transaction *t, pn_event_t *event) {
    if (!t->coordinator || pn_event_link(event) != t->coordinator) return JMS_NO_NEWS;
    pn_delivery_t *delivery = pn_event_delivery(event);
    switch (pn_event_type(event)) {
    case PN_DELIVERY: {
        if (!pn_delivery_updated(delivery) || !pn_delivery_remote_state(delivery)) return JMS_NO_NEWS;
        jms_transaction_news news = answered(t, delivery);
        pn_delivery_settle(delivery);
        return news;
    }
    case PN_LINK_REMOTE_CLOSE:
    case PN_LINK_REMOTE_DETACH:
        jms_condition_text(pn_link_remote_condition(t->coordinator), t->why, sizeof t->why);
        pn_link_close(t->coordinator);
        jms_transaction_lost(t);
        return JMS_ROLLED_BACK;
    default: return JMS_NO_NEWS;
    }
}
