/* host.c: see host.h. */
#include "cli/host.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

#define TICK_MS 100

void host_init(host *h, weir_engine *engine, const host_options *options) {
    pthread_condattr_t monotonic;
    *h = (host){.engine = engine, .options = *options};
    pthread_mutex_init(&h->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&h->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void hosted_free(hosted *a) {
    if (!a) return;
    weir_app_free(a->app);
    board_fini(&a->board);
    mailbox_fini(&a->mailbox);
    free(a->name);
    free(a->file);
    free(a);
}

void host_fini(host *h) {
    for (hosted *a = h->first, *next; a; a = next) {
        next = a->next;
        if (a->has_thread) pthread_join(a->thread, NULL);
        hosted_free(a);
    }
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
}

/* ---- On the app's thread ---- */

static void on_turn(void *ctx) {
    hosted *a = ctx;
    if (mailbox_serve(&a->mailbox))
        board_publish(&a->board, true); /* names may have changed */
    else
        board_publish(&a->board, false);
}

static void on_wait(void *ctx, const char *why) { board_set_waiting(&((hosted *)ctx)->board, why); }

static void tell_failure(hosted *a, const weir_error *err) {
    if (a->of->options.before_line) a->of->options.before_line(a->of->options.ctx);
    fprintf(stderr, "weir run: %s\n", err->message);
    if (*err->hint) fprintf(stderr, "hint: %s\n", err->hint);
}

static int run_app(hosted *a) {
    weir_error err;
    weir_status st = weir_app_start(a->app, &err);
    if (st == WEIR_OK) {
        board_publish(&a->board, true);
        mailbox_open(&a->mailbox, a->app);
        st = weir_app_run(a->app, &err);
        mailbox_open(&a->mailbox, NULL);
        board_publish(&a->board, true);
    }
    if (st != WEIR_OK) tell_failure(a, &err);
    return st == WEIR_OK ? CLI_OK : st == WEIR_EIO ? CLI_IO : CLI_FAILED;
}

static void *app_thread(void *ctx) {
    hosted *a = ctx;
    host *h = a->of;
    int result = run_app(a);
    pthread_mutex_lock(&h->lock);
    a->result = result;
    a->has_ended = true;
    if (result > h->result) h->result = result;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

/* ---- Apps that come ---- */

static char *report_text(const weir_error *err, weir_report *report) {
    char *all = weir_report_text(report), *out = NULL;
    if (all && *all)
        out = strdup(all);
    else if (asprintf(&out, "%s\n", err->message) < 0)
        out = NULL;
    weir_free(all);
    weir_report_free(report);
    return out;
}

static hosted *hosted_new(host *h, const char *text, size_t len, const char *file, weir_report **report,
                          weir_error *err) {
    hosted *a = calloc(1, sizeof *a);
    weir_app_options o = h->options.app;
    if (!a) return NULL;
    a->of = h;
    a->file = strdup(file);
    o.source_name = a->file;
    o.on_turn = on_turn;
    o.on_turn_ctx = a;
    o.on_wait = on_wait;
    o.on_wait_ctx = a;
    mailbox_init(&a->mailbox);
    weir_status st = weir_app_new(h->engine, text, len, &o, &a->app, report, err);
    board_init(&a->board, a->app, file);
    a->name = st == WEIR_OK ? strdup(weir_app_name(a->app)) : NULL;
    if (a->name && a->file) return a;
    hosted_free(a);
    return NULL;
}

static hosted *find(host *h, const char *name) {
    for (hosted *a = h->first; a; a = a->next)
        if (!strcmp(a->name, name)) return a;
    return NULL;
}

static bool start(hosted *a) {
    a->has_started = true;
    a->has_thread = pthread_create(&a->thread, NULL, app_thread, a) == 0;
    a->has_ended = !a->has_thread;
    return a->has_thread;
}

host_done host_add(host *h, const char *text, size_t len, const char *file, bool starts, char **why) {
    weir_report *report = NULL;
    weir_error err = {0};
    *why = NULL;
    hosted *a = hosted_new(h, text, len, file, &report, &err);
    if (!a) {
        *why = err.code ? report_text(&err, report) : NULL;
        return *why ? HOST_WRONG : HOST_NO_MEMORY;
    }
    pthread_mutex_lock(&h->lock);
    bool is_taken = find(h, a->name) != NULL, is_late = h->is_stopping, failed = false;
    if (!is_taken && !is_late) {
        hosted **at = &h->first;
        while (*at) at = &(*at)->next;
        *at = a;
        failed = starts && !start(a);
    }
    pthread_mutex_unlock(&h->lock);
    if (!is_taken && !is_late) return failed ? HOST_NO_MEMORY : HOST_OK;
    int n = is_taken ? asprintf(why, "%s: there is an app '%s' already; give each a name: @app:name('…')\n",
                                file, a->name)
                     : asprintf(why, "weir is stopping\n");
    hosted_free(a);
    return n < 0 ? HOST_NO_MEMORY : HOST_FAILED;
}

void host_start(host *h) {
    pthread_mutex_lock(&h->lock);
    for (hosted *a = h->first; a; a = a->next)
        if (!a->has_started && !start(a)) h->result = CLI_FAILED;
    pthread_mutex_unlock(&h->lock);
}

char *host_name_of(host *h, const char *text, size_t len, const char *file, char **why) {
    weir_report *report = NULL;
    weir_error err = {0};
    weir_app *app = NULL;
    weir_app_options o = h->options.app;
    *why = NULL;
    o.source_name = file;
    o.no_io = true;
    o.state_dir = NULL;
    o.on_turn = NULL;
    o.on_wait = NULL;
    if (weir_app_new(h->engine, text, len, &o, &app, &report, &err) != WEIR_OK) {
        *why = report_text(&err, report);
        return NULL;
    }
    char *name = strdup(weir_app_name(app));
    weir_app_free(app);
    return name;
}

/* ---- Finding them, and letting them go ---- */

hosted *host_find(host *h, const char *name) {
    pthread_mutex_lock(&h->lock);
    hosted *a = name ? find(h, name) : h->first && !h->first->next ? h->first : NULL;
    if (a) a->n_users++;
    pthread_mutex_unlock(&h->lock);
    return a;
}

void host_release(hosted *a) {
    host *h = a->of;
    pthread_mutex_lock(&h->lock);
    a->n_users--;
    pthread_cond_broadcast(&h->changed);
    pthread_mutex_unlock(&h->lock);
}

bool host_remove(host *h, const char *name) {
    pthread_mutex_lock(&h->lock);
    hosted *a = find(h, name), **at = &h->first;
    if (a) {
        while (*at != a) at = &(*at)->next;
        *at = a->next; /* nobody finds it any more */
        weir_app_request_stop(a->app);
        while (!a->has_ended || a->n_users) pthread_cond_wait(&h->changed, &h->lock);
    }
    pthread_mutex_unlock(&h->lock);
    if (!a) return false;
    if (a->has_thread) pthread_join(a->thread, NULL);
    hosted_free(a);
    return true;
}

void host_read_boards(host *h, void (*add)(board *b, void *ctx), void (*read)(void *ctx), void *ctx) {
    pthread_mutex_lock(&h->lock);
    for (hosted *a = h->first; a; a = a->next) add(&a->board, ctx);
    read(ctx);
    pthread_mutex_unlock(&h->lock);
}

bool host_is_ready(host *h) {
    bool ready = true;
    pthread_mutex_lock(&h->lock);
    for (hosted *a = h->first; a; a = a->next) ready &= board_is_ready(&a->board);
    pthread_mutex_unlock(&h->lock);
    return ready;
}

/* ---- Texts that stay ---- */

/* NULL: it would lie elsewhere, or hide. */
static char *path_of(const host *h, const char *name, const char *end) {
    char *path = NULL;
    if (!*name || *name == '.' || strchr(name, '/') || strlen(name) > 200) {
        errno = EINVAL;
        return NULL;
    }
    return asprintf(&path, "%s/%s.siddhi%s", h->options.apps_dir, name, end) < 0 ? NULL : path;
}

static bool write_file(const char *path, const char *text, size_t len) {
    FILE *f = fopen(path, "wb");
    if (!f) return false;
    bool ok = fwrite(text, 1, len, f) == len && fflush(f) == 0 && fsync(fileno(f)) == 0;
    return fclose(f) == 0 && ok;
}

bool host_keep(const host *h, const char *name, const char *text, size_t len) {
    if (!h->options.apps_dir) return true;
    char *path = path_of(h, name, ""), *next = path_of(h, name, ".new");
    bool ok = path && next && write_file(next, text, len) && rename(next, path) == 0;
    free(path);
    free(next);
    return ok;
}

void host_forget(const host *h, const char *name) {
    char *path = h->options.apps_dir ? path_of(h, name, "") : NULL;
    if (path) unlink(path);
    free(path);
}

/* ---- Waiting for the end ---- */

static void stop_all(host *h) {
    h->is_stopping = true;
    for (hosted *a = h->first; a; a = a->next) weir_app_request_stop(a->app);
}

static void end_all(host *h) {
    h->is_stopping = true;
    for (hosted *a = h->first; a; a = a->next) weir_app_request_end(a->app);
}

void host_stop(host *h) {
    pthread_mutex_lock(&h->lock);
    stop_all(h);
    pthread_mutex_unlock(&h->lock);
}

static bool all_ended(const host *h) {
    for (const hosted *a = h->first; a; a = a->next)
        if (!a->has_ended) return false;
    return true;
}

/* Those that are left live on what other apps give them, and there is none that could give something. */
static bool nobody_gives(host *h) {
    bool any_gave = false;
    for (hosted *a = h->first; a; a = a->next) {
        bool waits = weir_app_waits_for_others(a->app);
        any_gave |= !waits;
        if (!a->has_ended && (!waits || !board_is_ready(&a->board))) return false;
    }
    return any_gave && weir_engine_is_quiet(h->engine);
}

static struct timespec soon(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += TICK_MS * 1000000L;
    if (t.tv_nsec >= 1000000000L) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000L;
    }
    return t;
}

int host_wait(host *h, const atomic_int *stop, void (*on_tick)(void *ctx), void *ctx) {
    bool was_told = false;
    pthread_mutex_lock(&h->lock);
    for (;;) {
        bool is_over = all_ended(h);
        if (is_over && (!h->options.stays || h->is_stopping)) break;
        if (!was_told && (was_told = atomic_load(stop)))
            stop_all(h);
        else if (!h->is_stopping && !h->options.stays && nobody_gives(h))
            end_all(h);
        struct timespec until = soon();
        pthread_cond_timedwait(&h->changed, &h->lock, &until);
        pthread_mutex_unlock(&h->lock);
        on_tick(ctx);
        pthread_mutex_lock(&h->lock);
    }
    h->is_stopping = true;
    int result = h->result;
    pthread_mutex_unlock(&h->lock);
    return result;
}
