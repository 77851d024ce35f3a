/* sample.c: a module as somebody else would write one: a function, and a source that gives the numbers 1 to
 * n. Also built with something wrong in it (WRONG), to be refused. */
#include <stdlib.h>

#include "weir_module.h"

/* ---- sample:twice(int) ---- */

static weir_status twice_check(const weir_arg *args, uint32_t n, weir_type *result, weir_error *err) {
    if (n != 1 || args[0].type != WEIR_INT) return weir_fail(err, WEIR_ETYPE, "sample:twice() takes one int");
    *result = WEIR_INT;
    return WEIR_OK;
}

static weir_status twice_eval(void *self, const weir_call *call, weir_error *err) {
    const int32_t *in = call->args[0].data;
    int32_t *out = call->out->data;
    (void)self, (void)err;
    for (uint32_t k = 0; k < call->n_sel; k++) {
        uint32_t row = call->sel ? call->sel[k] : k;
        out[row] = (int32_t)((uint32_t)in[row] * 2u);
        if (weir_is_null(&call->args[0], row)) weir_set_null(call->out, row);
    }
    return WEIR_OK;
}

static const weir_param_doc twice_params[] = {{"twice(<int> value)", "The value."}, {NULL, NULL}};
static const weir_function_type twice = {.struct_size = sizeof twice,
                                         .ns = "sample",
                                         .name = "twice",
                                         .doc = "Doubles.",
                                         .example = "sample:twice(2) -> 4",
                                         .params = twice_params,
                                         .check = twice_check,
                                         .eval = twice_eval};

/* ---- @source(type='sample', n='3') ---- */

typedef struct counter {
    int64_t next, n;
} counter;

static const weir_option options[] = {{"n", WEIR_OPTION_LONG, false, "3", NULL, "How many."}, {0}};

static weir_status counter_open(void *self, const weir_io_args *args, weir_error *err) {
    counter *c = self;
    c->n = args->settings->of[0].as.l;
    if (args->schema->n_attributes == 1 && args->schema->attributes[0].type == WEIR_INT) return WEIR_OK;
    return weir_fail(err, WEIR_ECONFIG, "the source 'sample' gives one int");
}
static weir_status counter_start(void *self, weir_error *err) { return (void)self, (void)err, WEIR_OK; }
static weir_status counter_poll(void *self, weir_input *in, weir_rows *rows, weir_error *err) {
    counter *c = self;
    (void)err;
    in->shape = WEIR_SHAPE_ROWS;
    in->has_ts = false;
    if (c->next >= c->n) return WEIR_EEND;
    for (int64_t v = c->next; v < c->n && rows->n < rows->limit; v++, rows->n++)
        if (rows->cols[0].data) ((int32_t *)rows->cols[0].data)[rows->n] = (int32_t)v + 1;
    return WEIR_OK;
}
static void counter_consume(void *self, size_t n) { ((counter *)self)->next += (int64_t)n; }
static int counter_fd(const void *self) { return (void)self, -1; }
static weir_status counter_position(void *self, uint64_t epoch, weir_writer *w, weir_error *err) {
    (void)epoch, (void)err;
    weir_write_u32(w, 1);
    weir_write_i64(w, ((counter *)self)->next);
    return WEIR_OK;
}
static weir_status counter_seek(void *self, weir_reader *r, weir_error *err) {
    (void)weir_read_u32(r);
    ((counter *)self)->next = weir_read_i64(r);
    return weir_reader_status(r, err);
}
static void counter_close(void *self) { (void)self; }

static const weir_source_type numbers = {.struct_size = sizeof numbers,
                                         .name = "sample",
                                         .doc = "Counts.",
                                         .example = "@source(type='sample', n='3')",
                                         .options = options,
                                         .shapes = WEIR_SHAPE_ROWS,
                                         .state_size = sizeof(counter),
                                         .open = counter_open,
                                         .start = counter_start,
                                         .poll = counter_poll,
                                         .consume = counter_consume,
                                         .wake_fd = counter_fd,
                                         .position = counter_position,
                                         .seek = counter_seek,
                                         .close = counter_close};

/* ---- The module ---- */

static weir_status start(weir_engine *engine, weir_error *err) {
#ifdef WRONG_START
    return weir_fail(err, WEIR_EIO, "the library that it needs is too old");
#endif
    weir_status st = weir_register_function(engine, &twice, err);
    return st == WEIR_OK ? weir_register_source(engine, &numbers, err) : st;
}

#if defined(WRONG_ABI)
WEIR_API extern const weir_module_type weir_module;
const weir_module_type weir_module = {WEIR_MODULE_MAGIC, 99, sizeof weir_module, "wrong_abi", "9.9", start};
#elif defined(WRONG_START)
WEIR_MODULE("wrong_start", start)
#elif defined(WRONG_NAME)
WEIR_MODULE("another", start)
#elif defined(WRONG_EXPORT)
WEIR_API extern weir_status (*const something_else)(weir_engine *, weir_error *);
weir_status (*const something_else)(weir_engine *, weir_error *) = start;
#else
WEIR_MODULE("sample", start)
#endif
