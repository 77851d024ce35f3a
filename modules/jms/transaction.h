/* transaction.h: local transactions of AMQP 1.0 (part 4 of the standard), for which Proton has no calls: a
 * link to the broker's coordinator, to which `declare` and `discharge` are sent as messages. One at a time.
 */
#ifndef JMS_TRANSACTION_H
#define JMS_TRANSACTION_H

#include <proton/engine.h>
#include <proton/message.h>

#include "weir_io.h"

/* Codes of described types. */
#define JMS_DECLARE       0x31u
#define JMS_DISCHARGE     0x32u
#define JMS_DECLARED      0x33u
#define JMS_TRANSACTIONAL 0x34u /* the state of a delivery in a transaction */

typedef enum jms_transaction_state {
    JMS_NO_TRANSACTION,
    JMS_DECLARING,
    JMS_IN_TRANSACTION,
    JMS_COMMITTING,
    JMS_ROLLING_BACK
} jms_transaction_state;

typedef enum jms_transaction_news {
    JMS_NO_NEWS,     /* not about this transaction */
    JMS_IS_DECLARED, /* it has begun */
    JMS_COMMITTED,
    JMS_ROLLED_BACK, /* or refused: nothing of it holds */
} jms_transaction_news;

typedef struct jms_transaction {
    pn_link_t *coordinator; /* NULL: not connected */
    jms_transaction_state state;
    char id[64];
    size_t id_len;
    uint64_t n_sent; /* messages to the coordinator, for their tags */
    char why[160];   /* of the last refusal */
} jms_transaction;

void jms_transaction_attach(jms_transaction *t, pn_session_t *session);
void jms_transaction_lost(jms_transaction *t);
/* False: not now (no credit yet). */
bool jms_transaction_declare(jms_transaction *t);
bool jms_transaction_discharge(jms_transaction *t, bool fails);
/* Puts a delivery into the transaction: `outcome` is what a receiver says of it (PN_ACCEPTED); 0: a sender's.
 */
void jms_transaction_mark(const jms_transaction *t, pn_delivery_t *delivery, uint64_t outcome);
/* What a sender's delivery in a transaction was answered, provisionally; 0: nothing yet. */
uint64_t jms_transaction_answer(pn_delivery_t *delivery);
/* To be called for events of links and deliveries. */
jms_transaction_news jms_transaction_event(jms_transaction *t, pn_event_t *event);

#endif
