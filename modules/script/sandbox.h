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
/* Runs work(ctx). False: it took too long and was left; the sandbox must be cleared. */
bool sandbox_run(sandbox *s, void (*work)(void *ctx), void *ctx);

/* ---- What the languages share of their function ---- */

/* script:LANGUAGE(body, type, name, data…): how the planner calls a function that an app defines. */
enum { SCRIPT_BODY, SCRIPT_TYPE, SCRIPT_NAME, SCRIPT_DATA };
weir_status script_check(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err);
/* A cell of a column; objects that box a value give that. */
weir_value script_value(const weir_column *c, uint32_t row);
/* Fails a row of a call: "f(): what". */
void script_fail(const weir_call *call, uint32_t row, const char *name, const char *what);
/* A function, and the row of the call that it runs for. */
typedef struct script_function {
    sandbox box;
    char name[64];
    const weir_call *call;
    uint32_t row;
    weir_value result; /* an object in it is a reference */
    bool failed;       /* message says why */
    char message[200];
} script_function;

/* eval() of a script function: run_row(self) for each row, which fills result, or failed and message;
 * restart(self) when a row took too long, and the interpreter is to be thrown away. */
weir_status script_eval(script_function *f, void *self, void (*run_row)(void *self),
                        weir_status (*restart)(void *self, weir_error *err), const weir_call *call,
                        weir_error *err);
/* Puts what a script gave: a number into any number type, which must have room for it (fractions are cut
 * off), a bool into bool, anything into string, lists, maps and all else into object. False: it does not fit,
 * and the row has failed. Takes over v's object. */
weir_status script_put(const weir_call *call, uint32_t row, const char *name, weir_value *v);

#endif
