/* sandbox.c: see sandbox.h. */
#include "sandbox.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SPACE_BYTES ((size_t)WEIR_SCRIPT_MEMORY_MB << 20)
#define HEADER      16u

/* ---- Memory: blocks of powers of two, from a bump pointer and from lists of freed ones ----------------- */

static unsigned class_of(size_t size) {
    unsigned c = 5;
    while (((size_t)1 << c) < size + HEADER) c++;
    return c;
}

void *sandbox_alloc(sandbox *s, size_t size) {
    if (size > SPACE_BYTES) return NULL;
    unsigned c = class_of(size);
    char *block = s->free_blocks[c];
    if (block) {
        memcpy(&s->free_blocks[c], block + HEADER, sizeof(void *));
    } else {
        if (((size_t)1 << c) > SPACE_BYTES - s->used) return NULL;
        block = s->space + s->used;
        s->used += (size_t)1 << c;
        memcpy(block, &c, sizeof c);
    }
    return block + HEADER;
}

void sandbox_free(sandbox *s, void *block) {
    unsigned c;
    if (!block) return;
    memcpy(&c, (char *)block - HEADER, sizeof c);
    memcpy(block, &s->free_blocks[c], sizeof(void *));
    s->free_blocks[c] = (char *)block - HEADER;
}

void *sandbox_realloc(sandbox *s, void *block, size_t size) {
    unsigned c;
    if (!block) return sandbox_alloc(s, size);
    memcpy(&c, (char *)block - HEADER, sizeof c);
    if (size + HEADER <= (size_t)1 << c) return block;
    void *wider = sandbox_alloc(s, size);
    if (!wider) return NULL;
    memcpy(wider, block, ((size_t)1 << c) - HEADER);
    sandbox_free(s, block);
    return wider;
}

void sandbox_clear(sandbox *s) {
    if (s->space) madvise(s->space, SPACE_BYTES, MADV_DONTNEED);
    s->used = 0;
    memset(s->free_blocks, 0, sizeof s->free_blocks);
}

/* ---- Time --------------------------------------------------------------------------------------------- */

/* The sandbox whose call this thread is in. */
static __thread sandbox *running;

static int tick_signal(void) { return SIGRTMIN + 5; }

/* Who had the signal before: another language's copy of this file. */
static struct sigaction previous;

static void on_tick(int number) {
    sandbox *s = running;
    bool is_ours = s != NULL;
    if (!is_ours && previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN)
        previous.sa_handler(number);
    if (!is_ours || !s->active) return;
    s->ticks++;
    if (s->ticks >= 2) s->late = 1;
    if (s->ticks < 4) return;
    s->active = 0;
    siglongjmp(s->leave, 1);
}

static void install_handler(void) {
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(tick_signal(), &action, &previous);
}

/* Two ticks (at least one whole period) are the time of a call; two more and it is left. */
weir_status sandbox_begin(sandbox *s, weir_error *err) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install_handler);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = tick_signal()};
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    struct itimerspec every = {.it_interval = {0, WEIR_SCRIPT_TIME_MS * 1000000L / 2},
                               .it_value = {0, WEIR_SCRIPT_TIME_MS * 1000000L / 2}};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, tick_signal());
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    running = s;
    if (timer_create(CLOCK_MONOTONIC, &event, &s->timer))
        return weir_fail(err, WEIR_EIO, "no timer for a script: %s", strerror(errno));
    s->has_timer = true;
    timer_settime(s->timer, 0, &every, NULL);
    return WEIR_OK;
}

void sandbox_end(sandbox *s) {
    if (s->has_timer) timer_delete(s->timer);
    s->has_timer = false;
    running = NULL;
}

bool sandbox_is_late(sandbox *s) {
    if (s->late) s->active = 0;
    return s->late;
}

bool sandbox_run(sandbox *s, void (*work)(void *ctx), void *ctx) {
    s->late = s->ticks = 0;
    if (sigsetjmp(s->leave, 1)) return false;
    s->active = 1;
    work(ctx);
    s->active = 0;
    return true;
}

weir_status sandbox_open(sandbox *s, weir_error *err) {
    s->space =
        mmap(NULL, SPACE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (s->space != MAP_FAILED) return WEIR_OK;
    s->space = NULL;
    return weir_fail(err, WEIR_ENOMEM, "no memory for a script");
}

void sandbox_close(sandbox *s) {
    if (s->space) munmap(s->space, SPACE_BYTES);
    s->space = NULL;
}

/* ---- The function ------------------------------------------------------------------------------------- */

static weir_type type_named(const weir_string *s) {
    for (int t = WEIR_INT; t <= WEIR_OBJECT; t++) {
        const char *name = weir_type_name((weir_type)t);
        if (strlen(name) == s->len && strncasecmp(name, weir_string_data(s), s->len) == 0)
            return (weir_type)t;
    }
    return WEIR_NONE;
}

static weir_status check_args(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    bool fits = n_args >= SCRIPT_DATA;
    for (uint32_t i = 0; fits && i < SCRIPT_DATA; i++)
        fits = args[i].type == WEIR_STRING && args[i].is_const && !args[i].value.is_null;
    if (fits) *result = type_named(&args[SCRIPT_TYPE].value.as.s);
    if (fits && *result != WEIR_NONE) return WEIR_OK;
    return weir_fail(err, WEIR_ETYPE,
                     "a script takes its text, its type and its name, all constants, and data");
}

weir_value script_value(const weir_column *c, uint32_t row) {
    weir_value v = {.type = c->type, .is_null = weir_is_null(c, row)};
    if (v.is_null) return v;
    switch (c->type) {
    case WEIR_INT: v.as.i = ((const int32_t *)c->data)[row]; break;
    case WEIR_LONG: v.as.l = ((const int64_t *)c->data)[row]; break;
    case WEIR_FLOAT: v.as.f = ((const float *)c->data)[row]; break;
    case WEIR_DOUBLE: v.as.d = ((const double *)c->data)[row]; break;
    case WEIR_BOOL: v.as.b = ((const uint8_t *)c->data)[row] != 0; break;
    case WEIR_STRING: v.as.s = ((const weir_string *)c->data)[row]; break;
    default: v.as.o = ((weir_object *const *)c->data)[row];
    }
    if (v.type == WEIR_OBJECT && v.as.o && weir_object_get_kind(v.as.o) == WEIR_OBJECT_VALUE)
        v = weir_object_get_value(v.as.o);
    return v;
}

static void fail_row(const weir_call *call, uint32_t row, const char *name, const char *what) {
    char text[256];
    int n = snprintf(text, sizeof text, "%s(): %s", name, what);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    weir_set_null(call->out, row);
    char *copy = weir_arena_alloc(call->arena, len + 1);
    if (copy) memcpy(copy, text, len + 1);
    if (call->fail) call->fail(call->fail_ctx, row, copy ? copy : "a script failed");
}

static bool number_of(const weir_value *v, double *out) {
    switch (v->type) {
    case WEIR_INT: *out = v->as.i; return true;
    case WEIR_LONG: *out = (double)v->as.l; return true;
    case WEIR_FLOAT: *out = (double)v->as.f; return true;
    case WEIR_DOUBLE: *out = v->as.d; return true;
    default: return false;
    }
}

static bool put_number(const weir_column *out, uint32_t row, const weir_value *v) {
    double d;
    if (!number_of(v, &d)) return false;
    switch (out->type) {
    case WEIR_INT:
        if (!(d > -2147483649.0 && d < 2147483648.0)) return false;
        ((int32_t *)out->data)[row] = (int32_t)d;
        return true;
    case WEIR_LONG:
        if (v->type != WEIR_LONG && !(d >= -9223372036854775808.0 && d < 9223372036854775808.0)) return false;
        ((int64_t *)out->data)[row] = v->type == WEIR_LONG ? v->as.l : (int64_t)d;
        return true;
    case WEIR_FLOAT: ((float *)out->data)[row] = (float)d; return true;
    default: ((double *)out->data)[row] = d; return true;
    }
}

static weir_status put_text(const weir_call *call, uint32_t row, const weir_value *v) {
    char number[64];
    size_t n = weir_value_text(v, number, sizeof number);
    if (n == SIZE_MAX) return WEIR_ENOMEM;
    if (n < sizeof number)
        return weir_arena_string(call->arena, number, n, (weir_string *)call->out->data + row);
    char *text = weir_arena_alloc(call->arena, n + 1);
    if (!text) return WEIR_ENOMEM;
    weir_value_text(v, text, n + 1);
    ((weir_string *)call->out->data)[row] = weir_string_view(text, (uint32_t)n);
    return WEIR_OK;
}

static weir_status put_object(const weir_call *call, uint32_t row, weir_value *v) {
    weir_object *o = v->type == WEIR_OBJECT ? v->as.o : weir_object_new_value(v);
    v->type = WEIR_NONE; /* the arena has it now */
    if (!o || weir_arena_own(call->arena, o)) return WEIR_ENOMEM;
    ((weir_object **)call->out->data)[row] = o;
    return WEIR_OK;
}

static void misfit(const weir_call *call, uint32_t row, const char *name, const weir_value *v) {
    char text[96];
    snprintf(text, sizeof text, "a result of type %s does not fit %s", weir_type_name(v->type),
             weir_type_name(call->out->type));
    fail_row(call, row, name, text);
}

/* Puts what a script gave: a number into any number type, which must have room for it (fractions are cut
 * off), a bool into bool, anything into string, lists, maps and all else into object; what does not fit fails
 * the row. Takes over v's object. */
static weir_status put_result(const weir_call *call, uint32_t row, const char *name, weir_value *v) {
    weir_column *out = call->out;
    weir_status status = WEIR_OK;
    bool fits = true;
    if (v->is_null)
        weir_set_null(out, row);
    else if (out->type == WEIR_STRING)
        status = put_text(call, row, v);
    else if (out->type == WEIR_OBJECT)
        status = put_object(call, row, v);
    else if (out->type == WEIR_BOOL && v->type == WEIR_BOOL)
        ((uint8_t *)out->data)[row] = v->as.b;
    else
        fits = out->type != WEIR_BOOL && put_number(out, row, v);
    if (!fits) misfit(call, row, name, v);
    if (v->type == WEIR_OBJECT && !v->is_null) weir_object_unref(v->as.o);
    return status;
}

/* ---- The function ------------------------------------------------------------------------------------- */

void script_note_error(script_function *f, const char *message) {
    f->failed = true;
    snprintf(f->message, sizeof f->message, "%s", message ? message : "an error without a message");
}

/* A fresh interpreter in a cleared sandbox. */
static weir_status restart(script_function *f, weir_error *err) {
    sandbox_clear(&f->box);
    f->failed = false;
    if (!sandbox_run(&f->box, f->language->start, f)) script_note_error(f, "takes too long to compile");
    return f->failed ? weir_fail(err, WEIR_EPARSE, "function '%s' in %s: %s", f->name, f->language->name,
                                 f->message)
                     : WEIR_OK;
}

weir_status script_open(script_function *f, const script_language *l, const weir_arg *args, weir_error *err) {
    const weir_string *name = &args[SCRIPT_NAME].value.as.s, *body = &args[SCRIPT_BODY].value.as.s;
    f->language = l;
    snprintf(f->name, sizeof f->name, "%.*s", (int)name->len, weir_string_data(name));
    f->body = weir_string_data(body);
    f->body_len = body->len;
    weir_status status = sandbox_open(&f->box, err);
    if (!status) status = sandbox_begin(&f->box, err);
    if (!status) status = restart(f, err);
    sandbox_end(&f->box);
    return status;
}

/* The memory goes as a whole; nothing in it wants to be told. */
void script_close(script_function *f) { sandbox_close(&f->box); }

weir_status script_check(const script_language *l, const weir_arg *args, uint32_t n_args, weir_type *result,
                         weir_error *err) {
    weir_status status = check_args(args, n_args, result, err);
    script_function *f = status ? NULL : calloc(1, l->state_size);
    if (!f) return status ? status : WEIR_ENOMEM;
    status = script_open(f, l, args, err); /* tells errors of the text */
    script_close(f);
    free(f);
    return status;
}

static weir_status eval_row(script_function *f, weir_error *err) {
    f->failed = false;
    f->result = (weir_value){.is_null = true};
    if (!sandbox_run(&f->box, f->language->run_row, f)) {
        fail_row(f->call, f->row, f->name, "it takes too long and was ended");
        return restart(f, err);
    }
    if (!f->failed) return put_result(f->call, f->row, f->name, &f->result);
    fail_row(f->call, f->row, f->name, f->message);
    if (f->result.type == WEIR_OBJECT && !f->result.is_null) weir_object_unref(f->result.as.o);
    return WEIR_OK;
}

weir_status script_eval(script_function *f, const weir_call *call, weir_error *err) {
    weir_status status = sandbox_begin(&f->box, err);
    f->call = call;
    for (uint32_t k = 0; k < call->n_sel && !status; k++) {
        f->row = call->sel ? call->sel[k] : k;
        status = eval_row(f, err);
    }
    sandbox_end(&f->box);
    return status;
}
