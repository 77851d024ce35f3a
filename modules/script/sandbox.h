/* sandbox.h: what keeps a script in its place: memory of its own, and a clock that ends it. Shared by the
 * modules of the script languages; each has a copy.
 *
 * A sandbox has a fixed amount of address space from which the interpreter takes all its memory, so that a
 * script can't use up the process's, and throwing an interpreter away is giving that space back. A call runs
 * under a timer of the thread (a signal): after WEIR_SCRIPT_TIME_MS the call is told to stop (`late`), which
 * an interpreter may look at; after as long again it is left by a jump out of wherever it is. That is sound
 * because the interpreter's memory is thrown away as a whole, and it holds no lock and no other resource: it
 * has no access to files, clocks of the process or the network. */
#ifndef WEIR_SCRIPT_SANDBOX_H
#define WEIR_SCRIPT_SANDBOX_H

#include <setjmp.h>
#include <signal.h>
#include <time.h>

#include "weir_ext.h"

#define WEIR_SCRIPT_TIME_MS   250
#define WEIR_SCRIPT_MEMORY_MB 64

typedef struct sandbox {
    char *space;           /* WEIR_SCRIPT_MEMORY_MB of address space; touched as needed */
    size_t used;           /* from its begin */
    void *free_blocks[32]; /* by power of two */
    timer_t timer;
    bool has_timer;
    volatile sig_atomic_t late;   /* the running call has had its time */
    volatile sig_atomic_t ticks;  /* of the timer, since the running call began */
    volatile sig_atomic_t active; /* a call may be left */
    sigjmp_buf leave;
} sandbox;

weir_status sandbox_open(sandbox *s, weir_error *err);
void sandbox_close(sandbox *s);
/* Gives all memory back: the interpreter in it is gone. */
void sandbox_clear(sandbox *s);

/* malloc, realloc, free of the interpreter; NULL when the space is used up. */
void *sandbox_alloc(sandbox *s, size_t size);
void *sandbox_realloc(sandbox *s, void *block, size_t size);
void sandbox_free(sandbox *s, void *block);

/* Around the calls for one batch, in the thread that makes them. */
weir_status sandbox_begin(sandbox *s, weir_error *err);
void sandbox_end(sandbox *s);
/* Asked by what runs no more of the script but allocates outside of the sandbox, from what it gave: true: the
 * time is up, give it all back; the call is no longer left by a jump, which would lose that. */
bool sandbox_is_late(sandbox *s);
/* Runs work(ctx). False: it took too long and was left; the sandbox must be cleared. */
bool sandbox_run(sandbox *s, void (*work)(void *ctx), void *ctx);

/* ---- What the languages share of their function ---- */

/* script:LANGUAGE(body, type, name, data…): how the planner calls a function that an app defines. */
enum { SCRIPT_BODY, SCRIPT_TYPE, SCRIPT_NAME, SCRIPT_DATA };
/* A cell of a column; objects that box a value give that. */
weir_value script_value(const weir_column *c, uint32_t row);
/* What a language does. The state of a function of it begins with a script_function, and calls get that. */
typedef struct script_language {
    const char *name;
    size_t state_size;
    void (*start)(void *self); /* a fresh interpreter, in a cleared sandbox, with the function's text */
    void (*run_row)(void *self);
} script_language;

/* A function, and the row of the call that it runs for. start and run_row fill result, or failed and message.
 */
typedef struct script_function {
    sandbox box;
    const script_language *language;
    char name[64];
    const char *body; /* of the plan: lives as long as the app */
    size_t body_len;
    const weir_call *call;
    uint32_t row;
    weir_value result; /* an object in it is a reference */
    bool failed;       /* message says why */
    char message[200];
} script_function;

/* NULL: no message. */
void script_note_error(script_function *f, const char *message);
/* open(), close(), check() and eval() of a function of the language; check() compiles the text, too. */
weir_status script_open(script_function *f, const script_language *l, const weir_arg *args, weir_error *err);
void script_close(script_function *f);
weir_status script_check(const script_language *l, const weir_arg *args, uint32_t n_args, weir_type *result,
                         weir_error *err);
weir_status script_eval(script_function *f, const weir_call *call, weir_error *err);
#endif
