/* mailbox.h: on-demand queries, and changes of the app, on their way from the admin server's threads to the
 * app's thread and back.
 *
 *   admin thread                                  app's thread
 *   mailbox_ask: puts the text into the line,     on_turn -> mailbox_serve: takes each text,
 *   wakes the app, waits  ----------------------> asks or changes the app, writes the answer
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

typedef enum mail_kind {
    MAIL_QUERY,   /* *answer: {"columns":…,"rows":…} or {"changes":…} */
    MAIL_REPLACE, /* this and the rest: a line for each part whose state is not kept */
    MAIL_ADD,
    MAIL_REMOVE, /* the text is the name of a query */
    MAIL_TEXT,   /* *answer: the text that runs */
    MAIL_ERRORS, /* the entries of the error store, a JSON array */
    MAIL_REPLAY, /* this and the next: the text is an id, "0" all; *answer: how many, with a line's end */
    MAIL_DISCARD
} mail_kind;

typedef struct mail {
    mail_kind kind;
    const char *text;
    size_t len;
    bool keep_all, only_check; /* of changes: see weir_change_options */
} mail;

typedef enum mail_result {
    MAIL_OK,     /* see mail_kind */
    MAIL_WRONG,  /* *answer: what is wrong with the text */
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
/* Answers all that wait; true if the app has changed. On the app's thread, between two cycles. */
bool mailbox_serve(mailbox *m);

/* Asks and waits for so long at most. *answer is the caller's to free(); NULL where there is none. Any
 * thread. */
mail_result mailbox_ask(mailbox *m, const mail *what, int64_t timeout_ms, char **answer, size_t *answer_len);

/* The error store as JSON, an array of objects; false: it can't be read. */
bool errors_write_json(weir_app *app, FILE *out, weir_error *err);
/* The rows of an answer as JSON, one object. */
void answer_write_json(const weir_answer *answer, FILE *out);

#endif
