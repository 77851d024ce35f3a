/* host.h: the apps of one weir run: each on a thread of its own, deployed, replaced and removed while the
 * others run.
 *
 *   main thread: checks and starts the apps it was given, waits, shows the status line
 *   app thread:  weir_app_start, weir_app_run; in its on_turn it answers letters and publishes its counters
 *   admin threads: read boards, put letters into mailboxes, deploy
 *
 * An app is known by its name. Those of one engine meet on inMemory topics. The host has ended when every app
 * that reads from outside has, and what these left on topics has been worked off. */
#ifndef CLI_HOST_H
#define CLI_HOST_H

#include <pthread.h>
#include <stdatomic.h>

#include "cli/board.h"
#include "cli/mailbox.h"

typedef struct host host;

/* One app. Reached by host_find, and good until host_release. */
typedef struct hosted {
    struct hosted *next;
    host *of;
    char *name, *file;
    weir_app *app; /* its thread's, but for weir_app_request_stop and weir_app_wake */
    board board;
    mailbox mailbox;
    pthread_t thread;
    uint32_t n_users; /* host_find without host_release */
    bool has_thread, has_started, has_ended;
    int result; /* CLI_… , once it has ended */
} hosted;

typedef struct host_options {
    weir_app_options app;           /* for each */
    const char *apps_dir;           /* deployed texts are kept here, as NAME.siddhi; NULL: nowhere */
    bool stays;                     /* without any app too, until it is stopped */
    void (*before_line)(void *ctx); /* a line is about to be written to standard error */
    void *ctx;
} host_options;

struct host {
    weir_engine *engine;
    host_options options;
    pthread_mutex_t lock;   /* of the list and what is in it */
    pthread_cond_t changed; /* an app has ended, or its last user is gone */
    hosted *first;
    bool is_stopping;
    int result; /* the worst of those that have ended */
};

void host_init(host *h, weir_engine *engine, const host_options *options);
void host_fini(host *h); /* after host_wait */

/* What became of a text that came. */
typedef enum host_done { HOST_OK, HOST_WRONG, HOST_FAILED, HOST_NO_MEMORY } host_done;

/* A new app. HOST_OK: it has been started on its thread, unless `starts` is false (host_start does then, for
 * all that were added so). Else *why says what is wrong, to be freed. */
host_done host_add(host *h, const char *text, size_t len, const char *file, bool starts, char **why);
void host_start(host *h);
/* NULL: there is none of that name (NULL as name: none, or several). */
hosted *host_find(host *h, const char *name);
void host_release(hosted *a);
/* The app stops, drains and goes; waits for it. False: there is none. */
bool host_remove(host *h, const char *name);
/* Keeps or forgets the text of a deployed app. False: the folder can't be written, errno says why. */
bool host_keep(const host *h, const char *name, const char *text, size_t len);
void host_forget(const host *h, const char *name);
/* The name that a text gives its app; "app" without one. NULL: no memory, or the text is wrong: *why. */
char *host_name_of(host *h, const char *text, size_t len, const char *file, char **why);

/* Until all have ended, or *stop; on_tick is called at least four times a second. The result is that of the
 * process. */
int host_wait(host *h, const atomic_int *stop, void (*on_tick)(void *ctx), void *ctx);
void host_stop(host *h);     /* asks all apps to stop */
bool host_is_ready(host *h); /* all apps have started */
/* Calls `add` for each board, in the order of deployment, then `read`; no app goes before that has returned.
 */
void host_read_boards(host *h, void (*add)(board *b, void *ctx), void (*read)(void *ctx), void *ctx);

#endif
