/* mailbox.h: on-demand queries on their way from the admin server's threads to the app's thread and back.
 *
 *   admin thread                                  app's thread
 *   mailbox_ask: puts the text into the line,     on_turn -> mailbox_serve: takes each text,
 *   wakes the app, waits  ----------------------> asks the app, writes the answer as JSON
 *   takes the answer, or gives up  <------------- tells whoever waits
 *
 * Only the app's thread touches the app. Whoever has given up leaves the letter to the other side, which then
 * frees it; a query that has begun is not broken off. */
#ifndef CLI_MAILBOX_H
#define CLI_MAILBOX_H

#include <pthread.h>
#include <stdio.h>

#include "weir.h"

typedef struct letter letter;

typedef struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    weir_app *app; /* NULL: it takes no queries now */
    letter *first, *last;
} mailbox;

typedef enum mail_result {
    MAIL_OK,     /* *answer: {"columns":…,"rows":…} or {"changes":…} */
    MAIL_WRONG,  /* *answer: what is wrong with the query, as text */
    MAIL_FAILED, /* *answer: why it failed, as text */
    MAIL_LATE,   /* no answer in time */
    MAIL_NO_APP, /* the app has not started, or has ended */
    MAIL_NO_MEMORY
} mail_result;

void mailbox_init(mailbox *m);
void mailbox_fini(mailbox *m);
/* Queries are taken from now on, by this app; NULL: no longer, and whoever waits is told. On the app's
 * thread. */
void mailbox_open(mailbox *m, weir_app *app);
/* Answers all that wait. On the app's thread, between two cycles. */
void mailbox_serve(mailbox *m);

/* Asks and waits for so long at most. *answer is the caller's to free(); NULL where there is none. Any
 * thread. */
mail_result mailbox_ask(mailbox *m, const char *text, size_t len, int64_t timeout_ms, char **answer,
                        size_t *answer_len);

/* The rows of an answer as JSON, one object. */
void answer_write_json(const weir_answer *answer, FILE *out);

#endif
