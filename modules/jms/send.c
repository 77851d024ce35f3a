/* send.c: the thread's side of the sink: links to what is written to, and the outbox; see sink.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink.h"

#define SCANNED    4096 /* messages looked at in one turn, beyond those that are sent */
#define AGAIN_NS   ((int64_t)1000000000)
#define NO_ROOM_NS ((int64_t)200000000)
#define COMMIT_NS  ((int64_t)200000000) /* without checkpoints, and where what is delivered is asked for */

/* ---- Links -------------------------------------------------------------------------------------------- */

static void attach(jms_sink *s, uint32_t i) {
    jms_target *t = &s->targets[i];
    char name[64];
    snprintf(name, sizeof name, "weir-%" PRIu32 "-%" PRIu64, i, s->n_tags++);
    t->sender = pn_sender(s->link.session, name);
    t->is_up = false;
    t->again_ns = 0;
    pn_link_set_context(t->sender, (void *)(uintptr_t)(i + 1));
    pn_terminus_set_address(pn_link_source(t->sender), name);
    pn_terminus_t *target = pn_link_target(t->sender);
    pn_terminus_set_address(target, t->name);
    const char *kind = s->conf.is_topic ? "topic" : "queue";
    pn_data_put_symbol(pn_terminus_capabilities(target), pn_bytes(strlen(kind), kind));
    pn_link_set_snd_settle_mode(t->sender, PN_SND_UNSETTLED);
    pn_link_open(t->sender);
}

uint32_t jms_sink_target(jms_sink *s, const char *name) {
    for (uint32_t i = 0; i < s->n_targets; i++)
        if (strcmp(s->targets[i].name, name) == 0) return i;
    jms_target *bigger = realloc(s->targets, (s->n_targets + 1) * sizeof *bigger);
    if (!bigger) return UINT32_MAX;
    s->targets = bigger;
    s->targets[s->n_targets] = (jms_target){.name = strdup(name)};
    return s->targets[s->n_targets].name ? s->n_targets++ : UINT32_MAX;
}

static void on_opened(void *ctx, pn_session_t *session) {
    jms_sink *s = ctx;
    if (s->conf.is_transacted) jms_transaction_attach(&s->transaction, session);
    for (uint32_t i = 0; i < s->n_targets; i++) attach(s, i);
    if (!s->n_targets) jms_link_is_well(&s->link);
}

/* ---- The outbox --------------------------------------------------------------------------------------- */

static void done(jms_sink *s, jms_out *o) {
    s->out_bytes -= o->len;
    jms_block_drop(o->block);
    o->block = NULL;
    o->bytes = NULL;
    o->delivery = NULL;
    o->state = JMS_IS_DONE;
}

/* The app is woken when there is something in it for it, and not for each answer. */
static void trim(jms_sink *s) {
    uint64_t before = s->head;
    while (s->head < s->tail && jms_sink_out(s, s->head)->state == JMS_IS_DONE) s->head++;
    if (s->first_waiting < s->head) s->first_waiting = s->head;
    if (s->head != before) s->progress_ns = wire_now_ns();
    bool has_room = s->was_full && jms_sink_is_half_empty(s);
    if (has_room) s->was_full = false;
    if (has_room || s->head == s->tail || s->dropped[0]) jms_link_announce(&s->link);
}

/* A message that the broker will never take is told and left out: everything behind it would wait for ever.
 */
static void drop(jms_sink *s, jms_out *o, const char *why) {
    if (s->args->reports) {
        wire_refusals_add(&s->refusals, o->record, 1, "a message for '%.80s': %.100s",
                          s->targets[o->target].name, why);
        done(s, o);
        return;
    }
    wire_count(&s->n_dropped, 1);
    snprintf(s->dropped, sizeof s->dropped, "a message for '%.80s' was dropped (%" PRIu64 " so far): %.160s",
             s->targets[o->target].name, s->n_dropped, why);
    done(s, o);
}

void jms_sink_forget(jms_sink *s) {
    for (uint64_t i = s->head; i < s->tail; i++) {
        jms_out *o = jms_sink_out(s, i);
        if (o->state != JMS_IS_DONE) done(s, o); /* an answer to one that was sent finds it gone */
    }
    s->head = s->first_waiting = s->tail;
    s->must_roll_back |= s->conf.is_transacted && s->n_in_transaction > s->n_answered;
    wire_refusals_clear(&s->refusals);
    s->n_taken = 0;
}

static void send_again(jms_sink *s, uint64_t from) {
    for (uint64_t i = s->head; i < s->tail; i++) {
        jms_out *o = jms_sink_out(s, i);
        if (i < from || o->state == JMS_WAITS || o->state == JMS_IS_DONE) continue;
        if (o->delivery) pn_delivery_settle(o->delivery);
        o->delivery = NULL;
        o->state = JMS_WAITS;
    }
    s->first_waiting = s->head;
    s->n_in_transaction = s->n_answered = 0;
}

static void on_lost(void *ctx) {
    jms_sink *s = ctx;
    for (uint64_t i = s->head; i < s->tail; i++) jms_sink_out(s, i)->delivery = NULL;
    send_again(s, s->head);
    for (uint32_t i = 0; i < s->n_targets; i++) s->targets[i].sender = NULL;
    jms_transaction_lost(&s->transaction);
    s->must_roll_back = false;
}

static bool is_done(void *ctx) {
    const jms_sink *s = ctx;
    return s->head == s->tail;
}

static void on_leave(void *ctx) {
    jms_sink *s = ctx;
    for (uint32_t i = 0; i < s->n_targets; i++)
        if (s->targets[i].sender) pn_link_close(s->targets[i].sender);
}

/* ---- Sending ------------------------------------------------------------------------------------------ */

static void send_one(jms_sink *s, uint64_t number) {
    jms_out *o = jms_sink_out(s, number);
    pn_link_t *sender = s->targets[o->target].sender;
    uint64_t tag = s->n_tags++;
    o->delivery = pn_delivery(sender, pn_dtag((const char *)&tag, sizeof tag));
    pn_delivery_set_context(o->delivery, (void *)(uintptr_t)(number + 1));
    if (s->conf.is_transacted) {
        jms_transaction_mark(&s->transaction, o->delivery, 0);
        s->n_in_transaction++;
    }
    pn_link_send(sender, o->bytes, o->len);
    pn_link_advance(sender);
    o->state = JMS_IS_SENT;
}

/* Sends what waits, in order for each target. */
static void send_waiting(jms_sink *s) {
    if (s->resume_ns && wire_now_ns() < s->resume_ns) return;
    s->resume_ns = 0;
    if (s->conf.is_transacted && s->transaction.state != JMS_IN_TRANSACTION) return;
    for (uint32_t i = 0; i < s->n_targets; i++) s->targets[i].has_gap = false;
    uint32_t n_passed = 0, n_gaps = 0;
    for (uint64_t i = s->first_waiting; i < s->tail && n_passed < SCANNED && n_gaps < s->n_targets; i++) {
        jms_out *o = jms_sink_out(s, i);
        if (o->state == JMS_WAITS) {
            jms_target *t = &s->targets[o->target];
            if (t->is_refused && s->is_dynamic)
                drop(s, o, t->why);
            else if (!t->sender || !t->is_up || t->has_gap || pn_link_credit(t->sender) <= 0) {
                n_gaps += !t->has_gap;
                t->has_gap = true;
            } else
                send_one(s, i);
        }
        if (!n_gaps)
            s->first_waiting = i + 1;
        else
            n_passed++;
    }
    trim(s);
}

/* ---- Transactions ------------------------------------------------------------------------------------- */

static void transact(jms_sink *s) {
    jms_transaction *t = &s->transaction;
    bool any_waits = s->first_waiting < s->tail,
         is_full = s->out_bytes >= JMS_OUT_BYTES / 2 || s->tail - s->head >= JMS_OUT_MESSAGES / 2;
    if (t->state == JMS_NO_TRANSACTION && s->head < s->tail) {
        s->n_in_transaction = s->n_answered = 0;
        (void)jms_transaction_declare(t);
        if (!s->args->has_checkpoints || s->args->reports) s->commit_ns = wire_now_ns() + COMMIT_NS;
    }
    if (t->state != JMS_IN_TRANSACTION || s->n_answered < s->n_in_transaction) return;
    bool is_time =
        s->wants_commit || is_full || s->link.is_ending || (s->commit_ns && wire_now_ns() >= s->commit_ns);
    if (s->must_roll_back)
        (void)jms_transaction_discharge(t, true);
    else if (is_time && s->n_in_transaction && (!any_waits || is_full))
        (void)jms_transaction_discharge(t, false);
}

static void on_transaction(jms_sink *s, jms_transaction_news news) {
    if (news == JMS_NO_NEWS || news == JMS_IS_DECLARED) return;
    s->must_roll_back = false;
    if (news == JMS_COMMITTED) {
        for (uint64_t i = s->head; i < s->tail; i++) {
            jms_out *o = jms_sink_out(s, i);
            if (o->state == JMS_IS_TAKEN) done(s, o);
        }
        s->n_in_transaction = s->n_answered = 0;
        jms_link_is_well(&s->link);
        trim(s);
        return;
    }
    if (s->transaction.why[0])
        jms_link_complain(&s->link, "a transaction was refused: %s", s->transaction.why);
    s->transaction.why[0] = 0;
    s->resume_ns = wire_now_ns() + NO_ROOM_NS;
    send_again(s, s->head);
    if (!s->transaction.coordinator) pn_connection_close(s->link.driver.connection);
}

/* ---- Answers ------------------------------------------------------------------------------------------ */

static void on_answer(jms_sink *s, pn_delivery_t *delivery) {
    uint64_t number = (uint64_t)(uintptr_t)pn_delivery_get_context(delivery);
    uint64_t outcome = jms_transaction_answer(delivery);
    if (!number-- || !outcome || outcome == PN_RECEIVED) return;
    jms_out *o = number >= s->head && number < s->tail ? jms_sink_out(s, number) : NULL;
    if (!o || o->delivery != delivery) {
        pn_delivery_settle(delivery);
        return;
    }
    char why[160];
    pn_condition_t *condition = pn_disposition_condition(pn_delivery_remote(delivery));
    jms_condition_text(condition, why, sizeof why);
    s->n_answered += s->conf.is_transacted;
    bool is_final = outcome == PN_REJECTED && strncmp(why, "amqp:resource-limit-exceeded", 28) != 0;
    pn_delivery_settle(delivery);
    o->delivery = NULL;
    if (outcome == PN_ACCEPTED && s->conf.is_transacted)
        o->state = JMS_IS_TAKEN;
    else if (outcome == PN_ACCEPTED)
        done(s, o);
    else if (is_final)
        drop(s, o, why[0] ? why : "the broker has rejected it");
    else { /* there is no room, or the queue is moving: later */
        o->state = JMS_WAITS;
        s->first_waiting = number < s->first_waiting ? number : s->first_waiting;
        s->resume_ns = wire_now_ns() + NO_ROOM_NS;
        jms_link_complain(&s->link, "'%s' takes nothing now: %s", s->targets[o->target].name,
                          why[0] ? why : "released");
    }
    if (outcome != PN_ACCEPTED) s->must_roll_back = s->conf.is_transacted;
    if (outcome == PN_ACCEPTED && s->link.state[0]) jms_link_is_well(&s->link);
    trim(s);
}

static void on_refused(jms_sink *s, jms_target *t) {
    jms_condition_text(pn_link_remote_condition(t->sender), t->why, sizeof t->why);
    if (!t->why[0]) snprintf(t->why, sizeof t->why, "the broker has ended the link");
    jms_link_complain(&s->link, "'%s' can't be written: %s", t->name, t->why);
    uint32_t self = (uint32_t)(t - s->targets);
    for (uint64_t i = s->head; i < s->tail; i++) {
        jms_out *o = jms_sink_out(s, i);
        if (o->target != self || o->state != JMS_IS_SENT) continue;
        o->state = JMS_WAITS;
        o->delivery = NULL;
        s->must_roll_back = s->conf.is_transacted;
        s->n_answered += s->conf.is_transacted;
    }
    s->first_waiting = s->head;
    pn_link_close(t->sender);
    t->sender = NULL;
    t->is_up = false;
    t->is_refused = true;
    t->again_ns = wire_now_ns() + AGAIN_NS;
}

static void on_event(void *ctx, pn_event_t *event) {
    jms_sink *s = ctx;
    on_transaction(s, jms_transaction_event(&s->transaction, event));
    pn_link_t *link = pn_event_link(event);
    uintptr_t index = link && link != s->transaction.coordinator ? (uintptr_t)pn_link_get_context(link) : 0;
    jms_target *t = index ? &s->targets[index - 1] : NULL;
    if (!t || t->sender != link) return;
    switch (pn_event_type(event)) {
    case PN_LINK_REMOTE_OPEN:
        if (pn_terminus_get_type(pn_link_remote_target(link)) == PN_UNSPECIFIED)
            break; /* refused: a close comes */
        t->is_up = true;
        t->is_refused = false;
        jms_link_is_well(&s->link);
        break;
    case PN_DELIVERY:
        if (pn_delivery_updated(pn_event_delivery(event))) on_answer(s, pn_event_delivery(event));
        break;
    case PN_LINK_REMOTE_CLOSE:
    case PN_LINK_REMOTE_DETACH:
        if (!s->link.is_left) on_refused(s, t);
        break;
    default: break;
    }
}

static int64_t until(int64_t wait, int64_t when_ns, int64_t now) {
    if (!when_ns) return wait;
    int64_t ms = when_ns > now ? (when_ns - now) / 1000000 + 1 : 0;
    return wait < 0 || ms < wait ? ms : wait;
}

static int64_t on_turn(void *ctx) {
    jms_sink *s = ctx;
    int64_t now = wire_now_ns(), wait = -1;
    for (uint32_t i = 0; i < s->n_targets; i++) {
        jms_target *t = &s->targets[i];
        if (!t->sender && now >= t->again_ns) attach(s, i);
        wait = until(wait, t->again_ns, now);
    }
    if (s->conf.is_transacted) transact(s);
    send_waiting(s);
    if (s->conf.is_transacted) transact(s);
    if (s->resume_ns) wait = until(wait, s->resume_ns, now);
    if (s->commit_ns && s->head < s->tail) wait = until(wait, s->commit_ns, now);
    return wait;
}

const jms_handler jms_sink_handler = {on_opened, on_event, on_turn, on_lost, is_done, on_leave};
