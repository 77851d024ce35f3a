/* link.h: a connection to a broker that a thread of its own keeps up: it connects, answers heartbeats, and
 * connects again after a failure, first soon and then in longer and longer steps with some chance in them.
 *
 * One lock guards the link, Proton's objects and all that its user shares with the thread: the user's calls
 * of Proton are made within jms_link_lock, the handler's functions are called by the thread within it. It is
 * not held while the thread waits, resolves names or connects. The thread never logs: what it has to say, the
 * app's thread passes on (jms_link_tell). */
#ifndef JMS_LINK_H
#define JMS_LINK_H

#include <proton/connection_driver.h>
#include <proton/engine.h>
#include <pthread.h>

#include "conf.h"

typedef struct jms_handler {
    /* The broker has opened the connection: make links. */
    void (*opened)(void *ctx, pn_session_t *session);
    /* Something of a link or delivery. */
    void (*event)(void *ctx, pn_event_t *event);
    /* Before bytes are written: hand Proton what waits. Returns how long nothing is due, ms; -1: for ever. */
    int64_t (*turn)(void *ctx);
    /* The connection is gone, and all of Proton's objects with it. */
    void (*lost)(void *ctx);
    /* Asked when the link is to be stopped: nothing is left to be said to the broker. */
    bool (*is_done)(void *ctx);
    /* The connection is about to be closed: close or detach links. */
    void (*leave)(void *ctx);
} jms_handler;

typedef struct jms_link {
    const jms_conf *conf;
    const weir_io_host *host;
    const char *who; /* for messages */
    const jms_handler *handler;
    void *ctx;
    size_t window_bytes; /* that may be on their way to us unread */
    bool gathers;        /* what comes close together is read together */
    int64_t came_ns;     /* when something came last */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* waited for by jms_link_wait */
    bool has_lock, has_thread, is_ending;
    int kick[2]; /* wakes the thread */
    int news[2]; /* wakes the app: news[0] is readable */
    bool has_news, is_news_due;
    /* Of the connection in hand. */
    pn_connection_driver_t driver;
    pn_session_t *session;
    bool is_open; /* the broker has answered */
    bool is_left;
    /* Of all of them. */
    uint32_t n_tries, turn_of; /* failures in a row; the endpoint to try */
    bool has_given_up;
    char state[240]; /* what is wrong just now; "": nothing */
    char note[400];  /* to be logged; "": nothing */
    int64_t next_note_ns;
    uint64_t random;
} jms_link;

/* Makes lock and pipes and starts the thread. conf, handler and who outlive the link. */
weir_status jms_link_start(jms_link *l, weir_error *err);
/* Leaves the broker in order, for at most a few seconds, and ends the thread. Fine when never started. */
void jms_link_stop(jms_link *l);

void jms_link_lock(jms_link *l);
void jms_link_unlock(jms_link *l);
/* Within the lock: */
void jms_link_kick(jms_link *l);                   /* the thread has its turn at once */
void jms_link_announce(jms_link *l);               /* by the thread: the app has something to look at: it is
                                                      woken when the thread lets go of the lock */
void jms_link_heed(jms_link *l);                   /* by the app: it looks */
bool jms_link_wait(jms_link *l, int64_t until_ns); /* until the thread announces; false: time is over */
/* What is wrong: becomes the state and is logged, the same trouble every ten seconds only. */
void jms_link_complain(jms_link *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The first success on the new connection: nothing is wrong, and tries are counted anew. */
void jms_link_is_well(jms_link *l);

bool jms_link_has_word(const jms_link *l); /* jms_link_tell has something to say */

/* By the app, outside the lock: logs what the thread had to say; an error when it gave up. */
weir_status jms_link_tell(jms_link *l, weir_error *err);

/* The text of a condition: "amqp:not-found: no such queue"; "" when there is none. */
const char *jms_condition_text(pn_condition_t *c, char *text, size_t size);

#endif
