/* mailbox.c: see mailbox.h. */
#include "cli/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct letter {
    letter *next;
    char *text;
    size_t len;
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

static void answer(weir_app *app, letter *l) {
    weir_answer *rows = NULL;
    weir_report *report = NULL;
    weir_error err;
    weir_status st = weir_query(app, l->text, l->len, &rows, &report, &err);
    if (st == WEIR_OK)
        answer_rows(l, rows);
    else if (report) {
        char *text = weir_report_text(report);
        set_text(l, MAIL_WRONG, text ? text : err.message);
        weir_free(text);
    } else {
        set_text(l, MAIL_FAILED, err.message);
    }
    weir_answer_free(rows);
    weir_report_free(report);
}

void mailbox_serve(mailbox *m) {
    for (letter *l; (l = take(m));) {
        answer(m->app, l);
        hand_back(m, l);
    }
}

/* ---- The other side ---- */

static letter *letter_new(const char *text, size_t len) {
    letter *l = calloc(1, sizeof *l);
    if (l) l->text = malloc(len + 1);
    if (!l || !l->text) {
        letter_free(l);
        return NULL;
    }
    memcpy(l->text, text, len);
    l->text[len] = 0;
    l->len = len;
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

mail_result mailbox_ask(mailbox *m, const char *text, size_t len, int64_t timeout_ms, char **answer,
                        size_t *answer_len) {
    letter *l = letter_new(text, len);
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
