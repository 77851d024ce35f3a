/* mailbox.c: see mailbox.h. */
#include "cli/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct letter {
    letter *next;
    mail what; /* its text is `text` */
    char *text;
    bool is_answered, is_abandoned; /* by the app's thread; by whoever asked */
    mail_result result;
    char *answer;
    size_t answer_len;
};

static void letter_free(letter *l) {
    if (!l) return;
    free(l->text);
    free(l->answer);
    free(l);
}

void mailbox_init(mailbox *m) {
    pthread_condattr_t monotonic;
    *m = (mailbox){0};
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&m->answered, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void mailbox_fini(mailbox *m) {
    pthread_cond_destroy(&m->answered);
    pthread_mutex_destroy(&m->lock);
}

/* ---- The app's side ---- */

/* The first letter, no longer in the line; NULL: none. */
static letter *take(mailbox *m) {
    pthread_mutex_lock(&m->lock);
    letter *l = m->first;
    if (l) m->first = l->next;
    if (!m->first) m->last = NULL;
    pthread_mutex_unlock(&m->lock);
    return l;
}

static void hand_back(mailbox *m, letter *l) {
    pthread_mutex_lock(&m->lock);
    l->is_answered = true;
    bool nobody_waits = l->is_abandoned;
    pthread_cond_broadcast(&m->answered);
    pthread_mutex_unlock(&m->lock);
    if (nobody_waits) letter_free(l);
}

void mailbox_open(mailbox *m, weir_app *app) {
    pthread_mutex_lock(&m->lock);
    m->app = app;
    pthread_mutex_unlock(&m->lock);
    for (letter *l; !app && (l = take(m));) {
        l->result = MAIL_NO_APP;
        hand_back(m, l);
    }
}

static void set_text(letter *l, mail_result result, const char *text) {
    l->result = result;
    l->answer = strdup(text);
    l->answer_len = l->answer ? strlen(l->answer) : 0;
}

static void answer_rows(letter *l, const weir_answer *answer) {
    FILE *f = open_memstream(&l->answer, &l->answer_len);
    l->result = f ? MAIL_OK : MAIL_NO_MEMORY;
    if (!f) return;
    answer_write_json(answer, f);
    if (fclose(f)) l->result = MAIL_NO_MEMORY;
}

static void answer_failure(letter *l, weir_report *report, const weir_error *err) {
    char *text = report ? weir_report_text(report) : NULL;
    set_text(l, report ? MAIL_WRONG : MAIL_FAILED, text ? text : err->message);
    weir_free(text);
}

static void answer_query(weir_app *app, letter *l) {
    weir_answer *rows = NULL;
    weir_report *report = NULL;
    weir_error err;
    if (weir_query(app, l->text, l->what.len, &rows, &report, &err) == WEIR_OK)
        answer_rows(l, rows);
    else
        answer_failure(l, report, &err);
    weir_answer_free(rows);
    weir_report_free(report);
}

static void tell(void *ctx, const char *line) { fprintf(ctx, "%s\n", line); }

/* False: not at this moment. */
static bool answer_change(weir_app *app, letter *l) {
    char *told = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&told, &len);
    weir_report *report = NULL;
    weir_error err = {0};
    weir_change_options o = {.struct_size = sizeof o,
                             .keep_all = l->what.keep_all,
                             .only_check = l->what.only_check,
                             .tell = f ? tell : NULL,
                             .tell_ctx = f};
    weir_status st = l->what.kind == MAIL_REPLACE
                         ? weir_app_replace(app, l->text, l->what.len, &o, &report, &err)
                     : l->what.kind == MAIL_ADD ? weir_app_add(app, l->text, l->what.len, &o, &report, &err)
                                                : weir_app_remove_query(app, l->text, &o, &report, &err);
    if (f) fclose(f);
    if (st == WEIR_OK)
        set_text(l, MAIL_OK, told ? told : "");
    else if (st != WEIR_EAGAIN)
        answer_failure(l, report, &err);
    weir_report_free(report);
    free(told);
    return st != WEIR_EAGAIN || !err.retriable;
}

static void answer_errors(weir_app *app, letter *l) {
    weir_error err = {0};
    if (l->what.kind == MAIL_ERRORS) {
        FILE *f = open_memstream(&l->answer, &l->answer_len);
        l->result = f ? MAIL_OK : MAIL_NO_MEMORY;
        bool ok = f && errors_write_json(app, f, &err);
        if (f) fclose(f);
        if (ok || !f) return;
        free(l->answer);
        answer_failure(l, NULL, &err);
        return;
    }
    char text[32];
    uint32_t n = 0;
    uint64_t id = strtoull(l->text, NULL, 10);
    weir_status st = l->what.kind == MAIL_REPLAY ? weir_errors_replay(app, id, &n, &err)
                                                 : weir_errors_discard(app, id, &n, &err);
    snprintf(text, sizeof text, "%u\n", n);
    if (st == WEIR_OK)
        set_text(l, MAIL_OK, text);
    else
        answer_failure(l, NULL, &err);
}

static bool answer(weir_app *app, letter *l) {
    switch (l->what.kind) {
    case MAIL_ERRORS:
    case MAIL_REPLAY:
    case MAIL_DISCARD: answer_errors(app, l); return true;
    case MAIL_QUERY: answer_query(app, l); return true;
    case MAIL_TEXT: set_text(l, MAIL_OK, weir_app_text(app)); return true;
    default: return answer_change(app, l);
    }
}

/* First in the line again, unless nobody waits any more. */
static void put_back(mailbox *m, letter *l) {
    pthread_mutex_lock(&m->lock);
    bool nobody_waits = l->is_abandoned;
    if (!nobody_waits) {
        l->next = m->first;
        m->first = l;
        if (!m->last) m->last = l;
    }
    pthread_mutex_unlock(&m->lock);
    if (nobody_waits) letter_free(l);
}

bool mailbox_serve(mailbox *m) {
    bool has_changed = false;
    for (letter *l; (l = take(m));) {
        if (!answer(m->app, l)) {
            put_back(m, l);
            return has_changed;
        }
        has_changed |=
            l->what.kind == MAIL_REPLACE || l->what.kind == MAIL_ADD || l->what.kind == MAIL_REMOVE;
        hand_back(m, l);
    }
    return has_changed;
}

/* ---- The other side ---- */

static letter *letter_new(const mail *what) {
    size_t len = what->len;
    letter *l = calloc(1, sizeof *l);
    if (l) l->text = malloc(len + 1);
    if (!l || !l->text) {
        letter_free(l);
        return NULL;
    }
    if (len) memcpy(l->text, what->text, len);
    l->text[len] = 0;
    l->what = *what;
    l->what.text = l->text;
    return l;
}

static struct timespec after_ms(int64_t ms) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(ms / 1000);
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

static void put_last(mailbox *m, letter *l) {
    if (m->last)
        m->last->next = l;
    else
        m->first = l;
    m->last = l;
}

/* Gone from the line: nobody has begun to answer it. */
static bool withdraw(mailbox *m, letter *l) {
    letter *before = NULL;
    for (letter *at = m->first; at; before = at, at = at->next) {
        if (at != l) continue;
        if (before)
            before->next = l->next;
        else
            m->first = l->next;
        if (m->last == l) m->last = before;
        return true;
    }
    return false;
}

/* With the lock held. False: time is up; the letter is no longer the caller's. */
static bool wait_for_answer(mailbox *m, letter *l, int64_t timeout_ms) {
    struct timespec until = after_ms(timeout_ms);
    int failed = 0;
    while (!l->is_answered && !failed) failed = pthread_cond_timedwait(&m->answered, &m->lock, &until);
    if (l->is_answered) return true;
    if (withdraw(m, l))
        letter_free(l);
    else
        l->is_abandoned = true;
    return false;
}

mail_result mailbox_ask(mailbox *m, const mail *what, int64_t timeout_ms, char **answer, size_t *answer_len) {
    letter *l = letter_new(what);
    *answer = NULL;
    *answer_len = 0;
    if (!l) return MAIL_NO_MEMORY;
    pthread_mutex_lock(&m->lock);
    if (!m->app) {
        pthread_mutex_unlock(&m->lock);
        letter_free(l);
        return MAIL_NO_APP;
    }
    put_last(m, l);
    weir_app_wake(m->app); /* under the lock: the app is not freed before the box is shut */
    bool in_time = wait_for_answer(m, l, timeout_ms);
    pthread_mutex_unlock(&m->lock);
    if (!in_time) return MAIL_LATE;
    mail_result result = l->result;
    *answer = l->answer;
    *answer_len = l->answer_len;
    l->answer = NULL;
    letter_free(l);
    return result;
}
